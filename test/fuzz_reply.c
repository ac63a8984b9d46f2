/*
 * fuzz_reply.c - http_reply on any bytes, as each kind of reply.
 *
 * Promises beyond "no crash": the verdict does not depend on how the bytes are
 * cut; a head ends where a simple-minded reader finds the first empty line, and
 * has a field for each line that he would see; no name or value has a byte
 * that could end a line; its length is told in one way at most; written down
 * again it means the same.
 */
#include "fuzz.h"

enum {
	SMALL = 300,		/* up to this it is fed byte by byte */
	STEP = 97		/* above, so many at a time, and each line */
};

static void
check_slice(struct slice s, const char *from, const char *to)
{
	if (s.p == NULL)
		MUST(s.n == 0);
	else
		MUST(s.p >= from && s.n <= (size_t)(to - s.p));
}

/* Neither control bytes nor white space around it. */
static void
check_text(struct slice s)
{
	size_t i;

	for (i = 0; i < s.n; i++)
		MUST(((unsigned char)s.p[i] >= ' ' && s.p[i] != 127)
		    || s.p[i] == '\t');
	MUST(slice_eq(slice_trim(s), s));
}

static void
check_name(struct slice name)
{
	size_t i;

	MUST(name.n > 0);
	for (i = 0; i < name.n; i++)
		MUST(name.p[i] > ' ' && name.p[i] < 127
		    && strchr("\"(),/:;<=>?@[\\]{}", name.p[i]) == NULL);
}

/* As somebody would read it who knows only lines; the bytes are as they were
 * sent. Returns how many lines there are that do not go on another. */
static unsigned
check_lines(const char *p, size_t n)
{
	const char *line = p, *end = p + n, *lf;
	unsigned lines = 0;

	for (;;) {
		lf = memchr(line, '\n', (size_t)(end - line));
		MUST(lf != NULL);
		if (lf == line || (lf == line + 1 && *line == '\r'))
			break;
		MUST(memchr(line, '\0', (size_t)(lf - line)) == NULL);
		lines += *line != ' ' && *line != '\t';
		line = lf + 1;
	}
	MUST(lf + 1 == end);
	return lines;
}

static void
check_done(const struct http_reply *r, enum http_reply_kind kind,
    const char *p, const char *sent)
{
	const char *end = p + r->size, *last = p;
	struct slice name, value;
	unsigned fields = 0, status_line = r->minor != -1;
	size_t at = 0, i;

	check_slice(r->fields, p, end);
	check_slice(r->location, p, end);
	check_slice(r->sendfile, p, end);
	check_slice(r->content_type, p, end);
	MUST(r->status == 0 || (r->status >= 100 && r->status <= 599));
	MUST(r->minor >= -1 && r->minor <= 1 && r->length >= -1);
	MUST(kind != HTTP_REPLY_CGI || !status_line);
	MUST(kind != HTTP_REPLY_HTTP || status_line);
	MUST(!status_line || r->status != 0);
	MUST(!r->chunked || (r->length == -1 && r->minor == 1
	    && kind == HTTP_REPLY_HTTP));
	MUST(!r->keep_alive || status_line);
	while (http_reply_next(r, &at, &name, &value)) {
		check_slice(name, p, end);
		check_slice(value, p, end);
		MUST(name.p >= last && name.p[name.n] == ':'
		    && value.p > name.p + name.n);
		check_name(name);
		check_text(value);
		last = value.p + value.n;
		(void)http_is_hop(name);
		(void)http_reply_names(r, name);
		MUST(!slice_case_eq(name, "Transfer-Encoding") || r->chunked);
		MUST(!slice_case_eq(name, "Content-Length")
		    || r->length != -1);
		fields++;
	}
	MUST(at == r->fields.n && fields <= HTTP_FIELDS_MAX);
	MUST(fields > 0 || status_line);
	MUST(check_lines(sent, r->size) == fields + status_line);
	for (i = 0; i < r->location.n && http_is_local(r->location); i++)
		MUST(r->location.p[0] == '/' && r->location.p[i] > ' '
		    && r->location.p[i] < 127);
}

