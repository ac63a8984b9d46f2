/*
 * base_log.c - the error log: one line, one write, nothing a client sent can
 * forge a second line.
 *
 * Written to from everywhere through LOG() and log_write; mod_accesslog opens
 * its own file with log_open. A line that cannot be written is lost: no
 * request ever fails or waits for its log line, and errno is kept.
 */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include "base.h"

enum { LOG_LINE = 4096 };	/* longer lines are cut */

/* The child that reads log lines on standard input. */
static void
run_reader(const char *command, int in)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	signal(SIGSYS, SIG_DFL);
	umask(022);
	/* it is to wait for lines, not to see EAGAIN */
	(void)fcntl(in, F_SETFL, 0);
	/* neither the terminal's Ctrl-C nor its output are the reader's */
	if (setsid() == -1 || dup2(in, 0) == -1 || dup2(null, 1) == -1
	    || dup2(null, 2) == -1)
		_exit(127);
	execl("/bin/sh", "sh", "-c", command, (char *)NULL);
	_exit(127);
}

static int
open_command(struct log *log, const char *command)
{
	int fd[2];
	pid_t child;

	if (sys_pipe(fd) == -1)
		return -1;
	child = fork();
	if (child == 0)
		run_reader(command, fd[0]);
	close(fd[0]);
	if (child == -1) {
		close(fd[1]);
		return -1;
	}
	log_close(log);
	log->fd = fd[1];
	log->child = child;
	return 0;
}

int
log_open(struct log *log)
{
	int flags = O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK, fd;
	const char *name = log->name;

	if (name == NULL || name[0] == '\0' || log->use_syslog)
		return 0;
	if (name[0] == '|')
		return log->child > 0 ? 0 : open_command(log, name + 1);
	if (strncmp(name, "/dev/", 5) == 0)	/* stderr is a link there */
		flags &= ~(O_NOFOLLOW | O_CREAT);
	/* a FIFO nobody reads fails at once */
	fd = sys_open(name, flags, 0640);
	if (fd == -1)
		return -1;
	log_close(log);
	log->fd = fd;
	return 0;
}

void
log_close(struct log *log)
{
	if (log->fd > 2)
		close(log->fd);
	log->fd = 2;
	log->child = 0;
}

/* Copies text into line from at, control and non-ASCII bytes as \xHH: a
 * terminal may take bytes above 0x7f for control bytes, too. */
static size_t
add_clean(char line[LOG_LINE], size_t at, const char *text)
{
	for (; *text != '\0' && at < LOG_LINE - 5; text++)
		if (*text >= 0x20 && *text < 0x7f)
			line[at++] = *text;
		else
			at += (size_t)snprintf(line + at, 5, "\\x%02x",
			    (unsigned char)*text);
	return at;
}

void
log_write(struct log *log, const char *file, int line, const char *format, ...)
{
	char message[LOG_LINE], out[LOG_LINE], date[DATE_ISO_SIZE];
	int kept = errno, n;
	va_list ap;
	size_t at;

	va_start(ap, format);
	vsnprintf(message, sizeof(message), format, ap);
	va_end(ap);
	date_iso(date, time(NULL));
	n = snprintf(out, sizeof(out), "%s: (%s.%d) ", date, file, line);
	at = add_clean(out, (size_t)n, message);
	if (log->use_syslog) {
		out[at] = '\0';
		syslog(LOG_ERR, "%s", out + n);
	} else {
		out[at++] = '\n';
		n = (int)write(log->fd, out, at);	/* or it is lost */
	}
	errno = kept;
}
