/*
 * mod_accesslog.c - one line for each request, in Apache's format letters.
 *
 * accesslog.format is compiled once, at the start, into a list of functions
 * that each append one part of a line. Lines gather in a buffer and leave in
 * whole: when 8 KB are full, each second, before the file is opened again,
 * and at the end. Nothing here asks the kernel for the time or prints with a
 * format of stdio while requests are served. A log that cannot be written
 * loses lines, never a request.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include "plugin.h"

enum {
	LINES_FULL = 8192,		/* bytes written with one call */
	LINES_KEPT = 256 * 1024,	/* most that waits for a slow reader */
	COMPLAIN_EVERY = 60,		/* seconds */
	ROOM = 256			/* for any part but a client's text */
};

struct accesslog_conf {
	const char *filename, *format;
	int use_syslog, syslog_level;
};

#define KEY(name, type, member, preset, most) \
	{ name, type, CONF_SERVER, offsetof(struct accesslog_conf, member), \
	  preset, 0, 0, most }

static const struct conf_key accesslog_keys[] = {
	KEY("accesslog.filename", CONF_STRING, filename, NULL, 0),
	KEY("accesslog.format", CONF_STRING, format, "%h %V %u %t \"%r\" %>s "
	    "%b \"%{Referer}i\" \"%{User-Agent}i\"", 0),
	KEY("accesslog.use-syslog", CONF_BOOL, use_syslog, NULL, 0),
	KEY("accesslog.syslog-level", CONF_SHORT, syslog_level, "6", 7),
	{ .name = NULL }
};

/* How a part of the line is made. */
enum kind {
	LITERAL,		/* text of the format */
	PEER, TIME, NUMBER,
	CLEAN			/* escaped; "-" when there is nothing */
};

struct op {
	enum kind kind;
	char letter, nbefore;
	char before[8];		/* short literal in front of it */
	enum http_name id;	/* of the request field named by text */
	struct slice text;	/* literal, or what stood in { } */
	time_t stamped;		/* second for which stamp was printed */
	struct buf stamp;	/* TIME, ready */
};

struct accesslog {
	struct log log;
	struct buf name;	/* absolute; empty: no file */
	char *format;		/* owned copy the ops borrow from */
	struct op *ops;
	size_t nops;
	struct buf lines;	/* not yet written */
	int syslog;		/* priority to use, or -1 */
	unsigned long lost;	/* lines, since the last complaint */
	int why;		/* errno of the last loss */
	time_t complained;
};

/* Is one of eight bytes to be escaped? In some term it has its high bit set:
 * not ASCII, DEL, control, '"', '\\'. */
static inline int
has_special(uint64_t w)
{
	const uint64_t ones = UINT64_MAX / 255;

	return ((w | (w + ones) | (w - ones * ' ') | ((w ^ ones * '"') - ones)
	    | ((w ^ ones * '\\') - ones)) & ones * 0x80) != 0;
}

/* Appends text escaped, "-" for none. Mostly there is nothing to escape, and
 * words are copied; the last one may overlap the one before. */
static void
add_clean(struct buf *b, struct slice text)
{
	uint64_t w;
	size_t i = 0;

	if (text.n == 0) {
		buf_addc(b, '-');
		return;
	}
	if (text.n > b->cap - b->n && buf_reserve(b, text.n) == -1)
		return;
	while (text.n >= sizeof(w) && i < text.n) {
		if (text.n - i < sizeof(w))
			i = text.n - sizeof(w);
		memcpy(&w, text.p + i, sizeof(w));
		if (has_special(w))
			break;
		memcpy(b->p + b->n + i, &w, sizeof(w));
		i += sizeof(w);
	}
	if (i == text.n)
		b->n += i;
	else
		str_escape_log(b, text);
}

static uintmax_t
number_of(const struct op *op, const struct connection *con)
{
	const struct request *req = con->req;
	/* whole seconds: nothing here is worth asking the kernel for */
	uint32_t seconds = con->srv->tick - req->started;

	switch (op->letter) {
	case 'D': return (uintmax_t)seconds * 1000000;
	case 'I': return req->head.size + (req->head.framing == HTTP_LENGTH
		    ? (uintmax_t)req->head.body_length : 0);
	case 'k': return con->requests;
	case 'O': return req->bytes_out;
	case 'p': return con->listener != NULL
		    ? (uintmax_t)con->listener->port : 0;
	case 's': return (uintmax_t)req->status;
	case 'T': return seconds;
	default: return req->bytes_body;
	}
}

