/*
 * backend_request.h - how backend.c reads a request: strictly. What a server
 * must not send it takes for malformed, and ends.
 */

static const struct {
	const char *word;
	void (*answer)(struct conn *c);
	int early;			/* does not wait for the body */
} deeds[] = {
	{ "", hello, 0 }, { "hello", hello, 0 }, { "env", env, 0 },
	{ "echo", echo, 0 }, { "pipe", make, 1 }, { "sum", sum, 0 },
	{ "bytes", make, 0 }, { "stream", make, 0 }, { "drip", make, 0 },
	{ "slow", hello, 0 }, { "never", hang_up, 0 }, { "hang", make, 0 },
	{ "headcut", cut, 0 }, { "nothing", cut, 0 }, { "bodycut", make, 0 },
	{ "short", make, 0 }, { "nonsense", nonsense, 0 },
	{ "biglength", lengths, 0 }, { "two", lengths, 0 },
	{ "smuggle", lengths, 0 }, { "bighead", big_head, 0 },
	{ "stderr", stderr_lines, 0 }, { "empty", empty, 0 },
	{ "status", fields, 0 }, { "field", fields, 0 },
	{ "location", fields, 0 }, { "setcookie", fields, 0 },
	{ "1xx", interim, 0 }, { "noread", hello, 1 },
	{ "closeidle", hello, 0 }, { "dropnext", hello, 0 },
	{ "keep", process, 0 }, { "upgrade", upgrade, 0 },
	{ "procenv", procenv, 0 }, { "pid", process, 0 },
	{ "fds", process, 0 }, { "die", hang_up, 0 },
};
enum { DEEDS = sizeof(deeds) / sizeof(deeds[0]) };

/* Whose word it is; DEEDS for nobody's. */
static size_t
deed(const struct conn *c)
{
	size_t i;

	for (i = 0; i < DEEDS && strcmp(deeds[i].word, c->word) != 0; i++)
		;
	return i;
}

static void
answer(struct conn *c)
{
	size_t i = deed(c);

	c->chunked = c->headless = 0;
	if (i == DEEDS)
		text_answer(c, 404, "", "nobody does that\n", 17);
	else
		deeds[i].answer(c);
}

static void
begin(struct conn *c)
{
	int64_t wait = number(c, "wait", strcmp(c->word, "slow") == 0 ?
	    number(c, "ms", 1000) : 0);

	c->state = WAITING;
	c->wake = now() + wait;
	if (wait == 0)
		answer(c);
}

/* The head is there. */
static void
know(struct conn *c)
{
	const char *slash = strrchr(c->path, '/'), *from;

	from = always != NULL ? always : slash != NULL ? slash + 1 : c->path;
	snprintf(c->word, sizeof(c->word), "%.*s", (int)strcspn(from, "."),
	    from);
	if (always == NULL)
		(void)argument(c, "as", 0, c->word, sizeof(c->word));
	c->headed = 1;
	note("head %ld.%ld %s %s%s%s", c->number, c->requests, c->method,
	    c->path, *c->query == '\0' ? "" : "?", c->query);
	if (c->dropping) {
		gone(c);
		return;
	}
	c->dropping = strcmp(c->word, "dropnext") == 0;
	if (strcmp(c->word, "pipe") == 0) {
		c->headless = 0;
		head(c, 200, -1, "");
		c->piping = 1;
	} else if (number(c, "early", deed(c) < DEEDS && deeds[deed(c)].early))
		begin(c);
}

/* The body is there as well. */
static void
whole(struct conn *c)
{
	c->complete = 1;
	if (protocol != FASTCGI && c->in.n > 0 &&
	    strcmp(c->word, "upgrade") != 0)
		malformed(c, "bytes behind the request");
	note("request %ld.%ld %s %s%s%s %lld", c->number, c->requests,
	    c->method, c->path, *c->query == '\0' ? "" : "?", c->query,
	    (long long)c->body_n);
	if (c->piping)
		end(c);
	else if (c->state == READING)
		begin(c);
}

static void
take_body(struct conn *c, const char *p, size_t n)
{
	c->body_n += (int64_t)n;
	if (strcmp(c->word, "sum") == 0)
		c->sum = checksum(c->sum, p, n);
	if (strcmp(c->word, "echo") == 0)
		add(&c->body, p, n);
	if (c->piping)
		data(c, p, n);
}

/* A body of a known length. Returns whether something was done. */
static int
take_length(struct conn *c)
{
	size_t n = c->in.n;

	if ((int64_t)n > c->length - c->body_n)
		n = (size_t)(c->length - c->body_n);
	take_body(c, c->in.p, n);
	drop(&c->in, n);
	if (c->body_n < c->length)
		return n > 0;
	whole(c);
	return 1;
}

/* Digits only. */
static int64_t
length_of(struct conn *c, const char *p)
{
	size_t n = strspn(p, "0123456789");

	if (n == 0 || n > 18 || p[n] != '\0')
		malformed(c, "a length is no number");
	return atoll(p);
}

/* ---- HTTP --------------------------------------------------------------- */

static const char token[] = "!#$%&'*+-.^_`|~0123456789"
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

