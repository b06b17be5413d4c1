/* SPDX-License-Identifier: ISC */
/*
 * Neighbors and the daemon itself.
 */
#include "bgpctl/ctl.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/addr.h"
#include "common/xmalloc.h"
#include "proto/optional.h"

const struct cmd_opt ctl_neighbor_add_opts[] = {
	{ "remote-as", "N", "the AS that it must have" },
	{ "hold-time", "SECONDS", "0 or 3 to 65535" },
	{ "idle-hold", "SECONDS", "wait in Idle before a start" },
	{ "no-damping", NULL, "do not wait longer after repeated losses" },
	{ "no-automatic-stop", NULL, "the prefix limit keeps the session" },
	{ "passive", NULL, "wait for its connection" },
	{ "enforce-first-as", NULL, "its paths must begin with its AS" },
	{ "delay-open", "SECONDS", "wait for its OPEN before ours" },
	{ "max-prefix", "N", "limit of prefixes" },
	{ "max-prefix-action", "ACTION", "terminate or discard" },
	{ "notify-without-open", NULL, "NOTIFICATION before any OPEN" },
	{ "collision-established", NULL,
	    "compare connections when established" },
	{ "mrai", "SECONDS", "least time between announcements" },
	{ "no-graceful-restart", NULL, "drop its routes at once" },
	{ "restart-time", "SECONDS", "graceful restart, up to 4095" },
	{ "local-address", "ADDR", "our end of the connection" },
	{ "family", "FAMILY", "announce ipv4 or ipv6; may be repeated" },
	{ NULL, NULL, NULL },
};

const struct cmd_opt ctl_neighbor_down_opts[] = {
	{ "reason", "TEXT", "told to the neighbor" },
	{ NULL, NULL, NULL },
};

const struct cmd_opt ctl_neighbor_refresh_opts[] = {
	{ "in", NULL, "ask for its routes again" },
	{ "out", NULL, "send ours again" },
	{ "ipv4", NULL, "IPv4 alone" },
	{ "ipv6", NULL, "IPv6 alone" },
	{ NULL, NULL, NULL },
};

static const char *const state_names[] = { "Idle", "Connect", "Active",
	"OpenSent", "OpenConfirm", "Established" };
static const char *const admin_names[] = { "Up", "Down",
	"PrefixLimitExceeded" };

static const char *
name_of(const char *const *names, size_t n, int value)
{
	return value < 0 || (size_t)value >= n ? "?" : names[value];
}

static const char *
state_name(const Bgp__Peer *p)
{
	return name_of(state_names, nitems(state_names), (int)p->state);
}

static const char *
admin_name(const Bgp__Peer *p)
{
	return name_of(admin_names, nitems(admin_names), (int)p->admin_state);
}

/* A duration as "01:02:03", "4d05h06m", or "-". */
static const char *
uptime_text(const Bgp__Peer *p, char *buf, size_t len)
{
	unsigned long long s = p->uptime_secs;

	if (p->_uptime_secs_case == 0)
		(void)snprintf(buf, len, "-");
	else if (s < 86400)
		(void)snprintf(buf, len, "%02llu:%02llu:%02llu", s / 3600,
		    s / 60 % 60, s % 60);
	else
		(void)snprintf(buf, len, "%llud%02lluh%02llum", s / 86400,
		    s / 3600 % 24, s / 60 % 60);
	return buf;
}

static void
put_families(struct json *j, const char *key, Bgp__AfiSafi *const *v, size_t n)
{
	size_t i;

	json_array(j, key);
	for (i = 0; i < n; i++) {
		json_object(j, NULL);
		json_uint(j, "afi", v[i]->afi);
		json_uint(j, "safi", v[i]->safi);
		json_object_end(j);
	}
	json_array_end(j);
}

static void
put_counts_json(struct json *j, const Bgp__Peer *p)
{
	const Bgp__PrefixCount *c;
	size_t i;

	json_array(j, "prefixes");
	for (i = 0; i < p->n_prefixes; i++) {
		c = p->prefixes[i];
		json_object(j, NULL);
		json_object(j, "family");
		json_uint(j, "afi", c->family == NULL ? 0 : c->family->afi);
		json_uint(j, "safi", c->family == NULL ? 0 : c->family->safi);
		json_object_end(j);
		json_uint(j, "received", c->received);
		json_uint(j, "advertised", c->advertised);
		json_object_end(j);
	}
	json_array_end(j);
}

