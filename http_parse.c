/*
 * http_parse.c - bytes to request head, or to the status that refuses it.
 *
 * conn.c calls http_parse with what has arrived, and after HTTP_MORE again
 * with more, from the first byte on: one pass, no allocation, no state kept in
 * between. What is ambiguous is refused (RFC 9112 11.2): two readers of one
 * head must never see two requests. Judges byte by byte up to the first line
 * end it lacks, and each line as a whole when its end is there. Never decodes
 * the target (str_url_path does) and never looks at the body (http_body).
 */
#include <string.h>

#include "http_parse.h"

enum {
	METHOD_MAX = 32,

	/* What the table below is written in. */
	V = HTTP_VALUE,
	Q = V | HTTP_TARGET,
	U = Q | HTTP_PATH,
	H = U | HTTP_HOST_NAME,
	S = V | HTTP_TOKEN,
	P = U | HTTP_TOKEN,
	A = H | HTTP_TOKEN
};

const unsigned char http_class[256] = {
	0, 0, 0, 0, 0, 0, 0, 0, 0, V, 0, 0, 0, 0, 0, 0,	/* HTAB is 9 */
	0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
	V, A, U, S, A, P, A, P, H, H, A, A, H, A, P, U,	/*  !"#$%&'()*+,-./ */
	A, A, A, A, A, A, A, A, A, A, U, H, U, H, U, Q,	/* 0-9:;<=>? */
	U, A, A, A, A, A, A, A, A, A, A, A, A, A, A, A,	/* @A-O */
	A, A, A, A, A, A, A, A, A, A, A, U, U, U, P, A,	/* P-Z[\]^_ */
	P, A, A, A, A, A, A, A, A, A, A, A, A, A, A, A,	/* `a-o */
	A, A, A, A, A, A, A, A, A, A, A, U, P, U, A, 0,	/* p-z{|}~ DEL */
	V, V, V, V, V, V, V, V, V, V, V, V, V, V, V, V,	/* obs-text */
	V, V, V, V, V, V, V, V, V, V, V, V, V, V, V, V,
	V, V, V, V, V, V, V, V, V, V, V, V, V, V, V, V,
	V, V, V, V, V, V, V, V, V, V, V, V, V, V, V, V,
	V, V, V, V, V, V, V, V, V, V, V, V, V, V, V, V,
	V, V, V, V, V, V, V, V, V, V, V, V, V, V, V, V,
	V, V, V, V, V, V, V, V, V, V, V, V, V, V, V, V,
	V, V, V, V, V, V, V, V, V, V, V, V, V, V, V, V
};

/* IANA's list: first ours, in the order of enum http_method, then the rest. */
static const char *const methods[] = {
	"GET", "HEAD", "OPTIONS", "POST", "PUT", "DELETE", "PATCH", "TRACE",
	"CONNECT",
	"ACL", "BASELINE-CONTROL", "BIND", "CHECKIN", "CHECKOUT", "COPY",
	"LABEL", "LINK", "LOCK", "MERGE", "MKACTIVITY", "MKCALENDAR", "MKCOL",
	"MKREDIRECTREF", "MKWORKSPACE", "MOVE", "ORDERPATCH", "PRI",
	"PROPFIND", "PROPPATCH", "QUERY", "REBIND", "REPORT", "SEARCH",
	"UNBIND", "UNCHECKOUT", "UNLINK", "UNLOCK", "UPDATE",
	"UPDATEREDIRECTREF", "VERSION-CONTROL"
};

/* Steps over bytes of one kind, by fours: this loop is most of the parser. */
static inline char *
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

static enum http_verdict
refuse(struct http_head *head, int status, const char *why)
{
	head->status = status;
	head->why = why;
	return HTTP_REFUSED;
}

/* ---- the request line (RFC 9112 3) -------------------------------------- */

static enum http_method
find_method(struct slice text)
{
	size_t i, k;

	for (i = 0; i < COUNT(methods); i++) {
		for (k = 0; k < text.n && methods[i][k] == text.p[k]; k++)
			;
		if (k == text.n && methods[i][k] == '\0')
			return i < HTTP_OTHER_KNOWN ? (enum http_method)i
			    : HTTP_OTHER_KNOWN;
	}
	return HTTP_UNKNOWN;
}

/* The method and the space behind it. Is refused at its first wrong byte: a
 * TLS hello has no line end to wait for. */
