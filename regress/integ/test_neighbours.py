# SPDX-License-Identifier: ISC
"""The suite between BIRD, FRR, GoBGP, OpenBGPD and ExaBGP.

Every check of a route looks at the neighbour's own tables.
"""

import os
import unittest

from lib import neighbours, net, wait
from lib.neighbours import KINDS, NAMES, Route
from lib.suite import Suite, active, passive, pb

ASN = 64500
FIRST = 2                       # BIRD is participant 2, FRR 3 ...


def number(name):
    return FIRST + NAMES.index(name)


def origins(n, asn):
    return [Route("198.18.%d.0/24" % n, ["%d:1" % asn, "%d:2" % asn],
                  ["%d:7:8" % asn], 40 + n),
            Route("2001:db8:%d00::/48" % n, ["%d:6" % asn])]


def entries(n, asn, connect, **kw):
    """Peer entries for both sessions of a neighbour."""
    addrs = [net.v4(n)] + ([net.v6(n)] if net.private() else [])
    make = active if connect else passive
    return [make(a, remote_as=asn, **kw) for a in addrs]


@unittest.skipUnless(os.getuid() == 0, "OpenBGPD and vtysh need root")
class Between(unittest.TestCase):
    """connect: who opens the connections, we or they."""

    connect = True
    ibgp = False

    @classmethod
    def setUpClass(cls):
        neighbours.fetch(*NAMES)
        cls.daemons = {}
        peers = []
        for name in NAMES:
            n = number(name)
            asn = ASN if cls.ibgp else 65000 + n
            peers += entries(n, asn, cls.connect)
            cls.daemons[name] = KINDS[name](
                n, asn, passive=cls.connect, routes=origins(n, asn))
        # One scripted network of our own that everyone must get.
        cls.suite = Suite(peers=peers, name=cls.__name__, networks=[
            {"prefix": "192.88.99.0/24", "communities": ["64500:9"],
             "large_communities": ["64500:1:1"], "med": 3},
            {"prefix": "2001:db8:9900::/48"}])
        try:
            cls.suite.start()
            for d in cls.daemons.values():
                d.start()
        except BaseException:
            cls.tearDownClass()
            raise

    @classmethod
    def tearDownClass(cls):
        for d in cls.daemons.values():
            d.kill()
        try:
            cls.suite.stop()
        except BaseException:
            cls.suite.kill()
            raise

    def run(self, result=None):
        bad = getattr(result, "failed", 0)
        super().run(result)
        if getattr(result, "failed", 0) > bad:
            print("---- %s\n%s----" % (self.suite.log, self.suite.tail(30)))

    def up(self, name):
        d = self.daemons[name]
        if d.proc is None:
            d.start()
        d.wait_established()
        for addr, _ in d.sessions():
            self.suite.wait_state(addr)
        return d

    def expected(self, r, n, asn, hop4, hop6):
        """What an eBGP neighbour must hold of a neighbour's route."""
        want = {"origin": "igp", "as_path": "%d %d" % (ASN, asn),
                "next_hop": hop6 if r.v6 else hop4,
                "communities": r.communities, "large": r.large}
        return want

    def compare(self, d, prefix, want):
        got = d.wait_route(prefix)
        for k, v in want.items():
            self.assertEqual(got.get(k), v, "%s of %s in %s: %r" % (
                k, prefix, d.name, got))
        return got

    def families(self):
        return (4, 6) if net.private() else (4,)

    def exchange(self, name):
        """One daemon's routes at all others, and ours at it."""
        d = self.up(name)
        others = [self.up(o) for o in NAMES if o != name]
        for r in origins(d.n, d.asn):
            if (6 if r.v6 else 4) not in self.families():
                continue
            want = self.expected(r, d.n, d.asn, self.suite.addr,
                                 self.suite.addr6)
            for o in others:
                got = self.compare(o, r.prefix, want)
                self.assertFalse(got.get("med"), "MED in %s" % o.name)
            rows = wait.until(lambda: self.suite.routes(
                pb.ADJ_IN, d.addr6 if r.v6 else d.addr).get(r.prefix),
                "Adj-RIB-In")
            self.assertEqual(rows[0].next_hop, d.addr6 if r.v6 else d.addr)
        want = {"origin": "igp", "as_path": str(ASN), "med": 3,
                "next_hop": self.suite.addr, "communities": ["64500:9"],
                "large": ["64500:1:1"]}
        self.compare(d, "192.88.99.0/24", want)
        if net.private():
            self.compare(d, "2001:db8:9900::/48", {
                "as_path": str(ASN), "next_hop": self.suite.addr6})

    def withdraws(self, name):
        d = self.up(name)
        others = [self.up(o) for o in NAMES if o != name]
        for prefix in ("198.19.%d.0/24" % d.n, "2001:db8:%d01::/48" % d.n):
            if ":" in prefix and not net.private():
                continue
            d.announce(Route(prefix))
            for o in others:
                o.wait_route(prefix)
            d.withdraw(prefix)
            for o in others:
                o.wait_gone(prefix)

    def loss(self, name):
        """The daemon dies and comes back."""
        d = self.up(name)
        other = self.up("bird" if name != "bird" else "frr")
        prefix = "198.18.%d.0/24" % d.n
        other.wait_route(prefix)
        d.kill()
        other.wait_gone(prefix)
        d.start()
        self.up(name)
        other.wait_route(prefix)
        d.wait_route("192.88.99.0/24")


