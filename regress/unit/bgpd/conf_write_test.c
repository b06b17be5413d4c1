/* SPDX-License-Identifier: ISC */
/* What is written is what is read back: random configurations. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bgpd/conf_check.h"
#include "bgpd/conf_write.h"
#include "common/aspath.h"
#include "common/bgp.h"
#include "common/bgp_attr.h"
#include "common/hash.h"
#include "common/policy_text.h"
#include "common/xmalloc.h"

static uint64_t state;

static uint32_t
rnd(uint32_t n)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (uint32_t)((state >> 20) % n);
}

static bool
coin(void)
{
	return rnd(2) == 0;
}

static uint32_t
number(void)
{
	static const uint32_t special[] = { 0, 1, 3, 100, 65535, 65536,
		UINT32_MAX - 1, UINT32_MAX };

	return coin() ? special[rnd(nitems(special))] : rnd(UINT32_MAX);
}

/* Names that a writer could trip over. */
static const char *
name(void)
{
	static const char *const words[] = { "a", "null", "true", "No", "12",
		"1.5", "0x10", "a b", " lead", "trail ", "it's", "say \"hi\"",
		"back\\slash", "#hash", "a: b", "- dash", "?", "{x}", "[y]",
		"*star", "&and", "!bang", "%p", "@at", "`tick", "a#b", "a #b",
		"~", "caf\xc3\xa9", "\xe2\x80\xa8line", "x\xc2\x85y",
		"\xf0\x9f\x98\x80",
		("\xef\xbb\xbf"
		 "bom"),
		"'", "\"", "|", ">", "=", "<<", "2001-01-01", "1:20", "---",
		"...", "plain-name", "with.dot", "a/b", "\xc2\xa0nbsp",
		"\xef\xbf\xbd" };
	static char text[8][80];
	static unsigned int at;

	at = (at + 1) % 8;
	if (coin())
		snprintf(text[at], sizeof(text[at]), "%s",
		    words[rnd(nitems(words))]);
	else
		snprintf(text[at], sizeof(text[at]), "%s%u",
		    words[rnd(nitems(words))], rnd(50));
	return text[at];
}

static void
address(struct addr *a, bool v6)
{
	char text[64];

	if (v6)
		snprintf(text, sizeof(text), "2001:db8:%x::%x", rnd(65536),
		    1 + rnd(65000));
	else
		snprintf(text, sizeof(text), "10.%u.%u.%u", rnd(256), rnd(256),
		    1 + rnd(250));
	ck_assert_int_eq(addr_parse(text, a), 0);
}

static void
prefix(struct nlri *n)
{
	struct addr a;
	char text[ADDR_STRLEN], both[80];
	bool v6 = coin();
	struct err e;

	address(&a, v6);
	snprintf(both, sizeof(both), "%s/%u", addr_str(&a, text),
	    rnd(v6 ? 129 : 33));
	ck_assert_int_eq(nlri_parse(both, n, &e), 0);
}

static void
community(enum conf_set_kind kind, bool patterns, struct conf_comm *c)
{
	char text[80];
	struct err e;
	unsigned int form = rnd(6);

	if (kind == CONF_SET_COMMUNITY) {
		if (patterns && form == 0)
			snprintf(text, sizeof(text), "%u:*", rnd(65536));
		else
			snprintf(text, sizeof(text), "%u:%u", rnd(65536),
			    rnd(65536));
	} else if (kind == CONF_SET_LARGE_COMMUNITY) {
		if (patterns && form == 0)
			snprintf(text, sizeof(text), "%u:*:%u", number(),
			    number());
		else
			snprintf(text, sizeof(text), "%u:%u:%u", number(),
			    number(), number());
	} else if (form == 0) {
		snprintf(text, sizeof(text), "rt:%u:%s", rnd(65536),
		    patterns ? "*" : "7");
	} else if (form == 1) {
		snprintf(text, sizeof(text), "ro:10.0.0.%u:%u", rnd(256),
		    rnd(65536));
	} else if (form == 2) {
		snprintf(text, sizeof(text), "color:%u", rnd(1000));
	} else {
		snprintf(text, sizeof(text), "0x%08x%08x", number(), number());
	}
	ck_assert_msg(policy_comm_parse(kind, text, patterns, c, &e) == 0,
	    "%s: %s", text, e.text);
}

