/*
 * gw_env.c - the CGI variables of a request (RFC 3875 4.1).
 *
 * Called by the protocols, and by mod_cgi, when a request is about to go to
 * its script. All of them are made here, from the request alone: nothing of
 * our own environment gets out. What a client names becomes HTTP_NAME only if
 * no other name could: letters, digits and "-"; and never HTTP_PROXY, which
 * programs take for a setting. What modules said (req->env) has the last word.
 */
#include <sys/socket.h>
#include <string.h>
#include <strings.h>

#include "gw.h"

/* name ends with "="; without a value it is left out. */
static void
put(struct buf *env, const char *name, struct slice a, struct slice b)
{
	if (a.p == NULL)
		return;
	buf_adds(env, name);
	buf_add(env, a.p, a.n);
	buf_add(env, b.p, b.n);
	buf_addc(env, '\0');
}

static const struct slice nothing = { NULL, 0 };

static void
put_text(struct buf *env, const char *name, const char *value)
{
	put(env, name, slice_of(value), nothing);
}

static void
put_count(struct buf *env, const char *name, uintmax_t n)
{
	buf_adds(env, name);
	buf_add_number(env, n);
	buf_addc(env, '\0');
}

/* Not for HTTP_NAME: it has a variable of its own, or is about the connection,
 * and not true any more. */
static int
is_other(const struct http_field *f)
{
	return f->id == HTTP_CONTENT_LENGTH || f->id == HTTP_CONTENT_TYPE
	    || f->id == HTTP_TRANSFER_ENCODING || (f->name_n == 5
	    && strncasecmp(f->name, "Proxy", 5) == 0);
}

static int
is_same(const struct http_field *a, const struct http_field *b)
{
	return a->id == b->id && a->name_n == b->name_n
	    && (a->id != HTTP_FIELD_OTHER
	    || strncasecmp(a->name, b->name, a->name_n) == 0);
}

/* Returns 0, or -1: nothing was added. */
static int
put_name(struct buf *env, const struct http_field *f)
{
	const size_t before = env->n;
	size_t i;
	char c;

	if (buf_reserve(env, 5 + (size_t)f->name_n + 1) == -1)
		return -1;
	buf_add(env, "HTTP_", 5);
	for (i = 0; i < f->name_n; i++) {
		c = f->name[i];
		if (c >= 'a' && c <= 'z') {
			c = (char)(c & ~0x20);
		} else if (c == '-') {
			c = '_';
		} else if ((c < 'A' || c > 'Z') && (c < '0' || c > '9')) {
			env->n = before;	/* A_B would be A-B */
			return -1;
		}
		env->p[env->n++] = c;
	}
	env->p[env->n++] = '=';
	return 0;
}

/* Lines with the same name are one value. */
static void
put_fields(struct buf *env, const struct http_head *head)
{
	unsigned char had[HTTP_FIELDS_MAX] = { 0 };
	const struct http_field *f, *g;
	unsigned i, j;

	for (i = 0; i < head->nfields; i++) {
		f = &head->field[i];
		if (had[i] || is_other(f) || put_name(env, f) == -1)
			continue;
		/* that of an absolute target comes first (RFC 9112 3.2.2) */
		if (f->id == HTTP_HOST)
			buf_add(env, head->host.p, head->host.n);
		else
			buf_add(env, f->value, f->value_n);
		for (j = i + 1; j < head->nfields; j++) {
			g = &head->field[j];
			if (!is_same(f, g))
				continue;
			had[j] = 1;
			buf_add(env, f->id == HTTP_COOKIE ? "; " : ", ", 2);
			buf_add(env, g->value, g->value_n);
		}
		buf_addc(env, '\0');
	}
}

/* Which of the server's addresses the client came to: the kernel is asked only
 * where the listener has them all. Returns the port. */
static unsigned
own_name(const struct connection *con, char name[NET_NAME_SIZE])
{
	const struct listener *l = con->listener;
	const char *host = l == NULL || l->port == 0 ? "[::]" : l->name;
	socklen_t size = sizeof(union peer);
	union peer here;
	size_t n;

	if (strncmp(host, "0.0.0.0", 7) != 0 && strncmp(host, "[::]", 4) != 0) {
		n = *host == '[' ? strcspn(++host, "]") : strcspn(host, ":");
		memcpy(name, host, n);
		name[n] = '\0';
		return (unsigned)l->port;
	}
	memset(&here, 0, sizeof(here));
	(void)getsockname(con->fd, &here.sa, &size);
	(void)net_name(&here, name);
	return net_port(&here);
}

static void
put_peers(struct buf *env, const struct connection *con)
{
	char host[HOST_NAME_SIZE], peer[NET_NAME_SIZE], own[NET_NAME_SIZE];
	const unsigned port = own_name(con, own);

	put_text(env, "SERVER_ADDR=", own);
	put_text(env, "SERVER_NAME=", conn_host_name(con, host) > 0 ? host
	    : own);
	put_count(env, "SERVER_PORT=", port > 0 ? port : 80);
	put(env, "REMOTE_ADDR=", (struct slice){ peer,
	    net_name(&con->peer, peer) }, nothing);
	put_count(env, "REMOTE_PORT=", net_port(&con->peer));
}

