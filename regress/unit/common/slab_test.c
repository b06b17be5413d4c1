/* SPDX-License-Identifier: ISC */
/* Memory that grows in place: what it gives, takes back and forgets. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "common/slab.h"

enum {
	KIB = 1024,
	MIB = 1024 * 1024,
};

static bool
is_zero(const uint8_t *p, size_t len)
{
	while (len > 0 && *p == 0) {
		p++;
		len--;
	}
	return len == 0;
}

/* In steps of every kind, up to beyond where huge pages are asked for. */
static void
grow(struct region *r)
{
	static const size_t sizes[] = { 1, 4 * KIB, 64 * KIB, 64 * KIB + 1,
		200 * KIB, 3 * MIB, 3 * MIB + 4, 9 * MIB, 24 * MIB };
	uint8_t *base = r->base;
	size_t i, was = 0;

	for (i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		region_need(r, sizes[i]);
		ck_assert_ptr_eq(r->base, base);
		ck_assert_uint_ge(r->usable, sizes[i]);
		ck_assert_uint_le(r->usable, r->reserved);
		ck_assert(is_zero(base + was, sizes[i] - was));
		memset(base + was, 0xa5, sizes[i] - was);
		was = sizes[i];
	}
	ck_assert_uint_eq(base[0], 0xa5);
	ck_assert_uint_eq(base[was - 1], 0xa5);
}

START_TEST(region_grows_in_place_and_is_zero)
{
	struct region r;

	region_init(&r, 32 * MIB);
	ck_assert_uint_eq(r.usable, 0);
	grow(&r);
	region_fini(&r);
	region_init_dense(&r, 32 * MIB);
	ck_assert_uint_eq(r.usable, 0);
	grow(&r);
	region_fini(&r);
}
END_TEST

START_TEST(region_may_be_used_to_its_very_end)
{
	struct region r;
	size_t size;

	region_init_dense(&r, 300 * KIB);
	for (size = 0; size < r.reserved; size += 4 * KIB) {
		region_need(&r, size + 4 * KIB);
		r.base[size + 4 * KIB - 1] = 1;
	}
	ck_assert_uint_eq(r.usable, r.reserved);
	region_fini(&r);
}
END_TEST

START_TEST(region_gives_memory_back_and_reads_as_zero)
{
	struct region r;

	region_init_dense(&r, 32 * MIB);
	region_need(&r, 20 * MIB);
	memset(r.base, 1, 20 * MIB);
	region_discard(&r, 64 * KIB);
	ck_assert_uint_ge(r.usable, 20 * MIB);
	ck_assert_uint_eq(r.base[64 * KIB - 1], 1);
	ck_assert(is_zero(r.base + 64 * KIB, 20 * MIB - 64 * KIB));
	region_fini(&r);
}
END_TEST

START_TEST(slab_deals_handles_in_order_and_freed_ones_first)
{
	struct slab s;
	uint32_t i;

	slab_init(&s, 20, 1 << 20);
	ck_assert(is_zero(slab_at(&s, 0), 20));
	for (i = 1; i <= 100000; i++) {
		ck_assert_uint_eq(slab_alloc(&s), i);
		ck_assert(is_zero(slab_at(&s, i), 20));
		memset(slab_at(&s, i), (int)(i & 0xff), 20);
	}
	ck_assert_uint_eq(s.live, 100000);
	slab_release(&s, 7);
	slab_release(&s, 99999);
	ck_assert_uint_eq(slab_alloc(&s), 99999);
	ck_assert_uint_eq(slab_alloc(&s), 7);
	/* But for its first four bytes as it was. */
	ck_assert_uint_eq(((uint8_t *)slab_at(&s, 7))[19], 7);
	ck_assert_uint_eq(slab_alloc(&s), 100001);
	ck_assert_uint_eq(*(uint8_t *)slab_at(&s, 50000), 50000 & 0xff);
	slab_fini(&s);
}
END_TEST

START_TEST(slab_begins_anew_when_nothing_is_left)
{
	struct slab s;
	uint32_t i;

	slab_init(&s, 24, 1 << 20);
	for (i = 1; i <= 50000; i++)
		memset(slab_at(&s, slab_alloc(&s)), 0xff, 24);
	slab_trim(&s);
	ck_assert_uint_eq(s.next, 50001);
	for (i = 1; i <= 50000; i++)
		slab_release(&s, i);
	slab_trim(&s);
	for (i = 1; i <= 50000; i++) {
		ck_assert_uint_eq(slab_alloc(&s), i);
		ck_assert(is_zero(slab_at(&s, i), 24));
	}
	slab_fini(&s);
}
END_TEST

START_TEST(slab_can_be_filled)
{
	struct slab s;
	uint32_t i;

	slab_init(&s, 4, 70000);
	for (i = 1; i <= 70000; i++)
		ck_assert_uint_eq(slab_alloc(&s), i);
	ck_assert_uint_ge(s.region.usable, 70001 * 4);
	slab_fini(&s);
}
END_TEST

START_TEST(releasing_what_was_never_dealt_is_our_bug)
{
	struct slab s;

	slab_init(&s, 16, 100);
	slab_alloc(&s);
	slab_release(&s, 2);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("slab");
	TCase *tc = tcase_create("slab");
	SRunner *runner;
	int failed;

	tcase_add_test(tc, region_grows_in_place_and_is_zero);
	tcase_add_test(tc, region_may_be_used_to_its_very_end);
	tcase_add_test(tc, region_gives_memory_back_and_reads_as_zero);
	tcase_add_test(tc, slab_deals_handles_in_order_and_freed_ones_first);
	tcase_add_test(tc, slab_begins_anew_when_nothing_is_left);
	tcase_add_test(tc, slab_can_be_filled);
	tcase_add_exit_test(tc, releasing_what_was_never_dealt_is_our_bug, 1);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
