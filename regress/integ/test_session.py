# SPDX-License-Identifier: ISC
"""Sessions on the wire: OPEN, headers, timers, states, collision, end."""

import struct
import time

from lib import bgp, net, wait
from lib.case import ASN, Case
from lib.speaker import Closed
from lib.suite import active, passive, pb


class Opening(Case):
    peers = [passive(net.v4(n), remote_as=65000 + n) for n in range(10, 30)] \
        + [passive(net.v4(30)), passive(net.v4(31), hold_time_secs=30),
           passive(net.v4(32), hold_time_secs=0),
           passive(net.v6(33), remote_as=65033),
           passive(net.v4(34), remote_as=ASN),
           passive(net.v4(35), remote_as=4200000035),
           passive(net.v4(36), remote_as=65036,
                   **{"graceful-restart": {"enabled": False}}),
           passive(net.v4(37), remote_as=65037,
                   afi_safis=[{"afi": "ipv6", "safi": "unicast"}])]

    def connected(self, n, asn=None, **kw):
        """TCP up and our OPEN of the suite received, nothing sent."""
        s = self.speaker(n, asn, up=False, **kw)

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

    def refused(self, s, code, subcode, data=None):
        got = s.wait_closed()
        self.assertIsNotNone(got, "closed without a NOTIFICATION")
        self.assertEqual(got[:2], (code, subcode))
        if data is not None:
            self.assertEqual(got[2], data)

    def test_what_our_open_says(self):
        s = self.connected(10)
        o = s.open
        self.assertEqual(o["version"], 4)
        self.assertEqual(o["asn"], ASN)
        self.assertEqual(o["hold"], 180)
        self.assertEqual(o["router_id"], "10.0.0.1")
        caps = {}
        for code, v in o["caps"]:
            caps.setdefault(code, []).append(v)
        self.assertEqual(sorted(caps[1]), [b"\0\1\0\1", b"\0\2\0\1"])
        self.assertEqual(caps[2], [b""])
        self.assertEqual(caps[65], [struct.pack("!I", ASN)])
        gr = caps[64][0]
        self.assertEqual(struct.unpack("!H", gr[:2])[0], 120)

    def test_no_graceful_restart_when_disabled(self):
        s = self.connected(36)
        self.assertNotIn(64, [c for c, _ in s.open["caps"]])

    def test_only_configured_families_are_announced(self):
        s = self.connected(37)
        self.assertEqual([v for c, v in s.open["caps"] if c == 1],
                         [b"\0\2\0\1"])

    def test_session_comes_up(self):
        s = self.speaker(10)
        self.suite.wait_state(s.addr)
        p = self.suite.peer(s.addr).peer
        self.assertEqual(p.asn, 65010)
        self.assertTrue(p.configured)
        self.assertEqual(p.router_id, s.router_id)
        self.assertEqual(p.hold_time_secs, 90)

    def test_one_capability_each_parameter(self):
        s = self.speaker(11, together=False)
        s.announce("198.51.100.0/24")
        self.suite.wait_state(s.addr)
        self.suite.wait_routes(["198.51.100.0/24"], rib=pb.ADJ_IN,
                               peer=s.addr)

    def test_extended_optional_parameters(self):
        """RFC 9072: lengths of two octets, also where it is not needed."""
        caps = b"".join(bytes([c, len(v)]) + v for c, v in [
            bgp.cap_mp(1, 1), bgp.cap_mp(2, 1), bgp.cap_as4(65012)])
        param = b"\x02" + struct.pack("!H", len(caps)) + caps
        body = struct.pack("!BHH4sB", 4, 65012, 90, bgp.ip("10.255.0.12"),
                           255) + b"\xff" + struct.pack(
                               "!H", len(param)) + param
        s = self.connected(12)
        s.said_open = True
        s.send(bgp.message(bgp.OPEN, body), bgp.keepalive())
        s.wait(lambda: s.count(bgp.KEEPALIVE), "KEEPALIVE")
        self.suite.wait_state(s.addr)

    def test_ipv6_transport(self):
        s = self.speaker(33, v6=True)
        s.announce("2001:db8:77::/48")
        self.suite.wait_routes(["2001:db8:77::/48"], rib=pb.ADJ_IN,
                               peer=s.addr)

    def test_ibgp_session(self):
        s = self.speaker(34, ASN)
        self.suite.wait_state(s.addr)
        self.assertEqual(self.suite.peer(s.addr).peer.asn, ASN)

    def test_4_octet_as(self):
        s = self.speaker(35, 4200000035)
        self.assertEqual(self.suite.peer(s.addr).peer.asn, 4200000035)

    def test_any_as_without_remote_as(self):
        s = self.speaker(30, 65123)
        self.suite.wait_state(s.addr)
        self.assertEqual(self.suite.peer(s.addr).peer.asn, 65123)

    def test_wrong_as(self):
        s = self.connected(13)
        s.send_open(asn=65099, caps=[bgp.cap_as4(65099)])
        self.refused(s, 2, 2)

    def test_as_0(self):
        s = self.connected(30)
        s.send_open(asn=0, caps=[])
        self.refused(s, 2, 2)

    def test_as_0_in_the_capability(self):
        s = self.connected(30)
        s.send_open(asn=bgp.AS_TRANS, caps=[bgp.cap_as4(0)])
        self.refused(s, 2, 2)

    def test_version_3(self):
        s = self.connected(14)
        s.send_open(version=3)
        self.refused(s, 2, 1, b"\x00\x04")

    def test_hold_time_1(self):
        s = self.connected(15)
        s.send_open(hold=1)
        self.refused(s, 2, 6)

    def test_hold_time_2(self):
        s = self.connected(15)
        s.send_open(hold=2)
        self.refused(s, 2, 6)

    def test_identifier_0(self):
        s = self.connected(16)
        s.send_open(router_id="0.0.0.0")
        self.refused(s, 2, 3)

    def test_our_identifier_from_ibgp(self):
        s = self.connected(34, ASN)
        s.send_open(router_id="10.0.0.1")
        self.refused(s, 2, 3)

    def test_our_identifier_from_ebgp_is_fine(self):
        """RFC 6286: unique within an AS only."""
        s = self.connected(16)
        s.send_open(router_id="10.0.0.1")
        s.wait(lambda: s.count(bgp.KEEPALIVE), "KEEPALIVE")

    def test_parameters_overrun(self):
        s = self.connected(17)
        s.send(bgp.message(bgp.OPEN, struct.pack(
            "!BHH4sB", 4, 65017, 90, bgp.ip("10.9.9.9"), 20) + b"\2\6"))
        self.refused(s, 2, 0)

    def test_capability_overruns(self):
        s = self.connected(17)
        s.send_open(params=b"\x02\x03\x01\x04\x00")
        self.refused(s, 2, 0)

    def test_unknown_optional_parameter(self):
        s = self.connected(17)
        s.send_open(params=b"\x01\x01\x00")
        self.refused(s, 2, 4)

    def test_unknown_capability_is_ignored(self):
        s = self.speaker(18, up=False)
        s.caps = s.caps + [(239, b"\1\2\3"), (73, b"\5hello\4test")]
        s.establish()
        self.suite.wait_state(s.addr)

    def test_marker(self):
        s = self.connected(19)
        s.send(b"\0" * 16 + struct.pack("!HB", 19, 4))
        self.refused(s, 1, 1)

    def test_length_18(self):
        s = self.speaker(19)
        s.send(bgp.MARKER + struct.pack("!HB", 18, 4))
        self.refused(s, 1, 2, b"\x00\x12")

    def test_length_4097(self):
        s = self.speaker(19)
        s.send(bgp.MARKER + struct.pack("!HB", 4097, 2) + bytes(4078))
        self.refused(s, 1, 2, b"\x10\x01")

    def test_keepalive_of_20_octets(self):
        s = self.speaker(19)
        s.send(bgp.message(4, b"\0"))
        self.refused(s, 1, 2, b"\x00\x14")

    def test_update_of_22_octets(self):
        s = self.speaker(19)
        s.send(bgp.message(2, b"\0\0\0"))
        self.refused(s, 1, 2, b"\x00\x16")

    def test_message_type_0(self):
        s = self.speaker(20)
        s.send(bgp.message(0))
        self.refused(s, 1, 3, b"\x00")

    def test_message_type_6(self):
        s = self.speaker(20)
        s.send(bgp.message(6))
        self.refused(s, 1, 3, b"\x06")

    def test_update_in_open_sent(self):
        """RFC 6608 3: subcode 1, with the type of the message."""
        s = self.connected(21)
        s.send(bgp.update())
        self.refused(s, 5, 1, b"\x02")

    def test_update_in_open_confirm(self):
        s = self.connected(21)
        s.answer_open = False
        s.send_open()
        s.wait(lambda: s.count(bgp.KEEPALIVE), "KEEPALIVE")
        s.send(bgp.update())
        self.refused(s, 5, 2, b"\x02")

    def test_open_in_established(self):
        s = self.speaker(21)
        self.suite.wait_state(s.addr)
        s.send_open()
        self.refused(s, 5, 3, b"\x01")

    def test_hold_time_is_the_smaller(self):
        s = self.speaker(31, hold=90)
        self.assertEqual(s.open["hold"], 30)
        self.suite.wait_state(s.addr)
        self.assertEqual(self.suite.peer(s.addr).peer.hold_time_secs, 30)

    def test_hold_time_0_means_no_keepalives(self):
        s = self.speaker(32, hold=0)
        self.suite.wait_state(s.addr)
        n = s.count(bgp.KEEPALIVE)
        wait.holds(lambda: not s.closed and s.count(bgp.KEEPALIVE) == n,
                   "silence", 1.5)

    def probes(self, s):
        """Does the suite's end of a connection have TCP ask for the other?"""
        ours, theirs = s.sock.getpeername(), s.sock.getsockname()
        want = ["%08X:%04X" % (struct.unpack("=I", bgp.ip(a))[0], p)
                for a, p in (ours, theirs)]
        with open("/proc/net/tcp") as f:
            for line in f:
                w = line.split()
                if w[1:3] == want:
                    return w[5].startswith("02:")   # its keepalive timer
        self.fail("no connection %r" % want)

    def test_hold_time_0_leaves_it_to_tcp_to_miss_the_peer(self):
        """RFC 1122 4.2.3.6; with a hold time that alone counts."""
        s, t = self.speaker(32, hold=0), self.speaker(29)
        self.suite.wait_state(s.addr)
        wait.until(lambda: self.probes(s), "probes")
        wait.holds(lambda: not self.probes(t), "no probes", 0.5)

    def test_hold_timer_expires(self):
        s = self.speaker(22, hold=3)
        s.quiet = True
        self.refused(s, 4, 0)
        self.assertEqual(self.suite.peer(s.addr).peer.last_error_sent.code, 4)

    def test_keepalives_hold_the_session(self):
        s = self.speaker(22, hold=3)
        n = s.count(bgp.KEEPALIVE)
        s.wait(lambda: s.count(bgp.KEEPALIVE) >= n + 4, "4 KEEPALIVEs", 10)

    def test_notification_ends_the_session(self):
        """Whatever it says, and without an answer."""
        s = self.speaker(23)
        s.announce("198.51.100.0/24")
        self.suite.wait_routes(["198.51.100.0/24"], rib=pb.ADJ_IN,
                               peer=s.addr)
        s.send(bgp.notification(6, 2, bytes([255]) + b"\xff\0" * 127 +
                                b"\x80"))
        self.assertIsNone(s.wait_closed())
        self.suite.wait_routes([], rib=pb.ADJ_IN, peer=s.addr)
        p = self.suite.peer(s.addr).peer
        self.assertEqual(p.last_error_received.code, 6)
        self.assertEqual(p.last_error_received.subcode, 2)

    def test_shutdown_text_of_any_content(self):
        for text in (b"", b"\0", bytes([5]) + b"a\x1b[2J", b"\x80" * 129):
            s = self.speaker(23)
            s.send(bgp.notification(6, 2, text))
            self.assertIsNone(s.wait_closed())
            s.stop()

    def test_loss_of_the_connection(self):
        s = self.speaker(24)
        s.announce("198.51.100.0/24")
        self.suite.wait_routes(["198.51.100.0/24"], rib=pb.ADJ_IN,
                               peer=s.addr)
        s.drop(rst=True)
        self.suite.wait_routes([], rib=pb.ADJ_IN, peer=s.addr)
        s.establish()

    def test_disable_and_enable(self):
        s = self.speaker(25)
        self.suite.wait_state(s.addr)
        self.suite.rpc.DisablePeer(pb.DisablePeerRequest(
            address=s.addr, reason="maintenance"))
        self.refused(s, 6, 2, b"\x0bmaintenance")
        p = self.suite.peer(s.addr).peer
        self.assertEqual(p.admin_state, pb.DOWN)
        self.assertEqual(p.state, pb.IDLE)
        # A connection meanwhile is closed without a word.
        s.connect()
        self.assertIsNone(s.wait_closed())
        self.assertIsNone(s.open)
        self.suite.rpc.EnablePeer(pb.EnablePeerRequest(address=s.addr))
        s.establish()
        self.assertEqual(self.suite.peer(s.addr).peer.admin_state, pb.UP)

    def test_neighbor_down_and_up_by_bgpctl(self):
        s = self.speaker(25)
        self.suite.wait_state(s.addr)
        self.suite.bgpctl("neighbor", s.addr, "down")
        self.refused(s, 6, 2)
        self.suite.bgpctl("neighbor", s.addr, "up")
        s.establish()

    def test_statistics_count(self):
        s = self.speaker(26)
        self.suite.wait_state(s.addr)
        before = self.suite.peer(s.addr).statistics
        for i in range(5):
            s.announce("198.51.%d.0/24" % i)
        wait.until(lambda: self.suite.peer(s.addr).statistics.update_received
                   == before.update_received + 5, "5 UPDATEs counted")
        s.send(bgp.refresh(1, 1))
        wait.until(lambda: self.suite.peer(s.addr).statistics
                   .route_refresh_received ==
                   before.route_refresh_received + 1, "refresh counted")

    def test_stranger_is_told_connection_rejected(self):
        s = self.speaker(90, up=False)
        s.connect()
        self.refused(s, 6, 5)

    def test_second_connection_while_established(self):
        """RFC 4271 6.8: the session that is up stays."""
        s = self.speaker(27)
        self.suite.wait_state(s.addr)
        t = self.speaker(27, up=False)
        t.connect()
        try:
            t.send_open()
        except OSError:
            pass                # closed already
        t.wait_closed()
        self.assertEqual(self.suite.state(s.addr), "ESTABLISHED")
        self.assertFalse(s.closed)

    def test_connection_replaced_in_open_sent(self):
        """A peer that connects again before it said anything."""
        first = self.connected(28)
        second = self.speaker(28, up=False)
        second.connect()
        try:
            second.send_open()
        except OSError:
            pass                # closed already
        # One of the two comes up; the other is closed.
        wait.until(lambda: second.count(bgp.KEEPALIVE) or second.closed,
                   "an answer")
        if second.closed:
            first.send_open()
            first.wait(lambda: first.count(bgp.KEEPALIVE), "KEEPALIVE")
        self.suite.wait_state(second.addr)


