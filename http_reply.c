/*
 * http_reply.c - bytes of a backend to the head of its reply, or to why that
 * makes no sense; and which fields concern one connection only.
 *
 * gw.c calls http_reply with what has arrived, and after HTTP_MORE again with
 * more, from the first byte on. Nothing but its end is looked for before that
 * is there; then fields are read by http_reply_next, as everybody else does
 * afterwards: what was judged is what will be used. A backend may be lax about
 * line ends, and about nothing that tells where its reply ends.
 */
#include <string.h>
#include <strings.h>

#include "http_parse.h"

/* What Connection has for members: 1 << its number among these words, or
 * NAMES, another; and whether there is what "upgrade" stands for. */
static const char options[] = "close\0keep-alive\0upgrade\0";
enum { CLOSE = 1, KEEP_ALIVE = 2, UPGRADE = 4, NAMES = 8, HAS_UPGRADE = 16 };

/* How many bytes there are up to the first empty line, with that; 0: it is not
 * there yet. */
static size_t
find_end(const char *p, size_t n)
{
	const char *line = p, *end = p + n;

	while (line != NULL && line < end) {
		if (*line == '\n')
			return (size_t)(line + 1 - p);
		if (*line == '\r' && end - line > 1 && line[1] == '\n')
			return (size_t)(line + 2 - p);
		line = memchr(line, '\n', (size_t)(end - line));
		line = line == NULL ? NULL : line + 1;
	}
	return 0;
}

/* Takes the next line, without its end, off rest. */
static struct slice
take_line(struct slice *rest)
{
	struct slice line = slice_cut(rest, '\n');

	if (line.n > 0 && line.p[line.n - 1] == '\r')
		line.n--;
	return line;
}

static int
has_control(struct slice s)
{
	while (s.n > 0 && !http_is(s.p[s.n - 1], HTTP_CONTROL))
		s.n--;
	return s.n > 0;
}

/* "404", or that and a space and what is for people; 0: it is none. */
static int
read_status(struct slice s)
{
	int64_t status;

	if (s.n < 3 || (s.n > 3 && s.p[3] != ' ')
	    || str_number((struct slice){ s.p, 3 }, &status) == -1
	    || status < 100 || status > 599)
		return 0;
	return (int)status;
}

static const char *
read_status_line(struct http_reply *reply, struct slice line)
{
	enum { MINOR = 7, STATUS = 9 };	/* where they stand */

	if (line.n <= STATUS || line.p[MINOR] < '0' || line.p[MINOR] > '9'
	    || line.p[MINOR + 1] != ' ' || has_control(line))
		return "malformed status line";
	reply->minor = line.p[MINOR] > '0';
	reply->status = read_status((struct slice){ line.p + STATUS,
	    line.n - STATUS });
	return reply->status == 0 ? "bad status" : NULL;
}

/* Those that say how the reply is to be read, or that become more than a field
 * of ours. */
static const char *
read_field(struct http_reply *reply, enum http_reply_kind kind,
    struct slice name, struct slice value)
{
	static const char words[] =
	    "status\0location\0x-sendfile\0x-lighttpd-send-file\0";
	struct slice member;
	int64_t length;
	int word;

	switch (http_find_name(name.p, name.n)) {
	case HTTP_CONTENT_LENGTH:
		if (str_number(value, &length) == -1
		    || (reply->length != -1 && reply->length != length))
			return "bad Content-Length";
		reply->length = length;
		return NULL;
	case HTTP_TRANSFER_ENCODING:
		/* not in 1.0 (RFC 9112 6.1), and nobody reads it in CGI */
		if (kind != HTTP_REPLY_HTTP || reply->minor == 0
		    || reply->chunked || !slice_case_eq(value, "chunked"))
			return "bad Transfer-Encoding";
		reply->chunked = 1;
		return NULL;
	case HTTP_CONNECTION:
		while (value.n > 0) {
			member = slice_trim(slice_cut(&value, ','));
			word = str_word(options, member);
			reply->options |= word == -1 ? NAMES : 1U << word;
		}
		return NULL;
	case HTTP_UPGRADE:
		reply->options |= HAS_UPGRADE;
		return NULL;
	case HTTP_CONTENT_TYPE:
		reply->content_type = value;
		return NULL;
	default:
		break;
	}
	switch (str_word(words, name)) {
	case 0:
		if (reply->minor != -1)		/* it means nothing then */
			return NULL;
		word = read_status(value);
		if (word == 0 || reply->status != 0)
			return "bad Status";
		reply->status = word;
		return NULL;
	case 1:
		reply->location = value;
		return NULL;
	case 2: case 3:
		reply->sendfile = value;
	}
	return NULL;
}

