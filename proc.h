/*
 * proc.h - the process: command line, daemon, signals, master and workers.
 */
#ifndef PROC_H
#define PROC_H

#include <sys/resource.h>

#include <signal.h>

#include "server.h"

/* ---- options.c: the command line ---------------------------------------- */

struct options {
	const char *file;	/* -f, "-" for standard input; or NULL */
	const char *path;	/* zero-config: what to serve; or NULL */
	const char *listen;	/* -l */
	const char *module_dir;	/* -m */
	int foreground;		/* -D */
	const char *word;	/* -s: what to tell the running server */
	int check;		/* -t */
	int print;		/* -p */
	int one;		/* -1 */
	int idle;		/* -i, seconds; 0 for ever */
	int status;		/* to exit with when there is nothing to do */
	char **argv;		/* all of it, for the next binary */
};

/* Returns 0, or -1: exit with opt->status (-v, -V, -h, or a usage error whose
 * message was written). */
int options_parse(struct options *opt, int argc, char **argv);
/* Zero-config as configuration text, so that there is one way to configure;
 * -1 after a message. */
int options_text(const struct options *opt, struct buf *text);

/* ---- the process -------------------------------------------------------- */

enum role {
	ROLE_ALONE,		/* one process does everything */
	ROLE_MASTER,		/* starts workers and serves nobody */
	ROLE_WORKER
};

/* Who wants something of us. */
struct sender {
	uid_t uid;
	pid_t pid;
};

/* What only the files of this header know of struct server. */
struct proc;
struct process {
	enum role role;
	int status;			/* to exit with, in the end */
	struct sender sender;		/* of the signal being acted on */

	/* daemon.c's */
	char *pid_name;			/* of the pid file now, or NULL */
	int pid_fd;			/* of it, or -1 */
	int pid_created;		/* the file was not there before */
	int pid_written;		/* our number is in it */
	int null_fd;			/* /dev/null, opened before a chroot */
	int verdict_fd;			/* the launching process waits here */
	int notify_fd;			/* NOTIFY_SOCKET, or -1 */
	rlim_t start_fds;		/* RLIMIT_NOFILE's soft limit when we
					 * were started; 0: not read yet */

	struct title *title;		/* proc_title.c's */

	/* proc_table.c's */
	struct proc *procs;		/* PROC_SLOTS of them, or NULL */
	int used;			/* slots below may be in use */
	int64_t starts[10];		/* when the last ones were, ms */
	unsigned nstarts;		/* only who had died counts */
	int64_t readers_at;		/* ms: start dead log readers; or 0 */

	/* proc_master.c's and proc_worker.c's */
	struct config *next;		/* its workers are being started */
	int again;			/* another reload was asked for */
	int no_accept;			/* clients or workers sent away */
	int64_t signal_at;		/* ms: the next step of a stop */
	int delay;			/* ms: to the one after */
	int lifeline[2];		/* closed when the master is gone */
	int alive[2];			/* a byte: a worker is busy again */
	int64_t watch_at;		/* ms: look at beats; or 0 */
	int channel;			/* a worker's, to its master */
	int number;			/* a worker's */
	unsigned interrupted;		/* SIGINTs seen */
	int (*entry)(struct server *srv, struct proc *self);
	void (*announce)(struct server *srv);	/* once, when all serve */

	/* proc_upgrade.c's */
	int inherited;			/* sockets, from descriptor 3 on */
	pid_t previous;			/* the master that started us */
	int upgrading;			/* the next one was started by us */
};

/* ---- daemon.c: becoming a daemon ---------------------------------------- */

/* All return 0, or -1 after a message. */

/* Refuses set-uid and opens what is missing of descriptors 0 to 2. */
int daemon_clean(const struct options *opt);
/* Opens server.pid-file, without touching what is in it. */
int daemon_pidfile_open(struct server *srv);
/* The server that had the port until now may have removed it meanwhile. */
int daemon_pidfile_again(struct server *srv);
/* Gives the pid file another name, in the same folder. */
int daemon_pidfile_rename(struct server *srv, const char *name);
/* Sends signal number to the server that runs with this pid file. It is ours
 * only if it holds a lock on the file (fcntl(2)): a number that was left, or
 * written by somebody else, is never signalled. */
int daemon_signal(const char *pid_file, int number);
/* Descriptors and core size; sets srv->ops, max_fds and max_conns. */
int daemon_limits(struct server *srv);
/* Opens what a chroot would put out of reach: /dev/null, NOTIFY_SOCKET, the
 * system's log. */
