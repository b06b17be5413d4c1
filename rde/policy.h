/* SPDX-License-Identifier: ISC */
/*
 * Policies made ready to run, and running them on a route.
 *
 * A program is what a peer has in a direction: its policies in order and the
 * default action.  Peers with the same assignment share one; programs share
 * policies, and policies share sets.  All of them are immutable but for
 * counters, so "did anything change for this peer" is a comparison of
 * program pointers.  They are made by policy_store.h.
 *
 * Running is pure: block in, block out.  What the tables keep of it is
 * policy_apply.h's.
 */
#ifndef RDE_POLICY_H
#define RDE_POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/bgp_attr.h"
#include "common/conf.h"
#include "common/mono.h"
#include "rde/decision.h"
#include "rde/prefix_index.h"

struct as_path_set;
struct comm_set;
struct prefix_set;

struct policy_set {
	uint32_t refs;
	struct conf_set *conf;
	union {
		struct prefix_set *prefixes;
		struct as_path_set *paths;
		struct comm_set *comms; /* the three kinds of communities */
		struct addr *neighbors; /* sorted; conf->n of them */
	};
	/* Of a prefix set that replaces another: members that only one of
	 * the two has, unless there are too many. */
	const struct policy_set *before; /* compared only, may be gone */
	struct nlri *diff;
	size_t n_diff, max_diff;
	/* Of an AS-path set: searches given up that nobody was told of, and
	 * when somebody was. */
	uint64_t limits;
	bool limits_told;
	struct mono limits_at;
};

struct policy_statement {
	const struct conf_statement *conf;
	struct policy_set *sets[CONF_SET__MAX]; /* NULL: no such condition */
	struct comm_set *community; /* the condition's; NULL: none */
	struct comm_set **removals; /* by edit; NULL: it removes nothing */
	bool acts; /* changes attributes */
	uint32_t uid; /* never given twice */
	uint32_t cause; /* attrs_text(): where a rejection came from */
	uint64_t hits; /* evaluations that it held in */
};

struct policy {
	uint32_t refs;
	struct conf_policy *conf;
	uint32_t n;
	struct policy_statement *statements;
};

struct policy_program {
	uint32_t refs;
	uint32_t uid; /* never given twice, not to a statement either */
	struct policy **policies;
	uint32_t n;
	bool accept; /* by default */
	uint32_t cause; /* of a rejection by default */
	/* Its result follows from the attributes alone unless: */
	bool looks_at_prefix;
	bool looks_at_source; /* neighbour or kind of route */
	bool names_self; /* sets the next hop to our end of the session */
};

/* The route that is asked about. */
struct policy_route {
	enum family family;
	const struct prefix_key *key;
	enum route_kind kind;
	const struct addr *neighbor; /* whom it is from; ROUTE_LOCAL: unused */
	uint32_t own_as;
	const struct addr *self; /* our end of the session */
};

enum { POLICY_BUF = BGP_ATTR_BLOCK_MAX };

/* Working memory and result of a run. */
struct policy_run {
	bool accepted;
	bool too_long; /* rejected because actions made it so */
	const struct policy_statement *decided; /* NULL: the default */
	const uint8_t *block; /* as left: the given one, or in buf */
	size_t len;
	uint8_t tag; /* ATTRS_NEXT_HOP_FIXED, ATTRS_MED_FIXED */
	/* The deciding statement has yet to act, see policy_run_finish(). */
	const struct policy_statement *pending;
	uint32_t n_held; /* statements whose conditions held */
	/* Told of every statement whose conditions hold; NULL: nobody, and
	 * hits are counted. */
	void (*trace)(void *ctx, const struct policy *, uint32_t statement);
	void *trace_ctx;
	/* the attributes of `block` that conditions look at */
	bool parsed;
	struct bgp_attr as_path, next_hop, med, local_pref, comms[3];
	uint8_t origin;
	bool has_med, has_local_pref;
	uint32_t med_value, local_pref_value;
	uint8_t buf[2][POLICY_BUF];
	uint8_t scratch[POLICY_BUF];
};

/*
 * Run a program on a canonical block, which must stay until the result is
 * used.  run->trace and trace_ctx are the caller's to set before.  What the
 * deciding statement does to an accepted route is left to a second call, for
 * callers who may know its result already.
 */
void policy_run(struct policy_run *, const struct policy_program *,
    const struct policy_route *, const uint8_t *block, size_t len);
void policy_run_finish(struct policy_run *, const struct policy_route *);
/* A run for this prefix will follow soon. */
void policy_prefetch(const struct policy_program *, enum family,
    const struct prefix_key *);

/*
 * The actions of a statement on a block (policy_act.c), written to `to` of
 * POLICY_BUF bytes.  Returns the length, or 0 if there is no room.
 */
size_t policy_act(const struct policy_statement *, const struct policy_route *,
    const uint8_t *block, size_t len, uint8_t *to, uint8_t *scratch,
    uint8_t *tag);

#endif
