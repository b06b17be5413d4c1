/* SPDX-License-Identifier: ISC */
/*
 * Update groups; see group.h.
 */
#include "rde/group.h"

#include <stdlib.h>
#include <string.h>

#include "common/conf.h"
#include "common/log.h"
#include "common/msg_route.h"
#include "common/xmalloc.h"
#include "rde/policy_apply.h"
#include "rde/policy_store.h"
#include "rde/unref.h"

enum {
	/* Groups of one key that join at the same time, blocked ones not
	 * counted; and groups of one key in all. */
	JOINING_MAX = 4,
	SIBLINGS_MAX = 64,
	SLOW_US = 300 * 1000,
	/* A member with less room blocks its group. */
	WINDOW_LOW = 16 * 1024,
	PENDING_MIN = 256,
	PENDING_KEEP = 65536,
	REMARK_BATCH = 64,
};

#define ENTRIES_RESERVE ((size_t)1 << 28)
#define PEERS_RESERVE ((size_t)PEER_ID_MAX + 1)

/* --- life --- */

static struct group *
group_new(struct rde *rde, const struct export_rule *rule, uint32_t mrai_secs,
    struct policy_program *program)
{
	struct group *g = xcalloc(1, sizeof(*g));

	if (program != NULL)
		g->program = policy_program_ref(program);
	scope_init(&g->remark);

	g->rule = *rule;
	g->mrai_secs = mrai_secs;
	g->number = rde->group_seq++;
	g->state = GROUP_WAITING;
	g->rib = &rde->ribs[rule->family];
	region_init(&g->sent, ENTRIES_RESERVE * sizeof(uint32_t));
	region_init(&g->source, ENTRIES_RESERVE * sizeof(uint16_t));
	region_init(&g->by_source, PEERS_RESERVE * sizeof(uint32_t));
	region_init(&g->marks, ENTRIES_RESERVE / 8);
	TAILQ_INSERT_TAIL(&rde->groups, g, entry);
	rde->n_groups++;
	return g;
}

static void
dump_drop(struct rde *rde, struct group *g)
{
	if (g->dump != NULL)
		dump_fini(rde, g->dump);
	free(g->dump);
	g->dump = NULL;
}

static void
group_free(struct rde *rde, struct group *g)
{
	TAILQ_REMOVE(&rde->groups, g, entry);
	rde->n_groups--;
	dump_drop(rde, g);
	scope_fini(&g->remark);
	policy_program_unref(rde->store, g->program);
	region_fini(&g->sent);
	region_fini(&g->source);
	region_fini(&g->by_source);
	region_fini(&g->marks);
	free(g->members);
	free(g->bitmap);
	free(g->pending);
	free(g);
}

/* Nobody is in it any more: what it refers to is dropped in slices. */
static void
group_end(struct rde *rde, struct group *g)
{
	if (g->copy != NULL) {
		g->copy->is_copy = false;
		group_end(rde, g->copy);
		g->copy = NULL;
	}
	g->state = GROUP_DYING;
	g->copied = 0;
	g->split_due = g->remarking = false;
	scope_fini(&g->remark);
	dump_drop(rde, g);
	free(g->pending);
	g->pending = NULL;
	g->pending_at = g->pending_end = g->max_pending = 0;
	region_discard(&g->marks, 0);
}

void
group_free_all(struct rde *rde)
{
	struct group *g, *next;

	TAILQ_FOREACH_SAFE(g, &rde->groups, entry, next)
		group_free(rde, g);
}

static bool
same_key(const struct group *a, const struct export_rule *rule,
    uint32_t mrai_secs, const struct policy_program *program)
{
	return a->rule.family == rule->family && a->rule.ebgp == rule->ebgp &&
	    a->rule.as4 == rule->as4 && a->rule.local_as == rule->local_as &&
	    a->rule.message_max == rule->message_max &&
	    a->mrai_secs == mrai_secs && a->program == program &&
	    addr_equal(&a->rule.local, &rule->local);
}

/* --- members --- */

