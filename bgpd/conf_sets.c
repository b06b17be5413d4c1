/* SPDX-License-Identifier: ISC */
/*
 * The keys of defined-sets.  A set is made when its name is read, which is
 * its first row; members of one without a good name are held against their
 * syntax all the same.
 */
#include "bgpd/conf_schema.h"

#include <string.h>

#include "common/as_pattern.h"
#include "common/policy_text.h"

struct set_draft {
	struct conf_set *set; /* NULL: its name is missing or wrong */
};

struct prefix_draft {
	const struct node *prefix;
	const struct node *range;
};

/* The kinds of sets stand behind NAME_POLICY in their own order. */
_Static_assert((int)NAME_PREFIX_SET == (int)CONF_SET_PREFIX + 1 &&
	(int)NAME__MAX == (int)CONF_SET__MAX + 1,
    "kinds of names and of sets");

enum conf_set_kind
name_set_kind(enum name_kind kind)
{
	return (enum conf_set_kind)(kind - 1);
}

static void
set_name(struct schema *s, const struct conf_key *k, const struct node *n,
    void *target)
{
	const enum name_kind kind = (enum name_kind)k->max;
	struct set_draft *d = target;
	struct err e;

	if (policy_name_check(name_kind_text(kind), n->text, &e) == -1) {
		schema_error(s, n, k->name, "%s", e.text);
		return;
	}
	schema_define(s, kind, n);
	d->set = conf_set_new(name_set_kind(kind), n->text);
	d->set->line = n->line;
}

static void
set_end(struct schema *s, const struct node *n, void *target, void *outer)
{
	struct set_draft *d = target;

	(void)n;
	(void)outer;
	/* Of two with one name the later stays, beside an error. */
	if (d->set != NULL)
		conf_set_put(s->conf, d->set);
}

/* --- members */

/* Is there a set to put one more member into? */
static bool
has_room(struct schema *s, const struct conf_key *k, const struct node *n,
    const struct set_draft *d)
{
	if (d->set == NULL)
		return false;
	if (d->set->n == CONF_SET_MAX) {
		schema_error(s, n, k->name, "more than %u members",
		    CONF_SET_MAX);
		return false;
	}
	return true;
}

static void
add_neighbor(struct schema *s, const struct conf_key *k, const struct node *n,
    void *target)
{
	struct set_draft *d = target;
	struct addr a;

	if (schema_text(s, n, k->name) == NULL)
		return;
	if (addr_parse(n->text, &a) == -1)
		schema_error(s, n, k->name, "\"%.60s\" is not an IP address",
		    n->text);
	else if (has_room(s, k, n, d))
		conf_set_add_neighbor(d->set, &a);
}

static void
add_pattern(struct schema *s, const struct conf_key *k, const struct node *n,
    void *target)
{
	struct set_draft *d = target;
	struct as_pattern *pattern;
	struct err e;

	if (schema_text(s, n, k->name) == NULL)
		return;
	pattern = as_pattern_new(n->text, &e);
	if (pattern == NULL)
		schema_error(s, n, k->name, "%s", e.text);
	else if (has_room(s, k, n, d))
		conf_set_add_pattern(d->set, n->text);
	as_pattern_free(pattern);
}

/* The row's max is the kind of set. */
static void
add_comm(struct schema *s, const struct conf_key *k, const struct node *n,
    void *target)
{
	struct set_draft *d = target;
	struct conf_comm c;
	struct err e;

	if (schema_text(s, n, k->name) == NULL)
		return;
	if (policy_comm_parse((enum conf_set_kind)k->max, n->text, true, &c,
		&e) == -1)
		schema_error(s, n, k->name, "%s", e.text);
	else if (has_room(s, k, n, d))
		conf_set_add_comm(d->set, &c);
}

