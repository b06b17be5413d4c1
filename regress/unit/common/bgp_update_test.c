/* SPDX-License-Identifier: ISC */
/*
 * UPDATE: every row of RFC 7606's rules, canonical blocks, RFC 6793, and
 * that nothing is read outside.
 */
#include <check.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/bgp_attr.h"
#include "common/bgp_nlri.h"
#include "common/bgp_update.h"
#include "regress/unit/common/wire.h"

enum { /* session of a case; eBGP, 4 octets, both families if none is set */
	INT = 1, /* iBGP */
	OLD = 2, /* 2-octet AS numbers */
	ANY_FIRST = 4, /* first AS not enforced */
	ONLY4 = 8, /* IPv6 was not negotiated */
	CONFED = 16,
	PATHS = 32, /* ADD-PATH for both families */
};

static struct bgp_update_ctx
context(int session)
{
	struct bgp_update_ctx ctx = {
		.ebgp = !(session & INT),
		.as4 = !(session & OLD),
		.confed = session & CONFED,
		.enforce_first_as = !(session & ANY_FIRST),
		.peer_as = 65001,
		.families = session & ONLY4 ? FAMILY_BIT(FAMILY_IPV4_UNICAST) :
					      FAMILY_ALL,
		.add_path = session & PATHS ? FAMILY_ALL : 0,
	};

	return ctx;
}

#define ORIGIN "400101 00 "
#define PATH "400206 0201 0000fde9 "
#define PATH2 "400204 0201 fde9 "
#define HOP "400304 0a000001 "
#define GOOD ORIGIN PATH HOP
#define NLRI "18 0a0101"
#define NLRI6 "20 20010db8"
#define HOP6 "20010db8000000000000000000000001"
#define REACH6 "800e1a 0002 01 10 " HOP6 " 00 " NLRI6 " "
#define BLOCK6 "800e14 0002 01 10 " HOP6 " "
#define GOOD6 REACH6 ORIGIN PATH

#define OK BGP_UPDATE_OK
#define DISCARD BGP_UPDATE_DISCARD
#define WITHDRAW BGP_UPDATE_WITHDRAW
#define RESET BGP_UPDATE_RESET

