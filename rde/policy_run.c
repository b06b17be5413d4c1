/* SPDX-License-Identifier: ISC */
/*
 * Running a program; see policy.h.  The first statement whose conditions all
 * hold decides, unless it says to go on.
 */
#include <endian.h>
#include <stdlib.h>
#include <string.h>

#include "common/aspath.h"
#include "common/bgp.h"
#include "rde/as_path_set.h"
#include "rde/comm_set.h"
#include "rde/policy.h"
#include "rde/prefix_set.h"
#include "rde/attrs.h"

/* --- the attributes of the block */

static void
parse(struct policy_run *run)
{
	const uint8_t *p = run->block, *end = run->block + run->len;
	struct bgp_attr a;

	memset(&run->as_path, 0, sizeof(run->as_path));
	memset(&run->next_hop, 0, sizeof(run->next_hop));
	memset(run->comms, 0, sizeof(run->comms));
	run->origin = BGP_ORIGIN_INCOMPLETE;
	run->has_med = run->has_local_pref = false;
	run->local_pref_value = BGP_DEFAULT_LOCAL_PREF;
	while (attrs_next(&p, end, &a)) {
		switch (a.type) {
		case BGP_ATTR_ORIGIN:
			run->origin = a.value[0];
			break;
		case BGP_ATTR_AS_PATH:
			run->as_path = a;
			break;
		case BGP_ATTR_NEXT_HOP:
		case BGP_ATTR_MP_REACH:
			run->next_hop = a;
			break;
		case BGP_ATTR_MED:
			run->has_med = bgp_attr_u32(&a, &run->med_value);
			break;
		case BGP_ATTR_LOCAL_PREF:
			run->has_local_pref =
			    bgp_attr_u32(&a, &run->local_pref_value);
			break;
		case BGP_ATTR_COMMUNITIES:
			run->comms[0] = a;
			break;
		case BGP_ATTR_EXT_COMMUNITIES:
			run->comms[1] = a;
			break;
		case BGP_ATTR_LARGE_COMMUNITIES:
			run->comms[2] = a;
			break;
		default:
			break;
		}
	}
	run->parsed = true;
}

/* --- conditions */

static bool
numbers_hold(const struct conf_numbers *n, uint32_t v)
{
	return !n->given || (v >= n->min && v <= n->max);
}

static bool
next_hop_within(const struct policy_run *run, const struct nlri *within)
{
	struct addr nh;
	struct nlri host;

	if (run->next_hop.value == NULL ||
	    !bgp_attr_next_hop(&run->next_hop, &nh, NULL))
		return false;
	memset(&host, 0, sizeof(host));
	host.family =
	    nh.family == ADDR_IPV4 ? FAMILY_IPV4_UNICAST : FAMILY_IPV6_UNICAST;
	host.bits = (uint8_t)family_max_bits((enum family)host.family);
	memcpy(host.key, nh.bytes, sizeof(host.key));
	return nlri_covers(within, &host);
}

static int
addr_order(const void *a, const void *b)
{
	return addr_cmp(a, b);
}

static bool
neighbor_set_holds(const struct policy_set *set, uint8_t option,
    const struct policy_route *r)
{
	uint32_t i, n = set->conf->n;
	bool in;

	if (r->kind == ROUTE_LOCAL)
		return false;
	if (option == CONF_MATCH_ALL) {
		for (i = 0; i < n; i++) {
			if (!addr_equal(&set->neighbors[i], r->neighbor))
				return false;
		}
		return true;
	}
	in = n > 0 &&
	    bsearch(r->neighbor, set->neighbors, n, sizeof(*set->neighbors),
		addr_order) != NULL;
	return in == (option != CONF_MATCH_INVERT);
}

static bool
prefix_set_holds(const struct policy_set *set, uint8_t option,
    const struct policy_route *r)
{
	if (option == CONF_MATCH_ALL)
		return prefix_set_all(set->prefixes, r->family, r->key);
	return prefix_set_any(set->prefixes, r->family, r->key) ==
	    (option != CONF_MATCH_INVERT);
}

static bool
as_path_set_holds(const struct policy_set *set, uint8_t option,
    const struct bgp_attr *path)
{
	if (option == CONF_MATCH_ALL)
		return as_path_set_all(set->paths, path->value, path->len);
	return as_path_set_any(set->paths, path->value, path->len) ==
	    (option != CONF_MATCH_INVERT);
}

static bool
comm_set_holds(const struct policy_set *set, uint8_t option,
    const struct bgp_attr *a)
{
	if (option == CONF_MATCH_ALL)
		return comm_set_has_all(set->comms, a->value, a->len);
	return comm_set_has_any(set->comms, a->value, a->len) ==
	    (option != CONF_MATCH_INVERT);
}

