/* SPDX-License-Identifier: ISC */
/* Counts of what the rde holds, for the log and for the API. */
#ifndef RDE_STATS_H
#define RDE_STATS_H

#include <stdint.h>

struct shell;

/* A few lines at debug level. */
void stats_log(const struct shell *);
/* Answer RIB_INFO_GET number `id`. */
void stats_rib_info(struct shell *, uint32_t id);
/* Answer METRICS_GET number `id`. */
void stats_metrics(struct shell *, uint32_t id);

#endif
