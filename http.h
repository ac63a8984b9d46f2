/*
 * http.h - the grammar of HTTP: pure functions on bytes.
 *
 * No descriptor, no file, no connection: what is here can be tested and
 * fuzzed with nothing but memory. One section for each http_*.c file.
 */
#ifndef HTTP_H
#define HTTP_H

#include "base.h"

/* What looking at bytes can come to. */
enum http_verdict {
	HTTP_DONE,		/* all of it is there and right */
	HTTP_MORE,		/* right so far, not yet complete */
	HTTP_REFUSED		/* never right, whatever follows */
};

/* ---- http_parse.c: bytes to request head -------------------------------- */

enum http_method {
	HTTP_GET, HTTP_HEAD, HTTP_OPTIONS, HTTP_POST, HTTP_PUT, HTTP_DELETE,
	HTTP_PATCH, HTTP_TRACE, HTTP_CONNECT,
	HTTP_OTHER_KNOWN,	/* registered (WebDAV and so on), not ours */
	HTTP_UNKNOWN		/* a token nobody registered */
};

/* Field names the server itself looks at. */
enum http_name {
	HTTP_FIELD_OTHER,
	HTTP_ACCEPT, HTTP_ACCEPT_ENCODING, HTTP_AUTHORIZATION,
	HTTP_CONNECTION, HTTP_CONTENT_LENGTH, HTTP_CONTENT_TYPE, HTTP_COOKIE,
	HTTP_EXPECT, HTTP_HOST, HTTP_IF_MATCH, HTTP_IF_MODIFIED_SINCE,
	HTTP_IF_NONE_MATCH, HTTP_IF_RANGE, HTTP_IF_UNMODIFIED_SINCE,
	HTTP_RANGE, HTTP_REFERER, HTTP_TRANSFER_ENCODING, HTTP_UPGRADE,
	HTTP_USER_AGENT,
	HTTP_NAMES
};

struct http_field {
	const char *name;	/* as sent */
	const char *value;	/* without white space around it */
	uint16_t name_n, value_n;
	uint8_t id;		/* enum http_name */
};

enum { HTTP_FIELDS_MAX = 100, HTTP_HEAD_MAX = 65535 };

enum http_framing { HTTP_NO_BODY, HTTP_LENGTH, HTTP_CHUNKED };

/* A parsed request head. All slices borrow from the bytes parsed. */
struct http_head {
	enum http_method method;
	int minor;			/* HTTP/1.minor, 0 or 1 */
	int status;			/* why it was refused: 400, 414 ... */
	const char *why;		/* the same in words, for the log */
	struct slice line;		/* the request line, as far as known */
	struct slice method_text;
	struct slice target;		/* as sent */
	struct slice path;		/* of target, raw; "*" for OPTIONS * */
	struct slice query;		/* behind "?"; p is NULL without one */
	struct slice host;		/* of the target or the Host field, with
					 * port; n is 0 if there is none */
	int keep_alive;			/* the client wants (RFC 9112 9.3) */
	int expect_continue;		/* it waits for 100 (RFC 9110 10.1.1) */
	enum http_framing framing;
	int64_t body_length;		/* of HTTP_LENGTH, else 0 */
	size_t size;			/* bytes of the head, empty line too */
	unsigned nfields;
	uint8_t first[HTTP_NAMES];	/* 1 + index of the first such field */
	/* given by whoever has it parsed */
	struct http_field *field;
	unsigned field_room;		/* at most HTTP_FIELDS_MAX */
};

/* Looks at n bytes that begin with a request; max is the longest head allowed
 * in bytes (<= HTTP_HEAD_MAX). On HTTP_REFUSED head->status and why are set,
 * and line, method and minor as far as they were understood. One empty line
 * before the request line is skipped and counted in size. The bytes change in
 * one case only: an obs-fold becomes spaces (RFC 9112 5.2). */
enum http_verdict http_parse(struct http_head *head, char *p, size_t n,
    size_t max);
/* Its n bytes have moved from where they were parsed. */
void http_moved(struct http_head *head, const char *from, const char *to,
    size_t n);
