/* SPDX-License-Identifier: ISC */
/*
 * Questions of the API about policies (msg_policy.h): what they make of one
 * route, what a candidate would change, how often statements held.  Nothing
 * here changes a route or a counter.
 *
 * A dry run is a walk beside route work.  A few can run at a time; each holds
 * its candidate and up to POLICY_SAMPLES_MAX samples.
 */
#ifndef RDE_POLICY_QUERY_H
#define RDE_POLICY_QUERY_H

#include <stddef.h>
#include <stdint.h>

#include "common/compat.h"
#include "common/msg_policy.h"

struct dry_run;
struct shell;
TAILQ_HEAD(dry_run_list, dry_run);

enum { DRY_RUNS_MAX = 4 };

struct policy_queries {
	struct dry_run_list list;
	uint32_t n;
};

void policy_queries_init(struct policy_queries *);

/* The messages; -1: apid broke the rules. */
void policy_test(struct shell *, uint32_t id, const struct policy_test *);
int policy_dry_run_part(struct shell *, uint32_t id, const uint8_t *,
    size_t) ATTR_CHECK;
int
policy_dry_run(struct shell *, uint32_t id, const uint8_t *, size_t) ATTR_CHECK;
void policy_dry_run_close(struct shell *, uint32_t id);
void policy_counters(struct shell *, uint32_t id,
    const struct policy_counters_from *);
/* apid is gone. */
void policy_query_close_all(struct shell *);

#endif
