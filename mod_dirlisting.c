/*
 * mod_dirlisting.c - lists a folder as HTML or JSON, streaming.
 *
 * Claims a GET or HEAD of a folder that has no index file. The folder is read
 * once, into one arena of names and one array of rows, which is sorted; the
 * page is then made about 16 KB at a time as the client takes it, so that a
 * hundred thousand entries never need a whole page in memory. No name leaves
 * here unescaped: not into HTML, not into a link, not into JSON.
 */
#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <regex.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "plugin.h"

enum { PIECE = 16 * 1024 };	/* bytes of the page made at a time */

struct dirlisting_conf {
	int activate, old_activate;
	int hide_dotfiles, show_header, show_readme;
	const struct conf_list *exclude;
	const char *encoding, *external_css, *footer;
};

#define KEY(name, type, member, preset) \
	{ name, type, CONF_REQUEST, offsetof(struct dirlisting_conf, member), \
	  preset, 0, 0, 0 }

static const struct conf_key dirlisting_keys[] = {
	KEY("dir-listing.activate", CONF_BOOL, activate, NULL),
	KEY("server.dir-listing", CONF_BOOL, old_activate, NULL),
	KEY("dir-listing.hide-dotfiles", CONF_BOOL, hide_dotfiles, "enable"),
	KEY("dir-listing.encoding", CONF_STRING, encoding, "utf-8"),
	KEY("dir-listing.show-header", CONF_BOOL, show_header, NULL),
	KEY("dir-listing.show-readme", CONF_BOOL, show_readme, NULL),
	KEY("dir-listing.external-css", CONF_STRING, external_css, NULL),
	KEY("dir-listing.set-footer", CONF_STRING, footer, NULL),
	{ "dir-listing.exclude", CONF_LIST, CONF_SERVER,
	  offsetof(struct dirlisting_conf, exclude), NULL, 0, 0, 0 },
	{ .name = NULL }
};

/* The module in a server. */
struct dirlisting {
	regex_t *exclude;
	size_t nexclude;
};

struct row {
	const char *name;	/* in the listing's arena */
	int64_t size, modified;
	int64_t key;		/* what it is sorted by; 0: its name alone */
	int sign;		/* -1 turns the order */
	mode_t mode;
};

/* One listing on its way; hangs in req->handler_data. */
struct listing {
	int json;
	int column;		/* sorted by: 'N', 'M' or 'S' */
	int descending;
	struct buf names;	/* each with its NUL */
	struct buf rows;	/* array of struct row */
	size_t nrows;
	size_t next;		/* row to be shown */
	int begun;		/* what stands above the rows is out */
};

static const char style[] =
    "<style>:root{color-scheme:light dark;--m:#5b6470;--l:#0a58c2}"
    "@media(prefers-color-scheme:dark){:root{--m:#9aa3ad;--l:#7ab7ff}}"
    "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;"
    "margin:0 auto;padding:1rem}h1,td,pre{overflow-wrap:anywhere}"
    "h1{font-size:1.25rem}table{border-collapse:collapse;width:100%}"
    "th,td{text-align:left;padding:.4rem .5rem;vertical-align:top;"
    "border-bottom:1px solid #8883}td+td{color:var(--m);"
    "white-space:nowrap;width:1%}td:last-child{text-align:right}"
    "a{color:var(--l);text-decoration:none}a:hover{text-decoration:underline}"
    "pre{white-space:pre-wrap;background:#8882;padding:.75rem}"
    "footer{color:var(--m)}@media(max-width:30rem){"
    "th:nth-child(2),td:nth-child(2){display:none}}</style>\n";

/* Bytes at the start of text that are whole UTF-8 characters (RFC 3629). */
static size_t
utf8_prefix(struct slice text)
{
	static const uint32_t least[] = { 0, 0x80, 0x800, 0x10000 };
	const unsigned char *p = (const unsigned char *)text.p;
	size_t at, i, more;
	uint32_t c;

	for (at = 0; at < text.n; at += more + 1) {
		c = p[at];
		more = c < 0x80 ? 0 : c < 0xe0 ? 1 : c < 0xf0 ? 2 : 3;
		if ((c >= 0x80 && c < 0xc2) || c > 0xf4 || more >= text.n - at)
			break;
		c &= more == 0 ? 0x7f : 0x3fu >> more;
		for (i = 1; i <= more && (p[at + i] & 0xc0) == 0x80; i++)
			c = c << 6 | (p[at + i] & 0x3fu);
		if (i <= more || c < least[more] || c > 0x10ffff
		    || (c >= 0xd800 && c <= 0xdfff))
			break;
	}
	return at;
}

