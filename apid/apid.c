/* SPDX-License-Identifier: ISC */
/*
 * The shell of the API process: channels to the siblings, configuration,
 * listeners, the sweep that ends what waits too long.
 */
#include "apid/apid.h"

#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <event2/event.h>

#include "apid/access.h"
#include "apid/descriptors.h"
#include "apid/http.h"
#include "apid/metrics.h"
#include "apid/server.h"
#include "apid/symbols.h"
#include "apid/tls.h"
#include "common/chan.h"
#include "common/log.h"
#include "common/proc.h"
#include "common/xmalloc.h"

enum {
	PRIO_SIBLINGS = 0,
	PRIO_CLIENTS = 1,
	PRIO__MAX = 3,
};

static void
lose_sibling(struct apid *apid, enum proc proc)
{
	struct err e;

	if (apid->chans[proc] == NULL)
		return;
	chan_free(apid->chans[proc]);
	apid->chans[proc] = NULL;
	(void)err_set(&e, ERR_UNAVAILABLE, "%s is gone", proc_name(proc));
	req_lose_all(&apid->reqs, proc, &e);
	health_changed(apid);
}

void
apid_broken(struct apid *apid, enum proc proc, const char *what)
{
	if (proc == PROC_BGPD)
		fatalx("malformed %s from bgpd", what);
	log_errorx("malformed %s from %s", what, proc_name(proc));
	lose_sibling(apid, proc);
}

int
apid_ask(struct apid *apid, struct req *req, enum proc to, enum msg_type type,
    const struct wr *wr, const struct req_ops *ops, bool has_deadline,
    struct err *e)
{
	struct mono deadline = { 0 };

	if (apid->chans[to] == NULL)
		return err_set(e, ERR_UNAVAILABLE, "%s is not there",
		    proc_name(to));
	if (has_deadline)
		deadline = mono_add_ms(mono_now(), APID_ANSWER_MS);
	req_open(&apid->reqs, req, to, ops, deadline);
	chan_send_wr(apid->chans[to], type, req->id, 0, wr);
	return 0;
}

int
apid_ask_long(struct apid *apid, struct req *req, enum proc to,
    enum msg_type part, enum msg_type type, const struct wr *wr,
    const struct req_ops *ops, struct err *e)
{
	struct chan *chan = apid->chans[to];
	const uint8_t *p = wr->base;
	size_t left = wr_len(wr);

	if (chan == NULL)
		return err_set(e, ERR_UNAVAILABLE, "%s is not there",
		    proc_name(to));
	if (!wr_ok(wr) || chan_queued(chan) > APID_WAITING_MAX ||
	    left > APID_WAITING_MAX - chan_queued(chan))
		return err_set(e, ERR_EXHAUSTED,
		    "too much waits for %s: try again later", proc_name(to));
	req_open(&apid->reqs, req, to, ops,
	    mono_add_ms(mono_now(), APID_ANSWER_MS));
	for (; left > MSG_MAX; p += MSG_MAX, left -= MSG_MAX)
		chan_send_buf(chan, part, req->id, 0, p, MSG_MAX);
	chan_send_buf(chan, type, req->id, 0, p, left);
	return 0;
}

void
apid_tell(struct apid *apid, const struct req *req, enum msg_type type,
    const void *data, size_t len)
{
	if (req->id != 0 && apid->chans[req->to] != NULL)
		chan_send_buf(apid->chans[req->to], type, req->id, 0, data,
		    len);
}

/* An answer of a sibling: to whom asked, if it still wants it. */
static void
on_answer(struct apid *apid, enum proc from, const struct msg *msg)
{
	struct req *req = req_find(&apid->reqs, from, msg->hdr.id);

	if (req != NULL)
		req->ops->on_msg(req, msg);
}

static void
on_bgpd_answer(void *ctx, const struct msg *msg)
{
	on_answer(ctx, PROC_BGPD, msg);
}

static void
on_sessiond_answer(void *ctx, const struct msg *msg)
{
	on_answer(ctx, PROC_SESSIOND, msg);
}

static void
on_rde_answer(void *ctx, const struct msg *msg)
{
	on_answer(ctx, PROC_RDE, msg);
}

static void
on_sessiond_close(void *ctx, const char *why)
{
	if (why != NULL)
		log_errorx("sessiond: %s", why);
	lose_sibling(ctx, PROC_SESSIOND);
}

static void
on_rde_close(void *ctx, const char *why)
{
	if (why != NULL)
		log_errorx("rde: %s", why);
	lose_sibling(ctx, PROC_RDE);
}

