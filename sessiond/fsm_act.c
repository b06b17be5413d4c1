/* SPDX-License-Identifier: ISC */
/*
 * Sessions: a state machine, its timers and its connection, and the execution
 * of what fsm.c decides.
 *
 * A session never frees itself or its peer under its caller: what goes is put
 * on a list and freed at the end of the loop's round.  The peer's timers
 * (ConnectRetry, IdleHold) belong to its current session; a candidate only
 * exists with a connection and is gone when it loses it.
 */
#include <sys/socket.h>

#include <netinet/in.h>
#include <netinet/tcp.h>

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/log.h"
#include "common/xmalloc.h"

#include "sessiond/sessiond.h"

static void on_writable_connect(evutil_socket_t, short, void *);

/* --- timers */

static void
on_hold(evutil_socket_t fd, short what, void *arg)
{
	struct session *s = arg;
	int64_t idle;

	(void)fd;
	(void)what;
	if (s->state >= PEER_OPEN_CONFIRM) {
		idle = mono_diff_ms(mono_now(), s->last_rx);
		if (idle < s->hold_ms) {
			timer_set(&s->t_hold,
			    s->hold_ms - (uint32_t)(idle > 0 ? idle : 0));
			return;
		}
		/* It is we who did not read: the peer may be alive. */
		if (rx_pending(s)) {
			timer_set(&s->t_hold, s->hold_ms / 3);
			return;
		}
	}
	session_event(s, FSM_EV_HOLD_EXPIRES, NULL);
}

static void
on_keepalive(evutil_socket_t fd, short what, void *arg)
{
	struct session *s = arg;
	int64_t idle;

	(void)fd;
	(void)what;
	/* An UPDATE sent meanwhile is as good (RFC 4271 8.2.2). */
	idle = mono_diff_ms(mono_now(), s->last_tx);
	if (idle >= 0 && idle < s->keepalive_ms / 4 * 3) {
		timer_set(&s->t_keepalive,
		    timer_jitter(s->keepalive_ms) - (uint32_t)idle);
		return;
	}
	session_event(s, FSM_EV_KEEPALIVE_EXPIRES, NULL);
}

static void
on_delay_open(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	session_event(arg, FSM_EV_DELAY_OPEN_EXPIRES, NULL);
}

static void
on_send_hold(evutil_socket_t fd, short what, void *arg)
{
	struct session *s = arg;
	uint32_t limit;
	int64_t idle;

	(void)fd;
	(void)what;
	if (txq_empty(&s->txq))
		return;
	/* RFC 9687 4: the greater of 8 minutes and twice the hold time */
	limit = s->sd->send_hold_min_ms;
	if (limit < 2 * s->hold_ms)
		limit = 2 * s->hold_ms;
	idle = mono_diff_ms(mono_now(), s->last_progress);
	if (idle < limit) {
		timer_set(&s->t_send_hold,
		    limit - (uint32_t)(idle > 0 ? idle : 0));
		return;
	}
	session_event(s, FSM_EV_SEND_HOLD_EXPIRES, NULL);
}

/* --- life */

struct session *
session_new(struct peer *p, enum peer_state state)
{
	struct session *s;

	s = xcalloc(1, sizeof(*s));
	s->sd = p->sd;
	s->peer = p;
	s->state = state;
	s->fd = -1;
	s->conn = ++s->sd->last_conn;
	txq_init(&s->txq);
	evtimer_assign(&s->t_hold, s->sd->base, on_hold, s);
	evtimer_assign(&s->t_keepalive, s->sd->base, on_keepalive, s);
	evtimer_assign(&s->t_delay, s->sd->base, on_delay_open, s);
	evtimer_assign(&s->t_send_hold, s->sd->base, on_send_hold, s);
	event_priority_set(&s->t_hold, PRIO_CONTROL);
	event_priority_set(&s->t_keepalive, PRIO_CONTROL);
	event_priority_set(&s->t_delay, PRIO_CONTROL);
	event_priority_set(&s->t_send_hold, PRIO_CONTROL);
	return s;
}

