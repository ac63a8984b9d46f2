/*
 * raw.c - the client that is not polite: sends what it is told, when it is
 * told, and prints what comes back until the end of file.
 *
 * Its arguments are a script, done from left to right. What does not begin
 * with a minus is sent; \r \n \t \\ \xHH mean in it what they mean in C.
 *
 *	-w MS	pause; nothing is read		-h	half-close
 *	-b N	from here on send N bytes at a	-r	reset and end
 *		time, a millisecond apart	-	send standard input
 *	-g TEXT	read until TEXT comes		-T FILE	create FILE
 *	-f FILE	read nothing until FILE exists	-e	end here, read no more
 *
 * These hold from the start: -a HOST:PORT or -a /SOCKET or -x COMMAND (its
 * standard input and output are the connection) say whom to talk to; -t MS how
 * long to wait for a byte (5000, times $GLIMD_SLOW); -n N does it all N times;
 * -k N opens N idle connections before; -z BYTES sets the receive buffer; -c
 * prints only status lines and how the connection ended, -s only the number of
 * bytes and the same. Exit status: 0, 1 trouble, 2 it took too long.
 */
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>

#include <netinet/in.h>
#include <netinet/tcp.h>

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { KEEP = 1 << 24 };		/* bytes of an answer remembered */

static const char *address, *command;
static int patience = 5000, repeats = 1, idle, window, statuses, sizes;

/* One conversation. */
static int fd;
static pid_t child;			/* of -x */
static size_t segment;			/* -b, or 0 */
static char *got;			/* what came, up to KEEP bytes */
static size_t got_n, got_all, looked;	/* kept, come, searched by -g */
static const char *over;		/* how it ended; NULL: not yet */

