/* SPDX-License-Identifier: ISC */
/*
 * What a BMP server is told of routes: changes as they come, tables in
 * passes; see bmp_server.h.
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/chan.h"
#include "common/log.h"
#include "common/msg_conduit.h"
#include "common/xmalloc.h"
#include "rde/bmp_server.h"
#include "rde/shell.h"

enum {
	STEP_BYTES = 64 * 1024, /* written in one step, about */
	WALK_IDS = 64,
	PATHS = 64, /* of an entry, without memory of its own */
	/* That wait for a server whose window is full, before its peers wait
	 * for a pass instead; what was withdrawn needs its key. */
	STALLED_KEYS = 16384,
};

/* --- changes */

/* Has the pass written this key? */
static bool
is_behind(const struct bmp_server *s, enum family family,
    const struct prefix_key *key)
{
	if ((int)family != s->pass.family)
		return (int)family < s->pass.family;
	return s->pass.begun && prefix_key_cmp(key, &s->pass.key) <= 0;
}

static bool
is_told(const struct bmp_server *s, const struct bmp_feed *f, bool behind,
    bool gone)
{
	switch ((enum bmp_feed_state)f->state) {
	case BMP_FEED_OFF:
		return false;
	case BMP_FEED_LIVE:
		return true;
	case BMP_FEED_PASS:
	case BMP_FEED_WAITING:
		if (f->state == BMP_FEED_PASS && s->pass.active && behind)
			return true;
		/* A pass says what is there, not what went, unless all is
		 * taken back before it. */
		return gone && f->dirty && !f->lost;
	}
	return false;
}

static void
resync(struct bmp_server *s, struct bmp_feed *f, bool lost)
{
	if (f->state == BMP_FEED_OFF)
		return;
	f->lost = f->lost || lost;
	f->dirty = true;
	if (f->state != BMP_FEED_WAITING) {
		f->state = BMP_FEED_WAITING;
		f->resyncs++;
		s->n_waiting++;
		s->resyncs++;
	}
	bmp_feed_changed(s, f);
}

/* A key does not fit: what it is of is sent again from the start. */
static void
missed(struct bmp_server *s, struct bmp_feed *f, bool gone)
{
	uint32_t i;

	if (f != NULL) {
		resync(s, f, gone);
		return;
	}
	for (i = 1; i < s->n_feeds; i++) {
		if (s->feeds[i] != NULL)
			resync(s, s->feeds[i], true);
	}
}

static bool
anybody_is_told(const struct bmp_server *s, bool behind, bool gone)
{
	uint32_t i;

	for (i = 1; i < s->n_feeds; i++) {
		if (s->feeds[i] != NULL &&
		    is_told(s, s->feeds[i], behind, gone))
			return true;
	}
	return false;
}

void
bmp_feed_note(struct bmp_server *s, const struct rde_change *c, uint32_t what)
{
	struct bmp_change change;
	struct bmp_feed *f = NULL;
	bool out = what == RDE_MONITOR_OUT || what == BMP_CHANGE_OFFERED;
	bool all = out && c->peer == 0;
	/* A member of a group may lose what the others get, and policy may
	 * reject what comes. */
	bool gone = c->gone || out ||
	    (c->peer != 0 && (s->want & CONF_BMP_IN_POST) != 0);
	bool behind = s->pass.active && is_behind(s, c->family, c->key);

	if (all) {
		if (!anybody_is_told(s, behind, gone))
			return;
	} else {
		f = c->peer < s->n_feeds ? s->feeds[c->peer] : NULL;
		if (f == NULL || !is_told(s, f, behind, gone))
			return;
	}
	change.hi = c->key->hi;
	change.lo = c->key->lo;
	change.peer = c->peer;
	change.bits = c->key->bits;
	change.family = (uint8_t)c->family;
	change.what = what;
	/* While it takes nothing, a pass later is cheaper than many keys. */
	if ((f != NULL && !gone && s->window_used >= CONDUIT_WINDOW &&
		bmp_pending_count(&s->pending) >= STALLED_KEYS) ||
	    !bmp_pending_add(&s->pending, &change))
		missed(s, f, gone);
	/* With a full window the credit comes first. */
	if (!s->walk.queued && s->window_used < CONDUIT_WINDOW)
		bmp_server_kick(s);
}

/* --- giving out */

