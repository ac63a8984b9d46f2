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
	KEY("mimetype.assign", CONF_TEXTS, mimetypes, NULL),
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

static int
check_codings(void *context, void *slot, const struct conf_block *block,
    struct conf_place place)
{
	const struct conf_list *codings = *(const struct conf_list **)slot;
	size_t i;

	(void)block;
	for (i = 0; codings != NULL && i < codings->n; i++)
		if (conn_coding_suffix(codings->items[i].value.text) == NULL)
			return conf_fault(context, place,
			    "static-file.precompressed: \"br\", \"zstd\" or"
			    " \"gzip\", found \"%s\"",
			    codings->items[i].value.text);
	return 0;
}

static int
check_dotfiles(void *context, void *slot, const struct conf_block *block,
    struct conf_place place)
{
	const char *what = *(const char **)slot;

	(void)block;
	if (strcmp(what, "deny") == 0 || strcmp(what, "allow") == 0)
		return 0;
	return conf_fault(context, place, "static-file.dotfiles: \"deny\" or"
	    " \"allow\", found \"%s\"", what);
}

static int
staticfile_check(struct plugin_self *self, struct server *srv)
{
	struct conf *c = self->config->conf;
	struct conf_report *report = &self->config->report;
	int status = conf_each(c, "static-file.precompressed", check_codings,
	    report);

	(void)srv;
	return status | conf_each(c, "static-file.dotfiles", check_dotfiles,
	    report);
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
		buf_adds(b, conn_coding_suffix(coding) + 1);
	else
		b->n--;			/* the last hyphen */
	buf_adds(b, "\"\r\n");
}

/* What the fields depend on besides the file and the list of types. */
static unsigned
flags_of(const struct staticfile_conf *conf, const char *coding)
{
	return (unsigned)(conf->etags | conf->use_inode << 1
	    | conf->use_mtime << 2 | conf->use_size << 3 | conf->ranges << 4)
	    | (coding != NULL ? (unsigned char)coding[0] << 5 : 0);
}

/* Renders the fields of a plain 200 and has the cache keep them. */
static int
render(struct connection *con, const struct staticfile_conf *conf,
    const char *coding)
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
	result = b.failed ? -1 : stat_cache_head(con->srv, e,
	    conf->mimetypes, flags_of(conf, coding), &b, etag);
	buf_free(&b);
	return result;
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
	int varies = 0;

	if (e->error != 0 || S_ISDIR(e->mode) || req->path_info_n > 0
	    || (req->head.method != HTTP_GET && req->head.method != HTTP_HEAD))
		return VERDICT_GO_ON;
	if (!S_ISREG(e->mode)
	    || (conf->exclude != NULL && is_excluded(conf, req))) {
		conn_error(con, 403);
		return VERDICT_FINISHED;
	}
	if (e->file == NULL || e->file->fd != -1)
		opened = conn_open_file(con);
	if (opened != VERDICT_GO_ON)
		return opened;
	if (conf->precompressed != NULL
	    && req->entry->alone != con->srv->refreshed)
		coding = conn_choose_coding(con, conf->precompressed,
		    &varies);
	e = req->entry;
	if ((e->head == NULL || e->head_for != conf->mimetypes
	    || e->head_flags != flags_of(conf, coding))
	    && render(con, conf, coding) == -1)
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
