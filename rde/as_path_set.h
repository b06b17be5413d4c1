/* SPDX-License-Identifier: ISC */
/*
 * AS-path patterns of a set made ready to be asked.  Those that only name
 * numbers in their places are found by a look-up for each number of the
 * path; the others are searched one by one, once for each distinct path:
 * what came of it is remembered.
 */
#ifndef RDE_AS_PATH_SET_H
#define RDE_AS_PATH_SET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/compat.h"
#include "common/err.h"

struct as_path_set;

struct as_path_set *as_path_set_new(void);
void as_path_set_free(struct as_path_set *); /* NULL is fine */
/* -1 with ERR_INVALID if the pattern does not compile. */
int
as_path_set_add(struct as_path_set *, const char *, struct err *e) ATTR_CHECK;

/* Does any pattern match the path (wire form, 4-octet numbers)?  All? */
bool as_path_set_any(struct as_path_set *, const uint8_t *path, size_t len);
bool as_path_set_all(struct as_path_set *, const uint8_t *path, size_t len);
/* Searches that were given up since the last call (as_pattern.h), and those
 * not begun because too many had been on the same path: no match, all. */
uint64_t as_path_set_take_limits(struct as_path_set *);
size_t as_path_set_bytes(const struct as_path_set *);

#endif
