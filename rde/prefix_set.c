/* SPDX-License-Identifier: ISC */
/*
 * Prefix sets; see prefix_set.h.
 *
 * The prefixes of a family are in a hash table.  Which lengths a prefix
 * allows is a bitmap; there are few different ones in a set, so each is kept
 * once and a slot holds its number.  For every length that may be asked for
 * the table knows how long the prefixes are that allow it, so a question
 * probes once for each of these, which mostly is once.
 */
#include "rde/prefix_set.h"

#include <stdlib.h>
#include <string.h>

#include "common/hash.h"
#include "common/xmalloc.h"

enum {
	WORDS = 3, /* lengths 0 to 128 */
	SLOTS_MIN = 16,
	NUMBER_SHIFT = 8,
};

struct lengths {
	uint64_t w[WORDS];
};

/* number << NUMBER_SHIFT | bits of the prefix; 0: free */
struct slot4 {
	uint32_t addr;
	uint32_t is;
};
struct slot6 {
	uint64_t hi, lo;
	uint32_t is;
};

struct table {
	void *slots; /* struct slot4 or slot6 */
	uint32_t n, size;
	uint32_t expected;
	/* By the length asked for: lengths of prefixes that allow it. */
	struct lengths *from;
	unsigned int max_bits;
};

struct prefix_set {
	struct table table[FAMILY__MAX];
	struct lengths *lengths; /* [0] is unused */
	uint32_t n_lengths, max_lengths;
	uint32_t *slots; /* of a table of them by contents; 0: free */
	uint32_t n_slots;
	/* What all members have in common. */
	size_t n;
	bool none; /* nothing */
	struct nlri longest;
	uint8_t min, max;
};

struct prefix_set *
prefix_set_new(void)
{
	struct prefix_set *ps = xcalloc(1, sizeof(*ps));

	ps->n_lengths = 1;
	ps->max_lengths = SLOTS_MIN / 2;
	ps->lengths = xcalloc(ps->max_lengths, sizeof(*ps->lengths));
	ps->n_slots = SLOTS_MIN;
	ps->slots = xcalloc(ps->n_slots, sizeof(*ps->slots));
	return ps;
}

void
prefix_set_free(struct prefix_set *ps)
{
	int f;

	if (ps == NULL)
		return;
	for (f = 0; f < FAMILY__MAX; f++) {
		free(ps->table[f].slots);
		free(ps->table[f].from);
	}
	free(ps->lengths);
	free(ps->slots);
	free(ps);
}

/* --- tables */

static uint32_t
number_of(uint32_t is)
{
	return is >> NUMBER_SHIFT;
}

/* The slot of a prefix, or the free one where it belongs. */
static struct slot4 *
find4(const struct table *t, uint32_t addr, unsigned int bits)
{
	struct slot4 *slots = t->slots, *s;
	uint32_t at = (uint32_t)hash_u64((uint64_t)addr << 8 | bits);

	for (;; at++) {
		s = &slots[at & (t->size - 1)];
		if (s->is == 0 || (s->addr == addr && (uint8_t)s->is == bits))
			return s;
	}
}

static struct slot6 *
find6(const struct table *t, uint64_t hi, uint64_t lo, unsigned int bits)
{
	struct slot6 *slots = t->slots, *s;
	uint32_t at = (uint32_t)hash_u64(hi ^ hash_u64(lo ^ bits));

	for (;; at++) {
		s = &slots[at & (t->size - 1)];
		if (s->is == 0 ||
		    (s->hi == hi && s->lo == lo && (uint8_t)s->is == bits))
			return s;
	}
}

static size_t
slot_size(const struct table *t)
{
	return t->max_bits == 32 ? sizeof(struct slot4) : sizeof(struct slot6);
}

static bool
is_full(const struct table *t, uint32_t n)
{
	return n >= t->size / 4 * 3;
}

