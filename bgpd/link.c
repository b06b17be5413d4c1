/* SPDX-License-Identifier: ISC */
/*
 * Handlers of what children send to bgpd.
 *
 * A payload that does not decode means that its sender is compromised:
 * apid is ended and started anew, with another child the suite ends.
 */
#include "bgpd/bgpd.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/cursor.h"
#include "common/log.h"

static void
malformed(struct child *c, const struct msg *m)
{
	char why[64];

	snprintf(why, sizeof(why), "malformed %s", msg_rules[m->hdr.type].name);
	child_kill(c, why);
}

static void
on_conf_ready(void *ctx, const struct msg *m)
{
	reload_child_ready(ctx, m->hdr.id);
}

static void
on_conf_reject(void *ctx, const struct msg *m)
{
	struct rd r;
	struct err e;

	rd_init(&r, m->data, m->hdr.len);
	err_get(&r, &e);
	if (!rd_done(&r))
		malformed(ctx, m);
	else
		reload_child_reject(ctx, m->hdr.id, &e);
}

static void
on_conf_done(void *ctx, const struct msg *m)
{
	reload_child_done(ctx, m->hdr.id);
}

static void
on_pong(void *ctx, const struct msg *m)
{
	if (ping_answer(ctx, m->hdr.id) == -1)
		malformed(ctx, m);
}

/* Append a part of an edit to those before; -1 if it is not one of them. */
static int
part_append(struct bgpd *b, const struct msg *m)
{
	if (wr_len(&b->parts) > 0 && b->parts_request != m->hdr.id)
		return -1;
	b->parts_request = m->hdr.id;
	wr_copy(&b->parts, m->data, m->hdr.len);
	return wr_ok(&b->parts) ? 0 : -1;
}

static void
on_conf_edit_part(void *ctx, const struct msg *m)
{
	struct child *c = ctx;

	if (part_append(c->bgpd, m) == -1)
		malformed(c, m);
}

static void
on_conf_edit(void *ctx, const struct msg *m)
{
	struct child *c = ctx;
	struct bgpd *b = c->bgpd;
	struct conf_edit edit;
	size_t size = m->hdr.len;
	bool done;
	struct rd r;

	rd_init(&r, m->data, m->hdr.len);
	if (wr_len(&b->parts) > 0) {
		if (part_append(b, m) == -1) {
			malformed(c, m);
			return;
		}
		size = wr_len(&b->parts);
		rd_init(&r, b->parts.base, size);
	}
	msg_conf_edit_get(&r, &edit);
	done = rd_done(&r);
	/* One of 16 MiB must not cost as much for ever. */
	wr_free(&b->parts);
	wr_init_grow(&b->parts, CONF_EDIT_MAX);
	if (!done) {
		if (rd_ok(&r))
			conf_edit_fini(&edit);
		malformed(c, m);
		return;
	}
	reload_edit(b, m->hdr.id, &edit, size);
}

static void
on_conf_call(void *ctx, const struct msg *m)
{
	struct child *c = ctx;
	struct bgpd *b = c->bgpd;
	struct conf_call call;
	struct rd r;

	rd_init(&r, m->data, m->hdr.len);
	if (wr_len(&b->parts) > 0) {
		if (part_append(b, m) == -1) {
			malformed(c, m);
			return;
		}
		rd_init(&r, b->parts.base, wr_len(&b->parts));
	}
	msg_conf_call_get(&r, &call);
	if (!rd_done(&r))
		malformed(c, m);
	else
		call_request(b, m->hdr.id, &call);
	/* Also where apid was ended and the buffer begun anew. */
	wr_free(&b->parts);
	wr_init_grow(&b->parts, CONF_EDIT_MAX);
}

static void
on_sock_req(void *ctx, const struct msg *m)
{
	struct child *c = ctx;
	struct bgpd *b = c->bgpd;
	struct sock_req q;
	struct iovec iov;
	struct wr w;
	struct rd r;
	uint8_t payload[4];
	int fd = -1, error = 0;

	rd_init(&r, m->data, m->hdr.len);
	msg_sock_req_get(&r, &q);
	if (!rd_done(&r)) {
		malformed(c, m);
		return;
	}
	/* A peer of the generation on its way may ask already. */
	if (b->running != NULL)
		fd = socket_outgoing(b->running, &q, m->hdr.id == 0);
	if (fd == -1 && b->next != NULL)
		fd = socket_outgoing(b->next, &q, m->hdr.id == 0);
	if (fd == -1)
		error = errno == 0 ? EPERM : errno;
	wr_init(&w, payload, sizeof(payload));
	wr_n32(&w, (uint32_t)error);
	iov.iov_base = payload;
	iov.iov_len = sizeof(payload);
	chan_send(c->chan, MSG_SOCK, m->hdr.id, m->hdr.epoch, &iov, 1, fd);
}

static void
on_metrics_get(void *ctx, const struct msg *m)
{
	struct child *c = ctx;

	metrics_answer(c->bgpd, m->hdr.id);
}

static void
on_close(void *ctx, const char *why)
{
	child_disconnected(ctx, why);
}

static void
on_drain(void *ctx)
{
	struct child *c = ctx;

	transfer_continue(c);
	if (c->proc == PROC_APID)
		reload_next(c->bgpd);
}

static const chan_handler handlers_sessiond[MSG__MAX] = {
	[MSG_CONF_READY] = on_conf_ready,
	[MSG_CONF_REJECT] = on_conf_reject,
	[MSG_CONF_DONE] = on_conf_done,
	[MSG_PONG] = on_pong,
	[MSG_SOCK_REQ] = on_sock_req,
};

static const chan_handler handlers_rde[MSG__MAX] = {
	[MSG_CONF_READY] = on_conf_ready,
	[MSG_CONF_REJECT] = on_conf_reject,
	[MSG_CONF_DONE] = on_conf_done,
	[MSG_PONG] = on_pong,
};

static const chan_handler handlers_apid[MSG__MAX] = {
	[MSG_CONF_READY] = on_conf_ready,
	[MSG_CONF_REJECT] = on_conf_reject,
	[MSG_CONF_DONE] = on_conf_done,
	[MSG_PONG] = on_pong,
	[MSG_CONF_EDIT_PART] = on_conf_edit_part,
	[MSG_CONF_EDIT] = on_conf_edit,
	[MSG_CONF_CALL] = on_conf_call,
	[MSG_METRICS_GET] = on_metrics_get,
};

const struct chan_ops link_ops[PROC__MAX] = {
	[PROC_SESSIOND] = { .handlers = handlers_sessiond,
	    .on_close = on_close,
	    .on_drain = on_drain },
	[PROC_RDE] = { .handlers = handlers_rde,
	    .on_close = on_close,
	    .on_drain = on_drain },
	[PROC_APID] = { .handlers = handlers_apid,
	    .on_close = on_close,
	    .on_drain = on_drain },
};
