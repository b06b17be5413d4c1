/* SPDX-License-Identifier: ISC */
/*
 * What a daemon costs: CPU and memory, summed over the process named and all
 * that descend from it, from /proc.
 */
#ifndef REGRESS_BENCH_USAGE_H
#define REGRESS_BENCH_USAGE_H

#include <sys/types.h>

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct usage;

/* Watch `root` (0: nothing, all figures are 0). */
struct usage *usage_new(pid_t root);
void usage_free(struct usage *);

/* Look again for processes that were started or ended. */
void usage_find(struct usage *);
unsigned usage_processes(const struct usage *);
/* Has one of the processes ended? */
bool usage_lost(const struct usage *);

double usage_cpu(const struct usage *); /* seconds of CPU so far */
double usage_self_cpu(void); /* of the load tool */
double usage_machine_cpu(void); /* busy, of all processors */
/*
 * Print a JSON object: the CPU seconds of each process since usage_watch, and
 * how many of them the kernel spent for it (in its ticks, so roughly).
 */
void usage_print(const struct usage *, FILE *);
uint64_t usage_pss_kib(const struct usage *);
/* The kernel's own highest resident sizes, shared pages counted twice. */
uint64_t usage_hwm_kib(const struct usage *);

/*
 * Sample PSS now and in a thread every 0.25 s, less often where a sample takes long
 * (at most 2 % of the time), until usage_peak is called, which takes one
 * more and returns the highest, in KiB.
 */
void usage_watch(struct usage *);
uint64_t usage_peak(struct usage *);
uint64_t usage_peak_now(const struct usage *); /* so far */

#endif
