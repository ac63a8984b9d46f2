/*
 * conf_expr.c - expressions of the configuration, their values and memory.
 *
 * conf_parse.c calls it with the first token of a value as the current one,
 * and goes on with the first that is no part of it. Literals, lists, keys set
 * before, var.x and env.X, joined by "+". Values are never changed once they
 * are made, so they may be shared: copying one is copying its struct.
 */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "conf_parse.h"

enum { FOLDER_MAX = 4096 };	/* bytes of var.CWD */

/* ---- tokens ------------------------------------------------------------- */

void
conf_parse_next(struct conf_parser *p)
{
	p->token = conf_lex(&p->source->lex);
}

void
conf_parse_skip_newlines(struct conf_parser *p)
{
	while (p->token.kind == CONF_NEWLINE)
		conf_parse_next(p);
}

int
conf_parse_expected(struct conf_parser *p, const char *what)
{
	const struct conf_token *t = &p->token;
	char found[CONF_QUOTE_SIZE];

	conf_quote(found, t->text);
	if (t->kind == CONF_BAD && t->text.n > 1)
		return conf_fault(p->report, t->place, "%s", t->text.p);
	if (t->kind == CONF_BAD)
		return conf_fault(p->report, t->place,
		    "unexpected character: %s", found);
	return conf_fault(p->report, t->place, "found %s, expected %s",
	    t->kind == CONF_END ? "end of file" :
	    t->kind == CONF_NEWLINE ? "end of line" : found, what);
}

/* ---- memory ------------------------------------------------------------- */

struct conf_chunk {
	struct conf_chunk *next;
	double bytes[];		/* aligned for everything */
};

void *
conf_alloc(struct conf *c, size_t n)
{
	struct conf_chunk *chunk = calloc(1, sizeof(*chunk) + n);

	if (chunk == NULL)
		return NULL;
	chunk->next = c->memory;
	c->memory = chunk;
	return chunk->bytes;
}

void
conf_free(struct conf *c)
{
	struct conf_chunk *chunk, *next;
	struct conf_cond *cond;

	for (cond = c->conds; cond != NULL; cond = cond->next)
		pat_free(cond->pat);
	for (chunk = c->memory; chunk != NULL; chunk = next) {
		next = chunk->next;
		free(chunk);
	}
	free(c);
}

struct conf_setting *
conf_find_in(const struct conf_block *block, const char *key)
{
	struct conf_setting *s;

	for (s = block->settings; s != NULL; s = s->next)
		if (strcmp(s->key, key) == 0)
			return s;
	return NULL;
}

struct conf_setting *
conf_parse_find(const struct conf_parser *p, const char *key)
{
	const struct conf_block *block = p->block;
	struct conf_setting *s = NULL;

	for (; block != NULL && s == NULL; block = block->parent)
		s = conf_find_in(block, key);
	return s;
}

void *
conf_parse_alloc(struct conf_parser *p, size_t n)
{
	void *memory = conf_alloc(p->conf, n);

	if (memory == NULL)
		conf_fault(p->report, p->token.place, "out of memory");
	return memory;
}

const char *
conf_parse_key(struct conf_parser *p, struct slice name)
{
	size_t n = memchr(name.p, '.', name.n) == NULL ? 4 : 0;
	char *key = conf_parse_alloc(p, n + name.n + 1);

	if (key != NULL) {
		memcpy(key, "var.", n);
		memcpy(key + n, name.p, name.n);
	}
	return key;
}

/* ---- what values are ---------------------------------------------------- */

static const char kinds[][9] = { "a text", "a number", "a list" };

void
conf_quote(char out[CONF_QUOTE_SIZE], struct slice text)
{
	snprintf(out, CONF_QUOTE_SIZE, "\"%.*s%s\"",
	    text.n > 40 ? 40 : (int)text.n, text.p, text.n > 40 ? "..." : "");
}

void
conf_describe(char out[CONF_QUOTE_SIZE], const struct conf_value *v)
{
	if (v->kind == CONF_VALUE_TEXT)
		conf_quote(out, slice_of(v->text));
	else
		snprintf(out, CONF_QUOTE_SIZE, v->kind == CONF_VALUE_NUMBER ?
		    "%ld" : "a list", v->number);
}

/* Adds an item to a list that nobody else has yet. Keys must stay unique; when
 * two lists are joined, the same key with the same value is no harm. */
