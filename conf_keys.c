/*
 * conf_keys.c - checks the tree against the key tables, stores typed values.
 *
 * conf_apply is called when all modules are known. It changes no value: a
 * port of 70000 is a fault, never 4464. What no table has is a warning, so
 * that lighttpd's files load; but no site that was meant to be encrypted or
 * locked comes up open. It knows no key's meaning beyond that.
 */
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "conf_parse.h"

enum { NAME_NEAR = 3 };		/* edits to a name that is meant */

/* How lighttpd's keys begin that no table has, behind a word with "=" for what
 * is missing: nothing (they change nothing here), or a module. */
static const char absent[] =
    "=\0debug.log-condition-cache-handling\0"
    "debug.log-request-header-on-error\0"
    "debug.log-ssl-noise\0dir-listing.encoding\0"
    "server.bsd-accept-filter\0server.defer-accept\0"
    "server.feature-flags\0server.network-backend\0"
    "server.reject-expect-100-with-417\0server.set-v6only\0"
    "server.stat-cache-engine\0server.upload-temp-file-size\0"
    "server.use-ipv6\0"
    "server.v4mapped\0static-file.disable-pathinfo\0"
    "=this yet\0dir-listing.auto-layout\0dir-listing.cache\0"
    "dir-listing.encode-\0dir-listing.external-\0dir-listing.hide-\0"
    "dir-listing.set-footer\0dir-listing.sort\0mimetype.use-xattr\0"
    "server.breakagelog\0"
    "server.error-handler\0server.error-intercept\0"
    "server.force-lowercase-filenames\0"
    "server.name\0server.protocol-http11\0"
    "server.syslog-facility\0server.systemd-socket-activation\0"
    "=mod_access\0url.access-\0=mod_alias\0alias.\0=mod_auth\0auth.\0"
    "=mod_cgi\0cgi.\0=mod_deflate\0deflate.\0=mod_evhost\0evhost.\0"
    "=mod_expire\0expire.\0=mod_extforward\0extforward.\0"
    "=mod_fastcgi\0fastcgi.\0=mod_magnet\0magnet.\0=mod_openssl\0ssl.\0"
    "=mod_proxy\0proxy.\0=mod_redirect\0url.redirect\0"
    "=mod_rewrite\0url.rewrite\0=mod_rrdtool\0rrdtool.\0=mod_scgi\0scgi.\0"
    "=mod_setenv\0setenv.\0=mod_simple_vhost\0simple-vhost.\0"
    "=mod_sockproxy\0sockproxy.\0=mod_ssi\0ssi.\0=mod_status\0status.\0"
    "=mod_userdir\0userdir.\0=mod_vhostdb\0vhostdb.\0=mod_webdav\0webdav.\0"
    "=mod_wstunnel\0wstunnel.\0=mod_compress\0compress.\0"
    "=mod_evasive\0evasive.\0=mod_geoip\0geoip.\0"
    "=mod_maxminddb\0maxminddb.\0=mod_secdownload\0secdownload.\0"
    "=mod_usertrack\0usertrack.\0";

int
conf_bool(const struct conf_value *v)
{
	static const char words[] = "0\0false\0disable\0disabled\0"
	    "1\0true\0enable\0enabled\0";
	const char *word = words;
	int i;

	if (v->kind == CONF_VALUE_NUMBER && (v->number == 0 || v->number == 1))
		return (int)v->number;
	for (i = 0; i < 8 && v->kind == CONF_VALUE_TEXT; i++) {
		if (slice_case_eq(slice_of(v->text), word))
			return i >= 4;
		word += strlen(word) + 1;
	}
	return -1;
}

static long
most_of(const struct conf_key *key)
{
	return key->most != 0 ? key->most :
	    key->type == CONF_SHORT ? UINT16_MAX : LONG_MAX;
}

/* Puts v where key says. Returns 0, or -1: it is not of that type, or n: item
 * n of the list is not. */
static long
store(const struct conf_key *key, const struct conf_value *v, void *at)
{
	const struct conf_item *item;
	int64_t number = v->number;
	size_t i;

	if (key->type == CONF_STRING) {
		*(const char **)at = v->text;
		return v->kind == CONF_VALUE_TEXT ? 0 : -1;
	}
	if (key->type == CONF_BOOL) {
		*(int *)at = conf_bool(v);
		return *(int *)at == -1 ? -1 : 0;
	}
	if (key->type == CONF_SHORT || key->type == CONF_INT) {
		if (v->kind == CONF_VALUE_LIST || (v->kind == CONF_VALUE_TEXT
		    && str_number(slice_of(v->text), &number) == -1)
		    || number < key->least || number > most_of(key))
			return -1;
		if (key->type == CONF_SHORT)
			*(int *)at = (int)number;
		else
			*(long *)at = (long)number;
		return 0;
	}
	*(const struct conf_list **)at = v->list;
	if (v->kind != CONF_VALUE_LIST)
		return -1;
	for (i = 0; i < v->list->n; i++) {
		item = &v->list->items[i];
		if ((item->key == NULL) == (key->type != CONF_LIST)
		    || (item->value.kind != CONF_VALUE_TEXT
		    && key->type != CONF_MAP))
			return (long)i + 1;
	}
	return 0;
}

