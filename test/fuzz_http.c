/*
 * fuzz_http.c - http_parse, http_field and http_body on any bytes.
 *
 * The input is what a connection might bring: requests, one behind the other.
 * Promises beyond "no crash": the verdict does not depend on how the bytes are
 * cut; what is accepted has only whole CRLFs, and one field for each line that
 * a simple-minded reader would see; written down again it means the same; all
 * slices lie in the head; the limit is kept to the byte; a body is what the
 * simple-minded reader finds, and ends where he thinks it ends.
 */
#include "fuzz.h"

enum {
	REQUESTS = 8,		/* looked at in one input */
	SMALL = 300,		/* up to this it is fed byte by byte */
	STEP = 97		/* above, so many at a time, and each line */
};

/* ---- heads -------------------------------------------------------------- */

static void
check_slice(struct slice s, const char *from, const char *to)
{
	if (s.p == NULL)
		MUST(s.n == 0);
	else
		MUST(s.p >= from && s.n <= (size_t)(to - s.p));
}

static struct slice
name_of(const struct http_field *f)
{
	return (struct slice){ f->name, f->name_n };
}

static struct slice
value_of(const struct http_field *f)
{
	return (struct slice){ f->value, f->value_n };
}

/* No byte in it that could end a line, or a text. */
static void
check_text(struct slice s)
{
	MUST(s.n == 0 || (memchr(s.p, '\r', s.n) == NULL
	    && memchr(s.p, '\n', s.n) == NULL
	    && memchr(s.p, '\0', s.n) == NULL));
}

/* Each element of a list lies in one line of that field; they come in order. */
static void
check_lists(const struct http_head *head)
{
	struct slice element, value;
	const char *last;
	unsigned id, field;
	size_t at;

	for (id = 1; id < HTTP_NAMES; id++) {
		field = 0;
		at = 0;
		last = NULL;
		for (;;) {
			element = http_list(head, (enum http_name)id, &field,
			    &at);
			if (element.p == NULL)
				break;
			value = value_of(&head->field[field]);
			MUST(field < head->nfields
			    && head->field[field].id == id && element.n > 0);
			check_slice(element, value.p, value.p + value.n);
			MUST(last == NULL || element.p > last);
			last = element.p;
		}
	}
}

static void
check_fields(const struct http_head *head, const char *from, const char *to)
{
	const struct http_field *f;
	uint8_t first[HTTP_NAMES];
	struct slice value;
	unsigned i;

	MUST(head->nfields <= HTTP_FIELDS_MAX);
	memset(first, 0, sizeof(first));
	for (i = 0; i < head->nfields; i++) {
		f = &head->field[i];
		value = value_of(f);
		MUST(f->id < HTTP_NAMES && f->name_n > 0);
		if (first[f->id] == 0)
			first[f->id] = (uint8_t)(i + 1);
		check_slice(name_of(f), from, to);
		check_slice(value, from, to);
		check_text(value);
		MUST(slice_eq(slice_trim(value), value));
	}
	MUST(memcmp(first, head->first, sizeof(first)) == 0);
	check_lists(head);
}

/* As somebody would read it who knows only lines: the bytes are as they were
 * sent. */
static void
check_lines(const struct http_head *head, const char *p, size_t n)
{
	const char *end = p + n, *eol, *start = p;
	unsigned lines = 0;
	size_t i;

	for (i = 0; i < n; i++) {
		MUST(p[i] != '\0');
		MUST(p[i] != '\r' || (i + 1 < n && p[i + 1] == '\n'));
		MUST(p[i] != '\n' || (i > 0 && p[i - 1] == '\r'));
	}
	if (*p == '\r')
		p = start += 2;
	for (; p < end; p = eol + 1) {
		eol = memchr(p, '\n', (size_t)(end - p));
		MUST(eol != NULL);
		if (eol == p + 1) {		/* the empty line */
			MUST(eol + 1 == end);
			break;
		}
		if (p == start || *p == ' ' || *p == '\t')
			continue;
		MUST(lines < head->nfields);
		i = head->field[lines++].name_n;
		MUST(p[i] == ':' && memchr(p, ':', i) == NULL);
	}
	MUST(lines == head->nfields);
}

static void
check_done(const struct http_head *head, const char *p)
{
	const char *end = p + head->size;
	unsigned lengths = head->first[HTTP_CONTENT_LENGTH] != 0;

	check_slice(head->line, p, end);
	check_slice(head->method_text, p, end);
	check_slice(head->target, p, end);
	check_slice(head->path, p, end);
	check_slice(head->query, p, end);
	check_slice(head->host, p, end);
	check_text(head->line);
	MUST(head->line.n > 9 && memcmp(head->line.p + head->line.n - 9,
	    " HTTP/1.", 8) == 0);
	check_fields(head, p, end);
	MUST(head->status == 0 && head->method_text.n > 0
	    && head->target.n > 0);
	MUST(head->minor == 0 || head->minor == 1);
	MUST(head->minor == 0 || head->first[HTTP_HOST] != 0);
	MUST(head->path.n == 0 ? head->method == HTTP_CONNECT
	    : head->path.p[0] == '/' || slice_eq(head->path, slice_of("*")));
	MUST(head->body_length >= 0);
	lengths += head->first[HTTP_TRANSFER_ENCODING] != 0;
	MUST(lengths == (head->framing != HTTP_NO_BODY));
}

