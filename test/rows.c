/*
 * rows.c - sends each row of rows.h to a server, whole and cut in two at every
 * byte, and judges what comes back: the status, that the request behind it is
 * answered or not, as it must be, and how the connection ends.
 *
 *	rows PORT [STRIDE]	the server is at 127.0.0.1; of the cuts, take
 *				each STRIDEth
 *
 * The server's document root has index.html and nothing else. Prints a line
 * for each row at fault, with its first cut, and then how much was done; ends
 * early when there are too many, or one that does not end. Many
 * connections are open at a time: all send their first part, then the server
 * answers somebody else, and so has seen it, then all send their second part.
 */
#include <sys/socket.h>
#include <sys/time.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "rows.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define NEXT "GET /index.html HTTP/1.1\r\nHost: h\r\nConnection: close" E

enum {
	BATCH = 128,			/* connections at a time */
	SENT_MAX = 4096,		/* bytes of a row and what follows */
	BODY_MAX = 64,			/* a longer one is not sent */
	FAULTS = 500
};

/* A row and what it comes to on a connection. */
struct script {
	const char *name;
	char bytes[SENT_MAX];
	size_t n, from;			/* cuts make sense from here on */
	size_t to;			/* ... and up to here */
	char want[40];			/* "200 200 eof" */
	int may_reset;			/* we send when it said goodbye */
	int half_close;			/* nothing follows */
	int is_head;			/* the first answer has no body */
};

struct client {
	const struct script *script;
	size_t cut;
	int fd;
};

static struct sockaddr_in address;
static int patience = 5;		/* seconds */
static unsigned faults, sent;
static const char *faulty;		/* the last row with a fault */
static struct client clients[BATCH];
static unsigned n_clients;

static void
die(const char *what)
{
	fprintf(stderr, "rows: %s: %s\n", what, strerror(errno));
	exit(1);
}

/* ---- a client ----------------------------------------------------------- */

static int
dial(void)
{
	struct timeval limit = { 0, 0 };
	int one = 1, fd = socket(AF_INET, SOCK_STREAM, 0);

	limit.tv_sec = patience;
	if (fd == -1
	    || connect(fd, (void *)&address, sizeof(address)) == -1)
		die("connect");
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	return fd;
}

/* What fails here is seen by who reads the answer. */
static void
send_all(int fd, const char *p, size_t n)
{
	ssize_t done;

	for (; n > 0; p += done, n -= (size_t)done) {
		done = write(fd, p, n);
		if (done == -1)
			return;
	}
}

/* Reads up to the end, and says how that came. */
static const char *
read_all(int fd, char *p, size_t size, size_t *n)
{
	ssize_t got = 1;

	for (*n = 0; got > 0 && *n < size; *n += (size_t)(got > 0 ? got : 0))
		got = read(fd, p + *n, size - *n);
	if (got == -1 && errno == ECONNRESET)
		return "reset";
	return got == 0 ? "eof" : "no end";
}

/* Who ended it must not leave a port behind for a minute. */
static void
hang_up(int fd)
{
	struct linger hard = { 1, 0 };

	setsockopt(fd, SOL_SOCKET, SO_LINGER, &hard, sizeof(hard));
	close(fd);
}

/* The server has looked at all that was sent when somebody who came later
 * has his answer. */
static void
barrier(void)
{
	char answer[4096];
	size_t n;
	int fd = dial();

	send_all(fd, NEXT, sizeof(NEXT) - 1);
	(void)read_all(fd, answer, sizeof(answer), &n);
	hang_up(fd);
}

/* ---- verdicts ----------------------------------------------------------- */

/* The end of the answer at p, or NULL if it is not well-formed. */
static const char *
skip_answer(const char *p, const char *end, int is_head)
{
	const char *fields = strstr(p, "\r\n"), *body = strstr(p, "\r\n\r\n");
	const char *length = strstr(p, "\r\nContent-Length: ");
	long n;

	if (strncmp(p, "HTTP/1.", 7) != 0 || (p[7] != '0' && p[7] != '1')
	    || p[8] != ' ' || fields == NULL || body == NULL || length == NULL
	    || length > body)
		return NULL;
	n = is_head ? 0 : strtol(length + 18, NULL, 10);
	return n > end - body - 4 ? NULL : body + 4 + n;
}

static void
judge(const struct client *c)
{
	char answer[16384], got[200];
	const char *p = answer, *next, *over;
	int is_head = c->script->is_head;
	size_t n, k = 0;

	over = read_all(c->fd, answer, sizeof(answer) - 1, &n);
	answer[n] = '\0';
	hang_up(c->fd);
	for (; *p != '\0' && k < 40; p = next, is_head = 0) {
		next = skip_answer(p, answer + n, is_head);
		if (next == NULL) {
			over = "and a malformed answer";
			break;
		}
		k += (size_t)sprintf(got + k, "%.3s ", p + 9);
	}
	if (c->script->may_reset && strcmp(over, "reset") == 0)
		over = "eof";
	sprintf(got + k, "%s", over);
	if (strcmp(got, c->script->want) == 0)
		return;
	if (faulty != c->script->name)
		printf("%s, cut at %d: %s, wanted %s\n", c->script->name,
		    (int)c->cut, got, c->script->want);
	faulty = c->script->name;
	if (++faults == FAULTS || strcmp(over, "no end") == 0) {
		printf("... and so on\n");
		exit(1);
	}
}

