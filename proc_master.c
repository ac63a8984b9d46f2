/*
 * proc_master.c - the master's loop: one function for each signal, and what
 * follows from its workers' deaths.
 *
 *   start, reload:  spawn N for the new configuration
 *                     | all READY             | one fails
 *                     v                       v
 *            the old ones QUIT        the new ones TERMINATE
 *
 * The master serves nobody, so nothing a client does reaches it. It has the
 * listening sockets, the log files and, if need be, root; what of these a
 * worker lacks is inherited or comes over its channel.
 */
#include <sys/wait.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "proc.h"

enum {
	STOP_FIRST = 50,	/* ms until TERM is sent again; then doubled */
	STOP_LAST = 1000,	/* ms until KILL */
	BEATS_MISSED = 3	/* looks, a second apart */
};

/* ---- all workers ---- */

/* Tells those that are (or are not) just spawned to end. */
static void
end_workers(struct server *srv, int just_spawned, enum channel_command cmd)
{
	struct process *process = srv->process;
	struct proc *p;
	int i;

	for (i = 0; i < process->used; i++) {
		p = process->procs + i;
		if (p->entry == NULL || p->detached
		    || p->just_spawned != (unsigned)just_spawned)
			continue;
		p->respawn = 0;
		p->exiting = 1;
		if (p->pid == 0) {
			proc_free(srv, p);
			continue;
		}
		if (cmd == CHANNEL_TERMINATE && !p->terminated) {
			p->terminated = 1;
			p->kill_at = clock_ms() + STOP_LAST;
		}
		proc_tell(srv, p, cmd);
	}
}

static void
end_all(struct server *srv, enum channel_command cmd)
{
	end_workers(srv, 0, cmd);
	end_workers(srv, 1, cmd);
}

static int
count_running(const struct server *srv)
{
	const struct process *process = srv->process;
	int i, n = 0;

	for (i = 0; i < process->used; i++)
		n += process->procs[i].entry != NULL
		    && !process->procs[i].detached;
	return n;
}

int
master_done(const struct server *srv)
{
	return (srv->stopping || srv->quitting) && count_running(srv) == 0;
}

/* ---- one generation after the other ---- */

/* Begins to end all workers; master_turn goes on. */
static void
stop_now(struct server *srv)
{
	struct process *process = srv->process;

	daemon_notify(srv, "STOPPING=1");
	srv->stopping = 1;
	process->delay = STOP_FIRST;
	process->signal_at = clock_ms() + STOP_FIRST;
	net_close(srv);
	end_all(srv, CHANNEL_TERMINATE);
}

/* The generation for process->next is not to be. */
static void
give_up(struct server *srv)
{
	struct process *process = srv->process;

	LOG(srv, process->announce != NULL
	    ? "[error] a worker cannot start: the end"
	    : "[error] new workers cannot start: all goes on as it was");
	end_workers(srv, 1, CHANNEL_TERMINATE);
	if (process->announce != NULL) {	/* the start itself */
		stop_now(srv);
	} else {
		net_cancel(srv);
		daemon_notify(srv, "READY=1");
	}
	config_drop(process->next);
	process->next = NULL;
}

/* Has the workers for config started; its reference is ours now. */
static void
raise_workers(struct server *srv, struct config *config)
{
	struct process *process = srv->process;
	int i;

	process->next = config;
	process->no_accept = 0;
	for (i = 1; i <= config->core->max_worker || i == 1; i++)
		if (proc_spawn(srv, PROC_JUST_RESPAWN, process->entry, config,
		    "worker", i) == NULL) {
			give_up(srv);
			return;
		}
}

/* All of the new generation serve: the old one may go. */
static void
take_over(struct server *srv)
{
	struct process *process = srv->process;
	int i, changed = process->next != srv->config;

	config_use(srv, process->next);
	process->next = NULL;
	net_retire(srv);		/* nobody new comes there ... */
	end_workers(srv, 0, CHANNEL_QUIT);	/* ... and these may go */
	for (i = 0; i < process->used; i++)
		process->procs[i].just_spawned = 0;
	if (process->announce != NULL) {
		process->status = EXIT_SUCCESS;
		process->announce(srv);
	} else {
		LOG(srv, changed ? "[note] configuration reloaded"
		    : "[note] workers are back");
	}
	process->announce = NULL;
	daemon_notify(srv, "READY=1");
}

