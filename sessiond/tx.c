/* SPDX-License-Identifier: ISC */
/*
 * From the queues to the sockets.
 *
 * Sessions with something new are put on a list and written in one go at the
 * end of the round (or of a batch of the rde): many small messages become one
 * writev.  What the kernel does not take waits for EV_WRITE.  Bytes of the
 * rde that left are summed up a session and given back in one TX_CREDIT.
 *
 * A socket that refuses is not the end by itself: what the peer said before
 * may still wait to be read (its NOTIFICATION decides what becomes of its
 * routes), so reading finds the end.
 */
#include <sys/socket.h>
#include <sys/uio.h>

#include <errno.h>
#include <string.h>

#include "common/log.h"

#include "sessiond/sessiond.h"

/* Credits in one message. */
#define CREDITS_MAX 4096
/* Of writing to sockets at a time: what was sent to many sessions at once
 * leaves in several turns, between which timers and sockets are heard. */
enum { FLUSH_US = 3000 };

static void
mark_dirty(struct session *s)
{
	if (s->tx_dirty || s->tx_blocked)
		return;
	s->tx_dirty = true;
	TAILQ_INSERT_TAIL(&s->sd->tx_dirty, s, tx_entry);
	sessiond_round(s->sd);
}

static void
give_credit(struct session *s, size_t bytes)
{
	if (bytes == 0 || s->epoch == 0)
		return;
	s->credit += (uint32_t)bytes;
	if (s->credit_queued)
		return;
	s->credit_queued = true;
	TAILQ_INSERT_TAIL(&s->sd->tx_credit, s, credit_entry);
	sessiond_round(s->sd);
}

static void
count_sent(struct session *s, const struct txq_done *done)
{
	struct peer_stats *st;

	st = &s->peer->stats;
	st->open_sent += done->messages[BGP_OPEN];
	st->update_sent += done->messages[BGP_UPDATE];
	st->keepalive_sent += done->messages[BGP_KEEPALIVE];
	st->refresh_sent += done->messages[BGP_ROUTE_REFRESH];
	if (done->messages[BGP_UPDATE] + done->messages[BGP_KEEPALIVE] > 0)
		s->last_tx = s->last_progress;
	give_credit(s, done->credited);
}

static void
break_off(struct session *s, int error)
{
	size_t credited;

	log_peer(LOG_LEVEL_DEBUG, s->peer->name, "cannot write: %s",
	    strerror(error));
	s->tx_broken = true;
	credited = s->txq.credited;
	txq_clear(&s->txq);
	event_del(&s->t_send_hold);
	give_credit(s, credited);
}

static void
block(struct session *s)
{
	uint32_t limit;

	if (!s->tx_blocked) {
		s->tx_blocked = true;
		event_add(&s->ev_write, NULL);
	}
	if (event_pending(&s->t_send_hold, EV_TIMEOUT, NULL) != 0)
		return;
	limit = s->sd->send_hold_min_ms;
	if (limit < 2 * s->hold_ms)
		limit = 2 * s->hold_ms;
	timer_set(&s->t_send_hold, limit);
}

/* Write until the queue or the kernel's buffer is exhausted. */
static void
flush(struct session *s)
{
	struct iovec iov[TX_SLICES];
	struct txq_done done;
	ssize_t n;
	int slices;

	memset(&done, 0, sizeof(done));
	while (!txq_empty(&s->txq)) {
		slices = txq_iov(&s->txq, iov, TX_SLICES);
		n = writev(s->fd, iov, slices);
		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1 && errno == EAGAIN) {
			block(s);
			break;
		}
		if (n == -1) {
			break_off(s, errno);
			break;
		}
		s->last_progress = mono_now();
		txq_advance(&s->txq, (size_t)n, &done);
	}
	if (txq_empty(&s->txq))
		event_del(&s->t_send_hold);
	count_sent(s, &done);
}

static void
on_writable(evutil_socket_t fd, short what, void *arg)
{
	struct session *s = arg;

	(void)fd;
	(void)what;
	s->tx_blocked = false;
	flush(s);
}

void
tx_start(struct session *s)
{
	s->tx_broken = false;
	s->tx_blocked = false;
	event_assign(&s->ev_write, s->sd->base, s->fd, EV_WRITE, on_writable,
	    s);
	event_priority_set(&s->ev_write, PRIO_DATA);
}

void
tx_stop(struct session *s)
{
	if (s->tx_blocked)
		event_del(&s->ev_write);
	s->tx_blocked = false;
	if (s->tx_dirty)
		TAILQ_REMOVE(&s->sd->tx_dirty, s, tx_entry);
	s->tx_dirty = false;
	if (s->credit_queued)
		TAILQ_REMOVE(&s->sd->tx_credit, s, credit_entry);
	s->credit_queued = false;
	s->credit = 0;
	txq_clear(&s->txq);
}