static const struct update_case {
	int session;
	const char *attrs;
	const char *nlri;
	enum bgp_update_outcome outcome;
	int type; /* of the fault, -1: none */
	/* RESET: subcode and data; else the block of `announced`, or of
	 * `mp_reach` where nothing is announced, NULL: as received. */
	int subcode;
	const char *bytes;
} cases[] = {
	/* good ones */
	{ 0, GOOD, NLRI, OK, -1, 0, NULL },
	{ 0, GOOD6, "", OK, -1, 0, ORIGIN PATH BLOCK6 },
	{ 0, "", "", OK, -1, 0, NULL },
	{ 0, ORIGIN, "", OK, -1, 0, NULL },
	{ ANY_FIRST, ORIGIN "400206 0201 0000fdea" HOP, NLRI, OK, -1, 0, NULL },

	/* canonical form: order, length form, unused bits */
	{ 0, HOP PATH ORIGIN, NLRI, OK, -1, 0, GOOD },
	{ 0, ORIGIN "50020006 0201 0000fde9" HOP, NLRI, OK, -1, 0, GOOD },
	{ 0, "4c0101 00" PATH HOP, NLRI, OK, -1, 0, GOOD },
	{ 0, "600101 00" PATH HOP, NLRI, OK, -1, 0, GOOD },
	{ 0, GOOD "e00804 00010002", NLRI, OK, -1, 0, NULL },
	{ 0, GOOD "df080004 00010002", NLRI, OK, -1, 0,
	    GOOD "c00804 00010002" },
	{ 0, GOOD "a00404 00000005", NLRI, OK, -1, 0, GOOD "800404 00000005" },
	/* communities: order kept, repetitions dropped */
	{ 0, GOOD "c00810 00020002 00010001 00020002 00010001", NLRI, OK, -1, 0,
	    GOOD "c00808 00020002 00010001" },
	{ 0, GOOD "c01010 0002000100000001 0002000100000001", NLRI, OK, -1, 0,
	    GOOD "c01008 0002000100000001" },
	{ 0, GOOD "c02018 000000010000000200000003 000000010000000200000003",
	    NLRI, OK, -1, 0, GOOD "c0200c 000000010000000200000003" },
	/* unknown ones are kept, whatever they hold */
	{ 0, GOOD "c06300 e0c803 010203 80c700", NLRI, OK, -1, 0,
	    GOOD "c06300 80c700 e0c803 010203" },
	{ 0, GOOD "c01600 c01701 00 c01c02 0000 c02100 c08001 00", NLRI, OK, -1,
	    0, NULL },

	/* the list itself */
	{ 0, GOOD "c0", NLRI, WITHDRAW, 0, 0, NULL },
	{ 0, GOOD "c008", NLRI, WITHDRAW, 0, 0, NULL },
	{ 0, GOOD "d00800", NLRI, WITHDRAW, 0, 0, NULL },
	{ 0, GOOD "c00804 000102", NLRI, WITHDRAW, 0, 0, NULL },
	{ 0, GOOD "d0080100 00010203", NLRI, WITHDRAW, 0, 0, NULL },
	{ 0, GOOD "c008ff", NLRI, WITHDRAW, 0, 0, NULL },
	{ 0, "c008ff", "", RESET, 0, 1, "" },
	{ 0, REACH6 ORIGIN PATH "c008ff", "", WITHDRAW, 0, 0, NULL },

	/* flags */
	{ 0, "800101 00" PATH HOP, NLRI, WITHDRAW, 1, 0, NULL },
	{ 0, "c00101 00" PATH HOP, NLRI, WITHDRAW, 1, 0, NULL },
	{ 0, "000101 00" PATH HOP, NLRI, WITHDRAW, 1, 0, NULL },
	{ 0, GOOD "c00404 00000001", NLRI, WITHDRAW, 4, 0, NULL },
	{ 0, GOOD "800804 00010002", NLRI, WITHDRAW, 8, 0, NULL },
	{ 0, GOOD "c00600", NLRI, WITHDRAW, 6, 0, NULL },
	{ 0, "c00101 00", "", RESET, 1, 4, "c00101 00" },
	{ 0, "c00e1a 0002 01 10" HOP6 "00" NLRI6 ORIGIN PATH, "", WITHDRAW, 14,
	    0, NULL },
	{ 0, "c00f03 000201", "", RESET, 15, 4, "c00f03 000201" },

	/* repeated */
	{ 0, GOOD "400101 02", NLRI, DISCARD, 1, 0, GOOD },
	{ 0, GOOD "400101 09", NLRI, DISCARD, 1, 0, GOOD },
	{ 0, GOOD "c06301 00 c06301 01", NLRI, DISCARD, 99, 0,
	    GOOD "c06301 00" },
	{ 0, GOOD6 REACH6, "", RESET, 14, 1, "" },
	{ 0, "800f03 000201 800f03 000201", "", RESET, 15, 1, "" },
	{ 0, "400101 05 400101 00" PATH HOP, NLRI, WITHDRAW, 1, 0, NULL },

	/* missing */
	{ 0, PATH HOP, NLRI, WITHDRAW, 1, 0, NULL },
	{ 0, ORIGIN HOP, NLRI, WITHDRAW, 2, 0, NULL },
	{ 0, ORIGIN PATH, NLRI, WITHDRAW, 3, 0, NULL },
	{ 0, "", NLRI, WITHDRAW, 1, 0, NULL },
	{ 0, REACH6 PATH, "", WITHDRAW, 1, 0, NULL },
	{ 0, REACH6 ORIGIN, "", WITHDRAW, 2, 0, NULL },

	/* 1 ORIGIN */
	{ 0, "400100" PATH HOP, NLRI, WITHDRAW, 1, 0, NULL },
	{ 0, "400102 0000" PATH HOP, NLRI, WITHDRAW, 1, 0, NULL },
	{ 0, "400101 03" PATH HOP, NLRI, WITHDRAW, 1, 0, NULL },
	{ 0, "400101 03", "", RESET, 1, 6, "400101 03" },
	{ 0, "400102 0000", "", RESET, 1, 5, "400102 0000" },
	/* 2 AS_PATH */
	{ 0, ORIGIN "400206 0501 0000fde9" HOP, NLRI, WITHDRAW, 2, 0, NULL },
	{ 0, ORIGIN "400206 0202 0000fde9" HOP, NLRI, WITHDRAW, 2, 0, NULL },
	{ 0, ORIGIN "400207 0201 0000fde9 02" HOP, NLRI, WITHDRAW, 2, 0, NULL },
	{ 0, ORIGIN "400208 0201 0000fde9 0200" HOP, NLRI, WITHDRAW, 2, 0,
	    NULL },
	{ 0, ORIGIN "40020a 0202 0000fde9 00000000" HOP, NLRI, WITHDRAW, 2, 0,
	    NULL },
	{ 0, ORIGIN "400206 0301 0000fde9" HOP, NLRI, WITHDRAW, 2, 0, NULL },
	{ CONFED, ORIGIN "400206 0301 0000fde9" HOP, NLRI, OK, -1, 0, NULL },
	{ INT, ORIGIN "400206 0301 0000fde9" HOP, NLRI, WITHDRAW, 2, 0, NULL },
	{ 0, ORIGIN "400204 0201 fde9" HOP, NLRI, WITHDRAW, 2, 0, NULL },
	{ 0, "400204 0201 fde9", "", RESET, 2, 11, "" },
	{ 0, ORIGIN "400206 0201 0000fdea" HOP, NLRI, WITHDRAW, 2, 0, NULL },
	{ 0, ORIGIN "400200" HOP, NLRI, OK, -1, 0, NULL },
	{ 0, ORIGIN "400206 0101 0000fde9" HOP, NLRI, WITHDRAW, 2, 0, NULL },
	{ INT, ORIGIN "400200" HOP, NLRI, OK, -1, 0, NULL },
	/* 3 NEXT_HOP */
	{ 0, ORIGIN PATH "400303 0a0000", NLRI, WITHDRAW, 3, 0, NULL },
	{ 0, ORIGIN PATH "400305 0a00000100", NLRI, WITHDRAW, 3, 0, NULL },
	{ 0, ORIGIN PATH "400300", NLRI, WITHDRAW, 3, 0, NULL },
	{ 0, "400303 0a0000", "", RESET, 3, 5, "400303 0a0000" },
	/* 4 MED */
	{ 0, GOOD "800403 000001", NLRI, WITHDRAW, 4, 0, NULL },
	{ 0, GOOD "800400", NLRI, WITHDRAW, 4, 0, NULL },
	{ 0, "800403 000001", "", RESET, 4, 5, "800403 000001" },
	/* 5 LOCAL_PREF */
	{ 0, GOOD "400504 00000064", NLRI, DISCARD, 5, 0, GOOD },
	{ 0, GOOD "400501 00", NLRI, DISCARD, 5, 0, GOOD },
	{ 0, GOOD "c00504 00000064", NLRI, DISCARD, 5, 0, GOOD },
	{ INT, GOOD "400504 00000064", NLRI, OK, -1, 0, NULL },
	{ CONFED, GOOD "400504 00000064", NLRI, OK, -1, 0, NULL },
	{ INT, GOOD "400505 0000006400", NLRI, WITHDRAW, 5, 0, NULL },
	{ INT, "400500", "", RESET, 5, 5, "400500" },
	/* 6 ATOMIC_AGGREGATE */
	{ 0, GOOD "400600", NLRI, OK, -1, 0, NULL },
	{ 0, GOOD "400601 00", NLRI, DISCARD, 6, 0, GOOD },
	/* 7 AGGREGATOR */
	{ 0, GOOD "c00708 0000fde9 0a000001", NLRI, OK, -1, 0, NULL },
	{ 0, GOOD "c00706 fde9 0a000001", NLRI, DISCARD, 7, 0, GOOD },
	{ 0, GOOD "c00700", NLRI, DISCARD, 7, 0, GOOD },
	{ 0, GOOD "c00708 00000000 0a000001", NLRI, DISCARD, 7, 0, GOOD },
	{ OLD, ORIGIN PATH2 HOP "c00706 fde9 0a000001", NLRI, OK, -1, 0,
	    GOOD "c00708 0000fde9 0a000001" },
	{ OLD, ORIGIN PATH2 HOP "c00708 0000fde9 0a000001", NLRI, DISCARD, 7, 0,
	    GOOD },
	{ OLD, ORIGIN PATH2 HOP "c00706 0000 0a000001", NLRI, DISCARD, 7, 0,
	    GOOD },
	/* 8 COMMUNITIES */
	{ 0, GOOD "c00800", NLRI, WITHDRAW, 8, 0, NULL },
	{ 0, GOOD "c00803 000102", NLRI, WITHDRAW, 8, 0, NULL },
	{ 0, "c00803 000102", "", RESET, 8, 9, "c00803 000102" },
	/* 9 ORIGINATOR_ID, 10 CLUSTER_LIST */
	{ 0, GOOD "800904 0a000001", NLRI, DISCARD, 9, 0, GOOD },
	{ 0, GOOD "800a04 0a000001", NLRI, DISCARD, 10, 0, GOOD },
	{ 0, GOOD "800a00", NLRI, DISCARD, 10, 0, GOOD },
	{ INT, GOOD "800904 0a000001 800a08 0a000001 0a000002", NLRI, OK, -1, 0,
	    NULL },
	{ INT, GOOD "800903 0a0000", NLRI, WITHDRAW, 9, 0, NULL },
	{ INT, GOOD "800a00", NLRI, WITHDRAW, 10, 0, NULL },
	{ INT, GOOD "800a06 0a000001 0a00", NLRI, WITHDRAW, 10, 0, NULL },
	/* 14 MP_REACH */
	{ 0, ORIGIN PATH "800e08 0002 01 04 0a000001", "", RESET, 14, 9,
	    "800e08 0002 01 04 0a000001" },
	{ 0, ORIGIN PATH "800e15 0002 01 11" HOP6 "00", "", RESET, 14, 9,
	    "800e15 0002 01 11" HOP6 "00" },
	{ 0, ORIGIN PATH "800e14 0002 01 10" HOP6, "", RESET, 14, 9,
	    "800e14 0002 01 10" HOP6 },
	{ 0, ORIGIN PATH "800e04 0002 01 10", "", RESET, 14, 9,
	    "800e04 0002 01 10" },
	{ 0, "800e00", "", RESET, 14, 9, "800e00" },
	{ 0, ORIGIN PATH "800e16 0002 01 10" HOP6 "00 81", "", RESET, 14, 10,
	    "" },
	{ 0, ORIGIN PATH "800e17 0002 01 10" HOP6 "00 20 20", "", RESET, 14, 10,
	    "" },
	{ 0, ORIGIN PATH "800e0d 0001 01 04 0a000009 00 18 0a0101", "", OK, -1,
	    0, ORIGIN PATH "400304 0a000009" },
	{ 0, ORIGIN PATH HOP "800e0d 0001 01 04 0a000009 00 18 0a0101", "", OK,
	    -1, 0, ORIGIN PATH "400304 0a000009" },
	{ 0, ORIGIN PATH "800e19 0001 01 10" HOP6 "00 18 0a0101", "", RESET, 14,
	    9, "800e19 0001 01 10" HOP6 "00 18 0a0101" },
	{ 0, ORIGIN PATH HOP REACH6, "", OK, -1, 0, ORIGIN PATH BLOCK6 },
	{ 0,
	    ORIGIN PATH "800e2a 0002 01 20" HOP6
			"fe800000000000000000000000000001"
			"00" NLRI6,
	    "", OK, -1, 0,
	    ORIGIN PATH "800e24 0002 01 20" HOP6
			"fe800000000000000000000000000001" },
	/* families that are not of the session */
	{ ONLY4, GOOD6, "", OK, -1, 0, NULL },
	{ 0, ORIGIN PATH "800e09 4004 47 04 0a000001 00", "", OK, -1, 0, NULL },
	{ 0, ORIGIN PATH "800e05 4004 47 ff 00", "", OK, -1, 0, NULL },
	{ 0, "800e05 4004 47 ff 00 400101 05", "", WITHDRAW, 1, 0, NULL },
	{ ONLY4, "800f04 0002 01 ff", "", OK, -1, 0, NULL },
	{ 0, "800f05 4004 47 ffff", "", OK, -1, 0, NULL },
	/* 15 MP_UNREACH */
	{ 0, "800f00", "", RESET, 15, 9, "800f00" },
	{ 0, "800f02 0002", "", RESET, 15, 9, "800f02 0002" },
	{ 0, "800f04 0002 01 ff", "", RESET, 15, 10, "" },
	{ 0, "800f05 0002 01 20 20", "", RESET, 15, 10, "" },
	{ 0, "800f08 0002 01" NLRI6, "", OK, -1, 0, NULL },
	/* 16 EXT_COMMUNITIES */
	{ 0, GOOD "c01000", NLRI, WITHDRAW, 16, 0, NULL },
	{ 0, GOOD "c01009 000000000000000000", NLRI, WITHDRAW, 16, 0, NULL },
	{ 0, GOOD "c01008 ffffffffffffffff", NLRI, OK, -1, 0, NULL },
	/* 17 AS4_PATH, 18 AS4_AGGREGATOR */
	{ 0, GOOD "c01106 0201 00010000", NLRI, DISCARD, 17, 0, GOOD },
	{ 0, GOOD "c01208 00010000 0a000001", NLRI, DISCARD, 18, 0, GOOD },
	{ OLD, ORIGIN PATH2 HOP "c01105 0201 000100", NLRI, DISCARD, 17, 0,
	    GOOD },
	{ OLD, ORIGIN PATH2 HOP "c01100", NLRI, DISCARD, 17, 0, GOOD },
	{ OLD, ORIGIN PATH2 HOP "c01106 0200 00010000", NLRI, DISCARD, 17, 0,
	    GOOD },
	{ OLD, ORIGIN PATH2 HOP "c01106 0201 00000000", NLRI, DISCARD, 17, 0,
	    GOOD },
	{ OLD, ORIGIN PATH2 HOP "401106 0201 00010000", NLRI, DISCARD, 17, 0,
	    GOOD },
	{ OLD, ORIGIN PATH2 HOP "c01207 00010000 0a0000", NLRI, DISCARD, 18, 0,
	    GOOD },
	{ OLD, ORIGIN PATH2 HOP "c01208 00000000 0a000001", NLRI, DISCARD, 18,
	    0, GOOD },
	/* RFC 6793 4.2.3 */
	{ OLD, ORIGIN PATH2 HOP, NLRI, OK, -1, 0, GOOD },
	{ OLD, ORIGIN "400206 0202 fde9 5ba0" HOP "c01106 0201 00010000", NLRI,
	    OK, -1, 0, ORIGIN "40020a 0202 0000fde9 00010000" HOP },
	{ OLD, ORIGIN "400204 0201 fde9" HOP "c0110a 0202 00010000 00010001",
	    NLRI, OK, -1, 0, GOOD },
	{ OLD,
	    ORIGIN "400206 0202 fde9 5ba0" HOP
		   "c00706 5ba0 0a000001 c01106 0201 00010000"
		   "c01208 00010000 0a000002",
	    NLRI, OK, -1, 0,
	    ORIGIN "40020a 0202 0000fde9 00010000" HOP
		   "c00708 00010000 0a000002" },
	/* an AGGREGATOR that is not AS_TRANS: both AS4_ do not count */
	{ OLD,
	    ORIGIN "400206 0202 fde9 5ba0" HOP
		   "c00706 fde9 0a000001 c01106 0201 00010000"
		   "c01208 00010000 0a000002",
	    NLRI, OK, -1, 0,
	    ORIGIN "40020a 0202 0000fde9 00005ba0" HOP
		   "c00708 0000fde9 0a000001" },
	/* ... but without AS4_AGGREGATOR the AS4_PATH does */
	{ OLD,
	    ORIGIN "400206 0202 fde9 5ba0" HOP
		   "c00706 fde9 0a000001 c01106 0201 00010000",
	    NLRI, OK, -1, 0,
	    ORIGIN "40020a 0202 0000fde9 00010000" HOP
		   "c00708 0000fde9 0a000001" },
	{ OLD, ORIGIN PATH2 HOP "c01208 00010000 0a000002", NLRI, OK, -1, 0,
	    GOOD },
	{ OLD, ORIGIN "400204 0201 fdea" HOP, NLRI, WITHDRAW, 2, 0, NULL },
	/* 25, 26, 32, 35, 40 */
	{ 0, GOOD "c01914 0002" HOP6 "0001", NLRI, OK, -1, 0, NULL },
	{ 0, GOOD "c01900", NLRI, WITHDRAW, 25, 0, NULL },
	{ 0, GOOD "c01908 0000000000000000", NLRI, WITHDRAW, 25, 0, NULL },
	{ 0, GOOD "801a0b 01 000b 0000000000000001", NLRI, OK, -1, 0, NULL },
	{ 0, GOOD "801a0b 01 000c 0000000000000001", NLRI, DISCARD, 26, 0,
	    GOOD },
	{ 0, GOOD "801a03 01 0002", NLRI, DISCARD, 26, 0, GOOD },
	{ 0, GOOD "801a00", NLRI, DISCARD, 26, 0, GOOD },
	{ 0, GOOD "c01a0b 01 000b 0000000000000001", NLRI, DISCARD, 26, 0,
	    GOOD },
	{ 0, GOOD "c02000", NLRI, WITHDRAW, 32, 0, NULL },
	{ 0, GOOD "c0200d 00000001000000020000000300", NLRI, WITHDRAW, 32, 0,
	    NULL },
	{ 0, "c02000", "", RESET, 32, 9, "c02000" },
	{ 0, GOOD "c02304 0000fde9", NLRI, OK, -1, 0, NULL },
	{ 0, GOOD "c02303 00fde9", NLRI, WITHDRAW, 35, 0, NULL },
	{ 0, GOOD "c0280a 01 0007 00000000000001", NLRI, OK, -1, 0, NULL },
	{ 0, GOOD "c0280a 01 0008 00000000000001", NLRI, DISCARD, 40, 0, GOOD },
	{ 0, GOOD "c02802 0100", NLRI, DISCARD, 40, 0, GOOD },
	/* unknown and well-known */
	{ 0, GOOD "406301 00", NLRI, RESET, 99, 2, "406301 00" },
	{ 0, GOOD "006300", NLRI, RESET, 99, 2, "006300" },
	{ 0, GOOD "401700", NLRI, RESET, 23, 2, "401700" },

	/* several: the strongest wins and is the one shown */
	{ 0, GOOD "400504 00000064 c00803 000102", NLRI, WITHDRAW, 8, 0, NULL },
	{ 0, "400101 07" PATH HOP "406300", NLRI, RESET, 99, 2, "406300" },
	{ 0, "400101 07 400206 0201 0000fdea" HOP, NLRI, WITHDRAW, 1, 0, NULL },

	/* NLRI */
	{ 0, GOOD, "21 0a01010100", RESET, 0, 10, "" },
	{ 0, GOOD, "18 0a01", RESET, 0, 10, "" },
	{ PATHS, GOOD, "00000001 18 0a0101", OK, -1, 0, NULL },
	{ PATHS, GOOD, "18 0a0101", RESET, 0, 10, "" },
};

