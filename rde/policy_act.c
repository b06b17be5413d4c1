/* SPDX-License-Identifier: ISC */
/*
 * What a statement does to the attributes of a route; see policy.h.
 *
 * One pass over the canonical block in ascending order of type: each
 * attribute is copied, changed or left out, and what the statement brings in
 * is written where its type has its place.
 */
#include <endian.h>
#include <string.h>

#include "common/aspath.h"
#include "common/bgp.h"
#include "common/community.h"
#include "rde/attrs.h"
#include "rde/comm_set.h"
#include "rde/policy.h"

enum {
	OPTIONAL = BGP_ATTR_OPTIONAL,
	BOTH = BGP_ATTR_OPTIONAL | BGP_ATTR_TRANSITIVE,
	IPV6_NEXT_HOP = 4 + 16, /* family, length, address */
};

struct act {
	const struct policy_statement *st;
	const struct conf_actions *what;
	const struct policy_route *route;
	struct wr w;
	uint8_t *scratch; /* of POLICY_BUF bytes */
	uint8_t tag;
	unsigned int done; /* types below this have been seen to */
};

static bool
is_deleted(const struct act *x, uint8_t type)
{
	return x->what->deletes &&
	    (x->what->delete_attrs[type / 8] >> (type % 8) & 1);
}

static void
put(struct act *x, uint8_t flags, uint8_t type, const void *value, size_t len)
{
	if (!is_deleted(x, type))
		bgp_attr_put(&x->w, flags, type, value, len);
}

static void
put_u32(struct act *x, uint8_t flags, uint8_t type, uint32_t v)
{
	v = htobe32(v);
	put(x, flags, type, &v, sizeof(v));
}

/* `a` NULL: the route has none. */
static void
med(struct act *x, const struct bgp_attr *a)
{
	uint32_t v = 0;
	uint64_t sum;

	if (a != NULL && !bgp_attr_u32(a, &v))
		v = 0;
	switch ((enum conf_med_op)x->what->med_op) {
	case CONF_MED_KEEP:
		if (a != NULL)
			put(x, a->flags, a->type, a->value, a->len);
		return;
	case CONF_MED_REMOVE:
		return;
	case CONF_MED_SET:
		v = x->what->med;
		break;
	case CONF_MED_ADD:
		sum = (uint64_t)v + x->what->med;
		v = sum > UINT32_MAX ? UINT32_MAX : (uint32_t)sum;
		break;
	case CONF_MED_SUB:
		v = v > x->what->med ? v - x->what->med : 0;
		break;
	}
	x->tag |= ATTRS_MED_FIXED;
	put_u32(x, OPTIONAL, BGP_ATTR_MED, v);
}

static void
local_pref(struct act *x, const struct bgp_attr *a)
{
	uint8_t op = x->what->local_pref_op;

	if (op == CONF_LOCAL_PREF_SET ||
	    (op == CONF_LOCAL_PREF_FILL && a == NULL))
		put_u32(x, BGP_ATTR_TRANSITIVE, BGP_ATTR_LOCAL_PREF,
		    x->what->local_pref);
	else if (a != NULL)
		put(x, a->flags, a->type, a->value, a->len);
}

static void
origin(struct act *x, const struct bgp_attr *a)
{
	put(x, a->flags, a->type,
	    x->what->has_origin ? &x->what->origin : a->value, 1);
}

static void
as_path(struct act *x, const struct bgp_attr *a)
{
	uint32_t asn = x->what->prepend_as;
	size_t len;

	if (x->what->prepend == 0) {
		put(x, a->flags, a->type, a->value, a->len);
		return;
	}
	if (ASPATH_PREPEND_LEN(a->len, x->what->prepend) > POLICY_BUF) {
		x->w.bad = true;
		return;
	}
	if (asn == 0)
		asn = x->route->own_as;
	len =
	    aspath_prepend(x->scratch, a->value, a->len, asn, x->what->prepend);
	put(x, a->flags, a->type, x->scratch, len);
}

/* NEXT_HOP, or MP_REACH as blocks have it: family, length, address. */
static void
next_hop(struct act *x, const struct bgp_attr *a)
{
	const struct addr *to = x->what->next_hop_op == CONF_NEXT_HOP_SELF ?
	    x->route->self :
	    &x->what->next_hop;
	uint8_t mp[IPV6_NEXT_HOP];

	if (x->what->next_hop_op == CONF_NEXT_HOP_KEEP ||
	    to->family !=
		(a->type == BGP_ATTR_NEXT_HOP ? ADDR_IPV4 : ADDR_IPV6)) {
		put(x, a->flags, a->type, a->value, a->len);
		return;
	}
	x->tag |= ATTRS_NEXT_HOP_FIXED;
	if (a->type == BGP_ATTR_NEXT_HOP) {
		put(x, a->flags, a->type, to->bytes, 4);
		return;
	}
	memcpy(mp, a->value, 3);
	mp[3] = 16;
	memcpy(mp + 4, to->bytes, 16);
	put(x, a->flags, a->type, mp, sizeof(mp));
}

/* --- communities */