static void
member_add(struct group *g, struct peer *peer)
{
	uint16_t need = (uint16_t)(peer->id / 8 + 1);

	if (need > g->bitmap_len) {
		g->bitmap = xreallocarray(g->bitmap, need, 1);
		memset(g->bitmap + g->bitmap_len, 0,
		    (size_t)(need - g->bitmap_len));
		g->bitmap_len = need;
	}
	if (g->n_members == g->max_members) {
		g->max_members = g->max_members == 0 ? 4 : g->max_members * 2;
		g->members = xreallocarray(g->members, g->max_members,
		    sizeof(*g->members));
	}
	g->members[g->n_members++] = peer->id;
	g->bitmap[peer->id / 8] |= (uint8_t)(1 << (peer->id % 8));
	peer->group[g->rule.family] = g;
}

static void
member_remove(struct group *g, struct peer *peer)
{
	uint32_t i;

	for (i = 0; g->members[i] != peer->id; i++)
		;
	g->members[i] = g->members[--g->n_members];
	g->bitmap[peer->id / 8] &= (uint8_t) ~(1 << (peer->id % 8));
	while (g->bitmap_len > 0 && g->bitmap[g->bitmap_len - 1] == 0)
		g->bitmap_len--;
	peer->group[g->rule.family] = NULL;
}

void
group_join(struct rde *rde, struct peer *peer, enum family family)
{
	struct export_rule rule = {
		.family = (uint8_t)family,
		.ebgp = peer->kind == ROUTE_EBGP,
		.as4 = peer->as4,
		.local_as = peer->local_as,
		.local = peer->local,
		.message_max = BGP_MSG_MAX,
	};
	struct group *g;

	TAILQ_FOREACH(g, &rde->groups, entry) {
		if (g->state == GROUP_WAITING &&
		    same_key(g, &rule, peer->mrai_secs,
			peer->program[CONF_EXPORT]))
			break;
	}
	if (g == NULL)
		g = group_new(rde, &rule, peer->mrai_secs,
		    peer->program[CONF_EXPORT]);
	member_add(g, peer);
}

void
group_leave(struct rde *rde, struct peer *peer, enum family family)
{
	struct group *g = peer->group[family];

	if (g == NULL)
		return;
	member_remove(g, peer);
	if (g->n_members > 0)
		return;
	if (g->state == GROUP_WAITING)
		group_free(rde, g);
	else
		group_end(rde, g);
}

static void
members_move(struct rde *rde, struct group *from, struct group *to)
{
	struct peer *peer;

	while (from->n_members > 0) {
		peer = rde->peers[from->members[from->n_members - 1]];
		member_remove(from, peer);
		member_add(to, peer);
	}
}

static uint32_t
member_window(const struct rde *rde, uint16_t id)
{
	uint32_t used = rde->peers[id]->tx_used;

	return used >= TX_WINDOW ? 0 : TX_WINDOW - used;
}

uint32_t
group_window(const struct rde *rde, const struct group *g)
{
	uint32_t i, w, least = TX_WINDOW;

	for (i = 0; i < g->n_members; i++) {
		w = member_window(rde, g->members[i]);
		if (w < least)
			least = w;
	}
	return least < WINDOW_LOW ? 0 : least;
}

/* --- pending --- */

void
group_reach(struct group *g)
{
	size_t n = g->rib->entries.next;

	/* Pending ids may be of a time when the table was larger. */
	if (n < g->marks.usable * 8)
		n = g->marks.usable * 8;
	region_need(&g->sent, n * sizeof(uint32_t));
	region_need(&g->source, n * sizeof(uint16_t));
	region_need(&g->marks, (n + 63) / 64 * 8);
}

static void
pending_room(struct group *g, size_t more)
{
	size_t n = group_pending(g), max = g->max_pending;

	if (g->pending_end + more <= max)
		return;
	/* Moving down alone only where that makes much room. */
	if (g->pending_at < n || n + more > max) {
		if (max < PENDING_MIN)
			max = PENDING_MIN;
		do
			max *= 2;
		while (max < n + more);
		g->pending =
		    xreallocarray(g->pending, max, sizeof(*g->pending));
		g->max_pending = max;
	}
	memmove(g->pending, g->pending + g->pending_at,
	    n * sizeof(*g->pending));
	g->pending_at = 0;
	g->pending_end = n;
}

void
group_mark(struct group *g, const uint32_t *ids, size_t n)
{
	uint64_t bit, *marks;
	uint32_t *to;
	size_t i;

	if (n == 0)
		return;
	region_need(&g->marks, ((size_t)g->rib->entries.next / 64 + 1) * 8);
	pending_room(g, n);
	marks = (uint64_t *)(void *)g->marks.base;
	to = g->pending + g->pending_end;
	for (i = 0; i < n; i++) {
		bit = (uint64_t)1 << (ids[i] % 64);
		/* Written in any case, kept if it was not marked yet. */
		*to = ids[i];
		to += (marks[ids[i] / 64] & bit) == 0;
		marks[ids[i] / 64] |= bit;
	}
	g->pending_end = (size_t)(to - g->pending);
}

