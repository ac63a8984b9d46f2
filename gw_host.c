/*
 * gw_host.c - backends as the configuration has them, and which rule is for a
 * request.
 *
 * A gateway's module has gw_hosts_check called when settings are there: all
 * that can be wrong is said then, and names are looked up. The hosts of a key
 * may stand in a list, with labels or without; a single one may stand alone:
 *
 *	".php" => (( "host" => "127.0.0.1", "port" => 9000 ), ( ... ))
 *	"/app" => ( "one" => ( "socket" => "/run/one" ), ... )
 *	"/two" => ( "socket" => "/run/two" )
 */
#include <sys/stat.h>
#include <sys/un.h>

#include <arpa/inet.h>
#include <netinet/in.h>

#include <netdb.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gw.h"

enum {
	PROCS = 4,			/* as lighttpd has it */
	BACKLOG = 1024,
	YEAR = 365 * 86400,
	HOST_MAX = 256,			/* bytes of a name */
	WHERE = 256,			/* of what stands before a fault */
	SOCKET_SUFFIX = 34		/* "-PID-SERIAL-NUMBER" */
};

/* What conf_options fills. */
struct options {
	struct gw_host host;
	const char *mode;
	int nothing;
};

#define AT(member) CONF_REQUEST, offsetof(struct options, member)
#define OPTION(name, type, member) \
	{ name, CONF_##type, AT(host.member), NULL, 0, 0 }
#define SECONDS(name, member) \
	{ name, CONF_INT, AT(host.member), NULL, 0, YEAR }

static const struct conf_key options[] = {
	OPTION("host", STRING, host),
	{ "port", CONF_SHORT, AT(host.port), NULL, 1, 0 },
	OPTION("socket", STRING, socket),
	OPTION("bin-path", STRING, bin_path),
	OPTION("bin-environment", TEXTS, bin_environment),
	OPTION("bin-copy-environment", LIST, bin_copy_environment),
	OPTION("min-procs", SHORT, min_procs),
	{ "max-procs", CONF_SHORT, AT(host.max_procs), NULL, 1, 0 },
	{ "max-load-per-proc", CONF_SHORT, AT(host.max_load), NULL, 1, 0 },
	{ "kill-signal", CONF_SHORT, AT(host.kill_signal), NULL, 1, 64 },
	{ "listen-backlog", CONF_SHORT, AT(host.listen_backlog), NULL, 1, 0 },
	SECONDS("idle-timeout", idle_timeout),
	SECONDS("connect-timeout", connect_timeout),
	SECONDS("read-timeout", read_timeout),
	SECONDS("write-timeout", write_timeout),
	SECONDS("disable-time", disable_time),
	OPTION("check-local", BOOL, check_local),
	{ "mode", CONF_STRING, AT(mode), NULL, 0, 0 },
	OPTION("docroot", STRING, docroot),
	OPTION("keep-connection", BOOL, keep_connection),
	OPTION("fix-root-scriptname", BOOL, fix_root_scriptname),
	OPTION("broken-scriptfilename", BOOL, broken_scriptfilename),
	OPTION("strip-request-uri", STRING, strip_request_uri),
	OPTION("x-sendfile", BOOL, allow_sendfile),
	OPTION("allow-x-send-file", BOOL, allow_sendfile),
	OPTION("x-sendfile-docroot", LIST, sendfile_docroot),
	OPTION("upgrade", BOOL, upgrade),
	{ "tcp-fin-propagate", CONF_BOOL, AT(nothing), NULL, 0, 0 },
	{ .name = NULL }
};

/* A key of hosts while it is read. */
struct reader {
	struct config *config;
	const struct gw_keys *keys;
	struct gw_pool *pool;
	struct conf_place place;
	char where[WHERE];		/* of the hosts: before each fault */
};

static int
fault(struct reader *r, const char *what, const char *text)
{
	return conf_fault(&r->config->report, r->place, "%s%s%s%s%s", r->where,
	    what, text != NULL ? " \"" : "", text != NULL ? text : "",
	    text != NULL ? "\"" : "");
}

static void *
take(struct reader *r, size_t n)
{
	void *memory = conf_alloc(r->config->conf, n);

	if (memory == NULL)
		fault(r, "out of memory", NULL);
	return memory;
}

/* bin-path and how many of it. */
static void
check_program(struct reader *r, struct gw_host *h)
{
	struct config *config = r->config;
	const char *root = config->core->chroot;
	struct stat st;

	if (h->max_procs == -1)
		h->max_procs = h->min_procs > PROCS ? h->min_procs : PROCS;
	if (h->min_procs == -1)
		h->min_procs = h->max_procs < PROCS ? h->max_procs : PROCS;
	if (h->min_procs > h->max_procs)
		fault(r, "min-procs is more than max-procs", NULL);
	h->bin_path = config_absolute(config, root != NULL ? ""
	    : config->srv->folder, h->bin_path);
	if (h->bin_path == NULL)
		return;
	if (gw_spawn_prepare(h) == -1)
		fault(r, "out of memory", NULL);
	else if (root == NULL && (stat(h->argv[0], &st) == -1
	    || !S_ISREG(st.st_mode) || access(h->argv[0], X_OK) == -1))
		fault(r, "bin-path: nothing that could be run is",
		    h->argv[0]);
	if (h->host != NULL && h->port + h->max_procs - 1 > UINT16_MAX)
		fault(r, "max-procs: so many ports there are not", NULL);
}

/* ---- one host ---- */

static void
no_empty(const char **text)
{
	if (*text != NULL && **text == '\0')
		*text = NULL;
}

/* Where it is: exactly one way to get there. */
static void
check_place(struct reader *r, struct gw_host *h)
{
	struct config *config = r->config;
	struct sockaddr_un un;

	if (h->host != NULL && h->host[0] == '/' && h->socket == NULL) {
		h->socket = h->host;
		h->host = NULL;
	}
	if (h->socket != NULL) {
		if (h->host != NULL || h->port != 0)
			fault(r, "either host and port, or socket", NULL);
		h->socket = config_absolute(config, config->core->chroot
		    != NULL ? "" : config->srv->folder, h->socket);
		if (h->socket != NULL && strlen(h->socket)
		    + (h->bin_path != NULL ? SOCKET_SUFFIX : 1)
		    > sizeof(un.sun_path))
			fault(r, "socket: too long:", h->socket);
		return;
	}
	if (h->host == NULL && h->bin_path != NULL && h->port != 0)
		h->host = "127.0.0.1";
	if (h->host == NULL)
		fault(r, "needs host and port, or socket", NULL);
	if (h->port == 0)
		h->port = r->keys->default_port;
	if (h->host != NULL && h->port == 0)
		fault(r, "needs a port", NULL);
}

static void
check_paths(struct reader *r, const struct conf_list *list, const char *what)
{
	size_t i;

	for (i = 0; list != NULL && i < list->n; i++)
		if (list->items[i].value.kind == CONF_VALUE_TEXT
		    && list->items[i].value.text[0] != '/')
			fault(r, what, list->items[i].value.text);
}

/* Reads one host's options. */
static void
read_host(struct reader *r, const struct conf_list *list, struct gw_host *h)
{
	static const struct gw_host preset = { .min_procs = -1,
	    .max_procs = -1, .max_load = 1, .kill_signal = SIGTERM,
	    .listen_backlog = BACKLOG, .idle_timeout = 60,
	    .connect_timeout = 8, .disable_time = 1 };
	unsigned faults = r->config->report.faults;
	struct options o = { .host = preset };

	o.host.check_local = r->keys->default_port == 0;
	o.host.keep_connection = r->keys->keep_connection;
	o.host.pool = r->pool;
	conf_options(list, options, &o, r->place, r->where,
	    &r->config->report);
	*h = o.host;
	if (r->config->report.faults > faults)
		return;
	no_empty(&h->host);
	no_empty(&h->socket);
	no_empty(&h->bin_path);
	no_empty(&h->docroot);
	no_empty(&h->strip_request_uri);
	h->authorizer = o.mode != NULL && strcmp(o.mode, "authorizer") == 0;
	if (o.mode != NULL && !h->authorizer
	    && strcmp(o.mode, "responder") != 0)
		fault(r, "mode is \"responder\" or \"authorizer\", found",
		    o.mode);
	check_place(r, h);
	h->nbackends = 1;
	if (h->bin_path != NULL) {
		check_program(r, h);
		h->nbackends = (unsigned)h->max_procs;
	}
	check_paths(r, h->sendfile_docroot, "x-sendfile-docroot: not an"
	    " absolute path:");
}

/* ---- addresses ---- */

/* The first address of a host, IPv4 if it has one: many a "localhost" has
 * nobody at ::1. Numbers are no names, and nobody is asked. */
static int
look_up(struct reader *r, const struct gw_host *h, struct addrinfo **list,
    const struct addrinfo **found)
{
	struct addrinfo hints = { .ai_family = AF_UNSPEC,
	    .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV };
	char name[HOST_MAX];
	size_t n = strlen(h->host);
	int bracket = h->host[0] == '[' && h->host[n - 1] == ']', error;

	if (n >= sizeof(name))
		return fault(r, "host: too long:", h->host);
	snprintf(name, sizeof(name), "%.*s", (int)n - 2 * bracket,
	    h->host + bracket);
	error = getaddrinfo(name, "1", &hints, list);
	if (error != 0) {
		conf_fault(&r->config->report, r->place,
		    "%shost \"%s\": %s", r->where, name, gai_strerror(error));
		return -1;
	}
	for (*found = *list; *found != NULL && (*found)->ai_family != AF_INET;
	    *found = (*found)->ai_next)
		continue;
	if (*found == NULL)
		*found = *list;
	return 0;
}

/* Name and address of backend number n of a host, which has but one address
 * (ai), or a socket. Those of sockets of our own are known when they listen. */
static void
address(struct reader *r, struct gw_backend *b, const struct addrinfo *ai,
    int n)
{
	const struct gw_host *h = b->host;
	int v6 = h->host != NULL && strchr(h->host, ':') != NULL
	    && h->host[0] != '[', port = h->port + n;
	size_t size = strlen(h->host != NULL ? h->host : h->socket) + 20;
	char *name = take(r, size);
	struct sockaddr *a = take(r, ai != NULL ? ai->ai_addrlen
	    : sizeof(struct sockaddr_un));

	if (name == NULL || a == NULL)
		return;
	if (ai != NULL) {
		snprintf(name, size, v6 ? "[%s]:%d" : "%s:%d", h->host, port);
		memcpy(a, ai->ai_addr, ai->ai_addrlen);
		if (a->sa_family == AF_INET6)
			((struct sockaddr_in6 *)(void *)a)->sin6_port =
			    htons((uint16_t)port);
		else
			((struct sockaddr_in *)(void *)a)->sin_port =
			    htons((uint16_t)port);
		b->address_n = ai->ai_addrlen;
	} else {
		snprintf(name, size, "unix:%s", h->socket);
		a->sa_family = AF_UNIX;
		memcpy(((struct sockaddr_un *)(void *)a)->sun_path, h->socket,
		    strlen(h->socket));
		b->address_n = sizeof(struct sockaddr_un);
	}
	b->name = name;
	/* it stays the same over restarts */
	b->hash = conf_hash(slice_of(name)) + (ai == NULL ? (uint32_t)n : 0);
	b->address = h->socket != NULL && h->bin_path != NULL ? NULL : a;
}

static void
add_backends(struct reader *r, struct gw_host *h)
{
	struct addrinfo *list = NULL;
	const struct addrinfo *ai = NULL;
	unsigned i;

	if (h->host != NULL && look_up(r, h, &list, &ai) == -1)
		return;
	for (i = 0; i < h->nbackends; i++) {
		h->backends[i].host = h;
		h->backends[i].fd = -1;
		address(r, h->backends + i, ai, (int)i);
	}
	if (list != NULL)
		freeaddrinfo(list);
}

/* ---- rules ---- */

/* The hosts of a rule are there: now what they consist of. */
static void
complete(struct reader *r, struct gw_rule *rule)
{
	struct gw_backend *b;
	unsigned i;

	for (i = 0; i < rule->nhosts; i++)
		rule->nbackends += rule->hosts[i].nbackends;
	b = rule->backends = take(r, rule->nbackends * sizeof(*b));
	for (i = 0; b != NULL && i < rule->nhosts; i++) {
		rule->hosts[i].backends = b;
		b += rule->hosts[i].nbackends;
		add_backends(r, rule->hosts + i);
	}
}

static enum gw_kind
kind_of(const struct gw_host *h)
{
	return h->authorizer ? GW_AUTHORIZER : h->check_local ? GW_LOCAL
	    : GW_REMOTE;
}

/* Adds the rules for one key: of each kind of hosts; authorizers in front of
 * what other keys have. */
static void
add_rules(struct reader *r, struct gw_rules *rules, const char *key,
    const struct gw_host *all, size_t n)
{
	struct gw_host *hosts = take(r, n * sizeof(*hosts));
	enum gw_kind kind;
	size_t i;

	for (kind = GW_AUTHORIZER; hosts != NULL && kind <= GW_LOCAL; kind++) {
		struct gw_rule rule = { .key = slice_of(key), .kind = kind,
		    .hosts = hosts };

		for (i = 0; i < n; i++)
			if (kind_of(all + i) == kind)
				hosts[rule.nhosts++] = all[i];
		if (rule.nhosts == 0)
			continue;
		hosts += rule.nhosts;
		complete(r, &rule);
		i = kind == GW_AUTHORIZER ? rules->authorizers++ : rules->n;
		memmove(rules->rules + i + 1, rules->rules + i,
		    (rules->n++ - i) * sizeof(rule));
		rules->rules[i] = rule;
	}
}

/* Are these the options of a host, and not a list of hosts? */
static int
is_host(const struct conf_list *list)
{
	size_t i;

	for (i = 0; i < list->n; i++)
		if (list->items[i].key != NULL
		    && list->items[i].value.kind != CONF_VALUE_LIST)
			return 1;
	return 0;
}

/* Reads what a key has. */
static void
read_key(struct reader *r, struct gw_rules *rules, const struct conf_item *item)
{
	const struct conf_list *list = item->value.list;
	struct conf_item alone = { NULL, item->value };
	const struct conf_list one = { 1, 1, 1, &alone };
	struct gw_host *hosts;
	unsigned faults = r->config->report.faults;
	size_t i;

	snprintf(r->where, sizeof(r->where), "%s: \"%.80s\": ",
	    r->keys->server, item->key);
	if (item->value.kind != CONF_VALUE_LIST || list->n == 0) {
		fault(r, "needs a list of hosts, like (( \"host\" => \"...\","
		    " ... ))", NULL);
		return;
	}
	if (is_host(list))
		list = &one;
	hosts = take(r, list->n * sizeof(*hosts));
	for (i = 0; hosts != NULL && i < list->n; i++) {
		if (list->items[i].key != NULL)
			snprintf(r->where, sizeof(r->where), "%s: \"%.80s\": "
			    "\"%.80s\": ", r->keys->server, item->key,
			    list->items[i].key);
		else if (list->n > 1)
			snprintf(r->where, sizeof(r->where), "%s: \"%.80s\": "
			    "host %zu: ", r->keys->server, item->key, i + 1);
		if (list->items[i].value.kind != CONF_VALUE_LIST) {
			fault(r, "is no list like ( \"host\" => \"...\", ... )",
			    NULL);
			continue;
		}
		hosts[i].label = list->items[i].key;
		read_host(r, list->items[i].value.list, hosts + i);
		hosts[i].label = list->items[i].key;
	}
	if (r->config->report.faults == faults)
		add_rules(r, rules, item->key, hosts, list->n);
}

/* A conf_each_fn. */
static int
read_rules(void *context, void *slot, const struct conf_block *block,
    struct conf_place place)
{
	struct reader *r = context;
	const struct conf_list *map = *(const struct conf_list **)slot;
	struct gw_rules *rules;
	size_t n = 0, i;

	(void)block;
	if (map == NULL)
		return 0;
	r->place = place;
	r->where[0] = '\0';
	for (i = 0; i < map->n; i++)	/* a list of options has as many */
		n += map->items[i].value.kind == CONF_VALUE_LIST
		    ? map->items[i].value.list->n : 0;
	rules = take(r, sizeof(*rules) + (n + 1) * sizeof(*rules->rules));
	*(struct gw_rules **)slot = rules;
	if (rules == NULL)
		return -1;
	for (i = 0; i < map->n; i++)
		read_key(r, rules, map->items + i);
	rules->next = r->pool->rules;
	r->pool->rules = rules;
	return 0;
}

/* The same: of *.balance. */
static int
check_balance(void *context, void *slot, const struct conf_block *block,
    struct conf_place place)
{
	struct reader *r = context;
	const char *word = *(const char **)slot;

	(void)block;
	if (word != NULL && gw_balance_of(word) == -1)
		conf_fault(&r->config->report, place, "%s is one of least-"
		    "connection, round-robin, hash, sticky, found \"%s\"",
		    r->keys->balance, word);
	return 0;
}

int
gw_hosts_check(struct plugin_self *self, const struct gw_keys *keys)
{
	struct config *config = self->config;
	struct reader r = { .config = config, .keys = keys };
	struct gw_conf *conf = (void *)((char *)config->conf->settings
	    + self->conf_at);
	unsigned faults = config->report.faults;

	r.pool = conf_alloc(config->conf, sizeof(*r.pool));
	if (r.pool == NULL)
		return conf_fault(&config->report, conf_nowhere,
		    "out of memory");
	r.pool->config = config;
	r.pool->protocol = keys->protocol;
	(void)conf_each(config->conf, keys->server, read_rules, &r);
	(void)conf_each(config->conf, keys->balance, check_balance, &r);
	if (r.pool->rules != NULL)
		conf->pool = r.pool;
	return config->report.faults == faults ? 0 : -1;
}
