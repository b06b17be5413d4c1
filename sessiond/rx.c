/* SPDX-License-Identifier: ISC */
/*
 * From the sockets to the machine and to the rde.
 *
 * One buffer serves the whole process: each readable event puts the kept tail
 * of an unfinished message in front, reads once behind it, walks the whole
 * messages in place and keeps the new tail.  Runs of UPDATEs go to the rde
 * straight out of the buffer; everything else is handled in its place between
 * them.  One read an event: libevent's list of ready sockets is the fairness.
 */
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "common/xmalloc.h"

#include "sessiond/sessiond.h"

/* --- stopping and going on */

/* A read must never take more than the window has left. */
static bool
is_window_low(const struct session *s)
{
	return s->rx_unacked + RX_READ_MAX > RX_WINDOW;
}

static void
wait_window(struct session *s)
{
	if (s->rx_stopped)
		return;
	s->rx_stopped = true;
	event_del(&s->ev_read);
}

static void
wait_channel(struct session *s)
{
	if (s->rx_waiting)
		return;
	s->rx_waiting = true;
	TAILQ_INSERT_TAIL(&s->sd->rx_waiting, s, rx_entry);
	event_del(&s->ev_read);
}

static void
go_on(struct session *s)
{
	if (!s->rx_stopped && !s->rx_waiting && s->reading)
		event_add(&s->ev_read, NULL);
}

void
rx_credit(struct session *s, uint32_t bytes)
{
	s->rx_unacked = bytes < s->rx_unacked ? s->rx_unacked - bytes : 0;
	if (s->rx_stopped && !is_window_low(s)) {
		s->rx_stopped = false;
		go_on(s);
	}
}

void
rx_drain(struct sessiond *sd)
{
	struct session *s;

	while ((s = TAILQ_FIRST(&sd->rx_waiting)) != NULL) {
		TAILQ_REMOVE(&sd->rx_waiting, s, rx_entry);
		s->rx_waiting = false;
		go_on(s);
	}
}

bool
rx_pending(const struct session *s)
{
	int n;

	return s->fd != -1 && ioctl(s->fd, FIONREAD, &n) == 0 && n > 0;
}

/* --- messages */

/* Feed the event of a message; if it was not to be expected, its type is the
 * data of the FSM Error (RFC 6608 4). */
static void
message_event(struct session *s, enum fsm_event event, const uint8_t *msg)
{
	struct bgp_error e;

	(void)bgp_error_set(&e, BGP_ERR_FSM, 0, msg + BGP_HEADER_LEN - 1, 1);
	session_event(s, event, &e);
}

static void
on_open(struct session *s, const uint8_t *msg, size_t len)
{
	struct bgp_error e;
	bool delayed;

	s->peer->stats.open_received++;
	delayed = event_pending(&s->t_delay, EV_TIMEOUT, NULL) != 0;
	if (s->state != PEER_OPEN_SENT && !delayed) {
		message_event(s, FSM_EV_OPEN, msg);
		return;
	}
	if (open_receive(s, msg, len, &e) != 0) {
		session_event(s, FSM_EV_OPEN_ERR, &e);
		return;
	}
	if (session_collide(s))
		session_event(s,
		    delayed ? FSM_EV_OPEN_DELAY_RUNNING : FSM_EV_OPEN, NULL);
}

static void
on_notification(struct session *s, const uint8_t *msg, size_t len)
{
	struct bgp_notification n;
	char what[BGP_NOTIFICATION_STRLEN];
	struct peer *p;
	bool version;

	p = s->peer;
	p->stats.notification_received++;
	bgp_notification_parse(msg, len, &n);
	p->last_received_code = n.error.code;
	p->last_received_subcode = n.error.subcode;
	session_end_set(s, PEER_DOWN_REMOTE_NOTIFICATION, n.error.code,
	    n.error.subcode, "received %s%s%s%s",
	    bgp_notification_str(n.error.code, n.error.subcode, what),
	    n.text[0] != '\0' ? " (\"" : "", n.text,
	    n.text[0] != '\0' ? "\")" : "");
	session_end_pdu(s, msg, len);
	version = n.error.code == BGP_ERR_OPEN &&
	    n.error.subcode == BGP_ERR_OPEN_VERSION;
	session_event(s,
	    version ? FSM_EV_NOTIFICATION_VERSION : FSM_EV_NOTIFICATION, NULL);
}

static void
on_refresh(struct session *s, const uint8_t *msg)
{
	struct bgp_refresh r;
	struct wr w;
	uint8_t buf[4];
	uint32_t conn;

	s->peer->stats.refresh_received++;
	conn = s->conn;
	message_event(s, FSM_EV_REFRESH, msg);
	if (s->conn != conn || s->sd->rde == NULL)
		return;
	bgp_refresh_parse(msg, &r);
	/* RFC 2918 4: what was not negotiated is ignored; RFC 7313 5: so are
	 * subtypes, which we did not announce. */
	if (r.family < 0 || (s->neg.families & FAMILY_BIT(r.family)) == 0 ||
	    r.subtype != BGP_REFRESH_REQUEST)
		return;
	wr_init(&w, buf, sizeof(buf));
	wr_n16(&w, r.afi);
	wr_n8(&w, r.subtype);
	wr_n8(&w, r.safi);
	chan_send_wr(s->sd->rde, MSG_REFRESH, s->peer->id, s->epoch, &w);
}

