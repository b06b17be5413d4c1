# SPDX-License-Identifier: ISC
"""A client of bgpgg in Python; see run.sh."""

import sys

import grpc
from proto import bgp_pb2, bgp_pb2_grpc
from proto.bgpgg.v1 import route_pb2, route_pb2_grpc

PEER = "192.168.1.2:17900"

endpoint = sys.argv[1] if len(sys.argv) > 1 else "127.0.0.1:50051"
channel = grpc.insecure_channel(endpoint)
client = bgp_pb2_grpc.BgpServiceStub(channel)

info = client.GetServerInfo(bgp_pb2.GetServerInfoRequest())
print(f"AS {info.asn}, {info.num_routes} routes")

# A peer.  An answer means that it is part of the running configuration.
answer = client.AddPeer(bgp_pb2.AddPeerRequest(
    address=PEER,
    config=bgp_pb2.SessionConfig(
        passive_mode=True,
        max_prefix=bgp_pb2.MaxPrefixSetting(
            limit=10000, action=bgp_pb2.MaxPrefixAction.TERMINATE))))
print(answer.message)
for peer in client.ListPeersStream(bgp_pb2.ListPeersRequest()):
    print(f"peer {peer.address}: {bgp_pb2.BgpState.Name(peer.state)}")

# A refusal is a status whose text names the member and the reason.
try:
    client.AddPeer(bgp_pb2.AddPeerRequest(address=PEER))
except grpc.RpcError as e:
    print(f"refused: {e.code().name}")

# One route, then many by stream.
client.AddRoute(bgp_pb2.AddRouteRequest(
    prefix="10.0.0.0/24", next_hop="192.168.1.1",
    origin=bgp_pb2.Origin.IGP, local_pref=200,
    communities=[65001 << 16 | 100]))


def routes():
    for i in range(1, 1000):
        yield bgp_pb2.AddRouteRequest(
            prefix=f"10.{i // 256}.{i % 256}.0/24", next_hop="192.168.1.1")


answer = client.AddRouteStream(routes())
print(f"added {answer.count} routes")

listed = list(client.ListRoutesStream(bgp_pb2.ListRoutesRequest(
    rib_type=bgp_pb2.RibType.GLOBAL)))
best = listed[0].paths[0]
print(f"{len(listed)} routes, first {listed[0].prefix} "
      f"via {best.next_hop} local-pref {best.local_pref}")

# Policy: a set, a policy that uses it, and its assignment to a peer.
client.AddDefinedSet(bgp_pb2.AddDefinedSetRequest(
    replace=True, set=bgp_pb2.DefinedSetConfig(
        set_type="prefix-set", name="example-prefixes",
        prefix_set=bgp_pb2.PrefixSetData(prefixes=[bgp_pb2.PrefixMatch(
            prefix="10.0.0.0/8", masklength_range="16..24")]))))
client.AddPolicy(bgp_pb2.AddPolicyRequest(
    name="example", statements=[bgp_pb2.StatementConfig(
        conditions=bgp_pb2.ConditionsConfig(
            match_prefix_set=bgp_pb2.MatchSetRef(
                set_name="example-prefixes", match_option="any")),
        actions=bgp_pb2.ActionsConfig(
            accept=True, local_pref=300, add_communities=["65001:300"]))]))
client.SetPolicyAssignment(bgp_pb2.SetPolicyAssignmentRequest(
    peer_address=PEER, direction="import", policy_names=["example"],
    default_action="reject"))
peer = client.GetPeer(bgp_pb2.GetPeerRequest(address=PEER)).peer
print(f"import policies {', '.join(peer.import_policies)}, "
      f"default {peer.import_default_action}")

for route in listed:
    client.RemoveRoute(bgp_pb2.RemoveRouteRequest(prefix=route.prefix))

# Many routes in a message, both ways, through bgpgg.v1: several times as
# fast.  What is wrong is left out and named in the answer.
bulk = route_pb2_grpc.RouteServiceStub(channel)
BATCH = 256


def batches(items):
    return (items[i:i + BATCH] for i in range(0, len(items), BATCH))


more = [bgp_pb2.AddRouteRequest(prefix=f"20.{i // 256}.{i % 256}.0/24",
                                next_hop="192.168.1.1") for i in range(1000)]
more[700].prefix = "20.0.0.0/99"
answer = bulk.EditRoutes(route_pb2.EditRoutesRequest(add=batch)
                         for batch in batches(more))
print(f"bulk: added {answer.added} routes, refused {answer.refused}")
for fault in answer.faults:
    print(f"bulk: element {fault.sequence}: {fault.message}")

prefixes = []
for batch in bulk.ListRoutes(bgp_pb2.ListRoutesRequest()):
    prefixes += [route.prefix for route in batch.routes]
print(f"bulk: {len(prefixes)} routes, first {prefixes[0]}")
answer = bulk.EditRoutes(route_pb2.EditRoutesRequest(remove=batch)
                         for batch in batches(prefixes))
print(f"bulk: removed {answer.removed} routes")

client.RemovePeer(bgp_pb2.RemovePeerRequest(address=PEER))
client.RemovePolicy(bgp_pb2.RemovePolicyRequest(name="example"))
client.RemoveDefinedSet(bgp_pb2.RemoveDefinedSetRequest(
    set_type="prefix-set", name="example-prefixes"))
