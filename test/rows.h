/*
 * rows.h - what goes in and what is wanted, for heads and bodies: hundreds of
 * rows, each with the RFC and the section that it is about.
 *
 * unit.c gives them to http_parse and http_body, rows.c sends them to a
 * server; both whole and cut at every byte. A head's input may contain NUL.
 *
 * Wanted of a head: "METHOD path 1.MINOR @host keep|close" and what else there
 * is, or the status, or "more". Of a body: "done|more|refused content". "rest"
 * and "+n" count the bytes that are no longer the head's or the body's.
 */
#ifndef ROWS_H
#define ROWS_H

#include <stddef.h>

#define G "GET / HTTP/1.1\r\n"
#define GH "GET / HTTP/1.1\r\nHost: h\r\n"
#define POST "POST / HTTP/1.1\r\nHost: h\r\n"
#define E "\r\n\r\n"
#define PLAIN "GET / 1.1 @h keep"

enum { CHUNKED = -1, NOTHING = -2 };	/* for a length */

struct row {
	long length;			/* of a body */
	const char *name, *in;
	size_t n;
	const char *want;
};

#define BODY(length, rfc, name, in, want) \
	{ length, "RFC " rfc ": " name, in, sizeof(in) - 1, want }
#define RFC(rfc, name, in, want) BODY(NOTHING, rfc, name, in, want)

static const struct row head_rows[] = {
#include "rows_line.h"
#include "rows_field.h"
};

static const struct row body_rows[] = {
#include "rows_body.h"
};

#endif
