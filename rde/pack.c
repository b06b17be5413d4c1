/* SPDX-License-Identifier: ISC */
/*
 * Packing; see pack.h.
 *
 * What is sent for an entry and what is noted as sent change together: an
 * entry is noted when its last part is written.  The one change with two
 * parts (the route to the others, a withdrawal to its new source) writes
 * the second part behind all buckets, whatever room is left by then; that
 * can exceed a window by a few bytes an entry of the chunk.
 */
#include "rde/pack.h"

#include <endian.h>
#include <stdlib.h>
#include <string.h>

#include "common/bgp_attr.h"
#include "common/bgp_msg.h"
#include "common/bgp_update.h"
#include "common/hash.h"
#include "common/log.h"
#include "common/msg.h"
#include "common/msg_route.h"
#include "common/xmalloc.h"
#include "rde/policy_apply.h"
#include "rde/unref.h"

enum {
	CHUNK_MIN = 1024,
	CHUNK_MAX = 65536,
	COLLECT_STEP = 8192, /* entries of a dump looked at in one call */
	COLLECT_POLICY_STEP = 64, /* the same if a policy is asked each time */
	CLOCK_EVERY = 1024, /* entries between looks at the clock */
	CLOCK_EVERY_POLICY = 32, /* the same if a policy is asked */
	NONE = 0, /* indices into arrays are kept one higher */
	/* What a resend leaves of a peer's window to its group. */
	RESEND_RESERVE = TX_WINDOW / 2,
	KEY_MAX = 16, /* a key is copied whole, whatever its length says */
};

enum mode {
	TO_EXCEPT, /* all members but `peer` (0: all) */
	TO_ONLY, /* `peer` alone */
};

/* Entries of a chunk that are announced alike, as runs of neighbours; a run
 * has the name of its first entry. */
struct bucket {
	uint32_t sent;
	uint32_t head, tail; /* runs */
	uint32_t same; /* bucket of the same set for another target */
	uint32_t next; /* of the same target */
	uint32_t target;
};

struct target {
	uint16_t peer;
	uint8_t mode; /* enum mode */
	uint32_t withdraw, withdraw_tail;
	uint32_t bucket, bucket_tail;
};

/* A message under construction. */
struct message {
	uint8_t *start; /* NULL: none; the next two are equal then */
	uint8_t *p;
	uint8_t *limit; /* NLRI end here at the latest */
	uint8_t *attr; /* head of MP_REACH or MP_UNREACH */
	bool announce;
};

struct packer {
	struct rde *rde;
	struct group *group; /* NULL for the parts that only need `rib` */
	struct rib *rib;
	/* Adj-RIB-Out and marks of the group, all entries reachable */
	uint32_t *sent;
	uint16_t *source;
	uint64_t *marks;
	/* what the last announced best path came to: neighbours share it
	 * (unless a policy may look at the prefix) */
	struct {
		uint32_t attrs; /* 0: nothing remembered */
		uint16_t peer;
		uint32_t sent;
		uint32_t bucket; /* for all but the source; NONE: not yet */
	} memo;
	/* the chunk */
	uint32_t *ids;
	uint32_t *next; /* of a run's first entry: the next run in a bucket */
	uint32_t *last; /* of a run's first entry: its last one */
	uint32_t *next_withdraw;
	size_t n, max;
	struct bucket *buckets;
	uint32_t n_buckets, max_buckets;
	struct target *targets;
	uint32_t n_targets, max_targets;
	/* index of a peer's target, by mode and id */
	uint32_t *by_peer[2];
	uint32_t n_by_peer;
	/* output */
	struct message msg;
	const uint8_t *bitmap; /* of the current target */
	uint16_t bitmap_len;
	uint8_t *scratch_bitmap;
	uint32_t scratch_len;
	uint16_t target_peer;
	uint8_t target_mode;
	bool target_empty; /* nobody to send to: only note */
	size_t made; /* bytes in this call */
	size_t limit; /* at most about so many */
	bool stopped;
	struct mono until; /* nothing more is begun then */
	bool late; /* that was so when the clock was last asked */
	uint32_t unchecked; /* entries looked at since */
	bool over; /* write on although the limit is reached */
	struct unref unref;
	uint16_t message_max;
	/* attributes of the current bucket, encoded when first needed */
	uint32_t encoded;
	size_t attrs_len;
	uint8_t next_hop[32];
	uint8_t next_hop_len;
	uint8_t attrs[EXPORT_MAX];
	/* the last two sets that were compared as they are on the wire */
	struct {
		uint32_t old, new;
		bool same;
	} pair;
	uint8_t other[EXPORT_MAX];
	/* the run */
	size_t len;
	uint16_t messages;
	uint8_t data[MSG_BATCH_MAX + KEY_MAX];
};

struct packer *
packer_new(void)
{
	return xcalloc(1, sizeof(struct packer));
}

void
packer_free(struct packer *p)
{
	if (p == NULL)
		return;
	free(p->ids);
	free(p->next);
	free(p->last);
	free(p->next_withdraw);
	free(p->buckets);
	free(p->targets);
	free(p->by_peer[0]);
	free(p->by_peer[1]);
	free(p->scratch_bitmap);
	free(p);
}

size_t
packer_bytes(const struct packer *p)
{
	return sizeof(*p) + p->max * 16 + p->max_buckets * sizeof(*p->buckets) +
	    p->max_targets * sizeof(*p->targets) + p->n_by_peer * 8;
}

