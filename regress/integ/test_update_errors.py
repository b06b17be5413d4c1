# SPDX-License-Identifier: ISC
"""UPDATEs with errors, over a real session (RFC 7606 and RFC 4271 6.3).

Each row announces a route, sends one UPDATE about the same prefix, and then
a sentinel on the same session.  What must follow:

	withdraw	the session stays, the earlier route is gone
	keep		the session stays, the route is there, attributes as told
	reset		a NOTIFICATION of this code and subcode, routes gone
"""

import struct

from lib import bgp, net, wait
from lib.bgp import attr
from lib.case import ASN, Case
from lib.suite import passive

PREFIX = "203.0.113.0/24"
OT = bgp.OPTIONAL | bgp.TRANSITIVE
T = bgp.TRANSITIVE
O = bgp.OPTIONAL

ROWS = []


def row(name, expect, attrs=None, ibgp=False, nlris=(PREFIX,), raw=None,
        check=None, data=None, prefix=PREFIX, mp=False):
    ROWS.append(dict(name=name, expect=expect, attrs=attrs, ibgp=ibgp,
                     nlris=nlris, raw=raw, check=check, data=data,
                     prefix=prefix, mp=mp))


def base(feed, **changes):
    """The attributes of a good route, with some replaced or left out."""
    parts = {1: bgp.origin(), 2: bgp.as_path(
        [] if feed == ASN else [feed, 65099]), 3: None}
    if feed == ASN:
        parts[5] = bgp.local_pref(100)
    parts.update({int(k[1:]): v for k, v in changes.items()})
    return parts


def seq(*asns):
    return bgp.path_value(list(asns))


# Each row gives what differs from a good route; None leaves it out.
row("origin_of_length_0", "withdraw", {1: attr(T, 1, b"")})
row("origin_of_length_2", "withdraw", {1: attr(T, 1, b"\0\0")})
row("origin_3", "withdraw", {1: attr(T, 1, b"\3")})
row("origin_missing", "withdraw", {1: None})
row("origin_flagged_optional", "withdraw", {1: attr(OT, 1, b"\0")})
row("origin_not_transitive", "withdraw", {1: attr(0, 1, b"\0")})
row("origin_twice", "keep", {1: bgp.origin(0) + bgp.origin(2)},
    check={"origin": 0})
row("as_path_missing", "withdraw", {2: None})
row("as_path_segment_type_9", "withdraw",
    {2: attr(T, 2, b"\x09\x01" + struct.pack("!I", 65010))})
row("as_path_overruns", "withdraw",
    {2: attr(T, 2, b"\x02\x05" + struct.pack("!I", 65010))})
row("as_path_one_octet_left", "withdraw",
    {2: attr(T, 2, seq(65010) + b"\x02")})
row("as_path_segment_of_length_0", "withdraw",
    {2: attr(T, 2, seq(65010) + b"\x02\x00")})
row("as_path_with_as_0", "withdraw", {2: attr(T, 2, seq(65010, 0))})
row("as_path_confederation_from_outside", "withdraw",
    {2: attr(T, 2, b"\x03\x01" + struct.pack("!I", 65010))})
row("as_path_flagged_optional", "withdraw",
    {2: attr(OT, 2, seq(65010))})
row("next_hop_missing", "withdraw", {3: None})
row("next_hop_of_length_3", "withdraw", {3: attr(T, 3, b"\x0a\0\0")})
row("next_hop_of_length_16", "withdraw", {3: attr(T, 3, bytes(16))})
row("next_hop_0", "withdraw", {3: attr(T, 3, bytes(4))})
row("next_hop_multicast", "withdraw", {3: bgp.next_hop("224.0.0.1")})
row("next_hop_broadcast", "withdraw", {3: bgp.next_hop("255.255.255.255")})
row("next_hop_our_own", "withdraw", {3: bgp.next_hop(net.v4(1))})
row("med_of_length_3", "withdraw", {4: attr(O, 4, b"\0\0\0")})
row("med_flagged_transitive", "withdraw", {4: attr(OT, 4, bytes(4))})
row("local_pref_from_ebgp_is_ignored", "keep", {5: bgp.local_pref(7)},
    check={"local_pref": 100})
row("malformed_local_pref_from_ebgp_is_ignored", "keep",
    {5: attr(T, 5, b"\0")}, check={"local_pref": 100})
row("ibgp_local_pref_of_length_3", "withdraw", {5: attr(T, 5, b"\0\0\0")},
    ibgp=True)
row("atomic_aggregate_of_length_1", "keep", {6: attr(T, 6, b"\0")},
    check={"atomic": None})
