/* SPDX-License-Identifier: ISC */
/*
 * Handlers of the rde's three channels.  They check form and order and pass
 * values on; what happens then is session.c's, conf.c's, query.c's and
 * inject.c's.
 */
#include "rde/link.h"

#include <event2/event.h>
#include <stddef.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/chan.h"
#include "common/log.h"
#include "common/msg_peer.h"
#include "common/msg_query.h"
#include "common/msg_route.h"

#include "rde/shell.h"
#include "rde/stats.h"

enum { LINK_FLUSH_MS = 100 };

static const struct chan_ops sessiond_ops;
static const struct chan_ops apid_ops;

/* --- bgpd */

static void
on_link(void *ctx, const struct msg *m)
{
	struct shell *sh = ctx;

	switch (m->hdr.id) {
	case PROC_SESSIOND:
		if (sh->sessiond != NULL) {
			close(m->fd);
			link_broken(sh, PROC_BGPD, "a second sessiond");
			return;
		}
		sh->sessiond = chan_new(sh->base, m->fd, PROC_RDE,
		    PROC_SESSIOND, &sessiond_ops, sh, SHELL_PRIO_LINK);
		chan_set_incarnation(sh->sessiond, SHELL_INCARNATION);
		bmp_link(sh);
		break;
	case PROC_APID: /* bgpd started a new one */
		link_apid_close(sh);
		sh->apid = chan_new(sh->base, m->fd, PROC_RDE, PROC_APID,
		    &apid_ops, sh, SHELL_PRIO_LINK);
		break;
	default:
		close(m->fd);
		link_broken(sh, PROC_BGPD, "LINK to nobody we talk to");
	}
}

static void
on_shutdown(void *ctx, const struct msg *m ATTR_UNUSED)
{
	shell_stop(ctx, 0);
}

static void
on_log_level(void *ctx, const struct msg *m)
{
	if (m->data[0] > LOG_LEVEL_DEBUG) {
		link_broken(ctx, PROC_BGPD, "LOG_LEVEL out of range");
		return;
	}
	log_set_level((enum log_level)m->data[0]);
	stats_log(ctx);
}

static void
on_ping(void *ctx, const struct msg *m)
{
	const struct shell *sh = ctx;

	chan_send_buf(sh->bgpd, MSG_PONG, m->hdr.id, 0, NULL, 0);
}

static void
on_conf_begin(void *ctx, const struct msg *m)
{
	conf_begin(ctx, m->hdr.id);
}

static void
on_conf_item(void *ctx, const struct msg *m)
{
	if (m->fd != -1)
		close(m->fd); /* listeners are not for the rde */
	if (m->fd != -1 || conf_item(ctx, m->hdr.id, m->data, m->hdr.len) == -1)
		link_broken(ctx, PROC_BGPD, "CONF_ITEM");
}

static void
on_conf_end(void *ctx, const struct msg *m)
{
	if (conf_end(ctx, m->hdr.id) == -1)
		link_broken(ctx, PROC_BGPD, "CONF_END");
}

static void
on_conf_commit(void *ctx, const struct msg *m)
{
	if (conf_commit(ctx, m->hdr.id) == -1)
		link_broken(ctx, PROC_BGPD, "CONF_COMMIT");
}

static void
on_conf_abort(void *ctx, const struct msg *m ATTR_UNUSED)
{
	conf_abort(ctx);
}

/* --- sessiond */

static void
on_peer_up(void *ctx, const struct msg *m)
{
	struct peer_up up;
	struct rd r;

	rd_init(&r, m->data, m->hdr.len);
	msg_peer_up_get(&r, &up);
	if (!rd_done(&r) || session_up(ctx, m->hdr.id, m->hdr.epoch, &up) == -1)
		link_broken(ctx, PROC_SESSIOND, "PEER_UP");
	peer_up_fini(&up);
}

