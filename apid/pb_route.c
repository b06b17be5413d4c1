/* SPDX-License-Identifier: ISC */
/*
 * Rows of the rde as Route messages, and AddRoute requests as NLRI and
 * attribute block.
 */
#include "apid/pb_route.h"

#include <stdio.h>
#include <string.h>

#include "apid/pb_check.h"
#include "apid/pb_community.h"
#include "common/aspath.h"
#include "common/bgp.h"
#include "common/bgp_attr.h"
#include "common/community.h"
#include "common/conf.h"
#include "proto/optional.h"

enum { /* members of Route and Path, see bgp.proto */
	ROUTE_PREFIX = 1,
	ROUTE_PATHS = 2,
	PATH_ORIGIN = 1,
	PATH_AS_PATH = 2,
	PATH_NEXT_HOP = 3,
	PATH_PEER_ADDRESS = 4,
	PATH_LOCAL_PREF = 5,
	PATH_MED = 6,
	PATH_ATOMIC_AGGREGATE = 7,
	PATH_UNKNOWN_ATTRIBUTES = 8,
	PATH_COMMUNITIES = 9,
	PATH_EXTENDED_COMMUNITIES = 10,
	PATH_LARGE_COMMUNITIES = 11,
	PATH_ORIGINATOR_ID = 12,
	PATH_CLUSTER_LIST = 13,
	PATH_REMOTE_PATH_ID = 15,
	PATH_AGGREGATOR = 16,
	PATH_LINK_LOCAL_NEXT_HOP = 19,
	PATH_BEST = 1001,
	PATH_STALE = 1002,
	PATH_INELIGIBLE = 1003,
	PATH_AGE_SECS = 1004,
	PATH_PEER_ASN = 1005,
	PATH_REJECTED_BY = 1006,
	SEGMENT_TYPE = 1,
	SEGMENT_ASNS = 2,
};

static uint32_t
get32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
	    (uint32_t)p[2] << 8 | p[3];
}

static size_t
put_octet(uint8_t *to, uint8_t v)
{
	size_t n = 0;

	if (v >= 100)
		to[n++] = (uint8_t)('0' + v / 100);
	if (v >= 10)
		to[n++] = (uint8_t)('0' + v / 10 % 10);
	to[n++] = (uint8_t)('0' + v % 10);
	return n;
}

/* Dotted quad, without NUL; at most 15 bytes. */
static size_t
put_quad(uint8_t *to, const uint8_t ip[4])
{
	size_t n = 0;
	int i;

	for (i = 0; i < 4; i++) {
		if (i > 0)
			to[n++] = '.';
		n += put_octet(to + n, ip[i]);
	}
	return n;
}

static void
put_addr(struct pbw *w, uint32_t field, const struct addr *a)
{
	uint8_t quad[16];
	char text[ADDR_STRLEN];

	if (a->family == ADDR_IPV4)
		pbw_bytes(w, field, quad, put_quad(quad, a->bytes));
	else {
		(void)addr_str(a, text);
		pbw_bytes(w, field, text, strlen(text));
	}
}

static void
put_prefix(struct pbw *w, const struct nlri *nlri)
{
	uint8_t text[NLRI_STRLEN];
	size_t n;

	if (nlri->family != FAMILY_IPV4_UNICAST) {
		(void)nlri_str(nlri, (char *)text);
		pbw_bytes(w, ROUTE_PREFIX, text, strlen((char *)text));
		return;
	}
	n = put_quad(text, nlri->key);
	text[n++] = '/';
	n += put_octet(text + n, nlri->bits);
	pbw_bytes(w, ROUTE_PREFIX, text, n);
}

static void
put_as_path(struct pbw *w, const struct bgp_attr *attr)
{
	struct aspath_segment segment;
	struct rd rd;
	size_t packed, type;
	unsigned int i;

	rd_init(&rd, attr->value, attr->len);
	while (aspath_next(&rd, &segment)) {
		if (segment.type != BGP_SEGMENT_SET &&
		    segment.type != BGP_SEGMENT_SEQUENCE)
			continue;
		packed = 0;
		for (i = 0; i < segment.count; i++)
			packed += pbw_varint_size(get32(segment.asns + 4 * i));
		type = segment.type == BGP_SEGMENT_SEQUENCE ? 2 : 0;
		pbw_head(w, PATH_AS_PATH,
		    type + 1 + pbw_varint_size(packed) + packed);
		if (type != 0)
			pbw_uint(w, SEGMENT_TYPE,
			    BGP__AS_PATH_SEGMENT_TYPE__AS_SEQUENCE);
		pbw_head(w, SEGMENT_ASNS, packed);
		for (i = 0; i < segment.count; i++)
			pbw_varint(w, get32(segment.asns + 4 * i));
	}
}

