/* SPDX-License-Identifier: ISC */
/*
 * What waits to be written to one connection: references to shared blocks of
 * whole BGP messages, and how much of the first one the kernel has taken.
 *
 * The queue knows where messages end, so that each is counted once, when its
 * last byte left, and so that an end of session can be said at the border of
 * a message.  No I/O here.
 */
#ifndef SESSIOND_TXQ_H
#define SESSIOND_TXQ_H

#include <sys/uio.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/bgp.h"
#include "common/compat.h"

/* Whole messages, the same bytes for every queue that holds a reference. */
struct tx_block {
	uint32_t refs;
	uint32_t len;
	uint32_t messages; /* all of them of the type; 0: of several */
	uint8_t type;
	bool credited; /* from the rde: counted against its window */
	uint8_t data[];
};

/* A new block with one reference and a copy of the bytes, which are nothing but
 * whole messages. */
struct tx_block *tx_block_new(const void *, size_t, bool credited);
struct tx_block *tx_block_ref(struct tx_block *);
void tx_block_unref(struct tx_block *); /* NULL is allowed */
/*
 * True if the bytes are nothing but whole messages of the type, each at most
 * BGP_MSG_MAX long.
 */
bool tx_block_sound(const uint8_t *, size_t, enum bgp_msg_type);

struct txq {
	struct tx_block **ring;
	uint32_t cap; /* a power of two, or 0 */
	uint32_t head;
	uint32_t count;
	uint32_t off; /* bytes of the first block that left */
	uint32_t edge; /* start of its message that has not wholly left */
	size_t bytes; /* that have not left */
	size_t credited; /* of them, of the rde */
};

/* What an advance of the queue brought about. */
struct txq_done {
	uint32_t messages[BGP_ROUTE_REFRESH + 1]; /* by type */
	size_t credited; /* bytes of the rde that left */
};

void txq_init(struct txq *);
void txq_clear(struct txq *); /* drop everything and release all memory */
bool txq_empty(const struct txq *);
void txq_push(struct txq *, struct tx_block *); /* takes a reference */
/* The block that would be written last, NULL if there is none. */
const struct tx_block *txq_last(const struct txq *);
/* True if (a part of) the block still waits. */
bool txq_has(const struct txq *, const struct tx_block *);
/* Fill at most max slices, starting with what is next. */
int txq_iov(const struct txq *, struct iovec *, int max);
/* n bytes have left; adds to `done`. */
void txq_advance(struct txq *, size_t n, struct txq_done *done);
/*
 * Cut the queue behind the message that has partly left: its remaining bytes
 * are copied to `to` (room for BGP_MSG_MAX), everything else is dropped.
 * Returns their number, 0 if the border of a message has been reached.
 */
size_t txq_cut(struct txq *, uint8_t *to);

#endif
