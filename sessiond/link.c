/* SPDX-License-Identifier: ISC */
/*
 * The channels to bgpd, rde and apid and what arrives on them.
 *
 * A payload that does not parse means that its sender is not what it should
 * be: from bgpd or rde that ends this process (after Cease to every peer),
 * from apid it ends the channel and nothing else.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/log.h"
#include "common/msg_metrics.h"
#include "common/xmalloc.h"

#include "sessiond/sessiond.h"

/* A sibling of the core is gone or broken: nothing is left to do. */
static void
core_lost(struct sessiond *sd, enum proc who, const char *why)
{
	if (sd->stopping)
		return;
	if (why != NULL)
		log_errorx("lost %s: %s", proc_name(who), why);
	else
		log_errorx("lost %s", proc_name(who));
	sessiond_stop(sd, BGP_CEASE_ADMIN_SHUTDOWN, 1000, 1);
}

/* --- bgpd */

static void
on_link(void *ctx, const struct msg *m)
{
	struct sessiond *sd = ctx;

	switch (m->hdr.id) {
	case PROC_RDE:
		link_rde(sd, m->fd);
		break;
	case PROC_APID:
		link_apid(sd, m->fd);
		break;
	default:
		fatalx("bgpd linked an unknown process");
	}
}

static void
on_shutdown(void *ctx, const struct msg *m)
{
	(void)m;
	sessiond_stop(ctx, BGP_CEASE_ADMIN_SHUTDOWN, 3000, 0);
}

static void
on_log_level(void *ctx, const struct msg *m)
{
	(void)ctx;
	if (m->data[0] > LOG_LEVEL_DEBUG)
		fatalx("bgpd sent an unknown log level");
	log_set_level((enum log_level)m->data[0]);
}

static void
on_ping(void *ctx, const struct msg *m)
{
	const struct sessiond *sd = ctx;

	chan_send_buf(sd->bgpd, MSG_PONG, m->hdr.id, 0, NULL, 0);
}

static void
on_sock(void *ctx, const struct msg *m)
{
	struct sessiond *sd = ctx;
	struct peer *p;
	struct rd r;
	int error;
	int fd;

	rd_init(&r, m->data, m->hdr.len);
	error = (int)rd_n32(&r);
	fd = m->fd;
	if (fd >= fd_limit()) {
		close(fd);
		fd = -1;
		error = EMFILE;
	}
	if (m->hdr.id == 0) {
		if (!conduit_socket(sd, m->hdr.epoch, fd, error) && fd != -1)
			close(fd);
		return;
	}
	p = peer_by_id(sd, m->hdr.id);
	if (p == NULL || p->current->sock_req == 0 ||
	    p->current->sock_req != m->hdr.epoch) {
		/* for an attempt that was given up */
		if (fd != -1)
			close(fd);
		return;
	}
	session_socket(p->current, fd, error);
}

static void
bgpd_on_close(void *ctx, const char *why)
{
	struct sessiond *sd = ctx;

	chan_free(sd->bgpd);
	sd->bgpd = NULL;
	core_lost(sd, PROC_BGPD, why);
}

static const chan_handler bgpd_handlers[MSG__MAX] = {
	[MSG_LINK] = on_link,
	[MSG_SHUTDOWN] = on_shutdown,
	[MSG_LOG_LEVEL] = on_log_level,
	[MSG_PING] = on_ping,
	[MSG_CONF_BEGIN] = conf_on_begin,
	[MSG_CONF_ITEM] = conf_on_item,
	[MSG_CONF_END] = conf_on_end,
	[MSG_CONF_COMMIT] = conf_on_commit,
	[MSG_CONF_ABORT] = conf_on_abort,
	[MSG_SOCK] = on_sock,
};
static const struct chan_ops bgpd_ops = {
	.handlers = bgpd_handlers,
	.on_close = bgpd_on_close,
};

void
link_bgpd(struct sessiond *sd, int fd)
{
	sd->bgpd = chan_new(sd->base, fd, PROC_SESSIOND, PROC_BGPD, &bgpd_ops,
	    sd, PRIO_CONTROL);
}

