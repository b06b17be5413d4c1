/* SPDX-License-Identifier: ISC */
/*
 * The route engine's calls; see rde.h.
 */
#include "rde/rde.h"

#include <stdlib.h>
#include <string.h>

#include "common/conf.h"
#include "common/log.h"
#include "common/msg_route.h"
#include "common/xmalloc.h"
#include "rde/decision.h"
#include "rde/export.h"
#include "rde/group.h"
#include "rde/pack.h"
#include "rde/policy_apply.h"
#include "rde/policy_store.h"
#include "rde/reeval.h"
#include "rde/sweep.h"
#include "rde/update_in.h"

/* What is decided at once costs a millisecond or two at most: so many times a
 * group that is told of an entry, of which the decision costs as much as 32. */
enum { SETTLE_MANY = 128 * 1024, SETTLE_DECISION = 32 };

/* --- life --- */

struct rde *
rde_new(const struct rde_ops *ops, void *ctx)
{
	struct rde *rde = xcalloc(1, sizeof(*rde));
	struct peer *local = xcalloc(1, sizeof(*local));
	int f;

	rde->ops = ops;
	rde->ctx = ctx;
	rde->attrs = attrs_table_new();
	for (f = 0; f < FAMILY__MAX; f++)
		rib_init(&rde->ribs[f], (enum family)f, rde->attrs);
	rde->peers = xcalloc(1, sizeof(*rde->peers));
	rde->n_peers = 1;
	local->kind = ROUTE_LOCAL;
	local->remote = addr_ipv4(0x7f000001);
	rde->peers[0] = local;
	TAILQ_INIT(&rde->groups);
	rde->store = policy_store_new(rde->attrs);
	rde->policy = policy_apply_new();
	rde->reeval = reeval_new();
	rde->update_in = update_in_new();
	rde->packer = packer_new();
	rde->sweeps = sweep_new();
	return rde;
}

static void
resend_drop(struct rde *rde, struct peer *peer, enum family family)
{
	if (peer->resend[family] == NULL)
		return;
	dump_fini(rde, &peer->resend[family]->dump);
	free(peer->resend[family]);
	peer->resend[family] = NULL;
	rde->n_resends--;
}

static void
peer_free(struct rde *rde, struct peer *peer)
{
	int f;

	for (f = 0; f < FAMILY__MAX; f++)
		resend_drop(rde, peer, (enum family)f);
	reeval_forget(rde, peer->id);
	policy_program_unref(rde->store, peer->program[CONF_IMPORT]);
	policy_program_unref(rde->store, peer->program[CONF_EXPORT]);
	rde->peers[peer->id] = NULL;
	free(peer);
}

void
rde_free(struct rde *rde)
{
	uint32_t i;
	int f;

	if (rde == NULL)
		return;
	group_free_all(rde);
	for (i = 0; i < rde->n_peers; i++) {
		if (rde->peers[i] != NULL)
			peer_free(rde, rde->peers[i]);
	}
	free(rde->peers);
	policy_apply_free(rde, rde->policy);
	policy_store_free(rde->store);
	reeval_free(rde->reeval);
	for (f = 0; f < FAMILY__MAX; f++)
		rib_fini(&rde->ribs[f]);
	attrs_table_free(rde->attrs);
	update_in_free(rde->update_in);
	packer_free(rde->packer);
	sweep_free(rde->sweeps);
	free(rde->candidates);
	free(rde);
}

void
rde_configure(struct rde *rde, uint32_t asn, uint32_t router_id,
    uint32_t cluster_id)
{
	struct peer *local = rde->peers[0];

	rde->asn = asn;
	rde->router_id = router_id;
	rde->cluster_id = cluster_id;
	local->remote_as = asn;
	local->local_as = asn;
	local->remote_id = router_id;
}

void
rde_peer_counts(const struct peer *peer,
    struct family_count counts[FAMILY__MAX])
{
	int f;

