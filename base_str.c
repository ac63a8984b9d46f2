/*
 * base_str.c - numbers, paths of URLs, escapes, and how alike two words are.
 *
 * Called wherever text crosses a border: a number that a client sent, a path
 * on its way to the disk, a name on its way into a page, a URL or a log. Each
 * escape exists once, so that no page forgets one. Knows ASCII and UTF-8, never
 * the locale, and never decodes anything twice.
 */
#include <limits.h>
#include <string.h>

#include "base.h"

enum {
	IN_URL = 1,		/* unreserved (RFC 3986 2.3), and "/" */
	PLAIN = 2,		/* in a path: means itself wherever it stands */
	LOGGED = 4,		/* fit for a log line as it is */

	/* What the table below is written in. */
	P = PLAIN | LOGGED,
	U = IN_URL | PLAIN | LOGGED,
	L = LOGGED,
	N = PLAIN,
	S = IN_URL | LOGGED
};

/* A backslash and a quote could forge or end a log line's field; "%" and "/"
 * are what str_url_path has to look at; all above 0x7e needs care. */
static const unsigned char class[256] = {
	0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
	0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
	P, P, N, P, P, L, P, P, P, P, P, P, P, U, U, S,	/*  !"#$%&'()*+,-./ */
	U, U, U, U, U, U, U, U, U, U, P, P, P, P, P, P,
	P, U, U, U, U, U, U, U, U, U, U, U, U, U, U, U,		/* @A-O */
	U, U, U, U, U, U, U, U, U, U, U, P, N, P, P, U,		/* P-Z[\]^_ */
	P, U, U, U, U, U, U, U, U, U, U, U, U, U, U, U,		/* `a-o */
	U, U, U, U, U, U, U, U, U, U, U, P, P, P, U, 0		/* p-z{|}~ */
};

static const char hex_digits[] = "0123456789abcdef";

static int
is(char c, int kind)
{
	return class[(unsigned char)c] & kind;
}

int
str_number(struct slice s, int64_t *number)
{
	int64_t value = 0;
	size_t i;
	int digit;

	if (s.n == 0)
		return -1;
	for (i = 0; i < s.n; i++) {
		digit = s.p[i] - '0';
		if (digit < 0 || digit > 9)
			return -1;
		if (value > INT64_MAX / 10
		    || (value == INT64_MAX / 10 && digit > INT64_MAX % 10))
			return -1;
		value = value * 10 + digit;
	}
	*number = value;
	return 0;
}

/* The bytes of the character that p begins with, or 0 if it is none that UTF-8
 * allows. The bounds of the second byte keep out overlong forms, surrogates
 * and what lies above U+10FFFF (RFC 3629 4): each would be a second spelling
 * of a name that a rule has looked at. */
static size_t
utf8_length(const char *text, size_t n)
{
	static const struct {
		unsigned char first, last, n, low, high;
	} form[] = {
		{ 0x00, 0x7f, 1, 0, 0 },
		{ 0xc2, 0xdf, 2, 0x80, 0xbf },
		{ 0xe0, 0xe0, 3, 0xa0, 0xbf },
		{ 0xe1, 0xec, 3, 0x80, 0xbf },
		{ 0xed, 0xed, 3, 0x80, 0x9f },
		{ 0xee, 0xef, 3, 0x80, 0xbf },
		{ 0xf0, 0xf0, 4, 0x90, 0xbf },
		{ 0xf1, 0xf3, 4, 0x80, 0xbf },
		{ 0xf4, 0xf4, 4, 0x80, 0x8f }
	};
	const unsigned char *p = (const unsigned char *)text;
	size_t i = 0, k;

	while (i < COUNT(form) && (*p < form[i].first || *p > form[i].last))
		i++;
	if (i == COUNT(form) || form[i].n > n)
		return 0;
	if (form[i].n > 1 && (p[1] < form[i].low || p[1] > form[i].high))
		return 0;
	for (k = 2; k < form[i].n; k++)
		if ((p[k] & 0xc0) != 0x80)
			return 0;
	return form[i].n;
}

static int
is_utf8(const char *p, const char *end)
{
	size_t n;

	while (p < end) {
		if ((unsigned char)*p < 0x80) {
			p++;
			continue;
		}
		n = utf8_length(p, (size_t)(end - p));
		if (n == 0)
			return 0;
		p += n;
	}
	return 1;
}

static int
hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return -1;
}

/* The next byte of a path, decoded; -1 when it is refused. */
static int
path_byte(const char **at, const char *end)
{
	const char *p = *at;
	int high, low, c = (unsigned char)*p;

	*at = p + 1;
	if (c == '%') {
		if (end - p < 3)
			return -1;
		high = hex_value(p[1]);
		low = hex_value(p[2]);
		if (high == -1 || low == -1)
			return -1;
		c = high * 16 + low;
		*at = p + 3;
	}
	return c < 0x20 || c == 0x7f ? -1 : c;
}

/* Judges the segment that lies between the slash before it and w. Returns
 * where the path goes on: behind a slash if the segment fell away, or else w;
 * NULL when it leaves the root at root or is not UTF-8. */
