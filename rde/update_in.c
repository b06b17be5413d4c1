/* SPDX-License-Identifier: ISC */
/*
 * Received UPDATEs; see update_in.h.
 *
 * Messages are taken in batches: parse up to BATCH of them, intern their
 * blocks, then apply the prefixes of all of them as one list, so that the
 * memory a prefix needs is on its way before it is its turn.
 *
 * References to an attribute set are taken once a message, as many as its
 * NLRI can use at most; what was not used is given back after the batch.
 */
#include "rde/update_in.h"

#include <stdlib.h>
#include <string.h>

#include "common/aspath.h"
#include "common/bgp_attr.h"
#include "common/bgp_msg.h"
#include "common/bgp_nlri.h"
#include "common/log.h"
#include "common/msg.h"
#include "common/xmalloc.h"
#include "rde/policy_apply.h"
#include "rde/unref.h"

enum {
	BATCH = 64,
	SPANS = 4, /* of NLRI in a message */
	KEYS = 1024,
	AHEAD = 12, /* prefixes between prefetch and use */
	BUF_SIZE = BGP_UPDATE_BUF(MSG_BATCH_MAX) + BATCH * 128,
};

/* A block of a message and the routes that have it. */
struct block {
	const uint8_t *p;
	uint16_t len;
	bool ineligible;
	uint8_t loop; /* type of the attribute that shows one; 0: none */
	uint32_t hash;
	uint32_t handle;
	uint32_t refs; /* taken and not yet used */
};

enum { BLOCK_IPV4, BLOCK_MP, BLOCKS };

struct record { /* one message */
	struct bgp_nlri_span withdrawn, announced, mp_unreach, mp_reach;
	struct block blocks[BLOCKS];
	bool treat_as_withdraw;
	size_t prefixes; /* of all spans ... */
	size_t same; /* ... and how many of them changed nothing */
};

/* Prefixes of a message with which the same is to be done. */
struct op {
	struct record *record; /* that they are of */
	struct block *block; /* NULL: withdraw */
	uint16_t end; /* of its keys, which begin where the ones before end */
	uint8_t family;
	bool fault; /* announced, and treated as withdrawal */
};

struct update_in {
	struct record records[BATCH];
	struct op ops[BATCH * SPANS];
	size_t n_ops;
	struct prefix_key keys[KEYS];
	size_t n_keys;
	struct unref unref;
	uint8_t buf[BUF_SIZE];
};

struct update_in *
update_in_new(void)
{
	/* Most of the buffer is never touched; malloc maps it lazily. */
	return xmalloc(sizeof(struct update_in));
}

void
update_in_free(struct update_in *in)
{
	free(in);
}

/* --- looking at a block --- */

static bool
cluster_loops(const struct rde *rde, const struct bgp_attr *a)
{
	struct rd rd;
	uint32_t id;

	rd_init(&rd, a->value, a->len);
	while (rd_left(&rd) >= 4) {
		id = rd_n32(&rd);
		if (id == rde->cluster_id || id == rde->router_id)
			return true;
	}
	return false;
}

/*
 * Routes that are kept but never chosen: our AS in the path (RFC 4271 9),
 * reflected by ourselves (RFC 4456 8), next hop that is our own address
 * (RFC 4271 5.1.3).
 */
static bool
is_ineligible(const struct rde *rde, const struct peer *peer,
    const struct bgp_block *block, uint8_t *why)
{
	const uint8_t *p = block->p, *end = block->p + block->len;
	struct bgp_attr a;
	uint32_t id;
	bool loop = false, own = false;

	while (
	    !loop && attrs_next(&p, end, &a) && a.type <= BGP_ATTR_MP_REACH) {
		switch (a.type) {
		case BGP_ATTR_AS_PATH:
			loop = aspath_contains(a.value, a.len, peer->local_as);
			break;
		case BGP_ATTR_NEXT_HOP:
			own = peer->local.family == ADDR_IPV4 && a.len == 4 &&
			    memcmp(a.value, peer->local.bytes, 4) == 0;
			break;
		case BGP_ATTR_MP_REACH:
			own = peer->local.family == ADDR_IPV6 && a.len >= 20 &&
			    memcmp(a.value + 4, peer->local.bytes, 16) == 0;
			break;
		case BGP_ATTR_ORIGINATOR_ID:
			loop = bgp_attr_u32(&a, &id) && id == rde->router_id;
			break;
		case BGP_ATTR_CLUSTER_LIST:
			loop = cluster_loops(rde, &a);
			break;
		default:
			break;
		}
	}
	/* The loop has ended with the attribute that shows it. */
	*why = loop ? a.type : 0;
	return loop || own || block->bad_next_hop;
}