/* Is a generation on its way, and complete? */
static int
is_complete(const struct server *srv)
{
	const struct process *process = srv->process;
	const struct proc *p = process->procs;

	if (process->next == NULL || srv->quitting || srv->stopping)
		return 0;
	for (; p < process->procs + process->used; p++)
		if (p->just_spawned && !p->exiting && !p->ready)
			return 0;
	return 1;
}

void
master_message(void *proc, int events)
{
	struct proc *p = proc;
	struct server *srv = p->srv;
	struct channel_message m;
	int got;

	(void)events;
	for (got = channel_read(p->fd, &m); got == 1;
	    got = channel_read(p->fd, &m)) {
		if (m.fd != -1)
			close(m.fd);
		if (m.command != CHANNEL_READY) {
			LOG(srv, "[error] worker %d says %ld, which means "
			    "nothing", p->number, (long)m.command);
			continue;
		}
		p->ready = 1;
		if (!p->terminated)
			p->kill_at = 0;
	}
	if (got == -1) {		/* if it died, we hear of it */
		fdevent_del(srv->ev, p->fd);
		p->fd = -1;
	}
}

/* ---- watching ---- */

/* A worker that was idle has something to do: from now on until all are idle
 * again, each second counts. */
static void
on_alive(void *server, int events)
{
	struct server *srv = server;
	char bytes[64];

	(void)events;
	while (read(srv->process->alive[0], bytes, sizeof(bytes)) > 0)
		continue;
	if (srv->process->watch_at == 0)
		srv->process->watch_at = clock_ms() + 1000;
}

/* Who has clients and does not even tick is stuck. All that is compared is one
 * look with the next: after a time in which nobody ran, nobody is to blame. */
static void
watch(struct server *srv)
{
	struct process *process = srv->process;
	struct proc *p;
	uint32_t beat;
	int i, busy = 0;

	for (i = 0; i < process->used; i++) {
		p = process->procs + i;
		beat = srv->slots[i].beat;
		p->missed = beat != 0 && beat == p->beat ? p->missed + 1 : 0;
		p->beat = beat;
		if (p->pid == 0 || beat == 0)
			continue;
		busy = 1;
		if (p->missed != BEATS_MISSED)
			continue;
		LOG(srv, "[error] worker %d (%ld) does not answer%s",
		    p->number, (long)p->pid,
		    srv->core->worker_watchdog ? ", killed" : "");
		if (srv->core->worker_watchdog)
			(void)kill(p->pid, SIGKILL);
	}
	process->watch_at = busy ? clock_ms() + 1000 : 0;
}

int
master_open(struct server *srv, proc_entry_fn *entry, signal_fn *announce)
{
	struct process *process = srv->process;

	process->entry = entry;
	process->announce = announce;
	process->status = EXIT_FAILURE;		/* until all of them serve */
	title_set(srv, "glimd: master %s", srv->opt->file != NULL
	    ? srv->opt->file : srv->opt->path);
	srv->slots = sys_shared((PROC_SLOTS + 1) * sizeof(*srv->slots));
	if (srv->slots == NULL || sys_pipe(process->lifeline) == -1
	    || sys_pipe(process->alive) == -1 || fdevent_add(srv->ev,
	    process->alive[0], FDEVENT_IN, on_alive, srv) == -1) {
		LOG(srv, "cannot watch workers: %s", strerror(errno));
		return -1;
	}
	raise_workers(srv, config_hold(srv->config));
	return 0;
}

/* ---- signals ---- */

static void
log_death(struct server *srv, const struct proc *p)
{
	int status = p->status;

	if (WIFSIGNALED(status))
		LOG(srv, "[error] %s %d (%ld) died of signal %d", p->name,
		    p->number, (long)p->was, WTERMSIG(status));
	else if (WEXITSTATUS(status) != 0 || !p->exiting)
		LOG(srv, "[error] %s %d (%ld) ended with status %d", p->name,
		    p->number, (long)p->was, WEXITSTATUS(status));
}

