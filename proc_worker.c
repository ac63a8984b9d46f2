/*
 * proc_worker.c - a worker's side: how it begins, and what its master tells.
 *
 * It begins as a copy of the master, gives back what is the master's, becomes
 * server.username and serves like one that is alone. What it could not open
 * itself, as nobody or in a chroot, comes over its channel. A pipe of which
 * only the master holds the other end tells when the master is gone, even if
 * it was killed: then the worker finishes what it has and goes.
 */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "plugin.h"
#include "proc.h"

static void
quit(struct server *srv)
{
	serve_quit(srv);
	title_set(srv, "glimd: worker %d is shutting down",
	    srv->process->number);
}

static void
child(struct server *srv)
{
	proc_reap(srv, proc_free);
}

signal_fn *const worker_signals[SIGNAL_FLAGS] = {
	[SIGNAL_CHILD] = child,
	[SIGNAL_STOP] = serve_stop,
	[SIGNAL_QUIT] = quit,
	[SIGNAL_REOPEN] = serve_reopen,
	[SIGNAL_NO_ACCEPT] = quit,
	[SIGNAL_TICK] = serve_tick
};

/* ---- messages ---- */

/* A sibling's channel was opened or closed: fd leads to it, or is -1. */
static void
note_sibling(struct server *srv, const struct channel_message *m, int fd)
{
	struct process *process = srv->process;
	struct proc *p;

	if (m->slot < 0 || m->slot >= PROC_SLOTS) {
		if (fd != -1)
			close(fd);
		return;
	}
	p = process->procs + m->slot;
	if (m->slot >= process->used) {
		while (process->used <= m->slot)
			process->procs[process->used++].fd = -1;
	}
	if (p->fd != -1)
		close(p->fd);
	p->fd = fd;
}

/* The master has opened a log again; the error log is the last. */
static void
take_log(struct server *srv, const struct channel_message *m)
{
	struct log *log = srv->config->logs;
	pid_t child;
	int n;

	for (n = m->slot; log != NULL && n > 0; n--)
		log = log->next;
	plugins_tell(srv->config->plugins, HOOK_SIGHUP, srv);
	if (m->fd != -1 && (log == NULL || n < 0)) {
		close(m->fd);
	} else if (m->fd != -1) {
		child = log->child;	/* the master's: not to be started */
		log_close(log);
		log->fd = m->fd;
		log->child = child;
	}
	if (m->slot == 0)
		signal_tell(srv, "logs reopened");
}

static void
obey(struct server *srv, const struct channel_message *m)
{
	srv->process->sender.uid = (uid_t)m->uid;
	srv->process->sender.pid = (pid_t)m->pid;
	switch (m->command) {
	case CHANNEL_OPEN:
		note_sibling(srv, m, m->fd);
		break;
	case CHANNEL_CLOSE:
		note_sibling(srv, m, -1);
		break;
	case CHANNEL_QUIT:
		quit(srv);
		break;
	case CHANNEL_TERMINATE:
		serve_stop(srv);
		break;
	case CHANNEL_REOPEN:
		take_log(srv, m);
		break;
	default:
		LOG(srv, "[error] the master says %ld, which means nothing",
		    (long)m->command);
		if (m->fd != -1)
			close(m->fd);
	}
}

static void
orphaned(void *server, int events)
{
	struct server *srv = server;
	struct process *process = srv->process;

	(void)events;
	if (process->lifeline[0] == -1)
		return;
	LOG(srv, "[error] the master is gone");
	fdevent_del(srv->ev, process->lifeline[0]);
	process->lifeline[0] = -1;
	process->sender.pid = 0;
	quit(srv);
}

static void
listen_to_master(void *server, int events)
{
	struct server *srv = server;
	struct channel_message m;
	int got = 0;

	while (srv->process->channel != -1) {
		got = channel_read(srv->process->channel, &m);
		if (got < 1)
			break;
		obey(srv, &m);
	}
	if (got == -1) {
		fdevent_del(srv->ev, srv->process->channel);
		srv->process->channel = -1;
		orphaned(srv, events);
	}
}

/* ---- beginning ---- */

/* server.worker-affinity: "auto", or numbers to choose from in turn. */
static void
pin(struct server *srv, int nth)
{
	const char *list = srv->core->worker_affinity, *at;
	long cpu = 0;
	char *end;
	int i;

	if (list == NULL)
		return;
	if (strcmp(list, "auto") == 0)
		cpu = sys_processor(nth);
	else
		for (i = 0, at = list; i <= nth; i++, at = end) {
			if (at[strspn(at, " ")] == '\0')
				at = list;
			cpu = strtol(at, &end, 10);
		}
	if (sys_affinity(cpu > INT_MAX ? INT_MAX : (int)cpu) == -1)
		LOG(srv, "[warn] server.worker-affinity: %s", strerror(errno));
}

int
worker_open(struct server *srv, struct proc *self)
{
	struct process *process = srv->process;
	const struct core_conf *core;

	process->role = ROLE_WORKER;
	process->status = 0;
	process->channel = self->child_fd;
	srv->shared = 1;		/* the listeners are the master's */
	srv->alive_fd = process->alive[1];
	tally_join(srv, (int)(self - process->procs));
	close(process->lifeline[1]);
	if (process->pid_fd != -1)
		close(process->pid_fd);
	if (process->notify_fd != -1)
		close(process->notify_fd);
	if (process->verdict_fd != -1)
		close(process->verdict_fd);
	process->pid_fd = process->notify_fd = process->verdict_fd = -1;
	process->lifeline[1] = -1;
	proc_inherit(srv, self);
	signal_close();
	fdevent_free(srv->ev);
	srv->ev = NULL;
	srv->ticking = 0;		/* timers are not inherited */
	process->watch_at = process->readers_at = process->signal_at = 0;
	process->again = 0;
	if (srv->config != self->config)
		config_use(srv, config_hold(self->config));
	/* during a reload there are sockets for the old and for the new */
	if (process->next != NULL && process->next != self->config)
		net_cancel(srv);
	else
		net_retire(srv);
	config_drop(process->next);
	process->next = NULL;
	core = srv->core;
	process->number = self->number;
	title_set(srv, "glimd: worker %d", self->number);
	pin(srv, self->number - 1);
	if (core->worker_priority != 0
	    && sys_nice(core->worker_priority) == -1)
		LOG(srv, "[warn] server.worker-priority: %s", strerror(errno));
	if (daemon_limits(srv) == -1 || daemon_drop(srv) == -1)
		return -1;
	return 0;
}

int
worker_ready(struct server *srv, struct proc *self)
{
	struct process *process = srv->process;
	struct channel_message m = { CHANNEL_READY, 0, -1, 0, 0 };

	m.slot = (int32_t)(self - process->procs);
	m.pid = (int32_t)getpid();
	if (fdevent_add(srv->ev, process->channel, FDEVENT_IN,
	    listen_to_master, srv) == 0
	    && fdevent_add(srv->ev, process->lifeline[0], FDEVENT_IN
	    | FDEVENT_SHARED, orphaned, srv) == 0
	    && channel_send(process->channel, &m) == 0)
		return 0;
	LOG(srv, "cannot reach the master: %s", strerror(errno));
	return -1;
}
