/*
 * stat_cache.c - what we know about a path: descriptor or bytes, type,
 * validators; bounded, aged.
 *
 * Asked by conn_route.c and the modules for every request. An entry is held
 * against the disk at most once a second, and replaced, never changed, when
 * the file did: a response that began with the old one ends with it. Misses
 * are kept as well. What nobody asked for lately goes first.
 */
#include <sys/stat.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "server.h"

enum {
	CACHE_ENTRIES = 16384,
	CACHE_BYTES = 16 << 20,		/* contents, heads and entries */
	CACHE_SMALL = 16 << 10,		/* above, sendfile is cheaper */
	CACHE_SECONDS = 30		/* unused for so long: forgotten */
};

struct stat_cache {
	uint64_t seed;			/* of the hash: nobody can guess it */
	size_t entries, bytes;
	int fds, max_fds;		/* descriptors in entries */
	struct stat_entry age;		/* its newer is the oldest of all, its
					 * older the newest: a circle */
	struct stat_entry *bucket[CACHE_ENTRIES];	/* most are never
					 * touched, so they take no memory */
};

struct stat_cache *
stat_cache_new(int max_fds)
{
	struct stat_cache *cache = calloc(1, sizeof(*cache));

	if (cache != NULL) {
		cache->max_fds = max_fds;
		cache->seed = sys_random();
		cache->age.newer = cache->age.older = &cache->age;
	}
	return cache;
}

static size_t
weight(const struct stat_entry *e)
{
	return sizeof(*e) + e->path_n + e->head_n
	    + (e->file != NULL ? sizeof(*e->file) + e->file->size : 0);
}

static void
release(struct stat_entry *e)
{
	if (e->file != NULL)
		file_drop(e->file);
	free(e->head);
	free(e);
}

static void
unlink_age(struct stat_entry *e)
{
	e->newer->older = e->older;
	e->older->newer = e->newer;
}

static void
link_newest(struct stat_cache *cache, struct stat_entry *e)
{
	e->newer = &cache->age;
	e->older = cache->age.older;
	e->older->newer = e->newer->older = e;
}

/* The cache forgets e; those who hold it may go on using it. */
static void
forget(struct stat_cache *cache, struct stat_entry *e)
{
	struct stat_entry **at = cache->bucket + e->hash % CACHE_ENTRIES;

	while (*at != e)
		at = &(*at)->chain;
	*at = e->chain;
	unlink_age(e);
	cache->entries--;
	cache->bytes -= weight(e);
	if (e->file != NULL && e->file->fd != -1)
		cache->fds--;
	e->cached = 0;
	if (e->refs == 0)
		release(e);
}

void
stat_cache_free(struct stat_cache *cache)
{
	if (cache == NULL)
		return;
	stat_cache_clear(cache);
	free(cache);
}

/* Eight bytes at a time: a path is hashed for every request. */
static uint32_t
hash_path(uint64_t h, const char *p, size_t n)
{
	uint64_t word;

	for (; n >= 8; p += 8, n -= 8) {
		memcpy(&word, p, 8);
		h = (h ^ word) * 0x9e3779b97f4a7c15u;
		h ^= h >> 32;
	}
	for (; n > 0; p++, n--)
		h = (h ^ (unsigned char)*p) * 0x9e3779b97f4a7c15u;
	return (uint32_t)(h ^ h >> 32);
}

/* Is there a symbolic link in path behind the first skip bytes? */
static int
has_link(const char *path, size_t skip)
{
	size_t n = strlen(path);
	char part[4096];
	struct stat st;

	if (n >= sizeof(part))
		return 1;
	while (skip < n) {
		skip += 1 + strcspn(path + skip + 1, "/");
		snprintf(part, sizeof(part), "%.*s", (int)skip, path);
		if (lstat(part, &st) == 0 && S_ISLNK(st.st_mode))
			return 1;
	}
	return 0;
}

