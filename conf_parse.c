/*
 * conf_parse.c - tokens to a tree of settings: statements, include, faults.
 *
 * conf_read is called at the start and for a reload. Strict: what is not in
 * the grammar is a fault with its place, the offending text and what was
 * expected; then the parser goes on at the next line, so that one run shows
 * all faults. It never knows what a key means.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "conf_parse.h"

enum { FAULTS_MAX = 20 };	/* told in one run */

static void parse_block(struct conf_parser *p,
    const struct conf_place *block);

/* ---- tokens ------------------------------------------------------------- */

void
conf_parse_next(struct conf_parser *p)
{
	struct conf_source *s = p->source;

	/* A binary file by mistake: after a while the end comes early, and
	 * all that wait for a token return. */
	if (!p->stopped && p->report->faults - p->faults >= FAULTS_MAX) {
		conf_fault(p->report, s->token.place,
		    "too many faults, the rest was not read");
		p->stopped = 1;
	}
	s->token = conf_lex(&s->lex);
	if (p->stopped)
		s->token.kind = CONF_END;
}

void
conf_parse_skip_newlines(struct conf_parser *p)
{
	while (p->source->token.kind == CONF_NEWLINE)
		conf_parse_next(p);
}

/* The text of the current token in quotes, cut if it is long. A bad one has
 * its reason there instead: then the byte it begins with. */
static void
quote_token(const struct conf_source *s, struct buf *out)
{
	struct slice text = s->token.text;

	if (s->token.kind == CONF_BAD) {
		text.p = s->lex.line_start + s->token.place.column - 1;
		text.n = s->token.place.line == s->lex.place.line ? 1 : 0;
	}
	buf_addc(out, '"');
	if (text.n > 40) {
		text.n = 40;
		str_escape_log(out, text);
		buf_adds(out, "...");
	} else {
		str_escape_log(out, text);
	}
	buf_addc(out, '"');
}

int
conf_parse_expected(struct conf_parser *p, const char *what)
{
	struct conf_token *t = &p->source->token;
	struct buf found = { 0 };

	if (p->stopped)
		return -1;
	quote_token(p->source, &found);
	if (t->kind == CONF_BAD)
		conf_fault(p->report, t->place, "%.*s%s%s", (int)t->text.n,
		    t->text.p, found.n > 2 ? ": " : "",
		    found.n > 2 ? buf_text(&found) : "");
	else if (t->kind == CONF_NAME || t->kind == CONF_NUMBER
	    || t->kind == CONF_TEXT || t->kind == CONF_FIELD)
		conf_fault(p->report, t->place, "found %s, expected %s",
		    buf_text(&found), what);
	else
		conf_fault(p->report, t->place, "found %s, expected %s",
		    conf_token_name(t->kind), what);
	buf_free(&found);
	return -1;
}

int
conf_parse_no_memory(struct conf_parser *p)
{
	conf_fault(p->report, p->source->token.place, "out of memory");
	return -1;
}

/* Skips a block, from its "{" to behind its "}". */
static void
skip_block(struct conf_parser *p)
{
	struct conf_source *s = p->source;
	int line = s->token.place.line, depth = 0;	/* of braces */
	char wanted[64];

	do {
		if (s->token.kind == CONF_BLOCK)
			depth++;
		else if (s->token.kind == CONF_UNBLOCK)
			depth--;
		if (s->token.kind == CONF_END) {
			snprintf(wanted, sizeof(wanted),
			    "\"}\" of the block from line %d", line);
			(void)conf_parse_expected(p, wanted);
			return;
		}
		/* A "(" left open in here must not swallow the "}". */
		s->lex.depth = 0;
		conf_parse_next(p);
	} while (depth > 0);
}

/* After a fault: goes on behind the next newline that is not inside of
 * parentheses, or at the end of the block we are in. */
static void
resynchronise(struct conf_parser *p, int in_block)
{
	struct conf_source *s = p->source;

	while (s->token.kind != CONF_END && s->token.kind != CONF_NEWLINE) {
		if (s->token.kind == CONF_UNBLOCK && in_block) {
			s->lex.depth = 0;
			return;
		}
		if (s->token.kind == CONF_BLOCK)
			skip_block(p);
		else
			conf_parse_next(p);
	}
}

