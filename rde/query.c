/* SPDX-License-Identifier: ISC */
/*
 * Listings.  One slice: find the entries behind the resume key, filter, write
 * rows into the block, send it.  Nothing changes the tables within a slice.
 */
#include "rde/query.h"

#include <stdlib.h>
#include <string.h>

#include "common/aspath.h"
#include "common/bgp_attr.h"
#include "common/chan.h"
#include "common/community.h"
#include "common/err.h"
#include "common/hash.h"
#include "common/xmalloc.h"

#include "rde/shell.h"

enum {
	IDS_AT_ONCE = 32, /* entries asked from the index in one go */
	COVERING_MAX = 129,
};

void
query_init(struct queries *qs)
{
	memset(qs, 0, sizeof(*qs));
	qs->buckets = xcalloc(QUERY_BUCKETS, sizeof(*qs->buckets));
	qs->block = xmalloc(MSG_MAX);
	qs->attrs = xmalloc(ADJOUT_MAX);
}

void
query_fini(struct queries *qs)
{
	free(qs->views);
	free(qs->attrs);
	free(qs->block);
	free(qs->buckets);
	memset(qs, 0, sizeof(*qs));
}

/* --- open queries */

static struct query_list *
bucket(const struct queries *qs, uint32_t id)
{
	return &qs->buckets[hash_u64(id) % QUERY_BUCKETS];
}

static struct query *
find(const struct queries *qs, uint32_t id)
{
	struct query *q;

	LIST_FOREACH(q, bucket(qs, id), entry) {
		if (q->id == id)
			return q;
	}
	return NULL;
}

static void
query_free(struct query *q)
{
	struct shell *sh = q->shell;

	walk_stop(&sh->walks, &q->walk);
	LIST_REMOVE(q, entry);
	sh->queries.n--;
	free(q);
}

static void
send_end(struct shell *sh, uint32_t id, const struct err *e)
{
	struct wr w;

	wr_init_grow(&w, MSG_MAX);
	err_put(&w, e);
	chan_send_wr(sh->apid, MSG_QUERY_END, id, 0, &w);
	wr_free(&w);
}

/* --- filters */

static bool
wanted(const struct query_open *o, const uint8_t *attrs, size_t len)
{
	struct bgp_attr a;

	if (o->has_community &&
	    (!bgp_attr_find(attrs, len, BGP_ATTR_COMMUNITIES, &a) ||
		!community_contains(a.value, a.len, o->community)))
		return false;
	if (o->has_origin_as &&
	    (!bgp_attr_find(attrs, len, BGP_ATTR_AS_PATH, &a) ||
		aspath_origin(a.value, a.len) != o->origin_as))
		return false;
	return true;
}

/* --- rows */

struct out { /* the block under construction */
	struct query *q;
	struct wr w;
	struct nlri nlri; /* of the open row */
	size_t at; /* of its number of paths */
	uint16_t paths; /* in it; 0: no row is open */
	size_t prefix; /* where the rows of the prefix at hand begin */
	bool full; /* the prefix at hand did not fit behind others */
	uint32_t now;
};

static void
row_close(struct out *o)
{
	if (o->paths > 0)
		msg_query_row_end(&o->w, o->at, o->paths);
	o->paths = 0;
}

static void
block_send(struct out *o)
{
	struct shell *sh = o->q->shell;

	row_close(o);
	if (wr_len(&o->w) == 0)
		return;
	chan_send_wr(sh->apid, MSG_QUERY_ROWS, o->q->id, 0, &o->w);
	o->q->credit--;
	wr_reset(&o->w);
}

/*
 * One more path of o->nlri.  A prefix that does not fit behind others is
 * left to the next block; one that outgrows a block has a message of its
 * own, and if need be further ones, each with a further row.
 */
static void
path_write(struct out *o, const struct query_path *p)
{
	/* row head and path */
	size_t need = 64 + (size_t)p->attrs_len + p->rejected_by_len;
	size_t limit = o->prefix > 0 ? QUERY_BLOCK : MSG_MAX;

	if (o->full)
		return;
	if (wr_len(&o->w) + need > limit || o->paths == UINT16_MAX) {
		if (o->prefix > 0) {
			o->full = true;
			return;
		}
		block_send(o);
	}
	if (o->paths == 0)
		o->at = msg_query_row_begin(&o->w, &o->nlri);
	msg_query_path_put(&o->w, p);
	o->paths++;
}

static void
from_peer(struct query_path *p, const struct peer *peer)
{
	if (peer == NULL || peer->id == 0) {
		p->peer = addr_ipv4(0x7f000001); /* routes of our own */
		p->remote_as = 0;
		return;
	}
	p->peer = peer->remote;
	p->remote_as = peer->remote_as;
}

