/* SPDX-License-Identifier: ISC */
/*
 * Values of the configuration that are written as text: numbers, patterns.
 * Those that the API has too are common/policy_text.h's.
 */
#ifndef BGPD_CONF_VALUE_H
#define BGPD_CONF_VALUE_H

#include <stdint.h>

#include "common/compat.h"
#include "common/err.h"

/* Decimal, 0x hexadecimal or 0o octal, no sign. */
int value_number(const char *, uint64_t *) ATTR_CHECK; /* no reason given */

/* An AS-path pattern, -1 with a reason that names the text: brackets closed,
 * nothing to repeat missing. */
int value_pattern(const char *, struct err *e) ATTR_CHECK;

#endif
