/* SPDX-License-Identifier: ISC */
/*
 * Routes as neighbours get them: each rule alone, as bytes.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "common/hash.h"
#include "rde/export.h"

static struct attrs_table *table;
static struct export_rule ebgp, ibgp, ebgp6;
static uint8_t out[EXPORT_MAX];
static size_t out_len;

static struct addr
addr_of(const char *text)
{
	struct addr a;

	ck_assert_int_eq(addr_parse(text, &a), 0);
	return a;
}

static void
setup(void)
{
	hash_init();
	table = attrs_table_new();
	ebgp = (struct export_rule){ .family = FAMILY_IPV4_UNICAST,
		.ebgp = true,
		.as4 = true,
		.local_as = 65000,
		.local = addr_of("192.0.2.1"),
		.message_max = 4096 };
	ibgp = ebgp;
	ibgp.ebgp = false;
	ebgp6 = ebgp;
	ebgp6.family = FAMILY_IPV6_UNICAST;
	ebgp6.local = addr_of("2001:db8::1");
}

static void
teardown(void)
{
	attrs_table_free(table);
}

static const struct attrs *
intern(const void *block, size_t len)
{
	return attrs_get(table, attrs_intern(table, block, len, 1));
}

static const struct attrs *
build(enum family family, const struct bgp_attr_values *v)
{
	uint8_t buf[BGP_ATTR_BLOCK_MAX];
	struct wr wr;
	struct err err;

	wr_init(&wr, buf, sizeof(buf));
	ck_assert_int_eq(bgp_attr_build(&wr, family, v, &err), 0);
	return intern(buf, wr_len(&wr));
}

/* The attribute in what was written last. */
static bool
has(uint8_t type, struct bgp_attr *a)
{
	return bgp_attr_find(out, out_len, type, a);
}

static void
wire(const struct export_rule *rule, const struct attrs *a,
    enum route_kind kind)
{
	struct bgp_attr attr;
	struct rd rd;
	int last = 0;

	out_len = export_attrs(rule, a, kind, out);
	rd_init(&rd, out, out_len);
	while (bgp_attr_next(&rd, &attr)) {
		ck_assert_int_gt(attr.type, last);
		last = attr.type;
	}
	ck_assert(rd_done(&rd));
}

static const uint8_t path[] = { 2, 2, 0, 0, 0xfd, 0xe9, 0, 0, 0, 7 };

static struct bgp_attr_values
values(void)
{
	struct bgp_attr_values v;

	bgp_attr_values_init(&v);
	v.as_path = path;
	v.as_path_len = sizeof(path);
	v.next_hop = addr_of("198.51.100.7");
	v.has_med = true;
	v.med = 5;
	return v;
}

START_TEST(test_ebgp)
{
	static const uint8_t want[] = { 2, 3, 0, 0, 0xfd, 0xe8, 0, 0, 0xfd,
		0xe9, 0, 0, 0, 7 };
	struct bgp_attr_values v = values();
	struct bgp_attr a;
	const struct attrs *set;

	v.has_local_pref = true;
	v.local_pref = 200;
	v.has_originator_id = true;
	v.originator_id = 9;
	set = build(FAMILY_IPV4_UNICAST, &v);
	wire(&ebgp, set, ROUTE_EBGP);
	ck_assert(has(BGP_ATTR_AS_PATH, &a));
	ck_assert_uint_eq(a.len, sizeof(want));
	ck_assert_mem_eq(a.value, want, sizeof(want));
	ck_assert(has(BGP_ATTR_NEXT_HOP, &a));
	ck_assert_mem_eq(a.value, "\xc0\x00\x02\x01", 4);
	ck_assert(!has(BGP_ATTR_MED, &a));
	ck_assert(!has(BGP_ATTR_LOCAL_PREF, &a));
	ck_assert(!has(BGP_ATTR_ORIGINATOR_ID, &a));
	wire(&ebgp, set, ROUTE_IBGP);
	ck_assert(has(BGP_ATTR_MED, &a));
	wire(&ebgp, set, ROUTE_LOCAL);
	ck_assert(has(BGP_ATTR_MED, &a));
}
END_TEST

