/* SPDX-License-Identifier: ISC */
/*
 * The route engine against a slow model of it.
 *
 * Random peers announce, withdraw, come and go, are slow, restart and ask
 * for refreshes, while the engine packs with random budgets.  Each receiver
 * applies the UPDATEs it is sent to a table of its own, insisting that no
 * withdrawal comes for what it does not have and nothing is sent twice.  At
 * all times the engine's Adj-RIB-Out must equal that table; whenever all is
 * drained it must equal what the model works out per peer from scratch.
 * Half of the runs have policies that change all the time; the model runs
 * them statement by statement on values, without anything compiled.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "common/aspath.h"
#include "common/bgp_attr.h"
#include "common/bgp_msg.h"
#include "common/bgp_nlri.h"
#include "common/bgp_update.h"
#include "common/conf.h"
#include "common/hash.h"
#include "common/msg.h"
#include "common/msg_route.h"
#include "common/xmalloc.h"
#include "rde/group.h"
#include "rde/policy_apply.h"
#include "rde/policy_store.h"
#include "rde/rde.h"

enum {
	PEERS = 12, /* ids 1 to 11; 0 is the local speaker */
	N4 = 60,
	N6 = 24,
	PREFIXES = N4 + N6,
	OUR_AS = 65000,
	BLOCK = 512,
	OTHER_AS4 = 4200000000u,
	ASNS = 24,
	COMMS = 16,
	POLICIES = 4, /* "P0" ... */
	STATEMENTS = 4,
};

struct path { /* what a peer said about a prefix, as values */
	bool there;
	bool stale;
	uint8_t origin;
	uint8_t n_asns;
	uint32_t asns[ASNS];
	uint32_t med;
	bool has_med;
	uint32_t local_pref;
	bool has_local_pref;
	uint8_t n_comms;
	uint32_t comms[COMMS];
	uint8_t next_hop; /* last octet; 0: unspecified (local routes) */
	/* given by export policy */
	bool med_fixed;
	bool next_hop_fixed;
};

struct held {
	bool there;
	uint16_t len;
	uint8_t block[BLOCK];
};

struct speaker {
	struct peer_up up;
	bool is_up;
	bool ibgp;
	bool refreshing;
	uint32_t keeping;
	uint32_t extra; /* window taken to make it slow */
	struct path in[PREFIXES];
	struct held out[PREFIXES];
	uint32_t eor; /* families */
	uint32_t got; /* bytes since the last credit */
};

static struct rde *rde;
static struct speaker speakers[PEERS];
static struct nlri prefixes[PREFIXES];
static struct mono now;
static uint64_t seed;
static bool always_ready;
static unsigned int shuts;
static struct peer_shut last_shut;
static unsigned int limits, withheld;
static uint64_t tx_messages;
static struct conf *conf; /* NULL: no policies */
static struct conf_assignment assigned[PEERS][CONF_DIRECTION__MAX];

static uint32_t
rnd(uint32_t n)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)((seed >> 33) % n);
}

/* --- receivers --- */

static int
prefix_at(const struct nlri *n)
{
	int i;

	for (i = 0; i < PREFIXES; i++) {
		if (nlri_cmp(&prefixes[i], n) == 0)
			return i;
	}
	ck_abort_msg("a prefix that nobody announced");
	return -1;
}

static void
receive_span(struct speaker *s, const struct bgp_nlri_span *span,
    const struct bgp_block *block)
{
	struct bgp_nlri_iter it;
	struct nlri nlri;
	struct held *h;

	if (span->len == 0)
		return;
	bgp_nlri_iter_init(&it, span->family, span->p, span->len, false);
	while (bgp_nlri_next(&it, &nlri, NULL)) {
		h = &s->out[prefix_at(&nlri)];
		if (block == NULL) {
			ck_assert_msg(h->there, "withdrawn but never sent");
			h->there = false;
			continue;
		}
		ck_assert_msg(block->p != NULL && block->len <= BLOCK,
		    "a route without attributes");
		/* While one peer is sent a family again, what looks the same
		 * goes to the others, too. */
		ck_assert_msg(s->refreshing || rde->n_resends > 0 ||
			!h->there || h->len != block->len ||
			memcmp(h->block, block->p, block->len) != 0,
		    "the same route twice");
		h->there = true;
		h->len = block->len;
		memcpy(h->block, block->p, block->len);
	}
}

static void
receive(struct speaker *s, const uint8_t *msg, size_t len)
{
	struct bgp_update_ctx ctx = {
		.ebgp = !s->ibgp,
		.as4 = s->up.as4,
		.peer_as = s->up.local_as,
		.families = s->up.families,
	};
	static uint8_t buf[BGP_UPDATE_BUF(4096)];
	struct bgp_update u;

	ck_assert_uint_le(len, 4096);
	bgp_update_parse(&ctx, msg, len, buf, &u);
	ck_assert_msg(u.outcome == BGP_UPDATE_OK, "outcome %d: %s", u.outcome,
	    u.fault != NULL ? u.fault : "");
	if (u.end_of_rib != -1) {
		ck_assert_uint_eq(s->eor & FAMILY_BIT(u.end_of_rib), 0);
		s->eor |= FAMILY_BIT(u.end_of_rib);
	}
	receive_span(s, &u.withdrawn, NULL);
	receive_span(s, &u.mp_unreach, NULL);
	receive_span(s, &u.announced, &u.attrs);
	receive_span(s, &u.mp_reach, &u.mp_attrs);
}

static void
on_tx(void *ctx, const struct rde_tx *tx)
{
	uint32_t id, n = 0, got = 0;
	const uint8_t *p;
	size_t len;
	uint16_t messages;

	(void)ctx;
	ck_assert_uint_le(tx->len, MSG_BATCH_MAX);
	for (id = 0; id < tx->bitmap_len * 8u; id++) {
		if ((tx->bitmap[id / 8] >> (id % 8) & 1) == 0)
			continue;
		ck_assert(id > 0 && id < PEERS && speakers[id].is_up);
		n++;
		speakers[id].got += (uint32_t)tx->len;
		messages = 0;
		for (p = tx->data; p < tx->data + tx->len; p += len) {
			ck_assert_uint_ge((size_t)(tx->data + tx->len - p),
			    BGP_UPDATE_MIN);
			len = (size_t)p[16] << 8 | p[17];
			receive(&speakers[id], p, len);
			messages++;
		}
		ck_assert_uint_eq(messages, tx->messages);
		got = messages;
	}
	ck_assert_uint_gt(n, 0);
	tx_messages += got;
}

static bool
on_tx_ready(void *ctx)
{
	(void)ctx;
	return always_ready || rnd(8) != 0;
}

static void
on_shut(void *ctx, struct peer *peer, const struct peer_shut *shut)
{
	(void)ctx;
	(void)peer;
	shuts++;
	last_shut = *shut;
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
	ck_assert_msg(u->outcome == BGP_UPDATE_DISCARD, "%s", u->fault);
}

static void
on_limit(void *ctx, struct peer *peer)
{
	(void)ctx;
	(void)peer;
	limits++;
}

static void
on_unsendable(void *ctx, const struct peer *peer, const struct nlri *nlri,
    enum rde_unsendable why)
{
	(void)ctx;
	(void)peer;
	(void)nlri;
	(void)why;
	withheld++;
}

static void
on_programs(void *ctx, const struct peer *peer, struct policy_program *to[2])
{
	int d;

	(void)ctx;
	if (conf == NULL)
		return;
	for (d = 0; d < CONF_DIRECTION__MAX; d++)
		to[d] = policy_store_program(rde->store, &assigned[peer->id][d],
		    false);
}

static const struct rde_ops ops = {
	.tx = on_tx,
	.tx_ready = on_tx_ready,
	.shut = on_shut,
	.end_of_rib = on_end_of_rib,
	.fault = on_fault,
	.limit = on_limit,
	.unsendable = on_unsendable,
	.programs = on_programs,
};

