/*
 * mod_extforward.c - the client's address from Forwarded fields or the PROXY
 * protocol.
 *
 * A proxy that extforward.forwarder trusts says whose request it passes on.
 * Each hop of a chain adds the address it saw at the end of the list, so the
 * client is the last one in it that is not trusted itself; what stands before
 * that is hearsay. Where a hop does not say who it was, nobody is believed. A
 * PROXY header (v1 and v2, of the HAProxy project) names the client of a whole
 * connection. From anybody else all this means nothing.
 */
#include <arpa/inet.h>
#include <string.h>
#include <strings.h>

#include "plugin.h"

struct extforward_conf {
	const struct forwarders *forwarders;	/* CONF_MAP until compiled */
	const struct conf_list *headers, *params;
	int hap_proxy, ssl_client_verify;
};

#define KEY(name, type, member) { "extforward." name, type, \
	CONF_REQUEST, offsetof(struct extforward_conf, member), NULL, 0, 0 }

static const struct conf_key extforward_keys[] = {
	KEY("forwarder", CONF_MAP, forwarders),
	KEY("headers", CONF_LIST, headers),
	KEY("params", CONF_MAP, params),
	KEY("hap-PROXY", CONF_BOOL, hap_proxy),
	KEY("hap-PROXY-ssl-client-verify", CONF_BOOL, ssl_client_verify),
	{ .name = NULL }
};

struct forwarders {
	int all;		/* who connects is: 1 trusted, 0 not, -1 look */
	size_t n;
	struct forwarder {
		struct cidr net;
		int trust;
	} net[];
};

/* What a list has come to. */
struct chain {
	const struct forwarders *trusted;
	int known;		/* who is the client */
	union peer client;
	struct slice proto, host, user;
};

/* ---- who is trusted ---- */

/* Of several networks the smallest decides. */
static int
is_trusted(const struct forwarders *f, const union peer *who)
{
	const struct forwarder *net = f->net;
	int bits = -1, trust = 0;

	for (; net < f->net + f->n; net++)
		if ((int)net->net.bits > bits
		    && cidr_match(&net->net, &who->sa)) {
			bits = (int)net->net.bits;
			trust = net->trust;
		}
	return trust;
}

static int
trusts_peer(const struct forwarders *f, const union peer *who)
{
	return f != NULL && (f->all == -1 ? is_trusted(f, who) : f->all);
}

/* How IPv4 begins, see base_cidr.c. */
static const unsigned char mapped[12] = { [10] = 0xff, 0xff };

static void
set_address(union peer *who, const unsigned char address[16], unsigned port)
{
	memset(who, 0, sizeof(*who));
	if (memcmp(address, mapped, sizeof(mapped)) == 0) {
		who->in.sin_family = AF_INET;
		who->in.sin_port = htons((uint16_t)port);
		memcpy(&who->in.sin_addr, address + 12, 4);
	} else {
		who->in6.sin6_family = AF_INET6;
		who->in6.sin6_port = htons((uint16_t)port);
		memcpy(&who->in6.sin6_addr, address, 16);
	}
}

/* Reads "192.0.2.1", "192.0.2.1:80", "2001:db8::1" or "[2001:db8::1]:80".
 * Returns 0, or -1: it is none of them, perhaps a name that hides one (RFC
 * 7239 6.3). */
static int
read_node(struct slice s, union peer *who)
{
	const char *end, *cut;
	struct cidr c;

	if (s.n == 0 || memchr(s.p, '/', s.n) != NULL)
		return -1;
	end = s.p + s.n;
	cut = memchr(s.p, s.p[0] == '[' ? ']' : ':', s.n);
	if (cut != NULL && (s.p[0] == '[' ? ++cut == end || *cut == ':'
	    : memchr(cut + 1, ':', (size_t)(end - cut) - 1) == NULL))
		s.n = (size_t)(cut - s.p);	/* without the port */
	if (cidr_parse(s, &c) == -1)
		return -1;
	set_address(who, c.address, 0);
	return 0;
}

/* The next hop, from left to right: one that is not trusted is the client, as
 * far as we have seen. Returns 1, and what was said before is forgotten. */
static int
add_hop(struct chain *chain, struct slice node)
{
	union peer who;
	int known = read_node(node, &who) == 0;

	if (known && is_trusted(chain->trusted, &who))
		return 0;
	chain->proto = chain->host = chain->user = (struct slice){ NULL, 0 };
	chain->known = known;
	if (known)
		chain->client = who;
	return 1;
}

