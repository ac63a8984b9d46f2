/*
 * unit_gw.h - the part of unit.c that is about gw_reply.c: what a backend's
 * reply becomes, with no backend and no client.
 *
 * Wanted: "error: WHY"; "METHOD PATH?QUERY" that answers instead; "STATUS page"
 * of ours; or the status, how the response ends, how many bytes of the reply
 * that takes, what of a file, and the fields with ";" for their line ends. In
 * replies "@" stands for a folder with in/a.txt, in/b c.html, in/big, inside/x,
 * x, and in/link to x.
 */
#include <sys/stat.h>

#include "../gw.h"

enum {
	UPGRADE = 1, LOCAL = 2, SENDFILE = 4, ROOT = 8, AUTHORIZE = 16,
	MAP = 32, PROXY = 64, TIRED = 128
};

#define GET "GET / HTTP/1.1\r\nHost: h\r\n"
#define HEAD "HEAD / HTTP/1.1\r\nHost: h\r\n"
#define OLD "GET / HTTP/1.0\r\n"
#define WS GET "Upgrade: websocket\r\nConnection: upgrade\r\n"
#define SEND "X-Sendfile: @/in/a.txt\nContent-Type: a/b\n\n"

static const struct {
	const char *name;
	int flags;
	const char *request, *reply, *want;
} gw_rows[] = {
	/* the status */
	{ "no status", 0, GET, "A: b\n\n", "200 stream rest=-1 | A: b;" },
	{ "a status", 0, GET, "Status: 404 Gone\nA: b\n\n",
	    "404 stream rest=-1 | A: b;" },
	{ "a status nobody knows", 0, GET, "Status: 299\n\n",
	    "299 stream rest=-1 | " },
	{ "Location", 0, GET, "Location: http://h/\n\n",
	    "302 stream rest=-1 | Location: http://h/;" },
	{ "Location and a status", 0, GET, "Status: 201\nLocation: /a\n\n",
	    "201 stream rest=-1 | Location: /a;" },
	{ "a status line", PROXY, GET, "HTTP/1.1 418 Teapot\r\nA: b\r\n\r\n",
	    "418 stream rest=-1 | A: b;" },
	{ "a status line and Status", PROXY, GET,
	    "HTTP/1.1 200 OK\r\nStatus: 500\r\n\r\n",
	    "200 stream rest=-1 | Status: 500;" },
	{ "100", UPGRADE, GET, "Status: 100\n\n",
	    "error: switches protocols unasked" },

	/* fields */
	{ "in their order", 0, GET, "C: 1\nA: 2\nSet-Cookie: a=b\n"
	    "B: 3\nset-cookie: c=d\n\n", "200 stream rest=-1 | C: 1;A: 2;"
	    "Set-Cookie: a=b;B: 3;set-cookie: c=d;" },
	{ "ours", 0, GET, "Date: x\nserver: y\nContent-Length: 5\nA: b\n\n",
	    "200 length=5 rest=5 | A: b;" },
	{ "of one connection", PROXY, GET, "HTTP/1.1 200 OK\nConnection: "
	    "keep-alive, X-A\nKeep-Alive: 5\nX-A: 1\nX-B: 2\nTrailer: x\n"
	    "Proxy-Authenticate: Basic\nUpgrade: h2c\n\n",
	    "200 stream rest=-1 | X-B: 2;" },
	{ "which ends", PROXY, GET, "HTTP/1.1 200 OK\nConnection: close\n\n",
	    "200 stream rest=-1 | " },
	{ "chunks", PROXY, GET, "HTTP/1.1 200 OK\nTransfer-Encoding: chunked"
	    "\nA: b\n\n", "200 stream rest=-1 | A: b;" },
	{ "a field folded", 0, GET, "A: b\r\n c\r\n\r\n",
	    "200 stream rest=-1 | A: b   c;" },
	{ "no value", 0, GET, "A:\n\n", "200 stream rest=-1 | A: ;" },
	{ "values mapped", MAP, GET, "A: b\nSet-Cookie: c\n\n",
	    "200 stream rest=-1 | A: <b>;Set-Cookie: <c>;" },

	/* where it ends, RFC 9112 6.3 */
	{ "a length", 0, GET, "A: b\nContent-Length: 0\n\n",
	    "200 length=0 rest=0 | A: b;" },
	{ "HEAD with a length", 0, HEAD, "Content-Length: 5\n\n",
	    "200 length=5 rest=0 | " },
	{ "HEAD without", 0, HEAD, "A: b\n\n", "200 stream rest=0 | A: b;" },
	{ "204", 0, GET, "Status: 204\nContent-Length: 5\nA: b\n\n",
	    "204 empty rest=0 | A: b;" },
	{ "304", PROXY, GET, "HTTP/1.1 304 x\nContent-Length: 5\nETag: \"a\"\n"
	    "\n", "304 empty rest=0 | ETag: \"a\";" },
	{ "304 with chunks", PROXY, GET, "HTTP/1.1 304 x\n"
	    "Transfer-Encoding: chunked\n\n", "304 empty rest=0 | " },

	/* 101, RFC 9110 7.8 */
	{ "101", UPGRADE | PROXY, WS, "HTTP/1.1 101 x\nUpgrade: websocket\n"
	    "Connection: Upgrade\nA: b\n\n",
	    "101 tunnel rest=-1 | Upgrade: websocket;A: b;" },
	{ "101 and another option", UPGRADE | PROXY, WS, "HTTP/1.1 101 x\n"
	    "Upgrade: websocket\nConnection: Upgrade, A\nA: b\n\n",
	    "101 tunnel rest=-1 | Upgrade: websocket;" },
	{ "101 of a script", UPGRADE, WS, "Status: 101\nUpgrade: websocket\n\n",
	    "101 tunnel rest=-1 | Upgrade: websocket;" },
	{ "101 with a length", UPGRADE, WS,
	    "Status: 101\nContent-Length: 5\nUpgrade: websocket\n\n",
	    "101 tunnel rest=-1 | Upgrade: websocket;" },
	{ "101 that is not wanted", PROXY, WS, "HTTP/1.1 101 x\nUpgrade: "
	    "websocket\nConnection: Upgrade\n\n",
	    "error: switches protocols unasked" },
	{ "101 that nobody asked for", UPGRADE | PROXY, GET, "HTTP/1.1 101 x\n"
	    "Upgrade: x\nConnection: Upgrade\n\n",
	    "error: switches protocols unasked" },
	{ "101 for HTTP/1.0", UPGRADE, OLD "Upgrade: x\r\n"
	    "Connection: upgrade\r\n", "Status: 101\nUpgrade: x\n\n",
	    "error: switches protocols unasked" },
	{ "101 for an Upgrade without Connection", UPGRADE,
	    GET "Upgrade: x\r\n", "Status: 101\nUpgrade: x\n\n",
	    "error: switches protocols unasked" },

	{ "101 for a Connection without Upgrade", UPGRADE,
	    GET "Connection: upgrade\r\n", "Status: 101\nUpgrade: x\n\n",
	    "error: switches protocols unasked" },

	/* a local redirect, RFC 3875 6.2.2 */
	{ "a path", LOCAL, GET, "Location: /a%20b?c=d\n\n",
	    "GET /a%20b?c=d" },
	{ "a path alone", LOCAL, GET, "Location: /\r\n\r\n", "GET /" },
	{ "HEAD stays", LOCAL, HEAD, "Location: /a\n\n", "HEAD /a" },
	{ "POST becomes GET, and its body is lost", LOCAL,
	    "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n",
	    "Location: /a\n\n", "GET /a close" },
	{ "a path, and nobody wants that", 0, GET, "Location: /a\n\n",
	    "302 stream rest=-1 | Location: /a;" },
	{ "another field", LOCAL, GET, "Location: /a\nA: b\n\n",
	    "302 stream rest=-1 | Location: /a;A: b;" },
	{ "another field before it", LOCAL, GET, "A: b\nLocation: /a\n\n",
	    "302 stream rest=-1 | A: b;Location: /a;" },
	{ "a status", LOCAL, GET, "Location: /a\nStatus: 302\n\n",
	    "302 stream rest=-1 | Location: /a;" },
	{ "a URL", LOCAL, GET, "Location: http://h/a\n\n",
	    "302 stream rest=-1 | Location: http://h/a;" },
	{ "a host", LOCAL, GET, "Location: //h/a\n\n",
	    "302 stream rest=-1 | Location: //h/a;" },
	{ "a relative path", LOCAL, GET, "Location: a\n\n",
	    "302 stream rest=-1 | Location: a;" },
	{ "a space would be another request", LOCAL, GET,
	    "Location: /a HTTP/1.1\n\n",
	    "302 stream rest=-1 | Location: /a HTTP/1.1;" },
	{ "a fragment", LOCAL, GET, "Location: /a#b\n\n",
	    "302 stream rest=-1 | Location: /a#b;" },
	{ "bytes above 127", LOCAL, GET, "Location: /\303\244\n\n",
	    "302 stream rest=-1 | Location: /\303\244;" },
	{ "once too often", LOCAL | TIRED, GET, "Location: /a\n\n",
	    "error: redirects too often" },
	{ "no value", LOCAL, GET, "Location:\n\n",
	    "302 stream rest=-1 | Location: ;" },

	/* an authorizer, FastCGI 6.3 */
	{ "lets in", AUTHORIZE, GET, "Status: 200\nVariable-REMOTE_USER: me\n"
	    "A: b\nvariable-X: 1 2\nVariable-: y\n\n",
	    "GET / REMOTE_USER=me X=1 2" },
	{ "without a status", AUTHORIZE, GET, "A: b\n\n", "GET /" },
	{ "keeps out", AUTHORIZE, GET, "Status: 403\nVariable-A: b\n\n",
	    "403 stream rest=-1 | Variable-A: b;" },
	{ "keeps out with a body", AUTHORIZE, GET,
	    "Status: 401\nContent-Length: 2\n\n", "401 length=2 rest=2 | " },
	{ "201 lets nobody in", AUTHORIZE, GET, "Status: 201\n\n",
	    "201 stream rest=-1 | " },

	/* X-Sendfile */
	{ "a file", SENDFILE, GET, SEND,
	    "200 length=10 rest=0 file=0 | Content-Type: a/b;" },
	{ "nobody wants that", 0, GET, "X-Sendfile: /x\n\n",
	    "200 stream rest=-1 | X-Sendfile: /x;" },
	{ "its old name", SENDFILE, GET, "X-LIGHTTPD-send-file: @/x\n\n",
	    "200 length=1 rest=0 file=0 |"
	    " Content-Type: application/octet-stream;" },
	{ "a type by its name, an escape in it", SENDFILE, GET,
	    "X-Sendfile: @/in/b%20c.html\n\n", "200 length=2 rest=0 file=0 |"
	    " Content-Type: text/html; charset=utf-8;" },
	{ "a space in it", SENDFILE, GET, "X-Sendfile: @/in/b c.html\n"
	    "Content-Type: x\n\n",
	    "200 length=2 rest=0 file=0 | Content-Type: x;" },
	{ "its length does not count", SENDFILE, GET,
	    "Content-Length: 99\n" SEND,
	    "200 length=10 rest=0 file=0 | Content-Type: a/b;" },
	{ "another status", SENDFILE, GET, "Status: 404\n" SEND,
	    "404 length=10 rest=0 file=0 | Content-Type: a/b;" },
	{ "204", SENDFILE, GET, "Status: 204\n" SEND,
	    "204 empty rest=0 | Content-Type: a/b;" },
	{ "HEAD", SENDFILE, HEAD, SEND,
	    "200 length=10 rest=0 file=0 | Content-Type: a/b;" },
	{ "a range", SENDFILE, GET "Range: bytes=2-4\r\n", SEND,
	    "206 length=3 rest=0 file=2 | Content-Type: a/b;"
	    "Content-Range: bytes 2-4/10;" },
	{ "no such range", SENDFILE, GET "Range: bytes=20-\r\n", SEND,
	    "416 page" },
	{ "two ranges", SENDFILE, GET "Range: bytes=0-0,199-\r\n",
	    "X-Sendfile: @/in/big\nContent-Type: a/b\n\n",
	    "200 length=200 rest=0 file=0 | Content-Type: a/b;" },
	{ "If-Range", SENDFILE, GET "Range: bytes=2-4\r\nIf-Range: \"x\"\r\n",
	    SEND, "200 length=10 rest=0 file=0 | Content-Type: a/b;" },
	{ "a range and another status", SENDFILE, GET "Range: bytes=2-4\r\n",
	    "Status: 404\n" SEND,
	    "404 length=10 rest=0 file=0 | Content-Type: a/b;" },
	{ "not there", SENDFILE, GET, "X-Sendfile: @/none\n\n", "404 page" },
	{ "a folder", SENDFILE, GET, "X-Sendfile: @/in\n\n", "403 page" },
	{ "a file is no folder", SENDFILE, GET, "X-Sendfile: @/x/y\n\n",
	    "404 page" },
	{ "relative", SENDFILE, GET, "X-Sendfile: in/a.txt\n\n", "403 page" },
	{ "empty", SENDFILE, GET, "X-Sendfile:\n\n", "403 page" },
	{ "a bad escape", SENDFILE, GET, "X-Sendfile: @/in/%zz\n\n",
	    "403 page" },
	{ "NUL by an escape", SENDFILE, GET, "X-Sendfile: @/x%00.txt\n\n",
	    "403 page" },
	{ "inside of the root", SENDFILE | ROOT, GET, SEND,
	    "200 length=10 rest=0 file=0 | Content-Type: a/b;" },
	{ "outside", SENDFILE | ROOT, GET, "X-Sendfile: @/x\n\n",
	    "403 page" },
	{ "a folder whose name goes on", SENDFILE | ROOT, GET,
	    "X-Sendfile: @/inside/x\n\n", "403 page" },
	{ "dots", SENDFILE | ROOT, GET, "X-Sendfile: @/in/../x\n\n",
	    "403 page" },
	{ "dots by an escape", SENDFILE | ROOT, GET,
	    "X-Sendfile: @/in/%2e%2e/x\n\n", "403 page" },
	{ "dots by an escaped slash", SENDFILE | ROOT, GET,
	    "X-Sendfile: @/in/..%2fx\n\n", "403 page" },
	{ "dots that stay inside", SENDFILE | ROOT, GET,
	    "X-Sendfile: @/./in//../in/a.txt\nContent-Type: a/b\n\n",
	    "200 length=10 rest=0 file=0 | Content-Type: a/b;" },
	{ "a link, as server.follow-symlink has it", SENDFILE | ROOT, GET,
	    "X-Sendfile: @/in/link\nContent-Type: a/b\n\n",
	    "200 length=1 rest=0 file=0 | Content-Type: a/b;" }
};

