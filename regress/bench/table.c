/* SPDX-License-Identifier: ISC */
/* See table.h. */
#include "regress/bench/table.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PATH_MAX_LEN 12

/* A path before it is written out. */
struct draft {
	uint32_t as[PATH_MAX_LEN];
	unsigned n;
	unsigned origin;
	uint32_t comm[16];
	unsigned ncomm;
};

/* A run of prefixes allocated to one holder. */
struct cluster {
	uint32_t base; /* index of the block: a /16, or a /32 of IPv6 */
	uint32_t at; /* next place in units of a /24, or a /48 */
	uint8_t last_len;
	uint32_t left;
};

#define NCLUSTERS 64

struct maker {
	uint64_t rng;
	unsigned afi;
	uint32_t next_block;
	struct cluster cluster[NCLUSTERS];
};

static uint64_t
rng_next(uint64_t *s)
{
	uint64_t z = (*s += 0x9e3779b97f4a7c15u);

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return z ^ z >> 31;
}

static uint32_t
rng_below(uint64_t *s, uint32_t n)
{
	return (uint32_t)((rng_next(s) >> 32) * n >> 32);
}

static double
rng_unit(uint64_t *s)
{
	return (double)(rng_next(s) >> 11) / 9007199254740992.0;
}

void
table_init(struct table *t, uint32_t dut_as)
{
	memset(t, 0, sizeof(*t));
	t->dut_as = dut_as;
	t->nclasses = CLASS_FIRST;
	t->nslots = t->npath_slots = 1024;
	t->slots = need(calloc(t->nslots, sizeof(*t->slots)));
	t->path_slots = need(calloc(t->npath_slots, sizeof(*t->path_slots)));
}

void
table_fini(struct table *t)
{
	free(t->pfx);
	free(t->expect);
	free(t->owner);
	free(t->slots);
	free(t->sets);
	free(t->order);
	free(t->paths);
	free(t->path_slots);
	bytes_free(&t->arena);
	bytes_free(&t->canons);
	memset(t, 0, sizeof(*t));
}

static uint64_t
pfx_hash(const struct pfx *p)
{
	uint64_t h = (p->hi ^ p->len) * 0x9e3779b97f4a7c15u;

	h ^= h >> 32;
	h = (h ^ p->lo ^ p->afi) * 0xff51afd7ed558ccdu;
	return h ^ h >> 29;
}

uint32_t
table_find(const struct table *t, const struct pfx *p, uint32_t hint)
{
	uint32_t i, at;

	if (hint < t->npfx && pfx_equal(&t->pfx[hint], p))
		return hint;
	for (i = (uint32_t)pfx_hash(p) & (t->nslots - 1);; i++) {
		i &= t->nslots - 1;
		if ((at = t->slots[i]) == 0)
			return PFX_UNKNOWN;
		if (pfx_equal(&t->pfx[at - 1], p))
			return at - 1;
	}
}

static void
slots_put(struct table *t, uint32_t id)
{
	uint32_t i = (uint32_t)pfx_hash(&t->pfx[id]) & (t->nslots - 1);

	while (t->slots[i] != 0)
		i = (i + 1) & (t->nslots - 1);
	t->slots[i] = id + 1;
}

uint32_t
table_enter(struct table *t, const struct pfx *p)
{
	uint32_t id = table_find(t, p, PFX_UNKNOWN);

	if (id != PFX_UNKNOWN)
		return id;
	if (t->npfx == t->pfx_cap) {
		t->pfx_cap = t->pfx_cap * 2 + 1024;
		t->pfx = grow(t->pfx, t->pfx_cap, sizeof(*t->pfx));
		t->expect = grow(t->expect, t->pfx_cap, sizeof(*t->expect));
		t->owner = grow(t->owner, t->pfx_cap, sizeof(*t->owner));
	}
	id = t->npfx++;
	t->pfx[id] = *p;
	t->expect[id] = CLASS_NONE;
	t->owner[id] = OWNER_NONE;
	if (t->npfx > t->nslots / 2) {
		t->nslots *= 2;
		free(t->slots);
		t->slots = need(calloc(t->nslots, sizeof(*t->slots)));
		for (uint32_t i = 0; i < t->npfx; i++)
			slots_put(t, i);
	} else
		slots_put(t, id);
	return id;
}

static struct path *
path_find(const struct table *t, const struct bytes *c, uint64_t hash)
{
	uint32_t i = (uint32_t)hash & (t->npath_slots - 1), at;

	for (; (at = t->path_slots[i]) != 0;
	     i = (i + 1) & (t->npath_slots - 1)) {
		struct path *p = &t->paths[at - 1];

		if (p->hash == hash && p->len == c->len &&
		    memcmp(t->canons.data + p->canon, c->data, c->len) == 0)
			return p;
	}
	return NULL;
}