/* ---- fields ---- */

/* Takes the part before sep off *rest; p is NULL when none is left, or a quoted
 * string does not end (then *rest is not empty). */
static struct slice
next_part(struct slice *rest, char sep)
{
	struct slice part = { NULL, 0 };
	const char *end = rest->p + rest->n, *stop;

	stop = rest->n > 0 ? http_part_end(rest->p, end, sep) : NULL;
	if (stop == NULL)
		return part;
	part.p = rest->p;
	part.n = (size_t)(stop - rest->p);
	rest->p = stop < end ? stop + 1 : end;
	rest->n = (size_t)(end - rest->p);
	return slice_trim(part);
}

/* The value of one of the pairs of an element (RFC 7239 4), without quotes. */
static struct slice
pair_value(struct slice element, const char *name)
{
	size_t n = strlen(name);
	struct slice pair;

	for (pair = next_part(&element, ';'); pair.p != NULL;
	    pair = next_part(&element, ';')) {
		if (pair.n <= n || pair.p[n] != '='
		    || strncasecmp(pair.p, name, n) != 0)
			continue;
		pair.p += n + 1;
		pair.n -= n + 1;
		if (pair.n >= 2 && pair.p[0] == '"'
		    && pair.p[pair.n - 1] == '"') {
			pair.p++;
			pair.n -= 2;
		}
		return pair;
	}
	return pair;
}

/* An element of Forwarded. The scheme is what the client used; the host may be
 * noted at any hop since, and who logged in the last one says. */
static void
add_element(struct chain *chain, struct slice element)
{
	struct slice host = pair_value(element, "host");
	struct slice user = pair_value(element, "remote_user");

	if (add_hop(chain, pair_value(element, "for")))
		chain->proto = pair_value(element, "proto");
	if (chain->host.p == NULL)
		chain->host = host;
	if (user.p != NULL)
		chain->user = user;
}

/* All fields called name are one list. Returns how many there were, or -1: one
 * is not to be understood. */
static int
read_fields(struct chain *chain, const struct http_head *head,
    const char *name)
{
	int forwarded = strcasecmp(name, "Forwarded") == 0, count = 0;
	const struct http_field *f = head->field;
	struct slice rest, part;

	for (; f < head->field + head->nfields; f++) {
		if (f->name_n != strlen(name)
		    || strncasecmp(f->name, name, f->name_n) != 0)
			continue;
		count++;
		rest = (struct slice){ f->value, f->value_n };
		for (part = next_part(&rest, ','); part.p != NULL;
		    part = next_part(&rest, ',')) {
			if (part.n > 0 && forwarded)
				add_element(chain, part);
			else if (part.n > 0)
				add_hop(chain, part);
		}
		if (rest.n > 0)
			return -1;
	}
	if (!forwarded)
		chain->proto = http_field_named(head, "x-forwarded-proto");
	return count;
}

/* ---- what follows from it ---- */

static int
has_param(const struct conf_list *params, const char *name)
{
	size_t i;

	for (i = 0; params != NULL && i < params->n; i++)
		if (strcmp(params->items[i].key, name) == 0)
			return conf_bool(&params->items[i].value) == 1;
	return 0;
}

/* Undoes what a quoted string hides. Returns 0, or -1: too long. */
static int
unquote(struct slice s, char *to, size_t room)
{
	size_t i;

	for (i = 0; i < s.n && room > 1; i++, room--) {
		if (s.p[i] == '\\' && i + 1 < s.n)
			i++;
		*to++ = s.p[i];
	}
	*to = '\0';
	return i == s.n ? 0 : -1;
}

/* Returns the status that refuses the request, for a host or a user that cannot
 * be one; or 0. */
static int
apply(const struct chain *chain, const struct extforward_conf *conf,
    struct connection *con)
{
	int https = slice_case_eq(chain->proto, "https");
	struct request *req = con->req;
	char text[HOST_NAME_SIZE], name[NET_NAME_SIZE];

