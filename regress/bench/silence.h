/* SPDX-License-Identifier: ISC */
/*
 * How long a daemon says nothing to a session, as the kernel sees it: a
 * thread asks the sockets when the last octets came.  So it does not count
 * how long the load tool was busy with something else and did not read, nor
 * the time in which so much lay unread that the daemon may have been stopped
 * by that.
 */
#ifndef REGRESS_BENCH_SILENCE_H
#define REGRESS_BENCH_SILENCE_H

#include "regress/bench/session.h"

struct silence;

/* Watch what is or will be up of the pool, which must outlive it. */
struct silence *silence_new(struct pool *);
void silence_free(struct silence *);
void silence_reset(struct silence *);
/* The longest since then, to SILENCE_STEP_MS, in ms. */
unsigned silence_longest(const struct silence *);
/* The longest that the thread itself did not look, in ms. */
unsigned silence_unseen(const struct silence *);

#define SILENCE_STEP_MS 20

#endif
