/* SPDX-License-Identifier: ISC */
/*
 * Values of the configuration that are written as text: numbers, prefixes'
 * length ranges, communities of all kinds, patterns.
 *
 * All return 0, or -1 with a reason in `e` that names the text.
 */
#ifndef BGPD_CONF_VALUE_H
#define BGPD_CONF_VALUE_H

#include <stdint.h>

#include "common/compat.h"
#include "common/err.h"
#include "common/nlri.h"

/* Decimal, 0x hexadecimal or 0o octal, no sign. */
int value_number(const char *, uint64_t *) ATTR_CHECK; /* no reason given */

/* "HIGH:LOW" or one 32-bit number (RFC 1997). */
int value_community(const char *, uint32_t *, struct err *e) ATTR_CHECK;
/* "A:B:C" (RFC 8092). */
int
value_large_community(const char *, uint32_t to[3], struct err *e) ATTR_CHECK;
/*
 * "rt:" or "ro:" ADMIN:LOCAL, "lb:ASN:BYTES_PER_SECOND", "color:N",
 * "encapsulation:N", "router-mac:aa:bb:cc:dd:ee:ff" or 0x and 16 digits
 * (RFC 4360, 5668, 9012), as the eight bytes of the wire.
 */
int value_ext_community(const char *, uint8_t to[8], struct err *e) ATTR_CHECK;
/* "exact", "MIN..MAX", "..MAX" or "MIN.." against the prefix it is of. */
int value_masklen(const char *, const struct nlri *, unsigned int *min,
    unsigned int *max, struct err *e) ATTR_CHECK;
/* An AS-path pattern: brackets closed, nothing to repeat missing. */
int value_pattern(const char *, struct err *e) ATTR_CHECK;

#endif
