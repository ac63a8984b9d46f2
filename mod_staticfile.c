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

#define AT(member) offsetof(struct staticfile_conf, member)

static const struct conf_key staticfile_keys[] = {
	{ "mimetype.assign", CONF_MAP, CONF_REQUEST, AT(mimetypes), NULL,
	    0, 0 },
	{ "static-file.exclude-extensions", CONF_LIST, CONF_REQUEST,
	    AT(exclude), NULL, 0, 0 },
	{ "static-file.dotfiles", CONF_STRING, CONF_REQUEST, AT(dotfiles),
	    "deny", 0, 0 },
	{ "static-file.single", CONF_STRING, CONF_REQUEST, AT(single), NULL,
	    0, 0 },
	{ "static-file.etags", CONF_BOOL, CONF_REQUEST, AT(etags), "enable",
	    0, 0 },
	{ "etag.use-inode", CONF_BOOL, CONF_REQUEST, AT(use_inode), "enable",
	    0, 0 },
	{ "etag.use-mtime", CONF_BOOL, CONF_REQUEST, AT(use_mtime), "enable",
	    0, 0 },
	{ "etag.use-size", CONF_BOOL, CONF_REQUEST, AT(use_size), "enable",
	    0, 0 },
	{ "server.range-requests", CONF_BOOL, CONF_REQUEST, AT(ranges),
	    "enable", 0, 0 },
	{ NULL, 0, 0, 0, NULL, 0, 0 }
};

