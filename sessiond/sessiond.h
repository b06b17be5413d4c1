/* SPDX-License-Identifier: ISC */
/*
 * What the modules of sessiond share: the process object, peers, sessions,
 * and who offers what.  Private to this directory.
 *
 * sessiond owns TCP connections, the state machine, timers and negotiated
 * capabilities.  It never looks past the 19-byte header of an UPDATE.
 *
 * Queues, their bounds, who stops when they are full, who starts again:
 *
 * - UPDATEs on their way to the rde, a session: RX_WINDOW bytes.  rx.c stops
 *   reading the socket before a read could pass it (TCP then stops the
 *   peer); RX_CREDIT starts it again.  The hold timer of a session that is
 *   not being read asks the socket for waiting bytes before it speaks.
 * - The channel to the rde: CHAN_HIGH_MARK bytes.  rx.c stops reading every
 *   socket that has something; on_drain starts them again.  TX_CREDIT is held
 *   back meanwhile (one sum a session).
 * - Bytes received but not yet a whole message, a session: less than
 *   BGP_MSG_MAX, on the heap only while there are some.
 * - Messages for one socket: TX_WINDOW bytes of the rde, which stops packing
 *   for that peer and is started again by TX_CREDIT, plus our own small ones
 *   (a KEEPALIVE is not queued behind another, nor a ROUTE-REFRESH while one of
 *   its family waits; the send hold timer ends a session that takes nothing,
 *   RFC 9687).  An rde that sends twice the
 *   window is broken.  The bytes are one block for all peers.
 * - Connections that only wait for a NOTIFICATION to leave: FAREWELL_MAX of a
 *   few seconds each, of strangers FAREWELL_STRANGERS_MAX; when full the oldest
 *   is closed.
 * - Connections of one peer: two, the session's and one more while it is not
 *   decided which stays (RFC 4271 6.8).  A third is closed.
 * - Accepting: ACCEPT_BUDGET a listener and round; without descriptors it
 *   pauses for a second.
 * - Bytes of a conduit: CONDUIT_WINDOW of the rde, started again by
 *   CONDUIT_CREDIT.
 * - Listings of peers by apid: QUERIES_MAX, each a block a credit.
 */
#ifndef SESSIOND_SESSIOND_H
#define SESSIOND_SESSIOND_H

#include <event2/event.h>
#include <event2/event_struct.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/addr.h"
#include "common/bgp_msg.h"
#include "common/bgp_open.h"
#include "common/chan.h"
#include "common/compat.h"
#include "common/conf.h"
#include "common/idmap.h"
#include "common/mono.h"
#include "common/msg_conduit.h"
#include "common/msg_conf.h"
#include "common/msg_peer.h"
#include "common/msg_route.h"

#include "sessiond/fsm.h"
#include "sessiond/txq.h"

enum {
	FAREWELL_MAX = 1024,
	FAREWELL_STRANGERS_MAX = 64,
	ACCEPT_BUDGET = 16,
	ACCEPT_PAUSE_MS = 1000,
	QUERIES_MAX = 4096,
	PEERS_BLOCK = 32 * 1024,
	RX_READ_MAX = 64 * 1024, /* also the longest UPDATES */
	TX_SLICES = 64,
	HOLD_LARGE_MS = 240 * 1000, /* RFC 4271 8.2.2 */
	SEND_HOLD_MIN_MS = 480 * 1000, /* RFC 9687 4 */
	DAMP_MAX_SECS = 120,
	DAMP_SHIFT_MAX = 6,
};

/* libevent priorities */
enum {
	PRIO_CONTROL, /* timers, the parent */
	PRIO_DATA, /* sockets, rde, apid */
	PRIO__MAX
};

struct conduit;
struct sessiond;
struct peer;

/* Why a session ended, gathered while it does. */
struct session_end {
	uint8_t reason; /* enum peer_down_reason, 0: not known yet */
	uint8_t code;
	uint8_t subcode;
	uint16_t event; /* LOCAL: enum fsm_event */
	uint8_t *pdu; /* the NOTIFICATION, if there was one; owned */
	uint16_t pdu_len;
	char text[BGP_TEXT_LEN + 120]; /* for the log */
};

/*
 * One state machine and, beyond Idle, Connect and Active without a peer in
 * sight, its connection.  A session whose connection is dropped starts anew
 * in place; conn tells one connection from the next.
 */
struct session {
	struct sessiond *sd;
	struct peer *peer;
	enum peer_state state;
	bool dead; /* waits to be freed */
	TAILQ_ENTRY(session) dead_entry;

