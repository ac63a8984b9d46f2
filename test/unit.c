/*
 * unit.c - each function by itself: tables of what goes in and what is wanted.
 *
 * Links all objects but server.o and prints TAP. The layers are in files of
 * their own: unit_parse.h (heads), unit_http.h (bodies, lists, conditions,
 * ranges), unit_reply.h (replies of backends), unit_gw.h (what becomes of
 * them), unit_loop.h (timers, queue, event backends), unit_proc.h (channels,
 * when a process is started again), unit_cidr.h (networks), unit_pat.h (regular
 * expressions), unit_host.h (host names); here is the rest of base_*.
 * Exits 1 if anything failed. Opens nothing but pipes and temporary files.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/select.h>
#include <unistd.h>

#include "../fdevent.h"
#include "../http.h"
#include "rows.h"

static unsigned tests, failures;

/* Prints text on one line: no name of a test may break TAP. */
static void
say(const char *front, const char *text)
{
	printf("%s", front);
	for (; *text != '\0'; text++)
		putchar(*text >= ' ' && *text <= '~' ? *text : ' ');
	putchar('\n');
}

static void
ok(int good, const char *name)
{
	char front[32];

	tests++;
	if (!good)
		failures++;
	snprintf(front, sizeof(front), "%sok %u - ", good ? "" : "not ",
	    tests);
	say(front, name);
}

/* Compares text; says both when they differ. */
static void
is(const char *area, const char *name, const char *got, const char *want)
{
	char line[256];

	snprintf(line, sizeof(line), "%s: %s", area, name);
	ok(strcmp(got, want) == 0, line);
	if (strcmp(got, want) != 0) {
		say("# got    ", got);
		say("# wanted ", want);
	}
}

