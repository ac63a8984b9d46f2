/*
 * net.c - listening sockets: accept, pause and resume, close.
 *
 * The event loop calls it when a client has come; accepted connections go to
 * conn.c at once. server.c and proc_*.c say which processes listen, and when
 * they stop.
 */
#include <sys/socket.h>
#include <sys/un.h>

#include <arpa/inet.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "conn.h"

enum { ACCEPT_MOST = 64 };	/* then the clients we have get their turn */

/* ---- accepting ---- */

/* Nobody waits, or who did is gone already (accept(2)); after anything else,
 * as descriptors or memory that ran out, the next try would fail as well. */
static int
is_harmless(int error)
{
	return error == EAGAIN || error == EWOULDBLOCK || error == EINTR
	    || error == ECONNABORTED || error == EPROTO || error == EPERM
	    || error == ENETDOWN || error == ENETUNREACH
	    || error == ENOPROTOOPT || error == EOPNOTSUPP
	    || error == EHOSTUNREACH || error == ETIMEDOUT;
}

/* Returns how many. */
static int
accept_some(struct listener *l)
{
	struct server *srv = l->srv;
	union {
		struct sockaddr sa;
		struct sockaddr_in6 in6;
		struct sockaddr_un un;
	} peer;
	socklen_t size;
	int fd, i;

	if (!srv->ticking)
		clock_refresh(srv);
	for (i = 0; i < l->burst && srv->conns < srv->max_conns; i++) {
		size = sizeof(peer);
		fd = sys_accept(l->fd, &peer.sa, &size);
		if (fd == -1 && !is_harmless(errno))
			srv->starved = errno;
		if (fd == -1)
			break;
		(void)conn_new(srv, l, fd, &peer.sa, size);
	}
	/* an accept that finds nobody costs as much as one that does: so one
	 * at a time, until more wait than that */
	if (i < l->burst)
		l->burst = 1;
	else if (l->burst < ACCEPT_MOST)
		l->burst *= 2;
	return i;
}

static void
on_client(void *listener, int events)
{
	struct listener *l = listener;

	(void)events;
	(void)accept_some(l);
	net_overload(l->srv);
}

int
net_register(struct server *srv)
{
	int want = FDEVENT_IN | FDEVENT_SHARED, result;
	struct listener *l;

	for (l = srv->listeners; l != NULL && !srv->paused; l = l->next) {
		if (l->fd == -1)
			continue;
		result = l->registered ? fdevent_want(srv->ev, l->fd, want)
		    : fdevent_add(srv->ev, l->fd, want, on_client, l);
		if (result == -1) {
			LOG(srv, "[error] cannot watch %s: %s", l->name,
			    strerror(errno));
			return -1;
		}
		l->registered = 1;
	}
	return 0;
}

void
net_ignore(struct server *srv)
{
	struct listener *l;

	for (l = srv->listeners; l != NULL; l = l->next)
		if (l->registered)
			(void)fdevent_want(srv->ev, l->fd, 0);
}

int
net_used(const struct server *srv)
{
	return srv->own_fds + srv->ev->count + srv->open_files;
}

/* One accept for each socket, once a second, tells whether the famine is over:
 * where it is not ours but the system's, nothing else does. */
static int
is_starved(struct server *srv)
{
	struct listener *l;

	if (srv->starved == 0 || srv->paused_tick == srv->tick)
		return srv->starved != 0;
	srv->paused_tick = srv->tick;
	srv->starved = 0;
	for (l = srv->listeners; l != NULL && srv->starved == 0; l = l->next)
		if (l->registered) {
			l->burst = 1;
			(void)accept_some(l);
		}
	return srv->starved != 0;
}