static const chan_handler sessiond_handlers[MSG__MAX] = {
	[MSG_PEERS_ROWS] = on_sessiond_answer,
	[MSG_PEERS_END] = on_sessiond_answer,
	[MSG_PEER_CTL_DONE] = on_sessiond_answer,
	[MSG_METRICS] = on_sessiond_answer,
};
static const struct chan_ops sessiond_ops = {
	.handlers = sessiond_handlers,
	.on_close = on_sessiond_close,
};

static const chan_handler rde_handlers[MSG__MAX] = {
	[MSG_QUERY_ROWS] = on_rde_answer,
	[MSG_QUERY_END] = on_rde_answer,
	[MSG_INJECT_DONE] = on_rde_answer,
	[MSG_RIB_INFO] = on_rde_answer,
	[MSG_METRICS] = on_rde_answer,
	[MSG_POLICY_TEST_DONE] = on_rde_answer,
	[MSG_POLICY_DRY_RUN_DONE] = on_rde_answer,
	[MSG_POLICY_COUNTERS] = on_rde_answer,
	[MSG_BMP_ROWS] = on_rde_answer,
};
static const struct chan_ops rde_ops = {
	.handlers = rde_handlers,
	.on_close = on_rde_close,
};

static void
on_link(void *ctx, const struct msg *msg)
{
	struct apid *apid = ctx;
	enum proc proc = (enum proc)msg->hdr.id;

	if (proc != PROC_SESSIOND && proc != PROC_RDE) {
		close(msg->fd);
		apid_broken(apid, PROC_BGPD, "LINK");
		return;
	}
	lose_sibling(apid, proc);
	apid->chans[proc] = chan_new(apid->base, msg->fd, PROC_APID, proc,
	    proc == PROC_RDE ? &rde_ops : &sessiond_ops, apid, PRIO_SIBLINGS);
	health_changed(apid);
}

static void
on_log_level(void *ctx, const struct msg *msg)
{
	if (msg->data[0] > LOG_LEVEL_DEBUG)
		apid_broken(ctx, PROC_BGPD, "LOG_LEVEL");
	else
		log_set_level((enum log_level)msg->data[0]);
}

static void
on_ping(void *ctx, const struct msg *msg)
{
	const struct apid *apid = ctx;

	chan_send_buf(apid->chans[PROC_BGPD], MSG_PONG, msg->hdr.id, 0, NULL,
	    0);
}

static void
listener_drop(struct apid *apid, size_t i)
{
	struct apid_listener *l = &apid->listeners[i];

	if (l->listener != NULL)
		server_unlisten(l->listener);
	if (l->http != NULL)
		http_unlisten(l->http);
	if (l->fd != -1)
		close(l->fd);
	free(l->endpoint.path);
	*l = apid->listeners[--apid->n_listeners];
}

static bool
endpoint_is(const struct conf_endpoint *a, const struct conf_endpoint *b)
{
	if (a->path != NULL || b->path != NULL)
		return a->path != NULL && b->path != NULL &&
		    strcmp(a->path, b->path) == 0;
	return a->port == b->port && addr_equal(&a->addr, &b->addr);
}

/* A listener of the configuration being collected; takes fd (-1: as
 * before). */
static void
listener_want(struct apid *apid, bool metrics,
    const struct conf_endpoint *endpoint, int fd)
{
	struct apid_listener *l;
	size_t i;

	for (i = 0; fd == -1 && i < apid->n_listeners; i++) {
		l = &apid->listeners[i];
		if (l->metrics == metrics && l->fd == -1 &&
		    endpoint_is(&l->endpoint, endpoint))
			l->wanted = true;
	}
	if (fd == -1)
		return;
	apid->listeners = xreallocarray(apid->listeners, apid->n_listeners + 1,
	    sizeof(*apid->listeners));
	l = &apid->listeners[apid->n_listeners++];
	memset(l, 0, sizeof(*l));
	l->metrics = metrics;
	l->endpoint = *endpoint;
	l->endpoint.access = NULL; /* the configuration's */
	if (endpoint->path != NULL)
		l->endpoint.path = xstrdup(endpoint->path);
	l->fd = fd;
	l->wanted = true;
}

/* Forget what an unfinished transfer brought. */
static void
listeners_abort(struct apid *apid)
{
	size_t i = 0;

	while (i < apid->n_listeners) {
		apid->listeners[i].wanted = false;
		if (apid->listeners[i].fd != -1)
			listener_drop(apid, i);
		else
			i++;
	}
}

