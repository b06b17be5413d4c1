/* SPDX-License-Identifier: ISC */
/*
 * A whole table to be sent, ordered by attribute set so that UPDATEs are
 * full: first every entry is put on a list of those that go out with the
 * same set, then the lists are sent one after the other.  Both parts can
 * stop anywhere; each entry is looked at again when its turn comes, so the
 * table may change meanwhile.
 */
#ifndef RDE_DUMP_H
#define RDE_DUMP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct rde;
struct group;
struct peer;

struct dump_list {
	uint32_t attrs; /* of the entries in the table */
	uint32_t sent; /* SENT() of what goes out */
	uint32_t head, tail; /* entry ids */
	uint32_t same; /* index + 1 of another list of the same set */
	uint16_t except; /* member that is left out, 0: none */
};

struct dump {
	uint32_t *next; /* by entry id */
	uint32_t limit; /* entries below this */
	/* Lists hold references to their sets: what export policy made of
	 * them by prefix must stay what it was. */
	bool holds;
	uint32_t at; /* collected so far */
	struct dump_list *lists;
	uint32_t n_lists, max_lists;
	uint32_t list; /* being sent ... */
	uint32_t id; /* ... from this entry on; 0: from its head */
};

struct resend { /* a family sent again to one peer */
	struct dump dump;
	bool again;
};

/* A dump of the entries that exist now. */
void dump_init(struct dump *, uint32_t limit, bool holds);
void dump_fini(struct rde *, struct dump *);
void dump_copy(struct rde *, struct dump *to, const struct dump *from);
/* The list at d->list has been sent. */
void dump_list_done(struct rde *, struct dump *);
bool dump_is_collected(const struct dump *);
/* The list, as an index, of entries with a set that go out with another. */
uint32_t dump_list_for(struct rde *, struct dump *, uint32_t attrs,
    uint32_t sent, uint16_t except);
/* Put an entry on a list. */
static inline void
dump_append(struct dump *d, uint32_t list, uint32_t id)
{
	struct dump_list *l = &d->lists[list];

	d->next[id] = 0;
	if (l->head == 0)
		l->head = id;
	else
		d->next[l->tail] = id;
	l->tail = id;
}

#endif