START_TEST(test_ibgp)
{
	struct bgp_attr_values v = values();
	struct bgp_attr a;
	const struct attrs *set = build(FAMILY_IPV4_UNICAST, &v);
	uint32_t u;

	wire(&ibgp, set, ROUTE_EBGP);
	ck_assert(has(BGP_ATTR_AS_PATH, &a));
	ck_assert_mem_eq(a.value, path, sizeof(path));
	ck_assert(has(BGP_ATTR_NEXT_HOP, &a));
	ck_assert_mem_eq(a.value, "\xc6\x33\x64\x07", 4);
	ck_assert(has(BGP_ATTR_LOCAL_PREF, &a) && bgp_attr_u32(&a, &u));
	ck_assert_uint_eq(u, 100);
	ck_assert(has(BGP_ATTR_MED, &a));
	ck_assert_int_eq(export_check(&ibgp, set, ROUTE_EBGP), EXPORT_YES);
	ck_assert_int_eq(export_check(&ibgp, set, ROUTE_LOCAL), EXPORT_YES);
	ck_assert_int_eq(export_check(&ibgp, set, ROUTE_IBGP), EXPORT_NO);
	ck_assert_int_eq(export_check(&ebgp, set, ROUTE_IBGP), EXPORT_YES);
	/* A route of our own: empty path, next hop filled in. */
	v.as_path_len = 0;
	v.next_hop = addr_of("0.0.0.0");
	v.has_local_pref = true;
	v.local_pref = 77;
	set = build(FAMILY_IPV4_UNICAST, &v);
	wire(&ibgp, set, ROUTE_LOCAL);
	ck_assert(has(BGP_ATTR_AS_PATH, &a));
	ck_assert_uint_eq(a.len, 0);
	ck_assert(has(BGP_ATTR_NEXT_HOP, &a));
	ck_assert_mem_eq(a.value, "\xc0\x00\x02\x01", 4);
	ck_assert(has(BGP_ATTR_LOCAL_PREF, &a) && bgp_attr_u32(&a, &u));
	ck_assert_uint_eq(u, 77);
	wire(&ebgp, set, ROUTE_LOCAL);
	ck_assert(has(BGP_ATTR_AS_PATH, &a));
	ck_assert_mem_eq(a.value, "\x02\x01\x00\x00\xfd\xe8", 6);
}
END_TEST

START_TEST(test_communities)
{
	struct bgp_attr_values v = values();
	uint32_t c;
	const struct {
		uint32_t community;
		enum export_verdict to_ebgp, to_ibgp;
	} cases[] = {
		{ BGP_COMM_NO_EXPORT, EXPORT_NO, EXPORT_YES },
		{ BGP_COMM_NO_EXPORT_SUBCONFED, EXPORT_NO, EXPORT_YES },
		{ BGP_COMM_NO_ADVERTISE, EXPORT_NO, EXPORT_NO },
		{ 0xffffff04u, EXPORT_YES, EXPORT_YES },
	};
	const struct attrs *set;
	size_t i;

	for (i = 0; i < nitems(cases); i++) {
		c = cases[i].community;
		v.communities = &c;
		v.n_communities = 1;
		set = build(FAMILY_IPV4_UNICAST, &v);
		ck_assert_int_eq(export_check(&ebgp, set, ROUTE_EBGP),
		    cases[i].to_ebgp);
		ck_assert_int_eq(export_check(&ibgp, set, ROUTE_EBGP),
		    cases[i].to_ibgp);
	}
}
END_TEST

START_TEST(test_ext_communities)
{
	static const uint8_t ext[] = { 0x00, 2, 0, 1, 0, 0, 0, 1, 0x40, 4, 0, 1,
		0, 0, 0, 1, 0x03, 0x0b, 0, 0, 0, 0, 0, 9 };
	struct bgp_attr_values v = values();
	struct bgp_attr a;
	const struct attrs *set;

	v.ext_communities = ext;
	v.n_ext_communities = 3;
	set = build(FAMILY_IPV4_UNICAST, &v);
	wire(&ibgp, set, ROUTE_EBGP);
	ck_assert(has(BGP_ATTR_EXT_COMMUNITIES, &a));
	ck_assert_uint_eq(a.len, 24);
	wire(&ebgp, set, ROUTE_EBGP);
	ck_assert(has(BGP_ATTR_EXT_COMMUNITIES, &a));
	ck_assert_uint_eq(a.len, 16);
	ck_assert_mem_eq(a.value, ext, 8);
	ck_assert_mem_eq(a.value + 8, ext + 16, 8);
	v.ext_communities = ext + 8;
	v.n_ext_communities = 1;
	wire(&ebgp, build(FAMILY_IPV4_UNICAST, &v), ROUTE_EBGP);
	ck_assert(!has(BGP_ATTR_EXT_COMMUNITIES, &a));
}
END_TEST

START_TEST(test_unknown)
{
	static const uint8_t block[] = { 0x40, 1, 1, 0, 0x40, 2, 0, 0x40, 3, 4,
		198, 51, 100, 7, 0xc0, 200, 2, 1, 2, 0x80, 201, 1, 3 };
	struct bgp_attr a;
	const struct attrs *set = intern(block, sizeof(block));

	wire(&ibgp, set, ROUTE_EBGP);
	ck_assert(has(200, &a));
	ck_assert_uint_eq(a.flags, 0xe0);
	ck_assert_uint_eq(a.len, 2);
	ck_assert(!has(201, &a));
	wire(&ebgp, set, ROUTE_EBGP);
	ck_assert(has(200, &a) && !has(201, &a));
}
END_TEST

