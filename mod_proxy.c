/*
 * mod_proxy.c - HTTP/1.1 to another server.
 *
 * Whom to ask, connecting, sending and time are gw.c's. This file says how a
 * request looks to the backend: made anew of what was parsed, line by line, so
 * that it has one length and one meaning, whatever the client sent. What
 * concerns one connection only goes no further; whom the request came from is
 * added. And it says where a reply ends.
 */
#include <string.h>

#include "gw.h"

/* "proxy.forwarded": bits in this order. */
static const char forwarded_words[] = "for\0by\0proto\0host\0remote_user\0";

struct proxy_conf {
	struct gw_conf gw;		/* the first */
	const struct gw_names *names;	/* proxy.header */
	const int *forwarded;		/* 1 << number of a word ... */
	int replace_host;
};

#define KEY(name, type, member) { "proxy." name, type, CONF_REQUEST, \
	offsetof(struct proxy_conf, member), NULL, 0, 0 }

static const struct conf_key proxy_keys[] = {
	GW_KEYS("proxy"),
	KEY("header", CONF_MAP, names),
	KEY("forwarded", CONF_MAP, forwarded),
	KEY("replace-http-host", CONF_BOOL, replace_host),
	{ .name = NULL }
};

static const struct proxy_conf *
conf_of(const struct gw *gw)
{
	return plugin_conf(gw->self, gw->con->req);
}

/* The scheme the client used, as far as it is known. */
static struct slice
scheme_of(const struct gw *gw)
{
	struct slice scheme = request_env(gw->con->req, "REQUEST_SCHEME");

	return scheme.p == NULL ? slice_of("http") : scheme;
}

static struct gw_map
map_of(const struct gw *gw)
{
	const struct proxy_conf *conf = conf_of(gw);
	const struct gw_host *to = gw->host;
	struct gw_map map = { .names = conf->names,
	    .client = gw->con->req->head.host };

	map.https = map.names->is[GW_MAP_HTTPS]
	    && slice_case_eq(scheme_of(gw), "https");
	gw_map_ask(&map);
	if (map.client.n == 0 || conf->replace_host) {
		map.asked = slice_of(to->label != NULL ? to->label
		    : to->host != NULL ? to->host : "");
		if (!http_is_host(map.asked))
			map.asked = slice_of("localhost");
	}
	return map;
}

/* ---- the request -------------------------------------------------------- */

/* Is that byte one that a target has? */
static int
is_target(char c)
{
	return c > ' ' && c < 0x7f && c != '#';
}

static int
digit(char c)
{
	return c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10;
}

/* Does raw, decoded, say what the rules have seen, and no more? Then the
 * backend may have it as it was sent: "%2F" may mean something there. */
static int
says(struct slice raw, const struct buf *clean)
{
	const char *p = raw.p, *end = raw.p + raw.n, *q = clean->p;
	char c;

	for (; p < end && q < clean->p + clean->n; p++, q++) {
		c = *p;
		if (c == '%' && end - p > 2) {	/* two digits: it was decoded */
			c = (char)(digit(p[1]) << 4 | digit(p[2]));
			p += 2;
		} else if (!is_target(c)) {
			return 0;
		}
		if (c != *q)
			return 0;
	}
	return p == end && q == clean->p + clean->n;
}

static void
add_target(const struct gw *gw, const struct gw_map *map, struct buf *out)
{
	const struct request *req = gw->con->req;
	const struct slice query = req->head.query;
	struct buf path = { NULL, 0, 0, 0 };
	size_t i;

	if (says(req->head.path, &req->path)) {
		gw_map_path(map, req->head.path, 0, out);
	} else {
		str_escape_url(&path, (struct slice){ req->path.p,
		    req->path.n });
		gw_map_path(map, (struct slice){ path.p, path.n }, 0, out);
		out->failed |= path.failed;
		buf_free(&path);
	}
	if (query.p != NULL)
		buf_addc(out, '?');
	for (i = 0; i < query.n; i++)
		if (is_target(query.p[i]))
			buf_addc(out, query.p[i]);
		else			/* of a rule */
			buf_printf(out, "%%%02X", (unsigned char)query.p[i]);
}

