/*
 * gw_spawn.c - backends that we start: processes that listen at a socket of
 * ours, which is their standard input.
 *
 * Called by the hooks of a module with such backends, and by gw_balance.c when
 * all are busy. The socket stays ours: whoever connects while a process is
 * replaced waits a moment. One that ends before it has answered anybody is
 * started later each time, and nobody listens meanwhile. Where somebody listens
 * already, perhaps for another entry with the same address or for what a reload
 * leaves behind, that is a backend as any other.
 */
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gw.h"

enum { LONGEST = 60 };		/* seconds until it is tried again */

/* The tick may be far behind when nobody is connected. */
static uint32_t
now(void)
{
	return (uint32_t)(clock_ms() / 1000);
}

static struct gw_pool *
pool_of(struct plugin_self *self)
{
	return self->config == NULL ? NULL
	    : ((const struct gw_conf *)plugin_global_conf(self))->pool;
}

/* Does what fn does with all backends. Returns 0, or -1 as soon as fn does. */
static int
each(struct gw_pool *pool, struct server *srv,
    int (*fn)(struct server *srv, struct gw_backend *b))
{
	struct gw_rules *rules = pool->rules;
	struct gw_rule *rule;
	unsigned i;

	for (; rules != NULL; rules = rules->next)
		for (rule = rules->rules; rule < rules->rules + rules->n;
		    rule++)
			for (i = 0; i < rule->nbackends; i++)
				if (fn(srv, rule->backends + i) == -1)
					return -1;
	return 0;
}

/* ---- what they are ---- */

/* The words of bin-path. */
static char **
split(struct conf *conf, const char *text)
{
	size_t n = strlen(text);
	char *p = conf_alloc(conf, n + 1), *start = p;
	char **argv = conf_alloc(conf, (n / 2 + 2) * sizeof(*argv));

	if (p == NULL || argv == NULL)
		return NULL;
	memcpy(p, text, n);
	for (n = 0; *p != '\0'; p++) {
		if (*p == ' ' || *p == '\t')
			*p = '\0';
		else if (p == start || p[-1] == '\0')
			argv[n++] = p;
	}
	return argv;
}

static int
has(char *const *envp, const char *name)
{
	size_t n = strlen(name);

	for (; *envp != NULL; envp++)
		if (strncmp(*envp, name, n) == 0 && (*envp)[n] == '=')
			return 1;
	return 0;
}

/* Adds a variable behind the others, unless there is no value, or it is there.
 * Returns 0, or -1: no memory. */
static int
add(struct conf *conf, char **envp, const char *name, const char *value)
{
	size_t n = strlen(name) + 2;

	if (value == NULL || has(envp, name))
		return 0;
	n += strlen(value);
	while (*envp != NULL)
		envp++;
	*envp = conf_alloc(conf, n);
	if (*envp == NULL)
		return -1;
	snprintf(*envp, n, "%s=%s", name, value);
	return 0;
}

/* Of our own environment they get what bin-copy-environment names; without
 * that, PATH: the rest is nobody's business. */
int
gw_spawn_prepare(struct gw_host *h)
{
	const struct conf_list *set = h->bin_environment;
	const struct conf_list *copy = h->bin_copy_environment;
	struct conf *conf = h->pool->config->conf;
	size_t n = 2, i;
	const char *name;

	n += (set != NULL ? set->n : 0) + (copy != NULL ? copy->n : 0);
	h->argv = split(conf, h->bin_path);
	h->envp = conf_alloc(conf, n * sizeof(*h->envp));
	if (h->argv == NULL || h->envp == NULL)
		return -1;
	for (i = 0; set != NULL && i < set->n; i++)
		if (add(conf, h->envp, set->items[i].key,
		    set->items[i].value.text) == -1)
			return -1;
	if (copy == NULL)
		return add(conf, h->envp, "PATH", getenv("PATH"));
	for (i = 0; i < copy->n; i++) {
		name = copy->items[i].value.text;
		if (add(conf, h->envp, name, getenv(name)) == -1)
			return -1;
	}
	return 0;
}

/* ---- listening ---- */

