/* SPDX-License-Identifier: ISC */
/*
 * Dropping references in runs: neighbouring prefixes mostly leave the same
 * attribute set, which is then touched once.
 */
#ifndef RDE_UNREF_H
#define RDE_UNREF_H

#include <stdint.h>

#include "rde/attrs.h"

struct unref {
	uint32_t handle; /* 0: nothing waits */
	uint32_t n;
};

static inline void
unref_init(struct unref *u)
{
	u->handle = 0;
	u->n = 0;
}

static inline void
unref_flush(struct unref *u, struct attrs_table *t)
{
	if (u->handle != 0)
		attrs_unref(t, u->handle, u->n);
	unref_init(u);
}

static inline void
unref_add(struct unref *u, struct attrs_table *t, uint32_t handle)
{
	if (u->handle != handle) {
		unref_flush(u, t);
		u->handle = handle;
	}
	u->n++;
}

#endif
