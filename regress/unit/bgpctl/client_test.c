/* SPDX-License-Identifier: ISC */
/*
 * The client and the API process, joined by a real connection, with the
 * rest of the suite played by fake_suite.h.
 *
 * ROUTES=N in the environment makes the table N routes long, and prints how
 * long the streams took.
 */
#include <check.h>

#include "bgpctl/client.h"
#include "common/mono.h"
#include "proto/bgp.pb-c.h"
#include "proto/optional.h"
#include "regress/unit/bgpctl/fake_suite.h"

static struct fake_procs procs;
static struct client *client;

static uint32_t
table_size(void)
{
	const char *text = getenv("ROUTES");

	return text == NULL ? 20000 : (uint32_t)atoi(text);
}

static void
setup(void)
{
	const char *why;
	int i;

	fake_start(&procs, table_size());
	/* The listener is there; only its acceptor may be late. */
	for (i = 0; i < 20 && client == NULL; i++)
		client = client_open(procs.endpoint, NULL, &why);
	ck_assert_ptr_nonnull(client);
}

static void
teardown(void)
{
	client_close(client);
	client = NULL;
	ck_assert_int_eq(fake_stop(&procs), 0);
}

#define PATH(name) "/bgp.BgpService/" name

static struct client_status status;

static void *
call(const char *method, const ProtobufCMessage *m,
    const ProtobufCMessageDescriptor *type)
{
	ProtobufCMessage *reply = NULL;

	client_status_fini(&status);
	if (client_unary(client, method, m, type, &reply, &status) == -1)
		return NULL;
	return reply;
}

static void
drop(void *m)
{
	protobuf_c_message_free_unpacked(m, NULL);
}

START_TEST(server_info_is_put_together)
{
	Bgp__GetServerInfoRequest m;
	Bgp__GetServerInfoResponse *r;

	bgp__get_server_info_request__init(&m);
	r = call(PATH("GetServerInfo"), &m.base,
	    &bgp__get_server_info_response__descriptor);
	ck_assert_ptr_nonnull(r);
	ck_assert_str_eq(r->listen_addr, "127.0.0.1");
	ck_assert_uint_eq(r->listen_port, 1179);
	ck_assert_uint_eq(r->num_routes, table_size());
	ck_assert_uint_eq(r->asn, 65000);
	ck_assert_str_eq(r->router_id, "1.1.1.1");
	drop(r);
}
END_TEST

START_TEST(peer_is_added_once)
{
	Bgp__AddPeerRequest m;
	char address[] = "192.168.1.2:17900", bare[] = "192.168.1.2";
	Bgp__AddPeerResponse *r;

	bgp__add_peer_request__init(&m);
	m.address = address;
	r = call(PATH("AddPeer"), &m.base, &bgp__add_peer_response__descriptor);
	ck_assert_ptr_nonnull(r);
	ck_assert(r->success);
	ck_assert_str_eq(r->message, "Peer 192.168.1.2 added");
	drop(r);
	m.address = bare;
	r = call(PATH("AddPeer"), &m.base, &bgp__add_peer_response__descriptor);
	ck_assert_ptr_null(r);
	ck_assert_str_eq(client_status_name(status.code), "ALREADY_EXISTS");
	ck_assert_ptr_nonnull(strstr(status.message, "already exists"));
}
END_TEST

START_TEST(unknown_peer_is_not_found)
{
	Bgp__GetPeerRequest m;
	char address[] = "198.51.100.9";

	bgp__get_peer_request__init(&m);
	m.address = address;
	ck_assert_ptr_null(call(PATH("GetPeer"), &m.base,
	    &bgp__get_peer_response__descriptor));
	ck_assert_str_eq(client_status_name(status.code), "NOT_FOUND");
}
END_TEST

START_TEST(peer_is_shown_with_its_settings)
{
	Bgp__GetPeerRequest m;
	char address[] = "192.0.2.1:999";
	Bgp__GetPeerResponse *r;

	bgp__get_peer_request__init(&m);
	m.address = address;
	r = call(PATH("GetPeer"), &m.base, &bgp__get_peer_response__descriptor);
	ck_assert_ptr_nonnull(r);
	ck_assert_str_eq(r->peer->address, "192.0.2.1");
	ck_assert_int_eq(r->peer->state, BGP__BGP_STATE__ESTABLISHED);
	ck_assert_uint_eq(r->peer->uptime_secs, 3723);
	ck_assert_uint_eq(r->peer->n_negotiated, 2);
	ck_assert_uint_eq(r->peer->last_error_sent->code, 6);
	ck_assert_ptr_nonnull(r->peer->session_config);
	ck_assert_uint_eq(r->peer->session_config->idle_hold_time_secs, 30);
	ck_assert_uint_eq(r->statistics->open_sent, 1);
	drop(r);
}
END_TEST

