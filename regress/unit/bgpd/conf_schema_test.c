/* SPDX-License-Identifier: ISC */
/* What a file comes to, and that the manual knows every key. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bgpd/conf_check.h"
#include "common/bgp_attr.h"
#include "common/community.h"
#include "common/hash.h"
#include "common/policy_text.h"
#include "common/xmalloc.h"

static struct conf *
parse(const char *text)
{
	struct diags d;
	struct conf *c;

	diags_init(&d);
	c = conf_parse(text, strlen(text), &d, NULL);
	ck_assert_msg(c != NULL, "%s", d.n > 0 ? d.list[0].text : "?");
	diags_fini(&d);
	return c;
}

#define HEAD "asn: 65001\nrouter_id: 10.0.0.1\n"

START_TEST(defaults_are_those_of_the_contract)
{
	struct conf *c = parse(HEAD "peers: [{address: 192.0.2.1}]\n");
	const struct conf_peer *p = &c->peers[0];
	char text[ENDPOINT_STRLEN];

	ck_assert_uint_eq(c->asn, 65001);
	ck_assert_uint_eq(c->router_id, 0x0a000001);
	ck_assert_uint_eq(c->cluster_id, c->router_id);
	ck_assert_uint_eq(c->n_listen, 1);
	ck_assert_str_eq(
	    endpoint_str(&c->listen[0].addr, c->listen[0].port, text),
	    "0.0.0.0:179");
	ck_assert_uint_eq(c->n_grpc_listen, 1);
	ck_assert_str_eq(
	    endpoint_str(&c->grpc_listen[0].addr, c->grpc_listen[0].port, text),
	    "127.0.0.1:50051");
	ck_assert_uint_eq(c->hold_time, 180);
	ck_assert_uint_eq(c->connect_retry_secs, 30);
	ck_assert(!c->accept_unconfigured_peers && !c->ebgp_requires_policy);
	ck_assert_str_eq(c->sys_name, "bgpgg 10.0.0.1");
	ck_assert_str_eq(c->sys_descr, "bgpgg version " BGPGG_VERSION);
	ck_assert_str_eq(c->user, "_bgpd");
	ck_assert_int_eq(c->log_level, LOG_LEVEL_INFO);
	ck_assert_int_eq(c->log_format, LOG_FORMAT_TEXT);
	ck_assert_uint_eq(c->grpc_max_reply_bytes, 4194304);
	ck_assert_ptr_null(c->pid_file);
	ck_assert_ptr_null(c->state_dir);
	ck_assert_uint_eq(p->port, 179);
	ck_assert_uint_eq(p->origin, CONF_FROM_FILE);
	ck_assert_uint_eq(p->line, 3);
	ck_assert_uint_eq(p->remote_as, 0);
	ck_assert_uint_eq(p->hold_time, 180);
	ck_assert_uint_eq(p->idle_hold_secs, 30);
	ck_assert(p->damp_oscillations && p->allow_automatic_stop);
	ck_assert(!p->passive && !p->has_max_prefix);
	ck_assert_uint_eq(p->delay_open_secs, CONF_NEVER);
	ck_assert_uint_eq(p->mrai_secs, 0);
	ck_assert(p->gr_enabled);
	ck_assert_uint_eq(p->gr_time, 120);
	ck_assert_uint_eq(p->families, FAMILY_ALL);
	conf_free(c);
}
END_TEST

START_TEST(peer_hold_time_starts_from_top_wherever_it_stands)
{
	struct conf *c = parse(
	    "peers: [{address: 192.0.2.1}, {address: "
	    "192.0.2.2, hold_time_secs: 9}]\n" HEAD "hold_time_secs: 33\n");

	ck_assert_uint_eq(c->peers[0].hold_time, 33);
	ck_assert_uint_eq(c->peers[1].hold_time, 9);
	conf_free(c);
}
END_TEST

START_TEST(null_idle_hold_means_never)
{
	struct conf *c = parse(HEAD "peers: [{address: 192.0.2.1, "
				    "idle_hold_time_secs: null}]\n");

	ck_assert_uint_eq(c->peers[0].idle_hold_secs, CONF_NEVER);
	conf_free(c);
}
END_TEST

START_TEST(peers_are_sorted_and_can_grow)
{
	struct conf *c = parse(HEAD "peers: [{address: 192.0.2.9}, {address: "
				    "\"::1\"}, {address: 192.0.2.1:1179}]\n");
	struct conf_peer p;
	char text[ADDR_STRLEN];

	ck_assert_uint_eq(c->n_peers, 3);
	ck_assert_str_eq(addr_str(&c->peers[0].addr, text), "192.0.2.1");
	ck_assert_uint_eq(c->peers[0].port, 1179);
	ck_assert_str_eq(addr_str(&c->peers[2].addr, text), "::1");
	conf_peer_init(&p, c);
	for (p.addr = addr_ipv4(1); c->n_peers < 40;) {
		conf_peer_add(c, &p);
		p.addr = addr_ipv4(addr_to_u32(&p.addr) + 1);
	}
	ck_assert_ptr_nonnull(conf_peer_find(c, &c->peers[39].addr));
	conf_free(c);
}
END_TEST

START_TEST(network_becomes_canonical_attributes)
{
	struct conf *c =
	    parse(HEAD "networks: [{prefix: 10.1.2.3/16, med: 7, communities: "
		       "[\"1:2\", \"1:1\", \"1:2\"]}, \"2001:db8::/32\"]\n");
	struct bgp_attr_hot hot;
	struct bgp_attr a;
	struct err e;
	char text[NLRI_STRLEN];

	ck_assert_uint_eq(c->n_networks, 2);
	ck_assert_str_eq(nlri_str(&c->networks[0].nlri, text), "10.1.0.0/16");
	ck_assert_int_eq(bgp_attr_validate(c->networks[0].attrs,
			     c->networks[0].attrs_len, FAMILY_IPV4_UNICAST, &e),
	    0);
	bgp_attr_hot(c->networks[0].attrs, c->networks[0].attrs_len, &hot);
	ck_assert_uint_eq(hot.med, 7);
	ck_assert_uint_eq(hot.origin, BGP_ORIGIN_IGP);
	ck_assert(hot.flags & BGP_HOT_NH_UNSPECIFIED);
	ck_assert(bgp_attr_find(c->networks[0].attrs, c->networks[0].attrs_len,
	    BGP_ATTR_COMMUNITIES, &a));
	ck_assert_uint_eq(a.len, 8); /* the duplicate is gone */
	ck_assert_int_eq(bgp_attr_validate(c->networks[1].attrs,
			     c->networks[1].attrs_len, FAMILY_IPV6_UNICAST, &e),
	    0);
	conf_free(c);
}
END_TEST