/* Time is over.  What was begun is finished: `late` stops what follows. */
static bool
is_late(struct packer *p)
{
	p->unchecked = 0;
	if (!p->late)
		p->late = mono_reached(mono_now(), p->until);
	return p->late;
}

/* The same for each of many entries, without asking the clock each time. */
static inline bool
is_late_after(struct packer *p, uint32_t every)
{
	return ++p->unchecked >= every && is_late(p);
}

/* --- runs of messages for one target --- */

static void
charge(struct rde *rde, uint16_t id, size_t len)
{
	rde->peers[id]->tx_used += (uint32_t)len;
}

static void
run_flush(struct packer *p)
{
	struct rde *rde = p->rde;
	struct rde_tx tx = {
		.bitmap = p->bitmap,
		.bitmap_len = p->bitmap_len,
		.messages = p->messages,
		.data = p->data,
		.len = p->len,
	};
	uint32_t i;

	if (p->len == 0)
		return;
	if (p->target_mode == TO_ONLY) {
		charge(rde, p->target_peer, p->len);
	} else {
		for (i = 0; i < p->group->n_members; i++) {
			if (p->group->members[i] != p->target_peer)
				charge(rde, p->group->members[i], p->len);
		}
	}
	rde->ops->tx(rde->ctx, &tx);
	rde->stats.updates_out += p->messages;
	rde->stats.bytes_out += p->len;
	p->made += p->len;
	p->len = 0;
	p->messages = 0;
	if (!rde->ops->tx_ready(rde->ctx))
		p->stopped = true;
}

static void
bitmap_room(struct packer *p, uint32_t len)
{
	if (len <= p->scratch_len)
		return;
	p->scratch_bitmap = xreallocarray(p->scratch_bitmap, len, 1);
	p->scratch_len = len;
}

static void
target_set(struct packer *p, enum mode mode, uint16_t peer)
{
	const struct group *g = p->group;
	uint32_t len = peer / 8u + 1;
	uint8_t bit = (uint8_t)(1 << (peer % 8));

	if (p->bitmap != NULL && p->target_mode == mode &&
	    p->target_peer == peer)
		return;
	run_flush(p);
	p->target_mode = (uint8_t)mode;
	p->target_peer = peer;
	if (mode == TO_ONLY) {
		bitmap_room(p, len);
		memset(p->scratch_bitmap, 0, len);
		p->scratch_bitmap[peer / 8] = bit;
		p->bitmap = p->scratch_bitmap;
		p->bitmap_len = (uint16_t)len;
		p->target_empty = false;
	} else if (peer != 0) {
		bitmap_room(p, g->bitmap_len);
		memcpy(p->scratch_bitmap, g->bitmap, g->bitmap_len);
		p->scratch_bitmap[peer / 8] &= (uint8_t)~bit;
		p->bitmap = p->scratch_bitmap;
		p->bitmap_len = g->bitmap_len;
		p->target_empty = g->n_members == 1;
	} else {
		p->bitmap = g->bitmap;
		p->bitmap_len = g->bitmap_len;
		p->target_empty = g->n_members == 0;
	}
}

/* --- messages --- */

static inline uint8_t *
put16(uint8_t *to, size_t v)
{
	to[0] = (uint8_t)(v >> 8);
	to[1] = (uint8_t)v;
	return to + 2;
}

/* Head of MP_REACH or MP_UNREACH with the family; the length is filled in
 * when it is known. */
static uint8_t *
put_mp_head(struct packer *p, uint8_t *to, uint8_t type)
{
	to[0] = BGP_ATTR_OPTIONAL | BGP_ATTR_EXTENDED;
	to[1] = type;
	to = put16(to + 4, family_afi(p->rib->family));
	*to++ = family_safi(p->rib->family);
	return to;
}

/* May another message be begun?  Makes room in the run. */
static bool
message_room(struct packer *p)
{
	if (p->len + p->message_max > MSG_BATCH_MAX)
		run_flush(p);
	if (!p->over &&
	    (p->stopped || p->made + p->len + p->message_max > p->limit)) {
		p->stopped = true;
		return false;
	}
	return true;
}

static void
message_begin_withdraw(struct packer *p)
{
	struct message *m = &p->msg;
	uint8_t *at = p->data + p->len;

	m->start = at;
	m->announce = false;
	if (p->rib->family == FAMILY_IPV4_UNICAST) {
		m->p = at + BGP_HEADER_LEN + 2;
		m->limit = at + p->message_max - 2;
		return;
	}
	m->attr = at + BGP_HEADER_LEN + 4;
	put16(at + BGP_HEADER_LEN, 0);
	m->p = put_mp_head(p, m->attr, BGP_ATTR_MP_UNREACH);
	m->limit = at + p->message_max;
}

static void
message_begin_announce(struct packer *p)
{
	struct message *m = &p->msg;
	uint8_t *at = p->data + p->len;

	m->start = at;
	m->announce = true;
	put16(at + BGP_HEADER_LEN, 0);
	m->attr = at + BGP_HEADER_LEN + 4;
	if (p->rib->family == FAMILY_IPV4_UNICAST) {
		memcpy(m->attr, p->attrs, p->attrs_len);
		m->p = m->attr + p->attrs_len;
		m->limit = at + p->message_max;
		return;
	}
	/* RFC 7606 5.1: MP_REACH is the first attribute. */
	m->p = put_mp_head(p, m->attr, BGP_ATTR_MP_REACH);
	*m->p++ = p->next_hop_len;
	memcpy(m->p, p->next_hop, p->next_hop_len);
	m->p += p->next_hop_len;
	*m->p++ = 0;
	m->limit = at + p->message_max - p->attrs_len;
}

