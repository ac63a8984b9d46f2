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
#include <string.h>

#include "http_parse.h"

/* Bounds against bodies that are all wrapping and no content. */
enum {
	DIGITS_MAX = 15,		/* 60 bits: no size can overflow */
	LINE_MAX_BYTES = 256,		/* of one chunk-size line */
	EXTENSIONS_MAX = 16 * 1024,	/* of all chunk extensions together */
	TRAILERS_MAX = 8 * 1024
};

/* States: of a chunk-size line up to SL, of content, of trailers from TR on.
 * CHUNK is S0 again, because 0 stands for "refused" in the table. */
enum {
	S0, SN, SW, N0, NA, NW, V0, VA, QU, QB, QE, SL,
	DATA, DC, DL,
	TR, TN, TV, TL, EL, END,
	CHUNK
};

/* Kinds of bytes, the columns: first those that stand for themselves. */
static const char marks[] = "\r\n ;=\"\\:";
enum { HEX = sizeof(marks) - 1, TCHAR, TEXT, CONTROL, KINDS };

static const unsigned char next_state[END][KINDS] = {
	/* CR LF  WS  ;   =   "   \   :  hex tch text */
	{  0,  0,  0,  0,  0,  0,  0,  0, SN },		/* S0: first digit */
	{ SL,  0, SW, N0,  0,  0,  0,  0, SN },		/* SN: more digits */
	{  0,  0, SW, N0 },				/* SW: needs ";" */
	{  0,  0, N0,  0,  0,  0,  0,  0, NA, NA },	/* N0: extension's */
	{ SL,  0, NW, N0, V0,  0,  0,  0, NA, NA },	/* NA: name */
	{  0,  0, NW, N0, V0 },				/* NW: space after */
	{  0,  0, V0,  0,  0, QU,  0,  0, VA, VA },	/* V0: its value */
	{ SL,  0, SW, N0,  0,  0,  0,  0, VA, VA },	/* VA: a token */
	{  0,  0, QU, QU, QU, QE, QB, QU, QU, QU, QU },	/* QU: quoted */
	{  0,  0, QU, QU, QU, QU, QU, QU, QU, QU, QU },	/* QB: behind "\" */
	{ SL,  0, SW, N0 },				/* QE: quote closed */
	{  0, DATA },					/* SL: line's LF */
	{ 0 },						/* DATA: no table */
	{ DL },						/* DC: its CR */
	{  0, CHUNK },					/* DL: its LF */
	{ EL,  0,  0,  0,  0,  0,  0,  0, TN, TN },	/* TR: a line, or end */
	{  0,  0,  0,  0,  0,  0,  0, TV, TN, TN },	/* TN: name */
	{ TL,  0, TV, TV, TV, TV, TV, TV, TV, TV, TV },	/* TV: value */
	{  0, TR },					/* TL: its LF */
	{  0, END }					/* EL: the last LF */
};

static int
kind_of(char c)
{
	const char *mark = memchr(marks, c == '\t' ? ' ' : c, HEX);

	if (mark != NULL)
		return (int)(mark - marks);
	if (http_is(c, HTTP_CONTROL))
		return CONTROL;
	if (!http_is(c, HTTP_TOKEN))
		return TEXT;
	return http_is(c, HTTP_HEX) ? HEX : TCHAR;
}

void
http_body_init(struct http_body *body, const struct http_head *head)
{
	*body = (struct http_body){ head->framing, S0,
	    head->framing == HTTP_LENGTH ? head->body_length : 0, 0 };
}

/* Counts one byte of wrapping that led to state. Returns -1 when there is too
 * much. In a size line, body->state has the bytes of it above the state. */
static int
count_byte(struct http_body *body, int state)
{
	int line = state < DATA ? (body->state >> 8) + 1 : 0;

	body->state = state == CHUNK ? S0 : line << 8 | state;
	if (state >= TR && state != CHUNK)
		return ++body->overhead > TRAILERS_MAX ? -1 : 0;
	if (state == SN)
		return line > DIGITS_MAX ? -1 : 0;
	if (state > SN && state < SL && ++body->overhead > EXTENSIONS_MAX)
		return -1;
	return line >= LINE_MAX_BYTES ? -1 : 0;	/* LF is still to come */
}

/* Moves on by one byte that is not content. Returns 0, or -1: refused. */
static int
take_byte(struct http_body *body, char c)
{
	int state = next_state[body->state & 0xff][kind_of(c)];

	if (state == 0 || count_byte(body, state) == -1)
		return -1;
	if (state == SN)
		body->left = body->left * 16
		    + (c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
	if (state == DATA && body->left == 0) {
		body->state = TR;
		body->overhead = 0;
	}
	return 0;
}

enum http_verdict
http_body(struct http_body *body, const char *p, size_t n, size_t *used,
    struct slice *data)
{
	int chunked = body->framing == HTTP_CHUNKED;

	*used = 0;
	*data = (struct slice){ NULL, 0 };
	while (chunked && *used < n && body->state != DATA
	    && body->state != END) {
		if (take_byte(body, p[*used]) == -1)
			return HTTP_REFUSED;
		(*used)++;
	}
	if (chunked ? body->state != DATA : body->left == 0)
		return chunked && body->state != END ? HTTP_MORE : HTTP_DONE;
	n -= *used;
	if ((uint64_t)n > (uint64_t)body->left)
		n = (size_t)body->left;
	*data = (struct slice){ p + *used, n };
	*used += n;
	body->left -= (int64_t)n;
	if (chunked && body->left == 0)
		body->state = DC;
	return chunked || body->left > 0 ? HTTP_MORE : HTTP_DONE;
}