	for (f = 0; f < FAMILY__MAX; f++) {
		counts[f].received =
		    peer->count[f].fresh + peer->count[f].stale;
		counts[f].sent = peer->group[f] == NULL ?
		    0 :
		    group_held(peer->group[f], peer->id);
	}
}

uint32_t
rde_seconds(struct mono t)
{
	return (uint32_t)(t.us / 1000000);
}

/* --- peers --- */

uint64_t
peer_prefixes(const struct peer *peer)
{
	uint64_t n = 0;
	int f;

	for (f = 0; f < FAMILY__MAX; f++) {
		n += peer->count[f].fresh;
		if (peer->keeping & FAMILY_BIT(f))
			n += peer->count[f].stale;
	}
	return n;
}

struct peer *
rde_peer_find(const struct rde *rde, uint32_t id)
{
	return id < rde->n_peers ? rde->peers[id] : NULL;
}

static struct peer *
peer_new(struct rde *rde, uint32_t id)
{
	struct peer *peer = xcalloc(1, sizeof(*peer));
	uint32_t n = rde->n_peers;

	if (id == 0 || id > PEER_ID_MAX)
		fatalx("%s: id %u", __func__, id);
	if (id >= n) {
		while (n <= id)
			n *= 2;
		rde->peers = xreallocarray(rde->peers, n, sizeof(peer));
		memset(rde->peers + rde->n_peers, 0,
		    (n - rde->n_peers) * sizeof(peer));
		rde->n_peers = n;
	}
	peer->id = (uint16_t)id;
	rde->peers[id] = peer;
	return peer;
}

void
rde_peer_release(struct rde *rde, struct peer *peer)
{
	int f;

	for (f = 0; f < FAMILY__MAX; f++) {
		if (peer->count[f].fresh != 0 || peer->count[f].stale != 0)
			return;
	}
	if (peer->id != 0 && !peer->up)
		peer_free(rde, peer);
}

static void
flush_begin(struct rde *rde, struct peer *peer, uint32_t bit)
{
	if (peer->flushing & bit)
		return;
	peer->flushing |= bit;
	rde->n_flushing++;
}

void
rde_stale_drop(struct rde *rde, struct peer *peer, uint32_t families)
{
	int f;

	families &= peer->keeping;
	peer->keeping &= ~families;
	for (f = 0; f < FAMILY__MAX; f++) {
		if ((families & FAMILY_BIT(f)) && peer->count[f].stale > 0)
			flush_begin(rde, peer, FAMILY_BIT(f));
	}
}

/* Nothing of an earlier session may be left. */
static void
peer_clean(struct rde *rde, struct peer *peer)
{
	rde_stale_drop(rde, peer, FAMILY_ALL);
	sweep_now(rde, peer);
}

void
rde_peer_down(struct rde *rde, struct peer *peer, uint32_t stale_families)
{
	uint32_t bit;
	int f;

	if (!peer->up)
		return;
	peer->up = false;
	peer->shut = false;
	peer->tx_used = 0;
	/* One generation bit tells two sessions apart, so the remains of the
	 * one before go now (RFC 4724 4.2 wants that, too). */
	peer_clean(rde, peer);
	for (f = 0; f < FAMILY__MAX; f++) {
		bit = FAMILY_BIT(f);
		group_leave(rde, peer, (enum family)f);
		resend_drop(rde, peer, (enum family)f);
		peer->generation ^= (uint8_t)bit;
		peer->count[f].stale = peer->count[f].fresh;
		peer->count[f].fresh = 0;
		if (peer->count[f].stale == 0)
			continue;
		if (stale_families & bit)
			peer->keeping |= bit;
		else
			flush_begin(rde, peer, bit);
	}
}

void
rde_peer_gone(struct rde *rde, struct peer *peer)
{
	rde_peer_down(rde, peer, 0);
	rde_stale_drop(rde, peer, FAMILY_ALL);
	peer->gone = true;
	if (peer->flushing == 0)
		rde_peer_release(rde, peer);
}

