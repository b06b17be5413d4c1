/* SPDX-License-Identifier: ISC */
/*
 * Sets and policies in the API's messages.
 */
#include "apid/pb_policy.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "apid/pb_peer.h"
#include "common/as_pattern.h"
#include "common/policy_text.h"
#include "common/xmalloc.h"
#include "proto/optional.h"

enum { PLACE_MAX = 200 }; /* bytes of the place of a member */

static int fail_at(struct err *e, const char *fmt, ...) ATTR_PRINTF(2, 3);
static void place_set(char *place, const char *fmt, ...) ATTR_PRINTF(2, 3);

/* Put the place of a member before the reason that e has. */
static int
fail_at(struct err *e, const char *fmt, ...)
{
	const struct err why = *e;
	char place[PLACE_MAX];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(place, sizeof(place), fmt, ap);
	va_end(ap);
	return err_set(e, why.code, "%s: %s", place, why.text);
}

/* The place of a member, into PLACE_MAX bytes. */
static void
place_set(char *place, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(place, PLACE_MAX, fmt, ap);
	va_end(ap);
}

/* --- sets in */

int
pb_set_type(const char *member, const char *text, enum conf_set_kind *kind,
    struct err *e)
{
	if (conf_set_kind_parse(text, kind) == 0)
		return 0;
	return err_set(e, ERR_INVALID,
	    "%s: unknown set_type \"%.60s\" (prefix-set, neighbor-set, "
	    "as-path-set, community-set, ext-community-set or "
	    "large-community-set)",
	    member, text);
}

static const struct {
	Bgp__DefinedSetConfig__ConfigCase config;
	const char *member; /* of the oneof */
	const char *list; /* in it */
} set_forms[CONF_SET__MAX] = {
#define FORM(member) BGP__DEFINED_SET_CONFIG__CONFIG_##member
	[CONF_SET_PREFIX] = { FORM(PREFIX_SET), "prefix_set", "prefixes" },
	[CONF_SET_NEIGHBOR] = { FORM(NEIGHBOR_SET), "neighbor_set",
	    "addresses" },
	[CONF_SET_AS_PATH] = { FORM(AS_PATH_SET), "as_path_set", "patterns" },
	[CONF_SET_COMMUNITY] = { FORM(COMMUNITY_SET), "community_set",
	    "communities" },
	[CONF_SET_EXT_COMMUNITY] = { FORM(EXT_COMMUNITY_SET),
	    "ext_community_set", "ext_communities" },
	[CONF_SET_LARGE_COMMUNITY] = { FORM(LARGE_COMMUNITY_SET),
	    "large_community_set", "large_communities" },
#undef FORM
};

static int
get_prefix(const Bgp__PrefixMatch *m, struct conf_set *set, const char *at,
    size_t i, struct err *e)
{
	struct conf_prefix prefix;

	if (policy_prefix_parse(m->prefix, NULL, &prefix, e) == -1)
		return fail_at(e, "%s[%zu].prefix", at, i);
	if (m->_masklength_range_case != 0 &&
	    policy_prefix_parse(m->prefix, m->masklength_range, &prefix, e) ==
		-1)
		return fail_at(e, "%s[%zu].masklength_range", at, i);
	conf_set_add_prefix(set, &prefix);
	return 0;
}

static int
get_neighbor(const char *text, struct conf_set *set, const char *at, size_t i,
    struct err *e)
{
	struct addr a;

	if (pb_peer_address("address", text, &a, NULL, e) == -1)
		return fail_at(e, "%s[%zu]", at, i);
	conf_set_add_neighbor(set, &a);
	return 0;
}

/* Of a form in which nothing can be wrong?  Most patterns are, and compiling
 * hundreds of thousands of them to see it would hold all other calls up. */
static bool
is_harmless(const char *pattern)
{
	size_t n = strspn(pattern, "0123456789 _^$");

	return n > 0 && n <= 100 && pattern[n] == '\0';
}

static int
get_pattern(const char *text, struct conf_set *set, const char *at, size_t i,
    struct err *e)
{
	struct as_pattern *pattern;

	if (!is_harmless(text)) {
		pattern = as_pattern_new(text, e);
		if (pattern == NULL)
			return fail_at(e, "%s[%zu]", at, i);
		as_pattern_free(pattern);
	}
	conf_set_add_pattern(set, text);
	return 0;
}

static int
get_text(const char *text, struct conf_set *set, const char *at, size_t i,
    struct err *e)
{
	enum conf_set_kind kind = (enum conf_set_kind)set->kind;
	struct conf_comm c;

	if (kind == CONF_SET_NEIGHBOR)
		return get_neighbor(text, set, at, i, e);
	if (kind == CONF_SET_AS_PATH)
		return get_pattern(text, set, at, i, e);
	if (policy_comm_parse(kind, text, true, &c, e) == -1)
		return fail_at(e, "%s[%zu]", at, i);
	conf_set_add_comm(set, &c);
	return 0;
}