/* Does path, with all links followed, lie in root? */
static int
is_inside(const char *path, const char *root)
{
	char *real = sys_realpath(path), *real_root = sys_realpath(root);
	size_t n = real_root == NULL ? 0 : strlen(real_root);
	int inside;

	n -= n == 1;			/* "/" */
	inside = real != NULL && real_root != NULL
	    && strncmp(real, real_root, n) == 0
	    && (real[n] == '/' || real[n] == '\0');
	free(real);
	free(real_root);
	return inside;
}

/* stat(2) with our policy about links. Returns 0, or an errno. */
static int
look(const char *path, const struct core_conf *core, struct stat *st)
{
	size_t root_n = strlen(core->document_root);

	if (stat(path, st) == -1)
		return errno;
	if (strncmp(path, core->document_root, root_n) != 0)
		root_n = 0;
	return (!core->follow_symlink && has_link(path, root_n))
	    || (core->symlink_inside && !is_inside(path, core->document_root))
	    ? EPERM : 0;
}

static int
is_same(const struct stat_entry *e, const struct stat *st)
{
	return e->inode == (uint64_t)st->st_ino
	    && e->device == (uint64_t)st->st_dev && e->size == st->st_size
	    && e->mode == st->st_mode && e->modified == st->st_mtim.tv_sec
	    && e->modified_ns == st->st_mtim.tv_nsec;
}

/* Makes room for n bytes and one entry more. */
static void
evict(struct stat_cache *cache, size_t n)
{
	while (cache->entries > 0 && (cache->entries >= CACHE_ENTRIES
	    || cache->bytes + n > CACHE_BYTES))
		forget(cache, cache->age.newer);
}

static struct stat_entry *
add(struct server *srv, const char *path, size_t n, uint32_t hash,
    const struct stat *st, int error)
{
	struct stat_cache *cache = srv->cache;
	struct stat_entry **at = cache->bucket + hash % CACHE_ENTRIES, *e;

	e = calloc(1, sizeof(*e) + n + 1);
	if (e == NULL)
		return NULL;
	e->path = memcpy(e + 1, path, n);
	e->path_n = n;
	e->hash = hash;
	e->error = error;
	e->used = srv->tick;
	if (error == 0) {
		e->mode = st->st_mode;
		e->size = st->st_size;
		e->inode = (uint64_t)st->st_ino;
		e->device = (uint64_t)st->st_dev;
		e->modified = st->st_mtim.tv_sec;
		e->modified_ns = st->st_mtim.tv_nsec;
	}
	evict(cache, weight(e));
	e->chain = *at;
	*at = e;
	link_newest(cache, e);
	e->cached = 1;
	cache->entries++;
	cache->bytes += weight(e);
	return e;
}

struct stat_entry *
stat_cache_get(struct server *srv, const char *path, size_t n,
    const struct core_conf *core)
{
	struct stat_cache *cache = srv->cache;
	uint32_t hash = hash_path(cache->seed, path, n);
	struct stat_entry *e = cache->bucket[hash % CACHE_ENTRIES];
	struct stat st;
	int error;

	while (e != NULL && (e->hash != hash || e->path_n != n
	    || memcmp(e->path, path, n) != 0))
		e = e->chain;
	if (e == NULL || e->checked != srv->refreshed) {
		error = look(path, core, &st);
		/* a file written to in the last moments may have changed again
		 * without a new time stamp: it is read afresh until that is
		 * older */
		if (e != NULL && (error != e->error || (error == 0
		    && (!is_same(e, &st) || e->modified >= srv->now - 2)))) {
			forget(cache, e);
			e = NULL;
		}
		if (e == NULL)
			e = add(srv, path, n, hash, &st, error);
		if (e == NULL)
			return NULL;
		e->checked = srv->refreshed;
	}
	if (e->used != srv->tick) {
		e->used = srv->tick;
		unlink_age(e);
		link_newest(cache, e);
	}
	e->refs++;
	return e;
}

void
stat_cache_drop(struct stat_entry *e)
{
	if (--e->refs == 0 && !e->cached)
		release(e);
}

/* Lets the descriptor of the entry least lately used go. */
static void
spare_fd(struct stat_cache *cache)
{
	struct stat_entry *e = cache->age.newer;

	while (e != &cache->age && (e->file == NULL || e->file->fd == -1))
		e = e->newer;
	if (e != &cache->age)
		forget(cache, e);
}