/*
 * Our end of a session as a next hop.  A session between IPv4-mapped
 * addresses runs over IPv4, whatever the sockets say.
 */
static struct addr
local_of(const struct peer_up *up)
{
	struct addr a = up->local;

	if (addr_is_mapped(&up->local)) {
		memset(&a, 0, sizeof(a));
		a.family = ADDR_IPV4;
		memcpy(a.bytes, up->local.bytes + 12, 4);
	}
	return a;
}

struct peer *
rde_peer_up(struct rde *rde, uint32_t id, uint32_t epoch,
    const struct peer_up *up, struct mono now)
{
	struct peer *peer = rde_peer_find(rde, id);
	uint8_t kind = up->ebgp ? ROUTE_EBGP : ROUTE_IBGP;
	int f;

	rde->now = rde_seconds(now);
	if (peer == NULL)
		peer = peer_new(rde, id);
	rde_peer_down(rde, peer, 0);
	/* What routes are compared by must not change under them. */
	if (peer->gone || peer->kind != kind ||
	    peer->remote_id != up->remote_id ||
	    !addr_equal(&peer->remote, &up->remote)) {
		peer->gone = false;
		peer_clean(rde, peer);
	}
	/* RFC 4724 4.2: not kept across the restart, or not listed */
	rde_stale_drop(rde, peer,
	    ~(up->families & up->gr_families & up->gr_forwarding));
	peer->kind = kind;
	peer->up = true;
	peer->as4 = up->as4;
	peer->epoch = epoch;
	peer->remote = up->remote;
	peer->local = local_of(up);
	peer->remote_as = up->remote_as;
	peer->remote_id = up->remote_id;
	peer->local_as = up->local_as;
	peer->families = up->families;
	peer->mrai_secs = up->mrai_secs;
	peer->enforce_first_as = up->enforce_first_as;
	peer->has_max_prefix = up->has_max_prefix;
	peer->max_prefix = up->max_prefix;
	peer->max_prefix_discard = !up->max_prefix_stop ||
	    up->max_prefix_action == CONF_MAX_PREFIX_DISCARD;
	peer->limit_logged = false;
	peer->updates = 0;
	memset(&peer->tally, 0, sizeof(peer->tally));
	reeval_peer(rde, peer);
	for (f = 0; f < FAMILY__MAX; f++) {
		if (up->families & FAMILY_BIT(f))
			group_join(rde, peer, (enum family)f);
	}
	return peer;
}

/* --- routes in --- */

size_t
rde_updates(struct rde *rde, struct peer *peer, const uint8_t *data, size_t len,
    struct mono now)
{
	rde->now = rde_seconds(now);
	if (!peer->up || peer->shut)
		return 0;
	return update_in_slice(rde, rde->update_in, peer, data, len);
}

void
rde_local_add(struct rde *rde, const struct nlri *nlri, const uint8_t *block,
    size_t len, struct mono now)
{
	struct peer_count *c = &rde->peers[0]->count[nlri->family];
	struct prefix_key key;
	enum rib_change change;
	struct rib_old old;
	uint32_t handle;

	rde->now = rde_seconds(now);
	handle = attrs_intern(rde->attrs, block, len, 1);
	prefix_key_from_nlri(&key, nlri);
	change = rib_put(&rde->ribs[nlri->family], &key, 0, handle, 0, rde->now,
	    &old);
	if (change == RIB_NEW)
		c->fresh++;
	else if (change == RIB_REPLACED)
		attrs_unref(rde->attrs, old.attrs, 1);
	else
		attrs_unref(rde->attrs, handle, 1);
}

