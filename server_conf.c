/*
 * server_conf.c - the core's keys, and what a start needs beyond the language.
 *
 * server.c calls server_configure, then server_check; -t ends behind them. All
 * that is wrong goes to standard error, each fault in a line of its own that
 * begins with its place, because the launching shell is still there. Relative
 * paths become absolute here, for a daemon's folder is "/".
 */
#include <errno.h>
#include <grp.h>
#include <pwd.h>
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

enum { FOLDER_MAX = 4096 };	/* bytes of the working directory's name */

/* In the order of struct core_conf. */
static const struct conf_key core_keys[] = {
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
	    0, 1023),
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
	R(BOOL, follow_symlink, "server.follow-symlink", "1"),
	R(BOOL, symlink_inside, "server.symlink-inside", NULL),
	R(STRING, tag, "server.tag", "glimd/" SERVER_VERSION),
	R(STRING, errorfile_prefix, "server.errorfile-prefix", NULL),
	R(STRING, error_handler_404, "server.error-handler-404", NULL),
	R(BOOL, log_request_header, "debug.log-request-header", NULL),
	R(BOOL, log_response_header, "debug.log-response-header", NULL),
	R(BOOL, log_request_handling, "debug.log-request-handling", NULL),
	R(BOOL, log_file_not_found, "debug.log-file-not-found", NULL),
	S(BOOL, log_state_engine, "debug.log-state-engine", NULL),
	S(BOOL, log_timeouts, "debug.log-timeouts", NULL),
	{ .name = NULL }
};

/* conf_report's say: the line is finished already. */
static void
say(void *context, const char *line)
{
	(void)context;
	fprintf(stderr, "%s\n", line);
}

/* Tells what is wrong with a key, at the place where it was set. report's
 * context is the configuration. */
static void
wrong(struct conf_report *report, const char *key, const char *before,
    const char *what, const char *behind)
{
	const struct conf_setting *s = conf_find(report->context, key);

	conf_fault(report, s != NULL ? s->place : conf_nowhere, "%s: %s%s%s",
	    key, before, what, behind);
}

/* The keys of all modules, with those that are not loaded behind the others,
 * so that they can be told from typos. Returns 0, or -1 after a message. */
static int
apply_keys(struct conf *c, const struct plugins *p,
    struct conf_report *report)
{
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
		return conf_fault(report, conf_nowhere, "out of memory");
	}
	for (i = 0; modules[i] != NULL; i++, n++) {
		all[n].owner = modules[i]->name;
		all[n].keys = modules[i]->keys;
		all[n].base = CONF_NOT_LOADED;
	}
	status = conf_apply(c, all, n, p->settings_size, report);
	free(all);
	return status;
}

/* Puts a folder before those paths that are relative. Returns 0 or -1. */
static int
make_paths_absolute(struct conf *c, struct conf_report *report)
{
	struct core_conf *core = c->settings;
	const char **const paths[] = { &core->errorlog, &core->pid_file,
	    &core->chroot, &core->document_root, &core->errorfile_prefix };
	char here[FOLDER_MAX], *path;
	size_t i, size;

	if (getcwd(here, sizeof(here)) == NULL)
		return conf_fault(report, conf_nowhere,
		    "the current folder: %s", strerror(errno));
	for (i = 0; i < COUNT(paths); i++) {
		/* The document root is a name inside of the chroot. */
		if (i == 3 && core->chroot != NULL)
			here[0] = '\0';
		/* Commands have no folder; strchr finds the NUL of "" too. */
		if (*paths[i] == NULL || strchr("/|", **paths[i]) != NULL)
			continue;
		size = strlen(here) + 1 + strlen(*paths[i]) + 1;
		path = conf_alloc(c, size);
		if (path == NULL)
			return conf_fault(report, conf_nowhere,
			    "out of memory");
		snprintf(path, size, "%s/%s", here, *paths[i]);
		*paths[i] = path;
	}
	return 0;
}

