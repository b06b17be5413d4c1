/* SPDX-License-Identifier: ISC */
/* Writing numbers and labels as OpenMetrics wants them. */
#include "apid/metrics_text.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

static struct text t;

static void
setup(void)
{
	memset(&t, 0, sizeof(t));
}

static void
teardown(void)
{
	free(t.base);
}

static const char *
whole(void)
{
	text_put(&t, "", 1);
	return t.base;
}

static const struct {
	uint64_t v;
	uint32_t divisor;
	const char *text;
} fractions[] = {
	{ 0, 1, "0" },
	{ UINT64_MAX, 1, "18446744073709551615" },
	{ 0, 1000, "0" },
	{ 1, 1000, "0.001" },
	{ 10, 1000, "0.01" },
	{ 12340, 1000, "12.34" },
	{ 999999, 1000000, "0.999999" },
	{ 5000000, 1000000, "5" },
};

START_TEST(fractions_in_decimal)
{
	text_fraction(&t, fractions[_i].v, fractions[_i].divisor);
	ck_assert_str_eq(whole(), fractions[_i].text);
}
END_TEST

START_TEST(labels_are_escaped)
{
	text_escaped(&t, "a\\b\"c\nd {}=,");
	ck_assert_str_eq(whole(), "a\\\\b\\\"c\\nd {}=,");
}
END_TEST

START_TEST(a_long_text)
{
	int i;

	for (i = 0; i < 100000; i++)
		text_str(&t, "0123456789");
	ck_assert_uint_eq(t.len, 1000000);
	ck_assert_int_eq(memcmp(t.base + t.len - 10, "0123456789", 10), 0);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("metrics_text");
	TCase *tc = tcase_create("text");
	SRunner *sr;
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, fractions_in_decimal, 0,
	    sizeof(fractions) / sizeof(fractions[0]));
	tcase_add_test(tc, labels_are_escaped);
	tcase_add_test(tc, a_long_text);
	suite_add_tcase(s, tc);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
