/*
 * mutate.c - changed requests over many connections at once, and a judgement
 * of every answer.
 *
 *	mutate -a HOST:PORT [-n REQUESTS] [-c CONNECTIONS] [-s SEED]
 *	    [-k NUMBER] [-x TEXT] FILE|FOLDER...
 *
 * Each connection sends a few of the files, most of them changed, cut
 * anywhere, and half-closes; one in sixteen leaves without a word. Then all
 * that came has to be well-formed answers, as many as there were requests, a
 * refusal the last, TEXT never in them, and an end of file in time. All that a
 * connection does depends on SEED and its number alone: -k does just one
 * again. Prints
 *
 *	seed N connections N requests N answers N failures N
 *
 * and for each failure, of which the fifth ends it, what is wrong, what was
 * sent (in the language of raw.c) and what came. Exit status: 0, 1 something
 * failed, 2 trouble.
 */
#include <sys/socket.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <arpa/inet.h>

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

#include "../http.h"
#include "mutation.h"
#include "mutate_answer.h"

enum {
	SENT_MAX = 12288,	/* longer than a head may be */
	PARTS = 4,		/* files in a connection, at most */
	CUTS = 4,
	SOURCES = 100,		/* addresses: one has not enough ports */
	FAILURES = 5,
	SHOWN = 3000,		/* bytes of an answer */
	GOT_MAX = 16 << 20	/* more than all that can be asked for */
};

struct peer {
	int fd;				/* -1: none */
	long number;
	int rude;			/* goes without reading */
	char sent[SENT_MAX];
	size_t n, at, cut[CUTS];	/* of sent; cuts in order */
	struct buf got;
	time_t moved;			/* when something happened last */
};

static struct sockaddr_in address;
static uint64_t seed;
static long requests, wanted = 5000, connections, answers, failures;
static long only = -1;
static const char *secret;
static struct peer *peers;
static struct pollfd *polls;
static int peers_n = 64, patience = 10;

static void
put_escaped(const char *p, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		if (p[i] == '\r')
			fputs("\\r", stdout);
		else if (p[i] == '\n')
			fputs("\\n", stdout);
		else if (p[i] < ' ' || p[i] > '~' || p[i] == '\\'
		    || p[i] == '\'')
			printf("\\x%02x", (unsigned char)p[i]);
		else
			putchar(p[i]);
	}
}

static void
fail(const struct peer *peer, const char *why)
{
	size_t i, from = 0;

	failures++;
	printf("connection %ld: %s\nsent:", peer->number, why);
	for (i = 0; i <= CUTS; i++) {
		if (i < CUTS && peer->cut[i] <= from)
			continue;
		fputs(" '", stdout);
		put_escaped(peer->sent + from,
		    (i < CUTS ? peer->cut[i] : peer->n) - from);
		fputs("'", stdout);
		from = i < CUTS ? peer->cut[i] : from;
	}
	fputs("\ngot: ", stdout);
	put_escaped(peer->got.p, peer->got.n < SHOWN ? peer->got.n : SHOWN);
	putchar('\n');
}

/* What connection number does, and nothing that happens changes it. */
static void
compose(struct peer *peer, long number)
{
	size_t parts, i, k, room, cut;

	chance = seed + (uint64_t)number * 0x632be59bd9b4e019;
	peer->number = number;
	peer->n = peer->at = 0;
	peer->got.n = 0;
	peer->rude = draw(16) == 0;
	for (parts = 1 + draw(PARTS); parts > 0; parts--) {
		room = sizeof(peer->sent) - peer->n;
		if (draw(4) > 0) {
			peer->n += mutate(peer->sent + peer->n, room);
		} else {
			i = draw(seeds_n);
			k = seeds[i].n < room ? seeds[i].n : room;
			memcpy(peer->sent + peer->n, seeds[i].p, k);
			peer->n += k;
		}
		requests++;
	}
	if (peer->n == 0)
		peer->sent[peer->n++] = '\r';
	memset(peer->cut, 0, sizeof(peer->cut));
	for (i = draw(2) * draw(CUTS + 1); i > 0; i--) {
		cut = draw(peer->n + 1);
		for (k = CUTS - 1; k > 0 && peer->cut[k] >= cut; k--)
			;
		memmove(peer->cut, peer->cut + 1, k * sizeof(cut));
		peer->cut[k] = cut;
	}
}

static int
dial(const struct peer *peer)
{
	struct sockaddr_in from;
	int one = 1, fd = socket(AF_INET, SOCK_STREAM, 0);

	if (fd == -1)
		die("socket");
	memset(&from, 0, sizeof(from));
	from.sin_family = AF_INET;
	from.sin_addr.s_addr = htonl(0x7f000001
	    + (uint32_t)(peer->number % SOURCES));
	/* where the other addresses of 127/8 are not ours: from any */
	(void)bind(fd, (struct sockaddr *)&from, sizeof(from));
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) == -1) {
		close(fd);
		return -1;
	}
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	fcntl(fd, F_SETFL, O_NONBLOCK);
	return fd;
}

static void
begin(struct peer *peer)
{
	compose(peer, only >= 0 ? only : connections);
	connections++;
	peer->moved = time(NULL);
	peer->fd = dial(peer);
	if (peer->fd == -1)
		fail(peer, "cannot connect");
}

