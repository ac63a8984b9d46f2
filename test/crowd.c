/*
 * crowd.c - many connections at once, held on to by one process: clients that
 * say nothing, that drip, that do not read, that leave without a word.
 *
 *	crowd -a HOST:PORT [-n N] [-p PATH] [-w FILE] [-i MS] [-t SECONDS]
 *	    [-q] MODE
 *
 *	idle	one keep-alive request each, its answer read whole
 *	silent	no request at all
 *	head	a request head that never ends, one byte every MS (1000)
 *	body	a POST whose body comes likewise
 *	read	an answer that is read likewise, through a small buffer
 *	abort	N connections, 64 at a time, that end before a byte, in the
 *		head, in a body, in the answer (PATH is large), or after the
 *		request; at once or a moment later; by RST or close
 *	normal	N keep-alive clients that ask for PATH without a rest
 *
 * FILE is created when all have connected (or their answers have come). All
 * vanish on SIGTERM, or after SECONDS (110; normal: counted from FILE), or when
 * the server has closed the last one. It says, unless -q was given, how many
 * had an answer, or its beginning, or how long a request took:
 *
 *	opened N answered N closed_by_server N
 *	requests N p50_us N p99_us N			(normal)
 *
 * Exit status: 0, 2 trouble, 3 there are not enough descriptors for N.
 */
#include <sys/resource.h>
#include <sys/socket.h>

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

#define MS ((int64_t)1000000)		/* times are in nanoseconds */

enum {
	KNOCKING = 256,		/* at once, so that no backlog runs over */
	ABORTS = 64,		/* connections of abort at a time */
	STEP_MS = 10,		/* what is due is done in steps of that */
	SLICE_MS = 100,		/* a signal is noticed after that */
	WINDOW = 2048,		/* receive buffer of read */
	SPARE = 16,		/* descriptors that are no connections */
	SLOWEST_US = 1000000	/* longer ones count as that */
};

enum state {
	ABSENT,			/* to be opened, at its time */
	CONNECTING,
	ASKED,			/* waits for its answer, or part of it */
	HELD,			/* does something at its time, if at all */
	GONE
};

struct peer {
	enum state state;
	int fd;				/* -1: none */
	int64_t due;			/* when to do something; 0: never */
	int64_t began;			/* the request */
	long number;			/* of abort: which one it is */
	const struct script *script;
	int met;			/* answered once, for FILE */
	/* its answer */
	long lines;			/* of the head, or -1: in the body */
	char line[40];			/* this one's beginning */
	size_t line_n;
	int64_t left;			/* bytes of the body to come */
};

/* What it says, and whether it waits for an answer, or drips then. */
enum mode { IDLE, SILENT, HEAD, BODY, READ, NORMAL, ABORT, MODES };
static const struct script {
	const char *name, *method, *rest;
	int waits, drips;
} scripts[] = {
	[IDLE] = { "idle", "GET", "\r\n", 1, 0 },
	[SILENT] = { "silent", NULL, NULL, 0, 0 },
	[HEAD] = { "head", "GET", "X-Slow: ", 0, 1 },
	/* short enough to be dropped by a server, not refused */
	[BODY] = { "body", "POST", "Content-Length: 60000\r\n\r\n",
	    0, 1 },
	[READ] = { "read", "GET", "\r\n", 1, 0 },
	[NORMAL] = { "normal", "GET", "\r\n", 1, 0 },
	/* one after the other */
	[ABORT] = { "abort", NULL, NULL, 0, 0 },
	{ NULL, "GET", "X-Half: a hea", 0, 0 },
	{ NULL, "POST", "Content-Length: 60000\r\n\r\nabc", 0, 0 },
	{ NULL, "GET", "\r\n", 1, 0 },
	{ NULL, "GET", "\r\n", 0, 0 }
};

enum { ABORT_KINDS = sizeof(scripts) / sizeof(scripts[0]) - ABORT };

