# SPDX-License-Identifier: ISC
"""Listeners of the API with TLS, tokens and fewer rights."""

import os
import socket
import ssl
import subprocess
import threading
import unittest

import grpc

from lib import net, wait
from lib.certs import Authority, openssl, read, secret
from lib.speaker import Speaker
from lib.suite import Suite, passive, pb, pb_grpc

from proto.bgpgg.v1 import route_pb2, route_pb2_grpc

C = grpc.StatusCode
READER, WRITER = "r" * 20, "w0123456789abcdef"


class Access(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        s = cls.suite = Suite(name="access", peers=[
            passive(net.v4(10), remote_as=65010)])
        cls.ca = Authority(s.dir, "ca")
        cls.other = Authority(s.dir, "other")
        cls.server = cls.ca.issue("server")
        cls.client = cls.ca.issue("client")
        cls.stranger = cls.other.issue("stranger")
        cls.tokens = os.path.join(s.dir, "tokens")
        cls.give_tokens("# comment\n\n%s\r\n%s\n" % (READER, WRITER))
        hosts = ["127.0.0.1"] * 4 + ["127.0.0.2", s.addr]
        tls = {"certificate_file": cls.server[1], "key_file": cls.server[0]}
        cls.at = ["%s:%d" % (h, net.free_port(h)) for h in hosts]
        s.conf["grpc_listen_addr"] = cls.listeners = [
            s.grpc, {"address": cls.at[0], "tls": tls},
            {"address": cls.at[1],
             "tls": dict(tls, client_ca_file=cls.ca.crt)},
            {"address": cls.at[2], "token_file": cls.tokens,
             "read_only": True},
            {"address": cls.at[3], "tls": tls, "token_file": cls.tokens},
            # An address that the certificate does not hold.
            {"address": cls.at[4], "tls": tls},
            {"address": cls.at[5], "token_file": cls.tokens}]
        s.start()

    @classmethod
    def tearDownClass(cls):
        cls.suite.stop()

    @classmethod
    def give_tokens(cls, text):
        with open(cls.tokens, "w") as f:
            f.write(text)
        secret(cls.tokens)

    def setUp(self):
        self.channels = []
        self.addCleanup(lambda: [c.close() for c in self.channels])

    def stub(self, n, ca=None, pair=None, plain=False):
        if plain:
            channel = grpc.insecure_channel(self.at[n])
        else:
            channel = grpc.secure_channel(
                self.at[n].replace("127.0.0.1", "localhost"),
                grpc.ssl_channel_credentials(
                    read((ca or self.ca).crt),
                    read(pair[0]) if pair else None,
                    read(pair[1]) if pair else None),
                [("grpc.enable_http_proxy", 0)])
        self.channels.append(channel)
        return pb_grpc.BgpServiceStub(channel)

    def info(self, stub, token=None):
        return stub.GetServerInfo(
            pb.GetServerInfoRequest(), timeout=10 * wait.FACTOR,
            metadata=[("authorization", token)] if token else None)

    def refused(self, code, call, *args, **kw):
        with self.assertRaises(grpc.RpcError) as e:
            call(*args, **kw)
        self.assertEqual(e.exception.code(), code, e.exception.details())
        return e.exception.details()

    def test_tls(self):
        self.assertEqual(self.info(self.stub(0)).asn, 64500)
        self.refused(C.UNAVAILABLE, self.info, self.stub(0, self.other))
        self.refused(C.UNAVAILABLE, self.info, self.stub(0, plain=True))
        # A certificate that nobody asked for does no harm.
        self.info(self.stub(0, pair=self.stranger))

    def test_many_routes_through_tls(self):
        stub = self.stub(0)
        n = 20000
        r = stub.AddRouteStream(
            (pb.AddRouteRequest(prefix="10.%d.%d.0/24" % (i >> 8, i & 255),
                                next_hop="192.0.2.9", med=i)
             for i in range(n)), timeout=60 * wait.FACTOR)
        self.assertEqual(r.count, n)
        got = list(stub.ListRoutesStream(pb.ListRoutesRequest(),
                                         timeout=60 * wait.FACTOR))
        self.assertEqual([x.paths[0].med for x in got], list(range(n)))
        # One that does not read stops nobody, and is not waited for.
        slow = stub.ListRoutesStream(pb.ListRoutesRequest())
        next(slow)
        self.info(self.stub(0))
        slow.cancel()
        self.suite.rpc
        route_pb2_grpc.RouteServiceStub(self.suite.channel).EditRoutes(
            iter([route_pb2.EditRoutesRequest(
                remove=[x.prefix for x in got])]),
            timeout=60 * wait.FACTOR)

    def test_client_certificates(self):
        self.assertEqual(self.info(self.stub(1, pair=self.client)).asn,
                         64500)
        self.refused(C.UNAVAILABLE, self.info, self.stub(1))
        self.refused(C.UNAVAILABLE, self.info,
                     self.stub(1, pair=self.stranger))

    def test_tokens_and_reading_alone(self):
        stub = self.stub(2, plain=True)
        for token in (READER, WRITER):
            self.assertEqual(self.info(stub, "Bearer " + token).asn, 64500)
            self.info(stub, "bearer " + token)
        for token in (None, "Bearer", "Bearer ", "Basic " + READER, READER,
                      "Bearer " + READER[:-1], "Bearer " + READER + "x",
                      "Bearer " + READER[:-1] + "x",
                      "Bearer x" + READER[1:], "Bearer " + WRITER.upper(),
                      "Bearer # comment"):
            text = self.refused(C.UNAUTHENTICATED, self.info, stub, token)
            self.assertNotIn(READER[:-1], text)
        with_token = {"metadata": [("authorization", "Bearer " + READER)],
                      "timeout": 10 * wait.FACTOR}
        changes = (
            ("AddPeer", pb.AddPeerRequest(address="192.0.2.50")),
            ("RemovePeer", pb.RemovePeerRequest(address=net.v4(10))),
            ("DisablePeer", pb.DisablePeerRequest(address=net.v4(10))),
            ("EnablePeer", pb.EnablePeerRequest(address=net.v4(10))),
            ("ResetPeer", pb.ResetPeerRequest(address=net.v4(10))),
            ("AddRoute", pb.AddRouteRequest(prefix="10.0.0.0/8",
                                            next_hop="0.0.0.0")),
            ("RemoveRoute", pb.RemoveRouteRequest(prefix="10.0.0.0/8")),
            ("AddBmpServer", pb.AddBmpServerRequest(address="1.2.3.4:5")),
            ("RemoveBmpServer", pb.RemoveBmpServerRequest()),
            ("AddDefinedSet", pb.AddDefinedSetRequest()),
            ("RemoveDefinedSet", pb.RemoveDefinedSetRequest()),
            ("AddPolicy", pb.AddPolicyRequest()),
            ("RemovePolicy", pb.RemovePolicyRequest()),
            ("SetPolicyAssignment", pb.SetPolicyAssignmentRequest()),
            ("CommitConfig", pb.CommitConfigRequest(text="asn: 1\n")),
            ("SaveConfig", pb.SaveConfigRequest()),
            ("RollbackConfig", pb.RollbackConfigRequest(index=1)))
        for method, request in changes:
            with self.subTest(method):
                self.refused(C.PERMISSION_DENIED, getattr(stub, method),
                             request, **with_token)
        self.refused(C.PERMISSION_DENIED, stub.AddRouteStream,
                     iter([pb.AddRouteRequest(prefix="10.0.0.0/8")]),
                     **with_token)
        self.refused(
            C.PERMISSION_DENIED,
            route_pb2_grpc.RouteServiceStub(self.channels[0]).EditRoutes,
            iter([route_pb2.EditRoutesRequest(remove=["10.0.0.0/8"])]),
            **with_token)
        # Everything else is served, and every method is one or the other.
        lists = {m.name for m in pb.DESCRIPTOR.services_by_name[
            "BgpService"].methods} - {m for m, _ in changes} - {
                "AddRouteStream"}
        self.assertEqual({m for m in lists if not m.startswith(
            ("List", "Get"))}, set())
        list(stub.ListRoutesStream(pb.ListRoutesRequest(), **with_token))
        self.assertEqual(len(stub.ListPeers(pb.ListPeersRequest(),
                                            **with_token).peers), 1)
        self.assertEqual(self.suite.routes(), {})
        # Unknown methods need a token as well.
        self.refused(C.UNAUTHENTICATED, self.channels[0].unary_unary(
            "/bgp.BgpService/Nothing"), b"", timeout=10 * wait.FACTOR)

    def test_token_through_tls(self):
        self.info(self.stub(3), "Bearer " + WRITER)
        self.refused(C.UNAUTHENTICATED, self.info, self.stub(3))

    def test_reload_changes_what_is_asked_for(self):
        """New contents act at once; no session, no connection ends."""
        s = self.suite
        a = Speaker(net.v4(10), 65010, remote=s.addr)
        self.addCleanup(a.stop)
        a.establish()
        apid = s.pids()["apid"]
        old = self.stub(3)
        self.info(old, "Bearer " + READER)
        kept = read(self.server[0]), read(self.server[1])
        key, crt = self.other.issue("renewed")
        self.give_tokens("n" * 30 + "\n")
        os.replace(key, self.server[0])
        os.replace(crt, self.server[1])
        s.reload()
        wait.until(lambda: self.works(3, self.other, "n" * 30),
                   "the new certificate and token", 20)
        self.refused(C.UNAVAILABLE, self.info, self.stub(3), "Bearer x")
        self.refused(C.UNAUTHENTICATED, self.info, old, "Bearer " + READER)
        self.info(old, "Bearer " + "n" * 30)
        self.assertFalse(a.closed)
        self.assertEqual(s.pids()["apid"], apid)
        # A file that is wrong changes nothing.
        with open(self.server[0], "w") as f:
            f.write("no key")
        s.reload()
        s.wait_log("key_file: .* holds no PEM private key")
        self.assertTrue(self.works(3, self.other, "n" * 30))
        # And back; the listener 2 is no longer read-only meanwhile.
        for path, text in zip(self.server, kept):
            with open(path, "wb") as f:
                f.write(text)
        self.give_tokens("%s\n%s\n" % (READER, WRITER))
        self.listeners[3]["read_only"] = False
        s.reload(grpc_listen_addr=self.listeners)
        wait.until(lambda: self.works(3, self.ca, WRITER), "the old", 20)
        stub = self.stub(2, plain=True)
        kw = {"metadata": [("authorization", "Bearer " + READER)],
              "timeout": 10 * wait.FACTOR}
        stub.AddRoute(pb.AddRouteRequest(prefix="10.0.0.0/8",
                                         next_hop="0.0.0.0"), **kw)
        stub.RemoveRoute(pb.RemoveRouteRequest(prefix="10.0.0.0/8"), **kw)
        self.listeners[3]["read_only"] = True
        # A listener that goes takes its connections with it.
        s.reload(grpc_listen_addr=[self.listeners[0]] + self.listeners[2:])
        host, port = self.at[0].split(":")

        def closed():
            with socket.socket() as t:
                return t.connect_ex((host, int(port))) != 0
        wait.until(closed, "end of the listener", 20)
        s.reload(grpc_listen_addr=self.listeners)
        wait.until(lambda: self.works(0, self.ca, None), "it is back", 20)
        self.assertFalse(a.closed)
        self.assertEqual(s.pids()["apid"], apid)

    def test_a_listener_comes_and_goes_under_calls(self):
        """Calls that are on their way when it goes end, and nothing else."""
        s = self.suite
        apid = s.pids()["apid"]
        over = threading.Event()
        said = set()

        def hammer():
            while not over.is_set():
                channel = grpc.insecure_channel(self.at[2], [
                    ("grpc.use_local_subchannel_pool", 1)])
                stub = pb_grpc.BgpServiceStub(channel)
                calls = [stub.GetServerInfo.future(
                    pb.GetServerInfoRequest(), timeout=10 * wait.FACTOR,
                    metadata=[("authorization", "Bearer " + READER)])
                    for _ in range(60)]
                for c in calls:
                    said.add(c.code())
                channel.close()
        threads = [threading.Thread(target=hammer) for _ in range(3)]
        for t in threads:
            t.start()
        try:
            without = self.listeners[:3] + self.listeners[4:]
            for i in range(24):
                with_it = i % 2 == 1
                s.reload(grpc_listen_addr=self.listeners if with_it
                         else without)

                def reached():
                    host, port = self.at[2].split(":")
                    with socket.socket() as t:
                        return t.connect_ex((host, int(port))) == 0
                wait.until(lambda: reached() == with_it, "the reload", 20)
        finally:
            over.set()
            for t in threads:
                t.join()
        self.assertEqual(s.pids()["apid"], apid)
        self.assertIn(C.OK, said)
        self.assertLessEqual(said, {C.OK, C.UNAVAILABLE, C.CANCELLED})

    def works(self, n, ca, token):
        try:
            self.info(self.stub(n, ca), token and "Bearer " + token)
            return True
        except grpc.RpcError:
            return False

    def test_strangers_at_a_tls_port(self):
        """Silence, noise and half a handshake cost nothing."""
        host, port = self.at[0].split(":")
        conns = []
        for text in (b"", b"GET / HTTP/1.0\r\n\r\n", os.urandom(2000),
                     b"\x16\x03\x01\x02\x00\x01"):
            for _ in range(20):
                c = socket.create_connection((host, int(port)), 10)
                conns.append(c)
                c.sendall(text)
        context = ssl.create_default_context(cafile=self.ca.crt)
        with socket.create_connection((host, int(port)), 10) as raw:
            # Without HTTP/2 in its ALPN it is no client of ours.
            context.set_alpn_protocols(["http/1.1"])
            with self.assertRaises((ssl.SSLError, ConnectionError)):
                context.wrap_socket(raw, server_hostname="localhost")
        self.info(self.stub(0))
        for c in conns:
            c.close()
        self.info(self.stub(0))

    def test_bgpctl(self):
        ctl = [self.suite.program("sbin/bgpctl")]
        token = os.path.join(self.suite.dir, "token")
        with open(token, "w") as f:
            f.write(READER + "\n")

        def run(status, *args, **variables):
            p = subprocess.run(ctl + list(args), capture_output=True,
                               text=True, timeout=60,
                               env=dict(self.suite.environment(),
                                        **variables))
            self.assertEqual(p.returncode, status, p.stdout + p.stderr)
            return p.stdout + p.stderr
        # By address: a name goes through c-ares, which keeps a few bytes.
        tls = "https://" + self.at[0]
        mutual = "https://" + self.at[1]
        self.assertIn("AS 64500", run(0, "-s", tls, "-C", self.ca.crt,
                                      "show"))
        run(3, "-s", tls, "-C", self.other.crt, "show")
        run(3, "-s", "https://" + self.at[1], "-C", self.ca.crt, "show")
        run(0, "-s", mutual, "-C", self.ca.crt, "-c", self.client[1], "-k",
            self.client[0], "show", "rib")
        self.assertIn("token", run(1, "-s", self.at[2], "show"))
        run(0, "-s", self.at[2], "-t", token, "show", "rib")
        self.assertIn("changed", run(1, "-s", self.at[2], "-t", token,
                                     "network", "add", "10.0.0.0/8"))
        self.assertIn("plain", run(2, "-s", "192.0.2.1:1", "-t", token,
                                   "show"))
        run(2, "-s", tls, "-C", "/nonexistent", "show")
        run(2, "-s", tls, "-c", self.client[1], "show")
        run(2, "-s", self.at[2], "-t", "/nonexistent", "show")
        # The name in the certificate need not be that of the endpoint.
        elsewhere = ("-s", "https://" + self.at[4], "-C", self.ca.crt)
        run(3, *elsewhere, "show")
        run(0, *elsewhere, "-n", "localhost", "show")
        run(3, "-s", tls, "-C", self.ca.crt, "-n", "bgp.example", "show")
        self.assertIn("https", run(2, "-s", self.at[2], "-n", "localhost",
                                   "show"))
        # The environment says what the command line does not.
        run(0, "show", BGPCTL_ENDPOINT=tls, BGPCTL_CA=self.ca.crt)
        run(0, "show", BGPCTL_ENDPOINT="https://" + self.at[3],
            BGPCTL_CA=self.ca.crt, BGPCTL_TOKEN_FILE=token)
        run(3, "show", BGPCTL_ENDPOINT=tls, BGPCTL_CA=self.other.crt)
        run(0, "-s", tls, "-C", self.ca.crt, "show",
            BGPCTL_ENDPOINT="unix:/nonexistent", BGPCTL_CA=self.other.crt)
        run(0, "-s", self.at[2], "-t", token, "show",
            BGPCTL_CA="/nonexistent", BGPCTL_TOKEN_FILE="/nonexistent")
        run(1, "-s", self.at[2], "show", BGPCTL_TOKEN_FILE="")

    @unittest.skipUnless(net.private(), "has no address but loopback")
    def test_bgpctl_keeps_a_token_from_the_network(self):
        ctl = [self.suite.program("sbin/bgpctl"), "-s", self.at[5]]
        token = os.path.join(self.suite.dir, "token-plain")
        with open(token, "w") as f:
            f.write(READER + "\n")
        for args, variables, status in (
                (["-t", token], {}, 2), (["-P", "-t", token], {}, 0),
                ([], {"BGPCTL_TOKEN_FILE": token}, 2),
                (["-P"], {"BGPCTL_TOKEN_FILE": token}, 0)):
            p = subprocess.run(ctl + args + ["show"], capture_output=True,
                               text=True, timeout=60, stdin=subprocess.DEVNULL,
                               env=dict(self.suite.environment(), **variables))
            self.assertEqual(p.returncode, status, p.stderr)
            self.assertEqual("plain text" in p.stderr, status == 2, p.stderr)


class Files(unittest.TestCase):
    """What is wrong with a file is told at the place that names it."""

    def check(self, *want, **access):
        s = Suite(name="files", grpc_listen_addr=[
            dict({"address": "127.0.0.1:1"}, **access)])
        s.write()
        p = subprocess.run([s.program(), "-n", "-f", s.file],
                           capture_output=True, text=True, timeout=60,
                           env=s.environment())
        self.assertEqual(p.returncode, 1 if want else 0, p.stderr)
        for w in want:
            self.assertRegex(p.stderr, r"bgpd\.yaml:\d+:\d+: .*" + w)
        return p.stderr

    def test_files(self):
        s = Suite(name="files")
        ca = Authority(s.dir, "ca")
        key, crt = ca.issue("one")
        key2, _ = ca.issue("two")

        def path(name, text, mode=0o600):
            p = os.path.join(s.dir, name)
            with open(p, "w") as f:
                f.write(text)
            os.chmod(p, mode)
            return p
        locked = os.path.join(s.dir, "locked")
        openssl("ec", "-in", key, "-aes128", "-passout", "pass:secret",
                "-out", locked)
        good = {"certificate_file": crt, "key_file": key}
        self.check(tls=good)
        self.check("certificate_file: /nonexistent: No such file",
                   tls=dict(good, certificate_file="/nonexistent"))
        self.check("certificate_file: /dev/null is no file",
                   tls=dict(good, certificate_file="/dev/null"))
        self.check("certificate_file: .* holds no PEM certificate",
                   tls=dict(good, certificate_file=key))
        self.check("key_file: .* holds no PEM private key",
                   tls=dict(good, key_file=crt))
        self.check("key_file: .* is not the key of the certificate",
                   tls=dict(good, key_file=key2))
        self.check("key_file: .* asks for a passphrase",
                   tls=dict(good, key_file=locked))
        self.check("client_ca_file: .* holds no PEM certificate",
                   tls=dict(good, client_ca_file=path("empty", "")))
        self.check("certificate_file: .* is longer than 65536",
                   tls=dict(good, certificate_file=path("long", "x" * 70000)))
        self.check("token_file: there is no token in",
                   token_file=path("t1", "# none\n\n"))
        self.check("token_file: line 2 of .* is no token",
                   token_file=path("t2", "0123456789abcdef\nshort\n"))
        self.check("token_file: line 1 of .* is no token",
                   token_file=path("t3", "0123456789 abcdef\n"))
        self.check("token_file: .* is no text",
                   token_file=path("t4", "0123456789abcdef\0\n"))
        # A date is no reason to keep BGP from starting.
        old = os.path.join(s.dir, "old.crt")
        openssl("x509", "-req", "-in", ca.path("one.csr"), "-signkey", key,
                "-days", "-1", "-out", old)
        self.assertRegex(
            self.check(tls=dict(good, certificate_file=old)),
            r":\d+:\d+: warning: certificate_file: .* has expired")
        # All of them at once, and a warning where others may read.
        self.check("key_file: .* holds no PEM private key",
                   "certificate_file: .* holds no PEM certificate",
                   tls={"certificate_file": key, "key_file": crt})
        self.assertIn("everybody on this machine may read", self.check(
            token_file=path("t5", "0123456789abcdef\n", 0o644)))

    def test_start_fails_as_a_whole(self):
        s = Suite(name="start", grpc_listen_addr=[
            {"address": "127.0.0.1:1", "token_file": "/nonexistent"}])
        s.launch()
        self.assertEqual(s.proc.wait(30 * wait.FACTOR), 1)
        self.assertIn("token_file: /nonexistent", s.tail())
        s.proc = None
