/* SPDX-License-Identifier: ISC */
/*
 * Regular expressions over AS paths.
 *
 * A pattern sees the numbers of the path in decimal, joined by one blank,
 * sets in braces: "65001 65002 {65003 65004}".  It is searched for anywhere
 * unless anchored.  `_` stands for the start, the end, or blanks and braces.
 *
 * Matching is bounded: a pattern that backtracks beyond a limit of steps
 * does not match, and says so.  No code is generated at run time.
 */
#ifndef COMMON_AS_PATTERN_H
#define COMMON_AS_PATTERN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/compat.h"
#include "common/err.h"

#define AS_PATTERN_MAX 1000u /* bytes of a pattern */

struct as_pattern;

/* NULL with ERR_INVALID and the reason and place in `e`. */
struct as_pattern *as_pattern_new(const char *, struct err *e) ATTR_CHECK;
void as_pattern_free(struct as_pattern *);

/* Give a pattern that already takes very many steps over a path of twelve
 * numbers a far lower limit: it would cost the full one on most paths. */
void as_pattern_tame(struct as_pattern *);

enum as_match {
	AS_MATCH_NO,
	AS_MATCH_YES,
	AS_MATCH_LIMIT, /* given up: counts as no match */
};
/* `text` as as_pattern_text() writes it. */
enum as_match
as_pattern_match(const struct as_pattern *, const char *text, size_t len);

/* The text of a path in wire form (4-octet numbers); at most `size` bytes
 * with the NUL.  Returns its length; what does not fit is left out. */
size_t
as_pattern_text(char *buf, size_t size, const uint8_t *path, size_t path_len);
/* Room for the text of any path of `len` bytes. */
#define AS_PATTERN_TEXT(len) ((len) / 4 * 11 + (len) + 16)

/*
 * Most patterns only name numbers in their places: "_65001_65002_",
 * "^65001_", "_65001$", "^65001$".  Such a one is described by its numbers
 * so that many of them cost one look a number of the path.
 */
struct as_pattern_plain {
	const uint32_t *asns;
	size_t n; /* 0: the pattern is of another form */
	bool at_start; /* of a path that does not begin with a set */
	bool at_end;
};
void as_pattern_plain(const struct as_pattern *, struct as_pattern_plain *);
/* Give back what only matching needs, for patterns that are never matched by
 * text again. */
void as_pattern_slim(struct as_pattern *);

/*
 * Numbers of which a path must have one to match, so that others need not be
 * searched: 65001 of "^[0-9]+_65001_", two of "_(65001|65002)_.*_1$".
 * Returns how many; 0: it is not known.
 */
size_t as_pattern_needs(const struct as_pattern *, const uint32_t **);

#endif
