/* SPDX-License-Identifier: ISC */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "common/hash.h"
#include "rde/attrs.h"

enum { SETS = 4000 };

static uint64_t seed = 5;

static uint32_t
rnd(uint32_t n)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)((seed >> 33) % n);
}

/* ORIGIN, an empty AS_PATH and an unknown attribute that carries a number
 * and makes the block as long as wanted. */
static size_t
make_block(uint8_t *b, uint32_t number)
{
	size_t len = 4 + number % 300, n = 0;

	memcpy(b, "\x40\x01\x01\x00\x40\x02\x00", 7);
	n = 7 + bgp_attr_head(b + 7, 0xc0, 99, len);
	memset(b + n, (int)(number & 0xff), len);
	memcpy(b + n, &number, sizeof(number));
	return n + len;
}

/* Handles are equal exactly where blocks are; counts are kept. */
START_TEST(test_random)
{
	struct attrs_table *t = attrs_table_new();
	static uint32_t handle[SETS], refs[SETS];
	uint8_t b[BGP_ATTR_BLOCK_MAX];
	uint32_t i, k, n, h, live = 0;
	size_t len;

	memset(handle, 0, sizeof(handle));
	memset(refs, 0, sizeof(refs));
	for (i = 0; i < 80000; i++) {
		k = rnd(SETS);
		n = 1 + rnd(3);
		if (rnd(2) == 0 || i < 20000) {
			len = make_block(b, k);
			h = attrs_intern(t, b, len, n);
			if (refs[k] == 0)
				live++;
			else
				ck_assert_uint_eq(h, handle[k]);
			handle[k] = h;
			refs[k] += n;
		} else if (refs[k] > 0) {
			if (n > refs[k])
				n = refs[k];
			attrs_unref(t, handle[k], n);
			refs[k] -= n;
			live -= refs[k] == 0;
		}
		if (refs[k] > 0) {
			len = make_block(b, k);
			ck_assert_uint_eq(attrs_get(t, handle[k])->refs,
			    refs[k]);
			ck_assert_uint_eq(attrs_get(t, handle[k])->len, len);
			ck_assert_mem_eq(attrs_get(t, handle[k])->wire, b, len);
		}
		ck_assert_uint_eq(attrs_count(t), live);
	}
	for (k = 0; k < SETS; k++) {
		if (refs[k] > 0)
			attrs_unref(t, handle[k], refs[k]);
	}
	ck_assert_uint_eq(attrs_count(t), 0);
	attrs_trim(t);
	ck_assert_uint_lt(attrs_bytes(t), 8192);
	len = make_block(b, 1);
	h = attrs_intern(t, b, len, 1);
	ck_assert_uint_eq(attrs_intern(t, b, len, 0), h);
	ck_assert_uint_eq(attrs_get(t, h)->refs, 1);
	attrs_table_free(t);
}
END_TEST

/* The head has what decision and export look at. */
START_TEST(test_head)
{
	struct attrs_table *t = attrs_table_new();
	struct bgp_attr_values v;
	static const uint8_t path[] = { 2, 2, 0, 0, 0xfd, 0xe9, 0, 0, 0, 7 };
	static const uint32_t comm[] = { BGP_COMM_NO_EXPORT };
	uint8_t buf[512];
	const struct attrs *a;
	struct wr wr;
	struct err err;

	bgp_attr_values_init(&v);
	v.origin = 2;
	v.as_path = path;
	v.as_path_len = sizeof(path);
	v.next_hop = addr_ipv4(0);
	v.has_med = true;
	v.med = 42;
	v.communities = comm;
	v.n_communities = 1;
	wr_init(&wr, buf, sizeof(buf));
	ck_assert_int_eq(bgp_attr_build(&wr, FAMILY_IPV4_UNICAST, &v, &err), 0);
	a = attrs_get(t, attrs_intern(t, buf, wr_len(&wr), 1));
	ck_assert_uint_eq(a->origin, 2);
	ck_assert_uint_eq(a->path_len, 2);
	ck_assert_uint_eq(a->neighbour_as, 65001);
	ck_assert_uint_eq(a->med, 42);
	ck_assert_uint_eq(a->local_pref, BGP_DEFAULT_LOCAL_PREF);
	ck_assert(a->flags & BGP_HOT_NH_UNSPECIFIED);
	ck_assert(a->flags & BGP_HOT_NO_EXPORT);
	ck_assert(!(a->flags & BGP_HOT_LOCAL_PREF));
	attrs_table_free(t);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("attrs");
	TCase *t = tcase_create("all");
	SRunner *sr;
	int failed;

	hash_init();
	tcase_set_timeout(t, 240);
	tcase_add_test(t, test_random);
	tcase_add_test(t, test_head);
	suite_add_tcase(s, t);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? 0 : 1;
}
