/* SPDX-License-Identifier: ISC */
/*
 * Making sockets.  Nothing here reads from or writes to one.
 */
#include "bgpd/socket.h"

#include <sys/fsuid.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <errno.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bgpd/paths.h"
#include "common/log.h"
#include "common/xmalloc.h"

#ifndef IP_BIND_ADDRESS_NO_PORT
#define IP_BIND_ADDRESS_NO_PORT 24
#endif

const char *
listener_str(const struct conf_endpoint *e, char *buf)
{
	char text[ENDPOINT_STRLEN];

	if (e->path != NULL)
		snprintf(buf, LISTENER_STRLEN, "unix:%s", e->path);
	else
		snprintf(buf, LISTENER_STRLEN, "%s",
		    endpoint_str(&e->addr, e->port, text));
	return buf;
}

static int
option_on(int fd, int level, int name, int value)
{
	return setsockopt(fd, level, name, &value, sizeof(value));
}

/* Routing traffic goes ahead of others (RFC 4271 appendix E). */
static void
options_bgp(int fd, bool ipv6)
{
	(void)option_on(fd, IPPROTO_TCP, TCP_NODELAY, 1);
	if (ipv6)
		(void)option_on(fd, IPPROTO_IPV6, IPV6_TCLASS,
		    IPTOS_PREC_INTERNETCONTROL);
	else
		(void)option_on(fd, IPPROTO_IP, IP_TOS,
		    IPTOS_PREC_INTERNETCONTROL);
}

/* --- TCP listeners */

static int
tcp_bind(int fd, const struct conf_endpoint *e, enum listener_kind kind,
    struct conf_endpoint *bound)
{
	struct sockaddr_storage ss;
	socklen_t len;
	bool ipv6 = e->addr.family == ADDR_IPV6;

	if (option_on(fd, SOL_SOCKET, SO_REUSEADDR, 1) == -1)
		return -1;
	if (ipv6 &&
	    option_on(fd, IPPROTO_IPV6, IPV6_V6ONLY,
		addr_is_mapped(&e->addr) ? 0 : 1) == -1)
		return -1;
	if (kind == LISTENER_BGP)
		options_bgp(fd, ipv6); /* accepted ones inherit them */
	len = addr_to_sockaddr(&e->addr, e->port, &ss);
	if (bind(fd, (struct sockaddr *)&ss, len) == -1 ||
	    listen(fd, SOCKET_BACKLOG) == -1)
		return -1;
	len = sizeof(ss);
	if (getsockname(fd, (struct sockaddr *)&ss, &len) == -1)
		return -1;
	return addr_from_sockaddr((struct sockaddr *)&ss, &bound->addr,
	    &bound->port);
}

/* --- unix listeners */

/* Take away what a dead process left; a living one keeps its place. */
static int
stale_remove(const struct sockaddr_un *sun)
{
	struct stat st;
	int fd, rc;

	if (lstat(sun->sun_path, &st) == -1)
		return errno == ENOENT ? 0 : -1;
	if (!S_ISSOCK(st.st_mode)) {
		errno = EEXIST;
		return -1;
	}
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd == -1)
		return -1;
	rc = connect(fd, (const struct sockaddr *)sun, sizeof(*sun));
	if (rc == 0 || errno == EAGAIN) {
		close(fd);
		errno = EADDRINUSE;
		return -1;
	}
	close(fd);
	return paths_unlink(sun->sun_path);
}

