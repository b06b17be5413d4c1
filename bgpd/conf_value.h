/* SPDX-License-Identifier: ISC */
/*
 * Numbers as the configuration file has them.  Values that the API has too
 * are common/policy_text.h's.
 */
#ifndef BGPD_CONF_VALUE_H
#define BGPD_CONF_VALUE_H

#include <stdint.h>

#include "common/compat.h"

/* Decimal, 0x hexadecimal or 0o octal, no sign. */
int value_number(const char *, uint64_t *) ATTR_CHECK; /* no reason given */

#endif
