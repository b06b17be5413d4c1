/* SPDX-License-Identifier: ISC */
/*
 * Routes of the API into attribute blocks and back, through the row form.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "apid/pb_route.h"
#include "common/bgp_attr.h"
#include "common/xmalloc.h"
#include "proto/optional.h"

static struct pb_route_encoder encoder;

/* The Route that the API shows for one path with these attributes. */
static Bgp__Route *
show(const struct nlri *nlri, const uint8_t *attrs, size_t len)
{
	struct query_path path;
	struct pbw w = { 0 };
	Bgp__Route *route;
	struct wr row;
	struct rd rd;
	size_t at;

	memset(&path, 0, sizeof(path));
	path.peer = addr_ipv4(0x7f000001);
	path.flags = QUERY_PATH_BEST;
	path.attrs = attrs;
	path.attrs_len = (uint16_t)len;
	wr_init_grow(&row, 65536);
	at = msg_query_row_begin(&row, nlri);
	msg_query_path_put(&row, &path);
	msg_query_row_end(&row, at, 1);
	rd_init(&rd, row.base, wr_len(&row));
	ck_assert_int_eq(pb_route_put(&encoder, &w, &rd), 0);
	ck_assert(rd_done(&rd));
	route = bgp__route__unpack(NULL, w.len, w.base);
	ck_assert_ptr_nonnull(route);
	ck_assert_uint_eq(route->n_paths, 1);
	pbw_free(&w);
	wr_free(&row);
	return route;
}

struct request {
	Bgp__AddRouteRequest m;
	char prefix[64];
	char next_hop[64];
};

static void
request_init(struct request *r, const char *prefix, const char *next_hop)
{
	bgp__add_route_request__init(&r->m);
	(void)snprintf(r->prefix, sizeof(r->prefix), "%s", prefix);
	(void)snprintf(r->next_hop, sizeof(r->next_hop), "%s", next_hop);
	r->m.prefix = r->prefix;
	r->m.next_hop = r->next_hop;
}

static Bgp__Route *
through(const Bgp__AddRouteRequest *m)
{
	uint8_t memory[BGP_ATTR_BLOCK_MAX];
	struct nlri nlri;
	Bgp__Route *route;
	struct err e;
	struct wr wr;

	wr_init(&wr, memory, sizeof(memory));
	ck_assert_msg(pb_route_get(m, &nlri, &wr, &e) == 0, "%s", e.text);
	ck_assert(wr_ok(&wr));
	ck_assert_int_eq(bgp_attr_validate(memory, wr_len(&wr),
			     (enum family)nlri.family, &e),
	    0);
	route = show(&nlri, memory, wr_len(&wr));
	return route;
}

