/*
 * fdevent_poll.c - the poll backend: a dense array of what is wanted, those
 * where something happened lately first; the registry keeps for each
 * descriptor its place there.
 *
 *	polled:	| fresh | hot | all others ........................ |
 *		0       fresh hot                                    n
 *
 * poll(2) looks at each descriptor it is given, so with thousands that are
 * idle one event would cost as much as hundreds of requests. Therefore most
 * turns ask about the hot ones only, and all are looked at when those are
 * quiet for a millisecond, or after an amount of work that grows with n: then
 * the price of looking at all is the same for each event, however many there
 * are. Called by fdevent.c only.
 */
#include "fdevent.h"

#include <stdlib.h>

enum {
	FEW = 256,			/* not worth the trouble */
	HOT_MS = 1,			/* all others wait so long ... */
	TURN_WORK = 32,			/* ... n / (WORK * TURN_WORK) times */
	WORK = 2
};

struct poll_data {
	struct pollfd *polled;		/* [0, n) are watched */
	int n, size;
	int hot;			/* below: had an event before, or in
					 * the last look at all ... */
	int fresh;			/* ... or below: since then */
	int start;			/* of fresh: who is next when not all
					 * fit into a batch */
	int full;			/* as was the case last time */
	int work;			/* events until the next one */
};

/* Exchanges two places. Returns a. */
static int
swap(struct fdevents *ev, int a, int b)
{
	struct pollfd *p = ((struct poll_data *)ev->data)->polled, kept = p[a];

	p[a] = p[b];
	p[b] = kept;
	ev->fds[p[a].fd].place = a + 1;
	ev->fds[p[b].fd].place = b + 1;
	return a;
}

/* The one at place i becomes hot. */
static int
heat(struct fdevents *ev, int i)
{
	struct poll_data *data = ev->data;

	return i < data->hot ? i : swap(ev, data->hot++, i);
}

static int
poll_set(struct fdevents *ev, int fd, int want)
{
	struct poll_data *data = ev->data;
	int at = ev->fds[fd].place - 1;		/* place 0: nowhere */
	int size = data->size * 2 + 32;
	struct pollfd *p;

	if (want == 0) {		/* the last of each part moves up */
		if (at < data->fresh)
			at = swap(ev, --data->fresh, at);
		if (at < data->hot)
			at = swap(ev, --data->hot, at);
		(void)swap(ev, --data->n, at);
		ev->fds[fd].place = 0;
		return 0;
	}
	if (at == -1 && data->n == data->size) {
		p = realloc(data->polled, (size_t)size * sizeof(*p));
		if (p == NULL)
			return -1;
		data->polled = p;
		data->size = size;
	}
	if (at == -1)
		at = data->n++;
	p = data->polled + at;
	p->fd = fd;
	p->events = (short)(want & (POLLIN | POLLOUT));
	p->revents = 0;
	ev->fds[fd].place = at + 1;
	(void)heat(ev, at);
	return 0;
}

/* Reports what is in [from, to), until the batch is full. Returns where it
 * ended. */
static int
report(struct fdevents *ev, int from, int to)
{
	struct poll_data *data = ev->data;
	int i;

	for (i = from; i < to && ev->nready < FDEVENT_BATCH; i++) {
		if (data->polled[i].revents == 0)
			continue;
		(void)fdevent_report(ev, data->polled[i].fd,
		    data->polled[i].revents);
		if (i >= data->fresh)
			(void)swap(ev, data->fresh++, heat(ev, i));
	}
	return i;
}

static int
poll_wait(struct fdevents *ev, int ms)
{
	struct poll_data *data = ev->data;
	int few = data->n <= FEW || data->hot == 0;
	int busy = !few && data->work <= 0;
	int fresh, start, looked = data->hot, n = 0;

	if (!few && !busy) {
		n = poll(data->polled, (nfds_t)looked, ms == 0 ? 0 : HOT_MS);
		data->work -= TURN_WORK + n;
	}
	if (few || busy || (n == 0 && ms != 0)) {
		if (!data->full) {	/* else some were not reported yet */
			data->hot = data->fresh;
			data->fresh = 0;
		}
		data->work = data->n / WORK;
		looked = data->n;
		n = poll(data->polled, (nfds_t)looked, busy ? 0 : ms);
	}
	if (n < 1)
		return n;
	/* who had his event already is last, and they take turns: nobody
	 * starves */
	fresh = data->fresh;
	start = data->start < fresh ? data->start : 0;
	if (report(ev, fresh, looked) < looked && looked == data->n)
		data->work = 0;		/* the others next time */
	data->start = report(ev, start, fresh);
	if (ev->nready < FDEVENT_BATCH)
		data->start = report(ev, 0, start);
	data->full = ev->nready == FDEVENT_BATCH;
	return 0;
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
