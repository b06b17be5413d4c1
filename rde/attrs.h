/* SPDX-License-Identifier: ISC */
/*
 * Interned attribute sets: each canonical block (common/bgp_attr.h) exists
 * once, named by a 32-bit handle, with what decision and export look at in
 * a 32-byte head before it.  Equal blocks have equal handles, so a handle is
 * compared instead of bytes.
 *
 * A set lives while references to it exist.  Whoever remembers a handle
 * across a return to the main loop holds a reference; a handle without one
 * may name another set later.
 */
#ifndef RDE_ATTRS_H
#define RDE_ATTRS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/bgp_attr.h"
#include "common/slab.h"

/* Handles stay below this; the bits above are the holder's to use. */
#define ATTRS_HANDLE_BITS 30
#define ATTRS_HANDLE_MASK ((1u << ATTRS_HANDLE_BITS) - 1)

/* What else tells sets apart; bits. */
enum attrs_tag {
	/* What import policy made of a received set: the head is that of the
	 * result, there is no block, see attrs_imported(). */
	ATTRS_IMPORTED = 0x01,
	/* Export policy has set these: they go out as they are. */
	ATTRS_NEXT_HOP_FIXED = 0x02,
	ATTRS_MED_FIXED = 0x04,
	/* Not attributes but a text, see attrs_text(). */
	ATTRS_TEXT = 0x08,
};

struct attrs {
	uint32_t hash;
	uint32_t refs;
	uint32_t local_pref;
	uint32_t med;
	uint32_t neighbour_as;
	uint32_t bucket; /* scratch of the packer */
	uint16_t path_len;
	uint16_t len; /* of wire */
	uint8_t origin;
	uint8_t flags; /* enum bgp_attr_hot_flag */
	uint8_t cluster_len; /* 255: look */
	uint8_t tag; /* enum attrs_tag */
	uint8_t wire[]; /* canonical block */
};

struct attrs_slot {
	uint32_t hash;
	uint32_t handle;
};
struct attrs_table;

struct attrs_table *attrs_table_new(void);
void attrs_table_free(struct attrs_table *);

/*
 * The handle of a canonical block of `len` bytes (at most
 * BGP_ATTR_BLOCK_MAX), with `refs` references taken for the caller.
 */
uint32_t attrs_intern(struct attrs_table *, const uint8_t *block, size_t len,
    uint32_t refs);
/* The same in two steps, so that lookups can be overlapped. */
uint32_t attrs_hash(const uint8_t *block, size_t len);
void attrs_prefetch(const struct attrs_table *, uint32_t hash);
uint32_t attrs_intern_hashed(struct attrs_table *, uint32_t hash,
    const uint8_t *block, size_t len, uint32_t refs);

/* A set with a tag (not IMPORTED) beside its block. */
uint32_t attrs_intern_tagged(struct attrs_table *, uint8_t tag,
    const uint8_t *block, size_t len, uint32_t refs);
/* Words, so that who refers to them can share and count them, too. */
uint32_t attrs_text(struct attrs_table *, const char *, uint32_t refs);

/*
 * The result of import policy: `base` is what the decision and neighbours
 * see, `received` what the peer sent.  A path of a rejected route has the
 * text of what rejected it as `cause`, else 0.  The set holds a reference to
 * each; the path needs no more than this one handle.
 */
uint32_t attrs_imported(struct attrs_table *, uint32_t base, uint32_t received,
    uint32_t cause, uint32_t refs);
/* Of any handle: itself unless it is IMPORTED. */
uint32_t attrs_base(const struct attrs_table *, uint32_t handle);
uint32_t attrs_received(const struct attrs_table *, uint32_t handle);
uint32_t attrs_cause(const struct attrs_table *, uint32_t handle); /* or 0 */

void attrs_ref(struct attrs_table *, uint32_t handle, uint32_t n);
/* Drop n references; the last one frees the set. */
void attrs_unref(struct attrs_table *, uint32_t handle, uint32_t n);
/* Bring the set nearer for that, then where the table has it, if n are all. */
void attrs_unref_prefetch(const struct attrs_table *, uint32_t handle);
void attrs_unref_prefetch_slot(const struct attrs_table *, uint32_t handle,
    uint32_t n);

/* Head of a live set. */
struct attrs *attrs_get(const struct attrs_table *, uint32_t handle);
/* Head and block of what neighbours see. */
struct attrs *attrs_get_base(const struct attrs_table *, uint32_t handle);

/*
 * Walk over a block that is known to be canonical: the next attribute at
 * *p; false at the end.  (bgp_attr_next() is for bytes that are not.)
 */
static inline bool
attrs_next(const uint8_t **p, const uint8_t *end, struct bgp_attr *a)
{
	const uint8_t *q = *p;
	unsigned int extended = q < end ? q[0] & BGP_ATTR_EXTENDED : 0;

	if (end - q < (extended ? 4 : 3))
		return false;
	a->flags = q[0] & (uint8_t)~BGP_ATTR_EXTENDED;
	a->type = q[1];
	a->len = extended ? (uint16_t)(q[2] << 8 | q[3]) : q[2];
	a->value = q + (extended ? 4 : 3);
	*p = a->value + a->len;
	return a->len <= end - a->value;
}

size_t attrs_count(const struct attrs_table *);
size_t attrs_bytes(const struct attrs_table *);
/* Give memory back if no set is left. */
void attrs_trim(struct attrs_table *);

#endif
