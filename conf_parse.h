/*
 * conf_parse.h - what the files that parse the configuration share.
 *
 * Besides those only conf_keys.c needs it, for the words about a value.
 */
#ifndef CONF_PARSE_H
#define CONF_PARSE_H

#include "conf.h"

enum { CONF_QUOTE_SIZE = 64 };	/* bytes of a value in a message */

/* A text being read: a file, the output of a command. */
struct conf_source {
	struct conf_source *parent;	/* who included it */
	struct buf text;
	struct conf_lexer lex;
	dev_t device;			/* this and inode tell cycles */
	ino_t inode;
};

struct conf_parser {
	struct conf *conf;
	struct conf_report *report;
	struct conf_source *source;
	struct conf_token token;	/* the one looked at */
	struct slice folder;		/* of the main file; "" is this one */
	struct conf_block *block;	/* statements go in here */
	struct conf_block *chain;	/* an else may follow that; NULL: no */
	unsigned depth;			/* of blocks */
	int in_global;			/* in global { } */
};

/* ---- conf_block.c: conditions and their blocks -------------------------- */

/* The block of the condition at the current token, or (bare) of an else that
 * has none; before: whose else it is. The token behind the condition is the
 * current one then. NULL after a fault. */
struct conf_block *conf_parse_block(struct conf_parser *p,
    struct conf_block *before, int bare);

/* ---- conf_expr.c: tokens, expressions and values ------------------------ */

void conf_parse_next(struct conf_parser *p);
void conf_parse_skip_newlines(struct conf_parser *p);
/* Reports the current token as a fault: "found ..., expected what". -1. */
int conf_parse_expected(struct conf_parser *p, const char *what);

/* As conf_alloc, but NULL is reported. */
void *conf_parse_alloc(struct conf_parser *p, size_t n);
/* The name a key is kept under (x is var.x), or NULL. */
const char *conf_parse_key(struct conf_parser *p, struct slice name);
/* What key is set to here: in this block, or in those around it; or NULL. */
struct conf_setting *conf_parse_find(const struct conf_parser *p,
    const char *key);
/* Reads an expression. Returns 0, or -1 after a fault. */
int conf_parse_value(struct conf_parser *p, struct conf_value *v);
/* a += b, reported at place. Returns 0, or -1 after a fault. */
int conf_parse_add(struct conf_parser *p, struct conf_place place,
    struct conf_value *a, const struct conf_value *b);
/* Text between quotes, cut if it is long; and a value as a message calls it:
 * "\"abc\"", "70", "a list". */
void conf_quote(char out[CONF_QUOTE_SIZE], struct slice text);
void conf_describe(char out[CONF_QUOTE_SIZE], const struct conf_value *v);

#endif
