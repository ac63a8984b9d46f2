/*
 * mod_redirect.c - sends clients to another URL, by pattern.
 *
 * url.redirect is asked when the URL is decoded and rewritten, in the form
 * that conn_rule.c gives it; the first rule that matches answers. Where to, the
 * configuration says: no path that a client made up becomes the name of a
 * host, and nothing it sent ends the line.
 */
#include "plugin.h"

struct redirect_conf {
	const struct rules *rules;
	int code;			/* 0: 301 or 308 */
};

static const struct conf_key redirect_keys[] = {
	{ "url.redirect", CONF_MAP, CONF_REQUEST,
	    offsetof(struct redirect_conf, rules), NULL, 0, 0 },
	{ "url.redirect-code", CONF_SHORT, CONF_REQUEST,
	    offsetof(struct redirect_conf, code), "0", 0, 399 },
	{ .name = NULL }
};

static enum verdict
redirect_uri_clean(struct plugin_self *self, struct connection *con)
{
	const struct redirect_conf *conf = plugin_conf(self, con->req);
	struct slice url;

	if (conf->rules == NULL || rules_begin(self, con) == -1)
		return VERDICT_GO_ON;
	switch (rules_apply(self, con, conf->rules, &url)) {
	case RULES_MADE:
		break;
	case RULES_FAILED:
		return VERDICT_ERROR;
	default:
		return VERDICT_GO_ON;
	}
	conn_redirect(con, conf->code, url);
	return VERDICT_FINISHED;
}

/* A status that is none would be no answer at all (conf_each_fn). */
static int
check_code(void *context, void *slot, const struct conf_block *block,
    struct conf_place place)
{
	struct plugin_self *self = context;
	const int *code = slot;

	(void)block;
	if (*code != 0 && *code < 300)
		(void)conf_fault(&self->config->report, place,
		    "url.redirect-code: %d is neither 0 nor a status from 300"
		    " to 399", *code);
	return 0;
}

static int
redirect_set_defaults(struct plugin_self *self, struct server *srv)
{
	unsigned faults = self->config->report.faults;

	(void)conf_each(self->config->conf, "url.redirect-code", check_code,
	    self);
	if (rules_set_defaults(self, srv) == -1)
		return -1;
	return self->config->report.faults == faults ? 0 : -1;
}

const struct plugin mod_redirect = {
	.api = PLUGIN_API,
	.name = "mod_redirect",
	.version = SERVER_VERSION,
	.keys = redirect_keys,
	.conf_size = sizeof(struct redirect_conf),
	.set_defaults = redirect_set_defaults,
	.free = rules_free,
	.handle_uri_clean = redirect_uri_clean,
};
