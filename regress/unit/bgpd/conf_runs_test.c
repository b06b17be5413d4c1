/* SPDX-License-Identifier: ISC */
/*
 * Runs that are cut out of a file mean what libyaml makes of them: the same
 * file with a comment behind each line, which ends every run, gives the same
 * sets and the same complaints at the same places.
 */
#include "bgpd/conf_runs.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bgpd/conf_check.h"
#include "common/hash.h"
#include "common/xmalloc.h"

enum { ROUNDS = 1000, TEXT_MAX = 65536 };

static uint64_t seed;

static uint32_t
below(uint32_t n)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)((seed >> 33) % n);
}

struct texts {
	char a[TEXT_MAX], b[TEXT_MAX]; /* b: with comments */
	size_t na, nb;
};

static void
put(struct texts *t, const char *s, bool comment)
{
	size_t n = strlen(s);

	ck_assert_uint_lt(t->nb + n + 8, TEXT_MAX);
	memcpy(t->a + t->na, s, n);
	memcpy(t->b + t->nb, s, n);
	t->na += n;
	t->nb += n;
	if (comment && n > 0 && s[n - 1] == '\n') {
		memcpy(t->b + t->nb - 1, " #\n", 3);
		t->nb += 2;
	}
}

/* What is odd: rare, so that there are runs on either side. */
static const char *const odd[] = {
	"        - {prefix: 10.0.0.1/8}\n",
	"        - {prefix: 10.0.0.0/8, masklength-range: 4..}\n",
	"        - {prefix: 10.0.0.0/8, masklength-range: exact}\n",
	"        - {prefix: 10.0.0.0/8, prefix: 11.0.0.0/8}\n",
	"        - {prefix: 10.0.0.0/8, range: 9}\n",
	"        - {prefix: 2001:db8::/32}\n",
	"        - {prefix: '2001:db8::/32'}\n",
	"        - {prefix: 10/8}\n",
	"        - {prefix: 1.2.3.4}\n",
	"        - {prefix: \"10.0.0.0/8'}\n",
	"        - prefix: fe80::\n",
	"        - prefix: 10.0.0.0/8:\n",
	"        - prefix: 10.0.0.0/8\n          more: 1\n",
	"        - prefix: 10.0.0.0/8\n            1\n",
	("        - prefix: 10.0.0.0/8\n          masklength-range: 8..9\n"
	 "          masklength-range: 8..9\n"),
	"        - masklength-range: 8..9\n          prefix: 10.0.0.0/8\n",
	"        -\n",
	"        - 10.0.0.0/8\n",
	"        - []\n",
	"       - {prefix: 10.0.0.0/8}\n",
	"         - {prefix: 10.0.0.0/8}\n",
	"          - {prefix: 10.0.0.0/8}\n",
	"\n",
	"    - name: again\n      prefixes:\n",
	"    - name: again2\n      prefix:\n",
	"    - prefixes:\n",
	"  as-path-sets:\n    - name: x\n      patterns:\n",
	"sys_name: \"\n",
	"sys_name: |\n",
	"sys_name:\n",
	"\t- {prefix: 10.0.0.0/8}\n",
	"---\n",
	"        - {prefix: 10.0.0.0/8}\n        : 1\n",
	"        - &a {prefix: 10.0.0.0/8}\n",
	"        - {prefix: 10.0.0.0/8,\n           masklength-range: 9..9}\n",
};

static void
member(struct texts *t, unsigned int form, bool comment)
{
	char line[160], prefix[32], range[32] = "";
	unsigned int bits = 8 + below(17), max = bits + below(33 - bits);
	const char *quote = below(6) == 0 ? "\"" : "";

	snprintf(prefix, sizeof(prefix), "%u.%u.0.0/%u", 1 + below(220),
	    below(256), bits < 16 ? 16 : bits);
	if (bits < 16)
		bits = 16;
	if (max < bits)
		max = bits;
	switch (below(5)) {
	case 0:
		snprintf(range, sizeof(range), "%u..%u", bits, max);
		break;
	case 1:
		snprintf(range, sizeof(range), "%u..", bits);
		break;
	default:
		break;
	}
	if (form == 1 || (form == 2 && below(2) == 0)) {
		snprintf(line, sizeof(line), "        - prefix: %s%s%s\n",
		    quote, prefix, quote);
		put(t, line, comment);
		if (range[0] != '\0') {
			snprintf(line, sizeof(line),
			    "          masklength-range: %s\n", range);
			put(t, line, comment);
		}
		return;
	}
	snprintf(line, sizeof(line), "        - {prefix: %s%s%s%s%s}%s\n",
	    quote, prefix, quote,
	    range[0] != '\0' ? ", masklength-range: " : "", range,
	    below(9) == 0 ? "  " : "");
	put(t, line, comment);
}

