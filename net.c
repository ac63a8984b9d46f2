/*
 * net.c - listening sockets: open, accept, pause and resume.
 *
 * server.c opens and registers them; accepted connections go to conn.c at
 * once. TCP_NODELAY is set here: accepted sockets inherit it, which saves a
 * system call for each connection.
 */
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>

#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "server.h"

enum { ACCEPT_MOST = 64 };	/* then the clients we have get their turn */

/* ---- opening ---- */

/* Adds a listener for fd behind the others. Returns 0, or -1: no memory. */
static int
add(struct server *srv, int fd, const char *name, int port,
    const char *unix_path)
{
	struct listener *l = calloc(1, sizeof(*l)), **last = &srv->listeners;

	if (l == NULL)
		return -1;
	l->srv = srv;
	l->fd = fd;
	l->port = port;
	l->burst = 1;
	l->name = strdup(name);
	if (unix_path != NULL)
		l->unix_path = strdup(unix_path);
	if (l->name == NULL || (unix_path != NULL && l->unix_path == NULL)) {
		free(l->name);
		free(l);
		return -1;
	}
	while (*last != NULL)
		last = &(*last)->next;
	*last = l;
	return 0;
}

static int
port_of(const struct sockaddr *sa)
{
	const struct sockaddr_in *in = (const void *)sa;
	const struct sockaddr_in6 *in6 = (const void *)sa;

	return ntohs(sa->sa_family == AF_INET6 ? in6->sin6_port
	    : in->sin_port);
}

static void
set_port(struct sockaddr *sa, int port)
{
	struct sockaddr_in *in = (void *)sa;
	struct sockaddr_in6 *in6 = (void *)sa;

	if (sa->sa_family == AF_INET6)
		in6->sin6_port = htons((uint16_t)port);
	else
		in->sin_port = htons((uint16_t)port);
}

/* One address. Returns the descriptor, or -1 and errno. */
static int
listen_at(struct sockaddr *sa, socklen_t size, int backlog)
{
	int fd = sys_socket(sa->sa_family), on = 1, error;

	if (fd == -1)
		return -1;
	/* options only make things better: not having them is no error */
	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	if (sa->sa_family == AF_INET6)
		(void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on,
		    sizeof(on));
	if (bind(fd, sa, size) == 0 && listen(fd, backlog) == 0
	    && getsockname(fd, sa, &size) == 0)
		return fd;
	error = errno;
	close(fd);
	errno = error;
	return -1;
}

static void
name_address(const struct sockaddr *sa, char *out, size_t size)
{
	const struct sockaddr_in *in = (const void *)sa;
	const struct sockaddr_in6 *in6 = (const void *)sa;
	char host[INET6_ADDRSTRLEN] = "?";

	if (sa->sa_family == AF_INET6) {
		inet_ntop(AF_INET6, &in6->sin6_addr, host, sizeof(host));
		snprintf(out, size, "[%s]:%d", host, port_of(sa));
	} else {
		inet_ntop(AF_INET, &in->sin_addr, host, sizeof(host));
		snprintf(out, size, "%s:%d", host, port_of(sa));
	}
}

static int
open_one(struct server *srv, struct addrinfo *ai)
{
	char name[INET6_ADDRSTRLEN + 16];
	int fd;

	fd = listen_at(ai->ai_addr, ai->ai_addrlen, srv->core->listen_backlog);
	if (fd == -1)
		return -1;
	name_address(ai->ai_addr, name, sizeof(name));
	if (add(srv, fd, name, port_of(ai->ai_addr), NULL) == 0)
		return 0;
	close(fd);
	errno = ENOMEM;
	return -1;
}

/* All addresses of a host; NULL is every address there is. A machine without
 * IPv6 is none the worse for it, so what is missing counts only when nothing
 * else is left. */
