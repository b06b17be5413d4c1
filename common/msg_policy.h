/* SPDX-License-Identifier: ISC */
/*
 * Payloads between apid and rde about policies: what they make of a route,
 * what a candidate would change, how often statements acted.
 *
 * Getters borrow blocks from the reader; texts are heap copies that the
 * matching _fini releases.
 */
#ifndef COMMON_MSG_POLICY_H
#define COMMON_MSG_POLICY_H

#include "common/conf.h"
#include "common/cursor.h"
#include "common/err.h"

/* POLICY_TEST: what do the policies of a peer make of a route? */
struct policy_test {
	uint8_t direction; /* enum conf_direction */
	struct addr peer;
	struct nlri nlri;
	/* A route with these attributes (a canonical block); none: import
	 * takes what the peer sent, export the best path. */
	const uint8_t *attrs;
	uint16_t attrs_len;
	struct addr source; /* export of `attrs`: whose; ADDR_NONE: ours */
};
void msg_policy_test_put(struct wr *, const struct policy_test *);
void msg_policy_test_get(struct rd *, struct policy_test *);

/* A statement whose conditions held. */
struct policy_step {
	char *policy;
	uint32_t statement; /* in the policy, from 1 */
	char *name; /* "": it has none */
};
/* POLICY_TEST_DONE: an error, and if it is ERR_OK: */
struct policy_report {
	bool accepted;
	/* The last one decided; those before it said `continue`.  None:
	 * the default action. */
	struct policy_step *steps;
	uint16_t n_steps;
	bool by_default;
	struct addr source; /* whom the route is from; ADDR_NONE: ours */
	const uint8_t *before; /* canonical blocks */
	uint16_t before_len;
	const uint8_t *after; /* as the policies leave it */
	uint16_t after_len;
};
#define POLICY_STEPS_MAX 64u /* told of; later ones are left out */
void msg_policy_report_put(struct wr *, const struct policy_report *);
void msg_policy_report_get(struct rd *, struct policy_report *);
void policy_report_fini(struct policy_report *);

/*
 * POLICY_DRY_RUN: what would change if this were assigned?  Behind it stand
 * items as in CONF_ITEM: candidate sets and policies that take the place of
 * those of the same name.  A long request comes as POLICY_DRY_RUN_PART
 * messages (bytes of it) and the rest in POLICY_DRY_RUN.
 */
struct policy_dry_run {
	uint8_t direction;
	struct addr peer;
	struct conf_assignment assignment;
	uint16_t samples; /* at most so many */
};
#define POLICY_SAMPLES_MAX 100u
#define POLICY_DRY_RUN_MAX (16u * 1024 * 1024) /* bytes of a request */
void msg_policy_dry_run_put(struct wr *, const struct policy_dry_run *);
void msg_policy_dry_run_get(struct rd *, struct policy_dry_run *);
void policy_dry_run_fini(struct policy_dry_run *);

enum policy_change {
	POLICY_APPEARS,
	POLICY_VANISHES,
	POLICY_CHANGES,
};
struct policy_sample {
	uint8_t change; /* enum policy_change */
	struct nlri nlri;
	const uint8_t *before; /* what is accepted now; none: nothing */
	uint16_t before_len;
	const uint8_t *after;
	uint16_t after_len;
};
/* POLICY_DRY_RUN_DONE: an error, and if it is ERR_OK: the numbers, then
 * samples to the end. */
struct policy_totals {
	uint64_t examined;
	uint64_t appear;
	uint64_t vanish;
	uint64_t change;
};
void msg_policy_totals_put(struct wr *, const struct policy_totals *);
void msg_policy_totals_get(struct rd *, struct policy_totals *);
void msg_policy_sample_put(struct wr *, const struct policy_sample *);
void msg_policy_sample_get(struct rd *, struct policy_sample *);

/* POLICY_COUNTERS_GET: a page of them, from behind this one on ("": from the
 * start).  Only policies that some peer uses are counted. */
struct policy_counters_from {
	char *policy;
	uint32_t statement;
};
void
msg_policy_counters_from_put(struct wr *, const struct policy_counters_from *);
void msg_policy_counters_from_get(struct rd *, struct policy_counters_from *);
/* POLICY_COUNTERS: n8 whether more follow, then rows to the end. */
struct policy_counter {
	char *policy;
	uint32_t statement; /* from 1 */
	char *name;
	uint64_t hits; /* evaluations that it held in */
};
void msg_policy_counter_put(struct wr *, const struct policy_counter *);
void msg_policy_counter_get(struct rd *, struct policy_counter *);
void policy_counter_fini(struct policy_counter *);

#endif
