/*
 * base_hash.c - MD5, SHA-1 and SHA-256 (RFC 1321, FIPS 180-4), as small as they
 * get.
 *
 * Called for passwords and Digest authentication, never for each byte of a
 * body: small counts here, speed does not. All three take 64 bytes at a time
 * into a few 32-bit words; they differ in the mixing, and MD5 in the order of
 * bytes. No secret decides where it branches or which table it reads.
 */
#include <string.h>

#include "base.h"

enum { BLOCK = 64, LENGTH = 8 };	/* bytes; the last one ends with it */

static uint32_t
rotate(uint32_t x, unsigned left)
{
	return x << left | x >> (32 - left);
}

static void
mix_md5(uint32_t s[8], const uint32_t w[16])
{
	static const unsigned char shift[4][4] = { { 7, 12, 17, 22 },
		{ 5, 9, 14, 20 }, { 4, 11, 16, 23 }, { 6, 10, 15, 21 } };
	static const unsigned char step[4] = { 1, 5, 3, 7 };
	static const unsigned char from[4] = { 0, 1, 5, 0 };
	static const uint32_t sines[BLOCK] = {
		0xd76aa478, 0xe8c7b756, 0x242070db, 0xc1bdceee, 0xf57c0faf,
		0x4787c62a, 0xa8304613, 0xfd469501, 0x698098d8, 0x8b44f7af,
		0xffff5bb1, 0x895cd7be, 0x6b901122, 0xfd987193, 0xa679438e,
		0x49b40821, 0xf61e2562, 0xc040b340, 0x265e5a51, 0xe9b6c7aa,
		0xd62f105d, 0x02441453, 0xd8a1e681, 0xe7d3fbc8, 0x21e1cde6,
		0xc33707d6, 0xf4d50d87, 0x455a14ed, 0xa9e3e905, 0xfcefa3f8,
		0x676f02d9, 0x8d2a4c8a, 0xfffa3942, 0x8771f681, 0x6d9d6122,
		0xfde5380c, 0xa4beea44, 0x4bdecfa9, 0xf6bb4b60, 0xbebfbc70,
		0x289b7ec6, 0xeaa127fa, 0xd4ef3085, 0x04881d05, 0xd9d4d039,
		0xe6db99e5, 0x1fa27cf8, 0xc4ac5665, 0xf4292244, 0x432aff97,
		0xab9423a7, 0xfc93a039, 0x655b59c3, 0x8f0ccc92, 0xffeff47d,
		0x85845dd1, 0x6fa87e4f, 0xfe2ce6e0, 0xa3014314, 0x4e0811a1,
		0xf7537e82, 0xbd3af235, 0x2ad7d2bb, 0xeb86d391
	};
	uint32_t f, b, c, d;
	unsigned i, turn;

	for (i = 0; i < BLOCK; i++) {
		turn = i / 16;
		b = s[1];
		c = s[2];
		d = s[3];
		f = turn == 0 ? d ^ (b & (c ^ d)) : turn == 1 ?
		    c ^ (d & (b ^ c)) : turn == 2 ? b ^ c ^ d : c ^ (b | ~d);
		f += s[0] + sines[i] + w[(i * step[turn] + from[turn]) & 15];
		s[0] = d;
		s[3] = c;
		s[2] = b;
		s[1] = b + rotate(f, shift[turn][i & 3]);
	}
}

static void
mix_sha1(uint32_t s[8], uint32_t w[16])
{
	static const uint32_t add[4] = { 0x5a827999, 0x6ed9eba1, 0x8f1bbcdc,
		0xca62c1d6 };
	uint32_t f, b, c, d;
	unsigned i, turn;

	for (i = 0; i < 80; i++) {
		turn = i / 20;
		b = s[1];
		c = s[2];
		d = s[3];
		if (i >= 16)
			w[i & 15] = rotate(w[(i + 13) & 15] ^ w[(i + 8) & 15]
			    ^ w[(i + 2) & 15] ^ w[i & 15], 1);
		f = turn == 0 ? d ^ (b & (c ^ d)) : turn == 2 ?
		    (b & c) | (d & (b | c)) : b ^ c ^ d;
		f += rotate(s[0], 5) + s[4] + add[turn] + w[i & 15];
		s[4] = d;
		s[3] = c;
		s[2] = rotate(b, 30);
		s[1] = s[0];
		s[0] = f;
	}
}

