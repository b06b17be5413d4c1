/* SPDX-License-Identifier: ISC */
/*
 * The keys of policy-definitions.  A policy is made when its name is read,
 * which is its first row; statements of one without a good name are held
 * against their syntax all the same.
 */
#include "bgpd/conf_schema.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "bgpd/conf_value.h"
#include "common/bgp_attr.h"
#include "common/policy_text.h"
#include "common/xmalloc.h"

struct policy_draft {
	struct conf_policy *policy; /* NULL: its name is missing or wrong */
};

struct statement_draft {
	struct conf_statement st; /* first: inner tables share it */
	const struct node *go_on; /* continue: true */
};

/* Where a row writes, of a target that begins with a statement. */
#define COND(member) offsetof(struct conf_statement, conditions.member)
#define ACT(member) offsetof(struct conf_statement, actions.member)

static void *
at_offset(void *target, const struct conf_key *k)
{
	return (uint8_t *)target + k->offset;
}

/* The bits of one of k->words, or of several in a list; 0 after an error. */
static uint32_t
words_bits(struct schema *s, const struct conf_key *k, const struct node *n)
{
	const struct node *one;
	uint32_t bits = 0;
	uint8_t word;
	size_t i, count = n->kind == NODE_LIST ? n->n_child : 1;

	if (count == 0)
		schema_error(s, n, k->name, "is empty");
	for (i = 0; i < count; i++) {
		one = n->kind == NODE_LIST ? n->child[i] : n;
		word = UINT8_MAX;
		schema_word(s, k, one, &word);
		if (word != UINT8_MAX)
			bits |= 1u << word;
	}
	return bits;
}

static void
set_bits(struct schema *s, const struct conf_key *k, const struct node *n,
    void *target)
{
	if (!node_is_null(n))
		*(uint8_t *)at_offset(target, k) = (uint8_t)words_bits(s, k, n);
}

static void
set_families(struct schema *s, const struct conf_key *k, const struct node *n,
    void *target)
{
	struct conf_statement *st = target;

	if (!node_is_null(n))
		st->conditions.families = words_bits(s, k, n);
}

/* --- conditions */

/* In the order of their bits. */
static const char *const option_words[] = { "any", "all", "invert", NULL };
static const char *const route_words[] = { "ebgp", "ibgp", "local", NULL };
static const char *const origin_words[] = { "igp", "egp", "incomplete", NULL };
static const char *const family_words[] = { "ipv4-unicast", "ipv6-unicast",
	NULL };

struct match_draft {
	const struct node *name;
	uint8_t option; /* enum conf_match_option */
};

static void
set_match_name(struct schema *s, const struct conf_key *k, const struct node *n,
    void *target)
{
	struct match_draft *d = target;

	(void)s;
	(void)k;
	d->name = n;
}

static void
set_match_option(struct schema *s, const struct conf_key *k,
    const struct node *n, void *target)
{
	struct match_draft *d = target;
	uint8_t word = UINT8_MAX;

	schema_word(s, k, n, &word);
	if (word != UINT8_MAX)
		d->option = word + CONF_MATCH_ANY;
}

/* The row's max is the kind of name. */
static void
set_match(struct schema *s, const struct conf_key *k, const struct node *n,
    void *target)
{
	const enum name_kind kind = (enum name_kind)k->max;
	struct match_draft d = { NULL, CONF_MATCH_UNSAID };
	struct conf_statement *st = target;
	struct conf_match *to;

	if (node_is_null(n))
		return;
	schema_map(s, &table_match_set, n, &d);
	if (d.name == NULL)
		return;
	schema_use(s, kind, d.name);
	to = &st->conditions.match[name_set_kind(kind)];
	to->set = xstrdup(d.name->text);
	to->option = d.option;
}

static void
set_prefix(struct schema *s, const struct conf_key *k, const struct node *n,
    void *target)
{
	struct conf_statement *st = target;
	struct err e;

	if (nlri_parse(n->text, &st->conditions.prefix, &e) == -1)
		schema_error(s, n, k->name, "%s", e.text);
	else
		st->conditions.has_prefix = true;
}

