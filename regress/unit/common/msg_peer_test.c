/* SPDX-License-Identifier: ISC */
/*
 * Payloads about peers: what is written is read, and whatever is cut off or
 * flipped is refused or read as something else, never past its end.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "common/bgp.h"
#include "common/msg_peer.h"

static struct addr
addr_of(const char *text)
{
	struct addr a;

	ck_assert_int_eq(addr_parse(text, &a), 0);
	return a;
}

static void
up_put(struct wr *w)
{
	uint8_t sent[] = { 1, 2, 3 };
	uint8_t received[] = { 4, 5, 6, 7 };
	struct peer_up up = {
		.remote = addr_of("192.0.2.1"),
		.local = addr_of("2001:db8::1"),
		.remote_port = 40000,
		.local_port = 179,
		.remote_as = 4200000000,
		.remote_id = 0xc0000201,
		.local_as = 65000,
		.ebgp = true,
		.configured = true,
		.as4 = true,
		.route_refresh = true,
		.families = FAMILY_ALL,
		.gr = true,
		.gr_families = FAMILY_BIT(FAMILY_IPV6_UNICAST),
		.gr_forwarding = 0,
		.gr_restarting = true,
		.gr_time = 120,
		.has_max_prefix = true,
		.max_prefix = 1000,
		.max_prefix_action = 1,
		.max_prefix_stop = true,
		.mrai_secs = 5,
		.enforce_first_as = true,
		.open_sent = sent,
		.open_sent_len = sizeof(sent),
		.open_received = received,
		.open_received_len = sizeof(received),
	};

	msg_peer_up_put(w, &up);
}

static void
up_check(struct rd *r)
{
	struct peer_up up;

	msg_peer_up_get(r, &up);
	if (rd_done(r)) {
		ck_assert_uint_eq(up.remote_as, 4200000000);
		ck_assert_uint_eq(up.remote_port, 40000);
		ck_assert_uint_eq(up.families, FAMILY_ALL);
		ck_assert(up.ebgp && up.gr_restarting && up.max_prefix_stop);
		ck_assert_uint_eq(up.mrai_secs, 5);
		ck_assert(up.enforce_first_as);
		ck_assert_uint_eq(up.open_sent_len, 3);
		ck_assert_mem_eq(up.open_received, "\4\5\6\7", 4);
	}
	peer_up_fini(&up);
}

static void
down_put(struct wr *w)
{
	struct peer_down d = { .reason = PEER_DOWN_REMOTE,
		.code = 6,
		.subcode = 2,
		.event = 18,
		.pdu = (const uint8_t *)"\7\10\11",
		.pdu_len = 3,
		.stale_families = 3,
		.gr_time = 4000 };

	msg_peer_down_put(w, &d);
}

static void
down_check(struct rd *r)
{
	struct peer_down d;

	msg_peer_down_get(r, &d);
	if (!rd_done(r))
		return;
	ck_assert_uint_eq(d.reason, PEER_DOWN_REMOTE);
	ck_assert_uint_eq(d.code, 6);
	ck_assert_uint_eq(d.subcode, 2);
	ck_assert_uint_eq(d.stale_families, 3);
	ck_assert_uint_eq(d.gr_time, 4000);
	ck_assert_uint_eq(d.event, 18);
	ck_assert_uint_eq(d.pdu_len, 3);
	ck_assert_mem_eq(d.pdu, "\7\10\11", 3);
}

static void
shut_put(struct wr *w)
{
	const uint8_t data[] = { 9, 8, 7 };
	struct peer_shut s = { 6, 1, true, data, sizeof(data) };

	msg_peer_shut_put(w, &s);
}

static void
shut_check(struct rd *r)
{
	struct peer_shut s;

	msg_peer_shut_get(r, &s);
	if (!rd_done(r))
		return;
	ck_assert_uint_eq(s.code, 6);
	ck_assert_uint_eq(s.subcode, 1);
	ck_assert(s.prefix_limit);
	ck_assert_uint_eq(s.data_len, 3);
	ck_assert_mem_eq(s.data, "\11\10\7", 3);
}

static void
get_put(struct wr *w)
{
	struct peers_get g = { PEERS_ONE, addr_of("2001:db8::2") };

	msg_peers_get_put(w, &g);
}

static void
get_check(struct rd *r)
{
	struct peers_get g;
	struct addr a = addr_of("2001:db8::2");

	msg_peers_get_get(r, &g);
	if (!rd_done(r))
		return;
	ck_assert_uint_eq(g.kind, PEERS_ONE);
	ck_assert(addr_equal(&g.addr, &a));
}

static void
row_put(struct wr *w)
{
	struct peer_row row = {
		.addr = addr_of("::ffff:127.0.0.1"),
		.port = 1790,
		.asn = 64500,
		.state = PEER_ESTABLISHED,
		.admin = PEER_ADMIN_PREFIX_LIMIT,
		.configured = true,
		.remote_id = 1,
		.families = 1,
		.hold_time = 90,
		.uptime_ms = UINT64_C(1) << 40,
		.stats = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 },
		.last_sent_code = 6,
		.last_sent_subcode = 4,
		.last_received_code = 4,
		.counts = { { 11, 12 }, { 13, 14 } },
		.rx_queued = 1000,
		.tx_queued = 2000,
	};

	msg_peer_row_put(w, &row);
}

static void
row_check(struct rd *r)
{
	struct peer_row row;

	msg_peer_row_get(r, &row);
	if (!rd_done(r))
		return;
	ck_assert_uint_eq(row.port, 1790);
	ck_assert_uint_eq(row.state, PEER_ESTABLISHED);
	ck_assert_uint_eq(row.admin, PEER_ADMIN_PREFIX_LIMIT);
	ck_assert_uint_eq(row.uptime_ms, UINT64_C(1) << 40);
	ck_assert_uint_eq(row.stats.open_sent, 1);
	ck_assert_uint_eq(row.stats.refresh_received, 10);
	ck_assert_uint_eq(row.last_received_code, 4);
	ck_assert_uint_eq(row.counts[0].received, 11);
	ck_assert_uint_eq(row.counts[1].sent, 14);
	ck_assert_uint_eq(row.tx_queued, 2000);
}

static void
counts_put(struct wr *w)
{
	struct peer_counts c = { 7, 9, { { 1, 2 }, { 3, 4 } } };

	msg_peer_counts_put(w, &c);
}

static void
counts_read(struct rd *r)
{
	struct peer_counts c;

	msg_peer_counts_get(r, &c);
}

static void
counts_check(struct rd *r)
{
	struct peer_counts c;

	msg_peer_counts_get(r, &c);
	ck_assert_uint_eq(c.peer, 7);
	ck_assert_uint_eq(c.epoch, 9);
	ck_assert_uint_eq(c.families[0].sent, 2);
	ck_assert_uint_eq(c.families[1].received, 3);
}

static void
ctl_put(struct wr *w)
{
	struct peer_ctl c = {
		.op = PEER_CTL_DISABLE,
		.addr = addr_of("192.0.2.7"),
		.families = FAMILY_ALL,
		.reason = "moved to the other room",
	};

	msg_peer_ctl_put(w, &c);
}

static void
ctl_check(struct rd *r)
{
	struct peer_ctl c;

	msg_peer_ctl_get(r, &c);
	if (!rd_done(r))
		return;
	ck_assert_uint_eq(c.op, PEER_CTL_DISABLE);
	ck_assert_uint_eq(c.families, FAMILY_ALL);
	ck_assert_str_eq(c.reason, "moved to the other room");
}

static void
flipped(void (*get)(struct rd *), uint8_t *buf, size_t len)
{
	struct rd r;

	rd_init(&r, buf, len);
	get(&r);
}

/* Read whatever it says, without judging values. */
static void
up_read(struct rd *r)
{
	struct peer_up up;

	msg_peer_up_get(r, &up);
	peer_up_fini(&up);
}

