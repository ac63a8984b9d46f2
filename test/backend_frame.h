/*
 * backend_frame.h - for backend.c: what was asked for, and how an answer is
 * put into the protocol.
 */

/* ---- bytes -------------------------------------------------------------- */

/* n of the bytes that /bytes has from at on: "000000000000001\n" and so on. */
static void
pattern(char *out, int64_t at, size_t n)
{
	char line[16] = "000000000000000";
	int64_t v = at / 16;
	size_t from = (size_t)(at % 16), piece;
	int i;

	for (i = 14; i >= 0; i--, v /= 10)
		line[i] = (char)('0' + v % 10);
	line[15] = '\n';
	for (; n > 0; n -= piece, out += piece, from = 0) {
		piece = 16 - from < n ? 16 - from : n;
		memcpy(out, line + from, piece);
		for (i = 14; i > 0 && line[i] == '9'; i--)
			line[i] = '0';
		line[i]++;
	}
}

static void
print_pattern(int64_t n)
{
	char bytes[PIECE];
	int64_t at;
	size_t piece;

	for (at = 0; at < n; at += (int64_t)piece) {
		piece = n - at < PIECE ? (size_t)(n - at) : PIECE;
		pattern(bytes, at, piece);
		fwrite(bytes, 1, piece, stdout);
	}
	exit(0);
}

/* cksum(1)'s. */
static uint32_t
checksum(uint32_t sum, const char *p, size_t n)
{
	static uint32_t table[256];
	uint32_t v;
	int i, bit;

	if (table[1] == 0)
		for (i = 1; i < 256; i++) {
			for (v = (uint32_t)i << 24, bit = 0; bit < 8; bit++)
				v = v << 1 ^ (v >> 31 ? 0x04c11db7 : 0);
			table[i] = v;
		}
	for (; n > 0; n--, p++)
		sum = sum << 8 ^ table[(sum >> 24 ^ (unsigned char)*p) & 255];
	return sum;
}

/* ---- what was asked ----------------------------------------------------- */

static int
hex(char c)
{
	const char *digits = "0123456789abcdef0123456789ABCDEF", *at;

	at = c == '\0' ? NULL : strchr(digits, c);
	return at == NULL ? -1 : (int)(at - digits) % 16;
}

/* The value of the nth argument NAME of the query; returns whether there is
 * one. */
static int
argument(const struct conn *c, const char *name, int nth, char *out, size_t n)
{
	const char *p = c->query;
	size_t name_n = strlen(name);

	for (; p != NULL; p = strchr(p, '&')) {
		p += *p == '&';
		if (strncmp(p, name, name_n) == 0 && p[name_n] == '=' &&
		    nth-- == 0)
			break;
	}
	if (p == NULL)
		return 0;
	for (p += name_n + 1; *p != '\0' && *p != '&' && n > 1; p++, n--)
		if (*p == '%' && hex(p[1]) != -1 && hex(p[2]) != -1) {
			*out++ = (char)(hex(p[1]) << 4 | hex(p[2]));
			p += 2;
		} else
			*out++ = *p;
	*out = '\0';
	return 1;
}

static int64_t
number(const struct conn *c, const char *name, int64_t otherwise)
{
	char value[32];

	return argument(c, name, 0, value, sizeof(value)) ? atoll(value) :
	    otherwise;
}

/* A field of HTTP's head: a copy of its value, or NULL. */
static const char *
field(const struct conn *c, const char *name)
{
	static char value[256];
	const char *p = c->head.p, *end = p + c->head.n, *eol;
	size_t n = strlen(name);

	for (; p < end; p = eol + 1) {
		eol = memchr(p, '\n', (size_t)(end - p));
		if (strncasecmp(p, name, n) != 0 || p[n] != ':')
			continue;
		p += n + 1;
		p += strspn(p, " \t");
		snprintf(value, sizeof(value), "%.*s",
		    (int)strcspn(p, " \t\r\n"), p);
		return value;
	}
	return NULL;
}

/* ---- framing ------------------------------------------------------------ */

