/* SPDX-License-Identifier: ISC */
/*
 * Routes as command lines give them.  Private to the directory.
 */
#ifndef BGPCTL_ROUTE_H
#define BGPCTL_ROUTE_H

#include <stddef.h>
#include <stdint.h>

#include "bgpctl/ctl.h"

/* An AddRouteRequest with the memory that it points to. */
struct route {
	Bgp__AddRouteRequest m;
	char *prefix;
	char *next_hop;
	Bgp__AsPathSegment *segments;
	Bgp__AsPathSegment **segment_list;
	uint32_t *asns;
	uint32_t communities[CMD_OPTIONS];
	Bgp__ExtendedCommunity ext[CMD_OPTIONS];
	Bgp__ExtendedCommunity__Unknown ext_raw[CMD_OPTIONS];
	uint8_t ext_bytes[CMD_OPTIONS][8];
	Bgp__ExtendedCommunity *ext_list[CMD_OPTIONS];
	Bgp__LargeCommunity large[CMD_OPTIONS];
	Bgp__LargeCommunity *large_list[CMD_OPTIONS];
};

/* The request that a command line of network add means.  0; route_fini
 * releases it.  Or -1 with a text in err, and nothing is held. */
int route_init(struct route *, const struct cmd_args *, char *err,
    size_t err_len) ATTR_CHECK;
void route_fini(struct route *);

/* What show rib asks for, with the memory that it points to. */
struct rib_query {
	Bgp__ListRoutesRequest m;
	char *prefix;
	char *peer;
};
/* From the words of a command line; an exit status, and if that is CTL_DONE,
 * rib_query_fini releases it. */
int rib_query_init(struct ctl *, const struct cmd_args *, struct rib_query *);
void rib_query_fini(struct rib_query *);
/* Each route that it finds, in order, until on_route returns false.  0, or -1
 * and the status tells why. */
int rib_query_run(struct ctl *, const struct rib_query *,
    bool (*on_route)(void *ctx, const Bgp__Route *), void *ctx,
    struct client_status *) ATTR_CHECK;

#endif
