/*
 * conn_body.c - the body of a request: received for whoever claimed that, or
 * dropped because nobody did.
 *
 * conn.c asks it to drop; the gateways ask it to receive. What is to be kept
 * whole is in memory while it is small, else in a file without a name in one of
 * server.upload-dirs. What is passed on as it comes is read only as fast as
 * that goes on: never more than a window waits. Body bytes do not move the
 * head, to which slices point.
 */
#include <sys/socket.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "conn.h"

enum {
	BLOCK = 16 << 10,		/* read at once */
	BLOCKS = 16,			/* in a turn */
	MEMORY_MOST = 256 << 10,	/* for all bodies that are kept */
	TRIM_LEAST = 1 << 10,		/* of room: worth to be given back */
	DROP_MOST = 64 << 10		/* of a body nobody wants */
};

/* ---- a file ---- */

/* A new file in dir that has no name any more, or -1. */
static int
open_in(const char *dir)
{
	struct buf name = { NULL, 0, 0, 0 };
	int fd = -1;

	buf_printf(&name, "%s/glimd-XXXXXX", dir);
	(void)buf_text(&name);
	if (!name.failed)
		fd = mkstemp(name.p);
	if (fd != -1) {
		(void)unlink(name.p);
		(void)fcntl(fd, F_SETFD, FD_CLOEXEC);
	}
	buf_free(&name);
	return fd;
}

/* Returns 0, or -1 after a message. */
static int
open_file(struct connection *con, struct upload *up)
{
	const struct conf_list *dirs = con->config->core->upload_dirs;
	struct stat st;
	int fd = -1;
	size_t i;

	for (i = 0; dirs != NULL && i < dirs->n && fd == -1; i++)
		fd = open_in(dirs->items[i].value.text);
	if (dirs == NULL || dirs->n == 0)
		fd = open_in("/var/tmp");
	if (fd != -1 && fstat(fd, &st) == 0)
		up->file = file_new(0);
	if (up->file != NULL) {
		file_own(up->file, fd, &st, &con->srv->own_fds);
		return 0;
	}
	LOG(con->srv, "[error] connection %d: no file in server.upload-dirs "
	    "for a request's body: %s", con->fd, strerror(errno));
	if (fd != -1)
		close(fd);
	return -1;
}

static int
write_all(struct connection *con, int fd, const char *p, size_t n)
{
	ssize_t done;

	while (n > 0) {
		done = write(fd, p, n);
		if (done == -1 && errno == EINTR)
			continue;
		if (done <= 0) {
			LOG(con->srv, "[error] connection %d: writing a "
			    "request's body: %s", con->fd, strerror(errno));
			return -1;
		}
		p += done;
		n -= (size_t)done;
	}
	return 0;
}

/* Moves what is in memory to the file. */
static int
spill(struct connection *con, struct upload *up)
{
	if (up->file == NULL && open_file(con, up) == -1)
		return -1;
	if (write_all(con, up->file->fd, up->mem.p, up->mem.n) == -1)
		return -1;
	buf_free(&up->mem);
	return 0;
}

/* Bytes that one body may have in memory: many have less each. */
static size_t
share(const struct connection *con)
{
	size_t n = MEMORY_MOST / (size_t)*con->req->upload->count;

	return n < BODY_WINDOW ? n : BODY_WINDOW;
}

/* ---- receiving ---- */

int
conn_want_body(struct connection *con, enum upload_kind kind)
{
	struct request *req = con->req;
	struct upload *up = req->upload;

	if (up == NULL && kind != UPLOAD_TUNNEL
	    && req->head.framing == HTTP_NO_BODY)
		return 0;
	if (up == NULL) {
		up = req->upload = calloc(1, sizeof(*up));
		if (up == NULL)
			return -1;
		up->count = &con->srv->uploads;
		++*up->count;
	}
	up->kind = kind;
	if (kind == UPLOAD_TUNNEL) {	/* he may have ended already */
		buf_add(&up->mem, req->in.p + req->in_at,
		    req->in.n - req->in_at);
		req->in_at = req->in.n;
		up->complete = con->half_closed;
	}
	/* who sends already does not wait for it (RFC 9110 10.1.1) */
	if (req->head.expect_continue && req->in_at == req->in.n)
		buf_adds(&req->out.mem, "HTTP/1.1 100 Continue\r\n\r\n");
	req->head.expect_continue = 0;
	return up->mem.failed ? -1 : 0;
}

int
upload_free(struct request *req)
{
	struct upload *up = req->upload;
	int status = 0;

	if (buf_reserve(&req->in, up->next.n) == -1)
		status = -1;
	else
		buf_add(&req->in, up->next.p, up->next.n);
	if (up->file != NULL)
		file_drop(up->file);
	buf_free(&up->mem);
	buf_free(&up->next);
	--*up->count;
	free(up);
	req->upload = NULL;
	return status;
}

static int
store(struct connection *con, struct slice data)
{
	struct upload *up = con->req->upload;
	int64_t most = (int64_t)request_conf(con->req)->max_request_size * 1024;

	up->received += (int64_t)data.n;
	if (up->kind == UPLOAD_OVER)
		return 0;
	if (most > 0 && up->received > most && up->kind != UPLOAD_TUNNEL)
		return 413;
	if (up->file != NULL)
		return write_all(con, up->file->fd, data.p, data.n) == -1
		    ? 500 : 0;
	if (up->at == up->mem.n || up->at >= BODY_WINDOW) {
		buf_cut(&up->mem, 0, up->at);
		up->at = 0;
	}
	buf_add(&up->mem, data.p, data.n);
	if (up->mem.failed)
		return 503;
	if (up->kind == UPLOAD_KEEP && up->mem.n > share(con))
		return spill(con, up) == -1 ? 500 : 0;
	return 0;
}