static void
view_write(struct out *o, const struct route_view *v)
{
	struct query_path p;

	if (!wanted(&o->q->open, v->attrs->wire, v->attrs->len))
		return;
	memset(&p, 0, sizeof(p));
	from_peer(&p, v->peer);
	p.flags = (uint8_t)((v->best ? QUERY_PATH_BEST : 0) |
	    (v->stale ? QUERY_PATH_STALE : 0) |
	    (v->ineligible ? QUERY_PATH_INELIGIBLE : 0) |
	    (v->cause != NULL ? QUERY_PATH_REJECTED : 0));
	if (v->cause != NULL) {
		p.rejected_by = (const char *)v->cause->wire;
		p.rejected_by_len = v->cause->len;
	}
	p.age_secs = o->now - v->since;
	p.attrs = v->attrs->wire;
	p.attrs_len = v->attrs->len;
	path_write(o, &p);
}

static void
global_row(struct out *o, uint32_t entry)
{
	struct query *q = o->q;
	struct queries *qs = &q->shell->queries;
	size_t n;
	size_t i;

	n = rde_routes(q->shell->rde, (enum family)q->family, entry, qs->views,
	    qs->max_views);
	if (n > qs->max_views) {
		qs->max_views = n + 16;
		qs->views =
		    xreallocarray(qs->views, qs->max_views, sizeof(*qs->views));
		n = rde_routes(q->shell->rde, (enum family)q->family, entry,
		    qs->views, qs->max_views);
	}
	for (i = 0; i < n; i++) {
		/* What can never be chosen is not in Loc-RIB. */
		if (qs->views[i].ineligible ||
		    (q->open.best_only && !qs->views[i].best))
			continue;
		view_write(o, &qs->views[i]);
	}
}

static void
adjin_row(struct out *o, const struct peer *peer, uint32_t entry)
{
	struct route_view v;

	if (rde_adjin(o->q->shell->rde, peer, (enum family)o->q->family, entry,
		&v) &&
	    (!o->q->open.best_only || v.best))
		view_write(o, &v);
}

static void
adjout_row(struct out *o, const struct peer *peer, uint32_t entry)
{
	struct shell *sh = o->q->shell;
	const uint8_t *attrs = sh->queries.attrs;
	struct adjout_view v;
	struct query_path p;

	if (!rde_adjout(sh->rde, peer, (enum family)o->q->family, entry,
		sh->queries.attrs, &v) ||
	    !wanted(&o->q->open, attrs, v.len))
		return;
	memset(&p, 0, sizeof(p));
	from_peer(&p, rde_peer_find(sh->rde, v.source));
	p.flags = QUERY_PATH_BEST;
	p.attrs = attrs;
	p.attrs_len = v.len;
	path_write(o, &p);
}

/* All of one prefix; false if it waits for the next block. */
static bool
row(struct out *o, const struct peer *peer, uint32_t entry)
{
	struct query *q = o->q;

	o->prefix = wr_len(&o->w);
	o->full = false;
	rib_nlri(&q->shell->rde->ribs[q->family], entry, &o->nlri);
	switch ((enum query_table)q->open.table) {
	case QUERY_GLOBAL:
		global_row(o, entry);
		break;
	case QUERY_ADJ_IN:
		adjin_row(o, peer, entry);
		break;
	case QUERY_ADJ_OUT:
		adjout_row(o, peer, entry);
		break;
	}
	if (o->full) { /* take back what was written of it */
		o->w.p = o->w.base + o->prefix;
		o->paths = 0;
		return false;
	}
	row_close(o);
	return true;
}

/* --- the walk */

/* The next entries behind the resume key; fewer than max: the end. */
static size_t
next_ids(const struct query *q, uint32_t *ids, size_t max)
{
	const struct rib *rib = &q->shell->rde->ribs[q->family];
	const struct nlri *from = q->started ? &q->last : NULL;
	uint32_t all[COVERING_MAX];
	struct prefix_key key;
	struct nlri nlri;
	size_t n;
	size_t i;
	size_t out = 0;

	switch ((enum query_match)q->open.match) {
	case QUERY_MATCH_ALL:
		return rib_walk(rib, from, q->started, NULL, ids, max);
	case QUERY_MATCH_LONGER:
		return rib_walk(rib, from, q->started, &q->open.nlri, ids, max);
	case QUERY_MATCH_EXACT:
		ids[0] = q->started ? 0 : rib_find(rib, &q->open.nlri);
		return ids[0] != 0 ? 1 : 0;
	case QUERY_MATCH_COVERING:
		prefix_key_from_nlri(&key, &q->open.nlri);
		n = prefix_index_covering(rib->index, &key, all);
		for (i = 0; i < n && out < max; i++) {
			rib_nlri(rib, all[i], &nlri);
			if (!q->started || nlri.bits > q->last.bits)
				ids[out++] = all[i];
		}
		return out;
	}
	return 0;
}

/* The peer whose table is listed; NULL when it has nothing to show. */
static const struct peer *
listed_peer(struct query *q)
{
	struct shell *sh = q->shell;
	const struct peer *peer;

	peer = q->peer_id != 0 ? rde_peer_find(sh->rde, q->peer_id) : NULL;
	if (peer == NULL || peer->gone ||
	    !addr_equal(&peer->remote, &q->open.peer))
		peer = session_peer(sh, &q->open.peer);
	if (peer == NULL)
		return NULL;
	q->peer_id = peer->id;
	if (q->open.table == QUERY_ADJ_OUT && !peer->up)
		return NULL;
	if (q->open.table == QUERY_ADJ_IN && peer_prefixes(peer) == 0)
		return NULL;
	return peer;
}

