/*
 * net_open.c - which sockets listen: inherited, kept or opened.
 *
 * At the start and for each reload: what the new configuration wants and the
 * old one has is kept, also under another name for it. TCP_NODELAY is set
 * here: accepted sockets inherit it, which saves a system call for each
 * connection.
 */
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>

#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "server.h"

enum {
	BIND_TRIES = 25,
	BIND_PAUSE = 20,	/* milliseconds */
	HOST_MAX = 256,
	FAULT_MAX = 512		/* bytes of a message */
};

/* A socket's address, of any family. */
union address {
	struct sockaddr sa;
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
	struct sockaddr_un un;
	char room[sizeof(struct sockaddr_un) + 1];	/* a NUL behind it */
};

static int
port_of(const union address *a)
{
	return a->sa.sa_family == AF_UNIX ? 0 : ntohs(a->sa.sa_family
	    == AF_INET6 ? a->in6.sin6_port : a->in.sin_port);
}

/* A socket file at which nobody answers was left by a server that died. */
static int
is_stale(const struct sockaddr_un *un)
{
	int fd = sys_socket(AF_UNIX), stale;
	struct stat st;

	if (fd == -1)
		return 0;
	stale = lstat(un->sun_path, &st) == 0 && S_ISSOCK(st.st_mode)
	    && connect(fd, (const void *)un, sizeof(*un)) == -1
	    && errno == ECONNREFUSED;
	close(fd);
	return stale;
}

/* bind(2). The workers of a master that was killed need a moment to let go of
 * the address; who serves already does not wait for that. */
static int
bind_to(const struct server *srv, int fd, const union address *a,
    socklen_t size)
{
	mode_t mask = umask(0111);	/* all may write to a unix socket */
	int tries = srv->ev == NULL ? BIND_TRIES : 1, result;

	for (;;) {
		result = bind(fd, &a->sa, size);
		if (result == 0 || errno != EADDRINUSE || tries-- == 0)
			break;
		if (a->sa.sa_family == AF_UNIX && is_stale(&a->un))
			(void)unlink(a->un.sun_path);
		else if (srv->ev == NULL)
			(void)poll(NULL, 0, BIND_PAUSE);
		errno = EADDRINUSE;
	}
	umask(mask);
	return result;
}

/* One address. Returns the descriptor, or -1 and errno. */
static int
listen_at(const struct server *srv, const union address *a, socklen_t size,
    int backlog)
{
	int fd = sys_socket(a->sa.sa_family), on = 1, error;

	if (fd == -1)
		return -1;
	/* options only make things better: not having them is no error */
	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	if (a->sa.sa_family == AF_INET6)
		(void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on,
		    sizeof(on));
	if (bind_to(srv, fd, a, size) == 0 && listen(fd, backlog) == 0)
		return fd;
	error = errno;
	close(fd);
	errno = error;
	return -1;
}

static void
name_address(const union address *a, char *out, size_t size)
{
	char host[INET6_ADDRSTRLEN] = "?";

	if (a->sa.sa_family == AF_UNIX) {
		snprintf(out, size, "unix:%s", a->un.sun_path);
	} else if (a->sa.sa_family == AF_INET6) {
		inet_ntop(AF_INET6, &a->in6.sin6_addr, host, sizeof(host));
		snprintf(out, size, "[%s]:%d", host, port_of(a));
	} else {
		inet_ntop(AF_INET, &a->in.sin_addr, host, sizeof(host));
		snprintf(out, size, "%s:%d", host, port_of(a));
	}
}

static int
address_of(int fd, union address *a)
{
	socklen_t size = sizeof(a->un);

	memset(a, 0, sizeof(*a));
	return getsockname(fd, &a->sa, &size);
}

/* Adds a listener for fd behind the others; it owns fd then. Returns it, or
 * NULL. */
static struct listener *
add(struct server *srv, int fd)
{
	struct listener *l = calloc(1, sizeof(*l)), **last = &srv->listeners;
	char name[sizeof(struct sockaddr_un) + 8];
	union address a;

	if (l == NULL || address_of(fd, &a) == -1)
		goto failed;
	name_address(&a, name, sizeof(name));
	l->name = strdup(name);
	if (a.sa.sa_family == AF_UNIX)
		l->unix_path = strdup(a.un.sun_path);
	if (l->name == NULL
	    || (a.sa.sa_family == AF_UNIX && l->unix_path == NULL))
		goto failed;
	l->srv = srv;
	l->fd = fd;
	l->port = port_of(&a);
	l->burst = 1;
	while (*last != NULL)
		last = &(*last)->next;
	*last = l;
	return l;
failed:
	if (l != NULL)
		free(l->name);
	free(l);
	return NULL;
}

/* Does the socket fd listen where it is wanted? Port 0 is any port; an IPv6
 * socket for all addresses may have IPv4 as well, if somebody else made it. */