static bool
is_in(const uint8_t *list, size_t len, const uint8_t *value, size_t unit)
{
	size_t at;

	for (at = 0; at < len; at += unit) {
		if (memcmp(list + at, value, unit) == 0)
			return true;
	}
	return false;
}

/* Append what is not there; returns the new length, 0 if it does not fit
 * (nothing that fits is empty here). */
static size_t
comms_add(struct act *x, const struct conf_comm_edit *edit, size_t len,
    size_t unit)
{
	uint32_t i;

	for (i = 0; i < edit->n; i++) {
		if (is_in(x->scratch, len, edit->list[i].value, unit))
			continue;
		if (len + unit > POLICY_BUF) {
			x->w.bad = true;
			return len;
		}
		memcpy(x->scratch + len, edit->list[i].value, unit);
		len += unit;
	}
	return len;
}

static size_t
comms_remove(struct act *x, const struct comm_set *these, size_t len,
    size_t unit)
{
	size_t at, kept = 0;

	for (at = 0; at < len; at += unit) {
		if (comm_set_has(these, x->scratch + at))
			continue;
		memmove(x->scratch + kept, x->scratch + at, unit);
		kept += unit;
	}
	return kept;
}

static void
comms(struct act *x, enum conf_set_kind kind, uint8_t type,
    const struct bgp_attr *a)
{
	const struct conf_comm_edit *edit;
	size_t len = 0, unit = conf_comm_len(kind);
	uint32_t i;

	if (a != NULL && a->len <= POLICY_BUF) {
		len = a->len - a->len % unit;
		memcpy(x->scratch, a->value, len);
	}
	for (i = 0; i < x->what->n_edits; i++) {
		edit = &x->what->edits[i];
		if (edit->kind != kind)
			continue;
		if (edit->op == CONF_COMM_REMOVE) {
			len = comms_remove(x, x->st->removals[i], len, unit);
			continue;
		}
		if (edit->op == CONF_COMM_REPLACE)
			len = 0;
		len = comms_add(x, edit, len, unit);
	}
	/* An attribute without values is none. */
	if (len > 0)
		put(x, a != NULL ? a->flags : BOTH, type, x->scratch, len);
}

/* --- the pass */

/* Attributes that a statement may bring in, in order of type. */
static void
bring_in(struct act *x, unsigned int type)
{
	switch (type) {
	case BGP_ATTR_MED:
		med(x, NULL);
		break;
	case BGP_ATTR_LOCAL_PREF:
		local_pref(x, NULL);
		break;
	case BGP_ATTR_COMMUNITIES:
		comms(x, CONF_SET_COMMUNITY, (uint8_t)type, NULL);
		break;
	case BGP_ATTR_EXT_COMMUNITIES:
		comms(x, CONF_SET_EXT_COMMUNITY, (uint8_t)type, NULL);
		break;
	case BGP_ATTR_LARGE_COMMUNITIES:
		comms(x, CONF_SET_LARGE_COMMUNITY, (uint8_t)type, NULL);
		break;
	default:
		break;
	}
}

static void
bring_in_below(struct act *x, unsigned int type)
{
	for (; x->done < type && x->done <= BGP_ATTR_LARGE_COMMUNITIES;
	     x->done++)
		bring_in(x, x->done);
	if (x->done < type)
		x->done = type;
}

static void
attr(struct act *x, const struct bgp_attr *a)
{
	switch (a->type) {
	case BGP_ATTR_ORIGIN:
		origin(x, a);
		break;
	case BGP_ATTR_AS_PATH:
		as_path(x, a);
		break;
	case BGP_ATTR_NEXT_HOP:
	case BGP_ATTR_MP_REACH:
		next_hop(x, a);
		break;
	case BGP_ATTR_MED:
		med(x, a);
		break;
	case BGP_ATTR_LOCAL_PREF:
		local_pref(x, a);
		break;
	case BGP_ATTR_COMMUNITIES:
		comms(x, CONF_SET_COMMUNITY, a->type, a);
		break;
	case BGP_ATTR_EXT_COMMUNITIES:
		comms(x, CONF_SET_EXT_COMMUNITY, a->type, a);
		break;
	case BGP_ATTR_LARGE_COMMUNITIES:
		comms(x, CONF_SET_LARGE_COMMUNITY, a->type, a);
		break;
	default:
		put(x, a->flags, a->type, a->value, a->len);
		break;
	}
}

size_t
policy_act(const struct policy_statement *st, const struct policy_route *route,
    const uint8_t *block, size_t len, uint8_t *to, uint8_t *scratch,
    uint8_t *tag)
{
	const uint8_t *p = block, *end = block + len;
	struct act x;
	struct bgp_attr a;

	x.st = st;
	x.what = &st->conf->actions;
	x.route = route;
	x.scratch = scratch;
	x.tag = *tag;
	x.done = 0;
	wr_init(&x.w, to, POLICY_BUF);
	while (attrs_next(&p, end, &a)) {
		bring_in_below(&x, a.type);
		attr(&x, &a);
		x.done = a.type + 1u;
	}
	bring_in_below(&x, UINT8_MAX + 1);
	*tag = x.tag;
	return wr_ok(&x.w) ? wr_len(&x.w) : 0;
}
