/* SPDX-License-Identifier: ISC */
/* Patterns over AS paths: what they see, what matches, what is refused. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/as_pattern.h"
#include "common/bgp.h"
#include "common/conf_policy.h"
#include "common/cursor.h"
#include "common/hash.h"

/* "1 2 {3 4} 5" to wire form. */
static size_t
path_of(const char *s, uint8_t *to, size_t size)
{
	uint8_t *count = NULL;
	bool set = false;
	struct wr w;
	char *end;

	wr_init(&w, to, size);
	for (; *s != '\0'; s++) {
		if (*s == '{' || *s == '}') {
			set = *s == '{';
			count = NULL;
			continue;
		}
		if (*s == ' ')
			continue;
		if (count == NULL) {
			wr_n8(&w, set ? BGP_SEGMENT_SET :
					BGP_SEGMENT_SEQUENCE);
			count = w.p;
			wr_n8(&w, 0);
		}
		wr_n32(&w, (uint32_t)strtoul(s, &end, 10));
		++*count;
		s = end - 1;
	}
	ck_assert(wr_ok(&w));
	return wr_len(&w);
}

static const struct {
	const char *pattern, *path;
	bool matches;
} table[] = {
	/* unanchored, and in the middle of numbers */
	{ "5001", "65001", true },
	{ "5001", "65001 2", true },
	{ "5002", "65001 2", false },
	{ "1 2", "65001 23", true },
	/* _ is a start, an end, blanks and braces, never inside a number */
	{ "_7_", "7", true },
	{ "_7_", "7 1", true },
	{ "_7_", "1 7", true },
	{ "_7_", "1 7 2", true },
	{ "_7_", "17 71 1 77", false },
	{ "_7_", "{7}", true },
	{ "_7_", "1 {2 7}", true },
	{ "_7_", "1 {7 2} 3", true },
	{ "_7_", "1 {17} 3", false },
	{ "_1_2_", "1 2", true },
	{ "_1_2_", "3 1 2 4", true },
	{ "_1_2_", "1 {2 3}", true },
	{ "_1_2_", "{1} {2}", true },
	{ "_1_2_", "1 3 2", false },
	{ "_1_2_", "11 2", false },
	{ "_1_2_", "1 22", false },
	{ "^1_", "1", true },
	{ "^1_", "1 2", true },
	{ "^1_", "2 1", false },
	{ "^1_", "11", false },
	{ "^1_", "{1 2}", false },
	{ "_1$", "2 1", true },
	{ "_1$", "1", true },
	{ "_1$", "1 2", false },
	{ "_1$", "21", false },
	{ "_1$", "2 {1}", false },
	{ "_1_$", "2 {1}", true },
	{ "^_1_", "{1 2}", true },
	{ "^1$", "1", true },
	{ "^1$", "1 1", false },
	{ "^1_2$", "1 2", true },
	{ "^1_2$", "1 {2}", false },
	{ "^1_2_", "1 {2}", true },
	/* the empty path */
	{ "^$", "", true },
	{ "^$", "1", false },
	{ "_", "", true },
	{ "^_$", "", true },
	{ ".", "", false },
	{ "_1_", "", false },
	/* sets in braces */
	{ "{", "1 2", false },
	{ "{", "1 {2}", true },
	{ "^1 \\{2 3\\}$", "1 {2 3}", true },
	{ "^\\{2 3\\} 4$", "{2 3} 4", true },
	/* the syntax of Perl */
	{ "^[0-9]+( [0-9]+)?$", "1 2", true },
	{ "^[0-9]+( [0-9]+)?$", "1 2 3", false },
	{ "^[0-9]+( [0-9]+)?$", "1 {2}", false },
	{ "^65001( 65001)*$", "65001 65001 65001", true },
	{ "^65001( 65001)*$", "65001 65002", false },
	{ "_(64512|6553[0-4])_", "1 65533 2", true },
	{ "_(64512|6553[0-4])_", "1 65535 2", false },
	{ "^(1|2)_(3|4)$", "2 3", true },
	{ "_4200000001_", "1 4200000001", true },
	{ "\\d{10}", "4294967295", true },
	{ "^(?!1 )", "1 2", false },
	{ "^(?!1 )", "2 1", true },
	{ ".*", "", true },
	/* in brackets _ is a blank or a brace, a backslash takes it away */
	{ "1[_]2", "1 2", true },
	{ "1[^_]", "1 2", false },
	{ "1[^_]", "12", true },
	{ "[]_]2", "1 2", true },
	{ "\\_", "1 2", false },
	/* the form of the reference, joined by _ */
	{ "65001_65002", "65001 65002", true },
	{ "^65001_65002$", "65001 65002", true },
};

START_TEST(matches)
{
	struct as_pattern *p;
	char text[512];
	uint8_t path[256];
	struct err e;
	size_t len;

	p = as_pattern_new(table[_i].pattern, &e);
	ck_assert_msg(p != NULL, "%s", e.text);
	len = path_of(table[_i].path, path, sizeof(path));
	len = as_pattern_text(text, sizeof(text), path, len);
	ck_assert_str_eq(text, table[_i].path);
	ck_assert_uint_eq(len, strlen(text));
	ck_assert_msg(as_pattern_match(p, text, len) ==
		(table[_i].matches ? AS_MATCH_YES : AS_MATCH_NO),
	    "\"%s\" on \"%s\"", table[_i].pattern, text);
	/* The limit of a tame pattern is the same. */
	as_pattern_tame(p);
	ck_assert_int_eq(as_pattern_match(p, text, len),
	    table[_i].matches ? AS_MATCH_YES : AS_MATCH_NO);
	as_pattern_free(p);
}
END_TEST

