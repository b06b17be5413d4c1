/* SPDX-License-Identifier: ISC */
/*
 * BMP (RFC 7854, 8671, 9069): what sessions and routes look like to the
 * servers of the configuration, through conduits (common/msg_conduit.h).
 *
 * Nothing waits for a server.  Changes of routes are noted as keys
 * (bmp_pending.h) and looked up when there is room to write; tables go out in
 * slices (walk.h).  A server that is away costs nothing: when its connection
 * comes up it gets everything from the start.  One that is slow costs at most
 * its buffer_bytes: when no more keys fit, the peers whose changes are missed
 * are dumped again; when messages about sessions do not fit, the connection is
 * given up and made anew.
 */
#ifndef RDE_BMP_H
#define RDE_BMP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/bgp_update.h"
#include "common/compat.h"
#include "common/msg_peer.h"
#include "rde/bmp_write.h"
#include "rde/rde.h"

struct shell;
struct bmp_server;
struct bmp_session;

struct bmp {
	TAILQ_HEAD(bmp_server_list, bmp_server) servers;
	struct bmp_session **sessions; /* by peer id; NULL: none is up */
	uint32_t n_sessions;
	uint32_t last_conduit;
	char *sys_name, *sys_descr; /* as last said */
	struct bmp_items items; /* scratch */
};

void bmp_init(struct bmp *);
void bmp_fini(struct shell *);
/* The running configuration is another one. */
void bmp_configure(struct shell *);

/* Sessions.  `down` NULL: the peer is gone. */
void bmp_peer_up(struct shell *, const struct peer *, const struct peer_up *);
void bmp_peer_down(struct shell *, const struct peer *,
    const struct peer_down *down);
/* An UPDATE with a fault. */
void bmp_fault(struct shell *, const struct peer *, const struct bgp_update *);
/* Another message that is malformed. */
void
bmp_mirror(struct shell *, const struct peer *, const uint8_t *msg, size_t len);
/* rde_ops */
void bmp_changed(void *shell, const struct rde_change *);

/* Conduits; -1: sessiond broke the rules. */
int bmp_conduit_up(struct shell *, uint32_t id, uint32_t epoch) ATTR_CHECK;
int bmp_conduit_down(struct shell *, uint32_t id, uint32_t epoch,
    uint32_t error) ATTR_CHECK;
int bmp_conduit_credit(struct shell *, uint32_t id, uint32_t epoch,
    uint32_t bytes) ATTR_CHECK;
void bmp_conduit_end(struct shell *);
/* sessiond is there; it is gone. */
void bmp_link(struct shell *);
void bmp_lost(struct shell *);
/* The channel to sessiond has room again. */
void bmp_drained(struct shell *);

/* BMP_GET */
void bmp_list(struct shell *, uint32_t request);

#endif