static void
put_record(struct conn *c, int type, const void *p, size_t n)
{
	static const char zero[8];
	size_t pad = (8 - n % 8) % 8;
	unsigned char head[8] = { 1, (unsigned char)type,
	    (unsigned char)(c->id >> 8), (unsigned char)c->id,
	    (unsigned char)(n >> 8), (unsigned char)n, (unsigned char)pad, 0 };

	add(&c->out, head, sizeof(head));
	add(&c->out, p, n);
	add(&c->out, zero, pad);
}

enum { END_REQUEST = 3, STDOUT = 6, STDERR = 7 };

static void
say(struct conn *c, const char *p, size_t n)
{
	size_t piece;

	if (protocol != FASTCGI)
		add(&c->out, p, n);
	else
		for (; n > 0; p += piece, n -= piece) {
			piece = n > record ? record : n;
			put_record(c, STDOUT, p, piece);
		}
}

static void
data(struct conn *c, const char *p, size_t n)
{
	char size[32];

	if (c->headless || n == 0)
		return;
	snprintf(size, sizeof(size), "%zx\r\n", n);
	if (c->chunked)
		say(c, size, strlen(size));
	say(c, p, n);
	if (c->chunked)
		say(c, "\r\n", 2);
}

/* The head of an answer; length -1: there is none, -2: fields has it. */
static void
head(struct conn *c, int status, int64_t length, const char *fields)
{
	char text[8192], size[48] = "";
	int http = protocol == HTTP || protocol == UWSGI;

	c->headless = strcmp(c->method, "HEAD") == 0 || status == 204 ||
	    status == 304;
	c->chunked = protocol == HTTP && length == -1 && c->minor == 1 &&
	    !number(c, "close", 0) && !c->headless;
	if (protocol == HTTP && length == -1 && !c->chunked && !c->headless)
		c->keep = 0;
	if (c->chunked)
		snprintf(size, sizeof(size), "Transfer-Encoding: chunked\r\n");
	else if (length >= 0 && status != 204)
		snprintf(size, sizeof(size), "Content-Length: %lld\r\n",
		    (long long)length);
	snprintf(text, sizeof(text), "%s%d %s\r\nContent-Type: text/plain\r\n"
	    "%s%s%s%s%s%s\r\n", http ? "HTTP/1.1 " : "Status: ", status,
	    status == 200 ? "OK" : "So",
	    label != NULL ? "X-Backend: " : "", label != NULL ? label : "",
	    label != NULL ? "\r\n" : "", fields, size,
	    protocol == HTTP && !c->keep ? "Connection: close\r\n" : "");
	say(c, text, strlen(text));
}

static void
end_request(struct conn *c, int status)
{
	char body[8] = { 0, 0, 0, 0, (char)status, 0, 0, 0 };

	if (protocol != FASTCGI)
		return;
	put_record(c, STDOUT, "", 0);
	put_record(c, END_REQUEST, body, sizeof(body));
}

static void
next_request(struct conn *c)
{
	c->requests++;
	c->state = READING;
	c->headed = c->complete = c->piping = c->in_chunks = c->last = 0;
	c->head.n = c->pairs.n = c->body.n = 0;
	c->length = -1;
	c->chunk = -1;
	c->body_n = c->left = 0;
	c->sum = c->id = 0;
}

static void
over(struct conn *c)
{
	note("done %ld.%ld", c->number, c->requests);
	answers++;
	if (!c->keep || closes || c->state == TUNNEL || !c->complete ||
	    strcmp(c->word, "closeidle") == 0)
		c->state = CLOSING;
	else
		next_request(c);
}

static void
end(struct conn *c)
{
	if (c->chunked)
		say(c, "0\r\n\r\n", 5);
	end_request(c, 0);
	over(c);
}

static void
text_answer(struct conn *c, int status, const char *fields, const char *p,
    size_t n)
{
	head(c, status, (int64_t)n, fields);
	data(c, p, n);
	end(c);
}

static void
hello(struct conn *c)
{
	text_answer(c, 200, "", "hello\n", 6);
}
