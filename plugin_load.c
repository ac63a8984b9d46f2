/*
 * plugin_load.c - where modules come from: this binary, or a shared object.
 *
 * Called by plugin.c for each name in server.modules, at the start and for a
 * reload. mod_x.so exports mod_x_plugin. What has no such file may be a module
 * of lighttpd's that glimd will not have: a site that can do without it comes
 * up, one whose content or safety hangs on it does not.
 */
#include <stdio.h>
#include <string.h>

#include "plugin.h"

enum {
	NAME_SIZE = 64,		/* of a module, with NUL */
	NAME_NEAR = 3		/* edits to a name that is meant */
};

/* All without "mod_". Part of another one here: nothing to say. */
static const char part[] = "authn_file\0";

/* Without it answers are larger, or nobody counts them. */
static const char spared[] = "compress\0deflate\0flv_streaming\0h2\0rrdtool\0"
    "uploadprogress\0usertrack\0";

/* Who listed it wants to be encrypted or protected, or has content that would
 * be missing, or sent as its source. */
static const char needed[] = "ajp13\0authn_dbi\0authn_gssapi\0authn_ldap\0"
    "authn_mysql\0authn_pam\0authn_sasl\0boringssl\0cml\0evasive\0geoip\0"
    "gnutls\0magnet\0maxminddb\0mbedtls\0mysql_vhost\0nss\0openssl\0"
    "secdownload\0sockproxy\0ssi\0tls\0trigger_b4_dl\0vhostdb\0vhostdb_dbi\0"
    "vhostdb_ldap\0vhostdb_mysql\0vhostdb_pgsql\0webdav\0wolfssl\0wstunnel\0";

static int
lists(const char *list, const char *name)
{
	for (; *list != '\0'; list += strlen(list) + 1)
		if (strcmp(list, name) == 0)
			return 1;
	return 0;
}

const struct plugin *
plugin_builtin(const struct plugin *const *builtin, const char *name)
{
	for (; *builtin != NULL; builtin++)
		if (strcmp((*builtin)->name, name) == 0)
			return *builtin;
	return NULL;
}

/* Says " (did you mean NAME?)" in hint, or nothing. */
static void
suggest(const struct plugin *const *builtin, const char *name,
    char *hint, size_t size)
{
	/* at least half of it has to be right */
	size_t bound = strlen(name + 4) / 2 + 1;
	unsigned distance;

	bound = bound < NAME_NEAR + 1 ? bound : NAME_NEAR + 1;
	hint[0] = '\0';
	for (; *builtin != NULL; builtin++) {
		distance = str_distance(name, (*builtin)->name);
		if (distance < bound) {
			bound = distance;
			snprintf(hint, size, " (did you mean %s?)",
			    (*builtin)->name);
		}
	}
}

/* There is no such module, neither here nor in a file. */
static void
report_missing(const struct plugin_source *from, const char *name,
    const char *file, struct conf_place place)
{
	struct conf_report warning = *from->report;	/* counts for nobody */
	char hint[NAME_SIZE + 24];

	if (lists(part, name + 4))
		return;
	suggest(from->builtin, name, hint, sizeof(hint));
	if (lists(spared, name + 4))
		conf_fault(&warning, place,
		    "glimd does not have %s, and goes on without", name);
	else if (lists(needed, name + 4))
		conf_fault(from->report, place, "glimd does not have %s, and a"
		    " site that needs it must not go on without", name);
	else
		conf_fault(from->report, place, SYS_STATIC ? "module %s is not"
		    " in this binary, which is static and can load none%s%s" :
		    "module %s is not in this binary, and there is no %s%s",
		    name, SYS_STATIC ? "" : file, hint);
}

/* The module name in object, loaded from file; or NULL after a fault. */
static const struct plugin *
look(void *object, const struct plugin_source *from, const char *name,
    const char *file, struct conf_place place)
{
	const struct plugin *plugin;
	char symbol[NAME_SIZE + 8];

	snprintf(symbol, sizeof(symbol), "%s_plugin", name);
	plugin = sys_symbol(object, symbol);
	if (plugin == NULL)
		conf_fault(from->report, place, "%s has no %s", file, symbol);
	else if (plugin->api != PLUGIN_API)
		conf_fault(from->report, place, "%s was built for plugin API "
		    PLUGIN_API_FMT ", this is " PLUGIN_API_FMT, file,
		    PLUGIN_API_ARGS(plugin->api), PLUGIN_API_ARGS(PLUGIN_API));
	else if (strcmp(plugin->name, name) != 0)
		conf_fault(from->report, place, "%s is %s inside", file,
		    plugin->name);
	else
		return plugin;
	return NULL;
}

static const struct plugin *
load(const struct plugin_source *from, const char *name, const char *file,
    struct conf_place place, void **object)
{
	const struct plugin *plugin;
	const char *why;

	*object = sys_load(file, &why);
	if (*object == NULL) {
		if (why != NULL)
			conf_fault(from->report, place, "module %s: %s", name,
			    why);
		else
			report_missing(from, name, file, place);
		return NULL;
	}
	plugin = look(*object, from, name, file, place);
	if (plugin == NULL)
		sys_unload(*object);
	return plugin;
}

const struct plugin *
plugin_find(const struct plugin_source *from, const char *name,
    struct conf_place place, void **object)
{
	const struct plugin *plugin = plugin_builtin(from->builtin, name);
	struct buf file = { 0 };

	*object = NULL;
	if (plugin != NULL)
		return plugin;
	/* the name becomes a part of a path */
	if (strncmp(name, "mod_", 4) != 0 || strlen(name) >= NAME_SIZE
	    || name[4 + strspn(name + 4, "abcdefghijklmnopqrstuvwxyz"
	    "0123456789_")] != '\0') {
		conf_fault(from->report, place, "\"%s\" is no name of a"
		    " module: they are like \"mod_alias\"", name);
		return NULL;
	}
	buf_printf(&file, "%s/%s.so", from->dir, name);
	(void)buf_text(&file);
	if (file.failed)
		conf_fault(from->report, place, "%s: out of memory", name);
	else
		plugin = load(from, name, file.p, place, object);
	buf_free(&file);
	return plugin;
}