static void
map_value(struct gw *gw, struct slice name, struct slice value,
    struct buf *out)
{
	(void)gw;
	(void)name;
	buf_addc(out, '<');
	buf_add(out, value.p, value.n);
	buf_addc(out, '>');
}

/* What gw's reply came to, as the rows have it. */
static const char *
gw_words(struct buf *b, struct gw *gw, enum verdict verdict)
{
	static const char *const framings[] = {
		"length", "stream", "empty", "tunnel"
	};
	const struct request *req = gw->con->req;
	size_t i;

	b->n = 0;
	if (verdict == VERDICT_ERROR) {
		buf_printf(b, "error: %s", gw->why);
	} else if (verdict == VERDICT_COMEBACK) {
		buf_printf(b, "%.*s %.*s", (int)req->head.method_text.n,
		    req->head.method_text.p, (int)req->head.path.n,
		    req->head.path.p);
		add_slice(b, "?", req->head.query, "");
		buf_adds(b, gw->con->keep_alive ? "" : " close");
		for (i = 0; i < req->env.n; i += strlen(req->env.p + i) + 1)
			buf_printf(b, " %s", req->env.p + i);
	} else if (req->page != NULL) {
		buf_printf(b, "%d page", req->status);
	} else {
		buf_printf(b, "%d %s", req->status, framings[req->framing]);
		if (req->framing == RESPONSE_LENGTH)
			buf_printf(b, "=%d", (int)req->length);
		buf_printf(b, " rest=%d", (int)gw->rest);
		if (req->entry != NULL && req->entry->file != NULL)
			buf_printf(b, " file=%d", (int)req->offset);
		buf_adds(b, " | ");
		for (i = 0; i < req->fields.n; i++)
			if (req->fields.p[i] != '\r')
				buf_addc(b, req->fields.p[i] == '\n' ? ';'
				    : req->fields.p[i]);
	}
	return buf_text(b);
}

