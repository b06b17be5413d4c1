/* SPDX-License-Identifier: ISC */
/* Differences of texts: shortest, complete, with the lines around them. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bgpctl/diff.h"
#include "common/xmalloc.h"

static char out[1 << 20];
static size_t at;

static void
on_line(void *ctx, enum diff_side side, const char *p, size_t len)
{
	(void)ctx;
	at += (size_t)snprintf(out + at, sizeof(out) - at, "%c%.*s\n",
	    (char)side, (int)len, p);
}

static void
on_gap(void *ctx, size_t a, size_t b)
{
	(void)ctx;
	at += (size_t)snprintf(out + at, sizeof(out) - at, "@%zu,%zu\n", a, b);
}

static size_t
differ(const char *a, const char *b, size_t context)
{
	const struct diff_ops ops = { on_line, on_gap, context };

	at = 0;
	out[0] = '\0';
	return diff_texts(a, strlen(a), b, strlen(b), &ops, NULL);
}

static const struct {
	const char *a, *b;
	size_t n;
	const char *out;
} cases[] = {
	{ "", "", 0, "" },
	{ "a\nb\n", "a\nb\n", 0, "" },
	{ "", "a\n", 1, "@1,1\n+a\n" },
	{ "a\n", "", 1, "@1,1\n-a\n" },
	{ "a\nb\nc\n", "a\nx\nc\n", 2, "@1,1\n a\n-b\n+x\n c\n" },
	{ "1\n2\n3\n4\n5\n6\n7\n", "1\n2\n3\n5\n6\n7\n", 1,
	    "@3,3\n 3\n-4\n 5\n" },
	{ "1\n2\n3\n4\n5\n6\n7\n8\n9\n", "0\n1\n2\n3\n4\n5\n6\n7\n8\n", 2,
	    "@1,1\n+0\n 1\n@8,9\n 8\n-9\n" },
	/* Close ones are one piece. */
	{ "1\n2\n3\n4\n5\n", "1\n3\n4\nx\n5\n", 2,
	    "@1,1\n 1\n-2\n 3\n 4\n+x\n 5\n" },
};

START_TEST(what_differs_is_shown)
{
	ck_assert_uint_eq(differ(cases[_i].a, cases[_i].b, 1), cases[_i].n);
	ck_assert_str_eq(out, cases[_i].out);
}
END_TEST

/* With all lines around them, one side gives the one text, the other the
 * other; and no way is longer than that of dynamic programming. */
START_TEST(random_texts)
{
	char a[200], b[200], x[200], y[200], *p, *next;
	size_t n, m, i, j, len[41][41];
	int round;

	srand(7);
	for (round = 0; round < 2000; round++) {
		n = (size_t)rand() % 40;
		m = (size_t)rand() % 40;
		for (i = 0; i < n; i++) {
			a[2 * i] = (char)('a' + rand() % 4);
			a[2 * i + 1] = '\n';
		}
		for (i = 0; i < m; i++) {
			b[2 * i] = (char)('a' + rand() % 4);
			b[2 * i + 1] = '\n';
		}
		a[2 * n] = b[2 * m] = '\0';
		for (i = 0; i <= n; i++)
			for (j = 0; j <= m; j++)
				len[i][j] = i == 0 || j == 0 ?
				    i + j :
				    a[2 * i - 2] == b[2 * j - 2] ?
				    len[i - 1][j - 1] :
				    1 +
					(len[i - 1][j] < len[i][j - 1] ?
						len[i - 1][j] :
						len[i][j - 1]);
		ck_assert_uint_eq(differ(a, b, 1000), len[n][m]);
		x[0] = y[0] = '\0';
		for (p = out; *p != '\0'; p = next) {
			next = strchr(p, '\n') + 1;
			if (*p == ' ' || *p == '-')
				strncat(x, p + 1, (size_t)(next - p - 1));
			if (*p == ' ' || *p == '+')
				strncat(y, p + 1, (size_t)(next - p - 1));
		}
		if (len[n][m] > 0) {
			ck_assert_str_eq(x, a);
			ck_assert_str_eq(y, b);
		}
	}
}
END_TEST

START_TEST(texts_that_have_nothing_in_common)
{
	char *a = xmalloc(200000), *b = xmalloc(200000);
	size_t n = 0, m = 0, i;

	for (i = 0; i < 5000; i++) {
		n += (size_t)sprintf(a + n, "a%zu\n", i);
		m += (size_t)sprintf(b + m, "b%zu\n", i);
	}
	ck_assert_uint_eq(differ(a, b, 3), 10000);
	free(a);
	free(b);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("diff");
	TCase *t = tcase_create("diff");
	SRunner *r;
	int failed;

	tcase_add_loop_test(t, what_differs_is_shown, 0,
	    sizeof(cases) / sizeof(cases[0]));
	tcase_add_test(t, random_texts);
	tcase_add_test(t, texts_that_have_nothing_in_common);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
