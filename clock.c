/*
 * clock.c - what time it is, and the tick: SIGALRM once a second.
 *
 * No request asks the system for the time: what it needs is refreshed here,
 * by server.c at each tick and by net.c when a client wakes a server that had
 * stopped ticking.
 */
#include <sys/time.h>
#include <errno.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "server.h"

static void
set_timer(struct server *srv, int seconds)
{
	struct itimerval timer = { .it_interval.tv_sec = seconds,
	    .it_value.tv_sec = seconds };

	if (setitimer(ITIMER_REAL, &timer, NULL) == 0)
		srv->ticking = seconds > 0;
	else
		LOG(srv, "setitimer: %s", strerror(errno));
	/* a master that nobody keeps busy sleeps as well */
	if (srv->ticking && srv->alive_fd != -1
	    && write(srv->alive_fd, "", 1) == -1 && errno != EAGAIN)
		LOG(srv, "the master hears nothing: %s", strerror(errno));
}

/* Microseconds. */
static int64_t
read_clock(clockid_t clock)
{
	struct timespec t;

	if (clock_gettime(clock, &t) == -1)
		return 0;
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

int64_t
clock_ms(void)
{
	return read_clock(CLOCK_MONOTONIC) / 1000;
}

int64_t
clock_us(void)
{
	return read_clock(CLOCK_REALTIME);
}

void
clock_refresh(struct server *srv)
{
	const char *tag = srv->core->tag;
	char date[DATE_HTTP_SIZE];

	srv->now = time(NULL);
	date_http(date, srv->now);
	srv->stamp.n = 0;
	buf_printf(&srv->stamp, "Date: %s\r\n", date);
	if (tag != NULL && tag[0] != '\0')
		buf_printf(&srv->stamp, "Server: %s\r\n", tag);
	/* time-outs must not feel when somebody sets the clock */
	srv->tick = (uint32_t)(clock_ms() / 1000);
	srv->refreshed++;
	if (srv->wheel.armed == 0)	/* it may have slept for hours */
		srv->wheel.now = srv->tick;
	srv->slot->beat = srv->tick;
	tally_note(srv);
	if (!srv->ticking)
		set_timer(srv, 1);
}

void
clock_stop(struct server *srv)
{
	set_timer(srv, 0);
	srv->slot->beat = 0;
}
