/* SPDX-License-Identifier: ISC */
/* Differences in words, and that they agree with what resets a session. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bgpd/conf_check.h"
#include "bgpd/conf_diff.h"
#include "common/hash.h"
#include "common/xmalloc.h"

#define HEAD "asn: 65001\nrouter_id: 10.0.0.1\n"
#define PEER HEAD "peers: [{address: 192.0.2.1, "

static struct conf *
parse(const char *text)
{
	struct diags d;
	struct conf *c;

	diags_init(&d);
	c = conf_parse(text, strlen(text), &d, NULL);
	ck_assert_msg(c != NULL, "%s: %s", text, d.n > 0 ? d.list[0].text : "");
	diags_fini(&d);
	return c;
}

/* What one difference says; "" if there is none. */
static char *
only(const char *a, const char *b, bool *resets)
{
	struct conf_changes changes = { NULL, 0, 0 };
	struct conf *x = parse(a), *y = parse(b);
	char *text;
	uint32_t i;

	/* As bgpd numbers what is read anew. */
	for (i = 0; i < y->n_sets; i++)
		y->sets[i]->serial = i + 1;
	for (i = 0; i < y->n_policies; i++)
		y->policies[i]->serial = i + 1;
	conf_diff(x, y, &changes);
	ck_assert_uint_le(changes.n, 1);
	text = xstrdup(changes.n == 0 ? "" : changes.list[0].text);
	*resets = changes.n > 0 && changes.list[0].resets;
	if (x->n_peers > 0 && y->n_peers > 0)
		ck_assert_int_eq(*resets,
		    conf_peer_needs_reset(&x->peers[0], &y->peers[0]));
	conf_changes_fini(&changes);
	conf_free(x);
	conf_free(y);
	return text;
}

/* Every key of a peer that acts, and what it costs. */
static const struct {
	const char *key;
	bool resets;
	const char *value;
} keys[] = {
	{ "remote_as", true, "65009" },
	{ "local_address", true, "192.0.2.9" },
	{ "hold_time_secs", true, "9" },
	{ "afi_safis", true, "[ipv6-unicast]" },
	{ "graceful-restart", true, "{enabled: false}" },
	{ "graceful-restart", true, "{restart_time: 7}" },
	{ "idle_hold_time_secs", false, "null" },
	{ "damp_peer_oscillations", false, "false" },
	{ "allow_automatic_stop", false, "false" },
	{ "passive_mode", false, "true" },
	{ "delay_open_time_secs", false, "4" },
	{ "max_prefix", false, "{limit: 4}" },
	{ "send_notification_without_open", false, "true" },
	{ "collision_detect_established_state", false, "true" },
	{ "min_route_advertisement_interval_secs", false, "4" },
	{ "import-policy", false, "[p]" },
	{ "export-policy", false, "[p]" },
	{ "import-default-action", false, "reject" },
	{ "export-default-action", false, "reject" },
	{ "enforce_first_as", false, "true" },
};

START_TEST(keys_of_a_peer)
{
	static const char policy[] =
	    "policy-definitions: [{name: p, statements: []}]\n";
	char a[300], b[300], expected[200], *text;
	const char *shown = strstr(keys[_i].key, "-default-action") == NULL ?
	    keys[_i].key :
	    keys[_i].key[0] == 'i' ? "import-policy" :
				     "export-policy";
	bool resets;

	snprintf(a, sizeof(a), "%s}]\n%s", PEER, policy);
	snprintf(b, sizeof(b), "%s%s: %s}]\n%s", PEER, keys[_i].key,
	    keys[_i].value, policy);
	snprintf(expected, sizeof(expected), "peer 192.0.2.1: changed, %s (%s)",
	    keys[_i].resets ? "session will be reset" : "session is kept",
	    shown);
	text = only(a, b, &resets);
	ck_assert_str_eq(text, expected);
	ck_assert_int_eq(resets, keys[_i].resets);
	free(text);
	text = only(a, a, &resets);
	ck_assert_str_eq(text, "");
	free(text);
}
END_TEST