static void
put_families_config_json(struct json *j, const Bgp__SessionConfig *c)
{
	size_t i;

	json_array(j, "afi_safis");
	for (i = 0; i < c->n_afi_safis; i++) {
		json_object(j, NULL);
		json_uint(j, "afi", c->afi_safis[i]->afi);
		json_uint(j, "safi", c->afi_safis[i]->safi);
		json_object_end(j);
	}
	json_array_end(j);
}

static void
put_config_json(struct json *j, const Bgp__SessionConfig *c)
{
	json_object(j, "session_config");
	if (c->_idle_hold_time_secs_case != 0)
		json_uint(j, "idle_hold_time_secs", c->idle_hold_time_secs);
	json_bool(j, "damp_peer_oscillations", c->damp_peer_oscillations);
	json_bool(j, "allow_automatic_stop", c->allow_automatic_stop);
	json_bool(j, "passive_mode", c->passive_mode);
	if (c->_delay_open_time_secs_case != 0)
		json_uint(j, "delay_open_time_secs", c->delay_open_time_secs);
	if (c->max_prefix != NULL) {
		json_object(j, "max_prefix");
		json_uint(j, "limit", c->max_prefix->limit);
		json_string(j, "action",
		    c->max_prefix->action == BGP__MAX_PREFIX_ACTION__DISCARD ?
			"discard" :
			"terminate");
		json_object_end(j);
	}
	json_bool(j, "send_notification_without_open",
	    c->send_notification_without_open);
	json_bool(j, "collision_detect_established_state",
	    c->collision_detect_established_state);
	json_uint(j, "min_route_advertisement_interval_secs",
	    c->min_route_advertisement_interval_secs);
	if (c->graceful_restart != NULL) {
		json_object(j, "graceful_restart");
		json_bool(j, "enabled", c->graceful_restart->enabled);
		json_uint(j, "restart_time_secs",
		    c->graceful_restart->restart_time_secs);
		json_object_end(j);
	}
	json_uint(j, "asn", c->asn);
	json_bool(j, "enforce_first_as", c->enforce_first_as);
	put_families_config_json(j, c);
	json_uint(j, "hold_time_secs", c->hold_time_secs);
	if (c->_local_address_case != 0)
		json_string(j, "local_address", c->local_address);
	json_object_end(j);
}

static void
put_error_json(struct json *j, const char *key, const Bgp__ErrorCode *e)
{
	if (e == NULL)
		return;
	json_object(j, key);
	json_uint(j, "code", e->code);
	json_uint(j, "subcode", e->subcode);
	json_object_end(j);
}

/* The members of a Peer, without the braces. */
static void
put_peer_json(struct json *j, const Bgp__Peer *p)
{
	size_t i;

	json_string(j, "address", p->address);
	json_uint(j, "port", p->port);
	json_uint(j, "asn", p->asn);
	json_string(j, "state", state_name(p));
	json_string(j, "admin_state", admin_name(p));
	json_bool(j, "configured", p->configured);
	json_array(j, "import_policies");
	for (i = 0; i < p->n_import_policies; i++)
		json_string(j, NULL, p->import_policies[i]);
	json_array_end(j);
	json_array(j, "export_policies");
	for (i = 0; i < p->n_export_policies; i++)
		json_string(j, NULL, p->export_policies[i]);
	json_array_end(j);
	json_string(j, "import_default_action", p->import_default_action);
	json_string(j, "export_default_action", p->export_default_action);
	json_string(j, "router_id", p->router_id);
	json_uint(j, "hold_time_secs", p->hold_time_secs);
	if (p->_uptime_secs_case != 0)
		json_uint(j, "uptime_secs", p->uptime_secs);
	put_families(j, "negotiated", p->negotiated, p->n_negotiated);
	put_counts_json(j, p);
	json_uint(j, "messages_received", p->messages_received);
	json_uint(j, "messages_sent", p->messages_sent);
	put_error_json(j, "last_error_sent", p->last_error_sent);
	put_error_json(j, "last_error_received", p->last_error_received);
	if (p->session_config != NULL)
		put_config_json(j, p->session_config);
}