/* --- the manual */

static char *
manual_read(void)
{
	FILE *f = fopen("man/bgpd.conf.5", "r");
	char *text = xcalloc(1, 1 << 18);

	ck_assert_msg(f != NULL, "run it from the top");
	ck_assert_uint_gt(fread(text, 1, (1 << 18) - 1, f), 0);
	fclose(f);
	return text;
}

/* As a word of a line of macros, behind Cm. */
static bool
manual_has(const char *manual, const char *key)
{
	size_t n = strlen(key);
	const char *line, *end, *p;

	for (line = manual; *line != '\0'; line = end + 1) {
		end = strchr(line, '\n');
		if (end == NULL)
			return false;
		if (strncmp(line, ".Cm ", 4) != 0 &&
		    strncmp(line, ".It Cm ", 7) != 0)
			continue;
		for (p = line; (p = strstr(p, key)) != NULL && p < end; p++)
			if (p[-1] == ' ' && (p[n] == ' ' || p[n] == '\n'))
				return true;
	}
	return false;
}

START_TEST(manual_describes_every_key)
{
	char *manual = manual_read();
	const struct conf_table *t;
	size_t i, k;

	for (i = 0; i < conf_tables_n; i++) {
		t = conf_tables[i];
		for (k = 0; k < t->n; k++)
			ck_assert_msg(manual_has(manual, t->keys[k].name),
			    "bgpd.conf(5) lacks %s of %s", t->keys[k].name,
			    t->what);
	}
	free(manual);
}
END_TEST

