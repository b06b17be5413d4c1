/* SPDX-License-Identifier: ISC */
/*
 * Bounded cursors over bytes, the only way wire and message bytes are read
 * and written.  Errors are sticky: after the first read or write past the
 * end every operation does nothing (reads give zero), so a codec is a
 * straight line with one check at its end.  Multi-byte numbers are in
 * network byte order.
 */
#ifndef COMMON_CURSOR_H
#define COMMON_CURSOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/compat.h"

struct rd {
	const uint8_t *p;
	const uint8_t *end;
	bool bad;
};

void rd_init(struct rd *, const void *, size_t);
size_t rd_left(const struct rd *);
bool rd_ok(const struct rd *);
/* True if nothing was read past the end and nothing is left. */
bool rd_done(const struct rd *);
void rd_fail(struct rd *);
uint8_t rd_n8(struct rd *);
uint16_t rd_n16(struct rd *);
uint32_t rd_n32(struct rd *);
uint64_t rd_n64(struct rd *);
/* Copy n bytes out; zeroes `to` if they are not there. */
void rd_copy(struct rd *, void *to, size_t n);
/* A view of the next n bytes, NULL if they are not there (also n == 0 ok). */
const uint8_t *rd_bytes(struct rd *, size_t n);
/* Cut the next n bytes off into a reader of their own; it is bad if they
 * are not there. */
struct rd rd_sub(struct rd *, size_t n);
/* A string written by wr_str: a new heap copy, NULL and bad on error or an
 * embedded NUL.  The caller frees. */
char *rd_str(struct rd *);

/*
 * A writer over memory of the caller (wr_init) or of its own that grows up
 * to a limit (wr_init_grow; wr_free releases it).
 */
struct wr {
	uint8_t *base;
	uint8_t *p;
	uint8_t *end;
	size_t limit; /* 0: fixed memory */
	bool bad;
};

void wr_init(struct wr *, void *, size_t);
void wr_init_grow(struct wr *, size_t limit);
void wr_free(struct wr *);
void wr_reset(struct wr *); /* back to the start, error forgotten */
size_t wr_len(const struct wr *);
size_t wr_left(const struct wr *); /* up to the limit if it grows */
bool wr_ok(const struct wr *);
void wr_n8(struct wr *, uint8_t);
void wr_n16(struct wr *, uint16_t);
void wr_n32(struct wr *, uint32_t);
void wr_n64(struct wr *, uint64_t);
void wr_copy(struct wr *, const void *, size_t);
void wr_zero(struct wr *, size_t);
void wr_str(struct wr *, const char *); /* NULL is written as "" */
/* Leave n bytes to be filled in later; returns their offset from base. */
size_t wr_skip(struct wr *, size_t n);
void wr_patch8(struct wr *, size_t at, uint8_t);
void wr_patch16(struct wr *, size_t at, uint16_t);
void wr_patch32(struct wr *, size_t at, uint32_t);

#endif
