/* SPDX-License-Identifier: ISC */
/*
 * AS-path sets against every pattern searched by itself: the short way for
 * patterns that only name numbers, what is remembered, and the bounds.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/as_pattern.h"
#include "common/bgp_attr.h"
#include "common/cursor.h"
#include "common/hash.h"
#include "rde/as_path_set.h"

enum { MEMBERS = 40, PATHS = 300, PATTERN = 128 };

static uint64_t seed;

static uint32_t
rnd(uint32_t n)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)((seed >> 33) % n);
}

static uint32_t
random_asn(void)
{
	static const uint32_t asns[] = { 1, 7, 17, 71, 65001, 4200000001u,
		4294967295u };

	return asns[rnd(7)];
}

static size_t
random_path(uint8_t *to, size_t max)
{
	unsigned int segments = rnd(4), n;
	struct wr w;

	wr_init(&w, to, max);
	while (segments-- > 0) {
		n = 1 + rnd(4);
		wr_n8(&w, rnd(3) == 0 ? BGP_SEGMENT_SET :
					BGP_SEGMENT_SEQUENCE);
		wr_n8(&w, (uint8_t)n);
		while (n-- > 0)
			wr_n32(&w, random_asn());
	}
	return wr_len(&w);
}

static void
random_pattern(char *to)
{
	static const char *const forms[] = { "_%u_", "^%u_", "_%u$", "^%u$",
		"_%u_%u_", "^%u_%u$", "^%u_%u_", "_%u_%u$", "_%u_%u_%u_",
		"%u", "^%u %u", "_(%u|%u)_", "^%u( %u)*$", "[{ ]%u[ }]",
		"_%u_.*_%u_", "^$", "{", "_%u _", "__%u", "^_%u_$" };
	size_t i = rnd(sizeof(forms) / sizeof(*forms));

	/* Surplus arguments do no harm. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	snprintf(to, PATTERN, forms[i], random_asn(), random_asn(),
	    random_asn());
#pragma GCC diagnostic pop
}

START_TEST(random_sets)
{
	struct as_pattern *each[MEMBERS];
	struct as_path_set *set = as_path_set_new();
	char pattern[PATTERN], text[1024];
	uint8_t path[256];
	size_t i, k, len, n, text_len;
	struct err e;
	bool any, all, yes;

	seed = (uint64_t)_i + 1;
	n = _i % 2 ? rnd(3) : rnd(MEMBERS);
	for (i = 0; i < n; i++) {
		random_pattern(pattern);
		each[i] = as_pattern_new(pattern, &e);
		ck_assert_msg(each[i] != NULL, "%s", e.text);
		ck_assert_int_eq(as_path_set_add(set, pattern, &e), 0);
	}
	for (k = 0; k < PATHS; k++) {
		len = random_path(path, sizeof(path));
		text_len = as_pattern_text(text, sizeof(text), path, len);
		any = false;
		all = true;
		for (i = 0; i < n; i++) {
			yes = as_pattern_match(each[i], text, text_len) ==
			    AS_MATCH_YES;
			any = any || yes;
			all = all && yes;
		}
		/* Twice: the second answer may be remembered. */
		for (i = 0; i < 2; i++) {
			ck_assert_msg(as_path_set_any(set, path, len) == any,
			    "any of %zu: \"%s\"", n, text);
			ck_assert_msg(as_path_set_all(set, path, len) == all,
			    "all of %zu: \"%s\"", n, text);
		}
	}
	ck_assert_uint_eq(as_path_set_take_limits(set), 0);
	for (i = 0; i < n; i++)
		as_pattern_free(each[i]);
	as_path_set_free(set);
}
END_TEST

START_TEST(searches_given_up)
{
	static const uint8_t path[] = { 2, 6, 0, 0, 1, 1, 0, 0, 1, 2, 0, 0, 1,
		3, 0, 0, 1, 4, 0, 0, 1, 5, 0, 0, 1, 6 };
	struct as_path_set *set = as_path_set_new();
	struct err e;
	int i;

	ck_assert_int_eq(as_path_set_add(set, "(([0-9]+ ?)+)+[xy]", &e), 0);
	ck_assert(!as_path_set_any(set, path, sizeof(path)));
	ck_assert_uint_eq(as_path_set_take_limits(set), 1);
	/* Remembered: not searched again. */
	ck_assert(!as_path_set_any(set, path, sizeof(path)));
	ck_assert_uint_eq(as_path_set_take_limits(set), 0);
	/* Another pattern of the set still matches. */
	as_path_set_free(set);
	set = as_path_set_new();
	for (i = 0; i < 15; i++)
		ck_assert_int_eq(as_path_set_add(set, "(([0-9]+ ?)+)+[xy]",
				     &e),
		    0);
	ck_assert_int_eq(as_path_set_add(set, "26[0-9]", &e), 0);
	ck_assert(as_path_set_any(set, path, sizeof(path)));
	ck_assert_uint_eq(as_path_set_take_limits(set), 15);
	ck_assert(!as_path_set_all(set, path, sizeof(path)));
	as_path_set_free(set);
	/* But not behind too many. */
	set = as_path_set_new();
	for (i = 0; i < 16; i++)
		ck_assert_int_eq(as_path_set_add(set, "(([0-9]+ ?)+)+[xy]",
				     &e),
		    0);
	ck_assert_int_eq(as_path_set_add(set, "26[0-9]", &e), 0);
	ck_assert_int_eq(as_path_set_add(set, "_300_", &e), 0);
	ck_assert(!as_path_set_any(set, path, sizeof(path)));
	ck_assert_uint_eq(as_path_set_take_limits(set), 17);
	/* Plain patterns are not searched for. */
	ck_assert_int_eq(as_path_set_add(set, "_261_", &e), 0);
	ck_assert(as_path_set_any(set, path, sizeof(path)));
	as_path_set_free(set);
}
END_TEST

START_TEST(bad_patterns)
{
	struct as_path_set *set = as_path_set_new();
	struct err e;

	ck_assert_int_eq(as_path_set_add(set, "(1", &e), -1);
	ck_assert_int_eq(as_path_set_add(set, "", &e), -1);
	ck_assert(!as_path_set_any(set, NULL, 0));
	ck_assert(as_path_set_all(set, NULL, 0));
	as_path_set_free(set);
	as_path_set_free(NULL);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("as_path_set");
	TCase *t = tcase_create("all");
	SRunner *sr;
	int failed;

	hash_init();
	tcase_set_timeout(t, 240);
	tcase_add_loop_test(t, random_sets, 0, 60);
	tcase_add_test(t, searches_given_up);
	tcase_add_test(t, bad_patterns);
	suite_add_tcase(s, t);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? 0 : 1;
}
