/* SPDX-License-Identifier: ISC */
/*
 * Codecs of listings and injections: what was put comes back, numbers out
 * of range are refused, and no cut or changed byte makes a reader go
 * outside.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "common/msg_query.h"

static struct nlri
nlri_of(const char *text)
{
	struct nlri n;
	struct err e;

	ck_assert_int_eq(nlri_parse(text, &n, &e), 0);
	return n;
}

static struct query_open
open_full(void)
{
	struct query_open q;

	memset(&q, 0, sizeof(q));
	q.table = QUERY_ADJ_IN;
	ck_assert_int_eq(addr_parse("2001:db8::1", &q.peer), 0);
	q.families = FAMILY_ALL;
	q.best_only = true;
	q.match = QUERY_MATCH_LONGER;
	q.nlri = nlri_of("2001:db8::/32");
	q.has_community = true;
	q.community = 0xfde90064;
	q.has_origin_as = true;
	q.origin_as = 4200000000u;
	return q;
}

/* Decode as `get` does at every length and with every bit changed, in heap
 * memory of exactly that size. */
static void
torture(const uint8_t *msg, size_t len, void (*get)(struct rd *))
{
	uint8_t *copy;
	struct rd r;
	size_t n;
	int bit;

	for (n = 0; n < len; n++) {
		copy = malloc(n + 1);
		memcpy(copy, msg, n);
		copy = realloc(copy, n > 0 ? n : 1);
		rd_init(&r, copy, n);
		get(&r);
		ck_assert_msg(!rd_ok(&r), "cut at %zu of %zu", n, len);
		free(copy);
	}
	for (n = 0; n < len; n++) {
		for (bit = 0; bit < 8; bit++) {
			copy = malloc(len);
			memcpy(copy, msg, len);
			copy[n] ^= (uint8_t)(1 << bit);
			rd_init(&r, copy, len);
			get(&r);
			free(copy);
		}
	}
}

static void
get_open(struct rd *r)
{
	struct query_open q;

	msg_query_open_get(r, &q);
}

START_TEST(query_open_comes_back)
{
	struct query_open in = open_full();
	struct query_open out;
	uint8_t buf[256];
	struct wr w;
	struct rd r;

	wr_init(&w, buf, sizeof(buf));
	msg_query_open_put(&w, &in);
	ck_assert(wr_ok(&w));
	rd_init(&r, buf, wr_len(&w));
	msg_query_open_get(&r, &out);
	ck_assert(rd_done(&r));
	ck_assert_uint_eq(out.table, in.table);
	ck_assert(addr_equal(&out.peer, &in.peer));
	ck_assert_uint_eq(out.families, in.families);
	ck_assert(out.best_only);
	ck_assert_uint_eq(out.match, in.match);
	ck_assert_int_eq(nlri_cmp(&out.nlri, &in.nlri), 0);
	ck_assert_uint_eq(out.community, in.community);
	ck_assert_uint_eq(out.origin_as, in.origin_as);
	torture(buf, wr_len(&w), get_open);
}
END_TEST

START_TEST(query_open_without_filters_comes_back)
{
	struct query_open in;
	struct query_open out;
	uint8_t buf[256];
	struct wr w;
	struct rd r;

	memset(&in, 0, sizeof(in));
	in.table = QUERY_GLOBAL;
	in.families = FAMILY_BIT(FAMILY_IPV4_UNICAST);
	wr_init(&w, buf, sizeof(buf));
	msg_query_open_put(&w, &in);
	rd_init(&r, buf, wr_len(&w));
	msg_query_open_get(&r, &out);
	ck_assert(rd_done(&r));
	ck_assert_uint_eq(out.match, QUERY_MATCH_ALL);
	ck_assert(!out.has_community);
	ck_assert(!out.has_origin_as);
	torture(buf, wr_len(&w), get_open);
}
END_TEST

