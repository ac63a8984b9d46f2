/*
 * load.c - clients that never forgive: each request must get its whole answer,
 * and none is sent twice. They do not rest between requests.
 *
 *	-a ADDR	HOST:PORT or unix:/SOCKET	-p PATH	what to GET (/)
 *	-k N	N clients keep their connection	-f N	N connect every time
 *	-s N	a body has N bytes		-r	try again when refused
 *	-w FILE	create FILE when every client has had an answer
 *	-n N	* in PATH is 0 to N - 1, all and all again shuffled
 *	-o	... in order		-i	... a body begins with it
 *	-d	... as folders: 12 is 1/2
 *	-l A=9,B<=7	a body is all A and has 9 bytes, or all B and up to 7;
 *	-x N	... but its first N bytes may be any
 *	-m 404,403	these are fine as well	-e	so is a body cut short
 *	-b N	read at most N bytes of an answer in a millisecond
 *
 * They end after -c N requests (answered or failed), -t SECONDS, on SIGTERM or
 * SIGINT, at the latest after 110 s; what is in flight then has 10 s left. A
 * request fails if its status is not 200, its body has the wrong size or bytes,
 * its answer is malformed, its connection is refused (without -r) or ends too
 * early. The result comes at the end, and on standard error for SIGUSR1:
 *
 *	answered N failed N refused N longest_ms N pause_ms N first_failure TEXT
 *
 * and, for -m, -e and -l, other N cut N A N B N. In a pause nobody got an
 * answer. TEXT is "-" or "eof-before-answer keep-alive request 17", counted on
 * its connection (fresh: by its client). Exit status: 0, 1 something failed, 2
 * trouble.
 */
#include <sys/socket.h>
#include <sys/un.h>

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

#include "load_answer.h"

#define MS ((int64_t)1000000)		/* times are in nanoseconds */

enum state { REST, CONNECTING, READING, CLOSING };

struct client {
	int fresh, fd;			/* of -f; -1 if it rests */
	enum state state;
	int64_t began, again;		/* the request; when it may go on */
	long number;			/* of requests answered before */
	int answered;			/* one at least, since the start */
	struct answer answer;
};

static struct client *clients;
static struct pollfd *polls;		/* of the client of the same index */
static int clients_n, silent;		/* all; those without an answer yet */
static struct sockaddr_storage address;
static socklen_t address_n;
static const char *host, *path = "/", *ready_file;
static int64_t last_answer, longest, longest_pause;
static int64_t stopped;			/* since when, or 0 */
static long count, answered, failed, refused, other, cut;
static long names, asked;		/* -n; requests begun */
static int retry, cut_is_fine;		/* -r -e */
static int in_order, named, folders;	/* -o -i -d */
static size_t portion;			/* -b, or 0 */
static char first_failure[160] = "-";
static volatile sig_atomic_t told_to_stop, told_to_report;

static void
die(const char *what, const char *why)
{
	fprintf(stderr, "load: %s: %s\n", what, why);
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
	if (number == SIGUSR1)
		told_to_report = 1;
	else
		told_to_stop = 1;
}

static void
report(FILE *to)
{
	int64_t pause = (stopped != 0 ? stopped : now()) - last_answer;
	int i;

	if (pause < longest_pause)
		pause = longest_pause;
	fprintf(to, "answered %ld failed %ld refused %ld longest_ms %ld "
	    "pause_ms %ld first_failure %s", answered, failed, refused,
	    (long)((longest + MS - 1) / MS), (long)((pause + MS - 1) / MS),
	    first_failure);
	if (*statuses != '\0' || cut_is_fine || letters_n > 0)
		fprintf(to, " other %ld cut %ld", other, cut);
	for (i = 0; i < letters_n; i++)
		fprintf(to, " %c %ld", letters[i].byte, letters[i].seen);
	fprintf(to, "\n");
}

/* How many requests came to an end. */
static long
all_ended(void)
{
	return answered + failed + other + cut;
}

/* ---- the client --------------------------------------------------------- */

/* The connection is over; the next one begins a millisecond later. */
static void
rest(struct client *c)
{
	if (c->fd != -1)
		close(c->fd);
	c->fd = -1;
	c->state = REST;
	c->again = now() + MS;
}

static void
fail(struct client *c, const char *why)
{
	if (failed++ == 0)
		snprintf(first_failure, sizeof(first_failure),
		    "%s %s request %ld", why, c->fresh ? "fresh" : "keep-alive",
		    c->number + (c->state != CLOSING));
	rest(c);
}

/* The connection is over, by this error or, if it is 0, by the end of file. */
static void
fail_early(struct client *c, int error)
{
	char why[96];

	if (cut_is_fine && c->state == READING && c->answer.part == DATA) {
		cut++;
		rest(c);
		return;
	}
	snprintf(why, sizeof(why), "%s-%s-answer", error == 0 ? "eof" :
	    error == ECONNRESET || error == EPIPE ? "reset" : strerror(error),
	    c->state == CONNECTING || (c->answer.part == STATUS &&
	    c->answer.line_n == 0) ? "before" : "in");
	fail(c, why);
}

