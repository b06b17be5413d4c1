/* SPDX-License-Identifier: ISC */
/* Prefix sets beside a list of their members. */
#include "rde/prefix_set.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "common/hash.h"

enum { ROUNDS = 400, MEMBERS = 300, QUESTIONS = 400 };

static uint64_t seed;

static uint32_t
below(uint32_t n)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)((seed >> 33) % n);
}

/* Few different bits, so that prefixes cover each other. */
static void
random_prefix(struct nlri *n, enum family family)
{
	unsigned int max = family_max_bits(family), i;

	memset(n, 0, sizeof(*n));
	n->family = (uint8_t)family;
	n->bits = (uint8_t)(below(4) == 0 ? max - below(3) : below(max + 1));
	for (i = 0; i < n->bits; i++) {
		if (below(12) == 0)
			n->key[i / 8] |= (uint8_t)(0x80 >> (i % 8));
	}
}

static void
random_member(struct conf_prefix *p, unsigned int kind)
{
	enum family family =
	    below(2) == 0 ? FAMILY_IPV4_UNICAST : FAMILY_IPV6_UNICAST;
	unsigned int max = family_max_bits(family);

	random_prefix(&p->nlri, family);
	p->min = p->max = p->nlri.bits;
	if (kind == 0)
		return;
	p->min = (uint8_t)(p->nlri.bits + below(max - p->nlri.bits + 1));
	p->max = (uint8_t)(p->min + below(max - p->min + 1u));
}

static bool
allows(const struct conf_prefix *p, const struct nlri *n)
{
	return p->nlri.family == n->family && nlri_covers(&p->nlri, n) &&
	    n->bits >= p->min && n->bits <= p->max;
}

static void
ask(const struct prefix_set *ps, const struct conf_prefix *list, size_t n,
    const struct nlri *nlri)
{
	struct prefix_key key;
	bool any = false, all = true;
	size_t i;

	for (i = 0; i < n; i++) {
		if (allows(&list[i], nlri))
			any = true;
		else
			all = false;
	}
	prefix_key_from_nlri(&key, nlri);
	ck_assert(prefix_set_any(ps, (enum family)nlri->family, &key) == any);
	ck_assert(prefix_set_all(ps, (enum family)nlri->family, &key) == all);
}

START_TEST(test_any_all)
{
	static struct conf_prefix list[MEMBERS];
	struct prefix_set *ps;
	struct nlri nlri;
	size_t i, n;
	int round;

	hash_init();
	seed = 1;
	for (round = 0; round < ROUNDS; round++) {
		ps = prefix_set_new();
		n = below(round % 2 == 0 ? 4 : MEMBERS);
		for (i = 0; i < n; i++) {
			random_member(&list[i], (unsigned int)round % 3);
			if (i > 0 && below(8) == 0)
				list[i] = list[below((uint32_t)i)];
			prefix_set_add(ps, &list[i]);
		}
		for (i = 0; i < QUESTIONS; i++) {
			random_prefix(&nlri,
			    below(2) == 0 ? FAMILY_IPV4_UNICAST :
					    FAMILY_IPV6_UNICAST);
			if (n > 0 && below(2) == 0)
				nlri = list[below((uint32_t)n)].nlri;
			ask(ps, list, n, &nlri);
		}
		prefix_set_free(ps);
	}
}
END_TEST

START_TEST(test_same_at)
{
	struct prefix_set *a = prefix_set_new(), *b = prefix_set_new();
	struct conf_prefix p, other;

	hash_init();
	seed = 2;
	random_member(&p, 0);
	ck_assert(prefix_set_same_at(a, b, &p.nlri));
	prefix_set_add(a, &p);
	ck_assert(!prefix_set_same_at(a, b, &p.nlri));
	ck_assert(!prefix_set_same_at(b, a, &p.nlri));
	prefix_set_add(b, &p);
	ck_assert(prefix_set_same_at(a, b, &p.nlri));
	memset(&other, 0, sizeof(other));
	other.max = 32;
	prefix_set_add(b, &other);
	ck_assert(!prefix_set_same_at(a, b, &other.nlri));
	ck_assert_uint_gt(prefix_set_bytes(b), 0);
	prefix_set_free(a);
	prefix_set_free(b);
	prefix_set_free(NULL);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("prefix_set_list");
	TCase *tc = tcase_create("sets");
	SRunner *sr;
	int failed;

	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, test_any_all);
	tcase_add_test(tc, test_same_at);
	suite_add_tcase(s, tc);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? 0 : 1;
}
