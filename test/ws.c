/*
 * ws.c - a WebSocket client that trusts nobody: it shakes hands, sends
 * messages, and wants each back from an echo (backend.c's /upgrade).
 *
 *	-a HOST:PORT	whom to ask	-p PATH	for what (/upgrade)
 *	-n N	messages (10)		-s N	the longest has N bytes (70000)
 *	-w N	so many are sent before the first is awaited (1): few, for we
 *		do not read while we send
 *	-i MS	pause between two	-f FIELD	one more field
 *	-o NAME	asks for NAME, not for websocket: bytes, no frames
 *	-q	ends without a close frame, in the middle
 *
 * Its messages have all sizes that are written in another way. It says "N
 * messages N bytes", or what was wrong. Exit status: 0, 1 the answer is not 101
 * (it is printed), 2 anything else is wrong.
 */
#include <sys/socket.h>
#include <sys/time.h>

#include <netinet/in.h>
#include <netinet/tcp.h>

#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base.h"
#include "ws_frame.h"

static const char key[] = "dGhlIHNhbXBsZSBub25jZQ==";
static const char *path = "/upgrade", *extra, *other;
static int fd, rest, abrupt;
static long messages = 10, window = 1;
static uint64_t longest = 70000, total;
static unsigned char in[65536];		/* read ahead */
static size_t in_at, in_n;

static void
die(const char *what)
{
	fprintf(stderr, "ws: %s: %s\n", what, errno == 0 ? "wrong" :
	    strerror(errno));
	exit(2);
}

static void
open_connection(const char *address)
{
	struct addrinfo *ai = NULL, hints = { .ai_socktype = SOCK_STREAM,
	    .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV };
	const char *colon = strrchr(address, ':'), *slow = getenv("GLIMD_SLOW");
	struct timeval patience = { 10, 0 };
	int bracket = *address == '[', one = 1;
	char host[64];

	if (colon == NULL)
		die(address);
	snprintf(host, sizeof(host), "%.*s",
	    (int)(colon - address) - 2 * bracket, address + bracket);
	if (getaddrinfo(host, colon + 1, &hints, &ai) != 0)
		die(address);
	if (slow != NULL && atoi(slow) > 0)
		patience.tv_sec *= atoi(slow);
	fd = socket(ai->ai_family, SOCK_STREAM, 0);
	if (fd == -1 || connect(fd, ai->ai_addr, ai->ai_addrlen) == -1)
		die(address);
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience,
	    sizeof(patience));
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience,
	    sizeof(patience));
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	freeaddrinfo(ai);
}

static void
put(const void *bytes, size_t n)
{
	const char *p = bytes;
	ssize_t sent;

	for (; n > 0; p += sent, n -= (size_t)sent) {
		sent = write(fd, p, n);
		if (sent == -1)
			die("write");
	}
}

static unsigned char
next_byte(void)
{
	ssize_t n;

	if (in_at == in_n) {
		errno = 0;
		n = read(fd, in, sizeof(in));
		if (n <= 0)
			die("the end of file or of patience");
		in_at = 0;
		in_n = (size_t)n;
	}
	return in[in_at++];
}

/* The value of a field of the head, or "". */
static const char *
field(const char *head, const char *name)
{
	static char value[256];
	const char *p;
	size_t n = strlen(name);

	*value = '\0';
	for (p = strchr(head, '\n'); p != NULL; p = strchr(p, '\n'))
		if (strncasecmp(++p, name, n) == 0 && p[n] == ':') {
			p += n + 1;
			p += strspn(p, " ");
			snprintf(value, sizeof(value), "%.*s",
			    (int)strcspn(p, "\r\n"), p);
		}
	return value;
}

static void
shake_hands(const char *host)
{
	char text[16384], want[32];
	size_t n;

	n = (size_t)snprintf(text, sizeof(text), "GET %s HTTP/1.1\r\n"
	    "Host: %s\r\nUpgrade: %s\r\nConnection: Upgrade\r\n%s%s%s%s%s\r\n",
	    path, host, other != NULL ? other : "websocket",
	    extra != NULL ? extra : "", extra != NULL ? "\r\n" : "",
	    other == NULL ? "Sec-WebSocket-Version: 13\r\n"
	    "Sec-WebSocket-Key: " : "", other == NULL ? key : "",
	    other == NULL ? "\r\n" : "");
	if (n >= sizeof(text))
		die("-p or -f");
	put(text, n);
	for (n = 0; n < 4 || memcmp(text + n - 4, "\r\n\r\n", 4) != 0; n++) {
		if (n + 1 == sizeof(text))
			die("the head");
		text[n] = (char)next_byte();
	}
	text[n] = '\0';
	if (strncmp(text, "HTTP/1.1 101 ", 13) != 0) {
		printf("%s", text);
		exit(1);
	}
	errno = 0;
	ws_accept(want, key, sizeof(key) - 1);
	if (other == NULL && strcmp(field(text, "Sec-WebSocket-Accept"),
	    want) != 0)
		die("Sec-WebSocket-Accept");
	if (strcasecmp(field(text, "Upgrade"), other != NULL ? other :
	    "websocket") != 0)
		die("Upgrade");
	if (strcasecmp(field(text, "Connection"), "upgrade") != 0)
		die("Connection");
	if (*field(text, "Content-Length") != '\0' ||
	    *field(text, "Transfer-Encoding") != '\0')
		die("a body with 101");
}