static void
check_same(const struct http_reply *a, const struct http_reply *b)
{
	struct slice name[2], value[2];
	size_t at[2] = { 0, 0 };
	int more;

	MUST(a->status == b->status && a->minor == b->minor);
	MUST(a->length == b->length && a->chunked == b->chunked);
	MUST(a->keep_alive == b->keep_alive && a->upgrade == b->upgrade);
	MUST(slice_eq(a->location, b->location));
	MUST(slice_eq(a->sendfile, b->sendfile));
	MUST(slice_eq(a->content_type, b->content_type));
	do {
		more = http_reply_next(a, &at[0], &name[0], &value[0]);
		MUST(http_reply_next(b, &at[1], &name[1], &value[1]) == more);
		MUST(!more || (slice_eq(name[0], name[1])
		    && slice_eq(value[0], value[1])));
	} while (more);
}

/* Gives the bytes a few at a time, always all from the first on, as gw.c does.
 * whole is what came of them given at once. */
static void
read_cut(const struct http_reply *whole, enum http_verdict wanted,
    const char *wanted_why, enum http_reply_kind kind, const char *p, size_t n)
{
	enum http_verdict verdict = HTTP_MORE;
	struct http_reply reply;
	const char *why = NULL;
	char *bytes = NULL;
	size_t k = 0;

	while (k < n && verdict == HTTP_MORE) {
		k++;
		while (n > SMALL && k < n && k % STEP != 0
		    && p[k - 1] != '\n')
			k++;
		free(bytes);
		bytes = exact_copy(p, k);
		verdict = http_reply(&reply, kind, bytes, k, &why);
	}
	MUST(n == 0 || verdict == wanted);
	if (n > 0 && verdict == HTTP_REFUSED)
		MUST(strcmp(why, wanted_why) == 0);
	if (n > 0 && verdict == HTTP_DONE) {
		MUST(reply.size == whole->size);
		MUST(n > SMALL || k == reply.size);
		check_same(whole, &reply);
	}
	free(bytes);
}

/* What was understood, written down again, means the same. */
static void
read_again(const struct http_reply *whole, enum http_reply_kind kind)
{
	struct http_reply reply;
	struct buf b = { NULL, 0, 0, 0 };
	struct slice name, value;
	const char *why;
	size_t at = 0;

	if (whole->minor != -1)
		buf_printf(&b, "HTTP/1.%d %d\r\n", whole->minor,
		    whole->status);
	while (http_reply_next(whole, &at, &name, &value)) {
		buf_add(&b, name.p, name.n);
		buf_adds(&b, ": ");
		buf_add(&b, value.p, value.n);
		buf_adds(&b, "\r\n");
	}
	buf_adds(&b, "\r\n");
	if (b.n <= HTTP_REPLY_MAX) {
		MUST(http_reply(&reply, kind, b.p, b.n, &why) == HTTP_DONE);
		MUST(reply.size == b.n);
		check_same(whole, &reply);
	}
	buf_free(&b);
}

static void
check_reply(enum http_reply_kind kind, const char *p, size_t n)
{
	char *copy = exact_copy(p, n);
	struct http_reply reply, again;
	const char *why = NULL;
	enum http_verdict verdict = http_reply(&reply, kind, copy, n, &why);

	read_cut(&reply, verdict, why, kind, p, n);
	if (verdict == HTTP_MORE)
		MUST(n < HTTP_REPLY_MAX);
	if (verdict == HTTP_REFUSED)
		MUST(why != NULL && *why != '\0');
	if (verdict == HTTP_DONE) {
		MUST(reply.size > 0 && reply.size <= n
		    && reply.size <= HTTP_REPLY_MAX);
		check_done(&reply, kind, copy, p);
		read_again(&reply, kind);
		/* the folds are spaces now */
		MUST(http_reply(&again, kind, copy, reply.size, &why)
		    == HTTP_DONE);
		check_same(&reply, &again);
	}
	free(copy);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	const char *p = (const char *)data;

	check_reply(HTTP_REPLY_CGI, p, n);
	check_reply(HTTP_REPLY_HTTP, p, n);
	check_reply(HTTP_REPLY_ANY, p, n);
	return 0;
}