class WeConnect(Between):
    pass


class TheyConnect(Between):
    connect = False


def _add(cls, verb, name):
    def test(self):
        getattr(self, verb)(name)
    setattr(cls, "test_%s_%s" % (verb, name), test)


for _name in NAMES:
    for _verb in ("exchange", "withdraws", "loss"):
        _add(WeConnect, _verb, _name)
    for _verb in ("exchange", "loss"):
        _add(TheyConnect, _verb, _name)


@unittest.skipUnless(os.getuid() == 0, "OpenBGPD and vtysh need root")
class Internal(unittest.TestCase):
    """iBGP with each daemon, an eBGP source beside it."""

    def between(self, name):
        n = number(name)
        neighbours.fetch("bird", name)
        source = KINDS["bird"](20, 65020, passive=True,
                               routes=origins(20, 65020))
        d = KINDS[name](n, ASN, passive=True, routes=origins(n, ASN))
        peers = entries(n, ASN, True) + entries(20, 65020, True)
        with Suite(peers=peers, name="ibgp-" + name) as suite:
            with source, d:
                d.wait_established()
                source.wait_established()
                got = d.wait_route("198.18.20.0/24")
                self.assertEqual(got["as_path"], "65020")
                self.assertEqual(got["next_hop"], source.addr)
                self.assertEqual(got.get("med"), 60, (got, suite.routes(
                    pb.ADJ_IN, source.addr)))
                self.assertEqual(got.get("local_pref"), 100)
                self.assertEqual(got["communities"], ["65020:1", "65020:2"])
                self.assertEqual(got["large"], ["65020:7:8"])
                got = source.wait_route("198.18.%d.0/24" % n)
                self.assertEqual(got["as_path"], str(ASN))
                self.assertEqual(got["next_hop"], suite.addr)
                if net.private():
                    got = d.wait_route("2001:db8:2000::/48")
                    self.assertEqual(got["next_hop"], source.addr6)
                    got = source.wait_route("2001:db8:%d00::/48" % n)
                    self.assertEqual(got["next_hop"], suite.addr6)


def _add_internal(name):
    def test(self):
        self.between(name)
    setattr(Internal, "test_" + name, test)


for _name in NAMES:
    _add_internal(_name)


@unittest.skipUnless(os.getuid() == 0, "OpenBGPD and vtysh need root")
class HoldTime(unittest.TestCase):
    """A neighbour that hangs: the hold timer ends the session."""

    def between(self, name):
        n = number(name)
        neighbours.fetch(name, "bird")
        d = KINDS[name](n, 65000 + n, passive=True, hold=3,
                        routes=origins(n, 65000 + n), families=(4,))
        other = KINDS["bird"](21, 65021, passive=True, families=(4,))
        peers = [active(net.v4(n), remote_as=65000 + n, hold_time_secs=3),
                 active(net.v4(21), remote_as=65021)]
        with Suite(peers=peers, name="hold-" + name) as suite, other, d:
            d.wait_established()
            prefix = "198.18.%d.0/24" % n
            other.wait_route(prefix)
            d.pause()
            try:
                wait.until(lambda: suite.state(d.addr) != "ESTABLISHED",
                           "end of the session", 15)
                p = suite.peer(d.addr).peer
                self.assertEqual(p.last_error_sent.code, 4)
                other.wait_gone(prefix)
            finally:
                d.resume()
            d.wait_established()
            other.wait_route(prefix)


def _add_hold(name):
    def test(self):
        self.between(name)
    setattr(HoldTime, "test_" + name, test)


for _name in NAMES:
    _add_hold(_name)
