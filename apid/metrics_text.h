/* SPDX-License-Identifier: ISC */
/*
 * Writing OpenMetrics text: what the numbers become.  Pure but for what apid
 * tells of itself.
 */
#ifndef APID_METRICS_TEXT_H
#define APID_METRICS_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/msg_conduit.h"
#include "common/msg_metrics.h"
#include "common/msg_peer.h"

struct apid;
struct conf;

/* A text that grows. */
struct text {
	char *base;
	size_t len;
	size_t cap;
};
void text_put(struct text *, const char *, size_t);
void text_str(struct text *, const char *);
void text_u64(struct text *, uint64_t);
/* A label value without its quotes: backslash, quote and newline escaped. */
void text_escaped(struct text *, const char *);
/* v / divisor with as many decimals as it needs. */
void text_fraction(struct text *, uint64_t v, uint32_t divisor);

/* What was gathered. */
struct metrics_sample {
	bool known[PROC__MAX]; /* this process has answered all of it */
	uint64_t values[METRIC__MAX];
	struct peer_row *peers; /* of sessiond */
	size_t n_peers;
	struct bmp_row *bmp; /* of the rde */
	size_t n_bmp;
};

/*
 * The text in steps, so that one with many peers does not hold up the event
 * loop; false when it is complete.
 */
bool metrics_step(struct text *, unsigned int step,
    const struct metrics_sample *, const struct apid *);

#endif
