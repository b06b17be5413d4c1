/* SPDX-License-Identifier: ISC */
/*
 * Keys that wait; see bmp_pending.h.
 *
 * A list in order of arrival and an open table of indices into it.  What was
 * taken stays in both until the list is empty or full; a slot that names it
 * counts as another key's.
 */
#include "rde/bmp_pending.h"

#include <stdlib.h>
#include <string.h>

#include "common/hash.h"
#include "common/xmalloc.h"

enum { SIZE_MIN = 256 };

_Static_assert(sizeof(struct bmp_change) == 24, "no padding");

void
bmp_pending_init(struct bmp_pending *p, size_t bytes)
{
	const size_t each = sizeof(*p->list) + 2 * sizeof(*p->slots);

	memset(p, 0, sizeof(*p));
	p->max = SIZE_MIN;
	while (p->max * 2 * each <= bytes)
		p->max *= 2;
}

void
bmp_pending_clear(struct bmp_pending *p)
{
	free(p->list);
	free(p->slots);
	p->list = NULL;
	p->slots = NULL;
	p->at = p->n = p->size = 0;
}

void
bmp_pending_fini(struct bmp_pending *p)
{
	bmp_pending_clear(p);
}

static size_t
slot_of(const struct bmp_pending *p, const struct bmp_change *c)
{
	return hash_bytes(c, sizeof(*c)) & (2 * p->size - 1);
}

/* The slot that names the key, or the free one where it would be named. */
static uint32_t *
lookup(const struct bmp_pending *p, const struct bmp_change *c)
{
	size_t i = slot_of(p, c);

	while (p->slots[i] != 0 &&
	    memcmp(&p->list[p->slots[i] - 1], c, sizeof(*c)) != 0)
		i = (i + 1) & (2 * p->size - 1);
	return &p->slots[i];
}

static void
slots_fill(struct bmp_pending *p)
{
	size_t i;

	memset(p->slots, 0, 2 * p->size * sizeof(*p->slots));
	for (i = 0; i < p->n; i++)
		*lookup(p, &p->list[i]) = (uint32_t)i + 1;
}

/* Room for one more behind a full list; false if there is none. */
static bool
make_room(struct bmp_pending *p)
{
	size_t waiting = bmp_pending_count(p);

	/* Moving costs as much as it frees, or more is needed anyway. */
	if (waiting > p->size / 2) {
		if (p->size >= p->max)
			return false;
		p->size = p->size == 0 ? SIZE_MIN : p->size * 2;
		p->list = xreallocarray(p->list, p->size, sizeof(*p->list));
		free(p->slots);
		p->slots = xcalloc(2 * p->size, sizeof(*p->slots));
	}
	memmove(p->list, p->list + p->at, waiting * sizeof(*p->list));
	p->at = 0;
	p->n = waiting;
	slots_fill(p);
	return true;
}

bool
bmp_pending_add(struct bmp_pending *p, const struct bmp_change *c)
{
	uint32_t *slot;

	if (p->size == 0) {
		p->size = SIZE_MIN;
		p->list = xcalloc(p->size, sizeof(*p->list));
		p->slots = xcalloc(2 * p->size, sizeof(*p->slots));
	}
	slot = lookup(p, c);
	if (*slot != 0 && *slot - 1 >= p->at)
		return true;
	if (p->n == p->size) {
		if (!make_room(p))
			return false;
		slot = lookup(p, c);
	}
	p->list[p->n++] = *c;
	*slot = (uint32_t)p->n;
	return true;
}

bool
bmp_pending_take(struct bmp_pending *p, struct bmp_change *c)
{
	if (p->at == p->n)
		return false;
	*c = p->list[p->at++];
	if (p->at < p->n)
		return true;
	if (p->size > SIZE_MIN) {
		bmp_pending_clear(p);
	} else {
		p->at = p->n = 0;
		memset(p->slots, 0, 2 * p->size * sizeof(*p->slots));
	}
	return true;
}
