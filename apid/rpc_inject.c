/* SPDX-License-Identifier: ISC */
/*
 * AddRouteStream: routes of a client, gathered into batches for the rde.
 *
 * One batch is being filled and at most one is in the rde's hands.  A batch
 * goes when the rde is free and either the batch is full or the client has
 * nothing more at hand; so a lone route goes at once and a flood goes in
 * large batches.  While both are full nothing is taken from the call, and
 * the client is held by HTTP/2.
 */
#include "apid/rpc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "apid/apid.h"
#include "apid/arena.h"
#include "apid/pb_check.h"
#include "apid/pb_route.h"
#include "common/bgp_attr.h"
#include "common/chan.h"
#include "common/msg_query.h"
#include "common/xmalloc.h"
#include "proto/bgp.pb-c.h"

enum {
	BATCH_BYTES = 64 * 1024,
	BATCH_EDITS = 2048,
	NAMED_MAX = 5, /* wrong items whose reason the reply tells */
	MESSAGE_MAX = 2048,
};

struct inject_stream {
	struct apid *apid;
	struct call *call;
	struct req req;
	bool waiting; /* a batch is with the rde */
	struct wr batch; /* n16 count, the edits */
	uint16_t n_batch;
	uint64_t *sent_items; /* number of each item in the rde's hands */
	uint64_t *items; /* number of each item in the batch */
	uint16_t n_sent;
	uint64_t n_items; /* read so far */
	uint64_t added;
	uint64_t wrong;
	char faults[MESSAGE_MAX];
	struct arena arena;
};

static struct inject_stream *
of_req(struct req *req)
{
	return (struct inject_stream *)(void *)((char *)req -
	    offsetof(struct inject_stream, req));
}

static void
stream_free(struct inject_stream *s)
{
	req_close(&s->apid->reqs, &s->req);
	wr_free(&s->batch);
	free(s->items);
	free(s->sent_items);
	arena_fini(&s->arena);
	free(s);
}

static void
begin_batch(struct inject_stream *s)
{
	wr_reset(&s->batch);
	(void)wr_skip(&s->batch, 2);
	s->n_batch = 0;
}

/* Count an item out, and say why if it is among the first. */
static void
note_fault(struct inject_stream *s, uint64_t item, const struct err *e)
{
	size_t used = strlen(s->faults);

	s->wrong++;
	if (s->wrong <= NAMED_MAX)
		(void)snprintf(s->faults + used, sizeof(s->faults) - used,
		    "; item %llu: %.300s", (unsigned long long)item, e->text);
}

/* One message of the client: into the batch or among the faults. */
static void
take_item(struct inject_stream *s, const uint8_t *data, size_t len)
{
	const Bgp__AddRouteRequest *m;
	uint8_t memory[BGP_ATTR_BLOCK_MAX];
	struct inject inject;
	struct wr attrs;
	struct err e;

	s->n_items++;
	if (pb_check(&bgp__add_route_request__descriptor, data, len, &e) ==
	    -1) {
		note_fault(s, s->n_items, &e);
		return;
	}
	arena_reset(&s->arena);
	m = (const void *)protobuf_c_message_unpack(
	    &bgp__add_route_request__descriptor, &s->arena.allocator, len,
	    data);
	if (m == NULL) {
		(void)err_set(&e, ERR_INVALID, "malformed AddRouteRequest");
		note_fault(s, s->n_items, &e);
		return;
	}
	wr_init(&attrs, memory, sizeof(memory));
	if (pb_route_get(m, &inject.nlri, &attrs, &e) == -1) {
		note_fault(s, s->n_items, &e);
		return;
	}
	inject.op = INJECT_ADD;
	inject.attrs = memory;
	inject.attrs_len = (uint16_t)wr_len(&attrs);
	msg_inject_put(&s->batch, &inject);
	s->items[s->n_batch++] = s->n_items;
}

static bool
batch_is_full(const struct inject_stream *s)
{
	return s->n_batch == BATCH_EDITS || wr_len(&s->batch) >= BATCH_BYTES;
}

