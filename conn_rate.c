/*
 * conn_rate.c - traffic shaping: connection.kbytes-per-second, and
 * server.kbytes-per-second for all of them together.
 *
 * conn_io.c asks before it sends. Who may send no more leaves the event set
 * and waits, and all who wait are released at the same time, ten times a
 * second: at the tick alone, up to a whole second's bytes would go out too
 * early. What all share is then divided among those who wait, in this process
 * and in its siblings. Nothing here runs, no time is asked for, when no rate
 * is set.
 */
#include "conn.h"

enum {
	RELEASE_MS = 100,
	SAVE_MS = 200,		/* so much of a rate can be saved up */
	QUOTA_LEAST = 512	/* bytes: better somebody waits than all send
				 * crumbs */
};

/* Adds what r has earned at bytes a second, but not more than for save ms. */
static void
fill(struct rate *r, uint64_t bytes, uint32_t now, uint32_t save)
{
	uint64_t earned, most = bytes * save / 1000 + 1;
	uint32_t passed = now - r->filled;

	if (passed > save)
		passed = save;
	earned = bytes * passed / 1000;
	if (earned == 0)		/* it adds up until next time */
		return;
	r->filled = now;
	r->left = (uint32_t)(r->left + earned > most ? most
	    : r->left + earned);
}

/* Our part of what all processes may send: as our part of those who wait. */
static uint64_t
our_part(const struct server *srv)
{
	uint64_t ours = srv->nthrottled > 0 ? (uint64_t)srv->nthrottled : 1;
	uint64_t all = ours;
	const struct shared_slot *s;

	for (s = srv->slots; s->given; s++)
		if (s != srv->slot)
			all += s->throttled;
	return (uint64_t)srv->core->server_kbytes * 1024 * ours / all;
}

/* The server's rate holds if the configuration of the request has one, and
 * that in force: after a reload it may have none. */
static int
is_shared(const struct connection *con)
{
	return request_conf(con->req)->server_kbytes > 0
	    && con->srv->core->server_kbytes > 0;
}

size_t
rate_allows(struct connection *con, size_t n)
{
	const struct core_conf *core = request_conf(con->req);
	struct server *srv = con->srv;
	uint32_t now = (uint32_t)clock_ms();
	size_t ours;

	if (core->connection_kbytes > 0) {
		fill(&con->rate, (uint64_t)core->connection_kbytes * 1024,
		    now, SAVE_MS);
		n = n < con->rate.left ? n : con->rate.left;
	}
	if (!is_shared(con))
		return n;
	/* else it was filled just now; what is saved up in idle hours counts
	 * for all processes together */
	if (srv->quota == 0)
		fill(&srv->rate, our_part(srv), now, srv->nthrottled > 0
		    || srv->core->max_worker == 0 ? SAVE_MS
		    : 1 + SAVE_MS / (uint32_t)srv->core->max_worker);
	ours = srv->quota > 0 && srv->quota < srv->rate.left ? srv->quota
	    : srv->rate.left;
	/* who comes while others wait, waits with them */
	if (srv->quota == 0 && srv->spent && srv->nthrottled > 0)
		ours = 0;
	srv->spent |= ours < n;
	return n < ours ? n : ours;
}

void
rate_charge(struct connection *con, size_t n)
{
	const struct core_conf *core = request_conf(con->req);

	if (core->connection_kbytes > 0)
		con->rate.left -= (uint32_t)n;
	if (is_shared(con))
		con->srv->rate.left -= (uint32_t)n;
}

void
rate_count(struct server *srv, int change)
{
	srv->nthrottled += change;
	if (srv->core->server_kbytes > 0)
		srv->slot->throttled = (uint32_t)srv->nthrottled;
}

void
rate_wait(struct connection *con)
{
	struct server *srv = con->srv;

	if (con->wants_fd)		/* it waits already */
		return;
	conn_unlink(con);
	con->throttled = 1;
	if (srv->nthrottled == 0)
		srv->released = clock_ms();
	rate_count(srv, 1);
	link_last(&srv->throttled, &con->link);
}

int
rate_patience(const struct server *srv)
{
	int64_t left = srv->released + RELEASE_MS - clock_ms();

	return left > 0 ? (int)left : 0;
}

int
rate_release(struct server *srv)
{
	if (rate_patience(srv) > 0)
		return 0;
	srv->released = clock_ms();
	if (srv->core->server_kbytes > 0) {
		fill(&srv->rate, our_part(srv), (uint32_t)srv->released,
		    SAVE_MS);
		srv->quota = srv->rate.left / (uint32_t)srv->nthrottled;
		if (srv->quota < QUOTA_LEAST)
			srv->quota = QUOTA_LEAST;
	}
	srv->spent = 0;
	return srv->nthrottled;
}
