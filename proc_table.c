/*
 * proc_table.c - the slots: processes are started, told, collected when they
 * die, and started again.
 *
 *   free -> spawned (due) -> runs -> died -> free, or due again
 *
 * proc_master.c decides; here are the mechanics. Forks happen in one place,
 * proc_start, which the loop calls between two turns: so a child begins with a
 * short stack and no handler half done.
 */
#include <sys/socket.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "gw.h"
#include "proc.h"

enum {
	SOON = 1000,		/* ms: who dies sooner has crashed */
	LATEST = 60 * 1000,	/* ms between two starts of who crashes */
	READY_MOST = 30 * 1000,	/* ms that a start may take */
	READER_DELAY = 1000	/* ms until a log's reader is started again */
};

int
proc_open(struct server *srv)
{
	srv->process->procs = calloc(PROC_SLOTS, sizeof(struct proc));
	return srv->process->procs != NULL ? 0 : -1;
}

void
proc_close(struct server *srv)
{
	struct process *process = srv->process;
	int i;

	for (i = 0; i < process->used; i++)
		config_drop(process->procs[i].config);
	config_drop(process->next);
	free(process->procs);
}

/* ---- starting ---- */

/* Has p, which died, to wait? There are at most COUNT(starts) new starts in a
 * second, however many die. */
static int
has_to_wait(struct process *process, struct proc *p, int64_t now)
{
	int64_t *oldest = process->starts + process->nstarts
	    % COUNT(process->starts);

	if (p->started == 0)
		return 0;
	if (*oldest != 0 && now < *oldest + 1000) {
		p->due = *oldest + 1000;
		return 1;
	}
	*oldest = now;
	process->nstarts++;
	return 0;
}

struct proc *
proc_spawn(struct server *srv, enum proc_policy policy, proc_entry_fn *entry,
    struct config *config, const char *name, int number)
{
	struct process *process = srv->process;
	struct proc *p = process->procs;

	while (p < process->procs + PROC_SLOTS && p->entry != NULL)
		p++;
	if (p == process->procs + PROC_SLOTS) {
		LOG(srv, "[error] all %d process slots are in use",
		    PROC_SLOTS);
		return NULL;
	}
	if (p - process->procs >= process->used)
		process->used = (int)(p - process->procs) + 1;
	memset(p, 0, sizeof(*p));
	p->srv = srv;
	p->fd = p->child_fd = -1;
	p->entry = entry;
	p->config = config != NULL ? config_hold(config) : NULL;
	p->name = name;
	p->number = number;
	p->respawn = policy == PROC_RESPAWN || policy == PROC_JUST_RESPAWN;
	p->just_spawned = policy == PROC_JUST_SPAWNED
	    || policy == PROC_JUST_RESPAWN;
	p->detached = policy == PROC_DETACHED;
	p->due = clock_ms();
	return p;
}

/* Returns 0; 1 in the child; or -1 and errno. */
static int
fork_one(struct server *srv, struct proc *p, fdevent_fn *on_message)
{
	int fd[2], error;
	pid_t pid;

	if (sys_socketpair(fd) == -1)
		return -1;
	signal_block(1);	/* one for the child may come at once */
	pid = fork();
	if (pid == 0) {
		p->pid = getpid();
		p->fd = fd[0];
		p->child_fd = fd[1];
		return 1;
	}
	error = errno;
	signal_block(0);
	close(fd[1]);
	if (pid == -1 || fdevent_add(srv->ev, fd[0], FDEVENT_IN
	    | FDEVENT_SHARED, on_message, p) == -1) {
		close(fd[0]);
		errno = error;
		if (pid == -1)
			return -1;
		fd[0] = -1;		/* signals will have to do */
	}
	p->pid = pid;
	p->fd = fd[0];
	return 0;
}