static void
put_stats_json(struct json *j, const Bgp__PeerStatistics *s)
{
	json_object(j, "statistics");
	json_uint(j, "open_sent", s->open_sent);
	json_uint(j, "keepalive_sent", s->keepalive_sent);
	json_uint(j, "update_sent", s->update_sent);
	json_uint(j, "notification_sent", s->notification_sent);
	json_uint(j, "route_refresh_sent", s->route_refresh_sent);
	json_uint(j, "open_received", s->open_received);
	json_uint(j, "keepalive_received", s->keepalive_received);
	json_uint(j, "update_received", s->update_received);
	json_uint(j, "notification_received", s->notification_received);
	json_uint(j, "route_refresh_received", s->route_refresh_received);
	json_object_end(j);
}

static void
put_config_text(FILE *to, const Bgp__SessionConfig *c)
{
	fprintf(to, "  Settings\n");
	if (c->asn != 0)
		fprintf(to, "    AS must be              %u\n", c->asn);
	fprintf(to, "    hold time               %u s\n", c->hold_time_secs);
	if (c->_idle_hold_time_secs_case != 0)
		fprintf(to, "    idle hold               %" PRIu64 " s%s\n",
		    c->idle_hold_time_secs,
		    c->damp_peer_oscillations ? ", with damping" : "");
	else
		fprintf(to, "    no automatic start\n");
	if (c->passive_mode)
		fprintf(to, "    passive\n");
	if (c->enforce_first_as)
		fprintf(to, "    paths must begin with its AS\n");
	if (c->_delay_open_time_secs_case != 0)
		fprintf(to, "    delay open              %" PRIu64 " s\n",
		    c->delay_open_time_secs);
	if (c->max_prefix != NULL)
		fprintf(to, "    prefix limit            %u, %s\n",
		    c->max_prefix->limit,
		    c->max_prefix->action == BGP__MAX_PREFIX_ACTION__DISCARD ?
			"discard" :
			"terminate");
	if (c->min_route_advertisement_interval_secs != 0)
		fprintf(to, "    announcement interval   %" PRIu64 " s\n",
		    c->min_route_advertisement_interval_secs);
	if (c->graceful_restart != NULL && c->graceful_restart->enabled)
		fprintf(to, "    graceful restart        %u s\n",
		    c->graceful_restart->restart_time_secs);
	if (c->_local_address_case != 0)
		fprintf(to, "    local address           %s\n",
		    c->local_address);
}

static void
put_stat_text(FILE *to, const char *name, uint64_t sent, uint64_t received)
{
	fprintf(to, "    %-14s %14" PRIu64 " %14" PRIu64 "\n", name, sent,
	    received);
}

static void
put_peer_text(FILE *to, const Bgp__Peer *p, const Bgp__PeerStatistics *s)
{
	char text[32];
	size_t i;

	fprintf(to, "Neighbor %s", p->address);
	if (p->asn != 0)
		fprintf(to, ", AS %u", p->asn);
	if (p->router_id[0] != '\0')
		fprintf(to, ", router id %s", p->router_id);
	fprintf(to, "\n  %s", state_name(p));
	if (p->_uptime_secs_case != 0)
		fprintf(to, " %s %s",
		    p->state == BGP__BGP_STATE__ESTABLISHED ? "for" :
							      "down for",
		    uptime_text(p, text, sizeof(text)));
	fprintf(to, ", admin state %s%s\n", admin_name(p),
	    p->configured ? "" : ", not configured");
	if (p->state == BGP__BGP_STATE__ESTABLISHED) {
		fprintf(to, "  Negotiated: hold time %u s", p->hold_time_secs);
		for (i = 0; i < p->n_negotiated; i++)
			fprintf(to, ", %s unicast",
			    p->negotiated[i]->afi == 1 ? "IPv4" : "IPv6");
		fprintf(to, "\n");
	}
	for (i = 0; i < p->n_prefixes; i++)
		fprintf(to,
		    "  %s prefixes: %" PRIu64 " received, %" PRIu64
		    " advertised\n",
		    p->prefixes[i]->family != NULL &&
			    p->prefixes[i]->family->afi == 1 ?
			"IPv4" :
			"IPv6",
		    p->prefixes[i]->received, p->prefixes[i]->advertised);
	if (p->last_error_sent != NULL)
		fprintf(to, "  Last NOTIFICATION sent: %u/%u\n",
		    p->last_error_sent->code, p->last_error_sent->subcode);
	if (p->last_error_received != NULL)
		fprintf(to, "  Last NOTIFICATION received: %u/%u\n",
		    p->last_error_received->code,
		    p->last_error_received->subcode);
	for (i = 0; i < p->n_import_policies; i++)
		fprintf(to, "  Import policy: %s\n", p->import_policies[i]);
	for (i = 0; i < p->n_export_policies; i++)
		fprintf(to, "  Export policy: %s\n", p->export_policies[i]);
	if (p->import_default_action[0] != '\0')
		fprintf(to, "  Import default: %s\n", p->import_default_action);
	if (p->export_default_action[0] != '\0')
		fprintf(to, "  Export default: %s\n", p->export_default_action);
	if (p->session_config != NULL)
		put_config_text(to, p->session_config);
	if (s == NULL)
		return;
	fprintf(to, "  %-16s %14s %14s\n", "Messages", "sent", "received");
	put_stat_text(to, "OPEN", s->open_sent, s->open_received);
	put_stat_text(to, "KEEPALIVE", s->keepalive_sent,
	    s->keepalive_received);
	put_stat_text(to, "UPDATE", s->update_sent, s->update_received);
	put_stat_text(to, "NOTIFICATION", s->notification_sent,
	    s->notification_received);
	put_stat_text(to, "ROUTE-REFRESH", s->route_refresh_sent,
	    s->route_refresh_received);
}

