/* SPDX-License-Identifier: ISC */
/* NLRI: judging spans, walking, writing. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "common/be.h"
#include "common/bgp_nlri.h"
#include "regress/unit/common/wire.h"

static const struct span_case {
	enum family family;
	bool add_path;
	const char *wire;
	int n; /* -1: malformed */
} span_cases[] = {
	{ FAMILY_IPV4_UNICAST, false, "", 0 },
	{ FAMILY_IPV4_UNICAST, false, "00", 1 },
	{ FAMILY_IPV4_UNICAST, false, "18 0a0001 20 0a000203 08 0a", 3 },
	{ FAMILY_IPV4_UNICAST, false, "21 0a00020300", -1 },
	{ FAMILY_IPV4_UNICAST, false, "ff", -1 },
	{ FAMILY_IPV4_UNICAST, false, "18 0a00", -1 },
	{ FAMILY_IPV4_UNICAST, false, "18 0a0001 20 0a0002", -1 },
	{ FAMILY_IPV4_UNICAST, false, "18", -1 },
	{ FAMILY_IPV4_UNICAST, true, "00000001 18 0a0001", 1 },
	{ FAMILY_IPV4_UNICAST, true, "00000001 00", 1 },
	{ FAMILY_IPV4_UNICAST, true, "00000001", -1 },
	{ FAMILY_IPV4_UNICAST, true, "000000", -1 },
	{ FAMILY_IPV4_UNICAST, true, "00000001 21 0a00010203", -1 },
	{ FAMILY_IPV4_UNICAST, true, "00000001 18 0a00", -1 },
	{ FAMILY_IPV6_UNICAST, false, "20 20010db8 00", 2 },
	{ FAMILY_IPV6_UNICAST, false, "80 20010db8000000000000000000000001",
	    1 },
	{ FAMILY_IPV6_UNICAST, false, "81 20010db800000000000000000000000180",
	    -1 },
	{ FAMILY_IPV6_UNICAST, false, "40 20010db8", -1 },
};

START_TEST(span_is_judged_and_walked)
{
	const struct span_case *c = &span_cases[_i];
	struct bgp_nlri_iter it;
	struct nlri nlri;
	uint8_t wire[64], *exact;
	uint32_t id;
	size_t len = wire_hex(wire, c->wire);
	int n = 0;

	exact = wire_exact(wire, len);
	ck_assert_int_eq(bgp_nlri_check(c->family, exact, len, c->add_path),
	    c->n);
	/* Also what is malformed is not left by the walk. */
	bgp_nlri_iter_init(&it, c->family, exact, len, c->add_path);
	while (bgp_nlri_next(&it, &nlri, &id)) {
		ck_assert_uint_eq(nlri.family, c->family);
		ck_assert_uint_eq(id, c->add_path ? 1 : 0);
		n++;
	}
	if (c->n >= 0) {
		ck_assert_int_eq(n, c->n);
		ck_assert_ptr_eq(it.p, it.end);
	}
	free(exact);
}
END_TEST

START_TEST(host_bits_are_cleared)
{
	uint8_t wire[17], *exact;
	const uint8_t *p;
	struct bgp_nlri_iter it;
	struct nlri nlri;
	uint32_t addr;
	uint8_t bits = (uint8_t)_i, n;
	size_t len = bgp_nlri_len(bits);

	memset(wire, 0xff, sizeof(wire));
	wire[0] = bits;
	exact = wire_exact(wire, len);
	bgp_nlri_iter_init(&it, FAMILY_IPV6_UNICAST, exact, len, false);
	ck_assert(bgp_nlri_next(&it, &nlri, NULL));
	for (unsigned int i = 0; i < 128; i++)
		ck_assert_int_eq(nlri.key[i / 8] >> (7 - i % 8) & 1, i < bits);
	if (bits <= 32) {
		p = exact;
		bgp_nlri_ipv4_next(&p, exact + len, &addr, &n);
		ck_assert_ptr_eq(p, exact + len);
		ck_assert_uint_eq(n, bits);
		ck_assert_uint_eq(addr,
		    bits == 0 ? 0 : UINT32_MAX << (32 - bits));
	}
	free(exact);
}
END_TEST

START_TEST(ipv4_walk_agrees_with_the_general_one)
{
	uint8_t wire[512], *exact;
	struct bgp_nlri_iter it;
	struct nlri nlri;
	const uint8_t *p;
	uint32_t addr, seed = (uint32_t)_i;
	uint8_t bits;
	size_t len = 0, bytes;

	for (int i = 0; i < 50; i++) {
		seed = seed * 1664525u + 1013904223u;
		wire[len] = (uint8_t)((seed >> 24) % 33);
		bytes = bgp_nlri_len(wire[len]);
		be_put32(wire + len + 1, seed);
		len += bytes;
	}
	exact = wire_exact(wire, len);
	p = exact;
	bgp_nlri_iter_init(&it, FAMILY_IPV4_UNICAST, exact, len, false);
	while (p < exact + len) {
		bgp_nlri_ipv4_next(&p, exact + len, &addr, &bits);
		ck_assert(bgp_nlri_next(&it, &nlri, NULL));
		ck_assert_uint_eq(bits, nlri.bits);
		ck_assert_uint_eq(addr, be_get32(nlri.key));
		ck_assert_ptr_eq(p, it.p);
	}
	ck_assert(!bgp_nlri_next(&it, &nlri, NULL));
	free(exact);
}
END_TEST

START_TEST(what_is_written_is_read_again)
{
	uint8_t to[BGP_NLRI_MAX];
	struct bgp_nlri_iter it;
	struct nlri in, out;
	struct err e;
	uint32_t id;
	size_t len;
	static const char *const texts[] = { "0.0.0.0/0", "10.0.0.0/8",
		"10.1.2.0/23", "10.1.2.3/32", "::/0", "2001:db8::/33",
		"2001:db8::1/128" };

	ck_assert_int_eq(nlri_parse(texts[_i], &in, &e), 0);
	len = bgp_nlri_write(to, &in);
	ck_assert_uint_eq(len, bgp_nlri_len(in.bits));
	bgp_nlri_iter_init(&it, in.family, to, len, false);
	ck_assert(bgp_nlri_next(&it, &out, &id));
	ck_assert_mem_eq(&in, &out, sizeof(in));
	len = bgp_nlri_write_id(to, &in, 0xdeadbeef);
	bgp_nlri_iter_init(&it, in.family, to, len, true);
	ck_assert(bgp_nlri_next(&it, &out, &id));
	ck_assert_mem_eq(&in, &out, sizeof(in));
	ck_assert_uint_eq(id, 0xdeadbeef);
	if (in.family == FAMILY_IPV4_UNICAST) {
		len = bgp_nlri_ipv4_write(to, be_get32(in.key), in.bits);
		bgp_nlri_iter_init(&it, in.family, to, len, false);
		ck_assert(bgp_nlri_next(&it, &out, NULL));
		ck_assert_mem_eq(&in, &out, sizeof(in));
	}
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("bgp_nlri");
	TCase *t = tcase_create("bgp_nlri");
	SRunner *r;
	int failed;

	tcase_add_loop_test(t, span_is_judged_and_walked, 0,
	    (int)nitems(span_cases));
	tcase_add_loop_test(t, host_bits_are_cleared, 0, 129);
	tcase_add_loop_test(t, ipv4_walk_agrees_with_the_general_one, 0, 20);
	tcase_add_loop_test(t, what_is_written_is_read_again, 0, 7);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed > 0;
}
