/*
 * mod_scgi.c - SCGI's envelope over a gw conversation, or uwsgi's
 * (scgi.protocol).
 *
 * The variables go in front of the body, and how long they are in front of
 * them. The reply is CGI's, or begins with a status line; it ends with the
 * connection.
 */
#include <stdio.h>
#include <string.h>

#include "gw.h"

enum { VARS_MOST = 65535 };		/* bytes of them, to uwsgi */

static const struct conf_key scgi_keys[] = {
	GW_KEYS("scgi"),
	{ "scgi.protocol", CONF_STRING, CONF_REQUEST,
	  offsetof(struct gw_conf, protocol), NULL, 0, 0 },
	{ .name = NULL }
};

static int
fail(struct gw *gw, int status, const char *why)
{
	gw->status = status;
	gw->why = why;
	return -1;
}

/* A netstring of "NAME" NUL "value" NUL ...; the length of the body is the
 * first of them, in any case. */
static int
scgi_begin(struct gw *gw)
{
	struct buf *out = &gw->out.mem;
	struct buf *env = &gw->in;	/* nothing is there yet */
	struct slice name, value;
	size_t from = 0, at = 0, n;
	char first[64];

	gw_env(gw, env);
	n = (size_t)snprintf(first, sizeof(first),
	    "CONTENT_LENGTH%c%jd%cSCGI%c1", 0,
	    (intmax_t)(gw->length > 0 ? gw->length : 0), 0, 0) + 1;
	while (gw_env_next(env, &at, &name, &value)) {
		if (slice_eq(name, slice_of("CONTENT_LENGTH"))) {
			buf_cut(env, from, at);
			at = from;
			continue;
		}
		from = at;
		env->p[at - value.n - 2] = '\0';	/* it was "=" */
	}
	buf_add_number(out, n + env->n);
	buf_addc(out, ':');
	buf_add(out, first, n);
	buf_add(out, env->p, env->n);
	buf_addc(out, ',');
	env->n = 0;
	return out->failed || env->failed ? fail(gw, 503, "no memory") : 0;
}

static void
add_sized(struct buf *out, struct slice s)
{
	buf_addc(out, (char)s.n);
	buf_addc(out, (char)(s.n >> 8));
	buf_add(out, s.p, s.n);
}

/* Two bytes that are 0 for WSGI and the like, and between them the length of
 * what follows. */
static int
uwsgi_begin(struct gw *gw)
{
	struct buf *out = &gw->out.mem;
	struct buf *env = &gw->in;
	struct slice name, value;
	size_t before = out->n, at = 0, n;

	gw_env(gw, env);
	buf_add(out, "\0\0\0", 4);
	while (gw_env_next(env, &at, &name, &value)) {
		add_sized(out, name);
		add_sized(out, value);
	}
	env->n = 0;
	if (out->failed || env->failed)
		return fail(gw, 503, "no memory");
	n = out->n - before - 4;
	if (n > VARS_MOST)
		return fail(gw, 431, "the variables are too long for uwsgi");
	out->p[before + 1] = (char)n;
	out->p[before + 2] = (char)(n >> 8);
	return 0;
}

static const struct gw_protocol scgi = {
	.name = "scgi",
	.reply = HTTP_REPLY_ANY,
	.needs_length = 1,
	.begin = scgi_begin,
};

static const struct gw_protocol uwsgi = {
	.name = "uwsgi",
	.reply = HTTP_REPLY_ANY,
	.needs_length = 1,
	.begin = uwsgi_begin,
};

/* For conf_each: the word becomes the protocol. */
static int
choose(void *context, void *slot, const struct conf_block *block,
    struct conf_place place)
{
	struct config *config = context;
	const char *word = *(const char **)slot;
	const int which = word == NULL ? 0
	    : str_word("scgi\0uwsgi\0", slice_of(word));

	(void)block;
	if (which == -1)
		conf_fault(&config->report, place, "scgi.protocol: \"%s\" is"
		    " not known, it is \"scgi\" or \"uwsgi\"", word);
	*(const struct gw_protocol **)slot = which == 1 ? &uwsgi : &scgi;
	return 0;
}

static int
scgi_set_defaults(struct plugin_self *self, struct server *srv)
{
	static const struct gw_keys keys = {
		.protocol = &scgi, .server = "scgi.server",
		.balance = "scgi.balance",
	};
	const unsigned faults = self->config->report.faults;

	(void)srv;
	(void)conf_each(self->config->conf, "scgi.protocol", choose,
	    self->config);
	return gw_hosts_check(self, &keys) == -1
	    || self->config->report.faults != faults ? -1 : 0;
}

const struct plugin mod_scgi = {
	.api = PLUGIN_API,
	.name = "mod_scgi",
	.version = SERVER_VERSION,
	.keys = scgi_keys,
	.conf_size = sizeof(struct gw_conf),
	.set_defaults = scgi_set_defaults,
	GW_HOOKS
};
