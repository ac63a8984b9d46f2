/*
 * conn.h - struct connection and struct request, and what is done with them.
 *
 * The middle of the house: files that include this know what a connection is.
 */
#ifndef CONN_H
#define CONN_H

#include <netinet/in.h>

#include "server.h"

/* What a module says when it is asked about a request. */
enum verdict {
	VERDICT_GO_ON,		/* not mine, ask the next */
	VERDICT_FINISHED,	/* answered: req->status is set */
	VERDICT_WAIT_FOR_EVENT,	/* conn_wake will bring the connection back */
	VERDICT_WAIT_FOR_FD,	/* out of descriptors: try again later */
	VERDICT_COMEBACK,	/* the URL changed: start over */
	VERDICT_ERROR,		/* 500 */
	VERDICT_CLAIMED		/* mine: handle_exchange will answer it */
};

/* States, in the order a connection goes through them. conn.c's table has the
 * function and the time-out of each. */
enum conn_state {
	CONN_REQUEST_START,	/* between requests, nothing read yet */
	CONN_READ_HEAD,		/* a part of a head is here */
	CONN_HANDLE_REQUEST,	/* through the hooks until somebody claims */
	CONN_EXCHANGE,		/* who claimed it works on the answer */
	CONN_READ_BODY,		/* an unread body is drained */
	CONN_RESPONSE_START,	/* status and fields go into the queue */
	CONN_WRITE,		/* the queue is sent, the body produced */
	CONN_RESPONSE_END,	/* logged, counted; next request or close */
	CONN_ERROR,		/* the peer is gone: nothing more to say */
	CONN_CLOSE,		/* our side is shut, their bytes are dropped */
	CONN_DEAD		/* recycled after the turn */
};

/* Whose connection it is; AF_UNIX has no more than its family. */
union peer {
	struct sockaddr sa;
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
};

/* One client. Small, because most of them are idle: all that only a request
 * needs is in struct request, which an idle connection does not have. */
struct connection {
	struct timer timer;		/* the first: see conn_life.c */
	struct server *srv;
	struct request *req;		/* NULL when idle */
	struct link link;		/* in a list of srv */
	struct listener *listener;	/* it came from; NULL for inetd */
	struct config *config;		/* held: what it began under */
	const char *settings;		/* that hold before there is a head */
	struct rate rate;		/* connection.kbytes-per-second */
	int fd;				/* the registry's, or -1 */
	uint32_t requests;		/* answered here */
	uint8_t state;			/* enum conn_state */
	uint8_t budget;			/* requests it may have this turn */
	unsigned registered : 1;	/* fd is in srv->ev */
	unsigned wants_fd : 1;		/* in srv->fd_queue */
	unsigned throttled : 1;		/* in srv->throttled */
	unsigned keep_alive : 1;	/* another request may follow */
	unsigned drained : 1;		/* the last read took all there was */
	unsigned unread : 1;		/* the peer may still send: linger */
	unsigned shut : 1;		/* our FIN was sent */
	unsigned half_closed : 1;	/* their FIN came */
	unsigned expired : 1;		/* its time is over: for who claimed
					 * the request */
	unsigned responding : 1;	/* the current response is queued */
	unsigned waiting : 1;		/* for its handler: nothing to send */
	unsigned begun : 1;		/* no module waits for its first bytes
					 * any more */
	union peer peer;
};

/* How the length of a response is told (RFC 9112 6). */
enum response_framing {
	RESPONSE_LENGTH,	/* Content-Length: rsp length */
	RESPONSE_STREAM,	/* chunked to 1.1, until close to 1.0 */
	RESPONSE_EMPTY,		/* 204, 304: no body, no length */
	RESPONSE_TUNNEL		/* 101: whatever comes, both ways */
};

/* The body of a request, for whoever claimed that: received, decoded, and not
 * yet taken. What is small stays in memory; of one that is to be kept whole,
 * the rest is in a file. */
struct upload {
	enum upload_kind {
		UPLOAD_STREAM,		/* taken as it comes */
		UPLOAD_KEEP,		/* whole, before anybody takes it */
		UPLOAD_TUNNEL,		/* no body: bytes up to the end */
		UPLOAD_OVER		/* nobody takes any more: dropped */
	} kind;
	int complete;
	struct buf mem;			/* [at, mem.n) wait */
	size_t at;
	struct file *file;		/* or all of it is there */
	int64_t received;		/* bytes of content, so far */
	struct buf next;		/* came behind it: the next request */
	unsigned *count;		/* of uploads */
};

