/* SPDX-License-Identifier: ISC */
/*
 * BMP servers: their connections, and what they are told of sessions; see
 * bmp.h.
 */
#include "rde/bmp.h"

#include <event2/event.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/bgp_open.h"
#include "common/chan.h"
#include "common/log.h"
#include "common/msg_conduit.h"
#include "common/xmalloc.h"
#include "rde/bmp_server.h"
#include "rde/shell.h"

enum {
	CLOSE_MS = 3000, /* for last words to a server that is slow */
	OUT_MAX = 256 * 1024 * 1024, /* never reached: see out_limit() */
};

/* RFC 9069 5.3 */
static const char table_name[] = "global";

/* A quarter of the buffer is for messages, half is for keys, the rest is
 * what sessiond holds and what a step writes. */
static size_t
out_limit(const struct bmp_server *s)
{
	return s->conf.buffer_bytes / 4;
}

void
bmp_init(struct bmp *bmp)
{
	memset(bmp, 0, sizeof(*bmp));
	TAILQ_INIT(&bmp->servers);
}

static void
real_time(uint32_t *secs, uint32_t *usecs)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_REALTIME, &now);
	*secs = (uint32_t)now.tv_sec;
	*usecs = (uint32_t)(now.tv_nsec / 1000);
}

/* What the engine has to tell for the servers that listen. */
static void
monitor_set(struct shell *sh)
{
	const struct bmp_server *s;
	unsigned int monitor = 0;
	bool best;

	TAILQ_FOREACH(s, &sh->bmp.servers, entry) {
		if (s->epoch == 0 || s->closing)
			continue;
		best = s->n_feeds > 0 && s->feeds[0] != NULL &&
		    s->feeds[0]->counted;
		if (best)
			monitor |= RDE_MONITOR_BEST;
		if (s->n_told == 0)
			continue;
		if (s->want & (CONF_BMP_IN_PRE | CONF_BMP_IN_POST))
			monitor |= RDE_MONITOR_IN;
		if (s->want & CONF_BMP_IN_POST)
			monitor |= RDE_MONITOR_POLICY;
		if (s->want & CONF_BMP_OUT_PRE)
			monitor |= RDE_MONITOR_BEST;
		if (s->want & CONF_BMP_OUT)
			monitor |= RDE_MONITOR_OUT;
	}
	sh->rde->monitor = (uint8_t)monitor;
}

void
bmp_feed_changed(struct bmp_server *s, struct bmp_feed *f)
{
	bool told = f->state == BMP_FEED_LIVE || f->state == BMP_FEED_PASS ||
	    (f->state == BMP_FEED_WAITING && f->dirty && !f->lost);

	if (told == f->counted)
		return;
	f->counted = told;
	if (f->id != 0 && told)
		s->n_told++;
	else if (f->id != 0)
		s->n_told--;
	if (f->id == 0 || s->n_told == told)
		monitor_set(s->shell);
}

/* --- a server's connection */

static struct bmp_feed *
feed_of(struct bmp_server *s, uint32_t id)
{
	uint32_t n = s->n_feeds;

	if (id >= n) {
		n = n == 0 ? 16 : n;
		while (n <= id)
			n *= 2;
		s->feeds =
		    xreallocarray(s->feeds, n, sizeof(struct bmp_feed *));
		memset(s->feeds + s->n_feeds, 0,
		    (n - s->n_feeds) * sizeof(struct bmp_feed *));
		s->n_feeds = n;
	}
	if (s->feeds[id] == NULL) {
		s->feeds[id] = xcalloc(1, sizeof(struct bmp_feed));
		s->feeds[id]->id = id;
	}
	return s->feeds[id];
}

static void
feed_off(struct bmp_server *s, struct bmp_feed *f)
{
	bmp_stats_stop(s, f);
	if (f->state == BMP_FEED_WAITING)
		s->n_waiting--;
	f->state = BMP_FEED_OFF;
	f->dirty = false;
	f->lost = false;
	f->resyncs = 0;
	bmp_feed_changed(s, f);
}

