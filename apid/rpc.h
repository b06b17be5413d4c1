/* SPDX-License-Identifier: ISC */
/*
 * The handlers behind the method table, by subject.  Each serves one call
 * and ends it; see call.h.  ctx is the struct apid.
 */
#ifndef APID_RPC_H
#define APID_RPC_H

#include "apid/call.h"

/* rpc_peer.c */
void rpc_add_peer(void *, struct call *, const ProtobufCMessage *);
void rpc_remove_peer(void *, struct call *, const ProtobufCMessage *);
void rpc_disable_peer(void *, struct call *, const ProtobufCMessage *);
void rpc_enable_peer(void *, struct call *, const ProtobufCMessage *);
void rpc_reset_peer(void *, struct call *, const ProtobufCMessage *);
void rpc_list_peers(void *, struct call *, const ProtobufCMessage *);
void rpc_list_peers_stream(void *, struct call *, const ProtobufCMessage *);
void rpc_get_peer(void *, struct call *, const ProtobufCMessage *);

/* rpc_config.c */
void rpc_get_running_config(void *, struct call *, const ProtobufCMessage *);
void rpc_commit_config(void *, struct call *, const ProtobufCMessage *);
void rpc_save_config(void *, struct call *, const ProtobufCMessage *);
void rpc_rollback_config(void *, struct call *, const ProtobufCMessage *);
void rpc_list_config_snapshots(void *, struct call *, const ProtobufCMessage *);
void rpc_reload(void *, struct call *, const ProtobufCMessage *);
void rpc_get_file_config(void *, struct call *, const ProtobufCMessage *);
void rpc_set_log_level(void *, struct call *, const ProtobufCMessage *);

/* rpc_route.c */
void rpc_add_route(void *, struct call *, const ProtobufCMessage *);
void rpc_remove_route(void *, struct call *, const ProtobufCMessage *);
void rpc_list_routes(void *, struct call *, const ProtobufCMessage *);
void rpc_list_routes_stream(void *, struct call *, const ProtobufCMessage *);
void rpc_list_route_batches(void *, struct call *, const ProtobufCMessage *);

/* rpc_inject.c */
void rpc_add_route_stream(void *, struct call *, const ProtobufCMessage *);
void rpc_edit_routes(void *, struct call *, const ProtobufCMessage *);

/* rpc_policy.c */
void rpc_add_defined_set(void *, struct call *, const ProtobufCMessage *);
void rpc_remove_defined_set(void *, struct call *, const ProtobufCMessage *);
void rpc_list_defined_sets(void *, struct call *, const ProtobufCMessage *);
void rpc_add_policy(void *, struct call *, const ProtobufCMessage *);
void rpc_remove_policy(void *, struct call *, const ProtobufCMessage *);
void rpc_list_policies(void *, struct call *, const ProtobufCMessage *);
void rpc_set_policy_assignment(void *, struct call *, const ProtobufCMessage *);

/* rpc_explain.c: bgpgg.v1.PolicyService */
void rpc_test_policy(void *, struct call *, const ProtobufCMessage *);
void rpc_dry_run(void *, struct call *, const ProtobufCMessage *);
void rpc_list_counters(void *, struct call *, const ProtobufCMessage *);

/* rpc_health.c: grpc.health.v1 */
void rpc_health_check(void *, struct call *, const ProtobufCMessage *);
void rpc_health_watch(void *, struct call *, const ProtobufCMessage *);

/* rpc_reflection.c: grpc.reflection.v1 and v1alpha */
void rpc_reflection(void *, struct call *, const ProtobufCMessage *);

/* metrics.c: bgpgg.v1.MetricsService */
void rpc_get_metrics(void *, struct call *, const ProtobufCMessage *);

/* rpc_bmp.c */
void rpc_add_bmp_server(void *, struct call *, const ProtobufCMessage *);
void rpc_remove_bmp_server(void *, struct call *, const ProtobufCMessage *);
void rpc_list_bmp_servers(void *, struct call *, const ProtobufCMessage *);

/* rpc_info.c */
void rpc_get_server_info(void *, struct call *, const ProtobufCMessage *);

#endif