bool
bmp_feed_flush(struct bmp_server *s)
{
	struct chan *chan = s->shell->sessiond;
	size_t n, room;

	while ((n = wr_len(&s->out) - s->out_at) > 0) {
		room = CONDUIT_WINDOW - s->window_used;
		if (chan == NULL || chan_congested(chan) || room == 0)
			return false;
		if (n > room)
			n = room;
		if (n > MSG_BATCH_MAX)
			n = MSG_BATCH_MAX;
		chan_send_buf(chan, MSG_CONDUIT_DATA, s->conduit, s->epoch,
		    s->out.base + s->out_at, n);
		s->out_at += n;
		s->window_used += (uint32_t)n;
		s->bytes += n;
	}
	wr_reset(&s->out);
	s->out_at = 0;
	s->burst = 0;
	return true;
}

/* --- looking routes up */

static bool
is_fresh(const struct peer *peer, enum family family,
    const struct rib_path_view *v)
{
	return ((v->flags & RIB_GENERATION) != 0) ==
	    ((peer->generation >> family & 1) != 0);
}

/* The path of a peer (NULL: it has none) before and after policy, as far as
 * these feeds are wanted. */
static void
add_in(struct bmp_server *s, unsigned int feeds, const struct bmp_item *from,
    const struct rib_path_view *v)
{
	struct rde *rde = s->shell->rde;
	struct bmp_items *items = &s->shell->bmp.items;
	struct bmp_item item = *from;

	feeds &= s->want;
	if (feeds & CONF_BMP_IN_PRE) {
		item.feed = CONF_BMP_IN_PRE;
		item.sent = v == NULL ? 0 : bmp_pre_policy_attrs(rde, v);
		bmp_items_add(items, rde, &item);
	}
	if (feeds & CONF_BMP_IN_POST) {
		item.feed = CONF_BMP_IN_POST;
		item.sent = v == NULL ? 0 : bmp_post_policy_attrs(rde, v);
		bmp_items_add(items, rde, &item);
	}
}

static void
add_loc(struct bmp_server *s, struct bmp_item *item, uint32_t id)
{
	struct rde *rde = s->shell->rde;
	const struct rib_entry *e;

	item->feed = CONF_BMP_LOC_RIB;
	item->peer = 0;
	item->sent = 0;
	item->since = 0;
	if (id != 0) {
		e = rib_entry(&rde->ribs[item->family], id);
		if (rib_has_best(e)) {
			item->sent = attrs_base(rde->attrs, e->attrs);
			item->since = e->since;
		}
	}
	bmp_items_add(&s->shell->bmp.items, rde, item);
}

/* What was sent to a peer (CONF_BMP_OUT), or would have been without its
 * policy. */
static void
add_out(struct bmp_server *s, struct bmp_item *item, uint8_t feed,
    const struct peer *peer, uint32_t id, bool withdraw)
{
	struct rde *rde = s->shell->rde;
	const struct group *g = peer->group[item->family];
	uint16_t source = 0;

	if ((peer->families & FAMILY_BIT(item->family)) == 0)
		return;
	item->feed = feed;
	item->peer = peer->id;
	item->since = 0;
	if (id == 0 || g == NULL) {
		item->sent = 0;
	} else if (feed == CONF_BMP_OUT) {
		item->sent = group_sent(g, id);
		source = group_source(g, id);
	} else {
		item->sent = group_offered(rde, g, id, &source);
	}
	if (source != 0 && source == peer->id)
		item->sent = 0;
	if (item->sent != 0 || withdraw)
		bmp_items_add(&s->shell->bmp.items, rde, item);
}

static const struct peer *
feed_peer(const struct bmp_server *s, uint32_t id)
{
	if (id >= s->n_feeds || s->feeds[id] == NULL ||
	    s->feeds[id]->state == BMP_FEED_OFF)
		return NULL;
	return rde_peer_find(s->shell->rde, id);
}

static void
change_out(struct bmp_server *s, struct bmp_item *item, uint8_t feed,
    uint16_t only, uint32_t id)
{
	const bool behind =
	    s->pass.active && is_behind(s, item->family, &item->key);
	const struct peer *peer;
	uint32_t i;

	for (i = only != 0 ? only : 1; i < s->n_feeds; i++) {
		peer = feed_peer(s, i);
		if (peer != NULL && is_told(s, s->feeds[i], behind, true))
			add_out(s, item, feed, peer, id, true);
		if (only != 0)
			break;
	}
}

