/* SPDX-License-Identifier: ISC */
/*
 * Allocation that cannot fail: an exhausted machine ends the process with a
 * log line.  Sizes that come from outside are bounded by the caller first.
 */
#ifndef COMMON_XMALLOC_H
#define COMMON_XMALLOC_H

#include <stddef.h>

#include "common/compat.h"

void *xmalloc(size_t);
void *xcalloc(size_t n, size_t size);
void *xreallocarray(void *, size_t n, size_t size);
char *xstrdup(const char *);
void *xmemdup(const void *, size_t);
char *xasprintf(const char *fmt, ...) ATTR_PRINTF(1, 2);

#endif
