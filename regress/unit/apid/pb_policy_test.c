/* SPDX-License-Identifier: ISC */
/*
 * Sets and policies of the API into the model and back.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "apid/pb_policy.h"
#include "common/xmalloc.h"
#include "proto/optional.h"

/* The initialisers that protoc-c writes drop const. */
#pragma GCC diagnostic ignored "-Wcast-qual"

#define NO_LIMIT SIZE_MAX

static char any[] = "any", all[] = "all", name_s[] = "s", none[] = "";

/* --- sets */

static Bgp__ListDefinedSetsResponse *
show_set(const struct conf_set *set)
{
	Bgp__ListDefinedSetsResponse *m;
	struct pbw w = { 0 };

	ck_assert_int_eq(pb_set_put(&w, 1, set, NO_LIMIT), 0);
	m = bgp__list_defined_sets_response__unpack(NULL, w.len, w.base);
	ck_assert_ptr_nonnull(m);
	ck_assert_uint_eq(m->n_sets, 1);
	pbw_free(&w);
	return m;
}

struct prefix_case {
	char prefix[50];
	char range[16]; /* "": none */
	const char *error; /* NULL: taken */
	const char *shown; /* NULL: as given */
};

static int
get_prefix_set(const struct prefix_case *c, struct conf_set **set,
    struct err *e)
{
	Bgp__DefinedSetConfig m = BGP__DEFINED_SET_CONFIG__INIT;
	Bgp__PrefixSetData data = BGP__PREFIX_SET_DATA__INIT;
	Bgp__PrefixMatch match = BGP__PREFIX_MATCH__INIT;
	Bgp__PrefixMatch *list[1] = { &match };
	static char type[] = "prefix-set";
	struct prefix_case copy = *c;

	match.prefix = copy.prefix;
	if (copy.range[0] != '\0') {
		match._masklength_range_case =
		    PB_CASE(PREFIX_MATCH, MASKLENGTH_RANGE);
		match.masklength_range = copy.range;
	}
	data.prefixes = list;
	data.n_prefixes = 1;
	m.set_type = type;
	m.name = name_s;
	m.config_case = BGP__DEFINED_SET_CONFIG__CONFIG_PREFIX_SET;
	m.prefix_set = &data;
	*set = pb_set_get(&m, "set", e);
	return *set == NULL ? -1 : 0;
}

START_TEST(prefixes)
{
	static const struct prefix_case cases[] = {
		{ "10.0.0.0/8", "", NULL, NULL },
		{ "10.1.2.3/8", "exact", NULL, "10.0.0.0/8" },
		{ "10.0.0.0/8", "24..24", NULL, NULL },
		{ "10.0.0.0/8", "..24", NULL, NULL },
		{ "2001:db8::/32", "48..", NULL, NULL },
		{ "0.0.0.0/0", "0..32", NULL, NULL },
		{ "10.0.0.0/33", "",
		    "set.prefix_set.prefixes[0].prefix: ", NULL },
		{ "10.0.0.0", "", "set.prefix_set.prefixes[0].prefix: ", NULL },
		{ "10.0.0.0/8", "4..8",
		    "set.prefix_set.prefixes[0].masklength_range: ", NULL },
		{ "10.0.0.0/8", "24..16",
		    "set.prefix_set.prefixes[0].masklength_range: ", NULL },
		{ "10.0.0.0/8", "8..33",
		    "set.prefix_set.prefixes[0].masklength_range: ", NULL },
		{ "10.0.0.0/8", "x",
		    "set.prefix_set.prefixes[0].masklength_range: ", NULL },
	};
	const struct prefix_case *c = &cases[_i];
	Bgp__ListDefinedSetsResponse *m;
	Bgp__PrefixMatch *got;
	struct conf_set *set;
	struct err e;

	if (c->error != NULL) {
		ck_assert_int_eq(get_prefix_set(c, &set, &e), -1);
		ck_assert_int_eq(e.code, ERR_INVALID);
		ck_assert_msg(strncmp(e.text, c->error, strlen(c->error)) == 0,
		    "%s", e.text);
		return;
	}
	ck_assert_msg(get_prefix_set(c, &set, &e) == 0, "%s", e.text);
	m = show_set(set);
	ck_assert_str_eq(m->sets[0]->set_type, "prefix-set");
	ck_assert_str_eq(m->sets[0]->name, "s");
	ck_assert_uint_eq(m->sets[0]->prefix_set->n_prefixes, 1);
	got = m->sets[0]->prefix_set->prefixes[0];
	ck_assert_str_eq(got->prefix, c->shown != NULL ? c->shown : c->prefix);
	ck_assert_int_eq(got->_masklength_range_case != 0, c->range[0] != '\0');
	if (c->range[0] != '\0')
		ck_assert_str_eq(got->masklength_range, c->range);
	bgp__list_defined_sets_response__free_unpacked(m, NULL);
	conf_set_unref(set);
}
END_TEST

