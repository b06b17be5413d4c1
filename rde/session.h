/* SPDX-License-Identifier: ISC */
/*
 * Sessions as sessiond reports them: which of its messages count (epochs),
 * what goes back (PEER_READY, PEER_SHUT, RX_CREDIT), what is logged about a
 * peer.  The engine's struct peer carries a struct session at `shell` from
 * PEER_UP to PEER_GONE.
 */
#ifndef RDE_SESSION_H
#define RDE_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/addr.h"
#include "common/compat.h"
#include "common/msg_peer.h"
#include "common/msg_route.h"
#include "rde/rde.h"

struct event;
struct shell;

struct session {
	TAILQ_ENTRY(session) entry; /* those owed a receive credit */
	struct shell *shell;
	struct peer *peer;
	char name[ADDR_STRLEN];
	bool configured; /* else not all that it does is logged */
	uint32_t rx_done; /* bytes handled and not yet given back */
	/* Whole UPDATEs that there was no time for, RX_WINDOW at most. */
	TAILQ_ENTRY(session) late; /* those who have some */
	uint8_t *rx;
	size_t rx_at, rx_end, rx_max;
	struct family_count counts[FAMILY__MAX]; /* as sessiond has them */
	struct event *restart; /* graceful restart: stale routes go (stale.h) */
	/* Faults of the peer's UPDATEs in this session. */
	uint64_t faults;
	uint8_t faults_logged[32]; /* bit per attribute type */
	uint8_t unsendable_logged; /* bit per enum rde_unsendable */
};
TAILQ_HEAD(session_list, session);

enum {
	/* Bytes of UPDATEs between looks at the clock: at first, and as long
	 * as they take little time. */
	SESSION_PIECE_US = 500,
	SESSION_PIECE_FIRST = 1024,
	SESSION_PIECE_MAX = 16384,
};

extern const struct rde_ops session_ops; /* for rde_new(); ctx: the shell */

/* The messages; -1: sessiond broke the rules. */
int session_up(struct shell *, uint32_t id, uint32_t epoch,
    const struct peer_up *) ATTR_CHECK;
int session_down(struct shell *, uint32_t id, uint32_t epoch,
    const struct peer_down *) ATTR_CHECK;
int session_gone(struct shell *, uint32_t id) ATTR_CHECK;
int session_updates(struct shell *, uint32_t id, uint32_t epoch,
    const uint8_t *, size_t) ATTR_CHECK;
int session_refresh(struct shell *, uint32_t id, uint32_t epoch,
    const struct refresh *) ATTR_CHECK;
int session_malformed(struct shell *, uint32_t id, uint32_t epoch,
    const uint8_t *, size_t) ATTR_CHECK;
int session_tx_credit(struct shell *, const struct credit *) ATTR_CHECK;

/* Go on with UPDATEs that there was no time for; true while there are. */
bool session_late(struct shell *);
/* The receive credits of this round go out. */
void session_credits(struct shell *);
/* A new configuration: limits of running sessions follow it. */
void session_configure(struct shell *);
/* sessiond is gone, or the process ends: no session is left. */
void session_lost_all(struct shell *);
/* May a line about its peer be logged?  Strangers must not fill the log. */
bool session_may_log(const struct session *);
/* Peer by address, NULL if the engine has none. */
struct peer *session_peer(const struct shell *, const struct addr *);

#endif
