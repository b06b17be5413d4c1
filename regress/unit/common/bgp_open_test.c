/* SPDX-License-Identifier: ISC */
/* OPEN: round trip, every refusal, negotiation. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "common/bgp_open.h"
#include "regress/unit/common/wire.h"

/* version, AS 65001, hold time 90, identifier 10.0.0.1 */
#define FIXED "04 fde9 005a 0a000001 "
#define CAP4 "02 06 41 04 0000fde9 "

static const struct open_case {
	const char *body;
	int subcode; /* -1: good */
	const char *data;
} open_cases[] = {
	{ FIXED "00", -1, "" },
	{ FIXED "08 " CAP4, -1, "" },
	/* several capabilities in one parameter, unknown ones among them */
	{ FIXED "14 02 12 0104 00010001 0200 4104 0000fde9 8000 4900", -1, "" },
	/* RFC 9072: extended lengths */
	{ FIXED "ff ff 0009 02 0006 4104 0000fde9", -1, "" },
	{ FIXED "01 ff 0009 02 0006 4104 0000fde9", -1, "" },
	{ FIXED "ff ff 0000", -1, "" },
	/* version */
	{ "03 fde9 005a 0a000001 00", 1, "0004" },
	{ "05 fde9 005a 0a000001 00", 1, "0004" },
	/* AS */
	{ "04 0000 005a 0a000001 00", 2, "" },
	{ "04 5ba0 005a 0a000001 00", 2, "" },
	{ "04 5ba0 005a 0a000001 08 02 06 41 04 00005ba0", 2, "" },
	{ "04 fde9 005a 0a000001 08 02 06 41 04 00000000", 2, "" },
	{ "04 fde9 005a 0a000001 08 02 06 41 04 0001fde9", 2, "" },
	{ "04 0000 005a 0a000001 08 02 06 41 04 0001fde9", 2, "" },
	{ "04 5ba0 005a 0a000001 08 02 06 41 04 00010000", -1, "" },
	{ "04 5ba0 005a 0a000001 08 02 06 41 04 0000fde9", -1, "" },
	/* identifier (RFC 6286: anything but 0) */
	{ "04 fde9 005a 00000000 00", 3, "" },
	{ "04 fde9 005a ffffffff 00", -1, "" },
	{ "04 fde9 005a e0000001 00", -1, "" },
	/* hold time */
	{ "04 fde9 0001 0a000001 00", 6, "" },
	{ "04 fde9 0002 0a000001 00", 6, "" },
	{ "04 fde9 0000 0a000001 00", -1, "" },
	{ "04 fde9 0003 0a000001 00", -1, "" },
	/* parameters we do not know */
	{ FIXED "02 01 00", 4, "" },
	{ FIXED "03 07 01 00", 4, "" },
	/* lengths */
	{ FIXED "01", 0, "" },
	{ FIXED "00 00", 0, "" },
	{ FIXED "01 02", 0, "" },
	{ FIXED "02 02 01", 0, "" },
	{ FIXED "03 02 01 41", 0, "" },
	{ FIXED "04 02 02 41 04", 0, "" },
	{ FIXED "07 02 05 41 04 0000fd", 0, "" },
	{ FIXED "07 02 05 41 03 00fde9", 0, "" },
	{ FIXED "07 02 05 01 03 000100", 0, "" },
	{ FIXED "05 02 03 40 01 00", 0, "" },
	{ FIXED "07 02 05 40 03 007800", 0, "" },
	{ FIXED "ff", 0, "" },
	{ FIXED "ff ff", 0, "" },
	{ FIXED "ff ff 00", 0, "" },
	{ FIXED "ff ff 0001 02", 0, "" },
	{ FIXED "ff ff 0009 02 0007 4104 0000fde9", 0, "" },
	{ FIXED "ff ff 000a 02 0006 4104 0000fde9", 0, "" },
	/* faults of what does not matter are survived */
	{ FIXED "05 02 03 45 01 00", -1, "" },
	{ FIXED "04 02 02 49 00", -1, "" },
	{ FIXED "05 02 03 02 01 00", -1, "" },
};

