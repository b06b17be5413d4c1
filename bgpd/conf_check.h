/* SPDX-License-Identifier: ISC */
/*
 * Rules that concern several keys of the file at once.
 */
#ifndef BGPD_CONF_CHECK_H
#define BGPD_CONF_CHECK_H

#include "bgpd/conf_schema.h"

/*
 * Check what schema_read() collected; findings go to the schema's list.
 * Sorts the peers by address, after which s->peer_at is meaningless.
 */
void conf_check(struct schema *);

/*
 * Parse and check a whole file.  Returns the configuration, or NULL if there
 * were errors; `d` is sorted by place, `fixed_at` (may be NULL) says where
 * the keys stand that only a restart changes.  The only entry that others
 * need.
 */
struct conf *conf_parse(const char *text, size_t len, struct diags *d,
    struct place fixed_at[CONF_FIXED__MAX]) ATTR_CHECK;

#endif