static void
put_next_hop(struct pbw *w, const struct bgp_attr *attr)
{
	struct addr next_hop, link_local;

	if (!bgp_attr_next_hop(attr, &next_hop, &link_local))
		return;
	put_addr(w, PATH_NEXT_HOP, &next_hop);
	if (link_local.family != ADDR_NONE)
		put_addr(w, PATH_LINK_LOCAL_NEXT_HOP, &link_local);
}

static void
put_communities(struct pbw *w, const struct bgp_attr *attr)
{
	size_t i, packed = 0;

	for (i = 0; i + 4 <= attr->len; i += 4)
		packed += pbw_varint_size(get32(attr->value + i));
	pbw_head(w, PATH_COMMUNITIES, packed);
	for (i = 0; i + 4 <= attr->len; i += 4)
		pbw_varint(w, get32(attr->value + i));
}

static void
put_large(struct pbw *w, const uint8_t *value)
{
	uint32_t part[3];
	size_t i, n = 0;

	for (i = 0; i < 3; i++) {
		part[i] = get32(value + 4 * i);
		if (part[i] != 0)
			n += 1 + pbw_varint_size(part[i]);
	}
	pbw_head(w, PATH_LARGE_COMMUNITIES, n);
	for (i = 0; i < 3; i++)
		pbw_uint_implicit(w, (uint32_t)i + 1, part[i]);
}

static void
put_quads(struct pbw *w, uint32_t field, const struct bgp_attr *attr)
{
	uint8_t quad[16];
	size_t i;

	for (i = 0; i + 4 <= attr->len; i += 4)
		pbw_bytes(w, field, quad, put_quad(quad, attr->value + i));
}

static void
put_aggregator(struct pbw *w, const struct bgp_attr *attr)
{
	uint8_t quad[16];
	struct addr a;
	uint32_t asn;
	size_t n;

	if (!bgp_attr_aggregator(attr, &asn, &a))
		return;
	n = put_quad(quad, a.bytes);
	pbw_head(w, PATH_AGGREGATOR, 1 + pbw_varint_size(asn) + 2 + n);
	pbw_uint(w, 1, asn);
	pbw_bytes(w, 2, quad, n);
}

static void
put_unknown(struct pbw *w, const struct bgp_attr *attr)
{
	uint32_t flags = attr->flags & ~(uint32_t)BGP_ATTR_EXTENDED;
	size_t n;

	n = 1 + pbw_varint_size(attr->type) + 1 + pbw_varint_size(attr->len) +
	    attr->len;
	if (flags != 0)
		n += 1 + pbw_varint_size(flags);
	pbw_head(w, PATH_UNKNOWN_ATTRIBUTES, n);
	pbw_uint(w, 1, attr->type);
	pbw_uint_implicit(w, 2, flags);
	pbw_bytes(w, 3, attr->value, attr->len);
}

static void
put_attr(struct pbw *w, const struct bgp_attr *attr)
{
	size_t i;

	switch (attr->type) {
	case BGP_ATTR_ORIGIN:
		if (attr->len == 1)
			pbw_uint_implicit(w, PATH_ORIGIN, attr->value[0]);
		break;
	case BGP_ATTR_AS_PATH:
		put_as_path(w, attr);
		break;
	case BGP_ATTR_NEXT_HOP:
	case BGP_ATTR_MP_REACH:
		put_next_hop(w, attr);
		break;
	case BGP_ATTR_MED:
		if (attr->len == 4)
			pbw_uint(w, PATH_MED, get32(attr->value));
		break;
	case BGP_ATTR_LOCAL_PREF:
		if (attr->len == 4)
			pbw_uint(w, PATH_LOCAL_PREF, get32(attr->value));
		break;
	case BGP_ATTR_ATOMIC_AGGREGATE:
		pbw_uint(w, PATH_ATOMIC_AGGREGATE, 1);
		break;
	case BGP_ATTR_AGGREGATOR:
		put_aggregator(w, attr);
		break;
	case BGP_ATTR_COMMUNITIES:
		put_communities(w, attr);
		break;
	case BGP_ATTR_ORIGINATOR_ID:
		put_quads(w, PATH_ORIGINATOR_ID, attr);
		break;
	case BGP_ATTR_CLUSTER_LIST:
		put_quads(w, PATH_CLUSTER_LIST, attr);
		break;
	case BGP_ATTR_EXT_COMMUNITIES:
		for (i = 0; i + COMMUNITY_EXT_LEN <= attr->len;
		     i += COMMUNITY_EXT_LEN)
			pb_ext_community_put(w, PATH_EXTENDED_COMMUNITIES,
			    attr->value + i);
		break;
	case BGP_ATTR_LARGE_COMMUNITIES:
		for (i = 0; i + COMMUNITY_LARGE_LEN <= attr->len;
		     i += COMMUNITY_LARGE_LEN)
			put_large(w, attr->value + i);
		break;
	default:
		put_unknown(w, attr);
		break;
	}
}

