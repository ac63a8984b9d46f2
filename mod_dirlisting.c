/*
 * mod_dirlisting.c - lists a folder as HTML or JSON, streaming.
 *
 * Claims a GET or HEAD of a folder that has no index file. The folder is read
 * a part a turn, so that a large one holds up nobody, into an arena of names
 * and a heap of rows. The page is made in pieces as the client takes it, the
 * top of the heap first: never are 100,000 entries sorted at once, never is a
 * whole page in memory. No name leaves here unescaped.
 */
#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "plugin.h"

enum {
	PIECE = 16 * 1024,	/* bytes of the page made at a time */
	PART = 256,		/* entries of the folder read at a time */
	MOST = 64 << 20		/* bytes of all rows: many clients are slow */
};

struct dirlisting_conf {
	int activate, hide_dotfiles, show_header, show_readme;
	const struct pat *exclude;	/* CONF_LIST until compiled */
};

#define SWITCH(name, member, preset) { name, CONF_BOOL, CONF_REQUEST, \
	offsetof(struct dirlisting_conf, member), preset, 0, 0 }

static const char exclude[] = "dir-listing.exclude";

static const struct conf_key dirlisting_keys[] = {
	SWITCH("dir-listing.activate", activate, NULL),
	SWITCH("server.dir-listing", activate, NULL),
	SWITCH("dir-listing.hide-dotfiles", hide_dotfiles, "enable"),
	SWITCH("dir-listing.show-header", show_header, NULL),
	SWITCH("dir-listing.show-readme", show_readme, NULL),
	{ exclude, CONF_LIST, CONF_REQUEST,
	    offsetof(struct dirlisting_conf, exclude), NULL, 0, 0 },
	{ .name = NULL }
};

struct row {
	int64_t size, modified;
	uint32_t name;		/* where it lies in the listing's names */
	mode_t mode;
};

/* One listing on its way; hangs in req->handler_data. */
struct listing {
	DIR *dir;		/* NULL: all of it was read */
	int begun, json;
	int column, sign;	/* sorted by 'N', 'M' or 'S'; -1: descending */
	struct buf names;	/* each with its NUL */
	struct buf rows;	/* array of struct row: a heap */
	struct buf scratch;
	size_t held;		/* bytes of MOST; self->data: of all */
};

static const char page_top[] =
    "<!DOCTYPE html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n"
    "<meta name=\"viewport\" content=\"width=device-width\">\n"
    "<style>:root{color-scheme:light dark;font:16px/1.5 system-ui,sans-serif}"
    "body{max-width:60rem;margin:auto;padding:1rem}h1{font-size:1.4rem}"
    "a{text-decoration:none}a:link{color:#05c}pre{white-space:pre-wrap}"
    "table{border-collapse:collapse;width:100%}h1,td{overflow-wrap:anywhere}"
    "tr{border-bottom:1px solid #8883;position:relative}"
    "tr:hover{background:#8881}th,td{text-align:left;padding:.5rem}"
    "td+td{white-space:nowrap;width:1%;opacity:.7}"
    "th+th+th,td+td+td{text-align:right}[href$='/']{font-weight:600}"
    "td a:after{content:'';position:absolute;inset:0}"
    "[aria-sort]:after{content:'\\25b4'}[aria-sort^=d]:after{content:'\\25be'}"
    "@media(max-width:40rem){tr{display:grid;grid:auto/1fr auto auto}"
    "td{grid-column:1/4;padding-bottom:0}td:empty{display:none}"
    "td+td{grid-area:2/1;width:auto;padding:0 .5rem .4rem}"
    "td+td+td{grid-area:2/2/3/4}}"
    "@media(prefers-color-scheme:dark){a:link{color:#8bf}}</style>\n<title>";
/* Where scripts run, a column's head sorts in place. What has this hash may
 * run, and nothing else. */
static const char page_end[] = "<script>"
    "onclick=e=>{let a=e.target.closest(\"th a\"),"
    "q=d=>d.querySelector(\"table\");a&&(e.preventDefault(),"
    "fetch(a.href).then(r=>r.text()).then(t=>{q(document).replaceWith("
    "q(new DOMParser().parseFromString(t,\"text/html\")));"
    "history.replaceState(0,\"\",a.href)}))}</script>\n</html>\n";
