/* SPDX-License-Identifier: ISC */
/*
 * Routes as neighbours get them; see export.h.
 *
 * One encoder serves the wire and the listings: it walks the canonical
 * block once and writes each attribute as the rules say.  Attributes are
 * written in ascending order of type.
 */
#include "rde/export.h"

#include <endian.h>
#include <string.h>

#include "common/aspath.h"
#include "common/bgp.h"
#include "common/community.h"

enum form {
	FORM_WIRE,
	FORM_BLOCK,
};

enum {
	AGGREGATOR2_LEN = 6,
	AGGREGATOR4_LEN = 8,
	EXT_NON_TRANSITIVE = 0x40, /* RFC 4360 2 */
	/* What encoding may add to a block: a segment with our number,
	 * LOCAL_PREF, NEXT_HOP, heads that become longer. */
	GROWTH_MAX = 64,
	UPDATE_FIXED = BGP_HEADER_LEN + 4,
	NLRI_IPV4_MAX = 5,
	NLRI_IPV6_MAX = 17,
	MP_REACH_FIXED = 4 + 5, /* head; family, next hop length, reserved */
};

struct out {
	const struct export_rule *rule;
	enum route_kind kind;
	uint8_t tag; /* of the set */
	enum form form;
	uint8_t *p;
	bool local_pref_done;
	/* For 2-octet peers; written before what comes behind type 18. */
	const uint8_t *as4_path;
	size_t as4_path_len;
	uint8_t as4_aggregator[AGGREGATOR4_LEN];
	bool has_as4_aggregator;
	uint8_t path[ASPATH_PREPEND_LEN(BGP_ATTR_BLOCK_MAX, 1)];
	uint8_t as4[ASPATH_PREPEND_LEN(BGP_ATTR_BLOCK_MAX, 1)];
};

static void
put(struct out *o, uint8_t flags, uint8_t type, const uint8_t *value,
    size_t len)
{
	o->p += bgp_attr_head(o->p, flags, type, len);
	memcpy(o->p, value, len);
	o->p += len;
}

/* Most of what is copied here is shorter than a call of memcpy is worth. */
static inline uint8_t *
copy(uint8_t *to, const uint8_t *from, size_t len)
{
	uint64_t first, last;
	uint32_t first4, last4;

	if (len >= 8 && len <= 16) {
		memcpy(&first, from, 8);
		memcpy(&last, from + len - 8, 8);
		memcpy(to, &first, 8);
		memcpy(to + len - 8, &last, 8);
	} else if (len >= 4 && len < 8) {
		memcpy(&first4, from, 4);
		memcpy(&last4, from + len - 4, 4);
		memcpy(to, &first4, 4);
		memcpy(to + len - 4, &last4, 4);
	} else {
		memcpy(to, from, len);
	}
	return to + len;
}

/* An attribute as it stands in the block, which is in canonical form. */
static inline void
put_as_is(struct out *o, const struct bgp_attr *a)
{
	size_t len = bgp_attr_size(a->len);

	o->p = copy(o->p, a->value + a->len - len, len);
}

static bool
families_match(const struct export_rule *rule)
{
	return rule->local.family ==
	    (rule->family == FAMILY_IPV4_UNICAST ? ADDR_IPV4 : ADDR_IPV6);
}

bool
export_admits(const struct export_rule *rule, const struct attrs *a,
    enum route_kind kind)
{
	/* RFC 1997 */
	if (a->flags & BGP_HOT_NO_ADVERTISE)
		return false;
	if (rule->ebgp)
		return (a->flags &
			   (BGP_HOT_NO_EXPORT | BGP_HOT_NO_EXPORT_SUBCONFED)) ==
		    0;
	return kind != ROUTE_IBGP; /* RFC 4271 9.2 */
}

enum export_verdict
export_fits(const struct export_rule *rule, const struct attrs *a,
    enum route_kind kind)
{
	uint8_t buf[EXPORT_MAX];
	size_t bound = a->len + (size_t)GROWTH_MAX, room;

	if ((a->flags & BGP_HOT_NH_UNSPECIFIED) && !families_match(rule))
		return EXPORT_NO_NEXT_HOP;

	room = rule->message_max - UPDATE_FIXED;
	if (rule->family == FAMILY_IPV4_UNICAST)
		room -= NLRI_IPV4_MAX;
	else
		room -= MP_REACH_FIXED + 16 + NLRI_IPV6_MAX;
	if (!rule->as4)
		bound += a->len / 2u; /* a path in both widths */
	if (bound <= room)
		return EXPORT_YES;
	return export_attrs(rule, a, kind, buf) <= room ? EXPORT_YES :
							  EXPORT_TOO_LONG;
}

