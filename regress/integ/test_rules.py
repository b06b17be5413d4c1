# SPDX-License-Identifier: ISC
"""Rules that only show where several events meet: routes of our own beside
learned ones, sources that change, restarts, limits, states."""

import random
import time

import grpc

from lib import bgp, net, wait
from lib.case import ASN, Case
from lib.speaker import Closed
from lib.suite import active, passive, pb


def ebgp(n, **kw):
    return passive(net.v4(n), remote_as=65000 + n, **kw)


def ibgp(n, **kw):
    return passive(net.v4(n), remote_as=ASN, **kw)


class FirstAs(Case):
    peers = [ebgp(10, enforce_first_as=True), ebgp(11),
             ibgp(12, enforce_first_as=True),
             ebgp(13, enforce_first_as=True)]

    def test_another_as_in_front_is_a_withdrawal(self):
        a, b = self.speaker(10), self.speaker(11)
        p, q = "198.51.100.0/24", "198.51.101.0/24"
        a.announce([p, q])
        b.wait_route(p)
        a.announce(p, [65100, 65010])
        b.wait_gone(p)
        self.assertTrue(b.has(q))
        self.assertNotIn(p, self.suite.routes(pb.ADJ_IN, a.addr))
        # A set is no AS in front, and an empty path has none.
        a.announce(q, [(1, [65010])])
        b.wait_gone(q)
        a.announce(p, [])
        b.wait_route(p, lambda d: d["as_path"] == "64500")
        a.announce("2001:db8:100::/48", [65100])
        a.announce(q)
        b.wait_route(q)
        self.assertFalse(b.has("2001:db8:100::/48"))

    def test_off_by_default_and_not_for_ibgp(self):
        a, b, c = self.speaker(11), self.speaker(10), self.speaker(12, ASN)
        a.announce("198.51.102.0/24", [65100])
        b.wait_route("198.51.102.0/24")
        c.announce("198.51.103.0/24", [65100])
        b.wait_route("198.51.103.0/24")

    def test_of_an_old_speaker(self):
        a = self.speaker(13, asn4=False)
        b = self.speaker(11)
        a.announce("198.51.104.0/24", [65013, 65100])
        b.wait_route("198.51.104.0/24")
        a.announce("198.51.104.0/24", [65100, 65013])
        b.wait_gone("198.51.104.0/24")

    def test_a_reload_acts_without_a_reset(self):
        a, b = self.speaker(11), self.speaker(10)
        a.announce("198.51.105.0/24", [65100])
        b.wait_route("198.51.105.0/24")
        peers = [dict(p, enforce_first_as=True) for p in self.suite.conf[
            "peers"]]
        before = self.suite.conf["peers"]
        self.suite.reload(peers=peers)
        wait.until(lambda: self.suite.peer(
            a.addr).peer.session_config.enforce_first_as, "new key")
        a.announce("198.51.105.0/24", [65100, 65101])
        b.wait_gone("198.51.105.0/24")
        self.assertFalse(a.closed)
        self.suite.reload(peers=before)
        wait.until(lambda: not self.suite.peer(
            a.addr).peer.session_config.enforce_first_as, "old key")


class Local(Case):
    """Routes of networks and of the API beside learned ones."""

    peers = [ebgp(10), ebgp(11), ibgp(12)]
    conf = {"networks": [
        "203.0.113.0/24", {"prefix": "2001:db8:113::/48"}]}

    def count(self):
        return self.suite.rpc.GetServerInfo(
            pb.GetServerInfoRequest()).num_routes

    def test_networks_are_as_added_routes(self):
        self.suite.add_route("198.51.100.0/24")
        rows = self.suite.routes()
        a, b = (rows[p][0] for p in ("203.0.113.0/24", "198.51.100.0/24"))
        a.age_secs = b.age_secs = 0
        a.ClearField("age_secs")
        b.ClearField("age_secs")
        self.assertEqual(a, b)
        self.assertEqual(a.local_pref, 100)
        self.assertEqual(a.peer_address, "127.0.0.1")
        v6 = rows["2001:db8:113::/48"][0]
        self.assertEqual(v6.local_pref, 100)
        self.assertEqual(v6.peer_address, "127.0.0.1")
        s = self.speaker(12, ASN)
        got = s.wait_route("203.0.113.0/24")
        self.assertEqual(got, s.wait_route("198.51.100.0/24"))
        self.assertEqual(got["local_pref"], 100)
        self.suite.remove_route("198.51.100.0/24")
        s.wait_gone("198.51.100.0/24")

    def test_replaced_and_removed(self):
        s, t = self.speaker(10), self.speaker(12, ASN)
        p = "198.51.101.0/24"
        self.suite.add_route(p, med=1, communities=[5])
        s.wait_route(p, lambda d: d["med"] == 1)
        self.suite.add_route(p, "10.9.9.9", med=2, local_pref=7,
                             origin=pb.INCOMPLETE)
        got = s.wait_route(p, lambda d: d["med"] == 2)
        self.assertEqual(got, {"origin": 2, "as_path": str(ASN), "med": 2,
                               "next_hop": self.suite.addr})
        got = t.wait_route(p, lambda d: d["med"] == 2)
        self.assertEqual(got, {"origin": 2, "as_path": "", "med": 2,
                               "local_pref": 7, "next_hop": "10.9.9.9"})
        self.assertEqual(len(self.suite.routes()[p]), 1)
        self.suite.remove_route(p)
        s.wait_gone(p)
        t.wait_gone(p)

    def test_local_over_learned_and_back(self):
        """The source of the learned route gets the local one, and loses it
        again; the others change between both."""
        a, b = self.speaker(10), self.speaker(11)
        p = "198.51.102.0/24"
        before = self.count()
        a.announce(p, [65010, 65100])
        b.wait_route(p, lambda d: d["as_path"] == "64500 65010 65100")
        self.assertFalse(a.has(p))
        self.assertEqual(self.count(), before + 1)
        self.suite.add_route(p)
        b.wait_route(p, lambda d: d["as_path"] == "64500")
        a.wait_route(p, lambda d: d["as_path"] == "64500")
        self.assertEqual([x.peer_address for x in self.suite.routes()[p]],
                         ["127.0.0.1", a.addr])
        self.assertEqual(self.count(), before + 1)
        self.suite.remove_route(p)
        b.wait_route(p, lambda d: d["as_path"] == "64500 65010 65100")
        a.wait_gone(p)
        a.withdraw(p)
        b.wait_gone(p)
        self.assertEqual(self.count(), before)


