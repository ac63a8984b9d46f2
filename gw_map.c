/*
 * gw_map.c - hosts and paths that have another name on the backend's side.
 *
 * "proxy.header" of the configuration, and what it does to URLs and cookies,
 * the first entry that fits in each case. What belongs to other servers stays
 * as it is. Called by mod_proxy.c for requests and for their replies.
 */
#include <string.h>
#include <strings.h>

#include "gw.h"

static int
is_same(struct slice a, struct slice b)
{
	return a.n == b.n && strncasecmp(a.p, b.p, a.n) == 0;
}

/* Replaces *host as list says. "-" in front of an arrow is any host, or the
 * one we asked for; behind it, the client's. Returns 0: it is not there. */
static int
map_host(const struct gw_map *map, const struct conf_list *list,
    const struct slice *asked, struct slice *host)
{
	const char *key, *to;
	size_t i;

	for (i = 0; list != NULL && i < list->n; i++) {
		key = list->items[i].key;
		to = list->items[i].value.text;
		if (strcmp(key, "-") != 0 ? !is_same(*host, slice_of(key))
		    : asked != NULL && !is_same(*host, *asked))
			continue;
		if (strcmp(to, "-") == 0)
			*host = map->client;
		else if (*to != '\0')
			*host = slice_of(to);
		return 1;
	}
	return 0;
}

void
gw_map_ask(struct gw_map *map)
{
	map->asked = map->client;
	(void)map_host(map, map->names->list[GW_MAP_REQUEST], NULL,
	    &map->asked);
}

/* Returns 0: the host is none of ours. */
static int
map_either(const struct gw_map *map, int reply, struct slice *host)
{
	const struct gw_names *names = map->names;

	return (reply ? map_host(map, names->list[GW_MAP_REPLY], &map->asked,
	    host) : map_host(map, names->list[GW_MAP_REQUEST], NULL, host))
	    || is_same(*host, map->client) || is_same(*host, map->asked);
}

void
gw_map_path(const struct gw_map *map, struct slice path, int reply,
    struct buf *out)
{
	const struct conf_list *list = map->names->list[GW_MAP_PATH];
	const char *key, *text;
	struct slice from;
	size_t i;

	for (i = 0; list != NULL && i < list->n; i++) {
		key = list->items[i].key;
		text = list->items[i].value.text;
		from = slice_of(reply ? text : key);
		if (path.n < from.n || memcmp(path.p, from.p, from.n) != 0)
			continue;
		buf_adds(out, reply ? key : text);
		path.p += from.n;
		path.n -= from.n;
		break;
	}
	buf_add(out, path.p, path.n);
}

void
gw_map_uri(const struct gw_map *map, struct slice uri, int reply,
    struct buf *out)
{
	static const char schemes[] = "https://\0http://\0//\0";
	const char *scheme = schemes;
	struct slice host, all = uri;
	size_t n = strlen(scheme);

	while (n > 0 && (uri.n < n || strncasecmp(uri.p, scheme, n) != 0)) {
		scheme += n + 1;
		n = strlen(scheme);
	}
	if (n > 0) {
		host = (struct slice){ uri.p + n, 0 };
		while (n + host.n < uri.n
		    && memchr("/?#", host.p[host.n], 3) == NULL)
			host.n++;
		uri.p += n + host.n;
		uri.n -= n + host.n;
		if (!map_either(map, reply, &host)) {
			buf_add(out, all.p, all.n);
			return;
		}
		if (*scheme == 'h' && reply && map->https)
			scheme = schemes;
		buf_adds(out, scheme);
		buf_add(out, host.p, host.n);
	}
	gw_map_path(map, uri, reply, out);
}

void
gw_map_cookie(const struct gw_map *map, struct slice cookie, struct buf *out)
{
	struct slice part, name, value;
	int first = 1, is;

	for (; cookie.p != NULL; first = 0) {
		value = part = slice_cut(&cookie, ';');
		name = slice_trim(slice_cut(&value, '='));
		value = slice_trim(value);
		is = first || value.n == 0 ? -1
		    : str_word("path\0domain\0", name);
		if (!first)
			buf_addc(out, ';');
		if (is == -1) {
			buf_add(out, part.p, part.n);
			continue;
		}
		if (is == 1 && *value.p == '.') {
			value.p++;
			value.n--;
		}
		buf_add(out, part.p, (size_t)(value.p - part.p));
		if (is == 0) {
			gw_map_path(map, value, 1, out);
		} else {
			(void)map_either(map, 1, &value);
			buf_add(out, value.p, value.n);
		}
	}
}

/* ---- the configuration -------------------------------------------------- */

/* Could that stand in a URL, for a path or a host? */
static int
fits(const char *text, int which)
{
	size_t n = strlen(text);

	if (which != GW_MAP_PATH)
		return n == 0 || strcmp(text, "-") == 0
		    || http_is_host((struct slice){ text, n });
	if (*text != '/')
		return 0;
	while (*text > ' ' && *text < 0x7f && *text != '?' && *text != '#')
		text++;
	return *text == '\0';
}

static void
check_list(struct conf_report *report, const struct conf_item *item, int which,
    struct conf_place place)
{
	const struct conf_list *list = item->value.list;
	const struct conf_item *pair;
	size_t i;

	for (i = 0; i < list->n; i++) {
		pair = &list->items[i];
		if (pair->key == NULL || *pair->key == '\0'
		    || pair->value.kind != CONF_VALUE_TEXT
		    || !fits(pair->key, which)
		    || !fits(pair->value.text, which))
			conf_fault(report, place, "proxy.header: \"%s\": entry"
			    " %zu: expected %s", item->key, i + 1,
			    which == GW_MAP_PATH ? "\"/path\" => \"/path\""
			    : "\"host\" => \"host\", either may be \"-\"");
	}
}

/* Returns NULL, or what was expected. */
static const char *
read_item(struct gw_names *names, const struct conf_item *item,
    struct conf_report *report, struct conf_place place)
{
	int which = str_word("map-urlpath\0map-host-request\0"
	    "map-host-response\0upgrade\0https-remap\0connect\0",
	    slice_of(item->key)), is = conf_bool(&item->value);

	if (which == -1)
		return "map-urlpath, map-host-request, map-host-response,"
		    " upgrade or https-remap";
	if (which >= GW_MAP_LISTS) {
		names->is[which] = is == 1;
		return which == GW_MAP_CONNECT && is != 0 ? "\"disable\""
		    : is == -1 ? "\"enable\" or \"disable\"" : NULL;
	}
	if (item->value.kind != CONF_VALUE_LIST)
		return "a list";
	names->list[which] = item->value.list;
	check_list(report, item, which, place);
	return NULL;
}

int
gw_names_read(void *config, void *slot, const struct conf_block *block,
    struct conf_place place)
{
	struct config *c = config;
	const struct conf_list *list = *(const struct conf_list **)slot;
	struct gw_names *names;
	const char *wanted;
	size_t i;

	(void)block;
	names = conf_alloc(c->conf, sizeof(*names));
	if (names == NULL)
		return conf_fault(&c->report, place, "out of memory");
	for (i = 0; list != NULL && i < list->n; i++) {
		wanted = read_item(names, &list->items[i], &c->report, place);
		if (wanted != NULL)
			conf_fault(&c->report, place, "proxy.header: \"%s\":"
			    " expected %s", list->items[i].key, wanted);
	}
	*(const struct gw_names **)slot = names;
	return 0;
}
