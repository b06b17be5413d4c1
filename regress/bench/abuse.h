/* SPDX-License-Identifier: ISC */
/*
 * A neighbour's worst day: connections opened and reset, strangers, bytes at
 * random, headers that lie, OPENs and UPDATEs with bits turned over, half
 * messages that never end.  Everything follows from the seed, but for the
 * daemon's timing.
 */
#ifndef REGRESS_BENCH_ABUSE_H
#define REGRESS_BENCH_ABUSE_H

#include "regress/bench/wire.h"

struct abuse {
	struct addr dut;
	uint16_t port;
	struct addr local; /* first of n addresses that are neighbours */
	unsigned n;
	uint32_t asn; /* of the first of them */
	unsigned nstrangers; /* addresses after them that are not */
	const struct bytes *updates; /* good UPDATEs, to be spoilt */
	uint64_t seed;
	unsigned seconds;
};

/* Do it, in the calling process; returns the number of connections made. */
unsigned abuse_run(const struct abuse *);

#endif
