/* SPDX-License-Identifier: ISC */
/*
 * Removing stale routes; see sweep.h.
 */
#include "rde/sweep.h"

#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "common/xmalloc.h"
#include "rde/unref.h"

struct sweep {
	bool running;
	uint32_t at; /* next entry */
	uint8_t
	    *stale; /* by peer: 0 not swept, else 1 + the bit of what goes */
	uint32_t n_peers;
	uint64_t left; /* routes to be found, of all peers of this pass */
};

struct sweep *
sweep_new(void)
{
	return xcalloc(FAMILY__MAX, sizeof(struct sweep));
}

void
sweep_free(struct sweep *s)
{
	int f;

	if (s == NULL)
		return;
	for (f = 0; f < FAMILY__MAX; f++)
		free(s[f].stale);
	free(s);
}

/* Begin a pass for all peers that wait for one.  Returns false if none
 * does. */
static bool
pass_begin(struct rde *rde, struct sweep *s, enum family family)
{
	struct peer *peer;
	uint32_t i;

	s->left = 0;
	if (rde->n_flushing == 0)
		return false;
	if (s->n_peers < rde->n_peers) {
		s->stale = xreallocarray(s->stale, rde->n_peers, 1);
		s->n_peers = rde->n_peers;
	}
	memset(s->stale, 0, s->n_peers);
	for (i = 0; i < rde->n_peers; i++) {
		peer = rde->peers[i];
		if (peer == NULL || (peer->flushing & FAMILY_BIT(family)) == 0)
			continue;
		s->stale[i] =
		    peer->generation >> family & 1 ? 1 : 1 + RIB_GENERATION;
		s->left += peer->count[family].stale;
		s->running = true;
	}
	s->at = 1;
	return s->running;
}

static void
pass_end(struct rde *rde, struct sweep *s, enum family family)
{
	struct peer *peer;
	uint32_t i;

	s->running = false;
	for (i = 0; i < s->n_peers; i++) {
		if (s->stale[i] == 0 || (peer = rde->peers[i]) == NULL)
			continue;
		peer->flushing &= ~FAMILY_BIT(family);
		rde->n_flushing--;
		if (peer->gone && peer->flushing == 0)
			rde_peer_release(rde, peer);
	}
}

static inline bool
is_swept(const struct sweep *s, uint16_t peer, uint32_t flags)
{
	return peer < s->n_peers &&
	    s->stale[peer] == 1 + (flags & RIB_GENERATION);
}

static void
sweep_path(struct rde *rde, struct sweep *s, struct rib *rib, uint32_t id,
    uint16_t peer, struct unref *unref)
{
	struct rib_old old;

	if (rib_remove_path(rib, id, peer, &old) == RIB_NONE)
		fatalx("%s: no path of peer %u", __func__, peer);
	unref_add(unref, rde->attrs, old.attrs);
	rde->peers[peer]->count[rib->family].stale--;
	if (s->left > 0)
		s->left--;
}

static void
sweep_entry(struct rde *rde, struct sweep *s, struct rib *rib, uint32_t id,
    struct unref *unref)
{
	struct rib_entry *e = rib_entry(rib, id);
	struct rib_path *p;
	uint32_t at, next;

	for (at = e->attrs != 0 ? e->more : 0; at != 0; at = next) {
		p = rib_path(rib, at);
		next = p->next;
		if (is_swept(s, p->peer, p->flags))
			sweep_path(rde, s, rib, id, p->peer, unref);
	}
	if (e->attrs != 0 && is_swept(s, e->peer, e->flags))
		sweep_path(rde, s, rib, id, e->peer, unref);
}

static bool
sweep_family(struct rde *rde, enum family family, size_t *budget)
{
	struct sweep *s = &rde->sweeps[family];
	struct rib *rib = &rde->ribs[family];
	struct unref unref;

	if (!s->running && !pass_begin(rde, s, family))
		return false;
	unref_init(&unref);
	for (; s->at < rib->entries.next && s->left > 0 && *budget > 0;
	     s->at++, (*budget)--)
		sweep_entry(rde, s, rib, s->at, &unref);
	unref_flush(&unref, rde->attrs);
	if (s->at < rib->entries.next && s->left > 0)
		return true;
	pass_end(rde, s, family);
	/* Others may have come to wait meanwhile. */
	return pass_begin(rde, s, family);
}

bool
sweep_step(struct rde *rde, size_t *budget)
{
	bool more = false;
	int f;

	for (f = 0; f < FAMILY__MAX; f++)
		more = sweep_family(rde, (enum family)f, budget) || more;
	return more;
}

void
sweep_now(struct rde *rde, struct peer *peer)
{
	uint16_t id = peer->id;
	size_t budget;
	int f;

	/* A pass that runs may not be about this peer: at most two. */
	for (f = 0; f < FAMILY__MAX; f++) {
		while (rde->peers[id] == peer &&
		    (peer->flushing & FAMILY_BIT(f)) != 0) {
			budget = SIZE_MAX;
			sweep_family(rde, (enum family)f, &budget);
		}
	}
}
