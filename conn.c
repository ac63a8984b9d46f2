/*
 * conn.c - the states of a connection, one small function each, and their
 * time-outs.
 *
 *    request-start -> read-head -> handle-request -> (read-body)
 *          ^                                              |
 *          |                                              v
 *          +------- response-end <------ write <--- response-start
 *                        |
 *                        v
 *      error ---> dead <--- close
 *
 * A step does what can be done now and returns the next state; its own means
 * wait. Only conn_run and conn_life.c change the state. Complete requests that
 * lie in the input buffer are answered into one queue and sent together.
 */
#include <sys/socket.h>
#include <string.h>

#include "plugin.h"

enum {
	TURN_REQUESTS = 64,		/* then others have their turn */
	BATCH_BYTES = 64 << 10,		/* queued before they are sent */
	DRAIN_MOST = 64 << 10		/* of a body nobody wants */
};

typedef enum conn_state conn_step(struct connection *con);

static conn_step request_start, read_head, handle_request, read_body,
    response_start, write_queue, response_end, fail, shut;

static const struct step {
	conn_step *fn;
	int want;		/* events to wait for in this state */
	const char *name;
} steps[] = {
	[CONN_REQUEST_START] = { request_start, FDEVENT_IN, "request-start" },
	[CONN_READ_HEAD] = { read_head, FDEVENT_IN, "read-head" },
	[CONN_HANDLE_REQUEST] = { handle_request, 0, "handle-request" },
	[CONN_READ_BODY] = { read_body, FDEVENT_IN, "read-body" },
	[CONN_RESPONSE_START] = { response_start, 0, "response-start" },
	[CONN_WRITE] = { write_queue, FDEVENT_OUT, "write" },
	[CONN_RESPONSE_END] = { response_end, 0, "response-end" },
	[CONN_ERROR] = { fail, 0, "error" },
	[CONN_CLOSE] = { shut, FDEVENT_IN, "close" },
	[CONN_DEAD] = { fail, 0, "dead" }
};

/* ---- the steps ---- */

/* Reads more input for a step. Returns 0 when there is none; *next then says
 * whether to wait or to give up. */
static int
has_more(struct connection *con, enum conn_state *next)
{
	enum conn_io got = con->drained ? CONN_IO_AGAIN : conn_read(con);

	*next = got == CONN_IO_GONE ? CONN_ERROR : con->state;
	return got == CONN_IO_GOT;
}

/* It is us who end the connection, so the client may be sending still. */
static void
close_after(struct connection *con)
{
	if (con->keep_alive)
		con->unread = 1;
	con->keep_alive = 0;
}

/* An error after which the connection closes: where the next request would
 * begin is not known, or not worth waiting for. */
static enum conn_state
last_answer(struct connection *con, int status)
{
	con->keep_alive = 0;
	con->unread = 1;
	conn_error(con, status);
	return CONN_RESPONSE_START;
}

static enum conn_state
request_start(struct connection *con)
{
	struct request *req = con->req;
	enum conn_state next;

	if (con->config != con->srv->config)	/* there was a reload */
		conn_configure(con);
	if (req == NULL) {
		req = con->req = request_take(con->srv);
		if (req == NULL)
			return CONN_ERROR;
	}
	if (req->in_at < req->in.n && con->budget > 0)	/* pipelined */
		return CONN_READ_HEAD;
	if (queue_bytes(&req->out) > 0)
		return CONN_WRITE;
	if (con->budget == 0) {		/* it had its share: others first */
		conn_wake(con);
		return CONN_REQUEST_START;
	}
	req->in.n = req->in_at = 0;
	if (has_more(con, &next))
		return CONN_READ_HEAD;
	request_give(con);		/* an idle connection holds nothing */
	return next;
}

/* Whether the parser may come to another verdict than last time: it is asked
 * again only when a line was completed, so that a client which sends byte by
 * byte costs no more than one which sends line by line. */
