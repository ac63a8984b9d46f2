/*
 * http_parse.c - bytes to request head, or to the status that refuses it.
 *
 * conn.c calls http_parse with what has arrived, and after HTTP_MORE again
 * with more, from the first byte on: one pass, no allocation, no state kept in
 * between. What is ambiguous is refused (RFC 9112 11.2): two readers of one
 * head must never see two requests. Judges byte by byte up to the first line
 * end it lacks, and each line as a whole when its end is there. Never decodes
 * the target (str_url_path does) and never looks at the body (http_body).
 *
 * Each step gets the place p where it begins and returns where the next one
 * does; NULL when it is refused (head->status says so) or needs more bytes.
 */
#include <string.h>

#include "http_parse.h"

enum { METHOD_MAX = 32 };

/* IANA's list: first ours, in the order of enum http_method, then the rest. */
static const char methods[] =
	"GET\0HEAD\0OPTIONS\0POST\0PUT\0DELETE\0PATCH\0TRACE\0CONNECT\0"
	"ACL\0BASELINE-CONTROL\0BIND\0CHECKIN\0CHECKOUT\0COPY\0LABEL\0LINK\0"
	"LOCK\0MERGE\0MKACTIVITY\0MKCALENDAR\0MKCOL\0MKREDIRECTREF\0"
	"MKWORKSPACE\0MOVE\0ORDERPATCH\0PRI\0PROPFIND\0PROPPATCH\0QUERY\0"
	"REBIND\0REPORT\0SEARCH\0UNBIND\0UNCHECKOUT\0UNLINK\0UNLOCK\0UPDATE\0"
	"UPDATEREDIRECTREF\0VERSION-CONTROL\0";

/* Steps over bytes of one kind, by fours: this loop is most of the parser. */
static char *
skip(char *p, const char *end, int kind)
{
	for (; end - p >= 4; p += 4) {
		if (!http_is(p[0], kind))
			return p;
		if (!http_is(p[1], kind))
			return p + 1;
		if (!http_is(p[2], kind))
			return p + 2;
		if (!http_is(p[3], kind))
			return p + 3;
	}
	while (p < end && http_is(*p, kind))
		p++;
	return p;
}

static char *
refuse(struct http_head *head, int status, const char *why)
{
	head->status = status;
	head->why = why;
	return NULL;
}

/* A line end, where a CR is. */
static char *
end_line(struct http_head *head, char *p, const char *end)
{
	if (end - p < 2)
		return NULL;
	return p[1] == '\n' ? p + 2 : refuse(head, 400, "CR without LF");
}

/* ---- the request line (RFC 9112 3) -------------------------------------- */

/* The method and the space behind it. Is refused at its first wrong byte: a
 * TLS hello has no line end to wait for. */
static char *
read_method(struct http_head *head, char *p, const char *end)
{
	const char *start = p, *m = methods;
	size_t n;
	int method = HTTP_GET;

	if (end - p >= 4 && memcmp(p, "GET ", 4) == 0) {	/* most are */
		head->method = HTTP_GET;
		head->method_text = (struct slice){ p, 3 };
		return p + 4;
	}
	p = skip(p, end, HTTP_TOKEN);
	n = (size_t)(p - start);
	if (n > METHOD_MAX)
		return refuse(head, 501, "method too long");	/* 9112 3 */
	if (p == end)
		return NULL;
	if (n == 0 || *p != ' ')
		return refuse(head, 400, "no method at the start");
	head->method_text = (struct slice){ start, n };
	while (*m != '\0' && (strncmp(m, start, n) != 0 || m[n] != '\0')) {
		m += strlen(m) + 1;
		method += method < HTTP_OTHER_KNOWN;
	}
	if (*m != '\0')
		head->method = (enum http_method)method;
	return p + 1;
}

static char *
read_target(struct http_head *head, char *p, const char *end)
{
	char *start = p, *mark;

	p = mark = skip(p, end, HTTP_PATH);
	if (p < end && *p == '?')
		p = skip(p, end, HTTP_TARGET);
	if (p == end)
		return NULL;
	if (p == start)
		return refuse(head, 400, "malformed target");
	if (*p == '\r' || *p == '\n')
		return refuse(head, 400, "no version (HTTP/0.9)");
	if (*p != ' ')
		return refuse(head, 400, "bad byte in the target");
	head->target = (struct slice){ start, (size_t)(p - start) };
	head->path = (struct slice){ start, (size_t)(mark - start) };
	if (mark < p)
		head->query = (struct slice){ mark + 1,
		    (size_t)(p - mark) - 1 };
	return p + 1;
}

