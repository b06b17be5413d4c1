/* SPDX-License-Identifier: ISC */
/* Every CONF payload: there and back, cut at every byte, flipped. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "common/bgp.h"
#include "common/bgp_attr.h"
#include "common/msg.h"
#include "common/msg_conf.h"
#include "common/policy_text.h"
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
	p.policy[CONF_IMPORT].policies = imports;
	p.policy[CONF_IMPORT].n = 2;
	p.policy[CONF_EXPORT].policies = exports;
	p.policy[CONF_EXPORT].n = 1;
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

/* Sets of every kind with members of every form. */
static struct conf_set *
sample_set(enum conf_set_kind kind, const char *name)
{
	static const char *const members[CONF_SET__MAX][4] = {
		[CONF_SET_PREFIX] = { "10.0.0.0/8", "2001:db8::/32" },
		[CONF_SET_AS_PATH] = { "_65001_", "^$" },
		[CONF_SET_COMMUNITY] = { "65001:1", "65001:*", "*:*" },
		[CONF_SET_EXT_COMMUNITY] = { "rt:65001:1", "ro:10.0.0.1:*",
		    "0x4302030405060708" },
		[CONF_SET_LARGE_COMMUNITY] = { "1:2:3", "1:*:*" },
	};
	static const char *const ranges[] = { NULL, "exact", "16..24", "..24",
		"16.." };
	struct conf_set *set = conf_set_new(kind, name);
	struct addr a = ipv6(7);
	struct conf_prefix p;
	struct conf_comm c;
	struct err e;
	size_t i;

	set->serial = 0x123456789abcu;
	set->line = 17;
	if (kind == CONF_SET_NEIGHBOR)
		conf_set_add_neighbor(set, &a);
	for (i = 0; kind == CONF_SET_PREFIX && i < nitems(ranges); i++) {
		ck_assert_int_eq(
		    policy_prefix_parse(members[kind][0], ranges[i], &p, &e),
		    0);
		conf_set_add_prefix(set, &p);
	}
	for (i = 0; i < 4 && members[kind][i] != NULL; i++) {
		if (kind == CONF_SET_AS_PATH) {
			conf_set_add_pattern(set, members[kind][i]);
		} else if (kind != CONF_SET_PREFIX) {
			ck_assert_int_eq(policy_comm_parse(kind,
					     members[kind][i], true, &c, &e),
			    0);
			conf_set_add_comm(set, &c);
		}
	}
	return set;
}

static void
put_whole_set(struct wr *w, const struct conf_set *set)
{
	uint32_t at = 0;

	wr_n8(w, CONF_ITEM_SET);
	msg_conf_set_put(w, set, false);
	while (at < set->n) {
		wr_n8(w, CONF_ITEM_SET_MEMBERS);
		at = msg_conf_members_put(w, set, at);
	}
}

static void
put_sets(struct wr *w)
{
	struct conf_set *set;
	int kind;

	for (kind = 0; kind < CONF_SET__MAX; kind++) {
		set = sample_set((enum conf_set_kind)kind, "some");
		put_whole_set(w, set);
		conf_set_unref(set);
	}
}

static void
check_sets(const struct conf *c)
{
	struct conf_set *want;
	int kind;

	ck_assert_uint_eq(c->n_sets, CONF_SET__MAX);
	for (kind = 0; kind < CONF_SET__MAX; kind++) {
		want = sample_set((enum conf_set_kind)kind, "some");
		ck_assert(conf_set_equal(c->sets[kind], want));
		ck_assert_uint_eq(c->sets[kind]->serial, want->serial);
		ck_assert_uint_eq(c->sets[kind]->line, 17);
		conf_set_unref(want);
	}
}