/* Names are text, but what was made of them may be cut anywhere. */
static void
put_rejected_by(struct pbw *w, const struct query_path *path)
{
	char text[2 * CONF_NAME_MAX + 64];

	(void)snprintf(text, sizeof(text), "%.*s", (int)path->rejected_by_len,
	    path->rejected_by);
	pb_mend_text(text);
	pbw_bytes(w, PATH_REJECTED_BY, text, strlen(text));
}

static void
put_path(struct pbw *w, const struct query_path *path)
{
	struct bgp_attr attr;
	struct rd rd;

	rd_init(&rd, path->attrs, path->attrs_len);
	while (bgp_attr_next(&rd, &attr))
		put_attr(w, &attr);
	if (path->peer.family != ADDR_NONE)
		put_addr(w, PATH_PEER_ADDRESS, &path->peer);
	if (path->path_id != 0)
		pbw_uint(w, PATH_REMOTE_PATH_ID, path->path_id);
	if (path->flags & QUERY_PATH_BEST)
		pbw_uint(w, PATH_BEST, 1);
	if (path->flags & QUERY_PATH_STALE)
		pbw_uint(w, PATH_STALE, 1);
	if (path->flags & QUERY_PATH_INELIGIBLE)
		pbw_uint(w, PATH_INELIGIBLE, 1);
	pbw_uint_implicit(w, PATH_AGE_SECS, path->age_secs);
	pbw_uint_implicit(w, PATH_PEER_ASN, path->remote_as);
	if ((path->flags & QUERY_PATH_REJECTED) != 0)
		put_rejected_by(w, path);
}

void
pb_path_put(struct pb_route_encoder *enc, struct pbw *w, uint32_t field,
    const struct query_path *path)
{
	enc->path.len = 0;
	put_path(&enc->path, path);
	pbw_bytes(w, field, enc->path.base, enc->path.len);
}

void
pb_route_encoder_fini(struct pb_route_encoder *enc)
{
	pbw_free(&enc->path);
}

int
pb_route_put(struct pb_route_encoder *enc, struct pbw *w, struct rd *row)
{
	struct query_path path;
	struct nlri nlri;
	uint16_t i, n;

	msg_query_row_get(row, &nlri, &n);
	if (!rd_ok(row))
		return -1;
	put_prefix(w, &nlri);
	for (i = 0; i < n; i++) {
		msg_query_path_get(row, &path);
		if (!rd_ok(row))
			return -1;
		pb_path_put(enc, w, ROUTE_PATHS, &path);
	}
	return 0;
}

/* One segment, split where it is longer than a segment can be. */
static int
get_segment(const Bgp__AsPathSegment *m, struct wr *w, struct err *e)
{
	bool is_set = m->segment_type == BGP__AS_PATH_SEGMENT_TYPE__AS_SET;
	size_t i, n, from;

	if (m->n_asns == 0)
		return err_set(e, ERR_INVALID, "as_path: an empty segment");
	if (is_set && m->n_asns > 255)
		return err_set(e, ERR_INVALID,
		    "as_path: a set of %zu AS numbers exceeds 255", m->n_asns);
	for (i = 0; i < m->n_asns; i++)
		if (m->asns[i] == 0) /* RFC 7607 */
			return err_set(e, ERR_INVALID, "as_path: AS 0");
	for (from = 0; from < m->n_asns; from += n) {
		n = m->n_asns - from < 255 ? m->n_asns - from : 255;
		wr_n8(w, is_set ? BGP_SEGMENT_SET : BGP_SEGMENT_SEQUENCE);
		wr_n8(w, (uint8_t)n);
		for (i = 0; i < n; i++)
			wr_n32(w, m->asns[from + i]);
	}
	return 0;
}

