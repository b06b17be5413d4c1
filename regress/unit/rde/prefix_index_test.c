/* SPDX-License-Identifier: ISC */
/*
 * The prefix index against a sorted array, for both key widths: everything
 * it answers is compared after random inserts and removals.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "common/hash.h"
#include "rde/prefix_index.h"

enum { MAX = 2000 };

struct item {
	struct prefix_key key;
	uint32_t id;
};

static struct item items[MAX];
static size_t n_items;
static uint64_t seed;

static uint32_t
rnd(uint32_t n)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)((seed >> 33) % n);
}

/* Few different octets, so that prefixes nest and share nodes. */
static void
random_key(struct prefix_key *k, unsigned int max_bits)
{
	static const uint8_t octets[] = { 0, 1, 127, 128, 255, 64, 3 };
	struct nlri n;
	unsigned int i, bits;

	memset(&n, 0, sizeof(n));
	n.family = max_bits == 32 ? FAMILY_IPV4_UNICAST : FAMILY_IPV6_UNICAST;
	bits = rnd(max_bits + 1);
	if (rnd(3) == 0)
		bits = bits / 8 * 8;
	n.bits = (uint8_t)bits;
	for (i = 0; i < max_bits / 8; i++)
		n.key[i] = rnd(3) == 0 ? (uint8_t)rnd(256) :
					 octets[rnd(sizeof(octets))];
	nlri_mask(&n);
	prefix_key_from_nlri(k, &n);
}

