/*
 * http_parse.h - what the files of http_* share, and nobody else needs.
 */
#ifndef HTTP_PARSE_H
#define HTTP_PARSE_H

#include "http.h"

/* Kinds of bytes; http_class says which ones a byte is of. */
enum {
	HTTP_TOKEN = 1,		/* tchar, RFC 9110 5.6.2 */
	HTTP_VALUE = 2,		/* field-vchar, SP and HTAB, RFC 9110 5.5 */
	HTTP_TARGET = 4,	/* VCHAR but "#": a fragment is never sent */
	HTTP_PATH = 8,		/* the same but "?" */
	HTTP_HOST_NAME = 16	/* unreserved and sub-delims, RFC 3986 3.2.2,
				 * but ".", which is looked at, and "'", which
				 * no name has and HTML could stumble over */
};

extern const unsigned char http_class[256];

static inline int
http_is(char c, int kind)
{
	return http_class[(unsigned char)c] & kind;
}

/* The number of a field's name, which is a token of n bytes. */
enum http_name http_find_name(const char *p, size_t n);
/* True for uri-host [ ":" port ] (RFC 9110 7.2) of at least one byte. */
int http_is_host(struct slice s);

#endif
