/* SPDX-License-Identifier: ISC */
/*
 * Actions of statements against a model that keeps the attributes in an
 * array by type and does one thing after the other.
 */
#include <check.h>
#include <endian.h>
#include <stdlib.h>
#include <string.h>

#include "common/aspath.h"
#include "common/bgp.h"
#include "common/hash.h"
#include "common/xmalloc.h"
#include "rde/attrs.h"
#include "rde/comm_set.h"
#include "rde/policy.h"

enum { OWN_AS = 65000, ROUNDS = 1000, BIG = POLICY_BUF };

static uint64_t seed;

static uint32_t
rnd(uint32_t n)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)((seed >> 33) % n);
}

struct model {
	struct {
		bool has;
		uint8_t flags;
		size_t len;
		uint8_t value[BIG];
	} of[256];
	uint8_t tag;
};
static struct model before, after;
static uint8_t block[POLICY_BUF], to[POLICY_BUF], scratch[POLICY_BUF];
static struct addr self;

static void
put(struct model *m, uint8_t type, uint8_t flags, const void *v, size_t len)
{
	m->of[type].has = true;
	m->of[type].flags = flags;
	m->of[type].len = len;
	if (len > 0)
		memcpy(m->of[type].value, v, len);
}

static void
put_u32(struct model *m, uint8_t type, uint8_t flags, uint32_t v)
{
	v = htobe32(v);
	put(m, type, flags, &v, 4);
}

static void
clear(struct model *m)
{
	int type;

	for (type = 0; type < 256; type++) {
		m->of[type].has = false;
		m->of[type].len = 0;
	}
	m->tag = 0;
}

static void
copy(struct model *m, const struct model *from)
{
	int type;

	clear(m);
	for (type = 0; type < 256; type++) {
		if (from->of[type].has)
			put(m, (uint8_t)type, from->of[type].flags,
			    from->of[type].value, from->of[type].len);
	}
}

static size_t
write_block(const struct model *m, uint8_t *p, size_t size)
{
	struct wr w;
	int type;

	wr_init(&w, p, size);
	for (type = 0; type < 256; type++) {
		if (m->of[type].has)
			bgp_attr_put(&w, m->of[type].flags, (uint8_t)type,
			    m->of[type].value, m->of[type].len);
	}
	return wr_ok(&w) ? wr_len(&w) : 0;
}

static const uint8_t comm_types[] = { BGP_ATTR_COMMUNITIES,
	BGP_ATTR_EXT_COMMUNITIES, BGP_ATTR_LARGE_COMMUNITIES };

static void
random_comm(uint8_t *v, unsigned int unit)
{
	memset(v, 0, unit);
	v[0] = (uint8_t)rnd(2);
	v[unit - 1] = (uint8_t)rnd(4);
}

