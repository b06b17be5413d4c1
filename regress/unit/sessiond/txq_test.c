/* SPDX-License-Identifier: ISC */
/* Send queues: sharing, counting at the border, trimming. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "common/bgp_msg.h"

#include "sessiond/txq.h"

/* A block of n UPDATEs of len bytes each, numbered in their last byte. */
static struct tx_block *
updates(unsigned int n, uint16_t len, bool credited)
{
	uint8_t *p = calloc(n, len);
	struct tx_block *b;
	unsigned int i;

	for (i = 0; i < n; i++) {
		bgp_msg_header(p + i * len, BGP_UPDATE, len);
		p[i * len + len - 1] = (uint8_t)i;
	}
	b = tx_block_new(p, (size_t)n * len, credited);
	free(p);
	return b;
}

START_TEST(messages_are_counted_when_their_last_byte_leaves)
{
	struct tx_block *b = updates(3, 100, true);
	struct txq_done done = { 0 };
	struct txq q;

	txq_init(&q);
	txq_push(&q, b);
	ck_assert_uint_eq(q.bytes, 300);
	txq_advance(&q, 99, &done);
	ck_assert_uint_eq(done.messages[BGP_UPDATE], 0);
	txq_advance(&q, 1, &done);
	ck_assert_uint_eq(done.messages[BGP_UPDATE], 1);
	txq_advance(&q, 150, &done);
	ck_assert_uint_eq(done.messages[BGP_UPDATE], 2);
	ck_assert_uint_eq(done.credited, 250);
	ck_assert_uint_eq(q.credited, 50);
	txq_advance(&q, 50, &done);
	ck_assert_uint_eq(done.messages[BGP_UPDATE], 3);
	ck_assert_uint_eq(done.credited, 300);
	ck_assert(txq_empty(&q));
	ck_assert_uint_eq(b->refs, 1);
	tx_block_unref(b);
}
END_TEST

/* However it leaves: whole, in two parts at each place, byte by byte. */
START_TEST(messages_of_all_types_are_counted)
{
	uint8_t p[2 * BGP_HEADER_LEN + 23];
	struct txq_done done;
	struct tx_block *b;
	struct txq q;
	size_t i;

	bgp_msg_header(p, BGP_KEEPALIVE, BGP_HEADER_LEN);
	bgp_msg_header(p + BGP_HEADER_LEN, BGP_UPDATE, 23);
	bgp_msg_header(p + BGP_HEADER_LEN + 23, BGP_KEEPALIVE, BGP_HEADER_LEN);
	b = tx_block_new(p, sizeof(p), false);
	for (i = 1; i <= sizeof(p) + 1; i++) {
		memset(&done, 0, sizeof(done));
		txq_init(&q);
		txq_push(&q, b);
		if (i <= sizeof(p))
			txq_advance(&q, i, &done);
		while (q.bytes > 0)
			txq_advance(&q, i <= sizeof(p) ? q.bytes : 1, &done);
		ck_assert_uint_eq(done.messages[BGP_KEEPALIVE], 2);
		ck_assert_uint_eq(done.messages[BGP_UPDATE], 1);
		txq_push(&q, b);
		txq_push(&q, b);
		txq_advance(&q, 2 * sizeof(p), &done);
		ck_assert_uint_eq(done.messages[BGP_KEEPALIVE], 6);
		ck_assert_uint_eq(done.messages[BGP_UPDATE], 3);
		ck_assert(txq_empty(&q));
	}
	tx_block_unref(b);
}
END_TEST

START_TEST(one_block_is_shared_by_many_queues)
{
	struct tx_block *b = updates(1, 50, true);
	struct txq_done done = { 0 };
	struct txq q[5];
	int i;

	for (i = 0; i < 5; i++) {
		txq_init(&q[i]);
		txq_push(&q[i], b);
	}
	ck_assert_uint_eq(b->refs, 6);
	txq_advance(&q[2], 50, &done);
	ck_assert_uint_eq(b->refs, 5);
	for (i = 0; i < 5; i++)
		txq_clear(&q[i]);
	ck_assert_uint_eq(b->refs, 1);
	tx_block_unref(b);
}
END_TEST