static void
die(const char *what)
{
	fprintf(stderr, "raw: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void
pause_ms(int ms)
{
	struct timespec t;

	t.tv_sec = ms / 1000;
	t.tv_nsec = ms % 1000 * 1000000L;
	while (nanosleep(&t, &t) == -1 && errno == EINTR)
		;
}

static int
open_unix(void)
{
	struct sockaddr_un un;
	int s = socket(AF_UNIX, SOCK_STREAM, 0);

	memset(&un, 0, sizeof(un));
	un.sun_family = AF_UNIX;
	strncpy(un.sun_path, address, sizeof(un.sun_path) - 1);
	if (s == -1 || connect(s, (struct sockaddr *)&un, sizeof(un)) == -1)
		die(address);
	return s;
}

static int
open_tcp(void)
{
	struct addrinfo hints, *ai;
	const char *from = address, *colon = strrchr(address, ':');
	char host[64];
	size_t n;
	int s, one = 1;

	if (colon == NULL)
		colon = address + strlen(address);
	n = (size_t)(colon - address);
	if (*from == '[' && n >= 2) {		/* [::1]:80 */
		from++;
		n -= 2;
	}
	snprintf(host, sizeof(host), "%.*s", (int)n, from);
	memset(&hints, 0, sizeof(hints));
	hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV;
	hints.ai_socktype = SOCK_STREAM;
	if (*colon == '\0' || getaddrinfo(host, colon + 1, &hints, &ai) != 0) {
		fprintf(stderr, "raw: not an address: %s\n", address);
		exit(1);
	}
	s = socket(ai->ai_family, SOCK_STREAM, 0);
	if (s == -1)
		die("socket");
	if (window > 0)
		setsockopt(s, SOL_SOCKET, SO_RCVBUF, &window, sizeof(window));
	if (connect(s, ai->ai_addr, ai->ai_addrlen) == -1)
		die(address);
	setsockopt(s, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	freeaddrinfo(ai);
	return s;
}

static int
open_command(void)
{
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == -1)
		die("socketpair");
	child = fork();
	if (child == -1)
		die("fork");
	if (child == 0) {
		dup2(pair[1], 0);
		dup2(pair[1], 1);
		close(pair[0]);
		close(pair[1]);
		execl("/bin/sh", "sh", "-c", command, (char *)NULL);
		_exit(127);
	}
	close(pair[1]);
	return pair[0];
}

static int
open_any(void)
{
	if (command != NULL)
		return open_command();
	if (address == NULL) {
		fprintf(stderr, "raw: nobody to talk to: -a or -x\n");
		exit(1);
	}
	return *address == '/' ? open_unix() : open_tcp();
}

/* Waits for want, or for bytes; reads those that came. */
static void
step(short want)
{
	static char dropped[65536];
	struct pollfd p;
	ssize_t n;
	int ready;

	p.fd = fd;
	p.events = (short)(POLLIN | want);
	ready = poll(&p, 1, patience);
	if (ready == 0)
		over = "timeout";
	if (ready <= 0 || (p.revents & (POLLIN | POLLHUP | POLLERR)) == 0)
		return;
	if (got_n < KEEP)
		n = read(fd, got + got_n, KEEP - got_n);
	else
		n = read(fd, dropped, sizeof(dropped));
	if (n == 0)
		over = "eof";
	else if (n == -1 && errno != EAGAIN)
		over = "reset";
	if (n <= 0)
		return;
	got_all += (size_t)n;
	if (got_n < KEEP)
		got_n += (size_t)n;
}

/* The peer may talk while we do: who only writes would wait for ever. */
static void
send_bytes(const char *p, size_t n)
{
	ssize_t sent;

	while (n > 0) {
		sent = write(fd, p, segment > 0 && segment < n ? segment : n);
		if (sent == -1 && errno != EAGAIN)
			return;		/* refused: its answer is what counts */
		if (sent == -1) {
			step(POLLOUT);
			if (over != NULL)
				return;
			continue;
		}
		p += sent;
		n -= (size_t)sent;
		if (segment > 0)
			pause_ms(1);
	}
}

static void
send_text(const char *text)
{
	static const char escapes[] = "rnt\\", means[] = "\r\n\t\\";
	char *bytes = malloc(strlen(text) + 1), *end = bytes, hex[3];
	const char *known;

	if (bytes == NULL)
		die("malloc");
	for (; *text != '\0'; text++) {
		known = text[0] == '\\' && text[1] != '\0' ?
		    strchr(escapes, text[1]) : NULL;
		if (known != NULL) {
			*end++ = means[known - escapes];
			text++;
		} else if (strncmp(text, "\\x", 2) == 0 && strlen(text) >= 4) {
			memcpy(hex, text + 2, 2);
			hex[2] = '\0';
			*end++ = (char)strtol(hex, NULL, 16);
			text += 3;
		} else
			*end++ = *text;
	}
	send_bytes(bytes, (size_t)(end - bytes));
	free(bytes);
}

static void
send_stdin(void)
{
	char bytes[65536];
	ssize_t n = read(0, bytes, sizeof(bytes));

	for (; n > 0; n = read(0, bytes, sizeof(bytes)))
		send_bytes(bytes, (size_t)n);
}

static void
read_until(const char *text)
{
	size_t n = strlen(text);

	for (;;) {
		for (; looked + n <= got_n; looked++)
			if (memcmp(got + looked, text, n) == 0) {
				looked += n;
				return;
			}
		if (over != NULL)
			return;
		step(0);
	}
}

static void
wait_for_file(const char *name)
{
	struct stat st;
	int left = patience;

	while (stat(name, &st) == -1 && left > 0) {
		pause_ms(10);
		left -= 10;
	}
}

static void
create(const char *name)
{
	int f = open(name, O_WRONLY | O_CREAT, 0644);

	if (f == -1)
		die(name);
	close(f);
}

static void
reset(void)
{
	struct linger hard = { 1, 0 };

	setsockopt(fd, SOL_SOCKET, SO_LINGER, &hard, sizeof(hard));
	over = "we reset";
}

/* Does one step of the script; returns how many words it took. */
static int
act(char *const *word)
{
	const char *value = word[1] == NULL ? "" : word[1];

	if (word[0][0] != '-') {
		send_text(word[0]);
		return 1;
	}
	switch (word[0][1]) {
	case '\0': send_stdin(); return 1;
	case 'h': shutdown(fd, SHUT_WR); return 1;
	case 'r': reset(); return 1;
	case 'e': over = "we ended"; return 1;
	case 'c': case 's': return 1;
	case 'w': pause_ms(atoi(value)); return 2;
	case 'b': segment = (size_t)atoi(value); return 2;
	case 'g': read_until(value); return 2;
	case 'T': create(value); return 2;
	case 'f': wait_for_file(value); return 2;
	default: return 2;			/* known from the start */
	}
}

/* What holds from the start. Returns the number of words taken. */
static int
set(char *const *word)
{
	const char *value = word[1] == NULL ? "" : word[1];

	if (word[0][0] != '-' || strchr("hre", word[0][1]) != NULL)
		return 1;
	switch (word[0][1]) {
	case 'c': statuses = 1; return 1;
	case 's': sizes = 1; return 1;
	case 'a': address = value; break;
	case 'x': command = value; break;
	case 't': patience = atoi(value); break;
	case 'n': repeats = atoi(value); break;
	case 'k': idle = atoi(value); break;
	case 'z': window = atoi(value); break;
	case 'w': case 'b': case 'g': case 'T': case 'f': break;
	default:
		fprintf(stderr, "raw: unknown: %s\n", word[0]);
		exit(1);
	}
	return word[1] == NULL ? 1 : 2;
}

static void
print_status_lines(void)
{
	const char *p = got, *end = got + got_n, *eol;

	for (; end - p >= 12; p++) {
		if (memcmp(p, "HTTP/1.", 7) != 0 || p[8] != ' ')
			continue;
		eol = memchr(p, '\r', (size_t)(end - p));
		if (eol == NULL)
			eol = end;
		printf("%.*s\n", (int)(eol - p), p);
		p = eol - 1;
	}
}

static int
converse(char *const *word)
{
	int n;

	segment = got_n = got_all = looked = 0;
	over = NULL;
	fd = open_any();
	fcntl(fd, F_SETFL, O_NONBLOCK);
	while (*word != NULL && (over == NULL || **word == '-'))
		for (n = act(word); n > 0 && *word != NULL; n--)
			word++;
	while (over == NULL)
		step(0);
	close(fd);
	if (statuses)
		print_status_lines();
	else if (!sizes)
		fwrite(got, 1, got_n, stdout);
	if (sizes)
		printf("%zu ", got_all);
	if (sizes || statuses)
		printf("%s\n", over);
	else if (strcmp(over, "timeout") == 0)
		fprintf(stderr, "raw: no end of file\n");
	return strcmp(over, "timeout") == 0 ? 2 : 0;
}

int
main(int argc, char **argv)
{
	const char *slow = getenv("GLIMD_SLOW");
	int i, status = 0;

	signal(SIGPIPE, SIG_IGN);
	for (i = 1; i < argc; i += set(argv + i))
		;
	if (slow != NULL && atoi(slow) > 0)
		patience *= atoi(slow);
	if (argc == 3 && strcmp(argv[1], "-w") == 0) {
		pause_ms(atoi(argv[2]));	/* finer than sleep(1) */
		return 0;
	}
	got = malloc(KEEP);
	if (got == NULL)
		die("malloc");
	while (idle-- > 0)
		open_any();
	while (repeats-- > 0)
		status |= converse(argv + 1);
	if (child > 0 && waitpid(child, &i, 0) == child && i != 0) {
		fprintf(stderr, "raw: the program ended with %d\n", i);
		status = 1;
	}
	free(got);
	return status;
}
