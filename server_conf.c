/*
 * server_conf.c - the core's keys, and what a start needs beyond the language.
 *
 * server.c calls config_new, then config_check, at the start and for a reload;
 * -t ends behind them. Each fault is a line of its own that begins with its
 * place. Relative paths become absolute here, for a daemon's folder is "/".
 */
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "plugin.h"
#include "proc.h"

#define ROW(scope, type, member, name, preset, least, most) \
	{ name, CONF_##type, scope, offsetof(struct core_conf, member), \
	  preset, least, most }
#define S(type, member, name, preset) \
	ROW(CONF_SERVER, type, member, name, preset, 0, 0)
#define R(type, member, name, preset) \
	ROW(CONF_REQUEST, type, member, name, preset, 0, 0)

enum { FAULT_MAX = 1024 };	/* bytes of a message */

/* In the order of struct core_conf. */
const struct conf_key core_keys[] = {
	R(STRING, document_root, "server.document-root", NULL),
	S(STRING, bind, "server.bind", ""),
	S(SHORT, port, "server.port", "80"),
	ROW(CONF_SERVER, SHORT, listen_backlog, "server.listen-backlog",
	    "1024", 1, 65535),
	S(LIST, modules, "server.modules", NULL),
	S(BOOL, compat_module_load, "server.compat-module-load", "1"),
	S(STRING, errorlog, "server.errorlog", ""),
	S(BOOL, errorlog_use_syslog, "server.errorlog-use-syslog", NULL),
	S(STRING, pid_file, "server.pid-file", NULL),
	S(STRING, username, "server.username", NULL),
	S(STRING, groupname, "server.groupname", NULL),
	S(STRING, chroot, "server.chroot", NULL),
	ROW(CONF_SERVER, SHORT, max_worker, "server.max-worker", NULL,
	    0, 511),
	ROW(CONF_SERVER, SHORT, worker_priority, "server.worker-priority",
	    NULL, 0, 19),
	S(STRING, worker_affinity, "server.worker-affinity", NULL),
	S(BOOL, worker_watchdog, "server.worker-watchdog", NULL),
	S(SHORT, graceful_shutdown_timeout,
	    "server.graceful-shutdown-timeout", NULL),
	ROW(CONF_SERVER, INT, max_fds, "server.max-fds", NULL, 0, 100000000),
	ROW(CONF_SERVER, INT, max_connections, "server.max-connections", NULL,
	    0, 100000000),
	S(STRING, event_handler, "server.event-handler", NULL),
	S(BOOL, core_files, "server.core-files", NULL),
	R(INT, max_request_size, "server.max-request-size", NULL),
	ROW(CONF_REQUEST, SHORT, max_request_field_size,
	    "server.max-request-field-size", "8192", 256, HTTP_HEAD_MAX),
	R(SHORT, max_keep_alive_requests, "server.max-keep-alive-requests",
	    "1000"),
	R(SHORT, max_keep_alive_idle, "server.max-keep-alive-idle", "5"),
	R(SHORT, max_read_idle, "server.max-read-idle", "60"),
	R(SHORT, max_write_idle, "server.max-write-idle", "360"),
	ROW(CONF_REQUEST, INT, connection_kbytes,
	    "connection.kbytes-per-second", NULL, 0, 4194303),
	ROW(CONF_SERVER, INT, server_kbytes, "server.kbytes-per-second",
	    NULL, 0, 4194303),
	ROW(CONF_REQUEST, SHORT, stream_request_body,
	    "server.stream-request-body", NULL, 0, 2),
	ROW(CONF_REQUEST, SHORT, stream_response_body,
	    "server.stream-response-body", NULL, 0, 2),
	S(LIST, upload_dirs, "server.upload-dirs", NULL),
	R(BOOL, follow_symlink, "server.follow-symlink", "1"),
	R(BOOL, symlink_inside, "server.symlink-inside", NULL),
	S(MAP, parseopts, "server.http-parseopts", NULL),
	R(STRING, tag, "server.tag", "glimd/" SERVER_VERSION),
	R(STRING, errorfile_prefix, "server.errorfile-prefix", NULL),
	R(STRING, error_handler_404, "server.error-handler-404", NULL),
	R(BOOL, log_request_header, "debug.log-request-header", NULL),
	R(BOOL, log_response_header, "debug.log-response-header", NULL),
	R(BOOL, log_request_handling, "debug.log-request-handling", NULL),
	R(BOOL, log_file_not_found, "debug.log-file-not-found", NULL),
	S(BOOL, log_state_engine, "debug.log-state-engine", NULL),
	S(BOOL, log_timeouts, "debug.log-timeouts", NULL),
	S(BOOL, log_condition_handling, "debug.log-condition-handling", NULL),
	{ .name = NULL }
};