static int
show_one_neighbor(struct ctl *ctl, const char *text)
{
	Bgp__GetPeerRequest m;
	char *address = xstrdup(text);
	Bgp__GetPeerResponse *reply;
	int status;

	bgp__get_peer_request__init(&m);
	m.address = address;
	reply = (void *)ctl_call(ctl, "GetPeer", &m.base,
	    &bgp__get_peer_response__descriptor, &status);
	free(address);
	if (reply == NULL)
		return status;
	if (reply->peer == NULL) {
		protobuf_c_message_free_unpacked(&reply->base, NULL);
		return ctl_usage(ctl, "the daemon's answer has no peer");
	}
	if (ctl->json_out) {
		json_object(&ctl->json, NULL);
		put_peer_json(&ctl->json, reply->peer);
		if (reply->statistics != NULL)
			put_stats_json(&ctl->json, reply->statistics);
		json_object_end(&ctl->json);
		json_done(&ctl->json);
	} else
		put_peer_text(ctl->out, reply->peer, reply->statistics);
	protobuf_c_message_free_unpacked(&reply->base, NULL);
	return CTL_DONE;
}

struct peer_walk {
	struct ctl *ctl;
	uint64_t count;
	bool summary;
};

void
ctl_put_neighbor_head(struct ctl *ctl)
{
	fprintf(ctl->out, "%-22s %10s %-12s %10s %10s %10s\n", "Neighbor", "AS",
	    "State", "Up/Down", "Received", "Sent");
}

void
ctl_put_neighbor_json(struct ctl *ctl, const Bgp__Peer *p)
{
	put_peer_json(&ctl->json, p);
}

void
ctl_put_neighbor_row(struct ctl *ctl, const Bgp__Peer *p)
{
	const bool up = p->state == BGP__BGP_STATE__ESTABLISHED;
	const char *state = state_name(p);
	FILE *to = ctl->out;
	uint32_t asn = p->asn;
	uint64_t received = 0, advertised = 0;
	char as_text[16], text[32];
	size_t i;

	if (p->admin_state == BGP__ADMIN_STATE__DOWN)
		state = "Idle (down)";
	else if (p->admin_state == BGP__ADMIN_STATE__PREFIX_LIMIT_EXCEEDED)
		state = "Idle (limit)";
	if (asn == 0 && p->session_config != NULL)
		asn = p->session_config->asn;
	(void)snprintf(as_text, sizeof(as_text), asn == 0 ? "-" : "%u", asn);
	if (strlen(p->address) > 22)
		fprintf(to, "%s\n%-22s", p->address, "");
	else
		fprintf(to, "%-22s", p->address);
	for (i = 0; i < p->n_prefixes; i++) {
		received += p->prefixes[i]->received;
		advertised += p->prefixes[i]->advertised;
	}
	fprintf(to, " %10s %s%-12s%s %10s", as_text,
	    ctl_color(ctl, up ? CTL_GOOD : CTL_BAD), state, ctl_color_end(ctl),
	    uptime_text(p, text, sizeof(text)));
	if (up)
		fprintf(to, " %10" PRIu64 " %10" PRIu64 "\n", received,
		    advertised);
	else
		fprintf(to, " %10s %10s\n", "-", "-");
}

