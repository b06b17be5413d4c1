/* SPDX-License-Identifier: ISC */
/*
 * A configuration as the text of a file: what conf_parse() reads back to the
 * same.  Keys that have their default are left out, but for the addresses to
 * listen on.  Of secrets only the paths are written.  Comments, and keys that
 * are accepted without any effect, are not part of a configuration, so the
 * text does not have them.  Pure.
 */
#ifndef BGPD_CONF_WRITE_H
#define BGPD_CONF_WRITE_H

#include "common/conf.h"
#include "common/cursor.h"

/* Append the text; it does not end with a NUL.  wr_ok() tells whether it went
 * within the writer's limit. */
void conf_write(struct wr *, const struct conf *);

#endif
