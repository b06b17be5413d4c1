/* SPDX-License-Identifier: ISC */
/*
 * The whole route engine.  The input is a script: UPDATEs of four peers
 * with different sessions, sessions that come and go, routes of our own.
 * What is sent must be well-formed for whom it is for, a prefix is withdrawn
 * only from who has it, the listing of what was sent agrees with what was,
 * and when all are gone nothing is left.
 */
#include "common/bgp_attr.h"
#include "common/bgp_nlri.h"
#include "common/bgp_update.h"
#include "common/hash.h"
#include "common/msg.h"
#include "common/msg_route.h"
#include "rde/group.h"
#include "rde/rde.h"
#include "regress/fuzz/fuzz.h"

enum { PEERS = 5, LOCAL_AS = 65000, SLOTS = 1 << 14 };

/* What receivers hold: open addressing, nothing is ever removed. */
struct held {
	struct nlri nlri;
	bool used;
	bool has[PEERS];
};
static struct held table[SLOTS];
static size_t used[SLOTS], n_used;

static const struct side {
	bool ebgp;
	bool as4;
	uint32_t families;
} sides[PEERS] = {
	[1] = { true, true, FAMILY_ALL },
	[2] = { true, false, FAMILY_ALL },
	[3] = { false, true, FAMILY_ALL },
	[4] = { false, false, FAMILY_BIT(FAMILY_IPV4_UNICAST) },
};
static uint32_t window[PEERS], epoch[PEERS];
static struct rde *rde;
static struct mono now;

static struct held *
held_find(const struct nlri *n)
{
	size_t i = (n->bits * 131u + n->family) * 31u;

	for (int k = 0; k < 16; k++)
		i = i * 131u + n->key[k];
	for (i %= SLOTS; table[i].used; i = (i + 1) % SLOTS) {
		if (nlri_cmp(&table[i].nlri, n) == 0)
			return &table[i];
	}
	FUZZ_HOLDS(n_used < SLOTS - 1);
	used[n_used++] = i;
	table[i].used = true;
	table[i].nlri = *n;
	return &table[i];
}

static void
held_forget(uint32_t id)
{
	for (size_t i = 0; i < n_used; i++)
		table[used[i]].has[id] = false;
}

static void
take_span(uint32_t id, const struct bgp_nlri_span *span, bool has)
{
	struct bgp_nlri_iter it;
	struct held *h;
	struct nlri n;

	if (span->len == 0)
		return;
	bgp_nlri_iter_init(&it, (enum family)span->family, span->p, span->len,
	    false);
	while (bgp_nlri_next(&it, &n, NULL)) {
		h = held_find(&n);
		FUZZ_HOLDS(has || h->has[id]);
		h->has[id] = has;
	}
}

static void
receive(uint32_t id, const uint8_t *msg, size_t len)
{
	static uint8_t buf[BGP_UPDATE_BUF(BGP_MSG_MAX)];
	const struct bgp_update_ctx ctx = { .ebgp = sides[id].ebgp,
		.as4 = sides[id].as4,
		.enforce_first_as = sides[id].ebgp,
		.peer_as = LOCAL_AS,
		.families = sides[id].families };
	struct bgp_error e;
	struct bgp_update u;

	FUZZ_HOLDS(bgp_msg_check(msg, BGP_MSG_MAX, &e) == (int)len);
	FUZZ_HOLDS(bgp_update_parse(&ctx, msg, len, buf, &u) == BGP_UPDATE_OK);
	FUZZ_HOLDS(!u.attrs.bad_next_hop && !u.mp_attrs.bad_next_hop);
	take_span(id, &u.withdrawn, false);
	take_span(id, &u.mp_unreach, false);
	take_span(id, &u.announced, true);
	take_span(id, &u.mp_reach, true);
}

