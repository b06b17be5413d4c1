# SPDX-License-Identifier: ISC
"""The harness itself: the scripted speaker with each real daemon."""

import unittest

from lib import bgp, neighbours, net
from lib.neighbours import Route
from lib.speaker import Speaker


class Harness(unittest.TestCase):
    def between(self, name, passive):
        """A daemon and two speakers in the suite's place."""
        kind = neighbours.KINDS[name]
        r4 = Route("198.51.100.0/24", ["65002:7"], ["65002:1:2"], 50)
        r6 = Route("2001:db8:100::/48", ["65002:8"])
        with Speaker(net.v4(1), 64500) as s4, \
                Speaker(net.v6(1), 64500) as s6:
            if not passive:
                s4.listen()
                s6.listen()
            with kind(2, 65002, passive=passive, routes=[r4, r6]) as d:
                if passive:
                    s4.establish(d.addr)
                    s6.establish(d.addr6)
                else:
                    s4.accept_session()
                    s6.accept_session()
                d.wait_established()
                got = s4.wait_route("198.51.100.0/24", timeout=20)
                self.assertEqual(got["as_path"], "65002")
                self.assertEqual(got["next_hop"], d.addr)
                self.assertEqual(got["communities"], [65002 << 16 | 7])
                self.assertEqual(got["large"], [(65002, 1, 2)])
                self.assertEqual(got["med"], 50)
                got = s6.wait_route("2001:db8:100::/48", timeout=20)
                self.assertEqual(got["next_hop"], d.addr6)

                s4.announce("203.0.113.0/24", [64500, 65010], None,
                            bgp.med(5), bgp.communities([0xFDE80001]),
                            bgp.large_communities([(1, 2, 3)]))
                r = d.wait_route("203.0.113.0/24")
                self.assertEqual(r["as_path"], "64500 65010")
                self.assertEqual(r["next_hop"], net.v4(1))
                self.assertEqual(r["origin"], "igp")
                self.assertEqual(r["med"], 5)
                self.assertEqual(r["communities"], ["65000:1"])
                self.assertEqual(r["large"], ["1:2:3"])
                s6.announce("2001:db8:200::/48", [64500, 65010])
                r = d.wait_route("2001:db8:200::/48")
                self.assertEqual(r["next_hop"], net.v6(1))
                s4.withdraw("203.0.113.0/24")
                d.wait_gone("203.0.113.0/24")

                d.announce(Route("198.51.101.0/24"))
                s4.wait_route("198.51.101.0/24", timeout=20)
                d.withdraw("198.51.101.0/24")
                s4.wait_gone("198.51.101.0/24", timeout=20)

    def test_bird(self):
        self.between("bird", True)

    def test_bird_active(self):
        self.between("bird", False)

    def test_frr(self):
        self.between("frr", True)

    def test_frr_active(self):
        self.between("frr", False)

    def test_gobgp(self):
        self.between("gobgp", True)

    def test_gobgp_active(self):
        self.between("gobgp", False)

    def test_openbgpd(self):
        self.between("openbgpd", True)

    def test_openbgpd_active(self):
        self.between("openbgpd", False)

    def test_exabgp(self):
        self.between("exabgp", True)

    def test_exabgp_active(self):
        self.between("exabgp", False)
