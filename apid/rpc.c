/* SPDX-License-Identifier: ISC */
/*
 * The methods of all services.
 */
#include "apid/rpc.h"

#include "apid/apid.h"
#include "proto/bgp.pb-c.h"
#include "proto/bgpgg/v1/config.pb-c.h"
#include "proto/bgpgg/v1/metrics.pb-c.h"
#include "proto/bgpgg/v1/policy.pb-c.h"
#include "proto/grpc/health/v1/health.pb-c.h"

#define UNARY(name, request, handler)                                          \
	{                                                                      \
		"/bgp.BgpService/" name, CALL_UNARY,                           \
		    &bgp__##request##_request__descriptor, handler, false      \
	}
#define CHANGE(name, request, handler)                                         \
	{                                                                      \
		"/bgp.BgpService/" name, CALL_UNARY,                           \
		    &bgp__##request##_request__descriptor, handler, true       \
	}
#define STREAM(name, request, handler)                                         \
	{                                                                      \
		"/bgp.BgpService/" name, CALL_SERVER_STREAM,                   \
		    &bgp__##request##_request__descriptor, handler, false      \
	}

const struct call_method apid_methods[] = {
	CHANGE("AddPeer", add_peer, rpc_add_peer),
	CHANGE("RemovePeer", remove_peer, rpc_remove_peer),
	CHANGE("DisablePeer", disable_peer, rpc_disable_peer),
	CHANGE("EnablePeer", enable_peer, rpc_enable_peer),
	CHANGE("ResetPeer", reset_peer, rpc_reset_peer),
	UNARY("ListPeers", list_peers, rpc_list_peers),
	STREAM("ListPeersStream", list_peers, rpc_list_peers_stream),
	UNARY("GetPeer", get_peer, rpc_get_peer),
	CHANGE("AddRoute", add_route, rpc_add_route),
	{ "/bgp.BgpService/AddRouteStream", CALL_CLIENT_STREAM, NULL,
	    rpc_add_route_stream, true },
	CHANGE("RemoveRoute", remove_route, rpc_remove_route),
	UNARY("ListRoutes", list_routes, rpc_list_routes),
	STREAM("ListRoutesStream", list_routes, rpc_list_routes_stream),
	UNARY("GetServerInfo", get_server_info, rpc_get_server_info),
	CHANGE("AddBmpServer", add_bmp_server, rpc_add_bmp_server),
	CHANGE("RemoveBmpServer", remove_bmp_server, rpc_remove_bmp_server),
	UNARY("ListBmpServers", list_bmp_servers, rpc_list_bmp_servers),
	CHANGE("AddDefinedSet", add_defined_set, rpc_add_defined_set),
	CHANGE("RemoveDefinedSet", remove_defined_set, rpc_remove_defined_set),
	UNARY("ListDefinedSets", list_defined_sets, rpc_list_defined_sets),
	CHANGE("AddPolicy", add_policy, rpc_add_policy),
	CHANGE("RemovePolicy", remove_policy, rpc_remove_policy),
	UNARY("ListPolicies", list_policies, rpc_list_policies),
	CHANGE("SetPolicyAssignment", set_policy_assignment,
	    rpc_set_policy_assignment),

	UNARY("GetRunningConfig", get_running_config, rpc_get_running_config),
	CHANGE("CommitConfig", commit_config, rpc_commit_config),
	CHANGE("SaveConfig", save_config, rpc_save_config),
	CHANGE("RollbackConfig", rollback_config, rpc_rollback_config),
	UNARY("ListConfigSnapshots", list_config_snapshots,
	    rpc_list_config_snapshots),

	{ "/bgpgg.v1.ConfigService/Reload", CALL_UNARY,
	    &bgpgg__v1__reload_request__descriptor, rpc_reload, true },
	{ "/bgpgg.v1.ConfigService/GetFileConfig", CALL_UNARY,
	    &bgpgg__v1__get_file_config_request__descriptor,
	    rpc_get_file_config, false },
	{ "/bgpgg.v1.ConfigService/SetLogLevel", CALL_UNARY,
	    &bgpgg__v1__set_log_level_request__descriptor, rpc_set_log_level,
	    true },

	{ "/bgpgg.v1.RouteService/EditRoutes", CALL_CLIENT_STREAM, NULL,
	    rpc_edit_routes, true },
	{ "/bgpgg.v1.RouteService/ListRoutes", CALL_SERVER_STREAM,
	    &bgp__list_routes_request__descriptor, rpc_list_route_batches,
	    false },

	{ "/bgpgg.v1.PolicyService/TestPolicy", CALL_UNARY,
	    &bgpgg__v1__test_policy_request__descriptor, rpc_test_policy,
	    false },
	{ "/bgpgg.v1.PolicyService/DryRun", CALL_UNARY,
	    &bgpgg__v1__dry_run_request__descriptor, rpc_dry_run, false },
	{ "/bgpgg.v1.PolicyService/ListCounters", CALL_UNARY,
	    &bgpgg__v1__list_counters_request__descriptor, rpc_list_counters,
	    false },

	{ "/bgpgg.v1.MetricsService/GetMetrics", CALL_SERVER_STREAM,
	    &bgpgg__v1__get_metrics_request__descriptor, rpc_get_metrics,
	    false },

	{ "/grpc.health.v1.Health/Check", CALL_UNARY,
	    &grpc__health__v1__health_check_request__descriptor,
	    rpc_health_check, false },
	{ "/grpc.health.v1.Health/Watch", CALL_SERVER_STREAM,
	    &grpc__health__v1__health_check_request__descriptor,
	    rpc_health_watch, false },

	{ "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
	    CALL_BIDI_STREAM, NULL, rpc_reflection, false },
	{ "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
	    CALL_BIDI_STREAM, NULL, rpc_reflection, false },
};
const size_t apid_n_methods = nitems(apid_methods);
