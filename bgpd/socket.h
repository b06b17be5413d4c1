/* SPDX-License-Identifier: ISC */
/*
 * Sockets that bgpd makes on behalf of its children: listeners for BGP and
 * for the API, and sockets for outgoing connections, bound but never
 * connected here.
 */
#ifndef BGPD_SOCKET_H
#define BGPD_SOCKET_H

#include <sys/types.h>

#include <stdbool.h>

#include "common/compat.h"
#include "common/conf.h"
#include "common/err.h"
#include "common/msg_conf.h"

#define SOCKET_BACKLOG 1024

enum listener_kind { /* who accepts there, and what is spoken */
	LISTENER_BGP, /* sessiond */
	LISTENER_API, /* apid, gRPC */
	LISTENER_METRICS, /* apid, HTTP */
};

struct listener {
	TAILQ_ENTRY(listener) entry;
	struct conf_endpoint wanted; /* as configured: the port may be 0 */
	struct conf_endpoint bound; /* what it came to */
	int fd;
	enum listener_kind kind;
	bool wanted_next; /* by the configuration being prepared */
	bool fresh; /* made for it */
	dev_t dev; /* of a unix socket, so that only our own is */
	ino_t ino; /* unlinked */
};

TAILQ_HEAD(listeners, listener);

/*
 * Bind a listening socket.  A unix socket gets mode 0660 and the group `gid`
 * (-1: that of the process); a stale one is replaced.
 * Returns NULL with `e` naming the address.
 */
struct listener *listener_open(const struct conf_endpoint *, enum listener_kind,
    gid_t gid, struct err *e) ATTR_CHECK;
/* Close, and take the path of a unix socket away. */
void listener_free(struct listener *);

/* "IP:PORT" or "unix:PATH" into buf of at least LISTENER_STRLEN. */
#define LISTENER_STRLEN 128
const char *listener_str(const struct conf_endpoint *, char *buf);

/*
 * A socket for a connection to q->remote, bound to the address that `c`
 * gives for it, with TCP options set; for a conduit unbound and without.
 * Only configured peers are served, and BMP servers for conduits.
 * Returns the descriptor, or -1 with errno set.
 */
int socket_outgoing(const struct conf *c, const struct sock_req *q,
    bool conduit) ATTR_CHECK;

#endif