/* Nothing was said on the next connection. */
static void
server_reset(struct bmp_server *s)
{
	uint32_t i;

	for (i = 0; i < s->n_feeds; i++) {
		if (s->feeds[i] != NULL)
			feed_off(s, s->feeds[i]);
	}
	s->epoch = 0;
	s->since = mono_now();
	s->window_used = 0;
	s->mirror_lost = false;
	memset(&s->pass, 0, sizeof(s->pass));
	bmp_pending_clear(&s->pending);
	wr_free(&s->out);
	wr_init_grow(&s->out, OUT_MAX);
	s->out_at = 0;
	s->burst = 0;
}

static void
tell_conduit(struct bmp_server *s, enum msg_type type)
{
	struct conduit_open o = { s->conf.addr, s->conf.port };
	struct chan *chan = s->shell->sessiond;
	uint8_t buf[64];
	struct wr w;

	if (chan == NULL || s->conduit == 0)
		return;
	wr_init(&w, buf, sizeof(buf));
	if (type == MSG_CONDUIT_OPEN)
		msg_conduit_open_put(&w, &o);
	chan_send_wr(chan, type, s->conduit, 0, &w);
}

static void
server_open(struct bmp_server *s)
{
	struct bmp *bmp = &s->shell->bmp;

	if (s->shell->sessiond == NULL)
		return; /* bmp_link() */
	if (++bmp->last_conduit == 0)
		bmp->last_conduit = 1;
	s->conduit = bmp->last_conduit;
	tell_conduit(s, MSG_CONDUIT_OPEN);
}

static void
server_free(struct bmp_server *s)
{
	uint32_t i;

	TAILQ_REMOVE(&s->shell->bmp.servers, s, entry);
	server_reset(s);
	walk_stop(&s->shell->walks, &s->walk);
	event_free(s->timer);
	for (i = 0; i < s->n_feeds; i++)
		free(s->feeds[i]);
	free(s->feeds);
	bmp_pending_fini(&s->pending);
	wr_free(&s->out);
	free(s);
}

void
bmp_server_kick(struct bmp_server *s)
{
	if (s->epoch != 0)
		walk_start(&s->shell->walks, &s->walk);
}

/* More is unsaid than may be kept: begin again on another connection. */
static void
server_give_up(struct bmp_server *s)
{
	log_warnx("BMP server %s does not keep up: connecting anew", s->name);
	s->dropped++;
	tell_conduit(s, MSG_CONDUIT_CLOSE);
	server_reset(s);
	server_open(s);
	monitor_set(s->shell);
}

void
bmp_server_wrote(struct bmp_server *s, size_t messages)
{
	if (s->epoch == 0)
		return;
	s->messages += messages;
	if (wr_len(&s->out) - s->out_at > out_limit(s) + s->burst)
		server_give_up(s);
	else
		bmp_server_kick(s);
}

/* The last words are out, or there was no time for them. */
static void
server_close_now(struct bmp_server *s)
{
	tell_conduit(s, MSG_CONDUIT_CLOSE);
	server_free(s);
}

static void
on_timer(evutil_socket_t fd ATTR_UNUSED, short what ATTR_UNUSED, void *arg)
{
	struct bmp_server *s = arg;

	if (s->closing)
		server_close_now(s);
	else
		bmp_stats_tick(s);
}

/* Say Termination and go; `s` is not to be used any more. */
static void
server_close(struct bmp_server *s, enum bmp_termination_reason reason)
{
	const struct timeval wait = { CLOSE_MS / 1000, 0 };

	if (s->closing)
		return;
	if (s->epoch == 0) {
		server_close_now(s);
		return;
	}
	bmp_put_termination(&s->out, reason);
	s->messages++;
	s->closing = true;
	monitor_set(s->shell);
	if (bmp_feed_flush(s)) {
		server_close_now(s);
		return;
	}
	if (evtimer_add(s->timer, &wait) == -1)
		fatalx("evtimer_add of BMP");
}

/* --- sessions */

/* An OPEN that says what the messages of the Loc-RIB are like (RFC 9069
 * 5.2). */
static uint16_t
loc_rib_open(const struct rde *rde, uint8_t buf[BGP_OPEN_WRITE_MAX])
{
	struct bgp_open o;

	memset(&o, 0, sizeof(o));
	o.version = BGP_VERSION;
	o.asn = rde->asn;
	o.id = rde->router_id;
	o.mp = true;
	o.families = FAMILY_ALL;
	o.as4 = true;
	return (uint16_t)bgp_open_write(buf, &o);
}

