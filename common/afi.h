/* SPDX-License-Identifier: ISC */
/*
 * Address families of BGP (RFC 4760) as a small dense index, used wherever
 * something is kept a family: tables, negotiated sets, groups.
 */
#ifndef COMMON_AFI_H
#define COMMON_AFI_H

#include <stdbool.h>
#include <stdint.h>

#include "common/compat.h"

enum { AFI_IPV4 = 1, AFI_IPV6 = 2 };
enum { SAFI_UNICAST = 1 };

enum family { FAMILY_IPV4_UNICAST, FAMILY_IPV6_UNICAST, FAMILY__MAX };

#define FAMILY_BIT(f) (1u << (f))
#define FAMILY_ALL (FAMILY_BIT(FAMILY__MAX) - 1)

/* -1 if we do not speak it. */
int family_from_afi(uint16_t afi, uint8_t safi);
uint16_t family_afi(enum family);
uint8_t family_safi(enum family);
const char *family_name(enum family); /* "IPv4 unicast" */
/* Key names in the configuration: "ipv4-unicast"; -1 if unknown. */
int family_parse(const char *);
const char *family_key(enum family);
unsigned int family_max_bits(enum family); /* 32, 128 */

#endif
