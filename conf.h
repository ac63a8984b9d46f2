/*
 * conf.h - the configuration language: text to typed settings.
 *
 * Knows text and key tables, not what the keys mean. One section for each
 * conf_*.c file.
 */
#ifndef CONF_H
#define CONF_H

#include "base.h"

/* Where something stands, for messages. */
struct conf_place {
	const char *file;
	int line, column;	/* from 1; column counts bytes */
};

/* Takes the faults: each is one finished line without newline, already
 * "FILE:LINE:COLUMN: what is wrong". */
struct conf_report {
	void (*say)(void *context, const char *line);
	void *context;
	int forgiving;		/* conf_read returns what it understood */
	unsigned faults;	/* the configuration cannot be used */
};

/* ---- conf_fault.c: what is wrong, in one line --------------------------- */

/* Tells "place: message" and counts it; the first 20 only. Returns -1. For a
 * warning, hand it a copy of the report. */
int conf_fault(struct conf_report *report, struct conf_place place,
    const char *format, ...) PRINTF_LIKE(3, 4);
extern const struct conf_place conf_nowhere;

/* ---- conf_lex.c: text to tokens ----------------------------------------- */

/* The signs first, in the order of conf_lex.c's list of them. */
enum conf_token_kind {
	CONF_ARROW, CONF_EQ, CONF_MATCH, CONF_PREFIX, CONF_SUFFIX,
	CONF_APPEND, CONF_REPLACE, CONF_NE, CONF_NOMATCH,
	CONF_ASSIGN, CONF_PLUS, CONF_COMMA,
	CONF_OPEN, CONF_SHUT,				/* (  ) */
	CONF_BLOCK, CONF_UNBLOCK,			/* {  } */
	CONF_BRACKET, CONF_UNBRACKET,			/* [  ] */
	CONF_NAME, CONF_TEXT, CONF_NUMBER,
	CONF_FIELD,					/* $HTTP, $SERVER ... */
	CONF_NEWLINE, CONF_END,
	CONF_BAD	/* text is one byte, or longer: what is wrong */
};

struct conf_token {
	enum conf_token_kind kind;
	struct slice text;	/* as written; of CONF_TEXT between the quotes,
				 * \" not yet undone */
	struct conf_place place;
};

struct conf_lexer {
	const char *p, *end;	/* what is left; *end is NUL */
	const char *line_start;
	struct conf_place place;
	unsigned depth;		/* of ( ): newlines inside are white space */
};

void conf_lex_init(struct conf_lexer *lex, const char *file, const char *p,
    size_t n);
struct conf_token conf_lex(struct conf_lexer *lex);

/* ---- conf_parse.c: tokens to a tree of blocks --------------------------- */

enum { CONF_DEPTH_MAX = 64 };	/* lists in lists: walkers recurse */
#define CONF_TOO_DEEP "lists nest at most 64 deep"

enum conf_value_kind { CONF_VALUE_TEXT, CONF_VALUE_NUMBER, CONF_VALUE_LIST };

struct conf_value {
	enum conf_value_kind kind;
	const char *text;	/* of a text, owned by the configuration */
	long number;
	struct conf_list *list;
};

/* ( "a", "k" => v ): in the order of the file. */
struct conf_list {
	size_t n, room;
	unsigned depth;			/* 1: holds no lists */
	struct conf_item {
		const char *key;	/* NULL: has none */
		struct conf_value value;
	} *items;
};

/* One key of a block, after all its assignments. */
struct conf_setting {
	struct conf_setting *next;
	const char *key;
	struct conf_value value;
	struct conf_place place;	/* of its first assignment */
};

/* What stands between $HTTP["..."] and its block. Blocks that say the same
 * share one. */
struct conf_cond {
	struct conf_cond *next;
	unsigned number;		/* from 0, in the order of the file */
	unsigned subject;		/* what is compared */
	enum conf_token_kind op;	/* CONF_EQ to CONF_NOMATCH */
	const char *text;		/* with this, as written */
	struct slice wanted;		/* the same, a host in lower case */
	uint32_t hash;			/* of wanted */
	const char *field;		/* "$HTTP[\"host\"]", as written */
	struct pat *pat;		/* of CONF_MATCH and CONF_NOMATCH */
	struct cidr *net;		/* of an address */
	const char *names;		/* of a socket: those it listens at,
					 * each with a NUL; "" behind */
};

/* The statements of a { }, or those outside of any: conf->global. */
struct conf_block {
	struct conf_block *next;	/* in the order of the file */
	struct conf_block *parent;	/* it stands in; NULL: global */
	struct conf_block *before;	/* whose else it is, or NULL */
	struct conf_cond *cond;		/* NULL: global, else { } */
	unsigned number;		/* from 0: global */
	struct conf_setting *settings, **last;
	struct conf_patch *patches;	/* the typed values */
	size_t npatches;
	struct conf_place place;
};

/* What conditions look at. */
enum conf_field {
	CONF_HOST, CONF_HOST_PORT, CONF_URL, CONF_QUERY, CONF_METHOD,
	CONF_SCHEME, CONF_USER_AGENT, CONF_REFERER, CONF_COOKIE, CONF_LANGUAGE,
	CONF_REMOTE_IP, CONF_SOCKET, CONF_FIELDS, CONF_NAMED
};

struct conf_subject {
	struct conf_subject *next;
	enum conf_field field;
	const char *name;		/* of CONF_NAMED, lower case */
};

enum { CONF_BLOCKS_MAX = 4096 };

