/*
 * backend.c - a backend that does what it is asked for, right or wrong, and
 * takes no request that is not exactly what its protocol wants: then it says
 * why, and ends with status 3.
 *
 *	-p NAME	fastcgi, scgi, uwsgi or http	-i NAME	a field X-Backend: NAME
 *	-a ADDR	HOST:PORT or /SOCKET; without	-c	closes after each answer
 *		it standard input listens	-T	SIGTERM does not end it
 *	-b N	writes N bytes at a time, a	-n N	ends after N answers
 *		millisecond apart		-q N	backlog
 *	-r N	records of N bytes (FastCGI)	-o WORD	does this in any case
 *	-l FILE	a line for each event	-g N	prints the N bytes of /bytes?n=N
 *
 * It prints "ready PORT" (or the path of the socket). The last part of the path
 * (of SCRIPT_NAME and PATH_INFO), up to a dot, says what to do, ?as=WORD does
 * it as well: see backend_answer.h. Any of them with wait=MS does so before it
 * answers; with early=1 it has not read the body then.
 *
 * The events: "connection C", "head C.R GET /path?query", "request C.R GET
 * /path?query BYTES" (its body has come, and it is answered now), "done C.R",
 * "abort C.R" (told by FastCGI), "gone C.R" (the peer closed before it was
 * done), "close C": request R of connection C.
 */
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <netinet/in.h>
#include <netinet/tcp.h>

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

#include "base.h"
#include "ws_frame.h"

enum { MOST = 8192, PIECE = 65536, PLENTY = 262144 };

enum protocol { FASTCGI, SCGI, UWSGI, HTTP };
enum state {
	READING,		/* a request, or between two */
	WAITING,		/* until it is time to answer */
	ANSWERING,		/* there is more of it to make */
	TUNNEL,			/* after 101 */
	HUNG,			/* does nothing any more */
	CLOSING,		/* ... once all is written */
	LINGERING		/* ... and the peer has closed */
};
enum after { END, CUT, HANG };		/* what follows the last byte made */

struct text {
	char *p;
	size_t n, size;
};

struct conn {
	int fd;
	enum state state;
	long number, requests;
	int64_t wake, write_at;		/* ms: not before */
	struct text in, out;
	size_t written;			/* of out */
	/* the request */
	int headed, complete;		/* its head is there; all of it */
	struct text head;		/* HTTP's, or "NAME=value\0..." */
	struct text pairs;		/* FastCGI's, not decoded yet */
	struct text body;		/* for /echo */
	int64_t length, body_n;		/* said (-1: not), and come */
	uint32_t sum;
	int keep, minor, in_chunks;
	int64_t chunk;			/* bytes left of it; -1: its size */
	int last;			/* that was the last one's */
	unsigned id, role;		/* FastCGI; id 0: no request */
	char method[32], path[1024], query[4096], word[64];
	/* the answer */
	int chunked, headless, piping, websocket;
	int dropping;			/* the next request */
	int64_t at, left;		/* of what is made */
	int portion, gap;		/* so many bytes, each so many ms */
	enum after after;
};

static const char *const protocols[] = { "fastcgi", "scgi", "uwsgi", "http" };
static enum protocol protocol = HTTP;
static const char *address, *label, *always;
static int backlog = 1024, closes, log_fd = -1, listener;
static size_t segment, record = 65528;
static long answers_most, answers, connections;
static struct conn *conns[MOST];
static struct pollfd polls[MOST + 1];
static int conns_n;
static volatile sig_atomic_t told_to_stop;

static int64_t
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void
die(const char *what)
{
	fprintf(stderr, "backend: %s: %s\n", what, strerror(errno));
	exit(2);
}

static void
note(const char *format, ...)
{
	char line[6000];
	va_list args;
	int n;

	if (log_fd == -1)
		return;
	va_start(args, format);
	n = vsnprintf(line, sizeof(line) - 1, format, args);
	va_end(args);
	if (n > (int)sizeof(line) - 2)
		n = (int)sizeof(line) - 2;
	line[n++] = '\n';
	if (write(log_fd, line, (size_t)n) != n)
		die("-l");
}

static void
add(struct text *t, const void *p, size_t n)
{
	if (t->size - t->n < n) {
		t->size = 2 * (t->n + n);
		t->p = realloc(t->p, t->size);
		if (t->p == NULL)
			die("realloc");
	}
	if (n > 0)
		memcpy(t->p + t->n, p, n);
	t->n += n;
}

static void
drop(struct text *t, size_t n)
{
	t->n -= n;
	if (n > 0)
		memmove(t->p, t->p + n, t->n);
}