/* What was wanted and what was found; of a list, the item that is wrong. */
static void
report_type(const struct conf_key *key, const struct conf_setting *s,
    long wrong, const char *before, struct conf_report *report)
{
	static const char wanted[][44] = {
		[CONF_STRING] = "a text like \"...\"",
		[CONF_BOOL] = "\"enable\" or \"disable\"",
		[CONF_LIST] = "a list of texts like ( \"...\" )",
		[CONF_MAP] = "a list with keys like ( \"...\" => \"...\" )",
		[CONF_TEXTS] = "a list with keys like ( \"...\" => \"...\" )"
	};
	const struct conf_item *item = NULL;
	int wrong_key = 0;
	char range[64], where[40] = "found", found[CONF_QUOTE_SIZE];

	snprintf(range, sizeof(range), "a number from %d to %ld", key->least,
	    most_of(key));
	if (wrong > 0) {
		item = &s->value.list->items[wrong - 1];
		wrong_key = (item->key == NULL) == (key->type != CONF_LIST);
		snprintf(where, sizeof(where), "item %ld %s", wrong,
		    wrong_key ? "has" : "is");
	}
	conf_describe(found, item != NULL ? &item->value : &s->value);
	conf_fault(report, s->place, "%s%s is %s, %s %s", before, key->name,
	    wanted[key->type][0] != '\0' ? wanted[key->type] : range, where,
	    !wrong_key ? found : item->key != NULL ? "a key" : "no key");
}

/* The row of a key, and whose it is; or NULL. With more than 1 as its bound,
 * the row whose name is less than so many edits away. */
static const struct conf_key *
find_key(const struct conf_table *tables, size_t n, const char *name,
    unsigned bound, const struct conf_table **owner)
{
	const struct conf_key *key, *best = NULL;
	unsigned distance;
	size_t i;

	for (i = 0; i < n; i++)
		for (key = tables[i].keys; key != NULL && key->name != NULL;
		    key++) {
			distance = bound > 1 ? str_distance(name, key->name) :
			    strcmp(name, key->name) != 0;
			if (distance < bound) {
				bound = distance;
				best = key;
				*owner = &tables[i];
			}
		}
	return best;
}

/* What a key lacks that no table has, or NULL: nobody knows it. */
static const char *
missing(const char *key)
{
	const char *word, *what = NULL;

	for (word = absent; *word != '\0'; word += strlen(word) + 1)
		if (*word == '=')
			what = word + 1;
		else if (strncmp(key, word, strlen(word)) == 0)
			return what;
	return NULL;
}

/* A key without effect, and as much help as we can give. owner is the module
 * to load, if we have one. A rule that protects is not left out silently, nor
 * is encryption. */
static void
report_idle(const struct conf_table *tables, size_t n,
    const struct conf_setting *s, const char *owner,
    struct conf_report *report)
{
	struct conf_report warning = *report;	/* nobody counts its faults */
	const char *module = owner != NULL ? owner : missing(s->key);
	/* At least half of the part behind the dot has to be right: else any
	 * short name would be like any other. */
	size_t near = strlen(s->key + strcspn(s->key, ".")) / 2;
	const struct conf_key *hint;

	if (module == NULL) {
		hint = find_key(tables, n, s->key, near < NAME_NEAR ?
		    (unsigned)near + 1 : NAME_NEAR + 1, &tables);
		conf_fault(&warning, s->place, hint == NULL ?
		    "unknown key %s, ignored" : "unknown key %s, ignored"
		    " (did you mean %s?)", s->key,
		    hint != NULL ? hint->name : "");
	} else if (strcmp(s->key, "ssl.engine") == 0
	    && conf_bool(&s->value) != 0) {
		conf_fault(report, s->place, "ssl.engine: glimd cannot"
		    " encrypt, and will not serve in clear what should be");
	} else if (strcmp(module, "mod_access") == 0
	    || strcmp(module, "mod_auth") == 0) {
		conf_fault(report, s->place, "%s needs %s, which is not in %s",
		    s->key, module, owner ? "server.modules" : "this binary");
	} else if (module[0] != '\0') {
		conf_fault(&warning, s->place, owner != NULL ?
		    "%s has no effect: %s is not in server.modules" :
		    "%s has no effect: glimd does not have %s", s->key,
		    module);
	}
}

/* What a key set in block comes to: where it is kept, or NULL when that was
 * reported. A key of the server as a whole says nothing about some requests. */
