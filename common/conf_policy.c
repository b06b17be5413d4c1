/* SPDX-License-Identifier: ISC */
/*
 * Sets and policies: construction, sharing, comparison, release.  Pure, as
 * conf.c.
 */
#include "common/conf_policy.h"

#include <stdlib.h>
#include <string.h>

#include "common/bgp.h"
#include "common/bgp_attr.h"
#include "common/community.h"
#include "common/xmalloc.h"

static const char *const kind_text[CONF_SET__MAX] = {
	[CONF_SET_PREFIX] = "prefix-set",
	[CONF_SET_NEIGHBOR] = "neighbor-set",
	[CONF_SET_AS_PATH] = "as-path-set",
	[CONF_SET_COMMUNITY] = "community-set",
	[CONF_SET_EXT_COMMUNITY] = "ext-community-set",
	[CONF_SET_LARGE_COMMUNITY] = "large-community-set",
};

const char *
conf_set_kind_text(enum conf_set_kind kind)
{
	return kind_text[kind];
}

int
conf_set_kind_parse(const char *s, enum conf_set_kind *kind)
{
	int i;

	for (i = 0; i < CONF_SET__MAX; i++) {
		if (strcmp(s, kind_text[i]) == 0) {
			*kind = (enum conf_set_kind)i;
			return 0;
		}
	}
	return -1;
}

unsigned int
conf_comm_len(enum conf_set_kind kind)
{
	switch (kind) {
	case CONF_SET_COMMUNITY:
		return COMMUNITY_LEN;
	case CONF_SET_EXT_COMMUNITY:
		return COMMUNITY_EXT_LEN;
	case CONF_SET_LARGE_COMMUNITY:
		return COMMUNITY_LARGE_LEN;
	default:
		return 0;
	}
}

bool
conf_comm_is_exact(enum conf_set_kind kind, const struct conf_comm *c)
{
	unsigned int i;

	for (i = 0; i < conf_comm_len(kind); i++) {
		if (c->mask[i] != 0xff)
			return false;
	}
	return true;
}

/* --- sets */

static size_t
member_size(const struct conf_set *set)
{
	switch ((enum conf_set_kind)set->kind) {
	case CONF_SET_PREFIX:
		return sizeof(*set->prefixes);
	case CONF_SET_NEIGHBOR:
		return sizeof(*set->neighbors);
	case CONF_SET_AS_PATH:
		return sizeof(*set->patterns);
	default:
		return sizeof(*set->comms);
	}
}

struct conf_set *
conf_set_new(enum conf_set_kind kind, const char *name)
{
	struct conf_set *set = xcalloc(1, sizeof(*set));

	set->refs = 1;
	set->kind = (uint8_t)kind;
	set->name = xstrdup(name);
	return set;
}

struct conf_set *
conf_set_ref(struct conf_set *set)
{
	set->refs++;
	return set;
}

void
conf_set_unref(struct conf_set *set)
{
	uint32_t i;

	if (set == NULL || --set->refs > 0)
		return;
	if (set->kind == CONF_SET_AS_PATH) {
		for (i = 0; i < set->n; i++)
			free(set->patterns[i]);
	}
	free(set->list);
	free(set->name);
	free(set);
}

static void *
member_new(struct conf_set *set)
{
	size_t size = member_size(set);

	if (set->n == set->max) {
		set->max = set->max == 0 ? 4 : set->max * 2;
		set->list = xreallocarray(set->list, set->max, size);
	}
	return (uint8_t *)set->list + size * set->n++;
}

void
conf_set_add_prefix(struct conf_set *set, const struct conf_prefix *p)
{
	memcpy(member_new(set), p, sizeof(*p));
}

void
conf_set_add_neighbor(struct conf_set *set, const struct addr *a)
{
	memcpy(member_new(set), a, sizeof(*a));
}

void
conf_set_add_pattern(struct conf_set *set, const char *pattern)
{
	char *copy = xstrdup(pattern);

	memcpy(member_new(set), &copy, sizeof(copy));
}