/* The texts of a set of any kind but prefixes. */
static char *const *
texts_of(const Bgp__DefinedSetConfig *m, enum conf_set_kind kind, size_t *n)
{
	switch (kind) {
	case CONF_SET_NEIGHBOR:
		*n = m->neighbor_set->n_addresses;
		return m->neighbor_set->addresses;
	case CONF_SET_AS_PATH:
		*n = m->as_path_set->n_patterns;
		return m->as_path_set->patterns;
	case CONF_SET_COMMUNITY:
		*n = m->community_set->n_communities;
		return m->community_set->communities;
	case CONF_SET_EXT_COMMUNITY:
		*n = m->ext_community_set->n_ext_communities;
		return m->ext_community_set->ext_communities;
	case CONF_SET_LARGE_COMMUNITY:
		*n = m->large_community_set->n_large_communities;
		return m->large_community_set->large_communities;
	default:
		*n = 0;
		return NULL;
	}
}

static int
get_members(const Bgp__DefinedSetConfig *m, struct conf_set *set,
    const char *at, struct err *e)
{
	enum conf_set_kind kind = (enum conf_set_kind)set->kind;
	char place[PLACE_MAX];
	char *const *texts;
	size_t i, n;

	place_set(place, "%s.%s.%s", at, set_forms[kind].member,
	    set_forms[kind].list);
	if (kind == CONF_SET_PREFIX) {
		for (i = 0; i < m->prefix_set->n_prefixes; i++)
			if (get_prefix(m->prefix_set->prefixes[i], set, place,
				i, e) == -1)
				return -1;
		return 0;
	}
	texts = texts_of(m, kind, &n);
	for (i = 0; i < n; i++)
		if (get_text(texts[i], set, place, i, e) == -1)
			return -1;
	return 0;
}

struct conf_set *
pb_set_get(const Bgp__DefinedSetConfig *m, const char *at, struct err *e)
{
	enum conf_set_kind kind;
	struct conf_set *set;
	char member[PLACE_MAX];

	if (m == NULL) {
		(void)err_set(e, ERR_INVALID, "%s is missing", at);
		return NULL;
	}
	place_set(member, "%s.set_type", at);
	if (pb_set_type(member, m->set_type, &kind, e) == -1)
		return NULL;
	if (m->config_case != set_forms[kind].config) {
		(void)err_set(e, ERR_INVALID, "%s: a %s needs %s, which %s", at,
		    conf_set_kind_text(kind), set_forms[kind].member,
		    m->config_case == 0 ? "is missing" :
					  "is not what was given");
		return NULL;
	}
	if (policy_name_check("name", m->name, e) == -1) {
		(void)fail_at(e, "%s.name", at);
		return NULL;
	}
	set = conf_set_new(kind, m->name);
	set->origin = CONF_FROM_API;
	if (get_members(m, set, at, e) == -1) {
		conf_set_unref(set);
		return NULL;
	}
	return set;
}

/* --- policies in */

static int
get_match(const Bgp__MatchSetRef *m, struct conf_match *match, const char *at,
    const char *member, struct err *e)
{
	if (m == NULL)
		return 0;
	if (policy_name_check("set_name", m->set_name, e) == -1)
		return fail_at(e, "%s.%s.set_name", at, member);
	if (policy_option_parse(m->match_option, &match->option) == -1)
		return err_set(e, ERR_INVALID,
		    "%s.%s.match_option: \"%.60s\" is neither any, all nor "
		    "invert",
		    at, member, m->match_option);
	match->set = xstrdup(m->set_name);
	return 0;
}