static void
make(struct texts *t, int round)
{
	unsigned int n = 40 + below(60), form = below(3), i;
	bool comment = true;
	unsigned int rare = round % 3 == 0 ? 1000000 : 30 + below(60);
	const char *o;

	t->na = t->nb = 0;
	put(t,
	    "asn: 65001\nrouter_id: 10.0.0.1\ndefined-sets:\n"
	    "  prefix-sets:\n    - name: s\n      prefixes:\n",
	    true);
	for (i = 0; i < n; i++) {
		member(t, form, comment);
		if (below(rare) != 0)
			continue;
		o = odd[below(nitems(odd))];
		/* Inside of text a comment is none. */
		if (o[0] == 's')
			comment = false;
		put(t, o, false);
	}
	t->a[t->na] = t->b[t->nb] = '\0';
}

static void
same_sets(const struct conf *a, const struct conf *b)
{
	uint32_t i;

	ck_assert_uint_eq(a->n_sets, b->n_sets);
	for (i = 0; i < a->n_sets; i++) {
		ck_assert_str_eq(a->sets[i]->name, b->sets[i]->name);
		ck_assert_uint_eq(a->sets[i]->line, b->sets[i]->line);
		ck_assert_uint_eq(a->sets[i]->n, b->sets[i]->n);
		if (a->sets[i]->kind == CONF_SET_PREFIX && a->sets[i]->n > 0)
			ck_assert_mem_eq(a->sets[i]->prefixes,
			    b->sets[i]->prefixes,
			    a->sets[i]->n * sizeof(struct conf_prefix));
	}
}

START_TEST(runs_mean_the_same)
{
	struct texts *t = xcalloc(1, sizeof(*t));
	struct diags da, db;
	struct conf *a, *b;
	struct runs rs;
	unsigned int good = 0, cut = 0;
	size_t i;
	int round;

	hash_init();
	for (round = 0; round < ROUNDS; round++) {
		seed = (uint64_t)round + 1;
		make(t, round);
		if (runs_cut(&rs, t->a, t->na)) {
			cut++;
			runs_fini(&rs);
		}
		diags_init(&da);
		diags_init(&db);
		a = conf_parse(t->a, t->na, &da, NULL);
		b = conf_parse(t->b, t->nb, &db, NULL);
		ck_assert_msg((a == NULL) == (b == NULL), "%s", t->a);
		for (i = 0; i < da.n && i < db.n; i++) {
			/* The text of a scalar may hold the comments. */
			ck_assert_msg(da.list[i].line == db.list[i].line &&
				strcmp(da.list[i].text, db.list[i].text) == 0,
			    "%u: %s\n%u: %s\n%s", da.list[i].line,
			    da.list[i].text, db.list[i].line, db.list[i].text,
			    t->a);
			ck_assert_uint_eq(da.list[i].column, db.list[i].column);
		}
		ck_assert_uint_eq(da.n, db.n);
		if (a != NULL && b != NULL) {
			same_sets(a, b);
			good++;
		}
		conf_free(a);
		conf_free(b);
		diags_fini(&da);
		diags_fini(&db);
	}
	ck_assert_uint_gt(good, ROUNDS / 4);
	ck_assert_uint_gt(cut, ROUNDS / 2);
	free(t);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("conf_runs");
	TCase *tc = tcase_create("runs");
	SRunner *sr;
	int failed;

	tcase_set_timeout(tc, 120);
	tcase_add_test(tc, runs_mean_the_same);
	suite_add_tcase(s, tc);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? 0 : 1;
}