/* The entry of a key of the top level, up to the next one. */
START_TEST(manual_knows_defaults_of_the_top_level)
{
	char *manual = manual_read(), *tag, *entry, *next, *dflt;
	const struct conf_table *t = conf_tables[0];
	const struct conf_key *k;
	size_t i;

	for (i = 0; i < t->n; i++) {
		k = &t->keys[i];
		if (k->dflt == NULL)
			continue;
		tag = xasprintf("\n.It Cm %s :", k->name);
		entry = strstr(manual, tag);
		ck_assert_msg(entry != NULL, "%s", tag);
		entry = xstrdup(entry + 1);
		next = strstr(entry, "\n.It ");
		ck_assert_ptr_nonnull(next);
		*next = '\0';
		dflt = strstr(entry, "Default: ");
		ck_assert_msg(dflt != NULL && strstr(dflt, k->dflt) != NULL,
		    "%s: the manual does not say %s", k->name, k->dflt);
		free(entry);
		free(tag);
	}
	free(manual);
}
END_TEST

/* The guide names every key, in doc/policy.md where it belongs to policies. */
START_TEST(guide_names_every_key)
{
	static const char *const files[] = { "doc/configuration.md",
		"doc/policy.md" };
	char *text[nitems(files)], *word;
	const struct conf_table *t;
	size_t i, k;
	FILE *f;

	for (i = 0; i < nitems(files); i++) {
		f = fopen(files[i], "r");
		ck_assert_msg(f != NULL, "%s", files[i]);
		text[i] = xcalloc(1, 1 << 18);
		ck_assert_uint_gt(fread(text[i], 1, (1 << 18) - 1, f), 0);
		fclose(f);
	}
	for (i = 0; i < conf_tables_n; i++) {
		t = conf_tables[i];
		for (k = 0; k < t->n; k++) {
			ck_assert_msg(strstr(text[0], t->keys[k].name) !=
				    NULL ||
				strstr(text[1], t->keys[k].name) != NULL,
			    "the guide lacks %s of %s", t->keys[k].name,
			    t->what);
		}
	}
	/* And the defaults of the top level, beside their keys. */
	t = conf_tables[0];
	for (k = 0; k < t->n; k++) {
		if (t->keys[k].dflt == NULL)
			continue;
		word = xasprintf("| `%s` | `%s` |", t->keys[k].name,
		    t->keys[k].dflt);
		ck_assert_msg(strstr(text[0], word) != NULL,
		    "doc/configuration.md lacks %s", word);
		free(word);
	}
	for (i = 0; i < nitems(files); i++)
		free(text[i]);
}
END_TEST

START_TEST(tables_fit_the_walker)
{
	size_t i;

	for (i = 0; i < conf_tables_n; i++)
		ck_assert_uint_le(conf_tables[i]->n, TABLE_KEYS_MAX);
}
END_TEST

/* --- sets and policies */

#define SETS                                                                   \
	"defined-sets:\n"                                                      \
	"  prefix-sets: [{name: p, prefixes: [{prefix: 10.0.0.1/8}, "          \
	"{prefix: 10.0.0.0/8, masklength-range: 16..}]}]\n"                    \
	"  neighbor-sets: [{name: n, neighbors: [192.0.2.1]}]\n"               \
	"  as-path-sets: [{name: a, patterns: [_65001_]}]\n"                   \
	"  community-sets: [{name: c, communities: [no-export, "               \
	"\"1:*\"]}, {name: b, communities: []}]\n"                             \
	"  ext-community-sets: [{name: e, ext_communities: [\"rt:1:2\"]}]\n"   \
	"  large-community-sets: [{name: l, large_communities: "               \
	"[\"1:2:3\"]}]\n"

