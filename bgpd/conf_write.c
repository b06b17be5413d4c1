/* SPDX-License-Identifier: ISC */
/*
 * Text of a configuration.  The keys come in the order of the tables that
 * read them (conf_top_keys.c and the files beside it), which a test holds
 * against this file: write, parse, write again.
 */
#include "bgpd/conf_write.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "bgpd/socket.h"
#include "common/addr.h"
#include "common/aspath.h"
#include "common/be.h"
#include "common/bgp.h"
#include "common/bgp_attr.h"
#include "common/community.h"
#include "common/policy_text.h"
#include "common/utf8.h"
#include "common/xmalloc.h"

static void put(struct wr *, const char *fmt, ...) ATTR_PRINTF(2, 3);

static void
put(struct wr *w, const char *fmt, ...)
{
	char text[512];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (n < 0 || (size_t)n >= sizeof(text))
		w->bad = true;
	else
		wr_copy(w, text, (size_t)n);
}

/* --- text of any kind */

/* Would a reader of YAML take it for a word of text without quotes? */
static bool
is_plain(const char *s)
{
	static const char *const special[] = { "null", "true", "false", "yes",
		"no", "on", "off", "y", "n" };
	const char *p;
	size_t i;

	if (!isalpha((unsigned char)s[0]) && s[0] != '/' && s[0] != '_')
		return false;
	for (p = s; *p != '\0'; p++)
		if (!isalnum((unsigned char)*p) && strchr("-_./", *p) == NULL)
			return false;
	for (i = 0; i < nitems(special); i++)
		if (strcasecmp(s, special[i]) == 0)
			return false;
	return true;
}

static bool
is_printable_ascii(const char *s)
{
	for (; *s != '\0'; s++)
		if ((unsigned char)*s < 0x20 || (unsigned char)*s > 0x7e)
			return false;
	return true;
}

/* One character as it stands between double quotes; returns its bytes. */
static size_t
put_quoted_char(struct wr *w, const char *s)
{
	const uint8_t *p = (const uint8_t *)s;
	size_t len;
	uint32_t code;

	if (*p == '"' || *p == '\\') {
		put(w, "\\%c", *p);
		return 1;
	}
	if (*p < 0x20 || *p == 0x7f) {
		put(w, "\\x%02x", *p);
		return 1;
	}
	len = utf8_length(p, strlen(s));
	if (len < 2) {
		wr_copy(w, p, 1);
		return 1;
	}
	/* Beyond ASCII, what is not a letter or sign to every reader: line
	 * breaks of Unicode, controls, the byte order mark. */
	code = len == 2 ? (uint32_t)(p[0] & 0x1f) << 6 | (p[1] & 0x3f) :
	    len == 3    ? (uint32_t)(p[0] & 0x0f) << 12 |
		(uint32_t)(p[1] & 0x3f) << 6 | (p[2] & 0x3f) :
		       0;
	if (code != 0 &&
	    (code < 0xa0 || (code >= 0x2000 && code < 0x2070) ||
		code >= 0xfe00))
		put(w, "\\u%04x", code);
	else
		wr_copy(w, p, len);
	return len;
}

static void
put_text(struct wr *w, const char *s)
{
	if (is_plain(s)) {
		wr_copy(w, s, strlen(s));
	} else if (is_printable_ascii(s) && strchr(s, '\'') == NULL) {
		/* Backslashes of patterns stay as they are. */
		wr_n8(w, '\'');
		wr_copy(w, s, strlen(s));
		wr_n8(w, '\'');
	} else {
		wr_n8(w, '"');
		while (*s != '\0')
			s += put_quoted_char(w, s);
		wr_n8(w, '"');
	}
}

static void
put_key_text(struct wr *w, const char *key, const char *value)
{
	put(w, "%s: ", key);
	put_text(w, value);
	put(w, "\n");
}

static const char *
truth(bool v)
{
	return v ? "true" : "false";
}

/* --- listeners */

/* The path of a unix socket may have any character. */
static void
put_endpoint(struct wr *w, const struct conf_endpoint *e)
{
	char text[LISTENER_STRLEN];

	put_text(w, listener_str(e, text));
}

