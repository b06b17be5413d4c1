/* SPDX-License-Identifier: ISC */
/*
 * Bytes from text for the tests of the codecs: hexadecimal digits, anything
 * else between them is ignored.
 */
#ifndef REGRESS_UNIT_COMMON_WIRE_H
#define REGRESS_UNIT_COMMON_WIRE_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/bgp.h"
#include "common/compat.h"

static inline int
wire_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static inline size_t
wire_hex(uint8_t *to, const char *s)
{
	size_t n = 0;
	int high = -1, v;

	for (; *s != '\0'; s++) {
		v = wire_digit(*s);
		if (v < 0)
			continue;
		if (high < 0) {
			high = v;
		} else {
			to[n++] = (uint8_t)(high << 4 | v);
			high = -1;
		}
	}
	return n;
}

static inline size_t
wire_header(uint8_t *to, uint8_t type, size_t len)
{
	memset(to, 0xff, BGP_MARKER_LEN);
	to[16] = (uint8_t)(len >> 8);
	to[17] = (uint8_t)len;
	to[18] = type;
	return len;
}

/* A whole message of a type with a body. */
static inline size_t
wire_message(uint8_t *to, uint8_t type, const char *body)
{
	size_t n = wire_hex(to + BGP_HEADER_LEN, body);

	return wire_header(to, type, BGP_HEADER_LEN + n);
}

/* An UPDATE of withdrawn routes, attributes and NLRI. */
static inline size_t
wire_update(uint8_t *to, const char *withdrawn, const char *attrs,
    const char *nlri)
{
	size_t at = BGP_HEADER_LEN, n;

	n = wire_hex(to + at + 2, withdrawn);
	to[at] = (uint8_t)(n >> 8);
	to[at + 1] = (uint8_t)n;
	at += 2 + n;
	n = wire_hex(to + at + 2, attrs);
	to[at] = (uint8_t)(n >> 8);
	to[at + 1] = (uint8_t)n;
	at += 2 + n;
	at += wire_hex(to + at, nlri);
	return wire_header(to, BGP_UPDATE, at);
}

/* A copy in memory of exactly its size, so that sanitizers see every read
 * beyond. */
static inline uint8_t *
wire_exact(const uint8_t *p, size_t len)
{
	uint8_t *q = malloc(len > 0 ? len : 1);

	if (q == NULL)
		abort();
	if (len > 0)
		memcpy(q, p, len);
	return q;
}

#endif
