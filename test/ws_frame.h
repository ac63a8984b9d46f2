/*
 * ws_frame.h - WebSocket's handshake and frames (RFC 6455): for backend.c and
 * ws.c.
 */
enum { WS_TEXT = 1, WS_BINARY = 2, WS_CLOSE = 8, WS_PING = 9, WS_PONG = 10 };

struct ws_frame {
	int fin, opcode, masked;
	unsigned char mask[4];
	uint64_t n;			/* of the payload */
};

static void
ws_base64(char *out, const unsigned char *p, size_t n)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	    "abcdefghijklmnopqrstuvwxyz0123456789+/";
	unsigned v;
	size_t i, j;

	for (i = 0; i < n; i += 3) {
		v = (unsigned)p[i] << 16;
		v |= i + 1 < n ? (unsigned)p[i + 1] << 8 : 0;
		v |= i + 2 < n ? p[i + 2] : 0;
		for (j = 0; j < 4; j++)
			*out++ = i + j > n ? '=' : digits[v >> (18 - 6 * j) &
			    63];
	}
	*out = '\0';
}

/* What Sec-WebSocket-Accept has to be. */
static void
ws_accept(char out[32], const char *key, size_t key_n)
{
	static const char magic[] = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
	unsigned char digest[HASH_SIZE];
	struct hash h;

	hash_init(&h, HASH_SHA1);
	hash_add(&h, key, key_n);
	hash_add(&h, magic, sizeof(magic) - 1);
	ws_base64(out, digest, hash_end(&h, digest));
}

/* Writes the head of a frame; returns its size, at most 14. */
static size_t
ws_put_head(unsigned char *out, const struct ws_frame *f)
{
	int i, wide = f->n > 65535 ? 8 : f->n > 125 ? 2 : 0;
	size_t n = 0;

	out[n++] = (unsigned char)(f->fin << 7 | f->opcode);
	out[n++] = (unsigned char)(f->masked << 7 | (wide == 8 ? 127 :
	    wide == 2 ? 126 : (int)f->n));
	for (i = wide; i > 0; i--)
		out[n++] = (unsigned char)(f->n >> (8 * (i - 1)));
	if (f->masked) {
		memcpy(out + n, f->mask, 4);
		n += 4;
	}
	return n;
}

/* Returns the size of the head, or 0: it is not all there. */
static size_t
ws_take_head(struct ws_frame *f, const unsigned char *p, size_t n)
{
	size_t i, wide, size;

	if (n < 2)
		return 0;
	f->fin = p[0] >> 7;
	f->opcode = p[0] & 127;			/* with the reserved bits */
	f->masked = p[1] >> 7;
	f->n = p[1] & 127;
	wide = f->n == 127 ? 8 : f->n == 126 ? 2 : 0;
	size = 2 + wide + (f->masked ? 4 : 0);
	if (n < size)
		return 0;
	if (wide > 0)
		f->n = 0;
	for (i = 0; i < wide; i++)
		f->n = f->n << 8 | p[2 + i];
	if (f->masked)
		memcpy(f->mask, p + 2 + wide, 4);
	return size;
}

static void
ws_mask(const struct ws_frame *f, unsigned char *p, size_t n)
{
	size_t i;

	for (i = 0; f->masked && i < n; i++)
		p[i] ^= f->mask[i % 4];
}
