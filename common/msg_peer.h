/* SPDX-License-Identifier: ISC */
/*
 * Payloads about peers: sessions coming and going (sessiond -> rde), what
 * the rde wants done to a session, and peers as the API shows and moves
 * them.
 */
#ifndef COMMON_MSG_PEER_H
#define COMMON_MSG_PEER_H

#include <stdbool.h>
#include <stdint.h>

#include "common/addr.h"
#include "common/afi.h"
#include "common/compat.h"
#include "common/cursor.h"
#include "common/err.h"

/* PEER_UP: everything the rde needs to know of a new session. */
struct peer_up {
	struct addr remote;
	struct addr local;
	uint16_t remote_port;
	uint16_t local_port;
	uint32_t remote_as;
	uint32_t remote_id; /* BGP identifier, host order */
	uint32_t local_as;
	bool ebgp;
	bool configured; /* false: accepted without configuration */
	bool as4; /* AS numbers in 4 octets on this session */
	bool route_refresh;
	uint32_t families; /* negotiated: bits of FAMILY_BIT() */
	/* Graceful restart as the peer said it (RFC 4724). */
	bool gr; /* it sent the capability */
	uint32_t gr_families; /* that it listed */
	uint32_t gr_forwarding; /* of these, with the F bit */
	bool gr_restarting; /* the R bit */
	uint16_t gr_time; /* seconds */
	/* Prefix limit of this peer's configuration. */
	bool has_max_prefix;
	uint32_t max_prefix;
	uint8_t max_prefix_action;
	bool max_prefix_stop; /* allow_automatic_stop */
	uint32_t mrai_secs;
	bool enforce_first_as; /* for UPDATEs of an external peer */
	uint8_t *open_sent; /* whole messages as on the wire; owned */
	uint16_t open_sent_len;
	uint8_t *open_received;
	uint16_t open_received_len;
};
void msg_peer_up_put(struct wr *, const struct peer_up *);
void msg_peer_up_get(struct rd *, struct peer_up *);
void peer_up_fini(struct peer_up *);

/* PEER_DOWN */
enum peer_down_reason { /* in the words of RFC 7854 4.9 */
	PEER_DOWN_LOCAL_NOTIFICATION = 1,
	PEER_DOWN_LOCAL = 2,
	PEER_DOWN_REMOTE_NOTIFICATION = 3,
	PEER_DOWN_REMOTE = 4,
	PEER_DOWN_DECONFIGURED = 5,
};
struct peer_down {
	uint8_t reason;
	uint8_t code; /* of the NOTIFICATION, if any */
	uint8_t subcode;
	uint16_t event; /* LOCAL: of RFC 4271 8.1, 0 if none fits */
	const uint8_t *pdu; /* the NOTIFICATION as on the wire; NULL: none */
	uint16_t pdu_len;
	/* Keep the routes of these families as stale for gr_time seconds
	 * (RFC 4724 4.2); 0: drop everything. */
	uint32_t stale_families;
	uint16_t gr_time;
};
void msg_peer_down_put(struct wr *, const struct peer_down *);
void msg_peer_down_get(struct rd *, struct peer_down *); /* pdu borrows */

/* PEER_SHUT: the rde wants the session closed with this NOTIFICATION. */
struct peer_shut {
	uint8_t code;
	uint8_t subcode;
	bool prefix_limit; /* hold it in PREFIX_LIMIT_EXCEEDED afterwards */
	const uint8_t *data;
	uint16_t data_len;
};
void msg_peer_shut_put(struct wr *, const struct peer_shut *);
void msg_peer_shut_get(struct rd *, struct peer_shut *); /* data borrows */

/*
 * PEER_COUNTS: entries back to back, one a session whose numbers changed; at
 * most two a second for each.
 */
struct family_count { /* prefixes of a family */
	uint32_t received; /* held of the peer, in its Adj-RIB-In */
	uint32_t sent; /* that it holds of us, in its Adj-RIB-Out */
};
struct peer_counts {
	uint32_t peer;
	uint32_t epoch;
	struct family_count families[FAMILY__MAX];
};
void msg_peer_counts_put(struct wr *, const struct peer_counts *);
void msg_peer_counts_get(struct rd *, struct peer_counts *);

/*
 * PEERS_GET: n8 kind (0 all, 1 one) and for one its address.  Nothing is sent
 * before PEERS_CREDIT (n32: that many blocks more).  PEERS_ROWS holds rows back
 * to back up to its end, in address order, a block a credit; PEERS_END carries
 * a struct err: ERR_OK after the last row, ERR_NOT_FOUND for one that is not
 * there.  PEERS_END needs no credit.
 */
enum peers_kind {
	PEERS_ALL,
	PEERS_ONE,
};
struct peers_get {
	uint8_t kind; /* enum peers_kind */
	struct addr addr; /* PEERS_ONE */
};
void msg_peers_get_put(struct wr *, const struct peers_get *);
void msg_peers_get_get(struct rd *, struct peers_get *);

enum peer_state { /* RFC 4271 8.2.2; numbers as in the API */
	PEER_IDLE,
	PEER_CONNECT,
	PEER_ACTIVE,
	PEER_OPEN_SENT,
	PEER_OPEN_CONFIRM,
	PEER_ESTABLISHED,
};
enum peer_admin {
	PEER_ADMIN_UP,
	PEER_ADMIN_DOWN,
	PEER_ADMIN_PREFIX_LIMIT,
};
struct peer_stats { /* over the peer's whole life */
	uint64_t open_sent;
	uint64_t keepalive_sent;
	uint64_t update_sent;
	uint64_t notification_sent;
	uint64_t refresh_sent;
	uint64_t open_received;
	uint64_t keepalive_received;
	uint64_t update_received;
	uint64_t notification_received;
	uint64_t refresh_received;
};
struct peer_row {
	struct addr addr;
	uint16_t port;
	uint32_t asn; /* 0 until an OPEN was accepted */
	uint8_t state;
	uint8_t admin;
	bool configured;
	uint32_t remote_id;
	uint32_t families; /* negotiated */
	uint16_t hold_time; /* negotiated, seconds; 0 if none */
	uint64_t uptime_ms; /* in Established, or since it left it */
	struct peer_stats stats;
	/* last NOTIFICATION in each direction; 0/0 if none */
	uint8_t last_sent_code, last_sent_subcode;
	uint8_t last_received_code, last_received_subcode;
	struct family_count counts[FAMILY__MAX]; /* 0 unless established */
	uint32_t rx_queued; /* bytes: in rde's hands */
	uint32_t tx_queued; /* bytes waiting for the socket */
};
void msg_peer_row_put(struct wr *, const struct peer_row *);
void msg_peer_row_get(struct rd *, struct peer_row *);

/* PEER_CTL: one action on one peer; PEER_CTL_DONE answers with an err. */
enum peer_ctl_op {
	PEER_CTL_ENABLE,
	PEER_CTL_DISABLE,
	PEER_CTL_RESET_HARD,
	PEER_CTL_REFRESH_IN, /* ask the peer for its routes again */
	PEER_CTL_REFRESH_OUT, /* send ours again */
	PEER_CTL_REFRESH_BOTH,
	PEER_CTL_REMOVE, /* one that nobody configured */
};
struct peer_ctl {
	uint8_t op;
	struct addr addr;
	uint32_t families; /* for the refreshes; FAMILY_ALL: every one */
	char reason[130]; /* RFC 9003 text for DISABLE, may be empty */
};
void msg_peer_ctl_put(struct wr *, const struct peer_ctl *);
void msg_peer_ctl_get(struct rd *, struct peer_ctl *);

#endif