struct proc *
proc_start(struct server *srv, fdevent_fn *on_message)
{
	struct process *process = srv->process;
	int64_t now = process->used > 0 ? clock_ms() : 0;
	struct proc *p;
	int i, forked;

	for (i = 0; i < process->used; i++) {
		p = process->procs + i;
		if (p->due == 0 || p->due > now
		    || has_to_wait(process, p, now))
			continue;
		p->due = 0;
		p->started = now;
		if (!p->detached)
			p->kill_at = now + READY_MOST;
		forked = fork_one(srv, p, on_message);
		if (forked == 1)
			return p;
		if (forked == -1) {
			LOG(srv, "[error] cannot start %s %d: %s", p->name,
			    p->number, strerror(errno));
			p->status = 1 << 8;	/* what exit(1) leaves */
			p->exited = 1;
			(void)raise(SIGCHLD);
		} else if (!p->detached) {
			proc_announce(srv, p, CHANNEL_OPEN);
		}
	}
	return NULL;
}

void
proc_respawn(struct proc *p)
{
	int64_t now = clock_ms(), delay = 0;
	unsigned n;

	/* whoever was killed has not crashed */
	if (now - p->started >= SOON) {
		p->crashes = 0;
	} else if (!WIFSIGNALED(p->status) || WTERMSIG(p->status) != SIGKILL) {
		n = p->crashes++;
		if (n > 0)		/* the first is answered at once */
			delay = n > 6 ? LATEST : (int64_t)1000 << (n - 1);
	}
	p->due = now + delay;
	p->kill_at = 0;
	p->ready = p->terminated = p->late = 0;
}

static int64_t
sooner(int64_t a, int64_t b)
{
	return a == 0 || (b != 0 && b < a) ? b : a;
}

int
proc_wait(const struct server *srv)
{
	const struct process *process = srv->process;
	int64_t first = process->signal_at, now;
	int i;

	first = sooner(first, process->readers_at);
	first = sooner(first, process->watch_at);
	for (i = 0; i < process->used; i++) {
		first = sooner(first, sooner(process->procs[i].due,
		    process->procs[i].kill_at));
	}
	if (first == 0)
		return -1;
	now = clock_ms();
	return first <= now ? 0 : (int)(first - now);
}

/* ---- dying ---- */

static struct proc *
find(struct process *process, pid_t pid)
{
	int i;

	for (i = 0; i < process->used; i++)
		if (process->procs[i].pid == pid)
			return process->procs + i;
	return NULL;
}

/* p is dead, or could not even be born. */
static void
bury(struct server *srv, struct proc *p, proc_event_fn *died)
{
	p->exited = 0;
	p->was = p->pid;
	p->pid = 0;
	if (p->fd != -1)
		fdevent_del(srv->ev, p->fd);
	p->fd = -1;
	if (!p->detached)
		proc_announce(srv, p, CHANNEL_CLOSE);
	died(srv, p);
}

/* Was it the reader of a log, or a module's? */
static void
stranger_died(struct server *srv, pid_t pid, int status)
{
	struct config *config;
	struct log *log;

	for (config = srv->configs; config != NULL; config = config->next) {
		for (log = config->logs; log != NULL; log = log->next)
			if (log->child == pid) {
				log->child = 0;
				srv->process->readers_at = clock_ms()
				    + READER_DELAY;
			}
		plugins_bury(config->plugins, srv, pid, status);
	}
	gw_child_died(srv, pid);
}

void
proc_reap(struct server *srv, proc_event_fn *died)
{
	struct process *process = srv->process;
	struct proc *p;
	int status, i;
	pid_t pid;

	for (;;) {
		pid = waitpid(-1, &status, WNOHANG);
		if (pid == -1 && errno == EINTR)
			continue;
		if (pid <= 0)
			break;
		p = find(process, pid);
		if (p == NULL) {
			stranger_died(srv, pid, status);
			continue;
		}
		p->status = status;
		bury(srv, p, died);
	}
	for (i = 0; i < process->used; i++)
		if (process->procs[i].exited)
			bury(srv, process->procs + i, died);
}

