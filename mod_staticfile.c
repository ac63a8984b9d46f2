/*
 * mod_staticfile.c - serves a file: validators, conditions, ranges, codings.
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

enum { CODINGS = 3 };		/* that we know suffixes of */

struct staticfile_conf {
	const struct conf_list *mimetypes;
	const struct conf_list *exclude;
	const struct conf_list *precompressed;
	const char *dotfiles, *single;
	int etags, use_inode, use_mtime, use_size, ranges;
};

#define KEY(name, type, member, preset) { name, type, CONF_REQUEST, \
	offsetof(struct staticfile_conf, member), preset, 0, 0 }

static const struct conf_key staticfile_keys[] = {
	KEY("mimetype.assign", CONF_MAP, mimetypes, NULL),
	KEY("static-file.exclude-extensions", CONF_LIST, exclude, NULL),
	KEY("static-file.precompressed", CONF_LIST, precompressed, NULL),
	KEY("static-file.dotfiles", CONF_STRING, dotfiles, "deny"),
	KEY("static-file.single", CONF_STRING, single, NULL),
	KEY("static-file.etags", CONF_BOOL, etags, "enable"),
	KEY("etag.use-inode", CONF_BOOL, use_inode, "enable"),
	KEY("etag.use-mtime", CONF_BOOL, use_mtime, "enable"),
	KEY("etag.use-size", CONF_BOOL, use_size, "enable"),
	KEY("server.range-requests", CONF_BOOL, ranges, "enable"),
	{ .name = NULL }
};

/* The suffix of files in a content coding, or NULL. */
static const char *
suffix_of(const char *coding)
{
	static const char known[CODINGS][2][5] = {
		{ "br", ".br" }, { "zstd", ".zst" }, { "gzip", ".gz" }
	};
	size_t i;

	for (i = 0; i < CODINGS; i++)
		if (strcmp(coding, known[i][0]) == 0)
			return known[i][1];
	return NULL;
}

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
	types = conf->precompressed;
	for (i = 0; types != NULL && i < types->n; i++)
		if (suffix_of(types->items[i].value.text) == NULL)
			return config_fault(self->config,
			    "static-file.precompressed", "\"br\", \"zstd\" or"
			    " \"gzip\", found \"%s\"",
			    types->items[i].value.text);
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
is_excluded(const struct staticfile_conf *conf, const struct request *req)
{
	struct slice name = { req->file.p, req->file.n };
	size_t i;

	for (i = 0; i < conf->exclude->n; i++)
		if (http_has_suffix(name,
		    slice_of(conf->exclude->items[i].value.text)))
			return 1;
	return 0;
}

/* The type of the longest suffix in the list; "" is the default. */
static void
add_type(struct buf *b, const struct conf_list *list, const struct request *req)
{
	struct slice name = { req->file.p, req->file.n };
	const char *best = "application/octet-stream";
	struct slice suffix;
	size_t i, longest = 0;

	buf_adds(b, "Content-Type: ");
	if (list == NULL)
		http_mime_type(b, name);
	for (i = 0; list != NULL && i < list->n; i++) {
		suffix = slice_of(list->items[i].key);
		if (suffix.n < longest || !http_has_suffix(name, suffix))
			continue;
		longest = suffix.n;
		best = list->items[i].value.text;
	}
	buf_adds(b, list != NULL ? best : "");
	buf_adds(b, "\r\n");
}

static void
add_etag(struct buf *b, const struct staticfile_conf *conf,
    const struct stat_entry *e, const char *coding)
{
	buf_adds(b, "ETag: \"");
	if (conf->use_inode)
		buf_printf(b, "%jx-", (uintmax_t)e->inode);
	if (conf->use_size)
		buf_printf(b, "%jx-", (uintmax_t)e->size);
	if (conf->use_mtime)
		buf_printf(b, "%jx.%lx-", (uintmax_t)e->modified,
		    (unsigned long)e->modified_ns);
	if (coding != NULL)	/* never the same as the plain file's */
		buf_adds(b, suffix_of(coding) + 1);
	else
		b->n--;			/* the last hyphen */
	buf_adds(b, "\"\r\n");
}

/* Renders the fields of a plain 200 and has the cache keep them, under key. */
static int
render(struct connection *con, const struct staticfile_conf *conf,
    const char *coding, const void *key)
{
	struct stat_entry *e = con->req->entry;
	struct slice etag = { NULL, 0 };
	struct buf b = { .n = 0 };
	char date[DATE_HTTP_SIZE];
	size_t etag_at;
	int result;

	add_type(&b, conf->mimetypes, con->req);
	etag_at = b.n + sizeof("ETag: ") - 1;
	if (conf->etags
	    && (conf->use_inode || conf->use_mtime || conf->use_size)) {
		add_etag(&b, conf, e, coding);
		etag.n = b.n - etag_at - 2;
	}
	/* never later than Date (RFC 9110 8.8.2.1): rather none at all */
	if (e->modified <= con->srv->now) {
		date_http(date, e->modified);
		buf_printf(&b, "Last-Modified: %s\r\n", date);
	}
	if (conf->ranges)
		buf_adds(&b, "Accept-Ranges: bytes\r\n");
	etag.p = b.p + etag_at;
	result = b.failed ? -1 : stat_cache_head(con->srv, e, key, &b, etag);
	buf_free(&b);
	return result;
}