bool
rde_local_remove(struct rde *rde, const struct nlri *nlri)
{
	struct prefix_key key;
	struct rib_old old;

	prefix_key_from_nlri(&key, nlri);
	if (rib_remove(&rde->ribs[nlri->family], &key, 0, &old) == RIB_NONE)
		return false;
	rde->peers[0]->count[nlri->family].fresh--;
	attrs_unref(rde->attrs, old.attrs, 1);
	return true;
}

static void
rde_trim(struct rde *rde)
{
	uint64_t paths = 0;
	int f;

	for (f = 0; f < FAMILY__MAX; f++) {
		rib_trim(&rde->ribs[f]);
		paths += rde->ribs[f].n_paths;
	}
	if (paths == 0 && rde->n_groups == 0)
		policy_apply_forget(rde);
	attrs_trim(rde->attrs);
}

bool
rde_sweep(struct rde *rde, size_t budget)
{
	bool more;

	more = sweep_step(rde, &budget);
	more = group_work(rde, &budget) || more;
	rde_trim(rde);
	return more;
}

/* --- decision --- */

static uint32_t
attr_u32(const struct attrs *a, uint8_t type, uint32_t otherwise)
{
	struct bgp_attr attr;
	uint32_t v;

	if (bgp_attr_find(a->wire, a->len, type, &attr) &&
	    bgp_attr_u32(&attr, &v))
		return v;
	return otherwise;
}

static unsigned int
cluster_len(const struct attrs *a)
{
	struct bgp_attr attr;

	return bgp_attr_find(a->wire, a->len, BGP_ATTR_CLUSTER_LIST, &attr) ?
	    attr.len / 4u :
	    0;
}

static void
candidate_set(const struct rde *rde, struct candidate *c,
    const struct rib_path_view *v, uint32_t tag)
{
	const struct attrs *a = attrs_get(rde->attrs, v->attrs);
	const struct peer *peer = rde->peers[v->peer];

	c->local_pref = a->local_pref;
	c->med = a->med;
	c->neighbour_as = a->neighbour_as;
	c->router_id = peer->remote_id;
	if (a->flags & BGP_HOT_ORIGINATOR_ID)
		c->router_id = attr_u32(attrs_get_base(rde->attrs, v->attrs),
		    BGP_ATTR_ORIGINATOR_ID, peer->remote_id);
	c->path_len = a->path_len;
	c->cluster_len = a->cluster_len;
	if (a->cluster_len == 255)
		c->cluster_len =
		    (uint16_t)cluster_len(attrs_get_base(rde->attrs, v->attrs));
	c->origin = a->origin;
	c->kind = peer->kind;
	c->eligible = (v->flags & RIB_INELIGIBLE) == 0;
	c->tag = tag;
	c->peer = &peer->remote;
}

static struct candidate *
candidates_room(struct rde *rde, size_t n)
{
	if (n > rde->max_candidates) {
		rde->max_candidates = n * 2;
		rde->candidates = xreallocarray(rde->candidates,
		    rde->max_candidates, sizeof(*rde->candidates));
	}
	return rde->candidates;
}

/* Candidates of all paths; tag: 0 the first one, else its handle. */
static size_t
candidates_fill(struct rde *rde, const struct rib *rib, uint32_t id)
{
	const struct rib_entry *e = rib_entry(rib, id);
	const struct rib_path *p;
	struct rib_path_view v = { e->attrs, e->since, e->peer,
		e->flags & RIB_PATH_FLAGS };
	size_t n = 0;
	uint32_t at;

	candidates_room(rde, rib_path_count(rib, id));
	candidate_set(rde, &rde->candidates[n++], &v, 0);
	for (at = e->more; at != 0; at = p->next) {
		p = rib_path(rib, at);
		v.attrs = p->attrs;
		v.peer = p->peer;
		v.flags = (uint8_t)p->flags;
		candidate_set(rde, &rde->candidates[n++], &v, at);
	}
	return n;
}

