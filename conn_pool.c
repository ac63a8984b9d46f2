/*
 * conn_pool.c - connections and requests, made, reset and given back.
 *
 * Called by conn.c. An idle connection holds no request, so there are as many
 * requests as clients that are busy at the same moment. They are used again,
 * and the last one first: it is still in the processor's cache.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "plugin.h"

enum {
	POOL_MOST = 128,		/* requests kept */
	KEEP_BYTES = 32 << 10,		/* of a buffer in the pool */
	KEEP_QUEUE = 2 * KEEP_BYTES
};

struct request *
request_take(struct server *srv)
{
	struct request *req = srv->free_reqs;

	if (req == NULL)
		return calloc(1, sizeof(*req));
	srv->free_reqs = req->next;
	srv->nfree_reqs--;
	return req;
}

/* Makes all zero from one member on. */
static void
forget_from(struct request *req, size_t at)
{
	if (req->entry != NULL)
		stat_cache_drop(req->entry);
	req->fields.n = 0;
	req->fields.failed = 0;
	memset((char *)req + at, 0, sizeof(*req) - at);
}

void
request_release(struct connection *con)
{
	struct request *req = con->req;

	if (req->handler_data == NULL)
		return;
	req->handler->plugin->handle_release(req->handler, con);
	req->handler_data = NULL;
}

void
request_unanswer(struct connection *con)
{
	request_release(con);
	forget_from(con->req, offsetof(struct request, entry));
}

void
request_reset(struct request *req)
{
	if (req->upload != NULL)
		(void)upload_free(req);
	forget_from(req, offsetof(struct request, in_seen));
	req->via.sa.sa_family = AF_UNSPEC;
	req->path.n = req->file.n = req->env.n = 0;
	req->path.failed = req->file.failed = req->env.failed = 0;
}

static void
free_request(struct request *req)
{
	buf_free(&req->in);
	free(req->fields_in);
	buf_free(&req->path);
	buf_free(&req->file);
	buf_free(&req->root);
	buf_free(&req->fields);
	buf_free(&req->env);
	buf_free(&req->target);
	conf_merge_free(req->merge);
	queue_free(&req->out);
	free(req);
}

void
request_give(struct connection *con)
{
	struct server *srv = con->srv;
	struct request *req = con->req;

	con->req = NULL;
	/* one that grew is not worth keeping */
	if (srv->nfree_reqs >= POOL_MOST || req->in.cap > KEEP_BYTES
	    || req->out.mem.cap > KEEP_QUEUE || req->fields.cap > KEEP_BYTES
	    || req->path.cap > KEEP_BYTES || req->file.cap > KEEP_BYTES
	    || req->root.cap > KEEP_BYTES || req->env.cap > KEEP_BYTES
	    || req->target.cap > KEEP_BYTES) {
		free_request(req);
		return;
	}
	req->in.n = req->in_at = 0;
	req->next = srv->free_reqs;
	srv->free_reqs = req;
	srv->nfree_reqs++;
}

void
request_drop(struct connection *con)
{
	if (con->req == NULL)
		return;
	request_release(con);
	request_reset(con->req);
	queue_clear(&con->req->out);
	request_give(con);
}

void
conn_recycle(struct connection *con)
{
	struct server *srv = con->srv;

	plugins_note(con->config->plugins, HOOK_CONNECTION_CLOSE, con);
	timer_disarm(&srv->wheel, &con->timer);
	conn_unlink(con);
	if (con->registered)
		fdevent_del(srv->ev, con->fd);
	else
		close(con->fd);
	request_drop(con);
	config_drop(con->config);
	net_drop(con->listener);
	srv->slot->conns = (uint32_t)--srv->conns;
	srv->idle_since = srv->tick;
	free(con);
}

static void
keep_requests(struct server *srv, unsigned most)
{
	struct request *req;

	while (srv->nfree_reqs > most) {
		req = srv->free_reqs;
		srv->free_reqs = req->next;
		srv->nfree_reqs--;
		free_request(req);
	}
}

void
conn_shrink_pools(struct server *srv)
{
	keep_requests(srv, srv->nfree_reqs * 3 / 4);
}

void
conn_free_pools(struct server *srv)
{
	keep_requests(srv, 0);
}