START_TEST(query_open_out_of_range_is_refused)
{
	struct query_open q = open_full();
	uint8_t buf[256];
	struct wr w;
	struct rd r;

	switch (_i) {
	case 0:
		q.table = QUERY_ADJ_OUT + 1;
		break;
	case 1:
		q.families = FAMILY_ALL + 1;
		break;
	case 2:
		q.match = QUERY_MATCH_COVERING + 1;
		break;
	case 3: /* a table of one peer without the peer */
		memset(&q.peer, 0, sizeof(q.peer));
		break;
	case 4: /* the other way round */
		q.table = QUERY_GLOBAL;
		break;
	}
	wr_init(&w, buf, sizeof(buf));
	msg_query_open_put(&w, &q);
	rd_init(&r, buf, wr_len(&w));
	msg_query_open_get(&r, &q);
	ck_assert(!rd_ok(&r));
}
END_TEST

static void
get_row(struct rd *r)
{
	struct nlri nlri;
	struct query_path p;
	uint16_t n;

	msg_query_row_get(r, &nlri, &n);
	while (n-- > 0 && rd_ok(r))
		msg_query_path_get(r, &p);
}

START_TEST(rows_come_back)
{
	const uint8_t attrs[] = { 0x40, 1, 1, 0 };
	struct nlri nlri = nlri_of("192.0.2.0/24");
	struct query_path in = { addr_ipv4(0x7f000001), 64500, 9,
		QUERY_PATH_BEST | QUERY_PATH_STALE, 77, attrs, sizeof(attrs),
		NULL, 0 };
	struct query_path out;
	struct nlri got;
	uint8_t buf[512];
	struct wr w;
	struct rd r;
	size_t at;
	uint16_t n;
	int i;

	wr_init(&w, buf, sizeof(buf));
	at = msg_query_row_begin(&w, &nlri);
	for (i = 0; i < 2; i++)
		msg_query_path_put(&w, &in);
	msg_query_row_end(&w, at, 2);
	ck_assert(wr_ok(&w));
	rd_init(&r, buf, wr_len(&w));
	msg_query_row_get(&r, &got, &n);
	ck_assert_uint_eq(n, 2);
	ck_assert_int_eq(nlri_cmp(&got, &nlri), 0);
	for (i = 0; i < 2; i++) {
		msg_query_path_get(&r, &out);
		ck_assert(addr_equal(&out.peer, &in.peer));
		ck_assert_uint_eq(out.remote_as, 64500);
		ck_assert_uint_eq(out.path_id, 9);
		ck_assert_uint_eq(out.flags, in.flags);
		ck_assert_uint_eq(out.age_secs, 77);
		ck_assert_uint_eq(out.attrs_len, sizeof(attrs));
		ck_assert_mem_eq(out.attrs, attrs, sizeof(attrs));
	}
	ck_assert(rd_done(&r));
	torture(buf, wr_len(&w), get_row);
}
END_TEST

START_TEST(row_without_paths_is_refused)
{
	struct nlri nlri = nlri_of("192.0.2.0/24");
	uint8_t buf[32];
	struct wr w;
	struct rd r;
	uint16_t n;

	wr_init(&w, buf, sizeof(buf));
	msg_query_row_end(&w, msg_query_row_begin(&w, &nlri), 0);
	rd_init(&r, buf, wr_len(&w));
	msg_query_row_get(&r, &nlri, &n);
	ck_assert(!rd_ok(&r));
}
END_TEST

static void
get_inject(struct rd *r)
{
	struct inject i;

	msg_inject_get(r, &i);
}

