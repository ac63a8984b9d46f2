/*
 * gw_io.c - bytes to and from a backend, both bounded.
 *
 * gw.c says when. An event of a backend's descriptor only wakes the
 * connection, so all reading and writing is done when that runs.
 */
#include <sys/socket.h>

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "gw.h"

enum {
	READ_SIZE = 16 << 10,	/* room made for a read */
	POUR_MOST = 65500,	/* in the client's queue: with its wrapping,
				 * 64 KiB */
	SEND_MOST = 256 << 10,	/* to a backend at once ... */
	TURNS = 4		/* ... and so often; reads, too */
};

/* ---- descriptors ---- */

void
gw_drop_fds(struct gw *gw)
{
	struct fdevents *ev = gw->con->srv->ev;

	if (gw->send_fd != -1 && gw->send_fd != gw->fd)
		fdevent_del(ev, gw->send_fd);
	if (gw->fd != -1)
		fdevent_del(ev, gw->fd);
	gw->fd = gw->send_fd = -1;
}

void
gw_on_event(void *context, int events)
{
	struct gw *gw = context;
	struct fdevents *ev = gw->con->srv->ev;

	if (events & ~FDEVENT_OUT)
		gw->drained = 0;
	/* told before, and nobody came: it has to wait for its client */
	if (gw->woken && gw->fd != -1)
		(void)fdevent_want(ev, gw->fd, 0);
	if (gw->woken && gw->send_fd != -1)
		(void)fdevent_want(ev, gw->send_fd, 0);
	gw->woken = 1;
	conn_wake(gw->con);
}

int
gw_watch(struct gw *gw, int room)
{
	struct fdevents *ev = gw->con->srv->ev;
	int sends = queue_bytes(&gw->out) > 0 ? FDEVENT_OUT : 0;
	const struct gw_host *host = gw->host;
	int status = 0;

	if (room)
		gw->woken = 0;
	gw->con->req->patience = (uint32_t)(gw->held ? GW_HOLD_SECONDS
	    : !gw->begun ? host->connect_timeout
	    : sends != 0 ? host->write_timeout : host->read_timeout);
	if (gw->fd != -1)
		status = fdevent_want(ev, gw->fd, (room ? FDEVENT_IN
		    : ev->fds[gw->fd].want & FDEVENT_IN)
		    | (gw->send_fd == gw->fd ? sends : 0));
	if (gw->send_fd != -1 && gw->send_fd != gw->fd)
		status |= fdevent_want(ev, gw->send_fd, sends);
	return status;
}

int
gw_add_fds(struct gw *gw)
{
	struct fdevents *ev = gw->con->srv->ev;

	if (fdevent_add(ev, gw->fd, FDEVENT_IN, gw_on_event, gw) == -1) {
		close(gw->fd);
		if (gw->send_fd != -1 && gw->send_fd != gw->fd)
			close(gw->send_fd);
		gw->fd = gw->send_fd = -1;
		return -1;
	}
	if (gw->send_fd == -1 || gw->send_fd == gw->fd
	    || fdevent_add(ev, gw->send_fd, 0, gw_on_event, gw) == 0)
		return 0;
	close(gw->send_fd);
	gw->send_fd = -1;
	return -1;
}

/* ---- the request goes out ---- */

/* Puts what there is of the body behind what waits to be sent. */
static void
fill(struct gw *gw)
{
	const struct gw_protocol *protocol = gw->protocol;
	struct upload *up = gw->host->authorizer ? NULL : gw->con->req->upload;
	struct slice data;
	int64_t left;

	/* what may have to be sent again stays where it is */
	if (up != NULL && up->kind == UPLOAD_STREAM && !gw->begun)
		return;
	while (!gw->sent && queue_has_room(&gw->out)
	    && gw->out.mem.n < BODY_WINDOW) {
		left = 0;
		if (up != NULL)
			left = up->file != NULL ? up->received - gw->file_at
			    : (int64_t)(up->mem.n - up->at);
		if (left == 0 && up != NULL && !up->complete)
			return;
		if (protocol->frame_most > 0
		    && left > (int64_t)protocol->frame_most)
			left = (int64_t)protocol->frame_most;
		if (protocol->frame != NULL && !gw->tunnel)
			protocol->frame(gw, (size_t)left);
		gw->sent = left == 0;
		if (left > 0 && up->file != NULL) {
			queue_add_file(&gw->out, up->file, gw->file_at, left);
			gw->file_at += left;
		} else if (left > 0) {
			data = (struct slice){ up->mem.p + up->at,
			    (size_t)left };
			buf_add(&gw->out.mem, data.p, data.n);
			up->at += data.n;
		}
	}
}

/* All is sent. A pipe or a tunnel says so by its end. */
static void
end_sending(struct gw *gw)
{
	if (gw->send_fd != gw->fd && gw->send_fd != -1) {
		fdevent_del(gw->con->srv->ev, gw->send_fd);
		gw->send_fd = -1;
	} else if (gw->tunnel && gw->fd != -1) {
		(void)shutdown(gw->fd, SHUT_WR);
	}
}

