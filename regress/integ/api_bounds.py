# SPDX-License-Identifier: ISC
"""What no client may send, how calls end early, and lists that nobody reads
while sessions run."""

import threading
import time

import grpc
from google.protobuf.descriptor import FieldDescriptor

from lib import bgp, net, wait
from lib.case import Case
from lib.suite import SANITIZED, Suite, passive, pb, pb_grpc

from proto.bgpgg.v1 import route_pb2, route_pb2_grpc

C = grpc.StatusCode
SERVICE = "/bgp.BgpService/"


def varint(n):
    out = b""
    while n >= 0x80:
        out += bytes([n & 0x7f | 0x80])
        n >>= 7
    return out + bytes([n])


def nested(path, body):
    """A member, given with its wire type, inside the messages of a path."""
    for number in reversed(path):
        body = varint(number << 3 | 2) + varint(len(body)) + body
    return body


def leaves(message, kind, path=()):
    """Every member of that type, however deep: (path, member)."""
    for f in message.fields:
        if f.type == kind:
            yield path, f
        elif f.type == FieldDescriptor.TYPE_MESSAGE and len(path) < 6:
            yield from leaves(f.message_type, kind, path + (f.number,))


BAD_TEXT = (b"\xff", b"a\0b", b"\xc3\x28", b"\xed\xa0\x80",
            b"\xf4\x90\x80\x80")
BAD_NUMBERS = (99, 1 << 31, 1 << 32, (1 << 64) - 1)


def spoilt(message):
    """(name of a member, bytes that spoil it) for all that can be."""
    for path, f in leaves(message, FieldDescriptor.TYPE_STRING):
        for text in BAD_TEXT:
            yield f.name, nested(path + (f.number,), text)
    for path, f in leaves(message, FieldDescriptor.TYPE_ENUM):
        for n in BAD_NUMBERS:
            yield f.name, nested(path, varint(f.number << 3) + varint(n))


class Spoilt(Case):
    """Text and numbers that proto3 does not know, in every member of every
    request."""

    peers = [passive(net.v4(10), remote_as=65010)]

    def setUp(self):
        super().setUp()
        self.suite.rpc          # opens the channel

    def call(self, path, streams):
        channel = self.suite.channel
        make = channel.stream_unary if streams else channel.unary_unary
        return make(path, request_serializer=lambda b: b,
                    response_deserializer=lambda b: b)

    def nothing_changed(self):
        self.assertEqual(self.suite.routes(), {})
        self.assertEqual(list(self.suite.peers()), [net.v4(10)])

    def test_every_member_of_every_method(self):
        seen = set()
        for m in pb.DESCRIPTOR.services_by_name["BgpService"].methods:
            if m.client_streaming:
                continue
            call = self.call(SERVICE + m.name, False)
            for name, data in spoilt(m.input_type):
                with self.subTest(method=m.name, member=name, data=data):
                    with self.assertRaises(grpc.RpcError) as caught:
                        call(data, timeout=10 * wait.FACTOR)
                    e = caught.exception
                    if e.code() == C.UNIMPLEMENTED:
                        continue    # in this version
                    self.assertEqual(e.code(), C.INVALID_ARGUMENT, e)
                    self.assertIn(name + ": ", e.details())
                    seen.add(m.name)
        self.assertLessEqual({
            "AddPeer", "RemovePeer", "DisablePeer", "EnablePeer",
            "ResetPeer", "GetPeer", "AddRoute", "RemoveRoute", "ListRoutes",
            "ListRoutesStream"}, seen)
        self.nothing_changed()

    def test_every_member_of_an_item(self):
        """Each is an item that is counted out and named."""
        bad = list(spoilt(pb.AddRouteRequest.DESCRIPTOR))
        good = pb.AddRouteRequest(prefix="10.0.0.0/8", next_hop="192.0.2.1")
        call = self.call(SERVICE + "AddRouteStream", True)
        for name, data in bad:
            r = pb.AddRouteStreamResponse.FromString(call(
                iter([data, good.SerializeToString()]),
                timeout=10 * wait.FACTOR))
            self.assertEqual(r.count, 1, name)
            self.assertIn("item 1: %s: " % name, r.message)
        self.suite.remove_route("10.0.0.0/8")
        edit = self.call("/bgpgg.v1.RouteService/EditRoutes", True)
        for name, data in bad + [("remove", t) for t in BAD_TEXT]:
            number = 1 if name == "remove" else 2
            r = route_pb2.EditRoutesResponse.FromString(edit(
                iter([nested((number,), data)]), timeout=10 * wait.FACTOR))
            self.assertEqual((r.added, r.removed, r.refused), (0, 0, 1))
            self.assertIn("%s: " % name if number == 2 else "",
                          r.faults[0].message)
        self.nothing_changed()

    def test_wire_types_that_are_not_the_members(self):
        """A string as a number, a number as a string, a group."""
        for method, data in (("GetPeer", b"\x08\x05"),
                             ("AddRoute", b"\x0a\x02x/\x18\x00\x1a\x01x"),
                             ("AddRoute", b"\x0d\1\2\3\4"),
                             ("GetPeer", b"\x0b\x0c")):
            with self.subTest(method=method, data=data):
                with self.assertRaises(grpc.RpcError) as caught:
                    self.call(SERVICE + method, False)(
                        data, timeout=10 * wait.FACTOR)
                self.assertEqual(caught.exception.code(), C.INVALID_ARGUMENT)
        self.nothing_changed()

    def test_unknown_members_are_skipped(self):
        """Of a client that is newer than we are."""
        more = varint(1999 << 3) + b"\5" + varint(1998 << 3 | 2) + b"\1\xff"
        r = pb.GetPeerResponse.FromString(self.call(
            SERVICE + "GetPeer", False)(
                pb.GetPeerRequest(address=net.v4(10)).SerializeToString() +
                more, timeout=10 * wait.FACTOR))
        self.assertEqual(r.peer.address, net.v4(10))