/* Appends text as HTML; what is no UTF-8 though it should be is shown as
 * U+FFFD. */
static void
add_text(struct buf *b, const struct dirlisting_conf *conf, struct slice text)
{
	int utf8 = slice_case_eq(slice_of(conf->encoding), "utf-8");
	struct slice good = text;

	while (text.n > 0) {
		good.p = text.p;
		good.n = utf8 ? utf8_prefix(text) : text.n;
		str_escape_html(b, good);
		if (good.n < text.n) {
			buf_adds(b, "\xef\xbf\xbd");
			good.n++;
		}
		text.p += good.n;
		text.n -= good.n;
	}
}

/* "512 B", "1.5 KiB", "12.0 MiB". */
static void
add_size(struct buf *b, off_t size)
{
	static const char units[] = "KMGTPE";
	uintmax_t n = (uintmax_t)size;
	size_t unit = 0;

	if (n < 1024) {
		buf_printf(b, "%ju B", n);
		return;
	}
	for (; n >= 1024 * 1024; n /= 1024)
		unit++;
	buf_printf(b, "%ju.%ju %ciB", n / 1024, n % 1024 * 10 / 1024,
	    units[unit]);
}

/* The link names exactly the bytes on the disk. ":" is encoded as well, so no
 * name can be taken for a scheme ("javascript:"). */
static void
add_html_row(struct buf *b, const struct dirlisting_conf *conf,
    const struct row *row)
{
	const char *slash = S_ISDIR(row->mode) ? "/" : "";
	char date[DATE_ISO_SIZE];

	date_iso(date, (time_t)row->modified);
	buf_adds(b, "<tr><td><a href=\"");
	str_escape_url(b, slice_of(row->name));
	buf_printf(b, "%s\">", slash);
	add_text(b, conf, slice_of(row->name));
	buf_printf(b, "%s</a><td>%.16s<td>", slash, date);	/* no seconds */
	if (S_ISDIR(row->mode))
		buf_addc(b, '-');
	else
		add_size(b, row->size);
	buf_addc(b, '\n');
}

static void
add_json_row(struct buf *b, const struct row *row, int last)
{
	buf_adds(b, "{\"name\":\"");
	str_escape_json(b, slice_of(row->name));
	buf_printf(b, "\",\"type\":\"%s\",\"size\":%jd,\"mtime\":%jd}%s\n",
	    S_ISDIR(row->mode) ? "directory" : S_ISREG(row->mode) ? "file"
	    : "other", (intmax_t)row->size, (intmax_t)row->modified,
	    last ? "" : ",");
}

/* Shows a text file of the folder, if it is there and small enough for the
 * cache to hold it; which also minds what links are allowed. */
static void
add_note(struct buf *b, const struct dirlisting_conf *conf,
    struct connection *con, const char *name)
{
	const struct core_conf *core = request_conf(con->req);
	struct buf *path = &con->req->file;
	size_t folder = path->n;
	struct file *file = NULL;
	struct stat_entry *e;
	struct slice text;

	buf_adds(path, name);
	e = stat_cache_get(con->srv, buf_text(path), path->n, core);
	if (e != NULL && e->error == 0 && S_ISREG(e->mode))
		file = stat_cache_open(con->srv, e, core);
	if (file != NULL && file->fd == -1 && file->size > 0) {
		text.p = file->bytes;
		text.n = file->size;
		buf_adds(b, "<pre>");
		add_text(b, conf, text);
		buf_adds(b, "</pre>\n");
	}
	if (e != NULL)
		stat_cache_drop(e);
	path->n = folder;
	buf_text(path);
}

