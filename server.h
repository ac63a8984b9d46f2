/*
 * server.h - struct server, struct connection, struct request.
 *
 * The middle of the house: files that include this know what a connection is.
 * The three structs first, then one section for each file.
 */
#ifndef SERVER_H
#define SERVER_H

#include <netinet/in.h>

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
	int follow_symlink;
	int symlink_inside;		/* zero-config: links must not leave */
	const char *tag;
	const char *errorfile_prefix;
	const char *error_handler_404;
	int log_request_header, log_response_header, log_request_handling;
	int log_file_not_found, log_state_engine, log_timeouts;
};

struct connection;
struct plugin_self;

/* A configuration and what was made from it. Counted: the server holds one,
 * and each connection, or worker process, that began under it. */
struct config {
	struct config *next;		/* in srv->configs */
	struct server *srv;
	unsigned refs;
	struct conf *conf;
	const struct core_conf *core;	/* conf's settings, shortly */
	struct plugins *plugins;	/* loaded modules and their hooks */
	struct conf_report report;	/* who hears of its faults */
	struct log errorlog;
	struct log *logs;		/* all its log files, errorlog first */
};

/* What one process shares. Passed, never global. */
struct server {
	const struct options *opt;	/* the command line */
	struct config *config;		/* what new connections get */
	struct config *configs;		/* all that somebody holds */
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
	struct buf stamp;		/* the fields Date and Server */
	int ticking;			/* the interval timer is armed */
	volatile uint32_t *beat;	/* where the master sees tick; 0: idle.
					 * NULL: nobody looks */
	int alive_fd;			/* a byte when ticking begins, or -1 */
	uint32_t idle_since;		/* tick when the last client left */

	struct listener *listeners;
	int shared;			/* another process listens there, too */
	int paused;			/* listeners are out of the event set */
	int starved;			/* accept found no descriptor */
	uint32_t paused_tick;		/* when that was */
	int max_fds;			/* descriptors this process may have */
	int max_conns;
	int conns;			/* connections open */
	uint64_t requests;		/* since the start */

	struct connection *jobs, **jobs_last;	/* to be run again */
	struct request *free_reqs;
	unsigned nfree_reqs;

	struct process *process;	/* daemon.c's and proc_*.c's: proc.h */
	int stopping;			/* at once */
	int quitting;			/* graceful: no new clients */
	int draining;			/* no new requests, for now or ever */
	uint32_t quit_tick;		/* since when quitting */
};

/* States, in the order a connection goes through them. conn.c's table has the
 * function and the time-out of each. */
enum conn_state {
	CONN_REQUEST_START,	/* between requests, nothing read yet */
	CONN_READ_HEAD,		/* a part of a head is here */
	CONN_HANDLE_REQUEST,	/* through the hooks until somebody claims */
	CONN_READ_BODY,		/* an unread body is drained */
	CONN_RESPONSE_START,	/* status and fields go into the queue */
	CONN_WRITE,		/* the queue is sent, the body produced */
	CONN_RESPONSE_END,	/* logged, counted; next request or close */
	CONN_ERROR,		/* the peer is gone: nothing more to say */
	CONN_CLOSE,		/* our side is shut, their bytes are dropped */
	CONN_DEAD		/* recycled after the turn */
};

/* One client. Small, because most of them are idle: all that only a request
 * needs is in struct request, which an idle connection does not have. */
struct connection {
	struct timer timer;		/* the first: see conn_life.c */
	struct server *srv;
	struct request *req;		/* NULL when idle */
	struct connection *next;	/* in srv->jobs */
	struct listener *listener;	/* it came from; NULL for inetd */
	struct config *config;		/* held: what it began under */
	int fd;				/* the registry's, or -1 */
	uint32_t requests;		/* answered here */
	uint8_t state;			/* enum conn_state */
	uint8_t budget;			/* requests it may have this turn */
	unsigned registered : 1;	/* fd is in srv->ev */
	unsigned in_jobs : 1;
	unsigned keep_alive : 1;	/* another request may follow */
	unsigned drained : 1;		/* the last read took all there was */
	unsigned unread : 1;		/* the peer may still send: linger */
	unsigned shut : 1;		/* our FIN was sent */
	unsigned responding : 1;	/* the current response is queued */
	unsigned waiting : 1;		/* for its handler: nothing to send */
	union {
		struct sockaddr sa;
		struct sockaddr_in in;
		struct sockaddr_in6 in6;
	} peer;				/* sa_family AF_UNIX has no more */
};

