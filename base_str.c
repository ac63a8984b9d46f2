/*
 * base_str.c - numbers, paths of URLs, escapes, base64, and how alike two words
 * are.
 *
 * Called wherever text crosses a border: a number that a client sent, a path
 * on its way to the disk, a name on its way into a page, a URL or a log. Each
 * escape exists once, so that no page forgets one. Knows ASCII and UTF-8, never
 * the locale, and never decodes anything twice.
 */
#include <limits.h>
#include <string.h>
#include <strings.h>

#include "base.h"

enum {
	IN_URL = 1,		/* unreserved (RFC 3986 2.3), and "/" */
	PLAIN = 2,		/* in a path: means itself wherever it stands */
	LOGGED = 4,		/* fit for a log line as it is */

	/* What the table below is written in. */
	N = PLAIN, L = LOGGED, S = LOGGED | IN_URL, P = LOGGED | PLAIN,
	U = LOGGED | PLAIN | IN_URL
};

/* A backslash and a quote could forge or end a log line's field; "%" and "/"
 * are what str_url_path_as has to look at; all above 0x7e needs care. */
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

static const char digits[] = "0123456789abcdef";

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
		if (digit < 0 || digit > 9
		    || value > (INT64_MAX - digit) / 10)
			return -1;
		value = value * 10 + digit;
	}
	*number = value;
	return 0;
}

/* The bytes of the character that text begins with, or 0 if it is none that
 * UTF-8 allows. Overlong forms, surrogates and what lies above U+10FFFF (RFC
 * 3629 4) would be second spellings of a name that a rule has looked at. */
static size_t
utf8_length(const char *text, size_t n)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	const unsigned char *p = (const unsigned char *)text;
	size_t length = p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4, k;
	uint32_t code = p[0] & (0x7fu >> length);

	if (p[0] < 0x80)
		return 1;
	if (p[0] < 0xc2 || p[0] > 0xf4 || length > n)
		return 0;
	for (k = 1; k < length; k++) {
		if ((p[k] & 0xc0) != 0x80)
			return 0;
		code = code << 6 | (p[k] & 0x3f);
	}
	return code < least[length] || code > 0x10ffff
	    || (code >= 0xd800 && code <= 0xdfff) ? 0 : length;
}

/* The value of a hexadecimal digit; for any other byte less than every sum
 * with a digit's value could make up for. */
static int
hex_value(char c)
{
	/* below "0" there are bytes that become digits by their 0x20 */
	const char *digit = c < '0' ? NULL : memchr(digits, c | 0x20, 16);

	return digit == NULL ? -256 : (int)(digit - digits);
}

/* True for a path, as most are, that is its own decoding. */
static int
is_clean_path(struct slice path)
{
	const char *p = path.p, *end = path.p + path.n;

	while (p < end && (is(*p, PLAIN) || (*p == '/' && (end - p == 1
	    || (p[1] != '/' && p[1] != '.')))))
		p++;
	return p == end;
}

/* Decodes into out, which has room. Returns 0, or -1: a byte is refused. */
static int
decode_path(struct buf *out, struct slice path, unsigned options)
{
	const char *p = path.p, *end = path.p + path.n;
	size_t at, length;
	int c;

	while (p < end) {
		c = (unsigned char)*p++;
		if (c == '%') {
			if (end - p < 2)
				return -1;
			c = hex_value(p[0]) * 16 + hex_value(p[1]);
			p += 2;
			if (c == '/' && options & URL_NO_2F)
				return -1;
		}
		if (c <= 0 || ((c < 0x20 || c == 0x7f)
		    && !(options & URL_CONTROLS)))
			return -1;
		buf_addc(out, (char)c);
	}
	for (at = 0; at < out->n && !(options & URL_NOT_UTF8); at += length) {
		length = utf8_length(out->p + at, out->n - at);
		if (length == 0)
			return -1;
	}
	return 0;
}

/* Takes empty and dot segments out. Returns 0, or -1: it leaves the root, or
 * there are some and there may be none. */
static int
remove_dots(struct buf *path, unsigned options)
{
	char *from = path->p + 1, *to = from, *end = path->p + path->n;
	size_t n, slash;

	for (*end = '\0'; from < end; from += n + slash) {
		n = strcspn(from, "/");
		slash = from[n] == '/';
		if (n == 2 && from[0] == '.' && from[1] == '.') {
			if (--to == path->p)
				return -1;
			while (to[-1] != '/')
				to--;
		} else if (n > 1 || (n == 1 && from[0] != '.')) {
			memmove(to, from, n + slash);
			to += n + slash;
			continue;
		}
		if (n > 0 && options & URL_NO_DOTS)
			return -1;
	}
	path->n = (size_t)(to - path->p);
	return 0;
}

/* %2F is decoded before segments are looked at, and "//" collapsed before "..",
 * as the files below see it: there must not be two readings of one path. */
int
str_url_path_as(struct buf *out, struct slice path, unsigned options)
{
	out->n = 0;
	out->failed = 0;
	if (path.n == 0 || path.p[0] != '/'
	    || buf_reserve(out, path.n + 1) == -1)
		return -1;
	if (is_clean_path(path)) {
		buf_add(out, path.p, path.n);
	} else if (decode_path(out, path, options) == -1
	    || remove_dots(out, options) == -1) {
		out->n = 0;
		return -1;
	}
	out->p[out->n] = '\0';
	return 0;
}

