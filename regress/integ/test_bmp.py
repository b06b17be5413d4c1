# SPDX-License-Identifier: ISC
"""BMP: what a collector is told, byte by byte (RFC 7854, 8671, 9069)."""

import json
import os
import signal
import socket
import struct
import subprocess
import unittest

from lib import bgp, collector, mrt, neighbours, net, wait
from lib.case import ASN, Case
from lib.collector import Collector, L, O
from lib.suite import SANITIZED, Suite, grpc, passive, pb


TCP_REPAIR = 19                 # of Linux; Python has no name for it

# Names that pmacct has for communities.
COMMUNITY = {"65535:65281": "no-export", "65535:65282": "no-advertise",
             "65535:65283": "local-AS",
             "no-export": "no-export", "no-advertise": "no-advertise",
             "no-export-subconfed": "local-AS"}


def prefixes(n, base=0):
    return ["10.%d.%d.0/24" % ((base + i) >> 8 & 255, (base + i) & 255)
            for i in range(n)]


class Bmp(Case):
    """A collector of its own for each test, by API."""

    def collector(self, addr="127.0.0.1", add=True, buffer=0, **settings):
        c = Collector(addr)
        c.buffer = buffer
        self.addCleanup(c.stop)
        if add:
            self.add(c.address, **settings)
            self.addCleanup(self.remove, c.address)
            c.wait_connection()
        return c

    def add(self, address, **settings):
        return self.suite.rpc.AddBmpServer(
            pb.AddBmpServerRequest(address=address, **settings), timeout=20)

    def remove(self, address):
        try:
            self.suite.rpc.RemoveBmpServer(
                pb.RemoveBmpServerRequest(address=address), timeout=20)
        except grpc.RpcError as e:
            if e.code() != grpc.StatusCode.NOT_FOUND:
                raise

    def servers(self):
        r = self.suite.rpc.ListBmpServers(pb.ListBmpServersRequest(),
                                          timeout=20)
        self.assertEqual(list(r.addresses), [s.address for s in r.servers])
        return {s.address: s for s in r.servers}

    def wait_known(self, s, n):
        """The suite holds so many prefixes of a speaker."""
        def there():
            p = self.suite.peer(s.addr).peer
            return sum(c.received for c in p.prefixes) == n
        wait.until(there, "%d prefixes" % n, 60)

    def code(self, f, *args, **kw):
        with self.assertRaises(grpc.RpcError) as e:
            f(*args, **kw)
        return e.exception.code().name, e.exception.details()


