# SPDX-License-Identifier: ISC
"""Routes in bulk, server reflection, health."""

import threading

import grpc
from google.protobuf import descriptor_pb2, descriptor_pool

from lib import net, wait
from lib.case import Case
from lib.suite import SANITIZED, Suite, passive, pb

from proto.bgpgg.v1 import route_pb2, route_pb2_grpc
from proto.grpc.health.v1 import health_pb2, health_pb2_grpc
from proto.grpc.reflection.v1 import reflection_pb2

C = grpc.StatusCode
SERVICES = ["bgp.BgpService", "bgpgg.v1.ConfigService",
            "bgpgg.v1.MetricsService", "bgpgg.v1.PolicyService",
            "bgpgg.v1.RouteService",
            "grpc.health.v1.Health",
            "grpc.reflection.v1.ServerReflection",
            "grpc.reflection.v1alpha.ServerReflection"]


def route(n, **kw):
    return pb.AddRouteRequest(
        prefix="10.%d.%d.%d/32" % (n >> 16 & 255, n >> 8 & 255, n & 255),
        next_hop="192.0.2.77", **kw)


class Bulk(Case):
    peers = [passive(net.v4(10), remote_as=65010)]

    @property
    def bulk(self):
        self.suite.rpc
        return route_pb2_grpc.RouteServiceStub(self.suite.channel)

    def edit(self, *requests):
        return self.bulk.EditRoutes(iter(requests), timeout=60 * wait.FACTOR)

    def tearDown(self):
        mine = [p for p, paths in self.suite.routes().items()
                if paths[0].peer_address == "127.0.0.1"]
        for i in range(0, len(mine), 1000):
            self.edit(route_pb2.EditRoutesRequest(remove=mine[i:i + 1000]))
        super().tearDown()

    def batches(self, **kw):
        out = []
        sizes = []
        for b in self.bulk.ListRoutes(pb.ListRoutesRequest(**kw),
                                      timeout=60 * wait.FACTOR):
            self.assertGreater(len(b.routes), 0)
            sizes.append(len(b.routes))
            out += b.routes
        return out, sizes

    def test_many(self):
        """In and out in batches: the same as by the streams, in order."""
        n = 20000 if SANITIZED else 100000
        step = 500
        r = self.edit(*(route_pb2.EditRoutesRequest(
            add=[route(i, med=i // 7, communities=[i & 0xffff])
                 for i in range(at, at + step)])
            for at in range(0, n, step)))
        self.assertEqual((r.added, r.removed, r.refused), (n, 0, 0))
        got, sizes = self.batches()
        self.assertEqual(len(got), n)
        self.assertLess(len(sizes), n // 20)
        stream = list(self.suite.rpc.ListRoutesStream(
            pb.ListRoutesRequest(), timeout=60 * wait.FACTOR))
        self.assertEqual([x.prefix for x in got], [x.prefix for x in stream])
        for a, b in zip(got, stream):
            for x in list(a.paths) + list(b.paths):
                x.age_secs = 0
            if a != b:
                self.assertEqual(a, b)
        # Removal and addition in one message: first what goes.
        r = self.edit(route_pb2.EditRoutesRequest(
            remove=[route(i).prefix for i in range(0, n, 2)] +
            ["203.0.113.0/24"], add=[route(0, med=99)]))
        self.assertEqual((r.added, r.removed, r.refused),
                         (1, n // 2 + 1, 0))
        got, _ = self.batches()
        self.assertEqual(len(got), n // 2 + 1)
        self.assertEqual(got[0].paths[0].med, 99)

    def test_one_message_of_megabytes(self):
        n = 100000
        m = route_pb2.EditRoutesRequest(add=[route(i) for i in range(n)])
        self.assertGreater(m.ByteSize(), 1 << 21)
        self.assertLess(m.ByteSize(), 4 << 20)
        self.assertEqual(self.edit(m).added, n)
        self.assertEqual(len(self.suite.routes()), n)

    def test_wrong_elements_are_named(self):
        r = self.edit(
            route_pb2.EditRoutesRequest(add=[
                route(1), pb.AddRouteRequest(prefix="10.0.0.0/33",
                                             next_hop="192.0.2.1"),
                route(2)]),
            route_pb2.EditRoutesRequest(
                remove=["10.0.0.1/32", "here", "x" * 5000],
                add=[pb.AddRouteRequest(prefix="10.9.0.0/16",
                                        next_hop="nowhere")]))
        self.assertEqual((r.added, r.removed, r.refused), (2, 1, 4))
        self.assertEqual([(f.request, f.element, f.sequence)
                          for f in r.faults],
                         [(1, 2, 2), (2, 2, 5), (2, 3, 6), (2, 4, 7)])
        self.assertIn("33 exceeds 32", r.faults[0].message)
        self.assertIn("here", r.faults[1].message)
        self.assertIn("next_hop", r.faults[3].message)
        self.assertEqual(sorted(self.suite.routes()), ["10.0.0.2/32"])

    def test_nothing_but_wrong_elements(self):
        """A million and a half of them in a message hold nobody up."""
        n = 1500000
        raw = self.bulk and self.suite.channel.stream_unary(
            "/bgpgg.v1.RouteService/EditRoutes",
            request_serializer=lambda x: x,
            response_deserializer=route_pb2.EditRoutesResponse.FromString)
        call = raw.future(iter([b"\x0a\x00" * n + route_pb2.
                                EditRoutesRequest(add=[route(1)]).
                                SerializeToString()] * 4),
                          timeout=120 * wait.FACTOR)
        asked = 0
        while not call.done():
            self.suite.rpc.GetServerInfo(pb.GetServerInfoRequest(),
                                         timeout=20 * wait.FACTOR)
            asked += 1
        r = call.result()
        self.assertEqual((r.added, r.refused), (4, 4 * n))
        self.assertEqual(r.faults[4].sequence, 5)
        self.assertGreater(asked, 10)

    def test_malformed_message(self):
        """What came before it is done, nothing behind it."""
        raw = self.suite.channel.stream_unary(
            "/bgpgg.v1.RouteService/EditRoutes",
            request_serializer=lambda x: x,
            response_deserializer=route_pb2.EditRoutesResponse.FromString)
        good = route_pb2.EditRoutesRequest(
            add=[route(1)]).SerializeToString()
        for bad in (b"\x12\x7f", b"\x10\x05", b"\xff" * 12):
            with self.assertRaises(grpc.RpcError) as e:
                raw(iter([good, bad, good]), timeout=20 * wait.FACTOR)
            self.assertEqual(e.exception.code(), C.INVALID_ARGUMENT)
            self.assertIn("request 2", e.exception.details())

    def test_applied_while_the_client_is_silent(self):
        more = threading.Event()

        def requests():
            yield route_pb2.EditRoutesRequest(add=[route(5)])
            more.wait(60)
        call = self.bulk.EditRoutes.future(requests(),
                                           timeout=60 * wait.FACTOR)
        self.suite.wait_routes(["10.0.0.5/32"])
        self.assertFalse(call.done())
        more.set()
        self.assertEqual(call.result().added, 1)

    def test_filters_and_refusals(self):
        self.edit(route_pb2.EditRoutesRequest(
            add=[route(i) for i in range(600)]))
        got, _ = self.batches(prefix="10.0.1.0/24",
                              prefix_match=pb.PREFIX_LONGER)
        self.assertEqual(len(got), 256)
        self.assertEqual(self.batches(afi=2)[0], [])
        for kw, code in (({"rib_type": pb.ADJ_IN}, C.INVALID_ARGUMENT),
                         ({"rib_type": pb.ADJ_IN,
                           "peer_address": "198.51.100.1"}, C.NOT_FOUND),
                         ({"prefix": "x"}, C.INVALID_ARGUMENT)):
            with self.assertRaises(grpc.RpcError) as e:
                self.batches(**kw)
            self.assertEqual(e.exception.code(), code)

    def test_a_reader_that_stops_stops_itself(self):
        n = 20000 if SANITIZED else 100000
        step = 1000
        self.edit(*(route_pb2.EditRoutesRequest(
            add=[route(i) for i in range(at, at + step)])
            for at in range(0, n, step)))
        calls = [self.bulk.ListRoutes(pb.ListRoutesRequest())
                 for _ in range(8)]
        for c in calls:
            next(c)
        self.suite.add_route("203.0.113.0/24")
        self.assertEqual(self.suite.state(net.v4(10)), "ACTIVE")
        rest = sum(len(b.routes) for b in calls[0])
        self.assertGreater(rest, n // 2)
        for c in calls[1:]:
            c.cancel()
        self.assertEqual(len(self.batches()[0]), n + 1)


class Reflection(Case):
    def ask(self, *requests, version="v1"):
        self.suite.rpc
        call = self.suite.channel.stream_stream(
            "/grpc.reflection.%s.ServerReflection/ServerReflectionInfo" %
            version,
            request_serializer=lambda m: m.SerializeToString(),
            response_deserializer=reflection_pb2.ServerReflectionResponse.
            FromString)
        return list(call(iter([reflection_pb2.ServerReflectionRequest(**kw)
                               for kw in requests]),
                         timeout=20 * wait.FACTOR))

    def test_services(self):
        for version in ("v1", "v1alpha"):
            r, = self.ask({"list_services": "*", "host": "here"},
                          version=version)
            self.assertEqual([s.name for s in
                              r.list_services_response.service], SERVICES)
            self.assertEqual(r.original_request.host, "here")
            self.assertEqual(r.valid_host, "here")

    def pool(self, answer):
        pool = descriptor_pool.DescriptorPool()
        files = [descriptor_pb2.FileDescriptorProto.FromString(f) for f in
                 answer.file_descriptor_response.file_descriptor_proto]
        for f in reversed(files):       # imports before who imports them
            pool.Add(f)
        return pool, files

    def test_every_service_can_be_called_by_what_it_says(self):
        for name, r in zip(SERVICES, self.ask(*(
                {"file_containing_symbol": s} for s in SERVICES))):
            pool, files = self.pool(r)
            service = pool.FindServiceByName(name)
            self.assertGreater(len(service.methods), 0)
            self.assertEqual(files[0].package, name.rsplit(".", 1)[0])
        r, = self.ask({"file_containing_symbol": "bgp.BgpService"})
        methods = self.pool(r)[0].FindServiceByName("bgp.BgpService").methods
        self.assertEqual(
            sorted(m.name for m in methods),
            sorted(m.name for m in
                   pb.DESCRIPTOR.services_by_name["BgpService"].methods))

    def test_symbols_and_files(self):
        names = ("bgp.Peer", "bgp.Peer.asn", "bgp.BgpService.AddPeer",
                 "bgp.Origin", "bgp.EGP", "bgp.ExtendedCommunity.Color",
                 "bgp.ExtendedCommunity.community", ".bgp.Route")
        for r in self.ask(*({"file_containing_symbol": s} for s in names)):
            self.assertEqual(self.pool(r)[1][0].name, "proto/bgp.proto")
        r, = self.ask({"file_by_filename": "proto/bgpgg/v1/route.proto"})
        self.assertEqual([f.name for f in self.pool(r)[1]],
                         ["proto/bgpgg/v1/route.proto", "proto/bgp.proto"])

    def test_what_is_not_there(self):
        answers = self.ask(
            {"file_containing_symbol": "bgp.Nothing"},
            {"file_containing_symbol": "bgp"}, {"file_by_filename": "x"},
            {"file_by_filename": ""}, {"all_extension_numbers_of_type": "x"},
            {"file_containing_extension": reflection_pb2.ExtensionRequest(
                containing_type="bgp.Peer", extension_number=7)}, {})
        self.assertEqual(
            [r.error_response.error_code for r in answers],
            [C.NOT_FOUND.value[0]] * 6 + [C.INVALID_ARGUMENT.value[0]])
        r, = self.ask({"all_extension_numbers_of_type": "bgp.Peer"})
        self.assertEqual(
            r.all_extension_numbers_response.base_type_name, "bgp.Peer")

    def test_bad_questions_end_the_call_alone(self):
        for kw in ({"file_by_filename": "x" * 5000}, {"host": "a\0b"}):
            with self.assertRaises(grpc.RpcError) as e:
                self.ask(kw)
            self.assertEqual(e.exception.code(), C.INVALID_ARGUMENT)
        self.assertEqual(len(self.ask({"list_services": ""})), 1)

    def test_many_questions_unread(self):
        """Thousands of questions before the first answer is read."""
        n = 5000
        got = self.ask(*({"file_containing_symbol": "bgp.Peer"}
                         for _ in range(n)))
        self.assertEqual(len(got), n)

    def test_switched_off(self):
        with Suite(name="silent", n=2, grpc_reflection=False) as s:
            call = s.channel.stream_stream(
                "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
                request_serializer=lambda m: m.SerializeToString())
            with self.assertRaises(grpc.RpcError) as e:
                list(call(iter([]), timeout=20 * wait.FACTOR))
            self.assertEqual(e.exception.code(), C.UNIMPLEMENTED)


class Health(Case):
    @property
    def health(self):
        self.suite.rpc
        return health_pb2_grpc.HealthStub(self.suite.channel)

    def test_check(self):
        for name in [""] + SERVICES:
            r = self.health.Check(
                health_pb2.HealthCheckRequest(service=name), timeout=20)
            self.assertEqual(r.status, health_pb2.HealthCheckResponse.SERVING)
        with self.assertRaises(grpc.RpcError) as e:
            self.health.Check(
                health_pb2.HealthCheckRequest(service="bgp.Nothing"),
                timeout=20)
        self.assertEqual(e.exception.code(), C.NOT_FOUND)
        self.assertIn("bgp.Nothing", e.exception.details())

    def test_watch(self):
        status = health_pb2.HealthCheckResponse
        for name, want in (("", status.SERVING),
                           ("bgp.BgpService", status.SERVING),
                           ("bgp.Nothing", status.SERVICE_UNKNOWN)):
            call = self.health.Watch(
                health_pb2.HealthCheckRequest(service=name))
            self.assertEqual(next(call).status, want)
            call.cancel()

    def test_watch_ends_with_the_daemon(self):
        with Suite(name="ends", n=2) as s:
            call = health_pb2_grpc.HealthStub(s.channel).Watch(
                health_pb2.HealthCheckRequest())
            next(call)
            s.proc.terminate()
            with self.assertRaises(grpc.RpcError) as e:
                list(call)
            self.assertEqual(e.exception.code(), C.UNAVAILABLE)
