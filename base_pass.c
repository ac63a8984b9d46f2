/*
 * base_pass.c - files of users and their passwords: who is in them, whether a
 * password is right, and that this was known a while ago.
 *
 * Called by mod_auth and http_auth.c for what a client sent. Knows what
 * htpasswd(1) writes: Apache's own MD5, SHA-1, and whatever crypt(3) of this
 * libc knows. A text that is none of those fits no password, least of all
 * itself. No line of a file is too long.
 */
#include <sys/stat.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base.h"

enum {
	PASSWORD_MOST = 255,	/* bytes: some hashes take the square of it */
	ALL_SHARE = 2, CLIENT_SHARE = 8,	/* parts of our time */
	DEBT = 1000		/* ms they may take beyond that */
};

int
pass_equal(struct slice secret, struct slice said)
{
	size_t i, differ = secret.n ^ said.n;

	for (i = 0; i < said.n && secret.n > 0; i++)
		differ |= (unsigned char)(said.p[i] ^ secret.p[i % secret.n]);
	return differ == 0 && secret.n > 0;
}

/* Apache's variant of the MD5 password hash: 1000 rounds with the salt and the
 * password mixed in. setting begins behind "$apr1$". */
static int
is_apr1(const char *setting, struct slice password)
{
	static const char letters[] = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	    "abcdefghijklmnopqrstuvwxyz";
	size_t salt = strcspn(setting, "$"), i, k;
	unsigned char sum[HASH_SIZE];
	char text[22];
	struct hash h;
	unsigned bits;

	if (setting[salt] != '$')
		return 0;
	hash_init(&h, HASH_MD5);
	hash_add(&h, password.p, password.n);
	hash_add(&h, setting, salt);
	hash_add(&h, password.p, password.n);
	hash_end(&h, sum);
	hash_init(&h, HASH_MD5);
	hash_add(&h, password.p, password.n);
	hash_add(&h, "$apr1$", 6);
	hash_add(&h, setting, salt);
	for (i = 0; i < password.n; i++)
		hash_add(&h, sum + i % 16, 1);
	for (i = password.n; i > 0; i >>= 1)
		hash_add(&h, i & 1 ? "" : password.p, 1);
	hash_end(&h, sum);
	for (i = 0; i < 1000; i++) {
		hash_init(&h, HASH_MD5);
		for (k = 0; k < 2; k++) {
			if ((i ^ k) & 1)
				hash_add(&h, password.p, password.n);
			else
				hash_add(&h, sum, 16);
			if (k == 0 && i % 3 > 0)
				hash_add(&h, setting, salt);
			if (k == 0 && i % 7 > 0)
				hash_add(&h, password.p, password.n);
		}
		hash_end(&h, sum);
	}
	sum[16] = sum[5];
	for (i = 0, bits = 0; i < sizeof(text); i++, bits >>= 6) {
		k = i / 4;
		if (i == 20)
			bits = sum[11];
		else if (i % 4 == 0)
			bits = (unsigned)sum[k] << 16 | sum[k + 6] << 8
			    | sum[k + 12];
		text[i] = letters[bits & 63];
	}
	return pass_equal(slice_of(setting + salt + 1),
	    (struct slice){ text, sizeof(text) });
}

/* "{SHA}" has the base64 of a plain SHA-1 behind it. */
static int
is_sha1(const char *setting, struct slice password)
{
	struct buf kept = { NULL, 0, 0, 0 };
	unsigned char sum[HASH_SIZE];
	struct hash h;
	int same;

	hash_init(&h, HASH_SHA1);
	hash_add(&h, password.p, password.n);
	same = str_base64(&kept, slice_of(setting)) == 0;
	same &= pass_equal((struct slice){ kept.p, kept.n },
	    (struct slice){ (char *)sum, hash_end(&h, sum) });
	buf_free(&kept);
	return same;
}

int
pass_fits(const char *kept, struct slice password)
{
	const char *hash;

	if (password.n > PASSWORD_MOST)
		return 0;
	if (strncmp(kept, "$apr1$", 6) == 0)
		return is_apr1(kept + 6, password);
	if (strncmp(kept, "{SHA}", 5) == 0)
		return is_sha1(kept + 5, password);
	hash = sys_crypt(password.p, kept);
	return hash == NULL ? -1 : pass_equal(slice_of(kept), slice_of(hash));
}

int
pass_find(const char *file, struct slice name, const char *realm, size_t size,
    struct buf *out)
{
	/* a FIFO that somebody put there must not keep us waiting */
	int fd = sys_open(file, O_RDONLY | O_NONBLOCK, 0), found = 0, mine;
	FILE *f = fd == -1 ? NULL : fdopen(fd, "r");
	char *line = NULL;
	size_t room = 0;
	struct slice s;

