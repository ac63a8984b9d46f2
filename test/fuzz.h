/*
 * fuzz.h - what the fuzzers fuzz_*.c share: the function that every fuzzer
 * calls, and how to say that a promise was broken.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../http.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

#define MUST(what) ((what) ? (void)0 : broken(__FILE__, __LINE__, #what))

static void
broken(const char *file, int line, const char *what)
{
	fprintf(stderr, "%s:%d: not true: %s\n", file, line, what);
	abort();
}

/* A copy in memory of just that size, so that a sanitizer sees a byte too
 * many being read. */
static char *
exact_copy(const char *p, size_t n)
{
	char *copy = malloc(n > 0 ? n : 1);

	if (copy == NULL)
		abort();
	if (n > 0)
		memcpy(copy, p, n);
	return copy;
}
