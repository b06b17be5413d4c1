/* SPDX-License-Identifier: ISC */
/*
 * A ring of block references that doubles as needed and is released when it
 * runs empty, so that a thousand idle peers hold none.  Lengths inside blocks
 * were checked by tx_block_sound() or written by us.
 */
#include "sessiond/txq.h"

#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "common/xmalloc.h"

#define RING_MIN 16u

/* Length of the message whose header starts at p. */
static uint32_t
msg_len(const uint8_t *p)
{
	return (uint32_t)p[BGP_MARKER_LEN] << 8 | p[BGP_MARKER_LEN + 1];
}

/* How many messages of the same type; 0: their types differ or are not
 * counted. */
static uint32_t
count(const struct tx_block *b)
{
	const uint8_t *p;
	uint32_t n;

	if (b->type > BGP_ROUTE_REFRESH)
		return 0;
	n = 0;
	for (p = b->data; p < b->data + b->len; p += msg_len(p)) {
		if (p[BGP_HEADER_LEN - 1] != b->type)
			return 0;
		n++;
	}
	return n;
}

struct tx_block *
tx_block_new(const void *data, size_t len, bool credited)
{
	struct tx_block *b;

	b = xmalloc(sizeof(*b) + len);
	b->refs = 1;
	b->len = (uint32_t)len;
	b->credited = credited;
	memcpy(b->data, data, len);
	b->type = b->data[BGP_HEADER_LEN - 1];
	b->messages = count(b);
	return b;
}

struct tx_block *
tx_block_ref(struct tx_block *b)
{
	b->refs++;
	return b;
}

void
tx_block_unref(struct tx_block *b)
{
	if (b == NULL)
		return;
	if (b->refs == 0)
		fatalx("%s: no reference left", __func__);
	if (--b->refs == 0)
		free(b);
}

bool
tx_block_sound(const uint8_t *data, size_t len, enum bgp_msg_type type)
{
	uint32_t one;

	if (len == 0)
		return false;
	while (len > 0) {
		if (len < BGP_HEADER_LEN)
			return false;
		one = msg_len(data);
		if (one < BGP_HEADER_LEN || one > BGP_MSG_MAX || one > len)
			return false;
		if (data[BGP_HEADER_LEN - 1] != type)
			return false;
		data += one;
		len -= one;
	}
	return true;
}

void
txq_init(struct txq *q)
{
	memset(q, 0, sizeof(*q));
}

static struct tx_block *
at(const struct txq *q, uint32_t i)
{
	return q->ring[(q->head + i) & (q->cap - 1)];
}

void
txq_clear(struct txq *q)
{
	uint32_t i;

	for (i = 0; i < q->count; i++)
		tx_block_unref(at(q, i));
	free(q->ring);
	txq_init(q);
}

bool
txq_empty(const struct txq *q)
{
	return q->count == 0;
}

static void
grow(struct txq *q)
{
	struct tx_block **ring;
	uint32_t cap;
	uint32_t i;

	cap = q->cap == 0 ? RING_MIN : q->cap * 2;
	ring = xreallocarray(NULL, cap, sizeof(struct tx_block *));
	for (i = 0; i < q->count; i++)
		ring[i] = at(q, i);
	free(q->ring);
	q->ring = ring;
	q->cap = cap;
	q->head = 0;
}

void
txq_push(struct txq *q, struct tx_block *b)
{
	if (q->count == q->cap)
		grow(q);
	q->ring[(q->head + q->count) & (q->cap - 1)] = tx_block_ref(b);
	q->count++;
	q->bytes += b->len;
	if (b->credited)
		q->credited += b->len;
}

const struct tx_block *
txq_last(const struct txq *q)
{
	return q->count == 0 ? NULL : at(q, q->count - 1);
}

bool
txq_has(const struct txq *q, const struct tx_block *b)
{
	uint32_t i;

	for (i = 0; i < q->count; i++)
		if (at(q, i) == b)
			return true;
	return false;
}

int
txq_iov(const struct txq *q, struct iovec *iov, int max)
{
	struct tx_block *b;
	int n;

	for (n = 0; n < max && (uint32_t)n < q->count; n++) {
		b = at(q, (uint32_t)n);
		iov[n].iov_base = b->data;
		iov[n].iov_len = b->len;
	}
	if (n > 0) {
		iov[0].iov_base = at(q, 0)->data + q->off;
		iov[0].iov_len -= q->off;
	}
	return n;
}

/* Count the messages of the first block that end at or before q->off. */
static void
count_whole(struct txq *q, const struct tx_block *b, struct txq_done *done)
{
	const uint8_t *p;
	uint32_t len;

	while (q->edge < q->off) {
		p = b->data + q->edge;
		len = msg_len(p);
		if (q->edge + len > q->off)
			return;
		if (p[BGP_HEADER_LEN - 1] <= BGP_ROUTE_REFRESH)
			done->messages[p[BGP_HEADER_LEN - 1]]++;
		q->edge += len;
	}
}

/* `step` bytes of the first block have left: mostly all of them at once, of
 * messages whose number is known.  Their headers are not in the cache. */
static void
advance_block(struct txq *q, const struct tx_block *b, uint32_t step,
    struct txq_done *done)
{
	bool known;

	known = step == b->len && b->messages > 0;
	q->off += step;
	if (known)
		done->messages[b->type] += b->messages;
	else
		count_whole(q, b, done);
}

void
txq_advance(struct txq *q, size_t n, struct txq_done *done)
{
	struct tx_block *b;
	uint32_t step;

	while (n > 0) {
		if (q->count == 0)
			fatalx("%s: more than there is", __func__);
		b = at(q, 0);
		step = b->len - q->off;
		if (step > n)
			step = (uint32_t)n;
		q->bytes -= step;
		n -= step;
		if (b->credited) {
			q->credited -= step;
			done->credited += step;
		}
		advance_block(q, b, step, done);
		if (q->off < b->len)
			continue;
		tx_block_unref(b);
		q->head = (q->head + 1) & (q->cap - 1);
		q->count--;
		q->off = 0;
		q->edge = 0;
	}
	if (q->count == 0)
		txq_clear(q);
}

size_t
txq_cut(struct txq *q, uint8_t *to)
{
	const struct tx_block *b;
	size_t len;

	len = 0;
	if (q->count > 0 && q->off > q->edge) {
		b = at(q, 0);
		len = q->edge + msg_len(b->data + q->edge) - q->off;
		memcpy(to, b->data + q->off, len);
	}
	txq_clear(q);
	return len;
}