/* From reply->fields on. */
static const char *
read_fields(struct http_reply *reply, enum http_reply_kind kind)
{
	struct slice name, value;
	const char *why = NULL;
	unsigned fields = 0;
	size_t at = 0, i;

	while (why == NULL && http_reply_next(reply, &at, &name, &value)) {
		for (i = 0; i < name.n && http_is(name.p[i], HTTP_TOKEN); i++)
			;
		if (i == 0 || name.p[i] != ':')
			return "malformed field name";
		if (has_control(value))
			return "control byte in a field";
		if (fields++ == HTTP_FIELDS_MAX)
			return "too many fields";
		why = read_field(reply, kind, name, value);
	}
	if (why == NULL && fields == 0 && reply->minor == -1)
		return "no header";		/* RFC 3875 6.2 */
	if (why == NULL && reply->chunked && reply->length != -1)
		return "Content-Length and chunks";
	return why;
}

/* A head of reply->size bytes. Returns what is wrong, or NULL. */
static const char *
read_head(struct http_reply *reply, enum http_reply_kind kind, char *p)
{
	struct slice rest = { p, reply->size - 1 };	/* but the last LF */
	const char *why;
	size_t i;

	rest.n -= rest.n > 0 && p[rest.n - 1] == '\r';
	if (kind != HTTP_REPLY_CGI && rest.n >= 7
	    && memcmp(p, "HTTP/1.", 7) == 0) {
		why = read_status_line(reply, take_line(&rest));
		if (why != NULL)
			return why;
	}
	reply->fields = rest;
	p += rest.p - p;
	for (i = 0; i + 1 < rest.n; i++) {	/* obs-fold, RFC 9112 5.2 */
		if (p[i] != '\n' || (p[i + 1] != ' ' && p[i + 1] != '\t'))
			continue;
		p[i] = ' ';
		if (i > 0 && p[i - 1] == '\r')
			p[i - 1] = ' ';
	}
	return read_fields(reply, kind);
}

enum http_verdict
http_reply(struct http_reply *reply, enum http_reply_kind kind, char *p,
    size_t n, const char **why)
{
	const size_t most = n < HTTP_REPLY_MAX ? n : HTTP_REPLY_MAX;

	*reply = (struct http_reply){ .minor = -1, .length = -1 };
	/* another protocol may never send an empty line */
	if (kind == HTTP_REPLY_HTTP && n > 0
	    && strncmp(p, "HTTP/1.", n < 7 ? n : 7) != 0) {
		*why = "no status line";
		return HTTP_REFUSED;
	}
	reply->size = find_end(p, most);
	if (reply->size == 0 && n < HTTP_REPLY_MAX)
		return HTTP_MORE;
	*why = reply->size == 0 ? "head too long" : read_head(reply, kind, p);
	if (*why != NULL)
		return HTTP_REFUSED;
	reply->keep_alive = (reply->options & CLOSE) == 0 && (reply->minor == 1
	    || (reply->minor == 0 && (reply->options & KEEP_ALIVE) != 0));
	reply->upgrade = (reply->options & UPGRADE) != 0
	    && (reply->options & HAS_UPGRADE) != 0;
	return HTTP_DONE;
}

int
http_reply_next(const struct http_reply *reply, size_t *at,
    struct slice *name, struct slice *value)
{
	struct slice rest = { reply->fields.p + *at, reply->fields.n - *at };

	if (rest.n == 0)
		return 0;
	*value = take_line(&rest);
	*at = reply->fields.n - rest.n;
	*name = slice_cut(value, ':');
	*value = slice_trim(*value);
	return 1;
}

int
http_is_local(struct slice s)
{
	size_t i = 0;

	while (i < s.n && http_is(s.p[i], HTTP_TARGET))
		i++;
	/* two slashes begin a host's name */
	return i > 0 && i == s.n && s.p[0] == '/' && (i == 1 || s.p[1] != '/');
}

/* ---- what concerns one connection (RFC 9110 7.6.1) ---------------------- */

/* To a client we are the origin, not a proxy it would have to log in to; and
 * what it says to one is not for the backend. No trailers are passed on. */
int
http_is_hop(struct slice name)
{
	static const char words[] =
	    "connection\0keep-alive\0transfer-encoding\0te\0trailer\0"
	    "upgrade\0proxy-connection\0proxy-authenticate\0"
	    "proxy-authorization\0";

	return str_word(words, name) != -1;
}

/* Is name a member of the list? */
static int
is_in(struct slice list, struct slice name)
{
	struct slice member;

	while (list.n > 0) {
		member = slice_trim(slice_cut(&list, ','));
		if (member.n == name.n
		    && strncasecmp(member.p, name.p, name.n) == 0)
			return 1;
	}
	return 0;
}

int
http_reply_names(const struct http_reply *reply, struct slice name)
{
	struct slice other, value;
	size_t at = 0;

	if ((reply->options & NAMES) == 0)	/* as a rule */
		return 0;
	while (http_reply_next(reply, &at, &other, &value))
		if (slice_case_eq(other, "connection") && is_in(value, name))
			return 1;
	return 0;
}

int
http_connection_names(const struct http_head *head, struct slice name)
{
	const struct http_field *f = head->field;

	if (head->first[HTTP_CONNECTION] == 0)
		return 0;
	for (; f < head->field + head->nfields; f++)
		if (f->id == HTTP_CONNECTION
		    && is_in((struct slice){ f->value, f->value_n }, name))
			return 1;
	return 0;
}
