/*
 * conn_io.c - fills the input buffer and drains the output queue, fairly.
 *
 * Called by conn.c only. One read a turn unless it filled the buffer; sending
 * stops at a bounded number of bytes, then others have their turn. recv and
 * send, not read and write: on Linux they cost a tenth of a request less.
 */
#include <sys/socket.h>

#include <errno.h>

#include "server.h"

enum {
	READ_SIZE = 4096,	/* room made for a read */
	/* Bytes a connection may send in a turn. Measured with sendfile and
	 * 10 MiB: 256 KiB a turn costs twice the CPU time of 1 MiB, more than
	 * 1 MiB gains nothing. */
	SEND_TURN = 1 << 20,
	DISCARD_TURN = 64 << 10
};

static enum conn_io
read_failed(struct connection *con)
{
	if (errno == EAGAIN || errno == EWOULDBLOCK) {
		con->drained = 1;
		return CONN_IO_AGAIN;
	}
	return CONN_IO_GONE;
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
	do
		n = recv(con->fd, in->p + in->n, room, 0);
	while (n == -1 && errno == EINTR);
	if (n == -1)
		return read_failed(con);
	if (n == 0)
		return CONN_IO_GONE;
	in->n += (size_t)n;
	con->drained = (size_t)n < room;
	return CONN_IO_GOT;
}

enum conn_io
conn_discard(struct connection *con)
{
	char block[8192];
	size_t total = 0;
	ssize_t n;

	while (total < DISCARD_TURN) {
		n = recv(con->fd, block, sizeof(block), 0);
		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1)
			return read_failed(con);
		if (n == 0)
			return CONN_IO_GONE;
		total += (size_t)n;
	}
	return CONN_IO_GOT;
}

enum conn_io
conn_send(struct connection *con)
{
	struct queue *q = &con->req->out;
	ssize_t n;

	n = queue_send(q, con->fd, SEND_TURN);
	if (n == -1)
		return CONN_IO_GONE;
	if (queue_bytes(q) == 0)
		return CONN_IO_GOT;
	if (n >= SEND_TURN)
		conn_wake(con);
	return CONN_IO_AGAIN;
}
