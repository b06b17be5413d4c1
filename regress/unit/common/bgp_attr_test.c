/* SPDX-License-Identifier: ISC */
/* Canonical attribute blocks: building, validating, reading. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "common/be.h"
#include "common/bgp_attr.h"
#include "common/community.h"
#include "regress/unit/common/wire.h"

#define ORIGIN "400101 00 "
#define PATH "400206 0201 0000fde9 "
#define HOP "400304 0a000001 "
#define GOOD ORIGIN PATH HOP
#define HOP6 "20010db8000000000000000000000001"
#define REACH6 "800e14 0002 01 10 " HOP6 " "

static const struct block_case {
	enum family family;
	const char *block;
	bool good;
} block_cases[] = {
	{ FAMILY_IPV4_UNICAST, GOOD, true },
	{ FAMILY_IPV6_UNICAST, ORIGIN PATH REACH6, true },
	{ FAMILY_IPV4_UNICAST, GOOD "c06300 80c700", true },
	{ FAMILY_IPV4_UNICAST, GOOD "e00804 00010002", true },
	{ FAMILY_IPV4_UNICAST, ORIGIN "400200" HOP, true },
	{ FAMILY_IPV4_UNICAST, ORIGIN "400206 0301 0000fde9" HOP, true },
	/* wants */
	{ FAMILY_IPV4_UNICAST, "", false },
	{ FAMILY_IPV4_UNICAST, PATH HOP, false },
	{ FAMILY_IPV4_UNICAST, ORIGIN HOP, false },
	{ FAMILY_IPV4_UNICAST, ORIGIN PATH, false },
	{ FAMILY_IPV6_UNICAST, GOOD, false },
	{ FAMILY_IPV4_UNICAST, GOOD REACH6, false },
	{ FAMILY_IPV6_UNICAST, GOOD REACH6, false },
	/* order and repetition */
	{ FAMILY_IPV4_UNICAST, ORIGIN HOP PATH, false },
	{ FAMILY_IPV4_UNICAST, ORIGIN GOOD, false },
	/* forms */
	{ FAMILY_IPV4_UNICAST, ORIGIN "50020006 0201 0000fde9" HOP, false },
	{ FAMILY_IPV4_UNICAST, "600101 00" PATH HOP, false },
	{ FAMILY_IPV4_UNICAST, "410101 00" PATH HOP, false },
	{ FAMILY_IPV4_UNICAST, "800101 00" PATH HOP, false },
	{ FAMILY_IPV4_UNICAST, "400101 03" PATH HOP, false },
	{ FAMILY_IPV4_UNICAST, ORIGIN "400204 0201 fde9" HOP, false },
	{ FAMILY_IPV4_UNICAST, GOOD "c00800", false },
	{ FAMILY_IPV4_UNICAST, GOOD "c00808 00010002 00010002", false },
	{ FAMILY_IPV4_UNICAST, GOOD "800404 00000001 406300", false },
	{ FAMILY_IPV4_UNICAST, GOOD "800f03 000101", false },
	{ FAMILY_IPV4_UNICAST, GOOD "c01106 0201 00010000", false },
	{ FAMILY_IPV4_UNICAST, GOOD "c01208 00010000 0a000001", false },
	{ FAMILY_IPV6_UNICAST, ORIGIN PATH "800e08 0002 01 04 0a000001",
	    false },
	{ FAMILY_IPV6_UNICAST, ORIGIN PATH "800e14 0001 01 10" HOP6, false },
	{ FAMILY_IPV6_UNICAST, ORIGIN PATH "800e15 0002 01 10" HOP6 "00",
	    false },
	/* cut off */
	{ FAMILY_IPV4_UNICAST, GOOD "c0", false },
	{ FAMILY_IPV4_UNICAST, GOOD "c00808 00010002", false },
};

START_TEST(block_is_validated)
{
	const struct block_case *c = &block_cases[_i];
	uint8_t block[256], *exact;
	struct err e;
	size_t len = wire_hex(block, c->block);

	exact = wire_exact(block, len);
	ck_assert_int_eq(bgp_attr_validate(exact, len, c->family, &e),
	    c->good ? 0 : -1);
	if (!c->good) {
		ck_assert_int_eq(e.code, ERR_INVALID);
		ck_assert_str_ne(e.text, "");
	}
	free(exact);
}
END_TEST

static const uint32_t communities[] = { 0x00020001, 0x00010001, 0x00020001,
	BGP_COMM_NO_EXPORT };
static const uint32_t clusters[] = { 1, 2, 3 };

static void
rich_values(struct bgp_attr_values *v, uint8_t *path, const uint8_t *ext,
    const uint8_t *large)
{
	bgp_attr_values_init(v);
	v->origin = BGP_ORIGIN_INCOMPLETE;
	v->as_path = path;
	v->as_path_len = wire_hex(path, "0202 0000fde9 00010000 0101 00000003");
	v->next_hop = addr_ipv4(0x0a000001);
	v->has_med = v->has_local_pref = v->atomic_aggregate = true;
	v->med = 5;
	v->local_pref = 200;
	v->has_aggregator = true;
	v->aggregator_as = 65001;
	v->aggregator = addr_ipv4(0x0a000002);
	v->communities = communities;
	v->n_communities = nitems(communities);
	v->ext_communities = ext;
	v->n_ext_communities = 2;
	v->large_communities = large;
	v->n_large_communities = 2;
	v->has_originator_id = true;
	v->originator_id = 0x01020304;
	v->cluster_list = clusters;
	v->n_cluster_list = nitems(clusters);
}