/* --- rde */

static void
rde_broken(struct sessiond *sd, const char *what)
{
	chan_free(sd->rde);
	sd->rde = NULL;
	core_lost(sd, PROC_RDE, what);
}

/* The current session of the message's peer, if it is the one meant. */
static struct session *
session_of(struct sessiond *sd, uint32_t id, uint32_t epoch)
{
	struct peer *p;

	p = peer_by_id(sd, id);
	if (p == NULL || p->current->state != PEER_ESTABLISHED ||
	    p->current->epoch != epoch)
		return NULL;
	return p->current;
}

static void
on_peer_ready(void *ctx, const struct msg *m)
{
	struct session *s;

	s = session_of(ctx, m->hdr.id, m->hdr.epoch);
	if (s != NULL)
		s->ready = true;
}

static void
on_peer_shut(void *ctx, const struct msg *m)
{
	struct sessiond *sd = ctx;
	struct peer_shut shut;
	struct session *s;
	struct rd r;

	rd_init(&r, m->data, m->hdr.len);
	msg_peer_shut_get(&r, &shut);
	if (!rd_done(&r)) {
		rde_broken(sd, "malformed PEER_SHUT");
		return;
	}
	s = session_of(sd, m->hdr.id, m->hdr.epoch);
	if (s != NULL)
		peer_shut(s->peer, &shut);
}

static void
on_peer_counts(void *ctx, const struct msg *m)
{
	struct sessiond *sd = ctx;
	struct peer_counts c;
	struct session *s;
	struct rd r;

	rd_init(&r, m->data, m->hdr.len);
	while (rd_left(&r) > 0) {
		msg_peer_counts_get(&r, &c);
		if (!rd_ok(&r)) {
			rde_broken(sd, "malformed PEER_COUNTS");
			return;
		}
		s = session_of(sd, c.peer, c.epoch);
		if (s != NULL)
			memcpy(s->counts, c.families, sizeof(s->counts));
	}
}

static void
on_rx_credit(void *ctx, const struct msg *m)
{
	struct sessiond *sd = ctx;
	struct session *s;
	struct credit c;
	struct rd r;

	rd_init(&r, m->data, m->hdr.len);
	while (rd_left(&r) > 0) {
		msg_credit_get(&r, &c);
		if (!rd_ok(&r)) {
			rde_broken(sd, "malformed RX_CREDIT");
			return;
		}
		s = session_of(sd, c.peer, c.epoch);
		if (s != NULL)
			rx_credit(s, c.bytes);
	}
}

static void
on_tx(void *ctx, const struct msg *m)
{
	struct sessiond *sd = ctx;

	if (tx_deliver(sd, m->data, m->hdr.len) != 0)
		rde_broken(sd, "malformed TX");
}

static void
on_conduit_open(void *ctx, const struct msg *m)
{
	struct conduit_open o;
	struct rd r;

	rd_init(&r, m->data, m->hdr.len);
	msg_conduit_open_get(&r, &o);
	if (!rd_done(&r) || conduit_open(ctx, m->hdr.id, &o) == -1)
		rde_broken(ctx, "malformed CONDUIT_OPEN");
}

static void
on_conduit_data(void *ctx, const struct msg *m)
{
	if (conduit_data(ctx, m->hdr.id, m->hdr.epoch, m->data, m->hdr.len) ==
	    -1)
		rde_broken(ctx, "CONDUIT_DATA beyond its window");
}

static void
on_conduit_close(void *ctx, const struct msg *m)
{
	conduit_close(ctx, m->hdr.id);
}

static void
rde_on_close(void *ctx, const char *why)
{
	rde_broken(ctx, why);
}

static void
rde_on_drain(void *ctx)
{
	struct sessiond *sd = ctx;

	rx_drain(sd);
	sessiond_round(sd);
}

static void
rde_on_batch_end(void *ctx)
{
	tx_flush(ctx);
}

