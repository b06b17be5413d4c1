/* SPDX-License-Identifier: ISC */
/*
 * What differs between two configurations, in words: told by a reload, and
 * beforehand by its dry run.  Pure.
 */
#ifndef BGPD_CONF_DIFF_H
#define BGPD_CONF_DIFF_H

#include "common/conf.h"
#include "common/msg_call.h"

/* Append the differences, keys first, then in the order of the file.  Where
 * an object came from does not count. */
void conf_diff(const struct conf *from, const struct conf *to,
    struct conf_changes *);

#endif