static struct peer *peers;
static struct pollfd *polls;		/* of the peer of the same index */
static int peers_n, connecting, left;	/* all; of that state; not GONE */
static long wanted = 1, begun;		/* -n; those of abort */
static long opened, answered, closed, met;
static enum mode mode;
static struct sockaddr_storage address;
static socklen_t address_n;
static const char *host, *path = "/", *ready_file;
static int64_t interval = 1000 * MS;
static unsigned took[SLOWEST_US + 1];	/* normal: requests by duration */
static volatile sig_atomic_t told_to_stop;

static void
die(const char *what, const char *why)
{
	fprintf(stderr, "crowd: %s: %s\n", what, why);
	exit(2);
}

static int64_t
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000 * MS + t.tv_nsec;
}

static void
on_signal(int number)
{
	told_to_stop = number;
}

/* Something is to be done in a while, with others at the same step. */
static void
remind(struct peer *p, int64_t after)
{
	p->due = ((now() + after) / (STEP_MS * MS) + 1) * STEP_MS * MS;
}

static void
leave(struct peer *p)
{
	close(p->fd);
	p->fd = -1;
	p->due = 0;
	if (mode == NORMAL) {
		p->state = ABSENT;
	} else if (mode == ABORT && begun < wanted) {
		p->number = begun++;
		p->state = ABSENT;
	} else {
		p->state = GONE;
		left--;
	}
}

/* What goes wrong is noticed when reading. */
static void
say_request(struct peer *p)
{
	char text[1024];
	int n = snprintf(text, sizeof(text), "%s %.600s HTTP/1.1\r\n"
	    "Host: %.200s\r\n%s", p->script->method, path, host,
	    p->script->rest);

	p->lines = 0;
	p->line_n = 0;
	p->left = 0;
	p->began = now();
	(void)send(p->fd, text, (size_t)n, MSG_NOSIGNAL);
}

/* At once, if it is in a hurry, or a moment later. */
static void
end_abort(struct peer *p)
{
	struct linger reset = { 1, 0 };
	long way = p->number / ABORT_KINDS;

	p->state = HELD;
	if (way % 2 == 1 && p->due == 0) {
		remind(p, 0);
		return;
	}
	if (way / 2 % 2 == 1)
		setsockopt(p->fd, SOL_SOCKET, SO_LINGER, &reset,
		    sizeof(reset));
	leave(p);
}

static void
connected(struct peer *p, int error)
{
	connecting--;
	if (error == EADDRNOTAVAIL || error == EAGAIN) {
		close(p->fd);		/* no free port: ask later */
		p->fd = -1;
		p->state = ABSENT;
		remind(p, 0);
		return;
	}
	if (error != 0)
		die("connect", strerror(error));
	opened++;
	if (p->script->method != NULL)
		say_request(p);
	p->state = p->script->waits ? ASKED : HELD;
	if (p->script->drips)
		remind(p, interval);
	if (mode == ABORT && p->state == HELD)
		end_abort(p);
}

static void
open_peer(struct peer *p)
{
	int error = 0, window = WINDOW;

	p->script = scripts + mode
	    + (mode == ABORT ? p->number % ABORT_KINDS : 0);
	p->state = CONNECTING;
	p->due = 0;
	connecting++;
	p->fd = socket(address.ss_family, SOCK_STREAM, 0);
	if (p->fd == -1)
		die("socket", strerror(errno));
	if (mode == READ)
		setsockopt(p->fd, SOL_SOCKET, SO_RCVBUF, &window,
		    sizeof(window));
	if (fcntl(p->fd, F_SETFL, O_NONBLOCK) == -1
	    || connect(p->fd, (struct sockaddr *)&address, address_n) == -1)
		error = errno;
	if (error != EINPROGRESS)
		connected(p, error);
}

