/*
 * config.c - configurations in force: who holds them, and their log files.
 *
 * During a reload the old one and the new one are both alive: new connections
 * get srv->config, those that began under another keep it until they end. A
 * log belongs to the configuration that names it, so that all which hold one
 * can be opened again, and none is lost when its names change.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "plugin.h"

struct config *
config_hold(struct config *config)
{
	config->refs++;
	return config;
}

void
config_drop(struct config *config)
{
	struct config **at;
	struct config_socket *socket;

	if (config == NULL || --config->refs > 0)
		return;
	for (at = &config->srv->configs; *at != config; at = &(*at)->next)
		continue;
	*at = config->next;
	plugins_free(config->plugins, config->srv);
	log_close(&config->errorlog);
	while (config->sockets != NULL) {
		socket = config->sockets;
		config->sockets = socket->next;
		conf_merge_free(socket->merge);
		free(socket);
	}
	if (config->conf != NULL)
		conf_free(config->conf);
	free(config);
}

void
config_use(struct server *srv, struct config *config)
{
	struct config *old = srv->config;

	srv->config = config;
	srv->core = config->core;
	srv->log = &config->errorlog;
	config_drop(old);
}

/* Nobody knows more before the first request. */
static const void *
merge_for(struct conf_merge *merge, unsigned subject, const struct listener *l)
{
	if (merge == NULL || conf_merge_subject(merge, subject,
	    slice_of(l->name)) == -1)
		return NULL;
	return conf_merge(merge, NULL);
}

const void *
config_for(struct config *config, const struct listener *l)
{
	const struct conf_subject *s = config->conf->subjects;
	struct config_socket *socket;
	unsigned subject = 0;

	for (; s != NULL && s->field != CONF_SOCKET; s = s->next)
		subject++;
	if (s == NULL || l == NULL)
		return config->conf->settings;
	for (socket = config->sockets; socket != NULL; socket = socket->next)
		if (strcmp(socket->name, l->name) == 0)
			return socket->settings;
	socket = calloc(1, sizeof(*socket) + strlen(l->name) + 1);
	if (socket == NULL)
		return config->conf->settings;	/* until the head is read */
	memcpy(socket->name, l->name, strlen(l->name));
	socket->merge = conf_merge_new(config->conf);
	socket->settings = merge_for(socket->merge, subject, l);
	if (socket->settings == NULL) {
		conf_merge_free(socket->merge);
		free(socket);
		return config->conf->settings;
	}
	socket->next = config->sockets;
	config->sockets = socket;
	return socket->settings;
}

void
config_add_log(struct config *config, struct log *log, const char *key)
{
	struct log **last = &config->logs;

	while (*last != NULL)
		last = &(*last)->next;
	*last = log;
	log->next = NULL;
	log->key = key;
	log->fd = 2;
}

int
config_open_logs(struct config *config)
{
	struct log *log;
	int result = 0;

	config->report.faults = 0;	/* or it is silent some day */
	for (log = config->logs; log != NULL; log = log->next)
		if (log_open(log) == -1)
			result = config_fault(config, log->key,
			    "cannot open %s: %s", log->name, strerror(errno));
	return result;
}