static uint8_t *
parse(int session, const uint8_t *msg, size_t len, uint8_t **exact,
    struct bgp_update *u)
{
	struct bgp_update_ctx ctx = context(session);
	uint8_t *buf = malloc(BGP_UPDATE_BUF(len));

	ck_assert_ptr_nonnull(buf);
	*exact = wire_exact(msg, len);
	(void)bgp_update_parse(&ctx, *exact, len, buf, u);
	return buf;
}

/* Blocks that are given out must be what interned ones are taken for. */
static void
check_blocks(const struct bgp_update *u)
{
	struct err e;
	bool given = u->outcome <= BGP_UPDATE_DISCARD;

	ck_assert_int_eq(u->attrs.p != NULL, given && u->announced.len > 0);
	ck_assert_int_eq(u->mp_attrs.p != NULL, given && u->mp_reach.len > 0);
	if (u->attrs.p != NULL)
		ck_assert_msg(bgp_attr_validate(u->attrs.p, u->attrs.len,
				  FAMILY_IPV4_UNICAST, &e) == 0,
		    "%s", e.text);
	if (u->mp_attrs.p != NULL)
		ck_assert_msg(bgp_attr_validate(u->mp_attrs.p, u->mp_attrs.len,
				  (enum family)u->mp_reach.family, &e) == 0,
		    "%s", e.text);
}

