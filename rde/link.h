/* SPDX-License-Identifier: ISC */
/*
 * The rde's channels to its siblings: which message goes to whom in here.
 *
 * Every payload is taken apart and checked before anything is done with it.
 * What a message that breaks the rules means depends on who sent it: bgpd
 * and sessiond are the routing core, so the rde logs and ends; apid is
 * expendable, so its channel is closed, its queries and injections die with
 * it, and routing goes on until bgpd links a new one.
 */
#ifndef RDE_LINK_H
#define RDE_LINK_H

#include "common/msg.h"

struct shell;

/* Take over the channel to bgpd. */
void link_start(struct shell *, int fd);
/* Close all channels; what is queued is sent as far as that takes no time. */
void link_stop(struct shell *);
/* `who` broke the rules: end, or close the channel if it is apid. */
void link_broken(struct shell *, enum proc who, const char *why);
/* The channel to apid goes, with all that depends on it. */
void link_apid_close(struct shell *);

#endif
