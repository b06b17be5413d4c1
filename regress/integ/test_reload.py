# SPDX-License-Identifier: ISC
"""Reload, its dry run, and the configuration shown, saved and rolled back."""

import json
import os
import re
import signal
import subprocess
import threading
import unittest

import grpc

from lib import bgp, net, wait
from lib.speaker import Speaker
from lib.suite import Suite, passive, pb

from proto.bgpgg.v1 import config_pb2, config_pb2_grpc      # noqa: E402

SETS = {"prefix-sets": [
    {"name": "many", "prefixes": [{"prefix": "10.%d.0.0/16" % n,
                                   "masklength-range": "16..24"}
                                  for n in range(40)]}],
    "as-path-sets": [{"name": "customers",
                      "patterns": ["^65010_", "_(65011|65012)$"]}],
    "community-sets": [{"name": "marks", "communities": ["65001:*"]}]}
POLICIES = [{"name": "in", "statements": [
    {"name": "known", "conditions": {
        "match-prefix-set": {"set-name": "many", "match-option": "any"}},
     "actions": {"local-pref": 200, "accept": True}},
    {"actions": {"accept": True}}]}]


class Base(unittest.TestCase):
    n_speakers = 2
    conf = {}

    def setUp(self):
        self.peers = [passive(net.v4(10 + n), remote_as=65010 + n)
                      for n in range(self.n_speakers)]
        self.suite = Suite(peers=self.peers, name="reload", **self.conf)
        # Where bgpd runs as an ordinary user, it is this one's directory.
        os.chmod(self.suite.dir, 0o777)
        self.suite.start()
        self.addCleanup(self.suite.kill)

    def speaker(self, n, **kw):
        s = Speaker(net.v4(n), 65000 + n, remote=self.suite.addr, **kw)
        self.addCleanup(s.stop)
        return s.establish()

    def ctl(self, *args, status=0):
        """Standard output and standard error of a command."""
        r = self.suite.bgpctl(*args, check=False)
        self.assertEqual(r.returncode, status, r)
        return r.stdout.decode(), r.stderr.decode()

    def json(self, *args):
        return json.loads(self.ctl("-j", *args)[0])

    def write(self, **changes):
        self.suite.conf.update(changes)
        self.suite.write()

    def file(self, suffix=""):
        with open(self.suite.file + suffix) as f:
            return f.read()

    @property
    def config(self):
        self.suite.rpc
        return config_pb2_grpc.ConfigServiceStub(self.suite.channel)


