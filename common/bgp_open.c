/* SPDX-License-Identifier: ISC */
/*
 * OPEN and capabilities.  Every TLV is cut into a reader of its own before
 * anything in it is looked at.
 */
#include "common/bgp_open.h"

#include <string.h>

enum {
	PARAM_CAPABILITIES = 2, /* RFC 5492 4 */
	PARAM_EXTENDED = 255, /* RFC 9072 2 */
	CAP_VALUE_MAX = 64,
};

enum { /* RFC 4724 3, RFC 8538 2 */
	GR_RESTARTING = 0x8000,
	GR_NOTIFICATION = 0x4000,
	GR_TIME = 0x0fff,
	GR_FORWARDING = 0x80,
};

enum { /* RFC 7911 4 */
	ADD_PATH_RECEIVE = 1,
	ADD_PATH_SEND = 2,
};

static void
put_cap(struct wr *w, uint8_t code, const struct wr *value)
{
	size_t len = wr_len(value);

	wr_n8(w, PARAM_CAPABILITIES);
	wr_n8(w, (uint8_t)(2 + len));
	wr_n8(w, code);
	wr_n8(w, (uint8_t)len);
	wr_copy(w, value->base, len);
}

static void
put_mp(struct wr *w, struct wr *v, uint32_t families)
{
	for (unsigned int f = 0; f < FAMILY__MAX; f++) {
		if (!(families & FAMILY_BIT(f)))
			continue;
		wr_reset(v);
		wr_n16(v, family_afi(f));
		wr_n8(v, 0);
		wr_n8(v, family_safi(f));
		put_cap(w, BGP_CAP_MULTIPROTOCOL, v);
	}
}

static void
put_gr(struct wr *w, struct wr *v, const struct bgp_open *o)
{
	uint16_t head = o->gr_time & GR_TIME;

	if (o->gr_restarting)
		head |= GR_RESTARTING;
	if (o->gr_notification)
		head |= GR_NOTIFICATION;
	wr_reset(v);
	wr_n16(v, head);
	for (unsigned int f = 0; f < FAMILY__MAX; f++) {
		if (!(o->gr_families & FAMILY_BIT(f)))
			continue;
		wr_n16(v, family_afi(f));
		wr_n8(v, family_safi(f));
		wr_n8(v, o->gr_forwarding & FAMILY_BIT(f) ? GR_FORWARDING : 0);
	}
	put_cap(w, BGP_CAP_GRACEFUL_RESTART, v);
}

static void
put_add_path(struct wr *w, struct wr *v, const struct bgp_open *o)
{
	uint8_t mode;

	wr_reset(v);
	for (unsigned int f = 0; f < FAMILY__MAX; f++) {
		mode = 0;
		if (o->add_path_receive & FAMILY_BIT(f))
			mode |= ADD_PATH_RECEIVE;
		if (o->add_path_send & FAMILY_BIT(f))
			mode |= ADD_PATH_SEND;
		if (mode == 0)
			continue;
		wr_n16(v, family_afi(f));
		wr_n8(v, family_safi(f));
		wr_n8(v, mode);
	}
	if (wr_len(v) > 0)
		put_cap(w, BGP_CAP_ADD_PATH, v);
}

static void
put_flag(struct wr *w, struct wr *v, bool on, uint8_t code)
{
	wr_reset(v);
	if (on)
		put_cap(w, code, v);
}

static void
put_caps(struct wr *w, const struct bgp_open *o)
{
	uint8_t value[CAP_VALUE_MAX];
	struct wr v;

	wr_init(&v, value, sizeof(value));
	if (o->mp)
		put_mp(w, &v, o->families);
	put_flag(w, &v, o->route_refresh, BGP_CAP_ROUTE_REFRESH);
	put_flag(w, &v, o->ext_message, BGP_CAP_EXT_MESSAGE);
	if (o->has_role) {
		wr_reset(&v);
		wr_n8(&v, o->role);
		put_cap(w, BGP_CAP_ROLE, &v);
	}
	if (o->gr)
		put_gr(w, &v, o);
	if (o->as4) {
		wr_reset(&v);
		wr_n32(&v, o->asn);
		put_cap(w, BGP_CAP_AS4, &v);
	}
	put_add_path(w, &v, o);
	put_flag(w, &v, o->enhanced_refresh, BGP_CAP_ENHANCED_REFRESH);
}

size_t
bgp_open_write(uint8_t *to, const struct bgp_open *o)
{
	struct wr w;

	wr_init(&w, to, BGP_OPEN_WRITE_MAX);
	wr_skip(&w, BGP_HEADER_LEN);
	wr_n8(&w, BGP_VERSION);
	wr_n16(&w, (uint16_t)(o->asn > UINT16_MAX ? BGP_AS_TRANS : o->asn));
	wr_n16(&w, o->hold_time);
	wr_n32(&w, o->id);
	wr_n8(&w, 0);
	put_caps(&w, o);
	to[BGP_OPEN_MIN - 1] = (uint8_t)(wr_len(&w) - BGP_OPEN_MIN);
	bgp_msg_header(to, BGP_OPEN, (uint16_t)wr_len(&w));
	return wr_len(&w);
}