static void
check_line(struct conn *c, char *line)
{
	char *target = strchr(line, ' '), *version;
	size_t n = strspn(line, token), path_n;

	if (target == NULL || n == 0 || line + n != target ||
	    n >= sizeof(c->method))
		malformed(c, "no method");
	snprintf(c->method, sizeof(c->method), "%.*s", (int)n, line);
	version = strchr(++target, ' ');
	if (version == NULL || (strcmp(version, " HTTP/1.1") != 0 &&
	    strcmp(version, " HTTP/1.0") != 0))
		malformed(c, "no version");
	c->minor = version[8] - '0';
	if (*target != '/' && strncmp(target, "* ", 2) != 0)
		malformed(c, "no path");
	for (n = 0; target + n < version; n++)
		if ((unsigned char)target[n] <= ' ' || target[n] == 127 ||
		    target[n] == '#')
			malformed(c, "a byte of the target");
	path_n = strcspn(target, "? ");
	snprintf(c->path, sizeof(c->path), "%.*s", (int)path_n, target);
	*c->query = '\0';
	if (target[path_n] == '?')
		snprintf(c->query, sizeof(c->query), "%.*s",
		    (int)(n - path_n - 1), target + path_n + 1);
}

static void
check_field(struct conn *c, char *line, int *hosts)
{
	size_t n = strspn(line, token), i;
	char *value = line + n + 1, *end;

	if (n == 0 || line[n] != ':')
		malformed(c, "the name of a field");
	for (i = 0; value[i] != '\0'; i++)
		if (((unsigned char)value[i] < ' ' && value[i] != '\t') ||
		    value[i] == 127)
			malformed(c, "a byte of a field");
	value += strspn(value, " \t");
	for (end = value + strlen(value); end > value && (end[-1] == ' ' ||
	    end[-1] == '\t'); )
		*--end = '\0';
	line[n] = '\0';
	if (strcasecmp(line, "Host") == 0 && (*hosts)++ > 0)
		malformed(c, "two fields Host");
	if (strcasecmp(line, "Content-Length") == 0) {
		if (c->length != -1)
			malformed(c, "two lengths");
		c->length = length_of(c, value);
	} else if (strcasecmp(line, "Transfer-Encoding") == 0) {
		if (c->in_chunks || strcasecmp(value, "chunked") != 0)
			malformed(c, "Transfer-Encoding");
		c->in_chunks = 1;
	} else if (strcasecmp(line, "Connection") == 0 &&
	    strcasecmp(value, "close") == 0)
		c->keep = 0;
}

/* Where a line ends, by CRLF and nothing else; NULL: it is not all there. */
static char *
line_end(struct conn *c, char *p, char *limit)
{
	char *eol = memchr(p, '\n', (size_t)(limit - p));

	if (memchr(p, '\0', (size_t)((eol != NULL ? eol : limit) - p)) != NULL)
		malformed(c, "a NUL");
	if (eol == NULL)
		return NULL;
	if (eol == p || eol[-1] != '\r' || memchr(p, '\r',
	    (size_t)(eol - p)) != eol - 1)
		malformed(c, "the end of a line");
	return eol - 1;
}

static int
take_http_head(struct conn *c)
{
	char *p = c->in.p, *limit = p + c->in.n, *eol;
	char line[70000];
	int hosts = 0, lines = 0;

	/* is all of it there? */
	while ((eol = line_end(c, p, limit)) != NULL && eol > p)
		p = eol + 2;
	if (c->in.n > 1 << 20)
		malformed(c, "the head has no end");
	if (eol == NULL)
		return 0;
	limit = p;
	c->keep = 1;
	for (p = c->in.p; p < limit; p = eol + 2) {
		eol = line_end(c, p, limit);
		if (eol - p >= (int)sizeof(line))
			malformed(c, "a line is too long");
		memcpy(line, p, (size_t)(eol - p));
		line[eol - p] = '\0';
		if (lines++ == 0)
			check_line(c, line);
		else
			check_field(c, line, &hosts);
	}
	if (lines == 0)
		malformed(c, "no request line");
	if ((c->minor == 1 && hosts == 0) || (c->in_chunks &&
	    (c->length != -1 || c->minor == 0)))
		malformed(c, c->in_chunks ? "two lengths" : "no Host");
	if (c->minor == 0)
		c->keep = 0;
	if (c->length == -1)
		c->length = 0;
	add(&c->head, c->in.p, (size_t)(limit - c->in.p));
	drop(&c->in, (size_t)(limit - c->in.p) + 2);
	know(c);
	return 1;
}

static int
take_chunk(struct conn *c)
{
	size_t n;
	char *eol;

	if (c->chunk > 0) {
		n = (int64_t)c->in.n > c->chunk ? (size_t)c->chunk : c->in.n;
		take_body(c, c->in.p, n);
		drop(&c->in, n);
		c->chunk -= (int64_t)n;
		return n > 0;
	}
	if (c->in.n == 0)
		return 0;
	eol = line_end(c, c->in.p, c->in.p + c->in.n);
	if (eol == NULL && c->in.n > 20)
		malformed(c, "the size of a chunk");
	if (eol == NULL)
		return 0;
	n = (size_t)(eol - c->in.p);
	if (c->chunk == 0) {			/* CRLF behind its bytes */
		if (n != 0)
			malformed(c, "the end of a chunk");
		drop(&c->in, 2);
		c->chunk = -1;
		if (c->last)
			whole(c);
		return 1;
	}
	*eol = '\0';
	if (n == 0 || n > 15 || strspn(c->in.p, "0123456789abcdefABCDEF") != n)
		malformed(c, "the size of a chunk");
	c->chunk = strtoll(c->in.p, NULL, 16);
	c->last = c->chunk == 0;
	drop(&c->in, n + 2);
	return 1;
}
