# SPDX-License-Identifier: ISC
"""The examples of the API reference, as a user types them in.

The Python text is that of the reference, with the port of this instance in
place of the default one.
"""

import grpc

from lib import net, wait
from lib.case import Case
from lib.suite import passive, pb, pb_grpc

PEER = "192.168.1.2"


class Examples(Case):
    peers = [passive(net.v4(10), remote_as=65010)]

    def setUp(self):
        super().setUp()
        self.channel = grpc.insecure_channel(self.suite.grpc)
        self.client = pb_grpc.BgpServiceStub(self.channel)

    def tearDown(self):
        for peer in self.client.ListPeers(pb.ListPeersRequest()).peers:
            if peer.address == PEER:
                self.client.RemovePeer(pb.RemovePeerRequest(address=PEER))
        self.channel.close()
        super().tearDown()

    def test_add_peer(self):
        bgp_pb2, client = pb, self.client
        request = bgp_pb2.AddPeerRequest(
            address="192.168.1.2:17900"
        )
        response = client.AddPeer(request)
        self.assertIs(response.success, True)
        self.assertEqual(response.message, "Peer 192.168.1.2 added")

    def test_add_peer_with_config(self):
        bgp_pb2, client = pb, self.client
        config = bgp_pb2.SessionConfig(
            idle_hold_time_secs=30,
            damp_peer_oscillations=True,
            max_prefix=bgp_pb2.MaxPrefixSetting(
                limit=10000,
                action=bgp_pb2.MaxPrefixAction.TERMINATE
            )
        )

        request = bgp_pb2.AddPeerRequest(
            address="192.168.1.2:17900",
            config=config
        )
        response = client.AddPeer(request)
        self.assertTrue(response.success)
        peer = client.GetPeer(bgp_pb2.GetPeerRequest(
            address="192.168.1.2:17900")).peer
        self.assertEqual(peer.address, "192.168.1.2")
        self.assertTrue(peer.configured)
        self.assertEqual(peer.session_config.max_prefix.limit, 10000)

    def test_add_route(self):
        bgp_pb2, client = pb, self.client
        request = bgp_pb2.AddRouteRequest(
            prefix="10.0.0.0/24",
            next_hop="192.168.1.1",
            origin=bgp_pb2.Origin.IGP,
            as_path=[
                bgp_pb2.AsPathSegment(
                    segment_type=bgp_pb2.AsPathSegmentType.AS_SEQUENCE,
                    asns=[65001, 65002, 65003]
                )
            ],
            local_pref=200,
            communities=[
                (65001 << 16) | 100,  # 65001:100
                0xFFFFFF01,           # NO_EXPORT
            ]
        )
        response = client.AddRoute(request)
        self.assertTrue(response.success)
        self.assertEqual(response.message, "Route 10.0.0.0/24 added")
        path = self.path("10.0.0.0/24")
        self.assertEqual(list(path.communities),
                         [(65001 << 16) | 100, 0xFFFFFF01])
        self.assertEqual(list(path.as_path[0].asns), [65001, 65002, 65003])
        self.assertEqual(path.local_pref, 200)
        response = client.RemoveRoute(bgp_pb2.RemoveRouteRequest(
            prefix="10.0.0.0/24"))
        self.assertTrue(response.success)
        self.assertTrue(response.message)

    def path(self, prefix):
        routes = self.client.ListRoutes(pb.ListRoutesRequest()).routes
        return [r for r in routes if r.prefix == prefix][0].paths[0]

    def test_add_route_stream(self):
        bgp_pb2, client = pb, self.client

        def route_generator():
            for i in range(1000):
                yield bgp_pb2.AddRouteRequest(
                    prefix=f"10.{i//256}.{i%256}.0/24",
                    next_hop="192.168.1.1",
                    origin=bgp_pb2.Origin.IGP
                )

        response = client.AddRouteStream(route_generator())
        self.assertEqual(response.count, 1000)
        self.assertEqual(response.message, "1000 routes added")
        self.assertEqual(client.GetServerInfo(
            bgp_pb2.GetServerInfoRequest()).num_routes, 1000)
        listed = [r.prefix for r in client.ListRoutesStream(
            bgp_pb2.ListRoutesRequest())]
        self.assertEqual(len(set(listed)), 1000)
        for p in listed:
            client.RemoveRoute(bgp_pb2.RemoveRouteRequest(prefix=p))
        self.assertEqual(client.GetServerInfo(
            bgp_pb2.GetServerInfoRequest()).num_routes, 0)

    def test_queries(self):
        bgp_pb2, client = pb, self.client
        self.client.AddPeer(pb.AddPeerRequest(
            address="192.168.1.2:17900",
            config=pb.SessionConfig(passive_mode=True)))
        # Get global RIB
        request = bgp_pb2.ListRoutesRequest(
            rib_type=bgp_pb2.RibType.GLOBAL
        )
        response = client.ListRoutes(request)
        self.assertEqual(len(response.routes), 0)

        # Get routes learned from specific peer
        request = bgp_pb2.ListRoutesRequest(
            rib_type=bgp_pb2.RibType.ADJ_IN,
            peer_address="192.168.1.2:17900"
        )
        response = client.ListRoutes(request)
        self.assertEqual(len(response.routes), 0)

    def test_communities(self):
        bgp_pb2, client = pb, self.client
        ec = bgp_pb2.ExtendedCommunity(
            two_octet_as=bgp_pb2.ExtendedCommunity.TwoOctetAsSpecific(
                is_transitive=True,
                sub_type=0x02,  # Route Target
                asn=65001,
                local_admin=100
            )
        )
        lc = bgp_pb2.LargeCommunity(
            global_admin=65001,
            local_data_1=1,
            local_data_2=100
        )
        client.AddRoute(bgp_pb2.AddRouteRequest(
            prefix="10.9.0.0/16", next_hop="192.168.1.1",
            extended_communities=[ec], large_communities=[lc]))
        path = self.path("10.9.0.0/16")
        self.assertEqual(list(path.extended_communities), [ec])
        self.assertEqual(list(path.large_communities), [lc])
        client.RemoveRoute(bgp_pb2.RemoveRouteRequest(prefix="10.9.0.0/16"))

    def test_full_example(self):
        bgp_pb2, client = pb, self.client
        # Add a peer
        response = client.AddPeer(bgp_pb2.AddPeerRequest(
            address="192.168.1.2:17900"
        ))
        self.assertTrue(response.success)

        # List peers
        response = client.ListPeers(bgp_pb2.ListPeersRequest())
        states = {}
        for peer in response.peers:
            states[peer.address] = bgp_pb2.BgpState.Name(peer.state)
        self.assertIn(states["192.168.1.2"], ("IDLE", "CONNECT", "ACTIVE"))
        self.assertEqual(
            [p.address for p in client.ListPeersStream(
                bgp_pb2.ListPeersRequest())],
            [p.address for p in response.peers])

        # Add a route
        response = client.AddRoute(bgp_pb2.AddRouteRequest(
            prefix="10.0.0.0/24",
            next_hop="192.168.1.1",
            origin=bgp_pb2.Origin.IGP,
            local_pref=200
        ))
        self.assertTrue(response.success)

        # List routes
        response = client.ListRoutes(bgp_pb2.ListRoutesRequest(
            rib_type=bgp_pb2.RibType.GLOBAL
        ))
        seen = []
        for route in response.routes:
            for path in route.paths:
                seen.append((route.prefix, path.next_hop, path.local_pref))
        self.assertEqual(seen, [("10.0.0.0/24", "192.168.1.1", 200)])
        client.RemoveRoute(bgp_pb2.RemoveRouteRequest(prefix="10.0.0.0/24"))

    def test_error_handling(self):
        request = pb.AddPeerRequest(address="192.168.1.2:17900")
        self.assertTrue(self.client.AddPeer(request).success)
        try:
            response = self.client.AddPeer(request)
            self.fail("added twice: %s" % response.message)
        except grpc.RpcError as e:
            self.assertEqual(e.code(), grpc.StatusCode.ALREADY_EXISTS)
            self.assertIn("already exists", e.details())

    def test_peer_life(self):
        client = self.client
        client.AddPeer(pb.AddPeerRequest(address="192.168.1.2:17900"))
        client.DisablePeer(pb.DisablePeerRequest(address=PEER))
        peer = client.GetPeer(pb.GetPeerRequest(address=PEER)).peer
        self.assertEqual(peer.admin_state, pb.AdminState.DOWN)
        self.assertEqual(peer.state, pb.BgpState.IDLE)
        client.EnablePeer(pb.EnablePeerRequest(address=PEER))
        wait.until(lambda: client.GetPeer(pb.GetPeerRequest(
            address=PEER)).peer.admin_state == pb.AdminState.UP,
            "peer enabled", 5)
        r = client.RemovePeer(pb.RemovePeerRequest(address=PEER))
        self.assertTrue(r.success)
        self.assertTrue(r.message)
        with self.assertRaises(grpc.RpcError) as caught:
            client.GetPeer(pb.GetPeerRequest(address=PEER))
        self.assertEqual(caught.exception.code(), grpc.StatusCode.NOT_FOUND)