/* A request that a row has, and how its backend is configured. */
static void
gw_row(size_t row, struct connection *con, struct gw_host *host,
    const char *folder)
{
	static struct http_field room[HTTP_FIELDS_MAX];
	static struct gw_rule rule;
	const int flags = gw_rows[row].flags;
	const struct gw_protocol protocol = {
		.name = "unit", .map = flags & MAP ? map_value : NULL
	};
	struct gw gw = { .con = con, .protocol = &protocol, .host = host,
		.rule = &rule };
	struct request *req = con->req;
	struct buf words = { NULL, 0, 0, 0 };
	const char *p = gw_rows[row].reply;

	for (; *p != '\0'; p++)
		if (*p == '@')
			buf_adds(&gw.head, folder);
		else
			buf_addc(&gw.head, *p);
	buf_adds(&req->in, gw_rows[row].request);
	buf_adds(&req->in, "\r\n");
	con->keep_alive = 1;
	req->head.field = room;
	req->head.field_room = HTTP_FIELDS_MAX;
	req->route_loops = flags & TIRED ? ROUTE_LOOPS - 5 : 0;
	if (http_parse(&req->head, req->in.p, req->in.n, HTTP_HEAD_MAX)
	    != HTTP_DONE || http_reply(&gw.reply, flags & PROXY
	    ? HTTP_REPLY_HTTP : HTTP_REPLY_CGI, gw.head.p, gw.head.n, &gw.why)
	    != HTTP_DONE)
		abort();
	is("gw_reply", gw_rows[row].name,
	    gw_words(&words, &gw, gw_reply(&gw)), gw_rows[row].want);
	if (flags & AUTHORIZE && req->env.n > 0)
		ok(req->passed[0] == &rule, "gw_reply: noted who let it in");
	request_reset(req);
	req->in.n = 0;
	buf_free(&gw.head);
	buf_free(&words);
}