static int
is_worth_parsing(const struct request *req, size_t most)
{
	size_t n = req->in.n - req->in_at;

	return req->in_seen == 0 || n >= most
	    || memchr(req->in.p + req->in_at + req->in_seen, '\n',
	    n - req->in_seen) != NULL;
}

static enum conn_state
refuse_head(struct connection *con)
{
	const struct http_head *head = &con->req->head;

	con->req->settings = con->settings;
	if (con->srv->core->log_request_handling)
		LOG(con->srv, "connection %d: refused with %d: %s", con->fd,
		    head->status, head->why);
	return last_answer(con, head->status);
}

/* The head, all but credentials. */
static void
log_head(const struct connection *con)
{
	const struct request *req = con->req;
	const struct http_field *f = req->head.field;
	const char *p = req->in.p + req->in_at, *end = p + req->head.size;
	struct buf b = { NULL, 0, 0, 0 };

	for (; f < req->head.field + req->head.nfields; f++)
		if (f->id == HTTP_AUTHORIZATION || slice_case_eq((struct slice){
		    f->name, f->name_n }, "proxy-authorization")) {
			buf_add(&b, p, (size_t)(f->value - p));
			buf_adds(&b, "...");
			p = f->value + f->value_n;
		}
	buf_add(&b, p, (size_t)(end - p));
	LOG(con->srv, "connection %d: request %s", con->fd, buf_text(&b));
	buf_free(&b);
}

static enum conn_state
accept_head(struct connection *con)
{
	struct request *req = con->req;
	const struct core_conf *core = conn_conf(con);

	if (core->log_request_header)
		log_head(con);
	/* a body must not move the head, see read_body */
	if (req->head.framing != HTTP_NO_BODY
	    && req->in.cap - req->in.n < CONN_READ_LEAST) {
		if (buf_reserve(&req->in, CONN_READ_LEAST) == -1)
			return CONN_ERROR;
		(void)http_parse(&req->head, req->in.p + req->in_at,
		    req->in.n - req->in_at,
		    (size_t)core->max_request_field_size);
	}
	req->in_at += req->head.size;
	req->head_end = req->in_at;
	req->settings = con->settings;
	req->started = con->srv->tick;
	if (con->config->timed)
		req->began = clock_us();
	con->budget--;
	con->requests++;
	con->srv->requests++;
	con->keep_alive = req->head.keep_alive;
	http_body_init(&req->body, &req->head);
	return CONN_HANDLE_REQUEST;
}

static enum conn_state
read_head(struct connection *con)
{
	struct request *req = con->req;
	size_t most = (size_t)conn_conf(con)->max_request_field_size;
	enum http_verdict verdict;
	enum conn_state next;
	int begun;

	if (req->in_seen == 0) {
		req->started = con->srv->tick;
		req->began = 0;
	}
	for (;;) {
		verdict = HTTP_MORE;
		begun = con->begun ? 1 : conn_begin(con);
		if (begun == -1)
			return CONN_ERROR;
		if (begun && is_worth_parsing(req, most))
			verdict = http_parse(&req->head,
			    req->in.p + req->in_at, req->in.n - req->in_at,
			    most);
		if (verdict == HTTP_DONE)
			return accept_head(con);
		if (verdict == HTTP_REFUSED)
			return refuse_head(con);
		req->in_seen = req->in.n - req->in_at;
		if (queue_bytes(&req->out) > 0)	/* send before waiting */
			return CONN_WRITE;
		if (req->in_at > 0) {
			buf_cut(&req->in, 0, req->in_at);
			req->in_at = 0;
		}
		if (has_more(con, &next))
			continue;
		/* what cannot become a head is refused, also where the peer
		 * has ended in the middle of a line */
		return next == CONN_ERROR && begun && req->in.n > req->in_at
		    && http_parse(&req->head, req->in.p + req->in_at,
		    req->in.n - req->in_at, most) == HTTP_REFUSED
		    ? refuse_head(con) : next;
	}
}

