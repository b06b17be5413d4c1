/* SPDX-License-Identifier: ISC */
/*
 * GetServerInfo.
 */
#include "apid/rpc.h"

#include "apid/ask.h"
#include "common/chan.h"
#include "common/msg_query.h"
#include "proto/bgp.pb-c.h"

static int
on_rib_info(struct ask *ask, const struct msg *msg)
{
	const struct conf *conf = ask->apid->conf;
	Bgp__GetServerInfoResponse m;
	Bgp__TableSize tables[FAMILY__MAX], *table_list[FAMILY__MAX];
	Bgp__AfiSafi families[FAMILY__MAX];
	char listen[ADDR_STRLEN] = "", router_id[ADDR_STRLEN],
	     version[] = BGPGG_VERSION;
	struct rib_info info;
	struct addr id = addr_ipv4(conf->router_id);
	struct rd rd;
	int f;

	rd_init(&rd, msg->data, msg->hdr.len);
	msg_rib_info_get(&rd, &info);
	if (!rd_done(&rd))
		return -1;
	bgp__get_server_info_response__init(&m);
	m.listen_addr = listen;
	if (conf->n_listen > 0) {
		(void)addr_str(&conf->listen[0].addr, listen);
		m.listen_port = conf->listen[0].port;
	}
	m.num_routes = info.prefixes;
	m.version = version;
	m.asn = conf->asn;
	m.router_id = router_id;
	(void)addr_str(&id, router_id);
	m.tables = table_list;
	m.n_tables = FAMILY__MAX;
	for (f = 0; f < FAMILY__MAX; f++) {
		bgp__afi_safi__init(&families[f]);
		families[f].afi = family_afi((enum family)f);
		families[f].safi = family_safi((enum family)f);
		bgp__table_size__init(&tables[f]);
		tables[f].family = &families[f];
		tables[f].prefixes = info.families[f].prefixes;
		tables[f].paths = info.families[f].paths;
		m.num_paths += info.families[f].paths;
		table_list[f] = &tables[f];
	}
	call_reply(ask->call, &m.base);
	return 0;
}

static const struct ask_kind info_kind = {
	.to = PROC_RDE,
	.question = MSG_RIB_INFO_GET,
	.answer = MSG_RIB_INFO,
	.on_answer = on_rib_info,
};

void
rpc_get_server_info(void *ctx, struct call *call, const ProtobufCMessage *m)
{
	struct apid *apid = ctx;
	struct wr wr;

	(void)m;
	wr_init(&wr, NULL, 0);
	ask_start(apid, call, &info_kind, &wr, "");
}