class Sources(Case):
    """Who is told what when the best path changes hands."""

    peers = [ebgp(n) for n in range(10, 16)]

    def test_two_peers_swap(self):
        """Best goes from one to the other and back, over many prefixes."""
        a, b, c = self.speaker(10), self.speaker(11), self.speaker(12)
        ps = ["10.20.%d.0/24" % i for i in range(200)]
        long, short = [65100, 65101, 65102], [65100]
        a.announce(ps, [65010] + long)
        b.wait_prefixes(200)
        for i in range(6):
            best, other = (b, a) if i % 2 == 0 else (a, b)
            best.announce(ps, [best.asn] + short)
            other.announce(ps, [other.asn] + long)
            want = "64500 %d 65100" % best.asn
            for s in (other, c):
                s.wait(lambda: len(s.table) == 200 and all(
                    bgp.describe(r[0])["as_path"] == want
                    for r in s.table.values()), want)
            best.wait(lambda: not best.table, "nothing of its own")
            self.assertEqual(self.suite.routes(pb.ADJ_OUT, best.addr), {})
        a.stop()
        c.wait(lambda: all(bgp.describe(r[0])["as_path"].startswith(
            "64500 65011") for r in c.table.values()), "the other one")
        b.wait(lambda: not b.table, "nothing")
        b.stop()
        c.wait(lambda: not c.table, "nothing at all")

    def test_same_set_from_another_peer(self):
        """The next best has the same attributes: only the two sources are
        told something."""
        a, b, c = self.speaker(13), self.speaker(14), self.speaker(15)
        p = "10.30.0.0/24"
        a.announce(p, [65100], "10.0.0.77")
        c.wait_route(p)
        b.wait_route(p)
        b.announce(p, [65100], "10.0.0.77")
        wait.until(lambda: len(self.suite.routes().get(p, [])) == 2, "both")
        first = self.suite.routes()[p][0].peer_address
        self.assertEqual(first, a.addr)
        n = c.updates
        a.withdraw(p)
        a.wait_route(p)
        b.wait_gone(p)
        self.assertTrue(c.has(p))
        self.assertEqual(c.updates, n)
        b.withdraw(p)
        a.wait_gone(p)
        c.wait_gone(p)


