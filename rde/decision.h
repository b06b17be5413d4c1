/* SPDX-License-Identifier: ISC */
/*
 * The decision process: RFC 4271 9.1.2.2 with the steps of RFC 4456 9,
 * pure functions on small values.
 *
 * MED compares only among routes of one neighbouring AS, which makes "a is
 * better than b" no order; so candidates are never sorted by pairwise
 * comparison over all of them.  decision_best takes the best of each
 * neighbouring AS first and compares those without MED ("deterministic
 * MED"), which gives what the elimination of the RFC gives and never
 * depends on the order of candidates.
 */
#ifndef RDE_DECISION_H
#define RDE_DECISION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/addr.h"

enum route_kind { /* where a path came from; the better first */
	ROUTE_LOCAL,
	ROUTE_EBGP,
	ROUTE_IBGP,
};

struct candidate {
	uint32_t local_pref;
	uint32_t med;
	uint32_t neighbour_as;
	uint32_t router_id; /* ORIGINATOR_ID, else the peer's identifier */
	uint16_t path_len;
	uint16_t cluster_len;
	uint8_t origin;
	uint8_t kind; /* enum route_kind */
	bool eligible;
	uint32_t tag; /* the caller's: which path it is */
	const struct addr *peer; /* address of the peer */
};

/* < 0: a is better.  The steps before MED: LOCAL_PREF, path length, origin. */
int decision_cmp_before_med(const struct candidate *, const struct candidate *);
/* All steps but MED; 0 only for the same peer. */
int
decision_cmp_without_med(const struct candidate *, const struct candidate *);
/* All steps; meaningful among candidates of one neighbouring AS, where it is
 * a total order. */
int decision_cmp(const struct candidate *, const struct candidate *);
/* Index of the best eligible one, -1 if there is none.  Reorders `c`. */
int decision_best(struct candidate *c, size_t n);
/* Put all in listing order: the best first, the other eligible ones by all
 * steps but MED, those not eligible last, by peer address. */
void decision_sort(struct candidate *c, size_t n);

#endif
