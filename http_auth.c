/*
 * http_auth.c - the grammar of Basic and Digest authentication (RFC 7617,
 * 7616).
 *
 * Called by mod_auth, which knows the users. Here credentials are taken apart
 * and held against a hash, and challenges are written: functions on bytes, that
 * remember nothing. A nonce is the time it was made, and a hash of that which
 * only who has the secret can make.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "http.h"

enum {
	NONCE_SECONDS = 600,		/* then a client gets another one */
	NONCE_STAMP = 8,		/* its time in hexadecimal ... */
	NONCE_SIZE = NONCE_STAMP + 32,	/* ... and half a SHA-256 */
	NONCE_ROOM = NONCE_STAMP + HASH_HEX_SIZE
};

const char http_algorithms[] = "MD5\0MD5-sess\0SHA-256\0SHA-256-sess\0";

int
http_basic(struct buf *text, struct slice said)
{
	size_t i;

	text->n = 0;
	text->failed = 0;
	if (str_base64(text, slice_trim(said)) == -1)
		return -1;
	/* neither part may have control characters (RFC 7617 2) */
	for (i = 0; i < text->n; i++)
		if ((unsigned char)text->p[i] < ' ' || text->p[i] == 0x7f)
			return -1;
	(void)buf_text(text);
	return i > 0 && text->p[0] != ':' && memchr(text->p, ':', i) != NULL
	    && !text->failed ? 0 : -1;
}

/* Quoted values are taken as they are: nobody with a backslash in his name is
 * known. */
int
http_digest(const struct http_head *head, struct slice said[HTTP_DIGEST])
{
	static const char words[] = "username\0realm\0nonce\0uri\0response\0"
	    "cnonce\0nc\0qop\0algorithm\0";
	unsigned field = head->first[HTTP_AUTHORIZATION] - 1u;
	size_t at = strlen("Digest");
	struct slice s, name;
	int i;

	memset(said, 0, HTTP_DIGEST * sizeof(*said));
	for (;;) {
		s = http_list(head, HTTP_AUTHORIZATION, &field, &at);
		if (s.p == NULL)
			break;
		name = slice_trim(slice_cut(&s, '='));
		s = slice_trim(s);
		if (s.n > 1 && s.p[0] == '"' && s.p[s.n - 1] == '"') {
			s.p++;
			s.n -= 2;
		}
		i = str_word(words, name);
		if (i != -1 && said[i].p != NULL)
			return -1;
		if (i != -1)
			said[i] = s;
	}
	for (i = 0; i < HTTP_ALGORITHM; i++)
		if (said[i].n == 0)
			return -1;
	/* auth-int would need the body first */
	return slice_eq(said[HTTP_QOP], slice_of("auth"))
	    && said[HTTP_NC].n == 8
	    && slice_eq(said[HTTP_URI], head->target) ? 0 : -1;
}

int
http_digest_fits(const struct http_head *head,
    const struct slice said[HTTP_DIGEST], enum http_algorithm algorithm,
    struct slice kept, int plain)
{
	enum hash_kind kind = http_hash_of(algorithm);
	struct slice user[3] = { said[HTTP_USERNAME], said[HTTP_REALM], kept };
	struct slice session[3] = { kept, said[HTTP_NONCE], said[HTTP_CNONCE] };
	struct slice a2[2] = { head->method_text, said[HTTP_URI] };
	struct slice all[6] = { kept, said[HTTP_NONCE], said[HTTP_NC],
		said[HTTP_CNONCE], said[HTTP_QOP], { NULL, 0 } };
	char hex[4][HASH_HEX_SIZE];

	if (plain)
		all[0] = hash_parts(kind, hex[0], user, COUNT(user));
	session[0] = all[0];
	if (algorithm == HTTP_MD5_SESS || algorithm == HTTP_SHA256_SESS)
		all[0] = hash_parts(kind, hex[1], session, COUNT(session));
	all[5] = hash_parts(kind, hex[2], a2, COUNT(a2));
	return pass_equal(hash_parts(kind, hex[3], all, COUNT(all)),
	    said[HTTP_RESPONSE]);
}

/* The nonce made at a time. */
static struct slice
make_nonce(char nonce[NONCE_ROOM], struct slice secret,
    const char *realm, uint32_t when)
{
	struct slice part[3] = { secret, { nonce, NONCE_STAMP },
		slice_of(realm) };

	snprintf(nonce, NONCE_STAMP + 1, "%08lx", (unsigned long)when);
	(void)hash_parts(HASH_SHA256, nonce + NONCE_STAMP, part, COUNT(part));
	return (struct slice){ nonce, NONCE_SIZE };
}

int
http_digest_fresh(struct slice nonce, struct slice secret, const char *realm,
    time_t now)
{
	char made[NONCE_ROOM] = "";
	uint32_t when;

	memcpy(made, nonce.p, nonce.n < NONCE_STAMP ? nonce.n : NONCE_STAMP);
	when = (uint32_t)strtoul(made, NULL, 16);
	return pass_equal(make_nonce(made, secret, realm, when), nonce)
	    && (uint32_t)now - when <= NONCE_SECONDS;
}

/* The strongest comes first: clients take the first one they know. */
void
http_challenge(struct buf *fields, const char *realm, unsigned algorithms,
    struct slice secret, time_t now, int stale)
{
	char nonce[NONCE_ROOM];
	int i;

	if (algorithms == 0)
		buf_printf(fields, "WWW-Authenticate: Basic realm=\"%s\", "
		    "charset=\"UTF-8\"\r\n", realm);
	(void)make_nonce(nonce, secret, realm, (uint32_t)now);
	for (i = HTTP_SHA256_SESS; i >= 0; i--)
		if (algorithms >> i & 1)
			buf_printf(fields, "WWW-Authenticate: Digest "
			    "realm=\"%s\", charset=\"UTF-8\", algorithm=%s, "
			    "nonce=\"%.*s\", qop=\"auth\"%s\r\n", realm,
			    str_word_at(http_algorithms, i), NONCE_SIZE, nonce,
			    stale ? ", stale=true" : "");
}