static void
take_line(struct peer *p)
{
	p->line[p->line_n] = '\0';
	p->line_n = 0;
	if (p->lines++ == 0 && strncmp(p->line, "HTTP/1.1 200 ", 13) != 0)
		die("not the answer wanted", p->line);
	if (strncasecmp(p->line, "Content-Length:", 15) == 0)
		p->left = strtoll(p->line + 15, NULL, 10);
	if (p->line[0] == '\r')
		p->lines = -1;
}

/* Is the answer complete? */
static int
take(struct peer *p, const char *bytes, size_t n)
{
	for (; n > 0 && p->lines != -1; bytes++, n--) {
		if (*bytes == '\n')
			take_line(p);
		else if (p->line_n < sizeof(p->line) - 1)
			p->line[p->line_n++] = *bytes;
	}
	p->left -= (int64_t)n;
	return p->lines == -1 && p->left <= 0;
}

static void
finish(struct peer *p)
{
	int64_t us = (now() - p->began) / 1000;

	answered++;
	if (!p->met++)
		met++;
	if (mode == NORMAL) {
		took[us < SLOWEST_US ? us : SLOWEST_US]++;
		say_request(p);
	} else {
		p->state = HELD;
	}
}

static void
hear(struct peer *p)
{
	static char bytes[65536];
	size_t room = mode == READ ? 1 : mode == ABORT ? 4096 : sizeof(bytes);
	ssize_t n = recv(p->fd, bytes, room, 0);

	if (n == -1 ? errno == EAGAIN || errno == EINTR
	    : n > 0 && p->state == HELD)
		return;
	if (n <= 0) {
		closed++;
		leave(p);
	} else if (mode == READ) {
		/* unread by the server when it gives up: so it will reset the
		 * connection, where a FIN would wait behind all the bytes */
		(void)send(p->fd, "\r\n", 2, MSG_NOSIGNAL);
		answered++;
		met++;
		p->state = HELD;
		remind(p, interval);
	} else if (mode == ABORT) {
		answered++;
		end_abort(p);
	} else if (take(p, bytes, (size_t)n)) {
		finish(p);
	}
}

static void
serve(struct peer *p, int events)
{
	int error = 0;
	socklen_t error_n = sizeof(error);

	if (p->state == CONNECTING) {
		getsockopt(p->fd, SOL_SOCKET, SO_ERROR, &error, &error_n);
		connected(p, error);
	} else if (p->state == HELD && (events & (POLLERR | POLLHUP))) {
		closed++;
		leave(p);
	} else {
		hear(p);
	}
}

/* Its time has come. */
static void
act(struct peer *p)
{
	if (mode == ABORT)
		end_abort(p);
	else if (mode == READ)
		hear(p);
	else
		(void)send(p->fd, "x", 1, MSG_NOSIGNAL);
	if (p->state == HELD)
		remind(p, interval);
}

/* Fills in what to wait for. Returns for how many milliseconds. */
static int
prepare(int64_t t)
{
	int64_t wait = SLICE_MS * MS;
	struct peer *p;
	int i;

	for (i = 0; i < peers_n; i++) {
		p = peers + i;
		if (p->state == ABSENT && p->due <= t && connecting < KNOCKING)
			open_peer(p);
		else if (p->state == HELD && p->due != 0 && p->due <= t)
			act(p);
		if (p->due != 0 && p->due - t < wait)
			wait = p->due - t;
		else if (p->state == ABSENT && connecting < KNOCKING)
			wait = 0;
		polls[i].fd = p->fd;
		polls[i].events = p->state == CONNECTING ? POLLOUT
		    : p->state == HELD && (mode == READ || mode == ABORT) ? 0
		    : POLLIN;
	}
	return wait > 0 ? (int)((wait + MS - 1) / MS) : 0;
}

/* Are all here? From now on requests are counted. */
static int
is_ready(void)
{
	if (wanted != (scripts[mode].waits ? met : opened))
		return 0;
	if (ready_file != NULL)
		close(open(ready_file, O_WRONLY | O_CREAT, 0644));
	memset(took, 0, sizeof(took));
	if (mode == NORMAL)
		answered = 0;
	return 1;
}