/* As the client sent it, whatever it was rewritten to. */
static void
put_uri(struct buf *env, const struct gw *gw)
{
	const struct request *req = gw->con->req;
	const struct http_head *head = &req->head;
	const char *strip = gw->host->strip_request_uri;
	struct slice uri = head->target;
	size_t n = strip == NULL ? 0 : strlen(strip);

	if (n > 0 && strip[n - 1] == '/')
		n--;
	if (n > 0 && n < uri.n && uri.p[n] == '/'
	    && memcmp(uri.p, strip, n) == 0)
		uri = (struct slice){ uri.p + n, uri.n - n };
	buf_adds(env, "REQUEST_URI=");
	if (uri.p[0] == '/') {
		buf_add(env, uri.p, uri.n);
	} else {		/* with a host in front */
		buf_add(env, head->path.p, head->path.n);
		if (head->query.p != NULL)
			buf_addc(env, '?');
		buf_add(env, head->query.p, head->query.n);
	}
	buf_addc(env, '\0');
	if (req->target.n > 0 && head->path.p == req->target.p)
		put(env, "REDIRECT_URI=", (struct slice){ req->target.p,
		    req->target.n }, nothing);
	put_text(env, "REDIRECT_STATUS=", req->error_handled ? "404" : "200");
	put(env, "QUERY_STRING=", head->query.p != NULL ? head->query
	    : slice_of(""), nothing);
}

/* What is asked for, as the machine of the backend knows it. An authorizer is
 * not told which part of the path is a script's name (FastCGI 6.3). */
static void
put_script(struct buf *env, const struct gw *gw)
{
	const struct request *req = gw->con->req;
	const struct gw_host *host = gw->host;
	const size_t n = host->authorizer ? req->path.n : gw->script_n;
	const struct slice script = { req->path.p, n };
	struct slice info = { req->path.p + n, req->path.n - n };
	struct slice root = req->docroot;

	if (host->docroot != NULL)
		root = slice_of(host->docroot);
	while (root.n > 0 && root.p[root.n - 1] == '/')
		root.n--;
	put(env, "DOCUMENT_ROOT=", root, nothing);
	if (!host->authorizer) {
		put(env, "SCRIPT_NAME=", script, nothing);
		if (info.n > 0) {
			put(env, "PATH_INFO=", info, nothing);
			put(env, "PATH_TRANSLATED=", root, info);
		}
	}
	if (!host->broken_scriptfilename)
		info.n = 0;
	buf_adds(env, "SCRIPT_FILENAME=");
	/* unless nobody had it looked for, the file is known */
	if (host->docroot == NULL && req->file.n > 0) {
		buf_add(env, req->file.p, req->file.n);
	} else {
		buf_add(env, root.p, root.n);
		buf_add(env, script.p, script.n);
	}
	put(env, "", info, nothing);
}

/* What modules said takes the place of what has the same name. */
static void
put_said(struct buf *env, const struct buf *said)
{
	size_t from = 0, at, old, n;

	while (from < said->n) {
		n = strcspn(said->p + from, "=") + 1;
		for (at = 0; at < env->n; at += old) {
			old = strlen(env->p + at) + 1;
			if (old > n && memcmp(env->p + at, said->p + from,
			    n) == 0) {
				buf_cut(env, at, at + old);
				break;
			}
		}
		from += strlen(said->p + from) + 1;
	}
	buf_add(env, said->p, said->n);
}

void
gw_env(struct gw *gw, struct buf *env)
{
	const struct request *req = gw->con->req;
	const struct http_head *head = &req->head;
	const char *tag = request_conf(req)->tag;
	const size_t before = env->n;

	if (buf_reserve(env, 1024 + 2 * head->size) == -1)
		return;
	if (!gw->host->authorizer && gw->length >= 0 && (gw->length > 0
	    || (head->method != HTTP_GET && head->method != HTTP_HEAD)))
		put_count(env, "CONTENT_LENGTH=", (uintmax_t)gw->length);
	put(env, "CONTENT_TYPE=", http_field(head, HTTP_CONTENT_TYPE),
	    nothing);
	put_text(env, "GATEWAY_INTERFACE=", "CGI/1.1");
	put_text(env, "SERVER_SOFTWARE=", tag != NULL && tag[0] != '\0' ? tag
	    : "glimd");
	put_text(env, "SERVER_PROTOCOL=", head->minor == 0 ? "HTTP/1.0"
	    : "HTTP/1.1");
	put_text(env, "REQUEST_SCHEME=", "http");
	put(env, "REQUEST_METHOD=", head->method_text, nothing);
	put_uri(env, gw);
	put_script(env, gw);
	put_peers(env, gw->con);
	put_fields(env, head);
	if (!env->failed && req->env.n > 0)
		put_said(env, &req->env);
	if (env->failed)
		env->n = before;
}

int
gw_env_next(const struct buf *env, size_t *at, struct slice *name,
    struct slice *value)
{
	const char *p = env->p + *at;

	if (*at >= env->n)
		return 0;
	*name = (struct slice){ p, strcspn(p, "=") };
	*value = slice_of(p + name->n + 1);
	*at += name->n + value->n + 2;
	return 1;
}
