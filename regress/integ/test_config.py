# SPDX-License-Identifier: ISC
"""The file: checking (-n), errors at the start, reload."""

import os
import signal
import socket
import subprocess
import time
import unittest

from lib import bgp, net, wait
from lib.case import ASN
from lib.speaker import Speaker
from lib.suite import Suite, children, passive, pb


class Check(unittest.TestCase):
    def setUp(self):
        self.suite = Suite(name="check")

    def run_bgpd(self, text, *args):
        self.suite.write(text)
        r = subprocess.run(
            [self.suite.program(), "-f", self.suite.file] + list(args),
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, env=self.suite.environment(), timeout=60)
        return r.returncode, r.stderr.decode()

    def good(self, text):
        rc, err = self.run_bgpd(text, "-n")
        self.assertEqual(rc, 0, err)
        return err

    def bad(self, text, *places):
        """Each place is (line, column, part of the message)."""
        rc, err = self.run_bgpd(text, "-n")
        self.assertEqual(rc, 1, err)
        for line, column, what in places:
            mark = "%s:%d:%d: " % (self.suite.file, line, column)
            found = [x for x in err.splitlines() if x.startswith(mark)]
            self.assertTrue(found, "%s in\n%s" % (mark, err))
            self.assertTrue(any(what in x for x in found),
                            "%r in\n%s" % (what, err))
        return err

    def test_minimal(self):
        self.good("asn: 65000\nrouter_id: 10.0.0.1\n")

    def test_every_reference_key(self):
        self.good("""---
asn: 65000
router_id: 10.0.0.1
listen_addr: "127.0.0.1:0"
grpc_listen_addr: ["127.0.0.1:0", "[::1]:0"]
hold_time_secs: 90
connect_retry_secs: 30
accept_unconfigured_peers: false
sys_name: null
sys_descr: a speaker
log_level: debug
bmp_servers: [{address: "127.0.0.1:11019", statistics_timeout: 60}]
peers:
  - address: "192.0.2.1:179"
    idle_hold_time_secs: null
    damp_peer_oscillations: true
    allow_automatic_stop: true
    passive_mode: false
    delay_open_time_secs: null
    max_prefix: {limit: 100, action: discard}
    send_notification_without_open: false
    collision_detect_established_state: false
    min_route_advertisement_interval_secs: null
    graceful-restart: {enabled: true, restart_time: 120}
    import-policy: [customers]
    export-policy: []
  - address: "[2001:db8::1]:1179"
    remote_as: 65001
    hold_time_secs: 30
    local_address: "2001:db8::2"
    afi_safis: [{afi: ipv6, safi: unicast}]
defined-sets:
  prefix-sets:
    - name: mine
      prefixes: [{prefix: 10.0.0.0/8, masklength-range: 8..24}]
  neighbor-sets: [{name: n, neighbors: ["192.0.2.1"]}]
  as-path-sets: [{name: a, patterns: ["^65001_"]}]
  community-sets: [{name: c, communities: ["65000:1"]}]
  ext-community-sets: [{name: e, ext_communities: ["rt:65000:1"]}]
  large-community-sets: [{name: l, large_communities: ["65000:1:2"]}]
policy-definitions:
  - name: customers
    statements:
      - name: one
        conditions:
          match-prefix-set: {set-name: mine, match-option: any}
        actions: {local-pref: 200, accept: true}
""")

    def test_keys_of_policies(self):
        head = ("asn: 65000\nrouter_id: 10.0.0.1\n"
                "policy-definitions:\n  - name: p\n    statements:\n")
        self.good(head + """
      - conditions: {afi-safi: ipv4-unicast, next-hop: 10.0.0.0/8, med: 5,
                     origin: [igp, egp], as-path-length: {min: 1, max: 5},
                     community: "65000:*"}
        actions:
          continue: true
          med: {add: 5}
          next-hop: self
          as-path-prepend: {count: 2}
          delete-attributes: [communities, 99]
          community: [{operation: remove, communities: ["65000:*"]},
                      {operation: add, communities: [no-export]}]
""")
        self.bad(head + """      - actions: {accept: true, continue: true}
      - actions: {delete-attributes: [as-path]}
      - actions: {community: {operation: add, communities: ["1:*"]}}
      - conditions: {match-as-path-set: {set-name: none}}
        actions: {}
""", (6, 43, "continue"), (7, 39, "cannot be deleted"),
                 (8, 61, "only remove"), (9, 52, "is not defined"))

    def test_patterns_are_compiled(self):
        self.bad("""asn: 65000
router_id: 10.0.0.1
defined-sets:
  as-path-sets: [{name: a, patterns: ["_65000_", "(1"]}]
""", (4, 50, "missing closing parenthesis"))

    def test_a_set_of_a_million_is_read_in_seconds(self):
        rows = "".join("        - {prefix: %d.%d.%d.0/24}\n" %
                       (1 + (i >> 16), i >> 8 & 255, i & 255)
                       for i in range(1000000))
        start = time.monotonic()
        self.good("asn: 65000\nrouter_id: 10.0.0.1\ndefined-sets:\n"
                  "  prefix-sets:\n    - name: p\n      prefixes:\n" + rows)
        self.assertLess(time.monotonic() - start, 30)

    def test_missing_keys(self):
        self.bad("---\nlog_level: info\n", (1, 1, "asn"),
                 (1, 1, "router_id"))

    def test_unknown_key_with_a_suggestion(self):
        self.bad("asn: 65000\nrouter_id: 10.0.0.1\nhold_time_sec: 90\n",
                 (3, 1, "hold_time_secs"))

    def test_asn_in_a_peer_is_unknown(self):
        self.bad("asn: 65000\nrouter_id: 10.0.0.1\npeers:\n"
                 "  - address: 192.0.2.1\n    asn: 65001\n",
                 (5, 5, "asn"))

    def test_duplicate_key(self):
        self.bad("asn: 65000\nrouter_id: 10.0.0.1\nasn: 65001\n",
                 (3, 1, "asn"))

    def test_wrong_type(self):
        self.bad("asn: [1]\nrouter_id: 10.0.0.1\n", (1, 6, "asn"))

    def test_out_of_range(self):
        self.bad("asn: 4294967296\nrouter_id: 10.0.0.1\n"
                 "hold_time_secs: 2\n", (1, 6, "asn"), (3, 17, "hold_time"))

    def test_same_peer_twice(self):
        self.bad("asn: 65000\nrouter_id: 10.0.0.1\npeers:\n"
                 "  - address: 192.0.2.1:179\n"
                 "  - address: 192.0.2.1:1790\n", (5, 14, "192.0.2.1"))

    def test_empty_peer_address(self):
        self.bad("asn: 65000\nrouter_id: 10.0.0.1\npeers:\n"
                 "  - address: ''\n", (4, 14, "address"))

    def test_unknown_log_level(self):
        self.bad("asn: 65000\nrouter_id: 10.0.0.1\nlog_level: loud\n",
                 (3, 12, "loud"))

    def test_all_errors_in_one_go(self):
        err = self.bad("asn: x\nrouter_id: y\nlog_level: z\nwhat: 1\n",
                       (1, 6, "asn"), (2, 12, "router_id"),
                       (3, 12, "log_level"), (4, 1, "what"))
        self.assertGreaterEqual(len(err.splitlines()), 4)

    def test_broken_yaml(self):
        rc, err = self.run_bgpd("asn: 65000\n  peers: [\n", "-n")
        self.assertEqual(rc, 1)
        self.assertRegex(err, r"bgpd\.yaml:\d+:\d+: ")

    def test_not_there(self):
        r = subprocess.run([self.suite.program(), "-n", "-f",
                            "/nonexistent/bgpd.yaml"],
                           stderr=subprocess.PIPE, timeout=20)
        self.assertEqual(r.returncode, 1)
        self.assertIn(b"/nonexistent/bgpd.yaml", r.stderr)

    def test_settled_key_without_its_feature_warns(self):
        err = self.good("asn: 65000\nrouter_id: 10.0.0.1\npeers:\n"
                        "  - address: 192.0.2.1\n    rr_client: true\n")
        self.assertIn("rr_client", err)
        self.assertEqual(len(err.splitlines()), 1, err)

    def test_the_example_is_good(self):
        from lib.suite import ROOT
        with open(os.path.join(ROOT, "etc/bgpd.yaml")) as f:
            self.good(f.read())

    def test_nothing_starts_on_a_bad_file(self):
        rc, err = self.run_bgpd("asn: 65000\n", "-d")
        self.assertEqual(rc, 1, err)

    def test_a_taken_port_is_named(self):
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            s.listen(1)
            port = s.getsockname()[1]
            for key, other in (("listen_addr", "grpc_listen_addr"),
                               ("grpc_listen_addr", "listen_addr")):
                rc, err = self.run_bgpd(
                    "asn: 65000\nrouter_id: 10.0.0.1\n"
                    "%s: 127.0.0.1:%d\n%s: 127.0.0.1:0\n" % (
                        key, port, other), "-d")
                self.assertEqual(rc, 1, err)
                self.assertIn("127.0.0.1:%d" % port, err)

    def test_a_reload_during_the_start_is_carried_out_after_it(self):
        """The file is a pipe, so that the start lasts as long as we want."""
        s = self.suite
        s.conf.update(listen_addr="127.0.0.1:0",
                      grpc_listen_addr="127.0.0.1:0")
        s.write()
        with open(s.file, "rb") as f:
            text = f.read()
        os.unlink(s.file)
        os.mkfifo(s.file)
        end = os.open(s.file, os.O_RDWR)
        with open(s.log, "ab") as log:
            s.proc = subprocess.Popen(
                (s.wrapper or wait.WITH_PARENT) +
                [s.program(), "-d", "-f", s.file],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                env=s.environment())
        self.addCleanup(s.kill)
        wait.until(lambda: children(s.proc.pid), "the parser")
        s.proc.send_signal(signal.SIGHUP)
        os.write(end, text)
        os.close(end)
        s.wait_log("SIGHUP")
        # By now the pipe has nothing to say, which is no configuration.
        s.wait_log("nothing has changed")
        s.kids = children(s.proc.pid)
        s.stop()

    def test_version(self):
        r = subprocess.run([self.suite.program(), "-V"],
                           stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                           timeout=20)
        self.assertEqual(r.returncode, 0)
        self.assertRegex(r.stdout.decode(), r"\d+\.\d+")

    def test_usage(self):
        r = subprocess.run([self.suite.program(), "-Z"],
                           stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                           timeout=20)
        self.assertNotEqual(r.returncode, 0)
        self.assertIn(b"usage", r.stderr)


