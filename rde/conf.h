/* SPDX-License-Identifier: ISC */
/*
 * The rde's copy of the configuration and what follows from it: the identity
 * of the speaker and the routes of `networks`.
 *
 * A new generation is built aside (BEGIN, ITEMs, END), its policies are
 * compiled in slices, it is judged (READY or REJECT) and taken over as a
 * whole at COMMIT.  DONE follows when the policies have been applied to the
 * routes that are there, so that whoever made a change finds it carried out.
 *
 * Networks and the API.  A prefix is either a network of the file or a route
 * of the API, never both: AddRoute of a network is refused, and so is a file
 * with a network that exists as a route of the API.  RemoveRoute of a
 * network is a change at run time: it holds until the file changes that
 * network (or leaves it out and has it again).
 */
#ifndef RDE_CONF_H
#define RDE_CONF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/compat.h"
#include "common/conf.h"
#include "common/mono.h"
#include "common/msg_conf.h"
#include "common/nlri.h"

struct shell;

struct network_ref { /* a network of a configuration, in NLRI order */
	const struct conf_network *net;
	bool removed; /* at run time */
};

struct conf_state {
	struct conf_rx rx; /* on its way; rx.next == NULL: nothing is */
	struct network_ref *next; /* of rx.next, sorted, after END */
	bool building; /* CONF_END came, policies are being compiled */
	bool ended; /* our vote was READY */
	/* Committed, but the policies still work on the routes: DONE is said
	 * after that, or at a time. */
	bool done_due;
	struct mono done_by;
	struct conf *conf; /* the last committed one; NULL before it */
	struct network_ref *networks; /* of conf, sorted */
};

void conf_init(struct conf_state *);
void conf_fini(struct conf_state *);

/* A slice of compiling, and of waiting for the end of the work on routes;
 * true while there is more to do at once.  Part of a round. */
bool conf_work(struct shell *);

/* The messages; -1: bgpd broke the rules. */
void conf_begin(struct shell *, uint32_t generation);
int conf_item(struct shell *, uint32_t generation, const uint8_t *,
    size_t) ATTR_CHECK;
int conf_end(struct shell *, uint32_t generation) ATTR_CHECK;
int conf_commit(struct shell *, uint32_t generation) ATTR_CHECK;
void conf_abort(struct shell *);

/*
 * The network of the running configuration whose route stands for `nlri`
 * (not removed at run time), NULL if there is none.
 */
struct network_ref *conf_network(const struct shell *, const struct nlri *);
/* Is it, or will it be when what was voted READY is committed? */
bool conf_claims(const struct shell *, const struct nlri *);

#endif
