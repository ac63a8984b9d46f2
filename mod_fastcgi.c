/*
 * mod_fastcgi.c - FastCGI's records over a gw conversation (FastCGI 1.0).
 *
 * A connection has one request at a time, so its id is always 1, and a record
 * of another one is nonsense; id 0, the backend's own affairs, is skipped.
 * A record need not be here as a whole: what came of it goes on at once.
 * gw->frames is the type of the record that gw->left and gw->pad tell of,
 * gw->data the line it is writing to its standard error, if there is one.
 */
#include <stdlib.h>
#include <string.h>

#include "gw.h"

enum {
	BEGIN_REQUEST = 1, END_REQUEST = 3, PARAMS = 4, STDIN = 5, STDOUT = 6,
	STDERR = 7
};
enum { RESPONDER = 1, AUTHORIZER = 2 };
enum { KEEP_CONN = 1 };
enum { OVERLOADED = 2 };		/* of END_REQUEST */

enum {
	HEADER = 8,
	RECORD_MOST = 65535,
	STDIN_MOST = 60 << 10,		/* whole pages of a file */
	LINE_MOST = 1024
};

static const struct conf_key fastcgi_keys[] = {
	GW_KEYS("fastcgi"),
	{ .name = NULL }
};

/* ---- the request ---- */

static void
put_header(char *p, int type, size_t n)
{
	const char header[HEADER] = { 1, (char)type, 0, 1, (char)(n >> 8),
	    (char)n, 0, 0 };

	memcpy(p, header, HEADER);
}

static void
add_header(struct buf *out, int type, size_t n)
{
	if (buf_reserve(out, HEADER) == -1)
		return;
	put_header(out->p + out->n, type, n);
	out->n += HEADER;
}

static char *
put_length(char *p, size_t n)
{
	if (n > 127) {
		*p++ = (char)(n >> 24 | 0x80);
		*p++ = (char)(n >> 16);
		*p++ = (char)(n >> 8);
	}
	*p++ = (char)n;
	return p;
}

static void
add_pair(struct buf *out, struct slice name, struct slice value)
{
	char *p;

	if (buf_reserve(out, 8 + name.n + value.n) == -1)
		return;
	p = put_length(out->p + out->n, name.n);
	p = put_length(p, value.n);
	memcpy(p, name.p, name.n);
	memcpy(p + name.n, value.p, value.n);
	out->n = (size_t)(p - out->p) + name.n + value.n;
}

/* What stands in out behind the header at at is too long for one record, now
 * and then: a header goes in between. */
static void
split(struct buf *out, size_t at)
{
	size_t n;

	for (n = out->n - at - HEADER; n > RECORD_MOST; n -= RECORD_MOST) {
		put_header(out->p + at, PARAMS, RECORD_MOST);
		at += HEADER + RECORD_MOST;
		if (buf_reserve(out, HEADER) == -1)
			return;
		memmove(out->p + at + HEADER, out->p + at, n - RECORD_MOST);
		out->n += HEADER;
	}
	put_header(out->p + at, PARAMS, n);
}

static int
fastcgi_begin(struct gw *gw)
{
	const struct gw_host *host = gw->host;
	const char begin[8] = { 0, host->authorizer ? AUTHORIZER : RESPONDER,
	    host->keep_connection ? KEEP_CONN : 0 };
	struct buf *out = &gw->out.mem;
	struct buf *env = &gw->in;	/* nothing is there yet */
	struct slice name, value;
	size_t at, i = 0;

	gw->left = gw->pad = 0;
	add_header(out, BEGIN_REQUEST, sizeof(begin));
	buf_add(out, begin, sizeof(begin));
	at = out->n;
	add_header(out, PARAMS, 0);
	gw_env(gw, env);
	while (gw_env_next(env, &i, &name, &value))
		add_pair(out, name, value);
	if (!out->failed)
		split(out, at);
	add_header(out, PARAMS, 0);
	env->n = 0;
	if (!out->failed && !env->failed)
		return 0;
	gw->status = 503;
	gw->why = "no memory";
	return -1;
}

static void
fastcgi_frame(struct gw *gw, size_t n)
{
	/* an authorizer reads none */
	if (!gw->host->authorizer)
		add_header(&gw->out.mem, STDIN, n);
}

/* ---- what it says to its administrator ---- */

static void
flush(struct gw *gw)
{
	struct buf *line = gw->data;

	if (line->n > 0)
		LOG(gw->con->srv, "fastcgi: %s: %s", gw->backend->name,
		    buf_text(line));
	line->n = 0;
}

