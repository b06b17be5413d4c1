/* SPDX-License-Identifier: ISC */
/*
 * What the loads P1 to P4 filter by, and what is expected behind it.
 *
 * P1: a prefix set with an entry for every ten prefixes of the table, each
 * entry a block and the lengths in it.  P2: 1,000 AS numbers, half of them
 * anywhere in the path, half at its end.  P4: 1,000 AS numbers with one other
 * AS between them and an end of the path.  P3: a set for each peer, of exact
 * prefixes: three of four of its own and as many others as make its size.
 * Which three is a matter of the state; every step of a reload leads to the
 * next one.
 *
 * Lists and expectations are functions of the table and the seed alone.  The
 * lists are printed for the configurations of the daemons; the expectation is
 * found by a slow reading of the same lists.
 */
#ifndef REGRESS_BENCH_POLICY_H
#define REGRESS_BENCH_POLICY_H

#include "regress/bench/table.h"

enum { POLICY_STATES = 5 }; /* of P3 */

/* CLASS_NONE for what is rejected; cls has the class of each prefix. */
void policy_expect(struct table *, unsigned which, uint64_t seed,
    unsigned senders, unsigned state, const uint32_t *cls);

/*
 * P1: "PREFIX MIN MAX"; P2: "any AS" or "origin AS", P4: "second AS" or
 * "last AS"; P3: "PEER PREFIX" of a
 * state, `size` entries a peer.  A line each.
 */
void policy_print(const struct table *, unsigned which, uint64_t seed,
    unsigned senders, unsigned state, unsigned size);

#endif
