/*
 * plugin.c - the modules in use: calls each hook on those that have it.
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

#define AT(name) offsetof(struct plugin, handle_##name)

/* Where each hook's function lies: in the order of enum plugin_hook. */
static const size_t place[PLUGIN_HOOKS] = {
	AT(connection_start),
	AT(uri_raw), AT(uri_clean), AT(docroot), AT(remote), AT(physical),
	AT(index), AT(file), AT(start),
	AT(response_start), AT(request_done), AT(connection_close),
	AT(trigger), AT(sighup), AT(waitpid)
};

/* Adds a module behind the others. */
static void
add(struct plugins *p, const struct plugin *plugin, void *object)
{
	struct plugin_self *self = p->self + p->n++;

	self->plugin = plugin;
	self->object = object;
	self->conf_at = p->settings_size;
	/* every struct begins where any member may */
	p->settings_size += (plugin->conf_size + 15) / 16 * 16;
}

static int
has(const struct plugins *p, const char *name)
{
	size_t i;

	for (i = 0; i < p->n; i++)
		if (strcmp(p->self[i].plugin->name, name) == 0)
			return 1;
	return 0;
}

static void
add_named(struct plugins *p, const struct plugin_source *from,
    const struct conf_setting *setting)
{
	const struct conf_list *list = setting->value.list;
	const struct conf_value *name;
	const struct plugin *plugin;
	void *object;
	size_t i;

	for (i = 0; i < list->n; i++) {
		name = &list->items[i].value;
		if (name->kind != CONF_VALUE_TEXT) {
			conf_fault(from->report, setting->place,
			    "server.modules is a list of texts");
		} else if (!has(p, name->text)) {
			plugin = plugin_find(from, name->text, setting->place,
			    &object);
			if (plugin != NULL)
				add(p, plugin, object);
		}
	}
}

/* One that this binary may be built without. */
static void
add_compat(struct plugins *p, const struct plugin *const *builtin,
    const char *name)
{
	const struct plugin *plugin = plugin_builtin(builtin, name);

	if (plugin != NULL && !has(p, name))
		add(p, plugin, NULL);
}

/* Fills the hooks' arrays, which lie one behind the other from call on. */
static void
collect(struct plugins *p, struct plugin_call *call)
{
	size_t hook, i;

	for (hook = 0; hook < PLUGIN_HOOKS; hook++, call++) {
		p->calls[hook] = call;
		for (i = 0; i < p->n; i++) {
			/* function pointers are of one size, whatever their
			 * type */
			memcpy(&call->fn, (const char *)p->self[i].plugin
			    + place[hook], sizeof(call->fn));
			call->self = p->self + i;
			call += call->fn != NULL;
		}
		call->fn = NULL;
	}
}

/* Lets go of the files, last of all: what they made is gone. */
static void
unload(struct plugins *p)
{
	while (p->n > 0)
		sys_unload(p->self[--p->n].object);
	free(p);
}

struct plugins *
plugins_load(const struct plugin_source *from,
    const struct conf_setting *names, int compat)
{
	struct conf_report *report = from->report;
	unsigned faults = report->faults;
	struct plugins *p;
	size_t i, n = COUNT(compat_modules) + 1;

	if (names != NULL && names->value.kind != CONF_VALUE_LIST) {
		conf_fault(report, names->place,
		    "server.modules is a list: ( \"mod_...\", ... )");
		return NULL;
	}
	n += names != NULL ? names->value.list->n : 0;
	p = calloc(1, sizeof(*p) + n * sizeof(*p->self)
	    + PLUGIN_HOOKS * (n + 1) * sizeof(**p->calls));
	if (p == NULL) {
		conf_fault(report, conf_nowhere, "out of memory for modules");
		return NULL;
	}
	p->settings_size = (sizeof(struct core_conf) + 15) / 16 * 16;
	/* ours alone, and asked before mod_dirlisting, which may be named */
	if (compat)
		add_compat(p, from->builtin, "mod_tar");
	if (names != NULL)
		add_named(p, from, names);
	for (i = 0; compat && i < COUNT(compat_modules); i++)
		add_compat(p, from->builtin, compat_modules[i]);
	collect(p, (struct plugin_call *)(void *)(p->self + n));
	if (report->faults == faults)
		return p;
	unload(p);
	return NULL;
}

struct conf_table *
plugins_tables(const struct plugins *p, const struct conf_key *core, size_t *n)
{
	struct conf_table *tables = calloc(p->n + 1, sizeof(*tables));
	const struct plugin_self *self = p->self;

	if (tables == NULL)
		return NULL;
	tables[0] = (struct conf_table){ "core", core, 0 };
	for (*n = 1; self < p->self + p->n; self++)
		if (self->plugin->keys != NULL)
			tables[(*n)++] = (struct conf_table){
			    self->plugin->name, self->plugin->keys,
			    self->conf_at };
	return tables;
}

/* Calls the start-up function that lies at offset at in struct plugin. */
static int
start(struct plugins *p, struct server *srv, size_t at)
{
	plugin_server_fn *fn;
	size_t i;

	for (i = 0; i < p->n; i++) {
		memcpy(&fn, (const char *)p->self[i].plugin + at, sizeof(fn));
		if (fn != NULL && fn(p->self + i, srv) == -1)
			return -1;
	}
	return 0;
}

int
plugins_setup(struct config *config)
{
	struct plugins *p = config->plugins;
	size_t i;

	for (i = 0; i < p->n; i++)
		p->self[i].config = config;
	if (start(p, config->srv, offsetof(struct plugin, init)) == -1)
		return -1;
	return start(p, config->srv, offsetof(struct plugin, set_defaults));
}

int
plugins_start(struct plugins *p, struct server *srv)
{
	return start(p, srv, offsetof(struct plugin, worker_init));
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
	unload(p);
}

enum verdict
plugins_ask(const struct plugins *p, enum plugin_hook hook,
    struct connection *con)
{
	const struct plugin_call *call;
	enum verdict verdict;

	for (call = p->calls[hook]; call->fn != NULL; call++) {
		verdict = ((plugin_hook_fn *)call->fn)(call->self, con);
		if (verdict == VERDICT_GO_ON)
			continue;
		con->req->handler = call->self;
		return verdict;
	}
	return VERDICT_GO_ON;
}

void
plugins_note(const struct plugins *p, enum plugin_hook hook,
    struct connection *con)
{
	const struct plugin_call *call;

	for (call = p->calls[hook]; call->fn != NULL; call++)
		((plugin_note_fn *)call->fn)(call->self, con);
}

void
plugins_bury(const struct plugins *p, struct server *srv, pid_t pid, int status)
{
	const struct plugin_call *call;

	for (call = p->calls[HOOK_WAITPID]; call->fn != NULL; call++)
		((plugin_child_fn *)call->fn)(call->self, srv, pid, status);
}

void
plugins_tell(const struct plugins *p, enum plugin_hook hook,
    struct server *srv)
{
	const struct plugin_call *call;

	for (call = p->calls[hook]; call->fn != NULL; call++)
		((plugin_event_fn *)call->fn)(call->self, srv);
}
