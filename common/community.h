/* SPDX-License-Identifier: ISC */
/*
 * Communities (RFC 1997), extended (RFC 4360) and large ones (RFC 8092):
 * lists in wire form and single values as text.
 */
#ifndef COMMON_COMMUNITY_H
#define COMMON_COMMUNITY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/bgp.h"
#include "common/compat.h"

enum { /* octets of one */
	COMMUNITY_LEN = 4,
	COMMUNITY_EXT_LEN = 8,
	COMMUNITY_LARGE_LEN = 12,
	COMMUNITY_IPV6_EXT_LEN = 20,
};

struct community_large {
	uint32_t global;
	uint32_t local1;
	uint32_t local2;
};

/* Is it in a list of `len` bytes in wire form? */
bool community_contains(const uint8_t *, size_t len, uint32_t);
/*
 * Remove from a list of elements of `unit` octets all that came before, in
 * place; the first of equal ones stays, the order too.  Lists up to 65535
 * octets; O(n log n) at worst.  Returns the new length.
 */
size_t community_dedup(uint8_t *, size_t len, size_t unit);
bool community_has_duplicate(const uint8_t *, size_t len, size_t unit);

/* "65001:100", "no-export" ...; well-known ones by name if `names`. */
#define COMMUNITY_STRLEN 40
const char *community_str(uint32_t, bool names, char *buf);
/* "A:B" with 16 bits each, a well-known name (any case, - or _), or a plain
 * 32-bit number.  -1 if it is none of them. */
int community_parse(const char *, uint32_t *) ATTR_CHECK;

/* "rt 65001:100", "soo ...", "0x03:0x0b:..." into COMMUNITY_STRLEN. */
const char *community_ext_str(const uint8_t ext[8], char *buf);

const char *community_large_str(const struct community_large *, char *buf);
int community_large_parse(const char *, struct community_large *) ATTR_CHECK;
void community_large_read(const uint8_t wire[12], struct community_large *);
void community_large_write(uint8_t wire[12], const struct community_large *);

#endif