START_TEST(slices_start_where_the_kernel_stopped)
{
	struct tx_block *b = updates(2, 40, false);
	struct txq_done done = { 0 };
	struct iovec iov[4];
	struct txq q;

	txq_init(&q);
	txq_push(&q, b);
	txq_push(&q, b);
	txq_push(&q, b);
	ck_assert_int_eq(txq_iov(&q, iov, 2), 2);
	txq_advance(&q, 30, &done);
	ck_assert_int_eq(txq_iov(&q, iov, 4), 3);
	ck_assert_ptr_eq(iov[0].iov_base, b->data + 30);
	ck_assert_uint_eq(iov[0].iov_len, 50);
	ck_assert_uint_eq(iov[1].iov_len, 80);
	/* over the border of two blocks at once */
	txq_advance(&q, 50 + 80 + 79, &done);
	ck_assert_uint_eq(done.messages[BGP_UPDATE], 5);
	ck_assert_uint_eq(q.bytes, 1);
	txq_clear(&q);
	tx_block_unref(b);
}
END_TEST

START_TEST(cut_keeps_the_rest_of_the_message_that_is_partly_sent)
{
	struct tx_block *b = updates(3, 60, true);
	struct txq_done done = { 0 };
	uint8_t out[BGP_MSG_MAX];
	struct txq q;

	txq_init(&q);
	txq_push(&q, b);
	txq_push(&q, b);
	txq_advance(&q, 70, &done);
	ck_assert_uint_eq(txq_cut(&q, out), 50);
	ck_assert_mem_eq(out, b->data + 70, 50);
	ck_assert_uint_eq(out[49], 1);
	ck_assert(txq_empty(&q));
	ck_assert_uint_eq(q.bytes, 0);
	ck_assert_uint_eq(b->refs, 1);
	tx_block_unref(b);
}
END_TEST

START_TEST(cut_at_a_border_keeps_nothing)
{
	struct tx_block *b = updates(3, 60, true);
	struct txq_done done = { 0 };
	uint8_t out[BGP_MSG_MAX];
	struct txq q;
	int i;

	for (i = 0; i < 3; i++) {
		txq_init(&q);
		txq_push(&q, b);
		if (i > 0)
			txq_advance(&q, (size_t)i * 60, &done);
		ck_assert_uint_eq(txq_cut(&q, out), 0);
		ck_assert(txq_empty(&q));
	}
	tx_block_unref(b);
}
END_TEST

START_TEST(the_ring_grows_and_wraps)
{
	struct txq_done done = { 0 };
	struct tx_block *b = updates(1, 23, false);
	struct txq q;
	int i;

	txq_init(&q);
	for (i = 0; i < 10; i++)
		txq_push(&q, b);
	txq_advance(&q, 23 * 7, &done);
	for (i = 0; i < 1000; i++)
		txq_push(&q, b);
	ck_assert_uint_eq(q.count, 1003);
	ck_assert_ptr_eq(txq_last(&q), b);
	txq_advance(&q, (size_t)23 * 1003, &done);
	ck_assert_uint_eq(done.messages[BGP_UPDATE], 1010);
	ck_assert_ptr_null(txq_last(&q));
	ck_assert_ptr_null(q.ring);
	tx_block_unref(b);
}
END_TEST

START_TEST(unsound_blocks_are_refused)
{
	struct tx_block *b = updates(2, 50, false);
	uint8_t p[100];

	ck_assert(tx_block_sound(b->data, 100, BGP_UPDATE));
	ck_assert(tx_block_sound(b->data, 50, BGP_UPDATE));
	ck_assert(!tx_block_sound(b->data, 0, BGP_UPDATE));
	ck_assert(!tx_block_sound(b->data, 99, BGP_UPDATE));
	ck_assert(!tx_block_sound(b->data, 51, BGP_UPDATE));
	ck_assert(!tx_block_sound(b->data, 100, BGP_OPEN));
	memcpy(p, b->data, 100);
	p[BGP_MARKER_LEN + 1] = 18;
	ck_assert(!tx_block_sound(p, 100, BGP_UPDATE));
	p[BGP_MARKER_LEN] = 0x20;
	ck_assert(!tx_block_sound(p, 100, BGP_UPDATE));
	tx_block_unref(b);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("txq");
	TCase *t = tcase_create("txq");
	SRunner *r;
	int failed;

	tcase_add_test(t, messages_are_counted_when_their_last_byte_leaves);
	tcase_add_test(t, messages_of_all_types_are_counted);
	tcase_add_test(t, one_block_is_shared_by_many_queues);
	tcase_add_test(t, slices_start_where_the_kernel_stopped);
	tcase_add_test(t,
	    cut_keeps_the_rest_of_the_message_that_is_partly_sent);
	tcase_add_test(t, cut_at_a_border_keeps_nothing);
	tcase_add_test(t, the_ring_grows_and_wraps);
	tcase_add_test(t, unsound_blocks_are_refused);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
