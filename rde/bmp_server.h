/* SPDX-License-Identifier: ISC */
/*
 * One BMP server, as the files of bmp.h share it.
 *
 * For each peer, and for the Loc-RIB under the number 0, it is known how far
 * the server is.  Tables go out in passes: those that wait when one begins
 * are in it together, so that many peers cost one walk.  A change of a route
 * that a pass has not reached yet needs no note.
 */
#ifndef RDE_BMP_SERVER_H
#define RDE_BMP_SERVER_H

#include "common/conf.h"
#include "common/mono.h"
#include "rde/bmp.h"
#include "rde/bmp_pending.h"
#include "rde/walk.h"

struct event;

struct bmp_session { /* one that is up, for all servers */
	struct addr local;
	uint16_t local_port;
	uint16_t remote_port;
	uint32_t secs, usecs; /* when it came up */
	uint8_t *open_sent;
	uint16_t open_sent_len;
	uint8_t *open_received;
	uint16_t open_received_len;
};

enum bmp_feed_state {
	BMP_FEED_OFF, /* no Peer Up was written */
	BMP_FEED_WAITING, /* for a pass */
	BMP_FEED_PASS,
	BMP_FEED_LIVE,
};

struct bmp_feed { /* of a peer, or of the Loc-RIB */
	uint32_t id; /* of the peer; 0: Loc-RIB */
	uint8_t state; /* enum bmp_feed_state */
	bool dirty; /* the server knows routes from before this pass */
	bool lost; /* and was not told that some of them went */
	bool counted; /* in n_told: changes can be of interest to it */
	uint32_t resyncs;
	TAILQ_ENTRY(bmp_feed) due_entry;
	struct mono due; /* next statistics */
};

struct bmp_server {
	TAILQ_ENTRY(bmp_server) entry;
	struct shell *shell;
	struct conf_bmp_server conf;
	uint8_t want; /* enum conf_bmp_feed */
	char name[ENDPOINT_STRLEN];
	bool closing; /* only what was written still leaves */
	uint32_t conduit; /* 0: not asked for yet */
	uint32_t epoch; /* of the connection; 0: there is none */
	struct mono since; /* up, or lost */
	uint32_t error;
	/* Bytes: written and not yet given out; in sessiond's hands. */
	struct wr out;
	size_t out_at;
	size_t burst; /* of `out`, what grows with the number of sessions */
	uint32_t window_used;
	struct bmp_feed **feeds; /* by peer id; NULL: never needed */
	uint32_t n_feeds;
	uint32_t n_waiting; /* feeds in this state */
	uint32_t n_told; /* feeds of peers that want to know of changes */
	struct bmp_pending pending;
	struct walk walk;
	bool turn; /* of the pass, not of pending changes */
	bool mirror_lost;
	struct { /* while active */
		bool active;
		bool begun; /* `key` is the last one written */
		int family;
		struct prefix_key key;
	} pass;
	TAILQ_HEAD(, bmp_feed) due; /* in the order of time */
	struct event *timer; /* statistics, or the end of closing */
	/* over all connections */
	uint64_t connections, messages, bytes, resyncs, dropped;
};

/* --- bmp.c */
/* A feed's state is another one.  While no feed wants to know of changes, as
 * when all wait for a pass, the engine tells of none. */
void bmp_feed_changed(struct bmp_server *, struct bmp_feed *);
/* There is something to write or room to write it. */
void bmp_server_kick(struct bmp_server *);
/* Messages were written: give the connection up if they are too many. */
void bmp_server_wrote(struct bmp_server *, size_t messages);
/* Peer Up of a peer or of the Loc-RIB, and Peer Down when what was said of it
 * is to be forgotten. */
void bmp_server_peer_up(struct bmp_server *, struct bmp_feed *);
void bmp_server_peer_forget(struct bmp_server *, const struct bmp_feed *);

/* --- bmp_feed.c */
/* `what`: enum rde_monitor, or */
enum { BMP_CHANGE_OFFERED = 0x100 }; /* Adj-RIB-Out before policy */
void
bmp_feed_note(struct bmp_server *, const struct rde_change *, uint32_t what);
/* Give out what was written; true if nothing of it is left. */
bool bmp_feed_flush(struct bmp_server *);
enum walk_result bmp_feed_step(struct walk *, struct walk_budget *);

/* --- bmp_stats.c */
void bmp_stats_start(struct bmp_server *, struct bmp_feed *);
void bmp_stats_stop(struct bmp_server *, struct bmp_feed *);
void bmp_stats_tick(struct bmp_server *);

#endif