/* --- senders --- */

static struct addr
addr_of(const char *text)
{
	struct addr a;

	ck_assert_int_eq(addr_parse(text, &a), 0);
	return a;
}

static struct addr
next_hop_of(enum family family, uint8_t last)
{
	struct addr a = addr_of(
	    family == FAMILY_IPV4_UNICAST ? "203.0.113.0" : "2001:db8:ffff::");

	if (last == 0)
		return addr_of(
		    family == FAMILY_IPV4_UNICAST ? "0.0.0.0" : "::");
	a.bytes[a.family == ADDR_IPV4 ? 3 : 15] = last;
	return a;
}

/* Canonical block of values; path numbers from asns. */
static size_t
build(const struct path *p, enum family family, const uint32_t *asns, size_t n,
    const struct addr *next_hop, uint8_t *to)
{
	struct bgp_attr_values v;
	uint8_t path[2 + 4 * (ASNS + 1)];
	struct wr wr, out;
	struct err err;
	size_t i;

	bgp_attr_values_init(&v);
	v.origin = p->origin;
	wr_init(&wr, path, sizeof(path));
	if (n > 0) {
		wr_n8(&wr, BGP_SEGMENT_SEQUENCE);
		wr_n8(&wr, (uint8_t)n);
		for (i = 0; i < n; i++)
			wr_n32(&wr, asns[i]);
	}
	v.as_path = path;
	v.as_path_len = wr_len(&wr);
	v.next_hop = *next_hop;
	v.has_med = p->has_med;
	v.med = p->med;
	v.has_local_pref = p->has_local_pref;
	v.local_pref = p->local_pref;
	v.communities = p->comms;
	v.n_communities = p->n_comms;
	wr_init(&out, to, BLOCK);
	ck_assert_int_eq(bgp_attr_build(&out, family, &v, &err), 0);
	return wr_len(&out);
}

/* Put the canonical block into an UPDATE of our own making. */
static size_t
write_update(uint8_t *msg, const struct speaker *s, const uint8_t *block,
    size_t len, const struct nlri *nlri)
{
	uint8_t *p = msg + BGP_HEADER_LEN + 4, *mp;
	struct bgp_attr a;
	struct rd rd;
	struct wr wr;
	uint8_t path2[256];
	size_t n;
	bool lossy;

	memset(msg, 0, BGP_HEADER_LEN + 4);
	rd_init(&rd, block, len);
	while (bgp_attr_next(&rd, &a)) {
		wr_init(&wr, p, 2048);
		if (a.type == BGP_ATTR_MP_REACH) {
			mp = p;
			wr_n8(&wr, BGP_ATTR_OPTIONAL);
			wr_n8(&wr, a.type);
			wr_n8(&wr, 0);
			wr_copy(&wr, a.value, a.len);
			wr_n8(&wr, 0);
			wr.p += bgp_nlri_write(wr.p, nlri);
			mp[2] = (uint8_t)(wr_len(&wr) - 3);
		} else if (a.type == BGP_ATTR_AS_PATH && !s->up.as4) {
			n = aspath_to_as2(path2, a.value, a.len, &lossy);
			bgp_attr_put(&wr, a.flags, a.type, path2, n);
			ck_assert(!lossy);
		} else {
			bgp_attr_put(&wr, a.flags, a.type, a.value, a.len);
		}
		p += wr_len(&wr);
	}
	n = (size_t)(p - (msg + BGP_HEADER_LEN + 4));
	msg[BGP_HEADER_LEN + 2] = (uint8_t)(n >> 8);
	msg[BGP_HEADER_LEN + 3] = (uint8_t)n;
	if (nlri->family == FAMILY_IPV4_UNICAST)
		p += bgp_nlri_write(p, nlri);
	bgp_msg_header(msg, BGP_UPDATE, (uint16_t)(p - msg));
	return (size_t)(p - msg);
}

static size_t
write_withdraw(uint8_t *msg, const struct nlri *nlri)
{
	uint8_t *body = msg + BGP_HEADER_LEN;
	size_t n, len;

	if (nlri->family == FAMILY_IPV4_UNICAST) {
		n = bgp_nlri_write(body + 2, nlri);
		body[0] = 0;
		body[1] = (uint8_t)n;
		body[2 + n] = body[3 + n] = 0;
		len = BGP_HEADER_LEN + 4 + n;
	} else {
		n = bgp_nlri_write(body + 4 + 3 + 3, nlri);
		body[0] = body[1] = body[2] = 0;
		body[3] = (uint8_t)(6 + n);
		body[4] = BGP_ATTR_OPTIONAL;
		body[5] = BGP_ATTR_MP_UNREACH;
		body[6] = (uint8_t)(3 + n);
		body[7] = 0;
		body[8] = AFI_IPV6;
		body[9] = SAFI_UNICAST;
		len = BGP_HEADER_LEN + 4 + 6 + n;
	}
	bgp_msg_header(msg, BGP_UPDATE, (uint16_t)len);
	return len;
}

static void
random_path(struct path *p, const struct speaker *s, enum family family)
{
	size_t i;

	memset(p, 0, sizeof(*p));
	p->there = true;
	p->origin = (uint8_t)rnd(3);
	p->next_hop = (uint8_t)(1 + rnd(3));
	p->has_med = rnd(2) == 0;
	p->med = p->has_med ? rnd(3) : 0;
	p->local_pref = BGP_DEFAULT_LOCAL_PREF;
	if (rnd(12) == 0)
		p->comms[p->n_comms++] = BGP_COMM_NO_EXPORT;
	else if (rnd(12) == 0)
		p->comms[p->n_comms++] = BGP_COMM_NO_ADVERTISE;
	else if (rnd(3) == 0)
		p->comms[p->n_comms++] = 65000u << 16 | rnd(3);
	if (s == NULL) {
		if (rnd(3) == 0)
			p->next_hop = 0;
		p->local_pref = 99 + rnd(3);
		p->has_local_pref = p->local_pref != BGP_DEFAULT_LOCAL_PREF;
		return;
	}
	if (s->ibgp) {
		p->has_local_pref = true;
		p->local_pref = 99 + rnd(3);
		p->n_asns = (uint8_t)rnd(3);
	} else {
		p->asns[0] = s->up.remote_as;
		p->n_asns = (uint8_t)(1 + rnd(3));
	}
	for (i = s->ibgp ? 0 : 1; i < p->n_asns; i++)
		p->asns[i] = 64500 + rnd(4);
	if (rnd(10) == 0 && p->n_asns > 1)
		p->asns[p->n_asns - 1] = OUR_AS;
	else if (rnd(5) == 0 && p->n_asns > 1 && s->up.as4)
		p->asns[p->n_asns - 1] = OTHER_AS4;
	(void)family;
}

static void
op_announce(uint32_t id)
{
	struct speaker *s = &speakers[id];
	struct path *p;
	struct addr nh;
	uint8_t msgs[16384], block[BLOCK];
	size_t len = 0, n;
	uint32_t i, at, count = 1 + rnd(20);

	for (i = 0; i < count; i++) {
		at = rnd(PREFIXES);
		if ((s->up.families & FAMILY_BIT(prefixes[at].family)) == 0)
			continue;
		p = &s->in[at];
		if (rnd(3) == 0) {
			p->there = false;
			len += write_withdraw(msgs + len, &prefixes[at]);
			continue;
		}
		/* Now and then exactly as before. */
		if (!p->there || rnd(8) != 0)
			random_path(p, s, prefixes[at].family);
		p->stale = false;
		nh = next_hop_of(prefixes[at].family, p->next_hop);
		n = build(p, prefixes[at].family, p->asns, p->n_asns, &nh,
		    block);
		len += write_update(msgs + len, s, block, n, &prefixes[at]);
	}
	if (len > 0)
		rde_updates(rde, rde_peer_find(rde, id), msgs, len, now);
}

