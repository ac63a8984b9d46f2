/*
 * gw_life.c - how a conversation begins and ends, well or not.
 *
 * A module claims a request, and from then on there is a struct gw as its
 * handler_data; whatever ends the request releases that. A failure is logged
 * with the backend's name, once.
 */
#include <sys/socket.h>

#include <stdlib.h>
#include <string.h>

#include "gw.h"

/* ---- the end ---- */

void
gw_leave(struct gw *gw)
{
	if (gw->protocol->close != NULL)
		gw->protocol->close(gw);
	if (gw->keep && gw->done && gw->sent && queue_bytes(&gw->out) == 0
	    && gw->in_at == gw->in.n && gw->fd != -1) {
		gw_idle_keep(gw->con->srv, gw->backend, gw->fd);
		gw->fd = gw->send_fd = -1;
	}
	gw_drop_fds(gw);
	if (gw->backend != NULL)
		gw->backend->load--;
	gw->backend = NULL;
}

void
gw_tell(const struct gw *gw, const char *what)
{
	const struct request *req = gw->con->req;

	LOG(gw->con->srv, "[error] %s: %s: %s (%.*s)", gw->protocol->name,
	    gw->backend != NULL ? gw->backend->name
	    : gw->rule != NULL ? gw->rule->backends->name
	    : buf_text(&gw->con->req->file), what,
	    (int)req->head.target.n, req->head.target.p);
}

/* The end of a connection says enough, but where that is how a body ends. */
enum verdict
gw_cut(struct gw *gw, const char *why)
{
	const struct request *req = gw->con->req;
	struct linger reset = { 1, 0 };

	gw_tell(gw, why);
	gw->keep = 0;
	if (req->framing == RESPONSE_STREAM && req->head.minor == 0)
		(void)setsockopt(gw->con->fd, SOL_SOCKET, SO_LINGER, &reset,
		    sizeof(reset));
	return VERDICT_ERROR;
}

enum verdict
gw_fail(struct gw *gw, int status, const char *why)
{
	struct connection *con = gw->con;

	if (why != NULL)
		gw_tell(gw, why);
	gw->keep = 0;
	conn_error(con, status);
	return VERDICT_FINISHED;
}

void
gw_release(struct plugin_self *self, struct connection *con)
{
	struct gw *gw = con->req->handler_data;

	(void)self;
	if (con->expired && gw->replied && !gw->done)
		(void)gw_cut(gw, "took too long in the middle of its reply");
	gw_leave(gw);
	con->expired = 0;
	con->req->patience = 0;
	queue_free(&gw->out);
	buf_free(&gw->in);
	buf_free(&gw->head);
	buf_free(&gw->early);
	free(gw);
}

/* ---- claiming ---- */

enum verdict
gw_claim_host(struct plugin_self *self, struct connection *con,
    const struct gw_protocol *protocol, const struct gw_host *host,
    size_t script_n)
{
	struct request *req = con->req;
	struct gw *gw = calloc(1, sizeof(*gw));

	if (gw == NULL) {
		conn_error(con, 503);
		return VERDICT_FINISHED;
	}
	gw->con = con;
	gw->self = self;
	gw->protocol = protocol;
	gw->host = host;
	gw->script_n = script_n;
	gw->fd = gw->send_fd = -1;
	gw->length = req->head.framing == HTTP_CHUNKED ? -1
	    : req->head.framing == HTTP_LENGTH ? req->head.body_length : 0;
	gw->rest = -1;
	if (host->authorizer)
		gw->length = 0;
	if (req->entry != NULL)		/* from here on: X-Sendfile's */
		stat_cache_drop(req->entry);
	req->entry = NULL;
	req->handler = self;
	req->handler_data = gw;
	return VERDICT_CLAIMED;
}

static enum verdict
claim(struct plugin_self *self, struct connection *con, enum gw_kind kind)
{
	struct request *req = con->req;
	const struct gw_conf *conf = plugin_conf(self, req);
	size_t script_n;
	struct gw_rule *rule = gw_match(self, con, kind, &script_n);
	enum verdict verdict;

	if (rule == NULL)
		return VERDICT_GO_ON;
	verdict = gw_claim_host(self, con, conf->protocol != NULL
	    ? conf->protocol : rule->hosts->pool->protocol, rule->hosts,
	    script_n);
	if (verdict == VERDICT_CLAIMED)
		((struct gw *)req->handler_data)->rule = rule;
	return verdict;
}

enum verdict
gw_remote(struct plugin_self *self, struct connection *con)
{
	return claim(self, con, GW_REMOTE);
}

enum verdict
gw_file(struct plugin_self *self, struct connection *con)
{
	return claim(self, con, GW_AUTHORIZER);
}

enum verdict
gw_start(struct plugin_self *self, struct connection *con)
{
	return claim(self, con, GW_LOCAL);
}
