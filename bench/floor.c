/*
 * floor.c - the least a server can do for a request, as a unit of measure.
 *
 * An epoll loop that answers whatever arrives with a constant: one wait shared
 * by all that is ready, one read, one write. It parses nothing but the blank
 * lines that end requests, so that a pipelined batch gets as many answers, in
 * one write. With -s the body comes from a file by sendfile, its head in a
 * send of its own. What glimd costs is stated as a multiple of this.
 * It is no server: Linux only, trusts its client, serves 127.0.0.1 alone.
 */
#include <sys/epoll.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MAX_FDS = 65536, BATCH = 64, INPUT = 16384 };

static char *answer;		/* BATCH copies of the same response */
static size_t answer_len;	/* of one copy; with -s of the head alone */
static int closing;		/* -c: one response for each connection */
static int file = -1;		/* -s: where the body comes from */
static off_t file_size;
static off_t left[MAX_FDS];	/* by descriptor: bytes of the file unsent */
static int poll_fd;

static void
want(int op, int fd, unsigned events)
{
	struct epoll_event e = { .events = events, .data.fd = fd };

	(void)epoll_ctl(poll_fd, op, fd, &e);
}

/* The response, padded by a field of its own to HEAD bytes before the body. */
static void
make_answer(int status, size_t head, size_t body)
{
	char start[256];
	size_t n, i;

	n = (size_t)snprintf(start, sizeof(start), "HTTP/1.1 %d X\r\n"
	    "Content-Length: %zu\r\n%sX-Pad: ", status, body,
	    closing ? "Connection: close\r\n" : "");
	if (head < n + 4)
		head = n + 4;
	answer_len = file == -1 ? head + body : head;
	answer = malloc(answer_len * BATCH);
	if (answer == NULL)
		exit(1);
	memset(answer, 'x', answer_len);
	memcpy(answer, start, n);
	memcpy(answer + head - 4, "\r\n\r\n", 4);
	for (i = 1; i < BATCH; i++)
		memcpy(answer + i * answer_len, answer, answer_len);
}

/* The whole rest at once: the socket says where to stop. 0, or -1 when the
 * connection is over. */
static int
send_file(int fd, int waiting)
{
	off_t at = file_size - left[fd];
	ssize_t n = sendfile(fd, file, &at, (size_t)left[fd]);

	if (n == -1 && errno != EAGAIN)
		return -1;
	if (n > 0)
		left[fd] -= n;
	if (left[fd] != 0 && !waiting)
		want(EPOLL_CTL_MOD, fd, EPOLLOUT);
	if (left[fd] == 0 && waiting)
		want(EPOLL_CTL_MOD, fd, EPOLLIN);
	return 0;
}

/* Returns 0, or -1 when the connection is over. */
static int
serve(int fd)
{
	char in[INPUT];
	const char *at = in, *end;
	size_t out = 0;
	ssize_t n = recv(fd, in, sizeof(in), 0);	/* read() costs more */

	if (n <= 0)
		return -1;
	end = in + n;
	while (at < end && out < BATCH * answer_len) {
		at = memmem(at, (size_t)(end - at), "\r\n\r\n", 4);
		if (at == NULL)
			break;
		at += 4;
		out += answer_len;
	}
	n = send(fd, answer, out, MSG_NOSIGNAL);
	if (n != (ssize_t)out)
		return -1;	/* clients here have room for a batch */
	if (file != -1 && out > 0) {
		left[fd] = file_size;
		return send_file(fd, 0);
	}
	return closing ? -1 : 0;
}

static void
turn(int listener, const struct epoll_event *e)
{
	int fd = e->data.fd;

	if (fd == listener) {
		/* one a turn: asking again only to hear EAGAIN costs 8 % */
		fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK);
		if (fd >= 0 && fd < MAX_FDS) {
			left[fd] = 0;
			want(EPOLL_CTL_ADD, fd, EPOLLIN);
		} else if (fd >= 0)
			(void)close(fd);
	} else if ((e->events & (EPOLLERR | EPOLLHUP)) != 0)
		(void)close(fd);
	else if ((left[fd] != 0 ? send_file(fd, 1) : serve(fd)) == -1)
		(void)close(fd);
}

static int
open_port(int port)
{
	struct sockaddr_in sa = { .sin_family = AF_INET };
	socklen_t len = sizeof(sa);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), on = 1;

	sa.sin_port = htons((unsigned short)port);
	sa.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	if (bind(fd, (struct sockaddr *)&sa, len) == -1
	    || listen(fd, 1024) == -1
	    || getsockname(fd, (struct sockaddr *)&sa, &len) == -1) {
		perror("floor");
		exit(1);
	}
	printf("%d\n", ntohs(sa.sin_port));
	fflush(stdout);
	return fd;
}

int
main(int argc, char **argv)
{
	static struct epoll_event ready[512];
	struct stat st;
	int port = 0, status = 200, listener, opt, n, i;
	size_t head = 240, body = 1024;

	while ((opt = getopt(argc, argv, "cp:s:S:h:b:")) != -1)
		switch (opt) {
		case 'c': closing = 1; break;
		case 'p': port = atoi(optarg); break;
		case 's': file = open(optarg, O_RDONLY); break;
		case 'S': status = atoi(optarg); break;
		case 'h': head = strtoul(optarg, NULL, 10); break;
		case 'b': body = strtoul(optarg, NULL, 10); break;
		default:
			fputs("usage: floor [-c] [-p PORT] [-S STATUS] "
			    "[-h HEAD] [-b BODY | -s FILE]\n", stderr);
			return 1;
		}
	if (file != -1 && fstat(file, &st) == 0) {
		file_size = st.st_size;
		body = (size_t)st.st_size;
	}
	(void)signal(SIGPIPE, SIG_IGN);
	make_answer(status, head, body);
	poll_fd = epoll_create1(0);
	listener = open_port(port);
	want(EPOLL_CTL_ADD, listener, EPOLLIN);
	for (;;) {
		n = epoll_wait(poll_fd, ready, 512, -1);
		for (i = 0; i < n; i++)
			turn(listener, &ready[i]);
	}
}
