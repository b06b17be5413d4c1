/* SPDX-License-Identifier: ISC */
/*
 * How far a long work is, as a line that is written over itself on standard
 * error.  Only where that is a terminal and standard output is none, so that
 * it never gets between other lines.
 */
#ifndef BGPCTL_PROGRESS_H
#define BGPCTL_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "common/mono.h"

struct progress {
	FILE *to; /* NULL: nobody looks */
	const char *what; /* "routes" */
	uint64_t asked; /* how often, the clock is not free */
	uint64_t last_count;
	struct mono start;
	struct mono last;
	bool shown;
};

/* `output` is where the work's own lines go; NULL: it has none. */
void
progress_init(struct progress *, FILE *err, FILE *output, const char *what);
void progress_show(struct progress *, uint64_t count);
/* Take the line away. */
void progress_end(struct progress *);

#endif
