/* SPDX-License-Identifier: ISC */
#include <check.h>
#include <stdlib.h>
#include <string.h>

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

static const struct {
	const char *text;
	bool good;
	uint32_t value;
} communities[] = {
	{ "65001:100", true, 65001u << 16 | 100 },
	{ "0:0", true, 0 },
	{ "65535:65535", true, UINT32_MAX },
	{ "4294967295", true, UINT32_MAX },
	{ "4294967296", false, 0 },
	{ "65536:0", false, 0 },
	{ "0:65536", false, 0 },
	{ "1:2:3", false, 0 },
	{ ":1", false, 0 },
	{ "1:", false, 0 },
	{ "no-export", false, 0 },
	{ "", false, 0 },
};

START_TEST(community)
{
	struct err e;
	uint32_t v = 0;
	int rc = value_community(communities[_i].text, &v, &e);

	ck_assert_int_eq(rc == 0, communities[_i].good);
	if (rc == 0)
		ck_assert_uint_eq(v, communities[_i].value);
	else
		ck_assert_int_eq(e.code, ERR_INVALID);
}
END_TEST

START_TEST(large_community)
{
	struct err e;
	uint32_t v[3];

	ck_assert_int_eq(value_large_community("1:2:4294967295", v, &e), 0);
	ck_assert_uint_eq(v[0], 1);
	ck_assert_uint_eq(v[1], 2);
	ck_assert_uint_eq(v[2], UINT32_MAX);
	ck_assert_int_eq(value_large_community("1:2", v, &e), -1);
	ck_assert_int_eq(value_large_community("1:2:3:4", v, &e), -1);
	ck_assert_int_eq(value_large_community("1:2:4294967296", v, &e), -1);
}
END_TEST

static const struct {
	const char *text;
	uint8_t wire[8]; /* all zero: refused */
} exts[] = {
	{ "rt:65001:100", { 0x00, 0x02, 0xfd, 0xe9, 0, 0, 0, 100 } },
	{ "rt:1:4294967295", { 0x00, 0x02, 0, 1, 0xff, 0xff, 0xff, 0xff } },
	{ "rt:65536:9", { 0x02, 0x02, 0, 1, 0, 0, 0, 9 } },
	{ "ro:192.0.2.1:9", { 0x01, 0x03, 192, 0, 2, 1, 0, 9 } },
	{ "lb:65001:1", { 0x40, 0x04, 0xfd, 0xe9, 0x3f, 0x80, 0, 0 } },
	{ "color:256", { 0x03, 0x0b, 0, 0, 0, 0, 1, 0 } },
	{ "encapsulation:8", { 0x03, 0x0c, 0, 0, 0, 0, 0, 8 } },
	{ "router-mac:00:11:22:aa:BB:cc",
	    { 0x06, 0x03, 0, 0x11, 0x22, 0xaa, 0xbb, 0xcc } },
	{ "0x4302030405060708", { 0x43, 2, 3, 4, 5, 6, 7, 8 } },
	{ "rt:65536:65536", { 0 } },
	{ "rt:192.0.2.1:65536", { 0 } },
	{ "rt:4294967296:1", { 0 } },
	{ "rt:2001:db8::1", { 0 } },
	{ "rt:1", { 0 } },
	{ "lb:65536:1", { 0 } },
	{ "lb:1:nan", { 0 } },
	{ "lb:1:-1", { 0 } },
	{ "lb:1:1e99", { 0 } },
	{ "color:", { 0 } },
	{ "encapsulation:65536", { 0 } },
	{ "router-mac:00:11:22:aa:bb", { 0 } },
	{ "router-mac:00:11:22:aa:bb:cc:", { 0 } },
	{ "0x43", { 0 } },
	{ "0x43020304050607080", { 0 } },
	{ "blue", { 0 } },
	{ "", { 0 } },
};

START_TEST(ext_community)
{
	static const uint8_t zero[8];
	struct err e;
	uint8_t v[8];
	int rc = value_ext_community(exts[_i].text, v, &e);

	ck_assert_int_eq(rc == -1, memcmp(exts[_i].wire, zero, 8) == 0);
	if (rc == 0)
		ck_assert_mem_eq(v, exts[_i].wire, 8);
}
END_TEST

static const struct {
	const char *prefix;
	const char *range;
	int min, max; /* -1: refused */
} ranges[] = {
	{ "10.0.0.0/8", "exact", 8, 8 },
	{ "10.0.0.0/8", "8..24", 8, 24 },
	{ "10.0.0.0/8", "16..", 16, 32 },
	{ "10.0.0.0/8", "..16", 8, 16 },
	{ "10.0.0.0/8", "32..32", 32, 32 },
	{ "2001:db8::/32", "48..", 48, 128 },
	{ "10.0.0.0/8", "7..", -1, 0 },
	{ "10.0.0.0/8", "..33", -1, 0 },
	{ "10.0.0.0/8", "24..16", -1, 0 },
	{ "10.0.0.0/8", "..", -1, 0 },
	{ "10.0.0.0/8", "8", -1, 0 },
	{ "10.0.0.0/8", "8...24", -1, 0 },
	{ "10.0.0.0/8", "a..b", -1, 0 },
	{ "10.0.0.0/8", "", -1, 0 },
};

START_TEST(masklen)
{
	unsigned int min = 0, max = 0;
	struct nlri nlri;
	struct err e;
	int rc;

	ck_assert_int_eq(nlri_parse(ranges[_i].prefix, &nlri, &e), 0);
	rc = value_masklen(ranges[_i].range, &nlri, &min, &max, &e);
	ck_assert_int_eq(rc == -1, ranges[_i].min == -1);
	if (rc == 0) {
		ck_assert_int_eq((int)min, ranges[_i].min);
		ck_assert_int_eq((int)max, ranges[_i].max);
	}
}
END_TEST

START_TEST(pattern)
{
	static const char *const good[] = { "^65001", "_65001_", "65001$",
		"(?:1|2)+", "[0-9]*", "[]x]", "[^]x]", "a\\(", "()", "." };
	static const char *const bad[] = { "", "(", ")", "[", "[]", "*", "a\\",
		"(+)", "1|*" };
	struct err e;
	size_t i;

	for (i = 0; i < nitems(good); i++)
		ck_assert_msg(value_pattern(good[i], &e) == 0, "%s", good[i]);
	for (i = 0; i < nitems(bad); i++)
		ck_assert_msg(value_pattern(bad[i], &e) == -1, "%s", bad[i]);
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
	tcase_add_loop_test(t, community, 0, nitems(communities));
	tcase_add_test(t, large_community);
	tcase_add_loop_test(t, ext_community, 0, nitems(exts));
	tcase_add_loop_test(t, masklen, 0, nitems(ranges));
	tcase_add_test(t, pattern);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	n = srunner_ntests_failed(r);
	srunner_free(r);
	return n == 0 ? 0 : 1;
}