static void
add_line(struct buf *out, const char *name, struct slice value)
{
	buf_adds(out, name);
	buf_add(out, value.p, value.n);
	buf_adds(out, "\r\n");
}

/* Who is connected to us: not the client, if somebody spoke for him. */
static struct slice
peer_name(const struct gw *gw, char text[NET_NAME_SIZE])
{
	const union peer *via = &gw->con->req->via;
	const union peer *peer = via->sa.sa_family == AF_UNSPEC
	    ? &gw->con->peer : via;

	if (peer->sa.sa_family == AF_UNIX)
		return slice_of("unknown");	/* RFC 7239 6.2 */
	return (struct slice){ text, net_name(peer, text) };
}

/* The values of all fields of that name, to be gone on with. */
static void
add_former(struct buf *out, const struct http_head *head, const char *name)
{
	const struct http_field *f = head->field;

	buf_adds(out, name);
	buf_adds(out, ": ");
	for (; f < head->field + head->nfields; f++)
		if (f->value_n > 0 && slice_case_eq((struct slice){ f->name,
		    f->name_n }, name) && http_part_end(f->value, f->value
		    + f->value_n, '\0') != NULL) {	/* quotes are closed */
			buf_add(out, f->value, f->value_n);
			buf_adds(out, ", ");
		}
}

static void
add_quoted(struct buf *out, struct slice text)
{
	for (; text.n > 0; text.p++, text.n--) {
		if (*text.p == '"' || *text.p == '\\')
			buf_addc(out, '\\');
		if ((unsigned char)*text.p >= ' ' && *text.p != 0x7f)
			buf_addc(out, *text.p);
	}
}

/* Forwarded (RFC 7239): all in quotes, for which no value is too odd. */
static void
add_forwarded(const struct gw *gw, int what, struct slice peer,
    struct buf *out)
{
	const struct request *req = gw->con->req;
	const struct listener *l = gw->con->listener;
	const char *sep = memchr(peer.p, ':', peer.n) != NULL ? "[" : "";
	const struct slice value[5] = { peer,
	    slice_of(l != NULL && l->port != 0 ? l->name : ""),
	    scheme_of(gw), req->head.host, request_env(req, "REMOTE_USER") };
	size_t i, n;

	add_former(out, &req->head, "Forwarded");
	for (i = n = 0; i < COUNT(value); i++) {
		if (!(what >> i & 1) || value[i].n == 0)
			continue;
		buf_printf(out, "%s%s=\"%s", n++ > 0 ? ";" : "",
		    str_word_at(forwarded_words, (int)i), i == 0 ? sep : "");
		add_quoted(out, value[i]);
		buf_adds(out, i == 0 && *sep != '\0' ? "]\"" : "\"");
	}
	buf_adds(out, "\r\n");
}

/* Whom the request came from. */
static void
add_origin(const struct gw *gw, struct buf *out)
{
	const int *forwarded = conf_of(gw)->forwarded;
	const struct http_head *head = &gw->con->req->head;
	char text[NET_NAME_SIZE];
	struct slice peer = peer_name(gw, text);

	add_former(out, head, "X-Forwarded-For");
	add_line(out, "", peer);
	if (head->host.n > 0) {
		add_line(out, "X-Forwarded-Host: ", head->host);
		add_line(out, "X-Host: ", head->host);
	}
	add_line(out, "X-Forwarded-Proto: ", scheme_of(gw));
	if (*forwarded != 0)
		add_forwarded(gw, *forwarded, peer, out);
}

/* Does a field go on to the backend? */
static int
goes_on(const struct gw *gw, const struct http_field *f)
{
	static const char ours[] = "proxy\0x-forwarded-for\0"
	    "x-forwarded-host\0x-forwarded-proto\0x-host\0";
	const struct request *req = gw->con->req;
	struct slice name = { f->name, f->name_n };

	switch (f->id) {
	case HTTP_HOST: case HTTP_CONTENT_LENGTH: case HTTP_EXPECT:
	case HTTP_CONNECTION: case HTTP_TRANSFER_ENCODING: case HTTP_UPGRADE:
		return 0;
	case HTTP_FIELD_OTHER:
		/* what reads "_" as "-" would take it for another field */
		if (memchr(name.p, '_', name.n) != NULL || http_is_hop(name)
		    || str_word(ours, name) != -1
		    || (*conf_of(gw)->forwarded != 0
		    && slice_case_eq(name, "forwarded")))
			return 0;
	}
	/* a client may name his own fields, but not those of a module */
	return name.p < req->in.p || name.p >= req->in.p + req->in.n
	    || !http_connection_names(&req->head, name);
}