class Restart(Case):
    peers = [ebgp(n) for n in range(10, 30)]

    def restarting(self, n, v4=True, v6=True, seconds=60, caps=True):
        fams = [(1, 1, v4)] + ([(2, 1, v6)] if v6 is not None else [])
        return self.speaker(n, caps=[
            bgp.cap_mp(1, 1), bgp.cap_mp(2, 1), bgp.cap_refresh(),
            bgp.cap_as4(65000 + n)] +
            ([bgp.cap_gr(seconds, fams)] if caps else []))

    def fed(self, n, p4, p6, **kw):
        a = self.restarting(n, **kw)
        a.announce(p4)
        a.announce(p6)
        a.send(bgp.end_of_rib(), bgp.end_of_rib(2, 1))
        return a

    def lose(self, a, **kw):
        a.drop(**kw)
        wait.until(lambda: self.suite.state(a.addr) != "ESTABLISHED", "loss")

    def test_one_family_without_f(self):
        b = self.speaker(10)
        a = self.fed(11, "10.11.0.0/24", "2001:db8:11::/48")
        b.wait_route("10.11.0.0/24")
        b.wait_route("2001:db8:11::/48")
        self.lose(a)
        a = self.restarting(11, v6=False)
        b.wait_gone("2001:db8:11::/48")
        self.assertTrue(b.has("10.11.0.0/24"))
        a.send(bgp.end_of_rib())
        b.wait_gone("10.11.0.0/24")

    def test_family_not_listed_any_more(self):
        b = self.speaker(10)
        a = self.fed(12, "10.12.0.0/24", "2001:db8:12::/48")
        b.wait_route("10.12.0.0/24")
        b.wait_route("2001:db8:12::/48")
        self.lose(a, rst=True)
        self.restarting(12, v6=None)
        b.wait_gone("2001:db8:12::/48")
        self.assertTrue(b.has("10.12.0.0/24"))

    def test_back_without_the_capability(self):
        b = self.speaker(10)
        a = self.fed(13, "10.13.0.0/24", "2001:db8:13::/48")
        b.wait_route("10.13.0.0/24")
        self.lose(a)
        self.restarting(13, caps=False)
        b.wait_gone("10.13.0.0/24")
        b.wait_gone("2001:db8:13::/48")

    def test_only_listed_families_are_kept(self):
        b = self.speaker(10)
        a = self.fed(14, "10.14.0.0/24", "2001:db8:14::/48", v6=None)
        b.wait_route("10.14.0.0/24")
        b.wait_route("2001:db8:14::/48")
        self.lose(a)
        b.wait_gone("2001:db8:14::/48")
        self.assertTrue(b.has("10.14.0.0/24"))
        rows = self.suite.routes(pb.ADJ_IN, a.addr)
        self.assertEqual(list(rows), ["10.14.0.0/24"])
        self.assertTrue(rows["10.14.0.0/24"][0].stale)
        self.assertEqual(self.suite.routes(pb.ADJ_OUT, a.addr), {})

    def test_time_is_over_while_established_again(self):
        """What was not announced again goes; the session and the rest
        stay."""
        b = self.speaker(10)
        a = self.fed(15, ["10.15.0.0/24", "10.15.1.0/24"],
                     "2001:db8:15::/48", seconds=2)
        b.wait_route("10.15.1.0/24")
        b.wait_route("2001:db8:15::/48")
        self.lose(a)
        a = self.restarting(15, seconds=2)
        a.announce("10.15.0.0/24")
        b.wait_gone("10.15.1.0/24")
        b.wait_gone("2001:db8:15::/48")
        self.assertTrue(b.has("10.15.0.0/24"))
        self.assertFalse(a.closed)

    def test_lost_again_before_end_of_rib(self):
        """What the first restart left is gone with the second one."""
        b = self.speaker(10)
        a = self.fed(16, ["10.16.0.0/24", "10.16.1.0/24"],
                     "2001:db8:16::/48")
        b.wait_route("10.16.1.0/24")
        self.lose(a)
        a = self.restarting(16)
        a.announce("10.16.0.0/24", [65016, 65100])
        b.wait_route("10.16.0.0/24", lambda d: "65100" in d["as_path"])
        self.lose(a)
        b.wait_gone("10.16.1.0/24")
        self.assertTrue(b.has("10.16.0.0/24"))
        a = self.restarting(16)
        a.send(bgp.end_of_rib(), bgp.end_of_rib(2, 1))
        b.wait_gone("10.16.0.0/24")

    def test_it_connects_again_before_we_notice(self):
        b = self.speaker(10)
        a = self.fed(17, "10.17.0.0/24", "2001:db8:17::/48")
        b.wait_route("10.17.0.0/24")
        c = self.restarting(17)
        wait.until(lambda: a.closed, "end of the old connection")
        self.assertIsNone(a.error)
        self.assertTrue(b.has("10.17.0.0/24"))
        c.send(bgp.end_of_rib(), bgp.end_of_rib(2, 1))
        b.wait_gone("10.17.0.0/24")
        self.suite.wait_state(c.addr)

    def test_hold_timer_keeps_nothing(self):
        b = self.speaker(10)
        a = self.speaker(18, hold=3, caps=[
            bgp.cap_mp(1, 1), bgp.cap_as4(65018),
            bgp.cap_gr(60, [(1, 1, True)])])
        a.announce("10.18.0.0/24")
        b.wait_route("10.18.0.0/24")
        a.quiet = True
        self.assertEqual(a.wait_closed(10)[:2], (4, 0))
        b.wait_gone("10.18.0.0/24")

    def test_disable_ends_the_wait(self):
        b = self.speaker(10)
        a = self.fed(19, "10.19.0.0/24", "2001:db8:19::/48")
        b.wait_route("10.19.0.0/24")
        self.lose(a)
        self.assertTrue(b.has("10.19.0.0/24"))
        self.suite.rpc.DisablePeer(pb.DisablePeerRequest(address=a.addr))
        b.wait_gone("10.19.0.0/24")
        self.suite.rpc.EnablePeer(pb.EnablePeerRequest(address=a.addr))

    def test_reset_hard_keeps_nothing(self):
        b = self.speaker(10)
        a = self.fed(20, "10.20.0.0/24", "2001:db8:20::/48")
        b.wait_route("10.20.0.0/24")
        self.suite.rpc.ResetPeer(pb.ResetPeerRequest(
            address=a.addr, reset_type=pb.HARD))
        self.assertEqual(a.wait_closed()[:2], (6, 4))
        b.wait_gone("10.20.0.0/24")
        b.wait_gone("2001:db8:20::/48")