static void
set_neighbor(struct schema *s, const struct conf_key *k, const struct node *n,
    void *target)
{
	struct conf_statement *st = target;

	if (addr_parse(n->text, &st->conditions.neighbor) == -1)
		schema_error(s, n, k->name, "\"%.60s\" is not an IP address",
		    n->text);
}

static void
set_has_asn(struct schema *s, const struct conf_key *k, const struct node *n,
    void *target)
{
	struct conf_statement *st = target;

	(void)s;
	(void)k;
	(void)n;
	st->conditions.has_asn = true;
}

static void
set_community(struct schema *s, const struct conf_key *k, const struct node *n,
    void *target)
{
	struct conf_statement *st = target;
	struct err e;

	if (policy_comm_parse(CONF_SET_COMMUNITY, n->text, true,
		&st->conditions.community, &e) == -1)
		schema_error(s, n, k->name, "%s", e.text);
	else
		st->conditions.has_community = true;
}

/* An address is the prefix that has only itself. */
static void
set_within(struct schema *s, const struct conf_key *k, const struct node *n,
    void *target)
{
	struct conf_conditions *c =
	    &((struct conf_statement *)target)->conditions;
	char text[ADDR_STRLEN + 5];
	struct addr a;
	struct err e;

	if (strchr(n->text, '/') != NULL) {
		if (nlri_parse(n->text, &c->next_hop, &e) == -1) {
			schema_error(s, n, k->name, "%s", e.text);
			return;
		}
	} else if (addr_parse(n->text, &a) == -1) {
		schema_error(s, n, k->name,
		    "\"%.60s\" is neither an address nor a prefix", n->text);
		return;
	} else {
		(void)addr_str(&a, text);
		strcat(text, a.family == ADDR_IPV4 ? "/32" : "/128");
		if (nlri_parse(text, &c->next_hop, &e) == -1)
			return;
	}
	c->has_next_hop = true;
}

struct range_draft {
	struct conf_numbers numbers; /* of UINT32_MAX as the upper end */
};

static void
set_range_end(struct schema *s, const struct conf_key *k, const struct node *n,
    void *target)
{
	struct range_draft *d = target;

	(void)s;
	(void)k;
	(void)n;
	d->numbers.given = true;
}

static const struct conf_key range_keys[] = {
	{ .name = "min",
	    .type = KEY_U32,
	    .flags = KEY_NULL,
	    .max = UINT32_MAX,
	    .dflt = "0",
	    .offset = offsetof(struct range_draft, numbers.min),
	    .set = set_range_end },
	{ .name = "max",
	    .type = KEY_U32,
	    .flags = KEY_NULL,
	    .max = UINT32_MAX,
	    .offset = offsetof(struct range_draft, numbers.max),
	    .set = set_range_end },
};
const struct conf_table table_range = {
	.what = "range",
	.keys = range_keys,
	.n = nitems(range_keys),
};

/* One number, or a map of the least and the greatest. */
static void
set_numbers(struct schema *s, const struct conf_key *k, const struct node *n,
    void *target)
{
	struct range_draft d = { { false, 0, UINT32_MAX } };
	const size_t errors = s->diags->errors;
	uint64_t v;

	if (node_is_null(n))
		return;
	if (n->kind == NODE_MAP) {
		schema_map(s, &table_range, n, &d);
		if (s->diags->errors == errors && !d.numbers.given)
			schema_error(s, n, k->name, "neither min nor max");
		else if (s->diags->errors == errors &&
		    d.numbers.min > d.numbers.max)
			schema_error(s, n, k->name,
			    "min %u is above the max %u", d.numbers.min,
			    d.numbers.max);
	} else {
		schema_number(s, k, n, &v);
		d.numbers.given = true;
		d.numbers.min = d.numbers.max = (uint32_t)v;
	}
	if (s->diags->errors == errors)
		memcpy(at_offset(target, k), &d.numbers, sizeof(d.numbers));
}

