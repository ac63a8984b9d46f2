/*
 * proc_channel.c - a message, and perhaps a descriptor, between two processes
 * of one server.
 *
 * A channel is a pair of connected sockets, of which the master has one end
 * and a worker the other. All messages have one size, so there is no framing;
 * a descriptor travels beside it (SCM_RIGHTS, unix(7)) and is the same open
 * file there, whatever the receiver itself could have opened. proc_table.c
 * and proc_worker.c say what is sent.
 */
#include <sys/socket.h>
#include <sys/uio.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "proc.h"

/* Room for one descriptor beside a message. */
union control {
	struct cmsghdr head;
	char room[CMSG_SPACE(sizeof(int))];
};

static void
prepare(struct msghdr *h, struct iovec *v, union control *control)
{
	memset(h, 0, sizeof(*h));
	memset(control, 0, sizeof(*control));
	h->msg_iov = v;
	h->msg_iovlen = 1;
	h->msg_control = control->room;
	h->msg_controllen = sizeof(control->room);
}

int
channel_send(int fd, const struct channel_message *m)
{
	struct channel_message copy = *m;
	union control control;
	struct msghdr h;
	struct iovec v;
	int one = m->fd;

	v.iov_base = &copy;
	v.iov_len = sizeof(copy);
	prepare(&h, &v, &control);
	if (m->fd == -1) {
		h.msg_control = NULL;
		h.msg_controllen = 0;
	} else {
		control.head.cmsg_level = SOL_SOCKET;
		control.head.cmsg_type = SCM_RIGHTS;
		control.head.cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(&control.head), &one, sizeof(one));
	}
	return sendmsg(fd, &h, MSG_NOSIGNAL) == (ssize_t)sizeof(copy)
	    ? 0 : -1;
}

int
channel_read(int fd, struct channel_message *m)
{
	union control control;
	struct msghdr h;
	struct iovec v;
	ssize_t n;

	v.iov_base = m;
	v.iov_len = sizeof(*m);
	prepare(&h, &v, &control);
	do
		n = recvmsg(fd, &h, 0);
	while (n == -1 && errno == EINTR);
	if (n == -1 && (errno == EAGAIN || errno == EWOULDBLOCK))
		return 0;
	m->fd = -1;
	if (n > 0 && CMSG_FIRSTHDR(&h) != NULL
	    && control.head.cmsg_type == SCM_RIGHTS
	    && control.head.cmsg_len == CMSG_LEN(sizeof(int))) {
		memcpy(&m->fd, CMSG_DATA(&control.head), sizeof(m->fd));
		(void)fcntl(m->fd, F_SETFD, FD_CLOEXEC);
	}
	if (n == (ssize_t)sizeof(*m))
		return 1;
	if (m->fd != -1)
		close(m->fd);
	return -1;		/* the end; a part of a message is no message */
}