/* What does not need the attributes comes first. */
static bool
route_holds(const struct policy_statement *st, const struct policy_route *r)
{
	const struct conf_conditions *c = &st->conf->conditions;
	struct prefix_key key;
	uint8_t type = r->kind == ROUTE_EBGP ? CONF_ROUTE_EBGP :
	    r->kind == ROUTE_IBGP            ? CONF_ROUTE_IBGP :
					       CONF_ROUTE_LOCAL;

	if (c->families != 0 && (c->families & FAMILY_BIT(r->family)) == 0)
		return false;
	if (c->route_types != 0 && (c->route_types & type) == 0)
		return false;
	if (c->neighbor.family != ADDR_NONE &&
	    (r->kind == ROUTE_LOCAL || !addr_equal(&c->neighbor, r->neighbor)))
		return false;
	if (c->has_prefix) {
		prefix_key_from_nlri(&key, &c->prefix);
		if (c->prefix.family != r->family ||
		    prefix_key_cmp(&key, r->key) != 0)
			return false;
	}
	if (st->sets[CONF_SET_NEIGHBOR] != NULL &&
	    !neighbor_set_holds(st->sets[CONF_SET_NEIGHBOR],
		c->match[CONF_SET_NEIGHBOR].option, r))
		return false;
	return st->sets[CONF_SET_PREFIX] == NULL ||
	    prefix_set_holds(st->sets[CONF_SET_PREFIX],
		c->match[CONF_SET_PREFIX].option, r);
}

static bool
attrs_hold(struct policy_run *run, const struct policy_statement *st)
{
	const struct conf_conditions *c = &st->conf->conditions;
	int i, kind;

	if (c->origins != 0 && (c->origins >> run->origin & 1) == 0)
		return false;
	if (c->med.given &&
	    (!run->has_med || !numbers_hold(&c->med, run->med_value)))
		return false;
	if (!numbers_hold(&c->local_pref, run->local_pref_value))
		return false;
	if (c->as_path_len.given &&
	    !numbers_hold(&c->as_path_len,
		aspath_len(run->as_path.value, run->as_path.len)))
		return false;
	if (c->has_next_hop && !next_hop_within(run, &c->next_hop))
		return false;
	if (c->has_asn &&
	    !aspath_contains(run->as_path.value, run->as_path.len, c->asn))
		return false;
	if (st->community != NULL &&
	    !comm_set_has_any(st->community, run->comms[0].value,
		run->comms[0].len))
		return false;
	for (i = 0; i < 3; i++) {
		kind = CONF_SET_COMMUNITY + i;
		if (st->sets[kind] != NULL &&
		    !comm_set_holds(st->sets[kind], c->match[kind].option,
			&run->comms[i]))
			return false;
	}
	return st->sets[CONF_SET_AS_PATH] == NULL ||
	    as_path_set_holds(st->sets[CONF_SET_AS_PATH],
		c->match[CONF_SET_AS_PATH].option, &run->as_path);
}

/* --- statements */

static void
act(struct policy_run *run, const struct policy_statement *st,
    const struct policy_route *r)
{
	uint8_t *to = run->block == run->buf[0] ? run->buf[1] : run->buf[0];
	size_t len;

	len = policy_act(st, r, run->block, run->len, to, run->scratch,
	    &run->tag);
	if (len == 0) {
		run->accepted = false;
		run->too_long = true;
		return;
	}
	run->block = to;
	run->len = len;
	run->parsed = false;
}

void
policy_run_finish(struct policy_run *run, const struct policy_route *r)
{
	const struct policy_statement *st = run->pending;

	run->pending = NULL;
	if (st != NULL)
		act(run, st, r);
}

void
policy_prefetch(const struct policy_program *prog, enum family family,
    const struct prefix_key *key)
{
	const struct policy_set *set;

	if (!prog->looks_at_prefix || prog->n == 0 || prog->policies[0]->n == 0)
		return;
	set = prog->policies[0]->statements[0].sets[CONF_SET_PREFIX];
	if (set != NULL)
		prefix_set_prefetch(set->prefixes, family, key);
}

void
policy_run(struct policy_run *run, const struct policy_program *prog,
    const struct policy_route *r, const uint8_t *block, size_t len)
{
	struct policy_statement *st;
	const struct policy *p;
	uint8_t says;
	uint32_t i, j;

	run->too_long = false;
	run->decided = NULL;
	run->block = block;
	run->len = len;
	run->tag = 0;
	run->pending = NULL;
	run->n_held = 0;
	run->parsed = false;
	for (i = 0; i < prog->n; i++) {
		p = prog->policies[i];
		for (j = 0; j < p->n; j++) {
			st = &p->statements[j];
			if (!route_holds(st, r))
				continue;
			if (!run->parsed)
				parse(run);
			if (!attrs_hold(run, st))
				continue;
			if (run->trace != NULL)
				run->trace(run->trace_ctx, p, j);
			else
				st->hits++;
			says = st->conf->actions.says;
			run->n_held++;
			run->decided = st;
			run->accepted = (says & CONF_SAYS_REJECT) == 0;
			if (run->accepted && st->acts)
				run->pending = st;
			if ((says & CONF_SAYS_CONTINUE) == 0)
				return;
			policy_run_finish(run, r);
			if (run->too_long)
				return;
		}
	}
	run->decided = NULL;
	run->accepted = prog->accept;
}