static void
path_slots_put(struct table *t, uint32_t id)
{
	uint32_t i = (uint32_t)t->paths[id].hash & (t->npath_slots - 1);

	while (t->path_slots[i] != 0)
		i = (i + 1) & (t->npath_slots - 1);
	t->path_slots[i] = id + 1;
}

uint32_t
table_class(const struct table *t, const struct bytes *c)
{
	struct path *p = path_find(t, c, wire_hash(c->data, c->len, 1));

	return p == NULL ? CLASS_NONE : p->cls;
}

static struct path *
path_enter(struct table *t, const struct bytes *c, uint32_t cls)
{
	uint64_t hash = wire_hash(c->data, c->len, 1);
	struct path *p;

	if (t->npaths == t->paths_cap) {
		t->paths_cap = t->paths_cap * 2 + 1024;
		t->paths = grow(t->paths, t->paths_cap, sizeof(*t->paths));
	}
	p = &t->paths[t->npaths++];
	p->canon = t->canons.len;
	p->len = (uint32_t)c->len;
	p->cls = cls;
	p->hash = hash;
	bytes_add(&t->canons, c->data, c->len);
	if (t->npaths > t->npath_slots / 2) {
		t->npath_slots *= 2;
		free(t->path_slots);
		t->path_slots =
		    need(calloc(t->npath_slots, sizeof(*t->path_slots)));
		for (uint32_t i = 0; i < t->npaths; i++)
			path_slots_put(t, i);
	} else
		path_slots_put(t, t->npaths - 1);
	return &t->paths[t->npaths - 1];
}

uint32_t
table_learn(struct table *t, const struct bytes *c)
{
	struct path *p = path_find(t, c, wire_hash(c->data, c->len, 1));

	if (p == NULL)
		p = path_enter(t, c, t->nclasses++);
	return p->cls;
}

static struct set *
set_add(struct table *t, unsigned sender, uint32_t first, uint32_t n,
    const struct bytes *attrs)
{
	struct set *s;

	if (t->nsets == t->sets_cap) {
		t->sets_cap = t->sets_cap * 2 + 1024;
		t->sets = grow(t->sets, t->sets_cap, sizeof(*t->sets));
	}
	s = &t->sets[t->nsets++];
	s->first = first;
	s->n = n;
	s->sender = (uint16_t)sender;
	s->gone = attrs == NULL;
	s->attrs = t->arena.len;
	s->attrs_len = 0;
	if (attrs != NULL) {
		s->attrs_len = (uint32_t)attrs->len;
		bytes_add(&t->arena, attrs->data, attrs->len);
	}
	return s;
}

void
table_set(struct table *t, unsigned sender, uint32_t first, uint32_t n,
    const struct bytes *attrs)
{
	set_add(t, sender, first, n, attrs);
}

void
table_path(struct table *t, const struct bytes *canon, uint32_t cls)
{
	path_enter(t, canon, cls);
}

uint32_t
table_new_class(struct table *t)
{
	return t->nclasses++;
}

void
table_event(struct table *t, unsigned sender, const uint32_t *ids, uint32_t n,
    const struct bytes *attrs)
{
	struct bytes canon = { 0 };
	uint32_t cls = CLASS_NONE;

	if (n == 0)
		return;
	/* A path with the daemon's own AS is a loop, and some are not for
	 * others: nothing is announced. */
	if (attrs != NULL &&
	    wire_canon(&canon, attrs->data, attrs->len, 0) == NULL &&
	    !wire_canon_has_as(&canon, t->dut_as) &&
	    !wire_canon_is_private(&canon)) {
		canon.len = 0;
		wire_canon(&canon, attrs->data, attrs->len, t->dut_as);
		cls = table_learn(t, &canon);
	}
	bytes_free(&canon);
	if (t->norder + n > t->order_cap) {
		t->order_cap = (t->norder + n) * 2;
		t->order = grow(t->order, t->order_cap, sizeof(*t->order));
	}
	set_add(t, sender, t->norder, n, attrs);
	for (uint32_t i = 0; i < n; i++) {
		t->order[t->norder++] = ids[i];
		t->expect[ids[i]] = cls;
		t->owner[ids[i]] = (uint16_t)sender;
	}
}

/* ---- the synthetic table ---- */