static int
get_mp(struct rd *v, struct bgp_open *o)
{
	uint16_t afi = rd_n16(v);
	int family;

	(void)rd_n8(v);
	family = family_from_afi(afi, rd_n8(v));
	if (!rd_done(v))
		return -1;
	o->mp = true;
	if (family >= 0)
		o->families |= FAMILY_BIT(family);
	return 0;
}

/* RFC 4724 3: of several, the last one counts. */
static int
get_gr(struct rd *v, struct bgp_open *o)
{
	uint16_t head = rd_n16(v);
	uint16_t afi;
	uint8_t safi, flags;
	int family;

	if (!rd_ok(v) || rd_left(v) % 4 != 0)
		return -1;
	o->gr = true;
	o->gr_restarting = head & GR_RESTARTING;
	o->gr_notification = head & GR_NOTIFICATION;
	o->gr_time = head & GR_TIME;
	o->gr_families = o->gr_forwarding = 0;
	while (rd_left(v) > 0) {
		afi = rd_n16(v);
		safi = rd_n8(v);
		flags = rd_n8(v);
		family = family_from_afi(afi, safi);
		if (family < 0)
			continue;
		o->gr_families |= FAMILY_BIT(family);
		if (flags & GR_FORWARDING)
			o->gr_forwarding |= FAMILY_BIT(family);
	}
	return 0;
}

static int
get_as4(struct rd *v, struct bgp_open *o)
{
	o->asn = rd_n32(v);
	o->as4 = true;
	return rd_done(v) ? 0 : -1;
}

/* A value that makes no sense is no ADD-PATH (RFC 7911 4), not an error. */
static int
get_add_path(struct rd *v, struct bgp_open *o)
{
	uint16_t afi;
	uint8_t safi, mode;
	int family;

	while (rd_left(v) >= 4) {
		afi = rd_n16(v);
		safi = rd_n8(v);
		mode = rd_n8(v);
		family = family_from_afi(afi, safi);
		if (family < 0 || mode == 0 || mode > 3)
			continue;
		if (mode & ADD_PATH_RECEIVE)
			o->add_path_receive |= FAMILY_BIT(family);
		if (mode & ADD_PATH_SEND)
			o->add_path_send |= FAMILY_BIT(family);
	}
	return 0;
}

/* -1 only for what the session cannot be built without understanding. */
static int
get_cap(uint8_t code, struct rd *v, struct bgp_open *o)
{
	switch (code) {
	case BGP_CAP_MULTIPROTOCOL:
		return get_mp(v, o);
	case BGP_CAP_ROUTE_REFRESH:
		o->route_refresh = true;
		return 0;
	case BGP_CAP_EXT_MESSAGE:
		o->ext_message = true;
		return 0;
	case BGP_CAP_ROLE:
		o->role = rd_n8(v);
		o->has_role = rd_done(v);
		return 0;
	case BGP_CAP_GRACEFUL_RESTART:
		return get_gr(v, o);
	case BGP_CAP_AS4:
		return get_as4(v, o);
	case BGP_CAP_ADD_PATH:
		return get_add_path(v, o);
	case BGP_CAP_ENHANCED_REFRESH:
		o->enhanced_refresh = true;
		return 0;
	default:
		return 0;
	}
}

static int
get_caps(struct rd *caps, struct bgp_open *o)
{
	struct rd value;
	uint8_t code;

	while (rd_left(caps) > 0) {
		code = rd_n8(caps);
		value = rd_sub(caps, rd_n8(caps));
		if (!rd_ok(caps) || get_cap(code, &value, o) == -1)
			return -1;
	}
	return 0;
}

/*
 * Cut off the optional parameters of an OPEN whose reader stands behind the
 * identifier.  RFC 9072 2: a first parameter type of 255 announces two-octet
 * lengths; the one-octet length before it should be 255 and must be ignored
 * unless it is zero.
 */
static struct rd
open_params(struct rd *r, bool *extended)
{
	uint16_t len = rd_n8(r);

	*extended = len != 0 && rd_left(r) >= 3 && r->p[0] == PARAM_EXTENDED;
	if (*extended) {
		(void)rd_n8(r);
		len = rd_n16(r);
	}
	return rd_sub(r, len);
}

static int
get_params(struct rd *r, struct bgp_open *o, struct bgp_error *e)
{
	bool extended;
	struct rd params = open_params(r, &extended);
	struct rd value;
	uint8_t type;

	if (!rd_done(r))
		goto bad;
	while (rd_left(&params) > 0) {
		type = rd_n8(&params);
		value = rd_sub(&params,
		    extended ? rd_n16(&params) : rd_n8(&params));
		if (!rd_ok(&params))
			goto bad;
		if (type != PARAM_CAPABILITIES)
			return bgp_error_set(e, BGP_ERR_OPEN,
			    BGP_ERR_OPEN_PARAMETER, NULL, 0);
		if (get_caps(&value, o) == -1)
			goto bad;
	}
	return 0;
bad:
	return bgp_error_set(e, BGP_ERR_OPEN, BGP_ERR_OPEN_UNSPECIFIC, NULL, 0);
}

