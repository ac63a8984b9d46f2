/*
 * base_cidr.c - addresses and networks: "10.0.0.0/8", "::1", "[fe80::]/10".
 *
 * Called where a configuration names clients, and where text names one. All
 * addresses are of 16 bytes, those of IPv4 as IPv6 maps them (RFC 4291 2.5.5),
 * so that a client is the same at either kind of socket. Never asks a name
 * server.
 */
#include <sys/socket.h>

#include <arpa/inet.h>
#include <netinet/in.h>

#include <string.h>

#include "base.h"

enum { MAPPED_BITS = 96, ALL_BITS = 128 };

static const unsigned char mapped[] = {
	0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff
};

int
cidr_parse(struct slice text, struct cidr *c)
{
	const char *slash = text.n > 0 ? memchr(text.p, '/', text.n) : NULL;
	char name[INET6_ADDRSTRLEN];
	int64_t bits = ALL_BITS;
	int first = 0;		/* bit of the address that is written */

	if (slash != NULL) {
		if (str_number((struct slice){ slash + 1, (size_t)(text.p
		    + text.n - slash) - 1 }, &bits) == -1 || bits > ALL_BITS)
			return -1;
		text.n = (size_t)(slash - text.p);
	}
	if (text.n > 2 && text.p[0] == '[' && text.p[text.n - 1] == ']') {
		text.p++;
		text.n -= 2;
		first = -1;	/* only IPv6 has brackets */
	}
	if (text.n >= sizeof(name))
		return -1;
	memset(name, 0, sizeof(name));
	if (text.n > 0)
		memcpy(name, text.p, text.n);
	memcpy(c->address, mapped, sizeof(mapped));
	if (first == 0 && inet_pton(AF_INET, name, c->address + 12) == 1)
		first = MAPPED_BITS;
	else if (inet_pton(AF_INET6, name, c->address) == 1)
		first = 0;
	else
		return -1;
	if (slash != NULL)
		bits += first;
	c->bits = (unsigned)bits;
	/* a NUL would hide what stands behind it */
	return bits <= ALL_BITS && strlen(name) == text.n ? 0 : -1;
}

int
cidr_match(const struct cidr *c, const struct sockaddr *who)
{
	unsigned char address[16];
	unsigned whole = c->bits / 8, rest = 8 - c->bits % 8;

	if (who->sa_family == AF_INET) {
		memcpy(address, mapped, sizeof(mapped));
		memcpy(address + 12, &((const struct sockaddr_in *)
		    (const void *)who)->sin_addr, 4);
	} else if (who->sa_family == AF_INET6) {
		memcpy(address, &((const struct sockaddr_in6 *)
		    (const void *)who)->sin6_addr, 16);
	} else {
		return 0;
	}
	/* "::/0" is all of IPv6, in which nobody thinks of IPv4 */
	if (c->bits < MAPPED_BITS
	    && memcmp(address, mapped, sizeof(mapped)) == 0)
		return 0;
	return memcmp(c->address, address, whole) == 0 && (rest == 8
	    || (c->address[whole] ^ address[whole]) >> rest == 0);
}