/* The first field of that name; p is NULL when there is none. */
struct slice http_field(const struct http_head *head, enum http_name id);
/* The same by text, for names that have no number. */
struct slice http_field_named(const struct http_head *head, const char *name);
/* True for uri-host [ ":" port ] (RFC 9110 7.2) of at least one byte. Behind s
 * has to be a byte that no host has (NUL, a space, a slash, a line end): it
 * stops every loop. */
int http_is_host(struct slice s);
/* The sep that ends the part of a list at p, or end. One inside of a quoted
 * string does not count; NULL: such a string has no end. */
const char *http_part_end(const char *p, const char *end, char sep);
/* The value of a cookie, as sent; p is NULL when there is none. */
struct slice http_cookie(const struct http_head *head, const char *name);
/* Steps through a field that is a list (RFC 9110 5.6.1), over all its lines:
 * returns each element, trimmed; p is NULL behind the last. Start with *field
 * and *at 0. A comma inside a quoted string does not separate. */
struct slice http_list(const struct http_head *head, enum http_name id,
    unsigned *field, size_t *at);
/* May a field be that: is name a token, and has value no control bytes? And
 * are both no longer than a head can be? */
int http_field_is_valid(const char *name, const char *value);
/* Adds a field that is, behind the others; both texts must live as long as
 * head. Returns 0, or -1: there is no room for it. */
int http_field_add(struct http_head *head, const char *name,
    const char *value);
/* Drops all that have this name. */
void http_field_drop(struct http_head *head, const char *name);

/* ---- http_body.c: how long the body is ---------------------------------- */

struct http_body {
	enum http_framing framing;
	int state;		/* of the chunked decoder */
	int64_t left;		/* of the length, or of the current chunk */
	size_t overhead;	/* bytes of chunk lines and trailers, bounded */
};

void http_body_init(struct http_body *body, const struct http_head *head);
/* Takes some of n bytes: *used of them are done with, and data is the part of
 * those that is content (perhaps none). Call again while used > 0. HTTP_DONE:
 * the body is complete; HTTP_REFUSED: framing broken, answer 400 and close. */
enum http_verdict http_body(struct http_body *body, const char *p, size_t n,
    size_t *used, struct slice *data);

/* ---- http_reply.c: the head of a backend's reply ------------------------ */

enum http_reply_kind {
	HTTP_REPLY_CGI,		/* fields, perhaps "Status:"; RFC 3875 6 */
	HTTP_REPLY_HTTP,	/* a status line, and fields */
	HTTP_REPLY_ANY		/* either: CGI that may be "non-parsed" */
};

enum { HTTP_REPLY_MAX = 64 << 10 };	/* bytes of such a head */

/* Slices borrow from the bytes read. */
struct http_reply {
	int status;		/* 0: it does not say */
	int minor;		/* HTTP/1.minor of a status line; -1: none */
	int64_t length;		/* Content-Length, or -1 */
	int chunked;		/* Transfer-Encoding is that, and only that */
	int keep_alive;		/* HTTP only: the connection may go on */
	int upgrade;		/* there is one, and Connection names it */
	unsigned options;	/* of Connection: private */
	struct slice location, sendfile, content_type;	/* p NULL: none */
	struct slice fields;	/* lines, from the first field on, each with its
				 * end; without the empty one */
	size_t size;		/* bytes of the head, empty line too */
};

/* Reads n bytes that begin with a reply. HTTP_REFUSED: none that makes sense,
 * as one with control bytes, two lengths, or a length and chunks; *why says
 * what. Lines may end with LF alone; lines that begin with white space go on
 * the one before, and become spaces in p. keep_alive does not regard how the
 * body ends: without a length or chunks, by the connection's end. */
enum http_verdict http_reply(struct http_reply *reply,
    enum http_reply_kind kind, char *p, size_t n, const char **why);
/* Steps through its fields from *at = 0 on. Returns 0 behind the last. */
int http_reply_next(const struct http_reply *reply, size_t *at,
    struct slice *name, struct slice *value);
/* Is name one that concerns a connection only (RFC 9110 7.6.1): of a request or
 * a reply, by itself; or because a Connection field there names it? */
int http_is_hop(struct slice name);
int http_reply_names(const struct http_reply *reply, struct slice name);
int http_connection_names(const struct http_head *head, struct slice name);
/* Is a Location a path of ours, and perhaps a query, as a request could have
 * sent it? */