static char *
end_segment(const char *root, char *segment, char *w)
{
	size_t n = (size_t)(w - segment);

	if (n == 0 || (n == 1 && segment[0] == '.'))
		return segment;
	if (n == 2 && segment[0] == '.' && segment[1] == '.') {
		w = segment - 1;
		if (w == root)
			return NULL;
		while (w[-1] != '/')
			w--;
		return w;
	}
	return is_utf8(segment, w) ? w : NULL;
}

/* True for a path, as most are, that has nothing to decode, to check, to
 * collapse or to remove. */
static int
is_clean_path(struct slice path)
{
	const char *p = path.p, *end = path.p + path.n;

	for (; p < end; p++) {
		if (is(*p, PLAIN))
			continue;
		if (*p != '/')
			return 0;
		if (end - p > 1 && (p[1] == '/' || p[1] == '.'))
			return 0;
	}
	return 1;
}

/* %2F is decoded before segments are looked at, and "//" collapsed before "..",
 * as the files below see it: there must not be two readings of one path. */
int
str_url_path(struct buf *out, struct slice path)
{
	const char *p, *end;
	char *w, *segment;
	int c;

	if (path.n == 0 || path.p[0] != '/')
		return -1;
	out->n = 0;
	out->failed = 0;
	if (buf_reserve(out, path.n + 1) == -1)
		return -1;
	w = out->p;
	if (is_clean_path(path)) {
		memcpy(w, path.p, path.n);
		w[path.n] = '\0';
		out->n = path.n;
		return 0;
	}
	p = path.p + 1;
	end = path.p + path.n;
	*w++ = '/';
	segment = w;
	while (p < end) {
		c = path_byte(&p, end);
		if (c == -1)
			return -1;
		if (c != '/') {
			*w++ = (char)c;
			continue;
		}
		w = end_segment(out->p, segment, w);
		if (w == NULL)
			return -1;
		if (w[-1] != '/')
			*w++ = '/';
		segment = w;
	}
	w = end_segment(out->p, segment, w);
	if (w == NULL)
		return -1;
	*w = '\0';
	out->n = (size_t)(w - out->p);
	return 0;
}

void
str_escape_html(struct buf *out, struct slice text)
{
	static const struct {
		char c;
		const char *entity;
	} entities[] = {
		{ '&', "&amp;" }, { '<', "&lt;" }, { '>', "&gt;" },
		{ '"', "&quot;" }, { '\'', "&#39;" }
	};
	size_t i, k, done = 0;

	for (i = 0; i < text.n; i++) {
		for (k = 0; k < COUNT(entities); k++)
			if (text.p[i] == entities[k].c)
				break;
		if (k == COUNT(entities))
			continue;
		buf_add(out, text.p + done, i - done);
		buf_adds(out, entities[k].entity);
		done = i + 1;
	}
	if (done < text.n)
		buf_add(out, text.p + done, text.n - done);
}

/* Appends text; a byte outside of kind becomes prefix and two hexadecimal
 * digits. */
static void
escape_hex(struct buf *out, struct slice text, int kind, const char *prefix)
{
	size_t i, done = 0;

	for (i = 0; i < text.n; i++) {
		if (is(text.p[i], kind))
			continue;
		buf_add(out, text.p + done, i - done);
		buf_adds(out, prefix);
		buf_addc(out, hex_digits[(unsigned char)text.p[i] >> 4]);
		buf_addc(out, hex_digits[(unsigned char)text.p[i] & 15]);
		done = i + 1;
	}
	if (done < text.n)
		buf_add(out, text.p + done, text.n - done);
}

void
str_escape_url(struct buf *out, struct slice text)
{
	escape_hex(out, text, IN_URL, "%");
}

void
str_escape_log(struct buf *out, struct slice text)
{
	escape_hex(out, text, LOGGED, "\\x");
}

/* A name on disk need not be UTF-8, but JSON has to be (RFC 8259 8.1): what is
 * not becomes U+FFFD. */
void
str_escape_json(struct buf *out, struct slice text)
{
	size_t i, n;
	unsigned char c;

	for (i = 0; i < text.n; i += n) {
		n = utf8_length(text.p + i, text.n - i);
		c = (unsigned char)text.p[i];
		if (n == 0) {
			buf_adds(out, "\\ufffd");
			n = 1;
		} else if (c == '"' || c == '\\') {
			buf_addc(out, '\\');
			buf_addc(out, (char)c);
		} else if (c < 0x20 || c == 0x7f) {
			buf_adds(out, "\\u00");
			buf_addc(out, hex_digits[c >> 4]);
			buf_addc(out, hex_digits[c & 15]);
		} else {
			buf_add(out, text.p + i, n);
		}
	}
}

/* One row of the usual table of edits at a time. */
unsigned
str_distance(const char *a, const char *b)
{
	enum { MOST = 63 };
	unsigned row[MOST + 1], corner, above, best;
	size_t an = strlen(a), bn = strlen(b), i, k;

	if (an > MOST || bn > MOST)
		return UINT_MAX;
	for (k = 0; k <= bn; k++)
		row[k] = (unsigned)k;
	for (i = 1; i <= an; i++) {
		corner = row[0];
		row[0] = (unsigned)i;
		for (k = 1; k <= bn; k++) {
			above = row[k];
			best = corner + (a[i - 1] != b[k - 1]);
			if (best > above + 1)
				best = above + 1;
			if (best > row[k - 1] + 1)
				best = row[k - 1] + 1;
			corner = above;
			row[k] = best;
		}
	}
	return row[bn];
}