static void
flush(void)
{
	const struct client *c;

	if (n_clients == 0)
		return;
	barrier();
	barrier();
	for (c = clients; c < clients + n_clients; c++) {
		send_all(c->fd, c->script->bytes + c->cut,
		    c->script->n - c->cut);
		if (c->script->half_close)
			shutdown(c->fd, SHUT_WR);
	}
	for (c = clients; c < clients + n_clients; c++)
		judge(c);
	sent += n_clients;
	n_clients = 0;
}

static void
play_cut(const struct script *s, size_t cut)
{
	struct client *c = &clients[n_clients++];

	c->script = s;
	c->cut = cut;
	c->fd = dial();
	send_all(c->fd, s->bytes, cut);
	if (n_clients == BATCH)
		flush();
}

/* ---- scripts ------------------------------------------------------------ */

static void
add(struct script *s, const char *p, size_t n)
{
	if (n > sizeof(s->bytes) - s->n) {
		fprintf(stderr, "rows: too long: %s\n", s->name);
		exit(1);
	}
	memcpy(s->bytes + s->n, p, n);
	s->n += n;
}

static void
add_text(struct script *s, const char *text)
{
	add(s, text, strlen(text));
}

static int
begins(const char *text, const char *with)
{
	return strncmp(text, with, strlen(with)) == 0;
}

/* The number behind word in text, or 0. */
static long long
number_behind(const char *text, const char *word)
{
	const char *p = strstr(text, word);

	return p == NULL ? 0 : strtoll(p + strlen(word), NULL, 10);
}

/* What a server that has but one file answers to a head described so. */
static int
status_of(const char *want)
{
	int there = strncmp(strchr(want, ' '), " / ", 3) == 0;

	if (begins(want, "GET ") || begins(want, "HEAD "))
		return there ? 200 : 404;
	if (begins(want, "POST "))
		return there ? 405 : 404;
	if (begins(want, "OPTIONS "))
		return 200;
	return begins(want, "unknown ") ? 501 : 405;
}

static void
end_script(struct script *s, int status, int goes_on)
{
	if (s->half_close)
		strcpy(s->want, "eof");
	else
		sprintf(s->want, "%d %seof", status, goes_on ? "200 " : "");
	if (!s->half_close)
		add_text(s, NEXT);
}

static void
head_script(struct script *s, const struct row *row)
{
	const char *want = row->want;
	long long length = number_behind(want, " length=");
	int body = length > 0 || strstr(want, " chunked") != NULL;
	int waits = body && strstr(want, " expect") != NULL;

	s->name = row->name;
	add(s, row->in, row->n - (size_t)number_behind(want, " rest="));
	s->to = s->n;
	s->is_head = begins(row->in, "HEAD");
	s->half_close = begins(want, "more");
	if (s->half_close || (*want >= '0' && *want <= '9')) {
		end_script(s, atoi(want), 0);
		return;
	}
	s->may_reset = strstr(want, " close") != NULL;
	if (body && length == 0)
		add_text(s, "0" E);
	for (; length > 0 && length <= BODY_MAX; length--)
		add_text(s, "x");
	end_script(s, status_of(want), !s->may_reset && !waits
	    && length == 0);
}

static void
body_script(struct script *s, const struct row *row)
{
	char length[40];

	s->name = row->name;
	add_text(s, POST);
	snprintf(length, sizeof(length), "Content-Length: %ld\r\n",
	    row->length);
	if (row->length != NOTHING)
		add_text(s, row->length == CHUNKED ?
		    "Transfer-Encoding: chunked\r\n" : length);
	add_text(s, "\r\n");
	s->from = s->n;
	add(s, row->in, row->n - (size_t)number_behind(row->want, "+"));
	s->to = s->n;
	s->half_close = begins(row->want, "more");
	if (begins(row->want, "refused"))
		end_script(s, 400, 0);
	else
		end_script(s, 405, 1);
}

static void
play(const struct row *rows, size_t n,
    void (*make)(struct script *, const struct row *), size_t stride)
{
	static struct script scripts[BATCH];
	struct script *s;
	size_t i, cut, at = 0;

	for (i = 0; i < n; i++) {
		s = &scripts[i % BATCH];	/* older ones are done with */
		memset(s, 0, sizeof(*s));
		make(s, &rows[i]);
		play_cut(s, s->n);
		for (cut = s->from > 0 ? s->from : 1; cut <= s->to; cut++)
			if (at++ % stride == 0)
				play_cut(s, cut);
	}
	flush();
}

int
main(int argc, char **argv)
{
	const char *slow = getenv("GLIMD_SLOW");
	size_t stride = argc > 2 ? (size_t)atoi(argv[2]) : 1;

	if (argc < 2 || stride == 0) {
		fprintf(stderr, "usage: rows PORT [STRIDE]\n");
		return 1;
	}
	if (slow != NULL && atoi(slow) > 0)
		patience *= atoi(slow);
	signal(SIGPIPE, SIG_IGN);
	address.sin_family = AF_INET;
	address.sin_port = htons((unsigned short)atoi(argv[1]));
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	play(head_rows, COUNT(head_rows), head_script, stride);
	play(body_rows, COUNT(body_rows), body_script, stride);
	printf("%u rows, %u connections, %u faults\n",
	    (unsigned)(COUNT(head_rows) + COUNT(body_rows)), sent, faults);
	return faults > 0;
}
