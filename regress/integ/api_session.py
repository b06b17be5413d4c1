# SPDX-License-Identifier: ISC
"""What a peer is told through the API acts on its session."""

import time

from lib import bgp, net, wait
from lib.case import Case
from lib.speaker import Closed
from lib.suite import pb


class Peers(Case):
    """Peers that the API adds."""

    def add(self, n, v6=False, **config):
        """A peer with AS 65000 + n that starts again at once."""
        addr = net.v6(n) if v6 else net.v4(n)
        settings = dict(asn=65000 + n, idle_hold_time_secs=0,
                        damp_peer_oscillations=False)
        settings.update(config)
        self.suite.rpc.AddPeer(pb.AddPeerRequest(
            address=net.endpoint(addr),
            config=pb.SessionConfig(**settings)))
        self.addCleanup(self.suite.rpc.RemovePeer,
                        pb.RemovePeerRequest(address=addr))
        return addr

    def passive(self, n, **config):
        return self.add(n, passive_mode=True, **config)

    def connected(self, n, **kw):
        """A connection on which the suite has said its OPEN."""
        s = self.speaker(n, up=False, **kw)

        def attempt():
            try:
                s.connect()
                return s.wait_open(3)
            except (Closed, OSError, wait.Timeout):
                s.drop()
                return None
        wait.until(attempt, "OPEN from the suite", 20, 0.1)
        return s


