/*
 * mod_cgi.c - runs a program for a request (RFC 3875).
 *
 * gw.c has the conversation, over two pipes; here is whose request it is, how
 * the program is started, and how many may run. A program whose reply is
 * complete is left alone until it ends by itself; one whose client is gone, or
 * that failed, is ended with all it started. If cgi.max-processes run, four
 * times as many may wait, in the order in which they came.
 *
 *   claimed -> (waits) -> runs -> its conversation is over, and it was reaped
 */
#include <sys/stat.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gw.h"

struct cgi_conf {
	const struct conf_list *assign;		/* suffix => interpreter */
	const struct gw_host *limits;
	const struct conf_list *docroot;
	int execute_x_only, local_redir, upgrade, sendfile, max_processes;
};

#define KEY(name, type, scope, member) { "cgi." name, type, scope, \
	offsetof(struct cgi_conf, member), NULL, 0, 0 }

static const struct conf_key cgi_keys[] = {
	KEY("assign", CONF_TEXTS, CONF_REQUEST, assign),
	KEY("execute-x-only", CONF_BOOL, CONF_REQUEST, execute_x_only),
	KEY("local-redir", CONF_BOOL, CONF_REQUEST, local_redir),
	KEY("upgrade", CONF_BOOL, CONF_REQUEST, upgrade),
	KEY("x-sendfile", CONF_BOOL, CONF_REQUEST, sendfile),
	KEY("x-sendfile-docroot", CONF_LIST, CONF_REQUEST, docroot),
	KEY("limits", CONF_MAP, CONF_REQUEST, limits),
	KEY("max-processes", CONF_SHORT, CONF_SERVER, max_processes),
	{ .name = NULL }
};

/* A request and its process: lives as long as one of them does. */
struct run {
	struct link link;		/* the first; in waiting or running */
	struct gw *gw;			/* NULL: is over */
	pid_t pid;			/* 0: none yet, or nobody is left */
	uint32_t ended;			/* tick when its output did; or 0 */
	int killed;			/* the signal that did it, or 0 */
	const char *interpreter;	/* "": the file is the program */
	struct gw_host host;
};

struct cgi {
	struct link waiting, running;
	unsigned nwaiting, nrunning;
	unsigned most;			/* that may run; 0: no limit */
	struct gw_stderr *errors;	/* opened for the first */
};

/* The first of those that wait, if it may run now. */
static void
wake_next(struct cgi *cgi)
{
	if (cgi->nwaiting > 0 && cgi->nrunning < cgi->most)
		conn_wake(((struct run *)(void *)cgi->waiting.next)->gw->con);
}

/* ---- starting ---- */

/* Writes down what the program gets: arguments, NULL, folder, variables, NULL.
 * The array is to be freed. NULL: no memory. */
static char **
write_down(struct gw *gw, const struct run *run, struct buf *text)
{
	const struct buf *file = &gw->con->req->file;
	const char *path = getenv("PATH");
	size_t n = file->n, args = run->interpreter[0] == '\0' ? 1 : 2, i = 0;
	char **list = NULL, *p;

	while (n > 1 && file->p[n - 1] != '/')
		n--;
	if (args == 2)
		buf_printf(text, "%s%c", run->interpreter, '\0');
	/* many scripts cannot live without PATH; setenv may say another */
	buf_printf(text, "%s%c%.*s%cPATH=%s%c", file->p, '\0', (int)n, file->p,
	    '\0', path != NULL ? path : "/usr/local/bin:/usr/bin:/bin", '\0');
	gw_env(gw, text);
	if (!text->failed)
		list = malloc((text->n / 2 + 3) * sizeof(*list));
	if (list == NULL)
		return NULL;
	for (p = text->p; p < text->p + text->n; p += strlen(p) + 1) {
		list[i++] = p;
		if (i == args)
			list[i++] = NULL;
	}
	list[i] = NULL;
	return list;
}

static void
shut(int fd)
{
	if (fd != -1)
		close(fd);
}

/* Its standard input: the file that the body is in, a pipe that gw.c writes to
 * (fd[1] then), or one that ends at once: there may be no /dev/null in a
 * chroot. Returns 0, or -1 and errno. */
