/*
 * daemon.c - becoming a daemon: inherited descriptors, pid file, limits,
 * privileges, fork; the parent reports the verdict.
 *
 * Called by main in the order of start-up. Whatever can fail does so while
 * the launching shell still waits, so that exit status 0 means: it serves.
 */
#include <sys/resource.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
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
	const char *name = srv->core->pid_file;
	int flags = O_RDWR | O_NOFOLLOW | O_NONBLOCK;
	struct stat st;

	if (name == NULL || name[0] == '\0')
		return 0;
	srv->pid_fd = sys_open(name, flags | O_CREAT | O_EXCL, 0644);
	srv->pid_created = srv->pid_fd != -1;
	if (srv->pid_fd == -1 && errno == EEXIST)
		srv->pid_fd = sys_open(name, flags, 0);
	if (srv->pid_fd == -1) {
		LOG(srv, "cannot open the pid file %s: %s", name,
		    strerror(errno));
		return -1;
	}
	if (fstat(srv->pid_fd, &st) == -1 || !S_ISREG(st.st_mode)) {
		LOG(srv, "the pid file %s is no regular file", name);
		return -1;
	}
	return 0;
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
	if (fcntl(srv->pid_fd, F_SETLK, &lock) == 0
	    || (errno != EAGAIN && errno != EACCES))
		return 0;
	LOG(srv, "the pid file %s belongs to a server that runs",
	    srv->core->pid_file);
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

	if (srv->pid_fd == -1)
		return 0;
	if (lock(srv) == -1)
		return -1;
	n = snprintf(text, sizeof(text), "%ld\n", (long)getpid());
	if (pwrite(srv->pid_fd, text, (size_t)n, 0) == n
	    && ftruncate(srv->pid_fd, n) == 0) {
		srv->pid_written = 1;
		return 0;
	}
	LOG(srv, "cannot write the pid file %s: %s", srv->core->pid_file,
	    strerror(errno));
	return -1;
}

/* Is the file under the name still the one we have open? */
static int
is_there(struct server *srv)
{
	struct stat open_st, st;

	return fstat(srv->pid_fd, &open_st) == 0
	    && lstat(srv->core->pid_file, &st) == 0
	    && st.st_ino == open_st.st_ino && st.st_dev == open_st.st_dev;
}

void
daemon_pidfile_remove(struct server *srv)
{
	char text[24] = "";

	if (srv->pid_fd == -1)
		return;
	if (!srv->pid_written) {
		if (srv->pid_created && is_there(srv))	/* a failed start */
			(void)unlink(srv->core->pid_file);
	} else if (pread(srv->pid_fd, text, sizeof(text) - 1, 0) > 0
	    && strtol(text, NULL, 10) == (long)getpid()) {
		/* who may not unlink, or sits in a chroot, can at least leave
		 * no stale number */
		if ((!is_there(srv) || unlink(srv->core->pid_file) == -1)
		    && ftruncate(srv->pid_fd, 0) == -1)
			LOG(srv, "cannot remove the pid file %s: %s",
			    srv->core->pid_file, strerror(errno));
	}
	close(srv->pid_fd);
	srv->pid_fd = -1;
}

/* ---- limits ---- */

static int
limit_fds(struct server *srv, const struct fdevent_ops *ops)
{
	long wanted = srv->core->max_fds;
	struct buf others = { NULL, 0, 0, 0 };
	const char *const *name;
	struct rlimit limit;

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
	if (wanted > 0) {
		limit.rlim_cur = (rlim_t)wanted;
		if (limit.rlim_max != RLIM_INFINITY
		    && limit.rlim_cur > limit.rlim_max) {
			if (geteuid() == 0)
				limit.rlim_max = limit.rlim_cur;
			else
				limit.rlim_cur = limit.rlim_max;
		}
		if (setrlimit(RLIMIT_NOFILE, &limit) == -1) {
			LOG(srv, "server.max-fds %ld: %s", wanted,
			    strerror(errno));
			return -1;
		}
	}
	srv->max_fds = limit.rlim_cur > (rlim_t)(INT_MAX / 16)
	    ? INT_MAX / 16 : (int)limit.rlim_cur;
	if (ops->max_fds > 0 && srv->max_fds > ops->max_fds)
		srv->max_fds = ops->max_fds;
	return 0;
}

int
daemon_limits(struct server *srv)
{
	const struct core_conf *core = srv->core;
	const struct fdevent_ops *ops = fdevent_find(core->event_handler);
	struct rlimit limit;

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

int
daemon_drop(struct server *srv)
{
	const struct core_conf *core = srv->core;
	const char *user = core->username, *group = core->groupname;
	const char *step = "/dev/null";
	struct passwd *pw;
	struct group *gr;
	uid_t uid = 0;
	gid_t gid = 0;

	srv->null_fd = sys_open("/dev/null", O_RDWR, 0);
	if (srv->null_fd == -1)
		goto failed;
	if (geteuid() != 0
	    || (user == NULL && group == NULL && core->chroot == NULL))
		return 0;
	/* server_check saw that they exist and are not root */
	step = "getpwnam, getgrnam";
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
	if (sys_become(user, uid, gid, core->chroot, &step) == 0)
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
	int fd[2];
	pid_t child;

	if (srv->opt->foreground || srv->opt->one)
		return write_pidfile(srv);
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
	srv->verdict_fd = fd[1];
	(void)fcntl(fd[1], F_SETFD, FD_CLOEXEC);
	if (setsid() == -1 || chdir("/") == -1
	    || dup2(srv->null_fd, 0) == -1 || dup2(srv->null_fd, 1) == -1)
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
	unsigned char byte = (unsigned char)status;

	if (srv->verdict_fd == -1)
		return;
	/* from here on nobody reads standard error */
	if (status == EXIT_SUCCESS)
		(void)dup2(srv->null_fd, 2);
	if (write(srv->verdict_fd, &byte, 1) == -1)
		LOG(srv, "nobody waits for the start: %s", strerror(errno));
	close(srv->verdict_fd);
	srv->verdict_fd = -1;
}