static void
is_number(const char *area, const char *name, long long got, long long want)
{
	char a[32], b[32];

	snprintf(a, sizeof(a), "%lld", got);
	snprintf(b, sizeof(b), "%lld", want);
	is(area, name, a, b);
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

/* A row of a table: the input may contain NUL. */
#define COLUMNS(name, in, want) name, in, sizeof(in) - 1, want
#define ROW(name, in, want) { COLUMNS(name, in, want) }

#include "unit_parse.h"
#include "unit_http.h"
#include "unit_reply.h"
#include "unit_gw.h"
#include "unit_pat.h"
#include "unit_loop.h"
#include "unit_fdevent.h"
#include "unit_proc.h"
#include "unit_auth.h"
#include "unit_cidr.h"
#include "unit_host.h"

/* ---- base_str.c --------------------------------------------------------- */

static void
test_number(void)
{
	static const struct {
		const char *in, *want;
	} rows[] = {
		{ "0", "0" }, { "42", "42" }, { "007", "7" },
		{ "9223372036854775807", "9223372036854775807" },
		{ "9223372036854775808", "no" },
		{ "99999999999999999999999", "no" },
		{ "", "no" }, { "-1", "no" }, { "+1", "no" }, { "1 ", "no" },
		{ "0x1f", "no" }, { "1,2", "no" }, { "1_000", "no" }
	};
	char got[32];
	int64_t n;
	size_t i;

	for (i = 0; i < COUNT(rows); i++) {
		snprintf(got, sizeof(got), "no");
		if (str_number(slice_of(rows[i].in), &n) == 0)
			snprintf(got, sizeof(got), "%lld", (long long)n);
		is("str_number", rows[i].in, got, rows[i].want);
	}
}

static const struct {
	const char *name, *in;
	size_t n;
	const char *want;	/* NULL: refused */
} url_rows[] = {
	ROW("root", "/", "/"),
	ROW("plain", "/a/b.html", "/a/b.html"),
	ROW("escape", "/%61%20b", "/a b"),
	ROW("escape in both cases", "/%c3%A4", "/\303\244"),
	ROW("decoded once", "/%2541", "/%41"),
	ROW("decoded once, dots", "/%252e%252e/a", "/%2e%2e/a"),
	ROW("question mark", "/a%3fb", "/a?b"),
	ROW("double slash", "//a///b//", "/a/b/"),
	ROW("double slash by escape", "/a%2F/b", "/a/b"),
	ROW("dot", "/./a/./b/.", "/a/b/"),
	ROW("dot dot", "/a/b/../c", "/a/c"),
	ROW("dot dot at the end", "/a/b/..", "/a/"),
	ROW("dot dot to the root", "/a/..", "/"),
	ROW("dot dot to the root, slash", "/a/../", "/"),
	ROW("dot dot after double slash", "/a//../b", "/b"),
	ROW("dot dot by escape", "/a/%2e%2E/b", "/b"),
	ROW("dot dot, slash by escape", "/a/..%2fb", "/b"),
	ROW("three dots are a name", "/.../..a/a..", "/.../..a/a.."),
	ROW("dotfile", "/.htaccess", "/.htaccess"),
	ROW("above the root", "/..", NULL),
	ROW("above the root and back", "/../a", NULL),
	ROW("above the root later", "/a/../../b", NULL),
	ROW("above the root by escape", "/%2e%2e%2fetc", NULL),
	ROW("above the root, slashes", "//../a", NULL),
	ROW("above the root, dot", "/./..", NULL),
	ROW("empty", "", NULL),
	ROW("no slash", "a", NULL),
	ROW("slash by escape at first", "%2fa", NULL),
	ROW("star", "*", NULL),
	ROW("escape cut off", "/a%", NULL),
	ROW("escape cut in half", "/a%4", NULL),
	ROW("escape of no digits", "/%zz", NULL),
	ROW("escape with a sign", "/%+1", NULL),
	ROW("NUL by escape", "/a%00.html", NULL),
	ROW("NUL", "/a\0b", NULL),
	ROW("CR LF by escape", "/a%0d%0ab", NULL),
	ROW("DEL by escape", "/%7f", NULL),
	ROW("control byte", "/a\001", NULL),
	ROW("UTF-8 of two", "/\303\274", "/\303\274"),
	ROW("UTF-8 of three", "/%E2%82%AC", "/\342\202\254"),
	ROW("UTF-8 of four", "/%F0%9F%98%80", "/\360\237\230\200"),
	ROW("UTF-8 highest", "/%F4%8F%BF%BF", "/\364\217\277\277"),
	ROW("UTF-8 too high", "/%F4%90%80%80", NULL),
	ROW("UTF-8 overlong slash", "/%C0%AFetc", NULL),
	ROW("UTF-8 overlong of three", "/%E0%80%AF", NULL),
	ROW("UTF-8 overlong of four", "/%F0%80%80%AF", NULL),
	ROW("UTF-8 surrogate", "/%ED%A0%80", NULL),
	ROW("UTF-8 alone", "/%80", NULL),
	ROW("UTF-8 cut off", "/%E2%82", NULL),
	ROW("UTF-8 cut by a slash", "/%E2%82/%AC", NULL),
	ROW("UTF-8 of no kind", "/%FF", NULL),
	ROW("not UTF-8 in a lost segment", "/%FF/../a", NULL)
};

static void
test_url_path(void)
{
	struct buf out = { NULL, 0, 0, 0 };
	char *copy;
	size_t i;
	int result;

	for (i = 0; i < COUNT(url_rows); i++) {
		copy = exact_copy(url_rows[i].in, url_rows[i].n);
		result = str_url_path(&out,
		    (struct slice){ copy, url_rows[i].n });
		free(copy);
		is("str_url_path", url_rows[i].name,
		    result == -1 ? "refused" : out.p,
		    url_rows[i].want == NULL ? "refused" : url_rows[i].want);
	}
	buf_free(&out);
}

static void
test_escapes(void)
{
	static const struct {
		void (*escape)(struct buf *out, struct slice text);
		const char *name, *in;
		size_t n;
		const char *want;
	} rows[] = {
		{ str_escape_html, COLUMNS("HTML", "<a href=\"x\" b='y'>&amp;",
		    "&lt;a href=&quot;x&quot; b=&#39;y&#39;&gt;&amp;amp;") },
		{ str_escape_html, COLUMNS("HTML, plain", "plain", "plain") },
		{ str_escape_html, COLUMNS("HTML, empty", "", "") },
		{ str_escape_url, COLUMNS("URL", "/a b?c#d%\"<\303\244~-._",
		    "/a%20b%3fc%23d%25%22%3c%c3%a4~-._") },
		{ str_escape_url, COLUMNS("URL, CR LF", "a\r\nb", "a%0d%0ab") },
		{ str_escape_url, COLUMNS("URL, NUL", "\0", "%00") },
		{ str_escape_json, COLUMNS("JSON", "a\"b\\c/\n\001\303\244",
		    "a\\\"b\\\\c/\\u000a\\u0001\303\244") },
		{ str_escape_json, COLUMNS("JSON, not UTF-8", "a\377b\303",
		    "a\\ufffdb\\ufffd") },
		{ str_escape_log, COLUMNS("log", "a b\"\\\r\n\033[1m\177\200%/",
		    "a b\\x22\\x5c\\x0d\\x0a\\x1b[1m\\x7f\\x80%/") },
		{ str_escape_log, COLUMNS("log, NUL", "\0a", "\\x00a") }
	};
	struct buf out = { NULL, 0, 0, 0 };
	char *copy;
	size_t i;

	for (i = 0; i < COUNT(rows); i++) {
		out.n = 0;
		copy = exact_copy(rows[i].in, rows[i].n);
		rows[i].escape(&out, (struct slice){ copy, rows[i].n });
		free(copy);
		is("str_escape", rows[i].name, buf_text(&out), rows[i].want);
	}
	buf_free(&out);
}

static void
test_size(void)
{
	static const struct {
		uintmax_t n;
		const char *want;
	} rows[] = {
		{ 0, "0 B" }, { 1023, "1023 B" }, { 1024, "1.0 KiB" },
		{ 1536, "1.5 KiB" }, { 1048575, "1023.9 KiB" },
		{ 1048576, "1.0 MiB" }, { 5497558138880, "5.0 TiB" },
		{ UINT64_MAX, "15.9 EiB" }
	};
	struct buf b = { NULL, 0, 0, 0 };
	size_t i;

	for (i = 0; i < COUNT(rows); i++) {
		b.n = 0;
		str_size(&b, rows[i].n);
		is("str_size", rows[i].want, buf_text(&b), rows[i].want);
	}
	buf_free(&b);
}

static void
test_distance(void)
{
	static const char word[] = "1234567890123456789012345678901234567890"
	    "12345678901234567890123";
	static const struct {
		const char *a, *b;
		unsigned want;
	} rows[] = {
		{ "", "", 0 }, { "server", "server", 0 }, { "a", "", 1 },
		{ "", "abc", 3 }, { "server.prot", "server.port", 2 },
		{ "kitten", "sitting", 3 }, { "abc", "xabc", 1 },
		{ "abc", "abd", 1 }, { word, word, 0 }
	};
	char name[64], longer[80];
	size_t i;

	for (i = 0; i < COUNT(rows); i++) {
		snprintf(name, sizeof(name), "%.20s, %.20s", rows[i].a,
		    rows[i].b);
		is_number("str_distance", name,
		    str_distance(rows[i].a, rows[i].b), rows[i].want);
	}
	snprintf(longer, sizeof(longer), "%s4", word);
	ok(str_distance(longer, longer) > 63,
	    "str_distance: 64 bytes are never alike");
	ok(str_distance("a", longer) > 63,
	    "str_distance: 64 bytes are never like one");
}

/* ---- base_date.c -------------------------------------------------------- */

enum { NOW = 1700000000 };	/* Tue, 14 Nov 2023 22:13:20 GMT */

static const struct {
	const char *in;
	long long want;		/* -1: refused */
} date_rows[] = {
	/* RFC 9110 5.6.7: the three forms of one moment */
	{ "Sun, 06 Nov 1994 08:49:37 GMT", 784111777 },
	{ "Sunday, 06-Nov-94 08:49:37 GMT", 784111777 },
	{ "Sun Nov  6 08:49:37 1994", 784111777 },
	{ "Sun Nov 16 08:49:37 1994", 784975777 },
	{ "Mon, 06 Nov 1994 08:49:37 GMT", 784111777 },
	{ "Thu, 01 Jan 1970 00:00:00 GMT", 0 },
	{ "Wed, 31 Dec 1969 23:59:58 GMT", -2 },
	{ "Thu, 29 Feb 2024 12:00:00 GMT", 1709208000 },
	{ "Tue, 29 Feb 2000 00:00:00 GMT", 951782400 },
	{ "Fri, 31 Dec 2038 23:59:59 GMT", 2177452799 },
	{ "Fri, 31 Dec 9999 23:59:59 GMT", 253402300799 },
	{ "Sunday, 01-Jan-73 00:00:00 GMT", 3250454400 },
	{ "Tuesday, 01-Jan-74 00:00:00 GMT", 126230400 },
	/* what is none */
	{ "", -1 }, { "Sun", -1 },
	{ "Sun, 06 Nov 1994 08:49:37", -1 },
	{ "Sun, 06 Nov 1994 08:49:37 UTC", -1 },
	{ "Sun, 06 Nov 1994 08:49:37 GMT ", -1 },
	{ "sun, 06 Nov 1994 08:49:37 GMT", -1 },
	{ "Xyz, 06 Nov 1994 08:49:37 GMT", -1 },
	{ "Sun, 6 Nov 1994 08:49:37 GMT", -1 },
	{ "Sun, 00 Nov 1994 08:49:37 GMT", -1 },
	{ "Sun, 31 Nov 1994 08:49:37 GMT", -1 },
	{ "Sun, 30 Feb 2024 08:49:37 GMT", -1 },
	{ "Wed, 29 Feb 2023 08:49:37 GMT", -1 },
	{ "Mon, 29 Feb 2100 08:49:37 GMT", -1 },
	{ "Sun, 06 Foo 1994 08:49:37 GMT", -1 },
	{ "Sun, 06 Nov 0000 08:49:37 GMT", -1 },
	{ "Sun, 06 Nov 1994 24:00:00 GMT", -1 },
	{ "Sun, 06 Nov 1994 23:60:00 GMT", -1 },
	{ "Sun, 06 Nov 1994 23:59:60 GMT", -1 },
	{ "Sun, 06 Nov 1994 -1:49:37 GMT", -1 },
	{ "Sun, 06 Nov 94 08:49:37 GMT", -1 },
	{ "Sun, 06-Nov-94 08:49:37 GMT", -1 },
	{ "Sunday, 06-Nov-1994 08:49:37 GMT", -1 },
	{ "Sun Nov 6 08:49:37 1994", -1 },
	{ "Sun Nov  6 08:49:37 1994 GMT", -1 }
};

static void
test_date_parse(void)
{
	time_t when;
	char *copy;
	size_t i;

	for (i = 0; i < COUNT(date_rows); i++) {
		when = -1;
		copy = exact_copy(date_rows[i].in, strlen(date_rows[i].in));
		if (date_parse((struct slice){ copy, strlen(date_rows[i].in) },
		    NOW, &when) == -1)
			when = -1;
		free(copy);
		is_number("date_parse", date_rows[i].in, when,
		    (time_t)date_rows[i].want == date_rows[i].want
		    ? date_rows[i].want : -1);	/* time_t may be small */
	}
}

/* All days of 800 years, forth and back, and that weekdays go round. */
static void
test_date_round(void)
{
	static const char names[] = "SunMonTueWedThuFriSat";
	char text[DATE_HTTP_SIZE];
	int64_t day, wrong = 0;
	time_t when, back;

	for (day = -135140; day < 157054; day++) {	/* 1600 to 2399 */
		when = (time_t)(day * 86400 + 86399);
		if (when != day * 86400 + 86399)
			continue;
		date_http(text, when);
		if (date_parse(slice_of(text), NOW, &back) == -1
		    || back != when || strlen(text) != 29
		    || memcmp(text, names + (day + 4 + 7 * 20000) % 7 * 3, 3)
		    != 0)
			wrong++;
	}
	is_number("date_http", "800 years of days come back", wrong, 0);
}

static void
test_date_print(void)
{
	char http[DATE_HTTP_SIZE], log[DATE_LOG_SIZE], iso[DATE_ISO_SIZE];

	date_http(http, 784111777);
	is("date_http", "RFC 9110's example", http,
	    "Sun, 06 Nov 1994 08:49:37 GMT");
	date_http(http, 951868799);
	is("date_http", "end of a leap day", http,
	    "Tue, 29 Feb 2000 23:59:59 GMT");
	if (sizeof(time_t) == sizeof(int64_t)) {
		date_http(http, (time_t)INT64_MAX);
		is("date_http", "too late", http,
		    "Fri, 31 Dec 9999 23:59:59 GMT");
		date_http(http, (time_t)INT64_MIN);
		is("date_http", "too early", http,
		    "Mon, 01 Jan 0001 00:00:00 GMT");
		date_iso(iso, (time_t)INT64_MAX);
		is("date_iso", "too late", iso, "9999-12-31 23:59:59");
	}
	setenv("TZ", "XXX-05:30", 1);
	tzset();
	date_log(log, 784111777);
	is("date_log", "with a zone", log, "06/Nov/1994:14:19:37 +0530");
	date_iso(iso, 784111777);
	is("date_iso", "with a zone", iso, "1994-11-06 14:19:37");
	setenv("TZ", "UTC0", 1);
	tzset();
	date_log(log, 0);
	is("date_log", "the epoch", log, "01/Jan/1970:00:00:00 +0000");
}

int
main(void)
{
	static void (*const sections[])(void) = {
		test_number, test_url_path, test_escapes, test_size,
		test_number, test_url_path, test_escapes, test_size,
		test_distance, test_cidr, test_pat, test_pat_text, test_host,
		test_date_parse, test_date_round, test_date_print,
		test_parse, test_parse_limits, test_parse_bytes,
		test_parse_fields,
		test_body, test_body_bounds, test_list, test_conditions,
		test_ranges, test_reply, test_reply_limits, test_hops,
		test_gw_reply,
		test_timer, test_timer_wheel, test_queue, test_fdevent,
		test_channel_message, test_channel_faults, test_respawn,
		test_inherit, test_tally,
		test_hash, test_base64, test_pass, test_pass_memory,
		test_digest, test_digest_malformed, test_nonce
	};
	size_t i;

	setvbuf(stdout, NULL, _IOLBF, 0);
	for (i = 0; i < COUNT(sections); i++)
		sections[i]();
	printf("1..%u\n", tests);
	return failures > 0;
}
