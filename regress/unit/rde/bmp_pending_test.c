/* SPDX-License-Identifier: ISC */
/*
 * Keys that wait for a BMP server: in order, once each, bounded; held against
 * a model under random churn.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "common/hash.h"
#include "rde/bmp_pending.h"

static struct bmp_change
change(uint32_t n)
{
	struct bmp_change c;

	memset(&c, 0, sizeof(c));
	c.hi = (uint64_t)n << 32;
	c.bits = 24;
	c.peer = (uint16_t)(n % 3);
	return c;
}

START_TEST(taken_in_order_and_once)
{
	struct bmp_pending p;
	struct bmp_change c;
	uint32_t i;

	bmp_pending_init(&p, 1 << 20);
	for (i = 0; i < 1000; i++) {
		c = change(i);
		ck_assert(bmp_pending_add(&p, &c));
		ck_assert(bmp_pending_add(&p, &c));
	}
	ck_assert_uint_eq(bmp_pending_count(&p), 1000);
	for (i = 0; i < 1000; i++) {
		ck_assert(bmp_pending_take(&p, &c));
		ck_assert_uint_eq(c.hi >> 32, i);
	}
	ck_assert(!bmp_pending_take(&p, &c));
	ck_assert_uint_eq(bmp_pending_count(&p), 0);
	bmp_pending_fini(&p);
}
END_TEST

START_TEST(full_is_told_and_known_ones_still_fit)
{
	struct bmp_pending p;
	struct bmp_change c;
	uint32_t i;

	bmp_pending_init(&p, 32 * 1024); /* 1024 of 32 bytes */
	for (i = 0; i < 1024; i++) {
		c = change(i);
		ck_assert(bmp_pending_add(&p, &c));
	}
	c = change(1024);
	ck_assert(!bmp_pending_add(&p, &c));
	c = change(7);
	ck_assert(bmp_pending_add(&p, &c));
	bmp_pending_clear(&p);
	c = change(1024);
	ck_assert(bmp_pending_add(&p, &c));
	ck_assert_uint_eq(bmp_pending_count(&p), 1);
	bmp_pending_fini(&p);
}
END_TEST

/* The model: which keys wait. */
START_TEST(agrees_with_a_model)
{
	enum { KEYS = 4096 };
	static bool waits[KEYS];
	struct bmp_pending p;
	struct bmp_change c;
	size_t n = 0;
	uint32_t i, k;

	memset(waits, 0, sizeof(waits));
	srandom(1);
	bmp_pending_init(&p, 64 * 1024);
	for (i = 0; i < 200000; i++) {
		/* Filling up for a while, then emptying. */
		if (random() % 16 < (i / 5000 % 2 ? 6 : 10)) {
			k = (uint32_t)random() % KEYS;
			c = change(k);
			if (bmp_pending_add(&p, &c)) {
				n += !waits[k];
				waits[k] = true;
			} else {
				ck_assert(!waits[k]);
			}
		} else if (bmp_pending_take(&p, &c)) {
			k = (uint32_t)(c.hi >> 32);
			ck_assert(waits[k]);
			waits[k] = false;
			n--;
		} else {
			ck_assert_uint_eq(n, 0);
		}
		ck_assert_uint_eq(bmp_pending_count(&p), n);
		ck_assert_uint_le(p.size, p.max);
	}
	bmp_pending_fini(&p);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("bmp_pending");
	TCase *tc = tcase_create("keys");
	SRunner *sr;
	int failed;

	hash_init();
	tcase_add_test(tc, taken_in_order_and_once);
	tcase_add_test(tc, full_is_told_and_known_ones_still_fit);
	tcase_add_test(tc, agrees_with_a_model);
	suite_add_tcase(s, tc);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? 0 : 1;
}