/* Exchange the first path with another one. */
static void
path_promote(struct rib *rib, uint32_t id, uint32_t at)
{
	struct rib_entry *e = rib_entry(rib, id);
	struct rib_path *p = rib_path(rib, at), was = *p;

	p->attrs = e->attrs;
	p->since = e->since;
	p->peer = e->peer;
	p->flags = e->flags & RIB_PATH_FLAGS;
	e->attrs = was.attrs;
	e->since = was.since;
	e->peer = was.peer;
	e->flags = (uint8_t)((e->flags & ~RIB_PATH_FLAGS) | was.flags);
}

/*
 * The common case of several paths: one is better than all others before
 * MED comes in (RFC 4271 9.1.1, 9.1.2.2 a, b).  Returns false if not, else
 * which (0: the first, else its handle).
 */
static bool
decide_quickly(const struct rde *rde, const struct rib *rib, uint32_t id,
    uint32_t *which)
{
	const struct rib_entry *e = rib_entry(rib, id);
	const struct attrs *a, *best = attrs_get(rde->attrs, e->attrs);
	const struct rib_path *p;
	bool tie = false;
	uint32_t at;
	int64_t c;

	*which = 0;
	if (e->flags & RIB_INELIGIBLE)
		return false;
	for (at = e->more; at != 0; at = p->next) {
		p = rib_path(rib, at);
		if (p->flags & RIB_INELIGIBLE)
			continue;
		a = attrs_get(rde->attrs, p->attrs);
		c = (int64_t)best->local_pref - a->local_pref;
		if (c == 0)
			c = (int64_t)a->path_len - best->path_len;
		if (c == 0)
			c = (int64_t)a->origin - best->origin;
		if (c > 0)
			continue;
		tie = c == 0;
		if (c < 0) {
			best = a;
			*which = at;
		}
	}
	return !tie;
}

static void
decide(struct rde *rde, struct rib *rib, uint32_t id)
{
	uint32_t which;
	size_t n;
	int best;

	if (!decide_quickly(rde, rib, id, &which)) {
		n = candidates_fill(rde, rib, id);
		best = decision_best(rde->candidates, n);
		which = best < 0 ? 0 : rde->candidates[best].tag;
	}
	if (which != 0)
		path_promote(rib, id, which);
}

/* Nobody announces it any more.  Returns true if the entry is still held. */
static bool
settle_empty(struct rde *rde, struct rib *rib, uint32_t id)
{
	uint32_t holders = group_holders(rde, rib->family, id);

	if (holders == 0) {
		rib_entry_free(rib, id);
		return false;
	}
	rib_entry(rib, id)->more = holders;
	return true;
}

static void
monitor_best(struct rde *rde, const struct rib *rib, uint32_t id, bool gone)
{
	struct prefix_key key;

	rib_key(rib, id, &key);
	rde_changed(rde, RDE_MONITOR_BEST, rib->family, 0, gone, &key);
}

static inline bool
settle_entry(struct rde *rde, struct rib *rib, uint32_t id)
{
	struct rib_entry *e = rib_entry(rib, id);
	bool had = (e->flags & RIB_BEST) != 0, has;

	if (e->attrs != 0 && e->more != 0)
		decide(rde, rib, id);
	has = rib_has_best(e);
	e->flags = (uint8_t)((e->flags & ~(RIB_DIRTY | RIB_BEST)) |
	    (has ? RIB_BEST : 0));
	rib->n_best += (uint64_t)has - (uint64_t)had;
	if ((rde->monitor & RDE_MONITOR_BEST) && (has || had))
		monitor_best(rde, rib, id, !has);
	return e->attrs != 0 || settle_empty(rde, rib, id);
}

static void
settle_family(struct rde *rde, struct rib *rib)
{
	uint32_t *dirty = rib->dirty;
	struct group *g;
	size_t i, n = 0;

	rde->stats.decisions += rib->n_dirty;
	rib->generation += rib->n_dirty;
	for (i = 0; i < rib->n_dirty; i++) {
		dirty[n] = dirty[i];
		n += settle_entry(rde, rib, dirty[i]);
	}
	rib->n_dirty = 0;
	TAILQ_FOREACH(g, &rde->groups, entry) {
		if (g->rib != rib || !group_is_active(g) || g->is_copy)
			continue;
		group_mark(g, dirty, n);
	}
}