class Sessions(Bmp):
    peers = [passive(net.v4(n), remote_as=65000 + n, idle_hold_time_secs=0,
                     damp_peer_oscillations=False) for n in range(10, 24)] \
        + [passive(net.v6(24), remote_as=65024),
           passive(net.v4(25), remote_as=65025)]
    conf = {"sys_name": "name of it", "sys_descr": "what it is"}

    def test_initiation_comes_first(self):
        c = self.collector()
        m = c.messages[0]
        self.assertEqual(m.kind, collector.INITIATION)
        self.assertEqual(m.tlvs, [(2, b"name of it"), (1, b"what it is")])

    def test_peer_up_has_the_opens_of_the_wire(self):
        s = self.speaker(10)
        self.suite.wait_state(s.addr)
        c = self.collector()
        m = c.wait_up(s.addr)
        said = bgp.open_message(s.asn, s.hold, s.router_id, s.caps)
        heard = [b for k, b in s.messages if k == bgp.OPEN][0]
        self.assertEqual(m.received, said)
        self.assertEqual(m.sent, bgp.message(bgp.OPEN, heard))
        self.assertEqual((m.type, m.flags), (0, 0))
        self.assertEqual((m.asn, m.id), (65010, s.router_id))
        self.assertEqual(m.local, self.suite.addr)
        self.assertEqual((m.local, m.local_port), s.sock.getpeername())
        self.assertEqual(m.remote_port, s.sock.getsockname()[1])
        self.assertEqual(m.tlvs, [])
        self.assertGreater(m.secs, 1600000000)

    def test_peer_up_of_an_ipv6_session(self):
        s = self.speaker(24, v6=True)
        c = self.collector()
        m = c.wait_up(s.addr)
        self.assertEqual(m.flags, collector.V)
        self.assertEqual(m.local, self.suite.addr6)

    def test_table_then_end_of_rib_then_changes(self):
        s = self.speaker(11)
        s.announce(["198.51.100.0/24", "203.0.113.0/24"], [65011, 4200000001],
                   None, bgp.med(7), bgp.communities([65011 << 16 | 1]))
        s.announce("2001:db8:11::/48")
        self.wait_known(s, 3)
        c = self.collector()
        c.wait_done(s.addr)
        r = c.wait_route(s.addr, "198.51.100.0/24")
        self.assertEqual(r, {"origin": 0, "as_path": "65011 4200000001",
                             "next_hop": s.addr, "med": 7,
                             "communities": [65011 << 16 | 1]})
        r = c.wait_route(s.addr, "2001:db8:11::/48")
        self.assertEqual(r["next_hop"], "2001:db8::ff")
        # The two go in one message, before the End-of-RIB.
        mine = [m for m in c.messages if m.kind == collector.MONITORING and
                m.addr == s.addr]
        self.assertEqual(len(mine[0].update.announced), 2)
        self.assertEqual([m.update.end_of_rib for m in mine],
                         [None, bgp.IPV4, None, bgp.IPV6])
        self.assertEqual({m.flags for m in mine}, {0})
        s.withdraw(["203.0.113.0/24"])
        s.withdraw(["2001:db8:11::/48"])
        c.wait_gone(s.addr, "203.0.113.0/24")
        c.wait_gone(s.addr, "2001:db8:11::/48")
        s.announce("198.51.100.0/24", [65011, 65099])
        c.wait_route(s.addr, "198.51.100.0/24",
                     check=lambda r: r["as_path"] == "65011 65099")

    def test_session_that_comes_later(self):
        c = self.collector()
        s = self.speaker(12)
        s.announce("198.51.101.0/24")
        c.wait_up(s.addr)
        c.wait_route(s.addr, "198.51.101.0/24")
        c.wait_done(s.addr)

    def test_2_octet_session_is_told_in_4_octets(self):
        s = self.speaker(25, asn4=False)
        s.announce("198.51.102.0/24", [65025, 64999])
        c = self.collector()
        r = c.wait_route(s.addr, "198.51.102.0/24")
        self.assertEqual(r["as_path"], "65025 64999")
        self.assertEqual(c.wait_kind(collector.MONITORING, s.addr).flags, 0)

    def test_down_by_their_notification(self):
        s = self.speaker(13)
        c = self.collector()
        c.wait_up(s.addr)
        s.send(bgp.notification(6, 2, b"\5hello"))
        m = c.wait_kind(collector.DOWN, s.addr)
        self.assertEqual(m.reason, 3)
        self.assertEqual(m.data, bgp.notification(6, 2, b"\5hello"))

    def test_down_by_our_notification(self):
        s = self.speaker(14)
        c = self.collector()
        c.wait_up(s.addr)
        self.suite.rpc.DisablePeer(pb.DisablePeerRequest(
            address=s.addr, reason="go"), timeout=20)
        m = c.wait_kind(collector.DOWN, s.addr)
        self.assertEqual(m.reason, 1)
        self.assertEqual(m.data, bgp.notification(6, 2, b"\2go"))

    def test_down_by_a_lost_connection(self):
        s = self.speaker(15)
        c = self.collector()
        c.wait_up(s.addr)
        s.drop()
        self.assertEqual(c.wait_kind(collector.DOWN, s.addr).reason, 4)

    def test_down_by_removal(self):
        s = self.speaker(16)
        c = self.collector()
        c.wait_up(s.addr)
        self.suite.rpc.RemovePeer(pb.RemovePeerRequest(address=s.addr),
                                  timeout=20)
        self.assertEqual(c.wait_kind(collector.DOWN, s.addr).reason, 5)

    def test_no_down_without_up(self):
        """An attempt that fails is nothing to tell; the collector checks."""
        c = self.collector()
        s = self.speaker(17, 65999, up=False)

        def refused():
            s.connect()
            s.send_open()
            return s.wait_closed()
        self.assertEqual(wait.until(refused, "refusal")[:2], (2, 2))
        s2 = self.speaker(18)
        c.wait_up(s2.addr)
        self.assertNotIn(s.addr, [m.addr for m in c.messages[1:]])

    def test_again_in_order_after_a_reconnect(self):
        s = self.speaker(19)
        s.announce("198.51.103.0/24")
        c = self.collector()
        c.wait_route(s.addr, "198.51.103.0/24")
        c.drop()
        c.wait_connection(2, 15)
        c.wait_route(s.addr, "198.51.103.0/24")
        c.wait_done(s.addr)
        kinds = [m.kind for m in c.messages]
        first = kinds.index(collector.MONITORING)
        self.assertEqual(kinds[0], collector.INITIATION)
        self.assertIn(collector.UP, kinds[:first])
        self.assertEqual(self.servers()[c.address].connections, 2)

    def test_statistics(self):
        s = self.speaker(20)
        s.announce(prefixes(5))
        s.announce("2001:db8:20::/48")
        self.wait_known(s, 6)
        c = self.collector(statistics_timeout=1)
        m = c.wait_kind(collector.STATISTICS, s.addr)
        up = c.wait_up(s.addr)
        self.assertLess(c.messages.index(up), c.messages.index(m))
        self.assertEqual(m.counter(7), 6)
        families = {v[:3]: int.from_bytes(v[3:], "big")
                    for k, v in m.stats if k == 9}
        self.assertEqual(families, {b"\0\1\1": 5, b"\0\2\1": 1})
        self.assertEqual(m.counter(11), 0)
        out = {v[:3]: int.from_bytes(v[3:], "big")
               for k, v in m.stats if k == 17}
        self.assertEqual(sum(out.values()), m.counter(15))
        self.assertIsNone(m.counter(65531))
        n = len(c.messages)
        c.wait(lambda: any(x.kind == collector.STATISTICS
                           for x in c.messages[n:]), "second report")

    def test_no_statistics_unless_asked_for(self):
        s = self.speaker(21)
        c = self.collector()
        c.wait_done(s.addr)
        wait.holds(lambda: collector.STATISTICS not in
                   [m.kind for m in c.messages], "no statistics", 1.5)

    def test_malformed_messages_are_mirrored(self):
        s = self.speaker(22)
        c = self.collector(route_mirroring=True)
        c.wait_up(s.addr)
        bad = bgp.update([bgp.origin(9), bgp.as_path([(2, [65022])]),
                          bgp.next_hop(s.addr)], ["198.51.104.0/24"])
        s.send(bad)
        m = c.wait_kind(collector.MIRRORING, s.addr)
        self.assertEqual(m.tlvs, [(1, b"\0\0"), (0, bad)])
        self.assertEqual(m.flags, 0)

    def test_what_is_no_message_is_mirrored(self):
        c = self.collector(route_mirroring=True)
        marker = b"\xff" * 15 + b"\xfe" + b"\x00\x17\x02abcd"
        short = b"\xff" * 16 + b"\x00\x12\x02rest"
        kind = b"\xff" * 16 + b"\x00\x15\x09ab" + bgp.keepalive()
        s = self.speaker(22)
        for bad, want, subcode in ((marker, marker, 1), (short, short[:19], 2),
                                   (kind, kind[:21], 3)):
            c.wait_up(s.addr)
            n = len(c.messages)
            s.send(bgp.keepalive() + bad)
            c.wait(lambda: s.addr not in c.up, "Peer Down")
            mine = [x for x in c.messages[n:] if x.addr == s.addr and
                    x.kind != collector.MONITORING]
            self.assertEqual([x.kind for x in mine],
                             [collector.MIRRORING, collector.DOWN])
            m = mine[1]
            self.assertEqual((m.reason, m.code, m.subcode), (1, 1, subcode))
            self.assertEqual(mine[0].tlvs, [(1, b"\0\0"), (0, want)])
            s.stop()
            s.establish(timeout=40)

    def test_termination_is_the_last_word(self):
        s = self.speaker(23)
        c = self.collector()
        c.wait_up(s.addr)
        self.remove(c.address)
        c.wait(lambda: c.closed, "end of the connection")
        m = c.messages[-1]
        self.assertEqual(m.kind, collector.TERMINATION)
        self.assertEqual(m.tlvs, [(1, b"\0\4")])
        s.announce("198.51.105.0/24")
        self.suite.wait_routes(["198.51.105.0/24"], rib=pb.ADJ_IN,
                               peer=s.addr)
        wait.holds(lambda: c.connections == 1, "no other connection", 0.5)

    def test_ipv6_collector(self):
        c = self.collector(net.v6(90))
        self.assertTrue(self.servers()[c.address].connected)


class Policed(Bmp):
    """Policies by API, taken back after each test."""

    def tearDown(self):
        for p in self.suite.peers().values():
            for way in ("import", "export"):
                self.assign(p.address, way)
        for p in self.suite.rpc.ListPolicies(
                pb.ListPoliciesRequest()).policies:
            self.suite.rpc.RemovePolicy(pb.RemovePolicyRequest(name=p.name))
        self.suite.rpc.RemoveDefinedSet(pb.RemoveDefinedSetRequest(
            set_type="prefix-set", all=True))
        super().tearDown()

    def set(self, name, *prefixes):
        data = pb.PrefixSetData()
        for p in prefixes:
            data.prefixes.add(prefix=p)
        self.suite.rpc.AddDefinedSet(pb.AddDefinedSetRequest(
            set=pb.DefinedSetConfig(set_type="prefix-set", name=name,
                                    prefix_set=data), replace=True))

    def policy(self, name, *statements):
        """statements: (name of a prefix set or None, actions)."""
        self.suite.rpc.AddPolicy(pb.AddPolicyRequest(name=name, statements=[
            pb.StatementConfig(
                conditions=pb.ConditionsConfig(
                    **({"match_prefix_set": pb.MatchSetRef(set_name=of)}
                       if of else {})),
                actions=pb.ActionsConfig(**actions))
            for of, actions in statements]))

    def assign(self, peer, direction, *names, **kw):
        self.suite.rpc.SetPolicyAssignment(pb.SetPolicyAssignmentRequest(
            peer_address=peer, direction=direction, policy_names=names, **kw))


