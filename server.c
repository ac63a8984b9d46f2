/*
 * server.c - main() as a table of contents, and the loop.
 *
 * Binds everything and does nothing itself: each line of main is a step of
 * start-up that an administrator would name, each line of server_work a step
 * of every turn.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "plugin.h"
#include "proc.h"

enum { TICK_MS = 1000 };

/* ---- the tick ---- */

/* Once a second, while there is something to time. */
static void
tick(struct server *srv)
{
	const char *why;
	int aging;

	/* a log reader that died is started again */
	clock_refresh(srv);
	if (srv->core->errorlog != NULL && srv->core->errorlog[0] == '|')
		(void)log_open(&srv->log, srv->core->errorlog, &why);
	timer_turn(&srv->wheel, srv->tick, conn_expire, srv);
	plugins_tell(srv->plugins, HOOK_TRIGGER, srv);
	aging = stat_cache_age(srv->cache, srv->tick);
	if (srv->conns > 0)
		return;
	if (srv->opt->idle > 0) {
		if (srv->tick - srv->idle_since >= (uint32_t)srv->opt->idle) {
			LOG(srv, "[note] idle for %d seconds, graceful stop",
			    srv->opt->idle);
			srv->quitting = 1;
		}
	} else if (!aging && !srv->paused) {
		clock_stop(srv);	/* an idle server does not wake */
	}
}

/* ---- signals ---- */

static void
reopen_logs(struct server *srv)
{
	const char *why;

	if (log_open(&srv->log, srv->core->errorlog, &why) == -1)
		LOG(srv, "%s %s: %s; the old log goes on", why,
		    srv->core->errorlog, strerror(errno));
	plugins_tell(srv->plugins, HOOK_SIGHUP, srv);
}

/* Was the signal seen? Says so, with its sender, in the log: for those that
 * reopen it, in the new one. */
static int
told(struct server *srv, enum signal_flag flag, const char *what)
{
	uid_t uid;
	pid_t pid;

	if (!signal_take(flag, &uid, &pid))
		return 0;
	if (flag == SIGNAL_RELOAD || flag == SIGNAL_REOPEN)
		reopen_logs(srv);
	LOG(srv, "[note] %s, UID = %ld PID = %ld", what, (long)uid, (long)pid);
	return 1;
}

/* No new clients; those there are get what they asked for. */
static void
quit(struct server *srv)
{
	srv->quitting = 1;
	net_close(srv);
	daemon_pidfile_remove(srv);
	conn_close_idle(srv);
}

static void
act_on_signals(struct server *srv)
{
	if (told(srv, SIGNAL_STOP, "stop")
	    || (srv->interrupted && told(srv, SIGNAL_INT, "stop")))
		srv->stopping = 1;
	if (told(srv, SIGNAL_INT, "graceful stop")) {
		srv->interrupted = 1;	/* the next one stops */
		quit(srv);
	}
	if (told(srv, SIGNAL_QUIT, "graceful stop"))
		quit(srv);
	(void)told(srv, SIGNAL_RELOAD, "logs reopened");
	(void)told(srv, SIGNAL_REOPEN, "logs reopened");
	(void)told(srv, SIGNAL_UPGRADE, "not done yet");
	(void)told(srv, SIGNAL_NO_ACCEPT, "not done yet");
	if (signal_take(SIGNAL_CHILD, NULL, NULL))
		plugins_tell(srv->plugins, HOOK_WAITPID, srv);
	if (signal_take(SIGNAL_TICK, NULL, NULL))
		tick(srv);
}

/* ---- the loop ---- */