static void
on_tx(void *ctx, const struct rde_tx *tx)
{
	struct wr w;
	struct tx t;
	size_t len;

	(void)ctx;
	FUZZ_HOLDS(tx->len <= MSG_BATCH_MAX);
	wr_init_grow(&w, MSG_MAX);
	msg_tx_head_put(&w, tx->bitmap, tx->bitmap_len, tx->messages);
	wr_copy(&w, tx->data, tx->len);
	FUZZ_HOLDS(wr_ok(&w) && msg_tx_get(w.base, wr_len(&w), &t) == 0);
	for (uint32_t id = 0; id < 8u * tx->bitmap_len; id++) {
		if (!tx_has_peer(&t, id))
			continue;
		FUZZ_HOLDS(id > 0 && id < PEERS && epoch[id] % 2 == 1);
		window[id] += (uint32_t)tx->len;
		FUZZ_HOLDS(window[id] <= TX_WINDOW);
		for (size_t at = 0; at < t.len; at += len) {
			len = (size_t)t.data[at + 16] << 8 | t.data[at + 17];
			receive(id, t.data + at, len);
		}
	}
	wr_free(&w);
}

static bool
on_tx_ready(void *ctx)
{
	(void)ctx;
	return true;
}

static void
on_shut(void *ctx, struct peer *peer, const struct peer_shut *s)
{
	(void)ctx;
	(void)peer;
	FUZZ_HOLDS(s->code != 0);
}

static void
on_end_of_rib(void *ctx, struct peer *peer, enum family family)
{
	(void)ctx;
	rde_stale_drop(rde, peer, FAMILY_BIT(family));
}

static void
on_fault(void *ctx, struct peer *peer, const struct bgp_update *u)
{
	(void)ctx;
	(void)peer;
	FUZZ_HOLDS(u->outcome != BGP_UPDATE_OK && u->fault != NULL);
}

static void
on_limit(void *ctx, struct peer *peer)
{
	(void)ctx;
	FUZZ_HOLDS(peer->has_max_prefix);
}

static void
on_unsendable(void *ctx, const struct peer *peer, const struct nlri *nlri,
    enum rde_unsendable why)
{
	(void)ctx;
	(void)peer;
	(void)nlri;
	(void)why;
}

static const struct rde_ops ops = {
	.tx = on_tx,
	.tx_ready = on_tx_ready,
	.shut = on_shut,
	.end_of_rib = on_end_of_rib,
	.fault = on_fault,
	.limit = on_limit,
	.unsendable = on_unsendable,
};

static void
up(uint32_t id, uint8_t how)
{
	struct peer_up u;

	if (epoch[id] % 2 == 1)
		return;
	epoch[id]++;
	window[id] = 0;
	held_forget(id);
	memset(&u, 0, sizeof(u));
	u.remote = addr_ipv4(0xc0000200 + id);
	u.local = addr_ipv4(0xc00002fe);
	u.remote_as = sides[id].ebgp ? 65000 + id : LOCAL_AS;
	u.remote_id = id;
	u.local_as = LOCAL_AS;
	u.ebgp = sides[id].ebgp;
	u.as4 = sides[id].as4;
	u.families = sides[id].families;
	u.gr = how & 1;
	u.gr_families = u.gr_forwarding = u.families;
	u.has_max_prefix = how & 2;
	u.max_prefix = 20;
	u.max_prefix_stop = how & 4;
	rde_peer_up(rde, id, epoch[id], &u, now);
}

static void
down(uint32_t id, uint8_t how)
{
	struct peer *peer = rde_peer_find(rde, id);

	if (epoch[id] % 2 == 0)
		return;
	epoch[id]++;
	window[id] = 0;
	rde_peer_down(rde, peer, how & 1 ? sides[id].families : 0);
	if (how & 2)
		rde_peer_gone(rde, peer);
}

static void
credit(uint32_t id)
{
	struct peer *peer = rde_peer_find(rde, id);

	if (epoch[id] % 2 == 0 || window[id] == 0)
		return;
	FUZZ_HOLDS(!rde_tx_credit(rde, peer, window[id] + 1));
	FUZZ_HOLDS(rde_tx_credit(rde, peer, window[id]));
	window[id] = 0;
}

/* A route of our own: n8 family, n8 bits, key, the block behind it. */
static void
local(const uint8_t *p, size_t len)
{
	struct nlri n;
	struct err e;
	struct rd r;

	rd_init(&r, p, len);
	nlri_get(&r, &n);
	if (!rd_ok(&r))
		return;
	len = rd_left(&r);
	if (len == 0)
		(void)rde_local_remove(rde, &n);
	else if (bgp_attr_validate(r.p, len, (enum family)n.family, &e) == 0)
		rde_local_add(rde, &n, r.p, len, now);
}

