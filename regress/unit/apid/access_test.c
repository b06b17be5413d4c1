/* SPDX-License-Identifier: ISC */
/* Who may do what at a listener. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "apid/access.h"
#include "common/xmalloc.h"

#define FIRST "0123456789abcdef"
#define SECOND "fedcba9876543210fedcba"

static struct access *access;

static void
teardown(void)
{
	access_free(access);
	access = NULL;
}

/* What a token file with this text allows. */
static void
with_tokens(const char *text, bool read_only)
{
	struct conf_access conf;

	memset(&conf, 0, sizeof(conf));
	conf.read_only = read_only;
	conf.tokens.path = xstrdup("/a/file");
	conf.tokens.text = xstrdup(text);
	conf.tokens.len = strlen(text);
	access = access_new(&conf);
	/* It keeps nothing of what it was given. */
	memset(conf.tokens.text, 'x', conf.tokens.len);
	free(conf.tokens.text);
	free(conf.tokens.path);
}

/* The code of the answer to a header (NULL: none). */
static enum err_code
ask(bool changes, const char *header)
{
	struct err e;
	/* Of exactly this length, so that a step beyond it is seen. */
	size_t len = header == NULL ? 0 : strlen(header);
	char *exact = len == 0 ? NULL : xmemdup(header, len);
	int rc;

	err_clear(&e);
	rc = access_allows(access, changes, exact, len, &e);
	free(exact);
	ck_assert_int_eq(rc, e.code == ERR_OK ? 0 : -1);
	/* What it says must not help to guess. */
	ck_assert_ptr_null(strstr(e.text, FIRST));
	return e.code;
}

START_TEST(without_conf_everything_is_allowed)
{
	access = access_new(NULL);
	ck_assert_int_eq(ask(false, NULL), ERR_OK);
	ck_assert_int_eq(ask(true, NULL), ERR_OK);
	ck_assert_int_eq(ask(true, "Bearer whatever"), ERR_OK);
}
END_TEST

START_TEST(read_only_refuses_changes_alone)
{
	struct conf_access conf;

	memset(&conf, 0, sizeof(conf));
	conf.read_only = true;
	access = access_new(&conf);
	ck_assert_int_eq(ask(false, NULL), ERR_OK);
	ck_assert_int_eq(ask(true, NULL), ERR_PERMISSION);
	ck_assert_int_eq(ask(true, "Bearer " FIRST), ERR_PERMISSION);
}
END_TEST

/* The first token in every form of a file. */
static const char *const files[] = {
	FIRST,
	FIRST "\n",
	FIRST "\r\n",
	"# comment\n\n" FIRST,
	"\r\n" FIRST "\n#",
	SECOND "\n" FIRST "\n",
	"#" SECOND "\n" FIRST,
};

START_TEST(token_is_found_in_file)
{
	with_tokens(files[_i], false);
	ck_assert_int_eq(ask(false, "Bearer " FIRST), ERR_OK);
	ck_assert_int_eq(ask(true, "Bearer " FIRST), ERR_OK);
	ck_assert_int_eq(ask(true, NULL), ERR_UNAUTHENTICATED);
}
END_TEST

static const struct {
	const char *header;
	bool good;
} headers[] = {
	{ "Bearer " FIRST, true },
	{ "bearer " FIRST, true },
	{ "BEARER " SECOND, true },
	{ "Bearer " SECOND, true },
	{ "", false },
	{ "B", false },
	{ "Bearer", false },
	{ "Bearer ", false },
	{ "Bearer  " FIRST, false },
	{ "Bearer " FIRST " ", false },
	{ "Bearer " FIRST "\n", false },
	{ "Bearer " FIRST "0", false },
	{ "Bearer 0123456789abcde", false },
	{ "Bearer 0123456789abcdee", false },
	{ "Bearer x123456789abcdef", false },
	{ "Bearer 0123456789ABCDEF", false },
	{ "Bearer " FIRST SECOND, false },
	{ "Bearer " FIRST "\n" SECOND, false },
	{ "Bearer # comment", false },
	{ "Bearer\t" FIRST, false },
	{ "Basic " FIRST, false },
	{ FIRST, false },
};

START_TEST(header_is_judged)
{
	with_tokens("# comment\n" FIRST "\n" SECOND "\n", false);
	ck_assert_msg(ask(false, headers[_i].header) ==
		(headers[_i].good ? ERR_OK : ERR_UNAUTHENTICATED),
	    "\"%s\"", headers[_i].header);
}
END_TEST

START_TEST(token_comes_before_rights)
{
	with_tokens(FIRST, true);
	ck_assert_int_eq(ask(true, NULL), ERR_UNAUTHENTICATED);
	ck_assert_int_eq(ask(true, "Bearer " SECOND), ERR_UNAUTHENTICATED);
	ck_assert_int_eq(ask(true, "Bearer " FIRST), ERR_PERMISSION);
	ck_assert_int_eq(ask(false, "Bearer " FIRST), ERR_OK);
}
END_TEST

START_TEST(file_without_token_lets_nobody_in)
{
	struct conf_access conf;
	char path[] = "/a/file";

	with_tokens("# none\n\n", false);
	ck_assert_int_eq(ask(false, "Bearer " FIRST), ERR_UNAUTHENTICATED);
	ck_assert_int_eq(ask(false, "Bearer "), ERR_UNAUTHENTICATED);
	access_free(access);
	/* Nor one whose contents are not there. */
	memset(&conf, 0, sizeof(conf));
	conf.tokens.path = path;
	access = access_new(&conf);
	ck_assert_int_eq(ask(false, "Bearer " FIRST), ERR_UNAUTHENTICATED);
	ck_assert_int_eq(ask(false, NULL), ERR_UNAUTHENTICATED);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("access");
	TCase *t = tcase_create("access");
	SRunner *r;
	int n;

	tcase_add_checked_fixture(t, NULL, teardown);
	tcase_add_test(t, without_conf_everything_is_allowed);
	tcase_add_test(t, read_only_refuses_changes_alone);
	tcase_add_loop_test(t, token_is_found_in_file, 0, nitems(files));
	tcase_add_loop_test(t, header_is_judged, 0, nitems(headers));
	tcase_add_test(t, token_comes_before_rights);
	tcase_add_test(t, file_without_token_lets_nobody_in);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	n = srunner_ntests_failed(r);
	srunner_free(r);
	return n != 0;
}