START_TEST(injections_come_back)
{
	const uint8_t attrs[] = { 0x40, 1, 1, 0, 0x40, 2, 0 };
	struct inject in[2] = {
		{ INJECT_ADD, nlri_of("198.51.100.0/24"), attrs,
		    sizeof(attrs) },
		{ INJECT_REMOVE, nlri_of("::/0"), NULL, 0 },
	};
	struct inject out;
	uint8_t buf[128];
	struct wr w;
	struct rd r;
	int i;

	for (i = 0; i < 2; i++) {
		wr_init(&w, buf, sizeof(buf));
		msg_inject_put(&w, &in[i]);
		ck_assert(wr_ok(&w));
		rd_init(&r, buf, wr_len(&w));
		msg_inject_get(&r, &out);
		ck_assert(rd_done(&r));
		ck_assert_uint_eq(out.op, in[i].op);
		ck_assert_int_eq(nlri_cmp(&out.nlri, &in[i].nlri), 0);
		ck_assert_uint_eq(out.attrs_len, in[i].attrs_len);
		if (out.attrs_len > 0)
			ck_assert_mem_eq(out.attrs, attrs, sizeof(attrs));
		torture(buf, wr_len(&w), get_inject);
	}
}
END_TEST

static void
get_result(struct rd *r)
{
	struct err e;

	msg_inject_result_get(r, &e);
}

START_TEST(results_come_back_and_are_cut)
{
	struct err in;
	struct err out;
	uint8_t buf[600];
	struct wr w;
	struct rd r;

	(void)err_set(&in, ERR_INVALID, "next hop %s is bad", "x");
	wr_init(&w, buf, sizeof(buf));
	msg_inject_result_put(&w, &in, sizeof(in.text));
	rd_init(&r, buf, wr_len(&w));
	msg_inject_result_get(&r, &out);
	ck_assert(rd_done(&r));
	ck_assert_int_eq(out.code, ERR_INVALID);
	ck_assert_str_eq(out.text, in.text);
	torture(buf, wr_len(&w), get_result);

	wr_reset(&w);
	msg_inject_result_put(&w, &in, 4);
	rd_init(&r, buf, wr_len(&w));
	msg_inject_result_get(&r, &out);
	ck_assert(rd_done(&r));
	ck_assert_str_eq(out.text, "next");

	err_clear(&in);
	wr_reset(&w);
	msg_inject_result_put(&w, &in, 0);
	ck_assert_uint_eq(wr_len(&w), 1);
	rd_init(&r, buf, wr_len(&w));
	msg_inject_result_get(&r, &out);
	ck_assert(rd_done(&r));
	ck_assert_int_eq(out.code, ERR_OK);
}
END_TEST

START_TEST(rib_info_comes_back)
{
	struct rib_info in;
	struct rib_info out;
	uint8_t buf[128];
	struct wr w;
	struct rd r;
	int f;

	in.prefixes = 1u << 20;
	for (f = 0; f < FAMILY__MAX; f++) {
		in.families[f].prefixes = (uint64_t)f + 1;
		in.families[f].paths = (uint64_t)f + 100;
	}
	wr_init(&w, buf, sizeof(buf));
	msg_rib_info_put(&w, &in);
	ck_assert(wr_ok(&w));
	rd_init(&r, buf, wr_len(&w));
	msg_rib_info_get(&r, &out);
	ck_assert(rd_done(&r));
	ck_assert_uint_eq(out.prefixes, in.prefixes);
	for (f = 0; f < FAMILY__MAX; f++) {
		ck_assert_uint_eq(out.families[f].prefixes,
		    in.families[f].prefixes);
		ck_assert_uint_eq(out.families[f].paths, in.families[f].paths);
	}
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("msg_query");
	TCase *tc = tcase_create("codec");
	SRunner *sr;
	int failed;

	tcase_add_test(tc, query_open_comes_back);
	tcase_add_test(tc, query_open_without_filters_comes_back);
	tcase_add_loop_test(tc, query_open_out_of_range_is_refused, 0, 5);
	tcase_add_test(tc, rows_come_back);
	tcase_add_test(tc, row_without_paths_is_refused);
	tcase_add_test(tc, injections_come_back);
	tcase_add_test(tc, results_come_back_and_are_cut);
	tcase_add_test(tc, rib_info_comes_back);
	suite_add_tcase(s, tc);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? 0 : 1;
}
