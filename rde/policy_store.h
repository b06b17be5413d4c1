/* SPDX-License-Identifier: ISC */
/*
 * Sets, policies and programs of a configuration.
 *
 * A coming configuration is compiled beside the running one, in slices, and
 * put in its place at once.  What did not change is taken over as it is, so
 * the program of a peer whose policies are the same is the same object
 * afterwards.
 */
#ifndef RDE_POLICY_STORE_H
#define RDE_POLICY_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/conf.h"
#include "common/err.h"
#include "rde/policy.h"

struct attrs_table;
struct policy_store;

/* `attrs` is borrowed for life: texts are kept there. */
struct policy_store *policy_store_new(struct attrs_table *attrs);
/* A store that starts with what `of` holds, for trying things out. */
struct policy_store *policy_store_fork(struct policy_store *of);
void policy_store_free(struct policy_store *); /* NULL is fine */

/* Begin with the sets and policies of `conf`, which is borrowed until the
 * last step.  An earlier build that was not taken over is dropped. */
void policy_store_build(struct policy_store *, const struct conf *conf);
enum policy_build {
	POLICY_BUILD_MORE,
	POLICY_BUILD_DONE,
	POLICY_BUILD_FAILED, /* `e` says why; the build is dropped */
};
/* Go on for about `budget` members or statements. */
enum policy_build policy_store_step(struct policy_store *, size_t budget,
    struct err *e) ATTR_CHECK;
/* Take over what was built. */
void policy_store_commit(struct policy_store *);
void policy_store_abort(struct policy_store *);

/*
 * The program of an assignment, with a reference for the caller; NULL if
 * that lets everything pass unchanged.  `deny`: without policies and a
 * default nothing passes (RFC 8212).  Names must be known.
 */
struct policy_program *policy_store_program(struct policy_store *,
    const struct conf_assignment *, bool deny);
struct policy_program *policy_program_ref(struct policy_program *);
void policy_program_unref(struct policy_store *, struct policy_program *);

/* Policies in order of name, for listings; NULL behind the last. */
const struct policy *policy_store_at(const struct policy_store *, uint32_t i);
/* Index of the first policy whose name is not below. */
uint32_t policy_store_lower_bound(const struct policy_store *, const char *);
/* Searches of AS-path sets that were given up since the last call. */
uint64_t policy_store_take_limits(struct policy_store *);
/* A set of which some were that are worth a line, which it is not more often
 * than every LIMITS_TELL_MS, and how many; NULL: there is none. */
enum { LIMITS_TELL_MS = 60000 };
const char *
policy_store_tell_limits(struct policy_store *, struct mono now, uint64_t *n);
size_t policy_store_bytes(const struct policy_store *);

/*
 * What two programs can tell apart: false if any prefix; else the prefixes
 * (with what they cover) where they may differ are appended to the list.
 */
bool policy_program_diff(const struct policy_program *,
    const struct policy_program *, struct nlri **list, size_t *n, size_t max);

#endif
