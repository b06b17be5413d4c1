/* SPDX-License-Identifier: ISC */
/*
 * BMP servers: adding and removing them (bgpd), showing how they do (rde).
 */
#include "apid/rpc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "apid/ask.h"
#include "common/chan.h"
#include "common/msg_conduit.h"
#include "common/xmalloc.h"
#include "proto/bgp.pb-c.h"

static int
server_address(const char *text, struct conf_bmp_server *b, struct err *e)
{
	if (text[0] == '\0')
		return err_set(e, ERR_INVALID, "address is missing");
	if (endpoint_parse(text, -1, false, &b->addr, &b->port) == -1)
		return err_set(e, ERR_INVALID,
		    "address \"%.60s\" is neither IP:PORT nor [IPv6]:PORT",
		    text);
	if (addr_is_unspecified(&b->addr) || addr_is_multicast(&b->addr))
		return err_set(e, ERR_INVALID,
		    "address %.60s cannot be a BMP server", text);
	return 0;
}

static int
server_get(const Bgp__AddBmpServerRequest *m, struct conf_bmp_server *b,
    struct err *e)
{
	if (server_address(m->address, b, e) == -1)
		return -1;
	if (m->_statistics_timeout_case != 0) {
		if (m->statistics_timeout > UINT32_MAX)
			return err_set(e, ERR_INVALID,
			    "statistics_timeout %llu exceeds %u",
			    (unsigned long long)m->statistics_timeout,
			    UINT32_MAX);
		b->statistics_secs = m->statistics_timeout;
	}
	if (m->_buffer_bytes_case != 0) {
		if (m->buffer_bytes < CONF_BMP_BUFFER_MIN ||
		    m->buffer_bytes > CONF_BMP_BUFFER_MAX)
			return err_set(e, ERR_INVALID,
			    "buffer_bytes %u is not between %u and %u",
			    m->buffer_bytes, CONF_BMP_BUFFER_MIN,
			    CONF_BMP_BUFFER_MAX);
		b->buffer_bytes = m->buffer_bytes;
	}
	if (m->_adj_rib_in_pre_policy_case != 0)
		b->pre_policy = m->adj_rib_in_pre_policy != 0;
	if (m->_adj_rib_in_post_policy_case != 0)
		b->post_policy = m->adj_rib_in_post_policy != 0;
	if (m->_loc_rib_case != 0)
		b->loc_rib = m->loc_rib != 0;
	if (m->_adj_rib_out_case != 0)
		b->adj_rib_out = m->adj_rib_out != 0;
	if (m->_adj_rib_out_pre_policy_case != 0)
		b->adj_rib_out_pre = m->adj_rib_out_pre_policy != 0;
	if (m->_route_mirroring_case != 0)
		b->mirroring = m->route_mirroring != 0;
	return 0;
}

static void
bmp_edit(struct apid *apid, struct call *call, const struct conf_edit *edit,
    const char *done)
{
	char server[ENDPOINT_STRLEN], text[160];

	(void)snprintf(text, sizeof(text), "BMP server %s %s",
	    endpoint_str(&edit->bmp.addr, edit->bmp.port, server), done);
	ask_edit(apid, call, edit, text);
}

void
rpc_add_bmp_server(void *ctx, struct call *call,
    const ProtobufCMessage *request)
{
	struct conf_edit edit;
	struct err e;

	memset(&edit, 0, sizeof(edit));
	edit.op = CONF_EDIT_BMP_ADD;
	conf_bmp_server_init(&edit.bmp);
	edit.bmp.origin = CONF_FROM_API;
	if (server_get((const void *)request, &edit.bmp, &e) == -1)
		call_fail(call, &e);
	else
		bmp_edit(ctx, call, &edit, "added");
}

void
rpc_remove_bmp_server(void *ctx, struct call *call,
    const ProtobufCMessage *request)
{
	const Bgp__RemoveBmpServerRequest *m = (const void *)request;
	struct conf_edit edit;
	struct err e;

	memset(&edit, 0, sizeof(edit));
	edit.op = CONF_EDIT_BMP_REMOVE;
	conf_bmp_server_init(&edit.bmp);
	if (server_address(m->address, &edit.bmp, &e) == -1)
		call_fail(call, &e);
	else
		bmp_edit(ctx, call, &edit, "removed");
}

/* --- ListBmpServers */

struct server { /* one in the reply */
	Bgp__BmpServer m;
	char address[ENDPOINT_STRLEN];
	char error[80];
};

static void
server_put(struct server *s, const struct bmp_row *row)
{
	Bgp__BmpServer *m = &s->m;

	bgp__bmp_server__init(m);
	m->address = s->address;
	m->last_error = s->error;
	endpoint_str(&row->addr, row->port, s->address);
	s->error[0] = '\0';
	if (!row->up && row->error != 0)
		(void)snprintf(s->error, sizeof(s->error), "%s",
		    strerror((int)row->error));
	m->connected = row->up;
	m->state_secs = row->secs;
	m->connections = row->connections;
	m->messages_sent = row->messages;
	m->bytes_sent = row->bytes;
	m->queued_bytes = row->queued;
	m->pending_changes = row->pending;
	m->dumping = row->dumping;
	m->resyncs = row->resyncs;
	m->dropped = row->dropped;
	m->statistics_timeout = row->statistics_secs;
	m->adj_rib_in_pre_policy = (row->feeds & CONF_BMP_IN_PRE) != 0;
	m->adj_rib_in_post_policy = (row->feeds & CONF_BMP_IN_POST) != 0;
	m->loc_rib = (row->feeds & CONF_BMP_LOC_RIB) != 0;
	m->adj_rib_out = (row->feeds & CONF_BMP_OUT) != 0;
	m->adj_rib_out_pre_policy = (row->feeds & CONF_BMP_OUT_PRE) != 0;
	m->route_mirroring = (row->feeds & CONF_BMP_MIRROR) != 0;
	m->buffer_bytes = row->buffer_bytes;
}

static int
on_rows(struct ask *ask, const struct msg *msg)
{
	Bgp__ListBmpServersResponse m;
	char *addresses[CONF_BMP_SERVERS_MAX];
	Bgp__BmpServer *list[CONF_BMP_SERVERS_MAX];
	struct server *servers;
	struct bmp_row row;
	struct rd rd;
	size_t n = 0;

	servers = xcalloc(CONF_BMP_SERVERS_MAX, sizeof(*servers));
	rd_init(&rd, msg->data, msg->hdr.len);
	while (rd_left(&rd) > 0 && n < CONF_BMP_SERVERS_MAX) {
		msg_bmp_row_get(&rd, &row);
		if (!rd_ok(&rd))
			break;
		server_put(&servers[n], &row);
		addresses[n] = servers[n].address;
		list[n] = &servers[n].m;
		n++;
	}
	if (rd_done(&rd)) {
		bgp__list_bmp_servers_response__init(&m);
		m.addresses = addresses;
		m.n_addresses = n;
		m.servers = list;
		m.n_servers = n;
		call_reply(ask->call, &m.base);
	}
	free(servers);
	return rd_done(&rd) ? 0 : -1;
}

static const struct ask_kind list_kind = {
	.to = PROC_RDE,
	.question = MSG_BMP_GET,
	.answer = MSG_BMP_ROWS,
	.on_answer = on_rows,
};

void
rpc_list_bmp_servers(void *ctx, struct call *call, const ProtobufCMessage *m)
{
	struct wr wr;

	(void)m;
	wr_init(&wr, NULL, 0);
	ask_start(ctx, call, &list_kind, &wr, "");
}