/* Take everything back that belongs to the connection. */
static void
connection_release(struct session *s)
{
	if (s->connecting)
		event_del(&s->ev_write);
	s->connecting = false;
	rx_stop(s);
	tx_stop(s);
	if (s->fd != -1)
		close(s->fd);
	s->fd = -1;
	event_del(&s->t_hold);
	event_del(&s->t_keepalive);
	event_del(&s->t_delay);
	event_del(&s->t_send_hold);
	s->hold_ms = 0;
	s->keepalive_ms = 0;
	s->sock_req = 0;
	s->incoming = false;
	free(s->open_sent);
	free(s->open_received);
	s->open_sent = NULL;
	s->open_received = NULL;
	s->epoch = 0;
	s->ready = false;
	memset(&s->theirs, 0, sizeof(s->theirs));
	memset(&s->neg, 0, sizeof(s->neg));
	free(s->end.pdu);
	memset(&s->end, 0, sizeof(s->end));
	s->conn = ++s->sd->last_conn;
}

void
session_free(struct session *s)
{
	if (s->dead)
		return;
	connection_release(s);
	s->dead = true;
	TAILQ_INSERT_TAIL(&s->sd->dead_sessions, s, dead_entry);
	sessiond_round(s->sd);
}

void
sessions_free_dead(struct sessiond *sd)
{
	struct session *s;

	while ((s = TAILQ_FIRST(&sd->dead_sessions)) != NULL) {
		TAILQ_REMOVE(&sd->dead_sessions, s, dead_entry);
		free(s);
	}
}

/* --- connecting */

/* Source address of our connections: configured, else the listener's. */
static struct addr
source_addr(const struct session *s)
{
	const struct conf *c;
	const struct conf_peer *pc;
	struct addr none = { .family = ADDR_NONE };
	uint16_t i;

	c = s->sd->conf;
	pc = &s->peer->conf;
	if (pc->local_addr.family != ADDR_NONE)
		return pc->local_addr;
	for (i = 0; i < c->n_listen; i++) {
		if (c->listen[i].addr.family == pc->addr.family &&
		    !addr_is_unspecified(&c->listen[i].addr))
			return c->listen[i].addr;
	}
	return none;
}

static void
connect_start(struct session *s)
{
	struct sessiond *sd;
	struct sock_req req;
	struct wr w;
	uint8_t buf[64];

	sd = s->sd;
	if (sd->bgpd == NULL)
		return;
	if (++sd->last_sock_req == 0)
		sd->last_sock_req = 1;
	s->sock_req = sd->last_sock_req;
	memset(&req, 0, sizeof(req));
	req.local = source_addr(s);
	req.remote = s->peer->conf.addr;
	req.port = s->peer->conf.port;
	wr_init(&w, buf, sizeof(buf));
	msg_sock_req_put(&w, &req);
	chan_send_wr(sd->bgpd, MSG_SOCK_REQ, s->peer->id, s->sock_req, &w);
}

static void
connect_failed(struct session *s, int error)
{
	struct peer *p;

	p = s->peer;
	/* The same reason again and again is no news. */
	log_peer(error == p->last_errno ? LOG_LEVEL_DEBUG : LOG_LEVEL_INFO,
	    p->name, "cannot connect: %s", strerror(error));
	p->last_errno = error;
	session_event(s, FSM_EV_TCP_FAILS, NULL);
}

void
session_socket(struct session *s, int fd, int error)
{
	struct sockaddr_storage ss;
	socklen_t len;

	s->sock_req = 0;
	if (fd == -1) {
		/* Without a descriptor and without a reason it was lost on
		 * the way: our table is full. */
		connect_failed(s, error != 0 ? error : EMFILE);
		return;
	}
	len = addr_to_sockaddr(&s->peer->conf.addr, s->peer->conf.port, &ss);
	s->fd = fd;
	s->incoming = false;
	if (connect(fd, (struct sockaddr *)&ss, len) == -1 &&
	    errno != EINPROGRESS) {
		connect_failed(s, errno);
		return;
	}
	s->connecting = true;
	event_assign(&s->ev_write, s->sd->base, fd, EV_WRITE,
	    on_writable_connect, s);
	event_priority_set(&s->ev_write, PRIO_DATA);
	event_add(&s->ev_write, NULL);
}

