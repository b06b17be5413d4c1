/* SPDX-License-Identifier: ISC */
/*
 * The keys of a locally originated route, and their encoding as a canonical
 * attribute block.
 */
#include "bgpd/conf_schema.h"

#include <stdlib.h>
#include <string.h>

#include "common/aspath.h"
#include "common/bgp.h"
#include "common/bgp_attr.h"
#include "common/be.h"
#include "common/community.h"
#include "common/policy_text.h"
#include "common/xmalloc.h"

struct network_draft {
	struct nlri nlri;
	const struct node *prefix;
	const struct node *next_hop_at;
	struct addr next_hop;
	uint8_t origin;
	struct wr as_path;
	uint32_t med;
	bool has_med;
	uint32_t local_pref;
	uint32_t *communities;
	size_t n_communities;
	uint8_t *large;
	size_t n_large;
	size_t errors; /* in the file before this entry */
};

static void
set_prefix(struct schema *s, const struct conf_key *k, const struct node *n,
    void *target)
{
	struct network_draft *d = target;
	struct err e;

	if (nlri_parse(n->text, &d->nlri, &e) == -1)
		schema_error(s, n, k->name, "%s", e.text);
	else
		d->prefix = n;
}

static void
set_next_hop(struct schema *s, const struct conf_key *k, const struct node *n,
    void *target)
{
	struct network_draft *d = target;

	if (addr_parse(n->text, &d->next_hop) == -1 ||
	    addr_is_multicast(&d->next_hop))
		schema_error(s, n, k->name, "\"%.60s\" is not a next hop",
		    n->text);
	else
		d->next_hop_at = n;
}

static void
path_number(struct schema *s, const struct conf_key *k, const struct node *n,
    struct wr *to)
{
	uint64_t asn;
	size_t errors = s->diags->errors;

	schema_number(s, k, n, &asn);
	if (s->diags->errors == errors)
		wr_n32(to, (uint32_t)asn);
}

/* A list of numbers is one sequence; text may have sets in braces too. */
static void
set_as_path(struct schema *s, const struct conf_key *k, const struct node *n,
    void *target)
{
	struct network_draft *d = target;
	size_t i;

	if (n->kind == NODE_SCALAR) {
		if (schema_text(s, n, k->name) != NULL &&
		    aspath_parse(n->text, &d->as_path) == -1)
			schema_error(s, n, k->name,
			    "\"%.60s\" is not an AS path", n->text);
	} else if (n->kind == NODE_LIST) {
		if (n->n_child > 255) {
			schema_error(s, n, k->name, "more than 255 numbers");
			return;
		}
		if (n->n_child == 0)
			return;
		wr_n8(&d->as_path, BGP_SEGMENT_SEQUENCE);
		wr_n8(&d->as_path, (uint8_t)n->n_child);
		for (i = 0; i < n->n_child; i++)
			path_number(s, k, n->child[i], &d->as_path);
	} else {
		schema_error(s, n, k->name,
		    "expected a list of AS numbers, found %s",
		    node_kind_name(n));
	}
}

static void
set_med(struct schema *s, const struct conf_key *k, const struct node *n,
    void *target)
{
	struct network_draft *d = target;

	(void)s;
	(void)k;
	(void)n;
	d->has_med = true;
}

static void
set_community(struct schema *s, const struct conf_key *k, const struct node *n,
    void *target)
{
	struct network_draft *d = target;
	struct conf_comm c;
	struct err e;

	if (schema_text(s, n, k->name) == NULL)
		return;
	if (policy_comm_parse(CONF_SET_COMMUNITY, n->text, false, &c, &e) ==
	    -1) {
		schema_error(s, n, k->name, "%s", e.text);
		return;
	}
	d->communities = xreallocarray(d->communities, d->n_communities + 1,
	    sizeof(*d->communities));
	d->communities[d->n_communities++] = be_get32(c.value);
}

static void
set_large(struct schema *s, const struct conf_key *k, const struct node *n,
    void *target)
{
	struct network_draft *d = target;
	struct conf_comm c;
	struct err e;

	if (schema_text(s, n, k->name) == NULL)
		return;
	if (policy_comm_parse(CONF_SET_LARGE_COMMUNITY, n->text, false, &c,
		&e) == -1) {
		schema_error(s, n, k->name, "%s", e.text);
		return;
	}
	d->large = xreallocarray(d->large, d->n_large + 1, COMMUNITY_LARGE_LEN);
	memcpy(d->large + d->n_large * COMMUNITY_LARGE_LEN, c.value,
	    COMMUNITY_LARGE_LEN);
	d->n_large++;
}

