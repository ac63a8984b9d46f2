/*
 * faults.c - malloc, accept, open and time as they are on a bad day.
 *
 * test/bin/faulty is the server with these in place of libc's: the Makefile
 * renames the calls. What goes wrong is said by the file that $GLIMD_FAULTS
 * names, in its first 64 bytes. Who writes to it is heard at the next call, in
 * every process of the server:
 *
 *	1 malloc 17 ENOMEM once		the 17th from now on fails
 *	2 malloc 17 ENOMEM always	and all that follow
 *	3 open 1 EMFILE always big	those whose path has "big" in it
 *	4 time 86400			it is a day later than it is
 *
 * The number in front only makes a text another one: with each new text the
 * counting begins again. The next 64 bytes are the answer: how many calls have
 * failed, and how many of that kind there were in the process that spoke last.
 * "malloc" is all that takes memory. Without the file nothing fails.
 */
#include "../sys.h"

#include <sys/mman.h>
#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#if SYS_LINUX
#include <sys/epoll.h>
int accept4(int, struct sockaddr *, socklen_t *, int);
int pipe2(int *, int);
int faulty_pipe2(int *, int);
int faulty_accept4(int, struct sockaddr *, socklen_t *, int);
int faulty_epoll_ctl(int, int, int, struct epoll_event *);
#endif
char *realpath(const char *, char *);
void *faulty_malloc(size_t);
void *faulty_calloc(size_t, size_t);
void *faulty_realloc(void *, size_t);
char *faulty_strdup(const char *);
char *faulty_realpath(const char *, char *);
FILE *faulty_fopen(const char *, const char *);
DIR *faulty_opendir(const char *);
int faulty_open(const char *, int, ...);
int faulty_openat(int, const char *, int, ...);
DIR *faulty_fdopendir(int);
int faulty_fstat(int, struct stat *);
ssize_t faulty_read(int, void *, size_t);
ssize_t faulty_write(int, const void *, size_t);
int faulty_accept(int, struct sockaddr *, socklen_t *);
int faulty_socket(int, int, int);
int faulty_connect(int, const struct sockaddr *, socklen_t);
int faulty_pipe(int *);
int faulty_mkstemp(char *);
time_t faulty_time(time_t *);

enum { TEXT = 64 };		/* bytes of each half of the file */

static char *map;		/* the file; NULL: nothing fails */

/* What it says. */
static struct {
	char text[TEXT];
	char kind[16], part[32];
	long n;
	int error, always;
	long calls;		/* of that kind since */
} plan;

static int
error_number(const char *name)
{
	static const struct { const char *name; int number; } errors[] = {
		{ "EAGAIN", EAGAIN }, { "ECONNABORTED", ECONNABORTED },
		{ "ECONNREFUSED", ECONNREFUSED },
		{ "EINTR", EINTR }, { "EIO", EIO }, { "EMFILE", EMFILE },
		{ "ENFILE", ENFILE }, { "ENOBUFS", ENOBUFS },
		{ "ENOMEM", ENOMEM }, { "ENOSPC", ENOSPC },
		{ "EPERM", EPERM }, { "EPROTO", EPROTO }
	};
	size_t i;

	for (i = 0; i < sizeof(errors) / sizeof(errors[0]); i++)
		if (strcmp(errors[i].name, name) == 0)
			return errors[i].number;
	return EIO;
}