static int
complete(struct upload *up)
{
	struct stat st;

	up->complete = 1;
	if (up->file == NULL)
		return 0;
	/* as queue_send will find it */
	if (fstat(up->file->fd, &st) == -1)
		return 500;
	up->file->whole = st.st_size;
	up->file->modified = st.st_mtim;
	return 0;
}

/* Takes n bytes from the client; *used are the body's. */
static int
feed(struct connection *con, const char *p, size_t n, size_t *used)
{
	struct request *req = con->req;
	struct slice data = { p, n };
	enum http_verdict verdict = HTTP_MORE;
	size_t part;
	int status = 0;

	*used = 0;
	if (req->upload->kind == UPLOAD_TUNNEL) {
		*used = n;
		return n > 0 ? store(con, data) : 0;
	}
	do {
		verdict = http_body(&req->body, p + *used, n - *used, &part,
		    &data);
		*used += part;
		if (data.n > 0)
			status = store(con, data);
	} while (verdict == HTTP_MORE && part > 0 && status == 0);
	if (verdict == HTTP_REFUSED)
		return 400;
	return status == 0 && verdict == HTTP_DONE ? complete(req->upload)
	    : status;
}

int
conn_wants_more(const struct connection *con)
{
	const struct upload *up = con->req->upload;

	return up != NULL && !up->complete && !con->half_closed
	    && (up->kind == UPLOAD_KEEP || up->mem.n - up->at < BODY_WINDOW);
}

/* Reads once. Returns as conn_receive. */
static int
receive_some(struct connection *con)
{
	struct upload *up = con->req->upload;
	char block[BLOCK];
	size_t used;
	ssize_t n;
	int status;

	switch (conn_read_into(con, block, sizeof(block), &n)) {
	case CONN_IO_AGAIN:
		return 0;
	case CONN_IO_GONE:
		if (n != 0 || up->kind != UPLOAD_TUNNEL)
			return -1;
		con->half_closed = up->complete = 1;
		return 0;
	default:
		break;
	}
	status = feed(con, block, (size_t)n, &used);
	if (status == 0 && used < (size_t)n) {
		buf_add(&up->next, block + used, (size_t)n - used);
		status = up->next.failed ? 503 : 0;
	}
	return status;
}

/* The body takes its time: its head needs no room for more. */
static void
trim(struct request *req)
{
	struct buf *in = &req->in;
	char *p = in->cap - in->n < TRIM_LEAST ? NULL : malloc(in->n);

	if (p == NULL)
		return;
	memcpy(p, in->p, in->n);
	http_moved(&req->head, in->p, p, in->n);
	free(in->p);
	in->p = p;
	in->cap = in->n;
}

int
conn_receive(struct connection *con)
{
	struct request *req = con->req;
	size_t used;
	int i, status;

	if (!conn_wants_more(con))
		return 0;
	status = feed(con, req->in.p + req->in_at, req->in.n - req->in_at,
	    &used);
	req->in_at += used;
	for (i = 0; status == 0 && conn_wants_more(con) && !con->drained; i++) {
		if (i == BLOCKS) {	/* others first */
			conn_wake(con);
			break;
		}
		status = receive_some(con);
	}
	if (status == 0 && req->upload->kind == UPLOAD_KEEP
	    && !req->upload->complete)
		trim(req);
	return status;
}

int
conn_listen(struct connection *con)
{
	struct buf *in = &con->req->in;
	enum conn_io got;
	ssize_t n;

	if (con->drained || (con->req->upload != NULL
	    && !con->req->upload->complete) || !conn_listens(con))
		return 0;
	got = conn_read_into(con, in->p + in->n, in->cap - in->n, &n);
	if (got == CONN_IO_GOT)
		in->n += (size_t)n;
	else if (got == CONN_IO_GONE && n == 0)
		con->half_closed = 1;
	return got == CONN_IO_GONE && n == -1 ? -1 : 0;
}

int
conn_listens(const struct connection *con)
{
	const struct request *req = con->req;

	if (req->upload != NULL && !req->upload->complete)
		return conn_wants_more(con);
	/* behind what waits in next nothing may come to stand in front of it */
	return !con->half_closed && req->in.n < req->in.cap
	    && (req->upload != NULL ? req->upload->next.n == 0
	    : req->head.framing == HTTP_NO_BODY);
}

/* ---- dropping ---- */

/* The bytes of the head stay where they are; body bytes land behind them again
 * and again. */
int
conn_drop_body(struct connection *con)
{
	struct request *req = con->req;
	int64_t most = (int64_t)request_conf(req)->max_request_size * 1024;
	enum http_verdict verdict;
	struct slice data;
	size_t used;

	do {
		verdict = http_body(&req->body, req->in.p + req->in_at,
		    req->in.n - req->in_at, &used, &data);
		req->in_at += used;
		req->drained += (int64_t)data.n;
		req->dropped += used;
	} while (verdict == HTTP_MORE && used > 0);
	if (verdict == HTTP_REFUSED)
		return 400;
	if (most > 0 && req->drained > most)
		return 413;
	if (verdict == HTTP_DONE)
		return 200;
	if (req->dropped > DROP_MOST)
		return -1;
	buf_cut(&req->in, req->head_end, req->in_at);
	req->in_at = req->head_end;
	return 0;
}