static void
mix_sha256(uint32_t s[8], uint32_t w[16])
{
	static const uint32_t roots[BLOCK] = {
		0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b,
		0x59f111f1, 0x923f82a4, 0xab1c5ed5, 0xd807aa98, 0x12835b01,
		0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7,
		0xc19bf174, 0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc,
		0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da, 0x983e5152,
		0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147,
		0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc,
		0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
		0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819,
		0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116, 0x1e376c08,
		0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f,
		0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208,
		0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2
	};
	uint32_t a, e, x, y;
	unsigned i;

	for (i = 0; i < BLOCK; i++) {
		if (i >= 16) {
			x = w[(i + 1) & 15];
			y = w[(i + 14) & 15];
			w[i & 15] += (rotate(x, 25) ^ rotate(x, 14) ^ x >> 3)
			    + w[(i + 9) & 15]
			    + (rotate(y, 15) ^ rotate(y, 13) ^ y >> 10);
		}
		a = s[0];
		e = s[4];
		x = s[7] + (rotate(e, 26) ^ rotate(e, 21) ^ rotate(e, 7))
		    + (s[6] ^ (e & (s[5] ^ s[6]))) + roots[i] + w[i & 15];
		y = (rotate(a, 30) ^ rotate(a, 19) ^ rotate(a, 10))
		    + ((a & s[1]) | (s[2] & (a | s[1])));
		memmove(s + 1, s, 7 * sizeof(*s));
		s[4] += x;
		s[0] = x + y;
	}
}

/* Where byte i of a message lies in its word. */
static unsigned
shift_of(const struct hash *h, size_t i)
{
	return 8 * (h->kind == HASH_MD5 ? i & 3 : ~i & 3);
}

static void
mix(struct hash *h)
{
	uint32_t s[8], w[16] = { 0 };
	size_t i;

	for (i = 0; i < BLOCK; i++)
		w[i / 4] |= (uint32_t)h->block[i] << shift_of(h, i);
	memcpy(s, h->state, sizeof(s));
	if (h->kind == HASH_MD5)
		mix_md5(s, w);
	else if (h->kind == HASH_SHA1)
		mix_sha1(s, w);
	else
		mix_sha256(s, w);
	for (i = 0; i < COUNT(s); i++)
		h->state[i] += s[i];
}

void
hash_init(struct hash *h, enum hash_kind kind)
{
	static const uint32_t first[2][8] = {
		{ 0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0 },
		{ 0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f,
		    0x9b05688c, 0x1f83d9ab, 0x5be0cd19 }
	};

	memset(h, 0, sizeof(*h));
	h->kind = kind;
	memcpy(h->state, first[kind == HASH_SHA256], sizeof(h->state));
}

void
hash_add(struct hash *h, const void *bytes, size_t n)
{
	const unsigned char *p = bytes;

	while (n-- > 0) {
		h->block[h->n++ % BLOCK] = *p++;
		if (h->n % BLOCK == 0)
			mix(h);
	}
}

size_t
hash_end(struct hash *h, unsigned char out[HASH_SIZE])
{
	static const unsigned char size[] = { 16, 20, 32 };
	uint64_t bits = h->n * 8;
	unsigned char byte = 0x80;
	size_t i;

	do {
		hash_add(h, &byte, 1);
		byte = 0;
	} while (h->n % BLOCK != BLOCK - LENGTH);
	for (i = 0; i < LENGTH; i++) {
		byte = (unsigned char)(bits >> 8 * (h->kind == HASH_MD5 ? i
		    : LENGTH - 1 - i));
		hash_add(h, &byte, 1);
	}
	for (i = 0; i < size[h->kind]; i++)
		out[i] = (unsigned char)(h->state[i / 4] >> shift_of(h, i));
	return size[h->kind];
}

struct slice
hash_parts(enum hash_kind kind, char hex[HASH_HEX_SIZE],
    const struct slice *part, size_t n)
{
	static const char digits[] = "0123456789abcdef";
	unsigned char sum[HASH_SIZE];
	struct hash h;
	size_t i;

	hash_init(&h, kind);
	for (i = 0; i < n; i++) {
		hash_add(&h, ":", i > 0);
		hash_add(&h, part[i].p, part[i].n);
	}
	n = 2 * hash_end(&h, sum);
	for (i = 0; i < n; i++)
		hex[i] = digits[i & 1 ? sum[i / 2] & 15 : sum[i / 2] >> 4];
	return (struct slice){ hex, n };
}
