/* SPDX-License-Identifier: ISC */
/*
 * Codecs of the data path: what was put comes back, and no cut or changed
 * byte makes a reader go outside.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "common/bgp.h"
#include "common/msg_route.h"

enum { BITMAP = 3, UPDATE_A = 23, UPDATE_B = 40 };

static size_t
tx_build(uint8_t *buf, size_t size)
{
	const uint8_t bitmap[BITMAP] = { 0x02, 0x00, 0x80 };
	struct wr w;
	size_t lens[2] = { UPDATE_A, UPDATE_B };
	int i;

	wr_init(&w, buf, size);
	msg_tx_head_put(&w, bitmap, sizeof(bitmap), 2);
	for (i = 0; i < 2; i++) {
		wr_zero(&w, BGP_MARKER_LEN);
		wr_n16(&w, (uint16_t)lens[i]);
		wr_n8(&w, BGP_UPDATE);
		wr_zero(&w, lens[i] - BGP_HEADER_LEN);
	}
	ck_assert(wr_ok(&w));
	return wr_len(&w);
}

START_TEST(credits_come_back)
{
	struct credit in = { 7, 0x01020304, 4711 };
	struct credit out;
	uint8_t buf[12];
	struct wr w;
	struct rd r;
	size_t n;

	wr_init(&w, buf, sizeof(buf));
	msg_credit_put(&w, &in);
	ck_assert(wr_ok(&w));
	ck_assert_uint_eq(wr_len(&w), 12);
	rd_init(&r, buf, sizeof(buf));
	msg_credit_get(&r, &out);
	ck_assert(rd_done(&r));
	ck_assert_uint_eq(out.peer, in.peer);
	ck_assert_uint_eq(out.epoch, in.epoch);
	ck_assert_uint_eq(out.bytes, in.bytes);
	for (n = 0; n < sizeof(buf); n++) {
		rd_init(&r, buf, n);
		msg_credit_get(&r, &out);
		ck_assert(!rd_ok(&r));
	}
}
END_TEST

START_TEST(credit_of_no_peer_is_refused)
{
	const uint32_t bad[] = { 0, PEER_ID_MAX + 1, UINT32_MAX };
	struct credit c = { 0, 1, 1 };
	uint8_t buf[12];
	struct wr w;
	struct rd r;

	c.peer = bad[_i];
	wr_init(&w, buf, sizeof(buf));
	msg_credit_put(&w, &c);
	rd_init(&r, buf, sizeof(buf));
	msg_credit_get(&r, &c);
	ck_assert(!rd_ok(&r));
}
END_TEST

START_TEST(tx_comes_back)
{
	uint8_t buf[256];
	struct tx t;
	size_t len;

	len = tx_build(buf, sizeof(buf));
	ck_assert_int_eq(msg_tx_get(buf, len, &t), 0);
	ck_assert_uint_eq(t.bitmap_len, BITMAP);
	ck_assert_uint_eq(t.messages, 2);
	ck_assert_uint_eq(t.len, UPDATE_A + UPDATE_B);
	ck_assert_ptr_eq(t.data, buf + len - t.len);
	ck_assert(tx_has_peer(&t, 1));
	ck_assert(tx_has_peer(&t, 23));
	ck_assert(!tx_has_peer(&t, 0));
	ck_assert(!tx_has_peer(&t, 2));
	ck_assert(!tx_has_peer(&t, 24));
	ck_assert(!tx_has_peer(&t, PEER_ID_MAX));
}
END_TEST

START_TEST(tx_cut_anywhere_is_refused)
{
	uint8_t buf[256];
	uint8_t *copy;
	struct tx t;
	size_t len;
	size_t n;

	len = tx_build(buf, sizeof(buf));
	for (n = 1; n < len; n++) {
		copy = malloc(n);
		memcpy(copy, buf, n);
		ck_assert_int_eq(msg_tx_get(copy, n, &t), -1);
		free(copy);
	}
	/* one byte too many */
	ck_assert_int_eq(msg_tx_get(buf, len + 1, &t), -1);
}
END_TEST

START_TEST(tx_changed_anywhere_is_survived)
{
	uint8_t *buf;
	uint8_t scratch[256];
	struct tx t;
	size_t len;
	size_t n;
	int bit;

	len = tx_build(scratch, sizeof(scratch));
	for (n = 0; n < len; n++) {
		for (bit = 0; bit < 8; bit++) {
			buf = malloc(len);
			memcpy(buf, scratch, len);
			buf[n] ^= (uint8_t)(1 << bit);
			if (msg_tx_get(buf, len, &t) == 0)
				ck_assert_uint_eq(
				    (size_t)(t.data - buf) + t.len, len);
			free(buf);
		}
	}
}
END_TEST

START_TEST(tx_of_another_type_is_refused)
{
	uint8_t buf[256];
	struct tx t;
	size_t len;

	len = tx_build(buf, sizeof(buf));
	buf[2 + BITMAP + 2 + BGP_MARKER_LEN + 2] = BGP_NOTIFICATION;
	ck_assert_int_eq(msg_tx_get(buf, len, &t), -1);
}
END_TEST

START_TEST(refresh_comes_back)
{
	struct refresh in = { 2, 0, 1 };
	struct refresh out;
	uint8_t buf[4];
	struct wr w;
	struct rd r;

	wr_init(&w, buf, sizeof(buf));
	msg_refresh_put(&w, &in);
	ck_assert_uint_eq(wr_len(&w), 4);
	rd_init(&r, buf, sizeof(buf));
	msg_refresh_get(&r, &out);
	ck_assert(rd_done(&r));
	ck_assert_uint_eq(out.afi, 2);
	ck_assert_uint_eq(out.subtype, 0);
	ck_assert_uint_eq(out.safi, 1);
	rd_init(&r, buf, 3);
	msg_refresh_get(&r, &out);
	ck_assert(!rd_ok(&r));
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("msg_route");
	TCase *tc = tcase_create("codec");
	SRunner *sr;
	int failed;

	tcase_add_test(tc, credits_come_back);
	tcase_add_loop_test(tc, credit_of_no_peer_is_refused, 0, 3);
	tcase_add_test(tc, tx_comes_back);
	tcase_add_test(tc, tx_cut_anywhere_is_refused);
	tcase_add_test(tc, tx_changed_anywhere_is_survived);
	tcase_add_test(tc, tx_of_another_type_is_refused);
	tcase_add_test(tc, refresh_comes_back);
	suite_add_tcase(s, tc);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? 0 : 1;
}