/* A column's head: sorts by it, or the other way round. */
static void
add_column(struct buf *b, const struct listing *l, const char *title)
{
	static const char *const order[] = { "ascending", "descending" };
	int current = l->column == title[0];

	buf_adds(b, "<th");
	if (current)
		buf_printf(b, " aria-sort=\"%s\"", order[l->descending]);
	buf_printf(b, "><a href=\"?C=%c&amp;O=%c\">%s%s</a>", title[0],
	    current && !l->descending ? 'D' : 'A', title,
	    !current ? "" : l->descending ? " &#9662;" : " &#9652;");
}

static void
add_top(struct buf *b, const struct dirlisting_conf *conf,
    const struct listing *l, struct connection *con)
{
	struct slice path = { con->req->path.p, con->req->path.n };

	buf_printf(b, "<!DOCTYPE html>\n<html lang=\"en\">\n"
	    "<meta charset=\"%s\">\n<meta name=\"viewport\" "
	    "content=\"width=device-width,initial-scale=1\">\n<title>",
	    conf->encoding);
	add_text(b, conf, path);
	buf_adds(b, "</title>\n");
	if (conf->external_css != NULL) {
		buf_adds(b, "<link rel=\"stylesheet\" href=\"");
		str_escape_html(b, slice_of(conf->external_css));
		buf_adds(b, "\">\n");
	} else {
		buf_add(b, style, sizeof(style) - 1);
	}
	buf_adds(b, "<h1>");
	add_text(b, conf, path);
	buf_adds(b, "</h1>\n");
	if (conf->show_header)
		add_note(b, conf, con, "HEADER.txt");
	buf_adds(b, "<table>\n<thead><tr>");
	add_column(b, l, "Name");
	add_column(b, l, "Modified");
	add_column(b, l, "Size");
	buf_adds(b, "</thead>\n<tbody>\n");
	if (path.n > 1)
		buf_adds(b, "<tr><td><a href=\"../\">../</a><td><td>\n");
}

static void
add_bottom(struct buf *b, const struct dirlisting_conf *conf,
    struct connection *con)
{
	buf_adds(b, "</tbody>\n</table>\n");
	if (conf->show_readme)
		add_note(b, conf, con, "README.txt");
	if (conf->footer != NULL) {
		buf_adds(b, "<footer>");
		str_escape_html(b, slice_of(conf->footer));
		buf_adds(b, "</footer>\n");
	}
	buf_adds(b, "</html>\n");
}

static enum verdict
dirlisting_body(struct plugin_self *self, struct connection *con)
{
	const struct dirlisting_conf *conf = plugin_conf(self, con->req);
	struct listing *l = con->req->handler_data;
	const struct row *rows;
	struct buf b = { .n = 0 };
	int failed;

	if (l == NULL)
		return VERDICT_FINISHED;
	rows = (const void *)l->rows.p;
	if (!l->begun && l->json)
		buf_adds(&b, "[\n");
	else if (!l->begun)
		add_top(&b, conf, l, con);
	l->begun = 1;
	for (; l->next < l->nrows && b.n < PIECE; l->next++)
		if (l->json)
			add_json_row(&b, rows + l->next,
			    l->next + 1 == l->nrows);
		else
			add_html_row(&b, conf, rows + l->next);
	if (l->next == l->nrows && l->json)
		buf_adds(&b, "]\n");
	else if (l->next == l->nrows)
		add_bottom(&b, conf, con);
	conn_body(con, b.p, b.n);
	failed = b.failed;
	buf_free(&b);
	if (failed)
		return VERDICT_ERROR;
	return l->next == l->nrows ? VERDICT_FINISHED : VERDICT_GO_ON;
}

/* Folders come first, in either direction. */
static int
compare(const void *left, const void *right)
{
	const struct row *a = left, *b = right;

	if (!S_ISDIR(a->mode) != !S_ISDIR(b->mode))
		return S_ISDIR(a->mode) ? -1 : 1;
	if (a->key != b->key)
		return a->key < b->key ? -a->sign : a->sign;
	return a->sign * strcmp(a->name, b->name);
}

