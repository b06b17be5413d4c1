/* SPDX-License-Identifier: ISC */
/*
 * One call of a client, as the handlers of methods see it.  Everything
 * here runs on the event loop; the completion thread appears only behind
 * call_internal.h.
 *
 * A call ends exactly once: by call_reply, call_fail or call_end from the
 * handler, or by on_cancel to the handler when the
 * client cancelled, its deadline passed or its connection broke.  After
 * either the handler must not touch the call again.
 *
 * Memory: a sending stream queues at most CALL_SEND_HIGH bytes and then says
 * that it has no room; a reading stream reads ahead at most CALL_RECV_MAX
 * bytes and then leaves the rest to the flow control of HTTP/2.
 */
#ifndef APID_CALL_H
#define APID_CALL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <protobuf-c/protobuf-c.h>

#include "common/compat.h"
#include "common/err.h"

struct call;

enum {
	CALL_SEND_HIGH = 32 * 1024,
	CALL_SEND_LOW = 16 * 1024,
	CALL_RECV_MAX = 128 * 1024, /* bytes read ahead */
	CALL_RECV_ITEMS = 1024, /* messages read ahead */
};

enum call_kind {
	CALL_UNARY,
	CALL_SERVER_STREAM,
	CALL_CLIENT_STREAM,
	CALL_BIDI_STREAM, /* both at a time, each by its own rules */
};

/* Does the handler take the client's messages one by one? */
static inline bool
call_kind_reads(enum call_kind kind)
{
	return kind == CALL_CLIENT_STREAM || kind == CALL_BIDI_STREAM;
}

struct call_ops {
	/* The call ended without us; release what serves it.  Required. */
	void (*on_cancel)(void *ctx);
	/* Sending streams: there is room again after call_has_room said
	 * no. */
	void (*on_room)(void *ctx);
	/* Reading streams: messages wait, or the client has sent all. */
	void (*on_items)(void *ctx);
};

/* A method: registered under its full name with the gRPC core. */
struct call_method {
	const char *name; /* "/bgp.BgpService/AddPeer" */
	enum call_kind kind;
	/* Parsed before start is called; NULL where call_kind_reads. */
	const ProtobufCMessageDescriptor *request;
	/* Serve the call; `request` is valid until start returns. */
	void (*start)(void *ctx, struct call *, const ProtobufCMessage *);
	bool changes; /* something: not for listeners that are read-only */
};

/* Whom to tell; to be set before start returns unless the call has ended. */
void call_set_ops(struct call *, const struct call_ops *, void *ctx);

/* End a unary or client-streaming call with OK. */
void call_reply(struct call *, const ProtobufCMessage *);
void call_reply_bytes(struct call *, const void *, size_t);
/* End any call with the status of an err (not ERR_OK). */
void call_fail(struct call *, const struct err *);
void call_failf(struct call *, enum err_code, const char *fmt, ...)
    ATTR_PRINTF(3, 4);
/* End with UNIMPLEMENTED. */
void call_unimplemented(struct call *, const char *text);

/* Sending stream: room for one more run of messages? */
bool call_has_room(struct call *);
/*
 * Queue n messages that lie one after the other in data, message i ending
 * at ends[i].  The bytes are copied.
 */
void
call_send(struct call *, const uint8_t *data, const uint32_t *ends, size_t n);
/* End a sending stream: after what is queued if e is ERR_OK, else at once. */
void call_end(struct call *, const struct err *e);
/*
 * Reading stream: the next message, valid until the next question.  False if
 * none waits; then call_is_drained tells whether the client has sent all.
 */
bool call_next_item(struct call *, const uint8_t **, size_t *);
bool call_is_drained(struct call *);

#endif
