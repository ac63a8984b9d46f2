/*
 * conn_env.c - what modules say about a request: variables for scripts and the
 * access log, whose it really is, and fields of the response.
 *
 * "NAME=value", each with a NUL behind it, one after the other, as an
 * environment is. Modules set them while a request is routed; there are few,
 * so they are searched from the front.
 */
#include <string.h>

#include "conn.h"

/* Where the variable begins in req->env, or -1. */
static ssize_t
find(const struct request *req, const char *name)
{
	const struct buf *env = &req->env;
	size_t at = 0, n = env->n == 0 ? 0 : strlen(name);

	while (at < env->n) {
		if (strncmp(env->p + at, name, n) == 0
		    && env->p[at + n] == '=')
			return (ssize_t)at;
		at += strlen(env->p + at) + 1;
	}
	return -1;
}

struct slice
request_env(const struct request *req, const char *name)
{
	ssize_t at = find(req, name);

	return at == -1 ? (struct slice){ NULL, 0 }
	    : slice_of(req->env.p + at + strlen(name) + 1);
}

void
request_set_env(struct request *req, const char *name, struct slice value)
{
	struct buf *env = &req->env;
	ssize_t at = find(req, name);
	size_t before;

	if (at != -1)
		buf_cut(env, (size_t)at, (size_t)at
		    + strlen(env->p + at) + 1);
	before = env->n;
	if (buf_reserve(env, strlen(name) + value.n + 2) == -1)
		return;
	buf_adds(env, name);
	buf_addc(env, '=');
	/* a NUL would end it early: nothing behind one was meant */
	buf_add(env, value.p, value.n);
	env->n = before + strlen(buf_text(env) + before) + 1;
}

void
conn_set_peer(struct connection *con, const union peer *peer)
{
	union peer *via = &con->req->via;

	if (via->sa.sa_family == AF_UNSPEC)
		*via = con->peer;
	con->peer = *peer;
}

void
conn_reset_peer(struct connection *con)
{
	union peer *via = &con->req->via;

	if (via->sa.sa_family != AF_UNSPEC)
		con->peer = *via;
	via->sa.sa_family = AF_UNSPEC;
}

static size_t
line_length(const struct buf *fields, size_t at)
{
	const char *end = memchr(fields->p + at, '\n', fields->n - at);

	return end == NULL ? fields->n - at
	    : (size_t)(end - fields->p) + 1 - at;
}

/* Where the first line of that name at at or behind it begins, or fields->n;
 * lines end with a line feed each. */
static size_t
find_field(const struct buf *fields, const char *name, size_t at)
{
	const size_t n = strlen(name);

	while (at < fields->n) {
		if (fields->n - at > n && fields->p[at + n] == ':'
		    && slice_case_eq((struct slice){ fields->p + at, n }, name))
			return at;
		at += line_length(fields, at);
	}
	return at;
}

struct slice
conn_field_find(const struct buf *fields, const char *name)
{
	size_t at = find_field(fields, name, 0), n = strlen(name) + 1;

	if (at == fields->n)
		return (struct slice){ NULL, 0 };
	return slice_trim((struct slice){ fields->p + at + n,
	    line_length(fields, at) - n - 2 });
}

void
conn_field_drop(struct buf *fields, const char *name)
{
	size_t at = find_field(fields, name, 0);

	for (; at < fields->n; at = find_field(fields, name, at))
		buf_cut(fields, at, at + line_length(fields, at));
}
