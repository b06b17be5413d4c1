/* SPDX-License-Identifier: ISC */
/*
 * Tables; see rib.h.
 *
 * A change marks its entry for decision only if the best path may change.
 * A path that loses to the best one before MED is looked at (RFC 4271
 * 9.1.2.2 a, b) neither wins nor takes part in the elimination by MED, so
 * neither its arrival nor its going can change anything.
 */
#include "rde/rib.h"

#include <endian.h>
#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "common/xmalloc.h"

enum {
	DIRTY_MIN = 1024,
	DIRTY_KEEP = 65536, /* a longer list is given back when drained */
};

#define ENTRIES_MAX (1u << 28)
#define PATHS_MAX (1u << 30)

void
rib_init(struct rib *rib, enum family family, struct attrs_table *attrs)
{
	unsigned int bits = family_max_bits(family);

	memset(rib, 0, sizeof(*rib));
	rib->family = (uint8_t)family;
	rib->key_len = (uint8_t)(bits / 8);
	rib->attrs = attrs;
	rib->index = prefix_index_new(bits);
	slab_init(&rib->entries, sizeof(struct rib_entry) + rib->key_len,
	    ENTRIES_MAX);
	slab_init(&rib->paths, sizeof(struct rib_path), PATHS_MAX);
}

void
rib_fini(struct rib *rib)
{
	prefix_index_free(rib->index);
	slab_fini(&rib->entries);
	slab_fini(&rib->paths);
	free(rib->dirty);
	memset(rib, 0, sizeof(*rib));
}

void
rib_dirty_more(struct rib *rib)
{
	rib->max_dirty = rib->max_dirty == 0 ? DIRTY_MIN : rib->max_dirty * 2;
	rib->dirty =
	    xreallocarray(rib->dirty, rib->max_dirty, sizeof(*rib->dirty));
}

void
rib_key(const struct rib *rib, uint32_t id, struct prefix_key *k)
{
	const struct rib_entry *e = rib_entry(rib, id);
	uint64_t w[2];
	uint32_t v;

	k->bits = e->bits;
	if (rib->key_len == 4) {
		memcpy(&v, e->key, sizeof(v));
		k->hi = (uint64_t)be32toh(v) << 32;
		k->lo = 0;
	} else {
		memcpy(w, e->key, sizeof(w));
		k->hi = be64toh(w[0]);
		k->lo = be64toh(w[1]);
	}
}

static void
entry_set_key(const struct rib *rib, struct rib_entry *e,
    const struct prefix_key *k)
{
	uint64_t w[2];
	uint32_t v;

	e->bits = k->bits;
	if (rib->key_len == 4) {
		v = htobe32((uint32_t)(k->hi >> 32));
		memcpy(e->key, &v, sizeof(v));
	} else {
		w[0] = htobe64(k->hi);
		w[1] = htobe64(k->lo);
		memcpy(e->key, w, sizeof(w));
	}
}

void
rib_nlri(const struct rib *rib, uint32_t id, struct nlri *n)
{
	const struct rib_entry *e = rib_entry(rib, id);

	memset(n, 0, sizeof(*n));
	n->family = rib->family;
	n->bits = e->bits;
	memcpy(n->key, e->key, rib->key_len);
}

uint32_t
rib_find(const struct rib *rib, const struct nlri *n)
{
	struct prefix_key k;

	prefix_key_from_nlri(&k, n);
	return prefix_index_find(rib->index, &k);
}

/* RFC 4271 9.1.2.2 before MED: is b worse than a, whatever else they have? */
static bool
is_worse(const struct rib *rib, uint32_t a, uint32_t b)
{
	const struct attrs *x = attrs_get(rib->attrs, a);
	const struct attrs *y = attrs_get(rib->attrs, b);

	if (x->local_pref != y->local_pref)
		return x->local_pref > y->local_pref;
	if (x->path_len != y->path_len)
		return x->path_len < y->path_len;
	return x->origin < y->origin;
}

/* A path other than the first one came or went; does it matter? */
static void
mark_if_matters(struct rib *rib, uint32_t id, uint32_t attrs, uint32_t flags)
{
	const struct rib_entry *e = rib_entry(rib, id);

	if ((e->flags & RIB_DIRTY) || (flags & RIB_INELIGIBLE))
		return;
	if (rib_has_best(e) && is_worse(rib, e->attrs, attrs))
		return;
	rib_mark(rib, id);
}

static inline uint32_t
entry_new(struct rib *rib, const struct prefix_key *k)
{
	uint32_t id = slab_alloc(&rib->entries);
	struct rib_entry *e = rib_entry(rib, id);

	e->attrs = 0;
	e->flags = 0;
	entry_set_key(rib, e, k);
	return id;
}

