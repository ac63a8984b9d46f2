/*
 * http_parse.h - what the files of http_* share, and nobody else needs.
 */
#ifndef HTTP_PARSE_H
#define HTTP_PARSE_H

#include "http.h"

/* Kinds of bytes; http_class says which ones a byte is of. */
enum {
	HTTP_TOKEN = 1,		/* tchar, RFC 9110 5.6.2 */
	HTTP_CONTROL = 2,	/* what no field's value has: neither
				 * field-vchar nor SP nor HTAB, RFC 9110 5.5 */
	HTTP_TARGET = 4,	/* VCHAR but "#": a fragment is never sent */
	HTTP_PATH = 8,		/* the same but "?" */
	HTTP_HOST_NAME = 16,	/* unreserved and sub-delims, RFC 3986 3.2.2,
				 * but ".", which is looked at, and "'", which
				 * no name has and HTML could stumble over */
	HTTP_HEX = 32
};

extern const unsigned char http_class[256];

static inline int
http_is(char c, int kind)
{
	return http_class[(unsigned char)c] & kind;
}

/* True when p is word, of n >= 4 lower-case bytes, in any case. For tokens,
 * targets and values only, where no byte but a letter differs by 0x20 alone
 * from one of a word's. */
int http_is_word(const char *p, const char *word, size_t n);
/* The number of a field's name, which is a token of n bytes. */
enum http_name http_find_name(const char *p, size_t n);

#endif
