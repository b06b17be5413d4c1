/* SPDX-License-Identifier: ISC */
/*
 * BMP messages: every byte of what is written, and no cut or changed byte
 * makes the reader go outside.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/bgp.h"
#include "common/bmp.h"
#include "regress/unit/common/wire.h"

static const struct bmp_peer peer4 = {
	.type = BMP_PEER_GLOBAL,
	.flags = BMP_FLAG_L,
	.addr = { ADDR_IPV4, { 192, 0, 2, 7 } },
	.asn = 0x01020304,
	.id = 0x0a000007,
	.secs = 0x11223344,
	.usecs = 5,
};
#define PEER4                                                                  \
	"00 40 0000000000000000 000000000000000000000000 c0000207 01020304 "   \
	"0a000007 11223344 00000005 "
static const struct bmp_peer peer6 = {
	.flags = BMP_FLAG_O,
	.addr = { ADDR_IPV6, { 0x20, 1, 0xd, 0xb8, [15] = 7 } },
	.asn = 7,
	.id = 8,
};
#define PEER6                                                                  \
	"00 90 0000000000000000 20010db8 000000000000000000000007 00000007 "   \
	"00000008 00000000 00000000 "
static const struct bmp_peer loc_rib = {
	.type = BMP_PEER_LOC_RIB,
	.asn = 7,
	.id = 8,
};
#define LOC_RIB                                                                \
	"03 00 0000000000000000 00000000000000000000000000000000 00000007 "    \
	"00000008 00000000 00000000 "

#define MARKER "ffffffffffffffffffffffffffffffff"
#define KEEPALIVE MARKER "0013 04"

static uint8_t keepalive[BGP_HEADER_LEN];

static void
put_initiation(struct wr *w)
{
	bmp_put_initiation(w, "nm", "dsc");
}

static void
put_termination(struct wr *w)
{
	bmp_put_termination(w, BMP_TERM_PERMANENT);
}

static void
put_up(struct wr *w)
{
	struct bmp_up up = {
		.local = { ADDR_IPV4, { 192, 0, 2, 1 } },
		.local_port = 179,
		.remote_port = 1024,
		.sent = keepalive,
		.sent_len = sizeof(keepalive),
		.received = keepalive,
		.received_len = sizeof(keepalive),
	};

	bmp_put_peer_up(w, &peer4, &up);
}

static void
put_up_loc_rib(struct wr *w)
{
	struct bmp_up up = {
		.sent = keepalive,
		.sent_len = sizeof(keepalive),
		.received = keepalive,
		.received_len = sizeof(keepalive),
		.table = "global",
	};

	bmp_put_peer_up(w, &loc_rib, &up);
}

static void
put_down_local(struct wr *w)
{
	struct bmp_peer_down down = { .reason = BMP_DOWN_LOCAL, .event = 18 };

	bmp_put_peer_down(w, &peer6, &down);
}

static void
put_down_notification(struct wr *w)
{
	struct bmp_peer_down down = { .reason = BMP_DOWN_REMOTE_NOTIFICATION,
		.pdu = keepalive,
		.pdu_len = sizeof(keepalive) };

	bmp_put_peer_down(w, &peer4, &down);
}

static void
put_down_lost(struct wr *w)
{
	struct bmp_peer_down down = { .reason = BMP_DOWN_REMOTE };

	bmp_put_peer_down(w, &peer4, &down);
}

static void
put_down_loc_rib(struct wr *w)
{
	struct bmp_peer_down down = { .reason = BMP_DOWN_LOC_RIB,
		.table = "global" };

	bmp_put_peer_down(w, &loc_rib, &down);
}

static void
put_stats(struct wr *w)
{
	size_t at = bmp_stats_begin(w, &peer4);

	bmp_stat64(w, BMP_STAT_ADJ_RIB_IN, 9);
	bmp_stat32(w, BMP_STAT_WITHDRAWN_UPDATES, 3);
	bmp_stat_family(w, BMP_STAT_ADJ_RIB_IN_FAMILY, 2, 1, 4);
	bmp_stats_end(w, at);
}

static void
put_mirror(struct wr *w)
{
	bmp_put_mirror(w, &peer4, keepalive, sizeof(keepalive), true);
}

static void
put_route(struct wr *w)
{
	size_t at = bmp_begin(w, BMP_ROUTE_MONITORING);

	bmp_peer_put(w, &peer4);
	wr_copy(w, keepalive, sizeof(keepalive));
	bmp_end(w, at);
}

static const struct {
	void (*put)(struct wr *);
	const char *bytes;
} cases[] = {
	{ put_initiation, "03 00000013 04 0002 0002 6e6d 0001 0003 647363" },
	{ put_termination, "03 0000000c 05 0001 0002 0004" },
	{ put_up,
	    "03 0000006a 03" PEER4 "000000000000000000000000 c0000201 00b3 "
	    "0400" KEEPALIVE KEEPALIVE },
	{ put_up_loc_rib,
	    "03 00000074 03" LOC_RIB "00000000000000000000000000000000 0000 "
	    "0000" KEEPALIVE KEEPALIVE "0003 0006 676c6f62616c" },
	{ put_down_local, "03 00000033 02" PEER6 "02 0012" },
	{ put_down_notification, "03 00000044 02" PEER4 "03" KEEPALIVE },
	{ put_down_lost, "03 00000031 02" PEER4 "04" },
	{ put_down_loc_rib,
	    "03 0000003b 02" LOC_RIB "06 0003 0006 676c6f62616c" },
	{ put_stats,
	    "03 00000057 01" PEER4 "00000003 0007 0008 0000000000000009 "
	    "000b 0004 00000003 0009 000b 0002 01 0000000000000004" },
	{ put_mirror,
	    "03 00000053 06" PEER4 "0001 0002 0001 0001 0002 0000 0000 "
	    "0013" KEEPALIVE },
	{ put_route, "03 00000043 00" PEER4 KEEPALIVE },
};

/* Read all that there is to a message; false if it is malformed. */
static bool
read_all(const uint8_t *p, size_t len)
{
	struct bmp_peer_down down;
	struct bmp_msg m;
	struct bmp_tlv t;
	struct bmp_up up;
	size_t n;
	int rc = bmp_read(p, len, &m);

	if (rc <= 0)
		return false;
	ck_assert_uint_eq((size_t)rc, m.len);
	ck_assert_uint_le(m.len, len);
	switch (m.type) {
	case BMP_ROUTE_MONITORING:
		return bmp_read_route(&m, &n) != NULL;
	case BMP_PEER_DOWN:
		if (!bmp_read_down(&m, &down))
			return false;
		break;
	case BMP_PEER_UP:
		if (!bmp_read_up(&m, &up))
			return false;
		break;
	case BMP_STATISTICS:
		(void)bmp_read_stats(&m);
		break;
	default:
		break;
	}
	while (bmp_tlv_next(&m.body, &t))
		;
	return rd_ok(&m.body);
}

