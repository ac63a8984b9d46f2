/*
 * server.c - main() as a table of contents, and the loop.
 *
 * Binds everything and does nothing itself: each line of main is a step of
 * start-up that an administrator would name, each line of run a step of every
 * turn, in whatever process.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gw.h"
#include "proc.h"

enum { TICK_MS = 1000 };

/* ---- the loop ---- */

/* What every process has: events, signals, slots for children. */
static int
open_events(struct server *srv)
{
	srv->ev = fdevent_new(srv->ops);
	if (srv->ev == NULL || (srv->process->procs == NULL
	    && proc_open(srv) == -1)) {
		LOG(srv, "cannot start %s: %s", srv->ops->name,
		    strerror(errno));
		return -1;
	}
	return signal_open(srv);
}

/* What one has that serves: a cache, clients, modules, the tick. */
static int
open_service(struct server *srv)
{
	int fd;

	/* a quarter of the descriptors for files that are kept open */
	srv->cache = stat_cache_new(srv->max_fds / 4);
	if (srv->cache == NULL) {
		LOG(srv, "no memory for the cache");
		return -1;
	}
	if (net_register(srv) == -1
	    || plugins_start(srv->config->plugins, srv) == -1)
		return -1;
	/* the next descriptor's number is how many there are */
	fd = dup(0);
	if (fd != -1)
		close(fd);
	srv->own_fds = fd > srv->ev->count ? fd - srv->ev->count : 0;
	clock_refresh(srv);
	timer_init(&srv->wheel, srv->tick);
	srv->idle_since = srv->tick;
	srv->slot->serves = 1;
	if (srv->opt->idle == 0 && !srv->opt->one)
		clock_stop(srv);	/* until the first client */
	return 0;
}

/* -1: the one connection is standard input. */
static int
open_inetd(struct server *srv)
{
	union {
		struct sockaddr sa;
		struct sockaddr_in6 in6;
		char room[128];
	} peer;
	socklen_t size = sizeof(peer);
	int fd = dup(0);

	if (fd == -1 || sys_nonblocking(fd) == -1
	    || getpeername(fd, &peer.sa, &size) == -1) {
		LOG(srv, "-1: standard input is no connected socket: %s",
		    strerror(errno));
		if (fd != -1)
			close(fd);
		return -1;
	}
	if (conn_new(srv, NULL, fd, &peer.sa, size) == 0)
		return 0;
	LOG(srv, "-1: %s", strerror(ENOMEM));
	return -1;
}

static void
announce(struct server *srv)
{
	struct listener *l;

	for (l = srv->listeners; l != NULL; l = l->next)
		LOG(srv, "[note] listening on %s", l->name);
	if (srv->opt->path != NULL && srv->listeners != NULL)
		fprintf(stderr, srv->listeners->unix_path != NULL
		    ? "glimd: %s on %s\n" : "glimd: %s on http://%s/\n",
		    srv->opt->path, srv->listeners->name);
	if (!srv->opt->one)
		LOG(srv, "[note] started, %s, %d connections at most",
		    srv->ops->name, srv->max_conns);
}

static int
is_done(const struct server *srv)
{
	if (srv->process->role == ROLE_MASTER)
		return master_done(srv);
	return srv->stopping || (srv->conns == 0
	    && (srv->quitting || srv->opt->one));
}

/* Milliseconds that the next turn may wait, or -1. */
static int
patience(const struct server *srv)
{
	int wait = proc_wait(srv);

	if (srv->jobs.next != &srv->jobs)
		return 0;
	if (srv->nthrottled > 0)
		return rate_patience(srv);
	return srv->ticking && (wait == -1 || wait > TICK_MS) ? TICK_MS
	    : wait;
}

static int
run(struct server *srv, signal_fn *const *on_signal)
{
	enum role role = srv->process->role;
	struct proc *child;

	while (!is_done(srv)) {
		child = role == ROLE_WORKER ? NULL
		    : proc_start(srv, master_message);
		if (child != NULL)	/* this is the new process */
			return child->entry(srv, child);
		if (fdevent_turn(srv->ev, patience(srv)) == -1) {
			LOG(srv, "%s: %s", srv->ops->name, strerror(errno));
			return EXIT_FAILURE;
		}
		conn_jobs(srv);
		srv->turn++;
		srv->turn_bytes = 0;
		signal_act(srv, on_signal);
		proc_readers(srv);
		if (role == ROLE_MASTER)
			master_turn(srv);
		else
			net_overload(srv);
	}
	if (!srv->opt->one)	/* whose standard error may be the socket */
		LOG(srv, "[note] stopped after %llu requests",
		    (unsigned long long)srv->requests);
	return srv->process->status;
}

/* A worker's whole life. What it cannot do at its start, no other could. */
static int
work(struct server *srv, struct proc *self)
{
	if (worker_open(srv, self) == -1 || open_events(srv) == -1
	    || open_service(srv) == -1 || worker_ready(srv, self) == -1)
		return 2;
	daemon_report(srv, EXIT_SUCCESS);
	return run(srv, worker_signals);
}

static void
serving(struct server *srv)
{
	announce(srv);
	daemon_report(srv, EXIT_SUCCESS);
}

/* Serves alone, or has workers serve. */
static int
serve(struct server *srv)
{
	if (open_events(srv) == -1)
		return EXIT_FAILURE;
	if (srv->process->role == ROLE_MASTER)
		return master_open(srv, work, serving) == -1 ? EXIT_FAILURE
		    : run(srv, master_signals);
	if (open_service(srv) == -1
	    || (srv->opt->one && open_inetd(srv) == -1))
		return EXIT_FAILURE;
	serving(srv);
	daemon_notify(srv, "READY=1");
	return run(srv, serve_signals);
}

