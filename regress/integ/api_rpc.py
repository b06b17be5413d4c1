# SPDX-License-Identifier: ISC
"""Every method of the API: good answers, and the status of each refusal."""

import ipaddress
import os
import socket
import struct
import threading

import grpc

from lib import bgp, net, wait
from lib.case import Case
from lib.suite import passive, pb, pb_grpc

C = grpc.StatusCode
SERVICE = "/bgp.BgpService/"


def refusal(call, *args, **kw):
    """The status of a call that must fail: (code, details)."""
    kw.setdefault("timeout", 20 * wait.FACTOR)
    try:
        answer = call(*args, **kw)
        if hasattr(answer, "__next__"):
            list(answer)
    except grpc.RpcError as e:
        return e.code(), e.details()
    raise AssertionError("answered OK: %s" % str(answer)[:500])


class Api(Case):
    def refused(self, code, words, call, request, **kw):
        got, text = refusal(call, request, **kw)
        self.assertEqual(got, code, text)
        for w in [words] if isinstance(words, str) else words:
            self.assertIn(w, text)

    @property
    def rpc(self):
        return self.suite.rpc


class Peers(Api):
    peers = [passive(net.v4(10), remote_as=65010),
             passive(net.v4(11), remote_as=65011),
             passive(net.v6(12), remote_as=65012)]

    BAD = ("", "bogus", "router.example", "1.2.3", "1.2.3.4/32", "1.2.3.4:0",
           "1.2.3.4:65536", "1.2.3.4:x", "[1.2.3.4]:179", "fe80::1%lo",
           "[2001:db8::1]", "2001:db8::1]:179", " 1.2.3.4", "1.2.3.4 ",
           "01.2.3.4", "0.0.0.0", "::", "224.0.0.1", "1.2.3.4:")

    def test_bad_address_in_every_method(self):
        for text in self.BAD:
            for method, request in (
                    ("AddPeer", pb.AddPeerRequest),
                    ("RemovePeer", pb.RemovePeerRequest),
                    ("EnablePeer", pb.EnablePeerRequest),
                    ("DisablePeer", pb.DisablePeerRequest),
                    ("ResetPeer", pb.ResetPeerRequest),
                    ("GetPeer", pb.GetPeerRequest)):
                with self.subTest(method=method, address=text):
                    self.refused(C.INVALID_ARGUMENT, "address",
                                 getattr(self.rpc, method),
                                 request(address=text))
        self.assertEqual(len(self.suite.peers()), 3)

    def test_unknown_peer_in_every_method(self):
        for method, request in (
                ("RemovePeer", pb.RemovePeerRequest),
                ("EnablePeer", pb.EnablePeerRequest),
                ("DisablePeer", pb.DisablePeerRequest),
                ("ResetPeer", pb.ResetPeerRequest),
                ("GetPeer", pb.GetPeerRequest)):
            for text in ("198.51.100.7", "[2001:db8::7]:179",
                         "::ffff:%s" % net.v4(10)):
                with self.subTest(method=method, address=text):
                    self.refused(C.NOT_FOUND, "not found",
                                 getattr(self.rpc, method),
                                 request(address=text))

    def test_forms_of_an_address(self):
        for text in (net.v4(10), net.v4(10) + ":1", net.v4(10) + ":65535"):
            got = self.rpc.GetPeer(pb.GetPeerRequest(address=text)).peer
            self.assertEqual(got.address, net.v4(10))
        for text in (net.v6(12), "[%s]:9" % net.v6(12)):
            got = self.rpc.GetPeer(pb.GetPeerRequest(address=text)).peer
            self.assertEqual(got.address, net.v6(12))

    def test_add_and_remove(self):
        r = self.rpc.AddPeer(pb.AddPeerRequest(address="198.51.100.1"))
        self.assertTrue(r.success)
        self.assertEqual(r.message, "Peer 198.51.100.1 added")
        got = self.suite.peers()["198.51.100.1"]
        self.assertEqual(got.port, 179)
        self.assertTrue(got.configured)
        self.refused(C.ALREADY_EXISTS, ["198.51.100.1", "already exists"],
                     self.rpc.AddPeer,
                     pb.AddPeerRequest(address="198.51.100.1:5"))
        r = self.rpc.RemovePeer(pb.RemovePeerRequest(address="198.51.100.1"))
        self.assertTrue(r.success and r.message)
        self.assertNotIn("198.51.100.1", self.suite.peers())

    def test_session_config_reads_back(self):
        config = pb.SessionConfig(
            idle_hold_time_secs=7, damp_peer_oscillations=False,
            allow_automatic_stop=False, passive_mode=True,
            delay_open_time_secs=3,
            max_prefix=pb.MaxPrefixSetting(limit=9, action=pb.DISCARD),
            send_notification_without_open=True,
            collision_detect_established_state=True,
            min_route_advertisement_interval_secs=5,
            graceful_restart=pb.GracefulRestartConfig(
                enabled=False, restart_time_secs=4095),
            asn=4200000000, enforce_first_as=True, hold_time_secs=30,
            afi_safis=[pb.AfiSafiConfig(afi=2, safi=1)],
            local_address=self.suite.addr)
        self.rpc.AddPeer(pb.AddPeerRequest(address="198.51.100.2",
                                           config=config))
        try:
            got = self.suite.peer("198.51.100.2").peer.session_config
            self.assertEqual(got, config)
        finally:
            self.rpc.RemovePeer(pb.RemovePeerRequest(address="198.51.100.2"))

    def test_session_config_defaults(self):
        self.rpc.AddPeer(pb.AddPeerRequest(address="198.51.100.3"))
        try:
            got = self.suite.peer("198.51.100.3").peer.session_config
        finally:
            self.rpc.RemovePeer(pb.RemovePeerRequest(address="198.51.100.3"))
        self.assertEqual(got.idle_hold_time_secs, 30)
        self.assertTrue(got.damp_peer_oscillations)
        self.assertTrue(got.allow_automatic_stop)
        self.assertFalse(got.passive_mode)
        self.assertFalse(got.HasField("delay_open_time_secs"))
        self.assertFalse(got.HasField("max_prefix"))
        self.assertEqual(got.min_route_advertisement_interval_secs, 0)
        self.assertTrue(got.graceful_restart.enabled)
        self.assertEqual(got.graceful_restart.restart_time_secs, 120)

    def test_session_config_out_of_range(self):
        for member, kw in (
                ("restart_time_secs", dict(
                    graceful_restart=pb.GracefulRestartConfig(
                        restart_time_secs=4096))),
                ("hold_time_secs", dict(hold_time_secs=2)),
                ("hold_time_secs", dict(hold_time_secs=65536)),
                ("idle_hold_time_secs", dict(idle_hold_time_secs=1 << 40)),
                ("delay_open_time_secs", dict(delay_open_time_secs=1 << 40)),
                ("min_route", dict(
                    min_route_advertisement_interval_secs=1 << 40)),
                ("local_address", dict(local_address="x")),
                ("local_address", dict(local_address="2001:db8::1")),
                ("afi", dict(afi_safis=[pb.AfiSafiConfig(afi=25, safi=70)])),
                ("action", dict(max_prefix=pb.MaxPrefixSetting(
                    limit=1, action=2)))):
            with self.subTest(member=member, kw=kw):
                self.refused(C.INVALID_ARGUMENT, member, self.rpc.AddPeer,
                             pb.AddPeerRequest(
                                 address="198.51.100.4",
                                 config=pb.SessionConfig(**kw)))
        self.assertNotIn("198.51.100.4", self.suite.peers())

    def test_lists_in_order(self):
        added = ["203.0.113.9", "203.0.113.10", "198.51.100.200",
                 "2001:db8:9::1", "2001:db8:10::1"]
        for a in added:
            self.rpc.AddPeer(pb.AddPeerRequest(
                address=a, config=pb.SessionConfig(passive_mode=True)))
        try:
            unary = [p.address for p in self.rpc.ListPeers(
                pb.ListPeersRequest()).peers]
            stream = [p.address for p in self.rpc.ListPeersStream(
                pb.ListPeersRequest())]
        finally:
            for a in added:
                self.rpc.RemovePeer(pb.RemovePeerRequest(address=a))
        self.assertEqual(unary, stream)
        keys = [(ipaddress.ip_address(a).version,
                 int(ipaddress.ip_address(a))) for a in unary]
        self.assertEqual(keys, sorted(keys))
        self.assertEqual(len(keys), 8)

    def test_reset(self):
        addr = net.v4(10)
        for kind in (pb.SOFT_IN, pb.SOFT_OUT, pb.SOFT, pb.HARD):
            self.refused(C.FAILED_PRECONDITION, "Established",
                         self.rpc.ResetPeer, pb.ResetPeerRequest(
                             address=addr, reset_type=kind))
        self.refused(C.INVALID_ARGUMENT, "reset_type", self.rpc.ResetPeer,
                     pb.ResetPeerRequest(address=addr, reset_type=4))
        self.refused(C.INVALID_ARGUMENT, "afi", self.rpc.ResetPeer,
                     pb.ResetPeerRequest(address=addr, afi=2))
        self.refused(C.INVALID_ARGUMENT, "safi", self.rpc.ResetPeer,
                     pb.ResetPeerRequest(address=addr, safi=1))
        s = self.speaker(10, families=(bgp.IPV4,))
        self.suite.wait_state(addr)
        self.rpc.ResetPeer(pb.ResetPeerRequest(address=addr,
                                               reset_type=pb.SOFT_IN))
        s.wait(lambda: s.count(bgp.REFRESH), "ROUTE-REFRESH")
        self.suite.add_route("10.1.0.0/16")
        s.wait(lambda: s.updates >= 1, "UPDATE")
        before = s.updates
        self.rpc.ResetPeer(pb.ResetPeerRequest(
            address=addr, reset_type=pb.SOFT_OUT, afi=pb.IPV4,
            safi=pb.UNICAST))
        s.wait(lambda: s.updates > before, "UPDATE again")
        self.refused(C.FAILED_PRECONDITION, "", self.rpc.ResetPeer,
                     pb.ResetPeerRequest(address=addr, reset_type=pb.SOFT,
                                         afi=pb.IPV6))
        self.rpc.ResetPeer(pb.ResetPeerRequest(address=addr,
                                               reset_type=pb.HARD))
        got = s.wait_closed()
        self.assertEqual(got[:2], (6, 4))
        self.suite.remove_route("10.1.0.0/16")

    def test_prefixes_are_counted(self):
        """Received and advertised, by family; none of a session that is
        over."""
        def counts(n):
            return {p.family.afi: (p.received, p.advertised)
                    for p in self.suite.peer(net.v4(n)).peer.prefixes}

        def become(n, want):
            wait.until(lambda: counts(n) == want, lambda: "%r: %r" % (
                want, counts(n)), 10)
        a, b = self.speaker(10), self.speaker(11)
        for s in (a, b):
            self.suite.wait_state(s.addr)
        become(10, {1: (0, 0), 2: (0, 0)})
        a.announce(["10.1.%d.0/24" % i for i in range(7)])
        a.announce("2001:db8:1::/48")
        self.suite.add_route("10.2.0.0/16")
        become(10, {1: (7, 1), 2: (1, 0)})
        become(11, {1: (0, 8), 2: (0, 1)})
        # The same prefix by both: each holds the other's or ours alone.
        b.announce("10.1.0.0/24", [65011, 65099])
        become(11, {1: (1, 8), 2: (0, 1)})
        become(10, {1: (7, 1), 2: (1, 0)})
        a.withdraw(["10.1.%d.0/24" % i for i in range(5)])
        become(10, {1: (2, 2), 2: (1, 0)})
        become(11, {1: (1, 3), 2: (0, 1)})
        a.drop()
        become(11, {1: (1, 1), 2: (0, 0)})
        self.assertEqual(counts(10), {})
        self.suite.remove_route("10.2.0.0/16")

    def test_disable_with_a_reason(self):
        addr = net.v4(11)
        s = self.speaker(11)
        self.suite.wait_state(addr)
        self.rpc.DisablePeer(pb.DisablePeerRequest(address=addr,
                                                   reason="maintenance"))
        got = s.wait_closed()
        self.assertEqual(got[:2], (6, 2))
        self.assertEqual(got[2], b"\x0bmaintenance")
        peer = self.suite.peer(addr).peer
        self.assertEqual(peer.admin_state, pb.DOWN)
        self.assertEqual(peer.last_error_sent.code, 6)
        self.assertEqual(peer.last_error_sent.subcode, 2)
        self.refused(C.INVALID_ARGUMENT, "reason", self.rpc.DisablePeer,
                     pb.DisablePeerRequest(address=addr, reason="x" * 129))
        self.rpc.EnablePeer(pb.EnablePeerRequest(address=addr))
        s2 = self.speaker(11)
        self.suite.wait_state(addr)
        got = self.suite.peer(addr)
        self.assertEqual(got.peer.asn, 65011)
        self.assertEqual(got.peer.router_id, s2.router_id)
        self.assertEqual({(f.afi, f.safi) for f in got.peer.negotiated},
                         {(1, 1), (2, 1)})
        self.assertEqual(got.statistics.open_received, 2)
        self.assertEqual(got.statistics.notification_sent, 1)


