/* SPDX-License-Identifier: ISC */
/* Cursors, addresses, prefixes, refusals: the base that codecs stand on. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "common/addr.h"
#include "common/cursor.h"
#include "common/err.h"
#include "common/nlri.h"

START_TEST(a_reader_fails_once_and_for_good)
{
	static const uint8_t data[] = { 1, 2, 3, 4, 5 };
	struct rd r;

	rd_init(&r, data, sizeof(data));
	ck_assert_uint_eq(rd_n32(&r), 0x01020304);
	ck_assert_uint_eq(rd_n16(&r), 0);
	ck_assert(!rd_ok(&r));
	ck_assert_uint_eq(rd_n8(&r), 0);
	ck_assert_uint_eq(rd_left(&r), 0);
}
END_TEST

START_TEST(a_sub_reader_stays_inside_its_cut)
{
	static const uint8_t data[] = { 1, 2, 3, 4 };
	struct rd r, s;

	rd_init(&r, data, sizeof(data));
	s = rd_sub(&r, 2);
	ck_assert_uint_eq(rd_n16(&s), 0x0102);
	ck_assert(rd_done(&s));
	ck_assert_uint_eq(rd_n16(&r), 0x0304);
	s = rd_sub(&r, 1);
	ck_assert(!rd_ok(&s));
	ck_assert(!rd_ok(&r));
}
END_TEST

START_TEST(a_writer_keeps_to_its_memory_and_its_limit)
{
	uint8_t mem[5];
	struct wr w;

	wr_init(&w, mem, sizeof(mem));
	wr_n32(&w, 1);
	ck_assert(wr_ok(&w));
	wr_n16(&w, 1);
	ck_assert(!wr_ok(&w));
	wr_init_grow(&w, 1000);
	for (int i = 0; i < 125; i++)
		wr_n64(&w, (uint64_t)i);
	ck_assert(wr_ok(&w));
	ck_assert_uint_eq(wr_len(&w), 1000);
	wr_n8(&w, 0);
	ck_assert(!wr_ok(&w));
	wr_free(&w);
}
END_TEST

START_TEST(strings_round_trip_and_refuse_nul)
{
	struct wr w;
	struct rd r;
	char *s;

	wr_init_grow(&w, 100);
	wr_str(&w, "hello");
	wr_str(&w, NULL);
	rd_init(&r, w.base, wr_len(&w));
	s = rd_str(&r);
	ck_assert_str_eq(s, "hello");
	free(s);
	s = rd_str(&r);
	ck_assert_str_eq(s, "");
	free(s);
	w.base[3] = '\0';
	rd_init(&r, w.base, wr_len(&w));
	ck_assert_ptr_null(rd_str(&r));
	wr_free(&w);
}
END_TEST

static const struct {
	const char *text;
	int default_port;
	bool port0;
	const char *addr; /* NULL: refused */
	int port;
} endpoints[] = {
	{ "192.0.2.1", 179, false, "192.0.2.1", 179 },
	{ "192.0.2.1:1790", 179, false, "192.0.2.1", 1790 },
	{ "2001:db8::1", 179, false, "2001:db8::1", 179 },
	{ "[2001:db8::1]:1790", 179, false, "2001:db8::1", 1790 },
	{ "::ffff:192.0.2.1", 179, false, "::ffff:192.0.2.1", 179 },
	{ "127.0.0.1:0", -1, true, "127.0.0.1", 0 },
	{ "127.0.0.1:0", -1, false, NULL, 0 },
	{ "127.0.0.1", -1, false, NULL, 0 },
	{ "[127.0.0.1]:179", 179, false, NULL, 0 },
	{ "[2001:db8::1]", 179, false, NULL, 0 },
	{ "2001:db8::1%eth0", 179, false, NULL, 0 },
	{ "192.0.2.1/32", 179, false, NULL, 0 },
	{ "192.0.2.01", 179, false, NULL, 0 },
	{ " 192.0.2.1", 179, false, NULL, 0 },
	{ "192.0.2.1 ", 179, false, NULL, 0 },
	{ "192.0.2.1:", 179, false, NULL, 0 },
	{ "192.0.2.1:65536", 179, false, NULL, 0 },
	{ "192.0.2.1:+179", 179, false, NULL, 0 },
	{ "example.org:179", 179, false, NULL, 0 },
	{ "", 179, false, NULL, 0 },
	{ "[", 179, false, NULL, 0 },
};

START_TEST(endpoints_are_parsed_strictly)
{
	char buf[ADDR_STRLEN];
	struct addr a;
	uint16_t port = 0;
	int rc = endpoint_parse(endpoints[_i].text, endpoints[_i].default_port,
	    endpoints[_i].port0, &a, &port);

	if (endpoints[_i].addr == NULL) {
		ck_assert_msg(rc == -1, "%s taken", endpoints[_i].text);
		return;
	}
	ck_assert_msg(rc == 0, "%s refused", endpoints[_i].text);
	ck_assert_str_eq(addr_str(&a, buf), endpoints[_i].addr);
	ck_assert_int_eq(port, endpoints[_i].port);
}
END_TEST