/* Lengths as in real tables: 60 % /24 (or /48), the rest shorter. */
static unsigned
gen_len(struct maker *m)
{
	static const struct {
		unsigned below, len4, len6;
	} share[] = { { 600, 24, 48 }, { 700, 23, 44 }, { 820, 22, 40 },
		{ 880, 21, 36 }, { 930, 20, 46 }, { 962, 19, 47 },
		{ 980, 18, 45 }, { 988, 17, 33 }, { 1000, 16, 32 } };
	uint32_t r = rng_below(&m->rng, 1000);
	unsigned i = 0;

	while (r >= share[i].below)
		i++;
	return m->afi == WIRE_AFI_IP4 ? share[i].len4 : share[i].len6;
}

/* May a table hold prefixes of this /16? */
static bool
block_is_public(uint32_t b)
{
	unsigned hi = b >> 8;

	return hi >= 1 && hi < 224 && hi != 10 && hi != 127 && hi != 100 &&
	    hi != 169 && hi != 172 && hi != 192 && hi != 198 && hi != 203;
}

static void
cluster_new(struct maker *m, struct cluster *c)
{
	uint32_t b;

	if (m->afi == WIRE_AFI_IP6) {
		/* an odd factor permutes the 2^20 /32s of 2000::/12 up */
		b = m->next_block++ * 0x9e3b5u & 0xfffffu;
		c->base = 0x20000000u | b;
	} else {
		do
			b = m->next_block++ * 0x9e37u & 0xffffu;
		while (!block_is_public(b));
		c->base = b << 16;
	}
	c->at = 0;
	c->last_len = 0;
	c->left = 1 + rng_below(&m->rng, 150);
}

/* The next prefix of a cluster; false at its end. */
static bool
cluster_next(struct maker *m, struct cluster *c, struct pfx *p)
{
	unsigned top = m->afi == WIRE_AFI_IP4 ? 24 : 48, len = gen_len(m);
	uint32_t span = 1u << 8, size;

	if (m->afi == WIRE_AFI_IP6)
		span = 1u << 16;
	/* Half of the time inside the last one, if this one is longer. */
	if (c->last_len != 0 &&
	    (len <= c->last_len || (rng_next(&m->rng) & 1) != 0)) {
		c->at += 1u << (top - c->last_len);
		c->last_len = 0;
	}
	size = 1u << (top - len);
	c->at = (c->at + size - 1) & ~(size - 1);
	if (c->left == 0 || c->at + size > span)
		return false;
	c->left--;
	memset(p, 0, sizeof(*p));
	p->afi = (uint8_t)m->afi;
	p->len = (uint8_t)len;
	if (m->afi == WIRE_AFI_IP4)
		p->hi = (uint64_t)(c->base + (c->at << 8)) << 32;
	else
		p->hi = (uint64_t)c->base << 32 | (uint64_t)c->at << 16;
	c->last_len = (uint8_t)len;
	return true;
}

static void
gen_pfx(struct maker *m, struct cluster *c, struct pfx *p)
{
	while (!cluster_next(m, c, p))
		cluster_new(m, c);
}

/* Prefixes of a set: a Pareto distribution cut at 1,000, mean about 6.2. */
static uint32_t
gen_set_size(uint64_t *rng)
{
	double x = pow(1.0 - rng_unit(rng), -1.0 / 1.055);

	return x > 1000.0 ? 1000 : (uint32_t)x;
}

static uint32_t
gen_origin_as(uint64_t *rng)
{
	uint32_t r = rng_below(rng, 75000);

	return r < 45000 ? 1000 + r : 131072 + (r - 45000) * 7;
}

static uint32_t
gen_transit_as(uint64_t *rng, unsigned hop)
{
	double u = rng_unit(rng);
	uint32_t pool = hop == 1 ? 60 : 3000;

	/* few carry much */
	return 100 + (uint32_t)(u * u * pool) + (hop == 1 ? 0 : 100);
}

/* A path of mean length 4.34 with communities on every second one. */
static void
gen_draft(uint64_t *rng, struct draft *d, uint32_t first_as, uint32_t origin_as)
{
	static const unsigned upto[] = { 3, 24, 61, 84, 94, 98, 100 };
	uint32_t r = rng_below(rng, 100);
	unsigned n = 0, prepend = 0;

	while (r >= upto[n])
		n++;
	n += 2; /* 2 to 8 */
	if (n > 4 && rng_below(rng, 3) == 0)
		prepend = 1 + rng_below(rng, n - 4);
	d->n = n;
	d->as[0] = first_as;
	for (unsigned i = 1; i < n; i++)
		d->as[i] =
		    i >= n - 1 - prepend ? origin_as : gen_transit_as(rng, i);
	r = rng_below(rng, 100);
	d->origin = r < 88 ? 0 : r < 91 ? 1 : 2;
	d->ncomm = 0;
	if (rng_below(rng, 2) == 0) {
		d->ncomm = 1 + rng_below(rng, 7);
		for (unsigned i = 0; i < d->ncomm; i++)
			d->comm[i] = (gen_transit_as(rng, 1 + i % 2) & 0xffff)
				<< 16 |
			    (1000 + rng_below(rng, 200));
	}
}

