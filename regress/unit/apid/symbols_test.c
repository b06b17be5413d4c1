/* SPDX-License-Identifier: ISC */
/*
 * The index over descriptors: our own, and broken ones.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "apid/descriptors.h"
#include "apid/symbols.h"

static struct symbols *s;

static void
setup(void)
{
	s = symbols_new(descriptors, descriptors_len);
	ck_assert_ptr_nonnull(s);
}

static void
teardown(void)
{
	symbols_free(s);
}

START_TEST(services_come_in_order)
{
	const char *name, *last = "";
	size_t i;

	for (i = 0; (name = symbols_service(s, i)) != NULL; i++) {
		ck_assert_int_lt(strcmp(last, name), 0);
		last = name;
	}
	ck_assert_uint_eq(i, 8);
	ck_assert_str_eq(symbols_service(s, 0), "bgp.BgpService");
}
END_TEST

static const struct {
	const char *symbol;
	const char *file; /* NULL: there is none */
} places[] = {
	{ "bgp.Peer", "proto/bgp.proto" },
	{ "bgp.Peer.session_config", "proto/bgp.proto" },
	{ "bgp.ExtendedCommunity.Color.color", "proto/bgp.proto" },
	{ "bgp.BgpService.ListRoutesStream", "proto/bgp.proto" },
	{ "bgp.ESTABLISHED", "proto/bgp.proto" }, /* beside its enum */
	{ "bgp.BgpState.ESTABLISHED", NULL },
	{ "bgpgg.v1.RouteBatch", "proto/bgpgg/v1/route.proto" },
	{ "grpc.health.v1.HealthCheckResponse.SERVING",
	    "proto/grpc/health/v1/health.proto" },
	{ "", NULL },
	{ "bgp", NULL },
	{ "bgp.", NULL },
	{ "bgp.Pee", NULL },
	{ "bgp.Peers", NULL },
	{ "zzz", NULL },
};

START_TEST(symbols_are_found)
{
	int file = symbols_find(s, places[_i].symbol);

	if (places[_i].file == NULL)
		ck_assert_int_eq(file, -1);
	else
		ck_assert_int_eq(file, symbols_file(s, places[_i].file));
}
END_TEST

START_TEST(imports_are_files)
{
	int files[4], route = symbols_file(s, "proto/bgpgg/v1/route.proto");

	ck_assert_int_ne(route, -1);
	ck_assert_uint_eq(symbols_imports(s, route, files, 4), 1);
	ck_assert_int_eq(files[0], symbols_file(s, "proto/bgp.proto"));
	ck_assert_uint_eq(symbols_imports(s, files[0], files, 4), 0);
	ck_assert_int_eq(symbols_file(s, "proto"), -1);
	ck_assert(symbols_is_message(s, "bgp.Peer"));
	ck_assert(!symbols_is_message(s, "bgp.BgpState"));
	ck_assert(!symbols_is_message(s, "bgp.Nothing"));
}
END_TEST

/* Cut anywhere, the bytes are refused or make a smaller index. */
START_TEST(cut_sets)
{
	struct symbols *cut;
	uint8_t *copy;
	size_t n, good = 0;

	for (n = 0; n < descriptors_len; n += 1 + n / 64) {
		copy = malloc(n + (n == 0));
		if (n > 0)
			memcpy(copy, descriptors, n);
		cut = symbols_new(copy, n);
		if (cut != NULL) {
			good++;
			ck_assert_uint_lt(symbols_n_files(cut),
			    symbols_n_files(s));
		}
		symbols_free(cut);
		free(copy);
	}
	ck_assert_uint_ge(good, 1); /* the empty one */
}
END_TEST

START_TEST(nested_without_end)
{
	uint8_t bytes[4096];
	struct symbols *deep;
	size_t at = sizeof(bytes), len, head;

	/* Messages in messages: member 3 of 3 of 3 ... of member 4. */
	for (len = 0; len < 120; len = sizeof(bytes) - at) {
		bytes[--at] = (uint8_t)len;
		bytes[--at] = 3 << 3 | 2;
	}
	head = at;
	bytes[--at] = (uint8_t)(sizeof(bytes) - head);
	bytes[--at] = 4 << 3 | 2;
	head = at;
	bytes[--at] = (uint8_t)(sizeof(bytes) - head);
	bytes[--at] = 1 << 3 | 2;
	deep = symbols_new(bytes + at, sizeof(bytes) - at);
	ck_assert_ptr_null(deep);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("symbols");
	TCase *tc = tcase_create("index");
	SRunner *sr;
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, services_come_in_order);
	tcase_add_loop_test(tc, symbols_are_found, 0,
	    sizeof(places) / sizeof(places[0]));
	tcase_add_test(tc, imports_are_files);
	tcase_add_test(tc, cut_sets);
	tcase_add_test(tc, nested_without_end);
	suite_add_tcase(suite, tc);
	sr = srunner_create(suite);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