static void
sets(struct conf *c)
{
	static const char *const patterns[] = { "^65001_", "_(1|2)$", "^$",
		"\\d+ 7", "'", "a\"b", "^65001( 65001)*$", "[0-9]{2,3}" };
	enum conf_set_kind kind;
	struct conf_prefix p;
	struct conf_comm comm;
	struct conf_set *set;
	struct addr a;
	uint32_t i, n, m;

	for (n = rnd(12); n > 0; n--) {
		kind = (enum conf_set_kind)rnd(CONF_SET__MAX);
		set = conf_set_new(kind, name());
		for (i = 0, m = rnd(5); i < m; i++) {
			switch (kind) {
			case CONF_SET_PREFIX:
				memset(&p, 0, sizeof(p));
				prefix(&p.nlri);
				p.min = p.max = p.nlri.bits;
				p.form = (uint8_t)rnd(CONF_RANGE_FROM + 1);
				if (p.form >= CONF_RANGE_BOTH)
					p.max = (uint8_t)family_max_bits(
					    (enum family)p.nlri.family);
				conf_set_add_prefix(set, &p);
				break;
			case CONF_SET_NEIGHBOR:
				address(&a, coin());
				conf_set_add_neighbor(set, &a);
				break;
			case CONF_SET_AS_PATH:
				conf_set_add_pattern(set,
				    patterns[rnd(nitems(patterns))]);
				break;
			default:
				community(kind, true, &comm);
				conf_set_add_comm(set, &comm);
				break;
			}
		}
		conf_set_put(c, set);
	}
}

static void
numbers(struct conf_numbers *n)
{
	if (coin())
		return;
	n->given = true;
	n->min = number();
	n->max = coin() ? UINT32_MAX : n->min;
}

static void
conditions(struct conf *c, struct conf_conditions *to)
{
	const struct conf_set *set;

	if (coin() && c->n_sets > 0) {
		set = c->sets[rnd(c->n_sets)];
		to->match[set->kind].set = xstrdup(set->name);
		to->match[set->kind].option = (uint8_t)rnd(4);
	}
	if (coin()) {
		to->has_prefix = true;
		prefix(&to->prefix);
	}
	if (coin())
		address(&to->neighbor, coin());
	if (coin()) {
		to->has_asn = true;
		to->asn = number();
	}
	to->route_types = (uint8_t)rnd(8);
	if (coin()) {
		to->has_community = true;
		community(CONF_SET_COMMUNITY, true, &to->community);
	}
	to->families = rnd(FAMILY_ALL + 1);
	if (coin()) {
		to->has_next_hop = true;
		prefix(&to->next_hop);
	}
	to->origins = (uint8_t)rnd(8);
	numbers(&to->med);
	numbers(&to->local_pref);
	numbers(&to->as_path_len);
}

static void
edits(struct conf_actions *a, enum conf_set_kind kind)
{
	struct conf_comm list[3];
	uint32_t i, n;
	uint8_t op;

	for (n = rnd(3); n > 0; n--) {
		op = (uint8_t)rnd(3);
		for (i = 0; i < nitems(list); i++)
			community(kind, op == CONF_COMM_REMOVE, &list[i]);
		conf_actions_add_edit(a, kind, (enum conf_comm_op)op, list,
		    rnd(4));
	}
}

static void
actions(struct conf_actions *a)
{
	static const uint8_t says[] = { 0, CONF_SAYS_ACCEPT, CONF_SAYS_REJECT,
		CONF_SAYS_ACCEPT | CONF_SAYS_REJECT, CONF_SAYS_CONTINUE };
	unsigned int type;

	a->says = says[rnd(nitems(says))];
	a->local_pref_op = (uint8_t)rnd(3);
	if (a->local_pref_op != CONF_LOCAL_PREF_KEEP)
		a->local_pref = number();
	a->med_op = (uint8_t)rnd(5);
	if (a->med_op != CONF_MED_KEEP && a->med_op != CONF_MED_REMOVE)
		a->med = number();
	a->next_hop_op = (uint8_t)rnd(3);
	if (a->next_hop_op == CONF_NEXT_HOP_SET)
		address(&a->next_hop, coin());
	if (coin()) {
		a->has_origin = true;
		a->origin = (uint8_t)rnd(3);
	}
	if (coin()) {
		a->prepend = (uint8_t)(1 + rnd(CONF_PREPEND_MAX));
		a->prepend_as = coin() ? 0 : 1 + rnd(UINT32_MAX - 1);
	}
	edits(a, CONF_SET_COMMUNITY);
	edits(a, CONF_SET_EXT_COMMUNITY);
	edits(a, CONF_SET_LARGE_COMMUNITY);
	if (!coin())
		return;
	for (type = 1; type < 256; type += 1 + rnd(40)) {
		if (!conf_attr_is_deletable((uint8_t)type))
			continue;
		a->deletes = true;
		a->delete_attrs[type / 8] |= (uint8_t)(1u << type % 8);
	}
}

