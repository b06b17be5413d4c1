/* SPDX-License-Identifier: ISC */
/*
 * How long until the last receiver has it: one change at a time enters at
 * one peer.
 */
#ifndef REGRESS_BENCH_LATENCY_H
#define REGRESS_BENCH_LATENCY_H

#include "regress/bench/session.h"

struct latency {
	/* what to do */
	unsigned sender; /* number of the session that flaps */
	const uint32_t *ids; /* prefixes to flap, in turn */
	uint32_t nids;
	unsigned flaps; /* at least */
	unsigned seconds; /* at most for all */
	/* A command that runs over and over, or NULL: changes go on until it
	 * has ended once. */
	const char *beside;
	uint64_t seed;
	/* how it was */
	unsigned done;
	double p50, p99, worst; /* seconds */
	unsigned besides; /* times that the command came to its end */
	uint64_t beside_lines; /* what it said in all */
	double beside_first; /* seconds it took; 0: it did not end */
	double beside_cpu;
	bool beside_failed; /* and did not run on */
};

/*
 * Each prefix is announced by a path that is better than any other and then
 * withdrawn; what was expected before is expected then.  False if a change
 * did not arrive or something was wrong; what was measured stands.
 */
bool latency_run(struct latency *, struct pool *);

#endif