/* ---- precompressed siblings ---- */

/* The file in a coding, held; or NULL: there is none that is up to date. */
static struct stat_entry *
sibling(struct connection *con, const char *coding)
{
	struct request *req = con->req;
	const struct stat_entry *plain = req->entry;
	struct stat_entry *e = NULL;
	size_t n = req->file.n;

	buf_adds(&req->file, suffix_of(coding));
	(void)buf_text(&req->file);
	if (!req->file.failed)
		e = stat_cache_get(con->srv, req->file.p, req->file.n,
		    request_conf(req));
	req->file.n = n;
	(void)buf_text(&req->file);
	if (e == NULL || (e->error == 0 && S_ISREG(e->mode)
	    && (e->modified != plain->modified
	    ? e->modified > plain->modified
	    : e->modified_ns >= plain->modified_ns)))
		return e;
	stat_cache_drop(e);
	return NULL;
}

/* Puts the sibling that the client likes best, of equals the first, in place
 * of req->entry, and returns its coding; or NULL. *varies: there is one, and
 * another client may get it. */
static const char *
choose_coding(struct connection *con, const struct conf_list *list,
    int *varies)
{
	struct request *req = con->req;
	struct stat_entry *e, *best = NULL;
	const char *coding = NULL, *name;
	int most = 0, weight;
	size_t i;

	for (i = 0; i < list->n; i++) {
		name = list->items[i].value.text;
		e = sibling(con, name);
		if (e == NULL)
			continue;
		/* as welcome as the plain file is enough, but welcome */
		if (!*varies)
			most = http_coding(&req->head, "identity") - 1;
		*varies = 1;
		weight = http_coding(&req->head, name);
		if (weight <= most || weight <= 0 || stat_cache_open(con->srv,
		    e, request_conf(req)) == NULL) {
			stat_cache_drop(e);
			continue;
		}
		if (best != NULL)
			stat_cache_drop(best);
		best = e;
		most = weight;
		coding = name;
	}
	if (!*varies && list->n == CODINGS)
		req->entry->alone = con->srv->refreshed;
	if (best != NULL) {
		stat_cache_drop(req->entry);
		req->entry = best;
	}
	return coding;
}

/* ---- parts ---- */

static void
add_content_range(struct buf *b, const struct http_range *r, intmax_t size)
{
	buf_printf(b, "Content-Range: bytes %jd-%jd/%jd\r\n",
	    (intmax_t)r->first, (intmax_t)(r->first + r->length - 1), size);
}

/* What stands before part r, or (NULL) behind the last (RFC 2046 5.1.1). The
 * boundary is a number nobody could know when the file was written. */
static void
add_delimiter(struct buf *b, const struct request *req,
    const struct staticfile_conf *conf, const struct http_range *r)
{
	buf_printf(b, "\r\n--%jx%s\r\n", (uintmax_t)req->offset,
	    r == NULL ? "--" : "");
	if (r == NULL)
		return;
	add_type(b, conf->mimetypes, req);
	add_content_range(b, r, req->entry->size);
	buf_adds(b, "\r\n");
}

/* Goes through a multipart/byteranges body (RFC 9110 14.6), and gives (queues)
 * it from where that ended last time, as far as there is room: the request says
 * the same each time. Returns its length, or -1: no memory. */
static int64_t
go_through_parts(struct connection *con, const struct staticfile_conf *conf,
    int give)
{
	struct request *req = con->req;
	struct http_range ranges[HTTP_RANGES_MAX + 1];
	struct buf b = { .n = 0 };
	unsigned i, n;
	int64_t at = 0;

	(void)http_ranges(&req->head, NULL, req->entry->size, ranges, &n);
	ranges[n] = (struct http_range){ 0, 0 };
	for (i = 0; i <= n && !b.failed; i++) {
		b.n = 0;
		add_delimiter(&b, req, conf, i < n ? ranges + i : NULL);
		if (give && at == (int64_t)req->bytes_body
		    && queue_has_room(&req->out)) {
			conn_body(con, b.p, b.n);
			conn_body_file(con, req->entry->file, ranges[i].first,
			    ranges[i].length);
		}
		at += (int64_t)b.n + ranges[i].length;
	}
	buf_free(&b);
	return b.failed ? -1 : at;
}

