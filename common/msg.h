/* SPDX-License-Identifier: ISC */
/*
 * The catalogue of messages between the processes: one row a message, from
 * which everything else is derived.  chan.c holds each arriving message
 * against its row (sender, receiver, size, descriptor) before any handler
 * sees it.
 *
 * Columns: name, senders, receivers, least and greatest payload in bytes,
 * whether a descriptor rides along.  What header fields mean for a message
 * stands beside its row; payload codecs live in msg_call.h, msg_conduit.h,
 * msg_conf.h, msg_metrics.h, msg_peer.h, msg_policy.h, msg_route.h and
 * msg_query.h.
 */
#ifndef COMMON_MSG_H
#define COMMON_MSG_H

#include <stddef.h>
#include <stdint.h>

enum proc { /* the four processes */
	PROC_BGPD,
	PROC_SESSIOND,
	PROC_RDE,
	PROC_APID,
	PROC__MAX
};

#define P_BGPD (1u << PROC_BGPD)
#define P_SESSIOND (1u << PROC_SESSIOND)
#define P_RDE (1u << PROC_RDE)
#define P_APID (1u << PROC_APID)
#define P_CHILDREN (P_SESSIOND | P_RDE | P_APID)

/* Greatest payload of any message; data batches are cut well below it. */
#define MSG_MAX 131072u
/* Greatest run of raw UPDATEs in one UPDATES or TX. */
#define MSG_BATCH_MAX 65536u

enum msg_fd {
	MSG_FD_NONE,
	MSG_FD_MUST,
	MSG_FD_MAY,
};

