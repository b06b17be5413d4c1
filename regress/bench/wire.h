/* SPDX-License-Identifier: ISC */
/*
 * The load tool's own BGP codec.
 *
 * It shares no line with common/ or rde/ on purpose: what the daemon under
 * test sends is judged by a second reading of the RFCs.  It reads and writes
 * what a benchmark needs: OPEN with one or two families and 4-octet AS
 * numbers (RFC 6793), UPDATE with IPv4 in its own fields or in MP_REACH and
 * MP_UNREACH (RFC 4760), at most 4096 octets a message.
 *
 * A path is compared in its canonical form: attributes in ascending order,
 * each as type (1), length (2), value, where the AS_PATH is written one AS
 * at a time, communities are sorted, flags are left out, and the attributes
 * that a speaker sets anew toward another AS (NEXT_HOP, MED, LOCAL_PREF,
 * ORIGINATOR_ID, CLUSTER_LIST, MP_*, AS4_*) do not appear.
 */
#ifndef REGRESS_BENCH_WIRE_H
#define REGRESS_BENCH_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	WIRE_HDR = 19,
	WIRE_MAX = 4096,
	WIRE_OPEN = 1,
	WIRE_UPDATE = 2,
	WIRE_NOTIFICATION = 3,
	WIRE_KEEPALIVE = 4,

	WIRE_AFI_IP4 = 1,
	WIRE_AFI_IP6 = 2,

	ATTR_ORIGIN = 1,
	ATTR_AS_PATH = 2,
	ATTR_NEXT_HOP = 3,
	ATTR_MED = 4,
	ATTR_LOCAL_PREF = 5,
	ATTR_AGGREGATOR = 7,
	ATTR_COMMUNITIES = 8,
	ATTR_ORIGINATOR_ID = 9,
	ATTR_CLUSTER_LIST = 10,
	ATTR_MP_REACH = 14,
	ATTR_MP_UNREACH = 15,
	ATTR_EXT_COMMUNITIES = 16,
	ATTR_AS4_PATH = 17,
	ATTR_AS4_AGGREGATOR = 18,
	ATTR_LARGE_COMMUNITIES = 32
};

/* Octets that grow; zeroed is empty. */
struct bytes {
	uint8_t *data;
	size_t len;
	size_t cap;
};

/* An address of either family; IPv4 lies in hi's upper half, lo is 0. */
struct pfx {
	uint64_t hi, lo;
	uint8_t afi, len;
};

struct addr {
	uint8_t afi;
	uint8_t b[16]; /* 4 or 16 octets */
};

/* One UPDATE taken apart; all pointers lie in the message. */
struct update {
	const uint8_t *attrs; /* the whole attribute field */
	size_t attrs_len;
	const uint8_t *nlri, *mp_nlri;
	size_t nlri_len, mp_nlri_len;
	const uint8_t *gone, *mp_gone;
	size_t gone_len, mp_gone_len;
	uint8_t mp_afi, mp_gone_afi;
	const uint8_t *nh; /* NEXT_HOP; NULL: none */
	const uint8_t *mp_nh;
	size_t mp_nh_len;
	uint64_t hash; /* of the attributes without NEXT_HOP and MP_* */
};

/* Memory or death. */
void *need(void *);
void *grow(void *, size_t n, size_t size);

void bytes_add(struct bytes *, const void *, size_t);
void bytes_u8(struct bytes *, unsigned);
void bytes_u16(struct bytes *, unsigned);
void bytes_u32(struct bytes *, uint32_t);
void bytes_free(struct bytes *);

uint64_t wire_hash(const void *, size_t, uint64_t seed);

/* Text to address and back; false if it is none. */
bool addr_parse(struct addr *, const char *);
const char *pfx_text(const struct pfx *, char buf[64]);
static inline bool
pfx_equal(const struct pfx *a, const struct pfx *b)
{
	return a->hi == b->hi && a->lo == b->lo && a->len == b->len &&
	    a->afi == b->afi;
}

/* A whole OPEN message; families is a bit set of 1 << AFI. */
void wire_open(struct bytes *, uint32_t asn, uint16_t hold, uint32_t id,
    unsigned families);
void wire_keepalive(struct bytes *);
void wire_notification(struct bytes *, unsigned code, unsigned subcode);

/* One attribute with its flags; extended length where it is needed. */
void
wire_attr(struct bytes *, unsigned flags, unsigned type, const void *, size_t);

/*
 * UPDATEs that announce n prefixes of one family with `attrs` (without
 * NEXT_HOP and MP_REACH; ascending), each message as full as it gets.
 * IPv6 goes into MP_REACH, the first attribute (RFC 7606 5.1).
 */
void wire_announce(struct bytes *, const uint8_t *attrs, size_t attrs_len,
    const struct addr *nh, const struct pfx *, size_t n);
void wire_withdraw(struct bytes *, const struct pfx *, size_t n);

/* One prefix; returns the octets it takes, 0 if malformed. */
size_t wire_get_pfx(struct pfx *, unsigned afi, const uint8_t *, size_t);
void wire_put_pfx(struct bytes *, const struct pfx *);

/*
 * Take an UPDATE's body (without header) apart.  NULL or what is wrong.
 */
const char *wire_update(struct update *, const uint8_t *, size_t);

/*
 * Append the canonical form of an attribute field to `out`; with prepend,
 * the form that it has after that AS announced it.  NULL or what is wrong.
 */
const char *wire_canon(struct bytes *out, const uint8_t *attrs, size_t len,
    uint32_t prepend);

/* Does the canonical form's AS_PATH hold this AS? */
bool wire_canon_has_as(const struct bytes *, uint32_t asn);
/* Do its communities keep it from eBGP neighbours (RFC 1997)? */
bool wire_canon_is_private(const struct bytes *);
/* AS numbers in the path (RFC 4271 9.1.2.2 a: a set counts one), ORIGIN. */
unsigned wire_canon_path_len(const struct bytes *);
unsigned wire_canon_origin(const struct bytes *);

static inline uint32_t
get_u32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
	    (uint32_t)p[2] << 8 | p[3];
}

static inline unsigned
get_u16(const uint8_t *p)
{
	return (unsigned)p[0] << 8 | p[1];
}

#endif
