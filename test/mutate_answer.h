/*
 * mutate_answer.h - what mutate.c expects of the bytes it sends, and what it
 * demands of those that come back.
 *
 * The parser, fuzzed by itself in fuzz_http.c, says how many requests there
 * are; the answers are read by other code, a line at a time. Functions that
 * judge return NULL, or what is wrong.
 */
enum { WANTS_MAX = 512, LIMIT = 8192, FILE_SIZE = 20000 };

/* What is to come for some bytes. */
struct wants {
	unsigned n;			/* answers */
	int open;			/* one more may come, for a request
					 * that is not complete */
	int leaves;			/* asked for a close, and went on */
	struct want {
		int status;		/* 0: whatever it is */
		int bodiless;		/* HEAD */
		int known;		/* its method is */
		int minor;
		int last;		/* the connection has to end */
	} want[WANTS_MAX + 1];
};

/* One answer's head. */
struct answer {
	int status, minor, closes, chunked, dated, allows, located;
	int64_t length;			/* -1: not said */
	int64_t first, last;		/* of Content-Range; last -1: none */
	int ranged;			/* there was one */
};

/* Steps over a body; returns its verdict. */
static enum http_verdict
skip_body(const struct http_head *head, const char **p, const char *end)
{
	enum http_verdict verdict;
	struct http_body body;
	struct slice data;
	size_t used;

	http_body_init(&body, head);
	do {
		verdict = http_body(&body, *p, (size_t)(end - *p), &used,
		    &data);
		*p += used;
	} while (verdict == HTTP_MORE && used > 0);
	return verdict;
}

/* The server looks at a head when it gets the first bytes of it, and then with
 * each line's end. Behind the byte for which a head is refused there may be
 * none: then it depends on the cuts whether it is answered at all. */
static int
is_seen(char *p, size_t n)
{
	static struct http_field room[HTTP_FIELDS_MAX];
	static struct http_head head = { .field = room,
	    .field_room = HTTP_FIELDS_MAX };
	size_t low = 0, high = n, k;

	while (high - low > 1) {
		k = low + (high - low) / 2;
		if (http_parse(&head, p, k, LIMIT) == HTTP_REFUSED)
			high = k;
		else
			low = k;
	}
	return n >= LIMIT || memchr(p + low, '\n', n - low) != NULL;
}

/* Folds in the bytes become spaces. */
static void
expect(struct wants *w, char *bytes, size_t n)
{
	static struct http_field room[HTTP_FIELDS_MAX];
	static struct http_head head = { .field = room,
	    .field_room = HTTP_FIELDS_MAX };
	const char *p = bytes, *end = bytes + n;
	enum http_verdict verdict;
	struct want *want;

	memset(w, 0, offsetof(struct wants, want));
	while (p < end && w->n < WANTS_MAX) {
		verdict = http_parse(&head, bytes + (p - bytes),
		    (size_t)(end - p), LIMIT);
		want = &w->want[w->n];
		want->status = head.status;
		want->bodiless = head.method == HTTP_HEAD;
		want->known = head.method != HTTP_UNKNOWN;
		want->minor = head.minor;
		want->last = verdict != HTTP_DONE || !head.keep_alive;
		w->open = verdict == HTTP_MORE || (verdict == HTTP_REFUSED
		    && !is_seen(bytes + (p - bytes), (size_t)(end - p)));
		w->n += !w->open;
		if (verdict != HTTP_DONE)
			return;
		p += head.size;
		if (want->last) {
			w->leaves = p < end;
			return;
		}
		verdict = skip_body(&head, &p, end);
		if (verdict == HTTP_REFUSED && !head.expect_continue) {
			want->status = 400;
			want->last = 1;
		}
		if (verdict == HTTP_MORE) {	/* it may be answered */
			w->open = 1;
			w->n--;
		}
		if (verdict != HTTP_DONE)
			return;
	}
}

/* ---- answers ------------------------------------------------------------ */

/* Takes a line off the front; n is 0 for none, else without its CRLF, which a
 * caller that wants an empty line sees by *p. */
static const char *
take_line(const char **p, const char *end, struct slice *line)
{
	const char *lf = memchr(*p, '\n', (size_t)(end - *p));
	size_t i;

	if (lf == NULL)
		return "cut short";
	if (lf == *p || lf[-1] != '\r')
		return "a line without CRLF";
	*line = (struct slice){ *p, (size_t)(lf - *p) - 1 };
	for (i = 0; i < line->n; i++)
		if ((unsigned char)line->p[i] < ' ' || line->p[i] == 0x7f)
			return "a control byte in a line";
	*p = lf + 1;
	return NULL;
}

static const char *
take_status(struct answer *a, struct slice line)
{
	static const char known[] = " 200 204 206 301 304 400 403 404 405 411 "
	    "412 413 414 415 416 417 431 501 505 ";
	char status[8];

	if (line.n < 14 || memcmp(line.p, "HTTP/1.", 7) != 0
	    || (line.p[7] != '0' && line.p[7] != '1') || line.p[8] != ' '
	    || line.p[12] != ' ')
		return "not a status line";
	snprintf(status, sizeof(status), "%.5s", line.p + 8);
	if (strstr(known, status) == NULL)
		return "a status that should not come";
	a->minor = line.p[7] - '0';
	a->status = atoi(status);
	return NULL;
}