/* The socket of a process is SOCKET-PID-SERIAL-NUMBER: no other has it, be it
 * a worker's or of the configuration before. */
static int
make_address(struct gw_backend *b)
{
	const struct gw_host *h = b->host;
	struct conf *conf = h->pool->config->conf;
	struct sockaddr_un *un = conf_alloc(conf, sizeof(*un));
	size_t size = sizeof(un->sun_path) + 5;
	char *name = conf_alloc(conf, size);

	if (un == NULL || name == NULL)
		return -1;
	snprintf(name, size, "unix:%s-%ld-%lu-%d", h->socket, (long)getpid(),
	    (unsigned long)h->pool->config->serial,
	    (int)(b - h->backends));
	un->sun_family = AF_UNIX;
	memcpy(un->sun_path, name + 5, strlen(name + 5));
	b->name = name;
	b->address_n = sizeof(*un);
	b->address = (struct sockaddr *)un;
	return 0;
}

static const char *
path_of(const struct gw_backend *b)
{
	return b->address->sa_family == AF_UNIX
	    ? ((const struct sockaddr_un *)(const void *)b->address)->sun_path
	    : NULL;
}

/* The address is in use. Really? A file may be left of a process that was. */
static int
is_used(const struct gw_backend *b)
{
	int fd, used;

	if (path_of(b) == NULL)
		return 1;
	fd = sys_socket(AF_UNIX);
	if (fd == -1)
		return 1;
	used = connect(fd, b->address, b->address_n) == 0
	    || errno != ECONNREFUSED;
	close(fd);
	return used;
}

static int
bind_to(const struct gw_backend *b, int fd)
{
	mode_t mask = umask(077);	/* it is for us alone */
	int result = bind(fd, b->address, b->address_n);

	if (result == -1 && errno == EADDRINUSE && !is_used(b)) {
		(void)unlink(path_of(b));
		result = bind(fd, b->address, b->address_n);
	}
	umask(mask);
	return result;
}

/* Listens, unless somebody does. Returns 0, or -1 and errno. */
static int
open_socket(struct server *srv, struct gw_backend *b)
{
	int fd, on = 1, error;

	if (b->address == NULL && make_address(b) == -1) {
		errno = ENOMEM;
		return -1;
	}
	fd = sys_socket(b->address->sa_family);
	if (fd == -1)
		return -1;
	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	/* the process waits in accept(2) */
	if (fcntl(fd, F_SETFL, 0) == 0 && bind_to(b, fd) == 0
	    && listen(fd, b->host->listen_backlog) == 0) {
		b->fd = fd;
		srv->own_fds++;
		return 0;
	}
	error = errno;
	close(fd);
	b->foreign = error == EADDRINUSE;
	errno = error;
	return b->foreign ? 0 : -1;
}

static void
close_socket(struct server *srv, struct gw_backend *b)
{
	if (b->fd == -1)
		return;
	close(b->fd);
	srv->own_fds--;
	b->fd = -1;
	if (path_of(b) != NULL)
		(void)unlink(path_of(b));
}

/* ---- processes ---- */

/* It could not be started, or ended without an answer to anybody: later. */
static void
postpone(struct server *srv, struct gw_backend *b)
{
	close_socket(srv, b);
	b->start_at = now() + (b->starts < 7 ? 1u << (b->starts - 1)
	    : LONGEST);
}

/* Starts b's process, unless it is there. Returns 0 or -1. */
static int
start(struct server *srv, struct gw_backend *b)
{
	const struct gw_host *h = b->host;
	struct gw_pool *pool = h->pool;
	struct sys_spawn s = { .argv = h->argv, .envp = h->envp };
	int null;

	if (b->pid != 0 || b->foreign)
		return 0;
	b->starts++;
	if ((pool->err == NULL && gw_stderr_open(srv, &pool->err) == -1)
	    || (b->fd == -1 && open_socket(srv, b) == -1))
		goto failed;
	if (b->foreign)
		return 0;
	null = sys_open("/dev/null", O_WRONLY, 0);
	s.path = h->argv[0];
	s.fd[0] = b->fd;
	s.fd[1] = null != -1 ? null : gw_stderr_fd(pool->err);
	s.fd[2] = gw_stderr_fd(pool->err);
	b->pid = sys_spawn(&s);
	if (null != -1)
		close(null);
	if (b->pid != -1) {
		b->used = now();
		b->down = 0;
		return 0;
	}
	b->pid = 0;
failed:
	LOG(srv, "[error] cannot start %s at %s: %s", h->bin_path,
	    b->name, strerror(errno));
	postpone(srv, b);
	return -1;
}

