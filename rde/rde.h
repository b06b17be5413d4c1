/* SPDX-License-Identifier: ISC */
/*
 * The route engine: tables, attributes, peers and update groups of this
 * speaker.  It is pure: no libevent, no channel, no clock; time comes in as
 * an argument, output goes out through struct rde_ops, whose functions must
 * not call back into the engine unless said otherwise.
 *
 * A round of the owner:
 *	rde_updates(), rde_local_add() ...	whatever arrived, all peers
 *	rde_sweep()				a budget of stale routes
 *	rde_settle()				decide what changed
 *	rde_pack()				send while windows allow
 * Listings read the tables after rde_settle().  rde_pack() is called again
 * when windows open (rde_tx_credit), the channel drains, or rde_deadline()
 * has passed.
 */
#ifndef RDE_RDE_H
#define RDE_RDE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/afi.h"
#include "common/bgp_update.h"
#include "common/compat.h"
#include "common/mono.h"
#include "common/msg_peer.h"
#include "common/nlri.h"
#include "rde/attrs.h"
#include "rde/peer.h"
#include "rde/rib.h"

struct rde;
struct group;
struct packer;
struct update_in;
struct sweep;
struct candidate;
struct policy_apply;
struct policy_program;
struct policy_store;
struct reeval;
TAILQ_HEAD(group_list, group);

/* A run of whole UPDATEs for every peer whose bit is set (msg_route.h). */
struct rde_tx {
	const uint8_t *bitmap;
	uint16_t bitmap_len;
	uint16_t messages;
	const uint8_t *data;
	size_t len; /* at most MSG_BATCH_MAX */
};

/* What somebody beside the peers is told of (rde->monitor). */
enum rde_monitor {
	RDE_MONITOR_IN = 0x01, /* Adj-RIB-In: paths of peers */
	RDE_MONITOR_BEST = 0x02, /* Loc-RIB */
	RDE_MONITOR_OUT = 0x04, /* Adj-RIB-Out: what was sent */
	/* What import policy makes of a path that is what it was. */
	RDE_MONITOR_POLICY = 0x08,
};
struct rde_change { /* something about one NLRI may be different now */
	enum rde_monitor what;
	enum family family;
	uint16_t peer; /* IN, POLICY: whose; OUT: to whom, 0: look at all */
	bool gone; /* there is nothing any more */
	const struct prefix_key *key;
};

enum rde_unsendable {
	RDE_TOO_LONG, /* the attributes leave no room for a prefix */
	RDE_NO_NEXT_HOP, /* other family and unspecified */
};

struct rde_ops {
	/* Borrowed until return. */
	void (*tx)(void *ctx, const struct rde_tx *);
	/* May more be sent now (is the channel below its mark)? */
	bool (*tx_ready)(void *ctx);
	/* Close the session; the peer's UPDATEs are ignored from here on. */
	void (*shut)(void *ctx, struct peer *, const struct peer_shut *);
	/* The peer ended its initial table of a family (RFC 4724).  May call
	 * rde_stale_drop(). */
	void (*end_of_rib)(void *ctx, struct peer *, enum family);
	/* A fault of an UPDATE for the log; not called for OK ones. */
	void (*fault)(void *ctx, struct peer *, const struct bgp_update *);
	/* A prefix limit was met and routes are being dropped; once a
	 * session. */
	void (*limit)(void *ctx, struct peer *);
	/* A route that the members of a group cannot be sent; one of them is
	 * given.  For a rate-limited log line. */
	void (*unsendable)(void *ctx, const struct peer *, const struct nlri *,
	    enum rde_unsendable);
	/* The programs of a peer by enum conf_direction, with a reference
	 * each; asked when its session comes up and when policies changed.
	 * NULL: there are no policies. */
	void (*programs)(void *ctx, const struct peer *,
	    struct policy_program *[2]);
	/* Of what rde->monitor asks for, and only then.  Called in the middle
	 * of things: to be noted, not to be acted on. */
	void (*changed)(void *ctx, const struct rde_change *);
};

struct rde_stats {
	uint64_t updates_in;
	uint64_t prefixes_in; /* announced, before any check */
	uint64_t withdrawn_in;
	uint64_t updates_out; /* UPDATEs encoded, once per group */
	uint64_t prefixes_out;
	uint64_t withdrawn_out;
	uint64_t bytes_out; /* once per group */
	uint64_t decisions;
	uint64_t treat_as_withdraw; /* UPDATEs */
	uint64_t loops; /* paths with our AS or id in them */
	uint64_t unsendable[2]; /* by enum rde_unsendable: routes held back */
	uint64_t searches_given_up; /* of patterns over AS paths */
};

struct rde {
	const struct rde_ops *ops;
	void *ctx;
	uint32_t asn;
	uint32_t router_id;
	uint32_t cluster_id;
	struct attrs_table *attrs;
	struct rib ribs[FAMILY__MAX];
	struct peer **peers; /* by id; [0] is the local speaker */
	uint32_t n_peers; /* length of the array */
	struct group_list groups;
	uint32_t n_groups;
	uint64_t group_seq;
	uint32_t now; /* seconds, of the last call that had a time */
	uint32_t n_resends; /* of peers */
	uint32_t n_flushing; /* families of peers */
	uint8_t monitor; /* enum rde_monitor */
	struct rde_stats stats;
	struct policy_store *store;
	struct policy_apply *policy;
	struct reeval *reeval;
	/* working memory of the modules */
	struct update_in *update_in;
	struct packer *packer;
	struct sweep *sweeps; /* by family */
	struct candidate *candidates;
	size_t max_candidates;
};

