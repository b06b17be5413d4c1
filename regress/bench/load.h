/* SPDX-License-Identifier: ISC */
/*
 * The loads: what is played to a daemon in which order, and when it counts
 * as having converged.
 */
#ifndef REGRESS_BENCH_LOAD_H
#define REGRESS_BENCH_LOAD_H

#include <sys/types.h>

#include "regress/bench/session.h"

struct load_opts {
	const char *name; /* "S1" and so on, see load_names */
	struct addr dut;
	uint16_t port;
	uint32_t dut_as;
	struct addr local; /* of the first peer; the others follow */
	uint32_t peer_as; /* of the first peer */
	pid_t pid; /* the daemon, or 0 */
	uint32_t npfx; /* 0: the load's own */
	unsigned npeers; /* 0: the load's own */
	uint64_t seed;
	unsigned timeout; /* seconds for all phases, and to come up */
	unsigned stable_ms; /* how long what is right has to stay so */
	bool nh_self; /* the daemon has to put itself as next hop */
	const char *reload; /* P3: a program, given the step's number */
	unsigned steps; /* how many it has */
	unsigned size; /* P3: entries of a set, to print */
	const char **files; /* S9: MRT files; S10 to S12: full.h's */
	unsigned nfiles;
	/* S10 to S12 */
	unsigned receivers; /* 0: the load's own */
	unsigned flaps; /* single changes; 0: the load's own */
	const char *beside; /* a command that runs beside them, or NULL */
};

/* Is there a load of this name? */
bool load_known(const char *name);
/* A line a load, for the usage text. */
void load_list(void);

/*
 * Run one load against a running daemon and print one JSON object on
 * standard output.  Returns 0 when every phase finished and nothing was
 * wrong, else 1.
 */
int load_run(const struct load_opts *);

/* Print what P1 to P3 filter by; of P3, after `steps`. */
int load_policy(const struct load_opts *);

/*
 * The two halves alone, for tests: play a table as one peer until standard
 * input ends; or receive as one peer until exactly what `files` or the
 * generator tell is there and stays for a second.
 */
int load_play(const struct load_opts *);
int load_sink(const struct load_opts *, uint32_t sender_as);

#endif
