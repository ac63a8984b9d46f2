/*
 * conn_file.c - which file answers a request: opened for sending, or its
 * precompressed sibling in its place.
 *
 * Called by the modules that send files. What a path is comes from the stat
 * cache; here it is decided what to do when that is not what it was, or when
 * there is no descriptor for it.
 */
#include <sys/stat.h>

#include <errno.h>
#include <string.h>

#include "plugin.h"

enum { CODINGS = 3 };		/* that we know suffixes of */

enum verdict
conn_open_file(struct connection *con)
{
	struct request *req = con->req;
	const struct core_conf *core = request_conf(req);
	struct stat_entry *old;
	int tries;

	for (tries = 0; tries < 20; tries++) {
		old = req->entry;
		if (stat_cache_open(con->srv, old, core) != NULL)
			return VERDICT_GO_ON;
		if (errno != ESTALE)
			break;
		req->entry = stat_cache_get(con->srv, old->path, old->path_n,
		    core);
		stat_cache_drop(old);
		errno = req->entry == NULL ? ENOMEM : req->entry->error;
		if (errno == 0 && !S_ISREG(req->entry->mode))
			errno = S_ISDIR(req->entry->mode) ? ENOENT : EACCES;
		if (errno != 0)
			break;
	}
	if (errno == EMFILE || errno == ENFILE)
		return VERDICT_WAIT_FOR_FD;
	if (errno == EACCES || errno == EPERM || errno == ELOOP)
		conn_error(con, 403);
	else
		conn_error(con, errno == ENOENT ? 404 : 503);
	return VERDICT_FINISHED;
}

const char *
conn_coding_suffix(const char *coding)
{
	static const char known[CODINGS][2][5] = {
		{ "br", ".br" }, { "zstd", ".zst" }, { "gzip", ".gz" }
	};
	size_t i;

	for (i = 0; i < CODINGS; i++)
		if (strcmp(coding, known[i][0]) == 0)
			return known[i][1];
	return NULL;
}

/* The file in a coding, held; or NULL: there is none that is up to date. */
static struct stat_entry *
sibling(struct connection *con, const char *coding)
{
	struct request *req = con->req;
	const struct stat_entry *plain = req->entry;
	struct stat_entry *e = NULL;
	size_t n = req->file.n;

	buf_adds(&req->file, conn_coding_suffix(coding));
	(void)buf_text(&req->file);
	if (!req->file.failed)
		e = stat_cache_get(con->srv, req->file.p, req->file.n,
		    request_conf(req));
	req->file.n = n;
	(void)buf_text(&req->file);
	if (e == NULL || (e->error == 0 && S_ISREG(e->mode)
	    && (e->modified != plain->modified
	    ? e->modified > plain->modified
	    : e->modified_ns >= plain->modified_ns)))
		return e;
	stat_cache_drop(e);
	return NULL;
}

const char *
conn_choose_coding(struct connection *con, const struct conf_list *list,
    int *varies)
{
	struct request *req = con->req;
	struct stat_entry *e, *best = NULL;
	const char *coding = NULL, *name;
	int most = 0, weight;
	size_t i;

	for (i = 0; i < list->n; i++) {
		name = list->items[i].value.text;
		e = sibling(con, name);
		if (e == NULL)
			continue;
		/* as welcome as the plain file is enough, but welcome */
		if (!*varies)
			most = http_coding(&req->head, "identity") - 1;
		*varies = 1;
		weight = http_coding(&req->head, name);
		if (weight <= most || weight <= 0 || stat_cache_open(con->srv,
		    e, request_conf(req)) == NULL) {
			stat_cache_drop(e);
			continue;
		}
		if (best != NULL)
			stat_cache_drop(best);
		best = e;
		most = weight;
		coding = name;
	}
	if (!*varies && list->n == CODINGS)
		req->entry->alone = con->srv->refreshed;
	if (best != NULL) {
		stat_cache_drop(req->entry);
		req->entry = best;
	}
	return coding;
}