	if (chain->host.p != NULL && has_param(conf->params, "host")) {
		/* behind a copy stands nothing that a host might have */
		if (chain->host.n == 0 || chain->host.n >= sizeof(text))
			return 400;
		memcpy(text, chain->host.p, chain->host.n);
		text[chain->host.n] = '\0';
		if (!http_is_host((struct slice){ text, chain->host.n }))
			return 400;
		req->head.host = chain->host;
	}
	if (chain->user.p != NULL && has_param(conf->params, "remote_user")) {
		if (unquote(chain->user, text, sizeof(text)) == -1)
			return 400;
		request_set_env(req, "REMOTE_USER", slice_of(text));
	}
	if (https || slice_case_eq(chain->proto, "http"))
		request_set_env(req, "REQUEST_SCHEME", slice_of(https
		    ? "https" : "http"));
	if (https)
		request_set_env(req, "HTTPS", slice_of("on"));
	conn_set_peer(con, &chain->client);
	if (request_conf(req)->log_request_handling) {
		(void)net_peer_name(con, name);
		LOG(con->srv, "connection %d: client is %s", con->fd, name);
	}
	return conn_merge(con) == -1 ? 503 : 0;
}

/* A request that comes back from a rewrite has its client already. */
static enum verdict
extforward_uri_raw(struct plugin_self *self, struct connection *con)
{
	static const char *const usual[] = { "X-Forwarded-For",
	    "Forwarded-For" };
	const struct extforward_conf *conf = plugin_conf(self, con->req);
	const struct conf_list *names = conf->headers;
	size_t i, n = names == NULL ? 0 : names->n;
	struct chain chain = { .trusted = conf->forwarders };
	int count = 0, named = n > 0, status = 400;

	if (con->req->via.sa.sa_family != AF_UNSPEC
	    || !trusts_peer(conf->forwarders, &con->peer))
		return VERDICT_GO_ON;
	if (!named && !conf->hap_proxy)
		n = COUNT(usual);
	for (i = 0; i < n && count == 0; i++)
		count = read_fields(&chain, &con->req->head, named
		    ? names->items[i].value.text : usual[i]);
	if (count != -1)
		status = chain.known ? apply(&chain, conf, con) : 0;
	if (status != 0)
		conn_error(con, status);
	return status == 0 ? VERDICT_GO_ON : VERDICT_FINISHED;
}

/* ---- the PROXY protocol ---- */

enum { PROXY_V1_MOST = 107, PROXY_V2_HEAD = 16 };

/* "PROXY TCP4 192.0.2.1 192.0.2.2 56324 443\r\n". Like read_v2 returns its
 * length, 0 when more has to come, or -1. client stays when it is not told. */
static int
read_v1(const char *p, size_t n, union peer *client)
{
	const char *end = memchr(p, '\n', n < PROXY_V1_MOST ? n
	    : PROXY_V1_MOST);
	struct slice line, word[6];
	struct cidr from, to;
	int64_t port, to_port;
	size_t i;
	int six;

	if (end == NULL)
		return n < PROXY_V1_MOST ? 0 : -1;
	if (end[-1] != '\r')
		return -1;
	line = (struct slice){ p, (size_t)(end - p) - 1 };
	for (i = 0; i < COUNT(word); i++)
		word[i] = next_part(&line, ' ');
	if (slice_eq(word[1], slice_of("UNKNOWN")))
		return (int)(end - p) + 1;
	six = slice_eq(word[1], slice_of("TCP6"));
	if (line.n > 0 || (!six && !slice_eq(word[1], slice_of("TCP4")))
	    || cidr_parse(word[2], &from) == -1
	    || cidr_parse(word[3], &to) == -1
	    || (memchr(word[2].p, ':', word[2].n) != NULL) != six
	    || str_number(word[4], &port) == -1 || port > UINT16_MAX
	    || str_number(word[5], &to_port) == -1 || to_port > UINT16_MAX)
		return -1;
	set_address(client, from.address, (unsigned)port);
	return (int)(end - p) + 1;
}

/* Signature, version and command, family, length, addresses, and perhaps more
 * that we skip. */
static int
read_v2(const unsigned char *p, size_t n, union peer *client)
{
	const unsigned char *from = p + PROXY_V2_HEAD;
	unsigned char address[16];
	size_t size, least;

	if (n < PROXY_V2_HEAD)
		return 0;
	size = (size_t)p[14] << 8 | p[15];
	least = p[13] == 0x11 ? 12 : p[13] == 0x21 ? 36 : 0;
	/* 0x20: of the proxy itself, to see how we are */
	if ((p[12] != 0x20 && p[12] != 0x21) || size < least)
		return -1;
	if (n < PROXY_V2_HEAD + size)
		return 0;
	if (p[12] == 0x21 && least > 0) {
		memcpy(address, mapped, sizeof(mapped));
		memcpy(least == 12 ? address + 12 : address, from,
		    least == 12 ? 4 : 16);
		from += least - 4;
		set_address(client, address, (unsigned)from[0] << 8 | from[1]);
	}
	return (int)(PROXY_V2_HEAD + size);
}

