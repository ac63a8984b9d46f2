/*
 * mod_expire.c - how long caches may keep an answer.
 *
 * expire.url goes by the path, expire.mimetypes by the type of what is sent:
 * the first key that it begins with, in the order of the file. Only for what
 * was found, and where nobody has said anything about it yet. A client of
 * HTTP/1.1 gets Cache-Control, one of 1.0, which does not know that, Expires.
 */
#include <string.h>

#include "plugin.h"

/* What a map is made into. */
struct expire_list {
	size_t n;
	struct rule {
		struct slice key;
		int64_t seconds;
		int modification;	/* since the file was, not from now */
	} rules[];
};

struct expire_conf {
	const struct expire_list *url, *mimetypes;
};

#define KEY(name, member) { name, CONF_MAP, CONF_REQUEST, \
	offsetof(struct expire_conf, member), NULL, 0, 0 }

static const struct conf_key expire_keys[] = {
	KEY("expire.url", url),
	KEY("expire.mimetypes", mimetypes),
	{ .name = NULL }
};

static const struct rule *
find(const struct expire_list *list, struct slice text)
{
	const struct rule *r = list == NULL ? NULL : list->rules;

	for (; list != NULL && r < list->rules + list->n; r++)
		if (r->key.n <= text.n
		    && memcmp(r->key.p, text.p, r->key.n) == 0)
			return r;
	return NULL;
}

/* The type of what is sent; where only a part of its fields is (304), the
 * fields that the whole would have say it. */
static struct slice
type_of(const struct request *req)
{
	struct slice type = conn_field_find(&req->fields, "content-type");
	struct buf b = { .n = 0 };

	if (type.p == NULL && req->entry != NULL && req->entry->head != NULL) {
		b.p = req->entry->head;
		b.n = req->entry->head_n;
		type = conn_field_find(&b, "content-type");
	}
	return type.p != NULL ? type : slice_of("");
}

/* Seconds that are left. */
static int64_t
age(const struct rule *r, const struct request *req, int64_t now)
{
	int64_t from = now;

	if (r->modification && req->entry->modified < now)
		from = req->entry->modified;
	return from < now - r->seconds ? 0 : from + r->seconds - now;
}

static void
expire_response_start(struct plugin_self *self, struct connection *con)
{
	struct request *req = con->req;
	const struct expire_conf *conf = plugin_conf(self, req);
	const struct rule *r;
	char text[DATE_HTTP_SIZE] = "max-age=";
	int64_t left;

	if ((conf->url == NULL && conf->mimetypes == NULL)
	    || (req->head.method != HTTP_GET && req->head.method != HTTP_HEAD)
	    || (req->status != 200 && req->status != 206
	    && req->status != 304)
	    || conn_field_find(&req->fields, "cache-control").p != NULL
	    || conn_field_find(&req->fields, "expires").p != NULL)
		return;
	r = find(conf->url, (struct slice){ req->path.p, req->path.n });
	if (r == NULL)
		r = find(conf->mimetypes, type_of(req));
	if (r == NULL || (r->modification
	    && (req->entry == NULL || req->entry->error != 0)))
		return;
	left = age(r, req, con->srv->now);
	if (req->head.minor > 0)
		*put_number(text + strlen(text), (uintmax_t)left) = '\0';
	else
		date_http(text, con->srv->now + (time_t)left);
	conn_field(con, req->head.minor > 0 ? "Cache-Control" : "Expires",
	    slice_of(text));
}

/* ---- the start ---- */

static struct slice
word(const char **p)
{
	struct slice s;

	s.p = *p + strspn(*p, " \t");
	s.n = strcspn(s.p, " \t");
	*p = s.p + s.n;
	return s;
}

/* Seconds in a unit, or 0: it is none. */
static int32_t
unit(struct slice name)
{
	static const struct {
		char name[8];
		int32_t seconds;
	} units[] = {
		{ "year", 365 * 86400 }, { "month", 30 * 86400 },
		{ "week", 7 * 86400 }, { "day", 86400 }, { "hour", 3600 },
		{ "minute", 60 }, { "second", 1 }
	};
	size_t i;

	if (name.n > 0 && name.p[name.n - 1] == 's')
		name.n--;
	for (i = 0; i < COUNT(units); i++)
		if (slice_eq(name, slice_of(units[i].name)))
			return units[i].seconds;
	return 0;
}

/* Reads "access plus 1 month 2 days". Longer than a cache can count (RFC 9111
 * 1.2.2) is as long as it can. Returns 0, or -1: it is something else. */
static int
read_rule(struct rule *r, const char *p)
{
	struct slice s = word(&p);
	int64_t n, seconds;

	r->modification = slice_eq(s, slice_of("modification"));
	if (!r->modification && !slice_eq(s, slice_of("access"))
	    && !slice_eq(s, slice_of("now")))
		return -1;
	s = word(&p);
	if (slice_eq(s, slice_of("plus")))
		s = word(&p);
	do {
		if (str_number(s, &n) == -1)
			return -1;
		seconds = unit(word(&p));
		if (seconds == 0)
			return -1;
		r->seconds = n > (INT32_MAX - r->seconds) / seconds
		    ? INT32_MAX : r->seconds + n * seconds;
		s = word(&p);
	} while (s.n > 0);
	return 0;
}

/* What conf_each hands to compile. */
struct each {
	struct config *config;
	const char *key;
};

static int
compile(void *context, void *slot, const struct conf_block *block,
    struct conf_place place)
{
	struct config *config = ((struct each *)context)->config;
	const struct conf_list *map = *(const struct conf_list **)slot;
	struct expire_list *list;
	const struct conf_item *item;
	struct rule *r;

	(void)block;
	if (map == NULL)
		return 0;
	list = conf_alloc(config->conf, sizeof(*list)
	    + map->n * sizeof(*list->rules));
	if (list == NULL)
		return conf_fault(&config->report, place, "out of memory");
	for (; list->n < map->n; list->n++) {
		item = map->items + list->n;
		r = list->rules + list->n;
		r->key = slice_of(item->key);
		if (r->key.n > 0 && r->key.p[r->key.n - 1] == '*')
			r->key.n--;
		if (item->value.kind != CONF_VALUE_TEXT
		    || read_rule(r, item->value.text) == -1)
			conf_fault(&config->report, place, "%s: \"%s\" needs a"
			    " text like \"access plus 1 month 2 days\""
			    " (access, now, modification; years to seconds)",
			    ((struct each *)context)->key, item->key);
	}
	*(const struct expire_list **)slot = list;
	return 0;
}

static int
expire_set_defaults(struct plugin_self *self, struct server *srv)
{
	unsigned faults = self->config->report.faults;
	struct each each = { self->config, NULL };
	const struct conf_key *key;

	(void)srv;
	for (key = expire_keys; key->name != NULL; key++) {
		each.key = key->name;
		(void)conf_each(self->config->conf, key->name, compile, &each);
	}
	return self->config->report.faults == faults ? 0 : -1;
}

const struct plugin mod_expire = {
	.api = PLUGIN_API,
	.name = "mod_expire",
	.version = SERVER_VERSION,
	.keys = expire_keys,
	.conf_size = sizeof(struct expire_conf),
	.set_defaults = expire_set_defaults,
	.handle_response_start = expire_response_start,
};
