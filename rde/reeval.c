/* SPDX-License-Identifier: ISC */
/* Policies that changed; see reeval.h. */
#include "rde/reeval.h"

#include <stdlib.h>
#include <string.h>

#include "common/conf.h"
#include "common/log.h"
#include "common/msg_route.h"
#include "common/xmalloc.h"
#include "rde/group.h"
#include "rde/policy_apply.h"
#include "rde/policy_store.h"
#include "rde/scope.h"
#include "rde/unref.h"

enum { BATCH = 64 };

struct pass {
	struct scope scope;
	uint8_t peers[PEER_ID_MAX / 8 + 1]; /* bits */
};

struct reeval {
	bool running;
	struct pass now;
	struct pass next;
	/* the paths of an entry that change */
	struct update {
		uint16_t peer;
		uint8_t flags;
		uint32_t attrs;
		uint32_t since;
	} * updates;
	size_t n_updates, max_updates;
};

struct reeval *
reeval_new(void)
{
	struct reeval *re = xcalloc(1, sizeof(*re));

	scope_init(&re->now.scope);
	scope_init(&re->next.scope);
	return re;
}

void
reeval_free(struct reeval *re)
{
	scope_fini(&re->now.scope);
	scope_fini(&re->next.scope);
	free(re->updates);
	free(re);
}

static bool
has_peer(const struct pass *p, uint16_t peer)
{
	return p->peers[peer / 8] >> (peer % 8) & 1;
}

void
reeval_forget(struct rde *rde, uint16_t peer)
{
	rde->reeval->now.peers[peer / 8] &= (uint8_t) ~(1 << (peer % 8));
	rde->reeval->next.peers[peer / 8] &= (uint8_t) ~(1 << (peer % 8));
}

/* --- programs of peers */

/* What import has to look at again when the program of a peer changes. */
static void
import_changed(struct rde *rde, const struct peer *peer,
    const struct policy_program *old, const struct policy_program *new)
{
	struct pass *next = &rde->reeval->next;
	struct nlri *list = NULL;
	size_t n = 0;

	if (peer_prefixes(peer) == 0)
		return;
	if (policy_program_diff(old, new, &list, &n, SCOPE_MAX)) {
		scope_add(&next->scope, list, n);
	} else {
		free(list);
		scope_all(&next->scope);
	}
	next->peers[peer->id / 8] |= (uint8_t)(1 << (peer->id % 8));
}

static void
programs_take(struct rde *rde, struct peer *peer)
{
	struct policy_program *new[CONF_DIRECTION__MAX] = { NULL, NULL }, *old;

	if (rde->ops->programs != NULL)
		rde->ops->programs(rde->ctx, peer, new);
	old = peer->program[CONF_IMPORT];
	peer->program[CONF_IMPORT] = new[CONF_IMPORT];
	if (old != new[CONF_IMPORT])
		import_changed(rde, peer, old, new[CONF_IMPORT]);
	policy_program_unref(rde->store, old);
	policy_program_unref(rde->store, peer->program[CONF_EXPORT]);
	peer->program[CONF_EXPORT] = new[CONF_EXPORT];
}

void
reeval_peer(struct rde *rde, struct peer *peer)
{
	programs_take(rde, peer);
}

void
rde_policies_changed(struct rde *rde)
{
	struct peer *peer;
	uint32_t i;

	for (i = 1; i < rde->n_peers; i++) {
		peer = rde->peers[i];
		if (peer != NULL && !peer->gone)
			programs_take(rde, peer);
	}
	group_programs_changed(rde);
}

/* --- the walk */

static void
update_add(struct reeval *re, uint16_t peer, uint8_t flags, uint32_t attrs,
    uint32_t since)
{
	struct update *u;

	if (re->n_updates == re->max_updates) {
		re->max_updates =
		    re->max_updates == 0 ? 16 : re->max_updates * 2;
		re->updates = xreallocarray(re->updates, re->max_updates,
		    sizeof(*re->updates));
	}
	u = &re->updates[re->n_updates++];
	u->peer = peer;
	u->flags = flags;
	u->attrs = attrs;
	u->since = since;
}

