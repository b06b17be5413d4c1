/* SPDX-License-Identifier: ISC */
/*
 * Who may do what at a listener: tokens that a client must show, and whether
 * it may change anything.  Pure.
 */
#ifndef APID_ACCESS_H
#define APID_ACCESS_H

#include <stdbool.h>
#include <stddef.h>

#include "common/compat.h"
#include "common/conf.h"
#include "common/err.h"

struct access;

/* NULL: everybody may do everything.  What it needs is copied. */
struct access *access_new(const struct conf_access *);
void access_free(struct access *); /* wipes; NULL is fine */

/*
 * May a call be served?  `changes`: its method changes something.
 * `authorization` is the value of that header, NULL if there is none
 * ("Bearer TOKEN", RFC 6750 2.1).  0, or -1 with ERR_UNAUTHENTICATED or
 * ERR_PERMISSION.  How long it takes does not tell how much of a token was
 * right.
 */
int access_allows(const struct access *, bool changes,
    const void *authorization, size_t len, struct err *e) ATTR_CHECK;

#endif