/* The value of a pair "name mark value" among those that end separates. Case
 * of names is not regarded; name is lower case. */
static struct slice
find_value(struct slice all, struct slice name, char mark, char end)
{
	struct slice one;
	const char *stop;
	size_t n;

	while (all.n > name.n) {
		stop = memchr(all.p, end, all.n);
		one.p = all.p;
		one.n = stop == NULL ? all.n : (size_t)(stop - all.p);
		all.p += one.n + (stop != NULL);
		all.n -= one.n + (stop != NULL);
		if (one.n > 0 && one.p[one.n - 1] == '\r')
			one.n--;
		one = slice_trim(one);
		n = one.n;
		one.n = name.n;
		if (n > name.n && one.p[name.n] == mark
		    && slice_case_eq(one, name.p)) {
			one.p += name.n + 1;
			one.n = n - name.n - 1;
			return slice_trim(one);
		}
	}
	all.n = 0;
	return all;
}

/* What may hold bytes a client sent; n is 0 for what is not there. */
static struct slice
text_of(const struct op *op, const struct connection *con)
{
	const struct request *req = con->req;
	const struct http_head *head = &req->head;
	struct slice file = { req->file.p, req->file.n };
	struct slice fields = { req->fields.p, req->fields.n };
	struct slice s = { NULL, 0 };

	switch (op->letter) {
	case 'A':	/* the listener's name without port: 1.2.3.4, [::1] */
		s = slice_of(con->listener != NULL ? con->listener->name : "");
		s.n = strcspn(s.p, s.p[0] == '[' ? "]" : ":");
		s.n += s.p[s.n] == ']';
		return s;
	case 'C': return find_value(http_field(head, HTTP_COOKIE), op->text,
		    '=', ';');
	case 'f': return file;
	case 'H': return slice_of(head->minor == 0 ? "HTTP/1.0" : "HTTP/1.1");
	case 'i': return op->id != HTTP_FIELD_OTHER ? http_field(head, op->id)
		    : http_field_named(head, op->text.p);
	case 'm': return head->method_text;
	case 'o': return find_value(fields, op->text, ':', '\n');
	case 'q': return head->query;
	case 'r': return head->line;
	case 'R': return req->handler == NULL ? s
		    : slice_of(req->handler->plugin->name);
	case 'U': return head->path;
	case 'v': case 'V': return head->host;
	case 'X':	/* broken, kept or closed */
		return slice_of(con->state == CONN_ERROR ? "X"
		    : con->keep_alive ? "+" : "-");
	default: return s;	/* never known here: e l n u */
	}
}

/* Prints the time of op anew; once a second. */
static void
stamp(struct op *op, time_t now)
{
	char text[128];
	const char *format = op->text.p;
	struct buf *b = &op->stamp;
	struct tm tm;

	op->stamped = now;
	b->n = 0;
	if (format == NULL) {
		date_log(text, now);
		buf_printf(b, "[%s]", text);
	} else if (strcmp(format + (format[0] != 's'), "sec") == 0) {
		buf_add_number(b, (uintmax_t)now);
		buf_adds(b, format[0] == 'm' ? "000"
		    : format[0] == 'u' ? "000000" : "");
	} else if (localtime_r(&now, &tm) != NULL) {
		buf_add(b, text, strftime(text, sizeof(text), format, &tm));
	}
}

static void
put(struct buf *b, struct op *op, const struct connection *con)
{
	uintmax_t n;

	if (b->cap - b->n < ROOM && buf_reserve(b, ROOM) == -1)
		return;
	memcpy(b->p + b->n, op->before, sizeof(op->before));
	b->n += (size_t)op->nbefore;
	switch (op->kind) {
	case LITERAL:
		buf_add(b, op->text.p, op->text.n);
		return;
	case PEER:
		b->n += net_peer_name(con, b->p + b->n);
		return;
	case TIME:
		if (op->stamped != con->srv->now)
			stamp(op, con->srv->now);
		buf_add(b, op->stamp.p, op->stamp.n);
		return;
	case NUMBER:
		n = number_of(op, con);
		if (n == 0 && op->letter == 'b')
			buf_addc(b, '-');
		else
			buf_add_number(b, n);
		return;
	case CLEAN:
		add_clean(b, text_of(op, con));
	}
}