static int
unix_bind(int fd, const char *path, gid_t gid, struct listener *l)
{
	struct sockaddr_un sun;
	struct stat st;
	mode_t old;
	gid_t fsgid = 0;
	int rc;

	memset(&sun, 0, sizeof(sun));
	sun.sun_family = AF_UNIX;
	if (strlen(path) >= sizeof(sun.sun_path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	memcpy(sun.sun_path, path, strlen(path));
	if (stale_remove(&sun) == -1)
		return -1;
	/* Created with its final mode and group: there is no moment at which
	 * others could connect, and no need to change owners later. */
	old = umask(0117);
	if (gid != (gid_t)-1)
		fsgid = (gid_t)setfsgid(gid);
	rc = bind(fd, (struct sockaddr *)&sun, sizeof(sun));
	if (gid != (gid_t)-1)
		(void)setfsgid(fsgid);
	umask(old);
	if (rc == -1 || listen(fd, SOCKET_BACKLOG) == -1)
		return -1;
	if (lstat(path, &st) == 0) {
		l->dev = st.st_dev;
		l->ino = st.st_ino;
	}
	return 0;
}

/* --- listeners */

static int
listener_domain(const struct conf_endpoint *e)
{
	if (e->path != NULL)
		return AF_UNIX;
	return e->addr.family == ADDR_IPV6 ? AF_INET6 : AF_INET;
}

struct listener *
listener_open(const struct conf_endpoint *e, enum listener_kind kind, gid_t gid,
    struct err *err)
{
	struct listener *l = xcalloc(1, sizeof(*l));
	char text[LISTENER_STRLEN];
	int rc, saved;

	l->wanted = *e;
	l->bound = *e;
	l->wanted.path = e->path == NULL ? NULL : xstrdup(e->path);
	l->bound.path = e->path == NULL ? NULL : xstrdup(e->path);
	/* Who may do what is the configuration's, not the socket's. */
	l->wanted.access = l->bound.access = NULL;
	l->kind = kind;
	l->fd = socket(listener_domain(e),
	    SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	rc = l->fd == -1 ? -1 : 0;
	if (rc == 0 && e->path != NULL)
		rc = unix_bind(l->fd, e->path, gid, l);
	else if (rc == 0)
		rc = tcp_bind(l->fd, e, kind, &l->bound);
	if (rc == 0)
		return l;
	saved = errno;
	listener_free(l);
	err_set(err, ERR_UNAVAILABLE, "cannot listen on %s: %s",
	    listener_str(e, text),
	    saved == EEXIST ? "a file is in the way" : strerror(saved));
	return NULL;
}

void
listener_free(struct listener *l)
{
	struct stat st;

	if (l->fd != -1)
		close(l->fd);
	if (l->bound.path != NULL && l->ino != 0 &&
	    lstat(l->bound.path, &st) == 0 && st.st_dev == l->dev &&
	    st.st_ino == l->ino && paths_unlink(l->bound.path) == -1)
		log_warn("%s", l->bound.path);
	conf_endpoint_fini(&l->wanted);
	conf_endpoint_fini(&l->bound);
	free(l);
}

/* --- outgoing connections */

/* The source: the peer's own, else the listener's of that family. */
static struct addr
source_address(const struct conf *c, const struct conf_peer *p)
{
	struct addr none;
	uint16_t i;

	if (p->local_addr.family != ADDR_NONE)
		return p->local_addr;
	memset(&none, 0, sizeof(none));
	for (i = 0; i < c->n_listen; i++)
		if (c->listen[i].addr.family == p->addr.family)
			return addr_is_unspecified(&c->listen[i].addr) ?
			    none :
			    c->listen[i].addr;
	return none;
}

/* To a server of the configuration; the kernel chooses the source. */
static int
socket_conduit(const struct conf *c, const struct sock_req *q)
{
	if (conf_bmp_server_find(c, &q->remote, q->port) == NULL) {
		errno = EPERM;
		return -1;
	}
	return socket(q->remote.family == ADDR_IPV6 ? AF_INET6 : AF_INET,
	    SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
}

int
socket_outgoing(const struct conf *c, const struct sock_req *q, bool conduit)
{
	const struct conf_peer *p = conf_peer_find(c, &q->remote);
	struct sockaddr_storage ss;
	struct addr from;
	socklen_t len;
	bool ipv6 = q->remote.family == ADDR_IPV6;
	int fd, saved;

	if (conduit)
		return socket_conduit(c, q);
	if (p == NULL || p->port != q->port) {
		errno = EPERM;
		return -1;
	}
	from = source_address(c, p);
	if (from.family != ADDR_NONE && from.family != q->remote.family) {
		errno = EAFNOSUPPORT;
		return -1;
	}
	fd = socket(ipv6 ? AF_INET6 : AF_INET,
	    SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd == -1)
		return -1;
	options_bgp(fd, ipv6);
	if (from.family != ADDR_NONE) {
		/* The port is chosen at connect(), by the whole pair. */
		(void)option_on(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1);
		len = addr_to_sockaddr(&from, 0, &ss);
		if (bind(fd, (struct sockaddr *)&ss, len) == -1) {
			saved = errno;
			close(fd);
			errno = saved;
			return -1;
		}
	}
	return fd;
}
