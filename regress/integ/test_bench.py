# SPDX-License-Identifier: ISC
"""The small form of every load of the benchmark.

What `make bench` plays to measure is played here to see that it is right:
bgpload checks every prefix and path at every receiver, and the suite is the
one with sanitizers where that is what is tested.  Loads 10 to 12 take the
composed tables where BGPGG_DATA is set, else a generated one.
"""

import json
import os
import subprocess
import sys
import unittest
import xml.etree.ElementTree

from lib import bgp, net, synth, wait
from lib.suite import ROOT, SANITIZED, TREE, Suite, passive, yaml

sys.path.insert(0, os.path.join(ROOT, "regress/bench"))
import bench_costs                                  # noqa: E402
import bench_growth                                 # noqa: E402
import bench_plot                                   # noqa: E402
import bench_policy                                 # noqa: E402

DATA = os.environ.get("BGPGG_DATA")
BGPLOAD = os.path.join(TREE, "regress/bench/bgpload")
APILOAD = os.path.join(TREE, "regress/bench/apiload")
ASN, PEER_AS = 65000, 60001
FILES = ["table/fulltable.20151023.0201.mrt.gz",
         "table/prefix-origin.20260619.tsv.xz",
         "updates/updates.20260222.1530.mrt.bz2",
         "table/rib.20140523.0600.first9072.mrt.xz"]


def mrt(path, messages):
    """A file of BGP4MP_MESSAGE_AS4 records."""
    with open(path, "wb") as f:
        for _, m in messages:
            body = PEER_AS.to_bytes(4, "big") * 2 + b"\0\0\0\1" + \
                bgp.ip("192.0.2.8") + bgp.ip("192.0.2.9") + m
            f.write(b"\0\0\0\1\0\x10\0\4" + len(body).to_bytes(4, "big") +
                    body)


