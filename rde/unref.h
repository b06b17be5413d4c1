/* SPDX-License-Identifier: ISC */
/*
 * Dropping references in runs: neighbouring prefixes mostly leave the same
 * attribute set, which is then touched once.  A few runs wait for their turn
 * while their sets, and what finds them, are on the way to the processor.
 */
#ifndef RDE_UNREF_H
#define RDE_UNREF_H

#include <stdint.h>
#include <string.h>

#include "rde/attrs.h"

#define UNREF_RUNS 8u

struct unref {
	struct unref_run {
		uint32_t handle;
		uint32_t n; /* 0: nothing waits here */
	} runs[UNREF_RUNS];
	uint32_t last; /* the newest one */
};

static inline void
unref_init(struct unref *u)
{
	memset(u, 0, sizeof(*u));
}

static inline void
unref_flush(struct unref *u, struct attrs_table *t)
{
	const struct unref_run *r;

	for (r = u->runs; r < u->runs + UNREF_RUNS; r++) {
		if (r->n > 0)
			attrs_unref(t, r->handle, r->n);
	}
	unref_init(u);
}

static inline void
unref_add(struct unref *u, struct attrs_table *t, uint32_t handle)
{
	struct unref_run *r = &u->runs[u->last];

	if (r->handle == handle && r->n > 0) {
		r->n++;
		return;
	}
	u->last = (u->last + 1) % UNREF_RUNS;
	r = &u->runs[u->last];
	if (r->n > 0)
		attrs_unref(t, r->handle, r->n);
	r->handle = handle;
	r->n = 1;
	attrs_unref_prefetch(t, handle);
	r = &u->runs[(u->last + UNREF_RUNS / 2) % UNREF_RUNS];
	if (r->n > 0)
		attrs_unref_prefetch_slot(t, r->handle, r->n);
}

#endif
