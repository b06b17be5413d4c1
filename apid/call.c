/* SPDX-License-Identifier: ISC */
/*
 * One call: its end of the gRPC core's batches, the queue of a server
 * stream and the read-ahead of a client stream.
 *
 * A sending stream is pumped by the completion thread: one message is in the
 * core's hands at a time, and when the core has taken it the next one is
 * started right there, without waking the event loop.  Such a message
 * carries the buffer hint only while another one is queued behind it, and
 * never together with the initial metadata: a hinted batch does not write,
 * and metadata completes only when it is written.
 */
#include "apid/call.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "apid/call_internal.h"
#include "apid/pb_check.h"
#include "common/log.h"
#include "common/xmalloc.h"

static const grpc_status_code status_of_err[ERR__MAX] = {
	[ERR_OK] = GRPC_STATUS_OK,
	[ERR_INVALID] = GRPC_STATUS_INVALID_ARGUMENT,
	[ERR_NOT_FOUND] = GRPC_STATUS_NOT_FOUND,
	[ERR_EXISTS] = GRPC_STATUS_ALREADY_EXISTS,
	[ERR_PRECONDITION] = GRPC_STATUS_FAILED_PRECONDITION,
	[ERR_EXHAUSTED] = GRPC_STATUS_RESOURCE_EXHAUSTED,
	[ERR_UNAVAILABLE] = GRPC_STATUS_UNAVAILABLE,
	[ERR_UNAUTHENTICATED] = GRPC_STATUS_UNAUTHENTICATED,
	[ERR_PERMISSION] = GRPC_STATUS_PERMISSION_DENIED,
	[ERR_INTERNAL] = GRPC_STATUS_INTERNAL,
};

static void
queue_push(struct item_queue *q, union item item, size_t bytes)
{
	union item *v;
	size_t cap, i;

	if (q->count == q->cap) {
		cap = q->cap == 0 ? 16 : q->cap * 2;
		v = xreallocarray(NULL, cap, sizeof(*v));
		for (i = 0; i < q->count; i++)
			v[i] = q->v[(q->head + i) & (q->cap - 1)];
		free(q->v);
		q->v = v;
		q->cap = cap;
		q->head = 0;
	}
	q->v[(q->head + q->count++) & (q->cap - 1)] = item;
	q->bytes += bytes;
}

static union item
queue_pop(struct item_queue *q)
{
	union item item = q->v[q->head];

	q->head = (q->head + 1) & (q->cap - 1);
	q->count--;
	return item;
}

static void
queue_drop_slices(struct item_queue *q)
{
	while (q->count > 0)
		grpc_slice_unref(queue_pop(q).slice);
	q->bytes = 0;
}

static void
queue_drop_buffers(struct item_queue *q)
{
	while (q->count > 0)
		grpc_byte_buffer_destroy(queue_pop(q).buffer);
	q->bytes = 0;
}

static void
tag_init(struct call *call, struct tag *tag, enum tag_kind kind)
{
	tag->owner = call;
	tag->kind = kind;
}

static void
call_ref(struct call *call)
{
	pthread_mutex_lock(&call->mu);
	call->refs++;
	pthread_mutex_unlock(&call->mu);
}

static void
release_item(struct call *call)
{
	if (call->item == NULL)
		return;
	if (call->item_copied)
		grpc_slice_unref(call->item_slice);
	grpc_byte_buffer_destroy(call->item);
	call->item = NULL;
}

static void
call_unref(struct call *call)
{
	bool last;

	pthread_mutex_lock(&call->mu);
	if (call->refs == 0)
		fatalx("%s: no reference left", __func__);
	last = --call->refs == 0;
	pthread_mutex_unlock(&call->mu);
	if (!last)
		return;

	server_unlink_call(call->server, call);
	release_item(call);
	queue_drop_slices(&call->sendq);
	queue_drop_buffers(&call->recvq);
	queue_drop_buffers(&call->taken);
	free(call->sendq.v);
	free(call->recvq.v);
	free(call->taken.v);
	free(call->status_text);
	grpc_call_unref(call->core);
	pthread_mutex_destroy(&call->mu);
	free(call);
}

/* Hand a batch to the core.  A refusal would be a mistake of ours. */
static void
start_batch(struct call *call, const grpc_op *ops, size_t n, struct tag *tag)
{
	grpc_call_error error;

	error = grpc_call_start_batch(call->core, ops, n, tag, NULL);
	if (error != GRPC_CALL_OK)
		fatalx("%s: %s", __func__, grpc_call_error_to_string(error));
}

