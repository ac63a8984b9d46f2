/*
 * plugin.c - loads modules and calls each hook on those that have it.
 *
 * server_conf.c loads, server.c sets up and ticks, conn*.c asks. For each hook
 * an array holds just the modules that fill it, in the order of
 * server.modules, so a hook nobody has costs one comparison.
 */
#include <stdlib.h>
#include <string.h>

#include "plugin.h"

/* What every lighttpd loads by itself, behind the modules named. */
static const char *const compat_modules[] = {
	"mod_indexfile", "mod_dirlisting", "mod_staticfile"
};

/* Where a hook's function lies in struct plugin, and its calls. */
struct hook_place {
	size_t fn, calls;
};

#define HOOK(member, list) \
	{ offsetof(struct plugin, member), offsetof(struct plugins, list) }

static const struct hook_place hook_places[] = {
	HOOK(handle_uri_raw, hook[HOOK_URI_RAW]),
	HOOK(handle_uri_clean, hook[HOOK_URI_CLEAN]),
	HOOK(handle_docroot, hook[HOOK_DOCROOT]),
	HOOK(handle_physical, hook[HOOK_PHYSICAL]),
	HOOK(handle_start, hook[HOOK_START]),
	HOOK(handle_response_start, response_start),
	HOOK(handle_request_done, request_done),
	HOOK(handle_connection_close, connection_close),
	HOOK(handle_trigger, trigger),
	HOOK(handle_sighup, sighup),
	HOOK(handle_waitpid, waitpid)
};

/* And where plugins_ask finds it again, by number. */
static const size_t asked[PLUGIN_HOOKS] = {
	[HOOK_URI_RAW] = offsetof(struct plugin, handle_uri_raw),
	[HOOK_URI_CLEAN] = offsetof(struct plugin, handle_uri_clean),
	[HOOK_DOCROOT] = offsetof(struct plugin, handle_docroot),
	[HOOK_PHYSICAL] = offsetof(struct plugin, handle_physical),
	[HOOK_START] = offsetof(struct plugin, handle_start)
};

static const struct plugin *
find(const struct plugin *const *builtin, const char *name)
{
	for (; *builtin != NULL; builtin++)
		if (strcmp((*builtin)->name, name) == 0)
			return *builtin;
	return NULL;
}

/* Adds plugin behind the others; one that is there already stays alone. */
static void
add(struct plugins *p, const struct plugin *plugin)
{
	struct plugin_self *self = p->self + p->n;
	size_t i;

	for (i = 0; i < p->n; i++)
		if (p->self[i].plugin == plugin)
			return;
	self->plugin = plugin;
	self->data = NULL;
	self->conf_at = p->settings_size;
	/* every struct begins where any member may */
	p->settings_size += (plugin->conf_size + 15) / 16 * 16;
	p->n++;
}

static void
add_named(struct plugins *p, const struct plugin *const *builtin,
    const struct conf_setting *setting, struct conf_report *report)
{
	const struct conf_list *list = setting->value.list;
	const struct plugin *plugin;
	const char *name;
	size_t i;

	if (setting->value.kind != CONF_VALUE_LIST) {
		conf_fault(report, setting->place,
		    "server.modules is a list: ( \"mod_...\", ... )");
		return;
	}
	for (i = 0; i < list->n; i++) {
		name = list->items[i].value.text;
		if (list->items[i].value.kind != CONF_VALUE_TEXT) {
			conf_fault(report, setting->place,
			    "server.modules is a list of texts");
			continue;
		}
		plugin = find(builtin, name);
		if (plugin != NULL)
			add(p, plugin);
		else
			conf_fault(report, setting->place,
			    "module %s is not in this binary", name);
	}
}

/* Fills one hook's array. Returns 0, or -1: no memory. */
static int
collect(struct plugins *p, const struct hook_place *place)
{
	struct plugin_calls *calls;
	plugin_hook_fn *fn;
	size_t i, n = 0;

	calls = (struct plugin_calls *)(void *)((char *)p + place->calls);
	calls->self = calloc(p->n + 1, sizeof(*calls->self));
	if (calls->self == NULL)
		return -1;
	for (i = 0; i < p->n; i++) {
		/* all function pointers are of one size: only NULL counts */
		memcpy(&fn, (const char *)p->self[i].plugin + place->fn,
		    sizeof(fn));
		if (fn != NULL)
			calls->self[n++] = p->self + i;
	}
	return 0;
}

static void
release(struct plugins *p)
{
	struct plugin_calls *calls;
	size_t i;

	for (i = 0; i < COUNT(hook_places); i++) {
		calls = (struct plugin_calls *)(void *)((char *)p
		    + hook_places[i].calls);
		free(calls->self);
	}
	free(p->self);
	free(p);
}

