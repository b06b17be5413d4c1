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
dump_init(struct dump *d, uint32_t limit, bool holds)
{
	memset(d, 0, sizeof(*d));
	d->limit = limit;
	d->holds = holds;
	d->at = 1; /* ids begin there */
	if (limit > 1)
		d->next = xreallocarray(NULL, limit, sizeof(*d->next));
}

static void
list_ref(struct rde *rde, const struct dump *d, const struct dump_list *l)
{
	if (!d->holds)
		return;
	attrs_ref(rde->attrs, l->attrs, 1);
	attrs_ref(rde->attrs, SENT_ATTRS(l->sent), 1);
}

static void
list_unref(struct rde *rde, const struct dump *d, const struct dump_list *l)
{
	if (!d->holds)
		return;
	attrs_unref(rde->attrs, l->attrs, 1);
	attrs_unref(rde->attrs, SENT_ATTRS(l->sent), 1);
}

void
dump_list_done(struct rde *rde, struct dump *d)
{
	list_unref(rde, d, &d->lists[d->list]);
	d->list++;
}

void
dump_fini(struct rde *rde, struct dump *d)
{
	uint32_t i;

	for (i = d->list; i < d->n_lists; i++)
		list_unref(rde, d, &d->lists[i]);
	free(d->next);
	free(d->lists);
	memset(d, 0, sizeof(*d));
}

void
dump_copy(struct rde *rde, struct dump *to, const struct dump *from)
{
	uint32_t i;

	*to = *from;
	to->next = NULL;
	to->lists = NULL;
	if (from->next != NULL)
		to->next = xmemdup(from->next, from->limit * sizeof(*to->next));
	if (from->max_lists > 0)
		to->lists =
		    xmemdup(from->lists, from->max_lists * sizeof(*to->lists));
	for (i = to->list; i < to->n_lists; i++)
		list_ref(rde, to, &to->lists[i]);
}

bool
dump_is_collected(const struct dump *d)
{
	return d->at >= d->limit;
}

static uint32_t
list_new(struct rde *rde, struct dump *d, uint32_t attrs, uint32_t sent,
    uint16_t except)
{
	struct dump_list *l;

	if (d->n_lists == d->max_lists) {
		d->max_lists = d->max_lists == 0 ? 1024 : d->max_lists * 2;
		d->lists =
		    xreallocarray(d->lists, d->max_lists, sizeof(*d->lists));
	}
	l = &d->lists[d->n_lists];
	l->attrs = attrs;
	l->sent = sent;
	l->head = 0;
	l->tail = 0;
	l->same = 0;
	l->except = except;
	list_ref(rde, d, l);
	return d->n_lists++;
}

uint32_t
dump_list_for(struct rde *rde, struct dump *d, uint32_t attrs, uint32_t sent,
    uint16_t except)
{
	struct attrs *a = attrs_get(rde->attrs, attrs);
	uint32_t at = a->bucket, first = 0;

	if (at < d->n_lists && d->lists[at].attrs == attrs) {
		for (first = at + 1; at + 1 != 0; at = d->lists[at].same - 1) {
			if (d->lists[at].sent == sent &&
			    d->lists[at].except == except)
				return at;
		}
	}
	at = list_new(rde, d, attrs, sent, except);
	d->lists[at].same = first;
	a->bucket = at;
	return at;
}
