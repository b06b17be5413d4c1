/* SPDX-License-Identifier: ISC */
/*
 * Prefix sets; see prefix_set.h.
 *
 * The allowed lengths of a prefix are a bitmap.  There are few different
 * ones in a set, so each is kept once and the index holds its number.
 */
#include "rde/prefix_set.h"

#include <stdlib.h>
#include <string.h>

#include "common/hash.h"
#include "common/xmalloc.h"

enum {
	WORDS = 3, /* lengths 0 to 128 */
	COVERING_MAX = 129,
	SLOTS_MIN = 16,
};

struct lengths {
	uint64_t w[WORDS];
};

struct prefix_set {
	struct prefix_index *index[FAMILY__MAX];
	struct lengths *lengths; /* [0] is unused: an index has ids from 1 */
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
		if (ps->index[f] != NULL)
			prefix_index_free(ps->index[f]);
	}
	free(ps->lengths);
	free(ps->slots);
	free(ps);
}

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

void
prefix_set_add(struct prefix_set *ps, const struct conf_prefix *p)
{
	struct prefix_index **index = &ps->index[p->nlri.family];
	struct lengths l = { { 0 } };
	struct prefix_key key;
	uint32_t *to, number;
	unsigned int bits;

	common_add(ps, p);
	if (*index == NULL)
		*index = prefix_index_new(
		    family_max_bits((enum family)p->nlri.family));
	prefix_key_from_nlri(&key, &p->nlri);
	to = prefix_index_insert(*index, &key);
	if (*to != 0)
		l = ps->lengths[*to];
	for (bits = p->min; bits <= p->max; bits++)
		l.w[bits / 64] |= (uint64_t)1 << (bits % 64);
	number = lengths_number(ps, &l);
	*to = number;
}

bool
prefix_set_any(const struct prefix_set *ps, enum family family,
    const struct prefix_key *key)
{
	uint32_t ids[COVERING_MAX];
	size_t i, n;

	if (ps->index[family] == NULL)
		return false;
	n = prefix_index_covering(ps->index[family], key, ids);
	for (i = n; i-- > 0;) {
		if (allows(ps, ids[i], key->bits))
			return true;
	}
	return false;
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

	if (ps->index[nlri->family] == NULL)
		return NULL;
	prefix_key_from_nlri(&key, nlri);
	number = prefix_index_find(ps->index[nlri->family], &key);
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
	int f;

	for (f = 0; f < FAMILY__MAX; f++) {
		if (ps->index[f] != NULL)
			n += prefix_index_bytes(ps->index[f]);
	}
	return n;
}
