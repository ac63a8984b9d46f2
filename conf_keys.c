/*
 * conf_keys.c - checks the tree against the key tables, stores typed values.
 *
 * conf_apply is called when all modules are known. It changes no value: a
 * port of 70000 is a fault, never 4464. What no table has is a warning, so
 * that lighttpd's files load; but no site that was meant to be encrypted
 * comes up in clear. It knows no key's meaning.
 */
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "conf_parse.h"

enum {
	MESSAGE_MAX = 1024,		/* bytes; longer ones are cut */
	FOUND_MAX = 64,			/* of a value in a message */
	SHORT_MOST = 65535,
	NAME_NEAR = 3			/* edits to a name that is meant */
};

/* Whose a key is, by its beginning, when no table has it. */
static const struct {
	const char *prefix;
	const char *module;
	int exists;		/* the module may be had; 0: not in glimd */
} owners[] = {
	{ "accesslog.", "mod_accesslog", 1 },
	{ "alias.", "mod_alias", 1 },
	{ "auth.", "mod_auth", 1 },
	{ "cgi.", "mod_cgi", 1 },
	{ "dir-listing.", "mod_dirlisting", 1 },
	{ "etag.", "mod_staticfile", 1 },
	{ "evhost.", "mod_evhost", 1 },
	{ "expire.", "mod_expire", 1 },
	{ "extforward.", "mod_extforward", 1 },
	{ "fastcgi.", "mod_fastcgi", 1 },
	{ "index-file.", "mod_indexfile", 1 },
	{ "mimetype.", "mod_staticfile", 1 },
	{ "proxy.", "mod_proxy", 1 },
	{ "scgi.", "mod_scgi", 1 },
	{ "setenv.", "mod_setenv", 1 },
	{ "simple-vhost.", "mod_simple_vhost", 1 },
	{ "static-file.", "mod_staticfile", 1 },
	{ "status.", "mod_status", 1 },
	{ "url.access-", "mod_access", 1 },
	{ "url.redirect", "mod_redirect", 1 },
	{ "url.rewrite", "mod_rewrite", 1 },
	{ "userdir.", "mod_userdir", 1 },
	{ "ajp13.", "mod_ajp13", 0 },
	{ "cml.", "mod_cml", 0 },
	{ "compress.", "mod_compress", 0 },
	{ "deflate.", "mod_deflate", 0 },
	{ "evasive.", "mod_evasive", 0 },
	{ "flv-streaming.", "mod_flv_streaming", 0 },
	{ "geoip.", "mod_geoip", 0 },
	{ "magnet.", "mod_magnet", 0 },
	{ "maxminddb.", "mod_maxminddb", 0 },
	{ "mysql-vhost.", "mod_mysql_vhost", 0 },
	{ "rrdtool.", "mod_rrdtool", 0 },
	{ "secdownload.", "mod_secdownload", 0 },
	{ "sockproxy.", "mod_sockproxy", 0 },
	{ "ssi.", "mod_ssi", 0 },
	{ "ssl.", "mod_openssl", 0 },
	{ "trigger-before-download.", "mod_trigger_b4_dl", 0 },
	{ "uploadprogress.", "mod_uploadprogress", 0 },
	{ "usertrack.", "mod_usertrack", 0 },
	{ "vhostdb.", "mod_vhostdb", 0 },
	{ "webdav.", "mod_webdav", 0 },
	{ "wstunnel.", "mod_wstunnel", 0 }
};

/* Spellings of a boolean. */
static const struct {
	const char *word;	/* lower case */
	int value;
} booleans[] = {
	{ "enable", 1 }, { "enabled", 1 }, { "true", 1 }, { "1", 1 },
	{ "disable", 0 }, { "disabled", 0 }, { "false", 0 }, { "0", 0 }
};

/* ---- reports ------------------------------------------------------------ */

/* Hands on "place: message" as one line, whatever the names in it hold. */
static void PRINTF_LIKE(3, 0)
report_line(struct conf_report *report, struct conf_place place,
    const char *format, va_list args)
{
	char line[MESSAGE_MAX];
	size_t n = 0, i;

	line[0] = '\0';
	if (place.file != NULL)
		/* A long name must leave room for the message. */
		snprintf(line, sizeof(line) / 2, "%s:%d:%d: ", place.file,
		    place.line, place.column);
	n = strlen(line);
	vsnprintf(line + n, sizeof(line) - n, format, args);
	for (i = 0; line[i] != '\0'; i++)
		if ((unsigned char)line[i] < 0x20 || line[i] == 0x7f)
			line[i] = ' ';
	report->say(report->context, line);
}

void
conf_fault(struct conf_report *report, struct conf_place place,
    const char *format, ...)
{
	va_list args;

	report->faults++;
	va_start(args, format);
	report_line(report, place, format, args);
	va_end(args);
}

void
conf_warn(struct conf_report *report, struct conf_place place,
    const char *format, ...)
{
	va_list args;

	report->warnings++;
	va_start(args, format);
	report_line(report, place, format, args);
	va_end(args);
}

