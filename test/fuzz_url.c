/*
 * fuzz_url.c - str_url_path and the escapes on any bytes.
 *
 * The input is the path of a URL. Promises beyond "no crash": what is accepted
 * is just what a plain reading of RFC 3986 comes to (decode once, "/" by "/",
 * never above the root), so it has no "..", no "//", no NUL and no control
 * byte, and is UTF-8; escaped and decoded again it is the same; no escape lets
 * through what means something where the text goes.
 */
#include "fuzz.h"

/* ---- the plain reading -------------------------------------------------- */

static int
plain_hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static int
plain_decode(struct buf *out, struct slice path)
{
	size_t i;
	int c;

	for (i = 0; i < path.n; i++) {
		c = (unsigned char)path.p[i];
		if (c == '%') {
			if (path.n - i < 3 || plain_hex(path.p[i + 1]) == -1
			    || plain_hex(path.p[i + 2]) == -1)
				return -1;
			c = plain_hex(path.p[i + 1]) * 16
			    + plain_hex(path.p[i + 2]);
			i += 2;
		}
		if (c < ' ' || c == 0x7f)
			return -1;
		buf_addc(out, (char)c);
	}
	return 0;
}

/* By the table of RFC 3629 4. */
static int
plain_utf8(const struct buf *b)
{
	static const struct {
		unsigned char from, to, low, high;
		int more;
	} rows[] = {
		{ 0x00, 0x7f, 0, 0, 0 }, { 0xc2, 0xdf, 0x80, 0xbf, 1 },
		{ 0xe0, 0xe0, 0xa0, 0xbf, 2 }, { 0xe1, 0xec, 0x80, 0xbf, 2 },
		{ 0xed, 0xed, 0x80, 0x9f, 2 }, { 0xee, 0xef, 0x80, 0xbf, 2 },
		{ 0xf0, 0xf0, 0x90, 0xbf, 3 }, { 0xf1, 0xf3, 0x80, 0xbf, 3 },
		{ 0xf4, 0xf4, 0x80, 0x8f, 3 }
	};
	const unsigned char *p = (const unsigned char *)b->p, *end = p + b->n;
	size_t row;
	int k;

	for (; p < end; p += rows[row].more + 1) {
		for (row = 0; row < COUNT(rows); row++)
			if (*p >= rows[row].from && *p <= rows[row].to)
				break;
		if (row == COUNT(rows) || end - p <= rows[row].more)
			return 0;
		for (k = 1; k <= rows[row].more; k++)
			if (p[k] < (k == 1 ? rows[row].low : 0x80)
			    || p[k] > (k == 1 ? rows[row].high : 0xbf))
				return 0;
	}
	return 1;
}

/* Puts segment after segment down, and takes one back for "..". */
static int
plain_segments(struct buf *out, const struct buf *path)
{
	const char *p = path->p, *end = p + path->n, *slash;
	size_t n;

	buf_addc(out, '/');
	for (p++; p < end; p += n + (slash != NULL)) {
		slash = memchr(p, '/', (size_t)(end - p));
		n = (size_t)((slash != NULL ? slash : end) - p);
		if (n == 0 || (n == 1 && *p == '.'))
			continue;
		if (n == 2 && p[0] == '.' && p[1] == '.') {
			if (out->n == 1)
				return -1;
			for (out->n--; out->p[out->n - 1] != '/'; out->n--)
				;
			continue;
		}
		buf_add(out, p, n);
		if (slash != NULL)
			buf_addc(out, '/');
	}
	return 0;
}

static int
plain_path(struct buf *out, struct slice path)
{
	struct buf decoded = { NULL, 0, 0, 0 };
	int result = -1;

	out->n = 0;
	if (path.n > 0 && path.p[0] == '/'
	    && plain_decode(&decoded, path) == 0 && plain_utf8(&decoded))
		result = plain_segments(out, &decoded);
	buf_free(&decoded);
	return result;
}

/* ---- promises ----------------------------------------------------------- */

static void
check_path(const struct buf *path)
{
	size_t i;

	MUST(path->n > 0 && path->p[0] == '/' && path->p[path->n] == '\0');
	MUST(strlen(path->p) == path->n);
	MUST(strstr(path->p, "//") == NULL);
	MUST(strstr(path->p, "/../") == NULL && strstr(path->p, "/./") == NULL);
	MUST(path->n < 3 || strcmp(path->p + path->n - 3, "/..") != 0);
	MUST(path->n < 2 || strcmp(path->p + path->n - 2, "/.") != 0);
	for (i = 0; i < path->n; i++)
		MUST((unsigned char)path->p[i] >= ' ' && path->p[i] != 0x7f);
}

/* A clean path is its own normalisation; escaped, it is found again. */
static void
check_again(const struct buf *path)
{
	struct buf url = { NULL, 0, 0, 0 }, again = url;

	str_escape_url(&url, (struct slice){ path->p, path->n });
	MUST(str_url_path(&again, (struct slice){ url.p, url.n }) == 0);
	MUST(again.n == path->n && memcmp(again.p, path->p, again.n) == 0);
	if (memchr(path->p, '%', path->n) == NULL) {
		MUST(str_url_path(&again, (struct slice){ path->p, path->n })
		    == 0);
		MUST(again.n == path->n
		    && memcmp(again.p, path->p, again.n) == 0);
	}
	buf_free(&url);
	buf_free(&again);
}

static void
check_bytes(const struct buf *b, const char *never)
{
	size_t i;

	for (i = 0; i < b->n; i++)
		MUST(b->p[i] != '\0' && strchr(never, b->p[i]) == NULL);
}

static void
check_escapes(struct slice text)
{
	struct buf b = { NULL, 0, 0, 0 };
	size_t i;

	str_escape_url(&b, text);
	check_bytes(&b, " \"'<>?#\\\r\n&;:");
	for (i = 0; i < b.n; i++)
		MUST(b.p[i] > ' ' && b.p[i] < 0x7f);
	b.n = 0;
	str_escape_log(&b, text);
	check_bytes(&b, "\"\r\n\033\177");
	for (i = 0; i < b.n; i++)
		MUST(b.p[i] >= ' ' && b.p[i] < 0x7f);
	b.n = 0;
	if (text.n == 0 || memchr(text.p, '\0', text.n) == NULL) {
		str_escape_html(&b, text);
		check_bytes(&b, "<>\"'");
		b.n = 0;
	}
	str_escape_json(&b, text);
	for (i = 0; i < b.n; i++) {
		MUST((unsigned char)b.p[i] >= ' ' && b.p[i] != '"');
		if (b.p[i] != '\\')
			continue;
		MUST(i + 1 < b.n && strchr("\"\\bfnrtu", b.p[i + 1]) != NULL);
		i++;
	}
	buf_free(&b);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct buf got = { NULL, 0, 0, 0 }, want = got;
	char *copy = exact_copy((const char *)data, n);
	struct slice path = { copy, n };
	int result = str_url_path(&got, path);

	MUST(result == plain_path(&want, path));
	if (result == 0) {
		check_path(&got);
		MUST(got.n <= n && got.n == want.n
		    && memcmp(got.p, want.p, got.n) == 0);
		check_again(&got);
	}
	check_escapes(path);
	buf_free(&got);
	buf_free(&want);
	free(copy);
	return 0;
}
