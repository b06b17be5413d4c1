/* SPDX-License-Identifier: ISC */
/* What a line looks like, whatever the text. */
#include <check.h>
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
