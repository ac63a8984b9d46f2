/*
 * conn_wait.c - connections that wait for something of ours: their turn, a
 * descriptor, their rate.
 *
 * server.c calls it in each turn of the loop. A connection is in one of the
 * lists of struct server at most; whatever it waits for, it goes on by being
 * run again.
 */
#include <stddef.h>

#include "conn.h"

enum { FD_RESUME = 16 };	/* descriptors free again, of many */

void
conn_unlink(struct connection *con)
{
	struct server *srv = con->srv;
	struct link *l = &con->link;

	if (l->next == NULL)
		return;
	link_out(l);
	srv->want_fds -= con->wants_fd;
	if (con->throttled)
		rate_count(srv, -1);
	con->wants_fd = con->throttled = 0;
}

/* Runs the first of a list. */
static void
run_first(struct link *list)
{
	struct connection *con = (void *)((char *)list->next
	    - offsetof(struct connection, link));

	conn_unlink(con);
	conn_run(con);
}

/* Lets those go on who wait for a descriptor, as many as there are now. When
 * it is not us but the system that has none, one a second tries. */
static void
feed(struct server *srv)
{
	int spare = srv->max_fds - net_used(srv), before;

	if (spare < FD_RESUME && spare < srv->max_fds / 8)
		return;
	for (; srv->want_fds > 0 && spare > 0
	    && srv->fd_tick != srv->tick; spare--) {
		before = srv->want_fds;
		run_first(&srv->fd_queue);
		if (srv->want_fds == before)
			srv->fd_tick = srv->tick;
	}
}

/* Lets those go on who waited for their rate; the last ones are the first next
 * time if there is nothing left for them. */
static void
release(struct server *srv)
{
	int n = rate_release(srv);

	for (; n > 0 && srv->nthrottled > 0
	    && (srv->quota == 0 || srv->rate.left > 0); n--)
		run_first(&srv->throttled);
	srv->quota = 0;
}

void
conn_jobs(struct server *srv)
{
	struct link now;

	if (srv->want_fds > 0)
		feed(srv);
	if (srv->nthrottled > 0)
		release(srv);
	if (srv->jobs.next == &srv->jobs)
		return;
	/* who is woken now has his turn in the next one */
	now = srv->jobs;
	now.next->prev = now.prev->next = &now;
	srv->jobs.next = srv->jobs.prev = &srv->jobs;
	while (now.next != &now)
		run_first(&now);
}