static void
random_block(struct model *m, bool ipv6)
{
	uint8_t v[BIG], origin = (uint8_t)rnd(3);
	unsigned int i, k, n, unit;
	struct wr w;

	clear(m);
	put(m, BGP_ATTR_ORIGIN, BGP_ATTR_TRANSITIVE, &origin, 1);
	wr_init(&w, v, sizeof(v));
	for (i = rnd(3); i > 0; i--) {
		n = rnd(20) == 0 ? 255 : 1 + rnd(4);
		wr_n8(&w, rnd(3) ? BGP_SEGMENT_SEQUENCE : BGP_SEGMENT_SET);
		wr_n8(&w, (uint8_t)n);
		for (k = 0; k < n; k++)
			wr_n32(&w, 1 + rnd(9));
	}
	put(m, BGP_ATTR_AS_PATH, BGP_ATTR_TRANSITIVE, v, wr_len(&w));
	wr_init(&w, v, sizeof(v));
	if (ipv6) {
		n = rnd(2) ? 16 : 32;
		wr_n16(&w, 2);
		wr_n8(&w, 1);
		wr_n8(&w, (uint8_t)n);
		memset(w.p, 0x20, n);
		put(m, BGP_ATTR_MP_REACH, BGP_ATTR_OPTIONAL, v, 4 + n);
	} else {
		wr_n32(&w, 0xc0000200u + rnd(9));
		put(m, BGP_ATTR_NEXT_HOP, BGP_ATTR_TRANSITIVE, v, 4);
	}
	if (rnd(2))
		put_u32(m, BGP_ATTR_MED, BGP_ATTR_OPTIONAL,
		    rnd(2) ? rnd(9) : UINT32_MAX - rnd(9));
	if (rnd(2))
		put_u32(m, BGP_ATTR_LOCAL_PREF, BGP_ATTR_TRANSITIVE, rnd(9));
	if (rnd(3) == 0)
		put(m, BGP_ATTR_ATOMIC_AGGREGATE, BGP_ATTR_TRANSITIVE, v, 0);
	for (i = 0; i < 3; i++) {
		unit = conf_comm_len(
		    (enum conf_set_kind)(CONF_SET_COMMUNITY + i));
		n = rnd(2) ? 0 : rnd(15) == 0 ? 300 : rnd(6);
		for (k = 0; k < n; k++)
			random_comm(v + k * unit, unit);
		if (n > 0)
			put(m, comm_types[i],
			    BGP_ATTR_OPTIONAL | BGP_ATTR_TRANSITIVE |
				(rnd(2) ? BGP_ATTR_PARTIAL : 0),
			    v, n * unit);
	}
	for (i = rnd(3); i > 0; i--)
		put(m, (uint8_t)(200 + rnd(56)),
		    BGP_ATTR_OPTIONAL | BGP_ATTR_TRANSITIVE, v, rnd(300));
}

static void
random_actions(struct conf_actions *a)
{
	struct conf_comm list[6];
	enum conf_set_kind kind;
	uint32_t i, k, n;

	a->local_pref_op = (uint8_t)rnd(3);
	a->local_pref = rnd(9);
	a->med_op = (uint8_t)rnd(5);
	a->med = rnd(2) ? rnd(12) : UINT32_MAX - rnd(3);
	a->next_hop_op = (uint8_t)rnd(3);
	if (rnd(2)) {
		a->next_hop = addr_ipv4(0xcb007101);
	} else {
		a->next_hop.family = ADDR_IPV6;
		memset(a->next_hop.bytes, 0x26, 16);
	}
	a->has_origin = rnd(2);
	a->origin = (uint8_t)rnd(3);
	a->prepend = rnd(3) == 0 ? (uint8_t)rnd(CONF_PREPEND_MAX + 1) : 0;
	a->prepend_as = rnd(2) ? 0 : 4200000000u;
	for (n = rnd(5); n > 0; n--) {
		kind = (enum conf_set_kind)(CONF_SET_COMMUNITY + rnd(3));
		k = rnd(6);
		for (i = 0; i < k; i++) {
			memset(&list[i], 0, sizeof(list[i]));
			random_comm(list[i].value, conf_comm_len(kind));
			memset(list[i].mask, 0xff, conf_comm_len(kind));
		}
		i = rnd(3);
		if (i == CONF_COMM_REMOVE && k > 0 && rnd(2)) {
			list[0].mask[0] = 0;
			list[0].value[0] = 0;
		}
		conf_actions_add_edit(a, kind, (enum conf_comm_op)i, list, k);
	}
	a->deletes = rnd(4) == 0;
	for (n = 0; a->deletes && n < 40; n++) {
		i = rnd(256);
		if (conf_attr_is_deletable((uint8_t)i))
			a->delete_attrs[i / 8] |= (uint8_t)(1 << i % 8);
	}
}

/* --- the same, slowly */