static void
write_file(const char *folder, const char *name, const char *text)
{
	char path[256];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	f = fopen(path, "w");
	if (f == NULL || fputs(text, f) == EOF || fclose(f) == EOF)
		abort();
}

/* Makes the folder of the rows, or removes it again. */
static void
gw_folder(char *folder, int made)
{
	static const char *const names[] = {
		"/in", "/inside", "/in/a.txt", "/in/b c.html", "/in/link",
		"/in/big", "/inside/x", "/x", ""
	};
	char path[256], big[201];
	size_t i;

	for (i = 0; i < COUNT(names); i++) {
		snprintf(path, sizeof(path), "%s%s", folder, names[i]);
		if (!made && i < 2)
			(void)mkdir(path, 0755);
		else if (made && i > 1 && i < COUNT(names) - 1)
			(void)unlink(path);
	}
	if (!made) {
		write_file(folder, "in/a.txt", "0123456789");
		write_file(folder, "in/b c.html", "ab");
		snprintf(big, sizeof(big), "%200s", "");
		write_file(folder, "in/big", big);
		write_file(folder, "inside/x", "x");
		write_file(folder, "x", "x");
		snprintf(path, sizeof(path), "%s/in/link", folder);
		(void)symlink("../x", path);
		return;
	}
	for (i = 0; i < 3; i++) {
		snprintf(path, sizeof(path), "%s%s", folder,
		    names[i < 2 ? i : COUNT(names) - 1]);
		(void)rmdir(path);
	}
}

