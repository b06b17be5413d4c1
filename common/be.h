/* SPDX-License-Identifier: ISC */
/*
 * Numbers in network order at any alignment, for code that has checked its
 * bounds itself: the hot paths of the BGP codecs.  Everybody else uses
 * cursors.
 */
#ifndef COMMON_BE_H
#define COMMON_BE_H

#include <endian.h>
#include <stdint.h>
#include <string.h>

static inline uint16_t
be_get16(const uint8_t *p)
{
	uint16_t v;

	memcpy(&v, p, sizeof(v));
	return be16toh(v);
}

static inline uint32_t
be_get32(const uint8_t *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return be32toh(v);
}

static inline void
be_put16(uint8_t *p, uint16_t v)
{
	v = htobe16(v);
	memcpy(p, &v, sizeof(v));
}

static inline void
be_put32(uint8_t *p, uint32_t v)
{
	v = htobe32(v);
	memcpy(p, &v, sizeof(v));
}

#endif
