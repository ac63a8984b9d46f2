/*
 * conf_parse.h - what the files that parse the configuration share.
 *
 * Besides those only conf_keys.c needs it, for the words about a value.
 */
#ifndef CONF_PARSE_H
#define CONF_PARSE_H

#include "conf.h"

/* A text being read: a file, the output of a command. */
struct conf_source {
	struct conf_source *parent;	/* who included it */
	struct conf_lexer lex;
	struct conf_token token;	/* the one looked at */
	dev_t device;			/* this and inode tell cycles; */
	ino_t inode;			/* both are 0 for what is no file */
};

struct conf_parser {
	struct conf *conf;
	struct conf_report *report;
	struct conf_source *source;
	const char *folder;		/* of the main file; "" is this one */
	unsigned faults;		/* report's, when we began */
	unsigned sources;		/* nested now */
	int in_global;			/* inside of global { } */
	int stopped;			/* too many faults: no more tokens */
};

/* ---- conf_parse.c: statements ------------------------------------------- */

void conf_parse_next(struct conf_parser *p);
void conf_parse_skip_newlines(struct conf_parser *p);
/* Reports the current token as a fault: "found ..., expected what". Returns
 * -1, as the next does. */
int conf_parse_expected(struct conf_parser *p, const char *what);
int conf_parse_no_memory(struct conf_parser *p);
/* Parses all of the current source. */
void conf_parse_statements(struct conf_parser *p);

/* ---- conf_source.c: the texts a configuration consists of --------------- */

/* Parses the file of that name, or one that is open; place, who wants it. */
void conf_source_file(struct conf_parser *p, struct conf_place place,
    const char *name);
void conf_source_fd(struct conf_parser *p, struct conf_place place,
    const char *name, int fd);
/* Parses text as the source s, whose device and inode are set. */
void conf_source_parse(struct conf_parser *p, struct conf_source *s,
    const char *name, struct slice text);
/* The statements, with their first word as the current token. */
int conf_source_include(struct conf_parser *p);
int conf_source_include_shell(struct conf_parser *p);

/* ---- conf_expr.c: expressions ------------------------------------------- */

/* Reads an expression. Returns 0, or -1 after a fault. */
int conf_parse_value(struct conf_parser *p, struct conf_value *v);

/* ---- conf_value.c: the memory of a configuration and the values in it --- */

enum {
	CONF_TEXT_MAX = 1024 * 1024,	/* bytes of one text */
	CONF_LIST_MAX = 64 * 1024,	/* values in a list and its lists */
	CONF_DEPTH_MAX = 64		/* lists in lists */
};

/* A list with room for n items and none in it, or NULL. When it has all its
 * items, the other checks the bounds and makes it the value v: 0, or -1 after
 * a fault. */
struct conf_list *conf_value_new_list(struct conf *c, size_t n);
int conf_value_finish_list(struct conf_parser *p, struct conf_place place,
    struct conf_list *list, struct conf_value *v);
/* a += b, reported at place. Returns 0, or -1 after a fault. */
int conf_value_add(struct conf_parser *p, struct conf_place place,
    struct conf_value *a, const struct conf_value *b);
/* A copy that the configuration owns, or NULL. */
char *conf_value_copy(struct conf *c, const char *p, size_t n);
/* The name a key is kept under (x is var.x), or NULL. */
const char *conf_value_key(struct conf *c, struct slice name);
/* A value as a message calls it, cut to size: "\"abc\"", "70", "a list". */
void conf_value_describe(const struct conf_value *v, char *out, size_t size);

#endif