/*
 * Put the bytes of a buffer that holds one plain slice at *data without a
 * copy; otherwise gather them in `copy`.  Returns true if copy is in use.
 */
static bool
buffer_bytes(grpc_byte_buffer *buffer, const uint8_t **data, size_t *len,
    grpc_slice *copy)
{
	grpc_byte_buffer_reader reader;
	grpc_slice *slice;
	size_t total = grpc_byte_buffer_length(buffer);

	*data = NULL;
	*len = 0;
	if (total == 0)
		return false;
	if (!grpc_byte_buffer_reader_init(&reader, buffer))
		return false;
	if (grpc_byte_buffer_reader_peek(&reader, &slice) &&
	    GRPC_SLICE_LENGTH(*slice) == total) {
		*data = GRPC_SLICE_START_PTR(*slice);
		*len = total;
		grpc_byte_buffer_reader_destroy(&reader);
		return false;
	}
	grpc_byte_buffer_reader_destroy(&reader);
	if (!grpc_byte_buffer_reader_init(&reader, buffer))
		return false;
	*copy = grpc_byte_buffer_reader_readall(&reader);
	grpc_byte_buffer_reader_destroy(&reader);
	*data = GRPC_SLICE_START_PTR(*copy);
	*len = GRPC_SLICE_LENGTH(*copy);
	return true;
}

/*
 * The request of a call that gets exactly one: parsed and free of strings
 * and enum numbers that proto3 does not allow.
 */
static ProtobufCMessage *
parse_request(const struct call_method *method, grpc_byte_buffer *payload,
    struct err *e)
{
	ProtobufCMessage *request = NULL;
	grpc_slice copy;
	const uint8_t *data;
	size_t len;
	bool copied;

	if (payload == NULL) {
		err_set(e, ERR_INVALID, "the request has no message");
		return NULL;
	}
	copied = buffer_bytes(payload, &data, &len, &copy);
	if (pb_check(method->request, data, len, e) == 0) {
		request =
		    protobuf_c_message_unpack(method->request, NULL, len, data);
		if (request == NULL)
			err_set(e, ERR_INVALID, "malformed %s",
			    method->request->short_name);
	}
	if (copied)
		grpc_slice_unref(copy);
	return request;
}

/* Ask for the next message of a client stream. */
static void
start_recv(struct call *call)
{
	grpc_op op = { .op = GRPC_OP_RECV_MESSAGE };

	op.data.recv_message.recv_message = &call->recv_buffer;
	start_batch(call, &op, 1, &call->tag_recv);
}

void
call_start(struct server *server, const struct call_method *method,
    grpc_call *core, grpc_byte_buffer *payload, const struct err *refusal,
    void *ctx)
{
	struct call *call = xcalloc(1, sizeof(*call));
	grpc_op op = { .op = GRPC_OP_RECV_CLOSE_ON_SERVER };
	ProtobufCMessage *request;
	struct err e;

	call->server = server;
	call->method = method;
	call->core = core;
	call->moved = mono_now();
	if (pthread_mutex_init(&call->mu, NULL) != 0)
		fatalx("%s: no mutex", __func__);
	tag_init(call, &call->tag_close, TAG_CLOSE);
	tag_init(call, &call->tag_send, TAG_SEND);
	tag_init(call, &call->tag_room, TAG_ROOM);
	tag_init(call, &call->tag_recv, TAG_RECV);
	tag_init(call, &call->tag_readable, TAG_READABLE);
	tag_init(call, &call->tag_status, TAG_STATUS);
	server_link_call(server, call);

	call->refs = 1;
	op.data.recv_close_on_server.cancelled = &call->cancelled;
	start_batch(call, &op, 1, &call->tag_close);

	if (refusal != NULL) {
		call_fail(call, refusal);
		return;
	}
	if (method == NULL) {
		call_unimplemented(call, "there is no such method");
		return;
	}
	if (call_kind_reads(method->kind)) {
		method->start(ctx, call, NULL);
		if (!call->ended) {
			call_ref(call);
			start_recv(call);
		}
		return;
	}
	request = parse_request(method, payload, &e);
	if (request == NULL) {
		call_fail(call, &e);
		return;
	}
	method->start(ctx, call, request);
	protobuf_c_message_free_unpacked(request, NULL);
}

void
call_set_ops(struct call *call, const struct call_ops *ops, void *ctx)
{
	call->ops = ops;
	call->ctx = ctx;
}

