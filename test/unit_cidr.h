/*
 * unit_cidr.h - networks, and who is one of them. Included by unit.c.
 */
#include <sys/socket.h>

#include <arpa/inet.h>
#include <netinet/in.h>

static const struct {
	const char *network;
	const char *in, *out;	/* an address that is, one that is not */
} cidr_rows[] = {
	{ "10.0.0.0/8", "10.255.0.1", "11.0.0.1" },
	{ "10.1.2.3/8", "::ffff:10.0.0.1", "::ffff:11.0.0.1" },
	{ "192.168.1.128/25", "192.168.1.255", "192.168.1.127" },
	{ "192.168.1.1", "192.168.1.1", "192.168.1.0" },
	{ "192.168.1.1/32", "::ffff:192.168.1.1", "192.168.1.2" },
	{ "0.0.0.0/0", "255.255.255.255", "2001:db8::1" },
	{ "::ffff:10.0.0.0/104", "10.9.9.9", "11.9.9.9" },
	{ "::ffff:0:0/96", "10.9.9.9", "::fffe:a09:909" },
	{ "::1", "::1", "::2" },
	{ "[::1]", "::1", "127.0.0.1" },
	{ "[2001:db8::]/33", "2001:db8:7fff::", "2001:db8:8000::" },
	{ "2001:db8::/32", "2001:db8:ffff::1", "2001:db9::1" },
	{ "::/0", "2001:db8::1", "127.0.0.1" },
	{ "::/0", "::1", "::ffff:127.0.0.1" },
	{ "2001:db8::/128", "2001:db8::", "2001:db8::1" },
	{ "2001:db8::/127", "2001:db8::1", "2001:db8::2" }
};

static const char *const not_cidr[] = {
	"", "/", "/8", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/8/",
	"10.0.0.0/ 8", "10.0.0.0/0x8", "10.0.0.0/99999999999999999999", "10/8",
	"10.0.0", "10.0.0.0.0", "10.0.0.256", " 10.0.0.1", "10.0.0.1 ", "::/129",
	"::/9223372036854775807", "1.2.3.4/9223372036854775807", ":", ":::",
	"[::1", "::1]", "[]", "[", "[10.0.0.1]", "[::1]:80", "fe80::1%lo",
	"10.0.0.1:80", "localhost", "all",
	"1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:bbbb:cccc"
};

static int
has(const struct cidr *c, const char *name)
{
	struct sockaddr_in in = { .sin_family = AF_INET };
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6 };

	if (inet_pton(AF_INET, name, &in.sin_addr) == 1)
		return cidr_match(c, (const void *)&in);
	return inet_pton(AF_INET6, name, &in6.sin6_addr) == 1
	    ? cidr_match(c, (const void *)&in6) : -1;
}

static void
test_cidr(void)
{
	struct sockaddr un = { .sa_family = AF_UNIX };
	struct cidr c;
	char *copy;
	size_t i;
	int result;

	for (i = 0; i < COUNT(cidr_rows); i++) {
		copy = exact_copy(cidr_rows[i].network,
		    strlen(cidr_rows[i].network));
		result = cidr_parse((struct slice){ copy,
		    strlen(cidr_rows[i].network) }, &c);
		free(copy);
		is_number("cidr_parse", cidr_rows[i].network, result, 0);
		is_number("cidr_match", cidr_rows[i].network,
		    has(&c, cidr_rows[i].in) * 10 + has(&c, cidr_rows[i].out),
		    10);
		is_number("cidr_match: unix", cidr_rows[i].network,
		    cidr_match(&c, &un), 0);
	}
	for (i = 0; i < COUNT(not_cidr); i++)
		is_number("cidr_parse", not_cidr[i],
		    cidr_parse(slice_of(not_cidr[i]), &c), -1);
	is_number("cidr_parse", "NUL", cidr_parse((struct slice){ "::1\0",
	    4 }, &c), -1);
	is_number("cidr_parse", "nothing", cidr_parse((struct slice){ NULL,
	    0 }, &c), -1);
}
