/*
 * unit_http.h - the part of unit.c that is about http_body.c, http_field.c
 * and http_range.c: what follows a head, and what stands in it. The rows of
 * bodies are in rows_body.h.
 */

/* ---- http_body.c -------------------------------------------------------- */

static void
body_start(struct http_body *body, long length)
{
	static struct http_field room[HTTP_FIELDS_MAX];
	static struct http_head head = { .field = room,
	    .field_room = HTTP_FIELDS_MAX };

	head.framing = length == CHUNKED ? HTTP_CHUNKED :
	    length == NOTHING ? HTTP_NO_BODY : HTTP_LENGTH;
	head.body_length = length;
	http_body_init(body, &head);
}

/* Feeds n bytes; content is added to out. Returns the verdict. */
static enum http_verdict
body_feed(struct http_body *body, const char *p, size_t n, size_t *taken,
    struct buf *out)
{
	char *copy = exact_copy(p, n);
	enum http_verdict verdict;
	struct slice data;
	size_t used, at = 0;

	do {
		verdict = http_body(body, copy + at, n - at, &used, &data);
		if (verdict != HTTP_REFUSED && data.n > 0)
			buf_add(out, data.p, data.n);
		at += used;
	} while (verdict == HTTP_MORE && used > 0);
	*taken += at;
	free(copy);
	return verdict;
}

/* Feeds a row in two parts, cut at first. */
static void
body_row(const struct row *row, size_t first, char *got, size_t size)
{
	static const char *const verdicts[] = { "done", "more", "refused" };
	struct buf out = { NULL, 0, 0, 0 };
	struct http_body body;
	enum http_verdict verdict;
	size_t taken = 0;
	char rest[32] = "";

	body_start(&body, row->length);
	verdict = body_feed(&body, row->in, first, &taken, &out);
	if (verdict == HTTP_MORE && first < row->n)
		verdict = body_feed(&body, row->in + taken, row->n - taken,
		    &taken, &out);
	if (verdict == HTTP_DONE && taken < row->n)
		snprintf(rest, sizeof(rest), "+%d", (int)(row->n - taken));
	snprintf(got, size, "%s %s%s", verdicts[verdict], buf_text(&out),
	    rest);
	buf_free(&out);
}

static void
test_body(void)
{
	const struct row *row = body_rows;
	char got[100], cut[100];
	size_t n;

	for (; row < body_rows + COUNT(body_rows); row++) {
		body_row(row, row->n, got, sizeof(got));
		is("http_body", row->name, got, row->want);
		for (n = 0; n < row->n; n++) {
			body_row(row, n, cut, sizeof(cut));
			if (strcmp(cut, row->want) != 0)
				break;
		}
		is("http_body in pieces", row->name,
		    n < row->n ? cut : row->want, row->want);
	}
}

/* Feeds front once, each n times, and back. */
static void
body_long(const char *name, const char *front, const char *each, size_t n,
    const char *back, enum http_verdict want)
{
	struct buf in = { NULL, 0, 0, 0 }, out = { NULL, 0, 0, 0 };
	struct http_body body;
	size_t taken = 0;

	buf_adds(&in, front);
	for (; n > 0; n--)
		buf_adds(&in, each);
	buf_adds(&in, back);
	body_start(&body, CHUNKED);
	is_number("http_body", name,
	    body_feed(&body, in.p, in.n, &taken, &out), want);
	buf_free(&in);
	buf_free(&out);
}

static void
test_body_bounds(void)
{
	body_long("size line of 256 bytes", "1;", "a", 252, "\r\na",
	    HTTP_MORE);
	body_long("size line of 257 bytes", "1;", "a", 253, "\r\na",
	    HTTP_REFUSED);
	body_long("size line without end", "1;", "a", 300, "", HTTP_REFUSED);
	body_long("16 KiB of extensions", "", "1;aaa\r\na\r\n", 4096, "",
	    HTTP_MORE);
	body_long("one byte more of extensions", "",
	    "1;aaa\r\na\r\n", 4096, "1;", HTTP_REFUSED);
	body_long("many small chunks", "", "1\r\na\r\n", 50000,
	    "0\r\n\r\n", HTTP_DONE);
	body_long("300 digits (a counter of 8 bits wraps)", "", "0", 300,
	    "\r\n\r\n", HTTP_REFUSED);
	body_long("8 KiB of trailers", "0\r\n", "a: b\r\n", 1365, "\r\n",
	    HTTP_DONE);
	body_long("8 KiB of one trailer", "0\r\na: ", "b", 8185,
	    "\r\n\r\n", HTTP_DONE);
	body_long("one byte more of trailers", "0\r\na: ", "b", 8186,
	    "\r\n\r\n", HTTP_REFUSED);
	body_long("trailer without end", "0\r\nA: ", "b", 8192, "",
	    HTTP_REFUSED);
}