/* --- Adj-RIB-Out --- */

uint32_t
group_wanted(struct rde *rde, const struct group *g, uint32_t id,
    uint16_t *source, bool report)
{
	const struct rib_entry *e = rib_entry(g->rib, id);
	enum export_verdict verdict;
	enum rde_unsendable why;
	enum route_kind kind;
	const struct attrs *a;
	struct prefix_key key;
	struct nlri nlri;
	uint32_t sent;

	*source = 0;
	if (!rib_has_best(e))
		return 0;
	kind = rde->peers[e->peer]->kind;
	sent = attrs_base(rde->attrs, e->attrs);
	a = attrs_get(rde->attrs, sent);
	if (!export_admits(&g->rule, a, kind))
		return 0;
	if (g->program != NULL) {
		rib_key(g->rib, id, &key);
		sent = policy_export(rde, g->program, &g->rule, &key, sent,
		    rde->peers[e->peer]);
		if (sent == 0)
			return 0;
		a = attrs_get(rde->attrs, sent);
	}
	verdict = export_fits(&g->rule, a, kind);
	if (verdict == EXPORT_YES) {
		*source = e->peer;
		return SENT(sent, kind);
	}
	if (report) {
		why =
		    verdict == EXPORT_TOO_LONG ? RDE_TOO_LONG : RDE_NO_NEXT_HOP;
		rde->stats.unsendable[why]++;
		rib_nlri(g->rib, id, &nlri);
		rde->ops->unsendable(rde->ctx, rde->peers[g->members[0]], &nlri,
		    why);
	}
	return 0;
}

uint32_t
group_offered(const struct rde *rde, const struct group *g, uint32_t id,
    uint16_t *source)
{
	const struct rib_entry *e = rib_entry(g->rib, id);
	enum route_kind kind;
	const struct attrs *a;
	uint32_t base;

	*source = 0;
	if (!rib_has_best(e))
		return 0;
	kind = rde->peers[e->peer]->kind;
	base = attrs_base(rde->attrs, e->attrs);
	a = attrs_get(rde->attrs, base);
	if (!export_admits(&g->rule, a, kind) ||
	    export_fits(&g->rule, a, kind) != EXPORT_YES)
		return 0;
	*source = e->peer;
	return SENT(base, kind);
}

uint32_t
group_held(const struct group *g, uint16_t member)
{
	if ((size_t)member * sizeof(uint32_t) >= g->by_source.usable)
		return g->n_sent;
	return g->n_sent -
	    ((const uint32_t *)(const void *)g->by_source.base)[member];
}

static inline void
sent_put(struct group *g, uint32_t id, uint32_t sent, uint16_t source)
{
	group_count(g, group_sent(g, id), group_source(g, id), sent, source);
	((uint32_t *)(void *)g->sent.base)[id] = sent;
	((uint16_t *)(void *)g->source.base)[id] = source;
}

/* A group that held an entry does not any more. */
static void
holder_gone(struct rib *rib, uint32_t id)
{
	struct rib_entry *e = rib_entry(rib, id);

	/* The count of a dirty entry is made when it is decided. */
	if ((e->flags & (RIB_EMPTY | RIB_DIRTY)) != RIB_EMPTY)
		return;
	if (e->more == 0)
		fatalx("%s: entry %u is not held", __func__, id);
	if (--e->more == 0)
		rib_entry_free(rib, id);
}

uint32_t
group_set_sent(struct group *g, uint32_t id, uint32_t sent, uint16_t source)
{
	uint32_t old = group_sent(g, id);

	sent_put(g, id, sent, source);
	if (old != 0 && sent == 0)
		holder_gone(g->rib, id);
	return old;
}

uint32_t
group_holders(const struct rde *rde, enum family family, uint32_t id)
{
	const struct group *g;
	uint32_t n = 0;

	TAILQ_FOREACH(g, &rde->groups, entry) {
		if (g->rule.family == family && group_sent(g, id) != 0)
			n++;
	}
	return n;
}

/* --- joining and merging --- */

