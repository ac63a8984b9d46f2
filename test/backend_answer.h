/*
 * backend_answer.h - what backend.c answers.
 *
 *	/hello, /	"hello"
 *	/env		the variables, sorted; or the head of HTTP, as it came
 *	/echo		the body
 *	/pipe		... as it comes, without a length
 *	/sum		"CRC BYTES" of the body, as cksum(1)
 *	/bytes?n=N	N bytes: lines of a number each, see -g
 *	/stream?n=N	... without a length; &close=1: HTTP without chunks
 *	/drip?n=N&ms=M	... a byte each M ms; &k=K: K bytes; &stream=1
 *	/slow?ms=N	hello, after N ms
 *	/never		nothing, and stays
 *	/hang		100 of 1000 bytes, and stays
 *	/nothing	closes before any byte
 *	/headcut	... in the head
 *	/bodycut?n=N	... after half of N bytes; &stream=1
 *	/short?n=N	the same, but says (if it can) that this was all
 *	/nonsense	no protocol; ?in=1: it is, with nonsense in it
 *	/biglength, /two	a length with 20 digits, two lengths
 *	/smuggle	an answer with another one behind its end
 *	/bighead?n=N	a field of N bytes
 *	/stderr?n=N	FastCGI's: N lines there, and hello
 *	/empty?s=N	END_REQUEST with this protocolStatus, and nothing else
 *	/status?c=404	hello with it; 204 and 304 without
 *	/field?f=NAME:VALUE&f=...&c=302&b=BODY
 *	/location?u=URL, /setcookie?v=VALUE
 *	/1xx?n=N	100, 103, N times, and hello (HTTP)
 *	/noread		hello, without reading the body
 *	/closeidle	hello, then closes, having said that it will not
 *	/dropnext	hello, then closes as soon as another request comes
 *	/keep		"connection C request R", each from 1 on
 *	/upgrade	101, then WebSocket frames, or any bytes, come back
 *	/procenv, /pid, /fds	its own environment, id, open descriptors
 *	/die		ends
 */

extern char **environ;

static int
compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void
print_list(struct conn *c, char **list, size_t n)
{
	struct text t = { NULL, 0, 0 };
	size_t i;

	qsort(list, n, sizeof(*list), compare);
	for (i = 0; i < n; i++) {
		add(&t, list[i], strlen(list[i]));
		add(&t, "\n", 1);
	}
	text_answer(c, 200, "", t.p, t.n);
	free(t.p);
}

static void
env(struct conn *c)
{
	char *list[2048];
	size_t n = 0, at;

	if (protocol == HTTP) {
		text_answer(c, 200, "", c->head.p, c->head.n);
		return;
	}
	for (at = 0; at < c->head.n && n < 2048; n++) {
		list[n] = c->head.p + at;
		at += strlen(list[n]) + 1;
	}
	print_list(c, list, n);
}

static void
procenv(struct conn *c)
{
	size_t n = 0;

	while (environ[n] != NULL)
		n++;
	print_list(c, environ, n);
}

static void
process(struct conn *c)
{
	char text[8192];
	size_t n = 0;
	int fd;

	if (strcmp(c->word, "pid") == 0)
		n = (size_t)snprintf(text, sizeof(text), "%ld\n",
		    (long)getpid());
	else if (strcmp(c->word, "keep") == 0)
		n = (size_t)snprintf(text, sizeof(text),
		    "connection %ld request %ld\n", c->number, c->requests);
	else
		for (fd = 0; fd < 1024; fd++)
			if (fcntl(fd, F_GETFD) != -1)
				n += (size_t)snprintf(text + n,
				    sizeof(text) - n, "%d\n", fd);
	text_answer(c, 200, "", text, n);
}

static void
echo(struct conn *c)
{
	text_answer(c, 200, "", c->body.p, c->body.n);
}

static void
sum(struct conn *c)
{
	uint32_t v = c->sum;
	int64_t n;
	char text[64], byte;

	for (n = c->body_n; n > 0; n >>= 8) {
		byte = (char)(n & 255);
		v = checksum(v, &byte, 1);
	}
	snprintf(text, sizeof(text), "%lu %lld\n", (unsigned long)~v &
	    0xffffffff, (long long)c->body_n);
	text_answer(c, 200, "", text, strlen(text));
}

/* Makes more of what /bytes and its like have promised. */
static void
produce(struct conn *c)
{
	char bytes[16384];
	size_t n;

	while (c->left > 0 && c->out.n - c->written < PLENTY) {
		n = c->portion > 0 ? (size_t)c->portion : sizeof(bytes);
		if (n > sizeof(bytes))
			n = sizeof(bytes);
		if ((int64_t)n > c->left)
			n = (size_t)c->left;
		pattern(bytes, c->at, n);
		data(c, bytes, n);
		c->at += (int64_t)n;
		c->left -= (int64_t)n;
		if (c->gap > 0) {
			c->wake = now() + c->gap;
			break;
		}
	}
	if (c->left > 0)
		return;
	if (c->after == END)
		end(c);
	else
		c->state = c->after == HANG ? HUNG : CLOSING;
}

