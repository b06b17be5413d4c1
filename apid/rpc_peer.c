/* SPDX-License-Identifier: ISC */
/*
 * Peers: adding and removing them (bgpd), moving them (sessiond), showing
 * them (sessiond, and the configuration).
 */
#include "apid/rpc.h"

#include <stdio.h>
#include <string.h>

#include "apid/ask.h"
#include "apid/listing.h"
#include "apid/pb_peer.h"
#include "common/chan.h"
#include "common/msg_peer.h"
#include "proto/bgp.pb-c.h"

enum { REASON_MAX = 128 }; /* RFC 9003 2 */

static int
on_peer_removed(struct ask *ask, const struct msg *msg)
{
	Bgp__RemovePeerResponse m;
	char text[ASK_SUBJECT + 20];
	int failed = ask_err(ask, msg);

	if (failed != 0)
		return failed == -1 ? -1 : 0;
	bgp__remove_peer_response__init(&m);
	(void)snprintf(text, sizeof(text), "Peer %s removed", ask->subject);
	m.success = true;
	m.message = text;
	call_reply(ask->call, &m.base);
	return 0;
}

void
rpc_add_peer(void *ctx, struct call *call, const ProtobufCMessage *request)
{
	const Bgp__AddPeerRequest *m = (const void *)request;
	char text[ADDR_STRLEN], message[ASK_SUBJECT];
	struct apid *apid = ctx;
	struct conf_edit edit;
	struct err e;

	memset(&edit, 0, sizeof(edit));
	edit.op = CONF_EDIT_PEER_ADD;
	conf_peer_init(&edit.peer, apid->conf);
	edit.peer.origin = CONF_FROM_API;
	if (pb_peer_address("address", m->address, &edit.peer.addr,
		&edit.peer.port, &e) == -1 ||
	    pb_peer_config_get(m->config, &edit.peer, &e) == -1)
		call_fail(call, &e);
	else {
		(void)snprintf(message, sizeof(message), "Peer %s added",
		    addr_str(&edit.peer.addr, text));
		ask_edit(apid, call, &edit, message);
	}
	conf_peer_fini(&edit.peer);
}

static const struct ask_kind forget_kind = {
	.to = PROC_SESSIOND,
	.question = MSG_PEER_CTL,
	.answer = MSG_PEER_CTL_DONE,
	.on_answer = on_peer_removed,
};

/* A peer that is not configured may be there all the same. */
static void
ask_forget(struct apid *apid, struct call *call, const struct addr *addr)
{
	char subject[ADDR_STRLEN];
	uint8_t memory[256];
	struct peer_ctl ctl;
	struct wr wr;

	memset(&ctl, 0, sizeof(ctl));
	ctl.op = PEER_CTL_REMOVE;
	ctl.addr = *addr;
	ctl.families = FAMILY_ALL;
	wr_init(&wr, memory, sizeof(memory));
	msg_peer_ctl_put(&wr, &ctl);
	ask_start(apid, call, &forget_kind, &wr, addr_str(addr, subject));
}

void
rpc_remove_peer(void *ctx, struct call *call, const ProtobufCMessage *request)
{
	const Bgp__RemovePeerRequest *m = (const void *)request;
	char text[ADDR_STRLEN], message[ASK_SUBJECT];
	struct apid *apid = ctx;
	struct conf_edit edit;
	struct err e;

	memset(&edit, 0, sizeof(edit));
	edit.op = CONF_EDIT_PEER_REMOVE;
	conf_peer_init(&edit.peer, apid->conf);
	if (pb_peer_address("address", m->address, &edit.peer.addr,
		&edit.peer.port, &e) == -1)
		call_fail(call, &e);
	else if (apid->conf != NULL &&
	    conf_peer_find(apid->conf, &edit.peer.addr) == NULL)
		ask_forget(apid, call, &edit.peer.addr);
	else {
		(void)snprintf(message, sizeof(message), "Peer %s removed",
		    addr_str(&edit.peer.addr, text));
		ask_edit(apid, call, &edit, message);
	}
	conf_peer_fini(&edit.peer);
}

/* Disable, Enable and Reset answer with an empty message each. */
static int
on_peer_moved(struct ask *ask, const struct msg *msg)
{
	int failed = ask_err(ask, msg);

	if (failed == 0)
		call_reply_bytes(ask->call, "", 0);
	return failed == -1 ? -1 : 0;
}

static const struct ask_kind ctl_kind = {
	.to = PROC_SESSIOND,
	.question = MSG_PEER_CTL,
	.answer = MSG_PEER_CTL_DONE,
	.on_answer = on_peer_moved,
};

static void
ask_ctl(struct apid *apid, struct call *call, const char *address,
    struct peer_ctl *ctl)
{
	uint8_t memory[256];
	struct wr wr;
	struct err e;

	if (pb_peer_address("address", address, &ctl->addr, NULL, &e) == -1) {
		call_fail(call, &e);
		return;
	}
	wr_init(&wr, memory, sizeof(memory));
	msg_peer_ctl_put(&wr, ctl);
	ask_start(apid, call, &ctl_kind, &wr, "");
}

void
rpc_disable_peer(void *ctx, struct call *call, const ProtobufCMessage *request)
{
	const Bgp__DisablePeerRequest *m = (const void *)request;
	struct peer_ctl ctl;

	memset(&ctl, 0, sizeof(ctl));
	ctl.op = PEER_CTL_DISABLE;
	ctl.families = FAMILY_ALL;
	if (m->_reason_case != 0) {
		if (strlen(m->reason) > REASON_MAX) {
			call_failf(call, ERR_INVALID,
			    "reason: %zu bytes exceed %d", strlen(m->reason),
			    REASON_MAX);
			return;
		}
		(void)snprintf(ctl.reason, sizeof(ctl.reason), "%s", m->reason);
	}
	ask_ctl(ctx, call, m->address, &ctl);
}

