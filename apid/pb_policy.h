/* SPDX-License-Identifier: ISC */
/*
 * Sets and policies between the suite's model and the API's messages.  Pure.
 *
 * Readers name the member that is wrong by its place in the request, below
 * `at`: "set.prefix_set.prefixes[3].masklength_range: ...".  What they
 * return belongs to the caller.
 */
#ifndef APID_PB_POLICY_H
#define APID_PB_POLICY_H

#include "apid/pbw.h"
#include "common/compat.h"
#include "common/conf.h"
#include "common/err.h"
#include "proto/bgp.pb-c.h"

/* A set with one reference; NULL with ERR_INVALID in e. */
struct conf_set *pb_set_get(const Bgp__DefinedSetConfig *, const char *at,
    struct err *e) ATTR_CHECK;
/* The kind that a set_type names; "" is none. */
int pb_set_type(const char *member, const char *text, enum conf_set_kind *,
    struct err *e) ATTR_CHECK;
/* A policy with one reference; NULL with ERR_INVALID in e.  `at` is empty or
 * ends with a dot. */
struct conf_policy *pb_policy_get(const Bgp__AddPolicyRequest *, const char *at,
    struct err *e) ATTR_CHECK;

/* Direction, policies and default action.  default_action may be NULL. */
int
pb_direction(const char *text, uint8_t *direction, struct err *e) ATTR_CHECK;
int pb_assignment_get(char *const *names, size_t n, const char *default_action,
    struct conf_assignment *, struct err *e) ATTR_CHECK;
/* "accept", "reject", or "" where nothing was said. */
const char *pb_default_action(uint8_t dflt);

/* Append a DefinedSetInfo or PolicyInfo as member `field`.  -1 if w would
 * get longer than limit; it may then hold half of it. */
int pb_set_put(struct pbw *, uint32_t field, const struct conf_set *,
    size_t limit) ATTR_CHECK;
int pb_policy_put(struct pbw *, uint32_t field, const struct conf_policy *,
    size_t limit) ATTR_CHECK;

#endif