class Bounce(Case):
    peers = [ebgp(n) for n in range(10, 15)]

    def test_nothing_of_an_earlier_session_survives(self):
        """Sessions that are cut while routes flow, again and again; at the
        end exactly what the last ones said is there."""
        rng = random.Random(7)
        watch = self.speaker(14)
        for turn in range(8):
            feeds = [self.speaker(n) for n in (10, 11, 12)]
            want = {}
            for s in feeds:
                for i in range(40):
                    ps = ["10.%d.%d.0/24" % (rng.randrange(100, 104), j)
                          for j in rng.sample(range(250), 60)]
                    s.announce(ps, [s.asn, 65100 + turn, 65200 + i])
                    for p in ps:
                        want.setdefault(p, set()).add(s.addr)
            if turn < 7:
                for s in feeds:
                    s.drop(rst=rng.random() < 0.5)
        self.suite.wait_routes(want, 30)
        for s in feeds:
            mine = {p for p, a in want.items() if s.addr in a}
            rows = self.suite.routes(pb.ADJ_IN, s.addr)
            self.assertEqual(set(rows), mine)
            for paths in rows.values():
                self.assertEqual(paths[0].as_path[0].asns[1], 65107)
        watch.wait(lambda: set(watch.prefixes()) == set(want), "the same")
        info = self.suite.rpc.GetServerInfo(pb.GetServerInfoRequest())
        self.assertEqual(info.num_routes, len(want))
        for r in list(watch.table.values()):
            self.assertIn(" 65107 ", bgp.describe(r[0])["as_path"])


class Limits(Case):
    peers = [ebgp(10, max_prefix={"limit": 4}),
             ebgp(11, max_prefix={"limit": 4, "action": "discard"}),
             ebgp(12, max_prefix={"limit": 4}, allow_automatic_stop=False),
             ebgp(13, max_prefix={"limit": 4}), ebgp(20)]

    def test_both_families_count(self):
        a = self.speaker(10)
        a.announce(["10.1.0.0/24", "10.1.1.0/24"])
        a.announce(["2001:db8:1::/48", "2001:db8:2::/48"])
        for i in range(5):
            a.announce("2001:db8:1::/48", [65010, 65100 + i])
        a.withdraw("10.1.0.0/24")
        a.announce("10.1.2.0/24")
        self.suite.wait_routes(["10.1.1.0/24", "10.1.2.0/24",
                                "2001:db8:1::/48", "2001:db8:2::/48"],
                               rib=pb.ADJ_IN, peer=a.addr)
        # One goes and one comes in the same message.
        a.send(bgp.update([bgp.origin(), bgp.as_path([65010]),
                           bgp.next_hop(a.addr)], ["10.1.3.0/24"],
                          ["10.1.1.0/24"]))
        self.suite.wait_routes(["10.1.3.0/24", "10.1.2.0/24",
                                "2001:db8:1::/48", "2001:db8:2::/48"],
                               rib=pb.ADJ_IN, peer=a.addr)
        a.announce("10.1.4.0/24")
        got = a.wait_closed()
        self.assertEqual(got[:2], (6, 1))
        self.assertEqual(self.suite.routes(pb.ADJ_IN, a.addr), {})
        self.suite.rpc.EnablePeer(pb.EnablePeerRequest(address=a.addr))
        # The count begins anew.
        a = self.speaker(10)
        self.assertEqual(self.suite.peer(a.addr).peer.admin_state, pb.UP)
        a.announce(["10.1.%d.0/24" % i for i in range(4)])
        self.suite.wait_routes(["10.1.%d.0/24" % i for i in range(4)],
                               rib=pb.ADJ_IN, peer=a.addr)

    def test_discard_counts_what_is_held(self):
        a = self.speaker(11)
        a.announce(["10.2.%d.0/24" % i for i in range(9)])
        rows = self.suite.wait_routes(
            ["10.2.%d.0/24" % i for i in range(4)], rib=pb.ADJ_IN,
            peer=a.addr)
        a.announce(["10.2.%d.0/24" % i for i in range(9)], [65011, 65100])
        wait.until(lambda: all(
            len(r[0].as_path[0].asns) == 2 for r in self.suite.routes(
                pb.ADJ_IN, a.addr).values()), "replaced")
        self.assertEqual(len(self.suite.routes(pb.ADJ_IN, a.addr)), 4)
        self.assertFalse(a.closed)

    def test_no_automatic_stop(self):
        a = self.speaker(12)
        a.announce(["10.3.%d.0/24" % i for i in range(9)])
        self.suite.wait_routes(["10.3.%d.0/24" % i for i in range(4)],
                               rib=pb.ADJ_IN, peer=a.addr)
        a.announce("10.3.0.0/24", [65012, 65100])
        self.assertFalse(a.closed)

    def test_treated_as_withdrawal_does_not_count(self):
        a = self.speaker(13)
        bad = [bgp.origin(5), bgp.as_path([65013]), bgp.next_hop(a.addr)]
        a.send(bgp.update(bad, ["10.4.%d.0/24" % i for i in range(9)]))
        a.announce(["10.4.%d.0/24" % i for i in range(4)])
        self.suite.wait_routes(["10.4.%d.0/24" % i for i in range(4)],
                               rib=pb.ADJ_IN, peer=a.addr)
        a.send(bgp.update(bad, ["10.4.0.0/24"]))
        a.announce("10.4.8.0/24")
        self.suite.wait_routes(["10.4.%d.0/24" % i for i in (1, 2, 3, 8)],
                               rib=pb.ADJ_IN, peer=a.addr)
        self.assertFalse(a.closed)


