/* SPDX-License-Identifier: ISC */
/*
 * The keys of a peer and of the maps inside it.
 */
#include "bgpd/conf_schema.h"

#include <stdlib.h>
#include <string.h>

#include "bgpd/conf_value.h"
#include "common/bgp.h"
#include "common/xmalloc.h"

struct peer_draft {
	struct conf_peer peer; /* first: tables of inner maps share it */
	const struct node *address;
	const struct node *local_address;
	uint32_t afis; /* families given so far in afi_safis */
};

static void
set_address(struct schema *s, const struct conf_key *k, const struct node *n,
    void *target)
{
	struct peer_draft *d = target;
	struct conf_peer *p = &d->peer;

	if (endpoint_parse(n->text, BGP_PORT, false, &p->addr, &p->port) == -1)
		schema_error(s, n, k->name,
		    "\"%.60s\" is not an address (IP, IP:PORT or "
		    "[IPv6]:PORT)",
		    n->text);
	else if (addr_is_unspecified(&p->addr) || addr_is_multicast(&p->addr) ||
	    (p->addr.family == ADDR_IPV4 &&
		addr_to_u32(&p->addr) == UINT32_MAX))
		schema_error(s, n, k->name, "%.60s cannot be a peer", n->text);
	else
		d->address = n;
}

static void
set_local_address(struct schema *s, const struct conf_key *k,
    const struct node *n, void *target)
{
	struct peer_draft *d = target;

	if (addr_parse(n->text, &d->peer.local_addr) == -1 ||
	    addr_is_multicast(&d->peer.local_addr))
		schema_error(s, n, k->name,
		    "\"%.60s\" is not an address of ours (IP)", n->text);
	else if (addr_is_unspecified(&d->peer.local_addr))
		d->peer.local_addr.family = ADDR_NONE; /* the kernel's */
	else
		d->local_address = n;
}

static void
set_remote_as(struct schema *s, const struct conf_key *k, const struct node *n,
    void *target)
{
	const struct conf_peer *p = target;

	if (p->remote_as == BGP_AS_TRANS)
		schema_error(s, n, k->name,
		    "23456 is reserved (AS_TRANS, RFC 6793)");
}

/* RFC 4271 4.2: zero or at least three seconds */
static void
set_hold_time(struct schema *s, const struct conf_key *k, const struct node *n,
    void *target)
{
	const struct conf_peer *p = target;

	if (p->hold_time == 1 || p->hold_time == 2)
		schema_error(s, n, k->name, "%u is neither 0 nor at least 3",
		    p->hold_time);
}

/* An explicit null says never, other than an absent key. */
static void
set_idle_hold(struct schema *s, const struct conf_key *k, const struct node *n,
    void *target)
{
	struct conf_peer *p = target;
	size_t errors = s->diags->errors;
	uint64_t v;

	if (node_is_null(n)) {
		p->idle_hold_secs = CONF_NEVER;
		return;
	}
	schema_number(s, k, n, &v);
	if (s->diags->errors == errors)
		p->idle_hold_secs = (uint32_t)v;
}

static void
set_limit(struct schema *s, const struct conf_key *k, const struct node *n,
    void *target)
{
	struct conf_peer *p = target;

	(void)s;
	(void)k;
	(void)n;
	p->has_max_prefix = true;
}

static void
policy_name(struct schema *s, const struct conf_key *k, const struct node *n,
    char ***names, uint16_t *count)
{
	if (schema_text(s, n, k->name) == NULL)
		return;
	if (*count == CONF_POLICIES_MAX) {
		schema_error(s, n, k->name, "more than %d policies",
		    CONF_POLICIES_MAX);
		return;
	}
	schema_use(s, NAME_POLICY, n);
	*names = xreallocarray(*names, (size_t)*count + 1, sizeof(char *));
	(*names)[(*count)++] = xstrdup(n->text);
}

static void
set_import(struct schema *s, const struct conf_key *k, const struct node *n,
    void *target)
{
	struct conf_peer *p = target;

	policy_name(s, k, n, &p->policy[CONF_IMPORT].policies,
	    &p->policy[CONF_IMPORT].n);
}

static void
set_export(struct schema *s, const struct conf_key *k, const struct node *n,
    void *target)
{
	struct conf_peer *p = target;

	policy_name(s, k, n, &p->policy[CONF_EXPORT].policies,
	    &p->policy[CONF_EXPORT].n);
}

