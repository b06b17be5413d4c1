/* SPDX-License-Identifier: ISC */
/*
 * Extended communities of the API.
 */
#include "apid/pb_community.h"

#include <math.h>
#include <string.h>

#include "common/addr.h"

#define FORM(name) BGP__EXTENDED_COMMUNITY__COMMUNITY_##name

enum { /* type octet without its transitivity, RFC 4360 3, RFC 5668, 9012 */
	EXT_TWO_OCTET_AS = 0x00,
	EXT_IPV4 = 0x01,
	EXT_FOUR_OCTET_AS = 0x02,
	EXT_OPAQUE = 0x03,
	EXT_EVPN = 0x06,
	EXT_NON_TRANSITIVE = 0x40,
};

enum { /* sub-types */
	EXT_LINK_BANDWIDTH = 0x04, /* of two-octet AS */
	EXT_COLOR = 0x0b, /* of opaque */
	EXT_ENCAPSULATION = 0x0c,
	EXT_ROUTER_MAC = 0x03, /* of EVPN */
};

static void
put16(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static void
put32(uint8_t *p, uint32_t v)
{
	put16(p, v >> 16);
	put16(p + 2, v);
}

static uint32_t
get16(const uint8_t *p)
{
	return (uint32_t)p[0] << 8 | p[1];
}

static uint32_t
get32(const uint8_t *p)
{
	return get16(p) << 16 | get16(p + 2);
}

static int
check_max(const char *form, const char *member, uint32_t v, uint32_t max,
    struct err *e)
{
	if (v > max)
		return err_set(e, ERR_INVALID,
		    "extended_communities: %s.%s %u exceeds %u", form, member,
		    v, max);
	return 0;
}

static int
check_len(const char *form, const char *member, size_t len, size_t want,
    struct err *e)
{
	if (len != want)
		return err_set(e, ERR_INVALID,
		    "extended_communities: %s.%s has %zu bytes instead of %zu",
		    form, member, len, want);
	return 0;
}

static void
put_type(uint8_t wire[8], uint8_t type, bool transitive, uint32_t sub_type)
{
	wire[0] = transitive ? type : type | EXT_NON_TRANSITIVE;
	wire[1] = (uint8_t)sub_type;
}

static int
get_two_octet_as(const Bgp__ExtendedCommunity__TwoOctetAsSpecific *m,
    uint8_t wire[8], struct err *e)
{
	if (check_max("two_octet_as", "sub_type", m->sub_type, 255, e) == -1 ||
	    check_max("two_octet_as", "asn", m->asn, 65535, e) == -1)
		return -1;
	put_type(wire, EXT_TWO_OCTET_AS, m->is_transitive, m->sub_type);
	put16(wire + 2, m->asn);
	put32(wire + 4, m->local_admin);
	return 0;
}

static int
get_ipv4_address(const Bgp__ExtendedCommunity__IPv4AddressSpecific *m,
    uint8_t wire[8], struct err *e)
{
	struct addr a;

	if (check_max("ipv4_address", "sub_type", m->sub_type, 255, e) == -1 ||
	    check_max("ipv4_address", "local_admin", m->local_admin, 65535,
		e) == -1)
		return -1;
	if (addr_parse(m->address, &a) == -1 || a.family != ADDR_IPV4)
		return err_set(e, ERR_INVALID,
		    "extended_communities: ipv4_address.address \"%.60s\" is "
		    "no IPv4 address",
		    m->address);
	put_type(wire, EXT_IPV4, m->is_transitive, m->sub_type);
	memcpy(wire + 2, a.bytes, 4);
	put16(wire + 6, m->local_admin);
	return 0;
}

static int
get_four_octet_as(const Bgp__ExtendedCommunity__FourOctetAsSpecific *m,
    uint8_t wire[8], struct err *e)
{
	if (check_max("four_octet_as", "sub_type", m->sub_type, 255, e) == -1 ||
	    check_max("four_octet_as", "local_admin", m->local_admin, 65535,
		e) == -1)
		return -1;
	put_type(wire, EXT_FOUR_OCTET_AS, m->is_transitive, m->sub_type);
	put32(wire + 2, m->asn);
	put16(wire + 6, m->local_admin);
	return 0;
}

static int
get_link_bandwidth(const Bgp__ExtendedCommunity__LinkBandwidth *m,
    uint8_t wire[8], struct err *e)
{
	uint32_t bits;

	if (check_max("link_bandwidth", "asn", m->asn, 65535, e) == -1)
		return -1;
	if (isnan(m->bandwidth))
		return err_set(e, ERR_INVALID,
		    "extended_communities: link_bandwidth.bandwidth is not a "
		    "number");
	put_type(wire, EXT_TWO_OCTET_AS, m->is_transitive, EXT_LINK_BANDWIDTH);
	put16(wire + 2, m->asn);
	memcpy(&bits, &m->bandwidth, sizeof(bits));
	put32(wire + 4, bits);
	return 0;
}

static int
get_unknown(const Bgp__ExtendedCommunity__Unknown *m, uint8_t wire[8],
    struct err *e)
{
	if (check_max("unknown", "type_code", m->type_code, 255, e) == -1 ||
	    check_len("unknown", "value", m->value.len, 7, e) == -1)
		return -1;
	wire[0] = (uint8_t)m->type_code;
	memcpy(wire + 1, m->value.data, 7);
	return 0;
}

int
pb_ext_community_get(const Bgp__ExtendedCommunity *m, uint8_t wire[8],
    struct err *e)
{
	memset(wire, 0, 8);
	switch (m->community_case) {
	case FORM(TWO_OCTET_AS):
		return get_two_octet_as(m->two_octet_as, wire, e);
	case FORM(IPV4_ADDRESS):
		return get_ipv4_address(m->ipv4_address, wire, e);
	case FORM(FOUR_OCTET_AS):
		return get_four_octet_as(m->four_octet_as, wire, e);
	case FORM(LINK_BANDWIDTH):
		return get_link_bandwidth(m->link_bandwidth, wire, e);
	case FORM(COLOR):
		put_type(wire, EXT_OPAQUE, m->color->is_transitive, EXT_COLOR);
		put32(wire + 4, m->color->color);
		return 0;
	case FORM(ENCAPSULATION):
		if (check_max("encapsulation", "tunnel_type",
			m->encapsulation->tunnel_type, 65535, e) == -1)
			return -1;
		put_type(wire, EXT_OPAQUE, m->encapsulation->is_transitive,
		    EXT_ENCAPSULATION);
		put16(wire + 6, m->encapsulation->tunnel_type);
		return 0;
	case FORM(ROUTER_MAC):
		if (check_len("router_mac", "mac_address",
			m->router_mac->mac_address.len, 6, e) == -1)
			return -1;
		put_type(wire, EXT_EVPN, m->router_mac->is_transitive,
		    EXT_ROUTER_MAC);
		memcpy(wire + 2, m->router_mac->mac_address.data, 6);
		return 0;
	case FORM(OPAQUE):
		if (check_len("opaque", "value", m->opaque->value.len, 6, e) ==
		    -1)
			return -1;
		put_type(wire, EXT_OPAQUE, m->opaque->is_transitive, 0);
		memcpy(wire + 2, m->opaque->value.data, 6);
		return 0;
	case FORM(UNKNOWN):
		return get_unknown(m->unknown, wire, e);
	case BGP__EXTENDED_COMMUNITY__COMMUNITY__NOT_SET:
	default:
		return err_set(e, ERR_INVALID,
		    "extended_communities: an empty community");
	}
}

static bool
link_bandwidth_is_exact(const uint8_t wire[8])
{
	uint32_t bits = get32(wire + 4);

	/* The payload of a NaN is not safe in every language. */
	return (bits & 0x7f800000) != 0x7f800000 || (bits & 0x7fffff) == 0;
}

/* Which form says everything about these octets. */
static Bgp__ExtendedCommunity__CommunityCase
form_of(const uint8_t wire[8])
{
	static const uint8_t zero[4];

	switch (wire[0] & ~EXT_NON_TRANSITIVE) {
	case EXT_TWO_OCTET_AS:
		if (wire[1] != EXT_LINK_BANDWIDTH)
			return FORM(TWO_OCTET_AS);
		if (link_bandwidth_is_exact(wire))
			return FORM(LINK_BANDWIDTH);
		break;
	case EXT_IPV4:
		return FORM(IPV4_ADDRESS);
	case EXT_FOUR_OCTET_AS:
		return FORM(FOUR_OCTET_AS);
	case EXT_OPAQUE:
		if (wire[1] == EXT_COLOR && memcmp(wire + 2, zero, 2) == 0)
			return FORM(COLOR);
		if (wire[1] == EXT_ENCAPSULATION &&
		    memcmp(wire + 2, zero, 4) == 0)
			return FORM(ENCAPSULATION);
		if (wire[1] == 0)
			return FORM(OPAQUE);
		break;
	case EXT_EVPN:
		if (wire[1] == EXT_ROUTER_MAC)
			return FORM(ROUTER_MAC);
		break;
	default:
		break;
	}
	return FORM(UNKNOWN);
}

/* The members of one form, without the head of the submessage. */
static void
put_form(struct pbw *w, Bgp__ExtendedCommunity__CommunityCase form,
    const uint8_t wire[8])
{
	struct addr a;
	char text[ADDR_STRLEN];

	if (form == FORM(UNKNOWN)) {
		pbw_uint_implicit(w, 1, wire[0]);
		pbw_bytes(w, 2, wire + 1, 7);
		return;
	}
	pbw_uint_implicit(w, 1, (wire[0] & EXT_NON_TRANSITIVE) == 0);
	switch (form) {
	case FORM(TWO_OCTET_AS):
		pbw_uint_implicit(w, 2, wire[1]);
		pbw_uint_implicit(w, 3, get16(wire + 2));
		pbw_uint_implicit(w, 4, get32(wire + 4));
		break;
	case FORM(IPV4_ADDRESS):
		a = addr_ipv4(get32(wire + 2));
		(void)addr_str(&a, text);
		pbw_uint_implicit(w, 2, wire[1]);
		pbw_bytes(w, 3, text, strlen(text));
		pbw_uint_implicit(w, 4, get16(wire + 6));
		break;
	case FORM(FOUR_OCTET_AS):
		pbw_uint_implicit(w, 2, wire[1]);
		pbw_uint_implicit(w, 3, get32(wire + 2));
		pbw_uint_implicit(w, 4, get16(wire + 6));
		break;
	case FORM(LINK_BANDWIDTH):
		pbw_uint_implicit(w, 2, get16(wire + 2));
		if (get32(wire + 4) != 0)
			pbw_fixed32(w, 3, get32(wire + 4));
		break;
	case FORM(COLOR):
		pbw_uint_implicit(w, 2, get32(wire + 4));
		break;
	case FORM(ENCAPSULATION):
		pbw_uint_implicit(w, 2, get16(wire + 6));
		break;
	default: /* router_mac, opaque */
		pbw_bytes(w, 2, wire + 2, 6);
		break;
	}
}

void
pb_ext_community_put(struct pbw *w, uint32_t field, const uint8_t wire[8])
{
	Bgp__ExtendedCommunity__CommunityCase form = form_of(wire);
	size_t at, n;

	/* No form takes more than 127 bytes: the lengths have one byte. */
	pbw_head(w, field, 0);
	at = w->len;
	pbw_head(w, (uint32_t)form, 0);
	put_form(w, form, wire);
	n = w->len - at;
	w->base[at - 1] = (uint8_t)n;
	w->base[at + 1] = (uint8_t)(n - 2);
}
