/* SPDX-License-Identifier: ISC */
/*
 * Packing at volume: messages are full, windows are kept, what does not fit
 * or has no time waits and goes on, a late joiner gets the table by attribute
 * set.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "common/bgp_attr.h"
#include "common/bgp_nlri.h"
#include "common/bgp_update.h"
#include "common/hash.h"
#include "common/msg.h"
#include "common/msg_route.h"
#include "rde/group.h"
#include "rde/rde.h"

enum { N = 40000, SETS = 16, PEERS = 4 };

static struct rde *rde;
static struct mono now = { 1000000 };
/* What each receiver holds: number of the set + 1. */
static uint8_t held[PEERS][N];
static uint32_t got[PEERS], messages[PEERS], eor[PEERS];
static enum family family;
static unsigned int withheld[2];
/* Given to rde_pack(), and how often that was called. */
static struct mono until;
static unsigned int calls;

/* Prefix number i and back. */
static void
prefix(uint32_t i, struct nlri *n)
{
	memset(n, 0, sizeof(*n));
	n->family = (uint8_t)family;
	n->bits = family == FAMILY_IPV4_UNICAST ? 24 : 48;
	n->key[0] = 0x20;
	n->key[1] = (uint8_t)(i >> 8);
	n->key[2] = (uint8_t)i;
}

static void
receive(uint32_t id, const uint8_t *msg, size_t len)
{
	struct bgp_update_ctx ctx = { .ebgp = true,
		.as4 = true,
		.peer_as = 65000,
		.families = FAMILY_ALL };
	static uint8_t buf[BGP_UPDATE_BUF(4096)];
	struct bgp_nlri_iter it;
	struct bgp_update u;
	struct bgp_attr a;
	struct nlri n;
	uint32_t med;
	bool v4 = family == FAMILY_IPV4_UNICAST;
	const struct bgp_nlri_span *gone, *here;
	const struct bgp_block *b;

	ck_assert_uint_le(len, 4096);
	bgp_update_parse(&ctx, msg, len, buf, &u);
	ck_assert_int_eq(u.outcome, BGP_UPDATE_OK);
	messages[id]++;
	if (u.end_of_rib != -1) {
		messages[id]--;
		eor[id] |= FAMILY_BIT(u.end_of_rib);
	}
	gone = v4 ? &u.withdrawn : &u.mp_unreach;
	here = v4 ? &u.announced : &u.mp_reach;
	b = v4 ? &u.attrs : &u.mp_attrs;
	bgp_nlri_iter_init(&it, family, gone->p, gone->len, false);
	while (gone->len > 0 && bgp_nlri_next(&it, &n, NULL)) {
		uint8_t *h = &held[id][n.key[1] << 8 | n.key[2]];

		ck_assert_uint_ne(*h, 0);
		*h = 0;
	}
	if (here->len == 0)
		return;
	ck_assert(bgp_attr_find(b->p, b->len, BGP_ATTR_MED, &a));
	ck_assert(bgp_attr_u32(&a, &med));
	bgp_nlri_iter_init(&it, family, here->p, here->len, false);
	while (bgp_nlri_next(&it, &n, NULL))
		held[id][n.key[1] << 8 | n.key[2]] = (uint8_t)(med + 1);
}

static void
on_tx(void *ctx, const struct rde_tx *tx)
{
	uint32_t id;
	const uint8_t *p;
	size_t len;

	(void)ctx;
	ck_assert_uint_le(tx->len, MSG_BATCH_MAX);
	for (id = 1; id < PEERS; id++) {
		if (id / 8 >= tx->bitmap_len ||
		    (tx->bitmap[id / 8] >> (id % 8) & 1) == 0)
			continue;
		got[id] += (uint32_t)tx->len;
		for (p = tx->data; p < tx->data + tx->len; p += len) {
			len = (size_t)p[16] << 8 | p[17];
			receive(id, p, len);
		}
	}
}

static bool
on_tx_ready(void *ctx)
{
	(void)ctx;
	return true;
}