class Told(Base):
    def test_a_dry_run_tells_what_a_reload_does(self):
        a, b = self.speaker(10), self.speaker(11)
        changed = [dict(self.peers[0], hold_time_secs=30, passive_mode=False),
                   dict(self.peers[1], max_prefix={"limit": 7}),
                   passive(net.v4(12))]
        self.write(peers=changed, networks=["192.0.2.0/24"],
                   **{"defined-sets": SETS, "policy-definitions": POLICIES})
        trial = self.json("reload", "--dry-run")
        self.assertTrue(trial["dry_run"])
        texts = [c["text"] for c in trial["changes"]]
        self.assertEqual(texts, [
            "peer %s: changed, session will be reset (hold_time_secs), also "
            "passive_mode" % net.v4(10),
            "peer %s: changed, session is kept (max_prefix)" % net.v4(11),
            "peer %s: added" % net.v4(12),
            "network 192.0.2.0/24: added",
            "prefix-set many: added, 40 members",
            "as-path-set customers: added, 2 members",
            "community-set marks: added, 1 member",
            "policy in: added, 2 statements"])
        self.assertEqual([c["name"] for c in trial["changes"]
                          if c["resets_session"]], [net.v4(10)])
        # Nothing has happened.
        self.assertEqual(sorted(self.suite.peers()),
                         [net.v4(10), net.v4(11)])
        self.assertEqual(self.suite.routes(), {})
        self.assertFalse(a.closed or b.closed)
        done = self.json("reload")
        self.assertEqual(done["changes"], trial["changes"])
        self.assertEqual(a.wait_closed()[:2], (6, 6))
        self.assertFalse(b.closed)
        b.wait_route("192.0.2.0/24")
        self.assertEqual(self.json("reload")["changes"], [])
        # A set that changes is counted.
        sets = json.loads(json.dumps(SETS))
        del sets["prefix-sets"][0]["prefixes"][:3]
        sets["prefix-sets"][0]["prefixes"] += [
            {"prefix": "172.16.%d.0/24" % n} for n in range(12)]
        self.write(**{"defined-sets": sets})
        out, _ = self.ctl("reload")
        self.assertIn("prefix-set many: 12 members added, 3 removed\n", out)
        self.suite.wait_log("prefix-set many: 12 members added, 3 removed")
        self.assertFalse(b.closed)
        self.suite.stop()

    def test_a_file_that_is_refused_changes_nothing(self):
        a = self.speaker(10)
        before = self.ctl("config", "show")[0]
        good = self.file()
        for text, what in (
                (good + "foo: 1\n", r"bgpd\.yaml:\d+:1: unknown key foo"),
                (good.replace("asn: 64500", "asn: 64501"),
                 r"bgpd\.yaml:2:6: asn: cannot change while bgpd runs"),
                (good + "networks: [10.0.0.0/33]\n",
                 r"bgpd\.yaml:\d+:\d+: prefix: .*exceeds 32")):
            with open(self.suite.file, "w") as f:
                f.write(text)
            for words in (("reload",), ("reload", "dry-run")):
                _, err = self.ctl(*words, status=1)
                self.assertRegex(err, what)
            self.assertEqual(self.file(), text)
        os.unlink(self.suite.file)
        _, err = self.ctl("reload", status=1)
        self.assertIn("cannot open", err)
        self.assertEqual(self.ctl("config", "show")[0], before)
        self.assertFalse(a.closed)
        self.suite.stop()

    def test_sighup_says_the_same_in_the_log(self):
        b = self.speaker(11)
        self.suite.reload(peers=[dict(self.peers[0], remote_as=65099),
                                 self.peers[1]])
        self.suite.wait_log("%s.*session will be reset .remote_as" %
                            re.escape(net.v4(10)))
        self.suite.wait_log("configuration taken over, generation 2: "
                            "1 change, 1 session is reset")
        self.assertFalse(b.closed)
        self.suite.stop()

    def test_log_level_at_run_time(self):
        self.write(log_level="warn")
        self.ctl("reload")
        self.assertEqual(self.ctl("log", "brief")[0],
                         "log level is warn, as configured\n")
        n = len(self.suite.grep("taken over"))
        self.write(networks=["10.0.0.0/8"])
        self.ctl("reload")
        self.assertEqual(len(self.suite.grep("taken over")), n)
        self.assertEqual(self.ctl("log", "verbose")[0],
                         "log level is debug\n")
        self.write(networks=[])
        self.ctl("reload")
        self.suite.wait_log("generation 4")
        self.assertIn("log_level: warn\n", self.ctl("config", "show")[0])
        self.suite.stop()


class Watcher(Speaker):
    """Counts withdrawals of what must never be withdrawn."""

    kept = frozenset()
    lost = 0

    def _message(self, s, kind, body):
        if kind == bgp.UPDATE and self.keep_table:
            self.lost += len(self.kept.intersection(
                bgp.Update(body).withdrawn))
        super()._message(s, kind, body)


