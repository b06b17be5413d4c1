/* SPDX-License-Identifier: ISC */
/* Prefix sets against a list that is read from its beginning each time. */
#include <check.h>
#include <string.h>

#include "common/hash.h"
#include "rde/prefix_set.h"

enum { MEMBERS = 300, QUESTIONS = 4000 };

static uint64_t seed;

static uint32_t
rnd(uint32_t n)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)((seed >> 33) % n);
}

/* Few different octets, so that members nest and questions hit. */
static struct nlri
random_nlri(void)
{
	static const uint8_t octets[] = { 0, 10, 128, 255 };
	struct nlri n;
	unsigned int i, max;

	memset(&n, 0, sizeof(n));
	n.family = rnd(2) ? FAMILY_IPV4_UNICAST : FAMILY_IPV6_UNICAST;
	max = family_max_bits((enum family)n.family);
	n.bits = (uint8_t)(rnd(2) ? rnd(max + 1) : rnd(max / 8 + 1) * 8);
	for (i = 0; i < max / 8; i++)
		n.key[i] = octets[rnd(i < 2 ? 4 : 2)];
	nlri_mask(&n);
	return n;
}

static void
random_range(struct conf_prefix *p)
{
	unsigned int max = family_max_bits((enum family)p->nlri.family);

	p->min = p->max = p->nlri.bits;
	if (rnd(3) == 0)
		return;
	p->min = (uint8_t)(p->min + rnd(max - p->min + 1));
	p->max = (uint8_t)(p->min + rnd(max - p->min + 1));
}

static struct conf_prefix
random_member(void)
{
	struct conf_prefix p;

	memset(&p, 0, sizeof(p));
	p.nlri = random_nlri();
	random_range(&p);
	return p;
}

static bool
allows(const struct conf_prefix *p, const struct nlri *n)
{
	unsigned int i;

	if (p->nlri.family != n->family || n->bits < p->nlri.bits ||
	    n->bits < p->min || n->bits > p->max)
		return false;
	for (i = 0; i < p->nlri.bits; i++) {
		if (((p->nlri.key[i / 8] ^ n->key[i / 8]) >> (7 - i % 8)) & 1)
			return false;
	}
	return true;
}

static void
ask(const struct prefix_set *set, const struct conf_prefix *list, size_t n,
    const struct nlri *q)
{
	struct prefix_key key;
	bool any = false, all = true;
	size_t i;

	for (i = 0; i < n; i++) {
		any = any || allows(&list[i], q);
		all = all && allows(&list[i], q);
	}
	prefix_key_from_nlri(&key, q);
	ck_assert_int_eq(prefix_set_any(set, (enum family)q->family, &key),
	    any);
	ck_assert_int_eq(prefix_set_all(set, (enum family)q->family, &key),
	    all);
}

START_TEST(random_sets)
{
	struct conf_prefix list[MEMBERS];
	struct prefix_set *set = prefix_set_new();
	struct nlri q;
	size_t i, n;

	seed = (uint64_t)_i + 1;
	/* Small sets are the ones that all members may allow. */
	n = _i % 3 == 0 ? rnd(4) : rnd(MEMBERS);
	for (i = 0; i < n; i++) {
		list[i] = random_member();
		if (i > 0 && rnd(4) == 0) {
			list[i].nlri = list[rnd((uint32_t)i)].nlri;
			random_range(&list[i]);
		}
		prefix_set_add(set, &list[i]);
	}
	for (i = 0; i < QUESTIONS; i++) {
		q = random_nlri();
		if (n > 0 && rnd(2)) {
			q = list[rnd((uint32_t)n)].nlri;
			q.bits = (uint8_t)(q.bits +
			    rnd(family_max_bits((enum family)q.family) -
				q.bits + 1u));
		}
		ask(set, list, n, &q);
	}
	ck_assert_uint_gt(prefix_set_bytes(set), 0);
	prefix_set_free(set);
}
END_TEST

/* Is the difference at a prefix seen, whatever the order of its ranges? */
START_TEST(same_at)
{
	struct prefix_set *a, *b;
	struct conf_prefix p;
	uint64_t in[2][3];
	int i, k, side;

	seed = (uint64_t)_i + 1;
	for (i = 0; i < 500; i++) {
		a = prefix_set_new();
		b = prefix_set_new();
		memset(in, 0, sizeof(in));
		memset(&p, 0, sizeof(p));
		p.nlri.bits = 8;
		p.nlri.key[0] = 10;
		for (k = 0; k < 6; k++) {
			p.min = (uint8_t)(8 + rnd(3));
			p.max = (uint8_t)(p.min + rnd(3));
			for (side = 0; side < 2; side++) {
				if (rnd(4) == 0)
					continue;
				prefix_set_add(side ? b : a, &p);
				in[side][0] |= (2ull << p.max) - (1ull << p.min);
			}
		}
		ck_assert_int_eq(prefix_set_same_at(a, b, &p.nlri),
		    in[0][0] == in[1][0]);
		p.nlri.key[0] = 11; /* in neither */
		ck_assert(prefix_set_same_at(a, b, &p.nlri));
		prefix_set_free(a);
		prefix_set_free(b);
	}
}
END_TEST

START_TEST(one_member)
{
	struct prefix_set *a = prefix_set_new(), *b = prefix_set_new();
	struct conf_prefix p, other;

	seed = 2;
	p = random_member();
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
	prefix_set_free(a);
	prefix_set_free(b);
	prefix_set_free(NULL);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("prefix_set");
	TCase *t = tcase_create("all");
	SRunner *sr;
	int failed;

	hash_init();
	tcase_set_timeout(t, 240);
	tcase_add_loop_test(t, random_sets, 0, 30);
	tcase_add_loop_test(t, same_at, 0, 4);
	tcase_add_test(t, one_member);
	suite_add_tcase(s, t);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? 0 : 1;
}
