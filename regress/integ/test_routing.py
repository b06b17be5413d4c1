# SPDX-License-Identifier: ISC
"""What is chosen and what is sent to whom, attribute by attribute."""

from lib import bgp, net, wait
from lib.case import ASN, Case
from lib.suite import passive, pb

EBGP = range(10, 40)
IBGP = range(40, 60)


def ebgp(n, **kw):
    return passive(net.v4(n), remote_as=65000 + n, **kw)


def ibgp(n, **kw):
    return passive(net.v4(n), remote_as=ASN, **kw)


def unhex(text):
    return bytes.fromhex(text)


class Propagation(Case):
    peers = [ebgp(n) for n in EBGP] + [ibgp(n) for n in IBGP] + \
        [passive(net.v6(n), remote_as=65000 + n) for n in (10, 11)]

    def own(self, s, *prefixes):
        """Take routes back at the end, so that tests do not meet."""
        def back():
            if s.sock and not s.closed:
                s.withdraw(list(prefixes))
        self.addCleanup(back)

    # ------------------------------------------------------ attributes out

    def test_ebgp_to_ebgp(self):
        a, b = self.speaker(10), self.speaker(11)
        a.announce("198.51.100.0/24", [65010, 65100], None, bgp.med(77),
                   bgp.communities([0xFDE80001, 0xFDE80000]),
                   bgp.large_communities([(65010, 2, 1), (65010, 1, 2)]),
                   orig=1)
        got = b.wait_route("198.51.100.0/24")
        self.assertEqual(got, {
            "origin": 1, "as_path": "64500 65010 65100",
            "next_hop": self.suite.addr,
            "communities": [0xFDE80001, 0xFDE80000],
            "large": [(65010, 2, 1), (65010, 1, 2)]})

    def test_ebgp_to_ibgp(self):
        a, b = self.speaker(10), self.speaker(40, ASN)
        a.announce("198.51.101.0/24", [65010, 65100], None, bgp.med(77),
                   orig=2)
        got = b.wait_route("198.51.101.0/24")
        self.assertEqual(got, {
            "origin": 2, "as_path": "65010 65100", "next_hop": a.addr,
            "med": 77, "local_pref": 100})

    def test_ibgp_to_ebgp(self):
        a, b = self.speaker(40, ASN), self.speaker(10)
        a.announce("198.51.102.0/24", [65100], None, bgp.med(5),
                   bgp.local_pref(300))
        got = b.wait_route("198.51.102.0/24")
        self.assertEqual(got, {
            "origin": 0, "as_path": "64500 65100", "med": 5,
            "next_hop": self.suite.addr})

    def test_ibgp_is_not_sent_to_ibgp(self):
        a, b = self.speaker(40, ASN), self.speaker(41, ASN)
        c = self.speaker(10)
        a.announce("198.51.103.0/24", [65100], None, bgp.local_pref(100))
        c.wait_route("198.51.103.0/24")
        c.announce("198.51.104.0/24")
        b.wait_route("198.51.104.0/24")
        self.assertFalse(b.has("198.51.103.0/24"))

    def test_local_route(self):
        e, i = self.speaker(10), self.speaker(40, ASN)
        self.suite.add_route("198.51.105.0/24", med=9,
                             communities=[0xFDE80007])
        self.addCleanup(self.suite.remove_route, "198.51.105.0/24")
        self.assertEqual(e.wait_route("198.51.105.0/24"), {
            "origin": 0, "as_path": "64500", "med": 9,
            "next_hop": self.suite.addr, "communities": [0xFDE80007]})
        self.assertEqual(i.wait_route("198.51.105.0/24"), {
            "origin": 0, "as_path": "", "med": 9, "local_pref": 100,
            "next_hop": self.suite.addr, "communities": [0xFDE80007]})
        self.suite.remove_route("198.51.105.0/24")
        e.wait_gone("198.51.105.0/24")
        i.wait_gone("198.51.105.0/24")

    def test_local_route_with_a_next_hop(self):
        i = self.speaker(40, ASN)
        self.suite.add_route("198.51.106.0/24", "192.0.2.99")
        self.addCleanup(self.suite.remove_route, "198.51.106.0/24")
        self.assertEqual(i.wait_route("198.51.106.0/24")["next_hop"],
                         "192.0.2.99")

    def test_as_set_gets_a_new_sequence_in_front(self):
        a, b = self.speaker(10), self.speaker(11)
        a.announce("198.51.107.0/24", [(2, [65010]), (1, [65001, 65002])])
        self.assertEqual(b.wait_route("198.51.107.0/24")["as_path"],
                         "64500 65010 {65001 65002}")

    def test_sequence_of_255_is_not_overfilled(self):
        a, b = self.speaker(10), self.speaker(11)
        full = [65010] + [65100] * 254
        a.announce("198.51.108.0/24", full)
        key = bgp.raw("198.51.108.0/24")
        b.wait_route("198.51.108.0/24")
        segs = bgp.split_path(b.table[key][0][2][1])
        self.assertEqual([a for _, s in segs for a in s], [ASN] + full)
        self.assertTrue(all(k == 2 and 0 < len(s) < 256 for k, s in segs))

    def test_atomic_aggregate_and_aggregator(self):
        a, b = self.speaker(10), self.speaker(11)
        a.announce("198.51.109.0/24", None, None, bgp.attr(0x40, 6, b""),
                   bgp.attr(0xc0, 7, unhex("0000fdf20a000001")))
        got = b.wait_route("198.51.109.0/24")
        self.assertTrue(got["atomic"])
        self.assertEqual(got["aggregator"], (65010, "10.0.0.1"))

    def test_extended_communities(self):
        """Only transitive ones leave the AS."""
        a = self.speaker(10)
        b, c = self.speaker(11), self.speaker(40, ASN)
        ext = [unhex("0002fdf200000064"), unhex("4004fdf200000001"),
               unhex("030b000000000007")]
        a.announce("198.51.110.0/24", None, None, bgp.ext_communities(ext))
        self.assertEqual(b.wait_route("198.51.110.0/24")["ext"],
                         [ext[0].hex(), ext[2].hex()])
        self.assertEqual(c.wait_route("198.51.110.0/24")["ext"],
                         [e.hex() for e in ext])

    def test_duplicate_communities_are_sent_once(self):
        a, b = self.speaker(10), self.speaker(11)
        a.announce("198.51.111.0/24", None, None, bgp.communities(
            [5, 4, 5, 3, 4]), bgp.large_communities([(1, 1, 1), (1, 1, 1)]))
        got = b.wait_route("198.51.111.0/24")
        self.assertEqual(got["communities"], [5, 4, 3])
        self.assertEqual(got["large"], [(1, 1, 1)])

    def test_long_attributes(self):
        """Over 255 octets: communities, path, unknown ones."""
        a, b = self.speaker(10), self.speaker(11)
        comms = [0xFDE80000 + i for i in range(200)]
        path = [65010] + [65100 + i for i in range(150)]
        a.announce("198.51.112.0/24", path, None, bgp.communities(comms),
                   bgp.attr(0xc0, 222, bytes(range(256)) * 2))
        got = b.wait_route("198.51.112.0/24")
        self.assertEqual(got["communities"], comms)
        self.assertEqual(got["as_path"], " ".join(
            map(str, [ASN] + path)))
        self.assertEqual(got["other"][222],
                         (0xf0, (bytes(range(256)) * 2).hex()))

    def test_route_that_no_longer_fits_is_withdrawn(self):
        """4096 octets are full after prepending; the next route goes on."""
        a, b = self.speaker(10), self.speaker(11)
        a.announce("198.51.113.0/24")
        b.wait_route("198.51.113.0/24")
        # 19 + 4 + attributes + 4 of NLRI are exactly 4096 as we send it;
        # with one more AS in front it is 4100.
        fixed = len(bgp.announce("198.51.113.0/24", [65010], a.addr,
                                 bgp.attr(0xd0, 222, b"")))
        a.announce("198.51.113.0/24", None, None,
                   bgp.attr(0xd0, 222, bytes(4096 - fixed)))
        b.wait_gone("198.51.113.0/24")
        a.announce("198.51.114.0/24")
        b.wait_route("198.51.114.0/24")

    # --------------------------------------------------------- who gets it

    def test_split_horizon(self):
        a, b = self.speaker(10), self.speaker(11)
        a.announce("198.51.115.0/24")
        b.wait_route("198.51.115.0/24")
        b.announce("198.51.116.0/24")
        a.wait_route("198.51.116.0/24")
        self.assertFalse(a.has("198.51.115.0/24"))
        # The best moves from a to c: a now hears of it, c's own view goes.
        c = self.speaker(12)
        c.wait_route("198.51.115.0/24")
        c.announce("198.51.115.0/24", [65012], None)
        a.announce("198.51.115.0/24", [65010, 65099, 65098])
        a.wait_route("198.51.115.0/24")
        c.wait_gone("198.51.115.0/24")
        self.assertEqual(b.wait_route(
            "198.51.115.0/24", lambda d: "65012" in d["as_path"])["as_path"],
            "64500 65012")
        # And back.
        c.withdraw("198.51.115.0/24")
        a.wait_gone("198.51.115.0/24")
        c.wait_route("198.51.115.0/24")

    def test_well_known_communities(self):
        a = self.speaker(10)
        e, i = self.speaker(11), self.speaker(40, ASN)
        a.announce("198.51.117.0/24", None, None,
                   bgp.communities([bgp.NO_EXPORT]))
        a.announce("198.51.118.0/24", None, None,
                   bgp.communities([bgp.NO_EXPORT_SUBCONFED]))
        a.announce("198.51.119.0/24", None, None,
                   bgp.communities([bgp.NO_ADVERTISE]))
        a.announce("198.51.120.0/24")
        e.wait_route("198.51.120.0/24")
        i.wait_route("198.51.120.0/24")
        i.wait_route("198.51.117.0/24")
        i.wait_route("198.51.118.0/24")
        self.assertFalse(i.has("198.51.119.0/24"))
        for p in (117, 118, 119):
            self.assertFalse(e.has("198.51.%d.0/24" % p))
        # One that gets the community later is withdrawn.
        a.announce("198.51.120.0/24", None, None,
                   bgp.communities([bgp.NO_EXPORT]))
        e.wait_gone("198.51.120.0/24")

    def test_own_as_in_the_path(self):
        """A loop is never chosen, and replaces the good route before it."""
        a, b = self.speaker(10), self.speaker(11)
        a.announce("198.51.121.0/24")
        b.wait_route("198.51.121.0/24")
        a.announce("198.51.121.0/24", [65010, ASN, 65100])
        b.wait_gone("198.51.121.0/24")
        rows = self.suite.routes(pb.ADJ_IN, a.addr)
        self.assertIn("198.51.121.0/24", rows)
        self.assertNotIn("198.51.121.0/24", self.suite.routes(
            best_only=True))

    def test_peer_as_in_the_path_is_sent_to_it(self):
        """The peer's own loop check decides (RFC 4271 9.1.2)."""
        a, b = self.speaker(10), self.speaker(11)
        a.announce("198.51.122.0/24", [65010, 65011])
        b.wait_route("198.51.122.0/24")

    def test_families_that_were_not_negotiated(self):
        a = self.speaker(10)
        b = self.speaker(11, families=[bgp.IPV4])
        a.announce("2001:db8:1::/48", None, "2001:db8::10")
        a.announce("198.51.123.0/24")
        b.wait_route("198.51.123.0/24")
        self.assertFalse(b.has("2001:db8:1::/48"))

    # ------------------------------------------------------------ families

    def test_ipv6_over_ipv4_keeps_its_next_hop(self):
        a, b = self.speaker(10), self.speaker(11)
        a.announce("2001:db8:2::/48", None, "2001:db8::10", bgp.med(3))
        got = b.wait_route("2001:db8:2::/48")
        self.assertEqual(got, {"origin": 0, "as_path": "64500 65010",
                               "next_hop": "2001:db8::10"})

    def test_ipv6_over_ipv6_gets_our_next_hop(self):
        if not net.private():
            self.skipTest("needs addresses of its own")
        a = self.speaker(10, v6=True)
        b = self.speaker(11, v6=True)
        a.announce("2001:db8:3::/48")
        self.assertEqual(b.wait_route("2001:db8:3::/48")["next_hop"],
                         self.suite.addr6)
        a.withdraw("2001:db8:3::/48")
        b.wait_gone("2001:db8:3::/48")

    def test_received_link_local_next_hop_is_left_out(self):
        a, b = self.speaker(10), self.speaker(11)
        a.announce("2001:db8:4::/48", None, "2001:db8::10,fe80::1")
        got = b.wait_route("2001:db8:4::/48")
        self.assertEqual(got["next_hop"], "2001:db8::10")

    def test_local_ipv6_route_without_next_hop_over_ipv4(self):
        a = self.speaker(10)
        self.suite.add_route("2001:db8:5::/48", "::")
        self.suite.add_route("2001:db8:6::/48", "2001:db8::99")
        self.addCleanup(self.suite.remove_route, "2001:db8:5::/48")
        self.addCleanup(self.suite.remove_route, "2001:db8:6::/48")
        a.wait_route("2001:db8:6::/48")
        self.assertFalse(a.has("2001:db8:5::/48"))

    def test_default_routes_and_hosts(self):
        a, b = self.speaker(10), self.speaker(11)
        a.announce(["0.0.0.0/0", "198.51.124.7/32"])
        a.announce(["::/0", "2001:db8::7/128"], None, "2001:db8::10")
        for p in ("0.0.0.0/0", "198.51.124.7/32", "::/0",
                  "2001:db8::7/128"):
            b.wait_route(p)
        a.withdraw(["0.0.0.0/0"])
        a.withdraw(["::/0"])
        b.wait_gone("0.0.0.0/0")
        b.wait_gone("::/0")

    def test_host_bits_on_the_wire_do_not_count(self):
        a, b = self.speaker(10), self.speaker(11)
        a.send(bgp.update([bgp.origin(), bgp.as_path([65010]),
                           bgp.next_hop(a.addr)], b"\x13\xc6\x33\x9f"))
        b.wait_route("198.51.128.0/19")
        a.send(bgp.update(withdrawn=b"\x13\xc6\x33\x80"))
        b.wait_gone("198.51.128.0/19")

    # ------------------------------------------------------- 2-octet peers

    def test_old_speaker_gets_as_trans_and_as4_path(self):
        a = self.speaker(10)
        b = self.speaker(11, asn4=False)
        a.announce("198.51.125.0/24", [65010, 4200000001, 65100], None,
                   bgp.attr(0xc0, 7, unhex("fa56ea010a000001")))
        got = b.wait_route("198.51.125.0/24")
        self.assertEqual(got["as_path"], "64500 65010 23456 65100")
        v = unhex(got["other"][17][1])
        self.assertEqual(bgp.path_text(v), "64500 65010 4200000001 65100")
        self.assertEqual(got["aggregator"], (23456, "10.0.0.1"))
        self.assertEqual(got["other"][18][1], "fa56ea010a000001")

    def test_old_speaker_gets_no_as4_path_without_need(self):
        a = self.speaker(10)
        b = self.speaker(11, asn4=False)
        a.announce("198.51.126.0/24", [65010, 65100])
        got = b.wait_route("198.51.126.0/24")
        self.assertEqual(got["as_path"], "64500 65010 65100")
        self.assertNotIn("other", got)

    def test_as4_path_of_an_old_speaker_is_merged(self):
        a = self.speaker(10, asn4=False)
        b = self.speaker(11)
        a.announce("198.51.127.0/24", [65010, bgp.AS_TRANS, 65100], None,
                   bgp.attr(0xc0, 17, bgp.path_value([4200000001, 65100])))
        got = b.wait_route("198.51.127.0/24")
        self.assertEqual(got["as_path"], "64500 65010 4200000001 65100")
        self.assertNotIn("other", got)

    def test_as4_path_longer_than_as_path_is_ignored(self):
        a = self.speaker(10, asn4=False)
        b = self.speaker(11)
        a.announce("198.51.130.0/24", [65010, bgp.AS_TRANS], None,
                   bgp.attr(0xc0, 17, bgp.path_value([1, 2, 3])))
        self.assertEqual(b.wait_route("198.51.130.0/24")["as_path"],
                         "64500 65010 23456")

    # -------------------------------------------------------------- packing

    def test_many_prefixes_with_the_same_attributes(self):
        a = self.speaker(10)
        b = self.speaker(11)
        want = ["10.%d.%d.0/24" % (i >> 8, i & 255) for i in range(3000)]
        for i in range(0, 3000, 500):
            a.announce(want[i:i + 500])
        b.wait_prefixes(3000)
        for p in want:
            self.assertTrue(b.has(p), p)
        self.assertLess(b.updates, 400)
        for i in range(0, 3000, 500):
            a.withdraw(want[i:i + 500])
        b.wait(lambda: not any(bgp.raw(p) in b.table for p in want),
               "all withdrawn")

    def test_a_late_peer_gets_packed_messages(self):
        a = self.speaker(10)
        b = self.speaker(12)
        want = ["10.%d.%d.0/24" % (i >> 8, i & 255) for i in range(3000)]
        for i in range(0, 3000, 500):
            a.announce(want[i:i + 500])
        b.wait(lambda: len(b.table) >= 3000, "3000 prefixes", 20)
        late = self.speaker(13)
        late.wait_prefixes(3000)
        late.wait_end_of_rib()
        self.assertLess(late.updates, 20)
        a.stop()
        late.wait(lambda: not any(bgp.raw(p) in late.table for p in want),
                  "all withdrawn")

    def test_host_routes_of_ipv6_are_packed_and_split(self):
        a = self.speaker(10)
        b = self.speaker(11)
        want = ["2001:db8:ffff::%x/128" % i for i in range(1, 1001)]
        for i in range(0, 1000, 100):
            a.announce(want[i:i + 100], None, "2001:db8::10")
        b.wait(lambda: all(bgp.raw(p) in b.table for p in want),
               "1000 host routes")
        a.stop()
        b.wait(lambda: not any(bgp.raw(p) in b.table for p in want),
               "all withdrawn")

    def test_same_path_other_attributes_are_not_mixed(self):
        """What differs in one attribute never shares an UPDATE."""
        a, b = self.speaker(10), self.speaker(40, ASN)
        for i in range(50):
            a.announce("10.200.%d.0/24" % i, [65010], None, bgp.med(i),
                       bgp.large_communities([(1, 2, i % 7)]))
        for i in range(50):
            got = b.wait_route("10.200.%d.0/24" % i)
            self.assertEqual((got["med"], got["large"]),
                             (i, [(1, 2, i % 7)]))

    # ------------------------------------------------------ refresh, EoR, GR

    def test_end_of_rib_on_an_empty_table(self):
        a = self.speaker(14)
        a.wait_end_of_rib(bgp.IPV4)
        a.wait_end_of_rib(bgp.IPV6)

    def test_route_refresh_sends_again(self):
        a, b = self.speaker(10), self.speaker(15)
        a.announce("198.51.131.0/24")
        b.wait_route("198.51.131.0/24")
        with b.cond:
            b.table.clear()
        b.send(bgp.refresh(1, 1))
        b.wait_route("198.51.131.0/24")

    def test_route_refresh_of_an_unknown_family_is_ignored(self):
        a, b = self.speaker(10), self.speaker(15)
        b.send(bgp.refresh(25, 65), bgp.refresh(2, 128))
        a.announce("198.51.132.0/24")
        b.wait_route("198.51.132.0/24")

    def test_route_refresh_flood_is_coalesced(self):
        a, b = self.speaker(10), self.speaker(15)
        a.announce("198.51.133.0/24")
        b.wait_route("198.51.133.0/24")
        b.send(*[bgp.refresh(1, 1)] * 5000)
        a.announce("198.51.134.0/24")
        b.wait_route("198.51.134.0/24")
        self.assertFalse(b.closed)

    def restarting(self, n, kept=True):
        fams = [(1, 1, kept), (2, 1, kept)]
        return self.speaker(n, caps=[
            bgp.cap_mp(1, 1), bgp.cap_mp(2, 1), bgp.cap_refresh(),
            bgp.cap_as4(65000 + n), bgp.cap_gr(60, fams, True)])

    def test_graceful_restart_keeps_routes_until_end_of_rib(self):
        b = self.speaker(11)
        a = self.restarting(16)
        a.announce(["198.51.135.0/24", "198.51.136.0/24"])
        a.send(bgp.end_of_rib(), bgp.end_of_rib(2, 1))
        b.wait_route("198.51.135.0/24")
        b.wait_route("198.51.136.0/24")
        a.drop()
        wait.until(lambda: self.suite.state(a.addr) != "ESTABLISHED",
                   "loss seen")
        wait.until(lambda: self.suite.routes().get(
            "198.51.135.0/24", [None])[0].stale, "stale routes")
        self.assertTrue(b.has("198.51.135.0/24"))
        a = self.restarting(16)
        a.announce("198.51.135.0/24")
        wait.until(lambda: not self.suite.routes()[
            "198.51.135.0/24"][0].stale, "fresh route")
        self.assertTrue(b.has("198.51.136.0/24"))
        a.send(bgp.end_of_rib(), bgp.end_of_rib(2, 1))
        b.wait_gone("198.51.136.0/24")
        self.assertTrue(b.has("198.51.135.0/24"))

    def test_graceful_restart_without_forwarding_state(self):
        b = self.speaker(11)
        a = self.restarting(17)
        a.announce("198.51.137.0/24")
        b.wait_route("198.51.137.0/24")
        a.drop()
        wait.until(lambda: self.suite.state(a.addr) != "ESTABLISHED",
                   "loss seen")
        a = self.restarting(17, kept=False)
        b.wait_gone("198.51.137.0/24")

    def test_graceful_restart_ends_with_a_notification(self):
        b = self.speaker(11)
        a = self.restarting(18)
        a.announce("198.51.138.0/24")
        b.wait_route("198.51.138.0/24")
        a.send(bgp.notification(6, 2))
        b.wait_gone("198.51.138.0/24")

    def test_graceful_restart_timer(self):
        b = self.speaker(11)
        a = self.speaker(19, caps=[
            bgp.cap_mp(1, 1), bgp.cap_as4(65019),
            bgp.cap_gr(1, [(1, 1, True)])])
        a.announce("198.51.139.0/24")
        b.wait_route("198.51.139.0/24")
        a.drop()
        b.wait_gone("198.51.139.0/24")

    # ------------------------------------------------------------ the views

    def test_adj_in_and_adj_out(self):
        a, b = self.speaker(20), self.speaker(21)
        a.announce("198.51.140.0/24", [65020, 65100], None, bgp.med(4),
                   bgp.local_pref(500), bgp.communities([9, 8]))
        b.wait_route("198.51.140.0/24")
        p = self.suite.routes(pb.ADJ_IN, a.addr)["198.51.140.0/24"][0]
        self.assertEqual(p.next_hop, a.addr)
        self.assertEqual([list(s.asns) for s in p.as_path], [[65020, 65100]])
        self.assertFalse(p.HasField("local_pref"))
        self.assertEqual(p.med, 4)
        self.assertEqual(list(p.communities), [9, 8])
        p = self.suite.routes(pb.ADJ_OUT, b.addr)["198.51.140.0/24"][0]
        self.assertEqual(p.next_hop, self.suite.addr)
        self.assertEqual([list(s.asns) for s in p.as_path],
                         [[ASN, 65020, 65100]])
        self.assertFalse(p.HasField("local_pref"))
        self.assertFalse(p.HasField("med"))
        self.assertEqual(list(p.communities), [9, 8])
        self.assertNotIn("198.51.140.0/24",
                         self.suite.routes(pb.ADJ_OUT, a.addr))
        b.stop()
        wait.until(lambda: not self.suite.routes(pb.ADJ_OUT, b.addr),
                   "empty Adj-RIB-Out")

    def test_adj_out_is_what_the_peer_holds(self):
        a, b = self.speaker(22), self.speaker(23)
        for i in range(20):
            a.announce("10.201.%d.0/24" % i, [65022, 65100 + i])
        for i in range(20):
            b.wait_route("10.201.%d.0/24" % i)
        a.withdraw(["10.201.%d.0/24" % i for i in range(0, 20, 2)])
        for i in range(0, 20, 2):
            b.wait_gone("10.201.%d.0/24" % i)
        wait.until(lambda: sorted(self.suite.routes(pb.ADJ_OUT, b.addr)) ==
                   b.prefixes(), "the same Adj-RIB-Out")