class Reload(unittest.TestCase):
    def setUp(self):
        self.peers = [passive(net.v4(n), remote_as=65000 + n)
                      for n in (10, 11)]
        self.suite = Suite(peers=self.peers, name="reload").start()
        self.addCleanup(self.suite.kill)
        self.a = self.speaker(10)
        self.b = self.speaker(11)
        self.a.announce("198.51.100.0/24")
        self.b.wait_route("198.51.100.0/24")

    def speaker(self, n):
        s = Speaker(net.v4(n), 65000 + n, remote=self.suite.addr)
        self.addCleanup(s.stop)
        return s.establish()

    def marked(self, **changes):
        """Reload with a new network as the mark that it was carried out."""
        self.serial = getattr(self, "serial", 0) + 1
        nets = changes.pop("networks", [])
        nets = nets + [{"prefix": "192.88.%d.0/24" % self.serial}]
        self.suite.reload(networks=nets, **changes)
        wait.until(lambda: "192.88.%d.0/24" % self.serial in
                   self.suite.routes(), lambda: "reload:\n" +
                   self.suite.tail())

    def test_unchanged_peers_keep_their_sessions(self):
        for i in range(10):
            self.marked()
        self.assertFalse(self.a.closed or self.b.closed)
        self.assertTrue(self.b.has("198.51.100.0/24"))
        self.suite.stop()

    def test_networks_follow_the_file(self):
        self.marked(networks=[{"prefix": "192.0.3.0/24", "med": 5}])
        self.assertEqual(self.b.wait_route("192.0.3.0/24")["med"], 5)
        self.marked(networks=[{"prefix": "192.0.3.0/24", "med": 6}])
        self.b.wait_route("192.0.3.0/24", lambda d: d["med"] == 6)
        self.marked()
        self.b.wait_gone("192.0.3.0/24")
        self.suite.stop()

    def test_a_bad_file_changes_nothing(self):
        good = dict(self.suite.conf)
        self.suite.reload(asn="many", peers=[])
        self.suite.wait_log("bgpd.yaml:")
        self.assertEqual(sorted(self.suite.peers()),
                         [net.v4(10), net.v4(11)])
        self.assertFalse(self.a.closed or self.b.closed)
        self.suite.conf = good
        self.marked()
        self.assertFalse(self.a.closed or self.b.closed)
        self.suite.stop()

    def test_a_peer_is_added(self):
        self.marked(peers=self.peers + [passive(net.v4(12),
                                                remote_as=65012)])
        c = self.speaker(12)
        c.wait_route("198.51.100.0/24")
        self.assertFalse(self.a.closed or self.b.closed)
        self.suite.stop()

    def test_a_peer_is_removed(self):
        self.marked(peers=self.peers[1:])
        self.assertEqual(self.a.wait_closed()[:2], (6, 3))
        self.b.wait_gone("198.51.100.0/24")
        self.assertFalse(self.b.closed)
        self.assertEqual(sorted(self.suite.peers()), [net.v4(11)])
        self.suite.stop()

    def test_only_a_changed_peer_is_reset(self):
        changed = dict(self.peers[0], hold_time_secs=30)
        self.marked(peers=[changed, self.peers[1]])
        got = self.a.wait_closed()
        self.assertEqual(got[0], 6)
        self.assertFalse(self.b.closed)
        a = self.speaker(10)
        self.assertEqual(a.open["hold"], 30)
        self.suite.stop()

    def test_what_came_by_api_stays(self):
        self.suite.rpc.AddPeer(pb.AddPeerRequest(
            address=net.v4(13), config=pb.SessionConfig(
                passive_mode=True, idle_hold_time_secs=0)))
        self.suite.add_route("203.0.113.0/24")
        c = self.speaker(13)
        self.marked()
        self.assertFalse(c.closed)
        self.assertIn("203.0.113.0/24", self.suite.routes())
        self.assertIn(net.v4(13), self.suite.peers())
        self.suite.stop()

    def test_the_same_peer_in_file_and_api_is_refused(self):
        self.suite.rpc.AddPeer(pb.AddPeerRequest(
            address=net.v4(13), config=pb.SessionConfig(
                passive_mode=True, idle_hold_time_secs=0)))
        self.suite.reload(peers=self.peers + [passive(net.v4(13))])
        self.suite.wait_log(net.v4(13) + ".*(API|api)|(API|api).*" +
                            net.v4(13))
        self.assertFalse(self.a.closed)
        self.suite.stop()

    def test_a_disabled_peer_stays_disabled(self):
        self.suite.rpc.DisablePeer(pb.DisablePeerRequest(address=net.v4(10)))
        self.a.wait_closed()
        self.marked()
        self.assertEqual(self.suite.peer(net.v4(10)).peer.admin_state,
                         pb.DOWN)
        self.suite.stop()

    def policies(self, *prefixes, **peer):
        """Keys with a policy that rejects what is in a set, on import."""
        members = [{"prefix": p} for p in prefixes]
        peers = [dict(self.peers[0], **{"import-policy": ["p"]}, **peer),
                 self.peers[1]]
        return {
            "defined-sets": {"prefix-sets": [
                {"name": "s", "prefixes": members}]},
            "policy-definitions": [{"name": "p", "statements": [
                {"name": "no", "conditions": {"match-prefix-set":
                                              {"set-name": "s"}},
                 "actions": {"reject": True}},
                {"name": "yes", "actions": {"accept": True}}]}],
            "peers": peers}

    def test_sets_and_policies_follow_the_file(self):
        self.a.announce("198.51.101.0/24")
        self.b.wait_route("198.51.101.0/24")
        self.marked(**self.policies("198.51.100.0/24"))
        self.b.wait_gone("198.51.100.0/24")
        self.assertTrue(self.b.has("198.51.101.0/24"))
        self.assertTrue(self.suite.grep("prefix-set s: added"))
        self.assertTrue(self.suite.grep("policy p: added"))
        self.marked(**self.policies("198.51.101.0/24"))
        self.b.wait_gone("198.51.101.0/24")
        self.b.wait_route("198.51.100.0/24")
        self.assertTrue(self.suite.grep("prefix-set s: 1 member added, 1 removed"))
        self.assertFalse(self.suite.grep("policy p: changed"))
        self.marked(**{"defined-sets": {}, "policy-definitions": [],
                       "peers": self.peers})
        self.b.wait_route("198.51.101.0/24")
        self.assertTrue(self.suite.grep("policy p: removed"))
        self.assertFalse(self.a.closed or self.b.closed)
        self.suite.stop()

    def api_set(self, prefix, name="s", **kw):
        self.suite.rpc.AddDefinedSet(pb.AddDefinedSetRequest(
            set=pb.DefinedSetConfig(
                set_type="prefix-set", name=name,
                prefix_set=pb.PrefixSetData(prefixes=[
                    pb.PrefixMatch(prefix=prefix)])), **kw))

    def assign(self, *names, **kw):
        self.suite.rpc.SetPolicyAssignment(pb.SetPolicyAssignmentRequest(
            peer_address=net.v4(10), direction="import",
            policy_names=names, **kw))

    def test_runtime_changes_hold_until_the_file_changes_them(self):
        self.a.announce("198.51.101.0/24")
        self.marked(**self.policies("198.51.100.0/24"))
        self.b.wait_gone("198.51.100.0/24")
        self.api_set("198.51.101.0/24", replace=True)
        self.b.wait_route("198.51.100.0/24")
        self.b.wait_gone("198.51.101.0/24")
        self.marked()
        self.assertTrue(self.b.has("198.51.100.0/24"))
        self.assertFalse(self.b.has("198.51.101.0/24"))
        self.marked(**self.policies("198.51.100.0/24", "192.0.2.0/24"))
        self.b.wait_gone("198.51.100.0/24")
        self.b.wait_route("198.51.101.0/24")
        # An assignment, too.
        self.assign()
        self.b.wait_route("198.51.100.0/24")
        self.marked()
        self.assertTrue(self.b.has("198.51.100.0/24"))
        self.marked(**self.policies("198.51.100.0/24", **{
            "import-default-action": "accept"}))
        self.b.wait_gone("198.51.100.0/24")
        self.assertFalse(self.a.closed or self.b.closed)
        self.suite.stop()

    def test_sets_of_the_api_stay_and_do_not_collide(self):
        self.api_set("198.51.100.0/24", name="mine")
        self.marked()
        self.assertEqual([x.name for x in self.suite.rpc.ListDefinedSets(
            pb.ListDefinedSetsRequest()).sets], ["mine"])
        keys = self.policies("198.51.100.0/24")
        good = dict(self.suite.conf)
        self.suite.reload(**{"defined-sets": {"prefix-sets": [
            {"name": "mine", "prefixes": []}]}})
        self.suite.wait_log("prefix-set mine is there through the API")
        self.suite.conf = good
        # What the API needs of the file stays there.
        self.marked(**dict(keys, peers=self.peers))
        self.assign("p")
        self.b.wait_gone("198.51.100.0/24")
        self.suite.reload(**{"policy-definitions": []})
        self.suite.wait_log("policy p not found")
        self.assertFalse(self.b.has("198.51.100.0/24"))
        self.assertFalse(self.a.closed or self.b.closed)
        self.suite.stop()

    def test_what_the_api_removed_stays_away(self):
        self.marked(**{"defined-sets": {"prefix-sets": [
            {"name": "s", "prefixes": []}]}})
        self.suite.rpc.RemoveDefinedSet(pb.RemoveDefinedSetRequest(
            set_type="prefix-set", name="s"))
        self.marked()
        names = lambda: [x.name for x in self.suite.rpc.ListDefinedSets(
            pb.ListDefinedSetsRequest()).sets]
        self.assertEqual(names(), [])
        self.marked(**{"defined-sets": {"prefix-sets": [
            {"name": "s", "prefixes": [{"prefix": "192.0.2.0/24"}]}]}})
        self.assertEqual(names(), ["s"])
        self.suite.stop()

    def test_default_actions(self):
        reject = dict(self.peers[0], **{"import-default-action": "reject"})
        self.marked(peers=[reject, self.peers[1]])
        self.b.wait_gone("198.51.100.0/24")
        self.marked(peers=self.peers)
        self.b.wait_route("198.51.100.0/24")
        self.marked(ebgp_requires_policy=True)
        self.b.wait_gone("198.51.100.0/24")
        self.assertFalse(self.a.closed or self.b.closed)
        self.suite.stop()

    def test_a_large_set_changes_while_sessions_live(self):
        big = ["10.%d.%d.0/24" % (i >> 8, i & 255) for i in range(20000)]
        self.marked(**self.policies(*big))
        self.assertTrue(self.b.has("198.51.100.0/24"))
        self.marked(**self.policies("198.51.100.0/24", *big))
        self.b.wait_gone("198.51.100.0/24")
        self.assertFalse(self.a.closed or self.b.closed)
        self.suite.stop()

    def test_reloads_in_a_row_while_routes_flow(self):
        for i in range(50):
            self.a.announce("10.77.%d.0/24" % i)
            self.suite.proc.send_signal(signal.SIGHUP)
        for i in range(50):
            self.b.wait_route("10.77.%d.0/24" % i)
        self.marked()
        self.assertFalse(self.a.closed or self.b.closed)
        self.suite.stop()


