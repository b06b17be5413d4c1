/* SPDX-License-Identifier: ISC */
/*
 * Sessions: from sessiond's messages to the engine and back.
 *
 * A message about routes names the epoch of its session.  One of an earlier
 * epoch was under way while the session ended, and is dropped; only what
 * sessiond could never have sent breaks the rules.
 */
#include "rde/session.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/bgp_attr.h"
#include "common/chan.h"
#include "common/log.h"
#include "common/xmalloc.h"

#include "rde/policy_store.h"
#include "rde/shell.h"
#include "rde/stale.h"

enum {
	HEX_MAX = 128, /* bytes of an attribute shown in a log line */
	CREDITS_MAX = 1024, /* in one RX_CREDIT */
};

/* --- what the engine tells */

static void
op_tx(void *ctx, const struct rde_tx *tx)
{
	struct shell *sh = ctx;
	uint8_t head[2], count[2];
	struct iovec iov[4];

	head[0] = (uint8_t)(tx->bitmap_len >> 8);
	head[1] = (uint8_t)tx->bitmap_len;
	count[0] = (uint8_t)(tx->messages >> 8);
	count[1] = (uint8_t)tx->messages;
	memset(iov, 0, sizeof(iov));
	iov[0].iov_base = head;
	iov[0].iov_len = sizeof(head);
	/* iovec has no const form; sending does not write. */
	memcpy(&iov[1].iov_base, &tx->bitmap, sizeof(tx->bitmap));
	iov[1].iov_len = tx->bitmap_len;
	iov[2].iov_base = count;
	iov[2].iov_len = sizeof(count);
	memcpy(&iov[3].iov_base, &tx->data, sizeof(tx->data));
	iov[3].iov_len = tx->len;
	if (sh->sessiond != NULL)
		chan_send(sh->sessiond, MSG_TX, 0, 0, iov, 4, -1);
}

static bool
op_tx_ready(void *ctx)
{
	struct shell *sh = ctx;

	return sh->sessiond != NULL && !chan_congested(sh->sessiond);
}

bool
session_may_log(const struct session *s)
{
	return s->configured || log_stranger_may();
}

static void
op_shut(void *ctx, struct peer *peer, const struct peer_shut *shut)
{
	struct shell *sh = ctx;
	struct session *s = peer->shell;
	struct wr w;

	if (s != NULL && session_may_log(s))
		log_peer(LOG_LEVEL_WARN, s->name,
		    "closing the session: NOTIFICATION %u/%u", shut->code,
		    shut->subcode);
	if (sh->sessiond == NULL)
		return;
	wr_init_grow(&w, MSG_MAX);
	msg_peer_shut_put(&w, shut);
	chan_send_wr(sh->sessiond, MSG_PEER_SHUT, peer->id, peer->epoch, &w);
	wr_free(&w);
}

static void
op_end_of_rib(void *ctx ATTR_UNUSED, struct peer *peer, enum family family)
{
	struct session *s = peer->shell;

	if (s == NULL)
		return;
	log_peer(LOG_LEVEL_DEBUG, s->name, "End-of-RIB for %s",
	    family_name(family));
	stale_end_of_rib(s, family);
}

static const char *
hex(const uint8_t *p, size_t len, char buf[2 * HEX_MAX + 4])
{
	size_t i;
	size_t n = len < HEX_MAX ? len : HEX_MAX;

	for (i = 0; i < n; i++)
		snprintf(buf + 2 * i, 3, "%02x", p[i]);
	buf[2 * n] = '\0';
	if (n < len)
		memcpy(buf + 2 * n, "...", 4);
	return buf;
}

/* RFC 7606 asks for the log; a peer must not flood it: one line a session
 * for each type of attribute, the rest is counted. */