class Load(Base):
    n_speakers = 50
    conf = {"hold_time_secs": 3, "log_level": "info"}

    def test_reload_under_load(self):
        """3-second hold times, a table on its way, a reload after another:
        no session is lost, no route is wrongly withdrawn."""
        table = ["10.%d.%d.0/24" % (n // 250, n % 250) for n in range(60000)]
        kept = frozenset(bgp.raw(p) for p in table)
        readers = []
        for n in range(1, self.n_speakers):
            s = Watcher(net.v4(10 + n), 65010 + n, remote=self.suite.addr,
                        hold=3)
            s.kept = kept
            self.addCleanup(s.stop)
            s.establish()
            s.keep_updates = False
            # The others only have to stay: reading is dear here.
            s.keep_table = n <= 3
            readers.append(s)
        source = self.speaker(10, hold=3)
        done = threading.Event()
        failed = []

        def feed():
            try:
                for at in range(0, len(table), 200):
                    source.announce(table[at:at + 200])
                    done.wait(0.04)
            except Exception as e:          # told below
                failed.append(e)
            done.set()

        feeder = threading.Thread(target=feed, daemon=True)
        feeder.start()
        rounds = 0
        while not done.is_set() or rounds < 8:
            rounds += 1
            sets = json.loads(json.dumps(SETS))
            sets["prefix-sets"].append({"name": "big", "prefixes": [
                {"prefix": "172.%d.%d.0/24" % (16 + n // 250, n % 250)}
                for n in range(3000 + rounds)]})
            policies = POLICIES + [{"name": "round", "statements": [
                {"actions": {"med": rounds, "accept": True}}]}]
            out = self.json_reload(networks=[self.mark(rounds)],
                                   **{"defined-sets": sets,
                                      "policy-definitions": policies})
            self.assertFalse([c for c in out if c["resets_session"]])
        feeder.join(120)
        self.assertEqual(failed, [])
        for s in readers[:3]:
            s.wait(lambda s=s: kept <= s.table.keys(), "the table", 90)
        self.assertFalse([s.addr for s in readers + [source] if s.closed])
        self.assertEqual([s.lost for s in readers], [0] * len(readers))
        # And what is no longer there has gone.
        for s in readers[:3]:
            s.wait_gone(self.mark(rounds - 1))
            s.wait_route(self.mark(rounds))
        for s in readers + [source]:
            self.assertEqual(self.suite.state(s.addr), "ESTABLISHED")
        self.suite.stop()

    def mark(self, n):
        return "192.%d.%d.0/24" % (88 + n // 256, n % 256)

    def json_reload(self, **changes):
        self.write(**changes)
        return self.json("reload")["changes"]


class Saved(Base):
    conf = {"log_level": "info", "defined-sets": SETS,
            "policy-definitions": POLICIES}

    def change(self):
        """One of everything, through the API."""
        rpc = self.suite.rpc
        rpc.AddPeer(pb.AddPeerRequest(
            address=net.v4(20), config=pb.SessionConfig(
                passive_mode=True, hold_time_secs=42, asn=65020)))
        rpc.AddDefinedSet(pb.AddDefinedSetRequest(set=pb.DefinedSetConfig(
            name="it's \"new\": #1", set_type="prefix-set",
            prefix_set=pb.PrefixSetData(prefixes=[
                pb.PrefixMatch(prefix="2001:db8::/32",
                               masklength_range="..48")]))))
        rpc.AddPolicy(pb.AddPolicyRequest(name="out", statements=[
            pb.StatementConfig(
                name="first", conditions=pb.ConditionsConfig(
                    match_prefix_set=pb.MatchSetRef(
                        set_name="it's \"new\": #1")),
                actions=pb.ActionsConfig(reject=True))]))
        rpc.SetPolicyAssignment(pb.SetPolicyAssignmentRequest(
            peer_address=net.v4(10), direction="export",
            policy_names=["out"], default_action="accept"))
        rpc.RemovePeer(pb.RemovePeerRequest(address=net.v4(11)))

    def state(self):
        """All that the API shows of the configuration."""
        rpc = self.suite.rpc
        peers = [(p.address, p.session_config.SerializeToString(
            deterministic=True), list(p.import_policies),
            list(p.export_policies), p.export_default_action)
            for p in rpc.ListPeers(pb.ListPeersRequest()).peers]
        return (peers,
                rpc.ListDefinedSets(pb.ListDefinedSetsRequest()),
                rpc.ListPolicies(pb.ListPoliciesRequest()))

    def test_saved_and_started_again(self):
        s = self.speaker(10)
        self.assertIn("nothing to save", self.ctl("config", "save")[0])
        self.change()
        self.suite.add_route("203.0.113.0/24")
        state = self.state()
        diff = self.ctl("config", "show", "--diff")[0]
        self.assertIn('+  - address: "%s"\n' % net.v4(20), diff)
        self.assertIn('-  - address: "%s"\n' % net.v4(11), diff)
        hand = self.file()
        out, err = self.ctl("config", "save")
        self.assertEqual(out, "saved to %s\n" % self.suite.file)
        self.assertIn("routes originated through the API", err)
        self.assertIn("no difference",
                      self.ctl("config", "show", "--diff")[0])
        self.assertEqual(self.ctl("config", "show")[0], self.file())
        self.assertEqual(self.file(".1"), hand)
        self.assertEqual(self.json("reload")["changes"], [])
        self.assertFalse(s.closed)
        self.assertEqual(self.state(), state)
        r = subprocess.run([self.suite.program(), "-n", "-f",
                            self.suite.file], capture_output=True)
        self.assertEqual(r.returncode, 0, r.stderr)
        saved = self.file()
        self.suite.stop()
        # The file that was written is the one that starts.
        self.suite.write = lambda text=None: None
        self.suite.start()
        self.assertEqual(self.file(), saved)
        self.assertEqual(self.state(), state)
        self.assertEqual(self.suite.routes(), {})
        self.suite.stop()

    def test_rollback_and_back(self):
        first = self.state()
        self.change()
        second = self.state()
        self.ctl("config", "save")
        out, _ = self.ctl("config", "rollback", "1")
        self.assertIn("peer %s: removed, its session ends\n" % net.v4(20),
                      out)
        self.assertEqual(self.state(), first)
        for _ in range(3):
            self.ctl("config", "rollback", "1")
            self.assertEqual(self.state(), second)
            self.ctl("config", "rollback", "1")
            self.assertEqual(self.state(), first)
        self.assertEqual([v["index"] for v in
                          self.json("config", "list")["versions"]],
                         list(range(1, 9)))
        self.ctl("config", "rollback", "1")
        self.ctl("config", "rollback", "1")
        self.ctl("config", "rollback", "1")
        got = self.suite.rpc.ListConfigSnapshots(
            pb.ListConfigSnapshotsRequest()).snapshots
        self.assertEqual([s.index for s in got], list(range(1, 11)))
        self.assertFalse(os.path.exists(self.suite.file + ".11"))
        _, err = self.ctl("config", "rollback", "99", status=1)
        self.assertIn("99 is not a version", err)
        self.suite.stop()

    def test_versions_in_the_state_directory(self):
        state = os.path.join(self.suite.dir, "state")
        os.mkdir(state)
        os.chmod(state, 0o777)
        self.write(state_dir=state)
        self.ctl("reload")
        self.change()
        self.ctl("config", "save")
        self.assertEqual(os.listdir(state), ["bgpd.yaml.1"])
        self.assertFalse(os.path.exists(self.suite.file + ".1"))
        self.ctl("config", "rollback", "1")
        self.assertEqual(sorted(os.listdir(state)),
                         ["bgpd.yaml.1", "bgpd.yaml.2"])
        self.suite.stop()

    def test_a_text_is_committed_as_a_whole(self):
        s = self.speaker(10)
        self.change()
        before = self.state()
        text = self.suite.rpc.GetRunningConfig(
            pb.GetRunningConfigRequest()).text
        file = self.file()
        for bad, what in (
                (text + "foo: 1\n", r"^candidate:\d+:1: unknown key foo"),
                ("asn: [", "candidate:2:1: did not find"),
                (text.replace("asn: 64500", "asn: 64501"),
                 "candidate:1:6: asn: cannot change"),
                ("\0", "text"), ("", "text: is empty"),
                (text.replace("peers:", "state_dir: /etc/cron.d\npeers:"),
                 "state_dir: cannot change through the API"),
                (text.replace("peers:", "pid_file: /etc/passwd\npeers:"),
                 "pid_file: cannot change through the API"),
                (text.replace("listen_addr:", "listen_addr:\n  - '[::]:22'", 1),
                 "^listen_addr: cannot change through the API"),
                (re.sub("grpc_listen_addr: .*", "grpc_listen_addr: {address: "
                        "%s, token_file: /etc/shadow}" % self.suite.grpc,
                        text),
                 "grpc_listen_addr: cannot change through the API")):
            with self.assertRaises(grpc.RpcError) as e:
                self.suite.rpc.CommitConfig(pb.CommitConfigRequest(text=bad))
            self.assertRegex(e.exception.details(), what)
        self.assertEqual(self.file(), file)
        self.assertEqual(self.state(), before)
        self.assertEqual(os.listdir(self.suite.dir).count("bgpd.yaml"), 1)
        self.assertFalse([x for x in os.listdir(self.suite.dir)
                          if x.startswith("bgpd.yaml.")])
        got = self.suite.rpc.CommitConfig(pb.CommitConfigRequest(
            text=text + "networks: [192.0.2.0/24]\n", session_uuid="x"))
        self.assertTrue(got.ok)
        self.assertEqual(got.error, "")
        self.assertEqual(list(got.changes),
                         ["network 192.0.2.0/24: added"])
        s.wait(lambda: s.has("192.0.2.0/24") or True, "nothing")
        self.assertFalse(s.closed)
        self.assertIn("networks: [192.0.2.0/24]", self.file())
        self.assertEqual(self.state(), before)
        self.suite.stop()

    def test_many_at_once(self):
        """Saves, reloads and edits beside each other, each whole."""
        rpc = self.suite.rpc
        calls = []
        for n in range(30):
            calls.append(rpc.AddPeer.future(pb.AddPeerRequest(
                address=net.v4(30 + n),
                config=pb.SessionConfig(passive_mode=True))))
            if n % 3 == 0:
                calls.append(rpc.SaveConfig.future(pb.SaveConfigRequest()))
            if n % 5 == 0:
                calls.append(self.config.Reload.future(
                    config_pb2.ReloadRequest(dry_run=n % 2 == 0)))
        for c in calls:
            c.result(60 * wait.FACTOR)
        rpc.SaveConfig(pb.SaveConfigRequest())
        self.assertEqual(self.file().count("- address"), 32)
        self.assertEqual(self.json("reload")["changes"], [])
        self.suite.stop()


class Guarded(unittest.TestCase):
    def test_who_may_only_read_changes_nothing(self):
        quiet = "127.0.0.1:%d" % net.free_port()
        suite = Suite(name="guarded")
        suite.conf["grpc_listen_addr"] = [
            suite.grpc, {"address": quiet, "read_only": True}]
        suite.start()
        self.addCleanup(suite.kill)
        suite.add_route("10.0.0.0/8")
        with grpc.insecure_channel(quiet, options=[
                ("grpc.enable_http_proxy", 0)]) as channel:
            from lib.suite import pb_grpc
            rpc = pb_grpc.BgpServiceStub(channel)
            config = config_pb2_grpc.ConfigServiceStub(channel)
            text = rpc.GetRunningConfig(pb.GetRunningConfigRequest()).text
            self.assertIn("read_only: true", text)
            config.GetFileConfig(config_pb2.GetFileConfigRequest())
            rpc.ListConfigSnapshots(pb.ListConfigSnapshotsRequest())
            for call, m in (
                    (rpc.CommitConfig, pb.CommitConfigRequest(text=text)),
                    (rpc.SaveConfig, pb.SaveConfigRequest()),
                    (rpc.RollbackConfig, pb.RollbackConfigRequest(index=1)),
                    (config.Reload, config_pb2.ReloadRequest(dry_run=True)),
                    (config.SetLogLevel, config_pb2.SetLogLevelRequest())):
                with self.assertRaises(grpc.RpcError) as e:
                    call(m)
                self.assertEqual(e.exception.code(),
                                 grpc.StatusCode.PERMISSION_DENIED)
        self.assertFalse(suite.grep("generation 2"))
        suite.stop()


class Watch(Base):
    def follow(self, *args):
        p = subprocess.Popen(
            wait.WITH_PARENT + [self.suite.program("sbin/bgpctl"), "-j", "-s",
                                self.suite.grpc, "watch"] + list(args) +
            ["every", "1"], stdout=subprocess.PIPE,
            env=self.suite.environment(), text=True)
        self.addCleanup(p.stdout.close)
        self.addCleanup(p.wait)
        self.addCleanup(p.kill)
        seen = []

        def read():
            for line in p.stdout:
                seen.append(json.loads(line))
        threading.Thread(target=read, daemon=True).start()
        return seen

    def test_neighbors_are_followed(self):
        seen = self.follow("neighbors")
        wait.until(lambda: len(seen) >= 2, lambda: "events: %r" % seen)
        self.speaker(10)
        wait.until(lambda: [e for e in seen if e["event"] == "changed" and
                            e["address"] == net.v4(10) and
                            e["neighbor"]["state"] == "Established"],
                   lambda: "events: %r" % seen)
        self.ctl("neighbor", "delete", net.v4(11))
        wait.until(lambda: [e for e in seen if e["event"] == "removed" and
                            e["address"] == net.v4(11)],
                   lambda: "events: %r" % seen)
        self.suite.stop()

    def test_routes_are_followed(self):
        self.suite.add_route("10.0.0.0/8")
        seen = self.follow("routes")
        # What is there at the start is no event: wait for its first look.
        wait.until(lambda: self.suite.proc and len(self.marks(seen)) > 0,
                   lambda: "events: %r" % seen)
        self.suite.add_route("10.0.0.0/8", med=7)
        self.suite.remove_route("192.0.2.0/24")
        want = {("changed", "10.0.0.0/8"), ("removed", "192.0.2.0/24")}
        wait.until(lambda: want <= {(e["event"], e["prefix"]) for e in seen},
                   lambda: "events: %r" % seen)
        self.suite.stop()

    def marks(self, seen):
        self.n_marks = getattr(self, "n_marks", 0) + 1
        self.suite.add_route("192.0.2.0/24", med=self.n_marks)
        return [e for e in seen if e["prefix"] == "192.0.2.0/24"]


if __name__ == "__main__":
    unittest.main()
