/* SPDX-License-Identifier: ISC */
/*
 * A small HTTP/1.1 server for what is fetched and never changed: GET and
 * HEAD, no request bodies, replies whose length is known.
 *
 * Bounds, so that strangers cost nobody anything: HTTP_CONNS_MAX
 * connections, a request of HTTP_HEAD_MAX bytes in HTTP_REQUEST_MS, a reply
 * taken in HTTP_REPLY_MS, HTTP_IDLE_MS between requests.  One connection too
 * many closes the one that has waited longest for its client.
 */
#ifndef APID_HTTP_H
#define APID_HTTP_H

#include <stddef.h>

struct event_base;
struct http;
struct http_conn;
struct http_listener;

enum {
	HTTP_CONNS_MAX = 64,
	HTTP_HEAD_MAX = 8 * 1024,
	HTTP_REQUEST_MS = 10 * 1000,
	HTTP_REPLY_MS = 30 * 1000,
	HTTP_IDLE_MS = 120 * 1000,
	HTTP_LINGER_MS = 2 * 1000, /* for a client to read what it was told */
};

/*
 * A request for a path (its query is cut off).  The handler calls
 * http_reply(), at once or later; until then the connection may end, which
 * http_on_done() is for.
 */
typedef void (*http_handler)(void *ctx, struct http_conn *, const char *path);

/* Descriptors of clients stay below fd_max. */
struct http *
http_new(struct event_base *, int prio, int fd_max, http_handler, void *ctx);
void http_free(struct http *); /* with its connections and listeners */

/* Accept on a listening socket; takes the descriptor. */
struct http_listener *http_listen(struct http *, int fd);
/* Close it and the connections that came in there. */
void http_unlisten(struct http_listener *);
/* To be called every few seconds: ends what waits too long. */
void http_sweep(struct http *);

/* Have this called once, when the reply has left or the connection ended. */
void http_on_done(struct http_conn *, void (*)(void *ctx), void *ctx);
/*
 * Answer the request.  `type` is a Content-Type; the body is borrowed until
 * http_on_done's function is called, and NULL stands for the name of the
 * status.  May call that function.
 */
void http_reply(struct http_conn *, int status, const char *type,
    const char *body, size_t len);
/* End the connection as it is; calls http_on_done's function. */
void http_close(struct http_conn *);

size_t http_n_conns(const struct http *);
unsigned long http_n_requests(const struct http *); /* whole ones, ever */

#endif
