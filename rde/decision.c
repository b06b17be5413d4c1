/* SPDX-License-Identifier: ISC */
/*
 * The decision process; see decision.h.
 */
#include "rde/decision.h"

#include <stdlib.h>

static inline int
less_u32(uint32_t a, uint32_t b)
{
	return (a > b) - (a < b);
}

int
decision_cmp_before_med(const struct candidate *a, const struct candidate *b)
{
	/* RFC 4271 9.1.1: degree of preference */
	if (a->local_pref != b->local_pref)
		return less_u32(b->local_pref, a->local_pref);
	/* 9.1.2.2 a) */
	if (a->path_len != b->path_len)
		return less_u32(a->path_len, b->path_len);
	/* 9.1.2.2 b) */
	return less_u32(a->origin, b->origin);
}

/* From 9.1.2.2 d) on.  e) does not arise: every next hop has cost 0. */
static int
cmp_after_med(const struct candidate *a, const struct candidate *b)
{
	/* d), routes of our own before all */
	if (a->kind != b->kind)
		return less_u32(a->kind, b->kind);
	/* f) with RFC 4456 9: ORIGINATOR_ID stands for the identifier */
	if (a->router_id != b->router_id)
		return less_u32(a->router_id, b->router_id);
	if (a->cluster_len != b->cluster_len)
		return less_u32(a->cluster_len, b->cluster_len);
	/* g) */
	return addr_cmp(a->peer, b->peer);
}

int
decision_cmp_without_med(const struct candidate *a, const struct candidate *b)
{
	int c = decision_cmp_before_med(a, b);

	return c != 0 ? c : cmp_after_med(a, b);
}

int
decision_cmp(const struct candidate *a, const struct candidate *b)
{
	int c = decision_cmp_before_med(a, b);

	if (c != 0)
		return c;
	/* 9.1.2.2 c) */
	if (a->neighbour_as == b->neighbour_as && a->med != b->med)
		return less_u32(a->med, b->med);
	return cmp_after_med(a, b);
}

static int
cmp_grouped(const void *pa, const void *pb)
{
	const struct candidate *a = pa, *b = pb;

	if (a->neighbour_as != b->neighbour_as)
		return less_u32(a->neighbour_as, b->neighbour_as);
	return decision_cmp(a, b);
}

/* Few candidates: is there one of the same AS that MED puts before c[i]? */
static bool
med_beaten(const struct candidate *c, size_t n, size_t i)
{
	size_t j;

	for (j = 0; j < n; j++) {
		if (c[j].neighbour_as == c[i].neighbour_as &&
		    c[j].med < c[i].med)
			return true;
	}
	return false;
}

/* Of the best up to origin, those not beaten by MED, and of them the best. */
static int
best_of_few(struct candidate *c, size_t n)
{
	struct candidate swap;
	size_t i, best = 0, kept = 0;
	int found = -1;

	for (i = 1; i < n; i++) {
		if (decision_cmp_before_med(&c[i], &c[best]) < 0)
			best = i;
	}
	swap = c[0];
	c[0] = c[best];
	c[best] = swap;
	for (i = 0; i < n; i++) {
		if (decision_cmp_before_med(&c[i], &c[0]) != 0)
			continue;
		swap = c[kept];
		c[kept] = c[i];
		c[i] = swap;
		kept++;
	}
	for (i = 0; i < kept; i++) {
		if (med_beaten(c, kept, i))
			continue;
		if (found == -1 || cmp_after_med(&c[i], &c[found]) < 0)
			found = (int)i;
	}
	return found;
}

static int
best_of_many(struct candidate *c, size_t n)
{
	size_t i, best = 0;

	qsort(c, n, sizeof(*c), cmp_grouped);
	for (i = 1; i < n; i++) {
		/* Only the first of each neighbouring AS counts. */
		if (c[i].neighbour_as == c[i - 1].neighbour_as)
			continue;
		if (decision_cmp_without_med(&c[i], &c[best]) < 0)
			best = i;
	}
	return (int)best;
}

int
decision_best(struct candidate *c, size_t n)
{
	struct candidate swap;
	size_t i, eligible = 0;

	for (i = 0; i < n; i++) {
		if (!c[i].eligible)
			continue;
		swap = c[eligible];
		c[eligible] = c[i];
		c[i] = swap;
		eligible++;
	}
	if (eligible <= 1)
		return (int)eligible - 1;
	return eligible <= 16 ? best_of_few(c, eligible) :
				best_of_many(c, eligible);
}

static int
cmp_listing(const void *pa, const void *pb)
{
	const struct candidate *a = pa, *b = pb;
	int c;

	if (a->eligible != b->eligible)
		return a->eligible ? -1 : 1;
	if (!a->eligible)
		return addr_cmp(a->peer, b->peer);
	c = decision_cmp_without_med(a, b);
	return c != 0 ? c : less_u32(a->med, b->med);
}

void
decision_sort(struct candidate *c, size_t n)
{
	struct candidate best;
	int at;

	at = decision_best(c, n);
	if (at > 0) {
		best = c[0];
		c[0] = c[at];
		c[at] = best;
	}
	if (n > 1)
		qsort(c + (at >= 0), n - (at >= 0), sizeof(*c), cmp_listing);
}
