/* SPDX-License-Identifier: ISC */
/* BMP messages; see bmp.h. */
#include "common/bmp.h"

#include <string.h>

#include "common/bgp.h"

/* --- writing */

size_t
bmp_begin(struct wr *w, enum bmp_type type)
{
	size_t at = wr_len(w);

	wr_n8(w, BMP_VERSION);
	wr_n32(w, 0);
	wr_n8(w, (uint8_t)type);
	return at;
}

void
bmp_end(struct wr *w, size_t at)
{
	wr_patch32(w, at + 1, (uint32_t)(wr_len(w) - at));
}

/* RFC 7854 4.2: IPv4 in the last four of 16 octets. */
static void
address_put(struct wr *w, const struct addr *a)
{
	if (a->family == ADDR_IPV6) {
		wr_copy(w, a->bytes, 16);
	} else {
		wr_zero(w, 12);
		wr_copy(w, a->bytes, 4);
	}
}

void
bmp_peer_put(struct wr *w, const struct bmp_peer *p)
{
	uint8_t v = p->addr.family == ADDR_IPV6 ? BMP_FLAG_V : 0;

	wr_n8(w, p->type);
	wr_n8(w, p->flags | v);
	wr_n64(w, p->distinguisher);
	address_put(w, &p->addr);
	wr_n32(w, p->asn);
	wr_n32(w, p->id);
	wr_n32(w, p->secs);
	wr_n32(w, p->usecs);
}

void
bmp_tlv_put(struct wr *w, uint16_t type, const void *value, size_t len)
{
	wr_n16(w, type);
	wr_n16(w, (uint16_t)len);
	if (len > 0)
		wr_copy(w, value, len);
}

static void
text_put(struct wr *w, uint16_t type, const char *text, size_t max)
{
	bmp_tlv_put(w, type, text, strnlen(text, max));
}

void
bmp_put_initiation(struct wr *w, const char *sys_name, const char *sys_descr)
{
	size_t at = bmp_begin(w, BMP_INITIATION);

	text_put(w, BMP_INFO_SYS_NAME, sys_name, UINT16_MAX);
	text_put(w, BMP_INFO_SYS_DESCR, sys_descr, UINT16_MAX);
	bmp_end(w, at);
}

void
bmp_put_termination(struct wr *w, enum bmp_termination_reason reason)
{
	size_t at = bmp_begin(w, BMP_TERMINATION);

	wr_n16(w, BMP_TERM_REASON);
	wr_n16(w, 2);
	wr_n16(w, (uint16_t)reason);
	bmp_end(w, at);
}

void
bmp_put_peer_up(struct wr *w, const struct bmp_peer *p, const struct bmp_up *up)
{
	size_t at = bmp_begin(w, BMP_PEER_UP);

	bmp_peer_put(w, p);
	address_put(w, &up->local);
	wr_n16(w, up->local_port);
	wr_n16(w, up->remote_port);
	wr_copy(w, up->sent, up->sent_len);
	wr_copy(w, up->received, up->received_len);
	if (up->table != NULL)
		text_put(w, BMP_INFO_TABLE_NAME, up->table, BMP_TEXT_MAX);
	bmp_end(w, at);
}

void
bmp_put_peer_down(struct wr *w, const struct bmp_peer *p,
    const struct bmp_peer_down *down)
{
	size_t at = bmp_begin(w, BMP_PEER_DOWN);

	bmp_peer_put(w, p);
	wr_n8(w, down->reason);
	switch (down->reason) {
	case BMP_DOWN_LOCAL_NOTIFICATION:
	case BMP_DOWN_REMOTE_NOTIFICATION:
		wr_copy(w, down->pdu, down->pdu_len);
		break;
	case BMP_DOWN_LOCAL:
		wr_n16(w, down->event);
		break;
	case BMP_DOWN_LOC_RIB:
		text_put(w, BMP_INFO_TABLE_NAME, down->table, BMP_TEXT_MAX);
		break;
	default:
		break;
	}
	bmp_end(w, at);
}

/* The number of counters is filled in at the end. */
size_t
bmp_stats_begin(struct wr *w, const struct bmp_peer *p)
{
	size_t at = bmp_begin(w, BMP_STATISTICS);

	bmp_peer_put(w, p);
	wr_n32(w, 0);
	return at;
}

void
bmp_stat32(struct wr *w, enum bmp_stat type, uint32_t v)
{
	wr_n16(w, (uint16_t)type);
	wr_n16(w, 4);
	wr_n32(w, v);
}

void
bmp_stat64(struct wr *w, enum bmp_stat type, uint64_t v)
{
	wr_n16(w, (uint16_t)type);
	wr_n16(w, 8);
	wr_n64(w, v);
}

void
bmp_stat_family(struct wr *w, enum bmp_stat type, uint16_t afi, uint8_t safi,
    uint64_t v)
{
	wr_n16(w, (uint16_t)type);
	wr_n16(w, 11);
	wr_n16(w, afi);
	wr_n8(w, safi);
	wr_n64(w, v);
}

void
bmp_stats_end(struct wr *w, size_t at)
{
	const size_t head = at + BMP_HEADER_LEN + BMP_PEER_LEN;
	struct bmp_tlv t;
	struct rd r;
	uint32_t n = 0;

	bmp_end(w, at);
	if (!wr_ok(w))
		return;
	rd_init(&r, w->base + head + 4, wr_len(w) - head - 4);
	while (bmp_tlv_next(&r, &t))
		n++;
	wr_patch32(w, head, n);
}

