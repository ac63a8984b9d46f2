/*
 * proc_serve.c - what signals do to a process that serves: one that is alone,
 * and in part a worker.
 *
 * A reload reads the configuration again, and everything that can fail is
 * tried before anything changes. Then new requests get the new one, and what
 * has begun ends under the old (config.c counts who holds which).
 */
#include <errno.h>
#include <string.h>

#include "gw.h"
#include "proc.h"

void
serve_stop(struct server *srv)
{
	if (srv->stopping)
		return;
	signal_tell(srv, "stop");
	daemon_notify(srv, "STOPPING=1");
	srv->stopping = 1;
}

void
serve_quit(struct server *srv)
{
	signal_tell(srv, "graceful stop");
	if (srv->quitting)
		return;
	daemon_notify(srv, "STOPPING=1");
	srv->quitting = srv->draining = 1;
	srv->quit_tick = srv->tick;
	daemon_pidfile_remove(srv);	/* then the next one has the port */
	net_close(srv);
	conn_close_idle(srv);
}

void
serve_reopen(struct server *srv)
{
	struct config *config;

	for (config = srv->configs; config != NULL; config = config->next) {
		plugins_tell(config->plugins, HOOK_SIGHUP, srv);
		(void)config_open_logs(config);
	}
	signal_tell(srv, "logs reopened");
}

/* ---- reload ---- */

static const char refused[] = "[error] reload refused: all goes on as it was";

static int
differ(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a != b : strcmp(a, b) != 0;
}

/* What a process cannot change while it runs is said, and stays. */
static void
tell_lasting(struct server *srv, const struct core_conf *new)
{
	const struct core_conf *old = srv->core;
	int alone = srv->process->role == ROLE_ALONE;
	const struct {
		const char *key;
		int differs;
	} lasting[] = {
		{ "server.pid-file", differ(old->pid_file, new->pid_file) },
		{ "server.max-worker from or to 0",
		    (old->max_worker == 0) != (new->max_worker == 0) },
		{ "server.event-handler", alone
		    && differ(old->event_handler, new->event_handler) },
		{ "server.username", alone
		    && differ(old->username, new->username) },
		{ "server.groupname", alone
		    && differ(old->groupname, new->groupname) },
		{ "server.chroot", alone && differ(old->chroot, new->chroot) }
	};
	size_t i;

	for (i = 0; i < COUNT(lasting); i++)
		if (lasting[i].differs)
			LOG(srv, "[warn] %s: changes with the next start",
			    lasting[i].key);
}

struct config *
serve_prepare(struct server *srv)
{
	struct config *config = config_new(srv);

	if (config == NULL)
		goto refuse;
	if (config_check(config) == -1 || net_open(srv, config) == -1)
		goto drop;
	if (plugins_setup(config) == 0 && config_open_logs(config) == 0) {
		tell_lasting(srv, config->core);
		return config;
	}
	net_cancel(srv);
drop:
	config_drop(config);
refuse:
	LOG(srv, "%s", refused);
	return NULL;
}

void
serve_again(struct server *srv)
{
	LOG(srv, "[note] clients are accepted again");
	srv->process->no_accept = srv->draining = 0;
	(void)net_register(srv);
}

static void
reload(struct server *srv)
{
	struct config *config;

	serve_reopen(srv);
	if (srv->quitting)
		return;
	if (srv->process->no_accept) {
		serve_again(srv);
		return;
	}
	daemon_notify(srv, "RELOADING=1");
	config = serve_prepare(srv);
	if (config != NULL && (net_register(srv) == -1
	    || plugins_start(config->plugins, srv) == -1)) {
		net_cancel(srv);
		config_drop(config);
		config = NULL;
		LOG(srv, "%s", refused);
	}
	if (config != NULL) {
		config_use(srv, config);
		net_retire(srv);
		(void)daemon_limits(srv);
		stat_cache_clear(srv->cache);
		clock_refresh(srv);	/* server.tag */
		LOG(srv, "[note] configuration reloaded");
	}
	daemon_notify(srv, "READY=1");
}

/* Until SIGHUP, which then reads nothing: what is on the disk may be for the
 * next binary. */
static void
no_accept(struct server *srv)
{
	signal_tell(srv, "no more clients");
	srv->process->no_accept = srv->draining = 1;
	srv->paused = 0;
	net_ignore(srv);
	conn_close_idle(srv);
}

static void
child(struct server *srv)
{
	proc_reap(srv, upgrade_failed);
}

/* ---- the tick ---- */

void
serve_tick(struct server *srv)
{
	int timeout = srv->core->graceful_shutdown_timeout;
	struct config *config;

	clock_refresh(srv);
	timer_turn(&srv->wheel, srv->tick, conn_expire, srv);
	srv->awake = 0;
	for (config = srv->configs; config != NULL; config = config->next)
		plugins_tell(config->plugins, HOOK_TRIGGER, srv);
	gw_child_trigger(srv);
	stat_cache_age(srv->cache, srv->tick);
	conn_shrink_pools(srv);
	if (srv->quitting && timeout > 0
	    && srv->tick - srv->quit_tick >= (uint32_t)timeout) {
		LOG(srv, "[warn] %d connections are left after server."
		    "graceful-shutdown-timeout: stop", srv->conns);
		srv->stopping = 1;
	}
	if (srv->conns > 0 || srv->dying != NULL)
		return;
	if (srv->opt->idle > 0) {
		if (srv->tick - srv->idle_since >= (uint32_t)srv->opt->idle) {
			LOG(srv, "[note] idle for %d seconds, graceful stop",
			    srv->opt->idle);
			srv->quitting = 1;
		}
	} else if (!srv->paused && !srv->awake) {
		stat_cache_clear(srv->cache);
		conn_free_pools(srv);
		sys_trim();
		clock_stop(srv);	/* an idle server does not wake */
	}
}

signal_fn *const serve_signals[SIGNAL_FLAGS] = {
	[SIGNAL_CHILD] = child,
	[SIGNAL_STOP] = serve_stop,
	[SIGNAL_QUIT] = serve_quit,
	[SIGNAL_RELOAD] = reload,
	[SIGNAL_REOPEN] = serve_reopen,
	[SIGNAL_UPGRADE] = upgrade_start,
	[SIGNAL_NO_ACCEPT] = no_accept,
	[SIGNAL_TICK] = serve_tick
};