static void
op_fault(void *ctx ATTR_UNUSED, struct peer *peer, const struct bgp_update *u)
{
	static const char *const outcomes[] = {
		[BGP_UPDATE_OK] = "accepted",
		[BGP_UPDATE_DISCARD] = "attribute discarded",
		[BGP_UPDATE_WITHDRAW] = "treated as withdrawal",
		[BGP_UPDATE_RESET] = "session reset",
	};
	struct session *s = peer->shell;
	char name[BGP_ATTR_NAMELEN];
	char text[2 * HEX_MAX + 4];
	uint8_t bit = (uint8_t)(1u << (u->fault_type % 8));

	if (s == NULL)
		return;
	s->faults++;
	bmp_fault(s->shell, peer, u);
	if (u->outcome != BGP_UPDATE_RESET &&
	    (s->faults_logged[u->fault_type / 8] & bit) != 0)
		return;
	s->faults_logged[u->fault_type / 8] |= bit;
	if (!session_may_log(s))
		return;
	text[0] = '\0';
	if (u->fault_attr != NULL)
		hex(u->fault_attr, u->fault_len, text);
	log_peer(LOG_LEVEL_WARN, s->name, "UPDATE: %s%s%s: %s%s%s",
	    u->fault_type != 0 ? bgp_attr_name(u->fault_type, name) : "",
	    u->fault_type != 0 ? ": " : "",
	    u->fault != NULL ? u->fault : "malformed", outcomes[u->outcome],
	    text[0] != '\0' ? ", bytes " : "", text);
}

static void
op_limit(void *ctx ATTR_UNUSED, struct peer *peer)
{
	struct session *s = peer->shell;

	if (s != NULL && session_may_log(s))
		log_peer(LOG_LEVEL_WARN, s->name,
		    "prefix limit %u reached, further routes are dropped",
		    peer->max_prefix);
}

static void
op_unsendable(void *ctx ATTR_UNUSED, const struct peer *peer,
    const struct nlri *nlri, enum rde_unsendable why)
{
	struct session *s = peer->shell;
	char buf[NLRI_STRLEN];
	uint8_t bit = (uint8_t)(1u << why);

	if (s == NULL || (s->unsendable_logged & bit) != 0)
		return;
	s->unsendable_logged |= bit;
	if (!session_may_log(s))
		return;
	log_peer(LOG_LEVEL_WARN, s->name, "%s is not sent: %s (told once)",
	    nlri_str(nlri, buf),
	    why == RDE_TOO_LONG ? "its attributes do not fit in a message" :
				  "no next hop of its family");
}

static void
op_programs(void *ctx, const struct peer *peer, struct policy_program *to[2])
{
	static const struct conf_assignment none;
	struct shell *sh = ctx;
	const struct conf *c = sh->conf.conf;
	const struct conf_assignment *a;
	const struct conf_peer *cp;
	bool deny;
	int d;

	if (c == NULL)
		return;
	cp = conf_peer_find(c, &peer->remote);
	for (d = 0; d < CONF_DIRECTION__MAX; d++) {
		a = cp == NULL ? &none : &cp->policy[d];
		/* RFC 8212 */
		deny = c->ebgp_requires_policy && peer->kind == ROUTE_EBGP;
		to[d] = policy_store_program(sh->rde->store, a, deny);
	}
}

const struct rde_ops session_ops = {
	.tx = op_tx,
	.tx_ready = op_tx_ready,
	.shut = op_shut,
	.end_of_rib = op_end_of_rib,
	.fault = op_fault,
	.limit = op_limit,
	.unsendable = op_unsendable,
	.programs = op_programs,
	.changed = bmp_changed,
};

/* --- what sessiond tells */

/* The peer of a message that counts; NULL if its session is over. */
static struct peer *
current(const struct shell *sh, uint32_t id, uint32_t epoch)
{
	struct peer *peer;

	peer = id != 0 ? rde_peer_find(sh->rde, id) : NULL;
	if (peer == NULL || !peer->up || peer->epoch != epoch)
		return NULL;
	return peer;
}

/* Not owed a credit any more. */
static void
credit_drop(struct session *s)
{
	if (s->rx_done == 0)
		return;
	TAILQ_REMOVE(&s->shell->sessions, s, entry);
	s->rx_done = 0;
}

