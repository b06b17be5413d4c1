/* SPDX-License-Identifier: ISC */
/*
 * NLRI of the unicast families on the wire (RFC 4271 4.3, RFC 4760 5),
 * with path identifiers where negotiated (RFC 7911 3).
 *
 * A span is checked once as a whole by bgp_nlri_check; walks over a checked
 * span check no more than that they stay inside.  bgp_update_parse has
 * checked all spans that it gives out.
 */
#ifndef COMMON_BGP_NLRI_H
#define COMMON_BGP_NLRI_H

#include <endian.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "common/afi.h"
#include "common/compat.h"
#include "common/nlri.h"

/* Longest NLRI: path identifier, length, 16 octets. */
#define BGP_NLRI_MAX 21

/* Number of NLRI in the span, -1 if one is too long for the family or runs
 * past the end (a NOTIFICATION 3/10). */
int
bgp_nlri_check(enum family, const uint8_t *, size_t, bool add_path) ATTR_CHECK;

/* Any family. */
struct bgp_nlri_iter {
	const uint8_t *p;
	const uint8_t *end;
	uint8_t family;
	bool add_path;
};
static inline void
bgp_nlri_iter_init(struct bgp_nlri_iter *it, enum family family,
    const uint8_t *p, size_t len, bool add_path)
{
	it->p = p;
	it->end = len > 0 ? p + len : p;
	it->family = (uint8_t)family;
	it->add_path = add_path;
}
/* False at the end.  path_id may be NULL; 0 without ADD-PATH. */
bool bgp_nlri_next(struct bgp_nlri_iter *, struct nlri *, uint32_t *path_id);

/*
 * IPv4 unicast without path identifier: the next prefix of a checked span at
 * *p; host order, host bits cleared.  Call while *p < end.
 */
static inline void
bgp_nlri_ipv4_next(const uint8_t **p, const uint8_t *end, uint32_t *addr,
    uint8_t *bits)
{
	const uint8_t *q = *p;
	uint8_t n = q[0];
	size_t bytes = ((size_t)n + 7) / 8;
	uint32_t v = 0;

	/* One load where four octets can be read, whoever owns the rest. */
	if ((size_t)(end - q) >= 5)
		memcpy(&v, q + 1, 4);
	else
		for (size_t i = 0; i < bytes; i++)
			((uint8_t *)&v)[i] = q[1 + i];
	v = be32toh(v);
	*addr = (uint32_t)(v & (0xffffffffull << (32 - n)));
	*bits = n;
	*p = q + 1 + bytes;
}

/* Write one; `to` has room for BGP_NLRI_MAX, all of which may be written to.
 * Returns the bytes that count. */
size_t bgp_nlri_write(uint8_t *to, const struct nlri *);
size_t bgp_nlri_write_id(uint8_t *to, const struct nlri *, uint32_t path_id);
size_t bgp_nlri_ipv4_write(uint8_t *to, uint32_t addr, uint8_t bits);
/* Bytes it takes without path identifier. */
static inline size_t
bgp_nlri_len(uint8_t bits)
{
	return 1 + ((size_t)bits + 7) / 8;
}

#endif
