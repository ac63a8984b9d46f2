/*
 * mod_auth.c - lets in only who is known: Basic and Digest authentication from
 * files, for the URL prefixes of auth.require.
 *
 * Asked for the clean path, after every rewrite again, and once more when an
 * index file took the folder's place. All errors end with the door shut. Users
 * who do not exist cost the time of those who do. Slow hashes stop the whole
 * process: so passwords that were right are remembered, and those that were
 * wrong may take a part of the time only. No log has a password or a hash.
 */
#include <sys/stat.h>
#include <errno.h>
#include <string.h>

#include "plugin.h"

enum { KNOWN_SECONDS = 600, KNOWN_MOST = 365 * 86400 };	/* auth.cache */

/* In the order of the words below. The files are those of enum pass_kind, and
 * one more. */
enum method { METHOD_BASIC, METHOD_DIGEST, METHOD_EXTERN };
enum { GROUPS = PASS_HTDIGEST + 1, FILES };

static const char methods[] = "basic\0digest\0extern\0";
static const char backends[] = "plain\0htpasswd\0htdigest\0";

/* One item of auth.require. Behind the last, prefix.p is NULL. */
struct rule {
	struct slice prefix;		/* of the paths it is for */
	const char *realm, *require;	/* as configured */
	struct slice secret;		/* of its nonces */
	enum method method;
	unsigned algorithms;		/* 1 << enum http_algorithm ... */
};

struct auth_conf {
	const char *file[FILES], *backend;
	const long *remember;		/* seconds; NULL: not set */
	const struct rule *require;
	int extern_authn;
};

#define KEY(name, type, member) { name, type, CONF_REQUEST, \
	offsetof(struct auth_conf, member), NULL, 0, 0 }

/* The files first, in their order, then auth.backend. */
static const struct conf_key auth_keys[] = {
	KEY("auth.backend.plain.userfile", CONF_STRING, file[PASS_PLAIN]),
	KEY("auth.backend.htpasswd.userfile", CONF_STRING,
	    file[PASS_HTPASSWD]),
	KEY("auth.backend.htdigest.userfile", CONF_STRING,
	    file[PASS_HTDIGEST]),
	KEY("auth.backend.plain.groupfile", CONF_STRING, file[GROUPS]),
	KEY("auth.backend", CONF_STRING, backend),
	KEY("auth.cache", CONF_MAP, remember),
	KEY("auth.extern-authn", CONF_BOOL, extern_authn),
	KEY("auth.require", CONF_MAP, require),
	{ .name = NULL }
};

struct auth {
	const struct rule *passed;	/* by the request being routed */
	struct buf text, value;		/* credentials; what a file says */
	struct pass_memory memory;
};

/* ---- answers ---- */

static enum verdict
cannot_read(struct connection *con, const char *file)
{
	if (errno == EMFILE || errno == ENFILE)
		return VERDICT_WAIT_FOR_FD;
	LOG(con->srv, "[error] auth: %s: %s", file, strerror(errno));
	return VERDICT_ERROR;
}

static enum verdict
challenge(struct connection *con, const struct rule *rule, int stale)
{
	conn_error(con, 401);
	if (rule->method != METHOD_EXTERN)
		http_challenge(&con->req->fields, rule->realm,
		    rule->algorithms, rule->secret, con->srv->now, stale);
	return VERDICT_FINISHED;
}

/* The name comes last in the line: it cannot look like something else. */
static enum verdict
refuse(struct connection *con, const struct rule *rule, struct slice user)
{
	char peer[NET_NAME_SIZE];

	(void)net_peer_name(con, peer);
	LOG(con->srv, "auth: %s refused for realm %s: user %.*s", peer,
	    rule->realm, (int)user.n, user.p);
	return challenge(con, rule, 0);
}

