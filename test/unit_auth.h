/*
 * unit_auth.h - hashes, base64, passwords and Digest, by what their standards
 * say. Included by unit.c.
 */

/* The hash of nothing, of "abc", and of all hashes (in hexadecimal digits) of 0
 * to 300 times "x", which cross every border of a block. */
static const struct {
	const char *name;
	enum hash_kind kind;
	const char *nothing, *abc, *all;
} hash_rows[] = {
	{ "MD5", HASH_MD5, "d41d8cd98f00b204e9800998ecf8427e",
	    "900150983cd24fb0d6963f7d28e17f72",
	    "5adc2f9c3d473e202a8437aa431f0960" },
	{ "SHA-1", HASH_SHA1, "da39a3ee5e6b4b0d3255bfef95601890afd80709",
	    "a9993e364706816aba3e25717850c26c9cd0d89d",
	    "1de09679fd48cd6aaa84e06cac91d18507337e91" },
	{ "SHA-256", HASH_SHA256,
	    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
	    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
	    "4f1214e9ef2dcfefe099f05aaaceccdad8549cc50a52723cdba372bb89323705" }
};

static void
is_hash(const char *name, enum hash_kind kind, struct slice text,
    const char *want)
{
	char hex[HASH_HEX_SIZE], got[HASH_HEX_SIZE + 1];
	struct slice s = hash_parts(kind, hex, &text, 1);

	snprintf(got, sizeof(got), "%.*s", (int)s.n, s.p);
	is("hash", name, got, want);
}

static void
test_hash(void)
{
	struct buf b = { NULL, 0, 0, 0 };
	struct slice s, part[3];
	char hex[HASH_HEX_SIZE], x[300];
	size_t i, n;

	memset(x, 'x', sizeof(x));
	for (i = 0; i < COUNT(hash_rows); i++) {
		is_hash(hash_rows[i].name, hash_rows[i].kind, slice_of(""),
		    hash_rows[i].nothing);
		is_hash(hash_rows[i].name, hash_rows[i].kind, slice_of("abc"),
		    hash_rows[i].abc);
		for (n = b.n = 0; n <= sizeof(x); n++) {
			s = (struct slice){ x, n };
			s = hash_parts(hash_rows[i].kind, hex, &s, 1);
			buf_add(&b, s.p, s.n);
		}
		is_hash(hash_rows[i].name, hash_rows[i].kind,
		    (struct slice){ b.p, b.n }, hash_rows[i].all);
	}
	buf_free(&b);
	part[0] = slice_of("Mufasa");
	part[1] = slice_of("http-auth@example.org");
	part[2] = slice_of("Circle of Life");
	s = hash_parts(HASH_MD5, hex, part, 3);
	ok(slice_eq(s, slice_of("3d78807defe7de2157e2b0b6573a855f")),
	    "hash: of parts with colons");
}

static void
test_base64(void)
{
	static const struct {
		const char *in, *want;
	} rows[] = {
		{ "", "" }, { "Zg==", "f" }, { "Zm8=", "fo" }, { "Zm9v", "foo" },
		{ "Zm9vYg==", "foob" }, { "Zm9vYmE", "fooba" },
		{ "QWxhZGRpbjpvcGVuIHNlc2FtZQ==", "Aladdin:open sesame" },
		{ "+/+/", "\xfb\xff\xbf" }, { "Z", NULL }, { "Zm9vY", NULL },
		{ "=", NULL }, { "==", NULL }, { "====", NULL },
		{ "Zg=", NULL }, { "Zg===", NULL }, { "Zm9v=", NULL },
		{ "Z=g=", NULL }, { "Zm9v Zg==", NULL }, { "Zm-_", NULL },
		{ "Zm9v\n", NULL }, { "\xff\x80\xfe=", NULL },
		{ "\x80\x80\x80\x80", NULL }
	};
	struct buf b = { NULL, 0, 0, 0 };
	char *copy;
	size_t i;
	int result;

	for (i = 0; i < COUNT(rows); i++) {
		b.n = 0;
		copy = exact_copy(rows[i].in, strlen(rows[i].in));
		result = str_base64(&b, (struct slice){ copy,
		    strlen(rows[i].in) });
		is("base64", rows[i].in, result == -1 ? "refused"
		    : buf_text(&b), rows[i].want == NULL ? "refused"
		    : rows[i].want);
		free(copy);
	}
	buf_free(&b);
}