int daemon_prepare(struct server *srv);
/* As root: becomes server.username, in server.chroot. */
int daemon_drop(struct server *srv);
/* Unless -D: goes to the background, the launching process waits on. Writes
 * the pid file. */
int daemon_start(struct server *srv);
/* Tells the launching process how the start went; once. */
void daemon_report(struct server *srv, int status);
/* Tells the service manager, as sd_notify(3) does, if there is one. */
void daemon_notify(struct server *srv, const char *state);
/* Removes the pid file if it still holds our number, and closes it. */
void daemon_pidfile_remove(struct server *srv);

/* ---- proc_title.c: what ps(1) shows ------------------------------------- */

struct title {
	char *at;			/* the memory that is shown */
	size_t size;
	char **args, **variables;	/* what was there before, copied */
};

/* Copies the arguments and the environment, so that their memory is free for
 * titles. Returns 0, or -1 after a message. */
int title_open(struct title *title, char **argv);
void title_close(struct title *title);
void title_set(struct server *srv, const char *format, ...) PRINTF_LIKE(2, 3);

/* ---- proc_signal.c: the table of signals -------------------------------- */

/* In the order in which they are acted on: that the next binary died counts
 * more than a wish that was meant for when it lives. */
enum signal_flag {
	SIGNAL_NO_ACCEPT, SIGNAL_CHILD, SIGNAL_STOP, SIGNAL_INT, SIGNAL_QUIT,
	SIGNAL_RELOAD, SIGNAL_REOPEN, SIGNAL_UPGRADE, SIGNAL_TICK,
	SIGNAL_FLAGS
};

typedef void signal_fn(struct server *srv);

/* Blocks all signals or lets them through, around a fork. */
void signal_block(int block);
/* Installs the handlers, and the pipe they write to in srv->ev. 0 or -1. */
int signal_open(struct server *srv);
/* The signal that a word of -s means, or 0. */
int signal_number(const char *word);
/* Calls fn[flag] for each signal seen since the last call, NULL ignores it;
 * srv->process->sender says whose it was. SIGINT is a quit, then a stop. */
void signal_act(struct server *srv, signal_fn *const fn[SIGNAL_FLAGS]);
/* Puts all signals back to what a program expects, and closes the pipe. */
void signal_close(void);
/* Logs what is being done, and who wanted it. */
void signal_tell(struct server *srv, const char *what);

/* ---- proc_channel.c: between master and worker -------------------------- */

enum channel_command {
	CHANNEL_OPEN = 1,	/* fd leads to the worker in slot */
	CHANNEL_CLOSE,		/* the worker in slot is gone */
	CHANNEL_READY,		/* worker to master: I serve */
	CHANNEL_QUIT,		/* uid and pid: who wanted it */
	CHANNEL_TERMINATE,
	CHANNEL_REOPEN		/* fd is the log number slot; 0 is the last */
};

struct channel_message {
	int32_t command, slot, fd, pid;
	uint32_t uid;
};

/* Sends m, with the descriptor m->fd if it is not -1. Returns 0, or -1 and
 * errno; never waits. */
int channel_send(int fd, const struct channel_message *m);
/* Reads one message into m; m->fd is then the caller's, or -1. Returns 1, 0
 * when there is none now, or -1: the other end is gone, or wrote nonsense. */
int channel_read(int fd, struct channel_message *m);

/* ---- proc_table.c: the slots -------------------------------------------- */

enum { PROC_SLOTS = SERVER_SLOTS };

enum proc_policy {
	PROC_NO_RESPAWN,
	PROC_RESPAWN,
	PROC_JUST_SPAWNED,	/* no respawn; a reload's, which it must not */
	PROC_JUST_RESPAWN,	/* tell to quit with the others */
	PROC_DETACHED		/* the next binary: nobody waits for it */
};

typedef int proc_entry_fn(struct server *srv, struct proc *self);
typedef void proc_event_fn(struct server *srv, struct proc *p);