static void
policies(struct conf *c)
{
	struct conf_statement *st;
	struct conf_policy *p;
	uint32_t n, m;

	for (n = rnd(6); n > 0; n--) {
		p = conf_policy_new(name());
		for (m = rnd(5); m > 0; m--) {
			st = conf_policy_add_statement(p,
			    coin() ? NULL : name());
			if (coin())
				conditions(c, &st->conditions);
			if (rnd(4) != 0)
				actions(&st->actions);
		}
		conf_policy_put(c, p);
	}
}

static void
assignment(const struct conf *c, struct conf_assignment *a)
{
	uint32_t n;

	a->dflt = (uint8_t)rnd(3);
	for (n = c->n_policies == 0 ? 0 : rnd(3); n > 0; n--) {
		a->policies = xreallocarray(a->policies, (size_t)a->n + 1,
		    sizeof(char *));
		a->policies[a->n++] =
		    xstrdup(c->policies[rnd(c->n_policies)]->name);
	}
}

static uint16_t
hold_time(void)
{
	return coin() ? 0 : (uint16_t)(3 + rnd(65533));
}

static void
peers(struct conf *c)
{
	struct conf_peer p;
	uint32_t n;

	for (n = rnd(6); n > 0; n--) {
		conf_peer_init(&p, c);
		address(&p.addr, coin());
		if (conf_peer_find(c, &p.addr) != NULL) {
			conf_peer_fini(&p);
			continue;
		}
		p.port = coin() ? BGP_PORT : (uint16_t)(1 + rnd(65535));
		p.remote_as = coin() ? 0 : 65001 + rnd(9);
		if (coin())
			address(&p.local_addr, p.addr.family == ADDR_IPV6);
		if (coin())
			p.hold_time = hold_time();
		p.idle_hold_secs = coin() ? CONF_NEVER : rnd(600);
		p.damp_oscillations = coin();
		p.allow_automatic_stop = coin();
		p.passive = coin();
		p.delay_open_secs = coin() ? CONF_NEVER : rnd(600);
		p.has_max_prefix = coin();
		if (p.has_max_prefix) {
			p.max_prefix = number();
			p.max_prefix_action = (uint8_t)rnd(2);
		}
		p.notification_without_open = coin();
		p.collision_established = coin();
		p.enforce_first_as = coin();
		p.mrai_secs = coin() ? 0 : number();
		p.gr_enabled = coin();
		p.gr_time = (uint16_t)rnd(4096);
		p.families = 1 + rnd(FAMILY_ALL);
		assignment(c, &p.policy[CONF_IMPORT]);
		assignment(c, &p.policy[CONF_EXPORT]);
		conf_peer_add(c, &p);
		conf_peer_fini(&p);
	}
}

static void
networks(struct conf *c)
{
	static const char *const paths[] = { "65001", "65001 65002 65002",
		"1 {2,3} 4", "{9}", "4200000000 1" };
	uint32_t communities[3];
	uint8_t large[36];
	struct bgp_attr_values v;
	struct conf_network net;
	struct wr path, w;
	struct err e;
	uint32_t n, i;
	size_t k;

	for (n = rnd(5); n > 0; n--) {
		memset(&net, 0, sizeof(net));
		prefix(&net.nlri);
		for (i = 0; i < c->n_networks; i++)
			if (nlri_cmp(&c->networks[i].nlri, &net.nlri) == 0)
				break;
		if (i < c->n_networks)
			continue;
		bgp_attr_values_init(&v);
		wr_init_grow(&path, 4096);
		wr_init_grow(&w, BGP_ATTR_BLOCK_MAX);
		if (coin())
			ck_assert_int_eq(
			    aspath_parse(paths[rnd(nitems(paths))], &path), 0);
		v.origin = (uint8_t)rnd(3);
		v.as_path = path.base;
		v.as_path_len = wr_len(&path);
		v.next_hop.family = net.nlri.family == FAMILY_IPV4_UNICAST ?
		    ADDR_IPV4 :
		    ADDR_IPV6;
		if (coin())
			address(&v.next_hop, v.next_hop.family == ADDR_IPV6);
		v.has_med = coin();
		v.med = number();
		v.has_local_pref = true;
		v.local_pref = coin() ? BGP_DEFAULT_LOCAL_PREF : number();
		for (k = 0; k < nitems(communities); k++)
			communities[k] = number();
		for (k = 0; k < sizeof(large); k++)
			large[k] = (uint8_t)rnd(256);
		v.communities = communities;
		v.n_communities = rnd(4);
		v.large_communities = large;
		v.n_large_communities = rnd(4);
		ck_assert_msg(bgp_attr_build(&w, (enum family)net.nlri.family,
				  &v, &e) == 0,
		    "%s", e.text);
		net.attrs = w.base;
		net.attrs_len = (uint16_t)wr_len(&w);
		conf_network_append(c, &net);
		wr_free(&w);
		wr_free(&path);
	}
}

