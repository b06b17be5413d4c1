/* SPDX-License-Identifier: ISC */
/*
 * What differs between two texts, line by line.  Pure but for the output.
 */
#ifndef BGPCTL_DIFF_H
#define BGPCTL_DIFF_H

#include <stdbool.h>
#include <stddef.h>

enum diff_side { DIFF_BOTH = ' ', DIFF_OLD = '-', DIFF_NEW = '+' };

/*
 * Call `line` for each line, without its end, that is in one text only, and
 * for `context` lines around them; `gap` before lines that do not follow the
 * ones before, with the numbers from 1 of both texts.  Returns how many lines
 * are in one text only.  The way is the shortest one, unless the texts differ
 * in thousands of lines.
 */
struct diff_ops {
	void (*line)(void *ctx, enum diff_side, const char *, size_t);
	void (*gap)(void *ctx, size_t old_line, size_t new_line);
	size_t context;
};
size_t diff_texts(const char *old, size_t old_len, const char *new,
    size_t new_len, const struct diff_ops *, void *ctx);

#endif