struct text_case {
	enum conf_set_kind kind;
	char text[64];
	const char *shown; /* NULL: refused */
};

/* A set of one text. */
static struct conf_set *
get_text_set(const struct text_case *c, struct err *e)
{
	Bgp__DefinedSetConfig m = BGP__DEFINED_SET_CONFIG__INIT;
	Bgp__NeighborSetData neighbors = BGP__NEIGHBOR_SET_DATA__INIT;
	Bgp__AsPathSetData patterns = BGP__AS_PATH_SET_DATA__INIT;
	Bgp__CommunitySetData std = BGP__COMMUNITY_SET_DATA__INIT;
	Bgp__ExtendedCommunitySetData ext =
	    BGP__EXTENDED_COMMUNITY_SET_DATA__INIT;
	Bgp__LargeCommunitySetData large = BGP__LARGE_COMMUNITY_SET_DATA__INIT;
	struct text_case copy = *c;
	char *list[1] = { copy.text };
	struct conf_set *set;
	char *type = xstrdup(conf_set_kind_text(c->kind));

	m.set_type = type;
	m.name = name_s;
	switch (c->kind) {
	case CONF_SET_NEIGHBOR:
		m.config_case = BGP__DEFINED_SET_CONFIG__CONFIG_NEIGHBOR_SET;
		m.neighbor_set = &neighbors;
		neighbors.addresses = list;
		neighbors.n_addresses = 1;
		break;
	case CONF_SET_AS_PATH:
		m.config_case = BGP__DEFINED_SET_CONFIG__CONFIG_AS_PATH_SET;
		m.as_path_set = &patterns;
		patterns.patterns = list;
		patterns.n_patterns = 1;
		break;
	case CONF_SET_COMMUNITY:
		m.config_case = BGP__DEFINED_SET_CONFIG__CONFIG_COMMUNITY_SET;
		m.community_set = &std;
		std.communities = list;
		std.n_communities = 1;
		break;
	case CONF_SET_EXT_COMMUNITY:
		m.config_case =
		    BGP__DEFINED_SET_CONFIG__CONFIG_EXT_COMMUNITY_SET;
		m.ext_community_set = &ext;
		ext.ext_communities = list;
		ext.n_ext_communities = 1;
		break;
	default:
		m.config_case =
		    BGP__DEFINED_SET_CONFIG__CONFIG_LARGE_COMMUNITY_SET;
		m.large_community_set = &large;
		large.large_communities = list;
		large.n_large_communities = 1;
		break;
	}
	set = pb_set_get(&m, "set", e);
	free(type);
	return set;
}

static const char *
shown_text(const Bgp__DefinedSetInfo *m)
{
	switch (m->set_data_case) {
	case BGP__DEFINED_SET_INFO__SET_DATA_NEIGHBOR_SET:
		return m->neighbor_set->addresses[0];
	case BGP__DEFINED_SET_INFO__SET_DATA_AS_PATH_SET:
		return m->as_path_set->patterns[0];
	case BGP__DEFINED_SET_INFO__SET_DATA_COMMUNITY_SET:
		return m->community_set->communities[0];
	case BGP__DEFINED_SET_INFO__SET_DATA_EXT_COMMUNITY_SET:
		return m->ext_community_set->ext_communities[0];
	case BGP__DEFINED_SET_INFO__SET_DATA_LARGE_COMMUNITY_SET:
		return m->large_community_set->large_communities[0];
	default:
		return "";
	}
}