/* --- applying --- */

/* Would one more route be beyond the peer's limit?  `flags`: of the path it
 * has there, -1 if none. */
static bool
is_over_limit(const struct peer *peer, enum family family, int flags)
{
	bool fresh;

	if (!peer->has_max_prefix || peer_prefixes(peer) < peer->max_prefix)
		return false;
	if (flags == -1)
		return true;
	fresh = ((flags & RIB_GENERATION) != 0) ==
	    ((peer->generation >> family & 1) != 0);
	/* A kept stale route is counted already, a leaving one is not. */
	return !fresh && (peer->keeping & FAMILY_BIT(family)) == 0;
}

static void
limit_met(struct rde *rde, struct peer *peer, enum family family)
{
	uint8_t data[7];
	struct wr wr;
	struct peer_shut shut = {
		.code = BGP_ERR_CEASE,
		.subcode = BGP_CEASE_MAX_PREFIX,
		.prefix_limit = true,
		.data = data,
		.data_len = sizeof(data),
	};

	if (peer->max_prefix_discard) {
		if (!peer->limit_logged)
			rde->ops->limit(rde->ctx, peer);
		peer->limit_logged = true;
		return;
	}
	/* RFC 4486 4 */
	wr_init(&wr, data, sizeof(data));
	wr_n16(&wr, family_afi(family));
	wr_n8(&wr, family_safi(family));
	wr_n32(&wr, peer->max_prefix);
	peer->shut = true;
	rde->ops->shut(rde->ctx, peer, &shut);
}

/* Is a path with these flags of an earlier session and on its way out? */
static bool
is_leaving(const struct peer *peer, enum family family, uint8_t flags)
{
	return ((flags & RIB_GENERATION) != 0) !=
	    ((peer->generation >> family & 1) != 0) &&
	    (peer->keeping & FAMILY_BIT(family)) == 0;
}

/* Is what was put over another path what the peer has said already?  `own`:
 * policy was asked, which may have changed since. */
static bool
is_same(const struct rde *rde, const struct peer *peer, const struct op *op,
    enum rib_change change, const struct rib_old *old, bool own)
{
	if (is_leaving(peer, (enum family)op->family, old->flags))
		return false;
	return change == RIB_SAME ||
	    (own &&
		attrs_received(rde->attrs, old->attrs) == op->block->handle);
}

static void
count_same(uint32_t *counter, const struct op *op)
{
	if (op->fault)
		return;
	op->record->same++;
	(*counter)++;
}

/* The counters of a peer after a path of it was stored over another one. */
static void
count_old(struct peer *peer, enum family family, uint8_t old_flags)
{
	struct peer_count *c = &peer->count[family];

	if (((old_flags & RIB_GENERATION) != 0) ==
	    ((peer->generation >> family & 1) != 0))
		c->fresh--;
	else
		c->stale--;
}

static void
apply_withdraw(struct rde *rde, struct update_in *in, struct peer *peer,
    const struct op *op, const struct prefix_key *key)
{
	enum rib_change change;
	struct rib_old old;

	change = rib_remove(&rde->ribs[op->family], key, peer->id, &old);
	if (change == RIB_NONE ||
	    is_leaving(peer, (enum family)op->family, old.flags))
		count_same(&peer->tally.same_withdrawals, op);
	if (change == RIB_NONE)
		return;
	count_old(peer, op->family, old.flags);
	unref_add(&in->unref, rde->attrs, old.attrs);
	rde_changed(rde, RDE_MONITOR_IN, op->family, peer->id, true, key);
}

/* A path was put in the place of an earlier one of the peer, or is that one.
 * `own`: the handle has a reference of its own. */