row("aggregator_of_length_6", "keep", {7: attr(OT, 7, bytes(6))},
    check={"aggregator": None})
row("aggregator_with_as_0", "keep", {7: attr(OT, 7, bytes(8))},
    check={"aggregator": None})
row("communities_of_length_0", "withdraw", {8: attr(OT, 8, b"")})
row("communities_of_length_5", "withdraw", {8: attr(OT, 8, bytes(5))})
row("communities_not_optional", "withdraw", {8: attr(T, 8, bytes(4))})
row("originator_id_from_ebgp_is_ignored", "keep",
    {9: attr(O, 9, b"\1\2\3\4")}, check={9: None})
row("ibgp_originator_id_of_length_3", "withdraw", {9: attr(O, 9, bytes(3))},
    ibgp=True)
row("cluster_list_from_ebgp_is_ignored", "keep",
    {10: attr(O, 10, b"\1\2\3")}, check={10: None})
row("ibgp_cluster_list_of_length_3", "withdraw", {10: attr(O, 10, bytes(3))},
    ibgp=True)
row("ibgp_cluster_list_of_length_0", "withdraw", {10: attr(O, 10, b"")},
    ibgp=True)
row("extended_communities_of_length_0", "withdraw", {16: attr(OT, 16, b"")})
row("extended_communities_of_length_7", "withdraw",
    {16: attr(OT, 16, bytes(7))})
row("as4_path_from_a_4_octet_peer", "keep",
    {17: attr(OT, 17, b"\x02\x01\0\0")}, check={17: None})
row("as4_aggregator_of_length_6", "keep", {18: attr(OT, 18, bytes(6))},
    check={18: None})
row("ipv6_extended_communities_of_length_19", "withdraw",
    {25: attr(OT, 25, bytes(19))})
row("aigp_malformed", "keep", {26: attr(O, 26, b"\1\0")}, check={26: None})
row("large_communities_of_length_0", "withdraw", {32: attr(OT, 32, b"")})
row("large_communities_of_length_13", "withdraw",
    {32: attr(OT, 32, bytes(13))})
row("otc_of_length_3", "withdraw", {35: attr(OT, 35, bytes(3))})
row("prefix_sid_malformed", "keep", {40: attr(OT, 40, b"\1\0")},
    check={40: None})
row("entropy_label_is_carried", "keep", {28: attr(OT, 28, b"\1\2\3")},
    check={28: (OT | bgp.PARTIAL, "010203")})
row("unknown_transitive_is_carried", "keep",
    {200: attr(OT, 200, b"\1\2\3")},
    check={200: (OT | bgp.PARTIAL, "010203")})
row("unknown_transitive_of_300_octets", "keep",
    {201: attr(OT, 201, bytes(range(150)) * 2)},
    check={201: (OT | bgp.PARTIAL | bgp.EXTENDED,
                 (bytes(range(150)) * 2).hex())})
row("unknown_not_transitive_is_dropped", "keep",
    {202: attr(O, 202, b"\1")}, check={202: None})
row("unknown_well_known", "reset", {203: attr(T, 203, b"\1")}, data=(3, 2))
row("extended_length_flag_is_fine", "keep",
    {4: attr(O | bgp.EXTENDED, 4, struct.pack("!I", 77))}, check={"med": 77})
row("several_errors_the_strongest_wins", "withdraw",
    {1: attr(T, 1, b"\7"), 6: attr(T, 6, b"\0"), 7: attr(OT, 7, b"\0")})
row("attribute_runs_past_the_total", "withdraw",
    {99: attr(OT, 200, b"\1\2\3")[:-1]})
row("two_octets_left_of_an_attribute", "withdraw",
    {99: b"\xc0\xc8"})

# The message itself.
row("withdrawn_length_too_long", "reset", data=(3, 1),
    raw=bgp.message(2, b"\x00\x09" + bytes(3)))
row("attribute_length_too_long", "reset", data=(3, 1),
    raw=bgp.message(2, b"\0\0\x00\x09" + bytes(3)))
row("update_of_23_octets_with_length_1", "reset", data=(3, 1),
    raw=bgp.message(2, b"\0\1\0\0"))
row("nlri_of_length_33", "reset", data=(3, 10),
    nlris=b"\x21\xcb\x00\x71\x00\x00")
row("nlri_cut_off", "reset", data=(3, 10), nlris=b"\x18\xcb\x00")
row("withdrawn_of_length_33", "reset", data=(3, 10),
    raw=bgp.message(2, b"\0\6\x21\1\2\3\4\5\0\0"))