/* Fill in the length of the attribute with NLRI at its end; short ones do
 * without Extended Length (RFC 4271 4.3). */
static void
close_mp(struct message *m)
{
	size_t len = (size_t)(m->p - (m->attr + 4));

	if (len > 255) {
		put16(m->attr + 2, len);
		return;
	}
	m->attr[0] &= (uint8_t)~BGP_ATTR_EXTENDED;
	m->attr[2] = (uint8_t)len;
	memmove(m->attr + 3, m->attr + 4, len);
	m->p--;
}

static void
message_end(struct packer *p)
{
	struct message *m = &p->msg;
	uint8_t *body;
	size_t len;

	if (m->start == NULL)
		return;
	body = m->start + BGP_HEADER_LEN;
	if (p->rib->family == FAMILY_IPV4_UNICAST) {
		if (m->announce) {
			put16(body + 2, p->attrs_len);
		} else {
			put16(body, (size_t)(m->p - (body + 2)));
			m->p = put16(m->p, 0);
		}
	} else {
		close_mp(m);
		if (m->announce) {
			memcpy(m->p, p->attrs, p->attrs_len);
			m->p += p->attrs_len;
		}
		put16(body + 2, (size_t)(m->p - (body + 4)));
	}
	len = (size_t)(m->p - m->start);
	bgp_msg_header(m->start, BGP_UPDATE, (uint16_t)len);
	p->len += len;
	p->messages++;
	m->start = NULL;
	m->limit = m->p;
}

/* A message with room for NLRI; false: stop. */
static bool
message_next(struct packer *p, bool announce)
{
	message_end(p);
	if (!message_room(p))
		return false;
	if (announce)
		message_begin_announce(p);
	else
		message_begin_withdraw(p);
	return true;
}

/* An entry's prefix at `to`, which has room for all of the key.  Returns the
 * end of what counts. */
static inline uint8_t *
put_prefix(uint8_t *to, const struct rib_entry *e, bool ipv4)
{
	*to++ = e->bits;
	/* Of a size that is known here: what is too much is written over. */
	if (ipv4)
		memcpy(to, e->key, 4);
	else
		memcpy(to, e->key, KEY_MAX);
	return to + (e->bits + 7u) / 8;
}

static inline bool
is_full(const uint8_t *at, const uint8_t *limit, const struct rib_entry *e)
{
	return limit - at < 1 + (e->bits + 7) / 8;
}

/* The entry's prefix into the current message or a new one; false: stop. */
static inline bool
put_nlri(struct packer *p, const struct rib_entry *e, bool announce)
{
	struct message *m = &p->msg;

	if (is_full(m->p, m->limit, e) && !message_next(p, announce))
		return false;
	m->p = put_prefix(m->p, e, p->rib->key_len == 4);
	return true;
}

/* Encode the attributes of a bucket once. */
static void
encode(struct packer *p, const struct export_rule *rule, uint32_t sent)
{
	const struct attrs *a;

	if (p->encoded == sent)
		return;
	a = attrs_get(p->rde->attrs, SENT_ATTRS(sent));
	p->attrs_len = export_attrs(rule, a, SENT_KIND(sent), p->attrs);
	if (rule->family != FAMILY_IPV4_UNICAST)
		p->next_hop_len =
		    (uint8_t)export_next_hop(rule, a, p->next_hop);
	p->encoded = sent;
}

/* --- chunk, buckets, targets --- */

static void
chunk_room(struct packer *p, size_t n)
{
	if (n <= p->max)
		return;
	p->max = n;
	p->ids = xreallocarray(p->ids, n, sizeof(*p->ids));
	p->next = xreallocarray(p->next, n, sizeof(*p->next));
	p->last = xreallocarray(p->last, n, sizeof(*p->last));
	p->next_withdraw =
	    xreallocarray(p->next_withdraw, n, sizeof(*p->next_withdraw));
}

static void
by_peer_room(struct packer *p, uint32_t n)
{
	int mode;

	if (n <= p->n_by_peer)
		return;
	for (mode = 0; mode < 2; mode++) {
		p->by_peer[mode] =
		    xreallocarray(p->by_peer[mode], n, sizeof(uint32_t));
		memset(p->by_peer[mode] + p->n_by_peer, 0,
		    (n - p->n_by_peer) * sizeof(uint32_t));
	}
	p->n_by_peer = n;
}

static uint32_t
target_for(struct packer *p, enum mode mode, uint16_t peer)
{
	struct target *t;
	uint32_t at = p->by_peer[mode][peer];

	if (at != NONE)
		return at;
	if (p->n_targets == p->max_targets) {
		p->max_targets = p->max_targets == 0 ? 16 : p->max_targets * 2;
		p->targets = xreallocarray(p->targets, p->max_targets,
		    sizeof(*p->targets));
	}
	t = &p->targets[p->n_targets++];
	memset(t, 0, sizeof(*t));
	t->peer = peer;
	t->mode = (uint8_t)mode;
	p->by_peer[mode][peer] = p->n_targets;
	return p->n_targets;
}