/* In the order of enum conf_default, behind CONF_DEFAULT_UNSAID. */
static const char *const default_words[] = { "accept", "reject", NULL };

static void
set_default(struct schema *s, const struct conf_key *k, const struct node *n,
    void *target)
{
	uint8_t word = UINT8_MAX;

	schema_word(s, k, n, &word);
	if (word != UINT8_MAX)
		*((uint8_t *)target + k->offset) = word + 1;
}

/* --- families: "ipv4-unicast", or {afi: ipv4, safi: unicast} */

struct family_draft {
	bool has_afi, has_safi;
	uint64_t afi, safi;
};

static uint64_t
code_of(struct schema *s, const struct conf_key *k, const struct node *n)
{
	uint64_t v = 0;
	size_t i;

	for (i = 0; k->words[i] != NULL; i++)
		if (strcmp(k->words[i], n->text) == 0)
			return i + 1;
	if (!n->plain || value_number(n->text, &v) == -1 || v == 0 ||
	    v > k->max)
		schema_error(s, n, k->name, "\"%.60s\" is not known", n->text);
	return v;
}

static void
set_afi(struct schema *s, const struct conf_key *k, const struct node *n,
    void *target)
{
	struct family_draft *f = target;

	f->afi = code_of(s, k, n);
	f->has_afi = f->afi != 0;
}

static void
set_safi(struct schema *s, const struct conf_key *k, const struct node *n,
    void *target)
{
	struct family_draft *f = target;

	f->safi = code_of(s, k, n);
	f->has_safi = f->safi != 0;
}

static void
family_add(struct schema *s, const struct node *n, int family, void *outer)
{
	struct peer_draft *d = outer;

	if (family == -1)
		schema_error(s, n, "afi_safis",
		    "only ipv4-unicast and ipv6-unicast are spoken");
	else if (d == NULL)
		return; /* of llgr: checked only */
	else if (d->afis & FAMILY_BIT(family))
		schema_error(s, n, "afi_safis", "%s is given twice",
		    family_key((enum family)family));
	else
		d->afis |= FAMILY_BIT(family);
}

static void
family_end(struct schema *s, const struct node *n, void *target, void *outer)
{
	const struct family_draft *f = target;

	if (f->has_afi && f->has_safi)
		family_add(s, n,
		    family_from_afi((uint16_t)f->afi, (uint8_t)f->safi), outer);
}

static void
set_family(struct schema *s, const struct conf_key *k, const struct node *n,
    void *target)
{
	if (n->kind == NODE_MAP)
		schema_object(s, &table_afi_safi, n, target);
	else if (schema_text(s, n, k->name) != NULL)
		family_add(s, n, family_parse(n->text), target);
}

/* As set_family, for a key that does not act: nothing is stored. */
static void
set_family_unused(struct schema *s, const struct conf_key *k,
    const struct node *n, void *target)
{
	(void)target;
	set_family(s, k, n, NULL);
}

static void
set_policy_unused(struct schema *s, const struct conf_key *k,
    const struct node *n, void *target)
{
	(void)target;
	if (schema_text(s, n, k->name) != NULL)
		schema_use(s, NAME_POLICY, n);
}

static const char *const afi_words[] = { "ipv4", "ipv6", NULL };
static const char *const safi_words[] = { "unicast", NULL };
static const char *const add_path_words[] = { "disabled", "all", NULL };
static const char *const action_words[] = { "terminate", "discard", NULL };

static const struct conf_key afi_safi_keys[] = {
	{ .name = "afi",
	    .type = KEY_VALUE,
	    .flags = KEY_REQUIRED,
	    .max = UINT16_MAX,
	    .words = afi_words,
	    .set = set_afi },
	{ .name = "safi",
	    .type = KEY_VALUE,
	    .flags = KEY_REQUIRED,
	    .max = UINT8_MAX,
	    .words = safi_words,
	    .set = set_safi },
	{ .name = "add_path_send",
	    .type = KEY_WORD,
	    .flags = KEY_NULL | KEY_INERT,
	    .offset = KEY_NOWHERE,
	    .words = add_path_words },
	{ .name = "import_policy",
	    .type = KEY_LIST,
	    .flags = KEY_INERT,
	    .set = set_policy_unused },
	{ .name = "export_policy",
	    .type = KEY_LIST,
	    .flags = KEY_INERT,
	    .set = set_policy_unused },
};

const struct conf_table table_afi_safi = {
	.what = "afi_safis",
	.keys = afi_safi_keys,
	.n = nitems(afi_safi_keys),
	.target_size = sizeof(struct family_draft),
	.end = family_end,
};