START_TEST(members)
{
	static const struct text_case cases[] = {
		{ CONF_SET_NEIGHBOR, "192.0.2.1:179", "192.0.2.1" },
		{ CONF_SET_NEIGHBOR, "[2001:DB8::1]:179", "2001:db8::1" },
		{ CONF_SET_NEIGHBOR, "router.example", NULL },
		{ CONF_SET_NEIGHBOR, "", NULL },
		{ CONF_SET_AS_PATH, "_65001_(65002|65003)+$",
		    "_65001_(65002|65003)+$" },
		{ CONF_SET_AS_PATH, "^65001 65002_$", "^65001 65002_$" },
		{ CONF_SET_AS_PATH, "_1*", "_1*" },
		{ CONF_SET_AS_PATH, "*1", NULL },
		{ CONF_SET_AS_PATH, "(", NULL },
		{ CONF_SET_AS_PATH, "", NULL },
		{ CONF_SET_COMMUNITY, "4259840100", "65000:100" },
		{ CONF_SET_COMMUNITY, "65000:*", "65000:*" },
		{ CONF_SET_COMMUNITY, "65536:1", NULL },
		{ CONF_SET_EXT_COMMUNITY, "rt:65001:100", "rt:65001:100" },
		{ CONF_SET_EXT_COMMUNITY, "0x0002fde900000064",
		    "rt:65001:100" },
		{ CONF_SET_EXT_COMMUNITY, "xx:1:2", NULL },
		{ CONF_SET_LARGE_COMMUNITY, "4294967295:0:1",
		    "4294967295:0:1" },
		{ CONF_SET_LARGE_COMMUNITY, "1:2", NULL },
	};
	const struct text_case *c = &cases[_i];
	Bgp__ListDefinedSetsResponse *m;
	struct conf_set *set;
	struct err e;

	set = get_text_set(c, &e);
	if (c->shown == NULL) {
		ck_assert_ptr_null(set);
		ck_assert_int_eq(e.code, ERR_INVALID);
		ck_assert_ptr_nonnull(strstr(e.text, "[0]: "));
		return;
	}
	ck_assert_msg(set != NULL, "%s", e.text);
	m = show_set(set);
	ck_assert_str_eq(m->sets[0]->set_type, conf_set_kind_text(c->kind));
	ck_assert_str_eq(shown_text(m->sets[0]), c->shown);
	bgp__list_defined_sets_response__free_unpacked(m, NULL);
	conf_set_unref(set);
}
END_TEST

START_TEST(set_heads)
{
	static char bogus[] = "bogus-set", type[] = "community-set";
	Bgp__DefinedSetConfig m = BGP__DEFINED_SET_CONFIG__INIT;
	Bgp__PrefixSetData data = BGP__PREFIX_SET_DATA__INIT;
	struct err e;

	ck_assert_ptr_null(pb_set_get(NULL, "set", &e));
	ck_assert_str_eq(e.text, "set is missing");
	m.name = name_s;
	m.config_case = BGP__DEFINED_SET_CONFIG__CONFIG_PREFIX_SET;
	m.prefix_set = &data;
	m.set_type = none;
	ck_assert_ptr_null(pb_set_get(&m, "set", &e));
	ck_assert_ptr_nonnull(strstr(e.text, "set.set_type"));
	m.set_type = bogus;
	ck_assert_ptr_null(pb_set_get(&m, "set", &e));
	ck_assert_ptr_nonnull(strstr(e.text, "unknown set_type \"bogus-set\""));
	/* The two must agree. */
	m.set_type = type;
	ck_assert_ptr_null(pb_set_get(&m, "set", &e));
	ck_assert_ptr_nonnull(strstr(e.text, "community_set"));
	m.config_case = 0;
	ck_assert_ptr_null(pb_set_get(&m, "set", &e));
	ck_assert_ptr_nonnull(strstr(e.text, "missing"));
}
END_TEST

