/* SPDX-License-Identifier: ISC */
/*
 * The whole route engine.  The input is a script: UPDATEs of four peers
 * with different sessions, sessions that come and go, routes of our own,
 * and policies with every kind of set and action that are assigned, changed
 * and taken away meanwhile.
 * What is sent must be well-formed for whom it is for, a prefix is withdrawn
 * only from who has it, the listing of what was sent agrees with what was,
 * and when all are gone nothing is left.
 */
#include "common/bgp.h"
#include "common/bgp_attr.h"
#include "common/bgp_nlri.h"
#include "common/bgp_update.h"
#include "common/conf.h"
#include "common/hash.h"
#include "common/msg.h"
#include "common/msg_route.h"
#include "common/policy_text.h"
#include "common/xmalloc.h"
#include "rde/group.h"
#include "rde/policy_apply.h"
#include "rde/policy_store.h"
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

/* Two configurations with the same names; each peer has a mask of policies
 * a direction, default actions in its upper bits. */
enum { CONFS = 2, POLICIES = 6 };
static const char *const names[POLICIES] = { "sets", "inverted", "numbers",
	"acts", "communities", "edge" };
static struct conf *confs[CONFS], *none;
static bool configured; /* one of confs[] is in force */
static uint8_t assigned[PEERS][CONF_DIRECTION__MAX];

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

