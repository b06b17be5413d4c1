/* SPDX-License-Identifier: ISC */
/*
 * The attribute table and canonical attribute blocks.
 */
#include "common/bgp_attr.h"

#include <stdio.h>
#include <string.h>

#include "common/aspath.h"
#include "common/be.h"
#include "common/community.h"

#define WELL_KNOWN BGP_ATTR_TRANSITIVE
#define OPT_TRANS (BGP_ATTR_OPTIONAL | BGP_ATTR_TRANSITIVE)
#define OPT_LOCAL BGP_ATTR_OPTIONAL

#define ROW(t, flags, form, unit, ebgp, malformed, bad_flags, subcode)         \
	[BGP_ATTR_##t] = { #t, flags, BGP_ATTR_FORM_##form, unit,              \
		BGP_ATTR_##ebgp, BGP_ATTR_##malformed, BGP_ATTR_##bad_flags,   \
		BGP_ERR_UPD_##subcode }

/*
 * RFC 7606 7 and the documents of the attributes themselves.  Who is not
 * here is unknown: passed on if transitive, whatever it holds, since a
 * malformed attribute of others is theirs to judge.
 *
 * Columns: flags as defined; form and its unit in octets; what to do if it
 * comes from an external peer, if it is malformed, if its flags are wrong;
 * subcode where the length is wrong and the session must end for it.
 */
/* clang-format off */
const struct bgp_attr_rule bgp_attr_rules[256] = {
	ROW(ORIGIN, WELL_KNOWN, ORIGIN, 1, KEEP, WITHDRAW, WITHDRAW, LENGTH),
	ROW(AS_PATH, WELL_KNOWN, AS_PATH, 0, KEEP, WITHDRAW, WITHDRAW,
	    AS_PATH),
	ROW(NEXT_HOP, WELL_KNOWN, FIXED, 4, KEEP, WITHDRAW, WITHDRAW, LENGTH),
	ROW(MED, OPT_LOCAL, FIXED, 4, KEEP, WITHDRAW, WITHDRAW, LENGTH),
	ROW(LOCAL_PREF, WELL_KNOWN, FIXED, 4, DISCARD, WITHDRAW, WITHDRAW,
	    LENGTH),
	ROW(ATOMIC_AGGREGATE, WELL_KNOWN, FIXED, 0, KEEP, DISCARD, WITHDRAW,
	    LENGTH),
	ROW(AGGREGATOR, OPT_TRANS, AGGREGATOR, 0, KEEP, DISCARD, WITHDRAW,
	    LENGTH),
	ROW(COMMUNITIES, OPT_TRANS, COMMUNITIES, COMMUNITY_LEN, KEEP,
	    WITHDRAW, WITHDRAW, OPTIONAL),
	ROW(ORIGINATOR_ID, OPT_LOCAL, FIXED, 4, DISCARD, WITHDRAW, WITHDRAW,
	    LENGTH),
	ROW(CLUSTER_LIST, OPT_LOCAL, LIST, 4, DISCARD, WITHDRAW, WITHDRAW,
	    LENGTH),
	ROW(MP_REACH, OPT_LOCAL, MP_REACH, 0, KEEP, RESET, WITHDRAW,
	    OPTIONAL),
	ROW(MP_UNREACH, OPT_LOCAL, MP_UNREACH, 0, KEEP, RESET, WITHDRAW,
	    OPTIONAL),
	ROW(EXT_COMMUNITIES, OPT_TRANS, COMMUNITIES, COMMUNITY_EXT_LEN, KEEP,
	    WITHDRAW, WITHDRAW, OPTIONAL),
	/* RFC 6793 6: never a reason to lose the route. */
	ROW(AS4_PATH, OPT_TRANS, AS4_PATH, 0, KEEP, DISCARD, DISCARD,
	    OPTIONAL),
	ROW(AS4_AGGREGATOR, OPT_TRANS, AS4_AGGREGATOR, 0, KEEP, DISCARD,
	    DISCARD, OPTIONAL),
	ROW(IPV6_EXT_COMMUNITIES, OPT_TRANS, COMMUNITIES,
	    COMMUNITY_IPV6_EXT_LEN, KEEP, WITHDRAW, WITHDRAW, OPTIONAL),
	ROW(AIGP, OPT_LOCAL, AIGP, 0, KEEP, DISCARD, DISCARD, OPTIONAL),
	ROW(LARGE_COMMUNITIES, OPT_TRANS, COMMUNITIES, COMMUNITY_LARGE_LEN,
	    KEEP, WITHDRAW, WITHDRAW, OPTIONAL),
	ROW(OTC, OPT_TRANS, FIXED, 4, KEEP, WITHDRAW, WITHDRAW, OPTIONAL),
	ROW(PREFIX_SID, OPT_TRANS, PREFIX_SID, 0, KEEP, DISCARD, WITHDRAW,
	    OPTIONAL),
};
/* clang-format on */

#undef ROW

const char *
bgp_attr_name(uint8_t type, char *buf)
{
	const char *name = bgp_attr_rules[type].name;

	if (name != NULL)
		snprintf(buf, BGP_ATTR_NAMELEN, "%s", name);
	else
		snprintf(buf, BGP_ATTR_NAMELEN, "attribute %u", type);
	return buf;
}

/* {n8 type, n16 length, value} to the end; with `whole` the length counts
 * the head, too (RFC 7311 3), else only the value (RFC 8669 3). */
static bool
is_tlv_list(const uint8_t *p, size_t len, bool whole)
{
	size_t n;

	while (len > 0) {
		if (len < 3)
			return false;
		n = be_get16(p + 1);
		if (!whole)
			n += 3;
		if (n < 3 || n > len)
			return false;
		p += n;
		len -= n;
	}
	return true;
}

static bool
is_aggregator(const struct bgp_attr *a, unsigned int width)
{
	if (a->len != width + 4)
		return false;
	/* RFC 7607 2 */
	return (width == 4 ? be_get32(a->value) : be_get16(a->value)) != 0;
}

static const char *
origin_fault(const struct bgp_attr *a, uint8_t *subcode)
{
	if (a->len != 1)
		return "wrong length";
	if (a->value[0] <= BGP_ORIGIN_INCOMPLETE)
		return NULL;
	*subcode = BGP_ERR_UPD_ORIGIN;
	return "undefined value";
}

static const char *
as_path_fault(const struct bgp_attr *a, unsigned int width, bool confed_ok)
{
	switch (aspath_check(a->value, a->len, width, confed_ok)) {
	case ASPATH_OK:
		return NULL;
	case ASPATH_AS_ZERO:
		return "AS 0 in the path";
	case ASPATH_CONFED:
		return "confederation segment from outside";
	case ASPATH_MALFORMED:
		break;
	}
	return "malformed segment";
}

const char *
bgp_attr_fault(const struct bgp_attr *a, unsigned int width, bool confed_ok,
    uint8_t *subcode)
{
	const struct bgp_attr_rule *rule = &bgp_attr_rules[a->type];
	bool good = true;

	*subcode = rule->subcode;
	switch (rule->form) {
	case BGP_ATTR_FORM_FIXED:
		good = a->len == rule->unit;
		break;
	case BGP_ATTR_FORM_LIST:
	case BGP_ATTR_FORM_COMMUNITIES:
		good = a->len > 0 && a->len % rule->unit == 0;
		break;
	case BGP_ATTR_FORM_ORIGIN:
		return origin_fault(a, subcode);
	case BGP_ATTR_FORM_AS_PATH:
		return as_path_fault(a, width, confed_ok);
	case BGP_ATTR_FORM_AGGREGATOR:
		good = is_aggregator(a, width);
		break;
	case BGP_ATTR_FORM_AS4_AGGREGATOR:
		good = is_aggregator(a, 4);
		break;
	case BGP_ATTR_FORM_AS4_PATH:
		good = a->len > 0 &&
		    aspath_check(a->value, a->len, 4, true) == ASPATH_OK;
		break;
	case BGP_ATTR_FORM_AIGP:
		good = a->len > 0 && is_tlv_list(a->value, a->len, true);
		break;
	case BGP_ATTR_FORM_PREFIX_SID:
		good = a->len > 0 && is_tlv_list(a->value, a->len, false);
		break;
	}
	return good ? NULL : "wrong length or content";
}

static inline bool
next_attr(struct rd *r, struct bgp_attr *a)
{
	size_t left = r->bad ? 0 : (size_t)(r->end - r->p), head = 3;
	const uint8_t *p = r->p;

	if (left < 3)
		return false;
	a->flags = p[0];
	a->type = p[1];
	a->len = p[2];
	if (p[0] & BGP_ATTR_EXTENDED) {
		if (left < 4)
			return false;
		a->len = be_get16(p + 2);
		head = 4;
	}
	if (left - head < a->len)
		return false;
	a->value = p + head;
	r->p = a->value + a->len;
	return true;
}

bool
bgp_attr_next(struct rd *r, struct bgp_attr *a)
{
	return next_attr(r, a);
}

bool
bgp_attr_find(const uint8_t *block, size_t len, uint8_t type,
    struct bgp_attr *a)
{
	struct rd r;

	rd_init(&r, block, len);
	while (next_attr(&r, a) && a->type <= type)
		if (a->type == type)
			return true;
	return false;
}

bool
bgp_attr_u32(const struct bgp_attr *a, uint32_t *v)
{
	*v = a->len == 4 ? be_get32(a->value) : 0;
	return a->len == 4;
}

bool
bgp_attr_aggregator(const struct bgp_attr *a, uint32_t *asn, struct addr *addr)
{
	memset(addr, 0, sizeof(*addr));
	*asn = 0;
	if (a->len != 8)
		return false;
	*asn = be_get32(a->value);
	addr->family = ADDR_IPV4;
	memcpy(addr->bytes, a->value + 4, 4);
	return true;
}

static void
set_addr(struct addr *a, uint8_t family, const uint8_t *bytes)
{
	a->family = family;
	memcpy(a->bytes, bytes, family == ADDR_IPV4 ? 4 : 16);
}

bool
bgp_attr_next_hop(const struct bgp_attr *a, struct addr *next_hop,
    struct addr *link_local)
{
	memset(next_hop, 0, sizeof(*next_hop));
	if (link_local != NULL)
		memset(link_local, 0, sizeof(*link_local));
	if (a->type == BGP_ATTR_NEXT_HOP && a->len == 4) {
		set_addr(next_hop, ADDR_IPV4, a->value);
		return true;
	}
	if (a->type != BGP_ATTR_MP_REACH || a->len < 4 ||
	    a->value[3] != a->len - 4 ||
	    (a->value[3] != 16 && a->value[3] != 32))
		return false;
	set_addr(next_hop, ADDR_IPV6, a->value + 4);
	if (link_local != NULL && a->value[3] == 32)
		set_addr(link_local, ADDR_IPV6, a->value + 20);
	return true;
}

size_t
bgp_attr_head(uint8_t *to, uint8_t flags, uint8_t type, size_t len)
{
	to[0] = flags;
	to[1] = type;
	if (len <= UINT8_MAX) {
		to[2] = (uint8_t)len;
		return 3;
	}
	to[0] |= BGP_ATTR_EXTENDED;
	be_put16(to + 2, (uint16_t)len);
	return 4;
}

void
bgp_attr_put(struct wr *w, uint8_t flags, uint8_t type, const void *value,
    size_t len)
{
	uint8_t head[4];

	wr_copy(w, head, bgp_attr_head(head, flags, type, len));
	if (len > 0)
		wr_copy(w, value, len);
}

static void
hot_communities(struct bgp_attr_hot *h, const struct bgp_attr *a)
{
	uint32_t c;

	for (size_t i = 0; i + 4 <= a->len; i += 4) {
		c = be_get32(a->value + i);
		if (c < BGP_COMM_NO_EXPORT)
			continue;
		if (c == BGP_COMM_NO_EXPORT)
			h->flags |= BGP_HOT_NO_EXPORT;
		else if (c == BGP_COMM_NO_ADVERTISE)
			h->flags |= BGP_HOT_NO_ADVERTISE;
		else if (c == BGP_COMM_NO_EXPORT_SUBCONFED)
			h->flags |= BGP_HOT_NO_EXPORT_SUBCONFED;
	}
}

static void
hot_as_path(struct bgp_attr_hot *h, const struct bgp_attr *a)
{
	/* Nearly all are one sequence. */
	if (a->len > 2 && a->value[0] == BGP_SEGMENT_SEQUENCE &&
	    a->len == 2 + 4 * a->value[1]) {
		h->path_len = a->value[1];
		h->neighbour_as = be_get32(a->value + 2);
		return;
	}
	h->path_len = (uint16_t)aspath_len(a->value, a->len);
	h->neighbour_as = aspath_first(a->value, a->len);
}

static bool
is_zero(const uint8_t *p, size_t len)
{
	uint8_t any = 0;

	for (size_t i = 0; i < len; i++)
		any |= p[i];
	return any == 0;
}

static void
hot_attr(struct bgp_attr_hot *h, const struct bgp_attr *a)
{
	switch (a->type) {
	case BGP_ATTR_ORIGIN:
		h->origin = a->len == 1 ? a->value[0] : BGP_ORIGIN_INCOMPLETE;
		break;
	case BGP_ATTR_AS_PATH:
		hot_as_path(h, a);
		break;
	case BGP_ATTR_NEXT_HOP:
		if (a->len == 4 && is_zero(a->value, 4))
			h->flags |= BGP_HOT_NH_UNSPECIFIED;
		break;
	case BGP_ATTR_MP_REACH:
		if (a->len >= 4 + 16 && is_zero(a->value + 4, 16))
			h->flags |= BGP_HOT_NH_UNSPECIFIED;
		break;
	case BGP_ATTR_MED:
		if (bgp_attr_u32(a, &h->med))
			h->flags |= BGP_HOT_MED;
		break;
	case BGP_ATTR_LOCAL_PREF:
		if (a->len == 4) {
			h->local_pref = be_get32(a->value);
			h->flags |= BGP_HOT_LOCAL_PREF;
		}
		break;
	case BGP_ATTR_COMMUNITIES:
		hot_communities(h, a);
		break;
	case BGP_ATTR_ORIGINATOR_ID:
		if (a->len == 4)
			h->flags |= BGP_HOT_ORIGINATOR_ID;
		break;
	case BGP_ATTR_CLUSTER_LIST:
		h->cluster_len = a->len / 4;
		break;
	default:
		break;
	}
}

void
bgp_attr_hot(const uint8_t *block, size_t len, struct bgp_attr_hot *h)
{
	struct bgp_attr a;
	struct rd r;

	memset(h, 0, sizeof(*h));
	h->local_pref = BGP_DEFAULT_LOCAL_PREF;
	rd_init(&r, block, len);
	while (next_attr(&r, &a))
		hot_attr(h, &a);
}

static int
invalid(struct err *e, uint8_t type, const char *why)
{
	char name[BGP_ATTR_NAMELEN];

	return err_set(e, ERR_INVALID, "%s: %s", bgp_attr_name(type, name),
	    why);
}

/* MP_REACH as a block has it, for the one family that lives there. */
static bool
is_block_mp_reach(const struct bgp_attr *a, enum family family)
{
	return family != FAMILY_IPV4_UNICAST && a->len >= 4 &&
	    be_get16(a->value) == family_afi(family) &&
	    a->value[2] == family_safi(family) && a->value[3] == a->len - 4 &&
	    (a->value[3] == 16 || a->value[3] == 32);
}

static int
validate_form(const struct bgp_attr *a, enum family family, struct err *e)
{
	const struct bgp_attr_rule *rule = &bgp_attr_rules[a->type];
	const char *why;
	uint8_t subcode;

	switch (a->type) {
	case BGP_ATTR_MP_REACH:
		if (!is_block_mp_reach(a, family))
			return invalid(e, a->type, "not of this family");
		return 0;
	case BGP_ATTR_NEXT_HOP:
		if (family != FAMILY_IPV4_UNICAST)
			return invalid(e, a->type, "not of this family");
		break;
	case BGP_ATTR_MP_UNREACH:
	case BGP_ATTR_AS4_PATH:
	case BGP_ATTR_AS4_AGGREGATOR:
		return invalid(e, a->type, "has no place in a route");
	}
	why = bgp_attr_fault(a, 4, true, &subcode);
	if (why != NULL)
		return invalid(e, a->type, why);
	if (rule->form == BGP_ATTR_FORM_COMMUNITIES &&
	    community_has_duplicate(a->value, a->len, rule->unit))
		return invalid(e, a->type, "duplicates");
	return 0;
}

static int
validate_flags(const struct bgp_attr *a, struct err *e)
{
	const struct bgp_attr_rule *rule = &bgp_attr_rules[a->type];

	if (a->flags != bgp_attr_flags(a->flags, a->len))
		return invalid(e, a->type, "flags or length form");
	if (rule->name == NULL ? !(a->flags & BGP_ATTR_OPTIONAL) :
				 (a->flags & OPT_TRANS) != rule->flags)
		return invalid(e, a->type, "flags");
	return 0;
}

int
bgp_attr_validate(const uint8_t *block, size_t len, enum family family,
    struct err *e)
{
	uint8_t next_hop = family == FAMILY_IPV4_UNICAST ? BGP_ATTR_NEXT_HOP :
							   BGP_ATTR_MP_REACH;
	uint32_t need =
	    1u << BGP_ATTR_ORIGIN | 1u << BGP_ATTR_AS_PATH | 1u << next_hop;
	struct bgp_attr a;
	struct rd r;
	int last = -1;

	rd_init(&r, block, len);
	while (bgp_attr_next(&r, &a)) {
		if (a.type <= last)
			return invalid(e, a.type, "out of order");
		last = a.type;
		if (validate_flags(&a, e) == -1 ||
		    validate_form(&a, family, e) == -1)
			return -1;
		if (a.type < 32)
			need &= ~(1u << a.type);
	}
	if (!rd_done(&r))
		return err_set(e, ERR_INVALID, "attributes: cut off");
	if (need != 0)
		return invalid(e, (uint8_t)__builtin_ctz(need), "missing");
	return 0;
}

void
bgp_attr_values_init(struct bgp_attr_values *v)
{
	memset(v, 0, sizeof(*v));
}

static int
check_next_hop(enum family family, const struct bgp_attr_values *v,
    struct err *e)
{
	uint8_t want = family == FAMILY_IPV4_UNICAST ? ADDR_IPV4 : ADDR_IPV6;
	char text[ADDR_STRLEN];

	if (v->next_hop.family != want)
		return err_set(e, ERR_INVALID,
		    "next hop: an address of %s is needed",
		    family_name(family));
	if (addr_is_multicast(&v->next_hop) ||
	    (want == ADDR_IPV4 && v->next_hop.bytes[0] >= 240))
		return err_set(e, ERR_INVALID,
		    "next hop %s: not a host address",
		    addr_str(&v->next_hop, text));
	if (v->link_local.family != ADDR_NONE &&
	    (want != ADDR_IPV6 || v->link_local.family != ADDR_IPV6))
		return err_set(e, ERR_INVALID,
		    "next hop: a second address is for IPv6 alone");
	return 0;
}

static int
check_values(enum family family, const struct bgp_attr_values *v, struct err *e)
{
	if (v->origin > BGP_ORIGIN_INCOMPLETE)
		return err_set(e, ERR_INVALID, "origin %u: unknown", v->origin);
	if (v->as_path_len > BGP_ATTR_BLOCK_MAX ||
	    v->n_communities > BGP_ATTR_BLOCK_MAX ||
	    v->n_ext_communities > BGP_ATTR_BLOCK_MAX ||
	    v->n_large_communities > BGP_ATTR_BLOCK_MAX ||
	    v->n_cluster_list > BGP_ATTR_BLOCK_MAX)
		return err_set(e, ERR_INVALID, "attributes: too many");
	switch (aspath_check(v->as_path, v->as_path_len, 4, true)) {
	case ASPATH_OK:
		break;
	case ASPATH_AS_ZERO:
		return err_set(e, ERR_INVALID, "AS path: AS 0 is reserved");
	default:
		return err_set(e, ERR_INVALID, "AS path: malformed");
	}
	if (v->has_aggregator &&
	    (v->aggregator_as == 0 || v->aggregator.family != ADDR_IPV4))
		return err_set(e, ERR_INVALID,
		    "aggregator: an AS and an IPv4 address are needed");
	return check_next_hop(family, v, e);
}

static void
put_u32(struct wr *w, uint8_t flags, uint8_t type, uint32_t v)
{
	uint8_t value[4];

	be_put32(value, v);
	bgp_attr_put(w, flags, type, value, sizeof(value));
}

/* A list of numbers from host order. */
static void
put_u32_list(struct wr *w, uint8_t flags, uint8_t type, const uint32_t *list,
    size_t n)
{
	uint8_t head[4];

	wr_copy(w, head, bgp_attr_head(head, flags, type, 4 * n));
	for (size_t i = 0; i < n; i++)
		wr_n32(w, list[i]);
}

/* A set of communities in wire form, as many as are not repeated. */
static void
put_communities(struct wr *w, uint8_t type, const void *list, size_t len)
{
	size_t unit = bgp_attr_rules[type].unit, left;
	uint8_t set[BGP_ATTR_BLOCK_MAX];

	if (len == 0)
		return;
	if (len > sizeof(set)) {
		w->bad = true;
		return;
	}
	memcpy(set, list, len);
	left = community_dedup(set, len, unit);
	bgp_attr_put(w, OPT_TRANS, type, set, left);
}

static void
put_communities_host(struct wr *w, const uint32_t *list, size_t n)
{
	uint8_t wire[BGP_ATTR_BLOCK_MAX];

	if (4 * n > sizeof(wire)) {
		w->bad = true;
		return;
	}
	for (size_t i = 0; i < n; i++)
		be_put32(wire + 4 * i, list[i]);
	put_communities(w, BGP_ATTR_COMMUNITIES, wire, 4 * n);
}

static void
put_mp_reach(struct wr *w, enum family family, const struct bgp_attr_values *v)
{
	uint8_t value[4 + 32];
	size_t len = v->link_local.family != ADDR_NONE ? 32 : 16;

	be_put16(value, family_afi(family));
	value[2] = family_safi(family);
	value[3] = (uint8_t)len;
	memcpy(value + 4, v->next_hop.bytes, 16);
	if (len == 32)
		memcpy(value + 20, v->link_local.bytes, 16);
	bgp_attr_put(w, OPT_LOCAL, BGP_ATTR_MP_REACH, value, 4 + len);
}

static void
put_aggregator(struct wr *w, const struct bgp_attr_values *v)
{
	uint8_t value[8];

	be_put32(value, v->aggregator_as);
	memcpy(value + 4, v->aggregator.bytes, 4);
	bgp_attr_put(w, OPT_TRANS, BGP_ATTR_AGGREGATOR, value, sizeof(value));
}

static void
put_values(struct wr *w, enum family family, const struct bgp_attr_values *v)
{
	bgp_attr_put(w, WELL_KNOWN, BGP_ATTR_ORIGIN, &v->origin, 1);
	bgp_attr_put(w, WELL_KNOWN, BGP_ATTR_AS_PATH, v->as_path,
	    v->as_path_len);
	if (family == FAMILY_IPV4_UNICAST)
		bgp_attr_put(w, WELL_KNOWN, BGP_ATTR_NEXT_HOP,
		    v->next_hop.bytes, 4);
	if (v->has_med)
		put_u32(w, OPT_LOCAL, BGP_ATTR_MED, v->med);
	if (v->has_local_pref)
		put_u32(w, WELL_KNOWN, BGP_ATTR_LOCAL_PREF, v->local_pref);
	if (v->atomic_aggregate)
		bgp_attr_put(w, WELL_KNOWN, BGP_ATTR_ATOMIC_AGGREGATE, NULL, 0);
	if (v->has_aggregator)
		put_aggregator(w, v);
	put_communities_host(w, v->communities, v->n_communities);
	if (v->has_originator_id)
		put_u32(w, OPT_LOCAL, BGP_ATTR_ORIGINATOR_ID, v->originator_id);
	if (v->n_cluster_list > 0)
		put_u32_list(w, OPT_LOCAL, BGP_ATTR_CLUSTER_LIST,
		    v->cluster_list, v->n_cluster_list);
	if (family != FAMILY_IPV4_UNICAST)
		put_mp_reach(w, family, v);
	put_communities(w, BGP_ATTR_EXT_COMMUNITIES, v->ext_communities,
	    v->n_ext_communities * COMMUNITY_EXT_LEN);
	put_communities(w, BGP_ATTR_LARGE_COMMUNITIES, v->large_communities,
	    v->n_large_communities * COMMUNITY_LARGE_LEN);
}

int
bgp_attr_build(struct wr *wr, enum family family,
    const struct bgp_attr_values *v, struct err *e)
{
	uint8_t block[BGP_ATTR_BLOCK_MAX];
	struct wr w;

	if (check_values(family, v, e) == -1)
		return -1;
	/* Aside first: what does not fit leaves `wr` as it was. */
	wr_init(&w, block, sizeof(block));
	put_values(&w, family, v);
	if (!wr_ok(&w))
		return err_set(e, ERR_INVALID,
		    "attributes: longer than %d octets", BGP_ATTR_BLOCK_MAX);
	wr_copy(wr, block, wr_len(&w));
	if (!wr_ok(wr))
		return err_set(e, ERR_INVALID, "attributes: no room");
	return 0;
}
