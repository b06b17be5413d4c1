/* SPDX-License-Identifier: ISC */
/*
 * Lists from the siblings to the clients.
 */
#include "apid/listing.h"

#include <arpa/inet.h>

#include <stdlib.h>
#include <string.h>

#include "apid/server.h"
#include "common/chan.h"
#include "common/log.h"
#include "common/msg_query.h"
#include "common/xmalloc.h"

enum {
	RUN_BYTES = 8 * 1024, /* messages handed to the call in one go */
	RUN_ROWS = 256,
	BATCH_BYTES = 16 * 1024, /* rows of one message */
	HEAD_ROOM = 16, /* the longest head of an embedded message */
};

struct block {
	TAILQ_ENTRY(block) entry;
	size_t len;
	uint8_t data[];
};

struct listing {
	struct apid *apid;
	struct call *call;
	struct req req;
	const struct listing_kind *kind;
	enum listing_form form;
	TAILQ_HEAD(, block) blocks;
	unsigned int n_blocks;
	struct rd rows; /* what is left of the first block */
	bool ended; /* `end` came: nothing follows the blocks */
	struct err end;
	struct pbw out; /* one run or batch, or the whole unary reply */
	size_t held; /* of the unary reply: counted in apid->held */
};

struct apid *
listing_apid(const struct listing *listing)
{
	return listing->apid;
}

static void
drop_block(struct listing *listing)
{
	struct block *block = TAILQ_FIRST(&listing->blocks);

	TAILQ_REMOVE(&listing->blocks, block, entry);
	listing->n_blocks--;
	free(block);
	rd_init(&listing->rows, NULL, 0);
	block = TAILQ_FIRST(&listing->blocks);
	if (block != NULL)
		rd_init(&listing->rows, block->data, block->len);
}

/* The call has ended; let the sibling stop and forget everything. */
static void
listing_free(struct listing *listing)
{
	if (!listing->ended)
		apid_tell(listing->apid, &listing->req, listing->kind->close,
		    NULL, 0);
	req_close(&listing->apid->reqs, &listing->req);
	while (!TAILQ_EMPTY(&listing->blocks))
		drop_block(listing);
	listing->apid->held -= listing->held;
	pbw_free(&listing->out);
	free(listing);
}

static void
fail(struct listing *listing, const struct err *e)
{
	call_fail(listing->call, e);
	listing_free(listing);
}

static void
give_credit(struct listing *listing, uint32_t blocks)
{
	uint32_t n = htonl(blocks);

	apid_tell(listing->apid, &listing->req, listing->kind->credit, &n,
	    sizeof(n));
}

/* The rows do not parse: the sibling is not to be trusted.  Frees the
 * listing, as one of those that lose the sibling. */
static void
malformed(struct listing *listing)
{
	struct apid *apid = listing->apid;
	enum proc from = listing->kind->from;
	const char *what = msg_rules[listing->kind->rows].name;
	struct err e;

	if (listing->ended) {
		(void)err_set(&e, ERR_INTERNAL, "malformed %s", what);
		fail(listing, &e);
	}
	apid_broken(apid, from, what);
}

/* Encode up to one run of rows of the first block.  -1 if malformed. */
static int
encode_run(struct listing *listing, uint32_t *ends, size_t *n)
{
	*n = 0;
	listing->out.len = 0;
	while (rd_left(&listing->rows) > 0 && *n < RUN_ROWS &&
	    listing->out.len < RUN_BYTES) {
		if (listing->kind->row(listing, &listing->rows,
			&listing->out) == -1)
			return -1;
		ends[(*n)++] = (uint32_t)listing->out.len;
	}
	return 0;
}

/*
 * Append rows, each with its head, until they are `enough` bytes.  The head
 * of a message is only known behind it: make room for the longest, then
 * close the gap.  -1 if a row is malformed.
 */
static int
encode_embedded(struct listing *listing, struct rd *rows, size_t enough)
{
	struct pbw *out = &listing->out;
	struct pbw head = { 0 };
	size_t at, n;
	int result = 0;

	while (result == 0 && rd_left(rows) > 0 && out->len < enough) {
		at = out->len;
		pbw_room(out, HEAD_ROOM);
		out->len += HEAD_ROOM;
		result = listing->kind->row(listing, rows, out);
		if (result == -1)
			break;
		n = out->len - at - HEAD_ROOM;
		head.len = 0;
		if (listing->kind->field != 0)
			pbw_head(&head, listing->kind->field, n);
		if (head.len > 0)
			memcpy(out->base + at, head.base, head.len);
		memmove(out->base + at + head.len, out->base + at + HEAD_ROOM,
		    n);
		out->len = at + head.len + n;
	}
	pbw_free(&head);
	return result;
}

/* The next message or messages of rows of the first block. */
static int
encode_next(struct listing *listing, uint32_t *ends, size_t *n)
{
	if (listing->form == LISTING_STREAM)
		return encode_run(listing, ends, n);
	listing->out.len = 0;
	if (encode_embedded(listing, &listing->rows, BATCH_BYTES) == -1)
		return -1;
	ends[0] = (uint32_t)listing->out.len;
	*n = 1;
	return 0;
}