static int
staticfile_check(struct plugin_self *self, struct server *srv)
{
	const struct staticfile_conf *conf = plugin_global_conf(self);

	(void)srv;
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
has_dotfile(const struct buf *path)
{
	static const char known[] = "/.well-known/";
	const char *p = path->p, *end = path->p + path->n;
	size_t n = sizeof(known) - 1;

	for (; p + 1 < end; p++) {
		if (p[0] != '/' || p[1] != '.')
			continue;
		if ((size_t)(end - p) < n)
			n--;		/* the folder itself */
		if ((size_t)(end - p) < n || memcmp(p, known, n) != 0)
			return 1;
	}
	return 0;
}

static enum verdict
staticfile_physical(struct plugin_self *self, struct connection *con)
{
	const struct staticfile_conf *conf = plugin_conf(self, con->req);

	if (conf->single != NULL
	    ? is_single(con->req, conf->single)
	    : conf->dotfiles[0] == 'a' || !has_dotfile(&con->req->path))
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
	buf_addc(b, '"');
	if (conf->use_inode)
		buf_printf(b, "%jx-", (uintmax_t)e->inode);
	if (conf->use_size)
		buf_printf(b, "%jx-", (uintmax_t)e->size);
	if (conf->use_mtime)
		buf_printf(b, "%jx.%lx-", (uintmax_t)e->modified,
		    (unsigned long)e->modified_ns);
	b->n--;				/* the last hyphen */
	buf_addc(b, '"');
}

/* Renders the fields of a plain 200 and has the cache keep them. */
static int
render(struct server *srv, const struct staticfile_conf *conf,
    struct stat_entry *e)
{
	size_t etag_at = 0, etag_end = 0, type_at, type_end;
	struct buf b = { NULL, 0, 0, 0 };
	struct slice name, etag, type;
	char date[DATE_HTTP_SIZE];
	int result;

	name.p = e->path;
	name.n = e->path_n;
	buf_adds(&b, "Content-Type: ");
	type_at = b.n;
	buf_adds(&b, type_of(conf->mimetypes, name));
	type_end = b.n;
	if (conf->etags
	    && (conf->use_inode || conf->use_mtime || conf->use_size)) {
		buf_adds(&b, "\r\nETag: ");
		etag_at = b.n;
		add_etag(&b, conf, e);
		etag_end = b.n;
	}
	/* never later than Date (RFC 9110 8.8.2.1): rather none at all */
	if (e->modified <= srv->now) {
		date_http(date, e->modified);
		buf_adds(&b, "\r\nLast-Modified: ");
		buf_adds(&b, date);
	}
	if (conf->ranges)
		buf_adds(&b, "\r\nAccept-Ranges: bytes");
	buf_adds(&b, "\r\n");
	type.p = b.p + type_at;
	type.n = type_end - type_at;
	etag.p = b.p + etag_at;
	etag.n = etag_end - etag_at;
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

	for (tries = 0; tries < 3; tries++) {
		if (stat_cache_open(con->srv, req->entry, core) != NULL)
			return VERDICT_GO_ON;
		if (errno != ESTALE)
			break;
		stat_cache_drop(req->entry);
		req->entry = stat_cache_get(con->srv, req->file.p, req->file.n,
		    core);
		if (req->entry == NULL || req->entry->error != 0
		    || !S_ISREG(req->entry->mode))
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
	const char *rest = e->type.p + e->type.n + 2;	/* its line end */

	req->status = 304;
	req->framing = RESPONSE_EMPTY;
	buf_add(&req->fields, rest, (size_t)(e->head + e->head_n - rest));
}

/* Returns the status: 200, or 206 with the part that is to be sent. Several
 * parts are answered by the whole, which RFC 9110 14.2 allows. */
static int
choose_range(struct connection *con, const struct http_validators *v)
{
	struct http_range ranges[HTTP_RANGES_MAX];
	struct request *req = con->req;
	unsigned n = 0;
	int status;

	status = http_ranges(&req->head, v, req->entry->size, ranges, &n);
	if (status != 206 || n != 1)
		return status == 416 ? 416 : 200;
	req->offset = ranges[0].first;
	req->length = ranges[0].length;
	return 206;
}

static void
add_range_field(struct connection *con, int status, off_t size)
{
	struct buf *b = &con->req->fields;
	uintmax_t first = (uintmax_t)con->req->offset;

	buf_adds(b, "Content-Range: bytes ");
	if (status == 416) {
		buf_addc(b, '*');
	} else {
		buf_add_number(b, first);
		buf_addc(b, '-');
		buf_add_number(b, first + (uintmax_t)con->req->length - 1);
	}
	buf_addc(b, '/');
	buf_add_number(b, (uintmax_t)size);
	buf_adds(b, "\r\n");
}

static enum verdict
staticfile_start(struct plugin_self *self, struct connection *con)
{
	struct request *req = con->req;
	const struct staticfile_conf *conf = plugin_conf(self, req);
	struct http_validators v;
	struct stat_entry *e = req->entry;
	struct slice name;
	int status;
	off_t size;

	if (e->error != 0 || S_ISDIR(e->mode)
	    || (req->head.method != HTTP_GET && req->head.method != HTTP_HEAD))
		return VERDICT_GO_ON;
	name.p = req->file.p;
	name.n = req->file.n;
	if (!S_ISREG(e->mode) || is_excluded(conf, name)) {
		conn_error(con, 403);
		return VERDICT_FINISHED;
	}
	if (e->file == NULL && open_file(con) != VERDICT_GO_ON)
		return req->status != 0 ? VERDICT_FINISHED
		    : VERDICT_WAIT_FOR_FD;
	e = req->entry;
	if ((e->head == NULL || e->head_for != conf->mimetypes)
	    && render(con->srv, conf, e) == -1)
		return VERDICT_ERROR;
	v.etag = e->etag;
	v.modified = e->modified;
	v.now = con->srv->now;
	req->length = e->size;
	status = http_is_conditional(&req->head)
	    ? http_conditions(&req->head, &v) : 200;
	if (status == 200 && conf->ranges && req->head.method == HTTP_GET
	    && req->head.first[HTTP_RANGE] != 0)
		status = choose_range(con, &v);
	if (status == 304) {
		not_modified(req);
	} else if (status == 412 || status == 416) {
		size = e->size;
		conn_error(con, status);	/* lets e go */
		if (status == 416)
			add_range_field(con, 416, size);
	} else {
		req->status = status;
		buf_add(&req->fields, e->head, e->head_n);
		if (status == 206)
			add_range_field(con, 206, e->size);
	}
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
