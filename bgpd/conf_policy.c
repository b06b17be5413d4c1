/* SPDX-License-Identifier: ISC */
/*
 * The keys of defined-sets and policy-definitions.  They are held against
 * the full syntax of their values; nothing is stored, because no filter runs
 * yet.
 */
#include "bgpd/conf_schema.h"

#include <string.h>

#include "bgpd/conf_value.h"
#include "common/policy_text.h"

/* --- values */

static void
check_addr(struct schema *s, const struct conf_key *k, const struct node *n,
    void *target)
{
	struct addr a;

	(void)target;
	if (schema_text(s, n, k->name) != NULL && addr_parse(n->text, &a) == -1)
		schema_error(s, n, k->name, "\"%.60s\" is not an IP address",
		    n->text);
}

static void
check_prefix(struct schema *s, const struct conf_key *k, const struct node *n,
    void *target)
{
	struct nlri nlri;
	struct err e;

	(void)target;
	if (nlri_parse(n->text, &nlri, &e) == -1)
		schema_error(s, n, k->name, "%s", e.text);
}

static void
check_pattern(struct schema *s, const struct conf_key *k, const struct node *n,
    void *target)
{
	struct err e;

	(void)target;
	if (schema_text(s, n, k->name) != NULL &&
	    value_pattern(n->text, &e) == -1)
		schema_error(s, n, k->name, "%s", e.text);
}

static void
check_comm(struct schema *s, const struct conf_key *k, const struct node *n,
    enum conf_set_kind kind)
{
	struct conf_comm c;
	struct err e;

	if (schema_text(s, n, k->name) != NULL &&
	    policy_comm_parse(kind, n->text, false, &c, &e) == -1)
		schema_error(s, n, k->name, "%s", e.text);
}

static void
check_community(struct schema *s, const struct conf_key *k,
    const struct node *n, void *target)
{
	(void)target;
	check_comm(s, k, n, CONF_SET_COMMUNITY);
}

static void
check_ext_community(struct schema *s, const struct conf_key *k,
    const struct node *n, void *target)
{
	(void)target;
	check_comm(s, k, n, CONF_SET_EXT_COMMUNITY);
}

static void
check_large_community(struct schema *s, const struct conf_key *k,
    const struct node *n, void *target)
{
	(void)target;
	check_comm(s, k, n, CONF_SET_LARGE_COMMUNITY);
}

/* --- names */

static void
define(struct schema *s, const struct conf_key *k, const struct node *n)
{
	if (n->text[0] == '_')
		schema_error(s, n, k->name,
		    "\"%.60s\" cannot start with underscore (reserved)",
		    n->text);
	else
		schema_define(s, (enum name_kind)k->max, n);
}

/* The row's max is the kind of name, for a definition and for a use. */
static void
set_name(struct schema *s, const struct conf_key *k, const struct node *n,
    void *target)
{
	(void)target;
	define(s, k, n);
}

static void
set_match(struct schema *s, const struct conf_key *k, const struct node *n,
    void *target)
{
	const struct node *name = NULL;
	size_t i;

	(void)target;
	if (node_is_null(n))
		return;
	schema_map(s, &table_match_set, n, NULL);
	if (n->kind != NODE_MAP)
		return;
	for (i = 0; i + 1 < n->n_child; i += 2)
		if (n->child[i]->kind == NODE_SCALAR &&
		    strcmp(n->child[i]->text, "set-name") == 0)
			name = n->child[i + 1];
	if (name != NULL && name->kind == NODE_SCALAR && !node_is_null(name))
		schema_use(s, (enum name_kind)k->max, name);
}

static void
check_nothing(struct schema *s, const struct conf_key *k, const struct node *n,
    void *target)
{
	(void)s;
	(void)k;
	(void)n;
	(void)target;
}

/* --- sets */

struct prefix_draft {
	struct nlri nlri;
	bool valid;
	const struct node *range;
};

