/* SPDX-License-Identifier: ISC */
/*
 * Configurations: collected aside, voted on, applied.
 *
 * Only sessions whose own parameters changed are reset (Cease/Other
 * Configuration Change); peers that are gone hear Cease/Peer De-configured.
 * Admin state is not configuration and stays.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/log.h"
#include "common/proc.h"

#include "sessiond/sessiond.h"

void
conf_on_begin(void *ctx, const struct msg *m)
{
	struct sessiond *sd = ctx;

	conf_rx_abort(&sd->conf_rx);
	listen_abort(sd);
	sd->conf_bad = false;
	conf_rx_begin(&sd->conf_rx, NULL, m->hdr.id);
}

void
conf_on_item(void *ctx, const struct msg *m)
{
	struct sessiond *sd = ctx;
	struct conf_endpoint e;
	struct rd r;

	if (conf_rx_item(&sd->conf_rx, m->data, m->hdr.len) != 0)
		fatalx("bgpd sent a malformed configuration");
	rd_init(&r, m->data, m->hdr.len);
	if (rd_n8(&r) != CONF_ITEM_LISTEN) {
		if (m->fd != -1)
			fatalx("bgpd sent a descriptor that is not a listener");
		return;
	}
	memset(&e, 0, sizeof(e));
	msg_conf_endpoint_get(&r, &e);
	if (listen_prepare(sd, &e, m->fd) != 0)
		sd->conf_bad = true;
	free(e.path);
}

/* Why the collected configuration cannot be carried out; 0 if it can. */
static int
check(struct sessiond *sd, const struct conf *next, struct err *e)
{
	const struct peer *p;
	const struct conf_peer *c;
	uint32_t i;

	if (sd->rde == NULL)
		return err_set(e, ERR_INTERNAL, "sessiond has no link to rde");
	if (sd->conf_bad)
		return err_set(e, ERR_INTERNAL,
		    "sessiond has no socket for a listen address");
	if (next->n_peers > PEER_ID_MAX / 2)
		return err_set(e, ERR_EXHAUSTED,
		    "more than %u peers are configured", PEER_ID_MAX / 2);
	for (i = 0; i < next->n_peers; i++) {
		c = &next->peers[i];
		p = peer_find(sd, &c->addr);
		/* What runs without configuration is there already for who
		 * wants to add it; the file has the last word. */
		if (c->origin == CONF_FROM_API && p != NULL && !p->configured &&
		    p->current->state == PEER_ESTABLISHED)
			return err_set(e, ERR_EXISTS, "peer %s already exists",
			    p->name);
	}
	return 0;
}

void
conf_on_end(void *ctx, const struct msg *m)
{
	struct sessiond *sd = ctx;
	struct err e;
	struct wr w;

	if (sd->conf_rx.next == NULL ||
	    sd->conf_rx.next->generation != m->hdr.id)
		fatalx("bgpd ended a configuration that it did not begin");
	err_clear(&e);
	if (check(sd, sd->conf_rx.next, &e) == 0) {
		chan_send_buf(sd->bgpd, MSG_CONF_READY, m->hdr.id, 0, NULL, 0);
		return;
	}
	conf_rx_abort(&sd->conf_rx);
	listen_abort(sd);
	wr_init_grow(&w, 600);
	err_put(&w, &e);
	chan_send_wr(sd->bgpd, MSG_CONF_REJECT, m->hdr.id, 0, &w);
	wr_free(&w);
}

void
conf_on_abort(void *ctx, const struct msg *m)
{
	struct sessiond *sd = ctx;

	(void)m;
	conf_rx_abort(&sd->conf_rx);
	listen_abort(sd);
}

/* Start a peer as its origin says; by itself only if it is to. */
static void
start(struct peer *p)
{
	if (p->conf.origin == CONF_FROM_API)
		peer_start(p, true);
	else if (p->conf.idle_hold_secs != CONF_NEVER)
		peer_start(p, false);
}

static void
add(struct sessiond *sd, const struct conf_peer *c)
{
	struct peer *p;

	p = peer_add(sd, c, true);
	if (p == NULL)
		log_warnx("no number is left for a peer");
	else
		start(p);
}

static void
change(struct peer *p, const struct conf_peer *c, bool identity)
{
	bool adopted;
	bool reset;
	bool never;

	adopted = !p->configured;
	reset = adopted || identity || conf_peer_needs_reset(&p->conf, c);
	never = p->conf.idle_hold_secs == CONF_NEVER;
	p->configured = true;
	/* What the NOTIFICATION of the old session needs is read first. */
	if (reset)
		peer_restart(p, BGP_CEASE_OTHER_CONFIG);
	peer_update(p, c);
	if (p->current->state == PEER_IDLE &&
	    event_pending(&p->t_idle, EV_TIMEOUT, NULL) == 0 &&
	    (adopted || (never && c->idle_hold_secs != CONF_NEVER)))
		start(p);
}

static void
remove_absent(struct sessiond *sd, const struct conf *next)
{
	struct peer *p;
	uint32_t i;
	bool keep;

	for (i = sd->n_peers; i > 0; i--) {
		p = sd->peers[i - 1];
		keep = p->configured ?
		    conf_peer_find(next, &p->conf.addr) != NULL :
		    next->accept_unconfigured_peers ||
			conf_peer_find(next, &p->conf.addr) != NULL;
		if (!keep)
			peer_remove(p, BGP_CEASE_DECONFIGURED);
	}
}

void
conf_on_commit(void *ctx, const struct msg *m)
{
	struct sessiond *sd = ctx;
	struct conf *old;
	struct conf *next;
	struct peer *p;
	uint32_t i;
	bool identity;

	next = conf_rx_take(&sd->conf_rx);
	if (next == NULL || next->generation != m->hdr.id)
		fatalx("bgpd committed a configuration that it did not send");
	old = sd->conf;
	if (old != NULL)
		remove_absent(sd, next);
	identity = old != NULL &&
	    (old->asn != next->asn || old->router_id != next->router_id);
	sd->conf = next;
	proc_apply_log(next);
	listen_commit(sd);
	for (i = 0; i < next->n_peers; i++) {
		p = peer_find(sd, &next->peers[i].addr);
		if (p == NULL)
			add(sd, &next->peers[i]);
		else
			change(p, &next->peers[i], identity);
	}
	conf_free(old);
	chan_send_buf(sd->bgpd, MSG_CONF_DONE, m->hdr.id, 0, NULL, 0);
}