static bool
on_peer(void *arg, const ProtobufCMessage *message)
{
	const Bgp__Peer *p = (const void *)message;
	struct peer_walk *walk = arg;
	struct ctl *ctl = walk->ctl;

	walk->count++;
	if (ctl->json_out) {
		json_object(&ctl->json, NULL);
		put_peer_json(&ctl->json, p);
		json_object_end(&ctl->json);
	} else if (walk->summary)
		ctl_put_neighbor_row(ctl, p);
	else {
		if (walk->count > 1)
			fprintf(ctl->out, "\n");
		put_peer_text(ctl->out, p, NULL);
	}
	return true;
}

/* The list of neighbors; in JSON as the member "neighbors" of an object
 * that the caller has begun and this ends. */
static int
walk_peers(struct ctl *ctl, bool summary)
{
	Bgp__ListPeersRequest m;
	struct peer_walk walk = { ctl, 0, summary };
	struct client_status status = { 0, NULL };
	int failed;

	bgp__list_peers_request__init(&m);
	if (ctl->json_out)
		json_array(&ctl->json, "neighbors");
	failed = client_stream(ctl->client, "/bgp.BgpService/ListPeersStream",
	    &m.base, &bgp__peer__descriptor, on_peer, &walk, &status);
	if (ctl->json_out) {
		json_array_end(&ctl->json);
		json_bool(&ctl->json, "complete", failed == 0);
		json_object_end(&ctl->json);
		json_done(&ctl->json);
	}
	if (failed == -1) {
		json_init(&ctl->json, ctl->out);
		return ctl_refused(ctl, &status);
	}
	client_status_fini(&status);
	if (!ctl->json_out && walk.count == 0)
		fprintf(ctl->out, "No neighbors\n");
	return CTL_DONE;
}

int
ctl_show_neighbors(struct ctl *ctl, const struct cmd_args *args)
{
	if (args->free_value != NULL)
		return show_one_neighbor(ctl, args->free_value);
	if (ctl->json_out)
		json_object(&ctl->json, NULL);
	return walk_peers(ctl, false);
}

static Bgp__GetServerInfoResponse *
get_info(struct ctl *ctl, int *status)
{
	Bgp__GetServerInfoRequest m;

	bgp__get_server_info_request__init(&m);
	return (void *)ctl_call(ctl, "GetServerInfo", &m.base,
	    &bgp__get_server_info_response__descriptor, status);
}

static void
put_info_json(struct json *j, const Bgp__GetServerInfoResponse *info)
{
	size_t i;

	json_string(j, "version", info->version);
	json_uint(j, "asn", info->asn);
	json_string(j, "router_id", info->router_id);
	json_string(j, "listen_addr", info->listen_addr);
	json_uint(j, "listen_port", info->listen_port);
	json_uint(j, "num_routes", info->num_routes);
	json_uint(j, "num_paths", info->num_paths);
	json_array(j, "tables");
	for (i = 0; i < info->n_tables; i++) {
		json_object(j, NULL);
		if (info->tables[i]->family != NULL) {
			json_uint(j, "afi", info->tables[i]->family->afi);
			json_uint(j, "safi", info->tables[i]->family->safi);
		}
		json_uint(j, "prefixes", info->tables[i]->prefixes);
		json_uint(j, "paths", info->tables[i]->paths);
		json_object_end(j);
	}
	json_array_end(j);
}

static void
put_info_text(FILE *to, const Bgp__GetServerInfoResponse *info)
{
	size_t i;

	fprintf(to, "bgpgg %s, AS %u, router id %s, listening on %s port %u\n",
	    info->version, info->asn, info->router_id, info->listen_addr,
	    info->listen_port);
	fprintf(to, "%" PRIu64 " routes, %" PRIu64 " paths", info->num_routes,
	    info->num_paths);
	for (i = 0; i < info->n_tables; i++)
		if (info->tables[i]->family != NULL)
			fprintf(to, "%s%s %" PRIu64 "/%" PRIu64,
			    i == 0 ? " (" : ", ",
			    info->tables[i]->family->afi == 1 ? "IPv4" : "IPv6",
			    info->tables[i]->prefixes, info->tables[i]->paths);
	fprintf(to, "%s\n", info->n_tables == 0 ? "" : ")");
}