START_TEST(written_as_the_rfc_has_it)
{
	uint8_t want[256], got[256];
	size_t n = wire_hex(want, cases[_i].bytes);
	struct wr w;

	wr_init(&w, got, sizeof(got));
	cases[_i].put(&w);
	ck_assert(wr_ok(&w));
	ck_assert_uint_eq(wr_len(&w), n);
	ck_assert_mem_eq(got, want, n);
	ck_assert_uint_eq(
	    want[1] << 24 | want[2] << 16 | want[3] << 8 | want[4], n);
	ck_assert(read_all(got, n));
}
END_TEST

START_TEST(cut_anywhere_is_not_whole)
{
	uint8_t want[256], *p;
	size_t n = wire_hex(want, cases[_i].bytes), i;
	struct bmp_msg m;

	for (i = 0; i < n; i++) {
		/* A copy of its size, so that a sanitizer sees its end. */
		p = malloc(i + 1);
		memcpy(p, want, i);
		ck_assert_int_eq(bmp_read(p, i, &m), 0);
		/* The length says less: a field is cut. */
		if (i >= BMP_HEADER_LEN) {
			p[3] = (uint8_t)(i >> 8);
			p[4] = (uint8_t)i;
			(void)read_all(p, i);
		}
		free(p);
	}
}
END_TEST

START_TEST(changed_anywhere_is_survived)
{
	uint8_t want[256], *p;
	size_t n = wire_hex(want, cases[_i].bytes), i, bit;

	p = malloc(n);
	for (i = 0; i < n; i++) {
		for (bit = 0; bit < 8; bit++) {
			memcpy(p, want, n);
			p[i] ^= (uint8_t)(1u << bit);
			(void)read_all(p, n);
		}
	}
	free(p);
}
END_TEST