static void
put_peer_up(struct bmp_server *s, uint32_t id)
{
	const struct rde *rde = s->shell->rde;
	const struct bmp_session *session;
	uint8_t open[BGP_OPEN_WRITE_MAX];
	struct bmp_peer p;
	struct bmp_up up;

	memset(&up, 0, sizeof(up));
	if (id == 0) {
		bmp_peer_of(rde, NULL, 0, 0, &p);
		real_time(&p.secs, &p.usecs);
		up.sent = up.received = open;
		up.sent_len = up.received_len = loc_rib_open(rde, open);
		up.table = table_name;
	} else {
		session = s->shell->bmp.sessions[id];
		bmp_peer_of(rde, rde->peers[id], 0, session->secs, &p);
		p.usecs = session->usecs;
		up.local = session->local;
		up.local_port = session->local_port;
		up.remote_port = session->remote_port;
		up.sent = session->open_sent;
		up.sent_len = session->open_sent_len;
		up.received = session->open_received;
		up.received_len = session->open_received_len;
	}
	bmp_put_peer_up(&s->out, &p, &up);
	s->messages++;
}

void
bmp_server_peer_up(struct bmp_server *s, struct bmp_feed *f)
{
	put_peer_up(s, f->id);
}

/* RFC 7854 4.9, reason 5: it does not say that the session went, only that
 * what was said of it does not count any more. */
void
bmp_server_peer_forget(struct bmp_server *s, const struct bmp_feed *f)
{
	const struct rde *rde = s->shell->rde;
	struct bmp_peer_down down = { .reason = BMP_DOWN_UNMONITORED };
	struct bmp_peer p;

	bmp_peer_of(rde, f->id == 0 ? NULL : rde->peers[f->id], 0, 0, &p);
	real_time(&p.secs, &p.usecs);
	if (f->id == 0) {
		down.reason = BMP_DOWN_LOC_RIB;
		down.table = table_name;
	}
	bmp_put_peer_down(&s->out, &p, &down);
	s->messages++;
}

static void
feed_start(struct bmp_server *s, uint32_t id)
{
	struct bmp_feed *f = feed_of(s, id);

	put_peer_up(s, id);
	f->state = BMP_FEED_WAITING;
	s->n_waiting++;
	bmp_feed_changed(s, f);
	bmp_stats_start(s, f);
}

void
bmp_peer_up(struct shell *sh, const struct peer *peer, const struct peer_up *up)
{
	struct bmp *bmp = &sh->bmp;
	struct bmp_session *session = xcalloc(1, sizeof(*session));
	struct bmp_server *s, *next;
	uint32_t n = bmp->n_sessions;

	if (peer->id >= n) {
		n = n == 0 ? 16 : n;
		while (n <= peer->id)
			n *= 2;
		bmp->sessions = xreallocarray(bmp->sessions, n,
		    sizeof(struct bmp_session *));
		memset(bmp->sessions + bmp->n_sessions, 0,
		    (n - bmp->n_sessions) * sizeof(struct bmp_session *));
		bmp->n_sessions = n;
	}
	bmp->sessions[peer->id] = session;
	session->local = up->local;
	session->local_port = up->local_port;
	session->remote_port = up->remote_port;
	real_time(&session->secs, &session->usecs);
	session->open_sent = xmemdup(up->open_sent, up->open_sent_len);
	session->open_sent_len = up->open_sent_len;
	session->open_received =
	    xmemdup(up->open_received, up->open_received_len);
	session->open_received_len = up->open_received_len;
	TAILQ_FOREACH_SAFE(s, &bmp->servers, entry, next) {
		if (s->epoch == 0 || s->closing)
			continue;
		feed_start(s, peer->id);
		bmp_server_wrote(s, 0);
	}
}

static void
session_drop(struct bmp *bmp, uint32_t id)
{
	struct bmp_session *session = bmp->sessions[id];

	bmp->sessions[id] = NULL;
	free(session->open_sent);
	free(session->open_received);
	free(session);
}