static void
on_unsendable(void *ctx, const struct peer *peer, const struct nlri *nlri,
    enum rde_unsendable why)
{
	(void)ctx;
	(void)peer;
	(void)nlri;
	withheld[why]++;
}

static const struct rde_ops ops = {
	.tx = on_tx,
	.tx_ready = on_tx_ready,
	.unsendable = on_unsendable,
};

static void
up(uint32_t id)
{
	struct peer_up u;

	memset(&u, 0, sizeof(u));
	u.remote = addr_ipv4(0x0a000000 + id);
	u.local = addr_ipv4(0x0a0000fe);
	u.remote_as = 65000 + id;
	u.remote_id = id;
	u.local_as = 65000;
	u.ebgp = true;
	u.as4 = true;
	u.families = FAMILY_BIT(family);
	got[id] = messages[id] = eor[id] = 0;
	memset(held[id], 0, sizeof(held[id]));
	rde_peer_up(rde, id, 1, &u, now);
}

static size_t
block(uint8_t *to, uint8_t set, size_t filler)
{
	struct bgp_attr_values v;
	struct err err;
	struct wr wr;
	uint8_t big[4200] = { 0 };

	bgp_attr_values_init(&v);
	v.next_hop = family == FAMILY_IPV4_UNICAST ?
	    addr_ipv4(0xc0000201) :
	    (struct addr){ ADDR_IPV6, { 0x20, 1, 0xd, 0xb8, [15] = 1 } };
	v.has_med = true;
	v.med = set;
	wr_init(&wr, to, BGP_ATTR_BLOCK_MAX);
	ck_assert_int_eq(bgp_attr_build(&wr, family, &v, &err), 0);
	if (filler > 0)
		bgp_attr_put(&wr, 0xc0, 200, big, filler);
	return wr_len(&wr);
}

static void
add(uint32_t from, uint32_t to, uint32_t step, uint8_t set, size_t filler)
{
	uint8_t b[BGP_ATTR_BLOCK_MAX];
	size_t len = block(b, set, filler);
	struct nlri n;
	uint32_t i;

	for (i = from; i < to; i += step) {
		prefix(i, &n);
		rde_local_add(rde, &n, b, len, now);
	}
}

static void
credit(uint32_t id)
{
	ck_assert(rde_tx_credit(rde, rde_peer_find(rde, id), got[id]));
	got[id] = 0;
}

static void
run(void)
{
	uint32_t id, sent;
	bool more;

	do {
		more = rde_pack(rde, now, until, 1 << 24);
		calls++;
		ck_assert_uint_le(got[1], TX_WINDOW);
		sent = got[1] + got[2] + got[3];
		for (id = 1; id < PEERS; id++) {
			if (rde_peer_find(rde, id) != NULL)
				credit(id);
		}
	} while (sent != 0 || more || rde_sweep(rde, 10000));
}

static void
setup(void)
{
	hash_init();
	family = FAMILY_IPV4_UNICAST;
	until = MONO_NEVER;
	calls = 0;
	memset(withheld, 0, sizeof(withheld));
	rde = rde_new(&ops, NULL);
	rde_configure(rde, 65000, 1, 1);
}

static void
teardown(void)
{
	rde_free(rde);
}

static void
check_held(uint32_t id, uint32_t from, uint32_t to, uint8_t want)
{
	uint32_t i;

	for (i = from; i < to; i++)
		ck_assert_msg(held[id][i] == want, "prefix %u: %u", i,
		    held[id][i]);
}

