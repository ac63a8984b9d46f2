/*
 * mod_setenv.c - sets fields of requests and responses, and variables for
 * scripts.
 *
 * What is to be added comes first, what is to be set takes the place of all
 * that has the name; as "" it is gone. The request changes when its path is
 * clean, the response, whatever its status, before it is sent. Fields that say
 * how long a message is belong to the server: they are refused at the start.
 */
#include <string.h>

#include "plugin.h"

enum {
	ADD_REQUEST, SET_REQUEST, ADD_ENV, SET_ENV, ADD_RESPONSE, SET_RESPONSE,
	LISTS
};

struct setenv_conf {
	const struct conf_list *list[LISTS];
};

#define KEY(name, number) { "setenv." name, CONF_MAP, CONF_REQUEST, \
	offsetof(struct setenv_conf, list[number]), NULL, 0, 0 }

/* In the order of the enum. */
static const struct conf_key setenv_keys[] = {
	KEY("add-request-header", ADD_REQUEST),
	KEY("set-request-header", SET_REQUEST),
	KEY("add-environment", ADD_ENV),
	KEY("set-environment", SET_ENV),
	KEY("add-response-header", ADD_RESPONSE),
	KEY("set-response-header", SET_RESPONSE),
	{ .name = NULL }
};

/* A URL that was rewritten comes here again. */
static int
was_added(const struct http_head *head, const char *name)
{
	unsigned i;

	for (i = 0; i < head->nfields; i++)
		if (head->field[i].name == name)
			return 1;
	return 0;
}

/* Does what list says. Returns 0, or -1: too many fields. */
static int
apply(struct connection *con, const struct conf_list *list, int which)
{
	struct request *req = con->req;
	const char *name, *value;
	size_t i;

	for (i = 0; i < list->n; i++) {
		name = list->items[i].key;
		value = list->items[i].value.text;
		if (which == SET_REQUEST)
			http_field_drop(&req->head, name);
		else if (which == SET_RESPONSE)
			conn_field_drop(&req->fields, name);
		if (which == ADD_ENV || which == SET_ENV)
			request_set_env(req, name, slice_of(value));
		else if (value[0] == '\0')
			continue;
		else if (which >= ADD_RESPONSE)
			conn_field(con, name, slice_of(value));
		else if (!was_added(&req->head, name)
		    && http_field_add(&req->head, name, value) == -1)
			return -1;
	}
	return 0;
}

static enum verdict
setenv_uri_clean(struct plugin_self *self, struct connection *con)
{
	const struct setenv_conf *conf = plugin_conf(self, con->req);
	int i;

	for (i = ADD_REQUEST; i < ADD_RESPONSE; i++)
		if (conf->list[i] != NULL
		    && apply(con, conf->list[i], i) == -1) {
			conn_error(con, 431);
			return VERDICT_FINISHED;
		}
	return VERDICT_GO_ON;
}

static void
setenv_response_start(struct plugin_self *self, struct connection *con)
{
	const struct setenv_conf *conf = plugin_conf(self, con->req);
	int i;

	for (i = ADD_RESPONSE; i < LISTS; i++)
		if (conf->list[i] != NULL)
			(void)apply(con, conf->list[i], i);
}

/* ---- the start ---- */

struct each {
	struct config *config;
	int which;
};

/* The last two are of responses, and have a key of their own. */
static int
is_ours(const char *name, int which)
{
	static const char words[] = "connection\0content-length\0"
	    "transfer-encoding\0date\0server\0";
	const char *word = words;
	int i, n = which <= SET_REQUEST ? 3 : which <= SET_ENV ? 0 : 5;

	for (i = 0; i < n; i++, word += strlen(word) + 1)
		if (slice_case_eq(slice_of(name), word))
			return 1;
	return 0;
}

static int
check(void *context, void *slot, const struct conf_block *block,
    struct conf_place place)
{
	const struct each *each = context;
	const struct conf_list *list = *(const struct conf_list **)slot;
	const struct conf_item *item;
	size_t i;

	(void)block;
	for (i = 0; list != NULL && i < list->n; i++) {
		item = &list->items[i];
		if (item->value.kind != CONF_VALUE_TEXT
		    || !http_field_is_valid(item->key, item->value.text))
			conf_fault(&each->config->report, place, "%s: \"%s\""
			    " needs a text without line ends, and to be a"
			    " name", setenv_keys[each->which].name, item->key);
		else if (is_ours(item->key, each->which))
			conf_fault(&each->config->report, place, "%s: %s is"
			    " for the server to say (server.tag is the name)",
			    setenv_keys[each->which].name, item->key);
	}
	return 0;
}

static int
setenv_set_defaults(struct plugin_self *self, struct server *srv)
{
	unsigned faults = self->config->report.faults;
	struct each each = { self->config, 0 };

	(void)srv;
	for (; each.which < LISTS; each.which++)
		(void)conf_each(self->config->conf,
		    setenv_keys[each.which].name, check, &each);
	return self->config->report.faults == faults ? 0 : -1;
}

const struct plugin mod_setenv = {
	.api = PLUGIN_API,
	.name = "mod_setenv",
	.version = SERVER_VERSION,
	.keys = setenv_keys,
	.conf_size = sizeof(struct setenv_conf),
	.set_defaults = setenv_set_defaults,
	.handle_uri_clean = setenv_uri_clean,
	.handle_response_start = setenv_response_start,
};