static void
on_writable_connect(evutil_socket_t fd, short what, void *arg)
{
	struct session *s = arg;
	socklen_t len;
	int error;

	(void)what;
	len = sizeof(error);
	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) == -1)
		error = errno;
	if (error != 0) {
		connect_failed(s, error);
		return;
	}
	s->connecting = false;
	s->fd = -1;
	session_adopt(s, fd, false);
	session_event(s, FSM_EV_TCP_ACKED, NULL);
}

void
session_adopt(struct session *s, int fd, bool incoming)
{
	struct sockaddr_storage ss;
	socklen_t len;
	int on = 1;
	struct addr remote;

	s->fd = fd;
	s->incoming = incoming;
	s->conn = ++s->sd->last_conn;
	free(s->end.pdu);
	memset(&s->end, 0, sizeof(s->end));
	/* Messages are corked by tx.c, not by the kernel. */
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	memset(&s->local, 0, sizeof(s->local));
	s->local_port = 0;
	s->remote_port = 0;
	len = sizeof(ss);
	if (getsockname(fd, (struct sockaddr *)&ss, &len) == 0 &&
	    addr_from_sockaddr((struct sockaddr *)&ss, &s->local,
		&s->local_port) != 0)
		s->local.family = ADDR_NONE;
	len = sizeof(ss);
	if (getpeername(fd, (struct sockaddr *)&ss, &len) == 0 &&
	    addr_from_sockaddr((struct sockaddr *)&ss, &remote,
		&s->remote_port) != 0)
		s->remote_port = 0;
	s->last_rx = mono_now();
	s->last_tx = s->last_rx;
	s->last_progress = s->last_rx;
	tx_start(s);
	rx_start(s);
}

/* --- the end of a connection */

void
session_end_set(struct session *s, uint8_t reason, uint8_t code,
    uint8_t subcode, const char *fmt, ...)
{
	va_list ap;

	s->end.reason = reason;
	s->end.code = code;
	s->end.subcode = subcode;
	va_start(ap, fmt);
	vsnprintf(s->end.text, sizeof(s->end.text), fmt, ap);
	va_end(ap);
}

void
session_end_pdu(struct session *s, const uint8_t *pdu, size_t len)
{
	free(s->end.pdu);
	s->end.pdu = xmemdup(pdu, len);
	s->end.pdu_len = (uint16_t)len;
}

static void
say_notification(struct session *s, const struct bgp_error *e)
{
	char what[BGP_NOTIFICATION_STRLEN];
	uint8_t pdu[BGP_MSG_MAX];
	struct peer *p;

	if (s->fd == -1 || s->connecting)
		return;
	p = s->peer;
	p->last_sent_code = e->code;
	p->last_sent_subcode = e->subcode;
	session_end_set(s,
	    e->code == BGP_ERR_CEASE && e->subcode == BGP_CEASE_DECONFIGURED ?
		PEER_DOWN_DECONFIGURED :
		PEER_DOWN_LOCAL_NOTIFICATION,
	    e->code, e->subcode, "sent %s",
	    bgp_notification_str(e->code, e->subcode, what));
	session_end_pdu(s, pdu, bgp_msg_notification(pdu, e));
	tx_notification(s, e);
}