/* Letters not here are unknown. */
static const struct {
	enum kind kind;
	const char *letters;
} kinds[] = {
	{ PEER, "ah" }, { TIME, "t" }, { NUMBER, "bBDIkOpsT" },
	{ CLEAN, "ACefHilmnoqrRuUvVX" }
};

/* Compiles what stands behind a "%" at p into op. Returns what follows, or
 * NULL: unknown letter, or a name that is missing or has no end. The < and >
 * of Apache (which of several internal statuses) mean nothing here. */
static char *
compile_letter(struct op *op, char *p)
{
	char *name = NULL;
	size_t i;

	p += strspn(p, "<>");
	if (*p == '{') {
		name = p + 1;
		p = strchr(name, '}');
		if (p == NULL || p == name)
			return NULL;
		*p++ = '\0';
		p += strspn(p, "<>");
	}
	op->letter = *p;
	for (i = 0; i < COUNT(kinds) && *p != '\0'; i++)
		if (strchr(kinds[i].letters, *p) != NULL)
			op->kind = kinds[i].kind;
	if (op->kind == LITERAL || (name == NULL && strchr("Ceio", *p) != NULL))
		return NULL;
	if (name != NULL)
		op->text = slice_of(name);
	/* field names and cookies are compared in lower case */
	for (; name != NULL && *name != '\0' && *p != 't'; name++)
		if (*name >= 'A' && *name <= 'Z')
			*name = (char)(*name - 'A' + 'a');
	/* those of the preset format are found at once, by number */
	if (*p == 'i' && strcmp(op->text.p, "referer") == 0)
		op->id = HTTP_REFERER;
	if (*p == 'i' && strcmp(op->text.p, "user-agent") == 0)
		op->id = HTTP_USER_AGENT;
	return p + 1;
}

/* Returns 0, or -1: the part of the format at *wrong is not understood. */
static int
compile(struct accesslog *al, size_t *wrong)
{
	struct op *op, *before;
	char *p = al->format;

	for (; *p != '\0'; al->nops++) {
		op = al->ops + al->nops;
		if (p[0] != '%' || p[1] == '%') {
			/* of "%%" the second is text, with what follows it */
			p += *p == '%';
			op->text.p = p;
			op->text.n = 1 + strcspn(p + 1, "%");
			p += op->text.n;
			continue;
		}
		*wrong = (size_t)(p - al->format);
		p = compile_letter(op, p + 1);
		if (p == NULL)
			return -1;
		before = op - (al->nops > 0);
		if (before->kind != LITERAL
		    || before->text.n > sizeof(op->before))
			continue;
		/* takes the place of the short text before it */
		memcpy(op->before, before->text.p, before->text.n);
		op->nbefore = (char)before->text.n;
		*before = *op;
		memset(op, 0, sizeof(*op));
		al->nops--;
	}
	return 0;
}

/* Writes what is there; what fails twice is lost. A reader that is merely slow
 * (a pipe, which must not stop the server) is given time. */
static void
accesslog_flush(struct plugin_self *self, struct server *srv)
{
	struct accesslog *al = self->data;
	struct buf *b = &al->lines;
	size_t done = 0;
	ssize_t n = 0;
	int tries, cut;

	if (b->n == 0)
		return;
	for (tries = 0; tries < 2 && done < b->n && n != -1; tries++) {
		n = write(al->log.fd, b->p + done, b->n - done);
		done += n > 0 ? (size_t)n : 0;
	}
	if (done < b->n && n == -1 && (errno == EAGAIN || errno == EINTR)) {
		buf_cut(b, 0, done);
	} else if (done < b->n) {
		al->why = n == -1 ? errno : ENOSPC;
		/* a line cut in the file is ended before the next begins */
		cut = done > 0 ? b->p[done - 1] != '\n' : b->p[0] == '\n';
		for (done += done == 0 && cut; done < b->n; done++)
			al->lost += b->p[done] == '\n';
		b->n = 0;
		if (cut)
			buf_addc(b, '\n');
	} else {
		buf_clear(b, 2 * LINES_FULL);
	}
	if (al->lost > 0 && (al->complained == 0
	    || srv->now - al->complained >= COMPLAIN_EVERY)) {
		LOG(srv, "[warn] access log %s: %lu lines lost: %s",
		    buf_text(&al->name), al->lost, strerror(al->why));
		al->lost = 0;
		al->complained = srv->now;
	}
}

