/*
 * mod_trace.c - a module for tests: says each hook on standard error, and
 * answers as the query asks: "?uri_clean=finished". NAME, API, INIT and MUTE
 * are for the compiler: a second one, that only says, and some that are wrong.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plugin.h"

#ifndef NAME
#define NAME mod_trace
#endif
#ifndef API
#define API PLUGIN_API
#endif
#ifndef INIT
#define INIT 0
#endif
#ifndef MUTE
#define MUTE 0
#endif
#define TEXT(name) TEXT_(name)
#define TEXT_(name) #name
#define SYMBOL(name) SYMBOL_(name)
#define SYMBOL_(name) name##_plugin

struct trace_conf {
	const char *word;
};

/* So that all servers which have this module have a leak if it is not freed. */
struct trace {
	int waited;
};

static const struct conf_key trace_keys[] = {
	{ .name = TEXT(NAME) ".word", .type = CONF_STRING,
	  .scope = CONF_REQUEST, .at = offsetof(struct trace_conf, word),
	  .preset = "-" },
	{ .name = NULL }
};

static void
say(struct plugin_self *self, const char *hook, const char *more)
{
	fprintf(stderr, "%s %s%s\n", self->plugin->name, hook, more);
}

static enum verdict
answer(struct plugin_self *self, struct connection *con)
{
	const struct trace_conf *conf = plugin_conf(self, con->req);

	con->req->status = 200;
	con->req->framing = RESPONSE_STREAM;
	conn_field(con, "X-Trace", slice_of(conf->word));
	return VERDICT_FINISHED;
}

/* Is the query "HOOK=word"? */
static int
asks(struct connection *con, const char *hook, const char *word)
{
	char text[64];

	snprintf(text, sizeof(text), "%s=%s", hook, word);
	return !MUTE && slice_eq(con->req->head.query, slice_of(text));
}

static enum verdict
request_hook(struct plugin_self *self, struct connection *con,
    const char *hook)
{
	struct trace *trace = self->data;

	say(self, hook, "");
	if (asks(con, hook, "finished"))
		return answer(self, con);
	if (asks(con, hook, "error"))
		return VERDICT_ERROR;
	if (asks(con, hook, "comeback"))
		return conn_rewrite(con, slice_of("/b.txt")) == -1 ?
		    VERDICT_ERROR : VERDICT_COMEBACK;
	if (asks(con, hook, "loop"))
		return VERDICT_COMEBACK;
	if (asks(con, hook, "fd") && (trace->waited = !trace->waited))
		return VERDICT_WAIT_FOR_FD;
	if (asks(con, hook, "event") && (trace->waited = !trace->waited)) {
		conn_wake(con);
		return VERDICT_WAIT_FOR_EVENT;
	}
	return VERDICT_GO_ON;
}

#define SERVER_HOOK(hook) \
static int \
trace_##hook(struct plugin_self *self, struct server *srv) \
{ \
	(void)srv; \
	say(self, #hook, ""); \
	return 0; \
}
#define REQUEST_HOOK(hook) \
static enum verdict \
trace_##hook(struct plugin_self *self, struct connection *con) \
{ \
	return request_hook(self, con, #hook); \
}
#define NOTE_HOOK(type, hook) \
static void \
trace_##hook(struct plugin_self *self, struct type *what) \
{ \
	(void)what; \
	say(self, #hook, ""); \
}

SERVER_HOOK(set_defaults)
SERVER_HOOK(worker_init)
REQUEST_HOOK(uri_raw)
REQUEST_HOOK(uri_clean)
REQUEST_HOOK(remote)
REQUEST_HOOK(docroot)
REQUEST_HOOK(physical)
REQUEST_HOOK(file)
REQUEST_HOOK(start)
NOTE_HOOK(connection, response_start)
NOTE_HOOK(connection, request_done)
NOTE_HOOK(connection, connection_close)
NOTE_HOOK(server, trigger)
NOTE_HOOK(server, sighup)

static void
trace_waitpid(struct plugin_self *self, struct server *srv, pid_t pid,
    int status)
{
	(void)srv;
	(void)pid;
	(void)status;
	say(self, "waitpid", "");
}

static int
trace_init(struct plugin_self *self, struct server *srv)
{
	(void)srv;
	say(self, "init", "");
	self->data = calloc(1, sizeof(struct trace));
	return self->data == NULL ? -1 : INIT;
}

static void
trace_free(struct plugin_self *self, struct server *srv)
{
	(void)srv;
	say(self, "free", self->data == NULL ? " of nothing" : "");
	free(self->data);
}

static enum verdict
trace_body(struct plugin_self *self, struct connection *con)
{
	say(self, "body", "");
	conn_body(con, "traced\n", 7);
	return VERDICT_FINISHED;
}

const struct plugin SYMBOL(NAME) = {
	.api = API,
	.name = TEXT(NAME),
	.version = "1",
	.keys = trace_keys,
	.conf_size = sizeof(struct trace_conf),
	.init = trace_init,
	.set_defaults = trace_set_defaults,
	.worker_init = trace_worker_init,
	.free = trace_free,
	.handle_uri_raw = trace_uri_raw,
	.handle_uri_clean = trace_uri_clean,
	.handle_remote = trace_remote,
	.handle_docroot = trace_docroot,
	.handle_physical = trace_physical,
	.handle_file = trace_file,
	.handle_start = trace_start,
	.handle_body = trace_body,
	.handle_response_start = trace_response_start,
	.handle_request_done = trace_request_done,
	.handle_connection_close = trace_connection_close,
	.handle_trigger = trace_trigger,
	.handle_sighup = trace_sighup,
	.handle_waitpid = trace_waitpid
};