static void
put_grpc_listener(struct wr *w, const struct conf_endpoint *e)
{
	const struct conf_access *a = e->access;

	if (a == NULL) {
		put(w, "  - ");
		put_endpoint(w, e);
		put(w, "\n");
		return;
	}
	put(w, "  - address: ");
	put_endpoint(w, e);
	put(w, "\n");
	if (a->certificate.path != NULL) {
		put(w, "    tls:\n");
		put(w, "      ");
		put_key_text(w, "certificate_file", a->certificate.path);
		put(w, "      ");
		put_key_text(w, "key_file", a->key.path);
		if (a->client_ca.path != NULL) {
			put(w, "      ");
			put_key_text(w, "client_ca_file", a->client_ca.path);
		}
	}
	if (a->tokens.path != NULL) {
		put(w, "    ");
		put_key_text(w, "token_file", a->tokens.path);
	}
	if (a->read_only)
		put(w, "    read_only: true\n");
}

static void
put_metrics_listeners(struct wr *w, const struct conf *c)
{
	uint16_t i;

	if (c->n_metrics_listen > 0)
		put(w, "metrics_listen_addr:\n");
	for (i = 0; i < c->n_metrics_listen; i++) {
		put(w, "  - ");
		put_endpoint(w, &c->metrics_listen[i]);
		put(w, "\n");
	}
}

static void
put_listeners(struct wr *w, const struct conf *c)
{
	uint16_t i;

	put(w, "listen_addr:");
	if (c->n_listen == 1) {
		put(w, " ");
		put_endpoint(w, &c->listen[0]);
		put(w, "\n");
	} else {
		put(w, "\n");
		for (i = 0; i < c->n_listen; i++) {
			put(w, "  - ");
			put_endpoint(w, &c->listen[i]);
			put(w, "\n");
		}
	}
	put(w, "grpc_listen_addr:");
	if (c->n_grpc_listen == 1 && c->grpc_listen[0].access == NULL) {
		put(w, " ");
		put_endpoint(w, &c->grpc_listen[0]);
		put(w, "\n");
		return;
	}
	put(w, "\n");
	for (i = 0; i < c->n_grpc_listen; i++)
		put_grpc_listener(w, &c->grpc_listen[i]);
}

/* --- the top level */

static void
put_path(struct wr *w, const char *key, const char *path)
{
	if (path != NULL)
		put_key_text(w, key, path);
}

static void
put_top(struct wr *w, const struct conf *c)
{
	struct addr id = addr_ipv4(c->router_id),
		    cluster = addr_ipv4(c->cluster_id);
	struct conf *dflt = conf_new();
	char text[ADDR_STRLEN], *name;

	put(w, "asn: %u\nrouter_id: %s\n", c->asn, addr_str(&id, text));
	name = xasprintf("bgpgg %s", text);
	if (c->cluster_id != 0 && c->cluster_id != c->router_id)
		put(w, "cluster_id: %s\n", addr_str(&cluster, text));
	put_listeners(w, c);
	put_metrics_listeners(w, c);
	if (c->grpc_max_reply_bytes != dflt->grpc_max_reply_bytes)
		put(w, "grpc_max_reply_bytes: %u\n", c->grpc_max_reply_bytes);
	if (c->grpc_unread_secs != dflt->grpc_unread_secs)
		put(w, "grpc_unread_secs: %u\n", c->grpc_unread_secs);
	if (c->grpc_reflection != dflt->grpc_reflection)
		put(w, "grpc_reflection: %s\n", truth(c->grpc_reflection));
	if (c->hold_time != dflt->hold_time)
		put(w, "hold_time_secs: %u\n", c->hold_time);
	if (c->connect_retry_secs != dflt->connect_retry_secs)
		put(w, "connect_retry_secs: %u\n", c->connect_retry_secs);
	if (c->accept_unconfigured_peers)
		put(w, "accept_unconfigured_peers: true\n");
	if (c->ebgp_requires_policy)
		put(w, "ebgp_requires_policy: true\n");
	if (strcmp(c->user, dflt->user) != 0)
		put_key_text(w, "user", c->user);
	if (c->log_level != dflt->log_level)
		put(w, "log_level: %s\n", log_level_name(c->log_level));
	if (c->log_format != dflt->log_format)
		put(w, "log_format: json\n");
	put_path(w, "pid_file", c->pid_file);
	put_path(w, "state_dir", c->state_dir);
	if (c->sys_name != NULL && strcmp(c->sys_name, name) != 0)
		put_key_text(w, "sys_name", c->sys_name);
	if (c->sys_descr != NULL && strcmp(c->sys_descr, dflt->sys_descr) != 0)
		put_key_text(w, "sys_descr", c->sys_descr);
	free(name);
	conf_free(dflt);
}

