/*
 * fuzz_range.c - conditions, ranges and dates on any bytes.
 *
 * The input is "SIZE\n" (of the file) and the fields of a request, a line each.
 * Promises beyond "no crash": ranges are inside the file, do not overlap or
 * touch, are at most HTTP_RANGES_MAX, begin and end with bytes that a plain
 * reading of the field finds asked for, and have all of those; the answer is
 * 200, 206 or 416, 304 or 412; dates that are read are the same when written
 * and read again, and no date is later than the year 9999.
 */
#include "fuzz.h"

enum { FILE_MAX = 512 };		/* for the byte by byte reading */

static const time_t now = 784111777;	/* Sun, 06 Nov 1994 08:49:37 GMT */

/* ---- dates -------------------------------------------------------------- */

static void
check_date(struct slice text)
{
	char out[DATE_HTTP_SIZE];
	time_t when, again;

	if (date_parse(text, now, &when) == -1)
		return;
	date_http(out, when);
	MUST(strlen(out) == 29);
	MUST(date_parse(slice_of(out), now, &again) == 0 && again == when);
}

/* Any time is written as 29 bytes, and read again unless its year was cut. */
static void
check_time(int64_t when)
{
	static const int64_t first = -62135596800, last = 253402300799;
	char out[DATE_HTTP_SIZE];
	time_t again;

	date_http(out, (time_t)when);
	MUST(strlen(out) == 29);
	if (when >= first && when <= last)
		MUST(date_parse(slice_of(out), now, &again) == 0
		    && again == (time_t)when);
}

/* ---- ranges ------------------------------------------------------------- */

/* Digits as a number, cut to what no file of ours has; -1: there are none. */
static long
plain_number(const char **p, const char *end)
{
	long number = -1;

	for (; *p < end && **p >= '0' && **p <= '9'; (*p)++) {
		number = (number < 0 ? 0 : number) * 10 + (**p - '0');
		if (number > 2 * FILE_MAX)
			number = 2 * FILE_MAX;
	}
	return number;
}

/* Notes which bytes of the file a Range field asks for. */
static void
plain_ranges(struct slice value, long size, char asked[FILE_MAX])
{
	const char *p = value.p + 6, *end = value.p + value.n;
	long first, last, i;

	memset(asked, 0, FILE_MAX);
	for (; p < end; p++) {
		first = plain_number(&p, end);
		if (p < end && *p == '-')
			p++;
		last = plain_number(&p, end);
		if (first < 0 && last >= 0) {
			first = last < size ? size - last : 0;
			last = size - 1;
		} else if (first >= 0 && last < 0)
			last = size - 1;
		for (i = first; first >= 0 && i <= last && i < size; i++)
			asked[i] = 1;
	}
}

static void
check_ranges(const struct http_head *head, int64_t size,
    const struct http_range *r, unsigned n)
{
	struct slice value = http_field(head, HTTP_RANGE);
	char asked[FILE_MAX];
	unsigned i, k;
	int64_t at, sum = 0;

	MUST(n > 0 && n <= HTTP_RANGES_MAX && value.n > 6);
	for (i = 0; i < n; i++) {
		MUST(r[i].first >= 0 && r[i].length > 0);
		MUST(r[i].length <= size && r[i].first <= size - r[i].length);
		sum += r[i].length;
		for (k = 0; k < i; k++)
			MUST(r[k].first + r[k].length < r[i].first
			    || r[i].first + r[i].length < r[k].first);
	}
	MUST(sum <= size);
	if (size > FILE_MAX)
		return;
	plain_ranges(value, (long)size, asked);
	for (i = 0; i < n; i++) {
		at = r[i].first;
		MUST(asked[at] && asked[at + r[i].length - 1]);
		for (; at < r[i].first + r[i].length; at++)
			asked[at] = 0;
	}
	MUST(memchr(asked, 1, (size_t)size) == NULL);
}

static void
check_head(const struct http_head *head, int64_t size)
{
	static const char *const tags[] = { "\"a\"", "W/\"a\"", "" };
	struct http_range ranges[HTTP_RANGES_MAX];
	struct http_validators v = { { NULL, 0 }, now, now + 1 };
	unsigned n, i;
	int status;

	for (i = 0; i < COUNT(tags); i++) {
		v.etag = slice_of(tags[i]);
		status = http_conditions(head, &v);
		MUST(status == 200 || status == 304 || status == 412);
		MUST(status == 200 || http_is_conditional(head));
		n = 99;
		status = http_ranges(head, &v, size, ranges, &n);
		MUST(status == 200 || status == 206 || status == 416);
		MUST(status == 200 || head->first[HTTP_RANGE] != 0);
		if (status == 206)
			check_ranges(head, size, ranges, n);
		else
			MUST(status == 200 || n == 0);
	}
	for (i = 0; i < head->nfields; i++)
		check_date((struct slice){ head->field[i].value,
		    head->field[i].value_n });
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static struct http_field room[HTTP_FIELDS_MAX];
	static struct http_head head = { .field = room,
	    .field_room = HTTP_FIELDS_MAX };
	struct buf text = { NULL, 0, 0, 0 };
	char *copy = exact_copy((const char *)data, n), *request;
	const char *lf = n == 0 ? NULL : memchr(copy, '\n', n);
	struct slice first = { copy, lf == NULL ? n : (size_t)(lf - copy) };
	int64_t size = 0;
	size_t i;

	check_date(first);
	if (str_number(first, &size) == 0)
		check_time(size);
	check_time(-size);
	buf_adds(&text, "GET / HTTP/1.1\r\nHost: h\r\n");
	for (i = first.n + 1; i < n; i++) {
		if (copy[i] == '\n')
			buf_addc(&text, '\r');
		buf_addc(&text, copy[i]);
	}
	buf_adds(&text, n > 0 && copy[n - 1] == '\n' ? "\r\n" : "\r\n\r\n");
	request = exact_copy(text.p, text.n);
	if (http_parse(&head, request, text.n, HTTP_HEAD_MAX) == HTTP_DONE) {
		check_head(&head, size);
		check_head(&head, size % (FILE_MAX + 1));
	}
	free(request);
	buf_free(&text);
	free(copy);
	return 0;
}
