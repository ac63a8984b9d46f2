/*
 * mod_tar.c - sends a folder as one archive, streaming.
 *
 * Claims a GET or HEAD of a folder that has no index file, when the query is
 * "tar". The tree is walked while the client takes the bytes, one folder after
 * the other. Open are the folder asked for, one below it and one file; of those
 * still to be visited only names are kept, in bounded memory. Each name is
 * opened in the folder just opened, and no link is followed: whoever changes
 * the tree meanwhile does not lead us out of it. An archive that cannot be
 * whole is cut off, never ended.
 *
 * The format is POSIX's ustar, with a pax header before what does not fit.
 */
#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "plugin.h"

enum {
	BLOCK = 512,
	NAME_MOST = 100,	/* bytes of a name that ustar has room for */
	PATH_MOST = 4096,	/* bytes of a path in the archive */
	TODO_MOST = 1 << 20,	/* bytes of names still to be visited */
	PIECE = 16 * 1024,	/* bytes made at a time */
	PART = 256		/* names looked at in a turn */
};
#define FIELD_MOST INT64_C(077777777777)	/* 8 GiB - 1: eleven digits */
#define FOLDER (O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)

struct tar_conf {
	int tar;
};

static const struct conf_key tar_keys[] = {
	{ "dir-listing.tar", CONF_BOOL, CONF_REQUEST,
	    offsetof(struct tar_conf, tar), NULL, 0, 0 },
	{ .name = NULL }
};

/* One archive on its way; hangs in req->handler_data. */
struct archive {
	int root;		/* the folder asked for */
	DIR *dir;		/* the one that is read, or NULL */
	int file;		/* the one that is sent, or -1 */
	off_t at, size;		/* how far, and what was announced */
	struct buf path;	/* where we are: "NAME/a/b/" */
	size_t top;		/* bytes of "NAME/" */
	struct buf todo;	/* folders to go to from there, the last one
				 * first, each with its NUL; "/": go up */
};

/* ---- the format ---- */

static void
add_zeros(struct buf *b, size_t n)
{
	if (buf_reserve(b, n) == 0) {
		memset(b->p + b->n, 0, n);
		b->n += n;
	}
}

static void
pad(struct buf *b, off_t size)
{
	add_zeros(b, (size_t)(BLOCK - size % BLOCK) % BLOCK);
}

/* What a field of eleven octal digits can say of n. */
static uintmax_t
fit(int64_t n)
{
	return n < 0 ? 0 : (uintmax_t)(n < FIELD_MOST ? n : FIELD_MOST);
}

/* Nothing tells whose the file was. */
static void
add_block(struct buf *b, struct slice name, int type, unsigned mode,
    off_t size, time_t modified)
{
	char h[BLOCK] = "";
	unsigned sum = 0;
	size_t i;

	memcpy(h, name.p, name.n < NAME_MOST ? name.n : NAME_MOST);
	snprintf(h + 100, BLOCK - 100, "%07o%c%07d%c%07d%c%011jo%c%011jo%c"
	    "%8s%c", mode, 0, 0, 0, 0, 0, fit(size), 0, fit(modified), 0, "",
	    type);
	memcpy(h + 257, "ustar\0" "00", 8);
	for (i = 0; i < BLOCK; i++)
		sum += (unsigned char)h[i];
	snprintf(h + 148, 8, "%06o", sum);	/* behind it a space is left */
	buf_add(b, h, BLOCK);
}

/* "LENGTH KEY=VALUE\n": the length counts its own digits as well. */
static void
add_record(struct buf *b, const char *key, struct slice value)
{
	size_t n = strlen(key) + value.n + 3, all = n + 1;

	while (n + (size_t)snprintf(NULL, 0, "%zu", all) != all)
		all++;
	buf_printf(b, "%zu %s=", all, key);
	buf_add(b, value.p, value.n);
	buf_addc(b, '\n');
}

static void
add_header(struct buf *b, const struct buf *path, const struct stat *st)
{
	struct slice name = { path->p, path->n };
	off_t size = S_ISREG(st->st_mode) ? st->st_size : 0;
	struct buf pax = { .n = 0 };
	char number[PUT_NUMBER_SIZE];

	if (path->failed)
		return;
	if (name.n > NAME_MOST)
		add_record(&pax, "path", name);
	if (size > FIELD_MOST)
		add_record(&pax, "size", (struct slice){ number, (size_t)(
		    put_number(number, (uintmax_t)size) - number) });
	if (pax.n > 0) {
		add_block(b, slice_of("pax"), 'x', 0644, (off_t)pax.n, 0);
		buf_add(b, pax.p, pax.n);
		pad(b, (off_t)pax.n);
	}
	b->failed |= pax.failed;
	buf_free(&pax);
	add_block(b, name, S_ISDIR(st->st_mode) ? '5' : '0',
	    st->st_mode & S_IXUSR ? 0755 : 0644, size, st->st_mtime);
}