static void *
place_of(struct conf *c, const struct conf_block *block,
    const struct conf_setting *s, struct conf_patch *patch,
    struct conf_report *report)
{
	struct conf_report warning = *report;
	const struct conf_table *t;
	const struct conf_key *key = find_key(c->tables, c->ntables, s->key, 1,
	    &t);

	if (key == NULL || t->base == CONF_NOT_LOADED) {
		report_idle(c->tables, c->ntables, s, key != NULL ? t->owner :
		    NULL, report);
		return NULL;
	}
	if (block != &c->global && key->scope == CONF_SERVER) {
		conf_fault(&warning, s->place, "%s counts for the whole"
		    " server: ignored in a condition", s->key);
		return NULL;
	}
	*patch = (struct conf_patch){ key, t->base + key->at, { NULL },
	    s->place };
	return block != &c->global ? (void *)&patch->value
	    : (char *)c->settings + patch->at;
}

/* Checks and stores the values of one block. Returns 0 or -1. */
static int
apply_block(struct conf *c, struct conf_block *block,
    struct conf_report *report)
{
	const struct conf_setting *s;
	struct conf_patch *patch;
	size_t n = 0;
	void *at;
	long wrong;

	for (s = block->settings; s != NULL; s = s->next)
		n++;
	patch = block->patches = conf_alloc(c, n * sizeof(*patch));
	if (patch == NULL)
		return conf_fault(report, conf_nowhere, "out of memory");
	for (s = block->settings; s != NULL; s = s->next) {
		if (strncmp(s->key, "var.", 4) == 0)
			continue;
		at = place_of(c, block, s, patch, report);
		wrong = at == NULL ? 0 : store(patch->key, &s->value, at);
		if (wrong != 0)
			report_type(patch->key, s, wrong, "", report);
		patch += at != NULL;
	}
	block->npatches = (size_t)(patch - block->patches);
	return 0;
}

int
conf_apply(struct conf *c, const struct conf_table *tables, size_t n,
    size_t size, struct conf_report *report)
{
	struct conf_value preset = { CONF_VALUE_TEXT, NULL, 0, NULL };
	const struct conf_table *t;
	const struct conf_key *key;
	struct conf_block *b;
	unsigned faults = report->faults;
	char *settings = c->settings = conf_alloc(c, size);

	c->size = size;
	c->tables = conf_alloc(c, n * sizeof(*tables));
	if (settings == NULL || c->tables == NULL || conf_steps(c) == -1)
		return conf_fault(report, conf_nowhere, "out of memory");
	memcpy(c->tables, tables, n * sizeof(*tables));
	c->ntables = n;
	/* All presets first, so that a key not set has one. */
	for (t = tables; t < tables + n; t++) {
		key = t->base != CONF_NOT_LOADED ? t->keys : NULL;
		for (; key != NULL && key->name != NULL; key++) {
			preset.text = key->preset;
			if (preset.text != NULL)
				(void)store(key, &preset,
				    settings + t->base + key->at);
		}
	}
	for (b = &c->global; b != NULL; b = b->next)
		if (apply_block(c, b, report) == -1)
			return -1;
	return report->faults == faults ? 0 : -1;
}

void
conf_options(const struct conf_list *list, const struct conf_key *keys,
    void *to, struct conf_place place, const char *where,
    struct conf_report *report)
{
	const struct conf_table table = { NULL, keys, 0 }, *owner;
	struct conf_setting s = { .place = place };
	const struct conf_item *item;
	const struct conf_key *key;
	long wrong;

	for (item = list->items; item < list->items + list->n; item++) {
		s.key = item->key != NULL ? item->key : "";
		s.value = item->value;
		key = find_key(&table, 1, s.key, 1, &owner);
		wrong = key == NULL ? 0
		    : store(key, &s.value, (char *)to + key->at);
		if (wrong != 0)
			report_type(key, &s, wrong, where, report);
		if (key != NULL)
			continue;
		key = find_key(&table, 1, s.key, NAME_NEAR, &owner);
		conf_fault(report, place, key == NULL
		    ? "%sunknown option \"%s\""
		    : "%sunknown option \"%s\" (did you mean \"%s\"?)",
		    where, s.key, key == NULL ? "" : key->name);
	}
}

int
conf_each(struct conf *c, const char *key, conf_each_fn *fn, void *context)
{
	const struct conf_table *t;
	const struct conf_key *row = find_key(c->tables, c->ntables, key, 1,
	    &t);
	const struct conf_setting *s = conf_find(c, key);
	struct conf_block *b = c->global.next;
	struct conf_patch *p;
	int status;

	if (row == NULL || t->base == CONF_NOT_LOADED)
		return 0;
	status = fn(context, (char *)c->settings + t->base + row->at,
	    s != NULL ? &c->global : NULL, s != NULL ? s->place
	    : conf_nowhere);
	for (; b != NULL && status == 0; b = b->next)
		for (p = b->patches; p < b->patches + b->npatches; p++)
			if (p->key == row && status == 0)
				status = fn(context, &p->value, b, p->place);
	return status;
}
