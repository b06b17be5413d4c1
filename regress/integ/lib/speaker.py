# SPDX-License-Identifier: ISC
"""A scripted BGP speaker.

One thread per speaker owns the reading side: it answers an OPEN with a
KEEPALIVE (unless told not to), sends KEEPALIVEs in time, records what comes
and keeps the table that follows from it.  The test's thread sends and waits.
"""

import select
import socket
import struct
import threading
import time

from . import bgp, net, wait

DEFAULT = object()


class Closed(Exception):
    """The other side closed without a NOTIFICATION."""


class Speaker:
    def __init__(self, addr, asn, router_id=None, remote=None, hold=90,
                 caps=DEFAULT, asn4=True, families=(bgp.IPV4, bgp.IPV6),
                 together=True):
        self.addr = addr
        self.asn = asn
        self.router_id = router_id or ("10.255.0.%d" % (
            int(addr.split(".")[-1]) if "." in addr else
            int(addr.split(":")[-1] or "0", 16) & 0xff))
        self.remote = remote
        self.hold = hold
        self.asn4 = asn4
        self.together = together
        if caps is DEFAULT:
            caps = [bgp.cap_mp(*f) for f in families] + [bgp.cap_refresh()]
            if asn4:
                caps.append(bgp.cap_as4(asn))
        self.caps = caps
        self.listener = None
        self.cond = threading.Condition()
        self.sock = None
        self.reset()

    def reset(self):
        """Forget everything of an earlier connection."""
        self.messages = []      # (type, body), UPDATEs only if keep_updates
        self.keep_updates = True
        self.updates = 0
        self.table = {}         # (afi, raw) -> (attrs, mp_hop)
        self.keep_table = True
        self.ribs_done = set()
        self.error = None       # NOTIFICATION received: code, subcode, data
        self.closed = False
        self.open = None        # what the other side said
        self.answer_open = True
        self.said_open = False
        self.quiet = False      # no KEEPALIVEs
        self.paused = False     # not reading
        self.broken = None
        self.oversize = 0
        self.bytes = 0

    # ------------------------------------------------------------ connection

    def connect(self, remote=None, timeout=5, port=None):
        """Connect from our own address and start reading."""
        remote = remote or self.remote
        fam = socket.AF_INET6 if ":" in remote else socket.AF_INET
        s = socket.socket(fam, socket.SOCK_STREAM)
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        s.settimeout(timeout)
        try:
            s.bind((self.addr, 0))
            s.connect((remote, port or net.bgp_port()))
        except OSError:
            s.close()
            raise
        self._attach(s)

    def listen(self, port=None):
        fam = socket.AF_INET6 if ":" in self.addr else socket.AF_INET
        s = socket.socket(fam, socket.SOCK_STREAM)
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        s.bind((self.addr, port or net.bgp_port()))
        s.listen(8)
        self.listener = s

    def accept(self, timeout=20):
        self.listener.settimeout(timeout * wait.FACTOR)
        s, _ = self.listener.accept()
        self._attach(s)

    def _attach(self, s):
        self.drop()
        self.reset()
        s.settimeout(None)
        s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.sock = s
        self.sending = threading.Lock()
        self.thread = threading.Thread(target=self._read, args=(s,),
                                       daemon=True)
        self.thread.start()

    def drop(self, rst=False):
        """Close the connection without a NOTIFICATION."""
        s, self.sock = self.sock, None
        if s is None:
            return
        if rst:
            s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                         struct.pack("ii", 1, 0))
        try:
            s.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        if threading.current_thread() is not self.thread:
            self.thread.join(10)
        s.close()

    def stop(self):
        self.drop()
        if self.listener:
            self.listener.close()
            self.listener = None

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.stop()

    # --------------------------------------------------------------- sending

    def send(self, *msgs):
        with self.sending:
            self.sock.sendall(b"".join(msgs))

    def send_open(self, **kw):
        args = dict(asn=self.asn, hold=self.hold, router_id=self.router_id,
                    caps=self.caps, together=self.together)
        args.update(kw)
        with self.cond:
            self.send(bgp.open_message(**args))
            self.said_open = True
            if self.open and self.answer_open:
                self.send(bgp.keepalive())

    def handshake(self, timeout=10):
        """OPEN and KEEPALIVE both ways on a fresh connection."""
        self.send_open()
        self.wait_open(timeout)
        self.wait(lambda: self.count(bgp.KEEPALIVE), "KEEPALIVE", timeout)
        return self

    def establish(self, remote=None, timeout=20):
        """Connect until a session is up: the other side may not be ready."""
        def attempt():
            try:
                self.connect(remote)
                return self.handshake(5)
            except (Closed, OSError, wait.Timeout):
                self.drop()
                return None
        return wait.until(attempt, "session of %s" % self.addr, timeout, 0.1)

    def accept_session(self, timeout=20):
        """Accept until a session is up (a collision may close one)."""
        def attempt():
            try:
                self.accept(5)
                return self.handshake(5)
            except (Closed, OSError, wait.Timeout):
                self.drop()
                return None
        return wait.until(attempt, "session at %s" % self.addr, timeout, 0.1)

    def announce(self, prefixes, path=None, hop=None, *more, **kw):
        """Announce with our AS in front and our address as next hop."""
        first = prefixes if isinstance(prefixes, str) else prefixes[0]
        if hop is None:
            hop = self.addr if (":" in first) == (":" in self.addr) else \
                "2001:db8::ff"
        self.send(bgp.announce(prefixes,
                               [self.asn] if path is None else path, hop,
                               *more, asn4=self.asn4, **kw))

    def withdraw(self, prefixes):
        self.send(bgp.withdraw(prefixes))

    # --------------------------------------------------------------- waiting

    def wait(self, condition, what, timeout=10):
        """Wait until condition(); a NOTIFICATION or the end is a failure."""
        end = time.monotonic() + timeout * wait.FACTOR
        with self.cond:
            while True:
                value = condition()
                if value:
                    return value
                if self.broken:
                    raise self.broken
                if self.closed:
                    if self.error is None:
                        raise Closed("%s: closed before %s" % (
                            self.addr, what))
                    raise AssertionError(
                        "%s: NOTIFICATION %d/%d %s before %s" % (
                            (self.addr,) + self.error[:2] +
                            (self.error[2].hex(), what)))
                left = end - time.monotonic()
                if left <= 0:
                    raise wait.Timeout("%s: no %s within %g s" % (
                        self.addr, what, timeout * wait.FACTOR))
                self.cond.wait(min(left, 1))

    def wait_open(self, timeout=10):
        self.wait(lambda: self.open, "OPEN", timeout)
        return self.open

    def wait_closed(self, timeout=10):
        """Wait for the end; returns the NOTIFICATION or None."""
        self.wait(lambda: self.closed, "end of the connection", timeout)
        return self.error

    def wait_route(self, prefix, check=None, timeout=10):
        """Wait for a route (and for check(attributes)); its attributes."""
        key = bgp.raw(prefix)

        def there():
            r = self.table.get(key)
            if r is None:
                return None
            d = bgp.describe(r[0], self.asn4, r[1])
            return d if check is None or check(d) else None
        return self.wait(there, "route %s" % prefix, timeout)

    def wait_gone(self, prefix, timeout=10):
        key = bgp.raw(prefix)
        self.wait(lambda: key not in self.table,
                  "withdrawal of %s" % prefix, timeout)

    def wait_prefixes(self, n, timeout=30):
        self.wait(lambda: len(self.table) >= n, "%d prefixes" % n, timeout)

    def wait_end_of_rib(self, family=bgp.IPV4, timeout=10):
        self.wait(lambda: family in self.ribs_done,
                  "End-of-RIB of %r" % (family,), timeout)

    # -------------------------------------------------------------- looking

    def count(self, kind):
        if kind == bgp.UPDATE:
            return self.updates
        return sum(1 for k, _ in self.messages if k == kind)

    def has(self, prefix):
        with self.cond:
            return bgp.raw(prefix) in self.table

    def route(self, prefix):
        with self.cond:
            attrs, hop = self.table[bgp.raw(prefix)]
        return bgp.describe(attrs, self.asn4, hop)

    def prefixes(self):
        with self.cond:
            return sorted(bgp.text(*k) for k in self.table)

    # -------------------------------------------------------------- the thread

    def _read(self, s):
        buf = bytearray()
        due = None
        while True:
            timeout = 0.2
            if due is not None:
                timeout = max(0, min(timeout, due - time.monotonic()))
            if self.paused:
                select.select([], [], [], 0.05)
                ready = False
            else:
                try:
                    ready = select.select([s], [], [], timeout)[0]
                except (OSError, ValueError):
                    ready = True
            if ready:
                try:
                    data = s.recv(1 << 18)
                except OSError:
                    data = b""
                if not data:
                    break
                buf += data
                try:
                    self._messages(s, buf)
                except Exception as e:
                    self.broken = e
                    break
                if self.error:
                    break       # who is told so closes
            if self.open and due is None:
                due = time.monotonic() + self._interval()
            if due is not None and time.monotonic() >= due:
                if not self.quiet and self.hold:
                    if self.sending.acquire(blocking=False):
                        try:
                            s.sendall(bgp.keepalive())
                        except OSError:
                            pass
                        finally:
                            self.sending.release()
                due = time.monotonic() + self._interval()
        with self.cond:
            self.closed = True
            self.cond.notify_all()
        try:
            s.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass

    def _interval(self):
        return max(0.3, min(self.hold or 90, self.open["hold"] or 90) / 3)

    def _messages(self, s, buf):
        at = 0
        got = []
        while len(buf) - at >= 19:
            if buf[at:at + 16] != bgp.MARKER:
                raise bgp.Malformed("marker")
            n = buf[at + 16] << 8 | buf[at + 17]
            if n < 19 or n > 4096:
                raise bgp.Malformed("message of %d octets" % n)
            if len(buf) - at < n:
                break
            got.append((buf[at + 18], bytes(buf[at + 19:at + n])))
            at += n
        del buf[:at]
        with self.cond:
            self.bytes += at
            for kind, body in got:
                self._message(s, kind, body)
            self.cond.notify_all()

    def _message(self, s, kind, body):
        if kind == bgp.UPDATE:
            self.updates += 1
            if self.keep_updates:
                self.messages.append((kind, body))
            if self.keep_table:
                u = bgp.Update(body)
                if u.end_of_rib:
                    self.ribs_done.add(u.end_of_rib)
                for key in u.withdrawn:
                    self.table.pop(key, None)
                for key in u.announced:
                    self.table[key] = (u.attrs, u.mp_hop)
            return
        self.messages.append((kind, body))
        if kind == bgp.OPEN:
            self.open = bgp.split_open(body)
            if self.answer_open and self.said_open:
                with self.sending:
                    s.sendall(bgp.keepalive())
        elif kind == bgp.NOTIFICATION:
            self.error = (body[0], body[1], body[2:])
