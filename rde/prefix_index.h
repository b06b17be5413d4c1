/* SPDX-License-Identifier: ISC */
/*
 * Ordered index of prefixes: prefix -> 32-bit id.
 *
 * Nodes of 511 positions cover eight prefix lengths each, positions in
 * preorder, so bit order is listing order (a covering prefix before what it
 * covers, else by address).  Exact find, insert and remove, longest match,
 * walks that resume by key, the subtree of a prefix and what covers it all
 * come out of the one structure; there is no iterator state, a table may
 * change at any time between two calls.
 *
 * One implementation for both key widths: keys are left-aligned in 128
 * bits.  A 32-bit table finds the nodes of /17 to /24 through a direct
 * array; all others through a table keyed by the process's hash secret,
 * because peers choose prefixes.
 */
#ifndef RDE_PREFIX_INDEX_H
#define RDE_PREFIX_INDEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/nlri.h"

struct prefix_key {
	uint64_t hi; /* IPv4: in the upper 32 bits */
	uint64_t lo;
	uint8_t bits; /* bits behind the prefix are zero */
};

void prefix_key_from_nlri(struct prefix_key *, const struct nlri *);
void
prefix_key_to_nlri(const struct prefix_key *, uint8_t family, struct nlri *);
/* Preorder. */
int prefix_key_cmp(const struct prefix_key *, const struct prefix_key *);
bool prefix_key_covers(const struct prefix_key *shorter,
    const struct prefix_key *longer);

struct prefix_index;

/* max_bits: 32 or 128. */
struct prefix_index *prefix_index_new(unsigned int max_bits);
void prefix_index_free(struct prefix_index *);

/* 0: not there. */
uint32_t
prefix_index_find(const struct prefix_index *, const struct prefix_key *);
/*
 * Find or make the slot of a key.  A new slot holds 0 and must be given an
 * id other than 0 at once.  The pointer is good until the next insert or
 * remove.
 */
uint32_t *prefix_index_insert(struct prefix_index *, const struct prefix_key *);
/* Returns the id that was there, 0 if none. */
uint32_t prefix_index_remove(struct prefix_index *, const struct prefix_key *);
/* Bring what a find or insert will touch nearer. */
void
prefix_index_prefetch(const struct prefix_index *, const struct prefix_key *);

/* Longest prefix that covers the key (or is it); 0 if none. */
uint32_t
prefix_index_match(const struct prefix_index *, const struct prefix_key *);
/* All that cover the key or are it, shortest first; ids has room for 129. */
size_t prefix_index_covering(const struct prefix_index *,
    const struct prefix_key *, uint32_t *ids);
/*
 * Up to max ids in preorder: those at or behind `from` (NULL: the start),
 * strictly behind it if `after`; only those that `within` covers (NULL:
 * all).  `from` need not be in the table.  Fewer than max means the end.
 */
size_t
prefix_index_walk(const struct prefix_index *, const struct prefix_key *from,
    bool after, const struct prefix_key *within, uint32_t *ids, size_t max);

size_t prefix_index_count(const struct prefix_index *);
size_t prefix_index_bytes(const struct prefix_index *);
/* Give memory back if the table is empty. */
void prefix_index_trim(struct prefix_index *);

#endif
