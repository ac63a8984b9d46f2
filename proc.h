/*
 * proc.h - the process: command line, daemon, signals.
 */
#ifndef PROC_H
#define PROC_H

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
};

/* Returns 0, or -1: exit with opt->status (-v, -V, -h, or a usage error whose
 * message was written). */
int options_parse(struct options *opt, int argc, char **argv);
/* Zero-config as configuration text, so that there is one way to configure;
 * -1 after a message. */
int options_text(const struct options *opt, struct buf *text);

/* ---- daemon.c: becoming a daemon ---------------------------------------- */

/* All return 0, or -1 after a message. */

/* Refuses set-uid and opens what is missing of descriptors 0 to 2. */
int daemon_clean(const struct options *opt);
/* Opens server.pid-file, without touching what is in it. */
int daemon_pidfile_open(struct server *srv);
/* Sends signal number to the server that runs with this pid file. It is ours
 * only if it holds a lock on the file (fcntl(2)): a number that was left, or
 * written by somebody else, is never signalled. */
int daemon_signal(const char *pid_file, int number);
/* Descriptors and core size; sets srv->ops, max_fds and max_conns. */
int daemon_limits(struct server *srv);
/* Opens /dev/null for later; as root: becomes server.username, in
 * server.chroot. */
int daemon_drop(struct server *srv);
/* Unless -D: goes to the background, the launching process waits on. Writes
 * the pid file. */
int daemon_start(struct server *srv);
/* Tells the launching process how the start went; once. */
void daemon_report(struct server *srv, int status);
/* Removes the pid file if it still holds our number, and closes it. */
void daemon_pidfile_remove(struct server *srv);

/* ---- proc_signal.c: the table of signals -------------------------------- */

enum signal_flag {
	SIGNAL_STOP, SIGNAL_INT, SIGNAL_QUIT, SIGNAL_RELOAD, SIGNAL_REOPEN,
	SIGNAL_UPGRADE, SIGNAL_NO_ACCEPT, SIGNAL_TICK, SIGNAL_CHILD,
	SIGNAL_FLAGS
};

/* Installs the handlers, and the pipe they write to in srv->ev. 0 or -1. */
int signal_open(struct server *srv);
/* The signal that a word of -s means, or 0. */
int signal_number(const char *word);
/* Was the signal seen since the last call? The sender in uid and pid, which
 * may be NULL. */
int signal_take(enum signal_flag flag, uid_t *uid, pid_t *pid);
/* Puts all signals back to what a program expects, and closes the pipe. */
void signal_close(void);

#endif
