/*
 * mod_accesslog.c - one line for each request, in Apache's format letters.
 *
 * accesslog.format is compiled once into a list of letters, each with the text
 * in front of it. Lines gather in a buffer and leave it when 8 KB are full,
 * each second, before the file is opened again, and at the end. A log that
 * cannot be written loses lines, whole ones, and never a request.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include "plugin.h"

enum {
	LINES_FULL = 8192,		/* bytes, then they are written */
	LINES_KEPT = 256 * 1024,	/* most that waits for disk or reader */
	COMPLAIN_EVERY = 60,		/* seconds */
	WORD = 8,			/* bytes looked at and copied at once */
	ROOM = 64			/* for all but client and format text */
};

struct accesslog_conf {
	const char *filename, *format;
	int use_syslog;
};

#define KEY(name, type, member, preset) { name, type, CONF_SERVER, \
	offsetof(struct accesslog_conf, member), preset, 0, 0 }

static const struct conf_key accesslog_keys[] = {
	KEY("accesslog.filename", CONF_STRING, filename, ""),
	KEY("accesslog.format", CONF_STRING, format, "%h %V %u %t \"%r\" %>s "
	    "%b \"%{Referer}i\" \"%{User-Agent}i\""),
	KEY("accesslog.use-syslog", CONF_BOOL, use_syslog, NULL),
	{ .name = NULL }
};

struct accesslog {
	struct log log;
	const char *name;	/* absolute, or "-"; "": no file */
	struct buf format;	/* the ops borrow from it */
	struct buf lines;	/* not yet written */
	size_t room;		/* a line takes, without client text */
	int why;		/* errno of the last loss */
	unsigned long lost;	/* lines, since the last complaint */
	time_t complained, stamped;
	char peer[NET_NAME_SIZE];	/* name of the last IPv4 client */
	size_t peer_n;		/* its length; 0: none */
	in_addr_t peer_address;
	struct op {
		struct slice before;	/* text in front of it */
		char letter;		/* 0: here the line ends */
		enum http_name id;	/* of the request field named */
		const char *name;	/* what stood in { }, or NULL */
		size_t stamp_n;
		char stamp[ROOM];	/* for 't': the time, as of stamped */
	} ops[];
};

/* Appends text escaped, and sees that there are room bytes behind it. Mostly
 * there is nothing to escape: words are copied, from the end on, the last one
 * over the one before. In one of the four terms the first byte to be escaped
 * has its high bit set: DEL or not ASCII, control, quote, backslash. */
static void
add_text(struct buf *b, struct slice text, size_t room)
{
	const uint64_t ones = UINT64_MAX / 255;
	uint64_t w, special = 0;
	size_t i = text.n;
	char *to;

	if (i >= WORD && (i + room <= b->cap - b->n
	    || buf_reserve(b, i + room) == 0)) {
		to = b->p + b->n;
		do {
			i = i > WORD ? i - WORD : 0;
			memcpy(&w, text.p + i, WORD);
			memcpy(to + i, &w, WORD);
			special |= (w + ones) | (w - ones * ' ')
			    | ((w ^ ones * '"') - ones)
			    | ((w ^ ones * '\\') - ones);
		} while (i > 0);
		if ((special & ones * 0x80) == 0) {
			b->n += text.n;
			return;
		}
	}
	str_escape_log(b, text);
	(void)buf_reserve(b, room);
}

/* Room was made for the whole line. */
static void
add_number(struct buf *b, uintmax_t n)
{
	b->n = (size_t)(put_number(b->p + b->n, n) - b->p);
}

/* Appends what op's letter stands for. Durations are in whole ticks: nothing
 * here is worth asking the kernel for the time. */
