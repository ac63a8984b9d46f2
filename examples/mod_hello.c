/*
 * mod_hello.c - a module that is loaded: answers one URL with a line of text.
 *
 *	cc -shared -fPIC -D_FILE_OFFSET_BITS=64 -I.. -o mod_hello.so mod_hello.c
 *	glimd -m . -f FILE
 *
 * where FILE has server.modules = ( "mod_hello" ) and hello.url = "/hello".
 */
#include <string.h>

#include "plugin.h"

struct hello_conf {
	const char *url, *text;
};

static const struct conf_key hello_keys[] = {
	{ .name = "hello.url", .type = CONF_STRING, .scope = CONF_REQUEST,
	  .at = offsetof(struct hello_conf, url) },
	{ .name = "hello.text", .type = CONF_STRING, .scope = CONF_REQUEST,
	  .at = offsetof(struct hello_conf, text), .preset = "hello" },
	{ .name = NULL }
};

static enum verdict
hello_uri_clean(struct plugin_self *self, struct connection *con)
{
	const struct hello_conf *conf = plugin_conf(self, con->req);
	struct request *req = con->req;

	if (conf->url == NULL || strcmp(req->path.p, conf->url) != 0)
		return VERDICT_GO_ON;
	req->status = 200;
	req->length = (int64_t)strlen(conf->text);
	conn_field(con, "Content-Type", slice_of("text/plain"));
	return VERDICT_FINISHED;
}

static enum verdict
hello_body(struct plugin_self *self, struct connection *con)
{
	const struct hello_conf *conf = plugin_conf(self, con->req);

	conn_body(con, conf->text, strlen(conf->text));
	return VERDICT_FINISHED;
}

const struct plugin mod_hello_plugin = {
	.api = PLUGIN_API,
	.name = "mod_hello",
	.version = "1",
	.keys = hello_keys,
	.conf_size = sizeof(struct hello_conf),
	.handle_uri_clean = hello_uri_clean,
	.handle_body = hello_body
};