	/* the connection */
	int fd; /* -1: none */
	bool connecting; /* connect() has not finished */
	bool incoming;
	uint32_t conn; /* number of this connection */
	uint32_t sock_req; /* the request we wait for, 0: none */
	struct addr local;
	uint16_t local_port;
	uint16_t remote_port;
	struct event ev_read;
	struct event ev_write;
	struct session_end end;

	/* timers: hold, keepalive and send hold are set late, when they fire,
	 * from the times below */
	struct event t_hold;
	struct event t_keepalive;
	struct event t_delay;
	struct event t_send_hold;
	uint32_t hold_ms; /* 0: off */
	uint32_t keepalive_ms; /* 0: off */
	struct mono last_rx; /* last well-formed message */
	struct mono last_tx; /* last KEEPALIVE or UPDATE that left */
	struct mono last_progress; /* last byte that the kernel took */

	/* what was said */
	uint8_t *open_sent;
	uint16_t open_sent_len;
	uint8_t *open_received;
	uint16_t open_received_len;
	struct bgp_open ours;
	struct bgp_open theirs;
	struct bgp_negotiated neg;

	/* Established */
	uint32_t epoch; /* 0: the rde has not heard of it */
	bool ready; /* PEER_READY came */
	struct family_count counts[FAMILY__MAX]; /* as the rde said last */

	/* receiving */
	bool reading; /* ev_read is set up */
	uint8_t *partial;
	uint32_t partial_len;
	uint32_t rx_unacked; /* bytes in the rde's hands */
	bool rx_stopped; /* by the window */
	bool rx_waiting; /* by the channel: on sd->rx_waiting */
	TAILQ_ENTRY(session) rx_entry;

	/* sending */
	struct txq txq;
	bool tx_broken; /* the socket refuses; reading will tell why */
	bool tx_blocked; /* the kernel's buffer is full */
	bool tx_dirty; /* on sd->tx_dirty */
	TAILQ_ENTRY(session) tx_entry;
	uint32_t credit; /* bytes to give back */
	bool credit_queued; /* on sd->tx_credit */
	TAILQ_ENTRY(session) credit_entry;
};
TAILQ_HEAD(session_list, session);

struct peer {
	struct sessiond *sd;
	uint32_t id;
	struct conf_peer conf; /* own copy */
	bool configured;
	uint8_t admin; /* enum peer_admin */
	bool dead;
	bool known; /* to the rde: PEER_GONE is owed */
	char name[ADDR_STRLEN];
	struct session *current; /* always there */
	struct session *candidate; /* a second connection, or NULL */
	struct event t_idle;
	struct event t_retry;
	struct event t_stale; /* the rde keeps its routes (RFC 4724) */
	uint32_t losses; /* ConnectRetryCounter */
	int last_errno; /* of a connection attempt, against log floods */
	struct mono since; /* established, or left that state */
	uint32_t asn;
	uint32_t remote_id;
	struct peer_stats stats;
	uint8_t last_sent_code, last_sent_subcode;
	uint8_t last_received_code, last_received_subcode;
	TAILQ_ENTRY(peer) dead_entry;
};

struct listener {
	struct sessiond *sd;
	struct addr addr;
	uint16_t port;
	int fd;
	bool active; /* ev is set up */
	struct event ev;
	TAILQ_ENTRY(listener) entry;
};
TAILQ_HEAD(listener_list, listener);

/* A connection that only waits for its last words to leave. */
struct farewell {
	struct sessiond *sd;
	int fd;
	bool stranger;
	uint8_t *buf;
	size_t len;
	size_t off;
	struct event ev;
	struct event timer;
	TAILQ_ENTRY(farewell) entry;
};

/* A listing of peers for apid. */
struct query {
	uint32_t id;
	struct peers_get get;
	bool started; /* resume behind last */
	struct addr last;
	uint64_t credits;
	TAILQ_ENTRY(query) entry;
};

struct sessiond {
	struct event_base *base;
	struct chan *bgpd;
	struct chan *rde;
	struct chan *apid;

	struct conf *conf; /* committed, NULL before the first */
	struct conf_rx conf_rx;
	bool conf_bad; /* it has a listener that we cannot have */

	struct peer **peers; /* sorted by address */
	uint32_t n_peers;
	uint32_t cap_peers;
	struct peer **by_id;
	uint32_t cap_ids;
	struct idmap *ids;
	uint32_t last_epoch;
	uint32_t last_sock_req;
	uint32_t last_conn;

	struct listener_list listeners;
	struct listener_list listeners_next; /* of the coming configuration */
	int reserve_fd;
	struct event t_accept;
	struct mono stranger_logged;
	uint32_t strangers_unlogged;