void
net_overload(struct server *srv)
{
	/* in tenths of what there may be */
	int64_t fds = (int64_t)(net_used(srv) + srv->want_fds) * 10;

	if (srv->draining)
		return;
	if (!srv->paused) {
		if (srv->conns >= srv->max_conns)
			LOG(srv, "[note] accepting paused: connection limit "
			    "%d reached", srv->max_conns);
		else if (fds > (int64_t)srv->max_fds * 9
		    || srv->starved == EMFILE || srv->starved == ENFILE)
			LOG(srv, "[note] accepting paused: out of descriptors");
		else if (srv->starved != 0)
			LOG(srv, "[note] accepting paused: %s",
			    strerror(srv->starved));
		else
			return;
		srv->paused_tick = srv->tick;
		srv->paused = 1;
		net_ignore(srv);
	} else if (fds < (int64_t)srv->max_fds * 8
	    && (int64_t)srv->conns * 10 <= (int64_t)srv->max_conns * 9
	    && !is_starved(srv)) {
		srv->paused = 0;
		if (net_register(srv) == 0) {
			LOG(srv, "[note] accepting resumed");
			return;
		}
		net_ignore(srv);
		srv->paused = 1;
		srv->starved = ENOMEM;		/* again in a second */
	}
}

/* ---- closing ---- */

static void
forget(struct listener *l)
{
	struct listener **at = &l->srv->listeners;

	while (*at != l)
		at = &(*at)->next;
	*at = l->next;
	free(l->unix_path);
	free(l->name);
	free(l);
}

static void
shut(struct listener *l)
{
	int most = l->srv->core->listen_backlog, n = 1;

	/* closing it resets those who wait, so take them, but no more than can
	 * have waited; who else listens there still has his own */
	if (l->fd != -1 && l->own && !l->srv->shared)
		sys_deafen(l->fd);
	while (!l->srv->stopping && l->registered && n > 0 && most > 0) {
		n = accept_some(l);
		most -= n;
	}
	if (l->registered)
		fdevent_del(l->srv->ev, l->fd);
	else if (l->fd != -1)
		close(l->fd);
	/* one that another process listens at as well is not ours to remove */
	if (l->fd != -1 && l->unix_path != NULL && !l->srv->shared)
		(void)unlink(l->unix_path);
	l->registered = 0;
	l->fd = -1;
	if (l->conns == 0)
		forget(l);
}

void
net_retire(struct server *srv)
{
	struct listener *l, *next;

	for (l = srv->listeners; l != NULL; l = next) {
		next = l->next;
		l->fresh = 0;
		if (l->wanted)		/* the backlog may have changed */
			(void)listen(l->fd, srv->core->listen_backlog);
		if (l->wanted || l->fd == -1)
			continue;
		if (!srv->shared)	/* else somebody else does */
			LOG(srv, "[note] no longer listening on %s", l->name);
		shut(l);
	}
}

void
net_cancel(struct server *srv)
{
	struct listener *l, *next;

	for (l = srv->listeners; l != NULL; l = next) {
		next = l->next;
		l->wanted = l->fd != -1;
		if (l->fresh)
			shut(l);
	}
}

void
net_close(struct server *srv)
{
	struct listener *l, *next;

	for (l = srv->listeners; l != NULL; l = next) {
		next = l->next;
		shut(l);
	}
}

void
net_drop(struct listener *l)
{
	if (l != NULL && --l->conns == 0 && l->fd == -1)
		forget(l);
}

/* inet_ntop goes through printf, which costs more than the rest of a line of
 * the access log: hence IPv4, which most clients have, by hand. */
size_t
net_name(const union peer *peer, char out[NET_NAME_SIZE])
{
	const unsigned char *byte;
	size_t n = 0;
	int i;

	if (peer->sa.sa_family == AF_INET6) {
		if (inet_ntop(AF_INET6, &peer->in6.sin6_addr, out,
		    NET_NAME_SIZE) == NULL)
			out[0] = '\0';
		return strlen(out);
	}
	if (peer->sa.sa_family != AF_INET) {
		memcpy(out, "unix", 5);
		return 4;
	}
	byte = (const void *)&peer->in.sin_addr;
	for (i = 0; i < 4; i++) {
		if (byte[i] >= 100)
			out[n++] = (char)('0' + byte[i] / 100);
		if (byte[i] >= 10)
			out[n++] = (char)('0' + byte[i] / 10 % 10);
		out[n++] = (char)('0' + byte[i] % 10);
		out[n++] = '.';
	}
	out[--n] = '\0';
	return n;
}

unsigned
net_port(const union peer *peer)
{
	return peer->sa.sa_family == AF_INET
	    ? ntohs(peer->in.sin_port) : peer->sa.sa_family == AF_INET6
	    ? ntohs(peer->in6.sin6_port) : 0;
}
