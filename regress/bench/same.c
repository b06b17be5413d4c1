/* SPDX-License-Identifier: ISC */
/*
 * See same.h.  Messages lie one behind the other in the order in which they
 * came; when the room is used up all of them are forgotten.
 */
#include "regress/bench/same.h"

#include <stdlib.h>
#include <string.h>

#include "regress/bench/wire.h"

#define ROOM (8u << 20)
#define SLOTS (1u << 16)

/* Behind it its ids, then the message. */
struct row {
	uint32_t len;
	uint32_t ngone, n, cls, max;
};

struct same {
	uint32_t slots[SLOTS]; /* where a row begins, in units of 4, + 1 */
	uint32_t used;
	uint32_t epoch; /* how often all was forgotten */
	uint8_t room[ROOM] __attribute__((__aligned__(4)));
};

struct same *
same_new(void)
{
	return need(calloc(1, sizeof(struct same)));
}

void
same_free(struct same *c)
{
	free(c);
}

/* Its end tells a message from the others: the prefixes. */
static uint32_t
slot(const uint8_t *m, size_t n)
{
	uint64_t v, h = n;

	for (size_t i = 8; i <= 16 && i <= n; i += 8) {
		memcpy(&v, m + n - i, sizeof(v));
		h = (h ^ v) * 0xff51afd7ed558ccdu;
		h ^= h >> 32;
	}
	h *= 0xc4ceb9fe1a85ec53u;
	return (uint32_t)(h >> 48) & (SLOTS - 1);
}

static uint32_t
row_size(const struct row *r)
{
	size_t n = sizeof(*r) + r->n * sizeof(uint32_t) + r->len;

	return (uint32_t)(n + 3) & ~3u;
}

/* Is it the message of the row that begins at `at`?  The next row follows. */
static bool
row_is(const struct same *c, uint32_t *at, const uint8_t *m, size_t n,
    struct said *out)
{
	const uint8_t *p = c->room + *at;
	struct row r;

	if (*at >= c->used)
		return false;
	memcpy(&r, p, sizeof(r));
	p += sizeof(r);
	if (r.len != n || memcmp(p + r.n * sizeof(*out->ids), m, n) != 0)
		return false;
	out->ids = (const void *)p;
	out->ngone = r.ngone;
	out->n = r.n;
	out->cls = r.cls;
	out->max = r.max;
	*at += row_size(&r);
	return true;
}

bool
same_find(const struct same *c, struct same_hint *hint, const uint8_t *m,
    size_t n, struct said *out)
{
	uint32_t at;

	if (hint->epoch == c->epoch && row_is(c, &hint->at, m, n, out))
		return true;
	at = c->slots[slot(m, n)];
	if (at == 0)
		return false;
	at = (at - 1) * 4;
	if (!row_is(c, &at, m, n, out))
		return false;
	hint->at = at;
	hint->epoch = c->epoch;
	return true;
}

void
same_add(struct same *c, const uint8_t *m, size_t n, const struct said *said)
{
	struct row r = { (uint32_t)n, said->ngone, said->n, said->cls,
		said->max };
	size_t ids = said->n * sizeof(*said->ids);
	uint8_t *p;

	if (c->used + sizeof(r) + ids + n + 4 > ROOM) {
		memset(c->slots, 0, sizeof(c->slots));
		c->used = 0;
		c->epoch++;
	}
	p = c->room + c->used;
	c->slots[slot(m, n)] = c->used / 4 + 1;
	memcpy(p, &r, sizeof(r));
	memcpy(p + sizeof(r), said->ids, ids);
	memcpy(p + sizeof(r) + ids, m, n);
	c->used += row_size(&r);
}
