# SPDX-License-Identifier: ISC
"""What a service manager is told: readiness, reloads, pulses, the end."""

import os
import re
import signal
import socket
import tempfile
import time
import unittest

from lib import net, wait
from lib.speaker import Speaker
from lib.suite import Suite, alive, passive, pb

PULSE = 600000          # microseconds in which the manager wants a pulse


class Manager:
    """The socket of a service manager, and what came in there."""

    def __init__(self, abstract=False):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        # Short: an address has 108 bytes.
        self.dir = tempfile.TemporaryDirectory(prefix="notify")
        self.path = os.path.join(self.dir.name, "socket")
        if abstract:
            self.socket.bind("\0" + self.path)
            self.path = "@" + self.path
        else:
            self.socket.bind(self.path)
            os.chmod(self.dir.name, 0o755)
            os.chmod(self.path, 0o777)
        self.socket.setblocking(False)
        self.seen = []

    def close(self):
        self.socket.close()
        self.dir.cleanup()

    def read(self):
        """The messages so far, each as a dict of its variables."""
        while True:
            try:
                data = self.socket.recv(8192)
            except BlockingIOError:
                return self.seen
            lines = data.decode().splitlines()
            self.seen.append(dict(x.split("=", 1) for x in lines))

    def wait(self, **want):
        """Wait for a message with these variables (values are patterns) and
        forget what came before it and itself."""
        def there():
            for i, m in enumerate(self.read()):
                if all(re.fullmatch(v, m.get(k, "")) for k, v in
                       want.items()):
                    del self.seen[:i + 1]
                    return m
        return wait.until(there, lambda: "message %r among %r" % (
            want, self.seen), 20)


class Notify(unittest.TestCase):
    def suite(self, manager, **env):
        s = Suite(peers=[passive(net.v4(10), remote_as=65010)],
                  name="notify")
        own = dict(s.environment(), NOTIFY_SOCKET=manager.path, **env)
        s.environment = lambda: own
        self.addCleanup(manager.close)
        self.addCleanup(s.kill)
        return s

    def test_life(self):
        m = Manager()
        s = self.suite(m).start()
        ready = m.wait(READY="1", STATUS="AS 64500, router id 10.0.0.1")
        self.assertEqual(ready["MAINPID"], str(s.proc.pid))
        # Nobody else gets to know the socket.
        for pid in s.pids().values():
            with open("/proc/%d/environ" % pid, "rb") as f:
                self.assertNotIn(b"NOTIFY_SOCKET", f.read())
        before = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
        s.reload(hold_time_secs=60)
        r = m.wait(RELOADING="1", STATUS=".*")
        self.assertLessEqual(before, int(r["MONOTONIC_USEC"]))
        self.assertLessEqual(
            int(r["MONOTONIC_USEC"]),
            time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000)
        m.wait(READY="1", STATUS="configuration taken over, generation 2")
        # Refused by the parser, and by what runs.
        s.reload(no_such_key=1)
        m.wait(RELOADING="1")
        m.wait(READY="1",
               STATUS="reload failed, nothing has changed: .*no_such_key.*")
        del s.conf["no_such_key"]
        s.reload(asn=64501)
        m.wait(RELOADING="1")
        m.wait(READY="1", STATUS="reload failed, nothing has changed: .*asn.*")
        s.stop()
        m.wait(STOPPING="1", STATUS="ending")
        self.assertEqual([x for x in m.read() if "WATCHDOG" in x], [])

    def test_pulse(self):
        m = Manager(abstract=True)
        s = self.suite(m, WATCHDOG_USEC=str(PULSE)).start()
        m.wait(READY="1")
        for _ in range(5):
            m.wait(WATCHDOG="1")
        # A parent that hangs says nothing.
        os.kill(s.proc.pid, signal.SIGSTOP)
        m.read()
        m.seen.clear()
        wait.holds(lambda: not m.read(), "silence", 2 * PULSE / 1e6)
        os.kill(s.proc.pid, signal.SIGCONT)
        m.wait(WATCHDOG="1")
        # apid may come and go.
        os.kill(s.pids()["apid"], signal.SIGKILL)
        for _ in range(4):
            m.wait(WATCHDOG="1")
        s.new_channel()
        # With the rde everything ends, and not as if it were meant.
        os.kill(s.pids()["rde"], signal.SIGKILL)
        m.wait(STOPPING="1", STATUS="ending after a failure")
        s.wait_end(1, 10)

    def test_children_that_hang(self):
        """The service manager is not told that all is well; apid is started
        again, and no session notices."""
        m = Manager()
        s = self.suite(m, WATCHDOG_USEC=str(PULSE)).start()
        m.wait(WATCHDOG="1")
        speaker = Speaker(net.v4(10), 65010, remote=s.addr)
        self.addCleanup(speaker.stop)
        speaker.establish()
        os.kill(s.pids()["rde"], signal.SIGSTOP)
        s.wait_log("rde has not answered for 12 s", 25)
        m.read()
        m.seen.clear()
        wait.holds(lambda: not m.read(), "silence", 2 * PULSE / 1e6)
        os.kill(s.pids()["rde"], signal.SIGCONT)
        s.wait_log("rde answers again, after", 10)
        m.wait(WATCHDOG="1")
        apid = s.pids()["apid"]
        os.kill(apid, signal.SIGSTOP)
        s.wait_log("apid: it does not answer, killing it", 50)
        wait.until(lambda: s.pids().get("apid") not in (apid, None),
                   "a new apid", 20)
        s.new_channel()
        self.assertTrue(s.rpc.ListPeers(pb.ListPeersRequest(), timeout=10))
        self.assertEqual(s.grep("session closed"), [])
        s.stop()

    def test_pulse_for_another(self):
        """WATCHDOG_PID names who was meant."""
        m = Manager()
        s = self.suite(m, WATCHDOG_USEC=str(PULSE), WATCHDOG_PID="1").start()
        m.wait(READY="1")
        wait.holds(lambda: not [x for x in m.read() if "WATCHDOG" in x],
                   "silence", PULSE / 1e6)
        s.stop()

    def test_manager_that_does_not_read(self):
        m = Manager()
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as other:
            other.setblocking(False)
            full = 0
            try:
                while True:
                    other.sendto(b"X=1", m.path)
                    full += 1
            except BlockingIOError:
                pass
            s = self.suite(m, WATCHDOG_USEC=str(PULSE)).start()
            s.reload(hold_time_secs=60)
            s.wait_log("configuration taken over, generation 2")
            self.assertTrue(alive(s.proc.pid))
            # The state of now is told, not what it was meanwhile.
            m.wait(READY="1", STATUS=".*generation 2")
            m.wait(WATCHDOG="1")
            s.stop()
        self.assertGreater(full, 0)

    def test_bad_variables(self):
        m = Manager()
        s = self.suite(m, WATCHDOG_USEC="soon").start()
        m.wait(READY="1")
        s.wait_log("WATCHDOG_USEC is no time")
        s.stop()
        for path in ("relative", "@", "/" + 200 * "x"):
            m.path = path
            s = self.suite(m).start()
            s.wait_log("NOTIFY_SOCKET is no address")
            s.stop()
        m.path = "/nonexistent/socket"
        s = self.suite(m).start()
        s.wait_log("cannot tell the service manager")
        s.stop()