static int
add_item(struct conf_parser *p, struct conf_place place,
    struct conf_list *list, const struct conf_item *item, int join)
{
	const struct conf_value *v = &item->value, *old = NULL;
	struct conf_item *items;
	size_t i;

	for (i = 0; item->key != NULL && i < list->n; i++)
		if (list->items[i].key != NULL
		    && strcmp(list->items[i].key, item->key) == 0)
			old = &list->items[i].value;
	/* lists are the same only if they are shared */
	if (old != NULL && join && old->kind == v->kind
	    && (v->kind == CONF_VALUE_TEXT ? strcmp(old->text, v->text) == 0
	    : old->number == v->number && old->list == v->list))
		return 0;
	if (old != NULL)
		return conf_fault(p->report, place, "the key \"%s\" is in %s",
		    item->key, join ? "both lists" : "this list twice");
	if (v->kind == CONF_VALUE_LIST && list->depth <= v->list->depth)
		list->depth = v->list->depth + 1;
	if (list->depth > CONF_DEPTH_MAX)
		return conf_fault(p->report, place, CONF_TOO_DEEP);
	if (list->n == list->room) {
		list->room = list->room * 2 + 4;
		items = conf_parse_alloc(p, list->room * sizeof(*items));
		if (items == NULL)
			return -1;
		if (list->n > 0)
			memcpy(items, list->items, list->n * sizeof(*items));
		list->items = items;
	}
	list->items[list->n++] = *item;
	return 0;
}

static int
add_texts(struct conf_parser *p, struct conf_value *a,
    const struct conf_value *b)
{
	char x[24], y[24];	/* a number's digits */
	const char *left = a->kind == CONF_VALUE_TEXT ? a->text : x;
	const char *right = b->kind == CONF_VALUE_TEXT ? b->text : y;
	char *sum;
	size_t n;

	snprintf(x, sizeof(x), "%ld", a->number);
	snprintf(y, sizeof(y), "%ld", b->number);
	n = strlen(left) + strlen(right) + 1;
	sum = conf_parse_alloc(p, n);
	if (sum == NULL)
		return -1;
	snprintf(sum, n, "%s%s", left, right);
	a->kind = CONF_VALUE_TEXT;
	a->text = sum;
	return 0;
}

int
conf_parse_add(struct conf_parser *p, struct conf_place place,
    struct conf_value *a, const struct conf_value *b)
{
	struct conf_list *sum;
	size_t i;

	if (a->kind == CONF_VALUE_LIST && b->kind == CONF_VALUE_LIST) {
		sum = conf_parse_alloc(p, sizeof(*sum));
		if (sum == NULL)
			return -1;
		/* Others may share a: the first new item moves them all. */
		*sum = *a->list;
		sum->room = sum->n;
		a->list = sum;
		for (i = 0; i < b->list->n; i++)
			if (add_item(p, place, sum, &b->list->items[i], 1)
			    == -1)
				return -1;
		return 0;
	}
	if (a->kind == CONF_VALUE_LIST || b->kind == CONF_VALUE_LIST)
		return conf_fault(p->report, place, "%s cannot be added to %s",
		    kinds[b->kind], kinds[a->kind]);
	if (a->kind == CONF_VALUE_TEXT || b->kind == CONF_VALUE_TEXT)
		return add_texts(p, a, b);
	/* No number is negative: there is no sign in the language. */
	if (a->number > LONG_MAX - b->number)
		return conf_fault(p->report, place,
		    "a number is at most %ld", LONG_MAX);
	a->number += b->number;
	return 0;
}

/* ---- terms -------------------------------------------------------------- */

/* Undoes \", the only escape. */
static int
parse_text(struct conf_parser *p, struct conf_value *v)
{
	const struct slice raw = p->token.text;
	char *text = conf_parse_alloc(p, raw.n + 1);
	size_t i;

	v->text = text;
	if (text == NULL)
		return -1;
	for (i = 0; i < raw.n; i++) {
		if (raw.p[i] == '\\' && i + 1 < raw.n && raw.p[i + 1] == '"')
			i++;
		*text++ = raw.p[i];
	}
	return 0;
}

/* A key set before, a variable, or one of those we know ourselves: they come
 * last, so that a file may set them. */
