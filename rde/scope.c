/* SPDX-License-Identifier: ISC */
/* Parts of the tables; see scope.h. */
#include "rde/scope.h"

#include <stdlib.h>
#include <string.h>

#include "common/xmalloc.h"

void
scope_init(struct scope *s)
{
	memset(s, 0, sizeof(*s));
	s->at = 1; /* ids begin there */
}

void
scope_fini(struct scope *s)
{
	free(s->list);
	scope_init(s);
}

void
scope_all(struct scope *s)
{
	free(s->list);
	s->list = NULL;
	s->n = 0;
	s->all = true;
}

void
scope_add(struct scope *s, struct nlri *list, size_t n)
{
	if (!s->all && s->n + n > SCOPE_MAX)
		scope_all(s);
	if (!s->all && n > 0) {
		s->list = xreallocarray(s->list, s->n + n, sizeof(*s->list));
		memcpy(s->list + s->n, list, n * sizeof(*list));
		s->n += n;
	}
	free(list);
}

bool
scope_is_empty(const struct scope *s)
{
	return !s->all && s->n == 0;
}

static size_t
next_of_all(struct scope *s, struct rib *ribs, int only, struct rib **rib,
    uint32_t *ids, size_t max)
{
	size_t n = 0;

	for (; s->family < FAMILY__MAX; s->family++, s->at = 1) {
		if (only != -1 && s->family != only)
			continue;
		*rib = &ribs[s->family];
		for (; n < max && s->at < (*rib)->entries.next; s->at++)
			ids[n++] = s->at;
		if (n > 0)
			return n;
	}
	return 0;
}

static size_t
next_of_list(struct scope *s, struct rib *ribs, int only, struct rib **rib,
    uint32_t *ids, size_t max)
{
	const struct nlri *within;
	size_t n;

	for (; s->item < s->n; s->item++, s->begun = false) {
		within = &s->list[s->item];
		if (only != -1 && within->family != only)
			continue;
		*rib = &ribs[within->family];
		n = rib_walk(*rib, s->begun ? &s->from : NULL, s->begun, within,
		    ids, max);
		if (n == 0)
			continue;
		s->begun = true;
		rib_nlri(*rib, ids[n - 1], &s->from);
		return n;
	}
	return 0;
}

size_t
scope_next(struct scope *s, struct rib *ribs, int only, struct rib **rib,
    uint32_t *ids, size_t max)
{
	if (s->all)
		return next_of_all(s, ribs, only, rib, ids, max);
	return next_of_list(s, ribs, only, rib, ids, max);
}
