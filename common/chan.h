/* SPDX-License-Identifier: ISC */
/*
 * A channel to a sibling process: framed messages over a non-blocking
 * stream socketpair, with descriptors, driven by libevent.
 *
 * A message that breaks its row of the catalogue (wrong sender, wrong size,
 * unexpected descriptor, no handler) means that the sender is compromised:
 * the channel is closed and on_close is told why; nothing of it is handled.
 *
 * Sending writes at once when nothing is queued; what the socket does not
 * take is queued.  The queue is bounded by its producers: a producer of
 * bulk data asks chan_congested() first and goes on in on_drain.  Requests
 * and events are small and bounded by credits or by the number of peers.
 */
#ifndef COMMON_CHAN_H
#define COMMON_CHAN_H

#include <sys/uio.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/compat.h"
#include "common/cursor.h"
#include "common/msg.h"

struct event_base;
struct chan;

struct msg_hdr { /* host byte order: both ends run the same binary set */
	uint16_t type;
	uint8_t shard; /* reserved for several rde: 0 */
	uint8_t flags; /* the channel's own; set by it */
	uint32_t len; /* of the payload */
	uint32_t id; /* peer, request, query or generation: see msg.h */
	uint32_t epoch; /* session epoch of the peer where it is about one */
	uint32_t incarnation; /* of the rde, on messages from and to it */
};

struct msg {
	struct msg_hdr hdr;
	const uint8_t *data; /* hdr.len bytes, valid during the handler only */
	int fd; /* -1 or a descriptor that the handler owns */
};

typedef void (*chan_handler)(void *ctx, const struct msg *);

struct chan_ops {
	/* indexed by enum msg_type; NULL: not for us */
	const chan_handler *handlers;
	/* The peer closed (why == NULL) or was found to break the catalogue
	 * or the socket failed.  The channel is dead, chan_free it (allowed
	 * from within). */
	void (*on_close)(void *ctx, const char *why);
	/* The queue fell below the low mark after it was congested; may be
	 * NULL. */
	void (*on_drain)(void *ctx);
	/* Before the messages that are readable in this round are handled,
	 * and when they have been; may be NULL. */
	void (*on_batch_begin)(void *ctx);
	void (*on_batch_end)(void *ctx);
};

#define CHAN_HIGH_MARK (1024u * 1024u) /* queued bytes: congested */
#define CHAN_LOW_MARK (256u * 1024u)
#define CHAN_READ_MAX (512u * 1024u) /* bytes handled in one round */

/*
 * Take over fd (made non-blocking).  `ops` is borrowed for the channel's
 * life.  Reading starts at once, at libevent priority prio.
 */
struct chan *chan_new(struct event_base *, int fd, enum proc self,
    enum proc peer, const struct chan_ops *ops, void *ctx, int prio);
void chan_free(struct chan *); /* closes; safe inside its own callbacks */

/*
 * Queue one message of the parts in iov; takes fd (-1: none) and closes it
 * after sending.  The payload must satisfy the message's row, else fatalx:
 * we are wrong.  Never blocks and never fails: a broken channel is reported
 * later through on_close.
 */
void chan_send(struct chan *, enum msg_type, uint32_t id, uint32_t epoch,
    const struct iovec *, int iovcnt, int fd);
/* One contiguous payload, no descriptor. */
void chan_send_buf(struct chan *, enum msg_type, uint32_t id, uint32_t epoch,
    const void *, size_t);
/* What a writer holds (fatalx if the writer is bad). */
void chan_send_wr(struct chan *, enum msg_type, uint32_t id, uint32_t epoch,
    const struct wr *);

size_t chan_queued(const struct chan *); /* bytes not yet taken by the kernel */
bool chan_congested(const struct chan *); /* above the high mark */
void chan_set_incarnation(struct chan *, uint32_t);
/* Write out what is queued, blocking at most timeout_ms; for clean ends. */
void chan_flush(struct chan *, int timeout_ms);
/* From a handler: the batch ends with this message, the others that are
 * readable have their turn in the next round of the loop. */
void chan_yield(struct chan *);
/* Pause and resume reading (resumed channels handle what is buffered). */
void chan_pause(struct chan *);
void chan_resume(struct chan *);

#endif