static void
op_local(void)
{
	uint32_t at = rnd(PREFIXES);
	struct path *p = &speakers[0].in[at];
	uint8_t block[BLOCK];
	struct addr nh;
	size_t n;

	if (rnd(2) == 0) {
		ck_assert(rde_local_remove(rde, &prefixes[at]) == p->there);
		p->there = false;
		return;
	}
	random_path(p, NULL, prefixes[at].family);
	nh = next_hop_of(prefixes[at].family, p->next_hop);
	n = build(p, prefixes[at].family, p->asns, 0, &nh, block);
	rde_local_add(rde, &prefixes[at], block, n, now);
}

static void
forget(struct speaker *s, uint32_t families, bool only_stale)
{
	uint32_t i;

	for (i = 0; i < PREFIXES; i++) {
		if ((families & FAMILY_BIT(prefixes[i].family)) &&
		    (!only_stale || s->in[i].stale))
			s->in[i].there = false;
	}
}

static void
op_down(uint32_t id)
{
	struct speaker *s = &speakers[id];
	uint32_t i, stale = rnd(3) == 0 ? FAMILY_ALL & rnd(4) : 0;

	/* What an earlier restart left goes first. */
	forget(s, FAMILY_ALL, true);
	forget(s, FAMILY_ALL & ~stale, false);
	for (i = 0; i < PREFIXES; i++)
		s->in[i].stale = s->in[i].there;
	s->keeping = stale;
	s->is_up = false;
	s->refreshing = false;
	s->extra = s->got = 0;
	memset(s->out, 0, sizeof(s->out));
	rde_peer_down(rde, rde_peer_find(rde, id), stale);
	if (stale == 0 && rnd(4) == 0)
		rde_peer_gone(rde, rde_peer_find(rde, id));
}

static void
op_up(uint32_t id)
{
	struct speaker *s = &speakers[id];

	s->is_up = true;
	s->eor = 0;
	s->up.gr_families = FAMILY_ALL & rnd(4);
	s->up.gr_forwarding = FAMILY_ALL & rnd(4);
	s->keeping &= s->up.families & s->up.gr_families & s->up.gr_forwarding;
	forget(s, ~s->keeping, true);
	rde_peer_up(rde, id, 1, &s->up, now);
}

static void
op_stale_drop(uint32_t id)
{
	uint8_t msg[BGP_EOR_MAX];
	struct speaker *s = &speakers[id];
	enum family f = rnd(2) ? FAMILY_IPV4_UNICAST : FAMILY_IPV6_UNICAST;
	size_t len;

	if (s->is_up) {
		if ((s->up.families & FAMILY_BIT(f)) == 0)
			return;
		len = bgp_update_end_of_rib(msg, f);
		rde_updates(rde, rde_peer_find(rde, id), msg, len, now);
	} else if (rde_peer_find(rde, id) != NULL) {
		rde_stale_drop(rde, rde_peer_find(rde, id), FAMILY_BIT(f));
	}
	forget(s, FAMILY_BIT(f), true);
	s->keeping &= ~FAMILY_BIT(f);
}

/* --- the model --- */

static enum route_kind
kind_of(uint32_t id)
{
	if (id == 0)
		return ROUTE_LOCAL;
	return speakers[id].ibgp ? ROUTE_IBGP : ROUTE_EBGP;
}

static bool
has_comm(const struct path *p, uint32_t c)
{
	uint32_t i;

	for (i = 0; i < p->n_comms; i++) {
		if (p->comms[i] == c)
			return true;
	}
	return false;
}

/* --- policies, slowly */

static uint32_t
comm_value(const struct conf_comm *c)
{
	return (uint32_t)c->value[0] << 24 | (uint32_t)c->value[1] << 16 |
	    (uint32_t)c->value[2] << 8 | c->value[3];
}

static bool
comm_matches(const struct conf_comm *c, uint32_t v)
{
	uint8_t b[4] = { (uint8_t)(v >> 24), (uint8_t)(v >> 16),
		(uint8_t)(v >> 8), (uint8_t)v };
	int i;

	for (i = 0; i < 4; i++) {
		if ((b[i] & c->mask[i]) != c->value[i])
			return false;
	}
	return true;
}

/* The patterns of random_set(), by what they mean. */
static bool
pattern_matches(const char *pattern, const struct path *p)
{
	uint32_t i, asn = (uint32_t)strtoul(pattern + 1, NULL, 10);

	if (strcmp(pattern, "^$") == 0)
		return p->n_asns == 0;
	if (pattern[0] == '^')
		return p->n_asns > 0 && p->asns[0] == asn;
	if (pattern[strlen(pattern) - 1] == '$')
		return p->n_asns > 0 && p->asns[p->n_asns - 1] == asn;
	for (i = 0; i < p->n_asns; i++) {
		if (pattern[0] == '6' ?
			p->asns[i] == 64501 || p->asns[i] == 64503 :
			p->asns[i] == asn)
			return true;
	}
	return false;
}

static bool
member_matches(const struct conf_set *set, uint32_t i, const struct path *p,
    const struct nlri *nlri, uint32_t from)
{
	const struct conf_prefix *cp;

	switch ((enum conf_set_kind)set->kind) {
	case CONF_SET_PREFIX:
		cp = &set->prefixes[i];
		return nlri_covers(&cp->nlri, nlri) && nlri->bits >= cp->min &&
		    nlri->bits <= cp->max;
	case CONF_SET_NEIGHBOR:
		return addr_equal(&set->neighbors[i],
		    &speakers[from].up.remote);
	case CONF_SET_AS_PATH:
		return pattern_matches(set->patterns[i], p);
	default:
		ck_abort();
		return false;
	}
}

static bool
slow_match(const struct conf_match *m, enum conf_set_kind kind,
    const struct path *p, const struct nlri *nlri, uint32_t from)
{
	const struct conf_set *set = conf_set_find(conf, kind, m->set);
	bool any = false, all = true, in;
	uint32_t i, j;

	if (kind == CONF_SET_NEIGHBOR && from == 0)
		return false;
	if (kind == CONF_SET_COMMUNITY) {
		for (i = 0; i < p->n_comms; i++) {
			in = false;
			for (j = 0; j < set->n; j++)
				in = in ||
				    comm_matches(&set->comms[j], p->comms[i]);
			any = any || in;
			all = all && in;
		}
	} else {
		for (i = 0; i < set->n; i++) {
			in = member_matches(set, i, p, nlri, from);
			any = any || in;
			all = all && in;
		}
	}
	if (m->option == CONF_MATCH_ALL)
		return all;
	return any == (m->option != CONF_MATCH_INVERT);
}

static bool
within(const struct conf_numbers *n, uint32_t v)
{
	return !n->given || (v >= n->min && v <= n->max);
}