static void
draft_write(const struct draft *d, struct bytes *b)
{
	struct bytes v = { 0 };

	b->len = 0;
	bytes_u8(&v, d->origin);
	wire_attr(b, 0x40, ATTR_ORIGIN, v.data, v.len);
	v.len = 0;
	bytes_u8(&v, 2);
	bytes_u8(&v, d->n);
	for (unsigned i = 0; i < d->n; i++)
		bytes_u32(&v, d->as[i]);
	wire_attr(b, 0x40, ATTR_AS_PATH, v.data, v.len);
	v.len = 0;
	for (unsigned i = 0; i < d->ncomm; i++)
		bytes_u32(&v, d->comm[i]);
	if (v.len > 0)
		wire_attr(b, 0xc0, ATTR_COMMUNITIES, v.data, v.len);
	bytes_free(&v);
}

/* A path that nobody announced yet: its attributes and canonical form. */
static void
gen_path(struct table *t, uint64_t *rng, uint32_t first_as, uint32_t origin_as,
    struct bytes *attrs, struct bytes *canon)
{
	struct draft d;

	do {
		gen_draft(rng, &d, first_as, origin_as);
		draft_write(&d, attrs);
		canon->len = 0;
		wire_canon(canon, attrs->data, attrs->len, t->dut_as);
	} while (table_class(t, canon) != CLASS_NONE);
}

/* The prefixes of one set, some in a second cluster. */
static void
gen_set_pfx(struct table *t, struct maker *m, uint32_t n)
{
	struct cluster *c = &m->cluster[rng_below(&m->rng, NCLUSTERS)];
	struct pfx p;

	for (uint32_t i = 0; i < n; i++) {
		if (i == 64)
			c = &m->cluster[rng_below(&m->rng, NCLUSTERS)];
		/* more prefixes than there are blocks begin them again */
		do
			gen_pfx(m, c, &p);
		while (table_find(t, &p, PFX_UNKNOWN) != PFX_UNKNOWN);
		table_enter(t, &p);
	}
}

static void
gen_own(struct table *t, struct maker *m, const struct gen *g)
{
	struct bytes attrs = { 0 }, canon = { 0 };

	for (uint32_t s = 0; s < g->senders; s++) {
		uint32_t end =
		    (uint32_t)((uint64_t)g->npfx * (s + 1) / g->senders);

		while (t->npfx < end) {
			uint32_t n = gen_set_size(&m->rng), first = t->npfx;
			uint32_t cls;

			if (n > end - first)
				n = end - first;
			gen_path(t, &m->rng, g->sender_as + s,
			    gen_origin_as(&m->rng), &attrs, &canon);
			cls = table_learn(t, &canon);
			gen_set_pfx(t, m, n);
			set_add(t, s, first, n, &attrs);
			for (uint32_t i = first; i < first + n; i++) {
				t->expect[i] = cls;
				t->owner[i] = (uint16_t)s;
			}
		}
	}
	bytes_free(&attrs);
	bytes_free(&canon);
}

/* Each sender's path to the prefixes from `first` on; the best get cls. */
static void
gen_rivals(struct table *t, struct maker *m, const struct gen *g,
    uint32_t first, uint32_t n)
{
	struct bytes attrs = { 0 }, canon = { 0 };
	uint32_t origin_as = gen_origin_as(&m->rng), base = t->npaths;
	uint32_t cls = t->nclasses++;
	unsigned best = UINT32_MAX;
	unsigned *rank = need(calloc(g->senders, sizeof(*rank)));

	for (unsigned s = 0; s < g->senders; s++) {
		gen_path(t, &m->rng, g->sender_as + s, origin_as, &attrs,
		    &canon);
		path_enter(t, &canon, CLASS_OTHER);
		rank[s] =
		    wire_canon_path_len(&canon) * 4 + wire_canon_origin(&canon);
		if (rank[s] < best)
			best = rank[s];
		set_add(t, s, first, n, &attrs);
	}
	for (unsigned s = 0; s < g->senders; s++) {
		if (rank[s] == best)
			t->paths[base + s].cls = cls;
	}
	for (uint32_t i = first; i < first + n; i++)
		t->expect[i] = cls;
	free(rank);
	bytes_free(&attrs);
	bytes_free(&canon);
}

