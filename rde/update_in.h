/* SPDX-License-Identifier: ISC */
/*
 * Received UPDATEs: bytes of a slice -> changes of the tables.  All messages
 * of a slice are parsed first, then their attributes interned, then their
 * prefixes applied, each stage bringing nearer what the next one touches.
 * Outcomes are those of RFC 7606; a route that loops or has a next hop that
 * cannot be used replaces what the peer said before and is never chosen.
 */
#ifndef RDE_UPDATE_IN_H
#define RDE_UPDATE_IN_H

#include "rde/rde.h"

/* Buffers of the stages, reused from slice to slice. */
struct update_in;
struct update_in *update_in_new(void);
void update_in_free(struct update_in *);

/* See rde_updates(). */
size_t update_in_slice(struct rde *, struct update_in *, struct peer *,
    const uint8_t *, size_t);

#endif