/* The ith message: its size, and its bytes. */
static uint64_t
message_size(long i)
{
	static const uint64_t sizes[] = { 1, 125, 126, 65535, 65536 };
	uint64_t n = i % 6 == 5 ? longest : sizes[i % 6];

	return n > longest ? longest : n;
}

static unsigned char
message_byte(long i, uint64_t at)
{
	return (unsigned char)('a' + ((uint64_t)i * 7 + at) % 26);
}

static void
send_message(long i)
{
	struct ws_frame f = { 1, i % 2 ? WS_BINARY : WS_TEXT, 1,
	    { 0x12, 0xf3, 0x00, (unsigned char)i }, 0 };
	unsigned char *bytes, head[16];
	uint64_t at;

	f.n = message_size(i);
	bytes = malloc((size_t)f.n + 1);
	if (bytes == NULL)
		die("malloc");
	for (at = 0; at < f.n; at++)
		bytes[at] = message_byte(i, at);
	if (other == NULL) {
		put(head, ws_put_head(head, &f));
		ws_mask(&f, bytes, (size_t)f.n);
	}
	put(bytes, (size_t)f.n);
	total += f.n;
	free(bytes);
}

static void
read_frame(struct ws_frame *f)
{
	unsigned char head[16];
	size_t n = 0;

	do
		head[n++] = next_byte();
	while (ws_take_head(f, head, n) == 0);
	errno = 0;
	if (f->masked || !f->fin)
		die("a frame's head");
}

static void
want_message(long i)
{
	struct ws_frame f;
	uint64_t at;

	if (other == NULL) {
		read_frame(&f);
		if (f.opcode != (i % 2 ? WS_BINARY : WS_TEXT) ||
		    f.n != message_size(i))
			die("a message's kind or size");
	}
	for (at = 0; at < message_size(i); at++)
		if (next_byte() != message_byte(i, at)) {
			errno = 0;
			die("a message's bytes");
		}
}

/* A ping gets its pong, and a close a close, and the end of file. */
static void
say_goodbye(void)
{
	struct ws_frame f = { 1, WS_PING, 1, { 1, 2, 3, 4 }, 0 };
	unsigned char head[16], close_body[2] = { 0x03, 0xe8 };

	if (abrupt)
		return;
	if (other != NULL) {
		shutdown(fd, SHUT_WR);
	} else {
		put(head, ws_put_head(head, &f));
		read_frame(&f);
		if (f.opcode != WS_PONG || f.n != 0)
			die("no pong");
		f.opcode = WS_CLOSE;
		f.masked = 1;
		f.n = 2;
		put(head, ws_put_head(head, &f));
		ws_mask(&f, close_body, 2);
		put(close_body, 2);
		read_frame(&f);
		if (f.opcode != WS_CLOSE || f.n != 2 || next_byte() != 0x03 ||
		    next_byte() != 0xe8)
			die("no close");
	}
	errno = 0;
	if (in_at < in_n || read(fd, in, sizeof(in)) != 0)
		die("no end of file");
}

int
main(int argc, char **argv)
{
	const char *address = NULL;
	int option;
	long sent = 0, came = 0;

	while ((option = getopt(argc, argv, "a:p:n:s:w:i:f:o:q")) != -1)
		switch (option) {
		case 'a': address = optarg; break;
		case 'p': path = optarg; break;
		case 'n': messages = atol(optarg); break;
		case 's': longest = (uint64_t)atoll(optarg); break;
		case 'w': window = atol(optarg); break;
		case 'i': rest = atoi(optarg); break;
		case 'f': extra = optarg; break;
		case 'o': other = optarg; break;
		case 'q': abrupt = 1; break;
		default: return 2;
		}
	if (address == NULL)
		die("usage: -a HOST:PORT");
	signal(SIGPIPE, SIG_IGN);
	open_connection(address);
	shake_hands(address);
	while (came < messages) {
		while (sent < messages && sent - came < window)
			send_message(sent++);
		want_message(came++);
		if (rest > 0)
			(void)poll(NULL, 0, rest);
	}
	say_goodbye();
	printf("%ld messages %llu bytes\n", came, (unsigned long long)total);
	return 0;
}
