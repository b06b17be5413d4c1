/* SPDX-License-Identifier: ISC */
/*
 * Import policy that changed, applied to the routes that are there: one walk
 * serves all peers whose program changed.  A change that comes while a walk
 * is under way waits for the next one, so that a stream of changes cannot
 * keep a walk from its end.
 *
 * Routes that arrive meanwhile meet the new program at once.  Export policy
 * is the groups' (group.h).
 */
#ifndef RDE_REEVAL_H
#define RDE_REEVAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rde/rde.h"

struct reeval *reeval_new(void);
void reeval_free(struct reeval *);
/* The session of a peer comes up: it gets its programs.  Routes that it kept
 * are evaluated again if those changed meanwhile. */
void reeval_peer(struct rde *, struct peer *);
/* The peer's id may be another's from here on. */
void reeval_forget(struct rde *, uint16_t peer);

#endif
