/*
 * base.h - types and functions for bytes, text, time and logging.
 *
 * The lowest layer: nothing here knows servers, connections or HTTP.
 * One section for each base_*.c file.
 */
#ifndef BASE_H
#define BASE_H

#include <sys/types.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "sys.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* ---- base_buf.c: growing bytes, and slices that borrow from them -------- */

/* Bytes that somebody else owns. */
struct slice {
	const char *p;
	size_t n;
};

/* A growing byte buffer; all zero is a valid empty one. When memory runs out
 * it drops what did not fit and remembers it in failed, as stdio does with
 * ferror(3): fill first, ask once before the bytes leave. */
struct buf {
	char *p;		/* cap bytes, owned */
	size_t n;		/* bytes in use */
	size_t cap;
	int failed;		/* something was dropped since it was empty */
};

/* Makes room for n more bytes behind b->n. Returns 0, or -1 (failed is set). */
int buf_reserve(struct buf *b, size_t n);
void buf_add(struct buf *b, const void *p, size_t n);
void buf_adds(struct buf *b, const char *text);
void buf_addc(struct buf *b, char c);
void buf_add_number(struct buf *b, uintmax_t n);
enum { PUT_NUMBER_SIZE = 24 };
/* Writes n in decimal, at most PUT_NUMBER_SIZE bytes, no NUL. Returns the
 * end: for who has made room already. */
char *put_number(char *to, uintmax_t n);
void buf_printf(struct buf *b, const char *format, ...) PRINTF_LIKE(2, 3);
/* Puts a NUL behind the bytes, not counted in n. Returns b->p, or "" when
 * there is no memory for it: never NULL. */
const char *buf_text(struct buf *b);
/* Drops the bytes [from, to); those behind move down. */
void buf_cut(struct buf *b, size_t from, size_t to);
void buf_free(struct buf *b);

struct slice slice_of(const char *text);
int slice_eq(struct slice a, struct slice b);
/* The same without regard to ASCII case. */
int slice_case_eq(struct slice a, const char *b);
/* Without SP and HTAB at both ends. */
struct slice slice_trim(struct slice s);
/* Takes what is in front of the next byte at, and that byte, off rest; without
 * one, all. */
struct slice slice_cut(struct slice *rest, char at);

/* ---- base_queue.c: output waiting to be sent ---------------------------- */

/* A file's content, shared by the cache that found it and all who send it. */
struct file {
	unsigned refs;		/* owners; the last file_drop frees */
	int fd;			/* owned, or -1 when the bytes are here */
	int *count;		/* of such descriptors, one less at its end */
	off_t whole;		/* size and time when it was opened */
	struct timespec modified;
	size_t size;		/* of bytes */
	char bytes[];		/* the content of a small file, or how that
				 * of a larger one begins and ends */
};

enum { FILE_SAMPLE = 256 };	/* bytes */
struct stat;

/* Room for n bytes of a file, to be filled in; without a descriptor. The
 * caller has the first reference. NULL: no memory. */
struct file *file_new(size_t n);
/* From now on it has a descriptor, which is counted in *count, of a file that
 * is as st says. */
void file_own(struct file *f, int fd, const struct stat *st, int *count);
/* Is the descriptor's file what it was when it was opened, or has at most
 * something been appended? Costs a system call. */
int file_is_same(const struct file *f);
void file_drop(struct file *f);

enum { QUEUE_PIECES = 40 };	/* 16 ranges with their heads, and some */

/* Pieces go out in order. Memory pieces lie in one buffer, back to back; what
 * was appended to it since is the last one, though not yet in piece[]. */
struct queue {
	struct buf mem;		/* bytes of the memory pieces */
	size_t committed;	/* of mem: up to here they are in piece[] */
	unsigned first, last;	/* pieces [first, last) wait */
	int is_pipe;		/* it is sent to no socket */
	off_t bytes;		/* that wait, in piece[] */
	unsigned room;		/* of piece[] */
	struct queue_piece {
		struct file *file;	/* NULL: piece is in mem */
		off_t at;		/* offset in mem or in file */
		off_t left;		/* bytes still to send */
	} *piece;
};

