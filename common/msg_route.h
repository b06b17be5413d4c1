/* SPDX-License-Identifier: ISC */
/*
 * Payloads of the data path between sessiond and rde.
 *
 * UPDATES is a run of whole raw BGP UPDATE messages of one peer (header id
 * and epoch), at most MSG_BATCH_MAX bytes.  sessiond has checked the 19-byte
 * headers and nothing else.  Flow: each peer has a receive window of
 * RX_WINDOW bytes; sessiond stops reading its socket when they are in the
 * rde's hands, RX_CREDIT gives them back.
 *
 * TX is a run of whole BGP UPDATE messages for every peer whose bit is set:
 * n16 length of the bitmap in bytes, the bitmap (peer id i is bit i % 8 of
 * byte i / 8), n16 number of messages, the messages.  Flow: each peer has a
 * send window of TX_WINDOW bytes counted by the rde; sessiond gives bytes
 * back through TX_CREDIT when they left for the socket (or were dropped
 * with the session).  A peer gets TX only after PEER_READY of its epoch, so
 * bytes of an earlier session never reach a later one.
 *
 * RX_CREDIT and TX_CREDIT are lists of {n32 peer, n32 epoch, n32 bytes}.
 *
 * REFRESH: n16 afi, n8 subtype, n8 safi as in RFC 2918/7313: send this
 * family again.
 */
#ifndef COMMON_MSG_ROUTE_H
#define COMMON_MSG_ROUTE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/compat.h"
#include "common/cursor.h"

enum {
	RX_WINDOW = 256 * 1024,
	TX_WINDOW = 512 * 1024,
	PEER_ID_MAX = 65534, /* ids are dense from 1; 0 is the local speaker */
};

struct credit {
	uint32_t peer;
	uint32_t epoch;
	uint32_t bytes;
};
void msg_credit_put(struct wr *, const struct credit *);
void msg_credit_get(struct rd *, struct credit *);

struct tx { /* parsed head of a TX; pointers borrow from the message */
	const uint8_t *bitmap;
	size_t bitmap_len;
	uint16_t messages;
	const uint8_t *data;
	size_t len;
};
/* The head; the messages follow it in the sender's iovec. */
void msg_tx_head_put(struct wr *, const uint8_t *bitmap, size_t bitmap_len,
    uint16_t messages);
/*
 * 0, or -1 unless it is a bitmap and exactly `messages` messages, each with
 * the length and type of an UPDATE of at most BGP_MSG_MAX bytes, and nothing
 * more.
 */
int msg_tx_get(const uint8_t *, size_t, struct tx *) ATTR_CHECK;
static inline bool
tx_has_peer(const struct tx *t, uint32_t id)
{
	return id / 8 < t->bitmap_len &&
	    (t->bitmap[id / 8] & (1u << (id % 8))) != 0;
}

struct refresh {
	uint16_t afi;
	uint8_t subtype;
	uint8_t safi;
};
void msg_refresh_put(struct wr *, const struct refresh *);
void msg_refresh_get(struct rd *, struct refresh *);

#endif