const struct conf_value *
conf_get(const struct conf_list *list, const char *key)
{
	size_t i;

	for (i = 0; i < list->n; i++)
		if (list->items[i].key != NULL
		    && strcmp(list->items[i].key, key) == 0)
			return &list->items[i].value;
	return NULL;
}

/* ---- one value ---------------------------------------------------------- */

/* Returns 0 or 1, or -1: no boolean. */
static int
to_boolean(const struct conf_value *v)
{
	size_t i;

	if (v->kind == CONF_VALUE_NUMBER)
		return v->number == 0 || v->number == 1 ? (int)v->number : -1;
	if (v->kind != CONF_VALUE_TEXT)
		return -1;
	for (i = 0; i < COUNT(booleans); i++)
		if (slice_case_eq(slice_of(v->text), booleans[i].word))
			return booleans[i].value;
	return -1;
}

/* Reads a number or a text of digits. Returns 0 or -1. */
static int
to_number(const struct conf_value *v, int64_t *number)
{
	if (v->kind == CONF_VALUE_TEXT)
		return str_number(slice_of(v->text), number);
	*number = v->number;
	return v->kind == CONF_VALUE_NUMBER ? 0 : -1;
}

/* Which numbers are in range; both 0 in the table: all of the type. */
static void
bounds(const struct conf_key *key, long *least, long *most)
{
	*least = key->least;
	*most = key->most;
	if (*least == 0 && *most == 0)
		*most = key->type == CONF_SHORT ? SHORT_MOST : LONG_MAX;
}

/* What a value of this key has to be. */
static void
describe_type(const struct conf_key *key, char *out, size_t size)
{
	long least, most;

	bounds(key, &least, &most);
	switch (key->type) {
	case CONF_STRING:
		snprintf(out, size, "a text like \"...\"");
		break;
	case CONF_BOOL:
		snprintf(out, size, "\"enable\" or \"disable\"");
		break;
	case CONF_SHORT:
	case CONF_INT:
		snprintf(out, size, "a number from %ld to %ld", least, most);
		break;
	case CONF_LIST:
		snprintf(out, size, "a list of texts like ( \"...\" )");
		break;
	case CONF_MAP:
		snprintf(out, size,
		    "a list with keys like ( \"...\" => \"...\" )");
		break;
	}
}

/* Does the list have what its type asks for? If not, *wrong is which item. */
static int
is_list_of(const struct conf_list *list, enum conf_type type, size_t *wrong)
{
	const struct conf_item *item;
	size_t i;

	for (i = 0; i < list->n; i++) {
		item = &list->items[i];
		*wrong = i + 1;
		if (type == CONF_MAP && item->key == NULL)
			return 0;
		if (type == CONF_LIST && (item->key != NULL
		    || item->value.kind != CONF_VALUE_TEXT))
			return 0;
	}
	return 1;
}

/* Puts v where key says. Returns 0, or -1: it is not of that type. Copied
 * byte by byte, because the compiler does not know what lies at an offset. */
static int
store(const struct conf_key *key, const struct conf_value *v, char *settings)
{
	char *at = settings + key->at;
	long least, most, big;
	int64_t number;
	size_t wrong;
	int small;

	switch (key->type) {
	case CONF_STRING:
		if (v->kind != CONF_VALUE_TEXT)
			return -1;
		memcpy(at, &v->text, sizeof(v->text));
		return 0;
	case CONF_BOOL:
		small = to_boolean(v);
		if (small == -1)
			return -1;
		memcpy(at, &small, sizeof(small));
		return 0;
	case CONF_SHORT:
	case CONF_INT:
		bounds(key, &least, &most);
		if (to_number(v, &number) == -1 || number < least
		    || number > most)
			return -1;
		small = (int)number;
		big = (long)number;
		if (key->type == CONF_SHORT)
			memcpy(at, &small, sizeof(small));
		else
			memcpy(at, &big, sizeof(big));
		return 0;
	case CONF_LIST:
	case CONF_MAP:
		if (v->kind != CONF_VALUE_LIST
		    || !is_list_of(v->list, key->type, &wrong))
			return -1;
		memcpy(at, &v->list, sizeof(v->list));
		return 0;
	}
	return -1;
}

/* What was wanted and what was found; of a list, the first item that is
 * wrong. */
static void
report_type(const struct conf_key *key, const struct conf_setting *s,
    struct conf_report *report)
{
	char wanted[FOUND_MAX], found[FOUND_MAX];
	const struct conf_item *bad;
	size_t wrong;