/* The version and the line end. */
static char *
read_version(struct http_head *head, char *p, const char *end)
{
	static const char usual[] = "HTTP/1.1\r\n";
	enum { LENGTH = sizeof(usual) - 1, MAJOR = 5, MINOR = 7 };
	int i;

	if (end - p >= LENGTH && memcmp(p, usual, LENGTH) == 0)
		return p + LENGTH;
	for (i = 0; i < LENGTH; i++) {
		if (p + i == end)
			return NULL;
		if (i == MAJOR || i == MINOR ? p[i] < '0' || p[i] > '9'
		    : p[i] != usual[i])
			return refuse(head, 400, "malformed version");
	}
	if (p[MAJOR] != '1')
		return refuse(head, 505, "major version is not 1");
	head->minor = p[MINOR] > '0';	/* RFC 9110 2.5: as the highest known */
	return p + LENGTH;
}

/* Judges the target by its form (RFC 9112 3.2), what is before "?" being in
 * path already; the byte behind it stops each comparison. In absolute-form its
 * authority counts, whatever the Host field says (3.2.2). */
static char *
split_target(struct http_head *head, char *next)
{
	struct slice s = head->path;
	const char *p = s.p + s.n;
	size_t i = 7;			/* of "http://" */

	if (head->method == HTTP_CONNECT) {
		head->host = head->target;
		head->path.n = 0;
		while (p[-1] >= '0' && p[-1] <= '9')	/* to a space, or so */
			p--;
		return p[-1] == ':' && p < s.p + s.n
		    && http_is_host(head->host) ? next :
		    refuse(head, 400, "malformed target");
	}
	if (*s.p == '/')
		return next;
	if (head->method == HTTP_OPTIONS && *s.p == '*' && head->target.n == 1)
		return next;
	/* https: somebody in front may have ended TLS */
	if (http_is_word(s.p, "https://", i + 1))
		i++;
	else if (!http_is_word(s.p, "http://", i))
		return refuse(head, 400, "malformed target");
	head->host.p = s.p + i;
	while (i < s.n && s.p[i] != '/')
		i++;
	head->host.n = (size_t)(s.p + i - head->host.p);
	if (!http_is_host(head->host))
		return refuse(head, 400, "invalid host");
	head->path = (struct slice){ s.p + i, s.n - i };
	if (i == s.n)		/* no path means "/": take one of these */
		head->path = (struct slice){ head->host.p - 1, 1 };
	return next;
}

/* ---- fields (RFC 9112 5) ------------------------------------------------ */

/* The first byte that cannot be in a value, or end. Most values are printable
 * ASCII, so as many bytes as a word has are looked at together: below 0x20 the
 * difference, and for DEL the sum, has a top bit that the byte has not. */
static char *
skip_value(char *p, const char *end)
{
	const size_t ones = (size_t)-1 / 255;
	size_t word, words = (size_t)(end - p) / sizeof(word);

	for (; words > 0; words--) {
		memcpy(&word, p, sizeof(word));
		if ((((word - ones * 0x20) | (word + ones)) & ~word
		    & ones * 0x80) != 0)
			break;
		p += sizeof(word);
	}
	while (p < end && !http_is(*p, HTTP_CONTROL))
		p++;
	return p;
}

/* A value up to its line end. Needs the byte behind that, which may fold the
 * line; a fold becomes spaces here and now, so the next call sees none. */
static char *
read_value(struct http_head *head, struct http_field *f, char *p,
    const char *end)
{
	char *start = p, *next;

	for (;;) {
		p = skip_value(p, end);
		if (p == end)
			return NULL;
		if (*p != '\r')
			return refuse(head, 400, *p == '\n' ?
			    "line end without CR" : "control byte in a value");
		next = end_line(head, p, end);
		if (next == NULL || next == end)
			return NULL;
		if (*next != ' ' && *next != '\t')
			break;
		p[0] = p[1] = ' ';
	}
	while ((unsigned char)p[-1] <= ' ')	/* the colon stops it */
		p--;
	while (start < p && (unsigned char)*start <= ' ')
		start++;
	f->value = start;
	f->value_n = (uint16_t)(p - start);
	return next;
}

/* What a field means for the head as a whole. */
static char *
check_field(struct http_head *head, const struct http_field *f, char *next)
{
	struct slice value = { f->value, f->value_n };

	switch (f->id) {
	case HTTP_HOST:
		if (head->first[HTTP_HOST] != 0)
			return refuse(head, 400, "more than one Host");
		if (value.n > 0 && !http_is_host(value))
			return refuse(head, 400, "invalid host");
		if (head->host.n == 0)
			head->host = value;
		break;
	case HTTP_CONNECTION:	/* so far plain, as most are */
		head->keep_alive = value.n == 10
		    && http_is_word(value.p, "keep-alive", 10)
		    && (head->first[HTTP_CONNECTION] == 0 || head->keep_alive);
		break;
	case HTTP_CONTENT_LENGTH:
	case HTTP_TRANSFER_ENCODING:
		if (head->framing != HTTP_NO_BODY)
			return refuse(head, 400, "more than one framing");
		head->framing = f->id == HTTP_CONTENT_LENGTH ? HTTP_LENGTH
		    : HTTP_CHUNKED;
		if (head->framing == HTTP_LENGTH
		    ? str_number(value, &head->body_length) == -1
		    /* one coding, the one we know, and not in 1.0 (RFC 9112
		     * 6.1): two readers might see two different bodies */
		    : head->minor == 0 || !slice_case_eq(value, "chunked"))
			return refuse(head, 400, "bad framing");
	}
	return next;
}