@unittest.skipUnless(os.path.exists(BGPLOAD), "make bgpload")
class Loads(unittest.TestCase):
    def play(self, load, peers, *args, files=(), six=False, states=()):
        """Run a load against a suite of its own, whose configuration goes
        through the states; returns its report."""
        first = 10
        # More peers than the run has addresses: the loopback has enough.
        at = (lambda i: net.v6(first + i)) if six else \
            (lambda i: "127.0.1.%d" % (1 + i))
        family = "ipv6-unicast" if six else "ipv4-unicast"
        suite = Suite(asn=ASN, name="load-" + load, log_level="warn", peers=[
            passive(at(i), remote_as=PEER_AS + i, afi_safis=[family])
            for i in range(peers)])
        suite.conf.update(states[0] if states else {})
        for peer, policy in zip(suite.conf["peers"],
                                suite.conf.get("policy-definitions", ())):
            peer["import-policy"] = [policy["name"]]
        if not six:
            suite.addr = "127.0.0.1"
            suite.conf["listen_addr"] = net.endpoint(suite.addr)
        suite.start()
        self.addCleanup(suite.kill)
        command = [
            BGPLOAD, "run", "-l", load, "-N", "-w", "150", "-d",
            suite.addr6 if six else suite.addr, "-p", str(net.bgp_port()),
            "-L", at(0), "-D", str(ASN), "-A", str(PEER_AS), "-P",
            str(suite.proc.pid), "-t", str(int(60 * wait.FACTOR))]
        if load in ("S11", "S12"):
            command += ["-R", "%s list stream %s" % (APILOAD, suite.grpc)]
        if states:
            command += self.steps(suite, states[1:])
        run = subprocess.run(
            command + list(args) + list(files), stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True, env=suite.environment(),
            timeout=240 * wait.FACTOR)
        self.assertEqual(run.returncode, 0, "%s\n%s\n%s" % (
            run.stdout, run.stderr, suite.tail()))
        out = json.loads(run.stdout)
        self.assertTrue(out["ok"])
        for phase in out["phases"]:
            self.assertTrue(phase["finished"])
            self.assertEqual(phase["right"], phase["want"])
        suite.stop()
        return out

    @staticmethod
    def steps(suite, states):
        """What brings the suite to the next one: a program for bgpload."""
        path = os.path.join(suite.dir, "step")
        for i, state in enumerate(states):
            with open("%s.%d" % (path, i + 1), "w") as f:
                f.write("---\n" + yaml(dict(suite.conf, **state)))
        with open(path, "w") as f:
            f.write("#!/bin/sh\nmv %s.$1 %s && kill -HUP %d\n" % (
                path, suite.file, suite.proc.pid))
        os.chmod(path, 0o755)
        return ["-X", path, "-x", str(len(states))]

    @staticmethod
    def filters(n, senders, state):
        """A set and a policy for each sender: what it may announce then."""
        lists = bench_policy.Filters(BGPLOAD, "P3", n, senders, 1, state,
                                     200).peers
        return {
            "defined-sets": {"prefix-sets": [
                {"name": "s%d" % i,
                 "prefixes": [{"prefix": x} for x in prefixes]}
                for i, prefixes in enumerate(lists)]},
            "policy-definitions": [
                {"name": "p%d" % i, "statements": [
                    {"conditions": {
                        "match-prefix-set": {"set-name": "s%d" % i}},
                     "actions": {"accept": True}},
                    {"actions": {"reject": True}}]}
                for i in range(senders)]}

    def test_filters_that_change_on_a_full_table(self):
        """A reload under load, hold time 3 s: first of one peer's filter,
        then of all.  No session is lost, and no route is taken away or
        changed at any receiver that the new filters leave alone."""
        n, senders = (20000, 20) if SANITIZED else (1000000, 50)
        out = self.play("P3", senders + 2, "-n", str(n), "-c", str(senders),
                        "-s", "1", states=[self.filters(n, senders, state)
                                           for state in range(3)])
        self.assertEqual([p["name"] for p in out["phases"]],
                         ["announce", "reload one", "reload all"])
        self.assertEqual(out["faults"]["lost"], 0)
        self.assertEqual([p["spoilt"] for p in out["phases"]], [0, 0, 0])
        self.assertGreater(out["phases"][2]["withdrawn"], n // 4)

    def tables(self):
        if not DATA:
            return ()
        return [os.path.join(DATA, f) for f in FILES]

    def test_one_sender(self):
        self.play("S1", 2, "-n", "3000")

    def test_ten_senders_of_the_same(self):
        self.play("S2", 11, "-n", "500", "-c", "10")

    def test_everybody_receives_everything(self):
        self.play("S3", 20, "-n", "600", "-c", "20")

    def test_the_sender_drops(self):
        self.play("S4", 2, "-n", "3000")

    def test_a_late_receiver(self):
        self.play("S5", 3, "-n", "3000")

    def test_ipv6(self):
        if not net.private():
            self.skipTest("needs a namespace for its addresses")
        self.play("S6", 2, "-n", "2000", six=True)

    def test_a_fifth_changes(self):
        self.play("S7", 2, "-n", "3000")

    def test_many_peers(self):
        self.play("S8", 60, "-n", "600", "-c", "60")

    def test_a_table_and_updates_from_files(self):
        paths = [os.path.join(os.path.dirname(BGPLOAD), "small%d.%d.mrt" % (
            i, os.getpid())) for i in range(2)]
        for i, path in enumerate(paths):
            self.addCleanup(os.unlink, path)
            mrt(path, synth.table(5 + i, 400, ibgp=False))
        out = self.play("S9", 2, files=paths)
        self.assertEqual(len(out["phases"]), 2)

    def test_ten_tables(self):
        out = self.play("S10", 12, "-n", "300", "-c", "10",
                        files=self.tables())
        self.assertGreaterEqual(out["paths"], 3000)

    def test_single_changes_beside_a_listing(self):
        out = self.play("S11", 15, "-n", "300", "-c", "4", "-r", "10", "-F",
                        "60", files=self.tables())
        flaps = out["phases"][-1]
        self.assertGreaterEqual(flaps["flaps"], 60)
        self.assertGreater(flaps["besides"], 0)
        self.assertGreaterEqual(flaps["beside_lines"],
                                300 * flaps["besides"])
        self.assertFalse(flaps["beside_failed"])
        self.assertLessEqual(flaps["p50_ms"], flaps["worst_ms"])

    def test_short_hold_time_through_all(self):
        out = self.play("S12", 40, "-n", "300", "-c", "4", "-r", "35", "-F",
                        "60", files=self.tables())
        self.assertEqual(out["faults"]["lost"], 0)
        self.assertEqual([p["name"] for p in out["phases"]],
                         ["announce", "flaps", "churn 1", "gone 1",
                          "churn 2", "gone 2"])
        for phase in out["phases"]:
            self.assertLess(phase["silence_ms"], 3000)


class Reports(unittest.TestCase):
    """What the benchmark makes of its figures."""

    def test_growth(self):
        xs = [250, 500, 1000, 2000]
        offset, slope, off = bench_growth.line(xs, [3 + 2 * x for x in xs])
        self.assertAlmostEqual(offset, 3)
        self.assertAlmostEqual(slope, 2)
        self.assertLess(off, 1e-9)
        self.assertGreater(bench_growth.line(xs, [x * x for x in xs])[2],
                           bench_growth.LIMIT)

        played = []

        def run(load, scale, peers):
            n = int(100000 * scale)
            played.append((load, scale, peers))
            # the second turn is disturbed, which shows, and so is the
            # third, which does not
            turn = (len(played) + 9) // 10
            seconds = n * 1e-6 * (peers or 10) ** 1.2 * \
                (7 if turn in (2, 3) else 1)
            return {"prefixes": n, "seconds": seconds, "cpu": n * 1e-6,
                    "foreign_cores": turn == 2, "growth_kib": 100 + n / 10}
        got = bench_growth.measure(run, 3)
        self.assertEqual(len(set(played[:10])), 10)     # all in turn
        self.assertEqual(played[:10], played[10:20])
        point = got["lines"]["S1"]["points"][0]
        self.assertEqual((len(point["runs"]), point["quiet"]), (6, 5))
        self.assertIn("50 peers 10.934 s (4 runs, 3 quiet, 10.934 to 76",
                      bench_growth.text(got))
        self.assertTrue(got["lines"]["S1"]["fits"]["seconds"]["linear"])
        self.assertFalse(got["fan_out"]["within"])
        self.assertIn("25 peers", bench_growth.text(got))
        # a load that does not finish leaves no line, and no error
        bench_growth.text(bench_growth.measure(lambda *_: None))

    def test_plot(self):
        rows = [{"load": "S1", "quantity": "time s", "ratio": 0.2,
                 "best_peer": "bird"},
                {"load": "S1", "quantity": "growth MiB", "ratio": 40.0,
                 "best_peer": "b<&"},
                {"load": "S9 updates", "quantity": "time s", "ratio": 1e-4,
                 "best_peer": "frr"},
                {"load": "S2", "quantity": "time s", "ratio": None,
                 "best_peer": None}]
        for r in rows, []:
            tree = xml.etree.ElementTree.fromstring(
                bench_plot.svg(r, {"S1": "one & one"}, "quick"))
            self.assertTrue(tree.tag.endswith("svg"))

    def test_costs_by_file(self):
        path = os.path.join(os.path.dirname(BGPLOAD),
                            "callgrind.%d" % os.getpid())
        self.addCleanup(os.unlink, path)
        with open(path, "w") as f:
            f.write("events: Ir\n\n"
                    "ob=(1) /x/rde_micro\nfl=(1) /s/rde/rib.c\n"
                    "fn=(1) rib_put\n10 5\n"
                    "fi=(2) /s/./common/slab.h\n11 3\nfe=(1)\n"
                    "cob=(2) /lib/libc.so.6\ncfi=(3) memmove.S\n"
                    "cfn=(2) memcpy\ncalls=1 9\n+1 7\n12 1\n"
                    "cfn=(3) other\ncalls=1 30\n* 100\n"
                    "fi=(4) /usr/include/x.h\n3 2\n\n"
                    "ob=(2)\nfl=(3)\nfn=(2)\n1 7\n")
        self.assertEqual(bench_costs.by_file(path), {
            "/s/rde/rib.c": 5 + 7 + 1 + 2, "/s/./common/slab.h": 3})
