/*
 * mod_staticfile.c - serves a file: validators, conditions, ranges.
 *
 * The last to be asked who answers. The fields of a plain 200 are rendered
 * once for each file and kept in the stat cache, so a request for a cached
 * file copies bytes and computes nothing.
 */
#include <sys/stat.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "plugin.h"

struct staticfile_conf {
	const struct conf_list *mimetypes;
	const struct conf_list *exclude;
	const char *dotfiles;
	const char *single;
	int etags, use_inode, use_mtime, use_size;
	int ranges;
};

#define KEY(name, type, member, preset) { name, type, CONF_REQUEST, \
	offsetof(struct staticfile_conf, member), preset, 0, 0 }

static const struct conf_key staticfile_keys[] = {
	KEY("mimetype.assign", CONF_MAP, mimetypes, NULL),
	KEY("static-file.exclude-extensions", CONF_LIST, exclude, NULL),
	KEY("static-file.dotfiles", CONF_STRING, dotfiles, "deny"),
	KEY("static-file.single", CONF_STRING, single, NULL),
	KEY("static-file.etags", CONF_BOOL, etags, "enable"),
	KEY("etag.use-inode", CONF_BOOL, use_inode, "enable"),
	KEY("etag.use-mtime", CONF_BOOL, use_mtime, "enable"),
	KEY("etag.use-size", CONF_BOOL, use_size, "enable"),
	KEY("server.range-requests", CONF_BOOL, ranges, "enable"),
	{ .name = NULL }
};

static int
staticfile_check(struct plugin_self *self, struct server *srv)
{
	const struct staticfile_conf *conf = plugin_global_conf(self);
	const struct conf_list *types = conf->mimetypes;
	size_t i;

	(void)srv;
	for (i = 0; types != NULL && i < types->n; i++)
		if (types->items[i].value.kind != CONF_VALUE_TEXT)
			return config_fault(self->config, "mimetype.assign",
			    "the type of \"%s\" is no text",
			    types->items[i].key);
	if (strcmp(conf->dotfiles, "deny") == 0
	    || strcmp(conf->dotfiles, "allow") == 0)
		return 0;
	return config_fault(self->config, "static-file.dotfiles",
	    "\"deny\" or \"allow\", found \"%s\"", conf->dotfiles);
}

/* ---- which file ---- */

/* A server of one file knows "/" and its name. */
static int
is_single(struct request *req, const char *single)
{
	size_t n = strlen(single);

	if (req->path.n != 1 && (req->path.n != n + 1
	    || memcmp(req->path.p + 1, single, n) != 0))
		return 0;
	req->file.n = 0;
	buf_printf(&req->file, "%s/%s", request_conf(req)->document_root,
	    single);
	buf_text(&req->file);
	return 1;
}

/* Is a part of the path a name with a leading dot, but for .well-known? */
static int
has_dotfile(const char *path)
{
	static const char known[] = "/.well-known";
	const size_t n = sizeof(known) - 1;
	const char *p;

	for (p = strstr(path, "/."); p != NULL; p = strstr(p + 2, "/."))
		if (strncmp(p, known, n) != 0 || (p[n] != '/' && p[n] != '\0'))
			return 1;
	return 0;
}

static enum verdict
staticfile_physical(struct plugin_self *self, struct connection *con)
{
	const struct staticfile_conf *conf = plugin_conf(self, con->req);

	if (conf->single != NULL
	    ? is_single(con->req, conf->single)
	    : conf->dotfiles[0] == 'a'
	    || !has_dotfile(buf_text(&con->req->path)))
		return VERDICT_GO_ON;
	conn_error(con, 404);		/* as if it were not there */
	return VERDICT_FINISHED;
}

static int
is_excluded(const struct staticfile_conf *conf, struct slice name)
{
	size_t i;

	if (conf->exclude == NULL)
		return 0;
	for (i = 0; i < conf->exclude->n; i++)
		if (http_has_suffix(name,
		    slice_of(conf->exclude->items[i].value.text)))
			return 1;
	return 0;
}

/* ---- its head ---- */

/* The type of the longest suffix in the list; "" is the default. */
static const char *
type_of(const struct conf_list *list, struct slice name)
{
	const char *best = "application/octet-stream";
	struct slice suffix;
	size_t i, longest = 0;

	if (list == NULL)
		return http_mime_type(name);
	for (i = 0; i < list->n; i++) {
		suffix = slice_of(list->items[i].key);
		if (suffix.n < longest || !http_has_suffix(name, suffix))
			continue;
		longest = suffix.n;
		best = list->items[i].value.text;
	}
	return best;
}

static void
add_etag(struct buf *b, const struct staticfile_conf *conf,
    const struct stat_entry *e)
{
	buf_adds(b, "ETag: \"");
	if (conf->use_inode)
		buf_printf(b, "%jx-", (uintmax_t)e->inode);
	if (conf->use_size)
		buf_printf(b, "%jx-", (uintmax_t)e->size);
	if (conf->use_mtime)
		buf_printf(b, "%jx.%lx-", (uintmax_t)e->modified,
		    (unsigned long)e->modified_ns);
	b->n--;				/* the last hyphen */
	buf_adds(b, "\"\r\n");
}

/* Renders the fields of a plain 200 and has the cache keep them. */
static int
render(struct server *srv, const struct staticfile_conf *conf,
    struct stat_entry *e)
{
	struct slice type = slice_of(type_of(conf->mimetypes,
	    (struct slice){ e->path, e->path_n }));
	struct slice etag = { NULL, 0 };
	struct buf b = { .n = 0 };
	char date[DATE_HTTP_SIZE];
	size_t etag_at;
	int result;

