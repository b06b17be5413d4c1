/* SPDX-License-Identifier: ISC */
/*
 * Peers and their settings in the API's messages.
 */
#include "apid/pb_peer.h"

#include <stdio.h>
#include <string.h>

#include "apid/pb_policy.h"
#include "common/bgp.h"
#include "proto/optional.h"

enum {
	GR_TIME_MAX = 4095, /* 12 bits, RFC 4724 3 */
	HOLD_TIME_MIN = 3, /* RFC 4271 4.2 */
};

int
pb_peer_address(const char *member, const char *text, struct addr *a,
    uint16_t *port, struct err *e)
{
	uint16_t any;

	if (text[0] == '\0')
		return err_set(e, ERR_INVALID, "%s is missing", member);
	if (endpoint_parse(text, BGP_PORT, false, a,
		port == NULL ? &any : port) == -1)
		return err_set(e, ERR_INVALID,
		    "%s \"%.60s\" is neither IP, IP:PORT nor [IPv6]:PORT",
		    member, text);
	if (addr_is_unspecified(a) || addr_is_multicast(a))
		return err_set(e, ERR_INVALID,
		    "%s %.60s cannot be the address of a peer", member, text);
	return 0;
}

static int
get_seconds(const char *member, uint64_t secs, uint32_t *to, struct err *e)
{
	if (secs >= CONF_NEVER)
		return err_set(e, ERR_INVALID, "%s %llu exceeds %u", member,
		    (unsigned long long)secs, CONF_NEVER - 1);
	*to = (uint32_t)secs;
	return 0;
}

static int
get_times(const Bgp__SessionConfig *m, struct conf_peer *peer, struct err *e)
{
	if (m->_idle_hold_time_secs_case != 0 &&
	    get_seconds("idle_hold_time_secs", m->idle_hold_time_secs,
		&peer->idle_hold_secs, e) == -1)
		return -1;
	if (m->_delay_open_time_secs_case != 0 &&
	    get_seconds("delay_open_time_secs", m->delay_open_time_secs,
		&peer->delay_open_secs, e) == -1)
		return -1;
	if (m->_min_route_advertisement_interval_secs_case != 0 &&
	    get_seconds("min_route_advertisement_interval_secs",
		m->min_route_advertisement_interval_secs, &peer->mrai_secs,
		e) == -1)
		return -1;
	if (m->_hold_time_secs_case != 0) {
		if (m->hold_time_secs > UINT16_MAX ||
		    (m->hold_time_secs > 0 &&
			m->hold_time_secs < HOLD_TIME_MIN))
			return err_set(e, ERR_INVALID,
			    "hold_time_secs %u is neither 0 nor 3 to 65535",
			    m->hold_time_secs);
		peer->hold_time = (uint16_t)m->hold_time_secs;
	}
	return 0;
}

static int
get_graceful_restart(const Bgp__GracefulRestartConfig *m,
    struct conf_peer *peer, struct err *e)
{
	if (m == NULL)
		return 0;
	if (m->_enabled_case != 0)
		peer->gr_enabled = m->enabled != 0;
	if (m->_restart_time_secs_case != 0) {
		if (m->restart_time_secs > GR_TIME_MAX)
			return err_set(e, ERR_INVALID,
			    "graceful_restart.restart_time_secs %u exceeds "
			    "%u",
			    m->restart_time_secs, GR_TIME_MAX);
		peer->gr_time = (uint16_t)m->restart_time_secs;
	}
	return 0;
}

static int
get_families(const Bgp__SessionConfig *m, struct conf_peer *peer, struct err *e)
{
	size_t i;
	int family;

	if (m->n_afi_safis == 0)
		return 0;
	peer->families = 0;
	for (i = 0; i < m->n_afi_safis; i++) {
		family = -1;
		if (m->afi_safis[i]->afi <= UINT16_MAX &&
		    m->afi_safis[i]->safi <= UINT8_MAX)
			family = family_from_afi((uint16_t)m->afi_safis[i]->afi,
			    (uint8_t)m->afi_safis[i]->safi);
		if (family == -1)
			return err_set(e, ERR_INVALID,
			    "afi_safis: afi %u safi %u is not supported",
			    m->afi_safis[i]->afi, m->afi_safis[i]->safi);
		peer->families |= FAMILY_BIT((unsigned int)family);
	}
	return 0;
}

