/* SPDX-License-Identifier: ISC */
/*
 * AddRouteStream and EditRoutes: routes of a client, gathered into batches
 * for the rde.
 *
 * A message is cut into elements: one route of AddRouteStream, or each of
 * the prefixes and routes that a message of EditRoutes has, straight from
 * its bytes, so that a message of megabytes costs no more than they.
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

#include <event2/event.h>

#include "apid/apid.h"
#include "apid/arena.h"
#include "apid/pb_check.h"
#include "apid/pb_route.h"
#include "apid/pbr.h"
#include "common/bgp_attr.h"
#include "common/chan.h"
#include "common/log.h"
#include "common/msg_query.h"
#include "common/xmalloc.h"
#include "proto/bgp.pb-c.h"
#include "proto/bgpgg/v1/route.pb-c.h"

enum {
	BATCH_BYTES = 64 * 1024,
	BATCH_EDITS = 2048,
	TURN_MAX = 4096, /* elements looked at before others have a turn */
	NAMED_MAX = 5, /* wrong elements whose reason the reply tells */
	MESSAGE_MAX = 4096, /* holds NAMED_MAX reasons */
	/* members of EditRoutesRequest */
	EDIT_REMOVE = 1,
	EDIT_ADD = 2,
};

/* Which element of the stream, counted from 1. */
struct place {
	uint64_t request;
	uint64_t element; /* of the request */
	uint64_t sequence;
};

struct fault {
	struct place place;
	struct err err;
};

/* What is in the batch or in the rde's hands. */
struct edit {
	struct place place;
	uint8_t op; /* enum inject_op */
};

struct inject_stream;

struct inject_kind {
	/* The next element of what the client sent: 1 if there is one, 0 if
	 * none waits, -1 if the bytes are malformed. */
	int (*next)(struct inject_stream *, uint8_t *op, struct pbr *);
	/* Everything is done: end the call. */
	void (*reply)(struct inject_stream *);
};