class Collision(Case):
    """RFC 4271 6.8: both sides connect at the same time."""

    peers = [active(net.v4(40), remote_as=65040),
             active(net.v4(41), remote_as=65041)]

    def both(self, n, router_id):
        s = self.speaker(n, up=False, router_id=router_id)
        s.listen()
        theirs = s                      # the connection that we accept
        theirs.accept()
        theirs.wait_open()
        ours = self.speaker(n, up=False, router_id=router_id)
        ours.connect()
        # Our OPEN on the first, so that the suite is in OpenConfirm there.
        theirs.answer_open = False
        theirs.send_open()
        theirs.wait(lambda: theirs.count(bgp.KEEPALIVE), "KEEPALIVE")
        ours.answer_open = False
        ours.send_open()
        return theirs, ours

    def test_higher_identifier_of_the_peer_wins(self):
        theirs, ours = self.both(40, "10.0.0.200")
        got = theirs.wait_closed()
        self.assertEqual(got[:2], (6, 7))
        ours.wait(lambda: ours.count(bgp.KEEPALIVE), "KEEPALIVE")
        ours.send(bgp.keepalive())
        self.suite.wait_state(ours.addr)

    def test_lower_identifier_of_the_peer_loses(self):
        theirs, ours = self.both(41, "10.0.0.0")
        got = ours.wait_closed()
        self.assertIsNotNone(got, "closed without a NOTIFICATION")
        self.assertEqual(got[:2], (6, 7))
        theirs.send(bgp.keepalive())
        self.suite.wait_state(theirs.addr)
        self.assertFalse(theirs.closed)