class Members(Peers):
    """Every member of SessionConfig."""

    def gaps(self, n, count, **config):
        """Seconds from the end of a session to the next connection."""
        s = self.speaker(n, up=False)
        s.listen()
        self.add(n, idle_hold_time_secs=1, **config)
        out = []
        s.accept()
        for _ in range(count):
            s.wait_open()
            began = time.monotonic()
            s.send(bgp.notification(6, 4))
            s.accept()
            out.append(time.monotonic() - began)
        return out

    def test_idle_hold_time(self):
        for gap in self.gaps(10, 3):
            self.assertGreater(gap, 0.9)
            self.assertLess(gap, 1.9 * wait.FACTOR)

    def test_damping(self):
        """The time doubles with each loss."""
        first, second = self.gaps(11, 2, damp_peer_oscillations=True)
        self.assertGreater(first, 1.9)
        self.assertGreater(second, 3.9)

    def test_passive(self):
        addr = self.passive(12)
        s = self.speaker(12, up=False)
        s.listen()
        self.assertRaises(OSError, s.accept, 1.5)
        self.assertEqual(self.suite.state(addr), "ACTIVE")
        s.establish()

    def test_delay_open(self):
        s = self.speaker(13, up=False)
        s.listen()
        self.add(13, delay_open_time_secs=2)
        s.accept()
        began = time.monotonic()
        s.wait_open()
        self.assertGreater(time.monotonic() - began, 1.8)

    def test_notification_without_open(self):
        """RFC 4271 8.1.1: also where our OPEN was not sent yet."""
        for n, told in ((14, True), (15, False)):
            with self.subTest(told=told):
                addr = self.passive(n, delay_open_time_secs=60,
                                    send_notification_without_open=told)
                self.suite.wait_state(addr, "ACTIVE")
                s = self.speaker(n, up=False)
                s.connect()
                s.send_open(version=3)
                got = s.wait_closed()
                self.assertIsNone(s.open)
                self.assertEqual(got and got[:2], (2, 1) if told else None)

    def twice(self, n, router_id, **config):
        """A session on the suite's connection, and then one on ours."""
        first = self.speaker(n, up=False, router_id=router_id)
        first.listen()
        self.add(n, **config)
        first.accept_session()
        self.suite.wait_state(first.addr)
        second = self.speaker(n, up=False, router_id=router_id)
        second.connect()
        try:
            second.send_open()
        except OSError:
            pass                # closed already
        return first, second

    def test_collision_with_an_established_session(self):
        """RFC 4271 6.8: decided by the identifier only if asked for."""
        first, second = self.twice(16, "10.0.0.200",
                                   collision_detect_established_state=True)
        self.assertEqual(first.wait_closed()[:2], (6, 7))
        second.wait(lambda: second.count(bgp.KEEPALIVE), "KEEPALIVE")
        second.announce("10.16.0.0/16")
        self.suite.wait_routes(["10.16.0.0/16"], rib=pb.ADJ_IN,
                               peer=second.addr)
        first, second = self.twice(17, "10.0.0.0",
                                   collision_detect_established_state=True)
        self.assertEqual(second.wait_closed()[:2], (6, 7))
        self.assertFalse(first.closed)
        first, second = self.twice(18, "10.0.0.200")
        second.wait_closed()
        self.assertFalse(first.closed)
        self.assertEqual(self.suite.state(first.addr), "ESTABLISHED")

    def test_route_advertisement_interval(self):
        """What changes within it goes out once, as it is at its end."""
        self.passive(19, min_route_advertisement_interval_secs=4)
        self.passive(20)
        slow, quick = self.speaker(19), self.speaker(20)
        for s in (slow, quick):
            s.wait_end_of_rib()
        p = "10.19.0.0/16"
        self.addCleanup(self.suite.remove_route, p)
        # The first one waits as well, if End-of-RIB went just before it.
        self.suite.add_route(p, "192.0.2.1", communities=[99])
        slow.wait_route(p)
        before, began = slow.updates, time.monotonic()
        for i in range(1, 9):
            self.suite.add_route(p, "192.0.2.1", communities=[i])
        quick.wait_route(p, lambda d: d["communities"] == [8])
        if time.monotonic() - began < 2:    # of 3, the least with its jitter
            self.assertEqual(slow.route(p)["communities"], [99])
        slow.wait_route(p, lambda d: d["communities"] == [8])
        self.assertGreater(time.monotonic() - began, 2.5)
        self.assertEqual(slow.updates - before, 1)

    def test_open_says_what_was_set(self):
        for n, config, check in (
                (21, {"hold_time_secs": 33},
                 lambda o: o["hold"] == 33),
                (22, {"afi_safis": [pb.AfiSafiConfig(afi=2, safi=1)]},
                 lambda o: [v for c, v in o["caps"] if c == 1] ==
                 [b"\0\2\0\1"]),
                (23, {"graceful_restart": pb.GracefulRestartConfig(
                    enabled=False)},
                 lambda o: 64 not in [c for c, _ in o["caps"]]),
                (24, {"graceful_restart": pb.GracefulRestartConfig(
                    restart_time_secs=77)},
                 lambda o: [(v[0] << 8 | v[1]) & 0xfff for c, v in o["caps"]
                            if c == 64] == [77])):
            with self.subTest(config=config):
                self.passive(n, **config)
                s = self.connected(n)
                self.assertTrue(check(s.open), s.open)

    def test_asn(self):
        self.passive(25, asn=65099)
        s = self.connected(25)
        s.send_open()
        self.assertEqual(s.wait_closed()[:2], (2, 2))

    def test_local_address(self):
        s = self.speaker(26, up=False)
        s.listen()
        self.add(26, local_address=net.v4(60))
        s.accept()
        self.assertEqual(s.sock.getpeername()[0], net.v4(60))

    def test_enforce_first_as(self):
        addr = self.passive(27, enforce_first_as=True)
        s = self.speaker(27)
        s.announce("10.27.0.0/16", [65100, 65027])
        s.announce("10.28.0.0/16")
        self.suite.wait_routes(["10.28.0.0/16"], rib=pb.ADJ_IN, peer=addr)

    def limit(self, n, action=pb.TERMINATE, **more):
        addr = self.passive(n, max_prefix=pb.MaxPrefixSetting(
            limit=3, action=action), **more)
        s = self.speaker(n)
        s.announce(["10.%d.%d.0/24" % (n, i) for i in range(3)])
        self.suite.wait_routes(["10.%d.%d.0/24" % (n, i) for i in range(3)],
                               rib=pb.ADJ_IN, peer=addr)
        s.announce("10.%d.9.0/24" % n)
        return s, addr

    def test_prefix_limit_ends_the_session(self):
        """And holds it down until EnablePeer, whatever else is said."""
        s, addr = self.limit(28)
        self.assertEqual(s.wait_closed()[:2], (6, 1))

        def admin():
            return self.suite.peer(addr).peer.admin_state
        self.assertEqual(admin(), pb.PREFIX_LIMIT_EXCEEDED)
        s.connect()
        self.assertIsNone(s.wait_closed())
        self.assertEqual(admin(), pb.PREFIX_LIMIT_EXCEEDED)
        self.suite.rpc.EnablePeer(pb.EnablePeerRequest(address=addr))
        self.assertEqual(admin(), pb.UP)
        s.establish()

    def test_prefix_limit_discards(self):
        s, addr = self.limit(29, pb.DISCARD)
        s.announce("10.29.0.0/24", [65029, 65100])
        wait.until(lambda: len(self.suite.routes(pb.ADJ_IN, addr).get(
            "10.29.0.0/24")[0].as_path[0].asns) == 2, "the change")
        self.assertNotIn("10.29.9.0/24", self.suite.routes(pb.ADJ_IN, addr))
        self.assertFalse(s.closed)

    def test_prefix_limit_without_automatic_stop(self):
        s, addr = self.limit(30, allow_automatic_stop=False)
        s.announce("10.30.0.0/24", [65030, 65100])
        wait.until(lambda: len(self.suite.routes(pb.ADJ_IN, addr).get(
            "10.30.0.0/24")[0].as_path[0].asns) == 2, "the change")
        self.assertFalse(s.closed)
        self.assertEqual(self.suite.peer(addr).peer.admin_state, pb.UP)