/* ---- assignments -------------------------------------------------------- */

/* Settings stay in the order of their first assignments, for -p. */
static int
add_setting(struct conf_parser *p, const char *key,
    const struct conf_value *v, struct conf_place place)
{
	struct conf_block *block = &p->conf->global;
	struct conf_setting *s = conf_alloc(p->conf, sizeof(*s));

	if (s == NULL)
		return conf_parse_no_memory(p);
	s->key = key;
	s->value = *v;
	s->place = place;
	*block->last = s;
	block->last = &s->next;
	return 0;
}

/* Twice "=" is a fault: of two values one would be lost, and nobody could say
 * which was meant. */
static int
store(struct conf_parser *p, const struct conf_token *name,
    enum conf_token_kind how, const struct conf_value *v)
{
	const char *key = conf_value_key(p->conf, name->text);
	struct conf_setting *old;

	if (key == NULL)
		return conf_parse_no_memory(p);
	if (strncmp(key, "env.", 4) == 0) {
		conf_fault(p->report, name->place,
		    "%s is the environment's and cannot be set", key);
		return -1;
	}
	old = conf_find(p->conf, key);
	/* Whatever the operator, there is nothing yet to add to or replace. */
	if (old == NULL)
		return add_setting(p, key, v, name->place);
	if (how == CONF_APPEND)
		return conf_value_add(p, name->place, &old->value, v);
	if (how == CONF_REPLACE) {
		old->value = *v;
		old->place = name->place;
		return 0;
	}
	conf_fault(p->report, name->place, "%s was set already in %s:%d:%d"
	    " (\"+=\" adds, \":=\" replaces)", key, old->place.file,
	    old->place.line, old->place.column);
	return -1;
}

/* KEY = VALUE, with the key as the current token. */
static int
parse_assignment(struct conf_parser *p)
{
	struct conf_token name = p->source->token;
	enum conf_token_kind how;
	struct conf_value v;

	conf_parse_next(p);
	how = p->source->token.kind;
	if (how != CONF_ASSIGN && how != CONF_APPEND && how != CONF_REPLACE)
		return conf_parse_expected(p, "\"=\", \"+=\" or \":=\"");
	conf_parse_next(p);
	/* Existing files break the line here. */
	conf_parse_skip_newlines(p);
	if (conf_parse_value(p, &v) == -1)
		return -1;
	/* The statement was whole: what follows on its line is another. */
	(void)store(p, &name, how, &v);
	return 0;
}

/* ---- blocks ------------------------------------------------------------- */

/* global { }: means the same as without, since conditions cannot hold it. */
static int
parse_global(struct conf_parser *p)
{
	struct conf_place place = p->source->token.place;

	conf_parse_next(p);
	conf_parse_skip_newlines(p);
	if (p->source->token.kind != CONF_BLOCK)
		return conf_parse_expected(p, "\"{\" of global");
	if (p->in_global) {
		conf_fault(p->report, place, "global inside of global");
		return -1;
	}
	conf_parse_next(p);
	p->in_global = 1;
	parse_block(p, &place);
	p->in_global = 0;
	return 0;
}

/* A condition, from its first word or field; for now refused, and its block
 * skipped. */
static int
parse_condition(struct conf_parser *p)
{
	struct conf_source *s = p->source;
	struct conf_token first = s->token;
	struct slice text = first.text;

	/* $HTTP["host"] reads as one word. */
	while (first.kind == CONF_FIELD && s->token.kind != CONF_UNBRACKET
	    && s->token.kind != CONF_NEWLINE && s->token.kind != CONF_END) {
		conf_parse_next(p);
		if (s->token.kind == CONF_UNBRACKET)
			text.n = (size_t)(s->token.text.p + 1 - text.p);
	}
	conf_fault(p->report, first.place,
	    "conditional blocks are not supported yet: %.*s",
	    (int)text.n, text.p);
	while (s->token.kind != CONF_BLOCK && s->token.kind != CONF_NEWLINE
	    && s->token.kind != CONF_END)
		conf_parse_next(p);
	conf_parse_skip_newlines(p);
	/* What is wrong inside is not our business yet. */
	if (s->token.kind == CONF_BLOCK)
		skip_block(p);
	return 0;
}