static void
on_peer_down(void *ctx, const struct msg *m)
{
	struct peer_down down;
	struct rd r;

	rd_init(&r, m->data, m->hdr.len);
	msg_peer_down_get(&r, &down);
	if (!rd_done(&r) ||
	    session_down(ctx, m->hdr.id, m->hdr.epoch, &down) == -1)
		link_broken(ctx, PROC_SESSIOND, "PEER_DOWN");
}

static void
on_peer_gone(void *ctx, const struct msg *m)
{
	if (session_gone(ctx, m->hdr.id) == -1)
		link_broken(ctx, PROC_SESSIOND, "PEER_GONE");
}

static void
on_updates(void *ctx, const struct msg *m)
{
	if (session_updates(ctx, m->hdr.id, m->hdr.epoch, m->data,
		m->hdr.len) == -1)
		link_broken(ctx, PROC_SESSIOND, "UPDATES");
}

static void
on_refresh(void *ctx, const struct msg *m)
{
	struct refresh f;
	struct rd r;

	rd_init(&r, m->data, m->hdr.len);
	msg_refresh_get(&r, &f);
	if (!rd_done(&r) ||
	    session_refresh(ctx, m->hdr.id, m->hdr.epoch, &f) == -1)
		link_broken(ctx, PROC_SESSIOND, "REFRESH");
}

static void
on_malformed(void *ctx, const struct msg *m)
{
	if (session_malformed(ctx, m->hdr.id, m->hdr.epoch, m->data,
		m->hdr.len) == -1)
		link_broken(ctx, PROC_SESSIOND, "MALFORMED");
}

static void
on_tx_credit(void *ctx, const struct msg *m)
{
	struct credit c;
	struct rd r;

	rd_init(&r, m->data, m->hdr.len);
	while (rd_left(&r) > 0) {
		msg_credit_get(&r, &c);
		if (!rd_ok(&r) || session_tx_credit(ctx, &c) == -1) {
			link_broken(ctx, PROC_SESSIOND, "TX_CREDIT");
			return;
		}
	}
}

static void
on_conduit_up(void *ctx, const struct msg *m)
{
	if (bmp_conduit_up(ctx, m->hdr.id, m->hdr.epoch) == -1)
		link_broken(ctx, PROC_SESSIOND, "CONDUIT_UP");
}

static void
on_conduit_down(void *ctx, const struct msg *m)
{
	struct rd r;

	rd_init(&r, m->data, m->hdr.len);
	if (bmp_conduit_down(ctx, m->hdr.id, m->hdr.epoch, rd_n32(&r)) == -1)
		link_broken(ctx, PROC_SESSIOND, "CONDUIT_DOWN");
}

static void
on_conduit_credit(void *ctx, const struct msg *m)
{
	struct rd r;

	rd_init(&r, m->data, m->hdr.len);
	if (bmp_conduit_credit(ctx, m->hdr.id, m->hdr.epoch, rd_n32(&r)) == -1)
		link_broken(ctx, PROC_SESSIOND, "CONDUIT_CREDIT");
}

static void
on_conduit_end(void *ctx, const struct msg *m ATTR_UNUSED)
{
	bmp_conduit_end(ctx);
}

/* --- apid */

static void
on_query_open(void *ctx, const struct msg *m)
{
	struct query_open q;
	struct rd r;

	rd_init(&r, m->data, m->hdr.len);
	msg_query_open_get(&r, &q);
	if (!rd_done(&r) || query_open(ctx, m->hdr.id, &q) == -1)
		link_broken(ctx, PROC_APID, "QUERY_OPEN");
}

static void
on_query_credit(void *ctx, const struct msg *m)
{
	struct rd r;

	rd_init(&r, m->data, m->hdr.len);
	if (query_credit(ctx, m->hdr.id, rd_n32(&r)) == -1)
		link_broken(ctx, PROC_APID, "QUERY_CREDIT");
}

static void
on_query_close(void *ctx, const struct msg *m)
{
	query_close(ctx, m->hdr.id);
}

