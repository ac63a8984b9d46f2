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
#include <unistd.h>

struct epoll_state {
	int fd;
	struct epoll_event events[FDEVENT_BATCH];
};

/* What is wanted and what is reported needs no translation. */
typedef char same_numbers[(int)EPOLLIN == FDEVENT_IN
    && (int)EPOLLOUT == FDEVENT_OUT ? 1 : -1];

static int
epoll_open(struct fdevents *ev)
{
	struct epoll_state *data = ev->data;

	data->fd = epoll_create1(EPOLL_CLOEXEC);
	return data->fd == -1 ? -1 : 0;
}

static int
epoll_set(struct fdevents *ev, int fd, int want)
{
	struct epoll_state *data = ev->data;
	struct epoll_event e = { .events = (uint32_t)want };

	e.data.fd = fd;
	/* one that is SHARED can be added, but not modified */
	return epoll_ctl(data->fd, ev->fds[fd].want == 0 ? EPOLL_CTL_ADD
	    : want == 0 ? EPOLL_CTL_DEL : EPOLL_CTL_MOD, fd, &e);
}

static int
epoll_turn(struct fdevents *ev, int ms)
{
	struct epoll_state *data = ev->data;
	int i, n = epoll_wait(data->fd, data->events, FDEVENT_BATCH, ms);

	for (i = 0; i < n; i++)
		fdevent_report(ev, data->events[i].data.fd,
		    (int)data->events[i].events);
	return n == -1 ? -1 : 0;
}

static void
epoll_shut(struct fdevents *ev)
{
	close(((struct epoll_state *)ev->data)->fd);
}

const struct fdevent_ops fdevent_epoll = {
	"linux-sysepoll", 0, 1, sizeof(struct epoll_state),
	epoll_open, epoll_set, epoll_turn, epoll_shut
};

#endif
