/*
 * proc_signal.c - the table of signals: number, flag and the word of -s;
 * handlers only set flags.
 *
 * A handler stores who sent the signal and writes one byte to a pipe that the
 * event loop watches like any descriptor: so no signal is missed, whatever
 * moment it comes, on every backend, with POSIX alone. What a signal does is
 * in the tables of proc_serve.c, proc_worker.c and proc_master.c.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "proc.h"

enum { FLAG_NONE = SIGNAL_FLAGS };	/* ignored */

static const struct {
	int number;
	enum signal_flag flag;
	char word[8];		/* of -s; "" if it has none */
} signals[] = {
	{ SIGTERM, SIGNAL_STOP, "stop" },
	{ SIGINT, SIGNAL_INT, "" },
	{ SIGQUIT, SIGNAL_QUIT, "quit" },
	{ SIGHUP, SIGNAL_RELOAD, "reload" },
	{ SIGUSR1, SIGNAL_REOPEN, "reopen" },
	{ SIGUSR2, SIGNAL_UPGRADE, "upgrade" },
	{ SIGWINCH, SIGNAL_NO_ACCEPT, "" },
	{ SIGALRM, SIGNAL_TICK, "" },
	{ SIGCHLD, SIGNAL_CHILD, "" },
	{ SIGPIPE, (enum signal_flag)FLAG_NONE, "" },
	{ SIGSYS, (enum signal_flag)FLAG_NONE, "" }
};

/* Written by the handler, read by the loop. */
static struct {
	volatile sig_atomic_t seen;
	volatile pid_t pid;
	volatile uid_t uid;
} flags[SIGNAL_FLAGS];
static int wake_fd = -1;

static void
handle(int number, siginfo_t *info, void *context)
{
	int kept = errno;
	size_t i;

	(void)context;
	for (i = 0; i < COUNT(signals); i++)
		if (signals[i].number == number)
			break;
	/* a terminal that changed its size is no wish of anybody's */
	if (number == SIGWINCH && info->si_code > 0)
		return;
	if (i < COUNT(signals)) {
		flags[signals[i].flag].pid = info->si_pid;
		flags[signals[i].flag].uid = info->si_uid;
		flags[signals[i].flag].seen = 1;
	}
	/* a full pipe wakes the loop as well */
	if (write(wake_fd, "", 1) == -1)
		errno = kept;
	errno = kept;
}

/* The bytes only wake: the flags say what happened. */
static void
drain(void *context, int events)
{
	const int *fd = context;
	char bytes[64];

	(void)events;
	while (read(*fd, bytes, sizeof(bytes)) > 0)
		continue;
}

int
signal_open(struct server *srv)
{
	static int fd[2];	/* the registry closes fd[0]; [1] lives on */
	struct sigaction action;
	size_t i;

	for (i = 0; i < SIGNAL_FLAGS; i++)	/* those of a parent */
		flags[i].seen = 0;
	if (sys_pipe(fd) == -1
	    || fdevent_add(srv->ev, fd[0], FDEVENT_IN, drain, fd) == -1) {
		LOG(srv, "cannot make the pipe for signals: %s",
		    strerror(errno));
		return -1;
	}
	wake_fd = fd[1];
	memset(&action, 0, sizeof(action));
	sigfillset(&action.sa_mask);
	for (i = 0; i < COUNT(signals); i++) {
		if (signals[i].flag == (enum signal_flag)FLAG_NONE) {
			action.sa_handler = SIG_IGN;
			action.sa_flags = 0;
		} else {
			action.sa_sigaction = handle;
			action.sa_flags = SA_RESTART | SA_SIGINFO;
		}
		if (sigaction(signals[i].number, &action, NULL) == -1) {
			LOG(srv, "cannot handle signal %d: %s",
			    signals[i].number, strerror(errno));
			return -1;
		}
	}
	signal_block(0);	/* whoever started us may have done so */
	return 0;
}

void
signal_close(void)
{
	size_t i;

	for (i = 0; i < COUNT(signals); i++)
		(void)signal(signals[i].number, SIG_DFL);
	if (wake_fd != -1)
		close(wake_fd);
	wake_fd = -1;
}

int
signal_number(const char *word)
{
	size_t i;

	for (i = 0; i < COUNT(signals); i++)
		if (word[0] != '\0' && strcmp(signals[i].word, word) == 0)
			return signals[i].number;
	return 0;
}

void
signal_act(struct server *srv, signal_fn *const fn[SIGNAL_FLAGS])
{
	struct process *process = srv->process;
	unsigned i, act;

	for (i = 0; i < SIGNAL_FLAGS; i++) {
		if (!flags[i].seen)
			continue;
		flags[i].seen = 0;
		/* these two follow from what somebody did before */
		if (i != SIGNAL_CHILD && i != SIGNAL_TICK) {
			process->sender.uid = flags[i].uid;
			process->sender.pid = flags[i].pid;
		}
		act = i;
		if (i == SIGNAL_INT)	/* Ctrl-C twice */
			act = process->interrupted++ > 0 ? SIGNAL_STOP
			    : SIGNAL_QUIT;
		if (fn[act] != NULL)
			fn[act](srv);
	}
}

void
signal_tell(struct server *srv, const char *what)
{
	const struct sender *sender = &srv->process->sender;

	LOG(srv, "[note] %s, UID = %ld PID = %ld", what, (long)sender->uid,
	    (long)sender->pid);
}

void
signal_block(int block)
{
	sigset_t set;

	if (block)
		sigfillset(&set);
	else
		sigemptyset(&set);
	(void)sigprocmask(SIG_SETMASK, &set, NULL);
}
