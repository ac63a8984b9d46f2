/*
 * gw.c - one conversation: the request's body, a backend, its reply; and what
 * happens when something of that fails.
 *
 *    GW_BODY -> GW_CONNECT -> GW_TALK, until the head of the reply is there:
 *                  ^             |      then conn.c asks gw_body for the rest
 *                  +-- another --+
 *
 * The gateway modules claim requests (gw_life.c) and have gw_exchange, gw_body
 * and gw_release as their hooks. An event of a backend's descriptor only wakes
 * the connection; all work is done when that runs, so it is either done or
 * there is somebody who waits for an event. Neither side gets more than a
 * window ahead of the other.
 */
#include <sys/socket.h>
#include <netinet/in.h>
#include <netinet/tcp.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gw.h"

enum {
	TRIES = 5,		/* backends asked for one request */
	HOLD_MOST = 64 << 10	/* of an answer that is held back */
};

/* ---- the reply ---- */

/* An answer of which the end is near is worth waiting for: it then has a
 * length and goes out at once. */
static enum verdict
hold(struct gw *gw)
{
	struct request *req = gw->con->req;
	enum http_verdict verdict = HTTP_MORE;
	struct slice data;

	gw->held = 0;
	while (verdict == HTTP_MORE && gw->early.n < HOLD_MOST) {
		verdict = gw_next(gw, &data);
		buf_add(&gw->early, data.p, data.n);
		if (verdict == HTTP_MORE && data.n == 0 && gw->con->srv->tick
		    - gw->held_since <= GW_HOLD_SECONDS) {
			gw->held = 1;
			return VERDICT_WAIT_FOR_EVENT;
		}
		if (verdict == HTTP_MORE && data.n == 0)
			return VERDICT_FINISHED;
	}
	if (gw->early.failed)
		return gw_fail(gw, 503, "no memory");
	if (verdict == HTTP_REFUSED)
		return gw_fail(gw, 502, gw->why);
	if (gw->done) {
		req->framing = RESPONSE_LENGTH;
		req->length = (int64_t)gw->early.n;
	}
	return VERDICT_FINISHED;
}

/* The head of the reply is complete. */
static enum verdict
replied(struct gw *gw)
{
	struct connection *con = gw->con;
	struct request *req = con->req;
	enum verdict verdict;
	struct slice data;

	if (gw->protocol->replied != NULL && gw->protocol->replied(gw) == -1)
		return gw_fail(gw, 502, gw->why);
	if (gw->backend != NULL)
		gw_backend_works(gw);
	gw->replied = 1;
	verdict = gw_reply(gw);
	if (verdict == VERDICT_ERROR)
		return gw_fail(gw, 502, gw->why);
	if (verdict != VERDICT_FINISHED || req->handler_data == NULL)
		return verdict;
	if (gw->tunnel) {
		con->keep_alive = 0;
		gw->sent = 0;
		if (conn_want_body(con, UPLOAD_TUNNEL) == -1)
			return gw_fail(gw, 503, "no memory");
	}
	if (req->entry != NULL || req->framing == RESPONSE_EMPTY
	    || req->head.method == HTTP_HEAD) {
		if (gw->keep)		/* it has no body, either */
			(void)gw_next(gw, &data);
		return VERDICT_FINISHED;
	}
	gw->held_since = con->srv->tick;
	if (req->framing == RESPONSE_STREAM
	    && request_conf(req)->stream_response_body == 0
	    && !(gw->reply.content_type.n >= 17 && slice_case_eq((struct slice){
	    gw->reply.content_type.p, 17 }, "text/event-stream")))
		return hold(gw);
	return VERDICT_FINISHED;
}

/* 103 and the like go to a client that knows them; 100 was for us. */
static void
pass_interim(struct gw *gw)
{
	struct request *req = gw->con->req;
	struct slice name, value;
	size_t at = 0;

	if (gw->reply.status != 100 && req->head.minor > 0) {
		buf_printf(&req->out.mem, "HTTP/1.1 %d Interim\r\n",
		    gw->reply.status);
		while (http_reply_next(&gw->reply, &at, &name, &value))
			if (!http_is_hop(name) && !slice_case_eq(name,
			    "content-length")
			    && !http_reply_names(&gw->reply, name))
				buf_printf(&req->out.mem, "%.*s: %.*s\r\n",
				    (int)name.n, name.p, (int)value.n, value.p);
		buf_adds(&req->out.mem, "\r\n");
	}
	gw->head.n = 0;
}

