/* SPDX-License-Identifier: ISC */
/*
 * Path attributes: the table of what each must look like, and the canonical
 * block in which a set of them is interned, queried, injected and stored.
 *
 * Canonical block.  Attributes in ascending order of type, each once, each
 * as {flags, type, length, value} with the length in one octet, or in two
 * under the Extended Length flag when it is above 255.  Flags have the
 * Optional and Transitive bits of the definition (of an unknown attribute:
 * as received), Partial only on optional transitive ones, unused bits zero.
 *   AS_PATH      4-octet numbers, AS4_PATH merged in (RFC 6793)
 *   NEXT_HOP     (3) for IPv4 unicast, however it came
 *   AGGREGATOR   8 octets, AS4_AGGREGATOR merged in
 *   communities  of every kind: order kept, no duplicates, never empty
 *   MP_REACH     (14) for other families, cut to {n16 afi, n8 safi, n8
 *                length, next hop}: neither reserved octet nor NLRI; the
 *                next hop has 16 octets or 32 with the link-local one
 *   MP_UNREACH, AS4_PATH, AS4_AGGREGATOR never occur.
 * Equal blocks mean equal routes, so a block can be compared and hashed as
 * bytes.  Attributes that we have no use for are kept byte for byte, the
 * non-transitive ones too: dropping those is the exporter's duty, as is the
 * Partial bit.
 *
 * Functions that take a block expect one that bgp_update_parse wrote or
 * bgp_attr_validate accepted, but read nothing outside of any.
 */
#ifndef COMMON_BGP_ATTR_H
#define COMMON_BGP_ATTR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/addr.h"
#include "common/afi.h"
#include "common/bgp.h"
#include "common/compat.h"
#include "common/cursor.h"
#include "common/err.h"

/* Longest canonical block that an UPDATE of BGP_MSG_MAX can make (2-octet
 * paths double), and the limit for injected ones. */
#define BGP_ATTR_BLOCK_MAX (2 * BGP_MSG_MAX)

enum bgp_attr_action { /* weakest first: the strongest wins (RFC 7606 3 h) */
	BGP_ATTR_KEEP,
	BGP_ATTR_DISCARD,
	BGP_ATTR_WITHDRAW, /* treat-as-withdraw */
	BGP_ATTR_RESET,
};

enum bgp_attr_form { /* rule for length and content */
	BGP_ATTR_FORM_ANY, /* not looked into */
	BGP_ATTR_FORM_FIXED, /* exactly `unit` octets */
	BGP_ATTR_FORM_LIST, /* one or more times `unit` octets */
	BGP_ATTR_FORM_COMMUNITIES, /* the same, and a set: no duplicates */
	BGP_ATTR_FORM_ORIGIN,
	BGP_ATTR_FORM_AS_PATH,
	BGP_ATTR_FORM_AGGREGATOR,
	BGP_ATTR_FORM_AS4_PATH,
	BGP_ATTR_FORM_AS4_AGGREGATOR,
	BGP_ATTR_FORM_MP_REACH,
	BGP_ATTR_FORM_MP_UNREACH,
	BGP_ATTR_FORM_AIGP,
	BGP_ATTR_FORM_PREFIX_SID,
};

struct bgp_attr_rule {
	const char *name; /* NULL: an attribute we do not know */
	uint8_t flags; /* Optional and Transitive as defined */
	uint8_t form; /* enum bgp_attr_form */
	uint8_t unit;
	uint8_t ebgp; /* BGP_ATTR_DISCARD: not from external peers */
	uint8_t malformed; /* action when the form is wrong */
	uint8_t bad_flags; /* action when the flags are wrong */
	uint8_t subcode; /* of a 3/x, where it comes to a reset */
};
extern const struct bgp_attr_rule bgp_attr_rules[256];
/* "AS_PATH", or "attribute 99" in a form that fits log lines. */
#define BGP_ATTR_NAMELEN 24
const char *bgp_attr_name(uint8_t type, char *buf);

/* One attribute of a block or an UPDATE. */
struct bgp_attr {
	uint8_t flags;
	uint8_t type;
	uint16_t len;
	const uint8_t *value; /* borrows from the block */
};
/*
 * Has the value the form of its row, with AS numbers of `width` octets?
 * Returns NULL, or what is wrong and the subcode of a NOTIFICATION 3/x.
 * MP_REACH and MP_UNREACH are judged by their users.
 */
const char *bgp_attr_fault(const struct bgp_attr *, unsigned int width,
    bool confed_ok, uint8_t *subcode);
/* Flags in canonical form: unused bits cleared, Partial only on optional
 * transitive ones, Extended Length where the length asks for it. */