START_TEST(peer_comes_back)
{
	uint8_t buf[256];
	struct bmp_msg m;
	struct wr w;

	wr_init(&w, buf, sizeof(buf));
	put_down_local(&w);
	ck_assert_int_gt(bmp_read(buf, wr_len(&w), &m), 0);
	ck_assert(m.has_peer);
	ck_assert_uint_eq(m.peer.flags, BMP_FLAG_V | BMP_FLAG_O);
	ck_assert(addr_equal(&m.peer.addr, &peer6.addr));
	wr_reset(&w);
	put_stats(&w);
	ck_assert_int_gt(bmp_read(buf, wr_len(&w), &m), 0);
	ck_assert(addr_equal(&m.peer.addr, &peer4.addr));
	ck_assert_uint_eq(m.peer.asn, peer4.asn);
	ck_assert_uint_eq(m.peer.id, peer4.id);
	ck_assert_uint_eq(m.peer.secs, peer4.secs);
	ck_assert_uint_eq(bmp_read_stats(&m), 3);
}
END_TEST

/* A message taken apart and put together again; how long it is. */
static size_t
recode(const uint8_t *p, size_t len, const char *where)
{
	static uint8_t buf[65536];
	struct bmp_peer_down down;
	const uint8_t *pdu;
	struct bmp_msg m;
	struct bmp_tlv t;
	struct bmp_up up;
	struct wr w;
	size_t n, at = 0;

	ck_assert_msg(bmp_read(p, len, &m) > 0, "%s", where);
	wr_init(&w, buf, sizeof(buf));
	switch (m.type) {
	case BMP_PEER_UP:
		ck_assert_msg(bmp_read_up(&m, &up), "%s", where);
		bmp_put_peer_up(&w, &m.peer, &up);
		break;
	case BMP_PEER_DOWN:
		ck_assert_msg(bmp_read_down(&m, &down), "%s", where);
		down.table = "";
		bmp_put_peer_down(&w, &m.peer, &down);
		if (down.reason == BMP_DOWN_LOC_RIB)
			w.p -= 4; /* TLVs follow */
		break;
	case BMP_STATISTICS:
		at = bmp_stats_begin(&w, &m.peer);
		n = bmp_read_stats(&m);
		while (bmp_tlv_next(&m.body, &t)) {
			bmp_tlv_put(&w, t.type, t.value, t.len);
			n--;
		}
		ck_assert_msg(n == 0, "%s: number of counters", where);
		bmp_stats_end(&w, at);
		break;
	default:
		at = bmp_begin(&w, (enum bmp_type)m.type);
		if (m.has_peer)
			bmp_peer_put(&w, &m.peer);
		if (m.type != BMP_ROUTE_MONITORING)
			break;
		pdu = bmp_read_route(&m, &n);
		ck_assert_msg(pdu != NULL, "%s", where);
		wr_copy(&w, pdu, n);
		(void)rd_bytes(&m.body, rd_left(&m.body));
		break;
	}
	while (bmp_tlv_next(&m.body, &t))
		bmp_tlv_put(&w, t.type, t.value, t.len);
	bmp_end(&w, at);
	ck_assert_msg(rd_done(&m.body), "%s: more than TLVs", where);
	ck_assert_msg(wr_len(&w) == m.len && memcmp(buf, p, m.len) == 0,
	    "%s: type %d comes back otherwise", where, m.type);
	return m.len;
}

START_TEST(comes_back_as_it_was)
{
	uint8_t buf[256];
	struct wr w;

	wr_init(&w, buf, sizeof(buf));
	cases[_i].put(&w);
	ck_assert_uint_eq(recode(buf, wr_len(&w), cases[_i].bytes), wr_len(&w));
}
END_TEST

/* The bytes of the TCP connections to a port in a capture with Ethernet
 * headers, in the order of the packets; how many there are. */