/* The password was right. */
static enum verdict
welcome(struct plugin_self *self, struct connection *con,
    const struct rule *rule, struct slice user)
{
	const struct auth_conf *conf = plugin_conf(self, con->req);
	struct auth *auth = self->data;
	int may = pass_may_enter(rule->require, conf->file[GROUPS], user,
	    &auth->value);

	if (may == -1)
		return cannot_read(con, conf->file[GROUPS]);
	if (may == 0)
		return refuse(con, rule, user);
	request_set_env(con->req, "REMOTE_USER", user);
	request_set_env(con->req, "AUTH_TYPE", slice_of(
	    rule->method == METHOD_BASIC ? "Basic" : "Digest"));
	return con->req->env.failed ? VERDICT_ERROR : VERDICT_GO_ON;
}

/* ---- Basic ---- */

/* Whose attempts are counted together: an address, a network of IPv6. */
static struct slice
client_of(const struct connection *con)
{
	return con->peer.sa.sa_family == AF_INET
	    ? (struct slice){ (const char *)&con->peer.in.sin_addr, 4 }
	    : con->peer.sa.sa_family == AF_INET6
	    ? (struct slice){ (const char *)&con->peer.in6.sin6_addr, 8 }
	    : (struct slice){ NULL, 0 };
}

static enum verdict
check_basic(struct plugin_self *self, struct connection *con,
    const struct rule *rule, enum pass_kind backend, struct slice said)
{
	const struct auth_conf *conf = plugin_conf(self, con->req);
	const char *file = conf->file[backend];
	struct auth *auth = self->data;
	struct slice user, password;
	unsigned char mac[HASH_SIZE];
	int64_t began, wait;
	struct stat st;
	int right;

	if (http_basic(&auth->text, said) == -1) {
		conn_error(con, auth->text.failed ? 503 : 400);
		return VERDICT_FINISHED;
	}
	password.p = buf_text(&auth->text);
	password.n = auth->text.n;
	user = slice_cut(&password, ':');
	if (stat(file, &st) == -1)
		return cannot_read(con, file);
	if (pass_is_known(&auth->memory, &st, rule->realm, &auth->text,
	    con->srv->tick, mac))
		return welcome(self, con, rule, user);
	began = clock_ms();
	wait = pass_charge(&auth->memory, client_of(con), began, 0);
	if (wait > 0) {
		conn_error(con, 429);
		buf_printf(&con->req->fields, "Retry-After: %d\r\n",
		    (int)(wait / 1000) + 1);
		return VERDICT_FINISHED;
	}
	errno = 0;
	right = pass_check(backend, file, user, rule->realm, password,
	    &auth->value);
	if (right == 0 && errno == ENOSYS)
		LOG(con->srv, "[error] auth: %s: crypt(3) does not know a hash "
		    "in it", file);
	if (right == -1)
		return cannot_read(con, file);
	if (right == 1)
		pass_remember(&auth->memory, mac, con->srv->tick + (uint32_t)
		    (conf->remember != NULL ? *conf->remember
		    : KNOWN_SECONDS));
	else
		(void)pass_charge(&auth->memory, client_of(con), began,
		    clock_ms() - began);
	return right ? welcome(self, con, rule, user)
	    : refuse(con, rule, user);
}

/* ---- Digest ---- */

/* A nonce may be used again until it is too old: who can listen to a request
 * can listen to the answer, too. */