/* --- UPDATEs

 * They have a share of each turn.  Policies can make them slow beyond measure:
 * a piece is what takes little of the share, as those before it did.  When the
 * share is used up, the messages that follow stay in the channel; what is left
 * of this one waits here for the next round.
 */

static void
credit_add(struct session *s, size_t n)
{
	if (n == 0)
		return;
	if (s->rx_done == 0)
		TAILQ_INSERT_TAIL(&s->shell->sessions, s, entry);
	s->rx_done += (uint32_t)n;
}

/* Bytes of whole messages, at least one, and about `want`. */
static size_t
piece_len(const uint8_t *data, size_t len, size_t want)
{
	size_t n = 0, one;

	if (want >= len)
		return len;
	do {
		if (len - n < BGP_HEADER_LEN)
			return len;
		one = (size_t)data[n + 16] << 8 | data[n + 17];
		if (one < BGP_HEADER_LEN || one > len - n)
			return len;
		n += one;
	} while (n < want && n < len);
	return n;
}

/* How much is to be looked at next when `n` bytes took `us`? */
static void
piece_adapt(struct shell *sh, size_t n, int64_t us)
{
	if (us > SESSION_PIECE_US)
		sh->rx_piece = 1 + n * SESSION_PIECE_US / (size_t)us;
	else if (us < SESSION_PIECE_US / 4 && sh->rx_piece < SESSION_PIECE_MAX)
		sh->rx_piece *= 2;
}

/* Handle UPDATEs until `until`, at least one; returns the bytes done. */
static size_t
updates_slice(struct session *s, const uint8_t *data, size_t len,
    struct mono until)
{
	struct shell *sh = s->shell;
	struct mono now = mono_now(), began;
	size_t at = 0, n;

	while (at < len && !s->peer->shut) {
		began = now;
		n = piece_len(data + at, len - at, sh->rx_piece);
		rde_updates(sh->rde, s->peer, data + at, n, began);
		at += n;
		rde_settle_many(sh->rde);
		now = mono_now();
		piece_adapt(sh, n, mono_diff_us(now, began));
		if (mono_reached(now, until))
			return at;
	}
	return len;
}

static void
late_drop(struct session *s)
{
	if (s->rx_end > 0)
		TAILQ_REMOVE(&s->shell->late, s, late);
	free(s->rx);
	s->rx = NULL;
	s->rx_at = s->rx_end = s->rx_max = 0;
}

static void
late_add(struct session *s, const uint8_t *data, size_t len)
{
	if (s->rx_end == 0)
		TAILQ_INSERT_TAIL(&s->shell->late, s, late);
	if (s->rx_at > 0) {
		memmove(s->rx, s->rx + s->rx_at, s->rx_end - s->rx_at);
		s->rx_end -= s->rx_at;
		s->rx_at = 0;
	}
	if (s->rx_max - s->rx_end < len) {
		s->rx_max = s->rx_end + len;
		s->rx = xreallocarray(s->rx, s->rx_max, 1);
	}
	memcpy(s->rx + s->rx_end, data, len);
	s->rx_end += len;
	sched_poke(s->shell);
}

static void
late_slice(struct session *s, struct mono until)
{
	size_t n;

	if (s->rx_end == 0)
		return;
	n = updates_slice(s, s->rx + s->rx_at, s->rx_end - s->rx_at, until);
	credit_add(s, n);
	s->rx_at += n;
	if (s->rx_at == s->rx_end)
		late_drop(s);
}

bool
session_late(struct shell *sh)
{
	struct mono until = sched_updates_until(sh);
	struct session *s;

	while ((s = TAILQ_FIRST(&sh->late)) != NULL) {
		late_slice(s, until);
		if (s->rx_end > 0) { /* the others' turn */
			TAILQ_REMOVE(&sh->late, s, late);
			TAILQ_INSERT_TAIL(&sh->late, s, late);
		}
		if (mono_reached(mono_now(), until))
			break;
	}
	return !TAILQ_EMPTY(&sh->late);
}

