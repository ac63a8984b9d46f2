/*
 * conf_value.c - the memory of a configuration and the values in it.
 *
 * conf_parse.c and conf_expr.c keep here what they read. Values are never
 * changed once they are made, so they may be shared: copying a value is
 * copying its struct. How large and how deep one may become is bounded, so
 * that whoever walks a value may recurse.
 */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf_parse.h"

enum { CHUNK_SIZE = 16 * 1024 };	/* bytes allocated at once */

struct conf_chunk {
	struct conf_chunk *next;
	size_t used, size;		/* bytes */
	union {				/* aligned for everything */
		long number;
		double real;
		void *pointer;
	} bytes[];
};

/* Every list is made here, with what it takes to check the bounds. */
struct kept_list {
	struct conf_list list;		/* first: one is the other */
	size_t total;			/* values in it and its lists */
	unsigned depth;			/* 1: holds no lists */
};

/* ---- memory ------------------------------------------------------------- */

void *
conf_alloc(struct conf *c, size_t n)
{
	struct conf_chunk *chunk = c->memory;
	size_t unit = sizeof(chunk->bytes[0]), size;
	char *p;

	if (n > (size_t)-1 / 2)
		return NULL;
	n = (n + unit - 1) / unit * unit;
	/* The rest of the last chunk is given up: settings are small, and
	 * nothing is freed before all is. */
	if (chunk == NULL || chunk->size - chunk->used < n) {
		size = n > CHUNK_SIZE ? n : CHUNK_SIZE;
		chunk = malloc(sizeof(*chunk) + size);
		if (chunk == NULL)
			return NULL;
		chunk->next = c->memory;
		chunk->used = 0;
		chunk->size = size;
		c->memory = chunk;
	}
	p = (char *)chunk->bytes + chunk->used;
	chunk->used += n;
	memset(p, 0, n);
	return p;
}

struct conf *
conf_hold(struct conf *c)
{
	c->refs++;
	return c;
}

void
conf_drop(struct conf *c)
{
	struct conf_chunk *chunk, *next;

	if (c == NULL || --c->refs > 0)
		return;
	for (chunk = c->memory; chunk != NULL; chunk = next) {
		next = chunk->next;
		free(chunk);
	}
	free(c);
}

struct conf_setting *
conf_find(struct conf *c, const char *key)
{
	struct conf_setting *s;

	for (s = c->global.settings; s != NULL; s = s->next)
		if (strcmp(s->key, key) == 0)
			return s;
	return NULL;
}

char *
conf_value_copy(struct conf *c, const char *p, size_t n)
{
	char *copy = conf_alloc(c, n + 1);

	if (copy != NULL && n > 0)
		memcpy(copy, p, n);
	return copy;
}

const char *
conf_value_key(struct conf *c, struct slice name)
{
	struct buf b = { 0 };
	const char *key;

	if (memchr(name.p, '.', name.n) == NULL)
		buf_adds(&b, "var.");
	buf_add(&b, name.p, name.n);
	key = b.failed ? NULL : conf_value_copy(c, b.p, b.n);
	buf_free(&b);
	return key;
}

/* ---- what values are ---------------------------------------------------- */

/* Indexed by enum conf_value_kind. */
static const char *const kinds[] = { "a text", "a number", "a list" };

void
conf_value_describe(const struct conf_value *v, char *out, size_t size)
{
	struct buf b = { 0 };
	size_t n;

	if (v->kind == CONF_VALUE_NUMBER) {
		snprintf(out, size, "%ld", v->number);
	} else if (v->kind == CONF_VALUE_TEXT) {
		n = strlen(v->text);
		str_escape_log(&b, slice_of(v->text));
		snprintf(out, size, "\"%.40s%s\"", buf_text(&b),
		    n > 40 ? "..." : "");
		buf_free(&b);
	} else {
		snprintf(out, size, "%s", kinds[v->kind]);
	}
}

/* Lists are the same in the same order only. */
static int
same_value(const struct conf_value *a, const struct conf_value *b)
{
	const struct conf_item *x, *y;
	size_t i;

	if (a->kind != b->kind)
		return 0;
	if (a->kind == CONF_VALUE_TEXT)
		return strcmp(a->text, b->text) == 0;
	if (a->kind == CONF_VALUE_NUMBER)
		return a->number == b->number;
	if (a->list->n != b->list->n)
		return 0;
	for (i = 0; i < a->list->n; i++) {
		x = &a->list->items[i];
		y = &b->list->items[i];
		if ((x->key == NULL) != (y->key == NULL)
		    || (x->key != NULL && strcmp(x->key, y->key) != 0)
		    || !same_value(&x->value, &y->value))
			return 0;
	}
	return 1;
}