static void
test_pass(void)
{
	static const struct {
		const char *password, *kept;
		int want;
	} rows[] = {
		{ "", "$apr1$12345678$sHuPAw7VA9xjRbJz7zKV7/", 1 },
		{ "a", "$apr1$x$16j9.5e7KiXmuYFAYpPJM/", 1 },
		{ "myPassword", "$apr1$r31.....$HqJZimcKQFAMYayBlzkrA/", 1 },
		{ "0123456789abcdef0", "$apr1$abcdefgh$ESn6vIjGN14YkA7CrwCho/",
		    1 },
		{ "pppppppppppppppppppppppppppppppppppppppppppppppppppppppppp"
		    "pppppp", "$apr1$Zz./9$LnSs24kmb66ncI2m43qwJ/", 1 },
		{ "b", "$apr1$x$16j9.5e7KiXmuYFAYpPJM/", 0 },
		{ "a", "$apr1$x$16j9.5e7KiXmuYFAYpPJM", 0 },
		{ "a", "$apr1$x$16j9.5e7KiXmuYFAYpPJM//", 0 },
		{ "a", "$apr1$x$", 0 }, { "a", "$apr1$x", 0 },
		{ "a", "$apr1$", 0 }, { "", "$apr1$$", 0 },
		{ "", "{SHA}2jmj7l5rSw0yVb/vlWAYkK/YBwk=", 1 },
		{ "secret", "{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=", 1 },
		{ "secrets", "{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=", 0 },
		{ "secret", "{SHA}5en6G6MezRroT3XKqkdPOmY/Bf", 0 },
		{ "", "{SHA}", 0 }, { "", "{SHA}====", 0 }
	};
	/* 19 uhttpd: never the hash itself, whatever crypt(3) says of it */
	static const char *const itself[] = {
		"secret", "x", "*", "*0", "*1", "!", "!!", "$1$", "$6$", "$y$",
		"$5$rounds=1000$", "{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=",
		"$apr1$x$16j9.5e7KiXmuYFAYpPJM/", "$2y$05$x", "{PLAIN}secret"
	};
	size_t i;

	for (i = 0; i < COUNT(rows); i++)
		is_number("pass", rows[i].kept, pass_fits(rows[i].kept,
		    slice_of(rows[i].password)), rows[i].want);
	for (i = 0; i < COUNT(itself); i++)
		ok(pass_fits(itself[i], slice_of(itself[i])) < 1, itself[i]);
	is_number("pass", "equal", pass_equal(slice_of("ab"), slice_of("ab")),
	    1);
	is_number("pass", "longer", pass_equal(slice_of("ab"),
	    slice_of("abab")), 0);
	is_number("pass", "shorter", pass_equal(slice_of("abab"),
	    slice_of("ab")), 0);
	is_number("pass", "none is no password", pass_equal(slice_of(""),
	    slice_of("")), 0);
}

