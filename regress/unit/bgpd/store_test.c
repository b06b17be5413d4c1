/* SPDX-License-Identifier: ISC */
/* The file is the old one or the new one, and its versions are in order. */
#include <sys/stat.h>

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bgpd/store.h"
#include "common/xmalloc.h"

static char dir[] = "/tmp/bgpgg-store-XXXXXX";
static char *path;

static char *
in_dir(const char *name)
{
	return xasprintf("%s/%s", dir, name);
}

static void
put(const char *where, const char *text, mode_t mode)
{
	FILE *f = fopen(where, "w");

	ck_assert_ptr_nonnull(f);
	fputs(text, f);
	fclose(f);
	ck_assert_int_eq(chmod(where, mode), 0);
}

static void
expect(const char *where, const char *text)
{
	struct wr w;
	struct err e;

	wr_init_grow(&w, 4096);
	if (text == NULL) {
		ck_assert_int_eq(store_read(where, &w, &e), -1);
	} else {
		ck_assert_msg(store_read(where, &w, &e) == 0, "%s", e.text);
		ck_assert_uint_eq(wr_len(&w), strlen(text));
		ck_assert_mem_eq(w.base, text, strlen(text));
	}
	wr_free(&w);
}

static void
expect_version(unsigned int n, const char *text)
{
	char *where = xasprintf("%s.%u", path, n);

	expect(where, text);
	free(where);
}

static struct store *
prepare(const char *text, struct err *e)
{
	return store_prepare(path, NULL, (const uint8_t *)text, strlen(text),
	    e);
}

static void
begin(void)
{
	strcpy(dir + strlen(dir) - 6, "XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	path = in_dir("conf");
}

static void
end(void)
{
	char *command = xasprintf("rm -rf %s", dir);

	ck_assert_int_eq(system(command), 0);
	free(command);
	free(path);
}

START_TEST(new_text_takes_the_place_of_the_old)
{
	struct conf_version v[CONF_VERSIONS_MAX];
	char text[20];
	struct store *s;
	struct stat st;
	struct err e;
	int i;

	begin();
	put(path, "0", 0640);
	ck_assert_uint_eq(store_versions(path, NULL, v), 0);
	for (i = 1; i <= 13; i++) {
		snprintf(text, sizeof(text), "%d", i);
		s = prepare(text, &e);
		ck_assert_ptr_nonnull(s);
		/* Until then it is the old one. */
		snprintf(text, sizeof(text), "%d", i - 1);
		expect(path, text);
		ck_assert_int_eq(store_commit(s, &e), 0);
	}
	expect(path, "13");
	expect_version(1, "12");
	expect_version(10, "3");
	expect_version(11, NULL);
	ck_assert_uint_eq(store_versions(path, NULL, v), 10);
	ck_assert_uint_eq(v[0].index, 1);
	ck_assert_uint_eq(v[0].size, 2);
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_uint_eq(st.st_mode & 0777, 0640);
	end();
}
END_TEST

START_TEST(what_is_given_up_leaves_nothing)
{
	struct store *s;
	struct err e;
	char *left;

	begin();
	put(path, "old", 0644);
	s = prepare("new", &e);
	ck_assert_ptr_nonnull(s);
	store_abort(s);
	expect(path, "old");
	expect_version(1, NULL);
	left = in_dir("conf.new");
	expect(left, NULL);
	free(left);
	left = in_dir("conf.old");
	expect(left, NULL);
	free(left);
	end();
}
END_TEST

START_TEST(symbolic_link_stays_one)
{
	char *real, *was;
	struct store *s;
	struct stat st;
	struct err e;

	begin();
	real = in_dir("real");
	put(real, "old", 0644);
	ck_assert_int_eq(symlink("real", path), 0);
	s = prepare("new", &e);
	ck_assert_ptr_nonnull(s);
	ck_assert_int_eq(store_commit(s, &e), 0);
	ck_assert_int_eq(lstat(path, &st), 0);
	ck_assert(S_ISLNK(st.st_mode));
	expect(real, "new");
	was = in_dir("real.1");
	expect(was, "old");
	free(was);
	free(real);
	end();
}
END_TEST

START_TEST(planted_links_are_not_followed)
{
	char *victim, *fresh;
	struct store *s;
	struct err e;

	begin();
	victim = in_dir("victim");
	put(victim, "mine", 0644);
	put(path, "old", 0644);
	fresh = in_dir("conf.new");
	ck_assert_int_eq(symlink("victim", fresh), 0);
	s = prepare("new", &e);
	ck_assert_ptr_nonnull(s);
	ck_assert_int_eq(store_commit(s, &e), 0);
	expect(victim, "mine");
	expect(path, "new");
	free(fresh);
	free(victim);
	end();
}
END_TEST

START_TEST(what_cannot_be_written_is_refused_beforehand)
{
	struct err e;

	begin();
	ck_assert_int_eq(mkdir(path, 0755), 0);
	ck_assert_ptr_null(prepare("new", &e));
	ck_assert_int_eq(e.code, ERR_PRECONDITION);
	ck_assert_int_eq(rmdir(path), 0);
	put(path, "old", 0644);
	ck_assert_ptr_null(store_prepare(path, "/nonexistent/there",
	    (const uint8_t *)"new", 3, &e));
	expect(path, "old");
	/* A file that is not there has no version, but can be made. */
	ck_assert_int_eq(unlink(path), 0);
	ck_assert_int_eq(store_commit(prepare("new", &e), &e), 0);
	expect(path, "new");
	expect_version(1, NULL);
	end();
}
END_TEST

START_TEST(versions_are_numbers_from_one_to_ten)
{
	struct wr w;
	struct err e;

	begin();
	put(path, "x", 0644);
	wr_init_grow(&w, 4096);
	ck_assert_int_eq(store_read_version(path, NULL, 0, &w, &e), -1);
	ck_assert_int_eq(e.code, ERR_INVALID);
	ck_assert_int_eq(store_read_version(path, NULL, 11, &w, &e), -1);
	ck_assert_int_eq(e.code, ERR_INVALID);
	ck_assert_int_eq(store_read_version(path, NULL, 1, &w, &e), -1);
	ck_assert_int_eq(e.code, ERR_NOT_FOUND);
	wr_free(&w);
	end();
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("store");
	TCase *t = tcase_create("store");
	SRunner *r;
	int failed;

	tcase_add_test(t, new_text_takes_the_place_of_the_old);
	tcase_add_test(t, what_is_given_up_leaves_nothing);
	tcase_add_test(t, symbolic_link_stays_one);
	tcase_add_test(t, planted_links_are_not_followed);
	tcase_add_test(t, what_cannot_be_written_is_refused_beforehand);
	tcase_add_test(t, versions_are_numbers_from_one_to_ten);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
