# SPDX-License-Identifier: ISC
"""Metrics over HTTP and gRPC: form, names, values, bad clients, Prometheus."""

import json
import os
import re
import signal
import socket
import subprocess
import time
import unittest
import urllib.parse

import grpc

from lib import bgp, net, wait
from lib.case import Case
from lib.neighbours import TREES, available
from lib.suite import ROOT, Suite, pb, passive

from proto.bgpgg.v1 import metrics_pb2, metrics_pb2_grpc

TYPE = "application/openmetrics-text; version=1.0.0; charset=utf-8"


def connect(at, timeout=10):
    unix = at.startswith("unix:")
    s = socket.socket(socket.AF_UNIX if unix else socket.AF_INET)
    s.settimeout(timeout * wait.FACTOR)
    host, _, port = at.rpartition(":")
    s.connect(at[5:] if unix else (host, int(port)))
    return s


def read_reply(f, head=False):
    """One reply of a stream: status, headers, body."""
    status = int(f.readline().split()[1])
    headers = {}
    for line in iter(f.readline, b"\r\n"):
        if not line:
            raise EOFError
        name, _, value = line.decode().partition(":")
        headers[name.lower()] = value.strip()
    n = int(headers["content-length"])
    body = b"" if head else f.read(n)
    if not head and len(body) != n:
        raise EOFError
    return status, headers, body


def get(at, path="/metrics", method="GET", more=""):
    with connect(at) as s:
        s.sendall(("%s %s HTTP/1.1\r\nHost: x\r\n%s\r\n" % (
            method, path, more)).encode())
        with s.makefile("rb") as f:
            return read_reply(f, method == "HEAD")


SAMPLE = re.compile(r'([a-z_:][a-z0-9_:]*)(?:\{(.*)\})? (-?[0-9.e+]+)')
LABEL = re.compile(r'([a-z_]+)="((?:[^"\\\n]|\\[\\"n])*)"(,|$)')


def parse(text):
    """OpenMetrics, held to its rules: (name, labels) -> value, and the
    families with their types."""
    lines = text.split("\n")
    assert lines[-2:] == ["# EOF", ""], lines[-3:]
    out, families = {}, {}
    family = None
    for line in lines[:-2]:
        m = re.fullmatch(r"# (HELP|TYPE|UNIT) ([a-z_0-9]+) (.+)", line)
        if m and m.group(1) == "HELP":
            family = m.group(2)
            assert family not in families, "%s twice" % family
            families[family] = {}
        if m:
            assert m.group(2) == family, line
            assert m.group(1) not in families[family], line
            families[family][m.group(1)] = m.group(3)
            if m.group(1) == "UNIT":
                assert family.endswith("_" + m.group(3)), line
            continue
        m = SAMPLE.fullmatch(line)
        assert m, line
        name, labels, value = m.groups()
        suffix = {"counter": "_total", "info": "_info", "gauge": ""}[
            families[family]["TYPE"]]
        assert name == family + suffix, line
        found = LABEL.findall(labels or "")
        assert labels is None or "".join(
            '%s="%s"%s' % x for x in found) == labels, line
        key = (name, tuple(sorted((k, v) for k, v, _ in found)))
        assert key not in out, line
        assert len(dict(key[1])) == len(found), line
        out[key] = float(value)
    return out, families


def documented():
    """Name -> (type, labels) of the table in doc/metrics.md."""
    with open(os.path.join(ROOT, "doc/metrics.md")) as f:
        table = f.read().split("<!-- metrics -->")[1]
    out = {}
    for line in table.splitlines():
        cells = [c.strip() for c in line.split("|")]
        if len(cells) > 4 and cells[1].startswith("`"):
            out[cells[1].strip("`")] = (
                cells[2], set(re.findall(r"`(\w+)`", cells[3])))
    return out