static enum verdict
check_digest(struct plugin_self *self, struct connection *con,
    const struct rule *rule, enum pass_kind backend)
{
	const struct auth_conf *conf = plugin_conf(self, con->req);
	struct buf *value = &((struct auth *)self->data)->value;
	struct slice said[HTTP_DIGEST];
	int i = HTTP_MD5, found;

	if (http_digest(&con->req->head, said) == -1) {
		conn_error(con, 400);
		return VERDICT_FINISHED;
	}
	if (said[HTTP_ALGORITHM].p != NULL)
		i = str_word(http_algorithms, said[HTTP_ALGORITHM]);
	if (i == -1 || (rule->algorithms >> i & 1) == 0
	    || !slice_eq(said[HTTP_REALM], slice_of(rule->realm)))
		return challenge(con, rule, 0);
	found = pass_find(conf->file[backend], said[HTTP_USERNAME], rule->realm,
	    backend == PASS_PLAIN ? 0 : i < HTTP_SHA256 ? 32 : 64, value);
	if (found == -1)
		return cannot_read(con, conf->file[backend]);
	if (!http_digest_fits(&con->req->head, said, (enum http_algorithm)i,
	    (struct slice){ value->p, value->n }, backend == PASS_PLAIN)
	    || found == 0)
		return refuse(con, rule, said[HTTP_USERNAME]);
	if (!http_digest_fresh(said[HTTP_NONCE], rule->secret,
	    rule->realm, con->srv->now))
		return challenge(con, rule, 1);
	return welcome(self, con, rule, said[HTTP_USERNAME]);
}

/* ---- hooks ---- */

static enum verdict
check(struct plugin_self *self, struct connection *con,
    const struct rule *rule)
{
	const struct auth_conf *conf = plugin_conf(self, con->req);
	struct slice said = http_field(&con->req->head, HTTP_AUTHORIZATION);
	struct slice user = request_env(con->req, "REMOTE_USER");
	int backend;

	/* whom somebody else has let in */
	if (user.n > 0 && (conf->extern_authn
	    || rule->method == METHOD_EXTERN)
	    && pass_may_enter(rule->require, conf->file[GROUPS], user,
	    &((struct auth *)self->data)->value) == 1)
		return VERDICT_GO_ON;
	if (rule->method == METHOD_EXTERN)
		return challenge(con, rule, 0);
	backend = conf->backend == NULL ? -1
	    : str_word(backends, slice_of(conf->backend));
	if (backend == -1 || conf->file[backend] == NULL
	    || (backend == PASS_HTPASSWD && rule->method == METHOD_DIGEST)) {
		LOG(con->srv, "[error] auth: %s needs another auth.backend, or "
		    "its file", rule->prefix.p);
		return VERDICT_ERROR;
	}
	if (str_word(methods, slice_cut(&said, ' ')) != (int)rule->method)
		return challenge(con, rule, 0);
	if (rule->method == METHOD_DIGEST)
		return check_digest(self, con, rule, (enum pass_kind)backend);
	return check_basic(self, con, rule, (enum pass_kind)backend, said);
}

/* Holds the request against the first rule whose prefix its path has. */
static enum verdict
auth_file(struct plugin_self *self, struct connection *con)
{
	const struct auth_conf *conf = plugin_conf(self, con->req);
	const struct buf *path = &con->req->path;
	struct auth *auth = self->data;
	const struct rule *rule = conf->require;
	enum verdict verdict = VERDICT_GO_ON;

	if (rule == NULL)
		return VERDICT_GO_ON;
	while (rule->prefix.p != NULL && (path->n < rule->prefix.n
	    || memcmp(path->p, rule->prefix.p, rule->prefix.n) != 0))
		rule++;
	if (rule->prefix.p != NULL && rule != auth->passed)
		verdict = check(self, con, rule);
	auth->passed = rule;
	return verdict;
}

/* Between the two hooks no other request is routed. */
static enum verdict
auth_uri_clean(struct plugin_self *self, struct connection *con)
{
	((struct auth *)self->data)->passed = NULL;
	/* who was let in for one URL is nobody yet for what it became */
	if (request_env(con->req, "AUTH_TYPE").n > 0)
		request_set_env(con->req, "REMOTE_USER", slice_of(""));
	return auth_file(self, con);
}

/* ---- configuration ---- */

/* What conf_each's functions share. Sets of files and methods are bits. */
struct reading {
	struct config *config;
	const struct auth *auth;
	const char *folder;		/* of relative paths */
	unsigned methods;		/* of the rules */
	unsigned wanted, found;		/* files */
	int file;			/* being read; FILES: auth.backend */
};