class Connecting(Case):
    """We connect: retries, idle hold, restarts."""

    peers = [active(net.v4(50), remote_as=65050),
             active(net.v4(51), remote_as=65051, passive_mode=True),
             active(net.v6(52), remote_as=65052),
             active(net.v4(53), remote_as=65053,
                    local_address=net.v4(60)),
             active(net.v4(54), remote_as=65054, delay_open_time_secs=1)]

    def test_connects_and_reconnects(self):
        s = self.speaker(50, up=False)
        s.listen()
        s.accept_session()
        self.suite.wait_state(s.addr)
        s.drop()
        s.accept_session()
        self.suite.wait_state(s.addr)

    def test_source_is_the_listen_address(self):
        s = self.speaker(50, up=False)
        s.listen()
        s.accept_session()
        self.assertEqual(s.sock.getpeername()[0], self.suite.addr)

    def test_source_is_the_local_address(self):
        s = self.speaker(53, up=False)
        s.listen()
        s.accept_session()
        self.assertEqual(s.sock.getpeername()[0], net.v4(60))

    def test_connects_over_ipv6(self):
        s = self.speaker(52, up=False, v6=True)
        s.listen()
        s.accept_session()
        self.suite.wait_state(s.addr)

    def test_passive_peer_is_never_connected_to(self):
        s = self.speaker(51, up=False)
        s.listen()
        self.assertRaises(OSError, s.accept, 3)
        self.assertEqual(self.suite.state(s.addr), "ACTIVE")

    def test_delay_open(self):
        """Our OPEN comes late; the peer's own hurries it, and what it said
        about itself counts."""
        s = self.speaker(54, up=False)
        s.listen()
        s.accept()
        self.assertIsNone(s.open)
        s.send_open()
        s.wait_open()
        s.wait(lambda: s.count(bgp.KEEPALIVE), "KEEPALIVE")
        self.suite.wait_state(s.addr)
        s.announce("2001:db8:54::/48")
        self.suite.wait_routes(["2001:db8:54::/48"], rib=pb.ADJ_IN,
                               peer=s.addr)


