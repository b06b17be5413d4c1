/* SPDX-License-Identifier: ISC */
/*
 * Codecs of the data path.  The bulk of UPDATES and TX is never copied
 * here: only heads and credits are written, and what arrives is checked in
 * place.
 */
#include "common/msg_route.h"

#include "common/bgp.h"

void
msg_credit_put(struct wr *w, const struct credit *c)
{
	wr_n32(w, c->peer);
	wr_n32(w, c->epoch);
	wr_n32(w, c->bytes);
}

void
msg_credit_get(struct rd *r, struct credit *c)
{
	c->peer = rd_n32(r);
	c->epoch = rd_n32(r);
	c->bytes = rd_n32(r);
	if (c->peer == 0 || c->peer > PEER_ID_MAX)
		rd_fail(r);
}

void
msg_tx_head_put(struct wr *w, const uint8_t *bitmap, size_t bitmap_len,
    uint16_t messages)
{
	wr_n16(w, (uint16_t)bitmap_len);
	wr_copy(w, bitmap, bitmap_len);
	wr_n16(w, messages);
}

int
msg_tx_get(const uint8_t *p, size_t len, struct tx *t)
{
	struct rd r;
	size_t n;
	uint16_t msg_len;
	uint16_t left;

	rd_init(&r, p, len);
	t->bitmap_len = rd_n16(&r);
	t->bitmap = rd_bytes(&r, t->bitmap_len);
	t->messages = rd_n16(&r);
	if (!rd_ok(&r) || t->messages == 0 ||
	    t->bitmap_len > PEER_ID_MAX / 8 + 1)
		return -1;
	t->data = r.p;
	t->len = rd_left(&r);
	for (n = 0, left = t->messages; left > 0; left--) {
		if (t->len - n < BGP_UPDATE_MIN)
			return -1;
		msg_len = (uint16_t)(t->data[n + BGP_MARKER_LEN] << 8 |
		    t->data[n + BGP_MARKER_LEN + 1]);
		if (msg_len < BGP_UPDATE_MIN || msg_len > BGP_MSG_MAX ||
		    msg_len > t->len - n ||
		    t->data[n + BGP_MARKER_LEN + 2] != BGP_UPDATE)
			return -1;
		n += msg_len;
	}
	return n == t->len ? 0 : -1;
}

void
msg_refresh_put(struct wr *w, const struct refresh *f)
{
	wr_n16(w, f->afi);
	wr_n8(w, f->subtype);
	wr_n8(w, f->safi);
}

void
msg_refresh_get(struct rd *r, struct refresh *f)
{
	f->afi = rd_n16(r);
	f->subtype = rd_n8(r);
	f->safi = rd_n8(r);
}
