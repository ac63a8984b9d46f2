/*
 * mod_simple_vhost.c - document root from the host name.
 *
 * The document root is simple-vhost.server-root, the host and
 * simple-vhost.document-root, one below the other, if that is a folder; else
 * the same with simple-vhost.default-host; else it stays server.document-root.
 * Asks nothing but the stat cache, so a thousand hosts cost no more than one.
 */
#include "plugin.h"

struct vhost_conf {
	const char *server_root, *document_root, *default_host;
	int debug;
};

#define KEY(name, type, member, preset) { "simple-vhost." name, type, \
	CONF_REQUEST, offsetof(struct vhost_conf, member), preset, 0, 0 }

static const struct conf_key vhost_keys[] = {
	KEY("server-root", CONF_STRING, server_root, ""),
	KEY("document-root", CONF_STRING, document_root, ""),
	KEY("default-host", CONF_STRING, default_host, ""),
	KEY("debug", CONF_BOOL, debug, NULL),
	{ .name = NULL }
};

static int
try(struct connection *con, const struct vhost_conf *conf, struct slice host)
{
	struct buf *root = &con->req->file;
	int found;

	root->n = 0;
	buf_adds(root, conf->server_root);
	str_add_path(root, host);
	str_add_path(root, slice_of(conf->document_root));
	found = conn_use_root(con);
	if (conf->debug)
		LOG(con->srv, "connection %d: %s is %s folder", con->fd,
		    buf_text(root), found == 1 ? "a" : "no");
	return found;
}

/* Without a default, what a host nobody knows gets is not server-root itself,
 * where the files of all the others are. */
static enum verdict
vhost_docroot(struct plugin_self *self, struct connection *con)
{
	const struct vhost_conf *conf = plugin_conf(self, con->req);
	char name[HOST_NAME_SIZE];
	size_t n;
	int found = 0;

	if (conf->server_root[0] == '\0')
		return VERDICT_GO_ON;
	n = conn_host_name(con, name);
	if (n > 0)
		found = try(con, conf, (struct slice){ name, n });
	if (found == 0 && (conf->default_host[0] != '\0'
	    || conf->document_root[0] != '\0')) {
		found = try(con, conf, slice_of(conf->default_host));
		if (found == 1 && conf->default_host[0] != '\0')
			request_set_env(con->req, "SERVER_NAME",
			    slice_of(conf->default_host));
	}
	return found == -1 ? VERDICT_WAIT_FOR_FD : VERDICT_GO_ON;
}

static int
vhost_set_defaults(struct plugin_self *self, struct server *srv)
{
	(void)srv;
	return config_absolute_all(self->config, "simple-vhost.server-root");
}

const struct plugin mod_simple_vhost = {
	.api = PLUGIN_API,
	.name = "mod_simple_vhost",
	.version = SERVER_VERSION,
	.keys = vhost_keys,
	.conf_size = sizeof(struct vhost_conf),
	.set_defaults = vhost_set_defaults,
	.handle_docroot = vhost_docroot,
};
