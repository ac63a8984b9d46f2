/*
 * unit_reply.h - the part of unit.c that is about http_reply.c: what a backend
 * answers. The rows are in rows_reply.h.
 */
#include "rows_reply.h"

static void
add_slice(struct buf *b, const char *front, struct slice s, const char *back)
{
	if (s.p == NULL)
		return;
	buf_adds(b, front);
	buf_add(b, s.p, s.n);
	buf_adds(b, back);
}

/* What n bytes come to, as the rows have it. */
static const char *
reply_words(struct buf *b, enum http_reply_kind kind, char *p, size_t n)
{
	struct http_reply reply;
	struct slice name, value;
	const char *why = NULL;
	size_t at = 0;

	b->n = 0;
	switch (http_reply(&reply, kind, p, n, &why)) {
	case HTTP_MORE:
		return "more";
	case HTTP_REFUSED:
		return why != NULL ? why : "(no reason)";
	default:
		break;
	}
	buf_printf(b, "%d", reply.status);
	if (reply.minor != -1)
		buf_printf(b, " 1.%d", reply.minor);
	if (reply.length != -1)
		buf_printf(b, " length=%lld", (long long)reply.length);
	buf_adds(b, reply.chunked ? " chunked" : "");
	buf_adds(b, reply.keep_alive ? " keep" : "");
	buf_adds(b, reply.upgrade ? " upgrade" : "");
	add_slice(b, " loc=<", reply.location, ">");
	add_slice(b, " send=<", reply.sendfile, ">");
	add_slice(b, " type=<", reply.content_type, ">");
	while (http_reply_next(&reply, &at, &name, &value)) {
		add_slice(b, " | ", name, "=");
		add_slice(b, "", value, "");
	}
	if (reply.size < n)
		buf_printf(b, " +%zu", n - reply.size);
	return buf_text(b);
}

/* Cut anywhere, it is not known yet, or the same; in memory of just that size,
 * so that a sanitizer sees a byte too many being read. */
static void
test_reply(void)
{
	struct buf words = { NULL, 0, 0, 0 };
	const char *got, *name, *want, *more;
	char *copy;
	size_t i, n, rest;

	for (i = 0; i < COUNT(reply_rows); i++) {
		name = reply_rows[i].name;
		want = reply_rows[i].want;
		more = strstr(want, " +");
		rest = more == NULL ? 0 : (size_t)atoi(more + 2);
		copy = exact_copy(reply_rows[i].in, reply_rows[i].n);
		is("http_reply", name, reply_words(&words, reply_rows[i].kind,
		    copy, reply_rows[i].n), want);
		free(copy);
		for (n = 0; n <= reply_rows[i].n - rest; n++) {
			copy = exact_copy(reply_rows[i].in, n);
			got = reply_words(&words, reply_rows[i].kind, copy, n);
			free(copy);
			if (strcmp(got, "more") != 0
			    && strncmp(got, want, strlen(got)) != 0)
				break;
		}
		is("http_reply in pieces", name,
		    n <= reply_rows[i].n - rest ? got : want, want);
	}
	buf_free(&words);
}

/* A head of a status line, n times each, and the end. */
static void
reply_long(const char *name, const char *each, size_t n, const char *back,
    const char *want)
{
	struct buf in = { NULL, 0, 0, 0 }, words = in;
	const char *got;

	buf_adds(&in, OK11);
	for (; n > 0; n--)
		buf_adds(&in, each);
	buf_adds(&in, back);
	got = reply_words(&words, HTTP_REPLY_HTTP, in.p, in.n);
	is("http_reply", name, strncmp(got, want, strlen(want)) == 0 ? want
	    : got, want);
	buf_free(&in);
	buf_free(&words);
}

static void
test_reply_limits(void)
{
	enum { REST = HTTP_REPLY_MAX - 17 - 3 };	/* behind "A:" */

	reply_long("a hundred fields", "A: b\r\n", 100, "\r\n", "200 1.1");
	reply_long("one more", "A: b\r\n", 101, "\r\n", "too many fields");
	reply_long("the longest head", "A:", 1, "\n\n", "200 1.1");
	reply_long("no end, yet", ":", REST + 2, "", "more");
	reply_long("no end, ever", ":", REST + 3, "", "head too long");
	reply_long("64 KiB", "A", REST, ":\n\n", "200 1.1");
	reply_long("one byte more", "A", REST + 1, ":\n\n", "head too long");
	reply_long("64 KiB of folds", " \n", REST / 2, "\n",
	    "malformed field name");
}

/* Which fields concern the connection. */
static void
test_hops(void)
{
	static const char text[] = "Connection: close, X-A ,,x-b\r\n"
	    "Other: x-c\r\nconnection: X-D\r\n\r\n";
	static const char *const hops[] = {
		"Connection", "KEEP-ALIVE", "TE", "Trailer", "upgrade",
		"Transfer-Encoding", "Proxy-Connection",
		"Proxy-Authenticate", "Proxy-Authorization"
	}, *const others[] = {
		"", "T", "TEE", "Date", "Content-Length", "Set-Cookie",
		"Authorization", "Upgrade-Insecure-Requests"
	}, *const named[] = { "x-a", "X-B", "x-d", "Close" },
	*const unnamed[] = { "x-c", "x", "x-a ", "other", "x-ab" };
	char request[256] = "GET / HTTP/1.1\r\nHost: h\r\n", *copy;
	struct http_field room[HTTP_FIELDS_MAX];
	struct http_head head = { .field = room,
	    .field_room = HTTP_FIELDS_MAX };
	struct http_reply reply;
	const char *why;
	unsigned good = 0;
	size_t i;

	for (i = 0; i < COUNT(hops); i++)
		good += http_is_hop(slice_of(hops[i])) != 0;
	for (i = 0; i < COUNT(others); i++)
		good += !http_is_hop(slice_of(others[i]));
	is_number("http_is_hop", "by the name", good,
	    COUNT(hops) + COUNT(others));
	memcpy(request + strlen(request), text, sizeof(text));
	copy = exact_copy(text, sizeof(text) - 1);
	ok(http_parse(&head, request, strlen(request), HTTP_HEAD_MAX)
	    == HTTP_DONE && http_reply(&reply, HTTP_REPLY_CGI, copy,
	    sizeof(text) - 1, &why) == HTTP_DONE, "heads with Connection");
	for (i = good = 0; i < COUNT(named); i++)
		good += http_reply_names(&reply, slice_of(named[i])) == 1
		    && http_connection_names(&head, slice_of(named[i])) == 1;
	for (i = 0; i < COUNT(unnamed); i++)
		good += http_reply_names(&reply, slice_of(unnamed[i])) == 0
		    && http_connection_names(&head, slice_of(unnamed[i])) == 0;
	is_number("http_reply_names", "by Connection", good,
	    COUNT(named) + COUNT(unnamed));
	free(copy);
}