static int
open_input(const struct gw *gw, int fd[2])
{
	const struct request *req = gw->con->req;
	const struct upload *up = req->upload;

	if (up != NULL && up->file != NULL) {
		fd[0] = fcntl(up->file->fd, F_DUPFD_CLOEXEC, 0);
		return fd[0] == -1 || lseek(fd[0], 0, SEEK_SET) == -1 ? -1 : 0;
	}
	if (sys_pipe(fd) == -1)
		return -1;
	if (gw->length == 0 && !(gw->host->upgrade
	    && http_field(&req->head, HTTP_UPGRADE).p != NULL)) {
		close(fd[1]);
		fd[1] = -1;
	}
	return fcntl(fd[0], F_SETFL, 0);	/* the program's end waits */
}

/* Returns 0, or -1 and errno. */
static int
start(struct gw *gw, struct run *run, char *const *list)
{
	struct cgi *cgi = gw->self->data;
	struct sys_spawn s = { list[0], list, NULL, NULL, { -1, -1, -1 } };
	int in[2] = { -1, -1 }, out[2] = { -1, -1 }, error;

	while (*list != NULL)
		list++;
	s.folder = list[1];
	s.envp = list + 2;
	if ((cgi->errors != NULL
	    || gw_stderr_open(gw->con->srv, &cgi->errors) == 0)
	    && open_input(gw, in) == 0 && sys_pipe(out) == 0
	    && fcntl(out[1], F_SETFL, 0) == 0) {
		s.fd[0] = in[0];
		s.fd[1] = out[1];
		s.fd[2] = gw_stderr_fd(cgi->errors);
		run->pid = sys_spawn(&s);
	}
	error = errno;
	shut(in[0]);
	shut(out[1]);
	gw->plain = 1;
	if (run->pid > 0) {
		gw->fd = out[0];
		gw->send_fd = in[1];
		/* an upgrade has nothing to send before it is one */
		gw->sent = gw->length == 0 || in[1] == -1;
		gw->pid = run->pid;
		link_last(&cgi->running, &run->link);
		cgi->nrunning++;
		return 0;
	}
	run->pid = 0;
	shut(in[1]);
	shut(out[0]);
	errno = error;
	return -1;
}

static enum verdict
run_it(struct gw *gw, struct run *run)
{
	struct buf text = { NULL, 0, 0, 0 };
	char **list = write_down(gw, run, &text);
	int result;

	errno = ENOMEM;
	result = list == NULL ? -1 : start(gw, run, list);
	if (result == -1) {
		gw->status = errno == EMFILE || errno == ENFILE
		    || errno == EAGAIN || errno == ENOMEM ? 503 : 500;
		LOG(gw->con->srv, "[error] cgi: %s: cannot run %s: %s",
		    buf_text(&gw->con->req->file), list == NULL ? "it"
		    : list[0], strerror(errno));
	}
	free(list);
	buf_free(&text);
	return result == 0 ? VERDICT_FINISHED : VERDICT_ERROR;
}

static enum verdict
cgi_connect(struct gw *gw)
{
	struct cgi *cgi = gw->self->data;
	struct run *run = gw->data;
	int waits = run->link.next != NULL;
	int mine = cgi->nwaiting == 0 || cgi->waiting.next == &run->link;
	enum verdict verdict;

	if (cgi->most > 0 && (cgi->nrunning >= cgi->most || !mine)) {
		if (waits)
			return VERDICT_WAIT_FOR_EVENT;
		if (cgi->nwaiting / 4 >= cgi->most) {
			gw->status = 503;
			gw->why = "cgi.max-processes run, and too many wait";
			return VERDICT_ERROR;
		}
		link_last(&cgi->waiting, &run->link);
		cgi->nwaiting++;
		return VERDICT_WAIT_FOR_EVENT;
	}
	if (waits) {
		link_out(&run->link);
		cgi->nwaiting--;
	}
	verdict = run_it(gw, run);
	wake_next(cgi);
	return verdict;
}

/* ---- the end ---- */

/* At the end of its output, how a program dies tells whether that was all; one
 * that closes its output and goes on is believed after a second. */