static char *
read_field(struct http_head *head, char *p, const char *end)
{
	struct http_field *f = &head->field[head->nfields];

	if (head->nfields == head->field_room)
		return refuse(head, 431, "too many fields");
	f->name = p;
	p = skip(p, end, HTTP_TOKEN);
	if (p == end)
		return NULL;
	if (*p != ':' || p == f->name)
		return refuse(head, 400, *p == ' ' || *p == '\t' ?
		    "misplaced white space" : "malformed field name");
	f->name_n = (uint16_t)(p - f->name);
	f->id = (uint8_t)http_find_name(f->name, f->name_n);
	p = read_value(head, f, p + 1, end);
	if (p != NULL && f->id != HTTP_FIELD_OTHER)
		p = check_field(head, f, p);
	if (p == NULL)
		return NULL;
	head->nfields++;
	if (head->first[f->id] == 0)
		head->first[f->id] = (uint8_t)head->nfields;
	return p;
}

/* How many members of a list are word, or, with NULL, how many there are. */
static unsigned
count(const struct http_head *head, enum http_name list, const char *word)
{
	struct slice member;
	unsigned n = 0, field = 0;
	size_t at = 0;

	do {
		member = http_list(head, list, &field, &at);
		n += member.p != NULL
		    && (word == NULL || slice_case_eq(member, word));
	} while (member.p != NULL);
	return n;
}

/* RFC 9112 9.3: "close" counts before "keep-alive", wherever it stands. */
static int
wants_keep_alive(const struct http_head *head)
{
	if (head->first[HTTP_CONNECTION] == 0 || head->keep_alive)
		return head->minor > 0 || head->keep_alive;
	return count(head, HTTP_CONNECTION, "close") == 0 && (head->minor > 0
	    || count(head, HTTP_CONNECTION, "keep-alive") > 0);
}

/* RFC 9110 10.1.1: a list of which we know one member, and 1.0 none. */
static char *
check_expect(struct http_head *head, char *next)
{
	unsigned known = count(head, HTTP_EXPECT, "100-continue");

	if (head->minor == 0)
		return next;
	head->expect_continue = known > 0;
	return known == count(head, HTTP_EXPECT, NULL) ? next :
	    refuse(head, 417, "unknown expectation");
}

static char *
read_fields(struct http_head *head, char *p, const char *end)
{
	while (p != NULL && p < end && *p != '\r')
		p = read_field(head, p, end);
	if (p != NULL)
		p = end_line(head, p, end);
	if (p == NULL)
		return NULL;
	if (head->minor > 0 && head->first[HTTP_HOST] == 0)
		return refuse(head, 400, "no Host");	/* RFC 9112 3.2 */
	head->keep_alive = wants_keep_alive(head);
	return head->first[HTTP_EXPECT] == 0 ? p : check_expect(head, p);
}

enum http_verdict
http_parse(struct http_head *head, char *bytes, size_t n, size_t max)
{
	char *p = bytes, *line = bytes;
	const char *end = bytes + (n < max ? n : max);

	/* Not the fields: nobody looks at those behind nfields. */
	memset(head, 0, offsetof(struct http_head, field));
	head->method = HTTP_UNKNOWN;
	head->minor = 1;	/* the answer's version until we know better */
	if (p < end && *p == '\r') {
		/* Old clients send an empty line after a body (2.2). */
		p = end_line(head, p, end);
		line = p != NULL ? p : line;
	}
	if (p != NULL)
		p = read_method(head, p, end);
	if (p != NULL)
		p = read_target(head, p, end);
	if (p != NULL)
		p = read_version(head, p, end);
	if (p != NULL) {
		head->line = (struct slice){ line, (size_t)(p - line) - 2 };
		p = split_target(head, p);
	}
	if (p != NULL)
		p = read_fields(head, p, end);
	/* of what is refused, all that came counts as read */
	head->size = (size_t)((p != NULL ? p : end) - bytes);
	if (p != NULL)
		return HTTP_DONE;
	if (head->status == 0 && n < max)
		return HTTP_MORE;
	head->keep_alive = 0;
	if (head->status == 0)
		(void)(head->line.p != NULL ?
		    refuse(head, 431, "head too long") :
		    refuse(head, 414, "request line too long"));
	if (head->line.p == NULL) {	/* what there is of it, for the log */
		for (p = line; p < end && *p != '\r' && *p != '\n'; p++)
			;
		head->line = (struct slice){ line, (size_t)(p - line) };
	}
	return HTTP_REFUSED;
}
