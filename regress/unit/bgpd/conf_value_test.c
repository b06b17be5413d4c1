/* SPDX-License-Identifier: ISC */
#include <check.h>
#include <stdbool.h>
#include <stdlib.h>

#include "bgpd/conf_value.h"

static const struct {
	const char *text;
	bool good;
	uint64_t value;
} numbers[] = {
	{ "0", true, 0 },
	{ "18446744073709551615", true, UINT64_MAX },
	{ "18446744073709551616", false, 0 },
	{ "0x1F", true, 31 },
	{ "0o17", true, 15 },
	{ "010", false, 0 },
	{ "", false, 0 },
	{ "-1", false, 0 },
	{ "1_000", false, 0 },
	{ "1 ", false, 0 },
	{ "0x", false, 0 },
	{ "1e3", false, 0 },
};

START_TEST(number)
{
	uint64_t v = 0;
	int rc = value_number(numbers[_i].text, &v);

	ck_assert_int_eq(rc == 0, numbers[_i].good);
	if (rc == 0)
		ck_assert_uint_eq(v, numbers[_i].value);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("conf_value");
	TCase *t = tcase_create("values");
	SRunner *r;
	int n;

	tcase_add_loop_test(t, number, 0, nitems(numbers));
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	n = srunner_ntests_failed(r);
	srunner_free(r);
	return n == 0 ? 0 : 1;
}