START_TEST(bad_text_is_refused_by_name)
{
	Bgp__GetPeerRequest m;
	char address[] = "\xff\xfe";

	bgp__get_peer_request__init(&m);
	m.address = address;
	ck_assert_ptr_null(call(PATH("GetPeer"), &m.base,
	    &bgp__get_peer_response__descriptor));
	ck_assert_str_eq(client_status_name(status.code), "INVALID_ARGUMENT");
	ck_assert_ptr_nonnull(strstr(status.message, "address"));
}
END_TEST

START_TEST(unknown_method_is_unimplemented_at_once)
{
	Bgp__GetPeerRequest m;

	bgp__get_peer_request__init(&m);
	ck_assert_ptr_null(call(PATH("NoSuchMethod"), &m.base,
	    &bgp__get_peer_response__descriptor));
	ck_assert_str_eq(client_status_name(status.code), "UNIMPLEMENTED");
}
END_TEST

struct seen {
	uint32_t n;
	uint32_t stop_after;
	bool wrong;
};

static bool
on_route(void *ctx, const ProtobufCMessage *message)
{
	const Bgp__Route *route = (const void *)message;
	struct seen *seen = ctx;
	char want[32];

	if (seen->n % 64 == 0) {
		(void)snprintf(want, sizeof(want), "10.%u.%u.%u/32",
		    seen->n >> 16 & 255, seen->n >> 8 & 255, seen->n & 255);
		if (strcmp(route->prefix, want) != 0 || route->n_paths != 1 ||
		    strcmp(route->paths[0]->next_hop, "192.0.2.1") != 0 ||
		    route->paths[0]->n_communities != 2 ||
		    route->paths[0]->as_path[0]->n_asns != 4)
			seen->wrong = true;
	}
	return ++seen->n != seen->stop_after;
}

static int
list_stream(struct seen *seen, Bgp__RibType type, const char *peer)
{
	Bgp__ListRoutesRequest m;
	char address[64];

	bgp__list_routes_request__init(&m);
	m._rib_type_case = PB_CASE(LIST_ROUTES_REQUEST, RIB_TYPE);
	m.rib_type = type;
	if (peer != NULL) {
		(void)snprintf(address, sizeof(address), "%s", peer);
		m._peer_address_case =
		    PB_CASE(LIST_ROUTES_REQUEST, PEER_ADDRESS);
		m.peer_address = address;
	}
	client_status_fini(&status);
	return client_stream(client, PATH("ListRoutesStream"), &m.base,
	    &bgp__route__descriptor, on_route, seen, &status);
}

START_TEST(stream_brings_every_route_in_order)
{
	struct seen seen = { 0, 0, false };
	struct mono start = mono_now();

	ck_assert_int_eq(list_stream(&seen, BGP__RIB_TYPE__GLOBAL, NULL), 0);
	ck_assert_uint_eq(seen.n, table_size());
	ck_assert(!seen.wrong);
	if (getenv("ROUTES") != NULL)
		printf("listed %u routes in %lld ms\n", seen.n,
		    (long long)mono_diff_ms(mono_now(), start));
}
END_TEST

START_TEST(stream_of_unknown_peer_fails)
{
	struct seen seen = { 0, 0, false };

	ck_assert_int_eq(
	    list_stream(&seen, BGP__RIB_TYPE__ADJ_IN, "198.51.100.1"), -1);
	ck_assert_str_eq(client_status_name(status.code), "NOT_FOUND");
	ck_assert_int_eq(list_stream(&seen, BGP__RIB_TYPE__ADJ_IN, NULL), -1);
	ck_assert_str_eq(client_status_name(status.code), "INVALID_ARGUMENT");
	ck_assert_ptr_nonnull(strstr(status.message, "peer_address"));
}
END_TEST

START_TEST(stream_of_silent_peer_is_empty)
{
	struct seen seen = { 0, 0, false };

	ck_assert_int_eq(
	    list_stream(&seen, BGP__RIB_TYPE__ADJ_IN, "192.0.2.3:179"), 0);
	ck_assert_uint_eq(seen.n, 0);
}
END_TEST

START_TEST(cancelled_stream_closes_its_query)
{
	Bgp__GetServerInfoRequest m;
	Bgp__GetServerInfoResponse *r;
	struct seen seen = { 0, 10, false };
	uint64_t closed = 0;
	int i;

	bgp__get_server_info_request__init(&m);
	ck_assert_int_eq(list_stream(&seen, BGP__RIB_TYPE__ADJ_IN, "192.0.2.2"),
	    0);
	ck_assert_uint_eq(seen.n, 10);
	for (i = 0; i < 1000 && closed == 0; i++) {
		r = call(PATH("GetServerInfo"), &m.base,
		    &bgp__get_server_info_response__descriptor);
		ck_assert_ptr_nonnull(r);
		closed = r->num_paths - r->num_routes;
		drop(r);
	}
	ck_assert_uint_eq(closed, 1);
}
END_TEST

