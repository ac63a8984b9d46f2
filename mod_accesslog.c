/*
 * mod_accesslog.c - one line for each request, in Apache's format letters.
 *
 * accesslog.format is compiled once into a list of letters, each with the text
 * in front of it. Lines gather in a buffer for each file and leave it when
 * 8 KB are full, each second, before the file is opened again, and at the end.
 * A log that cannot be written loses lines, whole ones, and never a request.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <syslog.h>
#include <unistd.h>

#include "plugin.h"

enum {
	LINES_FULL = 8192,		/* bytes, then they are written */
	LINES_KEPT = 256 * 1024,	/* most that waits for disk or reader */
	COMPLAIN_EVERY = 60,		/* seconds */
	WORD = 8,			/* bytes copied at once */
	ROOM = 64,			/* for all but client and format text */
	SECOND = 1000000		/* in microseconds */
};

/* What accesslog.filename is made into, once for each name. */
struct target {
	struct target *next;
	struct log log;
	const char *name;	/* absolute, or "-"; "": no file */
	struct buf lines;	/* not yet written */
	int why;		/* errno of the last loss */
	unsigned long lost;	/* lines, since the last complaint */
	time_t complained;
};

/* What accesslog.format is made into. */
struct format {
	size_t room;		/* a line takes, without client text */
	int fine;		/* it tells parts of seconds, or durations */
	struct op {
		struct slice before;	/* text in front of it */
		char letter;		/* 0: here the line ends; 'c': a time
					 * in numbers */
		uint8_t id;		/* of the request field named */
		uint8_t digits;		/* behind the second: 0, 3, 6, 9 */
		uint8_t frac;		/* only those */
		uint8_t begin;		/* of the request, not its end */
		const char *name;	/* what stood in { }, or NULL */
		time_t when;		/* of stamp */
		size_t stamp_n;
		char stamp[ROOM];	/* for 't' */
	} ops[];
};

struct accesslog_conf {
	struct target *target;
	struct format *format;
	int use_syslog, syslog_level;
};

#define KEY(name, type, member, preset, most) { name, type, CONF_REQUEST, \
	offsetof(struct accesslog_conf, member), preset, 0, most }

static const struct conf_key accesslog_keys[] = {
	KEY("accesslog.filename", CONF_STRING, target, "", 0),
	KEY("accesslog.format", CONF_STRING, format, "%h %V %u %t \"%r\" %>s "
	    "%b \"%{Referer}i\" \"%{User-Agent}i\"", 0),
	KEY("accesslog.use-syslog", CONF_BOOL, use_syslog, NULL, 0),
	KEY("accesslog.syslog-level", CONF_SHORT, syslog_level, "6", 7),
	{ .name = NULL }
};

struct accesslog {
	struct target *targets;
	size_t room;
	int64_t end;			/* its time, if the format is fine */
	char peer[NET_NAME_SIZE];	/* name of the last IPv4 client */
	size_t peer_n;			/* its length; 0: none */
	in_addr_t peer_address;
};

/* Room was made for the whole line. */
static void
add_number(struct buf *b, uintmax_t n)
{
	b->n = (size_t)(put_number(b->p + b->n, n) - b->p);
}

/* A time or duration, in microseconds, with as many digits as op says. */
static void
add_time(struct buf *b, const struct op *op, int64_t us)
{
	size_t start = b->n;

	if (us < 0)			/* somebody set the clock */
		us = 0;
	if (op->frac)			/* a 1 keeps the zeros */
		us = us % SECOND + SECOND;
	add_number(b, (uintmax_t)(op->digits == 0 ? us / SECOND
	    : op->digits == 3 ? us / 1000 : op->digits == 6 ? us : us * 1000));
	if (op->frac)
		buf_cut(b, start, start + 1);
}

static void
add_peer(struct accesslog *al, struct buf *b, const struct connection *con)
{
	/* often that of the line before */
	if (con->peer.sa.sa_family != AF_INET || al->peer_n == 0
	    || al->peer_address != con->peer.in.sin_addr.s_addr)
		al->peer_n = net_peer_name(con, al->peer);
	memcpy(b->p + b->n, al->peer, sizeof(al->peer));
	b->n += al->peer_n;
	al->peer_address = con->peer.in.sin_addr.s_addr;
	if (con->peer.sa.sa_family != AF_INET)
		al->peer_n = 0;
}

