/* SPDX-License-Identifier: ISC */
/*
 * Single routes in, lists of routes out.
 */
#include "apid/rpc.h"

#include <stdio.h>
#include <string.h>

#include "apid/ask.h"
#include "apid/listing.h"
#include "apid/pb_peer.h"
#include "apid/pb_route.h"
#include "common/bgp_attr.h"
#include "common/chan.h"
#include "common/msg_query.h"
#include "proto/bgp.pb-c.h"

/* The result of an INJECT with one edit; as ask_err. */
static int
inject_err(struct ask *ask, const struct msg *msg)
{
	struct err e;
	struct rd rd;

	rd_init(&rd, msg->data, msg->hdr.len);
	if (rd_n16(&rd) != 1)
		return -1;
	msg_inject_result_get(&rd, &e);
	if (!rd_done(&rd))
		return -1;
	if (e.code == ERR_OK)
		return 0;
	call_fail(ask->call, &e);
	return 1;
}

static int
on_route_added(struct ask *ask, const struct msg *msg)
{
	Bgp__AddRouteResponse m;
	char text[ASK_SUBJECT + 20];
	int failed = inject_err(ask, msg);

	if (failed != 0)
		return failed == -1 ? -1 : 0;
	bgp__add_route_response__init(&m);
	(void)snprintf(text, sizeof(text), "Route %s added", ask->subject);
	m.success = true;
	m.message = text;
	call_reply(ask->call, &m.base);
	return 0;
}

static int
on_route_removed(struct ask *ask, const struct msg *msg)
{
	Bgp__RemoveRouteResponse m;
	char text[ASK_SUBJECT + 20];
	int failed = inject_err(ask, msg);

	if (failed != 0)
		return failed == -1 ? -1 : 0;
	bgp__remove_route_response__init(&m);
	(void)snprintf(text, sizeof(text), "Route %s removed", ask->subject);
	m.success = true;
	m.message = text;
	call_reply(ask->call, &m.base);
	return 0;
}

static const struct ask_kind add_kind = {
	.to = PROC_RDE,
	.question = MSG_INJECT,
	.answer = MSG_INJECT_DONE,
	.on_answer = on_route_added,
};
static const struct ask_kind remove_kind = {
	.to = PROC_RDE,
	.question = MSG_INJECT,
	.answer = MSG_INJECT_DONE,
	.on_answer = on_route_removed,
};

static void
ask_inject(struct apid *apid, struct call *call, const struct ask_kind *kind,
    const struct inject *inject)
{
	char subject[NLRI_STRLEN];
	struct wr wr;

	wr_init_grow(&wr, MSG_MAX);
	wr_n16(&wr, 1);
	msg_inject_put(&wr, inject);
	ask_start(apid, call, kind, &wr, nlri_str(&inject->nlri, subject));
	wr_free(&wr);
}

void
rpc_add_route(void *ctx, struct call *call, const ProtobufCMessage *request)
{
	const Bgp__AddRouteRequest *m = (const void *)request;
	uint8_t memory[BGP_ATTR_BLOCK_MAX];
	struct inject inject;
	struct wr attrs;
	struct err e;

	wr_init(&attrs, memory, sizeof(memory));
	inject.op = INJECT_ADD;
	if (pb_route_get(m, &inject.nlri, &attrs, &e) == -1) {
		call_fail(call, &e);
		return;
	}
	inject.attrs = memory;
	inject.attrs_len = (uint16_t)wr_len(&attrs);
	ask_inject(ctx, call, &add_kind, &inject);
}

void
rpc_remove_route(void *ctx, struct call *call, const ProtobufCMessage *request)
{
	const Bgp__RemoveRouteRequest *m = (const void *)request;
	struct inject inject;
	struct err e;

	memset(&inject, 0, sizeof(inject));
	inject.op = INJECT_REMOVE;
	if (nlri_parse(m->prefix, &inject.nlri, &e) == -1) {
		call_fail(call, &e);
		return;
	}
	ask_inject(ctx, call, &remove_kind, &inject);
}

static int
put_route_row(struct listing *listing, struct rd *rd, struct pbw *w)
{
	return pb_route_put(&listing_apid(listing)->encoder, w, rd);
}

static const struct listing_kind routes_kind = {
	.from = PROC_RDE,
	.rows = MSG_QUERY_ROWS,
	.end = MSG_QUERY_END,
	.credit = MSG_QUERY_CREDIT,
	.close = MSG_QUERY_CLOSE,
	.row = put_route_row,
	.what = "ListRoutes",
	.field = 1,
};

