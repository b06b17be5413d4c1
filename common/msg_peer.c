/* SPDX-License-Identifier: ISC */
/*
 * Codecs of the payloads about peers.  Each pair writes and reads the same
 * fields in the same order; a reader refuses values outside their enums, so
 * that handlers get sound structs or none.
 */
#include "common/msg_peer.h"

#include <stdlib.h>
#include <string.h>

#include "common/bgp.h"
#include "common/xmalloc.h"

static bool
get_bool(struct rd *r)
{
	uint8_t v;

	v = rd_n8(r);
	if (v > 1)
		rd_fail(r);
	return v == 1;
}

static uint8_t
get_enum(struct rd *r, uint8_t min, uint8_t max)
{
	uint8_t v;

	v = rd_n8(r);
	if (v < min || v > max) {
		rd_fail(r);
		return min;
	}
	return v;
}

static uint32_t
get_families(struct rd *r)
{
	uint32_t v;

	v = rd_n32(r);
	if ((v & ~(uint32_t)FAMILY_ALL) != 0)
		rd_fail(r);
	return v & FAMILY_ALL;
}

static void
put_open(struct wr *w, const uint8_t *open, uint16_t len)
{
	wr_n16(w, len);
	if (len > 0)
		wr_copy(w, open, len);
}

/* Returns an owned copy, NULL if there is none. */
static uint8_t *
get_open(struct rd *r, uint16_t *len)
{
	const uint8_t *p;

	*len = rd_n16(r);
	if (*len > BGP_MSG_MAX)
		rd_fail(r);
	p = rd_bytes(r, *len);
	if (!rd_ok(r) || *len == 0) {
		*len = 0;
		return NULL;
	}
	return xmemdup(p, *len);
}

void
msg_peer_up_put(struct wr *w, const struct peer_up *up)
{
	addr_put(w, &up->remote);
	addr_put(w, &up->local);
	wr_n16(w, up->remote_port);
	wr_n16(w, up->local_port);
	wr_n32(w, up->remote_as);
	wr_n32(w, up->remote_id);
	wr_n32(w, up->local_as);
	wr_n8(w, up->ebgp);
	wr_n8(w, up->configured);
	wr_n8(w, up->as4);
	wr_n8(w, up->route_refresh);
	wr_n32(w, up->families);
	wr_n8(w, up->gr);
	wr_n32(w, up->gr_families);
	wr_n32(w, up->gr_forwarding);
	wr_n8(w, up->gr_restarting);
	wr_n16(w, up->gr_time);
	wr_n8(w, up->has_max_prefix);
	wr_n32(w, up->max_prefix);
	wr_n8(w, up->max_prefix_action);
	wr_n8(w, up->max_prefix_stop);
	wr_n32(w, up->mrai_secs);
	wr_n8(w, up->enforce_first_as);
	put_open(w, up->open_sent, up->open_sent_len);
	put_open(w, up->open_received, up->open_received_len);
}

void
msg_peer_up_get(struct rd *r, struct peer_up *up)
{
	memset(up, 0, sizeof(*up));
	addr_get(r, &up->remote);
	addr_get(r, &up->local);
	up->remote_port = rd_n16(r);
	up->local_port = rd_n16(r);
	up->remote_as = rd_n32(r);
	up->remote_id = rd_n32(r);
	up->local_as = rd_n32(r);
	up->ebgp = get_bool(r);
	up->configured = get_bool(r);
	up->as4 = get_bool(r);
	up->route_refresh = get_bool(r);
	up->families = get_families(r);
	up->gr = get_bool(r);
	up->gr_families = get_families(r);
	up->gr_forwarding = get_families(r);
	up->gr_restarting = get_bool(r);
	up->gr_time = rd_n16(r);
	up->has_max_prefix = get_bool(r);
	up->max_prefix = rd_n32(r);
	up->max_prefix_action = rd_n8(r);
	up->max_prefix_stop = get_bool(r);
	up->mrai_secs = rd_n32(r);
	up->enforce_first_as = get_bool(r);
	up->open_sent = get_open(r, &up->open_sent_len);
	up->open_received = get_open(r, &up->open_received_len);
}

