/* SPDX-License-Identifier: ISC */
/* Headers, NOTIFICATION, ROUTE-REFRESH, KEEPALIVE. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "common/bgp_msg.h"
#include "regress/unit/common/wire.h"

static const struct header_case {
	uint16_t len;
	uint8_t type;
	unsigned int max;
	int subcode; /* 0: good */
} header_cases[] = {
	{ 29, BGP_OPEN, 4096, 0 },
	{ 28, BGP_OPEN, 4096, 2 },
	{ 4096, BGP_OPEN, 65535, 0 },
	{ 4097, BGP_OPEN, 65535, 2 },
	{ 23, BGP_UPDATE, 4096, 0 },
	{ 22, BGP_UPDATE, 4096, 2 },
	{ 4096, BGP_UPDATE, 4096, 0 },
	{ 4097, BGP_UPDATE, 4096, 2 },
	{ 65535, BGP_UPDATE, 65535, 0 },
	{ 21, BGP_NOTIFICATION, 4096, 0 },
	{ 20, BGP_NOTIFICATION, 4096, 2 },
	{ 19, BGP_KEEPALIVE, 4096, 0 },
	{ 20, BGP_KEEPALIVE, 4096, 2 },
	{ 18, BGP_KEEPALIVE, 4096, 2 },
	{ 0, BGP_KEEPALIVE, 4096, 2 },
	{ 23, BGP_ROUTE_REFRESH, 4096, 0 },
	{ 22, BGP_ROUTE_REFRESH, 4096, 2 },
	{ 24, BGP_ROUTE_REFRESH, 4096, 2 },
	{ 19, 0, 4096, 3 },
	{ 19, 6, 4096, 3 },
	{ 19, 255, 4096, 3 },
	{ 18, 255, 4096, 2 },
};

START_TEST(header_is_judged_by_length_and_type)
{
	const struct header_case *c = &header_cases[_i];
	uint8_t h[BGP_HEADER_LEN];
	struct bgp_error e;

	wire_header(h, c->type, c->len);
	if (c->subcode == 0) {
		ck_assert_int_eq(bgp_msg_check(h, c->max, &e), c->len);
		return;
	}
	ck_assert_int_eq(bgp_msg_check(h, c->max, &e), -1);
	ck_assert_uint_eq(e.code, 1);
	ck_assert_uint_eq(e.subcode, (unsigned int)c->subcode);
	if (c->subcode == 2) {
		ck_assert_uint_eq(e.data_len, 2);
		ck_assert_mem_eq(e.data, h + 16, 2);
	} else {
		ck_assert_uint_eq(e.data_len, 1);
		ck_assert_uint_eq(e.data[0], c->type);
	}
}
END_TEST

START_TEST(every_marker_byte_counts)
{
	uint8_t h[BGP_HEADER_LEN];
	struct bgp_error e;

	wire_header(h, BGP_KEEPALIVE, 19);
	h[_i] = 0xfe;
	ck_assert_int_eq(bgp_msg_check(h, BGP_MSG_MAX, &e), -1);
	ck_assert_uint_eq(e.code, 1);
	ck_assert_uint_eq(e.subcode, 1);
	ck_assert_uint_eq(e.data_len, 0);
}
END_TEST

START_TEST(what_we_write_passes_our_own_check)
{
	uint8_t m[BGP_MSG_MAX], data[5000];
	struct bgp_error e, n = { 6, 4, 3, data };

	bgp_msg_keepalive(m);
	ck_assert_int_eq(bgp_msg_check(m, BGP_MSG_MAX, &e), 19);
	ck_assert_uint_eq(bgp_msg_type(m), BGP_KEEPALIVE);
	bgp_msg_refresh(m, FAMILY_IPV6_UNICAST, 0);
	ck_assert_int_eq(bgp_msg_check(m, BGP_MSG_MAX, &e), 23);
	ck_assert_mem_eq(m + 19, "\x00\x02\x00\x01", 4);
	memset(data, 7, sizeof(data));
	ck_assert_uint_eq(bgp_msg_notification(m, &n), 24);
	ck_assert_int_eq(bgp_msg_check(m, BGP_MSG_MAX, &e), 24);
	ck_assert_mem_eq(m + 19, "\x06\x04\x07\x07\x07", 5);
}
END_TEST

START_TEST(long_notification_data_is_cut)
{
	uint8_t m[BGP_MSG_MAX], data[5000] = { 0 };
	struct bgp_error e, n = { 3, 4, 5000, data };

	ck_assert_uint_eq(bgp_msg_notification(m, &n), BGP_MSG_MAX);
	ck_assert_int_eq(bgp_msg_check(m, BGP_MSG_MAX, &e), BGP_MSG_MAX);
}
END_TEST