static size_t
pcap_bytes(const char *path, uint16_t port, uint8_t *to, size_t max)
{
	static uint8_t buf[1 << 20];
	const uint8_t *p, *ip, *tcp, *end;
	size_t len, n, total = 0;
	uint32_t seq = 0, next = 0;
	FILE *f = fopen(path, "rb");

	ck_assert_msg(f != NULL, "%s", path);
	len = fread(buf, 1, sizeof(buf), f);
	fclose(f);
	ck_assert_msg(len > 24 && len < sizeof(buf) &&
		memcmp(buf, "\xd4\xc3\xb2\xa1", 4) == 0 && buf[20] == 1,
	    "%s is no such capture", path);
	for (p = buf + 24; p + 16 <= buf + len; p = end) {
		n = (size_t)p[8] | (size_t)p[9] << 8 | (size_t)p[10] << 16;
		ip = p + 16 + 14;
		end = p + 16 + n;
		tcp = ip + (ip[0] & 15) * 4;
		if (tcp + 20 > end || p[28] != 8 || p[29] != 0 || ip[9] != 6 ||
		    (tcp[2] << 8 | tcp[3]) != port)
			continue;
		n = (size_t)(ip[2] << 8 | ip[3]);
		seq = (uint32_t)tcp[4] << 24 | (uint32_t)tcp[5] << 16 |
		    (uint32_t)tcp[6] << 8 | tcp[7];
		n -= (size_t)(tcp - ip) + (size_t)(tcp[12] >> 4) * 4;
		ck_assert_msg(next == 0 || seq == next, "%s: order", path);
		next = seq + (uint32_t)n;
		ck_assert_uint_le(total + n, max);
		memcpy(to + total, tcp + (tcp[12] >> 4) * 4, n);
		total += n;
	}
	return total;
}

START_TEST(recorded_session_comes_back_as_it_was)
{
	static uint8_t buf[1 << 20];
	unsigned int types = 0;
	char path[4096];
	size_t n, at = 0, messages = 0;

	(void)snprintf(path, sizeof(path),
	    "%s/pcap/traffic-reproducer/bmp.pcap", getenv("BGPGG_DATA"));
	n = pcap_bytes(path, 1790, buf, sizeof(buf));
	while (at < n) {
		types |= 1u << buf[at + 5];
		at += recode(buf + at, n - at, path);
		messages++;
	}
	ck_assert_uint_eq(at, n);
	ck_assert_uint_gt(messages, 100);
	/* Route Monitoring, Statistics, Peer Up, Initiation */
	ck_assert_uint_eq(types, 0x1b);
}
END_TEST

/* Of other speakers, as they were recorded. */
START_TEST(captured_messages_are_read)
{
	static const char *const names[] = { "0_1_0", "0_1_1", "1_1_0", "1_1_1",
		"3_1_0", "3_1_1", "4_0_0" };
	uint8_t buf[2048];
	char path[80];
	size_t i, n;
	FILE *f;

	for (i = 0; i < nitems(names); i++) {
		(void)snprintf(path, sizeof(path),
		    "regress/fuzz/corpus/bmp/capture_%s", names[i]);
		f = fopen(path, "rb");
		ck_assert_msg(f != NULL, "%s", path);
		n = fread(buf, 1, sizeof(buf), f);
		fclose(f);
		ck_assert_msg(read_all(buf, n), "%s", path);
		ck_assert_uint_eq(recode(buf, n, path), n);
	}
}
END_TEST

START_TEST(another_version_is_refused)
{
	const uint8_t v2[] = { 2 };
	struct bmp_msg m;

	ck_assert_int_eq(bmp_read(v2, sizeof(v2), &m), -1);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("bmp");
	TCase *tc = tcase_create("codec");
	SRunner *sr;
	int failed, n = (int)nitems(cases);

	wire_header(keepalive, BGP_KEEPALIVE, sizeof(keepalive));
	tcase_add_loop_test(tc, written_as_the_rfc_has_it, 0, n);
	tcase_add_loop_test(tc, cut_anywhere_is_not_whole, 0, n);
	tcase_add_loop_test(tc, changed_anywhere_is_survived, 0, n);
	tcase_add_loop_test(tc, comes_back_as_it_was, 0, n);
	tcase_add_test(tc, peer_comes_back);
	tcase_add_test(tc, captured_messages_are_read);
	if (getenv("BGPGG_DATA") != NULL)
		tcase_add_test(tc, recorded_session_comes_back_as_it_was);
	else
		printf("bmp: BGPGG_DATA is not set, capture skipped\n");
	tcase_add_test(tc, another_version_is_refused);
	suite_add_tcase(s, tc);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? 0 : 1;
}
