/*
 * mod_access.c - refuses URLs, and the files they lead to, by suffix.
 *
 * Asked about the path as soon as it is clean, then about the file, when
 * modules have said where it is and put the name of an index behind it.
 * With url.access-allow only what ends like that is served, else nothing that
 * ends like url.access-deny. To refuse, letters of any case are the same: the
 * file system may think so, too.
 */
#include <errno.h>
#include <string.h>

#include "plugin.h"

struct access_conf {
	const struct conf_list *deny, *allow;
};

#define KEY(name, member) { name, CONF_LIST, CONF_REQUEST, \
	offsetof(struct access_conf, member), NULL, 0, 0 }

static const struct conf_key access_keys[] = {
	KEY("url.access-deny", deny),
	KEY("url.access-allow", allow),
	{ .name = NULL }
};

/* Does name end like one of the list? */
static int
matches(const struct conf_list *list, struct slice name, int exactly)
{
	struct slice suffix;
	size_t i;

	for (i = 0; i < list->n; i++) {
		suffix = slice_of(list->items[i].value.text);
		if (http_has_suffix(name, suffix) && (!exactly || memcmp(
		    name.p + name.n - suffix.n, suffix.p, suffix.n) == 0))
			return 1;
	}
	return 0;
}

static int
is_refused(const struct access_conf *conf, const struct buf *b)
{
	struct slice name = { b->p, b->n };

	if (conf->allow != NULL && conf->allow->n > 0)
		return !matches(conf->allow, name, 1);
	return conf->deny != NULL && matches(conf->deny, name, 0);
}

/* A part of the path is a file, and who runs it takes the rest as an argument:
 * any part that would be refused alone may be that. */
static int
has_refused_part(const struct access_conf *conf, const struct buf *path)
{
	struct slice part = { path->p, 0 };

	if (conf->allow != NULL && conf->allow->n > 0)
		return 1;
	for (; conf->deny != NULL && part.n < path->n; part.n++)
		if (path->p[part.n] == '/' && matches(conf->deny, part, 0))
			return 1;
	return 0;
}

static enum verdict
verdict(struct connection *con, int refused)
{
	if (!refused)
		return VERDICT_GO_ON;
	conn_error(con, 403);
	return VERDICT_FINISHED;
}

static enum verdict
access_uri_clean(struct plugin_self *self, struct connection *con)
{
	const struct access_conf *conf = plugin_conf(self, con->req);

	return verdict(con, is_refused(conf, &con->req->path));
}

static enum verdict
access_file(struct plugin_self *self, struct connection *con)
{
	const struct access_conf *conf = plugin_conf(self, con->req);
	const struct request *req = con->req;

	return verdict(con, is_refused(conf, &req->file)
	    || (req->entry->error == ENOTDIR
	    && has_refused_part(conf, &req->path)));
}

const struct plugin mod_access = {
	.api = PLUGIN_API,
	.name = "mod_access",
	.version = SERVER_VERSION,
	.keys = access_keys,
	.conf_size = sizeof(struct access_conf),
	.handle_uri_clean = access_uri_clean,
	.handle_file = access_file,
};