struct upload {
	uint32_t n, total;
	uint8_t packed[256];
	bool with_faults;
};

static bool
next_route(void *ctx, const void **data, size_t *len, bool *more)
{
	Bgp__AddRouteRequest m;
	char prefix[32], next_hop[] = "192.168.1.1";
	struct upload *up = ctx;
	Bgp__AsPathSegment segment, *segments = &segment;
	uint32_t asns[] = { 65001, 65002, 65003 }, communities[] = { 6553700 };

	bgp__add_route_request__init(&m);
	bgp__as_path_segment__init(&segment);
	if (up->n == up->total)
		return false;
	(void)snprintf(prefix, sizeof(prefix), "20.%u.%u.%u/32",
	    up->n >> 16 & 255, up->n >> 8 & 255, up->n & 255);
	if (up->with_faults && up->n == 7)
		(void)snprintf(prefix, sizeof(prefix), "20.0.0.0/99");
	if (up->with_faults && up->n == 9)
		(void)snprintf(prefix, sizeof(prefix), "198.51.100.0/24");
	m.prefix = prefix;
	m.next_hop = next_hop;
	segment.segment_type = BGP__AS_PATH_SEGMENT_TYPE__AS_SEQUENCE;
	segment.asns = asns;
	segment.n_asns = 3;
	m.as_path = &segments;
	m.n_as_path = 1;
	m.communities = communities;
	m.n_communities = 1;
	*len = bgp__add_route_request__pack(&m, up->packed);
	*data = up->packed;
	*more = ++up->n < up->total;
	return true;
}

static Bgp__AddRouteStreamResponse *
upload(struct upload *up)
{
	ProtobufCMessage *reply = NULL;

	client_status_fini(&status);
	ck_assert_int_eq(
	    client_upload(client, PATH("AddRouteStream"), next_route, up,
		&bgp__add_route_stream_response__descriptor, &reply, &status),
	    0);
	return (void *)reply;
}

START_TEST(upload_adds_every_route)
{
	struct upload up = { .total = table_size() };
	struct mono start = mono_now();
	Bgp__AddRouteStreamResponse *r = upload(&up);
	char want[64];

	(void)snprintf(want, sizeof(want), "%u routes added", up.total);
	ck_assert_uint_eq(r->count, up.total);
	ck_assert_str_eq(r->message, want);
	drop(r);
	if (getenv("ROUTES") != NULL)
		printf("added %u routes in %lld ms\n", up.total,
		    (long long)mono_diff_ms(mono_now(), start));
}
END_TEST

START_TEST(wrong_items_are_counted_out_and_named)
{
	struct upload up = { .total = 20, .with_faults = true };
	Bgp__AddRouteStreamResponse *r = upload(&up);

	ck_assert_uint_eq(r->count, 18);
	ck_assert_ptr_nonnull(strstr(r->message, "18 routes added"));
	ck_assert_ptr_nonnull(strstr(r->message, "item 8"));
	ck_assert_ptr_nonnull(strstr(r->message, "exceeds 32"));
	ck_assert_ptr_nonnull(strstr(r->message, "item 10"));
	drop(r);
}
END_TEST

START_TEST(unary_list_points_to_the_stream)
{
	Bgp__ListRoutesRequest m;
	Bgp__ListRoutesResponse *r;

	bgp__list_routes_request__init(&m);
	r = call(PATH("ListRoutes"), &m.base,
	    &bgp__list_routes_response__descriptor);
	if (table_size() <= 30000) {
		ck_assert_ptr_nonnull(r);
		ck_assert_uint_eq(r->n_routes, table_size());
		ck_assert_str_eq(r->routes[1]->prefix, "10.0.0.1/32");
		drop(r);
		return;
	}
	ck_assert_ptr_null(r);
	ck_assert_str_eq(client_status_name(status.code), "RESOURCE_EXHAUSTED");
	ck_assert_ptr_nonnull(strstr(status.message, "ListRoutesStream"));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("client");
	TCase *tc = tcase_create("client");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, server_info_is_put_together);
	tcase_add_test(tc, peer_is_added_once);
	tcase_add_test(tc, unknown_peer_is_not_found);
	tcase_add_test(tc, peer_is_shown_with_its_settings);
	tcase_add_test(tc, bad_text_is_refused_by_name);
	tcase_add_test(tc, unknown_method_is_unimplemented_at_once);
	tcase_add_test(tc, stream_brings_every_route_in_order);
	tcase_add_test(tc, stream_of_unknown_peer_fails);
	tcase_add_test(tc, stream_of_silent_peer_is_empty);
	tcase_add_test(tc, cancelled_stream_closes_its_query);
	tcase_add_test(tc, upload_adds_every_route);
	tcase_add_test(tc, wrong_items_are_counted_out_and_named);
	tcase_add_test(tc, unary_list_points_to_the_stream);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
