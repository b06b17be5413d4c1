/* SPDX-License-Identifier: ISC */
/* See full.h. */
#include "regress/bench/full.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PATH_LEN 24
#define FRONT_LEN 8
#define RIB_PEERS 64
#define TRIES 64
#define MARKERS 0x7f00u /* full_own_pfx of the feeds' last prefixes */

/* An attribute set of 2015: what of it is kept. */
struct src {
	uint32_t origin_as;
	uint32_t tail[PATH_LEN]; /* upstream and origin, as prepended */
	uint8_t ntail, origin;
	bool atomic, aggregator;
	uint8_t aggr[8];
	uint32_t size; /* prefixes */
	uint32_t at; /* as they came */
};

struct front {
	uint32_t as[FRONT_LEN];
	uint8_t n;
};

/* A prefix of 2026. */
struct row {
	uint64_t key; /* origins in an order of their own */
	uint32_t origin_as, at;
	struct pfx pfx;
};

struct group {
	uint32_t first, n;
	const struct src *src;
	uint32_t origin_as;
};

struct composer {
	struct table *t;
	const struct full *f;
	struct src *srcs;
	uint32_t nsrcs;
	struct front *fronts[RIB_PEERS];
	uint32_t nfronts[RIB_PEERS], fronts_cap[RIB_PEERS];
	unsigned peers[RIB_PEERS], npeers; /* those with fronts, by number */
	struct bytes comms; /* attributes, one after the other */
	size_t *comm_at; /* ncomms + 1 */
	uint32_t ncomms;
	struct row *rows;
	uint32_t nrows;
	struct group *groups;
	uint32_t ngroups, groups_cap;
};

static uint64_t
mix(uint64_t a, uint64_t b)
{
	uint64_t z = a * 0x9e3779b97f4a7c15u + b + 0x632be59bd9b4e019u;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return z ^ z >> 31;
}

/* ---- the sources ---- */

static const uint8_t *
attr_find(const uint8_t *a, size_t len, unsigned type, size_t *n)
{
	size_t h;

	for (size_t i = 0; i + 3 <= len; i += h + *n) {
		h = (a[i] & 0x10) ? 4 : 3;
		*n = h == 4 ? get_u16(a + i + 2) : a[i + 2];
		if (a[i + 1] == type)
			return a + i + h;
	}
	*n = 0;
	return NULL;
}

/* The last two ASes of a path with their repetitions; false: not of use. */
static bool
src_tail(struct src *s, const uint8_t *path, size_t n)
{
	unsigned len, from, other = 0;

	if (n < 2 || path[0] != 2 || n != 2 + 4u * path[1] || path[1] < 2)
		return false;
	len = path[1];
	path += 2;
	/* The first one is the sender, put there by mrt_load. */
	for (from = len; from > 1; from--) {
		if (from < len &&
		    get_u32(path + 4 * (from - 1)) !=
			get_u32(path + 4 * from) &&
		    ++other == 2)
			break;
	}
	if (len - from > PATH_LEN)
		return false;
	for (unsigned i = from; i < len; i++)
		s->tail[s->ntail++] = get_u32(path + 4 * i);
	s->origin_as = s->tail[s->ntail - 1];
	return true;
}

static int
cmp_src(const void *a, const void *b)
{
	const struct src *x = a, *y = b;

	if (x->origin_as != y->origin_as)
		return x->origin_as < y->origin_as ? -1 : 1;
	return 0;
}

static int
cmp_src_at(const void *a, const void *b)
{
	const struct src *x = a, *y = b;
	int d = cmp_src(a, b);

	return d != 0 ? d : x->at < y->at ? -1 : 1;
}

