/* SPDX-License-Identifier: ISC */
/*
 * Requests under way to the siblings: a hash table by number that doubles,
 * and a list in order of opening.
 */
#include "apid/req.h"

#include <stdlib.h>

#include "common/xmalloc.h"

static struct req_bucket *
bucket_of(struct req_table *table, uint32_t id)
{
	return &table->buckets[id & (table->n_buckets - 1)];
}

static void
resize(struct req_table *table, size_t n)
{
	struct req *req;
	size_t i;

	free(table->buckets);
	table->buckets = xcalloc(n, sizeof(*table->buckets));
	table->n_buckets = n;
	for (i = 0; i < n; i++)
		LIST_INIT(&table->buckets[i]);
	TAILQ_FOREACH(req, &table->all, entry)
		LIST_INSERT_HEAD(bucket_of(table, req->id), req, bucket);
}

void
req_table_init(struct req_table *table)
{
	table->buckets = NULL;
	table->count = 0;
	table->next_id = 1;
	TAILQ_INIT(&table->all);
	resize(table, 64);
}

void
req_table_fini(struct req_table *table)
{
	free(table->buckets);
	table->buckets = NULL;
}

void
req_open(struct req_table *table, struct req *req, enum proc to,
    const struct req_ops *ops, struct mono deadline)
{
	if (table->count == table->n_buckets)
		resize(table, table->n_buckets * 2);
	do {
		req->id = table->next_id++;
	} while (req->id == 0 || req_find(table, to, req->id) != NULL);
	req->to = to;
	req->ops = ops;
	req->deadline = deadline;
	LIST_INSERT_HEAD(bucket_of(table, req->id), req, bucket);
	TAILQ_INSERT_TAIL(&table->all, req, entry);
	table->count++;
}

void
req_close(struct req_table *table, struct req *req)
{
	if (req->id == 0)
		return;
	LIST_REMOVE(req, bucket);
	TAILQ_REMOVE(&table->all, req, entry);
	table->count--;
	req->id = 0;
}

struct req *
req_find(struct req_table *table, enum proc from, uint32_t id)
{
	struct req *req;

	LIST_FOREACH(req, bucket_of(table, id), bucket)
		if (req->id == id && req->to == from)
			return req;
	return NULL;
}

static void
lose(struct req_table *table, struct req *req, const struct err *e)
{
	req_close(table, req);
	req->ops->on_lost(req, e);
}

void
req_lose_all(struct req_table *table, enum proc to, const struct err *e)
{
	struct req *req;

	/* A loss may close others, so begin anew each time. */
again:
	TAILQ_FOREACH(req, &table->all, entry)
		if (req->to == to) {
			lose(table, req, e);
			goto again;
		}
}

void
req_expire(struct req_table *table, struct mono now)
{
	struct req *req;
	struct err e;

again:
	TAILQ_FOREACH(req, &table->all, entry)
		if (req->deadline.us != 0 && mono_reached(now, req->deadline)) {
			(void)err_set(&e, ERR_UNAVAILABLE, "%s does not answer",
			    proc_name(req->to));
			lose(table, req, &e);
			goto again;
		}
}
