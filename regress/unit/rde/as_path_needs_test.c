/* SPDX-License-Identifier: ISC */
/* AS-path sets beside a search with each of their patterns. */
#include "rde/as_path_set.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/as_pattern.h"
#include "common/hash.h"
#include "common/xmalloc.h"

enum { ROUNDS = 3000, PATTERNS = 12, PATHS = 60, PATH_MAX_LEN = 80 };

static uint64_t seed;

static uint32_t
below(uint32_t n)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)((seed >> 33) % n);
}

static const char *const pieces[] = { "_", "^", "$", " ", "_", "1", "2", "12",
	"21", "1", "_12_", "_1_", "^2_", "_21$", "(1|2)", "(1|12|21)", "(12)",
	"[0-9]+", "[12]", "[^1]", "[]_12]", ".", ".*", "*", "+", "?", "|", "(",
	")", "{", "}", "{2}", "{1,2}", "(?:", "\\d", "\\b", "\\Q", "(?i)",
	"[[:digit:]]", "_2_", "_*", "_?", "_+", "0", "(_12_|2)", "(?!1)", "#" };

static void
random_pattern(char *to, size_t size)
{
	unsigned int n = 1 + below(7), i;

	to[0] = '\0';
	for (i = 0; i < n; i++)
		strncat(to, pieces[below(nitems(pieces))],
		    size - strlen(to) - 1);
}

static size_t
random_path(uint8_t *to)
{
	static const uint32_t asns[] = { 1, 2, 12, 21, 1, 2, 112, 3 };
	unsigned int segments = below(3), count, i, j;
	uint8_t *p = to;
	uint32_t v;

	for (i = 0; i < segments; i++) {
		*p++ = below(4) == 0 ? 1 : 2;
		count = 1 + below(4);
		*p++ = (uint8_t)count;
		for (j = 0; j < count; j++) {
			v = asns[below(nitems(asns))];
			*p++ = 0;
			*p++ = 0;
			*p++ = (uint8_t)(v >> 8);
			*p++ = (uint8_t)v;
		}
	}
	return (size_t)(p - to);
}

START_TEST(sets_are_their_patterns)
{
	struct as_pattern *list[PATTERNS];
	char text[128], is[512], shown[PATTERNS * 128];
	uint8_t path[PATH_MAX_LEN];
	const uint32_t *asns;
	struct as_path_set *s;
	unsigned int i, j, n, tries, needy = 0;
	bool any, all, yes;
	size_t len, is_len;
	struct err e;

	hash_init();
	for (i = 0; i < ROUNDS; i++) {
		seed = i + 1;
		s = as_path_set_new();
		n = 0;
		shown[0] = '\0';
		for (tries = 1 + below(PATTERNS); tries > 0; tries--) {
			random_pattern(text, sizeof(text));
			list[n] = as_pattern_new(text, &e);
			if (list[n] == NULL)
				continue;
			as_pattern_tame(list[n]);
			ck_assert_int_eq(as_path_set_add(s, text, &e), 0);
			needy += as_pattern_needs(list[n], &asns) > 0;
			strcat(strcat(shown, text), "\n");
			n++;
		}
		for (j = 0; j < PATHS; j++) {
			len = random_path(path);
			is_len = as_pattern_text(is, sizeof(is), path, len);
			any = false;
			all = true;
			for (tries = 0; tries < n; tries++) {
				yes = as_pattern_match(list[tries], is,
					  is_len) == AS_MATCH_YES;
				any = any || yes;
				all = all && yes;
			}
			ck_assert_msg(as_path_set_any(s, path, len) == any,
			    "\"%s\" any of\n%s", is, shown);
			ck_assert_msg(as_path_set_all(s, path, len) == all,
			    "\"%s\" all of\n%s", is, shown);
		}
		as_path_set_free(s);
		while (n-- > 0)
			as_pattern_free(list[n]);
	}
	ck_assert_uint_gt(needy, ROUNDS / 10);
}
END_TEST

START_TEST(needs_are_found)
{
	static const struct {
		const char *pattern;
		size_t n;
		uint32_t first;
	} want[] = { { "^[0-9]+_65001_", 1, 65001 },
		{ "_65001_[0-9]+$", 1, 65001 },
		{ "_(65001|65002)_.*_1$", 2, 65001 }, { "_65001_|_1_", 0, 0 },
		{ "(_65001_)?", 0, 0 }, { "_65001_?", 0, 0 },
		{ "_650[0-9]_", 0, 0 }, { "_[0-9]{12}_", 0, 0 },
		{ "_4294967296_.", 0, 0 } };
	const uint32_t *asns;
	struct as_pattern *p;
	struct err e;
	size_t i;

	for (i = 0; i < nitems(want); i++) {
		p = as_pattern_new(want[i].pattern, &e);
		ck_assert_ptr_nonnull(p);
		ck_assert_msg(as_pattern_needs(p, &asns) == want[i].n, "%s",
		    want[i].pattern);
		if (want[i].n > 0)
			ck_assert_uint_eq(asns[0], want[i].first);
		as_pattern_free(p);
	}
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("as_path_needs");
	TCase *tc = tcase_create("sets");
	SRunner *sr;
	int failed;

	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, sets_are_their_patterns);
	tcase_add_test(tc, needs_are_found);
	suite_add_tcase(s, tc);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? 0 : 1;
}