static void
stamp(struct op *op, time_t when)
{
	char date[DATE_LOG_SIZE];
	struct tm tm;

	op->when = when;
	op->stamp_n = 0;
	date_log(date, when);
	if (op->name == NULL)
		op->stamp_n = (size_t)snprintf(op->stamp, sizeof(op->stamp),
		    "[%s]", date);
	else if (localtime_r(&when, &tm) != NULL)
		op->stamp_n = strftime(op->stamp, sizeof(op->stamp), op->name,
		    &tm);
}

static void
add_stamp(struct buf *b, struct op *op, time_t when)
{
	if (op->when != when)
		stamp(op, when);
	memcpy(b->p + b->n, op->stamp, sizeof(op->stamp));
	b->n += op->stamp_n;
}

/* Appends what op's letter stands for. */
static void
add_value(struct accesslog *al, struct buf *b, struct op *op,
    const struct connection *con)
{
	const struct request *req = con->req;
	const struct http_head *head = &req->head;
	const struct listener *l = con->listener;
	struct slice s = { NULL, 0 };

	switch (op->letter) {
	case 'a': case 'h': add_peer(al, b, con); return;
	case 't': add_stamp(b, op, op->begin && req->began > 0
		    ? (time_t)(req->began / SECOND) : con->srv->now); return;
	case 'c': add_time(b, op, op->begin && req->began > 0
		    ? req->began : al->end); return;
	case 'D': add_time(b, op, req->began > 0 ? al->end - req->began : 0);
		return;
	case 'b':
		if (req->bytes_body == 0)
			break;		/* "-" */
		/* fall through */
	case 'B': add_number(b, req->bytes_body); return;
	case 'I': add_number(b, head->size + (uintmax_t)head->body_length);
		return;
	case 'k': add_number(b, con->requests - (con->requests > 0)); return;
	case 'O': add_number(b, req->bytes_out); return;
	case 'p': add_number(b, op->name != NULL && op->name[0] == 'r'
		    ? net_peer_port(con) : l == NULL ? 0 : (uintmax_t)l->port);
		return;
	case 's': add_number(b, (uintmax_t)req->status); return;
	case 'A':
		s = slice_of(l == NULL ? ":" : l->name);
		s.n = (size_t)(strrchr(s.p, ':') - s.p);
		break;
	case 'C': s = http_cookie(head, op->name); break;
	case 'e': s = request_env(req, op->name); break;
	case 'f': s = (struct slice){ req->file.p, req->file.n }; break;
	case 'H': s = slice_of(head->minor > 0 ? "HTTP/1.1" : "HTTP/1.0");
		break;
	case 'i': s = op->id != HTTP_FIELD_OTHER
		    ? http_field(head, (enum http_name)op->id)
		    : http_field_named(head, op->name); break;
	case 'm': s = head->method_text; break;
	case 'o': s = conn_field_find(&req->fields, op->name); break;
	case 'q': s = head->query; break;
	case 'r': s = head->line; break;
	case 'u':
		if (req->env.n > 0)	/* mostly there is none */
			s = request_env(req, "REMOTE_USER");
		break;
	case 'U': s = head->path; break;
	case 'v': case 'V': s = head->host; break;
	default: s = slice_of(con->state == CONN_ERROR ? "X"	/* %X */
		    : con->keep_alive ? "+" : "-");
	}
	if (s.n == 0) {
		b->p[b->n++] = '-';
		return;
	}
	str_escape_log(b, s);
	if (b->cap - b->n < al->room)
		(void)buf_reserve(b, al->room);
}

/* Writes what is there. What does not go out stays, for a reader that is slow
 * or a disk that is full for a while. */
static void
flush(struct target *t, struct server *srv)
{
	struct buf *b = &t->lines;
	ssize_t n = 1;

	while (b->n > 0 && n > 0) {
		n = write(t->log.fd, b->p, b->n);
		if (n > 0)
			buf_cut(b, 0, (size_t)n);
		else
			t->why = errno;
	}
	if (b->n == 0 && b->cap > 2 * LINES_FULL)
		buf_free(b);
	if ((b->n > 0 || t->lost > 0)
	    && srv->now - t->complained >= COMPLAIN_EVERY) {
		LOG(srv, "[warn] access log %s: %s: lines wait, %lu lost",
		    t->name, strerror(t->why), t->lost);
		t->lost = 0;
		t->complained = srv->now;
	}
}