/* How the length of a response is told (RFC 9112 6). */
enum response_framing {
	RESPONSE_LENGTH,	/* Content-Length: rsp length */
	RESPONSE_STREAM,	/* chunked to 1.1, until close to 1.0 */
	RESPONSE_EMPTY		/* 204, 304: no body, no length */
};

/* One request and its response. Buffers keep their memory over requests. */
struct request {
	struct request *next;		/* in the free list */
	struct buf in;			/* bytes received */
	size_t in_at;			/* those before were dealt with */
	struct http_head head;		/* borrows from in */
	struct http_body body;
	const char *settings;		/* conf's, merged for this request */

	/* Filled by conn_route.c, changed by the hooks. */
	struct buf path;		/* decoded, clean, NUL-terminated */
	struct slice docroot;		/* document root of this request */
	struct buf file;		/* docroot + path, or an alias */
	struct buf fields;		/* "Name: value\r\n" ... */
	struct queue out;

	/* From here on request_reset makes all zero. */
	size_t in_seen;			/* parsed so far without a verdict */
	size_t head_end;		/* in in: where its body began */
	size_t dropped;			/* bytes of its body, framing too */
	int64_t drained;		/* the same, content alone */
	uint64_t bytes_body;		/* queued so far */
	uint64_t bytes_out;		/* with head, chunk lines */
	uint32_t started;		/* tick */
	unsigned route_loops;		/* COMEBACKs, bounded */
	int error_handled;		/* server.error-handler-404 ran */
	void *handler_data;		/* the handler's, for this request */

	/* The answer: from here on request_unanswer does. */
	struct stat_entry *entry;	/* held; what file is, or NULL */
	struct plugin_self *handler;	/* who claimed it, or NULL */
	int status;			/* 0: nobody answered yet */
	enum response_framing framing;
	int64_t length;			/* of the body, for HEAD as well */
	int64_t offset;			/* where it begins in entry's file */
	const char *page;		/* text of a page of ours, else NULL */
	int produced;			/* the whole body is in the queue */
};

/* Which settings of the core hold for this request. */
static inline const struct core_conf *
request_conf(const struct request *req)
{
	return (const struct core_conf *)(const void *)req->settings;
}

/* Logs to srv's error log: LOG(srv, "[note] port %d", port). */
#define LOG(srv, ...) log_write((srv)->log, __FILE__, __LINE__, __VA_ARGS__)

/* ---- clock.c: what time it is, and the tick ----------------------------- */

/* Refreshes now, tick and stamp, and arms the interval timer. */
void clock_refresh(struct server *srv);
/* Lets an idle server sleep. */
void clock_stop(struct server *srv);

/* ---- server_conf.c: the core's keys ------------------------------------- */

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
/* Finds or opens what config's server.bind and server.port say, and marks it
 * wanted. Returns 0, or -1 after a message; nothing has changed then. */
int net_open(struct server *srv, struct config *config);

/* ---- net.c: accepting --------------------------------------------------- */

/* Has srv->ev watch all listeners. Returns 0, or -1 after a message. */
int net_register(struct server *srv);
/* Watches them no more: accepts nobody until net_register. */
void net_ignore(struct server *srv);
/* Takes the listeners out of the event set while there are too many
 * connections or descriptors, and puts them back. */
void net_overload(struct server *srv);
/* Closes what is not wanted any more. */
void net_retire(struct server *srv);
/* Closes what net_open opened for a configuration that was given up. */
void net_cancel(struct server *srv);
/* Accepts those clients that wait, then closes the sockets. */
void net_close(struct server *srv);
/* A connection of l (or of no listener: NULL) is gone; the last one takes a
 * closed l with it. */
void net_drop(struct listener *l);
enum { NET_NAME_SIZE = 48 };
/* A client's address as text without port ("127.0.0.1", "unix"). Returns its
 * length. */
size_t net_peer_name(const struct connection *con, char out[NET_NAME_SIZE]);

/* ---- conn_pool.c: connections and requests, used again ------------------ */

/* Closes what it has and frees it. */
void conn_recycle(struct connection *con);
/* A request whose buffers may have memory, or NULL. */
struct request *request_take(struct server *srv);
/* Takes back what was answered so far: somebody else will. */
void request_unanswer(struct request *req);
/* Makes it ready for the next one of its connection: bytes already received
 * and answers not yet sent stay. */
void request_reset(struct request *req);
/* Puts con's request, reset and with nothing queued, back into the pool. */
void request_give(struct connection *con);
/* The same in the middle of one. */
void request_drop(struct connection *con);
void conn_free_pools(struct server *srv);

/* ---- conn.c: the life of one connection --------------------------------- */