static inline uint8_t
bgp_attr_flags(uint8_t flags, size_t len)
{
	const uint8_t both = BGP_ATTR_OPTIONAL | BGP_ATTR_TRANSITIVE;
	uint8_t keep = (flags & both) == both ? both | BGP_ATTR_PARTIAL : both;

	return (flags & keep) | (len > UINT8_MAX ? BGP_ATTR_EXTENDED : 0);
}

/* Walk: init the reader over the block; false at the end. */
bool bgp_attr_next(struct rd *, struct bgp_attr *);
bool bgp_attr_find(const uint8_t *block, size_t len, uint8_t type,
    struct bgp_attr *);

/* Per-type decoding; false (zeroes) if the value has another shape. */
bool bgp_attr_u32(const struct bgp_attr *, uint32_t *); /* MED & co. */
bool bgp_attr_aggregator(const struct bgp_attr *, uint32_t *asn, struct addr *);
/* Of NEXT_HOP or abbreviated MP_REACH; link_local (may be NULL) is ADDR_NONE
 * unless the next hop has two parts. */
bool bgp_attr_next_hop(const struct bgp_attr *, struct addr *next_hop,
    struct addr *link_local);

/* Bytes that an attribute with a value of `len` takes. */
static inline size_t
bgp_attr_size(size_t len)
{
	return len + (len > 255 ? 4 : 3);
}
/* Append one attribute in the right length form; `flags` without Extended
 * Length.  bgp_attr_head writes all but the value and returns the bytes. */
void bgp_attr_put(struct wr *, uint8_t flags, uint8_t type, const void *,
    size_t len);
size_t bgp_attr_head(uint8_t *to, uint8_t flags, uint8_t type, size_t len);

/* What decision and export look at, from one walk over a block. */
enum bgp_attr_hot_flag {
	BGP_HOT_LOCAL_PREF = 0x01, /* present */
	BGP_HOT_MED = 0x02,
	BGP_HOT_ORIGINATOR_ID = 0x04,
	BGP_HOT_NO_EXPORT = 0x08,
	BGP_HOT_NO_ADVERTISE = 0x10,
	BGP_HOT_NO_EXPORT_SUBCONFED = 0x20,
	BGP_HOT_NH_UNSPECIFIED = 0x40, /* next hop 0.0.0.0 or :: */
};
struct bgp_attr_hot {
	uint8_t origin;
	uint8_t flags; /* BGP_HOT_ */
	uint16_t path_len; /* aspath_len() */
	uint32_t local_pref; /* BGP_DEFAULT_LOCAL_PREF if absent */
	uint32_t med; /* 0 if absent */
	uint32_t neighbour_as; /* aspath_first() */
	uint16_t cluster_len; /* entries of CLUSTER_LIST */
};
/* What is no canonical block is read as far as it goes. */
void bgp_attr_hot(const uint8_t *block, size_t len, struct bgp_attr_hot *);

/*
 * Is this a canonical block of a route of `family` with what a route must
 * have (ORIGIN, AS_PATH, next hop of the family)?  For blocks from other
 * processes.  Returns 0, or -1 with ERR_INVALID in `e`.
 */
int bgp_attr_validate(const uint8_t *block, size_t len, enum family,
    struct err *e) ATTR_CHECK;

/* A block from values, for routes of our own. */
struct bgp_attr_values {
	uint8_t origin; /* enum bgp_origin */
	const uint8_t *as_path; /* 4-octet wire form */
	size_t as_path_len;
	struct addr next_hop; /* of the route's family; unspecified: self */
	struct addr link_local; /* ADDR_NONE: none */
	bool has_med;
	uint32_t med;
	bool has_local_pref;
	uint32_t local_pref;
	bool atomic_aggregate;
	bool has_aggregator;
	uint32_t aggregator_as;
	struct addr aggregator; /* IPv4 */
	const uint32_t *communities; /* host order */
	size_t n_communities;
	const uint8_t *ext_communities; /* 8 octets each */
	size_t n_ext_communities;
	const uint8_t *large_communities; /* 12 octets each, wire form */
	size_t n_large_communities;
	bool has_originator_id;
	uint32_t originator_id; /* host order */
	const uint32_t *cluster_list; /* host order */
	size_t n_cluster_list;
};
void bgp_attr_values_init(struct bgp_attr_values *); /* IGP, nothing else */
/*
 * Append the canonical block to `wr`.  Duplicated communities are dropped.
 * Returns 0, or -1 with ERR_INVALID in `e`: origin above 2, AS path not in
 * form, next hop of another family or multicast, AS 0 as aggregator, longer
 * than BGP_ATTR_BLOCK_MAX.
 */
int bgp_attr_build(struct wr *, enum family, const struct bgp_attr_values *,
    struct err *e) ATTR_CHECK;

#endif