/* One request and its response. Buffers keep their memory over requests. */
struct request {
	struct request *next;		/* in the free list */
	struct buf in;			/* bytes received */
	size_t in_at;			/* those before were dealt with */
	struct http_head head;		/* borrows from in */
	struct http_field *fields_in;	/* its: room for some */
	unsigned fields_room;
	struct http_body body;
	const char *settings;		/* conf's, merged for this request */
	struct conf_merge *merge;	/* what conditions came to, or NULL */
	uint32_t merged_for;		/* serial of the configuration */

	/* Filled by conn_route.c, changed by the hooks. */
	struct buf path;		/* decoded, clean, NUL-terminated */
	struct slice docroot;		/* document root of this request */
	struct buf root;		/* one that a module made */
	struct buf file;		/* docroot + path, or an alias */
	struct buf fields;		/* "Name: value\r\n" ... */
	struct buf env;			/* "NAME=value\0" ... for scripts and
					 * the log: REMOTE_USER, setenv */
	struct buf target;		/* what a module made of the URL */
	struct queue out;
	int64_t began;			/* clock_us, when there was its head, if
					 * config->timed; else 0 */

	union peer via;			/* the connection's own peer, while
					 * conn_set_peer's is there: else 0 */

	/* From here on request_reset makes all zero. */
	size_t in_seen;			/* parsed so far without a verdict */
	size_t head_end;		/* in in: where its body began */
	size_t dropped;			/* bytes of its body, framing too */
	int64_t drained;		/* the same, content alone */
	uint64_t bytes_body;		/* queued so far */
	uint64_t bytes_out;		/* with head, chunk lines */
	uint32_t started;		/* tick */
	unsigned route_loops;		/* COMEBACKs, bounded */
	size_t path_info_n;		/* bytes of path's end that stand
					 * behind the name of a file */
	int rewritten;			/* for good: no rule counts any more */
	int error_handled;		/* server.error-handler-404 ran */
	struct upload *upload;		/* NULL: nobody wants the body, or it
					 * has none */
	const void *passed[4];		/* authorizers that let it in */
	uint32_t patience;		/* seconds until con->expired, 0: what
					 * time-outs say */
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

/* Which settings of the core hold for this connection, and this request. */
static inline const struct core_conf *
conn_conf(const struct connection *con)
{
	return (const struct core_conf *)(const void *)con->settings;
}

static inline const struct core_conf *
request_conf(const struct request *req)
{
	return (const struct core_conf *)(const void *)req->settings;
}

/* ---- net.c: who it is --------------------------------------------------- */

enum { NET_NAME_SIZE = 48 };
/* An address as text without port ("127.0.0.1", "unix"). Returns its length. */
size_t net_name(const union peer *peer, char out[NET_NAME_SIZE]);
/* Its port; 0 for unix. */
unsigned net_port(const union peer *peer);
/* The same of a client. */
static inline size_t
net_peer_name(const struct connection *con, char out[NET_NAME_SIZE])
{
	return net_name(&con->peer, out);
}
static inline unsigned
net_peer_port(const struct connection *con)
{
	return net_port(&con->peer);
}

/* ---- conn_pool.c: connections and requests, used again ------------------ */

/* Closes what it has and frees it. */
void conn_recycle(struct connection *con);
/* A request whose buffers may have memory, or NULL. */
struct request *request_take(struct server *srv);
/* Whoever claimed con's request is done with it. */
void request_release(struct connection *con);
/* Takes back what was answered so far: somebody else will. */
void request_unanswer(struct connection *con);
/* Makes it ready for the next one of its connection: bytes already received
 * and answers not yet sent stay. */
void request_reset(struct request *req);
/* Puts con's request, reset and with nothing queued, back into the pool. */
void request_give(struct connection *con);
/* The same in the middle of one. */
void request_drop(struct connection *con);
/* Each second: frees a part of those that nobody needed. */
void conn_shrink_pools(struct server *srv);
void conn_free_pools(struct server *srv);

/* ---- conn.c: the life of one connection --------------------------------- */

/* Runs a connection from its state until it has to wait. */
void conn_run(struct connection *con);

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
/* May the parser come to another verdict than last time? Only if a line was
 * completed: so a client that sends byte by byte costs no more than one that
 * sends line by line. */
int conn_may_parse(const struct request *req, size_t most);
/* Parses what there is of a head. Most have few fields, and so most requests
 * have room for few: where there are more, srv->fields helps. Without memory
 * it is refused without a status. */
enum http_verdict conn_parse(struct connection *con);
/* Reads once into n bytes at p. *got: how many, 0 at the end of file, -1. */
enum conn_io conn_read_into(struct connection *con, void *p, size_t n,
    ssize_t *got);
/* Sends the queue: GOT when it is empty, AGAIN when the peer takes no more or
 * has had its share of this turn (then the connection is on the job list). */
enum conn_io conn_send(struct connection *con);
/* Reads and drops a bounded amount; GOT when it was reached. */
enum conn_io conn_discard(struct connection *con);

/* ---- conn_body.c: the body of a request --------------------------------- */

enum { BODY_WINDOW = 64 << 10 };	/* bytes of it that wait in memory */

/* From now on con's request has an upload, if it has a body: who waits for 100
 * gets it. Returns 0, or -1: no memory. */
int conn_want_body(struct connection *con, enum upload_kind kind);
/* Receives what there is, a bounded amount. Returns 0; or the status of the
 * error that ends it: 400, 413, 500; or -1: the client is gone. */
int conn_receive(struct connection *con);
/* Is there room for more of the body, and more to come? */
int conn_wants_more(const struct connection *con);
/* Is there room for what the client may send now? */
int conn_listens(const struct connection *con);
/* Notes what comes from a client whose request is complete: the next one, or
 * the end. Returns 0, or -1: it is gone. */
int conn_listen(struct connection *con);
/* Drops what was received of a body that nobody wants. Returns 200 when that
 * was all of it, 0 when there is more to come, -1 when that is too much to wait
 * for; or the status of an error. */
int conn_drop_body(struct connection *con);
/* Forgets the upload there is; what was read of the next request is in req->in.
 * Returns 0, or -1: no memory for that. */
int upload_free(struct request *req);

/* ---- conn_rate.c: traffic shaping --------------------------------------- */

/* How many bytes con may send now, at most n: 0 when it is over its rate, or
 * all connections together are over theirs. */
size_t rate_allows(struct connection *con, size_t n);
/* It has sent n bytes. */
void rate_charge(struct connection *con, size_t n);
/* One more or less waits. */
void rate_count(struct server *srv, int change);
/* Has con wait for the next release. */
void rate_wait(struct connection *con);
/* Milliseconds until that is due. */
int rate_patience(const struct server *srv);
/* How many of those who wait may go on now: none unless it is due. When they
 * did, srv->quota is to be 0 again. */
int rate_release(struct server *srv);

/* ---- conn_wait.c: those who wait for something of ours ------------------ */

/* Has the connection run again after this turn: for modules that finish
 * later, so that they never call conn.c. */
static inline void
conn_wake(struct connection *con)
{
	if (con->link.next == NULL)
		link_last(&con->srv->jobs, &con->link);
}

/* Takes con out of the list it is in, if any. */
void conn_unlink(struct connection *con);
/* Runs what was woken, and who waits for what there is now; each once. */
void conn_jobs(struct server *srv);

/* ---- conn_cond.c: which settings hold ----------------------------------- */

/* The connection has what srv->config says, from now on. */
void conn_configure(struct connection *con);
/* Sets req->settings by the conditions, if there are any: the head and the
 * path are known. Returns 0, or -1: no memory. */
int conn_ask_conditions(struct connection *con);
static inline int
conn_merge(struct connection *con)
{
	return con->config->conf->nblocks > 1 ? conn_ask_conditions(con) : 0;
}
/* The groups of the regular expression that let a value set in block hold for
 * this request: the nearest condition around it that has one. Returns how many
 * there are, 0: none. They stay until the settings are merged again. */
unsigned conn_captures(struct connection *con, const struct conf_block *block,
    struct slice group[PAT_GROUPS]);

/* ---- conn_env.c: what modules say about a request ------------------------ */

/* The value of a variable of the request (name without "="); p is NULL when
 * there is none. */
struct slice request_env(const struct request *req, const char *name);
/* Sets it, or replaces it; value is not one of req->env's own. Without memory
 * req->env.failed is set. */
void request_set_env(struct request *req, const char *name,
    struct slice value);
/* The value of the first of the fields ("Name: value\r\n" ...) with that
 * name; p is NULL when there is none. */
struct slice conn_field_find(const struct buf *fields, const char *name);
/* Drops all that have it. */
void conn_field_drop(struct buf *fields, const char *name);

/* From now on con is peer's, until this request is done. Whoever does that has
 * the settings merged again (conn_merge). */
void conn_set_peer(struct connection *con, const union peer *peer);
/* As if nobody had. */
void conn_reset_peer(struct connection *con);

/* ---- conn_host.c: document roots by host name --------------------------- */

enum { HOST_NAME_SIZE = 256 };
/* The host asked for, in lower case, without port and final dot. Returns its
 * length, 0 when it is not fit to be the name of a folder. */
size_t conn_host_name(const struct connection *con, char out[HOST_NAME_SIZE]);
/* If req->file, which nobody else needs yet, is a folder, it becomes the
 * document root of the request. Returns 1, or 0 if it is none: then the root is
 * what it was; -1 when that cannot be known now. */
int conn_use_root(struct connection *con);

/* ---- conn_route.c: who answers ------------------------------------------ */

/* Modules have what comes before the first request. Returns 1 when they have
 * had it, 0 when more has to come, or -1: the connection is to end. */
int conn_begin(struct connection *con);

enum { ROUTE_LOOPS = 100 };	/* COMEBACKs: a rewrite that feeds itself */
enum route {
	ROUTE_WAIT,		/* conn_wake goes on: it all begins again */
	ROUTE_ANSWERED,		/* req->status is set, the body queued, or
				 * produced by req->handler */
	ROUTE_CLAIMED		/* req->handler's handle_exchange goes on */
};
/* Takes the parsed request through the hooks. */
enum route conn_route(struct connection *con);
/* From now on the request is for target, a path and perhaps "?" and a query,
 * as if it had been sent so: for a hook that says VERDICT_COMEBACK then.
 * Returns 0, or -1: no memory. */
int conn_rewrite(struct connection *con, struct slice target);

/* ---- conn_file.c: which file -------------------------------------------- */

/* Opens the content of req->entry, and looks again when the file changed in
 * between. Whatever but VERDICT_GO_ON says that it did not work is what the
 * module is to say. */
enum verdict conn_open_file(struct connection *con);
/* The suffix of files in a content coding ("gzip": ".gz"), or NULL. */
const char *conn_coding_suffix(const char *coding);
/* Puts the sibling that the client likes best, of equals the first, in place
 * of req->entry, opened, and returns its coding; or NULL. *varies: there is
 * one, and another client may get it. */
const char *conn_choose_coding(struct connection *con,
    const struct conf_list *codings, int *varies);

/* ---- conn_rule.c: what rules make of a URL ------------------------------ */

/* A list "pattern" => "target" of the configuration. */
struct rules;

/* For modules whose keys of type CONF_MAP are lists of rules, each with a
 * const struct rules * in the settings: their set_defaults and free. They have
 * self->data. */
int rules_set_defaults(struct plugin_self *self, struct server *srv);
void rules_free(struct plugin_self *self, struct server *srv);
/* Before rules_apply: notes the URL as it is now. Returns 0, or -1: it is not
 * for rules. */
int rules_begin(struct plugin_self *self, struct connection *con);
enum rules_answer {
	RULES_NONE,		/* none matched */
	RULES_STOP,		/* ... that has a target */
	RULES_MADE,		/* *url is made */
	RULES_FAILED		/* no memory, or it is too long */
};
/* Makes of the URL what the first rule that matches says; then *url is good
 * until rules_begin and has no byte that would end a line or a request. */
enum rules_answer rules_apply(struct plugin_self *self,
    struct connection *con, const struct rules *rules, struct slice *url);
/* Appends a query in its one normal form. */
void rules_query(struct buf *out, struct slice query);

/* ---- conn_response.c: status, fields and framing ------------------------ */

/* For debug.log-request-header: the head, all but credentials. */
void conn_log_head(const struct connection *con);
/* Queues the head of the response; for an error nobody has a body for, the
 * page as well. */
void conn_response(struct connection *con);
/* Answers with an error page (or server.errorfile-prefix's file) of status;
 * drops the fields set before (add Allow or Content-Range afterwards). */
void conn_error(struct connection *con, int status);
/* Answers with a 3xx to location, which is escaped already. 0: 301, or 308 for
 * methods that have to stay what they are. */
void conn_redirect(struct connection *con, int status, struct slice location);
/* Adds a field to the response; name and value must be clean. */
void conn_field(struct connection *con, const char *name, struct slice value);
/* Gives n bytes of the body, framed as the head says: for handle_body. */
void conn_body(struct connection *con, const void *p, size_t n);
void conn_body_file(struct connection *con, struct file *f, off_t at,
    off_t n);
/* The same for bytes that are not there yet: room for n, at most
 * CONN_ROOM_MOST, of which conn_body_filled says how many came. NULL: no
 * memory. */
enum { CONN_ROOM_MOST = 0xffff };
char *conn_body_room(struct connection *con, size_t n);
void conn_body_filled(struct connection *con, size_t n);
/* The end of a streamed body. */
void conn_body_end(struct connection *con);

#endif