static int
get_matches(const Bgp__ConditionsConfig *m, struct conf_conditions *c,
    const char *at, struct err *e)
{
#define GET(kind, member)                                                      \
	get_match(m->member, &c->match[CONF_SET_##kind], at, #member, e)
	if (GET(PREFIX, match_prefix_set) == -1 ||
	    GET(NEIGHBOR, match_neighbor_set) == -1 ||
	    GET(AS_PATH, match_as_path_set) == -1 ||
	    GET(COMMUNITY, match_community_set) == -1 ||
	    GET(EXT_COMMUNITY, match_ext_community_set) == -1 ||
	    GET(LARGE_COMMUNITY, match_large_community_set) == -1)
		return -1;
#undef GET
	return 0;
}

static int
get_family(const char *text, struct conf_conditions *c, const char *at,
    const char *member, struct err *e)
{
	int family = family_parse(text);

	if (family == -1)
		return err_set(e, ERR_INVALID,
		    "%s.%s: \"%.60s\" is neither ipv4-unicast nor ipv6-unicast",
		    at, member, text);
	c->families |= FAMILY_BIT((unsigned int)family);
	return 0;
}

static int
get_next_hop_within(const char *text, struct conf_conditions *c, const char *at,
    struct err *e)
{
	struct addr a;

	c->has_next_hop = true;
	if (strchr(text, '/') != NULL) {
		if (nlri_parse(text, &c->next_hop, e) == -1)
			return fail_at(e, "%s.next_hop", at);
		return 0;
	}
	if (addr_parse(text, &a) == -1)
		return err_set(e, ERR_INVALID,
		    "%s.next_hop: \"%.60s\" is neither an IP address nor a "
		    "prefix",
		    at, text);
	c->next_hop.family =
	    a.family == ADDR_IPV4 ? FAMILY_IPV4_UNICAST : FAMILY_IPV6_UNICAST;
	c->next_hop.bits =
	    (uint8_t)family_max_bits((enum family)c->next_hop.family);
	memcpy(c->next_hop.key, a.bytes, sizeof(c->next_hop.key));
	return 0;
}

static int
get_numbers(const Bgp__NumberRange *m, struct conf_numbers *r, const char *at,
    const char *member, struct err *e)
{
	if (m == NULL)
		return 0;
	if (m->_min_case == 0 && m->_max_case == 0)
		return err_set(e, ERR_INVALID,
		    "%s.%s: neither min nor max is given", at, member);
	r->given = true;
	r->min = m->_min_case != 0 ? m->min : 0;
	r->max = m->_max_case != 0 ? m->max : UINT32_MAX;
	if (r->min > r->max)
		return err_set(e, ERR_INVALID, "%s.%s: min %u is above max %u",
		    at, member, r->min, r->max);
	return 0;
}

static int
get_kinds_of_route(const Bgp__ConditionsConfig *m, struct conf_conditions *c,
    const char *at, struct err *e)
{
	uint8_t bit;
	size_t i;

	for (i = 0; i < m->n_route_types; i++) {
		if (policy_route_type_parse(m->route_types[i], &bit) == -1)
			return err_set(e, ERR_INVALID,
			    "%s.route_types[%zu]: \"%.60s\" is neither ebgp, "
			    "ibgp nor local",
			    at, i, m->route_types[i]);
		c->route_types |= bit;
	}
	/* Numbers of a packed list have not been looked at yet. */
	for (i = 0; i < m->n_origins; i++) {
		if ((unsigned int)m->origins[i] > BGP__ORIGIN__INCOMPLETE)
			return err_set(e, ERR_INVALID,
			    "%s.origins[%zu]: unknown value %d", at, i,
			    (int)m->origins[i]);
		c->origins |= (uint8_t)(1u << m->origins[i]);
	}
	if (m->_afi_safi_case != 0 &&
	    get_family(m->afi_safi, c, at, "afi_safi", e) == -1)
		return -1;
	for (i = 0; i < m->n_afi_safis; i++)
		if (get_family(m->afi_safis[i], c, at, "afi_safis", e) == -1)
			return -1;
	return 0;
}

static int
get_conditions(const Bgp__ConditionsConfig *m, struct conf_conditions *c,
    const char *at, struct err *e)
{
	if (m == NULL)
		return 0;
	if (get_matches(m, c, at, e) == -1 ||
	    get_kinds_of_route(m, c, at, e) == -1 ||
	    get_numbers(m->med, &c->med, at, "med", e) == -1 ||
	    get_numbers(m->local_pref, &c->local_pref, at, "local_pref", e) ==
		-1 ||
	    get_numbers(m->as_path_length, &c->as_path_len, at,
		"as_path_length", e) == -1)
		return -1;
	c->has_prefix = m->_prefix_case != 0;
	if (c->has_prefix && nlri_parse(m->prefix, &c->prefix, e) == -1)
		return fail_at(e, "%s.prefix", at);
	if (m->_neighbor_case != 0 &&
	    pb_peer_address("address", m->neighbor, &c->neighbor, NULL, e) ==
		-1)
		return fail_at(e, "%s.neighbor", at);
	c->has_asn = m->_has_asn_case != 0;
	c->asn = c->has_asn ? m->has_asn : 0;
	if (c->has_asn && c->asn == 0)
		return err_set(e, ERR_INVALID,
		    "%s.has_asn: no path has AS 0 in it", at);
	c->has_community = m->_community_case != 0;
	if (c->has_community &&
	    policy_comm_parse(CONF_SET_COMMUNITY, m->community, true,
		&c->community, e) == -1)
		return fail_at(e, "%s.community", at);
	if (m->_next_hop_case != 0)
		return get_next_hop_within(m->next_hop, c, at, e);
	return 0;
}

static int
get_edit(struct conf_actions *a, enum conf_set_kind kind, enum conf_comm_op op,
    char *const *texts, size_t n, const char *at, struct err *e)
{
	struct conf_comm *list;
	uint32_t before = 0, i;
	int result = 0;

	for (i = 0; i < a->n_edits; i++)
		before += a->edits[i].n;
	if (n > CONF_COMM_EDIT_MAX - before)
		return err_set(e, ERR_INVALID,
		    "%s: more than %u communities in a statement", at,
		    CONF_COMM_EDIT_MAX);
	list = xcalloc(n + 1, sizeof(*list));
	for (i = 0; i < n && result == 0; i++)
		if (policy_comm_parse(kind, texts[i], op == CONF_COMM_REMOVE,
			&list[i], e) == -1)
			result = fail_at(e, "%s[%u]", at, i);
	if (result == 0)
		conf_actions_add_edit(a, kind, op, list, (uint32_t)n);
	free(list);
	return result;
}

static const struct {
	const char *text;
	enum conf_set_kind kind;
} edit_kinds[] = {
	{ "community", CONF_SET_COMMUNITY },
	{ "ext-community", CONF_SET_EXT_COMMUNITY },
	{ "large-community", CONF_SET_LARGE_COMMUNITY },
};

static int
get_edit_message(const Bgp__CommunityEdit *m, struct conf_actions *a,
    const char *at, size_t number, struct err *e)
{
	char place[PLACE_MAX];
	uint8_t op;
	size_t i;

	for (i = 0; i < nitems(edit_kinds); i++)
		if (strcmp(edit_kinds[i].text, m->kind) == 0)
			break;
	if (i == nitems(edit_kinds))
		return err_set(e, ERR_INVALID,
		    "%s.community_edits[%zu].kind: \"%.60s\" is neither "
		    "community, ext-community nor large-community",
		    at, number, m->kind);
	if (policy_comm_op_parse(m->operation, &op) == -1)
		return err_set(e, ERR_INVALID,
		    "%s.community_edits[%zu].operation: \"%.60s\" is neither "
		    "add, remove nor replace",
		    at, number, m->operation);
	place_set(place, "%s.community_edits[%zu].communities", at, number);
	return get_edit(a, edit_kinds[i].kind, (enum conf_comm_op)op,
	    m->communities, m->n_communities, place, e);
}

static int
get_edits(const Bgp__ActionsConfig *m, struct conf_actions *a, const char *at,
    struct err *e)
{
	char place[PLACE_MAX];
	size_t i;

	if (m->n_community_edits > 0 &&
	    m->n_add_communities + m->n_remove_communities > 0)
		return err_set(e, ERR_INVALID,
		    "%s: community_edits beside add_communities or "
		    "remove_communities: their order is not said",
		    at);
	if (m->n_community_edits > CONF_COMM_EDITS_MAX)
		return err_set(e, ERR_INVALID,
		    "%s.community_edits: %zu exceed %u", at,
		    m->n_community_edits, CONF_COMM_EDITS_MAX);
	place_set(place, "%s.remove_communities", at);
	if (m->n_remove_communities > 0 &&
	    get_edit(a, CONF_SET_COMMUNITY, CONF_COMM_REMOVE,
		m->remove_communities, m->n_remove_communities, place, e) == -1)
		return -1;
	place_set(place, "%s.add_communities", at);
	if (m->n_add_communities > 0 &&
	    get_edit(a, CONF_SET_COMMUNITY, CONF_COMM_ADD, m->add_communities,
		m->n_add_communities, place, e) == -1)
		return -1;
	for (i = 0; i < m->n_community_edits; i++)
		if (get_edit_message(m->community_edits[i], a, at, i, e) == -1)
			return -1;
	return 0;
}

static int
get_says(const Bgp__ActionsConfig *m, struct conf_actions *a, const char *at,
    struct err *e)
{
	/* false is as good as absent. */
	if (m->_accept_case != 0 && m->accept)
		a->says |= CONF_SAYS_ACCEPT;
	if (m->_reject_case != 0 && m->reject)
		a->says |= CONF_SAYS_REJECT;
	if (m->_continue_to_next_case == 0 || !m->continue_to_next)
		return 0;
	if (a->says != 0)
		return err_set(e, ERR_INVALID,
		    "%s.continue_to_next: not together with %s", at,
		    (a->says & CONF_SAYS_REJECT) != 0 ? "reject" : "accept");
	a->says = CONF_SAYS_CONTINUE;
	return 0;
}

static int
get_preferences(const Bgp__ActionsConfig *m, struct conf_actions *a,
    const char *at, struct err *e)
{
	unsigned int n = 0;

	if (m->_local_pref_case != 0) {
		a->local_pref_op = CONF_LOCAL_PREF_SET;
		a->local_pref = m->local_pref;
	}
	if (m->_local_pref_if_absent_case != 0) {
		if (a->local_pref_op != CONF_LOCAL_PREF_KEEP)
			return err_set(e, ERR_INVALID,
			    "%s.local_pref_if_absent: not together with "
			    "local_pref",
			    at);
		a->local_pref_op = CONF_LOCAL_PREF_FILL;
		a->local_pref = m->local_pref_if_absent;
	}
	if (m->_med_case != 0) {
		a->med_op = CONF_MED_SET;
		a->med = m->med;
		n++;
	}
	if (m->_med_add_case != 0) {
		a->med_op = CONF_MED_ADD;
		a->med = m->med_add;
		n++;
	}
	if (m->_med_sub_case != 0) {
		a->med_op = CONF_MED_SUB;
		a->med = m->med_sub;
		n++;
	}
	if (m->_med_remove_case != 0 && m->med_remove) {
		a->med_op = CONF_MED_REMOVE;
		n++;
	}
	if (n > 1)
		return err_set(e, ERR_INVALID,
		    "%s.med: only one of med, med_add, med_sub and med_remove",
		    at);
	return 0;
}

static int
get_next_hop(const Bgp__ActionsConfig *m, struct conf_actions *a,
    const char *at, struct err *e)
{
	if (m->_next_hop_case == 0)
		return 0;
	if (strcmp(m->next_hop, "self") == 0) {
		a->next_hop_op = CONF_NEXT_HOP_SELF;
		return 0;
	}
	a->next_hop_op = CONF_NEXT_HOP_SET;
	if (addr_parse(m->next_hop, &a->next_hop) == -1)
		return err_set(e, ERR_INVALID,
		    "%s.next_hop: \"%.60s\" is neither an IP address nor self",
		    at, m->next_hop);
	if (addr_is_unspecified(&a->next_hop) ||
	    addr_is_multicast(&a->next_hop))
		return err_set(e, ERR_INVALID,
		    "%s.next_hop: %.60s cannot be a next hop", at, m->next_hop);
	return 0;
}

static int
get_others(const Bgp__ActionsConfig *m, struct conf_actions *a, const char *at,
    struct err *e)
{
	const Bgp__AsPathPrepend *prepend = m->as_path_prepend;
	uint32_t type;
	size_t i;

	if (prepend != NULL) {
		if (prepend->count == 0 || prepend->count > CONF_PREPEND_MAX)
			return err_set(e, ERR_INVALID,
			    "%s.as_path_prepend.count: %u is not within 1 to "
			    "%u",
			    at, prepend->count, CONF_PREPEND_MAX);
		a->prepend = (uint8_t)prepend->count;
		a->prepend_as = prepend->asn;
	}
	if (m->_origin_case != 0) {
		if ((unsigned int)m->origin > BGP__ORIGIN__INCOMPLETE)
			return err_set(e, ERR_INVALID,
			    "%s.origin: unknown value %d", at, (int)m->origin);
		a->has_origin = true;
		a->origin = (uint8_t)m->origin;
	}
	for (i = 0; i < m->n_delete_attributes; i++) {
		type = m->delete_attributes[i];
		if (type > UINT8_MAX || !conf_attr_is_deletable((uint8_t)type))
			return err_set(e, ERR_INVALID,
			    "%s.delete_attributes[%zu]: attributes of type %u "
			    "cannot be deleted",
			    at, i, type);
		a->deletes = true;
		a->delete_attrs[type / 8] |= (uint8_t)(1u << type % 8);
	}
	return 0;
}

static int
get_actions(const Bgp__ActionsConfig *m, struct conf_actions *a, const char *at,
    struct err *e)
{
	if (m == NULL)
		return 0;
	if (get_says(m, a, at, e) == -1 || get_preferences(m, a, at, e) == -1 ||
	    get_next_hop(m, a, at, e) == -1 || get_edits(m, a, at, e) == -1 ||
	    get_others(m, a, at, e) == -1)
		return -1;
	return 0;
}

static int
get_statement(const Bgp__StatementConfig *m, struct conf_policy *policy,
    const char *at, size_t i, struct err *e)
{
	const char *name = m->_name_case != 0 ? m->name : NULL;
	struct conf_statement *st;
	char place[PLACE_MAX];

	if (name != NULL && policy_name_check("name", name, e) == -1)
		return fail_at(e, "%sstatements[%zu].name", at, i);
	st = conf_policy_add_statement(policy, name);
	place_set(place, "%sstatements[%zu].conditions", at, i);
	if (get_conditions(m->conditions, &st->conditions, place, e) == -1)
		return -1;
	place_set(place, "%sstatements[%zu].actions", at, i);
	return get_actions(m->actions, &st->actions, place, e);
}

struct conf_policy *
pb_policy_get(const Bgp__AddPolicyRequest *m, const char *at, struct err *e)
{
	struct conf_policy *policy;
	size_t i;

	if (policy_name_check("policy", m->name, e) == -1) {
		(void)fail_at(e, "%sname", at);
		return NULL;
	}
	if (m->n_statements > CONF_STATEMENTS_MAX) {
		(void)err_set(e, ERR_INVALID, "%sstatements: %zu exceed %u", at,
		    m->n_statements, CONF_STATEMENTS_MAX);
		return NULL;
	}
	policy = conf_policy_new(m->name);
	policy->origin = CONF_FROM_API;
	for (i = 0; i < m->n_statements; i++)
		if (get_statement(m->statements[i], policy, at, i, e) == -1) {
			conf_policy_unref(policy);
			return NULL;
		}
	return policy;
}

/* --- assignments */

int
pb_direction(const char *text, uint8_t *direction, struct err *e)
{
	if (strcmp(text, "import") == 0)
		*direction = CONF_IMPORT;
	else if (strcmp(text, "export") == 0)
		*direction = CONF_EXPORT;
	else
		return err_set(e, ERR_INVALID,
		    "direction: \"%.60s\" is neither import nor export", text);
	return 0;
}

int
pb_assignment_get(char *const *names, size_t n, const char *default_action,
    struct conf_assignment *a, struct err *e)
{
	size_t i;

	memset(a, 0, sizeof(*a));
	a->runtime = true;
	if (default_action == NULL)
		a->dflt = CONF_DEFAULT_UNSAID;
	else if (strcmp(default_action, "accept") == 0)
		a->dflt = CONF_DEFAULT_ACCEPT;
	else if (strcmp(default_action, "reject") == 0)
		a->dflt = CONF_DEFAULT_REJECT;
	else
		return err_set(e, ERR_INVALID,
		    "default_action: \"%.60s\" is neither accept nor reject",
		    default_action);
	if (n > CONF_POLICIES_MAX)
		return err_set(e, ERR_INVALID, "policy_names: %zu exceed %u", n,
		    CONF_POLICIES_MAX);
	for (i = 0; i < n; i++)
		if (policy_name_check("policy", names[i], e) == -1)
			return fail_at(e, "policy_names[%zu]", i);
	if (n == 0)
		return 0;
	a->policies = xcalloc(n, sizeof(*a->policies));
	for (i = 0; i < n; i++)
		a->policies[a->n++] = xstrdup(names[i]);
	return 0;
}

const char *
pb_default_action(uint8_t dflt)
{
	switch ((enum conf_default)dflt) {
	case CONF_DEFAULT_ACCEPT:
		return "accept";
	case CONF_DEFAULT_REJECT:
		return "reject";
	case CONF_DEFAULT_UNSAID:
		break;
	}
	return "";
}

/* --- messages out: members from the inside out, each in memory of its own */

enum { /* members, see bgp.proto */
	SET_TYPE = 1,
	SET_NAME = 2,
	POLICY_NAME = 1,
	POLICY_STATEMENTS = 2,
	STATEMENT_CONDITIONS = 1,
	STATEMENT_ACTIONS = 2,
	STATEMENT_NAME = 1001,
	IF_PREFIX = 6,
	IF_NEIGHBOR = 7,
	IF_AFI_SAFI = 10,
	IF_HAS_ASN = 1001,
	IF_ROUTE_TYPES = 1002,
	IF_COMMUNITY = 1003,
	IF_NEXT_HOP = 1004,
	IF_ORIGINS = 1005,
	IF_MED = 1006,
	IF_LOCAL_PREF = 1007,
	IF_AS_PATH_LENGTH = 1008,
	IF_AFI_SAFIS = 1009,
	DO_ACCEPT = 1,
	DO_REJECT = 2,
	DO_LOCAL_PREF = 3,
	DO_MED = 4,
	DO_ADD_COMMUNITIES = 5,
	DO_REMOVE_COMMUNITIES = 6,
	DO_CONTINUE_TO_NEXT = 1001,
	DO_LOCAL_PREF_IF_ABSENT = 1002,
	DO_MED_ADD = 1003,
	DO_MED_SUB = 1004,
	DO_MED_REMOVE = 1005,
	DO_NEXT_HOP = 1006,
	DO_AS_PATH_PREPEND = 1007,
	DO_ORIGIN = 1008,
	DO_COMMUNITY_EDITS = 1009,
	DO_DELETE_ATTRIBUTES = 1010,
};

static void
put_text(struct pbw *w, uint32_t field, const char *text)
{
	pbw_bytes(w, field, text, strlen(text));
}

static void
put_part(struct pbw *w, uint32_t field, const struct pbw *part)
{
	pbw_bytes(w, field, part->base, part->len);
}

static void
put_prefix(struct pbw *w, struct pbw *part, const struct conf_prefix *p)
{
	char text[NLRI_STRLEN], range[POLICY_RANGE_STRLEN];

	part->len = 0;
	put_text(part, 1, nlri_str(&p->nlri, text));
	if (policy_range_str(p, range) != NULL)
		put_text(part, 2, range);
	put_part(w, 1, part);
}

/* Member i of a set into the message of its kind; each has one list, of
 * number 1. */
static void
put_member(struct pbw *w, struct pbw *part, const struct conf_set *set,
    uint32_t i)
{
	char text[POLICY_COMM_STRLEN + ADDR_STRLEN];

	switch ((enum conf_set_kind)set->kind) {
	case CONF_SET_PREFIX:
		put_prefix(w, part, &set->prefixes[i]);
		break;
	case CONF_SET_NEIGHBOR:
		put_text(w, 1, addr_str(&set->neighbors[i], text));
		break;
	case CONF_SET_AS_PATH:
		put_text(w, 1, set->patterns[i]);
		break;
	default:
		put_text(w, 1,
		    policy_comm_str((enum conf_set_kind)set->kind,
			&set->comms[i], text));
		break;
	}
}

int
pb_set_put(struct pbw *w, uint32_t field, const struct conf_set *set,
    size_t limit)
{
	struct pbw data = { 0 }, part = { 0 };
	bool fits = true;
	uint32_t i;

	for (i = 0; i < set->n && fits; i++) {
		put_member(&data, &part, set, i);
		fits = data.len <= limit;
	}
	part.len = 0;
	put_text(&part, SET_TYPE,
	    conf_set_kind_text((enum conf_set_kind)set->kind));
	put_text(&part, SET_NAME, set->name);
	if (fits) {
		put_part(&part, (uint32_t)set_forms[set->kind].config, &data);
		put_part(w, field, &part);
	}
	pbw_free(&data);
	pbw_free(&part);
	return fits && w->len <= limit ? 0 : -1;
}

static void
put_match(struct pbw *w, uint32_t field, const struct conf_match *match)
{
	struct pbw part = { 0 };

	if (match->set == NULL)
		return;
	put_text(&part, 1, match->set);
	if (match->option != CONF_MATCH_UNSAID)
		put_text(&part, 2,
		    policy_option_str((enum conf_match_option)match->option));
	put_part(w, field, &part);
	pbw_free(&part);
}

static void
put_numbers(struct pbw *w, uint32_t field, const struct conf_numbers *r)
{
	struct pbw part = { 0 };

	if (!r->given)
		return;
	if (r->min > 0)
		pbw_uint(&part, 1, r->min);
	if (r->max < UINT32_MAX)
		pbw_uint(&part, 2, r->max);
	put_part(w, field, &part);
	pbw_free(&part);
}

static void
put_next_hop_within(struct pbw *w, const struct nlri *within)
{
	char text[NLRI_STRLEN];

	(void)nlri_str(within, text);
	if (within->bits == family_max_bits((enum family)within->family))
		*strchr(text, '/') = '\0';
	put_text(w, IF_NEXT_HOP, text);
}

static void
put_kinds_of_route(struct pbw *w, const struct conf_conditions *c)
{
	/* A single family is in the member that others know as well. */
	bool one = (c->families & (c->families - 1)) == 0;
	struct pbw part = { 0 };
	unsigned int i;

	for (i = 1; i <= CONF_ROUTE_LOCAL; i <<= 1)
		if ((c->route_types & i) != 0)
			put_text(w, IF_ROUTE_TYPES,
			    policy_route_type_str((uint8_t)i));
	for (i = 0; i <= BGP__ORIGIN__INCOMPLETE; i++)
		if ((c->origins & 1u << i) != 0)
			pbw_varint(&part, i);
	if (part.len > 0)
		put_part(w, IF_ORIGINS, &part);
	pbw_free(&part);
	for (i = 0; i < FAMILY__MAX; i++)
		if ((c->families & FAMILY_BIT(i)) != 0)
			put_text(w, one ? IF_AFI_SAFI : IF_AFI_SAFIS,
			    family_key((enum family)i));
}

static void
put_conditions(struct pbw *w, const struct conf_conditions *c)
{
	static const uint8_t number_of[CONF_SET__MAX] = {
		[CONF_SET_PREFIX] = 1,
		[CONF_SET_NEIGHBOR] = 2,
		[CONF_SET_AS_PATH] = 3,
		[CONF_SET_COMMUNITY] = 4,
		[CONF_SET_LARGE_COMMUNITY] = 5,
		[CONF_SET_EXT_COMMUNITY] = 8,
	};
	char text[POLICY_COMM_STRLEN + NLRI_STRLEN];
	unsigned int i;

	for (i = 0; i < CONF_SET__MAX; i++)
		put_match(w, number_of[i], &c->match[i]);
	if (c->has_prefix)
		put_text(w, IF_PREFIX, nlri_str(&c->prefix, text));
	if (c->neighbor.family != ADDR_NONE)
		put_text(w, IF_NEIGHBOR, addr_str(&c->neighbor, text));
	if (c->has_asn)
		pbw_uint(w, IF_HAS_ASN, c->asn);
	put_kinds_of_route(w, c);
	if (c->has_community)
		put_text(w, IF_COMMUNITY,
		    policy_comm_str(CONF_SET_COMMUNITY, &c->community, text));
	if (c->has_next_hop)
		put_next_hop_within(w, &c->next_hop);
	put_numbers(w, IF_MED, &c->med);
	put_numbers(w, IF_LOCAL_PREF, &c->local_pref);
	put_numbers(w, IF_AS_PATH_LENGTH, &c->as_path_len);
}

static void
put_list(struct pbw *w, uint32_t field, const struct conf_comm_edit *edit)
{
	char text[POLICY_COMM_STRLEN];
	uint32_t i;

	for (i = 0; i < edit->n; i++)
		put_text(w, field,
		    policy_comm_str((enum conf_set_kind)edit->kind,
			&edit->list[i], text));
}

/* Do add_communities and remove_communities say all that the edits say? */
static bool
edits_are_plain(const struct conf_actions *a)
{
	uint32_t i;

	if (a->n_edits > 2)
		return false;
	for (i = 0; i < a->n_edits; i++)
		if (a->edits[i].kind != CONF_SET_COMMUNITY ||
		    a->edits[i].n == 0 || a->edits[i].op == CONF_COMM_REPLACE)
			return false;
	return a->n_edits < 2 ||
	    (a->edits[0].op == CONF_COMM_REMOVE &&
		a->edits[1].op == CONF_COMM_ADD);
}

static const char *
edit_kind_text(uint8_t kind)
{
	size_t i;

	for (i = 0; i < nitems(edit_kinds); i++)
		if (edit_kinds[i].kind == (enum conf_set_kind)kind)
			return edit_kinds[i].text;
	return "";
}

static void
put_edits(struct pbw *w, const struct conf_actions *a)
{
	bool plain = edits_are_plain(a);
	struct pbw part = { 0 };
	uint32_t i;

	for (i = 0; i < a->n_edits; i++) {
		if (plain) {
			put_list(w,
			    a->edits[i].op == CONF_COMM_ADD ?
				DO_ADD_COMMUNITIES :
				DO_REMOVE_COMMUNITIES,
			    &a->edits[i]);
			continue;
		}
		part.len = 0;
		put_text(&part, 1, edit_kind_text(a->edits[i].kind));
		put_text(&part, 2,
		    policy_comm_op_str((enum conf_comm_op)a->edits[i].op));
		put_list(&part, 3, &a->edits[i]);
		put_part(w, DO_COMMUNITY_EDITS, &part);
	}
	pbw_free(&part);
}

static void
put_preferences(struct pbw *w, const struct conf_actions *a)
{
	static const uint16_t med_number[] = {
		[CONF_MED_SET] = DO_MED,
		[CONF_MED_ADD] = DO_MED_ADD,
		[CONF_MED_SUB] = DO_MED_SUB,
	};

	if (a->local_pref_op == CONF_LOCAL_PREF_SET)
		pbw_uint(w, DO_LOCAL_PREF, a->local_pref);
	else if (a->local_pref_op == CONF_LOCAL_PREF_FILL)
		pbw_uint(w, DO_LOCAL_PREF_IF_ABSENT, a->local_pref);
	if (a->med_op == CONF_MED_REMOVE)
		pbw_uint(w, DO_MED_REMOVE, 1);
	else if (a->med_op != CONF_MED_KEEP)
		pbw_uint(w, med_number[a->med_op], a->med);
}

static void
put_actions(struct pbw *w, const struct conf_actions *a)
{
	struct pbw part = { 0 };
	char text[ADDR_STRLEN];
	unsigned int i;

	if ((a->says & CONF_SAYS_ACCEPT) != 0)
		pbw_uint(w, DO_ACCEPT, 1);
	if ((a->says & CONF_SAYS_REJECT) != 0)
		pbw_uint(w, DO_REJECT, 1);
	if ((a->says & CONF_SAYS_CONTINUE) != 0)
		pbw_uint(w, DO_CONTINUE_TO_NEXT, 1);
	put_preferences(w, a);
	if (a->next_hop_op == CONF_NEXT_HOP_SELF)
		put_text(w, DO_NEXT_HOP, "self");
	else if (a->next_hop_op == CONF_NEXT_HOP_SET)
		put_text(w, DO_NEXT_HOP, addr_str(&a->next_hop, text));
	if (a->prepend > 0) {
		pbw_uint_implicit(&part, 1, a->prepend_as);
		pbw_uint(&part, 2, a->prepend);
		put_part(w, DO_AS_PATH_PREPEND, &part);
	}
	if (a->has_origin)
		pbw_uint(w, DO_ORIGIN, a->origin);
	put_edits(w, a);
	part.len = 0;
	for (i = 0; a->deletes && i < 256; i++)
		if ((a->delete_attrs[i / 8] & 1u << i % 8) != 0)
			pbw_varint(&part, i);
	if (part.len > 0)
		put_part(w, DO_DELETE_ATTRIBUTES, &part);
	pbw_free(&part);
}

int
pb_policy_put(struct pbw *w, uint32_t field, const struct conf_policy *policy,
    size_t limit)
{
	struct pbw all = { 0 }, one = { 0 }, part = { 0 };
	const struct conf_statement *st;
	bool fits = true;
	uint32_t i;

	put_text(&all, POLICY_NAME, policy->name);
	for (i = 0; i < policy->n && fits; i++) {
		st = &policy->statements[i];
		one.len = part.len = 0;
		/* Both are there, also where they are empty. */
		put_conditions(&part, &st->conditions);
		put_part(&one, STATEMENT_CONDITIONS, &part);
		part.len = 0;
		put_actions(&part, &st->actions);
		put_part(&one, STATEMENT_ACTIONS, &part);
		if (st->name != NULL)
			put_text(&one, STATEMENT_NAME, st->name);
		put_part(&all, POLICY_STATEMENTS, &one);
		fits = all.len <= limit;
	}
	if (fits)
		put_part(w, field, &all);
	pbw_free(&all);
	pbw_free(&one);
	pbw_free(&part);
	return fits && w->len <= limit ? 0 : -1;
}