/* Tell the rde and set the peer's clock. */
static void
session_down(struct session *s)
{
	struct peer_down down;
	struct peer *p;
	struct mono now;
	uint32_t stable_ms;
	struct wr w;

	p = s->peer;
	now = mono_now();
	memset(&down, 0, sizeof(down));
	down.reason = s->end.reason;
	down.code = s->end.code;
	down.subcode = s->end.subcode;
	down.event = s->end.event;
	down.pdu = s->end.pdu;
	down.pdu_len = s->end.pdu_len;
	/* RFC 4724 4.2: only a connection lost without a word keeps routes. */
	if (down.reason == PEER_DOWN_REMOTE) {
		down.stale_families = open_stale_families(s);
		if (down.stale_families != 0)
			down.gr_time = s->theirs.gr_time;
	}
	if (s->sd->rde != NULL) {
		wr_init_grow(&w, 4400);
		msg_peer_down_put(&w, &down);
		chan_send_wr(s->sd->rde, MSG_PEER_DOWN, p->id, s->epoch, &w);
		wr_free(&w);
	}
	stable_ms = s->hold_ms != 0 ? s->hold_ms : 180 * 1000;
	if (mono_diff_ms(now, p->since) >= stable_ms)
		p->losses = 0;
	p->since = now;
	if (peer_may_log(p))
		log_peer(LOG_LEVEL_INFO, p->name, "session closed: %s%s",
		    s->end.text,
		    down.stale_families != 0 ?
			", its routes are kept for a restart" :
			"");
	if (down.stale_families != 0)
		timer_set(&p->t_stale, (uint32_t)down.gr_time * 1000);
}

static void
drop_connection(struct session *s, enum fsm_event event)
{
	if (s->end.reason == 0)
		session_end_set(s, PEER_DOWN_LOCAL, 0, 0, "%s",
		    fsm_event_name(event));
	/* RFC 7854 knows the events of RFC 4271. */
	if (event <= FSM_EV_UPDATE_ERR)
		s->end.event = (uint16_t)event;
	if (s->epoch != 0)
		session_down(s);
	else if (s->state >= PEER_OPEN_SENT && peer_may_log(s->peer))
		log_peer(LOG_LEVEL_INFO, s->peer->name,
		    "connection closed in %s: %s", fsm_state_name(s->state),
		    s->end.text);
	connection_release(s);
}

/* --- coming up */

static void
session_up(struct session *s)
{
	struct sessiond *sd;
	struct peer *p;
	struct peer_up up;
	struct wr w;
	char families[64];
	size_t n;
	int f;

	sd = s->sd;
	p = s->peer;
	if (s == p->candidate) {
		/* It was faster than the other one, which still waits for an
		 * OPEN. */
		p->candidate = p->current;
		p->current = s;
		event_del(&p->t_retry);
		event_del(&p->t_idle);
	}
	if (++sd->last_epoch == 0)
		sd->last_epoch = 1;
	s->epoch = sd->last_epoch;
	s->ready = false;
	memset(s->counts, 0, sizeof(s->counts));
	p->since = mono_now();
	p->last_errno = 0;
	p->known = true;
	event_del(&p->t_stale);
	open_peer_up(s, &up);
	wr_init_grow(&w, 16384);
	msg_peer_up_put(&w, &up);
	if (sd->rde != NULL)
		chan_send_wr(sd->rde, MSG_PEER_UP, p->id, s->epoch, &w);
	wr_free(&w);
	peer_up_fini(&up);
	n = 0;
	families[0] = '\0';
	for (f = 0; f < FAMILY__MAX; f++) {
		if ((s->neg.families & FAMILY_BIT(f)) != 0 &&
		    n < sizeof(families))
			n += (size_t)snprintf(families + n,
			    sizeof(families) - n, "%s%s", n > 0 ? ", " : "",
			    family_name((enum family)f));
	}
	if (peer_may_log(p))
		log_peer(LOG_LEVEL_INFO, p->name,
		    "session established: AS %u, hold time %u s, %s",
		    s->theirs.asn, s->neg.hold_time, families);
	/* RFC 4271 6.8: against one that is established the other one goes. */
	if (p->candidate != NULL && !p->conf.collision_established)
		session_event(p->candidate, FSM_EV_COLLISION_DUMP, NULL);
}

/*
 * Without a hold time TCP is asked whether the peer is still there, or one
 * that vanished would be taken for established, and refused when it comes
 * again, for ever.  Given up after the 180 s of the default hold time.
 */
