/* SPDX-License-Identifier: ISC */
/*
 * What a route looks like to a neighbour: may it be sent at all, and with
 * which attributes (RFC 4271 5.1, 9.2; RFC 1997; 4360; 6793).  Pure.
 */
#ifndef RDE_EXPORT_H
#define RDE_EXPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/addr.h"
#include "common/afi.h"
#include "rde/attrs.h"
#include "rde/decision.h"

/* Everything that the bytes sent depend on; the key of an update group. */
struct export_rule {
	uint8_t family;
	bool ebgp;
	bool as4;
	uint32_t local_as;
	struct addr local; /* address of the session */
	uint16_t message_max;
};

enum export_verdict {
	EXPORT_YES,
	EXPORT_NO, /* rules: community, iBGP */
	EXPORT_NO_NEXT_HOP,
	EXPORT_TOO_LONG,
};

/*
 * May a route with these attributes, learned from a peer of `kind`, be sent
 * under the rule?  Cheap; the block is looked into only when the head says
 * that it matters.
 */
enum export_verdict export_check(const struct export_rule *,
    const struct attrs *, enum route_kind kind);
/* Its two halves: what rules of the protocol forbid by the route as it is in
 * the table, and what cannot be encoded of the route as it would go out. */
bool export_admits(const struct export_rule *, const struct attrs *,
    enum route_kind kind);
enum export_verdict export_fits(const struct export_rule *,
    const struct attrs *, enum route_kind kind);

/* Room for the result of either encoding. */
#define EXPORT_MAX (2 * BGP_ATTR_BLOCK_MAX)

/*
 * Attributes as they go on the wire, without MP_REACH, into `to`; for other
 * families than IPv4 unicast the next hop goes into MP_REACH, written by the
 * packer from export_next_hop().  Returns the length.
 */
size_t export_attrs(const struct export_rule *, const struct attrs *,
    enum route_kind kind, uint8_t *to);
/* Next hop to write: 4 bytes, or 16 or 32; 0 if there is none. */
size_t export_next_hop(const struct export_rule *, const struct attrs *,
    uint8_t to[32]);
/* The same in canonical form, as listings carry it. */
size_t export_block(const struct export_rule *, const struct attrs *,
    enum route_kind kind, uint8_t *to);

#endif