static bool
take_sets(struct composer *c)
{
	struct table t;
	size_t n;

	table_init(&t, 0);
	if (mrt_load(&t, c->f->files[FULL_TABLE], 0, 1, 1u << WIRE_AFI_IP4) <
	    0) {
		table_fini(&t);
		return false;
	}
	c->srcs = need(calloc(t.nsets + 1, sizeof(*c->srcs)));
	for (uint32_t i = 0; i < t.nsets; i++) {
		const uint8_t *a = t.arena.data + t.sets[i].attrs, *v;
		struct src s = { .size = t.sets[i].n, .at = i };

		if (t.sets[i].gone ||
		    (v = attr_find(a, t.sets[i].attrs_len, ATTR_AS_PATH, &n)) ==
			NULL ||
		    !src_tail(&s, v, n))
			continue;
		v = attr_find(a, t.sets[i].attrs_len, ATTR_ORIGIN, &n);
		s.origin = v != NULL && n == 1 ? *v : 0;
		s.atomic =
		    attr_find(a, t.sets[i].attrs_len, 6, &n) != NULL && n == 0;
		v = attr_find(a, t.sets[i].attrs_len, ATTR_AGGREGATOR, &n);
		if (v != NULL && n == sizeof(s.aggr)) {
			s.aggregator = true;
			memcpy(s.aggr, v, n);
		}
		c->srcs[c->nsrcs++] = s;
	}
	table_fini(&t);
	qsort(c->srcs, c->nsrcs, sizeof(*c->srcs), cmp_src_at);
	return c->nsrcs > 0;
}

/* What of a path lies between the peer and the last two ASes. */
static void
take_front(void *ctx, unsigned peer, const uint8_t *v, size_t n)
{
	struct composer *c = ctx;
	struct front f = { .n = 0 };
	unsigned len, from = 1, to, other = 0;

	if (peer >= RIB_PEERS || n < 2 || v[0] != 2 || n != 2 + 4u * v[1] ||
	    v[1] < 3)
		return;
	len = v[1];
	v += 2;
	while (from < len && get_u32(v + 4 * from) == get_u32(v))
		from++;
	for (to = len; to > from; to--) {
		if (to < len &&
		    get_u32(v + 4 * (to - 1)) != get_u32(v + 4 * to) &&
		    ++other == 2)
			break;
	}
	if (to - from > FRONT_LEN)
		return;
	for (unsigned i = from; i < to; i++) {
		if (get_u32(v + 4 * i) == 0)
			return;
		f.as[f.n++] = get_u32(v + 4 * i);
	}
	if (c->nfronts[peer] == c->fronts_cap[peer]) {
		c->fronts_cap[peer] = c->fronts_cap[peer] * 2 + 256;
		c->fronts[peer] = grow(c->fronts[peer], c->fronts_cap[peer],
		    sizeof(*c->fronts[peer]));
	}
	c->fronts[peer][c->nfronts[peer]++] = f;
}

static bool
take_fronts(struct composer *c)
{
	uint32_t most = 0;

	if (mrt_rib_paths(c->f->files[FULL_RIB], take_front, c) < 0)
		return false;
	for (unsigned i = 0; i < RIB_PEERS; i++) {
		if (c->nfronts[i] > most)
			most = c->nfronts[i];
	}
	/* those that had a full table */
	for (unsigned i = 0; i < RIB_PEERS; i++) {
		if (c->nfronts[i] > most / 2)
			c->peers[c->npeers++] = i;
	}
	return c->npeers > 0;
}

/* May a daemon or its neighbours do something of their own about these? */
static bool
comms_well_known(const uint8_t *v, size_t n)
{
	for (size_t i = 0; i + 4 <= n; i += 4) {
		if (get_u16(v + i) == 0xffff || get_u16(v + i) == 0)
			return true;
	}
	return false;
}

static bool
ext_stays(const uint8_t *v, size_t n)
{
	for (size_t i = 0; i + 8 <= n; i += 8) {
		if (v[i] & 0x40) /* not transitive */
			return false;
	}
	return true;
}