START_TEST(all_members_come_back)
{
	Bgp__AsPathSegment seq, set, *path[] = { &seq, &set };
	Bgp__LargeCommunity large, *larges[] = { &large };
	Bgp__ExtendedCommunity ext, *exts[] = { &ext };
	Bgp__ExtendedCommunity__Color color;
	uint32_t asns[] = { 65001, 4200000000, 1 }, members[] = { 7, 8 };
	uint32_t communities[] = { 0xffffff01, 100, 0xfde90064 };
	struct request r;
	Bgp__Route *route;
	Bgp__Path *p;

	bgp__as_path_segment__init(&seq);
	bgp__as_path_segment__init(&set);
	bgp__large_community__init(&large);
	bgp__extended_community__init(&ext);
	bgp__extended_community__color__init(&color);
	request_init(&r, "10.1.2.3/16", "192.0.2.1");
	seq.segment_type = BGP__AS_PATH_SEGMENT_TYPE__AS_SEQUENCE;
	seq.asns = asns;
	seq.n_asns = 3;
	set.asns = members;
	set.n_asns = 2;
	r.m.as_path = path;
	r.m.n_as_path = 2;
	r.m.origin = BGP__ORIGIN__EGP;
	r.m._local_pref_case = PB_CASE(ADD_ROUTE_REQUEST, LOCAL_PREF);
	r.m.local_pref = 0;
	r.m._med_case = PB_CASE(ADD_ROUTE_REQUEST, MED);
	r.m.med = 4294967295;
	r.m.atomic_aggregate = true;
	r.m.communities = communities;
	r.m.n_communities = 3;
	large.global_admin = 65001;
	large.local_data_2 = 100;
	r.m.large_communities = larges;
	r.m.n_large_communities = 1;
	color.is_transitive = true;
	color.color = 77;
	ext.community_case = BGP__EXTENDED_COMMUNITY__COMMUNITY_COLOR;
	ext.color = &color;
	r.m.extended_communities = exts;
	r.m.n_extended_communities = 1;

	route = through(&r.m);
	p = route->paths[0];
	ck_assert_str_eq(route->prefix, "10.1.0.0/16");
	ck_assert_int_eq(p->origin, BGP__ORIGIN__EGP);
	ck_assert_uint_eq(p->n_as_path, 2);
	ck_assert_int_eq(p->as_path[0]->segment_type,
	    BGP__AS_PATH_SEGMENT_TYPE__AS_SEQUENCE);
	ck_assert_mem_eq(p->as_path[0]->asns, asns, sizeof(asns));
	ck_assert_int_eq(p->as_path[1]->segment_type,
	    BGP__AS_PATH_SEGMENT_TYPE__AS_SET);
	ck_assert_mem_eq(p->as_path[1]->asns, members, sizeof(members));
	ck_assert_str_eq(p->next_hop, "192.0.2.1");
	ck_assert_str_eq(p->peer_address, "127.0.0.1");
	ck_assert_int_ne(p->_local_pref_case, 0);
	ck_assert_uint_eq(p->local_pref, 0);
	ck_assert_uint_eq(p->med, 4294967295);
	ck_assert(p->atomic_aggregate);
	ck_assert_uint_eq(p->n_communities, 3);
	ck_assert_mem_eq(p->communities, communities, sizeof(communities));
	ck_assert_uint_eq(p->large_communities[0]->global_admin, 65001);
	ck_assert_uint_eq(p->large_communities[0]->local_data_1, 0);
	ck_assert_uint_eq(p->large_communities[0]->local_data_2, 100);
	ck_assert_uint_eq(p->extended_communities[0]->color->color, 77);
	ck_assert(p->best);
	bgp__route__free_unpacked(route, NULL);
}
END_TEST

START_TEST(ipv6_route_comes_back)
{
	struct request r;
	Bgp__Route *route;

	request_init(&r, "2001:DB8:0::1/32", "2001:db8::1");
	route = through(&r.m);
	ck_assert_str_eq(route->prefix, "2001:db8::/32");
	ck_assert_str_eq(route->paths[0]->next_hop, "2001:db8::1");
	ck_assert_uint_eq(route->paths[0]->local_pref, 100);
	ck_assert_int_eq(route->paths[0]->_med_case, 0);
	bgp__route__free_unpacked(route, NULL);
}
END_TEST

START_TEST(long_path_is_split_and_kept)
{
	Bgp__AsPathSegment seq, *path[] = { &seq };
	uint32_t asns[300];
	struct request r;
	Bgp__Route *route;
	size_t i;

	bgp__as_path_segment__init(&seq);
	for (i = 0; i < 300; i++)
		asns[i] = (uint32_t)i + 1;
	request_init(&r, "10.0.0.0/8", "192.0.2.1");
	seq.segment_type = BGP__AS_PATH_SEGMENT_TYPE__AS_SEQUENCE;
	seq.asns = asns;
	seq.n_asns = 300;
	r.m.as_path = path;
	r.m.n_as_path = 1;
	route = through(&r.m);
	ck_assert_uint_eq(route->paths[0]->n_as_path, 2);
	ck_assert_uint_eq(route->paths[0]->as_path[0]->n_asns, 255);
	ck_assert_uint_eq(route->paths[0]->as_path[1]->n_asns, 45);
	ck_assert_uint_eq(route->paths[0]->as_path[1]->asns[44], 300);
	bgp__route__free_unpacked(route, NULL);
}
END_TEST

