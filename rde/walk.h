/* SPDX-License-Identifier: ISC */
/*
 * Work that goes over whole tables in the background: listings, and what
 * else has no hurry.  (Flushes of peers are route work, see sched.h.)
 *
 * A walk is an object with a step that does a slice and says whether there
 * is more.  Slices run at the lowest event priority, round robin; a walk
 * keeps its place as a key, never as a pointer into a table, so nothing is
 * pinned between slices.  Route work comes first, but a busy rde still gives
 * walks a small share (walks_share), so that a listing ends under load.
 */
#ifndef RDE_WALK_H
#define RDE_WALK_H

#include <stdbool.h>
#include <stdint.h>

#include "common/compat.h"
#include "common/mono.h"

struct event;
struct event_base;

enum {
	WALK_SLICE_ENTRIES = 256,
	WALK_SLICE_US = 300,
	WALK_SHARE_US = 10000, /* under load: a slice at least this often */
};

struct walk_budget {
	unsigned int entries; /* that may still be visited */
	unsigned int unchecked; /* since the clock was last asked */
	struct mono deadline;
};
/* Take one entry from the budget; false if the slice is over. */
bool walk_budget_take(struct walk_budget *);

enum walk_result {
	WALK_MORE, /* call again */
	WALK_WAIT, /* off the list until walk_start */
};

struct walk {
	TAILQ_ENTRY(walk) entry;
	bool queued;
	/* May free the walk if it returns WALK_WAIT. */
	enum walk_result (*step)(struct walk *, struct walk_budget *);
};

struct walks {
	TAILQ_HEAD(, walk) list; /* runnable, in the order of their turns */
	struct event *ev;
	struct mono last; /* end of the last slice */
};

void walks_init(struct walks *, struct event_base *, int prio);
void walks_fini(struct walks *); /* the list must be empty */
void walk_start(struct walks *, struct walk *); /* no-op if queued */
void walk_stop(struct walks *, struct walk *); /* not from its own step */
/* One slice now if none ran for WALK_SHARE_US. */
void walks_share(struct walks *);
/* One slice of the walk whose turn it is; tests call it. */
void walks_step(struct walks *);

#endif
