/* SPDX-License-Identifier: ISC */
/*
 * UPDATE messages (RFC 4271 4.3) taken apart under the rules of RFC 7606.
 *
 * One call judges a whole message and leaves spans of NLRI, all of them
 * checked, and the attributes as canonical blocks (bgp_attr.h).  Nothing is
 * allocated, nothing is kept; errors are values.  The NLRI are located by
 * the Total Attribute Length before any attribute is looked at, so that
 * treat-as-withdraw has something to withdraw.
 */
#ifndef COMMON_BGP_UPDATE_H
#define COMMON_BGP_UPDATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/afi.h"
#include "common/bgp.h"
#include "common/bgp_attr.h"
#include "common/bgp_msg.h"
#include "common/compat.h"

/* What the session says about its UPDATEs. */
struct bgp_update_ctx {
	bool ebgp;
	bool as4; /* AS numbers have 4 octets on this session */
	bool confed; /* a member of our confederation (RFC 5065) */
	bool enforce_first_as; /* eBGP: a path must begin with peer_as */
	uint32_t peer_as;
	uint32_t families; /* negotiated: FAMILY_BIT()s */
	uint32_t add_path; /* of them, received with path identifiers */
};

enum bgp_update_outcome { /* the strongest of all that was found */
	BGP_UPDATE_OK,
	/* Attributes were left out; the routes are good. */
	BGP_UPDATE_DISCARD,
	/* `announced` and `mp_reach` are to be withdrawn, as well as what
	 * is withdrawn anyway.  There are no blocks. */
	BGP_UPDATE_WITHDRAW,
	/* Nothing is to be used; close with `error`. */
	BGP_UPDATE_RESET,
};

struct bgp_nlri_span {
	const uint8_t *p; /* borrows from the message */
	uint16_t len;
	uint8_t family; /* enum family */
	bool add_path;
};

struct bgp_block {
	const uint8_t *p; /* in the caller's buffer; NULL: none */
	uint16_t len;
	/* The next hop is no host address that could be used (RFC 4271
	 * 6.3): keep the routes as ineligible or ignore them. */
	bool bad_next_hop;
};

struct bgp_update {
	enum bgp_update_outcome outcome;
	struct bgp_error error; /* of a RESET */
	const uint8_t *msg; /* the whole message */
	size_t msg_len;

	/* Empty spans have len 0; families that were not negotiated or that
	 * we do not speak leave no span. */
	struct bgp_nlri_span withdrawn; /* IPv4 unicast */
	struct bgp_nlri_span announced; /* IPv4 unicast */
	struct bgp_nlri_span mp_unreach;
	struct bgp_nlri_span mp_reach;
	/* Attributes of `announced` and of `mp_reach`; present with them in
	 * OK and DISCARD. */
	struct bgp_block attrs;
	struct bgp_block mp_attrs;

	/* End-of-RIB (RFC 4724 2) of this family, else -1.  Also set for a
	 * family that was not negotiated; see ctx->families. */
	int end_of_rib;

	/* The strongest fault found, of equal ones the first, for one log
	 * line: what it was, or NULL;
	 * the attribute's type and its raw bytes (type 0 and the rest of the
	 * list where it has no end; the type alone of a missing one).
	 * `discarded` counts left-out ones. */
	const char *fault;
	uint8_t fault_type;
	uint16_t fault_len;
	const uint8_t *fault_attr; /* borrows from the message */
	uint16_t discarded;
};

/* Room for the blocks of a message of `len` bytes, and for what is rewritten
 * on the way there. */
#define BGP_UPDATE_BUF(len) (8 * (size_t)(len) + 128)

/*
 * Take the whole message `msg` (header included) apart into `u`.
 * bgp_msg_check accepted it and its type is UPDATE; it is not longer than
 * BGP_MSG_MAX unless ctx->as4.  `buf` has room for BGP_UPDATE_BUF(len) and
 * takes the blocks.  `u` borrows from both.  Returns u->outcome.
 */
enum bgp_update_outcome bgp_update_parse(const struct bgp_update_ctx *,
    const uint8_t *msg, size_t len, uint8_t *buf, struct bgp_update *u);

/*
 * Whole End-of-RIB message for a family; `to` has room for
 * BGP_EOR_MAX.  Returns the length.
 */
#define BGP_EOR_MAX 30
size_t bgp_update_end_of_rib(uint8_t *to, enum family);

#endif