static void
run(int64_t most)
{
	int64_t t = now(), end = t + most;
	int i, wait, ready = 0;

	for (; left > 0 && t < end && !told_to_stop; t = now()) {
		if (!ready && is_ready()) {
			ready = 1;
			end = mode == NORMAL ? t + most : end;
		}
		wait = prepare(t);
		if (poll(polls, (nfds_t)peers_n, wait) <= 0)
			continue;
		for (i = 0; i < peers_n; i++)
			if (polls[i].fd != -1 && polls[i].revents != 0)
				serve(peers + i, polls[i].revents);
	}
}

/* The duration that so many requests in a hundred do not exceed. */
static long
percentile(long percent)
{
	long us = 0, sum = took[0];

	while (us < SLOWEST_US && sum * 100 < answered * percent)
		sum += took[++us];
	return us;
}

static void
report(void)
{
	if (mode == NORMAL)
		printf("requests %ld p50_us %ld p99_us %ld\n", answered,
		    percentile(50), percentile(99));
	else
		printf("opened %ld answered %ld closed_by_server %ld\n",
		    opened, answered, closed);
}

/* All connections that will be open at once, or an exit. */
static void
make_room(void)
{
	struct rlimit rl;
	int i;

	peers_n = mode == ABORT && wanted > ABORTS ? ABORTS : (int)wanted;
	left = peers_n;
	getrlimit(RLIMIT_NOFILE, &rl);
	if (rl.rlim_max < (rlim_t)peers_n + SPARE) {
		fprintf(stderr, "crowd: %d connections do not fit into %lu "
		    "descriptors\n", peers_n, (unsigned long)rl.rlim_max);
		exit(3);
	}
	rl.rlim_cur = rl.rlim_max;
	setrlimit(RLIMIT_NOFILE, &rl);
	peers = calloc((size_t)peers_n, sizeof(*peers));
	polls = calloc((size_t)peers_n, sizeof(*polls));
	if (peers == NULL || polls == NULL)
		die("calloc", strerror(errno));
	for (i = 0; i < peers_n; i++) {
		peers[i].fd = -1;
		peers[i].number = begun++;
	}
}

static void
set_address(const char *text)
{
	struct addrinfo *ai = NULL, hints = { .ai_socktype = SOCK_STREAM,
	    .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV };
	size_t n = strcspn(text, ":");
	char name[64];

	snprintf(name, sizeof(name), "%.*s", (int)n, text);
	if (text[n] == '\0' || getaddrinfo(name, text + n + 1, &hints, &ai))
		die(text, "not an address");
	memcpy(&address, ai->ai_addr, ai->ai_addrlen);
	address_n = ai->ai_addrlen;
	freeaddrinfo(ai);
}

int
main(int argc, char **argv)
{
	struct sigaction act_on = { .sa_handler = on_signal };
	int option, quiet = 0;
	double seconds = 110;

	sigaction(SIGTERM, &act_on, NULL);
	while ((option = getopt(argc, argv, "a:n:p:w:i:t:q")) != -1)
		switch (option) {
		case 'a': host = optarg; break;
		case 'n': wanted = atol(optarg); break;
		case 'p': path = optarg; break;
		case 'w': ready_file = optarg; break;
		case 'i': interval = atol(optarg) * MS; break;
		case 't': seconds = atof(optarg); break;
		case 'q': quiet = 1; break;
		default: return 2;
		}
	while (mode < MODES && (optind + 1 != argc
	    || strcmp(argv[optind], scripts[mode].name) != 0))
		mode++;
	if (host == NULL || wanted < 1 || mode == MODES)
		die("usage", "-a HOST:PORT [-n N] MODE at least");
	set_address(host);
	make_room();
	run((int64_t)(seconds * 1000) * MS);
	if (!quiet)
		report();
	return 0;
}