START_TEST(built_block_is_canonical_and_reads_back)
{
	uint8_t path[64], ext[16] = { 0 }, large[24] = { 0 }, block[512];
	struct bgp_attr_values v;
	struct bgp_attr_hot h;
	struct bgp_attr a;
	struct addr addr;
	struct err e;
	struct wr w;
	uint32_t u;

	ext[15] = 1;
	rich_values(&v, path, ext, large);
	wr_init(&w, block, sizeof(block));
	ck_assert_int_eq(bgp_attr_build(&w, FAMILY_IPV4_UNICAST, &v, &e), 0);
	ck_assert_int_eq(
	    bgp_attr_validate(block, wr_len(&w), FAMILY_IPV4_UNICAST, &e), 0);
	bgp_attr_hot(block, wr_len(&w), &h);
	ck_assert_uint_eq(h.origin, BGP_ORIGIN_INCOMPLETE);
	ck_assert_uint_eq(h.path_len, 3);
	ck_assert_uint_eq(h.neighbour_as, 65001);
	ck_assert_uint_eq(h.med, 5);
	ck_assert_uint_eq(h.local_pref, 200);
	ck_assert_uint_eq(h.cluster_len, 3);
	ck_assert_uint_eq(h.flags,
	    BGP_HOT_LOCAL_PREF | BGP_HOT_MED | BGP_HOT_ORIGINATOR_ID |
		BGP_HOT_NO_EXPORT);
	ck_assert(bgp_attr_find(block, wr_len(&w), BGP_ATTR_COMMUNITIES, &a));
	ck_assert_uint_eq(a.len, 12);
	ck_assert(!community_has_duplicate(a.value, a.len, 4));
	ck_assert(bgp_attr_find(block, wr_len(&w), BGP_ATTR_AGGREGATOR, &a));
	ck_assert(bgp_attr_aggregator(&a, &u, &addr));
	ck_assert_uint_eq(u, 65001);
	ck_assert_uint_eq(addr_to_u32(&addr), 0x0a000002);
	ck_assert(
	    bgp_attr_find(block, wr_len(&w), BGP_ATTR_LARGE_COMMUNITIES, &a));
	ck_assert_uint_eq(a.len, 12);
	ck_assert(!bgp_attr_find(block, wr_len(&w), BGP_ATTR_OTC, &a));
}
END_TEST

START_TEST(ipv6_route_has_its_next_hop_in_mp_reach)
{
	uint8_t block[128], want[128];
	struct addr next_hop, link_local;
	struct bgp_attr_values v;
	struct bgp_attr_hot h;
	struct bgp_attr a;
	struct err e;
	struct wr w;
	size_t len;

	bgp_attr_values_init(&v);
	ck_assert_int_eq(addr_parse("2001:db8::1", &v.next_hop), 0);
	wr_init(&w, block, sizeof(block));
	ck_assert_int_eq(bgp_attr_build(&w, FAMILY_IPV6_UNICAST, &v, &e), 0);
	len = wire_hex(want, ORIGIN "400200" REACH6);
	ck_assert_uint_eq(wr_len(&w), len);
	ck_assert_mem_eq(block, want, len);
	ck_assert_int_eq(addr_parse("fe80::1", &v.link_local), 0);
	wr_reset(&w);
	ck_assert_int_eq(bgp_attr_build(&w, FAMILY_IPV6_UNICAST, &v, &e), 0);
	ck_assert_int_eq(
	    bgp_attr_validate(block, wr_len(&w), FAMILY_IPV6_UNICAST, &e), 0);
	bgp_attr_hot(block, wr_len(&w), &h);
	ck_assert(bgp_attr_find(block, wr_len(&w), BGP_ATTR_MP_REACH, &a));
	ck_assert(bgp_attr_next_hop(&a, &next_hop, &link_local));
	ck_assert(addr_equal(&next_hop, &v.next_hop));
	ck_assert(addr_equal(&link_local, &v.link_local));
	ck_assert_uint_eq(h.local_pref, BGP_DEFAULT_LOCAL_PREF);
}
END_TEST

