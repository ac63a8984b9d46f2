/*
 * conn_route.c - takes a parsed request through the hooks until somebody
 * answers it.
 *
 *   target -> uri_raw -> (decode) -> uri_clean -> docroot -> remote
 *          -> physical -> index -> (what is it on the disk?) -> file -> start
 *          -> nobody: 404
 *
 * Called by conn.c. Only this file turns verdicts into what happens next, so
 * a module never knows who comes after it.
 */
#include <sys/stat.h>
#include <errno.h>
#include <string.h>

#include "plugin.h"

enum {
	START_OVER = -2,	/* a module changed the URL */
	NOT_YET			/* a stage passed and nobody answered */
};				/* or enum route */

static int
refuse(struct connection *con, int status)
{
	conn_error(con, status);
	return ROUTE_ANSWERED;
}

static int
say_methods(struct connection *con, int status)
{
	if (status != 200)
		conn_error(con, status);
	con->req->status = status;
	conn_field(con, "Allow", slice_of("GET, HEAD, OPTIONS"));
	return ROUTE_ANSWERED;
}

/* conn_jobs will start it over when there are descriptors again. */
static void
wait_for_fd(struct connection *con)
{
	request_unanswer(con);
	conn_unlink(con);
	con->wants_fd = 1;
	con->srv->want_fds++;
	link_last(&con->srv->fd_queue, &con->link);
}

static int
ask(struct connection *con, enum plugin_hook hook)
{
	const struct plugins *plugins = con->config->plugins;

	if (plugins->calls[hook]->fn == NULL)
		return NOT_YET;
	switch (plugins_ask(plugins, hook, con)) {
	case VERDICT_GO_ON:
		return NOT_YET;
	case VERDICT_FINISHED:
		return ROUTE_ANSWERED;
	case VERDICT_WAIT_FOR_EVENT:
		return ROUTE_WAIT;
	case VERDICT_WAIT_FOR_FD:
		wait_for_fd(con);
		return ROUTE_WAIT;
	case VERDICT_COMEBACK:
		return START_OVER;
	case VERDICT_CLAIMED:
		return ROUTE_CLAIMED;
	default:
		return refuse(con, 500);
	}
}

/* URL to file name: document root and path, before modules map it. */
static int
find_file(struct connection *con)
{
	struct request *req = con->req;
	int answer;

	req->docroot = slice_of(request_conf(req)->document_root);
	answer = ask(con, HOOK_DOCROOT);
	if (answer != NOT_YET)
		return answer;
	while (req->docroot.n > 0 && req->docroot.p[req->docroot.n - 1] == '/')
		req->docroot.n--;
	req->file.n = 0;
	answer = ask(con, HOOK_REMOTE);
	if (answer != NOT_YET)
		return answer;
	if (buf_reserve(&req->file, req->docroot.n + req->path.n + 1) == -1)
		return refuse(con, 503);
	memcpy(req->file.p, req->docroot.p, req->docroot.n);
	memcpy(req->file.p + req->docroot.n, req->path.p, req->path.n);
	req->file.n = req->docroot.n + req->path.n;
	req->file.p[req->file.n] = '\0';
	answer = ask(con, HOOK_PHYSICAL);
	return answer == NOT_YET ? ask(con, HOOK_INDEX) : answer;
}

/* A folder asked for without its slash: relative links need it. The path is
 * clean, so it begins with one slash and no host can hide in it. */
static int
add_slash(struct connection *con)
{
	struct request *req = con->req;
	struct buf to = { NULL, 0, 0, 0 };

	str_escape_url(&to, (struct slice){ req->path.p, req->path.n });
	buf_addc(&to, '/');
	if (req->head.query.p != NULL) {
		buf_addc(&to, '?');
		buf_add(&to, req->head.query.p, req->head.query.n);
	}
	if (to.failed)
		conn_error(con, 503);
	else
		conn_redirect(con, 0, (struct slice){ to.p, to.n });
	buf_free(&to);
	return ROUTE_ANSWERED;
}

/* What the first n bytes of req->file name. */
static void
look(struct connection *con, size_t n)
{
	struct request *req = con->req;

	if (req->entry != NULL)
		stat_cache_drop(req->entry);
	req->entry = req->file.failed ? NULL : stat_cache_get(con->srv,
	    req->file.p, n, request_conf(req));
}

/* A part of the path is a file: what stands behind it is for the script that
 * it may be. From the front, so that no path costs more than folders that
 * there are. */
static void
split_path(struct connection *con)
{
	struct request *req = con->req;
	size_t at = 1, rest;

	for (;;) {
		while (at < req->file.n && req->file.p[at] != '/')
			at++;
		if (at >= req->file.n)
			return;
		req->file.p[at] = '\0';
		look(con, at);
		req->file.p[at] = '/';
		if (req->entry == NULL || req->entry->error != 0)
			return;
		if (!S_ISDIR(req->entry->mode))
			break;
		at++;
	}
	rest = req->file.n - at;
	if (!S_ISREG(req->entry->mode) || rest > req->path.n
	    || memcmp(req->path.p + req->path.n - rest, req->file.p + at,
	    rest) != 0) {
		look(con, req->file.n);
		return;
	}
	req->path_info_n = rest;
	req->file.n = at;
	req->file.p[at] = '\0';
}

static int
look_at_file(struct connection *con)
{
	struct request *req = con->req;

	look(con, req->file.n);
	if (req->entry != NULL && req->entry->error == ENOTDIR)
		split_path(con);
	if (req->entry == NULL)
		return refuse(con, 503);
	/* server.follow-symlink may take some just to look */
	if (req->entry->error == EMFILE || req->entry->error == ENFILE) {
		wait_for_fd(con);
		return ROUTE_WAIT;
	}
	if (req->entry->error == 0 && S_ISDIR(req->entry->mode)
	    && req->path.n > 0 && req->path.p[req->path.n - 1] != '/'
	    && req->head.method != HTTP_OPTIONS)
		return add_slash(con);
	return NOT_YET;
}