START_TEST(message_is_judged_by_rfc_7606)
{
	const struct update_case *c = &cases[_i];
	uint8_t msg[BGP_MSG_MAX], want[BGP_MSG_MAX], *exact, *buf;
	struct bgp_update u;
	const struct bgp_block *block;
	size_t len = wire_update(msg, "", c->attrs, c->nlri), want_len;

	buf = parse(c->session, msg, len, &exact, &u);
	ck_assert_int_eq(u.outcome, c->outcome);
	ck_assert_int_eq(u.fault == NULL ? -1 : u.fault_type, c->type);
	if (c->outcome == BGP_UPDATE_RESET) {
		want_len = wire_hex(want, c->bytes);
		ck_assert_uint_eq(u.error.code, BGP_ERR_UPDATE);
		ck_assert_int_eq(u.error.subcode, c->subcode);
		ck_assert_uint_eq(u.error.data_len, want_len);
		if (want_len > 0)
			ck_assert_mem_eq(u.error.data, want, want_len);
	}
	check_blocks(&u);
	block = u.attrs.p != NULL ? &u.attrs : &u.mp_attrs;
	if (block->p != NULL) {
		want_len =
		    wire_hex(want, c->bytes != NULL ? c->bytes : c->attrs);
		ck_assert_uint_eq(block->len, want_len);
		ck_assert_mem_eq(block->p, want, want_len);
	}
	if (c->outcome == BGP_UPDATE_WITHDRAW && c->nlri[0] != '\0')
		ck_assert_uint_gt(u.announced.len, 0);
	free(exact);
	free(buf);
}
END_TEST