class Ends(Case):
    """Calls that the client ends before they are answered."""

    def items(self, go, n):
        for i in range(n):
            yield pb.AddRouteRequest(prefix="10.%d.0.0/16" % i,
                                     next_hop="192.0.2.1")
        go.wait(60 * wait.FACTOR)

    def tearDown(self):
        for p in list(self.suite.routes()):
            self.suite.remove_route(p)
        super().tearDown()

    def test_cancelled_stream_of_routes(self):
        """What was sent before is there, and the next call is served."""
        go = threading.Event()
        self.addCleanup(go.set)
        call = self.suite.rpc.AddRouteStream.future(self.items(go, 20))
        self.suite.wait_routes(["10.%d.0.0/16" % i for i in range(20)])
        call.cancel()
        self.assertTrue(call.cancelled())
        self.assertEqual(call.code(), C.CANCELLED)
        self.assertEqual(len(self.suite.routes()), 20)

    def test_deadline_of_streams(self):
        go = threading.Event()
        self.addCleanup(go.set)
        rpc = self.suite.rpc
        with self.assertRaises(grpc.RpcError) as caught:
            rpc.AddRouteStream(self.items(go, 3), timeout=0.5)
        self.assertEqual(caught.exception.code(), C.DEADLINE_EXCEEDED)
        self.suite.wait_routes(["10.%d.0.0/16" % i for i in range(3)])
        bulk = route_pb2_grpc.RouteServiceStub(self.suite.channel)
        with self.assertRaises(grpc.RpcError) as caught:
            bulk.EditRoutes((route_pb2.EditRoutesRequest(add=[r])
                             for r in self.items(go, 3)), timeout=0.5)
        self.assertEqual(caught.exception.code(), C.DEADLINE_EXCEEDED)

    def test_statistics_of_two_sessions(self):
        """Every message once, and over the whole life of the peer."""
        addr = net.v4(20)
        self.suite.rpc.AddPeer(pb.AddPeerRequest(
            address=net.endpoint(addr), config=pb.SessionConfig(
                asn=65020, passive_mode=True, idle_hold_time_secs=0,
                damp_peer_oscillations=False)))
        self.addCleanup(self.suite.rpc.RemovePeer,
                        pb.RemovePeerRequest(address=addr))
        self.suite.add_route("10.99.0.0/16", "192.0.2.1")
        sent = dict.fromkeys((bgp.OPEN, bgp.KEEPALIVE, bgp.UPDATE,
                              bgp.NOTIFICATION), 0)
        for last in (False, True):
            # Without a hold time no KEEPALIVE comes by the clock.
            s = self.speaker(20, hold=0)
            s.wait_route("10.99.0.0/16")
            for i in range(7):
                s.announce("10.50.%d.0/24" % i)
            s.withdraw("10.50.0.0/24")
            s.wait_end_of_rib(bgp.IPV6)
            self.suite.wait_routes(["10.50.%d.0/24" % i for i in range(1, 7)],
                                   rib=pb.ADJ_IN, peer=addr)
            if last:
                self.suite.rpc.DisablePeer(pb.DisablePeerRequest(
                    address=addr))
                self.assertEqual(s.wait_closed()[:2], (6, 2))
            else:
                s.send(bgp.notification(6, 4))
                s.wait_closed()
            for kind in sent:
                sent[kind] += s.count(kind)
        got = self.suite.peer(addr).statistics
        self.assertEqual(
            (got.open_received, got.keepalive_received, got.update_received,
             got.notification_received), (2, 2, 16, 1))
        self.assertEqual(
            (got.open_sent, got.keepalive_sent, got.update_sent,
             got.notification_sent),
            tuple(sent[k] for k in (bgp.OPEN, bgp.KEEPALIVE, bgp.UPDATE,
                                    bgp.NOTIFICATION)))
        self.assertEqual((got.open_sent, got.notification_sent), (2, 1))


