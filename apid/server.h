/* SPDX-License-Identifier: ISC */
/*
 * The gRPC server: the core library, its completion thread, the registered
 * methods and the listeners.  Nothing outside server.c and call.c includes
 * a header of the gRPC core.
 *
 * Two threads of ours: the event loop, which owns all state, and the
 * completion thread, which waits in the core, hands completions over
 * through the mailbox and, for streams, goes on sending and receiving by
 * itself between the bounds of call.h.
 */
#ifndef APID_SERVER_H
#define APID_SERVER_H

#include <stddef.h>

#include "apid/call.h"

struct access;
struct event_base;
struct listener;
struct server;
struct tls_context;

/*
 * Start the core and the completion thread.  The methods are borrowed for
 * the server's life; ctx is given to their start.  To be called after the
 * privileges are dropped and never before a fork.
 */
struct server *server_new(struct event_base *, const struct call_method *,
    size_t n, void *ctx);
/*
 * Accept connections on a listening socket.  Takes the descriptor, who may
 * do what there, and the TLS that is spoken there (NULL: none).
 */
struct listener *
server_listen(struct server *, int fd, struct access *, struct tls_context *);
/* Other rights, at once, and other TLS for connections to come; takes both. */
void
server_set_access(struct listener *, struct access *, struct tls_context *);
/* Close it, and end the connections and calls that came in there. */
void server_unlisten(struct listener *);
/* To be called every few seconds: ends the calls whose answer the client
 * leaves unread for so long. */
void server_sweep(struct server *, int64_t unread_ms);
/*
 * Refuse new calls, end the live ones with UNAVAILABLE, and call done when
 * nothing is left (at most about a second later).
 */
void server_shutdown(struct server *, void (*done)(void *), void *ctx);
/* After done: stop the thread and release everything. */
void server_free(struct server *);
/* Bytes of final answers that the core still holds for slow clients. */
size_t server_unread(const struct server *);
/* Calls that are being served. */
size_t server_calls(const struct server *);
size_t server_streams(const struct server *); /* those that are not unary */
/* Calls of method i that were begun; of no method known for i = n. */
uint64_t server_begun(const struct server *, size_t i);
/* Descriptors of clients stay below. */
int server_fd_max(const struct server *);

#endif
