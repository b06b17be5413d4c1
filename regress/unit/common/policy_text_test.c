/* SPDX-License-Identifier: ISC */
/* Members of sets and policies: from text, refused, and back to text. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "common/conf.h"
#include "common/policy_text.h"

#define STD CONF_SET_COMMUNITY
#define EXT CONF_SET_EXT_COMMUNITY
#define LARGE CONF_SET_LARGE_COMMUNITY

static const struct {
	enum conf_set_kind kind;
	const char *text;
	const char *back; /* NULL: the same */
	uint8_t wire[12];
	uint8_t any; /* this many bytes from `any_at` on do not count */
	uint8_t any_at;
} good[] = {
	{ STD, "65001:100", NULL, { 0xfd, 0xe9, 0, 100 }, 0, 0 },
	{ STD, "0:0", NULL, { 0 }, 0, 0 },
	{ STD, "4294967295", "65535:65535", { 255, 255, 255, 255 }, 0, 0 },
	{ STD, "no-export", "65535:65281", { 255, 255, 255, 1 }, 0, 0 },
	{ STD, "NO_ADVERTISE", "65535:65282", { 255, 255, 255, 2 }, 0, 0 },
	{ STD, "65001:*", NULL, { 0xfd, 0xe9, 0, 0 }, 2, 2 },
	{ STD, "*:5", NULL, { 0, 0, 0, 5 }, 2, 0 },
	{ STD, "*:*", NULL, { 0 }, 4, 0 },
	{ EXT, "rt:65001:100", NULL, { 0, 2, 0xfd, 0xe9, 0, 0, 0, 100 }, 0, 0 },
	{ EXT, "rt:1:4294967295", NULL, { 0, 2, 0, 1, 255, 255, 255, 255 }, 0,
	    0 },
	{ EXT, "rt:65536:9", NULL, { 2, 2, 0, 1, 0, 0, 0, 9 }, 0, 0 },
	{ EXT, "ro:192.0.2.1:9", NULL, { 1, 3, 192, 0, 2, 1, 0, 9 }, 0, 0 },
	{ EXT, "rt:65001:*", NULL, { 0, 2, 0xfd, 0xe9 }, 4, 4 },
	{ EXT, "rt:65536:*", NULL, { 2, 2, 0, 1, 0, 0 }, 2, 6 },
	{ EXT, "ro:192.0.2.1:*", NULL, { 1, 3, 192, 0, 2, 1 }, 2, 6 },
	{ EXT, "lb:65001:1", NULL, { 0x40, 4, 0xfd, 0xe9, 0x3f, 0x80 }, 0, 0 },
	{ EXT, "lb:65001:1.25e+09", "lb:65001:1.25e+09",
	    { 0x40, 4, 0xfd, 0xe9, 0x4e, 0x95, 0x02, 0xf9 }, 0, 0 },
	{ EXT, "color:256", NULL, { 3, 11, 0, 0, 0, 0, 1, 0 }, 0, 0 },
	{ EXT, "encapsulation:8", NULL, { 3, 12, 0, 0, 0, 0, 0, 8 }, 0, 0 },
	{ EXT, "router-mac:00:11:22:aa:BB:cc", "router-mac:00:11:22:aa:bb:cc",
	    { 6, 3, 0, 0x11, 0x22, 0xaa, 0xbb, 0xcc }, 0, 0 },
	{ EXT, "0x4302030405060708", NULL, { 0x43, 2, 3, 4, 5, 6, 7, 8 }, 0,
	    0 },
	{ EXT, "0x0002fde900000064", "rt:65001:100",
	    { 0, 2, 0xfd, 0xe9, 0, 0, 0, 100 }, 0, 0 },
	/* would read as another type */
	{ EXT, "0x02020000fde90064", NULL, { 2, 2, 0, 0, 0xfd, 0xe9, 0, 100 },
	    0, 0 },
	{ EXT, "0x030b000100000001", NULL, { 3, 11, 0, 1, 0, 0, 0, 1 }, 0, 0 },
	{ EXT, "0x4004fde9ff800000", NULL,
	    { 0x40, 4, 0xfd, 0xe9, 0xff, 0x80, 0, 0 }, 0, 0 },
	{ LARGE, "1:2:4294967295", NULL,
	    { 0, 0, 0, 1, 0, 0, 0, 2, 255, 255, 255, 255 }, 0, 0 },
	{ LARGE, "1:*:3", NULL, { 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 3 }, 4, 4 },
};

START_TEST(community_good)
{
	enum conf_set_kind kind = good[_i].kind;
	char buf[POLICY_COMM_STRLEN];
	uint8_t mask[12] = { 0 };
	struct conf_comm c, again;
	struct err e;

	ck_assert_int_eq(policy_comm_parse(kind, good[_i].text, true, &c, &e),
	    0);
	memset(mask, 0xff, conf_comm_len(kind));
	memset(mask + good[_i].any_at, 0, good[_i].any);
	ck_assert_mem_eq(c.value, good[_i].wire, 12);
	ck_assert_mem_eq(c.mask, mask, 12);
	ck_assert_str_eq(policy_comm_str(kind, &c, buf),
	    good[_i].back == NULL ? good[_i].text : good[_i].back);
	ck_assert_int_eq(policy_comm_parse(kind, buf, true, &again, &e), 0);
	ck_assert_mem_eq(&c, &again, sizeof(c));
	/* Where only one value may stand, a pattern is no such. */
	ck_assert_int_eq(policy_comm_parse(kind, buf, false, &again, &e),
	    good[_i].any == 0 ? 0 : -1);
}
END_TEST