static int
get_local_address(const Bgp__SessionConfig *m, struct conf_peer *peer,
    struct err *e)
{
	if (m->_local_address_case == 0 || m->local_address[0] == '\0')
		return 0;
	if (addr_parse(m->local_address, &peer->local_addr) == -1)
		return err_set(e, ERR_INVALID,
		    "local_address \"%.60s\" is no IP address",
		    m->local_address);
	if (peer->local_addr.family != peer->addr.family)
		return err_set(e, ERR_INVALID,
		    "local_address %.60s is not of the family of the peer",
		    m->local_address);
	return 0;
}

int
pb_peer_config_get(const Bgp__SessionConfig *m, struct conf_peer *peer,
    struct err *e)
{
	if (m == NULL)
		return 0;
	if (get_times(m, peer, e) == -1 ||
	    get_graceful_restart(m->graceful_restart, peer, e) == -1 ||
	    get_families(m, peer, e) == -1 ||
	    get_local_address(m, peer, e) == -1)
		return -1;
	if (m->_damp_peer_oscillations_case != 0)
		peer->damp_oscillations = m->damp_peer_oscillations != 0;
	if (m->_allow_automatic_stop_case != 0)
		peer->allow_automatic_stop = m->allow_automatic_stop != 0;
	if (m->_passive_mode_case != 0)
		peer->passive = m->passive_mode != 0;
	if (m->_send_notification_without_open_case != 0)
		peer->notification_without_open =
		    m->send_notification_without_open != 0;
	if (m->_collision_detect_established_state_case != 0)
		peer->collision_established =
		    m->collision_detect_established_state != 0;
	if (m->_enforce_first_as_case != 0)
		peer->enforce_first_as = m->enforce_first_as != 0;
	if (m->_asn_case != 0)
		peer->remote_as = m->asn;
	if (m->max_prefix != NULL) {
		peer->has_max_prefix = true;
		peer->max_prefix = m->max_prefix->limit;
		peer->max_prefix_action =
		    m->max_prefix->action == BGP__MAX_PREFIX_ACTION__DISCARD ?
		    CONF_MAX_PREFIX_DISCARD :
		    CONF_MAX_PREFIX_TERMINATE;
	}
	return 0;
}

static void
put_message(struct pbw *w, const ProtobufCMessage *m)
{
	size_t n = protobuf_c_message_get_packed_size(m);

	pbw_room(w, n);
	(void)protobuf_c_message_pack(m, w->base + w->len);
	w->len += n;
}

/* Memory of the submessages that a Peer points to. */
struct peer_parts {
	Bgp__SessionConfig config;
	Bgp__MaxPrefixSetting max_prefix;
	Bgp__GracefulRestartConfig gr;
	Bgp__AfiSafiConfig families[FAMILY__MAX];
	Bgp__AfiSafiConfig *family_list[FAMILY__MAX];
	Bgp__AfiSafi negotiated[FAMILY__MAX];
	Bgp__AfiSafi *negotiated_list[FAMILY__MAX];
	Bgp__PrefixCount counts[FAMILY__MAX];
	Bgp__PrefixCount *count_list[FAMILY__MAX];
	Bgp__ErrorCode sent;
	Bgp__ErrorCode received;
	char address[ADDR_STRLEN];
	char router_id[ADDR_STRLEN];
	char local_address[ADDR_STRLEN];
	char import_default[8];
	char export_default[8];
};

static void
fill_times(Bgp__SessionConfig *m, const struct conf_peer *peer)
{
	if (peer->idle_hold_secs != CONF_NEVER) {
		m->_idle_hold_time_secs_case =
		    PB_CASE(SESSION_CONFIG, IDLE_HOLD_TIME_SECS);
		m->idle_hold_time_secs = peer->idle_hold_secs;
	}
	if (peer->delay_open_secs != CONF_NEVER) {
		m->_delay_open_time_secs_case =
		    PB_CASE(SESSION_CONFIG, DELAY_OPEN_TIME_SECS);
		m->delay_open_time_secs = peer->delay_open_secs;
	}
	m->_min_route_advertisement_interval_secs_case =
	    PB_CASE(SESSION_CONFIG, MIN_ROUTE_ADVERTISEMENT_INTERVAL_SECS);
	m->min_route_advertisement_interval_secs = peer->mrai_secs;
	m->_hold_time_secs_case = PB_CASE(SESSION_CONFIG, HOLD_TIME_SECS);
	m->hold_time_secs = peer->hold_time;
}

