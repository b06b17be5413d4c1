/* SPDX-License-Identifier: ISC */
/*
 * Writing protobuf by hand where a message a route is made, hundreds of
 * thousands a second: straight from a row into a growing block of bytes.
 * Everything else goes through protobuf-c.
 */
#ifndef APID_PBW_H
#define APID_PBW_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/xmalloc.h"

struct pbw {
	uint8_t *base;
	size_t len;
	size_t cap;
};

static inline void
pbw_room(struct pbw *w, size_t n)
{
	if (w->cap - w->len >= n)
		return;
	while (w->cap - w->len < n)
		w->cap = w->cap == 0 ? 4096 : w->cap * 2;
	w->base = xreallocarray(w->base, w->cap, 1);
}

static inline void
pbw_free(struct pbw *w)
{
	free(w->base);
	memset(w, 0, sizeof(*w));
}

static inline size_t
pbw_varint_size(uint64_t v)
{
	size_t n = 1;

	for (; v >= 0x80; v >>= 7)
		n++;
	return n;
}

static inline void
pbw_varint(struct pbw *w, uint64_t v)
{
	pbw_room(w, 10);
	for (; v >= 0x80; v >>= 7)
		w->base[w->len++] = (uint8_t)(v | 0x80);
	w->base[w->len++] = (uint8_t)v;
}

/* A number member; always written, also 0. */
static inline void
pbw_uint(struct pbw *w, uint32_t field, uint64_t v)
{
	pbw_varint(w, field << 3 | 0);
	pbw_varint(w, v);
}

/* A member without presence: 0 is not written. */
static inline void
pbw_uint_implicit(struct pbw *w, uint32_t field, uint64_t v)
{
	if (v != 0)
		pbw_uint(w, field, v);
}

static inline void
pbw_fixed32(struct pbw *w, uint32_t field, uint32_t bits)
{
	pbw_varint(w, field << 3 | 5);
	pbw_room(w, 4);
	w->base[w->len++] = (uint8_t)bits;
	w->base[w->len++] = (uint8_t)(bits >> 8);
	w->base[w->len++] = (uint8_t)(bits >> 16);
	w->base[w->len++] = (uint8_t)(bits >> 24);
}

/* The head of a string, bytes or submessage of n bytes, which follow. */
static inline void
pbw_head(struct pbw *w, uint32_t field, size_t n)
{
	pbw_varint(w, field << 3 | 2);
	pbw_varint(w, n);
}

static inline void
pbw_bytes(struct pbw *w, uint32_t field, const void *p, size_t n)
{
	pbw_head(w, field, n);
	pbw_room(w, n);
	if (n > 0)
		memcpy(w->base + w->len, p, n);
	w->len += n;
}

#endif