/* conf_report's say: the line is finished already. Once we serve, nobody
 * reads standard error any more. */
static void
say(void *context, const char *line)
{
	struct config *config = context;

	if (config->srv->ev == NULL)
		fprintf(stderr, "%s\n", line);
	else
		LOG(config->srv, "[error] %s", line);
}

int
config_fault(struct config *config, const char *key, const char *format, ...)
{
	const struct conf_setting *s = conf_find(config->conf, key);
	char what[FAULT_MAX];
	va_list ap;

	va_start(ap, format);
	vsnprintf(what, sizeof(what), format, ap);
	va_end(ap);
	return conf_fault(&config->report, s != NULL ? s->place
	    : conf_nowhere, "%s: %s", key, what);
}

/* The keys of all modules, with those that are not loaded behind the others,
 * so that they can be told from typos. Returns 0, or -1 after a message. */
static int
apply_keys(struct config *config)
{
	struct plugins *p = config->plugins;
	struct conf_table *tables, *all = NULL;
	size_t n, i = 0;
	int status;

	while (modules[i] != NULL)
		i++;
	tables = plugins_tables(p, core_keys, &n);
	if (tables != NULL)
		all = realloc(tables, (n + i) * sizeof(*all));
	if (all == NULL) {
		free(tables);
		return conf_fault(&config->report, conf_nowhere,
		    "out of memory");
	}
	for (i = 0; modules[i] != NULL; i++, n++) {
		all[n].owner = modules[i]->name;
		all[n].keys = modules[i]->keys;
		all[n].base = CONF_NOT_LOADED;
	}
	status = conf_apply(config->conf, all, n, p->settings_size,
	    &config->report);
	free(all);
	return status;
}

const char *
config_absolute(struct config *config, const char *here, const char *path)
{
	size_t size;
	char *to;

	/* Commands have no folder; strchr finds the NUL of "" too. */
	if (path == NULL || strchr("/|", path[0]) != NULL)
		return path;
	size = strlen(path) + (here != NULL ? strlen(here) : 0) + 2;
	to = here != NULL ? conf_alloc(config->conf, size) : NULL;
	if (to != NULL)
		snprintf(to, size, "%s/%s", here, path);
	else
		conf_fault(&config->report, conf_nowhere, here != NULL
		    ? "%s: out of memory"
		    : "%s: the current folder does not exist", path);
	return to;
}

/* Puts the server's folder before a path that is relative (conf_each_fn). */
static int
make_absolute(void *context, void *slot, const struct conf_block *block,
    struct conf_place place)
{
	struct config *config = context;
	const char **path = slot;

	(void)block;
	(void)place;
	if (*path == NULL)
		return 0;
	*path = config_absolute(config, config->srv->folder, *path);
	return *path != NULL ? 0 : -1;
}

/* The same with a document root: a name inside of the chroot, if there is
 * one. */
static int
make_root_absolute(void *context, void *slot, const struct conf_block *block,
    struct conf_place place)
{
	struct config *config = context;
	const struct core_conf *core = config->conf->settings;
	const char **path = slot;

	if (core->chroot == NULL || *path == NULL)
		return make_absolute(context, slot, block, place);
	*path = config_absolute(config, "", *path);
	return *path != NULL ? 0 : -1;
}

int
config_absolute_all(struct config *config, const char *key)
{
	return conf_each(config->conf, key, make_root_absolute, config);
}

/* Makes all paths of the core absolute. Returns 0 or -1. */
static int
make_paths_absolute(struct config *config)
{
	static const char keys[] = "server.errorlog\0server.pid-file\0"
	    "server.chroot\0server.errorfile-prefix\0";
	const struct conf_list *dirs = ((const struct core_conf *)
	    config->conf->settings)->upload_dirs;
	const char *key = keys;
	size_t i;

	for (; *key != '\0'; key += strlen(key) + 1)
		if (conf_each(config->conf, key, make_absolute, config) == -1)
			return -1;
	for (i = 0; dirs != NULL && i < dirs->n; i++)
		if (make_root_absolute(config, &dirs->items[i].value.text, NULL,
		    conf_nowhere) == -1)
			return -1;
	return conf_each(config->conf, "server.document-root",
	    make_root_absolute, config);
}

/* Switches of server.http-parseopts, those first that are URL_...: two that
 * refuse unless they are off, two that do when they are on. The others cannot
 * be had, or change nothing: our paths are always normalised, and decoded once.
 */