START_TEST(lengths_beyond_the_message_reset)
{
	uint8_t msg[64], *exact, *buf;
	struct bgp_update u;
	static const char *const bodies[] = { "0001 0000", "ffff 0000",
		"0000 0001", "0000 ffff", "0001 08 0001", "0004 0000 0000" };
	size_t len = wire_message(msg, BGP_UPDATE, bodies[_i]);

	buf = parse(0, msg, len, &exact, &u);
	ck_assert_int_eq(u.outcome, BGP_UPDATE_RESET);
	ck_assert_uint_eq(u.error.code, 3);
	ck_assert_uint_eq(u.error.subcode, 1);
	ck_assert_uint_eq(u.error.data_len, 0);
	free(exact);
	free(buf);
}
END_TEST

START_TEST(bad_withdrawn_routes_reset)
{
	uint8_t msg[64], *exact, *buf;
	struct bgp_update u;
	size_t len = wire_update(msg, "21 0000000000", "", "");

	buf = parse(0, msg, len, &exact, &u);
	ck_assert_int_eq(u.outcome, BGP_UPDATE_RESET);
	ck_assert_uint_eq(u.error.subcode, 10);
	free(exact);
	free(buf);
}
END_TEST

static void
check_span(const struct bgp_nlri_span *span, const char *text)
{
	struct bgp_nlri_iter it;
	struct nlri nlri;
	char got[400] = "", buf[NLRI_STRLEN];

	bgp_nlri_iter_init(&it, (enum family)span->family, span->p, span->len,
	    span->add_path);
	while (bgp_nlri_next(&it, &nlri, NULL)) {
		strcat(got, nlri_str(&nlri, buf));
		strcat(got, " ");
	}
	ck_assert_str_eq(got, text);
}