static int
get_next_hop(const char *text, enum family family, struct addr *a,
    struct err *e)
{
	uint8_t want = family == FAMILY_IPV6_UNICAST ? ADDR_IPV6 : ADDR_IPV4;

	if (text[0] == '\0')
		return err_set(e, ERR_INVALID, "next_hop is missing");
	if (addr_parse(text, a) == -1)
		return err_set(e, ERR_INVALID,
		    "next_hop \"%.60s\" is no IP address", text);
	/* 0.0.0.0 and :: both mean the address of the session. */
	if (addr_is_unspecified(a)) {
		memset(a, 0, sizeof(*a));
		a->family = want;
	}
	if (a->family != want)
		return err_set(e, ERR_INVALID,
		    "next_hop %.60s is not of the family of the prefix", text);
	if (addr_is_multicast(a))
		return err_set(e, ERR_INVALID, "next_hop %.60s is multicast",
		    text);
	return 0;
}

/* The lists of a request in wire form, in `scratch`. */
static int
get_lists(const Bgp__AddRouteRequest *m, struct wr *scratch,
    struct bgp_attr_values *v, struct err *e)
{
	struct community_large large;
	size_t i, ext, large_at;
	uint8_t wire[COMMUNITY_LARGE_LEN];

	for (i = 0; i < m->n_as_path; i++)
		if (get_segment(m->as_path[i], scratch, e) == -1)
			return -1;
	ext = wr_len(scratch);
	for (i = 0; i < m->n_extended_communities; i++) {
		if (pb_ext_community_get(m->extended_communities[i], wire, e) ==
		    -1)
			return -1;
		wr_copy(scratch, wire, COMMUNITY_EXT_LEN);
	}
	large_at = wr_len(scratch);
	for (i = 0; i < m->n_large_communities; i++) {
		large.global = m->large_communities[i]->global_admin;
		large.local1 = m->large_communities[i]->local_data_1;
		large.local2 = m->large_communities[i]->local_data_2;
		community_large_write(wire, &large);
		wr_copy(scratch, wire, COMMUNITY_LARGE_LEN);
	}
	if (!wr_ok(scratch))
		return err_set(e, ERR_INVALID,
		    "as_path and communities are too long for a route");
	v->as_path = scratch->base;
	v->as_path_len = ext;
	v->ext_communities = scratch->base + ext;
	v->n_ext_communities = m->n_extended_communities;
	v->large_communities = scratch->base + large_at;
	v->n_large_communities = m->n_large_communities;
	return 0;
}

static int
get_route(const Bgp__AddRouteRequest *m, bool ours, struct nlri *nlri,
    struct wr *attrs, struct err *e)
{
	uint8_t memory[2 * BGP_ATTR_BLOCK_MAX];
	struct bgp_attr_values v;
	struct wr scratch;

	err_clear(e);
	if (nlri_parse(m->prefix, nlri, e) == -1)
		return -1;
	bgp_attr_values_init(&v);
	if (get_next_hop(m->next_hop, (enum family)nlri->family, &v.next_hop,
		e) == -1)
		return -1;
	if ((unsigned int)m->origin > BGP_ORIGIN_INCOMPLETE)
		return err_set(e, ERR_INVALID, "origin: unknown value %d",
		    (int)m->origin);
	wr_init(&scratch, memory, sizeof(memory));
	if (get_lists(m, &scratch, &v, e) == -1)
		return -1;
	v.origin = (uint8_t)m->origin;
	/* A route of our own always has one, and shows it. */
	v.has_local_pref = ours || m->_local_pref_case != 0;
	v.local_pref = m->_local_pref_case != 0 ? m->local_pref :
	    ours                                ? BGP_DEFAULT_LOCAL_PREF :
						  0;
	v.has_med = m->_med_case == PB_CASE(ADD_ROUTE_REQUEST, MED);
	v.med = v.has_med ? m->med : 0;
	v.atomic_aggregate = m->atomic_aggregate != 0;
	v.communities = m->communities;
	v.n_communities = m->n_communities;
	return bgp_attr_build(attrs, (enum family)nlri->family, &v, e);
}

int
pb_route_get(const Bgp__AddRouteRequest *m, struct nlri *nlri, struct wr *attrs,
    struct err *e)
{
	return get_route(m, true, nlri, attrs, e);
}

int
pb_route_get_foreign(const Bgp__AddRouteRequest *m, struct nlri *nlri,
    struct wr *attrs, struct err *e)
{
	return get_route(m, false, nlri, attrs, e);
}