/* ---- the walk: each step returns 0, or -1: it cannot go on ---- */

/* What cannot be opened is left out, unless it is us who lack something. */
static int
skip(void)
{
	return errno == EMFILE || errno == ENFILE || errno == ENOMEM
	    || errno == EIO ? -1 : 0;
}

/* Opens the folder path ("a/b/", or "") in root. */
static int
open_below(int root, char *path)
{
	int at = openat(root, ".", FOLDER), next, error;
	char *end;

	for (; at != -1 && *path != '\0'; path = end + 1) {
		end = strchr(path, '/');
		*end = '\0';
		next = openat(at, path, FOLDER);
		*end = '/';
		error = errno;
		close(at);
		errno = error;
		at = next;
	}
	return at;
}

/* Goes to the folder that is next, or up. */
static int
go(struct archive *a, struct server *srv, struct buf *b)
{
	struct buf *path = &a->path, *todo = &a->todo;
	struct stat st;
	int fd;

	for (todo->n--; todo->n > 0 && todo->p[todo->n - 1] != '\0'; todo->n--)
		continue;
	if (todo->p[todo->n] == '/') {
		for (path->n--; path->n > 0 && path->p[path->n - 1] != '/'; )
			path->n--;
		return 0;
	}
	buf_printf(path, "%s/", todo->p + todo->n);
	buf_add(todo, "/", 2);
	buf_text(path);
	errno = path->failed || todo->failed ? ENOMEM : ENAMETOOLONG;
	if (errno == ENOMEM || path->n > PATH_MOST)
		return -1;
	fd = open_below(a->root, path->p + a->top);
	a->dir = fd == -1 ? NULL : fdopendir(fd);
	if (a->dir == NULL && fd != -1)
		close(fd);
	if (a->dir == NULL)
		return skip();
	srv->own_fds++;
	if (fstat(fd, &st) == -1)
		return -1;
	add_header(b, path, &st);
	return 0;
}

/* Begins with a file, or keeps in mind a folder, that dir has. */
static int
add_entry(struct archive *a, struct server *srv, struct buf *b,
    const char *name)
{
	size_t folder = a->path.n;
	struct stat st;
	int fd, status;

	if (name[0] == '.')
		return 0;
	if (fstatat(dirfd(a->dir), name, &st, AT_SYMLINK_NOFOLLOW) == -1)
		return skip();
	if (S_ISDIR(st.st_mode)) {
		buf_add(&a->todo, name, strlen(name) + 1);
		errno = ENOMEM;
		return a->todo.failed || a->todo.n > TODO_MOST ? -1 : 0;
	}
	if (!S_ISREG(st.st_mode))
		return 0;
	/* it may be another one by now: never wait for a FIFO */
	fd = openat(dirfd(a->dir), name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK
	    | O_NOCTTY | O_CLOEXEC);
	if (fd == -1)
		return skip();
	status = fstat(fd, &st);
	if (status == -1 || !S_ISREG(st.st_mode)) {
		close(fd);
		return status;
	}
	srv->own_fds++;
	a->file = fd;
	a->at = 0;
	a->size = st.st_size;
	buf_adds(&a->path, name);
	add_header(b, &a->path, &st);
	b->failed |= a->path.failed;
	a->path.n = folder;
	return 0;
}

static int
read_folder(struct archive *a, struct server *srv, struct buf *b)
{
	struct dirent *e;
	int error;

	errno = 0;
	e = readdir(a->dir);
	if (e != NULL)
		return add_entry(a, srv, b, e->d_name);
	error = errno;
	closedir(a->dir);
	a->dir = NULL;
	srv->own_fds--;
	errno = error;
	return error != 0 ? -1 : 0;
}

/* Adds of the file what was announced: one that grew is cut, one that shrank
 * ends in zeros. */
static int
read_file(struct archive *a, struct server *srv, struct buf *b)
{
	off_t left = a->size - a->at;
	ssize_t n = left < PIECE ? (ssize_t)left : PIECE, got;

	if (buf_reserve(b, PIECE) == -1) {
		errno = ENOMEM;
		return -1;
	}
	got = read(a->file, b->p + b->n, (size_t)n);
	if (got == -1)
		return errno == EINTR ? 0 : -1;
	if (got == 0)
		memset(b->p + b->n, 0, (size_t)n);
	else
		n = got;
	b->n += (size_t)n;
	a->at += n;
	if (a->at == a->size) {
		pad(b, a->size);
		close(a->file);
		a->file = -1;
		srv->own_fds--;
	}
	return 0;
}

/* ---- the hooks ---- */