class States(Case):
    """DisablePeer wherever a peer may be."""

    peers = [passive(net.v4(10), remote_as=65010),
             active(net.v4(11), remote_as=65011),
             active(net.v4(12), remote_as=65012, delay_open_time_secs=60),
             active(net.v4(13), remote_as=65013, idle_hold_time_secs=600)]

    def down_and_up(self, addr):
        rpc = self.suite.rpc
        rpc.DisablePeer(pb.DisablePeerRequest(address=addr))
        rpc.DisablePeer(pb.DisablePeerRequest(address=addr))
        p = self.suite.peer(addr).peer
        self.assertEqual((p.state, p.admin_state), (pb.IDLE, pb.DOWN))

    def enable(self, addr):
        self.suite.rpc.EnablePeer(pb.EnablePeerRequest(address=addr))
        self.assertEqual(self.suite.peer(addr).peer.admin_state, pb.UP)

    def test_active(self):
        a = net.v4(10)
        self.suite.wait_state(a, "ACTIVE")
        self.down_and_up(a)
        s = self.speaker(10, up=False)
        s.connect()
        self.assertIsNone(s.wait_closed())
        self.assertIsNone(s.open)
        self.enable(a)
        self.speaker(10)

    def test_idle_waiting(self):
        """The idle hold time does not start it again."""
        a = net.v4(11)
        self.suite.wait_state(a, "IDLE")    # refused
        self.down_and_up(a)
        s = self.speaker(11, up=False)
        s.listen()
        self.assertRaises(OSError, s.accept, 2.5)
        self.enable(a)
        s.accept_session()
        self.suite.wait_state(a)
        self.down_and_up(a)
        self.assertEqual(s.wait_closed()[:2], (6, 2))
        self.assertRaises(OSError, s.accept, 2.5)
        self.enable(a)
        s.accept_session()

    def test_connect_with_delay_open(self):
        a = net.v4(12)
        s = self.speaker(12, up=False)
        s.listen()
        s.accept(30)
        self.down_and_up(a)
        self.assertIsNone(s.wait_closed())
        self.enable(a)
        s.accept()
        s.send_open()
        s.wait_open()

    def test_open_sent_and_open_confirm(self):
        a = net.v4(13)
        s = self.speaker(13, up=False)
        s.listen()
        self.down_and_up(a)
        self.enable(a)
        s.accept()
        s.wait_open()
        self.assertEqual(self.suite.state(a), "OPEN_SENT")
        self.down_and_up(a)
        self.assertEqual(s.wait_closed()[:2], (6, 2))
        self.enable(a)
        s.accept()
        s.answer_open = False
        s.send_open()
        s.wait_open()
        s.wait(lambda: s.count(bgp.KEEPALIVE), "KEEPALIVE")
        self.assertEqual(self.suite.state(a), "OPEN_CONFIRM")
        self.down_and_up(a)
        self.assertEqual(s.wait_closed()[:2], (6, 2))
        self.enable(a)
        s.accept()
        s.handshake()


class Words(Case):
    """NOTIFICATIONs are never answered with one."""

    peers = [passive(net.v4(n), remote_as=65000 + n) for n in (10, 11, 12)]

    def connected(self, n):
        s = self.speaker(n, up=False)

        def attempt():
            try:
                s.connect()
                s.wait_open(3)
                return True
            except (Closed, OSError, wait.Timeout):
                s.drop()
                return False
        wait.until(attempt, "OPEN from the suite", 20, 0.1)
        return s

    def test_in_open_sent(self):
        for code, subcode in ((6, 5), (2, 1), (2, 4), (9, 9)):
            s = self.connected(10)
            s.send(bgp.notification(code, subcode))
            self.assertIsNone(s.wait_closed())
            self.assertEqual(s.count(bgp.NOTIFICATION), 0)

    def test_in_open_confirm(self):
        for code, subcode in ((6, 7), (2, 1)):
            s = self.connected(11)
            s.answer_open = False
            s.send_open()
            s.wait(lambda: s.count(bgp.KEEPALIVE), "KEEPALIVE")
            s.send(bgp.notification(code, subcode))
            self.assertIsNone(s.wait_closed())

    def test_in_established(self):
        for code, subcode in ((6, 2), (3, 1), (2, 1), (0, 0), (255, 255)):
            s = self.speaker(12)
            s.send(bgp.notification(code, subcode, b"\xff\xfe"))
            self.assertIsNone(s.wait_closed())