static uint32_t
siblings(const struct rde *rde, const struct group *of, bool only_joining)
{
	const struct group *g;
	uint32_t n = 0;

	TAILQ_FOREACH(g, &rde->groups, entry) {
		if (!group_is_active(g) ||
		    !same_key(g, &of->rule, of->mrai_secs, of->program))
			continue;
		if (!only_joining ||
		    (g->state == GROUP_JOINING && g->blocked_since == 0))
			n++;
	}
	return n;
}

static void
group_begin(struct group *g)
{
	g->state = GROUP_JOINING;
	g->end_of_rib_due = true;
	if (g->rib->entries.live > 0) {
		g->dump = xmalloc(sizeof(*g->dump));
		dump_init(g->dump, g->rib->entries.next, g->program != NULL);
	}
}

bool
group_begin_all(struct rde *rde)
{
	struct group *g;
	bool any = false;

	TAILQ_FOREACH(g, &rde->groups, entry) {
		if (g->state == GROUP_WAITING &&
		    siblings(rde, g, true) < JOINING_MAX &&
		    siblings(rde, g, false) < SIBLINGS_MAX) {
			group_begin(g);
			any = true;
		}
	}
	return any;
}

static bool
is_quiet(const struct group *g)
{
	return g->state == GROUP_LIVE && group_pending(g) == 0 &&
	    g->dump == NULL && g->copy == NULL && !g->is_copy &&
	    !g->split_due && !g->remarking;
}

static struct group *
group_equal(const struct rde *rde, const struct group *of, bool *alone)
{
	struct group *g;

	*alone = true;
	TAILQ_FOREACH(g, &rde->groups, entry) {
		if (g == of || !group_is_active(g) ||
		    !same_key(g, &of->rule, of->mrai_secs, of->program))
			continue;
		*alone = false;
		if (is_quiet(g))
			return g;
	}
	return NULL;
}

void
group_settle(struct rde *rde)
{
	struct group *g, *other, *keep, *go;
	bool alone;

	TAILQ_FOREACH(g, &rde->groups, entry) {
		if (g->state == GROUP_JOINING && g->dump == NULL &&
		    group_pending(g) == 0 && !g->end_of_rib_due &&
		    g->copy == NULL && !g->is_copy && !g->split_due &&
		    !g->remarking) {
			g->state = GROUP_LIVE;
			g->merge_due = true;
		}
		if (!g->merge_due || !is_quiet(g))
			continue;
		other = group_equal(rde, g, &alone);
		if (alone)
			g->merge_due = false;
		if (other == NULL)
			continue;
		keep = other->number < g->number ? other : g;
		go = keep == g ? other : g;
		if (go->mrai_until > keep->mrai_until)
			keep->mrai_until = go->mrai_until;
		keep->merge_due = true;
		members_move(rde, go, keep);
		group_end(rde, go);
	}
}

/* --- leaving with a copy of the state: slow members, other programs --- */

/* Members will move to a group that knows what they were sent. */
static void
copy_begin(struct rde *rde, struct group *g, struct policy_program *program)
{
	g->copy = group_new(rde, &g->rule, g->mrai_secs, program);
	g->copy->state = g->state;
	g->copy->is_copy = true;
	g->copied = 0;
}

void
group_blocked(struct rde *rde, struct group *g, struct mono now)
{
	uint32_t i;

	if (g->blocked_since == 0) {
		g->blocked_since = now.us;
		return;
	}
	if (now.us - g->blocked_since < SLOW_US || g->copy != NULL ||
	    g->is_copy || g->remarking ||
	    siblings(rde, g, false) >= SIBLINGS_MAX)
		return;
	for (i = 0; i < g->n_members; i++) {
		if (member_window(rde, g->members[i]) >= TX_WINDOW / 2)
			break;
	}
	if (i < g->n_members)
		copy_begin(rde, g, g->program);
}

/*
 * The program is not `old` any more: what it may treat in another way is
 * looked at again.  A dump was collected with the old one; instead of it
 * every entry becomes pending.
 */
static void
remark_begin(struct rde *rde, struct group *g, const struct policy_program *old)
{
	struct nlri *list = NULL;
	size_t n = 0;

	if (g->dump == NULL && !g->remarking &&
	    policy_program_diff(old, g->program, &list, &n, SCOPE_MAX)) {
		scope_add(&g->remark, list, n);
		g->remarking = !scope_is_empty(&g->remark);
		return;
	}
	free(list);
	dump_drop(rde, g);
	scope_fini(&g->remark);
	scope_all(&g->remark);
	g->remarking = true;
}

