/*
 * load_answer.h - what load.c demands of an answer, byte by byte as it comes.
 *
 * Functions that judge return NULL, or what is wrong.
 */
enum part { STATUS, FIELDS, DATA, CHUNK_SIZE, CHUNK_END, TRAILER, ALL };

struct answer {
	enum part part;			/* what comes next */
	char line[4096];
	size_t line_n;
	int other;			/* its status is one of -m */
	int closes, chunked;		/* said its fields */
	int64_t length;			/* Content-Length, or -1 */
	int64_t left, body;		/* of body or chunk; bytes so far */
	struct letter *letter;		/* of -l; NULL before the first byte */
	char name[32];			/* of -i: its body begins with it */
};

static struct letter {
	char byte;
	int less;			/* a prefix will do */
	int64_t size;
	long seen;			/* answers */
} letters[8];
static int letters_n;
static int64_t body_wanted = -1, common;	/* -s -x */
static const char *statuses = "";	/* -m: "404,403" */

/* Digits of the base, and nothing but white space after them, or -1. */
static int64_t
number_of(const char *text, int base)
{
	size_t n = strspn(text, base == 10 ? "0123456789" :
	    "0123456789abcdefABCDEF");

	return n > 0 && n <= 15 && text[n + strspn(text + n, " \t")] == '\0' ?
	    strtoll(text, NULL, base) : -1;
}

/* Takes "A=100,B<=200". Returns 0, or -1. */
static int
set_letters(const char *text)
{
	struct letter *l;
	char *end;

	for (; letters_n < 8; text = end + 1) {
		l = letters + letters_n++;
		l->byte = *text;
		l->less = *text != '\0' && text[1] == '<';
		if (*text == '\0' || text[1 + l->less] != '=')
			return -1;
		l->size = strtoll(text + 2 + l->less, &end, 10);
		if (*end != ',')
			return *end == '\0' ? 0 : -1;
	}
	return -1;
}

/* A body that ends with the connection is not accepted: nobody could tell it
 * from one that was cut off. */
static const char *
take_field(struct answer *a)
{
	size_t n = strcspn(a->line, ": \t");
	const char *value = a->line + n + 1;

	if (a->line_n == 0) {
		a->left = a->length;
		a->part = a->chunked ? CHUNK_SIZE : a->left > 0 ? DATA : ALL;
		return a->chunked == (a->length == -1) ? NULL : "body-length";
	}
	if (n == 0 || a->line[n] != ':')
		return "malformed-field";
	value += strspn(value, " \t");
	if (strncasecmp(a->line, "Connection:", 11) == 0)
		a->closes |= strcasecmp(value, "close") == 0;
	if (strncasecmp(a->line, "Transfer-Encoding:", 18) == 0 &&
	    (a->chunked++ || strcasecmp(value, "chunked") != 0))
		return "body-length";
	if (strncasecmp(a->line, "Content-Length:", 15) == 0) {
		if (a->length != -1 || number_of(value, 10) == -1)
			return "body-length";
		a->length = number_of(value, 10);
	}
	return NULL;
}

static const char *
take_status(struct answer *a)
{
	static char status[16];
	const char *p = statuses;

	a->part = FIELDS;
	if (strncmp(a->line, "HTTP/1.1 200 ", 13) == 0)
		return NULL;
	if (strncmp(a->line, "HTTP/1.1 ", 9) != 0)
		return "malformed-status-line";
	for (; p != NULL && *p != '\0'; p = *p == ',' ? p + 1 : NULL) {
		if (strncmp(a->line + 9, p, 3) == 0)
			a->other = 1;
		p += strcspn(p, ",");
	}
	snprintf(status, sizeof(status), "status %.3s", a->line + 9);
	return a->other ? NULL : status;
}

static const char *
take_line(struct answer *a)
{
	if (a->line_n < 2 || a->line[a->line_n - 2] != '\r')
		return "malformed-line";
	a->line_n -= 2;
	a->line[a->line_n] = '\0';
	switch (a->part) {
	case STATUS:
		return take_status(a);
	case FIELDS:
		return take_field(a);
	case CHUNK_SIZE:
		a->line[strcspn(a->line, "; \t")] = '\0';
		a->left = number_of(a->line, 16);
		a->part = a->left == 0 ? TRAILER : DATA;
		return a->left == -1 ? "malformed-chunk" : NULL;
	case CHUNK_END:
		a->part = CHUNK_SIZE;
		return a->line_n == 0 ? NULL : "malformed-chunk";
	default:				/* TRAILER */
		a->part = a->line_n == 0 ? ALL : TRAILER;
		return NULL;
	}
}

/* The body goes on with n bytes: are they of the letter that it began with,
 * and is its announced length that of this letter? */
static const char *
take_letters(struct answer *a, const char *p, size_t n)
{
	struct letter *l = a->letter == NULL ? letters : a->letter;

	while (a->letter == NULL && l->byte != *p)
		if (++l == letters + letters_n)
			return "foreign-body";
	a->letter = l;
	if (l->byte != *p || memcmp(p, p + 1, n - 1) != 0)
		return "mixed-body";
	return a->length == -1 || a->length == l->size ||
	    (l->less && a->length < l->size) ? NULL : "length-of-another-body";
}

static const char *
take_data(struct answer *a, const char *p, size_t n)
{
	const char *name = a->name + (a->body < 32 ? a->body : 31);
	size_t name_n = strlen(name), skipped = 0;

	if (a->other || n == 0)
		return NULL;
	if (memcmp(p, name, n < name_n ? n : name_n) != 0)
		return "body-of-another-file";
	if (a->body < common)
		skipped = common - a->body < (int64_t)n ?
		    (size_t)(common - a->body) : n;
	return letters_n == 0 || skipped == n ? NULL :
	    take_letters(a, p + skipped, n - skipped);
}

/* It is there as a whole. */
static const char *
take_end(struct answer *a)
{
	int i, empty = letters_n == 0 || a->letter != NULL;

	for (i = 0; i < letters_n; i++)
		empty |= letters[i].less;
	if (a->other)
		return NULL;
	if (a->letter != NULL)
		a->letter->seen++;
	if (!empty || (body_wanted != -1 && a->body < body_wanted))
		return "short-body";
	return body_wanted != -1 && a->body > body_wanted ? "long-body" : NULL;
}

static const char *
take_bytes(struct answer *a, const char *p, size_t n)
{
	const char *wrong = NULL;
	size_t some;

	for (; n > 0 && wrong == NULL; p += some, n -= some) {
		if (a->part == ALL)
			return "bytes-after-answer";
		if (a->part == DATA) {
			some = (int64_t)n < a->left ? n : (size_t)a->left;
			wrong = take_data(a, p, some);
			a->body += (int64_t)some;
			a->left -= (int64_t)some;
			if (a->left == 0)
				a->part = a->chunked ? CHUNK_END : ALL;
			continue;
		}
		some = 1;
		a->line[a->line_n++] = *p;
		if (*p == '\n') {
			wrong = take_line(a);
			a->line_n = 0;
		} else if (a->line_n == sizeof(a->line))
			wrong = "malformed-line";
	}
	return wrong == NULL && a->part == ALL ? take_end(a) : wrong;
}