static void
malformed(struct conn *c, const char *why)
{
	const unsigned char *p = (const unsigned char *)c->in.p;
	size_t i;

	fprintf(stderr, "backend: malformed %s, request %ld.%ld: %s; there is ",
	    protocols[protocol], c->number, c->requests, why);
	for (i = 0; i < c->in.n && i < 200; i++)
		fprintf(stderr, p[i] > 31 && p[i] < 127 ? "%c" : "\\x%02x",
		    p[i]);
	fprintf(stderr, "\n");
	exit(3);
}

static void gone(struct conn *c);

#include "backend_frame.h"
#include "backend_answer.h"
#include "backend_request.h"
#include "backend_params.h"

/* ---- connections -------------------------------------------------------- */

static void
forget(int i)
{
	struct conn *c = conns[i];

	note("close %ld", c->number);
	close(c->fd);
	free(c->in.p);
	free(c->out.p);
	free(c->head.p);
	free(c->pairs.p);
	free(c->body.p);
	free(c);
	conns[i] = conns[--conns_n];
}

static void
gone(struct conn *c)
{
	if (c->state != LINGERING && c->state != CLOSING &&
	    (c->headed || c->in.n > 0 || c->id != 0))
		note("gone %ld.%ld", c->number, c->requests);
	c->state = CLOSING;
	c->complete = 1;
	c->written = c->out.n;
}

static void
take_in(struct conn *c)
{
	static char bytes[PIECE];
	ssize_t n = read(c->fd, bytes, sizeof(bytes));

	if (n == -1 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n == 0 && c->state == TUNNEL && !c->websocket)
		over(c);
	else if (n <= 0)
		gone(c);
	else if (c->state == LINGERING)
		return;
	else {
		add(&c->in, bytes, (size_t)n);
		advance(c);
	}
}

static void
put_out(struct conn *c)
{
	size_t n = c->out.n - c->written;
	ssize_t sent;

	if (segment > 0 && n > segment)
		n = segment;
	sent = n == 0 ? 0 : write(c->fd, c->out.p + c->written, n);
	if (sent == -1 && errno != EAGAIN && errno != EINTR)
		gone(c);
	if (sent <= 0)
		return;
	c->written += (size_t)sent;
	if (segment > 0)
		c->write_at = now() + 1;
	if (c->written == c->out.n)
		c->written = c->out.n = 0;
	else if (c->written > PLENTY) {
		drop(&c->out, c->written);
		c->written = 0;
	}
}

/* What the peer still sends when it was answered early would make a reset of
 * our end. */
static int
is_over(struct conn *c)
{
	if (c->state != CLOSING || c->written < c->out.n)
		return 0;
	if (c->complete)
		return 1;
	shutdown(c->fd, SHUT_WR);
	c->state = LINGERING;
	return 0;
}

static void
serve(struct conn *c, int events, int64_t t)
{
	if (events & (POLLIN | POLLHUP | POLLERR))
		take_in(c);
	if (c->state == WAITING && c->wake <= t)
		answer(c);
	if (c->state == ANSWERING && c->wake <= t)
		produce(c);
	if (c->written < c->out.n && c->write_at <= t)
		put_out(c);
}

/* What to wait for. */
static short
wanted(struct conn *c, int64_t t, int64_t *until)
{
	size_t left = c->out.n - c->written;
	short events = 0;
	int64_t when = 0;

	/* a body that is not to be read stays where it is */
	if ((c->state == READING || c->state == TUNNEL) ? left < PLENTY :
	    c->state == LINGERING || (c->complete && c->state != CLOSING))
		events = POLLIN;
	if (left > 0 && c->write_at <= t)
		events |= POLLOUT;
	else if (left > 0)
		when = c->write_at;
	if ((c->state == WAITING || c->state == ANSWERING) && left < PLENTY &&
	    (when == 0 || c->wake < when))
		when = c->wake;
	if (when != 0 && when < *until)
		*until = when;
	return events;
}

static void
open_connection(void)
{
	struct conn *c;
	int one = 1, fd = accept(listener, NULL, NULL);

	if (fd == -1)
		return;
	c = calloc(1, sizeof(*c));
	if (c == NULL || fcntl(fd, F_SETFL, O_NONBLOCK) == -1)
		die("accept");
	fcntl(fd, F_SETFD, FD_CLOEXEC);
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	c->fd = fd;
	c->number = ++connections;
	c->wake = 1;
	conns[conns_n++] = c;
	note("connection %ld", c->number);
	next_request(c);
}

