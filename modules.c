/*
 * modules.c - the table of modules in this binary.
 *
 * server_conf.c hands it to plugin.c, which knows no module by name. Which
 * there are the Makefile says: M(accesslog) M(indexfile) and so on.
 */
#include "plugin.h"

#define M(name) extern const struct plugin mod_##name;
MODULES
#undef M
#define M(name) &mod_##name,

const struct plugin *const modules[] = { MODULES NULL };
const char modules_dir[] = MODULES_DIR;
