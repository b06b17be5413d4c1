/* SPDX-License-Identifier: ISC */
/*
 * Payloads of table listings and route injection (apid <-> rde).
 *
 * A query is opened with a number that apid chose, and answered with blocks
 * of rows, one block a credit, at most QUERY_BLOCK bytes each, then with
 * QUERY_END (a struct err; ERR_OK when complete).  The rde holds a resume
 * key and a credit balance for a query, nothing else.  Each prefix is
 * consistent in itself; the table may change between blocks.
 *
 * A prefix with more paths than a block holds has a block of its own of up
 * to MSG_MAX bytes.  Beyond that it is sent as several rows of the same NLRI,
 * one after the other, in as many blocks; each block takes a credit, and the
 * balance may go below zero to end the prefix.  So a row whose NLRI equals
 * that of the row before goes on with its paths.
 */
#ifndef COMMON_MSG_QUERY_H
#define COMMON_MSG_QUERY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/addr.h"
#include "common/compat.h"
#include "common/cursor.h"
#include "common/err.h"
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
	QUERY_MATCH_LONGER, /* the prefix and what it covers */
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
	QUERY_PATH_REJECTED = 8, /* by import policy; INELIGIBLE, too */
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
	/* REJECTED: what did it, as "POLICY statement N (NAME)"; no NUL */
	const char *rejected_by;
	uint16_t rejected_by_len;
};
/* A row is nlri, n16 number of paths (at least one), the paths. */
/* Returns where msg_query_row_end() puts the number of paths. */
size_t msg_query_row_begin(struct wr *, const struct nlri *);
void msg_query_row_end(struct wr *, size_t at, uint16_t paths);
void msg_query_row_get(struct rd *, struct nlri *, uint16_t *paths);
void msg_query_path_put(struct wr *, const struct query_path *);
void msg_query_path_get(struct rd *, struct query_path *); /* borrows */

/*
 * INJECT: n16 number of edits (at least one), the edits.  INJECT_DONE: n16
 * the same number, and for each edit in order its result by
 * msg_inject_result_*: n8 code, and unless that is ERR_OK a string.  A text
 * is cut where the results would not fit in a message otherwise.  apid sends
 * the next INJECT when it has INJECT_DONE of the one before.
 */
enum inject_op { INJECT_ADD, INJECT_REMOVE };
struct inject {
	uint8_t op;
	struct nlri nlri;
	const uint8_t *attrs; /* ADD: canonical wire form; borrows */
	uint16_t attrs_len;
};
void msg_inject_put(struct wr *, const struct inject *);
void msg_inject_get(struct rd *, struct inject *);

void msg_inject_result_put(struct wr *, const struct err *,
    size_t max_text /* longest text that still fits */);
void msg_inject_result_get(struct rd *, struct err *);

/* RIB_INFO: n64 prefixes in Loc-RIB, then per family n64 prefixes, n64
 * paths. */
struct rib_info {
	uint64_t prefixes; /* with a best path, over all families */
	struct {
		uint64_t prefixes; /* with any path */
		uint64_t paths;
	} families[FAMILY__MAX];
};
void msg_rib_info_put(struct wr *, const struct rib_info *);
void msg_rib_info_get(struct rd *, struct rib_info *);

#endif