/* --- peers */

static void
put_assignment(struct wr *w, const char *direction,
    const struct conf_assignment *a)
{
	uint16_t i;

	if (a->n > 0) {
		put(w, "    %s-policy: [", direction);
		for (i = 0; i < a->n; i++) {
			put(w, "%s", i == 0 ? "" : ", ");
			put_text(w, a->policies[i]);
		}
		put(w, "]\n");
	}
	if (a->dflt != CONF_DEFAULT_UNSAID)
		put(w, "    %s-default-action: %s\n", direction,
		    a->dflt == CONF_DEFAULT_ACCEPT ? "accept" : "reject");
}

static void
put_families(struct wr *w, uint32_t families)
{
	const char *comma = "";
	int f;

	put(w, "    afi_safis: [");
	for (f = 0; f < FAMILY__MAX; f++) {
		if ((families & FAMILY_BIT(f)) == 0)
			continue;
		put(w, "%s%s", comma, family_key((enum family)f));
		comma = ", ";
	}
	put(w, "]\n");
}

/* What says how the session comes and goes. */
static void
put_session(struct wr *w, const struct conf_peer *p, const struct conf_peer *d)
{
	if (p->idle_hold_secs == CONF_NEVER)
		put(w, "    idle_hold_time_secs: null\n");
	else if (p->idle_hold_secs != d->idle_hold_secs)
		put(w, "    idle_hold_time_secs: %u\n", p->idle_hold_secs);
	if (p->damp_oscillations != d->damp_oscillations)
		put(w, "    damp_peer_oscillations: %s\n",
		    truth(p->damp_oscillations));
	if (p->allow_automatic_stop != d->allow_automatic_stop)
		put(w, "    allow_automatic_stop: %s\n",
		    truth(p->allow_automatic_stop));
	if (p->passive != d->passive)
		put(w, "    passive_mode: %s\n", truth(p->passive));
	if (p->delay_open_secs != CONF_NEVER)
		put(w, "    delay_open_time_secs: %u\n", p->delay_open_secs);
	if (p->has_max_prefix)
		put(w, "    max_prefix:\n      limit: %u\n%s", p->max_prefix,
		    p->max_prefix_action == CONF_MAX_PREFIX_DISCARD ?
			"      action: discard\n" :
			"");
	if (p->notification_without_open != d->notification_without_open)
		put(w, "    send_notification_without_open: %s\n",
		    truth(p->notification_without_open));
	if (p->collision_established != d->collision_established)
		put(w, "    collision_detect_established_state: %s\n",
		    truth(p->collision_established));
}

static void
put_peer(struct wr *w, const struct conf_peer *p, const struct conf *c)
{
	char text[ENDPOINT_STRLEN];
	struct conf_peer d;

	conf_peer_init(&d, c);
	if (p->port == BGP_PORT)
		put(w, "  - address: \"%s\"\n", addr_str(&p->addr, text));
	else
		put(w, "  - address: \"%s\"\n",
		    endpoint_str(&p->addr, p->port, text));
	if (p->remote_as != 0)
		put(w, "    remote_as: %u\n", p->remote_as);
	if (p->local_addr.family != ADDR_NONE)
		put(w, "    local_address: \"%s\"\n",
		    addr_str(&p->local_addr, text));
	if (p->hold_time != d.hold_time)
		put(w, "    hold_time_secs: %u\n", p->hold_time);
	put_session(w, p, &d);
	if (p->mrai_secs != d.mrai_secs)
		put(w, "    min_route_advertisement_interval_secs: %u\n",
		    p->mrai_secs);
	if (p->gr_enabled != d.gr_enabled || p->gr_time != d.gr_time)
		put(w,
		    "    graceful-restart:\n      enabled: %s\n"
		    "      restart_time: %u\n",
		    truth(p->gr_enabled), p->gr_time);
	if (p->families != d.families)
		put_families(w, p->families);
	put_assignment(w, "import", &p->policy[CONF_IMPORT]);
	put_assignment(w, "export", &p->policy[CONF_EXPORT]);
	if (p->enforce_first_as != d.enforce_first_as)
		put(w, "    enforce_first_as: %s\n",
		    truth(p->enforce_first_as));
	conf_peer_fini(&d);
}

