/* SPDX-License-Identifier: ISC */
/*
 * Conduits: connections whose bytes the rde writes and sessiond moves, without
 * knowing what they mean (BMP today).
 *
 * CONDUIT_OPEN asks for one to an address; bgpd makes its sockets, because
 * only what its configuration names may be connected to.  sessiond connects,
 * at once and, whenever that fails or the connection ends, again later; each
 * connection has a number of its own in the header's epoch.  CONDUIT_UP says
 * that it is there, CONDUIT_DOWN (n32 errno, 0: closed by the other end) that
 * it ended or, with epoch 0, that an attempt failed.  CONDUIT_CLOSE lets what
 * was given out leave, closes, and forgets the conduit.
 *
 * Flow: the rde gives out at most CONDUIT_WINDOW bytes of CONDUIT_DATA a
 * connection that CONDUIT_CREDIT (n32) has not given back.
 *
 * CONDUIT_END: sessiond is about to end; the rde says its last words and
 * closes all conduits.
 */
#ifndef COMMON_MSG_CONDUIT_H
#define COMMON_MSG_CONDUIT_H

#include <stdbool.h>
#include <stdint.h>

#include "common/addr.h"
#include "common/compat.h"
#include "common/cursor.h"

enum {
	CONDUIT_WINDOW = 256 * 1024,
	CONDUITS_MAX = 1024,
};

struct conduit_open {
	struct addr addr;
	uint16_t port;
};
void msg_conduit_open_put(struct wr *, const struct conduit_open *);
void msg_conduit_open_get(struct rd *, struct conduit_open *);

/*
 * BMP_ROWS answers BMP_GET: rows back to back up to its end, all servers of
 * the running configuration in its order.
 */
struct bmp_row {
	struct addr addr;
	uint16_t port;
	bool up;
	uint32_t secs; /* since it came up or was lost */
	uint32_t error; /* errno of the last attempt or loss; 0: none */
	uint64_t connections; /* so far */
	uint64_t messages; /* given out, over all connections */
	uint64_t bytes;
	uint64_t queued; /* bytes that wait, here and for the socket */
	uint64_t pending; /* changes that wait to be written */
	uint64_t resyncs; /* tables sent again for what was missed */
	uint64_t dropped; /* messages that were given up */
	bool dumping; /* a table is being sent */
	/* as configured */
	uint64_t statistics_secs;
	uint8_t feeds; /* enum conf_bmp_feed */
	uint32_t buffer_bytes;
};
void msg_bmp_row_put(struct wr *, const struct bmp_row *);
void msg_bmp_row_get(struct rd *, struct bmp_row *);

#endif
