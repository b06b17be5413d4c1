/* SPDX-License-Identifier: ISC */
/*
 * The decision: each step alone, then properties over random candidates.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "rde/decision.h"

enum { MANY = 40 };

static uint64_t seed = 3;
static struct addr addrs[MANY];

static uint32_t
rnd(uint32_t n)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)((seed >> 33) % n);
}

static struct candidate
base(uint32_t peer)
{
	struct candidate c;

	memset(&c, 0, sizeof(c));
	c.local_pref = 100;
	c.path_len = 2;
	c.neighbour_as = 1;
	c.kind = ROUTE_EBGP;
	c.router_id = 10;
	c.eligible = true;
	c.tag = peer;
	c.peer = &addrs[peer];
	return c;
}

/* Does a win over b, whichever comes first? */
static void
wins(struct candidate a, struct candidate b)
{
	struct candidate c[2] = { a, b }, d[2] = { b, a };

	ck_assert_uint_eq(c[decision_best(c, 2)].tag, a.tag);
	ck_assert_uint_eq(d[decision_best(d, 2)].tag, a.tag);
}

START_TEST(test_steps)
{
	struct candidate a = base(1), b = base(2);

	wins(a, b); /* g) lower address */
	b.cluster_len = 1;
	a.cluster_len = 2;
	wins(b, a); /* RFC 4456 9: shorter CLUSTER_LIST */
	a.router_id = 9;
	wins(a, b); /* f) */
	b.kind = ROUTE_LOCAL;
	wins(b, a);
	b.kind = ROUTE_EBGP;
	a.kind = ROUTE_IBGP;
	wins(b, a); /* d) */
	a.med = 0;
	b.med = 1;
	wins(a, b); /* c) */
	b.neighbour_as = 2;
	wins(b, a); /* c) does not compare them */
	b.origin = 1;
	wins(a, b); /* b) */
	b.path_len = 1;
	wins(b, a); /* a) */
	a.local_pref = 101;
	wins(a, b);
	a.eligible = false;
	wins(b, a);
}
END_TEST

START_TEST(test_none)
{
	struct candidate c[2] = { base(1), base(2) };

	ck_assert_int_eq(decision_best(c, 0), -1);
	c[0].eligible = c[1].eligible = false;
	ck_assert_int_eq(decision_best(c, 2), -1);
}
END_TEST

static struct candidate
random_candidate(uint32_t peer)
{
	struct candidate c = base(peer);

	c.local_pref = 100 + rnd(2) * (rnd(4) == 0);
	c.path_len = (uint16_t)(1 + rnd(2) * (rnd(3) == 0));
	c.origin = (uint8_t)(rnd(2) * (rnd(3) == 0));
	c.med = rnd(3);
	c.neighbour_as = rnd(3);
	c.kind = (uint8_t)rnd(3);
	c.router_id = rnd(3);
	c.cluster_len = (uint16_t)rnd(2);
	c.eligible = rnd(6) != 0;
	return c;
}

/* RFC 4271 9.1.2.2 word for word: remove what is not tied for best. */
static int
eliminate(const struct candidate *c, size_t n)
{
	bool in[MANY], out;
	size_t i, j;
	int step, best = -1;

	for (i = 0; i < n; i++)
		in[i] = c[i].eligible;
	for (step = 0; step < 8; step++) {
		bool gone[MANY] = { false };

		for (i = 0; i < n; i++) {
			for (j = 0; j < n && in[i]; j++) {
				const struct candidate *a = &c[i], *b = &c[j];

				if (!in[j])
					continue;
				out = step == 0 ?
				    b->local_pref > a->local_pref :
				    step == 1 ? b->path_len < a->path_len :
				    step == 2 ? b->origin < a->origin :
				    step == 3 ? b->neighbour_as ==
					    a->neighbour_as &&
					b->med < a->med :
				    step == 4 ? b->kind < a->kind :
				    step == 5 ? b->router_id < a->router_id :
				    step == 6 ? b->cluster_len <
					a->cluster_len :
						addr_cmp(b->peer, a->peer) < 0;
				gone[i] = gone[i] || out;
			}
		}
		for (i = 0; i < n; i++)
			in[i] = in[i] && !gone[i];
	}
	for (i = 0; i < n; i++) {
		if (!in[i])
			continue;
		ck_assert_int_eq(best, -1);
		best = (int)c[i].tag;
	}
	return best;
}

static void
shuffle(struct candidate *c, size_t n)
{
	struct candidate swap;
	size_t i, j;

	for (i = n; i > 1; i--) {
		j = rnd((uint32_t)i);
		swap = c[i - 1];
		c[i - 1] = c[j];
		c[j] = swap;
	}
}

START_TEST(test_order_never_matters)
{
	struct candidate c[MANY];
	size_t n, i;
	int round, k, want, got;

	for (round = 0; round < 4000; round++) {
		n = 1 + rnd(rnd(8) == 0 ? MANY : 6);
		for (i = 0; i < n; i++)
			c[i] = random_candidate((uint32_t)i);
		want = eliminate(c, n);
		for (k = 0; k < 3; k++) {
			shuffle(c, n);
			got = decision_best(c, n);
			ck_assert_int_eq(got == -1 ? -1 : (int)c[got].tag,
			    want);
			decision_sort(c, n);
			ck_assert(want == -1 || (int)c[0].tag == want);
		}
	}
}
END_TEST

/* Among routes of one neighbouring AS the order is total, and so is the one
 * without MED among all. */
START_TEST(test_triples)
{
	struct candidate c[3];
	int round, i, j, k, f;

	for (round = 0; round < 4000; round++) {
		for (i = 0; i < 3; i++)
			c[i] = random_candidate((uint32_t)i);
		for (f = 0; f < 2; f++) {
			int (*cmp)(const struct candidate *,
			    const struct candidate *) =
			    f == 0 ? decision_cmp_without_med : decision_cmp;

			for (i = 0; i < 3 && f == 1; i++)
				c[i].neighbour_as = 1;
			for (i = 0; i < 3; i++) {
				ck_assert_int_eq(cmp(&c[i], &c[i]), 0);
				for (j = 0; j < 3; j++) {
					ck_assert((cmp(&c[i], &c[j]) < 0) ==
					    (cmp(&c[j], &c[i]) > 0));
					ck_assert(
					    i == j || cmp(&c[i], &c[j]) != 0);
					for (k = 0; k < 3; k++)
						ck_assert(
						    cmp(&c[i], &c[j]) >= 0 ||
						    cmp(&c[j], &c[k]) >= 0 ||
						    cmp(&c[i], &c[k]) < 0);
				}
			}
		}
	}
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("decision");
	TCase *t = tcase_create("all");
	SRunner *sr;
	uint32_t i;
	int failed;

	for (i = 0; i < MANY; i++)
		addrs[i] = addr_ipv4(0x0a000000 + i);
	tcase_set_timeout(t, 240);
	tcase_add_test(t, test_steps);
	tcase_add_test(t, test_none);
	tcase_add_test(t, test_order_never_matters);
	tcase_add_test(t, test_triples);
	suite_add_tcase(s, t);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? 0 : 1;
}