class Routes(Api):
    peers = [passive(net.v4(20), remote_as=65020),
             passive(net.v4(21), remote_as=65021)]

    def tearDown(self):
        for p in list(self.suite.routes()):
            self.suite.remove_route(p)
        super().tearDown()

    def test_refused_routes(self):
        ec = pb.ExtendedCommunity
        good = dict(prefix="10.0.0.0/8", next_hop="192.0.2.1")
        for words, kw in (
                ("exceeds 32", dict(prefix="10.0.0.0/33")),
                (["123", "exceeds 32"], dict(prefix="10.0.0.0/123")),
                ("exceeds 128", dict(prefix="2001:db8::/200")),
                ("prefix", dict(prefix="")),
                ("prefix", dict(prefix="10.0.0.0")),
                ("prefix", dict(prefix="10.0.0/8")),
                ("prefix", dict(prefix="x/8")),
                ("next_hop", dict(next_hop="")),
                ("next_hop", dict(next_hop="gateway")),
                ("next_hop", dict(next_hop="2001:db8::1")),
                ("next_hop", dict(next_hop="224.0.0.5")),
                ("origin", dict(origin=3)),
                ("segment_type", dict(as_path=[
                    pb.AsPathSegment(segment_type=2, asns=[1])])),
                ("as_path", dict(as_path=[
                    pb.AsPathSegment(segment_type=1)])),
                ("as_path", dict(as_path=[
                    pb.AsPathSegment(segment_type=1, asns=[0])])),
                ("as_path", dict(as_path=[
                    pb.AsPathSegment(segment_type=0, asns=range(1, 300))])),
                ("extended_communities", dict(extended_communities=[ec()])),
                ("asn", dict(extended_communities=[ec(
                    two_octet_as=ec.TwoOctetAsSpecific(asn=65536))])),
                ("sub_type", dict(extended_communities=[ec(
                    two_octet_as=ec.TwoOctetAsSpecific(sub_type=256))])),
                ("address", dict(extended_communities=[ec(
                    ipv4_address=ec.IPv4AddressSpecific(address="::1"))])),
                ("local_admin", dict(extended_communities=[ec(
                    four_octet_as=ec.FourOctetAsSpecific(
                        local_admin=65536))])),
                ("mac_address", dict(extended_communities=[ec(
                    router_mac=ec.RouterMac(mac_address=b"12345"))])),
                ("type_code", dict(extended_communities=[ec(
                    unknown=ec.Unknown(type_code=256,
                                       value=b"1234567"))])),
                ("value", dict(extended_communities=[ec(
                    unknown=ec.Unknown(value=b"123456"))]))):
            with self.subTest(kw=kw):
                self.refused(C.INVALID_ARGUMENT, words, self.rpc.AddRoute,
                             pb.AddRouteRequest(**dict(good, **kw)))
        self.assertEqual(self.suite.routes(), {})

    def test_route_is_replaced_and_normal(self):
        self.suite.add_route("10.1.2.3/16", "192.0.2.1", med=0)
        self.suite.add_route("10.1.0.0/16", "192.0.2.2", local_pref=0)
        got = self.suite.routes()
        self.assertEqual(list(got), ["10.1.0.0/16"])
        self.assertEqual(len(got["10.1.0.0/16"]), 1)
        p = got["10.1.0.0/16"][0]
        self.assertEqual(p.next_hop, "192.0.2.2")
        self.assertEqual(p.local_pref, 0)
        self.assertFalse(p.HasField("med"))
        self.assertEqual(p.peer_address, "127.0.0.1")
        self.assertTrue(p.best)
        r = self.suite.remove_route("10.1.255.255/16")
        self.assertTrue(r.success and r.message)
        self.assertTrue(self.suite.remove_route("10.1.0.0/16").success)
        self.refused(C.INVALID_ARGUMENT, "exceeds 32", self.rpc.RemoveRoute,
                     pb.RemoveRouteRequest(prefix="10.0.0.0/40"))

    def test_extended_communities_on_the_wire_and_back(self):
        ec = pb.ExtendedCommunity
        table = [
            (ec(two_octet_as=ec.TwoOctetAsSpecific(
                is_transitive=True, sub_type=2, asn=65001, local_admin=100)),
             "0002fde900000064"),
            (ec(ipv4_address=ec.IPv4AddressSpecific(
                is_transitive=True, sub_type=3, address="192.0.2.9",
                local_admin=7)), "0103c00002090007"),
            (ec(four_octet_as=ec.FourOctetAsSpecific(
                is_transitive=True, sub_type=2, asn=4200000000,
                local_admin=5)), "0202fa56ea000005"),
            (ec(link_bandwidth=ec.LinkBandwidth(
                is_transitive=True, asn=65001, bandwidth=1250000)),
             "0004fde9499896800"[:16]),
            (ec(color=ec.Color(is_transitive=True, color=200)),
             "030b0000000000c8"),
            (ec(encapsulation=ec.Encapsulation(
                is_transitive=True, tunnel_type=8)), "030c000000000008"),
            (ec(router_mac=ec.RouterMac(
                is_transitive=True, mac_address=bytes.fromhex(
                    "020000000001"))), "0603020000000001"),
            (ec(opaque=ec.Opaque(is_transitive=True, value=b"abcdef")),
             "0300616263646566"),
            (ec(unknown=ec.Unknown(type_code=0x80,
                                   value=bytes.fromhex("06000000000000"))),
             "8006000000000000"),
            (ec(unknown=ec.Unknown(type_code=0x03,
                                   value=bytes.fromhex("06112233445566"))),
             "0306112233445566"),
        ]
        local = [
            ec(link_bandwidth=ec.LinkBandwidth(asn=1, bandwidth=0.1)),
            ec(two_octet_as=ec.TwoOctetAsSpecific(sub_type=2, asn=1)),
        ]
        sent = [m for m, _ in table]
        s = self.speaker(20)
        self.suite.add_route("10.3.0.0/16", "192.0.2.1",
                             extended_communities=sent + local)
        got = self.suite.routes()["10.3.0.0/16"][0]
        self.assertEqual(list(got.extended_communities), sent + local)
        s.wait(lambda: bgp.raw("10.3.0.0/16") in s.table, "route")
        attrs = s.table[bgp.raw("10.3.0.0/16")][0]
        value = dict((t, v) for _, t, v in attrs)[16] \
            if not isinstance(attrs, dict) else attrs[16][1]
        # Non-transitive ones stay within our AS.
        self.assertEqual(value.hex(), "".join(h for _, h in table))

    def test_what_a_neighbour_sent_is_shown(self):
        s = self.speaker(20)
        raw = bytes.fromhex("030b4000000000c8")
        s.announce(["10.4.0.0/16"], [65020, 1, 2], None,
                   bgp.med(5), bgp.communities([1, 2, 1]),
                   bgp.ext_communities([raw]),
                   bgp.large_communities([(1, 0, 3)]),
                   bgp.attr(0xc0, 99, b"\1\2\3"),
                   bgp.attr(0x80, 98, b"x"),
                   bgp.attr(0xc0, 7, struct.pack("!I4B", 65020, 9, 9, 9, 9)))
        self.suite.wait_routes(["10.4.0.0/16"])
        for rib, peer in ((pb.GLOBAL, None), (pb.ADJ_IN, net.v4(20))):
            p = self.suite.routes(rib, peer)["10.4.0.0/16"][0]
            self.assertEqual(p.peer_address, net.v4(20))
            self.assertEqual(list(p.as_path[0].asns), [65020, 1, 2])
            self.assertEqual(p.med, 5)
            self.assertEqual(list(p.communities), [1, 2])
            self.assertEqual(p.extended_communities[0].unknown.type_code, 3)
            self.assertEqual(p.extended_communities[0].unknown.value, raw[1:])
            self.assertEqual(p.large_communities[0].local_data_2, 3)
            self.assertEqual(p.aggregator.asn, 65020)
            unknown = {u.attr_type: u for u in p.unknown_attributes}
            self.assertEqual(unknown[99].value, b"\1\2\3")
            self.assertEqual(unknown[99].flags & 0xc0, 0xc0)
            self.assertEqual(unknown[98].value, b"x")
        p = self.suite.routes(pb.ADJ_IN, net.v4(20))["10.4.0.0/16"][0]
        self.assertFalse(p.HasField("local_pref"))
        s2 = self.speaker(21)
        s2.wait(lambda: bgp.raw("10.4.0.0/16") in s2.table, "route")
        p = self.suite.routes(pb.ADJ_OUT, net.v4(21))["10.4.0.0/16"][0]
        self.assertEqual(p.next_hop, self.suite.addr)
        self.assertEqual(list(p.as_path[0].asns)[1:], [65020, 1, 2])
        unknown = {u.attr_type: u for u in p.unknown_attributes}
        self.assertEqual(unknown[99].flags, 0xe0)
        self.assertNotIn(98, unknown)
        s.drop()
        self.suite.wait_routes([])
        self.assertEqual(self.suite.routes(pb.ADJ_IN, net.v4(20)), {})

    def test_lists_that_cannot_be(self):
        for call in (self.rpc.ListRoutes, self.rpc.ListRoutesStream):
            for rib in (pb.ADJ_IN, pb.ADJ_OUT):
                self.refused(C.INVALID_ARGUMENT, "peer_address", call,
                             pb.ListRoutesRequest(rib_type=rib))
                self.refused(C.INVALID_ARGUMENT, "peer_address", call,
                             pb.ListRoutesRequest(rib_type=rib,
                                                  peer_address="x"))
                self.refused(C.NOT_FOUND, "not found", call,
                             pb.ListRoutesRequest(
                                 rib_type=rib, peer_address="198.51.100.99"))
            self.refused(C.INVALID_ARGUMENT, "rib_type", call,
                         pb.ListRoutesRequest(rib_type=3))
            self.refused(C.INVALID_ARGUMENT, "afi", call,
                         pb.ListRoutesRequest(afi=16388, safi=71))
            self.refused(C.INVALID_ARGUMENT, "prefix", call,
                         pb.ListRoutesRequest(prefix="10.0.0.0"))

    def test_down_peers_have_empty_lists(self):
        for rib in (pb.ADJ_IN, pb.ADJ_OUT):
            for stream in (True, False):
                self.assertEqual(self.suite.routes(
                    rib, net.v4(21) + ":179", stream=stream), {})

    def test_filters(self):
        for p in ("10.0.0.0/8", "10.1.0.0/16", "10.1.1.0/24",
                  "192.0.2.0/24"):
            self.suite.add_route(p, "192.0.2.1",
                                 communities=[7] if "1.1" in p else [8],
                                 as_path=[pb.AsPathSegment(
                                     segment_type=1, asns=[1, len(p)])])
        self.suite.add_route("2001:db8::/32", "2001:db8::1")
        self.assertEqual(list(self.suite.routes()), [
            "10.0.0.0/8", "10.1.0.0/16", "10.1.1.0/24", "192.0.2.0/24",
            "2001:db8::/32"])
        for want, kw in (
                (["2001:db8::/32"], dict(afi=2)),
                (["2001:db8::/32"], dict(afi=2, safi=1)),
                (["10.1.0.0/16"], dict(prefix="10.1.0.0/16")),
                ([], dict(prefix="10.2.0.0/16")),
                (["10.1.0.0/16", "10.1.1.0/24"], dict(
                    prefix="10.1.0.0/16", prefix_match=pb.PREFIX_LONGER)),
                (["10.0.0.0/8", "10.1.0.0/16"], dict(
                    prefix="10.1.0.0/16", prefix_match=pb.PREFIX_COVERING)),
                (["10.1.1.0/24"], dict(community=7)),
                (["10.0.0.0/8"], dict(origin_as=10))):
            with self.subTest(kw=kw):
                self.assertEqual(list(self.suite.routes(**kw)), want)

    def test_stream_names_its_wrong_items(self):
        def items():
            for i in range(100):
                yield pb.AddRouteRequest(
                    prefix="10.0.%d.0/%d" % (i, 99 if i in (3, 50) else 24),
                    next_hop="x" if i == 70 else "192.0.2.1")
        r = self.rpc.AddRouteStream(items(), timeout=20)
        self.assertEqual(r.count, 97)
        self.assertIn("97 routes added", r.message)
        self.assertIn("3 refused", r.message)
        self.assertIn("item 4", r.message)
        self.assertIn("exceeds 32", r.message)
        self.assertIn("item 71", r.message)
        self.assertEqual(len(self.suite.routes()), 97)

    def test_empty_stream(self):
        r = self.rpc.AddRouteStream(iter(()), timeout=10)
        self.assertEqual(r.count, 0)
        self.assertEqual(r.message, "0 routes added")

    def test_item_is_applied_while_the_client_is_silent(self):
        go = threading.Event()

        def items():
            yield pb.AddRouteRequest(prefix="10.7.0.0/16",
                                     next_hop="192.0.2.1")
            go.wait(20 * wait.FACTOR)
        answer = self.rpc.AddRouteStream.future(items())
        self.suite.wait_routes(["10.7.0.0/16"], 5)
        go.set()
        self.assertEqual(answer.result(10).count, 1)