/* Of some entries those that there is something to do about. */
static size_t
entries_in_use(const struct group *g, uint32_t *ids, size_t n)
{
	size_t i, kept = 0;

	for (i = 0; i < n; i++) {
		if (rib_entry(g->rib, ids[i])->attrs != 0 ||
		    group_sent(g, ids[i]) != 0)
			ids[kept++] = ids[i];
	}
	return kept;
}

bool
group_remark(struct rde *rde, size_t *budget)
{
	struct group *g;
	uint32_t ids[REMARK_BATCH];
	struct rib *rib;
	bool more = false;
	size_t n;

	TAILQ_FOREACH(g, &rde->groups, entry) {
		while (g->remarking && *budget > 0) {
			n = scope_next(&g->remark, rde->ribs, g->rule.family,
			    &rib, ids, REMARK_BATCH);
			if (n == 0) {
				scope_fini(&g->remark);
				g->remarking = false;
				g->merge_due = true;
				break;
			}
			*budget -= n < *budget ? n : *budget;
			group_mark(g, ids, entries_in_use(g, ids, n));
		}
		more = more || g->remarking;
	}
	return more;
}

/* --- programs that changed --- */

static void
program_set(struct rde *rde, struct group *g, struct policy_program *program)
{
	struct policy_program *old = g->program;

	g->program = program == NULL ? NULL : policy_program_ref(program);
	remark_begin(rde, g, old);
	policy_program_unref(rde->store, old);
}

/*
 * One step towards members that all have the group's program: the group
 * takes over the one that all have, or those with another one begin to leave
 * it with a copy.
 */
static void
split_step(struct rde *rde, struct group *g)
{
	struct policy_program *first, *other = NULL, *program;
	bool same = true;
	uint32_t i;

	first = g->n_members == 0 ?
	    g->program :
	    rde->peers[g->members[0]]->program[CONF_EXPORT];
	other = first;
	for (i = 0; i < g->n_members; i++) {
		program = rde->peers[g->members[i]]->program[CONF_EXPORT];
		same = same && program == first;
		if (program != g->program)
			other = program;
	}
	if (!same) {
		copy_begin(rde, g, other);
		return;
	}
	g->split_due = false;
	if (first != g->program)
		program_set(rde, g, first);
}

static bool
has_other_programs(const struct rde *rde, const struct group *g)
{
	uint32_t i;

	for (i = 0; i < g->n_members; i++) {
		if (rde->peers[g->members[i]]->program[CONF_EXPORT] !=
		    g->program)
			return true;
	}
	return false;
}

void
group_programs_changed(struct rde *rde)
{
	struct peer *peer;
	struct group *g;
	uint32_t i;
	int f;

	/* Those that were sent nothing yet just go where they belong. */
	for (i = 1; i < rde->n_peers; i++) {
		peer = rde->peers[i];
		for (f = 0; peer != NULL && f < FAMILY__MAX; f++) {
			g = peer->group[f];
			if (g == NULL || g->state != GROUP_WAITING ||
			    g->program == peer->program[CONF_EXPORT])
				continue;
			group_leave(rde, peer, (enum family)f);
			group_join(rde, peer, (enum family)f);
		}
	}
	TAILQ_FOREACH(g, &rde->groups, entry) {
		if (!group_is_active(g) || g->is_copy ||
		    !has_other_programs(rde, g))
			continue;
		g->split_due = true;
		if (g->copy == NULL)
			split_step(rde, g);
	}
}

static void
copy_pending(struct group *to, const struct group *from)
{
	size_t n = group_pending(from);

	if (n == 0)
		return;
	region_need(&to->marks, from->marks.usable);
	memcpy(to->marks.base, from->marks.base, from->marks.usable);
	to->pending = xreallocarray(NULL, n, sizeof(*to->pending));
	memcpy(to->pending, from->pending + from->pending_at,
	    n * sizeof(*to->pending));
	to->max_pending = to->pending_end = n;
}

static bool
leaves_with_copy(const struct rde *rde, const struct group *g,
    const struct group *to, uint16_t member)
{
	if (to->program != g->program)
		return rde->peers[member]->program[CONF_EXPORT] == to->program;
	return member_window(rde, member) < WINDOW_LOW;
}

