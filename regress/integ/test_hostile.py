# SPDX-License-Identifier: ISC
"""What strangers, bad peers and slow clients can do: nothing."""

import os
import random
import socket
import ssl
import threading
import unittest

import grpc

from lib import bgp, net, wait
from lib.case import ASN, Case
from lib.certs import Authority
from lib.speaker import Closed, Speaker
from lib.suite import SANITIZED, Suite, passive, pb, pb_grpc


def rss(pid):
    """Anonymous memory of a process in bytes."""
    with open("/proc/%d/status" % pid) as f:
        for line in f:
            if line.startswith("RssAnon:"):
                return int(line.split()[1]) << 10
    raise AssertionError("no RssAnon")


class Hostile(Case):
    peers = [passive(net.v4(n), remote_as=65000 + n) for n in range(10, 30)]

    def works(self):
        """A session and a route through it, beside all the trouble."""
        a, b = self.speaker(28), self.speaker(29)
        a.announce("198.51.100.0/24")
        b.wait_route("198.51.100.0/24")
        a.withdraw("198.51.100.0/24")
        b.wait_gone("198.51.100.0/24")

    def test_garbage_from_strangers(self):
        rnd = random.Random(7)
        for i in range(100):
            with socket.socket() as s:
                s.bind((net.v4(90), 0))
                s.connect((self.suite.addr, net.bgp_port()))
                try:
                    s.sendall(rnd.randbytes(rnd.randrange(1, 4000)))
                except OSError:
                    pass
        self.works()

    def test_garbage_from_a_peer(self):
        """Random octets, and random changes of good messages."""
        rnd = random.Random(8)
        s = self.speaker(10, up=False)
        good = [bgp.announce("203.0.113.0/24", [65010, 65100], net.v4(10),
                             bgp.communities([1, 2]), bgp.med(1),
                             bgp.large_communities([(1, 2, 3)])),
                bgp.announce("2001:db8::/48", [65010], "2001:db8::1"),
                bgp.withdraw("203.0.113.0/24"), bgp.refresh(),
                bgp.keepalive(), bgp.notification(6, 2, b"\3abc")]
        resets = 0
        for i in range(300):
            if s.sock is None or s.closed:
                s.establish()
                resets += 1
            m = bytearray(rnd.choice(good))
            for _ in range(rnd.randrange(1, 6)):
                at = rnd.randrange(16, len(m)) if rnd.random() < 0.97 \
                    else rnd.randrange(16)
                m[at] = rnd.randrange(256)
            try:
                s.send(bytes(m))
            except OSError:
                s.drop()
        self.works()

    def test_garbage_in_open(self):
        rnd = random.Random(9)
        good = bgp.open_message(65011, 90, "10.255.0.11", [
            bgp.cap_mp(1, 1), bgp.cap_mp(2, 1), bgp.cap_refresh(),
            bgp.cap_as4(65011), bgp.cap_gr(120, [(1, 1, True)]),
            (73, b"\4host\6domain")])
        for i in range(150):
            s = self.speaker(11, up=False)
            m = bytearray(good)
            for _ in range(rnd.randrange(1, 4)):
                m[rnd.randrange(19, len(m))] = rnd.randrange(256)
            try:
                s.connect()
                s.send(bytes(m), bgp.keepalive())
                s.wait(lambda: s.count(bgp.KEEPALIVE) or s.error, "answer",
                       3)
            except (Closed, AssertionError, OSError):
                pass
            s.stop()
        self.works()

    def test_connection_flood(self):
        """Strangers are closed at once and cost nothing."""
        held = []
        before = len(os.listdir("/proc/%d/fd" %
                                self.suite.pids()["sessiond"]))
        try:
            for i in range(1000):
                s = socket.socket()
                s.bind((net.v4(91), 0))
                s.connect((self.suite.addr, net.bgp_port()))
                held.append(s)
            self.works()
        finally:
            for s in held:
                s.close()
        wait.until(lambda: len(os.listdir(
            "/proc/%d/fd" % self.suite.pids()["sessiond"])) <= before + 4,
            "descriptors given back")

    def test_flood_from_a_peers_address(self):
        held = []
        try:
            for i in range(300):
                s = socket.socket()
                s.bind((net.v4(12), 0))
                s.connect((self.suite.addr, net.bgp_port()))
                held.append(s)
            self.works()
            self.assertLess(len(os.listdir(
                "/proc/%d/fd" % self.suite.pids()["sessiond"])), 200)
        finally:
            for s in held:
                s.close()

    def test_a_peer_that_says_nothing(self):
        """An open connection without OPEN holds nothing up."""
        with socket.socket() as s:
            s.bind((net.v4(13), 0))
            s.connect((self.suite.addr, net.bgp_port()))
            self.works()

    def flaps(self, feed, rounds, n=2000):
        """The same prefixes with other attributes, again and again."""
        for r in range(rounds):
            for i in range(0, n, 400):
                feed.announce(["10.%d.%d.0/24" % (j >> 8, j & 255)
                               for j in range(i, i + 400)],
                              [65014, 65100 + r], None,
                              bgp.communities([r, i]))

    def test_a_peer_that_never_reads(self):
        """Zero window: others go on, and memory is bounded."""
        feed, slow = self.speaker(14), self.speaker(15)
        quick = self.speaker(16)
        slow.wait_end_of_rib()
        slow.paused = True
        self.flaps(feed, 10)
        pids = self.suite.pids()
        wait.until(lambda: len(quick.table) >= 2000, "routes at the others")
        before = rss(pids["sessiond"]) + rss(pids["rde"])
        self.flaps(feed, 300)
        feed.announce("203.0.113.7/32")
        quick.wait_route("203.0.113.7/32", timeout=60)
        after = rss(pids["sessiond"]) + rss(pids["rde"])
        if not SANITIZED:
            self.assertLess(after - before, 16 << 20)
        # Reading again, it converges to the same table.
        slow.paused = False
        slow.wait_route("203.0.113.7/32", timeout=60)
        slow.wait(lambda: {k: v[0][2] for k, v in slow.table.items()} ==
                  {k: v[0][2] for k, v in quick.table.items()},
                  "the same table", 60)
        feed.stop()
        slow.wait(lambda: not slow.table, "empty table", 30)

    def test_a_client_that_never_reads(self):
        """A listing that nobody reads stops itself and nothing else."""
        feed, b = self.speaker(17), self.speaker(18)
        for i in range(0, 20000, 500):
            feed.announce(["11.%d.%d.0/24" % (j >> 8, j & 255)
                           for j in range(i, i + 500)])
        wait.until(lambda: self.suite.rpc.GetServerInfo(
            pb.GetServerInfoRequest()).num_routes >= 20000, "20000 routes")
        pids = self.suite.pids()
        streams = [self.suite.rpc.ListRoutesStream(
            pb.ListRoutesRequest()) for _ in range(8)]
        firsts = [next(s) for s in streams]
        self.assertEqual(len({f.prefix for f in firsts}), 1)
        before = rss(pids["apid"]) + rss(pids["rde"])
        feed.announce("203.0.113.9/32")
        b.wait_route("203.0.113.9/32", timeout=20)
        self.assertGreaterEqual(len(self.suite.routes()), 20000)
        after = rss(pids["apid"]) + rss(pids["rde"])
        if not SANITIZED:
            self.assertLess(after - before, 32 << 20)
        for s in streams:
            s.cancel()
        feed.stop()
        wait.until(lambda: not self.suite.routes(), "empty table")

    def test_clients_that_read_by_fits_and_starts(self):
        """Each gets every row once, and apid lives."""
        feed = self.speaker(19)
        for i in range(0, 8000, 500):
            feed.announce(["11.%d.%d.0/24" % (j >> 8, j & 255)
                           for j in range(i, i + 500)])
        wait.until(lambda: self.suite.rpc.GetServerInfo(
            pb.GetServerInfoRequest()).num_routes >= 8000, "8000 routes")
        apid = self.suite.pids()["apid"]
        counts = [0] * 6
        rest = threading.Event()    # readers that are slow on purpose

        def read(k):
            for r in self.suite.rpc.ListRoutesStream(pb.ListRoutesRequest(),
                                                     timeout=120):
                counts[k] += r.prefix.startswith("11.")
                if counts[k] % (150 + 7 * k) == 0:
                    rest.wait(0.004)
        threads = [threading.Thread(target=read, args=(k,))
                   for k in range(len(counts))]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        self.assertEqual(counts, [8000] * len(counts))
        self.assertEqual(self.suite.pids()["apid"], apid)
        feed.stop()
        wait.until(lambda: not self.suite.routes(), "empty table")

    def test_many_grpc_connections(self):
        chans = [grpc.insecure_channel(self.suite.grpc, options=[
            ("grpc.use_local_subchannel_pool", 1),
            ("grpc.enable_http_proxy", 0)]) for _ in range(100)]
        try:
            for c in chans:
                pb_grpc.BgpServiceStub(c).GetServerInfo(
                    pb.GetServerInfoRequest(), timeout=20 * wait.FACTOR)
        finally:
            for c in chans:
                c.close()
        self.works()

    def test_garbage_at_the_api(self):
        rnd = random.Random(10)
        host, port = self.suite.grpc.rsplit(":", 1)
        for i in range(50):
            with socket.create_connection((host, int(port))) as s:
                try:
                    s.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" *
                              (i & 1) + rnd.randbytes(500))
                except OSError:
                    pass
        self.works()
        self.assertIn(net.v4(10), self.suite.peers())