int
ctl_show_info(struct ctl *ctl, const struct cmd_args *args)
{
	Bgp__GetServerInfoResponse *info;
	int status;

	(void)args;
	info = get_info(ctl, &status);
	if (info == NULL)
		return status;
	if (ctl->json_out) {
		json_object(&ctl->json, NULL);
		put_info_json(&ctl->json, info);
		json_object_end(&ctl->json);
		json_done(&ctl->json);
	} else
		put_info_text(ctl->out, info);
	protobuf_c_message_free_unpacked(&info->base, NULL);
	return CTL_DONE;
}

int
ctl_show_summary(struct ctl *ctl, const struct cmd_args *args)
{
	Bgp__GetServerInfoResponse *info;
	int status;

	(void)args;
	info = get_info(ctl, &status);
	if (info == NULL)
		return status;
	if (ctl->json_out) {
		json_object(&ctl->json, NULL);
		put_info_json(&ctl->json, info);
	} else {
		put_info_text(ctl->out, info);
		fprintf(ctl->out, "\n");
		ctl_put_neighbor_head(ctl);
	}
	protobuf_c_message_free_unpacked(&info->base, NULL);
	return walk_peers(ctl, true);
}

/* A number of an option into a member with presence.  -1 after telling. */
static int
get_number(struct ctl *ctl, const struct cmd_args *args, const char *option,
    uint64_t max, uint64_t *v, bool *given)
{
	const char *text = cmd_value(args, option);

	*given = text != NULL;
	if (text != NULL && !ctl_number(text, max, v)) {
		(void)ctl_usage(ctl, "%s: \"%s\" is no number up to %" PRIu64,
		    option, text, max);
		return -1;
	}
	return 0;
}

static int
get_add_times(struct ctl *ctl, const struct cmd_args *args,
    Bgp__SessionConfig *m, Bgp__GracefulRestartConfig *gr)
{
	uint64_t v = 0;
	bool given;

	if (get_number(ctl, args, "hold-time", UINT32_MAX, &v, &given) == -1)
		return -1;
	if (given) {
		m->_hold_time_secs_case =
		    PB_CASE(SESSION_CONFIG, HOLD_TIME_SECS);
		m->hold_time_secs = (uint32_t)v;
	}
	if (get_number(ctl, args, "idle-hold", UINT32_MAX, &v, &given) == -1)
		return -1;
	if (given) {
		m->_idle_hold_time_secs_case =
		    PB_CASE(SESSION_CONFIG, IDLE_HOLD_TIME_SECS);
		m->idle_hold_time_secs = v;
	}
	if (get_number(ctl, args, "delay-open", UINT32_MAX, &v, &given) == -1)
		return -1;
	if (given) {
		m->_delay_open_time_secs_case =
		    PB_CASE(SESSION_CONFIG, DELAY_OPEN_TIME_SECS);
		m->delay_open_time_secs = v;
	}
	if (get_number(ctl, args, "mrai", UINT32_MAX, &v, &given) == -1)
		return -1;
	if (given) {
		m->_min_route_advertisement_interval_secs_case = PB_CASE(
		    SESSION_CONFIG, MIN_ROUTE_ADVERTISEMENT_INTERVAL_SECS);
		m->min_route_advertisement_interval_secs = v;
	}
	if (get_number(ctl, args, "restart-time", UINT32_MAX, &v, &given) == -1)
		return -1;
	if (given) {
		gr->_restart_time_secs_case =
		    PB_CASE(GRACEFUL_RESTART_CONFIG, RESTART_TIME_SECS);
		gr->restart_time_secs = (uint32_t)v;
		m->graceful_restart = gr;
	}
	return 0;
}