static int
read_name(void *reading, void *slot, const struct conf_block *block,
    struct conf_place place)
{
	struct reading *r = reading;
	const char **name = slot;
	int i = r->file;

	(void)block;
	if (*name == NULL || **name == '\0') {
		*name = NULL;
	} else if (i < FILES) {
		*name = config_absolute(r->config, r->folder, *name);
		r->found |= 1u << i;
	} else {
		i = str_word(backends, slice_of(*name));
		if (i == -1)
			return conf_fault(&r->config->report, place,
			    "auth.backend: \"plain\", \"htpasswd\" or "
			    "\"htdigest\" was expected, found \"%s\"", *name);
		r->wanted |= 1u << i;
		/* loads it while it can be found */
		if (i == PASS_HTPASSWD)
			(void)sys_crypt("", "");
	}
	return 0;
}

/* ( "max-age" => seconds ) */
static int
read_cache(void *reading, void *slot, const struct conf_block *block,
    struct conf_place place)
{
	struct reading *r = reading;
	const struct conf_list *list = *(const struct conf_list **)slot;
	struct conf_value *v;
	int64_t n;

	(void)block;
	*(long **)slot = NULL;
	if (list == NULL || list->n == 0)
		return 0;
	v = &list->items[0].value;
	n = v->number;
	if (strcmp(list->items[0].key, "max-age") != 0 || list->n > 1
	    || v->kind == CONF_VALUE_LIST || (v->kind == CONF_VALUE_TEXT
	    && str_number(slice_of(v->text), &n) == -1) || n > KNOWN_MOST)
		return conf_fault(&r->config->report, place,
		    "auth.cache: ( \"max-age\" => seconds ) was expected");
	v->number = (long)n;
	*(long **)slot = &v->number;
	return 0;
}

/* Puts what text says into rule. Returns what is wrong, or NULL. */
static const char *
read_texts(struct reading *r, struct rule *rule, const char *const text[])
{
	struct slice rest, s, name;
	int i = text[0] == NULL ? -1 : str_word(methods, slice_of(text[0]));

	if (i == -1)
		return "method is \"basic\", \"digest\" or \"extern\"";
	rule->method = (enum method)i;
	r->methods |= 1u << i;
	if (text[1] == NULL || strpbrk(text[1], "\"\\\r\n") != NULL)
		return "realm is missing, or has a quote or backslash";
	rule->realm = text[1];
	if (text[2] == NULL || text[2][0] == '\0')
		return "require is missing";
	for (rest = slice_of(text[2]); rest.p != NULL; ) {
		s = slice_cut(&rest, '|');
		name = slice_cut(&s, '=');
		i = str_word("valid-user\0user\0group\0host\0", name);
		if (i == -1 || (i > 0) != (s.n > 0))
			return "require is \"valid-user\" or \"user=...\" or "
			    "\"group=...\", with | between them";
		r->wanted |= (unsigned)(i == 2) << GROUPS;
	}
	rule->require = text[2];
	rest = slice_of(text[3] != NULL ? text[3] : "MD5");
	while (rule->method == METHOD_DIGEST && rest.p != NULL) {
		i = str_word(http_algorithms, slice_cut(&rest, '|'));
		if (i == -1)
			return "algorithm is MD5, MD5-sess, SHA-256 or "
			    "SHA-256-sess, or some with | between them";
		rule->algorithms |= 1u << i;
	}
	rule->secret = (struct slice){ (const char *)r->auth->memory.secret,
		HASH_SIZE };
	/* what -p prints is none */
	if (text[4] != NULL && strcmp(text[4], "...") != 0)
		rule->secret = slice_of(text[4]);
	return NULL;
}