/*
 * The AS as the message alone shows it.  AS_TRANS stands for a number that
 * only capability 65 can tell, and is nobody's own (RFC 6793 9); a speaker
 * whose number fits two octets says it there (RFC 6793 4.1).
 */
static bool
asn_is_good(const struct bgp_open *o)
{
	if (o->my_as == 0 || o->asn == 0 || o->asn == BGP_AS_TRANS)
		return false;
	return !o->as4 || o->my_as == BGP_AS_TRANS || o->asn == o->my_as;
}

int
bgp_open_parse(const uint8_t *msg, size_t len, struct bgp_open *o,
    struct bgp_error *e)
{
	static const uint8_t version[] = { 0, BGP_VERSION };
	struct rd r;

	memset(o, 0, sizeof(*o));
	rd_init(&r, msg, len);
	(void)rd_bytes(&r, BGP_HEADER_LEN);
	o->version = rd_n8(&r);
	o->my_as = rd_n16(&r);
	o->hold_time = rd_n16(&r);
	o->id = rd_n32(&r);
	o->asn = o->my_as;
	if (!rd_ok(&r))
		return bgp_error_set(e, BGP_ERR_OPEN, BGP_ERR_OPEN_UNSPECIFIC,
		    NULL, 0);
	if (o->version != BGP_VERSION)
		return bgp_error_set(e, BGP_ERR_OPEN, BGP_ERR_OPEN_VERSION,
		    version, sizeof(version));
	if (get_params(&r, o, e) == -1)
		return -1;
	if (!asn_is_good(o))
		return bgp_error_set(e, BGP_ERR_OPEN, BGP_ERR_OPEN_PEER_AS,
		    NULL, 0);
	if (o->hold_time == 1 || o->hold_time == 2)
		return bgp_error_set(e, BGP_ERR_OPEN, BGP_ERR_OPEN_HOLD_TIME,
		    NULL, 0);
	/* RFC 6286 2.1: any 4 octets but zero. */
	if (o->id == 0)
		return bgp_error_set(e, BGP_ERR_OPEN, BGP_ERR_OPEN_IDENTIFIER,
		    NULL, 0);
	return 0;
}

int
bgp_open_check(const struct bgp_open *theirs, uint32_t local_as,
    uint32_t local_id, uint32_t remote_as, struct bgp_error *e)
{
	if (remote_as != 0 && theirs->asn != remote_as)
		return bgp_error_set(e, BGP_ERR_OPEN, BGP_ERR_OPEN_PEER_AS,
		    NULL, 0);
	if (theirs->asn == local_as && theirs->id == local_id)
		return bgp_error_set(e, BGP_ERR_OPEN, BGP_ERR_OPEN_IDENTIFIER,
		    NULL, 0);
	return 0;
}

/* RFC 4760 8: who announces no multiprotocol capability at all speaks IPv4
 * unicast. */
static uint32_t
open_families(const struct bgp_open *o)
{
	return o->mp ? o->families : FAMILY_BIT(FAMILY_IPV4_UNICAST);
}

void
bgp_open_negotiate(const struct bgp_open *ours, const struct bgp_open *theirs,
    struct bgp_negotiated *n)
{
	n->ebgp = ours->asn != theirs->asn;
	n->hold_time = ours->hold_time < theirs->hold_time ? ours->hold_time :
							     theirs->hold_time;
	n->families = open_families(ours) & open_families(theirs);
	n->as4 = ours->as4 && theirs->as4;
	n->route_refresh = ours->route_refresh && theirs->route_refresh;
	n->enhanced_refresh =
	    ours->enhanced_refresh && theirs->enhanced_refresh;
	/* Long paths in 2 octets would outgrow an attribute when widened. */
	n->ext_message = n->as4 && ours->ext_message && theirs->ext_message;
	n->add_path_rx =
	    n->families & ours->add_path_receive & theirs->add_path_send;
	n->add_path_tx =
	    n->families & ours->add_path_send & theirs->add_path_receive;
}

void
bgp_cap_iter_init(struct bgp_cap_iter *it, const uint8_t *msg, size_t len)
{
	struct rd r;

	rd_init(&r, msg, len);
	(void)rd_bytes(&r, BGP_OPEN_MIN - 1);
	it->params = open_params(&r, &it->extended);
	rd_init(&it->caps, NULL, 0);
}

bool
bgp_cap_next(struct bgp_cap_iter *it, struct bgp_capability *cap)
{
	while (rd_left(&it->caps) == 0) {
		if (rd_left(&it->params) == 0)
			return false;
		(void)rd_n8(&it->params);
		it->caps = rd_sub(&it->params,
		    it->extended ? rd_n16(&it->params) : rd_n8(&it->params));
	}
	cap->code = rd_n8(&it->caps);
	cap->len = rd_n8(&it->caps);
	cap->value = rd_bytes(&it->caps, cap->len);
	return rd_ok(&it->caps);
}
