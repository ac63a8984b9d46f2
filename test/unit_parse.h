/*
 * unit_parse.h - the part of unit.c that is about http_parse.c: request heads
 * and what becomes of them, each whole and cut at every byte. The rows of
 * input are in rows_line.h and rows_field.h.
 */

static void
describe(char *out, size_t size, const struct http_head *h,
    enum http_verdict verdict, size_t n)
{
	static const char *const names[] = {
		"GET", "HEAD", "OPTIONS", "POST", "PUT", "DELETE", "PATCH",
		"TRACE", "CONNECT", "known", "unknown"
	};
	char length[40] = "", rest[32] = "";

	if (verdict == HTTP_MORE)
		snprintf(out, size, "more");
	if (verdict == HTTP_REFUSED)
		snprintf(out, size, "%d%s", h->status,
		    h->why == NULL ? " and no reason" : "");
	if (verdict != HTTP_DONE)
		return;
	if (h->framing == HTTP_LENGTH)
		snprintf(length, sizeof(length), " length=%lld",
		    (long long)h->body_length);
	if (h->size != n)
		snprintf(rest, sizeof(rest), " rest=%d", (int)(n - h->size));
	snprintf(out, size, "%s %.*s %s%.*s%s1.%d @%.*s %s%s%s%s%s",
	    names[h->method], (int)h->path.n, h->path.p,
	    h->query.p != NULL ? "?" : "", (int)h->query.n,
	    h->query.p != NULL ? h->query.p : "",
	    h->query.p != NULL ? " " : "", h->minor, (int)h->host.n,
	    h->host.n > 0 ? h->host.p : "", h->keep_alive ? "keep" : "close",
	    length, h->framing == HTTP_CHUNKED ? " chunked" : "",
	    h->expect_continue ? " expect" : "", rest);
}

/* Parses the first n of all bytes in memory of just that size. What the parser
 * changes is kept, as in a connection's buffer. */
static enum http_verdict
parse_first(struct http_head *head, char *bytes, size_t n, size_t all,
    char *got, size_t size)
{
	char *copy = exact_copy(bytes, n);
	enum http_verdict verdict;

	/* what an earlier one left */
	memset(head, 0xa5, offsetof(struct http_head, field));
	verdict = http_parse(head, copy, n, 8192);
	describe(got, size, head, verdict, all);
	if (n > 0)
		memcpy(bytes, copy, n);
	free(copy);
	return verdict;
}

static void
test_parse(void)
{
	static struct http_field room[HTTP_FIELDS_MAX];
	static struct http_head head = { .field = room,
	    .field_room = HTTP_FIELDS_MAX };
	const struct row *row = head_rows;
	enum http_verdict verdict;
	char got[400], *bytes;
	size_t n;

	for (; row < head_rows + COUNT(head_rows); row++) {
		bytes = exact_copy(row->in, row->n);
		parse_first(&head, bytes, row->n, row->n, got, sizeof(got));
		is("http_parse", row->name, got, row->want);
		free(bytes);

		/* byte by byte: nothing early, and the same in the end */
		bytes = exact_copy(row->in, row->n);
		verdict = HTTP_MORE;
		for (n = 0; n <= row->n && verdict == HTTP_MORE; n++)
			verdict = parse_first(&head, bytes, n, row->n, got,
			    sizeof(got));
		is("http_parse in pieces", row->name, got, row->want);
		free(bytes);
	}
}

/* Parses front, n bytes of fill, and back, at most max bytes of them. */
static void
parse_long(const char *name, const char *front, size_t n, const char *back,
    size_t max, const char *want)
{
	static struct http_field room[HTTP_FIELDS_MAX];
	static struct http_head head = { .field = room,
	    .field_room = HTTP_FIELDS_MAX };
	struct buf b = { NULL, 0, 0, 0 };
	char got[8];

	buf_adds(&b, front);
	for (; n > 0; n--)
		buf_addc(&b, 'x');
	buf_adds(&b, back);
	describe(got, sizeof(got), &head,
	    http_parse(&head, b.p, b.n, max), b.n);
	got[3] = '\0';
	is("http_parse", name, got, want);
	buf_free(&b);
}

static void
test_parse_limits(void)
{
	static struct http_field room[HTTP_FIELDS_MAX];
	static struct http_head head = { .field = room,
	    .field_room = HTTP_FIELDS_MAX };
	struct buf b = { NULL, 0, 0, 0 };
	unsigned i;

	/* 5 + 9 + 2 and 7 + 4 bytes are around the fill */
	parse_long("line as long as allowed, head too long", "GET /", 84,
	    " HTTP/1.1\r\nHost: h\r\n\r\n", 100, "431");
	parse_long("line one byte longer", "GET /", 85,
	    " HTTP/1.1\r\nHost: h\r\n\r\n", 100, "414");
	parse_long("line without end", "GET /", 95, "", 100, "414");
	parse_long("line without end, one byte less", "GET /", 94, "", 100,
	    "mor");
	parse_long("head as long as allowed", GH "A: ", 68, E, 100, "GET");
	parse_long("head one byte longer", GH "A: ", 69, E, 100, "431");
	parse_long("field without end", GH "A: ", 72, "", 100, "431");
	parse_long("name without end", GH, 75, "", 100, "431");
	parse_long("longest head of all", GH "A: ", HTTP_HEAD_MAX - 32, E,
	    HTTP_HEAD_MAX, "GET");
	parse_long("refused, not too long", GH "A\001: ", 99, E, 100, "400");
	for (i = 99; i <= 100; i++) {
		b.n = 0;
		buf_adds(&b, GH);
		while (b.n < sizeof(GH) - 1 + i * 6)
			buf_adds(&b, "a: b\r\n");
		buf_adds(&b, "\r\n");
		is_number("http_parse", i == 99 ? "100 fields" : "101 fields",
		    http_parse(&head, b.p, b.n, 8192),
		    i == 99 ? HTTP_DONE : HTTP_REFUSED);
	}
	is_number("http_parse", "101 fields, the status", head.status, 431);
	buf_free(&b);
}

