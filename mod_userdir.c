/*
 * mod_userdir.c - /~name/ from a folder of the user.
 *
 * That is userdir.path in the home of the system's user, or, with
 * userdir.basepath, in the folder of that name there. Without userdir.path
 * nobody has any (CVE-2008-1270). The list of users may be a network away and
 * is asked while everybody waits, so answers are kept for a minute, for root
 * never given, and for each name no system would have never asked for.
 */
#include <sys/types.h>

#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "plugin.h"

enum { NAME_SIZE = 33, HOME_SIZE = 256, HOMES = 64, HOME_SECONDS = 60 };

struct userdir_conf {
	const char *path, *basepath;
	const struct conf_list *include, *exclude;
	int letterhomes, active;
};

#define KEY(name, type, member, preset) { "userdir." name, type, \
	CONF_REQUEST, offsetof(struct userdir_conf, member), preset, 0, 0 }

static const struct conf_key userdir_keys[] = {
	KEY("path", CONF_STRING, path, NULL),
	KEY("basepath", CONF_STRING, basepath, ""),
	KEY("include-user", CONF_LIST, include, NULL),
	KEY("exclude-user", CONF_LIST, exclude, NULL),
	KEY("letterhomes", CONF_BOOL, letterhomes, NULL),
	KEY("active", CONF_BOOL, active, "1"),
	{ .name = NULL }
};

/* What the system said about users, each in a place that its name gives. */
struct homes {
	struct home {
		uint32_t asked;		/* tick */
		char name[NAME_SIZE];	/* "": free */
		char folder[HOME_SIZE];	/* "": there is none */
	} at[HOMES];
};

/* The home of a user, or "". */
static const char *
home_of(struct plugin_self *self, const struct server *srv, struct slice name)
{
	struct homes *homes = self->data;
	const struct passwd *pw;
	struct home *home;
	unsigned hash = 0;
	size_t i;

	if (homes == NULL)
		homes = self->data = calloc(1, sizeof(*homes));
	if (homes == NULL)
		return "";
	for (i = 0; i < name.n; i++)
		hash = hash * 31 + (unsigned char)name.p[i];
	home = homes->at + hash % HOMES;
	if (slice_eq(name, slice_of(home->name))
	    && srv->tick - home->asked < HOME_SECONDS)
		return home->folder;
	memset(home, 0, sizeof(*home));
	memcpy(home->name, name.p, name.n);
	home->asked = srv->tick;
	pw = getpwnam(home->name);
	/* "/" is what users have who have none */
	if (pw != NULL && pw->pw_uid != 0 && pw->pw_dir[0] == '/'
	    && pw->pw_dir[1] != '\0' && strlen(pw->pw_dir) < HOME_SIZE)
		memcpy(home->folder, pw->pw_dir, strlen(pw->pw_dir));
	return home->folder;
}

/* May name be that of a folder, or of a user of the system? Those are not in
 * capitals: a system that knows "Root" means root, and no list has him. */
static int
is_name(struct slice name, int of_system)
{
	size_t i;
	char c;

	for (i = 0; i < name.n; i++) {
		c = name.p[i];
		if ((c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '_'
		    && (i == 0 || (c != '.' && c != '-'))
		    && (of_system || c < 'A' || c > 'Z'))
			return 0;
	}
	return i > 0 && i < (of_system ? NAME_SIZE : HOME_SIZE);
}

/* Who is excluded is that in any spelling: folders may not tell them apart. */
static int
is_in(const struct conf_list *list, struct slice name, int any_case)
{
	const char *item;
	size_t i;

	for (i = 0; i < list->n; i++) {
		item = list->items[i].value.text;
		if (strlen(item) == name.n
		    && (any_case ? strncasecmp(item, name.p, name.n)
		    : strncmp(item, name.p, name.n)) == 0)
			return 1;
	}
	return 0;
}

static enum verdict
userdir_physical(struct plugin_self *self, struct connection *con)
{
	const struct userdir_conf *conf = plugin_conf(self, con->req);
	struct request *req = con->req;
	const char *base = conf->basepath;
	struct slice name, rest;

	if (!conf->active || conf->path == NULL
	    || req->path.n < 3 || memcmp(req->path.p, "/~", 2) != 0)
		return VERDICT_GO_ON;
	name.p = req->path.p + 2;
	name.n = strcspn(name.p, "/");
	rest.p = name.p + name.n;
	rest.n = req->path.n - 2 - name.n;
	/* a whole home is never meant */
	if (!is_name(name, base[0] == '\0')
	    || (base[0] == '\0' && conf->path[0] == '\0')
	    || (conf->exclude != NULL && is_in(conf->exclude, name, 1))
	    || (conf->include != NULL && !is_in(conf->include, name, 0)))
		return VERDICT_GO_ON;
	if (base[0] == '\0')
		base = home_of(self, con->srv, name);
	if (base[0] == '\0')
		return VERDICT_GO_ON;
	req->file.n = 0;
	buf_adds(&req->file, base);
	if (conf->basepath[0] != '\0' && conf->letterhomes)
		str_add_path(&req->file, (struct slice){ name.p, 1 });
	if (conf->basepath[0] != '\0')
		str_add_path(&req->file, name);
	str_add_path(&req->file, slice_of(conf->path));
	if (rest.n > 0)		/* else it is a folder's without a slash */
		str_add_path(&req->file, rest);
	(void)buf_text(&req->file);
	return VERDICT_GO_ON;
}

static int
userdir_set_defaults(struct plugin_self *self, struct server *srv)
{
	(void)srv;
	return config_absolute_all(self->config, "userdir.basepath");
}

static void
userdir_free(struct plugin_self *self, struct server *srv)
{
	(void)srv;
	free(self->data);
}

const struct plugin mod_userdir = {
	.api = PLUGIN_API,
	.name = "mod_userdir",
	.version = SERVER_VERSION,
	.keys = userdir_keys,
	.conf_size = sizeof(struct userdir_conf),
	.set_defaults = userdir_set_defaults,
	.free = userdir_free,
	.handle_physical = userdir_physical,
};
