/*
 * conf_expr.c - expressions of the configuration: what stands behind an "=".
 *
 * conf_parse.c calls it with the first token of a value as the current one,
 * and afterwards goes on with the first that is no part of it. Literals, lists,
 * keys set before, var.x and env.X, joined by "+". It stores nothing.
 */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "conf_parse.h"

enum { FOLDER_MAX = 4096 };	/* bytes of var.CWD */

/* An item while its list is read; the hash finds duplicate keys quickly. */
struct new_item {
	struct conf_item item;
	uint32_t hash;
};

/* ---- terms -------------------------------------------------------------- */

/* Undoes \", the only escape. */
static int
parse_text(struct conf_parser *p, struct conf_value *v)
{
	struct slice raw = p->source->token.text;
	char *text;
	size_t i, n = 0;

	if (raw.n > CONF_TEXT_MAX) {
		conf_fault(p->report, p->source->token.place,
		    "a text holds at most %d bytes", CONF_TEXT_MAX);
		return -1;
	}
	text = conf_alloc(p->conf, raw.n + 1);
	if (text == NULL)
		return conf_parse_no_memory(p);
	for (i = 0; i < raw.n; i++) {
		if (raw.p[i] == '\\' && i + 1 < raw.n && raw.p[i + 1] == '"')
			i++;
		text[n++] = raw.p[i];
	}
	v->kind = CONF_VALUE_TEXT;
	v->text = text;
	return 0;
}

/* Decimal digits; a leading 0 does not make them octal. */
static int
parse_number(struct conf_parser *p, struct conf_value *v)
{
	struct conf_token *t = &p->source->token;
	int64_t number;

	if (str_number(t->text, &number) == -1 || number > LONG_MAX) {
		conf_fault(p->report, t->place, "a number is at most %ld",
		    LONG_MAX);
		return -1;
	}
	v->kind = CONF_VALUE_NUMBER;
	v->number = (long)number;
	return 0;
}

/* A text from outside. One that ends in a backslash could not be written
 * between quotes, and -p has to. */
static int
outer_text(struct conf_parser *p, const char *name, const char *text,
    struct conf_value *v)
{
	struct conf_place place = p->source->token.place;
	size_t n;

	if (text == NULL) {
		conf_fault(p->report, place, "%s is not set", name);
		return -1;
	}
	n = strlen(text);
	if (n > CONF_TEXT_MAX || (n > 0 && text[n - 1] == '\\')) {
		conf_fault(p->report, place,
		    "%s is too long, or ends in a backslash", name);
		return -1;
	}
	v->kind = CONF_VALUE_TEXT;
	v->text = conf_value_copy(p->conf, text, n);
	return v->text != NULL ? 0 : conf_parse_no_memory(p);
}

/* A key set before, a variable, or one of those we know ourselves. */
static int
parse_name(struct conf_parser *p, struct conf_value *v)
{
	struct conf_token *t = &p->source->token;
	const char *key = conf_value_key(p->conf, t->text);
	const struct conf_setting *s;
	char folder[FOLDER_MAX];

	if (key == NULL)
		return conf_parse_no_memory(p);
	/* env.X is never a setting: store() in conf_parse.c refuses it. */
	if (strncmp(key, "env.", 4) == 0)
		return outer_text(p, key, getenv(key + 4), v);
	s = conf_find(p->conf, key);
	if (s != NULL) {
		*v = s->value;
		return 0;
	}
	/* Ours come last, so that a file may set them itself. */
	if (strcmp(key, "var.CWD") == 0)
		return outer_text(p, key, getcwd(folder, sizeof(folder)), v);
	if (strcmp(key, "var.PID") == 0) {
		v->kind = CONF_VALUE_NUMBER;
		v->number = (long)getpid();
		return 0;
	}
	/* A word that begins like a number was most likely meant as one. */
	if (t->text.p[0] == '-' || (t->text.p[0] >= '0' && t->text.p[0] <= '9'))
		return conf_parse_expected(p,
		    "a value (numbers are decimal digits only)");
	conf_fault(p->report, t->place,
	    "%s is not set (a text would stand in quotes)", key);
	return -1;
}

/* ---- lists -------------------------------------------------------------- */

/* FNV-1a: a stock list of MIME types has 1,500 keys, and comparing all texts
 * with each other would take longer than the rest of a start. */
static uint32_t
hash_key(const char *key)
{
	uint32_t hash = 2166136261u;

	while (*key != '\0')
		hash = (hash ^ (unsigned char)*key++) * 16777619u;
	return hash;
}

