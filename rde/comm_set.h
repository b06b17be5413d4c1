/* SPDX-License-Identifier: ISC */
/*
 * Communities of one kind, exact ones and patterns, made ready to be asked:
 * a hash table for each mask among them.  Exact ones share one mask, and
 * patterns have only a handful, so a question costs a few look-ups however
 * many members there are.
 */
#ifndef RDE_COMM_SET_H
#define RDE_COMM_SET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/conf_policy.h"

struct comm_set;

struct comm_set *comm_set_new(enum conf_set_kind);
void comm_set_free(struct comm_set *); /* NULL is fine */
void comm_set_add(struct comm_set *, const struct conf_comm *);

/* `value` in wire form. */
bool comm_set_has(const struct comm_set *, const uint8_t *value);
/* Of the values of an attribute, `len` bytes of it. */
bool comm_set_has_any(const struct comm_set *, const uint8_t *, size_t len);
bool comm_set_has_all(const struct comm_set *, const uint8_t *, size_t len);
size_t comm_set_bytes(const struct comm_set *);

#endif