START_TEST(set_names)
{
	static char type[] = "prefix-set", reserved[] = "_x";
	Bgp__DefinedSetConfig m = BGP__DEFINED_SET_CONFIG__INIT;
	Bgp__PrefixSetData data = BGP__PREFIX_SET_DATA__INIT;
	char text[CONF_NAME_MAX + 2];
	struct conf_set *set;
	struct err e;

	m.set_type = type;
	m.config_case = BGP__DEFINED_SET_CONFIG__CONFIG_PREFIX_SET;
	m.prefix_set = &data;
	m.name = none;
	ck_assert_ptr_null(pb_set_get(&m, "set", &e));
	ck_assert_ptr_nonnull(strstr(e.text, "set.name"));
	m.name = reserved;
	ck_assert_ptr_null(pb_set_get(&m, "set", &e));
	ck_assert_ptr_nonnull(strstr(e.text, "cannot start with underscore"));
	memset(text, 'n', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	m.name = text;
	ck_assert_ptr_null(pb_set_get(&m, "set", &e));
	text[CONF_NAME_MAX] = '\0';
	set = pb_set_get(&m, "set", &e);
	ck_assert_ptr_nonnull(set);
	ck_assert_uint_eq(set->n, 0);
	ck_assert_int_eq(set->origin, CONF_FROM_API);
	conf_set_unref(set);
}
END_TEST

START_TEST(limits)
{
	static const struct prefix_case c = { "10.0.0.0/8", "", NULL, NULL };
	struct conf_policy *policy = conf_policy_new("p");
	struct pbw w = { 0 };
	struct conf_set *set;
	struct err e;
	size_t len;

	ck_assert_int_eq(get_prefix_set(&c, &set, &e), 0);
	ck_assert_int_eq(pb_set_put(&w, 1, set, NO_LIMIT), 0);
	len = w.len;
	w.len = 0;
	ck_assert_int_eq(pb_set_put(&w, 1, set, len), 0);
	w.len = 0;
	ck_assert_int_eq(pb_set_put(&w, 1, set, len - 1), -1);
	w.len = 0;
	(void)conf_policy_add_statement(policy, "first");
	ck_assert_int_eq(pb_policy_put(&w, 1, policy, NO_LIMIT), 0);
	len = w.len;
	w.len = 0;
	ck_assert_int_eq(pb_policy_put(&w, 1, policy, len), 0);
	w.len = 0;
	ck_assert_int_eq(pb_policy_put(&w, 1, policy, len - 1), -1);
	pbw_free(&w);
	conf_policy_unref(policy);
	conf_set_unref(set);
}
END_TEST

/* --- policies: a request of one statement */

struct request {
	Bgp__AddPolicyRequest m;
	Bgp__StatementConfig st;
	Bgp__StatementConfig *list[1];
	Bgp__ConditionsConfig c;
	Bgp__ActionsConfig a;
};

static void
request_init(struct request *r)
{
	bgp__add_policy_request__init(&r->m);
	bgp__statement_config__init(&r->st);
	bgp__conditions_config__init(&r->c);
	bgp__actions_config__init(&r->a);
	r->list[0] = &r->st;
	r->st.conditions = &r->c;
	r->st.actions = &r->a;
	r->m.name = name_s;
	r->m.statements = r->list;
	r->m.n_statements = 1;
}

/* The request comes back byte for byte, as its own message. */
static void
comes_back(const struct request *r)
{
	Bgp__ListPoliciesResponse *shown;
	struct conf_policy *policy;
	uint8_t given[4096], got[4096];
	struct pbw w = { 0 };
	size_t len;
	struct err e;

	policy = pb_policy_get(&r->m, "", &e);
	ck_assert_msg(policy != NULL, "%s", e.text);
	ck_assert_int_eq(pb_policy_put(&w, 1, policy, NO_LIMIT), 0);
	shown = bgp__list_policies_response__unpack(NULL, w.len, w.base);
	ck_assert_ptr_nonnull(shown);
	ck_assert_uint_eq(shown->n_policies, 1);
	ck_assert_str_eq(shown->policies[0]->name, r->m.name);
	ck_assert_uint_eq(shown->policies[0]->n_statements, 1);
	len = bgp__conditions_config__pack(&r->c, given);
	ck_assert_uint_eq(
	    bgp__conditions_config__pack(
		shown->policies[0]->statements[0]->conditions, got),
	    len);
	ck_assert_mem_eq(given, got, len);
	len = bgp__actions_config__pack(&r->a, given);
	ck_assert_uint_eq(bgp__actions_config__pack(
			      shown->policies[0]->statements[0]->actions, got),
	    len);
	ck_assert_mem_eq(given, got, len);
	bgp__list_policies_response__free_unpacked(shown, NULL);
	pbw_free(&w);
	conf_policy_unref(policy);
}

static void
is_refused(const struct request *r, const char *place)
{
	struct err e;

	ck_assert_ptr_null(pb_policy_get(&r->m, "", &e));
	ck_assert_int_eq(e.code, ERR_INVALID);
	ck_assert_msg(strncmp(e.text, place, strlen(place)) == 0, "%s", e.text);
}

#define GIVE(message, MESSAGE, field, FIELD, value)                            \
	((message)._##field##_case = PB_CASE(MESSAGE, FIELD),                  \
	    (message).field = (value))

START_TEST(conditions_come_back)
{
	static char prefix[] = "10.0.0.0/8", neighbor[] = "2001:db8::1",
		    family[] = "ipv6-unicast", community[] = "65001:*",
		    next_hop[] = "192.0.2.0/24", ebgp[] = "ebgp",
		    local[] = "local";
	char *types[2] = { ebgp, local };
	Bgp__Origin origins[2] = { BGP__ORIGIN__IGP, BGP__ORIGIN__INCOMPLETE };
	Bgp__MatchSetRef refs[6];
	Bgp__NumberRange ranges[3];
	struct request r;
	int i;

	request_init(&r);
	for (i = 0; i < 6; i++) {
		bgp__match_set_ref__init(&refs[i]);
		refs[i].set_name = name_s;
		refs[i].match_option = i == 0 ? any : i == 1 ? all : none;
	}
	for (i = 0; i < 3; i++)
		bgp__number_range__init(&ranges[i]);
	GIVE(ranges[0], NUMBER_RANGE, min, MIN, 5);
	GIVE(ranges[1], NUMBER_RANGE, max, MAX, 7);
	GIVE(ranges[2], NUMBER_RANGE, min, MIN, 1);
	GIVE(ranges[2], NUMBER_RANGE, max, MAX, 2);
	r.c.match_prefix_set = &refs[0];
	r.c.match_neighbor_set = &refs[1];
	r.c.match_as_path_set = &refs[2];
	r.c.match_community_set = &refs[3];
	r.c.match_ext_community_set = &refs[4];
	r.c.match_large_community_set = &refs[5];
	GIVE(r.c, CONDITIONS_CONFIG, prefix, PREFIX, prefix);
	GIVE(r.c, CONDITIONS_CONFIG, neighbor, NEIGHBOR, neighbor);
	GIVE(r.c, CONDITIONS_CONFIG, afi_safi, AFI_SAFI, family);
	GIVE(r.c, CONDITIONS_CONFIG, has_asn, HAS_ASN, 4200000000);
	GIVE(r.c, CONDITIONS_CONFIG, community, COMMUNITY, community);
	GIVE(r.c, CONDITIONS_CONFIG, next_hop, NEXT_HOP, next_hop);
	r.c.route_types = types;
	r.c.n_route_types = 2;
	r.c.origins = origins;
	r.c.n_origins = 2;
	r.c.med = &ranges[0];
	r.c.local_pref = &ranges[1];
	r.c.as_path_length = &ranges[2];
	comes_back(&r);
}
END_TEST

START_TEST(families_come_back)
{
	static char v4[] = "ipv4-unicast", v6[] = "ipv6-unicast",
		    host[] = "2001:db8::5";
	char *both[2] = { v4, v6 };
	struct request r;

	request_init(&r);
	r.c.afi_safis = both;
	r.c.n_afi_safis = 2;
	GIVE(r.c, CONDITIONS_CONFIG, next_hop, NEXT_HOP, host);
	comes_back(&r);
}
END_TEST

START_TEST(actions_come_back)
{
	static char self[] = "self", std[] = "community",
		    large[] = "large-community", add[] = "add",
		    replace[] = "replace", one[] = "65001:1", two[] = "1:2:3";
	char *list_std[1] = { one }, *list_large[1] = { two };
	Bgp__CommunityEdit edits[2] = { BGP__COMMUNITY_EDIT__INIT,
		BGP__COMMUNITY_EDIT__INIT };
	Bgp__CommunityEdit *list[2] = { &edits[0], &edits[1] };
	Bgp__AsPathPrepend prepend = BGP__AS_PATH_PREPEND__INIT;
	uint32_t attributes[2] = { 4, 32 };
	struct request r;

	request_init(&r);
	GIVE(r.a, ACTIONS_CONFIG, continue_to_next, CONTINUE_TO_NEXT, true);
	GIVE(r.a, ACTIONS_CONFIG, local_pref_if_absent, LOCAL_PREF_IF_ABSENT,
	    0);
	GIVE(r.a, ACTIONS_CONFIG, med_sub, MED_SUB, 0);
	GIVE(r.a, ACTIONS_CONFIG, next_hop, NEXT_HOP, self);
	GIVE(r.a, ACTIONS_CONFIG, origin, ORIGIN, BGP__ORIGIN__IGP);
	prepend.count = 3;
	r.a.as_path_prepend = &prepend;
	edits[0].kind = std;
	edits[0].operation = add;
	edits[0].communities = list_std;
	edits[0].n_communities = 1;
	edits[1].kind = large;
	edits[1].operation = replace;
	edits[1].communities = list_large;
	edits[1].n_communities = 1;
	r.a.community_edits = list;
	r.a.n_community_edits = 2;
	r.a.delete_attributes = attributes;
	r.a.n_delete_attributes = 2;
	comes_back(&r);
}
END_TEST

START_TEST(plain_actions_come_back)
{
	static char one[] = "65001:1", two[] = "65001:*";
	char *add[1] = { one }, *remove[1] = { two };
	struct conf_policy *policy;
	struct request r;
	struct err e;

	request_init(&r);
	GIVE(r.a, ACTIONS_CONFIG, accept, ACCEPT, true);
	GIVE(r.a, ACTIONS_CONFIG, reject, REJECT, true);
	GIVE(r.a, ACTIONS_CONFIG, local_pref, LOCAL_PREF, 0);
	GIVE(r.a, ACTIONS_CONFIG, med, MED, 0);
	r.a.add_communities = add;
	r.a.n_add_communities = 1;
	comes_back(&r);
	r.a.remove_communities = remove;
	r.a.n_remove_communities = 1;
	comes_back(&r);
	/* What is removed goes first. */
	policy = pb_policy_get(&r.m, "", &e);
	ck_assert_ptr_nonnull(policy);
	ck_assert_uint_eq(policy->statements[0].actions.n_edits, 2);
	ck_assert_int_eq(policy->statements[0].actions.edits[0].op,
	    CONF_COMM_REMOVE);
	conf_policy_unref(policy);
	r.a.n_add_communities = 0;
	comes_back(&r);
}
END_TEST

START_TEST(bad_conditions)
{
	static char bogus[] = "bogus", star[] = "65536:*",
		    no_bits[] = "1.2.3.4";
	char *texts[1] = { bogus };
	Bgp__Origin origins[1] = { (Bgp__Origin)3 };
	Bgp__MatchSetRef ref = BGP__MATCH_SET_REF__INIT;
	Bgp__NumberRange range = BGP__NUMBER_RANGE__INIT;
	struct request r;

#define BAD(place, ...)                                                        \
	do {                                                                   \
		request_init(&r);                                              \
		__VA_ARGS__;                                                   \
		is_refused(&r, "statements[0].conditions." place ": ");        \
	} while (0)
	ref.match_option = any;
	ref.set_name = none;
	BAD("match_prefix_set.set_name", r.c.match_prefix_set = &ref);
	ref.set_name = name_s;
	ref.match_option = bogus;
	BAD("match_neighbor_set.match_option", r.c.match_neighbor_set = &ref);
	BAD("match_ext_community_set.match_option",
	    r.c.match_ext_community_set = &ref);
	BAD("prefix", GIVE(r.c, CONDITIONS_CONFIG, prefix, PREFIX, no_bits));
	BAD("neighbor",
	    GIVE(r.c, CONDITIONS_CONFIG, neighbor, NEIGHBOR, bogus));
	BAD("afi_safi",
	    GIVE(r.c, CONDITIONS_CONFIG, afi_safi, AFI_SAFI, bogus));
	BAD("afi_safis", (r.c.afi_safis = texts, r.c.n_afi_safis = 1));
	BAD("has_asn", GIVE(r.c, CONDITIONS_CONFIG, has_asn, HAS_ASN, 0));
	BAD("community",
	    GIVE(r.c, CONDITIONS_CONFIG, community, COMMUNITY, star));
	BAD("next_hop",
	    GIVE(r.c, CONDITIONS_CONFIG, next_hop, NEXT_HOP, bogus));
	BAD("route_types[0]", (r.c.route_types = texts, r.c.n_route_types = 1));
	BAD("origins[0]", (r.c.origins = origins, r.c.n_origins = 1));
	BAD("med", r.c.med = &range);
	GIVE(range, NUMBER_RANGE, min, MIN, 5);
	GIVE(range, NUMBER_RANGE, max, MAX, 4);
	BAD("med", r.c.med = &range);
	BAD("local_pref", r.c.local_pref = &range);
	BAD("as_path_length", r.c.as_path_length = &range);
#undef BAD
}
END_TEST

START_TEST(bad_actions)
{
	static char bogus[] = "bogus", zero[] = "0.0.0.0", star[] = "1:*",
		    std[] = "community", add[] = "add";
	char *texts[1] = { star };
	Bgp__CommunityEdit edit = BGP__COMMUNITY_EDIT__INIT;
	Bgp__CommunityEdit *list[1] = { &edit };
	Bgp__AsPathPrepend prepend = BGP__AS_PATH_PREPEND__INIT;
	uint32_t attributes[1] = { 2 };
	struct request r;

#define BAD(place, ...)                                                        \
	do {                                                                   \
		request_init(&r);                                              \
		__VA_ARGS__;                                                   \
		is_refused(&r, "statements[0].actions" place ": ");            \
	} while (0)
#define ACT(field, FIELD, value) GIVE(r.a, ACTIONS_CONFIG, field, FIELD, value)
#define EDIT (r.a.community_edits = list, r.a.n_community_edits = 1)
	BAD(".continue_to_next", ACT(continue_to_next, CONTINUE_TO_NEXT, true);
	    ACT(reject, REJECT, true));
	BAD(".local_pref_if_absent", ACT(local_pref, LOCAL_PREF, 1);
	    ACT(local_pref_if_absent, LOCAL_PREF_IF_ABSENT, 1));
	BAD(".med", ACT(med, MED, 1); ACT(med_remove, MED_REMOVE, true));
	BAD(".next_hop", ACT(next_hop, NEXT_HOP, bogus));
	BAD(".next_hop", ACT(next_hop, NEXT_HOP, zero));
	BAD(".origin", ACT(origin, ORIGIN, (Bgp__Origin)3));
	BAD(".as_path_prepend.count", r.a.as_path_prepend = &prepend);
	prepend.count = CONF_PREPEND_MAX + 1;
	BAD(".as_path_prepend.count", r.a.as_path_prepend = &prepend);
	BAD(".delete_attributes[0]",
	    (r.a.delete_attributes = attributes, r.a.n_delete_attributes = 1));
	attributes[0] = 256;
	BAD(".delete_attributes[0]",
	    (r.a.delete_attributes = attributes, r.a.n_delete_attributes = 1));
	BAD(".add_communities[0]",
	    (r.a.add_communities = texts, r.a.n_add_communities = 1));
	edit.kind = bogus;
	BAD(".community_edits[0].kind", EDIT);
	edit.kind = std;
	edit.operation = bogus;
	BAD(".community_edits[0].operation", EDIT);
	edit.operation = add;
	edit.communities = texts;
	edit.n_communities = 1;
	BAD(".community_edits[0].communities[0]", EDIT);
	BAD("", EDIT;
	    (r.a.remove_communities = texts, r.a.n_remove_communities = 1));
#undef BAD
#undef ACT
#undef EDIT
}
END_TEST

START_TEST(too_many_communities)
{
	static char one[] = "65001:1";
	char *list[CONF_COMM_EDIT_MAX + 1];
	struct conf_policy *policy;
	struct request r;
	struct err e;
	size_t i;

	for (i = 0; i <= CONF_COMM_EDIT_MAX; i++)
		list[i] = one;
	request_init(&r);
	r.a.add_communities = list;
	r.a.n_add_communities = CONF_COMM_EDIT_MAX;
	policy = pb_policy_get(&r.m, "", &e);
	ck_assert_ptr_nonnull(policy);
	conf_policy_unref(policy);
	r.a.remove_communities = list;
	r.a.n_remove_communities = 1;
	is_refused(&r, "statements[0].actions.add_communities: ");
	r.a.n_remove_communities = 0;
	r.a.n_add_communities = CONF_COMM_EDIT_MAX + 1;
	is_refused(&r, "statements[0].actions.add_communities: ");
}
END_TEST

/* --- assignments */

START_TEST(assignments)
{
	static char one[] = "one", two[] = "two", reserved[] = "_r";
	char *names[2] = { one, two }, *bad[1] = { reserved };
	char *many[CONF_POLICIES_MAX + 1];
	struct conf_assignment a;
	struct err e;
	size_t i;

	ck_assert_int_eq(pb_assignment_get(names, 2, "reject", &a, &e), 0);
	ck_assert_uint_eq(a.n, 2);
	ck_assert_str_eq(a.policies[1], "two");
	ck_assert_int_eq(a.dflt, CONF_DEFAULT_REJECT);
	ck_assert(a.runtime);
	conf_assignment_fini(&a);
	ck_assert_int_eq(pb_assignment_get(NULL, 0, NULL, &a, &e), 0);
	ck_assert_int_eq(a.dflt, CONF_DEFAULT_UNSAID);
	conf_assignment_fini(&a);
	ck_assert_int_eq(pb_assignment_get(NULL, 0, "drop", &a, &e), -1);
	ck_assert_ptr_nonnull(strstr(e.text, "default_action"));
	ck_assert_int_eq(pb_assignment_get(bad, 1, NULL, &a, &e), -1);
	ck_assert_ptr_nonnull(strstr(e.text, "policy_names[0]"));
	for (i = 0; i <= CONF_POLICIES_MAX; i++)
		many[i] = one;
	ck_assert_int_eq(
	    pb_assignment_get(many, CONF_POLICIES_MAX + 1, NULL, &a, &e), -1);
	ck_assert_str_eq(pb_default_action(CONF_DEFAULT_ACCEPT), "accept");
	ck_assert_str_eq(pb_default_action(CONF_DEFAULT_REJECT), "reject");
	ck_assert_str_eq(pb_default_action(CONF_DEFAULT_UNSAID), "");
}
END_TEST

START_TEST(directions)
{
	uint8_t direction;
	struct err e;

	ck_assert_int_eq(pb_direction("import", &direction, &e), 0);
	ck_assert_int_eq(direction, CONF_IMPORT);
	ck_assert_int_eq(pb_direction("export", &direction, &e), 0);
	ck_assert_int_eq(direction, CONF_EXPORT);
	ck_assert_int_eq(pb_direction("", &direction, &e), -1);
	ck_assert_int_eq(pb_direction("Import", &direction, &e), -1);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("pb_policy");
	TCase *tc = tcase_create("all");
	SRunner *runner;
	int failed;

	tcase_add_loop_test(tc, prefixes, 0, 12);
	tcase_add_loop_test(tc, members, 0, 18);
	tcase_add_test(tc, set_heads);
	tcase_add_test(tc, set_names);
	tcase_add_test(tc, limits);
	tcase_add_test(tc, conditions_come_back);
	tcase_add_test(tc, families_come_back);
	tcase_add_test(tc, actions_come_back);
	tcase_add_test(tc, plain_actions_come_back);
	tcase_add_test(tc, bad_conditions);
	tcase_add_test(tc, bad_actions);
	tcase_add_test(tc, too_many_communities);
	tcase_add_test(tc, assignments);
	tcase_add_test(tc, directions);
	suite_add_tcase(s, tc);
	runner = srunner_create(s);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