/* What stands for * in the next request. Each of two primes leads through all
 * of the numbers, in an order of its own. */
static void
next_name(char *name, size_t size)
{
	uint64_t n = (uint64_t)names, i = (uint64_t)asked++, pass;
	size_t at;

	pass = n == 0 ? 0 : i / n;
	i -= pass * n;
	if (n > 0 && !in_order)
		i = i * (pass % 2 == 0 ? 2654435761u : 2147483647u) % n;
	snprintf(name, size, "%lu", (unsigned long)i);
	for (at = 1; folders && name[at] != '\0' && at + 2 < size; at += 2) {
		memmove(name + at + 1, name + at, size - at - 1);
		name[at] = '/';
		name[size - 1] = '\0';
	}
}

/* The server has read all we ever sent: there is room for a request. */
static void
begin_request(struct client *c)
{
	struct answer *a = &c->answer;
	size_t before = strcspn(path, "*");
	char text[1024], name[40] = "";
	int n;

	if (path[before] == '*')
		next_name(name, sizeof(name));
	memset(a, 0, sizeof(*a));
	if (named)
		snprintf(a->name, sizeof(a->name), "%.30s\n", name);
	n = snprintf(text, sizeof(text), "GET %.*s%s%.600s HTTP/1.1\r\n"
	    "Host: %.200s\r\n%s\r\n", (int)before, path, name,
	    path + before + (path[before] == '*'), host,
	    c->fresh ? "Connection: close\r\n" : "");
	a->closes = c->fresh;
	a->length = -1;
	c->state = READING;
	if (!c->fresh)
		c->began = now();
	if (write(c->fd, text, (size_t)n) == -1)
		fail_early(c, errno);
}

/* A socket that is not there refuses as well. Without a free port, or with a
 * full queue of a Unix socket, nobody has been asked yet. */
static void
connected(struct client *c, int error)
{
	int refusal = error == ECONNREFUSED || error == ENOENT;

	refused += refusal;
	if (error == 0)
		begin_request(c);
	else if (refusal && !retry)
		fail(c, "refused");
	else if (refusal || error == EADDRNOTAVAIL || error == EAGAIN)
		rest(c);
	else
		fail_early(c, error);
}

static void
open_connection(struct client *c)
{
	int error = 0, window = (int)portion;

	c->state = CONNECTING;
	c->began = now();
	c->number = c->fresh ? c->number : 0;
	c->fd = socket(address.ss_family, SOCK_STREAM, 0);
	if (window > 0)
		setsockopt(c->fd, SOL_SOCKET, SO_RCVBUF, &window,
		    sizeof(window));
	if (c->fd == -1 || fcntl(c->fd, F_SETFL, O_NONBLOCK) == -1 ||
	    connect(c->fd, (struct sockaddr *)&address, address_n) == -1)
		error = errno;
	if (error != EINPROGRESS)
		connected(c, error);
}

static void
finish(struct client *c)
{
	int64_t t = now();

	if (c->answer.other)
		other++;
	else
		answered++;
	c->number++;
	if (t - c->began > longest)
		longest = t - c->began;
	if (t - last_answer > longest_pause)
		longest_pause = t - last_answer;
	last_answer = t;
	if (count > 0 && all_ended() >= count && stopped == 0)
		stopped = t;		/* nobody begins another one */
	if (!c->answered && --silent == 0 && ready_file != NULL)
		close(open(ready_file, O_WRONLY | O_CREAT, 0644));
	c->answered = 1;
	if (c->answer.closes)
		c->state = CLOSING;
	else if (stopped != 0)
		rest(c);
	else
		begin_request(c);
}

static void
serve(struct client *c)
{
	static char bytes[65536];
	const char *wrong = NULL;
	int error = 0;
	socklen_t error_n = sizeof(error);
	ssize_t n;

	if (c->state == CONNECTING) {
		getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &error, &error_n);
		connected(c, error);
		return;
	}
	n = read(c->fd, bytes, portion > 0 && portion < sizeof(bytes) ?
	    portion : sizeof(bytes));
	if (n == -1 && (errno == EAGAIN || errno == EINTR))
		return;
	if (portion > 0)
		c->again = now() + MS;
	if (n > 0)
		wrong = take_bytes(&c->answer, bytes, (size_t)n);
	if (wrong != NULL)
		fail(c, wrong);
	else if (n > 0 && c->answer.part == ALL)
		finish(c);
	else if (n <= 0 && c->state == READING)
		fail_early(c, n == 0 ? 0 : errno);
	else if (n <= 0) {
		/* it closed first: TIME_WAIT is the server's, not our port's */
		rest(c);
		c->again = 0;
	}
}

/* ---- all of them -------------------------------------------------------- */

/* Fills in what to wait for. Returns for how many milliseconds, or -1 when all
 * is done. */