static enum http_verdict
cgi_take(struct gw *gw, struct slice *data)
{
	struct run *run = gw->data;

	*data = (struct slice){ gw->in.p + gw->in_at, gw->in.n - gw->in_at };
	gw->in_at = gw->in.n;
	if (!gw->eof || data->n > 0)
		return HTTP_MORE;
	if (run->ended == 0)
		run->ended = gw->con->srv->tick;
	if (run->link.next != NULL && gw->con->srv->tick - run->ended < 2)
		return HTTP_MORE;	/* wakes us when it was reaped */
	if (run->killed == 0)
		return HTTP_DONE;
	gw->why = strsignal(run->killed);
	return HTTP_REFUSED;
}

/* What a client gets of the reply is all there. */
static int
is_complete(const struct gw *gw)
{
	const struct request *req = gw->con->req;

	return gw->done || (gw->replied && (req->head.method == HTTP_HEAD
	    || req->framing == RESPONSE_EMPTY || req->entry != NULL
	    || gw->reply.location.p != NULL));
}

static void
cgi_close(struct gw *gw)
{
	struct cgi *cgi = gw->self->data;
	struct run *run = gw->data;

	if (run == NULL)
		return;
	gw->data = run->gw = NULL;
	if (run->pid > 0 && !is_complete(gw)) {
		gw_child_end(gw->con->srv, run->pid, SIGTERM);
	} else if (run->pid == 0 && run->link.next != NULL) {
		link_out(&run->link);
		cgi->nwaiting--;
		wake_next(cgi);
	}
	if (run->link.next == NULL)
		free(run);
}

static void
cgi_died(struct plugin_self *self, struct server *srv, pid_t pid, int status)
{
	struct cgi *cgi = self->data;
	struct link *l = cgi->running.next;
	struct run *run = NULL;

	(void)srv;
	for (; l != &cgi->running && run == NULL; l = l->next)
		if (((struct run *)(void *)l)->pid == pid)
			run = (struct run *)(void *)l;
	if (run == NULL)
		return;
	link_out(&run->link);
	cgi->nrunning--;
	if (WIFSIGNALED(status))
		run->killed = WTERMSIG(status);
	/* is somebody there whom it started? */
	if (kill(-pid, 0) == -1)
		run->pid = 0;
	if (run->gw != NULL)
		conn_wake(run->gw->con);
	else
		free(run);
	wake_next(cgi);
}

/* ---- whose request it is ---- */

static const struct gw_protocol cgi_protocol = {
	.name = "cgi",
	.reply = HTTP_REPLY_ANY,
	.needs_length = 1,
	.connect = cgi_connect,
	.take = cgi_take,
	.close = cgi_close
};

/* The first suffix that fits says who runs the file. */
static const char *
find_interpreter(const struct conf_list *assign, const struct buf *file)
{
	size_t i, n;

	for (i = 0; i < assign->n; i++) {
		n = strlen(assign->items[i].key);
		if (n <= file->n && memcmp(file->p + file->n - n,
		    assign->items[i].key, n) == 0)
			return assign->items[i].value.text;
	}
	return NULL;
}

static enum verdict
cgi_start(struct plugin_self *self, struct connection *con)
{
	const struct cgi_conf *conf = plugin_conf(self, con->req);
	struct request *req = con->req;
	const char *interpreter;
	enum verdict verdict;
	struct run *run;

	if (conf->assign == NULL || req->entry->error != 0
	    || !S_ISREG(req->entry->mode))
		return VERDICT_GO_ON;
	interpreter = find_interpreter(conf->assign, &req->file);
	if (interpreter == NULL)
		return VERDICT_GO_ON;
	if ((conf->execute_x_only || interpreter[0] == '\0')
	    && (req->entry->mode & 0111) == 0) {
		LOG(con->srv, "[error] cgi: %s: is not executable",
		    buf_text(&req->file));
		conn_error(con, 403);
		return VERDICT_FINISHED;
	}
	run = calloc(1, sizeof(*run));
	if (run == NULL) {
		conn_error(con, 503);
		return VERDICT_FINISHED;
	}
	if (conf->limits != NULL)
		run->host = *conf->limits;
	run->host.local_redirect = conf->local_redir;
	run->host.upgrade = conf->upgrade;
	run->host.allow_sendfile = conf->sendfile;
	run->host.sendfile_docroot = conf->docroot;
	run->interpreter = interpreter;
	verdict = gw_claim_host(self, con, &cgi_protocol, &run->host,
	    req->path.n - req->path_info_n);
	if (verdict == VERDICT_CLAIMED) {
		run->gw = req->handler_data;
		run->gw->data = run;
	} else {
		free(run);
	}
	return verdict;
}

