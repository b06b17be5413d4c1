/* SPDX-License-Identifier: ISC */
/*
 * Interned attribute sets; see attrs.h.
 *
 * Sets live in a region in units of eight bytes; a handle is the offset in
 * units.  Freed blocks are reused by size.  The hash table holds {hash,
 * handle} so that neither probing nor growing touches the sets.  It grows
 * in steps: two tables exist while whole clusters move from the old one to
 * the new one, a few with each insert, so no insert takes long.
 */
#include "rde/attrs.h"

#include <stdlib.h>
#include <string.h>

#include "common/hash.h"
#include "common/log.h"
#include "common/xmalloc.h"

enum {
	UNIT = 8,
	EXACT = 64, /* units: sizes up to this have a list each */
	COARSE = 8, /* larger ones are rounded up to this many units */
	CLASSES = EXACT + 1 +
	    (sizeof(struct attrs) + BGP_ATTR_BLOCK_MAX) / (UNIT * COARSE) + 2,
	TABLE_MIN = 256,
	MOVE = 16, /* slots moved with an insert, at least */
};

/* A count that has once been this high stays: the set is never freed. */
#define REFS_STUCK 0xf0000000u

struct table {
	struct attrs_slot *slots;
	uint32_t mask;
	uint32_t used;
};

struct attrs_table {
	struct region sets;
	uint32_t next; /* first unit never dealt */
	uint32_t free[CLASSES]; /* linked through `hash` of dead sets */
	struct table cur;
	struct table old; /* being emptied; slots NULL if there is none */
	uint32_t move_at; /* where in the old one */
	size_t count;
};

static inline struct attrs *
set_at(const struct attrs_table *t, uint32_t handle)
{
	return (struct attrs *)(t->sets.base + (size_t)handle * UNIT);
}

/* --- memory of sets --- */

static uint32_t
units_for(size_t len)
{
	size_t units = (sizeof(struct attrs) + len + UNIT - 1) / UNIT;

	if (units > EXACT)
		units = (units + COARSE - 1) / COARSE * COARSE;
	return (uint32_t)units;
}

static uint32_t
class_of(uint32_t units)
{
	return units <= EXACT ? units : EXACT + units / COARSE - EXACT / COARSE;
}

static uint32_t
set_alloc(struct attrs_table *t, size_t len)
{
	uint32_t units = units_for(len), cls = class_of(units), handle;

	handle = t->free[cls];
	if (handle != 0) {
		t->free[cls] = set_at(t, handle)->hash;
		return handle;
	}
	handle = t->next;
	if (handle + units > ATTRS_HANDLE_MASK)
		fatalx("%s: full", __func__);
	t->next += units;
	region_need(&t->sets, (size_t)t->next * UNIT);
	return handle;
}

static void
set_release(struct attrs_table *t, uint32_t handle)
{
	struct attrs *a = set_at(t, handle);
	uint32_t cls = class_of(units_for(a->len));

	a->hash = t->free[cls];
	a->refs = 0;
	a->bucket = 0;
	t->free[cls] = handle;
}

/* --- the hash table --- */

static void
table_init(struct table *tab, uint32_t size)
{
	tab->slots = xcalloc(size, sizeof(*tab->slots));
	tab->mask = size - 1;
	tab->used = 0;
}

static void
table_put(struct table *tab, uint32_t hash, uint32_t handle)
{
	uint32_t i = hash & tab->mask;

	while (tab->slots[i].handle != 0)
		i = (i + 1) & tab->mask;
	tab->slots[i].hash = hash;
	tab->slots[i].handle = handle;
	tab->used++;
}

/* Index of a set's slot, or -1. */
static int64_t
table_where(const struct table *tab, uint32_t hash, uint32_t handle)
{
	uint32_t i = hash & tab->mask;

	while (tab->slots[i].handle != 0) {
		if (tab->slots[i].handle == handle)
			return i;
		i = (i + 1) & tab->mask;
	}
	return -1;
}

static void
table_close(struct table *tab, uint32_t hole)
{
	uint32_t i, home;

	for (i = (hole + 1) & tab->mask; tab->slots[i].handle != 0;
	     i = (i + 1) & tab->mask) {
		home = tab->slots[i].hash & tab->mask;
		if (((i - home) & tab->mask) >= ((i - hole) & tab->mask)) {
			tab->slots[hole] = tab->slots[i];
			hole = i;
		}
	}
	tab->slots[hole].handle = 0;
	tab->used--;
}

/*
 * Move slots from the old table.  Whole clusters only: what is left can
 * still be found by probing, as no cluster is ever cut.
 */
static void
table_move(struct attrs_table *t)
{
	uint32_t n = 0;
	struct attrs_slot *s;

	while (t->old.used > 0) {
		s = &t->old.slots[t->move_at & t->old.mask];
		if (s->handle == 0) {
			if (n >= MOVE)
				return;
		} else {
			table_put(&t->cur, s->hash, s->handle);
			s->handle = 0;
			t->old.used--;
		}
		t->move_at++;
		n++;
	}
	free(t->old.slots);
	memset(&t->old, 0, sizeof(t->old));
}

