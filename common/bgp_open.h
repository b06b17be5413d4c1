/* SPDX-License-Identifier: ISC */
/*
 * OPEN messages and capabilities (RFC 4271 4.2, RFC 5492, RFC 9072) as a
 * struct of values, and what two OPENs make of a session.  Pure.
 */
#ifndef COMMON_BGP_OPEN_H
#define COMMON_BGP_OPEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/afi.h"
#include "common/bgp.h"
#include "common/bgp_msg.h"
#include "common/compat.h"
#include "common/cursor.h"

struct bgp_open {
	uint8_t version;
	uint16_t my_as; /* the two octets of the message */
	uint32_t asn; /* the speaker's AS: capability 65, else my_as */
	uint16_t hold_time;
	uint32_t id; /* host order */

	bool mp; /* any multiprotocol capability, of any family */
	uint32_t families; /* of them those we speak: FAMILY_BIT()s */
	bool as4; /* RFC 6793 */
	bool route_refresh;
	bool enhanced_refresh; /* RFC 7313 */
	bool ext_message; /* RFC 8654 */

	/* Graceful restart (RFC 4724, RFC 8538). */
	bool gr;
	bool gr_restarting; /* R */
	bool gr_notification; /* N */
	uint16_t gr_time; /* seconds, 12 bits */
	uint32_t gr_families; /* listed, of those we speak */
	uint32_t gr_forwarding; /* of them, with the F bit */

	/* ADD-PATH (RFC 7911) from the sender's side, per family. */
	uint32_t add_path_receive;
	uint32_t add_path_send;

	bool has_role; /* RFC 9234 */
	uint8_t role;
};

/* Longest OPEN that bgp_open_write makes. */
#define BGP_OPEN_WRITE_MAX 256

/*
 * Write a whole OPEN.  my_as is derived from asn (AS_TRANS above 65535),
 * version is 4; capabilities that are set go each into an optional parameter
 * of its own, which every speaker understands.  `mp` and `as4` are taken as
 * they are: mp false sends no multiprotocol capability.
 * `to` has room for BGP_OPEN_WRITE_MAX.  Returns the length.
 */
size_t bgp_open_write(uint8_t *to, const struct bgp_open *);

/*
 * Take a whole OPEN that bgp_msg_check accepted apart.  Judged is all that
 * needs no knowledge of the session (RFC 4271 6.2):
 *   2/1 + 0004  version            2/2  AS 0 (RFC 7607); AS_TRANS without
 *   2/3  identifier 0 (RFC 6286)        capability 65 or in it; the two AS
 *   2/4  unknown optional parameter     fields in conflict
 *   2/6  hold time 1 or 2          2/0  lengths that do not fit
 * The last of several graceful restart capabilities counts, multiprotocol
 * and ADD-PATH accumulate, other repetitions are harmless, unknown
 * capabilities are skipped.  Returns 0, or -1 with the NOTIFICATION in `e`.
 */
int bgp_open_parse(const uint8_t *msg, size_t len, struct bgp_open *,
    struct bgp_error *e) ATTR_CHECK;

/*
 * Hold a parsed OPEN against the session: remote AS expected (0: any) or 2/2;
 * on an internal session an identifier equal to ours is 2/3 (RFC 6286 2.1);
 * a peer that cannot do 4-octet AS numbers is fine (RFC 6793).
 * Returns 0, or -1 with the NOTIFICATION in `e`.
 */
int bgp_open_check(const struct bgp_open *theirs, uint32_t local_as,
    uint32_t local_id, uint32_t remote_as, struct bgp_error *e) ATTR_CHECK;

/* What holds for the session after both OPENs. */
struct bgp_negotiated {
	bool ebgp;
	uint16_t hold_time; /* the smaller; 0: no keepalives */
	uint32_t families; /* both; IPv4 unicast if the peer says nothing */
	bool as4;
	bool route_refresh;
	bool enhanced_refresh;
	bool ext_message;
	uint32_t add_path_rx; /* families received with path identifiers */
	uint32_t add_path_tx;
};
void bgp_open_negotiate(const struct bgp_open *ours,
    const struct bgp_open *theirs, struct bgp_negotiated *);

/*
 * Walk over the raw capabilities of an OPEN that bgp_open_parse accepted
 * (logs, BMP, listing what a peer can do).
 */
struct bgp_capability {
	uint8_t code;
	uint8_t len;
	const uint8_t *value; /* borrows from the message */
};
struct bgp_cap_iter {
	struct rd params;
	struct rd caps;
	bool extended;
};
void bgp_cap_iter_init(struct bgp_cap_iter *, const uint8_t *msg, size_t);
bool bgp_cap_next(struct bgp_cap_iter *, struct bgp_capability *);

#endif
