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
#include <sys/un.h>
#include <unistd.h>

#include "plugin.h"
#include "proc.h"

#define KEY(name, type, scope, member, preset) { name, type, scope, \
	offsetof(struct core_conf, member), preset, 0, 0, 0 }
#define BOUNDED(name, type, scope, member, preset, least, most) { name, type, \
	scope, offsetof(struct core_conf, member), preset, 0, least, most }
#define FLAGGED(name, flag) { name, CONF_STRING, CONF_REQUEST, 0, NULL, \
	flag, 0, 0 }

enum { FOLDER_MAX = 4096 };	/* bytes of the working directory's name */

/* In the order of struct core_conf; then lighttpd's keys that change nothing
 * here, and those without which a client sees something else. */
static const struct conf_key core_keys[] = {
	KEY("server.document-root", CONF_STRING, CONF_REQUEST, document_root,
	    NULL),
	KEY("server.bind", CONF_STRING, CONF_SERVER, bind, ""),
	KEY("server.port", CONF_SHORT, CONF_SERVER, port, "80"),
	BOUNDED("server.listen-backlog", CONF_SHORT, CONF_SERVER,
	    listen_backlog, "1024", 1, 65535),
	KEY("server.modules", CONF_LIST, CONF_SERVER, modules, NULL),
	KEY("server.compat-module-load", CONF_BOOL, CONF_SERVER,
	    compat_module_load, "enable"),
	KEY("server.errorlog", CONF_STRING, CONF_SERVER, errorlog, ""),
	KEY("server.errorlog-use-syslog", CONF_BOOL, CONF_SERVER,
	    errorlog_use_syslog, "disable"),
	KEY("server.pid-file", CONF_STRING, CONF_SERVER, pid_file, NULL),
	KEY("server.username", CONF_STRING, CONF_SERVER, username, NULL),
	KEY("server.groupname", CONF_STRING, CONF_SERVER, groupname, NULL),
	KEY("server.chroot", CONF_STRING, CONF_SERVER, chroot, NULL),
	BOUNDED("server.max-worker", CONF_SHORT, CONF_SERVER, max_worker, "0",
	    0, 1023),
	BOUNDED("server.max-fds", CONF_INT, CONF_SERVER, max_fds, "0",
	    0, 100000000),
	BOUNDED("server.max-connections", CONF_INT, CONF_SERVER,
	    max_connections, "0", 0, 100000000),
	KEY("server.event-handler", CONF_STRING, CONF_SERVER, event_handler,
	    NULL),
	KEY("server.core-files", CONF_BOOL, CONF_SERVER, core_files,
	    "disable"),
	KEY("server.max-request-size", CONF_INT, CONF_REQUEST,
	    max_request_size, "0"),
	BOUNDED("server.max-request-field-size", CONF_SHORT, CONF_REQUEST,
	    max_request_field_size, "8192", 256, HTTP_HEAD_MAX),
	KEY("server.max-keep-alive-requests", CONF_SHORT, CONF_REQUEST,
	    max_keep_alive_requests, "1000"),
	KEY("server.max-keep-alive-idle", CONF_SHORT, CONF_REQUEST,
	    max_keep_alive_idle, "5"),
	KEY("server.max-read-idle", CONF_SHORT, CONF_REQUEST, max_read_idle,
	    "60"),
	KEY("server.max-write-idle", CONF_SHORT, CONF_REQUEST, max_write_idle,
	    "360"),
	KEY("server.follow-symlink", CONF_BOOL, CONF_REQUEST, follow_symlink,
	    "enable"),
	KEY("server.symlink-inside", CONF_BOOL, CONF_REQUEST, symlink_inside,
	    "disable"),
	KEY("server.tag", CONF_STRING, CONF_REQUEST, tag,
	    "glimd/" SERVER_VERSION),
	KEY("server.errorfile-prefix", CONF_STRING, CONF_REQUEST,
	    errorfile_prefix, NULL),
	KEY("server.error-handler-404", CONF_STRING, CONF_REQUEST,
	    error_handler_404, NULL),
	KEY("debug.log-request-header", CONF_BOOL, CONF_REQUEST,
	    log_request_header, "disable"),
	KEY("debug.log-response-header", CONF_BOOL, CONF_REQUEST,
	    log_response_header, "disable"),
	KEY("debug.log-request-handling", CONF_BOOL, CONF_REQUEST,
	    log_request_handling, "disable"),
	KEY("debug.log-file-not-found", CONF_BOOL, CONF_REQUEST,
	    log_file_not_found, "disable"),
	KEY("debug.log-state-engine", CONF_BOOL, CONF_SERVER,
	    log_state_engine, "disable"),
	KEY("debug.log-timeouts", CONF_BOOL, CONF_SERVER, log_timeouts,
	    "disable"),

	FLAGGED("debug.log-condition-cache-handling", CONF_IGNORED),
	FLAGGED("debug.log-condition-handling", CONF_IGNORED),
	FLAGGED("debug.log-request-header-on-error", CONF_IGNORED),
	FLAGGED("debug.log-ssl-noise", CONF_IGNORED),
	FLAGGED("server.bsd-accept-filter", CONF_IGNORED),
	FLAGGED("server.defer-accept", CONF_IGNORED),
	FLAGGED("server.feature-flags", CONF_IGNORED),
	FLAGGED("server.network-backend", CONF_IGNORED),
	FLAGGED("server.reject-expect-100-with-417", CONF_IGNORED),
	FLAGGED("server.set-v6only", CONF_IGNORED),
	FLAGGED("server.stat-cache-engine", CONF_IGNORED),
	FLAGGED("server.stream-request-body", CONF_IGNORED),
	FLAGGED("server.stream-response-body", CONF_IGNORED),
	FLAGGED("server.upload-dirs", CONF_IGNORED),
	FLAGGED("server.upload-temp-file-size", CONF_IGNORED),
	FLAGGED("server.use-ipv6", CONF_IGNORED),
	FLAGGED("server.v4mapped", CONF_IGNORED),

	FLAGGED("connection.kbytes-per-second", CONF_UNSUPPORTED),
	FLAGGED("server.breakagelog", CONF_UNSUPPORTED),
	FLAGGED("server.dir-listing", CONF_UNSUPPORTED),
	FLAGGED("server.error-handler", CONF_UNSUPPORTED),
	FLAGGED("server.error-intercept", CONF_UNSUPPORTED),
	FLAGGED("server.force-lowercase-filenames", CONF_UNSUPPORTED),
	FLAGGED("server.http-parseopts", CONF_UNSUPPORTED),
	FLAGGED("server.indexfiles", CONF_UNSUPPORTED),
	FLAGGED("server.kbytes-per-second", CONF_UNSUPPORTED),
	FLAGGED("server.name", CONF_UNSUPPORTED),
	FLAGGED("server.protocol-http11", CONF_UNSUPPORTED),
	FLAGGED("server.range-requests", CONF_UNSUPPORTED),
	FLAGGED("server.syslog-facility", CONF_UNSUPPORTED),
	FLAGGED("server.systemd-socket-activation", CONF_UNSUPPORTED),
	{ NULL, CONF_STRING, CONF_SERVER, 0, NULL, 0, 0, 0 }
};