static struct session *
session_new(struct shell *sh, struct peer *peer)
{
	struct session *s;

	s = xcalloc(1, sizeof(*s));
	s->shell = sh;
	s->peer = peer;
	peer->shell = s;
	return s;
}

static void
session_free(struct session *s)
{
	late_drop(s);
	credit_drop(s);
	stale_stop(s);
	s->peer->shell = NULL;
	free(s);
}

int
session_up(struct shell *sh, uint32_t id, uint32_t epoch,
    const struct peer_up *up)
{
	struct session *s;
	struct peer *peer;

	if (id == 0 || id > PEER_ID_MAX || up->remote.family == ADDR_NONE ||
	    (up->families & ~FAMILY_ALL) != 0)
		return -1;
	peer = rde_peer_find(sh->rde, id);
	if (peer != NULL && peer->up)
		return -1;
	peer = rde_peer_up(sh->rde, id, epoch, up, mono_now());
	s = peer->shell;
	if (s == NULL)
		s = session_new(sh, peer);
	addr_str(&up->remote, s->name);
	s->configured = up->configured;
	s->faults = 0;
	memset(s->faults_logged, 0, sizeof(s->faults_logged));
	s->unsendable_logged = 0;
	stale_resumed(s, up->gr ? up->gr_time : 0);
	bmp_peer_up(sh, peer, up);
	chan_send_buf(sh->sessiond, MSG_PEER_READY, id, epoch, NULL, 0);
	log_peer(LOG_LEVEL_DEBUG, s->name,
	    "session %u with AS %u, families 0x%x", epoch, up->remote_as,
	    up->families);
	return 0;
}

/* The session of a peer that is up ends; `down` NULL: with the peer. */
static void
end(struct shell *sh, struct peer *peer, const struct peer_down *down)
{
	struct session *s = peer->shell;
	uint32_t secs = down != NULL ? down->gr_time : 0;
	uint32_t stale_families = down != NULL ? down->stale_families : 0;

	/* What is kept is what the peer said last. */
	if (secs > 0 && stale_families != 0)
		late_slice(s, MONO_NEVER);
	late_drop(s);
	bmp_peer_down(sh, peer, down);
	credit_drop(s);
	if (s->faults > 1 && session_may_log(s))
		log_peer(LOG_LEVEL_WARN, s->name,
		    "%llu faulty UPDATEs in the session",
		    (unsigned long long)s->faults);
	if (secs == 0)
		stale_families = 0;
	rde_peer_down(sh->rde, peer, stale_families);
	if (peer->keeping != 0)
		stale_start(s, secs);
	else
		stale_stop(s);
	sched_poke(sh);
}

int
session_down(struct shell *sh, uint32_t id, uint32_t epoch,
    const struct peer_down *down)
{
	struct peer *peer;

	if (id == 0 || id > PEER_ID_MAX ||
	    (down->stale_families & ~FAMILY_ALL) != 0)
		return -1;
	peer = current(sh, id, epoch);
	if (peer == NULL)
		return -1; /* it never came up, or ended before */
	end(sh, peer, down);
	return 0;
}

/* The peer object and all that it has goes. */
static void
gone(struct shell *sh, struct peer *peer)
{
	if (peer->up)
		end(sh, peer, NULL);
	if (peer->shell != NULL)
		session_free(peer->shell);
	rde_peer_gone(sh->rde, peer);
	sched_poke(sh);
}

int
session_gone(struct shell *sh, uint32_t id)
{
	struct peer *peer;

	if (id == 0 || id > PEER_ID_MAX)
		return -1;
	peer = rde_peer_find(sh->rde, id);
	if (peer != NULL && !peer->gone) /* else it never had a session */
		gone(sh, peer);
	return 0;
}

