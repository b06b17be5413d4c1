/* SPDX-License-Identifier: ISC */
/*
 * Memory for millions of small objects under 32-bit handles.
 *
 * A region is a reserved range of addresses of which a prefix is usable;
 * it grows in place, so nothing in it ever moves, and pages cost memory
 * only once touched.  A slab deals fixed-size objects out of a region and
 * reuses freed ones.  Handles start at 1; 0 is "none".  A freed object's
 * first four bytes hold the link of the free list, the rest stays as the
 * caller left it (readers of dead handles see no foreign data).
 *
 * Exhausted memory is fatal, as everywhere.
 */
#ifndef COMMON_SLAB_H
#define COMMON_SLAB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "common/compat.h"

struct region {
	uint8_t *base;
	size_t reserved;
	size_t usable; /* bytes from base that may be touched */
	size_t open; /* ... as far as the kernel knows: at least as many */
	bool dense;
};

/* Reserve room for `max` bytes; nothing is usable yet. */
void region_init(struct region *, size_t max);
/* The same for what will all be used, from the start on: its pages come many
 * at a time, before they are touched, which costs less than a fault each. */
void region_init_dense(struct region *, size_t max);
void region_fini(struct region *);
/* Make at least `size` bytes usable; new bytes are zero.  More than was
 * reserved is fatal. */
void region_grow(struct region *, size_t size);
/* Give the memory back from offset `keep` on; the bytes stay usable and
 * read as zero. */
void region_discard(struct region *, size_t keep);

static inline void
region_need(struct region *r, size_t size)
{
	if (size > r->usable)
		region_grow(r, size);
}

struct slab {
	struct region region;
	uint32_t size; /* of an object, at least 4 */
	uint32_t max; /* highest handle */
	uint32_t next; /* first handle never dealt */
	uint32_t ready; /* first one without memory */
	uint32_t free; /* list of freed ones */
	uint32_t live;
};

void slab_init(struct slab *, size_t size, uint32_t max);
void slab_fini(struct slab *);
void slab_release(struct slab *, uint32_t);
/* If nothing is live, begin anew and give the memory back. */
void slab_trim(struct slab *);
/* Bytes that were ever dealt since the last trim. */
size_t slab_bytes(const struct slab *);

static inline void *
slab_at(const struct slab *s, uint32_t handle)
{
	return s->region.base + (size_t)handle * s->size;
}

void slab_more(struct slab *); /* for slab_alloc() alone */
/* A handle; its object is all zero when it was never used before, else as
 * it was freed but for the first four bytes. */
static inline uint32_t
slab_alloc(struct slab *s)
{
	uint32_t handle = s->free;

	if (handle != 0) {
		memcpy(&s->free, slab_at(s, handle), sizeof(s->free));
	} else {
		if (s->next == s->ready)
			slab_more(s);
		handle = s->next++;
	}
	s->live++;
	return handle;
}

#endif