static void
table_grow(struct attrs_table *t)
{
	/* Inserts move faster than they fill, so this does not happen. */
	while (t->old.slots != NULL)
		table_move(t);
	t->old = t->cur;
	table_init(&t->cur, (t->old.mask + 1) * 2);
	/* Begin between two clusters. */
	t->move_at = 0;
	while (t->old.slots[t->move_at].handle != 0)
		t->move_at++;
}

static uint32_t
table_find(const struct attrs_table *t, const struct table *tab, uint32_t hash,
    uint8_t tag, const uint8_t *block, size_t len)
{
	uint32_t i = hash & tab->mask;
	const struct attrs_slot *s;
	const struct attrs *a;

	for (; (s = &tab->slots[i])->handle != 0; i = (i + 1) & tab->mask) {
		if (s->hash != hash)
			continue;
		a = set_at(t, s->handle);
		if (a->len == len && a->tag == tag &&
		    memcmp(a->wire, block, len) == 0)
			return s->handle;
	}
	return 0;
}

/* --- the interface --- */

struct attrs_table *
attrs_table_new(void)
{
	struct attrs_table *t = xcalloc(1, sizeof(*t));

	region_init_dense(&t->sets, ((size_t)ATTRS_HANDLE_MASK + 1) * UNIT);
	region_grow(&t->sets, sizeof(struct attrs));
	t->next = sizeof(struct attrs) / UNIT; /* handle 0 is readable */
	table_init(&t->cur, TABLE_MIN);
	return t;
}

void
attrs_table_free(struct attrs_table *t)
{
	if (t == NULL)
		return;
	region_fini(&t->sets);
	free(t->cur.slots);
	free(t->old.slots);
	free(t);
}

uint32_t
attrs_hash(const uint8_t *block, size_t len)
{
	return (uint32_t)hash_bytes(block, len);
}

void
attrs_prefetch(const struct attrs_table *t, uint32_t hash)
{
	__builtin_prefetch(&t->cur.slots[hash & t->cur.mask]);
}

static void
set_fill(struct attrs *a, const uint8_t *block, size_t len)
{
	struct bgp_attr_hot hot;

	bgp_attr_hot(block, len, &hot);
	a->local_pref = hot.local_pref;
	a->med = hot.med;
	a->neighbour_as = hot.neighbour_as;
	a->path_len = hot.path_len;
	a->origin = hot.origin;
	a->flags = hot.flags;
	a->cluster_len = hot.cluster_len > 255 ? 255 : (uint8_t)hot.cluster_len;
}

/* What stands in the place of a block in an IMPORTED set. */
struct imported {
	uint32_t base;
	uint32_t received;
	uint32_t cause;
};

static struct imported
imported_of(const struct attrs *a)
{
	struct imported im;

	memcpy(&im, a->wire, sizeof(im));
	return im;
}

static void
imported_fill(struct attrs_table *t, struct attrs *a)
{
	const struct imported im = imported_of(a);
	const struct attrs *base = set_at(t, im.base);

	a->local_pref = base->local_pref;
	a->med = base->med;
	a->neighbour_as = base->neighbour_as;
	a->path_len = base->path_len;
	a->origin = base->origin;
	a->flags = base->flags;
	a->cluster_len = base->cluster_len;
	attrs_ref(t, im.base, 1);
	attrs_ref(t, im.received, 1);
	if (im.cause != 0)
		attrs_ref(t, im.cause, 1);
}

static uint32_t
intern(struct attrs_table *t, uint32_t hash, uint8_t tag, const uint8_t *block,
    size_t len, uint32_t refs)
{
	struct attrs *a;
	uint32_t handle;

	if (len > BGP_ATTR_BLOCK_MAX)
		fatalx("%s: %zu bytes", __func__, len);
	handle = table_find(t, &t->cur, hash, tag, block, len);
	if (handle == 0 && t->old.slots != NULL) {
		handle = table_find(t, &t->old, hash, tag, block, len);
		table_move(t);
	}
	if (handle == 0) {
		handle = set_alloc(t, len);
		a = set_at(t, handle);
		memset(a, 0, sizeof(*a));
		a->hash = hash;
		a->len = (uint16_t)len;
		a->tag = tag;
		memcpy(a->wire, block, len);
		if (tag == ATTRS_IMPORTED)
			imported_fill(t, a);
		else if (tag != ATTRS_TEXT)
			set_fill(a, block, len);
		if (t->cur.used >= (t->cur.mask + 1) / 4 * 3)
			table_grow(t);
		table_put(&t->cur, hash, handle);
		t->count++;
	}
	attrs_ref(t, handle, refs);
	return handle;
}

