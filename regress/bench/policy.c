/* SPDX-License-Identifier: ISC */
/* See policy.h. */
#include "regress/bench/policy.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK_LEN 21 /* of P1's entries */
#define TRANSIT_FIRST 20
#define TRANSIT 480
#define ORIGINS 500

static uint64_t
mix(uint64_t z)
{
	z += 0x9e3779b97f4a7c15u;
	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return z ^ z >> 31;
}

static struct pfx
cut(const struct pfx *p, unsigned len)
{
	struct pfx c = *p;

	c.len = (uint8_t)len;
	c.hi &= len == 0 ? 0 : UINT64_MAX << (64 - len);
	return c;
}

/* ---- P1 ---- */

/* Long prefixes stand for their block, the others for themselves. */
static struct table
blocks_of(const struct table *t, uint64_t seed)
{
	struct table b;
	uint32_t n = t->npfx / 10;
	uint64_t r = seed;

	table_init(&b, 0);
	while (b.npfx < n) {
		const struct pfx *p = &t->pfx[(r = mix(r)) % t->npfx];
		struct pfx c = *p;

		if (p->len > BLOCK_LEN)
			c = cut(p, BLOCK_LEN);
		table_enter(&b, &c);
	}
	return b;
}

static unsigned
longest_of(const struct pfx *p)
{
	return p->len == BLOCK_LEN ? 24 : p->len;
}

static void
prefixes_print(const struct table *t, uint64_t seed)
{
	struct table b = blocks_of(t, seed);
	char text[64];

	for (uint32_t i = 0; i < b.npfx; i++)
		printf("%s %u %u\n", pfx_text(&b.pfx[i], text), b.pfx[i].len,
		    longest_of(&b.pfx[i]));
	table_fini(&b);
}

static void
prefixes_expect(struct table *t, uint64_t seed)
{
	struct table b = blocks_of(t, seed);

	for (uint32_t i = 0; i < t->npfx; i++) {
		bool in = false;

		for (unsigned len = 0; len <= t->pfx[i].len && !in; len++) {
			struct pfx c = cut(&t->pfx[i], len);

			in = table_find(&b, &c, PFX_UNKNOWN) != PFX_UNKNOWN &&
			    t->pfx[i].len <= longest_of(&c);
		}
		if (!in)
			t->expect[i] = CLASS_NONE;
	}
	table_fini(&b);
}

/* ---- P2 ---- */

struct numbers {
	uint32_t any[TRANSIT_FIRST + TRANSIT];
	uint32_t origin[ORIGINS];
};

static bool
has(const uint32_t *list, unsigned n, uint32_t v)
{
	while (n-- > 0) {
		if (list[n] == v)
			return true;
	}
	return false;
}

/* As table.c draws them: first hops, transit, origins; none of them twice. */
static void
numbers_make(struct numbers *m, uint64_t seed, bool gaps)
{
	uint64_t r = seed;
	uint32_t v;

	for (unsigned i = 0; i < TRANSIT_FIRST + TRANSIT;) {
		r = mix(r);
		v = i < TRANSIT_FIRST ? 100 + (uint32_t)(r % 60) :
					200 + (uint32_t)(r % 3000);
		if (!has(m->any, i, v))
			m->any[i++] = v;
	}
	for (unsigned i = 0; i < ORIGINS;) {
		r = mix(r);
		v = gaps ? 200 + (uint32_t)(r % 3000) :
			   4000 + (uint32_t)(r % 42000);
		if (!has(m->origin, i, v))
			m->origin[i++] = v;
	}
}

static void
paths_print(uint64_t seed, bool gaps)
{
	struct numbers m;

	numbers_make(&m, seed, gaps);
	for (unsigned i = 0; i < TRANSIT_FIRST + TRANSIT; i++)
		printf("%s %u\n", gaps ? "second" : "any", m.any[i]);
	for (unsigned i = 0; i < ORIGINS; i++)
		printf("%s %u\n", gaps ? "last" : "origin", m.origin[i]);
}