static void
run(void)
{
	int i, n;
	int64_t t, until;

	while (!told_to_stop && (answers_most == 0 || answers < answers_most ||
	    conns_n > 0)) {
		t = now();
		until = t + 60000;
		for (i = 0; i < conns_n; i++) {
			polls[i].fd = conns[i]->fd;
			polls[i].events = wanted(conns[i], t, &until);
			if (polls[i].events == 0 && conns[i]->state != HUNG)
				polls[i].fd = -1;
		}
		polls[i].fd = conns_n < MOST && (answers_most == 0 ||
		    answers < answers_most) ? listener : -1;
		polls[i].events = POLLIN;
		n = conns_n;
		if (poll(polls, (nfds_t)n + 1, until <= t ? 0 :
		    (int)(until - t)) == -1)
			continue;
		t = now();
		if (polls[n].revents != 0)
			open_connection();
		/* from the end: the last one takes a free place */
		for (i = n - 1; i >= 0; i--) {
			serve(conns[i], polls[i].fd == -1 ? 0 :
			    polls[i].revents, t);
			if (is_over(conns[i]))
				forget(i);
		}
	}
}

/* ---- the start ---------------------------------------------------------- */

static void
on_signal(int number)
{
	told_to_stop = number;
}

static void
open_unix(void)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };

	strncpy(un.sun_path, address, sizeof(un.sun_path) - 1);
	(void)unlink(address);
	listener = socket(AF_UNIX, SOCK_STREAM, 0);
	if (listener == -1 ||
	    bind(listener, (const void *)&un, sizeof(un)) == -1 ||
	    chmod(address, 0777) == -1 || listen(listener, backlog) == -1)
		die(address);
	printf("ready %s\n", address);
}

static void
open_tcp(void)
{
	struct addrinfo *ai = NULL, hints = { .ai_socktype = SOCK_STREAM,
	    .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV };
	const char *colon = strrchr(address, ':');
	struct sockaddr_in6 a;			/* as large as IPv4's */
	socklen_t size = sizeof(a);
	int one = 1, bracket = *address == '[';
	char host[64];

	if (colon == NULL)
		die(address);
	snprintf(host, sizeof(host), "%.*s",
	    (int)(colon - address) - 2 * bracket, address + bracket);
	if (getaddrinfo(host, colon + 1, &hints, &ai) != 0)
		die(address);
	listener = socket(ai->ai_family, SOCK_STREAM, 0);
	if (listener == -1 || setsockopt(listener, SOL_SOCKET, SO_REUSEADDR,
	    &one, sizeof(one)) == -1 ||
	    bind(listener, ai->ai_addr, ai->ai_addrlen) == -1 ||
	    listen(listener, backlog) == -1 ||
	    getsockname(listener, (struct sockaddr *)&a, &size) == -1)
		die(address);
	freeaddrinfo(ai);
	printf("ready %d\n", ntohs(a.sin6_port));
}

static void
set_up(void)
{
	struct sigaction act = { .sa_handler = on_signal };
	struct rlimit files;

	sigaction(SIGTERM, &act, NULL);
	sigaction(SIGINT, &act, NULL);
	act.sa_handler = SIG_IGN;
	sigaction(SIGPIPE, &act, NULL);
	if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
		files.rlim_cur = files.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &files);
	}
	if (address == NULL)
		printf("ready 0\n");
	else if (*address == '/')
		open_unix();
	else
		open_tcp();
	if (fcntl(listener, F_SETFL, O_NONBLOCK) == -1)
		die("standard input");
	fflush(stdout);
}

static void
choose_protocol(const char *name)
{
	int i;

	for (i = 0; i < 4 && strcmp(protocols[i], name) != 0; i++)
		;
	if (i == 4)
		die(name);
	protocol = (enum protocol)i;
}

int
main(int argc, char **argv)
{
	int option, stubborn = 0;

	while ((option = getopt(argc, argv, "p:a:b:r:l:i:cTn:q:o:g:")) != -1)
		switch (option) {
		case 'p': choose_protocol(optarg); break;
		case 'a': address = optarg; break;
		case 'b': segment = (size_t)atol(optarg); break;
		case 'r': record = (size_t)atol(optarg); break;
		case 'i': label = optarg; break;
		case 'c': closes = 1; break;
		case 'T': stubborn = 1; break;
		case 'n': answers_most = atol(optarg); break;
		case 'q': backlog = atoi(optarg); break;
		case 'o': always = optarg; break;
		case 'g': print_pattern(atoll(optarg)); break;
		case 'l':
			log_fd = open(optarg, O_WRONLY | O_CREAT | O_APPEND |
			    O_CLOEXEC, 0666);
			if (log_fd == -1)
				die(optarg);
			break;
		default: return 2;
		}
	set_up();
	if (stubborn)
		signal(SIGTERM, SIG_IGN);
	run();
	while (conns_n > 0)
		forget(0);
	if (address != NULL && *address == '/')
		(void)unlink(address);
	return 0;
}
