/* SPDX-License-Identifier: ISC */
/*
 * The configuration file as it is written, and its earlier versions: files
 * of the same name with ".1" (the one before) to ".10" behind, in the state
 * directory where there is one, else beside the file.
 *
 * Writing has two steps, because a change of the configuration can still be
 * refused after the first: everything that can fail is in it, the second only
 * renames.
 */
#ifndef BGPD_STORE_H
#define BGPD_STORE_H

#include <stddef.h>
#include <stdint.h>

#include "common/compat.h"
#include "common/cursor.h"
#include "common/err.h"
#include "common/msg_call.h"

struct store; /* a file about to be written */

/*
 * Put `text` and a copy of the present file beside their places.  NULL with
 * `e` set if that does not go.  `dir` NULL: versions stand beside the file.
 */
struct store *store_prepare(const char *path, const char *dir,
    const uint8_t *text, size_t len, struct err *e) ATTR_CHECK;
/* Either of the two frees it.  -1 with `e` set if the file is the old one. */
int store_commit(struct store *, struct err *e) ATTR_CHECK;
void store_abort(struct store *); /* NULL is fine */

/* Append the bytes of the file, or of a version of it. */
int store_read(const char *path, struct wr *, struct err *e) ATTR_CHECK;
int store_read_version(const char *path, const char *dir, uint32_t index,
    struct wr *, struct err *e) ATTR_CHECK;
/* Those that are there, the latest first; returns how many. */
uint32_t store_versions(const char *path, const char *dir,
    struct conf_version[CONF_VERSIONS_MAX]);

#endif
