/*
 * modules.c - the table of modules in this binary.
 *
 * server.c hands it to plugin.c, which knows no module by name. Which modules
 * there are the Makefile says: M(accesslog) M(indexfile) and so on.
 */
#include "plugin.h"

#define M(name) extern const struct plugin mod_##name;
MODULES
#undef M
#define M(name) &mod_##name,

const struct plugin *const modules[] = { MODULES NULL };