static const chan_handler rde_handlers[MSG__MAX] = {
	[MSG_PEER_READY] = on_peer_ready,
	[MSG_PEER_SHUT] = on_peer_shut,
	[MSG_PEER_COUNTS] = on_peer_counts,
	[MSG_RX_CREDIT] = on_rx_credit,
	[MSG_TX] = on_tx,
	[MSG_CONDUIT_OPEN] = on_conduit_open,
	[MSG_CONDUIT_DATA] = on_conduit_data,
	[MSG_CONDUIT_CLOSE] = on_conduit_close,
};
static const struct chan_ops rde_ops = {
	.handlers = rde_handlers,
	.on_close = rde_on_close,
	.on_drain = rde_on_drain,
	.on_batch_end = rde_on_batch_end,
};

void
link_rde(struct sessiond *sd, int fd)
{
	if (sd->rde != NULL)
		fatalx("bgpd linked a second rde");
	sd->rde = chan_new(sd->base, fd, PROC_SESSIOND, PROC_RDE, &rde_ops, sd,
	    PRIO_DATA);
	chan_set_incarnation(sd->rde, 1);
}

/* --- apid: listings */

static void
apid_drop(struct sessiond *sd, const char *why)
{
	if (why != NULL)
		log_warnx("closing the channel to apid: %s", why);
	link_queries_free(sd);
	chan_free(sd->apid);
	sd->apid = NULL;
}

static void
query_free(struct sessiond *sd, struct query *q)
{
	TAILQ_REMOVE(&sd->queries, q, entry);
	sd->n_queries--;
	free(q);
}

void
link_queries_free(struct sessiond *sd)
{
	struct query *q;

	while ((q = TAILQ_FIRST(&sd->queries)) != NULL)
		query_free(sd, q);
}

static struct query *
query_find(struct sessiond *sd, uint32_t id)
{
	struct query *q;

	TAILQ_FOREACH(q, &sd->queries, entry) {
		if (q->id == id)
			return q;
	}
	return NULL;
}

static void
send_err(struct sessiond *sd, enum msg_type type, uint32_t id,
    const struct err *e)
{
	struct wr w;

	wr_init_grow(&w, 600);
	err_put(&w, e);
	chan_send_wr(sd->apid, type, id, 0, &w);
	wr_free(&w);
}

/* Next peer of the listing, NULL at its end. */
static struct peer *
query_peer(struct sessiond *sd, const struct query *q)
{
	if (q->get.kind == PEERS_ONE)
		return q->started ? NULL : peer_find(sd, &q->get.addr);
	return peer_next(sd, q->started ? &q->last : NULL);
}

static void
query_block(struct sessiond *sd, struct query *q)
{
	struct peer_row row;
	struct peer *p;
	struct wr w;

	wr_init_grow(&w, PEERS_BLOCK + 1024);
	while (
	    wr_len(&w) < PEERS_BLOCK - 512 && (p = query_peer(sd, q)) != NULL) {
		peer_row(p, &row);
		msg_peer_row_put(&w, &row);
		q->started = true;
		q->last = row.addr;
	}
	if (wr_len(&w) > 0)
		chan_send_wr(sd->apid, MSG_PEERS_ROWS, q->id, 0, &w);
	wr_free(&w);
}

static void
query_run(struct sessiond *sd, struct query *q)
{
	struct err e;

	while (q->credits > 0 && query_peer(sd, q) != NULL) {
		q->credits--;
		query_block(sd, q);
	}
	if (query_peer(sd, q) == NULL) {
		err_clear(&e);
		send_err(sd, MSG_PEERS_END, q->id, &e);
		query_free(sd, q);
	}
}

