# SPDX-License-Identifier: ISC
"""A BMP collector (RFC 7854, 8671, 9069) that keeps what it is told.

Every message is taken apart to its last byte; what has another form than the
RFCs give it is kept as `broken` and fails the next wait.
"""

import ipaddress
import socket
import struct
import threading
import time

from . import bgp, wait

MONITORING, STATISTICS, DOWN, UP, INITIATION, TERMINATION, MIRRORING = range(7)
V, L, A, O = 0x80, 0x40, 0x20, 0x10
LOC_RIB = 3                     # type of a peer


class Bad(AssertionError):
    pass


def need(condition, what):
    if not condition:
        raise Bad(what)


def tlvs(data):
    out = []
    while data:
        need(len(data) >= 4, "cut TLV")
        kind, n = struct.unpack("!HH", data[:4])
        need(len(data) >= 4 + n, "TLV %d overruns" % kind)
        out.append((kind, data[4:4 + n]))
        data = data[4 + n:]
    return out


def pdu(data):
    """One BGP message off the front: (message, rest)."""
    need(data[:16] == b"\xff" * 16, "marker")
    n = struct.unpack("!H", data[16:18])[0]
    need(19 <= n <= len(data), "length of a BGP message")
    return data[:n], data[n:]


class Message:
    """kind, and by kind: peer (type, flags, address), asn, id, secs, usecs;
    tlvs; sent, received, local, ports; reason, data; stats; update."""

    def __init__(self, kind, body):
        self.kind = kind
        self.raw = body
        if kind not in (INITIATION, TERMINATION):
            body = self.header(body)
        getattr(self, ("monitoring", "statistics", "down", "up", "initiation",
                       "termination", "mirroring")[kind])(body)

    def header(self, body):
        need(len(body) >= 42, "per-peer header")
        self.type, self.flags, dist, addr, self.asn, rid, self.secs, \
            self.usecs = struct.unpack("!BBQ16sI4sII", body[:42])
        need(dist == 0, "distinguisher")
        if self.type == LOC_RIB:
            need(addr == bytes(16), "address of the Loc-RIB")
            self.addr = None
        elif self.flags & V:
            self.addr = str(ipaddress.ip_address(addr))
        else:
            need(addr[:12] == bytes(12), "IPv4 in the last four octets")
            self.addr = str(ipaddress.ip_address(addr[12:]))
        self.id = str(ipaddress.ip_address(rid))
        need(self.usecs < 1000000, "microseconds")
        return body[42:]

    def monitoring(self, body):
        msg, rest = pdu(body)
        need(rest == b"" and msg[18] == bgp.UPDATE, "one UPDATE")
        self.pdu = msg
        self.update = bgp.Update(msg[19:])

    def statistics(self, body):
        n = struct.unpack("!I", body[:4])[0]
        self.stats = tlvs(body[4:])
        need(len(self.stats) == n, "number of counters")

    def down(self, body):
        self.reason, self.data = body[0], body[1:]
        if self.reason in (1, 3):
            msg, rest = pdu(self.data)
            need(rest == b"" and msg[18] == bgp.NOTIFICATION, "NOTIFICATION")
            self.code, self.subcode = msg[19], msg[20]
        elif self.reason == 2:
            need(len(self.data) == 2, "event of the FSM")
        elif self.reason in (4, 5):
            need(self.data == b"", "nothing behind the reason")
        else:
            need(self.reason == 6 and self.type == LOC_RIB, "reason")
            self.tlvs = tlvs(self.data)

    def up(self, body):
        addr, self.local_port, self.remote_port = struct.unpack(
            "!16sHH", body[:20])
        if not self.flags & V or self.type == LOC_RIB:
            need(addr[:12] == bytes(12), "local address")
            addr = addr[12:]
        self.local = str(ipaddress.ip_address(addr))
        self.sent, rest = pdu(body[20:])
        self.received, rest = pdu(rest)
        need(self.sent[18] == self.received[18] == bgp.OPEN, "OPEN")
        self.tlvs = tlvs(rest)

    def initiation(self, body):
        self.tlvs = tlvs(body)

    def termination(self, body):
        self.tlvs = tlvs(body)

    def mirroring(self, body):
        self.tlvs = tlvs(body)

    def counter(self, kind):
        """A counter's value; None if it is not there."""
        for k, v in self.stats:
            if k == kind:
                return int.from_bytes(v, "big")
        return None


