/*
 * gw_reply.c - the head of a backend's reply becomes our response.
 *
 * gw.c calls gw_reply once the head is complete. Where the response ends is
 * always told by us, from what was understood; fields about the backend's
 * connection and its clock stay here, all others go on in their order. Some
 * replies are none for the client: a path that is to answer instead (RFC 3875
 * 6.2.2), an authorizer that lets the request in, the name of a file.
 */
#include <sys/stat.h>

#include <errno.h>
#include <string.h>
#include <strings.h>

#include "gw.h"

enum { REDIRECTS = 5 };		/* of one request: each may cost a process */

/* ---- another one answers ---- */

/* An authorizer said yes; "Variable-NAME: value" is for those who come. */
static enum verdict
let_in(struct gw *gw)
{
	static const char front[] = "Variable-";
	const size_t n = sizeof(front) - 1;
	struct request *req = gw->con->req;
	struct buf text = { NULL, 0, 0, 0 };
	struct slice name, value;
	size_t at = 0, i = 0;

	while (i < COUNT(req->passed) && req->passed[i] != NULL)
		i++;
	if (i == COUNT(req->passed))
		return gw_fail(gw, 500, "too many authorizers");
	req->passed[i] = gw->rule;
	while (http_reply_next(&gw->reply, &at, &name, &value)) {
		if (name.n <= n || strncasecmp(name.p, front, n) != 0)
			continue;
		text.n = 0;
		buf_add(&text, name.p + n, name.n - n);
		request_set_env(req, buf_text(&text), value);
	}
	req->env.failed |= text.failed;
	buf_free(&text);
	if (req->env.failed)
		return gw_fail(gw, 503, "no memory");
	return VERDICT_COMEBACK;
}

/* Nobody will ask for the request's body any more. What of it still comes must
 * not be taken for a request. */
static void
forget_body(struct connection *con)
{
	struct http_head *head = &con->req->head;
	struct upload *up = con->req->upload;

	if (head->framing == HTTP_NO_BODY)
		return;
	if (up == NULL || !up->complete) {
		con->keep_alive = 0;
		con->unread = 1;
	}
	if (up != NULL) {
		if (up->file != NULL)
			file_drop(up->file);
		up->file = NULL;
		up->at = up->mem.n = 0;
		up->received = 0;
		up->complete = 1;
	}
	head->framing = HTTP_NO_BODY;
	head->body_length = 0;
	http_field_drop(head, "Content-Length");
	http_field_drop(head, "Transfer-Encoding");
	http_field_drop(head, "Content-Type");
}

/* A reply that is a path and nothing else. */
static int
is_local_redirect(const struct gw *gw)
{
	struct slice name, value;
	size_t at = 0;

	return gw->host->local_redirect && gw->reply.status == 0
	    && http_is_local(gw->reply.location)
	    && http_reply_next(&gw->reply, &at, &name, &value)
	    && at == gw->reply.fields.n;
}

static enum verdict
redirect(struct gw *gw)
{
	struct request *req = gw->con->req;

	if (req->route_loops + ROUTE_LOOPS / REDIRECTS > ROUTE_LOOPS) {
		gw->why = "redirects too often";
		return VERDICT_ERROR;
	}
	req->route_loops += ROUTE_LOOPS / REDIRECTS - 1;
	if (conn_rewrite(gw->con, gw->reply.location) == -1)
		return gw_fail(gw, 503, "no memory");
	forget_body(gw->con);
	if (req->head.method != HTTP_HEAD) {
		req->head.method = HTTP_GET;
		req->head.method_text = slice_of("GET");
	}
	return VERDICT_COMEBACK;
}

/* ---- X-Sendfile ---- */

static int
is_inside(const struct buf *path, struct slice root)
{
	while (root.n > 0 && root.p[root.n - 1] == '/')
		root.n--;
	return path->n > root.n && path->p[root.n] == '/'
	    && memcmp(path->p, root.p, root.n) == 0;
}

/* Has req->file and req->entry be what the reply names: a path, in which "%XX"
 * stands for a byte. Returns 0, or the status that says what is wrong. */
static int
find_file(struct gw *gw)
{
	struct request *req = gw->con->req;
	const struct conf_list *roots = gw->host->sendfile_docroot;
	int error;
	size_t i;

	if (str_url_path(&req->file, gw->reply.sendfile) == -1)
		return req->file.failed ? 503 : 403;
	for (i = 0; roots != NULL && i < roots->n; i++)
		if (is_inside(&req->file, slice_of(roots->items[i].value.text)))
			break;
	if (roots != NULL && i == roots->n)
		return 403;
	req->entry = stat_cache_get(gw->con->srv, req->file.p, req->file.n,
	    request_conf(req));
	if (req->entry == NULL)
		return 503;
	error = req->entry->error;
	if (error == 0)
		return S_ISREG(req->entry->mode) ? 0 : 403;
	if (error == EACCES || error == EPERM)
		return 403;
	return error == EMFILE || error == ENFILE ? 503 : 404;
}

/* What is asked for of the file: all, or one part. Several parts would need
 * more than their bytes, and the script gave no validator that If-Range could
 * be compared with: then it is all. */
