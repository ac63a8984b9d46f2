/*
 * server.h - struct server: what one process shares.
 *
 * The configuration in force, listening sockets, the clock, the cache. The
 * structs first, then one section for each file. Connections: conn.h.
 */
#ifndef SERVER_H
#define SERVER_H

#include "conf.h"
#include "fdevent.h"
#include "http.h"

#define SERVER_VERSION "0.1.0"

/* The core's keys (table: server_conf.c), in conf->settings at offset 0. */
struct core_conf {
	const char *document_root;
	const char *bind;
	int port;
	int listen_backlog;
	const struct conf_list *modules;
	int compat_module_load;
	const char *errorlog;
	int errorlog_use_syslog;
	const char *pid_file;
	const char *username, *groupname, *chroot;
	int max_worker;
	int worker_priority;		/* nice(1)'s */
	const char *worker_affinity;
	int worker_watchdog;
	int graceful_shutdown_timeout;	/* seconds; 0: none */
	long max_fds;
	long max_connections;
	const char *event_handler;
	int core_files;
	long max_request_size;		/* of a body, in KiB; 0: no limit */
	int max_request_field_size;	/* of a head, bytes */
	int max_keep_alive_requests;
	int max_keep_alive_idle;	/* seconds, like the next two */
	int max_read_idle;
	int max_write_idle;
	long connection_kbytes, server_kbytes;	/* a second; 0: no limit */
	int stream_request_body, stream_response_body;
	struct conf_list *upload_dirs;
	int follow_symlink;
	int symlink_inside;		/* zero-config: links must not leave */
	const struct conf_list *parseopts;
	unsigned url_options;		/* what it says, as URL_... */
	const char *tag;
	const char *errorfile_prefix;
	const char *error_handler_404;
	int log_request_header, log_response_header, log_request_handling;
	int log_file_not_found, log_state_engine, log_timeouts;
	int log_condition_handling;
};

struct connection;
struct plugin_self;

/* A place in a circular list, or its head; next is NULL outside of any. */
struct link {
	struct link *next, *prev;
};

static inline void
link_last(struct link *list, struct link *l)
{
	l->next = list;
	l->prev = list->prev;
	l->prev->next = list->prev = l;
}

static inline void
link_out(struct link *l)
{
	l->next->prev = l->prev;
	l->prev->next = l->next;
	l->next = l->prev = NULL;
}

/* A configuration and what was made from it. Counted: the server holds one,
 * and each connection, or worker process, that began under it. */
struct config {
	struct config *next;		/* in srv->configs */
	uint32_t serial;		/* no other has it */
	struct server *srv;
	unsigned refs;
	struct conf *conf;
	const struct core_conf *core;	/* conf's settings, shortly */
	struct plugins *plugins;	/* loaded modules and their hooks */
	struct conf_report report;	/* who hears of its faults */
	int timed;			/* somebody wants request.began */
	struct log errorlog;
	struct log *logs;		/* all its log files, errorlog first */
	struct config_socket {		/* what holds for a listener */
		struct config_socket *next;
		struct conf_merge *merge;
		const void *settings;
		char name[];
	} *sockets;
};

/* What is counted for as long as the server is there. */
enum {
	TALLY_ACCEPTED,			/* clients */
	TALLY_RECEIVED, TALLY_SENT,	/* bytes */
	TALLY_ANSWERED,			/* requests, with a status that is
					 * none, or 1xx to 5xx */
	TALLIES = TALLY_ANSWERED + 6
};
enum { PAST = 60, PAST_SECONDS = 5 };	/* what is remembered of each */

/* What a process tells the master and its siblings, in memory they share. Each
 * writes to its own slot only. Who gets the slot of one that is gone counts on
 * from there: no total ever goes back. */
