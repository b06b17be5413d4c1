/* SPDX-License-Identifier: ISC */
/*
 * A peer as the route engine knows it.  Peer 0 is the local speaker: routes
 * of the configuration and the API are its paths.
 *
 * A peer object outlives its sessions: between PEER_DOWN and the end of the
 * flush, or of a graceful restart, its routes are still in the tables.
 */
#ifndef RDE_PEER_H
#define RDE_PEER_H

#include <stdbool.h>
#include <stdint.h>

#include "common/addr.h"
#include "common/afi.h"
#include "rde/decision.h"

struct group;
struct policy_program;
struct resend;

struct peer_count {
	uint32_t fresh; /* routes held of this session */
	uint32_t stale; /* of an earlier one */
};

/* What happened in a session, as BMP reports it (RFC 7854 4.8). */
struct peer_tally {
	uint32_t rejected; /* prefixes, by import policy: as they came, or
			    * when it changed */
	uint32_t same_prefixes; /* announced as they were */
	uint32_t same_withdrawals; /* of what was not there */
	uint32_t same_updates; /* of nothing but these two */
	/* UPDATEs, each for the first reason in the order of attributes */
	uint32_t as_loops;
	uint32_t originator_loops;
	uint32_t cluster_loops;
	uint32_t withdrawn_updates; /* treated as withdrawal */
	uint32_t withdrawn_prefixes; /* announced in these */
};

struct peer {
	uint16_t id;
	uint8_t kind; /* enum route_kind */
	bool up; /* session is there; TX counts */
	bool shut; /* asked to close: its UPDATEs are ignored */
	bool as4;
	bool enforce_first_as;
	bool gone; /* freed when its last route is */
	uint8_t generation; /* bit per family: RIB_GENERATION of fresh paths */
	uint32_t epoch;
	struct addr remote;
	struct addr local; /* IPv4 of an IPv4-mapped one */
	uint32_t remote_as;
	uint32_t remote_id; /* BGP identifier, host order */
	uint32_t local_as;
	uint32_t families; /* negotiated */
	uint32_t mrai_secs;
	uint32_t
	    flushing; /* families whose stale routes are on their way out */
	uint32_t keeping; /* families whose stale routes wait for the peer */
	bool has_max_prefix;
	bool max_prefix_discard; /* else Cease */
	bool limit_logged;
	uint32_t max_prefix;
	struct peer_count count[FAMILY__MAX];
	uint64_t updates; /* UPDATEs handled in this session */
	struct peer_tally tally;
	/* by enum conf_direction, a reference each; NULL: all, unchanged */
	struct policy_program *program[2];
	/* transmit side */
	uint32_t tx_used; /* bytes of the window in sessiond's hands */
	struct group *group[FAMILY__MAX]; /* NULL: not sending this family */
	struct resend *resend[FAMILY__MAX]; /* owned; family sent again */
	void *shell; /* for the owner of the engine; never touched here */
};

/* Routes that it holds in all families, stale ones of a restart included:
 * what a prefix limit counts. */
uint64_t peer_prefixes(const struct peer *);

#endif