/*
 * The final batch: metadata unless it went before, a message if there is
 * one, the status.
 */
static void
send_status(struct call *call, grpc_byte_buffer *message)
{
	grpc_op ops[3];
	grpc_slice details;
	size_t n = 0;

	if (call->status_started)
		fatalx("%s: a call ended twice", __func__);
	call->status_started = true;
	memset(ops, 0, sizeof(ops));
	if (!call->meta_sent) {
		call->meta_sent = true;
		ops[n++].op = GRPC_OP_SEND_INITIAL_METADATA;
	}
	if (message != NULL) {
		call->unread = grpc_byte_buffer_length(message);
		server_add_unread(call->server, call->unread);
		ops[n].op = GRPC_OP_SEND_MESSAGE;
		ops[n++].data.send_message.send_message = message;
	}
	details = grpc_slice_from_copied_string(
	    call->status_text == NULL ? "" : call->status_text);
	ops[n].op = GRPC_OP_SEND_STATUS_FROM_SERVER;
	ops[n].data.send_status_from_server.status = call->status;
	ops[n++].data.send_status_from_server.status_details = &details;
	call_ref(call);
	start_batch(call, ops, n, &call->tag_status);
	grpc_slice_unref(details);
}

static void
end_begin(struct call *call)
{
	if (call->ended)
		fatalx("%s: a call ended twice", __func__);
	call->ended = true;
	call->ops = NULL;
}

void
call_reply_bytes(struct call *call, const void *data, size_t len)
{
	grpc_slice slice = grpc_slice_from_copied_buffer(data, len);
	grpc_byte_buffer *buffer = grpc_raw_byte_buffer_create(&slice, 1);

	end_begin(call);
	call->status = GRPC_STATUS_OK;
	send_status(call, buffer);
	grpc_byte_buffer_destroy(buffer);
	grpc_slice_unref(slice);
}

void
call_reply(struct call *call, const ProtobufCMessage *message)
{
	size_t len = protobuf_c_message_get_packed_size(message);
	grpc_slice slice = grpc_slice_malloc(len);
	grpc_byte_buffer *buffer;

	end_begin(call);
	protobuf_c_message_pack(message, GRPC_SLICE_START_PTR(slice));
	buffer = grpc_raw_byte_buffer_create(&slice, 1);
	call->status = GRPC_STATUS_OK;
	send_status(call, buffer);
	grpc_byte_buffer_destroy(buffer);
	grpc_slice_unref(slice);
}

/* End with a status; what is queued is dropped. */
static void
end_status(struct call *call, grpc_status_code status, const char *text)
{
	bool sending;

	end_begin(call);
	call->status = status;
	call->status_text = xstrdup(text);
	pb_mend_text(call->status_text);
	pthread_mutex_lock(&call->mu);
	queue_drop_slices(&call->sendq);
	sending = call->sending;
	pthread_mutex_unlock(&call->mu);
	if (sending)
		call->status_pending = true;
	else
		send_status(call, NULL);
}

void
call_fail(struct call *call, const struct err *e)
{
	if (e->code == ERR_OK || e->code >= ERR__MAX)
		fatalx("%s: no error", __func__);
	end_status(call, status_of_err[e->code], e->text);
}

void
call_failf(struct call *call, enum err_code code, const char *fmt, ...)
{
	struct err e;
	va_list ap;

	e.code = code;
	va_start(ap, fmt);
	(void)vsnprintf(e.text, sizeof(e.text), fmt, ap);
	va_end(ap);
	call_fail(call, &e);
}

void
call_unimplemented(struct call *call, const char *text)
{
	end_status(call, GRPC_STATUS_UNIMPLEMENTED, text);
}

bool
call_has_room(struct call *call)
{
	bool room;

	pthread_mutex_lock(&call->mu);
	room = call->sendq.bytes < CALL_SEND_HIGH;
	if (!room)
		call->want_room = true;
	pthread_mutex_unlock(&call->mu);
	return room;
}

/* Give one message to the core; both threads, tag_send is ours. */
static void
send_slice(struct call *call, grpc_slice slice, bool hint, bool with_meta)
{
	grpc_byte_buffer *buffer = grpc_raw_byte_buffer_create(&slice, 1);
	grpc_op ops[2];
	size_t n = 0;

	memset(ops, 0, sizeof(ops));
	if (with_meta)
		ops[n++].op = GRPC_OP_SEND_INITIAL_METADATA;
	ops[n].op = GRPC_OP_SEND_MESSAGE;
	if (hint && !with_meta)
		ops[n].flags = GRPC_WRITE_BUFFER_HINT;
	ops[n++].data.send_message.send_message = buffer;
	start_batch(call, ops, n, &call->tag_send);
	grpc_byte_buffer_destroy(buffer);
	grpc_slice_unref(slice);
}