START_TEST(all_four_spans_are_found)
{
	uint8_t msg[BGP_MSG_MAX], *exact, *buf;
	struct bgp_update u;
	size_t len = wire_update(msg, "18 0a0201 08 0b",
	    "800f08 0002 01 20 20010db9" ORIGIN PATH HOP REACH6,
	    "18 0a0101 17 0a01ff");

	buf = parse(0, msg, len, &exact, &u);
	ck_assert_int_eq(u.outcome, BGP_UPDATE_OK);
	check_span(&u.withdrawn, "10.2.1.0/24 11.0.0.0/8 ");
	check_span(&u.announced, "10.1.1.0/24 10.1.254.0/23 ");
	check_span(&u.mp_unreach, "2001:db9::/32 ");
	check_span(&u.mp_reach, "2001:db8::/32 ");
	check_blocks(&u);
	ck_assert_int_eq(u.end_of_rib, -1);
	free(exact);
	free(buf);
}
END_TEST

START_TEST(two_blocks_differ_in_the_next_hop)
{
	uint8_t msg[BGP_MSG_MAX], want[256], *exact, *buf;
	struct bgp_update u;
	size_t len =
	    wire_update(msg, "", REACH6 GOOD "c00804 00010002 c02000", NLRI);

	buf = parse(0, msg, len, &exact, &u);
	ck_assert_int_eq(u.outcome, BGP_UPDATE_WITHDRAW);
	ck_assert_uint_gt(u.announced.len, 0);
	ck_assert_uint_gt(u.mp_reach.len, 0);
	free(exact);
	free(buf);
	len = wire_update(msg, "", REACH6 GOOD "c00804 00010002", NLRI);
	buf = parse(0, msg, len, &exact, &u);
	check_blocks(&u);
	len = wire_hex(want, GOOD "c00804 00010002");
	ck_assert_uint_eq(u.attrs.len, len);
	ck_assert_mem_eq(u.attrs.p, want, len);
	len = wire_hex(want, ORIGIN PATH "c00804 00010002" BLOCK6);
	ck_assert_uint_eq(u.mp_attrs.len, len);
	ck_assert_mem_eq(u.mp_attrs.p, want, len);
	free(exact);
	free(buf);
	/* IPv4 both ways: two NEXT_HOPs. */
	len = wire_update(msg, "",
	    GOOD "800e0d 0001 01 04 0a000009 00 18 0a0102", NLRI);
	buf = parse(0, msg, len, &exact, &u);
	check_blocks(&u);
	len = wire_hex(want, GOOD);
	ck_assert_mem_eq(u.attrs.p, want, len);
	len = wire_hex(want, ORIGIN PATH "400304 0a000009");
	ck_assert_uint_eq(u.mp_attrs.len, len);
	ck_assert_mem_eq(u.mp_attrs.p, want, len);
	free(exact);
	free(buf);
}
END_TEST

static const struct hop_case {
	const char *hop; /* 4 or 16 octets */
	bool bad;
} hop_cases[] = {
	{ "0a000001", false },
	{ "00000000", true },
	{ "00000001", true },
	{ "7f000001", false },
	{ "e0000001", true },
	{ "efffffff", true },
	{ "f0000001", true },
	{ "ffffffff", true },
	{ "dfffffff", false },
	{ "00000000000000000000000000000000", true },
	{ "00000000000000000000000000000001", true },
	{ "00000000000000000000000000000002", false },
	{ "ff020000000000000000000000000001", true },
	{ "fe800000000000000000000000000001", false },
	{ "00000000000000000000ffff0a000001", false },
};

START_TEST(unusable_next_hop_is_a_mark_not_an_error)
{
	const struct hop_case *c = &hop_cases[_i];
	uint8_t msg[BGP_MSG_MAX], *exact, *buf;
	char attrs[256];
	struct bgp_update u;
	bool ipv4 = strlen(c->hop) == 8;
	size_t len;

	snprintf(attrs, sizeof(attrs),
	    ipv4 ? ORIGIN PATH "400304 %s" :
		   ORIGIN PATH "800e1a 0002 01 10 %s 00 " NLRI6,
	    c->hop);
	len = wire_update(msg, "", attrs, ipv4 ? NLRI : "");
	buf = parse(0, msg, len, &exact, &u);
	ck_assert_int_eq(u.outcome, BGP_UPDATE_OK);
	ck_assert_int_eq(ipv4 ? u.attrs.bad_next_hop : u.mp_attrs.bad_next_hop,
	    c->bad);
	free(exact);
	free(buf);
}
END_TEST

