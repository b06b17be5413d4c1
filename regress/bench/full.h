/* SPDX-License-Identifier: ISC */
/*
 * Full tables in the shape of today's: prefixes and origins of 2026,
 * attribute sets of the full table of 2015, the front of the paths from a
 * RIB of 2014 with many peers, communities from updates of 2026.
 *
 * Each origin's prefixes go to its own sets of 2015 in turn, as many to a
 * set as it had then, with other communities when all had their turn; an
 * origin that was not there takes the sets of another one with its own number
 * at the end of the path.  Each feed has the same
 * groups of prefixes by its own paths, and sends them in an order of its
 * own.  A feed's path is the feed's AS, a front that one peer of 2014 had,
 * the last two ASes of 2015.  As in table_generate's `same`, the class of a
 * prefix holds the feeds whose path is best, and each feed's last set is a
 * prefix of its own.
 */
#ifndef REGRESS_BENCH_FULL_H
#define REGRESS_BENCH_FULL_H

#include "regress/bench/table.h"

enum full_file {
	FULL_TABLE, /* MRT: one session with a full table */
	FULL_PREFIXES, /* lines: prefix, tab, origin AS */
	FULL_UPDATES, /* MRT: updates with today's communities */
	FULL_RIB, /* MRT: a RIB with the paths of many peers */
	FULL_FILES
};

struct full {
	const char *const *files; /* FULL_FILES */
	uint32_t npfx; /* 0: all that there are */
	unsigned feeds;
	uint32_t feed_as; /* of the first; the others follow */
	uint64_t seed;
};

/* False with a message on stderr if a file is not there. */
bool full_compose(struct table *, const struct full *);

/* A prefix that no table has, numbered; 10.0.0.0/9 in /24s. */
struct pfx full_own_pfx(uint32_t i);

#endif
