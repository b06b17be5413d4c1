/* SPDX-License-Identifier: ISC */
/*
 * The API process: what its parts share.  Private to the directory.
 *
 * apid owns calls, streams and their queues.  Everything it shows it asks
 * for: peers from sessiond, routes from rde, and the configuration that bgpd
 * gave it.  It may end at any time without touching a session.
 */
#ifndef APID_APID_H
#define APID_APID_H

#include <stdbool.h>
#include <stdint.h>

#include "apid/call.h"
#include "apid/pb_route.h"
#include "apid/req.h"
#include "common/conf.h"
#include "common/msg_conf.h"
#include "common/msg.h"

struct chan;
struct event;
struct event_base;
struct health;
struct server;
struct symbols;

enum {
	APID_ANSWER_MS = 60 * 1000, /* a sibling must answer within */
	APID_SWEEP_MS = 5 * 1000,
	APID_WAITING_MAX = 16 * 1024 * 1024, /* bytes queued to a sibling */
};

struct apid_listener {
	struct conf_endpoint endpoint;
	bool metrics; /* HTTP, not gRPC */
	struct listener *listener; /* NULL before COMMIT, and for HTTP */
	struct http_listener *http; /* NULL before COMMIT, and for gRPC */
	int fd; /* -1 after COMMIT */
	bool wanted; /* in the configuration being collected */
};

struct apid {
	struct event_base *base;
	struct server *server;
	struct chan *chans[PROC__MAX]; /* NULL: not there */
	struct req_table reqs;
	struct conf *conf; /* NULL before the first COMMIT */
	struct conf_rx rx;
	struct apid_listener *listeners;
	size_t n_listeners;
	struct event *sweep;
	struct pb_route_encoder encoder; /* scratch of route listings */
	size_t held; /* bytes of unary lists under construction */
	struct health *health; /* rpc_health.c */
	struct metrics *metrics;
	struct http *http;
	struct symbols *symbols; /* of reflection */
	bool was_busy; /* there were calls at the last sweep */
	bool stopping;
};

/*
 * Begin to serve on the channel to bgpd (taken).  Returns when the event
 * loop ends: after SHUTDOWN, or when bgpd is gone.
 */
void apid_run(int bgpd_fd);

/*
 * Ask a sibling: open the request and send its first message, which is in
 * wr.  -1 with ERR_UNAVAILABLE if the sibling is not there; nothing is open
 * then.  A listing has no deadline, everything else has.
 */
int apid_ask(struct apid *, struct req *, enum proc to, enum msg_type,
    const struct wr *, const struct req_ops *, bool has_deadline,
    struct err *e) ATTR_CHECK;
/*
 * As apid_ask with a deadline, for questions of any length: what is more
 * than a message goes ahead in messages of type `part`.  ERR_EXHAUSTED if
 * too much is on its way to the sibling already.
 */
int apid_ask_long(struct apid *, struct req *, enum proc to, enum msg_type part,
    enum msg_type, const struct wr *, const struct req_ops *,
    struct err *e) ATTR_CHECK;
/* A further message of an open request. */
void apid_tell(struct apid *, const struct req *, enum msg_type, const void *,
    size_t);
/* A sibling broke the form of a message: its channel is closed. */
void apid_broken(struct apid *, enum proc, const char *what);

/* rpc_health.c: who watches the health of the services. */
struct health *health_new(void);
void health_free(struct health *);
/* Call it when a sibling came or went, or a configuration was committed. */
void health_changed(struct apid *);
/* Both siblings are there and a configuration is in force. */
bool health_serving(const struct apid *);

/* rpc.c: the methods, as server_new wants them. */
extern const struct call_method apid_methods[];
extern const size_t apid_n_methods;

#endif
