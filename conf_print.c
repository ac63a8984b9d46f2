/*
 * conf_print.c - the tree as text that parses again (-p).
 *
 * Prints what a configuration came to: includes are in place, variables and
 * "+" are worked out, each key stands once, in the order of the file, and so
 * do the blocks: which of them holds last, counts. Reading that and printing
 * it again gives the same bytes. Variables are left out: nothing refers to
 * them any more.
 */
#include <string.h>

#include "conf.h"

void
conf_print_text(struct buf *out, struct slice text)
{
	size_t i;

	buf_addc(out, '"');
	for (i = 0; i < text.n; i++) {
		if (text.p[i] == '"')
			buf_addc(out, '\\');
		buf_addc(out, text.p[i]);
	}
	buf_addc(out, '"');
}

/* A new line, indented. */
static void
print_line(struct buf *out, int depth)
{
	buf_addc(out, '\n');
	while (depth-- > 0)
		buf_addc(out, '\t');
}

/* What nobody is to read: "..." stands there instead, and mod_auth knows that
 * this is no secret. */
static int
is_secret(const char *key)
{
	return strcmp(key, "nonce_secret") == 0
	    || strcmp(key, "nonce-secret") == 0;
}

/* Lists nest at most CONF_DEPTH_MAX deep, and so do we. */
static void
print_value(struct buf *out, const struct conf_value *v, int depth)
{
	const struct conf_item *item;
	size_t i;

	if (v->kind == CONF_VALUE_TEXT) {
		conf_print_text(out, slice_of(v->text));
	} else if (v->kind == CONF_VALUE_NUMBER) {
		buf_add_number(out, (uintmax_t)v->number);
	} else if (v->list->n == 0) {
		buf_adds(out, "( )");
	} else {
		for (i = 0; i < v->list->n; i++) {
			item = &v->list->items[i];
			buf_addc(out, i == 0 ? '(' : ',');
			print_line(out, depth + 1);
			if (item->key != NULL) {
				conf_print_text(out, slice_of(item->key));
				buf_adds(out, " => ");
			}
			if (item->key != NULL && is_secret(item->key))
				buf_adds(out, "\"...\"");
			else
				print_value(out, &item->value, depth + 1);
		}
		print_line(out, depth);
		buf_addc(out, ')');
	}
}

static void
print_settings(struct buf *out, const struct conf_block *b, int depth)
{
	const struct conf_setting *s;

	for (s = b->settings; s != NULL; s = s->next)
		if (strncmp(s->key, "var.", 4) != 0) {
			print_line(out, depth);
			buf_printf(out, "%s = ", s->key);
			print_value(out, &s->value, depth);
		}
}

static void
print_condition(struct buf *out, const struct conf_block *b)
{
	static const char operators[][3] = {
		[CONF_EQ] = "==", [CONF_NE] = "!=", [CONF_MATCH] = "=~",
		[CONF_NOMATCH] = "!~", [CONF_PREFIX] = "=^",
		[CONF_SUFFIX] = "=$"
	};

	if (b->before != NULL)
		buf_adds(out, "else ");
	if (b->cond == NULL)
		return;
	buf_printf(out, "%s %s ", b->cond->field, operators[b->cond->op]);
	conf_print_text(out, slice_of(b->cond->text));
	buf_addc(out, ' ');
}

/* Closes what is open until b can be opened in it. Returns what was closed
 * last, or NULL. */
static const struct conf_block *
close_for(struct buf *out, const struct conf_block **open, int *depth,
    const struct conf_block *b)
{
	const struct conf_block *closed = NULL, *outer = b;

	for (;;) {
		for (outer = b->parent; outer != NULL && outer != *open; )
			outer = outer->parent;
		if (outer == *open)
			return closed;
		print_line(out, --*depth);
		buf_addc(out, '}');
		closed = *open;
		*open = closed->parent;
	}
}

/* Opens b in *open, and before it the blocks around it that were closed
 * already, which means the same as one block would. */
static void
open_block(struct buf *out, const struct conf_block **open, int *depth,
    const struct conf_block *b, const struct conf_block *closed)
{
	const struct conf_block *next, *done = NULL;

	while (*open != b) {
		for (next = b; next->parent != *open; )
			next = next->parent;
		/* an else needs all those before it */
		done = next->before == closed ? closed : NULL;
		while (done != next) {
			const struct conf_block *link = next;

			while (link->before != done)
				link = link->before;
			print_line(out, *depth);
			print_condition(out, link);
			buf_addc(out, '{');
			if (link != next)
				buf_addc(out, '}');
			done = link;
		}
		*open = next;
		closed = NULL;
		++*depth;
	}
}

void
conf_print(struct buf *out, const struct conf *c)
{
	const struct conf_block *b, *open = &c->global, *closed;
	size_t start = out->n;
	int depth = 0;

	print_settings(out, &c->global, 0);
	for (b = c->global.next; b != NULL; b = b->next) {
		closed = close_for(out, &open, &depth, b);
		open_block(out, &open, &depth, b, closed);
		print_settings(out, b, depth);
	}
	while (depth > 0) {
		print_line(out, --depth);
		buf_addc(out, '}');
	}
	if (out->n > start) {		/* each line began with a newline */
		buf_cut(out, start, start + 1);
		buf_addc(out, '\n');
	}
}
