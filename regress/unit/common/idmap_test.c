/* SPDX-License-Identifier: ISC */
/* Dense numbers: the lowest free one, all of them, and no other. */
#include <check.h>
#include <stdlib.h>

#include "common/idmap.h"

START_TEST(the_lowest_free_number_is_taken)
{
	struct idmap *m = idmap_new(1, 100000);
	uint32_t id, i;

	for (i = 1; i <= 10000; i++) {
		ck_assert_int_eq(idmap_take(m, &id), 0);
		ck_assert_uint_eq(id, i);
	}
	idmap_give(m, 7000);
	idmap_give(m, 65);
	idmap_give(m, 3);
	ck_assert_uint_eq(idmap_count(m), 9997);
	ck_assert(!idmap_has(m, 65));
	ck_assert_int_eq(idmap_take(m, &id), 0);
	ck_assert_uint_eq(id, 3);
	ck_assert_int_eq(idmap_take(m, &id), 0);
	ck_assert_uint_eq(id, 65);
	ck_assert_int_eq(idmap_take(m, &id), 0);
	ck_assert_uint_eq(id, 7000);
	ck_assert_int_eq(idmap_take(m, &id), 0);
	ck_assert_uint_eq(id, 10001);
	idmap_free(m);
}
END_TEST

static const uint32_t sizes[] = { 1, 63, 64, 65, 128, 4096, 4097, 65534 };

START_TEST(every_number_is_given_out_and_no_other)
{
	const uint32_t first = 5, n = sizes[_i];
	struct idmap *m = idmap_new(first, first + n - 1);
	uint32_t id, i;

	for (i = 0; i < n; i++) {
		ck_assert_int_eq(idmap_take(m, &id), 0);
		ck_assert_uint_eq(id, first + i);
	}
	ck_assert_int_eq(idmap_take(m, &id), -1);
	ck_assert(idmap_has(m, first + n - 1));
	ck_assert(!idmap_has(m, first + n));
	ck_assert(!idmap_has(m, first - 1));
	ck_assert(!idmap_has(m, 0));
	idmap_give(m, first + n / 2);
	ck_assert_int_eq(idmap_take(m, &id), 0);
	ck_assert_uint_eq(id, first + n / 2);
	ck_assert_int_eq(idmap_take(m, &id), -1);
	for (i = 0; i < n; i++)
		idmap_give(m, first + i);
	ck_assert_uint_eq(idmap_count(m), 0);
	idmap_free(m);
}
END_TEST

START_TEST(giving_back_a_free_number_is_our_bug)
{
	struct idmap *m = idmap_new(1, 10);

	idmap_give(m, 1);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("idmap");
	TCase *t = tcase_create("idmap");
	SRunner *r;
	int failed;

	tcase_add_test(t, the_lowest_free_number_is_taken);
	tcase_add_loop_test(t, every_number_is_given_out_and_no_other, 0,
	    sizeof(sizes) / sizeof(sizes[0]));
	tcase_add_exit_test(t, giving_back_a_free_number_is_our_bug, 1);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
