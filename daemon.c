/*
 * daemon.c - becoming a daemon: inherited descriptors, pid file, limits,
 * privileges, fork; the parent reports the verdict.
 *
 * Called by main in the order of start-up. Whatever can fail does so while
 * the launching shell still waits, so that exit status 0 means: it serves.
 */
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "proc.h"

int
daemon_clean(const struct options *opt)
{
	struct stat st;
	int fd;

	if (getuid() != geteuid() || getgid() != getegid()) {
		fprintf(stderr, "glimd: refuses to run set-uid or set-gid\n");
		return -1;
	}
	/* 0, 1 and 2 are taken before a socket could get their numbers */
	do
		fd = open("/dev/null", O_RDWR);
	while (fd != -1 && fd <= 2);
	if (fd == -1) {
		fprintf(stderr, "glimd: /dev/null: %s\n", strerror(errno));
		return -1;
	}
	/* inetd's standard error is the client: messages are not for it */
	if (opt->one && fstat(2, &st) == 0 && S_ISSOCK(st.st_mode))
		(void)dup2(fd, 2);
	close(fd);
	return 0;
}

/* ---- pid file ---- */

int
daemon_pidfile_open(struct server *srv)
{
	struct process *process = srv->process;
	int flags = O_RDWR | O_NOFOLLOW | O_NONBLOCK;
	const char *name = srv->core->pid_file;
	struct stat st;

	if (name == NULL || name[0] == '\0')
		return 0;
	process->pid_name = strdup(name);
	if (process->pid_name != NULL)
		process->pid_fd = sys_open(name, flags | O_CREAT | O_EXCL,
		    0644);
	process->pid_created = process->pid_fd != -1;
	if (process->pid_fd == -1 && errno == EEXIST)
		process->pid_fd = sys_open(name, flags, 0);
	if (process->pid_fd == -1) {
		LOG(srv, "cannot open the pid file %s: %s", name,
		    strerror(errno));
		return -1;
	}
	if (fstat(process->pid_fd, &st) == -1 || !S_ISREG(st.st_mode)) {
		LOG(srv, "the pid file %s is no regular file", name);
		return -1;
	}
	return 0;
}

int
daemon_pidfile_again(struct server *srv)
{
	struct process *process = srv->process;
	struct stat st;

	if (process->pid_fd == -1 || fstat(process->pid_fd, &st) == -1
	    || st.st_nlink > 0)
		return 0;
	close(process->pid_fd);
	free(process->pid_name);
	return daemon_pidfile_open(srv);
}

int
daemon_pidfile_rename(struct server *srv, const char *name)
{
	struct process *process = srv->process;
	char *copy = strdup(name);

	if (copy != NULL && rename(process->pid_name, name) == 0) {
		free(process->pid_name);
		process->pid_name = copy;
		return 0;
	}
	LOG(srv, "[error] cannot rename the pid file %s to %s: %s",
	    process->pid_name, name, strerror(errno));
	free(copy);
	return -1;
}

/* Ours while we live: a lock tells the running server from a number that was
 * left behind. A file system without locks is no reason not to start. */
static int
lock(struct server *srv)
{
	struct flock lock;

	memset(&lock, 0, sizeof(lock));
	lock.l_type = F_WRLCK;
	lock.l_whence = SEEK_SET;
	if (fcntl(srv->process->pid_fd, F_SETLK, &lock) == 0
	    || (errno != EAGAIN && errno != EACCES))
		return 0;
	LOG(srv, "the pid file %s belongs to a server that runs",
	    srv->process->pid_name);
	return -1;
}