static const struct eor_case {
	const char *withdrawn;
	const char *attrs;
	const char *nlri;
	int family;
} eor_cases[] = {
	{ "", "", "", FAMILY_IPV4_UNICAST },
	{ "", "800f03 000201", "", FAMILY_IPV6_UNICAST },
	{ "", "900f0003 000201", "", FAMILY_IPV6_UNICAST },
	{ "", "800f03 000101", "", FAMILY_IPV4_UNICAST },
	{ "", "800f03 400447", "", -1 },
	{ "18 0a0101", "", "", -1 },
	{ "", "800f08 000201" NLRI6, "", -1 },
	{ "", "800f03 000201" ORIGIN, "", -1 },
	{ "", ORIGIN, "", -1 },
	{ "18 0a0101", "800f03 000201", "", -1 },
	{ "", "800f03 000201" GOOD, NLRI, -1 },
};

START_TEST(end_of_rib_is_seen)
{
	const struct eor_case *c = &eor_cases[_i];
	uint8_t msg[BGP_MSG_MAX], *exact, *buf;
	struct bgp_update u;
	size_t len = wire_update(msg, c->withdrawn, c->attrs, c->nlri);

	buf = parse(0, msg, len, &exact, &u);
	ck_assert_int_eq(u.end_of_rib, c->family);
	free(exact);
	free(buf);
}
END_TEST

START_TEST(end_of_rib_that_we_write_is_one)
{
	uint8_t msg[BGP_EOR_MAX], *exact, *buf;
	struct bgp_update u;
	struct bgp_error e;

	for (int f = 0; f < FAMILY__MAX; f++) {
		size_t len = bgp_update_end_of_rib(msg, (enum family)f);

		ck_assert_int_eq(bgp_msg_check(msg, BGP_MSG_MAX, &e), (int)len);
		buf = parse(0, msg, len, &exact, &u);
		ck_assert_int_eq(u.end_of_rib, f);
		free(exact);
		free(buf);
	}
}
END_TEST

/* A message with a bit of everything. */
static size_t
rich_message(uint8_t *msg, bool old)
{
	return wire_update(msg, "18 0a0201",
	    old ?
		"800f08 0002 01 20 20010db9" ORIGIN
		"50020006 0202 fde9 5ba0" HOP "800404 00000005 400600"
		"c00706 5ba0 0a000001 c0080c 00020001 00010001 00020001" REACH6
		"c01106 0201 00010000 c01208 00010000 0a000002"
		"c01008 0002fde900000001 c0630401020304" :
		"800f08 0002 01 20 20010db9" ORIGIN "50020006 0201 0000fde9" HOP
		"800404 00000005 400600 c00708 0000fde9 0a000001"
		"c0080c 00020001 00010001 00020001" REACH6
		"c01008 0002fde900000001 801a0b 01 000b 0000000000000001"
		"c0200c 000000010000000200000003 c0630401020304",
	    "18 0a0101 20 0a000001");
}

static void
survive(int session, const uint8_t *msg, size_t len)
{
	uint8_t *exact, *buf;
	struct bgp_update u;
	struct bgp_error e;

	if (bgp_msg_check(msg, BGP_MSG_MAX, &e) != (int)len)
		return;
	buf = parse(session, msg, len, &exact, &u);
	check_blocks(&u);
	if (u.outcome == BGP_UPDATE_RESET)
		ck_assert_uint_eq(u.error.code, BGP_ERR_UPDATE);
	if (u.outcome != BGP_UPDATE_OK)
		ck_assert_ptr_nonnull(u.fault);
	free(exact);
	free(buf);
}

START_TEST(message_cut_anywhere_is_survived)
{
	uint8_t msg[BGP_MSG_MAX];
	size_t len = rich_message(msg, _i & OLD);

	for (size_t n = BGP_UPDATE_MIN; n <= len; n++) {
		wire_header(msg, BGP_UPDATE, n);
		survive(_i, msg, n);
	}
}
END_TEST

START_TEST(message_with_any_byte_changed_is_survived)
{
	uint8_t msg[BGP_MSG_MAX], was;
	size_t len = rich_message(msg, _i & OLD);

	for (size_t at = BGP_HEADER_LEN; at < len; at++) {
		was = msg[at];
		for (unsigned int v = 0; v < 256; v++) {
			msg[at] = (uint8_t)v;
			survive(_i, msg, len);
		}
		msg[at] = was;
	}
}
END_TEST

START_TEST(rich_message_is_good)
{
	uint8_t msg[BGP_MSG_MAX], *exact, *buf;
	struct bgp_update u;
	size_t len = rich_message(msg, _i & OLD);

	buf = parse(_i, msg, len, &exact, &u);
	ck_assert_int_eq(u.outcome, BGP_UPDATE_OK);
	free(exact);
	free(buf);
}
END_TEST