static void
announce_and_withdraw(size_t nlri_len, size_t fixed, size_t fixed_gone)
{
	size_t per = (4096 - fixed) / nlri_len;
	size_t per_gone = (4096 - fixed_gone) / nlri_len;
	struct nlri n;
	uint32_t i;

	up(1);
	run();
	ck_assert_uint_eq(eor[1], FAMILY_BIT(family));
	/* Mixed on arrival, sorted by set when sent. */
	for (i = 0; i < SETS; i++)
		add(i, N, SETS, (uint8_t)i, 0);
	run();
	for (i = 0; i < N; i++)
		ck_assert_uint_eq(held[1][i], i % SETS + 1);
	ck_assert_uint_le(messages[1], SETS * ((N / SETS + per - 1) / per) + 8);
	/* The late joiner does not disturb the other one. */
	messages[1] = 0;
	up(2);
	run();
	ck_assert_uint_eq(messages[1], 0);
	ck_assert_mem_eq(held[1], held[2], N);
	ck_assert_uint_le(messages[2], SETS * ((N / SETS + per - 1) / per) + 8);
	ck_assert_uint_eq(eor[2], FAMILY_BIT(family));
	ck_assert_ptr_eq(rde_peer_find(rde, 1)->group[family],
	    rde_peer_find(rde, 2)->group[family]);
	/* Again for one only. */
	messages[2] = 0;
	memset(held[2], 0, sizeof(held[2]));
	rde_refresh(rde, rde_peer_find(rde, 2), FAMILY_ALL);
	run();
	ck_assert_uint_eq(messages[1], 0);
	ck_assert_mem_eq(held[1], held[2], N);
	messages[2] = 0;
	for (i = 0; i < N; i++) {
		prefix(i, &n);
		ck_assert(rde_local_remove(rde, &n));
	}
	run();
	check_held(1, 0, N, 0);
	check_held(2, 0, N, 0);
	ck_assert_uint_le(messages[1], (N + per_gone - 1) / per_gone + 8);
	ck_assert_uint_eq(rde->ribs[family].entries.live, 0);
	ck_assert_uint_eq(attrs_count(rde->attrs), 0);
}

/* Time that was over before it began: each call does one step.  A step ends
 * a message early. */
START_TEST(test_no_time)
{
	unsigned int before;
	struct nlri n;
	uint32_t i;

	until = (struct mono){ 0 };
	for (i = 0; i < SETS; i++)
		add(i, N, SETS, (uint8_t)i, 0);
	up(1);
	run();
	for (i = 0; i < N; i++)
		ck_assert_uint_eq(held[1][i], i % SETS + 1);
	/* collecting, then a message of 1,024 prefixes at a time */
	ck_assert_uint_ge(calls, N / 8192 + N / 1024);
	ck_assert_uint_le(messages[1], N / 1000 + 2 * SETS + N / 1024);
	ck_assert_uint_eq(eor[1], FAMILY_BIT(family));
	before = calls;
	memset(held[1], 0, sizeof(held[1]));
	rde_refresh(rde, rde_peer_find(rde, 1), FAMILY_ALL);
	run();
	for (i = 0; i < N; i++)
		ck_assert_uint_eq(held[1][i], i % SETS + 1);
	ck_assert_uint_ge(calls - before, N / 8192 + N / 1024);
	/* a step that finds nothing due */
	up(2);
	rde_pack(rde, now, until, 1 << 24);
	add(0, N, 1, SETS, 0);
	run();
	check_held(1, 0, N, SETS + 1);
	check_held(2, 0, N, SETS + 1);
	/* First steps that find nothing at all: the entries that came first
	 * are those of the first sets. */
	for (i = 0; i < N; i++) {
		prefix(i, &n);
		if (i % SETS < SETS / 2)
			ck_assert(rde_local_remove(rde, &n));
	}
	run();
	memset(held[1], 0, sizeof(held[1]));
	rde_refresh(rde, rde_peer_find(rde, 1), FAMILY_ALL);
	run();
	for (i = 0; i < N; i++)
		ck_assert_uint_eq(held[1][i],
		    i % SETS < SETS / 2 ? 0 : SETS + 1);
}
END_TEST

START_TEST(test_ipv4)
{
	announce_and_withdraw(4, 19 + 4 + 4 + 9 + 7 + 7, 19 + 4);
}
END_TEST

START_TEST(test_ipv6)
{
	family = FAMILY_IPV6_UNICAST;
	announce_and_withdraw(7, 19 + 4 + 4 + 9 + 7 + 9 + 16, 19 + 4 + 4 + 3);
}
END_TEST