class Strangers(Case):
    """Peers that nobody configured."""

    conf = {"accept_unconfigured_peers": True}

    def restarting(self, n, seconds):
        return self.speaker(n, caps=[
            bgp.cap_mp(1, 1), bgp.cap_refresh(), bgp.cap_as4(65000 + n),
            bgp.cap_gr(seconds, [(1, 1, True)])])

    def test_restart(self):
        """It stays while its routes are kept, and comes back; once the time
        is over it is gone with them."""
        a, b = self.restarting(70, 2), self.speaker(71)
        a.announce("10.1.0.0/24")
        b.wait_route("10.1.0.0/24")
        a.drop()
        self.suite.wait_state(a.addr, "IDLE")
        self.assertTrue(b.has("10.1.0.0/24"))
        a = self.restarting(70, 2)
        a.send(bgp.end_of_rib())
        b.wait_gone("10.1.0.0/24")
        a.announce("10.1.0.0/24")
        b.wait_route("10.1.0.0/24")
        a.drop()
        wait.until(lambda: a.addr not in self.suite.peers(), "peer gone")
        b.wait_gone("10.1.0.0/24")

    def test_disable_and_remove(self):
        a = self.speaker(72)
        self.suite.rpc.DisablePeer(pb.DisablePeerRequest(address=a.addr))
        self.assertEqual(a.wait_closed()[:2], (6, 2))
        self.assertNotIn(a.addr, self.suite.peers())
        a = self.speaker(72)
        b = self.speaker(73)
        a.announce("10.2.0.0/24")
        b.wait_route("10.2.0.0/24")
        r = self.suite.rpc.RemovePeer(pb.RemovePeerRequest(address=a.addr))
        self.assertTrue(r.success)
        self.assertEqual(a.wait_closed()[:2], (6, 3))
        self.assertNotIn(a.addr, self.suite.peers())
        b.wait_gone("10.2.0.0/24")
        with self.assertRaises(grpc.RpcError) as e:
            self.suite.rpc.RemovePeer(pb.RemovePeerRequest(address=a.addr))
        self.assertEqual(e.exception.code(), grpc.StatusCode.NOT_FOUND)


class Mapped(Case):
    """IPv4-mapped addresses: peers of their own over IPv4."""

    peers = [passive("::ffff:" + net.v4(10), remote_as=65010), ebgp(11)]
    conf = {"listen_addr": [net.endpoint("::ffff:" + net.v4(1)),
                            net.endpoint(net.v4(2))]}

    def test_next_hops(self):
        a, b = self.speaker(10, up=False), self.speaker(11, up=False)
        a.establish()
        b.establish(net.v4(2))
        self.assertEqual(sorted(self.suite.peers()),
                         sorted([b.addr, "::ffff:" + a.addr]))
        self.suite.wait_state("::ffff:" + a.addr)
        self.suite.add_route("10.1.0.0/24")
        b.announce("10.2.0.0/24")
        b.announce("2001:db8:2::/48")
        self.assertEqual(a.wait_route("10.1.0.0/24")["next_hop"], net.v4(1))
        self.assertEqual(a.wait_route("10.2.0.0/24")["next_hop"], net.v4(1))
        self.assertEqual(a.wait_route("2001:db8:2::/48")["next_hop"],
                         "2001:db8::ff")
        a.announce("10.3.0.0/24")
        self.assertEqual(b.wait_route("10.3.0.0/24")["next_hop"], net.v4(2))
        p = self.suite.routes()["10.3.0.0/24"][0]
        self.assertEqual(p.peer_address, "::ffff:" + a.addr)