struct shared_slot {
	volatile uint32_t beat;		/* its tick; 0: it is idle */
	volatile uint32_t throttled;	/* connections that share a rate */
	volatile uint32_t conns;
	volatile uint32_t serves;
	/* from here on it stays when the process is gone */
	volatile uint32_t given;	/* it, or one behind it, was in use;
					 * there is one that never is */
	uint64_t tally[TALLIES];
	uint64_t noted[2];		/* in past: requests, KiB sent */
	struct past {			/* a ring */
		uint32_t when;		/* tick / PAST_SECONDS */
		uint32_t done[2];	/* then */
	} past[PAST];
};

enum { SERVER_SLOTS = 1024 };

/* A rate of bytes, and what of it may be sent at once. */
struct rate {
	uint32_t filled;		/* when, in ms; may wrap */
	uint32_t left;			/* bytes */
};

/* What one process shares. Passed, never global. */
struct server {
	const struct options *opt;	/* the command line */
	struct config *config;		/* what new connections get */
	struct config *configs;		/* all that somebody holds */
	uint32_t serial;		/* of the last one made */
	const struct core_conf *core;	/* config's, shortly */
	struct log *log;		/* config's errorlog, shortly */
	struct log first_log;		/* standard error, before that */
	char *folder;			/* where we were started */
	const struct fdevent_ops *ops;	/* the backend chosen */
	struct fdevents *ev;
	struct timer_wheel wheel;	/* connections, by time-out */
	struct stat_cache *cache;

	time_t now;			/* wall clock, refreshed by the tick */
	uint32_t tick;			/* monotonic seconds, likewise */
	uint32_t started;		/* tick of the start, not of a worker */
	uint32_t refreshed;		/* how often: two ticks may come in a
					 * second when one was held up */
	uint32_t turn;			/* of the event loop */
	size_t turn_bytes;		/* sent in it */
	struct buf stamp;		/* the fields Date and Server */
	struct http_field fields[HTTP_FIELDS_MAX];	/* conn_parse's */
	int ticking;			/* the interval timer is armed */
	int awake;			/* a module wants the next tick, though
					 * nobody is connected */
	struct shared_slot *slot;	/* ours */
	struct shared_slot *slots;	/* all, up to one that is not given */
	struct shared_slot alone[2];	/* they, if there are no others */
	int alive_fd;			/* a byte when ticking begins, or -1 */
	uint32_t idle_since;		/* tick when the last client left */

	struct listener *listeners;
	int shared;			/* another process listens there, too */
	int paused;			/* listeners are out of the event set */
	int starved;			/* errno of an accept, or 0 */
	uint32_t paused_tick;		/* when that was last tried */
	int max_fds;			/* descriptors this process may have */
	int own_fds;			/* open, but neither in ev nor files */
	int open_files;			/* of the cache, and being sent */
	int want_fds;			/* connections in fd_queue */
	uint32_t fd_tick;		/* none to be had from the system */
	int max_conns;
	int conns;			/* connections open */
	uint64_t requests;		/* since the start */

	unsigned uploads;		/* bodies that are received */
	struct gw_child *dying;		/* gw_child.c's: told to end */
	struct link jobs;		/* connections to be run again */
	struct link fd_queue;		/* ... when descriptors are free */
	struct link throttled;		/* ... when they may send again */
	int nthrottled;
	int64_t released;		/* ms, when the last of those were */
	struct rate rate;		/* server.kbytes-per-second */
	uint32_t quota;			/* bytes of it for each of them; 0:
					 * there is no release */
	int spent;			/* somebody got less of it than he
					 * could have sent */
	struct request *free_reqs;
	unsigned nfree_reqs;

	struct process *process;	/* daemon.c's and proc_*.c's: proc.h */
	int stopping;			/* at once */
	int quitting;			/* graceful: no new clients */
	int draining;			/* no new requests, for now or ever */
	uint32_t quit_tick;		/* since when quitting */
};

/* Logs to srv's error log: LOG(srv, "[note] port %d", port). */
#define LOG(srv, ...) log_write((srv)->log, __FILE__, __LINE__, __VA_ARGS__)

/* ---- clock.c: what time it is, and the tick ----------------------------- */

