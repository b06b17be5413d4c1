/* SPDX-License-Identifier: ISC */
/* Every CONF payload: there and back, cut at every byte, flipped. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "common/msg_conf.h"
#include "common/xmalloc.h"

static char name_in[] = "in", name_out[] = "out", name_last[] = "last";
static char *imports[] = { name_in, name_last };
static char *exports[] = { name_out };

static struct addr
ipv6(uint8_t last)
{
	struct addr a = { .family = ADDR_IPV6 };

	a.bytes[0] = 0x20;
	a.bytes[15] = last;
	return a;
}

static struct conf_peer
sample_peer(void)
{
	struct conf_peer p;

	conf_peer_init(&p, NULL);
	p.addr = addr_ipv4(0xc0000201);
	p.port = 1179;
	p.origin = CONF_FROM_API;
	p.line = 42;
	p.remote_as = 4200000000u;
	p.hold_time = 9;
	p.local_addr = addr_ipv4(0xc0000202);
	p.idle_hold_secs = CONF_NEVER;
	p.damp_oscillations = false;
	p.allow_automatic_stop = false;
	p.passive = true;
	p.delay_open_secs = 7;
	p.has_max_prefix = true;
	p.max_prefix = 1000;
	p.max_prefix_action = CONF_MAX_PREFIX_DISCARD;
	p.notification_without_open = true;
	p.collision_established = true;
	p.enforce_first_as = true;
	p.mrai_secs = 5;
	p.gr_enabled = true;
	p.gr_time = 4095;
	p.families = FAMILY_BIT(FAMILY_IPV6_UNICAST);
	p.import_policies = imports;
	p.n_import = 2;
	p.export_policies = exports;
	p.n_export = 1;
	return p;
}

/* --- one put and get a kind, over items as children receive them */

static void
put_global(struct wr *w)
{
	struct conf *c = conf_new();

	c->asn = 4200000000u;
	c->router_id = 0x0a000001;
	c->cluster_id = 7;
	c->hold_time = 3;
	c->accept_unconfigured_peers = true;
	c->log_format = LOG_FORMAT_JSON;
	c->pid_file = xstrdup("/run/x.pid");
	wr_n8(w, CONF_ITEM_GLOBAL);
	msg_conf_global_put(w, c);
	conf_free(c);
}

static void
check_global(const struct conf *c)
{
	ck_assert_uint_eq(c->asn, 4200000000u);
	ck_assert_uint_eq(c->router_id, 0x0a000001);
	ck_assert_uint_eq(c->cluster_id, 7);
	ck_assert_uint_eq(c->hold_time, 3);
	ck_assert(c->accept_unconfigured_peers);
	ck_assert_int_eq(c->log_format, LOG_FORMAT_JSON);
	ck_assert_str_eq(c->user, "_bgpd");
	ck_assert_str_eq(c->pid_file, "/run/x.pid");
	ck_assert_ptr_null(c->state_dir);
}

static void
put_listen(struct wr *w)
{
	struct conf_endpoint e = { .addr = ipv6(1), .port = 179 };

	wr_n8(w, CONF_ITEM_LISTEN);
	msg_conf_endpoint_put(w, &e);
}

static void
check_listen(const struct conf *c)
{
	struct addr a = ipv6(1);

	ck_assert_uint_eq(c->n_listen, 1);
	ck_assert(addr_equal(&c->listen[0].addr, &a));
	ck_assert_uint_eq(c->listen[0].port, 179);
	ck_assert_ptr_null(c->listen[0].path);
}

static void
put_grpc_listen(struct wr *w)
{
	static char path[] = "/run/api.sock";
	struct conf_endpoint e = { .path = path };

	wr_n8(w, CONF_ITEM_GRPC_LISTEN);
	msg_conf_endpoint_put(w, &e);
}

static void
check_grpc_listen(const struct conf *c)
{
	ck_assert_uint_eq(c->n_grpc_listen, 1);
	ck_assert_str_eq(c->grpc_listen[0].path, "/run/api.sock");
}

