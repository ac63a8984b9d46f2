/*
 * conn_life.c - how a connection begins, and what the passing of time and the
 * end of the server do to it.
 *
 * Called by net.c and server.c, some of it through the timer wheel. Besides
 * conn_run it is the only place that sets a connection's state: to an error,
 * an answer or the end.
 */
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include "server.h"

enum { LAST_CHANCE = 5 };	/* seconds for who has not asked yet */

int
conn_new(struct server *srv, struct listener *listener, int fd,
    const struct sockaddr *peer, socklen_t peer_size)
{
	struct connection *con = conn_take(srv);

	if (con == NULL) {
		close(fd);
		return -1;
	}
	con->listener = listener;
	con->fd = fd;
	con->peer.sa.sa_family = AF_UNIX;
	if (peer != NULL && peer_size <= sizeof(con->peer)
	    && (peer->sa_family == AF_INET || peer->sa_family == AF_INET6))
		memcpy(&con->peer, peer, peer_size);
	conn_run(con);
	return 0;
}

static struct connection *
of_timer(struct timer *t)
{
	return (struct connection *)(void *)((char *)t
	    - offsetof(struct connection, timer));
}

/* A head that is not complete gets its answer (RFC 9110 15.5.9). */
static void
answer_408(struct connection *con)
{
	struct request *req = con->req;

	/* its slices may lie where the buffer was once */
	(void)http_parse(&req->head, req->in.p + req->in_at,
	    req->in.n - req->in_at,
	    (size_t)con->srv->core->max_request_field_size);
	req->settings = con->conf->settings;
	con->keep_alive = 0;
	con->unread = 1;
	conn_error(con, 408);
	con->state = CONN_RESPONSE_START;
}

void
conn_expire(void *server, struct timer *t)
{
	struct connection *con = of_timer(t);
	struct server *srv = server;
	struct slice target = { "", 0 };

	if (con->responding)
		target = con->req->head.target;
	if (srv->core->log_timeouts)
		LOG(srv, "connection %d: timed out in state %d, %llu bytes "
		    "sent of %.*s", con->fd, con->state, con->req == NULL ? 0
		    : (unsigned long long)con->req->bytes_out,
		    (int)target.n, target.p);
	if (con->state == CONN_READ_HEAD) {
		answer_408(con);
	} else if (con->state == CONN_READ_BODY) {
		con->keep_alive = 0;	/* its answer is ready */
		con->unread = 1;
		con->state = CONN_RESPONSE_START;
	} else {
		con->state = con->state == CONN_CLOSE ? CONN_DEAD : CONN_ERROR;
	}
	conn_run(con);
}

static void
close_idle(void *server, struct timer *t)
{
	struct connection *con = of_timer(t);
	struct server *srv = server;

	if (con->state != CONN_REQUEST_START)
		return;
	/* one that never asked may have its request on the way */
	if (con->requests == 0) {
		timer_arm(&srv->wheel, t, LAST_CHANCE);
		return;
	}
	con->unread = 1;
	con->state = CONN_CLOSE;
	conn_run(con);
}

static void
close_now(void *server, struct timer *t)
{
	struct connection *con = of_timer(t);

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
	conn_jobs(srv);
}