static int
is_at(int fd, const union address *want)
{
	union address have;
	int v6only = 1;
	socklen_t size = sizeof(v6only);

	if (address_of(fd, &have) == -1 || (port_of(want) != 0
	    && port_of(want) != port_of(&have)))
		return 0;
	if (want->sa.sa_family == AF_UNIX)
		return have.sa.sa_family == AF_UNIX
		    && strcmp(have.un.sun_path, want->un.sun_path) == 0;
	if (want->sa.sa_family == AF_INET && have.sa.sa_family == AF_INET6)
		return want->in.sin_addr.s_addr == htonl(INADDR_ANY)
		    && IN6_IS_ADDR_UNSPECIFIED(&have.in6.sin6_addr)
		    && getsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &v6only,
		    &size) == 0 && !v6only;
	if (want->sa.sa_family != have.sa.sa_family)
		return 0;
	if (want->sa.sa_family == AF_INET)
		return want->in.sin_addr.s_addr == have.in.sin_addr.s_addr;
	return memcmp(&want->in6.sin6_addr, &have.in6.sin6_addr,
	    sizeof(have.in6.sin6_addr)) == 0;
}

/* The listener that is there already, marked wanted; or NULL. */
static struct listener *
find(struct server *srv, const union address *want)
{
	struct listener *l;

	for (l = srv->listeners; l != NULL; l = l->next)
		if (l->fd != -1 && is_at(l->fd, want)) {
			l->wanted = 1;
			return l;
		}
	return NULL;
}

/* The one at address a, found or opened. NULL and errno: there is none. */
static struct listener *
open_one(struct server *srv, union address *a, socklen_t size, int backlog)
{
	struct listener *l = find(srv, a);
	int fd, error;

	if (l != NULL)
		return l;
	fd = listen_at(srv, a, size, backlog);
	if (fd == -1)
		return NULL;
	l = add(srv, fd);
	if (l != NULL) {
		l->wanted = l->fresh = l->own = 1;
		return l;
	}
	error = errno;
	close(fd);
	errno = error;
	return NULL;
}

/* Where to listen: server.bind with server.port, or a $SERVER["socket"]. */
struct place {
	struct config *config;
	struct conf_place at;		/* of a condition */
	struct conf_cond *cond;		/* NULL: the main one */
	struct buf names;		/* of the listeners, each with a NUL */
	int port;
	char host[HOST_MAX];		/* or a path; "": every address */
};

static int
fault(const struct place *place, const char *key, const char *format, ...)
{
	char what[FAULT_MAX];
	va_list ap;

	va_start(ap, format);
	vsnprintf(what, sizeof(what), format, ap);
	va_end(ap);
	return place->cond == NULL
	    ? config_fault(place->config, key, "%s", what)
	    : conf_fault(&place->config->report, place->at, "%s: %s",
	    place->cond->field, what);
}

/* A listener that is wanted here: the condition will want to know. */
static void
found(struct place *place, const struct listener *l)
{
	if (place->cond != NULL)
		buf_add(&place->names, l->name, strlen(l->name) + 1);
}

/* All addresses of a host. A machine without IPv6 is none the worse for it, so
 * what is missing counts only when nothing else is left. */
static int
open_tcp(struct place *place)
{
	const char *host = place->host[0] != '\0' ? place->host : NULL;
	struct config *config = place->config;
	struct addrinfo hints, *list, *ai;
	int port = place->port, opened = 0, error;
	struct listener *l;
	union address a;
	char service[16];

	memset(&hints, 0, sizeof(hints));
	hints.ai_family = AF_UNSPEC;
	hints.ai_socktype = SOCK_STREAM;
	hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
	snprintf(service, sizeof(service), "%d", port);
	error = getaddrinfo(host, service, &hints, &list);
	if (error != 0)
		return fault(place, "server.bind", "\"%s\": %s",
		    place->host, gai_strerror(error));
	for (ai = list; ai != NULL; ai = ai->ai_next) {
		memcpy(&a, ai->ai_addr, ai->ai_addrlen);
		if (a.sa.sa_family == AF_INET6)	/* the port has one place */
			a.in6.sin6_port = htons((uint16_t)port);
		else
			a.in.sin_port = htons((uint16_t)port);
		l = open_one(config->srv, &a, ai->ai_addrlen,
		    config->core->listen_backlog);
		error = errno;
		if (l != NULL) {
			found(place, l);
			opened++;
			port = l->port;	/* one for all, if any would do */
		} else if (error != EAFNOSUPPORT && error != EADDRNOTAVAIL) {
			break;
		}
	}
	freeaddrinfo(list);
	if (ai == NULL && opened > 0)
		return 0;
	return fault(place, "server.port", "cannot listen on %s port "
	    "%d: %s", host == NULL ? "*" : host, port, strerror(error));
}

