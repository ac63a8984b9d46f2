/*
 * fdevent_poll.c - the poll backend: a dense array of what is wanted; the
 * registry keeps for each descriptor its place there.
 *
 * Called by fdevent.c only.
 */
#include "fdevent.h"

#include <stdlib.h>

struct poll_data {
	struct pollfd *polled;		/* [0, n) are watched */
	int n, size;
	int start;			/* where the next batch begins */
};

static int
poll_set(struct fdevents *ev, int fd, int want)
{
	struct poll_data *data = ev->data;
	int *place = &ev->fds[fd].place;	/* 1 + index, or 0 */
	int size = data->size * 2 + 32;
	struct pollfd *p;

	if (want == 0) {		/* the last one takes its place */
		p = data->polled + *place - 1;
		*p = data->polled[--data->n];
		ev->fds[p->fd].place = *place;
		*place = 0;
		return 0;
	}
	if (*place == 0 && data->n == data->size) {
		p = realloc(data->polled, (size_t)size * sizeof(*p));
		if (p == NULL)
			return -1;
		data->polled = p;
		data->size = size;
	}
	if (*place == 0)
		*place = ++data->n;
	p = data->polled + *place - 1;
	p->fd = fd;
	p->events = (short)(want & (POLLIN | POLLOUT));
	p->revents = 0;
	return 0;
}

static int
poll_wait(struct fdevents *ev, int ms)
{
	struct poll_data *data = ev->data;
	int i, n = poll(data->polled, (nfds_t)data->n, ms), left = n;
	struct pollfd *p;

	/* a full batch goes on behind its end next time: nobody starves */
	if (data->start >= data->n)
		data->start = 0;
	for (i = 0; left > 0; i++) {
		p = data->polled + (data->start + i) % data->n;
		if (p->revents == 0)
			continue;
		left--;
		if (!fdevent_report(ev, p->fd, p->revents)) {
			data->start += i + 1;
			break;
		}
	}
	return n == -1 ? -1 : 0;
}

static void
poll_close(struct fdevents *ev)
{
	free(((struct poll_data *)ev->data)->polled);
}

const struct fdevent_ops fdevent_poll = {
	"poll", 0, 0, sizeof(struct poll_data),
	NULL, poll_set, poll_wait, poll_close
};
