# SPDX-License-Identifier: ISC
"""The command line beside a running suite."""

import json
import os
import socket
import subprocess

from lib import bgp, net, wait
from lib.case import Case
from lib.suite import SANITIZED, passive, pb


class Bgpctl(Case):
    peers = [passive(net.v4(10), remote_as=65010),
             passive(net.v4(12), remote_as=65012),
             passive(net.v6(11), remote_as=65011)]

    def tearDown(self):
        for p in list(self.suite.routes()):
            self.suite.remove_route(p)
        super().tearDown()

    def ctl(self, *words, status=0, stdin=None, endpoint=None):
        """Run a command; its standard output and standard error."""
        p = subprocess.run(
            [self.suite.program("sbin/bgpctl"), "-s",
             endpoint or self.suite.grpc] + list(words),
            input=stdin, capture_output=True, text=True, timeout=60,
            env=self.suite.environment())
        self.assertEqual(p.returncode, status,
                         "%r: %s%s" % (words, p.stdout, p.stderr))
        if status == 0:
            self.assertEqual(p.stderr, "")
        else:
            self.assertTrue(p.stderr)
        return p.stdout, p.stderr

    def json(self, *words, **kw):
        return json.loads(self.ctl("-j", *words, **kw)[0])

    def fits(self, text):
        for line in text.splitlines():
            self.assertLessEqual(len(line), 80, line)
            self.assertEqual(line, line.rstrip())

    def test_show(self):
        for addr in (net.v4(10), net.v4(12), net.v6(11)):
            self.suite.wait_state(addr, "ACTIVE")
        out, _ = self.ctl("show")
        self.fits(out)
        self.assertIn("AS 64500", out)
        self.assertIn(net.v4(10), out)
        self.assertEqual(out.splitlines()[:4],
                         self.ctl("sh", "su")[0].splitlines()[:4])
        got = self.json("show")
        self.assertEqual(got["asn"], 64500)
        self.assertTrue(got["complete"])
        self.assertEqual([n["address"] for n in got["neighbors"]],
                         [net.v4(10), net.v4(12), net.v6(11)])
        self.assertIn(got["neighbors"][0]["state"], ("Idle", "Active"))
        self.assertEqual(got["neighbors"][0]["session_config"]["asn"], 65010)

    def test_show_info(self):
        self.assertIn("router id 10.0.0.1", self.ctl("show", "info")[0])
        self.assertEqual(self.json("show", "version")["router_id"],
                         "10.0.0.1")

    def test_show_neighbor(self):
        s = self.speaker(10)
        self.suite.wait_state(net.v4(10))
        out, _ = self.ctl("show", "neighbor", net.v4(10))
        self.fits(out)
        self.assertIn("Established", out)
        self.assertIn("AS 65010", out)
        self.assertIn("KEEPALIVE", out)
        self.assertIn("IPv4 prefixes: 0 received, 0 advertised", out)
        got = self.json("show", "neighbor", net.v4(10) + ":179")
        self.assertEqual(got["state"], "Established")
        self.assertEqual(got["router_id"], s.router_id)
        self.assertEqual(got["statistics"]["open_received"], 1)
        self.assertEqual(got["prefixes"][1], {
            "family": {"afi": 2, "safi": 1}, "received": 0, "advertised": 0})
        s.announce(["10.%d.0.0/16" % i for i in range(3)])
        self.suite.wait_routes(["10.%d.0.0/16" % i for i in range(3)])

        def summary():
            return [line.split()[-2:] for line in
                    self.ctl("show")[0].splitlines()
                    if line.startswith(net.v4(10) + " ")]
        wait.until(lambda: summary() == [["3", "0"]],
                   lambda: "counts in %r" % self.ctl("show")[0])
        self.fits(self.ctl("show", "neighbor")[0])
        self.assertEqual(len(self.json("show", "neighbor")["neighbors"]), 3)
        _, err = self.ctl("show", "neighbor", "198.51.100.1", status=1)
        self.assertIn("not found", err)
        got = self.json("show", "neighbor", "198.51.100.1", status=1)
        self.assertEqual(got["code"], "NOT_FOUND")

    def test_neighbor_is_moved(self):
        s = self.speaker(11, v6=True)
        addr = net.v6(11)
        self.suite.wait_state(addr)
        self.ctl("neighbor", addr, "refresh", "in", "ipv4")
        s.wait(lambda: s.count(bgp.REFRESH), "ROUTE-REFRESH")
        self.ctl("neighbor", addr, "down", "reason", "bye")
        self.assertEqual(s.wait_closed()[:3], (6, 2, b"\3bye"))
        self.assertIn("Idle (down)", self.ctl("show")[0])
        self.assertEqual(self.json("show", "neighbor", addr)["admin_state"],
                         "Down")
        self.ctl("neighbor", addr, "clear", status=1)
        self.ctl("neighbor", addr, "up")
        s.establish()
        self.suite.wait_state(addr)
        self.ctl("nei", addr, "clear")
        self.assertEqual(s.wait_closed()[:2], (6, 4))

    def test_neighbor_is_added_and_deleted(self):
        out, _ = self.ctl(
            "neighbor", "add", "198.51.100.5:1790", "remote-as", "65005",
            "hold-time", "9", "idle-hold", "5", "no-damping", "passive",
            "enforce-first-as",
            "max-prefix", "10", "max-prefix-action", "discard", "mrai", "3",
            "restart-time", "60", "family", "ipv4", "family", "ipv4",
            "local-address", self.suite.addr, "delay-open", "2")
        self.assertEqual(out, "Peer 198.51.100.5 added\n")
        p = self.suite.peer("198.51.100.5").peer
        c = p.session_config
        self.assertEqual(p.port, 1790)
        self.assertEqual((c.asn, c.hold_time_secs, c.idle_hold_time_secs,
                          c.damp_peer_oscillations, c.passive_mode),
                         (65005, 9, 5, False, True))
        self.assertEqual((c.max_prefix.limit, c.max_prefix.action),
                         (10, pb.DISCARD))
        self.assertEqual((c.graceful_restart.restart_time_secs,
                          c.min_route_advertisement_interval_secs,
                          c.delay_open_time_secs), (60, 3, 2))
        self.assertEqual([(f.afi, f.safi) for f in c.afi_safis], [(1, 1)])
        self.assertTrue(c.enforce_first_as)
        _, err = self.ctl("neighbor", "add", "198.51.100.5", status=1)
        self.assertIn("already exists", err)
        _, err = self.ctl("neighbor", "add", "198.51.100.6", "hold-time",
                          "1", status=1)
        self.assertIn("hold_time_secs", err)
        self.assertTrue(self.json("neighbor", "delete",
                                  "198.51.100.5")["success"])
        self.ctl("neighbor", "delete", "198.51.100.5", status=1)

    def test_networks(self):
        out, _ = self.ctl(
            "network", "add", "10.0.0.0/8", "nexthop", "192.0.2.99",
            "origin", "egp", "as-path", "65001 65002 {1,2}", "local-pref",
            "7", "med", "0", "atomic-aggregate", "community", "1:2",
            "community", "no-export", "ext-community", "rt:65001:100",
            "ext-community", "0x0300616263646566", "large-community",
            "1:2:3")
        self.assertEqual(out, "Route 10.0.0.0/8 added\n")
        self.ctl("net", "add", "2001:db8::/32")
        got = self.json("show", "rib")
        self.assertTrue(got["complete"])
        self.assertEqual([r["prefix"] for r in got["routes"]],
                         ["10.0.0.0/8", "2001:db8::/32"])
        p = got["routes"][0]["paths"][0]
        self.assertEqual(p["as_path"], [
            {"segment_type": "as_sequence", "asns": [65001, 65002]},
            {"segment_type": "as_set", "asns": [1, 2]}])
        self.assertEqual(p["communities"], ["1:2", "65535:65281"])
        self.assertEqual(p["extended_communities"],
                         ["rt:65001:100", "opaque:616263646566"])
        self.assertEqual(p["large_communities"], ["1:2:3"])
        self.assertEqual((p["med"], p["local_pref"], p["origin"],
                          p["next_hop"]), (0, 7, "egp", "192.0.2.99"))
        out, _ = self.ctl("show", "rib")
        self.fits(out)
        self.assertIn("65001 65002 {1,2} e", out)
        self.assertNotIn("2001", self.ctl("show", "rib", "ipv4")[0])
        self.fits(self.ctl("show", "rib", "detail")[0])
        for words, n in ((("10.0.0.0/8",), 1), (("10.1.2.3",), 1),
                         (("10.1.0.0/16",), 0),
                         (("10.1.0.0/16", "covering"), 1),
                         (("0.0.0.0/0", "or-longer"), 1),
                         (("community", "1:2"), 1),
                         (("community", "1:3"), 0), (("best",), 2)):
            with self.subTest(words=words):
                self.assertEqual(len(self.json("show", "rib",
                                               *words)["routes"]), n)
        self.ctl("network", "delete", "10.0.0.0/8")
        self.ctl("network", "delete", "2001:db8::/32")
        self.ctl("network", "delete", "2001:db8::/32")
        self.assertEqual(self.ctl("show", "rib")[0], "No routes\n")
        _, err = self.ctl("network", "add", "10.0.0.0/99", status=1)
        self.assertIn("exceeds 32", err)

    def test_rib_of_a_neighbor(self):
        s = self.speaker(12)
        s.announce(["10.5.0.0/16"], [65012, 7])
        self.suite.wait_routes(["10.5.0.0/16"])
        for words in (("in", "neighbor", net.v4(12)),
                      ("neighbor", net.v4(12), "in"),
                      ("10.5.0.0/16", "in", "neighbor", net.v4(12))):
            out, _ = self.ctl("show", "rib", *words)
            self.assertIn("65012 7 i", out)
        self.assertEqual(self.ctl("show", "rib", "out", "neighbor",
                                  net.v4(12))[0], "No routes\n")
        self.ctl("show", "rib", "in", status=2)
        self.ctl("show", "rib", "in", "neighbor", "x", status=1)
        s.drop()
        self.suite.wait_routes([])

    def test_bulk(self):
        lines = "# a comment\n\n" + "".join(
            "20.%d.%d.0/24 nexthop 192.0.2.1 as-path '1 2 %d'\n" % (
                i >> 8, i & 255, i + 1) for i in range(2000))
        out, _ = self.ctl("network", "bulk", "add", "-", stdin=lines)
        self.assertEqual(out, "2000 routes added, 0 removed, 0 refused\n")
        self.assertEqual(len(self.json("show", "rib")["routes"]), 2000)
        path = os.path.join(self.suite.dir, "routes")
        with open(path, "w") as f:
            f.write("20.0.0.0/24 med x\n\n20.0.3.0/24\n20.0.1.0/99\n"
                    "# none\n20.0.2.0/24 med 5")
        out, err = self.ctl("network", "bulk", "add", path, status=1)
        self.assertIn("line 1: ", err)
        self.assertIn("line 4: IPv4 prefix length 99", err)
        self.assertIn("2 routes added, 0 removed, 1 refused", out)
        self.assertEqual(self.suite.routes()["20.0.2.0/24"][0].med, 5)
        self.ctl("network", "bulk", "add", "/nonexistent", status=2)
        got = json.loads(self.ctl("-j", "network", "bulk", "delete", path,
                                  status=1)[0])
        self.assertEqual((got["success"], got["count"], got["wrong_lines"]),
                         (False, 3, 1))
        self.assertNotIn("20.0.2.0/24", self.suite.routes())
        self.assertIn("20.0.4.0/24", self.suite.routes())
        self.ctl("network", "bulk", "delete", "-", stdin=lines)
        self.assertEqual(self.suite.routes(), {})

    def test_bulk_from_a_slow_pipe(self):
        """A line acts when it comes, not when the pipe ends."""
        p = subprocess.Popen(
            [self.suite.program("sbin/bgpctl"), "-s", self.suite.grpc,
             "network", "bulk", "add", "-"], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, env=self.suite.environment())
        self.addCleanup(p.kill)
        for n in range(3):
            p.stdin.write(b"20.0.%d.0/24\n" % n)
            p.stdin.flush()
            self.suite.wait_routes(["20.0.%d.0/24" % i
                                    for i in range(n + 1)])
        out, _ = p.communicate(timeout=60)
        self.assertIn(b"3 routes added", out)

    def test_command_lines_that_are_wrong(self):
        for words in ((), ("frob",), ("show", "frob"), ("n",),
                      ("neighbor", "add"), ("neighbor", "1.2.3.4"),
                      ("network", "add", "10.0.0.0/8", "med", "x"),
                      ("show", "rib", "community", "x")):
            with self.subTest(words=words):
                self.ctl(*words, status=2)
        out, _ = self.ctl("help")
        self.assertIn("show rib", out)
        self.assertIn("remote-as", self.ctl("help", "neighbor", "add")[0])

    def test_no_daemon(self):
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            port = s.getsockname()[1]
            _, err = self.ctl("show", status=3,
                              endpoint="127.0.0.1:%d" % port)
        self.assertIn("no daemon", err)
        self.ctl("show", status=3, endpoint="unix:/nonexistent/socket")

    def test_endpoints(self):
        port = self.suite.grpc.split(":")[1]
        ends = ["http://127.0.0.1:%s" % port, "http://127.0.0.1:%s/" % port]
        # The library that looks up names leaks a few bytes of its own.
        if not SANITIZED:
            ends.append("localhost:%s" % port)
        for e in ends:
            self.ctl("show", endpoint=e)


class Unix(Case):
    """The API on a unix socket beside TCP."""

    privileged = True           # it gives the socket to a group

    def setUp(self):
        super().setUp()
        self.path = os.path.join(self.suite.dir, "api.sock")

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.suite.conf["grpc_listen_addr"] = [
            cls.suite.grpc, "unix:" + os.path.join(cls.suite.dir,
                                                   "api.sock")]
        cls.suite.stop()
        cls.suite.start()

    def test_unix_socket(self):
        self.assertEqual(os.stat(self.path).st_mode & 0o777, 0o660)
        p = subprocess.run([self.suite.program("sbin/bgpctl"), "-s",
                            "unix:" + self.path, "show"],
                           capture_output=True, text=True, timeout=30,
                           env=self.suite.environment())
        self.assertEqual(p.returncode, 0, p.stderr)
        self.assertIn("AS 64500", p.stdout)