START_TEST(other_attributes_are_shown_as_they_are)
{
	/* ORIGIN, AS_PATH, NEXT_HOP, AGGREGATOR, ORIGINATOR_ID,
	 * CLUSTER_LIST, 99 */
	static const uint8_t attrs[] = { 0x40, 1, 1, 0, 0x40, 2, 0, 0x40, 3, 4,
		192, 0, 2, 1, 0xc0, 7, 8, 0, 0, 0xfd, 0xe9, 192, 0, 2, 9, 0x80,
		9, 4, 1, 2, 3, 4, 0x80, 10, 8, 5, 5, 5, 5, 6, 6, 6, 6, 0xe0, 99,
		3, 1, 2, 3 };
	struct nlri nlri;
	struct err e;
	Bgp__Route *route;
	Bgp__Path *p;

	ck_assert_int_eq(nlri_parse("10.0.0.0/8", &nlri, &e), 0);
	route = show(&nlri, attrs, sizeof(attrs));
	p = route->paths[0];
	ck_assert_uint_eq(p->aggregator->asn, 65001);
	ck_assert_str_eq(p->aggregator->ip_address, "192.0.2.9");
	ck_assert_str_eq(p->originator_id, "1.2.3.4");
	ck_assert_uint_eq(p->n_cluster_list, 2);
	ck_assert_str_eq(p->cluster_list[1], "6.6.6.6");
	ck_assert_uint_eq(p->n_unknown_attributes, 1);
	ck_assert_uint_eq(p->unknown_attributes[0]->attr_type, 99);
	ck_assert_uint_eq(p->unknown_attributes[0]->flags, 0xe0);
	ck_assert_uint_eq(p->unknown_attributes[0]->value.len, 3);
	bgp__route__free_unpacked(route, NULL);
}
END_TEST

static const struct {
	const char *prefix;
	const char *next_hop;
	const char *word; /* in the reason */
} wrong[] = {
	{ "10.0.0.0/33", "192.0.2.1", "33 exceeds 32" },
	{ "2001:db8::/129", "::", "129 exceeds 128" },
	{ "10.0.0.0/123", "192.0.2.1", "123 exceeds 32" },
	{ "10.0.0.0", "192.0.2.1", "prefix" },
	{ "", "192.0.2.1", "prefix" },
	{ "10.0.0/8", "192.0.2.1", "prefix" },
	{ "10.0.0.0/8/8", "192.0.2.1", "prefix" },
	{ "10.0.0.0/-1", "192.0.2.1", "prefix" },
	{ "10.0.0.0/ 8", "192.0.2.1", "prefix" },
	{ "10.0.0.0/8", "", "next_hop" },
	{ "10.0.0.0/8", "192.0.2", "next_hop" },
	{ "10.0.0.0/8", "router", "next_hop" },
	{ "10.0.0.0/8", "2001:db8::1", "next_hop" },
	{ "2001:db8::/32", "192.0.2.1", "next_hop" },
	{ "10.0.0.0/8", "224.0.0.1", "next_hop" },
	{ "10.0.0.0/8", "192.0.2.1:179", "next_hop" },
};

START_TEST(wrong_text_is_named)
{
	uint8_t memory[BGP_ATTR_BLOCK_MAX];
	struct request r;
	struct nlri nlri;
	struct err e;
	struct wr wr;

	request_init(&r, wrong[_i].prefix, wrong[_i].next_hop);
	wr_init(&wr, memory, sizeof(memory));
	ck_assert_int_eq(pb_route_get(&r.m, &nlri, &wr, &e), -1);
	ck_assert_int_eq(e.code, ERR_INVALID);
	ck_assert_msg(strstr(e.text, wrong[_i].word) != NULL, "%s", e.text);
}
END_TEST

START_TEST(either_unspecified_next_hop_means_self)
{
	struct request r;
	Bgp__Route *route;

	request_init(&r, "10.0.0.0/8", "::");
	route = through(&r.m);
	ck_assert_str_eq(route->paths[0]->next_hop, "0.0.0.0");
	bgp__route__free_unpacked(route, NULL);
	request_init(&r, "2001:db8::/32", "0.0.0.0");
	route = through(&r.m);
	ck_assert_str_eq(route->paths[0]->next_hop, "::");
	bgp__route__free_unpacked(route, NULL);
}
END_TEST

static void
teardown(void)
{
	pb_route_encoder_fini(&encoder);
}

int
main(void)
{
	Suite *suite = suite_create("pb_route");
	TCase *tc = tcase_create("pb_route");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(tc, NULL, teardown);
	tcase_add_test(tc, all_members_come_back);
	tcase_add_test(tc, ipv6_route_comes_back);
	tcase_add_test(tc, long_path_is_split_and_kept);
	tcase_add_test(tc, other_attributes_are_shown_as_they_are);
	tcase_add_loop_test(tc, wrong_text_is_named, 0, (int)nitems(wrong));
	tcase_add_test(tc, either_unspecified_next_hop_means_self);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
