/*
 * gw.h - backends, a conversation with one, and what a protocol supplies.
 *
 * The gateway modules (cgi, fastcgi, scgi, proxy) are thin: a table of keys
 * and a struct gw_protocol. Whom to ask, connecting, sending, receiving, time
 * and failure are the same for all of them, and are here.
 *
 *   request -> gw_claim -> (its body) -> backend -> begin, body -> out -> fd
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
	struct gw_idle *idle;		/* connections kept, the last first */
	unsigned nidle;
	pid_t pid;			/* of a process of ours, or 0 */
	uint32_t started;		/* tick */
	unsigned deaths;		/* in a row, soon after the start */
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
	int min_procs, max_procs;
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
	const struct conf_list *sendfile_docroot;	/* or NULL: any */
	const char *docroot;		/* of the backend's machine, or NULL */
	const char *strip_request_uri;
	const char *health_check;	/* a path to ask for, or NULL */
	struct gw_backend *backends;
	unsigned nbackends;
};

/* "/prefix" or ".suffix" => ( hosts ). */
struct gw_rule {
	struct slice key;
	struct gw_host *hosts;
	unsigned nhosts;
	unsigned next;			/* for round-robin */
};

/* What a *.server key is made into: lies in the settings. */
struct gw_rules {
	size_t n;
	struct gw_rule rules[];
};

/* Which keys a module has for it, and what it presets. */
struct gw_keys {
	const char *server;		/* "fastcgi.server" */
	const char *balance;		/* "fastcgi.balance" */
	int keep_connection;		/* unless the host says otherwise */
	int default_port;		/* 0: it must be given */
};

/* The settings struct of such a module begins with this. */
struct gw_conf {
	const struct gw_rules *rules;	/* *.server */
	const char *balance_word;	/* *.balance */
	const struct conf_list *extensions;	/* *.map-extensions */
	int debug;			/* *.debug */
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
/* The rule for the request, and which of its hosts are in question: those with
 * check-local (the file is known, then) or those without. Sets *script_n: so
 * many bytes of req->path are the script's name, the rest its PATH_INFO. NULL
 * when there is none. */
struct gw_rule *gw_match(struct plugin_self *self, struct connection *con,
    int check_local, size_t *script_n);

/* ---- gw_balance.c: which backend ---------------------------------------- */

struct gw;

/* The backend to try now, by the balance of its rule; not one of those tried
 * before as long as there are others. NULL: all are down. */
struct gw_backend *gw_choose(struct gw *gw);
/* It could not be reached, or gave nonsense: nobody tries it for a while. */
void gw_backend_failed(struct gw *gw);
/* It answered. */
void gw_backend_works(struct gw *gw);
/* A socket, connected and not used for a while, that is the caller's now, and
 * registered no more; or -1. */
int gw_idle_take(struct server *srv, struct gw_backend *backend);
/* Keeps fd, which is not registered, for the next one, if there is room; it is
 * owned in any case. */
void gw_idle_keep(struct server *srv, struct gw_backend *backend, int fd);

/* ---- gw_spawn.c: backends that we start --------------------------------- */

/* For worker_init, handle_trigger, handle_waitpid and free of a module with
 * gw_conf: starts min-procs of those with bin-path, unless somebody listens
 * there already; starts them again when they died, later and later; ends them.
 */
int gw_spawn_start(struct plugin_self *self, struct server *srv);
void gw_spawn_trigger(struct plugin_self *self, struct server *srv);
void gw_spawn_died(struct plugin_self *self, struct server *srv, pid_t pid,
    int status);
void gw_spawn_free(struct plugin_self *self, struct server *srv);
/* All that run are busy: one more may be started. */
void gw_spawn_more(struct server *srv, struct gw_host *host);

/* ---- gw_child.c: processes of ours -------------------------------------- */

/* Where what they write to their standard error goes: into the error log,
 * escaped, line by line. One pipe for all of a process that serves. */
struct gw_stderr;
int gw_stderr_open(struct server *srv, struct gw_stderr **e);	/* 0 or -1 */
int gw_stderr_fd(const struct gw_stderr *e);	/* for a child */
void gw_stderr_close(struct server *srv, struct gw_stderr *e);

/* Ends a process and all of its group: by SIGTERM (or another signal), and if
 * it is still there some seconds later, by SIGKILL. Whoever reaps says
 * gw_child_died. */
void gw_child_end(struct server *srv, pid_t pid, int signal);
void gw_child_died(struct server *srv, pid_t pid);
/* For handle_trigger: SIGKILL for those that are late. At the end of the
 * server, for all of them. */
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

/* ---- gw_reply.c: the head of a reply becomes our response --------------- */

/* gw->reply is complete: sets the request's status, fields, framing, length.
 * What it may come to: VERDICT_FINISHED, answer with that; VERDICT_COMEBACK,
 * another URL answers (a local redirect, or an authorizer that let it in);
 * VERDICT_ERROR, it makes no sense: 502. gw->why says what was wrong. */
enum verdict gw_reply(struct gw *gw);

/* ---- gw.c: one conversation --------------------------------------------- */

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
	/* Appends a field's value of the reply as the client is to see it; NULL:
	 * as it is. name is as sent. */
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
	unsigned tunnel : 1;		/* 101: bytes both ways */
	unsigned held : 1;		/* the answer waits for more of it */
	struct queue out;		/* to the backend */
	struct buf in;			/* from it, from in_at on */
	size_t in_at;
	struct buf head;		/* of the reply, as far as known */
	struct http_reply reply;	/* borrows from head */
	struct http_body body;		/* of the reply: mod_proxy's */
	size_t left;			/* of a record: mod_fastcgi's */
	size_t pad;			/* behind it */
	unsigned frames;		/* the protocol's own count */
	int64_t rest;			/* of a reply with a length, else -1 */
	void *data;			/* the protocol's own */
};

/* For hooks: claims the request if a rule of the module's gw_conf is for it,
 * with hosts that have check-local or with those that do not. */
enum verdict gw_claim(struct plugin_self *self, struct connection *con,
    const struct gw_protocol *protocol, int check_local);
/* Claims it in any case, for a host without backends: CGI. */
enum verdict gw_claim_host(struct plugin_self *self, struct connection *con,
    const struct gw_protocol *protocol, const struct gw_host *host,
    size_t script_n);
/* The hooks handle_exchange, handle_body and handle_release of them all. */
plugin_hook_fn gw_exchange, gw_body;
plugin_note_fn gw_release;

#endif
