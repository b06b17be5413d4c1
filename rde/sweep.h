/* SPDX-License-Identifier: ISC */
/*
 * Removing stale routes: one walk over a table, in the order of its memory,
 * serves all peers whose routes are to go.  Fresh routes of the same peers
 * (a session that is up again) are told apart by their generation bit.
 */
#ifndef RDE_SWEEP_H
#define RDE_SWEEP_H

#include <stdbool.h>
#include <stddef.h>

#include "rde/rde.h"

struct sweep *sweep_new(void); /* an array, one a family */
void sweep_free(struct sweep *);
/* Look at up to *budget entries; true while there is more to do. */
bool sweep_step(struct rde *, size_t *budget);
/* Remove what the peer's `flushing` families still have, at once. */
void sweep_now(struct rde *, struct peer *);

#endif