static void
accesslog_flush(struct plugin_self *self, struct server *srv)
{
	struct accesslog *al = self->data;
	struct target *t;

	for (t = al->targets; t != NULL; t = t->next)
		flush(t, srv);
}

static void
accesslog_request_done(struct plugin_self *self, struct connection *con)
{
	const struct accesslog_conf *conf = plugin_conf(self, con->req);
	struct accesslog *al = self->data;
	struct target *t = conf->target;
	struct buf *b = &t->lines;
	size_t start = b->n;
	struct op *op;

	if (t->name[0] == '\0' && !conf->use_syslog)
		return;
	al->room = conf->format->room;
	if (conf->format->fine)
		al->end = clock_us();
	if (b->cap - b->n < al->room)
		(void)buf_reserve(b, al->room);
	for (op = conf->format->ops; !b->failed; op++) {
		/* mostly short; the format's text has a word to spare */
		memcpy(b->p + b->n, op->before.p, WORD);
		if (op->before.n > WORD)
			memcpy(b->p + b->n, op->before.p, op->before.n);
		b->n += op->before.n;
		if (op->letter == '\0')
			break;
		add_value(al, b, op, con);
	}
	if (b->failed || b->n > LINES_KEPT) {
		t->why = b->failed ? ENOMEM : t->why;
		b->n = start;
		b->failed = 0;
		t->lost++;
	} else if (conf->use_syslog) {
		syslog(conf->syslog_level, "%.*s", (int)(b->n - start - 1),
		    b->p + start);
		b->n = start;
	} else if (start < LINES_FULL && b->n >= LINES_FULL) {
		flush(t, con->srv);
	}
}

/* ---- the start ---- */

/* "sec", "ms" and the like, "_frac" behind it: the part of a second. Returns 0,
 * or -1: it is no unit. */
static int
read_unit(struct op *op, const char *name)
{
	static const char units[] = "s\0ms\0us\0ns";
	size_t n = strcspn(name, "_");
	const char *unit = units;

	op->frac = strcmp(name + n, "_frac") == 0;
	if (name[n] != '\0' && !op->frac)
		return -1;
	if (n > 2 && name[n - 1] == 'c' && name[n - 2] == 'e')
		n -= 2;
	for (op->digits = 0; op->digits <= 9; op->digits += 3) {
		if (strlen(unit) == n && memcmp(unit, name, n) == 0)
			return op->frac && op->digits == 0 ? -1 : 0;
		unit += strlen(unit) + 1;
	}
	return -1;
}

/* What stood in { } in front of a "t" or "T". Returns 0, or -1. */
static int
read_time(struct op *op)
{
	const char *name = op->name;

	if (op->letter == 'T') {
		op->letter = 'D';
		return name == NULL ? 0 : read_unit(op, name) == -1
		    || op->frac ? -1 : 0;
	}
	if (name == NULL)
		return 0;
	op->begin = strncmp(name, "begin:", 6) == 0;
	op->name = name += op->begin ? 6 : strncmp(name, "end:", 4) == 0 ? 4
	    : 0;
	if (read_unit(op, name) == 0)
		op->letter = 'c';
	else if (strchr(name, '%') == NULL)	/* a unit, misspelt */
		return -1;
	return 0;
}

/* Reads what stands behind a "%" at p into op. Returns what follows, or NULL:
 * unknown letter, or a name that is missing or has no end. The < and > of
 * Apache (which of several internal statuses) mean nothing here. */
static char *
read_letter(struct op *op, char *p)
{
	char *name = NULL;

	p += strspn(p, "<>");
	if (*p == '{') {
		name = p + 1;
		p += strcspn(p, "}");
		if (*p == '\0' || p == name)
			return NULL;
		*p++ = '\0';
	}
	op->letter = *p;
	op->name = name;
	op->digits = op->letter == 'D' ? 6 : 0;
	if (*p == '\0' || strchr("%aAbBCDefhHiIklmnoOpqrstTuUvVX", *p) == NULL
	    || (name == NULL && strchr("Ceio", *p) != NULL)
	    || ((*p == 't' || *p == 'T') && read_time(op) == -1))
		return NULL;
	if (*p == 'i')
		op->id = strcasecmp(name, "referer") == 0 ? HTTP_REFERER
		    : strcasecmp(name, "user-agent") == 0 ? HTTP_USER_AGENT
		    : HTTP_FIELD_OTHER;
	if (*p == 'i' && http_has_suffix(slice_of(name),
	    slice_of("authorization")))	/* a log is no place for passwords */
		op->letter = 'l';
	return p + 1;
}

