/*
 * conf_print.c - the tree as text that parses again (-p).
 *
 * Prints what a configuration came to: includes are in place, variables and
 * "+" are worked out, each key stands once, in the order of the file. Reading
 * that and printing it again gives the same bytes. Variables are left out:
 * nothing refers to them any more.
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
			print_value(out, &item->value, depth + 1);
		}
		print_line(out, depth);
		buf_addc(out, ')');
	}
}

void
conf_print(struct buf *out, const struct conf *c)
{
	const struct conf_setting *s;

	for (s = c->global.settings; s != NULL; s = s->next)
		if (strncmp(s->key, "var.", 4) != 0) {
			buf_printf(out, "%s = ", s->key);
			print_value(out, &s->value, 0);
			buf_addc(out, '\n');
		}
}
