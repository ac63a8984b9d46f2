/*
 * proc_title.c - what ps(1) shows of a process: its title.
 *
 * Most systems show the memory the arguments were passed in, and the
 * environment behind it. main() moves both away before anything looks at
 * them; the title is written over what they leave. Where a system shows
 * something else, nothing is gained and nothing lost.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proc.h"

extern char **environ;

/* Copies a list of texts into one piece of memory, and moves *end behind those
 * of the old ones that lie there. NULL: no memory. */
static char **
move(char **list, char **end)
{
	size_t n, size = 0;
	char **copy, *to;

	for (n = 0; list[n] != NULL; n++)
		size += strlen(list[n]) + 1;
	copy = malloc((n + 1) * sizeof(*copy) + size);
	if (copy == NULL)
		return NULL;
	to = (char *)(copy + n + 1);
	for (n = 0; list[n] != NULL; n++) {
		size = strlen(list[n]) + 1;
		copy[n] = memcpy(to, list[n], size);
		to += size;
		if (list[n] == *end)
			*end += size;
	}
	copy[n] = NULL;
	return copy;
}

int
title_open(struct title *title, char **argv)
{
	char *end = argv[0];

	title->args = move(argv, &end);
	title->variables = move(environ, &end);
	title->at = argv[0];
	title->size = (size_t)(end - argv[0]);
	if (title->args == NULL || title->variables == NULL) {
		fprintf(stderr, "glimd: out of memory\n");
		title_close(title);
		return -1;
	}
	environ = title->variables;
	return 0;
}

void
title_close(struct title *title)
{
	static char *none[] = { NULL };

	environ = none;
	free(title->args);
	free(title->variables);
}

void
title_set(struct server *srv, const char *format, ...)
{
	const struct title *title = srv->process->title;
	va_list ap;

	if (title->size == 0)
		return;
	memset(title->at, 0, title->size);
	va_start(ap, format);
	vsnprintf(title->at, title->size, format, ap);
	va_end(ap);
}