static void
change_take(struct bmp_server *s, const struct bmp_change *c)
{
	struct rib_path_view v;
	const struct peer *peer;
	struct bmp_item item;
	struct rib *rib = &s->shell->rde->ribs[c->family];
	struct nlri nlri;
	unsigned int feeds = CONF_BMP_IN_PRE | CONF_BMP_IN_POST;
	uint32_t id;

	memset(&item, 0, sizeof(item));
	item.key.hi = c->hi;
	item.key.lo = c->lo;
	item.key.bits = c->bits;
	item.peer = c->peer;
	item.family = c->family;
	prefix_key_to_nlri(&item.key, c->family, &nlri);
	id = rib_find(rib, &nlri);
	switch (c->what) {
	case RDE_MONITOR_BEST:
		add_loc(s, &item, id);
		break;
	case RDE_MONITOR_OUT:
		change_out(s, &item, CONF_BMP_OUT, c->peer, id);
		break;
	case BMP_CHANGE_OFFERED:
		change_out(s, &item, CONF_BMP_OUT_PRE, 0, id);
		break;
	case RDE_MONITOR_POLICY:
	case RDE_MONITOR_IN:
		if (c->what == RDE_MONITOR_POLICY)
			feeds = CONF_BMP_IN_POST;
		peer = feed_peer(s, c->peer);
		if (peer == NULL)
			break;
		if (id != 0 && rib_path_of(rib, id, c->peer, &v) &&
		    is_fresh(peer, (enum family)c->family, &v)) {
			item.since = v.since;
			add_in(s, feeds, &item, &v);
		} else {
			add_in(s, feeds, &item, NULL);
		}
		break;
	}
}

static void
changes_take(struct bmp_server *s, struct walk_budget *b)
{
	const struct bmp_items *items = &s->shell->bmp.items;
	struct bmp_change c;

	while (items->bytes < STEP_BYTES &&
	    bmp_pending_count(&s->pending) > 0 && walk_budget_take(b) &&
	    bmp_pending_take(&s->pending, &c))
		change_take(s, &c);
}

/* --- passes */

static void
pass_begin(struct bmp_server *s)
{
	struct bmp_feed *f;
	uint32_t i;

	memset(&s->pass, 0, sizeof(s->pass));
	s->pass.active = true;
	for (i = 0; i < s->n_feeds; i++) {
		f = s->feeds[i];
		if (f == NULL || f->state != BMP_FEED_WAITING)
			continue;
		if (f->lost) {
			bmp_server_peer_forget(s, f);
			bmp_server_peer_up(s, f);
			f->dirty = false;
			f->lost = false;
		}
		f->state = BMP_FEED_PASS;
		bmp_feed_changed(s, f);
	}
	s->n_waiting = 0;
	s->burst = wr_len(&s->out);
}

static bool
is_in_pass(const struct bmp_server *s, uint32_t id)
{
	return id < s->n_feeds && s->feeds[id] != NULL &&
	    s->feeds[id]->state == BMP_FEED_PASS;
}

static void
pass_paths(struct bmp_server *s, struct bmp_item *item, uint32_t id)
{
	struct rde *rde = s->shell->rde;
	const struct rib *rib = &rde->ribs[item->family];
	struct rib_path_view some[PATHS], *v = some;
	size_t i, n = rib_path_count(rib, id);

	if (n > PATHS)
		v = xreallocarray(NULL, n, sizeof(*v));
	n = rib_paths(rib, id, v, n);
	for (i = 0; i < n; i++) {
		if (v[i].peer == 0 || !is_in_pass(s, v[i].peer) ||
		    !is_fresh(rde->peers[v[i].peer], (enum family)item->family,
			&v[i]))
			continue;
		item->peer = v[i].peer;
		item->since = v[i].since;
		add_in(s, CONF_BMP_FEEDS, item, &v[i]);
	}
	if (v != some)
		free(v);
}

static void
pass_entry(struct bmp_server *s, uint32_t id)
{
	struct rde *rde = s->shell->rde;
	const struct rib *rib = &rde->ribs[s->pass.family];
	struct bmp_item item;
	const struct peer *peer;
	uint32_t i;

	memset(&item, 0, sizeof(item));
	rib_key(rib, id, &item.key);
	item.family = (uint8_t)s->pass.family;
	s->pass.key = item.key;
	s->pass.begun = true;
	if (s->want & (CONF_BMP_IN_PRE | CONF_BMP_IN_POST) &&
	    rib_entry(rib, id)->attrs != 0)
		pass_paths(s, &item, id);
	if (is_in_pass(s, 0) && rib_has_best(rib_entry(rib, id)))
		add_loc(s, &item, id);
	if ((s->want & (CONF_BMP_OUT | CONF_BMP_OUT_PRE)) == 0)
		return;
	for (i = 1; i < s->n_feeds; i++) {
		peer = is_in_pass(s, i) ? rde_peer_find(rde, i) : NULL;
		if (peer == NULL)
			continue;
		if (s->want & CONF_BMP_OUT_PRE)
			add_out(s, &item, CONF_BMP_OUT_PRE, peer, id, false);
		if (s->want & CONF_BMP_OUT)
			add_out(s, &item, CONF_BMP_OUT, peer, id, false);
	}
}