static void
network_begin(struct schema *s, void *target, void *outer)
{
	struct network_draft *d = target;

	(void)outer;
	d->errors = s->diags->errors;
	d->local_pref = BGP_DEFAULT_LOCAL_PREF;
	wr_init_grow(&d->as_path, BGP_ATTR_BLOCK_MAX);
}

static void
network_build(struct schema *s, const struct node *n,
    const struct network_draft *d)
{
	struct bgp_attr_values v;
	struct conf_network net;
	struct wr w;
	struct err e;

	bgp_attr_values_init(&v);
	v.origin = d->origin;
	v.as_path = d->as_path.base;
	v.as_path_len = wr_len(&d->as_path);
	v.next_hop = d->next_hop;
	if (d->next_hop_at == NULL)
		v.next_hop.family = d->nlri.family == FAMILY_IPV4_UNICAST ?
		    ADDR_IPV4 :
		    ADDR_IPV6; /* unspecified: ourselves */
	v.has_med = d->has_med;
	v.med = d->med;
	/* As a route of the API, which always has one. */
	v.has_local_pref = true;
	v.local_pref = d->local_pref;
	v.communities = d->communities;
	v.n_communities = d->n_communities;
	v.large_communities = d->large;
	v.n_large_communities = d->n_large;
	wr_init_grow(&w, BGP_ATTR_BLOCK_MAX);
	if (!wr_ok(&d->as_path)) {
		schema_error(s, n, "as_path", "too long");
	} else if (bgp_attr_build(&w, (enum family)d->nlri.family, &v, &e) ==
	    -1) {
		schema_error(s, n, "networks", "%s", e.text);
	} else {
		net.nlri = d->nlri;
		net.attrs = w.base;
		net.attrs_len = (uint16_t)wr_len(&w);
		place_set(&s->network_at, s->conf->n_networks, d->prefix);
		conf_network_append(s->conf, &net);
	}
	wr_free(&w);
}

static void
network_end(struct schema *s, const struct node *n, void *target, void *outer)
{
	struct network_draft *d = target;
	uint8_t want;

	(void)outer;
	want = d->nlri.family == FAMILY_IPV4_UNICAST ? ADDR_IPV4 : ADDR_IPV6;
	if (d->prefix != NULL && d->next_hop_at != NULL &&
	    d->next_hop.family != want)
		schema_error(s, d->next_hop_at, "next_hop",
		    "%s is not of the prefix's address family",
		    d->next_hop_at->text);
	else if (d->prefix != NULL && s->diags->errors == d->errors)
		network_build(s, n, d);
	wr_free(&d->as_path);
	free(d->communities);
	free(d->large);
}

static const char *const origin_words[] = { "igp", "egp", "incomplete", NULL };

#define AT(member) offsetof(struct network_draft, member)
static const struct conf_key network_keys[] = {
	{ .name = "prefix",
	    .type = KEY_VALUE,
	    .flags = KEY_REQUIRED,
	    .set = set_prefix },
	{ .name = "next_hop",
	    .type = KEY_VALUE,
	    .flags = KEY_NULL,
	    .set = set_next_hop },
	{ .name = "origin",
	    .type = KEY_WORD,
	    .flags = KEY_NULL,
	    .dflt = "igp",
	    .offset = AT(origin),
	    .words = origin_words },
	{ .name = "as_path",
	    .type = KEY_NODE,
	    .min = 1,
	    .max = UINT32_MAX,
	    .set = set_as_path },
	{ .name = "local_pref",
	    .type = KEY_U32,
	    .flags = KEY_NULL,
	    .max = UINT32_MAX,
	    .offset = AT(local_pref) },
	{ .name = "med",
	    .type = KEY_U32,
	    .flags = KEY_NULL,
	    .max = UINT32_MAX,
	    .offset = AT(med),
	    .set = set_med },
	{ .name = "communities", .type = KEY_LIST, .set = set_community },
	{ .name = "large_communities", .type = KEY_LIST, .set = set_large },
};
#undef AT

const struct conf_table table_network = {
	.what = "networks",
	.keys = network_keys,
	.n = nitems(network_keys),
	.target_size = sizeof(struct network_draft),
	.begin = network_begin,
	.end = network_end,
};
