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
	return (uint32_t)(h >> 7) & (SLOTS - 1);
}

bool
same_find(const struct same *c, const uint8_t *m, size_t n, struct said *out)
{
	uint32_t at = c->slots[slot(m, n)];
	const uint8_t *p;
	struct row r;

	if (at == 0)
		return false;
	p = c->room + (size_t)(at - 1) * 4;
	memcpy(&r, p, sizeof(r));
	p += sizeof(r);
	if (r.len != n || memcmp(p + r.n * sizeof(*out->ids), m, n) != 0)
		return false;
	out->ids = (const void *)p;
	out->ngone = r.ngone;
	out->n = r.n;
	out->cls = r.cls;
	out->max = r.max;
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
	}
	p = c->room + c->used;
	c->slots[slot(m, n)] = c->used / 4 + 1;
	memcpy(p, &r, sizeof(r));
	memcpy(p + sizeof(r), said->ids, ids);
	memcpy(p + sizeof(r) + ids, m, n);
	c->used += (uint32_t)(sizeof(r) + ids + n + 3) & ~3u;
}