class Decision(Case):
    """RFC 4271 9.1.2.2, each step on routes that are equal before it."""

    peers = [ebgp(n) for n in range(10, 16)] + \
        [ibgp(n) for n in range(40, 46)] + [ebgp(20), ibgp(50)]
    prefix = "203.0.113.0/24"

    def winner(self, *routes):
        """Announce (n, path, attributes) in both orders; who wins?"""
        out = []
        for order in (routes, routes[::-1]):
            speakers = {}
            for n, path, more in order:
                asn = ASN if n >= 40 else 65000 + n
                kw = {}
                if isinstance(more, dict):
                    kw = dict(more)
                    more = kw.pop("attrs", ())
                s = speakers[n] = self.speaker(n, asn, **kw)
                s.announce(self.prefix, path, None, *more)
                wait.until(lambda: self.prefix in self.suite.routes(
                    pb.ADJ_IN, s.addr), "route in")
            paths = self.suite.routes()[self.prefix]
            self.assertEqual(len(paths), len(routes))
            self.assertTrue(paths[0].best)
            out.append(paths[0].peer_address)
            for s in speakers.values():
                s.stop()
            wait.until(lambda: self.prefix not in self.suite.routes(),
                       "empty table")
        self.assertEqual(out[0], out[1], "depends on the order")
        return int(out[0].split(".")[-1])

    def test_local_pref(self):
        self.assertEqual(41, self.winner(
            (40, [65100], [bgp.local_pref(100)]),
            (41, [65100, 65101, 65102], [bgp.local_pref(4294967295)])))

    def test_path_length(self):
        self.assertEqual(11, self.winner(
            (10, [65010, 65100, 65101], []), (11, [65011, 65100], [])))

    def test_a_set_counts_as_one(self):
        self.assertEqual(11, self.winner(
            (10, [65010, 65100, 65101], []),
            (11, [(2, [65011]), (1, [1, 2, 3, 4, 5])], [])))

    def test_origin(self):
        a, b = self.speaker(10), self.speaker(11)
        a.announce(self.prefix, orig=2)
        b.announce(self.prefix, orig=1)
        wait.until(lambda: len(self.suite.routes().get(self.prefix, [])) == 2,
                   "both routes")
        self.assertEqual(self.suite.routes()[self.prefix][0].peer_address,
                         b.addr)

    def test_med_of_the_same_neighbour(self):
        self.assertEqual(41, self.winner(
            (40, [65100, 1], [bgp.local_pref(100), bgp.med(2)]),
            (41, [65100, 1], [bgp.local_pref(100), bgp.med(1)])))

    def test_absent_med_is_0(self):
        self.assertEqual(41, self.winner(
            (40, [65100, 1], [bgp.local_pref(100), bgp.med(1)]),
            (41, [65100, 1], [bgp.local_pref(100)])))

    def test_med_of_other_neighbours_is_not_compared(self):
        self.assertEqual(40, self.winner(
            (40, [65100, 1], [bgp.local_pref(100), bgp.med(9)]),
            (41, [65200, 1], [bgp.local_pref(100), bgp.med(1)])))

    def test_med_does_not_depend_on_order(self):
        """The classic triple: A and C of one AS, B of another."""
        self.assertEqual(41, self.winner(
            (40, [65100, 1], [bgp.local_pref(100), bgp.med(10)]),
            (41, [65200, 1], [bgp.local_pref(100), bgp.med(1)]),
            (42, [65100, 1], [bgp.local_pref(100), bgp.med(5)])))

    def test_ebgp_before_ibgp(self):
        self.assertEqual(11, self.winner(
            (40, [65100], [bgp.local_pref(100)]), (11, [65011], [])))

    def test_router_identifier(self):
        self.assertEqual(11, self.winner(
            (10, [65010], {"router_id": "10.9.9.9"}),
            (11, [65011], {"router_id": "10.1.1.1"})))

    def test_originator_id_stands_for_the_identifier(self):
        self.assertEqual(41, self.winner(
            (40, [65100], {"router_id": "10.1.1.1",
                           "attrs": [bgp.local_pref(100)]}),
            (41, [65100], {"router_id": "10.9.9.9", "attrs": [
                bgp.local_pref(100),
                bgp.attr(0x80, 9, bgp.ip("9.9.9.9"))]})))

    def test_cluster_list_length(self):
        one = bgp.attr(0x80, 9, bgp.ip("9.9.9.9"))
        self.assertEqual(41, self.winner(
            (40, [65100], [bgp.local_pref(100), one, bgp.attr(
                0x80, 10, bytes(range(1, 9)))]),
            (41, [65100], [bgp.local_pref(100), one, bgp.attr(
                0x80, 10, bytes(range(1, 5)))])))

    def test_peer_address(self):
        self.assertEqual(10, self.winner(
            (11, [65011], {"router_id": "10.1.1.1"}),
            (10, [65010], {"router_id": "10.1.1.1"})))

    def test_local_before_learned(self):
        a = self.speaker(10)
        self.suite.add_route(self.prefix)
        self.addCleanup(self.suite.remove_route, self.prefix)
        a.announce(self.prefix, [65010])
        wait.until(lambda: len(self.suite.routes()[self.prefix]) == 2,
                   "both routes")
        self.assertEqual(self.suite.routes()[self.prefix][0].peer_address,
                         "127.0.0.1")

    def test_next_best_takes_over(self):
        a, b, c = self.speaker(10), self.speaker(11), self.speaker(20)
        a.announce(self.prefix, [65010])
        b.announce(self.prefix, [65011, 65100])
        c.wait_route(self.prefix, lambda d: d["as_path"] == "64500 65010")
        a.stop()
        c.wait_route(self.prefix,
                     lambda d: d["as_path"] == "64500 65011 65100")
        b.stop()
        c.wait_gone(self.prefix)