static uint32_t
bucket_new(struct packer *p, uint32_t sent, uint32_t target, uint32_t same)
{
	struct target *t = &p->targets[target - 1];
	struct bucket *b;

	if (p->n_buckets == p->max_buckets) {
		p->max_buckets = p->max_buckets == 0 ? 256 : p->max_buckets * 2;
		p->buckets = xreallocarray(p->buckets, p->max_buckets,
		    sizeof(*p->buckets));
	}
	b = &p->buckets[p->n_buckets++];
	b->sent = sent;
	b->head = b->tail = NONE;
	b->same = same;
	b->next = NONE;
	b->target = target;
	if (t->bucket == NONE)
		t->bucket = p->n_buckets;
	else
		p->buckets[t->bucket_tail - 1].next = p->n_buckets;
	t->bucket_tail = p->n_buckets;
	return p->n_buckets;
}

/* The bucket of a set and target.  A set remembers its last bucket; a
 * remembered one that is not of this set is from another time. */
static struct bucket *
bucket_for(struct packer *p, uint32_t sent, uint32_t target)
{
	struct attrs *a = attrs_get(p->rde->attrs, SENT_ATTRS(sent));
	uint32_t at = a->bucket, first = NONE;

	if (at != NONE && at <= p->n_buckets &&
	    SENT_ATTRS(p->buckets[at - 1].sent) == SENT_ATTRS(sent)) {
		first = at;
		for (; at != NONE; at = p->buckets[at - 1].same) {
			if (p->buckets[at - 1].sent == sent &&
			    p->buckets[at - 1].target == target)
				return &p->buckets[at - 1];
		}
	}
	at = bucket_new(p, sent, target, first);
	a->bucket = at;
	return &p->buckets[at - 1];
}

static inline void
bucket_append(struct packer *p, struct bucket *b, size_t i)
{
	if (b->tail != NONE && p->last[b->tail - 1] + 1 == i) {
		p->last[b->tail - 1] = (uint32_t)i;
		return;
	}
	p->next[i] = NONE;
	p->last[i] = (uint32_t)i;
	if (b->head == NONE)
		b->head = (uint32_t)i + 1;
	else
		p->next[b->tail - 1] = (uint32_t)i + 1;
	b->tail = (uint32_t)i + 1;
}

static void
add_withdraw(struct packer *p, size_t i, enum mode mode, uint16_t peer)
{
	uint32_t target = target_for(p, mode, peer);
	struct target *t = &p->targets[target - 1];

	p->next_withdraw[i] = NONE;
	if (t->withdraw == NONE)
		t->withdraw = (uint32_t)i + 1;
	else
		p->next_withdraw[t->withdraw_tail - 1] = (uint32_t)i + 1;
	t->withdraw_tail = (uint32_t)i + 1;
}

static inline uint16_t
member_or_none(const struct group *g, uint16_t peer)
{
	return group_has_member(g, peer) ? peer : 0;
}

static inline void
unmark(struct packer *p, uint32_t id)
{
	p->marks[id / 64] &= ~((uint64_t)1 << (id % 64));
}

static inline bool
is_marked(const struct packer *p, uint32_t id)
{
	return p->marks[id / 64] >> (id % 64) & 1;
}

/* What the group should have for an entry, see group_wanted(). */
static inline uint32_t
wanted(struct packer *p, uint32_t id, uint16_t *source)
{
	const struct rib_entry *e = rib_entry(p->rib, id);
	uint32_t sent;

	if (e->attrs != 0 && e->attrs == p->memo.attrs &&
	    e->peer == p->memo.peer && rib_has_best(e) &&
	    p->group->program == NULL) {
		*source = e->peer;
		return p->memo.sent;
	}
	sent = group_wanted(p->rde, p->group, id, source, true);
	if (sent == 0)
		return 0;
	p->memo.attrs = e->attrs;
	if (p->memo.sent != sent || p->memo.peer != e->peer) {
		p->memo.sent = sent;
		p->memo.peer = e->peer;
		p->memo.bucket = NONE;
	}
	return sent;
}

/* Announce the wanted set (which is the remembered one) to all but its
 * source. */
static inline void
add_announce(struct packer *p, size_t i)
{
	struct bucket *b;
	uint32_t target;

	if (p->memo.bucket == NONE) {
		target = target_for(p, TO_EXCEPT,
		    member_or_none(p->group, p->memo.peer));
		b = bucket_for(p, p->memo.sent, target);
		p->memo.bucket = (uint32_t)(b - p->buckets) + 1;
	}
	bucket_append(p, &p->buckets[p->memo.bucket - 1], i);
}

/*
 * Do two sets look the same on the wire?  Towards other ASs the next hop, the
 * preference and often MED are not seen, within ours not whether the default
 * preference was given; a change of those alone is nothing to tell.
 */
static bool
looks_same(struct packer *p, uint32_t old, uint32_t new)
{
	const struct export_rule *rule = &p->group->rule;
	const struct attrs *a = attrs_get(p->rde->attrs, SENT_ATTRS(old));
	const struct attrs *b = attrs_get(p->rde->attrs, SENT_ATTRS(new));
	uint8_t nh[2][32];
	size_t len;

	if (a->path_len != b->path_len || a->origin != b->origin ||
	    a->neighbour_as != b->neighbour_as)
		return false;
	if (!rule->ebgp && (a->local_pref != b->local_pref || a->med != b->med))
		return false;
	if (p->pair.old != old || p->pair.new != new) {
		p->pair.old = old;
		p->pair.new = new;
		p->encoded = 0;
		len = export_attrs(rule, a, SENT_KIND(old), p->attrs);
		p->pair.same =
		    len == export_attrs(rule, b, SENT_KIND(new), p->other) &&
		    memcmp(p->attrs, p->other, len) == 0;
		if (p->pair.same && rule->family != FAMILY_IPV4_UNICAST) {
			len = export_next_hop(rule, a, nh[0]);
			p->pair.same = len == export_next_hop(rule, b, nh[1]) &&
			    memcmp(nh[0], nh[1], len) == 0;
		}
	}
	return p->pair.same;
}