START_TEST(sets_become_sorted_members)
{
	struct conf *c = parse(HEAD SETS);
	char buf[POLICY_COMM_STRLEN];
	const struct conf_set *set;

	ck_assert_uint_eq(c->n_sets, 7);
	set = c->sets[0];
	ck_assert_int_eq(set->kind, CONF_SET_PREFIX);
	ck_assert_uint_eq(set->line, 4);
	ck_assert_uint_eq(set->origin, CONF_FROM_FILE);
	ck_assert_uint_eq(set->n, 2);
	ck_assert_uint_eq(set->prefixes[0].nlri.key[3], 0);
	ck_assert_int_eq(set->prefixes[0].form, CONF_RANGE_NONE);
	ck_assert_uint_eq(set->prefixes[1].min, 16);
	ck_assert_uint_eq(set->prefixes[1].max, 32);
	ck_assert_str_eq(c->sets[2]->patterns[0], "_65001_");
	ck_assert_str_eq(c->sets[3]->name, "b");
	set = conf_set_find(c, CONF_SET_COMMUNITY, "c");
	ck_assert_ptr_eq(set, c->sets[4]);
	ck_assert_str_eq(
	    policy_comm_str(CONF_SET_COMMUNITY, &set->comms[0], buf),
	    "65535:65281");
	ck_assert_str_eq(
	    policy_comm_str(CONF_SET_COMMUNITY, &set->comms[1], buf), "1:*");
	conf_free(c);
}
END_TEST

START_TEST(statements_become_conditions_and_actions)
{
	struct conf *c = parse(HEAD SETS
	    "policy-definitions:\n"
	    "  - name: z\n"
	    "    statements:\n"
	    "      - name: one\n"
	    "        conditions: {match-as-path-set: {set-name: a, "
	    "match-option: invert}, match-prefix-set: {set-name: p}, "
	    "has-asn: 0, route-type: [ibgp, local], afi-safi: ipv6-unicast, "
	    "next-hop: \"2001:db8::1\", origin: [igp, incomplete], "
	    "med: {min: 7}, local-pref: 5, as-path-length: {max: 9}}\n"
	    "        actions: {continue: true, local-pref: {value: 7}, "
	    "med: {sub: 3}, next-hop: self, origin: egp, "
	    "as-path-prepend: {count: 2}, delete-attributes: [med, 200], "
	    "community: [{operation: remove, communities: [\"*:1\"]}, "
	    "{operation: replace, communities: []}]}\n"
	    "      - actions: {local-pref: {value: 1, force: true}, "
	    "med: {remove: true}, next-hop: 192.0.2.9}\n"
	    "  - {name: b, statements: []}\n");
	const struct conf_policy *p = c->policies[1];
	const struct conf_conditions *if_;
	const struct conf_actions *then;
	char text[NLRI_STRLEN];

	ck_assert_uint_eq(c->n_policies, 2);
	ck_assert_str_eq(p->name, "z");
	ck_assert_uint_eq(p->n, 2);
	ck_assert_str_eq(p->statements[0].name, "one");
	ck_assert_ptr_null(p->statements[1].name);
	if_ = &p->statements[0].conditions;
	ck_assert_str_eq(if_->match[CONF_SET_AS_PATH].set, "a");
	ck_assert_int_eq(if_->match[CONF_SET_AS_PATH].option,
	    CONF_MATCH_INVERT);
	ck_assert_int_eq(if_->match[CONF_SET_PREFIX].option, CONF_MATCH_UNSAID);
	ck_assert_ptr_null(if_->match[CONF_SET_COMMUNITY].set);
	ck_assert(if_->has_asn && if_->asn == 0 && !if_->has_prefix);
	ck_assert_uint_eq(if_->route_types, CONF_ROUTE_IBGP | CONF_ROUTE_LOCAL);
	ck_assert_uint_eq(if_->families, FAMILY_BIT(FAMILY_IPV6_UNICAST));
	ck_assert(if_->has_next_hop);
	ck_assert_str_eq(nlri_str(&if_->next_hop, text), "2001:db8::1/128");
	ck_assert_uint_eq(if_->origins, 5);
	ck_assert(
	    if_->med.given && if_->med.min == 7 && if_->med.max == UINT32_MAX);
	ck_assert(if_->local_pref.min == 5 && if_->local_pref.max == 5);
	ck_assert(if_->as_path_len.min == 0 && if_->as_path_len.max == 9);
	then = &p->statements[0].actions;
	ck_assert_uint_eq(then->says, CONF_SAYS_CONTINUE);
	ck_assert_int_eq(then->local_pref_op, CONF_LOCAL_PREF_FILL);
	ck_assert_int_eq(then->med_op, CONF_MED_SUB);
	ck_assert_uint_eq(then->med, 3);
	ck_assert_int_eq(then->next_hop_op, CONF_NEXT_HOP_SELF);
	ck_assert(then->has_origin && then->origin == BGP_ORIGIN_EGP);
	ck_assert_uint_eq(then->prepend, 2);
	ck_assert_uint_eq(then->prepend_as, 0);
	ck_assert(then->deletes);
	ck_assert_uint_eq(then->delete_attrs[BGP_ATTR_MED / 8],
	    1u << BGP_ATTR_MED);
	ck_assert_uint_eq(then->delete_attrs[25], 1);
	ck_assert_uint_eq(then->n_edits, 2);
	ck_assert_int_eq(then->edits[0].op, CONF_COMM_REMOVE);
	ck_assert_uint_eq(then->edits[0].n, 1);
	ck_assert_int_eq(then->edits[1].op, CONF_COMM_REPLACE);
	ck_assert_uint_eq(then->edits[1].n, 0);
	then = &p->statements[1].actions;
	ck_assert_uint_eq(then->says, 0);
	ck_assert_int_eq(then->local_pref_op, CONF_LOCAL_PREF_SET);
	ck_assert_int_eq(then->med_op, CONF_MED_REMOVE);
	ck_assert_int_eq(then->next_hop_op, CONF_NEXT_HOP_SET);
	conf_free(c);
}
END_TEST

