/* SPDX-License-Identifier: ISC */
/*
 * BMP servers.
 */
#include "bgpctl/ctl.h"

#include <stdlib.h>
#include "common/xmalloc.h"
#include "proto/optional.h"

const struct cmd_opt ctl_bmp_add_opts[] = {
	{ "statistics", "SECONDS", "send statistics that often" },
	{ "no-pre-policy", NULL, "not what comes before the import policy" },
	{ "post-policy", NULL, "what neighbors send, after the policy" },
	{ "loc-rib", NULL, "the chosen routes" },
	{ "adj-rib-out", NULL, "what neighbors are sent" },
	{ "adj-rib-out-pre-policy", NULL, "the same before the policy" },
	{ "mirroring", NULL, "malformed messages as they came" },
	{ "buffer", "BYTES", "what it may cost while it is slow" },
	{ NULL, NULL, NULL },
};

/* --- show */

/* The feeds in the words of bmp add. */
static const char *
feeds(const Bgp__BmpServer *s, char *buf, size_t len)
{
	(void)snprintf(buf, len, "%s%s%s%s%s%s",
	    s->adj_rib_in_pre_policy ? " pre-policy" : "",
	    s->adj_rib_in_post_policy ? " post-policy" : "",
	    s->loc_rib ? " loc-rib" : "", s->adj_rib_out ? " adj-rib-out" : "",
	    s->adj_rib_out_pre_policy ? " adj-rib-out-pre-policy" : "",
	    s->route_mirroring ? " mirroring" : "");
	return buf[0] == ' ' ? buf + 1 : "nothing";
}

static void
put_text(struct ctl *ctl, const Bgp__BmpServer *s)
{
	char buf[100];

	fprintf(ctl->out, "%s: %s for %llu s%s%s\n", s->address,
	    s->connected ?
		s->dumping ? "connected, sending tables" : "connected" :
		"not connected",
	    (unsigned long long)s->state_secs,
	    s->last_error[0] != '\0' ? ": " : "", s->last_error);
	fprintf(ctl->out,
	    "  Feeds: %s; statistics: ", feeds(s, buf, sizeof(buf)));
	if (s->statistics_timeout == 0)
		fprintf(ctl->out, "none\n");
	else
		fprintf(ctl->out, "every %llu s\n",
		    (unsigned long long)s->statistics_timeout);
	fprintf(ctl->out,
	    "  Sent: %llu messages, %llu bytes, %llu "
	    "connections\n",
	    (unsigned long long)s->messages_sent,
	    (unsigned long long)s->bytes_sent,
	    (unsigned long long)s->connections);
	fprintf(ctl->out, "  Queue: %llu bytes, %llu changes, of %u bytes\n",
	    (unsigned long long)s->queued_bytes,
	    (unsigned long long)s->pending_changes, s->buffer_bytes);
	fprintf(ctl->out, "  Drops: %llu given up, %llu tables sent again\n",
	    (unsigned long long)s->dropped, (unsigned long long)s->resyncs);
}

static void
put_json(struct json *j, const Bgp__BmpServer *s)
{
	json_object(j, NULL);
	json_string(j, "address", s->address);
	json_bool(j, "connected", s->connected != 0);
	json_uint(j, "state_secs", s->state_secs);
	json_string(j, "last_error", s->last_error);
	json_uint(j, "connections", s->connections);
	json_uint(j, "messages_sent", s->messages_sent);
	json_uint(j, "bytes_sent", s->bytes_sent);
	json_uint(j, "queued_bytes", s->queued_bytes);
	json_uint(j, "pending_changes", s->pending_changes);
	json_bool(j, "dumping", s->dumping != 0);
	json_uint(j, "resyncs", s->resyncs);
	json_uint(j, "dropped", s->dropped);
	json_uint(j, "statistics_timeout", s->statistics_timeout);
	json_bool(j, "adj_rib_in_pre_policy", s->adj_rib_in_pre_policy != 0);
	json_bool(j, "adj_rib_in_post_policy", s->adj_rib_in_post_policy != 0);
	json_bool(j, "loc_rib", s->loc_rib != 0);
	json_bool(j, "adj_rib_out", s->adj_rib_out != 0);
	json_bool(j, "adj_rib_out_pre_policy", s->adj_rib_out_pre_policy != 0);
	json_bool(j, "route_mirroring", s->route_mirroring != 0);
	json_uint(j, "buffer_bytes", s->buffer_bytes);
	json_object_end(j);
}

