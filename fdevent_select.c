/*
 * fdevent_select.c - the select backend, for at most FD_SETSIZE - 200
 * descriptors: select(2) cannot name a descriptor above FD_SETSIZE, and 200
 * are left for files, logs and backends.
 *
 * Called by fdevent.c only. Reports no HUP: select has none.
 */
#include "fdevent.h"

#include <sys/select.h>

struct select_data {
	fd_set in, out;			/* what is wanted */
	int end;			/* behind the highest one in them */
	int next;			/* to be reported first */
};

static int
select_set(struct fdevents *ev, int fd, int want)
{
	struct select_data *data = ev->data;

	FD_CLR(fd, &data->in);
	FD_CLR(fd, &data->out);
	if (want & FDEVENT_IN)
		FD_SET(fd, &data->in);
	if (want & FDEVENT_OUT)
		FD_SET(fd, &data->out);
	if (fd >= data->end)
		data->end = fd + 1;
	for (; data->end > 0 && !FD_ISSET(data->end - 1, &data->in)
	    && !FD_ISSET(data->end - 1, &data->out); data->end--)
		continue;
	return 0;
}

static int
select_wait(struct fdevents *ev, int ms)
{
	struct select_data *data = ev->data;
	fd_set in = data->in, out = data->out;
	struct timeval tv = { .tv_sec = ms / 1000,
	    .tv_usec = ms % 1000 * 1000 };
	int fd, i, n, events;

	n = select(data->end, &in, &out, NULL, ms < 0 ? NULL : &tv);
	/* a full batch goes on behind its end next time: nobody starves */
	for (i = 0; n > 0 && i < data->end; i++) {
		fd = (data->next + i) % data->end;
		events = (FD_ISSET(fd, &in) ? FDEVENT_IN : 0)
		    | (FD_ISSET(fd, &out) ? FDEVENT_OUT : 0);
		if (events != 0 && !fdevent_report(ev, fd, events)) {
			data->next = fd + 1;
			break;
		}
	}
	return n == -1 ? -1 : 0;
}

const struct fdevent_ops fdevent_select = {
	"select", FD_SETSIZE - 200, 0, sizeof(struct select_data),
	NULL, select_set, select_wait, NULL
};