static void
settle(size_t budget)
{
	rde_settle(rde);
	now = mono_add_ms(now, 1000);
	(void)rde_pack(rde, now, budget);
}

static void
drain(void)
{
	bool more = true;

	for (int i = 0; more; i++) {
		FUZZ_HOLDS(i < 10000);
		more = rde_sweep(rde, 64);
		settle(1 << 20);
		for (uint32_t id = 1; id < PEERS; id++) {
			more = more || window[id] > 0;
			credit(id);
		}
		more = more || rde_has_sweep(rde);
	}
}

/* What the listing says was sent is what was. */
static void
check_listing(uint32_t id)
{
	static uint8_t block[ADJOUT_MAX];
	const struct peer *peer = rde_peer_find(rde, id);
	struct adjout_view view;
	struct err e;
	size_t have = 0, listed = 0;

	for (size_t i = 0; i < n_used; i++)
		have += table[used[i]].has[id];
	for (int f = 0; f < FAMILY__MAX; f++) {
		if ((sides[id].families & FAMILY_BIT(f)) == 0)
			continue;
		for (uint32_t at = 1; at < rde->ribs[f].entries.next; at++) {
			if (peer->group[f] == NULL ||
			    group_sent(peer->group[f], at) == 0 ||
			    !rde_adjout(rde, peer, (enum family)f, at, block,
				&view))
				continue;
			listed++;
			FUZZ_HOLDS(bgp_attr_validate(block, view.len,
				       (enum family)f, &e) == 0);
		}
	}
	FUZZ_HOLDS(have == listed);
}

static void
step(uint8_t op, const uint8_t *p, size_t len)
{
	uint32_t id = 1 + op / 8u % (PEERS - 1);
	struct peer *peer = rde_peer_find(rde, id);
	uint8_t how = len > 0 ? p[0] : 0;
	uint8_t *msg;

	switch (op % 8) {
	default:
		if (epoch[id] % 2 == 0 || len < 4 ||
		    len > BGP_MSG_MAX - BGP_HEADER_LEN)
			break;
		msg = fuzz_message(BGP_UPDATE, p, &len);
		rde_updates(rde, peer, msg, len, now);
		free(msg);
		break;
	case 3:
		settle(how * 64u);
		break;
	case 4:
		if (epoch[id] % 2 == 1)
			down(id, how);
		else
			up(id, how);
		break;
	case 5:
		credit(id);
		(void)rde_sweep(rde, how);
		break;
	case 6:
		if (epoch[id] % 2 == 1)
			rde_refresh(rde, peer, FAMILY_ALL);
		break;
	case 7:
		local(p, len);
		break;
	}
}

static void
script(const uint8_t *p, size_t len)
{
	size_t n;
	uint8_t op;

	while (len >= 3) {
		op = p[0];
		n = (size_t)p[1] << 8 | p[2];
		p += 3;
		len -= 3;
		if (n > len)
			n = len;
		step(op, p, n);
		p += n;
		len -= n;
	}
}

static void
finish(void)
{
	uint32_t id;

	drain();
	for (id = 1; id < PEERS; id++) {
		if (epoch[id] % 2 == 1)
			check_listing(id);
	}
	for (id = 1; id < PEERS; id++) {
		if (epoch[id] % 2 == 1)
			down(id, 2);
		else if (rde_peer_find(rde, id) != NULL)
			rde_peer_gone(rde, rde_peer_find(rde, id));
	}
	for (size_t i = 0; i < n_used; i++)
		(void)rde_local_remove(rde, &table[used[i]].nlri);
	drain();
	for (id = 1; id < PEERS; id++)
		FUZZ_HOLDS(rde_peer_find(rde, id) == NULL);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static bool ready;

	if (len > 16384)
		return 0;
	if (!ready)
		hash_init();
	ready = true;
	now = (struct mono){ 1000000 };
	rde = rde_new(&ops, NULL);
	rde_configure(rde, LOCAL_AS, 0x0a000001, 0x0a000001);
	for (uint32_t id = 1; id < PEERS; id++) {
		epoch[id] = 0;
		up(id, 0);
	}
	settle(1 << 20);
	script(data, len);
	finish();
	rde_free(rde);
	while (n_used > 0)
		memset(&table[used[--n_used]], 0, sizeof(table[0]));
	return 0;
}
