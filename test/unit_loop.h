/*
 * unit_loop.h - the part of unit.c that is about base_timer.c, base_queue.c
 * and fdevent*.c: time, output and events.
 */
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>

/* ---- base_timer.c ------------------------------------------------------- */

static struct timer_wheel wheel;
static uint32_t fired_at;
static int fired;

static void
on_timer(void *context, struct timer *t)
{
	fired++;
	fired_at = ((struct timer_wheel *)context)->now;
	if (t->next != NULL)
		fired += 1000;		/* must be disarmed before */
}

/* Turns second by second from start to start + seconds. Returns after how many
 * the one timer fired; 0 for never. */
static uint32_t
turn_seconds(uint32_t start, uint32_t seconds)
{
	uint32_t i;

	fired = 0;
	for (i = 1; i <= seconds && fired == 0; i++)
		timer_turn(&wheel, start + i, on_timer, &wheel);
	return fired == 1 ? fired_at - start : 0;
}

static void
test_timer(void)
{
	static const struct {
		const char *name;
		uint32_t start, first, again, want;
	} rows[] = {
		{ "a second", 0, 1, 0, 1 },
		{ "just less than a round", 5, 63, 0, 63 },
		{ "a round", 5, 64, 0, 64 },
		{ "more than a round", 5, 65, 0, 65 },
		{ "many rounds", 5, 1000, 0, 1000 },
		{ "later", 7, 5, 20, 20 },
		{ "much later", 7, 5, 360, 360 },
		{ "sooner", 7, 300, 5, 5 },
		{ "sooner by a round", 7, 130, 66, 66 },
		{ "the counter wraps", 0xfffffffe, 5, 0, 5 },
		{ "the counter wraps, rounds", 0xfffffff0, 200, 0, 200 },
		{ "the counter wraps, sooner", 0xfffffff0, 200, 30, 30 }
	};
	struct timer t = { NULL, NULL, 0, 0 };
	size_t i;

	for (i = 0; i < COUNT(rows); i++) {
		timer_init(&wheel, rows[i].start);
		timer_arm(&wheel, &t, rows[i].first);
		if (rows[i].again > 0)
			timer_arm(&wheel, &t, rows[i].again);
		is_number("timer", rows[i].name,
		    turn_seconds(rows[i].start, 2000), rows[i].want);
		is_number("timer left", rows[i].name, wheel.armed, 0);
		timer_disarm(&wheel, &t);
	}
}

/* A handler that disarms the timer after it, which is due as well. */
static void
on_timer_disarm(void *context, struct timer *t)
{
	struct timer *pair = context;

	fired++;
	timer_disarm(&wheel, t == pair ? pair + 1 : pair);
}

static void
test_timer_wheel(void)
{
	struct timer t[100] = { { NULL, NULL, 0, 0 } };
	uint32_t i;

	timer_init(&wheel, 10);
	for (i = 0; i < 100; i++)
		timer_arm(&wheel, &t[i], i + 1);
	is_number("timer", "100 are armed", wheel.armed, 100);
	fired = 0;
	timer_turn(&wheel, 60, on_timer, &wheel);
	is_number("timer", "half of 100 in one turn", fired, 50);
	timer_turn(&wheel, 100000, on_timer, &wheel);
	is_number("timer", "the rest after a long sleep", fired, 100);
	is_number("timer", "none is left", wheel.armed, 0);

	timer_arm(&wheel, &t[0], 3);
	timer_disarm(&wheel, &t[0]);
	timer_disarm(&wheel, &t[0]);
	is_number("timer", "disarmed twice", wheel.armed, 0);
	is_number("timer", "disarmed, never fires",
	    turn_seconds(100000, 200), 0);

	timer_init(&wheel, 0);
	timer_arm(&wheel, &t[0], 3);
	timer_arm(&wheel, &t[1], 3);
	fired = 0;
	timer_turn(&wheel, 10, on_timer_disarm, t);
	is_number("timer", "one of a pair disarms the other", fired, 1);
	timer_arm(&wheel, &t[0], 3);
	timer_arm(&wheel, &t[1], 90);
	fired = 0;
	timer_each(&wheel, on_timer_disarm, t);
	ok(fired >= 1 && wheel.armed <= 1, "timer: each may disarm");
}

/* ---- base_queue.c ------------------------------------------------------- */

/* Sends all of q through a socket, step bytes at a time. Returns what came
 * out in out, or -1. */
