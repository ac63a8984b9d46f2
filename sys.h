/*
 * sys.h - what POSIX does not have, as functions every system can call.
 *
 * This header is the probe: what differs between systems is decided here, by
 * the compiler's own macros, and hidden in sys.c. POSIX_ONLY turns it all off.
 */
#ifndef SYS_H
#define SYS_H

#include <sys/types.h>
#include <sys/socket.h>
#include <stddef.h>
#include <stdint.h>

#if defined(__linux__) && !defined(POSIX_ONLY)
#define SYS_LINUX 1		/* epoll, accept4, pipe2, sendfile */
#else
#define SYS_LINUX 0
#endif

#ifndef SYS_STATIC
#define SYS_STATIC 0			/* 1: no dlopen; the Makefile says it */
#endif

#if defined(__VERSION__)		/* gcc, clang */
#define SYS_COMPILER __VERSION__
#else
#define SYS_COMPILER "another compiler"
#endif

#if defined(__GNUC__)		/* has the compiler check printf arguments */
#define PRINTF_LIKE(f, n) __attribute__((format(printf, f, n)))
#else
#define PRINTF_LIKE(f, n)
#endif

/* Every descriptor that these functions return is close-on-exec and, but for
 * sys_open's, non-blocking. All return -1 and set errno when they fail. */

/* accept(2). addr and len as there. */
int sys_accept(int fd, struct sockaddr *addr, socklen_t *len);

/* Has the system drop what new clients send to the listening socket fd: they
 * try again, and nobody new waits in its queue to be reset when it is closed.
 * Does nothing where it cannot. */
void sys_deafen(int fd);

/* pipe(2): fd[0] reads, fd[1] writes. Returns 0. */
int sys_pipe(int fd[2]);

/* socket(2) of type SOCK_STREAM. */
int sys_socket(int family);

/* socketpair(2) of two that are connected. Returns 0. */
int sys_socketpair(int fd[2]);

/* Makes fd non-blocking and close-on-exec. Returns 0. */
int sys_nonblocking(int fd);

/* open(2) with O_CLOEXEC; mode (of a file it creates) is not cut by umask. */
int sys_open(const char *path, int flags, mode_t mode);

/* Opens a folder, seen from folder at (or AT_FDCWD), to look for names in it
 * with openat(2) and the like: as far as the system can, reading it need not be
 * allowed. Fails if its last name is a symbolic link and follow is 0. */
int sys_search(int at, const char *folder, int follow);

/* Sends up to n bytes of file in from *offset on to socket out, and advances
 * *offset. Returns the bytes sent; 0 means the file ended early. May block
 * for the disk, never for the socket. */
ssize_t sys_sendfile(int out, int in, off_t *offset, size_t n);

/* ---- sys_spawn.c ---- */

/* A program to be started. */
struct sys_spawn {
	const char *path;
	char *const *argv, *const *envp;
	const char *folder;	/* where it runs; NULL: where we do */
	int fd[3];		/* what it has as 0, 1 and 2: above 2, or as it
				 * is */
};
/* Starts it as the leader of a process group of its own, with all signals as
 * they are by default and umask 022. Returns its process id; or -1 and errno,
 * also if there was a child but it could not become that program. */
pid_t sys_spawn(const struct sys_spawn *s);

/* Closes all descriptors from first on. */
void sys_close_from(int first);

/* A number that nobody outside can guess, from /dev/urandom; without one,
 * the time, our pid and where our memory lies must do. */
uint64_t sys_random(void);

/* crypt(3), an XSI function: the hash, in memory that the next call uses again;
 * or NULL: it does not know that kind, or there is no crypt(3) at all. The
 * first call may have to load it, which a chroot makes impossible: one with an
 * empty setting does no more than that. */
const char *sys_crypt(const char *password, const char *setting);

/* realpath(3), an XSI function: the resolved path, to be freed, or NULL. */
char *sys_realpath(const char *path);

/* Lowers the priority of this process, as nice(1) does. Returns 0. */
int sys_nice(int by);

/* The number of the nth processor (from 0, round and round) of those this
 * process may use; and runs it on processor cpu only. Both return -1, with
 * ENOSYS where that cannot be said. */
int sys_processor(int nth);
int sys_affinity(int cpu);

/* Loads a shared object and all it needs. NULL, and *why, when it cannot be
 * loaded; why is NULL if there is no such file. */
void *sys_load(const char *file, const char **why);
/* The data that object calls name, or NULL. */
const void *sys_symbol(void *object, const char *name);
/* Lets go of it; the last of several loads does. NULL is fine. */
void sys_unload(void *object);

/* n zeroed bytes that this process shares with those it forks, or NULL. */
void *sys_shared(size_t n);

/* Has a process that changed its user leave core files. */
void sys_dumpable(void);

/* Gives memory that was freed back to the system, where libc keeps it. */
void sys_trim(void);

/* Becomes user uid of group gid for good: groups, group, then chroot and
 * chdir("/") if root is not NULL, then user; each step is checked, and in the
 * end that there is no way back. Returns 0, or -1 with *step naming the call
 * that failed. name may be NULL (then no supplementary groups at all). */
int sys_become(const char *name, uid_t uid, gid_t gid, const char *root,
    const char **step);

#endif