void
call_send(struct call *call, const uint8_t *data, const uint32_t *ends,
    size_t n)
{
	grpc_slice block, first;
	union item item;
	size_t i, from = 0;
	bool start = false, hint = false, with_meta;

	if (n == 0 || call->ended)
		return;
	memset(&first, 0, sizeof(first));
	block = grpc_slice_from_copied_buffer((const char *)data, ends[n - 1]);
	pthread_mutex_lock(&call->mu);
	for (i = 0; i < n; i++) {
		item.slice = grpc_slice_sub(block, from, ends[i]);
		queue_push(&call->sendq, item, ends[i] - from);
		from = ends[i];
	}
	if (!call->sending) {
		call->sending = true;
		call->refs++;
		call->sent++;
		start = true;
		first = queue_pop(&call->sendq).slice;
		call->sendq.bytes -= GRPC_SLICE_LENGTH(first);
		hint = call->sendq.count > 0;
	}
	pthread_mutex_unlock(&call->mu);
	grpc_slice_unref(block);
	if (start) {
		with_meta = !call->meta_sent;
		call->meta_sent = true;
		send_slice(call, first, hint, with_meta);
	}
}

void
call_on_send_done(struct call *call, bool ok)
{
	struct mailbox *mb = server_mailbox(call->server);
	grpc_slice slice;
	bool hint, room = false;

	pthread_mutex_lock(&call->mu);
	if (!ok)
		queue_drop_slices(&call->sendq);
	if (call->sendq.count == 0) {
		pthread_mutex_unlock(&call->mu);
		call->tag_send.ok = ok;
		mailbox_post(mb, &call->tag_send);
		return;
	}
	slice = queue_pop(&call->sendq).slice;
	call->sendq.bytes -= GRPC_SLICE_LENGTH(slice);
	call->sent++;
	hint = call->sendq.count > 0;
	if (call->want_room && call->sendq.bytes <= CALL_SEND_LOW) {
		call->want_room = false;
		/* The producer may have asked again before the loop came to
		 * the tag of the time before, which will serve it. */
		room = !call->room_posted;
		if (room) {
			call->room_posted = true;
			call->refs++;
		}
	}
	pthread_mutex_unlock(&call->mu);
	if (room)
		mailbox_post(mb, &call->tag_room);
	send_slice(call, slice, hint, false);
}

/* The queue ran empty: start it again, or finish, or ask for more. */
static void
on_send_idle(struct call *call, bool ok)
{
	grpc_slice slice;
	bool hint, room;

	pthread_mutex_lock(&call->mu);
	if (!ok)
		queue_drop_slices(&call->sendq);
	if (call->sendq.count > 0) {
		slice = queue_pop(&call->sendq).slice;
		call->sendq.bytes -= GRPC_SLICE_LENGTH(slice);
		call->sent++;
		hint = call->sendq.count > 0;
		pthread_mutex_unlock(&call->mu);
		send_slice(call, slice, hint, false);
		return;
	}
	call->sending = false;
	room = call->want_room;
	call->want_room = false;
	pthread_mutex_unlock(&call->mu);
	if (call->status_pending) {
		call->status_pending = false;
		send_status(call, NULL);
	} else if (room && ok && !call->ended)
		call->ops->on_room(call->ctx);
	call_unref(call);
}

void
call_end(struct call *call, const struct err *e)
{
	bool sending;

	if (e->code != ERR_OK) {
		call_fail(call, e);
		return;
	}
	end_begin(call);
	call->status = GRPC_STATUS_OK;
	pthread_mutex_lock(&call->mu);
	sending = call->sending;
	pthread_mutex_unlock(&call->mu);
	if (sending)
		call->status_pending = true;
	else
		send_status(call, NULL);
}

/* End the call for both sides; what is queued is dropped. */
static void
call_abort(struct call *call, grpc_status_code status, const char *text)
{
	const struct call_ops *ops = call->ops;
	void *ctx = call->ctx;
	bool told = call->ended;

	if (!call->ended)
		end_begin(call);
	call->status_pending = false;
	pthread_mutex_lock(&call->mu);
	queue_drop_slices(&call->sendq);
	pthread_mutex_unlock(&call->mu);
	(void)grpc_call_cancel_with_status(call->core, status, text, NULL);
	if (!told && ops != NULL)
		ops->on_cancel(ctx);
}

