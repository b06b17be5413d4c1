/* SPDX-License-Identifier: ISC */
/*
 * Payloads of table listings and route injection (apid <-> rde).
 *
 * A query is opened with a number that apid chose, and answered with blocks
 * of rows, one block a credit, at most QUERY_BLOCK bytes each, then with
 * QUERY_END (a struct err; ERR_OK when complete).  The rde holds a resume
 * key and a credit balance for a query, nothing else.  Each prefix is
 * consistent in itself; the table may change between blocks.
 */
#ifndef COMMON_MSG_QUERY_H
#define COMMON_MSG_QUERY_H

#include <stdbool.h>
#include <stdint.h>

#include "common/addr.h"
#include "common/compat.h"
#include "common/cursor.h"
#include "common/nlri.h"

enum {
	QUERY_BLOCK = 32 * 1024,
	QUERY_WINDOW = 4, /* blocks in flight */
};

enum query_table { /* numbers as in the API */
	QUERY_GLOBAL,
	QUERY_ADJ_IN,
	QUERY_ADJ_OUT,
};

enum query_match {
	QUERY_MATCH_ALL,
	QUERY_MATCH_EXACT,
	QUERY_MATCH_LONGER,  /* the prefix and what it covers */
	QUERY_MATCH_COVERING, /* the prefix and what covers it */
};

struct query_open {
	uint8_t table; /* enum query_table */
	struct addr peer; /* ADJ_IN, ADJ_OUT */
	uint32_t families; /* bits of FAMILY_BIT() */
	bool best_only;
	uint8_t match; /* enum query_match */
	struct nlri nlri; /* unless MATCH_ALL */
	bool has_community;
	uint32_t community;
	bool has_origin_as;
	uint32_t origin_as;
};
void msg_query_open_put(struct wr *, const struct query_open *);
void msg_query_open_get(struct rd *, struct query_open *);

enum query_path_flag {
	QUERY_PATH_BEST = 1,
	QUERY_PATH_STALE = 2,
	QUERY_PATH_INELIGIBLE = 4, /* kept but never chosen: loop, next hop */
};

/* One row: an NLRI and its paths, best first. */
struct query_path {
	struct addr peer; /* 127.0.0.1 for local routes */
	uint32_t remote_as; /* of the peer */
	uint32_t path_id;
	uint8_t flags;
	uint32_t age_secs;
	const uint8_t *attrs; /* canonical wire form, see bgp_attr.h */
	uint16_t attrs_len;
};
/* A row is nlri, n16 number of paths, the paths. */
void msg_query_path_put(struct wr *, const struct query_path *);
void msg_query_path_get(struct rd *, struct query_path *); /* borrows */

/* INJECT: n16 number of edits, the edits; INJECT_DONE: n16 number, and for
 * each a struct err (code n8 only when it is ERR_OK). */
enum inject_op { INJECT_ADD, INJECT_REMOVE };
struct inject {
	uint8_t op;
	struct nlri nlri;
	const uint8_t *attrs; /* ADD: canonical wire form; borrows */
	uint16_t attrs_len;
};
void msg_inject_put(struct wr *, const struct inject *);
void msg_inject_get(struct rd *, struct inject *);

/* RIB_INFO: n64 prefixes in Loc-RIB, then per family n64 prefixes, n64
 * paths. */

#endif
