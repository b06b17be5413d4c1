/* SPDX-License-Identifier: ISC */
/*
 * The metrics of the daemon as OpenMetrics text.
 *
 * A text is made when somebody asks, from one short answer of each process
 * and one listing of peers: O(peers), whatever the tables hold.  Who asks
 * within METRICS_FRESH_MS gets the same text, so that many or fast clients
 * cost no more than one a second.  What a process does not tell in time is
 * left out, and bgpgg_up says so.
 *
 * At most METRICS_TEXTS_MAX texts are held for clients that are slow to
 * read; beyond that those who read the oldest one lose it.
 */
#ifndef APID_METRICS_H
#define APID_METRICS_H

#include <stdbool.h>
#include <stddef.h>

#include "common/compat.h"

struct apid;
struct http_conn;
struct metrics;
struct metrics_text;

enum {
	METRICS_FRESH_MS = 1000,
	METRICS_ANSWER_MS = 5000, /* how long a process is waited for */
	METRICS_TEXTS_MAX = 4,
};

#define METRICS_TYPE                                                           \
	"application/openmetrics-text; version=1.0.0; charset=utf-8"

/* Who wants the text; a member of what serves it. */
struct metrics_user {
	TAILQ_ENTRY(metrics_user) entry;
	struct metrics_text *text; /* NULL: it is being made */
	/* It is there: user->text. */
	void (*ready)(struct metrics_user *);
	/* It was taken away again; the user is released. */
	void (*lost)(struct metrics_user *);
};

struct metrics *metrics_new(struct apid *);
void metrics_free(struct metrics *); /* without any users */

/* May call ready() at once. */
void metrics_get(struct metrics *, struct metrics_user *);
void metrics_release(struct metrics *, struct metrics_user *);
const char *metrics_bytes(const struct metrics_text *, size_t *len);

/* An http_handler: /metrics and /healthz; ctx is a struct metrics. */
void metrics_serve(void *ctx, struct http_conn *, const char *path);

#endif
