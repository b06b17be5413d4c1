/* SPDX-License-Identifier: ISC */
/* AS paths: judging, measuring, rewriting, text. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/aspath.h"
#include "common/be.h"
#include "regress/unit/common/wire.h"

enum { WIRE_MAX = 8192 };

static size_t
path(uint8_t *to, const char *text)
{
	struct wr w;

	wr_init(&w, to, WIRE_MAX);
	ck_assert_int_eq(aspath_parse(text, &w), 0);
	return wr_len(&w);
}

static const struct check_case {
	const char *wire;
	unsigned int width;
	bool confed_ok;
	enum aspath_fault fault;
} check_cases[] = {
	{ "", 4, false, ASPATH_OK },
	{ "02 01 00000001", 4, false, ASPATH_OK },
	{ "02 01 0001", 2, false, ASPATH_OK },
	{ "01 02 00000001 00000002", 4, false, ASPATH_OK },
	{ "02 01 00000001 01 01 00000002", 4, false, ASPATH_OK },
	{ "02 01 00000001 02", 4, false, ASPATH_MALFORMED }, /* one left */
	{ "02 00", 4, false, ASPATH_MALFORMED }, /* empty segment */
	{ "00 01 00000001", 4, false, ASPATH_MALFORMED },
	{ "05 01 00000001", 4, true, ASPATH_MALFORMED },
	{ "02 02 00000001", 4, false, ASPATH_MALFORMED },
	{ "02 01 000001", 4, false, ASPATH_MALFORMED },
	{ "02 01 00000001", 2, false, ASPATH_MALFORMED },
	{ "02 02 00000001 00000000", 4, false, ASPATH_AS_ZERO },
	{ "02 01 0000", 2, false, ASPATH_AS_ZERO },
	{ "01 01 00000000", 4, false, ASPATH_AS_ZERO },
	{ "03 01 00000001", 4, false, ASPATH_CONFED },
	{ "04 01 00000001", 4, false, ASPATH_CONFED },
	{ "03 01 00000001", 4, true, ASPATH_OK },
};

START_TEST(path_is_judged)
{
	const struct check_case *c = &check_cases[_i];
	uint8_t wire[64], *exact;
	size_t len = wire_hex(wire, c->wire);

	exact = wire_exact(wire, len);
	ck_assert_int_eq(aspath_check(exact, len, c->width, c->confed_ok),
	    c->fault);
	free(exact);
}
END_TEST

static const struct measure_case {
	const char *text;
	unsigned int len;
	uint32_t first;
	uint32_t origin;
} measure_cases[] = {
	{ "", 0, 0, 0 },
	{ "65001", 1, 65001, 65001 },
	{ "1 2 3", 3, 1, 3 },
	{ "1 2 {3,4}", 3, 1, 0 },
	{ "{3,4} 1", 2, 0, 1 },
	{ "(64512 64513) 7 8", 2, 7, 8 },
	{ "[64512,64513] (1) 7", 1, 7, 7 },
	{ "(64512)", 0, 0, 0 },
	{ "4294967295 4200000000", 2, 4294967295u, 4200000000u },
};

START_TEST(path_is_measured_and_survives_text)
{
	const struct measure_case *c = &measure_cases[_i];
	uint8_t wire[WIRE_MAX];
	char text[128];
	size_t len = path(wire, c->text);

	ck_assert_int_eq(aspath_check(wire, len, 4, true), ASPATH_OK);
	ck_assert_uint_eq(aspath_len(wire, len), c->len);
	ck_assert_uint_eq(aspath_first(wire, len), c->first);
	ck_assert_uint_eq(aspath_origin(wire, len), c->origin);
	ck_assert_uint_eq(aspath_str(text, sizeof(text), wire, len),
	    strlen(c->text));
	ck_assert_str_eq(text, c->text);
}
END_TEST

START_TEST(what_is_no_path_is_refused)
{
	static const char *const bad[] = { "0", "1 0", "-1", "+1", " 1", "1 ",
		"1  2", "4294967296", "99999999999999999999999", "1,2", "{}",
		"{1 2}", "{1,2", "1}", "(1,2)", "[1 2]", "{1,}", "01", "x",
		"1{2}", "{1}2" };
	uint8_t wire[64];
	struct wr w;

	wr_init(&w, wire, sizeof(wire));
	ck_assert_msg(aspath_parse(bad[_i], &w) == -1, "%s", bad[_i]);
}
END_TEST

START_TEST(text_is_cut_as_snprintf_does)
{
	uint8_t wire[WIRE_MAX];
	char text[6];
	size_t len = path(wire, "65001 65002");

	ck_assert_uint_eq(aspath_str(text, sizeof(text), wire, len), 11);
	ck_assert_str_eq(text, "65001");
	ck_assert_uint_eq(aspath_str(NULL, 0, wire, len), 11);
}
END_TEST

