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

static void
print_text(struct buf *out, const char *text)
{
	buf_addc(out, '"');
	for (; *text != '\0'; text++) {
		if (*text == '"')
			buf_addc(out, '\\');
		buf_addc(out, *text);
	}
	buf_addc(out, '"');
}

static void
print_tabs(struct buf *out, int n)
{
	while (n-- > 0)
		buf_addc(out, '\t');
}

static void print_list(struct buf *out, const struct conf_list *list,
    int depth);

static void
print_value(struct buf *out, const struct conf_value *v, int depth)
{
	if (v->kind == CONF_VALUE_TEXT)
		print_text(out, v->text);
	else if (v->kind == CONF_VALUE_NUMBER)
		buf_add_number(out, (uintmax_t)v->number);
	else
		print_list(out, v->list, depth);
}

/* Lists nest at most CONF_DEPTH_MAX deep (conf_value.c), and so do we. */
static void
print_list(struct buf *out, const struct conf_list *list, int depth)
{
	size_t i;

	if (list->n == 0) {
		buf_adds(out, "( )");
		return;
	}
	buf_adds(out, "(\n");
	for (i = 0; i < list->n; i++) {
		print_tabs(out, depth + 1);
		if (list->items[i].key != NULL) {
			print_text(out, list->items[i].key);
			buf_adds(out, " => ");
		}
		print_value(out, &list->items[i].value, depth + 1);
		buf_adds(out, i + 1 < list->n ? ",\n" : "\n");
	}
	print_tabs(out, depth);
	buf_addc(out, ')');
}

void
conf_print(struct buf *out, const struct conf *c)
{
	const struct conf_setting *s;

	for (s = c->global.settings; s != NULL; s = s->next) {
		if (strncmp(s->key, "var.", 4) == 0)
			continue;
		buf_adds(out, s->key);
		buf_adds(out, " = ");
		print_value(out, &s->value, 0);
		buf_addc(out, '\n');
	}
}