/* Every length of MP_REACH and MP_UNREACH around its change of form. */
START_TEST(test_ipv6_short_forms)
{
	struct nlri n;
	uint32_t i, k, at = 0;

	family = FAMILY_IPV6_UNICAST;
	up(1);
	run();
	for (k = 25; k < 42; k++) {
		add(at, at + k, 1, 3, 0);
		run();
		check_held(1, at, at + k, 4);
		for (i = at; i < at + k; i++) {
			prefix(i, &n);
			rde_local_remove(rde, &n);
		}
		run();
		check_held(1, at, at + k, 0);
		at += k;
	}
}
END_TEST

/* Without credit no more than a window goes out, the rest waits. */
START_TEST(test_window)
{
	uint32_t i;

	up(1);
	run();
	for (i = 0; i < N; i++)
		add(i, i + 1, 1, (uint8_t)(i % SETS), i % 2000);
	for (i = 0; i < 5; i++)
		rde_pack(rde, now, MONO_NEVER, 1 << 24);
	ck_assert_uint_le(got[1], TX_WINDOW);
	ck_assert_uint_gt(got[1], TX_WINDOW - 64 * 1024);
	/* What waits changes: only the last state is ever sent. */
	add(0, N, 2, 15, 0);
	run();
	for (i = 0; i < N; i++)
		ck_assert_uint_eq(held[1][i], i % 2 == 0 ? 16 : i % SETS + 1);
	/* A joiner with changes under way in all its stages. */
	up(2);
	for (i = 0; i < 40; i++) {
		rde_pack(rde, now, MONO_NEVER, 20000);
		credit(1);
		credit(2);
		add(i * 100, i * 100 + 90, 3, (uint8_t)(i % 7), 0);
	}
	run();
	ck_assert_mem_eq(held[1], held[2], N);
	ck_assert_uint_eq(rde->n_groups, 1);
}
END_TEST

/* A route that got too long is taken back and counted. */
START_TEST(test_too_long)
{
	up(1);
	run();
	add(0, 3, 1, 1, 4000);
	run();
	check_held(1, 0, 3, 2);
	ck_assert_uint_eq(withheld[RDE_TOO_LONG], 0);
	add(0, 3, 1, 1, 4050);
	run();
	check_held(1, 0, 3, 0);
	ck_assert_uint_eq(withheld[RDE_TOO_LONG], 3);
	ck_assert_uint_eq(rde->stats.unsendable[RDE_TOO_LONG], 3);
	add(0, 3, 1, 2, 10);
	run();
	check_held(1, 0, 3, 3);
}
END_TEST

START_TEST(test_mrai)
{
	struct mono when;

	up(1);
	rde_peer_find(rde, 1)->group[0]->mrai_secs = 30;
	run();
	now = mono_add_ms(now, 40000);
	add(0, 10, 1, 1, 0);
	run();
	check_held(1, 0, 10, 2);
	add(0, 10, 1, 2, 0);
	run();
	check_held(1, 0, 10, 2);
	ck_assert(rde_deadline(rde, now, &when));
	ck_assert_int_ge(mono_diff_ms(when, now), 22500);
	ck_assert_int_le(mono_diff_ms(when, now), 30000);
	add(0, 10, 1, 3, 0);
	now = when;
	run();
	check_held(1, 0, 10, 4);
	ck_assert(!rde_deadline(rde, now, &when));
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("pack");
	TCase *t = tcase_create("all");
	SRunner *sr;
	int failed;

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 240);
	tcase_add_test(t, test_no_time);
	tcase_add_test(t, test_ipv4);
	tcase_add_test(t, test_ipv6);
	tcase_add_test(t, test_ipv6_short_forms);
	tcase_add_test(t, test_window);
	tcase_add_test(t, test_too_long);
	tcase_add_test(t, test_mrai);
	suite_add_tcase(s, t);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? 0 : 1;
}
