/* SPDX-License-Identifier: ISC */
/*
 * What the compiler and the C library do not give everywhere.  The only
 * header with conditional code; it declares no functions.
 */
#ifndef COMMON_COMPAT_H
#define COMMON_COMPAT_H

#include <sys/queue.h>

#include <stddef.h>

#define nitems(a) (sizeof(a) / sizeof((a)[0]))

#define ATTR_PRINTF(f, a) __attribute__((__format__(__printf__, f, a)))
#define ATTR_NORETURN __attribute__((__noreturn__))
#define ATTR_CHECK __attribute__((__warn_unused_result__))
#define ATTR_UNUSED __attribute__((__unused__))

/* Walks that survive the removal of the visited element; glibc lacks them. */
#ifndef TAILQ_FOREACH_SAFE
#define TAILQ_FOREACH_SAFE(v, head, field, next)                               \
	for ((v) = TAILQ_FIRST(head);                                          \
	     (v) != NULL && ((next) = TAILQ_NEXT(v, field), 1); (v) = (next))
#endif
#ifndef LIST_FOREACH_SAFE
#define LIST_FOREACH_SAFE(v, head, field, next)                                \
	for ((v) = LIST_FIRST(head);                                           \
	     (v) != NULL && ((next) = LIST_NEXT(v, field), 1); (v) = (next))
#endif

#endif
