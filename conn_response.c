/*
 * conn_response.c - status, header and framing of every response; the error
 * pages and redirects.
 *
 * Called by conn.c, conn_route.c and the modules. A module sets req->status,
 * framing, length and fields, and gives body bytes; what goes over the wire
 * around them is decided here alone.
 */
#include <sys/stat.h>
#include <stdlib.h>
#include <string.h>

#include "plugin.h"

enum {
	HEAD_ROOM = 256,	/* all but the stamp and the request's fields */
	DATE_FIELD = 37,	/* bytes of the stamp: Date comes first */
	CHUNK_LINE = 6		/* "ffff\r\n", in front of a chunk */
};

/* The usual ones first. An array of pointers would cost a relocation for
 * each. */
static const char statuses[] =
	"404 Not Found\0" "304 Not Modified\0" "206 Partial Content\0"
	"301 Moved Permanently\0" "400 Bad Request\0" "403 Forbidden\0"
	"405 Method Not Allowed\0" "408 Request Timeout\0"
	"416 Range Not Satisfiable\0" "503 Service Unavailable\0"
	"201 Created\0" "204 No Content\0" "302 Found\0" "303 See Other\0"
	"307 Temporary Redirect\0" "308 Permanent Redirect\0"
	"401 Unauthorized\0" "411 Length Required\0"
	"412 Precondition Failed\0" "413 Content Too Large\0"
	"414 URI Too Long\0" "417 Expectation Failed\0"
	"431 Request Header Fields Too Large\0"
	"500 Internal Server Error\0" "501 Not Implemented\0"
	"502 Bad Gateway\0" "504 Gateway Timeout\0"
	"505 HTTP Version Not Supported\0" "101 Switching Protocols\0"
	"202 Accepted\0" "409 Conflict\0" "410 Gone\0"
	"415 Unsupported Media Type\0" "429 Too Many Requests\0"
	"200 OK\0" "??? Unknown";

/* "404 Not Found"; of a status that nobody knows only the text is right. */
static const char *
status_line(int status)
{
	const char *p = statuses;

	while (*p != '?' && atoi(p) != status)
		p += strlen(p) + 1;
	return p;
}

/* Is only the head sent: for HEAD, and where no body may be (RFC 9112 6.3)? */
static int
is_bodiless(const struct request *req)
{
	return req->head.method == HTTP_HEAD
	    || req->framing == RESPONSE_EMPTY;
}

static int
is_chunked(const struct request *req)
{
	return req->framing == RESPONSE_STREAM && req->head.minor > 0;
}

void
conn_field(struct connection *con, const char *name, struct slice value)
{
	struct buf *b = &con->req->fields;

	buf_adds(b, name);
	buf_add(b, ": ", 2);
	buf_add(b, value.p, value.n);
	buf_add(b, "\r\n", 2);
}

/* ---- the head ---- */

static char *
put(char *to, const void *p, size_t n)
{
	memcpy(to, p, n);
	return to + n;
}

static char *
put_status(char *to, const struct request *req)
{
	const char *text;

	to = put(to, req->head.minor > 0 ? "HTTP/1.1 " : "HTTP/1.0 ", 9);
	if (req->status == 200)
		return put(to, "200 OK\r\n", 8);
	text = req->page != NULL ? req->page : status_line(req->status);
	to = put_number(to, (uintmax_t)req->status);
	to = put(to, text + 3, strlen(text + 3));
	return put(to, "\r\n", 2);
}

static char *
put_framing(char *to, struct connection *con)
{
	struct request *req = con->req;

	if (req->framing == RESPONSE_LENGTH) {
		to = put(to, "Content-Length: ", 16);
		to = put_number(to, (uintmax_t)req->length);
		to = put(to, "\r\n", 2);
	} else if (is_chunked(req)) {
		to = put(to, "Transfer-Encoding: chunked\r\n", 28);
	} else if (req->framing == RESPONSE_TUNNEL) {
		return put(to, "Connection: upgrade\r\n\r\n", 23);
	} else if (req->framing == RESPONSE_STREAM && !is_bodiless(req)) {
		con->unread |= con->keep_alive;
		con->keep_alive = 0;	/* 1.0: the close is the end */
	}
	if (!con->keep_alive)
		to = put(to, "Connection: close\r\n", 19);
	else if (req->head.minor == 0)
		to = put(to, "Connection: keep-alive\r\n", 24);
	return put(to, "\r\n", 2);
}