static void
fill_flags(Bgp__SessionConfig *m, const struct conf_peer *peer)
{
	m->_damp_peer_oscillations_case =
	    PB_CASE(SESSION_CONFIG, DAMP_PEER_OSCILLATIONS);
	m->damp_peer_oscillations = peer->damp_oscillations;
	m->_allow_automatic_stop_case =
	    PB_CASE(SESSION_CONFIG, ALLOW_AUTOMATIC_STOP);
	m->allow_automatic_stop = peer->allow_automatic_stop;
	m->_passive_mode_case = PB_CASE(SESSION_CONFIG, PASSIVE_MODE);
	m->passive_mode = peer->passive;
	m->_send_notification_without_open_case =
	    PB_CASE(SESSION_CONFIG, SEND_NOTIFICATION_WITHOUT_OPEN);
	m->send_notification_without_open = peer->notification_without_open;
	m->_collision_detect_established_state_case =
	    PB_CASE(SESSION_CONFIG, COLLISION_DETECT_ESTABLISHED_STATE);
	m->collision_detect_established_state = peer->collision_established;
	m->_enforce_first_as_case = PB_CASE(SESSION_CONFIG, ENFORCE_FIRST_AS);
	m->enforce_first_as = peer->enforce_first_as;
	m->_asn_case = PB_CASE(SESSION_CONFIG, ASN);
	m->asn = peer->remote_as;
}

static void
fill_config(struct peer_parts *parts, const struct conf_peer *peer)
{
	Bgp__SessionConfig *m = &parts->config;
	Bgp__AfiSafiConfig *family;
	unsigned int f;

	bgp__session_config__init(m);
	fill_times(m, peer);
	fill_flags(m, peer);
	if (peer->has_max_prefix) {
		bgp__max_prefix_setting__init(&parts->max_prefix);
		parts->max_prefix.limit = peer->max_prefix;
		parts->max_prefix.action =
		    peer->max_prefix_action == CONF_MAX_PREFIX_DISCARD ?
		    BGP__MAX_PREFIX_ACTION__DISCARD :
		    BGP__MAX_PREFIX_ACTION__TERMINATE;
		m->max_prefix = &parts->max_prefix;
	}
	bgp__graceful_restart_config__init(&parts->gr);
	parts->gr._enabled_case = PB_CASE(GRACEFUL_RESTART_CONFIG, ENABLED);
	parts->gr.enabled = peer->gr_enabled;
	parts->gr._restart_time_secs_case =
	    PB_CASE(GRACEFUL_RESTART_CONFIG, RESTART_TIME_SECS);
	parts->gr.restart_time_secs = peer->gr_time;
	m->graceful_restart = &parts->gr;
	m->afi_safis = parts->family_list;
	for (f = 0; f < FAMILY__MAX; f++) {
		if ((peer->families & FAMILY_BIT(f)) == 0)
			continue;
		family = &parts->families[m->n_afi_safis];
		bgp__afi_safi_config__init(family);
		family->afi = family_afi((enum family)f);
		family->safi = family_safi((enum family)f);
		parts->family_list[m->n_afi_safis++] = family;
	}
	if (peer->local_addr.family != ADDR_NONE) {
		(void)addr_str(&peer->local_addr, parts->local_address);
		m->_local_address_case = PB_CASE(SESSION_CONFIG, LOCAL_ADDRESS);
		m->local_address = parts->local_address;
	}
}

static void
add_count(Bgp__Peer *m, struct peer_parts *parts, Bgp__AfiSafi *family,
    const struct family_count *c)
{
	Bgp__PrefixCount *count = &parts->counts[m->n_prefixes];

	bgp__prefix_count__init(count);
	count->family = family;
	count->received = c->received;
	count->advertised = c->sent;
	parts->count_list[m->n_prefixes++] = count;
	m->prefixes = parts->count_list;
}