/* Asks to switch protocols, if the client does and may; not to another HTTP,
 * whose requests nobody here would see. Returns 0: no. */
static int
add_upgrade(const struct gw *gw, struct buf *out)
{
	const struct http_head *head = &gw->con->req->head;
	struct slice name;
	unsigned field = 0;
	size_t at = 0, before = out->n;
	const char *sep = "Connection: upgrade\r\nUpgrade: ";

	if (!(gw->host->upgrade || conf_of(gw)->names->is[GW_MAP_UPGRADE])
	    || head->method != HTTP_GET || head->minor == 0
	    || head->framing != HTTP_NO_BODY
	    || !http_connection_names(head, slice_of("upgrade")))
		return 0;
	for (;;) {
		name = http_list(head, HTTP_UPGRADE, &field, &at);
		if (name.p == NULL)
			break;
		if ((*name.p | 0x20) == 'h')	/* h2c, HTTP/2.0 */
			continue;
		buf_adds(out, sep);
		buf_add(out, name.p, name.n);
		sep = ", ";
	}
	if (out->n > before)
		buf_adds(out, "\r\n");
	return out->n > before;
}

static void
add_fields(const struct gw *gw, const struct gw_map *map, struct buf *out)
{
	const struct http_head *head = &gw->con->req->head;
	const struct http_field *f = head->field;

	for (; f < head->field + head->nfields; f++) {
		if (!goes_on(gw, f))
			continue;
		buf_add(out, f->name, f->name_n);
		buf_adds(out, ": ");
		if (slice_case_eq((struct slice){ f->name, f->name_n },
		    "destination"))		/* WebDAV */
			gw_map_uri(map, (struct slice){ f->value,
			    f->value_n }, 0, out);
		else
			buf_add(out, f->value, f->value_n);
		buf_adds(out, "\r\n");
	}
}

static int
proxy_begin(struct gw *gw)
{
	const struct http_head *head = &gw->con->req->head;
	struct gw_map map = map_of(gw);
	struct buf *out = &gw->out.mem;

	buf_add(out, head->method_text.p, head->method_text.n);
	buf_addc(out, ' ');
	add_target(gw, &map, out);
	add_line(out, " HTTP/1.1\r\nHost: ", map.asked);
	add_fields(gw, &map, out);
	add_origin(gw, out);
	gw->frames = gw->length == -1;
	if (gw->frames == 1)
		buf_adds(out, "Transfer-Encoding: chunked\r\n");
	else if (gw->length > 0 || head->framing != HTTP_NO_BODY
	    || head->method == HTTP_POST || head->method == HTTP_PUT
	    || head->method == HTTP_PATCH)
		buf_printf(out, "Content-Length: %jd\r\n",
		    (intmax_t)gw->length);
	gw->upgrade = add_upgrade(gw, out) != 0;
	if (!gw->upgrade && !gw->host->keep_connection)
		buf_adds(out, "Connection: close\r\n");
	buf_adds(out, "\r\n");
	return 0;			/* gw_push asks whether out failed */
}

/* Chunks, if the length was not known at the beginning. */
static void
proxy_frame(struct gw *gw, size_t n)
{
	struct buf *out = &gw->out.mem;

	if (gw->frames == 0)
		return;
	if (gw->frames == 2)
		buf_adds(out, "\r\n");	/* ends the one before */
	gw->frames = 2;
	buf_printf(out, n > 0 ? "%zx\r\n" : "%zx\r\n\r\n", n);
}

/* ---- the reply ---------------------------------------------------------- */

