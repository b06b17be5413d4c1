/* SPDX-License-Identifier: ISC */
/*
 * Listings of the tables for apid (msg_query.h).
 *
 * A query is a walk (walk.h) with a resume key and a balance of credits.  It
 * writes rows into one scratch block that all queries share and sends the
 * block at the end of its slice, so an open query costs its own struct and
 * nothing else however slow its reader is.  When the channel to apid is
 * congested all queries wait for it to drain.
 */
#ifndef RDE_QUERY_H
#define RDE_QUERY_H

#include <stdbool.h>
#include <stdint.h>

#include "common/compat.h"
#include "common/msg_query.h"
#include "rde/rde.h"
#include "rde/walk.h"

struct shell;

enum {
	QUERY_MAX = 25600, /* open at once: 256 connections of 100 streams */
	QUERY_BUCKETS = 4096,
};

struct query {
	struct walk walk; /* first: the walk's step finds the query */
	LIST_ENTRY(query) entry;
	struct shell *shell;
	uint32_t id;
	int32_t credit; /* below zero: a long prefix was ended on credit */
	struct query_open open;
	uint32_t peer_id; /* of open.peer when last seen; 0: unknown */
	uint8_t family; /* being walked */
	bool started; /* in this family: go on behind `last` */
	struct nlri last;
};
LIST_HEAD(query_list, query);

struct queries {
	struct query_list *buckets; /* by hash of id */
	uint32_t n;
	/* scratch of a slice */
	uint8_t *block; /* MSG_MAX */
	uint8_t *attrs; /* ADJOUT_MAX */
	struct route_view *views;
	size_t max_views;
};

void query_init(struct queries *);
void query_fini(struct queries *); /* after query_close_all */

/* The messages; -1: apid broke the rules. */
int
query_open(struct shell *, uint32_t id, const struct query_open *) ATTR_CHECK;
int query_credit(struct shell *, uint32_t id, uint32_t blocks) ATTR_CHECK;
void query_close(struct shell *, uint32_t id);
/* The channel to apid has room again. */
void query_drained(struct shell *);
void query_close_all(struct shell *);

#endif