/* Every response passes here: room is made once, then bytes are put down. */
static void
add_head(struct connection *con)
{
	struct request *req = con->req;
	struct buf *b = &req->out.mem;
	const struct buf *stamp = &con->srv->stamp;
	const char *tag = request_conf(req)->tag;
	size_t tag_n = tag != con->srv->core->tag ? strlen(tag) : 0;
	char *to;

	if (buf_reserve(b, HEAD_ROOM + stamp->n + req->fields.n + tag_n) == -1)
		return;
	to = put_status(b->p + b->n, req);
	to = put(to, stamp->p, tag == con->srv->core->tag ? stamp->n
	    : DATE_FIELD);
	if (tag_n > 0) {		/* another than the server's */
		to = put(to, "Server: ", 8);
		to = put(to, tag, tag_n);
		to = put(to, "\r\n", 2);
	}
	if (req->fields.n > 0)
		to = put(to, req->fields.p, req->fields.n);
	to = put_framing(to, con);
	b->n = (size_t)(to - b->p);
	if (req->fields.failed)
		b->failed = 1;
}

/* ---- pages for errors and redirects ---- */

static const char page_fields[] = "Content-Type: text/html; charset=utf-8\r\n"
    "X-Content-Type-Options: nosniff\r\n";
static const char page_start[] =
    "<!DOCTYPE html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n"
    "<meta name=\"viewport\" content=\"width=device-width\">\n"
    "<meta name=\"color-scheme\" content=\"light dark\">\n<title>";
static const char page_middle[] = "</title>\n<h1>";
static const char page_end[] = "</h1>\n</html>\n";

/* server.errorfile-prefix: PREFIX404.html instead, if it is there. */
static void
use_error_file(struct connection *con, int status)
{
	struct request *req = con->req;
	const struct core_conf *core = request_conf(req);
	struct stat_entry *e;

	if (core->errorfile_prefix == NULL || core->errorfile_prefix[0] == '\0')
		return;
	req->file.n = 0;
	buf_printf(&req->file, "%s%d.html", core->errorfile_prefix, status);
	e = stat_cache_get(con->srv, buf_text(&req->file), req->file.n, core);
	if (e != NULL && e->error == 0 && S_ISREG(e->mode)
	    && stat_cache_open(con->srv, e, core) != NULL) {
		req->entry = e;
		req->length = e->size;
	} else if (e != NULL) {
		stat_cache_drop(e);
	}
}

/* An answer that the core makes up itself. */
static void
answer(struct connection *con, int status)
{
	struct request *req = con->req;

	request_unanswer(con);
	req->status = status;
	req->page = status_line(status);
	req->length = (int64_t)(sizeof(page_start) + sizeof(page_middle)
	    + sizeof(page_end) - 3 + 2 * strlen(req->page));
	buf_add(&req->fields, page_fields, sizeof(page_fields) - 1);
}

void
conn_error(struct connection *con, int status)
{
	answer(con, status);
	use_error_file(con, status);
}

void
conn_redirect(struct connection *con, int status, struct slice location)
{
	const struct http_head *head = &con->req->head;

	/* only 308 keeps the method of what is not GET or HEAD */
	if (status == 0)
		status = head->method == HTTP_GET || head->method == HTTP_HEAD
		    || head->minor == 0 ? 301 : 308;
	answer(con, status);
	conn_field(con, "Location", location);
}

/* The page says its status twice and nothing that a client sent. */
static void
queue_page(struct connection *con)
{
	struct request *req = con->req;
	const char *const parts[] = { page_start, req->page, page_middle,
		req->page, page_end };
	size_t i;

	if (req->entry != NULL) {
		conn_body_file(con, req->entry->file, 0, req->length);
		return;
	}
	for (i = 0; i < COUNT(parts); i++)
		conn_body(con, parts[i], strlen(parts[i]));
}