int
daemon_signal(const char *pid_file, int number)
{
	int fd = open(pid_file, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	const char *why = NULL;
	struct flock lock;
	char text[24] = "";
	long pid;

	memset(&lock, 0, sizeof(lock));
	lock.l_type = F_WRLCK;
	lock.l_whence = SEEK_SET;
	if (fd == -1 || read(fd, text, sizeof(text) - 1) == -1
	    || fcntl(fd, F_GETLK, &lock) == -1)
		why = strerror(errno);
	if (fd != -1)
		close(fd);
	pid = strtol(text, NULL, 10);
	if (why == NULL && lock.l_type == F_UNLCK)
		why = "no server runs with it";
	else if (why == NULL && (pid <= 1 || lock.l_pid != (pid_t)pid))
		why = "it does not name who runs with it";
	else if (why == NULL && kill((pid_t)pid, number) == -1)
		why = strerror(errno);
	if (why == NULL)
		return 0;
	fprintf(stderr, "glimd: pid file %s: %s\n", pid_file, why);
	return -1;
}

/* Never truncated first: a reader finds a whole number at every moment. */
static int
write_pidfile(struct server *srv)
{
	char text[24];
	int n;

	if (srv->process->pid_fd == -1)
		return 0;
	if (lock(srv) == -1)
		return -1;
	n = snprintf(text, sizeof(text), "%ld\n", (long)getpid());
	if (pwrite(srv->process->pid_fd, text, (size_t)n, 0) == n
	    && ftruncate(srv->process->pid_fd, n) == 0) {
		srv->process->pid_written = 1;
		return 0;
	}
	LOG(srv, "cannot write the pid file %s: %s", srv->process->pid_name,
	    strerror(errno));
	return -1;
}

/* Is the file under the name still the one we have open? */
static int
is_there(struct server *srv)
{
	struct stat open_st, st;

	return fstat(srv->process->pid_fd, &open_st) == 0
	    && lstat(srv->process->pid_name, &st) == 0
	    && st.st_ino == open_st.st_ino && st.st_dev == open_st.st_dev;
}

void
daemon_pidfile_remove(struct server *srv)
{
	char text[24] = "";

	if (srv->process->pid_fd == -1)
		goto out;
	if (!srv->process->pid_written) {
		/* a failed start */
		if (srv->process->pid_created && is_there(srv))
			(void)unlink(srv->process->pid_name);
	} else if (pread(srv->process->pid_fd, text, sizeof(text) - 1, 0) > 0
	    && strtol(text, NULL, 10) == (long)getpid()) {
		/* who may not unlink, or sits in a chroot, can at least leave
		 * no stale number */
		if ((!is_there(srv) || unlink(srv->process->pid_name) == -1)
		    && ftruncate(srv->process->pid_fd, 0) == -1)
			LOG(srv, "cannot remove the pid file %s: %s",
			    srv->process->pid_name, strerror(errno));
	}
	close(srv->process->pid_fd);
	srv->process->pid_fd = -1;
out:
	free(srv->process->pid_name);
	srv->process->pid_name = NULL;
}

/* ---- limits ---- */

static int
limit_fds(struct server *srv, const struct fdevent_ops *ops)
{
	long wanted = srv->core->max_fds;
	struct buf others = { NULL, 0, 0, 0 };
	const char *const *name;
	struct rlimit limit;
	rlim_t most;

	if (ops->max_fds > 0 && wanted > ops->max_fds) {
		for (name = fdevent_names(); *name != NULL; name++)
			if (strcmp(*name, ops->name) != 0)
				buf_printf(&others, " %s", *name);
		LOG(srv, "%s can watch %d descriptors, server.max-fds is %ld: "
		    "lower it, or use one of:%s", ops->name, ops->max_fds,
		    wanted, buf_text(&others));
		buf_free(&others);
		return -1;
	}
	if (getrlimit(RLIMIT_NOFILE, &limit) == -1)
		return -1;
	if (srv->process->start_fds == 0)
		srv->process->start_fds = limit.rlim_cur;
	limit.rlim_cur = srv->process->start_fds;
	if (wanted > 0) {
		/* above the hard limit as root, if root may do that here */
		most = limit.rlim_max;
		limit.rlim_cur = (rlim_t)wanted;
		if (limit.rlim_cur > most)
			limit.rlim_max = limit.rlim_cur;
		if (setrlimit(RLIMIT_NOFILE, &limit) == -1
		    && limit.rlim_max > most) {
			limit.rlim_cur = limit.rlim_max = most;
			LOG(srv, "[note] server.max-fds cut from %ld to %ld, "
			    "the hard limit", wanted, (long)most);
			(void)setrlimit(RLIMIT_NOFILE, &limit);
		}
		if (getrlimit(RLIMIT_NOFILE, &limit) == -1)
			return -1;
	}
	srv->max_fds = limit.rlim_cur > (rlim_t)(INT_MAX / 16)
	    ? INT_MAX / 16 : (int)limit.rlim_cur;
	if (ops->max_fds > 0 && srv->max_fds > ops->max_fds) {
		srv->max_fds = ops->max_fds;
		/* so that nobody is given a number it cannot watch */
		limit.rlim_cur = (rlim_t)srv->max_fds;
	}
	return setrlimit(RLIMIT_NOFILE, &limit);
}

int
daemon_limits(struct server *srv)
{
	const struct core_conf *core = srv->core;
	const struct fdevent_ops *ops = fdevent_find(core->event_handler);
	struct rlimit limit;

	if (srv->ev != NULL)		/* a reload: it stays */
		ops = srv->ops;
	if (ops == NULL || limit_fds(srv, ops) == -1)
		return -1;
	srv->ops = ops;
	if (core->core_files && getrlimit(RLIMIT_CORE, &limit) == 0) {
		limit.rlim_cur = limit.rlim_max;
		(void)setrlimit(RLIMIT_CORE, &limit);
	}
	srv->max_conns = srv->max_fds / 3;
	if (core->max_connections > 0) {
		srv->max_conns = (int)core->max_connections;
		if (core->max_connections > srv->max_fds / 2) {
			srv->max_conns = srv->max_fds / 2;
			LOG(srv, "[note] server.max-connections cut from %ld "
			    "to %d, half of %d descriptors",
			    core->max_connections, srv->max_conns,
			    srv->max_fds);
		}
	}
	if (srv->max_conns < 1)
		srv->max_conns = 1;
	return 0;
}

/* ---- privileges ---- */

/* sd_notify(3)'s socket; "@" begins a name that is in no folder. */
static int
open_notify(void)
{
	const char *name = getenv("NOTIFY_SOCKET");
	struct sockaddr_un un;
	size_t n = name != NULL ? strlen(name) : 0;
	int fd;

	if (n < 2 || n >= sizeof(un.sun_path) || strchr("/@", *name) == NULL)
		return -1;
	memset(&un, 0, sizeof(un));
	un.sun_family = AF_UNIX;
	memcpy(un.sun_path, name, n);
	if (name[0] == '@')
		un.sun_path[0] = '\0';
	fd = socket(AF_UNIX, SOCK_DGRAM, 0);
	if (fd != -1 && sys_nonblocking(fd) == 0 && connect(fd,
	    (const void *)&un, (socklen_t)(offsetof(struct sockaddr_un,
	    sun_path) + n)) == 0)
		return fd;
	if (fd != -1)
		close(fd);
	return -1;
}

int
daemon_prepare(struct server *srv)
{
	if (srv->core->chroot != NULL || srv->core->errorlog_use_syslog)
		openlog("glimd", LOG_PID | LOG_NDELAY, LOG_DAEMON);
	srv->process->notify_fd = open_notify();
	srv->process->null_fd = sys_open("/dev/null", O_RDWR, 0);
	if (srv->process->null_fd != -1)
		return 0;
	LOG(srv, "/dev/null: %s", strerror(errno));
	return -1;
}

int
daemon_drop(struct server *srv)
{
	const struct core_conf *core = srv->core;
	const char *user = core->username, *group = core->groupname;
	const char *step = "getpwnam, getgrnam";
	struct passwd *pw;
	struct group *gr;
	uid_t uid = 0;
	gid_t gid = 0;

	if (geteuid() != 0
	    || (user == NULL && group == NULL && core->chroot == NULL))
		return 0;
	/* config_check saw that they exist and are not root */
	pw = user != NULL ? getpwnam(user) : NULL;
	gr = group != NULL ? getgrnam(group) : NULL;
	if ((user != NULL && pw == NULL) || (group != NULL && gr == NULL))
		goto failed;
	if (pw != NULL) {
		uid = pw->pw_uid;
		gid = pw->pw_gid;
	}
	if (gr != NULL)
		gid = gr->gr_gid;
	tzset();			/* its files are out of reach soon */
	if (sys_become(user, uid, gid, core->chroot, &step) == -1)
		goto failed;
	if (core->core_files)
		sys_dumpable();
	return 0;
failed:
	LOG(srv, "%s: %s", step, strerror(errno));
	return -1;
}

/* ---- background ---- */

/* The launching process: exits with the verdict of the one that serves. */
static void
wait_for_verdict(int fd)
{
	unsigned char status = EXIT_FAILURE;
	ssize_t n;

	do
		n = read(fd, &status, 1);
	while (n == -1 && errno == EINTR);
	if (n != 1)
		fprintf(stderr, "glimd: died before it served\n");
	_exit(n == 1 ? status : EXIT_FAILURE);
}

int
daemon_start(struct server *srv)
{
	struct process *process = srv->process;
	int fd[2];
	pid_t child;

	if (srv->opt->foreground || srv->opt->one)
		return write_pidfile(srv);
	/* whoever was started by a daemon is in the background already */
	if (process->previous == 0) {
		if (pipe(fd) == -1)
			goto failed;
		child = fork();
		if (child == -1)
			goto failed;
		if (child > 0) {
			close(fd[1]);
			wait_for_verdict(fd[0]);
		}
		close(fd[0]);
		process->verdict_fd = fd[1];
		(void)fcntl(fd[1], F_SETFD, FD_CLOEXEC);
	}
	if (setsid() == -1 || chdir("/") == -1
	    || dup2(process->null_fd, 0) == -1
	    || dup2(process->null_fd, 1) == -1)
		goto failed;
	umask(0);
	return write_pidfile(srv);
failed:
	LOG(srv, "cannot become a daemon: %s", strerror(errno));
	return -1;
}

void
daemon_report(struct server *srv, int status)
{
	struct process *process = srv->process;
	unsigned char byte = (unsigned char)status;

	/* from here on nobody reads standard error */
	if (status == EXIT_SUCCESS && process->null_fd != -1
	    && !srv->opt->foreground && !srv->opt->one)
		(void)dup2(process->null_fd, 2);
	if (process->verdict_fd == -1)
		return;
	if (status != EXIT_SUCCESS && srv->log->fd != 2)
		fprintf(stderr, "glimd: not started: see %s\n",
		    srv->core->errorlog);
	if (write(process->verdict_fd, &byte, 1) == -1)
		LOG(srv, "nobody waits for the start: %s", strerror(errno));
	close(process->verdict_fd);
	process->verdict_fd = -1;
}

void
daemon_notify(struct server *srv, const char *state)
{
	char text[128];
	int n;

	/* of two that serve during an upgrade, one speaks: the next binary is
	 * ready by itself, and its end is none while we live */
	if (srv->process->notify_fd == -1 || srv->process->upgrading
	    || (strncmp(state, "STOPPING", 8) == 0
	    && srv->process->previous != 0
	    && srv->process->previous == getppid()))
		return;
	n = snprintf(text, sizeof(text), "%s\nMAINPID=%ld\n"
	    "MONOTONIC_USEC=%lld", state, (long)getpid(),
	    (long long)clock_ms() * 1000);
	if (send(srv->process->notify_fd, text, (size_t)n, MSG_NOSIGNAL) == -1)
		LOG(srv, "[warn] NOTIFY_SOCKET: %s", strerror(errno));
}