void
peer_up_fini(struct peer_up *up)
{
	free(up->open_sent);
	free(up->open_received);
	up->open_sent = NULL;
	up->open_received = NULL;
	up->open_sent_len = 0;
	up->open_received_len = 0;
}

void
msg_peer_down_put(struct wr *w, const struct peer_down *down)
{
	wr_n8(w, down->reason);
	wr_n8(w, down->code);
	wr_n8(w, down->subcode);
	wr_n32(w, down->stale_families);
	wr_n16(w, down->gr_time);
	wr_n16(w, down->event);
	wr_n16(w, down->pdu_len);
	if (down->pdu_len > 0)
		wr_copy(w, down->pdu, down->pdu_len);
}

void
msg_peer_down_get(struct rd *r, struct peer_down *down)
{
	memset(down, 0, sizeof(*down));
	down->reason =
	    get_enum(r, PEER_DOWN_LOCAL_NOTIFICATION, PEER_DOWN_DECONFIGURED);
	down->code = rd_n8(r);
	down->subcode = rd_n8(r);
	down->stale_families = get_families(r);
	down->gr_time = rd_n16(r);
	down->event = rd_n16(r);
	down->pdu_len = rd_n16(r);
	if (down->pdu_len > BGP_MSG_MAX)
		rd_fail(r);
	down->pdu = rd_bytes(r, down->pdu_len);
	if (down->pdu == NULL || down->pdu_len == 0) {
		down->pdu = NULL;
		down->pdu_len = 0;
	}
}

void
msg_peer_shut_put(struct wr *w, const struct peer_shut *shut)
{
	wr_n8(w, shut->code);
	wr_n8(w, shut->subcode);
	wr_n8(w, shut->prefix_limit);
	wr_n16(w, shut->data_len);
	if (shut->data_len > 0)
		wr_copy(w, shut->data, shut->data_len);
}

void
msg_peer_shut_get(struct rd *r, struct peer_shut *shut)
{
	memset(shut, 0, sizeof(*shut));
	shut->code = get_enum(r, 1, UINT8_MAX);
	shut->subcode = rd_n8(r);
	shut->prefix_limit = get_bool(r);
	shut->data_len = rd_n16(r);
	if (shut->data_len > BGP_MSG_MAX - BGP_NOTIFICATION_MIN)
		rd_fail(r);
	shut->data = rd_bytes(r, shut->data_len);
	if (shut->data == NULL)
		shut->data_len = 0;
}

void
msg_peers_get_put(struct wr *w, const struct peers_get *get)
{
	wr_n8(w, get->kind);
	if (get->kind == PEERS_ONE)
		addr_put(w, &get->addr);
}

void
msg_peers_get_get(struct rd *r, struct peers_get *get)
{
	memset(get, 0, sizeof(*get));
	get->kind = get_enum(r, PEERS_ALL, PEERS_ONE);
	if (get->kind == PEERS_ONE)
		addr_get(r, &get->addr);
}

static void
stats_put(struct wr *w, const struct peer_stats *s)
{
	wr_n64(w, s->open_sent);
	wr_n64(w, s->keepalive_sent);
	wr_n64(w, s->update_sent);
	wr_n64(w, s->notification_sent);
	wr_n64(w, s->refresh_sent);
	wr_n64(w, s->open_received);
	wr_n64(w, s->keepalive_received);
	wr_n64(w, s->update_received);
	wr_n64(w, s->notification_received);
	wr_n64(w, s->refresh_received);
}

static void
stats_get(struct rd *r, struct peer_stats *s)
{
	s->open_sent = rd_n64(r);
	s->keepalive_sent = rd_n64(r);
	s->update_sent = rd_n64(r);
	s->notification_sent = rd_n64(r);
	s->refresh_sent = rd_n64(r);
	s->open_received = rd_n64(r);
	s->keepalive_received = rd_n64(r);
	s->update_received = rd_n64(r);
	s->notification_received = rd_n64(r);
	s->refresh_received = rd_n64(r);
}

