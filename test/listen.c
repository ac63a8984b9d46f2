/*
 * listen.c - holds listening sockets for a server, as a service manager does.
 *
 *	listen [-k] [-n FILE] ADDRESS[,ADDRESS...] COMMAND...
 *
 * ADDRESS is HOST:PORT, [HOST]:PORT (IPv6, and IPv4 as well) or unix:/SOCKET.
 * The sockets are descriptors 3 and so on of COMMAND, as sd_listen_fds(3) says;
 * their ports are printed, one a line. Then COMMAND replaces us; or, with -k,
 * is our child, and started again for the next client when it has ended, until
 * we get SIGTERM. -n does so, too, and writes to FILE what the command tells
 * the socket FILE.socket (sd_notify(3)), a line each time. Exit status: that
 * of the last command, 2 trouble.
 */
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

#include <netinet/in.h>

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MOST = 16, OUT_OF_THE_WAY = 100 };

static struct pollfd held[MOST + 1];	/* the last is the one of -n */
static int held_n, notes = -1;		/* notes: FILE */
static volatile sig_atomic_t told_to_stop;

static void
die(const char *what)
{
	fprintf(stderr, "listen: %s: %s\n", what, strerror(errno));
	exit(2);
}

static void
on_signal(int number)
{
	told_to_stop = number;
}

/* A socket of this type, bound to a path. */
static int
open_unix(const char *path, int type)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, type, 0);

	strncpy(un.sun_path, path, sizeof(un.sun_path) - 1);
	(void)unlink(path);
	if (fd == -1 || bind(fd, (const void *)&un, sizeof(un)) == -1)
		die(path);
	return fd;
}

static int
open_tcp(char *text)
{
	struct addrinfo *ai = NULL, hints = { .ai_socktype = SOCK_STREAM,
	    .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV };
	char *colon = strrchr(text, ':');
	struct sockaddr_in6 a;			/* as large as IPv4's */
	socklen_t size = sizeof(a);
	int fd, off = 0;

	if (colon == NULL)
		die(text);
	*colon = '\0';
	if (*text == '[')
		colon[-1] = '\0';
	if (getaddrinfo(text + (*text == '['), colon + 1, &hints, &ai) != 0)
		die(text);
	fd = socket(ai->ai_family, SOCK_STREAM, 0);
	if (ai->ai_family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off));
	if (fd == -1 || bind(fd, ai->ai_addr, ai->ai_addrlen) == -1
	    || getsockname(fd, (struct sockaddr *)&a, &size) == -1)
		die(text);
	freeaddrinfo(ai);
	printf("%d\n", ntohs(a.sin6_port));
	return fd;
}

static void
hold(char *list)
{
	char *text;
	int fd;

	for (text = strtok(list, ","); text != NULL && held_n < MOST;
	    text = strtok(NULL, ",")) {
		fd = strncmp(text, "unix:", 5) == 0 ?
		    open_unix(text + 5, SOCK_STREAM) : open_tcp(text);
		held[held_n].fd = fcntl(fd, F_DUPFD_CLOEXEC, OUT_OF_THE_WAY);
		held[held_n].events = POLLIN;
		close(fd);
		if (listen(held[held_n++].fd, 1024) == -1)
			die(text);
	}
	fflush(stdout);
}

static void
become(char **command)
{
	char number[24];
	int i;

	for (i = 0; i < held_n; i++)
		if (dup2(held[i].fd, 3 + i) == -1)
			die("dup2");
	snprintf(number, sizeof(number), "%d", held_n);
	setenv("LISTEN_FDS", number, 1);
	snprintf(number, sizeof(number), "%ld", (long)getpid());
	setenv("LISTEN_PID", number, 1);
	execvp(command[0], command);
	die(command[0]);
}

/* What the server tells its manager: assignments, on a line each. */
static void
take_note(int fd)
{
	char text[1024];
	ssize_t n = recv(fd, text, sizeof(text) - 1, MSG_DONTWAIT), i;

	for (i = 0; i < n; i++)
		if (text[i] == '\n')
			text[i] = ' ';
	if (n == -1)
		return;
	text[n++] = '\n';
	if (write(notes, text, (size_t)n) != n)
		die("-n");
}

static void
open_notes(const char *file)
{
	char path[256];

	snprintf(path, sizeof(path), "%s.socket", file);
	notes = open(file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
	held[MOST].fd = fcntl(open_unix(path, SOCK_DGRAM), F_DUPFD_CLOEXEC,
	    OUT_OF_THE_WAY);
	held[MOST].events = POLLIN;
	if (notes == -1 || setenv("NOTIFY_SOCKET", path, 1) == -1)
		die(file);
}

/* Returns the exit status of the last command. */
static int
keep(char **command)
{
	int status = 0, started = 0;
	pid_t child = 0, pid;

	while (child != 0 || !told_to_stop) {
		pid = child != 0 ? waitpid(child, &status, WNOHANG) : 0;
		if (child != 0 && pid == child)
			child = 0;
		if (child == 0 && !told_to_stop && (!started
		    || poll(held, (nfds_t)held_n, 0) > 0)) {
			child = fork();
			if (child == 0)
				become(command);
			started = 1;
		}
		if (told_to_stop == SIGTERM && child > 0) {
			kill(child, SIGTERM);
			told_to_stop = -1;	/* once */
		}
		/* a child's end, or a client, is seen a moment later */
		if (poll(held + MOST, 1, 10) > 0)
			take_note(held[MOST].fd);
	}
	while (poll(held + MOST, 1, 0) > 0)
		take_note(held[MOST].fd);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 2;
}

int
main(int argc, char **argv)
{
	struct sigaction action = { .sa_handler = on_signal };
	int at = 1, parent = 0;

	held[MOST].fd = -1;
	for (; at < argc && argv[at][0] == '-'; at++) {
		parent = 1;
		if (argv[at][1] == 'n')
			open_notes(argv[++at]);
	}
	if (argc - at < 2)
		die("usage: [-k] [-n FILE] ADDRESS,... COMMAND...");
	hold(argv[at++]);
	if (!parent)
		become(argv + at);
	sigaction(SIGTERM, &action, NULL);
	return keep(argv + at);
}