class Channel(Api):
    """What is common to all calls."""

    peers = [passive(net.v4(30), remote_as=65030)]

    def raw(self, method, data, **kw):
        call = self.suite.channel.unary_unary(
            method, request_serializer=lambda b: b,
            response_deserializer=lambda b: b)
        return refusal(call, data, **kw)

    def setUp(self):
        super().setUp()
        self.rpc        # opens the channel

    def test_unknown_methods(self):
        for name in ("/bgp.BgpService/Nothing", "/other.Service/AddPeer",
                     "/x"):
            # Not answered, it would be DEADLINE_EXCEEDED.
            code, _ = self.raw(name, b"", timeout=5 * wait.FACTOR)
            self.assertEqual(code, C.UNIMPLEMENTED)

    def test_text_that_is_none(self):
        for data in (b"\x0a\x02\xff\xfe", b"\x0a\x03a\0b", b"\x0a\x03\xed\xa0\x80"):
            code, text = self.raw(SERVICE + "GetPeer", data)
            self.assertEqual(code, C.INVALID_ARGUMENT)
            self.assertIn("address", text)
        code, text = self.raw(SERVICE + "AddRoute", b"\x0a\x02\xc3\x28")
        self.assertEqual(code, C.INVALID_ARGUMENT)
        self.assertIn("prefix", text)

    def test_long_text_is_quoted_as_text(self):
        for text in ("\u00e9" * 200, "x" + "\U0001f600" * 100, "%s%n" * 50):
            code, details = refusal(self.rpc.GetPeer, pb.GetPeerRequest(
                address=text))
            self.assertEqual(code, C.INVALID_ARGUMENT)
            self.assertIn(text[:10], details)
            code, details = refusal(self.rpc.AddRoute, pb.AddRouteRequest(
                prefix=text, next_hop="192.0.2.1"))
            self.assertIn(text[:10], details)

    def test_strangers_at_the_port(self):
        """Bytes that are not HTTP/2, half a connection, and silence."""
        host, port = self.suite.grpc.split(":")
        held = []
        for data in (b"", b"GET / HTTP/1.1\r\n\r\n", os.urandom(5000),
                     b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
                     b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + os.urandom(999)):
            for _ in range(10):
                s = socket.create_connection((host, int(port)))
                s.sendall(data)
                held.append(s)
        self.rpc.GetServerInfo(pb.GetServerInfoRequest(), timeout=10)
        for s in held:
            s.close()
        self.rpc.GetServerInfo(pb.GetServerInfoRequest(), timeout=10)

    def test_bytes_that_are_no_message(self):
        for data in (b"\xff", b"\x0a\x7f", b"\x0b", b"\x08" + b"\xff" * 11,
                     b"\x00"):
            code, _ = self.raw(SERVICE + "AddRoute", data)
            self.assertEqual(code, C.INVALID_ARGUMENT, data)

    def test_request_too_large(self):
        code, _ = self.raw(SERVICE + "AddRoute", bytes(4 << 20) + b"12345")
        self.assertEqual(code, C.RESOURCE_EXHAUSTED)
        self.rpc.GetServerInfo(pb.GetServerInfoRequest())

    def test_item_too_large(self):
        call = self.suite.channel.stream_unary(
            SERVICE + "AddRouteStream", request_serializer=lambda b: b,
            response_deserializer=lambda b: b)
        code, _ = refusal(call, iter([bytes(5 << 20)]))
        self.assertEqual(code, C.RESOURCE_EXHAUSTED)
        self.rpc.GetServerInfo(pb.GetServerInfoRequest())

    def test_compressed_requests(self):
        for kind in (grpc.Compression.Gzip, grpc.Compression.Deflate):
            r = self.rpc.AddRoute(pb.AddRouteRequest(
                prefix="10.0.0.0/8", next_hop="192.0.2.1",
                communities=[5] * 1000), compression=kind, timeout=10)
            self.assertTrue(r.success)
            r = self.rpc.AddRouteStream(iter([pb.AddRouteRequest(
                prefix="10.%d.0.0/16" % i, next_hop="192.0.2.1",
                communities=[5] * 1000) for i in range(10)]),
                compression=kind, timeout=10)
            self.assertEqual(r.count, 10)
        self.assertEqual(list(self.suite.routes()["10.0.0.0/8"][0]
                              .communities), [5])
        for p in list(self.suite.routes()):
            self.suite.remove_route(p)

    def test_deadline(self):
        stop = threading.Event()

        def items():
            yield pb.AddRouteRequest(prefix="10.0.0.0/8",
                                     next_hop="192.0.2.1")
            stop.wait(10)
        code, _ = refusal(self.rpc.AddRouteStream, items(), timeout=0.3)
        stop.set()
        self.assertEqual(code, C.DEADLINE_EXCEEDED)
        self.suite.remove_route("10.0.0.0/8")

    def test_two_hundred_calls_at_once(self):
        calls = [self.rpc.GetServerInfo.future(pb.GetServerInfoRequest())
                 for _ in range(100)]
        calls += [self.rpc.ListPeers.future(pb.ListPeersRequest())
                  for _ in range(100)]
        for c in calls:
            c.result(20 * wait.FACTOR)

    def test_many_connections(self):
        channels = []
        try:
            for _ in range(256):
                c = grpc.insecure_channel(self.suite.grpc, options=[
                    ("grpc.use_local_subchannel_pool", 1)])
                channels.append(c)
                grpc.channel_ready_future(c).result(20 * wait.FACTOR)
            for c in channels:
                pb_grpc.BgpServiceStub(c).GetServerInfo(
                    pb.GetServerInfoRequest(), timeout=20 * wait.FACTOR)
        finally:
            for c in channels:
                c.close()

    def test_server_info(self):
        r = self.rpc.GetServerInfo(pb.GetServerInfoRequest())
        self.assertEqual(r.listen_addr, self.suite.addr)
        self.assertEqual(r.listen_port, net.bgp_port())
        self.assertEqual(r.asn, self.suite.asn)
        self.assertTrue(r.version)