static void
choose_range(struct connection *con)
{
	struct request *req = con->req;
	struct http_range ranges[HTTP_RANGES_MAX];
	intmax_t size = req->entry->size;
	unsigned n = 0;
	int status = 200;

	req->length = size;
	if (req->status == 200 && req->head.method == HTTP_GET
	    && req->head.first[HTTP_RANGE] != 0
	    && req->head.first[HTTP_IF_RANGE] == 0)
		status = http_ranges(&req->head, NULL, size, ranges, &n);
	if (status == 416) {
		conn_error(con, 416);
		buf_printf(&con->req->fields, "Content-Range: bytes */%jd\r\n",
		    size);
	} else if (status == 206 && n == 1) {
		req->status = 206;
		req->offset = ranges[0].first;
		req->length = ranges[0].length;
		buf_printf(&req->fields, "Content-Range: bytes %jd-%jd/%jd\r\n",
		    (intmax_t)ranges[0].first, (intmax_t)(ranges[0].first
		    + ranges[0].length - 1), size);
	}
}

/* Its body is a file. A failure ends gw. */
static enum verdict
send_file(struct gw *gw)
{
	struct connection *con = gw->con;
	struct request *req = con->req;
	int status = find_file(gw);
	enum verdict opened;

	if (status != 0) {
		LOG(con->srv, "[error] %s: X-Sendfile: %.*s: %d",
		    gw->protocol->name, (int)gw->reply.sendfile.n,
		    gw->reply.sendfile.p, status);
		return gw_fail(gw, status, NULL);
	}
	opened = conn_open_file(con);
	if (opened != VERDICT_GO_ON)
		return opened == VERDICT_FINISHED ? opened
		    : gw_fail(gw, 503, "X-Sendfile: no descriptor");
	gw->rest = 0;
	if (gw->reply.content_type.p == NULL) {
		buf_adds(&req->fields, "Content-Type: ");
		http_mime_type(&req->fields, (struct slice){ req->file.p,
		    req->file.n });
		buf_adds(&req->fields, "\r\n");
	}
	choose_range(con);
	return VERDICT_FINISHED;
}

/* ---- the response ---- */

/* Did the client ask for another protocol, and may the backend agree? Behind a
 * body, what is its end and what the beginning of the tunnel? */
static int
may_switch(const struct gw *gw)
{
	const struct http_head *head = &gw->con->req->head;

	return (gw->upgrade || gw->host->upgrade) && head->minor > 0
	    && head->framing == HTTP_NO_BODY
	    && head->first[HTTP_UPGRADE] != 0
	    && http_connection_names(head, slice_of("upgrade"));
}

static int
stays_here(const struct gw *gw, struct slice name)
{
	static const char words[] = "content-length\0date\0server\0"
	    "x-sendfile\0x-lighttpd-send-file\0status\0";
	int word = str_word(words, name);

	if (word == -1 && gw->tunnel && slice_case_eq(name, "upgrade"))
		return 0;
	if (word == -1)
		return http_is_hop(name) || http_reply_names(&gw->reply, name);
	/* without a status line it was the status */
	return word < 3 || (word < 5 ? gw->host->allow_sendfile
	    : gw->reply.minor == -1);
}

static void
copy_fields(struct gw *gw)
{
	struct buf *to = &gw->con->req->fields;
	struct slice name, value;
	size_t at = 0;

	while (http_reply_next(&gw->reply, &at, &name, &value)) {
		if (stays_here(gw, name))
			continue;
		buf_add(to, name.p, name.n);
		buf_add(to, ": ", 2);
		if (gw->protocol->map != NULL)
			gw->protocol->map(gw, name, value, to);
		else
			buf_add(to, value.p, value.n);
		buf_add(to, "\r\n", 2);
	}
}

/* Where the response ends, and how many bytes of the reply it takes: none when
 * there is no body (RFC 9112 6.3), whatever the backend sends. */
static void
set_framing(struct gw *gw)
{
	struct request *req = gw->con->req;

	gw->rest = gw->reply.length;
	if (gw->tunnel) {
		req->framing = RESPONSE_TUNNEL;
		gw->rest = -1;
	} else if (req->status == 204 || req->status == 304) {
		req->framing = RESPONSE_EMPTY;
		gw->rest = 0;
	} else if (gw->reply.length != -1) {
		req->framing = RESPONSE_LENGTH;
		req->length = gw->reply.length;
	} else {
		req->framing = RESPONSE_STREAM;
	}
	if (req->head.method == HTTP_HEAD)
		gw->rest = 0;
}

enum verdict
gw_reply(struct gw *gw)
{
	struct request *req = gw->con->req;
	const struct http_reply *reply = &gw->reply;
	int status = reply->status;

	if (gw->host->authorizer && (status == 0 || status == 200))
		return let_in(gw);
	if (is_local_redirect(gw))
		return redirect(gw);
	if (status == 0)
		status = reply->location.p != NULL ? 302 : 200;
	gw->tunnel = status == 101;
	if (status < 200 && !(gw->tunnel && may_switch(gw))) {
		gw->why = "switches protocols unasked";
		return VERDICT_ERROR;
	}
	req->status = status;
	set_framing(gw);
	copy_fields(gw);
	if (reply->sendfile.p == NULL || !gw->host->allow_sendfile
	    || gw->tunnel || req->framing == RESPONSE_EMPTY)
		return VERDICT_FINISHED;
	req->framing = RESPONSE_LENGTH;
	return send_file(gw);
}
