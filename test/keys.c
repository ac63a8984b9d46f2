/*
 * keys.c - prints the keys of this binary as glimd.conf.5 has them.
 *
 * For each row of the core's and the modules' tables one line, "OWNER|NAME|
 * TYPE, SCOPE, DEFAULT, BOUNDS"; bounds only of numbers. 11-manual.sh holds the
 * manual against that. Links all objects but server.o.
 */
#include <stdio.h>
#include <string.h>

#include "../plugin.h"

/* The default, as it would be written. */
static void
add_default(struct buf *b, const struct conf_key *key)
{
	struct conf_value v = { CONF_VALUE_TEXT, key->preset, 0, NULL };

	if (key->type == CONF_BOOL)
		buf_adds(b, v.text != NULL && conf_bool(&v) == 1 ? "enable"
		    : "disable");
	else if (key->type == CONF_SHORT || key->type == CONF_INT)
		buf_adds(b, v.text != NULL ? v.text : "0");
	else if (v.text == NULL)
		buf_adds(b, "none");
	else if (strcmp(v.text, "glimd/" SERVER_VERSION) == 0)
		buf_adds(b, "\"glimd/VERSION\"");
	else
		conf_print_text(b, slice_of(v.text));
}

static void
print(const char *owner, const struct conf_key *key)
{
	static const char types[][8] = {
		[CONF_STRING] = "text", [CONF_BOOL] = "boolean",
		[CONF_SHORT] = "short", [CONF_INT] = "integer",
		[CONF_LIST] = "list", [CONF_MAP] = "map", [CONF_TEXTS] = "map"
	};
	struct buf b = { .n = 0 };

	for (; key != NULL && key->name != NULL; key++) {
		b.n = 0;
		buf_printf(&b, "%s|%s|%s, %s, ", owner, key->name,
		    types[key->type], key->scope == CONF_SERVER ? "server"
		    : "request");
		add_default(&b, key);
		if (key->type == CONF_INT && key->most == 0)
			buf_printf(&b, ", from %d", key->least);
		else if (key->type == CONF_SHORT || key->type == CONF_INT)
			buf_printf(&b, ", %d to %d", key->least,
			    key->most != 0 ? key->most : 65535);
		puts(buf_text(&b));
	}
	buf_free(&b);
}

int
main(void)
{
	size_t i;

	print("core", core_keys);
	for (i = 0; modules[i] != NULL; i++)
		print(modules[i]->name, modules[i]->keys);
	return 0;
}