static void
announced_again(struct rde *rde, struct update_in *in, struct peer *peer,
    const struct op *op, const struct prefix_key *key, uint32_t handle,
    uint8_t flags, enum rib_change change, const struct rib_old *old, bool own)
{
	if (is_same(rde, peer, op, change, old, own))
		count_same(&peer->tally.same_prefixes, op);
	count_old(peer, op->family, old->flags);
	if (change != RIB_SAME || ((old->flags ^ flags) & RIB_GENERATION))
		rde_changed(rde, RDE_MONITOR_IN, op->family, peer->id, false,
		    key);
	if (change == RIB_REPLACED) {
		op->block->refs -= !own;
		unref_add(&in->unref, rde->attrs, old->attrs);
	} else if (own) {
		attrs_unref(rde->attrs, handle, 1);
	}
}

static inline void
apply_announce(struct rde *rde, struct update_in *in, struct peer *peer,
    const struct op *op, const struct prefix_key *key)
{
	struct rib *rib = &rde->ribs[op->family];
	enum rib_change change;
	struct rib_old old;
	uint8_t flags = peer->generation >> op->family & 1 ? RIB_GENERATION : 0;
	uint32_t handle = op->block->handle;
	bool rejected = false, own; /* has the handle a reference of its own? */

	if (peer->has_max_prefix && peer_prefixes(peer) >= peer->max_prefix &&
	    is_over_limit(peer, op->family,
		rib_path_flags(rib, key, peer->id))) {
		limit_met(rde, peer, op->family);
		return;
	}
	/* What can never be chosen needs no policy. */
	own = peer->program[CONF_IMPORT] != NULL && !op->block->ineligible;
	if (own)
		handle = policy_import(rde, peer, (enum family)op->family, key,
		    handle, &rejected);
	if (op->block->ineligible || rejected)
		flags |= RIB_INELIGIBLE;
	change = rib_put(rib, key, peer->id, handle, flags, rde->now, &old);
	peer->count[op->family].fresh++;
	peer->tally.rejected += rejected;
	if (change != RIB_NEW) {
		announced_again(rde, in, peer, op, key, handle, flags, change,
		    &old, own);
		return;
	}
	op->block->refs -= !own;
	rde_changed(rde, RDE_MONITOR_IN, op->family, peer->id, false, key);
}

/* Bring nearer what the key at `at` will need.  Returns the op that it is of,
 * which is `op` or one behind it. */
static inline const struct op *
ops_prefetch(struct rde *rde, const struct update_in *in,
    const struct peer *peer, const struct op *op, size_t at)
{
	const struct policy_program *prog = peer->program[CONF_IMPORT];

	if (at >= in->n_keys)
		return op;
	while (at >= op->end)
		op++;
	rib_prefetch(&rde->ribs[op->family], &in->keys[at]);
	if (prog != NULL)
		policy_prefetch(prog, (enum family)op->family, &in->keys[at]);
	return op;
}

static void
ops_apply(struct rde *rde, struct update_in *in, struct peer *peer)
{
	const struct op *op, *ahead = in->ops;
	size_t i, at = 0;

	for (i = 0; i < AHEAD; i++)
		ahead = ops_prefetch(rde, in, peer, ahead, i);
	for (op = in->ops; op < in->ops + in->n_ops; op++) {
		for (; at < op->end && !peer->shut; at++) {
			ahead = ops_prefetch(rde, in, peer, ahead, at + AHEAD);
			if (op->block == NULL)
				apply_withdraw(rde, in, peer, op,
				    &in->keys[at]);
			else
				apply_announce(rde, in, peer, op,
				    &in->keys[at]);
		}
	}
	in->n_ops = 0;
	in->n_keys = 0;
}

/* The op that the next keys are of. */
static inline struct op *
op_next(struct update_in *in)
{
	return &in->ops[in->n_ops];
}

static inline void
op_end(struct update_in *in)
{
	op_next(in)->end = (uint16_t)in->n_keys;
	in->n_ops++;
}

/* Room for a key: if there is none, what there is is applied, and the op goes
 * on with what follows. */
static inline struct prefix_key *
key_new(struct rde *rde, struct update_in *in, struct peer *peer)
{
	struct op op;

	if (in->n_keys == KEYS) {
		op = *op_next(in);
		op_end(in);
		ops_apply(rde, in, peer);
		*op_next(in) = op;
	}
	return &in->keys[in->n_keys++];
}

