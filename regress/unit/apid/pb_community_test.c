/* SPDX-License-Identifier: ISC */
/*
 * Extended communities: exact octets in, the right form out, nothing lost.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "apid/pb_community.h"

static struct pbw w;

static void
setup(void)
{
	memset(&w, 0, sizeof(w));
}

static void
teardown(void)
{
	pbw_free(&w);
}

/* What the API shows for these octets; to be freed unpacked. */
static Bgp__Path *
show(const uint8_t wire[8])
{
	Bgp__Path *path;

	w.len = 0;
	pb_ext_community_put(&w, 10, wire);
	path = bgp__path__unpack(NULL, w.len, w.base);
	ck_assert_ptr_nonnull(path);
	ck_assert_uint_eq(path->n_extended_communities, 1);
	return path;
}

#define FORM(name) BGP__EXTENDED_COMMUNITY__COMMUNITY_##name

static const struct {
	uint8_t wire[8];
	Bgp__ExtendedCommunity__CommunityCase form;
} forms[] = {
	{ { 0x00, 0x02, 0xfd, 0xe9, 0, 0, 0, 100 }, FORM(TWO_OCTET_AS) },
	{ { 0x40, 0x02, 0xfd, 0xe9, 0, 0, 0, 100 }, FORM(TWO_OCTET_AS) },
	{ { 0x01, 0x02, 192, 0, 2, 1, 0, 7 }, FORM(IPV4_ADDRESS) },
	{ { 0x41, 0x03, 0, 0, 0, 0, 0xff, 0xff }, FORM(IPV4_ADDRESS) },
	{ { 0x02, 0x02, 0, 1, 0, 0, 0, 7 }, FORM(FOUR_OCTET_AS) },
	{ { 0x42, 0xff, 0, 0, 0, 0, 0, 0 }, FORM(FOUR_OCTET_AS) },
	{ { 0x40, 0x04, 0xfd, 0xe9, 0x4a, 0, 0, 0 }, FORM(LINK_BANDWIDTH) },
	{ { 0x00, 0x04, 0, 0, 0, 0, 0, 0 }, FORM(LINK_BANDWIDTH) },
	{ { 0x40, 0x04, 0, 1, 0x7f, 0x80, 0, 0 }, FORM(LINK_BANDWIDTH) },
	{ { 0x40, 0x04, 0, 1, 0x7f, 0x80, 0, 1 }, FORM(UNKNOWN) }, /* NaN */
	{ { 0x40, 0x04, 0, 1, 0x80, 0, 0, 0 }, FORM(LINK_BANDWIDTH) }, /* -0 */
	{ { 0x03, 0x0b, 0, 0, 0, 0, 0, 200 }, FORM(COLOR) },
	{ { 0x43, 0x0b, 0, 0, 0xff, 0xff, 0xff, 0xff }, FORM(COLOR) },
	{ { 0x03, 0x0b, 0x40, 0, 0, 0, 0, 200 }, FORM(UNKNOWN) }, /* flags */
	{ { 0x03, 0x0c, 0, 0, 0, 0, 0, 8 }, FORM(ENCAPSULATION) },
	{ { 0x03, 0x0c, 0, 0, 0, 1, 0, 8 }, FORM(UNKNOWN) },
	{ { 0x03, 0x00, 1, 2, 3, 4, 5, 6 }, FORM(OPAQUE) },
	{ { 0x43, 0x00, 0, 0, 0, 0, 0, 0 }, FORM(OPAQUE) },
	{ { 0x03, 0x06, 1, 2, 3, 4, 5, 6 }, FORM(UNKNOWN) },
	{ { 0x06, 0x03, 2, 0, 0, 0, 0, 1 }, FORM(ROUTER_MAC) },
	{ { 0x46, 0x03, 2, 0, 0, 0, 0, 1 }, FORM(ROUTER_MAC) },
	{ { 0x06, 0x00, 1, 0, 0, 0, 0, 1 }, FORM(UNKNOWN) },
	{ { 0x80, 0x06, 1, 2, 3, 4, 5, 6 }, FORM(UNKNOWN) },
	{ { 0x80, 0x02, 1, 2, 3, 4, 5, 6 }, FORM(UNKNOWN) },
	{ { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff }, FORM(UNKNOWN) },
	{ { 0, 0, 0, 0, 0, 0, 0, 0 }, FORM(TWO_OCTET_AS) },
};

