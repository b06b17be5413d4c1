/* SPDX-License-Identifier: ISC */
/*
 * Strings, enum numbers and broken bytes of client messages.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "apid/pb_check.h"
#include "proto/bgp.pb-c.h"

static int
check_bytes(const ProtobufCMessageDescriptor *d, const void *p, size_t n,
    struct err *e)
{
	/* A copy of the exact size, so that a read past it is seen. */
	uint8_t *copy = malloc(n + (n == 0));
	int result;

	if (n > 0)
		memcpy(copy, p, n);
	result = pb_check(d, copy, n, e);
	free(copy);
	return result;
}

static const struct {
	const char *text;
	bool good;
} texts[] = {
	{ "plain", true },
	{ "", true },
	{ "\xc3\xa9", true },
	{ "\xe2\x82\xac", true },
	{ "\xf0\x9f\x98\x80", true },
	{ "\xf4\x8f\xbf\xbf", true },
	{ "\xff", false },
	{ "\xc3", false },
	{ "\xc0\x80", false }, /* overlong */
	{ "\xe0\x80\x80", false }, /* overlong */
	{ "\xed\xa0\x80", false }, /* surrogate */
	{ "\xf4\x90\x80\x80", false }, /* above U+10FFFF */
	{ "\xf0\x80\x80\x80", false },
	{ "\xe2\x82", false },
	{ "\x80", false },
	{ "a\xe2\x28\xa1", false },
};

START_TEST(text_is_judged)
{
	ck_assert(pb_is_text((const uint8_t *)texts[_i].text,
		      strlen(texts[_i].text)) == texts[_i].good);
}
END_TEST

START_TEST(nul_is_named)
{
	static const uint8_t m[] = { 0x0a, 3, 'a', 0, 'b' };
	struct err e;

	ck_assert_int_eq(
	    check_bytes(&bgp__get_peer_request__descriptor, m, sizeof(m), &e),
	    -1);
	ck_assert_ptr_nonnull(strstr(e.text, "address"));
	ck_assert_ptr_nonnull(strstr(e.text, "NUL"));
}
END_TEST

START_TEST(nested_text_is_found)
{
	/* AddPeerRequest.config.local_address (1002) = "\xff" */
	static const uint8_t m[] = { 0x12, 4, 0xd2, 0x3e, 1, 0xff };
	struct err e;

	ck_assert_int_eq(
	    check_bytes(&bgp__add_peer_request__descriptor, m, sizeof(m), &e),
	    -1);
	ck_assert_ptr_nonnull(strstr(e.text, "local_address"));
}
END_TEST

START_TEST(unknown_enum_is_named)
{
	static const uint8_t good[] = { 0x10, 3 }, bad[] = { 0x10, 4 },
			     negative[] = { 0x10, 0xff, 0xff, 0xff, 0xff, 0xff,
				     0xff, 0xff, 0xff, 0xff, 1 };
	const ProtobufCMessageDescriptor *d =
	    &bgp__reset_peer_request__descriptor;
	struct err e;

	ck_assert_int_eq(check_bytes(d, good, sizeof(good), &e), 0);
	ck_assert_int_eq(check_bytes(d, bad, sizeof(bad), &e), -1);
	ck_assert_ptr_nonnull(strstr(e.text, "reset_type"));
	ck_assert_int_eq(check_bytes(d, negative, sizeof(negative), &e), -1);
	ck_assert_ptr_nonnull(strstr(e.text, "-1"));
}
END_TEST

START_TEST(unknown_members_pass)
{
	static const uint8_t m[] = { 0xfa, 0x3f, 2, 0xff, 0xff, 0xf5, 0x7f, 1,
		2, 3, 4 };
	struct err e;

	ck_assert_int_eq(
	    check_bytes(&bgp__get_peer_request__descriptor, m, sizeof(m), &e),
	    0);
}
END_TEST

/* Cut and flipped messages are judged without a step outside. */
START_TEST(broken_bytes_are_survived)
{
	static const uint8_t m[] = { 0x0a, 11, '1', '0', '.', '0', '.', '0',
		'.', '0', '/', '2', '4', 0x12, 7, '1', '.', '1', '.', '1', '.',
		'1', 0x18, 1, 0x22, 6, 0x08, 1, 0x12, 2, 1, 2, 0x28, 0xc8, 1,
		0x4a, 6, 0x0a, 4, 0x08, 1, 0x10, 2 };
	uint8_t copy[sizeof(m)];
	struct err e;
	size_t i;
	int bit, result;

	ck_assert_int_eq(
	    check_bytes(&bgp__add_route_request__descriptor, m, sizeof(m), &e),
	    0);
	for (i = 0; i < sizeof(m); i++) {
		result =
		    check_bytes(&bgp__add_route_request__descriptor, m, i, &e);
		ck_assert(result == 0 || e.code == ERR_INVALID);
		for (bit = 0; bit < 8; bit++) {
			memcpy(copy, m, sizeof(m));
			copy[i] ^= (uint8_t)(1 << bit);
			result =
			    check_bytes(&bgp__add_route_request__descriptor,
				copy, sizeof(m), &e);
			ck_assert(result == 0 || e.code == ERR_INVALID);
		}
	}
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("pb_check");
	TCase *tc = tcase_create("pb_check");
	SRunner *runner;
	int failed;

	tcase_add_loop_test(tc, text_is_judged, 0, (int)nitems(texts));
	tcase_add_test(tc, nul_is_named);
	tcase_add_test(tc, nested_text_is_found);
	tcase_add_test(tc, unknown_enum_is_named);
	tcase_add_test(tc, unknown_members_pass);
	tcase_add_test(tc, broken_bytes_are_survived);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