/* For who monitors the Adj-RIB-Out.  A group of one names its member, so that
 * a table on its way to a new session is not looked at for all others. */
static void
tell_monitor(const struct packer *p, uint32_t id, bool gone)
{
	const struct group *g = p->group;
	struct prefix_key key;

	rib_key(p->rib, id, &key);
	rde_changed(p->rde, RDE_MONITOR_OUT, p->rib->family,
	    g->n_members == 1 ? g->members[0] : 0, gone, &key);
}

static inline void
monitor(const struct packer *p, uint32_t id, bool gone)
{
	if (p->rde->monitor & RDE_MONITOR_OUT)
		tell_monitor(p, id, gone);
}

/* Decide what an entry of the chunk needs. */
static inline void
classify(struct packer *p, size_t i)
{
	struct group *g = p->group;
	uint32_t id = p->ids[i], old = p->sent[id], new;
	uint16_t was = p->source[id], source;

	new = wanted(p, id, &source);
	if (old != new &&old != 0 && new != 0 && looks_same(p, old, new)) {
		attrs_ref(p->rde->attrs, SENT_ATTRS(new), 1);
		unref_add(&p->unref, p->rde->attrs, SENT_ATTRS(old));
		p->sent[id] = old = new;
	}
	if (old == 0 && new != 0) {
		add_announce(p, i);
	} else if (old == new && (new == 0 || was == source)) {
		unmark(p, id);
	} else if (new == 0) {
		add_withdraw(p, i, TO_EXCEPT, member_or_none(g, was));
	} else if (old != new) {
		add_announce(p, i);
	} else if (group_has_member(g, was)) {
		/* Only the source changed: the old one lacks the route. */
		bucket_append(p,
		    bucket_for(p, new, target_for(p, TO_ONLY, was)), i);
	} else {
		group_count(g, new, was, new, source);
		p->source[id] = source;
		unmark(p, id);
		monitor(p, id, false);
		if (group_has_member(g, source))
			add_withdraw(p, i, TO_ONLY, source);
	}
}

/*
 * The entry before `i` was announced as what is remembered: those from `i`
 * on that have the same route, which nobody has yet, join it.  Returns the
 * first one that does not.
 */
static inline size_t
classify_alike(struct packer *p, size_t i)
{
	const struct slab *entries = &p->rib->entries;
	const uint32_t *ids = p->ids;
	uint32_t attrs = p->memo.attrs;
	uint16_t peer = p->memo.peer;
	const struct rib_entry *e;
	size_t n = p->n, first = i;

	for (; i < n; i++) {
		e = slab_at(entries, ids[i]);
		if (e->attrs != attrs || e->peer != peer || !rib_has_best(e) ||
		    p->sent[ids[i]] != 0)
			break;
	}
	if (i > first)
		p->last[p->buckets[p->memo.bucket - 1].tail - 1] =
		    (uint32_t)i - 1;
	return i;
}

static void
classify_chunk(struct packer *p)
{
	bool policy = p->group->program != NULL;
	size_t i;

	for (i = 0; i < p->n;) {
		classify(p, i++);
		if (!policy && p->memo.bucket != NONE &&
		    p->last[p->buckets[p->memo.bucket - 1].tail - 1] == i - 1)
			i = classify_alike(p, i);
		if (policy && is_late_after(p, CLOCK_EVERY_POLICY)) {
			/* The rest is pending as it was. */
			p->group->pending_at -= p->n - i;
			p->n = i;
		}
	}
}

/* --- sending a chunk --- */

/* Entries that nothing was sent for before, counted by their source when
 * that changes. */
struct news {
	uint16_t source;
	uint32_t n;
};

static inline void
news_add(struct packer *p, struct news *news, uint16_t source)
{
	if (news->source != source) {
		group_count_new(p->group, news->source, news->n);
		news->source = source;
		news->n = 0;
	}
	news->n++;
}

static inline void
note(struct packer *p, uint32_t id, uint32_t sent, uint16_t source)
{
	p->sent[id] = sent;
	p->source[id] = source;
	unmark(p, id);
	monitor(p, id, false);
}

/* Note an announcement over an earlier one.  Returns the references that the
 * group now needs more. */
static uint32_t
note_again(struct packer *p, size_t i, uint32_t sent)
{
	uint32_t id = p->ids[i], old = p->sent[id];
	uint16_t was = p->source[id], source = rib_entry(p->rib, id)->peer;

	group_count(p->group, old, was, sent, source);
	note(p, id, sent, source);
	if (source != was && group_has_member(p->group, source))
		add_withdraw(p, i, TO_ONLY, source);
	if (old == sent)
		return 0;
	unref_add(&p->unref, p->rde->attrs, SENT_ATTRS(old));
	return 1;
}

/* What was sent of a bucket. */
struct bucket_sum {
	uint32_t prefixes;
	uint32_t refs; /* that the group now needs more */
	struct news news;
};