static void
tcp_probe(int fd)
{
	static const struct {
		int level, name, value;
	} options[] = {
		{ IPPROTO_TCP, TCP_KEEPIDLE, 60 },
		{ IPPROTO_TCP, TCP_KEEPINTVL, 15 },
		{ IPPROTO_TCP, TCP_KEEPCNT, 8 },
		{ SOL_SOCKET, SO_KEEPALIVE, 1 },
	};
	size_t i;

	for (i = 0; i < nitems(options); i++)
		if (setsockopt(fd, options[i].level, options[i].name,
			&options[i].value, sizeof(options[i].value)) == -1)
			log_warn("setsockopt for keepalives of TCP");
}

static void
hold_start(struct session *s)
{
	s->hold_ms = (uint32_t)s->neg.hold_time * 1000;
	s->keepalive_ms = (uint32_t)(s->neg.hold_time / 3) * 1000;
	s->last_rx = mono_now();
	if (s->hold_ms == 0) {
		event_del(&s->t_hold);
		event_del(&s->t_keepalive);
		tcp_probe(s->fd);
		return;
	}
	timer_set(&s->t_hold, s->hold_ms);
	timer_set(&s->t_keepalive, timer_jitter(s->keepalive_ms));
}

/* --- the machine */

static void
retry_start(struct peer *p)
{
	uint32_t secs;

	secs = p->sd->conf->connect_retry_secs;
	if (secs == 0)
		secs = 1;
	if (secs > 86400)
		secs = 86400;
	timer_set(&p->t_retry, timer_jitter(secs * 1000));
}

/* Actions on the connection. */
static void
act_on_session(struct session *s, uint32_t a)
{
	uint32_t secs;

	if (a & FSM_DELAY_STOP)
		event_del(&s->t_delay);
	if (a & FSM_DELAY_START) {
		secs = s->peer->conf.delay_open_secs;
		timer_set(&s->t_delay, secs > 86400 ? 86400000 : secs * 1000);
	}
	if (a & FSM_SEND_OPEN) {
		open_build(s);
		tx_message(s, s->open_sent, s->open_sent_len);
	}
	if (a & FSM_SEND_KEEPALIVE)
		tx_keepalive(s);
	if (a & FSM_HOLD_LARGE)
		timer_set(&s->t_hold, HOLD_LARGE_MS);
	if (a & FSM_HOLD_START)
		hold_start(s);
	if (a & FSM_HOLD_RESTART)
		s->last_rx = mono_now();
	if (a & FSM_KEEPALIVE_RESTART)
		timer_set(&s->t_keepalive, timer_jitter(s->keepalive_ms));
	if (a & FSM_UP)
		session_up(s);
}

/* Actions on what belongs to the peer; not for a candidate. */
static void
act_on_peer(struct session *s, uint32_t a)
{
	struct peer *p;

	p = s->peer;
	if (a & FSM_LOSS_ZERO)
		p->losses = 0;
	if ((a & FSM_LOSS) && p->losses < UINT32_MAX)
		p->losses++;
	if (a & FSM_RETRY_STOP)
		event_del(&p->t_retry);
	if (a & FSM_RETRY_START)
		retry_start(p);
	if (a & FSM_IDLE_STOP)
		event_del(&p->t_idle);
	if (a & FSM_IDLE_HOLD)
		peer_idle_hold(p);
	if (a & FSM_CONNECT)
		connect_start(s);
}

/* What a NOTIFICATION says when the caller did not. */
static void
default_error(enum fsm_event event, struct bgp_error *e)
{
	switch (event) {
	case FSM_EV_HOLD_EXPIRES:
		(void)bgp_error_set(e, BGP_ERR_HOLD_TIMER, 0, NULL, 0);
		break;
	case FSM_EV_SEND_HOLD_EXPIRES:
		(void)bgp_error_set(e, BGP_ERR_SEND_HOLD, 0, NULL, 0);
		break;
	case FSM_EV_COLLISION_DUMP:
		(void)bgp_error_set(e, BGP_ERR_CEASE, BGP_CEASE_COLLISION, NULL,
		    0);
		break;
	default:
		(void)bgp_error_set(e, BGP_ERR_CEASE, 0, NULL, 0);
		break;
	}
}