enum export_verdict
export_check(const struct export_rule *rule, const struct attrs *a,
    enum route_kind kind)
{
	return export_admits(rule, a, kind) ? export_fits(rule, a, kind) :
					      EXPORT_NO;
}

size_t
export_next_hop(const struct export_rule *rule, const struct attrs *a,
    uint8_t to[32])
{
	size_t len = rule->family == FAMILY_IPV4_UNICAST ? 4 : 16;
	struct bgp_attr attr;

	/* RFC 4271 5.1.3: self towards eBGP, and where we put it there; not
	 * where policy says otherwise. */
	if ((rule->ebgp || (a->flags & BGP_HOT_NH_UNSPECIFIED)) &&
	    (a->tag & ATTRS_NEXT_HOP_FIXED) == 0 && families_match(rule)) {
		memcpy(to, rule->local.bytes, len);
		return len;
	}
	if (rule->family == FAMILY_IPV4_UNICAST) {
		if (!bgp_attr_find(a->wire, a->len, BGP_ATTR_NEXT_HOP, &attr) ||
		    attr.len != len)
			return 0;
		memcpy(to, attr.value, len);
		return len;
	}
	/* The global address alone (RFC 2545 3). */
	if (!bgp_attr_find(a->wire, a->len, BGP_ATTR_MP_REACH, &attr) ||
	    attr.len < 4 + len)
		return 0;
	memcpy(to, attr.value + 4, len);
	return len;
}

/* RFC 4271 5.1.2; RFC 6793 4.2.2 */
static void
put_as_path(struct out *o, const struct bgp_attr *a)
{
	const uint8_t *path = a->value;
	uint8_t *head;
	size_t len, path_len = a->len;
	bool lossy;

	if ((o->rule->as4 || o->form == FORM_BLOCK) && o->rule->ebgp &&
	    ASPATH_PREPEND_LEN(path_len, 1) <= UINT8_MAX) {
		/* The head has its short form: no copy on the way. */
		len = aspath_prepend(o->p + 3, path, path_len,
		    o->rule->local_as, 1);
		o->p += bgp_attr_head(o->p, a->flags, a->type, len) + len;
		return;
	}
	if (o->rule->ebgp) {
		path_len = aspath_prepend(o->path, a->value, a->len,
		    o->rule->local_as, 1);
		path = o->path;
	}
	if (o->rule->as4 || o->form == FORM_BLOCK) {
		put(o, a->flags, a->type, path, path_len);
		return;
	}
	/* Encoded behind the longest head, then moved up to the real one. */
	head = o->p;
	len = aspath_to_as2(head + 4, path, path_len, &lossy);
	o->p += bgp_attr_head(head, a->flags, a->type, len);
	memmove(o->p, head + 4, len);
	o->p += len;
	if (!lossy)
		return;
	o->as4_path_len = aspath_to_as4(o->as4, path, path_len);
	o->as4_path = o->as4;
}

static void
put_aggregator(struct out *o, const struct bgp_attr *a)
{
	uint8_t v[AGGREGATOR2_LEN];
	uint32_t asn;

	if (o->rule->as4 || o->form == FORM_BLOCK ||
	    a->len != AGGREGATOR4_LEN) {
		put_as_is(o, a);
		return;
	}
	memcpy(&asn, a->value, sizeof(asn));
	asn = be32toh(asn);
	if (asn > UINT16_MAX) {
		memcpy(o->as4_aggregator, a->value, AGGREGATOR4_LEN);
		o->has_as4_aggregator = true;
		asn = BGP_AS_TRANS;
	}
	v[0] = (uint8_t)(asn >> 8);
	v[1] = (uint8_t)asn;
	memcpy(v + 2, a->value + 4, 4);
	put(o, a->flags, a->type, v, sizeof(v));
}

/* Extended communities that may cross to another AS (RFC 4360 6). */
static void
put_ext_communities(struct out *o, const struct bgp_attr *a, size_t unit)
{
	uint8_t *start = o->p, *to = o->p + 4;
	size_t at, len;

	if (!o->rule->ebgp) {
		put_as_is(o, a);
		return;
	}
	for (at = 0; at + unit <= a->len; at += unit) {
		if (a->value[at] & EXT_NON_TRANSITIVE)
			continue;
		memcpy(to, a->value + at, unit);
		to += unit;
	}
	len = (size_t)(to - (start + 4));
	if (len == 0)
		return;
	o->p += bgp_attr_head(start, a->flags, a->type, len);
	memmove(o->p, start + 4, len);
	o->p += len;
}

static void
put_local_pref(struct out *o, uint32_t value)
{
	uint32_t v = htobe32(value);

	o->local_pref_done = true;
	if (!o->rule->ebgp)
		put(o, BGP_ATTR_TRANSITIVE, BGP_ATTR_LOCAL_PREF,
		    (const uint8_t *)&v, sizeof(v));
}

