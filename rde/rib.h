/* SPDX-License-Identifier: ISC */
/*
 * A table: the routes of one (VRF, family), all paths of all peers in one
 * place.  It is the Adj-RIB-In of every peer and the Loc-RIB at once.
 *
 * An entry is one NLRI.  Its first path is stored in the entry itself, all
 * further ones in a list of small objects; after a decision the first path
 * is the best one, or, if it is not eligible, there is no best path.
 * Entries are named by 32-bit ids that stay while the entry lives; freed
 * ids are reused.  An entry without paths stays until every group has told
 * its members of the withdrawal.
 *
 * A path with an ADD-PATH identifier needs four bytes more in both places;
 * the sizes of entries and paths are per table for that reason, and the
 * identifier goes behind the key and behind `flags`.
 *
 * A path that is stale (its session ended, RFC 4724 or flush) is one whose
 * generation bit differs from its peer's: marking all routes of a peer is
 * one store.
 */
#ifndef RDE_RIB_H
#define RDE_RIB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/afi.h"
#include "common/nlri.h"
#include "common/slab.h"
#include "rde/attrs.h"
#include "rde/prefix_index.h"

enum rib_flag {
	/* of a path */
	RIB_GENERATION = 0x01,
	RIB_INELIGIBLE = 0x02, /* loop or next hop: kept, never chosen */
	/* of an entry */
	RIB_DIRTY = 0x10, /* to be decided */
	RIB_EMPTY = 0x20, /* no path; `more` counts the groups that hold it */
	RIB_BEST = 0x40, /* had a best path at the last decision */
};
#define RIB_PATH_FLAGS 0x0fu

struct rib_entry {
	uint32_t more; /* further paths */
	uint32_t attrs; /* first path; 0: none */
	uint32_t since; /* seconds on the monotonic clock */
	uint16_t peer;
	uint8_t bits;
	uint8_t flags;
	uint8_t key[]; /* 4 or 16 bytes */
};

struct rib_path {
	uint32_t next;
	uint32_t attrs;
	uint32_t since;
	uint16_t peer;
	uint16_t flags;
};

struct rib {
	uint8_t family;
	uint8_t key_len;
	struct prefix_index *index;
	struct slab entries;
	struct slab paths;
	struct attrs_table *attrs; /* borrowed */
	uint32_t *dirty;
	size_t n_dirty, max_dirty;
	uint64_t n_entries; /* with at least one path */
	uint64_t n_paths;
	uint64_t n_best; /* with an eligible path: prefixes of Loc-RIB */
	uint64_t generation; /* changes of best paths so far */
};

void rib_init(struct rib *, enum family, struct attrs_table *);
void rib_fini(struct rib *);

static inline struct rib_entry *
rib_entry(const struct rib *rib, uint32_t id)
{
	return (struct rib_entry *)slab_at(&rib->entries, id);
}
static inline struct rib_path *
rib_path(const struct rib *rib, uint32_t path)
{
	return (struct rib_path *)slab_at(&rib->paths, path);
}
/* Has the entry a best path?  (After the decision.) */
static inline bool
rib_has_best(const struct rib_entry *e)
{
	return e->attrs != 0 && (e->flags & RIB_INELIGIBLE) == 0;
}

void rib_dirty_more(struct rib *); /* for rib_mark() alone */
/* Put an entry on the list for rde_settle(). */
static inline void
rib_mark(struct rib *rib, uint32_t id)
{
	struct rib_entry *e = rib_entry(rib, id);

	if (e->flags & RIB_DIRTY)
		return;
	e->flags |= RIB_DIRTY;
	if (rib->n_dirty == rib->max_dirty)
		rib_dirty_more(rib);
	rib->dirty[rib->n_dirty++] = id;
}

void rib_key(const struct rib *, uint32_t id, struct prefix_key *);
void rib_nlri(const struct rib *, uint32_t id, struct nlri *);
/* 0: there is no such entry.  An entry may have no path left. */
uint32_t rib_find(const struct rib *, const struct nlri *);

enum rib_change {
	RIB_SAME, /* nothing changed (may be fresh again) */
	RIB_NEW, /* a path that the peer did not have here */
	RIB_REPLACED, /* the peer's earlier path went */
	RIB_REMOVED,
	RIB_NONE, /* removal of what was not there */
};
/* The path that the peer had, after REPLACED, REMOVED and SAME. */
struct rib_old {
	uint32_t attrs; /* REPLACED, REMOVED: its reference is the caller's */
	uint8_t flags;
};
/*
 * Store the path of `peer` for a key.  On NEW and REPLACED the table takes
 * over one reference of `attrs`, which the caller has; on SAME it does not.
 * flags: RIB_GENERATION, RIB_INELIGIBLE.  Marks the entry for decision when
 * its best path may change.
 */
enum rib_change rib_put(struct rib *, const struct prefix_key *, uint16_t peer,
    uint32_t attrs, uint8_t flags, uint32_t since, struct rib_old *);
enum rib_change rib_remove(struct rib *, const struct prefix_key *,
    uint16_t peer, struct rib_old *);
/* The peer's path of an entry that is known; RIB_NONE if it has none. */
enum rib_change
rib_remove_path(struct rib *, uint32_t id, uint16_t peer, struct rib_old *);
/* Its path flags, or -1 if the peer has no path for the key. */
int
rib_path_flags(const struct rib *, const struct prefix_key *, uint16_t peer);

/* Free an entry without paths that nothing refers to. */
void rib_entry_free(struct rib *, uint32_t id);

/* Paths of an entry, the first one first (best, if eligible). */
struct rib_path_view {
	uint32_t attrs;
	uint32_t since;
	uint16_t peer;
	uint8_t flags;
};
size_t rib_path_count(const struct rib *, uint32_t id);
/* Fills up to max, returns how many. */
size_t
rib_paths(const struct rib *, uint32_t id, struct rib_path_view *, size_t max);
/* The path of one peer; false if it has none here. */
bool rib_path_of(const struct rib *, uint32_t id, uint16_t peer,
    struct rib_path_view *);

/* Walk in listing order, see prefix_index_walk.  May give entries that have
 * no path (any more). */
size_t rib_walk(const struct rib *, const struct nlri *from, bool after,
    const struct nlri *within, uint32_t *ids, size_t max);

static inline void
rib_prefetch(const struct rib *rib, const struct prefix_key *k)
{
	prefix_index_prefetch(rib->index, k);
}
size_t rib_bytes(const struct rib *);
void rib_trim(struct rib *);

#endif
