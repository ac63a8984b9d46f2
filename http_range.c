/*
 * http_range.c - conditional requests, ranges and codings: what to send of a
 * file.
 *
 * Called by who serves something with validators (files, above all). Compares
 * entity tags as RFC 9110 8.8.3.2 says, strongly where bytes of two responses
 * could be mixed, and weakly where not. What is malformed is ignored, as if
 * the client had not asked; sums are never made of a client's numbers before
 * they are cut to the size of the file.
 */
#include <stdlib.h>
#include <string.h>

#include "http.h"

/* The value of a field that is there once; p is NULL if it is not, or more
 * often: such a condition does not count. */
static struct slice
only_field(const struct http_head *head, enum http_name id)
{
	unsigned i;

	for (i = head->first[id]; i < head->nfields; i++)
		if (i > 0 && head->field[i].id == id)
			return (struct slice){ NULL, 0 };
	return http_field(head, id);
}

/* ---- entity tags (RFC 9110 8.8.3) --------------------------------------- */

static int
is_weak(struct slice tag)
{
	return tag.n >= 2 && tag.p[0] == 'W' && tag.p[1] == '/';
}

static int
tags_match(struct slice a, struct slice b, int strong)
{
	size_t a_at = is_weak(a) ? 2 : 0, b_at = is_weak(b) ? 2 : 0;

	return a.n > 0 && !(strong && a_at + b_at > 0)
	    && slice_eq((struct slice){ a.p + a_at, a.n - a_at },
	    (struct slice){ b.p + b_at, b.n - b_at });
}

/* Takes the next tag of a list off the front of *list; a backslash means
 * itself in a tag, so this is not http_list's work. n is 0 behind the last
 * one, or when what follows is not a tag. */
static struct slice
take_tag(struct slice *list)
{
	const char *p = list->p, *end = p + list->n, *start, *close;

	while (p < end && (*p == ' ' || *p == '\t' || *p == ','))
		p++;
	start = p;
	if (end - p >= 2 && p[0] == 'W' && p[1] == '/')
		p += 2;
	close = end - p < 2 || *p != '"' ? NULL
	    : memchr(p + 1, '"', (size_t)(end - p) - 1);
	if (close == NULL)
		return (struct slice){ NULL, 0 };
	*list = (struct slice){ close + 1, (size_t)(end - close) - 1 };
	return (struct slice){ start, (size_t)(close + 1 - start) };
}

/* True when a field of that name has etag, or "*", in any of its lines. */
static int
has_tag(const struct http_head *head, enum http_name id, struct slice etag,
    int strong)
{
	struct slice list, tag;
	unsigned i;

	for (i = 0; i < head->nfields; i++) {
		if (head->field[i].id != id)
			continue;
		list.p = head->field[i].value;
		list.n = head->field[i].value_n;
		if (slice_eq(list, (struct slice){ "*", 1 }))
			return 1;
		for (tag = take_tag(&list); tag.n > 0; tag = take_tag(&list))
			if (tags_match(tag, etag, strong))
				return 1;
	}
	return 0;
}

/* ---- conditions (RFC 9110 13) ------------------------------------------- */

int
http_conditions(const struct http_head *head,
    const struct http_validators *v)
{
	int get = head->method == HTTP_GET || head->method == HTTP_HEAD;
	time_t date;

	if (head->first[HTTP_IF_MATCH] != 0
	    ? !has_tag(head, HTTP_IF_MATCH, v->etag, 1)
	    : date_parse(only_field(head, HTTP_IF_UNMODIFIED_SINCE), v->now,
	    &date) == 0 && v->modified > date)
		return 412;
	if (head->first[HTTP_IF_NONE_MATCH] != 0
	    ? has_tag(head, HTTP_IF_NONE_MATCH, v->etag, 0)
	    : get && date_parse(only_field(head, HTTP_IF_MODIFIED_SINCE),
	    v->now, &date) == 0 && v->modified <= date)
		return get ? 304 : 412;
	return 200;
}

/* ---- ranges (RFC 9110 14) ----------------------------------------------- */

/* True when If-Range, if there is one, names just what we have. */
static int
if_range_holds(const struct http_head *head, const struct http_validators *v)
{
	struct slice value = only_field(head, HTTP_IF_RANGE), rest = value, tag;
	time_t date;

	if (value.p == NULL)
		return head->first[HTTP_IF_RANGE] == 0;
	if (value.n > 0 && (value.p[0] == '"' || is_weak(value))) {
		tag = take_tag(&rest);
		return rest.n == 0 && tags_match(tag, v->etag, 1);
	}
	/* the file may have changed twice in a second that is not long past
	 * (8.8.2.2) */
	return date_parse(value, v->now, &date) == 0 && date == v->modified
	    && date < v->now - 1;
}