/* ---- start and end ---- */

static struct server *
server_new(const struct options *opt, struct title *title)
{
	struct server *srv = calloc(1, sizeof(*srv));
	struct process *process = calloc(1, sizeof(*process));

	if (srv == NULL || process == NULL) {
		fprintf(stderr, "glimd: out of memory\n");
		free(srv);
		free(process);
		return NULL;
	}
	srv->opt = opt;
	srv->process = process;
	process->title = title;
	srv->first_log.fd = 2;
	srv->log = &srv->first_log;
	srv->folder = sys_realpath(".");
	srv->started = (uint32_t)(clock_ms() / 1000);
	srv->slots = srv->alone;
	tally_join(srv, 0);
	process->pid_fd = process->verdict_fd = process->null_fd = -1;
	process->notify_fd = process->channel = srv->alive_fd = -1;
	process->lifeline[0] = process->lifeline[1] = -1;
	srv->jobs.next = srv->jobs.prev = &srv->jobs;
	srv->fd_queue.next = srv->fd_queue.prev = &srv->fd_queue;
	srv->throttled.next = srv->throttled.prev = &srv->throttled;
	timer_init(&srv->wheel, 0);
	return srv;
}

static void
server_free(struct server *srv)
{
	signal_block(1);		/* without handlers they kill */
	daemon_pidfile_remove(srv);
	net_close(srv);
	if (srv->ev != NULL)
		conn_close_all(srv);
	conn_free_pools(srv);
	fdevent_free(srv->ev);
	srv->ev = NULL;
	if (srv->ticking)		/* or the last one would be deadly */
		clock_stop(srv);
	stat_cache_free(srv->cache);
	proc_close(srv);
	config_drop(srv->config);
	gw_child_end_all(srv);
	signal_close();
	buf_free(&srv->stamp);
	free(srv->folder);
	free(srv->process);
	free(srv);
}

static void
keep_quiet(void *context, const char *line)
{
	(void)context;
	(void)line;
}

/* Reads the configuration and makes all checks that need no server. */
static int
configure(struct server *srv)
{
	struct config *config = config_new(srv);

	if (config == NULL)
		return -1;
	config_use(srv, config);
	return config_check(config);
}

/* -s. To end a server its pid file is enough, however broken the rest of the
 * configuration is. */
static int
tell_running(struct server *srv)
{
	struct conf_report report = { keep_quiet, NULL, 1, 0 };
	struct conf_setting *s = NULL;
	struct conf *c;
	int result = -1;

	if (strcmp(srv->opt->word, "reload") == 0 && (configure(srv) == -1
	    || plugins_setup(srv->config) == -1)) {
		fprintf(stderr, "glimd: not reloaded\n");
		return EXIT_FAILURE;
	}
	c = conf_read(srv->opt->file, NULL, &report);
	if (c != NULL)
		s = conf_find(c, "server.pid-file");
	if (s == NULL || s->value.kind != CONF_VALUE_TEXT)
		fprintf(stderr, "glimd: %s: finds no server.pid-file there\n",
		    srv->opt->file);
	else
		result = daemon_signal(s->value.text,
		    signal_number(srv->opt->word));
	if (c != NULL)
		conf_free(c);
	return result == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* -t and -p. */
static int
show(struct server *srv)
{
	struct buf text = { NULL, 0, 0, 0 };
	int status = EXIT_SUCCESS;

	if (srv->opt->print) {
		conf_print(&text, srv->config->conf);
		if (text.failed || fwrite(text.p, 1, text.n, stdout) != text.n)
			status = EXIT_FAILURE;
		buf_free(&text);
	}
	if (srv->opt->check)
		puts("Syntax OK");
	if (fflush(stdout) != 0)
		status = EXIT_FAILURE;
	return status;
}

/* From the configuration to the end. Returns the exit status. */
static int
start(struct server *srv)
{
	const struct options *opt = srv->opt;

	if (opt->word != NULL)
		return tell_running(srv);
	upgrade_look(srv);
	if (configure(srv) == -1)
		return EXIT_FAILURE;
	if (opt->check || opt->print)
		return plugins_setup(srv->config) == -1 ? EXIT_FAILURE
		    : show(srv);
	if (srv->core->max_worker > 0 && !opt->one)
		srv->process->role = ROLE_MASTER;
	upgrade_inherit(srv);
	/* before any chroot: the pid file; before root is given up: port 80 */
	if ((!opt->one && daemon_pidfile_open(srv) == -1)
	    || daemon_limits(srv) == -1		/* descriptors, core size */
	    || (!opt->one && (net_open(srv, srv->config) == -1
	    || daemon_pidfile_again(srv) == -1))
	    || daemon_prepare(srv) == -1
	    || (srv->process->role == ROLE_ALONE && daemon_drop(srv) == -1)
	    || plugins_setup(srv->config) == -1
	    || daemon_start(srv) == -1	/* the shell waits for our verdict */
	    || config_open_logs(srv->config) == -1)	/* by our children */
		return EXIT_FAILURE;
	net_retire(srv);		/* inherited, but not wanted */
	return serve(srv);
}

int
main(int argc, char **argv)
{
	struct options opt;
	struct server *srv;
	struct title title;
	int status = EXIT_FAILURE;

	if (title_open(&title, argv) == -1)
		return EXIT_FAILURE;
	if (options_parse(&opt, argc, title.args) == -1) {
		status = opt.status;		/* -v -V -h end here */
	} else if (daemon_clean(&opt) == 0) {	/* set-uid, 0 to 2 */
		srv = server_new(&opt, &title);
		if (srv != NULL) {
			status = start(srv);
			daemon_report(srv, status);
			server_free(srv);
		}
	}
	title_close(&title);
	return status;
}