START_TEST(octets_are_shown_and_rebuilt)
{
	Bgp__Path *path = show(forms[_i].wire);
	uint8_t wire[8];
	struct err e;

	ck_assert_int_eq(path->extended_communities[0]->community_case,
	    forms[_i].form);
	ck_assert_int_eq(
	    pb_ext_community_get(path->extended_communities[0], wire, &e), 0);
	ck_assert_mem_eq(wire, forms[_i].wire, 8);
	bgp__path__free_unpacked(path, NULL);
}
END_TEST

/* Every type and sub-type, with odd values: nothing is lost. */
START_TEST(all_types_are_lossless)
{
	uint8_t wire[8], back[8];
	Bgp__Path *path;
	struct err e;
	unsigned int sub;

	for (sub = 0; sub < 256; sub++) {
		memcpy(wire, "\0\0\x12\x34\x56\x78\x9a\xbc", 8);
		wire[0] = (uint8_t)_i;
		wire[1] = (uint8_t)sub;
		path = show(wire);
		ck_assert_int_eq(pb_ext_community_get(
				     path->extended_communities[0], back, &e),
		    0);
		ck_assert_mem_eq(back, wire, 8);
		bgp__path__free_unpacked(path, NULL);
	}
}
END_TEST

static void
refused(const Bgp__ExtendedCommunity *m, const char *member)
{
	uint8_t wire[8];
	struct err e;

	err_clear(&e);
	ck_assert_int_eq(pb_ext_community_get(m, wire, &e), -1);
	ck_assert_int_eq(e.code, ERR_INVALID);
	ck_assert_msg(strstr(e.text, member) != NULL, "%s", e.text);
}

START_TEST(members_out_of_range_are_named)
{
	Bgp__ExtendedCommunity m;
	Bgp__ExtendedCommunity__TwoOctetAsSpecific two;
	Bgp__ExtendedCommunity__IPv4AddressSpecific ipv4;
	Bgp__ExtendedCommunity__RouterMac mac;
	Bgp__ExtendedCommunity__Unknown unknown;
	char bad[] = "2001:db8::1";
	uint8_t bytes[8] = { 0 };

	bgp__extended_community__init(&m);
	bgp__extended_community__two_octet_as_specific__init(&two);
	bgp__extended_community__ipv4_address_specific__init(&ipv4);
	bgp__extended_community__router_mac__init(&mac);
	bgp__extended_community__unknown__init(&unknown);
	refused(&m, "empty");
	m.community_case = FORM(TWO_OCTET_AS);
	m.two_octet_as = &two;
	two.asn = 65536;
	refused(&m, "asn");
	two.asn = 1;
	two.sub_type = 256;
	refused(&m, "sub_type");
	m.community_case = FORM(IPV4_ADDRESS);
	m.ipv4_address = &ipv4;
	ipv4.address = bad;
	refused(&m, "address");
	m.community_case = FORM(ROUTER_MAC);
	m.router_mac = &mac;
	mac.mac_address.data = bytes;
	mac.mac_address.len = 5;
	refused(&m, "mac_address");
	m.community_case = FORM(UNKNOWN);
	m.unknown = &unknown;
	unknown.type_code = 256;
	refused(&m, "type_code");
	unknown.type_code = 1;
	unknown.value.data = bytes;
	unknown.value.len = 8;
	refused(&m, "value");
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("pb_community");
	TCase *tc = tcase_create("pb_community");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, octets_are_shown_and_rebuilt, 0,
	    (int)nitems(forms));
	tcase_add_loop_test(tc, all_types_are_lossless, 0, 256);
	tcase_add_test(tc, members_out_of_range_are_named);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