/* ---- http_field.c: lists ------------------------------------------------ */

/* A head of these field lines. */
static const struct http_head *
head_of(const char *method, const char *fields)
{
	static struct http_field room[HTTP_FIELDS_MAX];
	static struct http_head head = { .field = room,
	    .field_room = HTTP_FIELDS_MAX };
	static char text[4096];
	int n;

	n = snprintf(text, sizeof(text), "%s / HTTP/1.1\r\nHost: h\r\n%s\r\n",
	    method, fields);
	if (http_parse(&head, text, (size_t)n, sizeof(text)) != HTTP_DONE)
		printf("# not parsed: %s\n", fields);
	return &head;
}

static void
test_list(void)
{
	static const struct {
		const char *name, *fields, *want;
	} rows[] = {
		{ "none", "", "" },
		{ "one", "Accept: a\r\n", "[a]" },
		{ "white space", "Accept: a ,\tb\t, c\r\n", "[a][b][c]" },
		{ "empty elements", "Accept: ,, a,,b, ,\r\n", "[a][b]" },
		{ "only commas", "Accept: ,,,\r\n", "" },
		{ "empty", "Accept:\r\n", "" },
		{ "two lines", "Accept: a\r\nX: x\r\naccept: b\r\n",
		    "[a][b]" },
		{ "first line empty", "Accept:\r\nAccept: b\r\n", "[b]" },
		{ "quoted comma", "Accept: a=\"b,c\", d\r\n",
		    "[a=\"b,c\"][d]" },
		{ "escaped quote", "Accept: \"b\\\",c\", d\r\n",
		    "[\"b\\\",c\"][d]" },
		{ "quote left open", "Accept: \"a, b\r\nAccept: c\r\n",
		    "[\"a, b][c]" },
		{ "backslash last", "Accept: \"\\\r\n", "[\"\\]" }
	};
	const struct http_head *head;
	struct slice element;
	char got[200];
	unsigned field;
	size_t i, at;
	int n, rounds;

	for (i = 0; i < COUNT(rows); i++) {
		head = head_of("GET", rows[i].fields);
		field = 0;
		at = 0;
		n = 0;
		got[0] = '\0';
		for (rounds = 0; rounds < 10; rounds++) {
			element = http_list(head, HTTP_ACCEPT, &field, &at);
			if (element.p == NULL)
				break;
			n += snprintf(got + n, sizeof(got) - (size_t)n,
			    "[%.*s]", (int)element.n, element.p);
		}
		is("http_list", rows[i].name, got, rows[i].want);
	}
}

/* ---- http_range.c ------------------------------------------------------- */

#define BEFORE "Sun, 06 Nov 1994 08:49:36 GMT\r\n"
#define EXACT "Sun, 06 Nov 1994 08:49:37 GMT\r\n"
#define AFTER "Sun, 06 Nov 1994 08:49:38 GMT\r\n"
#define NEVER "Sun, 31 Nov 1994 08:49:38 GMT\r\n"

static const struct http_validators *
validators(const char *etag)
{
	static struct http_validators v;

	v.etag = slice_of(etag);
	v.modified = 784111777;
	v.now = 1700000000;
	return &v;
}