static enum http_verdict
read_method(struct http_head *head, char **at, const char *end)
{
	char *p = *at;
	size_t n;

	if (end - p >= 4 && memcmp(p, "GET ", 4) == 0) {	/* most are */
		head->method_text = (struct slice){ p, 3 };
		head->method = HTTP_GET;
		*at = p + 4;
		return HTTP_DONE;
	}
	p = skip(p, end, HTTP_TOKEN);
	n = (size_t)(p - *at);
	if (n > METHOD_MAX)
		return refuse(head, 400, "method too long");
	if (p == end)
		return HTTP_MORE;
	if (n == 0 || *p != ' ')
		return refuse(head, 400, "no method at the start");
	head->method_text = (struct slice){ *at, n };
	head->method = find_method(head->method_text);
	*at = p + 1;
	return HTTP_DONE;
}

static enum http_verdict
read_target(struct http_head *head, char **at, const char *end)
{
	char *p = skip(*at, end, HTTP_PATH), *mark = p;

	if (p < end && *p == '?')
		p = skip(p, end, HTTP_TARGET);
	if (p == end)
		return HTTP_MORE;
	if (p == *at)
		return refuse(head, 400, "no target after the method");
	if (*p == '\r' || *p == '\n')
		return refuse(head, 400, "no version (HTTP/0.9)");
	if (*p != ' ')
		return refuse(head, 400, "byte not allowed in a target");
	head->target = (struct slice){ *at, (size_t)(p - *at) };
	head->path = (struct slice){ *at, (size_t)(mark - *at) };
	if (mark < p)
		head->query = (struct slice){ mark + 1,
		    (size_t)(p - mark) - 1 };
	*at = p + 1;
	return HTTP_DONE;
}

/* The version and the line end. */
static enum http_verdict
read_version(struct http_head *head, char **at, const char *end)
{
	static const char usual[] = "HTTP/1.1\r\n";
	enum { LENGTH = sizeof(usual) - 1, MAJOR = 5, MINOR = 7 };
	char *p = *at;
	int i, right;

	if (end - p >= LENGTH && memcmp(p, usual, LENGTH) == 0) {
		*at = p + LENGTH;
		return HTTP_DONE;
	}
	for (i = 0; i < LENGTH; i++) {
		if (p + i == end)
			return HTTP_MORE;
		right = p[i] == usual[i];
		if (i == MAJOR || i == MINOR)
			right = p[i] >= '0' && p[i] <= '9';
		if (!right)
			return refuse(head, 400, i <= MINOR ?
			    "malformed version" : "version not at line's end");
	}
	if (p[MAJOR] != '1')
		return refuse(head, 505, "major version is not 1");
	head->minor = p[MINOR] > '0';	/* RFC 9110 2.5: as the highest known */
	*at = p + LENGTH;
	return HTTP_DONE;
}

/* Splits a target in absolute-form (RFC 9112 3.2.2): its authority counts,
 * whatever the Host field says. */
static enum http_verdict
split_absolute(struct http_head *head)
{
	struct slice s = head->path;
	size_t scheme, i;

	if (s.n >= 7 && slice_case_eq((struct slice){ s.p, 7 }, "http://"))
		scheme = 7;
	else if (s.n > 8 && slice_case_eq((struct slice){ s.p, 8 }, "https://"))
		scheme = 8;
	else
		return refuse(head, 400, "target is neither path nor URL");
	for (i = scheme; i < s.n && s.p[i] != '/'; i++)
		;
	head->host = (struct slice){ s.p + scheme, i - scheme };
	if (!http_is_host(head->host))
		return refuse(head, 400, "invalid host in the target");
	head->path = (struct slice){ s.p + i, s.n - i };
	if (i == s.n)		/* no path means "/": take one of these */
		head->path = (struct slice){ s.p + scheme - 1, 1 };
	return HTTP_DONE;
}

/* Judges the target by its form (RFC 9112 3.2); what is before "?" is in path
 * already. */
static enum http_verdict
split_target(struct http_head *head)
{
	struct slice s = head->target;

	if (head->method == HTTP_CONNECT) {
		head->host = s;
		head->path.n = 0;
		return http_is_host(s) ? HTTP_DONE :
		    refuse(head, 400, "CONNECT to no host");
	}
	if (s.p[0] == '/')
		return HTTP_DONE;
	if (s.p[0] == '*' && s.n == 1 && head->method == HTTP_OPTIONS)
		return HTTP_DONE;
	return split_absolute(head);
}