/* Replace the first path, which is of the same peer. */
static enum rib_change
put_first(struct rib *rib, uint32_t id, uint32_t attrs, uint8_t flags,
    uint32_t since, struct rib_old *old)
{
	struct rib_entry *e = rib_entry(rib, id);

	old->attrs = e->attrs;
	old->flags = e->flags & RIB_PATH_FLAGS;
	e->flags = (uint8_t)((e->flags & ~RIB_PATH_FLAGS) | flags);
	if (e->attrs == attrs && !((old->flags ^ flags) & RIB_INELIGIBLE))
		return RIB_SAME;
	e->attrs = attrs;
	e->since = since;
	rib_mark(rib, id);
	return RIB_REPLACED;
}

static enum rib_change
put_more(struct rib *rib, uint32_t id, struct rib_path *p, uint32_t attrs,
    uint8_t flags, uint32_t since, struct rib_old *old)
{
	old->attrs = p->attrs;
	old->flags = (uint8_t)p->flags;
	p->flags = flags;
	if (p->attrs == attrs && !((old->flags ^ flags) & RIB_INELIGIBLE))
		return RIB_SAME;
	p->attrs = attrs;
	p->since = since;
	mark_if_matters(rib, id, old->attrs, old->flags);
	mark_if_matters(rib, id, attrs, flags);
	return RIB_REPLACED;
}

/* The path of a peer for an entry that has paths. */
static enum rib_change
put_beside(struct rib *rib, uint32_t id, uint16_t peer, uint32_t attrs,
    uint8_t flags, uint32_t since, struct rib_old *old)
{
	struct rib_entry *e = rib_entry(rib, id);
	struct rib_path *p;
	uint32_t at;

	if (e->peer == peer)
		return put_first(rib, id, attrs, flags, since, old);
	for (at = e->more; at != 0; at = p->next) {
		p = rib_path(rib, at);
		if (p->peer == peer)
			return put_more(rib, id, p, attrs, flags, since, old);
	}
	at = slab_alloc(&rib->paths);
	p = rib_path(rib, at);
	p->attrs = attrs;
	p->since = since;
	p->peer = peer;
	p->flags = flags;
	p->next = e->more;
	e->more = at;
	rib->n_paths++;
	mark_if_matters(rib, id, attrs, flags);
	return RIB_NEW;
}

enum rib_change
rib_put(struct rib *rib, const struct prefix_key *k, uint16_t peer,
    uint32_t attrs, uint8_t flags, uint32_t since, struct rib_old *old)
{
	uint32_t *slot = prefix_index_insert(rib->index, k), id = *slot;
	struct rib_entry *e;

	if (id == 0)
		*slot = id = entry_new(rib, k);
	e = rib_entry(rib, id);
	if (e->attrs != 0)
		return put_beside(rib, id, peer, attrs, flags, since, old);
	e->attrs = attrs;
	e->since = since;
	e->peer = peer;
	e->more = 0;
	e->flags = (uint8_t)((e->flags & (RIB_DIRTY | RIB_BEST)) | flags);
	rib->n_entries++;
	rib->n_paths++;
	rib_mark(rib, id);
	return RIB_NEW;
}

/* Take the first path out; the next one, if any, moves up. */
static void
remove_first(struct rib *rib, uint32_t id, struct rib_old *old)
{
	struct rib_entry *e = rib_entry(rib, id);
	struct rib_path *p;
	uint32_t at = e->more;

	old->attrs = e->attrs;
	old->flags = e->flags & RIB_PATH_FLAGS;
	rib->n_paths--;
	rib_mark(rib, id);
	e->flags &= (uint8_t)~RIB_PATH_FLAGS;
	if (at == 0) {
		e->attrs = 0;
		e->flags |= RIB_EMPTY;
		rib->n_entries--;
		return;
	}
	p = rib_path(rib, at);
	e->attrs = p->attrs;
	e->since = p->since;
	e->peer = p->peer;
	e->flags |= (uint8_t)p->flags;
	e->more = p->next;
	p->attrs = 0;
	slab_release(&rib->paths, at);
}

enum rib_change
rib_remove_path(struct rib *rib, uint32_t id, uint16_t peer,
    struct rib_old *old)
{
	struct rib_entry *e = rib_entry(rib, id);
	struct rib_path *p;
	uint32_t at, *link;

