/* SPDX-License-Identifier: ISC */
/*
 * How many prefixes each peer gave and holds, told to sessiond, which shows
 * peers: when the numbers of a session change, and not more often than every
 * COUNTS_MS.  In the same rounds it is told what policies gave up.
 */
#ifndef RDE_COUNTS_H
#define RDE_COUNTS_H

struct event;
struct shell;

enum { COUNTS_MS = 500 };

void counts_init(struct shell *);
void counts_fini(struct shell *);
/* Something may have changed. */
void counts_touch(struct shell *);

#endif