void
bmp_peer_down(struct shell *sh, const struct peer *peer,
    const struct peer_down *why)
{
	struct bmp *bmp = &sh->bmp;
	struct bmp_peer_down down = { .reason = BMP_DOWN_UNMONITORED };
	struct bmp_server *s, *next;
	struct bmp_feed *f;
	struct bmp_peer p;

	if (peer->id >= bmp->n_sessions || bmp->sessions[peer->id] == NULL)
		return;
	if (why != NULL) {
		down.reason = why->reason;
		down.event = why->event;
		down.pdu = why->pdu;
		down.pdu_len = why->pdu_len;
	}
	bmp_peer_of(sh->rde, peer, 0, 0, &p);
	real_time(&p.secs, &p.usecs);
	TAILQ_FOREACH_SAFE(s, &bmp->servers, entry, next) {
		f = peer->id < s->n_feeds ? s->feeds[peer->id] : NULL;
		if (s->closing || f == NULL || f->state == BMP_FEED_OFF)
			continue;
		feed_off(s, f);
		bmp_put_peer_down(&s->out, &p, &down);
		bmp_server_wrote(s, 1);
	}
	session_drop(bmp, peer->id);
}

void
bmp_fault(struct shell *sh, const struct peer *peer, const struct bgp_update *u)
{
	if (u->outcome == BGP_UPDATE_WITHDRAW || u->outcome == BGP_UPDATE_RESET)
		bmp_mirror(sh, peer, u->msg, u->msg_len);
}

void
bmp_mirror(struct shell *sh, const struct peer *peer, const uint8_t *msg,
    size_t len)
{
	struct bmp *bmp = &sh->bmp;
	struct bmp_server *s, *next;
	struct bmp_peer p;

	if (peer->id >= bmp->n_sessions || bmp->sessions[peer->id] == NULL)
		return;
	bmp_peer_of(sh->rde, peer, 0, 0, &p);
	real_time(&p.secs, &p.usecs);
	/* As received: with 2-octet numbers where the session has those. */
	if (!peer->as4)
		p.flags |= BMP_FLAG_A;
	TAILQ_FOREACH_SAFE(s, &bmp->servers, entry, next) {
		if ((s->want & CONF_BMP_MIRROR) == 0 || s->closing ||
		    peer->id >= s->n_feeds || s->feeds[peer->id] == NULL ||
		    s->feeds[peer->id]->state == BMP_FEED_OFF)
			continue;
		/* A peer must not cost a server its connection by what it
		 * sends. */
		if (wr_len(&s->out) - s->out_at > out_limit(s) / 2) {
			s->mirror_lost = true;
			s->dropped++;
			continue;
		}
		bmp_put_mirror(&s->out, &p, msg, len, s->mirror_lost);
		s->mirror_lost = false;
		bmp_server_wrote(s, 1);
	}
}

static unsigned int
feeds_of(enum rde_monitor what)
{
	switch (what) {
	case RDE_MONITOR_IN:
		return CONF_BMP_IN_PRE | CONF_BMP_IN_POST;
	case RDE_MONITOR_BEST:
		return CONF_BMP_LOC_RIB;
	case RDE_MONITOR_OUT:
		return CONF_BMP_OUT;
	case RDE_MONITOR_POLICY:
		return CONF_BMP_IN_POST;
	}
	return 0;
}

void
bmp_changed(void *ctx, const struct rde_change *c)
{
	struct shell *sh = ctx;
	struct bmp_server *s;
	unsigned int want = feeds_of(c->what);

	TAILQ_FOREACH(s, &sh->bmp.servers, entry) {
		if (s->epoch == 0 || s->closing)
			continue;
		if ((s->want & want) != 0)
			bmp_feed_note(s, c, (uint32_t)c->what);
		/* What is offered to peers follows the best path. */
		if (c->what == RDE_MONITOR_BEST &&
		    (s->want & CONF_BMP_OUT_PRE) != 0)
			bmp_feed_note(s, c, BMP_CHANGE_OFFERED);
	}
}

/* --- conduits */

static struct bmp_server *
server_of(struct shell *sh, uint32_t conduit)
{
	struct bmp_server *s;

	TAILQ_FOREACH(s, &sh->bmp.servers, entry) {
		if (s->conduit == conduit)
			return s;
	}
	return NULL; /* closed meanwhile */
}