/* One statement of everything, and one of nothing. */
static struct conf_policy *
sample_policy(const char *name)
{
	struct conf_policy *p = conf_policy_new(name);
	struct conf_statement *st = conf_policy_add_statement(p, "first");
	struct conf_conditions *c = &st->conditions;
	struct conf_actions *a = &st->actions;
	struct conf_comm comm[2];
	struct err e;
	int i;

	p->serial = 99;
	p->origin = CONF_FROM_API;
	p->over_file = true;
	for (i = 0; i < CONF_SET__MAX; i++) {
		c->match[i].set = xstrdup("some");
		c->match[i].option = (uint8_t)(i % (CONF_MATCH_INVERT + 1));
	}
	c->has_prefix = true;
	ck_assert_int_eq(nlri_parse("10.1.0.0/16", &c->prefix, &e), 0);
	c->neighbor = ipv6(3);
	c->has_asn = true;
	c->asn = 4200000000u;
	c->route_types = CONF_ROUTE_EBGP | CONF_ROUTE_LOCAL;
	c->has_community = true;
	ck_assert_int_eq(policy_comm_parse(CONF_SET_COMMUNITY, "65001:*", true,
			     &c->community, &e),
	    0);
	c->families = FAMILY_BIT(FAMILY_IPV6_UNICAST);
	c->has_next_hop = true;
	ck_assert_int_eq(nlri_parse("2001:db8::/64", &c->next_hop, &e), 0);
	c->origins = 1u << BGP_ORIGIN_EGP;
	c->med = (struct conf_numbers){ true, 0, 10 };
	c->local_pref = (struct conf_numbers){ true, 100, 100 };
	c->as_path_len = (struct conf_numbers){ true, 1, UINT32_MAX };
	a->says = CONF_SAYS_CONTINUE;
	a->local_pref_op = CONF_LOCAL_PREF_FILL;
	a->local_pref = 200;
	a->med_op = CONF_MED_SUB;
	a->med = 5;
	a->next_hop_op = CONF_NEXT_HOP_SET;
	a->next_hop = addr_ipv4(0xc0000201);
	a->has_origin = true;
	a->origin = BGP_ORIGIN_INCOMPLETE;
	a->prepend = 3;
	a->prepend_as = 65001;
	ck_assert_int_eq(policy_comm_parse(CONF_SET_COMMUNITY, "65001:*", true,
			     &comm[0], &e),
	    0);
	ck_assert_int_eq(policy_comm_parse(CONF_SET_COMMUNITY, "65001:1", true,
			     &comm[1], &e),
	    0);
	conf_actions_add_edit(a, CONF_SET_COMMUNITY, CONF_COMM_REMOVE, comm, 2);
	conf_actions_add_edit(a, CONF_SET_COMMUNITY, CONF_COMM_ADD, &comm[1],
	    1);
	conf_actions_add_edit(a, CONF_SET_LARGE_COMMUNITY, CONF_COMM_REPLACE,
	    NULL, 0);
	a->deletes = true;
	a->delete_attrs[99 / 8] |= 1u << 99 % 8;
	(void)conf_policy_add_statement(p, NULL);
	return p;
}

static void
put_policies(struct wr *w)
{
	struct conf_policy *p = sample_policy("import");
	struct conf_policy *empty = conf_policy_new("zero");
	uint32_t i;

	wr_n8(w, CONF_ITEM_POLICY);
	msg_conf_policy_put(w, p, false);
	for (i = 0; i < p->n; i++) {
		wr_n8(w, CONF_ITEM_STATEMENT);
		msg_conf_statement_put(w, &p->statements[i]);
	}
	wr_n8(w, CONF_ITEM_POLICY);
	msg_conf_policy_put(w, empty, false);
	conf_policy_unref(p);
	conf_policy_unref(empty);
}

static void
check_policies(const struct conf *c)
{
	struct conf_policy *want = sample_policy("import");

	ck_assert_uint_eq(c->n_policies, 2);
	ck_assert(conf_policy_equal(c->policies[0], want));
	ck_assert_uint_eq(c->policies[0]->serial, 99);
	ck_assert(c->policies[0]->over_file);
	ck_assert_uint_eq(c->policies[1]->n, 0);
	conf_policy_unref(want);
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
	{ put_sets, check_sets },
	{ put_policies, check_policies },
};
/* Those that are one item. */
enum { ITEMS_SINGLE = 6 };

