/*
 * gw.h - backends, a conversation with one, and what a protocol supplies.
 *
 * The gateway modules (cgi, fastcgi, scgi, proxy) are thin: a table of keys
 * and a struct gw_protocol. Whom to ask, connecting, sending, receiving, time
 * and failure are the same for all of them, and are here.
 *
 *   request -> gw_start -> (its body) -> backend -> begin, body -> out -> fd
 *   response <- gw_reply <- take <- in <- fd
 */
#ifndef GW_H
#define GW_H

#include "plugin.h"

/* ---- gw_host.c: backends, as the configuration has them ----------------- */

enum gw_balance {
	GW_LEAST_CONNECTION, GW_ROUND_ROBIN, GW_HASH, GW_STICKY
};

/* One address that answers. The configuration owns it; what changes while it
 * is used is this process's own. */
struct gw_backend {
	struct gw_host *host;
	const char *name;		/* "127.0.0.1:9000", "unix:/run/x" */
	struct sockaddr *address;	/* NULL: not looked up yet */
	socklen_t address_n;
	unsigned load;			/* conversations it has now */
	int down;			/* failed last, and who tries when
					 * others are there waits ... */
	uint32_t down_until;		/* ... until this tick */
	uint32_t hash;			/* of its name */
	uint32_t used;			/* last chosen at this tick */
	struct gw_idle *idle;		/* connections kept, the last first */
	struct gw_idle *spare;		/* room for others */
	unsigned nidle;
	/* with bin-path */
	pid_t pid;			/* of the process, or 0 */
	int fd;				/* it listens at, ours too; or -1 */
	int foreign;			/* somebody else listens there */
	unsigned starts;		/* since it answered last */
	uint32_t start_at;		/* not before this tick */
};

/* "NAME" => ( "host" => ..., ... ): an entry of fastcgi.server and the like,
 * with one backend, or as many as it has processes. */
struct gw_host {
	const char *label;		/* "NAME", or NULL */
	const char *host;		/* of TCP, or NULL */
	const char *socket;		/* of a unix socket, or NULL */
	int port;
	const char *bin_path;		/* we start it, or NULL */
	const struct conf_list *bin_environment;	/* name => value */
	const struct conf_list *bin_copy_environment;	/* names, or NULL */
	char **argv, **envp;		/* what both come to */
	int min_procs, max_procs;
	int max_load;			/* of one, before there are more */
	int kill_signal;
	int listen_backlog;
	long idle_timeout;		/* seconds; of kept connections, too */
	long connect_timeout, read_timeout, write_timeout;	/* seconds;
							 * 0: none of its own */
	long disable_time;		/* seconds */
	int check_local;
	int authorizer;			/* "mode" => "authorizer" */
	int keep_connection;
	int fix_root_scriptname;
	int broken_scriptfilename;
	int allow_sendfile;		/* x-sendfile */
	int upgrade;
	int local_redirect;		/* a Location that is a path, alone */
	const struct conf_list *sendfile_docroot;	/* or NULL: any */
	const char *docroot;		/* of the backend's machine, or NULL */
	const char *strip_request_uri;
	struct gw_pool *pool;		/* it is in */
	struct gw_backend *backends;
	unsigned nbackends;
};

/* "/prefix" or ".suffix" => ( hosts ). Authorizers, those that need a file and
 * those that do not are rules of their own. */
struct gw_rule {
	struct slice key;
	enum gw_kind {
		GW_AUTHORIZER,		/* may he? */
		GW_REMOTE,		/* needs no file of ours */
		GW_LOCAL
	} kind;				/* of all its hosts */
	struct gw_host *hosts;
	unsigned nhosts;
	struct gw_backend *backends;	/* of all of them */
	unsigned nbackends;
	unsigned next;			/* where the next search begins */
};

/* What a *.server key is made into: lies in the settings. */
struct gw_rules {
	struct gw_rules *next;		/* in the pool */
	size_t n, authorizers;		/* these are the first of them */
	struct gw_rule rules[];
};

