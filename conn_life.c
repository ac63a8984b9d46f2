/*
 * conn_life.c - how a connection begins, and what the passing of time and the
 * end of the server do to it.
 *
 * Called by net.c and server.c, some of it through the timer wheel. Besides
 * conn_run it is the only place that sets a connection's state: to an error,
 * an answer or the end. A connection begins with its timer, so a pointer to
 * one is a pointer to the other.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "conn.h"

enum {
	HALF_CLOSED = 3,	/* for who has sent his end: is he gone? */
	FIRST_CHANCE = 5,	/* seconds for who has not asked yet */
	LAST_CHANCE = 2,	/* for who may be about to ask again */
	LINGER_SECONDS = 5
};

int
conn_new(struct server *srv, struct listener *listener, int fd,
    const struct sockaddr *peer, socklen_t peer_size)
{
	struct connection *con = malloc(sizeof(*con));

	if (con == NULL) {
		close(fd);
		return -1;
	}
	memset(con, 0, sizeof(*con));
	con->srv = srv;
	srv->slot->conns = (uint32_t)++srv->conns;
	srv->slot->tally[TALLY_ACCEPTED]++;
	con->listener = listener;
	if (listener != NULL)
		listener->conns++;
	conn_configure(con);
	con->fd = fd;
	con->peer.sa.sa_family = AF_UNIX;
	if (peer_size <= sizeof(con->peer)
	    && (peer->sa_family == AF_INET || peer->sa_family == AF_INET6))
		memcpy(&con->peer, peer, peer_size);
	conn_run(con);
	return 0;
}

/* Seconds for a request that somebody works on. A body that is received may
 * drip, but not for ever: after twice the idle time, 256 bytes a second. */
static int32_t
with_handler(const struct connection *con, const struct core_conf *core)
{
	const struct request *req = con->req;
	int64_t left;

	if (con->half_closed && (req->upload == NULL
	    || req->upload->kind != UPLOAD_TUNNEL))
		return HALF_CLOSED;
	if (conn_wants_more(con) && req->upload->kind < UPLOAD_TUNNEL) {
		left = 2 * core->max_read_idle + req->upload->received / 256
		    - (int64_t)(con->srv->tick - req->started);
		return left < 0 ? 0 : left < core->max_read_idle ? (int32_t)left
		    : core->max_read_idle;
	}
	return req->patience > 0 ? (int32_t)req->patience
	    : core->max_write_idle;
}

uint32_t
conn_patience(const struct connection *con)
{
	/* for a request that waits or is answered, what its conditions say */
	const struct core_conf *core = con->state == CONN_WRITE
	    || con->state == CONN_EXCHANGE
	    || con->state == CONN_READ_BODY || con->wants_fd
	    ? request_conf(con->req) : conn_conf(con);
	int32_t idle = core->max_read_idle, left;

	if (con->state == CONN_CLOSE) {
		idle = LINGER_SECONDS;
	} else if (con->state == CONN_EXCHANGE
	    || (con->state == CONN_WRITE && con->waiting)) {
		idle = with_handler(con, core);
	} else if (con->state == CONN_WRITE) {
		idle = core->max_write_idle;
	} else if (con->state == CONN_REQUEST_START && con->requests > 0) {
		idle = core->max_keep_alive_idle;
		if (con->srv->draining && idle > LAST_CHANCE)
			return LAST_CHANCE;
	} else if (con->state == CONN_READ_HEAD || con->wants_fd
	    || con->state == CONN_READ_BODY) {
		/* however slowly it drips: twice the idle time for all;
		 * however often it tries: once that for a descriptor */
		left = (int32_t)(con->req->started + (con->wants_fd ? 1 : 2)
		    * (uint32_t)idle - con->srv->tick);
		idle = left < 0 ? 0 : left < idle ? left : idle;
	}
	return 1 + (uint32_t)idle;
}

void
conn_expire(void *server, struct timer *t)
{
	struct connection *con = (void *)t;
	struct request *req = con->req;
	struct server *srv = server;
	uint64_t unsent = req == NULL ? 0 : (uint64_t)queue_bytes(&req->out);

	if (srv->core->log_timeouts && con->responding)
		LOG(srv, "connection %d: timed out, %llu bytes sent of %.*s",
		    con->fd, (unsigned long long)(req->bytes_out > unsent
		    ? req->bytes_out - unsent : 0),
		    (int)req->head.target.n, req->head.target.p);
	else if (srv->core->log_timeouts)
		LOG(srv, "connection %d: timed out in state %d", con->fd,
		    con->state);
	if (con->state == CONN_EXCHANGE && !con->half_closed) {
		con->expired = 1;
		conn_run(con);
		return;
	}
	/* a head that is not complete gets its answer (RFC 9110 15.5.9) */
	if (con->state == CONN_READ_HEAD) {
		/* its slices may lie where the buffer was once */
		(void)conn_parse(con);
		req->settings = con->settings;
		conn_error(con, 408);
	}
	if (con->wants_fd)
		conn_error(con, 503);
	if (con->state == CONN_READ_HEAD || con->state == CONN_READ_BODY
	    || con->wants_fd) {
		conn_unlink(con);
		con->keep_alive = 0;
		con->unread = 1;
		con->state = CONN_RESPONSE_START;
	} else {
		/* it is not the client who is late */
		con->expired = con->state == CONN_WRITE && con->waiting
		    && !con->half_closed;
		con->state = con->state == CONN_CLOSE ? CONN_DEAD : CONN_ERROR;
	}
	conn_run(con);
}

/* Who asked a moment ago may be asking again right now, and would find the
 * connection closed instead of an answer: he is told with that answer. */
static void
close_idle(void *server, struct timer *t)
{
	struct connection *con = (void *)t;
	struct server *srv = server;
	uint32_t left = t->deadline - srv->tick;
	uint32_t all = 1 + (uint32_t)conn_conf(con)->max_keep_alive_idle;

	/* one that has been armed here may be met again in its new slot */
	if (con->state != CONN_REQUEST_START || left <= LAST_CHANCE)
		return;
	if (con->requests == 0 || all - left < LAST_CHANCE) {
		timer_arm(&srv->wheel, t, con->requests == 0 ? FIRST_CHANCE
		    : LAST_CHANCE);
		return;
	}
	con->unread = 1;
	con->state = CONN_CLOSE;
	conn_run(con);
}

static void
close_now(void *server, struct timer *t)
{
	struct connection *con = (void *)t;

	(void)server;
	con->state = CONN_ERROR;
	conn_run(con);
}

void
conn_close_idle(struct server *srv)
{
	timer_each(&srv->wheel, close_idle, srv);
}

void
conn_close_all(struct server *srv)
{
	timer_each(&srv->wheel, close_now, srv);
}