/* conf_report's say: the line is finished already. */
static void
say(void *context, const char *line)
{
	(void)context;
	fprintf(stderr, "%s\n", line);
}

static void
say_nothing(void *context, const char *line)
{
	(void)context;
	(void)line;
}

/* Where key was set; nowhere, if it has its preset. */
static struct conf_place
place_of(struct conf *c, const char *key)
{
	struct conf_place nowhere = { NULL, 0, 0 };
	const struct conf_setting *s = conf_find(c, key);

	return s != NULL ? s->place : nowhere;
}

/* ---- server_configure --------------------------------------------------- */

/* -f FILE, or zero-config as text. Returns NULL after a message. */
static struct conf *
read_options(const struct options *opt, struct conf_report *report)
{
	struct buf text = { 0 };
	struct slice all;
	struct conf *c = NULL;

	if (opt->file != NULL)
		return conf_read(opt->file, report);
	if (options_text(opt, &text) == 0) {
		all.p = text.p;
		all.n = text.n;
		c = conf_read_text("command line", all, report);
	}
	buf_free(&text);
	return c;
}

/* Modules bring keys, and keys say which modules: so the core's keys are
 * looked at first, without a word about the others. */
static struct plugins *
load_modules(struct conf *c, struct conf_report *report)
{
	struct conf_report silent = { say_nothing, NULL, 0, 0 };
	struct conf_table table = { "core", core_keys, 0 };
	const struct conf_setting *names = NULL;
	const struct core_conf *core;

	(void)conf_apply(c, &table, 1, sizeof(*core), &silent);
	core = c->settings;
	if (core == NULL) {
		report->say(report->context, "glimd: out of memory");
		return NULL;
	}
	if (core->modules != NULL)
		names = conf_find(c, "server.modules");
	return plugins_load(modules, names, core->compat_module_load, report);
}

