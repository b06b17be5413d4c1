/* SPDX-License-Identifier: ISC */
/*
 * What the rde does when.
 *
 * A round follows each batch of messages: what changed is decided, credits
 * go back to sessiond, UPDATEs are packed, injections are answered, a slice
 * of leaving routes is swept, and one of those that policies changed for is
 * evaluated again.  What is left goes on in further rounds as soon as no
 * channel has anything to say; when it is windows or the channel that hold
 * packing up, the credits or the drain start the next round, and MRAI and
 * slow members a timer.
 *
 * A batch and its round are a turn of the loop: what comes meanwhile waits
 * until it is over.  Each kind of work has a share of a turn, so that the
 * longest, with all of them and what they exceed it by, stays below
 * SCHED_TURN_US whatever there is to do.  What no share bounds is in
 * ARCHITECTURE.md, "Turns".
 */
#ifndef RDE_SCHED_H
#define RDE_SCHED_H

#include <stdbool.h>
#include <stdint.h>

#include "common/mono.h"

struct event;
struct shell;

enum {
	SCHED_TURN_US = 10000, /* longer ones are counted */
	/* shares of a turn, and how much between looks at the clock */
	SCHED_UPDATES_US = 3000, /* UPDATEs and injections in */
	SCHED_PACK_US = 2000, /* UPDATEs out */
	SCHED_PACK_BYTES = 64 * 1024,
	SCHED_SWEEP_US = 1000, /* routes that leave */
	SCHED_SWEEP_STEP = 2048,
	SCHED_REEVAL_US = 1500, /* policies on present routes */
	SCHED_REEVAL_STEP = 32,
};

struct sched {
	struct event *work; /* the next round, when nothing else is to do */
	struct event *deadline; /* the next round, at a time */
	uint64_t rounds;
	/* the turn under way */
	bool in_turn;
	struct mono began;
	int64_t began_cpu; /* microseconds */
	/* the longest so far, microseconds, and those over SCHED_TURN_US */
	int64_t longest, longest_cpu;
	uint64_t long_turns;
};

void sched_init(struct shell *);
void sched_fini(struct shell *);

/* A batch of messages begins, and a turn with it. */
void sched_turn(struct shell *);
/* When the share of this turn for UPDATEs in is used up. */
struct mono sched_updates_until(const struct shell *);
/* One round, now; the turn ends with it.  Not from within functions that the
 * engine calls. */
void sched_round(struct shell *);
/* A round soon: something changed outside of a batch of messages. */
void sched_poke(struct shell *);

#endif
