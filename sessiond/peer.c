/* SPDX-License-Identifier: ISC */
/*
 * Peers: who they are, what is wanted of them, when they start again.
 *
 * Peers stand in an array sorted by address (found by bisection, listed in
 * order) and in one indexed by id.  Admin state lives here and nowhere else:
 * it outlasts reloads.
 */
#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "common/xmalloc.h"

#include "sessiond/sessiond.h"

#define RESTART_MS 1000

/* --- the tables */

/* Index of the first peer whose address is not below addr. */
static uint32_t
lower_bound(const struct sessiond *sd, const struct addr *addr)
{
	uint32_t lo;
	uint32_t hi;
	uint32_t mid;

	lo = 0;
	hi = sd->n_peers;
	while (lo < hi) {
		mid = lo + (hi - lo) / 2;
		if (addr_cmp(&sd->peers[mid]->conf.addr, addr) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

struct peer *
peer_find(struct sessiond *sd, const struct addr *addr)
{
	uint32_t i;

	i = lower_bound(sd, addr);
	if (i == sd->n_peers || !addr_equal(&sd->peers[i]->conf.addr, addr))
		return NULL;
	return sd->peers[i];
}

struct peer *
peer_next(struct sessiond *sd, const struct addr *after)
{
	uint32_t i;

	i = 0;
	if (after != NULL) {
		i = lower_bound(sd, after);
		if (i < sd->n_peers &&
		    addr_equal(&sd->peers[i]->conf.addr, after))
			i++;
	}
	return i < sd->n_peers ? sd->peers[i] : NULL;
}

struct peer *
peer_by_id(struct sessiond *sd, uint32_t id)
{
	return id < sd->cap_ids ? sd->by_id[id] : NULL;
}

static void
tables_insert(struct sessiond *sd, struct peer *p)
{
	uint32_t i;
	uint32_t cap;

	if (sd->n_peers == sd->cap_peers) {
		sd->cap_peers = sd->cap_peers == 0 ? 16 : sd->cap_peers * 2;
		sd->peers = xreallocarray(sd->peers, sd->cap_peers,
		    sizeof(struct peer *));
	}
	i = lower_bound(sd, &p->conf.addr);
	memmove(sd->peers + i + 1, sd->peers + i,
	    (sd->n_peers - i) * sizeof(struct peer *));
	sd->peers[i] = p;
	sd->n_peers++;
	if (p->id >= sd->cap_ids) {
		cap = sd->cap_ids == 0 ? 16 : sd->cap_ids * 2;
		sd->by_id =
		    xreallocarray(sd->by_id, cap, sizeof(struct peer *));
		memset(sd->by_id + sd->cap_ids, 0,
		    (cap - sd->cap_ids) * sizeof(struct peer *));
		sd->cap_ids = cap;
	}
	sd->by_id[p->id] = p;
}

static void
tables_remove(struct sessiond *sd, struct peer *p)
{
	uint32_t i;

	i = lower_bound(sd, &p->conf.addr);
	memmove(sd->peers + i, sd->peers + i + 1,
	    (sd->n_peers - i - 1) * sizeof(struct peer *));
	sd->n_peers--;
	sd->by_id[p->id] = NULL;
	idmap_give(sd->ids, p->id);
}

/* --- timers */

static void
on_idle_hold(evutil_socket_t fd, short what, void *arg)
{
	struct peer *p = arg;

	(void)fd;
	(void)what;
	if (p->admin == PEER_ADMIN_UP)
		session_event(p->current, FSM_EV_IDLE_HOLD_EXPIRES, NULL);
}

static void
on_connect_retry(evutil_socket_t fd, short what, void *arg)
{
	struct peer *p = arg;

	(void)fd;
	(void)what;
	session_event(p->current, FSM_EV_CONNECT_RETRY_EXPIRES, NULL);
}

/* The restart time is over; a peer that nobody configured goes with it. */
static void
on_stale_over(evutil_socket_t fd, short what, void *arg)
{
	struct peer *p = arg;

	(void)fd;
	(void)what;
	if (!p->configured && p->current->fd == -1)
		peer_remove(p, 0);
}

void
peer_idle_hold(struct peer *p)
{
	uint64_t secs;
	uint64_t max;
	uint32_t shift;

	if (p->admin != PEER_ADMIN_UP || !p->configured || p->dead ||
	    p->sd->stopping || p->conf.idle_hold_secs == CONF_NEVER)
		return;
	secs = p->conf.idle_hold_secs;
	if (p->conf.damp_oscillations) {
		max = secs > DAMP_MAX_SECS ? secs : DAMP_MAX_SECS;
		shift = p->losses < DAMP_SHIFT_MAX ? p->losses : DAMP_SHIFT_MAX;
		secs <<= shift;
		if (secs > max)
			secs = max;
	}
	if (secs > 86400)
		secs = 86400;
	/* At once, but not so often that refused connections burn the
	 * processor. */
	timer_set(&p->t_idle, secs == 0 ? 50 : (uint32_t)secs * 1000);
}

/* --- life */

bool
peer_may_log(const struct peer *p)
{
	return p->configured || log_stranger_may();
}

struct peer *
peer_add(struct sessiond *sd, const struct conf_peer *conf, bool configured)
{
	struct peer *p;

	p = xcalloc(1, sizeof(*p));
	if (idmap_take(sd->ids, &p->id) != 0) {
		free(p);
		return NULL;
	}
	p->sd = sd;
	conf_peer_copy(&p->conf, conf);
	p->configured = configured;
	p->admin = PEER_ADMIN_UP;
	addr_str(&conf->addr, p->name);
	p->since = mono_now();
	evtimer_assign(&p->t_idle, sd->base, on_idle_hold, p);
	evtimer_assign(&p->t_retry, sd->base, on_connect_retry, p);
	evtimer_assign(&p->t_stale, sd->base, on_stale_over, p);
	event_priority_set(&p->t_idle, PRIO_CONTROL);
	event_priority_set(&p->t_retry, PRIO_CONTROL);
	event_priority_set(&p->t_stale, PRIO_CONTROL);
	p->current = session_new(p, PEER_IDLE);
	tables_insert(sd, p);
	return p;
}

/* Both connections down by order, with this NOTIFICATION. */
static void
stop_with(struct peer *p, const struct bgp_error *e)
{
	if (p->candidate != NULL)
		session_event(p->candidate, FSM_EV_MANUAL_STOP, e);
	session_event(p->current, FSM_EV_MANUAL_STOP, e);
	event_del(&p->t_idle);
}

static void
cease(struct bgp_error *e, uint8_t subcode)
{
	(void)bgp_error_set(e, BGP_ERR_CEASE, subcode, NULL, 0);
}

void
peer_remove(struct peer *p, uint8_t subcode)
{
	struct sessiond *sd;
	struct bgp_error e;

	if (p->dead)
		return;
	p->dead = true;
	sd = p->sd;
	cease(&e, subcode);
	stop_with(p, &e);
	if (p->known && sd->rde != NULL)
		chan_send_buf(sd->rde, MSG_PEER_GONE, p->id, 0, NULL, 0);
	event_del(&p->t_idle);
	event_del(&p->t_retry);
	event_del(&p->t_stale);
	session_free(p->current);
	tables_remove(sd, p);
	TAILQ_INSERT_TAIL(&sd->dead_peers, p, dead_entry);
	sessiond_round(sd);
}

void
peers_free_dead(struct sessiond *sd)
{
	struct peer *p;

	while ((p = TAILQ_FIRST(&sd->dead_peers)) != NULL) {
		TAILQ_REMOVE(&sd->dead_peers, p, dead_entry);
		conf_peer_fini(&p->conf);
		free(p);
	}
}

void
peer_start(struct peer *p, bool manual)
{
	if (p->dead || p->admin != PEER_ADMIN_UP || p->sd->stopping)
		return;
	session_event(p->current,
	    fsm_start_event(manual, p->conf.passive, p->conf.damp_oscillations),
	    NULL);
}

void
peer_welcome(struct peer *p)
{
	if (p->admin != PEER_ADMIN_UP || p->sd->stopping ||
	    p->current->state != PEER_IDLE)
		return;
	if (p->configured && event_pending(&p->t_stale, EV_TIMEOUT, NULL) == 0)
		return;
	session_event(p->current, FSM_EV_AUTOMATIC_START_PASSIVE, NULL);
}

void
peer_stop(struct peer *p, uint8_t subcode, const char *text)
{
	struct bgp_error e;
	uint8_t data[BGP_TEXT_LEN];
	size_t len;

	len = 0;
	if (text != NULL)
		len = bgp_msg_shutdown_data(data, text);
	(void)bgp_error_set(&e, BGP_ERR_CEASE, subcode, data, len);
	stop_with(p, &e);
}

void
peer_reset(struct peer *p, const struct bgp_error *e)
{
	if (p->candidate != NULL)
		session_event(p->candidate, FSM_EV_MANUAL_STOP, e);
	session_event(p->current, FSM_EV_AUTOMATIC_STOP, e);
}

void
peer_restart(struct peer *p, uint8_t subcode)
{
	struct bgp_error e;
	bool running;

	running = p->current->state != PEER_IDLE ||
	    event_pending(&p->t_idle, EV_TIMEOUT, NULL) != 0;
	cease(&e, subcode);
	stop_with(p, &e);
	if (running && p->admin == PEER_ADMIN_UP && !p->sd->stopping)
		timer_set(&p->t_idle, RESTART_MS);
}

void
peer_update(struct peer *p, const struct conf_peer *conf)
{
	struct conf_peer old;

	old = p->conf;
	conf_peer_copy(&p->conf, conf);
	conf_peer_fini(&old);
}

/* --- views */

enum peer_state
peer_state(const struct peer *p)
{
	if (p->candidate != NULL && p->candidate->state > p->current->state)
		return p->candidate->state;
	return p->current->state;
}

void
peer_row(const struct peer *p, struct peer_row *row)
{
	const struct session *s;

	s = p->current;
	memset(row, 0, sizeof(*row));
	row->addr = p->conf.addr;
	row->port = p->conf.port;
	row->asn = p->asn;
	row->state = (uint8_t)peer_state(p);
	row->admin = p->admin;
	row->configured = p->configured;
	row->remote_id = p->remote_id;
	row->families = s->neg.families;
	row->hold_time = s->neg.hold_time;
	row->uptime_ms = (uint64_t)mono_diff_ms(mono_now(), p->since);
	row->stats = p->stats;
	row->last_sent_code = p->last_sent_code;
	row->last_sent_subcode = p->last_sent_subcode;
	row->last_received_code = p->last_received_code;
	row->last_received_subcode = p->last_received_subcode;
	if (s->state == PEER_ESTABLISHED)
		memcpy(row->counts, s->counts, sizeof(row->counts));
	row->rx_queued = s->rx_unacked;
	row->tx_queued = (uint32_t)s->txq.bytes;
}

/* --- orders */

void
peer_shut(struct peer *p, const struct peer_shut *shut)
{
	struct bgp_error e;

	(void)bgp_error_set(&e, shut->code, shut->subcode, shut->data,
	    shut->data_len);
	if (shut->prefix_limit) {
		p->admin = PEER_ADMIN_PREFIX_LIMIT;
		if (peer_may_log(p))
			log_peer(LOG_LEVEL_WARN, p->name,
			    "prefix limit exceeded, held down until enabled");
	}
	if (shut->code == BGP_ERR_CEASE)
		peer_reset(p, &e);
	else
		session_event(p->current, FSM_EV_UPDATE_ERR, &e);
}

static void
enable(struct peer *p)
{
	if (p->admin != PEER_ADMIN_UP)
		log_peer(LOG_LEVEL_INFO, p->name, "enabled");
	p->admin = PEER_ADMIN_UP;
	peer_start(p, true);
}

/* Routes that the rde keeps for a restart are not waited for any more. */
static void
forget_stale(struct peer *p)
{
	if (event_pending(&p->t_stale, EV_TIMEOUT, NULL) == 0)
		return;
	event_del(&p->t_stale);
	p->known = false;
	if (p->sd->rde != NULL)
		chan_send_buf(p->sd->rde, MSG_PEER_GONE, p->id, 0, NULL, 0);
}

static void
disable(struct peer *p, const char *reason)
{
	if (p->admin != PEER_ADMIN_DOWN)
		log_peer(LOG_LEVEL_INFO, p->name, "disabled");
	p->admin = PEER_ADMIN_DOWN;
	peer_stop(p, BGP_CEASE_ADMIN_SHUTDOWN, reason);
	forget_stale(p);
	/* One that nobody configured cannot be held: it is gone. */
	if (!p->configured)
		peer_remove(p, BGP_CEASE_ADMIN_SHUTDOWN);
}

static void
refresh_out(struct peer *p, enum family f)
{
	struct wr w;
	uint8_t buf[4];

	if (p->sd->rde == NULL)
		return;
	wr_init(&w, buf, sizeof(buf));
	wr_n16(&w, family_afi(f));
	wr_n8(&w, BGP_REFRESH_REQUEST);
	wr_n8(&w, family_safi(f));
	chan_send_wr(p->sd->rde, MSG_REFRESH, p->id, p->current->epoch, &w);
}

static void
refresh(struct peer *p, const struct peer_ctl *ctl, struct err *e)
{
	struct session *s;
	uint32_t families;
	int f;

	s = p->current;
	families = s->neg.families & ctl->families;
	if (families == 0) {
		(void)err_set(e, ERR_PRECONDITION,
		    "peer %s has not negotiated this address family", p->name);
		return;
	}
	if (ctl->op != PEER_CTL_REFRESH_OUT && !s->neg.route_refresh)
		log_peer(LOG_LEVEL_WARN, p->name,
		    "cannot be asked for its routes: it announced no "
		    "route refresh");
	for (f = 0; f < FAMILY__MAX; f++) {
		if ((families & FAMILY_BIT(f)) == 0)
			continue;
		if (ctl->op != PEER_CTL_REFRESH_OUT && s->neg.route_refresh)
			tx_refresh(s, (enum family)f);
		if (ctl->op != PEER_CTL_REFRESH_IN)
			refresh_out(p, (enum family)f);
	}
}

void
peer_control(struct sessiond *sd, const struct peer_ctl *ctl, struct err *e)
{
	char name[ADDR_STRLEN];
	struct bgp_error reset;
	struct peer *p;

	err_clear(e);
	p = peer_find(sd, &ctl->addr);
	/* Configured ones are removed from the configuration. */
	if (p == NULL || (ctl->op == PEER_CTL_REMOVE && p->configured)) {
		(void)err_set(e, ERR_NOT_FOUND, "peer %s not found",
		    addr_str(&ctl->addr, name));
		return;
	}
	if (ctl->op == PEER_CTL_ENABLE) {
		enable(p);
		return;
	}
	if (ctl->op == PEER_CTL_DISABLE) {
		disable(p, ctl->reason);
		return;
	}
	if (ctl->op == PEER_CTL_REMOVE) {
		peer_remove(p, BGP_CEASE_DECONFIGURED);
		return;
	}
	if (p->current->state != PEER_ESTABLISHED) {
		(void)err_set(e, ERR_PRECONDITION,
		    "peer %s is not in Established state", p->name);
		return;
	}
	if (ctl->op == PEER_CTL_RESET_HARD) {
		cease(&reset, BGP_CEASE_ADMIN_RESET);
		peer_reset(p, &reset);
		return;
	}
	refresh(p, ctl, e);
}
