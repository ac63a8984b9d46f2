/*
 * http_field.c - kinds of bytes; the fields of a parsed head, and what is in
 * them.
 *
 * Called by http_parse.c for names and hosts, and by http_range.c, conn.c and
 * the modules for what the head says. The head keeps its fields in the order
 * they came; the names with a number are found through its index, all others
 * one by one. Names are compared as a whole: "Hostess" is not "Host".
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

#include "http_parse.h"

enum {
	/* What the table below is written in. */
	C = HTTP_CONTROL, Q = HTTP_TARGET, S = HTTP_TOKEN,
	U = HTTP_TARGET | HTTP_PATH, P = U | HTTP_TOKEN,
	H = U | HTTP_HOST_NAME, A = H | HTTP_TOKEN, X = A | HTTP_HEX
};

const unsigned char http_class[256] = {
	C, C, C, C, C, C, C, C, C, 0, C, C, C, C, C, C,	/* HTAB is 9 */
	C, C, C, C, C, C, C, C, C, C, C, C, C, C, C, C,
	0, A, U, S, A, P, A, P, H, H, A, A, H, A, P, U,	/*  !"#$%&'()*+,-./ */
	X, X, X, X, X, X, X, X, X, X, U, H, U, H, U, Q,	/* 0-9:;<=>? */
	U, X, X, X, X, X, X, A, A, A, A, A, A, A, A, A,	/* @A-O */
	A, A, A, A, A, A, A, A, A, A, A, U, U, U, P, A,	/* P-Z[\]^_ */
	P, X, X, X, X, X, X, A, A, A, A, A, A, A, A, A,	/* `a-o */
	A, A, A, A, A, A, A, A, A, A, A, U, P, U, A, C	/* p-z{|}~ DEL */
};							/* obs-text: 0 */

/* In the order of enum http_name, which is the alphabet's. */
static const char names[HTTP_NAMES][20] = {
	"", "accept", "accept-encoding", "authorization", "connection",
	"content-length", "content-type", "cookie", "expect", "host",
	"if-match", "if-modified-since", "if-none-match", "if-range",
	"if-unmodified-since", "range", "referer", "transfer-encoding",
	"upgrade", "user-agent"
};

/* Where those of a letter begin. */
static const unsigned char first_with[32] = {
	['a' & 31] = HTTP_ACCEPT, ['c' & 31] = HTTP_CONNECTION,
	['e' & 31] = HTTP_EXPECT, ['h' & 31] = HTTP_HOST,
	['i' & 31] = HTTP_IF_MATCH, ['r' & 31] = HTTP_RANGE,
	['t' & 31] = HTTP_TRANSFER_ENCODING, ['u' & 31] = HTTP_UPGRADE
};

/* Four bytes at a time; the last four overlap what was compared before. */
int
http_is_word(const char *p, const char *word, size_t n)
{
	uint32_t a, b;
	size_t i = 0;

	for (;;) {
		memcpy(&a, p + i, 4);
		memcpy(&b, word + i, 4);
		if (((a ^ b) & ~(uint32_t)0x20202020) != 0)
			return 0;
		if (i + 4 == n)
			return 1;
		i = i + 8 < n ? i + 4 : n - 4;
	}
}

enum http_name
http_find_name(const char *p, size_t n)
{
	int id = first_with[*p & 31];

	if (id == HTTP_FIELD_OTHER || n < 4 || n >= sizeof(names[0]))
		return HTTP_FIELD_OTHER;
	for (; id < HTTP_NAMES && names[id][0] == (*p | 0x20); id++)
		if (names[id][n] == '\0' && names[id][n - 1] != '\0'
		    && http_is_word(p, names[id], n))
			return (enum http_name)id;
	return HTTP_FIELD_OTHER;
}

/* Where p, if it is one of n bytes at from, is now. */
static const char *
moved(const char *p, const char *from, const char *to, size_t n)
{
	size_t at = (size_t)((uintptr_t)p - (uintptr_t)from);

	return p != NULL && at <= n ? to + at : p;
}

void
http_moved(struct http_head *head, const char *from, const char *to, size_t n)
{
	struct slice *const part[] = { &head->line, &head->method_text,
		&head->target, &head->path, &head->query, &head->host };
	struct http_field *f = head->field;
	size_t i;

	for (i = 0; i < COUNT(part); i++)
		part[i]->p = moved(part[i]->p, from, to, n);
	for (; f < head->field + head->nfields; f++) {
		f->name = moved(f->name, from, to, n);
		f->value = moved(f->value, from, to, n);
	}
}

struct slice
http_field(const struct http_head *head, enum http_name id)
{
	const struct http_field *f;

	if (head->first[id] == 0)
		return (struct slice){ NULL, 0 };
	f = &head->field[head->first[id] - 1];
	return (struct slice){ f->value, f->value_n };
}

struct slice
http_field_named(const struct http_head *head, const char *name)
{
	const struct http_field *f = head->field;

	for (; f < head->field + head->nfields; f++)
		if (slice_case_eq((struct slice){ f->name, f->name_n }, name))
			return (struct slice){ f->value, f->value_n };
	return (struct slice){ NULL, 0 };
}