class MaxPrefix(Case):
    peers = [ebgp(10, max_prefix={"limit": 5}),
             ebgp(11, max_prefix={"limit": 5, "action": "discard"}),
             ebgp(20)]

    def test_terminate(self):
        a, b = self.speaker(10), self.speaker(20)
        a.announce(["10.1.%d.0/24" % i for i in range(5)])
        b.wait_prefixes(5)
        # The same prefix again is not a sixth one.
        a.announce("10.1.0.0/24", [65010, 65100])
        b.wait_route("10.1.0.0/24", lambda d: "65100" in d["as_path"])
        a.announce("10.1.5.0/24")
        got = a.wait_closed()
        self.assertEqual(got[:2], (6, 1))
        b.wait(lambda: not b.table, "all withdrawn")
        p = self.suite.peer(a.addr).peer
        self.assertEqual(p.admin_state, pb.PREFIX_LIMIT_EXCEEDED)
        # It is held down until EnablePeer.
        a.connect()
        self.assertIsNone(a.wait_closed())
        self.suite.rpc.EnablePeer(pb.EnablePeerRequest(address=a.addr))
        a.establish()
        a.announce("10.1.0.0/24")
        b.wait_route("10.1.0.0/24")

    def test_discard(self):
        a, b = self.speaker(11), self.speaker(20)
        a.announce(["10.2.%d.0/24" % i for i in range(5)])
        b.wait_prefixes(5)
        a.announce("10.2.9.0/24")
        a.announce("10.2.0.0/24", [65011, 65100])
        b.wait_route("10.2.0.0/24", lambda d: "65100" in d["as_path"])
        self.assertFalse(b.has("10.2.9.0/24"))
        a.withdraw("10.2.4.0/24")
        b.wait_gone("10.2.4.0/24")
        a.announce("10.2.9.0/24")
        b.wait_route("10.2.9.0/24")