static bool
take_comms(struct composer *c)
{
	static const uint8_t types[] = { ATTR_COMMUNITIES, ATTR_EXT_COMMUNITIES,
		ATTR_LARGE_COMMUNITIES, 35 };
	const uint8_t *a, *v;
	struct table t;
	size_t n, len;

	table_init(&t, 0);
	if (mrt_load(&t, c->f->files[FULL_UPDATES], 0, 1, 1u << WIRE_AFI_IP4) <
	    0) {
		table_fini(&t);
		return false;
	}
	c->comm_at = need(calloc(t.nsets + 1, sizeof(*c->comm_at)));
	for (uint32_t i = 0; i < t.nsets; i++) {
		if (t.sets[i].gone)
			continue;
		a = t.arena.data + t.sets[i].attrs;
		len = t.sets[i].attrs_len;
		v = attr_find(a, len, ATTR_COMMUNITIES, &n);
		if (v != NULL && comms_well_known(v, n))
			continue;
		v = attr_find(a, len, ATTR_EXT_COMMUNITIES, &n);
		if (v != NULL && !ext_stays(v, n))
			continue;
		c->comm_at[c->ncomms++] = c->comms.len;
		for (unsigned k = 0; k < sizeof(types); k++) {
			v = attr_find(a, len, types[k], &n);
			if (v != NULL && n > 0)
				wire_attr(&c->comms, 0xc0, types[k], v, n);
		}
		c->comm_at[c->ncomms] = c->comms.len;
	}
	table_fini(&t);
	return c->ncomms > 0;
}

static int
cmp_row(const void *a, const void *b)
{
	const struct row *x = a, *y = b;

	if (x->key != y->key)
		return x->key < y->key ? -1 : 1;
	return x->at < y->at ? -1 : 1;
}

static bool
take_prefixes(struct composer *c)
{
	const char *file = c->f->files[FULL_PREFIXES];
	uint32_t cap = 0, a[4], len, origin_as;
	char cmd[4096], line[256];
	FILE *p;

	if (strchr(file, '\'') != NULL ||
	    snprintf(cmd, sizeof(cmd), "xz -dcf '%s'", file) >=
		(int)sizeof(cmd) ||
	    (p = popen(cmd, "r")) == NULL)
		return false;
	while (fgets(line, sizeof(line), p) != NULL) {
		struct row *r;

		if (sscanf(line, "%u.%u.%u.%u/%u\t%u", &a[0], &a[1], &a[2],
			&a[3], &len, &origin_as) != 6 ||
		    len > 32 || origin_as == 0)
			continue;
		if (c->nrows == cap) {
			cap = cap * 2 + 4096;
			c->rows = grow(c->rows, cap, sizeof(*c->rows));
		}
		r = &c->rows[c->nrows];
		memset(r, 0, sizeof(*r));
		r->key = mix(c->f->seed, origin_as);
		r->origin_as = origin_as;
		r->at = c->nrows++;
		r->pfx.afi = WIRE_AFI_IP4;
		r->pfx.len = (uint8_t)len;
		r->pfx.hi =
		    (uint64_t)(a[0] << 24 | a[1] << 16 | a[2] << 8 | a[3])
		    << 32;
	}
	pclose(p);
	if (c->nrows == 0) {
		fprintf(stderr, "bgpload: %s: nothing was taken\n", file);
		return false;
	}
	qsort(c->rows, c->nrows, sizeof(*c->rows), cmp_row);
	return true;
}

/* ---- the groups ---- */

/* The sets of an origin, or of one that stands in for it. */
static const struct src *
sets_of(const struct composer *c, uint32_t origin_as, uint32_t *n)
{
	struct src key = { .origin_as = origin_as };
	const struct src *s, *end = c->srcs + c->nsrcs;

	s = bsearch(&key, c->srcs, c->nsrcs, sizeof(key), cmp_src);
	if (s == NULL)
		s = &c->srcs[mix(7, origin_as) % c->nsrcs];
	while (s > c->srcs && s[-1].origin_as == s->origin_as)
		s--;
	for (*n = 1; s + *n < end && s[*n].origin_as == s->origin_as;)
		++*n;
	return s;
}

/*
 * One origin's prefixes to its sets, as many in turn as they had.  When all
 * had their turn, the next has the path of the first and other communities,
 * and twice as many: today's origins have more prefixes, not smaller sets.
 */