static void
put_peer(struct wr *w)
{
	struct conf_peer p = sample_peer();

	wr_n8(w, CONF_ITEM_PEER);
	msg_conf_peer_put(w, &p);
}

static void
check_peer(const struct conf *c)
{
	struct conf_peer p = sample_peer();

	ck_assert_uint_eq(c->n_peers, 1);
	ck_assert(conf_peer_equal(&c->peers[0], &p));
	ck_assert_uint_eq(c->peers[0].line, 42);
}

static void
put_network(struct wr *w)
{
	static uint8_t attrs[] = { 0x40, 1, 1, 0 };
	struct conf_network n = { .attrs = attrs, .attrs_len = 4 };
	struct err e;

	ck_assert_int_eq(nlri_parse("10.0.0.0/8", &n.nlri, &e), 0);
	wr_n8(w, CONF_ITEM_NETWORK);
	msg_conf_network_put(w, &n);
}

static void
check_network(const struct conf *c)
{
	ck_assert_uint_eq(c->n_networks, 1);
	ck_assert_uint_eq(c->networks[0].nlri.bits, 8);
	ck_assert_uint_eq(c->networks[0].attrs_len, 4);
	ck_assert_mem_eq(c->networks[0].attrs, "\x40\x01\x01\x00", 4);
}

static void
put_bmp_server(struct wr *w)
{
	struct conf_bmp_server b = { .addr = addr_ipv4(1),
		.port = 11019,
		.statistics_secs = 60,
		.line = 9,
		.buffer_bytes = CONF_BMP_BUFFER,
		.loc_rib = true,
		.mirroring = true };

	wr_n8(w, CONF_ITEM_BMP_SERVER);
	msg_conf_bmp_server_put(w, &b);
}

static void
check_bmp_server(const struct conf *c)
{
	ck_assert_uint_eq(c->n_bmp_servers, 1);
	ck_assert_uint_eq(c->bmp_servers[0].port, 11019);
	ck_assert_uint_eq(c->bmp_servers[0].statistics_secs, 60);
	ck_assert_uint_eq(c->bmp_servers[0].line, 9);
	ck_assert_uint_eq(c->bmp_servers[0].buffer_bytes, CONF_BMP_BUFFER);
	ck_assert_uint_eq(conf_bmp_feeds(&c->bmp_servers[0]),
	    CONF_BMP_LOC_RIB | CONF_BMP_MIRROR);
}

static const struct {
	void (*put)(struct wr *);
	void (*check)(const struct conf *);
} items[] = {
	{ put_global, check_global },
	{ put_listen, check_listen },
	{ put_grpc_listen, check_grpc_listen },
	{ put_peer, check_peer },
	{ put_network, check_network },
	{ put_bmp_server, check_bmp_server },
};

START_TEST(item_round_trip)
{
	struct conf_rx rx = { NULL };
	struct conf *c;
	struct wr w;

	wr_init_grow(&w, 65536);
	items[_i].put(&w);
	ck_assert(wr_ok(&w));
	conf_rx_begin(&rx, 5);
	ck_assert_int_eq(conf_rx_item(&rx, w.base, wr_len(&w)), 0);
	c = conf_rx_take(&rx);
	ck_assert_ptr_null(rx.next);
	ck_assert_uint_eq(c->generation, 5);
	items[_i].check(c);
	conf_free(c);
	wr_free(&w);
}
END_TEST

START_TEST(item_cut_or_longer_is_refused)
{
	struct conf_rx rx = { NULL };
	struct wr w;
	uint8_t *exact;
	size_t n;

	wr_init_grow(&w, 65536);
	items[_i].put(&w);
	for (n = 0; n < wr_len(&w); n++) {
		exact = xmemdup(w.base, n == 0 ? 1 : n);
		conf_rx_begin(&rx, 1);
		ck_assert_int_eq(conf_rx_item(&rx, exact, n), -1);
		free(exact);
	}
	wr_n8(&w, 0);
	conf_rx_begin(&rx, 1);
	ck_assert_int_eq(conf_rx_item(&rx, w.base, wr_len(&w)), -1);
	conf_rx_abort(&rx);
	wr_free(&w);
}
END_TEST