/* The second look, with the keys of all modules, which counts. */
static int
apply_keys(struct conf *c, const struct plugins *p,
    struct conf_report *report)
{
	struct conf_table *tables;
	size_t n;
	int status;

	tables = plugins_tables(p, core_keys, &n);
	if (tables == NULL) {
		report->say(report->context, "glimd: out of memory");
		return -1;
	}
	status = conf_apply(c, tables, n, p->settings_size, report);
	free(tables);
	return status;
}

/* Puts folder before a relative path, in memory of c. Returns 0 or -1. */
static int
make_absolute(struct conf *c, const char **path, const char *folder)
{
	size_t n, size;
	char *p;

	/* Commands have no folder, and strchr finds the NUL of "" as well. */
	if (*path == NULL || strchr("/|", (*path)[0]) != NULL)
		return 0;
	n = strlen(folder);
	while (n > 0 && folder[n - 1] == '/')
		n--;
	size = n + 1 + strlen(*path) + 1;
	p = conf_alloc(c, size);
	if (p == NULL)
		return -1;
	snprintf(p, size, "%.*s/%s", (int)n, folder, *path);
	*path = p;
	return 0;
}

static int
make_paths_absolute(struct conf *c, struct conf_report *report)
{
	struct core_conf *core = c->settings;
	char here[FOLDER_MAX];
	const char *root;

	if (getcwd(here, sizeof(here)) == NULL) {
		fprintf(stderr, "glimd: the current folder: %s\n",
		    strerror(errno));
		return -1;
	}
	/* The document root is a name inside of the chroot. */
	root = core->chroot != NULL ? "/" : here;
	if (make_absolute(c, &core->document_root, root) == -1
	    || make_absolute(c, &core->errorfile_prefix, root) == -1
	    || make_absolute(c, &core->errorlog, here) == -1
	    || make_absolute(c, &core->pid_file, here) == -1
	    || make_absolute(c, &core->chroot, here) == -1) {
		report->say(report->context, "glimd: out of memory");
		return -1;
	}
	return 0;
}

int
server_configure(struct server *srv)
{
	struct conf_report report = { say, NULL, 0, 0 };
	const struct core_conf *core;
	struct plugins *p = NULL;
	struct conf *c;

	c = read_options(srv->opt, &report);
	if (c == NULL)
		return -1;
	p = load_modules(c, &report);
	if (p == NULL || apply_keys(c, p, &report) == -1
	    || make_paths_absolute(c, &report) == -1)
		goto fail;
	core = c->settings;
	/* To be told is better than to count processes. */
	if (core->max_worker > 0)
		conf_warn(&report, place_of(c, "server.max-worker"),
		    "server.max-worker: one process serves, for now");
	/* Only now, when nothing can fail: srv may be serving already. */
	srv->conf = c;
	srv->core = core;
	srv->plugins = p;
	return 0;
fail:
	plugins_free(p, srv);
	conf_drop(c);
	return -1;
}

/* ---- server_check ------------------------------------------------------- */

/* stat(2), not access(2): who we will be is not who we are. */
static void
check_folder(struct conf *c, const char *key, const char *path,
    struct conf_report *report)
{
	struct stat st;

	if (stat(path, &st) == -1)
		conf_fault(report, place_of(c, key), "%s: %s: %s", key, path,
		    strerror(errno));
	else if (!S_ISDIR(st.st_mode))
		conf_fault(report, place_of(c, key), "%s: %s is not a folder",
		    key, path);
}

/* There is no preset for the root: a server started in "/" by an init script
 * must not serve all of the disk (CVE-2007-0664). */