static void
on_programs(void *ctx, const struct peer *peer, struct policy_program *to[2])
{
	struct conf_assignment a;
	char *list[POLICIES];
	uint8_t with;

	(void)ctx;
	if (!configured || peer->id >= PEERS)
		return;
	for (int d = 0; d < CONF_DIRECTION__MAX; d++) {
		with = assigned[peer->id][d];
		memset(&a, 0, sizeof(a));
		a.policies = list;
		for (int i = 0; i < POLICIES; i++) {
			if (with >> i & 1)
				memcpy(&list[a.n++], &names[i],
				    sizeof(list[0]));
		}
		a.dflt = (uint8_t)(with >> 6) % 3;
		to[d] = policy_store_program(rde->store, &a, with >> 6 == 3);
	}
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

/* --- policies */

static struct conf_comm
comm(enum conf_set_kind kind, const char *text)
{
	struct conf_comm c;
	struct err e;

	FUZZ_HOLDS(policy_comm_parse(kind, text, true, &c, &e) == 0);
	return c;
}

static void
set_comms(struct conf *conf, enum conf_set_kind kind, const char *first,
    const char *second)
{
	struct conf_set *set = conf_set_new(kind, "s");
	struct conf_comm c = comm(kind, first);

	conf_set_add_comm(set, &c);
	c = comm(kind, second);
	conf_set_add_comm(set, &c);
	conf_set_put(conf, set);
}

static void
set_prefixes(struct conf *conf, int which)
{
	struct conf_set *set = conf_set_new(CONF_SET_PREFIX, "s");
	struct conf_prefix p;

	for (int i = 0; i < 8; i++) {
		memset(&p, 0, sizeof(p));
		p.nlri.family = i & 1 ? FAMILY_IPV6_UNICAST :
					FAMILY_IPV4_UNICAST;
		p.nlri.bits = (uint8_t)(i / 2 * 8);
		p.nlri.key[0] = i & 1 ? 0x20 : 10;
		p.nlri.key[1] = i & 1 ? 1 : (uint8_t)which;
		nlri_mask(&p.nlri);
		p.min = (uint8_t)(p.nlri.bits + which);
		p.max = (uint8_t)(p.min + i);
		conf_set_add_prefix(set, &p);
	}
	conf_set_put(conf, set);
}

static struct conf_statement *
statement(struct conf_policy *p, enum conf_set_kind kind, uint8_t option,
    uint8_t says)
{
	struct conf_statement *st = conf_policy_add_statement(p, "s");

	if (kind < CONF_SET__MAX) {
		st->conditions.match[kind].set = xstrdup("s");
		st->conditions.match[kind].option = option;
	}
	st->actions.says = says;
	return st;
}

static void
edit(struct conf_statement *st, enum conf_set_kind kind, enum conf_comm_op op,
    const char *text)
{
	struct conf_comm c = comm(kind, text);

	conf_actions_add_edit(&st->actions, kind, op, &c, 1);
}

static void
policy_sets(struct conf *conf, const char *name, int which, bool inverted)
{
	static const uint8_t says[] = { CONF_SAYS_CONTINUE, CONF_SAYS_REJECT,
		CONF_SAYS_ACCEPT };
	struct conf_policy *p = conf_policy_new(name);
	struct conf_statement *st;

	for (int kind = 0; kind < CONF_SET__MAX; kind++) {
		st = statement(p, (enum conf_set_kind)kind,
		    inverted	 ? CONF_MATCH_INVERT :
			kind & 1 ? CONF_MATCH_ALL :
				   CONF_MATCH_ANY,
		    says[(kind + which) % 3]);
		st->actions.med_op = CONF_MED_ADD;
		st->actions.med = 1u << kind;
	}
	conf_policy_put(conf, p);
}

static void
policy_numbers(struct conf *conf, int which)
{
	struct conf_policy *p = conf_policy_new("numbers");
	struct conf_conditions *c;

	for (int i = 0; i < 9; i++) {
		c = &statement(p, CONF_SET__MAX, 0,
		    i % 3 == which ? CONF_SAYS_REJECT : CONF_SAYS_CONTINUE)
			 ->conditions;
		switch (i) {
		case 0:
			c->med = (struct conf_numbers){ true, 1, 100 };
			break;
		case 1:
			c->local_pref = (struct conf_numbers){ true, 90, 99 };
			break;
		case 2:
			c->as_path_len = (struct conf_numbers){ true, 4, 9 };
			break;
		case 3:
			c->origins = 2;
			break;
		case 4:
			c->has_asn = true;
			c->asn = 65001;
			break;
		case 5:
			c->has_next_hop = true;
			c->next_hop.family = FAMILY_IPV4_UNICAST;
			c->next_hop.bits = 1;
			break;
		case 6:
			c->route_types = CONF_ROUTE_IBGP | CONF_ROUTE_LOCAL;
			break;
		case 7:
			c->has_community = true;
			c->community = comm(CONF_SET_COMMUNITY, "65000:*");
			break;
		case 8:
			c->families = FAMILY_BIT(FAMILY_IPV6_UNICAST);
			c->neighbor = addr_ipv4(0xc0000201);
			break;
		}
	}
	conf_policy_put(conf, p);
}

static void
policy_acts(struct conf *conf, int which)
{
	struct conf_policy *p = conf_policy_new("acts");
	struct conf_statement *st;

	for (int i = 0; i < 8; i++) {
		st = statement(p, i & 1 ? CONF_SET_PREFIX : CONF_SET__MAX,
		    CONF_MATCH_ANY, i == 7 ? 0 : CONF_SAYS_CONTINUE);
		st->actions.local_pref_op = (uint8_t)(i % 3);
		st->actions.local_pref = 90u + (uint32_t)(i * which);
		st->actions.med_op = (uint8_t)((i + which) % 5);
		st->actions.med = 7;
		st->actions.next_hop_op = (uint8_t)(i % 3);
		st->actions.next_hop = addr_ipv4(0xc6336401);
		st->actions.has_origin = i % 4 == 1;
		st->actions.origin = 2;
		st->actions.prepend = i % 4 == 2 ? (uint8_t)(i * 10) : 0;
		st->actions.prepend_as = which ? 0 : 65009;
		st->actions.deletes = i % 4 == 3;
		memset(st->actions.delete_attrs, 0,
		    sizeof(st->actions.delete_attrs));
		for (unsigned int t = 4; t < 256; t += 3) {
			if (conf_attr_is_deletable((uint8_t)t))
				st->actions.delete_attrs[t / 8] |=
				    (uint8_t)(1 << t % 8);
		}
	}
	conf_policy_put(conf, p);
}

static void
policy_communities(struct conf *conf, int which)
{
	struct conf_policy *p = conf_policy_new("communities");
	struct conf_statement *st;
	enum conf_comm_op op;

	for (int i = 0; i < 6; i++) {
		op = (enum conf_comm_op)((i + which) % 3);
		st = statement(p, i < 3 ? CONF_SET__MAX : CONF_SET_COMMUNITY,
		    CONF_MATCH_INVERT, i == 5 ? 0 : CONF_SAYS_CONTINUE);
		edit(st, CONF_SET_COMMUNITY, op,
		    op == CONF_COMM_REMOVE ? "65000:*" : "65535:65281");
		edit(st, CONF_SET_EXT_COMMUNITY, op,
		    op == CONF_COMM_REMOVE ? "rt:65000:*" : "rt:65000:1");
		edit(st, CONF_SET_LARGE_COMMUNITY, op,
		    op == CONF_COMM_REMOVE ? "*:1:*" : "1:1:1");
		edit(st, CONF_SET_COMMUNITY, CONF_COMM_REMOVE,
		    which ? "65535:65281" : "*:*");
	}
	conf_policy_put(conf, p);
}

/* Makes a route as long as it can be. */
static void
policy_edge(struct conf *conf, int which)
{
	struct conf_policy *p = conf_policy_new("edge");
	struct conf_statement *st;
	char text[32];

	for (int i = 0; i < 8; i++) {
		st = statement(p, CONF_SET__MAX, 0,
		    i == 7 ? 0 : CONF_SAYS_CONTINUE);
		st->conditions.as_path_len =
		    (struct conf_numbers){ true, 3, UINT32_MAX };
		st->actions.prepend = CONF_PREPEND_MAX;
		for (int k = 0; k < 20 + which; k++) {
			snprintf(text, sizeof(text), "%d:%d:%d", i, k, which);
			edit(st, CONF_SET_LARGE_COMMUNITY, CONF_COMM_ADD,
			    text);
		}
	}
	conf_policy_put(conf, p);
}

static struct conf *
conf_make(int which)
{
	static const char *const patterns[][4] = {
		{ "_65001_", "^65002( 65002)*$", "(([0-9]+ ?)+)+[x]", "{" },
		{ "^$", "_6500[1-9]_", "((_[0-9]+)*)*_1$", "^65003_" },
	};
	struct conf *conf = conf_new();
	struct conf_set *set;
	struct addr a;

	set_prefixes(conf, which);
	set = conf_set_new(CONF_SET_NEIGHBOR, "s");
	for (int i = 1; i < 3; i++) {
		a = addr_ipv4(0xc0000200u + (uint32_t)(i + which));
		conf_set_add_neighbor(set, &a);
	}
	conf_set_put(conf, set);
	set = conf_set_new(CONF_SET_AS_PATH, "s");
	for (int i = 0; i < 4; i++)
		conf_set_add_pattern(set, patterns[which][i]);
	conf_set_put(conf, set);
	set_comms(conf, CONF_SET_COMMUNITY, which ? "65000:1" : "65000:*",
	    "no-export");
	set_comms(conf, CONF_SET_EXT_COMMUNITY, "rt:65000:*",
	    which ? "color:1" : "0x4302030405060708");
	set_comms(conf, CONF_SET_LARGE_COMMUNITY, "1:*:*",
	    which ? "*:*:3" : "1:2:3");
	policy_sets(conf, "sets", which, false);
	policy_sets(conf, "inverted", which, true);
	policy_numbers(conf, which);
	policy_acts(conf, which);
	policy_communities(conf, which);
	policy_edge(conf, which);
	return conf;
}

static void
configure(struct conf *conf)
{
	enum policy_build b;
	struct err e;

	policy_store_build(rde->store, conf);
	do
		b = policy_store_step(rde->store, 7, &e);
	while (b == POLICY_BUILD_MORE);
	FUZZ_HOLDS(b == POLICY_BUILD_DONE);
	policy_store_commit(rde->store);
	configured = conf != none;
	rde_policies_changed(rde);
}

/* n8 peer, n8 import, n8 export, or a configuration. */
static void
policies(const uint8_t *p, size_t len)
{
	uint32_t id;

	if (len < 3) {
		configure(len == 0 ? none : confs[p[0] % CONFS]);
		return;
	}
	id = 1 + p[0] % (PEERS - 1);
	assigned[id][CONF_IMPORT] = p[1];
	assigned[id][CONF_EXPORT] = p[2];
	rde_policies_changed(rde);
}

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
	(void)rde_pack(rde, now, budget % 2 == 0 ? MONO_NEVER : now, budget);
}