START_TEST(item_with_any_byte_changed_is_survived)
{
	struct conf_rx rx = { NULL };
	struct wr w;
	uint8_t *copy;
	size_t i, n;
	int rc;

	wr_init_grow(&w, 65536);
	items[_i].put(&w);
	n = wr_len(&w);
	for (i = 0; i < n * 256; i++) {
		copy = xmemdup(w.base, n);
		copy[i / 256] = (uint8_t)i;
		conf_rx_begin(&rx, 1);
		rc = conf_rx_item(&rx, copy, n);
		ck_assert(rc == 0 || rc == -1);
		free(copy);
	}
	conf_rx_abort(&rx);
	wr_free(&w);
}
END_TEST

START_TEST(same_peer_twice_is_refused)
{
	struct conf_rx rx = { NULL };
	struct wr w;

	wr_init_grow(&w, 65536);
	put_peer(&w);
	conf_rx_begin(&rx, 1);
	ck_assert_int_eq(conf_rx_item(&rx, w.base, wr_len(&w)), 0);
	ck_assert_int_eq(conf_rx_item(&rx, w.base, wr_len(&w)), -1);
	conf_rx_abort(&rx);
	wr_free(&w);
}
END_TEST

START_TEST(item_outside_of_a_transfer_is_refused)
{
	struct conf_rx rx = { NULL };
	struct wr w;

	wr_init_grow(&w, 65536);
	put_peer(&w);
	ck_assert_int_eq(conf_rx_item(&rx, w.base, wr_len(&w)), -1);
	ck_assert_ptr_null(conf_rx_take(&rx));
	wr_free(&w);
}
END_TEST

START_TEST(edit_round_trip)
{
	struct conf_edit e = { .op = CONF_EDIT_PEER_ADD }, back;
	struct wr w;
	struct rd r;
	size_t n;

	e.peer = sample_peer();
	wr_init_grow(&w, 65536);
	msg_conf_edit_put(&w, &e);
	rd_init(&r, w.base, wr_len(&w));
	msg_conf_edit_get(&r, &back);
	ck_assert(rd_done(&r));
	ck_assert(conf_peer_equal(&e.peer, &back.peer));
	conf_peer_fini(&back.peer);
	for (n = 0; n < wr_len(&w); n++) {
		rd_init(&r, w.base, n);
		msg_conf_edit_get(&r, &back);
		ck_assert(!rd_ok(&r));
	}
	wr_reset(&w);
	e.op = CONF_EDIT_PEER_REMOVE;
	msg_conf_edit_put(&w, &e);
	rd_init(&r, w.base, wr_len(&w));
	msg_conf_edit_get(&r, &back);
	ck_assert(rd_done(&r));
	ck_assert_uint_eq(back.op, CONF_EDIT_PEER_REMOVE);
	ck_assert(addr_equal(&back.peer.addr, &e.peer.addr));
	wr_free(&w);
}
END_TEST

START_TEST(sock_req_round_trip)
{
	struct sock_req q = { .local = { .family = ADDR_NONE },
		.remote = ipv6(9),
		.port = 179 },
			back;
	uint8_t buf[64];
	struct wr w;
	struct rd r;
	size_t n;

	wr_init(&w, buf, sizeof(buf));
	msg_sock_req_put(&w, &q);
	ck_assert(wr_ok(&w));
	rd_init(&r, buf, wr_len(&w));
	msg_sock_req_get(&r, &back);
	ck_assert(rd_done(&r));
	ck_assert(addr_equal(&back.remote, &q.remote));
	ck_assert_uint_eq(back.local.family, ADDR_NONE);
	for (n = 0; n < wr_len(&w); n++) {
		rd_init(&r, buf, n);
		msg_sock_req_get(&r, &back);
		ck_assert(!rd_ok(&r));
	}
}
END_TEST

