/*
 * sys.c - the only file with system-specific calls, each with its POSIX
 * fallback; and the few calls every Unix has but POSIX does not.
 *
 * It and sys_spawn.c alone define feature macros. POSIX_ONLY builds the
 * fallbacks on Linux too, and the tests run with them.
 */
#define _GNU_SOURCE
#define _DEFAULT_SOURCE
#define _XOPEN_SOURCE 700

#include "sys.h"

#include <sys/mman.h>
#include <sys/stat.h>
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#if SYS_LINUX
#ifdef __GLIBC__
#include <malloc.h>
#endif
#include <sched.h>
#include <sys/prctl.h>
#include <sys/sendfile.h>
#endif

int
sys_nonblocking(int fd)
{
	int flags = fcntl(fd, F_GETFL);

	if (flags == -1 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) == -1)
		return -1;
	return fcntl(fd, F_SETFD, FD_CLOEXEC);
}

/* The same for both of a pair, if result says that there is one. */
static int
prepare_pair(int fd[2], int result)
{
	if (result == -1)
		return -1;
	if (sys_nonblocking(fd[0]) == 0 && sys_nonblocking(fd[1]) == 0)
		return 0;
	close(fd[0]);
	close(fd[1]);
	fd[0] = fd[1] = -1;
	return -1;
}

int
sys_socketpair(int fd[2])
{
	return prepare_pair(fd, socketpair(AF_UNIX, SOCK_STREAM, 0, fd));
}

#if SYS_LINUX

int
sys_accept(int fd, struct sockaddr *addr, socklen_t *len)
{
	return accept4(fd, addr, len, SOCK_NONBLOCK | SOCK_CLOEXEC);
}

void
sys_deafen(int fd)
{
	/* linux/filter.h, which not every libc has. A packet with SYN and not
	 * ACK begins a connection; those that have begun may go on. */
	struct { uint16_t code; uint8_t jt, jf; uint32_t k; } program[] = {
		{ 0x30, 0, 0, 13 },		/* the flags of TCP */
		{ 0x54, 0, 0, 0x12 },		/* ACK and SYN */
		{ 0x15, 0, 1, 0x02 },		/* SYN alone? */
		{ 0x06, 0, 0, 0 },		/* drop it */
		{ 0x06, 0, 0, UINT32_MAX }	/* take all of it */
	};
	struct { unsigned short n; void *program; } filter = { 5, program };

	(void)setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &filter,
	    sizeof(filter));
}

int
sys_pipe(int fd[2])
{
	return pipe2(fd, O_NONBLOCK | O_CLOEXEC);
}

int
sys_socket(int family)
{
	return socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
}

ssize_t
sys_sendfile(int out, int in, off_t *offset, size_t n)
{
	return sendfile(out, in, offset, n);
}

#else

/* fd, made non-blocking and close-on-exec, or closed. */
static int
prepared(int fd)
{
	int error;

	if (fd == -1 || sys_nonblocking(fd) == 0)
		return fd;
	error = errno;
	close(fd);
	errno = error;
	return -1;
}

int
sys_accept(int fd, struct sockaddr *addr, socklen_t *len)
{
	return prepared(accept(fd, addr, len));
}

void
sys_deafen(int fd)
{
	(void)fd;
}

int
sys_pipe(int fd[2])
{
	return prepare_pair(fd, pipe(fd));
}

int
sys_socket(int family)
{
	return prepared(socket(family, SOCK_STREAM, 0));
}

ssize_t
sys_sendfile(int out, int in, off_t *offset, size_t n)
{
	static char block[65536];	/* a process sends one at a time */
	ssize_t got;

	got = pread(in, block, n < sizeof(block) ? n : sizeof(block), *offset);
	if (got <= 0)
		return got;
	got = write(out, block, (size_t)got);
	if (got > 0)
		*offset += got;
	return got;
}

#endif

int
sys_open(const char *path, int flags, mode_t mode)
{
	int fd;

	flags |= O_CLOEXEC | O_NOCTTY;
	if (flags & O_CREAT) {
		/* one just made gets its whole mode, whatever umask says */
		fd = open(path, flags | O_EXCL, mode);
		if (fd != -1)
			(void)fchmod(fd, mode);
		if (fd != -1 || errno != EEXIST || (flags & O_EXCL))
			return fd;
	}
	return open(path, flags & ~O_CREAT);
}

#if SYS_LINUX && defined(O_PATH)
enum { SEARCH = O_PATH };
#elif defined(O_SEARCH)			/* POSIX, but not everywhere */
enum { SEARCH = O_SEARCH };
#else
enum { SEARCH = O_RDONLY };
#endif

int
sys_search(int at, const char *folder, int follow)
{
	return openat(at, folder, SEARCH | O_DIRECTORY | O_CLOEXEC
	    | (follow ? 0 : O_NOFOLLOW));
}

/* Most systems list a process's descriptors as a folder; without one, try all
 * numbers up to a bound (the limit itself may be a thousand million). */