/* Write the entries of a run that there is room for.  Returns the one behind
 * the last of them. */
static inline uint32_t
write_run(struct packer *p, uint32_t i, uint32_t last)
{
	const struct slab *entries = &p->rib->entries;
	const uint32_t *ids = p->ids;
	const struct rib_entry *e;
	bool ipv4 = p->rib->key_len == 4;
	uint8_t *at = p->msg.p, *limit = p->msg.limit;

	for (; i <= last; i++) {
		e = slab_at(entries, ids[i]);
		if (is_full(at, limit, e))
			break;
		at = put_prefix(at, e, ipv4);
	}
	p->msg.p = at;
	return i;
}

static inline void
note_run(struct packer *p, uint32_t i, uint32_t end, uint32_t sent,
    struct bucket_sum *done)
{
	const struct slab *entries = &p->rib->entries;
	const uint32_t *ids = p->ids, *were = p->sent;
	const struct rib_entry *e;

	done->prefixes += end - i;
	for (; i < end; i++) {
		if (were[ids[i]] != 0) {
			done->refs += note_again(p, i, sent);
			continue;
		}
		e = slab_at(entries, ids[i]);
		done->refs++;
		news_add(p, &done->news, e->peer);
		note(p, ids[i], sent, e->peer);
	}
}

/* Returns false if not all of it was sent. */
static bool
send_run(struct packer *p, uint32_t i, uint32_t sent, struct bucket_sum *done)
{
	uint32_t end, last = p->last[i];

	for (;;) {
		end = p->target_empty ? last + 1 : write_run(p, i, last);
		note_run(p, i, end, sent, done);
		if (end > last)
			return true;
		if (!message_next(p, true))
			return false;
		i = end;
	}
}

static void
send_bucket(struct packer *p, const struct bucket *b)
{
	struct bucket_sum done = { 0 };
	uint32_t at, sent = b->sent;

	encode(p, &p->group->rule, sent);
	for (at = b->head; at != NONE; at = p->next[at - 1]) {
		if (!send_run(p, at - 1, sent, &done))
			break;
	}
	message_end(p);
	group_count_new(p->group, done.news.source, done.news.n);
	p->rde->stats.prefixes_out += done.prefixes;
	attrs_ref(p->rde->attrs, SENT_ATTRS(sent), done.refs);
}

static void
send_withdraws(struct packer *p, uint32_t at, bool note)
{
	uint32_t id, old;

	for (; at != NONE; at = p->next_withdraw[at - 1]) {
		id = p->ids[at - 1];
		if (!p->target_empty &&
		    !put_nlri(p, rib_entry(p->rib, id), false))
			break;
		p->rde->stats.withdrawn_out++;
		if (!note)
			continue;
		unmark(p, id);
		monitor(p, id, true);
		old = group_set_sent(p->group, id, 0, 0);
		unref_add(&p->unref, p->rde->attrs, SENT_ATTRS(old));
	}
	message_end(p);
}

static void
send_targets(struct packer *p)
{
	struct target *t;
	uint32_t i, bucket, n = p->n_targets;

	for (i = 0; i < n && !p->stopped; i++) {
		t = &p->targets[i];
		if (t->mode == TO_ONLY && t->bucket == NONE)
			continue;
		target_set(p, t->mode, t->peer);
		if (t->mode == TO_EXCEPT)
			send_withdraws(p, t->withdraw, true);
		/* note_announce() may add targets and move the array. */
		for (bucket = t->bucket; bucket != NONE && !p->stopped;
		     bucket = p->buckets[bucket - 1].next)
			send_bucket(p, &p->buckets[bucket - 1]);
	}
	/* What was noted above is owed to the new sources now. */
	p->over = true;
	for (i = 0; i < p->n_targets; i++) {
		t = &p->targets[i];
		if (t->mode != TO_ONLY || t->withdraw == NONE)
			continue;
		target_set(p, t->mode, t->peer);
		send_withdraws(p, t->withdraw, false);
	}
	p->over = false;
}

/* Entries that were not sent are pending as before. */
static void
chunk_return(struct packer *p)
{
	struct group *g = p->group;
	size_t i;

	for (i = p->stopped ? p->n : 0; i-- > 0;) {
		if (is_marked(p, p->ids[i]))
			g->pending[--g->pending_at] = p->ids[i];
	}
	if (group_pending(g) == 0)
		g->pending_at = g->pending_end = 0;
}

static void
pack_chunk(struct packer *p)
{
	struct group *g = p->group;
	size_t n = group_pending(g), want = (p->limit - p->made) / 8;
	uint32_t t;

	if (want < CHUNK_MIN)
		want = CHUNK_MIN;
	if (want > CHUNK_MAX)
		want = CHUNK_MAX;
	if (n > want)
		n = want;
	chunk_room(p, n);
	memcpy(p->ids, g->pending + g->pending_at, n * sizeof(*p->ids));
	g->pending_at += n;
	p->n = n;
	p->n_buckets = 0;
	p->n_targets = 0;
	memset(&p->memo, 0, sizeof(p->memo));
	p->pair.old = 0;
	classify_chunk(p);
	send_targets(p);
	for (t = 0; t < p->n_targets; t++)
		p->by_peer[p->targets[t].mode][p->targets[t].peer] = NONE;
	chunk_return(p);
}

/* --- dumps --- */