static void
add_value(struct accesslog *al, const struct op *op,
    const struct connection *con)
{
	const struct request *req = con->req;
	const struct http_head *head = &req->head;
	const struct listener *l = con->listener;
	struct buf *b = &al->lines;
	struct slice s = { NULL, 0 };

	switch (op->letter) {
	case 'a': case 'h':	/* often that of the line before */
		if (con->peer.sa.sa_family != AF_INET || al->peer_n == 0
		    || al->peer_address != con->peer.in.sin_addr.s_addr)
			al->peer_n = net_peer_name(con, al->peer);
		memcpy(b->p + b->n, al->peer, sizeof(al->peer));
		b->n += al->peer_n;
		al->peer_address = con->peer.in.sin_addr.s_addr;
		if (con->peer.sa.sa_family != AF_INET)
			al->peer_n = 0;
		return;
	case 't':
		memcpy(b->p + b->n, op->stamp, sizeof(op->stamp));
		b->n += op->stamp_n;
		return;
	case 'b':
		if (req->bytes_body == 0)
			break;		/* "-" */
		/* fall through */
	case 'B': add_number(b, req->bytes_body); return;
	case 'D': case 'T':
		add_number(b, (uintmax_t)(con->srv->tick - req->started)
		    * (op->letter == 'D' ? 1000000 : 1));
		return;
	case 'I': add_number(b, head->size + (uintmax_t)head->body_length);
		return;
	case 'k': add_number(b, con->requests); return;
	case 'O': add_number(b, req->bytes_out); return;
	case 'p': add_number(b, l == NULL ? 0 : (uintmax_t)l->port); return;
	case 's': add_number(b, (uintmax_t)req->status); return;
	case 'A':
		s = slice_of(l == NULL ? ":" : l->name);
		s.n = (size_t)(strrchr(s.p, ':') - s.p);
		break;
	case 'f': s = (struct slice){ req->file.p, req->file.n }; break;
	case 'H': s = slice_of(head->minor > 0 ? "HTTP/1.1" : "HTTP/1.0");
		break;
	case 'i': s = op->id != HTTP_FIELD_OTHER ? http_field(head, op->id)
		    : http_field_named(head, op->name); break;
	case 'm': s = head->method_text; break;
	case 'q': s = head->query; break;
	case 'r': s = head->line; break;
	case 'U': s = head->path; break;
	case 'u': s = request_env(req, "REMOTE_USER"); break;
	case 'v': case 'V': s = head->host; break;
	default: s = slice_of(con->state == CONN_ERROR ? "X"	/* %X */
		    : con->keep_alive ? "+" : "-");
	}
	if (s.n > 0)
		add_text(b, s, al->room);
	else
		b->p[b->n++] = '-';
}

/* Prints the time for all ops that want it; once a second. */
static void
stamp(struct accesslog *al, time_t now)
{
	char date[DATE_LOG_SIZE];
	struct op *op;
	struct tm tm;

	al->stamped = now;
	date_log(date, now);
	if (localtime_r(&now, &tm) == NULL)
		return;
	for (op = al->ops; op->letter != '\0'; op++)
		if (op->letter == 't')
			op->stamp_n = op->name == NULL
			    ? (size_t)snprintf(op->stamp, sizeof(op->stamp),
			    "[%s]", date)
			    : strftime(op->stamp, sizeof(op->stamp), op->name,
			    &tm);
}

/* Writes what is there. What does not go out stays, for a reader that is slow
 * or a disk that is full for a while. */
static void
accesslog_flush(struct plugin_self *self, struct server *srv)
{
	struct accesslog *al = self->data;
	struct buf *b = &al->lines;
	ssize_t n = 1;

	while (b->n > 0 && n > 0) {
		n = write(al->log.fd, b->p, b->n);
		if (n > 0)
			buf_cut(b, 0, (size_t)n);
		else
			al->why = errno;
	}
	if (b->n == 0 && b->cap > 2 * LINES_FULL)
		buf_free(b);
	if ((b->n > 0 || al->lost > 0)
	    && srv->now - al->complained >= COMPLAIN_EVERY) {
		LOG(srv, "[warn] access log %s: %s: lines wait, %lu lost",
		    al->name, strerror(al->why), al->lost);
		al->lost = 0;
		al->complained = srv->now;
	}
}

