/* SPDX-License-Identifier: ISC */
/*
 * Which part of the tables a change of policy can touch, and a walk over it
 * that can stop anywhere: either every entry, in the order of memory, or
 * what lies below some prefixes.
 */
#ifndef RDE_SCOPE_H
#define RDE_SCOPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/nlri.h"
#include "rde/rib.h"

#define SCOPE_MAX 65536u /* prefixes; more of them are everything */

struct scope {
	bool all;
	struct nlri *list;
	size_t n;
	/* the walk; zero before it */
	uint8_t family; /* `all`: of the table under way */
	uint32_t at; /* `all`: entry */
	size_t item; /* else: of the list */
	bool begun; /* `from` is the last entry seen below the item */
	struct nlri from;
};

void scope_init(struct scope *); /* nothing */
void scope_fini(struct scope *);
/* Everything. */
void scope_all(struct scope *);
/* What is below these, too; takes the list over. */
void scope_add(struct scope *, struct nlri *list, size_t n);
bool scope_is_empty(const struct scope *);
/*
 * The next entries of the walk, at most max; they may have no path.  Those
 * of one call are of one table, *rib.  0: the end.  `only`: a family, or -1
 * for all.
 */
size_t scope_next(struct scope *, struct rib *ribs, int only, struct rib **rib,
    uint32_t *ids, size_t max);

#endif