/* The copy is complete: those who are still slow, or have its program, move
 * there. */
static void
copy_finish(struct rde *rde, struct group *g)
{
	struct group *to = g->copy;
	struct peer *peer;
	uint32_t i, leaving = 0;

	for (i = 0; i < g->n_members; i++)
		leaving += leaves_with_copy(rde, g, to, g->members[i]);
	g->copy = NULL;
	g->blocked_since = 0;
	to->is_copy = false;
	/* All of them is none: they stay together. */
	if (leaving == 0 || leaving == g->n_members) {
		group_end(rde, to);
		return;
	}
	for (i = g->n_members; i-- > 0;) {
		if (!leaves_with_copy(rde, g, to, g->members[i]))
			continue;
		/* The last one takes the place of the one that leaves. */
		peer = rde->peers[g->members[i]];
		member_remove(g, peer);
		member_add(to, peer);
	}
	copy_pending(to, g);
	if (g->dump != NULL) {
		to->dump = xmalloc(sizeof(*to->dump));
		dump_copy(rde, to->dump, g->dump);
	}
	to->end_of_rib_due = g->end_of_rib_due;
	to->mrai_until = g->mrai_until;
	to->merge_due = true;
	to->split_due = g->split_due;
	if (to->program != g->program)
		remark_begin(rde, to, g->program);
}

static void
copy_step(struct rde *rde, struct group *g, size_t *budget)
{
	struct group *to = g->copy;
	uint32_t sent, limit = g->rib->entries.next;
	struct rib_entry *e;

	group_reach(to);
	for (; *budget > 0 && g->copied < limit; g->copied++, (*budget)--) {
		sent = group_sent(g, g->copied);
		if (sent == 0)
			continue;
		attrs_ref(rde->attrs, SENT_ATTRS(sent), 1);
		sent_put(to, g->copied, sent, group_source(g, g->copied));
		e = rib_entry(g->rib, g->copied);
		if ((e->flags & (RIB_EMPTY | RIB_DIRTY)) == RIB_EMPTY)
			e->more++;
	}
	if (g->copied >= limit)
		copy_finish(rde, g);
}

/* Returns true when nothing is left of the group. */
static bool
dying_step(struct rde *rde, struct group *g, size_t *budget)
{
	size_t limit = g->sent.usable / sizeof(uint32_t);
	struct unref unref;
	uint32_t sent;

	if (limit > g->rib->entries.next)
		limit = g->rib->entries.next;
	unref_init(&unref);
	for (; *budget > 0 && g->copied < limit; g->copied++, (*budget)--) {
		sent = group_sent(g, g->copied);
		if (sent == 0)
			continue;
		unref_add(&unref, rde->attrs, SENT_ATTRS(sent));
		group_set_sent(g, g->copied, 0, 0);
	}
	unref_flush(&unref, rde->attrs);
	return g->copied >= limit;
}

bool
group_work(struct rde *rde, size_t *budget)
{
	struct group *g, *next;
	bool more = false;

	TAILQ_FOREACH_SAFE(g, &rde->groups, entry, next) {
		if (g->state == GROUP_DYING) {
			if (dying_step(rde, g, budget))
				group_free(rde, g);
			else
				more = true;
		} else if (g->copy != NULL) {
			copy_step(rde, g, budget);
			more = more || g->copy != NULL || g->split_due;
		} else if (g->split_due) {
			split_step(rde, g);
			more = more || g->split_due;
		}
	}
	return more;
}

bool
group_deadline(const struct group *g, struct mono now, struct mono *when)
{
	int64_t at = 0;

	if (!group_is_active(g) || (group_pending(g) == 0 && g->dump == NULL))
		return false;
	if (g->mrai_until > now.us)
		at = g->mrai_until;
	else if (g->blocked_since != 0 && g->copy == NULL &&
	    g->blocked_since + SLOW_US > now.us)
		at = g->blocked_since + SLOW_US;
	when->us = at;
	return at != 0;
}

size_t
group_bytes(const struct group *g)
{
	size_t n = g->rib->entries.next, bytes;

	bytes = n * sizeof(uint32_t) + n * sizeof(uint16_t) + n / 8;
	bytes += g->max_pending * sizeof(*g->pending);
	if (g->dump != NULL)
		bytes += g->dump->limit * sizeof(uint32_t) +
		    g->dump->max_lists * sizeof(struct dump_list);
	return bytes;
}