static int
prepare(int64_t t)
{
	int i, wait = -1;
	struct client *c;

	for (i = 0; i < clients_n; i++) {
		c = clients + i;
		if (c->state == REST && stopped == 0 && c->again <= t)
			open_connection(c);
		if (c->state != REST && wait == -1)
			wait = 50;	/* a signal may just have come */
		if (c->state == REST && stopped == 0)
			wait = 1;
		polls[i].fd = c->fd;
		if (c->state == READING && c->again > t) {
			polls[i].fd = -1;
			wait = 1;
		}
		polls[i].events = c->state == CONNECTING ? POLLOUT : POLLIN;
	}
	return wait;
}

static void
run(int64_t most)
{
	int64_t t = now(), end = t + most;
	int i, wait;

	for (last_answer = t; ; t = now()) {
		if (told_to_report)
			report(stderr);
		told_to_report = 0;
		if (stopped == 0 && (told_to_stop || t >= end ||
		    (count > 0 && all_ended() >= count)))
			stopped = t;
		wait = prepare(t);
		if (wait == -1 || (stopped != 0 && t - stopped > 10000 * MS))
			break;
		if (poll(polls, (nfds_t)clients_n, wait) <= 0)
			continue;
		for (i = 0; i < clients_n; i++)
			if (polls[i].revents != 0)
				serve(clients + i);
	}
	for (i = 0; i < clients_n; i++)
		if (clients[i].state != REST)
			fail(clients + i, clients[i].state == CLOSING ?
			    "no-eof-after-answer" : "no-answer");
}

static void
set_address(const char *text)
{
	struct addrinfo *ai = NULL, hints = { .ai_socktype = SOCK_STREAM,
	    .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV };
	struct sockaddr_un *un = (struct sockaddr_un *)&address;
	const char *colon = strrchr(text, ':');
	int bracket = *text == '[';		/* [::1]:80 */
	char name[64];

	if (strncmp(text, "unix:", 5) == 0) {
		un->sun_family = AF_UNIX;
		strncpy(un->sun_path, text + 5, sizeof(un->sun_path) - 1);
		address_n = sizeof(*un);
		host = "localhost";
		return;
	}
	if (colon == NULL)
		colon = text + strlen(text);
	snprintf(name, sizeof(name), "%.*s",
	    (int)(colon - text) - 2 * bracket, text + bracket);
	if (*colon == '\0' || getaddrinfo(name, colon + 1, &hints, &ai) != 0)
		die(text, "not an address");
	memcpy(&address, ai->ai_addr, ai->ai_addrlen);
	address_n = ai->ai_addrlen;
	freeaddrinfo(ai);
}

static void
catch_signals(void)
{
	struct sigaction act = { .sa_handler = on_signal };

	sigaction(SIGTERM, &act, NULL);
	sigaction(SIGINT, &act, NULL);
	sigaction(SIGUSR1, &act, NULL);
	act.sa_handler = SIG_IGN;
	sigaction(SIGPIPE, &act, NULL);
}

int
main(int argc, char **argv)
{
	int option, i, kept = 0, fresh = 0;
	double seconds = 110;

	catch_signals();
	while ((option = getopt(argc, argv, "a:k:f:c:t:p:s:rw:n:oidl:x:m:eb:"))
	    != -1)
		switch (option) {
		case 'a': host = optarg; break;
		case 'k': kept = atoi(optarg); break;
		case 'f': fresh = atoi(optarg); break;
		case 'c': count = atol(optarg); break;
		case 't': seconds = atof(optarg); break;
		case 'p': path = optarg; break;
		case 's': body_wanted = atol(optarg); break;
		case 'r': retry = 1; break;
		case 'w': ready_file = optarg; break;
		case 'n': names = atol(optarg); break;
		case 'o': in_order = 1; break;
		case 'i': named = 1; break;
		case 'd': folders = 1; break;
		case 'x': common = atol(optarg); break;
		case 'm': statuses = optarg; break;
		case 'e': cut_is_fine = 1; break;
		case 'b': portion = (size_t)atol(optarg); break;
		case 'l':
			if (set_letters(optarg) == -1)
				die(optarg, "not letters");
			break;
		default: return 2;
		}
	clients_n = silent = kept + fresh;
	if (host == NULL || strlen(host) > 200 || strlen(path) > 600 ||
	    kept < 0 || fresh < 0 || clients_n == 0)
		die("usage", "-a ADDRESS and -k N or -f N at least");
	set_address(host);
	clients = calloc((size_t)clients_n, sizeof(*clients));
	polls = calloc((size_t)clients_n, sizeof(*polls));
	if (clients == NULL || polls == NULL)
		die("calloc", strerror(errno));
	for (i = 0; i < clients_n; i++) {
		clients[i].fresh = i >= kept;
		clients[i].fd = -1;
	}
	run((int64_t)((seconds < 110 ? seconds : 110) * 1000) * MS);
	report(stdout);
	free(clients);
	free(polls);
	return failed > 0;
}
