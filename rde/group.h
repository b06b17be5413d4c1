/* SPDX-License-Identifier: ISC */
/*
 * Update groups: all peers that get the same bytes for the same best path,
 * in one family.  A change is looked at, encoded and sent once a group.
 *
 * Adj-RIB-Out: for each entry the attributes last sent, the kind of the
 * route and the peer it came from.  The view of a member follows: the route
 * that was sent, unless it came from that member, who then has nothing.
 *
 * Life: a peer that comes up waits in a group of its own key (peers that
 * come up together share it); when its turn comes the group joins: the
 * table is dumped to it by attribute set while changes become pending as in
 * any group.  Dump and pending drained, End-of-RIB is sent and the group is
 * live; two live groups of one key with nothing pending have equal
 * Adj-RIB-Outs by construction and merge.  A member that holds the others
 * up is moved to a copy of the group, which merges back the same way.  A
 * group without members is dying: its references are dropped in slices.
 *
 * Pending work is a bit and an array element an entry, however often the
 * entry changes; what to send is found by looking at the entry when there
 * is room to send.
 */
#ifndef RDE_GROUP_H
#define RDE_GROUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/slab.h"
#include "rde/dump.h"
#include "rde/export.h"
#include "rde/rde.h"
#include "rde/scope.h"

enum group_state {
	GROUP_WAITING,
	GROUP_JOINING,
	GROUP_LIVE,
	GROUP_DYING,
};

/* What was sent for an entry: handle | kind << ATTRS_HANDLE_BITS; 0: none. */
#define SENT(handle, kind) ((handle) | (uint32_t)(kind) << ATTRS_HANDLE_BITS)
#define SENT_ATTRS(sent) ((sent)&ATTRS_HANDLE_MASK)
#define SENT_KIND(sent) ((enum route_kind)((sent) >> ATTRS_HANDLE_BITS))

struct group {
	TAILQ_ENTRY(group) entry;
	/* the key: */
	struct export_rule rule;
	uint32_t mrai_secs;
	struct policy_program *program; /* a reference; NULL: none */
	uint64_t number; /* order of creation */
	enum group_state state;
	struct rib *rib;
	/* members */
	uint16_t *members;
	uint32_t n_members, max_members;
	uint8_t *bitmap; /* as in TX */
	uint16_t bitmap_len;
	/* Adj-RIB-Out, by entry id */
	struct region sent; /* uint32_t, holds a reference each */
	struct region source; /* uint16_t */
	uint32_t n_sent; /* entries of it; and by the peer they came from: */
	struct region by_source; /* uint32_t, by peer id */
	/* pending */
	struct region marks; /* uint64_t, a bit an entry */
	uint32_t *pending; /* those from pending_at to pending_end */
	size_t pending_at, pending_end, max_pending;
	struct dump *dump;
	bool end_of_rib_due;
	bool merge_due; /* another group of this key may be equal now */
	/* timing, microseconds of struct mono; 0: not set */
	int64_t mrai_until;
	int64_t blocked_since;
	/* policies that changed: members whose program is not the group's
	 * leave it (nothing is sent before), and entries whose result may
	 * differ become pending */
	bool split_due;
	bool remarking;
	struct scope remark;
	/* copying into, for members that are too slow or have another
	 * program */
	struct group *copy;
	bool is_copy; /* the copy itself: no members yet */
	uint32_t copied; /* entries; or entries dropped of a dying one */
};

/* Peers. */
void group_join(struct rde *, struct peer *, enum family);
void group_leave(struct rde *, struct peer *, enum family);

static inline uint32_t
group_sent(const struct group *g, uint32_t id)
{
	if ((size_t)id * sizeof(uint32_t) >= g->sent.usable)
		return 0;
	return ((const uint32_t *)(const void *)g->sent.base)[id];
}
static inline uint16_t
group_source(const struct group *g, uint32_t id)
{
	if ((size_t)id * sizeof(uint16_t) >= g->source.usable)
		return 0;
	return ((const uint16_t *)(const void *)g->source.base)[id];
}
static inline bool
group_is_pending(const struct group *g, uint32_t id)
{
	if ((size_t)id / 8 >= g->marks.usable)
		return false;
	return ((const uint64_t *)(const void *)g->marks.base)[id / 64] >>
	    (id % 64) &
	    1;
}
static inline bool
group_has_member(const struct group *g, uint16_t peer)
{
	return peer / 8 < g->bitmap_len &&
	    (g->bitmap[peer / 8] >> (peer % 8) & 1) != 0;
}
/* Does it follow the table? */
static inline bool
group_is_active(const struct group *g)
{
	return g->state == GROUP_JOINING || g->state == GROUP_LIVE;
}

static inline size_t
group_pending(const struct group *g)
{
	return g->pending_end - g->pending_at;
}

/* An entry of the Adj-RIB-Out changes, from `old` to `sent` (0: nothing):
 * for whoever writes its arrays. */
static inline void
group_count(struct group *g, uint32_t old, uint16_t was, uint32_t sent,
    uint16_t source)
{
	region_need(&g->by_source, ((size_t)source + 1) * sizeof(uint32_t));
	g->n_sent += (sent != 0) - (old != 0);
	((uint32_t *)(void *)g->by_source.base)[was] -= old != 0;
	((uint32_t *)(void *)g->by_source.base)[source] += sent != 0;
}
/* The same for n entries of one source that had nothing. */
static inline void
group_count_new(struct group *g, uint16_t source, uint32_t n)
{
	region_need(&g->by_source, ((size_t)source + 1) * sizeof(uint32_t));
	g->n_sent += n;
	((uint32_t *)(void *)g->by_source.base)[source] += n;
}
/* How many prefixes a member holds: what was sent but for its own. */
uint32_t group_held(const struct group *, uint16_t member);
/* Make the arrays reach all entries of the table. */
void group_reach(struct group *);
/* The best paths of these entries changed. */
void group_mark(struct group *, const uint32_t *ids, size_t n);
/*
 * What the group's members should have for an entry, by the table as it is:
 * SENT() or 0, and the peer it came from.  Counts and reports what cannot be
 * sent if `report`.
 */
uint32_t group_wanted(struct rde *, const struct group *, uint32_t id,
    uint16_t *source, bool report);
/* The same if there was no export policy. */
uint32_t group_offered(const struct rde *, const struct group *, uint32_t id,
    uint16_t *source);
/* Note what was sent.  The group holds no reference of the new set yet; the
 * old one's reference is the caller's.  May free the entry. */
uint32_t
group_set_sent(struct group *, uint32_t id, uint32_t sent, uint16_t source);
/* How many groups hold something for an entry. */
uint32_t group_holders(const struct rde *, enum family, uint32_t id);

/* Least room in the windows of all members. */
uint32_t group_window(const struct rde *, const struct group *);
/* Members have got other programs. */
void group_programs_changed(struct rde *);
/* Make entries pending that a changed program may treat in another way;
 * true while there is more. */
bool group_remark(struct rde *, size_t *budget);
/* Let waiting groups begin to join; true if one did. */
bool group_begin_all(struct rde *);
/* After it: joined groups become live, equal ones merge. */
void group_settle(struct rde *);
/* A budget of copying and dropping; true while there is more. */
bool group_work(struct rde *, size_t *budget);
/* There is something to send, but not to all members: begin to split off
 * the slow ones when that is due. */
void group_blocked(struct rde *, struct group *, struct mono now);
/* Earliest time at which something is due; false: none. */
bool group_deadline(const struct group *, struct mono now, struct mono *);
void group_free_all(struct rde *);
size_t group_bytes(const struct group *);

#endif
