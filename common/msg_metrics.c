/* SPDX-License-Identifier: ISC */
/* The numbers of processes as a table and as a message. */
#include "common/msg_metrics.h"

const struct metric_rule metric_rules[METRIC__MAX] = {
#define M(id, owner, family, type, unit, labels, div, help)                    \
	[METRIC_##id] = { family, unit, labels, help, div, PROC_##owner,       \
		METRIC_##type },
	METRICS_CATALOGUE(M)
#undef M
};

void
msg_metrics_put(struct wr *w, enum proc proc, const uint64_t v[METRIC__MAX])
{
	int i;

	for (i = 0; i < METRIC__MAX; i++)
		if (metric_rules[i].owner == proc)
			wr_n64(w, v[i]);
}

void
msg_metrics_get(struct rd *r, enum proc proc, uint64_t v[METRIC__MAX])
{
	int i;

	for (i = 0; i < METRIC__MAX; i++)
		if (metric_rules[i].owner == proc)
			v[i] = rd_n64(r);
}