int
ctl_show_bmp(struct ctl *ctl, const struct cmd_args *args)
{
	Bgp__ListBmpServersRequest m;
	Bgp__ListBmpServersResponse *reply;
	size_t i;
	int status;

	bgp__list_bmp_servers_request__init(&m);
	(void)args;
	reply = (void *)ctl_call(ctl, "ListBmpServers", &m.base,
	    &bgp__list_bmp_servers_response__descriptor, &status);
	if (reply == NULL)
		return status;
	if (ctl->json_out) {
		json_object(&ctl->json, NULL);
		json_array(&ctl->json, "addresses");
		for (i = 0; i < reply->n_addresses; i++)
			json_string(&ctl->json, NULL, reply->addresses[i]);
		json_array_end(&ctl->json);
		json_array(&ctl->json, "servers");
		for (i = 0; i < reply->n_servers; i++)
			put_json(&ctl->json, reply->servers[i]);
		json_array_end(&ctl->json);
		json_object_end(&ctl->json);
		json_done(&ctl->json);
	} else if (reply->n_servers == 0) {
		for (i = 0; i < reply->n_addresses; i++)
			fprintf(ctl->out, "%s\n", reply->addresses[i]);
	} else {
		for (i = 0; i < reply->n_servers; i++)
			put_text(ctl, reply->servers[i]);
	}
	protobuf_c_message_free_unpacked(&reply->base, NULL);
	return CTL_DONE;
}

/* --- add and delete */

#define SET(member, CASE, value)                                               \
	do {                                                                   \
		m->_##member##_case = PB_CASE(ADD_BMP_SERVER_REQUEST, CASE);   \
		m->member = (value);                                           \
	} while (0)

/* The options; CTL_DONE, or the exit status of a wrong command line. */
static int
add_options(struct ctl *ctl, const struct cmd_args *args,
    Bgp__AddBmpServerRequest *m)
{
	const char *secs = cmd_value(args, "statistics");
	const char *bytes = cmd_value(args, "buffer");
	uint64_t v;

	if (secs != NULL) {
		if (!ctl_number(secs, UINT32_MAX, &v))
			return ctl_usage(ctl,
			    "statistics: \"%s\" is no number "
			    "of seconds",
			    secs);
		SET(statistics_timeout, STATISTICS_TIMEOUT, v);
	}
	if (bytes != NULL) {
		if (!ctl_number(bytes, UINT32_MAX, &v))
			return ctl_usage(ctl,
			    "buffer: \"%s\" is no number of bytes", bytes);
		SET(buffer_bytes, BUFFER_BYTES, (uint32_t)v);
	}
	if (cmd_has(args, "no-pre-policy"))
		SET(adj_rib_in_pre_policy, ADJ_RIB_IN_PRE_POLICY, 0);
	if (cmd_has(args, "post-policy"))
		SET(adj_rib_in_post_policy, ADJ_RIB_IN_POST_POLICY, 1);
	if (cmd_has(args, "loc-rib"))
		SET(loc_rib, LOC_RIB, 1);
	if (cmd_has(args, "adj-rib-out"))
		SET(adj_rib_out, ADJ_RIB_OUT, 1);
	if (cmd_has(args, "adj-rib-out-pre-policy"))
		SET(adj_rib_out_pre_policy, ADJ_RIB_OUT_PRE_POLICY, 1);
	if (cmd_has(args, "mirroring"))
		SET(route_mirroring, ROUTE_MIRRORING, 1);
	return CTL_DONE;
}

int
ctl_bmp_add(struct ctl *ctl, const struct cmd_args *args)
{
	Bgp__AddBmpServerRequest m;
	char *address = xstrdup(args->values[0]);
	int status;

	bgp__add_bmp_server_request__init(&m);
	m.address = address;
	status = add_options(ctl, args, &m);
	if (status == CTL_DONE)
		status = ctl_act(ctl, "AddBmpServer", &m.base,
		    &bgp__add_bmp_server_response__descriptor);
	free(address);
	return status;
}

int
ctl_bmp_delete(struct ctl *ctl, const struct cmd_args *args)
{
	Bgp__RemoveBmpServerRequest m;
	char *address = xstrdup(args->values[0]);
	int status;

	bgp__remove_bmp_server_request__init(&m);
	m.address = address;
	status = ctl_act(ctl, "RemoveBmpServer", &m.base,
	    &bgp__remove_bmp_server_response__descriptor);
	free(address);
	return status;
}
