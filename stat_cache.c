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
	CACHE_ENTRIES = 32768,
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

/* Looks at rest, a path in the folder root, and opens it unless flags is -1,
 * following no link in it: EPERM. Name by name, each in the folder that was
 * just opened, so nobody can put a link between our look and our opening. */
static int
find_below(const char *root, const char *rest, int flags, struct stat *st)
{
	int at = sys_search(AT_FDCWD, root, 1), next, error;
	char name[256];		/* longer ones no system has */
	size_t n;

	while (at != -1) {
		rest += strspn(rest, "/");
		n = strcspn(rest, "/");
		snprintf(name, sizeof(name), "%.*s", (int)n, rest);
		rest += n;
		next = -1;
		if (n >= sizeof(name))
			errno = ENAMETOOLONG;
		else if (fstatat(at, n > 0 ? name : ".", st,
		    AT_SYMLINK_NOFOLLOW) == -1)
			;
		else if (S_ISLNK(st->st_mode))
			errno = EPERM;
		else if (*rest != '\0')
			next = sys_search(at, name, 0);
		else
			next = flags == -1 ? 0 : openat(at, n > 0 ? name : ".",
			    flags | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY);
		error = errno;
		close(at);
		errno = error;
		if (*rest == '\0')
			return next;
		at = next;
	}
	return -1;
}

/* The same for path, wherever its links lead, as long as that is in root. */
static int
find_inside(const char *root, const char *path, int flags, struct stat *st)
{
	char *real = sys_realpath(path);
	char *real_root = real == NULL ? NULL : sys_realpath(root);
	size_t n = real_root == NULL ? 0 : strlen(real_root);
	int result = -1, error = errno;

	n -= n == 1;			/* "/" */
	if (real_root != NULL) {
		error = EPERM;
		if (strncmp(real, real_root, n) == 0
		    && (real[n] == '/' || real[n] == '\0')) {
			result = find_below(real_root, real + n, flags, st);
			error = errno;
		}
	}
	free(real);
	free(real_root);
	errno = error;
	return result;
}

/* stat(2), or open(2) unless flags is -1, with our policy about links. */
static int
find(const char *path, const struct core_conf *core, int flags,
    struct stat *st)
{
	const char *root = core->document_root;
	size_t n = strlen(root);

	if (core->follow_symlink && core->symlink_inside)
		return find_inside(root, path, flags, st);
	if (core->follow_symlink)
		return flags == -1 ? stat(path, st) : sys_open(path, flags, 0);
	if (strncmp(path, root, n) == 0
	    && (root[n - 1] == '/' || path[n] == '/' || path[n] == '\0'))
		return find_below(root, path + n, flags, st);
	errno = EPERM;
	return core->symlink_inside ? -1
	    : find_below("/", path, flags, st);
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

/* What find asks for, as something to compare: where links are told apart by
 * the document root, in and behind it; NULL: they are not. */
static const char *
policy_of(const struct core_conf *core)
{
	if (core->follow_symlink && !core->symlink_inside)
		return NULL;
	return core->document_root + core->follow_symlink;
}

struct stat_entry *
stat_cache_get(struct server *srv, const char *path, size_t n,
    const struct core_conf *core)
{
	struct stat_cache *cache = srv->cache;
	uint32_t hash = hash_path(cache->seed, path, n);
	struct stat_entry *e = cache->bucket[hash % CACHE_ENTRIES];
	const char *policy = policy_of(core);
	struct stat st;
	int error;

	while (e != NULL && (e->hash != hash || e->path_n != n
	    || e->policy != policy || memcmp(e->path, path, n) != 0))
		e = e->chain;
	if (e == NULL || e->checked != srv->refreshed) {
		error = find(path, core, -1, &st) == -1 ? errno : 0;
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
		e->policy = policy;
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
	const int flags = O_RDONLY | O_NONBLOCK;
	struct stat st;
	int fd = find(e->path, core, flags, &st);

	while (fd == -1 && (errno == EMFILE || errno == ENFILE)
	    && srv->cache->fds > 0) {
		spare_fd(srv->cache);
		fd = find(e->path, core, flags, &st);
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
    const void *head_for, unsigned head_flags, const struct buf *head,
    struct slice etag)
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
	e->head_flags = head_flags;
	e->etag = (struct slice){ copy + (etag.p - head->p), etag.n };
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