static const struct {
	enum conf_set_kind kind;
	const char *text;
} bad[] = {
	{ STD, "4294967296" },
	{ STD, "65536:0" },
	{ STD, "0:65536" },
	{ STD, "1:2:3" },
	{ STD, ":1" },
	{ STD, "1:" },
	{ STD, "*" },
	{ STD, "1*:2" },
	{ STD, "1:**" },
	{ STD, "*:*:*" },
	{ STD, "no-such" },
	{ STD, "" },
	{ EXT, "rt:65536:65536" },
	{ EXT, "rt:192.0.2.1:65536" },
	{ EXT, "rt:4294967296:1" },
	{ EXT, "rt:2001:db8::1" },
	{ EXT, "rt:1" },
	{ EXT, "rt:*:1" },
	{ EXT, "color:*" },
	{ EXT, "lb:65536:1" },
	{ EXT, "lb:1:nan" },
	{ EXT, "lb:1:-1" },
	{ EXT, "lb:1:1e99" },
	{ EXT, "color:" },
	{ EXT, "encapsulation:65536" },
	{ EXT, "router-mac:00:11:22:aa:bb" },
	{ EXT, "router-mac:00:11:22:aa:bb:cc:" },
	{ EXT, "0x43" },
	{ EXT, "0x43020304050607080" },
	{ EXT, "blue" },
	{ EXT, "" },
	{ LARGE, "1:2" },
	{ LARGE, "1:2:3:4" },
	{ LARGE, "1:2:4294967296" },
	{ LARGE, "*:*" },
	{ CONF_SET_PREFIX, "1:2" },
};

START_TEST(community_bad)
{
	struct conf_comm c;
	struct err e;

	ck_assert_int_eq(
	    policy_comm_parse(bad[_i].kind, bad[_i].text, true, &c, &e), -1);
	ck_assert_int_eq(e.code, ERR_INVALID);
}
END_TEST

static const struct {
	const char *prefix;
	const char *range;
	int min, max; /* -1: refused */
} ranges[] = {
	{ "10.0.0.0/8", NULL, 8, 8 },
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
	{ "10.0.0.0", NULL, -1, 0 },
	{ "10.0.0.0/33", "exact", -1, 0 },
};

START_TEST(range)
{
	char buf[POLICY_RANGE_STRLEN];
	struct conf_prefix p;
	struct err e;
	int rc =
	    policy_prefix_parse(ranges[_i].prefix, ranges[_i].range, &p, &e);

	ck_assert_int_eq(rc == -1, ranges[_i].min == -1);
	if (rc == -1)
		return;
	ck_assert_int_eq(p.min, ranges[_i].min);
	ck_assert_int_eq(p.max, ranges[_i].max);
	if (ranges[_i].range == NULL)
		ck_assert_ptr_null(policy_range_str(&p, buf));
	else
		ck_assert_str_eq(policy_range_str(&p, buf), ranges[_i].range);
}
END_TEST

START_TEST(names)
{
	char longest[CONF_NAME_MAX + 2];
	struct err e;

	memset(longest, 'x', sizeof(longest));
	longest[CONF_NAME_MAX] = '\0';
	ck_assert_int_eq(policy_name_check("policy", "a b/\xc3\xa9", &e), 0);
	ck_assert_int_eq(policy_name_check("policy", longest, &e), 0);
	longest[CONF_NAME_MAX] = 'x';
	longest[CONF_NAME_MAX + 1] = '\0';
	ck_assert_int_eq(policy_name_check("policy", longest, &e), -1);
	ck_assert_int_eq(policy_name_check("policy", "", &e), -1);
	ck_assert_int_eq(policy_name_check("policy", "a\nb", &e), -1);
	ck_assert_int_eq(policy_name_check("policy", "_a", &e), -1);
	ck_assert_ptr_nonnull(strstr(e.text, "cannot start with underscore"));
	ck_assert_int_eq(e.code, ERR_INVALID);
}
END_TEST

START_TEST(words)
{
	uint8_t v;

	ck_assert_int_eq(policy_option_parse("invert", &v), 0);
	ck_assert_int_eq(v, CONF_MATCH_INVERT);
	ck_assert_str_eq(policy_option_str(CONF_MATCH_UNSAID), "");
	ck_assert_int_eq(policy_option_parse("none", &v), -1);
	ck_assert_int_eq(policy_route_type_parse("ibgp", &v), 0);
	ck_assert_int_eq(v, CONF_ROUTE_IBGP);
	ck_assert_str_eq(policy_route_type_str(CONF_ROUTE_LOCAL), "local");
	ck_assert_ptr_null(policy_route_type_str(3));
	ck_assert_int_eq(policy_comm_op_parse("replace", &v), 0);
	ck_assert_int_eq(v, CONF_COMM_REPLACE);
	ck_assert_str_eq(policy_comm_op_str(CONF_COMM_ADD), "add");
	ck_assert_int_eq(policy_origin_parse("incomplete", &v), 0);
	ck_assert_int_eq(v, 2);
	ck_assert_str_eq(policy_origin_str(0), "igp");
	ck_assert_int_eq(policy_origin_parse("IGP", &v), -1);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("policy_text");
	TCase *t = tcase_create("text");
	SRunner *r;
	int n;

	tcase_add_loop_test(t, community_good, 0, nitems(good));
	tcase_add_loop_test(t, community_bad, 0, nitems(bad));
	tcase_add_loop_test(t, range, 0, nitems(ranges));
	tcase_add_test(t, names);
	tcase_add_test(t, words);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	n = srunner_ntests_failed(r);
	srunner_free(r);
	return n == 0 ? 0 : 1;
}
