/* SPDX-License-Identifier: ISC */
/*
 * The methods of all services.
 */
#include "apid/rpc.h"

#include "apid/apid.h"
#include "proto/bgp.pb-c.h"
#include "proto/grpc/health/v1/health.pb-c.h"

static void
bmp_not_served(void *ctx, struct call *call, const ProtobufCMessage *m)
{
	(void)ctx;
	(void)m;
	call_unimplemented(call, "this daemon has no BMP feed");
}

static void
policy_not_served(void *ctx, struct call *call, const ProtobufCMessage *m)
{
	(void)ctx;
	(void)m;
	call_unimplemented(call, "this daemon has no routing policy");
}

#define UNARY(name, request, handler)                                          \
	{                                                                      \
		"/bgp.BgpService/" name, CALL_UNARY,                           \
		    &bgp__##request##_request__descriptor, handler             \
	}
#define STREAM(name, request, handler)                                         \
	{                                                                      \
		"/bgp.BgpService/" name, CALL_SERVER_STREAM,                   \
		    &bgp__##request##_request__descriptor, handler             \
	}

const struct call_method apid_methods[] = {
	UNARY("AddPeer", add_peer, rpc_add_peer),
	UNARY("RemovePeer", remove_peer, rpc_remove_peer),
	UNARY("DisablePeer", disable_peer, rpc_disable_peer),
	UNARY("EnablePeer", enable_peer, rpc_enable_peer),
	UNARY("ResetPeer", reset_peer, rpc_reset_peer),
	UNARY("ListPeers", list_peers, rpc_list_peers),
	STREAM("ListPeersStream", list_peers, rpc_list_peers_stream),
	UNARY("GetPeer", get_peer, rpc_get_peer),
	UNARY("AddRoute", add_route, rpc_add_route),
	{ "/bgp.BgpService/AddRouteStream", CALL_CLIENT_STREAM, NULL,
	    rpc_add_route_stream },
	UNARY("RemoveRoute", remove_route, rpc_remove_route),
	UNARY("ListRoutes", list_routes, rpc_list_routes),
	STREAM("ListRoutesStream", list_routes, rpc_list_routes_stream),
	UNARY("GetServerInfo", get_server_info, rpc_get_server_info),
	UNARY("AddBmpServer", add_bmp_server, bmp_not_served),
	UNARY("RemoveBmpServer", remove_bmp_server, bmp_not_served),
	UNARY("ListBmpServers", list_bmp_servers, bmp_not_served),
	UNARY("AddDefinedSet", add_defined_set, policy_not_served),
	UNARY("RemoveDefinedSet", remove_defined_set, policy_not_served),
	UNARY("ListDefinedSets", list_defined_sets, policy_not_served),
	UNARY("AddPolicy", add_policy, policy_not_served),
	UNARY("RemovePolicy", remove_policy, policy_not_served),
	UNARY("ListPolicies", list_policies, policy_not_served),
	UNARY("SetPolicyAssignment", set_policy_assignment, policy_not_served),

	{ "/bgpgg.v1.RouteService/EditRoutes", CALL_CLIENT_STREAM, NULL,
	    rpc_edit_routes },
	{ "/bgpgg.v1.RouteService/ListRoutes", CALL_SERVER_STREAM,
	    &bgp__list_routes_request__descriptor, rpc_list_route_batches },

	{ "/grpc.health.v1.Health/Check", CALL_UNARY,
	    &grpc__health__v1__health_check_request__descriptor,
	    rpc_health_check },
	{ "/grpc.health.v1.Health/Watch", CALL_SERVER_STREAM,
	    &grpc__health__v1__health_check_request__descriptor,
	    rpc_health_watch },

	{ "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
	    CALL_BIDI_STREAM, NULL, rpc_reflection },
	{ "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
	    CALL_BIDI_STREAM, NULL, rpc_reflection },
};
const size_t apid_n_methods = nitems(apid_methods);