static const struct conf_endpoint *
endpoint_of(const struct conf *conf, const struct apid_listener *l)
{
	const struct conf_endpoint *list;
	uint16_t i, n;

	if (conf == NULL)
		return NULL;
	list = l->metrics ? conf->metrics_listen : conf->grpc_listen;
	n = l->metrics ? conf->n_metrics_listen : conf->n_grpc_listen;
	for (i = 0; i < n; i++)
		if (endpoint_is(&list[i], &l->endpoint))
			return &list[i];
	return NULL;
}

/* bgpd has checked the files: what fails here is out of the ordinary, and
 * closes the listener rather than opening it to everybody. */
static int
listener_open(struct apid *apid, struct apid_listener *l,
    const struct conf_access *access)
{
	struct tls_context *tls = NULL;
	struct err e;

	if (l->metrics) {
		if (l->http == NULL)
			l->http = http_listen(apid->http, l->fd);
		l->fd = -1;
		return 0;
	}
	if (access != NULL && access->certificate.path != NULL) {
		tls = tls_context_new(access, &e);
		if (tls == NULL) {
			log_errorx("API listener: %s", e.text);
			return -1;
		}
	}
	if (l->listener != NULL) {
		server_set_access(l->listener, access_new(access), tls);
		return 0;
	}
	l->listener =
	    server_listen(apid->server, l->fd, access_new(access), tls);
	l->fd = -1;
	return 0;
}

/* apid->conf is in force, `old` (NULL: none) was before. */
static void
listeners_commit(struct apid *apid, const struct conf *old)
{
	const struct conf_endpoint *was, *is;
	struct apid_listener *l;
	size_t i = 0;

	while (i < apid->n_listeners) {
		l = &apid->listeners[i];
		was = endpoint_of(old, l);
		is = endpoint_of(apid->conf, l);
		if (!l->wanted || is == NULL) {
			listener_drop(apid, i);
			continue;
		}
		l->wanted = false;
		if ((l->fd != -1 || was == NULL ||
			!conf_access_equal(was->access, is->access)) &&
		    listener_open(apid, l, is->access) == -1) {
			listener_drop(apid, i);
			continue;
		}
		i++;
	}
}

static void
on_conf_begin(void *ctx, const struct msg *msg)
{
	struct apid *apid = ctx;

	listeners_abort(apid);
	conf_rx_begin(&apid->rx, apid->conf, msg->hdr.id);
}

static void
on_conf_item(void *ctx, const struct msg *msg)
{
	struct apid *apid = ctx;
	const struct conf *next = apid->rx.next;

	if (next == NULL ||
	    conf_rx_item(&apid->rx, msg->data, msg->hdr.len) == -1) {
		if (msg->fd != -1)
			close(msg->fd);
		apid_broken(apid, PROC_BGPD, "CONF_ITEM");
		return;
	}
	if (msg->data[0] == CONF_ITEM_GRPC_LISTEN)
		listener_want(apid, false,
		    &next->grpc_listen[next->n_grpc_listen - 1], msg->fd);
	else if (msg->data[0] == CONF_ITEM_METRICS_LISTEN)
		listener_want(apid, true,
		    &next->metrics_listen[next->n_metrics_listen - 1], msg->fd);
	else if (msg->fd != -1)
		close(msg->fd);
}

static void
on_conf_end(void *ctx, const struct msg *msg)
{
	struct apid *apid = ctx;

	if (apid->rx.next == NULL || apid->rx.next->generation != msg->hdr.id) {
		apid_broken(apid, PROC_BGPD, "CONF_END");
		return;
	}
	chan_send_buf(apid->chans[PROC_BGPD], MSG_CONF_READY, msg->hdr.id, 0,
	    NULL, 0);
}

static void
on_conf_commit(void *ctx, const struct msg *msg)
{
	struct apid *apid = ctx;
	struct conf *old;

	if (apid->rx.next == NULL || apid->rx.next->generation != msg->hdr.id) {
		apid_broken(apid, PROC_BGPD, "CONF_COMMIT");
		return;
	}
	old = apid->conf;
	apid->conf = conf_rx_take(&apid->rx);
	proc_apply_log(apid->conf);
	listeners_commit(apid, old);
	conf_free(old);
	health_changed(apid);
	chan_send_buf(apid->chans[PROC_BGPD], MSG_CONF_DONE, msg->hdr.id, 0,
	    NULL, 0);
}

static void
on_conf_abort(void *ctx, const struct msg *msg)
{
	struct apid *apid = ctx;

	(void)msg;
	listeners_abort(apid);
	conf_rx_abort(&apid->rx);
}

