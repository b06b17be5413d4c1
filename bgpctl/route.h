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

#endif
