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
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "server.h"

enum {
	CACHE_ENTRIES = 16384,
	CACHE_BYTES = 16 << 20,		/* contents, heads and entries */
	CACHE_SMALL = 16 << 10,		/* above, sendfile is cheaper */
	CACHE_SECONDS = 30,		/* unused for so long: forgotten */
	CACHE_BUCKETS = 256		/* at first */
};

struct stat_cache {
	struct stat_entry **bucket;
	size_t nbuckets;		/* a power of two */
	uint64_t seed;			/* of the hash: nobody can guess it */
	size_t entries, bytes;
	int fds, max_fds;		/* descriptors in entries */
	struct stat_entry *newest, *oldest;
};

struct stat_cache *
stat_cache_new(int max_fds)
{
	struct stat_cache *cache = calloc(1, sizeof(*cache));

	if (cache == NULL)
		return NULL;
	cache->nbuckets = CACHE_BUCKETS;
	cache->max_fds = max_fds;
	cache->seed = sys_random();
	cache->bucket = calloc(CACHE_BUCKETS, sizeof(struct stat_entry *));
	if (cache->bucket != NULL)
		return cache;
	free(cache);
	return NULL;
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
unlink_age(struct stat_cache *cache, struct stat_entry *e)
{
	if (e->newer != NULL)
		e->newer->older = e->older;
	else
		cache->newest = e->older;
	if (e->older != NULL)
		e->older->newer = e->newer;
	else
		cache->oldest = e->newer;
}

static void
link_newest(struct stat_cache *cache, struct stat_entry *e)
{
	e->newer = NULL;
	e->older = cache->newest;
	if (cache->newest != NULL)
		cache->newest->newer = e;
	else
		cache->oldest = e;
	cache->newest = e;
}

/* The cache forgets e; those who hold it may go on using it. */
static void
forget(struct stat_cache *cache, struct stat_entry *e)
{
	struct stat_entry **at = cache->bucket
	    + (e->hash & (cache->nbuckets - 1));

	while (*at != e)
		at = &(*at)->chain;
	*at = e->chain;
	unlink_age(cache, e);
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
	free(cache->bucket);
	free(cache);
}

/* Doubles the buckets; without memory the chains just get longer. */
static void
rehash(struct stat_cache *cache)
{
	size_t n = cache->nbuckets * 2;
	struct stat_entry **bucket = calloc(n, sizeof(*bucket)), **at, *e;

	if (bucket == NULL)
		return;
	for (e = cache->oldest; e != NULL; e = e->newer) {
		at = bucket + (e->hash & (n - 1));
		e->chain = *at;
		*at = e;
	}
	free(cache->bucket);
	cache->bucket = bucket;
	cache->nbuckets = n;
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
	char part[4096];
	size_t n = strlen(path), i;
	struct stat st;

	if (n >= sizeof(part))
		return 1;
	for (i = skip + 1; i <= n; i++) {
		if (path[i] != '/' && path[i] != '\0')
			continue;
		memcpy(part, path, i);
		part[i] = '\0';
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
	int inside = 0;

	if (n > 0 && real_root[n - 1] == '/')
		n--;
	if (real != NULL && real_root != NULL)
		inside = strncmp(real, real_root, n) == 0
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
	if (!core->follow_symlink) {
		if (strncmp(path, core->document_root, root_n) != 0)
			root_n = 0;
		if (has_link(path, root_n))
			return EPERM;
	}
	if (core->symlink_inside && !is_inside(path, core->document_root))
		return EPERM;
	return 0;
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
	while (cache->oldest != NULL && (cache->entries >= CACHE_ENTRIES
	    || cache->bytes + n > CACHE_BYTES))
		forget(cache, cache->oldest);
}

static struct stat_entry *
add(struct server *srv, const char *path, size_t n, uint32_t hash,
    const struct stat *st, int error)
{
	struct stat_cache *cache = srv->cache;
	struct stat_entry **at, *e;

	e = calloc(1, sizeof(*e) + n + 1);
	if (e == NULL)
		return NULL;
	memcpy(e->path, path, n);
	e->path_n = n;
	e->hash = hash;
	e->error = error;
	e->checked = e->used = srv->tick;
	if (error == 0) {
		e->mode = st->st_mode;
		e->size = st->st_size;
		e->inode = (uint64_t)st->st_ino;
		e->device = (uint64_t)st->st_dev;
		e->modified = st->st_mtim.tv_sec;
		e->modified_ns = st->st_mtim.tv_nsec;
	}
	evict(cache, weight(e));
	if (cache->entries >= cache->nbuckets)
		rehash(cache);
	at = cache->bucket + (hash & (cache->nbuckets - 1));
	e->chain = *at;
	*at = e;
	link_newest(cache, e);
	e->cached = 1;
	cache->entries++;
	cache->bytes += weight(e);
	return e;
}

/* Holds e against the disk. Returns it, or NULL when it is no longer true.
 * A file written to in the last moments may have changed again without a new
 * time stamp, so it is read afresh until its time stamp is older. */
static struct stat_entry *
check(struct server *srv, struct stat_entry *e, const struct core_conf *core)
{
	struct stat st;
	int error = look(e->path, core, &st);

	if (error == e->error && (error != 0 || (is_same(e, &st)
	    && e->modified + 2 < srv->now))) {
		e->checked = srv->tick;
		return e;
	}
	forget(srv->cache, e);
	return NULL;
}

struct stat_entry *
stat_cache_get(struct server *srv, const char *path, size_t n,
    const struct core_conf *core)
{
	struct stat_cache *cache = srv->cache;
	uint32_t hash = hash_path(cache->seed, path, n);
	struct stat_entry *e = cache->bucket[hash & (cache->nbuckets - 1)];
	struct stat st;
	int error;

	while (e != NULL && (e->hash != hash || e->path_n != n
	    || memcmp(e->path, path, n) != 0))
		e = e->chain;
	if (e != NULL && e->checked != srv->tick)
		e = check(srv, e, core);
	if (e == NULL) {
		error = look(path, core, &st);
		e = add(srv, path, n, hash, &st, error);
		if (e == NULL)
			return NULL;
	} else if (e->used != srv->tick) {
		e->used = srv->tick;
		unlink_age(cache, e);
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

/* Reads all of a small file. NULL and errno; ESTALE when it changed. */
static struct file *
read_small(struct stat_entry *e, int fd)
{
	struct file *f = file_new((size_t)e->size, -1);
	size_t got = 0;
	struct stat st;
	ssize_t n;

	if (f == NULL)
		return NULL;
	while (got < f->size) {
		n = read(fd, f->bytes + got, f->size - got);
		if (n == -1 && errno == EINTR)
			continue;
		if (n == 0)
			errno = ESTALE;
		if (n <= 0)
			goto failed;
		got += (size_t)n;
	}
	/* written to while we read: neither the old nor the new version */
	errno = ESTALE;
	if (fstat(fd, &st) == -1 || !is_same(e, &st))
		goto failed;
	close(fd);
	return f;
failed:
	file_drop(f);
	return NULL;
}

/* Lets the descriptor of the entry least lately used go. */
static void
spare_fd(struct stat_cache *cache)
{
	struct stat_entry *e = cache->oldest;

	while (e != NULL && (e->file == NULL || e->file->fd == -1))
		e = e->newer;
	if (e != NULL)
		forget(cache, e);
}

struct file *
stat_cache_open(struct server *srv, struct stat_entry *e,
    const struct core_conf *core)
{
	struct stat_cache *cache = srv->cache;
	int flags = O_RDONLY | O_NONBLOCK, fd;
	struct stat st;
	struct file *f;
	int error;

	if (e->file != NULL)
		return e->file;
	fd = sys_open(e->path, flags | (core->follow_symlink ? 0 : O_NOFOLLOW),
	    0);
	if (fd == -1)
		return NULL;
	errno = ESTALE;
	if (fstat(fd, &st) == -1 || !is_same(e, &st))
		goto failed;
	if (e->size <= CACHE_SMALL)
		f = read_small(e, fd);
	else
		f = file_new(0, fd);
	if (f == NULL)
		goto failed;
	if (e->cached) {
		evict(cache, f->size);	/* perhaps e itself: it is held */
		if (f->fd != -1 && cache->fds >= cache->max_fds)
			spare_fd(cache);
	}
	e->file = f;
	if (e->cached) {
		cache->bytes += sizeof(*f) + f->size;
		cache->fds += f->fd != -1;
	}
	return f;
failed:
	error = errno;
	close(fd);
	/* whoever asks next looks at the disk again */
	if (e->cached && error == ESTALE)
		e->checked = srv->tick - 1;
	errno = error;
	return NULL;
}

int
stat_cache_head(struct server *srv, struct stat_entry *e,
    const void *head_for, const struct buf *head, struct slice etag,
    struct slice type)
{
	char *copy = malloc(head->n > 0 ? head->n : 1);

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
	e->etag.n = etag.n;
	e->etag.p = etag.n > 0 ? copy + (etag.p - head->p) : NULL;
	e->type.n = type.n;
	e->type.p = type.n > 0 ? copy + (type.p - head->p) : NULL;
	return 0;
}

void
stat_cache_clear(struct stat_cache *cache)
{
	while (cache->oldest != NULL)
		forget(cache, cache->oldest);
}

int
stat_cache_age(struct stat_cache *cache, uint32_t tick)
{
	while (cache->oldest != NULL
	    && tick - cache->oldest->used > CACHE_SECONDS)
		forget(cache, cache->oldest);
	return cache->entries > 0;
}
