/* SPDX-License-Identifier: ISC */
/* What a line looks like, whatever the text. */
#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/log.h"

static const struct {
	const char *text;
	const char *json;
	const char *plain;
} lines[] = {
	{ "plain", "plain", "plain" },
	{ "say \"\\\"", "say \\\"\\\\\\\"", "say \"\\\"" },
	{ "a\nb\033[2J", "a\\u000ab\\u001b[2J", "a?b?[2J" },
	{ "gr\303\274n \360\237\220\246", "gr\303\274n \360\237\220\246",
	    "gr\303\274n \360\237\220\246" },
	/* characters that are cut, alone, or none */
	{ "gr\303", "gr?", NULL },
	{ "\200 \377", "? ?", NULL },
	{ "\355\240\200", "???", NULL },
};

/* The line that `text` becomes. */
static void
line_of(enum log_format format, const char *text, char *line, size_t size)
{
	FILE *f = tmpfile();
	int saved = dup(STDERR_FILENO);
	size_t n;

	ck_assert_ptr_nonnull(f);
	dup2(fileno(f), STDERR_FILENO);
	log_init("rde", false);
	log_set_format(format);
	log_info("%s", text);
	dup2(saved, STDERR_FILENO);
	close(saved);
	rewind(f);
	n = fread(line, 1, size - 1, f);
	line[n] = '\0';
	fclose(f);
}

START_TEST(json_is_one_object_of_utf8)
{
	char line[4096], end[256];

	line_of(LOG_FORMAT_JSON, lines[_i].text, line, sizeof(line));
	snprintf(end, sizeof(end), ",\"process\":\"rde\",\"message\":\"%s\"}\n",
	    lines[_i].json);
	ck_assert_ptr_nonnull(strstr(line, end));
	ck_assert_uint_eq(strlen(strstr(line, end)), strlen(end));
}
END_TEST

START_TEST(text_is_one_line)
{
	char line[4096], all[256];

	if (lines[_i].plain == NULL)
		return;
	line_of(LOG_FORMAT_TEXT, lines[_i].text, line, sizeof(line));
	snprintf(all, sizeof(all), "rde: %s\n", lines[_i].plain);
	ck_assert_str_eq(line, all);
}
END_TEST

/* A reader that stops costs lines, never time. */
START_TEST(a_full_pipe_does_not_hold_us_up)
{
	enum { LINES = 1000 };
	int saved = dup(STDERR_FILENO), ends[2], i;
	char *all = calloc(1, 1 << 20), want[128];
	ssize_t n;

	ck_assert_int_eq(pipe(ends), 0);
	ck_assert_int_eq(fcntl(ends[0], F_SETFL, O_NONBLOCK), 0);
	dup2(ends[1], STDERR_FILENO);
	log_init("rde", false);
	log_set_format(LOG_FORMAT_TEXT);
	for (i = 0; i < 100 * LINES; i++)
		log_info("line %d", i);
	while ((n = read(ends[0], all, 1 << 20)) > 0)
		;
	for (i = 0; i < LINES; i++)
		log_info("again %d", i);
	dup2(saved, STDERR_FILENO);
	n = read(ends[0], all, (1 << 20) - 1);
	ck_assert_int_gt(n, 0);
	all[n] = '\0';
	/* First how many are missing, then all that came since. */
	ck_assert_int_eq(strncmp(all, "rde: ", 5), 0);
	ck_assert_int_gt(atol(all + 5), 90 * LINES);
	(void)snprintf(want, sizeof(want),
	    " lines were lost: nobody read them\nrde: again 0\nrde: again 1\n");
	ck_assert_ptr_eq(strstr(all, want), strchr(all + 5, ' '));
	ck_assert_ptr_nonnull(strstr(all, "rde: again 999\n"));
	close(saved);
	close(ends[0]);
	close(ends[1]);
	free(all);
}
END_TEST

START_TEST(a_long_line_is_cut_and_still_whole)
{
	char text[8000], line[8000];
	size_t n;

	memset(text, _i == 0 ? 'x' : '"', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	line_of(LOG_FORMAT_JSON, text, line, sizeof(line));
	n = strlen(line);
	ck_assert_uint_gt(n, 1000);
	ck_assert_str_eq(line + n - 3, "\"}\n");
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("log");
	TCase *t = tcase_create("lines");
	SRunner *r;
	int n;

	tcase_add_test(t, a_full_pipe_does_not_hold_us_up);
	tcase_add_loop_test(t, json_is_one_object_of_utf8, 0,
	    (int)nitems(lines));
	tcase_add_loop_test(t, text_is_one_line, 0, (int)nitems(lines));
	tcase_add_loop_test(t, a_long_line_is_cut_and_still_whole, 0, 2);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	n = srunner_ntests_failed(r);
	srunner_free(r);
	return n == 0 ? 0 : 1;
}
