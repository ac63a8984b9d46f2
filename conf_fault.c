/*
 * conf_fault.c - what is wrong with a configuration: one line, with its place.
 *
 * Called by all of conf_* and by those who look at values themselves; who
 * reads the lines is up to the report.
 */
#include <stdarg.h>
#include <stdio.h>

#include "conf.h"

enum {
	MESSAGE_MAX = 1024,		/* bytes; longer ones are cut */
	FAULTS_MAX = 20			/* told; more help nobody */
};

const struct conf_place conf_nowhere = { NULL, 0, 0 };

int
conf_fault(struct conf_report *report, struct conf_place place,
    const char *format, ...)
{
	char line[MESSAGE_MAX], *c;
	va_list args;
	int n = 0;

	if (++report->faults > FAULTS_MAX)
		return -1;
	/* A long name must leave room for the message. */
	if (place.file != NULL)
		n = snprintf(line, sizeof(line), "%.500s:%d:%d: ", place.file,
		    place.line, place.column);
	va_start(args, format);
	vsnprintf(line + n, sizeof(line) - (size_t)n, format, args);
	va_end(args);
	/* One line, whatever the names in it hold. */
	for (c = line; *c != '\0'; c++)
		if ((unsigned char)*c < 0x20 || *c == 0x7f)
			*c = ' ';
	report->say(report->context, line);
	if (report->faults == FAULTS_MAX)
		report->say(report->context, "too many faults: what else there"
		    " is, is not told");
	return -1;
}