class Statistics(Policed):
    """Each counter by the number, as the peer makes it count."""

    peers = [passive(net.v4(n), remote_as=65000 + n) for n in range(10, 17)] \
        + [passive(net.v4(20), remote_as=ASN)]
    ZERO = dict.fromkeys((0, 1, 2, 3, 4, 5, 6, 11, 12, 13), 0)

    def counts(self, c, s, **want):
        """A report of the peer comes that says just this."""
        want = {**self.ZERO, **{int(k[1:]): v for k, v in want.items()}}

        def there():
            for m in reversed(c.messages):
                if m.kind == collector.STATISTICS and m.addr == s.addr:
                    have[:] = [{k: m.counter(k) for k in want}]
                    return have[0] == want
            return False
        have = []
        try:
            c.wait(there, "numbers")
        except wait.Timeout as e:
            raise AssertionError("%r, not %r" % (have, want)) from e

    def test_sizes(self):
        s, c = self.speaker(10), self.collector(statistics_timeout=1)
        s.announce("198.51.100.0/24")
        m = c.wait_kind(collector.STATISTICS, s.addr)
        sizes = {k: len(v) for k, v in m.stats}
        self.assertEqual(sizes, {
            **dict.fromkeys(self.ZERO, 4),
            7: 8, 9: 11, 14: 8, 15: 8, 16: 11, 17: 11})

    def test_nothing_special(self):
        s, c = self.speaker(10), self.collector(statistics_timeout=1)
        s.announce(prefixes(3))
        s.announce(prefixes(2), [65010, 65099])
        s.withdraw(prefixes(1))
        s.announce("2001:db8:1::/48")
        s.withdraw(["2001:db8:1::/48"])
        c.wait(lambda: any(m.kind == collector.STATISTICS and
                           m.addr == s.addr and m.counter(7) == 2
                           for m in c.messages), "two prefixes")
        self.counts(c, s)

    def test_duplicates(self):
        s, c = self.speaker(11), self.collector(statistics_timeout=1)
        s.announce(prefixes(3))
        s.announce(prefixes(4))         # three of them
        s.announce(prefixes(4))         # all: a duplicate UPDATE
        self.counts(c, s, _1=7, _13=1)
        s.withdraw(prefixes(3))
        s.withdraw(prefixes(3))         # all
        s.withdraw(prefixes(4))         # three of four
        self.counts(c, s, _1=7, _2=6, _13=2)
        s.announce(["2001:db8:%d::/48" % i for i in (1, 2)])
        s.announce(["2001:db8:%d::/48" % i for i in (1, 2)])
        s.withdraw(["2001:db8:3::/48"])
        self.counts(c, s, _1=9, _2=7, _13=4)
        # Both in one UPDATE; and other attributes are no duplicate.
        attrs = [bgp.origin(), bgp.as_path([65011]), bgp.next_hop(s.addr)]
        s.send(bgp.update(attrs, prefixes(1), prefixes(1, 9)))
        s.send(bgp.update(attrs, prefixes(1), prefixes(1, 9)))
        s.announce(prefixes(1), [65011, 65099])
        self.counts(c, s, _1=10, _2=9, _13=5)

    def test_duplicates_of_another_session_do_not_count(self):
        c = self.collector(statistics_timeout=1)
        s = self.speaker(12)
        s.announce(prefixes(5))
        s.announce(prefixes(5))
        self.counts(c, s, _1=5, _13=1)
        s.drop()
        wait.until(lambda: self.suite.state(s.addr) != "ESTABLISHED", "end")
        s.establish()
        s.announce(prefixes(5))
        s.withdraw(prefixes(1, 7))
        self.counts(c, s, _2=1, _13=1)

    def test_rejected(self):
        s, c = self.speaker(13), self.collector(statistics_timeout=1)
        self.set("few", *prefixes(3))
        self.policy("no", ("few", {"reject": True}))
        self.assign(s.addr, "import", "no", default_action="accept")
        s.announce(prefixes(5))
        self.counts(c, s, _0=3)
        s.announce(prefixes(2))         # rejected again, the same again
        self.counts(c, s, _0=5, _1=2, _13=1)
        # What a change rejects counts once, what it lets in does not.
        self.set("few", *prefixes(4))
        self.counts(c, s, _0=6, _1=2, _13=1)
        self.set("few", *prefixes(1))
        self.assertEqual(len(self.suite.routes(peer=s.addr, rib=pb.ADJ_IN)),
                         5)
        s.announce(prefixes(1))
        self.counts(c, s, _0=7, _1=3, _13=2)
        s.announce(prefixes(2))         # one of them
        self.counts(c, s, _0=8, _1=5, _13=3)

    def test_loops(self):
        c = self.collector(statistics_timeout=1)
        s = self.speaker(14)
        s.announce(prefixes(3), [65014, ASN])
        s.announce("2001:db8:14::/48", [65014, ASN, 65099])
        self.counts(c, s, _4=2)
        # Of both families in one UPDATE.
        s.send(bgp.update([bgp.origin(), bgp.as_path([65014, ASN]),
                           bgp.next_hop(s.addr),
                           bgp.mp_reach(["2001:db8:15::/48"],
                                        "2001:db8::ff")], prefixes(1, 9)))
        self.counts(c, s, _4=3)
        i = self.speaker(20, ASN)
        pref = bgp.local_pref(100)
        own = bgp.attr(bgp.OPTIONAL, bgp.ORIGINATOR_ID, bgp.ip("10.0.0.1"))
        other = bgp.attr(bgp.OPTIONAL, bgp.ORIGINATOR_ID, bgp.ip("10.9.9.9"))
        cluster = bgp.attr(bgp.OPTIONAL, bgp.CLUSTER_LIST,
                           bgp.ip("10.9.9.8") + bgp.ip("10.0.0.1"))
        i.announce(prefixes(2, 20), [], None, pref, own)
        self.counts(c, i, _5=1)
        i.announce(prefixes(2, 30), [], None, pref, other, cluster)
        self.counts(c, i, _5=1, _3=1)
        # For the first reason.
        i.announce(prefixes(2, 40), [], None, pref, own, cluster)
        i.announce(prefixes(2, 50), [ASN], None, pref, own, cluster)
        self.counts(c, i, _5=2, _4=1, _3=1)

    def test_treated_as_withdrawal(self):
        s, c = self.speaker(15), self.collector(statistics_timeout=1)
        s.announce(prefixes(3))
        bad = [bgp.origin(9), bgp.as_path([65015]), bgp.next_hop(s.addr)]
        s.send(bgp.update(bad, prefixes(2)))
        self.counts(c, s, _11=1, _12=2)
        # What was not there is no duplicate withdrawal, but for what is
        # withdrawn in so many words.
        s.send(bgp.update(bad, prefixes(4), prefixes(1, 9)))
        self.counts(c, s, _11=2, _12=6, _2=1)
        s.announce("2001:db8:16::/48")
        s.send(bgp.update(bad[:2] + [bgp.mp_reach(
            ["2001:db8:16::/48", "2001:db8:17::/48"], "2001:db8::ff")]))
        self.counts(c, s, _11=3, _12=8, _2=1)

    def test_adj_rib_out(self):
        s, r = self.speaker(16), self.speaker(10)
        s.announce(prefixes(6))
        s.announce("2001:db8:18::/48")
        r.wait_route("2001:db8:18::/48")
        c = self.collector(statistics_timeout=1)
        want = {k: v for k, v in ((14, 7), (15, 7))}
        c.wait(lambda: any(
            m.kind == collector.STATISTICS and m.addr == r.addr and
            {k: m.counter(k) for k in want} == want and
            [v for k, v in m.stats if k in (16, 17)] == [
                struct.pack("!HBQ", 1, 1, 6), struct.pack("!HBQ", 2, 1, 1)
                ] * 2 for m in c.messages), "sizes of Adj-RIB-Out")
        # After policy it is smaller; before it, nobody counts it then.
        self.set("few", *prefixes(2))
        self.policy("no", ("few", {"reject": True}))
        self.assign(r.addr, "export", "no", default_action="accept")
        c.wait(lambda: any(
            m.kind == collector.STATISTICS and m.addr == r.addr and
            m.counter(15) == 5 and m.counter(14) is None and
            m.counter(16) is None for m in c.messages), "size after policy")