static const struct conf_key match_set_keys[] = {
	{ .name = "set-name",
	    .type = KEY_VALUE,
	    .flags = KEY_REQUIRED,
	    .set = set_match_name },
	{ .name = "match-option",
	    .type = KEY_VALUE,
	    .flags = KEY_NULL,
	    .dflt = "any",
	    .words = option_words,
	    .set = set_match_option },
};
#define PLAIN_TABLE(table, rows, text)                                         \
	const struct conf_table table = { .what = (text),                      \
		.keys = (rows),                                                \
		.n = nitems(rows) }
PLAIN_TABLE(table_match_set, match_set_keys, "match");

#define MATCH_ROW(key, kind)                                                   \
	{                                                                      \
		.name = (key), .type = KEY_NODE, .flags = KEY_NULL,            \
		.max = (kind), .set = set_match                                \
	}
#define NUMBERS_ROW(key, member)                                               \
	{                                                                      \
		.name = (key), .type = KEY_NODE, .flags = KEY_NULL,            \
		.max = UINT32_MAX, .offset = COND(member), .set = set_numbers, \
		.table = &table_range                                          \
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
	    .set = set_prefix },
	{ .name = "neighbor",
	    .type = KEY_VALUE,
	    .flags = KEY_NULL,
	    .set = set_neighbor },
	{ .name = "has-asn",
	    .type = KEY_U32,
	    .flags = KEY_NULL,
	    .max = UINT32_MAX,
	    .offset = COND(asn),
	    .set = set_has_asn },
	{ .name = "route-type",
	    .type = KEY_NODE,
	    .flags = KEY_NULL,
	    .offset = COND(route_types),
	    .words = route_words,
	    .set = set_bits },
	{ .name = "community",
	    .type = KEY_VALUE,
	    .flags = KEY_NULL,
	    .set = set_community },
	{ .name = "afi-safi",
	    .type = KEY_NODE,
	    .flags = KEY_NULL,
	    .words = family_words,
	    .set = set_families },
	{ .name = "next-hop",
	    .type = KEY_VALUE,
	    .flags = KEY_NULL,
	    .set = set_within },
	{ .name = "origin",
	    .type = KEY_NODE,
	    .flags = KEY_NULL,
	    .offset = COND(origins),
	    .words = origin_words,
	    .set = set_bits },
	NUMBERS_ROW("med", med),
	NUMBERS_ROW("local-pref", local_pref),
	NUMBERS_ROW("as-path-length", as_path_len),
};
PLAIN_TABLE(table_conditions, conditions_keys, "conditions");

/* --- actions */

/* The row's max is the bit. */
static void
set_says(struct schema *s, const struct conf_key *k, const struct node *n,
    void *target)
{
	struct statement_draft *d = target;
	bool yes;

	if (!schema_bool(n, &yes)) {
		schema_expected(s, n, k->name, "true or false");
		return;
	}
	if (!yes)
		return;
	d->st.actions.says |= (uint8_t)k->max;
	if (k->max == CONF_SAYS_CONTINUE)
		d->go_on = n;
}

struct local_pref_draft {
	uint32_t value;
	bool force;
};

#define AT(member) offsetof(struct local_pref_draft, member)
static const struct conf_key local_pref_keys[] = {
	{ .name = "value",
	    .type = KEY_U32,
	    .flags = KEY_REQUIRED,
	    .max = UINT32_MAX,
	    .offset = AT(value) },
	{ .name = "force",
	    .type = KEY_BOOL,
	    .flags = KEY_NULL,
	    .dflt = "false",
	    .offset = AT(force) },
};
#undef AT
PLAIN_TABLE(table_local_pref, local_pref_keys, "local-pref");

static void
set_local_pref(struct schema *s, const struct conf_key *k, const struct node *n,
    void *target)
{
	struct conf_actions *a = &((struct conf_statement *)target)->actions;
	struct local_pref_draft d = { 0, true };
	uint64_t v;

	if (node_is_null(n))
		return;
	if (n->kind == NODE_MAP) {
		d.force = false;
		schema_map(s, &table_local_pref, n, &d);
	} else {
		schema_number(s, k, n, &v);
		d.value = (uint32_t)v;
	}
	a->local_pref_op = d.force ? CONF_LOCAL_PREF_SET : CONF_LOCAL_PREF_FILL;
	a->local_pref = d.value;
}