	if (e->attrs == 0)
		return RIB_NONE;
	if (e->peer == peer) {
		remove_first(rib, id, old);
		return RIB_REMOVED;
	}
	for (link = &e->more; (at = *link) != 0; link = &p->next) {
		p = rib_path(rib, at);
		if (p->peer != peer)
			continue;
		old->attrs = p->attrs;
		old->flags = (uint8_t)p->flags;
		*link = p->next;
		p->attrs = 0;
		slab_release(&rib->paths, at);
		rib->n_paths--;
		mark_if_matters(rib, id, old->attrs, old->flags);
		return RIB_REMOVED;
	}
	return RIB_NONE;
}

enum rib_change
rib_remove(struct rib *rib, const struct prefix_key *k, uint16_t peer,
    struct rib_old *old)
{
	uint32_t id = prefix_index_find(rib->index, k);

	return id == 0 ? RIB_NONE : rib_remove_path(rib, id, peer, old);
}

int
rib_path_flags(const struct rib *rib, const struct prefix_key *k, uint16_t peer)
{
	uint32_t id = prefix_index_find(rib->index, k);
	struct rib_path_view v;

	if (id == 0 || !rib_path_of(rib, id, peer, &v))
		return -1;
	return v.flags;
}

void
rib_entry_free(struct rib *rib, uint32_t id)
{
	struct rib_entry *e = rib_entry(rib, id);
	struct prefix_key k;

	if (e->attrs != 0 || (e->flags & RIB_DIRTY))
		fatalx("%s: entry %u is in use", __func__, id);
	rib_key(rib, id, &k);
	if (prefix_index_remove(rib->index, &k) != id)
		fatalx("%s: entry %u is not in the index", __func__, id);
	e->flags = 0;
	slab_release(&rib->entries, id);
}

size_t
rib_path_count(const struct rib *rib, uint32_t id)
{
	const struct rib_entry *e = rib_entry(rib, id);
	size_t n = 1;
	uint32_t at;

	if (e->attrs == 0)
		return 0;
	for (at = e->more; at != 0; at = rib_path(rib, at)->next)
		n++;
	return n;
}

static void
view_first(const struct rib_entry *e, struct rib_path_view *v)
{
	v->attrs = e->attrs;
	v->since = e->since;
	v->peer = e->peer;
	v->flags = e->flags & RIB_PATH_FLAGS;
}

static void
view_more(const struct rib_path *p, struct rib_path_view *v)
{
	v->attrs = p->attrs;
	v->since = p->since;
	v->peer = p->peer;
	v->flags = (uint8_t)p->flags;
}

size_t
rib_paths(const struct rib *rib, uint32_t id, struct rib_path_view *v,
    size_t max)
{
	const struct rib_entry *e = rib_entry(rib, id);
	size_t n = 0;
	uint32_t at;

	if (e->attrs == 0 || max == 0)
		return 0;
	view_first(e, &v[n++]);
	for (at = e->more; at != 0 && n < max; at = rib_path(rib, at)->next)
		view_more(rib_path(rib, at), &v[n++]);
	return n;
}

bool
rib_path_of(const struct rib *rib, uint32_t id, uint16_t peer,
    struct rib_path_view *v)
{
	const struct rib_entry *e = rib_entry(rib, id);
	const struct rib_path *p;
	uint32_t at;

	if (e->attrs == 0)
		return false;
	if (e->peer == peer) {
		view_first(e, v);
		return true;
	}
	for (at = e->more; at != 0; at = p->next) {
		p = rib_path(rib, at);
		if (p->peer == peer) {
			view_more(p, v);
			return true;
		}
	}
	return false;
}

size_t
rib_walk(const struct rib *rib, const struct nlri *from, bool after,
    const struct nlri *within, uint32_t *ids, size_t max)
{
	struct prefix_key f, w;

	if (from != NULL)
		prefix_key_from_nlri(&f, from);
	if (within != NULL)
		prefix_key_from_nlri(&w, within);
	return prefix_index_walk(rib->index, from != NULL ? &f : NULL, after,
	    within != NULL ? &w : NULL, ids, max);
}

size_t
rib_bytes(const struct rib *rib)
{
	return prefix_index_bytes(rib->index) + slab_bytes(&rib->entries) +
	    slab_bytes(&rib->paths) + rib->max_dirty * sizeof(*rib->dirty);
}

void
rib_trim(struct rib *rib)
{
	slab_trim(&rib->entries);
	slab_trim(&rib->paths);
	prefix_index_trim(rib->index);
	if (rib->n_dirty == 0 && rib->max_dirty > DIRTY_KEEP) {
		free(rib->dirty);
		rib->dirty = NULL;
		rib->max_dirty = 0;
	}
}