int
session_updates(struct shell *sh, uint32_t id, uint32_t epoch,
    const uint8_t *data, size_t len)
{
	struct mono until = sched_updates_until(sh);
	struct session *s;
	struct peer *peer;
	size_t done = 0;

	if (id == 0 || id > PEER_ID_MAX)
		return -1;
	peer = current(sh, id, epoch);
	if (peer == NULL)
		return 0; /* the window died with the session */
	s = peer->shell;
	if (s->rx_end == 0)
		done = updates_slice(s, data, len, until);
	credit_add(s, done);
	if (done < len)
		late_add(s, data + done, len - done);
	if (mono_reached(mono_now(), until))
		chan_yield(sh->sessiond);
	return 0;
}

int
session_malformed(struct shell *sh, uint32_t id, uint32_t epoch,
    const uint8_t *msg, size_t len)
{
	struct peer *peer;

	if (id == 0 || id > PEER_ID_MAX)
		return -1;
	peer = current(sh, id, epoch);
	if (peer != NULL)
		bmp_mirror(sh, peer, msg, len);
	return 0;
}

int
session_refresh(struct shell *sh, uint32_t id, uint32_t epoch,
    const struct refresh *f)
{
	struct peer *peer;
	int family;

	if (id == 0 || id > PEER_ID_MAX)
		return -1;
	peer = current(sh, id, epoch);
	family = family_from_afi(f->afi, f->safi);
	/* RFC 2918 4: other families are ignored; RFC 7313's marks (subtypes
	 * 1 and 2) are not negotiated, so they mean nothing. */
	if (peer == NULL || family == -1 || f->subtype != 0 ||
	    (peer->families & FAMILY_BIT(family)) == 0)
		return 0;
	rde_refresh(sh->rde, peer, FAMILY_BIT(family));
	return 0;
}

int
session_tx_credit(struct shell *sh, const struct credit *c)
{
	struct peer *peer;

	peer = current(sh, c->peer, c->epoch);
	if (peer == NULL)
		return 0;
	return rde_tx_credit(sh->rde, peer, c->bytes) ? 0 : -1;
}

void
session_credits(struct shell *sh)
{
	uint8_t buf[CREDITS_MAX * 12];
	struct session *s;
	struct credit c;
	struct wr w;

	wr_init(&w, buf, sizeof(buf));
	while ((s = TAILQ_FIRST(&sh->sessions)) != NULL) {
		c.peer = s->peer->id;
		c.epoch = s->peer->epoch;
		c.bytes = s->rx_done;
		credit_drop(s);
		msg_credit_put(&w, &c);
		if (wr_left(&w) < 12 || TAILQ_EMPTY(&sh->sessions)) {
			if (sh->sessiond != NULL)
				chan_send_wr(sh->sessiond, MSG_RX_CREDIT, 0, 0,
				    &w);
			wr_reset(&w);
		}
	}
}

void
session_configure(struct shell *sh)
{
	const struct conf_peer *cp;
	struct peer *peer;
	uint32_t i;

	for (i = 1; i < sh->rde->n_peers; i++) {
		peer = rde_peer_find(sh->rde, i);
		if (peer == NULL || !peer->up)
			continue;
		cp = conf_peer_find(sh->conf.conf, &peer->remote);
		if (cp == NULL)
			continue;
		peer->has_max_prefix = cp->has_max_prefix;
		peer->max_prefix = cp->max_prefix;
		peer->max_prefix_discard = !cp->allow_automatic_stop ||
		    cp->max_prefix_action == CONF_MAX_PREFIX_DISCARD;
		peer->mrai_secs = cp->mrai_secs;
		peer->enforce_first_as = cp->enforce_first_as;
	}
}

void
session_lost_all(struct shell *sh)
{
	struct peer *peer;
	uint32_t i;

	for (i = 1; i < sh->rde->n_peers; i++) {
		peer = rde_peer_find(sh->rde, i);
		if (peer != NULL && !peer->gone)
			gone(sh, peer);
	}
}

struct peer *
session_peer(const struct shell *sh, const struct addr *addr)
{
	struct peer *peer;
	uint32_t i;

	for (i = 1; i < sh->rde->n_peers; i++) {
		peer = rde_peer_find(sh->rde, i);
		if (peer != NULL && !peer->gone &&
		    addr_equal(&peer->remote, addr))
			return peer;
	}
	return NULL;
}
