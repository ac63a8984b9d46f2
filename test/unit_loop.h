/*
 * unit_loop.h - the part of unit.c that is about base_timer.c and base_queue.c:
 * time and output.
 */
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