static void
set_rule_prefix(struct schema *s, const struct conf_key *k,
    const struct node *n, void *target)
{
	struct prefix_draft *d = target;
	struct err e;

	if (nlri_parse(n->text, &d->nlri, &e) == -1)
		schema_error(s, n, k->name, "%s", e.text);
	else
		d->valid = true;
}

static void
set_rule_range(struct schema *s, const struct conf_key *k, const struct node *n,
    void *target)
{
	struct prefix_draft *d = target;

	(void)s;
	(void)k;
	d->range = n;
}

static void
prefix_end(struct schema *s, const struct node *n, void *target, void *outer)
{
	struct prefix_draft *d = target;
	char text[NLRI_STRLEN];
	struct conf_prefix p;
	struct err e;

	(void)n;
	(void)outer;
	if (d->valid && d->range != NULL &&
	    policy_prefix_parse(nlri_str(&d->nlri, text), d->range->text, &p,
		&e) == -1)
		schema_error(s, d->range, "masklength-range", "%s", e.text);
}

static const struct conf_key prefix_keys[] = {
	{ .name = "prefix",
	    .type = KEY_VALUE,
	    .flags = KEY_REQUIRED,
	    .set = set_rule_prefix },
	{ .name = "masklength-range",
	    .type = KEY_VALUE,
	    .flags = KEY_NULL,
	    .dflt = "exact",
	    .set = set_rule_range },
};

const struct conf_table table_prefix = {
	.what = "prefixes",
	.keys = prefix_keys,
	.n = nitems(prefix_keys),
	.target_size = sizeof(struct prefix_draft),
	.end = prefix_end,
};

#define NAME_ROW(kind)                                                         \
	{                                                                      \
		.name = "name", .type = KEY_VALUE, .flags = KEY_REQUIRED,      \
		.max = (kind), .set = set_name                                 \
	}
#define SET_TABLE(table, key, text)                                            \
	const struct conf_table table = { .what = (text),                      \
		.keys = (key),                                                 \
		.n = nitems(key) }

static const struct conf_key prefix_set_keys[] = {
	NAME_ROW(NAME_PREFIX_SET),
	{ .name = "prefixes",
	    .type = KEY_LIST_OF_MAPS,
	    .flags = KEY_REQUIRED | KEY_NULL,
	    .table = &table_prefix },
};
static const struct conf_key neighbor_set_keys[] = {
	NAME_ROW(NAME_NEIGHBOR_SET),
	{ .name = "neighbors",
	    .type = KEY_LIST,
	    .flags = KEY_REQUIRED | KEY_NULL,
	    .set = check_addr },
};
static const struct conf_key as_path_set_keys[] = {
	NAME_ROW(NAME_AS_PATH_SET),
	{ .name = "patterns",
	    .type = KEY_LIST,
	    .flags = KEY_REQUIRED | KEY_NULL,
	    .set = check_pattern },
};
static const struct conf_key community_set_keys[] = {
	NAME_ROW(NAME_COMMUNITY_SET),
	{ .name = "communities",
	    .type = KEY_LIST,
	    .flags = KEY_REQUIRED | KEY_NULL,
	    .set = check_community },
};
static const struct conf_key ext_community_set_keys[] = {
	NAME_ROW(NAME_EXT_COMMUNITY_SET),
	{ .name = "ext_communities",
	    .type = KEY_LIST,
	    .flags = KEY_REQUIRED | KEY_NULL,
	    .set = check_ext_community },
};
static const struct conf_key large_community_set_keys[] = {
	NAME_ROW(NAME_LARGE_COMMUNITY_SET),
	{ .name = "large_communities",
	    .type = KEY_LIST,
	    .flags = KEY_REQUIRED | KEY_NULL,
	    .set = check_large_community },
};

SET_TABLE(table_prefix_set, prefix_set_keys, "prefix-sets");
SET_TABLE(table_neighbor_set, neighbor_set_keys, "neighbor-sets");
SET_TABLE(table_as_path_set, as_path_set_keys, "as-path-sets");
SET_TABLE(table_community_set, community_set_keys, "community-sets");
SET_TABLE(table_ext_community_set, ext_community_set_keys,
    "ext-community-sets");
