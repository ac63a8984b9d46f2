/*
 * conf_lex.c - text to tokens, each with file, line and column.
 *
 * conf_parse.c asks for one token after the other. The lexer never allocates
 * and never reports: what is not in the language becomes CONF_BAD, and the
 * parser says so. White space is SP, HTAB, the UTF-8 no-break space, comments,
 * and inside of parentheses the newline.
 */
#include <string.h>

#include "conf.h"

/* Words and signs as a message calls them; those in quotes are tokens as they
 * stand, longer ones before their own beginnings. */
static const struct {
	enum conf_token_kind kind;
	const char *name;
} tokens[] = {
	{ CONF_ARROW, "\"=>\"" },
	{ CONF_EQ, "\"==\"" },
	{ CONF_MATCH, "\"=~\"" },
	{ CONF_PREFIX, "\"=^\"" },
	{ CONF_SUFFIX, "\"=$\"" },
	{ CONF_APPEND, "\"+=\"" },
	{ CONF_REPLACE, "\":=\"" },
	{ CONF_NE, "\"!=\"" },
	{ CONF_NOMATCH, "\"!~\"" },
	{ CONF_ASSIGN, "\"=\"" },
	{ CONF_PLUS, "\"+\"" },
	{ CONF_COMMA, "\",\"" },
	{ CONF_OPEN, "\"(\"" },
	{ CONF_SHUT, "\")\"" },
	{ CONF_BLOCK, "\"{\"" },
	{ CONF_UNBLOCK, "\"}\"" },
	{ CONF_BRACKET, "\"[\"" },
	{ CONF_UNBRACKET, "\"]\"" },
	{ CONF_END, "end of file" },
	{ CONF_NEWLINE, "end of line" },
	{ CONF_NAME, "a name" },
	{ CONF_TEXT, "a text" },
	{ CONF_NUMBER, "a number" },
	{ CONF_FIELD, "a field" },
	{ CONF_BAD, "something else" }
};

void
conf_lex_init(struct conf_lexer *lex, const char *file, const char *p,
    size_t n)
{
	lex->p = p;
	lex->end = p + n;
	lex->line_start = p;
	lex->place.file = file;
	lex->place.line = 1;
	lex->place.column = 1;
	lex->depth = 0;
}

const char *
conf_token_name(enum conf_token_kind kind)
{
	size_t i;

	for (i = 0; i < COUNT(tokens); i++)
		if (tokens[i].kind == kind)
			return tokens[i].name;
	return "something else";
}

/* ASCII only: the locale must not change what a file means. */
static int
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static int
is_capital(char c)
{
	return (c >= 'A' && c <= 'Z') || c == '_';
}

/* What keys and variables are made of. A minus is a part of names, so there
 * are no negative numbers. */
static int
is_word(char c)
{
	return is_digit(c) || is_capital(c) || (c >= 'a' && c <= 'z')
	    || c == '.' || c == '-';
}

/* Does what is left begin with word? */
static int
begins(const struct conf_lexer *lex, const char *word)
{
	size_t n = strlen(word);

	return (size_t)(lex->end - lex->p) >= n
	    && memcmp(lex->p, word, n) == 0;
}

/* Steps over the newline at lex->p. */
static void
next_line(struct conf_lexer *lex)
{
	lex->p++;
	lex->line_start = lex->p;
	lex->place.line++;
}

/* Up to the newline, which ends a statement as well. */
static void
skip_comment(struct conf_lexer *lex)
{
	while (lex->p < lex->end && *lex->p != '\n')
		lex->p++;
}

static void
skip_space(struct conf_lexer *lex)
{
	while (lex->p < lex->end) {
		if (*lex->p == ' ' || *lex->p == '\t')
			lex->p++;
		else if (begins(lex, "\r\n"))
			lex->p++;
		else if (begins(lex, "\xc2\xa0"))
			lex->p += 2;	/* pasted from a web page */
		else if (*lex->p == '#')
			skip_comment(lex);
		else if (*lex->p == '\n' && lex->depth > 0)
			next_line(lex);
		else
			return;
	}
}

/* Not a token of the language. The parser says where and why. */
static void
bad(struct conf_token *t, const char *why)
{
	t->kind = CONF_BAD;
	t->text = slice_of(why);
}

/* A text may span lines; a backslash means itself but before a quote. */
static void
lex_text(struct conf_lexer *lex, struct conf_token *t)
{
	const char *start = ++lex->p;

	while (lex->p < lex->end && *lex->p != '"') {
		if (begins(lex, "\\\""))
			lex->p += 2;
		else if (*lex->p == '\n')
			next_line(lex);
		else
			lex->p++;
	}
	if (lex->p == lex->end) {
		bad(t, "a text without its closing quote");
		return;
	}
	t->kind = CONF_TEXT;
	t->text.p = start;
	t->text.n = (size_t)(lex->p - start);
	lex->p++;
}

/* A number has digits only; 0x50 and 8080.5 are names, if nobody's. */
static void
lex_word(struct conf_lexer *lex, struct conf_token *t)
{
	t->kind = CONF_NUMBER;
	while (lex->p < lex->end && is_word(*lex->p)) {
		if (!is_digit(*lex->p))
			t->kind = CONF_NAME;
		lex->p++;
	}
	t->text.n = (size_t)(lex->p - t->text.p);
}

/* $HTTP: the bracket behind it is a token of its own. */
static void
lex_field(struct conf_lexer *lex, struct conf_token *t)
{
	lex->p++;
	while (lex->p < lex->end && is_capital(*lex->p))
		lex->p++;
	t->kind = CONF_FIELD;
	t->text.n = (size_t)(lex->p - t->text.p);
	if (t->text.n == 1)
		bad(t, "unexpected character");
}

/* Operators and parentheses, by the table. */
static void
lex_sign(struct conf_lexer *lex, struct conf_token *t)
{
	size_t i, n;

	for (i = 0; tokens[i].name[0] == '"'; i++) {
		n = strlen(tokens[i].name) - 2;
		if ((size_t)(lex->end - lex->p) < n
		    || memcmp(lex->p, tokens[i].name + 1, n) != 0)
			continue;
		t->kind = tokens[i].kind;
		t->text.n = n;
		lex->p += n;
		if (t->kind == CONF_OPEN)
			lex->depth++;
		else if (t->kind == CONF_SHUT && lex->depth > 0)
			lex->depth--;
		return;
	}
	/* One byte at a time: the parser quotes it. */
	lex->p++;
	bad(t, "unexpected character");
}

struct conf_token
conf_lex(struct conf_lexer *lex)
{
	struct conf_token t;

	skip_space(lex);
	lex->place.column = (int)(lex->p - lex->line_start) + 1;
	t.kind = CONF_END;
	t.place = lex->place;
	t.text.p = lex->p;
	t.text.n = 0;
	if (lex->p == lex->end)
		return t;
	if (*lex->p == '\n') {
		t.kind = CONF_NEWLINE;
		next_line(lex);
	} else if (*lex->p == '"') {
		lex_text(lex, &t);
	} else if (is_word(*lex->p)) {
		lex_word(lex, &t);
	} else if (*lex->p == '$') {
		lex_field(lex, &t);
	} else {
		lex_sign(lex, &t);
	}
	return t;
}