START_TEST(peers_name_policies_and_defaults)
{
	struct conf *c = parse(HEAD
	    "policy-definitions: [{name: in, statements: []}]\n"
	    "peers: [{address: 192.0.2.1, import-policy: [in], "
	    "import-default-action: accept, export-default-action: reject}]\n");
	const struct conf_assignment *a = c->peers[0].policy;

	ck_assert_uint_eq(a[CONF_IMPORT].n, 1);
	ck_assert_str_eq(a[CONF_IMPORT].policies[0], "in");
	ck_assert_int_eq(a[CONF_IMPORT].dflt, CONF_DEFAULT_ACCEPT);
	ck_assert_int_eq(a[CONF_EXPORT].dflt, CONF_DEFAULT_REJECT);
	ck_assert(!a[CONF_IMPORT].runtime);
	ck_assert_uint_eq(a[CONF_EXPORT].n, 0);
	conf_free(c);
}
END_TEST

/* In kind, so that no list costs its square. */
START_TEST(long_sets_are_read_in_time)
{
	struct wr w;
	struct diags d;
	struct conf *c;
	char line[80];
	int i;

	wr_init_grow(&w, 16u << 20);
	wr_copy(&w, HEAD, strlen(HEAD));
	wr_copy(&w, "defined-sets: {prefix-sets: [{name: p, prefixes: [", 50);
	for (i = 0; i < 100000; i++) {
		snprintf(line, sizeof(line), "{prefix: 10.%d.%d.0/24},\n",
		    i >> 8 & 255, i & 255);
		wr_copy(&w, line, strlen(line));
	}
	wr_copy(&w, "]}]}\n", 5);
	diags_init(&d);
	c = conf_parse((char *)w.base, wr_len(&w), &d, NULL);
	ck_assert_ptr_nonnull(c);
	ck_assert_uint_eq(c->sets[0]->n, 100000);
	conf_free(c);
	diags_fini(&d);
	wr_free(&w);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("conf_schema");
	TCase *t = tcase_create("schema");
	SRunner *r;
	int n;

	hash_init();
	tcase_add_test(t, defaults_are_those_of_the_contract);
	tcase_add_test(t, peer_hold_time_starts_from_top_wherever_it_stands);
	tcase_add_test(t, null_idle_hold_means_never);
	tcase_add_test(t, peers_are_sorted_and_can_grow);
	tcase_add_test(t, network_becomes_canonical_attributes);
	tcase_add_test(t, manual_describes_every_key);
	tcase_add_test(t, guide_names_every_key);
	tcase_add_test(t, manual_knows_defaults_of_the_top_level);
	tcase_add_test(t, tables_fit_the_walker);
	tcase_add_test(t, sets_become_sorted_members);
	tcase_add_test(t, statements_become_conditions_and_actions);
	tcase_add_test(t, peers_name_policies_and_defaults);
	tcase_add_test(t, long_sets_are_read_in_time);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	n = srunner_ntests_failed(r);
	srunner_free(r);
	return n == 0 ? 0 : 1;
}