int
server_configure(struct server *srv)
{
	struct conf_report report = { say, NULL, 0, 0 };
	const struct conf_setting *compat;
	struct plugins *p = NULL;
	struct conf *c = NULL;
	struct buf text = { 0 };

	if (srv->opt->file != NULL)
		c = conf_read(srv->opt->file, NULL, &report);
	else if (options_text(srv->opt, &text) == 0)
		c = conf_read("command line", &text, &report);
	buf_free(&text);
	if (c == NULL)
		return -1;
	report.context = c;
	/* Keys say which modules, and modules bring keys. */
	compat = conf_find(c, "server.compat-module-load");
	p = plugins_load(modules, conf_find(c, "server.modules"),
	    compat == NULL || conf_bool(&compat->value) != 0, &report);
	if (p == NULL || apply_keys(c, p, &report) == -1
	    || make_paths_absolute(c, &report) == -1) {
		plugins_free(p, srv);
		conf_drop(c);
		return -1;
	}
	/* Only now, when nothing can fail: srv may be serving already. */
	srv->conf = c;
	srv->core = c->settings;
	srv->plugins = p;
	/* To be told is better than to count processes. */
	if (srv->core->max_worker > 0)
		wrong(&report, "server.max-worker", "one process serves, for"
		    " now", "", "");
	return 0;
}

/* Is path, inside of root, a folder, or (parent) in one that is there?
 * "|command" has none. stat(2), not access(2): we will be somebody else. */
static void
check_folder(struct conf_report *report, const char *key, const char *root,
    const char *path, int parent)
{
	struct buf b = { 0 };
	struct stat st;

	if (path == NULL || path[0] != '/')
		return;
	buf_adds(&b, root);
	buf_add(&b, path, parent ? (size_t)(strrchr(path, '/') - path) + 1 :
	    strlen(path));
	if (stat(buf_text(&b), &st) == -1)
		wrong(report, key, buf_text(&b), ": ", strerror(errno));
	else if (!S_ISDIR(st.st_mode))
		wrong(report, key, buf_text(&b), " is not a folder", "");
	buf_free(&b);
}

/* Whom root becomes: somebody who exists and is not root again. Anybody else
 * stays who he is, and the keys mean nothing. */
static void
check_user(struct conf_report *report, const struct core_conf *core)
{
	const char *user = core->username, *group = core->groupname;
	const struct passwd *pw = user != NULL ? getpwnam(user) : NULL;
	const struct group *gr = group != NULL ? getgrnam(group) : NULL;

	if (geteuid() != 0)
		return;
	if (user != NULL && pw == NULL)
		wrong(report, "server.username", "there is no user \"", user,
		    "\"");
	else if (user != NULL && (pw->pw_uid == 0
	    || (pw->pw_gid == 0 && group == NULL)))
		wrong(report, "server.username", "\"", user,
		    "\" is root, or of root's group");
	if (group != NULL && gr == NULL)
		wrong(report, "server.groupname", "there is no group \"",
		    group, "\"");
	else if (group != NULL && gr->gr_gid == 0)
		wrong(report, "server.groupname", "\"", group,
		    "\" is root's group");
}

/* All checks run, whatever the first of them found. */
int
server_check(struct server *srv)
{
	struct conf_report report = { say, srv->conf, 0, 0 };
	const struct core_conf *core = srv->core;
	const char *root = core->document_root, *bind = core->bind;
	const char *const *name;
	struct buf names = { 0 };

	/* There is no preset for the root: a server started in "/" by an init
	 * script must not serve all of the disk (CVE-2007-0664). */
	if (root == NULL || root[0] == '\0')
		conf_fault(&report, conf_nowhere,
		    "%s: server.document-root is not set", srv->opt->file);
	check_folder(&report, "server.chroot", "", core->chroot, 0);
	check_folder(&report, "server.document-root", core->chroot != NULL ?
	    core->chroot : "", root, 0);
	if (!core->errorlog_use_syslog)
		check_folder(&report, "server.errorlog", "", core->errorlog,
		    1);
	check_folder(&report, "server.pid-file", "", core->pid_file, 1);
	check_user(&report, core);
	/* Only what can be known without asking a name server. */
	if (strncmp(bind, "unix:", 5) == 0)
		bind += 5;
	check_folder(&report, "server.bind", "", bind, 1);
	if (bind[0] != '/' && strpbrk(bind, " \t\r\n\"/") != NULL)
		wrong(&report, "server.bind", "\"", bind, "\" is no address");
	/* NULL is the best one there is: always found. */
	if (fdevent_find(core->event_handler) == NULL) {
		buf_adds(&names, "\" is not built in, there are:");
		for (name = fdevent_names(); *name != NULL; name++)
			buf_printf(&names, " %s", *name);
		wrong(&report, "server.event-handler", "\"",
		    core->event_handler, buf_text(&names));
		buf_free(&names);
	}
	return report.faults == 0 ? 0 : -1;
}