struct inject_stream {
	struct apid *apid;
	struct call *call;
	const struct inject_kind *kind;
	struct req req;
	bool waiting; /* a batch is with the rde */
	struct event *again; /* our next turn */
	struct pbr rest; /* of the message being cut */
	struct place place; /* of the element read last */
	struct wr batch; /* n16 count, the edits */
	struct edit *edits; /* of the batch */
	uint16_t n_batch;
	struct edit *sent; /* in the rde's hands */
	uint16_t n_sent;
	uint64_t done[2]; /* by enum inject_op */
	uint64_t refused;
	struct fault faults[NAMED_MAX];
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
	event_free(s->again);
	wr_free(&s->batch);
	free(s->edits);
	free(s->sent);
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

/* Count an element out, and say why if it is among the first. */
static void
note_fault(struct inject_stream *s, const struct place *place,
    const struct err *e)
{
	struct fault *fault;

	if (s->refused < NAMED_MAX) {
		fault = &s->faults[s->refused];
		fault->place = *place;
		fault->err = *e;
		pb_mend_text(fault->err.text);
	}
	s->refused++;
}

static void
put_edit(struct inject_stream *s, const struct inject *inject)
{
	msg_inject_put(&s->batch, inject);
	s->edits[s->n_batch].place = s->place;
	s->edits[s->n_batch++].op = inject->op;
}

/* The bytes of an AddRouteRequest: into the batch, -1 if they are wrong. */
static int
take_add(struct inject_stream *s, const struct pbr *r, struct err *e)
{
	const ProtobufCMessageDescriptor *type =
	    &bgp__add_route_request__descriptor;
	const Bgp__AddRouteRequest *m;
	uint8_t memory[BGP_ATTR_BLOCK_MAX];
	struct inject inject;
	struct wr attrs;

	if (pb_check(type, r->p, pbr_left(r), e) == -1)
		return -1;
	arena_reset(&s->arena);
	m = (const void *)protobuf_c_message_unpack(type, &s->arena.allocator,
	    pbr_left(r), r->p);
	if (m == NULL)
		return err_set(e, ERR_INVALID, "malformed AddRouteRequest");
	wr_init(&attrs, memory, sizeof(memory));
	if (pb_route_get(m, &inject.nlri, &attrs, e) == -1)
		return -1;
	inject.op = INJECT_ADD;
	inject.attrs = memory;
	inject.attrs_len = (uint16_t)wr_len(&attrs);
	put_edit(s, &inject);
	return 0;
}

/* The same of a prefix to be removed. */
static int
take_remove(struct inject_stream *s, const struct pbr *r, struct err *e)
{
	char text[NLRI_STRLEN];
	struct inject inject;
	size_t len = pbr_left(r);

	memset(&inject, 0, sizeof(inject));
	inject.op = INJECT_REMOVE;
	if (!pb_is_text(r->p, len))
		return err_set(e, ERR_INVALID, "remove: is not valid UTF-8");
	if (len >= sizeof(text))
		return err_set(e, ERR_INVALID,
		    "remove: %zu bytes are no prefix", len);
	memcpy(text, r->p, len);
	text[len] = '\0';
	if (nlri_parse(text, &inject.nlri, e) == -1)
		return -1;
	put_edit(s, &inject);
	return 0;
}

static void
take_element(struct inject_stream *s, uint8_t op, const struct pbr *r)
{
	struct err e;

	if ((op == INJECT_ADD ? take_add(s, r, &e) : take_remove(s, r, &e)) ==
	    -1)
		note_fault(s, &s->place, &e);
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
	struct edit *edits = s->edits;
	struct err e;

	wr_patch16(&s->batch, 0, s->n_batch);
	if (apid_ask(s->apid, &s->req, PROC_RDE, MSG_INJECT, &s->batch,
		&req_ops, true, &e) == -1) {
		call_fail(s->call, &e);
		stream_free(s);
		return -1;
	}
	s->waiting = true;
	s->edits = s->sent;
	s->sent = edits;
	s->n_sent = s->n_batch;
	begin_batch(s);
	return 0;
}

/* Fill the batch from what the client has sent.  1 if the turn ended before
 * the batch was full or nothing was left, -1 if the stream has ended. */
static int
fill_batch(struct inject_stream *s)
{
	struct pbr r;
	uint8_t op;
	int more = 1, n;

	for (n = 0; !batch_is_full(s); n++) {
		if (n == TURN_MAX)
			return 1;
		more = s->kind->next(s, &op, &r);
		if (more != 1)
			break;
		take_element(s, op, &r);
	}
	if (more != -1)
		return 0;
	call_failf(s->call, ERR_INVALID, "request %llu: malformed protobuf",
	    (unsigned long long)s->place.request);
	stream_free(s);
	return -1;
}

/* Take what the client has sent as far as the bounds allow.  May free. */
static void
pump(struct inject_stream *s)
{
	/* A timer, so that the loop looks at everybody else first. */
	static const struct timeval at_once = { 0, 0 };
	int more;

	for (;;) {
		more = fill_batch(s);
		if (more == -1 || s->waiting)
			return;
		if (s->n_batch == 0) {
			/* Nothing but wrong elements in this turn? */
			if (more == 1) {
				(void)event_add(s->again, &at_once);
				return;
			}
			break;
		}
		if (send_batch(s) == -1)
			return;
	}
	if (call_is_drained(s->call)) {
		s->kind->reply(s);
		stream_free(s);
	}
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
			s->done[s->sent[i].op]++;
		else
			note_fault(s, &s->sent[i].place, &e);
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

static void
on_again(evutil_socket_t fd, short what, void *ctx)
{
	(void)fd;
	(void)what;
	pump(ctx);
}

static void
start(struct apid *apid, struct call *call, const struct inject_kind *kind)
{
	struct inject_stream *s = xcalloc(1, sizeof(*s));

	s->apid = apid;
	s->call = call;
	s->kind = kind;
	s->edits = xcalloc(BATCH_EDITS, sizeof(*s->edits));
	s->sent = xcalloc(BATCH_EDITS, sizeof(*s->sent));
	pbr_init(&s->rest, NULL, 0);
	wr_init_grow(&s->batch, MSG_MAX);
	arena_init(&s->arena);
	begin_batch(s);
	s->again = event_new(apid->base, -1, 0, on_again, s);
	if (s->again == NULL)
		fatalx("%s: no event", __func__);
	call_set_ops(call, &call_ops, s);
}

static size_t
n_faults(const struct inject_stream *s)
{
	return s->refused < NAMED_MAX ? (size_t)s->refused : NAMED_MAX;
}

/* --- AddRouteStream: a message is an element --- */

static int
next_route(struct inject_stream *s, uint8_t *op, struct pbr *r)
{
	const uint8_t *data;
	size_t len;

	if (!call_next_item(s->call, &data, &len))
		return 0;
	s->place.request++;
	*op = INJECT_ADD;
	pbr_init(r, data, len);
	return 1;
}

static void
reply_added(struct inject_stream *s)
{
	Bgp__AddRouteStreamResponse m;
	char text[MESSAGE_MAX];
	size_t used, i;

	used = (size_t)snprintf(text, sizeof(text), "%llu routes added",
	    (unsigned long long)s->done[INJECT_ADD]);
	if (s->refused > 0)
		used += (size_t)snprintf(text + used, sizeof(text) - used,
		    ", %llu refused", (unsigned long long)s->refused);
	for (i = 0; i < n_faults(s); i++)
		used += (size_t)snprintf(text + used, sizeof(text) - used,
		    "; item %llu: %s",
		    (unsigned long long)s->faults[i].place.request,
		    s->faults[i].err.text);
	if (s->refused > NAMED_MAX)
		(void)snprintf(text + used, sizeof(text) - used, "; and more");
	bgp__add_route_stream_response__init(&m);
	m.count = s->done[INJECT_ADD];
	m.message = text;
	call_reply(s->call, &m.base);
}

static const struct inject_kind add_kind = { next_route, reply_added };

void
rpc_add_route_stream(void *ctx, struct call *call,
    const ProtobufCMessage *request)
{
	(void)request;
	start(ctx, call, &add_kind);
}

/* --- EditRoutes: a message has any number of elements --- */

static int
next_edit(struct inject_stream *s, uint8_t *op, struct pbr *r)
{
	struct pbr_member m;
	const uint8_t *data;
	size_t len;
	int more;

	for (;;) {
		more = pbr_next(&s->rest, &m);
		if (more == -1)
			return -1;
		if (more == 0) {
			if (!call_next_item(s->call, &data, &len)) {
				/* The bytes are gone with the question. */
				pbr_init(&s->rest, NULL, 0);
				return 0;
			}
			s->place.request++;
			s->place.element = 0;
			pbr_init(&s->rest, data, len);
			continue;
		}
		if (m.number != EDIT_ADD && m.number != EDIT_REMOVE)
			continue; /* unknown to us */
		if (m.wire != PBR_BYTES)
			return -1;
		s->place.element++;
		s->place.sequence++;
		*op = m.number == EDIT_ADD ? INJECT_ADD : INJECT_REMOVE;
		*r = m.body;
		return 1;
	}
}

static void
reply_edited(struct inject_stream *s)
{
	Bgpgg__V1__EditRoutesResponse m;
	Bgpgg__V1__EditFault faults[NAMED_MAX], *list[NAMED_MAX];
	char text[128];
	size_t i;

	bgpgg__v1__edit_routes_response__init(&m);
	m.added = s->done[INJECT_ADD];
	m.removed = s->done[INJECT_REMOVE];
	m.refused = s->refused;
	for (i = 0; i < n_faults(s); i++) {
		bgpgg__v1__edit_fault__init(&faults[i]);
		faults[i].request = s->faults[i].place.request;
		faults[i].element = s->faults[i].place.element;
		faults[i].sequence = s->faults[i].place.sequence;
		faults[i].message = s->faults[i].err.text;
		list[i] = &faults[i];
	}
	m.n_faults = n_faults(s);
	m.faults = list;
	(void)snprintf(text, sizeof(text),
	    "%llu routes added, %llu removed, %llu refused",
	    (unsigned long long)m.added, (unsigned long long)m.removed,
	    (unsigned long long)m.refused);
	m.message = text;
	call_reply(s->call, &m.base);
}

static const struct inject_kind edit_kind = { next_edit, reply_edited };

void
rpc_edit_routes(void *ctx, struct call *call, const ProtobufCMessage *request)
{
	(void)request;
	start(ctx, call, &edit_kind);
}
