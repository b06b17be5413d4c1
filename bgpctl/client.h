/* SPDX-License-Identifier: ISC */
/*
 * A blocking gRPC client: one channel, one call at a time.  The only file
 * of bgpctl that knows the gRPC core.
 */
#ifndef BGPCTL_CLIENT_H
#define BGPCTL_CLIENT_H

#include <stdbool.h>
#include <stddef.h>

#include <protobuf-c/protobuf-c.h>

#include "common/compat.h"

struct client;
struct security;

struct client_status {
	int code; /* of gRPC; 0 is OK */
	char *message; /* never NULL after a call; client_status_fini frees */
};
void client_status_fini(struct client_status *);
const char *client_status_name(int code); /* "NOT_FOUND" */
/* Is it that the daemon does not know the method? */
bool client_is_unimplemented(const struct client_status *);

/*
 * Connect to HOST:PORT, HOST, http://HOST:PORT, https://HOST:PORT,
 * [IPv6]:PORT or unix:/path; the port is 50051 where none is given.
 * `security` (NULL: nothing is shown) is borrowed for life.  NULL if there
 * is no daemon: then *why says so (static text).
 */
struct client *
client_open(const char *endpoint, const struct security *, const char **why);
void client_close(struct client *);

/* A unary call.  0 and *reply (free with protobuf_c_message_free_unpacked)
 * or -1; *status is set in any case. */
int client_unary(struct client *, const char *method, const ProtobufCMessage *,
    const ProtobufCMessageDescriptor *reply_type, ProtobufCMessage **reply,
    struct client_status *) ATTR_CHECK;

/* A server stream: each message is given to on_message, which returns false
 * to stop early (that is no failure). */
int client_stream(struct client *, const char *method, const ProtobufCMessage *,
    const ProtobufCMessageDescriptor *message_type,
    bool (*on_message)(void *ctx, const ProtobufCMessage *), void *ctx,
    struct client_status *) ATTR_CHECK;

/* A client stream: `next` gives the packed messages, false at the end; it
 * sets *more if the next one is at hand, so that both go out together. */
int client_upload(struct client *, const char *method,
    bool (*next)(void *ctx, const void **data, size_t *len, bool *more),
    void *ctx, const ProtobufCMessageDescriptor *reply_type,
    ProtobufCMessage **reply, struct client_status *) ATTR_CHECK;

#endif