static void
test_pass_memory(void)
{
	static struct pass_memory m;
	unsigned char mac[HASH_SIZE], first[HASH_SIZE];
	struct buf said = { NULL, 0, 0, 0 };
	struct slice one = slice_of("abcd"), other = slice_of("efgh");
	struct stat st;
	unsigned i;

	memset(&st, 0, sizeof(st));
	pass_init(&m);
	buf_adds(&said, "user:password");
	is_number("memory", "new", pass_is_known(&m, &st, "r", &said, 1, first),
	    0);
	pass_remember(&m, first, 11);
	is_number("memory", "known", pass_is_known(&m, &st, "r", &said, 10,
	    mac), 1);
	is_number("memory", "in time", pass_is_known(&m, &st, "r", &said, 11,
	    mac), 0);
	is_number("memory", "of a realm", pass_is_known(&m, &st, "s", &said, 2,
	    mac), 0);
	st.st_ctim.tv_nsec++;
	is_number("memory", "of a file as it was", pass_is_known(&m, &st, "r",
	    &said, 2, mac), 0);
	st.st_ctim.tv_nsec--;
	for (i = 0; i < PASS_KNOWN; i++) {
		mac[0]++;
		pass_remember(&m, mac, 20 + i);
	}
	is_number("memory", "the oldest is forgotten", pass_is_known(&m, &st,
	    "r", &said, 2, mac), 0);
	buf_free(&said);

	is_number("meter", "free", pass_charge(&m, one, 1000000, 0), 0);
	is_number("meter", "some is free", pass_charge(&m, one, 1000000, 100),
	    0);
	ok(pass_charge(&m, one, 1000000, 100) > 0, "meter: then it is not");
	is_number("meter", "others may", pass_charge(&m, other, 1000000, 0),
	    0);
	is_number("meter", "later again", pass_charge(&m, one, 1002000, 0), 0);
	(void)pass_charge(&m, one, 1002000, 1000);
	ok(pass_charge(&m, other, 1002000, 0) > 0, "meter: a bound for all");
}

/* A request with that field, parsed. */
static void
parse_digest(struct http_head *head, struct buf *b, const char *value)
{
	b->n = 0;
	buf_printf(b, "GET /dir/index.html HTTP/1.1\r\nHost: x\r\n"
	    "Authorization: %s\r\n\r\n", value);
	if (http_parse(head, b->p, b->n, HTTP_HEAD_MAX) != HTTP_DONE)
		abort();
}

#define NEEDED "realm=\"http-auth@example.org\", uri=\"/dir/index.html\", " \
	"nonce=\"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v\", " \
	"cnonce=\"f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ\", " \
	"nc=00000001, qop=auth"
#define MUFASA "Digest username=\"Mufasa\", " NEEDED

/* RFC 7616 3.9.1, and the same with a session. */
static void
test_digest(void)
{
	static const char *const responses[] = {
		"8ca523f5e9506fed4657c9700eebdbec",
		"e783283f46242139c486a698fec7211d",
		"753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1",
		"2fd51b3a77ad75bad6afad6003e818d767133c46d9e2749e7f5232ae1ea3efd7"
	};
	struct slice said[HTTP_DIGEST], plain = slice_of("Circle of Life");
	static struct http_field room[HTTP_FIELDS_MAX];
	static struct http_head head = { .field = room,
	    .field_room = HTTP_FIELDS_MAX };
	struct buf b = { NULL, 0, 0, 0 }, value = { NULL, 0, 0, 0 };
	unsigned i, k;

	for (i = 0; i < COUNT(responses); i++) {
		value.n = 0;
		buf_printf(&value, "%s, response=\"%s\"", MUFASA,
		    responses[i]);
		parse_digest(&head, &b, buf_text(&value));
		is_number("digest", "read", http_digest(&head, said), 0);
		for (k = 0; k < COUNT(responses); k++)
			is_number("digest", str_word_at(http_algorithms,
			    (int)k), http_digest_fits(&head, said,
			    (enum http_algorithm)k, plain, 1), i == k);
		is_number("digest", "another password", http_digest_fits(&head,
		    said, (enum http_algorithm)i, slice_of("Circle of life"),
		    1), 0);
	}
	parse_digest(&head, &b, MUFASA
	    ", response=\"8ca523f5e9506fed4657c9700eebdbec\"");
	is_number("digest", "by a hash", http_digest(&head, said)
	    + http_digest_fits(&head, said, HTTP_MD5,
	    slice_of("3d78807defe7de2157e2b0b6573a855f"), 0), 1);
	head.method_text = slice_of("PUT");
	is_number("digest", "another method", http_digest_fits(&head, said,
	    HTTP_MD5, plain, 1), 0);
	buf_free(&b);
	buf_free(&value);
}