static void on_msg(struct req *, const struct msg *);
static void on_lost(struct req *, const struct err *);
static const struct req_ops req_ops = { on_msg, on_lost };

/* Hand the batch to the rde.  -1 if the stream has ended. */
static int
send_batch(struct inject_stream *s)
{
	uint64_t *items = s->items;
	struct err e;

	wr_patch16(&s->batch, 0, s->n_batch);
	if (apid_ask(s->apid, &s->req, PROC_RDE, MSG_INJECT, &s->batch,
		&req_ops, true, &e) == -1) {
		call_fail(s->call, &e);
		stream_free(s);
		return -1;
	}
	s->waiting = true;
	s->items = s->sent_items;
	s->sent_items = items;
	s->n_sent = s->n_batch;
	begin_batch(s);
	return 0;
}

/* Everything is with the rde and answered, and the client has ended. */
static void
finish(struct inject_stream *s)
{
	Bgp__AddRouteStreamResponse m;
	char text[MESSAGE_MAX + 128];

	if (s->wrong == 0)
		(void)snprintf(text, sizeof(text), "%llu routes added",
		    (unsigned long long)s->added);
	else
		(void)snprintf(text, sizeof(text),
		    "%llu routes added, %llu refused%s%s",
		    (unsigned long long)s->added, (unsigned long long)s->wrong,
		    s->faults, s->wrong > NAMED_MAX ? "; and more" : "");
	bgp__add_route_stream_response__init(&m);
	m.count = s->added;
	m.message = text;
	call_reply(s->call, &m.base);
	stream_free(s);
}

/* Take what the client has sent as far as the bounds allow.  May free. */
static void
pump(struct inject_stream *s)
{
	const uint8_t *data;
	size_t len;

	for (;;) {
		while (
		    !batch_is_full(s) && call_next_item(s->call, &data, &len))
			take_item(s, data, len);
		if (s->waiting)
			return;
		if (s->n_batch == 0)
			break;
		if (send_batch(s) == -1)
			return;
	}
	if (call_is_drained(s->call))
		finish(s);
}

static void
on_msg(struct req *req, const struct msg *msg)
{
	struct inject_stream *s = of_req(req);
	struct rd rd;
	struct err e;
	uint16_t i, n;

	rd_init(&rd, msg->data, msg->hdr.len);
	n = rd_n16(&rd);
	for (i = 0; i < n && n == s->n_sent && rd_ok(&rd); i++) {
		msg_inject_result_get(&rd, &e);
		if (!rd_ok(&rd))
			break;
		if (e.code == ERR_OK)
			s->added++;
		else
			note_fault(s, s->sent_items[i], &e);
	}
	if (msg->hdr.type != MSG_INJECT_DONE || n != s->n_sent ||
	    !rd_done(&rd)) {
		apid_broken(s->apid, PROC_RDE, "INJECT_DONE");
		return;
	}
	req_close(&s->apid->reqs, &s->req);
	s->waiting = false;
	pump(s);
}

static void
on_lost(struct req *req, const struct err *e)
{
	struct inject_stream *s = of_req(req);

	call_fail(s->call, e);
	stream_free(s);
}

static void
on_items(void *ctx)
{
	pump(ctx);
}

static void
on_cancel(void *ctx)
{
	stream_free(ctx);
}

static const struct call_ops call_ops = {
	.on_cancel = on_cancel,
	.on_items = on_items,
};

void
rpc_add_route_stream(void *ctx, struct call *call,
    const ProtobufCMessage *request)
{
	struct inject_stream *s = xcalloc(1, sizeof(*s));

	(void)request;
	s->apid = ctx;
	s->call = call;
	s->items = xcalloc(BATCH_EDITS, sizeof(*s->items));
	s->sent_items = xcalloc(BATCH_EDITS, sizeof(*s->sent_items));
	wr_init_grow(&s->batch, MSG_MAX);
	arena_init(&s->arena);
	begin_batch(s);
	call_set_ops(call, &call_ops, s);
}
