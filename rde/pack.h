/* SPDX-License-Identifier: ISC */
/*
 * From pending entries to UPDATE messages.
 *
 * The difference is taken against what was last sent, at the moment of
 * sending, so an entry that changed five times is sent once.  Entries are
 * put into buckets by attribute set and by who is to get them; withdrawals
 * go first, then bucket by bucket full messages, in runs of up to
 * MSG_BATCH_MAX bytes for one set of members.
 *
 * Split horizon: a route goes to all members but the one it came from.  If
 * that one had another route before, it gets a withdrawal of its own; if
 * only the source changed, the old source alone gets the route.
 */
#ifndef RDE_PACK_H
#define RDE_PACK_H

#include <stdbool.h>
#include <stddef.h>

#include "rde/group.h"
#include "rde/rde.h"

/* Bytes that may still be made, and when to stop looking for more: policies
 * can make much work of entries that come to nothing. */
struct pack_budget {
	size_t bytes;
	struct mono until;
};

struct packer;
struct packer *packer_new(void);
void packer_free(struct packer *);
size_t packer_bytes(const struct packer *);

/*
 * Send what is pending for a group, then what is left of its dump, while
 * the windows of its members, tx_ready() and the budget allow.  Returns true
 * if it stopped at the budget.
 */
bool
pack_group(struct rde *, struct group *, struct mono now, struct pack_budget *);
/* The same for a family that is sent again to one peer. */
bool
pack_resend(struct rde *, struct peer *, enum family, struct pack_budget *);

#endif