/* --- networks and BMP servers */

/* A list of communities of `unit` bytes in wire form. */
static void
put_comm_list(struct wr *w, const char *key, const struct bgp_attr *a,
    size_t unit)
{
	const enum conf_set_kind kind = unit == COMMUNITY_LEN ?
	    CONF_SET_COMMUNITY :
	    CONF_SET_LARGE_COMMUNITY;
	char text[POLICY_COMM_STRLEN];
	struct conf_comm comm;
	size_t i;

	put(w, "    %s: [", key);
	for (i = 0; i + unit <= a->len; i += unit) {
		memset(&comm, 0, sizeof(comm));
		memcpy(comm.value, a->value + i, unit);
		memset(comm.mask, 0xff, unit);
		put(w, "%s\"%s\"", i == 0 ? "" : ", ",
		    policy_comm_str(kind, &comm, text));
	}
	put(w, "]\n");
}

static void
put_as_path(struct wr *w, const struct bgp_attr *a)
{
	size_t len = aspath_str(NULL, 0, a->value, a->len) + 1;
	char *text = xmalloc(len);

	(void)aspath_str(text, len, a->value, a->len);
	put(w, "    as_path: '");
	wr_copy(w, text, len - 1);
	put(w, "'\n");
	free(text);
}

static void
put_network_attr(struct wr *w, const struct bgp_attr *a)
{
	char text[ADDR_STRLEN];
	struct addr next_hop;
	uint32_t v;

	switch (a->type) {
	case BGP_ATTR_ORIGIN:
		if (a->len == 1 && a->value[0] != BGP_ORIGIN_IGP)
			put(w, "    origin: %s\n",
			    policy_origin_str(a->value[0]));
		break;
	case BGP_ATTR_AS_PATH:
		if (a->len > 0)
			put_as_path(w, a);
		break;
	case BGP_ATTR_NEXT_HOP:
	case BGP_ATTR_MP_REACH:
		if (bgp_attr_next_hop(a, &next_hop, NULL) &&
		    !addr_is_unspecified(&next_hop))
			put(w, "    next_hop: \"%s\"\n",
			    addr_str(&next_hop, text));
		break;
	case BGP_ATTR_MED:
		if (bgp_attr_u32(a, &v))
			put(w, "    med: %u\n", v);
		break;
	case BGP_ATTR_LOCAL_PREF:
		if (bgp_attr_u32(a, &v) && v != BGP_DEFAULT_LOCAL_PREF)
			put(w, "    local_pref: %u\n", v);
		break;
	case BGP_ATTR_COMMUNITIES:
		put_comm_list(w, "communities", a, COMMUNITY_LEN);
		break;
	case BGP_ATTR_LARGE_COMMUNITIES:
		put_comm_list(w, "large_communities", a, COMMUNITY_LARGE_LEN);
		break;
	default:
		break;
	}
}

static void
put_network(struct wr *w, const struct conf_network *n)
{
	char text[NLRI_STRLEN];
	struct bgp_attr a;
	struct rd r;

	put(w, "  - prefix: \"%s\"\n", nlri_str(&n->nlri, text));
	rd_init(&r, n->attrs, n->attrs_len);
	while (bgp_attr_next(&r, &a))
		put_network_attr(w, &a);
}

