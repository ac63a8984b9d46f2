/*
 * mod_rewrite.c - another URL for a request, by pattern, and the client does
 * not see it.
 *
 * Asked before the URL is decoded, and for the rules "if-not-file" when its
 * file is known; each change starts the request over, so that all that comes
 * later sees the URL that is opened. After a match of the keys that are not
 * "repeat" it stays as it is; conn_route.c ends a loop of the others.
 */
#include <sys/stat.h>
#include <errno.h>

#include "plugin.h"

/* The last of a list is the one that repeats. */
struct rewrite_conf {
	const struct rules *always[4];
	const struct rules *not_file[2];
};

#define KEY(name, member) { "url.rewrite" name, CONF_MAP, CONF_REQUEST, \
	offsetof(struct rewrite_conf, member), NULL, 0, 0 }

static const struct conf_key rewrite_keys[] = {
	KEY("-once", always[0]),
	KEY("-final", always[1]),
	KEY("", always[2]),
	KEY("-repeat", always[3]),
	KEY("-if-not-file", not_file[0]),
	KEY("-repeat-if-not-file", not_file[1]),
	{ .name = NULL }
};

/* Asks n lists of rules. */
static enum verdict
rewrite(struct plugin_self *self, struct connection *con,
    const struct rules *const *lists, size_t n)
{
	enum rules_answer answer = RULES_NONE;
	struct slice url;
	size_t i;

	if (rules_begin(self, con) == -1)
		return VERDICT_GO_ON;
	for (i = 0; i < n && answer == RULES_NONE; i++)
		if (lists[i] != NULL)
			answer = rules_apply(self, con, lists[i], &url);
	if (answer == RULES_NONE || answer == RULES_STOP)
		return VERDICT_GO_ON;
	if (answer == RULES_MADE && url.p[0] != '/') {
		LOG(con->srv, "connection %d: rewritten to %s, which does not"
		    " begin with \"/\"", con->fd, url.p);
		return VERDICT_ERROR;
	}
	if (answer == RULES_FAILED || conn_rewrite(con, url) == -1)
		return VERDICT_ERROR;
	con->req->rewritten = i < n;
	return VERDICT_COMEBACK;
}

static int
has_rules(const struct rules *const *lists, size_t n)
{
	while (n > 0 && lists[n - 1] == NULL)
		n--;
	return n > 0;
}

static enum verdict
rewrite_uri_raw(struct plugin_self *self, struct connection *con)
{
	const struct rewrite_conf *conf = plugin_conf(self, con->req);

	return con->req->rewritten || !has_rules(conf->always,
	    COUNT(conf->always)) ? VERDICT_GO_ON
	    : rewrite(self, con, conf->always, COUNT(conf->always));
}

/* A folder is no file, nor is what stands for one. */
static int
is_file(struct connection *con)
{
	struct request *req = con->req;
	const struct slice path = req->head.path;
	struct stat_entry *e;
	int is;

	if (path.n > 0 && path.p[path.n - 1] == '/')
		return 0;
	e = req->file.failed ? NULL : stat_cache_get(con->srv, req->file.p,
	    req->file.n, request_conf(req));
	/* what cannot be seen now may well be one */
	is = e == NULL || (e->error == 0 && S_ISREG(e->mode))
	    || e->error == EMFILE || e->error == ENFILE;
	if (e != NULL)
		stat_cache_drop(e);
	return is;
}

static enum verdict
rewrite_physical(struct plugin_self *self, struct connection *con)
{
	const struct rewrite_conf *conf = plugin_conf(self, con->req);

	return con->req->rewritten || !has_rules(conf->not_file,
	    COUNT(conf->not_file)) || is_file(con) ? VERDICT_GO_ON
	    : rewrite(self, con, conf->not_file, COUNT(conf->not_file));
}

const struct plugin mod_rewrite = {
	.api = PLUGIN_API,
	.name = "mod_rewrite",
	.version = SERVER_VERSION,
	.keys = rewrite_keys,
	.conf_size = sizeof(struct rewrite_conf),
	.set_defaults = rules_set_defaults,
	.free = rules_free,
	.handle_uri_raw = rewrite_uri_raw,
	.handle_physical = rewrite_physical,
};