struct med_draft {
	bool remove;
	uint32_t number;
	unsigned int given; /* how many of the three */
	uint8_t op; /* enum conf_med_op */
};

static void
med_number(struct schema *s, const struct node *n, const char *key, uint8_t op,
    struct med_draft *d)
{
	const struct conf_key number = { .name = key, .max = UINT32_MAX };
	uint64_t v;

	schema_number(s, &number, n, &v);
	d->number = (uint32_t)v;
	d->op = op;
	d->given++;
}

static void
set_med_add(struct schema *s, const struct conf_key *k, const struct node *n,
    void *target)
{
	med_number(s, n, k->name, CONF_MED_ADD, target);
}

static void
set_med_sub(struct schema *s, const struct conf_key *k, const struct node *n,
    void *target)
{
	med_number(s, n, k->name, CONF_MED_SUB, target);
}

static void
set_med_remove(struct schema *s, const struct conf_key *k, const struct node *n,
    void *target)
{
	struct med_draft *d = target;

	if (!schema_bool(n, &d->remove))
		schema_expected(s, n, k->name, "true or false");
	d->op = d->remove ? CONF_MED_REMOVE : CONF_MED_KEEP;
	d->given++;
}

static const struct conf_key med_keys[] = {
	{ .name = "remove",
	    .type = KEY_VALUE,
	    .flags = KEY_NULL,
	    .set = set_med_remove },
	{ .name = "add",
	    .type = KEY_VALUE,
	    .flags = KEY_NULL,
	    .max = UINT32_MAX,
	    .set = set_med_add },
	{ .name = "sub",
	    .type = KEY_VALUE,
	    .flags = KEY_NULL,
	    .max = UINT32_MAX,
	    .set = set_med_sub },
};
PLAIN_TABLE(table_med, med_keys, "med");

static void
set_med(struct schema *s, const struct conf_key *k, const struct node *n,
    void *target)
{
	struct conf_actions *a = &((struct conf_statement *)target)->actions;
	struct med_draft d = { false, 0, 1, CONF_MED_SET };
	const size_t errors = s->diags->errors;
	uint64_t v;

	if (node_is_null(n))
		return;
	if (n->kind == NODE_MAP) {
		d.given = 0;
		schema_map(s, &table_med, n, &d);
	} else {
		schema_number(s, k, n, &v);
		d.number = (uint32_t)v;
	}
	if (d.given != 1 && s->diags->errors == errors)
		schema_error(s, n, k->name,
		    "expected one of remove, add and sub");
	a->med_op = d.op;
	a->med = d.number;
}

static void
set_next_hop(struct schema *s, const struct conf_key *k, const struct node *n,
    void *target)
{
	struct conf_actions *a = &((struct conf_statement *)target)->actions;

	if (strcmp(n->text, "self") == 0) {
		a->next_hop_op = CONF_NEXT_HOP_SELF;
	} else if (addr_parse(n->text, &a->next_hop) == -1 ||
	    addr_is_multicast(&a->next_hop) ||
	    addr_is_unspecified(&a->next_hop)) {
		schema_error(s, n, k->name,
		    "\"%.60s\" is not a next hop (self or an address)",
		    n->text);
		a->next_hop.family = ADDR_NONE;
	} else {
		a->next_hop_op = CONF_NEXT_HOP_SET;
	}
}

static void
set_origin(struct schema *s, const struct conf_key *k, const struct node *n,
    void *target)
{
	struct conf_actions *a = &((struct conf_statement *)target)->actions;
	uint8_t word = UINT8_MAX;

	schema_word(s, k, n, &word);
	if (word == UINT8_MAX)
		return;
	a->has_origin = true;
	a->origin = word;
}