static void
group_origin(struct composer *c, const struct row *rows, uint32_t n)
{
	uint32_t nsets, took, first, grown = 0;
	const struct src *s = sets_of(c, rows->origin_as, &nsets);
	const struct row *r = rows;

	for (uint32_t k = 0; n > 0; k++, n -= took) {
		if (k == nsets) {
			k = 0;
			grown += grown < 10;
		}
		took = s[k].size << grown < n ? s[k].size << grown : n;
		first = c->t->npfx;
		for (uint32_t i = 0; i < took; i++, r++)
			table_enter(c->t, &r->pfx);
		/* what has two origins is there already */
		if (c->t->npfx == first)
			continue;
		if (c->ngroups == c->groups_cap) {
			c->groups_cap = c->groups_cap * 2 + 1024;
			c->groups =
			    grow(c->groups, c->groups_cap, sizeof(*c->groups));
		}
		c->groups[c->ngroups++] = (struct group){ .first = first,
			.n = c->t->npfx - first,
			.src = &s[k],
			.origin_as = rows->origin_as };
	}
}

static void
make_groups(struct composer *c)
{
	uint32_t most = c->f->npfx != 0 ? c->f->npfx : UINT32_MAX, n;

	for (uint32_t i = 0; i < c->nrows && c->t->npfx < most; i += n) {
		for (n = 1; i + n < c->nrows &&
		     c->rows[i + n].origin_as == c->rows[i].origin_as;)
			n++;
		if (n > most - c->t->npfx)
			n = most - c->t->npfx;
		group_origin(c, &c->rows[i], n);
	}
}

/* ---- the paths ---- */

static bool
path_holds(const uint32_t *as, unsigned n, uint32_t asn)
{
	for (unsigned i = 0; i < n; i++) {
		if (as[i] == asn)
			return true;
	}
	return false;
}

static void
path_write(struct composer *c, const struct group *g, unsigned feed,
    struct bytes *v)
{
	unsigned peer = c->peers[feed % c->npeers], ntail = g->src->ntail, n;
	uint32_t tail[PATH_LEN], as[1 + FRONT_LEN + PATH_LEN];
	const struct front *f;
	uint64_t h;

	for (unsigned i = 0; i < ntail; i++)
		tail[i] = g->src->tail[i] == g->src->origin_as ?
		    g->origin_as :
		    g->src->tail[i];
	/* behind the same upstream the same way */
	h = mix(mix(c->f->seed, feed), tail[0]);
	f = &c->fronts[peer][h % c->nfronts[peer]];
	as[0] = c->f->feed_as + feed;
	n = 1;
	for (unsigned i = 0; i < f->n; i++) {
		if (f->as[i] != c->t->dut_as &&
		    !path_holds(tail, ntail, f->as[i]))
			as[n++] = f->as[i];
	}
	for (unsigned i = 0; i < ntail; i++)
		as[n++] = tail[i] == c->t->dut_as ? 3356 : tail[i];
	v->len = 0;
	bytes_u8(v, 2);
	bytes_u8(v, n);
	for (unsigned i = 0; i < n; i++)
		bytes_u32(v, as[i]);
}

/* A path that nobody announced yet, with its canonical form. */
static void
path_make(struct composer *c, const struct group *g, unsigned feed,
    struct bytes *attrs, struct bytes *canon, struct bytes *tmp)
{
	uint64_t h = mix(mix(feed, g->first), g->origin_as);
	uint32_t k;

	for (unsigned i = 0;; i++, h++) {
		attrs->len = tmp->len = canon->len = 0;
		wire_attr(attrs, 0x40, ATTR_ORIGIN, &g->src->origin, 1);
		path_write(c, g, feed, tmp);
		wire_attr(attrs, 0x40, ATTR_AS_PATH, tmp->data, tmp->len);
		if (g->src->atomic)
			wire_attr(attrs, 0x40, 6, NULL, 0);
		if (g->src->aggregator)
			wire_attr(attrs, 0xc0, ATTR_AGGREGATOR, g->src->aggr,
			    8);
		k = (uint32_t)(h % c->ncomms);
		if (i < TRIES)
			bytes_add(attrs, c->comms.data + c->comm_at[k],
			    c->comm_at[k + 1] - c->comm_at[k]);
		else {
			tmp->len = 0;
			bytes_u32(tmp, 0x0d1c0000u | (uint32_t)(h & 0xffff));
			bytes_u32(tmp, g->first << 8 | feed);
			wire_attr(attrs, 0xc0, ATTR_COMMUNITIES, tmp->data,
			    tmp->len);
		}
		wire_canon(canon, attrs->data, attrs->len, c->t->dut_as);
		if (table_class(c->t, canon) == CLASS_NONE)
			return;
	}
}