START_TEST(full_message_fits_its_buffer)
{
	uint8_t msg[BGP_MSG_MAX], *exact, *buf;
	struct bgp_update u;
	size_t at = BGP_HEADER_LEN + 4, count = 254;

	/* All of it one 2-octet path, which doubles, for both families. */
	at += wire_hex(msg + at, ORIGIN HOP REACH6 "5002");
	msg[at] = (uint8_t)((7 * (2 + 2 * count)) >> 8);
	msg[at + 1] = (uint8_t)(7 * (2 + 2 * count));
	at += 2;
	for (int i = 0; i < 7; i++) {
		msg[at++] = BGP_SEGMENT_SEQUENCE;
		msg[at++] = (uint8_t)count;
		for (size_t j = 0; j < count; j++) {
			msg[at++] = 0xfd;
			msg[at++] = 0xe9;
		}
	}
	msg[BGP_HEADER_LEN] = msg[BGP_HEADER_LEN + 1] = 0;
	msg[BGP_HEADER_LEN + 2] = (uint8_t)((at - BGP_HEADER_LEN - 4) >> 8);
	msg[BGP_HEADER_LEN + 3] = (uint8_t)(at - BGP_HEADER_LEN - 4);
	at += wire_hex(msg + at, NLRI);
	wire_header(msg, BGP_UPDATE, at);
	buf = parse(OLD, msg, at, &exact, &u);
	ck_assert_int_eq(u.outcome, BGP_UPDATE_OK);
	check_blocks(&u);
	ck_assert_uint_gt(u.attrs.len, 7000);
	ck_assert_uint_le(u.attrs.len, BGP_ATTR_BLOCK_MAX);
	free(exact);
	free(buf);
}
END_TEST

/* One "N:raw:HEX" line of a vector file; true if it was a message of ours
 * that must be good. */
static bool
run_vector(const char *hex, const char *file)
{
	uint8_t msg[BGP_MSG_MAX], *exact, *buf;
	struct bgp_update u;
	struct bgp_error e;
	size_t len;
	bool good = false;

	ck_assert_uint_lt(strlen(hex), 2 * sizeof(msg));
	len = wire_hex(msg, hex);
	if (len < BGP_HEADER_LEN)
		return false;
	if (bgp_msg_check(msg, BGP_MSG_MAX, &e) != (int)len ||
	    bgp_msg_type(msg) != BGP_UPDATE)
		return false;
	/* Whether it has path identifiers stands in a configuration that
	 * goes with it; one of the two readings must be good. */
	for (int i = 0; i < 4; i++) {
		buf = parse(INT | (i & 1 ? PATHS : 0) | (i & 2 ? OLD : 0), msg,
		    len, &exact, &u);
		check_blocks(&u);
		/* Some hold an unknown well-known attribute on purpose. */
		good |= u.outcome <= BGP_UPDATE_DISCARD ||
		    u.error.subcode == BGP_ERR_UPD_UNKNOWN_WELL_KNOWN;
		free(exact);
		free(buf);
	}
	ck_assert_msg(good, "%s: %s", file, hex);
	return true;
}

START_TEST(vectors_of_another_speaker_are_good)
{
	const char *data = getenv("BGPGG_DATA");
	char path[600], *line = NULL, *hex;
	size_t size = 0;
	struct dirent *d;
	DIR *dir;
	FILE *f;
	int n = 0;

	snprintf(path, sizeof(path), "%s/exabgp-qa/encoding", data);
	dir = opendir(path);
	ck_assert_ptr_nonnull(dir);
	while ((d = readdir(dir)) != NULL) {
		if (strstr(d->d_name, ".ci") == NULL)
			continue;
		snprintf(path, sizeof(path), "%s/exabgp-qa/encoding/%s", data,
		    d->d_name);
		f = fopen(path, "r");
		ck_assert_ptr_nonnull(f);
		while (getline(&line, &size, f) > 0) {
			hex = strstr(line, ":raw:");
			if (hex != NULL && run_vector(hex + 5, d->d_name))
				n++;
		}
		fclose(f);
	}
	closedir(dir);
	free(line);
	ck_assert_int_gt(n, 50);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("bgp_update");
	TCase *t = tcase_create("bgp_update");
	SRunner *r;
	int failed;

	tcase_set_timeout(t, 60);
	tcase_add_loop_test(t, message_is_judged_by_rfc_7606, 0,
	    (int)nitems(cases));
	tcase_add_loop_test(t, lengths_beyond_the_message_reset, 0, 6);
	tcase_add_test(t, bad_withdrawn_routes_reset);
	tcase_add_test(t, all_four_spans_are_found);
	tcase_add_test(t, two_blocks_differ_in_the_next_hop);
	tcase_add_loop_test(t, unusable_next_hop_is_a_mark_not_an_error, 0,
	    (int)nitems(hop_cases));
	tcase_add_loop_test(t, end_of_rib_is_seen, 0, (int)nitems(eor_cases));
	tcase_add_test(t, end_of_rib_that_we_write_is_one);
	/* Internal and external, 2 and 4 octets, with and without ADD-PATH. */
	tcase_add_loop_test(t, rich_message_is_good, 0, 4);
	tcase_add_loop_test(t, message_cut_anywhere_is_survived, 0, 4);
	tcase_add_loop_test(t, message_with_any_byte_changed_is_survived, 0, 4);
	tcase_add_test(t, full_message_fits_its_buffer);
	if (getenv("BGPGG_DATA") != NULL)
		tcase_add_test(t, vectors_of_another_speaker_are_good);
	else
		printf("bgp_update: BGPGG_DATA is not set, vectors skipped\n");
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed > 0;
}
