/*
 * backend_params.h - for backend.c: requests that are variables (SCGI, uwsgi,
 * FastCGI), and what to do with bytes that came.
 */

static const char *
variable(const struct conn *c, const char *name)
{
	size_t at, n = strlen(name);

	for (at = 0; at < c->head.n; at += strlen(c->head.p + at) + 1)
		if (strncmp(c->head.p + at, name, n) == 0 &&
		    c->head.p[at + n] == '=')
			return c->head.p + at + n + 1;
	return NULL;
}

static void
add_variable(struct conn *c, const char *name, size_t name_n,
    const char *value, size_t value_n)
{
	char copy[256];

	if (name_n == 0 || name_n >= sizeof(copy) ||
	    memchr(name, '\0', name_n) != NULL ||
	    memchr(name, '=', name_n) != NULL ||
	    memchr(value, '\0', value_n) != NULL)
		malformed(c, "a variable");
	snprintf(copy, sizeof(copy), "%.*s", (int)name_n, name);
	if (variable(c, copy) != NULL)
		malformed(c, "a variable twice");
	add(&c->head, name, name_n);
	add(&c->head, "=", 1);
	add(&c->head, value, value_n);
	add(&c->head, "", 1);
}

enum { RESPONDER = 1, AUTHORIZER };	/* of FastCGI */

/* What RFC 3875 wants there; and whose length is that of the body. */
static void
check_variables(struct conn *c)
{
	static const char *const musts[] = { "GATEWAY_INTERFACE",
	    "QUERY_STRING", "REMOTE_ADDR", "REQUEST_METHOD",
	    "SERVER_NAME", "SERVER_PORT", "SERVER_PROTOCOL", "SERVER_SOFTWARE"
	};
	const char *length = variable(c, "CONTENT_LENGTH"), *path;
	const char *script = variable(c, "SCRIPT_NAME");
	size_t i;

	/* an authorizer is not told a name (FastCGI 6.3) */
	if ((script == NULL) != (c->role == AUTHORIZER))
		malformed(c, "SCRIPT_NAME");
	for (i = 0; i < sizeof(musts) / sizeof(musts[0]); i++)
		if (variable(c, musts[i]) == NULL)
			malformed(c, musts[i]);
	path = variable(c, "PATH_INFO");
	snprintf(c->method, sizeof(c->method), "%s",
	    variable(c, "REQUEST_METHOD"));
	snprintf(c->path, sizeof(c->path), "%s%s",
	    script == NULL ? "" : script, path == NULL ? "" : path);
	snprintf(c->query, sizeof(c->query), "%s",
	    variable(c, "QUERY_STRING"));
	c->length = length == NULL || *length == '\0' ? 0 :
	    length_of(c, length);
	c->minor = 1;
	know(c);
}

static int
take_scgi_head(struct conn *c)
{
	const char *p = c->in.p, *end, *value;
	size_t digits = 0, n;

	while (digits < c->in.n && p[digits] >= '0' && p[digits] <= '9')
		digits++;
	if (digits > 7 || (digits < c->in.n && (digits == 0 ||
	    p[digits] != ':')))
		malformed(c, "no netstring");
	if (digits == c->in.n)
		return 0;
	n = (size_t)atol(p);
	if (c->in.n < digits + 1 + n + 1)
		return 0;
	p += digits + 1;
	end = p + n;
	if (*end != ',' || n == 0 || end[-1] != '\0')
		malformed(c, "the end of the netstring");
	if (n < 15 || memcmp(p, "CONTENT_LENGTH", 15) != 0)
		malformed(c, "CONTENT_LENGTH is not the first");
	for (; p < end; p = value + strlen(value) + 1) {
		value = p + strlen(p) + 1;
		if (value >= end)
			malformed(c, "no value");
		add_variable(c, p, strlen(p), value, strlen(value));
	}
	value = variable(c, "SCGI");
	if (value == NULL || strcmp(value, "1") != 0)
		malformed(c, "no SCGI=1");
	if (*variable(c, "CONTENT_LENGTH") == '\0')
		malformed(c, "CONTENT_LENGTH");
	drop(&c->in, digits + 1 + n + 1);
	check_variables(c);
	return 1;
}