static bool
slow_conditions(const struct conf_conditions *c, const struct path *p,
    const struct nlri *nlri, uint32_t from)
{
	static const uint8_t types[] = { CONF_ROUTE_LOCAL, CONF_ROUTE_EBGP,
		CONF_ROUTE_IBGP };
	struct addr nh = next_hop_of(nlri->family, p->next_hop);
	uint32_t i;
	bool found;
	int kind;

	for (kind = 0; kind < CONF_SET__MAX; kind++) {
		if (c->match[kind].set != NULL &&
		    !slow_match(&c->match[kind], (enum conf_set_kind)kind, p,
			nlri, from))
			return false;
	}
	if (c->has_prefix && nlri_cmp(&c->prefix, nlri) != 0)
		return false;
	if (c->neighbor.family != ADDR_NONE &&
	    (from == 0 || !addr_equal(&c->neighbor, &speakers[from].up.remote)))
		return false;
	found = false;
	for (i = 0; i < p->n_asns; i++)
		found = found || p->asns[i] == c->asn;
	if (c->has_asn && !found)
		return false;
	if (c->route_types != 0 && (c->route_types & types[kind_of(from)]) == 0)
		return false;
	found = false;
	for (i = 0; i < p->n_comms; i++)
		found = found || comm_matches(&c->community, p->comms[i]);
	if (c->has_community && !found)
		return false;
	if (c->families != 0 && (c->families & FAMILY_BIT(nlri->family)) == 0)
		return false;
	if (c->origins != 0 && (c->origins >> p->origin & 1) == 0)
		return false;
	if (c->has_next_hop &&
	    (c->next_hop.family != nlri->family ||
		memcmp(c->next_hop.key, nh.bytes, 16) != 0))
		return false;
	return (!c->med.given || (p->has_med && within(&c->med, p->med))) &&
	    within(&c->local_pref, p->local_pref) &&
	    within(&c->as_path_len, p->n_asns);
}

static void
slow_edit(const struct conf_comm_edit *e, struct path *p)
{
	uint32_t i, j, kept = 0;
	bool gone;

	if (e->op == CONF_COMM_REMOVE) {
		for (i = 0; i < p->n_comms; i++) {
			gone = false;
			for (j = 0; j < e->n; j++)
				gone = gone ||
				    comm_matches(&e->list[j], p->comms[i]);
			if (!gone)
				p->comms[kept++] = p->comms[i];
		}
		p->n_comms = (uint8_t)kept;
		return;
	}
	if (e->op == CONF_COMM_REPLACE)
		p->n_comms = 0;
	for (j = 0; j < e->n; j++) {
		if (!has_comm(p, comm_value(&e->list[j])))
			p->comms[p->n_comms++] = comm_value(&e->list[j]);
	}
}

static void
slow_actions(const struct conf_actions *a, struct path *p,
    const struct nlri *nlri)
{
	uint32_t i;

	if (a->local_pref_op == CONF_LOCAL_PREF_SET ||
	    (a->local_pref_op == CONF_LOCAL_PREF_FILL && !p->has_local_pref)) {
		p->has_local_pref = true;
		p->local_pref = a->local_pref;
	}
	if (!p->has_med)
		p->med = 0;
	switch ((enum conf_med_op)a->med_op) {
	case CONF_MED_KEEP:
		break;
	case CONF_MED_SET:
		p->med = a->med;
		break;
	case CONF_MED_ADD:
		p->med += a->med;
		break;
	case CONF_MED_SUB:
		p->med = p->med > a->med ? p->med - a->med : 0;
		break;
	case CONF_MED_REMOVE:
		p->med = 0;
		p->has_med = false;
		break;
	}
	if (a->med_op != CONF_MED_KEEP && a->med_op != CONF_MED_REMOVE)
		p->has_med = p->med_fixed = true;
	if (a->next_hop_op == CONF_NEXT_HOP_SET &&
	    nlri->family == FAMILY_IPV4_UNICAST) {
		p->next_hop = a->next_hop.bytes[3];
		p->next_hop_fixed = true;
	}
	if (a->has_origin)
		p->origin = a->origin;
	for (i = 0; i < a->prepend; i++) {
		memmove(p->asns + 1, p->asns, p->n_asns * sizeof(p->asns[0]));
		p->asns[0] = a->prepend_as == 0 ? OUR_AS : a->prepend_as;
		p->n_asns++;
	}
	for (i = 0; i < a->n_edits; i++)
		slow_edit(&a->edits[i], p);
	if (a->deletes) /* what random_actions() deletes */
		p->n_comms = 0;
}

/* Accepted?  Changes the path. */
static bool
slow_run(const struct conf_assignment *a, struct path *p,
    const struct nlri *nlri, uint32_t from)
{
	const struct conf_policy *pol;
	const struct conf_statement *st;
	uint32_t i, j;

	if (conf == NULL)
		return true;
	for (i = 0; i < a->n; i++) {
		pol = conf_policy_find(conf, a->policies[i]);
		for (j = 0; j < pol->n; j++) {
			st = &pol->statements[j];
			if (!slow_conditions(&st->conditions, p, nlri, from))
				continue;
			if (st->actions.says & CONF_SAYS_REJECT)
				return false;
			slow_actions(&st->actions, p, nlri);
			if ((st->actions.says & CONF_SAYS_CONTINUE) == 0)
				return true;
		}
	}
	if (a->dflt == CONF_DEFAULT_UNSAID)
		return a->n == 0;
	return a->dflt == CONF_DEFAULT_ACCEPT;
}

/* The routes to a prefix as the decision sees them. */
static void
model_in(uint32_t at, struct path in[PEERS])
{
	uint32_t i, j;

	for (i = 0; i < PEERS; i++) {
		in[i] = speakers[i].in[at];
		for (j = 0; j < in[i].n_asns; j++) {
			if (in[i].asns[j] == OUR_AS)
				in[i].there = false;
		}
		if (i != 0 && in[i].there)
			in[i].there = slow_run(&assigned[i][CONF_IMPORT],
			    &in[i], &prefixes[at], i);
		in[i].med_fixed = in[i].next_hop_fixed = false;
		if (!in[i].has_med)
			in[i].med = 0;
	}
}

/* RFC 4271 9.1.2.2 as written: strike out until one is left. */
static int
model_best(const struct path all[PEERS])
{
	bool in[PEERS];
	uint32_t i, j, ids[2];
	int k, best = -1;
	const struct path *a, *b;

	for (i = 0; i < PEERS; i++)
		in[i] = all[i].there;
#define STRIKE(cond)                                                           \
	for (i = 0; i < PEERS; i++)                                            \
		for (j = 0; j < PEERS && in[i]; j++) {                         \
			a = &all[i];                                           \
			b = &all[j];                                           \
			if (in[j] && (cond))                                   \
				in[i] = false;                                 \
		}
	STRIKE(b->local_pref > a->local_pref)
	STRIKE(b->n_asns < a->n_asns)
	STRIKE(b->origin < a->origin)
	{
		bool out[PEERS] = { false };

		for (i = 0; i < PEERS; i++) {
			for (j = 0; j < PEERS; j++) {
				a = &all[i];
				b = &all[j];
				if (in[i] && in[j] && b->med < a->med &&
				    (a->n_asns ? a->asns[0] : 0) ==
					(b->n_asns ? b->asns[0] : 0))
					out[i] = true;
			}
		}
		for (i = 0; i < PEERS; i++)
			in[i] = in[i] && !out[i];
	}
	STRIKE(kind_of(j) < kind_of(i))
	for (k = 0; k < PEERS; k++) {
		if (!in[k])
			continue;
		if (best == -1) {
			best = k;
			continue;
		}
		ids[0] = speakers[k].up.remote_id;
		ids[1] = speakers[best].up.remote_id;
		if (ids[0] < ids[1] ||
		    (ids[0] == ids[1] &&
			addr_cmp(&speakers[k].up.remote,
			    &speakers[best].up.remote) < 0))
			best = k;
	}
#undef STRIKE
	return best;
}

