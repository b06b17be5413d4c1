/* SPDX-License-Identifier: ISC */
/* doc/cli.md and the command table tell of the same commands. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bgpctl/ctl.h"
#include "common/xmalloc.h"

static char *text;

static void
setup(void)
{
	FILE *f = fopen("doc/cli.md", "r");

	ck_assert_msg(f != NULL, "run it from the top");
	text = xcalloc(1, 1 << 18);
	ck_assert_uint_gt(fread(text, 1, (1 << 18) - 1, f), 0);
	fclose(f);
}

static void
teardown(void)
{
	free(text);
}

/* As its heading has it. */
static char *
title(const struct cmd *c)
{
	return xasprintf("%s%s%s", c->pattern, c->free_value == NULL ? "" : " ",
	    c->free_value == NULL ? "" : c->free_value);
}

/* The section of a command, for the caller to free. */
static char *
section(const struct cmd *c)
{
	char *name = title(c);
	char *head = xasprintf("\n### `%s`\n", name);
	char *at = strstr(text, head), *next;

	ck_assert_msg(at != NULL, "doc/cli.md lacks `%s`", name);
	at = xstrdup(at + 1);
	next = strstr(at, "\n#");
	if (next != NULL)
		*next = '\0';
	free(head);
	free(name);
	return at;
}

static char *
option_row(const struct cmd_opt *o)
{
	return xasprintf("\n| `%s%s%s` |", o->word, o->value == NULL ? "" : " ",
	    o->value == NULL ? "" : o->value);
}

START_TEST(a_command_has_its_section)
{
	const struct cmd *c = &ctl_commands[_i];
	char *s = section(c), *row;
	const struct cmd_opt *o;
	size_t n = 0, rows = 0;
	const char *p;

	for (o = c->opts; o != NULL && o->word != NULL; o++, n++) {
		row = option_row(o);
		ck_assert_msg(strstr(s, row) != NULL, "%s: no row %s",
		    c->pattern, row);
		free(row);
	}
	for (p = s; (p = strstr(p, "\n| `")) != NULL; p++)
		rows++;
	ck_assert_msg(rows == n, "%s: %zu options, %zu rows", c->pattern, n,
	    rows);
	free(s);
}
END_TEST

START_TEST(no_section_without_a_command)
{
	const char *p, *end;
	size_t i, sections = 0;
	char *name;

	for (p = text; (p = strstr(p, "\n### `")) != NULL; p = end) {
		p += strlen("\n### `");
		end = strchr(p, '`');
		ck_assert_ptr_nonnull(end);
		sections++;
		for (i = 0; i < ctl_n_commands; i++) {
			name = title(&ctl_commands[i]);
			if (strlen(name) == (size_t)(end - p) &&
			    memcmp(name, p, strlen(name)) == 0) {
				free(name);
				break;
			}
			free(name);
		}
		ck_assert_msg(i < ctl_n_commands, "there is no `%.*s`",
		    (int)(end - p), p);
	}
	ck_assert_uint_eq(sections, ctl_n_commands);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("cli_doc");
	TCase *tc = tcase_create("table");
	SRunner *sr;
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, a_command_has_its_section, 0,
	    (int)ctl_n_commands);
	tcase_add_test(tc, no_section_without_a_command);
	suite_add_tcase(s, tc);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
