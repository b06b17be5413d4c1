/* SPDX-License-Identifier: ISC */
/* Route Monitoring; see bmp_write.h. */
#include "rde/bmp_write.h"

#include <stdlib.h>
#include <string.h>

#include "common/bgp.h"
#include "common/bgp_msg.h"
#include "common/bgp_nlri.h"
#include "common/bgp_update.h"
#include "common/xmalloc.h"
#include "rde/export.h"

enum {
	ITEMS_MIN = 512,
	ITEM_BYTES = 24, /* of an NLRI, and a share of heads */
	MP_HEAD = 4, /* of an attribute with Extended Length */
};

void
bmp_items_fini(struct bmp_items *it)
{
	free(it->list);
	memset(it, 0, sizeof(*it));
}

void
bmp_items_add(struct bmp_items *it, const struct rde *rde,
    const struct bmp_item *item)
{
	if (it->n == it->max) {
		it->max = it->max == 0 ? ITEMS_MIN : it->max * 2;
		it->list = xreallocarray(it->list, it->max, sizeof(*it->list));
	}
	it->list[it->n++] = *item;
	it->bytes += ITEM_BYTES;
	if (item->sent != 0 && item->sent != it->last[item->feed])
		it->bytes += attrs_get(rde->attrs, SENT_ATTRS(item->sent))->len;
	it->last[item->feed] = item->sent;
}

static int
item_cmp(const void *a, const void *b)
{
	const struct bmp_item *x = a, *y = b;

#define ORDER(member)                                                          \
	if (x->member != y->member)                                            \
	return x->member < y->member ? -1 : 1
	ORDER(peer);
	ORDER(feed);
	ORDER(family);
	ORDER(sent); /* withdrawals first */
	ORDER(since);
#undef ORDER
	return prefix_key_cmp(&x->key, &y->key);
}

/* Do they go into the same message, if it has room? */
static bool
goes_with(const struct bmp_item *a, const struct bmp_item *b)
{
	return a->peer == b->peer && a->feed == b->feed &&
	    a->family == b->family && a->sent == b->sent &&
	    a->since == b->since;
}

void
bmp_peer_of(const struct rde *rde, const struct peer *peer, uint8_t feed,
    uint32_t secs, struct bmp_peer *p)
{
	memset(p, 0, sizeof(*p));
	p->secs = secs;
	if (peer == NULL) {
		p->type = BMP_PEER_LOC_RIB;
		p->asn = rde->asn;
		p->id = rde->router_id;
		return;
	}
	p->type = BMP_PEER_GLOBAL;
	p->addr = peer->remote;
	p->asn = peer->remote_as;
	p->id = peer->remote_id;
	if (feed == CONF_BMP_IN_POST)
		p->flags = BMP_FLAG_L;
	else if (feed == CONF_BMP_OUT)
		p->flags = BMP_FLAG_L | BMP_FLAG_O;
	else if (feed == CONF_BMP_OUT_PRE)
		p->flags = BMP_FLAG_O;
}

/* --- one UPDATE */

struct update {
	struct wr *w;
	size_t monitoring; /* where the BMP message begins ... */
	size_t start; /* ... the UPDATE ... */
	size_t attrs; /* ... its attributes ... */
	size_t mp; /* ... and MP_REACH or MP_UNREACH; 0: none */
	size_t room; /* bytes of NLRI */
};

static void
update_begin(struct update *u, struct wr *w, const struct bmp_peer *p)
{
	uint8_t head[BGP_HEADER_LEN];

	u->w = w;
	u->mp = 0;
	u->monitoring = bmp_begin(w, BMP_ROUTE_MONITORING);
	bmp_peer_put(w, p);
	u->start = wr_len(w);
	bgp_msg_header(head, BGP_UPDATE, 0);
	wr_copy(w, head, sizeof(head));
}

/* An UPDATE has 4096 octets, and more only if one NLRI needs them: longer
 * sets of attributes come from 2-octet AS paths made wide. */
static void
room_set(struct update *u, size_t used)
{
	u->room = used < BGP_MSG_MAX ? BGP_MSG_MAX - used : 0;
	if (u->room < BGP_NLRI_MAX)
		u->room = BGP_NLRI_MAX;
}

/* NLRI up to the room from items that go together; how many were taken. */
static size_t
put_nlri(struct update *u, const struct bmp_item *item, size_t n)
{
	uint8_t buf[BGP_NLRI_MAX];
	struct nlri nlri;
	size_t i, len;

	for (i = 0; i < n && goes_with(item, &item[i]); i++) {
		prefix_key_to_nlri(&item[i].key, item->family, &nlri);
		len = bgp_nlri_write(buf, &nlri);
		if (len > u->room)
			break;
		wr_copy(u->w, buf, len);
		u->room -= len;
	}
	return i;
}

static void
mp_begin(struct update *u, uint8_t type, enum family family)
{
	u->mp = wr_len(u->w);
	wr_n8(u->w, BGP_ATTR_OPTIONAL | BGP_ATTR_EXTENDED);
	wr_n8(u->w, type);
	wr_n16(u->w, 0);
	wr_n16(u->w, family_afi(family));
	wr_n8(u->w, family_safi(family));
}