static void
put_bmp_server(struct wr *w, const struct conf_bmp_server *b)
{
	char text[ENDPOINT_STRLEN];
	struct conf_bmp_server dflt;

	conf_bmp_server_init(&dflt);
	put(w, "  - address: \"%s\"\n", endpoint_str(&b->addr, b->port, text));
	if (b->statistics_secs != 0)
		put(w, "    statistics_timeout: %llu\n",
		    (unsigned long long)b->statistics_secs);
	if (b->pre_policy != dflt.pre_policy)
		put(w, "    adj_rib_in_pre_policy: %s\n", truth(b->pre_policy));
	if (b->post_policy != dflt.post_policy)
		put(w, "    adj_rib_in_post_policy: %s\n",
		    truth(b->post_policy));
	if (b->loc_rib != dflt.loc_rib)
		put(w, "    loc_rib: %s\n", truth(b->loc_rib));
	if (b->adj_rib_out != dflt.adj_rib_out)
		put(w, "    adj_rib_out: %s\n", truth(b->adj_rib_out));
	if (b->adj_rib_out_pre != dflt.adj_rib_out_pre)
		put(w, "    adj_rib_out_pre_policy: %s\n",
		    truth(b->adj_rib_out_pre));
	if (b->mirroring != dflt.mirroring)
		put(w, "    route_mirroring: %s\n", truth(b->mirroring));
	if (b->buffer_bytes != dflt.buffer_bytes)
		put(w, "    buffer_bytes: %u\n", b->buffer_bytes);
}

/* --- sets */

/* The keys of a kind of set: of the list of sets, of members. */
static const struct {
	const char *sets;
	const char *members;
} set_words[] = {
	[CONF_SET_PREFIX] = { "prefix-sets", "prefixes" },
	[CONF_SET_NEIGHBOR] = { "neighbor-sets", "neighbors" },
	[CONF_SET_AS_PATH] = { "as-path-sets", "patterns" },
	[CONF_SET_COMMUNITY] = { "community-sets", "communities" },
	[CONF_SET_EXT_COMMUNITY] = { "ext-community-sets", "ext_communities" },
	[CONF_SET_LARGE_COMMUNITY] = { "large-community-sets",
	    "large_communities" },
};

static void
put_member(struct wr *w, const struct conf_set *set, uint32_t i)
{
	char text[NLRI_STRLEN + POLICY_COMM_STRLEN], range[POLICY_RANGE_STRLEN];
	const struct conf_prefix *p;

	switch ((enum conf_set_kind)set->kind) {
	case CONF_SET_PREFIX:
		p = &set->prefixes[i];
		put(w, "        - prefix: \"%s\"\n", nlri_str(&p->nlri, text));
		if (policy_range_str(p, range) != NULL)
			put(w, "          masklength-range: \"%s\"\n", range);
		break;
	case CONF_SET_NEIGHBOR:
		put(w, "        - \"%s\"\n",
		    addr_str(&set->neighbors[i], text));
		break;
	case CONF_SET_AS_PATH:
		put(w, "        - ");
		put_text(w, set->patterns[i]);
		put(w, "\n");
		break;
	default:
		put(w, "        - \"%s\"\n",
		    policy_comm_str((enum conf_set_kind)set->kind,
			&set->comms[i], text));
		break;
	}
}

static void
put_set(struct wr *w, const struct conf_set *set)
{
	const char *members = set_words[set->kind].members;
	uint32_t i;

	put(w, "    - ");
	put_key_text(w, "name", set->name);
	if (set->n == 0)
		put(w, "      %s: []\n", members);
	else
		put(w, "      %s:\n", members);
	for (i = 0; i < set->n && wr_ok(w); i++)
		put_member(w, set, i);
}

static void
put_sets(struct wr *w, const struct conf *c)
{
	int kind = -1;
	uint32_t i;

	if (c->n_sets > 0)
		put(w, "defined-sets:\n");
	for (i = 0; i < c->n_sets; i++) {
		if (c->sets[i]->kind != kind) {
			kind = c->sets[i]->kind;
			put(w, "  %s:\n", set_words[kind].sets);
		}
		put_set(w, c->sets[i]);
	}
}

/* --- statements */

#define INDENT "          " /* of what stands in conditions or actions */

static void
put_bits(struct wr *w, const char *key, uint32_t bits,
    const char *(*word)(int bit))
{
	const char *comma = "";
	int bit;

	if (bits == 0)
		return;
	put(w, INDENT "%s: [", key);
	for (bit = 0; bit < 32; bit++) {
		if ((bits & 1u << bit) == 0)
			continue;
		put(w, "%s%s", comma, word(bit));
		comma = ", ";
	}
	put(w, "]\n");
}

static const char *
word_route_type(int bit)
{
	return policy_route_type_str((uint8_t)(1u << bit));
}

static const char *
word_family(int bit)
{
	return family_key((enum family)bit);
}