static const struct condition_row {
	const char *fields;
	int want;		/* of GET, and HEAD */
	int want_post;
	const char *etag;	/* NULL: "a" */
} condition_rows[] = {
	{ "", 200, 200, NULL },
	/* RFC 9110 13.1.1 */
	{ "If-Match: \"a\"\r\n", 200, 200, NULL },
	{ "If-Match: \"b\"\r\n", 412, 412, NULL },
	{ "If-Match: \"b\", \"a\"\r\n", 200, 200, NULL },
	{ "If-Match: \"b\"\r\nIf-Match: \"a\"\r\n", 200, 200, NULL },
	{ "If-Match: *\r\n", 200, 200, NULL },
	{ "If-Match: W/\"a\"\r\n", 412, 412, NULL },
	{ "If-Match: W/\"a\"\r\n", 412, 412, "W/\"a\"" },
	{ "If-Match: \"a\"\r\n", 412, 412, "" },
	{ "If-Match: a\r\n", 412, 412, NULL },
	{ "If-Match: \"a\r\n", 412, 412, NULL },
	{ "If-Match: \"x,\\\", \"a\"\r\n", 200, 200, NULL },
	{ "If-Match:\r\n", 412, 412, NULL },
	/* 13.1.4, and that If-Match switches it off */
	{ "If-Unmodified-Since: " BEFORE, 412, 412, NULL },
	{ "If-Unmodified-Since: " EXACT, 200, 200, NULL },
	{ "If-Unmodified-Since: " NEVER, 200, 200, NULL },
	{ "If-Match: \"a\"\r\nIf-Unmodified-Since: " BEFORE, 200, 200,
	    NULL },
	/* 13.1.2 */
	{ "If-None-Match: \"a\"\r\n", 304, 412, NULL },
	{ "If-None-Match: W/\"a\"\r\n", 304, 412, NULL },
	{ "If-None-Match: \"a\"\r\n", 304, 412, "W/\"a\"" },
	{ "If-None-Match: \"b\"\r\n", 200, 200, NULL },
	{ "If-None-Match: \"b\",, W/\"c\" ,\"a\"\r\n", 304, 412,
	    NULL },
	{ "If-None-Match: \"b\"\r\nIf-None-Match: \"a\"\r\n", 304, 412,
	    NULL },
	{ "If-None-Match: *\r\n", 304, 412, NULL },
	{ "If-None-Match: \"*\"\r\n", 200, 200, NULL },
	{ "If-None-Match: w/\"a\"\r\n", 200, 200, NULL },
	{ "If-None-Match: \"a\"\r\n", 200, 200, "" },
	/* 13.1.3, and that If-None-Match switches it off */
	{ "If-Modified-Since: " BEFORE, 200, 200, NULL },
	{ "If-Modified-Since: " EXACT, 304, 200, NULL },
	{ "If-Modified-Since: " AFTER, 304, 200, NULL },
	{ "If-Modified-Since: " NEVER, 200, 200, NULL },
	{ "If-Modified-Since: " EXACT "If-Modified-Since: " EXACT,
	    200, 200, NULL },
	{ "If-None-Match: \"b\"\r\nIf-Modified-Since: " EXACT, 200,
	    200, NULL },
	{ "If-None-Match: \"a\"\r\nIf-Modified-Since: " BEFORE, 304,
	    412, NULL },
	/* 13.2.2: the order */
	{ "If-None-Match: \"a\"\r\nIf-Match: \"b\"\r\n", 412, 412,
	    NULL },
	{ "If-None-Match: \"a\"\r\nIf-Match: \"a\"\r\n", 304, 412,
	    NULL }
};

static void
test_conditions(void)
{
	const struct condition_row *row = condition_rows;
	const struct http_validators *v;

	for (; row < condition_rows + COUNT(condition_rows); row++) {
		v = validators(row->etag == NULL ? "\"a\"" : row->etag);
		is_number("GET if", row->fields, http_conditions(
		    head_of("GET", row->fields), v), row->want);
		is_number("HEAD if", row->fields, http_conditions(
		    head_of("HEAD", row->fields), v), row->want);
		is_number("POST if", row->fields, http_conditions(
		    head_of("POST", row->fields), v), row->want_post);
	}
}

