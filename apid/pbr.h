/* SPDX-License-Identifier: ISC */
/*
 * Reading protobuf by hand: the members of a message one after the other,
 * straight from its bytes.  For what looks at a message without unpacking
 * it.  Pure; nothing is copied.
 */
#ifndef APID_PBR_H
#define APID_PBR_H

#include <stddef.h>
#include <stdint.h>

#include "common/compat.h"

enum pbr_wire { /* wire types; groups are none of ours */
	PBR_VARINT = 0,
	PBR_64 = 1,
	PBR_BYTES = 2,
	PBR_32 = 5,
};

struct pbr { /* what is left of a message */
	const uint8_t *p;
	const uint8_t *end;
};

struct pbr_member {
	uint32_t number;
	uint8_t wire; /* enum pbr_wire */
	uint64_t value; /* PBR_VARINT */
	struct pbr body; /* PBR_BYTES, PBR_64, PBR_32 */
};

void pbr_init(struct pbr *, const void *, size_t);
static inline size_t
pbr_left(const struct pbr *r)
{
	return (size_t)(r->end - r->p);
}
/* The next member: 1 if there is one, 0 at the end, -1 if the bytes are
 * malformed. */
int pbr_next(struct pbr *, struct pbr_member *) ATTR_CHECK;

#endif
