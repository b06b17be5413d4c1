/* SPDX-License-Identifier: ISC */
/*
 * Changes that a BMP server is to be told of, as keys: what is written is
 * looked up when there is room to write it, so a route that changes often
 * waits once.  Bounded; pure.
 */
#ifndef RDE_BMP_PENDING_H
#define RDE_BMP_PENDING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/compat.h"
#include "rde/prefix_index.h"

struct bmp_change { /* no padding: compared and hashed as bytes */
	uint64_t hi, lo; /* struct prefix_key */
	uint16_t peer;
	uint8_t bits;
	uint8_t family;
	uint32_t what; /* enum rde_monitor */
};

struct bmp_pending {
	struct bmp_change *list; /* those from `at` to `n` wait */
	uint32_t *slots; /* index + 1 into the list; 0: free */
	size_t at, n, size; /* slots: 2 * size */
	size_t max; /* of size; a power of two */
};

/* May cost up to `bytes`. */
void bmp_pending_init(struct bmp_pending *, size_t bytes);
void bmp_pending_fini(struct bmp_pending *);
/* Forget everything and give the memory back. */
void bmp_pending_clear(struct bmp_pending *);
/* False if it is full; true also for one that waits already. */
bool
bmp_pending_add(struct bmp_pending *, const struct bmp_change *) ATTR_CHECK;
/* The oldest one; false if there is none. */
bool bmp_pending_take(struct bmp_pending *, struct bmp_change *);
static inline size_t
bmp_pending_count(const struct bmp_pending *p)
{
	return p->n - p->at;
}

#endif