void
call_stop(struct call *call)
{
	if (!call->ended)
		call_abort(call, GRPC_STATUS_UNAVAILABLE,
		    "the daemon is stopping");
}

void
call_sweep(struct call *call, struct mono now, int64_t limit_ms)
{
	bool waiting;

	pthread_mutex_lock(&call->mu);
	waiting = call->sending || call->status_started;
	if (!waiting || call->sent != call->swept_sent)
		call->moved = now;
	call->swept_sent = call->sent;
	pthread_mutex_unlock(&call->mu);
	if (mono_diff_ms(now, call->moved) >= limit_ms)
		call_abort(call, GRPC_STATUS_RESOURCE_EXHAUSTED,
		    "the answer lay unread for too long");
}

void
call_on_recv_done(struct call *call, bool ok)
{
	union item item;
	bool again = false, wake;

	pthread_mutex_lock(&call->mu);
	if (!ok || call->recv_buffer == NULL)
		call->recv_eof = true;
	else {
		item.buffer = call->recv_buffer;
		queue_push(&call->recvq, item,
		    grpc_byte_buffer_length(item.buffer));
		call->recv_buffer = NULL;
		again = call->recvq.count < CALL_RECV_ITEMS &&
		    call->recvq.bytes < CALL_RECV_MAX;
		call->recv_parked = !again;
	}
	wake = !call->readable_posted;
	if (wake) {
		call->readable_posted = true;
		call->refs++;
	}
	/* The reference of tag_recv is kept while parked and given up here
	 * at the end; the one for tag_readable keeps the call alive. */
	if (call->recv_eof)
		call->refs--;
	pthread_mutex_unlock(&call->mu);
	if (wake)
		mailbox_post(server_mailbox(call->server), &call->tag_readable);
	if (again)
		start_recv(call);
}

bool
call_next_item(struct call *call, const uint8_t **data, size_t *len)
{
	bool restart = false;

	release_item(call);
	if (call->taken.count == 0) {
		struct item_queue empty = call->taken;

		pthread_mutex_lock(&call->mu);
		call->taken = call->recvq;
		call->recvq = empty;
		call->recvq.bytes = 0;
		if (call->recv_parked) {
			call->recv_parked = false;
			restart = true;
		}
		pthread_mutex_unlock(&call->mu);
		if (restart)
			start_recv(call);
	}
	if (call->taken.count == 0)
		return false;
	call->item = queue_pop(&call->taken).buffer;
	call->item_copied =
	    buffer_bytes(call->item, data, len, &call->item_slice);
	return true;
}

bool
call_is_drained(struct call *call)
{
	bool drained;

	pthread_mutex_lock(&call->mu);
	drained =
	    call->recv_eof && call->recvq.count == 0 && call->taken.count == 0;
	pthread_mutex_unlock(&call->mu);
	return drained;
}

/* The call is over for the core. */
static void
on_close(struct call *call)
{
	const struct call_ops *ops = call->ops;
	bool parked;

	if (!call->ended) {
		end_begin(call);
		if (ops != NULL)
			ops->on_cancel(call->ctx);
	}
	pthread_mutex_lock(&call->mu);
	parked = call->recv_parked;
	call->recv_parked = false;
	call->recv_eof = true;
	pthread_mutex_unlock(&call->mu);
	if (parked)
		call_unref(call);
	call_unref(call);
}

void
call_on_tag(struct call *call, struct tag *tag)
{
	switch (tag->kind) {
	case TAG_CLOSE:
		on_close(call);
		return;
	case TAG_SEND:
		on_send_idle(call, tag->ok);
		return;
	case TAG_ROOM:
		pthread_mutex_lock(&call->mu);
		call->room_posted = false;
		pthread_mutex_unlock(&call->mu);
		if (!call->ended)
			call->ops->on_room(call->ctx);
		break;
	case TAG_READABLE:
		pthread_mutex_lock(&call->mu);
		call->readable_posted = false;
		pthread_mutex_unlock(&call->mu);
		if (!call->ended)
			call->ops->on_items(call->ctx);
		break;
	case TAG_STATUS:
		server_sub_unread(call->server, call->unread);
		break;
	case TAG_ACCEPT:
	case TAG_RECV:
	case TAG_SHUTDOWN:
		fatalx("%s: tag %d", __func__, tag->kind);
	}
	call_unref(call);
}