/* True when one more response (a head and a body) would find room. */
int queue_has_room(const struct queue *q);
/* Memory is queued by appending to q->mem, as to any buffer. */
static inline off_t
queue_bytes(const struct queue *q)	/* that wait to be sent */
{
	return q->bytes + (off_t)(q->mem.n - q->committed);
}
/* Queues n bytes of f from offset at; takes a reference of its own. */
void queue_add_file(struct queue *q, struct file *f, off_t at, off_t n);
/* Sends to socket fd, at most max bytes. Returns the bytes sent, 0 when it
 * takes no more now, or -1: the peer is gone, or (errno EIO) a file shrank. */
ssize_t queue_send(struct queue *q, int fd, size_t max);
/* Drops everything but the memory. */
void queue_clear(struct queue *q);
void queue_free(struct queue *q);

/* ---- base_str.c: numbers, URLs, escapes --------------------------------- */

/* Reads all of s as decimal digits. Returns 0, or -1: empty, not digits, or
 * more than an int64_t holds. */
int str_number(struct slice s, int64_t *number);
/* What a path may have that is refused, or may not have that is taken. */
enum {
	URL_CONTROLS = 1,	/* control characters, but never NUL */
	URL_NOT_UTF8 = 2,	/* bytes that are not UTF-8 */
	URL_NO_2F = 4,		/* "%2F" */
	URL_NO_DOTS = 8		/* dot segments */
};
/* Decodes %XX, collapses "//" and removes dot segments (RFC 3986 5.2.4) from
 * a request's path (without query) into out, NUL-terminated. Returns 0, or -1
 * for what is refused: malformed escapes, NUL and control characters, bytes
 * that are not UTF-8, a path that leaves the root or begins without "/", and
 * what options (URL_...) say. */
int str_url_path_as(struct buf *out, struct slice path, unsigned options);
static inline int
str_url_path(struct buf *out, struct slice path)
{
	return str_url_path_as(out, path, 0);
}
/* Appends text so that it means itself: in HTML text and attributes; in a
 * URL's path (everything but unreserved and "/" as %XX); inside a JSON string;
 * in a log line ('"', '\\' and all bytes but printable ASCII as \xHH). */
void str_escape_html(struct buf *out, struct slice text);
void str_escape_url(struct buf *out, struct slice text);
void str_escape_json(struct buf *out, struct slice text);
void str_escape_log(struct buf *out, struct slice text);
/* Appends n bytes as people read it: "12 B", "1.5 KiB". */
void str_size(struct buf *out, uintmax_t n);
/* Appends name, perhaps empty, to the path in out, with one "/" in between. */
void str_add_path(struct buf *out, struct slice name);
/* The number of word among words, in any case, or -1. Each of them ends with a
 * NUL, the last one with two. */
int str_word(const char *words, struct slice word);
/* The nth of words. */
const char *str_word_at(const char *words, int n);
/* Appends what text is the base64 of (RFC 4648 4); "=" at its end may be left
 * out. Returns 0, or -1: it is none, or no memory (out->failed). */
int str_base64(struct buf *out, struct slice text);
/* How alike two words are: 0 the same, else single-character edits between
 * them (for "did you mean"). Words over 63 bytes are never alike. */
unsigned str_distance(const char *a, const char *b);

/* ---- base_set.c: sets of bytes, in patterns ------------------------------ */

struct set {
	unsigned char has[256];		/* 1: in it; NUL never counts */
};

enum { SET_SEVERAL = 256 };
/* Reads what *p begins with and stands for one byte, as Perl has it: a byte,
 * an escape, "." or [...]. Returns the byte if there is but one, SET_SEVERAL,
 * or -1: there is none, or it is not understood. any_case: it will be compared
 * so. */
int set_read(struct set *set, const char **p, int any_case);
/* Appends one of several bytes as POSIX has it. */
void set_add_posix(struct buf *out, const struct set *set);

/* ---- base_pat.c: regular expressions ------------------------------------ */

enum { PAT_GROUPS = 10 };	/* 0 is the whole match */

/* A compiled pattern. One that is plain text with anchors needs no regular
 * expression, and is fast. */
