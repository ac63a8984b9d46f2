/*
 * proc_upgrade.c - listening sockets from whoever started us, and to the
 * binary that is to follow us.
 *
 * Both go by the protocol of sd_listen_fds(3): LISTEN_FDS sockets from
 * descriptor 3 on, for process LISTEN_PID. An upgrade (SIGUSR2) puts the pid
 * file aside and starts our program again by its name, whatever that is by
 * now; both serve until one of them is told to quit. If the new one dies,
 * everything is as it was before.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "proc.h"

enum {
	FIRST_FD = 3,
	INHERIT_MOST = 1024
};

static const char previous_name[] = "GLIMD_PREVIOUS";
static const char suffix[] = ".oldbin";	/* of the pid file put aside */

/* A number in the environment, 0 if there is none. */
static int64_t
number_of(const char *name)
{
	const char *text = getenv(name);
	int64_t number;

	if (text == NULL || str_number(slice_of(text), &number) == -1)
		return 0;
	return number;
}

void
upgrade_look(struct server *srv)
{
	int64_t n = number_of("LISTEN_FDS");
	int fd;

	if (number_of("LISTEN_PID") != (int64_t)getpid())
		n = 0;
	if (n > INHERIT_MOST)
		n = INHERIT_MOST;
	if (n > 0 && number_of(previous_name) == (int64_t)getppid())
		srv->process->previous = getppid();
	/* they are for us, and not for what we start */
	(void)unsetenv("LISTEN_FDS");
	(void)unsetenv("LISTEN_PID");
	(void)unsetenv("LISTEN_FDNAMES");
	(void)unsetenv(previous_name);
	for (fd = FIRST_FD; fd < FIRST_FD + n; fd++)
		(void)fcntl(fd, F_SETFD, FD_CLOEXEC);
	srv->process->inherited = (int)n;
}

void
upgrade_inherit(struct server *srv)
{
	sys_close_from(FIRST_FD + srv->process->inherited);
	net_inherit(srv, srv->process->inherited);
}

static void
set_number(const char *name, long number)
{
	char text[24];

	snprintf(text, sizeof(text), "%ld", number);
	(void)setenv(name, text, 1);
}

/* In the child. The listeners in it are a copy: their numbers may change. */
static int
run_next(struct server *srv, struct proc *self)
{
	char **argv = srv->opt->argv;
	struct rlimit limit;
	struct listener *l;
	int n = 0, at = FIRST_FD;

	(void)self;
	for (l = srv->listeners; l != NULL; l = l->next)
		n += l->fd != -1;
	for (l = srv->listeners; l != NULL; l = l->next)
		if (l->fd != -1)	/* out of the way first */
			l->fd = fcntl(l->fd, F_DUPFD_CLOEXEC, FIRST_FD + n);
	for (l = srv->listeners; l != NULL; l = l->next)
		if (l->fd != -1 && dup2(l->fd, at) == at)
			at++;
	set_number("LISTEN_FDS", at - FIRST_FD);
	set_number("LISTEN_PID", (long)getpid());
	set_number(previous_name, (long)getppid());
	/* it looks at limits as if started by whoever started us */
	if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
		limit.rlim_cur = srv->process->start_fds;
		(void)setrlimit(RLIMIT_NOFILE, &limit);
	}
	/* what it says before it has a log goes to ours */
	if (srv->log->fd > 2)
		(void)dup2(srv->log->fd, 2);
	signal_close();
	signal_block(0);
	if (chdir(srv->folder) == 0 || argv[0][0] == '/')
		(void)execvp(argv[0], argv);
	LOG(srv, "[error] cannot start %s: %s", argv[0], strerror(errno));
	_exit(EXIT_FAILURE);
	return EXIT_FAILURE;	/* for compilers that do not know _exit */
}

void
upgrade_start(struct server *srv)
{
	struct process *process = srv->process;
	struct buf old = { NULL, 0, 0, 0 };
	struct proc *p = NULL;

	signal_tell(srv, "upgrade");
	if (process->upgrading || (process->previous != 0
	    && process->previous == getppid())) {
		LOG(srv, "[error] upgrade refused: of the old server and the "
		    "new one, end one first");
		return;
	}
	if (process->pid_name != NULL)
		buf_printf(&old, "%s%s", process->pid_name, suffix);
	if (!srv->quitting && !srv->stopping && !old.failed)
		p = proc_spawn(srv, PROC_DETACHED, run_next, NULL,
		    "the next binary", 1);
	if (p != NULL && process->pid_name != NULL
	    && daemon_pidfile_rename(srv, buf_text(&old)) == -1) {
		proc_free(srv, p);
		p = NULL;
	}
	buf_free(&old);
	if (p == NULL)
		return;
	process->upgrading = 1;
	srv->shared = 1;	/* unix sockets are its own as well */
}

void
upgrade_failed(struct server *srv, struct proc *p)
{
	struct process *process = srv->process;
	struct buf name = { NULL, 0, 0, 0 };

	proc_free(srv, p);
	process->upgrading = 0;
	srv->shared = 0;
	if (srv->quitting || srv->stopping)
		return;
	LOG(srv, "[error] the next binary is gone: all goes on as it was");
	if (process->pid_name != NULL)
		buf_add(&name, process->pid_name,
		    strlen(process->pid_name) - strlen(suffix));
	if (process->pid_name != NULL && !name.failed)
		(void)daemon_pidfile_rename(srv, buf_text(&name));
	buf_free(&name);
	daemon_notify(srv, "READY=1");
	if (process->role == ROLE_ALONE && process->no_accept)
		serve_again(srv);
}