void
rde_settle(struct rde *rde)
{
	int f;

	for (f = 0; f < FAMILY__MAX; f++) {
		if (rde->ribs[f].n_dirty > 0)
			settle_family(rde, &rde->ribs[f]);
	}
}

void
rde_settle_many(struct rde *rde)
{
	size_t n = 0;
	int f;

	for (f = 0; f < FAMILY__MAX; f++)
		n += rde->ribs[f].n_dirty;
	if (n * (SETTLE_DECISION + rde->n_groups) > SETTLE_MANY)
		rde_settle(rde);
}

/* --- routes out --- */

static bool
pack_resends(struct rde *rde, struct pack_budget *budget)
{
	struct peer *peer;
	bool more = false;
	uint32_t i;
	int f;

	for (i = 1; i < rde->n_peers && rde->n_resends > 0; i++) {
		peer = rde->peers[i];
		if (peer == NULL)
			continue;
		for (f = 0; f < FAMILY__MAX; f++) {
			if (peer->resend[f] == NULL ||
			    !rde->ops->tx_ready(rde->ctx))
				continue;
			more = pack_resend(rde, peer, (enum family)f, budget) ||
			    more;
		}
	}
	return more;
}

bool
rde_pack(struct rde *rde, struct mono now, struct mono until, size_t budget)
{
	struct pack_budget left = { budget, until };
	struct group *g, *next, *last;
	bool more = false;

	rde_settle(rde);
	group_begin_all(rde);
	last = TAILQ_LAST(&rde->groups, group_list);
	for (g = TAILQ_FIRST(&rde->groups); g != NULL; g = next) {
		if (!rde->ops->tx_ready(rde->ctx))
			break;
		next = g == last ? NULL : TAILQ_NEXT(g, entry);
		if (pack_group(rde, g, now, &left)) {
			/* The others come first next time. */
			TAILQ_REMOVE(&rde->groups, g, entry);
			TAILQ_INSERT_TAIL(&rde->groups, g, entry);
			more = true;
			break;
		}
	}
	more = pack_resends(rde, &left) || more;
	group_settle(rde);
	more = group_begin_all(rde) || more;
	rde_trim(rde);
	return more;
}

bool
rde_has_sweep(const struct rde *rde)
{
	const struct group *g;

	TAILQ_FOREACH(g, &rde->groups, entry) {
		if (g->state == GROUP_DYING || g->copy != NULL || g->split_due)
			return true;
	}
	return rde->n_flushing > 0;
}

bool
rde_deadline(const struct rde *rde, struct mono now, struct mono *when)
{
	const struct group *g;
	struct mono at;
	bool any = false;

	TAILQ_FOREACH(g, &rde->groups, entry) {
		if (!group_deadline(g, now, &at))
			continue;
		if (!any || at.us < when->us)
			*when = at;
		any = true;
	}
	return any;
}

bool
rde_tx_credit(struct rde *rde, struct peer *peer, uint32_t bytes)
{
	(void)rde;
	if (bytes > peer->tx_used)
		return false;
	peer->tx_used -= bytes;
	return true;
}

void
rde_refresh(struct rde *rde, struct peer *peer, uint32_t families)
{
	struct resend *r;
	int f;

	for (f = 0; f < FAMILY__MAX; f++) {
		if ((families & FAMILY_BIT(f)) == 0 || peer->group[f] == NULL)
			continue;
		r = peer->resend[f];
		if (r != NULL) {
			/* Nothing sent yet: that pass serves this, too. */
			r->again = r->dump.list > 0 || r->dump.id != 0;
			continue;
		}
		r = xcalloc(1, sizeof(*r));
		dump_init(&r->dump, rde->ribs[f].entries.next, false);
		peer->resend[f] = r;
		rde->n_resends++;
	}
}

