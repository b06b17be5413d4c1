/* SPDX-License-Identifier: ISC */
/* The way from the file through the parser process and back. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bgpd/loader.h"
#include "common/hash.h"
#include "common/xmalloc.h"

#define HEAD "asn: 65001\nrouter_id: 10.0.0.1\n"

static const struct sandbox box; /* as an ordinary user has it */

static char *
file_with(const char *text)
{
	char *path = xstrdup("/tmp/bgpgg-loader-XXXXXX");
	int fd = mkstemp(path);

	ck_assert_int_ne(fd, -1);
	ck_assert_int_eq(write(fd, text, strlen(text)), (int)strlen(text));
	close(fd);
	return path;
}

static void
load(const char *text, struct loaded *l)
{
	char *path = file_with(text);

	loader_run(path, &box, l);
	unlink(path);
	free(path);
}

START_TEST(good_file_comes_back_whole)
{
	struct loaded l;

	load(HEAD "peers: [{address: 192.0.2.1, rr_client: true}]\n"
		  "networks: [10.0.0.0/8]\nlisten_addr: [127.0.0.1:0]\n",
	    &l);
	ck_assert_ptr_nonnull(l.conf);
	ck_assert_uint_eq(l.conf->asn, 65001);
	ck_assert_uint_eq(l.conf->n_peers, 1);
	ck_assert_uint_eq(l.conf->n_networks, 1);
	ck_assert_uint_eq(l.conf->n_listen, 1);
	ck_assert_uint_eq(l.conf->n_grpc_listen, 1);
	ck_assert_uint_eq(l.diags.n, 1);
	ck_assert(l.diags.list[0].warning);
	ck_assert_uint_eq(l.diags.list[0].line, 3);
	ck_assert_uint_eq(l.fixed_at[CONF_FIXED_ASN].line, 1);
	ck_assert_uint_eq(l.fixed_at[CONF_FIXED_ROUTER_ID].column, 12);
	ck_assert_uint_eq(l.fixed_at[CONF_FIXED_USER].line, 0);
	loaded_fini(&l);
}
END_TEST

START_TEST(bad_file_comes_back_with_all_errors)
{
	struct loaded l;

	load("asn: 0\nrouter_id: x\nfoo: 1\n", &l);
	ck_assert_ptr_null(l.conf);
	ck_assert_uint_eq(l.diags.errors, 3);
	loaded_fini(&l);
}
END_TEST

START_TEST(file_that_is_not_there_is_an_error)
{
	struct loaded l;
	char *line;

	loader_run("/nonexistent/bgpd.yaml", &box, &l);
	ck_assert_ptr_null(l.conf);
	ck_assert_uint_eq(l.diags.errors, 1);
	line = diag_format(&l.diags.list[0], "F");
	ck_assert_str_eq(line, "F:1:1: cannot open: No such file or directory");
	free(line);
	loaded_fini(&l);
	loader_run("/", &box, &l);
	ck_assert_ptr_null(l.conf);
	ck_assert_uint_eq(l.diags.errors, 1);
	loaded_fini(&l);
}
END_TEST

START_TEST(large_file_is_loaded)
{
	struct wr w;
	struct loaded l;
	char line[64];
	int i;

	wr_init_grow(&w, 1 << 24);
	wr_copy(&w, HEAD "peers:\n", strlen(HEAD "peers:\n"));
	for (i = 0; i < 20000; i++) {
		snprintf(line, sizeof(line), " - {address: 10.%d.%d.%d}\n",
		    i % 7, i / 250, i % 250 + 1);
		wr_copy(&w, line, strlen(line));
	}
	wr_n8(&w, 0);
	load((const char *)w.base, &l);
	wr_free(&w);
	ck_assert_ptr_nonnull(l.conf);
	ck_assert_uint_eq(l.conf->n_peers, 20000);
	loaded_fini(&l);
}
END_TEST

START_TEST(cut_stream_is_refused)
{
	struct loaded l, back;
	struct wr w;
	size_t n;

	load(HEAD "peers: [{address: 192.0.2.1, rr_client: true}]\n", &l);
	ck_assert_ptr_nonnull(l.conf);
	wr_init_grow(&w, 1 << 20);
	loaded_put(&w, &l);
	ck_assert_int_eq(loaded_get(w.base, wr_len(&w), &back), 0);
	loaded_fini(&back);
	for (n = 0; n < wr_len(&w); n++)
		ck_assert_int_eq(loaded_get(w.base, n, &back), -1);
	wr_n8(&w, 0);
	ck_assert_int_eq(loaded_get(w.base, wr_len(&w), &back), -1);
	wr_free(&w);
	loaded_fini(&l);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("loader");
	TCase *t = tcase_create("loader");
	SRunner *r;
	int n;

	hash_init();
	tcase_set_timeout(t, 60);
	tcase_add_test(t, good_file_comes_back_whole);
	tcase_add_test(t, bad_file_comes_back_with_all_errors);
	tcase_add_test(t, file_that_is_not_there_is_an_error);
	tcase_add_test(t, large_file_is_loaded);
	tcase_add_test(t, cut_stream_is_refused);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	n = srunner_ntests_failed(r);
	srunner_free(r);
	return n == 0 ? 0 : 1;
}