static void
down_read(struct rd *r)
{
	struct peer_down d;

	msg_peer_down_get(r, &d);
	if (rd_done(r))
		ck_assert(d.reason >= PEER_DOWN_LOCAL_NOTIFICATION &&
		    d.reason <= PEER_DOWN_DECONFIGURED);
}

static void
shut_read(struct rd *r)
{
	struct peer_shut s;

	msg_peer_shut_get(r, &s);
}

static void
get_read(struct rd *r)
{
	struct peers_get g;

	msg_peers_get_get(r, &g);
}

static void
row_read(struct rd *r)
{
	struct peer_row row;

	msg_peer_row_get(r, &row);
	if (rd_done(r))
		ck_assert(row.state <= PEER_ESTABLISHED);
}

static void
ctl_read(struct rd *r)
{
	struct peer_ctl c;

	msg_peer_ctl_get(r, &c);
	if (rd_done(r))
		ck_assert(c.op <= PEER_CTL_REMOVE);
}

static const struct payload {
	void (*put)(struct wr *);
	void (*check)(struct rd *);
	void (*read)(struct rd *);
} payloads[] = {
	{ up_put, up_check, up_read },
	{ down_put, down_check, down_read },
	{ shut_put, shut_check, shut_read },
	{ get_put, get_check, get_read },
	{ row_put, row_check, row_read },
	{ counts_put, counts_check, counts_read },
	{ ctl_put, ctl_check, ctl_read },
};

/* Exactly as long as it claims, so that a sanitizer sees one byte more. */
static uint8_t *
written(const struct payload *p, size_t *len)
{
	uint8_t buf[1024];
	uint8_t *copy;
	struct wr w;

	wr_init(&w, buf, sizeof(buf));
	p->put(&w);
	ck_assert(wr_ok(&w));
	*len = wr_len(&w);
	copy = malloc(*len);
	memcpy(copy, buf, *len);
	return copy;
}

START_TEST(what_is_written_is_read)
{
	size_t len;
	uint8_t *buf = written(&payloads[_i], &len);
	struct rd r;

	rd_init(&r, buf, len);
	payloads[_i].check(&r);
	ck_assert(rd_done(&r));
	free(buf);
}
END_TEST

START_TEST(cut_off_anywhere_it_is_refused)
{
	size_t len, n;
	uint8_t *buf = written(&payloads[_i], &len);
	struct rd r;

	for (n = 0; n < len; n++) {
		uint8_t *cut = malloc(n + 1);

		memcpy(cut, buf, n);
		rd_init(&r, cut, n);
		payloads[_i].read(&r);
		ck_assert(!rd_ok(&r));
		free(cut);
	}
	free(buf);
}
END_TEST

START_TEST(flipped_anywhere_it_is_survived)
{
	size_t len, n;
	uint8_t *buf = written(&payloads[_i], &len);
	unsigned int v;

	for (n = 0; n < len; n++) {
		uint8_t was = buf[n];

		for (v = 0; v < 256; v++) {
			buf[n] = (uint8_t)v;
			flipped(payloads[_i].read, buf, len);
		}
		buf[n] = was;
	}
	free(buf);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("msg_peer");
	TCase *t = tcase_create("msg_peer");
	const int n = sizeof(payloads) / sizeof(payloads[0]);
	SRunner *r;
	int failed;

	tcase_add_loop_test(t, what_is_written_is_read, 0, n);
	tcase_add_loop_test(t, cut_off_anywhere_it_is_refused, 0, n);
	tcase_add_loop_test(t, flipped_anywhere_it_is_survived, 0, n);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