/* 72 lighttpd: malformed fields. */
static void
test_digest_malformed(void)
{
	static const struct {
		const char *in;
		int want;
	} rows[] = {
		{ MUFASA ", response=x", 0 }, { MUFASA ",,response=\"x\",", 0 },
		{ MUFASA ", response = \"x\", more=1, more=2, rest", 0 },
		{ "Digest username=M,response=a," NEEDED, 0 },
		{ "Digest username=\"a,b=c\", response=x, " NEEDED, 0 },
		{ "Digest", -1 }, { "Digest ", -1 }, { "Digest ,", -1 },
		{ "Digest ,,, ,", -1 }, { "Digest =", -1 }, { "Digest \"", -1 },
		{ MUFASA, -1 }, { "Digest " NEEDED ", response=x", -1 },
		{ MUFASA ", response", -1 }, { MUFASA ", response=", -1 },
		{ MUFASA ", response=\"\"", -1 },
		{ MUFASA ", response=x, response=x", -1 },
		{ MUFASA ", response=x, nc=00000001", -1 },
		{ MUFASA ", response=x, username=\"\"", -1 },
		{ "Digest username=\"M, response=x, " NEEDED, -1 },
		{ "Digest username=\"\\\", response=x, " NEEDED, -1 },
		{ "Digest username, response=x, " NEEDED, -1 },
		{ "Digest =, response=x, " NEEDED, -1 },
		{ "Digest username=\"M\", realm=\"r\", nonce=\"n\", nc=00000001,"
		    "cnonce=\"c\", uri=\"/dir/index.html\", qop=auth-int, "
		    "response=\"x\"", -1 },
		{ "Digest username=\"M\", realm=\"r\", nonce=\"n\", nc=1,"
		    "cnonce=\"c\", uri=\"/dir/index.html\", qop=auth, "
		    "response=\"x\"", -1 },
		{ "Digest username=\"M\", realm=\"r\", nonce=\"n\", nc=00000001,"
		    "cnonce=\"c\", uri=\"/dir/\", qop=auth, response=\"x\"",
		    -1 },
		{ "Digest username=\"M\", realm=\"r\", nonce=\"n\", "
		    "uri=\"/dir/index.html\", response=\"x\"", -1 }
	};
	struct slice said[HTTP_DIGEST];
	static struct http_field room[HTTP_FIELDS_MAX];
	static struct http_head head = { .field = room,
	    .field_room = HTTP_FIELDS_MAX };
	struct buf b = { NULL, 0, 0, 0 };
	size_t i;

	for (i = 0; i < COUNT(rows); i++) {
		parse_digest(&head, &b, rows[i].in);
		is_number("digest", rows[i].in, http_digest(&head, said),
		    rows[i].want);
	}
	buf_free(&b);
}

static void
test_nonce(void)
{
	struct slice secret = slice_of("secret"), nonce;
	struct buf b = { NULL, 0, 0, 0 };
	char *copy, *at;

	http_challenge(&b, "r", 1u << HTTP_MD5, secret, 1000000, 0);
	at = strstr(buf_text(&b), "nonce=\"");
	if (at == NULL)
		abort();
	at += strlen("nonce=\"");
	nonce = (struct slice){ at, strcspn(at, "\"") };
	copy = exact_copy(nonce.p, nonce.n);
	nonce.p = copy;
	is_number("nonce", "new", http_digest_fresh(nonce, secret, "r",
	    1000000), 1);
	is_number("nonce", "ten minutes old", http_digest_fresh(nonce, secret,
	    "r", 1000600), 1);
	is_number("nonce", "older", http_digest_fresh(nonce, secret, "r",
	    1000601), 0);
	is_number("nonce", "of the future", http_digest_fresh(nonce, secret,
	    "r", 999999), 0);
	is_number("nonce", "another realm", http_digest_fresh(nonce, secret,
	    "s", 1000000), 0);
	is_number("nonce", "another secret", http_digest_fresh(nonce,
	    slice_of("Secret"), "r", 1000000), 0);
	copy[7] ^= 1;
	is_number("nonce", "a later time", http_digest_fresh(nonce, secret,
	    "r", 1000000), 0);
	copy[7] ^= 1;
	nonce.n--;
	is_number("nonce", "too short", http_digest_fresh(nonce, secret, "r",
	    1000000), 0);
	nonce.n = 3;
	is_number("nonce", "much too short", http_digest_fresh(nonce, secret,
	    "r", 1000000), 0);
	free(copy);
	buf_free(&b);
}