/* All that a module has, in whatever condition. */
struct gw_pool {
	struct config *config;
	const struct gw_protocol *protocol;
	struct gw_rules *rules;
	struct gw_stderr *err;		/* of its processes, or NULL */
};

/* Which keys a module has for it, and what it presets. */
struct gw_keys {
	const struct gw_protocol *protocol;	/* unless gw_conf has one */
	const char *server;		/* "fastcgi.server" */
	const char *balance;		/* "fastcgi.balance" */
	int keep_connection;		/* unless the host says otherwise */
	int default_port;		/* of servers elsewhere, that need no
					 * file of ours unless the host says
					 * otherwise; 0: it must be given */
};

/* The settings struct of such a module begins with this. */
struct gw_conf {
	struct gw_rules *rules;		/* *.server */
	const char *balance_word;	/* *.balance */
	const struct conf_list *extensions;	/* *.map-extensions */
	int debug;			/* *.debug */
	const struct gw_protocol *protocol;	/* scgi.protocol's; or NULL */
	struct gw_pool *pool;		/* no key: gw_hosts_check's */
};
/* Four rows of its key table, for the keys of PREFIX. */
#define GW_KEYS(prefix) \
	{ prefix ".server", CONF_MAP, CONF_REQUEST, \
	  offsetof(struct gw_conf, rules), NULL, 0, 0 }, \
	{ prefix ".balance", CONF_STRING, CONF_REQUEST, \
	  offsetof(struct gw_conf, balance_word), NULL, 0, 0 }, \
	{ prefix ".map-extensions", CONF_TEXTS, CONF_REQUEST, \
	  offsetof(struct gw_conf, extensions), NULL, 0, 0 }, \
	{ prefix ".debug", CONF_SHORT, CONF_REQUEST, \
	  offsetof(struct gw_conf, debug), NULL, 0, 0 }

/* For set_defaults: checks all values of these keys and makes rules of them.
 * Returns 0, or -1 after a message for each fault. */
int gw_hosts_check(struct plugin_self *self, const struct gw_keys *keys);

/* ---- gw_match.c: which rule --------------------------------------------- */

/* The rule for the request. kind: what is asked for now. GW_REMOTE: the path is
 * known; GW_AUTHORIZER: the file, too; GW_LOCAL: and all may ask for it. In the
 * first two cases an authorizer comes first. Sets *script_n: so many bytes of
 * req->path are the script's name, the rest its PATH_INFO. NULL when there is
 * none. */
struct gw_rule *gw_match(struct plugin_self *self, struct connection *con,
    enum gw_kind kind, size_t *script_n);

/* ---- gw_balance.c: which backend ---------------------------------------- */

struct gw;

/* What a word of *.balance means: an enum gw_balance, or -1. */
int gw_balance_of(const char *word);
/* The backend to try now, by the balance of its rule; not one of those tried
 * before as long as there are others. NULL: all are down. */
struct gw_backend *gw_choose(struct gw *gw);
/* It could not be reached, or gave nonsense: nobody tries it for a while. */
void gw_backend_failed(struct gw *gw);
/* It answered. */
void gw_backend_works(struct gw *gw);
/* A socket, connected and not used for a while, that is the caller's now, and
 * still registered (want IN): he says fdevent_hand. Or -1. */
int gw_idle_take(struct server *srv, struct gw_backend *backend);
/* Keeps fd, which is registered, for the next one, if there is room; it is
 * owned in any case. */
void gw_idle_keep(struct server *srv, struct gw_backend *backend, int fd);
/* Closes those that nobody used since before tick. */
void gw_idle_close(struct server *srv, struct gw_backend *backend,
    uint32_t tick);

/* ---- gw_spawn.c: backends that we start --------------------------------- */

/* For worker_init, handle_trigger, handle_waitpid and free of a module with
 * gw_conf: starts min-procs of those with bin-path, unless somebody listens
 * there already; starts them again when they died, later and later; ends them.
 * Idle connections of all backends age here, too. */