static void
listeners(struct conf *c)
{
	struct conf_access access;
	struct conf_endpoint e;
	char path[40], key[] = "/k e/y", cert[] = "/c'ert", ca[] = "/ca",
		       tokens[] = "/t\"o";
	uint32_t n;

	for (n = 1 + rnd(3); n > 0; n--) {
		memset(&e, 0, sizeof(e));
		address(&e.addr, coin());
		e.port = (uint16_t)rnd(65536);
		conf_listen_append(c, &e);
	}
	for (n = 1 + rnd(3); n > 0; n--) {
		memset(&e, 0, sizeof(e));
		memset(&access, 0, sizeof(access));
		if (coin()) {
			snprintf(path, sizeof(path), "/run/a b%u", rnd(10000));
			e.path = path;
		} else {
			address(&e.addr, coin());
			e.port = (uint16_t)rnd(65536);
		}
		if (coin()) {
			e.access = &access;
			access.read_only = coin();
			if (e.path == NULL && coin()) {
				access.certificate.path = cert;
				access.key.path = key;
				access.client_ca.path = coin() ? ca : NULL;
			}
			access.tokens.path = coin() ? tokens : NULL;
		}
		conf_grpc_listen_append(c, &e);
	}
}

static void
text_of(char **to)
{
	free(*to);
	*to = xstrdup(name());
}

static struct conf *
random_conf(void)
{
	struct conf_bmp_server b;
	struct conf *c = conf_new();
	struct addr id;
	char text[ADDR_STRLEN];
	uint32_t n;

	c->asn = 1 + rnd(23000);
	c->router_id = 1 + rnd(UINT32_MAX - 1);
	c->cluster_id = coin() ? c->router_id : 1 + rnd(UINT32_MAX - 1);
	c->hold_time = hold_time();
	c->connect_retry_secs = 1 + rnd(1000);
	c->accept_unconfigured_peers = coin();
	c->ebgp_requires_policy = coin();
	c->log_level = (enum log_level)rnd(4);
	c->log_format = coin() ? LOG_FORMAT_TEXT : LOG_FORMAT_JSON;
	c->grpc_max_reply_bytes = 65536 + rnd(1u << 29);
	c->grpc_reflection = coin();
	c->grpc_unread_secs = 10 + rnd(86391);
	free(c->sys_name);
	id = addr_ipv4(c->router_id);
	c->sys_name = xasprintf("bgpgg %s", addr_str(&id, text));
	if (coin())
		text_of(&c->user);
	if (coin())
		text_of(&c->sys_name);
	if (coin())
		text_of(&c->sys_descr);
	c->pid_file = coin() ? NULL : xasprintf("/run/%s", name());
	c->state_dir = coin() ? NULL : xasprintf("/var/%s", name());
	listeners(c);
	sets(c);
	policies(c);
	peers(c);
	networks(c);
	for (n = rnd(3); n > 0; n--) {
		conf_bmp_server_init(&b);
		b.pre_policy = coin();
		b.post_policy = coin();
		b.loc_rib = coin();
		b.adj_rib_out = coin();
		b.adj_rib_out_pre = coin();
		b.mirroring = coin();
		if (coin())
			b.buffer_bytes = CONF_BMP_BUFFER_MIN + rnd(1000000);
		address(&b.addr, coin());
		b.port = (uint16_t)(1 + rnd(65535));
		b.statistics_secs = coin() ? 0 : number();
		conf_bmp_server_append(c, &b);
	}
	return c;
}

static char *
written(const struct conf *c)
{
	struct wr w;
	char *text;

	wr_init_grow(&w, 1u << 24);
	conf_write(&w, c);
	ck_assert(wr_ok(&w));
	wr_n8(&w, 0);
	text = xstrdup((const char *)w.base);
	wr_free(&w);
	return text;
}