static void
counts_put(struct wr *w, const struct family_count c[FAMILY__MAX])
{
	int f;

	for (f = 0; f < FAMILY__MAX; f++) {
		wr_n32(w, c[f].received);
		wr_n32(w, c[f].sent);
	}
}

static void
counts_get(struct rd *r, struct family_count c[FAMILY__MAX])
{
	int f;

	for (f = 0; f < FAMILY__MAX; f++) {
		c[f].received = rd_n32(r);
		c[f].sent = rd_n32(r);
	}
}

void
msg_peer_counts_put(struct wr *w, const struct peer_counts *c)
{
	wr_n32(w, c->peer);
	wr_n32(w, c->epoch);
	counts_put(w, c->families);
}

void
msg_peer_counts_get(struct rd *r, struct peer_counts *c)
{
	c->peer = rd_n32(r);
	c->epoch = rd_n32(r);
	counts_get(r, c->families);
}

void
msg_peer_row_put(struct wr *w, const struct peer_row *row)
{
	addr_put(w, &row->addr);
	wr_n16(w, row->port);
	wr_n32(w, row->asn);
	wr_n8(w, row->state);
	wr_n8(w, row->admin);
	wr_n8(w, row->configured);
	wr_n32(w, row->remote_id);
	wr_n32(w, row->families);
	wr_n16(w, row->hold_time);
	wr_n64(w, row->uptime_ms);
	stats_put(w, &row->stats);
	wr_n8(w, row->last_sent_code);
	wr_n8(w, row->last_sent_subcode);
	wr_n8(w, row->last_received_code);
	wr_n8(w, row->last_received_subcode);
	counts_put(w, row->counts);
	wr_n32(w, row->rx_queued);
	wr_n32(w, row->tx_queued);
}

void
msg_peer_row_get(struct rd *r, struct peer_row *row)
{
	memset(row, 0, sizeof(*row));
	addr_get(r, &row->addr);
	row->port = rd_n16(r);
	row->asn = rd_n32(r);
	row->state = get_enum(r, PEER_IDLE, PEER_ESTABLISHED);
	row->admin = get_enum(r, PEER_ADMIN_UP, PEER_ADMIN_PREFIX_LIMIT);
	row->configured = get_bool(r);
	row->remote_id = rd_n32(r);
	row->families = get_families(r);
	row->hold_time = rd_n16(r);
	row->uptime_ms = rd_n64(r);
	stats_get(r, &row->stats);
	row->last_sent_code = rd_n8(r);
	row->last_sent_subcode = rd_n8(r);
	row->last_received_code = rd_n8(r);
	row->last_received_subcode = rd_n8(r);
	counts_get(r, row->counts);
	row->rx_queued = rd_n32(r);
	row->tx_queued = rd_n32(r);
}

void
msg_peer_ctl_put(struct wr *w, const struct peer_ctl *ctl)
{
	size_t len;

	len = strnlen(ctl->reason, sizeof(ctl->reason) - 1);
	wr_n8(w, ctl->op);
	addr_put(w, &ctl->addr);
	wr_n32(w, ctl->families);
	wr_n8(w, (uint8_t)len);
	wr_copy(w, ctl->reason, len);
}

void
msg_peer_ctl_get(struct rd *r, struct peer_ctl *ctl)
{
	uint8_t len;

	memset(ctl, 0, sizeof(*ctl));
	ctl->op = get_enum(r, PEER_CTL_ENABLE, PEER_CTL_REMOVE);
	addr_get(r, &ctl->addr);
	ctl->families = get_families(r);
	len = rd_n8(r);
	if (len >= sizeof(ctl->reason)) {
		rd_fail(r);
		return;
	}
	rd_copy(r, ctl->reason, len);
	/* A text that ends early is not one that we wrote. */
	if (memchr(ctl->reason, '\0', len) != NULL)
		rd_fail(r);
}