static void
mp_end(struct update *u)
{
	wr_patch16(u->w, u->mp + 2, (uint16_t)(wr_len(u->w) - u->mp - MP_HEAD));
}

static void
attrs_begin(struct update *u)
{
	u->attrs = wr_skip(u->w, 2);
}

static void
attrs_end(struct update *u)
{
	wr_patch16(u->w, u->attrs, (uint16_t)(wr_len(u->w) - u->attrs - 2));
}

static void
update_end(struct update *u)
{
	wr_patch16(u->w, u->start + 16, (uint16_t)(wr_len(u->w) - u->start));
	bmp_end(u->w, u->monitoring);
}

static size_t
write_withdraw(struct update *u, const struct bmp_item *item, size_t n)
{
	size_t at, done;

	if (item->family == FAMILY_IPV4_UNICAST) {
		at = wr_skip(u->w, 2);
		room_set(u, BGP_HEADER_LEN + 4);
		done = put_nlri(u, item, n);
		wr_patch16(u->w, at, (uint16_t)(wr_len(u->w) - at - 2));
		wr_n16(u->w, 0);
		return done;
	}
	wr_n16(u->w, 0);
	attrs_begin(u);
	mp_begin(u, BGP_ATTR_MP_UNREACH, (enum family)item->family);
	room_set(u, wr_len(u->w) - u->start);
	done = put_nlri(u, item, n);
	mp_end(u);
	attrs_end(u);
	return done;
}

/* The abbreviated MP_REACH of a canonical block (bgp_attr.h) becomes a whole
 * one with the NLRI in it. */
static size_t
write_announce(struct update *u, const struct bmp_item *item, size_t n,
    const uint8_t *block, size_t len)
{
	const uint8_t *p = block, *from = block, *end = block + len;
	struct bgp_attr a;
	size_t done = 0;

	wr_n16(u->w, 0);
	attrs_begin(u);
	if (item->family == FAMILY_IPV4_UNICAST) {
		wr_copy(u->w, block, len);
		attrs_end(u);
		room_set(u, wr_len(u->w) - u->start);
		return put_nlri(u, item, n);
	}
	while (attrs_next(&p, end, &a)) {
		if (a.type == BGP_ATTR_MP_REACH && a.len >= 4) {
			mp_begin(u, BGP_ATTR_MP_REACH,
			    (enum family)item->family);
			wr_copy(u->w, a.value + 3, a.len - 3u);
			wr_n8(u->w, 0); /* reserved */
			room_set(u,
			    wr_len(u->w) - u->start + (size_t)(end - p));
			done = put_nlri(u, item, n);
			mp_end(u);
		} else {
			wr_copy(u->w, from, (size_t)(p - from));
		}
		from = p;
	}
	attrs_end(u);
	return done;
}

/* Attributes as the feed shows them; borrows from the table or `buf`. */
static const uint8_t *
block_of(const struct rde *rde, const struct bmp_item *item,
    const struct peer *peer, uint8_t *buf, size_t *len)
{
	const struct attrs *a = attrs_get(rde->attrs, SENT_ATTRS(item->sent));

	if (item->feed != CONF_BMP_OUT && item->feed != CONF_BMP_OUT_PRE) {
		*len = a->len;
		return a->wire;
	}
	*len = export_block(&peer->group[item->family]->rule, a,
	    SENT_KIND(item->sent), buf);
	return buf;
}

/* One message of the first of n items and those that go with it. */
static size_t
write_run(struct rde *rde, struct wr *w, const struct bmp_item *item, size_t n,
    uint32_t secs)
{
	const struct peer *peer =
	    item->feed == CONF_BMP_LOC_RIB ? NULL : rde->peers[item->peer];
	uint8_t buf[ADJOUT_MAX];
	struct bmp_peer p;
	struct update u;
	const uint8_t *block;
	size_t len, done;

	bmp_peer_of(rde, peer, item->feed, secs, &p);
	update_begin(&u, w, &p);
	if (item->sent == 0) {
		done = write_withdraw(&u, item, n);
	} else {
		block = block_of(rde, item, peer, buf, &len);
		done = write_announce(&u, item, n, block, len);
	}
	update_end(&u);
	return done == 0 ? 1 : done; /* never stay where we are */
}

size_t
bmp_items_write(struct bmp_items *it, struct rde *rde, struct wr *w,
    uint32_t real, uint32_t now)
{
	size_t at, messages = 0;
	uint32_t age;

	if (it->n > 0)
		qsort(it->list, it->n, sizeof(*it->list), item_cmp);
	for (at = 0; at < it->n; messages++) {
		age = it->list[at].since == 0 || it->list[at].since > now ?
		    0 :
		    now - it->list[at].since;
		at += write_run(rde, w, &it->list[at], it->n - at, real - age);
	}
	it->n = 0;
	it->bytes = 0;
	memset(it->last, 0, sizeof(it->last));
	return messages;
}

void
bmp_end_of_rib(struct wr *w, const struct bmp_peer *p, enum family family)
{
	uint8_t pdu[BGP_EOR_MAX];
	size_t at = bmp_begin(w, BMP_ROUTE_MONITORING);

	bmp_peer_put(w, p);
	wr_copy(w, pdu, bgp_update_end_of_rib(pdu, family));
	bmp_end(w, at);
}