int gw_spawn_start(struct plugin_self *self, struct server *srv);
void gw_spawn_trigger(struct plugin_self *self, struct server *srv);
void gw_spawn_died(struct plugin_self *self, struct server *srv, pid_t pid,
    int status);
void gw_spawn_free(struct plugin_self *self, struct server *srv);
/* Makes argv and envp of what host says. Returns 0, or -1: no memory. */
int gw_spawn_prepare(struct gw_host *host);
/* All that run are busy: one more, started now; or NULL. */
struct gw_backend *gw_spawn_more(struct server *srv, struct gw_host *host);

/* ---- gw_child.c: processes of ours -------------------------------------- */

/* Where what they write to their standard error goes: into the error log,
 * escaped, line by line. One pipe for all of a process that serves. */
struct gw_stderr;
int gw_stderr_open(struct server *srv, struct gw_stderr **e);	/* 0 or -1 */
int gw_stderr_fd(const struct gw_stderr *e);	/* for a child */
/* Each second: a line without end has waited long enough. NULL is fine. */
void gw_stderr_flush(struct gw_stderr *e);
void gw_stderr_close(struct server *srv, struct gw_stderr *e);

/* Ends a process and all of its group: by SIGTERM (or another signal), and who
 * is still there some seconds later, by SIGKILL. Whoever reaps says
 * gw_child_died. */
void gw_child_end(struct server *srv, pid_t pid, int signal);
void gw_child_died(struct server *srv, pid_t pid);
/* Each second: SIGKILL for those that are late. At the end of the server, for
 * all of them. */
void gw_child_trigger(struct server *srv);
void gw_child_end_all(struct server *srv);

/* ---- gw_env.c: the CGI variables of a request (RFC 3875) ---------------- */

/* Appends "NAME=value", each with a NUL behind it, for all variables of gw's
 * request: nothing of our own environment. Without memory env->failed is set.
 */
void gw_env(struct gw *gw, struct buf *env);
/* Takes the next variable off env, from *at on. Returns 0 behind the last. */
int gw_env_next(const struct buf *env, size_t *at, struct slice *name,
    struct slice *value);

/* ---- gw_map.c: hosts and paths that have another name over there --------- */

/* What "proxy.header" is made into. */
enum {
	GW_MAP_PATH, GW_MAP_REQUEST, GW_MAP_REPLY, GW_MAP_LISTS,
	GW_MAP_UPGRADE = GW_MAP_LISTS, GW_MAP_HTTPS, GW_MAP_CONNECT,
	GW_MAP_WORDS
};
struct gw_names {
	const struct conf_list *list[GW_MAP_LISTS];	/* name => name; or
							 * NULL */
	int is[GW_MAP_WORDS];
};

/* The names of one request. */
struct gw_map {
	const struct gw_names *names;
	struct slice client;		/* the host, as the client has it */
	struct slice asked;		/* ... and as we ask for it */
	int https;			/* http: in a reply is https: here */
};

/* A conf_each_fn for struct gw_names; its context is a struct config. */
conf_each_fn gw_names_read;
/* Sets map->asked by all the others. */
void gw_map_ask(struct gw_map *map);
/* Append what a path, a URI or a path, and the value of Set-Cookie are on the
 * other side: reply 1, for the client; 0, for the backend. */
void gw_map_path(const struct gw_map *map, struct slice path, int reply,
    struct buf *out);
void gw_map_uri(const struct gw_map *map, struct slice uri, int reply,
    struct buf *out);
void gw_map_cookie(const struct gw_map *map, struct slice cookie,
    struct buf *out);

/* ---- gw_reply.c: the head of a reply becomes our response --------------- */

/* gw->reply is complete: sets the request's status, fields, framing, length,
 * and gw->rest and tunnel. What it may come to: VERDICT_FINISHED, answer with
 * that (req->entry is a file that is the body; or gw is gone: an error page);
 * VERDICT_COMEBACK, another URL answers (a local redirect, or an authorizer
 * that let it in); VERDICT_ERROR, it makes no sense: 502. gw->why says what was
 * wrong. */