static void
set_rule_prefix(struct schema *s, const struct conf_key *k,
    const struct node *n, void *target)
{
	struct prefix_draft *d = target;

	(void)s;
	(void)k;
	d->prefix = n;
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

static void
prefix_end(struct schema *s, const struct node *n, void *target, void *outer)
{
	const struct prefix_draft *d = target;
	struct set_draft *set = outer;
	struct conf_prefix p;
	struct err e;

	(void)n;
	if (d->prefix == NULL)
		return;
	if (policy_prefix_parse(d->prefix->text, NULL, &p, &e) == -1)
		schema_error(s, d->prefix, "prefix", "%s", e.text);
	else if (d->range != NULL &&
	    policy_prefix_parse(d->prefix->text, d->range->text, &p, &e) == -1)
		schema_error(s, d->range, "masklength-range", "%s", e.text);
	else if (has_room(s, &prefix_keys[0], d->prefix, set))
		conf_set_add_prefix(set->set, &p);
}

static bool
prefix_run(struct schema *s, const struct run_item *it, void *outer)
{
	struct set_draft *set = outer;
	struct conf_prefix p;
	struct err e;

	(void)s;
	if (set->set == NULL || set->set->n == CONF_SET_MAX ||
	    policy_prefix_parse(it->prefix.text,
		it->range.len > 0 ? it->range.text : NULL, &p, &e) == -1)
		return false;
	conf_set_add_prefix(set->set, &p);
	return true;
}

const struct conf_table table_prefix = {
	.what = "prefixes",
	.keys = prefix_keys,
	.n = nitems(prefix_keys),
	.target_size = sizeof(struct prefix_draft),
	.end = prefix_end,
	.run = prefix_run,
};

/* --- sets */

#define NAME_ROW(kind)                                                         \
	{                                                                      \
		.name = "name", .type = KEY_VALUE, .flags = KEY_REQUIRED,      \
		.max = (kind), .set = set_name                                 \
	}
#define MEMBERS_ROW(key, add, kind)                                            \
	{                                                                      \
		.name = (key), .type = KEY_LIST,                               \
		.flags = KEY_REQUIRED | KEY_NULL, .max = (kind), .set = (add)  \
	}
#define SET_TABLE(table, rows, text)                                           \
	const struct conf_table table = {                                      \
		.what = (text),                                                \
		.keys = (rows),                                                \
		.n = nitems(rows),                                             \
		.target_size = sizeof(struct set_draft),                       \
		.end = set_end,                                                \
	}

static const struct conf_key prefix_set_keys[] = {
	NAME_ROW(NAME_PREFIX_SET),
	{ .name = "prefixes",
	    .type = KEY_LIST_OF_MAPS,
	    .flags = KEY_REQUIRED | KEY_NULL,
	    .table = &table_prefix },
};
static const struct conf_key neighbor_set_keys[] = {
	NAME_ROW(NAME_NEIGHBOR_SET),
	MEMBERS_ROW("neighbors", add_neighbor, CONF_SET_NEIGHBOR),
};
static const struct conf_key as_path_set_keys[] = {
	NAME_ROW(NAME_AS_PATH_SET),
	MEMBERS_ROW("patterns", add_pattern, CONF_SET_AS_PATH),
};
static const struct conf_key community_set_keys[] = {
	NAME_ROW(NAME_COMMUNITY_SET),
	MEMBERS_ROW("communities", add_comm, CONF_SET_COMMUNITY),
};
static const struct conf_key ext_community_set_keys[] = {
	NAME_ROW(NAME_EXT_COMMUNITY_SET),
	MEMBERS_ROW("ext_communities", add_comm, CONF_SET_EXT_COMMUNITY),
};
static const struct conf_key large_community_set_keys[] = {
	NAME_ROW(NAME_LARGE_COMMUNITY_SET),
	MEMBERS_ROW("large_communities", add_comm, CONF_SET_LARGE_COMMUNITY),
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

const struct conf_table table_defined_sets = {
	.what = "defined-sets",
	.keys = defined_sets_keys,
	.n = nitems(defined_sets_keys),
};