struct conf_list *
conf_value_new_list(struct conf *c, size_t n)
{
	struct kept_list *kept = conf_alloc(c, sizeof(*kept));

	if (kept == NULL)
		return NULL;
	kept->list.items = conf_alloc(c, n * sizeof(kept->list.items[0]));
	return kept->list.items != NULL ? &kept->list : NULL;
}

int
conf_value_finish_list(struct conf_parser *p, struct conf_place place,
    struct conf_list *list, struct conf_value *v)
{
	struct kept_list *kept = (struct kept_list *)(void *)list;
	const struct kept_list *inner;
	size_t i;

	/* The lists in it were measured when they were made. Sharing lets
	 * x := ( x, x ) double a value with each line: so count them all. */
	kept->total = kept->list.n;
	kept->depth = 1;
	for (i = 0; i < kept->list.n; i++) {
		if (kept->list.items[i].value.kind != CONF_VALUE_LIST)
			continue;
		inner = (const struct kept_list *)
		    (const void *)kept->list.items[i].value.list;
		kept->total += inner->total;
		if (kept->depth <= inner->depth)
			kept->depth = inner->depth + 1;
	}
	if (kept->total > CONF_LIST_MAX || kept->depth > CONF_DEPTH_MAX) {
		conf_fault(p->report, place, "a list holds at most %d values,"
		    " in at most %d levels", CONF_LIST_MAX, CONF_DEPTH_MAX);
		return -1;
	}
	v->kind = CONF_VALUE_LIST;
	v->list = &kept->list;
	return 0;
}

/* ---- the operator + ----------------------------------------------------- */

/* A text or a number as the text it joins. */
static void
write_plain(struct buf *b, const struct conf_value *v)
{
	if (v->kind == CONF_VALUE_TEXT)
		buf_adds(b, v->text);
	else
		buf_add_number(b, (uintmax_t)v->number);
}

static int
add_texts(struct conf_parser *p, struct conf_place place,
    struct conf_value *a, const struct conf_value *b)
{
	struct buf text = { 0 };
	const char *sum = NULL;

	write_plain(&text, a);
	write_plain(&text, b);
	if (text.n > CONF_TEXT_MAX) {
		conf_fault(p->report, place,
		    "a text holds at most %d bytes", CONF_TEXT_MAX);
		buf_free(&text);
		return -1;
	}
	if (!text.failed)
		sum = conf_value_copy(p->conf, text.p, text.n);
	buf_free(&text);
	if (sum == NULL)
		return conf_parse_no_memory(p);
	a->kind = CONF_VALUE_TEXT;
	a->text = sum;
	return 0;
}

/* Keys must stay unique; the same key with the same value is no harm. */
static int
add_lists(struct conf_parser *p, struct conf_place place,
    struct conf_value *a, const struct conf_value *b)
{
	const struct conf_item *item;
	const struct conf_value *old;
	struct conf_list *sum;
	size_t i;

	sum = conf_value_new_list(p->conf, a->list->n + b->list->n);
	if (sum == NULL)
		return conf_parse_no_memory(p);
	sum->n = a->list->n;
	/* Both stay as they are: other values may share them. */
	for (i = 0; i < a->list->n; i++)
		sum->items[i] = a->list->items[i];
	for (i = 0; i < b->list->n; i++) {
		item = &b->list->items[i];
		old = item->key == NULL ? NULL : conf_get(a->list, item->key);
		if (old == NULL) {
			sum->items[sum->n++] = *item;
		} else if (!same_value(old, &item->value)) {
			conf_fault(p->report, place,
			    "the key \"%s\" is in both lists", item->key);
			return -1;
		}
	}
	return conf_value_finish_list(p, place, sum, a);
}

int
conf_value_add(struct conf_parser *p, struct conf_place place,
    struct conf_value *a, const struct conf_value *b)
{
	int lists = (a->kind == CONF_VALUE_LIST) + (b->kind == CONF_VALUE_LIST);

	if (lists == 2)
		return add_lists(p, place, a, b);
	if (lists == 1) {
		conf_fault(p->report, place, "%s cannot be added to %s",
		    kinds[b->kind], kinds[a->kind]);
		return -1;
	}
	if (a->kind == CONF_VALUE_TEXT || b->kind == CONF_VALUE_TEXT)
		return add_texts(p, place, a, b);
	/* No number is negative: there is no sign in the language. */
	if (a->number > LONG_MAX - b->number) {
		conf_fault(p->report, place, "the sum of %ld and %ld is more"
		    " than a number holds", a->number, b->number);
		return -1;
	}
	a->number += b->number;
	return 0;
}
