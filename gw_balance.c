/*
 * gw_balance.c - which backend, and the connections to it that wait for the
 * next request.
 *
 * gw.c asks for each try. A backend that failed gets no request until its
 * disable-time is over; then one finds out, if there are others for the rest.
 * hash and sticky draw a number for each pair of what counts and a backend, and
 * the highest wins: when one is down, nobody moves but who was there.
 */
#include <sys/socket.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "gw.h"

enum { IDLE_MOST = 32 };	/* connections kept for each backend */

/* ---- which one ---- */

int
gw_balance_of(const char *word)
{
	int n = str_word("least-connection\0round-robin\0hash\0sticky\0"
	    "fair\0rr\0", slice_of(word));

	return n % 4;			/* -1 stays */
}

/* A hash of what says where a request belongs; 0 where nothing does. */
static uint32_t
key_of(const struct gw *gw, int balance)
{
	const struct request *req = gw->con->req;
	char name[NET_NAME_SIZE];
	size_t n;

	if (balance == GW_HASH)
		return conf_hash((struct slice){ req->path.p, req->path.n });
	n = net_peer_name(gw->con, name);
	return conf_hash((struct slice){ name, n });
}

/* Every bit counts for every bit. */
static uint32_t
mix(uint32_t x)
{
	x = (x ^ x >> 16) * 0x7feb352d;
	x = (x ^ x >> 15) * 0x846ca68b;
	return x ^ x >> 16;
}

/* Does somebody listen there? */
static int
is_there(const struct gw_backend *b)
{
	return b->host->bin_path == NULL || b->foreign || b->fd != -1;
}

/* What is busy, and may have help: from the first host that has more. */
static struct gw_backend *
get_help(struct gw *gw, struct gw_host *host)
{
	struct gw_rule *rule = gw->rule;
	struct gw_backend *b = NULL;
	unsigned i;

	if (host != NULL)
		return gw_spawn_more(gw->con->srv, host);
	for (i = 0; b == NULL && i < rule->nhosts; i++)
		b = gw_spawn_more(gw->con->srv, rule->hosts + i);
	return b;
}

/* The best of those that may be asked: the one with the least cost, of equals
 * the first from rule->next on. *others: some of them are known to work. */
static struct gw_backend *
search(struct gw *gw, int balance, unsigned *others)
{
	const struct gw_rule *rule = gw->rule;
	uint32_t tick = gw->con->srv->tick, key = 0;
	struct gw_backend *b, *best = NULL;
	uint64_t cost, least = 0;
	unsigned i;

	if (balance >= GW_HASH && rule->nbackends > 1)
		key = key_of(gw, balance);
	for (i = 0; i < rule->nbackends; i++) {
		b = rule->backends + (rule->next + i) % rule->nbackends;
		if (!is_there(b) || (b->down && tick < b->down_until))
			continue;
		*others += !b->down;
		cost = balance == GW_LEAST_CONNECTION ? b->load
		    : balance == GW_ROUND_ROBIN ? 0 : ~mix(key ^ b->hash);
		/* perhaps it failed for this very request */
		if (b->down && gw->tries > 0)
			cost |= (uint64_t)1 << 32;
		if (best == NULL || cost < least) {
			best = b;
			least = cost;
		}
	}
	return best;
}

struct gw_backend *
gw_choose(struct gw *gw)
{
	const struct gw_conf *conf = plugin_conf(gw->self, gw->con->req);
	struct gw_rule *rule = gw->rule;
	int balance = conf->balance_word == NULL ? GW_LEAST_CONNECTION
	    : gw_balance_of(conf->balance_word);
	unsigned others = 0;
	struct gw_backend *b = search(gw, balance, &others), *more = NULL;

	if (b == NULL)
		more = get_help(gw, NULL);
	else if (balance < GW_HASH && b->host->bin_path != NULL
	    && b->load >= (unsigned)b->host->max_load)
		more = get_help(gw, b->host);
	if (more != NULL)
		b = more;
	if (b == NULL)
		return NULL;
	rule->next = (unsigned)(b - rule->backends) + 1;
	b->used = gw->con->srv->tick;
	if (b->down && others > 0)	/* one of us will know */
		b->down_until = b->used + (uint32_t)b->host->disable_time;
	return b;
}

void
gw_backend_failed(struct gw *gw)
{
	struct gw_backend *b = gw->backend;
	struct server *srv = gw->con->srv;

	b->down = 1;
	b->down_until = srv->tick + (uint32_t)b->host->disable_time;
	b->foreign = 0;			/* we may listen there ourselves now */
	gw_idle_close(srv, b, srv->tick + 1);
}

void
gw_backend_works(struct gw *gw)
{
	struct gw_backend *b = gw->backend;

	b->used = gw->con->srv->tick;
	b->starts = 0;
	if (!b->down)
		return;
	b->down = 0;
	LOG(gw->con->srv, "[note] %s: %s works again", gw->protocol->name,
	    b->name);
}

/* ---- connections that wait ---- */

/* What fd belongs to while nobody uses it. */
struct gw_idle {
	struct gw_idle *next;
	struct server *srv;
	struct gw_backend *backend;
	int fd;
	uint32_t since;			/* tick */
};

/* Takes *at out of its list; its room is for the next one. */
static int
unlink_idle(struct gw_idle **at)
{
	struct gw_idle *i = *at;
	struct gw_backend *b = i->backend;

	*at = i->next;
	b->nidle--;
	i->next = b->spare;
	b->spare = i;
	return i->fd;
}

/* The backend closed it, or says what nobody asked for. An event may be old
 * news. */
static void
on_idle(void *context, int events)
{
	struct gw_idle *i = context, **at = &i->backend->idle;
	char byte;

	(void)events;
	if (recv(i->fd, &byte, 1, MSG_PEEK) == -1
	    && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR))
		return;
	while (*at != i)
		at = &(*at)->next;
	fdevent_del(i->srv->ev, unlink_idle(at));
}

int
gw_idle_take(struct server *srv, struct gw_backend *backend)
{
	(void)srv;
	return backend->idle == NULL ? -1 : unlink_idle(&backend->idle);
}

void
gw_idle_keep(struct server *srv, struct gw_backend *backend, int fd)
{
	struct gw_idle *i = backend->spare;

	if (srv->draining || backend->nidle == IDLE_MOST
	    || fdevent_want(srv->ev, fd, FDEVENT_IN) == -1)
		goto refuse;
	if (i == NULL)
		i = calloc(1, sizeof(*i));
	else
		backend->spare = i->next;
	if (i == NULL)
		goto refuse;
	*i = (struct gw_idle){ backend->idle, srv, backend, fd, srv->tick };
	backend->idle = i;
	backend->nidle++;
	fdevent_hand(srv->ev, fd, on_idle, i);
	return;
refuse:
	fdevent_del(srv->ev, fd);
}

void
gw_idle_close(struct server *srv, struct gw_backend *backend, uint32_t tick)
{
	struct gw_idle **at = &backend->idle, *i;
	int fd;

	while (*at != NULL && (*at)->since >= tick)
		at = &(*at)->next;
	while (*at != NULL) {		/* these are all older */
		fd = unlink_idle(at);
		if (srv->ev != NULL)	/* else it was closed with all */
			fdevent_del(srv->ev, fd);
	}
	while (backend->idle == NULL && backend->spare != NULL) {
		i = backend->spare;
		backend->spare = i->next;
		free(i);
	}
}
