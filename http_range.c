/*
 * http_range.c - conditional requests and ranges: what to send of a file.
 *
 * Called by who serves something with validators (files, above all). Compares
 * entity tags as RFC 9110 8.8.3.2 says, strongly where bytes of two responses
 * could be mixed, and weakly where not. What is malformed is ignored, as if
 * the client had not asked; sums are never made of a client's numbers before
 * they are cut to the size of the file.
 */
#include "http.h"

static int
is_get(const struct http_head *head)
{
	return head->method == HTTP_GET || head->method == HTTP_HEAD;
}

/* The number of field lines of that name. */
static unsigned
count_fields(const struct http_head *head, enum http_name id)
{
	unsigned i, n = 0;

	for (i = 0; i < head->nfields; i++)
		n += head->field[i].id == id;
	return n;
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
	if (strong && (is_weak(a) || is_weak(b)))
		return 0;
	if (is_weak(a))
		a = (struct slice){ a.p + 2, a.n - 2 };
	if (is_weak(b))
		b = (struct slice){ b.p + 2, b.n - 2 };
	return a.n > 0 && slice_eq(a, b);
}

/* Takes the next tag of a list off the front of *list; a backslash means
 * itself in a tag, so this is not http_list's work. n is 0 behind the last
 * one, or when what follows is not a tag. */
static struct slice
take_tag(struct slice *list)
{
	struct slice tag = { NULL, 0 };
	const char *p = list->p, *end = list->p + list->n;
	const char *start;

	while (p < end && (*p == ' ' || *p == '\t' || *p == ','))
		p++;
	start = p;
	if (end - p >= 2 && p[0] == 'W' && p[1] == '/')
		p += 2;
	if (p == end || *p != '"')
		return tag;
	do
		p++;
	while (p < end && *p != '"');
	if (p == end)
		return tag;
	p++;
	tag = (struct slice){ start, (size_t)(p - start) };
	*list = (struct slice){ p, (size_t)(end - p) };
	return tag;
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
		if (list.n == 1 && list.p[0] == '*')
			return 1;
		for (;;) {
			tag = take_tag(&list);
			if (tag.n == 0)
				break;
			if (tags_match(tag, etag, strong))
				return 1;
		}
	}
	return 0;
}

/* ---- conditions (RFC 9110 13) ------------------------------------------- */

/* Reads the one date of a field. Returns -1 for none, an impossible one, or
 * more than one: the condition does not count (RFC 9110 13.1.3, 13.1.4). */
static int
one_date(const struct http_head *head, enum http_name id, time_t now,
    time_t *date)
{
	if (head->first[id] == 0 || count_fields(head, id) > 1)
		return -1;
	return date_parse(http_field(head, id), now, date);
}

int
http_conditions(const struct http_head *head,
    const struct http_validators *v)
{
	time_t date;

	if (head->first[HTTP_IF_MATCH] != 0) {
		if (!has_tag(head, HTTP_IF_MATCH, v->etag, 1))
			return 412;
	} else if (one_date(head, HTTP_IF_UNMODIFIED_SINCE, v->now, &date)
	    == 0 && v->modified > date) {
		return 412;
	}
	if (head->first[HTTP_IF_NONE_MATCH] != 0) {
		if (has_tag(head, HTTP_IF_NONE_MATCH, v->etag, 0))
			return is_get(head) ? 304 : 412;
	} else if (is_get(head)
	    && one_date(head, HTTP_IF_MODIFIED_SINCE, v->now, &date) == 0
	    && v->modified <= date) {
		return 304;
	}
	return 200;
}

/* ---- ranges (RFC 9110 14) ----------------------------------------------- */

/* True when If-Range, if there is one, names just what we have. */
static int
if_range_holds(const struct http_head *head, const struct http_validators *v)
{
	struct slice value = http_field(head, HTTP_IF_RANGE), rest = value, tag;
	time_t date;

	if (value.p == NULL)
		return 1;
	if (count_fields(head, HTTP_IF_RANGE) > 1)
		return 0;
	if (value.n > 0 && (value.p[0] == '"' || is_weak(value))) {
		tag = take_tag(&rest);
		return rest.n == 0 && tags_match(tag, v->etag, 1);
	}
	return date_parse(value, v->now, &date) == 0 && date == v->modified;
}

/* Takes digits off the front of s; what no int64_t holds becomes the largest
 * one. Returns how many. */
static size_t
take_number(struct slice *s, int64_t *number)
{
	size_t n = 0;

	while (n < s->n && s->p[n] >= '0' && s->p[n] <= '9')
		n++;
	if (n > 0 && str_number((struct slice){ s->p, n }, number) == -1)
		*number = INT64_MAX;
	s->p += n;
	s->n -= n;
	return n;
}

/* Reads "first-last", "first-" or "-count" of size bytes into *r, whose length
 * is 0 when no such bytes exist. Returns 0, or -1: malformed. */
static int
read_range(struct slice s, int64_t size, struct http_range *r)
{
	int64_t first = 0, last = INT64_MAX;
	size_t has_first = take_number(&s, &first), has_last;

	if (s.n == 0 || *s.p != '-')
		return -1;
	s.p++;
	s.n--;
	has_last = take_number(&s, &last);
	if (s.n > 0 || has_first + has_last == 0)
		return -1;
	if (has_first == 0) {
		first = last < size ? size - last : 0;
		last = size - 1;
	} else if (first > last) {
		return -1;
	}
	if (last >= size)
		last = size - 1;
	r->first = first;
	r->length = first <= last ? last - first + 1 : 0;
	return 0;
}

/* Adds r; ranges that it overlaps or touches are joined with it, so that no
 * byte is sent twice. Those in the array never touch each other: what r did
 * not touch at first, it does not touch afterwards. */
static unsigned
add_range(struct http_range *ranges, unsigned n, struct http_range r)
{
	struct http_range *old;
	int64_t end;
	unsigned i, kept = 0, place = n;

	for (i = 0; i < n; i++) {
		old = &ranges[i];
		if (r.first > old->first + old->length
		    || old->first > r.first + r.length) {
			ranges[kept++] = *old;
			continue;
		}
		end = r.first + r.length;
		if (end < old->first + old->length)
			end = old->first + old->length;
		if (r.first > old->first)
			r.first = old->first;
		r.length = end - r.first;
		if (place == n)			/* keep the first one's */
			place = kept++;
	}
	if (place == n)
		place = kept++;
	ranges[place] = r;
	return kept;
}

int
http_ranges(const struct http_head *head, const struct http_validators *v,
    int64_t size, struct http_range ranges[HTTP_RANGES_MAX], unsigned *n)
{
	struct slice value = http_field(head, HTTP_RANGE), spec;
	struct http_range r;
	unsigned field = 0, count = 0;
	size_t at = 0, skip = 6;

	*n = 0;
	if (value.n < skip
	    || !slice_case_eq((struct slice){ value.p, skip }, "bytes=")
	    || count_fields(head, HTTP_RANGE) > 1 || !if_range_holds(head, v))
		return 200;
	for (;;) {
		spec = http_list(head, HTTP_RANGE, &field, &at);
		if (spec.p == NULL)
			break;
		if (spec.p == value.p) {	/* "bytes=" is no part of it */
			spec.p += skip;
			spec.n -= skip;
			if (spec.n == 0)
				continue;
		}
		if (count++ == HTTP_RANGES_MAX
		    || read_range(spec, size, &r) == -1)
			return 200;
		if (r.length > 0)
			*n = add_range(ranges, *n, r);
	}
	if (count == 0)
		return 200;
	return *n > 0 ? 206 : 416;
}