/* Every byte in every place, by the grammar's own words. */
static void
test_parse_bytes(void)
{
	static const struct {
		const char *name, *front, *back, *extra;
		int least;		/* this to 0x7e, and extra, are right */
		const char *but;	/* of those, these are wrong */
	} rows[] = {
		{ "method", "G", "T / HTTP/1.1\r\nHost: h" E, "", '!',
		    "\"(),/:;<=>?@[\\]{}" },
		{ "target", "GET /0123456789", "a HTTP/1.1\r\nHost: h" E, "",
		    '!', "#" },
		{ "name", GH "A", "b: c" E, ":", '!',
		    "\"(),/;<=>?@[\\]{}" },
		{ "value", GH "A: 0123456789abcde", "fghijklmnopqrst" E, "\t",
		    ' ', "" },
		{ "host", G "Host: a", "b" E, "", '!', "\"#'/:<>?@[\\]^`{|}%" }
	};
	static struct http_field room[HTTP_FIELDS_MAX];
	static struct http_head head = { .field = room,
	    .field_room = HTTP_FIELDS_MAX };
	char text[100], name[40];
	size_t i;
	int c, n, right;

	for (i = 0; i < COUNT(rows); i++) {
		for (c = 1; c < 256; c++) {
			n = snprintf(text, sizeof(text), "%s%c%s",
			    rows[i].front, c, rows[i].back);
			right = (c >= rows[i].least && c < 0x7f
			    && strchr(rows[i].but, c) == NULL)
			    || strchr(rows[i].extra, c) != NULL
			    || (c >= 0x80 && strcmp(rows[i].name, "value")
			    == 0);
			if (right != (http_parse(&head, text, (size_t)n, 8192)
			    == HTTP_DONE))
				break;
		}
		snprintf(name, sizeof(name), "every byte in a %s",
		    rows[i].name);
		is_number("http_parse", name, c, 256);
	}
}

/* Every name that has a number, in both cases, and its neighbours that have
 * none; what is known of a refused line. */
static void
test_parse_fields(void)
{
	static const char *const names[HTTP_NAMES] = {
		"other", "accept", "accept-encoding", "authorization",
		"connection", "content-length", "content-type", "cookie",
		"expect", "host", "if-match", "if-modified-since",
		"if-none-match", "if-range", "if-unmodified-since", "range",
		"referer", "transfer-encoding", "upgrade", "user-agent"
	};
	static struct http_field room[HTTP_FIELDS_MAX];
	static struct http_head head = { .field = room,
	    .field_room = HTTP_FIELDS_MAX };
	char text[200], want[8];
	struct slice value;
	int id, n;

	for (id = HTTP_FIELD_OTHER + 1; id < HTTP_NAMES; id++) {
		snprintf(want, sizeof(want), "%s",
		    id == HTTP_EXPECT ? "100-con" :
		    id == HTTP_TRANSFER_ENCODING ? "chunked" : "1");
		n = snprintf(text, sizeof(text), "GET / HTTP/1.1\r\nx%s: 0\r\n"
		    "%sx: 0\r\n%c%s: %s\r\n%s\r\n", names[id], names[id],
		    names[id][0] - 0x20, names[id] + 1,
		    id == HTTP_EXPECT ? "100-continue" : want,
		    id == HTTP_HOST ? "" : "Host: h\r\n");
		http_parse(&head, text, (size_t)n, 8192);
		value = http_field(&head, (enum http_name)id);
		value.n = value.n > 7 ? 7 : value.n;
		snprintf(text, sizeof(text), "%.*s", (int)value.n,
		    value.p == NULL ? "" : value.p);
		is("http_field", names[id], text, want);
	}
	n = snprintf(text, sizeof(text), GH "X-A: 1\r\nx-a: 2\r\nX-AB: 3" E);
	http_parse(&head, text, (size_t)n, 8192);
	ok(slice_eq(http_field_named(&head, "x-a"), slice_of("1")),
	    "http_field_named: the first one");
	ok(slice_eq(http_field_named(&head, "x-ab"), slice_of("3")),
	    "http_field_named: a longer name");
	ok(http_field_named(&head, "x").p == NULL, "http_field_named: none");
	n = snprintf(text, sizeof(text), "\r\nGET /a\177 HTTP/1.1" E);
	http_parse(&head, text, (size_t)n, 8192);
	ok(slice_eq(head.line, slice_of("GET /a\177 HTTP/1.1")),
	    "http_parse: a refused line is there for the log");
	ok(head.method == HTTP_GET && head.minor == 1,
	    "http_parse: and what was understood of it");
}