static void
on_peers_get(void *ctx, const struct msg *m)
{
	struct sessiond *sd = ctx;
	struct peers_get get;
	struct query *q;
	struct rd r;
	struct err e;
	char name[ADDR_STRLEN];

	rd_init(&r, m->data, m->hdr.len);
	msg_peers_get_get(&r, &get);
	if (!rd_done(&r) || query_find(sd, m->hdr.id) != NULL) {
		apid_drop(sd, "malformed PEERS_GET");
		return;
	}
	err_clear(&e);
	if (get.kind == PEERS_ONE && peer_find(sd, &get.addr) == NULL)
		(void)err_set(&e, ERR_NOT_FOUND, "peer %s not found",
		    addr_str(&get.addr, name));
	else if (sd->n_queries >= QUERIES_MAX)
		(void)err_set(&e, ERR_EXHAUSTED,
		    "too many listings of peers at once");
	if (e.code != ERR_OK) {
		send_err(sd, MSG_PEERS_END, m->hdr.id, &e);
		return;
	}
	q = xcalloc(1, sizeof(*q));
	q->id = m->hdr.id;
	q->get = get;
	TAILQ_INSERT_TAIL(&sd->queries, q, entry);
	sd->n_queries++;
	query_run(sd, q);
}

static void
on_peers_credit(void *ctx, const struct msg *m)
{
	struct sessiond *sd = ctx;
	struct query *q;
	struct rd r;

	rd_init(&r, m->data, m->hdr.len);
	q = query_find(sd, m->hdr.id);
	if (q == NULL)
		return; /* it ended meanwhile */
	q->credits += rd_n32(&r);
	query_run(sd, q);
}

static void
on_peers_close(void *ctx, const struct msg *m)
{
	struct query *q;

	q = query_find(ctx, m->hdr.id);
	if (q != NULL)
		query_free(ctx, q);
}

static void
on_peer_ctl(void *ctx, const struct msg *m)
{
	struct sessiond *sd = ctx;
	struct peer_ctl ctl;
	struct err e;
	struct rd r;

	rd_init(&r, m->data, m->hdr.len);
	msg_peer_ctl_get(&r, &ctl);
	if (!rd_done(&r)) {
		apid_drop(sd, "malformed PEER_CTL");
		return;
	}
	peer_control(sd, &ctl, &e);
	send_err(sd, MSG_PEER_CTL_DONE, m->hdr.id, &e);
}

static uint64_t
queued(const struct chan *c)
{
	return c == NULL ? 0 : chan_queued(c);
}

static void
on_metrics_get(void *ctx, const struct msg *m)
{
	struct sessiond *sd = ctx;
	const uint64_t v[METRIC__MAX] = {
		[METRIC_QUEUED_SESSIOND_BGPD] = queued(sd->bgpd),
		[METRIC_QUEUED_SESSIOND_RDE] = queued(sd->rde),
		[METRIC_QUEUED_SESSIOND_APID] = queued(sd->apid),
		[METRIC_FAREWELLS] = sd->n_farewells,
		[METRIC_PEER_LISTINGS] = sd->n_queries,
	};
	uint8_t buf[METRIC__MAX * 8];
	struct wr w;

	wr_init(&w, buf, sizeof(buf));
	msg_metrics_put(&w, PROC_SESSIOND, v);
	chan_send_wr(sd->apid, MSG_METRICS, m->hdr.id, 0, &w);
}

static void
apid_on_close(void *ctx, const char *why)
{
	apid_drop(ctx, why);
}

static const chan_handler apid_handlers[MSG__MAX] = {
	[MSG_PEERS_GET] = on_peers_get,
	[MSG_PEERS_CREDIT] = on_peers_credit,
	[MSG_PEERS_CLOSE] = on_peers_close,
	[MSG_PEER_CTL] = on_peer_ctl,
	[MSG_METRICS_GET] = on_metrics_get,
};
static const struct chan_ops apid_ops = {
	.handlers = apid_handlers,
	.on_close = apid_on_close,
};

void
link_apid(struct sessiond *sd, int fd)
{
	/* A new apid takes the place of one that died. */
	if (sd->apid != NULL)
		apid_drop(sd, NULL);
	sd->apid = chan_new(sd->base, fd, PROC_SESSIOND, PROC_APID, &apid_ops,
	    sd, PRIO_DATA);
}
