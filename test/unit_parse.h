/*
 * unit_parse.h - the part of unit.c that is about http_parse.c: request heads
 * and what becomes of them, each whole and cut at every byte.
 *
 * What is wanted is "METHOD path 1.MINOR @host keep|close" and what else there
 * is, or the status, or "more".
 */

#define G "GET / HTTP/1.1\r\n"
#define GH "GET / HTTP/1.1\r\nHost: h\r\n"
#define POST "POST / HTTP/1.1\r\nHost: h\r\n"
#define E "\r\n\r\n"
#define PLAIN "GET / 1.1 @h keep"

static const struct parse_row {
	const char *name, *in;
	size_t n;
	const char *want;
} parse_rows[] = {
	/* the request line, RFC 9112 3 */
	ROW("plain", GH "\r\n", PLAIN),
	ROW("HEAD", "HEAD / HTTP/1.1\r\nHost: h" E, "HEAD / 1.1 @h keep"),
	ROW("POST", POST "\r\n", "POST / 1.1 @h keep"),
	ROW("registered method", "PROPFIND / HTTP/1.1\r\nHost: h" E,
	    "known / 1.1 @h keep"),
	ROW("unregistered method", "BREW / HTTP/1.1\r\nHost: h" E,
	    "unknown / 1.1 @h keep"),
	ROW("3.1: methods are case-sensitive", "get / HTTP/1.1\r\nHost: h" E,
	    "unknown / 1.1 @h keep"),
	ROW("prefix of a method", "GE / HTTP/1.1\r\nHost: h" E,
	    "unknown / 1.1 @h keep"),
	ROW("method and more", "GETS / HTTP/1.1\r\nHost: h" E,
	    "unknown / 1.1 @h keep"),
	ROW("method of 32 bytes", "ABCDEFGHIJKLMNOPQRSTUVWXYZABCDEF / "
	    "HTTP/1.1\r\nHost: h" E, "unknown / 1.1 @h keep"),
	ROW("method of 33 bytes, no line end",
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZABCDEFG", "400"),
	ROW("method is no token", "G(T / HTTP/1.1" E, "400"),
	ROW("no method", " / HTTP/1.1" E, "400"),
	ROW("TLS hello", "\026\003\001\002", "400"),
	ROW("NUL first", "\0", "400"),
	ROW("HTAB after the method", "GET\t/ HTTP/1.1" E, "400"),
	ROW("two spaces after the method", "GET  / HTTP/1.1" E, "400"),
	ROW("two spaces after the target", "GET /  HTTP/1.1" E, "400"),
	ROW("space after the version", "GET / HTTP/1.1 " E, "400"),
	ROW("HTTP/0.9", "GET /\r\n", "400"),
	ROW("HTTP/0.9 with a space", "GET / \r\n", "400"),
	ROW("no target", "GET HTTP/1.1\r\nHost: h" E, "400"),
	ROW("2.3: HTTP/1.0", "GET / HTTP/1.0" E, "GET / 1.0 @ close"),
	ROW("2.5: HTTP/1.2 counts as 1.1", "GET / HTTP/1.2\r\nHost: h" E,
	    PLAIN),
	ROW("HTTP/2.0", "GET / HTTP/2.0" E, "505"),
	ROW("HTTP/0.9 in words", "GET / HTTP/0.9" E, "505"),
	ROW("preface of HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "505"),
	ROW("version of two digits", "GET / HTTP/1.10" E, "400"),
	ROW("version without minor", "GET / HTTP/1" E, "400"),
	ROW("version in lower case", "GET / http/1.1" E, "400"),
	ROW("version with a sign", "GET / HTTP/+1.1" E, "400"),
	ROW("another protocol", "GET / RTSP/1.0" E, "400"),
	ROW("2.2: lone LF after the version", "GET / HTTP/1.1\nHost: h" E,
	    "400"),
	ROW("2.2: bare CR after the version", "GET / HTTP/1.1\rHost: h" E,
	    "400"),
	ROW("2.2: one empty line before", "\r\n" GH "\r\n", PLAIN),
	ROW("2.2: two empty lines before", "\r\n\r\n" GH "\r\n", "400"),
	ROW("2.2: a lone LF before", "\n" GH "\r\n", "400"),
	ROW("2.2: a bare CR before", "\r" GH "\r\n", "400"),
	/* the target, RFC 9112 3.2 */
	ROW("query", "GET /a?b=c?d HTTP/1.1\r\nHost: h" E,
	    "GET /a ?b=c?d 1.1 @h keep"),
	ROW("empty query", "GET /? HTTP/1.1\r\nHost: h" E,
	    "GET / ? 1.1 @h keep"),
	ROW("two slashes are a path", "GET //evil/ HTTP/1.1\r\nHost: h" E,
	    "GET //evil/ 1.1 @h keep"),
	ROW("fragment", "GET /a#b HTTP/1.1\r\nHost: h" E, "400"),
	ROW("NUL in the target", "GET /\0 HTTP/1.1" E, "400"),
	ROW("DEL in the target", "GET /\177 HTTP/1.1" E, "400"),
	ROW("byte over 0x7f in the target", "GET /\303\244 HTTP/1.1" E, "400"),
	ROW("bare CR in the target", "GET /\ra HTTP/1.1" E, "400"),
	ROW("quote in the target is VCHAR", "GET /\" HTTP/1.1\r\nHost: h" E,
	    "GET /\" 1.1 @h keep"),
	ROW("no slash", "GET a HTTP/1.1\r\nHost: h" E, "400"),
	ROW("3.2.4: OPTIONS *", "OPTIONS * HTTP/1.1\r\nHost: h" E,
	    "OPTIONS * 1.1 @h keep"),
	ROW("3.2.4: * with GET", "GET * HTTP/1.1\r\nHost: h" E, "400"),
	ROW("3.2.4: more than *", "OPTIONS *a HTTP/1.1\r\nHost: h" E, "400"),
	ROW("3.2.2: absolute-form wins over Host",
	    "GET http://a:80/b?c HTTP/1.1\r\nHost: h" E,
	    "GET /b ?c 1.1 @a:80 keep"),
	ROW("3.2.2: absolute-form still needs Host",
	    "GET http://a/b HTTP/1.1" E, "400"),
	ROW("3.2.2: absolute-form in 1.0", "GET http://a/b HTTP/1.0" E,
	    "GET /b 1.0 @a close"),
	ROW("3.2.2: scheme in any case", "GET HTTPS://a/ HTTP/1.1\r\nHost: h"
	    E, "GET / 1.1 @a keep"),
	ROW("3.2.2: no path", "GET http://a HTTP/1.1\r\nHost: h" E,
	    "GET / 1.1 @a keep"),
	ROW("3.2.2: no path but a query",
	    "GET http://a?b HTTP/1.1\r\nHost: h" E, "GET / ?b 1.1 @a keep"),
	ROW("3.2.2: empty authority", "GET http:///b HTTP/1.1\r\nHost: h" E,
	    "400"),
	ROW("3.2.2: user in the authority",
	    "GET http://u@a/ HTTP/1.1\r\nHost: h" E, "400"),
	ROW("3.2.2: bad port", "GET http://a:x/ HTTP/1.1\r\nHost: h" E, "400"),
	ROW("3.2.2: other scheme", "GET ftp://a/ HTTP/1.1\r\nHost: h" E,
	    "400"),
	ROW("3.2.3: CONNECT", "CONNECT a:443 HTTP/1.1\r\nHost: a:443" E,
	    "CONNECT  1.1 @a:443 keep"),
	ROW("3.2.3: CONNECT to a path", "CONNECT /a HTTP/1.1\r\nHost: h" E,
	    "400"),
	/* fields, RFC 9112 5 */
	ROW("white space around a value", G "Host: \t h \t \r\n\r\n", PLAIN),
	ROW("no white space", G "Host:h" E, PLAIN),
	ROW("name in any case", G "hOST: h" E, PLAIN),
	ROW("empty value", GH "A:" E, PLAIN),
	ROW("HTAB inside a value", GH "A: b\tc" E, PLAIN),
	ROW("obs-text in a value", GH "A: \200\377\303\244 long enough" E,
	    PLAIN),
	ROW("5.1: space before the colon", GH "A : b" E, "400"),
	ROW("5.1: HTAB before the colon", GH "A\t: b" E, "400"),
	ROW("5.1: space before the colon of a length",
	    GH "Content-Length : 1" E, "400"),
	ROW("5.2: fold before the first field", G " A: b\r\nHost: h" E, "400"),
	ROW("5.2: fold becomes spaces", GH "A: b\r\n  c" E, PLAIN),
	ROW("5.2: two folds", GH "A: b\r\n\tc\r\n d" E, PLAIN),
	ROW("5.2: fold in a value we read", G "Host:\r\n h" E, PLAIN),
	ROW("5.2: fold in a length", POST "Content-Length: 1\r\n 2" E, "400"),
	ROW("5.2: folded name", GH "A\r\n : b" E, "400"),
	ROW("empty name", GH ": b" E, "400"),
	ROW("no colon", GH "A" E, "400"),
	ROW("name is no token", GH "A(b: c" E, "400"),
	ROW("NUL in a name", GH "A\0: b" E, "400"),
	ROW("obs-text in a name", GH "\303\244: b" E, "400"),
	ROW("5.5: NUL in a value", GH "A: b\0c" E, "400"),
	ROW("5.5: NUL far in a value", GH "A: 0123456789abcdef\0" E, "400"),
	ROW("5.5: control byte in a value", GH "A: b\033c" E, "400"),
	ROW("5.5: DEL in a value", GH "A: 01234567890\177" E, "400"),
	ROW("2.2: lone LF after a value", GH "A: b\nC: d" E, "400"),
	ROW("2.2: bare CR in a value", GH "A: b\rC: d" E, "400"),
	ROW("2.2: CR CR LF", GH "A: b\r\r\n\r\n", "400"),
	ROW("2.2: lone LF at the end", GH "A: b\r\n\n", "400"),
	ROW("2.2: bare CR at the end", GH "\rX", "400"),
	/* Host, RFC 9112 3.2, RFC 9110 7.2 */
	ROW("3.2: 1.1 without Host", G "A: b" E, "400"),
	ROW("3.2: two Hosts", GH "Host: i" E, "400"),
	ROW("3.2: two Hosts, the same", GH "Host: h" E, "400"),
	ROW("3.2: two Hosts in 1.0", "GET / HTTP/1.0\r\nHost: h\r\nhost: h" E,
	    "400"),
	ROW("longer name is not Host", G "Hostess: h" E, "400"),
	ROW("shorter name is not Host", G "Hos: h" E, "400"),
	ROW("empty Host", G "Host:" E, "GET / 1.1 @ keep"),
	ROW("Host with port", G "Host: h:65535" E, "GET / 1.1 @h:65535 keep"),
	ROW("Host with empty port", G "Host: h:" E, "GET / 1.1 @h: keep"),
	ROW("Host with a port too large", G "Host: h:65536" E, "400"),
	ROW("Host with a huge port", G "Host: h:18446744073709551617" E,
	    "400"),
	ROW("Host with a port in letters", G "Host: h:8o" E, "400"),
	ROW("Host with two ports", G "Host: h:1:2" E, "400"),
	ROW("Host with a port only", G "Host: :80" E, "400"),
	ROW("Host IPv4", G "Host: 127.0.0.1" E, "GET / 1.1 @127.0.0.1 keep"),
	ROW("Host IPv6", G "Host: [::1]:80" E, "GET / 1.1 @[::1]:80 keep"),
	ROW("Host IPv6 with IPv4", G "Host: [::ffff:1.2.3.4]" E,
	    "GET / 1.1 @[::ffff:1.2.3.4] keep"),
	ROW("Host IPv6 open", G "Host: [::1" E, "400"),
	ROW("Host bracket only", G "Host: [" E, "400"),
	ROW("Host brackets without address", G "Host: []" E, "400"),
	ROW("Host IPv6 that is none", G "Host: [1:2:3]" E, "400"),
	ROW("Host IPv6 with a zone", G "Host: [fe80::1%25e]" E, "400"),
	ROW("Host bytes behind brackets", G "Host: [::1]a" E, "400"),
	ROW("Host IPv6 too long", G "Host: [0000:0000:0000:0000:0000:0000:0000"
	    ":0000:0000:0000:0000]" E, "400"),
	ROW("Host escape", G "Host: a%41b" E, "GET / 1.1 @a%41b keep"),
	ROW("Host bad escape", G "Host: a%4g" E, "400"),
	ROW("Host escape cut off", G "Host: a%4" E, "400"),
	ROW("Host double quote", G "Host: a\"b" E, "400"),
	ROW("Host quote", G "Host: a'b" E, "400"),
	ROW("Host <", G "Host: <b>" E, "400"),
	ROW("Host @", G "Host: u@h" E, "400"),
	ROW("Host space", G "Host: a b" E, "400"),
	ROW("Host comma list", G "Host: a, b" E, "400"),
	ROW("Host slash", G "Host: a/b" E, "400"),
	ROW("Host backslash", G "Host: a\\b" E, "400"),
	ROW("Host question mark", G "Host: a?b" E, "400"),
	ROW("Host obs-text", G "Host: \303\244" E, "400"),
	ROW("Host dot dot", G "Host: .." E, "400"),
	ROW("Host dot dot inside", G "Host: a..b" E, "400"),
	ROW("Host dot last", G "Host: a.b." E, "GET / 1.1 @a.b. keep"),
	/* framing, RFC 9112 6 */
	ROW("length", POST "Content-Length: 5" E,
	    "POST / 1.1 @h keep length=5"),
	ROW("length zero", POST "Content-Length: 0" E,
	    "POST / 1.1 @h keep length=0"),
	ROW("largest length", POST "Content-Length: 9223372036854775807" E,
	    "POST / 1.1 @h keep length=9223372036854775807"),
	ROW("6.3: length too large", POST
	    "Content-Length: 9223372036854775808" E, "400"),
	ROW("6.3: length negative", POST "Content-Length: -1" E, "400"),
	ROW("6.3: length with sign", POST "Content-Length: +1" E, "400"),
	ROW("6.3: length hexadecimal", POST "Content-Length: 0x1" E, "400"),
	ROW("6.3: length empty", POST "Content-Length:" E, "400"),
	ROW("6.3: length with a space", POST "Content-Length: 1 2" E, "400"),
	ROW("6.3: length as a list", POST "Content-Length: 5, 5" E, "400"),
	ROW("6.3: two lengths", POST "Content-Length: 5\r\nContent-Length: 6"
	    E, "400"),
	ROW("6.3: two lengths, the same", POST
	    "Content-Length: 5\r\ncontent-length: 5" E, "400"),
	ROW("length in 1.0", "POST / HTTP/1.0\r\nContent-Length: 5" E,
	    "POST / 1.0 @ close length=5"),
	ROW("chunked", POST "Transfer-Encoding: chunked" E,
	    "POST / 1.1 @h keep chunked"),
	ROW("7: codings in any case", POST "transfer-encoding: CHUNKED" E,
	    "POST / 1.1 @h keep chunked"),
	ROW("6.1: length, then chunked", POST
	    "Content-Length: 5\r\nTransfer-Encoding: chunked" E, "400"),
	ROW("6.1: chunked, then length", POST
	    "Transfer-Encoding: chunked\r\nContent-Length: 5" E, "400"),
	ROW("6.1: chunked twice", POST "Transfer-Encoding: chunked, chunked" E,
	    "400"),
	ROW("6.1: chunked in two fields", POST
	    "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked" E,
	    "400"),
	ROW("6.1: unknown, then chunked", POST
	    "Transfer-Encoding: gzip, chunked" E, "400"),
	ROW("6.1: two unknown, then chunked", POST
	    "Transfer-Encoding: gzip,x;a=b , chunked" E, "400"),
	ROW("6.3: chunked not last", POST "Transfer-Encoding: chunked, gzip" E,
	    "400"),
	ROW("6.3: unknown only", POST "Transfer-Encoding: gzip" E, "400"),
	ROW("6.3: identity", POST "Transfer-Encoding: identity" E, "400"),
	ROW("6.1: empty coding", POST "Transfer-Encoding:" E, "400"),
	ROW("6.1: empty list element", POST "Transfer-Encoding: ,chunked" E,
	    "400"),
	ROW("6.1: nearly chunked", POST "Transfer-Encoding: xchunked" E,
	    "400"),
	ROW("6.1: chunked with a parameter", POST
	    "Transfer-Encoding: chunked;a=b" E, "400"),
	ROW("6.1: chunked in quotes", POST "Transfer-Encoding: \"chunked\"" E,
	    "400"),
	ROW("6.1: control byte in front of chunked", POST
	    "Transfer-Encoding: \013chunked" E, "400"),
	ROW("6.1: Transfer-Encoding in 1.0",
	    "POST / HTTP/1.0\r\nTransfer-Encoding: chunked" E, "400"),
	/* Connection, RFC 9112 9.3 */
	ROW("close", GH "Connection: close" E, "GET / 1.1 @h close"),
	ROW("close in a list", GH "Connection: TE,, Close" E,
	    "GET / 1.1 @h close"),
	ROW("close in the second field", GH "Connection: TE\r\nA: b\r\n"
	    "Connection: close" E, "GET / 1.1 @h close"),
	ROW("close before keep-alive", GH "Connection: close, keep-alive" E,
	    "GET / 1.1 @h close"),
	ROW("close is a whole word", GH "Connection: closed" E, PLAIN),
	ROW("keep-alive in 1.0", "GET / HTTP/1.0\r\nConnection: Keep-Alive" E,
	    "GET / 1.0 @ keep"),
	ROW("both in 1.0", "GET / HTTP/1.0\r\nConnection: keep-alive, close" E,
	    "GET / 1.0 @ close"),
	ROW("empty tokens only", GH "Connection: ,, ,\t," E, PLAIN),
	/* Expect, RFC 9110 10.1.1 */
	ROW("expect", POST "Expect: 100-Continue" E,
	    "POST / 1.1 @h keep expect"),
	ROW("expect something else", POST "Expect: 100-continuum" E, "417"),
	ROW("expect in 1.0", "POST / HTTP/1.0\r\nExpect: x" E,
	    "POST / 1.0 @ close"),
	/* where it ends */
	ROW("next request behind", GH "\r\n" "GET ", PLAIN " rest=4"),
	ROW("body behind", POST "Content-Length: 3" E "\r\n\0",
	    "POST / 1.1 @h keep length=3 rest=3"),
	ROW("nothing", "", "more"),
	ROW("line end missing", "GET / HTTP/1.1\r", "more"),
	ROW("empty line missing", GH, "more"),
	ROW("last byte missing", GH "\r", "more"),
	ROW("half a fold", GH "A: b\r\n", "more")
};

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

	memset(head, 0xa5, sizeof(*head));	/* what an earlier one left */
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
	static struct http_head head;
	const struct parse_row *row = parse_rows;
	enum http_verdict verdict;
	char got[400], *bytes;
	size_t n;

	for (; row < parse_rows + COUNT(parse_rows); row++) {
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
	static struct http_head head;
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
	static struct http_head head;
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
	static struct http_head head;
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
	static struct http_head head;
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