/* Move rows to the client while it has room.  May free the listing. */
static void
pump_stream(struct listing *listing)
{
	uint32_t ends[RUN_ROWS];
	size_t n;

	while (listing->n_blocks > 0 && call_has_room(listing->call)) {
		if (encode_next(listing, ends, &n) == -1) {
			malformed(listing);
			return;
		}
		call_send(listing->call, listing->out.base, ends, n);
		if (rd_left(&listing->rows) == 0) {
			drop_block(listing);
			if (!listing->ended)
				give_credit(listing, 1);
		}
	}
	if (listing->ended && listing->n_blocks == 0) {
		call_end(listing->call, &listing->end);
		listing_free(listing);
	}
}

static void
unary_rows(struct listing *listing, const struct msg *msg)
{
	const struct conf *conf = listing->apid->conf;
	struct err e;
	struct rd rows;

	rd_init(&rows, msg->data, msg->hdr.len);
	if (encode_embedded(listing, &rows, SIZE_MAX) == -1) {
		malformed(listing);
		return;
	}
	if (conf != NULL && listing->out.len > conf->grpc_max_reply_bytes) {
		(void)err_set(&e, ERR_EXHAUSTED,
		    "the answer exceeds grpc_max_reply_bytes (%u): use "
		    "%sStream",
		    conf->grpc_max_reply_bytes, listing->kind->what);
		fail(listing, &e);
		return;
	}
	listing->apid->held += listing->out.len - listing->held;
	listing->held = listing->out.len;
	if (listing->apid->held + server_unread(listing->apid->server) >
	    LISTING_HELD_MAX) {
		(void)err_set(&e, ERR_EXHAUSTED,
		    "too many large answers at a time: use %sStream",
		    listing->kind->what);
		fail(listing, &e);
		return;
	}
	give_credit(listing, 1);
}

static void
stream_rows(struct listing *listing, const struct msg *msg)
{
	struct block *block;

	if (listing->n_blocks == QUERY_WINDOW) {
		malformed(listing);
		return;
	}
	block = xmalloc(sizeof(*block) + msg->hdr.len);
	block->len = msg->hdr.len;
	memcpy(block->data, msg->data, block->len);
	if (listing->n_blocks++ == 0)
		rd_init(&listing->rows, block->data, block->len);
	TAILQ_INSERT_TAIL(&listing->blocks, block, entry);
	pump_stream(listing);
}

static void
list_end(struct listing *listing, const struct msg *msg)
{
	struct rd rd;

	rd_init(&rd, msg->data, msg->hdr.len);
	err_get(&rd, &listing->end);
	if (!rd_done(&rd)) {
		malformed(listing);
		return;
	}
	listing->ended = true;
	req_close(&listing->apid->reqs, &listing->req);
	if (listing->end.code != ERR_OK)
		fail(listing, &listing->end);
	else if (listing->form == LISTING_UNARY) {
		call_reply_bytes(listing->call, listing->out.base,
		    listing->out.len);
		listing_free(listing);
	} else
		pump_stream(listing);
}

static struct listing *
of_req(struct req *req)
{
	return (struct listing *)(void *)((char *)req -
	    offsetof(struct listing, req));
}

static void
on_msg(struct req *req, const struct msg *msg)
{
	struct listing *listing = of_req(req);

	if (msg->hdr.type == listing->kind->end)
		list_end(listing, msg);
	else if (msg->hdr.type != listing->kind->rows)
		malformed(listing);
	else if (listing->form == LISTING_UNARY)
		unary_rows(listing, msg);
	else
		stream_rows(listing, msg);
}

static void
on_lost(struct req *req, const struct err *e)
{
	fail(of_req(req), e);
}

static const struct req_ops req_ops = { on_msg, on_lost };

static void
on_cancel(void *ctx)
{
	listing_free(ctx);
}

static void
on_room(void *ctx)
{
	struct listing *listing = ctx;

	pump_stream(listing);
}

static const struct call_ops call_ops = {
	.on_cancel = on_cancel,
	.on_room = on_room,
};

void
listing_start(struct apid *apid, struct call *call, enum listing_form form,
    const struct listing_kind *kind, enum msg_type open, const struct wr *wr)
{
	struct listing *listing = xcalloc(1, sizeof(*listing));
	struct err e;

	listing->apid = apid;
	listing->call = call;
	listing->kind = kind;
	listing->form = form;
	TAILQ_INIT(&listing->blocks);
	rd_init(&listing->rows, NULL, 0);
	if (apid_ask(apid, &listing->req, kind->from, open, wr, &req_ops, false,
		&e) == -1) {
		free(listing);
		call_fail(call, &e);
		return;
	}
	call_set_ops(call, &call_ops, listing);
	give_credit(listing, QUERY_WINDOW);
}