static const struct {
	const char *text;
	const char *want; /* canonical, or NULL and part of the message */
	const char *message;
} prefixes[] = {
	{ "10.0.0.1/24", "10.0.0.0/24", NULL },
	{ "0.0.0.0/0", "0.0.0.0/0", NULL },
	{ "255.255.255.255/1", "128.0.0.0/1", NULL },
	{ "2001:DB8::1/33", "2001:db8::/33", NULL },
	{ "10.0.0.0/33", NULL, "prefix length 33 exceeds 32" },
	{ "::/129", NULL, "prefix length 129 exceeds 128" },
	{ "10.0.0.0/123456789", NULL, "exceeds 32" },
	{ "10.0.0.0", NULL, "no /length" },
	{ "10.0.0/8", NULL, "malformed" },
	{ "10.0.0.0/", NULL, "malformed" },
	{ "10.0.0.0/08", NULL, "malformed" },
	{ "10.0.0.0/-1", NULL, "malformed" },
	{ "/8", NULL, "malformed" },
};

START_TEST(prefixes_are_normalised_or_refused_with_a_reason)
{
	char buf[NLRI_STRLEN];
	struct nlri n;
	struct err e;
	int rc = nlri_parse(prefixes[_i].text, &n, &e);

	if (prefixes[_i].want != NULL) {
		ck_assert_int_eq(rc, 0);
		ck_assert_str_eq(nlri_str(&n, buf), prefixes[_i].want);
	} else {
		ck_assert_int_eq(rc, -1);
		ck_assert_int_eq(e.code, ERR_INVALID);
		ck_assert_ptr_nonnull(strstr(e.text, prefixes[_i].message));
	}
}
END_TEST

START_TEST(a_message_with_host_bits_is_not_canonical)
{
	struct nlri n, back;
	struct err e;
	uint8_t mem[32];
	struct wr w;
	struct rd r;

	ck_assert_int_eq(nlri_parse("10.1.2.0/23", &n, &e), 0);
	wr_init(&w, mem, sizeof(mem));
	nlri_put(&w, &n);
	rd_init(&r, mem, wr_len(&w));
	nlri_get(&r, &back);
	ck_assert(rd_done(&r));
	ck_assert_int_eq(nlri_cmp(&n, &back), 0);
	mem[4] |= 1;
	rd_init(&r, mem, wr_len(&w));
	nlri_get(&r, &back);
	ck_assert(!rd_ok(&r));
}
END_TEST

START_TEST(covering_is_by_address_and_length)
{
	struct nlri a, b, c;
	struct err e;

	ck_assert_int_eq(nlri_parse("10.0.0.0/8", &a, &e), 0);
	ck_assert_int_eq(nlri_parse("10.1.0.0/16", &b, &e), 0);
	ck_assert_int_eq(nlri_parse("11.0.0.0/16", &c, &e), 0);
	ck_assert(nlri_covers(&a, &b));
	ck_assert(nlri_covers(&a, &a));
	ck_assert(!nlri_covers(&b, &a));
	ck_assert(!nlri_covers(&a, &c));
}
END_TEST

START_TEST(refusals_round_trip)
{
	struct err e, back;
	uint8_t mem[600];
	struct wr w;
	struct rd r;

	ck_assert_int_eq(err_set(&e, ERR_EXISTS, "peer %s", "x"), -1);
	wr_init(&w, mem, sizeof(mem));
	err_put(&w, &e);
	rd_init(&r, mem, wr_len(&w));
	err_get(&r, &back);
	ck_assert(rd_done(&r));
	ck_assert_int_eq(back.code, ERR_EXISTS);
	ck_assert_str_eq(back.text, "peer x");
	for (size_t n = 0; n < wr_len(&w); n++) {
		rd_init(&r, mem, n);
		err_get(&r, &back);
		ck_assert(!rd_ok(&r));
	}
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("base");
	TCase *tc = tcase_create("base");
	SRunner *sr;
	int failed;

	tcase_add_test(tc, a_reader_fails_once_and_for_good);
	tcase_add_test(tc, a_sub_reader_stays_inside_its_cut);
	tcase_add_test(tc, a_writer_keeps_to_its_memory_and_its_limit);
	tcase_add_test(tc, strings_round_trip_and_refuse_nul);
	tcase_add_loop_test(tc, endpoints_are_parsed_strictly, 0,
	    (int)nitems(endpoints));
	tcase_add_loop_test(tc,
	    prefixes_are_normalised_or_refused_with_a_reason, 0,
	    (int)nitems(prefixes));
	tcase_add_test(tc, a_message_with_host_bits_is_not_canonical);
	tcase_add_test(tc, covering_is_by_address_and_length);
	tcase_add_test(tc, refusals_round_trip);
	suite_add_tcase(s, tc);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