static size_t
add_ipv4(struct rde *rde, struct update_in *in, struct peer *peer,
    const struct bgp_nlri_span *span)
{
	const uint8_t *p = span->p, *end = span->p + span->len;
	struct prefix_key *key;
	uint32_t addr;
	size_t n = 0;

	for (; p < end; n++) {
		key = key_new(rde, in, peer);
		bgp_nlri_ipv4_next(&p, end, &addr, &key->bits);
		key->hi = (uint64_t)addr << 32;
		key->lo = 0;
	}
	return n;
}

/* Queue the NLRI of a span; `block` NULL: as withdrawals, `fault` tells
 * whether that is what they are. */
static size_t
ops_add(struct rde *rde, struct update_in *in, struct peer *peer,
    struct record *r, const struct bgp_nlri_span *span, struct block *block,
    bool fault)
{
	struct op *op = op_next(in);
	struct bgp_nlri_iter it;
	struct nlri nlri;
	size_t n = 0;

	op->record = r;
	op->block = block;
	op->family = span->family;
	op->fault = fault;
	if (span->family == FAMILY_IPV4_UNICAST && !span->add_path) {
		n = add_ipv4(rde, in, peer, span);
	} else {
		bgp_nlri_iter_init(&it, span->family, span->p, span->len,
		    span->add_path);
		for (; bgp_nlri_next(&it, &nlri, NULL); n++)
			prefix_key_from_nlri(key_new(rde, in, peer), &nlri);
	}
	op_end(in);
	return n;
}

static void
record_apply(struct rde *rde, struct update_in *in, struct peer *peer,
    struct record *r)
{
	struct rde_stats *st = &rde->stats;
	bool no = r->treat_as_withdraw;
	size_t gone = 0, come = 0;

	if (r->withdrawn.len > 0)
		gone += ops_add(rde, in, peer, r, &r->withdrawn, NULL, false);
	if (r->mp_unreach.len > 0)
		gone += ops_add(rde, in, peer, r, &r->mp_unreach, NULL, false);
	if (r->announced.len > 0)
		come += ops_add(rde, in, peer, r, &r->announced,
		    no ? NULL : &r->blocks[BLOCK_IPV4], no);
	if (r->mp_reach.len > 0)
		come += ops_add(rde, in, peer, r, &r->mp_reach,
		    no ? NULL : &r->blocks[BLOCK_MP], no);
	st->withdrawn_in += gone;
	st->prefixes_in += come;
	r->prefixes = gone + come;
	if (no)
		peer->tally.withdrawn_prefixes += (uint32_t)come;
}

/* --- a batch --- */

static void
block_set(const struct rde *rde, const struct peer *peer, struct block *to,
    const struct bgp_block *from, const struct bgp_nlri_span *span)
{
	to->p = from->p;
	to->len = from->len;
	to->handle = 0;
	to->loop = 0;
	if (from->p == NULL || span->len == 0) {
		to->p = NULL;
		return;
	}
	/* One more than can be used, so that the set lives until the end. */
	to->refs = span->len + 1u;
	to->ineligible = is_ineligible(rde, peer, from, &to->loop);
	to->hash = attrs_hash(from->p, from->len);
	attrs_prefetch(rde->attrs, to->hash);
}

static void
count_loop(struct rde *rde, struct peer *peer, uint8_t type)
{
	struct peer_tally *st = &peer->tally;

	rde->stats.loops++;
	if (type == BGP_ATTR_AS_PATH)
		st->as_loops++;
	else if (type == BGP_ATTR_ORIGINATOR_ID)
		st->originator_loops++;
	else
		st->cluster_loops++;
}

