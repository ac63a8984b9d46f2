/*
 * base_queue.c - output waiting to be sent: pieces of memory and of files,
 * written with as few calls as possible.
 *
 * Filled by conn_response.c and the modules, sent by conn_io.c. Memory pieces
 * that follow each other become one, so that a batch of small answers is one
 * write. A file piece holds a reference, never a bare descriptor.
 */
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base.h"
#include "sys.h"

enum {
	QUEUE_IOV = 2 * QUEUE_PIECES > 64 ? 64 : 2 * QUEUE_PIECES,
	QUEUE_COPY = 4096	/* up to this, a copy is cheaper than a piece */
};

struct file *
file_new(size_t n)
{
	struct file *f = n > SIZE_MAX / 2 ? NULL : malloc(sizeof(*f) + n);

	if (f != NULL)
		*f = (struct file){ .refs = 1, .fd = -1, .size = n };
	return f;
}

void
file_own(struct file *f, int fd, const struct stat *st, int *count)
{
	f->fd = fd;
	f->whole = st->st_size;
	f->modified = st->st_mtim;
	f->count = count;
	++*count;
}

int
file_is_same(const struct file *f)
{
	char now[FILE_SAMPLE];
	struct stat st;

	if (fstat(f->fd, &st) == -1)
		return 0;
	if (st.st_size == f->whole && st.st_mtim.tv_sec == f->modified.tv_sec
	    && st.st_mtim.tv_nsec == f->modified.tv_nsec)
		return 1;
	/* a log that grows begins as before, and so ends what there was */
	return st.st_size > f->whole
	    && pread(f->fd, now, sizeof(now), 0) == sizeof(now)
	    && memcmp(now, f->bytes, sizeof(now)) == 0
	    && pread(f->fd, now, sizeof(now), f->whole - FILE_SAMPLE)
	    == sizeof(now)
	    && memcmp(now, f->bytes + FILE_SAMPLE, sizeof(now)) == 0;
}

void
file_drop(struct file *f)
{
	if (--f->refs > 0)
		return;
	if (f->fd != -1)
		close(f->fd);
	if (f->count != NULL)
		--*f->count;
	free(f);
}

/* Two pieces for a response, one of them perhaps split around a file. */
int
queue_has_room(const struct queue *q)
{
	return q->last + 4 <= QUEUE_PIECES;
}

/* Most queues never have more than a few pieces. */
static int
more_room(struct queue *q)
{
	unsigned room = q->room == 0 ? 4 : QUEUE_PIECES;
	struct queue_piece *piece = q->room == QUEUE_PIECES ? NULL
	    : realloc(q->piece, room * sizeof(*piece));

	if (piece == NULL)
		return -1;
	q->piece = piece;
	q->room = room;
	return 0;
}

/* Adds a piece of f, or of mem if that is NULL. */
static void
add_piece(struct queue *q, struct file *f, off_t at, off_t n)
{
	if (q->last == q->room && more_room(q) == -1) {
		q->mem.n = q->committed;
		q->mem.failed = 1;
		return;
	}
	q->piece[q->last++] = (struct queue_piece){ f, at, n };
	q->committed = q->mem.n;
	q->bytes += n;
	if (f != NULL)
		f->refs++;
}

/* Makes a piece of what was appended to mem. */
static void
commit(struct queue *q)
{
	struct queue_piece *last = q->last > q->first
	    ? q->piece + q->last - 1 : NULL;
	off_t n = (off_t)(q->mem.n - q->committed);

	if (n > 0 && last != NULL && last->file == NULL) {
		last->left += n;
		q->committed = q->mem.n;
		q->bytes += n;
	} else if (n > 0) {
		add_piece(q, NULL, (off_t)q->committed, n);
	}
}

void
queue_add_file(struct queue *q, struct file *f, off_t at, off_t n)
{
	if (f->fd == -1 && n <= QUEUE_COPY) {
		buf_add(&q->mem, f->bytes + at, (size_t)n);
	} else if (n > 0) {
		commit(q);
		add_piece(q, f, at, n);
	}
}

/* Takes n sent bytes from the front. */
static void
sent(struct queue *q, off_t n)
{
	struct queue_piece *piece;
	off_t part;

	for (q->bytes -= n; n > 0; n -= part) {
		piece = q->piece + q->first;
		part = n < piece->left ? n : piece->left;
		piece->at += part;
		piece->left -= part;
		if (piece->left > 0)
			return;
		if (piece->file != NULL)
			file_drop(piece->file);
		q->first++;
	}
	if (q->first == q->last) {
		q->first = q->last = 0;
		q->mem.n = q->committed = 0;
	}
}

static size_t
least(off_t a, size_t b)
{
	return a < (off_t)b ? (size_t)a : b;
}

/* The pieces in memory at the front, at most max bytes, as iov. */
static int
gather(struct queue *q, struct iovec *iov, size_t max)
{
	struct queue_piece *piece;
	size_t part;
	int n = 0;
	unsigned i;

	for (i = q->first; i < q->last && n < QUEUE_IOV && max > 0; i++) {
		piece = q->piece + i;
		if (piece->file != NULL && piece->file->fd != -1)
			break;
		part = least(piece->left, max);
		iov[n].iov_base = (piece->file == NULL
		    ? q->mem.p : piece->file->bytes) + piece->at;
		iov[n++].iov_len = part;
		max -= part;
	}
	return n;
}

/* One system call's worth. */
static ssize_t
send_some(struct queue *q, int fd, size_t max)
{
	struct queue_piece *piece = q->piece + q->first;
	struct iovec iov[QUEUE_IOV];
	off_t at = piece->at;
	ssize_t n;

	/* nearly always all there is */
	if (piece->file == NULL && q->last - q->first == 1 && !q->is_pipe)
		return send(fd, q->mem.p + at, least(piece->left, max),
		    MSG_NOSIGNAL);
	if (piece->file == NULL || piece->file->fd == -1)
		return writev(fd, iov, gather(q, iov, max));
	/* shorter than announced, or another file by now */
	n = file_is_same(piece->file) ? sys_sendfile(fd, piece->file->fd, &at,
	    least(piece->left, max)) : 0;
	errno = n == 0 ? EIO : errno;
	return n == 0 ? -1 : n;
}

ssize_t
queue_send(struct queue *q, int fd, size_t max)
{
	size_t total = 0;
	ssize_t n;

	commit(q);
	if (q->mem.failed) {		/* bytes were lost */
		errno = ENOMEM;
		return -1;
	}
	while (q->first < q->last && total < max) {
		n = send_some(q, fd, max - total);
		if (n >= 0) {
			sent(q, n);
			total += (size_t)n;
		} else if (errno == EAGAIN || errno == EWOULDBLOCK) {
			break;
		} else if (errno != EINTR) {
			return -1;
		}
	}
	return (ssize_t)total;
}

void
queue_clear(struct queue *q)
{
	unsigned i;

	for (i = q->first; i < q->last; i++)
		if (q->piece[i].file != NULL)
			file_drop(q->piece[i].file);
	q->first = q->last = 0;
	q->bytes = 0;
	q->mem.n = q->committed = 0;
	q->mem.failed = 0;
}

void
queue_free(struct queue *q)
{
	queue_clear(q);
	free(q->piece);
	q->piece = NULL;
	q->room = 0;
	buf_free(&q->mem);
}
