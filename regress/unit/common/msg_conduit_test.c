/* SPDX-License-Identifier: ISC */
/* Codecs of conduits: what was put comes back, nothing else is taken. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "common/msg_conduit.h"

START_TEST(open_comes_back)
{
	struct conduit_open in = { addr_ipv4(0xc0000201), 11019 }, out;
	uint8_t buf[64];
	struct wr w;
	struct rd r;
	size_t n, i;

	wr_init(&w, buf, sizeof(buf));
	msg_conduit_open_put(&w, &in);
	n = wr_len(&w);
	rd_init(&r, buf, n);
	msg_conduit_open_get(&r, &out);
	ck_assert(rd_done(&r));
	ck_assert(addr_equal(&in.addr, &out.addr));
	ck_assert_uint_eq(out.port, 11019);
	for (i = 0; i < n; i++) {
		rd_init(&r, buf, i);
		msg_conduit_open_get(&r, &out);
		ck_assert(!rd_ok(&r));
	}
}
END_TEST

START_TEST(open_to_nowhere_is_refused)
{
	const struct conduit_open bad[] = {
		{ addr_ipv4(1), 0 },
		{ { ADDR_NONE, { 0 } }, 1 },
	};
	struct conduit_open out;
	uint8_t buf[64];
	struct wr w;
	struct rd r;

	wr_init(&w, buf, sizeof(buf));
	msg_conduit_open_put(&w, &bad[_i]);
	rd_init(&r, buf, wr_len(&w));
	msg_conduit_open_get(&r, &out);
	ck_assert(!rd_ok(&r));
}
END_TEST

START_TEST(row_comes_back)
{
	struct bmp_row in = { .addr = addr_ipv4(1),
		.port = 2,
		.up = true,
		.secs = 3,
		.error = 4,
		.connections = 5,
		.messages = 6,
		.bytes = 7,
		.queued = 8,
		.pending = 9,
		.resyncs = 10,
		.dropped = 11,
		.dumping = true,
		.statistics_secs = 12,
		.feeds = 13,
		.buffer_bytes = 14 };
	struct bmp_row out;
	uint8_t buf[256];
	struct wr w;
	struct rd r;
	size_t n, i;

	wr_init(&w, buf, sizeof(buf));
	msg_bmp_row_put(&w, &in);
	n = wr_len(&w);
	rd_init(&r, buf, n);
	msg_bmp_row_get(&r, &out);
	ck_assert(rd_done(&r));
	ck_assert(addr_equal(&in.addr, &out.addr));
	ck_assert(out.up && out.dumping);
	ck_assert_uint_eq(out.port, 2);
	ck_assert_uint_eq(out.secs, 3);
	ck_assert_uint_eq(out.error, 4);
	ck_assert_uint_eq(out.connections, 5);
	ck_assert_uint_eq(out.messages, 6);
	ck_assert_uint_eq(out.bytes, 7);
	ck_assert_uint_eq(out.queued, 8);
	ck_assert_uint_eq(out.pending, 9);
	ck_assert_uint_eq(out.resyncs, 10);
	ck_assert_uint_eq(out.dropped, 11);
	ck_assert_uint_eq(out.statistics_secs, 12);
	ck_assert_uint_eq(out.feeds, 13);
	ck_assert_uint_eq(out.buffer_bytes, 14);
	for (i = 0; i < n; i++) {
		rd_init(&r, buf, i);
		msg_bmp_row_get(&r, &out);
		ck_assert(!rd_ok(&r));
	}
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("msg_conduit");
	TCase *tc = tcase_create("codec");
	SRunner *sr;
	int failed;

	tcase_add_test(tc, open_comes_back);
	tcase_add_loop_test(tc, open_to_nowhere_is_refused, 0, 2);
	tcase_add_test(tc, row_comes_back);
	suite_add_tcase(s, tc);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? 0 : 1;
}
