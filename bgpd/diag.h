/* SPDX-License-Identifier: ISC */
/*
 * What is wrong, or worth a warning, in a configuration file: a list of
 * places with their messages.  Everything that reads the file appends here
 * and goes on, so that one run reports all errors.
 */
#ifndef BGPD_DIAG_H
#define BGPD_DIAG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/compat.h"

struct diag {
	bool warning;
	uint32_t line; /* both from 1; 0: about the file as a whole */
	uint32_t column;
	char *text;
};

struct diags {
	struct diag *list;
	size_t n;
	size_t errors; /* of these, not warnings */
};

/* Entries kept; what comes after is counted as an error but not kept. */
#define DIAG_MAX 2000

void diags_init(struct diags *);
void diags_fini(struct diags *);
void diag_error(struct diags *, uint32_t line, uint32_t column, const char *fmt,
    ...) ATTR_PRINTF(4, 5);
void diag_warn(struct diags *, uint32_t line, uint32_t column, const char *fmt,
    ...) ATTR_PRINTF(4, 5);
/* Order by place; equal places keep the order of their finding. */
void diags_sort(struct diags *);
/*
 * "FILE:LINE:COLUMN: message", with "warning: " before a warning's message
 * and 1:1 for what concerns the whole file.  The caller frees.
 */
char *diag_format(const struct diag *, const char *file);

#endif