static int
open_tcp(struct server *srv, const char *host)
{
	struct addrinfo hints, *list, *ai;
	int port = srv->core->port, opened = 0, error = 0;
	char service[16];

	memset(&hints, 0, sizeof(hints));
	hints.ai_family = AF_UNSPEC;
	hints.ai_socktype = SOCK_STREAM;
	hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
	snprintf(service, sizeof(service), "%d", port);
	error = getaddrinfo(host, service, &hints, &list);
	if (error != 0) {
		LOG(srv, "server.bind \"%s\": %s", host == NULL ? "" : host,
		    gai_strerror(error));
		return -1;
	}
	for (ai = list; ai != NULL; ai = ai->ai_next) {
		set_port(ai->ai_addr, port);
		if (open_one(srv, ai) == 0) {
			opened++;
			if (port == 0)	/* the others get the same one */
				port = port_of(ai->ai_addr);
			continue;
		}
		error = errno;
		if (error != EAFNOSUPPORT && error != EADDRNOTAVAIL)
			break;
	}
	freeaddrinfo(list);
	if (ai == NULL && opened > 0)
		return 0;
	LOG(srv, "cannot listen on %s port %d: %s", host == NULL ? "*" : host,
	    port, strerror(error));
	return -1;
}

/* Is somebody listening at a socket's path? One that nobody answers was left
 * by a server that died, and may go. */
static int
is_alive(const struct sockaddr_un *un)
{
	int fd = sys_socket(AF_UNIX), alive;

	if (fd == -1)
		return 1;
	alive = connect(fd, (const void *)un, sizeof(*un)) == 0
	    || (errno != ECONNREFUSED && errno != ENOENT);
	close(fd);
	return alive;
}

static int
open_unix(struct server *srv, const char *path)
{
	struct sockaddr_un un;
	char name[sizeof(un.sun_path) + 8];
	struct stat st;
	int fd = -1;

	memset(&un, 0, sizeof(un));
	un.sun_family = AF_UNIX;
	if (strlen(path) >= sizeof(un.sun_path)) {
		LOG(srv, "cannot listen on %s: longer than %zu bytes", path,
		    sizeof(un.sun_path) - 1);
		return -1;
	}
	memcpy(un.sun_path, path, strlen(path));
	if (lstat(path, &st) == 0 && S_ISSOCK(st.st_mode) && !is_alive(&un))
		(void)unlink(path);
	fd = sys_socket(AF_UNIX);
	if (fd != -1 && bind(fd, (void *)&un, sizeof(un)) == 0) {
		snprintf(name, sizeof(name), "unix:%s", path);
		if (chmod(path, 0666) == 0
		    && listen(fd, srv->core->listen_backlog) == 0
		    && add(srv, fd, name, 0, path) == 0)
			return 0;
		(void)unlink(path);
	}
	LOG(srv, "cannot listen on unix:%s: %s", path, strerror(errno));
	if (fd != -1)
		close(fd);
	return -1;
}

int
net_open(struct server *srv)
{
	const char *bind_to = srv->core->bind;
	char host[256];
	size_t n;

	if (bind_to == NULL || bind_to[0] == '\0')
		return open_tcp(srv, NULL);
	if (strncmp(bind_to, "unix:", 5) == 0)
		return open_unix(srv, bind_to + 5);
	if (bind_to[0] == '/')
		return open_unix(srv, bind_to);
	n = strlen(bind_to);
	if (bind_to[0] == '[' && bind_to[n - 1] == ']') {
		bind_to++;
		n -= 2;
	}
	if (n >= sizeof(host)) {
		LOG(srv, "server.bind is no address: \"%s\"", bind_to);
		return -1;
	}
	memcpy(host, bind_to, n);
	host[n] = '\0';
	return open_tcp(srv, host);
}

void
net_close(struct server *srv)
{
	struct listener *l;

	for (l = srv->listeners; l != NULL; l = l->next) {
		if (l->registered)
			fdevent_del(srv->ev, l->fd);
		else if (l->fd != -1)
			close(l->fd);
		if (l->fd != -1 && l->unix_path != NULL)
			(void)unlink(l->unix_path);
		l->registered = 0;
		l->fd = -1;
	}
}

void
net_free(struct server *srv)
{
	struct listener *l, *next;

	net_close(srv);
	for (l = srv->listeners; l != NULL; l = next) {
		next = l->next;
		free(l->unix_path);
		free(l->name);
		free(l);
	}
	srv->listeners = NULL;
}