/* All feeds' paths of a group; attributes by feed into `all`. */
static void
group_paths(struct composer *c, struct group *g, struct bytes *all, size_t *at)
{
	struct bytes canon[64], attrs = { 0 }, tmp = { 0 };
	unsigned rank[64], best = UINT32_MAX;
	uint32_t cls = table_new_class(c->t);

	memset(canon, 0, sizeof(canon));
	for (unsigned f = 0; f < c->f->feeds; f++) {
		path_make(c, g, f, &attrs, &canon[f], &tmp);
		at[f] = all->len;
		bytes_add(all, attrs.data, attrs.len);
		rank[f] = wire_canon_path_len(&canon[f]) * 4 +
		    wire_canon_origin(&canon[f]);
		if (rank[f] < best)
			best = rank[f];
	}
	at[c->f->feeds] = all->len;
	for (unsigned f = 0; f < c->f->feeds; f++) {
		table_path(c->t, &canon[f],
		    rank[f] == best ? cls : CLASS_OTHER);
		bytes_free(&canon[f]);
	}
	for (uint32_t i = g->first; i < g->first + g->n; i++)
		c->t->expect[i] = cls;
	bytes_free(&attrs);
	bytes_free(&tmp);
}

struct pfx
full_own_pfx(uint32_t i)
{
	struct pfx p = { .afi = WIRE_AFI_IP4, .len = 24 };

	p.hi = (uint64_t)(10u << 24 | (i & 0x7fff) << 8) << 32;
	return p;
}

/* The last prefix of each feed. */
static void
marker(struct composer *c, unsigned feed)
{
	struct src s = { .ntail = 1, .tail = { 64999 }, .origin_as = 64999 };
	struct pfx p = full_own_pfx(MARKERS + feed);
	struct group g = { .first = table_enter(c->t, &p),
		.n = 1,
		.src = &s,
		.origin_as = 64999 };
	struct bytes attrs = { 0 }, canon = { 0 }, tmp = { 0 };

	path_make(c, &g, feed, &attrs, &canon, &tmp);
	c->t->expect[g.first] = table_learn(c->t, &canon);
	table_set(c->t, feed, g.first, 1, &attrs);
	bytes_free(&attrs);
	bytes_free(&canon);
	bytes_free(&tmp);
}

static void
compose(struct composer *c)
{
	unsigned feeds = c->f->feeds;
	size_t *at =
	    need(calloc((size_t)c->ngroups * (feeds + 1), sizeof(*at)));
	struct bytes all = { 0 };

	for (uint32_t i = 0; i < c->ngroups; i++)
		group_paths(c, &c->groups[i], &all, at + i * (feeds + 1));
	for (unsigned f = 0; f < feeds; f++) {
		uint32_t from = (uint32_t)((uint64_t)c->ngroups * f / feeds);

		for (uint32_t k = 0; k < c->ngroups; k++) {
			uint32_t i = (from + k) % c->ngroups;
			size_t *a = at + i * (feeds + 1) + f;
			struct bytes b = { .data = all.data + a[0],
				.len = a[1] - a[0] };

			table_set(c->t, f, c->groups[i].first, c->groups[i].n,
			    &b);
		}
		marker(c, f);
	}
	bytes_free(&all);
	free(at);
}

bool
full_compose(struct table *t, const struct full *f)
{
	struct composer c = { .t = t, .f = f };
	bool ok = f->feeds <= 64 && take_sets(&c) && take_fronts(&c) &&
	    take_comms(&c) && take_prefixes(&c);

	if (ok) {
		make_groups(&c);
		compose(&c);
	}
	free(c.srcs);
	for (unsigned i = 0; i < RIB_PEERS; i++)
		free(c.fronts[i]);
	bytes_free(&c.comms);
	free(c.comm_at);
	free(c.rows);
	free(c.groups);
	return ok;
}