void
proc_free(struct server *srv, struct proc *p)
{
	struct process *process = srv->process;

	if (p->fd != -1)
		fdevent_del(srv->ev, p->fd);
	config_drop(p->config);
	memset(p, 0, sizeof(*p));
	p->fd = -1;
	while (process->used > 0
	    && process->procs[process->used - 1].entry == NULL)
		process->used--;
}

void
proc_readers(struct server *srv)
{
	struct process *process = srv->process;
	struct config *config;
	struct log *log;

	if (process->readers_at == 0 || process->readers_at > clock_ms())
		return;
	process->readers_at = 0;
	for (config = srv->configs; config != NULL; config = config->next)
		for (log = config->logs; log != NULL; log = log->next)
			if (log->name != NULL && log->name[0] == '|'
			    && log_open(log) == -1)
				process->readers_at = clock_ms()
				    + READER_DELAY;
	proc_hand_logs(srv);
}

/* ---- telling ---- */

void
proc_inherit(struct server *srv, struct proc *self)
{
	struct process *process = srv->process;
	struct proc *p;
	int i;

	close(self->fd);
	self->fd = -1;
	for (i = 0; i < process->used; i++) {
		p = process->procs + i;
		p->due = p->kill_at = 0;
		p->pid = 0;		/* no child of ours */
		if (p->fd != -1)	/* the registry closes its own */
			p->fd = fcntl(p->fd, F_DUPFD_CLOEXEC, 0);
		if (p != self)
			config_drop(p->config);
		if (p != self)
			p->config = NULL;
	}
}

/* The signal that means the same, or 0. */
static int
signal_for(enum channel_command cmd)
{
	return cmd == CHANNEL_QUIT ? SIGQUIT : cmd == CHANNEL_TERMINATE
	    ? SIGTERM : cmd == CHANNEL_REOPEN ? SIGUSR1 : 0;
}

static void
send_to(struct server *srv, struct proc *p, enum channel_command cmd,
    int slot, int fd)
{
	const struct sender *sender = &srv->process->sender;
	struct channel_message m;
	int number = signal_for(cmd);

	memset(&m, 0, sizeof(m));
	m.command = cmd;
	m.slot = slot;
	m.fd = fd;
	m.pid = (int32_t)sender->pid;
	m.uid = (uint32_t)sender->uid;
	if ((p->fd == -1 || channel_send(p->fd, &m) == -1) && number != 0
	    && kill(p->pid, number) == -1)
		LOG(srv, "[error] cannot tell %s %d: %s", p->name, p->number,
		    strerror(errno));
}

void
proc_tell(struct server *srv, struct proc *p, enum channel_command cmd)
{
	send_to(srv, p, cmd, 0, -1);
}

void
proc_announce(struct server *srv, struct proc *p, enum channel_command cmd)
{
	struct process *process = srv->process;
	int slot = (int)(p - process->procs), i;
	struct proc *other;

	for (i = 0; i < process->used; i++) {
		other = process->procs + i;
		if (other != p && other->pid != 0 && !other->detached)
			send_to(srv, other, cmd, slot, p->fd);
	}
}

void
proc_hand_logs(struct server *srv)
{
	struct process *process = srv->process;
	const struct log *log;
	struct proc *p;
	int i, n, k;

	for (i = 0; i < process->used; i++) {
		p = process->procs + i;
		if (p->pid == 0 || p->config == NULL)
			continue;
		n = 0;
		for (log = p->config->logs; log != NULL; log = log->next)
			n++;
		/* the error log last: it is to tell of the others */
		while (n-- > 0) {
			log = p->config->logs;
			for (k = 0; k < n; k++)
				log = log->next;
			send_to(srv, p, CHANNEL_REOPEN, n,
			    log->fd > 2 ? log->fd : -1);
		}
	}
}