	TAILQ_HEAD(, farewell) farewells;
	uint32_t n_farewells;
	uint32_t n_strangers;

	/* work for the end of the loop's round */
	struct event ev_round;
	struct session_list tx_dirty;
	struct session_list tx_credit;
	struct session_list rx_waiting;
	struct session_list dead_sessions;
	TAILQ_HEAD(, peer) dead_peers;

	TAILQ_HEAD(, query) queries;
	uint32_t n_queries;

	TAILQ_HEAD(, conduit) conduits;
	uint32_t n_conduits;

	uint8_t *rxbuf; /* RX_READ_MAX */
	struct tx_block *keepalive; /* one for all */
	struct tx_block *refresh[FAMILY__MAX];
	uint32_t send_hold_min_ms;

	bool stopping;
	int exit_status;
	struct event t_stop;
};

/* --- main.c, sessiond.c: the process object */

/* Takes over the channel to bgpd and waits in event_base_dispatch. */
struct sessiond *sessiond_new(struct event_base *, int bgpd_fd);
void sessiond_free(struct sessiond *);
/*
 * Say Cease to every peer and leave the loop when all has left for the
 * network, at the latest after timeout_ms.  The first call counts.
 */
void sessiond_stop(struct sessiond *, uint8_t cease, int timeout_ms,
    int exit_status);
/* Called when a farewell ends: the loop may be over. */
void sessiond_check_stopped(struct sessiond *);
/* Have the lists of the process object worked off in this round. */
void sessiond_round(struct sessiond *);
/* Descriptors of connections stay below this number: the last ones belong to
 * what bgpd sends, as a message without its descriptor ends a channel. */
int fd_limit(void);
void timer_set(struct event *, uint32_t ms);
/* RFC 4271 10: reduced by up to a quarter, at random. */
uint32_t timer_jitter(uint32_t ms);

/* --- peer.c: peer objects */

struct peer *peer_find(struct sessiond *, const struct addr *);
/* The first peer behind `after`, or the first one of all (NULL). */
struct peer *peer_next(struct sessiond *, const struct addr *after);
struct peer *peer_by_id(struct sessiond *, uint32_t id);
/*
 * A new peer in Idle, settings copied; NULL if there are no ids left.  Not
 * started.
 */
struct peer *
peer_add(struct sessiond *, const struct conf_peer *, bool configured);
/* May a line about it be logged?  Of peers that nobody configured not all. */
bool peer_may_log(const struct peer *);
/* Say Cease with the subcode where there is a session, tell the rde, and
 * forget the peer; its memory goes at the end of the round. */
void peer_remove(struct peer *, uint8_t cease);
/* Start by an operator (true) or by itself; nothing happens unless Idle. */
void peer_start(struct peer *, bool manual);
/*
 * The peer connects while in Idle: listen to it at once if nobody configured
 * it, or if it restarts and its routes are kept only for so long (RFC 4724).
 */
void peer_welcome(struct peer *);
/* Down with both connections by order; not started again by itself. */
void peer_stop(struct peer *, uint8_t cease, const char *text);
/* Down with this NOTIFICATION and up again later by itself. */
void peer_reset(struct peer *, const struct bgp_error *);
/* Restart soon, because the configuration changed. */
void peer_restart(struct peer *, uint8_t cease);
/* New settings for a peer that keeps its session. */
void peer_update(struct peer *, const struct conf_peer *);
/* Arm the restart after the (damped) idle hold time, if there is one. */
void peer_idle_hold(struct peer *);
enum peer_state peer_state(const struct peer *);
void peer_row(const struct peer *, struct peer_row *);
/* The rde wants the session closed. */
void peer_shut(struct peer *, const struct peer_shut *);
/* One action of the API; the answer in `e`. */
void peer_control(struct sessiond *, const struct peer_ctl *, struct err *e);
void peers_free_dead(struct sessiond *);

/* --- fsm_act.c: sessions and what the machine wants done */

struct session *session_new(struct peer *, enum peer_state);
/* Out of the peer's hands; memory goes at the end of the round. */
void session_free(struct session *);
/*
 * Feed one event.  `e` is the NOTIFICATION that belongs to it, or NULL.
 * Afterwards the session may be without connection, or dead: who goes on with
 * it compares s->conn with what it was before.
 */
void session_event(struct session *, enum fsm_event, const struct bgp_error *e);
/* Note for log and rde why the connection is about to be lost. */
void session_end_set(struct session *, uint8_t reason, uint8_t code,
    uint8_t subcode, const char *fmt, ...) ATTR_PRINTF(5, 6);