struct prepend_draft {
	uint32_t asn; /* 0: our own */
	uint16_t count;
};

#define AT(member) offsetof(struct prepend_draft, member)
static const struct conf_key prepend_keys[] = {
	{ .name = "asn",
	    .type = KEY_U32,
	    .flags = KEY_NULL,
	    .min = 1,
	    .max = UINT32_MAX,
	    .offset = AT(asn) },
	{ .name = "count",
	    .type = KEY_U16,
	    .flags = KEY_NULL,
	    .min = 1,
	    .max = CONF_PREPEND_MAX,
	    .dflt = "1",
	    .offset = AT(count) },
};
#undef AT
PLAIN_TABLE(table_prepend, prepend_keys, "as-path-prepend");

static void
set_prepend(struct schema *s, const struct conf_key *k, const struct node *n,
    void *target)
{
	struct conf_actions *a = &((struct conf_statement *)target)->actions;
	struct prepend_draft d = { 0, 1 };

	(void)k;
	if (node_is_null(n))
		return;
	schema_map(s, &table_prepend, n, &d);
	a->prepend = (uint8_t)d.count;
	a->prepend_as = d.asn;
}

/* --- actions on communities */

struct edit_draft {
	uint8_t op; /* enum conf_comm_op */
	struct conf_comm *list;
	uint32_t n;
};

/* The row's max is the kind of set; the operation was read before. */
static void
add_comm(struct schema *s, const struct conf_key *k, const struct node *n,
    void *target)
{
	const enum conf_set_kind kind = (enum conf_set_kind)k->max;
	struct edit_draft *d = target;
	struct conf_comm c;
	struct err e;

	if (schema_text(s, n, k->name) == NULL)
		return;
	if (policy_comm_parse(kind, n->text, true, &c, &e) == -1) {
		schema_error(s, n, k->name, "%s", e.text);
	} else if (d->op != CONF_COMM_REMOVE && !conf_comm_is_exact(kind, &c)) {
		schema_error(s, n, k->name,
		    "\"%.60s\": only remove takes patterns", n->text);
	} else if (d->n == CONF_COMM_EDIT_MAX) {
		schema_error(s, n, k->name, "more than %u in a statement",
		    CONF_COMM_EDIT_MAX);
	} else {
		d->list =
		    xreallocarray(d->list, (size_t)d->n + 1, sizeof(*d->list));
		d->list[d->n++] = c;
	}
}

/* In the order of enum conf_comm_op. */
static const char *const operation_words[] = { "add", "remove", "replace",
	NULL };

#define OPERATION_ROW                                                          \
	{                                                                      \
		.name = "operation", .type = KEY_WORD, .flags = KEY_REQUIRED,  \
		.offset = offsetof(struct edit_draft, op),                     \
		.words = operation_words                                       \
	}
#define LIST_ROW(key, kind)                                                    \
	{                                                                      \
		.name = (key), .type = KEY_LIST,                               \
		.flags = KEY_REQUIRED | KEY_NULL, .max = (kind),               \
		.set = add_comm                                                \
	}

static const struct conf_key community_action_keys[] = {
	OPERATION_ROW,
	LIST_ROW("communities", CONF_SET_COMMUNITY),
};
static const struct conf_key ext_community_action_keys[] = {
	OPERATION_ROW,
	LIST_ROW("ext_communities", CONF_SET_EXT_COMMUNITY),
};
static const struct conf_key large_community_action_keys[] = {
	OPERATION_ROW,
	LIST_ROW("large_communities", CONF_SET_LARGE_COMMUNITY),
};
PLAIN_TABLE(table_community_action, community_action_keys, "community");
PLAIN_TABLE(table_ext_community_action, ext_community_action_keys,
    "ext-community");
PLAIN_TABLE(table_large_community_action, large_community_action_keys,
    "large-community");

static void
edit_add(struct schema *s, const struct conf_key *k, const struct node *n,
    struct conf_actions *a)
{
	struct edit_draft d = { CONF_COMM_ADD, NULL, 0 };
	uint32_t i, before = 0;