static void
died(struct server *srv, struct proc *p)
{
	struct process *process = srv->process;
	int killed = WIFSIGNALED(p->status) && WTERMSIG(p->status) == SIGKILL
	    && !p->late;
	int final = WIFEXITED(p->status) && WEXITSTATUS(p->status) == 2;

	tally_leave(srv->slots + (p - process->procs));
	if (p->detached) {
		upgrade_failed(srv, p);
		if (process->no_accept && !srv->quitting && !srv->stopping)
			raise_workers(srv, config_hold(srv->config));
		return;
	}
	log_death(srv, p);
	if (p->just_spawned && !p->ready && !killed && !p->exiting) {
		proc_free(srv, p);
		give_up(srv);
		return;
	}
	if (p->respawn && !final) {
		proc_respawn(p);
		return;
	}
	final = final && p->respawn;
	proc_free(srv, p);
	if (final && count_running(srv) == 0) {
		LOG(srv, "[error] no worker is left that could be replaced");
		process->status = 2;
		srv->stopping = 1;
	}
}

static void
child(struct server *srv)
{
	proc_reap(srv, died);
}

static void
stop(struct server *srv)
{
	signal_tell(srv, "stop");
	if (!srv->stopping)
		stop_now(srv);
}

static void
quit(struct server *srv)
{
	int timeout = srv->core->graceful_shutdown_timeout;

	signal_tell(srv, "graceful stop");
	if (srv->quitting || srv->stopping)
		return;
	daemon_notify(srv, "STOPPING=1");
	srv->quitting = 1;
	daemon_pidfile_remove(srv);	/* then the next one has the port */
	net_close(srv);
	end_all(srv, CHANNEL_QUIT);
	if (timeout > 0)
		srv->process->signal_at = clock_ms() + timeout * 1000;
}

static void
reopen(struct server *srv)
{
	serve_reopen(srv);
	proc_hand_logs(srv);
}

static void
reload(struct server *srv)
{
	struct process *process = srv->process;
	struct config *config;

	if (srv->quitting || srv->stopping)
		return;
	reopen(srv);
	if (process->next != NULL) {	/* one after the other */
		process->again = 1;
		return;
	}
	daemon_notify(srv, "RELOADING=1");
	/* workers that were sent away come back as they were: what is on the
	 * disk may be for the next binary */
	config = process->no_accept ? config_hold(srv->config)
	    : serve_prepare(srv);
	if (config != NULL)
		raise_workers(srv, config);
	else
		daemon_notify(srv, "READY=1");
}

static void
no_accept(struct server *srv)
{
	struct process *process = srv->process;

	if (process->announce != NULL)		/* has not begun */
		return;
	signal_tell(srv, "no more clients");
	process->no_accept = 1;
	process->again = 0;
	end_all(srv, CHANNEL_QUIT);
	if (process->next != NULL) {
		net_cancel(srv);
		daemon_notify(srv, "READY=1");
	}
	config_drop(process->next);
	process->next = NULL;
}

signal_fn *const master_signals[SIGNAL_FLAGS] = {
	[SIGNAL_CHILD] = child,
	[SIGNAL_STOP] = stop,
	[SIGNAL_QUIT] = quit,
	[SIGNAL_RELOAD] = reload,
	[SIGNAL_REOPEN] = reopen,
	[SIGNAL_UPGRADE] = upgrade_start,
	[SIGNAL_NO_ACCEPT] = no_accept
};

/* Kills those whose time is up. */
static void
kill_late(struct server *srv, int64_t now)
{
	struct process *process = srv->process;
	struct proc *p = process->procs;

	for (; p < process->procs + process->used; p++) {
		if (p->pid == 0 || p->kill_at == 0 || p->kill_at > now)
			continue;
		if (!p->terminated)
			LOG(srv, "[error] worker %d (%ld) does not get ready",
			    p->number, (long)p->pid);
		(void)kill(p->pid, SIGKILL);
		p->kill_at = 0;
		p->late = 1;
	}
}

void
master_turn(struct server *srv)
{
	struct process *process = srv->process;
	int64_t now = process->used > 0 ? clock_ms() : 0;

	if (process->watch_at != 0 && process->watch_at <= now)
		watch(srv);
	kill_late(srv, now);
	if (is_complete(srv))
		take_over(srv);
	if (process->again && process->next == NULL) {
		process->again = 0;
		reload(srv);
	}
	if (process->signal_at == 0 || now < process->signal_at)
		return;
	if (!srv->stopping) {
		LOG(srv, "[warn] workers take longer than server.graceful-"
		    "shutdown-timeout: stop");
		stop_now(srv);
		return;
	}
	end_all(srv, CHANNEL_TERMINATE);
	process->delay *= 2;
	process->signal_at += process->delay;
}