static void
check_root(struct server *srv, struct conf_report *report)
{
	const struct core_conf *core = srv->core;
	struct conf_place nowhere = { NULL, 0, 0 };
	struct buf path = { 0 };

	if (core->chroot != NULL)
		check_folder(srv->conf, "server.chroot", core->chroot, report);
	if (core->document_root == NULL || core->document_root[0] == '\0') {
		conf_fault(report, nowhere, "%s: server.document-root is not"
		    " set", srv->opt->file != NULL ? srv->opt->file :
		    "command line");
		return;
	}
	if (core->chroot != NULL)
		buf_adds(&path, core->chroot);
	buf_adds(&path, core->document_root);
	check_folder(srv->conf, "server.document-root", buf_text(&path),
	    report);
	buf_free(&path);
}

/* The folder a file will be made in. "|command" and "" have none. */
static void
check_folder_of(struct conf *c, const char *key, const char *path,
    struct conf_report *report)
{
	struct buf folder = { 0 };
	const char *slash;

	if (path == NULL || path[0] != '/')
		return;
	slash = strrchr(path, '/');
	buf_add(&folder, path, (size_t)(slash - path) + 1);
	check_folder(c, key, buf_text(&folder), report);
	buf_free(&folder);
}

/* Whom root becomes: somebody who exists and is not root again. */
static void
check_user(struct server *srv, struct conf_report *report)
{
	const char *user = srv->core->username, *group = srv->core->groupname;
	struct conf_place place = place_of(srv->conf, "server.username");
	const struct passwd *pw;
	const struct group *gr;

	/* Anybody else stays who he is, and the keys mean nothing. */
	if (geteuid() != 0)
		return;
	if (user != NULL) {
		pw = getpwnam(user);
		if (pw == NULL)
			conf_fault(report, place, "server.username: there is"
			    " no user \"%s\"", user);
		else if (pw->pw_uid == 0 || (pw->pw_gid == 0 && group == NULL))
			conf_fault(report, place, "server.username: \"%s\" is"
			    " root, or of root's group", user);
	}
	if (group == NULL)
		return;
	place = place_of(srv->conf, "server.groupname");
	gr = getgrnam(group);
	if (gr == NULL)
		conf_fault(report, place, "server.groupname: there is no"
		    " group \"%s\"", group);
	else if (gr->gr_gid == 0)
		conf_fault(report, place, "server.groupname: \"%s\" is root's"
		    " group", group);
}

/* NULL is the best one there is: always found. */
static void
check_event_handler(struct server *srv, struct conf_report *report)
{
	const char *const *name = fdevent_names();
	struct buf names = { 0 };

	if (fdevent_find(srv->core->event_handler) != NULL)
		return;
	for (; *name != NULL; name++) {
		buf_addc(&names, ' ');
		buf_adds(&names, *name);
	}
	conf_fault(report, place_of(srv->conf, "server.event-handler"),
	    "server.event-handler: \"%s\" is not built in, there are:%s",
	    srv->core->event_handler, buf_text(&names));
	buf_free(&names);
}

/* Only what can be known without asking a name server. */
static void
check_bind(struct server *srv, struct conf_report *report)
{
	struct conf_place place = place_of(srv->conf, "server.bind");
	struct sockaddr_un address;
	const char *bind = srv->core->bind;

	if (strncmp(bind, "unix:", 5) == 0)
		bind += 5;
	if (bind != srv->core->bind || bind[0] == '/') {
		if (bind[0] == '\0' || strlen(bind) >= sizeof(address.sun_path))
			conf_fault(report, place, "server.bind: a socket's"
			    " path has 1 to %lu bytes",
			    (unsigned long)sizeof(address.sun_path) - 1);
		else
			check_folder_of(srv->conf, "server.bind", bind,
			    report);
	} else if (strpbrk(bind, " \t\r\n\"/") != NULL) {
		conf_fault(report, place,
		    "server.bind: \"%s\" is no address", bind);
	}
}

/* All checks run, whatever the first of them found. */
int
server_check(struct server *srv)
{
	struct conf_report report = { say, NULL, 0, 0 };
	const struct core_conf *core = srv->core;

	check_root(srv, &report);
	if (!core->errorlog_use_syslog)
		check_folder_of(srv->conf, "server.errorlog", core->errorlog,
		    &report);
	check_folder_of(srv->conf, "server.pid-file", core->pid_file, &report);
	check_user(srv, &report);
	check_event_handler(srv, &report);
	check_bind(srv, &report);
	return report.faults == 0 ? 0 : -1;
}
