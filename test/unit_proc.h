/*
 * unit_proc.h - what processes tell each other, and when they start again.
 *
 * Part of unit.c. Channels are real socket pairs; slots are filled in by hand,
 * so that nothing has to be started, or to wait.
 */
#include <sys/socket.h>
#include <sys/wait.h>

#include "../proc.h"

static void
test_channel_message(void)
{
	struct channel_message in, out = { CHANNEL_REOPEN, 3, -1, 77, 1000 };
	int fd[2], piped[2];
	char byte = 'x';

	if (sys_socketpair(fd) == -1 || sys_pipe(piped) == -1)
		abort();
	is_number("channel", "nothing there", channel_read(fd[1], &in), 0);
	is_number("channel", "send", channel_send(fd[0], &out), 0);
	is_number("channel", "read", channel_read(fd[1], &in), 1);
	ok(memcmp(&in, &out, sizeof(in)) == 0, "channel: the same arrives");
	out.fd = piped[1];
	is_number("channel", "send a descriptor", channel_send(fd[0], &out),
	    0);
	close(piped[1]);
	is_number("channel", "read it", channel_read(fd[1], &in), 1);
	ok(in.fd != -1 && (fcntl(in.fd, F_GETFD) & FD_CLOEXEC),
	    "channel: it is close-on-exec");
	ok(write(in.fd, "y", 1) == 1 && read(piped[0], &byte, 1) == 1
	    && byte == 'y', "channel: it is the same open file");
	close(in.fd);
	close(piped[0]);
	close(fd[0]);
	is_number("channel", "the end", channel_read(fd[1], &in), -1);
	close(fd[1]);
}

static void
test_channel_faults(void)
{
	struct channel_message m = { CHANNEL_QUIT, 0, -1, 1, 0 };
	int fd[2], sent = 0;

	if (sys_socketpair(fd) == -1 || write(fd[0], "abc", 3) != 3)
		abort();
	is_number("channel", "a part of a message", channel_read(fd[1], &m),
	    -1);
	while (channel_send(fd[0], &m) == 0 && sent < 1000000)
		sent++;
	ok(sent > 0 && (errno == EAGAIN || errno == EWOULDBLOCK),
	    "channel: a full one does not block");
	m.fd = 12345;
	is_number("channel", "a descriptor that is none",
	    channel_send(fd[0], &m), -1);
	close(fd[1]);
	m.fd = -1;
	is_number("channel", "nobody reads", channel_send(fd[0], &m), -1);
	close(fd[0]);
}

/* Seconds until the slot p starts again, after it died once more. */
static long long
again_in(struct proc *p, int status, int lived)
{
	int64_t now = clock_ms();

	p->status = status;
	p->started = now - lived;
	proc_respawn(p);
	return (p->due - now + 500) / 1000;
}

static void
test_respawn(void)
{
	static const int wanted[] = { 0, 1, 2, 4, 8, 16, 32, 60, 60, 60 };
	struct proc p;
	int i, killed = SIGKILL, crashed = SIGSEGV;

	memset(&p, 0, sizeof(p));
	for (i = 0; i < (int)COUNT(wanted); i++)
		is_number("respawn", "after another crash", again_in(&p,
		    crashed, 10), wanted[i]);
	is_number("respawn", "one that lived long", again_in(&p, crashed,
	    5000), 0);
	is_number("respawn", "it has only begun to crash", again_in(&p,
	    crashed, 10), 0);
	is_number("respawn", "it crashed again", again_in(&p, crashed, 10), 1);
	is_number("respawn", "killed is not crashed", again_in(&p, killed, 10),
	    0);
}

/* A worker begins with a copy of its master's table, and its master's
 * deadlines are none of its business: it would wake for them for ever. */
static void
test_inherit(void)
{
	static struct proc procs[3];
	static struct process process;
	static struct server srv;
	int i, fd[2];

	srv.process = &process;
	process.procs = procs;
	process.used = 3;
	for (i = 0; i < 3; i++) {
		procs[i].pid = 1;
		procs[i].due = procs[i].kill_at = 1;
		procs[i].fd = -1;
	}
	if (sys_pipe(fd) == -1)
		abort();
	procs[1].fd = fd[0];
	procs[2].fd = fd[1];
	is_number("inherit", "its master is late", proc_wait(&srv), 0);
	proc_inherit(&srv, procs + 1);
	is_number("inherit", "a worker waits for nothing", proc_wait(&srv),
	    -1);
	is_number("inherit", "it has no children", procs[0].pid + procs[1].pid
	    + procs[2].pid, 0);
	is_number("inherit", "it lets go of its own channel's other end",
	    procs[1].fd, -1);
	ok(procs[2].fd != fd[1] && procs[2].fd != -1,
	    "inherit: siblings stay in reach when the master's set is closed");
	close(fd[1]);
	close(procs[2].fd);
}

/* ---- tally.c ------------------------------------------------------------ */

/* Three processes share slots; one dies and another goes on in its place. */
static void
test_tally(void)
{
	static struct shared_slot slots[4];	/* one that is never given */
	static struct totals t;
	static struct server a, b;

	a.slots = b.slots = slots;
	tally_join(&a, 0);
	tally_join(&b, 2);		/* 1 is somebody else's */
	a.max_conns = 10;
	a.started = b.started = 1000;
	a.tick = b.tick = 1003;
	slots[0].serves = slots[2].serves = 1;
	slots[2].conns = 4;
	slots[0].tally[TALLY_ANSWERED + 2] = 5;
	slots[2].tally[TALLY_ANSWERED + 4] = 2;
	slots[2].tally[TALLY_SENT] = 5 * 1024 + 1;
	tally_note(&b);
	tally_sum(&a, &t);
	is_number("tally", "requests of all", (long long)t.answered, 7);
	is_number("tally", "of a class", (long long)t.value[TOTAL_ANSWERED
	    + 4], 2);
	is_number("tally", "bytes", (long long)t.value[TOTAL_SENT], 5121);
	is_number("tally", "workers", (long long)t.value[TOTAL_WORKERS], 2);
	is_number("tally", "connections", (long long)t.value[TOTAL_CONNS], 4);
	is_number("tally", "at most", (long long)t.value[TOTAL_CONNS_MAX], 20);
	is_number("tally", "uptime", (long long)t.value[TOTAL_UPTIME], 3);
	is_number("tally", "requests of now", (long long)t.past[0][PAST - 1],
	    7);
	is_number("tally", "KiB of now", (long long)t.past[1][PAST - 1], 5);

	tally_leave(slots + 2);
	a.tick += 30;
	tally_sum(&a, &t);
	is_number("tally", "what the dead did stays", (long long)t.answered,
	    7);
	is_number("tally", "its clients do not", (long long)
	    t.value[TOTAL_CONNS], 0);
	is_number("tally", "30 seconds later", (long long)
	    t.past[0][PAST - 1 - 30 / PAST_SECONDS], 7);
	is_number("tally", "... and none now", (long long)t.past[0][PAST - 1],
	    0);
	is_number("tally", "... but that was most", (long long)t.most[0], 7);

	tally_join(&b, 2);
	slots[2].tally[TALLY_ANSWERED + 2]++;
	a.tick += (PAST - 6) * PAST_SECONDS;
	tally_sum(&a, &t);
	is_number("tally", "another in its place", (long long)t.answered, 8);
	is_number("tally", "the past is forgotten", (long long)t.most[0], 0);
	b.tick = a.tick;
	tally_note(&b);
	tally_sum(&a, &t);
	is_number("tally", "... its place used again", (long long)t.past[0][
	    PAST - 1], 1);
}