class Unconfigured(Case):
    conf = {"accept_unconfigured_peers": True}

    def test_a_stranger_is_taken_and_forgotten(self):
        s = self.speaker(70)
        self.suite.wait_state(s.addr)
        self.assertFalse(self.suite.peer(s.addr).peer.configured)
        s.announce("198.51.100.0/24")
        self.suite.wait_routes(["198.51.100.0/24"])
        s.stop()
        wait.until(lambda: s.addr not in self.suite.peers(), "peer gone")
        self.suite.wait_routes([])

    def test_over_ipv6(self):
        s = self.speaker(71, v6=True)
        self.suite.wait_state(s.addr)

    def test_strangers_do_not_fill_the_log(self):
        """Sessions that come and go, again and again: twenty lines in ten
        seconds, then how many are missing."""
        def come_and_go(n):
            s = self.speaker(n)
            s.send(b"\0" * 19)
            s.wait_closed()
        start = time.monotonic()
        for i in range(15):
            come_and_go(72 + i)
        took = time.monotonic() - start
        # Two lines each would be 30.
        self.assertLessEqual(len(self.suite.grep(
            "session (established|closed)")), 20 * (1 + took // 10))

        def told():
            come_and_go(72)
            return self.suite.grep("more lines about unconfigured peers "
                                   "were left out")
        wait.until(told, "what is missing", 30)


class Added(Case):
    """Peers through the API."""

    def test_add_use_remove(self):
        r = self.suite.rpc.AddPeer(pb.AddPeerRequest(
            address=net.endpoint(net.v4(80)), config=pb.SessionConfig(
                passive_mode=True, idle_hold_time_secs=0)))
        self.assertTrue(r.success)
        s = self.speaker(80)
        s.announce("198.51.100.0/24")
        self.suite.wait_routes(["198.51.100.0/24"])
        r = self.suite.rpc.RemovePeer(pb.RemovePeerRequest(address=s.addr))
        self.assertTrue(r.success)
        got = s.wait_closed()
        self.assertEqual(got[:2], (6, 3))
        self.suite.wait_routes([])
        self.assertNotIn(s.addr, self.suite.peers())
        t = self.speaker(80, up=False)
        t.connect()
        self.assertEqual(t.wait_closed()[:2], (6, 5))

    def test_shutdown_says_cease_to_every_peer(self):
        for n in (81, 82):
            self.suite.rpc.AddPeer(pb.AddPeerRequest(
                address=net.v4(n), config=pb.SessionConfig(
                    passive_mode=True, idle_hold_time_secs=0)))
        a, b = self.speaker(81), self.speaker(82)
        self.suite.wait_state(a.addr)
        self.suite.wait_state(b.addr)
        self.suite.stop()
        self.assertEqual(a.wait_closed()[:2], (6, 2))
        self.assertEqual(b.wait_closed()[:2], (6, 2))
