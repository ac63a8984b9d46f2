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

/* In the order of enum conf_token_kind; a sign stands before those it begins
 * with. */
static const char signs[] = "=>\0==\0=~\0=^\0=$\0+=\0:=\0!=\0!~\0"
    "=\0+\0,\0(\0)\0{\0}\0[\0]\0";

/* What names are made of, digits first. A minus is a part of names, so there
 * are no negative numbers. The locale has no say in it. */
static const char word_bytes[] = "0123456789"
    "._-abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

void
conf_lex_init(struct conf_lexer *lex, const char *file, const char *p,
    size_t n)
{
	*lex = (struct conf_lexer){ .p = p, .end = p + n, .line_start = p,
	    .place = { file, 1, 1 } };
}

/* Steps over the newline at lex->p. */
static void
next_line(struct conf_lexer *lex)
{
	lex->line_start = ++lex->p;
	lex->place.line++;
}

static void
skip_space(struct conf_lexer *lex)
{
	for (;;) {
		if (*lex->p == ' ' || *lex->p == '\t'
		    || strncmp(lex->p, "\r\n", 2) == 0)
			lex->p++;
		else if (strncmp(lex->p, "\xc2\xa0", 2) == 0)
			lex->p += 2;	/* pasted from a web page */
		else if (*lex->p == '#')
			lex->p += strcspn(lex->p, "\n");
		else if (*lex->p == '\n' && lex->depth > 0)
			next_line(lex);
		else
			return;
	}
}

/* The token begins at lex->p. */
static void
begin(struct conf_lexer *lex, struct conf_token *t,
    enum conf_token_kind kind)
{
	lex->place.column = (int)(lex->p - lex->line_start) + 1;
	*t = (struct conf_token){ kind, { lex->p, 0 }, lex->place };
}

/* At a NUL: the end, or no text file, and then the rest of it is no news. */
static void
lex_end(struct conf_lexer *lex, struct conf_token *t)
{
	if (lex->p == lex->end)
		return;
	begin(lex, t, CONF_BAD);
	t->text = slice_of("a NUL byte: this is not a text file");
	lex->end = lex->p;
}

/* A text may span lines; a backslash means itself but before a quote. */
static void
lex_text(struct conf_lexer *lex, struct conf_token *t)
{
	t->text.p = ++lex->p;
	while (*lex->p != '"' && *lex->p != '\0') {
		if (*lex->p == '\n')
			next_line(lex);
		else
			lex->p += lex->p[0] == '\\' && lex->p[1] == '"' ? 2 : 1;
	}
	t->text.n = (size_t)(lex->p - t->text.p);
	if (*lex->p == '"') {
		t->kind = CONF_TEXT;
		lex->p++;
		return;
	}
	t->kind = CONF_BAD;
	t->text = slice_of("a text without its closing quote");
	lex_end(lex, t);
}

/* Operators and parentheses; else one bad byte. */
static void
lex_sign(struct conf_lexer *lex, struct conf_token *t)
{
	const char *sign = signs;
	int kind;

	for (kind = CONF_ARROW; kind <= CONF_UNBRACKET; kind++) {
		t->text.n = strlen(sign);
		if (strncmp(lex->p, sign, t->text.n) == 0)
			break;
		sign += t->text.n + 1;
	}
	if (kind > CONF_UNBRACKET)
		kind = CONF_BAD;
	t->kind = (enum conf_token_kind)kind;
	lex->p += t->text.n;
	lex->depth += kind == CONF_OPEN;
	lex->depth -= kind == CONF_SHUT && lex->depth > 0;
	if (kind == CONF_OPEN && lex->depth > CONF_DEPTH_MAX) {
		t->kind = CONF_BAD;	/* the parser recurses */
		t->text = slice_of(CONF_TOO_DEEP);
	}
}

struct conf_token
conf_lex(struct conf_lexer *lex)
{
	struct conf_token t;
	size_t n, dollar;

	skip_space(lex);
	begin(lex, &t, CONF_END);
	dollar = *lex->p == '$';
	n = strspn(lex->p + dollar, word_bytes);
	if (n > 0) {
		/* Digits only are a number; 0x50 and 8080.5 are names. */
		t.kind = dollar ? CONF_FIELD :
		    strspn(lex->p, "0123456789") == n ? CONF_NUMBER : CONF_NAME;
		t.text.n = n + dollar;
		lex->p += t.text.n;
	} else if (*lex->p == '"') {
		lex_text(lex, &t);
	} else if (*lex->p == '\n') {
		t.kind = CONF_NEWLINE;
		next_line(lex);
	} else if (*lex->p != '\0') {
		lex_sign(lex, &t);
	} else {
		lex_end(lex, &t);
	}
	return t;
}