row("mp_reach_twice", "reset", data=(3, 1), mp=True,
    raw=bgp.update([bgp.origin(), bgp.as_path([65010]),
                    bgp.mp_reach(["2001:db8:9::/48"], "2001:db8::77"),
                    bgp.mp_reach(["2001:db8:a::/48"], "2001:db8::77")]))
row("mp_reach_next_hop_of_length_5", "reset", data=(3, 9), mp=True,
    raw=bgp.update([bgp.origin(), bgp.as_path([65010]), attr(
        O, 14, b"\0\2\1\5" + bytes(5) + b"\0" +
        bgp.nlri(["2001:db8:9::/48"]))]))
row("mp_reach_too_short", "reset", data=(3, None), mp=True,
    raw=bgp.update([bgp.origin(), bgp.as_path([65010]),
                    attr(O, 14, b"\0\2\1")]))
row("mp_reach_nlri_of_length_129", "reset", data=(3, None), mp=True,
    raw=bgp.update([bgp.origin(), bgp.as_path([65010]), attr(
        O, 14, b"\0\2\1\x10" + bgp.ip("2001:db8::77") + b"\0\x81" +
        bytes(17))]))
row("mp_unreach_too_short", "reset", data=(3, None), mp=True,
    raw=bgp.update([attr(O, 15, b"\0\2")]))
row("withdraw_error_with_nothing_to_withdraw", "reset", data=(3, None),
    raw=bgp.update([attr(T, 1, b"\7"), bgp.as_path([65010])]))


class UpdateErrors(Case):
    peers = [passive(net.v4(10), remote_as=65010),
             passive(net.v4(11), remote_as=ASN),
             passive(net.v4(20), remote_as=65020),
             passive(net.v4(21), remote_as=ASN)]
    live = {}
    sentinel = 0

    @classmethod
    def tearDownClass(cls):
        for s in cls.live.values():
            s.stop()
        cls.live.clear()
        super().tearDownClass()

    def alive(self, n, asn):
        """The session at address n, made again where a row ended it."""
        s = self.live.get(n)
        if s is None or s.closed or s.suite is not self.suite:
            if s:
                s.stop()
            s = self.speaker(n, asn)
            self._cleanups.pop()        # it outlives the test
            s.suite = self.suite
            self.live[n] = s
        return s

    def good(self, feed, asn, hop):
        parts = base(asn, **{"a3": bgp.next_hop(hop)})
        return parts

    def check_row(self, r):
        ebgp = not r["ibgp"]
        asn = 65010 if ebgp else ASN
        feed = self.alive(10 if ebgp else 11, asn)
        # iBGP routes go to the eBGP receiver only.
        seen = self.alive(21, ASN) if ebgp else self.alive(20, 65020)
        parts = self.good(feed, asn, feed.addr)

        def send(p, nlris):
            feed.send(bgp.update([p[k] for k in sorted(p)
                                  if p[k] is not None], nlris))
        send(parts, [PREFIX])
        seen.wait_route(PREFIX)
        if r["raw"]:
            feed.send(r["raw"])
        else:
            parts.update(r["attrs"] or {})
            send(parts, r["nlris"] if isinstance(r["nlris"], bytes)
                 else list(r["nlris"]))

        if r["expect"] == "reset":
            got = feed.wait_closed()
            self.assertIsNotNone(got, "closed without a NOTIFICATION")
            self.assertEqual(got[0], r["data"][0])
            if r["data"][1] is not None:
                self.assertEqual(got[:2], r["data"])
            if got[:2] == (3, 2):
                self.assertEqual(got[2], bgp.attr(T, 203, b"\1"))
            seen.wait_gone(PREFIX)
            return
        type(self).sentinel += 1
        mark = "198.18.%d.0/24" % self.sentinel
        parts = self.good(feed, asn, feed.addr)
        send(parts, [mark])
        seen.wait_route(mark)
        if r["expect"] == "withdraw":
            seen.wait_gone(PREFIX)
        else:
            def as_told(d):
                for k, v in r["check"].items():
                    have = d.get(k) if isinstance(k, str) else \
                        d.get("other", {}).get(k)
                    if have != v:
                        return False
                return True
            try:
                seen.wait_route(PREFIX, as_told, 5)
            except wait.Timeout:
                self.fail("%r" % (seen.route(PREFIX)
                                  if seen.has(PREFIX) else "withdrawn"))
        self.assertFalse(feed.closed)
        feed.withdraw([PREFIX, mark])
        seen.wait_gone(PREFIX)
        seen.wait_gone(mark)


def _add(r):
    def test(self):
        self.check_row(r)
    setattr(UpdateErrors, "test_" + r["name"], test)


for _r in ROWS:
    _add(_r)