struct plugins *
plugins_load(const struct plugin *const *builtin,
    const struct conf_setting *names, int compat, struct conf_report *report)
{
	struct plugins *p = calloc(1, sizeof(*p));
	unsigned faults = report->faults;
	size_t i, n = 0;

	while (builtin[n] != NULL)
		n++;
	if (p != NULL)
		p->self = calloc(n + 1, sizeof(*p->self));
	if (p == NULL || p->self == NULL) {
		free(p);
		report->faults++;
		report->say(report->context, "out of memory for modules");
		return NULL;
	}
	p->settings_size = (sizeof(struct core_conf) + 15) / 16 * 16;
	if (names != NULL)
		add_named(p, builtin, names, report);
	for (i = 0; compat && i < COUNT(compat_modules); i++)
		if (find(builtin, compat_modules[i]) != NULL)
			add(p, find(builtin, compat_modules[i]));
	for (i = 0; i < COUNT(hook_places); i++)
		if (collect(p, hook_places + i) == -1)
			report->faults++;
	if (report->faults > faults) {
		release(p);
		return NULL;
	}
	return p;
}

struct conf_table *
plugins_tables(const struct plugins *p, const struct conf_key *core, size_t *n)
{
	struct conf_table *tables = calloc(p->n + 1, sizeof(*tables));
	size_t i;

	if (tables == NULL)
		return NULL;
	tables[0].owner = "core";
	tables[0].keys = core;
	*n = 1;
	for (i = 0; i < p->n; i++) {
		if (p->self[i].plugin->keys == NULL)
			continue;
		tables[*n].owner = p->self[i].plugin->name;
		tables[*n].keys = p->self[i].plugin->keys;
		tables[(*n)++].base = p->self[i].conf_at;
	}
	return tables;
}

int
plugins_setup(struct plugins *p, struct server *srv)
{
	const struct plugin *plugin;
	size_t i;

	for (i = 0; i < p->n; i++) {
		plugin = p->self[i].plugin;
		if (plugin->init != NULL
		    && plugin->init(p->self + i, srv) == -1)
			return -1;
	}
	for (i = 0; i < p->n; i++) {
		plugin = p->self[i].plugin;
		if (plugin->set_defaults != NULL
		    && plugin->set_defaults(p->self + i, srv) == -1)
			return -1;
	}
	return 0;
}

void
plugins_free(struct plugins *p, struct server *srv)
{
	size_t i;

	if (p == NULL)
		return;
	for (i = p->n; i > 0; i--)
		if (p->self[i - 1].plugin->free != NULL)
			p->self[i - 1].plugin->free(p->self + i - 1, srv);
	release(p);
}

enum verdict
plugins_ask(struct plugins *p, enum plugin_hook hook, struct connection *con)
{
	struct plugin_self **self;
	enum verdict verdict;
	plugin_hook_fn *fn;

	for (self = p->hook[hook].self; *self != NULL; self++) {
		memcpy(&fn, (const char *)(*self)->plugin + asked[hook],
		    sizeof(fn));
		verdict = fn(*self, con);
		if (verdict == VERDICT_GO_ON)
			continue;
		con->req->handler = *self;
		return verdict;
	}
	return VERDICT_GO_ON;
}

void
plugins_response_start(struct plugins *p, struct connection *con)
{
	struct plugin_self **self;

	for (self = p->response_start.self; *self != NULL; self++)
		(*self)->plugin->handle_response_start(*self, con);
}

void
plugins_request_done(struct plugins *p, struct connection *con)
{
	struct plugin_self **self;

	for (self = p->request_done.self; *self != NULL; self++)
		(*self)->plugin->handle_request_done(*self, con);
}

void
plugins_connection_close(struct plugins *p, struct connection *con)
{
	struct plugin_self **self;

	for (self = p->connection_close.self; *self != NULL; self++)
		(*self)->plugin->handle_connection_close(*self, con);
}

void
plugins_trigger(struct plugins *p, struct server *srv)
{
	struct plugin_self **self;

	for (self = p->trigger.self; *self != NULL; self++)
		(*self)->plugin->handle_trigger(*self, srv);
}

void
plugins_sighup(struct plugins *p, struct server *srv)
{
	struct plugin_self **self;

	for (self = p->sighup.self; *self != NULL; self++)
		(*self)->plugin->handle_sighup(*self, srv);
}

void
plugins_waitpid(struct plugins *p, struct server *srv)
{
	struct plugin_self **self;

	for (self = p->waitpid.self; *self != NULL; self++)
		(*self)->plugin->handle_waitpid(*self, srv);
}