enum verdict gw_reply(struct gw *gw);

/* ---- a conversation ----------------------------------------------------- */

enum gw_state {
	GW_BODY,		/* the request's body is awaited */
	GW_CONNECT,		/* with gw->fd, or as soon as there is one */
	GW_TALK			/* the request goes out, the reply comes in */
};

/* What a protocol supplies. */
struct gw_protocol {
	const char *name;		/* "fastcgi", for messages */
	enum http_reply_kind reply;	/* how its replies begin */
	int needs_length;		/* of the body, before it begins */
	/* Sets gw->fd and gw->send_fd, non-blocking, not registered. NULL: a
	 * socket is connected to gw->backend. FINISHED: it did. WAIT_FOR_EVENT:
	 * it has to wait, and wakes gw->con. ERROR: 500 (or gw->status, if that
	 * is set), and gw->why says why. */
	enum verdict (*connect)(struct gw *gw);
	/* Appends what comes before the body to gw->out.mem. Returns 0, or -1:
	 * then gw->status and gw->why are set. NULL: nothing. */
	int (*begin)(struct gw *gw);
	/* Appends what stands in front of n bytes of the body (0: its end).
	 * NULL: nothing does. */
	void (*frame)(struct gw *gw, size_t n);
	size_t frame_most;		/* bytes in a frame; 0: no limit */
	/* Takes some of gw->in from gw->in_at on, and moves that: data is the
	 * part of it that belongs to the reply. HTTP_DONE: that was all of it;
	 * HTTP_MORE with nothing taken: needs more bytes, of which there will
	 * be none if gw->eof; HTTP_REFUSED: nonsense, gw->why. What the head of
	 * the reply did not need is given back by moving gw->in_at back and
	 * adding to gw->left. NULL: all bytes up to the end of file. */
	enum http_verdict (*take)(struct gw *gw, struct slice *data);
	/* gw->reply is complete, before gw_reply looks at it. May be NULL.
	 * Returns 0, or -1: nonsense. */
	int (*replied)(struct gw *gw);
	/* Appends a field's value of the reply as the client is to see it.
	 * NULL: as it is. name is as sent. */
	void (*map)(struct gw *gw, struct slice name, struct slice value,
	    struct buf *out);
	/* The conversation is over: gw->fd is closed or kept afterwards. May be
	 * NULL. */
	void (*close)(struct gw *gw);
};

/* A request and who answers it; the request's handler_data. */
struct gw {
	struct connection *con;
	struct plugin_self *self;
	const struct gw_protocol *protocol;
	const struct gw_host *host;	/* how; CGI has one, too */
	struct gw_rule *rule;		/* NULL: CGI */
	struct gw_backend *backend;	/* NULL: none yet, or CGI */
	enum gw_state state;
	size_t script_n;		/* bytes of req->path in front of
					 * PATH_INFO */
	int64_t length;			/* of the request's body; -1: chunked,
					 * and not known yet */
	int status;			/* to answer with if it fails */
	const char *why;		/* ... and what to log */
	int fd, send_fd;		/* to the backend, the same for a
					 * socket; or -1 */
	pid_t pid;			/* of CGI, or 0 */
	unsigned tries;			/* backends tried */
	unsigned woken : 1;		/* an event came that nobody saw to */
	unsigned reused : 1;		/* fd was idle before */
	unsigned begun : 1;		/* bytes of the request were sent */
	unsigned sent : 1;		/* all of it is in out */
	unsigned drained : 1;		/* the last read took all there was */
	unsigned eof : 1;		/* nothing will come any more */
	unsigned replied : 1;		/* the head of the reply is there */
	unsigned done : 1;		/* the reply is complete */
	unsigned keep : 1;		/* fd is good for another request */
	unsigned upgrade : 1;		/* the backend was asked for 101 */
	unsigned tunnel : 1;		/* 101: bytes both ways */
	unsigned plain : 1;		/* take would give all bytes of the
					 * body as they are */
	unsigned held : 1;		/* the answer waits for more */
	uint32_t held_since;		/* ... since this tick */
	int64_t file_at;		/* sent of the request's body, if that
					 * is in a file */
	struct queue out;		/* to the backend */
	struct buf in;			/* from it, from in_at on */
	size_t in_at;
	struct buf head;		/* of the reply, as far as known */
	size_t interim;			/* bytes of those before it: 1xx */
	struct http_reply reply;	/* borrows from head */
	struct buf early;		/* of the reply's body, held back */
	struct http_body body;		/* of the reply: mod_proxy's */
	size_t left;			/* of a record: mod_fastcgi's */
	size_t pad;			/* behind it */
	unsigned frames;		/* the protocol's own count */
	int64_t rest;			/* of a reply with a length, else -1 */
	void *data;			/* the protocol's own */
};

