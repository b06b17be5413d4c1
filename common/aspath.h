/* SPDX-License-Identifier: ISC */
/*
 * AS paths in wire form: segments of {type, count, count AS numbers}.  Unless
 * said otherwise numbers have 4 octets and the path passed aspath_check;
 * on others the results are meaningless but nothing is read outside.
 */
#ifndef COMMON_ASPATH_H
#define COMMON_ASPATH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/bgp.h"
#include "common/compat.h"
#include "common/cursor.h"

enum aspath_fault {
	ASPATH_OK,
	ASPATH_MALFORMED, /* RFC 7606 7.2: type, count 0, overrun, rest */
	ASPATH_AS_ZERO, /* RFC 7607 */
	ASPATH_CONFED, /* confederation segment where none may be */
};
/* Judge a path whose numbers have `width` octets (2 or 4). */
enum aspath_fault
aspath_check(const uint8_t *, size_t, unsigned int width, bool confed_ok);

/* Length for the decision: a set counts 1, confederation segments 0
 * (RFC 4271 9.1.2.2 a, RFC 5065 5.3). */
unsigned int aspath_len(const uint8_t *, size_t);
/* Neighbouring AS: first number if the first segment that is not of a
 * confederation is a sequence; else 0. */
uint32_t aspath_first(const uint8_t *, size_t);
/* Origin AS: last number if the last segment is a sequence; else 0. */
uint32_t aspath_origin(const uint8_t *, size_t);
bool aspath_contains(const uint8_t *, size_t, uint32_t asn);
unsigned int aspath_count(const uint8_t *, size_t, uint32_t asn);

/* Room that aspath_prepend may need for `n` numbers before `len` bytes. */
#define ASPATH_PREPEND_LEN(len, n) ((len) + 4 * (n) + 2 * ((n) / 255 + 1))
/*
 * Write the path with `asn` n times (n >= 0) in front to `to` (not
 * overlapping).  Goes into the first segment if that is a sequence with
 * room, else a new sequence is begun; no segment grows past 255 numbers
 * (RFC 4271 5.1.2).  Returns the new length.
 */
size_t aspath_prepend(uint8_t *to, const uint8_t *, size_t, uint32_t asn,
    unsigned int n);

/* 2-octet form to 4-octet form; `to` has room for 2 * len. */
size_t aspath_widen(uint8_t *to, const uint8_t *path2, size_t len);
/*
 * 4-octet form to 2-octet form with AS_TRANS (RFC 6793 4.2.2); `to` has room
 * for len.  *lossy tells that an AS4_PATH must go along.  Returns the length.
 */
size_t aspath_to_as2(uint8_t *to, const uint8_t *, size_t, bool *lossy);
/* Value of that AS4_PATH: the path without confederation segments. */
size_t aspath_to_as4(uint8_t *to, const uint8_t *, size_t);
/*
 * Merge an AS_PATH of an OLD speaker, already widened, with its AS4_PATH
 * (RFC 6793 4.2.3).  An AS4_PATH longer than the path is ignored;
 * confederation segments in it are skipped.  `to` has room for the sum of
 * both.  Returns the length.
 */
size_t aspath_merge_as4(uint8_t *to, const uint8_t *path, size_t len,
    const uint8_t *as4, size_t as4_len);

/* Walk over segments: false at the end. */
struct aspath_segment {
	uint8_t type; /* enum bgp_segment */
	uint8_t count;
	const uint8_t *asns; /* 4 octets each, network order */
};
bool aspath_next(struct rd *, struct aspath_segment *);
uint32_t aspath_asn(const struct aspath_segment *, unsigned int i);

/*
 * Text: "1 2 {3,4}", confederation "(1 2)" and "[3,4]".  Writes at most
 * `size` bytes with the NUL and returns what the whole text needs without
 * it, as snprintf.
 */
size_t aspath_str(char *buf, size_t size, const uint8_t *, size_t);
/* The text form back to wire form; -1 if it is none (AS 0 is refused). */
int aspath_parse(const char *, struct wr *) ATTR_CHECK;

#endif
