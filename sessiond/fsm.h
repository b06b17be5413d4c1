/* SPDX-License-Identifier: ISC */
/*
 * The finite state machine of RFC 4271 section 8 as a pure function: a state,
 * an event and the options that count give the next state and what is to be
 * done.  No sockets, no clock, no memory; fsm_act.c carries the actions out.
 *
 * One machine runs for each connection (RFC 4271 8.2.1).  What collides is
 * found outside and told to the loser as OpenCollisionDump.
 */
#ifndef SESSIOND_FSM_H
#define SESSIOND_FSM_H

#include <stdbool.h>
#include <stdint.h>

#include "common/compat.h"
#include "common/msg_peer.h"

/* States are enum peer_state. */
#define FSM_STATES (PEER_ESTABLISHED + 1)

/* clang-format off */
/* The events of RFC 4271 8.1 under its numbers, then those of later ones. */
#define FSM_EVENTS(E) \
	E(MANUAL_START, 1, "ManualStart") \
	E(MANUAL_STOP, 2, "ManualStop") \
	E(AUTOMATIC_START, 3, "AutomaticStart") \
	E(MANUAL_START_PASSIVE, 4, "ManualStart_with_PassiveTcpEstablishment") \
	E(AUTOMATIC_START_PASSIVE, 5, "AutomaticStart_with_" \
	    "PassiveTcpEstablishment") \
	E(AUTOMATIC_START_DAMP, 6, "AutomaticStart_with_DampPeerOscillations") \
	E(AUTOMATIC_START_DAMP_PASSIVE, 7, "AutomaticStart_with_" \
	    "DampPeerOscillations_and_" \
	    "PassiveTcpEstablishment") \
	E(AUTOMATIC_STOP, 8, "AutomaticStop") \
	E(CONNECT_RETRY_EXPIRES, 9, "ConnectRetryTimer_Expires") \
	E(HOLD_EXPIRES, 10, "HoldTimer_Expires") \
	E(KEEPALIVE_EXPIRES, 11, "KeepaliveTimer_Expires") \
	E(DELAY_OPEN_EXPIRES, 12, "DelayOpenTimer_Expires") \
	E(IDLE_HOLD_EXPIRES, 13, "IdleHoldTimer_Expires") \
	E(TCP_VALID, 14, "TcpConnection_Valid") \
	E(TCP_INVALID, 15, "Tcp_CR_Invalid") \
	E(TCP_ACKED, 16, "Tcp_CR_Acked") \
	E(TCP_CONFIRMED, 17, "TcpConnectionConfirmed") \
	E(TCP_FAILS, 18, "TcpConnectionFails") \
	E(OPEN, 19, "BGPOpen") \
	E(OPEN_DELAY_RUNNING, 20, "BGPOpen with DelayOpenTimer running") \
	E(HEADER_ERR, 21, "BGPHeaderErr") \
	E(OPEN_ERR, 22, "BGPOpenMsgErr") \
	E(COLLISION_DUMP, 23, "OpenCollisionDump") \
	E(NOTIFICATION_VERSION, 24, "NotifMsgVerErr") \
	E(NOTIFICATION, 25, "NotifMsg") \
	E(KEEPALIVE, 26, "KeepAliveMsg") \
	E(UPDATE, 27, "UpdateMsg") \
	E(UPDATE_ERR, 28, "UpdateMsgErr") \
	/* RFC 9687 */ \
	E(SEND_HOLD_EXPIRES, 29, "SendHoldTimer_Expires") \
	/* RFC 2918 */ \
	E(REFRESH, 30, "RouteRefreshMsg")
/* clang-format on */

enum fsm_event {
#define E(name, number, text) FSM_EV_##name = number,
	FSM_EVENTS(E)
#undef E
	    FSM_EV__MAX
};

enum fsm_action {
	/* Say the NOTIFICATION that belongs to the event. */
	FSM_NOTIFY = 1 << 0,
	/* Say FSM Error with the subcode of the old state (RFC 6608). */
	FSM_NOTIFY_FSM = 1 << 1,
	/* Drop the TCP connection and all that belongs to it. */
	FSM_DROP = 1 << 2,
	FSM_CONNECT = 1 << 3, /* begin a TCP connection to the peer */
	FSM_SEND_OPEN = 1 << 4,
	FSM_SEND_KEEPALIVE = 1 << 5,
	FSM_RETRY_START = 1 << 6, /* ConnectRetryTimer */
	FSM_RETRY_STOP = 1 << 7,
	FSM_DELAY_START = 1 << 8, /* DelayOpenTimer */
	FSM_DELAY_STOP = 1 << 9,
	FSM_HOLD_LARGE = 1 << 10, /* HoldTimer, 4 minutes */
	/* HoldTimer and KeepaliveTimer as negotiated, none if that is 0. */
	FSM_HOLD_START = 1 << 11,
	FSM_HOLD_RESTART = 1 << 12,
	FSM_KEEPALIVE_RESTART = 1 << 13,
	FSM_UP = 1 << 14, /* the session is established */
	FSM_LOSS = 1 << 15, /* ConnectRetryCounter + 1 */
	FSM_LOSS_ZERO = 1 << 16, /* ConnectRetryCounter = 0 */
	/* Restart by itself after the (damped) idle hold time. */
	FSM_IDLE_HOLD = 1 << 17,
	FSM_IDLE_STOP = 1 << 18, /* no restart by itself */
};

struct fsm_options {
	bool passive; /* PassiveTcpEstablishment */
	bool delay_open; /* DelayOpen */
	bool delay_running; /* the DelayOpenTimer runs */
	bool notify_without_open; /* SendNOTIFICATIONwithoutOPEN */
};

struct fsm_step {
	enum peer_state next;
	uint32_t actions; /* mask of enum fsm_action */
};

/* What `event` does in `state`.  Every pair has an answer. */
struct fsm_step fsm_step(enum peer_state state, enum fsm_event event,
    const struct fsm_options *);

/* The start event of the options (events 1, 3 to 7). */
enum fsm_event fsm_start_event(bool manual, bool passive, bool damp);

/* Subcode of FSM Error for an unexpected event in `state` (RFC 6608 3). */
uint8_t fsm_error_subcode(enum peer_state state);

const char *fsm_event_name(enum fsm_event);
const char *fsm_state_name(enum peer_state);

#endif