START_TEST(open_is_judged)
{
	const struct open_case *c = &open_cases[_i];
	uint8_t m[512], data[8], *exact;
	size_t len = wire_message(m, BGP_OPEN, c->body);
	size_t data_len = wire_hex(data, c->data);
	struct bgp_open o;
	struct bgp_error e;

	exact = wire_exact(m, len);
	if (c->subcode < 0) {
		ck_assert_int_eq(bgp_open_parse(exact, len, &o, &e), 0);
	} else {
		ck_assert_int_eq(bgp_open_parse(exact, len, &o, &e), -1);
		ck_assert_uint_eq(e.code, 2);
		ck_assert_uint_eq(e.subcode, (unsigned int)c->subcode);
		ck_assert_uint_eq(e.data_len, data_len);
		if (data_len > 0)
			ck_assert_mem_eq(e.data, data, data_len);
	}
	free(exact);
}
END_TEST

static void
full_open(struct bgp_open *o)
{
	memset(o, 0, sizeof(*o));
	o->version = 4;
	o->asn = 4200000001u;
	o->my_as = BGP_AS_TRANS;
	o->hold_time = 180;
	o->id = 0xc0000201;
	o->mp = o->as4 = o->route_refresh = o->enhanced_refresh = true;
	o->ext_message = o->gr = o->gr_restarting = o->gr_notification = true;
	o->families = FAMILY_ALL;
	o->gr_time = 4095;
	o->gr_families = FAMILY_ALL;
	o->gr_forwarding = FAMILY_BIT(FAMILY_IPV6_UNICAST);
	o->add_path_receive = FAMILY_ALL;
	o->add_path_send = FAMILY_BIT(FAMILY_IPV4_UNICAST);
	o->has_role = true;
	o->role = 3;
}

START_TEST(open_survives_the_round_trip)
{
	uint8_t m[BGP_OPEN_WRITE_MAX], again[BGP_OPEN_WRITE_MAX];
	struct bgp_open o, p;
	struct bgp_error e;
	size_t len;

	full_open(&o);
	len = bgp_open_write(m, &o);
	ck_assert_int_eq(bgp_msg_check(m, BGP_MSG_MAX, &e), (int)len);
	ck_assert_int_eq(bgp_open_parse(m, len, &p, &e), 0);
	ck_assert_mem_eq(&o, &p, sizeof(o));
	ck_assert_uint_eq(bgp_open_write(again, &p), len);
	ck_assert_mem_eq(again, m, len);
}
END_TEST

START_TEST(each_capability_has_a_parameter_of_its_own)
{
	uint8_t m[BGP_OPEN_WRITE_MAX];
	struct bgp_open o;
	size_t len, at = BGP_OPEN_MIN;
	int n = 0;

	full_open(&o);
	len = bgp_open_write(m, &o);
	ck_assert_uint_eq(m[28], len - 29);
	for (; at < len; at += 2u + m[at + 1], n++) {
		ck_assert_uint_eq(m[at], 2);
		ck_assert_uint_eq(m[at + 1], m[at + 3] + 2u);
	}
	ck_assert_uint_eq(at, len);
	ck_assert_int_eq(n, 9);
}
END_TEST

START_TEST(iterator_shows_every_capability)
{
	uint8_t m[512];
	struct bgp_cap_iter it;
	struct bgp_capability cap;
	size_t len = wire_message(m, BGP_OPEN,
	    FIXED "11 02 00 02 05 80 01 07 02 00 02 06 41 04 0000fde9");
	const uint8_t codes[] = { 128, 2, 65 };
	size_t n = 0;

	bgp_cap_iter_init(&it, m, len);
	while (bgp_cap_next(&it, &cap)) {
		ck_assert_uint_lt(n, 3);
		ck_assert_uint_eq(cap.code, codes[n]);
		if (n == 0)
			ck_assert_uint_eq(cap.value[0], 7);
		n++;
	}
	ck_assert_uint_eq(n, 3);
	len = wire_message(m, BGP_OPEN, FIXED "ff ff 0005 02 0002 0200");
	bgp_cap_iter_init(&it, m, len);
	ck_assert(bgp_cap_next(&it, &cap));
	ck_assert_uint_eq(cap.code, 2);
	ck_assert(!bgp_cap_next(&it, &cap));
}
END_TEST

START_TEST(last_graceful_restart_counts_and_families_add_up)
{
	uint8_t m[512];
	struct bgp_open o;
	struct bgp_error e;
	size_t len = wire_message(m, BGP_OPEN,
	    FIXED "2c"
		  "02 06 01 04 00010001"
		  "02 06 01 04 00020001"
		  "02 06 01 04 00010080"
		  "02 04 40 02 8001"
		  "02 0c 40 0a c078 00020180 00010200");

	ck_assert_int_eq(bgp_open_parse(m, len, &o, &e), 0);
	ck_assert_uint_eq(o.families, FAMILY_ALL);
	ck_assert(!(o.gr_families & FAMILY_BIT(FAMILY_IPV4_UNICAST)));
	ck_assert_uint_eq(o.gr_families, FAMILY_BIT(FAMILY_IPV6_UNICAST));
	ck_assert_uint_eq(o.gr_forwarding, o.gr_families);
	ck_assert_uint_eq(o.gr_time, 120);
	ck_assert(o.gr_restarting);
	ck_assert(o.gr_notification);
}
END_TEST