/* ... and the NOTIFICATION (copied). */
void session_end_pdu(struct session *, const uint8_t *, size_t);
/* Give a connected socket to a session without one; the caller then feeds the
 * event. */
void session_adopt(struct session *, int fd, bool incoming);
/* Answer to a SOCK_REQ: a socket (owned) or an errno. */
void session_socket(struct session *, int fd, int error);
/* A valid OPEN came on s: which of the peer's connections stays (RFC 4271
 * 6.8).  Returns false if s itself was dropped. */
bool session_collide(struct session *);
void sessions_free_dead(struct sessiond *);

/* --- open.c: our OPEN and theirs */

/* Make our OPEN for this connection, once. */
void open_build(struct session *);
/* Judge the peer's OPEN and keep it; -1 with what to say. */
int open_receive(struct session *, const uint8_t *, size_t,
    struct bgp_error *e) ATTR_CHECK;
/* Families whose routes outlive a lost connection (RFC 4724 4.2). */
uint32_t open_stale_families(const struct session *);
/* What the rde must know; fini with peer_up_fini(). */
void open_peer_up(const struct session *, struct peer_up *);

/* --- rx.c: receiving */

void rx_start(struct session *); /* begin to read the connection */
void rx_stop(struct session *); /* the connection goes */
/* RX_CREDIT */
void rx_credit(struct session *, uint32_t bytes);
/* The channel to the rde has room again. */
void rx_drain(struct sessiond *);
/* True if bytes wait in the socket that we have not read. */
bool rx_pending(const struct session *);

/* --- tx.c: sending */

void tx_start(struct session *);
void tx_stop(struct session *);
/* A message of our own at the end of the queue. */
void tx_message(struct session *, const void *, size_t);
void tx_keepalive(struct session *);
void tx_refresh(struct session *, enum family);
/*
 * Say a NOTIFICATION behind the message that is partly sent, give up the
 * rest, and hand the connection over to farewell.c: s->fd is -1 afterwards.
 */
void tx_notification(struct session *, const struct bgp_error *);
/* TX of the rde; -1 if it breaks the rules. */
int tx_deliver(struct sessiond *, const uint8_t *, size_t) ATTR_CHECK;
/* Write what was queued since, or what there is time for (the rest follows in
 * the next round); give credit back. */
void tx_flush(struct sessiond *);

/* --- farewell.c: connections that end */

/*
 * Take over fd: write the bytes (copied), half-close, read on until the peer
 * closes too, so that no reset overtakes what was written.  Bounded in time.
 */
void
farewell_start(struct sessiond *, int fd, const void *, size_t, bool stranger);
/* Close the oldest one; false if there was none. */
bool farewell_reclaim(struct sessiond *);
void farewells_free(struct sessiond *);

/* --- conduit.c: connections that the rde writes to */

/* Messages of the rde; -1 if they break the rules. */
int conduit_open(struct sessiond *, uint32_t id,
    const struct conduit_open *) ATTR_CHECK;
int conduit_data(struct sessiond *, uint32_t id, uint32_t epoch,
    const uint8_t *, size_t) ATTR_CHECK;
void conduit_close(struct sessiond *, uint32_t id);
/* An answer to a SOCK_REQ; false if no conduit waits for it. */
bool conduit_socket(struct sessiond *, uint32_t request, int fd, int error);
/* No more attempts; the rde is asked for its last words. */
void conduits_stop(struct sessiond *);
void conduits_free(struct sessiond *);

/* --- listen.c */

/* An item of a coming configuration; -1: unknown listener without fd. */
int listen_prepare(struct sessiond *, const struct conf_endpoint *,
    int fd) ATTR_CHECK;
void listen_commit(struct sessiond *);
void listen_abort(struct sessiond *);
void listen_free(struct sessiond *);
/* Accept again after a pause for want of descriptors. */
void listen_resume(struct sessiond *);
/* A connection that was accepted on l (owned). */
void listen_accepted(struct sessiond *, int fd, const struct addr *remote);

/* --- conf.c */

void conf_on_begin(void *, const struct msg *);
void conf_on_item(void *, const struct msg *);
void conf_on_end(void *, const struct msg *);
void conf_on_commit(void *, const struct msg *);
void conf_on_abort(void *, const struct msg *);

/* --- link.c: channels */

void link_bgpd(struct sessiond *, int fd);
void link_rde(struct sessiond *, int fd);
void link_apid(struct sessiond *, int fd);
void link_queries_free(struct sessiond *);

#endif