void
rpc_enable_peer(void *ctx, struct call *call, const ProtobufCMessage *request)
{
	const Bgp__EnablePeerRequest *m = (const void *)request;
	struct peer_ctl ctl;

	memset(&ctl, 0, sizeof(ctl));
	ctl.op = PEER_CTL_ENABLE;
	ctl.families = FAMILY_ALL;
	ask_ctl(ctx, call, m->address, &ctl);
}

void
rpc_reset_peer(void *ctx, struct call *call, const ProtobufCMessage *request)
{
	static const uint8_t op_of[] = {
		[BGP__RESET_TYPE__SOFT_IN] = PEER_CTL_REFRESH_IN,
		[BGP__RESET_TYPE__SOFT_OUT] = PEER_CTL_REFRESH_OUT,
		[BGP__RESET_TYPE__SOFT] = PEER_CTL_REFRESH_BOTH,
		[BGP__RESET_TYPE__HARD] = PEER_CTL_RESET_HARD,
	};
	const Bgp__ResetPeerRequest *m = (const void *)request;
	struct peer_ctl ctl;

	if ((unsigned int)m->reset_type >= nitems(op_of)) {
		call_failf(call, ERR_INVALID, "reset_type: unknown value %d",
		    (int)m->reset_type);
		return;
	}
	memset(&ctl, 0, sizeof(ctl));
	ctl.op = op_of[m->reset_type];
	ctl.families = FAMILY_ALL;
	/* The only SAFI is unicast, so it selects nothing by itself. */
	if (m->_afi_case != 0)
		ctl.families = m->afi == BGP__AFI__IPV6 ?
		    FAMILY_BIT(FAMILY_IPV6_UNICAST) :
		    FAMILY_BIT(FAMILY_IPV4_UNICAST);
	ask_ctl(ctx, call, m->address, &ctl);
}

static const struct conf_peer *
conf_of(const struct apid *apid, const struct peer_row *row)
{
	if (apid->conf == NULL)
		return NULL;
	return conf_peer_find(apid->conf, &row->addr);
}

static int
put_peer_row(struct listing *listing, struct rd *rd, struct pbw *w)
{
	struct peer_row row;

	msg_peer_row_get(rd, &row);
	if (!rd_ok(rd))
		return -1;
	pb_peer_put(w, &row, conf_of(listing_apid(listing), &row));
	return 0;
}

static const struct listing_kind peers_kind = {
	.from = PROC_SESSIOND,
	.rows = MSG_PEERS_ROWS,
	.end = MSG_PEERS_END,
	.credit = MSG_PEERS_CREDIT,
	.close = MSG_PEERS_CLOSE,
	.row = put_peer_row,
	.what = "ListPeers",
	.field = 1,
};

static void
list_peers(struct apid *apid, struct call *call, enum listing_form form)
{
	uint8_t kind = PEERS_ALL;
	struct wr wr;

	wr_init(&wr, &kind, sizeof(kind));
	wr_n8(&wr, PEERS_ALL);
	listing_start(apid, call, form, &peers_kind, MSG_PEERS_GET, &wr);
}

void
rpc_list_peers(void *ctx, struct call *call, const ProtobufCMessage *request)
{
	(void)request;
	list_peers(ctx, call, LISTING_UNARY);
}

void
rpc_list_peers_stream(void *ctx, struct call *call,
    const ProtobufCMessage *request)
{
	(void)request;
	list_peers(ctx, call, LISTING_STREAM);
}

/*
 * GetPeer is a listing of one row whose message, in place of a Peer in a
 * list, is the members of the reply.
 */
static int
put_one_peer(struct listing *listing, struct rd *rd, struct pbw *w)
{
	struct pbw part = { 0 };
	struct peer_row row;

	msg_peer_row_get(rd, &row);
	if (!rd_ok(rd))
		return -1;
	pb_peer_put(&part, &row, conf_of(listing_apid(listing), &row));
	pbw_bytes(w, 1, part.base, part.len);
	part.len = 0;
	pb_peer_stats_put(&part, &row.stats);
	pbw_bytes(w, 2, part.base, part.len);
	pbw_free(&part);
	return 0;
}

static const struct listing_kind peer_kind = {
	.from = PROC_SESSIOND,
	.rows = MSG_PEERS_ROWS,
	.end = MSG_PEERS_END,
	.credit = MSG_PEERS_CREDIT,
	.close = MSG_PEERS_CLOSE,
	.row = put_one_peer,
	.what = "GetPeer",
	.field = 0, /* the reply itself */
};

void
rpc_get_peer(void *ctx, struct call *call, const ProtobufCMessage *request)
{
	const Bgp__GetPeerRequest *m = (const void *)request;
	uint8_t memory[32];
	struct addr a;
	struct err e;
	struct wr wr;

	if (pb_peer_address("address", m->address, &a, NULL, &e) == -1) {
		call_fail(call, &e);
		return;
	}
	wr_init(&wr, memory, sizeof(memory));
	wr_n8(&wr, PEERS_ONE);
	addr_put(&wr, &a);
	listing_start(ctx, call, LISTING_UNARY, &peer_kind, MSG_PEERS_GET, &wr);
}