/* ---- accepting ---- */

/* Descriptors or memory ran out: pause until something was closed. */
static int
is_famine(int error)
{
	return error == EMFILE || error == ENFILE || error == ENOMEM
	    || error == ENOBUFS;
}

static void
accept_some(void *context, int events)
{
	struct listener *l = context;
	struct server *srv = l->srv;
	union {
		struct sockaddr sa;
		struct sockaddr_in in;
		struct sockaddr_in6 in6;
		struct sockaddr_un un;
	} peer;
	socklen_t size;
	int fd, i;

	(void)events;
	if (!srv->ticking)
		clock_refresh(srv);
	for (i = 0; i < l->burst && srv->conns < srv->max_conns; i++) {
		size = sizeof(peer);
		fd = sys_accept(l->fd, &peer.sa, &size);
		if (fd == -1 && is_famine(errno))
			srv->starved = 1;
		/* anything else but EAGAIN concerns that client alone, who
		 * is gone already (accept(2)) */
		if (fd == -1)
			break;
		(void)conn_new(srv, l, fd, &peer.sa, size);
	}
	/* an accept that finds nobody costs as much as one that does: so one
	 * at a time, until more wait than that */
	if (i < l->burst)
		l->burst = 1;
	else if (l->burst < ACCEPT_MOST)
		l->burst *= 2;
	net_overload(srv);
}

int
net_register(struct server *srv)
{
	struct listener *l;

	for (l = srv->listeners; l != NULL; l = l->next) {
		if (fdevent_add(srv->ev, l->fd, FDEVENT_IN, accept_some, l)
		    == -1) {
			LOG(srv, "cannot watch %s: %s", l->name,
			    strerror(errno));
			return -1;
		}
		l->registered = 1;
	}
	return 0;
}

static void
watch_all(struct server *srv, int want)
{
	struct listener *l;

	for (l = srv->listeners; l != NULL; l = l->next)
		if (l->registered)
			(void)fdevent_want(srv->ev, l->fd, want);
	srv->paused = want == 0;
}

void
net_overload(struct server *srv)
{
	/* in tenths of what there may be */
	long fds = (long)srv->ev->count * 10, conns = (long)srv->conns * 10;

	if (!srv->paused) {
		if (srv->conns >= srv->max_conns)
			LOG(srv, "[note] accepting paused: connection limit "
			    "%d reached", srv->max_conns);
		else if (srv->starved || fds > (long)srv->max_fds * 9)
			LOG(srv, "[note] accepting paused: out of descriptors");
		else
			return;
		srv->paused_tick = srv->tick;
		watch_all(srv, 0);
	} else if (fds < (long)srv->max_fds * 8
	    && conns <= (long)srv->max_conns * 9
	    && (!srv->starved || srv->tick != srv->paused_tick)) {
		srv->starved = 0;
		watch_all(srv, FDEVENT_IN);
		LOG(srv, "[note] accepting resumed");
	}
}

/* inet_ntop goes through printf, which costs more than the rest of a line of
 * the access log: hence IPv4, which most clients have, by hand. */
size_t
net_peer_name(const struct connection *con, char out[NET_NAME_SIZE])
{
	const unsigned char *byte;
	size_t n = 0;
	int i;

	if (con->peer.sa.sa_family == AF_INET6) {
		if (inet_ntop(AF_INET6, &con->peer.in6.sin6_addr, out,
		    NET_NAME_SIZE) == NULL)
			out[0] = '\0';
		return strlen(out);
	}
	if (con->peer.sa.sa_family != AF_INET) {
		memcpy(out, "unix", 5);
		return 4;
	}
	byte = (const void *)&con->peer.in.sin_addr;
	for (i = 0; i < 4; i++) {
		if (byte[i] >= 100)
			out[n++] = (char)('0' + byte[i] / 100);
		if (byte[i] >= 10)
			out[n++] = (char)('0' + byte[i] / 10 % 10);
		out[n++] = (char)('0' + byte[i] % 10);
		out[n++] = '.';
	}
	out[--n] = '\0';
	return n;
}