static void
table_grow(struct table *t)
{
	struct table old = *t;
	const struct slot4 *s4 = old.slots;
	const struct slot6 *s6 = old.slots;
	uint32_t i;

	t->size = old.size == 0 ? SLOTS_MIN : old.size * 2;
	while (is_full(t, t->expected))
		t->size *= 2;
	t->slots = xcalloc(t->size, slot_size(t));
	for (i = 0; i < old.size; i++) {
		if (t->max_bits != 32 && s6[i].is != 0)
			*find6(t, s6[i].hi, s6[i].lo, (uint8_t)s6[i].is) =
			    s6[i];
		else if (t->max_bits == 32 && s4[i].is != 0)
			*find4(t, s4[i].addr, (uint8_t)s4[i].is) = s4[i];
	}
	free(old.slots);
}

/* What a table holds at the first `bits` bits of a key. */
static uint32_t
table_at(const struct table *t, const struct prefix_key *k, unsigned int bits)
{
	uint64_t hi = k->hi, lo = k->lo;

	if (bits < 64) {
		hi &= bits == 0 ? 0 : UINT64_MAX << (64 - bits);
		lo = 0;
	} else if (bits < 128) {
		lo &= bits == 64 ? 0 : UINT64_MAX << (128 - bits);
	}
	return number_of(t->max_bits == 32 ?
		find4(t, (uint32_t)(hi >> 32), bits)->is :
		find6(t, hi, lo, bits)->is);
}

static void
table_set(struct table *t, const struct prefix_key *k, uint32_t number)
{
	uint32_t is = number << NUMBER_SHIFT | k->bits;
	struct slot4 *s4;
	struct slot6 *s6;

	if (t->max_bits == 32) {
		s4 = find4(t, (uint32_t)(k->hi >> 32), k->bits);
		t->n += s4->is == 0;
		s4->addr = (uint32_t)(k->hi >> 32);
		s4->is = is;
		return;
	}
	s6 = find6(t, k->hi, k->lo, k->bits);
	t->n += s6->is == 0;
	s6->hi = k->hi;
	s6->lo = k->lo;
	s6->is = is;
}

/* --- lengths */

static uint32_t
slot_of(const struct prefix_set *ps, const struct lengths *l)
{
	uint32_t at = (uint32_t)hash_bytes(l, sizeof(*l)) & (ps->n_slots - 1);

	while (ps->slots[at] != 0 &&
	    memcmp(&ps->lengths[ps->slots[at]], l, sizeof(*l)) != 0)
		at = (at + 1) & (ps->n_slots - 1);
	return at;
}

/* The table is at most half full: it grows with the array. */
static void
lengths_grow(struct prefix_set *ps)
{
	uint32_t i;

	ps->max_lengths *= 2;
	ps->lengths =
	    xreallocarray(ps->lengths, ps->max_lengths, sizeof(*ps->lengths));
	free(ps->slots);
	ps->n_slots = ps->max_lengths * 2;
	ps->slots = xcalloc(ps->n_slots, sizeof(*ps->slots));
	for (i = 1; i < ps->n_lengths; i++)
		ps->slots[slot_of(ps, &ps->lengths[i])] = i;
}

static uint32_t
lengths_number(struct prefix_set *ps, const struct lengths *l)
{
	uint32_t at = slot_of(ps, l);

	if (ps->slots[at] != 0)
		return ps->slots[at];
	if (ps->n_lengths == ps->max_lengths) {
		lengths_grow(ps);
		at = slot_of(ps, l);
	}
	ps->lengths[ps->n_lengths] = *l;
	ps->slots[at] = ps->n_lengths;
	return ps->n_lengths++;
}

static inline bool
allows(const struct prefix_set *ps, uint32_t number, unsigned int bits)
{
	return ps->lengths[number].w[bits / 64] >> (bits % 64) & 1;
}

/* Narrow down what every member allows. */
static void
common_add(struct prefix_set *ps, const struct conf_prefix *p)
{
	if (ps->n++ == 0) {
		ps->longest = p->nlri;
		ps->min = p->min;
		ps->max = p->max;
		return;
	}
	if (ps->none)
		return;
	if (nlri_covers(&ps->longest, &p->nlri))
		ps->longest = p->nlri;
	else if (!nlri_covers(&p->nlri, &ps->longest))
		ps->none = true;
	if (p->min > ps->min)
		ps->min = p->min;
	if (p->max < ps->max)
		ps->max = p->max;
}

static inline void
lengths_add(struct lengths *l, unsigned int bits)
{
	l->w[bits / 64] |= (uint64_t)1 << (bits % 64);
}