static void
end(struct peer *peer, const char *why, int whole)
{
	static struct wants wants;
	unsigned n = 0;
	size_t i, m = secret == NULL ? 0 : strlen(secret);

	close(peer->fd);
	peer->fd = -1;
	if (why == NULL && !peer->rude) {
		char copy[SENT_MAX];

		memcpy(copy, peer->sent, peer->n);
		expect(&wants, copy, peer->n);
		why = judge(&wants, peer->got.p, peer->got.n, whole, &n);
	}
	answers += n;
	for (i = 0; m > 0 && i + m <= peer->got.n; i++)
		if (memcmp(peer->got.p + i, secret, m) == 0)
			why = "a file that is nobody's business";
	if (why != NULL)
		fail(peer, why);
}

/* Sends up to the next cut; behind the last byte a half-close. */
static void
send_some(struct peer *peer)
{
	size_t i, to = peer->n;
	ssize_t sent;

	for (i = CUTS; i > 0; i--)
		if (peer->cut[i - 1] > peer->at)
			to = peer->cut[i - 1];
	if (only >= 0)
		(void)poll(NULL, 0, 20);	/* so that each goes alone */
	sent = send(peer->fd, peer->sent + peer->at, to - peer->at, 0);
	if (sent > 0)
		peer->at += (size_t)sent;
	if (sent == -1 && errno != EAGAIN)
		peer->at = peer->n;	/* what was answered will tell */
	if (peer->at < peer->n)
		return;
	if (peer->rude)
		end(peer, NULL, 0);
	else
		shutdown(peer->fd, SHUT_WR);
}

static void
read_some(struct peer *peer)
{
	ssize_t n;

	if (buf_reserve(&peer->got, 65536) == -1)
		die("memory");
	n = recv(peer->fd, peer->got.p + peer->got.n, 65536, 0);
	if (n > 0)
		peer->got.n += (size_t)n;
	if (peer->got.n > GOT_MAX)
		end(peer, "answers without end", 1);
	else if (n == 0)
		end(peer, NULL, 1);
	else if (n == -1 && errno != EAGAIN)
		end(peer, NULL, 0);
}

/* Returns how many connections there are. */
static int
turn(int more)
{
	int i, n = 0;
	time_t now;

	for (i = 0; i < peers_n; i++) {
		if (peers[i].fd == -1 && more && requests < wanted)
			begin(&peers[i]);
		polls[i].fd = peers[i].fd;
		polls[i].events = peers[i].at < peers[i].n ? POLLIN | POLLOUT
		    : POLLIN;
		n += peers[i].fd != -1;
	}
	if (n == 0)
		return 0;
	if (poll(polls, (nfds_t)peers_n, 1000) == -1 && errno != EINTR)
		die("poll");
	now = time(NULL);
	for (i = 0; i < peers_n; i++) {
		if (polls[i].fd == -1)
			continue;
		if (polls[i].revents != 0)
			peers[i].moved = now;
		else if (now - peers[i].moved > patience)
			end(&peers[i], "no end in time", 1);
		if ((polls[i].revents & POLLOUT) != 0)
			send_some(&peers[i]);
		if (peers[i].fd != -1
		    && (polls[i].revents & ~POLLOUT) != 0)
			read_some(&peers[i]);
	}
	return n;
}

static void
set_address(char *text)
{
	char *colon = strrchr(text, ':');

	address.sin_family = AF_INET;
	if (colon == NULL)
		colon = text + strlen(text);
	else
		*colon++ = '\0';
	address.sin_port = htons((uint16_t)atoi(colon));
	if (inet_pton(AF_INET, text, &address.sin_addr) != 1)
		die(text);
}

static int
set(int option, char *value)
{
	switch (option) {
	case 'a': set_address(value); break;
	case 'n': wanted = atol(value); break;
	case 'c': peers_n = atoi(value); break;
	case 's': seed = strtoull(value, NULL, 0); break;
	case 'k': only = atol(value); break;
	case 'x': secret = value; break;
	default: return -1;
	}
	return 0;
}

int
main(int argc, char **argv)
{
	const char *slow = getenv("GLIMD_SLOW");
	int option, i;

	signal(SIGPIPE, SIG_IGN);
	seed = (uint64_t)time(NULL) ^ (uint64_t)getpid() << 32;
	while ((option = getopt(argc, argv, "a:n:c:s:k:x:")) != -1)
		if (set(option, optarg) == -1)
			return 2;
	while (optind < argc)
		add_seeds(argv[optind++]);
	if (slow != NULL && atoi(slow) > 0)
		patience *= atoi(slow);
	if (only >= 0)
		wanted = peers_n = 1;
	peers = calloc((size_t)peers_n, sizeof(*peers));
	polls = calloc((size_t)peers_n, sizeof(*polls));
	if (peers == NULL || polls == NULL || seeds_n == 0)
		die("no memory, or no files");
	for (i = 0; i < peers_n; i++)
		peers[i].fd = -1;
	/* after five failures those that are under way are waited for */
	while (turn(failures < FAILURES) > 0)
		;
	for (i = 0; i < peers_n; i++)
		buf_free(&peers[i].got);
	free(peers);
	free(polls);
	printf("seed %llu connections %ld requests %ld answers %ld "
	    "failures %ld\n", (unsigned long long)seed, connections, requests,
	    answers, failures);
	return failures > 0;
}
