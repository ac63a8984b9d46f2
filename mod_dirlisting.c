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

/* dir-listing.exclude, compiled. */
struct exclude {
	size_t n;
	regex_t pattern[];
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
	int utf8;		/* names should be */
	int column, descending;	/* sorted by 'N', 'M' or 'S' */
	struct buf names;	/* each with its NUL */
	struct buf rows;	/* array of struct row */
	struct buf scratch;
	size_t nrows, next;	/* row to be shown */
	int begun;		/* what stands above the rows is out */
};

static const char style[] =
    "</title>\n<style>:root{color-scheme:light dark;--m:#5b6470;--l:#0a58c2}"
    "@media(prefers-color-scheme:dark){:root{--m:#9aa3ad;--l:#7ab7ff}}"
    "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:auto;"
    "padding:1rem}h1{font-size:1.25rem}h1,td,pre{overflow-wrap:anywhere}"
    "table{border-collapse:collapse;width:100%}td+td{color:var(--m);"
    "white-space:nowrap;width:1%}th,td{text-align:left;padding:.4rem .5rem;"
    "border-bottom:1px solid #8883}td:last-child{text-align:right}"
    "[aria-sort^=a] a:after{content:' \\25b4'}a{color:var(--l);"
    "text-decoration:none}[aria-sort^=d] a:after{content:' \\25be'}"
    "pre{white-space:pre-wrap;background:#8882;padding:.75rem}"
    "a:hover{text-decoration:underline}footer{color:var(--m)}"
    "@media(max-width:30rem){"
    "th:nth-child(2),td:nth-child(2){display:none}}</style>\n";

/* Begins a row: a link to exactly the bytes of the name ("./" keeps them from
 * being a scheme), and its text. A name no URL can have here, since it is not
 * UTF-8 or has control characters, is shown with U+FFFD for all but ASCII. */
static void
add_name(struct buf *b, struct listing *l, const struct row *row)
{
	const char *slash = S_ISDIR(row->mode) ? "/" : "";
	struct slice name = slice_of(row->name);
	size_t at;
	int fits;

	buf_adds(b, "<tr><td><a href=\".");
	at = b->n;
	buf_addc(b, '/');
	str_escape_url(b, name);
	fits = !b->failed && str_url_path(&l->scratch,
	    (struct slice){ b->p + at, b->n - at }) == 0;
	buf_printf(b, "%s\">", slash);
	if (fits || !l->utf8)
		str_escape_html(b, name);
	for (; !fits && l->utf8 && name.n > 0; name.p++, name.n--)
		if (*name.p < ' ' || *name.p > '~')
			buf_adds(b, "\xef\xbf\xbd");
		else
			str_escape_html(b, (struct slice){ name.p, 1 });
	buf_printf(b, "%s</a>", slash);
}

/* "512 B", "1.5 KiB", "12.0 MiB". */
static void
add_size(struct buf *b, off_t size)
{
	static const char units[] = "KMGTPE";
	uintmax_t n = (uintmax_t)size;
	size_t unit = 0;

	for (; n >= 1024 * 1024; n /= 1024)
		unit++;
	if (size < 1024)
		buf_printf(b, "%ju B", n);
	else
		buf_printf(b, "%ju.%ju %ciB", n / 1024,
		    n % 1024 * 10 / 1024, units[unit]);
}