static enum verdict
tar_body(struct plugin_self *self, struct connection *con)
{
	struct archive *a = con->req->handler_data;
	struct server *srv = con->srv;
	struct buf b = { .n = 0 };
	int status = 0, over = 0;
	size_t work;

	(void)self;
	for (work = 0; work < PART && b.n < PIECE && status == 0 && !over;
	    work++) {
		if (a->file != -1) {
			status = read_file(a, srv, &b);
		} else if (a->dir != NULL) {
			status = read_folder(a, srv, &b);
		} else if (a->todo.n > 0) {
			status = go(a, srv, &b);
			work += a->path.n / 8;	/* the deeper, the longer */
		} else {
			add_zeros(&b, 2 * BLOCK);
			over = 1;
		}
	}
	if (status == 0)
		conn_body(con, b.p, b.n);
	else
		LOG(srv, "[error] archive cut off at %s: %s",
		    buf_text(&a->path), strerror(errno));
	con->req->out.mem.failed |= b.failed;
	buf_free(&b);
	if (status == -1)
		return VERDICT_ERROR;
	if (over)
		return VERDICT_FINISHED;
	if (work < PART)
		return VERDICT_GO_ON;
	conn_wake(con);			/* others first */
	return VERDICT_WAIT_FOR_EVENT;
}

static void
tar_release(struct plugin_self *self, struct connection *con)
{
	struct archive *a = con->req->handler_data;

	(void)self;
	con->srv->own_fds -= 1 + (a->dir != NULL) + (a->file != -1);
	close(a->root);
	if (a->dir != NULL)
		closedir(a->dir);
	if (a->file != -1)
		close(a->file);
	buf_free(&a->path);
	buf_free(&a->todo);
	free(a);
}

/* RFC 6266, and RFC 8187 for a name that is more than plain. */
static void
add_fields(struct buf *b, const char *name)
{
	struct buf text = { .n = 0 };
	int plain;

	str_escape_url(&text, slice_of(name));
	plain = text.n == strlen(name);
	buf_printf(b, "Content-Type: application/x-tar\r\n"
	    "X-Content-Type-Options: nosniff\r\n"
	    "Content-Disposition: attachment; filename%s%s.tar%s\r\n",
	    plain ? "=\"" : "*=UTF-8''", buf_text(&text), plain ? "\"" : "");
	b->failed |= text.failed;
	buf_free(&text);
}

static int
is_wanted(const struct request *req)
{
	return req->path.n > 0 && req->path.p[req->path.n - 1] == '/'
	    && req->head.query.p != NULL
	    && slice_eq(req->head.query, slice_of("tar"))
	    && (req->head.method == HTTP_GET || req->head.method == HTTP_HEAD)
	    && req->entry->error == 0 && S_ISDIR(req->entry->mode);
}

/* The folder asked for, if it is still the one that was found; or -1. */
static int
open_folder(struct request *req)
{
	int fd = sys_open(buf_text(&req->file), O_RDONLY | O_DIRECTORY, 0);
	struct stat st;

	if (fd == -1 || (fstat(fd, &st) == 0
	    && (uint64_t)st.st_ino == req->entry->inode
	    && (uint64_t)st.st_dev == req->entry->device))
		return fd;
	close(fd);
	errno = ENOENT;
	return -1;
}

static enum verdict
tar_start(struct plugin_self *self, struct connection *con)
{
	const struct tar_conf *conf = plugin_conf(self, con->req);
	struct request *req = con->req;
	size_t n = req->path.n, from;
	struct archive *a;
	int fd;

	if (!conf->tar || !is_wanted(req))
		return VERDICT_GO_ON;
	fd = open_folder(req);
	if (fd == -1 && (errno == EMFILE || errno == ENFILE))
		return VERDICT_WAIT_FOR_FD;
	a = fd == -1 ? NULL : malloc(sizeof(*a));
	if (a == NULL) {		/* changed, or no memory */
		conn_error(con, errno == EACCES ? 403 : 503);
		if (fd != -1)
			close(fd);
		return VERDICT_FINISHED;
	}
	*a = (struct archive){ .root = fd, .file = -1 };
	req->handler = self;
	req->handler_data = a;
	con->srv->own_fds++;
	for (from = --n; from > 0 && req->path.p[from - 1] != '/'; from--)
		continue;
	if (n > 0)
		buf_add(&a->todo, req->path.p + from, n - from);
	else
		buf_adds(&a->todo, "archive");
	buf_addc(&a->todo, '\0');
	a->top = a->todo.n;
	req->status = 200;
	req->framing = RESPONSE_STREAM;
	if (a->todo.failed)
		conn_error(con, 503);
	else
		add_fields(&req->fields, a->todo.p);
	return VERDICT_FINISHED;
}

const struct plugin mod_tar = {
	.api = PLUGIN_API,
	.name = "mod_tar",
	.version = SERVER_VERSION,
	.keys = tar_keys,
	.conf_size = sizeof(struct tar_conf),
	.handle_start = tar_start,
	.handle_body = tar_body,
	.handle_release = tar_release,
};
