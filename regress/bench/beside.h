/* SPDX-License-Identifier: ISC */
/*
 * A command that runs beside a load, over and over, in a process group of its
 * own: what lists the routes while single changes are timed.  Its output is
 * read and its lines are counted.
 */
#ifndef REGRESS_BENCH_BESIDE_H
#define REGRESS_BENCH_BESIDE_H

#include <stdbool.h>
#include <stdint.h>

struct beside;

struct beside *beside_start(const char *command);
/* How many times it came to its end, and well. */
unsigned beside_ended(const struct beside *);
/* It did not end well; it is not tried again. */
bool beside_failed(const struct beside *);
uint64_t beside_lines(const struct beside *); /* so far */
double beside_first(const struct beside *); /* seconds it took; 0: none yet */
/* Break it off; returns the CPU seconds that it and its counting took. */
double beside_stop(struct beside *);
void beside_free(struct beside *);

#endif