static void
put_as4(struct out *o)
{
	uint8_t flags = BGP_ATTR_OPTIONAL | BGP_ATTR_TRANSITIVE;

	if (o->as4_path != NULL)
		put(o, flags, BGP_ATTR_AS4_PATH, o->as4_path, o->as4_path_len);
	if (o->has_as4_aggregator)
		put(o, flags, BGP_ATTR_AS4_AGGREGATOR, o->as4_aggregator,
		    AGGREGATOR4_LEN);
	o->as4_path = NULL;
	o->has_as4_aggregator = false;
}

/* What we carry without acting on it (RFC 4271 5, 9). */
static void
put_other(struct out *o, const struct bgp_attr *a)
{
	if ((a->flags & BGP_ATTR_TRANSITIVE) == 0)
		return;
	put(o, a->flags | BGP_ATTR_PARTIAL, a->type, a->value, a->len);
}

static void
put_attr(struct out *o, const struct bgp_attr *a)
{
	switch (a->type) {
	case BGP_ATTR_AS_PATH:
		put_as_path(o, a);
		break;
	case BGP_ATTR_MED:
		/* RFC 4271 5.1.4: not from one AS through to the next */
		if (!o->rule->ebgp || o->kind != ROUTE_EBGP ||
		    (o->tag & ATTRS_MED_FIXED))
			put_as_is(o, a);
		break;
	case BGP_ATTR_AGGREGATOR:
		put_aggregator(o, a);
		break;
	case BGP_ATTR_ORIGINATOR_ID:
	case BGP_ATTR_CLUSTER_LIST:
		/* RFC 4456 8: never outside the AS */
		if (!o->rule->ebgp)
			put_as_is(o, a);
		break;
	case BGP_ATTR_EXT_COMMUNITIES:
		put_ext_communities(o, a, COMMUNITY_EXT_LEN);
		break;
	case BGP_ATTR_IPV6_EXT_COMMUNITIES:
		put_ext_communities(o, a, COMMUNITY_IPV6_EXT_LEN);
		break;
	case BGP_ATTR_ORIGIN:
	case BGP_ATTR_ATOMIC_AGGREGATE:
	case BGP_ATTR_COMMUNITIES:
	case BGP_ATTR_LARGE_COMMUNITIES:
		put_as_is(o, a);
		break;
	default:
		put_other(o, a);
		break;
	}
}

/* The next hop where it is an attribute of its own. */
static void
put_next_hop(struct out *o, const struct attrs *a, uint8_t type)
{
	uint8_t nh[4 + 32];
	size_t len;

	len = export_next_hop(o->rule, a, nh + 4);
	if (len == 0)
		return;
	if (type == BGP_ATTR_NEXT_HOP) {
		put(o, BGP_ATTR_TRANSITIVE, type, nh + 4, len);
	} else if (o->form == FORM_BLOCK) {
		nh[0] = (uint8_t)(family_afi(o->rule->family) >> 8);
		nh[1] = (uint8_t)family_afi(o->rule->family);
		nh[2] = family_safi(o->rule->family);
		nh[3] = (uint8_t)len;
		put(o, BGP_ATTR_OPTIONAL, type, nh, 4 + len);
	}
}

static size_t
encode(const struct export_rule *rule, const struct attrs *a,
    enum route_kind kind, enum form form, uint8_t *to)
{
	struct out o;
	const uint8_t *p = a->wire;
	struct bgp_attr attr;

	o.rule = rule;
	o.kind = kind;
	o.tag = a->tag;
	o.form = form;
	o.p = to;
	o.local_pref_done = false;
	o.as4_path = NULL;
	o.has_as4_aggregator = false;
	while (attrs_next(&p, a->wire + a->len, &attr)) {
		if (attr.type >= BGP_ATTR_LOCAL_PREF && !o.local_pref_done)
			put_local_pref(&o, a->local_pref);
		if (attr.type > BGP_ATTR_AS4_AGGREGATOR)
			put_as4(&o);
		if (attr.type == BGP_ATTR_NEXT_HOP ||
		    attr.type == BGP_ATTR_MP_REACH)
			put_next_hop(&o, a, attr.type);
		else if (attr.type != BGP_ATTR_LOCAL_PREF)
			put_attr(&o, &attr);
	}
	if (!o.local_pref_done)
		put_local_pref(&o, a->local_pref);
	put_as4(&o);
	return (size_t)(o.p - to);
}

size_t
export_attrs(const struct export_rule *rule, const struct attrs *a,
    enum route_kind kind, uint8_t *to)
{
	return encode(rule, a, kind, FORM_WIRE, to);
}

size_t
export_block(const struct export_rule *rule, const struct attrs *a,
    enum route_kind kind, uint8_t *to)
{
	return encode(rule, a, kind, FORM_BLOCK, to);
}