static int
is_shown(const struct dirlisting *d, const struct dirlisting_conf *conf,
    const char *name)
{
	size_t i = 0;

	if (name[0] == '.' && (conf->hide_dotfiles
	    || strcmp(name, ".") == 0 || strcmp(name, "..") == 0))
		return 0;
	while (i < d->nexclude && regexec(d->exclude + i, name, 0, NULL, 0))
		i++;
	return i == d->nexclude;
}

/* Links are shown as what they point to; those that point nowhere, or that
 * may not be followed, are not shown. */
static void
add_row(struct listing *l, int folder, const char *name, int follow)
{
	struct row row = { .key = 0 };
	struct stat st;

	if (fstatat(folder, name, &st, follow ? 0 : AT_SYMLINK_NOFOLLOW) == -1
	    || S_ISLNK(st.st_mode))
		return;
	row.size = st.st_size;
	row.modified = st.st_mtime;
	row.mode = st.st_mode;
	row.sign = l->descending ? -1 : 1;
	if (l->column == 'M')
		row.key = row.modified;
	if (l->column == 'S' && !S_ISDIR(row.mode))
		row.key = row.size;
	buf_add(&l->names, name, strlen(name) + 1);
	buf_add(&l->rows, &row, sizeof(row));
	l->nrows++;
}

/* Reads and sorts the folder, whose descriptor it closes. Returns 0, or -1:
 * no memory. */
static int
read_folder(const struct dirlisting *d, const struct dirlisting_conf *conf,
    struct listing *l, int fd, int follow)
{
	DIR *dir = fdopendir(fd);
	struct row *rows;
	struct dirent *e;
	const char *name;
	size_t i;

	if (dir == NULL) {
		close(fd);
		return -1;
	}
	for (e = readdir(dir); e != NULL; e = readdir(dir))
		if (is_shown(d, conf, e->d_name))
			add_row(l, fd, e->d_name, follow);
	closedir(dir);
	if (l->names.failed || l->rows.failed)
		return -1;
	/* names lie in the order of rows, in an arena that moves no more */
	rows = (void *)l->rows.p;
	for (i = 0, name = l->names.p; i < l->nrows; i++) {
		rows[i].name = name;
		name += strlen(name) + 1;
	}
	if (l->nrows > 1)
		qsort(rows, l->nrows, sizeof(*rows), compare);
	return 0;
}

/* "?json", "?C=M&O=D", also with ";" between. What is not understood is left
 * alone: links in the wild have anything. */
static void
read_query(struct listing *l, struct slice q)
{
	size_t i, n;

	for (i = 0; i < q.n; i += n + 1) {
		n = 0;
		while (i + n < q.n && q.p[i + n] != '&' && q.p[i + n] != ';')
			n++;
		if (n == 4 && memcmp(q.p + i, "json", 4) == 0)
			l->json = 1;
		if (n != 3 || q.p[i + 1] != '=')
			continue;
		if (q.p[i] == 'C' && strchr("MNS", q.p[i + 2]) != NULL)
			l->column = q.p[i + 2];
		if (q.p[i] == 'O')
			l->descending = q.p[i + 2] == 'D';
	}
}

/* Is JSON what the client names before HTML? */
static int
accepts_json(const struct http_head *head)
{
	struct slice s, type;
	unsigned field = 0;
	const char *end;
	size_t at = 0;

	do {
		s = http_list(head, HTTP_ACCEPT, &field, &at);
		end = s.n == 0 ? NULL : memchr(s.p, ';', s.n);
		type.p = s.p;
		type.n = end == NULL ? s.n : (size_t)(end - s.p);
		type = slice_trim(type);
		if (slice_case_eq(type, "application/json"))
			return 1;
	} while (s.p != NULL && !slice_case_eq(type, "text/html"));
	return 0;
}

static void
add_fields(struct connection *con, const struct dirlisting_conf *conf,
    int json)
{
	struct buf *fields = &con->req->fields;

	if (json)
		buf_adds(fields, "Content-Type: application/json\r\n");
	else	/* whatever a name may do, it runs no script */
		buf_printf(fields, "Content-Type: text/html; charset=%s\r\n"
		    "Content-Security-Policy: default-src 'none'; "
		    "style-src %s\r\n", conf->encoding,
		    conf->external_css != NULL ? "*" : "'unsafe-inline'");
	conn_field(con, "Vary", slice_of("Accept"));
	conn_field(con, "X-Content-Type-Options", slice_of("nosniff"));
}