START_TEST(item_round_trip)
{
	struct conf_rx rx = { .next = NULL };
	struct conf *c;
	struct wr w;

	wr_init_grow(&w, 65536);
	items[_i].put(&w);
	ck_assert(wr_ok(&w));
	conf_rx_begin(&rx, NULL, 5);
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
	struct conf_rx rx = { .next = NULL };
	struct wr w;
	uint8_t *exact;
	size_t n;

	wr_init_grow(&w, 65536);
	items[_i].put(&w);
	for (n = 0; n < wr_len(&w); n++) {
		exact = xmemdup(w.base, n == 0 ? 1 : n);
		conf_rx_begin(&rx, NULL, 1);
		ck_assert_int_eq(conf_rx_item(&rx, exact, n), -1);
		free(exact);
	}
	wr_n8(&w, 0);
	conf_rx_begin(&rx, NULL, 1);
	ck_assert_int_eq(conf_rx_item(&rx, w.base, wr_len(&w)), -1);
	conf_rx_abort(&rx);
	wr_free(&w);
}
END_TEST

START_TEST(item_with_any_byte_changed_is_survived)
{
	struct conf_rx rx = { .next = NULL };
	struct wr w;
	uint8_t *copy;
	size_t i, n;
	int rc;

	wr_init_grow(&w, 65536);
	items[_i].put(&w);
	n = wr_len(&w);
	for (i = 0; i<n * 256; i += n> 200 ? 7 : 1) {
		copy = xmemdup(w.base, n);
		copy[i / 256] = (uint8_t)i;
		conf_rx_begin(&rx, NULL, 1);
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
	struct conf_rx rx = { .next = NULL };
	struct wr w;

	wr_init_grow(&w, 65536);
	put_peer(&w);
	conf_rx_begin(&rx, NULL, 1);
	ck_assert_int_eq(conf_rx_item(&rx, w.base, wr_len(&w)), 0);
	ck_assert_int_eq(conf_rx_item(&rx, w.base, wr_len(&w)), -1);
	conf_rx_abort(&rx);
	wr_free(&w);
}
END_TEST

START_TEST(item_outside_of_a_transfer_is_refused)
{
	struct conf_rx rx = { .next = NULL };
	struct wr w;

	wr_init_grow(&w, 65536);
	put_peer(&w);
	ck_assert_int_eq(conf_rx_item(&rx, w.base, wr_len(&w)), -1);
	ck_assert_ptr_null(conf_rx_take(&rx));
	wr_free(&w);
}
END_TEST

/* Hand the bytes to a receiver in a transfer. */
static int
receive(struct conf_rx *rx, const struct conf *running, struct wr *w)
{
	conf_rx_begin(rx, running, 1);
	return conf_rx_item(rx, w->base, wr_len(w));
}

START_TEST(reuse_takes_the_running_object)
{
	struct conf *running = conf_new(), *next;
	struct conf_set *set = sample_set(CONF_SET_AS_PATH, "some");
	struct conf_policy *policy = sample_policy("import");
	struct conf_rx rx = { .next = NULL };
	struct wr w;

	conf_set_put(running, set);
	conf_policy_put(running, policy);
	wr_init_grow(&w, 65536);
	wr_n8(&w, CONF_ITEM_SET);
	msg_conf_set_put(&w, set, true);
	wr_n8(&w, CONF_ITEM_POLICY);
	msg_conf_policy_put(&w, policy, true);
	ck_assert_int_eq(receive(&rx, running, &w), 0);
	next = conf_rx_take(&rx);
	ck_assert_ptr_eq(next->sets[0], set);
	ck_assert_ptr_eq(next->policies[0], policy);
	ck_assert_uint_eq(set->refs, 2);
	conf_free(next);
	/* Nothing to reuse, another serial, members of what is shared. */
	ck_assert_int_eq(receive(&rx, NULL, &w), -1);
	set->serial++;
	ck_assert_int_eq(receive(&rx, running, &w), -1);
	set->serial--;
	policy->serial++;
	ck_assert_int_eq(receive(&rx, running, &w), -1);
	policy->serial--;
	wr_reset(&w);
	wr_n8(&w, CONF_ITEM_SET);
	msg_conf_set_put(&w, set, true);
	wr_n8(&w, CONF_ITEM_SET_MEMBERS);
	(void)msg_conf_members_put(&w, set, 0);
	ck_assert_int_eq(receive(&rx, running, &w), -1);
	conf_rx_abort(&rx);
	ck_assert_uint_eq(set->n, 2);
	ck_assert_uint_eq(set->refs, 1);
	conf_free(running);
	wr_free(&w);
}
END_TEST

START_TEST(sets_and_policies_out_of_order_are_refused)
{
	struct conf_set *set = sample_set(CONF_SET_PREFIX, "some");
	struct conf_set *above = sample_set(CONF_SET_NEIGHBOR, "a");
	struct conf_policy *policy = sample_policy("import");
	struct conf_rx rx = { .next = NULL };
	struct wr w;

	wr_init_grow(&w, 65536);
	put_whole_set(&w, set);
	ck_assert_int_eq(receive(&rx, NULL, &w), 0);
	ck_assert_int_eq(conf_rx_item(&rx, w.base, wr_len(&w)), -1);
	wr_reset(&w);
	put_whole_set(&w, above);
	put_whole_set(&w, set);
	ck_assert_int_eq(receive(&rx, NULL, &w), -1);
	wr_reset(&w);
	wr_n8(&w, CONF_ITEM_POLICY);
	msg_conf_policy_put(&w, policy, false);
	ck_assert_int_eq(receive(&rx, NULL, &w), 0);
	ck_assert_int_eq(conf_rx_item(&rx, w.base, wr_len(&w)), -1);
	/* Members and statements of nothing. */
	wr_reset(&w);
	wr_n8(&w, CONF_ITEM_SET_MEMBERS);
	(void)msg_conf_members_put(&w, set, 0);
	ck_assert_int_eq(receive(&rx, NULL, &w), -1);
	wr_reset(&w);
	wr_n8(&w, CONF_ITEM_STATEMENT);
	msg_conf_statement_put(&w, &policy->statements[0]);
	ck_assert_int_eq(receive(&rx, NULL, &w), -1);
	conf_rx_abort(&rx);
	wr_free(&w);
	conf_set_unref(set);
	conf_set_unref(above);
	conf_policy_unref(policy);
}
END_TEST

START_TEST(long_sets_go_in_pieces)
{
	struct conf_set *set = conf_set_new(CONF_SET_PREFIX, "long");
	struct conf_rx rx = { .next = NULL };
	struct conf_prefix p;
	struct conf *c;
	struct wr w;
	struct err e;
	uint32_t i, at, pieces = 0;

	ck_assert_int_eq(policy_prefix_parse("10.0.0.0/24", NULL, &p, &e), 0);
	for (i = 0; i < 100000; i++) {
		p.nlri.key[0] = (uint8_t)(i >> 16);
		p.nlri.key[1] = (uint8_t)(i >> 8);
		p.nlri.key[2] = (uint8_t)i;
		conf_set_add_prefix(set, &p);
	}
	wr_init_grow(&w, MSG_MAX);
	wr_n8(&w, CONF_ITEM_SET);
	msg_conf_set_put(&w, set, false);
	ck_assert_int_eq(receive(&rx, NULL, &w), 0);
	for (at = 0; at < set->n; pieces++) {
		wr_reset(&w);
		wr_n8(&w, CONF_ITEM_SET_MEMBERS);
		at = msg_conf_members_put(&w, set, at);
		ck_assert_uint_le(wr_len(&w), CONF_ITEM_LEN + 64);
		ck_assert_int_eq(conf_rx_item(&rx, w.base, wr_len(&w)), 0);
	}
	ck_assert_uint_gt(pieces, 20);
	c = conf_rx_take(&rx);
	ck_assert(conf_set_equal(c->sets[0], set));
	conf_free(c);
	conf_set_unref(set);
	wr_free(&w);
}
END_TEST

/* What only a broken sender writes of a statement. */
static void
spoil_option(struct conf_statement *st)
{
	st->conditions.match[0].option = CONF_MATCH_INVERT + 1;
}

static void
spoil_empty_name(struct conf_statement *st)
{
	st->conditions.match[0].set[0] = '\0';
}

static void
spoil_host_bits(struct conf_statement *st)
{
	st->conditions.prefix.bits = 15;
}

static void
spoil_route_type(struct conf_statement *st)
{
	st->conditions.route_types = 8;
}

static void
spoil_pattern(struct conf_statement *st)
{
	st->conditions.community.mask[0] = 0;
}

static void
spoil_pattern_value(struct conf_statement *st)
{
	st->conditions.community.value[3] = 1;
}

static void
spoil_family(struct conf_statement *st)
{
	st->conditions.families = 1u << 31;
}

static void
spoil_origin_bits(struct conf_statement *st)
{
	st->conditions.origins = 8;
}

static void
spoil_numbers(struct conf_statement *st)
{
	st->conditions.med.max = 0;
	st->conditions.med.min = 1;
}

static void
spoil_says(struct conf_statement *st)
{
	st->actions.says = CONF_SAYS_CONTINUE | CONF_SAYS_ACCEPT;
}

static void
spoil_says_bits(struct conf_statement *st)
{
	st->actions.says = 8;
}

static void
spoil_local_pref_op(struct conf_statement *st)
{
	st->actions.local_pref_op = CONF_LOCAL_PREF_FILL + 1;
}

static void
spoil_local_pref(struct conf_statement *st)
{
	st->actions.local_pref_op = CONF_LOCAL_PREF_KEEP;
}

static void
spoil_med_op(struct conf_statement *st)
{
	st->actions.med_op = CONF_MED_REMOVE + 1;
}

static void
spoil_med(struct conf_statement *st)
{
	st->actions.med_op = CONF_MED_REMOVE;
}

static void
spoil_next_hop_op(struct conf_statement *st)
{
	st->actions.next_hop_op = CONF_NEXT_HOP_SELF + 1;
}

static void
spoil_next_hop_self(struct conf_statement *st)
{
	st->actions.next_hop_op = CONF_NEXT_HOP_SELF;
}

static void
spoil_next_hop(struct conf_statement *st)
{
	st->actions.next_hop.family = ADDR_NONE;
}

static void
spoil_origin(struct conf_statement *st)
{
	st->actions.origin = 3;
}

static void
spoil_no_origin(struct conf_statement *st)
{
	st->actions.has_origin = false;
}

static void
spoil_prepend(struct conf_statement *st)
{
	st->actions.prepend = CONF_PREPEND_MAX + 1;
}

static void
spoil_prepend_as(struct conf_statement *st)
{
	st->actions.prepend = 0;
}

static void
spoil_edit_kind(struct conf_statement *st)
{
	st->actions.edits[0].kind = CONF_SET_PREFIX;
}

static void
spoil_edit_op(struct conf_statement *st)
{
	st->actions.edits[0].op = CONF_COMM_REPLACE + 1;
}

static void
spoil_edit_pattern(struct conf_statement *st)
{
	st->actions.edits[0].op = CONF_COMM_ADD;
}

static void
spoil_nothing_deleted(struct conf_statement *st)
{
	memset(st->actions.delete_attrs, 0, 32);
}

static void
spoil_origin_deleted(struct conf_statement *st)
{
	st->actions.delete_attrs[0] = 1u << BGP_ATTR_ORIGIN;
}

static void (*const spoilers[])(struct conf_statement *) = {
	spoil_option,
	spoil_empty_name,
	spoil_host_bits,
	spoil_route_type,
	spoil_pattern,
	spoil_pattern_value,
	spoil_family,
	spoil_origin_bits,
	spoil_numbers,
	spoil_says,
	spoil_says_bits,
	spoil_local_pref_op,
	spoil_local_pref,
	spoil_med_op,
	spoil_med,
	spoil_next_hop_op,
	spoil_next_hop_self,
	spoil_next_hop,
	spoil_origin,
	spoil_no_origin,
	spoil_prepend,
	spoil_prepend_as,
	spoil_edit_kind,
	spoil_edit_op,
	spoil_edit_pattern,
	spoil_nothing_deleted,
	spoil_origin_deleted,
};

START_TEST(spoilt_statement_is_refused)
{
	struct conf_policy *p = sample_policy("import");
	struct conf_policy *to = conf_policy_new("import");
	struct wr w;
	struct rd r;

	wr_init_grow(&w, 65536);
	msg_conf_statement_put(&w, &p->statements[0]);
	rd_init(&r, w.base, wr_len(&w));
	msg_conf_statement_get(&r, to);
	ck_assert(rd_done(&r));
	ck_assert_uint_eq(to->n, 1);
	spoilers[_i](&p->statements[0]);
	wr_reset(&w);
	msg_conf_statement_put(&w, &p->statements[0]);
	rd_init(&r, w.base, wr_len(&w));
	msg_conf_statement_get(&r, to);
	ck_assert(!rd_ok(&r));
	ck_assert_uint_eq(to->n, 1);
	wr_free(&w);
	conf_policy_unref(p);
	conf_policy_unref(to);
}
END_TEST

static int
member_again(const struct conf_set *set)
{
	struct conf_set *to =
	    conf_set_new((enum conf_set_kind)set->kind, set->name);
	struct wr w;
	struct rd r;
	int rc;

	wr_init_grow(&w, 65536);
	(void)msg_conf_members_put(&w, set, 0);
	rd_init(&r, w.base, wr_len(&w));
	msg_conf_members_get(&r, to);
	rc = rd_done(&r) ? 0 : -1;
	wr_free(&w);
	conf_set_unref(to);
	return rc;
}

START_TEST(spoilt_members_are_refused)
{
	struct conf_set *set = sample_set(CONF_SET_PREFIX, "some");
	char *longest = xmalloc(CONF_PATTERN_MAX + 2);
	struct conf_prefix good;
	uint32_t i;

	good = set->prefixes[2];
	ck_assert_int_eq(member_again(set), 0);
	for (i = 0; i < set->n; i++) {
		set->prefixes[i].max--;
		ck_assert_int_eq(member_again(set), i == 2 || i == 3 ? 0 : -1);
		set->prefixes[i].max += 11;
		ck_assert_int_eq(member_again(set), -1);
		set->prefixes[i].max -= 10;
		set->prefixes[i].min = 7;
		ck_assert_int_eq(member_again(set), -1);
		set->prefixes[i].min = 33;
		ck_assert_int_eq(member_again(set), -1);
		set->prefixes[i] = good;
	}
	set->prefixes[0].form = CONF_RANGE_FROM + 1;
	ck_assert_int_eq(member_again(set), -1);
	conf_set_unref(set);
	set = conf_set_new(CONF_SET_AS_PATH, "some");
	memset(longest, 'x', CONF_PATTERN_MAX + 1);
	longest[CONF_PATTERN_MAX] = '\0';
	conf_set_add_pattern(set, longest);
	ck_assert_int_eq(member_again(set), 0);
	longest[CONF_PATTERN_MAX] = 'x';
	longest[CONF_PATTERN_MAX + 1] = '\0';
	conf_set_add_pattern(set, longest);
	ck_assert_int_eq(member_again(set), -1);
	conf_set_unref(set);
	set = conf_set_new(CONF_SET_AS_PATH, "some");
	conf_set_add_pattern(set, "");
	ck_assert_int_eq(member_again(set), -1);
	conf_set_unref(set);
	set = sample_set(CONF_SET_NEIGHBOR, "some");
	memset(&set->neighbors[0], 0, sizeof(struct addr));
	ck_assert_int_eq(member_again(set), -1);
	conf_set_unref(set);
	free(longest);
}
END_TEST

static void
edit_fill(struct conf_edit *e, int op)
{
	memset(e, 0, sizeof(*e));
	e->op = (uint8_t)op;
	e->peer = sample_peer();
	conf_peer_copy(&e->peer, &e->peer);
	e->set = sample_set(CONF_SET_EXT_COMMUNITY, "_any name");
	e->replace = true;
	e->set_kind = CONF_SET_AS_PATH;
	e->name = xstrdup("");
	e->policy = sample_policy("_import");
	e->direction = CONF_EXPORT;
	conf_assignment_copy(&e->assignment, &e->peer.policy[CONF_IMPORT]);
}

START_TEST(policy_edit_round_trip)
{
	struct conf_edit e, back;
	struct wr w, again;
	struct rd r;
	size_t n;

	edit_fill(&e, _i);
	wr_init_grow(&w, 65536);
	wr_init_grow(&again, 65536);
	msg_conf_edit_put(&w, &e);
	rd_init(&r, w.base, wr_len(&w));
	msg_conf_edit_get(&r, &back);
	ck_assert(rd_done(&r));
	msg_conf_edit_put(&again, &back);
	ck_assert_uint_eq(wr_len(&again), wr_len(&w));
	ck_assert_mem_eq(again.base, w.base, wr_len(&w));
	switch (_i) {
	case CONF_EDIT_SET_ADD:
		ck_assert(back.replace);
		ck_assert(conf_set_equal(back.set, e.set));
		break;
	case CONF_EDIT_POLICY_ADD:
		ck_assert(conf_policy_equal(back.policy, e.policy));
		break;
	case CONF_EDIT_ASSIGN:
		ck_assert_uint_eq(back.direction, CONF_EXPORT);
		ck_assert(
		    conf_assignment_equal(&back.assignment, &e.assignment));
		break;
	default:
		break;
	}
	conf_edit_fini(&back);
	for (n = 0; n < wr_len(&w); n++) {
		rd_init(&r, w.base, n);
		msg_conf_edit_get(&r, &back);
		ck_assert(!rd_ok(&r));
	}
	w.base[0] = CONF_EDIT_BMP_REMOVE + 1;
	rd_init(&r, w.base, wr_len(&w));
	msg_conf_edit_get(&r, &back);
	ck_assert(!rd_ok(&r));
	conf_edit_fini(&e);
	wr_free(&w);
	wr_free(&again);
}
END_TEST

struct pieces {
	struct wr w;
	unsigned int n, last;
};

static void
take_piece(void *ctx, bool last, const uint8_t *data, size_t len)
{
	struct pieces *p = ctx;

	ck_assert_uint_gt(len, 0);
	ck_assert_uint_le(len, MSG_MAX);
	ck_assert_uint_eq(p->last, 0);
	wr_copy(&p->w, data, len);
	p->n++;
	p->last += last ? 1 : 0;
}

START_TEST(long_edit_is_cut)
{
	static const size_t lengths[] = { 1, MSG_MAX, MSG_MAX + 1, 3 * MSG_MAX,
		3 * MSG_MAX + 9 };
	static const unsigned int pieces[] = { 1, 1, 2, 3, 4 };
	struct pieces p;
	struct wr w;
	size_t i, n;

	for (i = 0; i < nitems(lengths); i++) {
		memset(&p, 0, sizeof(p));
		wr_init_grow(&p.w, CONF_EDIT_MAX);
		wr_init_grow(&w, CONF_EDIT_MAX);
		for (n = 0; n < lengths[i]; n++)
			wr_n8(&w, (uint8_t)(n * 7 / 3));
		msg_conf_edit_cut(&w, take_piece, &p);
		ck_assert_uint_eq(p.n, pieces[i]);
		ck_assert_uint_eq(p.last, 1);
		ck_assert_uint_eq(wr_len(&p.w), lengths[i]);
		ck_assert_mem_eq(p.w.base, w.base, lengths[i]);
		wr_free(&w);
		wr_free(&p.w);
	}
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
	struct conf_rx rx = { .next = NULL };
	struct conf *c, *copy;
	struct wr w;
	size_t i;

	conf_rx_begin(&rx, NULL, 3);
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
	b.policy[CONF_IMPORT].n = 1;
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

	tcase_set_timeout(t, 60);
	tcase_add_loop_test(t, item_round_trip, 0, nitems(items));
	tcase_add_loop_test(t, item_cut_or_longer_is_refused, 0, ITEMS_SINGLE);
	tcase_add_loop_test(t, item_with_any_byte_changed_is_survived, 0,
	    nitems(items));
	tcase_add_test(t, same_peer_twice_is_refused);
	tcase_add_test(t, item_outside_of_a_transfer_is_refused);
	tcase_add_test(t, reuse_takes_the_running_object);
	tcase_add_test(t, sets_and_policies_out_of_order_are_refused);
	tcase_add_test(t, long_sets_go_in_pieces);
	tcase_add_loop_test(t, spoilt_statement_is_refused, 0,
	    nitems(spoilers));
	tcase_add_test(t, spoilt_members_are_refused);
	tcase_add_loop_test(t, policy_edit_round_trip, 0, CONF_EDIT_ASSIGN + 1);
	tcase_add_test(t, long_edit_is_cut);
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