static void
make(struct conn *c)
{
	int64_t n = number(c, "n", 1000);
	int stream = c->word[0] == 's' && c->word[1] == 't';

	head(c, 200, stream || number(c, "stream", 0) ? -1 : n, "");
	c->after = END;
	c->at = c->portion = c->gap = 0;
	if (strcmp(c->word, "drip") == 0) {
		c->portion = (int)number(c, "k", 1);
		c->gap = (int)number(c, "ms", 10);
	} else if (strcmp(c->word, "hang") == 0) {
		c->after = HANG;
		n = n / 10;
	} else if (strcmp(c->word, "bodycut") == 0) {
		c->after = CUT;
		n = n / 2;
	} else if (strcmp(c->word, "short") == 0)
		n = n / 2;
	c->left = c->headless ? 0 : n;
	c->wake = now();
	c->state = ANSWERING;
	produce(c);
}

static void
cut(struct conn *c)
{
	const char *start = protocol == HTTP || protocol == UWSGI ?
	    "HTTP/1.1 200 OK\r\nContent-Ty" : "Status: 200 OK\r\nContent-Ty";

	if (strcmp(c->word, "headcut") == 0)
		say(c, start, strlen(start));
	c->state = CLOSING;
}

static void
nonsense(struct conn *c)
{
	static const char bytes[] = "\1\377\0nonsense\r\n\r\n<html>\n";

	if (number(c, "in", 0)) {
		say(c, bytes, sizeof(bytes) - 1);
		end_request(c, 0);
	} else
		add(&c->out, bytes, sizeof(bytes) - 1);
	c->state = CLOSING;
}

static void
empty(struct conn *c)
{
	end_request(c, (int)number(c, "s", 0));
	over(c);
}

/* Lengths and what there is do not agree. */
static void
lengths(struct conn *c)
{
	static const char more[] = "HTTP/1.1 200 OK\r\n"
	    "Content-Length: 9\r\n\r\nsmuggled\n";

	if (strcmp(c->word, "biglength") == 0)
		head(c, 200, -2, "Content-Length: 99999999999999999999\r\n");
	else if (strcmp(c->word, "two") == 0)
		head(c, 200, 6, "Content-Length: 7\r\n");
	else
		head(c, 200, 6, "");
	c->chunked = 0;
	say(c, "hello\n", 6);
	if (strcmp(c->word, "smuggle") == 0)
		say(c, more, sizeof(more) - 1);
	end(c);
}

static void
stderr_lines(struct conn *c)
{
	char line[64];
	int64_t i, n = number(c, "n", 1);

	for (i = 0; i < n && protocol == FASTCGI; i++) {
		snprintf(line, sizeof(line), "line %d\033[1m of \"stderr\"\n",
		    (int)i);
		put_record(c, STDERR, line, strlen(line));
	}
	hello(c);
}

static void
fields(struct conn *c)
{
	char text[7000], value[4096];
	size_t n = 0;
	int i = 0;

	*text = '\0';
	if (strcmp(c->word, "location") == 0 &&
	    argument(c, "u", 0, value, sizeof(value)))
		n = (size_t)snprintf(text, sizeof(text), "Location: %s\r\n",
		    value);
	else if (strcmp(c->word, "setcookie") == 0)
		n = (size_t)snprintf(text, sizeof(text), "Set-Cookie: %s\r\n",
		    argument(c, "v", 0, value, sizeof(value)) ? value :
		    "a=1; Path=/; Domain=backend.example");
	while (argument(c, "f", i++, value, sizeof(value)) && n < 5000)
		n += (size_t)snprintf(text + n, sizeof(text) - n,
		    "%.4000s\r\n", value);
	if (!argument(c, "b", 0, value, sizeof(value)))
		strncpy(value, "hello\n", sizeof(value));
	text_answer(c, (int)number(c, "c", strcmp(c->word, "location") == 0 ?
	    302 : 200), text, value, strlen(value));
}

static void
big_head(struct conn *c)
{
	struct text t = { NULL, 0, 0 };
	int64_t n = number(c, "n", 65536);
	const char *start = protocol == HTTP || protocol == UWSGI ?
	    "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nX-Big: " :
	    "Status: 200 OK\r\nContent-Length: 0\r\nX-Big: ";

	add(&t, start, strlen(start));
	for (; n > 0; n--)
		add(&t, "x", 1);
	add(&t, "\r\n\r\n", 4);
	say(c, t.p, t.n);
	free(t.p);
	c->chunked = 0;
	end(c);
}

static void
interim(struct conn *c)
{
	static const char before[] = "HTTP/1.1 100 Continue\r\n\r\n"
	    "HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\n";

	int64_t n;

	for (n = number(c, "n", 1); n > 0 && protocol == HTTP; n--)
		say(c, before, sizeof(before) - 1);
	hello(c);
}

static void
hang_up(struct conn *c)
{
	if (strcmp(c->word, "die") == 0)
		exit(0);
	c->state = HUNG;
}

static void
upgrade(struct conn *c)
{
	char text[512], accept[32], to[64];
	const char *name = protocol == HTTP ? field(c, "Upgrade") : NULL;
	const char *key;

	if (name == NULL) {
		text_answer(c, 200, "", "no upgrade\n", 11);
		return;
	}
	snprintf(to, sizeof(to), "%s", name);
	key = field(c, "Sec-WebSocket-Key");
	c->websocket = strcasecmp(to, "websocket") == 0 && key != NULL;
	ws_accept(accept, c->websocket ? key : "", c->websocket ?
	    strlen(key) : 0);
	snprintf(text, sizeof(text), "HTTP/1.1 101 Switching Protocols\r\n"
	    "Upgrade: %s\r\nConnection: Upgrade\r\n%s%s%s\r\n", to,
	    c->websocket ? "Sec-WebSocket-Accept: " : "",
	    c->websocket ? accept : "", c->websocket ? "\r\n" : "");
	say(c, text, strlen(text));
	c->state = TUNNEL;
}
