/* SPDX-License-Identifier: ISC */
/*
 * What the rde does when.
 *
 * A round follows each batch of messages: what changed is decided, credits
 * go back to sessiond, UPDATEs are packed for at most SCHED_PACK_US,
 * injections are answered, a slice of leaving routes is swept, and one of
 * those that policies changed for is evaluated again.  What is left
 * goes on in further rounds as soon as no channel has anything to say; when
 * it is windows or the channel that hold packing up, the credits or the
 * drain start the next round, and MRAI and slow members a timer.
 */
#ifndef RDE_SCHED_H
#define RDE_SCHED_H

#include <stdbool.h>
#include <stdint.h>

struct event;
struct shell;

enum {
	SCHED_PACK_US = 10000, /* packing in one round */
	SCHED_PACK_BYTES = 256 * 1024, /* between looks at the clock */
	SCHED_SWEEP_ENTRIES = 16384, /* in one round */
	SCHED_REEVAL_US = 3000, /* policies on present routes, in one round */
	SCHED_REEVAL_STEP = 32, /* routes between looks at the clock */
};

struct sched {
	struct event *work; /* the next round, when nothing else is to do */
	struct event *deadline; /* the next round, at a time */
	uint64_t rounds;
};

void sched_init(struct shell *);
void sched_fini(struct shell *);

/* One round, now.  Not from within functions that the engine calls. */
void sched_round(struct shell *);
/* A round soon: something changed outside of a batch of messages. */
void sched_poke(struct shell *);

#endif
