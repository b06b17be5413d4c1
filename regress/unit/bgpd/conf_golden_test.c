/* SPDX-License-Identifier: ISC */
/*
 * Each regress/golden/conf/NAME.yaml yields exactly the messages of NAME.ok,
 * a line each, without the file's name; an empty NAME.ok means a good file.
 */
#include <check.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bgpd/conf_check.h"
#include "common/hash.h"
#include "common/xmalloc.h"

static glob_t files;

static char *
slurp(const char *path, size_t *len)
{
	FILE *f = fopen(path, "r");
	char *text = xcalloc(1, 1 << 20);

	ck_assert_msg(f != NULL, "%s", path);
	*len = fread(text, 1, (1 << 20) - 1, f);
	fclose(f);
	return text;
}

static char *
messages(const struct diags *d)
{
	char *all = xcalloc(1, 1 << 20), *line;
	size_t i;

	for (i = 0; i < d->n; i++) {
		line = diag_format(&d->list[i], "");
		strcat(all, line + 1); /* after the colon */
		strcat(all, "\n");
		free(line);
	}
	return all;
}

START_TEST(file_yields_its_messages)
{
	const char *path = files.gl_pathv[_i];
	char *ok = xasprintf("%.*s.ok", (int)strlen(path) - 5, path);
	char *text, *expected, *found;
	struct diags d;
	struct conf *c;
	size_t len, ok_len;

	diags_init(&d);
	text = slurp(path, &len);
	expected = slurp(ok, &ok_len);
	c = conf_parse(text, len, &d, NULL);
	found = messages(&d);
	ck_assert_msg(strcmp(found, expected) == 0,
	    "%s\n--- found\n%s--- expected\n%s", path, found, expected);
	ck_assert_int_eq(c != NULL, d.errors == 0);
	conf_free(c);
	diags_fini(&d);
	free(found);
	free(expected);
	free(text);
	free(ok);
}
END_TEST

/* Any cut of any file: no crash, no leak, and never both model and errors. */
START_TEST(file_cut_anywhere_is_survived)
{
	struct diags d;
	struct conf *c;
	char *text;
	size_t len, cut;

	text = slurp(files.gl_pathv[_i], &len);
	for (cut = 0; cut < len; cut++) {
		diags_init(&d);
		c = conf_parse(text, cut, &d, NULL);
		ck_assert_int_eq(c != NULL, d.errors == 0);
		conf_free(c);
		diags_fini(&d);
	}
	free(text);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("conf_golden");
	TCase *t = tcase_create("files");
	SRunner *r;
	int n;

	hash_init();
	if (glob("regress/golden/conf/*.yaml", 0, NULL, &files) != 0) {
		fprintf(stderr, "conf_golden: run it from the top\n");
		return 1;
	}
	tcase_set_timeout(t, 120);
	tcase_add_loop_test(t, file_yields_its_messages, 0,
	    (int)files.gl_pathc);
	tcase_add_loop_test(t, file_cut_anywhere_is_survived, 0,
	    (int)files.gl_pathc);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	n = srunner_ntests_failed(r);
	srunner_free(r);
	globfree(&files);
	return n == 0 ? 0 : 1;
}
