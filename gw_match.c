/*
 * gw_match.c - which rule of a gateway is for a request, and what of its path
 * is the script's name.
 *
 * gw_life.c's hooks ask before and after a file was looked for. Authorizers are
 * tried first, by the path and by the file: nobody gets around them. Keys are
 * tried in the order of the configuration, each as it is: "/app" is a prefix of
 * "/apple", too; all others are suffixes.
 *
 *	key			path		script		PATH_INFO
 *	"/app"			/app/x/y	/app		/x/y
 *	"/app/"			/app/x/y	/app/x		/y
 *	"/" (fix-root-...)	/app/x/y			/app/x/y
 *	".fcgi"			/a.fcgi/x	/a.fcgi		/x
 */
#include <sys/stat.h>
#include <string.h>

#include "gw.h"

/* The first place in path, up to at least or behind, where "/" stands or its
 * end is. */
static size_t
segment_end(struct slice path, size_t at)
{
	while (at < path.n && path.p[at] != '/')
		at++;
	return at;
}

/* Where in path a name ends with key, or 0: nowhere. whole: at its end only. */
static size_t
find_suffix(struct slice path, struct slice key, int whole)
{
	size_t at = whole ? path.n : segment_end(path, 1);

	for (; at <= path.n; at = segment_end(path, at + 1)) {
		if (at >= key.n && memcmp(path.p + at - key.n, key.p, key.n)
		    == 0 && (key.n > 0 || at == path.n))
			return at;
		if (at == path.n)
			break;
	}
	return 0;
}

/* The same for a rule's key, and all that *.map-extensions turns into it. */
static size_t
find_name(const struct gw_conf *conf, const struct gw_rule *rule,
    struct slice path, int whole)
{
	const struct conf_list *map = conf->extensions;
	size_t at = find_suffix(path, rule->key, whole), i;

	for (i = 0; at == 0 && map != NULL && i < map->n; i++)
		if (slice_eq(rule->key, slice_of(map->items[i].value.text)))
			at = find_suffix(path, slice_of(map->items[i].key),
			    whole);
	return at;
}

/* Is the request for that rule? Sets *script_n then. */
static int
matches(const struct gw_conf *conf, const struct gw_rule *rule,
    const struct request *req, size_t *script_n)
{
	struct slice path = { req->path.p, req->path.n }, key = rule->key;
	struct slice file = { req->file.p, req->file.n };
	const int local = rule->kind == GW_LOCAL;

	if (local && (req->entry->error != 0 || !S_ISREG(req->entry->mode)))
		return 0;
	*script_n = path.n - (local ? req->path_info_n : 0);
	if (key.n == 0 || key.p[0] != '/') {
		if (!local)
			*script_n = find_name(conf, rule, path, 0);
		/* there is none yet, but for who needs it */
		return (!local && *script_n > 0)
		    || find_name(conf, rule, file, 1) > 0;
	}
	if (path.n < key.n || memcmp(path.p, key.p, key.n) != 0)
		return 0;
	if (!local)
		*script_n = key.n == 1 && rule->hosts->fix_root_scriptname
		    ? 0 : segment_end(path, key.n);
	return 1;
}

/* Is it not for that rule to say something now? */
static int
is_out(const struct gw_rule *rule, enum gw_kind kind,
    const struct request *req)
{
	size_t i;

	if (rule->kind != GW_AUTHORIZER || kind == GW_LOCAL)
		return rule->kind != kind;
	for (i = 0; i < COUNT(req->passed); i++)
		if (req->passed[i] == rule)
			return 1;
	return 0;
}

struct gw_rule *
gw_match(struct plugin_self *self, struct connection *con, enum gw_kind kind,
    size_t *script_n)
{
	const struct request *req = con->req;
	const struct gw_conf *conf = plugin_conf(self, req);
	struct gw_rules *rules = conf->rules;
	struct gw_rule *rule;

	if (rules == NULL)
		return NULL;
	for (rule = rules->rules; rule < rules->rules + rules->n; rule++)
		if (!is_out(rule, kind, req)
		    && matches(conf, rule, req, script_n))
			return rule;
	return NULL;
}
