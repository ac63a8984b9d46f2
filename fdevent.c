/*
 * fdevent.c - the registry: which descriptor wants what, and whom to call;
 * it closes descriptors after the batch.
 *
 *      kernel --- backend ---> ready[] ---> fds[fd].fn(context, events)
 *                    ^                         |
 *                    +---- set(fd, want) <-----+  fdevent_add, _want, _del
 *
 * A handler may delete any descriptor, also one whose event of the same batch
 * is still to come: fn is forgotten at once, and the number stays taken until
 * the batch is over, so no event can reach a newcomer under an old number.
 */
#include "fdevent.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Best first. The array is the only place that knows which are built in. */
static const struct fdevent_ops *const backends[] = {
#if SYS_LINUX
	&fdevent_epoll,
#endif
	&fdevent_poll,
	&fdevent_select
};

enum { BACKENDS = sizeof(backends) / sizeof(backends[0]) };

const char *const *
fdevent_names(void)
{
	static const char *names[BACKENDS + 1];
	int i;

	for (i = 0; i < BACKENDS; i++)
		names[i] = backends[i]->name;
	return names;
}

const struct fdevent_ops *
fdevent_find(const char *name)
{
	int i;

	if (name == NULL || name[0] == '\0')
		return backends[0];
	if (strcmp(name, "epoll") == 0)		/* lighttpd's second name */
		name = "linux-sysepoll";
	for (i = 0; i < BACKENDS; i++)
		if (strcmp(backends[i]->name, name) == 0)
			return backends[i];
	return NULL;
}

struct fdevents *
fdevent_new(const struct fdevent_ops *ops)
{
	struct fdevents *ev = calloc(1, sizeof(*ev) + ops->size);

	if (ev == NULL)
		return NULL;
	ev->ops = ops;
	ev->data = ev + 1;
	ev->closing = -1;
	if (ops->open == NULL || ops->open(ev) == 0)
		return ev;
	free(ev);
	return NULL;
}

static void
close_pending(struct fdevents *ev)
{
	for (; ev->closing != -1; ev->closing = ev->fds[ev->closing].next)
		close(ev->closing);
}

void
fdevent_free(struct fdevents *ev)
{
	int fd;

	if (ev == NULL)
		return;
	close_pending(ev);
	for (fd = 0; fd < ev->size; fd++)
		if (ev->fds[fd].fn != NULL)
			close(fd);
	if (ev->ops->close != NULL)
		ev->ops->close(ev);
	free(ev->fds);
	free(ev);
}

/* Makes fds[] large enough for fd: nothing that closes needs memory. */
static int
grow(struct fdevents *ev, int fd)
{
	int size = ev->size > 0 ? ev->size : 32;
	struct fdevent *fds;

	while (size <= fd)
		size *= 2;
	fds = realloc(ev->fds, (size_t)size * sizeof(*fds));
	if (fds == NULL)
		return -1;
	memset(fds + ev->size, 0, (size_t)(size - ev->size) * sizeof(*fds));
	ev->fds = fds;
	ev->size = size;
	return 0;
}

int
fdevent_add(struct fdevents *ev, int fd, int want, fdevent_fn *fn,
    void *context)
{
	if (ev->ops->max_fds > 0 && fd >= ev->ops->max_fds) {
		errno = EMFILE;
		return -1;
	}
	if (fd >= ev->size && grow(ev, fd) == -1)
		return -1;
	if (want != 0 && ev->ops->set(ev, fd, want) == -1)
		return -1;
	ev->fds[fd].fn = fn;
	ev->fds[fd].context = context;
	ev->fds[fd].want = want;
	ev->count++;
	return 0;
}

int
fdevent_want(struct fdevents *ev, int fd, int want)
{
	if (ev->fds[fd].want == want)
		return 0;
	if (ev->ops->set(ev, fd, want) == -1)
		return -1;
	ev->fds[fd].want = want;
	return 0;
}

void
fdevent_del(struct fdevents *ev, int fd)
{
	/* a system call saved, unless a copy elsewhere keeps it alive */
	if (!ev->ops->close_forgets || (ev->fds[fd].want & FDEVENT_SHARED))
		(void)fdevent_want(ev, fd, 0);
	ev->fds[fd].fn = NULL;
	ev->fds[fd].want = 0;
	ev->count--;
	ev->fds[fd].next = ev->closing;
	ev->closing = fd;
}

int
fdevent_report(struct fdevents *ev, int fd, int events)
{
	ev->ready[ev->nready].fd = fd;
	ev->ready[ev->nready].events = events;
	ev->nready++;
	return ev->nready < FDEVENT_BATCH;
}

int
fdevent_turn(struct fdevents *ev, int ms)
{
	struct fdevent *e;
	int i;

	ev->nready = 0;
	close_pending(ev);
	if (ev->ops->wait(ev, ms) == -1 && errno != EINTR)
		return -1;
	for (i = 0; i < ev->nready; i++) {
		e = ev->fds + ev->ready[i].fd;
		if (e->fn != NULL)
			e->fn(e->context, ev->ready[i].events);
	}
	ev->nready = 0;
	close_pending(ev);
	return 0;
}
