# SPDX-License-Identifier: ISC
"""Real tables and churn, compared prefix by prefix with a model.

BGPGG_DATA names the folder of recorded data; without it, or in a slow build
for the larger files, tables from a seed take their place.
"""

import glob
import ipaddress
import os
import socket
import threading
import unittest

from lib import bgp, mrt, net, synth, wait
from lib.model import Model, Peer, difference, held
from lib.speaker import Speaker
from lib.suite import SANITIZED, Suite, passive, pb

DATA = os.environ.get("BGPGG_DATA")
ASN = 64500


def data(pattern):
    if not DATA:
        return None
    found = sorted(glob.glob(os.path.join(DATA, pattern)))
    return found or None


def row(route):
    """A listed route's best path, comparable: Path to (types, values)."""
    p = route.paths[0]
    addr, _, bits = route.prefix.partition("/")
    six = ":" in addr
    packed = socket.inet_pton(socket.AF_INET6 if six else socket.AF_INET,
                              addr)
    bits = int(bits)
    key = (2 if six else 1, bytes([bits]) + packed[:(bits + 7) // 8])
    return key, (p.origin,
                 tuple((s.segment_type, tuple(s.asns)) for s in p.as_path),
                 p.next_hop, p.local_pref if p.HasField("local_pref")
                 else None, p.med if p.HasField("med") else None,
                 p.atomic_aggregate, tuple(p.communities),
                 tuple((c.global_admin, c.local_data_1, c.local_data_2)
                       for c in p.large_communities),
                 len(p.extended_communities))


def expected_row(attrs, hop):
    """The same of the model's attributes."""
    def number(kind):
        return int.from_bytes(attrs[kind][1], "big") if kind in attrs \
            else None

    def words(kind, size):
        v = attrs[kind][1] if kind in attrs else b""
        return [v[i:i + size] for i in range(0, len(v), size)]
    path = tuple((0 if k == 1 else 1, tuple(a))
                 for k, a in bgp.split_path(attrs[2][1]))
    return (attrs[1][1][0], path, str(ipaddress.ip_address(hop)),
            number(5), number(4), 6 in attrs,
            tuple(int.from_bytes(w, "big") for w in words(8, 4)),
            tuple(tuple(int.from_bytes(w[i:i + 4], "big")
                        for i in (0, 4, 8)) for w in words(32, 12)),
            len(words(16, 8)))


class FullTable(unittest.TestCase):
    def play(self, messages, asn):
        """One iBGP feed, an eBGP receiver behind; everything compared."""
        peers = [passive(net.v4(10), remote_as=asn),
                 passive(net.v4(20), remote_as=65020)]
        suite = Suite(peers=peers, name="table", asn=asn,
                      log_level="info").start()
        self.addCleanup(suite.kill)
        model = Model(asn, suite.addr, suite.addr6)
        feed = Speaker(net.v4(10), asn, remote=suite.addr)
        model.add(Peer("feed", asn, feed.router_id, feed.addr, asn))
        behind = Speaker(net.v4(20), 65020, remote=suite.addr)
        self.addCleanup(feed.stop)
        self.addCleanup(behind.stop)
        feed.establish()
        behind.establish()
        behind.keep_updates = False

        def send():
            out, size = [], 0
            for m in messages:
                out.append(m)
                size += len(m)
                if size > 1 << 18:
                    feed.send(*out)
                    out, size = [], 0
            feed.send(*out)
        t = threading.Thread(target=send, daemon=True)
        t.start()
        for m in messages:
            model.received("feed", m)
        rib = model.loc_rib()
        want = model.sent_to(rib, False, "behind")
        t.join()
        behind.wait(lambda: len(behind.table) >= len(want),
                    "%d prefixes" % len(want), 300)
        # What comes last may replace what came first.
        text = []

        def same():
            with behind.cond:
                have = held(behind.table)
            text[:] = [difference(want, have)]
            return not text[0]
        wait.until(same, lambda: "equal table: " + text[0], 60, 0.5)

        info = suite.rpc.GetServerInfo(pb.GetServerInfoRequest())
        self.assertEqual(info.num_routes, len(rib))
        listed = 0
        memo = {}
        last = None
        for r in suite.rpc.ListRoutesStream(pb.ListRoutesRequest(),
                                            timeout=600):
            key, have = row(r)
            self.assertIn(key, rib, r.prefix)
            peer, attrs, hop = rib[key]
            e = memo.get((id(attrs), hop))
            if e is None:
                e = memo[id(attrs), hop] = expected_row(attrs, hop)
            self.assertEqual(e, have, r.prefix)
            order = (key[0], key[1][1:] + bytes(17 - len(key[1])), key[1][0])
            self.assertTrue(last is None or last < order, r.prefix)
            last = order
            listed += 1
        self.assertEqual(listed, len(rib))

        # The feed goes, and everything with it.
        feed.stop()
        behind.wait(lambda: not behind.table, "empty table", 60)
        self.assertEqual(suite.rpc.GetServerInfo(
            pb.GetServerInfoRequest()).num_routes, 0)
        suite.stop()

    def test_full_table_of_2015(self):
        files = data("table/fulltable.20151023.0201.mrt.gz")
        if not files:
            self.skipTest("BGPGG_DATA is not set")
        self.play([m for _, m in mrt.updates(files[0])
                   if len(m) > 23], 3856)

    @unittest.skipIf(DATA and not SANITIZED, "the real table is there")
    def test_generated_table(self):
        n = 20000 if SANITIZED else 100000
        self.play([m for _, m in synth.table(1, n)], ASN)


class Churn(unittest.TestCase):
    def play(self, files):
        """files: lists of (peer, message), played one after the other."""
        names = []
        for messages in files:
            for peer, _ in messages:
                if peer not in names:
                    names.append(peer)
        self.assertLessEqual(len(names), 60)
        where = {p: 30 + i for i, p in enumerate(names)}
        peers = [passive(net.v4(n), remote_as=p[1])
                 for p, n in where.items()]
        peers += [passive(net.v4(20), remote_as=65020),
                  passive(net.v4(21), remote_as=ASN)]
        suite = Suite(peers=peers, name="churn", asn=ASN,
                      log_level="info").start()
        self.addCleanup(suite.kill)
        model = Model(ASN, suite.addr, suite.addr6)
        speakers = {}
        for p, n in where.items():
            s = Speaker(net.v4(n), p[1], remote=suite.addr, asn4=p[2])
            self.addCleanup(s.stop)
            speakers[p] = s.establish()
            s.keep_updates = False
            # Two of the feeds show what split horizon leaves.
            s.keep_table = len(speakers) <= 2
            model.add(Peer(p, p[1], s.router_id, s.addr, ASN, p[2]))
        outer = Speaker(net.v4(20), 65020, remote=suite.addr)
        inner = Speaker(net.v4(21), ASN, remote=suite.addr)
        for s in (outer, inner):
            self.addCleanup(s.stop)
            s.establish()
            s.keep_updates = False
        views = [(outer, False, None), (inner, True, None)] + [
            (s, False, p) for p, s in speakers.items()
            if s.keep_table and p[2]]
        for i, messages in enumerate(files):
            out = {}
            for p, m in messages:
                buf = out.setdefault(p, bytearray())
                buf += m
                if len(buf) > 8192:
                    speakers[p].send(bytes(buf))
                    buf.clear()
                model.received(p, m)
            for p, buf in out.items():
                speakers[p].send(bytes(buf))
            rib = model.loc_rib()
            for s, ibgp, name in views:
                want = model.sent_to(rib, ibgp, name)
                text = []

                def same():
                    with s.cond:
                        have = held(s.table)
                    text[:] = [difference(want, have)]
                    return not text[0]
                wait.until(same, lambda: "%s, file %d: %s" % (
                    s.addr, i, text[0]), 60, 0.3)
            listed = {row(r)[0]: row(r)[1] for r in
                      suite.rpc.ListRoutesStream(pb.ListRoutesRequest(
                          best_only=True), timeout=300)
                      if r.paths and not r.paths[0].ineligible}
            self.assertEqual(len(listed), len(rib))
            for key, have in listed.items():
                _, attrs, hop = rib[key]
                self.assertEqual(expected_row(attrs, hop), have,
                                 bgp.text(*key))
        for s in speakers.values():
            s.stop()
        outer.wait(lambda: not outer.table, "empty table", 60)
        suite.stop()

    def files(self, *patterns):
        out = []
        for p in patterns:
            found = data(p)
            if not found:
                self.skipTest("BGPGG_DATA is not set")
            out.append(list(mrt.updates(found[0])))
        self.play(out)

    @unittest.skipIf(SANITIZED, "left to the release build")
    def test_2026_today(self):
        self.files("updates/updates.20260222.1530.mrt.bz2")

    @unittest.skipIf(SANITIZED, "left to the release build")
    def test_2016_both_families(self):
        self.files("updates/updates.20160811.1600.mrt.gz")

    @unittest.skipIf(SANITIZED, "left to the release build")
    def test_2007_two_octet_sessions(self):
        self.files("updates/updates.20070211.0141.mrt.gz")

    @unittest.skipIf(SANITIZED, "left to the release build")
    def test_2013_two_files_in_a_row(self):
        self.files("updates/updates.20130101.0013.mrt.xz",
                   "updates/updates.20130101.0028.mrt.xz")

    @unittest.skipIf(SANITIZED, "left to the release build")
    def test_2010(self):
        self.files("updates/updates.20100227.1600.rrc15.mrt.gz")

    def test_2007_multihop(self):
        self.files("updates/updates.20071015.1505.mrt.gz")

    def test_2015(self):
        self.files("updates/updates.20150401.0000.jinx.mrt.bz2")

    def test_generated(self):
        n = 3000 if SANITIZED else 20000
        self.play([list(synth.churn(s, 8, 2000, n)) for s in (1, 2)])