static int
take_uwsgi_head(struct conn *c)
{
	const unsigned char *p = (const unsigned char *)c->in.p;
	size_t size, at, n[2], from[2];
	int i;

	if (c->in.n < 4)
		return 0;
	if (p[0] != 0 || p[3] != 0)
		malformed(c, "the modifiers");
	size = p[1] + 256u * p[2];
	if (c->in.n < 4 + size)
		return 0;
	for (at = 4; at < 4 + size; ) {
		for (i = 0; i < 2; i++) {
			if (at + 2 > 4 + size)
				malformed(c, "a length");
			n[i] = p[at] + 256u * p[at + 1];
			from[i] = at + 2;
			at += 2 + n[i];
		}
		if (at > 4 + size)
			malformed(c, "a length");
		add_variable(c, c->in.p + from[0], n[0], c->in.p + from[1],
		    n[1]);
	}
	drop(&c->in, 4 + size);
	check_variables(c);
	return 1;
}

/* ---- FastCGI ------------------------------------------------------------ */

enum { BEGIN_REQUEST = 1, ABORT_REQUEST, PARAMS = 4, STDIN };

/* A length of one byte or four; moves *at. */
static size_t
pair_length(struct conn *c, size_t *at)
{
	const unsigned char *p = (const unsigned char *)c->pairs.p + *at;
	size_t wide = *at < c->pairs.n && *p > 127 ? 4 : 1;

	if (*at + wide > c->pairs.n)
		malformed(c, "a length of PARAMS");
	*at += wide;
	return wide == 1 ? *p : (size_t)(*p & 127) << 24 |
	    (size_t)p[1] << 16 | (size_t)p[2] << 8 | p[3];
}

static void
take_pairs(struct conn *c)
{
	size_t at = 0, name_n, value_n;

	while (at < c->pairs.n) {
		name_n = pair_length(c, &at);
		value_n = pair_length(c, &at);
		if (c->pairs.n - at < name_n ||
		    c->pairs.n - at - name_n < value_n)
			malformed(c, "PARAMS end early");
		add_variable(c, c->pairs.p + at, name_n,
		    c->pairs.p + at + name_n, value_n);
		at += name_n + value_n;
	}
	if (c->role == AUTHORIZER && variable(c, "CONTENT_LENGTH") != NULL)
		malformed(c, "an authorizer gets no body");
	check_variables(c);
	if (c->role == AUTHORIZER && c->state == READING)
		whole(c);
}

static void
take_begin(struct conn *c, const unsigned char *p, size_t n, unsigned id)
{
	static const unsigned char zero[5];

	if (c->id != 0 || id == 0)
		malformed(c, "BEGIN_REQUEST in a request, or of id 0");
	if (n != 8 || p[0] != 0 || memcmp(p + 3, zero, 5) != 0 ||
	    (p[1] != RESPONDER && p[1] != AUTHORIZER) || p[2] > 1)
		malformed(c, "BEGIN_REQUEST");
	c->id = id;
	c->role = p[1];
	c->keep = p[2];
}

static void
take_stdin(struct conn *c, const unsigned char *p, size_t n)
{
	if (!c->headed || (c->role == AUTHORIZER && n > 0) ||
	    (c->role != AUTHORIZER && c->complete))
		malformed(c, "STDIN");
	if (c->role == AUTHORIZER)
		return;
	take_body(c, (const char *)p, n);
	if (c->body_n > c->length || (n == 0 && c->body_n != c->length))
		malformed(c, "CONTENT_LENGTH is not the length of STDIN");
}

