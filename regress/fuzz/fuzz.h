/* SPDX-License-Identifier: ISC */
/*
 * What the fuzz entries share.  Each *_fuzz.c is one entry of libFuzzer for
 * one codec; its seeds and each input that once was a finding are in
 * corpus/<name>/.  A property that does not hold is a crash.
 */
#ifndef REGRESS_FUZZ_FUZZ_H
#define REGRESS_FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/compat.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

#define FUZZ_HOLDS(property)                                                   \
	do {                                                                   \
		if (!(property)) {                                             \
			fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__,     \
			    #property);                                        \
			abort();                                               \
		}                                                              \
	} while (0)

/* A copy in memory of exactly its size: reads beyond are seen. */
static inline uint8_t *
fuzz_copy(const uint8_t *data, size_t len)
{
	uint8_t *p = malloc(len > 0 ? len : 1);

	if (p == NULL)
		abort();
	if (len > 0)
		memcpy(p, data, len);
	return p;
}

/* A message of BGP from a body; *len is the body's, then the message's. */
static inline uint8_t *
fuzz_message(uint8_t type, const uint8_t *body, size_t *len)
{
	size_t n = 19 + *len;
	uint8_t *p = malloc(n);

	if (p == NULL)
		abort();
	memset(p, 0xff, 16);
	p[16] = (uint8_t)(n >> 8);
	p[17] = (uint8_t)n;
	p[18] = type;
	if (*len > 0)
		memcpy(p + 19, body, *len);
	*len = n;
	return p;
}

#endif