class Feeds(Bmp):
    peers = [passive(net.v4(n), remote_as=65000 + n) for n in range(10, 20)]

    def test_post_policy(self):
        s = self.speaker(10)
        s.announce("198.51.100.0/24")
        c = self.collector(adj_rib_in_pre_policy=False,
                           adj_rib_in_post_policy=True)
        c.wait_route(s.addr, "198.51.100.0/24", L)
        c.wait_done(s.addr, L)
        self.assertNotIn((0, s.addr), c.ribs)
        s.withdraw(["198.51.100.0/24"])
        c.wait_gone(s.addr, "198.51.100.0/24", L)

    def test_before_and_after_policy(self):
        s = self.speaker(11)
        s.announce("198.51.101.0/24")
        c = self.collector(adj_rib_in_post_policy=True)
        for feed in (0, L):
            c.wait_route(s.addr, "198.51.101.0/24", feed)
            c.wait_done(s.addr, feed)

    def test_loc_rib(self):
        a, b = self.speaker(12), self.speaker(13)
        a.announce("198.51.102.0/24", [65012, 65099])
        b.announce("198.51.102.0/24", [65013])
        self.suite.wait_routes(["198.51.102.0/24"], rib=pb.ADJ_IN,
                               peer=b.addr)
        c = self.collector(adj_rib_in_pre_policy=False, loc_rib=True,
                           statistics_timeout=1)
        up = c.wait_up(None)
        self.assertEqual((up.type, up.flags, up.asn, up.id),
                         (3, 0, ASN, "10.0.0.1"))
        self.assertEqual((up.local, up.local_port, up.remote_port),
                         ("0.0.0.0", 0, 0))
        self.assertEqual(up.sent, up.received)
        self.assertEqual(sorted(bgp.split_open(up.sent[19:])["caps"]),
                         [(1, b"\0\1\0\1"), (1, b"\0\2\0\1"),
                          (65, struct.pack("!I", ASN))])
        self.assertEqual(up.tlvs, [(3, b"global")])
        r = c.wait_route(None, "198.51.102.0/24", "loc")
        self.assertEqual(r["as_path"], "65013")
        c.wait_done(None, "loc")
        b.withdraw(["198.51.102.0/24"])
        c.wait_route(None, "198.51.102.0/24", "loc",
                     lambda r: r["as_path"] == "65012 65099")
        m = c.wait_kind(collector.STATISTICS, None)
        c.wait(lambda: any(m.kind == collector.STATISTICS and
                           m.addr is None and m.counter(8)
                           for m in c.messages), "size of the Loc-RIB")
        self.suite.rpc.AddRoute(pb.AddRouteRequest(
            prefix="192.0.2.0/28", next_hop="192.0.2.1"), timeout=20)
        c.wait_route(None, "192.0.2.0/28", "loc")
        a.withdraw(["198.51.102.0/24"])
        c.wait_gone(None, "198.51.102.0/24", "loc")
        self.suite.rpc.RemoveRoute(pb.RemoveRouteRequest(
            prefix="192.0.2.0/28"), timeout=20)
        c.wait_gone(None, "192.0.2.0/28", "loc")

    def test_adj_rib_out(self):
        a, b = self.speaker(14), self.speaker(15)
        a.announce("198.51.103.0/24", [65014, 65098])
        b.wait_route("198.51.103.0/24")
        c = self.collector(adj_rib_in_pre_policy=False, adj_rib_out=True)
        r = c.wait_route(b.addr, "198.51.103.0/24", L | O)
        self.assertEqual(r, b.wait_route("198.51.103.0/24"))
        c.wait_done(b.addr, L | O)
        a.announce(["198.51.104.0/24", "2001:db8:14::/48"][0])
        a.announce("2001:db8:14::/48")
        for p in ("198.51.104.0/24", "2001:db8:14::/48"):
            self.assertEqual(c.wait_route(b.addr, p, L | O),
                             b.wait_route(p))
        a.withdraw(["198.51.103.0/24"])
        c.wait_gone(b.addr, "198.51.103.0/24", L | O)
        d = self.speaker(16)
        c.wait_route(d.addr, "198.51.104.0/24", L | O)
        # The source of a route is not sent it.
        self.assertNotIn(bgp.raw("198.51.104.0/24"),
                         c.prefixes(a.addr, L | O))

    def test_views_agree_after_many_changes(self):
        a, b = self.speaker(17), self.speaker(18)
        c = self.collector(adj_rib_in_post_policy=True, loc_rib=True,
                           adj_rib_out=True)
        for i in range(0, 2000, 50):
            a.announce(prefixes(50, i), [65017, 65100 + i % 7])
        for i in range(0, 2000, 100):
            a.withdraw(prefixes(50, i))
        a.announce("203.0.113.1/32")
        b.wait_route("203.0.113.1/32")
        want = a_table = {bgp.raw(p) for i in range(50, 2000, 100)
                          for p in prefixes(50, i)} \
            | {bgp.raw("203.0.113.1/32")}
        for peer, feed in ((a.addr, 0), (a.addr, L), (b.addr, L | O),
                           (None, "loc")):
            c.wait(lambda: want <= set(c.ribs.get((feed, peer), ())) and
                   (feed == "loc" or
                    len(c.ribs[feed, peer]) == len(a_table)),
                   "view %r of %r" % (feed, peer))