static inline void
rde_changed(const struct rde *rde, enum rde_monitor what, enum family family,
    uint16_t peer, bool gone, const struct prefix_key *key)
{
	const struct rde_change c = { what, family, peer, gone, key };

	if (rde->monitor & (uint8_t)what)
		rde->ops->changed(rde->ctx, &c);
}

/* `ops` is borrowed for life.  hash_init() must have run. */
struct rde *rde_new(const struct rde_ops *, void *ctx);
void rde_free(struct rde *);
/* Identity of this speaker.  May change at any time; acts on routes that
 * arrive later and on sessions that come up later. */
void rde_configure(struct rde *, uint32_t asn, uint32_t router_id,
    uint32_t cluster_id);

/* NULL if there is none; 0 is the local speaker. */
struct peer *rde_peer_find(const struct rde *, uint32_t id);

/*
 * A session came up.  Makes the peer object when the id is new.  Nothing is
 * sent to it before the next rde_pack().  Routes of an earlier session are
 * flushed unless rde_stale_keep() kept them and `up` says that they were
 * forwarded all along (RFC 4724 4.2): those wait for End-of-RIB or
 * rde_stale_drop().
 */
struct peer *rde_peer_up(struct rde *, uint32_t id, uint32_t epoch,
    const struct peer_up *up, struct mono now);
/*
 * The session ended: nothing is sent to the peer any more and its routes
 * become stale.  Those of `stale_families` stay in use until
 * rde_stale_drop(); the others leave in slices through rde_sweep().
 */
void rde_peer_down(struct rde *, struct peer *, uint32_t stale_families);
/* The stale routes of these families are to go (End-of-RIB, timer). */
void rde_stale_drop(struct rde *, struct peer *, uint32_t families);
/* The peer object is no longer wanted; it and its routes go (in slices).
 * Its id may come up again at once. */
void rde_peer_gone(struct rde *, struct peer *);

/* Frees a peer object without routes (for the sweep). */
void rde_peer_release(struct rde *, struct peer *);

/*
 * A run of whole UPDATEs of one peer, as in the message UPDATES.  Handled
 * completely; bytes behind an error that closes the session are dropped.
 * Returns the number of UPDATEs.
 */
size_t rde_updates(struct rde *, struct peer *, const uint8_t *, size_t,
    struct mono now);

/*
 * Routes of our own.  The block is canonical (bgp_attr_validate accepted
 * it).  Add replaces; remove returns false if there was none.
 */
void rde_local_add(struct rde *, const struct nlri *, const uint8_t *block,
    size_t len, struct mono now);
bool rde_local_remove(struct rde *, const struct nlri *);

/*
 * Remove stale routes, looking at up to `budget` entries.  Returns true
 * while there is more to do.
 */
bool rde_sweep(struct rde *, size_t budget);
/* Is there something for rde_sweep() to do?  (Packing can make work for it,
 * too.) */
bool rde_has_sweep(const struct rde *);

/*
 * Policies changed (rde->store was committed): peers get their programs
 * anew.  Routes that the change can touch are evaluated again by
 * rde_reeval(), looking at about `budget` of them; true while there is more.
 */
void rde_policies_changed(struct rde *);
bool rde_reeval(struct rde *, size_t budget);
bool rde_has_reeval(const struct rde *);

/* Decide all entries that changed and tell the groups. */
void rde_settle(struct rde *);
/* The same if there are so many, or so many groups, that deciding the rest
 * with what is still to come would take long. */
void rde_settle_many(struct rde *);
/*
 * Send what is pending, while windows, tx_ready(), `budget` (bytes made) and
 * the time allow: it does something, and no more after `until`.  Returns
 * true if it stopped at one of these two with more to do.
 */
bool rde_pack(struct rde *, struct mono now, struct mono until, size_t budget);
/* Time at which rde_pack() has something to do that nothing else would
 * trigger (MRAI, slow members); false if there is none. */
bool rde_deadline(const struct rde *, struct mono now, struct mono *);

/* The peer's socket took `bytes`; false if that is more than it was sent,
 * which is the sender's error. */
bool rde_tx_credit(struct rde *, struct peer *, uint32_t bytes);
/* Send these families to the peer again (RFC 2918, soft reset out).
 * Requests that meet one under way are served by one more pass at most. */
void rde_refresh(struct rde *, struct peer *, uint32_t families);

/*
 * What is on the wire towards a peer for an entry (ADJ_OUT).
 * block has room for ADJOUT_MAX and gets the attributes in canonical form.
 */
#define ADJOUT_MAX (2 * BGP_ATTR_BLOCK_MAX)
struct adjout_view {
	uint16_t source; /* peer that the route came from, 0: local */
	uint16_t len; /* of the block */
};
bool rde_adjout(const struct rde *, const struct peer *, enum family,
    uint32_t entry, uint8_t *block, struct adjout_view *);

/* How many prefixes of each family the peer gave us and holds of us. */
void
rde_peer_counts(const struct peer *, struct family_count counts[FAMILY__MAX]);

/*
 * Paths of an entry in listing order (best first) with their peers, for
 * GLOBAL; rib_path_of() serves ADJ_IN.  Fills up to max, returns how many
 * there are.  Paths on their way out after a session's end are left out.
 */
struct route_view {
	const struct peer *peer;
	const struct attrs *attrs;
	uint32_t since;
	bool best;
	bool stale;
	bool ineligible;
	const struct attrs *cause; /* ATTRS_TEXT: what rejected it, or NULL */
};
size_t rde_routes(struct rde *, enum family, uint32_t entry,
    struct route_view *, size_t max);
/* The path of one peer as ADJ_IN shows it; false: none. */
bool rde_adjin(const struct rde *, const struct peer *, enum family,
    uint32_t entry, struct route_view *);

size_t rde_bytes(const struct rde *); /* of all structures */
/* Seconds since a path came, for age. */
uint32_t rde_seconds(struct mono);

#endif