START_TEST(values_that_make_no_route_are_refused)
{
	static const uint8_t zero[] = { 2, 1, 0, 0, 0, 0 };
	static const uint8_t cut[] = { 2, 2, 0, 0, 0, 1 };
	static uint32_t many[4000];
	uint8_t block[BGP_ATTR_BLOCK_MAX];
	struct bgp_attr_values v;
	enum family family = FAMILY_IPV4_UNICAST;
	struct err e;
	struct wr w;

	bgp_attr_values_init(&v);
	v.next_hop = addr_ipv4(0x0a000001);
	wr_init(&w, block, sizeof(block));
	switch (_i) {
	case 0:
		v.origin = 3;
		break;
	case 1:
		v.next_hop = addr_ipv4(0xe0000001);
		break;
	case 2:
		v.next_hop = addr_ipv4(0xffffffff);
		break;
	case 3:
		v.next_hop.family = ADDR_NONE;
		break;
	case 4:
		family = FAMILY_IPV6_UNICAST;
		break;
	case 5:
		v.as_path = zero;
		v.as_path_len = sizeof(zero);
		break;
	case 6:
		v.as_path = cut;
		v.as_path_len = sizeof(cut);
		break;
	case 7:
		v.has_aggregator = true;
		break;
	case 8:
		v.link_local = v.next_hop;
		break;
	case 9:
		for (uint32_t i = 0; i < nitems(many); i++)
			many[i] = i;
		v.communities = many;
		v.n_communities = nitems(many);
		break;
	case 10:
		wr_init(&w, block, 5);
		break;
	}
	ck_assert_int_eq(bgp_attr_build(&w, family, &v, &e), -1);
	ck_assert_int_eq(e.code, ERR_INVALID);
	ck_assert_uint_eq(wr_len(&w), 0);
}
END_TEST

START_TEST(long_attribute_has_two_length_octets)
{
	uint8_t block[BGP_ATTR_BLOCK_MAX];
	uint32_t many[64];
	struct bgp_attr_values v;
	struct bgp_attr a;
	struct err e;
	struct wr w;

	for (size_t n = 63; n <= 64; n++) {
		for (uint32_t i = 0; i < n; i++)
			many[i] = 1000 - i;
		bgp_attr_values_init(&v);
		v.next_hop = addr_ipv4(0);
		v.communities = many;
		v.n_communities = n;
		wr_init(&w, block, sizeof(block));
		ck_assert_int_eq(
		    bgp_attr_build(&w, FAMILY_IPV4_UNICAST, &v, &e), 0);
		ck_assert_int_eq(bgp_attr_validate(block, wr_len(&w),
				     FAMILY_IPV4_UNICAST, &e),
		    0);
		ck_assert(
		    bgp_attr_find(block, wr_len(&w), BGP_ATTR_COMMUNITIES, &a));
		ck_assert_uint_eq(a.len, 4 * n);
		ck_assert_int_eq((a.flags & BGP_ATTR_EXTENDED) != 0, n == 64);
		ck_assert_uint_eq(be_get32(a.value), 1000);
	}
}
END_TEST

START_TEST(any_bytes_are_read_without_harm)
{
	uint8_t block[512], path[64], ext[16] = { 1 }, large[24] = { 1 };
	uint8_t *exact;
	struct bgp_attr_values v;
	struct bgp_attr_hot h;
	struct bgp_attr a;
	struct err e;
	struct wr w;
	size_t len;
	int valid = 0;

	rich_values(&v, path, ext, large);
	wr_init(&w, block, sizeof(block));
	ck_assert_int_eq(bgp_attr_build(&w, FAMILY_IPV4_UNICAST, &v, &e), 0);
	len = wr_len(&w);
	for (size_t n = 0; n <= len; n++) {
		exact = wire_exact(block, n);
		valid +=
		    bgp_attr_validate(exact, n, FAMILY_IPV4_UNICAST, &e) == 0;
		bgp_attr_hot(exact, n, &h);
		(void)bgp_attr_find(exact, n, 255, &a);
		free(exact);
	}
	for (size_t at = 0; at < len; at++) {
		for (unsigned int x = 0; x < 256; x++) {
			exact = wire_exact(block, len);
			exact[at] = (uint8_t)x;
			valid += bgp_attr_validate(exact, len,
				     FAMILY_IPV4_UNICAST, &e) == 0;
			bgp_attr_hot(exact, len, &h);
			free(exact);
		}
	}
	ck_assert_int_gt(valid, 0);
}
END_TEST

START_TEST(every_type_has_a_name_that_fits)
{
	char buf[BGP_ATTR_NAMELEN];

	for (unsigned int t = 0; t < 256; t++)
		ck_assert_uint_lt(strlen(bgp_attr_name((uint8_t)t, buf)),
		    BGP_ATTR_NAMELEN - 1);
	ck_assert_str_eq(bgp_attr_name(BGP_ATTR_AS_PATH, buf), "AS_PATH");
	ck_assert_str_eq(bgp_attr_name(99, buf), "attribute 99");
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("bgp_attr");
	TCase *t = tcase_create("bgp_attr");
	SRunner *r;
	int failed;

	tcase_add_loop_test(t, block_is_validated, 0, (int)nitems(block_cases));
	tcase_add_test(t, built_block_is_canonical_and_reads_back);
	tcase_add_test(t, ipv6_route_has_its_next_hop_in_mp_reach);
	tcase_add_loop_test(t, values_that_make_no_route_are_refused, 0, 11);
	tcase_add_test(t, long_attribute_has_two_length_octets);
	tcase_add_test(t, any_bytes_are_read_without_harm);
	tcase_add_test(t, every_type_has_a_name_that_fits);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed > 0;
}