class PolicedFeeds(Policed):
    """Tables before and after policies, and what changes of policies do to
    them."""

    peers = [passive(net.v4(n), remote_as=65000 + n) for n in range(10, 16)]
    MARK = "203.0.113.%d/32"
    maxDiff = None

    def setUp(self):
        super().setUp()
        self.marks = 0

    def said(self, c, start, peer, feed):
        """What was said of prefixes from a message on: text -> list of
        attributes, None for a withdrawal."""
        out = {}
        for m in c.messages[start:]:
            if m.kind != collector.MONITORING or m.addr != peer or \
                    m.flags & (L | O) != feed or m.update.end_of_rib:
                continue
            u = m.update
            for k in u.withdrawn:
                out.setdefault(bgp.text(*k), []).append(None)
            for k in u.announced:
                out.setdefault(bgp.text(*k), []).append(
                    bgp.describe(u.attrs, True, u.mp_hop))
        return out

    def check(self, c, start, peer, feed, want, mark_from):
        """Just this was said; no more came before a mark sent now."""
        def there():
            return set(self.said(c, start, peer, feed)) >= set(want)
        c.wait(there, "%r of %s" % (want, peer))
        self.marks += 1
        mark = self.MARK % self.marks
        mark_from.announce(mark)
        c.wait_route(peer, mark, feed)
        have = self.said(c, start, peer, feed)
        del have[mark]
        self.assertEqual(have, {k: [v] for k, v in want.items()})

    def test_before_and_after_import(self):
        s = self.speaker(10)
        self.set("no", "198.51.100.0/24")
        self.set("other", "198.51.101.0/24", "2001:db8:101::/48")
        self.policy("in", ("no", {"reject": True}),
                    ("other", {"med": 77, "add_communities": ["65000:7"],
                               "local_pref": 200, "accept": True}))
        self.assign(s.addr, "import", "in", default_action="accept")
        sent = {"origin": 0, "as_path": "65010 65099", "next_hop": s.addr,
                "med": 5, "communities": [65010 << 16 | 1]}
        six = {**sent, "next_hop": "2001:db8::ff"}
        made = {"med": 77, "communities": [65010 << 16 | 1, 65000 << 16 | 7],
                "local_pref": 200}

        def announce(*p):
            for x in p:
                s.announce(x, [65010, 65099], None, bgp.med(5),
                           bgp.communities([65010 << 16 | 1]))
        announce("198.51.100.0/24", "198.51.101.0/24", "198.51.102.0/24",
                 "2001:db8:101::/48")
        self.wait_known(s, 4)
        # As a table, and as it comes.
        c = self.collector(adj_rib_in_post_policy=True)
        pre = {"198.51.100.0/24": sent, "198.51.101.0/24": sent,
               "198.51.102.0/24": sent, "2001:db8:101::/48": six}
        post = {"198.51.101.0/24": {**sent, **made},
                "198.51.102.0/24": sent, "2001:db8:101::/48":
                {**six, **made}}

        def tables():
            return [{bgp.text(*k): bgp.describe(a, True, hop)
                     for k, (a, hop) in c.ribs.get((f, s.addr), {}).items()}
                    for f in (0, L)]
        c.wait_done(s.addr)
        c.wait_done(s.addr, L)
        self.assertEqual(tables(), [pre, post])
        s.withdraw(["2001:db8:101::/48"])
        c.wait_gone(s.addr, "2001:db8:101::/48")
        c.wait_gone(s.addr, "2001:db8:101::/48", L)
        announce("2001:db8:101::/48")
        c.wait(lambda: tables() == [pre, post], "the same as a change")
        # Another import policy touches what is after it, and only that.
        n = len(c.messages)
        self.set("no", "198.51.101.0/24")
        self.check(c, n, s.addr, L, {"198.51.100.0/24": sent,
                                     "198.51.101.0/24": None}, s)
        self.assertEqual(set(self.said(c, n, s.addr, 0)), {self.MARK % 1})
        # A set of a statement behind.
        n = len(c.messages)
        self.set("other", "198.51.102.0/24")
        self.check(c, n, s.addr, L, {
            "198.51.102.0/24": {**sent, **made},
            "2001:db8:101::/48": six}, s)
        # The assignment.
        n = len(c.messages)
        self.assign(s.addr, "import")
        self.check(c, n, s.addr, L, {"198.51.101.0/24": sent,
                                     "198.51.102.0/24": sent}, s)
        n = len(c.messages)
        self.assign(s.addr, "import", "in", default_action="reject")
        self.check_gone(c, n, s, {
            "198.51.100.0/24": None, "198.51.101.0/24": None,
            "198.51.102.0/24": {**sent, **made},
            "2001:db8:101::/48": None})

    def check_gone(self, c, start, s, want):
        """As check(), where a mark is rejected: it is seen before policy."""
        c.wait(lambda: set(self.said(c, start, s.addr, L)) >= set(want),
               "%r" % want)
        self.marks += 1
        s.announce(self.MARK % self.marks)
        c.wait_route(s.addr, self.MARK % self.marks)
        have = self.said(c, start, s.addr, L)
        for i in range(1, self.marks + 1):
            have.pop(self.MARK % i, None)
        self.assertEqual(have, {k: [v] for k, v in want.items()})

    def test_rejected_later(self):
        """A route that becomes one that policy rejects is withdrawn after
        policy, and not before."""
        s = self.speaker(11)
        self.set("any", "198.51.103.0/24")
        self.policy("in", ("any", {"reject": True}))
        c = self.collector(adj_rib_in_post_policy=True, loc_rib=True)
        s.announce("198.51.103.0/24")
        for feed, peer in ((0, s.addr), (L, s.addr), ("loc", None)):
            c.wait_route(peer, "198.51.103.0/24", feed)
        self.assign(s.addr, "import", "in", default_action="accept")
        c.wait_gone(s.addr, "198.51.103.0/24", L)
        c.wait_gone(None, "198.51.103.0/24", "loc")
        self.assertIn(bgp.raw("198.51.103.0/24"), c.prefixes(s.addr))
        s.announce("198.51.103.0/24", [65011, 65099])
        c.wait_route(s.addr, "198.51.103.0/24", 0,
                     lambda r: r["as_path"] == "65011 65099")
        self.assertNotIn(bgp.raw("198.51.103.0/24"), c.prefixes(s.addr, L))

    def test_before_and_after_export(self):
        a, b = self.speaker(12), self.speaker(13)
        self.set("no", "198.51.104.0/24")
        self.set("other", "198.51.105.0/24", "2001:db8:105::/48")
        self.policy("out", ("no", {"reject": True}),
                    ("other", {"med": 78, "add_communities": ["65000:8"],
                               "accept": True}))
        self.assign(b.addr, "export", "out", default_action="accept")
        mine = ("198.51.104.0/24", "198.51.105.0/24", "198.51.106.0/24",
                "2001:db8:105::/48")
        for p in mine:
            a.announce(p, [65012, 65099])
        b.wait_route(mine[3])
        b.wait_route(mine[2])
        c = self.collector(adj_rib_in_pre_policy=False, adj_rib_out=True,
                           adj_rib_out_pre_policy=True)
        path = {"origin": 0, "as_path": "64500 65012 65099",
                "next_hop": self.suite.addr}
        six = {**path, "next_hop": b.route(mine[3])["next_hop"]}
        made = {"med": 78, "communities": [65000 << 16 | 8]}
        pre = {**dict.fromkeys(mine[:3], path), mine[3]: six}
        post = {mine[1]: {**path, **made}, mine[2]: path,
                mine[3]: {**six, **made}}

        def tables():
            return [{bgp.text(*k): bgp.describe(x, True, hop)
                     for k, (x, hop) in c.ribs.get((f, b.addr), {}).items()
                     if not bgp.text(*k).startswith("203.")}
                    for f in (O, L | O)]
        c.wait_done(b.addr, O)
        c.wait_done(b.addr, L | O)
        self.assertEqual(tables(), [pre, post])
        for p in mine[1:]:
            self.assertEqual(b.route(p), post[p])
        # Who sent it is offered nothing.
        self.assertEqual(c.prefixes(a.addr, O), set())
        # Live: what changes is said of both, as it changes.
        a.withdraw([mine[0]])
        a.withdraw([mine[3]])
        c.wait(lambda: tables() == [
            {k: v for k, v in pre.items() if k not in (mine[0], mine[3])},
            {k: v for k, v in post.items() if k != mine[3]}], "withdrawal")
        a.announce(mine[0], [65012, 65099])
        a.announce(mine[3], [65012, 65099])
        c.wait(lambda: tables() == [pre, post], "the same as a change")
        # A change of the policy touches what is after it, and only that.
        n = len(c.messages)
        self.set("no", mine[1])
        self.check(c, n, b.addr, L | O,
                   {mine[0]: path, mine[1]: None}, a)
        self.assertEqual(set(self.said(c, n, b.addr, O)), {self.MARK % 1})
        n = len(c.messages)
        self.assign(b.addr, "export")
        self.check(c, n, b.addr, L | O,
                   {mine[1]: path, mine[3]: six}, a)
        self.assertEqual(tables()[0], tables()[1])
        self.assertEqual(b.route(mine[1]), path)

    def test_another_best_path(self):
        """Before export policy a peer is offered what is best, but for what
        is its own."""
        a, b, d = self.speaker(13), self.speaker(14), self.speaker(15)
        self.policy("none", (None, {"reject": True}))
        self.assign(b.addr, "export", "none")
        c = self.collector(adj_rib_in_pre_policy=False, adj_rib_out=True,
                           adj_rib_out_pre_policy=True)
        p = "198.51.107.0/24"
        a.announce(p, [65013, 65099])
        c.wait_route(b.addr, p, O)
        c.wait_route(d.addr, p, O)
        c.wait_route(d.addr, p, L | O)
        b.announce(p)
        c.wait_route(a.addr, p, O)
        c.wait_gone(b.addr, p, O)
        c.wait_route(d.addr, p, O,
                     lambda r: r["as_path"] == "64500 65014")
        self.assertNotIn(bgp.raw(p), c.prefixes(b.addr, L | O))
        b.withdraw([p])
        c.wait_route(b.addr, p, O)
        c.wait_gone(a.addr, p, O)
        self.assertNotIn(bgp.raw(p), c.prefixes(b.addr, L | O))
        # One that comes later has both tables.
        a.announce("198.51.108.0/24")
        d.drop()
        wait.until(lambda: self.suite.state(d.addr) != "ESTABLISHED", "end")
        d.establish()
        for f in (O, L | O):
            c.wait_route(d.addr, p, f)
            c.wait_route(d.addr, "198.51.108.0/24", f)