static void
test_gw_reply(void)
{
	static struct server srv;
	static struct connection con;
	static struct request req;
	static const struct core_conf core = { .follow_symlink = 1,
		.document_root = "/" };
	struct log quiet = { .name = "", .fd = open("/dev/null", O_WRONLY) };
	char folder[] = "/tmp/glimd-unit-XXXXXX", root[64];
	struct conf_item item = { .key = NULL };
	const struct conf_list roots = { .n = 1, .items = &item };
	struct gw_host host;
	size_t i;

	if (mkdtemp(folder) == NULL)
		abort();
	gw_folder(folder, 0);
	snprintf(root, sizeof(root), "%s/in/", folder);
	item.value.text = root;
	srv.log = &quiet;
	srv.max_fds = 64;
	srv.cache = stat_cache_new(srv.max_fds);
	con.srv = &srv;
	con.req = &req;
	req.settings = (const char *)&core;
	for (i = 0; i < COUNT(gw_rows); i++) {
		host = (struct gw_host){
			.upgrade = gw_rows[i].flags & UPGRADE,
			.local_redirect = gw_rows[i].flags & LOCAL,
			.allow_sendfile = gw_rows[i].flags & SENDFILE,
			.authorizer = gw_rows[i].flags & AUTHORIZE,
			.sendfile_docroot = gw_rows[i].flags & ROOT ? &roots
			    : NULL
		};
		gw_row(i, &con, &host, folder);
	}
	gw_folder(folder, 1);
	stat_cache_free(srv.cache);
	buf_free(&req.in);
	buf_free(&req.path);
	buf_free(&req.file);
	buf_free(&req.fields);
	buf_free(&req.env);
	buf_free(&req.target);
	close(quiet.fd);
}