static void
drain(void)
{
	bool more = true;

	for (int i = 0; more; i++) {
		FUZZ_HOLDS(i < 10000);
		more = rde_sweep(rde, 64);
		more = rde_reeval(rde, 64) || more;
		settle(1 << 20);
		for (uint32_t id = 1; id < PEERS; id++) {
			more = more || window[id] > 0;
			credit(id);
		}
		more = more || rde_has_sweep(rde) || rde_has_reeval(rde);
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
		(void)rde_reeval(rde, how);
		break;
	case 2:
		policies(p, len);
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
	configure(none);
	drain();
	policy_apply_forget(rde);
	FUZZ_HOLDS(attrs_count(rde->attrs) == 0);
	for (id = 1; id < PEERS; id++)
		FUZZ_HOLDS(rde_peer_find(rde, id) == NULL);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static bool ready;

	if (len > 16384)
		return 0;
	if (!ready) {
		hash_init();
		none = conf_new();
		for (int i = 0; i < CONFS; i++)
			confs[i] = conf_make(i);
	}
	ready = true;
	now = (struct mono){ 1000000 };
	rde = rde_new(&ops, NULL);
	rde_configure(rde, LOCAL_AS, 0x0a000001, 0x0a000001);
	memset(assigned, 0, sizeof(assigned));
	/* So that the first steps already have policies. */
	for (uint32_t id = 1; len > 0 && id < PEERS; id++) {
		assigned[id][CONF_IMPORT] = (uint8_t)(data[0] * id);
		assigned[id][CONF_EXPORT] = (uint8_t)(data[0] * id * 3);
	}
	configure(confs[0]);
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