static const char *
take_field(struct answer *a, struct slice line)
{
	const char *colon = line.n == 0 ? NULL : memchr(line.p, ':', line.n);
	struct slice name = { line.p, 0 }, value;
	char text[128];
	long long first, last, size;

	if (colon == NULL || colon == line.p)
		return "a field without a name";
	name.n = (size_t)(colon - line.p);
	if (strspn(line.p, "abcdefghijklmnopqrstuvwxyz-"
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != name.n)
		return "a strange field name";
	value = slice_trim((struct slice){ colon + 1, line.n - name.n - 1 });
	snprintf(text, sizeof(text), "%.*s", (int)value.n, value.p);
	if (slice_case_eq(name, "connection"))
		a->closes |= slice_case_eq(value, "close");
	else if (slice_case_eq(name, "content-length")) {
		if (a->length != -1 || str_number(value, &a->length) == -1)
			return "a wrong Content-Length";
	} else if (slice_case_eq(name, "transfer-encoding")) {
		if (a->chunked || !slice_case_eq(value, "chunked"))
			return "a wrong Transfer-Encoding";
		a->chunked = 1;
	} else if (slice_case_eq(name, "date"))
		a->dated++;
	else if (slice_case_eq(name, "allow"))
		a->allows = 1;
	else if (slice_case_eq(name, "location")) {
		a->located = 1;
		if (value.n == 0 || (value.p[0] == '/' && value.n > 1
		    && (value.p[1] == '/' || value.p[1] == '\\')))
			return "an open redirect";
	} else if (slice_case_eq(name, "content-range")) {
		a->ranged = 1;
		if (sscanf(text, "bytes %lld-%lld/%lld", &first, &last, &size)
		    == 3) {
			a->first = first;
			a->last = last;
			if (first > last || first < 0 || last >= size)
				return "an impossible Content-Range";
		}
	}
	return NULL;
}

static const char *
take_head(struct answer *a, const char **p, const char *end)
{
	struct slice line;
	const char *wrong;

	memset(a, 0, sizeof(*a));
	a->length = a->last = -1;
	wrong = take_line(p, end, &line);
	if (wrong == NULL)
		wrong = take_status(a, line);
	while (wrong == NULL) {
		wrong = take_line(p, end, &line);
		if (wrong != NULL || line.n == 0)
			break;
		wrong = take_field(a, line);
	}
	if (wrong != NULL)
		return wrong;
	if (a->dated != 1)
		return "no Date, or two";
	if (a->chunked && (a->length != -1 || a->minor == 0))
		return "chunked where it must not be";
	if (a->status == 405 && !a->allows)
		return "405 without Allow";
	if (a->status == 416 && !a->ranged)
		return "416 without Content-Range";
	return a->status == 301 && !a->located ? "301 without Location" : NULL;
}

static const char *
take_chunks(const char **p, const char *end)
{
	const char *wrong;
	struct slice line;
	unsigned long long size;
	char *stop;

	do {
		wrong = take_line(p, end, &line);
		if (wrong != NULL)
			return wrong;
		size = strtoull(line.p, &stop, 16);
		if (line.n == 0 || stop != line.p + line.n
		    || size > (size_t)(end - *p))
			return "a wrong chunk";
		*p += size;
		wrong = take_line(p, end, &line);
		if (wrong != NULL || line.n > 0)
			return "a chunk without its end";
	} while (size > 0);
	return NULL;
}

/* The bytes of a part of the file b.bin, see 36-fuzz.sh. */
static const char *
check_part(const struct answer *a, const char *p)
{
	int64_t i;

	if (a->length != a->last - a->first + 1)
		return "a part of another length";
	for (i = a->first; i <= a->last; i++, p++)
		if (a->last >= 100 && *p != "0123456789"[i % 10])
			return "a part with other bytes";
	return NULL;
}

static const char *
take_body(const struct answer *a, const struct want *want, const char **p,
    const char *end)
{
	if (want->bodiless || a->status == 304 || a->status == 204)
		return NULL;
	if (a->chunked)
		return take_chunks(p, end);
	if (a->length == -1) {
		*p = end;
		return a->closes ? NULL : "a body without an end";
	}
	if (a->length > end - *p)
		return "a body cut short";
	*p += a->length;
	return a->status == 206 && a->last >= 0 ?
	    check_part(a, *p - a->length) : NULL;
}

/* All that came. whole: it ended orderly, not by a reset. */
static const char *
judge(const struct wants *w, const char *p, size_t n, int whole,
    unsigned *answers)
{
	const char *end = p + n, *wrong = NULL;
	const struct want *want;
	struct answer a;

	for (*answers = 0; p < end && wrong == NULL; (*answers)++) {
		if (*answers == w->n + (unsigned)w->open)
			return "more answers than requests";
		if (*answers > 0 && a.closes)
			return "an answer behind the last one";
		want = &w->want[*answers];
		wrong = take_head(&a, &p, end);
		if (wrong == NULL)
			wrong = take_body(&a, want, &p, end);
		if (wrong != NULL)
			return !whole && w->leaves ? NULL : wrong;
		if (a.minor != want->minor)
			return "another version";
		if (want->status != 0 && a.status != want->status)
			return "another status than the parser's";
		if (want->status == 0 && a.status == 501 && want->known)
			return "501 to a method that is known";
		if (want->last && !a.closes)
			return "an end that is not announced";
	}
	if (!whole)
		return w->leaves ? NULL : "a reset";
	return *answers < w->n && (*answers == 0 || !a.closes)
	    ? "too few answers" : NULL;
}