struct proc {
	pid_t pid;			/* 0: does not run */
	pid_t was;			/* its pid when it died */
	int status;			/* how it ended: waitpid(2)'s */
	int fd;				/* our end of its channel, or -1 */
	int child_fd;			/* its own end, around the fork */
	proc_entry_fn *entry;		/* NULL: the slot is free */
	struct config *config;		/* its data: held; or NULL */
	const char *name;
	int number;			/* of those of this name, from 1 */
	int64_t started, due;		/* ms; when it is to start, or 0 */
	int64_t kill_at;		/* ms: when patience ends, or 0 */
	unsigned crashes;		/* in a row, soon after the start */
	unsigned respawn : 1, just_spawned : 1, detached : 1;
	unsigned exiting : 1;		/* was told to */
	unsigned exited : 1;		/* or could not start: to be seen to */
	unsigned ready : 1;
	unsigned terminated : 1;	/* was told to, at once */
	unsigned late : 1;		/* killed because of kill_at */
	unsigned missed;		/* looks without a new beat */
	uint32_t beat;			/* at the last look */
	struct server *srv;
};

int proc_open(struct server *srv);	/* 0, or -1: no memory */
void proc_close(struct server *srv);
/* Takes a free slot, to be started by proc_start; config is held if it is not
 * NULL. Returns NULL when all are in use. */
struct proc *proc_spawn(struct server *srv, enum proc_policy policy,
    proc_entry_fn *entry, struct config *config, const char *name,
    int number);
/* Forks what is due. Returns NULL; in a child, its slot. on_message is told of
 * what comes over a channel. */
struct proc *proc_start(struct server *srv, fdevent_fn *on_message);
/* In the child: keeps of the table only what leads to siblings. */
void proc_inherit(struct server *srv, struct proc *self);
/* Milliseconds until something is due, -1: nothing is. */
int proc_wait(const struct server *srv);
/* Collects who died and calls died for each; a log's reader is started again
 * after a moment. */
void proc_reap(struct server *srv, proc_event_fn *died);
/* Has p, which died, started again, later and later if it keeps dying. */
void proc_respawn(struct proc *p);
/* Ends what is known of p. */
void proc_free(struct server *srv, struct proc *p);
/* Tells p over its channel, or else by kill(2). */
void proc_tell(struct server *srv, struct proc *p, enum channel_command cmd);
/* Tells all workers but p about p's channel. */
void proc_announce(struct server *srv, struct proc *p,
    enum channel_command cmd);
/* Hands all logs of its configuration to each worker. */
void proc_hand_logs(struct server *srv);
/* Starts log readers that died, once they are due. */
void proc_readers(struct server *srv);

/* ---- proc_serve.c: one who serves, alone or as a worker ----------------- */

extern signal_fn *const serve_signals[SIGNAL_FLAGS];	/* alone */
/* Reads and checks the configuration again, opens its sockets and logs. NULL
 * if there is any fault: nothing has changed then. */
struct config *serve_prepare(struct server *srv);
void serve_stop(struct server *srv);
/* No new clients; those there are get what they asked for. */
void serve_quit(struct server *srv);
/* Accepts clients again, after SIGWINCH. */
void serve_again(struct server *srv);
void serve_tick(struct server *srv);
/* Opens all logs again. */
void serve_reopen(struct server *srv);

/* ---- proc_worker.c: a worker's side ------------------------------------- */

extern signal_fn *const worker_signals[SIGNAL_FLAGS];
/* In the new process: becomes a worker. Returns 0, or -1 after a message. */
int worker_open(struct server *srv, struct proc *self);
/* Watches channel and lifeline, and says READY. Returns 0 or -1. */
int worker_ready(struct server *srv, struct proc *self);

/* ---- proc_master.c: the master ------------------------------------------ */

extern signal_fn *const master_signals[SIGNAL_FLAGS];
/* Has workers started, each of which runs entry; announce is called when all
 * of them serve. Returns 0 or -1. */
int master_open(struct server *srv, proc_entry_fn *entry,
    signal_fn *announce);
/* What is due now: the steps of a stop. */
void master_turn(struct server *srv);
/* Something came over a channel (fdevent_fn). */
void master_message(void *proc, int events);
/* Nobody is left to wait for. */
int master_done(const struct server *srv);

/* ---- proc_upgrade.c: sockets from the one before, and to the next ------- */

/* Does somebody hand us listening sockets (LISTEN_FDS)? Before anything else
 * is started: they are not for that. */
void upgrade_look(struct server *srv);
/* Makes them listeners, and closes whatever else was inherited. */
void upgrade_inherit(struct server *srv);
/* Starts the next binary, which gets our sockets. */
void upgrade_start(struct server *srv);
/* It is gone: all is as it was before. */
void upgrade_failed(struct server *srv, struct proc *p);

#endif
