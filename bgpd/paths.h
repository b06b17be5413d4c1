/* SPDX-License-Identifier: ISC */
/*
 * Where the suite finds its own files: beside its executable, wherever that
 * is installed.
 */
#ifndef BGPD_PATHS_H
#define BGPD_PATHS_H

#include "common/compat.h"
#include "common/err.h"

struct paths {
	char *libexec; /* directory of the children */
	char *conf; /* default configuration file */
	char *empty; /* directory that children are locked into */
};

/*
 * From the path of the executable, PREFIX/sbin/bgpd: PREFIX/libexec/bgpgg,
 * PREFIX/etc/bgpgg/bgpd.yaml and PREFIX/var/empty/bgpgg; under /usr (or /)
 * /etc/bgpgg/bgpd.yaml and /run/bgpgg/empty.
 */
void paths_from(struct paths *, const char *executable);
/* The same for the running program. */
int paths_init(struct paths *, struct err *) ATTR_CHECK;
void paths_fini(struct paths *);

/*
 * Remove a file that we made.  Root without its capabilities may not write
 * to directories of others, so there it is done as their owner.  Returns 0
 * or -1 with errno; a file that is not there is fine.
 */
int paths_unlink(const char *path);

/*
 * Make sure, as root, that `dir` is an empty-able place to lock children
 * into: created with mode 0755 where it is missing; it must belong to root
 * and be writable by nobody else.
 */
int paths_ensure_empty(const char *dir, struct err *) ATTR_CHECK;

#endif