static void
get_add_flags(const struct cmd_args *args, Bgp__SessionConfig *m,
    Bgp__GracefulRestartConfig *gr)
{
	if (cmd_has(args, "no-damping"))
		m->_damp_peer_oscillations_case =
		    PB_CASE(SESSION_CONFIG, DAMP_PEER_OSCILLATIONS);
	if (cmd_has(args, "no-automatic-stop"))
		m->_allow_automatic_stop_case =
		    PB_CASE(SESSION_CONFIG, ALLOW_AUTOMATIC_STOP);
	if (cmd_has(args, "passive")) {
		m->_passive_mode_case = PB_CASE(SESSION_CONFIG, PASSIVE_MODE);
		m->passive_mode = true;
	}
	if (cmd_has(args, "enforce-first-as")) {
		m->_enforce_first_as_case =
		    PB_CASE(SESSION_CONFIG, ENFORCE_FIRST_AS);
		m->enforce_first_as = true;
	}
	if (cmd_has(args, "notify-without-open")) {
		m->_send_notification_without_open_case =
		    PB_CASE(SESSION_CONFIG, SEND_NOTIFICATION_WITHOUT_OPEN);
		m->send_notification_without_open = true;
	}
	if (cmd_has(args, "collision-established")) {
		m->_collision_detect_established_state_case =
		    PB_CASE(SESSION_CONFIG, COLLISION_DETECT_ESTABLISHED_STATE);
		m->collision_detect_established_state = true;
	}
	if (cmd_has(args, "no-graceful-restart")) {
		gr->_enabled_case = PB_CASE(GRACEFUL_RESTART_CONFIG, ENABLED);
		gr->enabled = false;
		m->graceful_restart = gr;
	}
}

static int
get_add_limit(struct ctl *ctl, const struct cmd_args *args,
    Bgp__SessionConfig *m, Bgp__MaxPrefixSetting *limit)
{
	const char *action = cmd_value(args, "max-prefix-action");
	uint64_t v = 0;
	bool given;

	if (get_number(ctl, args, "remote-as", UINT32_MAX, &v, &given) == -1)
		return -1;
	if (given) {
		m->_asn_case = PB_CASE(SESSION_CONFIG, ASN);
		m->asn = (uint32_t)v;
	}
	if (get_number(ctl, args, "max-prefix", UINT32_MAX, &v, &given) == -1)
		return -1;
	if (given) {
		limit->limit = (uint32_t)v;
		m->max_prefix = limit;
	}
	if (action == NULL)
		return 0;
	if (!given) {
		(void)ctl_usage(ctl, "max-prefix-action needs max-prefix");
		return -1;
	}
	if (strcmp(action, "discard") == 0)
		limit->action = BGP__MAX_PREFIX_ACTION__DISCARD;
	else if (strcmp(action, "terminate") != 0) {
		(void)ctl_usage(ctl,
		    "max-prefix-action: \"%s\" is neither terminate nor "
		    "discard",
		    action);
		return -1;
	}
	return 0;
}

static int
get_add_families(struct ctl *ctl, const struct cmd_args *args,
    Bgp__SessionConfig *m, Bgp__AfiSafiConfig *v[2])
{
	const char *text;
	size_t i;
	uint32_t afi;

	m->afi_safis = v;
	for (i = 0; i < args->n_options; i++) {
		if (strcmp(args->options[i].opt->word, "family") != 0)
			continue;
		text = args->options[i].value;
		if (strcmp(text, "ipv4") == 0)
			afi = 1;
		else if (strcmp(text, "ipv6") == 0)
			afi = 2;
		else {
			(void)ctl_usage(ctl,
			    "family: \"%s\" is neither ipv4 nor ipv6", text);
			return -1;
		}
		if (m->n_afi_safis == 2 ||
		    (m->n_afi_safis == 1 && v[0]->afi == afi))
			continue;
		bgp__afi_safi_config__init(v[m->n_afi_safis]);
		v[m->n_afi_safis]->afi = afi;
		v[m->n_afi_safis++]->safi = 1;
	}
	return 0;
}

int
ctl_neighbor_add(struct ctl *ctl, const struct cmd_args *args)
{
	Bgp__AddPeerRequest m;
	Bgp__SessionConfig config;
	Bgp__GracefulRestartConfig gr;
	Bgp__MaxPrefixSetting limit;
	Bgp__AfiSafiConfig families[2],
	    *list[2] = { &families[0], &families[1] };
	const char *local = cmd_value(args, "local-address");
	char *address, *local_copy = NULL;
	int status;

	bgp__add_peer_request__init(&m);
	bgp__session_config__init(&config);
	bgp__graceful_restart_config__init(&gr);
	bgp__max_prefix_setting__init(&limit);
	if (get_add_times(ctl, args, &config, &gr) == -1 ||
	    get_add_limit(ctl, args, &config, &limit) == -1 ||
	    get_add_families(ctl, args, &config, list) == -1)
		return CTL_USAGE;
	get_add_flags(args, &config, &gr);
	address = xstrdup(args->values[0]);
	m.address = address;
	if (local != NULL) {
		local_copy = xstrdup(local);
		config._local_address_case =
		    PB_CASE(SESSION_CONFIG, LOCAL_ADDRESS);
		config.local_address = local_copy;
	}
	m.config = &config;
	status = ctl_act(ctl, "AddPeer", &m.base,
	    &bgp__add_peer_response__descriptor);
	free(address);
	free(local_copy);
	return status;
}