/* Anything but an UPDATE in Established. */
static void
on_message(struct session *s, const uint8_t *msg, size_t len)
{
	switch (bgp_msg_type(msg)) {
	case BGP_OPEN:
		on_open(s, msg, len);
		break;
	case BGP_UPDATE:
		s->peer->stats.update_received++;
		message_event(s, FSM_EV_UPDATE, msg);
		break;
	case BGP_NOTIFICATION:
		on_notification(s, msg, len);
		break;
	case BGP_KEEPALIVE:
		s->peer->stats.keepalive_received++;
		message_event(s, FSM_EV_KEEPALIVE, msg);
		break;
	case BGP_ROUTE_REFRESH:
		on_refresh(s, msg);
		break;
	default:
		break;
	}
}

/* A run of UPDATEs, out of the buffer into the channel. */
static void
send_run(struct session *s, const uint8_t *run, size_t len)
{
	if (len == 0 || s->sd->rde == NULL)
		return;
	s->rx_unacked += (uint32_t)len;
	chan_send_buf(s->sd->rde, MSG_UPDATES, s->peer->id, s->epoch, run, len);
}

/* For whoever mirrors what is malformed: the message as far as it came, or
 * the header if that tells no length. */
static void
send_malformed(const struct session *s, const uint8_t *p, size_t n)
{
	size_t len = (size_t)p[16] << 8 | p[17];

	if (s->state != PEER_ESTABLISHED || s->sd->rde == NULL)
		return;
	if (len < BGP_HEADER_LEN || len > BGP_MSG_MAX)
		len = BGP_HEADER_LEN;
	chan_send_buf(s->sd->rde, MSG_MALFORMED, s->peer->id, s->epoch, p,
	    len < n ? len : n);
}

/*
 * Handle the whole messages among n bytes at p.  Returns how many bytes are
 * done with; all of them if the connection is gone.
 */
static size_t
walk(struct session *s, const uint8_t *p, size_t n)
{
	struct bgp_error e;
	const uint8_t *run;
	size_t done;
	size_t run_len;
	uint32_t conn;
	int len;

	conn = s->conn;
	done = 0;
	run = p;
	run_len = 0;
	while (n - done >= BGP_HEADER_LEN) {
		len = bgp_msg_check(p + done, BGP_MSG_MAX, &e);
		if (len == -1) {
			send_run(s, run, run_len);
			send_malformed(s, p + done, n - done);
			session_event(s, FSM_EV_HEADER_ERR, &e);
			return n;
		}
		if (n - done < (size_t)len)
			break;
		if (s->state == PEER_ESTABLISHED &&
		    bgp_msg_type(p + done) == BGP_UPDATE) {
			/* The machine would only restart the hold timer. */
			if (run_len == 0)
				run = p + done;
			run_len += (size_t)len;
			s->peer->stats.update_received++;
			done += (size_t)len;
			continue;
		}
		send_run(s, run, run_len);
		run_len = 0;
		on_message(s, p + done, (size_t)len);
		if (s->conn != conn)
			return n;
		done += (size_t)len;
	}
	send_run(s, run, run_len);
	return done;
}

/* --- reading */

static void
keep_tail(struct session *s, const uint8_t *tail, size_t len)
{
	if (len == 0) {
		free(s->partial);
		s->partial = NULL;
	} else {
		if (s->partial == NULL)
			s->partial = xmalloc(BGP_MSG_MAX);
		memcpy(s->partial, tail, len);
	}
	s->partial_len = (uint32_t)len;
}

static void
on_lost(struct session *s, const char *why)
{
	session_end_set(s, PEER_DOWN_REMOTE, 0, 0, "connection lost: %s", why);
	session_event(s, FSM_EV_TCP_FAILS, NULL);
}

static void
on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct session *s = arg;
	uint8_t *buf;
	size_t have;
	size_t done;
	ssize_t n;
	uint32_t conn;

	(void)what;
	if (s->sd->rde != NULL && chan_congested(s->sd->rde)) {
		wait_channel(s);
		return;
	}
	buf = s->sd->rxbuf;
	have = s->partial_len;
	n = recv(fd, buf + have, RX_READ_MAX - have, 0);
	if (n == -1 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		on_lost(s, n == 0 ? "closed by the peer" : strerror(errno));
		return;
	}
	if (have > 0)
		memcpy(buf, s->partial, have);
	have += (size_t)n;
	conn = s->conn;
	done = walk(s, buf, have);
	if (s->conn != conn)
		return;
	if (done > 0)
		s->last_rx = mono_now();
	keep_tail(s, buf + done, have - done);
	if (is_window_low(s))
		wait_window(s);
}

void
rx_start(struct session *s)
{
	s->rx_unacked = 0;
	s->rx_stopped = false;
	s->rx_waiting = false;
	s->reading = true;
	event_assign(&s->ev_read, s->sd->base, s->fd, EV_READ | EV_PERSIST,
	    on_readable, s);
	event_priority_set(&s->ev_read, PRIO_DATA);
	event_add(&s->ev_read, NULL);
}

void
rx_stop(struct session *s)
{
	if (s->reading)
		event_del(&s->ev_read);
	s->reading = false;
	if (s->rx_waiting)
		TAILQ_REMOVE(&s->sd->rx_waiting, s, rx_entry);
	s->rx_waiting = false;
	s->rx_stopped = false;
	s->rx_unacked = 0;
	free(s->partial);
	s->partial = NULL;
	s->partial_len = 0;
}