/* Who is trusted has to begin with such a header: without one, a client could
 * write his own behind the proxy's back. */
static enum verdict
extforward_connection_start(struct plugin_self *self, struct connection *con)
{
	static const char v1[] = "PROXY ", v2[] = "\r\n\r\n\0\r\nQUIT\n";
	struct request *req = con->req;
	const struct extforward_conf *conf = plugin_conf(self, req);
	const char *p = req->in.p + req->in_at;
	size_t n = req->in.n - req->in_at;
	union peer client = con->peer;
	int used = -1;

	if (!conf->hap_proxy || !trusts_peer(conf->forwarders, &con->peer))
		return VERDICT_GO_ON;
	if (memcmp(p, v2, n < sizeof(v2) - 1 ? n : sizeof(v2) - 1) == 0)
		used = read_v2((const unsigned char *)p, n, &client);
	else if (memcmp(p, v1, n < sizeof(v1) - 1 ? n : sizeof(v1) - 1) == 0)
		used = read_v1(p, n, &client);
	if (used == -1 && request_conf(req)->log_request_handling)
		LOG(con->srv, "connection %d: begins with no PROXY header",
		    con->fd);
	if (used <= 0)
		return used == 0 ? VERDICT_WAIT_FOR_EVENT : VERDICT_ERROR;
	req->in_at += (size_t)used;
	con->peer = client;
	return VERDICT_GO_ON;
}

/* A conf_each_fn. */
static int
compile(void *context, void *slot, const struct conf_block *block,
    struct conf_place place)
{
	struct plugin_self *self = context;
	const struct conf_list *list = *(const struct conf_list **)slot;
	struct conf_report *report = &self->config->report;
	struct forwarders *f;
	const struct conf_item *item;
	const char *word;
	size_t i;

	(void)block;
	if (list == NULL)
		return 0;
	f = conf_alloc(self->config->conf, sizeof(*f)
	    + list->n * sizeof(*f->net));
	if (f == NULL)
		return conf_fault(report, place, "out of memory");
	f->all = -1;
	for (i = 0; i < list->n; i++) {
		item = list->items + i;
		word = item->value.kind == CONF_VALUE_TEXT
		    ? item->value.text : "";
		f->net[f->n].trust = strcasecmp(word, "trust") == 0;
		if (!f->net[f->n].trust && strcasecmp(word, "untrusted") != 0)
			conf_fault(report, place, "extforward.forwarder: \"%s\""
			    " is neither \"trust\" nor \"untrusted\"",
			    item->key);
		if (strcmp(item->key, "all") == 0)
			f->all = f->net[f->n].trust;
		else if (cidr_parse(slice_of(item->key), &f->net[f->n++].net)
		    == -1)
			conf_fault(report, place, "extforward.forwarder: \"%s\""
			    " is no address or network, nor \"all\"",
			    item->key);
	}
	*(const struct forwarders **)slot = f;
	return 0;
}

/* A conf_each_fn. */
static int
check_params(void *context, void *slot, const struct conf_block *block,
    struct conf_place place)
{
	struct plugin_self *self = context;
	const struct conf_list *list = *(const struct conf_list **)slot;
	const struct conf_item *item;
	size_t i;

	(void)block;
	for (i = 0; list != NULL && i < list->n; i++) {
		item = list->items + i;
		if ((strcmp(item->key, "host") != 0
		    && strcmp(item->key, "remote_user") != 0)
		    || conf_bool(&item->value) == -1)
			conf_fault(&self->config->report, place,
			    "extforward.params: \"%s\": expected \"host\" or"
			    " \"remote_user\", and \"enable\" or \"disable\"",
			    item->key);
	}
	return 0;
}

static int
extforward_set_defaults(struct plugin_self *self, struct server *srv)
{
	struct conf *conf = self->config->conf;
	unsigned before = self->config->report.faults;

	(void)srv;
	return conf_each(conf, "extforward.forwarder", compile, self) == -1
	    || conf_each(conf, "extforward.params", check_params, self) == -1
	    || self->config->report.faults != before ? -1 : 0;
}

const struct plugin mod_extforward = {
	.api = PLUGIN_API,
	.name = "mod_extforward",
	.version = SERVER_VERSION,
	.keys = extforward_keys,
	.conf_size = sizeof(struct extforward_conf),
	.set_defaults = extforward_set_defaults,
	.handle_connection_start = extforward_connection_start,
	.handle_uri_raw = extforward_uri_raw,
};