int
gw_push(struct gw *gw)
{
	struct upload *up = gw->con->req->upload;
	int status = 0, turns = 0;
	ssize_t n;

	if (gw->sent && queue_bytes(&gw->out) == 0)
		return up != NULL && up->kind == UPLOAD_OVER
		    ? conn_receive(gw->con) : 0;
	if (!gw->host->authorizer)
		status = conn_receive(gw->con);
	if (status != 0 || gw->send_fd == -1)
		return status;
	do {		/* what waited for room in it: no event will tell */
		fill(gw);
		n = queue_send(&gw->out, gw->send_fd, SEND_MOST);
		if (gw->out.mem.failed)
			return 503;
		gw->begun |= n > 0;
	} while (n > 0 && !gw->sent && queue_bytes(&gw->out) == 0
	    && ++turns < TURNS);
	if (n == -1 && !(errno == ENOTCONN && !gw->begun)) {
		if (!gw->begun) {
			gw->why = strerror(errno);
			return 502;
		}
		/* it may have answered without reading all of it */
		if (up != NULL && !up->complete) {
			up->kind = UPLOAD_OVER;
			up->at = up->mem.n = 0;
		}
		gw->sent = 1;
		gw->keep = 0;
		queue_clear(&gw->out);
	}
	if (gw->sent && queue_bytes(&gw->out) == 0)
		end_sending(gw);
	else if (n > 0 && queue_bytes(&gw->out) == 0)
		conn_wake(gw->con);	/* there may be more, here already */
	return 0;
}

/* ---- the reply comes in ---- */

/* Reads once into n bytes at p. Returns how many; 0: none now, or no more. */
static size_t
read_into(struct gw *gw, char *p, size_t n)
{
	ssize_t got = gw->out.is_pipe ? read(gw->fd, p, n)
	    : recv(gw->fd, p, n, 0);

	gw->drained = got < (ssize_t)n;
	if (got > 0)
		return (size_t)got;
	if (got == 0 || (errno != EAGAIN && errno != EWOULDBLOCK
	    && errno != EINTR)) {
		gw->eof = 1;
		if (got == -1)
			gw->why = strerror(errno);
		gw_drop_fds(gw);
	}
	return 0;
}

/* Reads once, if there may be something. */
static void
fetch(struct gw *gw)
{
	struct buf *in = &gw->in;

	buf_cut(in, 0, gw->in_at);
	gw->in_at = 0;
	if (gw->fd == -1) {
		gw->eof = 1;
	} else if (buf_reserve(in, READ_SIZE) == -1) {
		gw->eof = 1;
		gw->why = "no memory";
	} else {
		in->n += read_into(gw, in->p + in->n, in->cap - in->n);
	}
}

size_t
gw_pour(struct gw *gw)
{
	size_t used = gw->con->req->out.mem.n, n = POUR_MOST;
	char *p;

	if (!gw->plain || gw->drained || gw->eof || gw->fd == -1
	    || gw->in_at < gw->in.n || gw->rest == 0)
		return 0;
	n = used < n ? n - used : READ_SIZE;
	if (gw->rest > 0 && (int64_t)n > gw->rest)
		n = (size_t)gw->rest;
	p = conn_body_room(gw->con, n);
	n = p == NULL ? 0 : read_into(gw, p, n);
	conn_body_filled(gw->con, n);
	if (gw->rest > 0) {
		gw->rest -= (int64_t)n;
		gw->body.left = gw->rest;
	}
	return n;
}

enum http_verdict
gw_next_raw(struct gw *gw, struct slice *data)
{
	enum http_verdict verdict;
	int turns = 0;

	for (;;) {
		*data = (struct slice){ NULL, 0 };
		verdict = HTTP_MORE;
		if (gw->in.p == NULL) {
			;			/* nothing was read yet */
		} else if (gw->protocol->take != NULL && !gw->tunnel) {
			verdict = gw->protocol->take(gw, data);
		} else {
			*data = (struct slice){ gw->in.p + gw->in_at,
			    gw->in.n - gw->in_at };
			gw->in_at = gw->in.n;
			if (gw->eof && data->n == 0)
				verdict = HTTP_DONE;
		}
		/* that was an error, and no end */
		if (verdict == HTTP_DONE && gw->why != NULL && !gw->tunnel)
			verdict = HTTP_REFUSED;
		if (verdict != HTTP_MORE || data->n > 0
		    || (gw->drained && !(gw->eof && gw->pid == 0)))
			return verdict;
		if (gw->eof) {
			if (gw->why == NULL)
				gw->why = "ended in the middle of its reply";
			return HTTP_REFUSED;
		}
		if (turns++ == TURNS) {	/* all for the log: others first */
			conn_wake(gw->con);
			return HTTP_MORE;
		}
		fetch(gw);
	}
}

enum http_verdict
gw_next(struct gw *gw, struct slice *data)
{
	enum http_verdict verdict = HTTP_DONE;

	*data = (struct slice){ NULL, 0 };
	if (gw->rest != 0 || gw->keep)
		verdict = gw_next_raw(gw, data);
	if (gw->rest >= 0 && (int64_t)data->n > gw->rest) {
		data->n = (size_t)gw->rest;
		gw->keep = 0;
	}
	if (gw->rest >= 0)
		gw->rest -= (int64_t)data->n;
	if (gw->rest == 0 && !gw->keep)
		verdict = HTTP_DONE;
	if (verdict == HTTP_DONE && gw->rest > 0) {
		gw->why = "sent less than its Content-Length";
		return HTTP_REFUSED;
	}
	gw->done = verdict == HTTP_DONE;
	return verdict;
}