/* Reads the digits at *p; the largest number if there are too many, preset if
 * there are none. The byte behind the list they are in is none. */
static int64_t
read_number(const char **p, int64_t preset)
{
	char *end;

	if (**p < '0' || **p > '9')
		return preset;
	preset = strtoll(*p, &end, 10);
	*p = end;
	return preset;
}

/* Reads "first-last", "first-" or "-count" of size bytes into *r, whose length
 * is 0 when no such bytes exist. Returns 0, or -1: malformed. */
static int
read_range(struct slice s, int64_t size, struct http_range *r)
{
	const char *p = s.p;
	int64_t last;

	r->first = read_number(&p, -1);
	if (*p++ != '-')
		return -1;
	last = read_number(&p, r->first == -1 ? -2 : INT64_MAX);
	if (p != s.p + s.n || last < r->first)
		return -1;
	if (r->first == -1) {
		r->first = last < size ? size - last : 0;
		last = size;
	}
	if (last >= size)
		last = size - 1;
	r->length = r->first <= last ? last - r->first + 1 : 0;
	return 0;
}

/* Adds r; ranges that it overlaps, or is near to, are joined with it, so that
 * no byte is sent twice (RFC 9110 15.3.7.2). Those in the array never are near
 * to each other: what r was not near to at first, it is not afterwards. */
static unsigned
add_range(struct http_range *ranges, unsigned n, struct http_range r)
{
	int64_t end = r.first + r.length, old_end;
	unsigned i, kept = 0, place = n;

	for (i = 0; i < n; i++) {
		old_end = ranges[i].first + ranges[i].length;
		if (r.first - HTTP_RANGES_GAP > old_end
		    || ranges[i].first - HTTP_RANGES_GAP > end) {
			ranges[kept++] = ranges[i];
			continue;
		}
		end = end > old_end ? end : old_end;
		if (r.first > ranges[i].first)
			r.first = ranges[i].first;
		if (place == n)			/* keep the first one's */
			place = kept++;
	}
	r.length = end - r.first;
	if (place == n)
		place = kept++;
	ranges[place] = r;
	return kept;
}

int
http_ranges(const struct http_head *head, const struct http_validators *v,
    int64_t size, struct http_range ranges[HTTP_RANGES_MAX], unsigned *n)
{
	struct slice value = only_field(head, HTTP_RANGE), spec;
	struct http_range r;
	unsigned field = 0, count = 0;
	size_t at = 0, skip = 6;

	*n = 0;
	if (value.n < skip
	    || !slice_case_eq((struct slice){ value.p, skip }, "bytes=")
	    || (v != NULL && !if_range_holds(head, v)))
		return 200;
	for (spec = http_list(head, HTTP_RANGE, &field, &at); spec.p != NULL;
	    spec = http_list(head, HTTP_RANGE, &field, &at)) {
		if (spec.p == value.p)		/* "bytes=" is no part of it */
			spec = (struct slice){ spec.p + skip, spec.n - skip };
		if (spec.n == 0)
			continue;
		if (count++ == HTTP_RANGES_MAX
		    || read_range(spec, size, &r) == -1)
			return 200;
		if (r.length > 0)
			*n = add_range(ranges, *n, r);
	}
	return count == 0 ? 200 : *n > 0 ? 206 : 416;
}

/* ---- what a client likes best (RFC 9110 12.4.2) ------------------------- */

/* The weight of a list's element behind its semicolon (12.4.2), in thousandths.
 * What is no weight is none at all. */
static int
weight_of(struct slice s)
{
	int weight = 0, place = 1000;
	size_t i;

	if (s.n < 3 || s.n > 7 || (s.p[0] | 0x20) != 'q' || s.p[1] != '=')
		return 0;
	for (i = 2; i < s.n; i++) {
		if (i == 3 && s.p[i] == '.')
			continue;
		if (i == 3 || s.p[i] < '0' || s.p[i] > '9')
			return 0;
		weight += (s.p[i] - '0') * place;
		place /= 10;
	}
	return weight > 1000 ? 0 : weight;
}

int
http_weight(const struct http_head *head, enum http_name name,
    const char *word)
{
	unsigned field = 0;
	size_t at = 0, n;
	int any = -1, weight;
	struct slice s;
	const char *stop;

	for (;;) {
		s = http_list(head, name, &field, &at);
		if (s.p == NULL)
			return any;
		stop = memchr(s.p, ';', s.n);
		n = stop == NULL ? s.n : (size_t)(stop - s.p);
		weight = stop == NULL ? 1000 : weight_of(slice_trim(
		    (struct slice){ stop + 1, s.n - n - 1 }));
		s = slice_trim((struct slice){ s.p, n });
		if (slice_case_eq(s, word))
			return weight;
		if (slice_eq(s, (struct slice){ "*", 1 }))
			any = weight;
	}
}