static enum http_verdict
read_line(struct http_head *head, char **at, const char *end)
{
	char *start = *at;
	enum http_verdict verdict;

	verdict = read_method(head, at, end);
	if (verdict == HTTP_DONE)
		verdict = read_target(head, at, end);
	if (verdict == HTTP_DONE)
		verdict = read_version(head, at, end);
	if (verdict != HTTP_DONE)
		return verdict;
	head->line = (struct slice){ start, (size_t)(*at - start) - 2 };
	return split_target(head);
}

/* ---- fields (RFC 9112 5) ------------------------------------------------ */

/* The first byte that cannot be in a value, or end. Most values are printable
 * ASCII, so as many bytes as a word has are looked at together: subtracting
 * borrows out of a byte's top bit if it was below 0x20, or DEL made 0. */
static char *
skip_value(char *p, const char *end)
{
	const size_t ones = (size_t)-1 / 255, tops = ones << 7;
	size_t word, low, del;

	while ((size_t)(end - p) >= sizeof(word)) {
		memcpy(&word, p, sizeof(word));
		low = (word - ones * 0x20) & ~word;
		word ^= ones * 0x7f;
		del = (word - ones) & ~word;
		if (((low | del) & tops) != 0)
			break;
		p += sizeof(word);
	}
	return skip(p, end, HTTP_VALUE);
}

/* A value up to its line end. Needs the byte behind that, which may fold the
 * line; a fold becomes spaces here and now, so the next call sees none. */
static enum http_verdict
read_value(struct http_head *head, struct http_field *f, char **at,
    const char *end)
{
	char *start = *at, *p = start;

	for (;;) {
		p = skip_value(p, end);
		if (p < end && *p != '\r')
			return refuse(head, 400, *p == '\n' ?
			    "line end without CR" : "control byte in a value");
		if (end - p > 1 && p[1] != '\n')
			return refuse(head, 400, "CR without LF");
		if (end - p < 3)
			return HTTP_MORE;
		if (p[2] != ' ' && p[2] != '\t')
			break;
		p[0] = p[1] = ' ';
	}
	*at = p + 2;
	while (start < p && (*start == ' ' || *start == '\t'))
		start++;
	while (start < p && (p[-1] == ' ' || p[-1] == '\t'))
		p--;
	f->value = start;
	f->value_n = (uint16_t)(p - start);
	return HTTP_DONE;
}

/* Transfer-Encoding: "chunked" and nothing else (RFC 9112 6.1). Only a list
 * of other codings that ends in one "chunked" has a known framing: 501. */
static enum http_verdict
check_coding(struct http_head *head, struct slice value)
{
	struct slice coding;
	size_t i = 0, start = 0;

	if (head->minor == 0)
		return refuse(head, 400, "Transfer-Encoding in HTTP/1.0");
	if (head->framing != HTTP_NO_BODY)
		return refuse(head, 400, "Transfer-Encoding and other framing");
	head->framing = HTTP_CHUNKED;
	if (slice_case_eq(value, "chunked"))
		return HTTP_DONE;
	for (; i < value.n; i++) {
		if (value.p[i] != ',')
			continue;
		coding = (struct slice){ value.p + start, i - start };
		coding = slice_trim(coding);
		if (coding.n == 0 || !http_is(coding.p[0], HTTP_TOKEN)
		    || slice_case_eq(coding, "chunked"))
			break;
		start = i + 1;
	}
	coding = (struct slice){ value.p + start, value.n - start };
	if (i == value.n && slice_case_eq(slice_trim(coding), "chunked"))
		return refuse(head, 501, "unknown transfer coding");
	return refuse(head, 400, "Transfer-Encoding is not chunked");
}

/* What a field of this name, the nth of all, means for the head as a whole. */
static enum http_verdict
check_field(struct http_head *head, const struct http_field *f)
{
	struct slice value = { f->value, f->value_n };

	switch (f->id) {
	case HTTP_HOST:
		if (head->first[HTTP_HOST] != 0)
			return refuse(head, 400, "more than one Host");
		if (value.n > 0 && !http_is_host(value))
			return refuse(head, 400, "invalid Host");
		if (head->host.n == 0)
			head->host = value;
		break;
	case HTTP_CONTENT_LENGTH:
		if (head->framing != HTTP_NO_BODY)
			return refuse(head, 400,
			    "Content-Length and other framing");
		if (str_number(value, &head->body_length) == -1)
			return refuse(head, 400, "malformed Content-Length");
		head->framing = HTTP_LENGTH;
		break;
	case HTTP_TRANSFER_ENCODING:
		return check_coding(head, value);
	case HTTP_EXPECT:
		if (head->minor == 0)	/* RFC 9110 10.1.1 */
			break;
		if (!slice_case_eq(value, "100-continue"))
			return refuse(head, 417, "unknown expectation");
		head->expect_continue = 1;
		break;
	default:
		break;
	}
	return HTTP_DONE;
}