static const char *
read_rule(struct reading *r, struct rule *rule, const struct conf_item *item)
{
	const char *text[7] = { NULL };
	const struct conf_item *field;
	size_t i;
	int k;

	rule->prefix = slice_of(item->key);
	if (item->value.kind != CONF_VALUE_LIST)
		return "( \"method\" => ... ) was expected";
	/* it would never match */
	if (item->key[0] != '/' && item->key[0] != '\0')
		return "a path begins with \"/\"";
	for (i = 0; i < item->value.list->n; i++) {
		field = &item->value.list->items[i];
		k = field->key == NULL ? -1 : str_word("method\0realm\0"
		    "require\0algorithm\0nonce_secret\0nonce-secret\0"
		    "userhash\0", slice_of(field->key));
		if (k == -1 || (field->value.kind != CONF_VALUE_TEXT && k < 6))
			return "there is method, realm, require, algorithm, "
			    "nonce_secret and userhash, each a text";
		text[k == 5 ? 4 : k] = field->value.text;
	}
	return read_texts(r, rule, text);
}

static int
read_rules(void *reading, void *slot, const struct conf_block *block,
    struct conf_place place)
{
	struct reading *r = reading;
	const struct conf_list *list = *(const struct conf_list **)slot;
	struct rule *rule;
	const char *wrong;
	size_t i;

	(void)block;
	if (list == NULL)
		return 0;
	rule = conf_alloc(r->config->conf, (list->n + 1) * sizeof(*rule));
	*(struct rule **)slot = rule;
	if (rule == NULL)
		return conf_fault(&r->config->report, place, "out of memory");
	for (i = 0; i < list->n; i++) {
		wrong = read_rule(r, rule + i, &list->items[i]);
		if (wrong != NULL)
			conf_fault(&r->config->report, place, "auth.require: "
			    "\"%s\": %s", list->items[i].key, wrong);
	}
	return 0;
}

static int
auth_set_defaults(struct plugin_self *self, struct server *srv)
{
	struct config *config = self->config;
	struct auth *auth = conf_alloc(config->conf, sizeof(*auth));
	struct reading r = { .config = config, .auth = auth,
		.folder = srv->folder };
	unsigned faults = config->report.faults, backend;

	if (auth == NULL)
		return config_fault(config, "auth.require", "out of memory");
	self->data = auth;
	pass_init(&auth->memory);
	for (r.file = 0; r.file <= FILES; r.file++)
		conf_each(config->conf, auth_keys[r.file].name, read_name, &r);
	conf_each(config->conf, "auth.cache", read_cache, &r);
	backend = r.wanted;
	conf_each(config->conf, "auth.require", read_rules, &r);
	for (r.file = 0; r.methods != 0 && r.file < FILES; r.file++)
		if (r.wanted & ~r.found & 1u << r.file)
			config_fault(config, "auth.require", "%s is not set",
			    auth_keys[r.file].name);
	if (backend == 0 && r.methods & ~(1u << METHOD_EXTERN))
		config_fault(config, "auth.require", "auth.backend is not set");
	if (backend == 1u << PASS_HTPASSWD && r.methods & 1u << METHOD_DIGEST)
		config_fault(config, "auth.require", "digest needs auth.backend"
		    " = \"htdigest\" or \"plain\"");
	return config->report.faults == faults ? 0 : -1;
}

static void
auth_free(struct plugin_self *self, struct server *srv)
{
	struct auth *auth = self->data;

	(void)srv;
	if (auth != NULL) {
		buf_free(&auth->text);
		buf_free(&auth->value);
	}
}

const struct plugin mod_auth = {
	.api = PLUGIN_API,
	.name = "mod_auth",
	.version = SERVER_VERSION,
	.keys = auth_keys,
	.conf_size = sizeof(struct auth_conf),
	.set_defaults = auth_set_defaults,
	.free = auth_free,
	.handle_uri_clean = auth_uri_clean,
	.handle_file = auth_file,
};
