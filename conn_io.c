/*
 * conn_io.c - fills the input buffer and drains the output queue, fairly.
 *
 * Called by conn.c only. One read a turn unless it filled the buffer; sending
 * stops at a bounded number of bytes, then others have their turn. recv and
 * send, not read and write: on Linux they cost a tenth of a request less.
 */
#include <sys/socket.h>
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "conn.h"

enum {
	READ_SIZE = 4096,	/* room made for a read */
	/* Bytes a connection may send in a turn. Measured with sendfile and
	 * 10 MiB: 256 KiB a turn costs twice the CPU time of 1 MiB, more than
	 * 1 MiB gains nothing. */
	SEND_TURN = 1 << 20,
	/* ... but only the first of many: 600 of them took a second, in which
	 * nobody else was served. */
	SEND_ALL = 8 << 20,
	SEND_LEAST = 64 << 10,
	DISCARD_READS = 8,	/* in a turn */
	FIELDS_USUAL = 16,	/* in a head */
	FIELDS_MORE = 8		/* that modules may add */
};

/* What it means that recv returned n when there was room for more. */
static enum conn_io
judge(struct connection *con, ssize_t n, size_t room)
{
	con->drained = n < (ssize_t)room;
	if (n > 0) {
		con->srv->slot->tally[TALLY_RECEIVED] += (size_t)n;
		return CONN_IO_GOT;
	}
	return n == -1 && (errno == EAGAIN || errno == EWOULDBLOCK
	    || errno == EINTR) ? CONN_IO_AGAIN : CONN_IO_GONE;
}

enum conn_io
conn_read_into(struct connection *con, void *p, size_t n, ssize_t *got)
{
	*got = recv(con->fd, p, n, 0);
	return judge(con, *got, n);
}

enum conn_io
conn_read(struct connection *con)
{
	struct buf *in = &con->req->in;
	size_t room;
	ssize_t n;

	if (in->cap - in->n < CONN_READ_LEAST
	    && buf_reserve(in, READ_SIZE) == -1)
		return CONN_IO_GONE;
	room = in->cap - in->n;
	n = recv(con->fd, in->p + in->n, room, 0);
	if (n > 0)
		in->n += (size_t)n;
	return judge(con, n, room);
}

int
conn_may_parse(const struct request *req, size_t most)
{
	size_t n = req->in.n - req->in_at;

	return req->in_seen == 0 || n >= most
	    || memchr(req->in.p + req->in_at + req->in_seen, '\n',
	    n - req->in_seen) != NULL;
}

static enum http_verdict
parse_into(struct connection *con, struct http_field *field, unsigned room)
{
	struct request *req = con->req;

	req->head.field = field;
	req->head.field_room = room;
	return http_parse(&req->head, req->in.p + req->in_at,
	    req->in.n - req->in_at,
	    (size_t)conn_conf(con)->max_request_field_size);
}

/* Room for n fields, and some of modules. Returns 0, or -1: no memory. */
static int
make_room(struct request *req, unsigned n)
{
	struct http_field *room = realloc(req->fields_in, (n + FIELDS_MORE)
	    * sizeof(*room));

	if (room == NULL)
		return -1;
	req->fields_in = room;
	req->fields_room = n;
	return 0;
}

enum http_verdict
conn_parse(struct connection *con)
{
	struct request *req = con->req;
	struct http_head *head = &req->head;
	enum http_verdict verdict;
	unsigned most;

	if (req->fields_room == 0 && make_room(req, FIELDS_USUAL) == -1)
		goto fail;
	verdict = parse_into(con, req->fields_in, req->fields_room);
	if (head->nfields == req->fields_room && verdict != HTTP_DONE) {
		verdict = parse_into(con, con->srv->fields, HTTP_FIELDS_MAX);
		if (make_room(req, head->nfields) == -1)
			goto fail;
		memcpy(req->fields_in, head->field, head->nfields
		    * sizeof(*head->field));
		head->field = req->fields_in;
	}
	most = req->fields_room + FIELDS_MORE;
	head->field_room = most < HTTP_FIELDS_MAX ? most : HTTP_FIELDS_MAX;
	return verdict;
fail:
	memset(head, 0, offsetof(struct http_head, field));
	head->method = HTTP_UNKNOWN;
	head->minor = 1;
	return HTTP_REFUSED;
}

enum conn_io
conn_discard(struct connection *con)
{
	enum conn_io result = CONN_IO_GOT;
	char block[8192];
	int i;

	for (i = 0; i < DISCARD_READS && result == CONN_IO_GOT; i++)
		result = judge(con, recv(con->fd, block, sizeof(block), 0),
		    sizeof(block));
	return result;
}

enum conn_io
conn_send(struct connection *con)
{
	const struct core_conf *core = request_conf(con->req);
	int shaped = core->connection_kbytes > 0 || core->server_kbytes > 0;
	size_t turn = con->srv->turn_bytes < SEND_ALL ? SEND_TURN : SEND_LEAST;
	struct queue *q = &con->req->out;
	size_t most = queue_bytes(q) < (off_t)turn ? (size_t)queue_bytes(q)
	    : turn;
	ssize_t n;

	if (shaped)
		most = rate_allows(con, most);
	n = most > 0 ? queue_send(q, con->fd, most) : 0;
	if (n == -1)
		return CONN_IO_GONE;
	con->srv->turn_bytes += (size_t)n;
	con->srv->slot->tally[TALLY_SENT] += (size_t)n;
	if (shaped)
		rate_charge(con, (size_t)n);
	if (queue_bytes(q) == 0)
		return CONN_IO_GOT;
	if ((size_t)n >= turn)
		conn_wake(con);
	else if ((size_t)n >= most)
		rate_wait(con);
	return CONN_IO_AGAIN;
}