def rss(pid):
    with open("/proc/%d/status" % pid) as f:
        return int([x for x in f if x.startswith("VmRSS")][0].split()[1])


class Streams(Api):
    """Long lists and readers that stop."""

    N = 30000
    conf = {"grpc_max_reply_bytes": 1 << 20}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()

        def items():
            for i in range(cls.N):
                yield pb.AddRouteRequest(
                    prefix="20.%d.%d.%d/32" % (i >> 16, i >> 8 & 255,
                                               i & 255),
                    next_hop="192.0.2.1", communities=[i, i + 1, i + 2])
        r = cls.suite.rpc.AddRouteStream(items())
        assert r.count == cls.N, r.message

    def test_every_route_comes_once_and_in_order(self):
        got = [r.prefix for r in self.rpc.ListRoutesStream(
            pb.ListRoutesRequest())]
        want = ["20.%d.%d.%d/32" % (i >> 16, i >> 8 & 255, i & 255)
                for i in range(self.N)]
        self.assertEqual(got, want)

    def test_unary_list_is_refused_and_points_to_the_stream(self):
        code, text = refusal(self.rpc.ListRoutes, pb.ListRoutesRequest())
        self.assertEqual(code, C.RESOURCE_EXHAUSTED)
        self.assertIn("ListRoutesStream", text)

    def test_readers_that_stop_hold_nothing_up(self):
        apid = self.suite.pids()["apid"]
        before = rss(apid)
        channel = grpc.insecure_channel(self.suite.grpc, options=[
            ("grpc.use_local_subchannel_pool", 1),
            ("grpc.http2.bdp_probe", 0)])
        stub = pb_grpc.BgpServiceStub(channel)
        held = [stub.ListRoutesStream(pb.ListRoutesRequest())
                for _ in range(20)]
        for h in held:
            next(h)
        for i in range(50):
            self.rpc.GetServerInfo(pb.GetServerInfoRequest(),
                                   timeout=3 * wait.FACTOR)
            self.suite.add_route("10.0.0.0/8", "192.0.2.1", med=i)
        grown = rss(apid) - before
        if "asan" not in os.environ.get("BUILD", ""):
            self.assertLess(grown, 20 * 512 + 4096)
        for h in held:
            h.cancel()
        channel.close()
        self.suite.remove_route("10.0.0.0/8")

    def test_cancelled_streams_end_their_walks(self):
        for _ in range(50):
            h = self.rpc.ListRoutesStream(pb.ListRoutesRequest())
            next(h)
            h.cancel()
        got = sum(1 for _ in self.rpc.ListRoutesStream(
            pb.ListRoutesRequest()))
        self.assertEqual(got, self.N)


class Restart(Api):
    peers = [passive(net.v4(40), remote_as=65040)]

    def test_apid_dies_alone(self):
        s = self.speaker(40)
        self.suite.wait_state(net.v4(40))
        s.announce(["10.5.0.0/16"])
        self.suite.wait_routes(["10.5.0.0/16"])
        old = self.suite.pids()["apid"]
        held = self.rpc.ListRoutesStream(pb.ListRoutesRequest())
        os.kill(old, 9)
        wait.until(lambda: self.suite.pids().get("apid", old) != old,
                   "new apid", 20)
        held.cancel()
        self.suite.new_channel()

        def answers():
            try:
                return self.suite.routes()
            except grpc.RpcError as e:
                self.assertEqual(e.code(), C.UNAVAILABLE)
                return None
        self.assertEqual(list(wait.until(answers, "answer", 20)),
                         ["10.5.0.0/16"])
        self.assertFalse(s.closed)
        self.assertEqual(self.suite.state(net.v4(40)), "ESTABLISHED")