/* --- maps inside a peer */

#define AT(member) offsetof(struct conf_peer, member)

static const struct conf_key max_prefix_keys[] = {
	{ .name = "limit",
	    .type = KEY_U32,
	    .flags = KEY_REQUIRED,
	    .max = UINT32_MAX,
	    .offset = AT(max_prefix),
	    .set = set_limit },
	{ .name = "action",
	    .type = KEY_WORD,
	    .dflt = "terminate",
	    .offset = AT(max_prefix_action),
	    .words = action_words },
};

const struct conf_table table_max_prefix = {
	.what = "max_prefix",
	.keys = max_prefix_keys,
	.n = nitems(max_prefix_keys),
};

static const struct conf_key graceful_restart_keys[] = {
	{ .name = "enabled",
	    .type = KEY_BOOL,
	    .dflt = "true",
	    .offset = AT(gr_enabled) },
	/* twelve bits on the wire (RFC 4724 3) */
	{ .name = "restart_time",
	    .type = KEY_U16,
	    .max = 4095,
	    .dflt = "120",
	    .offset = AT(gr_time) },
};

const struct conf_table table_graceful_restart = {
	.what = "graceful-restart",
	.keys = graceful_restart_keys,
	.n = nitems(graceful_restart_keys),
};

static const struct conf_key llgr_keys[] = {
	{ .name = "enabled", .type = KEY_BOOL, .offset = KEY_NOWHERE },
	/* 24 bits on the wire (RFC 9494 3) */
	{ .name = "stale_time_secs",
	    .type = KEY_U32,
	    .flags = KEY_NULL,
	    .max = 0xffffff,
	    .offset = KEY_NOWHERE },
	{ .name = "afi_safis", .type = KEY_LIST, .set = set_family_unused },
};

const struct conf_table table_llgr = {
	.what = "llgr",
	.keys = llgr_keys,
	.n = nitems(llgr_keys),
};

/* --- peer */

static void
peer_begin(struct schema *s, void *target, void *outer)
{
	struct peer_draft *d = target;

	(void)outer;
	conf_peer_init(&d->peer, s->conf);
	d->peer.origin = CONF_FROM_FILE;
}

static void
peer_end(struct schema *s, const struct node *n, void *target, void *outer)
{
	struct peer_draft *d = target;
	struct conf *c = outer;

	if (d->afis != 0)
		d->peer.families = d->afis;
	if (d->address == NULL) {
		conf_peer_fini(&d->peer);
		return; /* reported */
	}
	d->peer.line = d->address->line;
	if (d->local_address != NULL &&
	    d->peer.local_addr.family != d->peer.addr.family)
		schema_error(s, d->local_address, "local_address",
		    "%s is not of the peer's address family",
		    d->local_address->text);
	(void)n;
	/* In the file's order; conf_check sorts. */
	place_set(&s->peer_at, c->n_peers, d->address);
	if ((c->n_peers & (c->n_peers - 1)) == 0)
		c->peers = xreallocarray(c->peers,
		    c->n_peers == 0 ? 1 : (size_t)c->n_peers * 2,
		    sizeof(*c->peers));
	c->peers[c->n_peers++] = d->peer;
}