	schema_map(s, k->table, n, &d);
	for (i = 0; i < a->n_edits; i++)
		before += a->edits[i].n;
	if (a->n_edits == CONF_COMM_EDITS_MAX)
		schema_error(s, n, k->name, "more than %u in a statement",
		    CONF_COMM_EDITS_MAX);
	else if (before + d.n > CONF_COMM_EDIT_MAX)
		schema_error(s, n, k->name,
		    "more than %u communities in a statement",
		    CONF_COMM_EDIT_MAX);
	else
		conf_actions_add_edit(a, (enum conf_set_kind)k->max,
		    (enum conf_comm_op)d.op, d.list, d.n);
	free(d.list);
}

/* One map, or a list of them that are done one after the other. */
static void
set_edits(struct schema *s, const struct conf_key *k, const struct node *n,
    void *target)
{
	struct conf_actions *a = &((struct conf_statement *)target)->actions;
	size_t i;

	if (node_is_null(n))
		return;
	if (n->kind != NODE_LIST)
		edit_add(s, k, n, a);
	for (i = 0; n->kind == NODE_LIST && i < n->n_child; i++)
		edit_add(s, k, n->child[i], a);
}

/* --- attributes to delete */

/* "as-path" is AS_PATH. */
static bool
is_attr_name(const char *text, const char *name)
{
	for (; *text != '\0' && *name != '\0'; text++, name++)
		if ((*text == '_' ? '-' : *text) !=
		    (*name == '_' ? '-' : tolower((unsigned char)*name)))
			return false;
	return *text == *name;
}

/* 0: none. */
static unsigned int
attr_type(const struct node *n)
{
	unsigned int type;
	uint64_t v;

	for (type = 1; type < nitems(bgp_attr_rules); type++) {
		if (bgp_attr_rules[type].name != NULL &&
		    is_attr_name(n->text, bgp_attr_rules[type].name))
			return type;
	}
	return value_number(n->text, &v) == 0 && v < 256 ? (unsigned int)v : 0;
}

static void
delete_attribute(struct schema *s, const struct conf_key *k,
    const struct node *n, void *target)
{
	struct conf_actions *a = &((struct conf_statement *)target)->actions;
	unsigned int type;

	if (schema_text(s, n, k->name) == NULL)
		return;
	type = attr_type(n);
	if (type == 0) {
		schema_error(s, n, k->name,
		    "\"%.60s\" is not an attribute (a name or 1 to 255)",
		    n->text);
	} else if (!conf_attr_is_deletable((uint8_t)type)) {
		schema_error(s, n, k->name, "%.60s cannot be deleted", n->text);
	} else {
		a->deletes = true;
		a->delete_attrs[type / 8] |= (uint8_t)(1u << type % 8);
	}
}

#define SAYS_ROW(key, bit)                                                     \
	{                                                                      \
		.name = (key), .type = KEY_VALUE, .flags = KEY_NULL,           \
		.max = (bit), .set = set_says                                  \
	}
#define EDITS_ROW(key, kind, rows)                                             \
	{                                                                      \
		.name = (key), .type = KEY_NODE, .flags = KEY_NULL,            \
		.max = (kind), .set = set_edits, .table = (rows)               \
	}

