/* SPDX-License-Identifier: ISC */
/*
 * A prefix set made ready to be asked: its prefixes by length, each with the
 * lengths that its ranges allow.  A question costs a probe for each length of
 * members that may allow the prefix, however many members there are.
 */
#ifndef RDE_PREFIX_SET_H
#define RDE_PREFIX_SET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/conf_policy.h"
#include "rde/prefix_index.h"

struct prefix_set;

struct prefix_set *prefix_set_new(void);
void prefix_set_free(struct prefix_set *); /* NULL is fine */
/* A member of the family will be added: a set that was told of all before the
 * first is added never has to move them. */
void prefix_set_expect(struct prefix_set *, enum family);
void prefix_set_add(struct prefix_set *, const struct conf_prefix *);

/* Does a member allow the prefix? */
bool prefix_set_any(const struct prefix_set *, enum family,
    const struct prefix_key *);
/* The same is about to be asked. */
void prefix_set_prefetch(const struct prefix_set *, enum family,
    const struct prefix_key *);
/* Do all?  True for an empty set. */
bool prefix_set_all(const struct prefix_set *, enum family,
    const struct prefix_key *);
/* Do the members with this very prefix allow the same lengths in both? */
bool prefix_set_same_at(const struct prefix_set *, const struct prefix_set *,
    const struct nlri *);
size_t prefix_set_bytes(const struct prefix_set *);

#endif
