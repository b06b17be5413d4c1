/* SPDX-License-Identifier: ISC */
/*
 * Certificates, keys and tokens that the configuration names: read by the
 * parent, who alone may, and held against each other by a short-lived
 * confined process, because what parses them is large.
 */
#ifndef BGPD_SECRETS_H
#define BGPD_SECRETS_H

#include "bgpd/diag.h"
#include "common/compat.h"
#include "common/conf.h"
#include "common/sandbox.h"

/*
 * Fill in the contents of every file that a listener of the API names.  -1
 * if one cannot be used: then the reasons are in `d`, each at the place in
 * the configuration that names the file.  A key that others may read is a
 * warning.
 */
int
secrets_load(struct conf *, const struct sandbox *, struct diags *d) ATTR_CHECK;

#endif