class Unread(Case):
    """Lists that nobody reads delay nobody else."""

    N = 40000
    peers = [passive(net.v4(30), remote_as=65030),
             passive(net.v4(31), remote_as=65031)]

    def memory(self):
        """Kilobytes of each process."""
        out = {}
        for name, pid in self.suite.pids().items():
            with open("/proc/%d/status" % pid) as f:
                out[name] = int(next(x for x in f if x.startswith(
                    "VmRSS")).split()[1])
        return out

    def test_sessions_of_three_seconds(self):
        def batches():
            for at in range(0, self.N, 500):
                yield route_pb2.EditRoutesRequest(add=[
                    pb.AddRouteRequest(
                        prefix="20.%d.%d.%d/32" % (i >> 16, i >> 8 & 255,
                                                   i & 255),
                        next_hop="192.0.2.1", communities=[i, i + 1])
                    for i in range(at, at + 500)])
        rpc = self.suite.rpc
        r = route_pb2_grpc.RouteServiceStub(
            self.suite.channel).EditRoutes(batches())
        self.assertEqual(r.added, self.N)
        source = self.speaker(30, hold=3)
        sink = self.speaker(31, hold=3)
        sink.wait_prefixes(self.N)
        channel = grpc.insecure_channel(self.suite.grpc, options=[
            ("grpc.use_local_subchannel_pool", 1),
            ("grpc.http2.bdp_probe", 0)])
        self.addCleanup(channel.close)
        stubs = (pb_grpc.BgpServiceStub(channel).ListRoutesStream,
                 route_pb2_grpc.RouteServiceStub(channel).ListRoutes)
        before = self.memory()
        held = [stubs[i % 2](pb.ListRoutesRequest()) for i in range(100)]
        for h in held:
            next(h)
        slowest, n = 0, 0
        end = time.monotonic() + 7  # twice the hold time and more
        while time.monotonic() < end:
            n += 1
            began = time.monotonic()
            p = "10.%d.%d.0/24" % (n >> 8, n & 255)
            source.announce(p)
            sink.wait_route(p)
            rpc.GetServerInfo(pb.GetServerInfoRequest(),
                              timeout=10 * wait.FACTOR)
            self.suite.add_route("172.16.0.0/16", "192.0.2.1", med=n)
            slowest = max(slowest, time.monotonic() - began)
        self.assertLess(slowest, 1.5 * wait.FACTOR)
        # What a stream may hold, and a little that is nobody's.
        grown = {k: v - before[k] for k, v in self.memory().items()}
        if not SANITIZED:
            self.assertLess(grown["apid"], len(held) * 256 + 4096)
            self.assertLess(grown["rde"], len(held) * 128 + 4096)
        for s in (source, sink):
            self.assertFalse(s.closed)
            self.assertEqual(s.open["hold"], 180)
        for h in held:
            h.cancel()
        self.assertEqual(sum(1 for _ in rpc.ListRoutesStream(
            pb.ListRoutesRequest())), self.N + n + 1)


