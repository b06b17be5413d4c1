/* SPDX-License-Identifier: ISC */
/* The catalogue of metrics: a message there and back, and sound names. */
#include "common/msg_metrics.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

START_TEST(numbers_go_there_and_back)
{
	uint64_t in[METRIC__MAX], out[METRIC__MAX];
	uint8_t buf[METRIC__MAX * 8];
	const enum proc proc = (enum proc)_i;
	struct wr w;
	struct rd r;
	int i, rows = 0;

	for (i = 0; i < METRIC__MAX; i++) {
		in[i] = (uint64_t)i << 40 | (uint64_t)i;
		out[i] = 7;
	}
	wr_init(&w, buf, sizeof(buf));
	msg_metrics_put(&w, proc, in);
	ck_assert(wr_ok(&w));
	rd_init(&r, buf, wr_len(&w));
	msg_metrics_get(&r, proc, out);
	ck_assert(rd_done(&r));
	for (i = 0; i < METRIC__MAX; i++) {
		if (metric_rules[i].owner == proc) {
			rows++;
			ck_assert_uint_eq(out[i], in[i]);
		} else
			ck_assert_uint_eq(out[i], 7);
	}
	ck_assert_uint_eq(wr_len(&w), (size_t)rows * 8);
	/* Within what the catalogue of messages allows. */
	ck_assert_uint_ge(wr_len(&w), msg_rules[MSG_METRICS].min);
	ck_assert_uint_le(wr_len(&w), msg_rules[MSG_METRICS].max);
	/* One number too few, one too many. */
	rd_init(&r, buf, wr_len(&w) - 1);
	msg_metrics_get(&r, proc, out);
	ck_assert(!rd_done(&r));
	rd_init(&r, buf, sizeof(buf));
	msg_metrics_get(&r, proc, out);
	ck_assert(!rd_done(&r));
}
END_TEST

/* The first row of a family. */
static const struct metric_rule *
first_of(int i)
{
	int j;

	for (j = 0; strcmp(metric_rules[j].family, metric_rules[i].family) != 0;
	     j++)
		;
	return &metric_rules[j];
}

START_TEST(a_row_is_sound)
{
	const struct metric_rule *m = &metric_rules[_i], *f = first_of(_i);
	size_t len = strlen(m->family), unit = strlen(m->unit);
	int j;

	ck_assert_int_eq(strncmp(m->family, "bgpgg_", 6), 0);
	ck_assert_uint_eq(
	    strspn(m->family, "abcdefghijklmnopqrstuvwxyz_0123456789"), len);
	ck_assert_ptr_null(strstr(m->family, "_total"));
	ck_assert_ptr_null(strstr(m->family, "_info"));
	if (unit > 0)
		ck_assert_str_eq(m->family + len - unit, m->unit);
	ck_assert_uint_eq(m->type, f->type);
	ck_assert_str_eq(m->unit, f->unit);
	ck_assert_uint_eq(m->divisor, f->divisor);
	ck_assert_uint_ge(m->divisor, 1);
	ck_assert_int_ne(f->help[0], '\0');
	for (j = 0; j < _i; j++)
		ck_assert(strcmp(metric_rules[j].family, m->family) != 0 ||
		    strcmp(metric_rules[j].labels, m->labels) != 0);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("msg_metrics");
	TCase *tc = tcase_create("catalogue");
	SRunner *sr;
	int failed;

	tcase_add_loop_test(tc, numbers_go_there_and_back, PROC_BGPD,
	    PROC_APID);
	tcase_add_loop_test(tc, a_row_is_sound, 0, METRIC__MAX);
	suite_add_tcase(s, tc);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