/* In place: text only gets shorter. Returns NULL, or what is wrong in it. */
static const char *
compile(struct format *format, char *p)
{
	struct op *op = format->ops;
	char *to = p, *at;

	op->before.p = to;
	for (at = p; *p != '\0'; at = p) {
		p = *at == '%' ? read_letter(op, at + 1) : at + 1;
		if (p == NULL)
			return at;
		if (*at != '%' || strchr("%ln", op->letter) != NULL) {
			*to++ = *at != '%' || op->letter == '%' ? *at : '-';
			continue;
		}
		op->before.n = (size_t)(to - op->before.p);
		format->fine |= op->begin || strchr("cD", op->letter) != NULL;
		op++;
		op->before.p = to = p;
	}
	op->before.n = (size_t)(to - op->before.p);
	op->letter = '\0';
	return NULL;
}

/* An op for each two bytes of the format, and the last. */
static int
make_format(void *context, void *slot, const struct conf_block *block,
    struct conf_place place)
{
	struct config *config = context;
	const char *text = *(const char **)slot, *wrong;
	size_t n = strlen(text), ops = n / 2 + 1;
	struct format *format = conf_alloc(config->conf, sizeof(*format)
	    + ops * sizeof(*format->ops));
	char *copy = conf_alloc(config->conf, n + 2 + WORD);

	(void)block;
	if (format == NULL || copy == NULL)
		return conf_fault(&config->report, place, "out of memory");
	memcpy(copy, text, n);
	copy[n] = '\n';
	format->room = 2 * WORD + ops * (ROOM + 2);
	wrong = compile(format, copy);
	if (wrong != NULL)
		conf_fault(&config->report, place, "accesslog.format: not"
		    " understood: %s", text + (wrong - copy));
	config->timed |= format->fine;
	*(struct format **)slot = format;
	return 0;
}

static int
make_target(void *context, void *slot, const struct conf_block *block,
    struct conf_place place)
{
	static const char key[] = "accesslog.filename";
	struct plugin_self *self = context;
	struct config *config = self->config;
	struct accesslog *al = self->data;
	const char *name = *(const char **)slot;
	struct target *t;

	(void)block;
	/* opened when a daemon has long left where it was started */
	if (strcmp(name, "-") != 0)
		name = config_absolute(config, config->srv->folder, name);
	if (name == NULL)
		return -1;
	t = al->targets;
	while (t != NULL && strcmp(t->name, name) != 0)
		t = t->next;
	if (t == NULL) {
		t = conf_alloc(config->conf, sizeof(*t));
		if (t == NULL)
			return conf_fault(&config->report, place,
			    "out of memory");
		t->name = name;
		t->log.name = strcmp(name, "-") == 0 ? "" : name;
		config_check_log(config, key, name);
		config_add_log(config, &t->log, key);
		if (strcmp(name, "-") == 0)
			t->log.fd = 1;	/* log_close leaves that open */
		t->next = al->targets;
		al->targets = t;
	}
	*(struct target **)slot = t;
	return 0;
}

static int
accesslog_set_defaults(struct plugin_self *self, struct server *srv)
{
	struct config *config = self->config;
	unsigned faults = config->report.faults;

	(void)srv;
	self->data = conf_alloc(config->conf, sizeof(struct accesslog));
	if (self->data == NULL)
		return conf_fault(&config->report, conf_nowhere,
		    "out of memory");
	conf_each(config->conf, "accesslog.filename", make_target, self);
	conf_each(config->conf, "accesslog.format", make_format, config);
	return config->report.faults == faults ? 0 : -1;
}

static void
accesslog_free(struct plugin_self *self, struct server *srv)
{
	struct accesslog *al = self->data;
	struct target *t = al == NULL ? NULL : al->targets;

	for (; t != NULL; t = t->next) {
		flush(t, srv);
		log_close(&t->log);
		buf_free(&t->lines);
	}
}

const struct plugin mod_accesslog = {
	.api = PLUGIN_API,
	.name = "mod_accesslog",
	.version = SERVER_VERSION,
	.keys = accesslog_keys,
	.conf_size = sizeof(struct accesslog_conf),
	.set_defaults = accesslog_set_defaults,
	.free = accesslog_free,
	.handle_request_done = accesslog_request_done,
	.handle_trigger = accesslog_flush,
	.handle_sighup = accesslog_flush,
};