#define SCRIPT_HASH "XjzO8WuRQzpuEsj9s0rNMyKrXuRSS4rQOefgJBcCrnA="

static void
add_html_row(struct buf *b, struct listing *l, const struct row *row)
{
	const char *slash = S_ISDIR(row->mode) ? "/" : "";
	struct slice name = slice_of(l->names.p + row->name);
	char date[DATE_ISO_SIZE];
	uint32_t last = 0;
	size_t at = b->n + 18, i;
	int fits, plain;

	/* "./" keeps a name from being a scheme */
	buf_adds(b, "<tr><td><a href=\"./");
	str_escape_url(b, name);
	plain = fits = !b->failed && str_url_path(&l->scratch,
	    (struct slice){ b->p + at, b->n - at }) == 0;
	b->failed |= l->scratch.failed;
	buf_printf(b, "%s\">", slash);
	if (!fits && !b->failed)	/* a request for it would be refused */
		b->n = at - 10;
	/* not UTF-8, or unseen marks (U+2028 to U+202F, U+2060 to U+206F) that
	 * make it look like another name: as in a URL */
	for (i = 0; i < name.n; i++) {
		last = last << 8 | (unsigned char)name.p[i];
		plain &= (last & 0xfffff8) != 0xe280a8
		    && (last & 0xfffff0) != 0xe281a0;
	}
	(plain ? str_escape_html : str_escape_url)(b, name);
	date_iso(date, (time_t)row->modified);	/* shown without seconds */
	buf_printf(b, "%s%s<td>%.16s<td>", slash, fits ? "</a>" : "", date);
	if (S_ISDIR(row->mode))
		buf_addc(b, '-');
	else
		str_size(b, (uintmax_t)row->size);
	buf_addc(b, '\n');
}

