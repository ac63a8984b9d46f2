/*
 * sys_spawn.c - starts another program, which gets nothing of us but what it
 * is meant to get.
 *
 * Where there is vfork(2), which copies no page tables, that is used: until
 * the new program runs, the child lives in our memory, so it makes system calls
 * and changes nothing. No handler of ours can run in it: all signals are
 * blocked until they have their default action. What went wrong comes through
 * a pipe that the new program closes by beginning; under valgrind vfork is
 * fork, and a variable would tell nothing.
 */
#define _DEFAULT_SOURCE

#include "sys.h"

#include <sys/stat.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

/* Becomes the program, or writes errno to tell. */
static void
become(const struct sys_spawn *s, int tell)
{
	struct sigaction plain;
	int i, error;

	memset(&plain, 0, sizeof(plain));
	plain.sa_handler = SIG_DFL;
	for (i = 1; i < NSIG; i++)
		(void)sigaction(i, &plain, NULL);
	(void)setpgid(0, 0);
	umask(022);
	if (s->folder != NULL && chdir(s->folder) == -1)
		goto fail;
	for (i = 0; i < 3; i++)
		if (s->fd[i] != i && dup2(s->fd[i], i) == -1)
			goto fail;
	sigemptyset(&plain.sa_mask);
	(void)sigprocmask(SIG_SETMASK, &plain.sa_mask, NULL);
	(void)execve(s->path, s->argv, s->envp);
fail:
	error = errno;
	if (write(tell, &error, sizeof(error)) != sizeof(error))
		_exit(126);
	_exit(127);
}

pid_t
sys_spawn(const struct sys_spawn *s)
{
	sigset_t all, kept;
	int fd[2], error = 0;
	ssize_t n;
	pid_t pid;

	if (sys_pipe(fd) == -1)
		return -1;
	sigfillset(&all);
	(void)sigprocmask(SIG_SETMASK, &all, &kept);
	pid = SYS_LINUX ? vfork() : fork();
	if (pid == 0)
		become(s, fd[1]);
	if (pid == -1)
		error = errno;
	close(fd[1]);
	if (pid != -1) {
		(void)fcntl(fd[0], F_SETFL, 0);		/* after a fork(2) */
		do
			n = read(fd[0], &error, sizeof(error));
		while (n == -1 && errno == EINTR);
		if (error != 0)
			(void)waitpid(pid, NULL, 0);
	}
	close(fd[0]);
	(void)sigprocmask(SIG_SETMASK, &kept, NULL);
	errno = error;
	return error == 0 ? pid : -1;
}