void
conf_set_add_comm(struct conf_set *set, const struct conf_comm *c)
{
	memcpy(member_new(set), c, sizeof(*c));
}

static bool
prefix_equal(const struct conf_prefix *a, const struct conf_prefix *b)
{
	return a->min == b->min && a->max == b->max && a->form == b->form &&
	    nlri_cmp(&a->nlri, &b->nlri) == 0;
}

static bool
comm_equal(const struct conf_comm *a, const struct conf_comm *b)
{
	return memcmp(a->value, b->value, sizeof(a->value)) == 0 &&
	    memcmp(a->mask, b->mask, sizeof(a->mask)) == 0;
}

static bool
member_equal(const struct conf_set *a, const struct conf_set *b, uint32_t i)
{
	switch ((enum conf_set_kind)a->kind) {
	case CONF_SET_PREFIX:
		return prefix_equal(&a->prefixes[i], &b->prefixes[i]);
	case CONF_SET_NEIGHBOR:
		return addr_equal(&a->neighbors[i], &b->neighbors[i]);
	case CONF_SET_AS_PATH:
		return strcmp(a->patterns[i], b->patterns[i]) == 0;
	default:
		return comm_equal(&a->comms[i], &b->comms[i]);
	}
}

bool
conf_set_equal(const struct conf_set *a, const struct conf_set *b)
{
	uint32_t i;

	if (a == b)
		return true;
	if (a->kind != b->kind || a->n != b->n || strcmp(a->name, b->name) != 0)
		return false;
	for (i = 0; i < a->n; i++) {
		if (!member_equal(a, b, i))
			return false;
	}
	return true;
}

/* --- statements */

bool
conf_attr_is_deletable(uint8_t type)
{
	switch (type) {
	case 0:
	case BGP_ATTR_ORIGIN:
	case BGP_ATTR_AS_PATH:
	case BGP_ATTR_NEXT_HOP:
	case BGP_ATTR_MP_REACH:
	case BGP_ATTR_MP_UNREACH:
	case BGP_ATTR_ORIGINATOR_ID: /* what loops are found by */
	case BGP_ATTR_CLUSTER_LIST:
		return false;
	default:
		return true;
	}
}

void
conf_statement_fini(struct conf_statement *st)
{
	uint32_t i;

	for (i = 0; i < CONF_SET__MAX; i++)
		free(st->conditions.match[i].set);
	for (i = 0; i < st->actions.n_edits; i++)
		free(st->actions.edits[i].list);
	free(st->actions.edits);
	free(st->name);
	memset(st, 0, sizeof(*st));
}

void
conf_actions_add_edit(struct conf_actions *a, enum conf_set_kind kind,
    enum conf_comm_op op, const struct conf_comm *list, uint32_t n)
{
	struct conf_comm_edit *edit;

	a->edits =
	    xreallocarray(a->edits, (size_t)a->n_edits + 1, sizeof(*a->edits));
	edit = &a->edits[a->n_edits++];
	edit->kind = (uint8_t)kind;
	edit->op = (uint8_t)op;
	edit->n = n;
	edit->list = n == 0 ? NULL : xmemdup(list, n * sizeof(*list));
}

static bool
text_equal(const char *a, const char *b)
{
	if (a == NULL || b == NULL)
		return a == b;
	return strcmp(a, b) == 0;
}

static bool
numbers_equal(const struct conf_numbers *a, const struct conf_numbers *b)
{
	return a->given == b->given && a->min == b->min && a->max == b->max;
}