static void
path_look(struct rde *rde, const struct rib *rib, const struct prefix_key *key,
    uint16_t peer, uint32_t attrs, uint32_t flags, uint32_t since)
{
	struct reeval *re = rde->reeval;
	bool rejected;
	uint32_t now;

	if (!has_peer(&re->now, peer))
		return;
	/* Never chosen for another reason: no policy is asked. */
	if ((flags & RIB_INELIGIBLE) && attrs_cause(rde->attrs, attrs) == 0)
		return;
	now = policy_import(rde, rde->peers[peer], (enum family)rib->family,
	    key, attrs_received(rde->attrs, attrs), &rejected);
	if (now == attrs) {
		attrs_unref(rde->attrs, now, 1);
		return;
	}
	flags &= RIB_GENERATION;
	update_add(re, peer, (uint8_t)(flags | (rejected ? RIB_INELIGIBLE : 0)),
	    now, since);
}

/* Returns how many paths it looked at. */
static size_t
entry_look(struct rde *rde, struct rib *rib, uint32_t id)
{
	struct reeval *re = rde->reeval;
	const struct rib_entry *e = rib_entry(rib, id);
	const struct rib_path *p;
	struct prefix_key key;
	enum rib_change change;
	struct rib_old old;
	struct update *u;
	size_t i, n = 1;
	uint32_t at;

	if (e->attrs == 0)
		return 0;
	rib_key(rib, id, &key);
	re->n_updates = 0;
	path_look(rde, rib, &key, e->peer, e->attrs, e->flags, e->since);
	for (at = e->more; at != 0; at = p->next, n++) {
		p = rib_path(rib, at);
		path_look(rde, rib, &key, p->peer, p->attrs, p->flags,
		    p->since);
	}
	for (i = 0; i < re->n_updates; i++) {
		u = &re->updates[i];
		change = rib_put(rib, &key, u->peer, u->attrs, u->flags,
		    u->since, &old);
		if (change != RIB_REPLACED)
			fatalx("%s: change %d", __func__, change);
		attrs_unref(rde->attrs, old.attrs, 1);
		if ((u->flags & ~old.flags) & RIB_INELIGIBLE)
			rde->peers[u->peer]->tally.rejected++;
		rde_changed(rde, RDE_MONITOR_POLICY, (enum family)rib->family,
		    u->peer, false, &key);
	}
	return n;
}

static bool
begin(struct reeval *re)
{
	struct pass *next = &re->next;

	if (scope_is_empty(&next->scope))
		return false;
	scope_fini(&re->now.scope);
	re->now = *next;
	memset(next, 0, sizeof(*next));
	scope_init(&next->scope);
	re->running = true;
	return true;
}

static bool
import_step(struct rde *rde, size_t *budget)
{
	struct reeval *re = rde->reeval;
	uint32_t ids[BATCH];
	struct rib *rib;
	size_t i, n, looked;

	while (*budget > 0) {
		if (!re->running && !begin(re))
			return false;
		n = scope_next(&re->now.scope, rde->ribs, -1, &rib, ids, BATCH);
		if (n == 0) {
			re->running = false;
			continue;
		}
		for (i = 0; i < n; i++) {
			looked = 1 + entry_look(rde, rib, ids[i]);
			*budget -= looked < *budget ? looked : *budget;
		}
	}
	return true;
}

bool
rde_reeval(struct rde *rde, size_t budget)
{
	bool more = import_step(rde, &budget);

	return group_remark(rde, &budget) || more;
}

bool
rde_has_reeval(const struct rde *rde)
{
	const struct group *g;

	if (rde->reeval->running || !scope_is_empty(&rde->reeval->next.scope))
		return true;
	TAILQ_FOREACH(g, &rde->groups, entry) {
		if (g->remarking)
			return true;
	}
	return false;
}