/* Peers, sets, policies and networks one by one. */
static void
compare(const struct conf *a, const struct conf *b, const char *text)
{
	uint32_t i;

	ck_assert_uint_eq(a->n_peers, b->n_peers);
	for (i = 0; i < a->n_peers; i++)
		ck_assert_msg(conf_peer_equal(&a->peers[i], &b->peers[i]),
		    "peer %u of\n%s", i, text);
	ck_assert_uint_eq(a->n_sets, b->n_sets);
	for (i = 0; i < a->n_sets; i++)
		ck_assert_msg(conf_set_equal(a->sets[i], b->sets[i]),
		    "set %s of\n%s", a->sets[i]->name, text);
	ck_assert_uint_eq(a->n_policies, b->n_policies);
	for (i = 0; i < a->n_policies; i++)
		ck_assert_msg(conf_policy_equal(a->policies[i], b->policies[i]),
		    "policy %s of\n%s", a->policies[i]->name, text);
	ck_assert_uint_eq(a->n_networks, b->n_networks);
	for (i = 0; i < a->n_networks; i++) {
		ck_assert_int_eq(
		    nlri_cmp(&a->networks[i].nlri, &b->networks[i].nlri), 0);
		ck_assert_mem_eq(a->networks[i].attrs, b->networks[i].attrs,
		    a->networks[i].attrs_len);
	}
	ck_assert_uint_eq(a->n_grpc_listen, b->n_grpc_listen);
	for (i = 0; i < a->n_grpc_listen; i++)
		ck_assert(conf_endpoint_equal(&a->grpc_listen[i],
		    &b->grpc_listen[i]));
	ck_assert_str_eq(a->user, b->user);
	ck_assert_str_eq(a->sys_name, b->sys_name);
	ck_assert_str_eq(a->sys_descr, b->sys_descr);
	ck_assert_uint_eq(a->cluster_id, b->cluster_id);
}

START_TEST(what_is_written_is_read_back)
{
	struct conf *c, *back;
	char *text, *again, *line;
	struct diags d;
	int i;

	for (i = 0; i < 400; i++) {
		state = 88172645463325252ull + (uint64_t)_i * 1000003 +
		    (uint64_t)i * 7919;
		c = random_conf();
		text = written(c);
		diags_init(&d);
		back = conf_parse(text, strlen(text), &d, NULL);
		if (back == NULL) {
			line = diag_format(&d.list[0], "text");
			ck_abort_msg("%s\n%s", line, text);
		}
		diags_fini(&d);
		compare(c, back, text);
		again = written(back);
		ck_assert_str_eq(text, again);
		free(text);
		free(again);
		conf_free(c);
		conf_free(back);
	}
}
END_TEST

START_TEST(a_small_one_reads_well)
{
	static const char expected[] = "asn: 65001\n"
				       "router_id: 10.0.0.1\n"
				       "listen_addr: '0.0.0.0:179'\n"
				       "grpc_listen_addr: '127.0.0.1:50051'\n"
				       "peers:\n"
				       "  - address: \"192.0.2.1\"\n"
				       "    remote_as: 65002\n"
				       "    import-policy: [in]\n"
				       "networks:\n"
				       "  - prefix: \"10.0.0.0/8\"\n"
				       "    communities: [\"65001:1\"]\n"
				       "defined-sets:\n"
				       "  as-path-sets:\n"
				       "    - name: customers\n"
				       "      patterns:\n"
				       "        - '^65002_'\n"
				       "policy-definitions:\n"
				       "  - name: in\n"
				       "    statements:\n"
				       "      - name: known\n"
				       "        conditions:\n"
				       "          match-as-path-set:\n"
				       "            set-name: customers\n"
				       "        actions:\n"
				       "          accept: true\n";
	struct diags d;
	struct conf *c;
	char *text;

	diags_init(&d);
	c = conf_parse(expected, sizeof(expected) - 1, &d, NULL);
	ck_assert_msg(c != NULL, "%s", d.n > 0 ? d.list[0].text : "?");
	text = written(c);
	ck_assert_str_eq(text, expected);
	free(text);
	conf_free(c);
	diags_fini(&d);
}
END_TEST

START_TEST(a_text_longer_than_allowed_is_told)
{
	struct conf *c = random_conf();
	struct wr w;

	wr_init_grow(&w, 30);
	conf_write(&w, c);
	ck_assert(!wr_ok(&w));
	wr_free(&w);
	conf_free(c);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("conf_write");
	TCase *t = tcase_create("write");
	SRunner *r;
	int failed;

	hash_init();
	state = 1;
	tcase_set_timeout(t, 120);
	tcase_add_loop_test(t, what_is_written_is_read_back, 0, 8);
	tcase_add_test(t, a_small_one_reads_well);
	tcase_add_test(t, a_text_longer_than_allowed_is_told);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