SET_TABLE(table_large_community_set, large_community_set_keys,
    "large-community-sets");

static const struct conf_key defined_sets_keys[] = {
	{ .name = "prefix-sets",
	    .type = KEY_LIST_OF_MAPS,
	    .table = &table_prefix_set },
	{ .name = "neighbor-sets",
	    .type = KEY_LIST_OF_MAPS,
	    .table = &table_neighbor_set },
	{ .name = "as-path-sets",
	    .type = KEY_LIST_OF_MAPS,
	    .table = &table_as_path_set },
	{ .name = "community-sets",
	    .type = KEY_LIST_OF_MAPS,
	    .table = &table_community_set },
	{ .name = "ext-community-sets",
	    .type = KEY_LIST_OF_MAPS,
	    .table = &table_ext_community_set },
	{ .name = "large-community-sets",
	    .type = KEY_LIST_OF_MAPS,
	    .table = &table_large_community_set },
};
SET_TABLE(table_defined_sets, defined_sets_keys, "defined-sets");

/* --- conditions */

static const char *const option_words[] = { "any", "all", "invert", NULL };
static const char *const route_words[] = { "ebgp", "ibgp", "local", NULL };
static const char *const operation_words[] = { "add", "remove", "replace",
	NULL };

static const struct conf_key match_set_keys[] = {
	{ .name = "set-name",
	    .type = KEY_VALUE,
	    .flags = KEY_REQUIRED,
	    .set = check_nothing },
	{ .name = "match-option",
	    .type = KEY_WORD,
	    .flags = KEY_NULL,
	    .dflt = "any",
	    .offset = KEY_NOWHERE,
	    .words = option_words },
};
SET_TABLE(table_match_set, match_set_keys, "match");

#define MATCH_ROW(key, kind)                                                   \
	{                                                                      \
		.name = (key), .type = KEY_NODE, .flags = KEY_NULL,            \
		.max = (kind), .set = set_match                                \
	}

static const struct conf_key conditions_keys[] = {
	MATCH_ROW("match-prefix-set", NAME_PREFIX_SET),
	MATCH_ROW("match-neighbor-set", NAME_NEIGHBOR_SET),
	MATCH_ROW("match-as-path-set", NAME_AS_PATH_SET),
	MATCH_ROW("match-community-set", NAME_COMMUNITY_SET),
	MATCH_ROW("match-ext-community-set", NAME_EXT_COMMUNITY_SET),
	MATCH_ROW("match-large-community-set", NAME_LARGE_COMMUNITY_SET),
	{ .name = "prefix",
	    .type = KEY_VALUE,
	    .flags = KEY_NULL,
	    .set = check_prefix },
	{ .name = "neighbor",
	    .type = KEY_VALUE,
	    .flags = KEY_NULL,
	    .set = check_addr },
	{ .name = "has-asn",
	    .type = KEY_U32,
	    .flags = KEY_NULL,
	    .max = UINT32_MAX,
	    .offset = KEY_NOWHERE },
	{ .name = "route-type",
	    .type = KEY_WORD,
	    .flags = KEY_NULL,
	    .offset = KEY_NOWHERE,
	    .words = route_words },
	{ .name = "community",
	    .type = KEY_VALUE,
	    .flags = KEY_NULL,
	    .set = check_community },
};
SET_TABLE(table_conditions, conditions_keys, "conditions");

/* --- actions */

static const struct conf_key local_pref_keys[] = {
	{ .name = "value",
	    .type = KEY_U32,
	    .flags = KEY_REQUIRED,
	    .max = UINT32_MAX,
	    .offset = KEY_NOWHERE },
	{ .name = "force",
	    .type = KEY_BOOL,
	    .flags = KEY_NULL,
	    .dflt = "false",
	    .offset = KEY_NOWHERE },
};
SET_TABLE(table_local_pref, local_pref_keys, "local-pref");