void
prefix_set_expect(struct prefix_set *ps, enum family family)
{
	ps->table[family].expected++;
}

void
prefix_set_add(struct prefix_set *ps, const struct conf_prefix *p)
{
	struct table *t = &ps->table[p->nlri.family];
	struct lengths l = { { 0 } };
	struct prefix_key key;
	uint32_t was;
	unsigned int bits;

	common_add(ps, p);
	if (t->from == NULL) {
		t->max_bits = family_max_bits((enum family)p->nlri.family);
		t->from = xcalloc(t->max_bits + 1, sizeof(*t->from));
	}
	if (is_full(t, t->n))
		table_grow(t);
	prefix_key_from_nlri(&key, &p->nlri);
	was = table_at(t, &key, key.bits);
	if (was != 0)
		l = ps->lengths[was];
	for (bits = p->min; bits <= p->max; bits++) {
		lengths_add(&l, bits);
		lengths_add(&t->from[bits], key.bits);
	}
	table_set(t, &key, lengths_number(ps, &l));
}

bool
prefix_set_any(const struct prefix_set *ps, enum family family,
    const struct prefix_key *key)
{
	const struct table *t = &ps->table[family];
	const struct lengths *from;
	unsigned int w, bits;
	uint64_t left;

	if (t->from == NULL)
		return false;
	from = &t->from[key->bits];
	for (w = key->bits / 64 + 1u; w-- > 0;) {
		for (left = from->w[w]; left != 0;
		     left ^= (uint64_t)1 << (bits % 64)) {
			bits =
			    64 * w + 63 - (unsigned int)__builtin_clzll(left);
			if (bits <= key->bits &&
			    allows(ps, table_at(t, key, bits), key->bits))
				return true;
		}
	}
	return false;
}

void
prefix_set_prefetch(const struct prefix_set *ps, enum family family,
    const struct prefix_key *key)
{
	const struct table *t = &ps->table[family];
	const struct slot4 *slots = t->slots;
	uint64_t hash;
	unsigned int bits;
	uint32_t addr;

	if (family != FAMILY_IPV4_UNICAST || t->from == NULL ||
	    t->from[key->bits].w[0] == 0)
		return;
	bits = 63 - (unsigned int)__builtin_clzll(t->from[key->bits].w[0]);
	addr = (uint32_t)(key->hi >> 32);
	addr &= bits == 0 ? 0 : UINT32_MAX << (32 - bits);
	hash = hash_u64((uint64_t)addr << 8 | bits);
	__builtin_prefetch(&slots[hash & (t->size - 1)]);
}

bool
prefix_set_all(const struct prefix_set *ps, enum family family,
    const struct prefix_key *key)
{
	struct prefix_key longest;

	if (ps->n == 0)
		return true;
	if (ps->none || ps->longest.family != family || key->bits < ps->min ||
	    key->bits > ps->max)
		return false;
	prefix_key_from_nlri(&longest, &ps->longest);
	return prefix_key_covers(&longest, key);
}

static const struct lengths *
lengths_at(const struct prefix_set *ps, const struct nlri *nlri)
{
	struct prefix_key key;
	uint32_t number;

	if (ps->table[nlri->family].from == NULL)
		return NULL;
	prefix_key_from_nlri(&key, nlri);
	number = table_at(&ps->table[nlri->family], &key, key.bits);
	return number == 0 ? NULL : &ps->lengths[number];
}

bool
prefix_set_same_at(const struct prefix_set *a, const struct prefix_set *b,
    const struct nlri *nlri)
{
	const struct lengths *x = lengths_at(a, nlri), *y = lengths_at(b, nlri);

	if (x == NULL || y == NULL)
		return x == y;
	return memcmp(x, y, sizeof(*x)) == 0;
}

size_t
prefix_set_bytes(const struct prefix_set *ps)
{
	size_t n = sizeof(*ps) + ps->max_lengths * sizeof(*ps->lengths) +
	    ps->n_slots * sizeof(*ps->slots);
	const struct table *t;
	int f;

	for (f = 0; f < FAMILY__MAX; f++) {
		t = &ps->table[f];
		if (t->from != NULL)
			n += t->size * slot_size(t) +
			    (t->max_bits + 1) * sizeof(*t->from);
	}
	return n;
}