/* Returns false when there is more to collect. */
static bool
dump_collect(struct packer *p, struct dump *d)
{
	struct group *g = p->group;
	uint32_t step = g->program == NULL ? COLLECT_STEP : COLLECT_POLICY_STEP;
	uint32_t end = d->at + step, sent;
	const struct rib_entry *e;
	uint16_t source;

	if (end > d->limit)
		end = d->limit;
	/* Neighbours in memory mostly share the set and the peer. */
	p->memo.attrs = 0;
	for (; d->at < end; d->at++) {
		e = rib_entry(p->rib, d->at);
		if (e->attrs != 0 && e->attrs == p->memo.attrs &&
		    e->peer == p->memo.peer && rib_has_best(e) &&
		    g->program == NULL) {
			dump_append(d, p->memo.bucket, d->at);
			continue;
		}
		sent = group_wanted(p->rde, g, d->at, &source, false);
		if (sent == 0)
			continue;
		p->memo.attrs = e->attrs;
		p->memo.peer = e->peer;
		p->memo.bucket = dump_list_for(p->rde, d, e->attrs, sent,
		    member_or_none(g, source));
		dump_append(d, p->memo.bucket, d->at);
	}
	return dump_is_collected(d);
}

/*
 * Is the entry still what its list says, and not sent yet?  (What changed
 * since is pending, or was sent from there.)  *peer is the source of the
 * last one that was, whose kind and membership need no second look.
 */
static inline bool
dump_is_due(const struct packer *p, const struct dump_list *l, uint32_t id,
    uint32_t *peer)
{
	const struct rib_entry *e = rib_entry(p->rib, id);

	if (e->attrs != l->attrs || !rib_has_best(e) || p->sent[id] != 0 ||
	    is_marked(p, id))
		return false;
	if (e->peer == *peer)
		return true;
	if (p->rde->peers[e->peer]->kind != SENT_KIND(l->sent) ||
	    member_or_none(p->group, e->peer) != l->except)
		return false;
	*peer = e->peer;
	return true;
}

/* May the set that the list names by its handle be sent?  Unless the dump
 * holds it, it may be another one by now than when the list was made. */
static bool
dump_list_begin(struct packer *p, const struct dump *d, struct dump_list *l,
    uint32_t id)
{
	uint16_t source;
	uint32_t sent = l->sent;

	if (!d->holds)
		sent = group_wanted(p->rde, p->group, id, &source, false);
	if (sent == 0)
		return false;
	l->sent = sent;
	target_set(p, TO_EXCEPT, l->except);
	encode(p, &p->group->rule, l->sent);
	return true;
}

static void
dump_send_list(struct packer *p, struct dump *d, struct dump_list *l)
{
	uint32_t refs = 0, id = d->id != 0 ? d->id : l->head;
	struct news news = { 0, 0 };
	uint32_t peer = UINT32_MAX;
	bool ready = false;

	for (; id != 0; id = d->next[id]) {
		if (is_late_after(p, CLOCK_EVERY))
			break;
		if (!dump_is_due(p, l, id, &peer))
			continue;
		if (!ready && !dump_list_begin(p, d, l, id)) {
			id = 0;
			break;
		}
		ready = true;
		if (!p->target_empty &&
		    !put_nlri(p, rib_entry(p->rib, id), true))
			break;
		news_add(p, &news, (uint16_t)peer);
		p->sent[id] = l->sent;
		p->source[id] = (uint16_t)peer;
		monitor(p, id, false);
		refs++;
	}
	message_end(p);
	group_count_new(p->group, news.source, news.n);
	if (refs > 0)
		attrs_ref(p->rde->attrs, SENT_ATTRS(l->sent), refs);
	p->rde->stats.prefixes_out += refs;
	d->id = id;
}

static void
pack_dump(struct packer *p)
{
	struct group *g = p->group;
	struct dump *d = g->dump;

	if (!dump_is_collected(d) && !dump_collect(p, d))
		return;
	/* A handle may name another set than in an earlier call. */
	p->encoded = 0;
	while (d->list < d->n_lists && !p->stopped) {
		dump_send_list(p, d, &d->lists[d->list]);
		if (d->id != 0)
			break;
		dump_list_done(p->rde, d);
	}
	if (d->list < d->n_lists)
		return;
	dump_fini(p->rde, d);
	free(d);
	g->dump = NULL;
}

/* --- the calls --- */

static void
pack_begin(struct rde *rde, struct group *g, size_t limit, struct mono until)
{
	struct packer *p = rde->packer;

	p->rde = rde;
	p->group = g;
	p->rib = g->rib;
	p->bitmap = NULL;
	p->target_empty = true;
	p->made = 0;
	p->len = 0;
	p->messages = 0;
	p->limit = limit;
	p->stopped = false;
	p->until = until;
	p->late = false;
	p->unchecked = 0;
	p->over = false;
	p->encoded = 0;
	p->message_max = g->rule.message_max;
	p->msg.start = NULL;
	p->msg.p = p->msg.limit = p->data;
	unref_init(&p->unref);
	by_peer_room(p, rde->n_peers);
	group_reach(g);
	p->sent = (uint32_t *)(void *)g->sent.base;
	p->source = (uint16_t *)(void *)g->source.base;
	p->marks = (uint64_t *)(void *)g->marks.base;
}