static void
check_refused(const struct http_head *head, const char *p, size_t n)
{
	switch (head->status) {
	case 400: case 411: case 414: case 417: case 431: case 501: case 505:
		break;
	default:
		MUST(!"a status of a refusal");
	}
	MUST(head->why != NULL && !head->keep_alive && head->size <= n);
	check_slice(head->line, p, p + n);
}

static void
check_same(const struct http_head *a, const struct http_head *b)
{
	unsigned i;

	MUST(a->method == b->method && a->minor == b->minor);
	MUST(a->keep_alive == b->keep_alive && a->framing == b->framing);
	MUST(a->body_length == b->body_length);
	MUST(a->expect_continue == b->expect_continue);
	MUST(slice_eq(a->target, b->target) && slice_eq(a->path, b->path));
	MUST(slice_eq(a->query, b->query) && slice_eq(a->host, b->host));
	MUST(a->nfields == b->nfields);
	for (i = 0; i < a->nfields; i++) {
		MUST(a->field[i].id == b->field[i].id);
		MUST(slice_eq(name_of(&a->field[i]), name_of(&b->field[i])));
		MUST(slice_eq(value_of(&a->field[i]), value_of(&b->field[i])));
	}
}

/* Gives the bytes a few at a time, the parser always all from the first on, as
 * conn.c does. whole is what came of them given at once. */
static void
parse_cut(const struct http_head *whole, enum http_verdict wanted,
    const char *p, size_t n, size_t max)
{
	static struct http_field room[HTTP_FIELDS_MAX];
	static struct http_head head = { .field = room,
	    .field_room = HTTP_FIELDS_MAX };
	enum http_verdict verdict = HTTP_MORE;
	char *bytes = exact_copy(p, 0), *longer;
	size_t k = 0, old;

	while (k < n && verdict == HTTP_MORE) {
		old = k++;
		while (n > SMALL && k < n && k % STEP != 0
		    && p[k - 1] != '\n')
			k++;
		longer = exact_copy(p, k);
		memcpy(longer, bytes, old);	/* folds are spaces now */
		free(bytes);
		bytes = longer;
		verdict = http_parse(&head, bytes, k, max);
	}
	MUST(n == 0 || verdict == wanted);
	if (verdict == HTTP_REFUSED)
		MUST(head.status == whole->status
		    && strcmp(head.why, whole->why) == 0);
	if (verdict == HTTP_DONE) {
		MUST(head.size == whole->size);
		MUST(n > SMALL || k == head.size);
		check_same(whole, &head);
	}
	free(bytes);
}

/* What was understood, written down again, means the same. */
static void
parse_again(const struct http_head *whole)
{
	static struct http_field room[HTTP_FIELDS_MAX];
	static struct http_head head = { .field = room,
	    .field_room = HTTP_FIELDS_MAX };
	struct buf b = { NULL, 0, 0, 0 };
	unsigned i;

	buf_add(&b, whole->method_text.p, whole->method_text.n);
	buf_addc(&b, ' ');
	buf_add(&b, whole->target.p, whole->target.n);
	buf_printf(&b, " HTTP/1.%d\r\n", whole->minor);
	for (i = 0; i < whole->nfields; i++) {
		buf_add(&b, whole->field[i].name, whole->field[i].name_n);
		buf_adds(&b, ": ");
		buf_add(&b, whole->field[i].value, whole->field[i].value_n);
		buf_adds(&b, "\r\n");
	}
	buf_adds(&b, "\r\n");
	if (b.n <= HTTP_HEAD_MAX) {
		MUST(http_parse(&head, b.p, b.n, HTTP_HEAD_MAX) == HTTP_DONE);
		MUST(head.size == b.n);
		check_same(whole, &head);
	}
	buf_free(&b);
}

/* A head that is allowed to be just as long as it is, and one byte less. */
static void
parse_limited(const struct http_head *whole, const char *p)
{
	static struct http_field room[HTTP_FIELDS_MAX];
	static struct http_head head = { .field = room,
	    .field_room = HTTP_FIELDS_MAX };
	char *copy = exact_copy(p, whole->size);

	MUST(http_parse(&head, copy, whole->size, whole->size) == HTTP_DONE);
	MUST(http_parse(&head, copy, whole->size, whole->size - 1)
	    == HTTP_REFUSED);
	MUST(head.status == 414 || head.status == 431);
	free(copy);
}

/* ---- bodies ------------------------------------------------------------- */