/* Milliseconds on a clock nobody sets. */
int64_t clock_ms(void);
/* Microseconds since 1970, for logs. */
int64_t clock_us(void);
/* Refreshes now, tick and stamp, and arms the interval timer. */
void clock_refresh(struct server *srv);
/* Lets an idle server sleep. */
void clock_stop(struct server *srv);

/* ---- tally.c: what was done, by all processes --------------------------- */

enum {
	TOTAL_UPTIME,			/* seconds */
	TOTAL_WORKERS,
	TOTAL_CONNS, TOTAL_CONNS_MAX,
	TOTAL_TALLIES,
	TOTAL_RECEIVED = TOTAL_TALLIES + TALLY_RECEIVED,
	TOTAL_SENT = TOTAL_TALLIES + TALLY_SENT,
	TOTAL_ANSWERED = TOTAL_TALLIES + TALLY_ANSWERED,
	TOTALS = TOTAL_TALLIES + TALLIES
};

struct totals {
	uintmax_t value[TOTALS];
	uintmax_t answered;		/* whatever the status */
	/* requests, and KiB sent */
	uintmax_t past[2][PAST];	/* the oldest first */
	uintmax_t most[2];		/* of those */
	uintmax_t rate[2];		/* a second, of late */
};

/* Each tick: notes what this process did since the last one. */
void tally_note(struct server *srv);
void tally_sum(struct server *srv, struct totals *t);
/* This process has a slot among others. */
void tally_join(struct server *srv, int slot);
/* The process that had the slot is gone. */
void tally_leave(struct shared_slot *slot);

/* ---- server_conf.c: the core's keys ------------------------------------- */

extern const struct conf_key core_keys[];
/* Reads the configuration that srv->opt names, loads its modules and checks
 * all keys. Faults go to standard error, or to the log once srv serves, one
 * line each. NULL if there were any. */
struct config *config_new(struct server *srv);
/* What a start needs beyond the language: document root, users, folders of
 * logs. Returns 0, or -1 after a message for each fault. */
int config_check(struct config *config);
/* Is there a folder for the log file path? Returns 0, or -1 after a message
 * that names key. */
int config_check_log(struct config *config, const char *key,
    const char *path);
/* path as it is if it is absolute or a command, else in the folder here; lives
 * as long as config. NULL after a message. */
const char *config_absolute(struct config *config, const char *here,
    const char *path);
/* Makes each value of key, a path inside of the chroot, absolute. Returns 0, or
 * -1 after a message. */
int config_absolute_all(struct config *config, const char *key);
/* Says "FILE:LINE:COLUMN: KEY: message", at the place where key was set, and
 * counts it. Returns -1. */
int config_fault(struct config *config, const char *key, const char *format,
    ...) PRINTF_LIKE(3, 4);

/* ---- config.c: configurations in force ---------------------------------- */

struct config *config_hold(struct config *config);
/* The last one to drop it frees it, with its modules and logs. */
void config_drop(struct config *config);
/* From now on new connections get config, whose reference goes to srv. */
void config_use(struct server *srv, struct config *config);
struct listener;
/* The settings for what comes in by l (NULL: not by a socket of ours), as far
 * as they are known before a request. They live as long as config. */
const void *config_for(struct config *config, const struct listener *l);
/* Adds a log file, named by key, that is opened, and opened again, with the
 * others; log->name must live as long as config. */
void config_add_log(struct config *config, struct log *log, const char *key);
/* Opens all its logs, again if they are open; the modules have flushed before.
 * One that cannot be opened goes on as it was. Returns 0, or -1 after a message
 * for each. */
int config_open_logs(struct config *config);

/* ---- net_open.c: which sockets listen ----------------------------------- */

struct listener {
	struct listener *next;
	struct server *srv;
	int fd;				/* the registry's; -1 when closed */
	int burst;			/* clients to accept in a turn */
	unsigned conns;			/* that came from here */
	unsigned registered : 1;
	unsigned wanted : 1;		/* the configuration names it */
	unsigned fresh : 1;		/* opened for one not in force yet */
	unsigned own : 1;		/* nobody gave it to us */
	char *name;			/* "127.0.0.1:80", "unix:/x" */
	char *unix_path;		/* to unlink at the end, or NULL */
	int port;			/* the real one; 0 for unix */
};