static size_t
put_end(struct bmp_server *s, const struct bmp_feed *f, uint8_t feeds)
{
	const struct rde *rde = s->shell->rde;
	const struct peer *peer = f->id == 0 ? NULL : rde->peers[f->id];
	struct timespec now;
	struct bmp_peer p;
	unsigned int bit;
	size_t n = 0;

	(void)clock_gettime(CLOCK_REALTIME, &now);
	for (bit = 1; bit < CONF_BMP_MIRROR; bit <<= 1) {
		if ((feeds & bit) == 0)
			continue;
		bmp_peer_of(rde, peer, (uint8_t)bit, (uint32_t)now.tv_sec, &p);
		bmp_end_of_rib(&s->out, &p, (enum family)s->pass.family);
		n++;
	}
	return n;
}

/* All entries of the pass's family are written. */
static void
pass_family_end(struct bmp_server *s)
{
	const struct peer *peer;
	size_t n = 0;
	uint32_t i;

	for (i = 0; i < s->n_feeds; i++) {
		if (!is_in_pass(s, i))
			continue;
		peer = rde_peer_find(s->shell->rde, i);
		if (i == 0)
			n += put_end(s, s->feeds[i], CONF_BMP_LOC_RIB);
		else if (peer->families & FAMILY_BIT(s->pass.family))
			n += put_end(s, s->feeds[i],
			    s->want & (uint8_t)~CONF_BMP_LOC_RIB);
		if (s->pass.family == FAMILY__MAX - 1) {
			s->feeds[i]->state = BMP_FEED_LIVE;
			s->feeds[i]->dirty = false;
			bmp_feed_changed(s, s->feeds[i]);
		}
	}
	s->pass.begun = false;
	if (++s->pass.family == FAMILY__MAX)
		s->pass.active = false;
	bmp_server_wrote(s, n);
}

static size_t
write_items(struct bmp_server *s)
{
	struct rde *rde = s->shell->rde;
	struct timespec real;

	(void)clock_gettime(CLOCK_REALTIME, &real);
	return bmp_items_write(&s->shell->bmp.items, rde, &s->out,
	    (uint32_t)real.tv_sec, rde_seconds(mono_now()));
}

/* Entries from where the pass is.  An update's keys are noted if they are not
 * behind its last key, so that key is what was looked at, in any case. */
static void
pass_step(struct bmp_server *s, struct walk_budget *b)
{
	const struct bmp_items *items = &s->shell->bmp.items;
	const struct rib *rib = &s->shell->rde->ribs[s->pass.family];
	uint32_t ids[WALK_IDS];
	struct nlri from;
	size_t i, n;

	do {
		if (s->pass.begun)
			prefix_key_to_nlri(&s->pass.key,
			    (uint8_t)s->pass.family, &from);
		n = rib_walk(rib, s->pass.begun ? &from : NULL, s->pass.begun,
		    NULL, ids, WALK_IDS);
		for (i = 0;
		     i < n && items->bytes < STEP_BYTES && walk_budget_take(b);
		     i++)
			pass_entry(s, ids[i]);
	} while (i == WALK_IDS);
	bmp_server_wrote(s, write_items(s));
	if (s->epoch != 0 && i == n && n < WALK_IDS)
		pass_family_end(s);
}

enum walk_result
bmp_feed_step(struct walk *walk, struct walk_budget *b)
{
	struct bmp_server *s = (struct bmp_server *)(void *)((char *)walk -
	    offsetof(struct bmp_server, walk));
	bool changes = bmp_pending_count(&s->pending) > 0;

	if (s->epoch == 0 || !bmp_feed_flush(s) || s->closing)
		return WALK_WAIT;
	if (!s->pass.active && s->n_waiting > 0)
		pass_begin(s);
	if (changes && !(s->turn && s->pass.active)) {
		changes_take(s, b);
		bmp_server_wrote(s, write_items(s));
	} else if (s->pass.active) {
		pass_step(s, b);
	}
	s->turn = !s->turn;
	if (s->epoch == 0 || !bmp_feed_flush(s))
		return WALK_WAIT;
	return bmp_pending_count(&s->pending) > 0 || s->pass.active ||
		s->n_waiting > 0 ?
	    WALK_MORE :
	    WALK_WAIT;
}