static void
on_stopped(void *ctx)
{
	struct apid *apid = ctx;

	event_base_loopbreak(apid->base);
}

static void
stop(struct apid *apid)
{
	if (apid->stopping)
		return;
	apid->stopping = true;
	while (apid->n_listeners > 0)
		listener_drop(apid, 0);
	server_shutdown(apid->server, on_stopped, apid);
}

static void
on_shutdown(void *ctx, const struct msg *msg)
{
	(void)msg;
	stop(ctx);
}

static void
on_bgpd_close(void *ctx, const char *why)
{
	struct apid *apid = ctx;

	if (why != NULL)
		log_errorx("bgpd: %s", why);
	lose_sibling(apid, PROC_BGPD);
	stop(apid);
}

static const chan_handler bgpd_handlers[MSG__MAX] = {
	[MSG_LINK] = on_link,
	[MSG_SHUTDOWN] = on_shutdown,
	[MSG_LOG_LEVEL] = on_log_level,
	[MSG_PING] = on_ping,
	[MSG_CONF_BEGIN] = on_conf_begin,
	[MSG_CONF_ITEM] = on_conf_item,
	[MSG_CONF_END] = on_conf_end,
	[MSG_CONF_COMMIT] = on_conf_commit,
	[MSG_CONF_ABORT] = on_conf_abort,
	[MSG_CONF_EDIT_DONE] = on_bgpd_answer,
	[MSG_CONF_CALL_TEXT] = on_bgpd_answer,
	[MSG_CONF_CALL_DONE] = on_bgpd_answer,
	[MSG_METRICS] = on_bgpd_answer,
};
static const struct chan_ops bgpd_ops = {
	.handlers = bgpd_handlers,
	.on_close = on_bgpd_close,
};

static void
on_sweep(evutil_socket_t fd, short what, void *ctx)
{
	struct apid *apid = ctx;

	(void)fd;
	(void)what;
	req_expire(&apid->reqs, mono_now());
	http_sweep(apid->http);
	if (apid->conf != NULL)
		server_sweep(apid->server,
		    (int64_t)apid->conf->grpc_unread_secs * 1000);
	/* What a crowd of streams needed goes back when the crowd has gone. */
	if (server_calls(apid->server) > 0)
		apid->was_busy = true;
	else if (apid->was_busy) {
		apid->was_busy = false;
		(void)malloc_trim(0);
	}
}

void
apid_run(int bgpd_fd)
{
	struct timeval period = { APID_SWEEP_MS / 1000,
		APID_SWEEP_MS % 1000 * 1000 };
	struct apid *apid = xcalloc(1, sizeof(*apid));
	enum proc proc;

	req_table_init(&apid->reqs);
	apid->base = event_base_new();
	if (apid->base == NULL ||
	    event_base_priority_init(apid->base, PRIO__MAX) == -1)
		fatalx("%s: no event base", __func__);
	apid->health = health_new();
	apid->symbols = symbols_new(descriptors, descriptors_len);
	if (apid->symbols == NULL)
		fatalx("%s: no descriptors", __func__);
	apid->server =
	    server_new(apid->base, apid_methods, apid_n_methods, apid);
	apid->metrics = metrics_new(apid);
	apid->http = http_new(apid->base, PRIO_CLIENTS,
	    server_fd_max(apid->server), metrics_serve, apid->metrics);
	apid->chans[PROC_BGPD] = chan_new(apid->base, bgpd_fd, PROC_APID,
	    PROC_BGPD, &bgpd_ops, apid, PRIO_SIBLINGS);
	apid->sweep = event_new(apid->base, -1, EV_PERSIST, on_sweep, apid);
	if (apid->sweep == NULL || event_add(apid->sweep, &period) == -1)
		fatalx("%s: no event", __func__);

	(void)event_base_dispatch(apid->base);

	for (proc = 0; proc < PROC__MAX; proc++)
		lose_sibling(apid, proc);
	while (apid->n_listeners > 0)
		listener_drop(apid, 0);
	http_free(apid->http);
	metrics_free(apid->metrics);
	server_free(apid->server);
	health_free(apid->health);
	symbols_free(apid->symbols);
	event_free(apid->sweep);
	event_base_free(apid->base);
	conf_rx_abort(&apid->rx);
	conf_free(apid->conf);
	free(apid->listeners);
	req_table_fini(&apid->reqs);
	pb_route_encoder_fini(&apid->encoder);
	free(apid);
}
