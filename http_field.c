/*
 * http_field.c - finds the fields of a parsed head, and what is in them.
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

enum { NAME_LENGTH_MAX = 19, NAMES_OF_LENGTH = 3 };

/* The names we look at, by their length. */
static const struct known {
	const char *name;
	enum http_name id;
} known[NAME_LENGTH_MAX + 1][NAMES_OF_LENGTH] = {
	[4] = { { "host", HTTP_HOST } },
	[5] = { { "range", HTTP_RANGE } },
	[6] = { { "accept", HTTP_ACCEPT }, { "cookie", HTTP_COOKIE },
		{ "expect", HTTP_EXPECT } },
	[7] = { { "referer", HTTP_REFERER }, { "upgrade", HTTP_UPGRADE } },
	[8] = { { "if-match", HTTP_IF_MATCH }, { "if-range", HTTP_IF_RANGE } },
	[10] = { { "user-agent", HTTP_USER_AGENT },
		{ "connection", HTTP_CONNECTION } },
	[12] = { { "content-type", HTTP_CONTENT_TYPE } },
	[13] = { { "if-none-match", HTTP_IF_NONE_MATCH },
		{ "authorization", HTTP_AUTHORIZATION } },
	[14] = { { "content-length", HTTP_CONTENT_LENGTH } },
	[15] = { { "accept-encoding", HTTP_ACCEPT_ENCODING } },
	[17] = { { "if-modified-since", HTTP_IF_MODIFIED_SINCE },
		{ "transfer-encoding", HTTP_TRANSFER_ENCODING } },
	[19] = { { "if-unmodified-since", HTTP_IF_UNMODIFIED_SINCE } }
};

enum http_name
http_find_name(const char *p, size_t n)
{
	const struct known *k, *last;
	size_t i;

	if (n > NAME_LENGTH_MAX)
		return HTTP_FIELD_OTHER;
	last = known[n] + NAMES_OF_LENGTH;
	for (k = known[n]; k < last && k->name != NULL; k++) {
		/* In a token, setting 0x20 changes no more than the case of
		 * what can be in our names. */
		for (i = 0; i < n && (p[i] | 0x20) == k->name[i]; i++)
			;
		if (i == n)
			return k->id;
	}
	return HTTP_FIELD_OTHER;
}

struct slice
http_field(const struct http_head *head, enum http_name id)
{
	struct slice none = { NULL, 0 };
	const struct http_field *f;

	if (head->first[id] == 0)
		return none;
	f = &head->field[head->first[id] - 1];
	return (struct slice){ f->value, f->value_n };
}

struct slice
http_field_named(const struct http_head *head, const char *name)
{
	struct slice none = { NULL, 0 };
	const struct http_field *f = head->field;
	const struct http_field *last = f + head->nfields;

	for (; f < last; f++)
		if (slice_case_eq((struct slice){ f->name, f->name_n }, name))
			return (struct slice){ f->value, f->value_n };
	return none;
}

/* The comma that ends the element at i, or value.n. A quote that is never
 * closed takes in all that follows. */
static size_t
element_end(struct slice value, size_t i)
{
	int quoted = 0;

	for (; i < value.n; i++) {
		if (value.p[i] == '"')
			quoted = !quoted;
		else if (value.p[i] == '\\' && quoted)
			i++;
		else if (value.p[i] == ',' && !quoted)
			return i;
	}
	return value.n;
}

/* *field is the index of the field we are in, *at the offset in its value;
 * both only grow, so that no list, however empty, is walked for ever. */
struct slice
http_list(const struct http_head *head, enum http_name id, unsigned *field,
    size_t *at)
{
	struct slice none = { NULL, 0 }, value, element;
	const struct http_field *f;
	size_t end;

	if (*field == 0 && *at == 0)
		*field = head->first[id] == 0 ? head->nfields
		    : head->first[id] - 1u;
	for (; *field < head->nfields; (*field)++, *at = 0) {
		f = &head->field[*field];
		if (f->id != id)
			continue;
		value = (struct slice){ f->value, f->value_n };
		while (*at < value.n) {
			end = element_end(value, *at);
			element = (struct slice){ value.p + *at, end - *at };
			element = slice_trim(element);
			*at = end + 1;
			if (element.n > 0)
				return element;
		}
	}
	return none;
}

/* True for a port without its colon; it may be empty (RFC 3986 3.2.3). */
static int
is_port(const char *p, const char *end)
{
	unsigned digit, number = 0;

	if (end - p > 5)
		return 0;
	for (; p < end; p++) {
		digit = (unsigned)(unsigned char)*p - '0';
		if (digit > 9)
			return 0;
		number = number * 10 + digit;
	}
	return number <= 65535;
}

/* Steps over "[...]" with an IPv6 address in it; NULL if it is not one. No
 * zone: that means nothing to us. */
static const char *
skip_literal(const char *p, const char *end)
{
	char text[INET6_ADDRSTRLEN];
	struct in6_addr address;
	size_t n = 0;

	for (p++; p < end && *p != ']' && n < sizeof(text) - 1; p++)
		text[n++] = *p;
	text[n] = '\0';
	if (p == end || *p != ']' || inet_pton(AF_INET6, text, &address) != 1)
		return NULL;
	return p + 1;
}

static int
is_hex(char c)
{
	return (c >= '0' && c <= '9')
	    || ((c | 0x20) >= 'a' && (c | 0x20) <= 'f');
}

/* Steps over a name; NULL if it is not one. An empty label is refused: ".."
 * may become a folder's name (mod_simple_vhost, mod_evhost). */
static const char *
skip_name(const char *p, const char *end)
{
	const char *start = p;

	for (; p < end; p++) {
		if (http_is(*p, HTTP_HOST_NAME))
			continue;
		if (*p == ':')
			break;
		if (*p == '.' && p > start && p[-1] != '.')
			continue;
		if (*p != '%' || end - p < 3
		    || !is_hex(p[1]) || !is_hex(p[2]))
			return NULL;
	}
	return p;
}

int
http_is_host(struct slice s)
{
	const char *p = s.p, *end = s.p + s.n;

	if (s.n == 0)
		return 0;
	p = *p == '[' ? skip_literal(p, end) : skip_name(p, end);
	if (p == NULL || p == s.p)
		return 0;
	return p == end || (*p == ':' && is_port(p + 1, end));
}
