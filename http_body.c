/*
 * http_body.c - how long a request's body is: a length, chunks, or nothing.
 *
 * conn.c gives it the bytes behind a head; it says which of them are content
 * and where the next request begins. Chunks (RFC 9112 7.1) are read by a table
 * of states, each byte of their lines included: a line that two servers could
 * read differently is how requests are smuggled. Never copies, never looks
 * into content, and never keeps a trailer: merged into the fields behind the
 * back of the access rules it would be a hole.
 */
#include "http_parse.h"

/* Bounds against bodies that are all wrapping and no content. */
enum {
	DIGITS_MAX = 15,		/* 60 bits: no size can overflow */
	LINE_MAX_BYTES = 256,		/* of one chunk-size line */
	EXTENSIONS_MAX = 16 * 1024,	/* of all chunk extensions together */
	TRAILERS_MAX = 8 * 1024
};

/* Kinds of bytes, the columns of the table. */
enum {
	CR, LF, WS, SEMI, EQUAL, QUOTE, ESCAPE, COLON, HEX, TCHAR, TEXT,
	CONTROL, KINDS
};

/* States, its rows. Those of a line begin with SIZE_. */
enum {
	SIZE_0,			/* needs the first digit */
	SIZE_N,			/* more digits, or the end */
	SIZE_WS,		/* white space, needs ";" */
	SIZE_NAME_0,		/* name of an extension */
	SIZE_NAME,
	SIZE_NAME_WS,
	SIZE_VALUE_0,		/* its value */
	SIZE_VALUE,
	SIZE_QUOTED,
	SIZE_QUOTED_ESCAPE,
	SIZE_QUOTED_END,
	SIZE_LF,		/* the line's last byte */
	DATA,			/* left says how much */
	DATA_CR,
	DATA_LF,
	TRAILER,		/* a line, or the end */
	TRAILER_NAME,
	TRAILER_VALUE,
	TRAILER_LF,
	END_LF,
	END,
	STATES
};

/* What may come next. 0 stands for "refused" (no byte leads back to SIZE_0 but
 * the LF after a chunk, which is written as CHUNK). */
enum {
	CHUNK = STATES,
	S0 = SIZE_N, SW = SIZE_WS, N0 = SIZE_NAME_0, NA = SIZE_NAME,
	NW = SIZE_NAME_WS, V0 = SIZE_VALUE_0, VA = SIZE_VALUE,
	QU = SIZE_QUOTED, QB = SIZE_QUOTED_ESCAPE, QE = SIZE_QUOTED_END,
	SL = SIZE_LF, DA = DATA, DL = DATA_LF, TR = TRAILER,
	TN = TRAILER_NAME, TV = TRAILER_VALUE, TL = TRAILER_LF, EL = END_LF
};

static const unsigned char next_state[STATES][KINDS] = {
	/*               CR  LF  WS  ;   =   "   \   :   hex tch text ctl */
	[SIZE_0]      = { 0,  0,  0,  0,  0,  0,  0,  0, S0,  0,  0,  0 },
	[SIZE_N]      = { SL, 0, SW, N0,  0,  0,  0,  0, S0,  0,  0,  0 },
	[SIZE_WS]     = { 0,  0, SW, N0,  0,  0,  0,  0,  0,  0,  0,  0 },
	[SIZE_NAME_0] = { 0,  0, N0,  0,  0,  0,  0,  0, NA, NA,  0,  0 },
	[SIZE_NAME]   = { SL, 0, NW, N0, V0,  0,  0,  0, NA, NA,  0,  0 },
	[SIZE_NAME_WS] = { 0, 0, NW, N0, V0,  0,  0,  0,  0,  0,  0,  0 },
	[SIZE_VALUE_0] = { 0, 0, V0,  0,  0, QU,  0,  0, VA, VA,  0,  0 },
	[SIZE_VALUE]  = { SL, 0, SW, N0,  0,  0,  0,  0, VA, VA,  0,  0 },
	[SIZE_QUOTED] = { 0,  0, QU, QU, QU, QE, QB, QU, QU, QU, QU,  0 },
	[SIZE_QUOTED_ESCAPE]
	              = { 0,  0, QU, QU, QU, QU, QU, QU, QU, QU, QU,  0 },
	[SIZE_QUOTED_END]
	              = { SL, 0, SW, N0,  0,  0,  0,  0,  0,  0,  0,  0 },
	[SIZE_LF]     = { 0, DA,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0 },
	[DATA_CR]     = { DL, 0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0 },
	[DATA_LF]     = { 0, CHUNK },
	[TRAILER]     = { EL, 0,  0,  0,  0,  0,  0,  0, TN, TN,  0,  0 },
	[TRAILER_NAME] = { 0, 0,  0,  0,  0,  0,  0, TV, TN, TN,  0,  0 },
	[TRAILER_VALUE]
	              = { TL, 0, TV, TV, TV, TV, TV, TV, TV, TV, TV,  0 },
	[TRAILER_LF]  = { 0, TR,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0 },
	[END_LF]      = { 0, END }
};