static int
proxy_replied(struct gw *gw)
{
	const struct http_reply *reply = &gw->reply;

	gw->keep = reply->keep_alive && gw->host->keep_connection;
	gw->rest = reply->length;
	gw->body = (struct http_body){ .framing = HTTP_LENGTH };
	if (reply->status == 101 && !gw->upgrade) {
		gw->why = "switches protocols unasked";
		return -1;
	}
	/* a body behind a 304 would be taken for the next reply */
	if (reply->status == 304 && reply->length > 0)
		gw->keep = 0;
	if (gw->con->req->head.method == HTTP_HEAD || reply->status == 204
	    || reply->status == 304)
		gw->rest = 0;
	else if (reply->chunked)
		gw->body.framing = HTTP_CHUNKED;
	else if (gw->rest == -1 || reply->status == 101) {
		gw->keep = 0;		/* ends with the connection */
		gw->rest = -1;
	}
	gw->plain = gw->body.framing == HTTP_LENGTH;
	if (gw->rest > 0)
		gw->body.left = gw->rest;
	return 0;
}

static void
proxy_map(struct gw *gw, struct slice name, struct slice value,
    struct buf *out)
{
	int is = str_word("set-cookie\0location\0content-location\0", name);
	struct gw_map map = map_of(gw);

	if (is == -1)
		buf_add(out, value.p, value.n);
	else if (is == 0)
		gw_map_cookie(&map, value, out);
	else
		gw_map_uri(&map, value, 1, out);
}

static enum http_verdict
proxy_take(struct gw *gw, struct slice *data)
{
	const char *p = gw->in.p + gw->in_at;
	size_t n = gw->in.n - gw->in_at;
	enum http_verdict verdict;

	*data = (struct slice){ p, n };
	if (!gw->replied
	    || (gw->body.framing == HTTP_LENGTH && gw->rest == -1)) {
		gw->in_at += n;
		if (!gw->replied || !gw->eof || n > 0)
			return HTTP_MORE;
		return gw->why == NULL ? HTTP_DONE : HTTP_REFUSED;
	}
	verdict = http_body(&gw->body, p, n, &n, data);
	gw->in_at += n;
	if (verdict == HTTP_REFUSED)
		gw->why = "malformed chunks";
	/* whatever is behind the end is no answer to anybody */
	if (verdict == HTTP_DONE && gw->in_at < gw->in.n)
		gw->keep = 0;
	return verdict;
}

static const struct gw_protocol proxy = {
	.name = "proxy",
	.reply = HTTP_REPLY_HTTP,
	.begin = proxy_begin,
	.frame = proxy_frame,
	.take = proxy_take,
	.replied = proxy_replied,
	.map = proxy_map,
};

/* ---- the start ---------------------------------------------------------- */

static int
read_forwarded(void *context, void *slot, const struct conf_block *block,
    struct conf_place place)
{
	struct config *config = context;
	const struct conf_list *list = *(const struct conf_list **)slot;
	int *bits = conf_alloc(config->conf, sizeof(*bits)), which, is;
	size_t i;

	(void)block;
	if (bits == NULL)
		return conf_fault(&config->report, place, "out of memory");
	for (i = 0; list != NULL && i < list->n; i++) {
		which = str_word(forwarded_words, slice_of(list->items[i].key));
		is = conf_bool(&list->items[i].value);
		if (which == -1 || is == -1)
			conf_fault(&config->report, place, "proxy.forwarded:"
			    " \"%s\": expected for, by, proto, host or"
			    " remote_user, and 1 or 0", list->items[i].key);
		else
			*bits |= is << which;
	}
	*(const int **)slot = bits;
	return 0;
}

static int
proxy_set_defaults(struct plugin_self *self, struct server *srv)
{
	static const struct gw_keys keys = { &proxy, "proxy.server",
	    "proxy.balance", 1, 80 };
	struct conf *conf = self->config->conf;
	unsigned before = self->config->report.faults;

	(void)srv;
	(void)conf_each(conf, "proxy.header", gw_names_read, self->config);
	(void)conf_each(conf, "proxy.forwarded", read_forwarded, self->config);
	(void)gw_hosts_check(self, &keys);
	return self->config->report.faults == before ? 0 : -1;
}

const struct plugin mod_proxy = {
	.api = PLUGIN_API,
	.name = "mod_proxy",
	.version = SERVER_VERSION,
	.keys = proxy_keys,
	.conf_size = sizeof(struct proxy_conf),
	.set_defaults = proxy_set_defaults,
	GW_HOOKS
};
