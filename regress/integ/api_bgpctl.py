# SPDX-License-Identifier: ISC
"""The command line beside a running suite."""

import json
import os
import socket
import subprocess

from lib import bgp, net, wait
from lib.case import Case
from lib.suite import SANITIZED, passive, pb


class Ctl(Case):
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


class Bgpctl(Ctl):
    peers = [passive(net.v4(10), remote_as=65010),
             passive(net.v4(12), remote_as=65012),
             passive(net.v6(11), remote_as=65011)]

    def tearDown(self):
        for p in list(self.suite.routes()):
            self.suite.remove_route(p)
        super().tearDown()

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


class Policies(Ctl):
    """Sets, policies and what they do, by the command line alone."""

    peers = [passive(net.v4(10), remote_as=65010),
             passive(net.v4(11), remote_as=65011)]

    def tearDown(self):
        for n in (10, 11):
            for way in ("import", "export"):
                self.ctl("policy", "assign", net.v4(n), way)
        for p in self.json("show", "policy")["policies"]:
            self.ctl("policy", "remove", p["name"])
        for t in ("prefix", "neighbor", "as-path", "community",
                  "ext-community", "large-community"):
            self.ctl("set", "clear", t)
        super().tearDown()

    def test_sets(self):
        self.assertEqual(self.ctl("show", "sets")[0], "No sets\n")
        out, _ = self.ctl("set", "add", "prefix", "tens", "10.0.0.0/8 16..24",
                          "2001:db8::/32")
        self.assertEqual(out, "prefix-set tens added\n")
        _, err = self.ctl("set", "add", "prefix-set", "tens", "10.0.0.0/8",
                          status=1)
        self.assertIn("already exists", err)
        self.ctl("set", "add", "as-path", "odd", "_65001_",
                 "member", "^65001 65002$")
        self.ctl("set", "add", "neighbor", "us", net.v4(10))
        self.ctl("set", "add", "community", "c", "1:2", "3:*")
        self.ctl("set", "add", "ext-community", "e", "rt:1:2")
        self.ctl("set", "add", "large-community", "l", "1:2:3")
        self.assertEqual(
            self.ctl("show", "sets", "prefix")[0],
            "prefix-set tens\n  10.0.0.0/8 16..24\n  2001:db8::/32\n")
        self.assertEqual(
            self.ctl("show", "sets", "as-path-set", "odd")[0],
            "as-path-set odd\n  _65001_\n  ^65001 65002$\n")
        for word in ("neighbor-set us", "  3:*", "  rt:1:2", "  1:2:3"):
            self.assertIn(word + "\n", self.ctl("show", "sets")[0])
        self.assertEqual(self.json("show", "sets", "prefix"), {"sets": [{
            "set_type": "prefix-set", "name": "tens", "prefix_set": {
                "prefixes": [
                    {"prefix": "10.0.0.0/8", "masklength_range": "16..24"},
                    {"prefix": "2001:db8::/32"}]}}]})
        out, _ = self.ctl("set", "replace", "prefix", "tens", "file", "-",
                          stdin="# two\n 10.1.0.0/16\n\n10.2.0.0/16  ..20\n")
        self.assertEqual(out, "prefix-set tens replaced\n")
        self.assertEqual(self.ctl("show", "sets", "prefix", "tens")[0],
                         "prefix-set tens\n  10.1.0.0/16\n"
                         "  10.2.0.0/16 ..20\n")
        self.ctl("set", "remove", "prefix", "tens")
        self.assertEqual(self.json("show", "sets", "prefix")["sets"], [])
        for words, status in ((("show", "sets", "bogus"), 1),
                              (("set", "add", "bogus", "x"), 1),
                              (("set", "add", "prefix", "x", "1.2.3.4"), 1),
                              (("set", "add", "prefix", "x", "file",
                                "/nowhere"), 2),
                              (("set", "add", "prefix"), 2)):
            self.ctl(*words, status=status)

    STATEMENTS = """\
# customers first
name "the customers" match-prefix-set tens match-option any has-asn 65010 \
route-type ebgp med ..50 as-path-length 1..3 local-pref 100 \
set-local-pref 200 add-community 64500:1 add-community 64500:2 \
replace-large-community 1:2:3 prepend 2 prepend-as 64501 continue
prefix 10.9.0.0/16 neighbor 192.0.2.10 reject   # not these

family ipv4-unicast family ipv6-unicast origin igp origin egp \
next-hop 192.0.2.0/24 set-med 5 set-next-hop self set-origin incomplete \
remove-community 64500:* delete-attribute 8
""".replace("\\\n", "")

    def test_policies(self):
        self.assertEqual(self.ctl("show", "policy")[0], "No policies\n")
        self.ctl("set", "add", "prefix", "tens", "10.0.0.0/8 16..24")
        out, _ = self.ctl("policy", "add", "p", "file", "-",
                          stdin=self.STATEMENTS)
        self.assertEqual(out, "policy p added\n")
        got, = self.json("show", "policy", "p")["policies"]
        one, two, three = got["statements"]
        self.assertEqual(one["name"], "the customers")
        self.assertEqual(one["conditions"], {
            "match_prefix_set": {"set_name": "tens", "match_option": "any"},
            "has_asn": 65010, "route_types": ["ebgp"], "origins": [],
            "med": {"max": 50}, "local_pref": {"min": 100, "max": 100},
            "as_path_length": {"min": 1, "max": 3}, "afi_safis": []})
        self.assertEqual(one["actions"], {
            "local_pref": 200, "add_communities": [],
            "remove_communities": [], "continue_to_next": True,
            "as_path_prepend": {"asn": 64501, "count": 2},
            "community_edits": [
                {"kind": "community", "operation": "add",
                 "communities": ["64500:1", "64500:2"]},
                {"kind": "large-community", "operation": "replace",
                 "communities": ["1:2:3"]}],
            "delete_attributes": []})
        self.assertEqual(two["conditions"]["prefix"], "10.9.0.0/16")
        self.assertTrue(two["actions"]["reject"])
        self.assertEqual(three["conditions"]["afi_safis"],
                         ["ipv4-unicast", "ipv6-unicast"])
        self.assertEqual(three["conditions"]["origins"], ["igp", "egp"])
        self.assertEqual(three["actions"]["next_hop"], "self")
        self.assertEqual(three["actions"]["origin"], "incomplete")
        self.assertEqual(three["actions"]["remove_communities"],
                         ["64500:*"])
        self.assertEqual(three["actions"]["delete_attributes"], [8])
        out, _ = self.ctl("show", "policy")
        self.fits(out)
        for line in ("policy p", "  statement 1 (the customers)",
                     "    match-prefix-set tens any", "    med ..50",
                     "      as-path-prepend 64501 2", "      reject"):
            self.assertIn(line + "\n", out)
        out, _ = self.ctl("policy", "add", "p", "statement", "reject")
        self.assertEqual(out, "policy p replaced\n")
        self.assertEqual(len(self.json("show", "policy", "name", "p")
                             ["policies"][0]["statements"]), 1)
        self.ctl("policy", "add", "counters", "accept", "statement",
                 "statement", "reject")
        got, = self.json("show", "policy", "name", "counters")["policies"]
        self.assertEqual(len(got["statements"]), 3)
        for words, status in (
                (("p", "match-option", "any"), 2), (("p", "med", "x"), 2),
                (("p", "med", ".."), 2), (("p", "set-origin", "x"), 2),
                (("p", "match-prefix-set", "none"), 1), (("_p",), 1),
                (("p", "accept", "continue"), 1)):
            self.ctl("policy", "add", *words, status=status)
        _, err = self.ctl("policy", "add", "p", "file", "-", status=2,
                          stdin="accept\nbogus\n")
        self.assertIn("-:2: ", err)
        self.assertEqual(len(self.json("show", "policy", "name", "p")
                             ["policies"][0]["statements"]), 1)

    def test_assignment(self):
        self.ctl("policy", "add", "a", "accept")
        self.ctl("policy", "add", "default", "accept")
        addr = net.v4(10)
        self.ctl("policy", "add", "p", "accept")
        self.ctl("policy", "assign", addr, "export", "p", "default", "accept")
        self.assertEqual(self.json("show", "neighbor", addr)
                         ["export_policies"], ["p"])
        self.ctl("policy", "assign", addr, "export")
        out, _ = self.ctl("policy", "assign", addr, "import", "a", "policy",
                          "default", "default", "reject")
        self.assertIn(addr, out)
        got = self.json("show", "neighbor", addr)
        self.assertEqual(got["import_policies"], ["a", "default"])
        self.assertEqual(got["import_default_action"], "reject")
        self.assertEqual(got["export_default_action"], "")
        out, _ = self.ctl("show", "neighbor", addr)
        self.assertIn("  Import policy: a\n", out)
        self.assertIn("  Import default: reject\n", out)
        self.ctl("policy", "assign", addr, "export", "nothing", status=1)
        self.ctl("policy", "assign", addr, "both", "a", status=2)
        self.ctl("policy", "assign", addr, "import", "default", "no",
                 status=1)
        self.ctl("policy", "remove", "a", status=1)
        self.ctl("policy", "assign", addr, "import")
        self.assertEqual(self.json("show", "neighbor", addr)
                         ["import_policies"], [])

    def test_what_policies_do(self):
        addr = net.v4(10)
        self.ctl("set", "add", "prefix", "tens", "10.0.0.0/8 8..24")
        self.ctl("policy", "add", "in", "name", "no seven", "has-asn", "7",
                 "reject", "statement", "match-prefix-set", "tens",
                 "set-local-pref", "300", "add-community", "64500:1")
        self.ctl("policy", "assign", addr, "import", "in")
        s = self.speaker(10)
        self.suite.wait_state(addr)
        s.announce(["10.1.0.0/16"], [65010, 1])
        s.announce(["10.7.0.0/16"], [65010, 7])
        self.suite.wait_routes(["10.1.0.0/16"])
        in_words = ("show", "rib", "in", "neighbor", addr)
        wait.until(lambda: len(self.json(*in_words)["routes"]) == 2, "both")
        out, _ = self.ctl(*in_words)
        self.fits(out)
        self.assertIn("r  10.7.0.0/16", out)
        self.assertIn("\n   rejected by in statement 1 (no seven)\n", out)
        self.assertIn("rejected by", self.ctl(*in_words, "detail")[0])
        got = {r["prefix"]: r["paths"][0]
               for r in self.json(*in_words)["routes"]}
        self.assertEqual(got["10.7.0.0/16"]["rejected_by"],
                         "in statement 1 (no seven)")
        self.assertNotIn("rejected_by", got["10.1.0.0/16"])

        out, _ = self.ctl("policy", "test", addr, "import", "10.1.0.0/16")
        self.fits(out)
        self.assertIn("  policy in statement 2: accepts\n", out)
        self.assertIn("64500:1", out.split("  after\n")[1])
        got = self.json("policy", "test", addr, "import", "10.7.0.0/16")
        self.assertFalse(got["accepted"])
        self.assertEqual(got["steps"], [{
            "policy": "in", "statement": 1, "name": "no seven"}])
        self.assertIn("before", got)
        self.assertNotIn("after", got)
        got = self.json("policy", "test", addr, "import", "10.50.0.0/16",
                        "as-path", "65010 8", "nexthop", addr)
        self.assertTrue(got["accepted"])
        self.assertEqual(got["after"]["local_pref"], 300)
        got = self.json("policy", "test", net.v4(11), "export",
                        "10.50.0.0/16", "source", addr, "as-path", "65010",
                        "nexthop", addr)
        self.assertEqual(got["source_address"], addr)
        self.ctl("policy", "test", addr, "import", "10.99.0.0/16", status=1)
        self.ctl("policy", "test", addr, "import", status=2)

        out, _ = self.ctl("policy", "dry-run", addr, "import", "default",
                          "accept")
        self.fits(out)
        self.assertTrue(out.startswith(
            "2 routes: 1 would appear, 0 vanish, 1 change\n"), out)
        self.assertIn("10.7.0.0/16 appears\n", out)
        got = self.json("policy", "dry-run", addr, "import", "in", "samples",
                        "0")
        self.assertEqual(got, {"examined": 2, "appear": 0, "vanish": 0,
                               "change": 0, "samples": []})
        self.ctl("policy", "dry-run", addr, "import", "none", status=1)
        self.ctl("policy", "dry-run", addr, "import", "samples", "101",
                 status=1)

        got = self.json("show", "policy", "counters")["counters"]
        self.assertEqual([(c["policy"], c["statement"]) for c in got],
                         [("in", 1), ("in", 2)])
        out, _ = self.ctl("show", "policy", "in", "counters")
        self.fits(out)
        self.assertIn("in (no seven)\n", out)