/* Reads the head. VERDICT_GO_ON: try again, with another backend. */
static enum verdict
await_head(struct gw *gw)
{
	enum http_verdict verdict;
	struct slice data;
	size_t behind;

	for (;;) {
		verdict = gw_next_raw(gw, &data);
		if (verdict == HTTP_MORE && data.n == 0)
			return VERDICT_WAIT_FOR_EVENT;
		buf_add(&gw->head, data.p, data.n);
		if (gw->head.failed)
			return gw_fail(gw, 503, "no memory");
		if (verdict == HTTP_REFUSED || data.n == 0)
			return VERDICT_GO_ON;
		verdict = http_reply(&gw->reply, gw->protocol->reply,
		    gw->head.p, gw->head.n, &gw->why);
		if (verdict == HTTP_REFUSED)
			return gw_fail(gw, 502, gw->why);
		if (verdict == HTTP_MORE)
			continue;
		behind = gw->head.n - gw->reply.size;
		gw->in_at -= behind;
		gw->left += behind;
		if (gw->reply.status / 100 != 1 || gw->reply.status == 101)
			return replied(gw);
		gw->interim += gw->reply.size;
		if (gw->interim > HTTP_REPLY_MAX)
			return gw_fail(gw, 502, "too many interim replies");
		pass_interim(gw);
	}
}

/* ---- the steps ---- */

static int
is_streamed(const struct gw *gw)
{
	return gw->length == 0 || (request_conf(gw->con->req)
	    ->stream_request_body > 0 && (gw->length > 0
	    || !gw->protocol->needs_length));
}

static enum verdict
await_body(struct gw *gw)
{
	struct connection *con = gw->con;
	int status = 0;

	gw->state = GW_CONNECT;
	if (is_streamed(gw))
		return VERDICT_GO_ON;
	gw->state = GW_BODY;
	if (conn_want_body(con, UPLOAD_KEEP) == -1)
		return gw_fail(gw, 503, "no memory");
	status = conn_receive(con);
	if (status == -1)
		return VERDICT_ERROR;
	if (status > 0)
		return gw_fail(gw, status, NULL);
	if (!con->req->upload->complete)
		return VERDICT_WAIT_FOR_EVENT;
	gw->length = con->req->upload->received;
	gw->state = GW_CONNECT;
	return VERDICT_GO_ON;
}

static int
is_idempotent(const struct request *req)
{
	enum http_method m = req->head.method;

	return m == HTTP_GET || m == HTTP_HEAD || m == HTTP_PUT
	    || m == HTTP_DELETE || m == HTTP_OPTIONS;
}

/* It did not work: with another one, unless it may have done something. */
static enum verdict
again(struct gw *gw, int status, const char *why)
{
	struct upload *up = gw->con->req->upload;
	int harmless = !gw->begun || (gw->reused && gw->head.n == 0
	    && is_idempotent(gw->con->req)
	    && (up == NULL || up->kind == UPLOAD_KEEP));

	gw->status = 0;
	/* that one that was idle is dead says nothing of its backend */
	if (gw->backend != NULL && !gw->begun && !gw->reused) {
		gw_tell(gw, why);
		gw_backend_failed(gw);
		gw->status = status;
		why = NULL;
	}
	if (!harmless || gw->backend == NULL || ++gw->tries == TRIES)
		return gw_fail(gw, status, why);
	gw_leave(gw);
	queue_clear(&gw->out);
	if (up != NULL && up->kind == UPLOAD_KEEP)
		up->at = 0;
	gw->file_at = 0;
	gw->in_at = gw->in.n = gw->left = 0;
	gw->begun = gw->sent = gw->eof = gw->reused = gw->keep = 0;
	gw->why = NULL;
	gw->state = GW_CONNECT;
	return VERDICT_GO_ON;
}

/* A socket on its way to the backend. Returns 0, or -1 and errno. */
static int
dial(struct gw *gw)
{
	const struct sockaddr *address = gw->backend->address;
	int yes = 1;

	gw->fd = gw->send_fd = sys_socket(address->sa_family);
	if (gw->fd == -1)
		return -1;
	/* the body's pieces are not to wait for each other */
	if (gw->length != 0 && address->sa_family != AF_UNIX)
		(void)setsockopt(gw->fd, IPPROTO_TCP, TCP_NODELAY, &yes,
		    sizeof(yes));
	if (connect(gw->fd, address, gw->backend->address_n) == 0
	    || errno == EINPROGRESS || errno == EINTR)
		return gw_add_fds(gw);
	close(gw->fd);
	gw->fd = gw->send_fd = -1;
	return -1;
}

/* Takes a connection that is there, or dials. */
static enum verdict
reach(struct gw *gw)
{
	struct server *srv = gw->con->srv;
	char byte;

	gw->backend = gw_choose(gw);
	if (gw->backend == NULL)	/* nobody is left, or was there */
		return gw->status > 0 ? gw_fail(gw, gw->status, NULL)
		    : gw_fail(gw, 503, "no backend");
	gw->backend->load++;
	gw->host = gw->backend->host;
	gw->drained = 1;
	if (gw->tries == 0) {
		gw->fd = gw->send_fd = gw_idle_take(srv, gw->backend);
		gw->reused = gw->fd != -1;
	}
	/* is it dead? only what can be repeated may find that out itself */
	if (gw->reused && !is_idempotent(gw->con->req)
	    && recv(gw->fd, &byte, 1, MSG_PEEK) != -1) {
		gw_drop_fds(gw);
		gw->reused = 0;
	}
	if (gw->reused) {
		fdevent_hand(srv->ev, gw->fd, gw_on_event, gw);
		return VERDICT_GO_ON;
	}
	if (dial(gw) == 0)
		return VERDICT_GO_ON;
	if (errno == EMFILE || errno == ENFILE || errno == ENOMEM)
		return gw_fail(gw, 503, strerror(errno));
	return again(gw, 503, strerror(errno));
}

