/* SPDX-License-Identifier: ISC */
/*
 * A process of its own that flaps one prefix beside a load: one session
 * announces it now by one path, now by another, a second session waits until
 * it sees that.  How long it waited is how long UPDATEs were not processed.
 */
#ifndef REGRESS_BENCH_FLAP_H
#define REGRESS_BENCH_FLAP_H

#include "regress/bench/session.h"

struct flap;

/*
 * The table gets a prefix for it, which pools are to ignore.  The sessions'
 * first address and AS follow those of the pool.
 */
struct flap *flap_new(struct table *, struct pool *);
void flap_start(struct flap *, const struct pool *);
bool flap_is_up(const struct flap *);
/* Wait less from now on: the figures begin anew. */
void flap_reset(struct flap *);
/* Longest wait so far, in ms, with the one that lasts; how many were seen. */
double flap_gap(const struct flap *, unsigned *seen);
/* Longest silence of the daemon on either session, in ms; -1: one ended. */
double flap_silence(const struct flap *);
void flap_free(struct flap *);

#endif
