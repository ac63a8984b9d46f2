/*
 * unit_fdevent.h - the part of unit.c that is about fdevent*.c: events.
 */
#include <sys/resource.h>
#include <sys/socket.h>

struct stale {
	struct fdevents *ev;
	int fd[2];			/* both ready at once */
	int calls, late;		/* late: for a descriptor deleted */
	int deleted, opened;
};

static void
on_stale(void *context, int events)
{
	struct stale *s = context;

	(void)events;
	s->calls++;
	if (s->deleted != -1) {
		s->late++;
		return;
	}
	/* which of both came first is the kernel's affair: delete both */
	s->deleted = s->fd[1];
	fdevent_del(s->ev, s->fd[1]);
	fdevent_del(s->ev, s->fd[0]);
	s->opened = open("/dev/null", O_RDONLY);
	if (s->opened == s->fd[0] || s->opened == s->fd[1])
		s->late += 100;		/* the number was free too early */
}

static void
fdevent_stale(const struct fdevent_ops *ops)
{
	struct stale s;
	int a[2], b[2];

	s.ev = fdevent_new(ops);
	s.calls = s.late = 0;
	s.deleted = s.opened = -1;
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, a) == -1
	    || socketpair(AF_UNIX, SOCK_STREAM, 0, b) == -1)
		abort();
	s.fd[0] = a[0];
	s.fd[1] = b[0];
	fdevent_add(s.ev, a[0], FDEVENT_IN, on_stale, &s);
	fdevent_add(s.ev, b[0], FDEVENT_IN, on_stale, &s);
	if (write(a[1], "x", 1) != 1 || write(b[1], "x", 1) != 1)
		abort();
	fdevent_turn(s.ev, 1000);
	is_number(ops->name, "stale event: one call", s.calls, 1);
	is_number(ops->name, "stale event: no late call", s.late, 0);
	ok(fcntl(b[0], F_GETFD) == -1 && fcntl(a[0], F_GETFD) == -1,
	    "fdevent: both are closed after the batch");
	is_number(ops->name, "stale event: none is left", s.ev->count, 0);
	fdevent_turn(s.ev, 0);
	is_number(ops->name, "stale event: nor in the next batch", s.calls, 1);
	close(s.opened);
	close(a[1]);
	close(b[1]);
	fdevent_free(s.ev);
}

static void
on_events(void *context, int events)
{
	*(int *)context |= events;
}

/* What a turn of at most ms reports. */
static int
events_of(struct fdevents *ev, int *seen, int ms)
{
	*seen = 0;
	if (fdevent_turn(ev, ms) == -1)
		return -1;
	return *seen;
}

static void
fdevent_interest(const struct fdevent_ops *ops)
{
	struct fdevents *ev = fdevent_new(ops);
	int fd[2], seen;

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, fd) == -1)
		abort();
	fdevent_add(ev, fd[0], 0, on_events, &seen);
	is_number(ops->name, "no interest", events_of(ev, &seen, 0), 0);
	fdevent_want(ev, fd[0], FDEVENT_IN);
	is_number(ops->name, "nothing to read", events_of(ev, &seen, 0), 0);
	fdevent_want(ev, fd[0], FDEVENT_IN | FDEVENT_OUT);
	is_number(ops->name, "room to write", events_of(ev, &seen, 1000),
	    FDEVENT_OUT);
	if (write(fd[1], "x", 1) != 1)
		abort();
	is_number(ops->name, "both", events_of(ev, &seen, 1000),
	    FDEVENT_IN | FDEVENT_OUT);
	fdevent_want(ev, fd[0], FDEVENT_IN);
	is_number(ops->name, "in, again and again", events_of(ev, &seen, 1000)
	    & events_of(ev, &seen, 1000), FDEVENT_IN);
	fdevent_want(ev, fd[0], 0);
	is_number(ops->name, "interest lost", events_of(ev, &seen, 0), 0);
	fdevent_want(ev, fd[0], FDEVENT_IN);
	close(fd[1]);
	ok(events_of(ev, &seen, 1000) != 0,
	    "fdevent: the peer's end wakes the reader");
	fdevent_free(ev);
	ok(fcntl(fd[0], F_GETFD) == -1,
	    "fdevent: what is registered is closed with it");
}

/* The largest descriptor a backend with a limit takes, and the next one. */
static void
fdevent_limit(const struct fdevent_ops *ops)
{
	struct fdevents *ev = fdevent_new(ops);
	struct rlimit limit;
	int low, fd, seen;

	getrlimit(RLIMIT_NOFILE, &limit);
	if (limit.rlim_cur <= (rlim_t)ops->max_fds) {
		limit.rlim_cur = (rlim_t)ops->max_fds + 1;
		setrlimit(RLIMIT_NOFILE, &limit);
	}
	low = open("/dev/null", O_RDONLY);
	fd = fcntl(low, F_DUPFD, ops->max_fds);
	if (fd == -1) {
		printf("# %s: cannot open so many\n", ops->name);
		close(low);
		fdevent_free(ev);
		return;
	}
	errno = 0;
	is_number(ops->name, "one descriptor too many",
	    fdevent_add(ev, fd, FDEVENT_IN, on_events, &seen), -1);
	is_number(ops->name, "and says so", errno, EMFILE);
	ok(fcntl(fd, F_GETFD) != -1, "fdevent: it is still the caller's");
	close(fd);
	fd = fcntl(low, F_DUPFD, ops->max_fds - 1);
	is_number(ops->name, "the last descriptor",
	    fdevent_add(ev, fd, FDEVENT_IN, on_events, &seen), 0);
	is_number(ops->name, "is watched", events_of(ev, &seen, 1000),
	    FDEVENT_IN);
	close(low);
	fdevent_free(ev);
}

