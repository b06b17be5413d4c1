/* SPDX-License-Identifier: ISC */
/*
 * Questions to the sibling processes that wait for answers: numbered by us,
 * found again by the number in the answer, given up when the sibling goes
 * or takes too long.  A struct req is a member of what serves the call.
 */
#ifndef APID_REQ_H
#define APID_REQ_H

#include <stddef.h>
#include <stdint.h>

#include "common/compat.h"
#include "common/err.h"
#include "common/mono.h"
#include "common/msg.h"

struct msg;
struct req;

struct req_ops {
	/* A message of the catalogue with our number. */
	void (*on_msg)(struct req *, const struct msg *);
	/* No answer will come; the request is closed already. */
	void (*on_lost)(struct req *, const struct err *);
};

struct req {
	LIST_ENTRY(req) bucket;
	TAILQ_ENTRY(req) entry;
	uint32_t id; /* 0: not open */
	enum proc to;
	const struct req_ops *ops;
	struct mono deadline; /* 0: none */
};

struct req_table {
	LIST_HEAD(req_bucket, req) * buckets;
	size_t n_buckets; /* a power of two, at least the number of requests */
	size_t count;
	TAILQ_HEAD(req_list, req) all;
	uint32_t next_id;
};

void req_table_init(struct req_table *);
void req_table_fini(struct req_table *);
/* Number the request and remember it; deadline_us 0 means none. */
void req_open(struct req_table *, struct req *, enum proc to,
    const struct req_ops *, struct mono deadline);
/* Forget it; allowed when it is not open. */
void req_close(struct req_table *, struct req *);
/* NULL if there is none of that number to that sibling. */
struct req *req_find(struct req_table *, enum proc from, uint32_t id);
/* Lose every request to a sibling. */
void req_lose_all(struct req_table *, enum proc to, const struct err *);
/* Lose those whose time is over. */
void req_expire(struct req_table *, struct mono now);

#endif