/* ---- the start ---- */

static int
check_assign(void *context, void *slot, const struct conf_block *block,
    struct conf_place place)
{
	const struct conf_list *list = *(const struct conf_list **)slot;
	size_t i;

	(void)block;
	for (i = 0; list != NULL && i < list->n; i++)
		if (strchr("/", list->items[i].value.text[0]) == NULL)
			conf_fault(context, place, "cgi.assign: \"%s\" is no "
			    "absolute path", list->items[i].value.text);
	return 0;
}

static int
read_limits(void *context, void *slot, const struct conf_block *block,
    struct conf_place place)
{
	static const char words[] =
	    "read-timeout\0write-timeout\0tcp-fin-propagate\0";
	const struct conf_list *list = *(const struct conf_list **)slot;
	struct config *config = context;
	struct gw_host *host;
	const struct conf_item *item;
	int word;

	(void)block;
	if (list == NULL)
		return 0;
	host = conf_alloc(config->conf, sizeof(*host));
	if (host == NULL)
		return conf_fault(&config->report, place, "out of memory");
	for (item = list->items; item < list->items + list->n; item++) {
		word = str_word(words, slice_of(item->key));
		if (word == -1 || (word < 2
		    && item->value.kind != CONF_VALUE_NUMBER))
			conf_fault(&config->report, place, "cgi.limits: \"%s\" "
			    "is not understood, read-timeout or write-timeout "
			    "=> seconds was expected", item->key);
		else if (word < 2)	/* who is gone is propagated always */
			*(word == 0 ? &host->read_timeout
			    : &host->write_timeout) = item->value.number;
	}
	*(struct gw_host **)slot = host;
	return 0;
}

static int
cgi_set_defaults(struct plugin_self *self, struct server *srv)
{
	struct config *config = self->config;
	unsigned faults = config->report.faults;
	const struct cgi_conf *conf = plugin_global_conf(self);
	unsigned workers = (unsigned)config->core->max_worker;
	struct cgi *cgi = conf_alloc(config->conf, sizeof(*cgi));

	(void)srv;
	if (cgi == NULL)
		return conf_fault(&config->report, conf_nowhere,
		    "out of memory");
	self->data = cgi;
	cgi->waiting.next = cgi->waiting.prev = &cgi->waiting;
	cgi->running.next = cgi->running.prev = &cgi->running;
	cgi->most = (unsigned)conf->max_processes;
	if (workers > 1 && cgi->most > 0)	/* each has its share */
		cgi->most = cgi->most < workers ? 1 : cgi->most / workers;
	conf_each(config->conf, "cgi.assign", check_assign, &config->report);
	conf_each(config->conf, "cgi.limits", read_limits, config);
	return config->report.faults == faults ? 0 : -1;
}

static void
cgi_trigger(struct plugin_self *self, struct server *srv)
{
	struct cgi *cgi = self->data;
	struct link *l = cgi->running.next;
	const struct run *run;

	(void)srv;
	gw_stderr_flush(cgi->errors);
	for (; l != &cgi->running; l = l->next) {
		run = (const struct run *)(void *)l;
		if (run->ended != 0 && run->gw != NULL)
			conn_wake(run->gw->con);
	}
}

static void
cgi_free(struct plugin_self *self, struct server *srv)
{
	struct cgi *cgi = self->data;
	struct link *l;

	if (cgi == NULL)
		return;
	while (cgi->running.next != &cgi->running) {
		l = cgi->running.next;
		link_out(l);
		free(l);
	}
	gw_stderr_close(srv, cgi->errors);
}

const struct plugin mod_cgi = {
	.api = PLUGIN_API,
	.name = "mod_cgi",
	.version = SERVER_VERSION,
	.keys = cgi_keys,
	.conf_size = sizeof(struct cgi_conf),
	.set_defaults = cgi_set_defaults,
	.free = cgi_free,
	.handle_start = cgi_start,
	.handle_exchange = gw_exchange,
	.handle_body = gw_body,
	.handle_release = gw_release,
	.handle_trigger = cgi_trigger,
	.handle_waitpid = cgi_died,
};
