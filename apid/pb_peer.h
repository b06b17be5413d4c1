/* SPDX-License-Identifier: ISC */
/*
 * Peers between the suite's model and the API's messages.  Pure.
 */
#ifndef APID_PB_PEER_H
#define APID_PB_PEER_H

#include "apid/pbw.h"
#include "common/compat.h"
#include "common/conf.h"
#include "common/err.h"
#include "common/msg_peer.h"
#include "proto/bgp.pb-c.h"

/*
 * The address of a member: "IP", "IP:PORT", "[IPv6]:PORT".  port (may be
 * NULL) gets 179 where the text has none.  -1 with ERR_INVALID in e, naming
 * the member.
 */
int pb_peer_address(const char *member, const char *text, struct addr *,
    uint16_t *port, struct err *e) ATTR_CHECK;

/* Put what the message sets (NULL: nothing) into a peer that has its
 * address and its defaults.  -1 with ERR_INVALID in e. */
int pb_peer_config_get(const Bgp__SessionConfig *, struct conf_peer *,
    struct err *e) ATTR_CHECK;

/* Append a Peer, without any head; conf is NULL for peers that nobody
 * configured. */
void pb_peer_put(struct pbw *, const struct peer_row *,
    const struct conf_peer *conf);
/* Append a PeerStatistics, without any head. */
void pb_peer_stats_put(struct pbw *, const struct peer_stats *);

#endif
