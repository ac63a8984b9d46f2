/*
 * fdevent_poll.c - the poll backend: a dense array of what is wanted, and for
 * each descriptor its place there.
 *
 * Called by fdevent.c only.
 */
#include "fdevent.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>

struct poll_data {
	struct pollfd *polled;		/* [0, n) are watched */
	int *place;			/* by descriptor: 1 + index, or 0 */
	int n, size;			/* size of both arrays */
	int start;			/* where the next batch begins */
};

static int
poll_open(struct fdevents *ev)
{
	ev->data = calloc(1, sizeof(struct poll_data));
	return ev->data == NULL ? -1 : 0;
}

static int
grow(struct poll_data *data, int fd)
{
	int i, size = data->size > 0 ? data->size : 32;
	struct pollfd *polled;
	int *place;

	while (size <= fd)
		size *= 2;
	polled = realloc(data->polled, (size_t)size * sizeof(*polled));
	if (polled == NULL)
		return -1;
	data->polled = polled;
	place = realloc(data->place, (size_t)size * sizeof(*place));
	if (place == NULL)
		return -1;
	for (i = data->size; i < size; i++)
		place[i] = 0;
	data->place = place;
	data->size = size;
	return 0;
}

static int
poll_set(struct fdevents *ev, int fd, int want)
{
	struct poll_data *data = ev->data;
	struct pollfd *p;

	if (fd >= data->size && grow(data, fd) == -1)
		return -1;
	if (want == 0) {		/* the last one takes its place */
		if (data->place[fd] == 0)
			return 0;
		p = data->polled + data->place[fd] - 1;
		*p = data->polled[--data->n];
		data->place[p->fd] = data->place[fd];
		data->place[fd] = 0;
		return 0;
	}
	if (data->place[fd] == 0)
		data->place[fd] = ++data->n;
	p = data->polled + data->place[fd] - 1;
	p->fd = fd;
	p->events = 0;
	p->revents = 0;
	if (want & FDEVENT_IN)
		p->events |= POLLIN;
	if (want & FDEVENT_OUT)
		p->events |= POLLOUT;
	return 0;
}

static int
events_of(int revents)
{
	int events = 0;

	if (revents & POLLIN)
		events |= FDEVENT_IN;
	if (revents & POLLOUT)
		events |= FDEVENT_OUT;
	if (revents & POLLHUP)
		events |= FDEVENT_HUP;
	if (revents & (POLLERR | POLLNVAL))
		events |= FDEVENT_ERR;
	return events;
}

static int
poll_wait(struct fdevents *ev, int ms)
{
	struct poll_data *data = ev->data;
	struct pollfd *p;
	int i, n;

	n = poll(data->polled, (nfds_t)data->n, ms);
	if (n == -1)
		return errno == EINTR ? 0 : -1;
	/* a full batch goes on behind its end next time: nobody starves */
	if (data->start >= data->n)
		data->start = 0;
	for (i = 0; i < data->n && n > 0; i++) {
		p = data->polled + (data->start + i) % data->n;
		if (p->revents == 0)
			continue;
		n--;
		if (!fdevent_report(ev, p->fd, events_of(p->revents))) {
			data->start += i + 1;
			break;
		}
	}
	return 0;
}

static void
poll_close(struct fdevents *ev)
{
	struct poll_data *data = ev->data;

	free(data->polled);
	free(data->place);
	free(data);
}

const struct fdevent_ops fdevent_poll = {
	"poll", 0, 0, poll_open, poll_set, poll_wait, poll_close
};