void
sys_close_from(int first)
{
	DIR *dir = opendir("/dev/fd");
	struct dirent *entry;
	int fd, most = 65536;

	if (dir == NULL) {
		if (sysconf(_SC_OPEN_MAX) > 0 && sysconf(_SC_OPEN_MAX) < most)
			most = (int)sysconf(_SC_OPEN_MAX);
		for (fd = first; fd < most; fd++)
			close(fd);
		return;
	}
	for (entry = readdir(dir); entry != NULL; entry = readdir(dir)) {
		fd = atoi(entry->d_name);	/* "." and ".." are 0 */
		if (fd >= first && fd != dirfd(dir))
			close(fd);
	}
	closedir(dir);
}

uint64_t
sys_random(void)
{
	uint64_t number;
	int fd = sys_open("/dev/urandom", O_RDONLY, 0);
	ssize_t n = fd == -1 ? -1 : read(fd, &number, sizeof(number));

	if (fd != -1)
		close(fd);
	if (n != (ssize_t)sizeof(number))
		number = (uint64_t)time(NULL) << 32 ^ (uint64_t)getpid() << 16
		    ^ (uint64_t)(uintptr_t)&number;
	return number;
}

typedef char *crypt_fn(const char *, const char *);

#ifdef HAS_CRYPT

static crypt_fn *
find_crypt(void)
{
	return crypt;
}

#else

/* A library of its own, of which most servers need nothing. */
static crypt_fn *
find_crypt(void)
{
	const char *why;
	void *library = sys_load("libcrypt.so.1", &why);
	const void *symbol;
	crypt_fn *fn = NULL;

	if (library == NULL)
		library = sys_load("libcrypt.so.2", &why);
	symbol = library == NULL ? NULL : sys_symbol(library, "crypt");
	/* ISO C knows no cast between the two */
	memcpy(&fn, &symbol, sizeof(fn));
	return fn;
}

#endif

const char *
sys_crypt(const char *password, const char *setting)
{
	static crypt_fn *fn;
	const char *hash;

	if (fn == NULL)
		fn = find_crypt();
	hash = fn == NULL || *setting == '\0' ? NULL : fn(password, setting);
	/* "*0", "*1", "*" or "x" say that it failed: no hash is so short */
	return hash != NULL && strlen(hash) < 13 ? NULL : hash;
}

char *
sys_realpath(const char *path)
{
	return realpath(path, NULL);
}

int
sys_nice(int by)
{
	errno = 0;
	return nice(by) == -1 && errno != 0 ? -1 : 0;
}

#if SYS_LINUX

int
sys_processor(int nth)
{
	cpu_set_t may;
	int i;

	if (sched_getaffinity(0, sizeof(may), &may) == -1)
		return -1;
	nth %= CPU_COUNT(&may);
	for (i = 0; !CPU_ISSET(i, &may) || nth-- > 0; i++)
		continue;
	return i;
}

int
sys_affinity(int cpu)
{
	cpu_set_t one;

	errno = EINVAL;
	if (cpu < 0 || cpu >= CPU_SETSIZE)
		return -1;
	CPU_ZERO(&one);
	CPU_SET(cpu, &one);
	return sched_setaffinity(0, sizeof(one), &one);
}

#else

int
sys_processor(int nth)
{
	(void)nth;
	errno = ENOSYS;
	return -1;
}

int
sys_affinity(int cpu)
{
	return sys_processor(cpu);
}

#endif

#if SYS_STATIC

void *
sys_load(const char *file, const char **why)
{
	(void)file;
	*why = NULL;
	return NULL;
}

const void *
sys_symbol(void *object, const char *name)
{
	(void)object;
	(void)name;
	return NULL;
}

void
sys_unload(void *object)
{
	(void)object;
}

#else

void *
sys_load(const char *file, const char **why)
{
	void *object = dlopen(file, RTLD_NOW | RTLD_LOCAL);

	if (object != NULL)
		return object;
	*why = dlerror();
	/* not asked before: in a chroot one that is loaded has no file */
	if (access(file, F_OK) == -1 && errno == ENOENT)
		*why = NULL;
	return NULL;
}

const void *
sys_symbol(void *object, const char *name)
{
	return dlsym(object, name);
}

void
sys_unload(void *object)
{
	if (object != NULL)
		(void)dlclose(object);
}

#endif

void *
sys_shared(size_t n)
{
	void *p = mmap(NULL, n, PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	return p == MAP_FAILED ? NULL : p;
}

void
sys_dumpable(void)
{
#if SYS_LINUX
	(void)prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
#endif
}

void
sys_trim(void)
{
#if SYS_LINUX && defined(__GLIBC__)
	(void)malloc_trim(0);
#endif
}

int
sys_become(const char *name, uid_t uid, gid_t gid, const char *root,
    const char **step)
{
	*step = "setgroups";
	if (setgroups(0, NULL) == -1)
		return -1;
	*step = "initgroups";
	if (name != NULL && initgroups(name, gid) == -1)
		return -1;
	*step = "setgid";
	if (setgid(gid) == -1)
		return -1;
	*step = "chroot";
	if (root != NULL && (chroot(root) == -1 || chdir("/") == -1))
		return -1;
	*step = "setuid";
	if (setuid(uid) == -1)
		return -1;
	/* if root can be had again, the drop was none */
	*step = "giving up root";
	if (uid != 0 && (setuid(0) == 0 || getuid() != uid
	    || geteuid() != uid || getgid() != gid || getegid() != gid)) {
		errno = EPERM;
		return -1;
	}
	return 0;
}