/* Names that begin something else than an assignment. */
static const struct {
	const char *name;
	int (*parse)(struct conf_parser *p);
} words[] = {
	{ "include", conf_source_include },
	{ "include_shell", conf_source_include_shell },
	{ "global", parse_global },
	{ "if", parse_condition },
	{ "else", parse_condition },
	{ "elif", parse_condition },
	{ "elsif", parse_condition },
	{ "elseif", parse_condition }
};

/* One statement, from its first token. Returns 0, or -1 after a fault in the
 * middle of it. */
static int
parse_statement(struct conf_parser *p)
{
	const struct conf_token *t = &p->source->token;
	size_t i;

	if (t->kind == CONF_FIELD)
		return parse_condition(p);
	if (t->kind != CONF_NAME)
		return conf_parse_expected(p, "a key or the end of the line");
	for (i = 0; i < COUNT(words); i++)
		if (slice_eq(t->text, slice_of(words[i].name)))
			return words[i].parse(p);
	return parse_assignment(p);
}

/* All statements of a source (block is NULL), or of the block that began at
 * that place, with its "}". */
static void
parse_block(struct conf_parser *p, const struct conf_place *block)
{
	struct conf_token *t = &p->source->token;
	char wanted[64];

	for (;;) {
		conf_parse_skip_newlines(p);
		if (t->kind == CONF_END)
			break;
		if (t->kind == CONF_UNBLOCK && block != NULL) {
			conf_parse_next(p);
			return;
		}
		if (parse_statement(p) == -1)
			resynchronise(p, block != NULL);
	}
	if (block != NULL) {
		snprintf(wanted, sizeof(wanted),
		    "\"}\" of the block from line %d", block->line);
		(void)conf_parse_expected(p, wanted);
	}
}

void
conf_parse_statements(struct conf_parser *p)
{
	conf_parse_next(p);
	parse_block(p, NULL);
}

/* ---- whole configurations ----------------------------------------------- */

/* Begins a configuration. file is only looked at for its folder. */
static int
parser_open(struct conf_parser *p, const char *file,
    struct conf_report *report)
{
	const char *slash = strrchr(file, '/');
	size_t n = slash == NULL ? 0 : (size_t)(slash - file) + 1;
	struct conf_place nowhere = { NULL, 0, 0 };

	memset(p, 0, sizeof(*p));
	p->report = report;
	p->faults = report->faults;
	p->conf = calloc(1, sizeof(*p->conf));
	if (p->conf != NULL) {
		p->conf->refs = 1;
		p->conf->global.last = &p->conf->global.settings;
		p->folder = conf_value_copy(p->conf, file, n);
		if (p->folder != NULL)
			return 0;
		conf_drop(p->conf);
	}
	conf_fault(report, nowhere, "out of memory");
	return -1;
}

/* A configuration with a fault is none: half of what somebody wrote might
 * mean the opposite. */
static struct conf *
parser_close(struct conf_parser *p)
{
	if (p->report->faults == p->faults)
		return p->conf;
	conf_drop(p->conf);
	return NULL;
}

struct conf *
conf_read(const char *file, struct conf_report *report)
{
	struct conf_place nowhere = { NULL, 0, 0 };
	struct conf_parser p;

	if (parser_open(&p, file, report) == -1)
		return NULL;
	if (strcmp(file, "-") == 0)
		conf_source_fd(&p, nowhere, "standard input", STDIN_FILENO);
	else
		conf_source_file(&p, nowhere, file);
	return parser_close(&p);
}

struct conf *
conf_read_text(const char *name, struct slice text,
    struct conf_report *report)
{
	struct conf_source s = { 0 };
	struct conf_parser p;

	if (parser_open(&p, "", report) == -1)
		return NULL;
	conf_source_parse(&p, &s, name, text);
	return parser_close(&p);
}
