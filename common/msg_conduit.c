/* SPDX-License-Identifier: ISC */
/* Codecs of the payloads about conduits and what goes through them. */
#include "common/msg_conduit.h"

#include <string.h>

static bool
get_bool(struct rd *r)
{
	uint8_t v = rd_n8(r);

	if (v > 1)
		rd_fail(r);
	return v == 1;
}

void
msg_conduit_open_put(struct wr *w, const struct conduit_open *o)
{
	addr_put(w, &o->addr);
	wr_n16(w, o->port);
}

void
msg_conduit_open_get(struct rd *r, struct conduit_open *o)
{
	memset(o, 0, sizeof(*o));
	addr_get(r, &o->addr);
	o->port = rd_n16(r);
	if (o->addr.family == ADDR_NONE || o->port == 0)
		rd_fail(r);
}

void
msg_bmp_row_put(struct wr *w, const struct bmp_row *row)
{
	addr_put(w, &row->addr);
	wr_n16(w, row->port);
	wr_n8(w, row->up);
	wr_n32(w, row->secs);
	wr_n32(w, row->error);
	wr_n64(w, row->connections);
	wr_n64(w, row->messages);
	wr_n64(w, row->bytes);
	wr_n64(w, row->queued);
	wr_n64(w, row->pending);
	wr_n64(w, row->resyncs);
	wr_n64(w, row->dropped);
	wr_n8(w, row->dumping);
	wr_n64(w, row->statistics_secs);
	wr_n8(w, row->feeds);
	wr_n32(w, row->buffer_bytes);
}

void
msg_bmp_row_get(struct rd *r, struct bmp_row *row)
{
	memset(row, 0, sizeof(*row));
	addr_get(r, &row->addr);
	row->port = rd_n16(r);
	row->up = get_bool(r);
	row->secs = rd_n32(r);
	row->error = rd_n32(r);
	row->connections = rd_n64(r);
	row->messages = rd_n64(r);
	row->bytes = rd_n64(r);
	row->queued = rd_n64(r);
	row->pending = rd_n64(r);
	row->resyncs = rd_n64(r);
	row->dropped = rd_n64(r);
	row->dumping = get_bool(r);
	row->statistics_secs = rd_n64(r);
	row->feeds = rd_n8(r);
	row->buffer_bytes = rd_n32(r);
	if (row->addr.family == ADDR_NONE)
		rd_fail(r);
}