static void
accesslog_request_done(struct plugin_self *self, struct connection *con)
{
	struct accesslog *al = self->data;
	struct buf *b = &al->lines;
	size_t start = b->n;
	const struct op *op;

	if (al->name[0] == '\0' && !al->log.use_syslog)
		return;
	if (al->stamped != con->srv->now)
		stamp(al, con->srv->now);
	if (b->cap - b->n < al->room)
		(void)buf_reserve(b, al->room);
	for (op = al->ops; !b->failed; op++) {
		/* mostly short; al->format has a word to spare */
		memcpy(b->p + b->n, op->before.p, WORD);
		if (op->before.n > WORD)
			memcpy(b->p + b->n, op->before.p, op->before.n);
		b->n += op->before.n;
		if (op->letter == '\0')
			break;
		add_value(al, op, con);
	}
	if (b->failed || b->n > LINES_KEPT) {
		al->why = b->failed ? ENOMEM : al->why;
		b->n = start;
		b->failed = 0;
		al->lost++;
	} else if (al->log.use_syslog) {
		syslog(LOG_INFO, "%.*s", (int)(b->n - 1), b->p);
		b->n = 0;
	} else if (start < LINES_FULL && b->n >= LINES_FULL) {
		accesslog_flush(self, con->srv);
	}
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
		if (*p == '\0')
			return NULL;
		*p++ = '\0';
	}
	op->letter = *p;
	op->name = name;
	if (*p == '\0' || strchr("%aAbBCDefhHiIklmnoOpqrstTuUvVX", *p) == NULL
	    || (name == NULL && strchr("Ceio", *p) != NULL))
		return NULL;
	if (*p == 't' && name != NULL && strcmp(name, "sec") == 0)
		op->name = "%s";
	for (; *p == 'i' && *name != '\0'; name++)
		if (*name >= 'A' && *name <= 'Z')
			*name = (char)(*name | 0x20);
	if (*p == 'i' && strcmp(op->name, "referer") == 0)
		op->id = HTTP_REFERER;
	if (*p == 'i' && strcmp(op->name, "user-agent") == 0)
		op->id = HTTP_USER_AGENT;
	if (*p == 'i' && strcmp(op->name, "authorization") == 0)
		op->letter = 'l';	/* a log is no place for passwords */
	return p + 1;
}

/* Compiles in place: text only gets shorter. Returns NULL, or the part of the
 * format that is not understood. */
static const char *
compile(struct op *op, char *p)
{
	char *to = p, *at;

	op->before.p = to;
	for (at = p; *p != '\0'; at = p) {
		p = *at == '%' ? read_letter(op, at + 1) : at + 1;
		if (p == NULL)
			return at;
		if (*at != '%' || strchr("%Celno", op->letter) != NULL) {
			*to++ = *at != '%' || op->letter == '%' ? *at : '-';
			continue;
		}
		op->before.n = (size_t)(to - op->before.p);
		op++;
		op->before.p = to = p;
	}
	op->before.n = (size_t)(to - op->before.p);
	op->letter = '\0';
	return NULL;
}

static int
accesslog_set_defaults(struct plugin_self *self, struct server *srv)
{
	const struct accesslog_conf *conf = plugin_global_conf(self);
	const char *name = conf->use_syslog ? "" : conf->filename, *wrong;
	size_t n = strlen(conf->format);
	struct accesslog *al;
	/* an op for each two bytes of the format, and the last */
	n = n / 2 + 1;
	al = self->data = calloc(1, sizeof(*al) + n * sizeof(*al->ops));
	if (al == NULL)
		return config_fault(self->config, "accesslog.filename",
		    "out of memory");
	al->log.use_syslog = conf->use_syslog;
	al->room = 2 * WORD + n * (ROOM + 2);
	/* opened when a daemon has long left where it was started */
	if (strcmp(name, "-") != 0)
		name = config_absolute(self->config, srv->folder, name);
	if (name == NULL)
		return -1;
	al->name = name;
	buf_printf(&al->format, "%s\n%c%*c", conf->format, 0, WORD, 0);
	wrong = al->format.failed ? "out of memory"
	    : compile(al->ops, al->format.p);
	if (wrong != NULL)
		return config_fault(self->config, "accesslog.format",
		    "not understood: %.*s", (int)strcspn(wrong, "\n"), wrong);
	if (config_check_log(self->config, "accesslog.filename", name) == -1)
		return -1;
	al->log.name = strcmp(name, "-") == 0 ? "" : name;
	config_add_log(self->config, &al->log, "accesslog.filename");
	if (strcmp(name, "-") == 0)
		al->log.fd = 1;		/* log_close leaves that open */
	return 0;
}

static void
accesslog_free(struct plugin_self *self, struct server *srv)
{
	struct accesslog *al = self->data;

	if (al == NULL)
		return;
	accesslog_flush(self, srv);
	log_close(&al->log);
	buf_free(&al->format);
	buf_free(&al->lines);
	free(al);
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