/* The request is answered, or its connection gone: whichever comes first. */
static void
dirlisting_done(struct plugin_self *self, struct connection *con)
{
	struct listing *l;

	if (con->req == NULL || con->req->handler != self
	    || con->req->handler_data == NULL)
		return;
	l = con->req->handler_data;
	con->req->handler_data = NULL;
	buf_free(&l->names);
	buf_free(&l->rows);
	free(l);
}

static enum verdict
dirlisting_start(struct plugin_self *self, struct connection *con)
{
	const struct dirlisting_conf *conf = plugin_conf(self, con->req);
	struct request *req = con->req;
	struct listing *l;
	int fd;

	if ((!conf->activate && !conf->old_activate)
	    || req->path.n == 0 || req->path.p[req->path.n - 1] != '/'
	    || (req->head.method != HTTP_GET && req->head.method != HTTP_HEAD)
	    || req->entry->error != 0 || !S_ISDIR(req->entry->mode))
		return VERDICT_GO_ON;
	fd = sys_open(buf_text(&req->file), O_RDONLY | O_DIRECTORY, 0);
	if (fd == -1 && (errno == EMFILE || errno == ENFILE))
		return VERDICT_WAIT_FOR_FD;
	if (fd == -1) {
		conn_error(con, errno == EACCES ? 403
		    : errno == ENOENT || errno == ENOTDIR ? 404 : 500);
		return VERDICT_FINISHED;
	}
	l = req->handler_data = calloc(1, sizeof(*l));
	if (l == NULL) {
		close(fd);
		conn_error(con, 503);
		return VERDICT_FINISHED;
	}
	l->column = 'N';
	l->json = accepts_json(&req->head);
	read_query(l, req->head.query);
	req->status = 200;
	req->framing = RESPONSE_STREAM;
	add_fields(con, conf, l->json);
	if (read_folder(self->data, conf, l, fd,
	    request_conf(req)->follow_symlink) == -1)
		conn_error(con, 503);
	return VERDICT_FINISHED;
}

static int
dirlisting_set_defaults(struct plugin_self *self, struct server *srv)
{
	const struct dirlisting_conf *conf = plugin_global_conf(self, srv);
	struct dirlisting *d = calloc(1, sizeof(*d));
	size_t i, n = conf->exclude != NULL ? conf->exclude->n : 0;
	const char *pattern;
	char why[128];
	int error;

	self->data = d;
	if (d != NULL)
		d->exclude = calloc(n + 1, sizeof(*d->exclude));
	if (d == NULL || d->exclude == NULL) {
		LOG(srv, "mod_dirlisting: out of memory");
		return -1;
	}
	for (i = 0; i < n; d->nexclude = ++i) {
		pattern = conf->exclude->items[i].value.text;
		error = regcomp(d->exclude + i, pattern,
		    REG_EXTENDED | REG_NOSUB);
		if (error == 0)
			continue;
		regerror(error, d->exclude + i, why, sizeof(why));
		LOG(srv, "dir-listing.exclude: \"%s\": %s", pattern, why);
		return -1;
	}
	return 0;
}

static void
dirlisting_free(struct plugin_self *self, struct server *srv)
{
	struct dirlisting *d = self->data;

	(void)srv;
	if (d == NULL)
		return;
	while (d->nexclude > 0)
		regfree(d->exclude + --d->nexclude);
	free(d->exclude);
	free(d);
	self->data = NULL;
}

const struct plugin mod_dirlisting = {
	.api = PLUGIN_API,
	.name = "mod_dirlisting",
	.version = SERVER_VERSION,
	.keys = dirlisting_keys,
	.conf_size = sizeof(struct dirlisting_conf),
	.set_defaults = dirlisting_set_defaults,
	.free = dirlisting_free,
	.handle_start = dirlisting_start,
	.handle_body = dirlisting_body,
	.handle_request_done = dirlisting_done,
	.handle_connection_close = dirlisting_done,
};