START_TEST(refresh_is_taken_apart)
{
	uint8_t m[64];
	struct bgp_refresh r;

	wire_message(m, BGP_ROUTE_REFRESH, "0002 01 01");
	bgp_refresh_parse(m, &r);
	ck_assert_int_eq(r.family, FAMILY_IPV6_UNICAST);
	ck_assert_uint_eq(r.subtype, BGP_REFRESH_BORR);
	wire_message(m, BGP_ROUTE_REFRESH, "4004 00 47");
	bgp_refresh_parse(m, &r);
	ck_assert_int_eq(r.family, -1);
	ck_assert_uint_eq(r.afi, 0x4004);
	ck_assert_uint_eq(r.safi, 0x47);
}
END_TEST

static const struct text_case {
	const char *body;
	const char *text;
} text_cases[] = {
	{ "06 02", "" },
	{ "06 02 00", "" },
	{ "06 02 05 68656c6c6f", "hello" },
	{ "06 04 03 68656c6c6f", "hel" }, /* more than it says */
	{ "06 02 ff 68656c6c6f", "hello" }, /* less than it says */
	{ "06 02 05 680a6c1b6f", "h?l?o" },
	{ "06 02 04 61007f62", "a??b" },
	{ "06 02 04 c3a9c328", "\xc3\xa9?(" },
	{ "06 02 03 e28082", "\xe2\x80\x82" },
	{ "06 02 03 e2808d", "\xe2\x80\x8d" },
	{ "06 02 03 e280ae", "???" }, /* right-to-left override */
	{ "06 02 03 e281a6", "???" },
	{ "06 02 03 eda080", "???" }, /* surrogate */
	{ "06 02 02 c080", "??" }, /* overlong */
	{ "06 02 03 e08080", "???" },
	{ "06 02 04 f0808080", "????" },
	{ "06 02 04 f09f9880", "\xf0\x9f\x98\x80" },
	{ "06 02 04 f4908080", "????" },
	{ "06 02 02 c285", "??" }, /* C1 control */
	{ "06 02 03 e282", "??" }, /* cut off */
	{ "06 03 03 616263", "" }, /* no text in others */
	{ "03 02 03 616263", "" },
	{ "06 09 06 02 03 616263", "abc" }, /* Hard Reset */
	{ "06 09 06", "" },
	{ "06 09", "" },
	{ "06 09 06 02", "" },
};

START_TEST(shutdown_text_of_any_content_is_printable)
{
	const struct text_case *c = &text_cases[_i];
	uint8_t m[600], *exact;
	struct bgp_notification n;
	size_t len = wire_message(m, BGP_NOTIFICATION, c->body);

	exact = wire_exact(m, len);
	bgp_notification_parse(exact, len, &n);
	ck_assert_str_eq(n.text, c->text);
	ck_assert_uint_eq(n.error.code, m[19]);
	ck_assert_uint_eq(n.error.subcode, m[20]);
	ck_assert_uint_eq(n.error.data_len, len - 21);
	free(exact);
}
END_TEST

START_TEST(shutdown_text_fits_at_its_longest)
{
	uint8_t m[600], data[256];
	char text[400];
	struct bgp_error e = { 6, 2, 0, data };
	struct bgp_notification n;
	size_t len;

	memset(text, 'x', sizeof(text) - 1);
	text[399] = '\0';
	memcpy(text + 254, "\xc3\xa9", 2); /* lies over the border */
	e.data_len = (uint16_t)bgp_msg_shutdown_data(data, text);
	ck_assert_uint_eq(e.data_len, 255);
	ck_assert_uint_eq(data[0], 254);
	len = bgp_msg_notification(m, &e);
	bgp_notification_parse(m, len, &n);
	ck_assert_uint_eq(strlen(n.text), 254);
	ck_assert_uint_eq(bgp_msg_shutdown_data(data, ""), 0);
}
END_TEST

START_TEST(notification_has_a_name)
{
	char buf[BGP_NOTIFICATION_STRLEN];

	ck_assert_str_eq(bgp_notification_str(6, 2, buf),
	    "Cease/Administrative Shutdown");
	ck_assert_str_eq(bgp_notification_str(4, 0, buf), "Hold Timer Expired");
	ck_assert_str_eq(bgp_notification_str(6, 77, buf), "Cease/77");
	ck_assert_str_eq(bgp_notification_str(0, 1, buf), "code 0/1");
	for (unsigned int i = 0; i < 65536; i++)
		ck_assert_uint_lt(strlen(bgp_notification_str((uint8_t)(i >> 8),
				      (uint8_t)i, buf)),
		    sizeof(buf) - 1);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("bgp_msg");
	TCase *t = tcase_create("bgp_msg");
	SRunner *r;
	int failed;

	tcase_add_loop_test(t, header_is_judged_by_length_and_type, 0,
	    (int)nitems(header_cases));
	tcase_add_loop_test(t, every_marker_byte_counts, 0, 16);
	tcase_add_test(t, what_we_write_passes_our_own_check);
	tcase_add_test(t, long_notification_data_is_cut);
	tcase_add_test(t, refresh_is_taken_apart);
	tcase_add_loop_test(t, shutdown_text_of_any_content_is_printable, 0,
	    (int)nitems(text_cases));
	tcase_add_test(t, shutdown_text_fits_at_its_longest);
	tcase_add_test(t, notification_has_a_name);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed > 0;
}
