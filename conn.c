/*
 * conn.c - the states of a connection, one small function each, and their
 * time-outs.
 *
 *    request-start -> read-head -> handle-request <-> (exchange)
 *          ^                             |                |
 *          |                             +-> (read-body) -+
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
	BODY_BYTES = 48 << 10,		/* the same, of one that is made */
	ROUNDS = 4,			/* of making and sending in a turn */
	DRAIN_MOST = 64 << 10,		/* of a body nobody wants */
	GONE = 499			/* nginx's word for it, in the log */
};

typedef enum conn_state conn_step(struct connection *con);

static conn_step request_start, read_head, handle_request, exchange,
    read_body, response_start, write_queue, response_end, fail, shut;

static const struct step {
	conn_step *fn;
	int want;		/* events to wait for in this state */
	const char *name;
} steps[] = {
	[CONN_REQUEST_START] = { request_start, FDEVENT_IN, "request-start" },
	[CONN_READ_HEAD] = { read_head, FDEVENT_IN, "read-head" },
	[CONN_HANDLE_REQUEST] = { handle_request, 0, "handle-request" },
	[CONN_EXCHANGE] = { exchange, 0, "exchange" },
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

static enum conn_state
refuse_head(struct connection *con)
{
	const struct http_head *head = &con->req->head;

	con->req->settings = con->settings;
	if (head->status == 0)		/* what it is, nobody knows */
		return CONN_ERROR;
	if (con->srv->core->log_request_handling)
		LOG(con->srv, "connection %d: refused with %d: %s", con->fd,
		    head->status, head->why);
	return last_answer(con, head->status);
}

static enum conn_state
accept_head(struct connection *con)
{
	struct request *req = con->req;
	const struct core_conf *core = conn_conf(con);

	if (core->log_request_header)
		conn_log_head(con);
	/* a body must not move the head, see read_body */
	if (req->head.framing != HTTP_NO_BODY
	    && req->in.cap - req->in.n < CONN_READ_LEAST) {
		if (buf_reserve(&req->in, CONN_READ_LEAST) == -1)
			return CONN_ERROR;
		if (conn_parse(con) != HTTP_DONE)
			return CONN_ERROR;
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
		if (begun && conn_may_parse(req, most))
			verdict = conn_parse(con);
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
		    && conn_parse(con) == HTTP_REFUSED ? refuse_head(con)
		    : next;
	}
}

/* The request is answered; what is left of its body? */
static enum conn_state
answered(struct connection *con)
{
	struct request *req = con->req;

	if (con->requests
	    >= (uint32_t)request_conf(req)->max_keep_alive_requests)
		close_after(con);
	if (req->head.framing == HTTP_NO_BODY
	    || (req->upload != NULL && req->upload->complete))
		return CONN_RESPONSE_START;
	/* who waits for 100 and gets the final status may send the body or
	 * not (RFC 9110 10.1.1): only a close is safe */
	if (con->keep_alive && !req->head.expect_continue
	    && req->upload == NULL && req->head.body_length <= DRAIN_MOST)
		return CONN_READ_BODY;
	con->keep_alive = 0;
	con->unread = 1;
	return CONN_RESPONSE_START;
}

static enum conn_state
handle_request(struct connection *con)
{
	enum route route = conn_route(con);

	if (route == ROUTE_ANSWERED)
		return answered(con);
	if (route == ROUTE_CLAIMED)
		return CONN_EXCHANGE;
	/* earlier answers need not wait */
	return conn_send(con) == CONN_IO_GONE ? CONN_ERROR
	    : CONN_HANDLE_REQUEST;
}

/* Who claimed the request goes on with it. */
static enum conn_state
exchange(struct connection *con)
{
	struct request *req = con->req;
	enum verdict verdict;

	if (conn_listen(con) == -1)
		return CONN_ERROR;
	verdict = req->handler->plugin->handle_exchange(req->handler, con);
	if (verdict == VERDICT_FINISHED)
		return answered(con);
	if (verdict == VERDICT_COMEBACK && req->route_loops++ < ROUTE_LOOPS) {
		request_unanswer(con);
		return CONN_HANDLE_REQUEST;
	}
	if (verdict == VERDICT_COMEBACK) {
		conn_error(con, 500);
		return answered(con);
	}
	if (verdict != VERDICT_WAIT_FOR_EVENT)	/* nobody to answer to */
		return CONN_ERROR;
	return queue_bytes(&req->out) > 0 && conn_send(con) == CONN_IO_GONE
	    ? CONN_ERROR : CONN_EXCHANGE;
}

/* Drops a body that nobody wants, so that the connection can go on behind
 * it. */
static enum conn_state
read_body(struct connection *con)
{
	enum conn_state next;
	int status;

	do {
		status = conn_drop_body(con);
		if (status == -1)
			close_after(con);
		if (status == -1 || status == 200)
			return CONN_RESPONSE_START;
		if (status != 0)
			return last_answer(con, status);
		if (queue_bytes(&con->req->out) > 0)
			return CONN_WRITE;
	} while (has_more(con, &next));
	return next;
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
	const struct plugin *plugin = req->handler->plugin;
	enum verdict verdict = VERDICT_GO_ON;

	if (conn_listen(con) == -1)
		return -1;
	if (plugin->handle_exchange != NULL && req->handler_data != NULL)
		verdict = plugin->handle_exchange(req->handler, con);
	while (verdict == VERDICT_GO_ON && req->out.mem.n < BODY_BYTES
	    && queue_has_room(&req->out))
		verdict = plugin->handle_body(req->handler, con);
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
	int rounds = 0;

	do {
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
	} while (con->responding && !req->produced && !con->waiting
	    && ++rounds < ROUNDS);
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
	request_release(con);
	conn_reset_peer(con);
	con->responding = 0;
}

static enum conn_state
response_end(struct connection *con)
{
	struct request *req = con->req;

	request_done(con);
	/* the next one may be lost */
	if (req->upload != NULL && upload_free(req) == -1)
		close_after(con);
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

	if (req != NULL && req->handler_data != NULL && !con->responding) {
		req->status = GONE;
		request_done(con);
	} else if (con->responding) {
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

	/* reading or writing will tell */
	con->drained &= (events & ~FDEVENT_OUT) == 0;
	conn_run(con);
}

/* Has the connection wait for what its state needs. */
static void
wait_for(struct connection *con)
{
	struct server *srv = con->srv;
	int want = steps[con->state].want, result;
	int idle = con->state == CONN_WRITE && con->waiting
	    && queue_bytes(&con->req->out) == 0;

	/* nothing to send yet, or not now: conn_wake goes on, or
	 * rate_release, not the kernel */
	if (con->throttled || idle)
		want = 0;
	/* it goes on in the next turn anyway: no call for that */
	if (con->link.next != NULL && con->registered && con->state
	    == CONN_WRITE && queue_bytes(&con->req->out) == 0)
		want = srv->ev->fds[con->fd].want;
	if (con->state == CONN_EXCHANGE && queue_bytes(&con->req->out) > 0)
		want |= FDEVENT_OUT;
	if ((con->state == CONN_EXCHANGE || idle || (con->state == CONN_WRITE
	    && con->req->upload != NULL && !con->req->upload->complete))
	    && conn_listens(con))
		want |= FDEVENT_IN;
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
