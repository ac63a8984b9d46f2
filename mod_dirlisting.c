/*
 * mod_dirlisting.c - lists a folder as HTML or JSON, streaming.
 *
 * Claims a GET or HEAD of a folder that has no index file. The folder is read
 * once, into one arena of names and one array of rows, which is sorted; the
 * page is then made in pieces as the client takes it, so that 100,000 entries
 * never need a whole page in memory. No name leaves here unescaped.
 */
#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <regex.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "plugin.h"

enum { PIECE = 16 * 1024 };	/* bytes of the page made at a time */

struct dirlisting_conf {
	int activate, hide_dotfiles, show_header, show_readme;
	const struct conf_list *exclude;
};

#define KEY(name, type, scope, member, preset) { name, type, scope, \
	offsetof(struct dirlisting_conf, member), preset, 0, 0 }
#define SWITCH(name, member, preset) \
	KEY(name, CONF_BOOL, CONF_REQUEST, member, preset)

static const struct conf_key dirlisting_keys[] = {
	SWITCH("dir-listing.activate", activate, NULL),
	SWITCH("server.dir-listing", activate, NULL),
	SWITCH("dir-listing.hide-dotfiles", hide_dotfiles, "enable"),
	SWITCH("dir-listing.show-header", show_header, NULL),
	SWITCH("dir-listing.show-readme", show_readme, NULL),
	KEY("dir-listing.exclude", CONF_LIST, CONF_SERVER, exclude, NULL),
	{ .name = NULL }
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
	int column, sign;	/* sorted by 'N', 'M' or 'S'; -1: descending */
	struct buf names;	/* each with its NUL */
	struct buf rows;	/* array of struct row */
	struct buf scratch;
	size_t nrows, next;	/* row to be shown */
};

static const char page_top[] =
    "<!DOCTYPE html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n"
    "<meta name=\"viewport\" content=\"width=device-width\">\n"
    "<style>:root{color-scheme:light dark;font:16px/1.5 system-ui,sans-serif}"
    "body{max-width:60rem;margin:auto;padding:1rem}a{text-decoration:none}"
    "table{border-collapse:collapse;width:100%}h1,td{overflow-wrap:anywhere}"
    "th,td{text-align:left;padding:.4rem;border-bottom:1px solid #8883}"
    "td+td{white-space:nowrap;width:1%}td+td+td{text-align:right}"
    "[aria-sort^=a]:after{content:' \\25b4'}"
    "[aria-sort^=d]:after{content:' \\25be'}pre{white-space:pre-wrap}"
    "@media(max-width:30rem){th+th,td+td{display:none}"
    "th+th+th,td+td+td{display:table-cell}}</style>\n<title>";