/* What peer `id` should hold for a prefix; false: nothing. */
static bool
model_out(uint32_t id, uint32_t at, struct held *h)
{
	const struct speaker *s = &speakers[id];
	enum family f = prefixes[at].family;
	struct path all[PEERS];
	int best;
	bool same_family =
	    (s->up.local.family == ADDR_IPV4) == (f == FAMILY_IPV4_UNICAST);
	struct path p;
	struct addr nh;
	uint32_t asns[ASNS + 1];
	size_t n = 0;

	model_in(at, all);
	best = model_best(all);
	if (!s->is_up || best == -1 || best == (int)id ||
	    (s->up.families & FAMILY_BIT(f)) == 0)
		return false;
	p = all[best];
	if (has_comm(&p, BGP_COMM_NO_ADVERTISE))
		return false;
	if (!s->ibgp && has_comm(&p, BGP_COMM_NO_EXPORT))
		return false;
	if (s->ibgp && kind_of((uint32_t)best) == ROUTE_IBGP)
		return false;
	if (!slow_run(&assigned[id][CONF_EXPORT], &p, &prefixes[at],
		(uint32_t)best))
		return false;
	if (p.next_hop == 0 && !same_family)
		return false;
	nh = next_hop_of(f, p.next_hop);
	if (s->ibgp) {
		p.has_local_pref = true;
		if (p.next_hop == 0)
			nh = s->up.local;
	} else {
		p.has_local_pref = false;
		if (same_family && !p.next_hop_fixed)
			nh = s->up.local;
		if (kind_of((uint32_t)best) == ROUTE_EBGP && !p.med_fixed)
			p.has_med = false;
		asns[n++] = s->up.local_as;
	}
	memcpy(asns + n, p.asns, p.n_asns * sizeof(*asns));
	n += p.n_asns;
	h->there = true;
	h->len = (uint16_t)build(&p, f, asns, n, &nh, h->block);
	return true;
}

/* --- checks --- */

/* Adj-RIB-Out equals what the receiver has, whatever is pending. */
static void
check_adjout(uint32_t id)
{
	const struct peer *peer = rde_peer_find(rde, id);
	const struct held *h;
	static uint8_t block[ADJOUT_MAX];
	struct adjout_view v;
	uint32_t i, entry;
	bool there;

	for (i = 0; i < PREFIXES; i++) {
		h = &speakers[id].out[i];
		entry = rib_find(&rde->ribs[prefixes[i].family], &prefixes[i]);
		there = entry != 0 && peer != NULL &&
		    rde_adjout(rde, peer, prefixes[i].family, entry, block, &v);
		ck_assert_msg(there == h->there, "peer %u prefix %u: %d %d", id,
		    i, there, h->there);
		if (!there)
			continue;
		ck_assert_uint_eq(v.len, h->len);
		ck_assert_mem_eq(block, h->block, h->len);
	}
}

static void
check_model(void)
{
	struct held want;
	const struct held *h;
	struct route_view v;
	const struct path *p;
	uint32_t id, i, entry;

	for (id = 1; id < PEERS; id++) {
		check_adjout(id);
		for (i = 0; i < PREFIXES; i++) {
			memset(&want, 0, sizeof(want));
			h = &speakers[id].out[i];
			ck_assert_msg(model_out(id, i, &want) == h->there,
			    "peer %u prefix %u: has %d", id, i, h->there);
			if (!want.there)
				continue;
			ck_assert_uint_eq(want.len, h->len);
			ck_assert_mem_eq(want.block, h->block, h->len);
		}
		if (speakers[id].is_up)
			ck_assert_uint_eq(speakers[id].eor,
			    speakers[id].up.families);
	}
	for (id = 0; id < PEERS; id++) {
		for (i = 0; i < PREFIXES; i++) {
			p = &speakers[id].in[i];
			entry = rib_find(&rde->ribs[prefixes[i].family],
			    &prefixes[i]);
			if (entry == 0 || rde_peer_find(rde, id) == NULL) {
				ck_assert(!p->there);
				continue;
			}
			ck_assert(
			    rde_adjin(rde, rde_peer_find(rde, id),
				prefixes[i].family, entry, &v) == p->there);
			if (p->there)
				ck_assert(v.stale == p->stale);
		}
	}
}

static void
credit(uint32_t id, bool all)
{
	struct speaker *s = &speakers[id];
	uint32_t n = s->got;

	if (!s->is_up)
		return;
	if (!all)
		n = rnd(n + 1);
	else
		n += s->extra, s->extra = 0;
	s->got -= all ? s->got : n;
	ck_assert(rde_tx_credit(rde, rde_peer_find(rde, id), n));
}

static void
drain(void)
{
	uint32_t id;
	int i;

	always_ready = true;
	for (i = 0; i < 60; i++) {
		while (rde_sweep(rde, 100) || rde_has_sweep(rde))
			;
		while (rde_reeval(rde, 100))
			;
		for (id = 1; id < PEERS; id++)
			credit(id, true);
		now = mono_add_ms(now, 2000);
		while (rde_pack(rde, now, (struct mono){ 0 }, 1 << 20))
			;
	}
	always_ready = false;
	for (id = 1; id < PEERS; id++)
		speakers[id].refreshing = false;
	ck_assert_uint_eq(rde->n_resends, 0);
}

/* The counts of a peer are those that a walk finds, at any moment. */
static void
check_counts(uint32_t id)
{
	struct family_count counts[FAMILY__MAX];
	const struct peer *peer = rde_peer_find(rde, id);
	struct rib_path_view v;
	const struct group *g;
	uint32_t received, sent, e;
	int f;

	if (peer == NULL)
		return;
	rde_peer_counts(peer, counts);
	for (f = 0; f < FAMILY__MAX; f++) {
		const struct rib *rib = &rde->ribs[f];

		received = sent = 0;
		g = peer->group[f];
		for (e = 1; e < rib->entries.next; e++) {
			received += rib_path_of(rib, e, (uint16_t)id, &v);
			sent += g != NULL && group_sent(g, e) != 0 &&
			    group_source(g, e) != id;
		}
		ck_assert_uint_eq(counts[f].received, received);
		ck_assert_uint_eq(counts[f].sent, sent);
	}
}

/* References of everything that is left add up. */
static void
check_references(void)
{
	uint32_t total = 0, i, id;
	struct attrs_table *t = rde->attrs;
	struct rib_path_view v[PEERS];
	struct group *g;
	size_t k, n;
	int f;

	/* Take all away that the tables and groups say they hold ... */
	for (f = 0; f < FAMILY__MAX; f++) {
		struct rib *rib = &rde->ribs[f];

		for (id = 1; id < rib->entries.next; id++) {
			n = rib_paths(rib, id, v, PEERS);
			for (k = 0; k < n; k++, total++)
				attrs_unref(t, v[k].attrs, 1);
			TAILQ_FOREACH(g, &rde->groups, entry) {
				i = group_sent(g, id);
				if (g->rib == rib && i != 0) {
					attrs_unref(t, SENT_ATTRS(i), 1);
					total++;
				}
			}
		}
	}
	/* ... and nothing is left. */
	ck_assert_uint_eq(attrs_count(t), 0);
}

/* --- set-up --- */

static void
setup_speakers(void)
{
	static const struct {
		const char *remote, *local;
		uint32_t as, id, families;
		bool ibgp, as4;
		uint32_t mrai;
	} table[PEERS] = {
		{ "127.0.0.1", "127.0.0.1", OUR_AS, 1, 0, false, true, 0 },
		{ "192.0.2.1", "192.0.2.254", 64501, 11, 3, false, true, 0 },
		{ "192.0.2.2", "192.0.2.254", 64502, 10, 3, false, true, 0 },
		{ "192.0.2.3", "192.0.2.254", 64502, 10, 3, false, true, 0 },
		{ "192.0.2.4", "192.0.2.254", 64503, 5, 1, false, true, 0 },
		{ "192.0.2.5", "192.0.2.254", 64504, 7, 3, false, false, 0 },
		{ "192.0.2.6", "192.0.2.253", 64505, 8, 3, false, true, 1 },
		{ "198.51.100.1", "198.51.100.9", OUR_AS, 3, 3, true, true, 0 },
		{ "198.51.100.2", "198.51.100.9", OUR_AS, 4, 3, true, true, 0 },
		{ "2001:db8::1", "2001:db8::9", 64506, 12, 3, false, true, 0 },
		{ "2001:db8::2", "2001:db8::9", 64507, 13, 2, false, true, 0 },
		{ "2001:db8:1::2", "2001:db8:1::9", OUR_AS, 14, 3, true, true,
		    0 },
	};
	uint32_t i;

	memset(speakers, 0, sizeof(speakers));
	for (i = 0; i < PEERS; i++) {
		struct peer_up *up = &speakers[i].up;

		up->remote = addr_of(table[i].remote);
		up->local = addr_of(table[i].local);
		up->remote_as = table[i].as;
		up->remote_id = table[i].id;
		up->local_as = OUR_AS;
		up->ebgp = !table[i].ibgp;
		up->as4 = table[i].as4;
		up->families = table[i].families;
		up->mrai_secs = table[i].mrai;
		speakers[i].ibgp = table[i].ibgp;
	}
}