/* ---- gw_io.c: bytes to and from a backend ------------------------------- */

enum { GW_HOLD_SECONDS = 1 };	/* an answer is held back for this long */
/* What the registry calls. */
fdevent_fn gw_on_event;
/* Has the registry watch gw->fd and gw->send_fd. Returns 0, or -1 and errno:
 * they are closed. */
int gw_add_fds(struct gw *gw);
void gw_drop_fds(struct gw *gw);
/* Waits until more can be sent; and for more of the reply, if there is room for
 * that. Returns 0, or -1: that cannot be watched. */
int gw_watch(struct gw *gw, int room);
/* Sends what it can. Returns as conn_receive, or 502: gw->why. */
int gw_push(struct gw *gw);
/* The next bytes of the reply, decoded. HTTP_DONE: it is complete; HTTP_MORE
 * and none: they have to be waited for; HTTP_REFUSED: gw->why. */
enum http_verdict gw_next_raw(struct gw *gw, struct slice *data);
/* The same of its body: when the reply has a length, no more and no less than
 * that. */
enum http_verdict gw_next(struct gw *gw, struct slice *data);
/* Reads some of it, if it is plain, to where it is sent from. Returns how many
 * bytes; 0: gw_next knows more. */
size_t gw_pour(struct gw *gw);

/* ---- gw_life.c: how it begins and ends ---------------------------------- */

/* The hooks handle_remote, handle_file and handle_start of modules with
 * gw_conf: they claim the request if a rule is for it. */
plugin_hook_fn gw_remote, gw_file, gw_start;

/* Claims the request in any case, for a host without backends: CGI. */
enum verdict gw_claim_host(struct plugin_self *self, struct connection *con,
    const struct gw_protocol *protocol, const struct gw_host *host,
    size_t script_n);
/* Logs what is wrong, with the backend's name. */
void gw_tell(const struct gw *gw, const char *what);
/* Lets go of the backend, and keeps the connection if it is good for more. */
void gw_leave(struct gw *gw);
/* Logs why (unless NULL) and answers with an error: gw is gone then. Returns
 * VERDICT_FINISHED. */
enum verdict gw_fail(struct gw *gw, int status, const char *why);
/* The same for an answer that has begun: the client will see that it is not
 * complete. Returns VERDICT_ERROR. */
enum verdict gw_cut(struct gw *gw, const char *why);

/* ---- gw.c: one conversation --------------------------------------------- */

/* The hooks handle_exchange, handle_body and handle_release of them all. */
plugin_hook_fn gw_exchange, gw_body;
plugin_note_fn gw_release;
/* In the struct plugin of a module with gw_conf: all hooks but set_defaults. */
#define GW_HOOKS \
	.worker_init = gw_spawn_start, \
	.free = gw_spawn_free, \
	.handle_remote = gw_remote, \
	.handle_file = gw_file, \
	.handle_start = gw_start, \
	.handle_exchange = gw_exchange, \
	.handle_body = gw_body, \
	.handle_release = gw_release, \
	.handle_trigger = gw_spawn_trigger, \
	.handle_waitpid = gw_spawn_died

#endif