static const struct conf_key actions_keys[] = {
	SAYS_ROW("accept", CONF_SAYS_ACCEPT),
	SAYS_ROW("reject", CONF_SAYS_REJECT),
	SAYS_ROW("continue", CONF_SAYS_CONTINUE),
	{ .name = "local-pref",
	    .type = KEY_NODE,
	    .flags = KEY_NULL,
	    .max = UINT32_MAX,
	    .set = set_local_pref,
	    .table = &table_local_pref },
	{ .name = "med",
	    .type = KEY_NODE,
	    .flags = KEY_NULL,
	    .max = UINT32_MAX,
	    .set = set_med,
	    .table = &table_med },
	{ .name = "next-hop",
	    .type = KEY_VALUE,
	    .flags = KEY_NULL,
	    .set = set_next_hop },
	{ .name = "origin",
	    .type = KEY_VALUE,
	    .flags = KEY_NULL,
	    .words = origin_words,
	    .set = set_origin },
	{ .name = "as-path-prepend",
	    .type = KEY_NODE,
	    .flags = KEY_NULL,
	    .set = set_prepend,
	    .table = &table_prepend },
	EDITS_ROW("community", CONF_SET_COMMUNITY, &table_community_action),
	EDITS_ROW("ext-community", CONF_SET_EXT_COMMUNITY,
	    &table_ext_community_action),
	EDITS_ROW("large-community", CONF_SET_LARGE_COMMUNITY,
	    &table_large_community_action),
	{ .name = "delete-attributes",
	    .type = KEY_LIST,
	    .flags = KEY_NULL,
	    .set = delete_attribute },
};
PLAIN_TABLE(table_actions, actions_keys, "actions");

/* --- statements and policies */

static void
statement_end(struct schema *s, const struct node *n, void *target, void *outer)
{
	struct statement_draft *d = target;
	struct conf_policy *p = ((struct policy_draft *)outer)->policy;
	struct conf_statement *st;

	if (d->go_on != NULL && d->st.actions.says != CONF_SAYS_CONTINUE)
		schema_error(s, d->go_on, "continue",
		    "goes on to the next statement, but %s is beside it",
		    d->st.actions.says & CONF_SAYS_REJECT ? "reject" :
							    "accept");
	if (d->st.name != NULL && strlen(d->st.name) > CONF_NAME_MAX)
		schema_error(s, n, "name", "is longer than %d bytes",
		    CONF_NAME_MAX);
	if (p != NULL && p->n == CONF_STATEMENTS_MAX)
		schema_error(s, n, "statements", "more than %u in a policy",
		    CONF_STATEMENTS_MAX);
	if (p == NULL || s->diags->errors > 0) {
		conf_statement_fini(&d->st);
		return;
	}
	st = conf_policy_add_statement(p, NULL);
	*st = d->st;
}

static const struct conf_key statement_keys[] = {
	{ .name = "name",
	    .type = KEY_TEXT,
	    .flags = KEY_NULL,
	    .offset = offsetof(struct conf_statement, name) },
	{ .name = "conditions",
	    .type = KEY_MAP,
	    .flags = KEY_NULL,
	    .table = &table_conditions },
	{ .name = "actions",
	    .type = KEY_MAP,
	    .flags = KEY_REQUIRED | KEY_NULL,
	    .table = &table_actions },
};
const struct conf_table table_statement = {
	.what = "statements",
	.keys = statement_keys,
	.n = nitems(statement_keys),
	.target_size = sizeof(struct statement_draft),
	.end = statement_end,
};

static void
set_policy_name(struct schema *s, const struct conf_key *k,
    const struct node *n, void *target)
{
	struct policy_draft *d = target;
	struct err e;

	if (policy_name_check("policy", n->text, &e) == -1) {
		schema_error(s, n, k->name, "%s", e.text);
		return;
	}
	schema_define(s, NAME_POLICY, n);
	d->policy = conf_policy_new(n->text);
	d->policy->line = n->line;
}

static void
policy_end(struct schema *s, const struct node *n, void *target, void *outer)
{
	struct policy_draft *d = target;

	(void)n;
	(void)outer;
	/* Of two with one name the later stays, beside an error. */
	if (d->policy != NULL)
		conf_policy_put(s->conf, d->policy);
}

static const struct conf_key policy_keys[] = {
	{ .name = "name",
	    .type = KEY_VALUE,
	    .flags = KEY_REQUIRED,
	    .set = set_policy_name },
	{ .name = "statements",
	    .type = KEY_LIST_OF_MAPS,
	    .flags = KEY_REQUIRED | KEY_NULL,
	    .table = &table_statement },
};
const struct conf_table table_policy = {
	.what = "policy-definitions",
	.keys = policy_keys,
	.n = nitems(policy_keys),
	.target_size = sizeof(struct policy_draft),
	.end = policy_end,
};