static void
setup(void)
{
	uint32_t i;

	hash_init();
	for (i = 0; i < PREFIXES; i++) {
		struct nlri *n = &prefixes[i];

		memset(n, 0, sizeof(*n));
		if (i < N4) {
			n->family = FAMILY_IPV4_UNICAST;
			n->bits = (uint8_t)(i == 0 ? 0 : 8 + i % 25);
			n->key[0] = (uint8_t)(10 + i % 20);
		} else {
			n->family = FAMILY_IPV6_UNICAST;
			n->bits = (uint8_t)(16 + i * 5 % 113);
			n->key[0] = 0x20;
			n->key[1] = (uint8_t)(i % 6);
			n->key[7] = (uint8_t)(i % 2);
		}
		nlri_mask(n);
	}
	for (i = 0; i < PREFIXES; i++)
		ck_assert_int_eq(prefix_at(&prefixes[i]), (int)i);
	setup_speakers();
	now.us = 1000000;
	shuts = limits = withheld = 0;
	always_ready = false;
	rde = rde_new(&ops, NULL);
	rde_configure(rde, OUR_AS, 1, 1);
}

/* --- random policies */

static struct conf_comm
comm_of(uint16_t high, uint16_t low, bool any_low)
{
	struct conf_comm c = {
		{ (uint8_t)(high >> 8), (uint8_t)high },
		{ 0xff, 0xff },
	};

	if (!any_low) {
		c.value[2] = (uint8_t)(low >> 8);
		c.value[3] = (uint8_t)low;
		c.mask[2] = c.mask[3] = 0xff;
	}
	return c;
}

static struct conf_comm
random_comm(bool patterns)
{
	if (rnd(8) == 0)
		return comm_of(0xffff, 0xff01, false); /* NO_EXPORT */
	return comm_of(65000, (uint16_t)rnd(4), patterns && rnd(6) == 0);
}

static struct conf_set *
random_set(enum conf_set_kind kind, const char *name)
{
	static const char *const patterns[] = { "^64501_", "_64502_", "_64500$",
		"_64503_", "6450[13]", "^$", "^64504_" };
	struct conf_set *set = conf_set_new(kind, name);
	struct conf_prefix p;
	struct conf_comm c;
	uint32_t i, n = rnd(6);

	for (i = 0; i < n; i++) {
		switch (kind) {
		case CONF_SET_PREFIX:
			memset(&p, 0, sizeof(p));
			p.nlri = prefixes[rnd(PREFIXES)];
			if (rnd(3) == 0 && p.nlri.bits > 8)
				p.nlri.bits = 8;
			nlri_mask(&p.nlri);
			p.min = p.max = p.nlri.bits;
			if (rnd(2) == 0)
				p.max = (uint8_t)family_max_bits(
				    (enum family)p.nlri.family);
			p.min = (uint8_t)(p.min + rnd(p.max - p.min + 1u) / 4);
			conf_set_add_prefix(set, &p);
			break;
		case CONF_SET_NEIGHBOR:
			conf_set_add_neighbor(set,
			    &speakers[rnd(PEERS)].up.remote);
			break;
		case CONF_SET_AS_PATH:
			conf_set_add_pattern(set,
			    patterns[rnd(nitems(patterns))]);
			break;
		default:
			c = random_comm(true);
			conf_set_add_comm(set, &c);
			break;
		}
	}
	return set;
}

static const struct {
	enum conf_set_kind kind;
	const char *name;
} sets[] = {
	{ CONF_SET_PREFIX, "p0" },
	{ CONF_SET_PREFIX, "p1" },
	{ CONF_SET_NEIGHBOR, "n0" },
	{ CONF_SET_AS_PATH, "a0" },
	{ CONF_SET_COMMUNITY, "c0" },
	{ CONF_SET_COMMUNITY, "c1" },
};

static struct conf_numbers
random_numbers(uint32_t from)
{
	uint32_t min = from + rnd(3);

	return (struct conf_numbers){ true, min, min + rnd(2) };
}

static void
random_conditions(struct conf_conditions *c)
{
	uint32_t i, n = rnd(3);
	size_t at;

	for (i = 0; i < n; i++) {
		at = rnd(nitems(sets));
		switch (rnd(12)) {
		default:
			if (c->match[sets[at].kind].set != NULL)
				break;
			c->match[sets[at].kind].set = xstrdup(sets[at].name);
			c->match[sets[at].kind].option = (uint8_t)rnd(4);
			break;
		case 0:
			c->has_prefix = true;
			c->prefix = prefixes[rnd(PREFIXES)];
			break;
		case 1:
			c->neighbor = speakers[rnd(PEERS)].up.remote;
			break;
		case 2:
			c->has_asn = true;
			c->asn = 64500 + rnd(5);
			break;
		case 3:
			c->route_types = (uint8_t)(1 + rnd(7));
			c->families = 1 + rnd(3);
			break;
		case 4:
			c->has_community = true;
			c->community = random_comm(true);
			break;
		case 5:
			c->origins = (uint8_t)(1 + rnd(7));
			c->med = random_numbers(0);
			break;
		case 6:
			c->local_pref = random_numbers(99);
			break;
		case 7:
			c->as_path_len = random_numbers(0);
			break;
		case 8:
			c->has_next_hop = true;
			c->next_hop.family = FAMILY_IPV4_UNICAST;
			c->next_hop.bits = 32;
			memcpy(c->next_hop.key, "\xcb\x00\x71\x02", 4);
			break;
		}
	}
}

static void
random_actions(struct conf_actions *a)
{
	static const uint8_t says[] = { 0, 0, CONF_SAYS_ACCEPT,
		CONF_SAYS_REJECT, CONF_SAYS_CONTINUE, CONF_SAYS_CONTINUE };
	struct conf_comm list[2];
	uint32_t i, n = rnd(4), op;

	a->says = says[rnd(nitems(says))];
	for (i = 0; i < n; i++) {
		switch (rnd(7)) {
		case 0:
			a->local_pref_op = (uint8_t)rnd(3);
			a->local_pref = 98 + rnd(4);
			break;
		case 1:
			a->med_op = (uint8_t)rnd(5);
			a->med = rnd(3);
			break;
		case 2:
			a->has_origin = true;
			a->origin = (uint8_t)rnd(3);
			break;
		case 3:
			a->prepend = (uint8_t)rnd(3);
			a->prepend_as = rnd(2) ? 0 : 64501;
			break;
		case 4:
			a->next_hop_op = CONF_NEXT_HOP_SET;
			a->next_hop = next_hop_of(FAMILY_IPV4_UNICAST, 77);
			break;
		case 5:
			a->deletes = rnd(3) == 0;
			a->delete_attrs[BGP_ATTR_COMMUNITIES / 8] =
			    a->deletes ? 1 << BGP_ATTR_COMMUNITIES % 8 : 0;
			break;
		default:
			op = rnd(3);
			list[0] = random_comm(op == CONF_COMM_REMOVE);
			list[1] = random_comm(op == CONF_COMM_REMOVE);
			conf_actions_add_edit(a, CONF_SET_COMMUNITY,
			    (enum conf_comm_op)op, list, 1 + rnd(2));
			break;
		}
	}
}