void
table_generate(struct table *t, const struct gen *g)
{
	struct maker m = { .rng = g->seed, .afi = g->afi };
	struct gen mark = *g;
	uint32_t n, first;

	for (unsigned i = 0; i < NCLUSTERS; i++)
		cluster_new(&m, &m.cluster[i]);
	if (!g->same) {
		gen_own(t, &m, g);
		return;
	}
	while (t->npfx < g->npfx) {
		n = gen_set_size(&m.rng);
		first = t->npfx;
		if (n > g->npfx - first)
			n = g->npfx - first;
		gen_set_pfx(t, &m, n);
		gen_rivals(t, &m, g, first, n);
	}
	mark.npfx = 1;
	mark.senders = 1;
	for (unsigned s = 0; s < g->senders; s++) {
		mark.sender_as = g->sender_as + s;
		first = t->npfx;
		gen_set_pfx(t, &m, 1);
		gen_rivals(t, &m, &mark, first, 1);
		t->sets[t->nsets - 1].sender = (uint16_t)s;
	}
}

uint32_t
table_reannounce(struct table *t, uint64_t seed, uint32_t n, uint32_t *end)
{
	uint32_t from = t->nsets, done = 0, cls;
	struct bytes attrs = { 0 }, canon = { 0 };

	for (uint32_t i = 0; i < from && done < n; i++) {
		struct set s = t->sets[i];
		const uint8_t *a = t->arena.data + s.attrs;
		uint32_t first_as = get_u32(a + 4 + 5);

		if (s.n > n - done)
			s.n = n - done;
		gen_path(t, &seed, first_as, gen_origin_as(&seed), &attrs,
		    &canon);
		cls = table_learn(t, &canon);
		set_add(t, s.sender, s.first, s.n, &attrs);
		for (uint32_t k = s.first; k < s.first + s.n; k++)
			t->expect[k] = cls;
		done += s.n;
	}
	*end = done;
	bytes_free(&attrs);
	bytes_free(&canon);
	return from;
}

uint64_t
table_paths(const struct table *t)
{
	uint64_t n = 0;

	for (uint32_t i = 0; i < t->nsets; i++)
		n += t->sets[i].gone ? 0 : t->sets[i].n;
	return n;
}

static void
stream_set(const struct table *t, struct bytes *b, const struct set *s,
    const struct addr *nh, struct pfx *tmp)
{
	const struct pfx *p = &t->pfx[s->first];
	uint32_t n = s->n, run;

	if (t->order != NULL) {
		for (uint32_t i = 0; i < n; i++)
			tmp[i] = t->pfx[t->order[s->first + i]];
		p = tmp;
	}
	/* a message has one family */
	for (; n > 0; n -= run, p += run) {
		for (run = 1; run < n && p[run].afi == p->afi; run++)
			;
		if (s->gone)
			wire_withdraw(b, p, run);
		else if (nh[p->afi].afi != 0)
			wire_announce(b, t->arena.data + s->attrs, s->attrs_len,
			    &nh[p->afi], p, run);
	}
}

void
table_stream(const struct table *t, struct bytes *b, unsigned sender,
    uint32_t from, uint32_t to, const struct addr *nh)
{
	uint32_t most = 0;
	struct pfx *tmp;

	for (uint32_t i = from; i < to; i++)
		most = t->sets[i].n > most ? t->sets[i].n : most;
	tmp = grow(NULL, most, sizeof(*tmp));
	for (uint32_t i = from; i < to; i++) {
		if (t->sets[i].sender == sender)
			stream_set(t, b, &t->sets[i], nh, tmp);
	}
	free(tmp);
}

void
table_print(const struct table *t)
{
	char text[64];

	for (uint32_t i = 0; i < t->nsets; i++) {
		const struct set *s = &t->sets[i];
		const uint8_t *a = t->arena.data + s->attrs;
		const uint8_t *path = a + 4;
		const uint8_t *comm = path + 3 + path[2];

		for (uint32_t k = s->first; k < s->first + s->n; k++) {
			printf("%s\t", pfx_text(&t->pfx[k], text));
			for (unsigned j = 0; j < path[4]; j++)
				printf("%s%u", j > 0 ? " " : "",
				    get_u32(path + 5 + 4 * j));
			printf("\t%u\t", a[3]);
			for (unsigned j = 0;
			     s->attrs_len > 7u + path[2] && j < comm[2] / 4u;
			     j++)
				printf("%s%u:%u", j > 0 ? " " : "",
				    get_u16(comm + 3 + 4 * j),
				    get_u16(comm + 5 + 4 * j));
			printf("\n");
		}
	}
}
