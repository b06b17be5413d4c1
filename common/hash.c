/* SPDX-License-Identifier: ISC */
/*
 * Multiply-and-fold hash under a secret key: each 16-byte step multiplies
 * two keyed 64-bit halves to 128 bits and folds them.
 */
#include "common/hash.h"

#include <sys/random.h>

#include <string.h>

#include "common/log.h"

static uint64_t hash_key[3] = { 0x9e3779b97f4a7c15u, 0xd1b54a32d192ed03u,
	0x8cb92ba72f3d8dd7u };

void
hash_init(void)
{
	if (getrandom(hash_key, sizeof(hash_key), 0) !=
	    (ssize_t)sizeof(hash_key))
		fatal("getrandom");
}

static inline uint64_t
fold(uint64_t a, uint64_t b)
{
	__extension__ unsigned __int128 m = a;

	m *= b;
	return (uint64_t)m ^ (uint64_t)(m >> 64);
}

static inline uint64_t
load64(const uint8_t *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

uint64_t
hash_bytes(const void *data, size_t len)
{
	const uint8_t *p = data;
	uint64_t h = hash_key[0] ^ (uint64_t)len;
	const uint8_t *end = p + len;
	uint64_t tail[2] = { 0, 0 };

	if (len < 16) {
		if (len > 0)
			memcpy(tail, p, len);
		h = fold(tail[0] ^ h, tail[1] ^ hash_key[1]);
		return fold(h, hash_key[2]);
	}
	for (; end - p > 16; p += 16)
		h = fold(load64(p) ^ h, load64(p + 8) ^ hash_key[1]);
	/* The last 16, of which some may have been in the step before. */
	h = fold(load64(end - 16) ^ h, load64(end - 8) ^ hash_key[1]);
	return fold(h, hash_key[2]);
}

uint64_t
hash_u64(uint64_t v)
{
	return fold(v ^ hash_key[0], hash_key[1]);
}