static void
add_json_row(struct buf *b, struct listing *l, const struct row *row)
{
	buf_adds(b, "{\"name\":\"");
	str_escape_json(b, slice_of(l->names.p + row->name));
	buf_printf(b, "\",\"type\":\"%s\",\"size\":%jd,\"mtime\":%jd}%s\n",
	    S_ISDIR(row->mode) ? "directory" : S_ISREG(row->mode) ? "file"
	    : "other", (intmax_t)row->size, (intmax_t)row->modified,
	    l->rows.n == sizeof(*row) ? "" : ",");
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

/* What stands above the rows; a column's head sorts by it, or turns it. */
static void
add_top(struct buf *b, const struct listing *l, struct connection *con,
    int show_header)
{
	const char *title = "Name\0Modified\0Size\0";
	struct slice path = { con->req->path.p, con->req->path.n };
	int now;

	if (l->json) {
		buf_adds(b, "[\n");
		return;
	}
	buf_add(b, page_top, sizeof(page_top) - 1);
	str_escape_html(b, path);
	buf_adds(b, "</title>\n<h1>");
	str_escape_html(b, path);
	buf_adds(b, "</h1>\n");
	if (show_header)
		add_note(b, con, "HEADER.txt");
	buf_adds(b, "<table>\n<thead><tr>");
	for (; *title != '\0'; title += strlen(title) + 1) {
		now = l->column == *title ? l->sign : 0;
		buf_printf(b, "<th%s><a href=\"?C=%c&amp;O=%c\">%s</a>",
		    now == 0 ? "" : now < 0 ? " aria-sort=descending"
		    : " aria-sort=ascending", *title, now > 0 ? 'D' : 'A',
		    title);
	}
	buf_adds(b, "</thead>\n<tbody>\n");
	if (path.n > 1)
		buf_adds(b, "<tr><td><a href=\"../\">../</a><td><td>\n");
}

/* Is a to be shown before b? Folders come first, in either direction. */
static int
is_before(const struct listing *l, const struct row *a, const struct row *b)
{
	int order = 0;
	int64_t x, y;

	if (!S_ISDIR(a->mode) != !S_ISDIR(b->mode))
		return S_ISDIR(a->mode);
	if (l->column != 'N') {
		x = l->column == 'M' ? a->modified : a->size;
		y = l->column == 'M' ? b->modified : b->size;
		order = (x > y) - (x < y);
	}
	if (order == 0)
		order = strcmp(l->names.p + a->name, l->names.p + b->name);
	return l->sign * order < 0;
}

/* Takes the first one off. */
static void
pop(struct listing *l)
{
	struct row *rows = (void *)l->rows.p, *last;
	size_t n = l->rows.n / sizeof(*last) - 1, i = 0, next;

	l->rows.n -= sizeof(*last);
	last = rows + n;
	for (next = 1; next < n; next = 2 * i + 1) {
		next += next + 1 < n
		    && is_before(l, rows + next + 1, rows + next);
		if (!is_before(l, rows + next, last))
			break;
		rows[i] = rows[next];
		i = next;
	}
	rows[i] = *last;
}

/* Adds one entry of the folder, unless it is to be hidden. A link is shown as
 * what it points to, if a request for it would be answered. */
static void
add_row(struct listing *l, const struct plugin_self *self,
    struct connection *con, const char *name)
{
	const struct dirlisting_conf *conf = plugin_conf(self, con->req);
	size_t i = l->rows.n / sizeof(struct row), up;
	struct row row, *rows;
	struct stat_entry *e;
	struct stat st;

	if ((name[0] == '.' && (conf->hide_dotfiles
	    || name[1 + (name[1] == '.')] == '\0'))	/* "." and ".." */
	    || (conf->exclude != NULL
	    && pat_match(conf->exclude, name, strlen(name), NULL) > 0)
	    || fstatat(dirfd(l->dir), name, &st, AT_SYMLINK_NOFOLLOW) == -1)
		return;
	row = (struct row){ st.st_size, st.st_mtime, (uint32_t)l->names.n,
		st.st_mode };
	if (S_ISLNK(row.mode)) {
		e = look(con, name);
		if (e == NULL)
			return;
		row = (struct row){ e->size, e->modified, row.name, e->mode };
		stat_cache_drop(e);
	}
	if (S_ISDIR(row.mode))
		row.size = 0;
	buf_add(&l->names, name, strlen(name) + 1);
	buf_add(&l->rows, &row, sizeof(row));
	l->rows.failed |= l->names.failed || l->names.n > INT32_MAX;
	for (rows = (void *)l->rows.p; i > 0 && !l->rows.failed; i = up) {
		up = (i - 1) / 2;
		if (!is_before(l, &row, rows + up))
			break;
		rows[i] = rows[up];
		rows[up] = row;
	}
}

static void
close_folder(struct listing *l, struct connection *con)
{
	if (l->dir != NULL && closedir(l->dir) == 0)
		con->srv->own_fds--;
	l->dir = NULL;
}

/* Reads a part of the folder. Returns 0, or -1: no memory. */
static int
read_folder(struct listing *l, const struct plugin_self *self,
    struct connection *con)
{
	size_t *held = self->data;
	struct dirent *e;
	int i;

	for (i = 0; i < PART && l->dir != NULL; i++) {
		e = readdir(l->dir);
		if (e == NULL)
			close_folder(l, con);
		else
			add_row(l, self, con, e->d_name);
	}
	*held -= l->held;
	l->held = l->names.cap + l->rows.cap;
	*held += l->held;
	return l->rows.failed || con->req->file.failed || (l->dir != NULL
	    && *held > MOST && *held > l->held) ? -1 : 0;
}

static enum verdict
dirlisting_body(struct plugin_self *self, struct connection *con)
{
	const struct dirlisting_conf *conf = plugin_conf(self, con->req);
	struct listing *l = con->req->handler_data;
	struct buf b = { .n = 0 };

	if (l->dir != NULL && read_folder(l, self, con) == -1)
		return VERDICT_ERROR;
	if (!l->begun)
		add_top(&b, l, con, conf->show_header);
	l->begun = 1;
	while (l->dir == NULL && l->rows.n > 0 && b.n < PIECE) {
		(l->json ? add_json_row : add_html_row)(&b, l,
		    (const void *)l->rows.p);
		pop(l);
	}
	if (l->dir == NULL && l->rows.n == 0) {
		buf_adds(&b, l->json ? "]\n" : "</tbody>\n</table>\n");
		if (conf->show_readme && !l->json)
			add_note(&b, con, "README.txt");
		buf_adds(&b, l->json ? "" : page_end);
	}
	conn_body(con, b.p, b.n);
	con->req->out.mem.failed |= b.failed || con->req->file.failed;
	buf_free(&b);
	if (l->dir == NULL)
		return l->rows.n > 0 ? VERDICT_GO_ON : VERDICT_FINISHED;
	conn_wake(con);			/* others first */
	return VERDICT_WAIT_FOR_EVENT;
}

/* "?json", "?C=M&O=D"; what is not understood is left alone. */
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

static void
dirlisting_release(struct plugin_self *self, struct connection *con)
{
	struct listing *l = con->req->handler_data;
	size_t *held = self->data;

	close_folder(l, con);
	*held -= l->held;
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
	l = dir == NULL ? NULL : malloc(sizeof(*l));
	if (l == NULL) {		/* else: no memory */
		conn_error(con, errno == EACCES ? 403 : 503);
		if (dir != NULL)
			closedir(dir);
		return VERDICT_FINISHED;
	}
	req->handler = self;
	req->handler_data = l;
	*l = (struct listing){ .dir = dir, .column = 'N', .sign = 1 };
	l->json = http_weight(&req->head, HTTP_ACCEPT, "application/json")
	    > http_weight(&req->head, HTTP_ACCEPT, "text/html");
	con->srv->own_fds++;
	read_query(l, req->head.query);
	req->status = 200;
	req->framing = RESPONSE_STREAM;
	buf_adds(&req->fields, "Vary: Accept\r\n"
	    "X-Content-Type-Options: nosniff\r\nContent-Type: ");
	buf_adds(&req->fields, l->json ? "application/json\r\n"
	    : "text/html; charset=utf-8\r\n"
	    "Content-Security-Policy: default-src 'none'; "
	    "style-src 'unsafe-inline'; connect-src 'self'; "
	    "script-src 'sha256-" SCRIPT_HASH "'\r\n");
	if (read_folder(l, self, con) == -1)
		conn_error(con, 503);
	return VERDICT_FINISHED;
}

/* Makes a pattern of the list in slot, or (context is NULL) frees it. */
static int
compile(void *context, void *slot, const struct conf_block *block,
    struct conf_place place)
{
	const struct conf_list *list = *(const struct conf_list **)slot;
	struct buf text = { .n = 0 };
	char why[PAT_WHY] = "no memory";
	size_t i;

	(void)block;
	if (context == NULL) {
		pat_free(*(struct pat **)slot);
		return 0;
	}
	for (i = 0; list != NULL && i < list->n; i++)
		buf_printf(&text, list->n > 1 ? "%s(?:%s)" : "%s%s", i > 0
		    ? "|" : "", list->items[i].value.text);
	*(struct pat **)slot = text.n == 0 ? NULL
	    : pat_new(buf_text(&text), why);
	if (text.failed || (text.n > 0 && *(struct pat **)slot == NULL))
		(void)conf_fault(context, place, "%s: %s: %s", exclude,
		    buf_text(&text), why);
	buf_free(&text);
	return 0;
}

static int
dirlisting_set_defaults(struct plugin_self *self, struct server *srv)
{
	struct conf_report *report = &self->config->report;
	unsigned faults = report->faults;

	(void)srv;
	self->data = calloc(1, sizeof(size_t));
	if (self->data == NULL)
		return conf_fault(report, conf_nowhere, "no memory");
	(void)conf_each(self->config->conf, exclude, compile, report);
	return report->faults == faults ? 0 : -1;
}

static void
dirlisting_free(struct plugin_self *self, struct server *srv)
{
	(void)srv;
	if (self->data != NULL)
		(void)conf_each(self->config->conf, exclude, compile, NULL);
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
	.handle_release = dirlisting_release,
};