static enum http_verdict
read_field(struct http_head *head, char **at, const char *end)
{
	struct http_field *f = &head->field[head->nfields];
	char *p = skip(*at, end, HTTP_TOKEN);
	enum http_verdict verdict;

	if (p == end)
		return HTTP_MORE;
	if (*p != ':' || p == *at) {
		if (*p == ' ' || *p == '\t')
			return refuse(head, 400, p == *at ?
			    "fold before the first field" :
			    "white space before the colon");
		return refuse(head, 400, "malformed field name");
	}
	f->name = *at;
	f->name_n = (uint16_t)(p - *at);
	f->id = (uint8_t)http_find_name(f->name, f->name_n);
	*at = p + 1;
	verdict = read_value(head, f, at, end);
	if (verdict == HTTP_DONE)
		verdict = check_field(head, f);
	if (verdict != HTTP_DONE)
		return verdict;
	head->nfields++;
	if (head->first[f->id] == 0)
		head->first[f->id] = (uint8_t)head->nfields;
	return HTTP_DONE;
}

/* RFC 9112 9.3: "close" counts before "keep-alive", wherever it stands. */
static int
wants_keep_alive(const struct http_head *head)
{
	struct slice option;
	unsigned field = 0;
	size_t at = 0;
	int keep = head->minor > 0;

	while (head->first[HTTP_CONNECTION] != 0) {
		option = http_list(head, HTTP_CONNECTION, &field, &at);
		if (option.p == NULL)
			break;
		if (slice_case_eq(option, "close"))
			return 0;
		if (slice_case_eq(option, "keep-alive"))
			keep = 1;
	}
	return keep;
}

static enum http_verdict
read_fields(struct http_head *head, char **at, const char *end)
{
	enum http_verdict verdict;

	while (*at < end && **at != '\r') {
		if (head->nfields == HTTP_FIELDS_MAX)
			return refuse(head, 431, "too many fields");
		verdict = read_field(head, at, end);
		if (verdict != HTTP_DONE)
			return verdict;
	}
	if (end - *at < 2)
		return HTTP_MORE;
	if ((*at)[1] != '\n')
		return refuse(head, 400, "CR without LF");
	*at += 2;
	if (head->minor > 0 && head->first[HTTP_HOST] == 0)
		return refuse(head, 400, "no Host");	/* RFC 9112 3.2 */
	head->keep_alive = wants_keep_alive(head);
	return HTTP_DONE;
}

/* ---- the whole ---------------------------------------------------------- */

/* Old clients send an empty line after a body (RFC 9112 2.2). */
static enum http_verdict
skip_empty_line(struct http_head *head, char **at, const char *end)
{
	if (*at == end)
		return HTTP_MORE;
	if (**at != '\r')
		return HTTP_DONE;
	if (end - *at < 2)
		return HTTP_MORE;
	if ((*at)[1] != '\n')
		return refuse(head, 400, "CR without LF");
	*at += 2;
	return HTTP_DONE;
}

/* For the log: what there is of a request line that came to nothing. */
static void
note_line(struct http_head *head, const char *p, const char *end)
{
	const char *stop = p;

	while (stop < end && *stop != '\r' && *stop != '\n')
		stop++;
	head->line = (struct slice){ p, (size_t)(stop - p) };
}

enum http_verdict
http_parse(struct http_head *head, char *p, size_t n, size_t max)
{
	char *at = p, *line;
	const char *end = p + (n < max ? n : max);
	enum http_verdict verdict;

	/* Not the fields: nobody looks at those behind nfields. */
	memset(head, 0, offsetof(struct http_head, field));
	head->method = HTTP_UNKNOWN;
	head->minor = 1;	/* the answer's version until we know better */
	verdict = skip_empty_line(head, &at, end);
	line = at;
	if (verdict == HTTP_DONE)
		verdict = read_line(head, &at, end);
	if (verdict == HTTP_DONE)
		verdict = read_fields(head, &at, end);
	if (verdict == HTTP_MORE && n >= max)
		verdict = head->line.p == NULL ?
		    refuse(head, 414, "request line too long") :
		    refuse(head, 431, "head too long");
	if (verdict == HTTP_REFUSED && head->line.p == NULL)
		note_line(head, line, end);
	head->size = (size_t)(at - p);
	return verdict;
}