static void
paths_expect(struct table *t, uint64_t seed, bool gaps)
{
	struct numbers m;

	numbers_make(&m, seed, gaps);
	for (uint32_t i = 0; i < t->nsets; i++) {
		const struct set *s = &t->sets[i];
		/* ORIGIN, then an AS_PATH of one sequence: table.c */
		const uint8_t *path = t->arena.data + s->attrs + 4 + 3;
		bool in = false;

		if (gaps)
			in = has(m.any, TRANSIT_FIRST + TRANSIT,
				 get_u32(path + 2 + 4)) ||
			    has(m.origin, ORIGINS,
				get_u32(path + 2 + 4 * path[1] - 8));
		for (unsigned k = 0; k < path[1] && !in && !gaps; k++)
			in = has(m.any, TRANSIT_FIRST + TRANSIT,
			    get_u32(path + 2 + 4 * k));
		if (!gaps &&
		    has(m.origin, ORIGINS, get_u32(path + 2 + 4 * path[1] - 4)))
			in = true;
		for (uint32_t k = s->first; k < s->first + s->n && !in; k++)
			t->expect[k] = CLASS_NONE;
	}
}

/* ---- P3 ---- */

/* Of four prefixes of a peer, which one is rejected. */
static unsigned
rejected(unsigned peer, unsigned senders, unsigned state)
{
	static const uint8_t all[POLICY_STATES] = { 3, 3, 1, 1, 2 };

	if (peer == senders / 2 && (state == 1 || state == 3))
		return state == 1 ? 2 : 0;
	return all[state];
}

static bool
is_rejected(const struct table *t, uint32_t i, unsigned senders, unsigned state)
{
	return i % 4 == rejected(t->owner[i], senders, state);
}

static void
peers_print(const struct table *t, uint64_t seed, unsigned senders,
    unsigned state, unsigned size)
{
	uint32_t *n = need(calloc(senders, sizeof(*n)));
	char text[64];

	for (uint32_t i = 0; i < t->npfx; i++) {
		if (t->owner[i] >= senders || is_rejected(t, i, senders, state))
			continue;
		n[t->owner[i]]++;
		printf("%u %s\n", t->owner[i], pfx_text(&t->pfx[i], text));
	}
	for (unsigned p = 0; p < senders; p++) {
		uint64_t r = mix(seed + p);

		while (n[p] < size) {
			struct pfx c = { .afi = WIRE_AFI_IP4, .len = 24 };

			r = mix(r);
			c.hi =
			    (uint64_t)((1 + r % 220) << 16 | (r >> 16 & 0xffff))
			    << 40;
			if (table_find(t, &c, PFX_UNKNOWN) != PFX_UNKNOWN)
				continue;
			n[p]++;
			printf("%u %s\n", p, pfx_text(&c, text));
		}
	}
	free(n);
}

/* ---- the interface ---- */

void
policy_expect(struct table *t, unsigned which, uint64_t seed, unsigned senders,
    unsigned state, const uint32_t *cls)
{
	memcpy(t->expect, cls, t->npfx * sizeof(*cls));
	if (which == 1)
		prefixes_expect(t, seed);
	else if (which == 2 || which == 4)
		paths_expect(t, seed, which == 4);
	for (uint32_t i = 0; which == 3 && i < t->npfx; i++) {
		if (t->owner[i] < senders && is_rejected(t, i, senders, state))
			t->expect[i] = CLASS_NONE;
	}
}

void
policy_print(const struct table *t, unsigned which, uint64_t seed,
    unsigned senders, unsigned state, unsigned size)
{
	if (which == 1)
		prefixes_print(t, seed);
	else if (which == 2 || which == 4)
		paths_print(seed, which == 4);
	else
		peers_print(t, seed, senders, state, size);
}
