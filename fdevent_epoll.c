/*
 * fdevent_epoll.c - the Linux epoll backend, level-triggered: an event that a
 * handler left alone comes again, as with the other two.
 *
 * Called by fdevent.c only. The old interest in the registry tells ADD from
 * MOD, so the backend keeps no memory but the descriptor.
 */
#include "fdevent.h"

#if SYS_LINUX

#include <sys/epoll.h>

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

struct epoll_state {
	int fd;
	struct epoll_event *events;	/* ev->ready_size of them */
};

static int
epoll_open(struct fdevents *ev)
{
	struct epoll_state *data = calloc(1, sizeof(*data));

	if (data == NULL)
		return -1;
	data->events = calloc((size_t)ev->ready_size, sizeof(*data->events));
	data->fd = epoll_create1(EPOLL_CLOEXEC);
	if (data->events != NULL && data->fd != -1) {
		ev->data = data;
		return 0;
	}
	if (data->fd != -1)
		close(data->fd);
	free(data->events);
	free(data);
	return -1;
}

static int
epoll_set(struct fdevents *ev, int fd, int want)
{
	struct epoll_state *data = ev->data;
	struct epoll_event e = { .events = 0 };
	int op = EPOLL_CTL_MOD;

	if (fd >= ev->size || ev->fds[fd].want == 0)
		op = EPOLL_CTL_ADD;
	else if (want == 0)
		op = EPOLL_CTL_DEL;
	e.data.fd = fd;
	if (want & FDEVENT_IN)
		e.events |= EPOLLIN;
	if (want & FDEVENT_OUT)
		e.events |= EPOLLOUT;
#ifdef EPOLLEXCLUSIVE		/* it can be added, but not modified */
	if (want & FDEVENT_SHARED)
		e.events |= EPOLLEXCLUSIVE;
#endif
	return epoll_ctl(data->fd, op, fd, &e);
}

static int
epoll_turn(struct fdevents *ev, int ms)
{
	struct epoll_state *data = ev->data;
	int i, n, events;
	uint32_t got;

	n = epoll_wait(data->fd, data->events, ev->ready_size, ms);
	if (n == -1)
		return errno == EINTR ? 0 : -1;
	for (i = 0; i < n; i++) {
		got = data->events[i].events;
		events = 0;
		if (got & EPOLLIN)
			events |= FDEVENT_IN;
		if (got & EPOLLOUT)
			events |= FDEVENT_OUT;
		if (got & EPOLLERR)
			events |= FDEVENT_ERR;
		if (got & EPOLLHUP)
			events |= FDEVENT_HUP;
		fdevent_report(ev, data->events[i].data.fd, events);
	}
	return 0;
}

static void
epoll_shut(struct fdevents *ev)
{
	struct epoll_state *data = ev->data;

	close(data->fd);
	free(data->events);
	free(data);
}

const struct fdevent_ops fdevent_epoll = {
	"linux-sysepoll", 0, 1, epoll_open, epoll_set, epoll_turn, epoll_shut
};

#endif
