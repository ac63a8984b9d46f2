/*
 * unit_host.h - what becomes of a host before it is a part of a path: also of
 * those that the parser lets nobody send. Included by unit.c.
 */
#include "../conn.h"

static const struct {
	const char *in, *want;		/* "": none */
} host_rows[] = {
	{ "a.com", "a.com" }, { "A.Com:80", "a.com" }, { "a.com.", "a.com" },
	{ "a.com.:80", "a.com" }, { "a.com:", "a.com" }, { "x_y-1", "x_y-1" },
	{ "127.0.0.1", "127.0.0.1" }, { "[::1]", "[::1]" },
	{ "[::FFFF:1.2.3.4]:80", "[::ffff:1.2.3.4]" },
	{ "", "" }, { ":80", "" }, { ".", "" }, { "..", "" }, { "...", "" },
	{ ".a", "" }, { "a..b", "" }, { "a..", "" }, { "/", "" },
	{ "../", "" }, { "a/..", "" }, { "a/b", "" }, { "/etc", "" },
	{ "a\\b", "" }, { "a%2e", "" }, { "a b", "" }, { "~a", "" },
	{ "a\tb", "" }, { "a\n", "" }, { "a\177", "" }, { "\344", "" },
	{ "a@b", "" }, { "a`b", "" }, { "{", "" }, { "a,b", "" },
	{ "[/]", "" }, { "[..]", "" }, { "[.]/", "" }, { "*", "" }
};

static void
test_host(void)
{
	static struct request req;
	static struct connection con;
	char name[HOST_NAME_SIZE], many[HOST_NAME_SIZE + 1];
	char *copy;
	size_t i, n;

	con.req = &req;
	for (i = 0; i < COUNT(host_rows); i++) {
		n = strlen(host_rows[i].in);
		copy = exact_copy(host_rows[i].in, n);
		req.head.host = (struct slice){ copy, n };
		n = conn_host_name(&con, name);
		free(copy);
		is("conn_host_name", host_rows[i].in, n > 0 ? name : "",
		    host_rows[i].want);
		is_number("conn_host_name: its length", host_rows[i].in,
		    (long long)n, (long long)strlen(host_rows[i].want));
	}
	req.head.host = (struct slice){ "a\0b", 3 };
	is_number("conn_host_name", "NUL",
	    (long long)conn_host_name(&con, name), 0);
	memset(many, 'a', sizeof(many));
	req.head.host = (struct slice){ many, HOST_NAME_SIZE - 1 };
	is_number("conn_host_name", "all it has room for",
	    (long long)conn_host_name(&con, name), HOST_NAME_SIZE - 1);
	req.head.host.n++;
	is_number("conn_host_name", "one more",
	    (long long)conn_host_name(&con, name), 0);
}