static void
model_edit(struct model *m, const struct conf_comm_edit *e)
{
	uint8_t type = comm_types[e->kind - CONF_SET_COMMUNITY], *v, *c;
	unsigned int unit = conf_comm_len((enum conf_set_kind)e->kind), b;
	size_t at, *len = &m->of[type].len;
	uint32_t i;

	if (!m->of[type].has)
		put(m, type, BGP_ATTR_OPTIONAL | BGP_ATTR_TRANSITIVE, NULL, 0);
	v = m->of[type].value;
	if (e->op == CONF_COMM_REPLACE)
		*len = 0;
	for (i = 0; i < e->n; i++) {
		for (at = 0; at < *len;) {
			c = v + at;
			for (b = 0; b < unit; b++) {
				if ((c[b] & e->list[i].mask[b]) !=
				    e->list[i].value[b])
					break;
			}
			if (b == unit && e->op == CONF_COMM_REMOVE) {
				memmove(c, c + unit, *len - at - unit);
				*len -= unit;
				continue;
			}
			if (b == unit)
				break;
			at += unit;
		}
		if (e->op != CONF_COMM_REMOVE && at == *len) {
			memcpy(v + *len, e->list[i].value, unit);
			*len += unit;
		}
	}
}

static void
model_act(struct model *m, const struct conf_actions *a)
{
	uint32_t v = 0, i, as = a->prepend_as == 0 ? OWN_AS : a->prepend_as;
	uint8_t path[BIG];
	const struct addr *hop;
	size_t n;

	if (m->of[BGP_ATTR_MED].has)
		memcpy(&v, m->of[BGP_ATTR_MED].value, 4);
	v = be32toh(v);
	if (a->local_pref_op == CONF_LOCAL_PREF_SET ||
	    (a->local_pref_op == CONF_LOCAL_PREF_FILL &&
		!m->of[BGP_ATTR_LOCAL_PREF].has))
		put_u32(m, BGP_ATTR_LOCAL_PREF, BGP_ATTR_TRANSITIVE,
		    a->local_pref);
	if (a->med_op == CONF_MED_REMOVE)
		m->of[BGP_ATTR_MED].has = false;
	if (a->med_op == CONF_MED_SET)
		v = a->med;
	if (a->med_op == CONF_MED_ADD)
		v = UINT32_MAX - v < a->med ? UINT32_MAX : v + a->med;
	if (a->med_op == CONF_MED_SUB)
		v = v < a->med ? 0 : v - a->med;
	if (a->med_op != CONF_MED_KEEP && a->med_op != CONF_MED_REMOVE) {
		put_u32(m, BGP_ATTR_MED, BGP_ATTR_OPTIONAL, v);
		m->tag |= ATTRS_MED_FIXED;
	}
	hop = a->next_hop_op == CONF_NEXT_HOP_SELF ? &self : &a->next_hop;
	if (a->next_hop_op != CONF_NEXT_HOP_KEEP &&
	    hop->family == ADDR_IPV4 && m->of[BGP_ATTR_NEXT_HOP].has) {
		memcpy(m->of[BGP_ATTR_NEXT_HOP].value, hop->bytes, 4);
		m->tag |= ATTRS_NEXT_HOP_FIXED;
	}
	if (a->next_hop_op != CONF_NEXT_HOP_KEEP &&
	    hop->family == ADDR_IPV6 && m->of[BGP_ATTR_MP_REACH].has) {
		m->of[BGP_ATTR_MP_REACH].value[3] = 16;
		memcpy(m->of[BGP_ATTR_MP_REACH].value + 4, hop->bytes, 16);
		m->of[BGP_ATTR_MP_REACH].len = 20;
		m->tag |= ATTRS_NEXT_HOP_FIXED;
	}
	if (a->has_origin)
		m->of[BGP_ATTR_ORIGIN].value[0] = a->origin;
	for (i = 0; i < a->prepend; i++) {
		n = aspath_prepend(path, m->of[BGP_ATTR_AS_PATH].value,
		    m->of[BGP_ATTR_AS_PATH].len, as, 1);
		put(m, BGP_ATTR_AS_PATH, BGP_ATTR_TRANSITIVE, path, n);
	}
	for (i = 0; i < a->n_edits; i++)
		model_edit(m, &a->edits[i]);
	for (i = 0; i < 3; i++) {
		if (m->of[comm_types[i]].len == 0)
			m->of[comm_types[i]].has = false;
	}
	for (i = 0; a->deletes && i < 256; i++) {
		if (a->delete_attrs[i / 8] >> (i % 8) & 1)
			m->of[i].has = false;
	}
}