START_TEST(long_text_becomes_several_sequences)
{
	static char text[300 * 4];
	uint8_t wire[WIRE_MAX];
	size_t at = 0, len;

	for (int i = 0; i < 300; i++)
		at += (size_t)snprintf(text + at, sizeof(text) - at, "%s7",
		    i > 0 ? " " : "");
	len = path(wire, text);
	ck_assert_uint_eq(len, 2 + 255 * 4 + 2 + 45 * 4);
	ck_assert_int_eq(aspath_check(wire, len, 4, false), ASPATH_OK);
	ck_assert_uint_eq(aspath_len(wire, len), 300);
	ck_assert_uint_eq(aspath_count(wire, len, 7), 300);
}
END_TEST

START_TEST(contains_finds_every_place)
{
	uint8_t wire[WIRE_MAX];
	size_t len = path(wire, "1 2 {3,4} (5) [6]");

	for (uint32_t asn = 1; asn <= 6; asn++)
		ck_assert(aspath_contains(wire, len, asn));
	ck_assert(!aspath_contains(wire, len, 7));
	ck_assert(!aspath_contains(wire, len, 0x01000000));
	ck_assert(!aspath_contains(wire, 0, 1));
}
END_TEST

static const struct prepend_case {
	const char *before;
	unsigned int n;
	const char *after;
} prepend_cases[] = {
	{ "", 1, "9" },
	{ "", 0, "" },
	{ "1 2", 0, "1 2" },
	{ "1 2", 1, "9 1 2" },
	{ "1 2", 3, "9 9 9 1 2" },
	{ "{1,2}", 1, "9 {1,2}" },
	{ "(1) 2", 1, "9 (1) 2" },
};

START_TEST(prepending_puts_the_number_in_front)
{
	const struct prepend_case *c = &prepend_cases[_i];
	uint8_t wire[WIRE_MAX], to[WIRE_MAX];
	char text[64];
	size_t len = path(wire, c->before);

	len = aspath_prepend(to, wire, len, 9, c->n);
	aspath_str(text, sizeof(text), to, len);
	ck_assert_str_eq(text, c->after);
}
END_TEST

START_TEST(no_segment_outgrows_its_count)
{
	uint8_t wire[WIRE_MAX], *to;
	size_t len = 0, room;
	unsigned int n = 250u + (unsigned int)_i;

	/* n numbers, then 600 more at once. */
	for (unsigned int i = 0; i < n; i++) {
		to = malloc(ASPATH_PREPEND_LEN(len, 1));
		ck_assert_ptr_nonnull(to);
		len = aspath_prepend(to, wire, len, 7, 1);
		memcpy(wire, to, len);
		free(to);
	}
	ck_assert_int_eq(aspath_check(wire, len, 4, false), ASPATH_OK);
	ck_assert_uint_eq(aspath_len(wire, len), n);
	for (unsigned int more = 0; more < 600; more += 51) {
		room = ASPATH_PREPEND_LEN(len, more);
		to = malloc(room);
		ck_assert_ptr_nonnull(to);
		room = aspath_prepend(to, wire, len, 8, more);
		ck_assert_int_eq(aspath_check(to, room, 4, false), ASPATH_OK);
		ck_assert_uint_eq(aspath_len(to, room), n + more);
		ck_assert_uint_eq(aspath_count(to, room, 8), more);
		ck_assert_uint_eq(aspath_first(to, room), more > 0 ? 8 : 7);
		free(to);
	}
}
END_TEST

START_TEST(two_octet_form_and_back)
{
	uint8_t wire[WIRE_MAX], narrow[WIRE_MAX], wide[WIRE_MAX];
	char text[64];
	bool lossy;
	size_t len = path(wire, "1 2 {3,65535}");

	len = aspath_to_as2(narrow, wire, len, &lossy);
	ck_assert(!lossy);
	ck_assert_uint_eq(len, 2 + 4 + 2 + 4);
	ck_assert_int_eq(aspath_check(narrow, len, 2, false), ASPATH_OK);
	len = aspath_widen(wide, narrow, len);
	aspath_str(text, sizeof(text), wide, len);
	ck_assert_str_eq(text, "1 2 {3,65535}");
	len = path(wire, "1 65536");
	len = aspath_to_as2(narrow, wire, len, &lossy);
	ck_assert(lossy);
	ck_assert_uint_eq(be_get16(narrow + 4), BGP_AS_TRANS);
	len = path(wire, "(65536) 1");
	aspath_to_as2(narrow, wire, len, &lossy);
	ck_assert(!lossy);
	len = aspath_to_as4(wide, wire, len);
	aspath_str(text, sizeof(text), wide, len);
	ck_assert_str_eq(text, "1");
}
END_TEST

