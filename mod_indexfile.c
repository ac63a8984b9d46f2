/*
 * mod_indexfile.c - index.html for a folder.
 *
 * A URL path that ends with "/" gets the first of index-file.names that is a
 * regular file appended, and so does the file name: rules and modules that
 * come later see the file, not the folder. Asks nothing but the stat cache,
 * and never answers a request itself.
 */
#include <sys/stat.h>

#include "plugin.h"

struct indexfile_conf {
	const struct conf_list *names;
	const struct conf_list *old_names;	/* lighttpd's former key */
};

static const struct conf_key indexfile_keys[] = {
	{ .name = "index-file.names", .type = CONF_LIST,
	  .scope = CONF_REQUEST, .at = offsetof(struct indexfile_conf, names) },
	{ .name = "server.indexfiles", .type = CONF_LIST,
	  .scope = CONF_REQUEST,
	  .at = offsetof(struct indexfile_conf, old_names) },
	{ .name = NULL }
};

/* The type of what b names; 0 when there is nothing. */
static mode_t
mode_of(struct connection *con, struct buf *b)
{
	const char *path = buf_text(b);
	struct stat_entry *e;
	mode_t mode;

	if (b->failed)
		return 0;
	e = stat_cache_get(con->srv, path, b->n, request_conf(con->req));
	if (e == NULL)
		return 0;
	mode = e->error == 0 ? e->mode : 0;
	stat_cache_drop(e);
	return mode;
}

/* Tries a name inside the folder that req->file is. */
static int
try_inside(struct connection *con, const char *name)
{
	struct request *req = con->req;
	size_t folder = req->file.n;

	buf_adds(&req->file, name);
	if (S_ISREG(mode_of(con, &req->file))) {
		buf_adds(&req->path, name);
		buf_text(&req->path);
		return 1;
	}
	req->file.n = folder;
	buf_text(&req->file);
	return 0;
}

/* Tries a name that begins with "/": that file stands for every folder that
 * has none of its own. The folder must exist, or wrong URLs would find it. */
static int
try_from_root(struct connection *con, const char *name)
{
	struct request *req = con->req;
	struct buf b = { .n = 0 };
	size_t root = req->docroot.n;
	int found;

	if (!S_ISDIR(mode_of(con, &req->file)))
		return 0;
	if (root > 0 && req->docroot.p[root - 1] == '/')
		root--;
	buf_add(&b, req->docroot.p, root);
	buf_adds(&b, name);
	found = S_ISREG(mode_of(con, &b));
	if (found) {
		req->file.n = req->path.n = 0;
		buf_add(&req->file, b.p, b.n);
		buf_adds(&req->path, name);
		buf_text(&req->file);
		buf_text(&req->path);
	}
	buf_free(&b);
	return found;
}

static enum verdict
indexfile_physical(struct plugin_self *self, struct connection *con)
{
	const struct indexfile_conf *conf = plugin_conf(self, con->req);
	const struct conf_list *names = conf->names;
	const struct request *req = con->req;
	const char *name;
	int found = 0;
	size_t i;

	if (req->path.n == 0 || req->path.p[req->path.n - 1] != '/'
	    || req->file.n == 0 || req->file.p[req->file.n - 1] != '/')
		return VERDICT_GO_ON;
	if (names == NULL)
		names = conf->old_names;
	for (i = 0; names != NULL && i < names->n && !found; i++) {
		name = names->items[i].value.text;
		found = name[0] == '/' ? try_from_root(con, name)
		    : try_inside(con, name);
	}
	return VERDICT_GO_ON;
}

const struct plugin mod_indexfile = {
	.api = PLUGIN_API,
	.name = "mod_indexfile",
	.version = SERVER_VERSION,
	.keys = indexfile_keys,
	.conf_size = sizeof(struct indexfile_conf),
	.handle_physical = indexfile_physical,
};