static struct conf_policy *
random_policy(const char *name)
{
	struct conf_policy *p = conf_policy_new(name);
	struct conf_statement *st;
	uint32_t i, n = rnd(STATEMENTS);

	for (i = 0; i < n; i++) {
		st = conf_policy_add_statement(p, rnd(2) ? "named" : NULL);
		random_conditions(&st->conditions);
		random_actions(&st->actions);
	}
	return p;
}

static void
random_assignment(struct conf_assignment *a)
{
	char name[] = "P0";
	uint32_t i, n = rnd(3);

	conf_assignment_fini(a);
	a->dflt = (uint8_t)rnd(3);
	a->policies = n == 0 ? NULL : xcalloc(n, sizeof(*a->policies));
	for (i = 0; i < n; i++) {
		name[1] = (char)('0' + rnd(POLICIES));
		a->policies[a->n++] = xstrdup(name);
	}
}

/* A generation that differs from the one before in one thing or several. */
static void
op_policies(void)
{
	struct conf *next = conf == NULL ? conf_new() : conf_copy(conf);
	enum policy_build b = POLICY_BUILD_MORE;
	bool first = conf == NULL;
	char name[] = "P0";
	struct err e;
	uint32_t i;
	size_t at;

	for (at = 0; at < nitems(sets); at++) {
		if (first || rnd(6) == 0)
			conf_set_put(next,
			    random_set(sets[at].kind, sets[at].name));
	}
	for (i = 0; i < POLICIES; i++) {
		name[1] = (char)('0' + i);
		if (first || rnd(8) == 0)
			conf_policy_put(next, random_policy(name));
	}
	for (i = 1; i < PEERS; i++) {
		if (first || rnd(8) == 0)
			random_assignment(&assigned[i][rnd(2)]);
	}
	policy_store_build(rde->store, next);
	while (b == POLICY_BUILD_MORE)
		b = policy_store_step(rde->store, 1 + rnd(5), &e);
	ck_assert(b == POLICY_BUILD_DONE);
	policy_store_commit(rde->store);
	conf_free(conf);
	conf = next;
	rde_policies_changed(rde);
}

static void
assignments_clear(void)
{
	uint32_t i;

	for (i = 0; i < PEERS; i++) {
		conf_assignment_fini(&assigned[i][0]);
		conf_assignment_fini(&assigned[i][1]);
	}
	memset(assigned, 0, sizeof(assigned));
}

/* A generation without policies, and nothing remembered of the others. */
static void
policies_end(void)
{
	struct conf *none = conf_new();
	struct err e;

	assignments_clear();
	policy_store_build(rde->store, none);
	ck_assert(policy_store_step(rde->store, 1, &e) == POLICY_BUILD_DONE);
	policy_store_commit(rde->store);
	conf_free(conf);
	conf = none;
	rde_policies_changed(rde);
	drain();
	check_model();
	policy_apply_forget(rde);
}

static void
teardown(void)
{
	assignments_clear();
	conf_free(conf);
	conf = NULL;
	rde_free(rde);
	rde = NULL;
}

static void
op_slow(uint32_t id)
{
	struct peer *peer = rde_peer_find(rde, id);
	struct speaker *s = &speakers[id];

	if (s->extra != 0) {
		ck_assert(rde_tx_credit(rde, peer, s->extra));
		s->extra = 0;
	} else if (peer->tx_used < TX_WINDOW) {
		s->extra = TX_WINDOW - peer->tx_used;
		peer->tx_used = TX_WINDOW;
	}
}

static void
churn(uint64_t with, int steps, bool with_policies)
{
	uint32_t id;
	int i;

	seed = with;
	for (i = 0; i < steps; i++) {
		id = 1 + rnd(PEERS - 1);
		switch (rnd(16)) {
		default:
			if (speakers[id].is_up)
				op_announce(id);
			break;
		case 8:
			op_local();
			break;
		case 9:
			if (speakers[id].is_up && rnd(4) == 0)
				op_down(id);
			break;
		case 10:
		case 11:
			if (!speakers[id].is_up)
				op_up(id);
			break;
		case 12:
			if (rnd(3) == 0)
				op_stale_drop(id);
			break;
		case 13:
			if (speakers[id].is_up)
				op_slow(id);
			break;
		case 14:
			if (speakers[id].is_up && rnd(3) == 0) {
				rde_refresh(rde, rde_peer_find(rde, id),
				    FAMILY_ALL & rnd(4));
				speakers[id].refreshing = true;
			}
			break;
		}
		if (with_policies && rnd(12) == 0)
			op_policies();
		if (rnd(2) == 0)
			rde_reeval(rde, rnd(60));
		credit(1 + rnd(PEERS - 1), false);
		if (rnd(3) == 0)
			rde_sweep(rde, rnd(40));
		if (rnd(3) == 0)
			rde_settle(rde);
		if (rnd(2) == 0) {
			now = mono_add_ms(now, rnd(200));
			rde_pack(rde, now,
			    rnd(2) == 0 ? MONO_NEVER : (struct mono){ 0 },
			    4096 + rnd(3000));
		}
		if (rnd(10) == 0)
			check_adjout(1 + rnd(PEERS - 1));
		if (rnd(10) == 0)
			check_counts(1 + rnd(PEERS - 1));
		if (rnd(150) == 0) {
			drain();
			check_model();
		}
	}
	drain();
	check_model();
	for (id = 1; id < PEERS; id++)
		check_counts(id);
}

START_TEST(test_churn)
{
	churn(0x1234567u + (uint64_t)_i * 7919, 1500, _i % 2 == 1);
	if (conf != NULL)
		policies_end();
	check_references();
}
END_TEST

/* Everything that came is gone again: no entry, no set, no memory kept. */
START_TEST(test_all_gone)
{
	uint32_t id, i;

	churn(99, 800, false);
	for (id = 1; id < PEERS; id++) {
		struct peer *peer = rde_peer_find(rde, id);

		if (peer == NULL)
			continue;
		rde_peer_gone(rde, peer);
		speakers[id].is_up = false;
		memset(speakers[id].out, 0, sizeof(speakers[id].out));
	}
	for (i = 0; i < PREFIXES; i++)
		rde_local_remove(rde, &prefixes[i]);
	drain();
	ck_assert_uint_eq(attrs_count(rde->attrs), 0);
	ck_assert(TAILQ_EMPTY(&rde->groups));
	for (i = 0; i < FAMILY__MAX; i++) {
		ck_assert_uint_eq(rde->ribs[i].entries.live, 0);
		ck_assert_uint_eq(rde->ribs[i].paths.live, 0);
		ck_assert_uint_eq(rde->ribs[i].n_best, 0);
		ck_assert_uint_eq(prefix_index_count(rde->ribs[i].index), 0);
	}
	for (id = 1; id < PEERS; id++)
		ck_assert_ptr_null(rde_peer_find(rde, id));
}
END_TEST

/* Peers of one key end up in one group, however they came. */
START_TEST(test_groups_merge)
{
	uint32_t i;

	always_ready = true;
	for (i = 0; i < 30; i++)
		op_local();
	op_up(1);
	drain();
	op_up(2);
	rde_pack(rde, now, MONO_NEVER, 1 << 20);
	op_up(3);
	op_up(4);
	drain();
	ck_assert_ptr_nonnull(rde_peer_find(rde, 1)->group[0]);
	for (i = 2; i <= 4; i++)
		ck_assert_ptr_eq(rde_peer_find(rde, i)->group[0],
		    rde_peer_find(rde, 1)->group[0]);
	/* One group a family. */
	ck_assert_uint_eq(rde->n_groups, 2);
	check_model();
}
END_TEST