struct pat;

/* Compiles text: POSIX extended, with \d \w \s \b, (?: ) and (?i) as Perl has
 * them. NULL, and what is wrong with it in why. */
enum { PAT_WHY = 128 };
struct pat *pat_new(const char *text, char why[PAT_WHY]);
void pat_free(struct pat *p);
/* Does subject, n bytes and a NUL behind them, match? Fills group (unless
 * NULL); those that took no part have p NULL. Returns how many the pattern
 * has, with the whole, or 0: no match. */
unsigned pat_match(const struct pat *p, const char *subject, size_t n,
    struct slice group[PAT_GROUPS]);

/* ---- base_cidr.c: addresses and networks -------------------------------- */

struct cidr {
	unsigned char address[16];	/* IPv4 as ::ffff:a.b.c.d */
	unsigned bits;			/* of address that count, to 128 */
};

struct sockaddr;

/* Reads an address of IPv4 or IPv6 (perhaps in brackets), and perhaps "/" and
 * how many of its bits count; the others mean nothing. Returns 0 or -1. */
int cidr_parse(struct slice text, struct cidr *c);
/* Is who one of c? ::ffff:10.0.0.1 and 10.0.0.1 are the same client; who has
 * another kind of address is not. */
int cidr_match(const struct cidr *c, const struct sockaddr *who);

/* ---- base_date.c: dates without locale or timegm ------------------------ */

/* More than needed: no int could overflow them. */
enum { DATE_HTTP_SIZE = 80, DATE_LOG_SIZE = 80, DATE_ISO_SIZE = 80 };

/* "Sun, 06 Nov 1994 08:49:37 GMT" (RFC 9110 5.6.7), always 29 bytes and NUL;
 * years outside 1 to 9999 are cut to those. */
void date_http(char out[DATE_HTTP_SIZE], time_t when);
/* Reads any of the three formats of RFC 9110 5.6.7. now decides the century
 * of the two-digit form. Returns 0, or -1 for an impossible date. */
int date_parse(struct slice text, time_t now, time_t *when);
/* Local time: "06/Nov/1994:08:49:37 +0000" and "1994-11-06 08:49:37". */
void date_log(char out[DATE_LOG_SIZE], time_t when);
void date_iso(char out[DATE_ISO_SIZE], time_t when);

/* ---- base_log.c: the error log ------------------------------------------ */

struct log {
	struct log *next;
	const char *name;	/* "": standard error; "|command"; a file */
	const char *key;	/* where name was configured, for messages */
	int fd;			/* where lines go; owned if above 2 */
	int use_syslog;		/* lines go to syslog(3) instead */
	pid_t child;		/* the "|command" that reads fd, or 0 */
};

/* Opens log->name (a file 0640, appended to) in place of what log has open;
 * on failure that stays. A command that still runs goes on reading. Returns 0,
 * or -1 and errno. Also used for access logs. */
int log_open(struct log *log);
void log_close(struct log *log);
/* Writes "DATE: (file.LINE) message" with one write; control bytes of the
 * message become \xHH, so that nobody can forge a line. errno is kept. */
void log_write(struct log *log, const char *file, int line,
    const char *format, ...) PRINTF_LIKE(4, 5);

/* ---- base_timer.c: a wheel of one-second slots -------------------------- */

enum { TIMER_SLOTS = 64 };	/* later deadlines go round more than once */

struct timer {
	struct timer *next, *prev;	/* in its slot; NULL when not armed */
	uint32_t deadline;		/* second at which it expires */
	uint32_t slot;			/* second at which it is looked at */
};

struct timer_wheel {
	uint32_t now;			/* second last turned to */
	unsigned armed;			/* timers in it */
	struct timer slot[TIMER_SLOTS];	/* heads of circular lists */
};

typedef void timer_fn(void *context, struct timer *t);

void timer_init(struct timer_wheel *w, uint32_t now);
/* Sets t to expire seconds from w->now. A later deadline than before is only
 * stored; the slot moves t on when it comes round. */