static void
open_map(void)
{
	static int tried;
	const char *name;
	int fd;

	if (tried)
		return;
	tried = 1;
	name = getenv("GLIMD_FAULTS");
	fd = name == NULL ? -1 : open(name, O_RDWR | O_CLOEXEC);
	if (fd == -1)
		return;
	map = mmap(NULL, 2 * TEXT, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (map == MAP_FAILED)
		map = NULL;
	close(fd);
}

/* Looks whether there is a new text. */
static void
refresh(void)
{
	char error[16] = "", how[16] = "";

	open_map();
	if (map == NULL || memcmp(plan.text, map, TEXT) == 0)
		return;
	memset(&plan, 0, sizeof(plan));
	memcpy(plan.text, map, TEXT - 1);
	(void)sscanf(plan.text, "%*d %15s %ld %15s %15s %31s", plan.kind,
	    &plan.n, error, how, plan.part);
	memcpy(plan.text, map, TEXT);
	plan.error = error_number(error);
	plan.always = strcmp(how, "always") == 0;
}

/* Is this call of that kind, about path (or NULL), one that fails? */
static int
fails(const char *kind, const char *path)
{
	int kept = errno, hit;

	refresh();
	if (map == NULL || strcmp(plan.kind, kind) != 0
	    || (path != NULL && strstr(path, plan.part) == NULL))
		return 0;
	plan.calls++;
	hit = plan.calls == plan.n || (plan.calls > plan.n && plan.always);
	snprintf(map + TEXT, TEXT, "%d %-40ld\n", atoi(map + TEXT) + hit,
	    plan.calls);
	errno = hit ? plan.error : kept;
	return hit;
}

/* ---- what the server calls ---- */

void *
faulty_malloc(size_t n)
{
	return fails("malloc", NULL) ? NULL : malloc(n);
}

void *
faulty_calloc(size_t n, size_t size)
{
	return fails("malloc", NULL) ? NULL : calloc(n, size);
}

void *
faulty_realloc(void *p, size_t n)
{
	return fails("malloc", NULL) ? NULL : realloc(p, n);
}

char *
faulty_strdup(const char *text)
{
	return fails("malloc", NULL) ? NULL : strdup(text);
}

char *
faulty_realpath(const char *path, char *resolved)
{
	return fails("malloc", NULL) ? NULL : realpath(path, resolved);
}

FILE *
faulty_fopen(const char *path, const char *mode)
{
	return fails("malloc", NULL) || fails("open", path) ? NULL
	    : fopen(path, mode);
}

DIR *
faulty_opendir(const char *path)
{
	return fails("malloc", NULL) || fails("opendir", path) ? NULL
	    : opendir(path);
}

int
faulty_open(const char *path, int flags, ...)
{
	mode_t mode = 0;
	va_list ap;

	if (flags & O_CREAT) {
		va_start(ap, flags);
		mode = (mode_t)va_arg(ap, unsigned);
		va_end(ap);
	}
	return fails("open", path) ? -1 : open(path, flags, mode);
}

/* Nobody creates a file with it. */
int
faulty_openat(int at, const char *path, int flags, ...)
{
	return fails("openat", path) ? -1 : openat(at, path, flags);
}

DIR *
faulty_fdopendir(int fd)
{
	return fails("malloc", NULL) ? NULL : fdopendir(fd);
}

int
faulty_fstat(int fd, struct stat *st)
{
	return fails("fstat", NULL) ? -1 : fstat(fd, st);
}

ssize_t
faulty_read(int fd, void *p, size_t n)
{
	return fails("read", NULL) ? -1 : read(fd, p, n);
}

int
faulty_accept(int fd, struct sockaddr *addr, socklen_t *len)
{
	return fails("accept", NULL) ? -1 : accept(fd, addr, len);
}

ssize_t
faulty_write(int fd, const void *p, size_t n)
{
	return fails("write", NULL) ? -1 : write(fd, p, n);
}

int
faulty_socket(int family, int type, int protocol)
{
	return fails("socket", NULL) ? -1 : socket(family, type, protocol);
}

int
faulty_connect(int fd, const struct sockaddr *to, socklen_t len)
{
	return fails("connect", NULL) ? -1 : connect(fd, to, len);
}

int
faulty_pipe(int *fd)
{
	return fails("pipe", NULL) ? -1 : pipe(fd);
}

int
faulty_mkstemp(char *path)
{
	return fails("mkstemp", NULL) ? -1 : mkstemp(path);
}

#if SYS_LINUX

int
faulty_pipe2(int *fd, int flags)
{
	return fails("pipe", NULL) ? -1 : pipe2(fd, flags);
}

int
faulty_accept4(int fd, struct sockaddr *addr, socklen_t *len, int flags)
{
	return fails("accept", NULL) ? -1 : accept4(fd, addr, len, flags);
}

int
faulty_epoll_ctl(int fd, int what, int about, struct epoll_event *event)
{
	return fails("epoll_ctl", NULL) ? -1
	    : epoll_ctl(fd, what, about, event);
}

#endif

time_t
faulty_time(time_t *at)
{
	time_t now = time(NULL);

	refresh();
	if (map != NULL && strcmp(plan.kind, "time") == 0)
		now += plan.n;
	if (at != NULL)
		*at = now;
	return now;
}