class Collector:
    def __init__(self, addr="127.0.0.1", port=0):
        self.cond = threading.Condition()
        self.listener = socket.socket(
            socket.AF_INET6 if ":" in addr else socket.AF_INET)
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.listener.bind((addr, port))
        self.port = self.listener.getsockname()[1]
        self.address = ("[%s]:%d" if ":" in addr else "%s:%d") % (
            addr, self.port)
        self.buffer = 0         # bytes of the socket's, 0: as it comes
        self.paused = False
        self.sock = None
        self.connections = 0
        self.reset()
        self.stopping = False
        self.listener.listen(5)
        threading.Thread(target=self._accept, daemon=True).start()

    def reset(self):
        self.messages = []
        self.bytes = 0
        # (feed, peer) -> {raw prefix: (attributes, next hop)}; a feed is
        # the flags L and O, or "loc"
        self.ribs = {}
        self.done = set()       # (feed, peer, family) with End-of-RIB
        self.up = {}            # peer -> its Peer Up
        self.closed = False
        self.broken = None

    # ------------------------------------------------------------ connection

    def _accept(self):
        while True:
            try:
                s, _ = self.listener.accept()
            except OSError:
                return
            with self.cond:
                if self.buffer:
                    s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF,
                                 self.buffer)
                self.reset()
                self.sock = s
                self.connections += 1
                self.cond.notify_all()
            self._read(s)

    def _read(self, s):
        buf = b""
        while True:
            with self.cond:
                while self.paused and s is self.sock:
                    self.cond.wait(0.5)
            try:
                data = s.recv(65536)
            except OSError:
                data = b""
            with self.cond:
                if s is not self.sock:
                    return
                if not data:
                    self.closed = True
                    if buf and not self.broken:
                        self.broken = Bad("closed within a message")
                    self.cond.notify_all()
                    return
                self.bytes += len(data)
                buf += data
                try:
                    while self._message(buf):
                        buf = buf[struct.unpack("!I", buf[1:5])[0]:]
                except Exception as e:
                    if self.broken is None:
                        self.broken = e
                    buf = b""
                self.cond.notify_all()

    def _message(self, buf):
        if len(buf) < 6:
            return False
        version, n, kind = struct.unpack("!BIB", buf[:6])
        need(version == 3 and n >= 6 and kind <= 6, "common header")
        if len(buf) < n:
            return False
        m = Message(kind, buf[6:n])
        need(not self.messages or
             self.messages[-1].kind != TERMINATION, "after Termination")
        need(self.messages or kind == INITIATION, "Initiation first")
        self._apply(m)
        self.messages.append(m)
        return True

    def _apply(self, m):
        if m.kind in (INITIATION, TERMINATION):
            return
        peer = m.addr
        if m.kind == UP:
            need(peer not in self.up, "second Peer Up of %s" % peer)
            self.up[peer] = m
            return
        need(peer in self.up, "no Peer Up of %s" % peer)
        if m.kind == DOWN:
            del self.up[peer]
            self.ribs = {k: v for k, v in self.ribs.items() if k[1] != peer}
            self.done = {k for k in self.done if k[1] != peer}
        elif m.kind == MONITORING:
            feed = "loc" if m.type == LOC_RIB else m.flags & (L | O)
            u = m.update
            if u.end_of_rib:
                self.done.add((feed, peer, u.end_of_rib))
                return
            rib = self.ribs.setdefault((feed, peer), {})
            for k in u.withdrawn:
                rib.pop(k, None)
            for k in u.announced:
                rib[k] = (u.attrs, u.mp_hop)

    def drop(self):
        """Close the connection."""
        with self.cond:
            s, self.sock = self.sock, None
            self.cond.notify_all()
        if s is not None:
            s.shutdown(socket.SHUT_RDWR)
            s.close()

    def pause(self, on=True):
        with self.cond:
            self.paused = on
            self.cond.notify_all()

    def stop(self):
        self.pause(False)
        try:
            self.listener.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.listener.close()
        try:
            self.drop()
        except OSError:
            pass

    # --------------------------------------------------------------- waiting

    def wait(self, condition, what, timeout=20):
        end = time.monotonic() + timeout * wait.FACTOR
        with self.cond:
            while True:
                if self.broken:
                    raise self.broken
                value = condition()
                if value:
                    return value
                left = end - time.monotonic()
                if left <= 0:
                    raise wait.Timeout("collector: no %s within %g s" % (
                        what, timeout * wait.FACTOR))
                self.cond.wait(min(left, 1))

    def wait_connection(self, n=1, timeout=20):
        self.wait(lambda: self.connections >= n and self.messages,
                  "connection %d" % n, timeout)

    def wait_up(self, peer, timeout=20):
        return self.wait(lambda: self.up.get(peer), "Peer Up of %s" % peer,
                         timeout)

    def wait_kind(self, kind, peer=None, timeout=20):
        """The last message of a kind (of a peer)."""
        def there():
            for m in reversed(self.messages):
                if m.kind == kind and (peer is None or m.addr == peer):
                    return m
            return None
        return self.wait(there, "message of type %d" % kind, timeout)

    def wait_done(self, peer, feed=0, families=(bgp.IPV4, bgp.IPV6),
                  timeout=20):
        self.wait(lambda: all((feed, peer, f) in self.done for f in families),
                  "End-of-RIB of %s" % peer, timeout)

    def wait_route(self, peer, prefix, feed=0, check=None, timeout=20):
        key = bgp.raw(prefix)

        def there():
            r = self.ribs.get((feed, peer), {}).get(key)
            d = bgp.describe(r[0], True, r[1]) if r is not None else None
            return d if d and (check is None or check(d)) else None
        return self.wait(there, "route %s of %s" % (prefix, peer), timeout)

    def wait_gone(self, peer, prefix, feed=0, timeout=20):
        key = bgp.raw(prefix)
        self.wait(lambda: key not in self.ribs.get((feed, peer), {}),
                  "withdrawal of %s of %s" % (prefix, peer), timeout)

    def prefixes(self, peer, feed=0):
        with self.cond:
            return set(self.ribs.get((feed, peer), {}))