void
conn_response(struct connection *con)
{
	struct request *req = con->req;
	struct buf *b = &req->out.mem;
	size_t before = b->n, class = (unsigned)req->status / 100;

	con->srv->slot->tally[TALLY_ANSWERED + (class < 6 ? class : 0)]++;
	plugins_note(con->config->plugins, HOOK_RESPONSE_START, con);
	add_head(con);
	if (request_conf(req)->log_response_header)
		LOG(con->srv, "connection %d: response %.*s", con->fd,
		    (int)(b->n - before), b->p + before);
	req->bytes_out += b->n - before;
	if (req->page != NULL && !is_bodiless(req))
		queue_page(con);
	if (req->page != NULL || is_bodiless(req) || req->handler == NULL
	    || req->handler->plugin->handle_body == NULL)
		req->produced = 1;
}

void
conn_log_head(const struct connection *con)
{
	const struct request *req = con->req;
	const struct http_field *f = req->head.field;
	const char *p = req->in.p + req->in_at, *end = p + req->head.size;
	struct buf b = { NULL, 0, 0, 0 };

	for (; f < req->head.field + req->head.nfields; f++)
		if (f->id == HTTP_AUTHORIZATION || slice_case_eq((struct slice){
		    f->name, f->name_n }, "proxy-authorization")) {
			buf_add(&b, p, (size_t)(f->value - p));
			buf_adds(&b, "...");
			p = f->value + f->value_n;
		}
	buf_add(&b, p, (size_t)(end - p));
	LOG(con->srv, "connection %d: request %s", con->fd, buf_text(&b));
	buf_free(&b);
}

/* ---- the body ---- */

/* Adds a line around a chunk, if there are chunks. */
static void
add_line(struct request *req, const char *format, uintmax_t n)
{
	struct buf *b = &req->out.mem;
	size_t before = b->n;

	if (!is_chunked(req))
		return;
	buf_printf(b, format, n);
	req->bytes_out += b->n - before;
}

void
conn_body(struct connection *con, const void *p, size_t n)
{
	struct request *req = con->req;

	if (n == 0)			/* an empty chunk would end the body */
		return;
	add_line(req, "%jx\r\n", n);
	buf_add(&req->out.mem, p, n);
	add_line(req, "\r\n", 0);
	req->bytes_body += n;
	req->bytes_out += n;
}

char *
conn_body_room(struct connection *con, size_t n)
{
	struct buf *b = &con->req->out.mem;

	return buf_reserve(b, CHUNK_LINE + n + 2) == -1 ? NULL
	    : b->p + b->n + (is_chunked(con->req) ? CHUNK_LINE : 0);
}

void
conn_body_filled(struct connection *con, size_t n)
{
	static const char hex[] = "0123456789abcdef";
	struct request *req = con->req;
	struct buf *b = &req->out.mem;
	size_t before = b->n;
	int shift;

	if (n > 0 && is_chunked(req)) {
		for (shift = 12; shift >= 0; shift -= 4)
			b->p[b->n++] = hex[n >> shift & 15];
		buf_add(b, "\r\n", 2);
	}
	b->n += n;
	if (n > 0 && is_chunked(req))
		buf_add(b, "\r\n", 2);
	req->bytes_body += n;
	req->bytes_out += b->n - before;
}

void
conn_body_file(struct connection *con, struct file *f, off_t at, off_t n)
{
	struct request *req = con->req;

	if (n == 0)
		return;
	add_line(req, "%jx\r\n", (uintmax_t)n);
	queue_add_file(&req->out, f, at, n);
	add_line(req, "\r\n", 0);
	req->bytes_body += (uint64_t)n;
	req->bytes_out += (uint64_t)n;
}

void
conn_body_end(struct connection *con)
{
	add_line(con->req, "0\r\n\r\n", 0);
}
