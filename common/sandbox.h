/* SPDX-License-Identifier: ISC */
/*
 * Giving up privilege: the only place that talks to the kernel about
 * capabilities, identities and system call filters.
 */
#ifndef COMMON_SANDBOX_H
#define COMMON_SANDBOX_H

#include <sys/types.h>

#include <stdbool.h>

#include "common/compat.h"
#include "common/err.h"
#include "common/msg.h"

struct sandbox {
	bool privileged; /* started as root: chroot and change identity */
	uid_t uid;
	gid_t gid;
	const char *dir; /* the empty directory to be locked into */
};

/*
 * Lock the calling process in for good, as `role` (PROC_BGPD: the short-lived
 * parser of the configuration).  Privileged: chroot to dir, supplementary
 * groups dropped, uid and gid changed for ever, no capability in any set, not
 * dumpable.  Always: no_new_privs, no file reached by its path (where the
 * kernel has Landlock), and the role's system call filter.  Call it once,
 * before any thread is started and with every descriptor already open.
 * Returns -1 with `e` set if something could not be given up; the caller must
 * then end.
 */
int
sandbox_enter(enum proc role, const struct sandbox *, struct err *e) ATTR_CHECK;

/*
 * The parent's own reduction, as root: keep uid 0 but of the capabilities
 * only those that its duties need (change root and identity of children, end
 * them, clear their bounding set, bind low ports, TCP keys and routes, read
 * the configuration and key files), also as the bound of what any child can
 * ever have.  Call it after what only full root can do.
 */
int sandbox_parent(struct err *e) ATTR_CHECK;

#endif
