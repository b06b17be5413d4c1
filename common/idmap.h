/* SPDX-License-Identifier: ISC */
/*
 * Dense small numbers for long-lived objects: the lowest free number from
 * `first` up is given out, so that arrays and bitmaps indexed by it stay as
 * short as the number of objects.  A bitmap with a summary level: finding a
 * number looks at a word in 4096 numbers, plus one.
 */
#ifndef COMMON_IDMAP_H
#define COMMON_IDMAP_H

#include <stdbool.h>
#include <stdint.h>

#include "common/compat.h"

struct idmap;

/* Numbers first..last, both included; last < UINT32_MAX. */
struct idmap *idmap_new(uint32_t first, uint32_t last);
void idmap_free(struct idmap *);
/* Take the lowest free number; -1 if there is none. */
int idmap_take(struct idmap *, uint32_t *id) ATTR_CHECK;
/* Give a taken number back (fatalx if it is not taken). */
void idmap_give(struct idmap *, uint32_t id);
bool idmap_has(const struct idmap *, uint32_t id); /* taken? */
uint32_t idmap_count(const struct idmap *); /* taken numbers */

#endif