int
bmp_conduit_up(struct shell *sh, uint32_t id, uint32_t epoch)
{
	struct bmp_server *s = server_of(sh, id);
	const struct conf *c = sh->conf.conf;
	uint32_t i;

	if (id == 0 || epoch == 0 || (s != NULL && s->epoch != 0))
		return -1;
	if (s == NULL)
		return 0;
	s->epoch = epoch;
	s->since = mono_now();
	s->error = 0;
	s->connections++;
	bmp_put_initiation(&s->out, c->sys_name, c->sys_descr);
	for (i = 0; i < sh->bmp.n_sessions; i++) {
		if (sh->bmp.sessions[i] != NULL)
			feed_start(s, i);
	}
	if (s->want & CONF_BMP_LOC_RIB)
		feed_start(s, 0);
	s->burst = wr_len(&s->out);
	monitor_set(sh);
	bmp_server_wrote(s, 1);
	return 0;
}

int
bmp_conduit_down(struct shell *sh, uint32_t id, uint32_t epoch, uint32_t error)
{
	struct bmp_server *s = server_of(sh, id);

	if (id == 0)
		return -1;
	if (s == NULL || (epoch != 0 && s->epoch != epoch))
		return 0;
	s->error = error;
	if (s->epoch == 0)
		return 0;
	if (s->closing) {
		server_close_now(s);
		return 0;
	}
	server_reset(s);
	monitor_set(sh);
	return 0;
}

int
bmp_conduit_credit(struct shell *sh, uint32_t id, uint32_t epoch,
    uint32_t bytes)
{
	struct bmp_server *s = server_of(sh, id);

	if (s == NULL || epoch == 0 || s->epoch != epoch)
		return 0;
	if (bytes > s->window_used)
		return -1;
	s->window_used -= bytes;
	if (!s->closing)
		bmp_server_kick(s);
	else if (bmp_feed_flush(s))
		server_close_now(s);
	return 0;
}

void
bmp_conduit_end(struct shell *sh)
{
	struct bmp_server *s, *next;

	TAILQ_FOREACH_SAFE(s, &sh->bmp.servers, entry, next)
		server_close(s, BMP_TERM_ADMIN);
}

void
bmp_link(struct shell *sh)
{
	struct bmp_server *s;

	TAILQ_FOREACH(s, &sh->bmp.servers, entry)
		server_open(s);
}

void
bmp_lost(struct shell *sh)
{
	struct bmp_server *s, *next;

	TAILQ_FOREACH_SAFE(s, &sh->bmp.servers, entry, next) {
		s->conduit = 0;
		if (s->closing)
			server_free(s);
		else
			server_reset(s);
	}
	monitor_set(sh);
}

void
bmp_drained(struct shell *sh)
{
	struct bmp_server *s, *next;

	TAILQ_FOREACH_SAFE(s, &sh->bmp.servers, entry, next) {
		if (!s->closing)
			bmp_server_kick(s);
		else if (bmp_feed_flush(s))
			server_close_now(s);
	}
}

/* --- configuration */

static struct bmp_server *
server_find(struct shell *sh, const struct conf_bmp_server *b)
{
	struct bmp_server *s;

	TAILQ_FOREACH(s, &sh->bmp.servers, entry) {
		if (!s->closing && s->conf.port == b->port &&
		    addr_equal(&s->conf.addr, &b->addr))
			return s;
	}
	return NULL;
}

static void
server_new(struct shell *sh, const struct conf_bmp_server *b)
{
	struct bmp_server *s = xcalloc(1, sizeof(*s));

	s->shell = sh;
	s->conf = *b;
	s->want = conf_bmp_feeds(b);
	endpoint_str(&b->addr, b->port, s->name);
	TAILQ_INIT(&s->due);
	s->since = mono_now();
	s->walk.step = bmp_feed_step;
	bmp_pending_init(&s->pending, b->buffer_bytes / 2);
	wr_init_grow(&s->out, OUT_MAX);
	s->timer = evtimer_new(sh->base, on_timer, s);
	if (s->timer == NULL ||
	    event_priority_set(s->timer, SHELL_PRIO_WALKS) == -1)
		fatalx("evtimer_new of BMP");
	TAILQ_INSERT_TAIL(&sh->bmp.servers, s, entry);
	server_open(s);
}