	buf_printf(&b, "Content-Type: %s\r\n", type.p);
	etag_at = b.n + sizeof("ETag: ") - 1;
	if (conf->etags
	    && (conf->use_inode || conf->use_mtime || conf->use_size)) {
		add_etag(&b, conf, e);
		etag.n = b.n - etag_at - 2;
	}
	/* never later than Date (RFC 9110 8.8.2.1): rather none at all */
	if (e->modified <= srv->now) {
		date_http(date, e->modified);
		buf_printf(&b, "Last-Modified: %s\r\n", date);
	}
	if (conf->ranges)
		buf_adds(&b, "Accept-Ranges: bytes\r\n");
	type.p = b.p + sizeof("Content-Type: ") - 1;
	etag.p = b.p + etag_at;
	result = b.failed ? -1
	    : stat_cache_head(srv, e, conf->mimetypes, &b, etag, type);
	buf_free(&b);
	return result;
}

/* ---- the answer ---- */

/* Opens req->entry, and looks again when the file changed in between. */
static enum verdict
open_file(struct connection *con)
{
	struct request *req = con->req;
	const struct core_conf *core = request_conf(req);
	int tries;

	for (tries = 0; tries < 20; tries++) {
		if (stat_cache_open(con->srv, req->entry, core) != NULL)
			return VERDICT_GO_ON;
		if (errno != ESTALE)
			break;
		stat_cache_drop(req->entry);
		req->entry = stat_cache_get(con->srv, req->file.p, req->file.n,
		    core);
		errno = req->entry == NULL ? ENOMEM : req->entry->error;
		if (errno == 0 && !S_ISREG(req->entry->mode))
			errno = S_ISDIR(req->entry->mode) ? ENOENT : EACCES;
		if (errno != 0)
			break;
	}
	if (errno == EMFILE || errno == ENFILE)
		return VERDICT_WAIT_FOR_FD;
	if (errno == EACCES || errno == EPERM || errno == ELOOP)
		conn_error(con, 403);
	else
		conn_error(con, errno == ENOENT ? 404 : 503);
	return VERDICT_FINISHED;
}

/* All fields of the 200 but Content-Type, which is the first. */
static void
not_modified(struct request *req)
{
	const struct stat_entry *e = req->entry;
	const char *rest = (char *)memchr(e->head, '\n', e->head_n) + 1;

	req->framing = RESPONSE_EMPTY;
	buf_add(&req->fields, rest, (size_t)(e->head + e->head_n - rest));
}

/* Makes it 206 with the part that is to be sent, or 416. Several parts are
 * answered by the whole, which RFC 9110 14.2 allows. */
static void
choose_range(struct request *req, const struct http_validators *v)
{
	struct http_range ranges[HTTP_RANGES_MAX];
	unsigned n = 0;
	int status = http_ranges(&req->head, v, req->length, ranges, &n);

	if (status == 416 || (status == 206 && n == 1))
		req->status = status;
	if (req->status == 206) {
		req->offset = ranges[0].first;
		req->length = ranges[0].length;
	}
}

static enum verdict
staticfile_start(struct plugin_self *self, struct connection *con)
{
	struct request *req = con->req;
	const struct staticfile_conf *conf = plugin_conf(self, req);
	struct http_validators v;
	struct stat_entry *e = req->entry;
	enum verdict opened = VERDICT_GO_ON;
	intmax_t size;

	if (e->error != 0 || S_ISDIR(e->mode)
	    || (req->head.method != HTTP_GET && req->head.method != HTTP_HEAD))
		return VERDICT_GO_ON;
	if (!S_ISREG(e->mode) || is_excluded(conf,
	    (struct slice){ req->file.p, req->file.n })) {
		conn_error(con, 403);
		return VERDICT_FINISHED;
	}
	if (e->file == NULL || e->file->fd != -1)
		opened = open_file(con);
	if (opened != VERDICT_GO_ON)
		return opened;
	e = req->entry;
	if ((e->head == NULL || e->head_for != conf->mimetypes)
	    && render(con->srv, conf, e) == -1)
		return VERDICT_ERROR;
	v = (struct http_validators){ e->etag, e->modified, con->srv->now };
	req->length = size = e->size;
	req->status = http_is_conditional(&req->head)
	    ? http_conditions(&req->head, &v) : 200;
	if (req->status == 200 && conf->ranges && req->head.method == HTTP_GET
	    && req->head.first[HTTP_RANGE] != 0)
		choose_range(req, &v);
	if (req->status == 304)
		not_modified(req);
	else if (req->status < 400)
		buf_add(&req->fields, e->head, e->head_n);
	else
		conn_error(con, req->status);	/* lets e go */
	if (req->status == 206)
		buf_printf(&req->fields, "Content-Range: bytes %jd-%jd/%jd\r\n",
		    (intmax_t)req->offset,
		    (intmax_t)(req->offset + req->length - 1), size);
	if (req->status == 416)
		buf_printf(&req->fields, "Content-Range: bytes */%jd\r\n",
		    size);
	return VERDICT_FINISHED;
}

static enum verdict
staticfile_body(struct plugin_self *self, struct connection *con)
{
	struct request *req = con->req;

	(void)self;
	conn_body_file(con, req->entry->file, req->offset, req->length);
	return VERDICT_FINISHED;
}

const struct plugin mod_staticfile = {
	.api = PLUGIN_API,
	.name = "mod_staticfile",
	.version = SERVER_VERSION,
	.keys = staticfile_keys,
	.conf_size = sizeof(struct staticfile_conf),
	.set_defaults = staticfile_check,
	.handle_physical = staticfile_physical,
	.handle_start = staticfile_start,
	.handle_body = staticfile_body
};