	describe_type(key, wanted, sizeof(wanted));
	conf_value_describe(&s->value, found, sizeof(found));
	if (s->value.kind != CONF_VALUE_LIST
	    || (key->type != CONF_LIST && key->type != CONF_MAP)) {
		conf_fault(report, s->place, "%s is %s, found %s", key->name,
		    wanted, found);
		return;
	}
	(void)is_list_of(s->value.list, key->type, &wrong);
	bad = &s->value.list->items[wrong - 1];
	conf_value_describe(&bad->value, found, sizeof(found));
	if (key->type == CONF_LIST && bad->key == NULL)
		conf_fault(report, s->place, "%s is %s, item %lu is %s",
		    key->name, wanted, (unsigned long)wrong, found);
	else
		conf_fault(report, s->place, "%s is %s, item %lu has %s key",
		    key->name, wanted, (unsigned long)wrong,
		    bad->key == NULL ? "no" : "a");
}

/* ---- all values --------------------------------------------------------- */

/* A preset is written as in a file: as a text. */
static void
store_presets(const struct conf_table *table, char *settings)
{
	const struct conf_key *key;
	struct conf_value v;

	v.kind = CONF_VALUE_TEXT;
	for (key = table->keys; key != NULL && key->name != NULL; key++) {
		v.text = key->preset;
		if (key->preset != NULL && key->flags == 0)
			(void)store(key, &v, settings + table->base);
	}
}

/* The row of a key, and whose it is; or NULL. */
static const struct conf_key *
find_key(const struct conf_table *tables, size_t n, const char *name,
    const struct conf_table **owner)
{
	const struct conf_key *key;
	size_t i;

	for (i = 0; i < n; i++)
		for (key = tables[i].keys; key != NULL && key->name != NULL;
		    key++)
			if (strcmp(key->name, name) == 0) {
				*owner = &tables[i];
				return key;
			}
	return NULL;
}

/* The name most like this one, or NULL when none is near. */
static const char *
nearest(const struct conf_table *tables, size_t n, const char *name)
{
	const struct conf_key *key;
	const char *best = NULL;
	size_t part = strlen(name + strcspn(name, ".")), i;
	unsigned distance, least;

	/* At least half of the part behind the dot has to be right: else
	 * any short name would be like any other. */
	least = part / 2 < NAME_NEAR ? (unsigned)(part / 2) + 1 : NAME_NEAR + 1;
	for (i = 0; i < n; i++)
		for (key = tables[i].keys; key != NULL && key->name != NULL;
		    key++) {
			distance = str_distance(name, key->name);
			if (distance < least) {
				least = distance;
				best = key->name;
			}
		}
	return best;
}

/* A key that no table has: a warning, and as much help as we can give. A hint
 * at a key that exists comes before the guess whose key it may be. */
static void
report_unknown(const struct conf_table *tables, size_t n,
    const struct conf_setting *s, struct conf_report *report)
{
	const char *hint;
	size_t i;

	if (strcmp(s->key, "ssl.engine") == 0 && to_boolean(&s->value) != 0) {
		conf_fault(report, s->place, "ssl.engine: glimd cannot"
		    " encrypt, and will not serve in clear what should be");
		return;
	}
	hint = nearest(tables, n, s->key);
	for (i = 0; i < COUNT(owners); i++) {
		if (strncmp(s->key, owners[i].prefix,
		    strlen(owners[i].prefix)) != 0)
			continue;
		if (!owners[i].exists)
			conf_warn(report, s->place, "%s has no effect: glimd"
			    " does not have %s", s->key, owners[i].module);
		else if (hint == NULL)
			conf_warn(report, s->place, "%s has no effect:"
			    " it is no key of a module in server.modules (%s"
			    " has such)", s->key, owners[i].module);
		if (!owners[i].exists || hint == NULL)
			return;
	}
	if (hint != NULL)
		conf_warn(report, s->place, "unknown key %s, ignored (did you"
		    " mean %s?)", s->key, hint);
	else
		conf_warn(report, s->place, "unknown key %s, ignored", s->key);
}

int
conf_apply(struct conf *c, const struct conf_table *tables, size_t n,
    size_t size, struct conf_report *report)
{
	struct conf_place nowhere = { NULL, 0, 0 };
	const struct conf_table *owner;
	const struct conf_key *key;
	struct conf_setting *s;
	unsigned faults = report->faults;
	char *settings = conf_alloc(c, size);
	size_t i;

	if (settings == NULL) {
		conf_fault(report, nowhere, "out of memory");
		return -1;
	}
	/* All presets first, so that a key not set has one. */
	for (i = 0; i < n; i++)
		store_presets(&tables[i], settings);
	for (s = c->global.settings; s != NULL; s = s->next) {
		key = find_key(tables, n, s->key, &owner);
		s->known = key != NULL || strncmp(s->key, "var.", 4) == 0;
		if (!s->known)
			report_unknown(tables, n, s, report);
		else if (key != NULL && (key->flags & CONF_UNSUPPORTED) != 0)
			conf_warn(report, s->place, "%s has no effect: glimd"
			    " does not have this yet", s->key);
		else if (key != NULL && key->flags == 0
		    && store(key, &s->value, settings + owner->base) == -1)
			report_type(key, s, report);
	}
	c->settings = settings;
	c->settings_size = size;
	return report->faults == faults ? 0 : -1;
}