class Slow(Bmp):
    peers = [passive(net.v4(10), remote_as=65010)]

    def test_collector_that_stops_reading(self):
        """What it misses is made good by a dump; nothing waits for it."""
        s = self.speaker(10)
        # 13 MB of messages, more than the sockets take.
        many = ["%d.%d.%d.0/24" % (20 + (i >> 16), i >> 8 & 255, i & 255)
                for i in range(40000)]
        c = self.collector(buffer=1 << 16, buffer_bytes=1 << 20,
                           statistics_timeout=1)
        c.wait_done(s.addr)
        c.pause()
        for i in range(0, len(many), 10):
            s.announce(many[i:i + 10], None, None, bgp.communities(
                range(i << 8, (i << 8) + 800)))
        self.wait_known(s, 40000)
        for i in range(0, len(many), 1000):
            s.withdraw(many[i:i + 500])
        s.announce("203.0.113.0/24")
        self.wait_known(s, 20001)

        def missed():
            r = self.servers()[c.address]
            return r.resyncs or r.dropped
        wait.until(missed, "loss")
        r = self.servers()[c.address]
        self.assertLessEqual(r.queued_bytes, 1 << 20)
        self.assertEqual(r.buffer_bytes, 1 << 20)
        c.pause(False)
        want = {bgp.raw(p) for i in range(500, len(many), 1000)
                for p in many[i:i + 500]} | {bgp.raw("203.0.113.0/24")}
        c.wait(lambda: c.ribs.get((0, s.addr)) is not None and
               set(c.ribs[0, s.addr]) == want, "the table", 60)
        c.wait(lambda: any(m.kind == collector.STATISTICS and
                           m.counter(65531) for m in c.messages) or
               c.connections > 1, "count of the dumps")


