/*
 * conn_io.c - fills the input buffer and drains the output queue, fairly.
 *
 * Called by conn.c only. One read a turn unless it filled the buffer; sending
 * stops at a bounded number of bytes, then others have their turn. recv and
 * send, not read and write: on Linux they cost a tenth of a request less.
 */
#include <sys/socket.h>
#include <errno.h>

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
	DISCARD_READS = 8	/* in a turn */
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
