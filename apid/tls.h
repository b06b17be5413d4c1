/* SPDX-License-Identifier: ISC */
/*
 * TLS of the API's listeners.
 *
 * The gRPC core takes connected sockets only in the clear, so TLS ends here:
 * a connection is decrypted by OpenSSL and its plain bytes go to the core
 * through a socket pair.  That way the parent binds TLS listeners like all
 * others, and new certificates act on the next connection without ending
 * anything.
 *
 * Bounds: each direction of a connection holds at most about TLS_HIGH bytes
 * here; the side that is not read stops the other one.  A handshake must be
 * complete within TLS_HANDSHAKE_SECS; when the core has closed its end, what
 * it wrote must go on to the client with no longer pause than that.
 */
#ifndef APID_TLS_H
#define APID_TLS_H

#include "common/compat.h"
#include "common/conf.h"
#include "common/err.h"

struct event_base;
struct tls_context;
struct tls_conn;

enum {
	TLS_HIGH = 64 * 1024,
	TLS_LOW = 16 * 1024,
	TLS_HANDSHAKE_SECS = 10,
};

LIST_HEAD(tls_conns, tls_conn);

/* From certificate, key and, for clients that must show a certificate, the
 * CA.  NULL with a reason in e if OpenSSL refuses them. */
struct tls_context *tls_context_new(const struct conf_access *, struct err *e);
void tls_context_free(struct tls_context *); /* connections live on */

/*
 * Serve TLS on an accepted socket, which is taken.  When the handshake is
 * done, plain(ctx, fd) gets the other end of the plain bytes, to keep.  The
 * connection is in `conns` while it lives.
 */
void tls_accept(struct event_base *, struct tls_context *, int fd, int priority,
    struct tls_conns *conns, void (*plain)(void *ctx, int fd), void *ctx);
/* End every connection. */
void tls_close_all(struct tls_conns *);

#endif