class Memory(Bmp):
    """What a collector costs that takes nothing, or is not there."""

    peers = [passive(net.v4(10), remote_as=65010)]
    N = 100000
    BUFFER = 2 << 20
    SLACK = 2 << 20             # of the allocators

    def rss(self):
        total = 0
        for name in ("rde", "sessiond"):
            with open("/proc/%d/status" % self.suite.pids()[name]) as f:
                total += 1024 * int([x for x in f if x.startswith(
                    "VmRSS")][0].split()[1])
        return total

    def churn(self, s, rounds):
        """All prefixes change in each round, 100 of them an UPDATE; returns
        the most memory that was in use."""
        most = 0
        for r in rounds:
            for i in range(0, len(self.many), 100):
                s.announce(self.many[i:i + 100], [65010, 65100 + r], None,
                           bgp.communities([r << 16 | i // 100] * 3))
                if i % 10000 == 0:
                    most = max(most, self.rss())
            s.announce("203.0.113.%d/32" % r)
            wait.until(lambda: self.suite.routes(
                rib=pb.ADJ_IN, peer=s.addr,
                prefix="203.0.113.%d/32" % r), "end of a round", 60)
            most = max(most, self.rss())
        return most

    @unittest.skipIf(SANITIZED, "sanitizers need memory of their own")
    def test_bounds(self):
        self.many = ["%d.%d.%d.0/24" % (20 + (i >> 16), i >> 8 & 255, i & 255)
                     for i in range(self.N)]
        s = self.speaker(10)
        before = self.churn(s, range(1, 3))
        # One that is away.
        away = "127.0.0.1:%d" % net.free_port()
        self.add(away, loc_rib=True, adj_rib_in_post_policy=True)
        self.addCleanup(self.remove, away)
        most = self.churn(s, range(3, 5))
        self.assertLess(most - before, self.SLACK)
        self.remove(away)
        # One that has stopped to read.
        c = self.collector(buffer=1 << 16, buffer_bytes=self.BUFFER,
                           loc_rib=True, adj_rib_in_post_policy=True)
        c.wait_done(s.addr, timeout=60)
        c.pause()
        most = self.churn(s, range(5, 9))
        self.assertLess(most - before, self.BUFFER + self.SLACK)
        row = self.servers()[c.address]
        self.assertTrue(row.resyncs or row.dropped)
        c.pause(False)

        def same():
            return set(c.ribs.get((0, s.addr), ())) == \
                set(c.ribs.get((L, s.addr), ())) and \
                len(c.ribs.get((0, s.addr), ())) == self.N + 8
        c.wait(same, "all of it", 60)


class Hostile(Bmp):
    peers = [passive(net.v4(10), remote_as=65010)]

    def again(self, c, s, n):
        """Connection n comes, and has all of it."""
        c.wait_connection(n, 20)
        c.wait_done(s.addr)
        return c.wait_route(s.addr, "198.51.100.0/24")

    def test_what_it_says_is_thrown_away(self):
        s = self.speaker(10)
        c = self.collector()
        for junk in (b"\0" * 1000, b"\xff" * 1000, b"GET / HTTP/1.0\r\n\r\n",
                     struct.pack("!BIB", 3, 6, 4), bgp.keepalive() * 20):
            c.sock.sendall(junk)
        s.announce("198.51.101.0/24")
        c.wait_route(s.addr, "198.51.101.0/24")
        self.assertEqual(c.connections, 1)
        self.assertTrue(self.servers()[c.address].connected)

    def test_flood(self):
        s = self.speaker(10)
        s.announce("198.51.100.0/24")
        c = self.collector()
        c.wait_route(s.addr, "198.51.100.0/24")
        sock = c.sock
        with self.assertRaises(OSError):
            for _ in range(1000):
                sock.sendall(b"\0" * 65536)
        wait.until(lambda: self.servers()[c.address].last_error ==
                   "Protocol error", "reason")
        self.again(c, s, 2)

    def test_reset(self):
        s = self.speaker(10)
        s.announce("198.51.100.0/24")
        c = self.collector()
        c.wait_route(s.addr, "198.51.100.0/24")
        c.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                          struct.pack("ii", 1, 0))
        c.drop()
        self.again(c, s, 2)

    def test_half_open(self):
        """It was switched off and on: nothing was said of the end."""
        s = self.speaker(10)
        s.announce("198.51.100.0/24")
        c = self.collector()
        c.wait_route(s.addr, "198.51.100.0/24")
        with c.cond:
            sock, c.sock = c.sock, None
        try:
            sock.setsockopt(socket.IPPROTO_TCP, TCP_REPAIR, 1)
        except PermissionError:
            self.skipTest("needs root")
        # The reader still holds it; what comes next wakes it up, and what
        # comes then finds nobody.
        os.close(sock.detach())
        said = iter(range(1, 255))

        def found_out():
            s.announce("198.51.102.%d/32" % next(said))
            return c.connections == 2
        wait.until(found_out, "another connection", 20, 0.2)
        self.again(c, s, 2)

    def test_apid_dies(self):
        s = self.speaker(10)
        c = self.collector()
        c.wait_up(s.addr)
        os.kill(self.suite.pids()["apid"], signal.SIGKILL)
        s.announce("198.51.103.0/24")
        c.wait_route(s.addr, "198.51.103.0/24")
        self.suite.new_channel()

        def known():
            try:
                return c.address in self.servers()
            except grpc.RpcError:
                return False
        wait.until(known, "answer of the new apid")
        self.assertEqual(c.connections, 1)

    def test_sessiond_and_rde_die(self):
        c = Collector()
        self.addCleanup(c.stop)
        for name in ("sessiond", "rde"):
            suite = Suite(peers=self.peers, n=2, asn=ASN, name="dies",
                          bmp_servers=[{"address": c.address}]).start()
            self.addCleanup(suite.kill)
            n = c.connections
            c.wait_connection(n or 1)
            c.wait(lambda: c.messages and not c.closed, "connection")
            os.kill(suite.pids()[name], signal.SIGKILL)
            c.wait(lambda: c.closed, "end of the connection")
            suite.wait_end(1, 10)


class Api(Bmp):
    def test_addresses(self):
        for bad in ("", "192.0.2.1", "192.0.2.1:0", "host:1", "::1:1",
                    "[192.0.2.1]:1", "[::1]", "192.0.2.1/32:1", "1.2.3.4:70000",
                    "[fe80::1%lo]:1", " 192.0.2.1:1", "0.0.0.0:1"):
            self.assertEqual(self.code(self.add, bad)[0], "INVALID_ARGUMENT",
                             bad)
            self.assertEqual(
                self.code(self.suite.rpc.RemoveBmpServer,
                          pb.RemoveBmpServerRequest(address=bad))[0],
                "INVALID_ARGUMENT", bad)

    def test_settings_out_of_range(self):
        for bad in ({"statistics_timeout": 1 << 32}, {"buffer_bytes": 1}):
            self.assertEqual(self.code(self.add, "192.0.2.1:1", **bad)[0],
                             "INVALID_ARGUMENT")

    def test_the_same_again_and_another_one(self):
        c = self.collector(statistics_timeout=60)
        r = self.add(c.address, statistics_timeout=60)
        self.assertTrue(r.success)
        self.assertEqual(c.connections, 1)
        code, text = self.code(self.add, c.address)
        self.assertEqual(code, "ALREADY_EXISTS")
        self.assertIn(c.address, text)

    def test_remove_what_is_not_there(self):
        code, text = self.code(
            self.suite.rpc.RemoveBmpServer,
            pb.RemoveBmpServerRequest(address="192.0.2.77:1"))
        self.assertEqual((code, text),
                         ("NOT_FOUND", "BMP server 192.0.2.77:1 not found"))

    def test_list(self):
        c = self.collector(statistics_timeout=9, loc_rib=True)
        port = net.free_port()
        away = "127.0.0.1:%d" % port
        self.add(away)
        self.addCleanup(self.remove, away)
        s = self.servers()
        self.assertTrue(s[c.address].connected)
        self.assertEqual(s[c.address].statistics_timeout, 9)
        self.assertTrue(s[c.address].loc_rib)
        self.assertTrue(s[away].adj_rib_in_pre_policy)
        self.assertFalse(s[away].connected)
        wait.until(lambda: self.servers()[away].last_error ==
                   "Connection refused", "reason")
        # It is tried again by itself.
        d = Collector(port=port)
        self.addCleanup(d.stop)
        d.wait_connection(1, 16)

    def test_added_again_it_is_tried_at_once(self):
        port = net.free_port()
        away = "127.0.0.1:%d" % port
        self.add(away)
        self.addCleanup(self.remove, away)
        wait.until(lambda: self.servers()[away].last_error ==
                   "Connection refused", "reason")
        d = Collector(port=port)
        self.addCleanup(d.stop)
        self.add(away)
        d.wait_connection(1, 1.4)

    def test_bgpctl(self):
        c = self.collector(add=False)

        def ctl(*args):
            return subprocess.run(
                [self.suite.program("sbin/bgpctl"), "-s", self.suite.grpc] +
                list(args), capture_output=True, text=True, timeout=60)
        r = ctl("bmp", "add", c.address, "loc-rib", "statistics", "7")
        self.assertEqual((r.returncode, r.stderr), (0, ""))
        self.addCleanup(self.remove, c.address)
        c.wait_connection()
        r = ctl("show", "bmp")
        self.assertIn(c.address + ": connected", r.stdout)
        self.assertIn("Feeds: pre-policy loc-rib; statistics: every 7 s",
                      r.stdout)
        for word in ("Queue: ", "Drops: "):
            self.assertIn(word, r.stdout)
        r = json.loads(ctl("-j", "show", "bmp").stdout)
        mine = [s for s in r["servers"] if s["address"] == c.address]
        self.assertTrue(mine[0]["connected"])
        self.assertEqual(ctl("bmp", "delete", c.address).returncode, 0)
        self.assertNotIn(c.address, self.servers())


class File(Bmp):
    """Servers of the file; each test its own suite."""

    def setUp(self):
        self.file = Collector()
        type(self).conf = {"bmp_servers": [{"address": self.file.address}]}
        self.addCleanup(self.file.stop)
        type(self).setUpClass()
        self.addCleanup(super().tearDownClass)
        super().setUp()

    @classmethod
    def setUpClass(cls):
        if cls.conf:
            super().setUpClass()

    @classmethod
    def tearDownClass(cls):
        pass

    def test_reload(self):
        self.file.wait_connection()
        self.suite.reload(bmp_servers=[{"address": self.file.address,
                                        "loc_rib": True}])
        self.file.wait_connection(2)
        self.file.wait_up(None)
        self.suite.reload(bmp_servers=[])
        self.file.wait(lambda: self.file.closed, "end")
        self.assertEqual(self.file.messages[-1].kind, collector.TERMINATION)
        self.assertEqual(self.servers(), {})

    def test_api_beside_the_file(self):
        c = self.collector()
        self.file.wait_connection()
        self.assertEqual(self.code(self.add, self.file.address,
                                   loc_rib=True)[0], "ALREADY_EXISTS")
        self.add(self.file.address)
        self.suite.reload(log_level="debug", sys_name="another")
        for x in (c, self.file):
            x.wait(lambda: any(m.kind == collector.INITIATION and
                               m.tlvs[0] == (2, b"another")
                               for m in x.messages), "the new name")
        self.remove(self.file.address)
        self.file.wait(lambda: self.file.closed, "end")
        self.suite.reload(sys_name="yet another")
        c.wait(lambda: any(m.kind == collector.INITIATION and
                           m.tlvs[0] == (2, b"yet another")
                           for m in c.messages), "the new name")
        self.assertEqual(list(self.servers()), [c.address])

    def test_the_end_of_the_suite(self):
        self.file.wait_connection()
        self.suite.stop()
        self.file.wait(lambda: self.file.closed, "end")
        m = self.file.messages[-1]
        self.assertEqual((m.kind, m.tlvs),
                         (collector.TERMINATION, [(1, b"\0\0")]))
        self.suite.start()
        self.file.wait_connection(2)


class Pmbmpd(Bmp):
    """pmacct's collector sees what we hold, after many changes."""
    peers = [passive(net.v4(n), remote_as=65000 + n) for n in (10, 11)]

    @classmethod
    def setUpClass(cls):
        neighbours.fetch("pmacct")
        super().setUpClass()

    def ours(self, addr, rib=pb.ADJ_IN):
        """A listing in the words of Pmacct.rib()."""
        out = {}
        for prefix, paths in self.suite.routes(rib=rib, peer=addr).items():
            p = paths[0]
            out[prefix] = (
                " ".join(str(a) for s in p.as_path for a in s.asns),
                p.next_hop, p.med if p.HasField("med") else None,
                " ".join("%d:%d" % (c >> 16, c & 0xffff)
                         for c in p.communities))
        return out

    def test_its_view_is_ours(self):
        s, other = self.speaker(10), self.speaker(11)
        for i in range(0, 3000, 10):
            s.announce(prefixes(10, i), [65010, 4200000000 + i % 97], None,
                       bgp.med(i), bgp.communities([65010 << 16 | i]))
        s.announce(["2001:db8:%x::/48" % i for i in range(1, 50)],
                   [65010, 65001])
        self.wait_known(s, 3049)
        with neighbours.Pmacct(90) as pm:
            self.add(pm.address, adj_rib_in_post_policy=True, loc_rib=True,
                     adj_rib_out=True, statistics_timeout=1)
            self.addCleanup(self.remove, pm.address)
            wait.until(lambda: len(pm.rib(s.addr, is_in=1, is_post=0)) ==
                       3049, "the table", 30)
            for i in range(0, 3000, 40):
                s.withdraw(prefixes(10, i))
            for i in range(10, 3000, 40):
                s.announce(prefixes(10, i), [65010, 65099])
            s.announce("203.0.113.0/24")
            other.wait_route("203.0.113.0/24", timeout=30)
            self.wait_known(s, 3049 - 750 + 1)
            want = self.ours(s.addr)
            views = [({"is_in": 1, "is_post": 0}, s.addr, want),
                     ({"is_in": 1, "is_post": 1}, s.addr, want),
                     ({"is_out": 1, "is_post": 1}, other.addr,
                      self.ours(other.addr, pb.ADJ_OUT)),
                     ({"is_loc": 1}, "0.0.0.0", want)]
            for flags, addr, view in views:
                wait.until(lambda: pm.rib(addr, **flags) == view,
                           lambda: "%r of %s: %r" % (
                               flags, addr, sorted(
                                   set(pm.rib(addr, **flags).items()) ^
                                   set(view.items()))[:4]), 30)
            wait.until(lambda: [m for m in pm.log_lines()
                                if m.get("counter_type") == 7 and
                                m["peer_ip"] == s.addr and
                                m["counter_value"] == 2300], "size", 10)
            s.drop()
            wait.until(lambda: [m for m in pm.log_lines()
                                if m.get("bmp_msg_type") == "peer_down" and
                                m["peer_ip"] == s.addr], "Peer Down", 10)


class PmbmpdData(Pmbmpd):
    """The same after a recorded table and a recorded file of updates."""

    TABLE = "table/fulltable.20151023.0201.mrt.gz"
    UPDATES = "updates/updates.20150401.0000.jinx.mrt.bz2"
    # of the table: all, or what a build with sanitizers does in time
    PREFIXES = 100000 if SANITIZED else 1 << 32

    test_its_view_is_ours = None

    @classmethod
    def setUpClass(cls):
        folder = os.environ.get("BGPGG_DATA")
        if not folder:
            raise unittest.SkipTest("BGPGG_DATA is not set")
        cls.table, n = [], 0
        for _, m in mrt.updates(os.path.join(folder, cls.TABLE)):
            if n < cls.PREFIXES:
                cls.table.append(m)
                n += len(bgp.Update(m[19:]).announced)
        cls.updates = list(mrt.updates(os.path.join(folder, cls.UPDATES)))
        cls.where = {}
        for peer, _ in cls.updates:
            cls.where.setdefault(peer, 30 + len(cls.where))
        cls.peers = [passive(net.v4(10), remote_as=ASN)] + [
            passive(net.v4(n), remote_as=p[1]) for p, n in cls.where.items()]
        super().setUpClass()

    @staticmethod
    def path(segments):
        """As pmacct writes it."""
        return " ".join(
            "{%s}" % ",".join(str(a) for a in sorted(s["asns"]))
            if s["segment_type"] == "as_set" else
            " ".join(str(a) for a in s["asns"]) for s in segments)

    def ours(self, addr):
        """The Adj-RIB-In of a peer; of None: the Loc-RIB."""
        which = ("in", "neighbor", addr) if addr else ()
        out = {}
        for r in self.suite.listing("show", "rib", *which):
            p = r["paths"][0]
            if not addr and p["ineligible"]:
                continue
            out[r["prefix"]] = (
                self.path(p["as_path"]), p["next_hop"], p.get("med"),
                " ".join(sorted(COMMUNITY.get(c, c)
                                for c in p["communities"])))
        return out

    def difference(self, pm, addr, flags, want):
        have = {k: v[:3] + (" ".join(sorted(v[3].split())),)
                for k, v in pm.rib(addr, **flags).items()}
        if have == want:
            return ""
        return "%d and %d prefixes: %r" % (len(have), len(want), sorted(
            set(have.items()) ^ set(want.items()))[:4])

    def check(self, pm, speakers):
        views = [({"is_in": 1}, s.addr, s.addr) for s in speakers] + [
            ({"is_loc": 1}, "0.0.0.0", None)]
        for flags, addr, peer in views:
            want = self.ours(peer)
            text = []

            def same():
                text[:] = [self.difference(pm, addr, flags, want)]
                return not text[0]
            wait.until(same, lambda: "equal view of %s: %s" % (
                addr, text[0]), 60, 0.2)
        return len(want)

    def wait_counted(self, speakers):
        """All that was sent is in the tables: End-of-RIB went behind it."""
        for s in speakers:
            mark = "192.0.2.%d/32" % (self.where_of[s] + 1)
            s.announce(mark)
            wait.until(lambda: self.suite.routes(
                rib=pb.ADJ_IN, peer=s.addr, prefix=mark), mark, 60)

    def test_table_and_updates(self):
        with neighbours.Pmacct(90) as pm:
            self.add(pm.address, loc_rib=True)
            self.addCleanup(self.remove, pm.address)
            feed = self.speaker(10, ASN)
            speakers = [feed] + [
                self.speaker(n, p[1], asn4=p[2])
                for p, n in self.where.items()]
            self.where_of = {s: i for i, s in enumerate(speakers)}
            of = dict(zip(self.where, speakers[1:]))
            for s in speakers:
                s.keep_updates = s.keep_table = False
            for i in range(0, len(self.table), 200):
                feed.send(*self.table[i:i + 200])
            self.wait_counted([feed])
            self.assertGreaterEqual(self.check(pm, [feed]),
                                    min(self.PREFIXES, 570000))
            for p, m in self.updates:
                of[p].send(m)
            self.wait_counted(speakers[1:])
            self.check(pm, speakers)