/* Nobody claimed it: say why. */
static int
unclaimed(struct connection *con)
{
	struct request *req = con->req;
	int error = req->path_info_n > 0 ? ENOTDIR : req->entry->error;

	if (req->head.method == HTTP_OPTIONS)
		return say_methods(con, 200);
	if (req->head.method != HTTP_GET && req->head.method != HTTP_HEAD
	    && (req->head.method != HTTP_POST || error == 0))
		return say_methods(con, 405);
	if (error == 0 || error == EACCES || error == EPERM)
		return refuse(con, 403);
	if (error == ENOENT || error == ENOTDIR || error == ELOOP
	    || error == ENAMETOOLONG) {
		if (request_conf(req)->log_file_not_found)
			LOG(con->srv, "connection %d: not found: %s", con->fd,
			    buf_text(&req->file));
		return refuse(con, 404);
	}
	return refuse(con, 500);
}

/* From the clean path on. */
static int
route_path(struct connection *con)
{
	int answer;

	con->req->path_info_n = 0;
	answer = ask(con, HOOK_URI_CLEAN);
	if (answer == NOT_YET)
		answer = find_file(con);
	if (answer == NOT_YET)
		answer = look_at_file(con);
	if (answer == NOT_YET)
		answer = ask(con, HOOK_FILE);
	if (answer == NOT_YET)
		answer = ask(con, HOOK_START);
	if (answer == NOT_YET)
		answer = unclaimed(con);
	return answer;
}

static int
route(struct connection *con)
{
	struct request *req = con->req;
	const struct http_head *head = &req->head;
	int64_t most;
	int answer;

	if (head->method == HTTP_UNKNOWN)
		return refuse(con, 501);
	/* TRACE would echo cookies to scripts */
	if (head->method == HTTP_TRACE || head->method == HTTP_CONNECT)
		return say_methods(con, 405);
	/* OPTIONS *: the server as a whole */
	if (head->path.n == 1 && head->path.p[0] == '*')
		return say_methods(con, 200);
	if (str_url_path_as(&req->path, head->path,
	    con->config->core->url_options) == -1)
		return refuse(con, req->path.failed ? 503 : 400);
	if (conn_merge(con) == -1)
		return refuse(con, 503);
	most = (int64_t)request_conf(req)->max_request_size * 1024;
	if (most > 0 && head->body_length > most) {
		con->keep_alive = 0;
		con->unread = 1;
		return refuse(con, 413);
	}
	answer = ask(con, HOOK_URI_RAW);
	return answer != NOT_YET ? answer : route_path(con);
}

/* server.error-handler-404: another path answers, with its own status. */
static int
handle_404(struct connection *con)
{
	struct request *req = con->req;

	request_unanswer(con);
	req->error_handled = 1;
	req->path.n = 0;
	buf_addc(&req->path, '/');
	str_add_path(&req->path,
	    slice_of(request_conf(req)->error_handler_404));
	buf_text(&req->path);
	return conn_merge(con) == -1 ? refuse(con, 503) : route_path(con);
}

int
conn_begin(struct connection *con)
{
	struct request *req = con->req;
	int answer;

	req->settings = con->settings;
	answer = ask(con, HOOK_CONNECTION_START);
	req->handler = NULL;		/* nobody has claimed anything */
	con->begun = answer == NOT_YET;
	if (con->begun)
		req->in_seen = 0;
	return con->begun ? 1 : answer == (int)ROUTE_WAIT ? 0 : -1;
}

int
conn_rewrite(struct connection *con, struct slice target)
{
	struct request *req = con->req;
	struct buf next = { NULL, 0, 0, 0 };
	const char *query;

	/* target may lie in what is there */
	buf_add(&next, target.p, target.n);
	(void)buf_text(&next);
	if (next.failed) {
		buf_free(&next);
		return -1;
	}
	buf_free(&req->target);
	req->target = next;
	/* who may ask for one URL may not yet for another */
	memset(req->passed, 0, sizeof(req->passed));
	query = memchr(next.p, '?', next.n);
	req->head.path = (struct slice){ next.p, query == NULL ? next.n
	    : (size_t)(query - next.p) };
	req->head.query = (struct slice){ NULL, 0 };
	if (query != NULL)
		req->head.query = (struct slice){ query + 1,
		    next.n - req->head.path.n - 1 };
	return 0;
}

enum route
conn_route(struct connection *con)
{
	struct request *req = con->req;
	int answer;

	/* behind a wait all begins again, the page for a 404 too */
	req->error_handled = 0;
	do {
		answer = route(con);
		if (req->status == 404 && req->page != NULL
		    && !req->error_handled
		    && request_conf(req)->error_handler_404 != NULL)
			answer = handle_404(con);
	} while (answer == START_OVER && req->route_loops++ < ROUTE_LOOPS);
	if (answer == START_OVER) {
		LOG(con->srv, "connection %d: rewritten %d times, giving up",
		    con->fd, ROUTE_LOOPS);
		answer = refuse(con, 500);
	}
	if (request_conf(req)->log_request_handling
	    && answer == (int)ROUTE_ANSWERED)
		LOG(con->srv, "connection %d: %.*s -> %s: %d", con->fd,
		    (int)req->head.target.n, req->head.target.p,
		    req->file.n > 0 ? buf_text(&req->file) : "(no file)",
		    req->status);
	return (enum route)answer;
}