static const struct {
	const char *pattern;
	size_t n;
	uint32_t first;
	bool at_start, at_end;
} plain[] = {
	{ "_1_", 1, 1, false, false },
	{ "^65001_", 1, 65001, true, false },
	{ "_4294967295$", 1, 4294967295u, false, true },
	{ "^1$", 1, 1, true, true },
	{ "_1_2_3_", 3, 1, false, false },
	{ "^1_2$", 2, 1, true, true },
	/* others */
	{ "_4294967296_", 0, 0, false, false },
	{ "1", 0, 0, false, false },
	{ "_01_", 0, 0, false, false },
	{ "_1", 0, 0, false, false },
	{ "1_", 0, 0, false, false },
	{ "_1 2_", 0, 0, false, false },
	{ "_1_$", 0, 0, false, false },
	{ "^_1_", 0, 0, false, false },
	{ "_1__2_", 0, 0, false, false },
	{ "^$", 0, 0, false, false },
	{ "_1_2_3_4_5_6_7_8_9_1_2_3_4_5_6_7_8_", 0, 0, false, false },
};

START_TEST(plain_ones)
{
	struct as_pattern_plain is;
	struct as_pattern *p;
	struct err e;

	p = as_pattern_new(plain[_i].pattern, &e);
	ck_assert(p != NULL);
	as_pattern_plain(p, &is);
	ck_assert_uint_eq(is.n, plain[_i].n);
	if (is.n > 0) {
		ck_assert_uint_eq(is.asns[0], plain[_i].first);
		ck_assert_int_eq(is.at_start, plain[_i].at_start);
		ck_assert_int_eq(is.at_end, plain[_i].at_end);
	}
	as_pattern_free(p);
}
END_TEST

START_TEST(refused)
{
	static const char *const bad[] = { "", "(", "[", "1)", "*", "a{2,1}",
		"\\C", "(?<n", "[[:x:]]", "\\" };
	char text[CONF_PATTERN_MAX + 2];
	struct as_pattern *p;
	struct err e;
	size_t i;

	for (i = 0; i < nitems(bad); i++) {
		ck_assert_msg(as_pattern_new(bad[i], &e) == NULL, "%s",
		    bad[i]);
		ck_assert_int_eq(e.code, ERR_INVALID);
		ck_assert(e.text[0] != '\0');
	}
	memset(text, '_', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	ck_assert(as_pattern_new(text, &e) == NULL);
	text[CONF_PATTERN_MAX] = '\0';
	p = as_pattern_new(text, &e);
	ck_assert_msg(p != NULL, "%s", e.text);
	as_pattern_free(p);
}
END_TEST

START_TEST(limits)
{
	static const char *const slow[] = { "(([0-9]+ ?)+)+[xy]",
		"^(([0-9]+)*_?)*[xy]", "^([0-9 ]+)+[x-z]$" };
	static const char text[] = "11111 22222 33333 44444 55555 12345 11111";
	struct as_pattern *p;
	struct err e;
	size_t i;

	for (i = 0; i < nitems(slow); i++) {
		p = as_pattern_new(slow[i], &e);
		ck_assert(p != NULL);
		ck_assert_msg(as_pattern_match(p, text, sizeof(text) - 1) ==
			AS_MATCH_LIMIT,
		    "%s", slow[i]);
		as_pattern_tame(p);
		ck_assert_int_eq(as_pattern_match(p, text, sizeof(text) - 1),
		    AS_MATCH_LIMIT);
		/* Where little is to be tried it still answers. */
		ck_assert_int_eq(as_pattern_match(p, "1", 1), AS_MATCH_NO);
		as_pattern_free(p);
	}
}
END_TEST

/* A path as long as there can be, and one that does not fit. */
START_TEST(long_text)
{
	static uint8_t path[2 * BGP_MSG_MAX];
	static char text[AS_PATTERN_TEXT(sizeof(path))];
	char small[40];
	size_t n;
	int i;
	struct wr w;

	wr_init(&w, path, sizeof(path));
	for (i = 0; wr_ok(&w); i++) {
		if (i % 255 == 0) {
			if (sizeof(path) - wr_len(&w) < 2 + 4 * 255)
				break;
			wr_n8(&w, BGP_SEGMENT_SET);
			wr_n8(&w, 255);
		}
		wr_n32(&w, UINT32_MAX);
	}
	n = as_pattern_text(text, sizeof(text), path, wr_len(&w));
	ck_assert_uint_eq(n, (size_t)i * 11 + (size_t)i / 255 * 2 - 1);
	ck_assert_uint_lt(n, sizeof(text));
	n = path_of("4294967295 {4294967295 4294967295}", path, sizeof(path));
	n = as_pattern_text(small, 20, path, n);
	ck_assert_str_eq(small, "4294967295");
	ck_assert_uint_eq(n, 10);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("as_pattern");
	TCase *t = tcase_create("all");
	SRunner *sr;
	int failed;

	hash_init();
	tcase_set_timeout(t, 240);
	tcase_add_loop_test(t, matches, 0, nitems(table));
	tcase_add_loop_test(t, plain_ones, 0, nitems(plain));
	tcase_add_test(t, refused);
	tcase_add_test(t, limits);
	tcase_add_test(t, long_text);
	suite_add_tcase(s, t);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? 0 : 1;
}