static void
add_html_row(struct buf *b, struct listing *l, const struct row *row)
{
	const char *slash = S_ISDIR(row->mode) ? "/" : "", *unit = "KMGTPE";
	struct slice name = slice_of(row->name);
	uintmax_t size = (uintmax_t)row->size;
	char date[DATE_ISO_SIZE];
	size_t at;
	int fits;

	/* "./" keeps a name from being a scheme */
	buf_adds(b, "<tr><td><a href=\".");
	at = b->n;
	buf_addc(b, '/');
	str_escape_url(b, name);
	fits = !b->failed && str_url_path(&l->scratch,
	    (struct slice){ b->p + at, b->n - at }) == 0;
	buf_printf(b, "%s\">", slash);
	/* not UTF-8, or with control characters: as in the URL */
	(fits ? str_escape_html : str_escape_url)(b, name);
	date_iso(date, (time_t)row->modified);	/* shown without seconds */
	buf_printf(b, "%s</a><td>%.16s<td>", slash, date);
	for (; size >= 1024 * 1024; size /= 1024)
		unit++;
	if (S_ISDIR(row->mode))
		buf_adds(b, "-\n");
	else if (row->size < 1024)
		buf_printf(b, "%ju B\n", size);
	else	/* "1.5 KiB" */
		buf_printf(b, "%ju.%ju %ciB\n", size / 1024,
		    size % 1024 * 10 / 1024, *unit);
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

/* What the cache knows of name in the folder; it minds what links may be
 * followed. To be dropped; NULL when there is nothing, or no memory: then
 * req->file.failed is set. */
static struct stat_entry *
look(struct connection *con, const char *name)
{
	struct buf *path = &con->req->file;
	size_t folder = path->n;
	struct stat_entry *e = NULL;

	buf_adds(path, name);
	buf_text(path);
	if (!path->failed)
		e = stat_cache_get(con->srv, path->p, path->n,
		    request_conf(con->req));
	path->failed |= e == NULL;
	path->n = folder;
	buf_text(path);
	if (e == NULL || e->error == 0)
		return e;
	stat_cache_drop(e);
	return NULL;
}

/* Shows a text file of the folder, if it is there and small enough for the
 * cache to hold it. */
static void
add_note(struct buf *b, struct connection *con, const char *name)
{
	struct stat_entry *e = look(con, name);
	struct file *file = NULL;

	if (e == NULL)
		return;
	if (S_ISREG(e->mode)) {
		file = stat_cache_open(con->srv, e, request_conf(con->req));
		con->req->file.failed |= file == NULL && errno == ENOMEM;
	}
	if (file != NULL && file->fd == -1) {
		buf_adds(b, "<pre>");
		str_escape_html(b, (struct slice){ file->bytes, file->size });
		buf_adds(b, "</pre>\n");
	}
	stat_cache_drop(e);
}

/* What stands above the rows. A column's head sorts by it, or the other way
 * round. */
static void
add_top(struct buf *b, const struct listing *l, struct connection *con,
    int show_header)
{
	static const char *const titles[] = { "Name", "Modified", "Size" };
	struct slice path = { con->req->path.p, con->req->path.n };
	size_t i;
	int now;

	buf_add(b, page_top, sizeof(page_top) - 1);
	str_escape_html(b, path);
	buf_adds(b, "</title>\n<h1>");
	str_escape_html(b, path);
	buf_adds(b, "</h1>\n");
	if (show_header)
		add_note(b, con, "HEADER.txt");
	buf_adds(b, "<table>\n<thead><tr>");
	for (i = 0; i < COUNT(titles); i++) {
		now = l->column == titles[i][0] ? l->sign : 0;
		buf_printf(b, "<th%s><a href=\"?C=%c&amp;O=%c\">%s</a>",
		    now == 0 ? "" : now < 0 ? " aria-sort=descending"
		    : " aria-sort=ascending", titles[i][0],
		    now > 0 ? 'D' : 'A', titles[i]);
	}
	buf_adds(b, "</thead>\n<tbody>\n");
	if (path.n > 1)
		buf_adds(b, "<tr><td><a href=\"../\">../</a><td><td>\n");
}

static enum verdict
dirlisting_body(struct plugin_self *self, struct connection *con)
{
	const struct dirlisting_conf *conf = plugin_conf(self, con->req);
	struct listing *l = con->req->handler_data;
	const struct row *row = (const void *)l->rows.p;
	struct buf b = { .n = 0 };
	size_t top;
	int failed;

	if (l->next == 0 && l->json)
		buf_adds(&b, "[\n");
	else if (l->next == 0)
		add_top(&b, l, con, conf->show_header);
	for (top = b.n; l->next < l->nrows && b.n - top < PIECE; l->next++)
		if (l->json)
			add_json_row(&b, row + l->next,
			    l->next + 1 == l->nrows);
		else
			add_html_row(&b, l, row + l->next);
	if (l->next == l->nrows && l->json) {
		buf_adds(&b, "]\n");
	} else if (l->next == l->nrows) {
		buf_adds(&b, "</tbody>\n</table>\n");
		if (conf->show_readme)
			add_note(&b, con, "README.txt");
		buf_adds(&b, "</html>\n");
	}
	conn_body(con, b.p, b.n);
	failed = b.failed || con->req->file.failed;
	buf_free(&b);
	return failed ? VERDICT_ERROR
	    : l->next == l->nrows ? VERDICT_FINISHED : VERDICT_GO_ON;
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

/* Adds one entry of the folder, unless it is to be hidden. A link is shown as
 * what it points to, if a request for it would be answered. */
static void
add_row(struct listing *l, const regex_t *exclude, struct connection *con,
    int folder, const char *name)
{
	struct row row = { .sign = l->sign };
	struct stat_entry *e;
	struct stat st;

	if ((exclude != NULL && regexec(exclude, name, 0, NULL, 0) == 0)
	    || fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW) == -1)
		return;
	row.size = st.st_size;
	row.modified = st.st_mtime;
	row.mode = st.st_mode;
	if (S_ISLNK(st.st_mode)) {
		e = look(con, name);
		if (e == NULL)
			return;
		row.size = e->size;
		row.modified = e->modified;
		row.mode = e->mode;
		stat_cache_drop(e);
	}
	if (l->column == 'M')
		row.key = row.modified;
	if (l->column == 'S' && !S_ISDIR(row.mode))
		row.key = row.size;
	buf_add(&l->names, name, strlen(name) + 1);
	buf_add(&l->rows, &row, sizeof(row));
	l->nrows++;
}

/* Reads and sorts the folder. Returns 0, or -1: no memory. */
static int
read_folder(const regex_t *exclude, int hide_dotfiles,
    struct listing *l, DIR *dir, struct connection *con)
{
	struct row *rows;
	struct dirent *e;
	const char *name;
	size_t i;

	for (e = readdir(dir); e != NULL; e = readdir(dir))
		if (e->d_name[0] != '.' || (!hide_dotfiles
		    && strcmp(e->d_name, ".") != 0
		    && strcmp(e->d_name, "..") != 0))
			add_row(l, exclude, con, dirfd(dir), e->d_name);
	if (l->names.failed || l->rows.failed || con->req->file.failed)
		return -1;
	/* names lie in the order of rows, in an arena that moves no more */
	rows = (void *)l->rows.p;
	name = l->names.p;
	for (i = 0; i < l->nrows; i++, name += strlen(name) + 1)
		rows[i].name = name;
	if (l->nrows > 1)
		qsort(rows, l->nrows, sizeof(*rows), compare);
	return 0;
}

/* "?json", "?C=M&O=D". What is not understood is left alone: links in the wild
 * have anything. */
static void
read_query(struct listing *l, struct slice q)
{
	l->json |= q.n >= 4 && memcmp(q.p, "json", 4) == 0;
	for (; q.n >= 3; q.p++, q.n--) {
		if (memcmp(q.p, "C=M", 3) == 0 || memcmp(q.p, "C=S", 3) == 0)
			l->column = q.p[2];
		if (memcmp(q.p, "O=D", 3) == 0)
			l->sign = -1;
	}
}

/* Is JSON what the client names before HTML? */
static int
accepts_json(const struct http_head *head)
{
	unsigned field = 0;
	size_t at = 0;
	struct slice s;

	do {
		s = http_list(head, HTTP_ACCEPT, &field, &at);
		if (s.n >= 16 && strncasecmp(s.p, "application/json", 16) == 0)
			return 1;
	} while (s.n > 0
	    && (s.n < 9 || strncasecmp(s.p, "text/html", 9) != 0));
	return 0;
}

/* The request is answered, or its connection gone: whichever comes first. */
static void
dirlisting_done(struct plugin_self *self, struct connection *con)
{
	struct request *req = con->req;
	struct listing *l;

	if (req == NULL || req->handler != self || req->handler_data == NULL)
		return;
	l = req->handler_data;
	req->handler_data = NULL;
	buf_free(&l->names);
	buf_free(&l->rows);
	buf_free(&l->scratch);
	free(l);
}

static enum verdict
dirlisting_start(struct plugin_self *self, struct connection *con)
{
	const struct dirlisting_conf *conf = plugin_conf(self, con->req);
	struct request *req = con->req;
	struct listing *l;
	DIR *dir;

	if (!conf->activate
	    || req->path.n == 0 || req->path.p[req->path.n - 1] != '/'
	    || (req->head.method != HTTP_GET && req->head.method != HTTP_HEAD)
	    || req->entry->error != 0 || !S_ISDIR(req->entry->mode))
		return VERDICT_GO_ON;
	dir = opendir(buf_text(&req->file));
	if (dir == NULL && (errno == EMFILE || errno == ENFILE))
		return VERDICT_WAIT_FOR_FD;
	l = dir == NULL ? NULL : calloc(1, sizeof(*l));
	if (l == NULL) {		/* else: no memory */
		conn_error(con, errno == EACCES ? 403 : 503);
		if (dir != NULL)
			closedir(dir);
		return VERDICT_FINISHED;
	}
	req->handler_data = l;
	l->column = 'N';
	l->sign = 1;
	l->json = accepts_json(&req->head);
	read_query(l, req->head.query);
	req->status = 200;
	req->framing = RESPONSE_STREAM;
	conn_field(con, "Vary", slice_of("Accept"));
	conn_field(con, "X-Content-Type-Options", slice_of("nosniff"));
	conn_field(con, "Content-Type", slice_of(l->json ? "application/json"
	    : "text/html; charset=utf-8"));
	if (!l->json)	/* whatever a name may do, it runs no script */
		conn_field(con, "Content-Security-Policy",
		    slice_of("default-src 'none'; style-src 'unsafe-inline'"));
	if (read_folder(self->data, conf->hide_dotfiles, l, dir, con) == -1)
		conn_error(con, 503);
	closedir(dir);
	return VERDICT_FINISHED;
}

/* All of dir-listing.exclude as one expression. */
static int
dirlisting_set_defaults(struct plugin_self *self, struct server *srv)
{
	const struct dirlisting_conf *conf = plugin_global_conf(self);
	const struct conf_list *list = conf->exclude;
	struct buf all = { .n = 0 };
	size_t i;

	(void)srv;
	if (list == NULL || list->n == 0)
		return 0;
	for (i = 0; i < list->n; i++)
		buf_printf(&all, "%s(%s)", i > 0 ? "|" : "",
		    list->items[i].value.text);
	self->data = malloc(sizeof(regex_t));
	if (self->data == NULL || all.failed || regcomp(self->data,
	    buf_text(&all), REG_EXTENDED | REG_NOSUB) != 0) {
		(void)config_fault(self->config, "dir-listing.exclude",
		    "not extended regular expressions: %s", buf_text(&all));
		free(self->data);
		self->data = NULL;
	}
	buf_free(&all);
	return self->data != NULL ? 0 : -1;
}

static void
dirlisting_free(struct plugin_self *self, struct server *srv)
{
	(void)srv;
	if (self->data != NULL)
		regfree(self->data);
	free(self->data);
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