static void
add_hex(struct buf *out, const char *prefix, char c)
{
	buf_adds(out, prefix);
	buf_addc(out, digits[(unsigned char)c >> 4]);
	buf_addc(out, digits[c & 15]);
}

/* Appends text; a byte outside of kind becomes prefix and two hexadecimal
 * digits, or without prefix one of HTML's becomes its entity. */
static void
escape(struct buf *out, struct slice text, int kind, const char *prefix)
{
	static const char special[] = "&<>\"'", entities[][8] = {
		"&amp;", "&lt;", "&gt;", "&quot;", "&#39;"
	};
	const char *html;
	size_t i, done = 0;

	for (i = 0; i < text.n; i++) {
		if (is(text.p[i], kind))
			continue;
		html = prefix != NULL ? special : memchr(special, text.p[i], 5);
		if (html == NULL)
			continue;
		buf_add(out, text.p + done, i - done);
		if (prefix == NULL)
			buf_adds(out, entities[html - special]);
		else
			add_hex(out, prefix, text.p[i]);
		done = i + 1;
	}
	if (done < text.n)
		buf_add(out, text.p + done, text.n - done);
}

void
str_escape_html(struct buf *out, struct slice text)
{
	escape(out, text, IN_URL, NULL);
}

void
str_escape_url(struct buf *out, struct slice text)
{
	escape(out, text, IN_URL, "%");
}

/* Mostly there is nothing to escape: words are copied, from the end on, the
 * last one over the one before. In one of the four terms the first byte to be
 * escaped has its high bit set: DEL or not ASCII, control, quote, backslash. */
void
str_escape_log(struct buf *out, struct slice text)
{
	const uint64_t ones = UINT64_MAX / 255;
	uint64_t w, special = 0;
	size_t i = text.n;
	char *to;

	if (i >= sizeof(w) && (i <= out->cap - out->n
	    || buf_reserve(out, i) == 0)) {
		to = out->p + out->n;
		do {
			i = i > sizeof(w) ? i - sizeof(w) : 0;
			memcpy(&w, text.p + i, sizeof(w));
			memcpy(to + i, &w, sizeof(w));
			special |= (w + ones) | (w - ones * ' ')
			    | ((w ^ ones * '"') - ones)
			    | ((w ^ ones * '\\') - ones);
		} while (i > 0);
		if ((special & ones * 0x80) == 0) {
			out->n += text.n;
			return;
		}
	}
	escape(out, text, LOGGED, "\\x");
}

/* A name on disk need not be UTF-8, but JSON has to be (RFC 8259 8.1): what is
 * not becomes U+FFFD. */
void
str_escape_json(struct buf *out, struct slice text)
{
	size_t i, n;
	char c;

	for (i = 0; i < text.n; i += n) {
		c = text.p[i];
		n = utf8_length(text.p + i, text.n - i);
		if (n == 0) {
			buf_adds(out, "\\ufffd");
			n = 1;
		} else if (n == 1 && (c < 0x20 || c == 0x7f)) {
			add_hex(out, "\\u00", c);
		} else {
			if (c == '"' || c == '\\')
				buf_addc(out, '\\');
			buf_add(out, text.p + i, n);
		}
	}
}

void
str_size(struct buf *out, uintmax_t n)
{
	const char *unit = "KMGTPE";

	for (; n >= 1024 * 1024; n /= 1024)
		unit++;
	/* a unit is 1024 n by now, unless there is none */
	if (n < 1024)
		buf_printf(out, "%ju B", n);
	else
		buf_printf(out, "%ju.%ju %ciB", n / 1024,
		    n % 1024 * 10 / 1024, *unit);
}

void
str_add_path(struct buf *out, struct slice name)
{
	while (name.n > 0 && name.p[0] == '/') {
		name.p++;
		name.n--;
	}
	if (out->n > 0 && out->p[out->n - 1] != '/')
		buf_addc(out, '/');
	buf_add(out, name.p, name.n);
}

int
str_word(const char *words, struct slice word)
{
	int i;

	for (i = 0; *words != '\0'; i++, words += strlen(words) + 1)
		if (strlen(words) == word.n
		    && strncasecmp(words, word.p, word.n) == 0)
			return i;
	return -1;
}

const char *
str_word_at(const char *words, int n)
{
	while (n-- > 0)
		words += strlen(words) + 1;
	return words;
}

int
str_base64(struct buf *out, struct slice text)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	    "abcdefghijklmnopqrstuvwxyz0123456789+/";
	const char *letter;
	unsigned bits = 0;
	size_t i, n = text.n;

	while (n > 0 && text.n - n < 2 && text.p[n - 1] == '=')
		n--;
	/* one letter alone is no byte, and "=" fills up to four */
	if (n % 4 == 1 || (n < text.n && text.n % 4 != 0))
		return -1;
	for (i = 0; i < n; i++) {
		letter = memchr(letters, text.p[i], sizeof(letters) - 1);
		if (letter == NULL)
			return -1;
		bits = bits << 6 | (unsigned)(letter - letters);
		if (i % 4 > 0)
			buf_addc(out, (char)(bits >> (6 - 2 * (i % 4))));
	}
	return out->failed ? -1 : 0;
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
	for (i = 0; i < an; i++) {
		corner = row[0]++;
		for (k = 0; k < bn; k++) {
			above = row[k + 1];
			best = (above < row[k] ? above : row[k]) + 1;
			corner += a[i] != b[k];
			row[k + 1] = best < corner ? best : corner;
			corner = above;
		}
	}
	return row[bn];
}