START_TEST(test_two_octet_peer)
{
	static const uint8_t big[] = { 2, 2, 0xfa, 0x56, 0xea, 0, 0, 0, 0, 7 };
	struct bgp_attr_values v = values();
	struct export_rule rule = ebgp;
	struct bgp_attr a;

	rule.as4 = false;
	wire(&rule, build(FAMILY_IPV4_UNICAST, &v), ROUTE_EBGP);
	ck_assert(has(BGP_ATTR_AS_PATH, &a));
	ck_assert_uint_eq(a.len, 8);
	ck_assert_mem_eq(a.value, "\x02\x03\xfd\xe8\xfd\xe9\x00\x07", 8);
	ck_assert(!has(BGP_ATTR_AS4_PATH, &a));
	v.as_path = big;
	v.has_aggregator = true;
	v.aggregator_as = 4200000000u;
	v.aggregator = addr_of("192.0.2.9");
	wire(&rule, build(FAMILY_IPV4_UNICAST, &v), ROUTE_EBGP);
	ck_assert(has(BGP_ATTR_AS_PATH, &a));
	ck_assert_mem_eq(a.value, "\x02\x03\xfd\xe8\x5b\xa0\x00\x07", 8);
	ck_assert(has(BGP_ATTR_AS4_PATH, &a));
	ck_assert_uint_eq(a.len, 14);
	ck_assert_mem_eq(a.value, "\x02\x03\x00\x00\xfd\xe8", 6);
	ck_assert(has(BGP_ATTR_AGGREGATOR, &a));
	ck_assert_uint_eq(a.len, 6);
	ck_assert_mem_eq(a.value, "\x5b\xa0\xc0\x00\x02\x09", 6);
	ck_assert(has(BGP_ATTR_AS4_AGGREGATOR, &a));
	ck_assert_uint_eq(a.len, 8);
}
END_TEST

START_TEST(test_ipv6_next_hop)
{
	struct bgp_attr_values v = values();
	struct export_rule over4 = ebgp;
	const struct attrs *set;
	struct bgp_attr a;
	uint8_t nh[32];

	v.next_hop = addr_of("2001:db8:7::7");
	v.link_local = addr_of("fe80::1");
	set = build(FAMILY_IPV6_UNICAST, &v);
	ck_assert_uint_eq(export_next_hop(&ebgp6, set, nh), 16);
	ck_assert_mem_eq(nh, ebgp6.local.bytes, 16);
	wire(&ebgp6, set, ROUTE_EBGP);
	ck_assert(!has(BGP_ATTR_MP_REACH, &a));
	ck_assert(!has(BGP_ATTR_NEXT_HOP, &a));
	/* Listed with it. */
	out_len = export_block(&ebgp6, set, ROUTE_EBGP, out);
	ck_assert(has(BGP_ATTR_MP_REACH, &a));
	ck_assert_uint_eq(a.len, 20);
	ck_assert_mem_eq(a.value, "\x00\x02\x01\x10", 4);
	/* Over IPv4 the explicit one stays; unspecified is not sent. */
	over4.family = FAMILY_IPV6_UNICAST;
	ck_assert_int_eq(export_check(&over4, set, ROUTE_EBGP), EXPORT_YES);
	ck_assert_uint_eq(export_next_hop(&over4, set, nh), 16);
	ck_assert_mem_eq(nh, v.next_hop.bytes, 16);
	v.next_hop = addr_of("::");
	v.link_local.family = ADDR_NONE;
	set = build(FAMILY_IPV6_UNICAST, &v);
	ck_assert_int_eq(export_check(&over4, set, ROUTE_LOCAL),
	    EXPORT_NO_NEXT_HOP);
	ck_assert_int_eq(export_check(&ebgp6, set, ROUTE_LOCAL), EXPORT_YES);
}
END_TEST

/* Exactly at the border of what a message can carry. */
START_TEST(test_length)
{
	uint8_t block[BGP_ATTR_BLOCK_MAX];
	const struct attrs *set;
	size_t n, len, room = 4096 - 19 - 4 - 5;
	bool seen_yes = false, seen_long = false;

	for (n = 3900; n < 4096; n++) {
		memcpy(block,
		    "\x40\x01\x01\x00\x40\x02\x00\x40\x03\x04"
		    "\xc6\x33\x64\x07",
		    14);
		len = 14 + bgp_attr_head(block + 14, 0xc0, 200, n);
		memset(block + len, 7, n);
		len += n;
		set = intern(block, len);
		wire(&ebgp, set, ROUTE_EBGP);
		ck_assert_int_eq(export_check(&ebgp, set, ROUTE_EBGP),
		    out_len <= room ? EXPORT_YES : EXPORT_TOO_LONG);
		seen_yes = seen_yes || out_len <= room;
		seen_long = seen_long || out_len > room;
	}
	ck_assert(seen_yes && seen_long);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("export");
	TCase *t = tcase_create("all");
	SRunner *sr;
	int failed;

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, test_ebgp);
	tcase_add_test(t, test_ibgp);
	tcase_add_test(t, test_communities);
	tcase_add_test(t, test_ext_communities);
	tcase_add_test(t, test_unknown);
	tcase_add_test(t, test_two_octet_peer);
	tcase_add_test(t, test_ipv6_next_hop);
	tcase_add_test(t, test_length);
	suite_add_tcase(s, t);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? 0 : 1;
}
