/*
 * base_buf.c - a growing byte buffer that remembers when memory ran out, and
 * slices that borrow from it.
 *
 * Everybody fills buffers without asking after each piece; who sends or keeps
 * the bytes asks b->failed once. No other file calls realloc for bytes.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base.h"

enum { BUF_LEAST = 256 };

int
buf_reserve(struct buf *b, size_t n)
{
	size_t cap = b->cap > 0 ? b->cap : BUF_LEAST;
	char *p = NULL;

	if (n <= b->cap - b->n)
		return 0;
	if (n <= SIZE_MAX / 4 - b->n) {
		while (cap - b->n < n)
			cap *= 2;
		p = realloc(b->p, cap);
	}
	if (p == NULL) {
		b->failed = 1;
		return -1;
	}
	b->p = p;
	b->cap = cap;
	return 0;
}

void
buf_add(struct buf *b, const void *p, size_t n)
{
	if (n == 0 || (n > b->cap - b->n && buf_reserve(b, n) == -1))
		return;
	memcpy(b->p + b->n, p, n);
	b->n += n;
}

void
buf_adds(struct buf *b, const char *text)
{
	buf_add(b, text, strlen(text));
}

void
buf_addc(struct buf *b, char c)
{
	if (b->n == b->cap && buf_reserve(b, 1) == -1)
		return;
	b->p[b->n++] = c;
}

char *
put_number(char *to, uintmax_t n)
{
	char digits[PUT_NUMBER_SIZE];
	size_t at = sizeof(digits);

	do {
		digits[--at] = (char)('0' + n % 10);
		n /= 10;
	} while (n > 0);
	memcpy(to, digits + at, sizeof(digits) - at);
	return to + sizeof(digits) - at;
}

void
buf_add_number(struct buf *b, uintmax_t n)
{
	char digits[PUT_NUMBER_SIZE], *end = put_number(digits, n);

	buf_add(b, digits, (size_t)(end - digits));
}

void
buf_printf(struct buf *b, const char *format, ...)
{
	va_list ap;
	int n;

	va_start(ap, format);
	n = vsnprintf(NULL, 0, format, ap);
	va_end(ap);
	/* one more: vsnprintf wants room for its NUL */
	if (n < 0 || buf_reserve(b, (size_t)n + 1) == -1) {
		b->failed = 1;
		return;
	}
	va_start(ap, format);
	vsnprintf(b->p + b->n, (size_t)n + 1, format, ap);
	va_end(ap);
	b->n += (size_t)n;
}

const char *
buf_text(struct buf *b)
{
	if (b->n == b->cap && buf_reserve(b, 1) == -1)
		return "";
	b->p[b->n] = '\0';
	return b->p;
}

void
buf_cut(struct buf *b, size_t from, size_t to)
{
	if (b->n > to)
		memmove(b->p + from, b->p + to, b->n - to);
	b->n -= to - from;
}

void
buf_free(struct buf *b)
{
	free(b->p);
	memset(b, 0, sizeof(*b));
}

struct slice
slice_of(const char *text)
{
	return (struct slice){ text, strlen(text) };
}

int
slice_eq(struct slice a, struct slice b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

int
slice_case_eq(struct slice a, const char *b)
{
	return a.n == strlen(b) && strncasecmp(a.p, b, a.n) == 0;
}

struct slice
slice_trim(struct slice s)
{
	for (; s.n > 0 && (s.p[0] == ' ' || s.p[0] == '\t'); s.p++)
		s.n--;
	while (s.n > 0 && (s.p[s.n - 1] == ' ' || s.p[s.n - 1] == '\t'))
		s.n--;
	return s;
}

struct slice
slice_cut(struct slice *rest, char at)
{
	const char *end = rest->n == 0 ? NULL : memchr(rest->p, at, rest->n);
	struct slice s = *rest;
	size_t n = s.n;

	*rest = (struct slice){ NULL, 0 };
	if (end != NULL) {
		s.n = (size_t)(end - s.p);
		rest->p = end + 1;
		rest->n = n - s.n - 1;
	}
	return s;
}