/* Rows of one family; true if it is through. */
static bool
family_step(struct out *o, const struct peer *peer, struct walk_budget *b)
{
	struct query *q = o->q;
	uint32_t ids[IDS_AT_ONCE];
	size_t n;
	size_t i;

	for (;;) {
		n = next_ids(q, ids, nitems(ids));
		for (i = 0; i < n; i++) {
			if (!walk_budget_take(b))
				return false;
			while (!row(o, peer, ids[i])) {
				block_send(o);
				if (q->credit <= 0)
					return false;
			}
			q->last = o->nlri;
			q->started = true;
			if (q->credit <= 0) /* a long prefix took it all */
				return false;
		}
		if (n < nitems(ids))
			return true;
	}
}

static enum walk_result
step(struct walk *w, struct walk_budget *b)
{
	struct query *q = (struct query *)w;
	struct shell *sh = q->shell;
	const struct peer *peer = NULL;
	struct out o = { .q = q };
	struct err ok;
	bool done = false;

	if (q->credit <= 0 || chan_congested(sh->apid))
		return WALK_WAIT;
	if (q->open.table != QUERY_GLOBAL)
		peer = listed_peer(q);
	if (q->open.table != QUERY_GLOBAL && peer == NULL)
		done = true;
	wr_init(&o.w, sh->queries.block, MSG_MAX);
	o.now = rde_seconds(mono_now());
	while (!done) {
		if ((q->open.families & FAMILY_BIT(q->family)) != 0 &&
		    !family_step(&o, peer, b))
			break;
		q->family++;
		q->started = false;
		done = q->family == FAMILY__MAX;
	}
	block_send(&o);
	if (done) {
		err_clear(&ok);
		send_end(sh, q->id, &ok);
		query_free(q);
		return WALK_WAIT;
	}
	return q->credit > 0 ? WALK_MORE : WALK_WAIT;
}

/* --- the messages */

static int
admit(struct shell *sh, const struct query_open *open, struct err *e)
{
	char buf[ADDR_STRLEN];

	if (sh->conf.conf == NULL)
		return err_set(e, ERR_UNAVAILABLE,
		    "the routing engine has no configuration yet");
	if (sh->queries.n >= QUERY_MAX)
		return err_set(e, ERR_EXHAUSTED,
		    "more than %d listings at once", QUERY_MAX);
	if (open->table != QUERY_GLOBAL &&
	    conf_peer_find(sh->conf.conf, &open->peer) == NULL &&
	    session_peer(sh, &open->peer) == NULL)
		return err_set(e, ERR_NOT_FOUND, "peer %s not found",
		    addr_str(&open->peer, buf));
	return 0;
}

int
query_open(struct shell *sh, uint32_t id, const struct query_open *open)
{
	struct query *q;
	struct err e;

	if (find(&sh->queries, id) != NULL)
		return -1;
	if (admit(sh, open, &e) == -1) {
		send_end(sh, id, &e);
		return 0;
	}
	q = xcalloc(1, sizeof(*q));
	q->walk.step = step;
	q->shell = sh;
	q->id = id;
	q->open = *open;
	if (open->match != QUERY_MATCH_ALL) /* only its family can match */
		q->open.families &= FAMILY_BIT(open->nlri.family);
	LIST_INSERT_HEAD(bucket(&sh->queries, id), q, entry);
	sh->queries.n++;
	return 0;
}

int
query_credit(struct shell *sh, uint32_t id, uint32_t blocks)
{
	struct query *q;

	if (blocks == 0)
		return -1;
	q = find(&sh->queries, id);
	if (q == NULL)
		return 0; /* its end is under way */
	/* More than the window gains nothing. */
	if (blocks > QUERY_WINDOW)
		blocks = QUERY_WINDOW;
	q->credit += (int32_t)blocks;
	if (q->credit > QUERY_WINDOW)
		q->credit = QUERY_WINDOW;
	if (q->credit > 0)
		walk_start(&sh->walks, &q->walk);
	return 0;
}

void
query_close(struct shell *sh, uint32_t id)
{
	struct query *q;

	q = find(&sh->queries, id);
	if (q != NULL)
		query_free(q);
}

void
query_drained(struct shell *sh)
{
	struct query *q;
	int i;

	for (i = 0; i < QUERY_BUCKETS; i++) {
		LIST_FOREACH(q, &sh->queries.buckets[i], entry) {
			if (q->credit > 0)
				walk_start(&sh->walks, &q->walk);
		}
	}
}

void
query_close_all(struct shell *sh)
{
	struct query *q;
	int i;

	if (sh->queries.n == 0)
		return;
	for (i = 0; i < QUERY_BUCKETS; i++) {
		while ((q = LIST_FIRST(&sh->queries.buckets[i])) != NULL)
			query_free(q);
	}
}
