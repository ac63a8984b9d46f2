/*
 * http_parse.h - what http_parse.c has of http_field.c, and nobody else.
 */
#ifndef HTTP_PARSE_H
#define HTTP_PARSE_H

#include "http.h"

/* The number of a field's name, which is a token of n bytes. */
enum http_name http_find_name(const char *p, size_t n);
/* True for uri-host [ ":" port ] (RFC 9110 7.2) of at least one byte. */
int http_is_host(struct slice s);

#endif