static int
queue_through(struct queue *q, size_t step, struct buf *out)
{
	char bytes[65536];
	ssize_t n = 0, m;
	int fd[2], rounds;

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, fd) == -1)
		return -1;
	fcntl(fd[0], F_SETFL, O_NONBLOCK);
	fcntl(fd[1], F_SETFL, O_NONBLOCK);
	for (rounds = 0; queue_bytes(q) > 0 && rounds < 100000; rounds++) {
		n = queue_send(q, fd[0], step);
		if (n == -1 || n > (ssize_t)step)
			break;
		for (;;) {
			m = read(fd[1], bytes, sizeof(bytes));
			if (m <= 0)
				break;
			buf_add(out, bytes, (size_t)m);
		}
	}
	close(fd[0]);
	close(fd[1]);
	return queue_bytes(q) == 0 && n >= 0 ? 0 : -1;
}

/* An unlinked file of n bytes "a" to "z". */
static int
letters_file(size_t n)
{
	char name[] = "/tmp/glimd-unit-XXXXXX", c;
	struct buf b = { NULL, 0, 0, 0 };
	int fd = mkstemp(name);

	for (c = 'a'; b.n < n; c = c == 'z' ? 'a' : (char)(c + 1))
		buf_addc(&b, c);
	if (fd != -1 && write(fd, b.p, b.n) != (ssize_t)n)
		ok(0, "queue: a temporary file");
	unlink(name);
	buf_free(&b);
	return fd;
}

static void
queue_fill(struct queue *q, struct file *disk, struct file *memory)
{
	buf_add(&q->mem, "head ", 5);
	queue_add_file(q, disk, 1, 99998);
	buf_adds(&q->mem, " mid");
	buf_adds(&q->mem, "dle ");
	queue_add_file(q, memory, 2, 3);
	queue_add_file(q, memory, 0, 5000);
	buf_add(&q->mem, "", 0);
	buf_adds(&q->mem, " tail");
}

static void
test_queue(void)
{
	static const size_t steps[] = { 1000000, 4097, 77 };
	static struct queue q;
	struct buf out = { NULL, 0, 0, 0 };
	struct file *disk, *memory;
	size_t i;
	int fd = letters_file(100000), count = 0;
	struct stat st;

	disk = file_new(0);
	ok(fstat(fd, &st) == 0, "queue: a file");
	file_own(disk, fd, &st, &count);
	memory = file_new(5000);
	memset(memory->bytes, '=', 5000);
	memcpy(memory->bytes, "01234", 5);
	for (i = 0; i < COUNT(steps); i++) {
		queue_fill(&q, disk, memory);
		is_number("queue", "bytes that wait", queue_bytes(&q),
		    5 + 99998 + 8 + 3 + 5000 + 5);
		out.n = 0;
		is_number("queue", "all goes out",
		    queue_through(&q, steps[i], &out), 0);
		ok(out.n == 105019 && memcmp(out.p, "head bcde", 9) == 0
		    && memcmp(out.p + 100003, " middle 23401234====", 20) == 0
		    && memcmp(out.p + out.n - 7, "== tail", 7) == 0,
		    "queue: in order");
		is_number("queue", "references are given back",
		    disk->refs + memory->refs, 2);
	}
	queue_fill(&q, disk, memory);
	ok(disk->refs > 1, "queue: a reference while it waits");
	queue_clear(&q);
	is_number("queue", "cleared, bytes", queue_bytes(&q), 0);
	is_number("queue", "cleared, references", disk->refs, 1);

	queue_add_file(&q, disk, 0, 100000);
	ok(ftruncate(fd, 50000) == 0, "queue: a file shrinks");
	out.n = 0;
	errno = 0;
	is_number("queue", "a file that shrank is an error",
	    queue_through(&q, 1000000, &out), -1);
	is_number("queue", "and says so", errno == EIO || out.n == 50000, 1);
	queue_clear(&q);
	for (i = 0; i < 1000 && queue_has_room(&q); i++)
		queue_fill(&q, disk, memory);
	ok(i > 2 && i < 1000 && !q.mem.failed, "queue: room has an end");
	queue_free(&q);
	is_number("queue", "a descriptor is counted", count, 1);
	file_drop(disk);
	is_number("queue", "... as long as it is open", count, 0);
	file_drop(memory);
	buf_free(&out);
}

/* ---- fdevent*.c --------------------------------------------------------- */

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