static enum conn_state
handle_request(struct connection *con)
{
	struct request *req = con->req;

	if (!conn_route(con)) {
		/* earlier answers need not wait */
		return conn_send(con) == CONN_IO_GONE ? CONN_ERROR
		    : CONN_HANDLE_REQUEST;
	}
	if (con->requests
	    >= (uint32_t)request_conf(req)->max_keep_alive_requests)
		close_after(con);
	if (req->head.framing == HTTP_NO_BODY)
		return CONN_RESPONSE_START;
	/* who waits for 100 and gets the final status may send the body or
	 * not (RFC 9110 10.1.1): only a close is safe */
	if (con->keep_alive && !req->head.expect_continue
	    && req->head.body_length <= DRAIN_MOST)
		return CONN_READ_BODY;
	con->keep_alive = 0;
	con->unread = 1;
	return CONN_RESPONSE_START;
}

/* Drops a body that nobody wants, so that the connection can go on behind it.
 * The bytes of the head stay where they are, because slices point to them;
 * body bytes land behind them again and again. */
static enum conn_state
read_body(struct connection *con)
{
	struct request *req = con->req;
	int64_t most = (int64_t)request_conf(req)->max_request_size * 1024;
	enum http_verdict verdict;
	enum conn_state next;
	struct slice data;
	size_t used;

	for (;;) {
		do {
			verdict = http_body(&req->body, req->in.p + req->in_at,
			    req->in.n - req->in_at, &used, &data);
			req->in_at += used;
			req->drained += (int64_t)data.n;
			req->dropped += used;
		} while (verdict == HTTP_MORE && used > 0);
		if (verdict == HTTP_REFUSED)
			return last_answer(con, 400);
		if (most > 0 && req->drained > most)
			return last_answer(con, 413);
		if (verdict == HTTP_DONE)
			return CONN_RESPONSE_START;
		if (req->dropped > DRAIN_MOST) {
			close_after(con);
			return CONN_RESPONSE_START;
		}
		buf_cut(&req->in, req->head_end, req->in_at);
		req->in_at = req->head_end;
		if (queue_bytes(&req->out) > 0)
			return CONN_WRITE;
		if (!has_more(con, &next))
			return next;
	}
}

static enum conn_state
response_start(struct connection *con)
{
	if (con->srv->draining)
		close_after(con);
	con->responding = 1;
	conn_response(con);
	return CONN_WRITE;
}

/* Has the handler put more of the body into the queue. Bytes sent already
 * count as long as they are in its memory, so a slow reader cannot make that
 * grow. Returns -1 when the handler failed: what was announced is not kept. */
static int
produce(struct connection *con)
{
	struct request *req = con->req;
	enum verdict verdict = VERDICT_GO_ON;

	while (verdict == VERDICT_GO_ON && req->out.mem.n < BATCH_BYTES
	    && queue_has_room(&req->out))
		verdict = req->handler->plugin->handle_body(req->handler, con);
	if (verdict == VERDICT_FINISHED) {
		conn_body_end(con);
		req->produced = 1;
	}
	con->waiting = verdict == VERDICT_WAIT_FOR_EVENT;
	return verdict <= VERDICT_WAIT_FOR_EVENT ? 0 : -1;
}

/* The rest of the batch may go out with this answer. */
static int
may_wait(const struct connection *con)
{
	const struct request *req = con->req;

	return con->keep_alive && req->produced && req->in_at < req->in.n
	    && con->budget > 0 && queue_has_room(&req->out)
	    && queue_bytes(&req->out) < BATCH_BYTES;
}