static void
add_html_row(struct buf *b, struct listing *l, const struct row *row)
{
	char date[DATE_ISO_SIZE];

	date_iso(date, (time_t)row->modified);
	add_name(b, l, row);
	buf_printf(b, "<td>%.16s<td>", date);	/* no seconds */
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
add_note(struct buf *b, struct connection *con, const char *name)
{
	const struct core_conf *core = request_conf(con->req);
	struct buf *path = &con->req->file;
	size_t folder = path->n;
	struct file *file = NULL;
	struct stat_entry *e;

	buf_adds(path, name);
	e = stat_cache_get(con->srv, buf_text(path), path->n, core);
	if (e != NULL && e->error == 0 && S_ISREG(e->mode))
		file = stat_cache_open(con->srv, e, core);
	if (file != NULL && file->fd == -1) {
		buf_adds(b, "<pre>");
		str_escape_html(b, (struct slice){ file->bytes, file->size });
		buf_adds(b, "</pre>\n");
	}
	if (e != NULL)
		stat_cache_drop(e);
	path->n = folder;
	buf_text(path);
}

/* A column's head sorts by it, or the other way round. */
static void
add_top(struct buf *b, const struct dirlisting_conf *conf,
    const struct listing *l, struct connection *con)
{
	static const char *const titles[] = { "Name", "Modified", "Size" };
	struct slice path = { con->req->path.p, con->req->path.n };
	size_t i;
	int now;

	buf_printf(b, "<!DOCTYPE html>\n<html lang=\"en\">\n"
	    "<meta charset=\"%s\">\n<meta name=\"viewport\" "
	    "content=\"width=device-width,initial-scale=1\">\n<title>",
	    conf->encoding);
	str_escape_html(b, path);
	if (conf->external_css != NULL) {
		buf_adds(b, "</title>\n<link rel=\"stylesheet\" href=\"");
		str_escape_html(b, slice_of(conf->external_css));
	}
	buf_adds(b, conf->external_css != NULL ? "\">\n" : style);
	buf_adds(b, "<h1>");
	str_escape_html(b, path);
	buf_adds(b, "</h1>\n");
	if (conf->show_header)
		add_note(b, con, "HEADER.txt");
	buf_adds(b, "<table>\n<thead><tr>");
	for (i = 0; i < COUNT(titles); i++) {
		now = l->column == titles[i][0];
		buf_printf(b, "<th%s><a href=\"?C=%c&amp;O=%c\">%s</a>",
		    !now ? "" : l->descending ? " aria-sort=descending"
		    : " aria-sort=ascending", titles[i][0],
		    now && !l->descending ? 'D' : 'A', titles[i]);
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
	const struct row *row;
	struct buf b = { .n = 0 };
	int failed, done;

	if (!l->begun && l->json)
		buf_adds(&b, "[\n");
	else if (!l->begun)
		add_top(&b, conf, l, con);
	l->begun = 1;
	for (; l->next < l->nrows && b.n < PIECE; l->next++) {
		row = (const struct row *)(const void *)l->rows.p + l->next;
		if (l->json)
			add_json_row(&b, row, l->next + 1 == l->nrows);
		else
			add_html_row(&b, l, row);
	}
	done = l->next == l->nrows;
	if (done)
		buf_adds(&b, l->json ? "]\n" : "</tbody>\n</table>\n");
	if (done && !l->json) {
		if (conf->show_readme)
			add_note(&b, con, "README.txt");
		buf_adds(&b, "<footer>");
		if (conf->footer != NULL)
			str_escape_html(&b, slice_of(conf->footer));
		buf_adds(&b, "</footer>\n</html>\n");
	}
	conn_body(con, b.p, b.n);
	failed = b.failed;
	buf_free(&b);
	return failed ? VERDICT_ERROR
	    : done ? VERDICT_FINISHED : VERDICT_GO_ON;
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
is_shown(const struct exclude *exclude, int hide_dotfiles, const char *name)
{
	size_t i;

	if (name[0] == '.' && (hide_dotfiles
	    || strcmp(name, ".") == 0 || strcmp(name, "..") == 0))
		return 0;
	for (i = 0; i < exclude->n; i++)
		if (regexec(exclude->pattern + i, name, 0, NULL, 0) == 0)
			return 0;
	return 1;
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
read_folder(const struct exclude *exclude, int hide_dotfiles,
    struct listing *l, int fd, int follow)
{
	DIR *dir = fdopendir(fd);
	struct row *rows;
	struct dirent *e;
	const char *name;
	size_t i = 0;

	if (dir == NULL) {
		close(fd);
		return -1;
	}
	for (e = readdir(dir); e != NULL; e = readdir(dir))
		if (is_shown(exclude, hide_dotfiles, e->d_name))
			add_row(l, fd, e->d_name, follow);
	closedir(dir);
	if (l->names.failed || l->rows.failed)
		return -1;
	/* names lie in the order of rows, in an arena that moves no more */
	rows = (void *)l->rows.p;
	for (name = l->names.p; i < l->nrows; name += strlen(name) + 1)
		rows[i++].name = name;
	if (l->nrows > 1)
		qsort(rows, l->nrows, sizeof(*rows), compare);
	return 0;
}

/* "?json", "?C=M&O=D", also with ";" between. What is not understood is left
 * alone: links in the wild have anything. */
static void
read_query(struct listing *l, struct slice q)
{
	size_t i;

	for (i = 0; i < q.n; i++) {
		if (i > 0 && q.p[i - 1] != '&' && q.p[i - 1] != ';')
			continue;
		if (q.n - i >= 4 && memcmp(q.p + i, "json", 4) == 0)
			l->json = 1;
		if (q.n - i < 3 || q.p[i + 1] != '=')
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
	unsigned field = 0;
	size_t at = 0;
	const char *end;
	struct slice s;

	do {
		s = http_list(head, HTTP_ACCEPT, &field, &at);
		end = s.n == 0 ? NULL : memchr(s.p, ';', s.n);
		if (end != NULL)
			s.n = (size_t)(end - s.p);
		s = slice_trim(s);
		if (slice_case_eq(s, "application/json"))
			return 1;
	} while (s.p != NULL && !slice_case_eq(s, "text/html"));
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
	struct listing *l = NULL;
	int fd;

	if ((!conf->activate && !conf->old_activate)
	    || req->path.n == 0 || req->path.p[req->path.n - 1] != '/'
	    || (req->head.method != HTTP_GET && req->head.method != HTTP_HEAD)
	    || req->entry->error != 0 || !S_ISDIR(req->entry->mode))
		return VERDICT_GO_ON;
	fd = sys_open(buf_text(&req->file), O_RDONLY | O_DIRECTORY, 0);
	if (fd == -1 && (errno == EMFILE || errno == ENFILE))
		return VERDICT_WAIT_FOR_FD;
	if (fd != -1)
		l = calloc(1, sizeof(*l));
	if (l == NULL) {
		conn_error(con, errno == EACCES ? 403 : errno == ENOENT
		    || errno == ENOTDIR ? 404 : 500);
		if (fd != -1)
			close(fd);
		return VERDICT_FINISHED;
	}
	req->handler_data = l;
	l->utf8 = slice_case_eq(slice_of(conf->encoding), "utf-8");
	l->column = 'N';
	l->json = accepts_json(&req->head);
	read_query(l, req->head.query);
	req->status = 200;
	req->framing = RESPONSE_STREAM;
	conn_field(con, "Vary", slice_of("Accept"));
	conn_field(con, "X-Content-Type-Options", slice_of("nosniff"));
	if (l->json)
		conn_field(con, "Content-Type", slice_of("application/json"));
	else	/* whatever a name may do, it runs no script */
		buf_printf(&req->fields, "Content-Type: text/html; charset=%s"
		    "\r\nContent-Security-Policy: default-src 'none'; "
		    "style-src %s\r\n", conf->encoding,
		    conf->external_css != NULL ? "*" : "'unsafe-inline'");
	if (read_folder(self->data, conf->hide_dotfiles, l, fd,
	    request_conf(req)->follow_symlink) == -1)
		conn_error(con, 503);
	return VERDICT_FINISHED;
}

static int
dirlisting_set_defaults(struct plugin_self *self, struct server *srv)
{
	const struct dirlisting_conf *conf = plugin_global_conf(self, srv);
	size_t n = conf->exclude != NULL ? conf->exclude->n : 0;
	struct exclude *e;
	const char *text;

	e = self->data = calloc(1, sizeof(*e) + n * sizeof(*e->pattern));
	if (e == NULL) {
		LOG(srv, "mod_dirlisting: out of memory");
		return -1;
	}
	for (; e->n < n; e->n++) {
		text = conf->exclude->items[e->n].value.text;
		if (regcomp(e->pattern + e->n, text,
		    REG_EXTENDED | REG_NOSUB) == 0)
			continue;
		LOG(srv, "dir-listing.exclude: \"%s\" is no extended regular "
		    "expression", text);
		return -1;
	}
	return 0;
}

static void
dirlisting_free(struct plugin_self *self, struct server *srv)
{
	struct exclude *e = self->data;

	(void)srv;
	while (e != NULL && e->n > 0)
		regfree(e->pattern + --e->n);
	free(e);
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