struct slice
http_cookie(const struct http_head *head, const char *name)
{
	const struct http_field *f = head->field;
	const size_t n = strlen(name);
	const char *p, *end, *stop;
	struct slice pair;

	for (; f < head->field + head->nfields; f++) {
		end = f->value + f->value_n;
		for (p = f->value; f->id == HTTP_COOKIE && p < end;
		    p = stop + 1) {
			stop = memchr(p, ';', (size_t)(end - p));
			if (stop == NULL)
				stop = end;
			pair = slice_trim((struct slice){ p,
			    (size_t)(stop - p) });
			if (pair.n > n && pair.p[n] == '='
			    && memcmp(pair.p, name, n) == 0)
				return (struct slice){ pair.p + n + 1,
				    pair.n - n - 1 };
		}
	}
	return (struct slice){ NULL, 0 };
}

int
http_field_is_valid(const char *name, const char *value)
{
	const char *p = name, *v = value;

	while (http_is(*p, HTTP_TOKEN))
		p++;
	while (!http_is(*v, HTTP_CONTROL))	/* as NUL is */
		v++;
	return p > name && *p == '\0' && *v == '\0'
	    && p - name <= HTTP_HEAD_MAX && v - value <= HTTP_HEAD_MAX;
}

int
http_field_add(struct http_head *head, const char *name, const char *value)
{
	struct http_field *f = head->field + head->nfields;
	uint8_t id = HTTP_NAMES - 1;

	if (head->nfields == head->field_room)
		return -1;
	while (id > HTTP_FIELD_OTHER
	    && !slice_case_eq(slice_of(name), names[id]))
		id--;
	f->name = name;
	f->name_n = (uint16_t)strlen(name);
	f->value = value;
	f->value_n = (uint16_t)strlen(value);
	f->id = id;
	head->nfields++;
	if (head->first[id] == 0)
		head->first[id] = (uint8_t)head->nfields;
	return 0;
}

void
http_field_drop(struct http_head *head, const char *name)
{
	const struct http_field *f = head->field;
	unsigned n = head->nfields, kept = 0;

	memset(head->first, 0, sizeof(head->first));
	for (; n > 0; n--, f++) {
		if (slice_case_eq((struct slice){ f->name, f->name_n }, name))
			continue;
		head->field[kept++] = *f;
		if (head->first[f->id] == 0)
			head->first[f->id] = (uint8_t)kept;
	}
	head->nfields = kept;
}

const char *
http_part_end(const char *p, const char *end, char sep)
{
	int quoted = 0;

	for (; p < end && (quoted || *p != sep); p++) {
		if (*p == '"')
			quoted = !quoted;
		else if (*p == '\\' && quoted && end - p > 1)
			p++;
	}
	return quoted ? NULL : p;
}

/* *field is the index of the field we are in, *at the offset in its value;
 * both only grow, so that no list, however empty, is walked for ever. */
struct slice
http_list(const struct http_head *head, enum http_name id, unsigned *field,
    size_t *at)
{
	struct slice element;
	const struct http_field *f;
	const char *p, *stop;

	for (; *field < head->nfields; (*field)++, *at = 0) {
		f = &head->field[*field];
		while (f->id == id && *at < f->value_n) {
			p = f->value + *at;
			stop = http_part_end(p, f->value + f->value_n, ',');
			if (stop == NULL)	/* takes in all that follows */
				stop = f->value + f->value_n;
			*at += (size_t)(stop - p) + 1;
			element = slice_trim((struct slice){ p,
			    (size_t)(stop - p) });
			if (element.n > 0)
				return element;
		}
	}
	return (struct slice){ NULL, 0 };
}

/* Steps over "[...]" with an IPv6 address in it; NULL if it is not one. No
 * zone: that means nothing to us. */
static const char *
skip_literal(const char *p, const char *end)
{
	const char *close = memchr(p, ']', (size_t)(end - p));
	size_t n = close == NULL ? 0 : (size_t)(close - p) - 1;
	char text[INET6_ADDRSTRLEN] = "";
	struct in6_addr address;

	if (n < sizeof(text))
		memcpy(text, p + 1, n);
	return inet_pton(AF_INET6, text, &address) == 1 ? close + 1 : NULL;
}

/* Steps over a name. Stops at an empty label: ".." may become a folder's name
 * (mod_simple_vhost, mod_evhost). */
static const char *
skip_name(const char *p)
{
	const char *start = p;

	for (;;) {
		while (http_is(*p, HTTP_HOST_NAME))
			p++;
		if (*p == '.' && p > start && p[-1] != '.')
			p++;
		else if (*p == '%' && http_is(p[1], HTTP_HEX)
		    && http_is(p[2], HTTP_HEX))
			p += 3;
		else
			return p;
	}
}

int
http_is_host(struct slice s)
{
	const char *p, *port, *end = s.p + s.n;
	unsigned number = 0;

	p = *s.p == '[' ? skip_literal(s.p, end) : skip_name(s.p);
	if (p == NULL || p == s.p)
		return 0;
	if (p < end && *p == ':') {	/* may be empty: RFC 3986 3.2.3 */
		port = ++p;
		for (; *p >= '0' && *p <= '9'; p++)
			number = number * 10 + (unsigned)(*p - '0');
		if (p - port > 5 || number > 65535)
			return 0;
	}
	return p == end;
}
