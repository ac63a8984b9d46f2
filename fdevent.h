/*
 * fdevent.h - the event vtable, and the registry of who waits for what.
 *
 * A backend knows only the kernel: interest in, (descriptor, events) out.
 * The registry knows whom to call. Neither knows what a connection is.
 */
#ifndef FDEVENT_H
#define FDEVENT_H

#include <poll.h>

#include "sys.h"

/* Events, with the numbers of poll(2) and epoll(7). Others may be reported
 * (select cannot tell an error or a hang-up), but carry no news: a handler
 * tries to read or write and believes the answer. */
enum {
	FDEVENT_IN = POLLIN,
	FDEVENT_OUT = POLLOUT,
	FDEVENT_SHARED = 1 << 28	/* wanted: other processes have it, too;
					 * the kernel should wake but one */
};

enum { FDEVENT_BATCH = 512 };	/* events taken from the kernel at once */

struct fdevents;

/* One way to ask the kernel. All return 0, or -1 and errno. */
struct fdevent_ops {
	const char *name;
	int max_fds;			/* most it can watch; 0: no limit */
	int close_forgets;		/* close(2) ends its interest, too */
	size_t size;			/* of ev->data, zeroed before open */
	int (*open)(struct fdevents *ev);	/* NULL: nothing to do */
	/* Watches fd for want, which changed (IN, OUT, SHARED); 0 forgets it.
	 * The registry still holds the old interest. */
	int (*set)(struct fdevents *ev, int fd, int want);
	/* Waits ms milliseconds at most (-1: for ever) and reports by
	 * fdevent_report. A signal ends it: EINTR. */
	int (*wait)(struct fdevents *ev, int ms);
	void (*close)(struct fdevents *ev);	/* or NULL */
};

extern const struct fdevent_ops fdevent_select, fdevent_poll, fdevent_epoll;

/* Told that events happened on a descriptor added with this context. */
typedef void fdevent_fn(void *context, int events);

struct fdevents {
	const struct fdevent_ops *ops;
	void *data;			/* the backend's own */
	struct fdevent {
		fdevent_fn *fn;		/* NULL: nobody waits for it */
		void *context;
		int want;		/* IN, OUT, both or 0 */
		int place;		/* the backend's own */
		int next;		/* behind it in closing */
	} *fds;				/* indexed by descriptor */
	int size;			/* of fds */
	int count;			/* descriptors registered */
	int closing;			/* after the batch; -1 ends the list */
	int nready;
	struct fdevent_ready {
		int fd, events;
	} ready[FDEVENT_BATCH];		/* what fired in this batch */
};

/* The names of all backends built in, best first, NULL behind the last. */
const char *const *fdevent_names(void);
/* The backend called name, NULL for the best one; NULL if there is none. */
const struct fdevent_ops *fdevent_find(const char *name);

struct fdevents *fdevent_new(const struct fdevent_ops *ops);
void fdevent_free(struct fdevents *ev);	/* closes what is registered, too */

/* Registers fd, which now belongs to the registry. want may be 0. Returns 0,
 * or -1 (no memory, or more than the backend can watch: EMFILE); fd is then
 * still the caller's. */
int fdevent_add(struct fdevents *ev, int fd, int want, fdevent_fn *fn,
    void *context);
/* Changes the interest of fd; free when it stays the same. Returns 0 or -1. */
int fdevent_want(struct fdevents *ev, int fd, int want);
/* From now on fn is told of fd. An event of this batch may be older. */
static inline void
fdevent_hand(struct fdevents *ev, int fd, fdevent_fn *fn, void *context)
{
	ev->fds[fd].fn = fn;
	ev->fds[fd].context = context;
}

/* Forgets fd and closes it after the batch, so that its number cannot be used
 * again while an event of the batch still names it. */
void fdevent_del(struct fdevents *ev, int fd);
/* Waits and calls the handlers. Returns 0, or -1 and errno. */
int fdevent_turn(struct fdevents *ev, int ms);

/* For backends: fd has events. Returns 0 when the batch is full. */
int fdevent_report(struct fdevents *ev, int fd, int events);

#endif
