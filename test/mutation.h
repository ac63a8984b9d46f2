/*
 * mutation.h - seeds from files, and random changes to them: what fuzz_main.c
 * and mutate.c share. The same number always makes the same changes.
 */
#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct seed {
	char *p;
	size_t n;
};

enum { SEEDS_MAX = 1000, SEED_BYTES = 16384 };

static struct seed seeds[SEEDS_MAX];
static size_t seeds_n;
static uint64_t chance;			/* the state of draw */

static void
die(const char *what)
{
	fprintf(stderr, "%s: %s\n", what, strerror(errno));
	exit(2);
}

/* One of 0 to below - 1 (splitmix64). */
static size_t
draw(size_t below)
{
	uint64_t z = chance += 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return (size_t)((z ^ z >> 31) % below);
}

/* ---- seeds -------------------------------------------------------------- */

static void
add_file(const char *name)
{
	FILE *f = fopen(name, "rb");
	struct seed *s = &seeds[seeds_n];

	if (f == NULL || seeds_n == SEEDS_MAX)
		die(name);
	s->p = malloc(SEED_BYTES);
	if (s->p == NULL)
		die(name);
	s->n = fread(s->p, 1, SEED_BYTES, f);
	seeds_n++;
	fclose(f);
}

/* A file, or all of a folder, in an order that is always the same. */
static void
add_seeds(const char *path)
{
	struct dirent **names;
	struct stat st;
	char name[1024];
	int i, n;

	if (stat(path, &st) == -1)
		die(path);
	if (!S_ISDIR(st.st_mode)) {
		add_file(path);
		return;
	}
	n = scandir(path, &names, NULL, alphasort);
	if (n == -1)
		die(path);
	for (i = 0; i < n; i++) {
		snprintf(name, sizeof(name), "%s/%s", path, names[i]->d_name);
		if (names[i]->d_name[0] != '.')
			add_file(name);
		free(names[i]);
	}
	free(names);
}

/* ---- changes ------------------------------------------------------------ */

static const char *const words[] = {
	"\r\n", "\r\n\r\n", "\n", "\r", " ", "\t", ":", ",", ";", "=", "\"",
	"\\", "%", "/", "//", "/../", "/./", "%2e%2e", "%2F", "%00", "%0d%0a",
	"%ff", "%c0%ae", "%e2%82%ac", "?", "#", "*", "[::1]", "@", "0", "-1",
	"1", "0x10", "16", "65535", "65536", "4294967296", "2147483648",
	"9223372036854775807", "18446744073709551616", "ffffffffffffffff",
	"GET", "HEAD", "POST", "OPTIONS", "HTTP/1.1", "HTTP/1.0", "http://",
	"Host: y\r\n", "Content-Length: 5\r\n", "Content-Length: 0\r\n",
	"Transfer-Encoding: chunked\r\n", "Transfer-Encoding: identity\r\n",
	"Connection: close\r\n", "Connection: keep-alive\r\n",
	"Expect: 100-continue\r\n", "Range: bytes=0-0,-1\r\n",
	"Range: bytes=", "If-None-Match: *\r\n", "If-Match: \"a\"\r\n",
	"If-Range: \"a\"\r\n", "W/\"", "\"a\"", "bytes=", "-", ", ",
	"Sun, 06 Nov 1994 08:49:37 GMT", "Accept-Encoding: gzip, br\r\n",
	"0\r\n\r\n", "5\r\nhello\r\n", " \r\n", "\r\n ", "\xff", "\xc3\xa9"
};

/* Puts n bytes of p in place of cut bytes at at, as far as there is room. */
static size_t
replace(char *bytes, size_t size, size_t max, size_t at, size_t cut,
    const char *p, size_t n)
{
	if (n > max - (size - cut))
		n = max - (size - cut);
	memmove(bytes + at + n, bytes + at + cut, size - at - cut);
	memcpy(bytes + at, p, n);
	return size - cut + n;
}

/* Makes one change to n bytes; returns how many there are now (<= max). */
static size_t
change(char *bytes, size_t n, size_t max)
{
	size_t at = draw(n + 1), some = draw(n - at + 1);
	const struct seed *other = &seeds[draw(seeds_n)];
	const char *word = words[draw(sizeof(words) / sizeof(words[0]))];
	char copy[256], byte = (char)draw(256);
	size_t from = draw(other->n + 1);

	if (draw(3) > 0 && some > 16)
		some = draw(16);
	switch (draw(20)) {
	case 0: case 1:
		if (at < n)
			bytes[at] = (char)(bytes[at] ^ 1 << draw(8));
		return n;
	case 2: case 3:
		return replace(bytes, n, max, at, at < n, &byte, 1);
	case 4: case 5:
		return replace(bytes, n, max, at, some, "", 0);
	case 6: case 7: case 8:
		return replace(bytes, n, max, at, 0, word, strlen(word));
	case 9: case 10:
		return replace(bytes, n, max, at, some, word, strlen(word));
	case 11: case 12:		/* the same again, somewhere */
		some = some < sizeof(copy) ? some : sizeof(copy);
		memcpy(copy, bytes + at, some);
		return replace(bytes, n, max, draw(n + 1), 0, copy, some);
	case 13: case 14:		/* one byte many times */
		memset(copy, draw(2) > 0 && at < n ? bytes[at] : byte,
		    sizeof(copy));
		return replace(bytes, n, max, at, 0, copy,
		    draw(sizeof(copy)));
	case 15:			/* a piece as often as there is room */
		some = some < 64 ? some : 64;
		memcpy(copy, bytes + at, some);
		for (from = draw(max + 1); some > 0 && n + some < from; )
			n = replace(bytes, n, max, at, 0, copy, some);
		return n;
	case 16: case 17:		/* a piece of another one */
		return replace(bytes, n, max, at, some, other->p + from,
		    draw(other->n - from + 1));
	case 18:			/* ends here */
		return draw(2) > 0 ? n : at;
	default:
		return n;
	}
}

/* Fills bytes with a seed that is changed at few or many places. */
static size_t
mutate(char *bytes, size_t max)
{
	const struct seed *seed = &seeds[draw(seeds_n)];
	size_t n = seed->n < max ? seed->n : max, changes = 1 + draw(4);

	memcpy(bytes, seed->p, n);
	if (draw(8) == 0)
		changes += draw(24);
	for (; changes > 0; changes--)
		n = change(bytes, n, max);
	return n;
}