uint32_t
attrs_intern_hashed(struct attrs_table *t, uint32_t hash, const uint8_t *block,
    size_t len, uint32_t refs)
{
	return intern(t, hash, 0, block, len, refs);
}

uint32_t
attrs_intern(struct attrs_table *t, const uint8_t *block, size_t len,
    uint32_t refs)
{
	return intern(t, attrs_hash(block, len), 0, block, len, refs);
}

uint32_t
attrs_intern_tagged(struct attrs_table *t, uint8_t tag, const uint8_t *block,
    size_t len, uint32_t refs)
{
	return intern(t, attrs_hash(block, len) + tag, tag, block, len, refs);
}

uint32_t
attrs_text(struct attrs_table *t, const char *text, uint32_t refs)
{
	return attrs_intern_tagged(t, ATTRS_TEXT, (const uint8_t *)text,
	    strlen(text), refs);
}

uint32_t
attrs_imported(struct attrs_table *t, uint32_t base, uint32_t received,
    uint32_t cause, uint32_t refs)
{
	const struct imported im = { base, received, cause };

	return attrs_intern_tagged(t, ATTRS_IMPORTED, (const uint8_t *)&im,
	    sizeof(im), refs);
}

uint32_t
attrs_base(const struct attrs_table *t, uint32_t handle)
{
	const struct attrs *a = set_at(t, handle);

	return a->tag == ATTRS_IMPORTED ? imported_of(a).base : handle;
}

uint32_t
attrs_received(const struct attrs_table *t, uint32_t handle)
{
	const struct attrs *a = set_at(t, handle);

	return a->tag == ATTRS_IMPORTED ? imported_of(a).received : handle;
}

uint32_t
attrs_cause(const struct attrs_table *t, uint32_t handle)
{
	const struct attrs *a = set_at(t, handle);

	return a->tag == ATTRS_IMPORTED ? imported_of(a).cause : 0;
}

void
attrs_ref(struct attrs_table *t, uint32_t handle, uint32_t n)
{
	struct attrs *a = set_at(t, handle);

	if (a->refs >= REFS_STUCK - n || n >= REFS_STUCK)
		a->refs = REFS_STUCK;
	else
		a->refs += n;
}

void
attrs_unref(struct attrs_table *t, uint32_t handle, uint32_t n)
{
	struct attrs *a = set_at(t, handle);
	struct table *tab = &t->cur;
	struct imported im;
	int64_t at;

	if (n == 0 || a->refs == REFS_STUCK)
		return;
	if (handle == 0 || a->refs < n)
		fatalx("%s: handle %u has %u references of %u", __func__,
		    handle, a->refs, n);
	a->refs -= n;
	if (a->refs > 0)
		return;
	at = table_where(tab, a->hash, handle);
	if (at == -1 && t->old.slots != NULL) {
		tab = &t->old;
		at = table_where(tab, a->hash, handle);
	}
	if (at == -1)
		fatalx("%s: handle %u is not in the table", __func__, handle);
	table_close(tab, (uint32_t)at);
	if (a->tag == ATTRS_IMPORTED) {
		im = imported_of(a);
		/* None of the three refers to others in turn. */
		attrs_unref(t, im.base, 1);
		attrs_unref(t, im.received, 1);
		if (im.cause != 0)
			attrs_unref(t, im.cause, 1);
	}
	set_release(t, handle);
	t->count--;
}

void
attrs_unref_prefetch(const struct attrs_table *t, uint32_t handle)
{
	__builtin_prefetch(set_at(t, handle), 1);
}

void
attrs_unref_prefetch_slot(const struct attrs_table *t, uint32_t handle,
    uint32_t n)
{
	const struct attrs *a = set_at(t, handle);

	if (a->refs == n)
		attrs_prefetch(t, a->hash);
}

struct attrs *
attrs_get(const struct attrs_table *t, uint32_t handle)
{
	return set_at(t, handle);
}

struct attrs *
attrs_get_base(const struct attrs_table *t, uint32_t handle)
{
	return set_at(t, attrs_base(t, handle));
}

size_t
attrs_count(const struct attrs_table *t)
{
	return t->count;
}

size_t
attrs_bytes(const struct attrs_table *t)
{
	size_t slots = (size_t)t->cur.mask + 1;

	if (t->old.slots != NULL)
		slots += (size_t)t->old.mask + 1;
	return (size_t)t->next * UNIT + slots * sizeof(struct attrs_slot);
}

void
attrs_trim(struct attrs_table *t)
{
	if (t->count != 0 || t->next == sizeof(struct attrs) / UNIT)
		return;
	region_discard(&t->sets, 0);
	t->next = sizeof(struct attrs) / UNIT;
	memset(t->free, 0, sizeof(t->free));
	free(t->old.slots);
	free(t->cur.slots);
	memset(&t->old, 0, sizeof(t->old));
	t->move_at = 0;
	table_init(&t->cur, TABLE_MIN);
}