/* A line may come in several records; too long a one loses its end. */
static void
note(struct gw *gw, struct slice s)
{
	struct buf *line = gw->data;
	struct slice part;
	int whole;

	if (line == NULL)
		gw->data = line = calloc(1, sizeof(*line));
	while (line != NULL && s.n > 0) {
		whole = memchr(s.p, '\n', s.n) != NULL;
		part = slice_cut(&s, '\n');
		buf_add(line, part.p, part.n < LINE_MOST - line->n ? part.n
		    : LINE_MOST - line->n);
		if (whole)
			flush(gw);
	}
}

static void
fastcgi_close(struct gw *gw)
{
	struct buf *line = gw->data;

	if (line == NULL)
		return;
	flush(gw);
	buf_free(line);
	free(line);
	gw->data = NULL;
}

/* ---- the reply ---- */

static enum http_verdict
nonsense(struct gw *gw, int status, const char *why)
{
	gw->status = status;
	gw->why = why;
	return HTTP_REFUSED;
}

/* END_REQUEST is here: with the header at p, n bytes. */
static enum http_verdict
end(struct gw *gw, const unsigned char *p, size_t n)
{
	const int status = p[HEADER + 4];

	gw->in_at += n;
	/* whatever came behind the end was no reply */
	gw->keep = gw->host->keep_connection && gw->in_at == gw->in.n;
	if (status == OVERLOADED)
		return nonsense(gw, 503, "it is overloaded");
	if (status != 0)
		return nonsense(gw, 502, "it does not do that");
	return HTTP_DONE;
}

/* The header at gw->in_at, of here bytes, is complete. HTTP_MORE: more bytes
 * are needed; HTTP_DONE: the end. GO_ON: gw->left and the others are set. */
enum { GO_ON = -1 };

static int
begin_record(struct gw *gw, size_t here)
{
	const unsigned char *p = (const void *)(gw->in.p + gw->in_at);
	const size_t n = (size_t)(p[4] << 8 | p[5]);
	const unsigned id = (unsigned)(p[2] << 8 | p[3]);

	if (p[0] != 1)
		return nonsense(gw, 502, "that is not FastCGI");
	if (id > 1)
		return nonsense(gw, 502, "a record of another request");
	if (id == 1 && p[1] == END_REQUEST) {
		if (n < 8)
			return nonsense(gw, 502, "malformed END_REQUEST");
		return here < HEADER + n + p[6] ? HTTP_MORE
		    : end(gw, p, HEADER + n + p[6]);
	}
	gw->in_at += HEADER;
	gw->frames = id == 0 ? 0 : p[1];
	gw->left = n;
	gw->pad = p[6];
	return GO_ON;
}

/* Takes n bytes of what is here, at most all. */
static struct slice
take(struct gw *gw, size_t *n)
{
	struct slice s = { gw->in.p + gw->in_at, gw->in.n - gw->in_at };

	if (s.n > *n)
		s.n = *n;
	gw->in_at += s.n;
	*n -= s.n;
	return s;
}

/* All records up to the end are read, even when the body has a length: what it
 * says to its administrator may be among them. */
static int
fastcgi_replied(struct gw *gw)
{
	gw->keep = 1;
	return 0;
}

static enum http_verdict
fastcgi_take(struct gw *gw, struct slice *data)
{
	struct slice s;
	int next;

	do {
		s = take(gw, &gw->left);
		if (s.n > 0 && gw->frames == STDOUT) {
			*data = s;
			return HTTP_MORE;
		}
		if (s.n > 0 && gw->frames == STDERR)
			note(gw, s);
		if (gw->left == 0)
			(void)take(gw, &gw->pad);
		if (gw->left + gw->pad > 0 || gw->in.n - gw->in_at < HEADER)
			return HTTP_MORE;
		next = begin_record(gw, gw->in.n - gw->in_at);
	} while (next == GO_ON);
	return (enum http_verdict)next;
}

static const struct gw_protocol fastcgi = {
	.name = "fastcgi",
	.reply = HTTP_REPLY_ANY,
	.needs_length = 1,
	.begin = fastcgi_begin,
	.frame = fastcgi_frame,
	.frame_most = STDIN_MOST,
	.take = fastcgi_take,
	.replied = fastcgi_replied,
	.close = fastcgi_close,
};

/* ---- the start ---- */

static int
fastcgi_set_defaults(struct plugin_self *self, struct server *srv)
{
	static const struct gw_keys keys = {
		.protocol = &fastcgi, .server = "fastcgi.server",
		.balance = "fastcgi.balance",
	};

	(void)srv;
	return gw_hosts_check(self, &keys);
}

const struct plugin mod_fastcgi = {
	.api = PLUGIN_API,
	.name = "mod_fastcgi",
	.version = SERVER_VERSION,
	.keys = fastcgi_keys,
	.conf_size = sizeof(struct gw_conf),
	.set_defaults = fastcgi_set_defaults,
	GW_HOOKS
};