static int
open_unix(struct place *place)
{
	struct config *config = place->config;
	struct listener *l;
	union address a;

	memset(&a, 0, sizeof(a));
	a.un.sun_family = AF_UNIX;
	memcpy(a.un.sun_path, place->host, strlen(place->host));
	l = open_one(config->srv, &a, sizeof(a.un),
	    config->core->listen_backlog);
	if (l == NULL)
		return fault(place, "server.bind", "cannot listen on unix:%s:"
		    " %s", place->host, strerror(errno));
	found(place, l);
	return 0;
}

/* Takes text apart: an address, perhaps in brackets, and (of a condition)
 * perhaps a port; or a path. Returns 0, or -1 after a message. */
static int
read_place(struct place *place, const char *text)
{
	const char *colon = place->cond != NULL ? strrchr(text, ':') : NULL;
	size_t most = HOST_MAX, n;
	int64_t port;

	if (strncmp(text, "unix:", 5) == 0)
		text += 5;
	if (text[0] == '/') {
		colon = NULL;
		most = sizeof(((union address *)NULL)->un.sun_path);
	}
	n = strlen(text);
	if (colon != NULL && text[n - 1] != ']') {
		if (str_number(slice_of(colon + 1), &port) == -1
		    || port > UINT16_MAX)
			return fault(place, "server.bind", "no port: \"%s\"",
			    colon + 1);
		place->port = (int)port;
		n = (size_t)(colon - text);
	}
	if (n > 1 && text[0] == '[' && text[n - 1] == ']') {
		text++;
		n -= 2;
	} else if (colon != NULL && memchr(text, ':', n) != NULL) {
		return fault(place, "server.bind", "\"%s\": an IPv6 address"
		    " stands in brackets", text);
	} else if (colon != NULL && n == 1 && text[0] == '*') {
		n = 0;
	}
	if (n >= most)
		return fault(place, "server.bind", "cannot listen on %s: "
		    "longer than %zu bytes", text, most - 1);
	memcpy(place->host, text, n);
	place->host[n] = '\0';
	if (text[0] != '/' && strpbrk(place->host, " \t\r\n\"/") != NULL)
		return fault(place, "server.bind", "\"%s\" is no address",
		    place->host);
	return 0;
}

static int
open_place(struct place *place)
{
	return place->host[0] == '/' ? open_unix(place) : open_tcp(place);
}

/* Does what fn does with server.bind, and with each $SERVER["socket"] that
 * open says to. */
static int
each_place(struct config *config, int (*fn)(struct place *place))
{
	const struct conf_block *b = &config->conf->global;
	const struct conf_subject *s;
	int status = 0;
	unsigned socket = 0;

	for (s = config->conf->subjects; s != NULL
	    && s->field != CONF_SOCKET; s = s->next)
		socket++;
	for (; b != NULL; b = b->next) {
		struct place place = { .config = config, .at = b->place,
		    .cond = b->cond, .port = config->core->port };

		if (b->number > 0 && (b->cond == NULL
		    || b->cond->subject != socket || s == NULL))
			continue;
		if (read_place(&place, b->cond != NULL ? b->cond->text
		    : config->core->bind) == -1 || fn(&place) == -1)
			status = -1;
		buf_free(&place.names);
	}
	return status;
}

/* Opens it, and tells the condition what it has. */
static int
open_and_name(struct place *place)
{
	char *names;

	if (open_place(place) == -1)
		return -1;
	if (place->cond == NULL)
		return 0;
	buf_addc(&place->names, '\0');
	names = place->names.failed ? NULL
	    : conf_alloc(place->config->conf, place->names.n);
	if (names == NULL)
		return fault(place, NULL, "out of memory");
	memcpy(names, place->names.p, place->names.n);
	place->cond->names = names;
	return 0;
}

static int
only_read(struct place *place)
{
	(void)place;
	return 0;
}

int
net_check(struct config *config)
{
	return each_place(config, only_read);
}

int
net_open(struct server *srv, struct config *config)
{
	struct listener *l;

	for (l = srv->listeners; l != NULL; l = l->next)
		l->wanted = 0;
	if (each_place(config, open_and_name) == 0)
		return 0;
	net_cancel(srv);
	return -1;
}

void
net_inherit(struct server *srv, int n)
{
	struct listener *l;
	socklen_t size;
	int fd, yes;

	for (fd = 3; fd < 3 + n; fd++) {
		size = sizeof(yes);
		l = NULL;
		if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &yes, &size)
		    == 0 && yes && sys_nonblocking(fd) == 0)
			l = add(srv, fd);
		if (l != NULL) {
			/* whoever made it may be using it still */
			free(l->unix_path);
			l->unix_path = NULL;
			continue;
		}
		LOG(srv, "inherited descriptor %d does not listen: %s", fd,
		    strerror(errno));
		close(fd);
	}
}
