/* SPDX-License-Identifier: ISC */
/*
 * A daemon of our own for one command: it holds a configuration file and
 * answers from it, but has no session, no listener of BGP and no API that
 * anyone else could reach.  What a file would do is thus told by the same
 * code that does it.
 */
#ifndef BGPCTL_TRIAL_H
#define BGPCTL_TRIAL_H

#include <sys/types.h>

#include <stddef.h>

struct trial {
	pid_t pid;
	int log; /* what the daemon says on standard error */
	char dir[64]; /* holds the socket; "": there is none */
	char endpoint[96]; /* "unix:..." */
};

/*
 * Start bgpd, which stands beside this program, on `file` and wait until its
 * socket is there.  -1 with a reason in `why`; what bgpd found wrong with the
 * file has been written to standard error then.
 */
int trial_start(struct trial *, const char *file, char *why, size_t why_len);
void trial_end(struct trial *);

#endif
