/*
 * conn_cond.c - which settings hold for a connection and for a request.
 *
 * conn_route.c asks once the URL is clean, and again when a module changed it.
 * What conditions look at is told to conf_cond.c, which knows what has changed
 * since it was asked last: that stays with struct request, so that a client
 * who asks again, or another one who asks for the same, costs comparisons of
 * a few texts. Without conditions nothing of this runs.
 */
#include <stdio.h>
#include <string.h>

#include "conn.h"

enum { HOST_ROOM = 300 };	/* bytes of a host with a port put behind it */

/* What of a host is its name: neither a port, perhaps an empty one, nor a dot
 * at the end, which would be another spelling. */
static size_t
name_length(struct slice host)
{
	size_t n = host.n;

	while (n > 0 && host.p[n - 1] >= '0' && host.p[n - 1] <= '9')
		n--;
	n = n > 0 && host.p[n - 1] == ':' ? n - 1 : host.n;
	return n > 1 && host.p[n - 1] == '.' ? n - 1 : n;
}

/* The host with its port, which is the listener's if the client left it out. */
static struct slice
host_with_port(const struct connection *con, char room[HOST_ROOM])
{
	const struct slice host = con->req->head.host;
	size_t name = name_length(host), port = name;
	int n;

	port += port < host.n && host.p[port] == '.';
	port += port < host.n && host.p[port] == ':';
	if (port < host.n)
		n = snprintf(room, HOST_ROOM, "%.*s:%.*s", (int)name, host.p,
		    (int)(host.n - port), host.p + port);
	else if (con->listener == NULL || con->listener->port == 0 || name == 0)
		return (struct slice){ host.p, name };
	else
		n = snprintf(room, HOST_ROOM, "%.*s:%d", (int)name, host.p,
		    con->listener->port);
	return n < HOST_ROOM ? (struct slice){ room, (size_t)n } : host;
}

/* A field of the request, "" if it is not there; what several lines say is
 * put together in room (RFC 9110 5.3). */
static struct slice
field_text(const struct http_head *head, enum http_name id, const char *name,
    struct buf *room)
{
	const struct http_field *f = head->field;
	struct slice text = { "", 0 };
	unsigned n = 0;

	for (; f < head->field + head->nfields; f++) {
		if (id != HTTP_FIELD_OTHER ? f->id != id : !slice_case_eq(
		    (struct slice){ f->name, f->name_n }, name))
			continue;
		if (n++ == 0) {
			text = (struct slice){ f->value, f->value_n };
			continue;
		}
		if (n == 2)
			buf_add(room, text.p, text.n);
		buf_adds(room, id == HTTP_COOKIE ? "; " : ", ");
		buf_add(room, f->value, f->value_n);
	}
	return n < 2 ? text : (struct slice){ buf_text(room), room->n };
}

/* All fields as they were sent, whatever modules made of them. */
static struct slice
all_fields(const struct request *req)
{
	const char *end = req->in.p + req->head_end;
	const char *line = req->head.line.p;
	const char *from = memchr(line, '\n', (size_t)(end - line));

	return (struct slice){ from + 1, (size_t)(end - from) - 1 };
}

/* What a subject is for this request; room and name are there for it. */
static struct slice
subject_of(const struct connection *con, const struct conf_subject *s,
    struct buf *room, char name[HOST_ROOM])
{
	const struct request *req = con->req;
	const struct http_head *head = &req->head;
	struct slice text;

	switch (s->field) {
	case CONF_HOST:
		text = (struct slice){ head->host.p, name_length(head->host) };
		break;
	case CONF_HOST_PORT: text = host_with_port(con, name); break;
	case CONF_URL: text = (struct slice){ req->path.p, req->path.n };
		break;
	case CONF_QUERY:
		rules_query(room, head->query);
		return (struct slice){ buf_text(room), room->n };
	case CONF_METHOD: text = head->method_text; break;
	case CONF_SCHEME:
		text = request_env(req, "REQUEST_SCHEME");
		if (text.p == NULL)
			text = slice_of("http");
		break;
	case CONF_USER_AGENT:
		return field_text(head, HTTP_USER_AGENT, NULL, room);
	case CONF_REFERER: return field_text(head, HTTP_REFERER, NULL, room);
	case CONF_COOKIE: return field_text(head, HTTP_COOKIE, NULL, room);
	case CONF_LANGUAGE:
		return field_text(head, HTTP_FIELD_OTHER, "accept-language",
		    room);
	case CONF_REMOTE_IP:
		text = (struct slice){ name, net_peer_name(con, name) };
		break;
	case CONF_SOCKET:
		text = slice_of(con->listener != NULL ? con->listener->name
		    : "");
		break;
	case CONF_FIELDS: text = all_fields(req); break;
	default: return field_text(head, HTTP_FIELD_OTHER, s->name, room);
	}
	/* it is known that it is empty */
	return text.p != NULL ? text : slice_of("");
}

/* debug.log-condition-handling: all of them, and how they stand. What they
 * compare with may be a secret. */
static void
log_conditions(const struct connection *con)
{
	static const char words[][10] = { "not asked", "no", "yes" };
	const struct conf_block *b = con->config->conf->global.next;

	for (; b != NULL; b = b->next)
		LOG(con->srv, "connection %d: condition of %s:%d, %s%s: %s",
		    con->fd, b->place.file, b->place.line,
		    b->before != NULL ? "else " : "",
		    b->cond != NULL ? b->cond->field : "",
		    words[conf_merge_holds(con->req->merge, b) + 1]);
}

int
conn_ask_conditions(struct connection *con)
{
	struct config *config = con->config;
	const struct conf_subject *s = config->conf->subjects;
	struct request *req = con->req;
	char name[HOST_ROOM];
	unsigned i = 0;

	if (req->merge == NULL || req->merged_for != config->serial) {
		req->settings = con->settings;
		conf_merge_free(req->merge);
		req->merge = conf_merge_new(config->conf);
		req->merged_for = config->serial;
	}
	if (req->merge == NULL)
		return -1;
	for (; s != NULL; s = s->next, i++) {
		struct buf room = { NULL, 0, 0, 0 };
		struct slice text = subject_of(con, s, &room, name);
		int lost = room.failed;

		if (!lost)
			lost = conf_merge_subject(req->merge, i, text) == -1;
		buf_free(&room);
		if (lost) {
			/* what it knows is not to be trusted */
			req->settings = con->settings;
			conf_merge_free(req->merge);
			req->merge = NULL;
			return -1;
		}
	}
	req->settings = conf_merge(req->merge, &con->peer.sa);
	if (con->srv->core->log_condition_handling)
		log_conditions(con);
	return 0;
}

unsigned
conn_captures(struct connection *con, const struct conf_block *block,
    struct slice group[PAT_GROUPS])
{
	if (block == NULL || con->req->merge == NULL)
		return 0;
	return conf_merge_groups(con->req->merge, block, group);
}

void
conn_configure(struct connection *con)
{
	struct config *config = con->srv->config;

	config_drop(con->config);
	con->config = config_hold(config);
	con->settings = config_for(config, con->listener);
	if (con->req != NULL)		/* earlier answers may wait in it */
		con->req->settings = con->settings;
}
