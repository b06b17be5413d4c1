/* SPDX-License-Identifier: ISC */
/*
 * Policies applied to the routes of the tables: handles in, handles out.
 *
 * Results are remembered by attribute set: of whole programs that do not
 * look at the prefix, and of what a statement makes of a set.  The memory is
 * of a fixed size; what it remembers has references of its own.
 */
#ifndef RDE_POLICY_APPLY_H
#define RDE_POLICY_APPLY_H

#include <stdbool.h>
#include <stdint.h>

#include "rde/export.h"
#include "rde/policy.h"
#include "rde/rde.h"

struct policy_apply;

struct policy_apply *policy_apply_new(void);
void policy_apply_free(struct rde *, struct policy_apply *);
/* Forget everything remembered. */
void policy_apply_forget(struct rde *);

/*
 * What import policy makes of a received set for a prefix: the handle for
 * the path, with a reference for the caller.  *rejected: it is kept, but
 * never chosen.
 */
uint32_t policy_import(struct rde *, const struct peer *, enum family,
    const struct prefix_key *, uint32_t received, bool *rejected);

/*
 * What export policy makes of a set (a base, see attrs.h): what goes to the
 * encoder, 0 if nothing does.  A new set is held until
 * policy_apply_release().
 */
uint32_t policy_export(struct rde *, const struct policy_program *,
    const struct export_rule *, const struct prefix_key *, uint32_t base,
    const struct peer *source);
void policy_apply_release(struct rde *);

/* The route as programs see it. */
void policy_route_in(const struct rde *, const struct peer *from, enum family,
    const struct prefix_key *, struct policy_route *);
void policy_route_out(const struct rde *, const struct export_rule *,
    const struct peer *source, const struct prefix_key *,
    struct policy_route *);

#endif