static enum verdict
start(struct gw *gw)
{
	enum verdict verdict;

	if (gw->protocol->connect == NULL) {
		verdict = reach(gw);
		if (verdict != VERDICT_GO_ON || gw->fd == -1)
			return verdict;
	} else {
		verdict = gw->protocol->connect(gw);
		if (verdict == VERDICT_WAIT_FOR_EVENT)
			return verdict;
		if (verdict == VERDICT_ERROR)
			return gw_fail(gw, gw->status > 0 ? gw->status : 500,
			    gw->why);
		gw->begun = gw->drained = 1;
		if (gw->fd == -1 || gw_add_fds(gw) == -1)
			return gw_fail(gw, 503, strerror(errno));
		gw->out.is_pipe = gw->send_fd != gw->fd;
	}
	gw->state = GW_TALK;
	if (gw->protocol->begin != NULL && gw->protocol->begin(gw) == -1)
		return gw_fail(gw, gw->status > 0 ? gw->status : 500, gw->why);
	gw->status = 0;
	if (!gw->host->authorizer && gw->con->req->upload == NULL
	    && conn_want_body(gw->con, UPLOAD_STREAM) == -1)
		return gw_fail(gw, 503, "no memory");
	return VERDICT_GO_ON;
}

static enum verdict
talk(struct gw *gw)
{
	int status = gw_push(gw);
	enum verdict verdict;

	if (status == -1)
		return VERDICT_ERROR;
	if (status == 502)
		return again(gw, 503, gw->why);
	if (status > 0)
		return gw_fail(gw, status, NULL);
	if (gw->replied)
		verdict = hold(gw);
	else
		verdict = await_head(gw);
	if (verdict == VERDICT_GO_ON)
		return again(gw, gw->status > 0 ? gw->status
		    : gw->begun ? 502 : 503, gw->why != NULL
		    ? gw->why : "ended before its reply");
	if (verdict == VERDICT_WAIT_FOR_EVENT && gw_watch(gw, 1) == -1)
		return gw_fail(gw, 503, strerror(errno));
	return verdict;
}

/* Time is over. */
static enum verdict
expired(struct gw *gw)
{
	gw->con->expired = 0;
	if (gw->state == GW_BODY)
		return gw_fail(gw, 408, NULL);
	if (gw->state == GW_CONNECT)
		return gw_fail(gw, 503, "all are busy");
	if (gw->held) {
		gw->held = 0;
		return VERDICT_FINISHED;
	}
	if (conn_wants_more(gw->con)
	    && gw->con->req->upload->kind != UPLOAD_OVER)
		return gw_fail(gw, 408, NULL);
	if (!gw->begun)
		return again(gw, 504, "did not let us connect in time");
	return gw_fail(gw, 504, queue_bytes(&gw->out) > 0
	    ? "did not take the request in time" : "did not reply in time");
}

enum verdict
gw_exchange(struct plugin_self *self, struct connection *con)
{
	struct gw *gw = con->req->handler_data;
	enum verdict verdict = VERDICT_GO_ON;

	(void)self;
	if (con->responding)
		return gw_push(gw) == 0 && gw_watch(gw, 0) == 0 ? VERDICT_GO_ON
		    : VERDICT_ERROR;
	if (con->expired)
		verdict = expired(gw);
	while (verdict == VERDICT_GO_ON)
		verdict = gw->state == GW_BODY ? await_body(gw)
		    : gw->state == GW_CONNECT ? start(gw) : talk(gw);
	return verdict;
}

enum verdict
gw_body(struct plugin_self *self, struct connection *con)
{
	struct request *req = con->req;
	struct gw *gw = req->handler_data;
	enum http_verdict verdict;
	struct slice data;

	(void)self;
	if (req->entry != NULL) {
		conn_body_file(con, req->entry->file, req->offset, req->length);
		return VERDICT_FINISHED;
	}
	if (gw->early.n > 0) {
		conn_body(con, gw->early.p, gw->early.n);
		gw->early.n = 0;
		return gw->done ? VERDICT_FINISHED : VERDICT_GO_ON;
	}
	if (gw->done)
		return VERDICT_FINISHED;
	if (gw_pour(gw) > 0)
		return VERDICT_GO_ON;
	verdict = gw_next(gw, &data);
	conn_body(con, data.p, data.n);
	if (verdict == HTTP_DONE)
		return VERDICT_FINISHED;
	if (verdict == HTTP_REFUSED)
		return gw_cut(gw, gw->why);
	if (data.n > 0)
		return VERDICT_GO_ON;
	return gw_watch(gw, 1) == -1 ? VERDICT_ERROR : VERDICT_WAIT_FOR_EVENT;
}