/* Takes over n listening sockets from descriptor 3 on (sd_listen_fds(3)); what
 * does not listen is closed, after a message. */
void net_inherit(struct server *srv, int n);
/* Finds or opens what config's server.bind and server.port say, and its
 * $SERVER["socket"], and marks it wanted. Returns 0, or -1 after a message;
 * nothing has changed then. */
int net_open(struct server *srv, struct config *config);
/* Could they be addresses? Asks nobody. Returns 0, or -1 after messages. */
int net_check(struct config *config);

/* ---- net.c: accepting --------------------------------------------------- */

/* Has srv->ev watch all listeners; while paused, that comes later. Returns 0,
 * or -1 after a message. */
int net_register(struct server *srv);
/* Watches them no more: accepts nobody until net_register. */
void net_ignore(struct server *srv);
/* Takes the listeners out of the event set while there are too many
 * connections or descriptors, and puts them back. */
void net_overload(struct server *srv);
/* Descriptors that are open, more or less. */
int net_used(const struct server *srv);
/* Closes what is not wanted any more. */
void net_retire(struct server *srv);
/* Closes what net_open opened for a configuration that was given up. */
void net_cancel(struct server *srv);
/* Accepts those clients that wait, then closes the sockets. */
void net_close(struct server *srv);
/* A connection of l (or of no listener: NULL) is gone; the last one takes a
 * closed l with it. */
void net_drop(struct listener *l);

/* ---- stat_cache.c: what we know about a path ---------------------------- */

struct stat_entry {
	struct stat_entry *chain;	/* in its hash bucket */
	struct stat_entry *newer, *older;	/* by last use */
	unsigned refs;
	uint32_t hash;
	uint32_t checked;		/* refreshed when last compared */
	uint32_t used;			/* tick when last asked for */
	uint32_t turn;			/* when file was last compared */
	uint32_t alone;			/* refreshed when it was last found to
					 * have no precompressed siblings */
	int cached;			/* the cache finds it */
	int error;			/* errno of a path that has no file */
	mode_t mode;
	off_t size;
	time_t modified;
	long modified_ns;
	uint64_t inode, device;
	struct file *file;		/* content; NULL until asked for */
	const char *policy;		/* about links: it was found by */
	const void *head_for;		/* settings head was made with */
	unsigned head_flags;
	char *head;			/* fields of a plain 200, rendered */
	size_t head_n;
	struct slice etag;		/* a part of head */
	size_t path_n;
	const char *path;
};

/* max_fds: descriptors it may keep open. NULL: no memory. */
struct stat_cache *stat_cache_new(int max_fds);
void stat_cache_free(struct stat_cache *cache);
/* What path is, not older than a second; held for the caller. NULL: no
 * memory. entry->error says why there is nothing. */
struct stat_entry *stat_cache_get(struct server *srv, const char *path,
    size_t n, const struct core_conf *core);
void stat_cache_drop(struct stat_entry *e);
/* The content of a regular file: bytes for a small one, else a descriptor.
 * Held by the entry. NULL and errno when it cannot be opened; ESTALE: it has
 * changed meanwhile, get the entry again. One with a descriptor is to be asked
 * for each time. */
struct file *stat_cache_open(struct server *srv, struct stat_entry *e,
    const struct core_conf *core);
/* Keeps a copy of the rendered fields of a plain 200, made for the settings
 * that head_for and head_flags stand for; etag points into head. Returns 0, or
 * -1: no memory. */
int stat_cache_head(struct server *srv, struct stat_entry *e,
    const void *head_for, unsigned head_flags, const struct buf *head,
    struct slice etag);
/* Forgets everything. */
void stat_cache_clear(struct stat_cache *cache);
/* Each second: forgets what was not asked for lately. */
void stat_cache_age(struct stat_cache *cache, uint32_t tick);

#endif