static void
push(struct session *s, struct tx_block *b)
{
	if (s->fd == -1 || s->tx_broken)
		return;
	if (txq_empty(&s->txq))
		s->last_progress = mono_now();
	txq_push(&s->txq, b);
	mark_dirty(s);
}

void
tx_message(struct session *s, const void *msg, size_t len)
{
	struct tx_block *b;

	b = tx_block_new(msg, len, false);
	push(s, b);
	tx_block_unref(b);
}

void
tx_keepalive(struct session *s)
{
	if (txq_last(&s->txq) != s->sd->keepalive)
		push(s, s->sd->keepalive);
}

void
tx_refresh(struct session *s, enum family f)
{
	/* One that still waits asks for as much as a second one would. */
	if (!txq_has(&s->txq, s->sd->refresh[f]))
		push(s, s->sd->refresh[f]);
}

void
tx_notification(struct session *s, const struct bgp_error *e)
{
	uint8_t buf[2 * BGP_MSG_MAX];
	struct txq_done done;
	size_t len;
	int fd;

	/* What was queued in this round goes first: the peer shall see the
	 * OPEN that this NOTIFICATION follows. */
	if (!s->tx_blocked && !s->tx_broken)
		flush(s);
	memset(&done, 0, sizeof(done));
	len = txq_cut(&s->txq, buf);
	len += bgp_msg_notification(buf + len, e);
	s->peer->stats.notification_sent++;
	fd = s->fd;
	rx_stop(s);
	tx_stop(s);
	s->fd = -1;
	farewell_start(s->sd, fd, buf, len, false);
}

/* --- from the rde */

static void
deliver_to(struct sessiond *sd, uint32_t id, struct tx_block *b)
{
	struct peer *p;
	struct session *s;

	p = peer_by_id(sd, id);
	if (p == NULL)
		return;
	s = p->current;
	/* Without PEER_READY these are bytes of a session that is over. */
	if (s->state != PEER_ESTABLISHED || !s->ready)
		return;
	if (s->tx_broken) {
		give_credit(s, b->len);
		return;
	}
	push(s, b);
}

/* True if a queue named in the bitmap is fuller than the rde may make it. */
static bool
is_over_window(struct sessiond *sd, uint32_t id)
{
	const struct peer *p;

	p = peer_by_id(sd, id);
	return p != NULL && p->current->txq.credited > 2 * (size_t)TX_WINDOW;
}

int
tx_deliver(struct sessiond *sd, const uint8_t *data, size_t len)
{
	struct tx tx;
	struct tx_block *b;
	uint32_t id;
	size_t i;
	uint8_t bits;

	if (msg_tx_get(data, len, &tx) != 0 ||
	    !tx_block_sound(tx.data, tx.len, BGP_UPDATE))
		return -1;
	b = tx_block_new(tx.data, tx.len, true);
	for (i = 0; i < tx.bitmap_len; i++) {
		for (bits = tx.bitmap[i]; bits != 0; bits &= bits - 1u) {
			id = (uint32_t)(i * 8) + (uint32_t)__builtin_ctz(bits);
			deliver_to(sd, id, b);
			if (is_over_window(sd, id)) {
				tx_block_unref(b);
				return -1;
			}
		}
	}
	tx_block_unref(b);
	return 0;
}

/* --- the end of the round */

/* One message of as many credits as fit; false if none were left. */
static bool
send_credits(struct sessiond *sd)
{
	struct session *s;
	struct credit c;
	struct wr w;
	uint32_t n;

	if (TAILQ_EMPTY(&sd->tx_credit))
		return false;
	wr_init_grow(&w, CREDITS_MAX * 12);
	for (n = 0; n < CREDITS_MAX; n++) {
		s = TAILQ_FIRST(&sd->tx_credit);
		if (s == NULL)
			break;
		TAILQ_REMOVE(&sd->tx_credit, s, credit_entry);
		s->credit_queued = false;
		c.peer = s->peer->id;
		c.epoch = s->epoch;
		c.bytes = s->credit;
		s->credit = 0;
		msg_credit_put(&w, &c);
	}
	chan_send_wr(sd->rde, MSG_TX_CREDIT, 0, 0, &w);
	wr_free(&w);
	return true;
}

void
tx_flush(struct sessiond *sd)
{
	struct mono until = mono_now();
	struct session *s;

	until.us += FLUSH_US;
	while ((s = TAILQ_FIRST(&sd->tx_dirty)) != NULL) {
		TAILQ_REMOVE(&sd->tx_dirty, s, tx_entry);
		s->tx_dirty = false;
		flush(s);
		if (mono_reached(mono_now(), until)) {
			sessiond_round(sd);
			break;
		}
	}
	if (sd->rde == NULL)
		return;
	while (!chan_congested(sd->rde) && send_credits(sd))
		;
}
