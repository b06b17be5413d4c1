/* SPDX-License-Identifier: ISC */
/* Communities: sets without duplicates, text. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "common/be.h"
#include "common/community.h"
#include "regress/unit/common/wire.h"

/* The plain way, to compare with. */
static size_t
dedup_slowly(uint8_t *p, size_t len, size_t unit)
{
	size_t to = 0, i, j;

	for (i = 0; i < len; i += unit) {
		for (j = 0; j < to; j += unit)
			if (memcmp(p + j, p + i, unit) == 0)
				break;
		if (j < to)
			continue;
		memmove(p + to, p + i, unit);
		to += unit;
	}
	return to;
}

START_TEST(first_of_equal_ones_stays_and_order_too)
{
	static const size_t units[] = { 4, 8, 12, 20 };
	size_t unit = units[_i % 4], n = (size_t)_i * 7 % 300 + 1, len, want;
	uint8_t *a = calloc(n, unit), *b = calloc(n, unit);
	uint32_t seed = (uint32_t)_i;
	bool twice;

	ck_assert(a != NULL && b != NULL);
	for (size_t i = 0; i < n; i++) {
		seed = seed * 1664525u + 1013904223u;
		be_put32(a + i * unit + unit - 4, (seed >> 16) % (n * 2));
		be_put32(a + i * unit, (seed >> 16) % (n * 2));
	}
	memcpy(b, a, n * unit);
	want = dedup_slowly(b, n * unit, unit);
	twice = community_has_duplicate(a, n * unit, unit);
	len = community_dedup(a, n * unit, unit);
	ck_assert_uint_eq(len, want);
	ck_assert_mem_eq(a, b, len);
	ck_assert(twice == (len != n * unit));
	ck_assert(!community_has_duplicate(a, len, unit));
	free(a);
	free(b);
}
END_TEST

START_TEST(longest_list_is_sifted)
{
	size_t len = 65532;
	uint8_t *p = malloc(len);

	ck_assert_ptr_nonnull(p);
	for (size_t i = 0; i < len; i += 4)
		be_put32(p + i, (uint32_t)(len - i) / 8);
	ck_assert_uint_eq(community_dedup(p, len, 4), 32768);
	free(p);
}
END_TEST

START_TEST(contains_sees_whole_elements)
{
	uint8_t list[8];

	wire_hex(list, "00010002 00020003");
	ck_assert(community_contains(list, 8, 0x00010002));
	ck_assert(community_contains(list, 8, 0x00020003));
	ck_assert(!community_contains(list, 8, 0x00020002));
	ck_assert(!community_contains(list, 4, 0x00020003));
	ck_assert(!community_contains(list, 0, 0));
}
END_TEST

static const struct text_case {
	const char *in;
	int64_t value; /* -1: none */
	const char *out;
} text_cases[] = {
	{ "65001:100", 65001ll << 16 | 100, "65001:100" },
	{ "0:0", 0, "0:0" },
	{ "65535:65535", 0xffffffff, "65535:65535" },
	{ "no-export", 0xffffff01, "no-export" },
	{ "NO_EXPORT", 0xffffff01, "no-export" },
	{ "no-advertise", 0xffffff02, "no-advertise" },
	{ "no_export_subconfed", 0xffffff03, "no-export-subconfed" },
	{ "65535:666", 0xffff029a, "blackhole" },
	{ "4294967295", 0xffffffff, "65535:65535" },
	{ "65536:1", -1, NULL },
	{ "1:65536", -1, NULL },
	{ "1:", -1, NULL },
	{ ":1", -1, NULL },
	{ "", -1, NULL },
	{ "1:2:3", -1, NULL },
	{ "-1:2", -1, NULL },
	{ "1: 2", -1, NULL },
	{ "4294967296", -1, NULL },
	{ "no-expor", -1, NULL },
	{ "no-exports", -1, NULL },
};

START_TEST(community_text)
{
	const struct text_case *c = &text_cases[_i];
	char buf[COMMUNITY_STRLEN];
	uint32_t v;

	if (c->value < 0) {
		ck_assert_int_eq(community_parse(c->in, &v), -1);
		return;
	}
	ck_assert_int_eq(community_parse(c->in, &v), 0);
	ck_assert_uint_eq(v, (uint32_t)c->value);
	ck_assert_str_eq(community_str(v, true, buf), c->out);
	ck_assert_int_eq(community_parse(community_str(v, false, buf), &v), 0);
	ck_assert_uint_eq(v, (uint32_t)c->value);
}
END_TEST

START_TEST(large_community_text)
{
	struct community_large c;
	char buf[COMMUNITY_STRLEN];
	uint8_t wire[12];

	ck_assert_int_eq(community_large_parse("4294967295:0:4294967295", &c),
	    0);
	ck_assert_str_eq(community_large_str(&c, buf),
	    "4294967295:0:4294967295");
	community_large_write(wire, &c);
	memset(&c, 0, sizeof(c));
	community_large_read(wire, &c);
	ck_assert_uint_eq(c.global, 4294967295u);
	ck_assert_int_eq(community_large_parse("1:2", &c), -1);
	ck_assert_int_eq(community_large_parse("1:2:3:4", &c), -1);
	ck_assert_int_eq(community_large_parse("1:2:4294967296", &c), -1);
	ck_assert_int_eq(community_large_parse("", &c), -1);
	ck_assert_int_eq(community_large_parse("1:2:x", &c), -1);
}
END_TEST

START_TEST(extended_community_text)
{
	char buf[COMMUNITY_STRLEN];
	uint8_t ext[8];

	wire_hex(ext, "0002 fde9 00000064");
	ck_assert_str_eq(community_ext_str(ext, buf), "rt 65001:100");
	wire_hex(ext, "0102 0a000001 0064");
	ck_assert_str_eq(community_ext_str(ext, buf), "rt 10.0.0.1:100");
	wire_hex(ext, "0203 ffffffff 0064");
	ck_assert_str_eq(community_ext_str(ext, buf), "soo 4294967295:100");
	wire_hex(ext, "030b 000000000064");
	ck_assert_str_eq(community_ext_str(ext, buf), "0x03:0x0b:000000000064");
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("community");
	TCase *t = tcase_create("community");
	SRunner *r;
	int failed;

	tcase_add_loop_test(t, first_of_equal_ones_stays_and_order_too, 0, 200);
	tcase_add_test(t, longest_list_is_sifted);
	tcase_add_test(t, contains_sees_whole_elements);
	tcase_add_loop_test(t, community_text, 0, (int)nitems(text_cases));
	tcase_add_test(t, large_community_text);
	tcase_add_test(t, extended_community_text);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed > 0;
}