static int
get_table(const Bgp__ListRoutesRequest *m, struct query_open *q, struct err *e)
{
	const char *peer = m->_peer_address_case != 0 ? m->peer_address : "";
	Bgp__RibType type =
	    m->_rib_type_case != 0 ? m->rib_type : BGP__RIB_TYPE__GLOBAL;

	switch (type) {
	case BGP__RIB_TYPE__GLOBAL:
		q->table = QUERY_GLOBAL;
		if (peer[0] == '\0')
			return 0;
		break;
	case BGP__RIB_TYPE__ADJ_IN:
		q->table = QUERY_ADJ_IN;
		break;
	case BGP__RIB_TYPE__ADJ_OUT:
		q->table = QUERY_ADJ_OUT;
		break;
	default:
		return err_set(e, ERR_INVALID, "rib_type: unknown value %d",
		    (int)type);
	}
	if (pb_peer_address("peer_address", peer, &q->peer, NULL, e) == -1)
		return -1;
	/* The Loc-RIB is everybody's: the peer selects nothing there. */
	if (q->table == QUERY_GLOBAL)
		memset(&q->peer, 0, sizeof(q->peer));
	return 0;
}

static int
get_family(const Bgp__ListRoutesRequest *m, struct query_open *q, struct err *e)
{
	uint32_t safi = m->_safi_case != 0 ? m->safi : SAFI_UNICAST;
	int family;

	q->families = FAMILY_ALL;
	if (m->_afi_case == 0) {
		if (safi != SAFI_UNICAST)
			return err_set(e, ERR_INVALID,
			    "safi %u is not supported", safi);
		return 0;
	}
	family = m->afi > UINT16_MAX || safi > UINT8_MAX ?
	    -1 :
	    family_from_afi((uint16_t)m->afi, (uint8_t)safi);
	if (family == -1)
		return err_set(e, ERR_INVALID,
		    "afi %u safi %u is not supported", m->afi, safi);
	q->families = FAMILY_BIT((unsigned int)family);
	return 0;
}

static int
get_filters(const Bgp__ListRoutesRequest *m, struct query_open *q,
    struct err *e)
{
	static const uint8_t match_of[] = {
		[BGP__PREFIX_SCOPE__PREFIX_EXACT] = QUERY_MATCH_EXACT,
		[BGP__PREFIX_SCOPE__PREFIX_LONGER] = QUERY_MATCH_LONGER,
		[BGP__PREFIX_SCOPE__PREFIX_COVERING] = QUERY_MATCH_COVERING,
	};
	unsigned int scope = BGP__PREFIX_SCOPE__PREFIX_EXACT;

	if (m->_prefix_match_case != 0)
		scope = (unsigned int)m->prefix_match;
	if (scope >= nitems(match_of))
		return err_set(e, ERR_INVALID, "prefix_match: unknown value %u",
		    scope);
	if (m->_prefix_case != 0) {
		if (nlri_parse(m->prefix, &q->nlri, e) == -1)
			return -1;
		q->match = match_of[scope];
	}
	q->best_only = m->best_only != 0;
	q->has_community = m->_community_case != 0;
	q->community = q->has_community ? m->community : 0;
	q->has_origin_as = m->_origin_as_case != 0;
	q->origin_as = q->has_origin_as ? m->origin_as : 0;
	return 0;
}

static void
list_routes(struct apid *apid, struct call *call, enum listing_form form,
    const ProtobufCMessage *request)
{
	const Bgp__ListRoutesRequest *m = (const void *)request;
	uint8_t memory[256];
	struct query_open q;
	struct err e;
	struct wr wr;

	memset(&q, 0, sizeof(q));
	if (get_table(m, &q, &e) == -1 || get_family(m, &q, &e) == -1 ||
	    get_filters(m, &q, &e) == -1) {
		call_fail(call, &e);
		return;
	}
	wr_init(&wr, memory, sizeof(memory));
	msg_query_open_put(&wr, &q);
	listing_start(apid, call, form, &routes_kind, MSG_QUERY_OPEN, &wr);
}

void
rpc_list_routes(void *ctx, struct call *call, const ProtobufCMessage *request)
{
	list_routes(ctx, call, LISTING_UNARY, request);
}

void
rpc_list_routes_stream(void *ctx, struct call *call,
    const ProtobufCMessage *request)
{
	list_routes(ctx, call, LISTING_STREAM, request);
}

/* RouteBatch numbers its routes as ListRoutesResponse does. */
void
rpc_list_route_batches(void *ctx, struct call *call,
    const ProtobufCMessage *request)
{
	list_routes(ctx, call, LISTING_BATCHES, request);
}