static void
on_inject(void *ctx, const struct msg *m)
{
	if (inject_batch(ctx, m->hdr.id, m->data, m->hdr.len) == -1)
		link_broken(ctx, PROC_APID, "INJECT");
}

static void
on_policy_test(void *ctx, const struct msg *m)
{
	struct policy_test t;
	struct rd r;

	rd_init(&r, m->data, m->hdr.len);
	msg_policy_test_get(&r, &t);
	if (rd_done(&r))
		policy_test(ctx, m->hdr.id, &t);
	else
		link_broken(ctx, PROC_APID, "POLICY_TEST");
}

static void
on_policy_dry_run_part(void *ctx, const struct msg *m)
{
	if (policy_dry_run_part(ctx, m->hdr.id, m->data, m->hdr.len) == -1)
		link_broken(ctx, PROC_APID, "POLICY_DRY_RUN_PART");
}

static void
on_policy_dry_run(void *ctx, const struct msg *m)
{
	if (policy_dry_run(ctx, m->hdr.id, m->data, m->hdr.len) == -1)
		link_broken(ctx, PROC_APID, "POLICY_DRY_RUN");
}

static void
on_policy_dry_run_close(void *ctx, const struct msg *m)
{
	policy_dry_run_close(ctx, m->hdr.id);
}

static void
on_policy_counters_get(void *ctx, const struct msg *m)
{
	struct policy_counters_from from;
	struct rd r;

	rd_init(&r, m->data, m->hdr.len);
	msg_policy_counters_from_get(&r, &from);
	if (rd_done(&r))
		policy_counters(ctx, m->hdr.id, &from);
	else
		link_broken(ctx, PROC_APID, "POLICY_COUNTERS_GET");
	free(from.policy);
}

static void
on_rib_info_get(void *ctx, const struct msg *m)
{
	stats_rib_info(ctx, m->hdr.id);
}

static void
on_metrics_get(void *ctx, const struct msg *m)
{
	stats_metrics(ctx, m->hdr.id);
}

static void
on_bmp_get(void *ctx, const struct msg *m)
{
	bmp_list(ctx, m->hdr.id);
}

/* --- ends */

void
link_broken(struct shell *sh, enum proc who, const char *why)
{
	log_errorx("%s broke the rules: %s", proc_name(who), why);
	if (who == PROC_APID) {
		link_apid_close(sh);
		return;
	}
	/* Nothing more of what it sent is to be handled. */
	if (who == PROC_SESSIOND) {
		chan_free(sh->sessiond);
		sh->sessiond = NULL;
	} else {
		chan_free(sh->bgpd);
		sh->bgpd = NULL;
	}
	shell_stop(sh, 1);
}

void
link_apid_close(struct shell *sh)
{
	if (sh->apid == NULL)
		return;
	chan_free(sh->apid);
	sh->apid = NULL;
	query_close_all(sh);
	policy_query_close_all(sh);
	inject_forget(sh);
}

static void
bgpd_close(void *ctx, const char *why)
{
	struct shell *sh = ctx;

	log_errorx("bgpd is gone%s%s", why != NULL ? ": " : "",
	    why != NULL ? why : "");
	chan_free(sh->bgpd);
	sh->bgpd = NULL;
	shell_stop(sh, 1);
}

static void
sessiond_close(void *ctx, const char *why)
{
	struct shell *sh = ctx;

	if (why != NULL) {
		link_broken(sh, PROC_SESSIOND, why);
		return;
	}
	/* bgpd decides what becomes of us; it sees its child end. */
	log_debug("sessiond is gone");
	chan_free(sh->sessiond);
	sh->sessiond = NULL;
	session_lost_all(sh);
	bmp_lost(sh);
}

static void
apid_close(void *ctx, const char *why)
{
	struct shell *sh = ctx;

	log_info("apid is gone%s%s", why != NULL ? ": " : "",
	    why != NULL ? why : "");
	link_apid_close(sh);
	sched_round(sh); /* its last batch has no other end */
}