/* ---- the answer ---- */

/* Opens req->entry, and looks again when the file changed in between. */
static enum verdict
open_file(struct connection *con)
{
	struct request *req = con->req;
	const struct core_conf *core = request_conf(req);
	struct stat_entry *old;
	int tries;

	for (tries = 0; tries < 20; tries++) {
		old = req->entry;
		if (stat_cache_open(con->srv, old, core) != NULL)
			return VERDICT_GO_ON;
		if (errno != ESTALE)
			break;
		req->entry = stat_cache_get(con->srv, old->path, old->path_n,
		    core);
		stat_cache_drop(old);
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
add_rest(struct request *req)
{
	const struct stat_entry *e = req->entry;
	const char *rest = (char *)memchr(e->head, '\n', e->head_n) + 1;

	buf_add(&req->fields, rest, (size_t)(e->head + e->head_n - rest));
	if (req->status == 304)
		req->framing = RESPONSE_EMPTY;
}

/* Decides what is sent of the file: 206 with one part, or several (offset is
 * negative then, and their boundary), 416, or all. */
static void
choose_range(struct connection *con, const struct staticfile_conf *conf,
    const struct http_validators *v, const char *coding)
{
	struct request *req = con->req;
	struct http_range ranges[HTTP_RANGES_MAX];
	intmax_t size = req->length;
	unsigned n = 0;
	int status = http_ranges(&req->head, v, size, ranges, &n);

	if (status == 416) {
		conn_error(con, 416);		/* lets the entry go */
		buf_printf(&req->fields, "Content-Range: bytes */%jd\r\n",
		    size);
	} else if (status == 206 && n == 1) {
		req->status = 206;
		req->offset = ranges[0].first;
		req->length = ranges[0].length;
		buf_add(&req->fields, req->entry->head, req->entry->head_n);
		add_content_range(&req->fields, ranges, size);
	} else if (status == 206 && coding == NULL) {
		/* parts of something coded would have to be coded together */
		req->status = 206;
		req->offset = -1 - (int64_t)(sys_random() >> 1);
		req->length = go_through_parts(con, conf, 0);
		buf_printf(&req->fields, "Content-Type: multipart/byteranges;"
		    " boundary=%jx\r\n", (uintmax_t)req->offset);
		add_rest(req);
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
	const char *coding = NULL;
	const void *key;
	int varies = 0;

	if (e->error != 0 || S_ISDIR(e->mode)
	    || (req->head.method != HTTP_GET && req->head.method != HTTP_HEAD))
		return VERDICT_GO_ON;
	if (!S_ISREG(e->mode)
	    || (conf->exclude != NULL && is_excluded(conf, req))) {
		conn_error(con, 403);
		return VERDICT_FINISHED;
	}
	if (e->file == NULL || e->file->fd != -1)
		opened = open_file(con);
	if (opened != VERDICT_GO_ON)
		return opened;
	if (conf->precompressed != NULL
	    && req->entry->alone != con->srv->refreshed)
		coding = choose_coding(con, conf->precompressed, &varies);
	key = coding != NULL ? coding : (const void *)conf->mimetypes;
	e = req->entry;
	if ((e->head == NULL || e->head_for != key)
	    && render(con, conf, coding, key) == -1)
		return VERDICT_ERROR;
	v = (struct http_validators){ e->etag, e->modified, con->srv->now };
	req->length = e->size;
	req->status = http_is_conditional(&req->head)
	    ? http_conditions(&req->head, &v) : 200;
	if (req->status == 200 && conf->ranges && req->head.method == HTTP_GET
	    && req->head.first[HTTP_RANGE] != 0)
		choose_range(con, conf, &v, coding);
	if (req->status == 200)
		buf_add(&req->fields, e->head, e->head_n);
	else if (req->status == 304)
		add_rest(req);
	else if (req->status == 412)
		conn_error(con, 412);
	if (varies)
		conn_field(con, "Vary", slice_of("Accept-Encoding"));
	if (coding != NULL && req->status < 300)
		conn_field(con, "Content-Encoding", slice_of(coding));
	return req->length == -1 ? VERDICT_ERROR : VERDICT_FINISHED;
}

static enum verdict
staticfile_body(struct plugin_self *self, struct connection *con)
{
	struct request *req = con->req;

	if (req->offset >= 0) {
		conn_body_file(con, req->entry->file, req->offset,
		    req->length);
		return VERDICT_FINISHED;
	}
	if (go_through_parts(con, plugin_conf(self, req), 1) == -1)
		return VERDICT_ERROR;
	return (int64_t)req->bytes_body < req->length ? VERDICT_GO_ON
	    : VERDICT_FINISHED;
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