class Refresh(Case):
    peers = [ebgp(n) for n in range(10, 17)]

    def test_answer_while_routes_change(self):
        a, b = self.speaker(10), self.speaker(11)
        for k in range(20):
            a.announce(["10.%d.%d.0/24" % (50 + k, j) for j in range(250)],
                       [65010, 65100 + k])
        b.wait_prefixes(5000)
        with b.cond:
            b.table.clear()
        b.send(bgp.refresh(), bgp.refresh(), bgp.refresh(2, 1))
        for k in range(20):
            a.withdraw(["10.%d.%d.0/24" % (50 + k, j)
                        for j in range(0, 250, 2)])
        want = {"10.%d.%d.0/24" % (50 + k, j)
                for k in range(20) for j in range(1, 250, 2)}
        wait.until(lambda: set(b.prefixes()) == want, "what is left", 20)

    def test_too_early(self):
        s = self.speaker(12, up=False)
        s.connect()
        s.answer_open = False
        s.send_open()
        s.wait(lambda: s.count(bgp.KEEPALIVE), "KEEPALIVE")
        s.send(bgp.refresh())
        self.assertEqual(s.wait_closed(), (5, 2, b"\5"))

    def test_too_long(self):
        s = self.speaker(13)
        s.send(bgp.message(bgp.REFRESH, b"\0\1\0\1\0"))
        self.assertEqual(s.wait_closed(), (1, 2, b"\0\x18"))

    def test_no_family_in_common(self):
        s = self.speaker(16, up=False,
                         caps=[bgp.cap_mp(25, 70), bgp.cap_as4(65016)])
        s.connect()
        s.send_open()
        self.assertEqual(s.wait_closed(), (
            2, 7, b"\1\4\0\1\0\1\1\4\0\2\0\1"))

    def test_each_message_counts_once(self):
        a, b = self.speaker(14), self.speaker(15)
        for i in range(10):
            a.announce("10.5.%d.0/24" % i, [65014, 65100 + i])
        b.wait_prefixes(10)
        a.send(bgp.refresh())
        a.send(bgp.notification(6, 2))
        a.wait_closed()
        wait.until(lambda: self.suite.state(a.addr) != "ESTABLISHED", "end")
        st = self.suite.peer(a.addr).statistics
        self.assertEqual(
            (st.open_received, st.keepalive_received, st.update_received,
             st.notification_received, st.notification_sent),
            (st.open_sent, 1, 10, 1, 0))
        b.wait(lambda: not b.table, "withdrawals")
        st = self.suite.peer(b.addr).statistics
        self.assertEqual(st.update_sent, b.count(bgp.UPDATE))
        self.assertEqual(st.keepalive_sent, b.count(bgp.KEEPALIVE))