static void
record_set(struct rde *rde, struct peer *peer, struct record *r,
    const struct bgp_update *u)
{
	uint8_t loop;

	r->withdrawn = u->withdrawn;
	r->announced = u->announced;
	r->mp_unreach = u->mp_unreach;
	r->mp_reach = u->mp_reach;
	r->treat_as_withdraw = u->outcome == BGP_UPDATE_WITHDRAW;
	r->same = 0;
	block_set(rde, peer, &r->blocks[BLOCK_IPV4], &u->attrs, &u->announced);
	block_set(rde, peer, &r->blocks[BLOCK_MP], &u->mp_attrs, &u->mp_reach);
	/* Both blocks have the same attributes. */
	loop = r->blocks[BLOCK_IPV4].loop | r->blocks[BLOCK_MP].loop;
	if (loop != 0)
		count_loop(rde, peer, loop);
	if (r->treat_as_withdraw) {
		rde->stats.treat_as_withdraw++;
		peer->tally.withdrawn_updates++;
	}
}

static void
batch_apply(struct rde *rde, struct update_in *in, struct peer *peer, size_t n)
{
	const struct record *r;
	struct block *b;
	size_t i, j;

	for (i = 0; i < n; i++) {
		for (j = 0; j < BLOCKS; j++) {
			b = &in->records[i].blocks[j];
			if (b->p != NULL)
				b->handle = attrs_intern_hashed(rde->attrs,
				    b->hash, b->p, b->len, b->refs);
		}
	}
	for (i = 0; i < n; i++)
		record_apply(rde, in, peer, &in->records[i]);
	ops_apply(rde, in, peer);
	unref_flush(&in->unref, rde->attrs);
	for (i = 0; i < n; i++) {
		r = &in->records[i];
		if (r->prefixes > 0 && r->same == r->prefixes)
			peer->tally.same_updates++;
		for (j = 0; j < BLOCKS; j++) {
			b = &in->records[i].blocks[j];
			if (b->p != NULL)
				attrs_unref(rde->attrs, b->handle, b->refs);
		}
	}
}

static void
close_for(struct rde *rde, struct peer *peer, const struct bgp_error *e)
{
	struct peer_shut shut = {
		.code = e->code,
		.subcode = e->subcode,
		.data = e->data,
		.data_len = e->data_len,
	};

	peer->shut = true;
	rde->ops->shut(rde->ctx, peer, &shut);
}

static uint8_t *
block_end(const struct bgp_block *b, uint8_t *end)
{
	uintptr_t at;

	if (b->p == NULL)
		return end;
	at = (uintptr_t)(b->p + b->len);
	return at > (uintptr_t)end ? end + (at - (uintptr_t)end) : end;
}

size_t
update_in_slice(struct rde *rde, struct update_in *in, struct peer *peer,
    const uint8_t *data, size_t len)
{
	struct bgp_update_ctx ctx = {
		.ebgp = peer->kind == ROUTE_EBGP,
		.as4 = peer->as4,
		.enforce_first_as = peer->enforce_first_as,
		.peer_as = peer->remote_as,
		.families = peer->families,
	};
	struct bgp_update u;
	uint8_t *buf;
	size_t n, done = 0, msg_len;
	bool reset = false;

	in->n_ops = 0;
	in->n_keys = 0;
	unref_init(&in->unref);
	while (len >= BGP_HEADER_LEN && !reset && !peer->shut) {
		u.end_of_rib = -1;
		buf = in->buf;
		for (n = 0; n < BATCH && len >= BGP_HEADER_LEN;) {
			msg_len = (size_t)data[16] << 8 | data[17];
			if (msg_len < BGP_UPDATE_MIN || msg_len > len)
				fatalx("a run of UPDATEs is cut wrong");
			bgp_update_parse(&ctx, data, msg_len, buf, &u);
			data += msg_len;
			len -= msg_len;
			done++;
			if (u.outcome != BGP_UPDATE_OK)
				rde->ops->fault(rde->ctx, peer, &u);
			reset = u.outcome == BGP_UPDATE_RESET;
			if (reset)
				break;
			record_set(rde, peer, &in->records[n++], &u);
			buf = block_end(&u.mp_attrs, block_end(&u.attrs, buf));
			if (u.end_of_rib != -1)
				break;
		}
		batch_apply(rde, in, peer, n);
		if (reset && !peer->shut)
			close_for(rde, peer, &u.error);
		else if (u.end_of_rib != -1 && !peer->shut)
			rde->ops->end_of_rib(rde->ctx, peer,
			    (enum family)u.end_of_rib);
	}
	rde->stats.updates_in += done;
	peer->updates += done;
	return done;
}