static size_t
lower_bound(const struct prefix_key *k)
{
	size_t lo = 0, hi = n_items, mid;

	while (lo < hi) {
		mid = (lo + hi) / 2;
		if (prefix_key_cmp(&items[mid].key, k) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static bool
present(size_t at, const struct prefix_key *k)
{
	return at < n_items && prefix_key_cmp(&items[at].key, k) == 0;
}

static void
do_insert(struct prefix_index *ix, const struct prefix_key *k, uint32_t id)
{
	size_t at = lower_bound(k);
	uint32_t *slot = prefix_index_insert(ix, k);

	if (present(at, k)) {
		ck_assert_uint_eq(*slot, items[at].id);
		return;
	}
	ck_assert_uint_eq(*slot, 0);
	*slot = id;
	memmove(&items[at + 1], &items[at], (n_items - at) * sizeof(*items));
	items[at].key = *k;
	items[at].id = id;
	n_items++;
}

static void
do_remove(struct prefix_index *ix, const struct prefix_key *k)
{
	size_t at = lower_bound(k);
	uint32_t id = prefix_index_remove(ix, k);

	if (!present(at, k)) {
		ck_assert_uint_eq(id, 0);
		return;
	}
	ck_assert_uint_eq(id, items[at].id);
	n_items--;
	memmove(&items[at], &items[at + 1], (n_items - at) * sizeof(*items));
}

static void
check_point(const struct prefix_index *ix, const struct prefix_key *k)
{
	uint32_t ids[129], want[129], best = 0;
	size_t at = lower_bound(k), i, n = 0;

	ck_assert_uint_eq(prefix_index_find(ix, k),
	    present(at, k) ? items[at].id : 0);
	for (i = 0; i < n_items; i++) {
		if (prefix_key_covers(&items[i].key, k))
			best = want[n++] = items[i].id;
	}
	ck_assert_uint_eq(prefix_index_match(ix, k), best);
	ck_assert_uint_eq(prefix_index_covering(ix, k, ids), n);
	ck_assert_mem_eq(ids, want, n * sizeof(*ids));
}

static void
check_walk(const struct prefix_index *ix, const struct prefix_key *from,
    bool after, const struct prefix_key *within, size_t max)
{
	static uint32_t ids[MAX], want[MAX];
	size_t i, n = 0;
	int c;

	for (i = 0; i < n_items && n < max; i++) {
		if (from != NULL) {
			c = prefix_key_cmp(&items[i].key, from);
			if (c < 0 || (after && c == 0))
				continue;
		}
		if (within == NULL || prefix_key_covers(within, &items[i].key))
			want[n++] = items[i].id;
	}
	ck_assert_uint_eq(prefix_index_walk(ix, from, after, within, ids, max),
	    n);
	ck_assert_mem_eq(ids, want, n * sizeof(*ids));
}

static void
check_all(const struct prefix_index *ix, unsigned int max_bits)
{
	struct prefix_key k, w;
	int i;

	ck_assert_uint_eq(prefix_index_count(ix), n_items);
	check_walk(ix, NULL, false, NULL, MAX);
	for (i = 0; i < 20; i++) {
		random_key(&k, max_bits);
		random_key(&w, max_bits);
		if (n_items > 0 && rnd(2) == 0)
			k = items[rnd((uint32_t)n_items)].key;
		if (n_items > 0 && rnd(2) == 0)
			w = items[rnd((uint32_t)n_items)].key;
		check_point(ix, &k);
		check_walk(ix, &k, rnd(2) == 0, NULL, 1 + rnd(50));
		check_walk(ix, &k, rnd(2) == 0, &w, 1 + rnd(50));
		check_walk(ix, NULL, false, &w, MAX);
		check_walk(ix, &w, true, &w, MAX);
	}
}

static void
run(unsigned int max_bits)
{
	struct prefix_index *ix = prefix_index_new(max_bits);
	struct prefix_key k;
	size_t target;
	int round, i;

	n_items = 0;
	for (round = 0; round < 20; round++) {
		/* Grow and shrink, down to nothing at the end. */
		target = round == 19 ? 0 : rnd(MAX / 2);
		while (n_items < target) {
			random_key(&k, max_bits);
			do_insert(ix, &k, 1 + rnd(1u << 30));
		}
		while (n_items > target) {
			k = items[rnd((uint32_t)n_items)].key;
			do_remove(ix, &k);
		}
		for (i = 0; i < 50; i++) {
			random_key(&k, max_bits);
			if (rnd(2) == 0)
				do_remove(ix, &k);
			else if (target > 0)
				do_insert(ix, &k, 1 + rnd(1u << 30));
		}
		check_all(ix, max_bits);
	}
	ck_assert_uint_eq(n_items, 0);
	prefix_index_trim(ix);
	random_key(&k, max_bits);
	do_insert(ix, &k, 7);
	check_all(ix, max_bits);
	prefix_index_free(ix);
}

START_TEST(test_random_ipv4)
{
	seed = 11 + (uint64_t)_i;
	run(32);
}
END_TEST

START_TEST(test_random_ipv6)
{
	seed = 77 + (uint64_t)_i;
	run(128);
}
END_TEST

/* All 511 prefixes of one node and its neighbours' borders. */
START_TEST(test_full_node)
{
	struct prefix_index *ix = prefix_index_new(32);
	struct prefix_key k;
	unsigned int d, v;

	n_items = 0;
	for (d = 0; d <= 8; d++) {
		for (v = 0; v < 1u << d; v++) {
			k.bits = (uint8_t)(16 + d);
			k.hi = (uint64_t)0x0a01 << 48 | (uint64_t)v << (48 - d);
			k.lo = 0;
			do_insert(ix, &k, 1 + v + (d << 16));
		}
	}
	check_all(ix, 32);
	/* Resuming at every place in pieces of one. */
	for (v = 0; v < n_items; v++)
		check_walk(ix, &items[v].key, true, NULL, 1);
	prefix_index_free(ix);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("prefix_index");
	TCase *t = tcase_create("all");
	SRunner *sr;
	int failed;

	hash_init();
	tcase_set_timeout(t, 240);
	tcase_add_loop_test(t, test_random_ipv4, 0, 6);
	tcase_add_loop_test(t, test_random_ipv6, 0, 6);
	tcase_add_test(t, test_full_node);
	suite_add_tcase(s, t);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? 0 : 1;
}