int http_is_local(struct slice location);

/* ---- http_range.c: conditional requests, ranges, codings ---------------- */

struct http_validators {
	struct slice etag;	/* with its quotes; n is 0 if there is none */
	time_t modified;	/* Last-Modified */
	time_t now;
};

/* Is there any condition at all? Most requests have none. */
static inline int
http_is_conditional(const struct http_head *head)
{
	return (head->first[HTTP_IF_MATCH] | head->first[HTTP_IF_NONE_MATCH]
	    | head->first[HTTP_IF_MODIFIED_SINCE]
	    | head->first[HTTP_IF_UNMODIFIED_SINCE]) != 0;
}

/* Conditions in the order of RFC 9110 13.2.2: 200 go on, 304 or 412. */
int http_conditions(const struct http_head *head,
    const struct http_validators *v);

enum {
	HTTP_RANGES_MAX = 16,
	HTTP_RANGES_GAP = 80	/* bytes: less than a part of its own costs */
};

struct http_range {
	int64_t first, length;
};

/* Which part of size bytes is asked for (RFC 9110 14): 200 all of it, 206
 * with ranges[0 .. *n), 416 none that exists. If-Range is regarded, unless v is
 * NULL. Ranges that overlap, or between which no more than HTTP_RANGES_GAP
 * bytes lie, are joined; more than HTTP_RANGES_MAX, malformed ones and other
 * units are ignored (200). */
int http_ranges(const struct http_head *head, const struct http_validators *v,
    int64_t size, struct http_range ranges[HTTP_RANGES_MAX], unsigned *n);
/* How much word (lower case) is wanted by the field name, Accept-Encoding or
 * Accept (RFC 9110 12.5): 0 (not at all) to 1000, or -1 if it does not say. */
int http_weight(const struct http_head *head, enum http_name name,
    const char *word);
static inline int
http_coding(const struct http_head *head, const char *coding)
{
	return http_weight(head, HTTP_ACCEPT_ENCODING, coding);
}

/* ---- http_auth.c: Basic and Digest (RFC 7617, 7616) --------------------- */

enum http_algorithm {
	HTTP_MD5, HTTP_MD5_SESS, HTTP_SHA256, HTTP_SHA256_SESS
};
extern const char http_algorithms[];	/* words, in that order */

static inline enum hash_kind
http_hash_of(int algorithm)
{
	return algorithm < HTTP_SHA256 ? HASH_MD5 : HASH_SHA256;
}

/* What Digest credentials say. All of them are there, but for the algorithm. */
enum http_digest {
	HTTP_USERNAME, HTTP_REALM, HTTP_NONCE, HTTP_URI, HTTP_RESPONSE,
	HTTP_CNONCE, HTTP_NC, HTTP_QOP, HTTP_ALGORITHM, HTTP_DIGEST
};

/* Decodes the credentials behind "Basic" into text, "user:password". Returns 0,
 * or -1: malformed, or no memory (text->failed). */
int http_basic(struct buf *text, struct slice said);
/* Reads the head's Digest credentials, which must be for the target it has.
 * Returns 0, or -1: malformed. */
int http_digest(const struct http_head *head, struct slice said[HTTP_DIGEST]);
/* Is the response right, for a user of whom that is kept: his password, or the
 * hash of name, realm and password in hexadecimal digits? */
int http_digest_fits(const struct http_head *head,
    const struct slice said[HTTP_DIGEST], enum http_algorithm algorithm,
    struct slice kept, int plain);
/* Is the nonce one that we made with secret, and not too long ago? */
int http_digest_fresh(struct slice nonce, struct slice secret,
    const char *realm, time_t now);
/* Appends the fields that ask who it is: for Basic; or for Digest by those
 * algorithms (1 << enum http_algorithm), with a nonce made with secret. */
void http_challenge(struct buf *fields, const char *realm, unsigned algorithms,
    struct slice secret, time_t now, int stale);

/* ---- http_mime.c: names to media types ---------------------------------- */

/* Appends the type of a file by the suffix of its name, in any case;
 * "application/octet-stream" when it is not known. */
void http_mime_type(struct buf *out, struct slice name);
/* Does name end in suffix, ASCII case aside? */
int http_has_suffix(struct slice name, struct slice suffix);

#endif
