/* SPDX-License-Identifier: ISC */
/*
 * What server.c and call.c share about a call, and the rules between the
 * two threads.
 *
 * A call lives while one of its tags is outstanding: started with the core
 * or waiting in the mailbox.  `refs` counts them.  The members below `mu`
 * are the only ones that the completion thread touches; it frees nothing.
 * A tag that the completion thread starts again by itself (the next message
 * to send, the next to receive) stays outstanding and is posted only when
 * that chain ends.
 */
#ifndef APID_CALL_INTERNAL_H
#define APID_CALL_INTERNAL_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include <grpc/byte_buffer.h>
#include <grpc/byte_buffer_reader.h>
#include <grpc/grpc.h>
#include <grpc/slice.h>

#include "apid/call.h"
#include "apid/mailbox.h"
#include "common/compat.h"
#include "common/mono.h"

struct server;

/* A queue of slices or byte buffers, one of the two in each element. */
union item {
	grpc_slice slice;
	grpc_byte_buffer *buffer;
};
struct item_queue {
	union item *v; /* a ring of cap, a power of two */
	size_t cap;
	size_t head;
	size_t count;
	size_t bytes;
};

struct call {
	LIST_ENTRY(call) entry; /* all calls of the server */
	struct server *server;
	const struct call_method *method;
	grpc_call *core;
	const struct call_ops *ops;
	void *ctx;
	bool ended; /* the handler is done with it */
	bool meta_sent; /* initial metadata went out */
	bool status_started;
	bool status_pending; /* send the status when sending stops */
	grpc_status_code status;
	char *status_text;
	size_t unread; /* bytes of the answer sent with the status */
	uint64_t swept_sent; /* `sent` at the last call_sweep */
	struct mono moved; /* when `sent` was last seen to change */
	struct item_queue taken; /* received messages in the handler's hands */
	grpc_byte_buffer *item; /* the one lent out, and its one slice */
	grpc_slice item_slice;
	bool item_copied;
	int cancelled; /* written by the core before TAG_CLOSE */

	struct tag tag_close;
	struct tag tag_send;
	struct tag tag_room;
	struct tag tag_recv;
	struct tag tag_readable;
	struct tag tag_status;

	pthread_mutex_t mu;
	unsigned int refs;
	struct item_queue sendq;
	bool sending; /* tag_send is outstanding */
	bool want_room; /* the producer waits for TAG_ROOM */
	bool room_posted; /* tag_room is on the list: not a second time */
	uint64_t sent; /* messages given to the core */
	struct item_queue recvq;
	grpc_byte_buffer *recv_buffer; /* filled in by the core */
	bool recv_parked; /* the queue was full: receiving has stopped */
	bool recv_eof;
	bool readable_posted;
};

/* Event loop: a new call; takes core, borrows payload (NULL: none).  An
 * unknown method is NULL.  With a refusal it ends so, unserved. */
void call_start(struct server *, const struct call_method *, grpc_call *core,
    grpc_byte_buffer *payload, const struct err *refusal, void *ctx);
/* Event loop: the daemon stops; end the call as UNAVAILABLE. */
void call_stop(struct call *);
/* Event loop, every few seconds: end the call if what was sent lies unread
 * for limit_ms. */
void call_sweep(struct call *, struct mono now, int64_t limit_ms);
/* Event loop: a tag of the call came through the mailbox. */
void call_on_tag(struct call *, struct tag *);
/* Completion thread: a send or receive has completed. */
void call_on_send_done(struct call *, bool ok);
void call_on_recv_done(struct call *, bool ok);

/* Of server.c: */
struct mailbox *server_mailbox(struct server *);
void server_link_call(struct server *, struct call *);
void server_unlink_call(struct server *, struct call *);
void server_add_unread(struct server *, size_t);
void server_sub_unread(struct server *, size_t);

#endif
