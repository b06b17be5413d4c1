/* SPDX-License-Identifier: ISC */
/*
 * Members of sets and policies as text, the same in the configuration file,
 * in the API and in bgpctl.
 *
 * Parsers return 0, or -1 with ERR_INVALID and a reason that names the text.
 */
#ifndef COMMON_POLICY_TEXT_H
#define COMMON_POLICY_TEXT_H

#include <stdint.h>

#include "common/compat.h"
#include "common/conf_policy.h"
#include "common/err.h"

/* "ADDR/LEN" (host bits are cleared) with a range of lengths: "exact",
 * "MIN..MAX", "..MAX", "MIN.."; NULL: none. */
int policy_prefix_parse(const char *prefix, const char *range,
    struct conf_prefix *, struct err *e) ATTR_CHECK;
/* The range as it was written; NULL if there was none. */
#define POLICY_RANGE_STRLEN 12
const char *policy_range_str(const struct conf_prefix *, char *buf);

/*
 * A community of the kind.  "HIGH:LOW" or a number (RFC 1997); "rt:" or
 * "ro:" ADMIN:LOCAL, "lb:", "color:", "encapsulation:", "router-mac:" or 0x
 * and 16 digits (RFC 4360, 5668, 9012); "A:B:C" (RFC 8092).  With `patterns`
 * a "*" may stand for a whole number of the first and last kind and for
 * LOCAL of rt and ro.
 */
int policy_comm_parse(enum conf_set_kind, const char *, bool patterns,
    struct conf_comm *, struct err *e) ATTR_CHECK;
#define POLICY_COMM_STRLEN 48
const char *
policy_comm_str(enum conf_set_kind, const struct conf_comm *, char *buf);

/* The name of a set or policy: not empty, at most CONF_NAME_MAX bytes, no
 * control characters, not beginning with an underscore (reserved). */
int
policy_name_check(const char *what, const char *name, struct err *e) ATTR_CHECK;

/* Words of the enumerations: "any", "all", "invert"; "ebgp", "ibgp",
 * "local"; "add", "remove", "replace"; "igp", "egp", "incomplete".  NULL and
 * -1 for what is none of them; UNSAID is the empty text. */
const char *policy_option_str(enum conf_match_option);
int policy_option_parse(const char *, uint8_t *option) ATTR_CHECK;
const char *policy_route_type_str(uint8_t bit);
int policy_route_type_parse(const char *, uint8_t *bit) ATTR_CHECK;
const char *policy_comm_op_str(enum conf_comm_op);
int policy_comm_op_parse(const char *, uint8_t *op) ATTR_CHECK;
const char *policy_origin_str(uint8_t origin);
int policy_origin_parse(const char *, uint8_t *origin) ATTR_CHECK;

#endif