static void
pack_end(struct packer *p, struct pack_budget *budget)
{
	run_flush(p);
	unref_flush(&p->unref, p->rde->attrs);
	policy_apply_release(p->rde);
	budget->bytes -= p->made < budget->bytes ? p->made : budget->bytes;
}

/* Does the budget not allow more? */
static bool
is_spent(const struct packer *p, const struct pack_budget *budget)
{
	return p->late ||
	    (p->stopped && budget->bytes < p->group->rule.message_max);
}

static void
end_of_rib(struct packer *p)
{
	struct group *g = p->group;

	target_set(p, TO_EXCEPT, 0);
	if (!message_room(p))
		return;
	p->len += bgp_update_end_of_rib(p->data + p->len, g->rule.family);
	p->messages++;
	g->end_of_rib_due = false;
}

/* RFC 4271 9.2.1.1, 10: with jitter of up to a quarter. */
static void
mrai_start(struct rde *rde, struct group *g, struct mono now)
{
	int64_t us = (int64_t)g->mrai_secs * 1000000;

	g->mrai_until = now.us + us -
	    (int64_t)(hash_u64(rde->group_seq++) % (uint64_t)(us / 4));
}

bool
pack_group(struct rde *rde, struct group *g, struct mono now,
    struct pack_budget *budget)
{
	struct packer *p = rde->packer;
	size_t window;

	if (!group_is_active(g) || g->n_members == 0 || g->copy != NULL ||
	    g->split_due)
		return false;
	if (group_pending(g) == 0 && g->dump == NULL && !g->end_of_rib_due)
		return false;
	if (g->mrai_until > now.us)
		return false;
	if (budget->bytes < g->rule.message_max)
		return true;
	window = group_window(rde, g);
	if (window == 0) {
		group_blocked(rde, g, now);
		return false;
	}
	g->blocked_since = 0;
	pack_begin(rde, g, window < budget->bytes ? window : budget->bytes,
	    budget->until);
	do {
		if (group_pending(g) > 0)
			pack_chunk(p);
		else if (g->dump != NULL)
			pack_dump(p);
		else if (g->end_of_rib_due && !g->remarking)
			end_of_rib(p);
		else
			break;
	} while (!p->stopped && !is_late(p));
	pack_end(p, budget);
	/* What did not fit goes on at once: it is one advertisement. */
	if (p->made > 0 && g->mrai_secs > 0 && group_pending(g) == 0 &&
	    g->dump == NULL)
		mrai_start(rde, g, now);
	return is_spent(p, budget);
}

/* --- sending a family again --- */

static bool
resend_collect(struct packer *p, struct dump *d, const struct peer *peer)
{
	uint32_t end = d->at + COLLECT_STEP, sent;

	if (end > d->limit)
		end = d->limit;
	for (; d->at < end; d->at++) {
		sent = group_sent(p->group, d->at);
		if (sent != 0 && group_source(p->group, d->at) != peer->id)
			dump_append(d,
			    dump_list_for(p->rde, d, SENT_ATTRS(sent), sent, 0),
			    d->at);
	}
	return dump_is_collected(d);
}

/* An entry whose set changed since it was listed is sent with what it has
 * now: the change may have been one that nobody was told of. */
static void
resend_list(struct packer *p, struct dump *d, const struct dump_list *l,
    const struct peer *peer)
{
	const struct group *g = p->group;
	uint32_t sent, id = d->id != 0 ? d->id : l->head;

	for (; id != 0; id = d->next[id]) {
		if (is_late_after(p, CLOCK_EVERY))
			break;
		sent = group_sent(g, id);
		if (sent == 0 || group_source(g, id) == peer->id)
			continue;
		if (p->encoded != sent) {
			message_end(p);
			encode(p, &g->rule, sent);
		}
		if (!put_nlri(p, rib_entry(p->rib, id), true))
			break;
		p->rde->stats.prefixes_out++;
	}
	message_end(p);
	d->id = id;
}

/* One pass is over; is another one asked for? */
static void
resend_next(struct rde *rde, struct peer *peer, enum family family)
{
	struct resend *r = peer->resend[family];

	dump_fini(rde, &r->dump);
	if (r->again) {
		r->again = false;
		dump_init(&r->dump, rde->ribs[family].entries.next, false);
		return;
	}
	free(r);
	peer->resend[family] = NULL;
	rde->n_resends--;
}

bool
pack_resend(struct rde *rde, struct peer *peer, enum family family,
    struct pack_budget *budget)
{
	struct packer *p = rde->packer;
	struct group *g = peer->group[family];
	struct dump *d = &peer->resend[family]->dump;
	size_t room = TX_WINDOW - RESEND_RESERVE;

	if (!group_is_active(g))
		return false;
	if (budget->bytes < g->rule.message_max)
		return true;
	if (peer->tx_used + g->rule.message_max > room)
		return false;
	room -= peer->tx_used;
	pack_begin(rde, g, room < budget->bytes ? room : budget->bytes,
	    budget->until);
	while (
	    !dump_is_collected(d) && !resend_collect(p, d, peer) && !is_late(p))
		;
	target_set(p, TO_ONLY, peer->id);
	for (; dump_is_collected(d) && d->list < d->n_lists && !p->stopped &&
	     !p->late;
	     d->list++) {
		resend_list(p, d, &d->lists[d->list], peer);
		if (d->id != 0)
			break;
	}
	pack_end(p, budget);
	if (dump_is_collected(d) && d->list >= d->n_lists)
		resend_next(rde, peer, family);
	return is_spent(p, budget);
}