/* A slow member does not hold up the others and comes back. */
START_TEST(test_slow_member)
{
	uint32_t i;

	for (i = 1; i <= 4; i++)
		op_up(i);
	drain();
	always_ready = true;
	op_slow(2);
	op_announce(1);
	rde_pack(rde, now, MONO_NEVER, 1 << 20);
	ck_assert_ptr_eq(rde_peer_find(rde, 2)->group[0],
	    rde_peer_find(rde, 3)->group[0]);
	now = mono_add_ms(now, 1000);
	rde_pack(rde, now, MONO_NEVER, 1 << 20);
	while (rde_sweep(rde, 7))
		;
	rde_pack(rde, now, MONO_NEVER, 1 << 20);
	ck_assert_ptr_ne(rde_peer_find(rde, 2)->group[0],
	    rde_peer_find(rde, 3)->group[0]);
	ck_assert_uint_gt(speakers[3].got, 0);
	drain();
	ck_assert_ptr_eq(rde_peer_find(rde, 2)->group[0],
	    rde_peer_find(rde, 3)->group[0]);
	check_model();
}
END_TEST

static void
announce_one(uint32_t id, uint32_t at)
{
	struct speaker *s = &speakers[id];
	uint8_t msg[1024], block[BLOCK];
	struct addr nh;
	size_t n;

	seed = at;
	random_path(&s->in[at], s, prefixes[at].family);
	s->in[at].n_comms = 0;
	nh = next_hop_of(prefixes[at].family, s->in[at].next_hop);
	n = build(&s->in[at], prefixes[at].family, s->in[at].asns,
	    s->in[at].n_asns, &nh, block);
	n = write_update(msg, s, block, n, &prefixes[at]);
	rde_updates(rde, rde_peer_find(rde, id), msg, n, now);
}

/* A refresh brings every route, also those that change meanwhile in what the
 * receiver cannot see (here MED, towards another AS). */
START_TEST(test_refresh_while_med_changes)
{
	uint8_t msg[1024], block[BLOCK];
	struct speaker *s = &speakers[1];
	struct held *out = speakers[2].out;
	struct addr nh;
	uint32_t at, had = 0;
	size_t n;

	ck_assert(!speakers[1].ibgp && !speakers[2].ibgp);
	op_up(1);
	op_up(2);
	for (at = 0; at < 10; at++)
		announce_one(1, at);
	drain();
	always_ready = true;
	for (at = 0; at < 10; at++) {
		had += out[at].there;
		out[at].there = false;
	}
	ck_assert_uint_gt(had, 2);
	speakers[2].refreshing = true;
	rde_refresh(rde, rde_peer_find(rde, 2), FAMILY_ALL);
	/* Room for one message: the rest waits. */
	rde_pack(rde, now, MONO_NEVER, 4096);
	ck_assert_uint_gt(rde->n_resends, 0);
	for (at = 0; at < 10; at++) {
		s->in[at].has_med = true;
		s->in[at].med = 1000 + at;
		nh = next_hop_of(prefixes[at].family, s->in[at].next_hop);
		n = build(&s->in[at], prefixes[at].family, s->in[at].asns,
		    s->in[at].n_asns, &nh, block);
		n = write_update(msg, s, block, n, &prefixes[at]);
		rde_updates(rde, rde_peer_find(rde, 1), msg, n, now);
	}
	drain();
	check_model();
}
END_TEST

START_TEST(test_max_prefix)
{
	struct peer *peer;
	uint8_t msg[64];
	uint32_t i;

	speakers[1].up.has_max_prefix = true;
	speakers[1].up.max_prefix = 5;
	speakers[1].up.max_prefix_stop = true;
	op_up(1);
	peer = rde_peer_find(rde, 1);
	for (i = 0; i < 5; i++)
		announce_one(1, i + (i == 4 ? N4 : 0));
	/* Again what is there, and one for another. */
	announce_one(1, 2);
	rde_updates(rde, peer, msg, write_withdraw(msg, &prefixes[0]), now);
	speakers[1].in[0].there = false;
	announce_one(1, 7);
	ck_assert_uint_eq(shuts, 0);
	ck_assert_uint_eq(peer_prefixes(peer), 5);
	announce_one(1, 8);
	ck_assert_uint_eq(shuts, 1);
	ck_assert_uint_eq(last_shut.code, BGP_ERR_CEASE);
	ck_assert_uint_eq(last_shut.subcode, BGP_CEASE_MAX_PREFIX);
	ck_assert(last_shut.prefix_limit);
	ck_assert_uint_eq(last_shut.data_len, 7);
	ck_assert_uint_eq(peer_prefixes(peer), 5);
	speakers[1].in[8].there = false;
	/* Nothing is taken from it any more. */
	announce_one(1, 9);
	speakers[1].in[9].there = false;
	ck_assert_uint_eq(peer_prefixes(peer), 5);
	/* A new session while the old routes are still leaving. */
	rde_peer_down(rde, peer, 0);
	forget(&speakers[1], FAMILY_ALL, false);
	speakers[1].up.max_prefix_stop = false;
	op_up(1);
	for (i = 10; i < 17; i++)
		announce_one(1, i);
	for (i = 15; i < 17; i++)
		speakers[1].in[i].there = false;
	ck_assert_uint_eq(shuts, 1);
	ck_assert_uint_eq(limits, 1);
	ck_assert_uint_eq(peer_prefixes(peer), 5);
	drain();
	check_model();
}
END_TEST

/* An own address as next hop, and a loop, replace what was there. */
START_TEST(test_ineligible_replaces)
{
	struct speaker *s = &speakers[1];
	uint8_t msg[1024], block[BLOCK];
	struct route_view v;
	struct path p = { .there = true,
		.n_asns = 2,
		.asns = { 64501, 64510 } };
	size_t n;

	op_up(1);
	op_up(2);
	n = build(&p, FAMILY_IPV4_UNICAST, p.asns, 2, &s->up.remote, block);
	n = write_update(msg, s, block, n, &prefixes[8]);
	rde_updates(rde, rde_peer_find(rde, 1), msg, n, now);
	drain();
	ck_assert(speakers[2].out[8].there);
	n = build(&p, FAMILY_IPV4_UNICAST, p.asns, 2, &s->up.local, block);
	n = write_update(msg, s, block, n, &prefixes[8]);
	rde_updates(rde, rde_peer_find(rde, 1), msg, n, now);
	drain();
	ck_assert(!speakers[2].out[8].there);
	ck_assert(rde_adjin(rde, rde_peer_find(rde, 1), FAMILY_IPV4_UNICAST,
	    rib_find(&rde->ribs[0], &prefixes[8]), &v));
	ck_assert(v.ineligible);
	p.asns[1] = OUR_AS;
	n = build(&p, FAMILY_IPV4_UNICAST, p.asns, 2, &s->up.remote, block);
	n = write_update(msg, s, block, n, &prefixes[8]);
	rde_updates(rde, rde_peer_find(rde, 1), msg, n, now);
	drain();
	ck_assert(!speakers[2].out[8].there);
	ck_assert_uint_eq(rde->stats.loops, 1);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("rde");
	TCase *t = tcase_create("model");
	SRunner *sr;
	int failed;

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 240);
	tcase_add_loop_test(t, test_churn, 0, 32);
	tcase_add_test(t, test_all_gone);
	tcase_add_test(t, test_groups_merge);
	tcase_add_test(t, test_slow_member);
	tcase_add_test(t, test_refresh_while_med_changes);
	tcase_add_test(t, test_max_prefix);
	tcase_add_test(t, test_ineligible_replaces);
	suite_add_tcase(s, t);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? 0 : 1;
}
