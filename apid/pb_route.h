/* SPDX-License-Identifier: ISC */
/*
 * Routes between the rde's form (rows, edits) and the API's messages.
 * Pure; the encoder keeps only scratch memory between rows.
 */
#ifndef APID_PB_ROUTE_H
#define APID_PB_ROUTE_H

#include <stddef.h>
#include <stdint.h>

#include "apid/pbw.h"
#include "common/compat.h"
#include "common/cursor.h"
#include "common/err.h"
#include "common/msg_query.h"
#include "proto/bgp.pb-c.h"

struct pb_route_encoder {
	struct pbw path; /* one Path under construction */
};
void pb_route_encoder_fini(struct pb_route_encoder *);

/*
 * Read one row of QUERY_ROWS and append the Route that shows it, without
 * any head.  -1 if the row is malformed.
 */
int pb_route_put(struct pb_route_encoder *, struct pbw *,
    struct rd *row) ATTR_CHECK;

/* Append a Path as member `field`. */
void pb_path_put(struct pb_route_encoder *, struct pbw *, uint32_t field,
    const struct query_path *);

/*
 * What AddRoute wants: the NLRI, and its canonical attribute block appended
 * to attrs.  -1 with ERR_INVALID in e, naming the member.
 */
int pb_route_get(const Bgp__AddRouteRequest *, struct nlri *, struct wr *attrs,
    struct err *e) ATTR_CHECK;
/* The same as a peer would send it: without a LOCAL_PREF where none is
 * given. */
int pb_route_get_foreign(const Bgp__AddRouteRequest *, struct nlri *,
    struct wr *attrs, struct err *e) ATTR_CHECK;

#endif