static int
kind_of(char byte)
{
	unsigned char c = (unsigned char)byte;

	switch (c) {
	case '\r': return CR;
	case '\n': return LF;
	case ' ': case '\t': return WS;
	case ';': return SEMI;
	case '=': return EQUAL;
	case '"': return QUOTE;
	case '\\': return ESCAPE;
	case ':': return COLON;
	}
	if (!http_is(byte, HTTP_VALUE))
		return CONTROL;
	if (!http_is(byte, HTTP_TOKEN))
		return TEXT;
	if ((c >= '0' && c <= '9')
	    || ((c | 0x20) >= 'a' && (c | 0x20) <= 'f'))
		return HEX;
	return TCHAR;
}

void
http_body_init(struct http_body *body, const struct http_head *head)
{
	body->framing = head->framing;
	body->state = SIZE_0;
	body->left = head->framing == HTTP_LENGTH ? head->body_length : 0;
	body->overhead = 0;
}

/* Takes content, as much of it as there is. */
static void
take_content(struct http_body *body, const char *p, size_t n, size_t *used,
    struct slice *data)
{
	if ((uint64_t)n > (uint64_t)body->left)
		n = (size_t)body->left;
	data->p = p;
	data->n = n;
	*used += n;
	body->left -= (int64_t)n;
}

/* Counts one byte of wrapping that led to state. Returns -1 when there is too
 * much. In a size line, body->state has the bytes of it above the state. */
static int
count_byte(struct http_body *body, int state)
{
	int line = state < DATA ? (body->state >> 8) + 1 : 0;

	if (state == CHUNK)
		state = SIZE_0;
	body->state = line << 8 | state;
	if (state >= TRAILER)
		return ++body->overhead > TRAILERS_MAX ? -1 : 0;
	if (state == SIZE_N)
		return line > DIGITS_MAX ? -1 : 0;
	if (state > SIZE_N && state < SIZE_LF
	    && ++body->overhead > EXTENSIONS_MAX)
		return -1;
	return line >= LINE_MAX_BYTES ? -1 : 0;	/* LF is still to come */
}

static int
hex_value(char c)
{
	return c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10;
}

/* Moves on by one byte that is not content. Returns 0, or -1: refused. */
static int
take_byte(struct http_body *body, char c)
{
	int state = next_state[body->state & 0xff][kind_of(c)];

	if (state == 0)
		return -1;
	if (count_byte(body, state) == -1)
		return -1;
	if (state == SIZE_N)
		body->left = body->left * 16 + hex_value(c);
	if (state == DATA && body->left == 0) {
		body->state = TRAILER;
		body->overhead = 0;
	}
	return 0;
}

enum http_verdict
http_body(struct http_body *body, const char *p, size_t n, size_t *used,
    struct slice *data)
{
	*used = 0;
	data->p = NULL;
	data->n = 0;
	if (body->framing != HTTP_CHUNKED) {
		if (body->left > 0)
			take_content(body, p, n, used, data);
		return body->left > 0 ? HTTP_MORE : HTTP_DONE;
	}
	while (*used < n && body->state != END) {
		if (body->state == DATA) {
			take_content(body, p + *used, n - *used, used, data);
			if (body->left == 0)
				body->state = DATA_CR;
			return HTTP_MORE;
		}
		if (take_byte(body, p[*used]) == -1)
			return HTTP_REFUSED;
		(*used)++;
	}
	return body->state == END ? HTTP_DONE : HTTP_MORE;
}
