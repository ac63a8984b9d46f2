/*
 * gw_child.c - processes of ours: what they say on their standard error, and
 * their end.
 *
 * Each is the leader of a process group, and is ended with all of it: by the
 * signal given, then by SIGKILL. proc_serve.c and proc_table.c call from here
 * what happens each second and when a child was reaped, so it goes on whether
 * or not the module that started the process is still there.
 */
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gw.h"

enum {
	PATIENCE = 2,			/* seconds until SIGKILL */
	REAP_TRIES = 100,		/* a millisecond each, at the end */
	LINE = 1024			/* bytes; longer lines are parted */
};

/* ---- standard error ---- */

struct gw_stderr {
	struct server *srv;
	int fd[2];			/* the registry's, and ours */
	size_t n;			/* of a line that is not complete */
	char line[LINE];
};

static void
say(struct gw_stderr *e, const char *line, size_t n)
{
	if (n > 0)
		LOG(e->srv, "stderr: %.*s", (int)n, line);
}

void
gw_stderr_flush(struct gw_stderr *e)
{
	if (e == NULL)
		return;
	say(e, e->line, e->n);
	e->n = 0;
}

/* As much as there is room for, once: what a script says a lot waits in the
 * pipe, and so does the script. */
static void
on_stderr(void *context, int events)
{
	struct gw_stderr *e = context;
	ssize_t n = read(e->fd[0], e->line + e->n, LINE - e->n);
	char *p = e->line, *end, *stop;

	(void)events;
	if (n <= 0)
		return;
	stop = e->line + e->n + n;
	for (end = p + e->n; end < stop; end++) {
		if (*end == '\0')
			*end = ' ';
		if (*end != '\n')
			continue;
		say(e, p, (size_t)(end - p));
		p = end + 1;
	}
	e->n = (size_t)(stop - p);
	memmove(e->line, p, e->n);
	if (e->n == LINE)
		gw_stderr_flush(e);
}

int
gw_stderr_open(struct server *srv, struct gw_stderr **e)
{
	struct gw_stderr *new = malloc(sizeof(*new));

	if (new == NULL)
		return -1;
	new->srv = srv;
	new->n = 0;
	if (sys_pipe(new->fd) == -1) {
		free(new);
		return -1;
	}
	/* its writers wait; that is so for each end by itself */
	if (fcntl(new->fd[1], F_SETFL, 0) == -1 || fdevent_add(srv->ev,
	    new->fd[0], FDEVENT_IN, on_stderr, new) == -1) {
		close(new->fd[0]);
		close(new->fd[1]);
		free(new);
		return -1;
	}
	srv->own_fds++;
	*e = new;
	return 0;
}

int
gw_stderr_fd(const struct gw_stderr *e)
{
	return e->fd[1];
}

void
gw_stderr_close(struct server *srv, struct gw_stderr *e)
{
	if (e == NULL)
		return;
	if (srv->ev != NULL) {		/* at the end it is gone already */
		on_stderr(e, 0);
		fdevent_del(srv->ev, e->fd[0]);
	}
	gw_stderr_flush(e);
	close(e->fd[1]);
	srv->own_fds--;
	free(e);
}

/* ---- the end ---- */

struct gw_child {
	struct gw_child *next;
	pid_t pid;			/* of the leader, and of the group */
	uint32_t since;			/* tick */
};

void
gw_child_end(struct server *srv, pid_t pid, int signal)
{
	struct gw_child *c = malloc(sizeof(*c));

	(void)kill(-pid, c != NULL ? signal : SIGKILL);
	if (c == NULL)
		return;
	if (!srv->ticking)
		clock_refresh(srv);
	c->pid = pid;
	c->since = srv->tick;
	c->next = srv->dying;
	srv->dying = c;
}

/* Sends a signal (0: none) to the group that is *at, and forgets it if there
 * is none any more. Returns the place of the next. */
static struct gw_child **
check(struct gw_child **at, int signal)
{
	struct gw_child *c = *at;

	if (kill(-c->pid, signal) == 0)
		return &c->next;
	*at = c->next;
	free(c);
	return at;
}

void
gw_child_died(struct server *srv, pid_t pid)
{
	struct gw_child **at = &srv->dying;

	/* at once: the number may be another's soon */
	while (*at != NULL)
		at = (*at)->pid == pid ? check(at, 0) : &(*at)->next;
}

void
gw_child_trigger(struct server *srv)
{
	struct gw_child **at = &srv->dying;

	while (*at != NULL)
		at = check(at, srv->tick - (*at)->since > PATIENCE ? SIGKILL
		    : 0);
}

void
gw_child_end_all(struct server *srv)
{
	struct gw_child *c;
	int tries;

	while (srv->dying != NULL) {
		c = srv->dying;
		srv->dying = c->next;
		(void)kill(-c->pid, SIGKILL);
		/* not every init(8) takes what we leave */
		for (tries = 0; tries < REAP_TRIES && waitpid(c->pid, NULL,
		    WNOHANG) == 0; tries++)
			(void)poll(NULL, 0, 1);
		free(c);
	}
}