static const struct {
	const char *fields;
	long long size;
	const char *want;	/* status first+length ... */
} range_rows[] = {
	{ "", 10, "200" },
	/* RFC 9110 14.1.2 */
	{ "Range: bytes=0-4\r\n", 10, "206 0+5" },
	{ "Range: bytes=9-9\r\n", 10, "206 9+1" },
	{ "Range: bytes=5-\r\n", 10, "206 5+5" },
	{ "Range: bytes=5-99\r\n", 10, "206 5+5" },
	{ "Range: bytes=-3\r\n", 10, "206 7+3" },
	{ "Range: bytes=-99\r\n", 10, "206 0+10" },
	{ "Range: BYTES=0-0\r\n", 10, "206 0+1" },
	{ "Range: bytes=5-99999999999999999999999\r\n", 10,
	    "206 5+5" },
	{ "Range: bytes=-99999999999999999999999\r\n", 10,
	    "206 0+10" },
	{ "Range: bytes=4294967296-4294967299\r\n", 5000000000,
	    "206 4294967296+4" },
	{ "Range: bytes=10-\r\n", 10, "416" },
	{ "Range: bytes=10-20\r\n", 10, "416" },
	{ "Range: bytes=-0\r\n", 10, "416" },
	{ "Range: bytes=99999999999999999999999-\r\n", 10, "416" },
	{ "Range: bytes=0-\r\n", 0, "416" },
	{ "Range: bytes=-5\r\n", 0, "416" },
	{ "Range: bytes=0-0,10-\r\n", 10, "206 0+1" },
	/* 14.2: malformed ones are ignored */
	{ "Range: bytes=4-3\r\n", 10, "200" },
	{ "Range: bytes=0-1,4-3\r\n", 10, "200" },
	{ "Range: bytes=\r\n", 10, "200" },
	{ "Range: bytes=,\r\n", 10, "200" },
	{ "Range: bytes=-\r\n", 10, "200" },
	{ "Range: bytes=--1\r\n", 10, "200" },
	{ "Range: bytes=1\r\n", 10, "200" },
	{ "Range: bytes=a-b\r\n", 10, "200" },
	{ "Range: bytes=0-1x\r\n", 10, "200" },
	{ "Range: bytes=0 -1\r\n", 10, "200" },
	{ "Range: bytes = 0-1\r\n", 10, "200" },
	{ "Range: bytes\r\n", 10, "200" },
	{ "Range: lines=0-1\r\n", 10, "200" },
	{ "Range: bytes=0-1\r\nRange: bytes=3-4\r\n", 10, "200" },
	/* several, in their order; joined (15.3.7.2) */
	{ "Range: bytes=0-1, 400-401\r\n", 999, "206 0+2 400+2" },
	{ "Range: bytes=,400-401,,0-1,\r\n", 999, "206 400+2 0+2" },
	{ "Range: bytes=0-4,3-6\r\n", 999, "206 0+7" },
	{ "Range: bytes=0-1,2-3\r\n", 999, "206 0+4" },
	{ "Range: bytes=0-1,3-4,2-2\r\n", 999, "206 0+5" },
	{ "Range: bytes=0-1,82-83\r\n", 999, "206 0+84" },
	{ "Range: bytes=82-83,0-1\r\n", 999, "206 0+84" },
	{ "Range: bytes=0-1,83-83\r\n", 999, "206 0+2 83+1" },
	{ "Range: bytes=800-800,0-0,400-400,390-500\r\n", 999,
	    "206 800+1 0+1 390+111" },
	{ "Range: bytes=600-600,200-200,400-400,100-700,990-\r\n", 999,
	    "206 100+601 990+9" },
	{ "Range: bytes=0-0,-1\r\n", 9223372036854775807,
	    "206 0+1 9223372036854775806+1" },
	{ "Range: bytes=0-,0-,0-,0-,0-,0-,0-,0-,0-,0-,0-,0-,0-,0-,0-,"
	    "0-\r\n", 10, "206 0+10" },
	{ "Range: bytes=0-,0-,0-,0-,0-,0-,0-,0-,0-,0-,0-,0-,0-,0-,0-,"
	    "0-,0-\r\n", 10, "200" },
	/* 13.1.5: If-Range */
	{ "Range: bytes=0-1\r\nIf-Range: \"a\"\r\n", 10, "206 0+2" },
	{ "Range: bytes=0-1\r\nIf-Range: \"b\"\r\n", 10, "200" },
	{ "Range: bytes=0-1\r\nIf-Range: W/\"a\"\r\n", 10, "200" },
	{ "Range: bytes=0-1\r\nIf-Range: \"a\" \"b\"\r\n", 10, "200" },
	{ "Range: bytes=0-1\r\nIf-Range: " EXACT, 10, "206 0+2" },
	{ "Range: bytes=0-1\r\nIf-Range: " AFTER, 10, "200" },
	{ "Range: bytes=0-1\r\nIf-Range: " BEFORE, 10, "200" },
	{ "Range: bytes=0-1\r\nIf-Range: x\r\n", 10, "200" },
	{ "Range: bytes=0-1\r\nIf-Range:\r\n", 10, "200" }
};

static void
test_ranges(void)
{
	struct http_range ranges[HTTP_RANGES_MAX];
	char got[200];
	unsigned n, k;
	size_t i;
	int at, status;

	for (i = 0; i < COUNT(range_rows); i++) {
		status = http_ranges(head_of("GET", range_rows[i].fields),
		    validators("\"a\""), range_rows[i].size, ranges,
		    &n);
		at = snprintf(got, sizeof(got), "%d", status);
		for (k = 0; status == 206 && k < n; k++)
			at += snprintf(got + at, sizeof(got) - (size_t)at,
			    " %lld+%lld", (long long)ranges[k].first,
			    (long long)ranges[k].length);
		is("http_ranges", range_rows[i].fields, got,
		    range_rows[i].want);
	}
}
