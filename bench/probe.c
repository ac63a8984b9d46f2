/*
 * probe.c - the client that bench.sh needs beside wrk.
 *
 *	probe get PORT PATH		prints status, head bytes, body bytes
 *	probe idle PORT PATH COUNT	opens COUNT connections, one request on
 *					each, says "ready", holds them open
 *	probe start PORT PATH COUNT COMMAND...
 *					runs COMMAND COUNT times; prints the
 *					median microseconds to its first 200
 *
 * Every mode waits up to five seconds for the port to answer at all.
 */
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { STEP_NS = 20000, PATIENCE_US = 5000000, MAX_RUNS = 1001 };

static int port;
static const char *path;

static double
now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

/* A connected descriptor, or -1 if nobody listens for as long as we wait. */
static int
dial(void)
{
	struct timespec step = { 0, STEP_NS };
	struct sockaddr_in sa = { .sin_family = AF_INET };
	double until = now_us() + PATIENCE_US;
	int fd;

	sa.sin_port = htons((unsigned short)port);
	sa.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	do {
		fd = socket(AF_INET, SOCK_STREAM, 0);
		if (connect(fd, (struct sockaddr *)&sa, sizeof(sa)) == 0)
			return fd;
		(void)close(fd);
		nanosleep(&step, NULL);
	} while (now_us() < until);
	return -1;
}

/* One request on fd; returns the bytes of the first read, kept in buf. */
static ssize_t
ask(int fd, const char *connection, char *buf, size_t size)
{
	struct timeval wait = { 5, 0 };
	char line[1024];
	ssize_t n;
	int len;

	len = snprintf(line, sizeof(line), "GET %s HTTP/1.1\r\n"
	    "Host: 127.0.0.1\r\nConnection: %s\r\n\r\n", path, connection);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
	if (send(fd, line, (size_t)len, MSG_NOSIGNAL) != len)
		return -1;
	n = recv(fd, buf, size - 1, 0);
	buf[n > 0 ? n : 0] = '\0';
	return n;
}

static int
get(void)
{
	static char buf[65536];
	const char *end, *length;
	long head = 0, total, want = -1;
	ssize_t n;
	int fd = dial();

	if (fd == -1)
		return 1;
	n = ask(fd, "close", buf, sizeof(buf));
	if (n < 12)
		return 1;
	end = strstr(buf, "\r\n\r\n");
	if (end == NULL)
		return 1;
	head = end - buf + 4;
	length = strcasestr(buf, "\r\nContent-Length:");
	if (length != NULL && length < end)
		want = head + atol(length + 17);
	printf("%.3s %ld ", buf + 9, head);
	for (total = n; n > 0 && total != want; total += n > 0 ? n : 0)
		n = recv(fd, buf, sizeof(buf), 0);
	printf("%ld\n", total - head);
	return 0;
}

static int
idle(int count)
{
	struct rlimit rl;
	char buf[8192];
	int i, fd;

	getrlimit(RLIMIT_NOFILE, &rl);
	rl.rlim_cur = rl.rlim_max;
	setrlimit(RLIMIT_NOFILE, &rl);
	for (i = 0; i < count; i++) {
		fd = dial();
		if (fd == -1 || ask(fd, "keep-alive", buf, sizeof(buf)) < 12
		    || memcmp(buf + 9, "200", 3) != 0) {
			fprintf(stderr, "probe: connection %d failed\n", i);
			return 1;
		}
	}
	puts("ready");
	fflush(stdout);
	pause();
	return 0;
}

/* Microseconds from fork to the first byte of a 200, or -1. */
static double
start_once(char **command)
{
	char buf[8192];
	double begin = now_us(), took = -1;
	int fd, null, status;
	pid_t pid = fork();

	if (pid == 0) {
		null = open("/dev/null", O_RDWR);
		dup2(null, 0);
		dup2(null, 1);
		dup2(null, 2);
		execvp(command[0], command);
		_exit(127);
	}
	fd = dial();
	if (fd != -1 && ask(fd, "close", buf, sizeof(buf)) >= 12
	    && memcmp(buf + 9, "200", 3) == 0)
		took = now_us() - begin;
	(void)close(fd);
	(void)kill(pid, SIGTERM);
	(void)waitpid(pid, &status, 0);
	return took;
}

static int
ascending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static int
start(int count, char **command)
{
	static double took[MAX_RUNS];
	int i;

	if (count < 1 || count > MAX_RUNS)
		return 1;
	prctl(PR_SET_TIMERSLACK, 1UL);	/* the default step is 50 us more */
	for (i = 0; i < count; i++) {
		took[i] = start_once(command);
		if (took[i] < 0)
			return 1;
	}
	qsort(took, (size_t)count, sizeof(took[0]), ascending);
	printf("%.1f\n", took[count / 2]);
	return 0;
}

int
main(int argc, char **argv)
{
	if (argc >= 4) {
		port = atoi(argv[2]);
		path = argv[3];
	}
	if (argc == 4 && strcmp(argv[1], "get") == 0)
		return get();
	if (argc == 5 && strcmp(argv[1], "idle") == 0)
		return idle(atoi(argv[4]));
	if (argc >= 6 && strcmp(argv[1], "start") == 0)
		return start(atoi(argv[4]), argv + 5);
	fputs("usage: probe get|idle|start PORT PATH [COUNT [COMMAND...]]\n",
	    stderr);
	return 1;
}