START_TEST(open_is_held_against_the_session)
{
	struct bgp_open o;
	struct bgp_error e;

	full_open(&o);
	ck_assert_int_eq(bgp_open_check(&o, 1, o.id, 0, &e), 0);
	ck_assert_int_eq(bgp_open_check(&o, 1, 5, o.asn, &e), 0);
	ck_assert_int_eq(bgp_open_check(&o, 1, 5, 7, &e), -1);
	ck_assert_uint_eq(e.subcode, 2);
	ck_assert_int_eq(bgp_open_check(&o, o.asn, o.id, 0, &e), -1);
	ck_assert_uint_eq(e.subcode, 3);
	ck_assert_int_eq(bgp_open_check(&o, o.asn, 5, 0, &e), 0);
}
END_TEST

START_TEST(negotiation_takes_what_both_have)
{
	struct bgp_open a, b;
	struct bgp_negotiated n;

	full_open(&a);
	full_open(&b);
	b.asn = 65000;
	b.hold_time = 9;
	bgp_open_negotiate(&a, &b, &n);
	ck_assert(n.ebgp && n.as4 && n.route_refresh && n.ext_message);
	ck_assert_uint_eq(n.hold_time, 9);
	ck_assert_uint_eq(n.families, FAMILY_ALL);
	ck_assert_uint_eq(n.add_path_rx, FAMILY_BIT(FAMILY_IPV4_UNICAST));
	ck_assert_uint_eq(n.add_path_tx, FAMILY_BIT(FAMILY_IPV4_UNICAST));
	memset(&b, 0, sizeof(b));
	b.asn = a.asn;
	bgp_open_negotiate(&a, &b, &n);
	ck_assert(!n.ebgp && !n.as4 && !n.route_refresh && !n.ext_message);
	ck_assert_uint_eq(n.hold_time, 0);
	/* RFC 4760 8 */
	ck_assert_uint_eq(n.families, FAMILY_BIT(FAMILY_IPV4_UNICAST));
	/* Only families that we do not speak: none is left. */
	b.mp = true;
	bgp_open_negotiate(&a, &b, &n);
	ck_assert_uint_eq(n.families, 0);
}
END_TEST

START_TEST(open_cut_or_flipped_anywhere_is_survived)
{
	uint8_t m[BGP_OPEN_WRITE_MAX], *exact;
	struct bgp_open o;
	struct bgp_error e;
	struct bgp_cap_iter it;
	struct bgp_capability cap;
	size_t len;

	full_open(&o);
	len = bgp_open_write(m, &o);
	for (size_t n = BGP_HEADER_LEN; n < len; n++) {
		exact = wire_exact(m, n);
		ck_assert_int_eq(bgp_open_parse(exact, n, &o, &e), -1);
		free(exact);
	}
	for (size_t at = BGP_HEADER_LEN; at < len; at++) {
		for (unsigned int v = 0; v < 256; v++) {
			exact = wire_exact(m, len);
			exact[at] = (uint8_t)v;
			if (bgp_open_parse(exact, len, &o, &e) == 0) {
				bgp_cap_iter_init(&it, exact, len);
				while (bgp_cap_next(&it, &cap))
					ck_assert_ptr_nonnull(cap.value);
			} else {
				ck_assert_uint_eq(e.code, 2);
			}
			free(exact);
		}
	}
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("bgp_open");
	TCase *t = tcase_create("bgp_open");
	SRunner *r;
	int failed;

	tcase_add_loop_test(t, open_is_judged, 0, (int)nitems(open_cases));
	tcase_add_test(t, open_survives_the_round_trip);
	tcase_add_test(t, each_capability_has_a_parameter_of_its_own);
	tcase_add_test(t, iterator_shows_every_capability);
	tcase_add_test(t, last_graceful_restart_counts_and_families_add_up);
	tcase_add_test(t, open_is_held_against_the_session);
	tcase_add_test(t, negotiation_takes_what_both_have);
	tcase_add_test(t, open_cut_or_flipped_anywhere_is_survived);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed > 0;
}