static int
has_key(const struct buf *items, const struct new_item *wanted)
{
	const struct new_item *item =
	    (const struct new_item *)(const void *)items->p;
	size_t i, n = items->n / sizeof(*item);

	for (i = 0; i < n; i++)
		if (item[i].hash == wanted->hash && item[i].item.key != NULL
		    && strcmp(item[i].item.key, wanted->item.key) == 0)
			return 1;
	return 0;
}

/* VALUE or KEY => VALUE. Which of the two is only known behind the first
 * expression, so a key may be one as well. */
static int
parse_item(struct conf_parser *p, struct buf *items)
{
	struct conf_place place = p->source->token.place;
	struct new_item new = { { NULL, { 0, NULL, 0, NULL } }, 0 };
	char found[64];

	if (conf_parse_value(p, &new.item.value) == -1)
		return -1;
	if (p->source->token.kind == CONF_ARROW) {
		if (new.item.value.kind != CONF_VALUE_TEXT) {
			conf_value_describe(&new.item.value, found,
			    sizeof(found));
			conf_fault(p->report, place,
			    "found %s, but the key in a list is a text", found);
			return -1;
		}
		new.item.key = new.item.value.text;
		new.hash = hash_key(new.item.key);
		if (has_key(items, &new)) {
			conf_fault(p->report, place,
			    "the key \"%s\" is in this list twice",
			    new.item.key);
			return -1;
		}
		conf_parse_next(p);
		if (conf_parse_value(p, &new.item.value) == -1)
			return -1;
	}
	buf_add(items, &new, sizeof(new));
	return items->failed ? conf_parse_no_memory(p) : 0;
}

/* Everything up to the ")". A comma may stand behind the last item, but not
 * before the first or twice: a hole in a list is a mistake. */
static int
parse_items(struct conf_parser *p, struct buf *items, int line)
{
	struct conf_token *t = &p->source->token;
	char wanted[80];

	while (t->kind != CONF_SHUT) {
		if (parse_item(p, items) == -1)
			return -1;
		if (t->kind == CONF_COMMA) {
			conf_parse_next(p);
		} else if (t->kind != CONF_SHUT) {
			snprintf(wanted, sizeof(wanted), "%s\",\" or \")\" of"
			    " the list from line %d",
			    t->kind == CONF_ASSIGN ? "\"=>\", " : "", line);
			return conf_parse_expected(p, wanted);
		}
		if (items->n / sizeof(struct new_item) > CONF_LIST_MAX) {
			conf_fault(p->report, t->place,
			    "a list holds at most %d values", CONF_LIST_MAX);
			return -1;
		}
	}
	return 0;
}

/* Items are collected first, because nobody knows how many there will be. */
static int
parse_list(struct conf_parser *p, struct conf_value *v)
{
	struct conf_place place = p->source->token.place;
	struct buf items = { 0 };
	const struct new_item *item;
	struct conf_list *list;
	size_t i, n;
	int status;

	/* We recurse for each "(", so their number has to be bounded here. */
	if (p->source->lex.depth > CONF_DEPTH_MAX) {
		conf_fault(p->report, place, "lists nest at most %d deep",
		    CONF_DEPTH_MAX);
		return -1;
	}
	conf_parse_next(p);
	status = parse_items(p, &items, place.line);
	if (status == -1)
		goto out;
	item = (const struct new_item *)(const void *)items.p;
	n = items.n / sizeof(*item);
	list = conf_value_new_list(p->conf, n);
	if (list == NULL) {
		status = conf_parse_no_memory(p);
		goto out;
	}
	for (i = 0; i < n; i++)
		list->items[i] = item[i].item;
	list->n = n;
	status = conf_value_finish_list(p, place, list, v);
out:
	buf_free(&items);
	return status;
}

/* One operand. Afterwards the token behind it is the current one. */
static int
parse_term(struct conf_parser *p, struct conf_value *v)
{
	int status;

	switch (p->source->token.kind) {
	case CONF_TEXT:
		status = parse_text(p, v);
		break;
	case CONF_NUMBER:
		status = parse_number(p, v);
		break;
	case CONF_NAME:
		status = parse_name(p, v);
		break;
	case CONF_OPEN:
		status = parse_list(p, v);
		break;
	default:
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
	while (p->source->token.kind == CONF_PLUS) {
		place = p->source->token.place;
		conf_parse_next(p);
		conf_parse_skip_newlines(p);
		if (parse_term(p, &more) == -1
		    || conf_value_add(p, place, v, &more) == -1)
			return -1;
	}
	return 0;
}
