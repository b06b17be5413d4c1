/* SPDX-License-Identifier: ISC */
/*
 * The generator's half of rde_micro; see rde_micro_load.h.
 */
#include "regress/bench/rde_micro_load.h"

#include <stdlib.h>
#include <string.h>

#include "regress/bench/table.h"

static void
cut(const struct table *t, unsigned sender, uint32_t from, uint32_t to,
    const struct addr *nh, struct micro_stream *to_stream)
{
	struct bytes b;
	uint32_t i;

	memset(&b, 0, sizeof(b));
	table_stream(t, &b, sender, from, to, nh);
	to_stream->data = b.data;
	to_stream->len = b.len;
	to_stream->prefixes = 0;
	for (i = from; i < to; i++) {
		if (t->sets[i].sender == sender)
			to_stream->prefixes += t->sets[i].n;
	}
}

uint32_t
micro_load(struct micro_stream *streams, unsigned senders, unsigned afi,
    uint32_t npfx, int same, uint32_t again, const char *mrt)
{
	struct gen gen = { .seed = 1,
		.npfx = npfx,
		.afi = afi,
		.senders = senders,
		.sender_as = 65001,
		.same = same != 0 };
	struct table t;
	struct addr nh[3];
	uint32_t n, first, end;
	unsigned s;

	table_init(&t, 65000);
	if (mrt != NULL) {
		if (mrt_load(&t, mrt, 0, 65001, afi) < 0)
			return 0;
	} else {
		table_generate(&t, &gen);
	}
	/* By address family. */
	memset(nh, 0, sizeof(nh));
	if (!addr_parse(&nh[1], "192.0.2.77") ||
	    !addr_parse(&nh[2], "2001:db8::77"))
		return 0;
	n = t.npfx;
	for (s = 0; s < senders; s++)
		cut(&t, s, 0, t.nsets, nh, &streams[s]);
	if (again > 0) {
		first = table_reannounce(&t, 2, again, &end);
		cut(&t, 0, first, t.nsets, nh, &streams[senders]);
	}
	table_fini(&t);
	return n;
}