class Metrics(Case):
    peers = [passive(net.v4(n), remote_as=65000 + n) for n in range(10, 16)]

    @classmethod
    def setUpClass(cls):
        cls.at = ["127.0.0.1:%d" % net.free_port()]
        # Nobody listens there.
        cls.bmp = "127.0.0.1:%d" % net.free_port()
        cls.conf = {"metrics_listen_addr": cls.at[0],
                    "bmp_servers": [{"address": cls.bmp}]}
        super().setUpClass()
        # Where also an ordinary user may make it.
        cls.at.append("unix:/tmp/bgpgg-metrics-%d.sock" % os.getpid())

    def fresh(self, condition=None, what="a value"):
        """The samples, made after now (and when a condition holds)."""
        def look():
            status, headers, body = get(self.at[0])
            self.assertEqual((status, headers["content-type"]), (200, TYPE))
            found, _ = parse(body.decode())
            if found["bgpgg_http_requests_total", ()] <= before:
                return None     # as old as the one before
            return found if condition is None or condition(found) else None
        before = parse(get(self.at[0])[2].decode())[0][
            "bgpgg_http_requests_total", ()]
        return wait.until(look, what, 20, 0.2)

    def of(self, found, name, **labels):
        return found[name, tuple(sorted(labels.items()))]

    def test_form(self):
        status, headers, body = get(self.at[0])
        self.assertEqual((status, headers["content-type"]), (200, TYPE))
        parse(body.decode())

    def test_names_are_those_of_the_documentation(self):
        s = self.speaker(10)
        # A NOTIFICATION, so that there is a last error.
        t = self.speaker(15)
        t.send(b"\xff" * 16 + b"\x00\x13\x09")
        t.wait_closed()
        found = self.fresh(lambda f: any(
            n == "bgpgg_peer_last_error_info" for n, _ in f))
        _, families = parse(get(self.at[0])[2].decode())
        want = documented()
        self.assertEqual(sorted({n for n, _ in found}), sorted(want))
        for name, (kind, labels) in want.items():
            with self.subTest(name):
                family = re.sub("_(total|info)$", "", name) \
                    if kind in ("counter", "info") else name
                self.assertEqual(families[family]["TYPE"], kind)
                self.assertIn("HELP", families[family])
                for n, have in found:
                    if n == name:
                        self.assertEqual({k for k, _ in have}, labels)
        self.assertFalse(s.closed)

    def test_values_of_peers(self):
        a, b = self.speaker(11), self.speaker(12)
        a.announce(["198.51.100.0/24", "198.51.101.0/24"])
        b.wait_route("198.51.101.0/24")
        b.announce("203.0.113.0/24")
        a.wait_route("203.0.113.0/24")
        n = net.v4(11)
        found = self.fresh(lambda f: self.of(
            f, "bgpgg_peer_prefixes_received", peer=n,
            family="ipv4-unicast") == 2 and self.of(
            f, "bgpgg_peer_prefixes_advertised", peer=n,
            family="ipv4-unicast") == 1)
        got = self.suite.peer(n)
        for name, value in (
                ("up", 1), ("state", got.peer.state), ("admin_state", 0),
                ("hold_time_seconds", 90)):
            self.assertEqual(self.of(found, "bgpgg_peer_" + name, peer=n),
                             value, name)
        self.assertEqual(self.of(found, "bgpgg_peer_info", peer=n,
                                 asn="65011", router_id="10.255.0.11",
                                 configured="true"), 1)
        st = got.statistics
        for kind in ("open", "update", "notification", "route_refresh"):
            for way in ("sent", "received"):
                self.assertEqual(
                    self.of(found, "bgpgg_peer_messages_total", peer=n,
                            direction=way, type=kind),
                    getattr(st, "%s_%s" % (kind, way)), (kind, way))
        up = self.of(found, "bgpgg_peer_uptime_seconds", peer=n)
        self.assertGreater(up, 0)
        down = net.v4(13)
        self.assertEqual(self.of(found, "bgpgg_peer_up", peer=down), 0)
        self.assertEqual(
            self.of(found, "bgpgg_peer_uptime_seconds", peer=down), 0)
        self.assertEqual(sum(
            v for (name, _), v in found.items() if name == "bgpgg_peers"), 6)
        # What the tables hold.
        info = self.suite.rpc.GetServerInfo(pb.GetServerInfoRequest())
        for t in info.tables:
            family = {1: "ipv4", 2: "ipv6"}[t.family.afi] + "-unicast"
            self.assertEqual(self.of(found, "bgpgg_rib_prefixes",
                                     family=family), t.prefixes)
            self.assertEqual(self.of(found, "bgpgg_rib_paths",
                                     family=family), t.paths)
        self.assertEqual(sum(
            v for (name, _), v in found.items()
            if name == "bgpgg_rib_best_paths"), info.num_routes)
        self.assertGreaterEqual(
            found["bgpgg_rde_updates_received_total", ()], 2)
        self.assertGreater(found["bgpgg_rde_decisions_total", ()], 0)

    def test_last_error_and_admin_state(self):
        t = self.speaker(14)
        self.suite.bgpctl("neighbor", net.v4(14), "down")
        self.assertEqual(t.wait_closed()[:2], (6, 2))
        found = self.fresh(lambda f: self.of(
            f, "bgpgg_peer_admin_state", peer=net.v4(14)) == 1)
        self.assertTrue([1 for (name, labels) in found
                         if name == "bgpgg_peer_last_error_info" and
                         {("peer", net.v4(14)), ("direction", "sent"),
                          ("code", "6"), ("subcode", "2")} <= set(labels)])

    def test_loops_and_errors_are_counted(self):
        s = self.speaker(13)
        before = self.fresh()
        s.announce("198.51.103.0/24", path=[65013, 64500, 65099])
        name = "bgpgg_rde_looped_paths_total", ()
        self.fresh(lambda f: f[name] == before[name] + 1, "a loop")
        s.stop()

    def test_processes(self):
        found = self.fresh()
        pids = dict(self.suite.pids(), bgpd=self.suite.proc.pid)
        for process, pid in pids.items():
            with open("/proc/%d/statm" % pid) as f:
                rss = int(f.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
            have = self.of(found, "bgpgg_process_resident_memory_bytes",
                           process=process)
            self.assertLess(abs(have - rss), rss / 2, process)
            self.assertEqual(self.of(found, "bgpgg_up", process=process), 1)
        self.assertAlmostEqual(found["bgpgg_start_time_seconds", ()],
                               time.time(), delta=600 * wait.FACTOR)

    def test_bmp_servers(self):
        """As ListBmpServers has them."""
        with socket.socket() as listener:
            listener.bind(("127.0.0.1", 0))
            listener.listen(1)
            at = "127.0.0.1:%d" % listener.getsockname()[1]
            self.suite.rpc.AddBmpServer(pb.AddBmpServerRequest(address=at))
            s, _ = listener.accept()
            with s:
                found = self.fresh(lambda f: f.get(
                    ("bgpgg_bmp_up", (("server", at),))) == 1 and self.of(
                    f, "bgpgg_bmp_queued_bytes", server=at) == 0)
                self.assertEqual(
                    self.of(found, "bgpgg_bmp_up", server=self.bmp), 0)
                have = {x.address: x for x in self.suite.rpc.ListBmpServers(
                    pb.ListBmpServersRequest()).servers}
                self.assertEqual(self.of(
                    found, "bgpgg_bmp_connections_total", server=at), 1)
                self.assertGreater(self.of(
                    found, "bgpgg_bmp_messages_total", server=at), 0)
                self.assertTrue(have[at].connected)
            self.suite.rpc.RemoveBmpServer(
                pb.RemoveBmpServerRequest(address=at))
        self.fresh(lambda f: ("bgpgg_bmp_up", (("server", at),)) not in f)

    def test_calls_are_counted(self):
        name = "bgpgg_api_calls_total"
        method = "/bgp.BgpService/ListPeers"
        before = self.of(self.fresh(), name, method=method)
        for _ in range(3):
            self.suite.peers()
        self.assertEqual(self.of(self.fresh(), name, method=method),
                         before + 3)

    def test_grpc_and_bgpctl(self):
        stub = metrics_pb2_grpc.MetricsServiceStub(self.suite.channel)
        text = "".join(m.text for m in stub.GetMetrics(
            metrics_pb2.GetMetricsRequest(), timeout=20 * wait.FACTOR))
        found, _ = parse(text)
        text = self.suite.bgpctl("show", "metrics")
        again, _ = parse(text)
        self.assertEqual(sorted(found), sorted(again))
        have = self.suite.bgpctl("show", "metrics", json_out=True)
        self.assertTrue(have["complete"])
        self.assertEqual(sorted((x["name"], tuple(sorted(
            x["labels"].items()))) for x in have["metrics"]), sorted(found))
        for x in have["metrics"]:
            if x["name"] == "bgpgg_up":
                self.assertEqual(x["value"], 1)

    def test_one_text_a_second(self):
        """Whoever asks often gets what is there."""
        counts = set()
        begin = time.monotonic()
        for _ in range(200):
            found, _ = parse(get(self.at[0])[2].decode())
            counts.add(found["bgpgg_http_requests_total", ()])
        self.assertLessEqual(len(counts), time.monotonic() - begin + 2)

    def test_http(self):
        at = self.at[0]
        self.assertEqual(get(at, "/healthz")[2], b"ok\n")
        self.assertEqual(get(at, "/metrics?a=b")[0], 200)
        self.assertEqual(get(at, "http://host.example/healthz")[0], 200)
        self.assertEqual(get(at, "/")[0], 404)
        self.assertEqual(get(at, "/metrics/")[0], 404)
        status, headers, _ = get(at, "/metrics", "HEAD")
        self.assertEqual(status, 200)
        self.assertGreater(int(headers["content-length"]), 1000)
        for method in ("POST", "PUT", "DELETE", "OPTIONS", "get"):
            status, headers, _ = get(at, method=method)
            self.assertEqual(status, 405)
            self.assertEqual(headers["allow"], "GET, HEAD")
        self.assertEqual(get(at, more="Content-Length: 5\r\n")[0], 413)
        self.assertEqual(get(at, more="Content-Length: 0\r\n")[0], 200)
        self.assertEqual(
            get(at, more="Transfer-Encoding: chunked\r\n")[0], 413)
        self.assertEqual(get(at, more="Host: y\r\n")[0], 400)
        self.assertEqual(get(at, more="Bad Name: y\r\n")[0], 400)
        self.assertEqual(get(at, more=" folded\r\n")[0], 400)
        with connect(at) as s:          # kept, then pipelined, then closed
            f = s.makefile("rb")
            one = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
            for _ in range(3):
                s.sendall(one)
                self.assertEqual(read_reply(f)[0], 200)
            s.sendall(one * 5)
            for _ in range(5):
                self.assertEqual(read_reply(f)[0], 200)
            s.sendall(b"GET /metrics HTTP/1.0\r\n\r\n")
            status, headers, _ = read_reply(f)
            self.assertEqual((status, headers["connection"]), (200, "close"))
            self.assertEqual(f.read(), b"")
        for text, want in ((b"GET /\r\n\r\n", 400), (b"\x00\r\n\r\n", 400),
                           (b"GET / HTTP/2.0\r\n\r\n", 505),
                           (b"GET / HTTP/1.1\r\n\r\n", 400),
                           (b"GET / XTTP/1.1\r\n\r\n", 400),
                           (b"GET x HTTP/1.1\r\nHost: a\r\n\r\n", 400),
                           (b"\r\n\r\nGET /healthz HTTP/1.0\n\n", 200)):
            with connect(at) as s:
                s.sendall(text)
                with s.makefile("rb") as f:
                    self.assertEqual(read_reply(f)[0], want, text)

    def test_huge_heads(self):
        for text in (b"GET /" + b"a" * 100000,
                     b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 20000,
                     b"\xff" * 9000):
            with connect(self.at[0]) as s:
                try:
                    s.sendall(text)
                except OSError:
                    pass
                with s.makefile("rb") as f:
                    self.assertIn(read_reply(f)[0], (400, 431))
        self.assertEqual(get(self.at[0])[0], 200)

    def test_bad_clients_cost_nobody_anything(self):
        speaker = self.speaker(13)
        mute = [connect(self.at[0]) for _ in range(1000)]
        self.addCleanup(lambda: [s.close() for s in mute])
        for i, s in enumerate(mute):
            try:
                s.sendall((b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n" * 50,
                           b"G", b"\x16\x03\x01" + os.urandom(100),
                           b"GET / HTTP/1.1\r\nX")[i % 4])
            except OSError:
                pass                    # closed to make room
        apid = self.suite.pids()["apid"]
        wait.until(lambda: len(os.listdir("/proc/%d/fd" % apid)) < 200,
                   "few descriptors", 10)
        began = time.monotonic()
        for _ in range(20):
            self.assertEqual(get(self.at[0])[0], 200)
            self.suite.peers()
        self.assertLess(time.monotonic() - began, 10 * wait.FACTOR)
        self.assertFalse(speaker.closed)
        found = self.fresh()
        self.assertLessEqual(found["bgpgg_http_connections", ()], 64)
        for s in mute:
            s.close()
        speaker.stop()

    def test_a_slow_request_ends(self):
        with connect(self.at[0], 40) as s:
            began = time.monotonic()
            s.settimeout(0.5)
            try:
                while time.monotonic() - began < 40 * wait.FACTOR:
                    s.sendall(b"G")
                    try:
                        if s.recv(1) == b"":
                            break
                    except socket.timeout:
                        pass
                else:
                    self.fail("still open")
            except OSError:
                pass
            self.assertGreater(time.monotonic() - began, 5)

    def test_reload_adds_and_removes(self):
        """Addresses come and go; a connection goes with its own."""
        s = self.suite
        old = s.conf["metrics_listen_addr"]
        reloads = "bgpgg_configuration_reloads_total"
        before = self.of(self.fresh(), reloads, result="ok")
        kept = connect(self.at[0])
        s.reload(metrics_listen_addr=[old, self.at[1]])
        wait.until(lambda: os.path.exists(self.at[1][5:]), "a socket", 10)
        wait.until(lambda: get(self.at[1])[0] == 200, "an answer", 10)
        found = self.fresh(lambda f: self.of(
            f, reloads, result="ok") == before + 1)
        self.assertEqual(
            found["bgpgg_configuration_last_reload_successful", ()], 1)
        kept.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        with kept.makefile("rb") as f:
            self.assertEqual(read_reply(f)[0], 200)
            s.reload(metrics_listen_addr=None)

            def refused():
                try:
                    connect(self.at[0]).close()
                    return False
                except ConnectionRefusedError:
                    return True
            wait.until(refused, "a closed port", 10)
            self.assertFalse(os.path.exists(self.at[1][5:]))
            self.assertEqual(f.read(), b"")
        kept.close()
        s.reload(metrics_listen_addr=old)

        def back():
            try:
                return get(self.at[0])[0] == 200
            except OSError:
                return False
        wait.until(back, "an answer", 10)

    def test_refused_reload_is_seen(self):
        s = self.suite
        with open(s.file) as f:
            good = f.read()
        s.write(good + "\nno_such_key: 1\n")
        s.proc.send_signal(signal.SIGHUP)
        name = "bgpgg_configuration_last_reload_successful", ()
        self.fresh(lambda f: f[name] == 0, "a failed reload")
        s.write(good)
        s.proc.send_signal(signal.SIGHUP)
        self.fresh(lambda f: f[name] == 1, "a good reload")

    def test_survives_apid(self):
        old = self.suite.pids()["apid"]
        restarts = "bgpgg_apid_restarts_total", ()
        before = self.fresh()[restarts]
        os.kill(old, signal.SIGKILL)

        def back():
            try:
                found, _ = parse(get(self.at[0])[2].decode())
            except (OSError, IndexError, EOFError):
                return False
            return found[restarts] == before + 1
        wait.until(back, "metrics of a new apid", 20)
        self.suite.new_channel()


class Slow(unittest.TestCase):
    """Readers that do not read: with many peers a text is long, and only so
    many are held."""

    PEERS = 4000

    def test_readers_of_old_texts_lose_them(self):
        at = "127.0.0.1:%d" % net.free_port()
        peers = [passive("10.0.%d.%d" % (i >> 7, (i & 127) + 1))
                 for i in range(self.PEERS)]
        name = "bgpgg_http_requests_total"
        with Suite(name="slow", peers=peers, metrics_listen_addr=at,
                   log_level="info") as s:
            def scrape():
                body = get(at)[2]
                m = re.search(rb"^%s (\d+)" % name.encode(), body, re.M)
                return int(m.group(1)), len(body)
            _, length = scrape()
            self.assertGreater(length, 4 << 20)
            readers = []
            self.addCleanup(lambda: [r.close() for r in readers])
            for _ in range(8):
                last = scrape()[0]
                wait.until(lambda: scrape()[0] > last, "a newer text", 10)
                r = socket.socket()
                r.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
                r.settimeout(20 * wait.FACTOR)
                r.connect((at.split(":")[0], int(at.split(":")[1])))
                r.sendall(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n")
                readers.append(r)
            last = scrape()[0]
            wait.until(lambda: scrape()[0] > last, "a newer text", 10)
            # Of those who began first, the text is gone; the last ones have
            # all of it.
            whole = []
            for r in readers:
                n = 0
                try:
                    while n < length:
                        more = r.recv(1 << 20)
                        if not more:
                            break
                        n += len(more)
                except ConnectionResetError:
                    pass
                whole.append(n >= length)
            self.assertFalse(any(whole[:3]), whole)
            self.assertTrue(whole[-1], whole)
            stub = metrics_pb2_grpc.MetricsServiceStub(s.channel)
            text = "".join(m.text for m in stub.GetMetrics(
                metrics_pb2.GetMetricsRequest(), timeout=60 * wait.FACTOR))
            found, _ = parse(text)
            self.assertEqual(len([1 for n, _ in found
                                  if n == "bgpgg_peer_up"]), self.PEERS)


class Silent(unittest.TestCase):
    """A process that does not answer is left out, and that is said."""

    def test_stopped_rde(self):
        at = "127.0.0.1:%d" % net.free_port()
        with Suite(name="silent", metrics_listen_addr=at) as s:
            pid = s.pids()["rde"]
            os.kill(pid, signal.SIGSTOP)
            try:
                def seen():
                    found, _ = parse(get(at)[2].decode())
                    return found if found[
                        "bgpgg_up", (("process", "rde"),)] == 0 else None
                found = wait.until(seen, "a silent rde", 30, 0.2)
                self.assertEqual(
                    found["bgpgg_up", (("process", "sessiond"),)], 1)
                self.assertFalse([n for n, _ in found
                                  if n.startswith("bgpgg_rib")])
                self.assertEqual(get(at, "/healthz")[0], 200)
            finally:
                os.kill(pid, signal.SIGCONT)
            wait.until(lambda: parse(get(at)[2].decode())[0][
                "bgpgg_up", (("process", "rde"),)] == 1, "the rde", 20)


def dashboard():
    with open(os.path.join(ROOT, "doc/grafana/bgpgg.json")) as f:
        return json.load(f)


def queries():
    return [t["expr"] for p in dashboard()["panels"] for t in p["targets"]]


class Dashboard(unittest.TestCase):
    def test_names_and_labels_are_there(self):
        want = documented()
        used = set()
        for q in queries():
            for name, labels in re.findall(r"(bgpgg_\w+)\{(.*?)\}", q):
                self.assertIn(name, want, q)
                used.add(name)
                for label in re.findall(r"(\w+)=", labels):
                    self.assertIn(label, want[name][1] | {"instance"}, q)
            self.assertEqual(len(re.findall("bgpgg_", q)),
                             len(re.findall(r"bgpgg_\w+\{", q)), q)
        for p in dashboard()["panels"]:
            for t in p["targets"]:
                names = re.findall(r"bgpgg_\w+", t["expr"])
                have = set().union(*(want[n][1] for n in names))
                for label in re.findall(r"\{\{(\w+)\}\}", t["legendFormat"]):
                    self.assertIn(label, have, t)
        self.assertGreater(len(used), 15)


@unittest.skipUnless(available("prometheus"),
                     "no Prometheus: regress/neighbours/fetch "
                     "build/neighbours prometheus")
class Prometheus(Case):
    """Debian's Prometheus takes the text and answers the dashboard."""

    peers = [passive(net.v4(n), remote_as=65000 + n) for n in (10, 11)]

    @classmethod
    def setUpClass(cls):
        cls.at = "127.0.0.1:%d" % net.free_port()
        cls.conf = {"metrics_listen_addr": cls.at,
                    "bmp_servers": [{"address": "127.0.0.1:1"}]}
        super().setUpClass()
        cls.web = "127.0.0.1:%d" % net.free_port()
        conf = os.path.join(cls.suite.dir, "prometheus.yml")
        with open(conf, "w") as f:
            f.write("global: {scrape_interval: 1s}\n"
                    "scrape_configs:\n"
                    "  - job_name: bgpgg\n"
                    "    static_configs: [{targets: ['%s']}]\n" % cls.at)
        with open(os.path.join(cls.suite.dir, "prometheus.log"), "wb") as log:
            cls.proc = subprocess.Popen(
                wait.WITH_PARENT + [
                    os.path.join(TREES, "prometheus/run"),
                    "usr/bin/prometheus", "--config.file", conf,
                    "--storage.tsdb.path",
                    os.path.join(cls.suite.dir, "tsdb"),
                    "--web.listen-address", cls.web],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    @classmethod
    def tearDownClass(cls):
        cls.proc.terminate()
        cls.proc.wait(20)
        super().tearDownClass()

    def ask(self, path, **args):
        status, _, body = self.fetch(
            path + "?" + urllib.parse.urlencode(args))
        return status, json.loads(body)

    def fetch(self, path):
        with connect(self.web) as s:
            s.sendall(("GET %s HTTP/1.0\r\nHost: x\r\n\r\n" % path).encode())
            data = b""
            while True:
                more = s.recv(65536)
                if not more:
                    break
                data += more
        head, _, body = data.partition(b"\r\n\r\n")
        return int(head.split()[1]), head, body

    def scraped(self):
        try:
            status, got = self.ask("/api/v1/targets")
        except OSError:
            return False
        if status != 200:
            return False
        targets = got["data"]["activeTargets"]
        for t in targets:
            self.assertEqual(t["lastError"], "")
        return targets and all(t["health"] == "up" for t in targets)

    def value(self, query):
        status, got = self.ask("/api/v1/query", query=query)
        self.assertEqual((status, got["status"]), (200, "success"), got)
        return got["data"]["result"]

    def test_scrape_and_dashboard(self):
        s = self.speaker(10)
        s.announce("198.51.100.0/24")
        wait.until(self.scraped, "a scrape", 60, 0.3)
        wait.until(lambda: [r for r in self.value(
            'bgpgg_peer_prefixes_received{peer="%s",family="ipv4-unicast"}'
            % net.v4(10)) if r["value"][1] == "1"], "the prefix", 30, 0.3)
        # Rates need two scrapes.
        wait.until(lambda: self.value(
            "rate(bgpgg_rde_decisions_total[1m])"), "a rate", 30, 0.3)
        t = self.speaker(11)            # a NOTIFICATION for the table
        t.send(b"\xff" * 16 + b"\x00\x13\x09")
        t.wait_closed()
        wait.until(lambda: self.value("bgpgg_peer_last_error_info"),
                   "the error", 30, 0.3)
        self.suite.peers()
        for q in queries():
            q = q.replace("$instance", self.at)
            with self.subTest(q):
                wait.until(lambda: self.value(q), "data of " + q, 30, 0.3)
        # What Prometheus has is what the documentation has.
        status, got = self.ask("/api/v1/label/__name__/values")
        names = {n for n in got["data"] if n.startswith("bgpgg_")}
        self.assertEqual(sorted(names), sorted(documented()))
        status, got = self.ask("/api/v1/targets/metadata")
        kinds = {m["metric"]: (m["type"], m["unit"]) for m in got["data"]}
        self.assertEqual(kinds["bgpgg_rde_decisions"][0], "counter")
        self.assertEqual(kinds["bgpgg_process_cpu_seconds"],
                         ("counter", "seconds"))
        self.assertEqual(kinds["bgpgg_build"][0], "info")
