/* SPDX-License-Identifier: ISC */
/* Turns and budgets of background work. */
#include <check.h>
#include <event2/event.h>

#include "rde/walk.h"

struct job {
	struct walk walk;
	struct walks *walks;
	unsigned int left; /* entries to visit */
	unsigned int slices;
	int id;
	int *trace;
	int *n_trace;
};

static enum walk_result
job_step(struct walk *w, struct walk_budget *b)
{
	struct job *j = (struct job *)w; /* first member */

	j->slices++;
	if (j->trace != NULL)
		j->trace[(*j->n_trace)++] = j->id;
	while (j->left > 0) {
		if (!walk_budget_take(b))
			return WALK_MORE;
		j->left--;
	}
	return WALK_WAIT;
}

START_TEST(budget_ends_after_its_entries)
{
	struct walk_budget b = { 100, 0, { INT64_MAX } };
	int n = 0;

	while (walk_budget_take(&b))
		n++;
	ck_assert_int_eq(n, 100);
	ck_assert(!walk_budget_take(&b));
}
END_TEST

START_TEST(budget_ends_with_its_time)
{
	struct walk_budget b = { 1000000, 0, { 0 } };
	int n = 0;

	while (walk_budget_take(&b))
		n++;
	ck_assert_int_lt(n, 100);
}
END_TEST

START_TEST(walks_take_turns)
{
	struct event_base *base = event_base_new();
	struct job a = { .left = 1000, .id = 1 };
	struct job b = { .left = 10, .id = 2 };
	struct walks ws;
	int trace[64];
	int n = 0;

	event_base_priority_init(base, 3);
	walks_init(&ws, base, 2);
	a.walk.step = b.walk.step = job_step;
	a.walk.queued = b.walk.queued = false;
	a.trace = b.trace = trace;
	a.n_trace = b.n_trace = &n;
	walk_start(&ws, &a.walk);
	walk_start(&ws, &b.walk);
	walk_start(&ws, &b.walk); /* once on the list */
	event_base_dispatch(base); /* ends when nothing is runnable */
	ck_assert_uint_eq(a.left, 0);
	ck_assert_uint_eq(b.left, 0);
	ck_assert_uint_ge(a.slices, 4); /* 1000 entries by 256 */
	ck_assert_uint_eq(b.slices, 1);
	ck_assert_int_eq(trace[0], 1);
	ck_assert_int_eq(trace[1], 2);
	ck_assert_int_eq(trace[2], 1);
	walks_fini(&ws);
	event_base_free(base);
}
END_TEST

START_TEST(stopped_walk_does_not_run)
{
	struct event_base *base = event_base_new();
	struct job a = { .left = 10 };
	struct walks ws;

	event_base_priority_init(base, 3);
	walks_init(&ws, base, 2);
	a.walk.step = job_step;
	walk_start(&ws, &a.walk);
	walk_stop(&ws, &a.walk);
	walk_stop(&ws, &a.walk);
	event_base_dispatch(base);
	ck_assert_uint_eq(a.slices, 0);
	walks_fini(&ws);
	event_base_free(base);
}
END_TEST

START_TEST(share_runs_only_when_due)
{
	struct event_base *base = event_base_new();
	struct job a = { .left = 10 };
	struct walks ws;

	event_base_priority_init(base, 3);
	walks_init(&ws, base, 2);
	a.walk.step = job_step;
	walk_start(&ws, &a.walk);
	ws.last = mono_now();
	ws.last.us += 3600000000; /* far from due */
	walks_share(&ws);
	ck_assert_uint_eq(a.slices, 0);
	ws.last.us = 0;
	walks_share(&ws);
	ck_assert_uint_eq(a.slices, 1);
	walks_fini(&ws);
	event_base_free(base);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("walk");
	TCase *tc = tcase_create("walk");
	SRunner *sr;
	int failed;

	tcase_add_test(tc, budget_ends_after_its_entries);
	tcase_add_test(tc, budget_ends_with_its_time);
	tcase_add_test(tc, walks_take_turns);
	tcase_add_test(tc, stopped_walk_does_not_run);
	tcase_add_test(tc, share_runs_only_when_due);
	suite_add_tcase(s, tc);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? 0 : 1;
}