static void
batch_begin(void *ctx)
{
	sched_turn(ctx);
}

static void
batch_end(void *ctx)
{
	sched_round(ctx);
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
};
static const struct chan_ops bgpd_ops = {
	.handlers = bgpd_handlers,
	.on_close = bgpd_close,
	.on_batch_begin = batch_begin,
	.on_batch_end = batch_end,
};

static void
sessiond_drain(void *ctx)
{
	sched_round(ctx);
	bmp_drained(ctx);
}

static const chan_handler sessiond_handlers[MSG__MAX] = {
	[MSG_PEER_UP] = on_peer_up,
	[MSG_PEER_DOWN] = on_peer_down,
	[MSG_PEER_GONE] = on_peer_gone,
	[MSG_UPDATES] = on_updates,
	[MSG_REFRESH] = on_refresh,
	[MSG_MALFORMED] = on_malformed,
	[MSG_TX_CREDIT] = on_tx_credit,
	[MSG_CONDUIT_UP] = on_conduit_up,
	[MSG_CONDUIT_DOWN] = on_conduit_down,
	[MSG_CONDUIT_CREDIT] = on_conduit_credit,
	[MSG_CONDUIT_END] = on_conduit_end,
};
static const struct chan_ops sessiond_ops = {
	.handlers = sessiond_handlers,
	.on_close = sessiond_close,
	.on_drain = sessiond_drain,
	.on_batch_begin = batch_begin,
	.on_batch_end = batch_end,
};

/* An apid that asks and does not read is not listened to: answers queue up
 * to the channel's mark and what one more batch of requests makes. */
static void
apid_drain(void *ctx)
{
	struct shell *sh = ctx;

	chan_resume(sh->apid);
	query_drained(sh);
}

static void
apid_batch_end(void *ctx)
{
	struct shell *sh = ctx;

	sched_round(sh);
	if (chan_congested(sh->apid))
		chan_pause(sh->apid);
}

static const chan_handler apid_handlers[MSG__MAX] = {
	[MSG_QUERY_OPEN] = on_query_open,
	[MSG_QUERY_CREDIT] = on_query_credit,
	[MSG_QUERY_CLOSE] = on_query_close,
	[MSG_INJECT] = on_inject,
	[MSG_RIB_INFO_GET] = on_rib_info_get,
	[MSG_METRICS_GET] = on_metrics_get,
	[MSG_POLICY_TEST] = on_policy_test,
	[MSG_POLICY_DRY_RUN_PART] = on_policy_dry_run_part,
	[MSG_POLICY_DRY_RUN] = on_policy_dry_run,
	[MSG_POLICY_DRY_RUN_CLOSE] = on_policy_dry_run_close,
	[MSG_POLICY_COUNTERS_GET] = on_policy_counters_get,
	[MSG_BMP_GET] = on_bmp_get,
};
static const struct chan_ops apid_ops = {
	.handlers = apid_handlers,
	.on_close = apid_close,
	.on_drain = apid_drain,
	.on_batch_begin = batch_begin,
	.on_batch_end = apid_batch_end,
};

void
link_start(struct shell *sh, int fd)
{
	sh->bgpd = chan_new(sh->base, fd, PROC_RDE, PROC_BGPD, &bgpd_ops, sh,
	    SHELL_PRIO_LINK);
}

void
link_stop(struct shell *sh)
{
	link_apid_close(sh);
	if (sh->sessiond != NULL) {
		chan_flush(sh->sessiond, LINK_FLUSH_MS);
		chan_free(sh->sessiond);
		sh->sessiond = NULL;
	}
	if (sh->bgpd != NULL) {
		chan_flush(sh->bgpd, LINK_FLUSH_MS);
		chan_free(sh->bgpd);
		sh->bgpd = NULL;
	}
}