/* --- the model */

START_TEST(copy_is_deep_and_equal)
{
	struct conf_rx rx = { NULL };
	struct conf *c, *copy;
	struct wr w;
	size_t i;

	conf_rx_begin(&rx, 3);
	wr_init_grow(&w, 65536);
	for (i = 0; i < nitems(items); i++) {
		wr_reset(&w);
		items[i].put(&w);
		ck_assert_int_eq(conf_rx_item(&rx, w.base, wr_len(&w)), 0);
	}
	wr_free(&w);
	c = conf_rx_take(&rx);
	copy = conf_copy(c);
	conf_free(c);
	for (i = 0; i < nitems(items); i++)
		items[i].check(copy);
	ck_assert_uint_eq(copy->generation, 3);
	conf_free(copy);
}
END_TEST

START_TEST(peers_stay_sorted_through_adds_and_removes)
{
	struct conf *c = conf_new();
	struct conf_peer p;
	struct addr a;
	uint32_t i;

	conf_peer_init(&p, c);
	for (i = 0; i < 1000; i++) {
		p.addr = addr_ipv4(1 + i * 7919 % 1009);
		conf_peer_add(c, &p);
	}
	for (i = 0; i < 1000; i += 3) {
		a = addr_ipv4(1 + i * 7919 % 1009);
		ck_assert_ptr_nonnull(conf_peer_find(c, &a));
		conf_peer_remove(c, &a);
		ck_assert_ptr_null(conf_peer_find(c, &a));
		conf_peer_remove(c, &a); /* not there: nothing happens */
	}
	ck_assert_uint_eq(c->n_peers, 666);
	for (i = 1; i < c->n_peers; i++)
		ck_assert_int_lt(
		    addr_cmp(&c->peers[i - 1].addr, &c->peers[i].addr), 0);
	conf_free(c);
}
END_TEST

START_TEST(reset_is_needed_for_what_the_open_said)
{
	struct conf_peer a = sample_peer(), b = sample_peer();

	b.max_prefix = 5;
	b.idle_hold_secs = 1;
	b.passive = false;
	b.n_import = 1;
	ck_assert(!conf_peer_needs_reset(&a, &b));
	ck_assert(!conf_peer_equal(&a, &b));
	b = sample_peer();
	b.line = 1;
	ck_assert(conf_peer_equal(&a, &b));
	b.hold_time = 30;
	ck_assert(conf_peer_needs_reset(&a, &b));
	b = sample_peer();
	b.remote_as = 1;
	ck_assert(conf_peer_needs_reset(&a, &b));
	b = sample_peer();
	b.families = FAMILY_ALL;
	ck_assert(conf_peer_needs_reset(&a, &b));
	b = sample_peer();
	b.local_addr.family = ADDR_NONE;
	ck_assert(conf_peer_needs_reset(&a, &b));
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("msg_conf");
	TCase *t = tcase_create("codec"), *m = tcase_create("model");
	SRunner *r;
	int n;

	tcase_add_loop_test(t, item_round_trip, 0, nitems(items));
	tcase_add_loop_test(t, item_cut_or_longer_is_refused, 0, nitems(items));
	tcase_add_loop_test(t, item_with_any_byte_changed_is_survived, 0,
	    nitems(items));
	tcase_add_test(t, same_peer_twice_is_refused);
	tcase_add_test(t, item_outside_of_a_transfer_is_refused);
	tcase_add_test(t, edit_round_trip);
	tcase_add_test(t, sock_req_round_trip);
	tcase_add_test(m, copy_is_deep_and_equal);
	tcase_add_test(m, peers_stay_sorted_through_adds_and_removes);
	tcase_add_test(m, reset_is_needed_for_what_the_open_said);
	suite_add_tcase(s, t);
	suite_add_tcase(s, m);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	n = srunner_ntests_failed(r);
	srunner_free(r);
	return n == 0 ? 0 : 1;
}