/* Is it one of those that are always there? */
static int
is_basic(const struct gw_backend *b)
{
	return b->host->bin_path != NULL
	    && b - b->host->backends < b->host->min_procs;
}

static int
start_basic(struct server *srv, struct gw_backend *b)
{
	return is_basic(b) ? start(srv, b) : 0;
}

int
gw_spawn_start(struct plugin_self *self, struct server *srv)
{
	struct gw_pool *pool = pool_of(self);

	return pool == NULL ? 0 : each(pool, srv, start_basic);
}

struct gw_backend *
gw_spawn_more(struct server *srv, struct gw_host *host)
{
	struct gw_backend *b = host->backends;

	if (host->bin_path == NULL)
		return NULL;
	for (; b < host->backends + host->nbackends; b++)
		if (b->fd == -1 && !b->foreign && now() >= b->start_at) {
			if (start(srv, b) == -1 || (b->foreign && b->down
			    && srv->tick < b->down_until))
				return NULL;
			return b;
		}
	return NULL;
}

static void
end(struct server *srv, struct gw_backend *b)
{
	if (b->pid > 0)
		gw_child_end(srv, b->pid, b->host->kill_signal);
	b->pid = 0;
	if (b->address != NULL)
		close_socket(srv, b);
}

void
gw_spawn_died(struct plugin_self *self, struct server *srv, pid_t pid,
    int status)
{
	struct gw_pool *pool = pool_of(self);
	struct gw_rules *rules = pool == NULL ? NULL : pool->rules;
	struct gw_rule *rule;
	struct gw_backend *b = NULL;
	unsigned i;

	for (; rules != NULL; rules = rules->next)
		for (rule = rules->rules; rule < rules->rules + rules->n;
		    rule++)
			for (i = 0; i < rule->nbackends; i++)
				if (rule->backends[i].pid == pid)
					b = rule->backends + i;
	if (b == NULL)
		return;
	LOG(srv, "[warn] %s (%ld) at %s ended: %s %d", b->host->argv[0],
	    (long)pid, b->name, WIFSIGNALED(status) ? "signal" : "status",
	    WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
	gw_child_end(srv, pid, b->host->kill_signal);	/* what it left */
	b->pid = 0;
	if (b->starts > 0)
		postpone(srv, b);
	else
		(void)start(srv, b);
}

/* Each second. One more than needed, unused for a while, goes. */
static int
look_after(struct server *srv, struct gw_backend *b)
{
	uint32_t patience = (uint32_t)b->host->idle_timeout;

	gw_idle_close(srv, b, srv->tick > patience ? srv->tick - patience : 0);
	if (is_basic(b) && b->pid == 0 && srv->tick >= b->start_at)
		(void)start(srv, b);
	if (!is_basic(b) && b->pid > 0 && b->load == 0
	    && srv->tick - b->used > patience)
		end(srv, b);
	if (b->idle != NULL || (is_basic(b) ? b->pid == 0 && !b->foreign
	    : b->pid > 0))
		srv->awake = 1;
	return 0;
}

void
gw_spawn_trigger(struct plugin_self *self, struct server *srv)
{
	struct gw_pool *pool = pool_of(self);

	if (pool == NULL)
		return;
	(void)each(pool, srv, look_after);
	gw_stderr_flush(pool->err);
}

static int
let_go(struct server *srv, struct gw_backend *b)
{
	gw_idle_close(srv, b, UINT32_MAX);
	end(srv, b);
	return 0;
}

void
gw_spawn_free(struct plugin_self *self, struct server *srv)
{
	struct gw_pool *pool = pool_of(self);

	if (pool == NULL)
		return;
	(void)each(pool, srv, let_go);
	gw_stderr_close(srv, pool->err);
}
