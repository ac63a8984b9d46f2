/*
 * plugin.h - the hooks a module may fill and the verdicts it may return.
 *
 * All a module needs: it includes this, and nothing includes a module.
 */
#ifndef PLUGIN_H
#define PLUGIN_H

#include "conn.h"

/* A module in a running server. While one configuration follows another, there
 * are two: state belongs into data, not into static variables. */
struct plugin_self {
	const struct plugin *plugin;
	struct config *config;	/* it belongs to */
	void *data;		/* what init made; freed by free */
	size_t conf_at;		/* its struct in the settings */
	void *object;		/* the file it came from; NULL: none */
};

typedef int plugin_server_fn(struct plugin_self *self, struct server *srv);
typedef void plugin_event_fn(struct plugin_self *self, struct server *srv);
typedef enum verdict plugin_hook_fn(struct plugin_self *self,
    struct connection *con);
typedef void plugin_child_fn(struct plugin_self *self, struct server *srv,
    pid_t pid, int status);
typedef void plugin_note_fn(struct plugin_self *self, struct connection *con);

struct plugin {
	int api;			/* PLUGIN_API */
	const char *name;		/* "mod_alias" */
	const char *version;
	const struct conf_key *keys;
	size_t conf_size;		/* of the struct its keys fill */

	/* Start: 0, or -1 after a message. */
	plugin_server_fn *init;		/* makes self->data */
	plugin_server_fn *set_defaults;	/* settings are there: check them */
	plugin_server_fn *worker_init;	/* in each process that serves */
	plugin_event_fn *free;		/* also if init failed, or never ran */

	/* The first bytes of a connection, from req->in_at on, before they
	 * are read as a request: takes what is the module's (in_at moves),
	 * WAIT_FOR_EVENT for more of them, or ERROR ends it. */
	plugin_hook_fn *handle_connection_start;

	/* A request, in this order (conn_route.c). Behind a WAIT and COMEBACK
	 * all are asked again, from the first on. */
	plugin_hook_fn *handle_uri_raw;		/* target as sent */
	plugin_hook_fn *handle_uri_clean;	/* req->path */
	plugin_hook_fn *handle_docroot;		/* may set req->docroot */
	plugin_hook_fn *handle_remote;		/* claims what needs no file */
	plugin_hook_fn *handle_physical;	/* may change req->file */
	plugin_hook_fn *handle_index;		/* which file of a folder */
	plugin_hook_fn *handle_file;		/* which file it is: may it be
						 * asked for? */
	plugin_hook_fn *handle_start;		/* claims the request; data
						 * in req->handler_data only
						 * if it gives the body, or
						 * handle_exchange goes on */
	/* Asked of the module that said CLAIMED, whenever something happened,
	 * until it says FINISHED. */
	plugin_hook_fn *handle_exchange;
	/* Asked of the module that claimed, while the queue runs dry: gives
	 * more of the body; FINISHED when that was all. */
	plugin_hook_fn *handle_body;
	/* The request whose handler_data the module set is done with it: frees
	 * that. */
	plugin_note_fn *handle_release;
	plugin_note_fn *handle_response_start;	/* may add fields */
	plugin_note_fn *handle_request_done;
	plugin_note_fn *handle_connection_close;

	plugin_event_fn *handle_trigger;	/* each second */
	plugin_event_fn *handle_sighup;		/* logs are about to be opened
						 * again: write what waits */
	plugin_child_fn *handle_waitpid;	/* a child died, perhaps one
						 * of the module's */
};

/* A module built for another one is refused. The number changes with what a
 * function means; the size of all it may look into changes by itself. */
enum {
	PLUGIN_SIZE = 1 << 20,
	PLUGIN_API = 1 * PLUGIN_SIZE + sizeof(struct plugin)
	    + sizeof(struct plugin_self) + sizeof(struct core_conf)
	    + sizeof(struct config) + sizeof(struct server)
	    + sizeof(struct connection) + sizeof(struct request)
	    + sizeof(struct stat_entry)
};
#define PLUGIN_API_FMT "%d.%d"
#define PLUGIN_API_ARGS(api) (api) / PLUGIN_SIZE, (api) % PLUGIN_SIZE

/* The module's settings for this request, and those of the server. */
static inline const void *
plugin_conf(const struct plugin_self *self, const struct request *req)
{
	return req->settings + self->conf_at;
}

static inline const void *
plugin_global_conf(const struct plugin_self *self)
{
	return (const char *)self->config->conf->settings + self->conf_at;
}

/* ---- plugin_load.c: where modules come from ----------------------------- */

struct plugin_source {
	const struct plugin *const *builtin;	/* NULL behind the last */
	const char *dir;		/* of the shared objects */
	struct conf_report *report;
};

/* The module name: in this binary, or else (*object is set) from dir. NULL
 * when there is none; unless a site can do without it, that is a fault, told
 * with place. */
const struct plugin *plugin_find(const struct plugin_source *from,
    const char *name, struct conf_place place, void **object);
/* The same, in this binary only, and without a word. */
const struct plugin *plugin_builtin(const struct plugin *const *builtin,
    const char *name);

/* ---- plugin.c: modules in use, and their hooks -------------------------- */

enum plugin_hook {
	HOOK_CONNECTION_START,
	HOOK_URI_RAW, HOOK_URI_CLEAN, HOOK_DOCROOT, HOOK_REMOTE, HOOK_PHYSICAL,
	HOOK_INDEX, HOOK_FILE, HOOK_START,
	HOOK_RESPONSE_START, HOOK_REQUEST_DONE, HOOK_CONNECTION_CLOSE,
	HOOK_TRIGGER, HOOK_SIGHUP, HOOK_WAITPID,
	PLUGIN_HOOKS
};

typedef void plugin_any_fn(void);	/* cast back before it is called */

/* The modules of one server, in the order of server.modules. */
struct plugins {
	size_t n;
	size_t settings_size;		/* of the core's and all modules' */
	struct plugin_call {		/* fn is NULL behind the last */
		plugin_any_fn *fn;
		struct plugin_self *self;
	} *calls[PLUGIN_HOOKS];
	struct plugin_self self[];
};

/* Loads the modules named (and, with compat, those every lighttpd has, as far
 * as they are in this binary). Faults go to from's report. Returns NULL then.
 */
struct plugins *plugins_load(const struct plugin_source *from,
    const struct conf_setting *names, int compat);
/* Their key tables behind the core's: to be freed. *n of them. */
struct conf_table *plugins_tables(const struct plugins *p,
    const struct conf_key *core, size_t *n);
/* init and set_defaults of all: what -t checks. Returns 0 or -1. */
int plugins_setup(struct config *config);
/* worker_init of all, in the process that will serve. Returns 0 or -1. */
int plugins_start(struct plugins *p, struct server *srv);
void plugins_free(struct plugins *p, struct server *srv);

/* Asks the modules that have this hook, until one does not say GO_ON. */
enum verdict plugins_ask(const struct plugins *p, enum plugin_hook hook,
    struct connection *con);
/* Calls all modules that have this hook: one about a connection, or one about
 * the server. */
void plugins_note(const struct plugins *p, enum plugin_hook hook,
    struct connection *con);
void plugins_tell(const struct plugins *p, enum plugin_hook hook,
    struct server *srv);
/* The child pid is dead. */
void plugins_bury(const struct plugins *p, struct server *srv, pid_t pid,
    int status);

/* ---- modules.c: the modules in this binary ------------------------------ */

extern const struct plugin *const modules[];
/* Where those are that are not, unless -m says it. */
extern const char modules_dir[];

#endif