/* A whole configuration. Owns all its memory. */
struct conf {
	struct conf_block global;
	struct conf_block *last_block;
	struct conf_cond *conds, **last_cond;
	struct conf_subject *subjects, **last_subject;
	unsigned nblocks, nconds, nsubjects;	/* nblocks: with global */
	struct conf_step *steps;	/* of all blocks, by their numbers */
	struct conf_chunk *memory;	/* everything, freed together */
	void *settings;			/* the typed values, see conf_apply;
					 * of the global block */
	size_t size;			/* bytes of them */
	struct conf_table *tables;	/* they were made by */
	size_t ntables;
};

/* Reads file ("-": standard input), or text (not NULL) of that name. NULL if
 * there was a fault; all of them went to report. */
struct conf *conf_read(const char *file, struct buf *text,
    struct conf_report *report);

/* ---- conf_expr.c: values and their memory ------------------------------- */

void conf_free(struct conf *c);
/* Zeroed memory that lives as long as c, or NULL. */
void *conf_alloc(struct conf *c, size_t n);
/* The setting of key in that block itself, or NULL. */
struct conf_setting *conf_find_in(const struct conf_block *block,
    const char *key);
/* The same in the global block. */
static inline struct conf_setting *
conf_find(struct conf *c, const char *key)
{
	return conf_find_in(&c->global, key);
}

/* ---- conf_keys.c: checks the tree against the key tables ---------------- */

enum conf_type {
	CONF_STRING,		/* const char *, NULL when not set */
	CONF_BOOL,		/* int, 0 or 1 */
	CONF_SHORT,		/* int, 0 to 65535 */
	CONF_INT,		/* long, from 0 */
	CONF_LIST,		/* conf_list *, texts without keys */
	CONF_MAP,		/* conf_list *, all with keys */
	CONF_TEXTS		/* the same, and all are texts */
};

enum conf_scope {
	CONF_SERVER,		/* only outside of conditions */
	CONF_REQUEST		/* may differ from request to request */
};

struct conf_key {
	const char *name;	/* NULL ends a table */
	uint8_t type, scope;	/* enum conf_type, enum conf_scope */
	uint16_t at;		/* offset in the owner's settings struct */
	const char *preset;	/* default: digits, "enable", text; or NULL */
	int least, most;	/* bounds of a number; most 0: its type's */
};

/* One owner's keys: the core's, or a module's. */
struct conf_table {
	const char *owner;	/* "core" or "mod_NAME" */
	const struct conf_key *keys;
	size_t base;		/* where its struct lies in conf->settings */
};

/* A typed value that holds when its block does. */
struct conf_patch {
	const struct conf_key *key;
	size_t at;			/* in the settings */
	union conf_typed {
		const void *p;
		int n;
		long l;
	} value;
	struct conf_place place;
};

/* The base of a module that is not in use. */
#define CONF_NOT_LOADED ((size_t)-1)

/* Makes c->settings (size bytes) from the presets and the tree, by the n
 * tables; of two rows for a key the first counts. Type errors and bounds are
 * faults, as are keys that protect (auth.require) and have no module to do it.
 * Other keys without effect are warnings. Returns 0, or -1: faults. */
int conf_apply(struct conf *c, const struct conf_table *tables, size_t n,
    size_t size, struct conf_report *report);
/* 0 or 1, or -1: v is no boolean. */
int conf_bool(const struct conf_value *v);

/* Stores the items of list, options of one thing, in the struct to, by the
 * rows of keys. Faults begin with where. */
void conf_options(const struct conf_list *list, const struct conf_key *keys,
    void *to, struct conf_place place, const char *where,
    struct conf_report *report);

/* For modules that make something of a value. slot points to the member of the
 * settings struct (NULL in it: not set), and what fn puts there instead has to
 * live as long as c (conf_alloc). block is where the value was set, NULL for
 * presets. Returns 0, or -1 to end it. */
typedef int conf_each_fn(void *context, void *slot,
    const struct conf_block *block, struct conf_place place);
/* Calls fn for each value that key has: the one outside of conditions, and one
 * for each block that sets it. Returns 0, or what fn returned. */
int conf_each(struct conf *c, const char *key, conf_each_fn *fn,
    void *context);

/* ---- conf_cond.c: which blocks hold ------------------------------------- */

/* Of texts that are the same. */
uint32_t conf_hash(struct slice text);

/* Writes down the blocks of c as they are walked. Returns 0, or -1: no
 * memory. */
int conf_steps(struct conf *c);

/* What held when it was asked last, so that it is asked again only of what has
 * changed since. */
struct conf_merge;

struct conf_merge *conf_merge_new(const struct conf *c);
void conf_merge_free(struct conf_merge *m);
/* Tells subject number i; p NULL: not known yet. Copied. Returns 0, or -1: no
 * memory. */
int conf_merge_subject(struct conf_merge *m, unsigned i, struct slice value);
/* The settings that hold now: they stay until the next call. peer is the
 * address behind CONF_REMOTE_IP. */
const void *conf_merge(struct conf_merge *m, const struct sockaddr *peer);
/* How block stands: 1 holds, 0 does not, -1 was not asked. */
int conf_merge_holds(const struct conf_merge *m,
    const struct conf_block *block);
/* The groups of the nearest regular expression around the values of block.
 * Returns how many, 0: none. */
unsigned conf_merge_groups(const struct conf_merge *m,
    const struct conf_block *block, struct slice group[PAT_GROUPS]);

/* ---- conf_print.c: the tree as text that parses again (-p) -------------- */

void conf_print(struct buf *out, const struct conf *c);
/* Adds text with its quotes. */
void conf_print_text(struct buf *out, struct slice text);

#endif
