/* SPDX-License-Identifier: ISC */
/*
 * UPDATE: the first octet says what the session is, the rest is the body.
 * Blocks that come out must be canonical, and sent again they must come out
 * as they are.
 */
#include "common/bgp_attr.h"
#include "common/bgp_nlri.h"
#include "common/bgp_update.h"
#include "regress/fuzz/fuzz.h"

enum { AGAIN_MAX = 4 * BGP_MSG_MAX };

static void
check_span(const struct bgp_nlri_span *span)
{
	struct bgp_nlri_iter it;
	struct nlri nlri;
	int n = bgp_nlri_check((enum family)span->family, span->p, span->len,
	    span->add_path);

	bgp_nlri_iter_init(&it, (enum family)span->family, span->p, span->len,
	    span->add_path);
	while (bgp_nlri_next(&it, &nlri, NULL))
		n--;
	FUZZ_HOLDS(n == 0);
}

/* The block as the body of an UPDATE with one NLRI, ::/0 or 0/0. */
static size_t
write_again(uint8_t *body, const struct bgp_block *block, bool ipv4)
{
	static const uint8_t tail[] = { 0, 0 };
	struct bgp_attr a;
	struct rd r;
	struct wr w;

	wr_init(&w, body, AGAIN_MAX);
	wr_n32(&w, 0);
	rd_init(&r, block->p, block->len);
	while (bgp_attr_next(&r, &a)) {
		if (a.type != BGP_ATTR_MP_REACH) {
			bgp_attr_put(&w, a.flags, a.type, a.value, a.len);
			continue;
		}
		wr_copy(&w, a.value - 3, 2);
		wr_n8(&w, (uint8_t)(a.len + 2));
		wr_copy(&w, a.value, a.len);
		wr_copy(&w, tail, 2);
	}
	wr_patch16(&w, 2, (uint16_t)(wr_len(&w) - 4));
	if (ipv4)
		wr_n8(&w, 0);
	FUZZ_HOLDS(wr_ok(&w));
	return wr_len(&w);
}

static void
check_block(struct bgp_update_ctx ctx, const struct bgp_block *block,
    enum family family)
{
	static uint8_t body[AGAIN_MAX], buf[BGP_UPDATE_BUF(AGAIN_MAX + 19)];
	bool ipv4 = family == FAMILY_IPV4_UNICAST;
	const struct bgp_block *same;
	struct bgp_update u;
	struct err e;
	uint8_t *msg;
	size_t len;

	if (block->p == NULL)
		return;
	FUZZ_HOLDS(bgp_attr_validate(block->p, block->len, family, &e) == 0);
	ctx.as4 = true;
	ctx.enforce_first_as = false;
	ctx.add_path = 0;
	len = write_again(body, block, ipv4);
	msg = fuzz_message(BGP_UPDATE, body, &len);
	FUZZ_HOLDS(bgp_update_parse(&ctx, msg, len, buf, &u) == BGP_UPDATE_OK);
	same = ipv4 ? &u.attrs : &u.mp_attrs;
	FUZZ_HOLDS(same->len == block->len);
	FUZZ_HOLDS(memcmp(same->p, block->p, block->len) == 0);
	FUZZ_HOLDS(same->bad_next_hop == block->bad_next_hop);
	free(msg);
}

static void
check_update(const struct bgp_update_ctx *ctx, const struct bgp_update *u)
{
	FUZZ_HOLDS((u->outcome == BGP_UPDATE_OK) == (u->fault == NULL));
	if (u->outcome == BGP_UPDATE_RESET) {
		FUZZ_HOLDS(u->error.code == BGP_ERR_UPDATE);
		FUZZ_HOLDS(u->error.subcode != 0);
		return;
	}
	check_span(&u->withdrawn);
	check_span(&u->announced);
	check_span(&u->mp_unreach);
	check_span(&u->mp_reach);
	check_block(*ctx, &u->attrs, FAMILY_IPV4_UNICAST);
	check_block(*ctx, &u->mp_attrs, (enum family)u->mp_reach.family);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct bgp_update_ctx ctx = { 0 };
	struct bgp_update u;
	uint8_t *msg, *buf;

	if (len < 5 || len > BGP_MSG_MAX - BGP_HEADER_LEN)
		return 0;
	ctx.ebgp = data[0] & 1;
	ctx.as4 = data[0] & 2;
	ctx.confed = data[0] & 4;
	ctx.enforce_first_as = data[0] & 8;
	ctx.peer_as = 65001;
	ctx.families =
	    data[0] & 16 ? FAMILY_BIT(FAMILY_IPV4_UNICAST) : FAMILY_ALL;
	ctx.add_path = data[0] & 32 ? ctx.families : 0;
	len--;
	msg = fuzz_message(BGP_UPDATE, data + 1, &len);
	buf = malloc(BGP_UPDATE_BUF(len));
	if (buf == NULL)
		abort();
	(void)bgp_update_parse(&ctx, msg, len, buf, &u);
	check_update(&ctx, &u);
	free(buf);
	free(msg);
	return 0;
}
