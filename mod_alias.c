/*
 * mod_alias.c - other folders, and files, for URLs that begin with a prefix.
 *
 * The first key of alias.url, in the order of the file, that the clean path
 * begins with is replaced by its value: "/docs" is a prefix of "/docs-old",
 * too. The folder becomes the document root of the request. Where key and rest
 * join, a path that was clean may leave the folder: that is refused.
 */
#include <string.h>

#include "plugin.h"

/* What alias.url is made into. */
struct alias_list {
	size_t n;
	struct alias {
		struct slice url, path;
	} aliases[];
};

struct alias_conf {
	const struct alias_list *list;
};

static const char alias_url[] = "alias.url";

static const struct conf_key alias_keys[] = {
	{ alias_url, CONF_MAP, CONF_REQUEST,
	  offsetof(struct alias_conf, list), NULL, 0, 0 },
	{ .name = NULL }
};

static const struct alias *
find(const struct alias_list *list, struct slice path)
{
	const struct alias *a;

	for (a = list->aliases; a < list->aliases + list->n; a++)
		if (a->url.n <= path.n
		    && memcmp(a->url.p, path.p, a->url.n) == 0)
			return a;
	return NULL;
}

/* Does what stands at at in file make a dot segment, alone or with what is in
 * front of it? "/docs" => "/usr/share/doc/" and "/docs../x": CVE-2018-19052. */
static int
leaves(const struct buf *file, size_t at)
{
	size_t end = at;

	while (end < file->n && file->p[end] != '/')
		end++;
	if (end == at)
		return 0;
	while (at > 0 && file->p[at - 1] != '/')
		at--;
	return end - at <= 2 && file->p[at] == '.' && file->p[end - 1] == '.';
}

static enum verdict
alias_physical(struct plugin_self *self, struct connection *con)
{
	struct request *req = con->req;
	const struct alias_conf *conf = plugin_conf(self, req);
	struct slice rest = { req->path.p, req->path.n };
	const struct alias *a = conf->list == NULL ? NULL
	    : find(conf->list, rest);
	struct slice path;

	if (a == NULL)
		return VERDICT_GO_ON;
	path = a->path;
	rest.p += a->url.n;
	rest.n -= a->url.n;
	if (rest.n > 0 && rest.p[0] == '/' && path.p[path.n - 1] == '/') {
		rest.p++;
		rest.n--;
	}
	req->docroot = path;
	while (req->docroot.n > 0 && path.p[req->docroot.n - 1] == '/')
		req->docroot.n--;
	req->file.n = 0;
	buf_add(&req->file, path.p, path.n);
	buf_add(&req->file, rest.p, rest.n);
	buf_text(&req->file);
	if (req->file.failed || !leaves(&req->file, path.n))
		return VERDICT_GO_ON;
	conn_error(con, 403);
	return VERDICT_FINISHED;
}

/* For conf_each. */
static int
compile(void *context, void *slot, const struct conf_block *block,
    struct conf_place place)
{
	struct config *config = context;
	const struct conf_list *map = *(const struct conf_list **)slot;
	struct alias_list *list;
	const struct conf_item *item;
	const struct alias *first;
	struct slice url;
	const char *path;

	(void)block;
	if (map == NULL)
		return 0;
	list = conf_alloc(config->conf, sizeof(*list)
	    + map->n * sizeof(*list->aliases));
	if (list == NULL)
		return conf_fault(&config->report, place, "out of memory");
	for (item = map->items; item < map->items + map->n; item++) {
		path = item->value.text;
		url = slice_of(item->key);
		first = find(list, url);
		if (item->value.kind != CONF_VALUE_TEXT || path[0] == '\0')
			conf_fault(&config->report, place,
			    "%s: \"%s\" needs the path of a folder or file",
			    alias_url, item->key);
		else if (first != NULL)
			conf_fault(&config->report, place, "%s: nothing comes"
			    " to \"%s\", for \"%s\" stands before it",
			    alias_url, item->key, first->url.p);
		else
			path = config_absolute(config, config->core->chroot
			    != NULL ? "" : config->srv->folder, path);
		list->aliases[list->n].url = url;
		list->aliases[list->n++].path = slice_of(path == NULL ? ""
		    : path);
	}
	*(const struct alias_list **)slot = list;
	return 0;
}

static int
alias_set_defaults(struct plugin_self *self, struct server *srv)
{
	unsigned faults = self->config->report.faults;

	(void)srv;
	(void)conf_each(self->config->conf, alias_url, compile, self->config);
	return self->config->report.faults == faults ? 0 : -1;
}

const struct plugin mod_alias = {
	.api = PLUGIN_API,
	.name = "mod_alias",
	.version = SERVER_VERSION,
	.keys = alias_keys,
	.conf_size = sizeof(struct alias_conf),
	.set_defaults = alias_set_defaults,
	.handle_physical = alias_physical,
};
