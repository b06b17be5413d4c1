/* SPDX-License-Identifier: ISC */
/*
 * Extended communities (RFC 4360) between their eight octets and the nine
 * forms of the API.  Both directions are exact: octets shown in one of the
 * first eight forms are rebuilt from it bit for bit, and what does not fit
 * in one is `unknown`.  Pure.
 */
#ifndef APID_PB_COMMUNITY_H
#define APID_PB_COMMUNITY_H

#include <stdint.h>

#include "apid/pbw.h"
#include "common/compat.h"
#include "common/err.h"
#include "proto/bgp.pb-c.h"

/* Returns 0, or -1 with ERR_INVALID naming the member. */
int pb_ext_community_get(const Bgp__ExtendedCommunity *, uint8_t wire[8],
    struct err *e) ATTR_CHECK;
/* Append an ExtendedCommunity as member `field`. */
void pb_ext_community_put(struct pbw *, uint32_t field, const uint8_t wire[8]);

#endif
