/* SPDX-License-Identifier: ISC */
/*
 * Tables ordered by attribute set; see dump.h.
 *
 * A set finds its list through the scratch field in its head.  The field is
 * shared with every other collector and never cleared: a value counts only
 * if the list it names is of this very set.  At worst a set gets a second
 * list.
 */
#include "rde/dump.h"

#include <stdlib.h>
#include <string.h>

#include "common/xmalloc.h"
#include "rde/group.h"

void
dump_init(struct dump *d, uint32_t limit)
{
	memset(d, 0, sizeof(*d));
	d->limit = limit;
	d->at = 1; /* ids begin there */
	if (limit > 1)
		d->next = xreallocarray(NULL, limit, sizeof(*d->next));
}

void
dump_fini(struct dump *d)
{
	free(d->next);
	free(d->lists);
	memset(d, 0, sizeof(*d));
}

void
dump_copy(struct dump *to, const struct dump *from)
{
	*to = *from;
	to->next = NULL;
	to->lists = NULL;
	if (from->next != NULL)
		to->next = xmemdup(from->next, from->limit * sizeof(*to->next));
	if (from->max_lists > 0)
		to->lists =
		    xmemdup(from->lists, from->max_lists * sizeof(*to->lists));
}

bool
dump_is_collected(const struct dump *d)
{
	return d->at >= d->limit;
}

static uint32_t
list_new(struct dump *d, uint32_t sent, uint16_t except)
{
	struct dump_list *l;

	if (d->n_lists == d->max_lists) {
		d->max_lists = d->max_lists == 0 ? 1024 : d->max_lists * 2;
		d->lists =
		    xreallocarray(d->lists, d->max_lists, sizeof(*d->lists));
	}
	l = &d->lists[d->n_lists];
	l->sent = sent;
	l->head = 0;
	l->tail = 0;
	l->same = 0;
	l->except = except;
	return d->n_lists++;
}

uint32_t
dump_list_for(struct rde *rde, struct dump *d, uint32_t sent, uint16_t except)
{
	struct attrs *a = attrs_get(rde->attrs, SENT_ATTRS(sent));
	uint32_t at = a->bucket, first = 0;

	if (at < d->n_lists &&
	    SENT_ATTRS(d->lists[at].sent) == SENT_ATTRS(sent)) {
		for (first = at + 1; at + 1 != 0; at = d->lists[at].same - 1) {
			if (d->lists[at].sent == sent &&
			    d->lists[at].except == except)
				return at;
		}
	}
	at = list_new(d, sent, except);
	d->lists[at].same = first;
	a->bucket = at;
	return at;
}