class Reset(Peers):
    """ResetPeer with and without a family."""

    def refreshes(self, s):
        return [m for k, m in s.messages if k == bgp.REFRESH]

    def reset(self, addr, kind, **kw):
        self.suite.rpc.ResetPeer(pb.ResetPeerRequest(
            address=addr, reset_type=kind, **kw))

    def test_families_are_chosen(self):
        addr = self.passive(40)
        s = self.speaker(40)
        self.suite.wait_state(addr)
        self.suite.add_route("10.40.0.0/16", "192.0.2.1")
        self.suite.add_route("2001:db8:40::/48", "2001:db8::1")
        for p in ("10.40.0.0/16", "2001:db8:40::/48"):
            self.addCleanup(self.suite.remove_route, p)
            s.wait_route(p)
        four, six = b"\0\1\0\1", b"\0\2\0\1"
        want = []
        for kw, more in (({"afi": pb.IPV6}, [six]),
                         ({"afi": pb.IPV4, "safi": pb.UNICAST}, [four]),
                         ({"safi": pb.UNICAST}, [four, six]),
                         ({}, [four, six])):
            with self.subTest(kw=kw):
                self.reset(addr, pb.SOFT_IN, **kw)
                want += more
                s.wait(lambda: len(self.refreshes(s)) >= len(want),
                       "ROUTE-REFRESH")
                self.assertEqual(sorted(self.refreshes(s)), sorted(want))

        def sent_again(kind, **kw):
            """Which of the two prefixes a reset sends again."""
            with s.cond:
                s.table.clear()
            self.reset(addr, kind, **kw)
            # The next change goes out behind what the reset sends.
            self.suite.add_route("10.41.0.0/16", "192.0.2.1")
            s.wait_route("10.41.0.0/16")
            self.suite.remove_route("10.41.0.0/16")
            s.wait_gone("10.41.0.0/16")
            return s.prefixes()
        self.assertEqual(sent_again(pb.SOFT_OUT, afi=pb.IPV4),
                         ["10.40.0.0/16"])
        self.assertEqual(sent_again(pb.SOFT_OUT, afi=pb.IPV6),
                         ["2001:db8:40::/48"])
        self.assertEqual(sent_again(pb.SOFT_OUT),
                         ["10.40.0.0/16", "2001:db8:40::/48"])
        self.assertEqual(sorted(self.refreshes(s)), sorted(want))
        self.assertEqual(sent_again(pb.SOFT, afi=pb.IPV6),
                         ["2001:db8:40::/48"])
        s.wait(lambda: len(self.refreshes(s)) > len(want), "ROUTE-REFRESH")
        self.assertEqual(sorted(self.refreshes(s)), sorted(want + [six]))
        self.assertFalse(s.closed)
        self.reset(addr, pb.HARD)
        self.assertEqual(s.wait_closed()[:2], (6, 4))
        self.speaker(40)