/* Whoever asks next looks at the disk again. */
static struct file *
stale(const struct server *srv, struct stat_entry *e)
{
	e->checked = srv->refreshed - 1;
	errno = ESTALE;
	return NULL;
}

/* Opens it; better no file is kept open than that this one cannot be. */
static int
open_content(struct server *srv, const struct stat_entry *e,
    const struct core_conf *core)
{
	int flags = O_RDONLY | O_NONBLOCK
	    | (core->follow_symlink ? 0 : O_NOFOLLOW);
	int fd = sys_open(e->path, flags, 0);

	while (fd == -1 && (errno == EMFILE || errno == ENFILE)
	    && srv->cache->fds > 0) {
		spare_fd(srv->cache);
		fd = sys_open(e->path, flags, 0);
	}
	return fd;
}

static struct file *
load(struct server *srv, struct stat_entry *e, const struct core_conf *core)
{
	struct stat_cache *cache = srv->cache;
	int is_small = e->size <= CACHE_SMALL, fd, error;
	size_t n = is_small ? (size_t)e->size : 2 * FILE_SAMPLE;
	struct file *f;
	struct stat st;
	ssize_t got;

	fd = open_content(srv, e, core);
	if (fd == -1)
		return NULL;
	f = file_new(n);
	got = f == NULL ? -1 : read(fd, f->bytes, is_small ? n : FILE_SAMPLE);
	if (got == FILE_SAMPLE && !is_small)
		got += pread(fd, f->bytes + FILE_SAMPLE, FILE_SAMPLE,
		    e->size - FILE_SAMPLE);
	/* a folder or a FIFO has just come in its place: it is stale */
	error = got == -1 && errno != EISDIR && errno != EAGAIN ? errno : 0;
	/* written to while we read: neither the old nor the new version */
	if (error != 0 || got != (ssize_t)n || fstat(fd, &st) == -1
	    || !is_same(e, &st))
		goto failed;
	if (is_small)
		close(fd);
	else
		file_own(f, fd, &st, &srv->open_files);
	evict(cache, f->size);		/* perhaps e itself: it is held */
	if (!is_small && cache->fds >= cache->max_fds)
		spare_fd(cache);
	e->file = f;
	if (e->cached) {
		cache->bytes += sizeof(*f) + f->size;
		cache->fds += !is_small;
	}
	return f;
failed:
	if (f != NULL)
		file_drop(f);
	close(fd);
	if (error == 0)
		return stale(srv, e);
	errno = error;
	return NULL;
}

struct file *
stat_cache_open(struct server *srv, struct stat_entry *e,
    const struct core_conf *core)
{
	struct stat st;

	if (e->file == NULL)
		return load(srv, e, core);
	if (e->file->fd == -1 || e->turn == srv->turn)
		return e->file;
	/* its bytes may be others than a moment ago */
	if (fstat(e->file->fd, &st) == -1 || !is_same(e, &st))
		return stale(srv, e);
	e->turn = srv->turn;
	return e->file;
}

int
stat_cache_head(struct server *srv, struct stat_entry *e,
    const void *head_for, const struct buf *head, struct slice etag,
    struct slice type)
{
	char *copy = malloc(head->n + 1);

	if (copy == NULL || head->failed) {
		free(copy);
		return -1;
	}
	memcpy(copy, head->p, head->n);
	if (e->cached)
		srv->cache->bytes += head->n - e->head_n;
	free(e->head);
	e->head = copy;
	e->head_n = head->n;
	e->head_for = head_for;
	e->etag = (struct slice){ copy + (etag.p - head->p), etag.n };
	e->type = (struct slice){ copy + (type.p - head->p), type.n };
	return 0;
}

void
stat_cache_clear(struct stat_cache *cache)
{
	while (cache->entries > 0)
		forget(cache, cache->age.newer);
}

void
stat_cache_age(struct stat_cache *cache, uint32_t tick)
{
	while (cache->entries > 0
	    && tick - cache->age.newer->used > CACHE_SECONDS)
		forget(cache, cache->age.newer);
}