/* Runs a connection from its state until it has to wait. */
void conn_run(struct connection *con);
/* Runs what was woken; each connection once. */
void conn_jobs(struct server *srv);

/* Has the connection run again after this turn: for modules that finish
 * later, so that they never call conn.c. */
static inline void
conn_wake(struct connection *con)
{
	struct server *srv = con->srv;

	if (con->in_jobs)
		return;
	con->in_jobs = 1;
	con->next = NULL;
	*srv->jobs_last = con;
	srv->jobs_last = &con->next;
}

/* ---- conn_life.c: how it begins and how time ends it -------------------- */

/* Takes over fd, non-blocking, and runs it. Returns 0, or -1: no memory; fd
 * was closed. */
int conn_new(struct server *srv, struct listener *listener, int fd,
    const struct sockaddr *peer, socklen_t peer_size);
/* Seconds until it has waited too long as it is now; one more than allowed,
 * for the next tick may be just about to come. */
uint32_t conn_patience(const struct connection *con);
/* A timer of the wheel expired (timer_fn). */
void conn_expire(void *server, struct timer *t);
/* Ends keep-alive: those idle for a while are closed, the others told with
 * their next answer. Or closes all of them. */
void conn_close_idle(struct server *srv);
void conn_close_all(struct server *srv);

/* ---- conn_io.c: bytes in and out ---------------------------------------- */

enum { CONN_READ_LEAST = 1024 };	/* room a read wants to have */
enum conn_io { CONN_IO_GOT, CONN_IO_AGAIN, CONN_IO_GONE };

/* Reads once into req->in. */
enum conn_io conn_read(struct connection *con);
/* Sends the queue: GOT when it is empty, AGAIN when the peer takes no more or
 * has had its share of this turn (then the connection is on the job list). */
enum conn_io conn_send(struct connection *con);
/* Reads and drops a bounded amount; GOT when it was reached. */
enum conn_io conn_discard(struct connection *con);

/* ---- conn_route.c: who answers ------------------------------------------ */

/* Takes the parsed request through the hooks. Afterwards req->status is set
 * and the body queued or produced by req->handler. Returns 0 when the request
 * has to wait (conn_wake goes on), 1 when it is answered. */
int conn_route(struct connection *con);

/* ---- conn_response.c: status, fields and framing ------------------------ */

/* Queues the head of the response; for an error nobody has a body for, the
 * page as well. */
void conn_response(struct connection *con);
/* Answers with an error page (or server.errorfile-prefix's file) of status;
 * drops the fields set before (add Allow or Content-Range afterwards). */
void conn_error(struct connection *con, int status);
/* Answers 301 (or another 3xx) to location, which is escaped already. */
void conn_redirect(struct connection *con, int status, struct slice location);
/* Adds a field to the response; name and value must be clean. */
void conn_field(struct connection *con, const char *name, struct slice value);
/* Gives n bytes of the body, framed as the head says: for handle_body. */
void conn_body(struct connection *con, const void *p, size_t n);
void conn_body_file(struct connection *con, struct file *f, off_t at,
    off_t n);
/* The end of a streamed body. */
void conn_body_end(struct connection *con);

/* ---- stat_cache.c: what we know about a path ---------------------------- */

struct stat_entry {
	struct stat_entry *chain;	/* in its hash bucket */
	struct stat_entry *newer, *older;	/* by last use */
	unsigned refs;
	uint32_t hash;
	uint32_t checked;		/* tick when last compared */
	uint32_t used;			/* tick when last asked for */
	int cached;			/* the cache finds it */
	int error;			/* errno of a path that has no file */
	mode_t mode;
	off_t size;
	time_t modified;
	long modified_ns;
	uint64_t inode, device;
	struct file *file;		/* content; NULL until asked for */
	const void *head_for;		/* settings head was made with */
	char *head;			/* fields of a plain 200, rendered */
	size_t head_n;
	struct slice etag, type;	/* parts of head */
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
 * changed meanwhile, get the entry again. */
struct file *stat_cache_open(struct server *srv, struct stat_entry *e,
    const struct core_conf *core);
/* Keeps a copy of the rendered fields of a plain 200, made for the settings
 * head_for; etag and type point into head. Returns 0, or -1: no memory. */
int stat_cache_head(struct server *srv, struct stat_entry *e,
    const void *head_for, const struct buf *head, struct slice etag,
    struct slice type);
/* Forgets everything. */
void stat_cache_clear(struct stat_cache *cache);
/* Each second: forgets what was not asked for lately. */
void stat_cache_age(struct stat_cache *cache, uint32_t tick);

#endif