void timer_arm(struct timer_wheel *w, struct timer *t, uint32_t seconds);
void timer_disarm(struct timer_wheel *w, struct timer *t);
/* Turns w to now and calls fn for each timer that expired, disarmed before. */
void timer_turn(struct timer_wheel *w, uint32_t now, timer_fn *fn,
    void *context);
/* Calls fn for every armed timer, which it may disarm. */
void timer_each(struct timer_wheel *w, timer_fn *fn, void *context);

/* ---- base_hash.c: MD5, SHA-1, SHA-256 ----------------------------------- */

enum hash_kind { HASH_MD5, HASH_SHA1, HASH_SHA256 };
enum { HASH_SIZE = 32, HASH_HEX_SIZE = 2 * HASH_SIZE };	/* the longest */

struct hash {
	enum hash_kind kind;
	uint32_t state[8];
	uint64_t n;			/* bytes so far */
	unsigned char block[64];
};

void hash_init(struct hash *h, enum hash_kind kind);
void hash_add(struct hash *h, const void *p, size_t n);
/* Returns how many bytes of out it is: 16, 20 or 32. */
size_t hash_end(struct hash *h, unsigned char out[HASH_SIZE]);
/* Hashes n parts with colons between them into hexadecimal digits. */
struct slice hash_parts(enum hash_kind kind, char hex[HASH_HEX_SIZE],
    const struct slice *part, size_t n);

/* ---- base_pass.c: files of users and their passwords -------------------- */

enum pass_kind { PASS_PLAIN, PASS_HTPASSWD, PASS_HTDIGEST };

/* Is said the secret? How long it takes tells how long said is, and nothing
 * else. No secret is empty. */
int pass_equal(struct slice secret, struct slice said);
/* Does password, with a NUL behind it, fit what htpasswd(1) kept of one? 1 or
 * 0, or -1: nobody here knows that kind of hash. */
int pass_fits(const char *kept, struct slice password);
/* Looks for name in the file's lines "name:value"; or with size, which is the
 * value's, "name:realm:value". 1: found, in out. 0: not found; out has another
 * one's value, to be treated alike. -1 and errno. The whole file is read in any
 * case. */
int pass_find(const char *file, struct slice name, const char *realm,
    size_t size, struct buf *out);
/* Is that the user's password, with a NUL behind it? 1; 0, perhaps with errno
 * ENOSYS: there was a hash that nobody here knows; or -1 and errno: the file
 * cannot be read. It takes as long for a user who is not there. value is room
 * for what is read. */
int pass_check(enum pass_kind kind, const char *file, struct slice user,
    const char *realm, struct slice password, struct buf *value);
/* Is user one of those in list, which is "valid-user" (all are) or like
 * "user=a|user=b|group=c", by a file of lines "group: user user", or with
 * commas between them? 1 or 0, or -1 and errno. */
int pass_may_enter(const char *list, const char *groups, struct slice user,
    struct buf *value);

enum { PASS_KNOWN = 128, PASS_METERS = 64 };

/* Passwords that were right, as hashes that only we can make; and how long we
 * have worked on those that were wrong. */
struct pass_memory {
	unsigned char secret[HASH_SIZE];	/* nobody can guess it */
	struct pass_known {
		unsigned char mac[HASH_SIZE];
		uint32_t until;		/* tick */
	} known[PASS_KNOWN];
	int64_t paid[1 + PASS_METERS];	/* ms: when that is made up for, by
					 * all and by some of the clients */
};

void pass_init(struct pass_memory *m);
/* Is it known that said is right for realm, by the file that st describes?
 * In any case mac is what may be remembered. */
int pass_is_known(const struct pass_memory *m, const struct stat *st,
    const char *realm, const struct buf *said, uint32_t tick,
    unsigned char mac[HASH_SIZE]);
/* It takes the place of what would be forgotten next. */
void pass_remember(struct pass_memory *m, const unsigned char mac[HASH_SIZE],
    uint32_t until);
/* Charges a client, whose address that is, and all together, took ms of work
 * for nothing. Returns for how many ms there must be no more; as a rule 0. */
int64_t pass_charge(struct pass_memory *m, struct slice client, int64_t now,
    int64_t took);

#endif