static const char url_switches[] =
    "url-ctrls-reject\0url-invalid-utf8-reject\0url-path-2f-reject\0"
    "url-path-dotseg-reject\0url-normalize\0url-normalize-unreserved\0"
    "url-normalize-required\0url-path-2f-decode\0url-path-dotseg-remove\0"
    "url-query-20-plus\0header-strict\0host-strict\0host-normalize\0"
    "method-get-body\0";

/* Makes url_options of server.http-parseopts. Returns 0 or -1. */
static int
read_parseopts(struct config *config)
{
	struct core_conf *core = config->conf->settings;
	const struct conf_list *list = core->parseopts;
	const struct conf_item *item;
	const char *name;
	unsigned bit;
	size_t i;
	int on;

	for (i = 0; list != NULL && i < list->n; i++) {
		item = list->items + i;
		on = conf_bool(&item->value);
		bit = 1;
		for (name = url_switches; *name != '\0'
		    && strcmp(name, item->key) != 0; name += strlen(name) + 1)
			bit <<= 1;
		if (*name == '\0' || on == -1)
			return config_fault(config, "server.http-parseopts",
			    *name == '\0' ? "there is no switch \"%s\""
			    : "\"%s\" is \"enable\" or \"disable\"",
			    item->key);
		if (bit <= URL_NO_DOTS && on == (bit >= URL_NO_2F))
			core->url_options |= bit;
	}
	return 0;
}

/* Reads it from where we were started: whatever is relative, in its name or in
 * the file, means the same at a reload. */
static int
read_file(struct config *config)
{
	const struct options *opt = config->srv->opt;
	struct conf_report *report = &config->report;
	int serving = config->srv->ev != NULL;
	struct buf text = { 0 };

	if (serving && opt->file != NULL && strcmp(opt->file, "-") == 0)
		return conf_fault(report, conf_nowhere, "standard input cannot"
		    " be read again");
	if (serving && chdir(config->srv->folder) == -1
	    && (opt->file == NULL || opt->file[0] != '/'))
		return conf_fault(report, conf_nowhere, "%s: %s",
		    config->srv->folder, strerror(errno));
	if (opt->file != NULL)
		config->conf = conf_read(opt->file, NULL, report);
	else if (options_text(opt, &text) == 0)
		config->conf = conf_read("command line", &text, report);
	buf_free(&text);
	return config->conf != NULL ? 0 : -1;
}

/* Keys say which modules, and modules bring keys. */
static int
load_modules(struct config *config)
{
	const struct conf_setting *compat = conf_find(config->conf,
	    "server.compat-module-load");
	const char *dir = config->srv->opt->module_dir;
	struct plugin_source from = { modules, modules_dir, &config->report };

	if (dir != NULL)
		from.dir = config_absolute(config, config->srv->folder, dir);
	if (from.dir == NULL)
		return -1;
	config->plugins = plugins_load(&from,
	    conf_find(config->conf, "server.modules"), compat == NULL
	    || conf_bool(&compat->value) != 0);
	return config->plugins != NULL ? 0 : -1;
}

struct config *
config_new(struct server *srv)
{
	struct config *config = calloc(1, sizeof(*config));
	mode_t mask = umask(022);	/* for what include_shell starts */
	int status = -1;

	if (config == NULL) {
		LOG(srv, "no memory for a configuration");
		return NULL;
	}
	config->srv = srv;
	config->serial = ++srv->serial;
	config->refs = 1;
	config->next = srv->configs;
	srv->configs = config;
	config->report.say = say;
	config->report.context = config;
	config_add_log(config, &config->errorlog, "server.errorlog");
	if (read_file(config) == 0 && load_modules(config) == 0
	    && apply_keys(config) == 0 && read_parseopts(config) == 0)
		status = make_paths_absolute(config);
	umask(mask);
	if (srv->ev != NULL && !srv->opt->foreground && chdir("/") == -1)
		LOG(srv, "/: %s", strerror(errno));
	if (status == -1) {
		config_drop(config);
		return NULL;
	}
	config->core = config->conf->settings;
	config->errorlog.name = config->core->errorlog;
	config->errorlog.use_syslog = config->core->errorlog_use_syslog;
	return config;
}

/* Is path, inside of root, a folder, or (parent) in one that is there?
 * "|command" has none. stat(2), not access(2): we will be somebody else. */