static void
take_abort(struct conn *c)
{
	note("abort %ld.%ld", c->number, c->requests);
	c->complete = 1;
	c->chunked = 0;
	end(c);
}

/* One record, or as much as there is. */
static int
take_record(struct conn *c)
{
	struct text whole_record;
	const unsigned char *p = (const unsigned char *)c->in.p;
	size_t n, size;
	unsigned id, type;

	if (c->in.n < 8)
		return 0;
	n = (size_t)p[4] << 8 | p[5];
	size = 8 + n + p[6];
	id = (unsigned)p[2] << 8 | p[3];
	type = p[1];
	if (p[0] != 1 || p[7] != 0)
		malformed(c, "the head of a record");
	if (type != BEGIN_REQUEST && (id != c->id || id == 0) &&
	    !(type == STDIN && n == 0 && c->id == 0 &&
	    c->role == AUTHORIZER))
		malformed(c, "a record of no request");
	if (c->in.n < size)
		return 0;
	whole_record = c->in;		/* p stays good while we use it */
	c->in.p = NULL;
	c->in.n = c->in.size = 0;
	add(&c->in, whole_record.p + size, whole_record.n - size);
	if (type == BEGIN_REQUEST)
		take_begin(c, p + 8, n, id);
	else if (type == PARAMS && !c->headed && n > 0)
		add(&c->pairs, p + 8, n);
	else if (type == PARAMS && !c->headed)
		take_pairs(c);
	else if (type == STDIN && c->id != 0) {
		take_stdin(c, p + 8, n);
		if (n == 0 && c->role == RESPONDER)
			whole(c);
	} else if (type == ABORT_REQUEST)
		take_abort(c);
	else if (type != STDIN)
		malformed(c, "the type of a record");
	free(whole_record.p);
	return 1;
}

/* ---- bytes that came ---------------------------------------------------- */

/* One frame, echoed. */
static int
take_frame(struct conn *c)
{
	struct ws_frame f;
	unsigned char out[16], *p = (unsigned char *)c->in.p;
	size_t size = ws_take_head(&f, p, c->in.n);

	if (size == 0)
		return 0;
	if (!f.masked || f.opcode > WS_PONG || f.n > 1 << 24 ||
	    (f.opcode >= WS_CLOSE && (!f.fin || f.n > 125)))
		malformed(c, "a frame");
	if (c->in.n - size < f.n)
		return 0;
	ws_mask(&f, p + size, (size_t)f.n);
	f.masked = 0;
	if (f.opcode == WS_PING)
		f.opcode = WS_PONG;
	add(&c->out, out, ws_put_head(out, &f));
	add(&c->out, p + size, (size_t)f.n);
	drop(&c->in, size + (size_t)f.n);
	if (f.opcode == WS_CLOSE)
		over(c);
	return 1;
}

static void
tunnel(struct conn *c)
{
	if (!c->websocket) {
		add(&c->out, c->in.p, c->in.n);
		c->in.n = 0;
	}
	while (c->state == TUNNEL && c->in.n > 0 && take_frame(c))
		;
}

static int
take_some(struct conn *c)
{
	if (protocol == FASTCGI)
		return take_record(c);
	if (c->headed)
		return c->in_chunks ? take_chunk(c) : take_length(c);
	if (c->in.n == 0)
		return 0;
	return protocol == HTTP ? take_http_head(c) :
	    protocol == SCGI ? take_scgi_head(c) : take_uwsgi_head(c);
}

static void
advance(struct conn *c)
{
	if (c->state != READING && c->state != TUNNEL && !c->complete)
		c->in.n = 0;			/* it is not to be read */
	while (c->state == READING && take_some(c))
		;
	if (c->state == TUNNEL)
		tunnel(c);
	else if (c->state != READING && c->state != CLOSING && c->in.n > 0) {
		if (protocol != FASTCGI)
			malformed(c, "bytes behind the request");
		while (c->state != CLOSING && take_record(c))
			;
	}
}
