/*
 * mod_evhost.c - document root from a pattern of the host name.
 *
 * evhost.path-pattern is a path in which %1 to %9 stand for the host's labels,
 * counted from the last, %0 for the last two, %_ for all, %% for "%", and
 * %{N.M} for the Mth character of %N. What the host does not have is empty.
 * When that makes no folder, the document root stays what it was.
 */
#include <string.h>

#include "plugin.h"

struct evhost_conf {
	const char *pattern;
};

static const struct conf_key evhost_keys[] = {
	{ "evhost.path-pattern", CONF_STRING, CONF_REQUEST,
	    offsetof(struct evhost_conf, pattern), "", 0, 0 },
	{ .name = NULL }
};

/* The digit at p, or -1. */
static int
digit(const char *p)
{
	return *p >= '0' && *p <= '9' ? *p - '0' : -1;
}

/* Reads what stands behind a "%" at p: which part of the host (-1: all of it,
 * -2: none, a "%"), and which of its characters, 0: all. Returns what follows,
 * or NULL: not understood. */
static const char *
read_part(const char *p, int *part, int *nth)
{
	*nth = 0;
	if (*p == '_' || *p == '%') {
		*part = *p == '_' ? -1 : -2;
		return p + 1;
	}
	*part = digit(p + (*p == '{'));
	if (*part == -1 || *p != '{')
		return *part == -1 ? NULL : p + 1;
	if (p[2] == '.') {
		*nth = digit(p + 3);
		p += *nth == -1 ? 0 : 2;
	}
	return p[2] == '}' ? p + 3 : NULL;
}

/* Part n of host: a label, or the last two for 0. */
static struct slice
part_of(struct slice host, int n)
{
	const char *from = host.p + host.n, *to = from;
	int dots = n == 0 ? 2 : 1;

	if (n == -1 || host.p[0] == '[')	/* an address has no labels */
		return n > 0 ? (struct slice){ NULL, 0 } : host;
	for (;;) {
		while (from > host.p && (from[-1] != '.' || --dots > 0))
			from--;
		if (--n <= 0)
			return (struct slice){ from, (size_t)(to - from) };
		if (from == host.p)
			return (struct slice){ NULL, 0 };
		to = --from;
		dots = 1;
	}
}

/* Segments of path that are "." or "..". */
static unsigned
count_dots(const char *path)
{
	unsigned count = 0;
	size_t n;

	for (; *path != '\0'; path += n + (path[n] == '/')) {
		n = strcspn(path, "/");
		count += n > 0 && n <= 2 && strspn(path, ".") == n;
	}
	return count;
}

/* Puts host into pattern. Returns 1 if it gave something to it, and did not
 * make the path leave the folder that the pattern names. */
static int
build(struct buf *root, const char *pattern, struct slice host)
{
	const char *p = pattern;
	int part, nth, given = 0;
	struct slice s;
	size_t n;

	for (root->n = 0; *p != '\0'; p += n) {
		n = strcspn(p, "%");
		buf_add(root, p, n);
		if (p[n] == '\0')
			continue;
		p = read_part(p + n + 1, &part, &nth);
		n = 0;
		s = part == -2 ? slice_of("%") : part_of(host, part);
		if (nth > 0)
			s = (size_t)nth > s.n ? (struct slice){ NULL, 0 }
			    : (struct slice){ s.p + nth - 1, 1 };
		given |= part != -2 && s.n > 0;
		buf_add(root, s.p, s.n);
	}
	return given && (count_dots(buf_text(root)) == count_dots(pattern)
	    || root->failed);	/* conn_use_root deals with that */
}

static enum verdict
evhost_docroot(struct plugin_self *self, struct connection *con)
{
	const struct evhost_conf *conf = plugin_conf(self, con->req);
	char name[HOST_NAME_SIZE];
	size_t n;

	if (conf->pattern[0] == '\0')
		return VERDICT_GO_ON;
	n = conn_host_name(con, name);
	if (n == 0 || !build(&con->req->file, conf->pattern,
	    (struct slice){ name, n }))
		return VERDICT_GO_ON;
	return conn_use_root(con) == -1 ? VERDICT_WAIT_FOR_FD : VERDICT_GO_ON;
}

/* A conf_each_fn. */
static int
check(void *context, void *slot, const struct conf_block *block,
    struct conf_place place)
{
	struct plugin_self *self = context;
	const char *const *pattern = slot;
	const char *p = strchr(*pattern, '%'), *next;
	int part, nth;

	(void)block;
	for (; p != NULL; p = strchr(next, '%')) {
		next = read_part(p + 1, &part, &nth);
		if (next == NULL)
			return conf_fault(&self->config->report, place,
			    "evhost.path-pattern: \"%.8s\" is none of %%%%, %%_"
			    ", %%0 to %%9, %%{N.M}", p);
	}
	return 0;
}

static int
evhost_set_defaults(struct plugin_self *self, struct server *srv)
{
	static const char key[] = "evhost.path-pattern";

	(void)srv;
	return conf_each(self->config->conf, key, check, self) == -1 ? -1
	    : config_absolute_all(self->config, key);
}

const struct plugin mod_evhost = {
	.api = PLUGIN_API,
	.name = "mod_evhost",
	.version = SERVER_VERSION,
	.keys = evhost_keys,
	.conf_size = sizeof(struct evhost_conf),
	.set_defaults = evhost_set_defaults,
	.handle_docroot = evhost_docroot,
};
