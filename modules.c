/*
 * modules.c - the table of modules in this binary.
 *
 * server.c hands it to plugin.c, which knows no module by name. A build that
 * wants less deletes lines here and in the Makefile.
 */
#include "plugin.h"

extern const struct plugin mod_accesslog, mod_dirlisting, mod_indexfile,
    mod_staticfile;

const struct plugin *const modules[] = {
	&mod_accesslog,
	&mod_indexfile,
	&mod_dirlisting,
	&mod_staticfile,
	NULL
};