class Descriptors(unittest.TestCase):
    def test_out_of_descriptors(self):
        """New connections are refused and the rest goes on."""
        peers = [passive(net.v4(10), remote_as=65010),
                 passive(net.v4(11), remote_as=65011)]
        s = Suite(peers=peers, name="descriptors",
                  accept_unconfigured_peers=True)
        s.wrapper = ["prlimit", "--nofile=64:64"] + s.wrapper
        self.addCleanup(s.kill)
        s.start()
        a = Speaker(net.v4(10), 65010, remote=s.addr)
        b = Speaker(net.v4(11), 65011, remote=s.addr)
        self.addCleanup(a.stop)
        self.addCleanup(b.stop)
        a.establish()
        b.establish()
        held = []
        try:
            for i in range(90):
                t = socket.socket()
                t.bind((net.v4(20 + i % 60), 0))
                t.settimeout(5)
                t.connect((s.addr, net.bgp_port()))
                held.append(t)
            a.announce("198.51.100.0/24")
            b.wait_route("198.51.100.0/24")
        finally:
            for t in held:
                t.close()
        c = Speaker(net.v4(85), 65085, remote=s.addr)
        self.addCleanup(c.stop)
        c.establish()
        s.stop()

    def test_a_crowd_of_tls_clients(self):
        """Descriptors stay for what is no client: a reload brings some."""
        s = Suite(name="crowd")
        key, crt = Authority(s.dir, "ca").issue("server")
        at = ["127.0.0.1:%d" % net.free_port() for _ in range(2)]
        tls = {"certificate_file": crt, "key_file": key}
        s.conf["grpc_listen_addr"] = [s.grpc, {"address": at[0], "tls": tls}]
        s.wrapper = ["prlimit", "--nofile=128:128"] + s.wrapper
        self.addCleanup(s.kill)
        s.start()
        apid = s.pids()["apid"]

        def connected(where):
            return socket.create_connection(
                (where.split(":")[0], int(where.split(":")[1])), 5)
        # Two more descriptors go with each client, once it has said hello.
        held = [connected(at[0]) for _ in range(150)]
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        context.set_alpn_protocols(["h2"])
        served = []
        for t in held:
            try:
                served.append(context.wrap_socket(t))
            except OSError:
                t.close()
        self.assertTrue(served)
        fds = [int(n) for n in os.listdir("/proc/%d/fd" % apid)]
        self.assertLess(max(fds), 128 - 32)
        self.assertGreater(len(fds), 60)
        s.reload(grpc_listen_addr=s.conf["grpc_listen_addr"] + [at[1]])
        s.wait_log("configuration taken over, generation 2")
        for t in served:
            t.close()

        def answers():
            with grpc.insecure_channel(at[1]) as channel:
                try:
                    return pb_grpc.BgpServiceStub(channel).GetServerInfo(
                        pb.GetServerInfoRequest(), timeout=3).asn
                except grpc.RpcError:
                    return None
        wait.until(answers, "an answer at the new listener", 20)
        self.assertEqual(s.pids()["apid"], apid)
        s.stop()