class Log(unittest.TestCase):
    def test_json(self):
        import json
        s = Suite(peers=[passive(net.v4(10))], name="json-log",
                  log_format="json").start()
        self.addCleanup(s.kill)
        a = Speaker(net.v4(10), 65010, remote=s.addr)
        self.addCleanup(a.stop)
        a.establish()
        s.stop()
        with open(s.log) as f:
            lines = [json.loads(x) for x in f]
        for x in lines:
            for key in ("timestamp", "level", "process", "message"):
                self.assertIn(key, x)
        self.assertTrue(any(x.get("peer") == net.v4(10) for x in lines))
        self.assertEqual({x["process"] for x in lines} &
                         {"bgpd", "sessiond"}, {"bgpd", "sessiond"})


class Listeners(unittest.TestCase):
    def test_grpc_on_a_unix_socket(self):
        path = "/tmp/bgpgg-test-%d.sock" % os.getpid()
        s = Suite(name="unix", grpc_listen_addr=["unix:" + path])
        s.grpc = "unix:" + path
        s.wrapper = []          # it gives the socket to a group
        # A stale one is replaced.
        with socket.socket(socket.AF_UNIX) as stale:
            stale.bind(path)
        self.addCleanup(lambda: os.path.exists(path) and os.unlink(path))
        self.addCleanup(s.kill)
        s.start()
        st = os.stat(path)
        self.assertEqual(st.st_mode & 0o777, 0o660)
        self.assertIn("AS 64500", s.bgpctl("show"))
        s.stop()

    def test_port_0_is_shown(self):
        s = Suite(name="port0", listen_addr="127.0.0.1:0").start()
        self.addCleanup(s.kill)
        info = s.rpc.GetServerInfo(pb.GetServerInfoRequest())
        self.assertEqual(info.listen_addr, "127.0.0.1")
        self.assertGreater(info.listen_port, 1023)
        with socket.create_connection(("127.0.0.1", info.listen_port)):
            pass
        s.stop()

    def test_two_instances(self):
        if not net.private():
            self.skipTest("needs addresses of its own")
        a = Suite(name="first", n=1, asn=65001,
                  peers=[passive(net.v4(2), remote_as=65002)]).start()
        self.addCleanup(a.kill)
        b = Suite(name="second", n=2, asn=65002, peers=[
            {"address": net.endpoint(net.v4(1)), "remote_as": 65001,
             "idle_hold_time_secs": 1}],
            networks=[{"prefix": "192.88.99.0/24"}]).start()
        self.addCleanup(b.kill)
        a.wait_state(net.v4(2))
        a.wait_routes(["192.88.99.0/24"])
        b.stop()
        a.wait_routes([])
        a.stop()