static int
open_events(struct server *srv)
{
	srv->ev = fdevent_new(srv->ops);
	/* a quarter of the descriptors for files that are kept open */
	srv->cache = stat_cache_new(srv->max_fds / 4);
	if (srv->ev == NULL || srv->cache == NULL) {
		LOG(srv, "cannot start %s: %s", srv->ops->name,
		    strerror(errno));
		return -1;
	}
	if (signal_open(srv) == -1 || net_register(srv) == -1
	    || plugins_start(srv->plugins, srv) == -1)
		return -1;
	clock_refresh(srv);
	timer_init(&srv->wheel, srv->tick);
	srv->idle_since = srv->tick;
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
	return conn_new(srv, NULL, fd, &peer.sa, size);
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
server_work(struct server *srv)
{
	int wait;

	if (open_events(srv) == -1)
		return EXIT_FAILURE;
	if (srv->opt->one && open_inetd(srv) == -1)
		return EXIT_FAILURE;
	announce(srv);
	daemon_report(srv, EXIT_SUCCESS);
	while (!srv->stopping && (srv->conns > 0
	    || !(srv->quitting || srv->opt->one))) {
		wait = srv->jobs != NULL ? 0 : srv->ticking ? TICK_MS : -1;
		if (fdevent_turn(srv->ev, wait) == -1) {
			LOG(srv, "%s: %s", srv->ops->name, strerror(errno));
			return EXIT_FAILURE;
		}
		conn_jobs(srv);
		act_on_signals(srv);
		net_overload(srv);
	}
	if (!srv->opt->one)	/* whose standard error may be the socket */
		LOG(srv, "[note] stopped after %llu requests",
		    (unsigned long long)srv->requests);
	return EXIT_SUCCESS;
}

/* ---- start and end ---- */

static struct server *
server_new(const struct options *opt)
{
	struct server *srv = calloc(1, sizeof(*srv));

	if (srv == NULL) {
		fprintf(stderr, "glimd: out of memory\n");
		return NULL;
	}
	srv->opt = opt;
	srv->log.fd = 2;
	srv->pid_fd = srv->verdict_fd = srv->null_fd = -1;
	srv->jobs_last = &srv->jobs;
	timer_init(&srv->wheel, 0);
	return srv;
}

static void
server_free(struct server *srv)
{
	if (srv->ev != NULL)
		conn_close_all(srv);
	conn_free_pools(srv);
	net_free(srv);
	daemon_pidfile_remove(srv);
	fdevent_free(srv->ev);
	if (srv->ticking)		/* or the last one would be deadly */
		clock_stop(srv);
	plugins_free(srv->plugins, srv);
	stat_cache_free(srv->cache);
	if (srv->conf != NULL)
		conf_drop(srv->conf);
	if (srv->null_fd != -1)
		close(srv->null_fd);
	log_close(&srv->log);
	signal_close();			/* a log's reader may be gone */
	buf_free(&srv->stamp);
	free(srv);
}

static void
keep_quiet(void *context, const char *line)
{
	(void)context;
	(void)line;
}

/* -s. To end a server its pid file is enough, however broken the rest of the
 * configuration is. */
static int
tell_running(struct server *srv)
{
	struct conf_report report = { keep_quiet, NULL, 1, 0 };
	struct conf *c = conf_read(srv->opt->file, NULL, &report);
	struct conf_setting *s = NULL;
	int result = -1;

	if (c != NULL)
		s = conf_find(c, "server.pid-file");
	if (s == NULL || s->value.kind != CONF_VALUE_TEXT)
		fprintf(stderr, "glimd: %s: finds no server.pid-file there\n",
		    srv->opt->file);
	else
		result = daemon_signal(s->value.text,
		    signal_number(srv->opt->word));
	if (c != NULL)
		conf_drop(c);
	return result == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* -t and -p. */
static int
show(struct server *srv)
{
	struct buf text = { NULL, 0, 0, 0 };
	int status = EXIT_SUCCESS;

	if (srv->opt->print) {
		conf_print(&text, srv->conf);
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

static int
open_log(struct server *srv)
{
	const struct core_conf *core = srv->core;
	const char *why;

	srv->log.use_syslog = core->errorlog_use_syslog;
	if (core->errorlog_use_syslog
	    || log_open(&srv->log, core->errorlog, &why) == 0)
		return 0;
	LOG(srv, "%s %s: %s", why, core->errorlog, strerror(errno));
	return -1;
}

int
main(int argc, char **argv)
{
	struct options opt;
	struct server *srv;
	int status = EXIT_FAILURE;

	if (options_parse(&opt, argc, argv) == -1)	/* -v -V -h end here */
		return opt.status;
	if (daemon_clean(&opt) == -1)	/* set-uid, descriptors 0 to 2 */
		return EXIT_FAILURE;
	srv = server_new(&opt);
	if (srv == NULL)
		return EXIT_FAILURE;
	if (opt.word != NULL) {
		status = tell_running(srv);
		goto out;
	}
	if (server_configure(srv) == -1 || server_check(srv) == -1)
		goto out;
	sys_close_from(3);		/* what was inherited */
	if (opt.check || opt.print) {
		if (plugins_setup(srv->plugins, srv) == 0)
			status = show(srv);
		goto out;
	}
	/* before any chroot: the pid file; before root is given up: port 80 */
	if ((!opt.one && daemon_pidfile_open(srv) == -1)
	    || daemon_limits(srv) == -1		/* descriptors, core size */
	    || (!opt.one && net_open(srv) == -1)
	    || daemon_drop(srv) == -1
	    || plugins_setup(srv->plugins, srv) == -1
	    || open_log(srv) == -1
	    || daemon_start(srv) == -1)	/* the shell waits for our verdict */
		goto out;
	status = server_work(srv);
out:
	daemon_report(srv, status);
	server_free(srv);
	return status;
}