enum { CROWD = 350, BUSY = 3 };	/* so that select takes them all */

static struct {
	int fd[2], calls, wanted;
} crowd[CROWD];

static void
on_crowd(void *context, int events)
{
	int *calls = context;

	(void)events;
	++*calls;
}

/* A few that always have something must not hide one that seldom has; and
 * whatever comes and goes, only who has something and is wanted is called. */
static void
fdevent_crowd(const struct fdevent_ops *ops)
{
	struct fdevents *ev = fdevent_new(ops);
	unsigned dice = 1, i, round, turns, wrong = 0, late = 0;

	for (i = 0; i < CROWD; i++) {
		if (socketpair(AF_UNIX, SOCK_STREAM, 0, crowd[i].fd) == -1
		    || fdevent_add(ev, crowd[i].fd[0], FDEVENT_IN, on_crowd,
		    &crowd[i].calls) == -1)
			break;
		crowd[i].wanted = 1;
		if (i < BUSY && write(crowd[i].fd[1], "x", 1) != 1)
			break;
	}
	if (i < CROWD) {
		printf("# %s: cannot open so many\n", ops->name);
		fdevent_free(ev);
		return;
	}
	for (round = 0; round < 2000; round++) {
		dice = dice * 1103515245 + 12345;
		i = BUSY + (dice >> 16) % (CROWD - BUSY);
		/* some are let go, and wanted again later */
		if (dice & 0x100) {
			crowd[i].wanted = !crowd[i].wanted;
			fdevent_want(ev, crowd[i].fd[0],
			    crowd[i].wanted ? FDEVENT_IN : 0);
		}
		crowd[i].calls = 0;
		if (write(crowd[i].fd[1], "x", 1) != 1)
			abort();
		for (turns = 0; turns < 20 && crowd[i].calls == 0
		    && crowd[i].wanted; turns++)
			fdevent_turn(ev, 100);
		late += turns == 20;
		wrong += !crowd[i].wanted && crowd[i].calls > 0;
		if (read(crowd[i].fd[0], &(char){ 0 }, 1) != 1)
			abort();
		/* ... or deleted, and another comes */
		if (dice & 0x200) {
			fdevent_del(ev, crowd[i].fd[0]);
			fdevent_turn(ev, 0);
			close(crowd[i].fd[1]);
			if (socketpair(AF_UNIX, SOCK_STREAM, 0,
			    crowd[i].fd) == -1)
				abort();
			fdevent_add(ev, crowd[i].fd[0], FDEVENT_IN, on_crowd,
			    &crowd[i].calls);
			crowd[i].wanted = 1;
		}
	}
	for (i = BUSY; i < CROWD; i++)
		crowd[i].calls = 0;
	for (turns = 0; turns < 20; turns++)
		fdevent_turn(ev, 0);
	for (i = BUSY; i < CROWD; i++)
		wrong += crowd[i].calls > 0;
	is_number(ops->name, "crowd: calls for nothing", (int)wrong, 0);
	is_number(ops->name, "crowd: events that come late", (int)late, 0);
	fdevent_free(ev);
	for (i = 0; i < CROWD; i++)
		close(crowd[i].fd[1]);
}

enum { FLOOD = FDEVENT_BATCH + 100 };

/* All have something all the time, more than a batch takes: each has its
 * turn. */
static void
fdevent_flood(const struct fdevent_ops *ops)
{
	static int calls[FLOOD];
	struct fdevents *ev = fdevent_new(ops);
	int pair[2], i, fd, turns, least = INT_MAX;

	memset(calls, 0, sizeof(calls));
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == -1)
		abort();
	for (i = 0; i < FLOOD; i++) {
		fd = dup(pair[0]);
		if (fd == -1 || fdevent_add(ev, fd, FDEVENT_OUT, on_crowd,
		    calls + i) == -1)
			break;
	}
	if (i == FLOOD) {
		for (turns = 0; turns < 40; turns++)
			fdevent_turn(ev, 100);
		for (i = 0; i < FLOOD; i++)
			least = calls[i] < least ? calls[i] : least;
		is_number(ops->name, "flood: all have had half their turns",
		    least >= 16, 1);
	} else {
		printf("# %s: cannot open so many\n", ops->name);
		if (fd != -1)
			close(fd);
	}
	fdevent_free(ev);
	close(pair[0]);
	close(pair[1]);
}

static void
test_fdevent(void)
{
	const char *const *name;
	const struct fdevent_ops *ops;

	for (name = fdevent_names(); *name != NULL; name++) {
		ops = fdevent_find(*name);
		is("fdevent_find", *name, ops == NULL ? "none" : ops->name,
		    *name);
		if (ops == NULL)
			continue;
		fdevent_stale(ops);
		fdevent_interest(ops);
		fdevent_crowd(ops);
		fdevent_flood(ops);
		if (ops->max_fds > 0)
			fdevent_limit(ops);
	}
	ok(fdevent_find("kqueue-of-dreams") == NULL,
	    "fdevent_find: one that is not built in");
	ok(fdevent_find(NULL) == fdevent_find(fdevent_names()[0]),
	    "fdevent_find: the best one");
	is_number("fdevent", "select is capped", fdevent_select.max_fds,
	    FD_SETSIZE - 200);
}