static enum conn_state
write_queue(struct connection *con)
{
	struct request *req = con->req;
	enum conn_io sent;

	if (con->responding && !req->produced && produce(con) == -1)
		return CONN_ERROR;
	if (con->responding && may_wait(con))
		return CONN_RESPONSE_END;
	if (req->out.mem.failed)	/* bytes were lost */
		return CONN_ERROR;
	sent = conn_send(con);
	if (sent == CONN_IO_GONE)
		return CONN_ERROR;
	if (sent == CONN_IO_AGAIN)
		return CONN_WRITE;
	if (!con->responding)		/* earlier answers, flushed */
		return req->head_end > 0 ? CONN_READ_BODY
		    : CONN_REQUEST_START;
	if (req->produced)
		return CONN_RESPONSE_END;
	if (!con->waiting)		/* a long body: others first */
		conn_wake(con);
	return CONN_WRITE;
}

static void
request_done(struct connection *con)
{
	plugins_note(con->config->plugins, HOOK_REQUEST_DONE, con);
	conn_reset_peer(con);
	con->responding = 0;
}

static enum conn_state
response_end(struct connection *con)
{
	struct request *req = con->req;

	request_done(con);
	request_reset(req);
	return con->keep_alive ? CONN_REQUEST_START : CONN_CLOSE;
}

/* The peer is gone, or the answer cannot be finished: it is logged with what
 * was sent of it. */
static enum conn_state
fail(struct connection *con)
{
	struct request *req = con->req;
	uint64_t unsent;

	if (con->responding) {
		unsent = (uint64_t)queue_bytes(&req->out);
		req->bytes_out -= unsent < req->bytes_out ? unsent
		    : req->bytes_out;
		req->bytes_body -= unsent < req->bytes_body ? unsent
		    : req->bytes_body;
		request_done(con);
	}
	return CONN_DEAD;
}

/* Closing a socket with unread input resets it, and that may overtake our
 * answer. Where the peer may still send: FIN, then read on (RFC 9112 9.6). */
static enum conn_state
shut(struct connection *con)
{
	enum conn_io got;

	if (!con->shut) {
		if (!con->drained || (con->req != NULL
		    && con->req->in_at < con->req->in.n))
			con->unread = 1;
		if (!con->unread || shutdown(con->fd, SHUT_WR) == -1)
			return CONN_DEAD;
		con->shut = 1;
		timer_disarm(&con->srv->wheel, &con->timer);
		request_drop(con);
	}
	got = conn_discard(con);
	if (got == CONN_IO_GOT)
		conn_wake(con);
	return got == CONN_IO_GONE ? CONN_DEAD : CONN_CLOSE;
}

/* ---- the driver ---- */

static void
on_event(void *context, int events)
{
	struct connection *con = context;

	(void)events;		/* reading or writing will tell */
	con->drained = 0;
	conn_run(con);
}

/* Has the connection wait for what its state needs. */
static void
wait_for(struct connection *con)
{
	struct server *srv = con->srv;
	int want = steps[con->state].want, result;

	/* nothing to send yet, or not now: conn_wake goes on, or
	 * rate_release, not the kernel */
	if (con->throttled || (con->state == CONN_WRITE && con->waiting
	    && queue_bytes(&con->req->out) == 0))
		want = 0;
	result = con->registered ? fdevent_want(srv->ev, con->fd, want)
	    : fdevent_add(srv->ev, con->fd, want, on_event, con);
	if (result == -1) {
		con->state = fail(con);
		return;
	}
	con->registered = 1;
	/* a lingering close is not prolonged by what still comes */
	if (con->state != CONN_CLOSE || con->timer.next == NULL)
		timer_arm(&srv->wheel, &con->timer, conn_patience(con));
}

void
conn_run(struct connection *con)
{
	int log = con->srv->core->log_state_engine;
	unsigned was, next;

	con->budget = TURN_REQUESTS;
	do {
		was = con->state;
		next = steps[was].fn(con);
		con->state = (uint8_t)next;
		if (log && next != was)
			LOG(con->srv, "connection %d: %s -> %s", con->fd,
			    steps[was].name, steps[next].name);
	} while (next != was);
	if (con->state != CONN_DEAD)
		wait_for(con);
	if (con->state == CONN_DEAD)
		conn_recycle(con);
}