	out->n = 0;
	if (f == NULL) {
		if (fd != -1)
			close(fd);
		return -1;
	}
	while (getline(&line, &room, f) > 0) {
		if (line[0] == '#')
			continue;
		s = (struct slice){ line, strcspn(line, "\r\n") };
		mine = slice_eq(slice_cut(&s, ':'), name);
		if (size > 0) {
			mine &= slice_eq(slice_cut(&s, ':'), slice_of(realm));
			s = slice_cut(&s, ':');
		}
		if (!found && s.n > 0 && (size == 0 || s.n == size)) {
			out->n = 0;
			buf_add(out, s.p, s.n);
			found = mine;
		}
	}
	if (!feof(f) || out->failed)
		found = -1;
	free(line);
	fclose(f);
	return found;
}

int
pass_check(enum pass_kind kind, const char *file, struct slice user,
    const char *realm, struct slice password, struct buf *value)
{
	struct slice part[3] = { user, slice_of(realm), password };
	struct slice said = password;
	int hash = kind == PASS_HTDIGEST ? HASH_MD5 : HASH_SHA256;
	int found, fits, right = 0;
	char hex[HASH_HEX_SIZE];

	/* twice for a file that may have both hashes */
	for (; hash <= HASH_SHA256; hash += HASH_SHA256 - HASH_MD5) {
		if (kind == PASS_HTDIGEST)
			said = hash_parts((enum hash_kind)hash, hex, part,
			    COUNT(part));
		found = pass_find(file, user, realm, kind == PASS_HTDIGEST ?
		    said.n : 0, value);
		fits = kind == PASS_HTPASSWD && found != -1 && value->n > 0 ?
		    pass_fits(buf_text(value), said) :
		    pass_equal((struct slice){ value->p, value->n }, said);
		if (found == -1)
			return -1;
		if (fits == -1)
			errno = ENOSYS;
		right |= found & (fits == 1);
	}
	return right;
}

/* Is user in the group, by a file of lines "group: user user", or with commas?
 * 1, 0, or -1 and errno. */
static int
is_member(const char *file, struct slice group, struct slice user,
    struct buf *value)
{
	int found = pass_find(file, group, NULL, 0, value);
	struct slice rest = { value->p, value->n };
	size_t i;

	for (i = 0; i < value->n; i++)
		if (value->p[i] == ' ' || value->p[i] == '\t')
			value->p[i] = ',';
	while (found == 1 && rest.n > 0)
		if (slice_eq(slice_cut(&rest, ','), user))
			return 1;
	return found == -1 ? -1 : 0;
}

int
pass_may_enter(const char *list, const char *groups, struct slice user,
    struct buf *value)
{
	struct slice rest = slice_of(list), s;
	int found = 0;
	char what;

	while (rest.n > 0 && found == 0) {
		s = slice_cut(&rest, '|');
		what = s.p[0];
		(void)slice_cut(&s, '=');
		if (what == 'v' || (what == 'u' && slice_eq(s, user)))
			found = 1;
		else if (what == 'g' && groups != NULL)
			found = is_member(groups, s, user, value);
	}
	return found;
}

/* ---- memory ---- */

void
pass_init(struct pass_memory *m)
{
	uint64_t number;
	size_t i;

	for (i = 0; i < HASH_SIZE; i += sizeof(number)) {
		number = sys_random();
		memcpy(m->secret + i, &number, sizeof(number));
	}
}

int
pass_is_known(const struct pass_memory *m, const struct stat *st,
    const char *realm, const struct buf *said, uint32_t tick,
    unsigned char mac[HASH_SIZE])
{
	/* any change of the file changes its ctime */
	const uint64_t id[] = { (uint64_t)st->st_dev, (uint64_t)st->st_ino,
	    (uint64_t)st->st_ctim.tv_sec, (uint64_t)st->st_ctim.tv_nsec };
	const struct pass_known *k = m->known;
	struct hash h;

	hash_init(&h, HASH_SHA256);
	hash_add(&h, m->secret, sizeof(m->secret));
	hash_add(&h, id, sizeof(id));
	hash_add(&h, realm, strlen(realm) + 1);
	hash_add(&h, said->p, said->n);
	hash_end(&h, mac);
	for (; k < m->known + PASS_KNOWN; k++)
		if (k->until > tick && memcmp(k->mac, mac, HASH_SIZE) == 0)
			return 1;
	return 0;
}

void
pass_remember(struct pass_memory *m, const unsigned char mac[HASH_SIZE],
    uint32_t until)
{
	struct pass_known *k, *next = m->known;

	for (k = m->known; k < m->known + PASS_KNOWN; k++)
		if (k->until < next->until)
			next = k;
	memcpy(next->mac, mac, HASH_SIZE);
	next->until = until;
}

int64_t
pass_charge(struct pass_memory *m, struct slice client, int64_t now,
    int64_t took)
{
	static const int share[] = { ALL_SHARE, CLIENT_SHARE };
	int64_t ahead = DEBT, *paid = m->paid;
	uint32_t hash = 0;
	size_t i;

	for (i = 0; i < client.n; i++)
		hash = (hash ^ (unsigned char)client.p[i]) * 0x9e3779b1u;
	for (i = 0; i < COUNT(share); i++) {
		if (*paid < now)
			*paid = now;
		*paid += took * share[i];
		if (*paid - now > ahead)
			ahead = *paid - now;
		paid += 1 + (hash >> 16) % PASS_METERS;
	}
	return ahead - DEBT;
}