static const struct merge_case {
	const char *path;
	const char *as4;
	const char *merged;
} merge_cases[] = {
	/* RFC 6793 4.2.3 */
	{ "275 250 225 23456 23456 200 23456 175",
	    "250 225 131072 131073 200 131074 175",
	    "275 250 225 131072 131073 200 131074 175" },
	{ "1 23456", "1 65536", "1 65536" },
	{ "1 23456", "65536", "1 65536" },
	{ "1 2", "1 2 3", "1 2" }, /* longer: ignored */
	{ "1 2", "", "1 2" },
	{ "", "", "" },
	{ "", "1", "" },
	{ "1 23456 {5,6}", "65536 {5,6}", "1 65536 {5,6}" },
	{ "1 {23456,2} 3", "{65536,2} 3", "1 {65536,2} 3" },
	{ "{1,2} 23456", "65536", "{1,2} 65536" },
	{ "(10 11) 1 23456", "1 65536", "(10 11) 1 65536" },
	{ "(10 11) 1 23456", "65536", "(10 11) 1 65536" },
	{ "1 (10) 23456", "65536", "1 (10) 65536" },
	{ "1 23456", "(7) 1 65536", "1 65536" },
	{ "1 23456", "[7] (7)", "1 23456" },
	{ "23456 23456 1", "65536 1", "23456 65536 1" },
};

START_TEST(as4_path_is_merged)
{
	const struct merge_case *c = &merge_cases[_i];
	uint8_t a[WIRE_MAX], b[WIRE_MAX], *to;
	char text[128];
	size_t alen = path(a, c->path), blen = path(b, c->as4), len;

	to = malloc(alen + blen + 1);
	ck_assert_ptr_nonnull(to);
	len = aspath_merge_as4(to, a, alen, b, blen);
	aspath_str(text, sizeof(text), to, len);
	ck_assert_str_eq(text, c->merged);
	ck_assert_int_eq(aspath_check(to, len, 4, true), ASPATH_OK);
	free(to);
}
END_TEST

START_TEST(long_paths_merge_within_segments)
{
	uint8_t a[WIRE_MAX], b[WIRE_MAX], to[2 * WIRE_MAX];
	size_t alen = 0, blen = 0, len;

	alen = aspath_prepend(a, NULL, 0, 5, 510);
	blen = aspath_prepend(b, NULL, 0, 70000, (unsigned int)_i);
	len = aspath_merge_as4(to, a, alen, b, blen);
	ck_assert_int_eq(aspath_check(to, len, 4, false), ASPATH_OK);
	ck_assert_uint_eq(aspath_len(to, len), 510);
	ck_assert_uint_eq(aspath_count(to, len, 70000), (unsigned int)_i);
}
END_TEST

START_TEST(garbage_stays_inside_its_bytes)
{
	uint8_t bytes[24], to[WIRE_MAX], *exact;
	char text[512];
	uint32_t seed = (uint32_t)_i * 2654435761u + 1;
	bool lossy;
	size_t len;

	for (int round = 0; round < 2000; round++) {
		for (size_t i = 0; i < sizeof(bytes); i++) {
			seed = seed * 1664525u + 1013904223u;
			bytes[i] = (uint8_t)(seed >> 24) % 7;
		}
		len = (seed >> 16) % sizeof(bytes);
		exact = wire_exact(bytes, len);
		(void)aspath_check(exact, len, 4, true);
		(void)aspath_check(exact, len, 2, true);
		(void)aspath_len(exact, len);
		(void)aspath_first(exact, len);
		(void)aspath_origin(exact, len);
		(void)aspath_contains(exact, len, 1);
		(void)aspath_prepend(to, exact, len, 1, 3);
		(void)aspath_widen(to, exact, len);
		(void)aspath_to_as2(to, exact, len, &lossy);
		(void)aspath_to_as4(to, exact, len);
		(void)aspath_merge_as4(to, exact, len, exact, len);
		(void)aspath_str(text, sizeof(text), exact, len);
		free(exact);
	}
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("aspath");
	TCase *t = tcase_create("aspath");
	SRunner *r;
	int failed;

	tcase_add_loop_test(t, path_is_judged, 0, (int)nitems(check_cases));
	tcase_add_loop_test(t, path_is_measured_and_survives_text, 0,
	    (int)nitems(measure_cases));
	tcase_add_loop_test(t, what_is_no_path_is_refused, 0, 21);
	tcase_add_test(t, text_is_cut_as_snprintf_does);
	tcase_add_test(t, long_text_becomes_several_sequences);
	tcase_add_test(t, contains_finds_every_place);
	tcase_add_loop_test(t, prepending_puts_the_number_in_front, 0,
	    (int)nitems(prepend_cases));
	tcase_add_loop_test(t, no_segment_outgrows_its_count, 0, 12);
	tcase_add_test(t, two_octet_form_and_back);
	tcase_add_loop_test(t, as4_path_is_merged, 0, (int)nitems(merge_cases));
	tcase_add_loop_test(t, long_paths_merge_within_segments, 0, 511);
	tcase_add_loop_test(t, garbage_stays_inside_its_bytes, 0, 5);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed > 0;
}
