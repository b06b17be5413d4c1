/* SPDX-License-Identifier: ISC */
/*
 * Community sets; see comm_set.h.
 *
 * A slot holds the bytes that count, the others are 0; slots are found by
 * the process's keyed hash, as values come from peers.
 */
#include "rde/comm_set.h"

#include <stdlib.h>
#include <string.h>

#include "common/hash.h"
#include "common/xmalloc.h"

enum {
	LEN = sizeof(((struct conf_comm *)NULL)->value),
	SLOTS_MIN = 8,
};

struct group { /* of one mask */
	uint8_t mask[LEN];
	uint8_t (*values)[LEN];
	uint8_t *used; /* by slot */
	uint32_t n, slots;
};

struct comm_set {
	unsigned int unit; /* bytes of a community */
	struct group *groups;
	uint32_t n_groups;
};

struct comm_set *
comm_set_new(enum conf_set_kind kind)
{
	struct comm_set *cs = xcalloc(1, sizeof(*cs));

	cs->unit = conf_comm_len(kind);
	return cs;
}

void
comm_set_free(struct comm_set *cs)
{
	uint32_t i;

	if (cs == NULL)
		return;
	for (i = 0; i < cs->n_groups; i++) {
		free(cs->groups[i].values);
		free(cs->groups[i].used);
	}
	free(cs->groups);
	free(cs);
}

/* Where the value is, or the free slot where it belongs. */
static uint32_t
slot_of(const struct group *g, const uint8_t value[LEN])
{
	uint32_t at = (uint32_t)hash_bytes(value, LEN) & (g->slots - 1);

	while (g->used[at] && memcmp(g->values[at], value, LEN) != 0)
		at = (at + 1) & (g->slots - 1);
	return at;
}

static void
group_grow(struct group *g)
{
	struct group old = *g;
	uint32_t i, at;

	g->slots = old.slots == 0 ? SLOTS_MIN : old.slots * 2;
	g->values = xcalloc(g->slots, sizeof(*g->values));
	g->used = xcalloc(g->slots, sizeof(*g->used));
	for (i = 0; i < old.slots; i++) {
		if (!old.used[i])
			continue;
		at = slot_of(g, old.values[i]);
		memcpy(g->values[at], old.values[i], LEN);
		g->used[at] = 1;
	}
	free(old.values);
	free(old.used);
}

static struct group *
group_of(struct comm_set *cs, const uint8_t mask[LEN])
{
	struct group *g;
	uint32_t i;

	for (i = 0; i < cs->n_groups; i++) {
		if (memcmp(cs->groups[i].mask, mask, LEN) == 0)
			return &cs->groups[i];
	}
	cs->groups = xreallocarray(cs->groups, (size_t)cs->n_groups + 1,
	    sizeof(*cs->groups));
	g = &cs->groups[cs->n_groups++];
	memset(g, 0, sizeof(*g));
	memcpy(g->mask, mask, LEN);
	return g;
}

void
comm_set_add(struct comm_set *cs, const struct conf_comm *c)
{
	struct group *g = group_of(cs, c->mask);
	uint32_t at;

	if (g->n >= g->slots / 2)
		group_grow(g);
	at = slot_of(g, c->value);
	if (g->used[at])
		return;
	memcpy(g->values[at], c->value, LEN);
	g->used[at] = 1;
	g->n++;
}

bool
comm_set_has(const struct comm_set *cs, const uint8_t *value)
{
	uint8_t masked[LEN] = { 0 };
	const struct group *g;
	unsigned int j;
	uint32_t i;

	for (i = 0; i < cs->n_groups; i++) {
		g = &cs->groups[i];
		for (j = 0; j < cs->unit; j++)
			masked[j] = value[j] & g->mask[j];
		if (g->used[slot_of(g, masked)])
			return true;
	}
	return false;
}

bool
comm_set_has_any(const struct comm_set *cs, const uint8_t *p, size_t len)
{
	size_t at;

	for (at = 0; at + cs->unit <= len; at += cs->unit) {
		if (comm_set_has(cs, p + at))
			return true;
	}
	return false;
}

bool
comm_set_has_all(const struct comm_set *cs, const uint8_t *p, size_t len)
{
	size_t at;

	for (at = 0; at + cs->unit <= len; at += cs->unit) {
		if (!comm_set_has(cs, p + at))
			return false;
	}
	return true;
}

size_t
comm_set_bytes(const struct comm_set *cs)
{
	size_t n = sizeof(*cs) + cs->n_groups * sizeof(*cs->groups);
	uint32_t i;

	for (i = 0; i < cs->n_groups; i++)
		n += (size_t)cs->groups[i].slots * (LEN + 1);
	return n;
}
