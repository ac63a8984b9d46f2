/*
 * conn_host.c - document roots by the name of the host that was asked for.
 *
 * Called by the modules that have one folder for each host. A name that a
 * client sent becomes a part of a path only here: letters, digits, "-", "_"
 * and dots that neither begin it nor follow each other (CVE-2002-1562,
 * CVE-2014-2324), or an address in brackets. Whether a folder is there the stat
 * cache knows.
 */
#include <sys/stat.h>
#include <errno.h>

#include "conn.h"

size_t
conn_host_name(const struct connection *con, char out[HOST_NAME_SIZE])
{
	const struct slice host = con->req->head.host;
	size_t n;
	char c;

	for (n = 0; n < host.n; n++) {
		c = host.p[n];
		if (c == ':' && (host.p[0] != '[' || host.p[n - 1] == ']'))
			break;		/* the port */
		if (c >= 'A' && c <= 'Z')
			c = (char)(c | 0x20);
		/* from "-" to ":" are the dot, the slash and digits */
		if (((c < 'a' || c > 'z') && c != '_' && c != '[' && c != ']'
		    && (c < '-' || c > ':' || c == '/'))
		    || (c == '.' && (n == 0 || out[n - 1] == '.'))
		    || n == HOST_NAME_SIZE - 1)
			return 0;
		out[n] = c;
	}
	n -= n > 0 && out[n - 1] == '.';
	out[n] = '\0';
	return n;
}

int
conn_use_root(struct connection *con)
{
	struct request *req = con->req;
	struct buf *root = &req->file, was = req->root;
	struct stat_entry *e = NULL;
	int found = -1;

	while (root->n > 1 && root->p[root->n - 1] == '/')
		root->n--;
	(void)buf_text(root);
	if (!root->failed)
		e = stat_cache_get(con->srv, root->p, root->n,
		    request_conf(req));
	/* without memory or descriptors another host's files might be sent */
	if (e != NULL && e->error != EMFILE && e->error != ENFILE)
		found = e->error == 0 && S_ISDIR(e->mode);
	if (e != NULL)
		stat_cache_drop(e);
	root->failed = 0;
	if (found == 1) {
		req->root = *root;
		*root = was;
		req->docroot = (struct slice){ req->root.p, req->root.n };
	}
	return found;
}