static void
accesslog_request_done(struct plugin_self *self, struct connection *con)
{
	struct accesslog *al = self->data;
	struct buf *b = &al->lines;
	size_t start = b->n, i;

	if (al->name.n == 0 && al->syslog == -1)
		return;
	for (i = 0; i < al->nops; i++)
		put(b, al->ops + i, con);
	buf_addc(b, '\n');
	if (b->failed || b->n > LINES_KEPT) {
		al->why = b->failed ? ENOMEM : EAGAIN;
		b->n = start;
		b->failed = 0;
		al->lost++;
	} else if (al->syslog != -1) {
		syslog(al->syslog, "%.*s", (int)(b->n - 1), b->p);
		buf_clear(b, 2 * LINES_FULL);
	} else if (b->n >= LINES_FULL) {
		accesslog_flush(self, con->srv);
	}
}

/* Opens the log by name, perhaps again. Returns 0, or -1 after a message. */
static int
open_again(struct accesslog *al, struct server *srv)
{
	const char *name = buf_text(&al->name), *why = "name";

	if (strcmp(name, "-") == 0) {
		al->log.fd = 1;		/* log_close leaves that open */
		return 0;
	}
	if (log_open(&al->log, name, &why) == 0)
		return 0;
	LOG(srv, "[error] access log %s: %s: %s", name, why, strerror(errno));
	return -1;
}

/* Lines so far belong into the old file, which stays if no new one can be. */
static void
accesslog_sighup(struct plugin_self *self, struct server *srv)
{
	struct accesslog *al = self->data;

	if (al->name.n == 0)
		return;
	accesslog_flush(self, srv);
	open_again(al, srv);
}

static int
accesslog_set_defaults(struct plugin_self *self, struct server *srv)
{
	const struct accesslog_conf *conf = plugin_global_conf(self, srv);
	struct accesslog *al = self->data = calloc(1, sizeof(*al));
	const char *name = conf->filename;
	char folder[4096];
	size_t wrong;

	if (al != NULL) {
		al->format = strdup(conf->format);
		al->ops = calloc(strlen(conf->format) + 1, sizeof(*al->ops));
	}
	if (al == NULL || al->format == NULL || al->ops == NULL) {
		LOG(srv, "mod_accesslog: out of memory");
		return -1;
	}
	al->log.fd = 2;
	al->syslog = conf->use_syslog ? conf->syslog_level : -1;
	if (compile(al, &wrong) == -1) {
		LOG(srv, "accesslog.format: not understood: \"%.20s\"",
		    conf->format + wrong);
		return -1;
	}
	if (conf->use_syslog || name == NULL || name[0] == '\0')
		return 0;
	/* opened again when a daemon has long left the working directory */
	if (name[0] != '/' && name[0] != '|' && strcmp(name, "-") != 0
	    && getcwd(folder, sizeof(folder)) != NULL)
		buf_printf(&al->name, "%s/", folder);
	buf_adds(&al->name, name);
	return open_again(al, srv);
}

static void
accesslog_free(struct plugin_self *self, struct server *srv)
{
	struct accesslog *al = self->data;
	size_t i;

	if (al == NULL)
		return;
	accesslog_flush(self, srv);
	log_close(&al->log);
	for (i = 0; i < al->nops; i++)
		buf_free(&al->ops[i].stamp);
	free(al->ops);
	buf_free(&al->lines);
	free(al->format);
	buf_free(&al->name);
	free(al);
	self->data = NULL;
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
	.handle_sighup = accesslog_sighup,
};