/* --- views --- */

bool
rde_adjout(const struct rde *rde, const struct peer *peer, enum family family,
    uint32_t entry, uint8_t *block, struct adjout_view *v)
{
	const struct group *g = peer->group[family];
	const struct attrs *a;
	uint32_t sent;

	if (g == NULL)
		return false;
	sent = group_sent(g, entry);
	v->source = group_source(g, entry);
	if (sent == 0 || (v->source != 0 && v->source == peer->id))
		return false;
	a = attrs_get(rde->attrs, SENT_ATTRS(sent));
	v->len = (uint16_t)export_block(&g->rule, a, SENT_KIND(sent), block);
	return true;
}

static bool
path_is_stale(const struct peer *peer, enum family family, uint32_t flags)
{
	return ((flags & RIB_GENERATION) != 0) !=
	    ((peer->generation >> family & 1) != 0);
}

/* False: on its way out. */
static bool
route_fill(const struct rde *rde, enum family family,
    const struct rib_path_view *p, struct route_view *v)
{
	v->peer = rde->peers[p->peer];
	v->attrs = attrs_get_base(rde->attrs, p->attrs);
	v->cause = NULL;
	v->since = p->since;
	v->best = false;
	v->ineligible = (p->flags & RIB_INELIGIBLE) != 0;
	v->stale = path_is_stale(v->peer, family, p->flags);
	return !v->stale || (v->peer->keeping & FAMILY_BIT(family)) != 0;
}

bool
rde_adjin(const struct rde *rde, const struct peer *peer, enum family family,
    uint32_t entry, struct route_view *v)
{
	struct rib_path_view p;

	uint32_t cause;

	if (!rib_path_of(&rde->ribs[family], entry, peer->id, &p) ||
	    !route_fill(rde, family, &p, v))
		return false;
	/* As it came, before policy. */
	v->attrs = attrs_get(rde->attrs, attrs_received(rde->attrs, p.attrs));
	cause = attrs_cause(rde->attrs, p.attrs);
	if (cause != 0)
		v->cause = attrs_get(rde->attrs, cause);
	return true;
}

size_t
rde_routes(struct rde *rde, enum family family, uint32_t entry,
    struct route_view *v, size_t max)
{
	const struct rib *rib = &rde->ribs[family];
	const struct rib_entry *e = rib_entry(rib, entry);
	const struct rib_path *p;
	struct rib_path_view view;
	struct route_view skip;
	size_t i, n, got = 0;

	if (e->attrs == 0)
		return 0;
	n = candidates_fill(rde, rib, entry);
	decision_sort(rde->candidates, n);
	for (i = 0; i < n; i++) {
		view = (struct rib_path_view){ e->attrs, e->since, e->peer,
			e->flags & RIB_PATH_FLAGS };
		if (rde->candidates[i].tag != 0) {
			p = rib_path(rib, rde->candidates[i].tag);
			view = (struct rib_path_view){ p->attrs, p->since,
				p->peer, (uint8_t)p->flags };
		}
		if (!route_fill(rde, family, &view,
			got < max ? &v[got] : &skip))
			continue;
		if (got < max)
			v[got].best = i == 0 && !v[got].ineligible;
		got++;
	}
	return got;
}

size_t
rde_bytes(const struct rde *rde)
{
	const struct group *g;
	size_t n = attrs_bytes(rde->attrs) + packer_bytes(rde->packer) +
	    policy_store_bytes(rde->store);
	int f;

	for (f = 0; f < FAMILY__MAX; f++)
		n += rib_bytes(&rde->ribs[f]);
	TAILQ_FOREACH(g, &rde->groups, entry)
		n += group_bytes(g);
	return n;
}