static int
parse_name(struct conf_parser *p, struct conf_value *v)
{
	static const struct conf_value empty = { CONF_VALUE_TEXT, "", 0, NULL };
	const struct conf_token *t = &p->token;
	const char *key = conf_parse_key(p, t->text);
	const struct conf_setting *s;
	char folder[FOLDER_MAX];

	if (key == NULL)
		return -1;
	s = conf_parse_find(p, key);
	if (s != NULL) {
		*v = s->value;
		return 0;
	}
	if (strcmp(key, "var.PID") == 0) {
		v->kind = CONF_VALUE_NUMBER;
		v->number = (long)getpid();
		return 0;
	}
	/* env.X is never a setting: conf_parse.c refuses it. */
	if (strncmp(key, "env.", 4) == 0)
		v->text = getenv(key + 4);
	else if (strcmp(key, "var.CWD") == 0)
		v->text = getcwd(folder, sizeof(folder));
	if (v->text != NULL)
		return add_texts(p, v, &empty);		/* a copy */
	/* A word that begins like a number was most likely meant as one. */
	if (strchr("-0123456789", t->text.p[0]) != NULL)
		return conf_parse_expected(p,
		    "a value (numbers are decimal digits only)");
	return conf_fault(p->report, t->place,
	    strncmp(key, "env.", 4) == 0 ? "%s is not set" :
	    "%s is not set (a text would stand in quotes)", key);
}

/* Items are VALUE or KEY => VALUE; which of the two is only known behind the
 * first expression, so a key may be one as well. A comma may stand behind the
 * last, but not before the first or twice: a hole in a list is a mistake. The
 * ")" stays the current token. */
static int
parse_list(struct conf_parser *p, struct conf_value *v)
{
	struct conf_place start = p->token.place, place;
	struct conf_list *list = conf_parse_alloc(p, sizeof(*list));
	struct conf_item item;
	char text[80];

	if (list == NULL)
		return -1;
	list->depth = 1;
	conf_parse_next(p);
	while (p->token.kind != CONF_SHUT) {
		place = p->token.place;
		item.key = NULL;
		if (conf_parse_value(p, &item.value) == -1)
			return -1;
		if (p->token.kind == CONF_ARROW) {
			conf_describe(text, &item.value);
			if (item.value.kind != CONF_VALUE_TEXT)
				return conf_fault(p->report, place, "found %s,"
				    " but the key in a list is a text", text);
			item.key = item.value.text;
			conf_parse_next(p);
			if (conf_parse_value(p, &item.value) == -1)
				return -1;
		}
		if (add_item(p, place, list, &item, 0) == -1)
			return -1;
		if (p->token.kind == CONF_COMMA) {
			conf_parse_next(p);
		} else if (p->token.kind != CONF_SHUT) {
			snprintf(text, sizeof(text), "%s\",\" or \")\" of the"
			    " list from line %d", p->token.kind == CONF_ASSIGN
			    ? "\"=>\", " : "", start.line);
			return conf_parse_expected(p, text);
		}
	}
	v->kind = CONF_VALUE_LIST;
	v->list = list;
	return 0;
}

/* One operand. Afterwards the token behind it is the current one. */
static int
parse_term(struct conf_parser *p, struct conf_value *v)
{
	int64_t number;
	int status;

	memset(v, 0, sizeof(*v));
	if (p->token.kind == CONF_TEXT) {
		status = parse_text(p, v);
	} else if (p->token.kind == CONF_NAME) {
		status = parse_name(p, v);
	} else if (p->token.kind == CONF_OPEN) {
		status = parse_list(p, v);
	} else if (p->token.kind == CONF_NUMBER) {
		/* A leading 0 does not make it octal. */
		status = str_number(p->token.text, &number);
		if (status == -1 || number > LONG_MAX)
			return conf_fault(p->report, p->token.place,
			    "a number is at most %ld", LONG_MAX);
		v->kind = CONF_VALUE_NUMBER;
		v->number = (long)number;
	} else {
		return conf_parse_expected(p, "a value");
	}
	if (status == 0)
		conf_parse_next(p);
	return status;
}

int
conf_parse_value(struct conf_parser *p, struct conf_value *v)
{
	struct conf_value more;
	struct conf_place place;

	if (parse_term(p, v) == -1)
		return -1;
	/* "+" has no rival, so there is no precedence: from left to right. */
	while (p->token.kind == CONF_PLUS) {
		place = p->token.place;
		conf_parse_next(p);
		conf_parse_skip_newlines(p);
		if (parse_term(p, &more) == -1
		    || conf_parse_add(p, place, v, &more) == -1)
			return -1;
	}
	return 0;
}