static const struct conf_key med_keys[] = {
	{ .name = "remove",
	    .type = KEY_BOOL,
	    .flags = KEY_REQUIRED,
	    .offset = KEY_NOWHERE },
};
SET_TABLE(table_med, med_keys, "med");

/* A number, or a map by the row's table. */
static void
set_number_or_map(struct schema *s, const struct conf_key *k,
    const struct node *n, void *target)
{
	uint64_t v;

	(void)target;
	if (n->kind == NODE_MAP)
		schema_map(s, k->table, n, NULL);
	else if (!node_is_null(n))
		schema_number(s, k, n, &v);
}

#define OPERATION_ROW                                                          \
	{                                                                      \
		.name = "operation", .type = KEY_WORD, .flags = KEY_REQUIRED,  \
		.offset = KEY_NOWHERE, .words = operation_words                \
	}

static const struct conf_key community_action_keys[] = {
	OPERATION_ROW,
	{ .name = "communities",
	    .type = KEY_LIST,
	    .flags = KEY_REQUIRED | KEY_NULL,
	    .set = check_community },
};
SET_TABLE(table_community_action, community_action_keys, "community");

static const struct conf_key ext_community_action_keys[] = {
	OPERATION_ROW,
	{ .name = "ext_communities",
	    .type = KEY_LIST,
	    .flags = KEY_REQUIRED | KEY_NULL,
	    .set = check_ext_community },
};
SET_TABLE(table_ext_community_action, ext_community_action_keys,
    "ext-community");

static const struct conf_key large_community_action_keys[] = {
	OPERATION_ROW,
	{ .name = "large_communities",
	    .type = KEY_LIST,
	    .flags = KEY_REQUIRED | KEY_NULL,
	    .set = check_large_community },
};
SET_TABLE(table_large_community_action, large_community_action_keys,
    "large-community");

static const struct conf_key actions_keys[] = {
	{ .name = "accept",
	    .type = KEY_BOOL,
	    .flags = KEY_NULL,
	    .offset = KEY_NOWHERE },
	{ .name = "reject",
	    .type = KEY_BOOL,
	    .flags = KEY_NULL,
	    .offset = KEY_NOWHERE },
	{ .name = "local-pref",
	    .type = KEY_NODE,
	    .flags = KEY_NULL,
	    .max = UINT32_MAX,
	    .set = set_number_or_map,
	    .table = &table_local_pref },
	{ .name = "med",
	    .type = KEY_NODE,
	    .flags = KEY_NULL,
	    .max = UINT32_MAX,
	    .set = set_number_or_map,
	    .table = &table_med },
	{ .name = "community",
	    .type = KEY_MAP,
	    .flags = KEY_NULL,
	    .table = &table_community_action },
	{ .name = "ext-community",
	    .type = KEY_MAP,
	    .flags = KEY_NULL,
	    .table = &table_ext_community_action },
	{ .name = "large-community",
	    .type = KEY_MAP,
	    .flags = KEY_NULL,
	    .table = &table_large_community_action },
};
SET_TABLE(table_actions, actions_keys, "actions");

/* --- policies */

static const struct conf_key statement_keys[] = {
	{ .name = "name",
	    .type = KEY_TEXT,
	    .flags = KEY_NULL,
	    .offset = KEY_NOWHERE },
	{ .name = "conditions",
	    .type = KEY_MAP,
	    .flags = KEY_NULL,
	    .table = &table_conditions },
	{ .name = "actions",
	    .type = KEY_MAP,
	    .flags = KEY_REQUIRED | KEY_NULL,
	    .table = &table_actions },
};
SET_TABLE(table_statement, statement_keys, "statements");

static const struct conf_key policy_keys[] = {
	NAME_ROW(NAME_POLICY),
	{ .name = "statements",
	    .type = KEY_LIST_OF_MAPS,
	    .flags = KEY_REQUIRED | KEY_NULL,
	    .table = &table_statement },
};
SET_TABLE(table_policy, policy_keys, "policy-definitions");