/* Feeds the bytes, step at a time. */
static enum http_verdict
read_body(const struct http_head *head, const char *p, size_t n, size_t step,
    struct buf *content, size_t *taken)
{
	enum http_verdict verdict = HTTP_MORE;
	struct http_body body;
	struct slice data;
	size_t at, part, used, before;
	char *copy;

	content->n = 0;
	http_body_init(&body, head);
	for (*taken = 0; verdict == HTTP_MORE && *taken <= n; *taken += at) {
		part = n - *taken < step ? n - *taken : step;
		copy = exact_copy(p + *taken, part);
		at = before = 0;
		do {
			verdict = http_body(&body, copy + at, part - at, &used,
			    &data);
			MUST(used <= part - at);
			check_slice(data, copy + at, copy + at + used);
			if (verdict != HTTP_REFUSED && data.n > 0)
				buf_add(content, data.p, data.n);
			at += used;
		} while (verdict == HTTP_MORE && used > 0);
		free(copy);
		if (verdict == HTTP_MORE)
			MUST(at == part);
		if (part == 0)
			break;
	}
	MUST(*taken <= n && content->n <= *taken);
	return verdict;
}

/* The next line of a chunked body, without its CRLF. */
static struct slice
simple_line(const char **p, const char *end)
{
	struct slice line = { *p, 0 };
	const char *lf = memchr(*p, '\n', (size_t)(end - *p));

	MUST(lf != NULL && lf > *p && lf[-1] == '\r');
	line.n = (size_t)(lf - *p) - 1;
	check_text(line);
	*p = lf + 1;
	return line;
}

/* A chunked body that was accepted, read as simply as can be. */
static void
check_chunks(const char *p, size_t n, const struct buf *content)
{
	const char *end = p + n;
	size_t at = 0, size;
	char *stop;

	for (;;) {
		MUST(p < end && strchr("+- \t", *p) == NULL);
		size = strtoull(simple_line(&p, end).p, &stop, 16);
		MUST(strchr("\r; \t", *stop) != NULL);
		if (size == 0)
			break;
		MUST(size <= (size_t)(end - p) && size <= content->n - at);
		MUST(memcmp(p, content->p + at, size) == 0);
		at += size;
		p += size;
		MUST(simple_line(&p, end).n == 0);
	}
	MUST(at == content->n);
	while (simple_line(&p, end).n > 0)
		;
	MUST(p == end);
}

/* Returns where the next request begins, or n: there is none. */
static size_t
check_body(const struct http_head *head, const char *p, size_t n)
{
	static const size_t steps[] = { 1, 7, 256 };
	struct buf whole = { NULL, 0, 0, 0 }, cut = whole;
	enum http_verdict wanted, verdict;
	size_t taken, cut_taken, i;

	wanted = read_body(head, p, n, n, &whole, &taken);
	for (i = 0; i < COUNT(steps); i++) {
		verdict = read_body(head, p, n, steps[i], &cut, &cut_taken);
		MUST(verdict == wanted && cut_taken == taken);
		MUST(cut.n == whole.n && (cut.n == 0
		    || memcmp(cut.p, whole.p, cut.n) == 0));
	}
	if (head->framing == HTTP_NO_BODY)
		MUST(wanted == HTTP_DONE && taken == 0);
	if (head->framing == HTTP_LENGTH) {
		MUST((wanted == HTTP_DONE)
		    == ((uint64_t)head->body_length <= n));
		MUST(taken == (wanted == HTTP_DONE ?
		    (uint64_t)head->body_length : n) && whole.n == taken);
	}
	if (head->framing == HTTP_CHUNKED && wanted == HTTP_DONE)
		check_chunks(p, taken, &whole);
	buf_free(&whole);
	buf_free(&cut);
	return wanted == HTTP_DONE ? taken : n;
}

/* Returns where the next request begins, or n. */
static size_t
check_request(const char *p, size_t n, size_t max)
{
	static struct http_field room[HTTP_FIELDS_MAX];
	static struct http_head head = { .field = room,
	    .field_room = HTTP_FIELDS_MAX };
	char *copy = exact_copy(p, n);
	enum http_verdict verdict = http_parse(&head, copy, n, max);
	size_t next = n;

	parse_cut(&head, verdict, p, n, max);
	if (verdict == HTTP_MORE)
		MUST(n < max);
	if (verdict == HTTP_REFUSED)
		check_refused(&head, copy, n);
	if (verdict == HTTP_DONE) {
		MUST(head.size > 0 && head.size <= n && head.size <= max);
		check_done(&head, copy);
		check_lines(&head, p, head.size);
		parse_again(&head);
		parse_limited(&head, p);
		next = head.size + check_body(&head, p + head.size,
		    n - head.size);
	}
	free(copy);
	return next;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	const char *p = (const char *)data;
	size_t at = 0;
	int requests = 0;

	while (at < n && requests++ < REQUESTS)
		at += check_request(p + at, n - at, HTTP_HEAD_MAX);
	if (n > 0)
		(void)check_request(p, n, n / 2 + 1);
	return 0;
}