/* clang-format off */
#define MSG_CATALOGUE(M) \
	/* --- wiring and life: id = enum proc of the sibling */ \
	M(LINK,          P_BGPD,     P_CHILDREN, 0, 0,        MSG_FD_MUST) \
	/* end cleanly; sessiond says Cease to every peer first */ \
	M(SHUTDOWN,      P_BGPD,     P_CHILDREN, 0, 0,        MSG_FD_NONE) \
	M(LOG_LEVEL,     P_BGPD,     P_CHILDREN, 1, 1,        MSG_FD_NONE) \
	/* id = number of the question, the same in the answer */ \
	M(PING,          P_BGPD,     P_CHILDREN, 0, 0,        MSG_FD_NONE) \
	M(PONG,          P_CHILDREN, P_BGPD,     0, 0,        MSG_FD_NONE) \
	/* --- configuration (msg_conf.h): id = generation */ \
	M(CONF_BEGIN,    P_BGPD,     P_CHILDREN, 0, 0,        MSG_FD_NONE) \
	M(CONF_ITEM,     P_BGPD,     P_CHILDREN, 1, MSG_MAX,  MSG_FD_MAY)  \
	M(CONF_END,      P_BGPD,     P_CHILDREN, 0, 0,        MSG_FD_NONE) \
	M(CONF_READY,    P_CHILDREN, P_BGPD,     0, 0,        MSG_FD_NONE) \
	M(CONF_REJECT,   P_CHILDREN, P_BGPD,     3, 600,      MSG_FD_NONE) \
	M(CONF_COMMIT,   P_BGPD,     P_CHILDREN, 0, 0,        MSG_FD_NONE) \
	M(CONF_ABORT,    P_BGPD,     P_CHILDREN, 0, 0,        MSG_FD_NONE) \
	/* COMMIT was carried out */ \
	M(CONF_DONE,     P_CHILDREN, P_BGPD,     0, 0,        MSG_FD_NONE) \
	/* --- edits of the configuration by API: id = request */ \
	/* the pieces of one that is longer than a message, then CONF_EDIT */ \
	M(CONF_EDIT_PART,P_APID,     P_BGPD,     1, MSG_MAX,  MSG_FD_NONE) \
	M(CONF_EDIT,     P_APID,     P_BGPD,     1, MSG_MAX,  MSG_FD_NONE) \
	M(CONF_EDIT_DONE,P_BGPD,     P_APID,     3, 600,      MSG_FD_NONE) \
	/* --- the whole configuration by API (msg_call.h): id = request */ \
	/* long ones as CONF_EDIT_PART..., CONF_CALL; an answer is */ \
	/* CONF_CALL_TEXT..., CONF_CALL_DONE */ \
	M(CONF_CALL,     P_APID,     P_BGPD,     1, MSG_MAX,  MSG_FD_NONE) \
	M(CONF_CALL_TEXT,P_BGPD,     P_APID,     1, MSG_MAX,  MSG_FD_NONE) \
	M(CONF_CALL_DONE,P_BGPD,     P_APID,     3, 600,      MSG_FD_NONE) \
	/* --- sockets: id = peer, 0 for a conduit; epoch = number of the \
	 * request */ \
	M(SOCK_REQ,      P_SESSIOND, P_BGPD,     8, 64,       MSG_FD_NONE) \
	M(SOCK,          P_BGPD,     P_SESSIOND, 4, 4,        MSG_FD_MAY)  \
	/* --- sessions (msg_peer.h): id = peer, epoch = session */ \
	M(PEER_UP,       P_SESSIOND, P_RDE,      16, 16384,   MSG_FD_NONE) \
	M(PEER_DOWN,     P_SESSIOND, P_RDE,      4, 4400,     MSG_FD_NONE) \
	M(PEER_GONE,     P_SESSIOND, P_RDE,      0, 0,        MSG_FD_NONE) \
	M(PEER_READY,    P_RDE,      P_SESSIOND, 0, 0,        MSG_FD_NONE) \
	M(PEER_SHUT,     P_RDE,      P_SESSIOND, 4, 4400,     MSG_FD_NONE) \
	/* of many peers, their ids and epochs inside */ \
	M(PEER_COUNTS,   P_RDE,      P_SESSIOND, 8, MSG_MAX,  MSG_FD_NONE) \
	/* --- the data path (msg_route.h) */ \
	M(UPDATES,       P_SESSIOND, P_RDE,    23, MSG_BATCH_MAX, MSG_FD_NONE) \
	M(REFRESH,       P_SESSIOND, P_RDE,      4, 4,        MSG_FD_NONE) \
	/* a message whose header is none, as far as it came */ \
	M(MALFORMED,     P_SESSIOND, P_RDE,      19, 4096,    MSG_FD_NONE) \
	M(RX_CREDIT,     P_RDE,      P_SESSIOND, 12, MSG_MAX, MSG_FD_NONE) \
	M(TX,            P_RDE,      P_SESSIOND, 25, MSG_MAX, MSG_FD_NONE) \
	M(TX_CREDIT,     P_SESSIOND, P_RDE,      12, MSG_MAX, MSG_FD_NONE) \
	/* --- conduits (msg_conduit.h): id = conduit, epoch = connection */ \
	M(CONDUIT_OPEN,  P_RDE,      P_SESSIOND, 7, 64,       MSG_FD_NONE) \
	M(CONDUIT_DATA,  P_RDE,     P_SESSIOND, 1, MSG_BATCH_MAX, MSG_FD_NONE) \
	M(CONDUIT_CLOSE, P_RDE,      P_SESSIOND, 0, 0,        MSG_FD_NONE) \
	M(CONDUIT_UP,    P_SESSIOND, P_RDE,      0, 0,        MSG_FD_NONE) \
	M(CONDUIT_DOWN,  P_SESSIOND, P_RDE,      4, 4,        MSG_FD_NONE) \
	M(CONDUIT_CREDIT,P_SESSIOND, P_RDE,      4, 4,        MSG_FD_NONE) \
	M(CONDUIT_END,   P_SESSIOND, P_RDE,      0, 0,        MSG_FD_NONE) \
	/* --- peers by API: id = request */ \
	M(PEERS_GET,     P_APID,     P_SESSIOND, 1, 32,       MSG_FD_NONE) \
	M(PEERS_CREDIT,  P_APID,     P_SESSIOND, 4, 4,        MSG_FD_NONE) \
	M(PEERS_CLOSE,   P_APID,     P_SESSIOND, 0, 0,        MSG_FD_NONE) \
	M(PEERS_ROWS,    P_SESSIOND, P_APID,     1, MSG_MAX,  MSG_FD_NONE) \
	M(PEERS_END,     P_SESSIOND, P_APID,     3, 600,      MSG_FD_NONE) \
	M(PEER_CTL,      P_APID,     P_SESSIOND, 2, 256,      MSG_FD_NONE) \
	M(PEER_CTL_DONE, P_SESSIOND, P_APID,     3, 600,      MSG_FD_NONE) \
	/* --- routes by API (msg_query.h): id = query or request */ \
	M(QUERY_OPEN,    P_APID,     P_RDE,      4, 1024,     MSG_FD_NONE) \
	M(QUERY_CREDIT,  P_APID,     P_RDE,      4, 4,        MSG_FD_NONE) \
	M(QUERY_CLOSE,   P_APID,     P_RDE,      0, 0,        MSG_FD_NONE) \
	M(QUERY_ROWS,    P_RDE,      P_APID,     1, MSG_MAX,  MSG_FD_NONE) \
	M(QUERY_END,     P_RDE,      P_APID,     3, 600,      MSG_FD_NONE) \
	M(INJECT,        P_APID,     P_RDE,      1, MSG_MAX,  MSG_FD_NONE) \
	M(INJECT_DONE,   P_RDE,      P_APID,     1, MSG_MAX,  MSG_FD_NONE) \
	M(RIB_INFO_GET,  P_APID,     P_RDE,      0, 0,        MSG_FD_NONE) \
	M(RIB_INFO,      P_RDE,      P_APID,     8, 4096,     MSG_FD_NONE) \
	/* --- numbers for the metrics (msg_metrics.h): id = request */ \
	M(METRICS_GET,   P_APID, P_BGPD | P_SESSIOND | P_RDE, 0, 0, \
	    MSG_FD_NONE) \
	M(METRICS,       P_BGPD | P_SESSIOND | P_RDE, P_APID, 8, 4096, \
	    MSG_FD_NONE) \
	/* --- policies by API (msg_policy.h): id = request */ \
	M(POLICY_TEST,   P_APID,     P_RDE,      8, 16384,    MSG_FD_NONE) \
	M(POLICY_TEST_DONE, P_RDE,   P_APID,     3, MSG_MAX,  MSG_FD_NONE) \
	M(POLICY_DRY_RUN_PART, P_APID, P_RDE,    1, MSG_MAX,  MSG_FD_NONE) \
	M(POLICY_DRY_RUN, P_APID,    P_RDE,      1, MSG_MAX,  MSG_FD_NONE) \
	M(POLICY_DRY_RUN_CLOSE, P_APID, P_RDE,   0, 0,        MSG_FD_NONE) \
	M(POLICY_DRY_RUN_DONE, P_RDE, P_APID,    3, MSG_MAX,  MSG_FD_NONE) \
	M(POLICY_COUNTERS_GET, P_APID, P_RDE,    6, 600,      MSG_FD_NONE) \
	M(POLICY_COUNTERS, P_RDE,    P_APID,     1, MSG_MAX,  MSG_FD_NONE) \
	/* --- BMP servers by API (msg_conduit.h): id = request */ \
	M(BMP_GET,       P_APID,     P_RDE,      0, 0,        MSG_FD_NONE) \
	M(BMP_ROWS,      P_RDE,      P_APID,     0, MSG_MAX,  MSG_FD_NONE)
/* clang-format on */

enum msg_type {
	MSG__NONE, /* 0 is never valid */
#define M(name, from, to, min, max, fd) MSG_##name,
	MSG_CATALOGUE(M)
#undef M
	    MSG__MAX
};

struct msg_rule {
	const char *name;
	uint8_t from; /* P_ bits */
	uint8_t to;
	uint8_t fd; /* enum msg_fd */
	uint32_t min;
	uint32_t max;
};

extern const struct msg_rule msg_rules[MSG__MAX];

const char *proc_name(enum proc); /* "bgpd", "sessiond", "rde", "apid" */

#endif