static const struct conf_key peer_keys[] = {
	{ .name = "address",
	    .type = KEY_VALUE,
	    .flags = KEY_REQUIRED,
	    .set = set_address },
	{ .name = "remote_as",
	    .type = KEY_U32,
	    .flags = KEY_NULL,
	    .max = UINT32_MAX,
	    .offset = AT(remote_as),
	    .set = set_remote_as },
	{ .name = "local_address",
	    .type = KEY_VALUE,
	    .flags = KEY_NULL,
	    .set = set_local_address },
	{ .name = "hold_time_secs",
	    .type = KEY_U16,
	    .flags = KEY_NULL,
	    .max = UINT16_MAX,
	    .offset = AT(hold_time),
	    .set = set_hold_time },
	{ .name = "idle_hold_time_secs",
	    .type = KEY_NODE,
	    .max = UINT32_MAX - 1,
	    .dflt = "30",
	    .set = set_idle_hold },
	{ .name = "damp_peer_oscillations",
	    .type = KEY_BOOL,
	    .dflt = "true",
	    .offset = AT(damp_oscillations) },
	{ .name = "allow_automatic_stop",
	    .type = KEY_BOOL,
	    .dflt = "true",
	    .offset = AT(allow_automatic_stop) },
	{ .name = "passive_mode",
	    .type = KEY_BOOL,
	    .dflt = "false",
	    .offset = AT(passive) },
	{ .name = "delay_open_time_secs",
	    .type = KEY_U32,
	    .flags = KEY_NULL,
	    .max = UINT32_MAX - 1,
	    .offset = AT(delay_open_secs) },
	{ .name = "max_prefix",
	    .type = KEY_MAP,
	    .flags = KEY_NULL,
	    .table = &table_max_prefix },
	{ .name = "send_notification_without_open",
	    .type = KEY_BOOL,
	    .dflt = "false",
	    .offset = AT(notification_without_open) },
	{ .name = "collision_detect_established_state",
	    .type = KEY_BOOL,
	    .dflt = "false",
	    .offset = AT(collision_established) },
	{ .name = "min_route_advertisement_interval_secs",
	    .type = KEY_U32,
	    .flags = KEY_NULL,
	    .max = UINT32_MAX,
	    .dflt = "0",
	    .offset = AT(mrai_secs) },
	{ .name = "graceful-restart",
	    .type = KEY_MAP,
	    .flags = KEY_NULL,
	    .table = &table_graceful_restart },
	{ .name = "afi_safis",
	    .type = KEY_LIST,
	    .flags = KEY_NULL,
	    .set = set_family },
	{ .name = "import-policy", .type = KEY_LIST, .set = set_import },
	{ .name = "export-policy", .type = KEY_LIST, .set = set_export },
	{ .name = "import-default-action",
	    .type = KEY_VALUE,
	    .flags = KEY_NULL,
	    .offset = AT(policy[CONF_IMPORT].dflt),
	    .words = default_words,
	    .set = set_default },
	{ .name = "export-default-action",
	    .type = KEY_VALUE,
	    .flags = KEY_NULL,
	    .offset = AT(policy[CONF_EXPORT].dflt),
	    .words = default_words,
	    .set = set_default },
	{ .name = "rr_client",
	    .type = KEY_BOOL,
	    .flags = KEY_NULL | KEY_INERT,
	    .offset = KEY_NOWHERE },
	{ .name = "rs_client",
	    .type = KEY_BOOL,
	    .flags = KEY_NULL | KEY_INERT,
	    .offset = KEY_NOWHERE },
	{ .name = "add_path_send",
	    .type = KEY_WORD,
	    .flags = KEY_NULL | KEY_INERT,
	    .offset = KEY_NOWHERE,
	    .words = add_path_words },
	{ .name = "add_path_receive",
	    .type = KEY_BOOL,
	    .flags = KEY_NULL | KEY_INERT,
	    .offset = KEY_NOWHERE },
	{ .name = "enforce_first_as",
	    .type = KEY_BOOL,
	    .flags = KEY_NULL,
	    .dflt = "false",
	    .offset = AT(enforce_first_as) },
	{ .name = "md5_key_file",
	    .type = KEY_TEXT,
	    .flags = KEY_NULL | KEY_INERT,
	    .offset = KEY_NOWHERE },
	{ .name = "next_hop_self",
	    .type = KEY_BOOL,
	    .flags = KEY_NULL | KEY_INERT,
	    .offset = KEY_NOWHERE },
	{ .name = "graceful_shutdown",
	    .type = KEY_BOOL,
	    .flags = KEY_NULL | KEY_INERT,
	    .offset = KEY_NOWHERE },
	{ .name = "ttl_min",
	    .type = KEY_U32,
	    .flags = KEY_NULL | KEY_INERT,
	    .min = 1,
	    .max = 255,
	    .offset = KEY_NOWHERE },
	{ .name = "llgr",
	    .type = KEY_MAP,
	    .flags = KEY_NULL | KEY_INERT,
	    .table = &table_llgr },
	{ .name = "send_rpki_community",
	    .type = KEY_BOOL,
	    .flags = KEY_NULL | KEY_INERT,
	    .offset = KEY_NOWHERE },
	{ .name = "interface",
	    .type = KEY_TEXT,
	    .flags = KEY_NULL | KEY_INERT,
	    .offset = KEY_NOWHERE },
};

const struct conf_table table_peer = {
	.what = "peer",
	.keys = peer_keys,
	.n = nitems(peer_keys),
	.target_size = sizeof(struct peer_draft),
	.begin = peer_begin,
	.end = peer_end,
};
