/* SPDX-License-Identifier: ISC */
/*
 * A list on its way from a sibling to a client: blocks of rows come in,
 * messages go out, at the pace of the client.
 *
 * Back-pressure: the sibling sends a block a credit.  A listing has
 * QUERY_WINDOW credits; one goes back when a block has been encoded into
 * the call's send queue, and that happens only while the queue has room.
 * A client that does not read thereby holds at most QUERY_WINDOW blocks and
 * CALL_SEND_HIGH bytes of messages here, stops its own list, and costs
 * nobody else anything.
 */
#ifndef APID_LISTING_H
#define APID_LISTING_H

#include "apid/apid.h"
#include "apid/pbw.h"
#include "common/cursor.h"

struct listing;

/* All unary answers together, being put together or not yet read by their
 * clients: beyond this the next one is refused. */
enum { LISTING_HELD_MAX = 64 * 1024 * 1024 };

struct listing_kind {
	enum proc from;
	enum msg_type rows, end; /* what comes */
	enum msg_type credit, close; /* what we say */
	/* Read one row and append its message, without head; -1 if the row
	 * is malformed. */
	int (*row)(struct listing *, struct rd *, struct pbw *);
	const char *what; /* "ListRoutes" */
	uint32_t field; /* of the rows in the unary reply or in a batch; 0: the
			 * reply is one row, without a head */
};

enum listing_form {
	LISTING_UNARY, /* one reply when all is there, refused beyond
			* grpc_max_reply_bytes */
	LISTING_STREAM, /* a message a row */
	LISTING_BATCHES, /* a message many rows */
};

/*
 * Start to serve call with the list that the question in wr brings, in a
 * form that suits the kind of its method.  Ends the call on any failure.
 */
void listing_start(struct apid *, struct call *, enum listing_form,
    const struct listing_kind *, enum msg_type open, const struct wr *wr);

struct apid *listing_apid(const struct listing *);

#endif