int
ctl_neighbor_delete(struct ctl *ctl, const struct cmd_args *args)
{
	Bgp__RemovePeerRequest m;
	char *address = xstrdup(args->values[0]);
	int status;

	bgp__remove_peer_request__init(&m);
	m.address = address;
	status = ctl_act(ctl, "RemovePeer", &m.base,
	    &bgp__remove_peer_response__descriptor);
	free(address);
	return status;
}

/* A call whose reply is empty, and what to say when it is there. */
static int
move(struct ctl *ctl, const char *method, const ProtobufCMessage *m,
    const ProtobufCMessageDescriptor *reply_type, const char *address,
    const char *done)
{
	ProtobufCMessage *reply;
	char text[160];
	int status;

	reply = ctl_call(ctl, method, m, reply_type, &status);
	if (reply == NULL)
		return status;
	protobuf_c_message_free_unpacked(reply, NULL);
	(void)snprintf(text, sizeof(text), "Peer %s %s", address, done);
	return ctl_done(ctl, text);
}

int
ctl_neighbor_up(struct ctl *ctl, const struct cmd_args *args)
{
	Bgp__EnablePeerRequest m;
	char *address = xstrdup(args->values[0]);
	int status;

	bgp__enable_peer_request__init(&m);
	m.address = address;
	status = move(ctl, "EnablePeer", &m.base,
	    &bgp__enable_peer_response__descriptor, address, "enabled");
	free(address);
	return status;
}

int
ctl_neighbor_down(struct ctl *ctl, const struct cmd_args *args)
{
	Bgp__DisablePeerRequest m;
	const char *reason = cmd_value(args, "reason");
	char *address = xstrdup(args->values[0]);
	char *copy = reason == NULL ? NULL : xstrdup(reason);
	int status;

	bgp__disable_peer_request__init(&m);
	m.address = address;
	if (copy != NULL) {
		m._reason_case = PB_CASE(DISABLE_PEER_REQUEST, REASON);
		m.reason = copy;
	}
	status = move(ctl, "DisablePeer", &m.base,
	    &bgp__disable_peer_response__descriptor, address, "disabled");
	free(address);
	free(copy);
	return status;
}

static int
reset(struct ctl *ctl, const struct cmd_args *args, Bgp__ResetType type,
    const char *done)
{
	Bgp__ResetPeerRequest m;
	bool v4 = cmd_has(args, "ipv4"), v6 = cmd_has(args, "ipv6");
	char *address = xstrdup(args->values[0]);
	int status;

	bgp__reset_peer_request__init(&m);
	m.address = address;
	m.reset_type = type;
	if (v4 != v6) {
		m._afi_case = PB_CASE(RESET_PEER_REQUEST, AFI);
		m.afi = v6 ? BGP__AFI__IPV6 : BGP__AFI__IPV4;
	}
	status = move(ctl, "ResetPeer", &m.base,
	    &bgp__reset_peer_response__descriptor, address, done);
	free(address);
	return status;
}

int
ctl_neighbor_clear(struct ctl *ctl, const struct cmd_args *args)
{
	return reset(ctl, args, BGP__RESET_TYPE__HARD, "reset");
}

int
ctl_neighbor_refresh(struct ctl *ctl, const struct cmd_args *args)
{
	bool in = cmd_has(args, "in"), out = cmd_has(args, "out");

	if (in && !out)
		return reset(ctl, args, BGP__RESET_TYPE__SOFT_IN,
		    "asked for its routes");
	if (out && !in)
		return reset(ctl, args, BGP__RESET_TYPE__SOFT_OUT,
		    "sent our routes again");
	return reset(ctl, args, BGP__RESET_TYPE__SOFT, "refreshed");
}
