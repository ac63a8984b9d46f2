/*
 * conn_env.c - what modules say about a request: variables for scripts and the
 * access log, and whose it really is.
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
	size_t at = 0, n = strlen(name);

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
