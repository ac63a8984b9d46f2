/*
 * base_set.c - sets of bytes: how patterns of Perl write them, and POSIX.
 *
 * Called by base_pat.c for all that stands for one byte of a subject: a letter,
 * an escape, ".", [...]. Pure functions on bytes. Letters are those of ASCII,
 * as in the locale "C", which the process never leaves.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wctype.h>

#include "base.h"

enum { CLASS = 0 };	/* not a byte, but a class: in the set already */

/* Adds the bytes of a class, or all others. Returns CLASS, or -1: there is no
 * class of this name. */
static int
add_class(struct set *set, const char *name, int others)
{
	wctype_t class = wctype(name);
	int c;

	for (c = 1; c < 256; c++)
		if ((c < 128 && iswctype((wint_t)c, class)) != others)
			set->has[c] = 1;
	return class == 0 ? -1 : CLASS;
}

/* Reads from behind a backslash. Returns the byte it means, CLASS, or -1. */
static int
read_escape(struct set *set, const char **p)
{
	static const char letters[] = "tnrfea", bytes[] = "\t\n\r\f\033\a";
	const char *letter;
	char hex[3] = "";
	int c = (unsigned char)*(*p)++, others = (c & 0x20) == 0, under;

	switch (c | 0x20) {
	case 'd':
		return add_class(set, "digit", others);
	case 's':
		return add_class(set, "space", others);
	case 'w':
		under = set->has['_'] || !others;
		(void)add_class(set, "alnum", others);
		set->has['_'] = (unsigned char)under;
		return CLASS;
	}
	letter = strchr(letters, c);
	if (c != '\0' && letter != NULL)
		return bytes[letter - letters];
	if (c == 'x' && strspn(*p, "0123456789abcdefABCDEF") >= 2) {
		memcpy(hex, *p, 2);
		*p += 2;
		c = (int)strtol(hex, NULL, 16);
		return c > 0 ? c : -1;
	}
	/* what Perl may have in mind with others, POSIX cannot do */
	return c == '\0' || (c < 128 && iswctype((wint_t)c, wctype("alnum")))
	    ? -1 : c;
}

/* A byte of [...]. Returns it, CLASS, or -1. */
static int
read_member(struct set *set, const char **p)
{
	char name[16];
	int c = (unsigned char)*(*p)++;
	size_t n;

	if (c == '\0')
		return -1;
	if (c == '\\')
		return read_escape(set, p);
	n = strcspn(*p, "]");
	if (c != '[' || (*p)[0] != ':' || n < 2 || (*p)[n - 1] != ':'
	    || (*p)[n] == '\0')
		return c;
	snprintf(name, sizeof(name), "%.*s", (int)n - 2, *p + 1);
	*p += n + 1;
	return add_class(set, name, 0);
}

/* Reads from behind the "[". Returns CLASS or -1. What case does not tell apart
 * is in the set, or not, together: POSIX takes "[^" as it is written. */
static int
read_bracket(struct set *set, const char **p, int any_case)
{
	int others = **p == '^', from, to, c;
	const char *first = *p += others;

	while (**p != ']' || *p == first) {
		from = to = read_member(set, p);
		if (from > 0 && (*p)[0] == '-' && (*p)[1] != ']') {
			++*p;
			to = read_member(set, p);
			if (to == CLASS) {		/* [a-\d] */
				set->has['-'] = 1;
				to = from;
			}
		}
		if (from == -1 || to < from)
			return -1;
		for (c = from; c <= to; c++)
			set->has[c] = 1;
	}
	++*p;
	for (c = 'a'; any_case && c <= 'z'; c++)
		set->has[c] = set->has[c - 32] = set->has[c]
		    | set->has[c - 32];
	for (c = 0; others && c < 256; c++)
		set->has[c] ^= 1;
	return CLASS;
}

int
set_read(struct set *set, const char **p, int any_case)
{
	int c = (unsigned char)*(*p)++, n = 0, last = 0;

	memset(set, 0, sizeof(*set));
	if (c == '\\')
		c = read_escape(set, p);
	else if (c == '[')
		c = read_bracket(set, p, any_case);
	else if (c == '.')
		c = add_class(set, "alpha", 0) + add_class(set, "alpha", 1);
	if (c == -1)
		return -1;
	set->has[c] = 1;
	for (c = 1; c < 256; c++)
		if (set->has[c]) {
			n++;
			last = c;
		}
	return n == 0 ? -1 : n == 1 ? last : SET_SEVERAL;
}

/* Which letters c is among: no range goes beyond them, for in any case the one
 * from "_" to "a" would end at "A". */
static int
letters_of(int c)
{
	return (c | 0x20) >= 'a' && (c | 0x20) <= 'z' ? c & 0x20 : 1;
}

/* One with "^" is written as what it lacks: so "^" stands nowhere else. */
void
set_add_posix(struct buf *out, const struct set *set)
{
	int lacks = set->has['^'], c, first;
	size_t start = out->n;

	buf_adds(out, lacks ? "[^" : "[");
	if (set->has[']'] != lacks)
		buf_addc(out, ']');
	for (c = 1; c < 256; c += c == first) {
		first = c;
		while (c < 256 && set->has[c] != lacks
		    && letters_of(c) == letters_of(first)
		    && strchr("]-[", c) == NULL)
			c++;
		if (c > first)
			buf_addc(out, (char)first);
		if (c > first + 2)
			buf_addc(out, '-');
		if (c > first + 1)
			buf_addc(out, (char)(c - 1));
	}
	if (set->has['['] != lacks)
		buf_addc(out, '[');
	if (set->has['-'] != lacks)
		buf_addc(out, '-');
	buf_addc(out, ']');
	if (out->n == start + 3 && lacks) {	/* "[^]" */
		out->n = start;
		buf_addc(out, '.');
	}
}