/* A new name is told at once (RFC 7854 4.3). */
static void
names_configure(struct shell *sh)
{
	struct bmp *bmp = &sh->bmp;
	const struct conf *c = sh->conf.conf;
	struct bmp_server *s, *next;

	if (bmp->sys_name != NULL && strcmp(bmp->sys_name, c->sys_name) == 0 &&
	    strcmp(bmp->sys_descr, c->sys_descr) == 0)
		return;
	free(bmp->sys_name);
	free(bmp->sys_descr);
	bmp->sys_name = xstrdup(c->sys_name);
	bmp->sys_descr = xstrdup(c->sys_descr);
	TAILQ_FOREACH_SAFE(s, &bmp->servers, entry, next) {
		if (s->epoch == 0 || s->closing)
			continue;
		bmp_put_initiation(&s->out, c->sys_name, c->sys_descr);
		bmp_server_wrote(s, 1);
	}
}

void
bmp_configure(struct shell *sh)
{
	const struct conf *c = sh->conf.conf;
	const struct conf_bmp_server *b;
	struct bmp_server *s, *next;
	uint16_t i;

	TAILQ_FOREACH(s, &sh->bmp.servers, entry) {
		b = conf_bmp_server_find(c, &s->conf.addr, s->conf.port);
		if (s->closing || b == NULL || b->again == s->conf.again)
			continue;
		s->conf.again = b->again;
		if (s->epoch != 0)
			continue;
		tell_conduit(s, MSG_CONDUIT_CLOSE);
		server_open(s);
	}
	/* What is not wanted any more, or otherwise, goes first. */
	TAILQ_FOREACH_SAFE(s, &sh->bmp.servers, entry, next) {
		b = conf_bmp_server_find(c, &s->conf.addr, s->conf.port);
		if (b == NULL)
			server_close(s, BMP_TERM_PERMANENT);
		else if (!conf_bmp_server_equal(b, &s->conf))
			server_close(s, BMP_TERM_ADMIN);
	}
	names_configure(sh);
	for (i = 0; i < c->n_bmp_servers; i++) {
		if (server_find(sh, &c->bmp_servers[i]) == NULL)
			server_new(sh, &c->bmp_servers[i]);
	}
}

void
bmp_fini(struct shell *sh)
{
	struct bmp *bmp = &sh->bmp;
	struct bmp_server *s;
	uint32_t i;

	while ((s = TAILQ_FIRST(&bmp->servers)) != NULL)
		server_free(s);
	for (i = 0; i < bmp->n_sessions; i++) {
		if (bmp->sessions[i] != NULL)
			session_drop(bmp, i);
	}
	free(bmp->sessions);
	free(bmp->sys_name);
	free(bmp->sys_descr);
	bmp_items_fini(&bmp->items);
}

/* --- for the API */

static void
row_fill(const struct bmp_server *s, struct bmp_row *row)
{
	memset(row, 0, sizeof(*row));
	row->addr = s->conf.addr;
	row->port = s->conf.port;
	row->up = s->epoch != 0;
	row->secs = (uint32_t)(mono_diff_ms(mono_now(), s->since) / 1000);
	row->error = s->error;
	row->connections = s->connections;
	row->messages = s->messages;
	row->bytes = s->bytes;
	row->queued = wr_len(&s->out) - s->out_at + s->window_used;
	row->pending = bmp_pending_count(&s->pending);
	row->resyncs = s->resyncs;
	row->dropped = s->dropped;
	row->dumping = s->pass.active || s->n_waiting > 0;
	row->statistics_secs = s->conf.statistics_secs;
	row->feeds = s->want;
	row->buffer_bytes = s->conf.buffer_bytes;
}

void
bmp_list(struct shell *sh, uint32_t request)
{
	struct bmp_server *s;
	struct bmp_row row;
	struct wr w;

	wr_init_grow(&w, MSG_MAX);
	TAILQ_FOREACH(s, &sh->bmp.servers, entry) {
		if (s->closing)
			continue;
		row_fill(s, &row);
		msg_bmp_row_put(&w, &row);
	}
	chan_send_wr(sh->apid, MSG_BMP_ROWS, request, 0, &w);
	wr_free(&w);
}
