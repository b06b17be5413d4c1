/* SPDX-License-Identifier: ISC */
/*
 * What a route is a route to.  An NLRI is a family and a canonical key; for
 * the unicast families the key is the prefix, its host bits cleared.  Path
 * identifiers and labels belong to the path, not to the key.
 */
#ifndef COMMON_NLRI_H
#define COMMON_NLRI_H

#include <stdbool.h>
#include <stdint.h>

#include "common/addr.h"
#include "common/afi.h"
#include "common/compat.h"
#include "common/cursor.h"
#include "common/err.h"

struct nlri {
	uint8_t family; /* enum family */
	uint8_t bits; /* prefix length */
	uint8_t key[16]; /* unused bytes and host bits are zero */
};

#define NLRI_STRLEN 50

/* "ADDR/LEN"; host bits are cleared.  On error -1 and `e` says why; a length
 * beyond the family's is "prefix length N exceeds 32" (or 128). */
int nlri_parse(const char *, struct nlri *, struct err *e) ATTR_CHECK;
const char *nlri_str(const struct nlri *, char *buf);
void nlri_mask(struct nlri *); /* clear host bits */
/* Listing order: family, then address, then shorter first. */
int nlri_cmp(const struct nlri *, const struct nlri *);
bool nlri_covers(const struct nlri *shorter, const struct nlri *longer);

/* Message form: family, bits, as many key bytes as the bits need. */
void nlri_put(struct wr *, const struct nlri *);
void nlri_get(struct rd *, struct nlri *); /* bad unless canonical */

#endif