static void
mirror_info(struct wr *w, enum bmp_mirror_info info)
{
	wr_n16(w, BMP_MIRROR_INFO);
	wr_n16(w, 2);
	wr_n16(w, (uint16_t)info);
}

void
bmp_put_mirror(struct wr *w, const struct bmp_peer *p, const uint8_t *pdu,
    size_t len, bool lost)
{
	size_t at = bmp_begin(w, BMP_ROUTE_MIRRORING);

	bmp_peer_put(w, p);
	if (lost)
		mirror_info(w, BMP_MIRROR_LOST);
	mirror_info(w, BMP_MIRROR_ERRORED);
	bmp_tlv_put(w, BMP_MIRROR_MESSAGE, pdu, len);
	bmp_end(w, at);
}

/* --- reading */

static void
address_get(struct rd *r, bool ipv6, struct addr *a)
{
	memset(a, 0, sizeof(*a));
	a->family = ipv6 ? ADDR_IPV6 : ADDR_IPV4;
	if (!ipv6)
		(void)rd_bytes(r, 12);
	rd_copy(r, a->bytes, ipv6 ? 16 : 4);
}

static void
peer_get(struct rd *r, struct bmp_peer *p)
{
	p->type = rd_n8(r);
	p->flags = rd_n8(r);
	p->distinguisher = rd_n64(r);
	address_get(r,
	    p->type != BMP_PEER_LOC_RIB && (p->flags & BMP_FLAG_V) != 0,
	    &p->addr);
	if (p->type == BMP_PEER_LOC_RIB)
		p->addr.family = ADDR_NONE;
	p->asn = rd_n32(r);
	p->id = rd_n32(r);
	p->secs = rd_n32(r);
	p->usecs = rd_n32(r);
}

int
bmp_read(const uint8_t *data, size_t len, struct bmp_msg *m)
{
	struct rd r;
	uint8_t version;
	uint32_t n;

	memset(m, 0, sizeof(*m));
	if (len > 0 && data[0] != BMP_VERSION)
		return -1;
	if (len < BMP_HEADER_LEN)
		return 0;
	rd_init(&r, data, len);
	version = rd_n8(&r);
	n = rd_n32(&r);
	m->type = rd_n8(&r);
	m->len = n;
	m->has_peer = m->type != BMP_INITIATION && m->type != BMP_TERMINATION;
	if (version != BMP_VERSION || n > INT32_MAX ||
	    n < BMP_HEADER_LEN + (m->has_peer ? BMP_PEER_LEN + 0u : 0u))
		return -1;
	if (n > len)
		return 0;
	m->body = rd_sub(&r, n - BMP_HEADER_LEN);
	if (m->has_peer)
		peer_get(&m->body, &m->peer);
	return (int)n;
}

bool
bmp_tlv_next(struct rd *r, struct bmp_tlv *t)
{
	if (rd_left(r) == 0)
		return false;
	t->type = rd_n16(r);
	t->len = rd_n16(r);
	t->value = rd_bytes(r, t->len);
	return rd_ok(r);
}

/* A whole BGP message, cut off the reader. */
static const uint8_t *
pdu_get(struct rd *r, uint16_t *len)
{
	if (rd_left(r) < BGP_HEADER_LEN) {
		rd_fail(r);
		return NULL;
	}
	*len = (uint16_t)(r->p[16] << 8 | r->p[17]);
	if (*len < BGP_HEADER_LEN)
		rd_fail(r);
	return rd_bytes(r, *len);
}

bool
bmp_read_up(struct bmp_msg *m, struct bmp_up *up)
{
	struct rd *r = &m->body;

	memset(up, 0, sizeof(*up));
	address_get(r,
	    m->peer.type != BMP_PEER_LOC_RIB &&
		(m->peer.flags & BMP_FLAG_V) != 0,
	    &up->local);
	up->local_port = rd_n16(r);
	up->remote_port = rd_n16(r);
	up->sent = pdu_get(r, &up->sent_len);
	up->received = pdu_get(r, &up->received_len);
	return m->type == BMP_PEER_UP && rd_ok(r);
}

bool
bmp_read_down(struct bmp_msg *m, struct bmp_peer_down *down)
{
	struct rd *r = &m->body;

	memset(down, 0, sizeof(*down));
	down->reason = rd_n8(r);
	if (down->reason == BMP_DOWN_LOCAL)
		down->event = rd_n16(r);
	if (down->reason == BMP_DOWN_LOCAL_NOTIFICATION ||
	    down->reason == BMP_DOWN_REMOTE_NOTIFICATION)
		down->pdu = pdu_get(r, &down->pdu_len);
	return m->type == BMP_PEER_DOWN && rd_ok(r) &&
	    (down->reason == BMP_DOWN_LOC_RIB || rd_left(r) == 0);
}

const uint8_t *
bmp_read_route(const struct bmp_msg *m, size_t *len)
{
	struct rd r = m->body;
	const uint8_t *pdu;
	uint16_t n = 0;

	*len = 0;
	pdu = pdu_get(&r, &n);
	if (m->type != BMP_ROUTE_MONITORING || !rd_done(&r))
		return NULL;
	*len = n;
	return pdu;
}

uint32_t
bmp_read_stats(struct bmp_msg *m)
{
	return rd_n32(&m->body);
}