static int
check_folder(struct config *config, const char *key, const char *root,
    const char *path, int parent)
{
	struct buf b = { 0 };
	struct stat st;
	int result = 0;

	if (path == NULL || path[0] != '/')
		return 0;
	buf_adds(&b, root);
	buf_add(&b, path, parent ? (size_t)(strrchr(path, '/') - path) + 1 :
	    strlen(path));
	if (stat(buf_text(&b), &st) == -1)
		result = config_fault(config, key, "%s: %s", buf_text(&b),
		    strerror(errno));
	else if (!S_ISDIR(st.st_mode))
		result = config_fault(config, key, "%s is not a folder",
		    buf_text(&b));
	buf_free(&b);
	return result;
}

int
config_check_log(struct config *config, const char *key, const char *path)
{
	const struct core_conf *core = config->core;
	/* a master opens them, and is in no chroot */
	int inside = core->chroot != NULL && core->max_worker == 0
	    && geteuid() == 0;

	return check_folder(config, key, inside ? core->chroot : "", path, 1);
}

/* Whom root becomes: somebody who exists and is not root again. Anybody else
 * stays who he is, and the keys mean nothing. */
static void
check_user(struct config *config)
{
	const char *user = config->core->username;
	const char *group = config->core->groupname;
	const struct passwd *pw = user != NULL ? getpwnam(user) : NULL;
	const struct group *gr = group != NULL ? getgrnam(group) : NULL;

	if (geteuid() != 0)
		return;
	if (user != NULL && pw == NULL)
		config_fault(config, "server.username",
		    "there is no user \"%s\"", user);
	else if (user != NULL && (pw->pw_uid == 0
	    || (pw->pw_gid == 0 && group == NULL)))
		config_fault(config, "server.username",
		    "\"%s\" is root, or of root's group", user);
	if (group != NULL && gr == NULL)
		config_fault(config, "server.groupname",
		    "there is no group \"%s\"", group);
	else if (group != NULL && gr->gr_gid == 0)
		config_fault(config, "server.groupname",
		    "\"%s\" is root's group", group);
}

/* "" would be all of the disk (conf_each_fn). */
static int
check_root(void *context, void *slot, const struct conf_block *block,
    struct conf_place place)
{
	struct config *config = context;
	const char *root = *(const char **)slot;

	if (block != NULL && block->number > 0 && root[0] == '\0')
		(void)conf_fault(&config->report, place,
		    "server.document-root is empty");
	return 0;
}

/* All checks run, whatever the first of them found. */
int
config_check(struct config *config)
{
	const struct core_conf *core = config->core;
	const char *root = core->document_root, *bind = core->bind;
	unsigned before = config->report.faults;
	const char *const *name;
	struct buf names = { 0 };

	/* There is no preset for the root: a server started in "/" by an init
	 * script must not serve all of the disk (CVE-2007-0664). */
	if (root == NULL || root[0] == '\0')
		conf_fault(&config->report, conf_nowhere,
		    "%s: server.document-root is not set",
		    config->srv->opt->file);
	(void)conf_each(config->conf, "server.document-root", check_root,
	    config);
	check_folder(config, "server.chroot", "", core->chroot, 0);
	check_folder(config, "server.document-root", core->chroot != NULL ?
	    core->chroot : "", root, 0);
	if (!core->errorlog_use_syslog)
		config_check_log(config, "server.errorlog", core->errorlog);
	check_folder(config, "server.pid-file", "", core->pid_file, 1);
	check_user(config);
	if (core->worker_affinity != NULL
	    && strcmp(core->worker_affinity, "auto") != 0
	    && (core->worker_affinity[strspn(core->worker_affinity,
	    " 0123456789")] != '\0' || strpbrk(core->worker_affinity,
	    "0123456789") == NULL))
		config_fault(config, "server.worker-affinity",
		    "\"auto\" or numbers of processors, found \"%s\"",
		    core->worker_affinity);
	if (config->srv->opt->idle > 0 && core->max_worker > 0)
		config_fault(config, "server.max-worker",
		    "-i takes a server of one process");
	/* Only what can be known without asking a name server. */
	if (strncmp(bind, "unix:", 5) == 0)
		bind += 5;
	check_folder(config, "server.bind", "", bind, 1);
	(void)net_check(config);
	/* NULL is the best one there is: always found. */
	if (fdevent_find(core->event_handler) == NULL) {
		for (name = fdevent_names(); *name != NULL; name++)
			buf_printf(&names, " %s", *name);
		config_fault(config, "server.event-handler",
		    "\"%s\" is not built in, there are:%s",
		    core->event_handler, buf_text(&names));
		buf_free(&names);
	}
	return config->report.faults == before ? 0 : -1;
}
