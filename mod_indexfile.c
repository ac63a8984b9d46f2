/*
 * mod_indexfile.c - index.html for a folder.
 *
 * A URL path that ends with "/" gets the first of index-file.names that is a
 * regular file appended, and so does the file name: rules and modules that
 * come later see the file, not the folder. Asks nothing but the stat cache,
 * and never answers a request itself.
 */
#include <sys/stat.h>
#include <errno.h>

#include "plugin.h"

struct indexfile_conf {
	const struct conf_list *names;
};

#define KEY(name) { name, CONF_LIST, CONF_REQUEST, \
	offsetof(struct indexfile_conf, names), NULL, 0, 0 }

static const struct conf_key indexfile_keys[] = {
	KEY("index-file.names"),
	KEY("server.indexfiles"),	/* lighttpd's former key */
	{ .name = NULL }
};

/* The type of what path, from at on, names; 0 when there is nothing. */
static mode_t
mode_of(struct connection *con, struct buf *path, size_t at)
{
	const char *text = buf_text(path);
	struct stat_entry *e = NULL;
	mode_t mode = 0;

	if (!path->failed)
		e = stat_cache_get(con->srv, text + at, path->n - at,
		    request_conf(con->req));
	/* whether it is there nobody knows then */
	path->failed |= e == NULL || e->error == EMFILE || e->error == ENFILE;
	if (e != NULL) {
		mode = e->error == 0 ? e->mode : 0;
		stat_cache_drop(e);
	}
	return mode;
}

/* Tries a name in the folder that req->file is. One that begins with "/" lies
 * in the document root and stands for every folder that has none of its own;
 * the folder must exist, or wrong URLs would find it. It is tried behind the
 * folder's name and its NUL. */
static int
try(struct connection *con, const char *name)
{
	struct request *req = con->req;
	struct buf *file = &req->file;
	size_t folder = file->n, at = 0;
	int found;

	if (name[0] == '/') {
		if (!S_ISDIR(mode_of(con, file, 0)))
			return 0;
		at = folder + 1;
		buf_addc(file, '\0');
		buf_add(file, req->docroot.p, req->docroot.n);
	}
	buf_adds(file, name);
	found = S_ISREG(mode_of(con, file, at));
	if (found) {
		buf_cut(file, 0, at);
		if (at > 0)
			req->path.n = 0;
		buf_adds(&req->path, name);
		buf_text(&req->path);
	} else {
		file->n = folder;
	}
	buf_text(file);
	return found;
}

static enum verdict
indexfile_index(struct plugin_self *self, struct connection *con)
{
	const struct indexfile_conf *conf = plugin_conf(self, con->req);
	const struct conf_list *names = conf->names;
	const struct request *req = con->req;
	size_t i;

	if (names == NULL
	    || req->path.n == 0 || req->path.p[req->path.n - 1] != '/'
	    || req->file.n == 0 || req->file.p[req->file.n - 1] != '/')
		return VERDICT_GO_ON;
	for (i = 0; i < names->n; i++)
		if (try(con, names->items[i].value.text))
			break;
	return VERDICT_GO_ON;
}

const struct plugin mod_indexfile = {
	.api = PLUGIN_API,
	.name = "mod_indexfile",
	.version = SERVER_VERSION,
	.keys = indexfile_keys,
	.conf_size = sizeof(struct indexfile_conf),
	.handle_index = indexfile_index,
};