class Table(Case):
    """The initial table and what follows it."""

    peers = [ebgp(n) for n in range(10, 20)] + [ibgp(n) for n in (40, 41)]

    def test_end_of_rib_comes_behind_the_table(self):
        a = self.speaker(10)
        for k in range(8):
            for i in range(0, 250, 50):
                a.announce(["10.%d.%d.0/24" % (30 + k, j)
                            for j in range(i, i + 50)],
                           [65010, 65100 + k, 65200 + i])
        a.announce(["2001:db8:%x::/48" % i for i in range(1, 100)])
        wait.until(lambda: len(self.suite.routes()) == 2099, "table")
        b = self.speaker(11)
        b.wait_end_of_rib(bgp.IPV4, 20)
        b.wait_end_of_rib(bgp.IPV6, 20)
        with b.cond:
            done = {}
            seen = {1: 0, 2: 0}
            for kind, body in b.messages:
                if kind != bgp.UPDATE:
                    continue
                u = bgp.Update(body)
                if u.end_of_rib:
                    self.assertNotIn(u.end_of_rib, done)
                    done[u.end_of_rib] = dict(seen)
                for afi, _ in u.announced:
                    seen[afi] += 1
        self.assertEqual(done[bgp.IPV4][1], 2000)
        self.assertEqual(done[bgp.IPV6][2], 99)
        self.assertEqual(seen, {1: 2000, 2: 99})
        c = self.speaker(12, families=(bgp.IPV6,))
        c.wait_end_of_rib(bgp.IPV6)
        self.assertNotIn(bgp.IPV4, c.ribs_done)
        self.assertEqual(len(c.table), 99)

    def random_route(self, rng, s, v6):
        path = [s.asn] if s.asn != ASN else []
        path += [rng.choice((65100, 65101, 4200000001, 70000))
                 for _ in range(rng.randrange(4))]
        more = []
        if rng.random() < 0.5:
            more.append(bgp.med(rng.randrange(1 << 32)))
        if rng.random() < 0.5:
            more.append(bgp.communities(
                [rng.randrange(1 << 16) for _ in range(rng.randrange(1, 80))]))
        if rng.random() < 0.3:
            more.append(bgp.large_communities([(1, 2, rng.randrange(9))]))
        if rng.random() < 0.3:
            more.append(bgp.ext_communities(
                [bytes([rng.choice((0, 0x40, 3, 0x43)), 2, 0, 1, 0, 0, 0,
                        rng.randrange(9)]) for _ in range(3)]))
        if rng.random() < 0.3:
            more.append(bgp.attr(bgp.TRANSITIVE, bgp.ATOMIC, b""))
        if rng.random() < 0.3:
            asn = rng.choice((65001, 70001)) if s.asn4 else 65001
            more.append(bgp.attr(0xc0, bgp.AGGREGATOR, asn.to_bytes(
                4 if s.asn4 else 2, "big") + b"\1\2\3\4"))
        if rng.random() < 0.3:
            more.append(bgp.attr(rng.choice((0xc0, 0xe0)), 200, b"xyz"))
        if rng.random() < 0.3:
            more.append(bgp.attr(0x80, 201, b"abc"))
        if s.asn == ASN:
            more.append(bgp.local_pref(rng.randrange(1000)))
        return path, more

    def row(self, p, asn4):
        """A path of a listing in the words of bgp.describe()."""
        out = {"origin": p.origin, "next_hop": p.next_hop}
        words = []
        for s in p.as_path:
            w = [str(a) for a in s.asns]
            words += w if s.segment_type == pb.AS_SEQUENCE else [
                "{%s}" % " ".join(w)]
        out["as_path"] = " ".join(words)
        if p.HasField("local_pref"):
            out["local_pref"] = p.local_pref
        if p.HasField("med"):
            out["med"] = p.med
        if p.atomic_aggregate:
            out["atomic"] = True
        if p.communities:
            out["communities"] = list(p.communities)
        if p.large_communities:
            out["large"] = [(c.global_admin, c.local_data_1, c.local_data_2)
                            for c in p.large_communities]
        if p.unknown_attributes:
            out["other"] = {u.attr_type: (u.flags, u.value.hex())
                            for u in p.unknown_attributes}
        return out

    def test_adj_out_is_what_is_on_the_wire(self):
        rng = random.Random(11)
        feeds = [self.speaker(13), self.speaker(40, ASN),
                 self.speaker(14, asn4=False)]
        sinks = [self.speaker(15), self.speaker(41, ASN),
                 self.speaker(16, asn4=False), feeds[0]]
        for i in range(240):
            s = feeds[i % 3]
            v6 = rng.random() < 0.3
            path, more = self.random_route(rng, s, v6)
            s.announce("2001:db8:%x::/48" % (0x1000 + i) if v6 else
                       "10.77.%d.0/24" % i, path, None, *more,
                       orig=rng.randrange(3))
            if i == 200:
                self.suite.add_route("10.78.0.0/24", communities=[3, 2, 1],
                                     med=9)
                self.suite.add_route("10.78.1.0/24", "10.1.1.1",
                                     local_pref=5)
        self.addCleanup(self.suite.remove_route, "10.78.0.0/24")
        self.addCleanup(self.suite.remove_route, "10.78.1.0/24")
        for s in feeds:
            s.announce("10.79.%d.0/24" % (s.asn & 0xff),
                       [] if s.asn == ASN else None)
        last = {"10.79.%d.0/24" % (s.asn & 0xff) for s in feeds}
        for s in sinks:
            out = []

            def same():
                rows = self.suite.routes(pb.ADJ_OUT, s.addr)
                out[:] = [sorted(rows), s.prefixes()]
                return set(rows) == set(s.prefixes())
            own = {"10.79.%d.0/24" % (t.asn & 0xff) for t in feeds
                   if t is s or t.asn == s.asn}
            wait.until(lambda: last - set(s.prefixes()) == own,
                       lambda: "the last ones of %s: %r" % (
                           s.addr, last - set(s.prefixes())))
            wait.until(same, lambda: "the same: %r" % [
                set(out[0]) ^ set(out[1])])
            rows = self.suite.routes(pb.ADJ_OUT, s.addr)
            for p, paths in rows.items():
                self.assertEqual(len(paths), 1)
                want = s.route(p)
                got = self.row(paths[0], s.asn4)
                want.pop("ext", None)
                want.pop("aggregator", None)
                other = want.pop("other", {})
                for kind in (bgp.AS4_PATH, bgp.AS4_AGGREGATOR):
                    other.pop(kind, None)
                if not s.asn4:
                    want.pop("as_path")
                    got.pop("as_path")
                if other:
                    want["other"] = other
                self.assertEqual(got, want, p)
                self.assertNotIn(201, other)
                if 200 in other:
                    self.assertEqual(other[200][0], 0xe0)


class Load(Case):
    peers = [ebgp(10, hold_time_secs=3), ebgp(11, hold_time_secs=3),
             ebgp(12)]

    def test_hold_time_of_3_seconds_under_load(self):
        """A table in and out, over and over, both ways."""
        a, b, c = self.speaker(10, hold=3), self.speaker(11, hold=3), \
            self.speaker(12)
        for s in (a, b, c):
            s.keep_updates = False
        c.keep_table = False
        blocks = []
        for k in range(64):
            blocks.append((["10.%d.%d.%d/32" % (100 + k % 8, k, j)
                            for j in range(250)], k))
        end = time.monotonic() + 8
        n = 0
        while time.monotonic() < end:
            n += 1
            for s in (a, b):
                s.send(b"".join(bgp.announce(
                    ps, [s.asn, 65100 + n % 100, 65200 + k], s.addr)
                    for ps, k in blocks))
        for s in (a, b, c):
            self.assertFalse(s.closed, s.addr)
            self.suite.wait_state(s.addr)
        a.announce("10.99.0.0/24")
        b.wait_route("10.99.0.0/24", timeout=30)
        self.assertFalse(a.closed or b.closed or c.closed)