static bool
conditions_equal(const struct conf_conditions *a,
    const struct conf_conditions *b)
{
	int i;

	for (i = 0; i < CONF_SET__MAX; i++) {
		if (!text_equal(a->match[i].set, b->match[i].set) ||
		    a->match[i].option != b->match[i].option)
			return false;
	}
	return a->has_prefix == b->has_prefix &&
	    nlri_cmp(&a->prefix, &b->prefix) == 0 &&
	    addr_equal(&a->neighbor, &b->neighbor) &&
	    a->has_asn == b->has_asn && a->asn == b->asn &&
	    a->route_types == b->route_types &&
	    a->has_community == b->has_community &&
	    comm_equal(&a->community, &b->community) &&
	    a->families == b->families && a->has_next_hop == b->has_next_hop &&
	    nlri_cmp(&a->next_hop, &b->next_hop) == 0 &&
	    a->origins == b->origins && numbers_equal(&a->med, &b->med) &&
	    numbers_equal(&a->local_pref, &b->local_pref) &&
	    numbers_equal(&a->as_path_len, &b->as_path_len);
}

static bool
edit_equal(const struct conf_comm_edit *a, const struct conf_comm_edit *b)
{
	uint32_t i;

	if (a->kind != b->kind || a->op != b->op || a->n != b->n)
		return false;
	for (i = 0; i < a->n; i++) {
		if (!comm_equal(&a->list[i], &b->list[i]))
			return false;
	}
	return true;
}

static bool
actions_equal(const struct conf_actions *a, const struct conf_actions *b)
{
	uint32_t i;

	if (a->says != b->says || a->local_pref_op != b->local_pref_op ||
	    a->local_pref != b->local_pref || a->med_op != b->med_op ||
	    a->med != b->med || a->next_hop_op != b->next_hop_op ||
	    !addr_equal(&a->next_hop, &b->next_hop) ||
	    a->has_origin != b->has_origin || a->origin != b->origin ||
	    a->prepend != b->prepend || a->prepend_as != b->prepend_as ||
	    a->n_edits != b->n_edits || a->deletes != b->deletes ||
	    memcmp(a->delete_attrs, b->delete_attrs, sizeof(a->delete_attrs)) !=
		0)
		return false;
	for (i = 0; i < a->n_edits; i++) {
		if (!edit_equal(&a->edits[i], &b->edits[i]))
			return false;
	}
	return true;
}

/* --- policies */

struct conf_policy *
conf_policy_new(const char *name)
{
	struct conf_policy *p = xcalloc(1, sizeof(*p));

	p->refs = 1;
	p->name = xstrdup(name);
	return p;
}

struct conf_policy *
conf_policy_ref(struct conf_policy *p)
{
	p->refs++;
	return p;
}

void
conf_policy_unref(struct conf_policy *p)
{
	uint32_t i;

	if (p == NULL || --p->refs > 0)
		return;
	for (i = 0; i < p->n; i++)
		conf_statement_fini(&p->statements[i]);
	free(p->statements);
	free(p->name);
	free(p);
}

struct conf_statement *
conf_policy_add_statement(struct conf_policy *p, const char *name)
{
	struct conf_statement *st;

	if (p->n == p->max) {
		p->max = p->max == 0 ? 4 : p->max * 2;
		p->statements = xreallocarray(p->statements, p->max,
		    sizeof(*p->statements));
	}
	st = &p->statements[p->n++];
	memset(st, 0, sizeof(*st));
	st->name = name == NULL ? NULL : xstrdup(name);
	return st;
}

bool
conf_policy_equal(const struct conf_policy *a, const struct conf_policy *b)
{
	const struct conf_statement *x, *y;
	uint32_t i;

	if (a == b)
		return true;
	if (a->n != b->n || strcmp(a->name, b->name) != 0)
		return false;
	for (i = 0; i < a->n; i++) {
		x = &a->statements[i];
		y = &b->statements[i];
		if (!text_equal(x->name, y->name) ||
		    !conditions_equal(&x->conditions, &y->conditions) ||
		    !actions_equal(&x->actions, &y->actions))
			return false;
	}
	return true;
}

bool
conf_policy_uses_set(const struct conf_policy *p, enum conf_set_kind kind,
    const char *name)
{
	uint32_t i;

	for (i = 0; i < p->n; i++) {
		if (text_equal(p->statements[i].conditions.match[kind].set,
			name))
			return true;
	}
	return false;
}
