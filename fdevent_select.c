/*
 * fdevent_select.c - the select backend, for at most FD_SETSIZE - 200
 * descriptors: select(2) cannot name a descriptor above FD_SETSIZE, and 200
 * are left for files, logs and backends.
 *
 * Called by fdevent.c only. Reports no HUP: select has none.
 */
#include "fdevent.h"

#include <sys/select.h>

#include <errno.h>
#include <stdlib.h>

struct select_data {
	fd_set in, out;			/* what is wanted */
	int max;			/* highest descriptor in them, or -1 */
};

static int
select_open(struct fdevents *ev)
{
	struct select_data *data = malloc(sizeof(*data));

	if (data == NULL)
		return -1;
	FD_ZERO(&data->in);
	FD_ZERO(&data->out);
	data->max = -1;
	ev->data = data;
	return 0;
}

static int
select_set(struct fdevents *ev, int fd, int want)
{
	struct select_data *data = ev->data;

	if (fd < 0 || fd >= FD_SETSIZE) {
		errno = EMFILE;
		return -1;
	}
	FD_CLR(fd, &data->in);
	FD_CLR(fd, &data->out);
	if (want & FDEVENT_IN)
		FD_SET(fd, &data->in);
	if (want & FDEVENT_OUT)
		FD_SET(fd, &data->out);
	if (want != 0 && fd > data->max)
		data->max = fd;
	while (data->max >= 0 && !FD_ISSET(data->max, &data->in)
	    && !FD_ISSET(data->max, &data->out))
		data->max--;
	return 0;
}

static int
select_wait(struct fdevents *ev, int ms)
{
	struct select_data *data = ev->data;
	fd_set in = data->in, out = data->out;
	struct timeval tv;
	int fd, n, events;

	tv.tv_sec = ms / 1000;
	tv.tv_usec = ms % 1000 * 1000;
	n = select(data->max + 1, &in, &out, NULL, ms < 0 ? NULL : &tv);
	if (n == -1)
		return errno == EINTR ? 0 : -1;
	for (fd = 0; fd <= data->max && n > 0; fd++) {
		events = 0;
		if (FD_ISSET(fd, &in))
			events |= FDEVENT_IN;
		if (FD_ISSET(fd, &out))
			events |= FDEVENT_OUT;
		if (events == 0)
			continue;
		n--;
		if (!fdevent_report(ev, fd, events))
			break;
	}
	return 0;
}

static void
select_close(struct fdevents *ev)
{
	free(ev->data);
}

const struct fdevent_ops fdevent_select = {
	"select", FD_SETSIZE - 200, 0,
	select_open, select_set, select_wait, select_close
};