static struct comm_set **
removals(const struct conf_actions *a)
{
	struct comm_set **list = xcalloc(a->n_edits + 1, sizeof(*list));
	uint32_t i, k;

	for (i = 0; i < a->n_edits; i++) {
		if (a->edits[i].op != CONF_COMM_REMOVE)
			continue;
		list[i] = comm_set_new((enum conf_set_kind)a->edits[i].kind);
		for (k = 0; k < a->edits[i].n; k++)
			comm_set_add(list[i], &a->edits[i].list[k]);
	}
	return list;
}

START_TEST(random_statements)
{
	static uint8_t want[BIG];
	struct policy_statement st;
	struct conf_statement conf;
	struct policy_route route;
	uint8_t tag;
	size_t len, n, got;
	uint32_t i;
	int round;

	seed = (uint64_t)_i + 1;
	memset(&route, 0, sizeof(route));
	route.own_as = OWN_AS;
	route.self = &self;
	for (round = 0; round < ROUNDS; round++) {
		memset(&conf, 0, sizeof(conf));
		memset(&st, 0, sizeof(st));
		random_block(&before, rnd(2));
		self = addr_ipv4(0xc6336401);
		if (rnd(2)) {
			self.family = ADDR_IPV6;
			memset(self.bytes, 0x2a, 16);
		}
		len = write_block(&before, block, sizeof(block));
		ck_assert_uint_gt(len, 0);
		random_actions(&conf.actions);
		st.conf = &conf;
		st.removals = removals(&conf.actions);
		copy(&after, &before);
		model_act(&after, &conf.actions);
		tag = 0;
		got = policy_act(&st, &route, block, len, to, scratch, &tag);
		n = write_block(&after, want, POLICY_BUF);
		ck_assert_uint_eq(got, n);
		ck_assert(memcmp(to, want, n) == 0);
		if (n > 0)
			ck_assert_int_eq(tag, after.tag);
		for (i = 0; i < conf.actions.n_edits; i++)
			comm_set_free(st.removals[i]);
		free(st.removals);
		conf_statement_fini(&conf);
	}
}
END_TEST

/* What does not fit is no result. */
START_TEST(too_long)
{
	struct policy_statement st;
	struct conf_statement conf;
	struct policy_route route;
	struct conf_comm c;
	struct comm_set *none[2] = { NULL, NULL };
	uint8_t v[POLICY_BUF - 100], tag = 0;
	size_t len;

	memset(&conf, 0, sizeof(conf));
	memset(&st, 0, sizeof(st));
	memset(&route, 0, sizeof(route));
	seed = 1;
	random_block(&before, false);
	memset(v, 1, sizeof(v));
	for (int type = 4; type < 256; type++)
		before.of[type].has = false;
	before.of[BGP_ATTR_AS_PATH].len = 0;
	put(&before, 200, BGP_ATTR_OPTIONAL, v, sizeof(v));
	len = write_block(&before, block, sizeof(block));
	ck_assert_uint_gt(len, 0);
	st.conf = &conf;
	st.removals = none;
	route.own_as = OWN_AS;
	route.self = &self;
	conf.actions.prepend = 10;
	ck_assert_uint_eq(policy_act(&st, &route, block, len, to, scratch,
			      &tag),
	    len + 42);
	conf.actions.prepend = 100;
	ck_assert_uint_eq(policy_act(&st, &route, block, len, to, scratch,
			      &tag),
	    0);
	conf.actions.prepend = 0;
	memset(&c, 0, sizeof(c));
	memset(c.mask, 0xff, 12);
	conf_actions_add_edit(&conf.actions, CONF_SET_LARGE_COMMUNITY,
	    CONF_COMM_ADD, &c, 1);
	ck_assert_uint_eq(policy_act(&st, &route, block, len, to, scratch,
			      &tag),
	    len + 15);
	conf_statement_fini(&conf);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("policy_act");
	TCase *t = tcase_create("all");
	SRunner *sr;
	int failed;

	hash_init();
	tcase_set_timeout(t, 240);
	tcase_add_loop_test(t, random_statements, 0, 12);
	tcase_add_test(t, too_long);
	suite_add_tcase(s, t);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? 0 : 1;
}