static const char *
word_origin(int bit)
{
	return policy_origin_str((uint8_t)bit);
}

static void
put_numbers(struct wr *w, const char *key, const struct conf_numbers *n)
{
	if (!n->given)
		return;
	if (n->min == n->max)
		put(w, INDENT "%s: %u\n", key, n->min);
	else if (n->max == UINT32_MAX)
		put(w, INDENT "%s: {min: %u}\n", key, n->min);
	else
		put(w, INDENT "%s: {min: %u, max: %u}\n", key, n->min, n->max);
}

static void
put_match(struct wr *w, int kind, const struct conf_match *m)
{
	if (m->set == NULL)
		return;
	put(w, INDENT "match-%s:\n" INDENT "  ",
	    conf_set_kind_text((enum conf_set_kind)kind));
	put_key_text(w, "set-name", m->set);
	if (m->option != CONF_MATCH_UNSAID)
		put(w, INDENT "  match-option: %s\n",
		    policy_option_str((enum conf_match_option)m->option));
}

static void
put_conditions(struct wr *w, const struct conf_conditions *c)
{
	char text[NLRI_STRLEN + POLICY_COMM_STRLEN];
	size_t head, body;
	int kind;

	head = wr_len(w);
	put(w, "        conditions:\n");
	body = wr_len(w);
	for (kind = 0; kind < CONF_SET__MAX; kind++)
		put_match(w, kind, &c->match[kind]);
	if (c->has_prefix)
		put(w, INDENT "prefix: \"%s\"\n", nlri_str(&c->prefix, text));
	if (c->neighbor.family != ADDR_NONE)
		put(w, INDENT "neighbor: \"%s\"\n",
		    addr_str(&c->neighbor, text));
	if (c->has_asn)
		put(w, INDENT "has-asn: %u\n", c->asn);
	put_bits(w, "route-type", c->route_types, word_route_type);
	if (c->has_community)
		put(w, INDENT "community: \"%s\"\n",
		    policy_comm_str(CONF_SET_COMMUNITY, &c->community, text));
	put_bits(w, "afi-safi", c->families, word_family);
	if (c->has_next_hop)
		put(w, INDENT "next-hop: \"%s\"\n",
		    nlri_str(&c->next_hop, text));
	put_bits(w, "origin", c->origins, word_origin);
	put_numbers(w, "med", &c->med);
	put_numbers(w, "local-pref", &c->local_pref);
	put_numbers(w, "as-path-length", &c->as_path_len);
	if (wr_ok(w) && wr_len(w) == body)
		w->p = w->base + head; /* there are none */
}

static void
put_med_action(struct wr *w, const struct conf_actions *a)
{
	switch ((enum conf_med_op)a->med_op) {
	case CONF_MED_SET:
		put(w, INDENT "med: %u\n", a->med);
		break;
	case CONF_MED_ADD:
		put(w, INDENT "med: {add: %u}\n", a->med);
		break;
	case CONF_MED_SUB:
		put(w, INDENT "med: {sub: %u}\n", a->med);
		break;
	case CONF_MED_REMOVE:
		put(w, INDENT "med: {remove: true}\n");
		break;
	case CONF_MED_KEEP:
		break;
	}
}

/* All edits of communities of a kind; those of other kinds do not meet them,
 * so that their order among each other does not matter. */
static void
put_edits(struct wr *w, const struct conf_actions *a, enum conf_set_kind kind)
{
	static const char *const keys[] = {
		[CONF_SET_COMMUNITY] = "community",
		[CONF_SET_EXT_COMMUNITY] = "ext-community",
		[CONF_SET_LARGE_COMMUNITY] = "large-community",
	};
	char text[POLICY_COMM_STRLEN];
	const struct conf_comm_edit *e;
	uint32_t i, j, n = 0;

	for (i = 0; i < a->n_edits; i++) {
		e = &a->edits[i];
		if (e->kind != kind)
			continue;
		if (n++ == 0)
			put(w, INDENT "%s:\n", keys[kind]);
		put(w, INDENT "  - operation: %s\n" INDENT "    %s: [",
		    policy_comm_op_str((enum conf_comm_op)e->op),
		    set_words[kind].members);
		for (j = 0; j < e->n; j++)
			put(w, "%s\"%s\"", j == 0 ? "" : ", ",
			    policy_comm_str(kind, &e->list[j], text));
		put(w, "]\n");
	}
}