static const struct {
	const char *a, *b, *says;
} cases[] = {
	{ HEAD, HEAD, "" },
	{ HEAD, HEAD "hold_time_secs: 9\n", "hold_time_secs: 180 becomes 9" },
	{ HEAD, HEAD "ebgp_requires_policy: true\n",
	    "ebgp_requires_policy: becomes true" },
	{ HEAD, HEAD "log_level: debug\n", "log_level: becomes debug" },
	{ HEAD, HEAD "log_format: json\n", "log_format: becomes json" },
	{ HEAD "pid_file: /x\n", HEAD, "pid_file: removed" },
	{ HEAD, HEAD "sys_descr: y\n", "sys_descr: becomes y" },
	{ HEAD, HEAD "listen_addr: ['0.0.0.0:179', '[::]:179']\n",
	    "listener [::]:179: added" },
	{ HEAD,
	    HEAD "grpc_listen_addr: {address: '127.0.0.1:50051', "
		 "read_only: true}\n",
	    "api-listener 127.0.0.1:50051: changed who may do what" },
	{ HEAD, HEAD "peers: [{address: 192.0.2.1}]\n",
	    "peer 192.0.2.1: added" },
	{ HEAD "peers: [{address: 192.0.2.1}]\n", HEAD,
	    "peer 192.0.2.1: removed, its session ends" },
	{ HEAD "peers: [{address: '192.0.2.1:1'}]\n",
	    HEAD "peers: [{address: 192.0.2.1}]\n",
	    "peer 192.0.2.1: changed, session will be reset (address)" },
	{ HEAD "networks: [10.0.0.0/8]\n", HEAD,
	    "network 10.0.0.0/8: removed" },
	{ HEAD "networks: [10.0.0.0/8, 11.0.0.0/8]\n",
	    HEAD "networks: [11.0.0.0/8, {prefix: 10.0.0.0/8, med: 1}]\n",
	    "network 10.0.0.0/8: changed its attributes" },
	{ HEAD, HEAD "bmp_servers: [{address: '192.0.2.1:1'}]\n",
	    "bmp-server 192.0.2.1:1: added" },
	{ HEAD "defined-sets: {neighbor-sets: [{name: n, neighbors: "
	       "[192.0.2.1, 192.0.2.2]}]}\n",
	    HEAD "defined-sets: {neighbor-sets: [{name: n, neighbors: "
		 "[192.0.2.2, 192.0.2.1]}]}\n",
	    "neighbor-set n: changed, the same members in another order" },
	{ HEAD "defined-sets: {community-sets: [{name: n, communities: "
	       "['1:1', '1:2']}]}\n",
	    HEAD "defined-sets: {community-sets: [{name: n, communities: "
		 "['1:2', '1:3', '1:4']}]}\n",
	    "community-set n: 2 members added, 1 removed" },
	{ HEAD "policy-definitions: [{name: p, statements: [{actions: {}}, "
	       "{actions: {}}]}]\n",
	    HEAD "policy-definitions: [{name: p, statements: [{actions: {}}, "
		 "{actions: {reject: true}}]}]\n",
	    "policy p: changed in statement 2" },
	{ HEAD "policy-definitions: [{name: p, statements: []}]\n",
	    HEAD "policy-definitions: [{name: p, statements: [{actions: "
		 "{}}]}]\n",
	    "policy p: changed, 0 statements become 1" },
	{ HEAD "policy-definitions: [{name: p, statements: []}]\n", HEAD,
	    "policy p: removed" },
};

START_TEST(everything_else)
{
	bool resets;
	char *text = only(cases[_i].a, cases[_i].b, &resets);

	ck_assert_str_eq(text, cases[_i].says);
	free(text);
}
END_TEST

START_TEST(long_lists_are_cut)
{
	struct conf_changes changes = { NULL, 0, 0 };
	struct conf *a = parse(HEAD), *b = conf_copy(a);
	struct conf_peer p;
	uint32_t i;

	for (i = 0; i < CONF_CHANGES_MAX + 5; i++) {
		conf_peer_init(&p, b);
		p.addr = addr_ipv4(0x0a000000 + i);
		conf_peer_add(b, &p);
		conf_peer_fini(&p);
	}
	conf_diff(a, b, &changes);
	ck_assert_uint_eq(changes.n, CONF_CHANGES_MAX);
	ck_assert_uint_eq(changes.left_out, 5);
	conf_changes_fini(&changes);
	conf_free(a);
	conf_free(b);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("conf_diff");
	TCase *t = tcase_create("diff");
	SRunner *r;
	int failed;

	hash_init();
	tcase_add_loop_test(t, keys_of_a_peer, 0,
	    sizeof(keys) / sizeof(keys[0]));
	tcase_add_loop_test(t, everything_else, 0,
	    sizeof(cases) / sizeof(cases[0]));
	tcase_add_test(t, long_lists_are_cut);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