static void
fill_session(Bgp__Peer *m, struct peer_parts *parts, const struct peer_row *row)
{
	const struct peer_stats *st = &row->stats;
	Bgp__AfiSafi *family;
	struct addr id;
	unsigned int f;

	if (row->remote_id != 0) {
		id = addr_ipv4(row->remote_id);
		(void)addr_str(&id, parts->router_id);
		m->router_id = parts->router_id;
		m->_uptime_secs_case = PB_CASE(PEER, UPTIME_SECS);
		m->uptime_secs = row->uptime_ms / 1000;
	}
	m->hold_time_secs = row->hold_time;
	m->messages_sent = st->open_sent + st->keepalive_sent +
	    st->update_sent + st->notification_sent + st->refresh_sent;
	m->messages_received = st->open_received + st->keepalive_received +
	    st->update_received + st->notification_received +
	    st->refresh_received;
	m->negotiated = parts->negotiated_list;
	for (f = 0; f < FAMILY__MAX; f++) {
		if ((row->families & FAMILY_BIT(f)) == 0)
			continue;
		family = &parts->negotiated[m->n_negotiated];
		bgp__afi_safi__init(family);
		family->afi = family_afi((enum family)f);
		family->safi = family_safi((enum family)f);
		parts->negotiated_list[m->n_negotiated++] = family;
		if (row->state == PEER_ESTABLISHED)
			add_count(m, parts, family, &row->counts[f]);
	}
	if (row->last_sent_code != 0) {
		bgp__error_code__init(&parts->sent);
		parts->sent.code = row->last_sent_code;
		parts->sent.subcode = row->last_sent_subcode;
		m->last_error_sent = &parts->sent;
	}
	if (row->last_received_code != 0) {
		bgp__error_code__init(&parts->received);
		parts->received.code = row->last_received_code;
		parts->received.subcode = row->last_received_subcode;
		m->last_error_received = &parts->received;
	}
}

static void
put_default(uint8_t dflt, char text[8], char **member)
{
	(void)snprintf(text, 8, "%s", pb_default_action(dflt));
	*member = text;
}

void
pb_peer_put(struct pbw *w, const struct peer_row *row,
    const struct conf_peer *conf)
{
	struct peer_parts parts;
	Bgp__Peer m;

	bgp__peer__init(&m);
	m.address = parts.address;
	(void)addr_str(&row->addr, parts.address);
	m.port = row->port;
	m.asn = row->asn;
	m.state = (Bgp__BgpState)row->state;
	m.admin_state = (Bgp__AdminState)row->admin;
	m.configured = row->configured;
	fill_session(&m, &parts, row);
	if (conf != NULL) {
		m.import_policies = conf->policy[CONF_IMPORT].policies;
		m.n_import_policies = conf->policy[CONF_IMPORT].n;
		m.export_policies = conf->policy[CONF_EXPORT].policies;
		m.n_export_policies = conf->policy[CONF_EXPORT].n;
		put_default(conf->policy[CONF_IMPORT].dflt,
		    parts.import_default, &m.import_default_action);
		put_default(conf->policy[CONF_EXPORT].dflt,
		    parts.export_default, &m.export_default_action);
		fill_config(&parts, conf);
		m.session_config = &parts.config;
	}
	put_message(w, &m.base);
}

void
pb_peer_stats_put(struct pbw *w, const struct peer_stats *stats)
{
	Bgp__PeerStatistics m;

	bgp__peer_statistics__init(&m);
	m.open_sent = stats->open_sent;
	m.keepalive_sent = stats->keepalive_sent;
	m.update_sent = stats->update_sent;
	m.notification_sent = stats->notification_sent;
	m.open_received = stats->open_received;
	m.keepalive_received = stats->keepalive_received;
	m.update_received = stats->update_received;
	m.notification_received = stats->notification_received;
	m.route_refresh_sent = stats->refresh_sent;
	m.route_refresh_received = stats->refresh_received;
	put_message(w, &m.base);
}