static void
put_deletes(struct wr *w, const struct conf_actions *a)
{
	const char *comma = "";
	unsigned int type;

	put(w, INDENT "delete-attributes: [");
	for (type = 1; type < 256; type++) {
		if ((a->delete_attrs[type / 8] & 1u << type % 8) == 0)
			continue;
		put(w, "%s%u", comma, type);
		comma = ", ";
	}
	put(w, "]\n");
}

static void
put_prepend(struct wr *w, const struct conf_actions *a)
{
	if (a->prepend_as != 0)
		put(w, INDENT "as-path-prepend: {asn: %u, count: %u}\n",
		    a->prepend_as, a->prepend);
	else
		put(w, INDENT "as-path-prepend: {count: %u}\n", a->prepend);
}

static void
put_actions(struct wr *w, const struct conf_actions *a)
{
	char text[ADDR_STRLEN];
	size_t head, body;

	head = wr_len(w);
	put(w, "        actions:\n");
	body = wr_len(w);
	if (a->says & CONF_SAYS_ACCEPT)
		put(w, INDENT "accept: true\n");
	if (a->says & CONF_SAYS_REJECT)
		put(w, INDENT "reject: true\n");
	if (a->says & CONF_SAYS_CONTINUE)
		put(w, INDENT "continue: true\n");
	if (a->local_pref_op == CONF_LOCAL_PREF_SET)
		put(w, INDENT "local-pref: %u\n", a->local_pref);
	else if (a->local_pref_op == CONF_LOCAL_PREF_FILL)
		put(w, INDENT "local-pref: {value: %u}\n", a->local_pref);
	put_med_action(w, a);
	if (a->next_hop_op == CONF_NEXT_HOP_SELF)
		put(w, INDENT "next-hop: self\n");
	else if (a->next_hop_op == CONF_NEXT_HOP_SET)
		put(w, INDENT "next-hop: \"%s\"\n",
		    addr_str(&a->next_hop, text));
	if (a->has_origin)
		put(w, INDENT "origin: %s\n", policy_origin_str(a->origin));
	if (a->prepend > 0)
		put_prepend(w, a);
	put_edits(w, a, CONF_SET_COMMUNITY);
	put_edits(w, a, CONF_SET_EXT_COMMUNITY);
	put_edits(w, a, CONF_SET_LARGE_COMMUNITY);
	if (a->deletes)
		put_deletes(w, a);
	if (wr_ok(w) && wr_len(w) == body) {
		w->p = w->base + head;
		put(w, "        actions: {}\n");
	}
}

static void
put_policy(struct wr *w, const struct conf_policy *p)
{
	const struct conf_statement *st;
	size_t at;
	uint32_t i;

	put(w, "  - ");
	put_key_text(w, "name", p->name);
	put(w, p->n == 0 ? "    statements: []\n" : "    statements:\n");
	for (i = 0; i < p->n && wr_ok(w); i++) {
		st = &p->statements[i];
		at = wr_len(w);
		if (st->name != NULL && st->name[0] != '\0') {
			put(w, "        ");
			put_key_text(w, "name", st->name);
		}
		put_conditions(w, &st->conditions);
		put_actions(w, &st->actions);
		/* Its first key, whichever that is, follows the dash. */
		if (wr_ok(w))
			w->base[at + 6] = '-';
	}
}

void
conf_write(struct wr *w, const struct conf *c)
{
	uint32_t i;

	put_top(w, c);
	if (c->n_peers > 0)
		put(w, "peers:\n");
	for (i = 0; i < c->n_peers; i++)
		put_peer(w, &c->peers[i], c);
	if (c->n_networks > 0)
		put(w, "networks:\n");
	for (i = 0; i < c->n_networks; i++)
		put_network(w, &c->networks[i]);
	if (c->n_bmp_servers > 0)
		put(w, "bmp_servers:\n");
	for (i = 0; i < c->n_bmp_servers; i++)
		put_bmp_server(w, &c->bmp_servers[i]);
	put_sets(w, c);
	if (c->n_policies > 0)
		put(w, "policy-definitions:\n");
	for (i = 0; i < c->n_policies; i++)
		put_policy(w, c->policies[i]);
}