class Forgotten(Case):
    """A list that its client forgets ends after a while, and only that."""

    N = 40000
    conf = {"grpc_unread_secs": 10}

    def test_it_ends(self):
        rpc = self.suite.rpc
        r = route_pb2_grpc.RouteServiceStub(
            self.suite.channel).EditRoutes(iter([
                route_pb2.EditRoutesRequest(add=[
                    pb.AddRouteRequest(
                        prefix="20.%d.%d.0/24" % (i >> 8, i & 255),
                        next_hop="192.0.2.1", communities=[i, i + 1])
                    for i in range(at, at + 500)])
                for at in range(0, self.N, 500)]))
        self.assertEqual(r.added, self.N)
        channel = grpc.insecure_channel(self.suite.grpc, options=[
            ("grpc.use_local_subchannel_pool", 1),
            ("grpc.http2.bdp_probe", 0)])
        self.addCleanup(channel.close)
        held = pb_grpc.BgpServiceStub(channel).ListRoutesStream(
            pb.ListRoutesRequest())
        next(held)
        # The client's library tells of the end only behind what it has.
        wait.holds(lambda: rpc.GetServerInfo(
            pb.GetServerInfoRequest()).num_routes == self.N,
            "answers for the others", 26)
        with self.assertRaises(grpc.RpcError) as e:
            for _ in held:
                pass
        self.assertEqual(e.exception.code(),
                         grpc.StatusCode.RESOURCE_EXHAUSTED)
        self.assertIn("unread", e.exception.details())
        self.assertEqual(sum(1 for _ in rpc.ListRoutesStream(
            pb.ListRoutesRequest())), self.N)


class Stop(Case):
    """The daemon ends under calls of every kind."""

    def test_calls_end_as_unavailable(self):
        go = threading.Event()
        self.addCleanup(go.set)

        def items():
            for i in range(20000):
                yield pb.AddRouteRequest(
                    prefix="20.0.%d.%d/32" % (i >> 8, i & 255),
                    next_hop="192.0.2.1")
        rpc = self.suite.rpc
        self.assertEqual(rpc.AddRouteStream(items()).count, 20000)

        def waiting():
            yield pb.AddRouteRequest(prefix="10.0.0.0/8",
                                     next_hop="192.0.2.1")
            go.wait(60 * wait.FACTOR)
        up = rpc.AddRouteStream.future(waiting())
        # The window of HTTP/2 stays small: most of a list is not sent yet.
        channel = grpc.insecure_channel(self.suite.grpc, options=[
            ("grpc.use_local_subchannel_pool", 1),
            ("grpc.http2.bdp_probe", 0)])
        self.addCleanup(channel.close)
        down = pb_grpc.BgpServiceStub(channel).ListRoutesStream(
            pb.ListRoutesRequest())
        bulk = route_pb2_grpc.RouteServiceStub(channel).ListRoutes(
            pb.ListRoutesRequest())
        next(down)
        next(bulk)
        wait.until(lambda: rpc.GetServerInfo(
            pb.GetServerInfoRequest()).num_routes == 20001, "the last route")
        self.suite.proc.terminate()
        for stream in (down, bulk):
            with self.assertRaises(grpc.RpcError) as caught:
                list(stream)
            self.assertEqual(caught.exception.code(), C.UNAVAILABLE)
        self.assertEqual(up.exception(20 * wait.FACTOR).code(),
                         C.UNAVAILABLE)
        self.suite.wait_end(0)


class Port(Case):
    def test_server_info_says_the_port_that_was_bound(self):
        s = Suite(name="port", listen6=False,
                  listen_addr="%s:0" % net.v4(90))
        s.start()
        self.addCleanup(s.kill)
        info = s.rpc.GetServerInfo(pb.GetServerInfoRequest())
        self.assertEqual(info.listen_addr, net.v4(90))
        self.assertNotEqual(info.listen_port, 0)
        t = self.speaker(91, up=False)
        t.connect(net.v4(90), port=info.listen_port)
        self.assertEqual(t.wait_closed()[:2], (6, 5))
        s.stop()