/* Does the peer's other connection go on in the place of s? */
static bool
is_succeeded(const struct session *s, enum fsm_event event,
    const struct fsm_step *step)
{
	if (s != s->peer->current || s->peer->candidate == NULL)
		return false;
	if (event == FSM_EV_AUTOMATIC_STOP || event == FSM_EV_MANUAL_STOP)
		return false;
	return (step->actions & FSM_DROP) != 0 &&
	    (step->next == PEER_IDLE || step->next == PEER_ACTIVE);
}

static void
succeed(struct peer *p)
{
	session_free(p->current);
	p->current = p->candidate;
	p->candidate = NULL;
	event_del(&p->t_retry);
	event_del(&p->t_idle);
}

void
session_event(struct session *s, enum fsm_event event,
    const struct bgp_error *e)
{
	struct fsm_options o;
	struct fsm_step step;
	struct bgp_error error;
	struct peer *p;

	if (s->dead)
		return;
	p = s->peer;
	o.passive = p->conf.passive;
	o.delay_open = p->conf.delay_open_secs != CONF_NEVER;
	o.delay_running = event_pending(&s->t_delay, EV_TIMEOUT, NULL) != 0;
	o.notify_without_open = p->conf.notification_without_open;
	step = fsm_step(s->state, event, &o);
	if (step.next != s->state)
		log_peer(LOG_LEVEL_DEBUG, p->name, "%s: %s -> %s",
		    fsm_event_name(event), fsm_state_name(s->state),
		    fsm_state_name(step.next));
	if (step.actions & FSM_NOTIFY_FSM) {
		/* RFC 6608 4: the data is the type of the message */
		(void)bgp_error_set(&error, BGP_ERR_FSM,
		    fsm_error_subcode(s->state), e != NULL ? e->data : NULL,
		    e != NULL ? e->data_len : 0);
		say_notification(s, &error);
	} else if (step.actions & FSM_NOTIFY) {
		if (e == NULL) {
			default_error(event, &error);
			e = &error;
		}
		say_notification(s, e);
	}
	if (step.actions & FSM_DROP)
		drop_connection(s, event);
	s->state = step.next;
	if (is_succeeded(s, event, &step)) {
		succeed(p);
		return;
	}
	act_on_session(s, step.actions);
	if (s == p->candidate) {
		if (s->fd == -1) {
			p->candidate = NULL;
			session_free(s);
		}
		return;
	}
	act_on_peer(s, step.actions);
	/* Nobody asked for this peer but its own connection. */
	if (!p->configured && !p->dead && s->fd == -1 &&
	    (step.actions & FSM_DROP) != 0 &&
	    event_pending(&p->t_stale, EV_TIMEOUT, NULL) == 0)
		peer_remove(p, 0);
}

/* RFC 4271 6.8, RFC 6286 2.3: does the connection that we began stay? */
static bool
ours_stays(const struct session *s)
{
	const struct conf *c;

	c = s->sd->conf;
	if (c->router_id != s->theirs.id)
		return c->router_id > s->theirs.id;
	return c->asn > s->theirs.asn;
}

bool
session_collide(struct session *s)
{
	struct peer *p;
	struct session *other;
	bool stays;

	p = s->peer;
	other = s == p->current ? p->candidate : p->current;
	/* One in OpenSent is decided on when its OPEN comes. */
	if (other == NULL || other->state == PEER_IDLE ||
	    other->state == PEER_OPEN_SENT)
		return true;
	if (other->state <= PEER_ACTIVE)
		stays = true; /* nothing was said on the other one yet */
	else if (other->state == PEER_ESTABLISHED &&
	    !p->conf.collision_established)
		stays = false;
	else if (s->incoming == other->incoming)
		/* The peer came twice: it knows why, the later one counts. */
		stays = s == p->candidate;
	else
		stays = ours_stays(s) == !s->incoming;
	if (!stays) {
		session_event(s, FSM_EV_COLLISION_DUMP, NULL);
		return false;
	}
	session_event(other, FSM_EV_COLLISION_DUMP, NULL);
	return true;
}
