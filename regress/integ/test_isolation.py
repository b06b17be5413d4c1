# SPDX-License-Identifier: ISC
"""Privileges, descriptors, and what the death of a process means."""

import os
import resource
import pwd
import re
import signal
import socket
import time
import unittest

import grpc

from lib import bgp, net, wait
from lib.case import ASN
from lib.certs import Authority, read
from lib.speaker import Speaker
from lib.suite import CHILDREN, ROOT, SANITIZED, Suite, passive, pb, pb_grpc


def status(pid):
    with open("/proc/%d/status" % pid) as f:
        return dict(line.rstrip("\n").split(":\t", 1)
                    for line in f if ":\t" in line)


def descriptors(pid):
    """fd -> what it is: a path, "socket", "anon_inode:[eventfd]" ..."""
    out = {}
    for fd in os.listdir("/proc/%d/fd" % pid):
        try:
            t = os.readlink("/proc/%d/fd/%s" % (pid, fd))
        except FileNotFoundError:
            continue
        out[int(fd)] = t
    return out


def inodes():
    """Inode -> kind of every socket of this network namespace."""
    out = {}
    for kind in ("tcp", "tcp6", "unix", "udp", "udp6"):
        with open("/proc/net/" + kind) as f:
            next(f)
            for line in f:
                w = line.split()
                if kind == "unix":
                    out[w[6]] = "unix"
                    continue
                out[w[9]] = kind[:3] + ("-listen" if w[3] == "0A" else "")
    return out


def kinds(pid):
    """The descriptors of a process as sorted words, counted."""
    socks = inodes()
    out = {}
    for t in descriptors(pid).values():
        m = re.match(r"socket:\[(\d+)\]", t)
        if m:
            word = socks.get(m.group(1), "socket")
        elif t.startswith("anon_inode:"):
            word = t[11:].strip("[]")
        elif t == "/dev/null":
            word = "null"
        elif t.startswith("pipe:"):
            word = "pipe"
        else:
            word = "log" if t.endswith("/log") else t
        out[word] = out.get(word, 0) + 1
    return out


def table():
    """The table of descriptors in ARCHITECTURE.md: process -> kind -> how
    many at most ("n": any number)."""
    out = {}
    with open(os.path.join(ROOT, "ARCHITECTURE.md")) as f:
        lines = f.read().split("<!-- descriptors -->")
    if len(lines) < 3:
        raise AssertionError("no table of descriptors in ARCHITECTURE.md")
    for line in lines[1].splitlines():
        m = re.match(r"\| `(\w+)` \| `([\w/-]+)` \| (\d+|n) \|", line)
        if m:
            out.setdefault(m.group(1), {})[m.group(2)] = (
                None if m.group(3) == "n" else int(m.group(3)))
    return out


def compare(test, suite):
    """Descriptors as in ARCHITECTURE.md, no more and no others."""
    want = table()
    pids = dict(suite.pids(), bgpd=suite.proc.pid)
    test.assertEqual(sorted(pids), sorted(want))
    for name, pid in pids.items():
        with test.subTest(name):
            have = kinds(pid)
            for kind, count in have.items():
                test.assertIn(kind, want[name], have)
                most = want[name][kind]
                if most is not None:
                    test.assertLessEqual(count, most, (kind, have))


PEERS = [passive(net.v4(10), remote_as=65010),
         passive(net.v4(11), remote_as=65011)]


class Processes(unittest.TestCase):
    def setUp(self):
        self.suite = Suite(peers=PEERS, name="isolation")
        self.suite.wrapper = []
        self.suite.start()
        self.addCleanup(self.suite.kill)
        self.a = Speaker(net.v4(10), 65010, remote=self.suite.addr)
        self.b = Speaker(net.v4(11), 65011, remote=self.suite.addr)
        self.addCleanup(self.a.stop)
        self.addCleanup(self.b.stop)
        self.a.establish()
        self.b.establish()
        self.a.announce("198.51.100.0/24")
        self.b.wait_route("198.51.100.0/24")

    def test_names(self):
        self.assertEqual(sorted(self.suite.pids()), sorted(CHILDREN))

    @unittest.skipUnless(os.getuid() == 0, "needs root")
    def test_children_have_no_privileges(self):
        user = pwd.getpwnam("_bgpd")
        for name, pid in self.suite.pids().items():
            with self.subTest(name):
                st = status(pid)
                self.assertEqual(st["Uid"].split(), [str(user.pw_uid)] * 4)
                self.assertEqual(st["Gid"].split(), [str(user.pw_gid)] * 4)
                self.assertEqual(st["Groups"].split(), [])
                for caps in ("CapInh", "CapPrm", "CapEff", "CapBnd",
                             "CapAmb"):
                    self.assertEqual(int(st[caps], 16), 0, caps)
                self.assertEqual(st["NoNewPrivs"], "1")
                root = os.readlink("/proc/%d/root" % pid)
                self.assertNotEqual(root, "/")
                # Seen through /proc, so that the test needs no path.
                self.assertEqual(os.listdir("/proc/%d/root" % pid), [])
                s = os.stat("/proc/%d/root" % pid)
                self.assertEqual(s.st_uid, 0)
                self.assertEqual(s.st_mode & 0o022, 0)

    @unittest.skipUnless(os.getuid() == 0, "needs root")
    @unittest.skipIf(SANITIZED, "leak checking needs dumpable processes")
    def test_children_are_not_dumpable(self):
        """The files of such a process belong to root."""
        for name, pid in self.suite.pids().items():
            with self.subTest(name):
                self.assertEqual(os.stat("/proc/%d/mem" % pid).st_uid, 0)

    @unittest.skipUnless(os.getuid() == 0, "needs root")
    def test_parent_keeps_little(self):
        st = status(self.suite.proc.pid)
        self.assertEqual(st["Uid"].split()[1], "0")
        bound = int(st["CapBnd"], 16)
        with open("/proc/self/status") as f:
            full = int(re.search(r"CapBnd:\s*(\w+)", f.read()).group(1), 16)
        self.assertLess(bin(bound).count("1"), bin(full).count("1") // 2)
        sys_admin, sys_ptrace, sys_module = 21, 19, 16
        for cap in (sys_admin, sys_ptrace, sys_module):
            self.assertFalse(bound >> cap & 1, cap)

    def test_only_apid_links_grpc(self):
        for name, pid in self.suite.pids().items():
            with self.subTest(name):
                with open("/proc/%d/maps" % pid) as f:
                    has = "libgrpc" in f.read()
                self.assertEqual(has, name == "apid")

    @unittest.skipIf(SANITIZED, "sanitizers open files of their own")
    def test_descriptors(self):
        compare(self, self.suite)

    def test_rde_has_no_network(self):
        have = kinds(self.suite.pids()["rde"])
        for kind in have:
            self.assertFalse(kind.startswith(("tcp", "udp")), have)

    def test_death_of_apid_costs_nothing_but_the_api(self):
        old = self.suite.pids()["apid"]
        os.kill(old, signal.SIGKILL)

        def back():
            new = self.suite.pids().get("apid")
            return new and new != old
        wait.until(back, "a new apid", 10)
        self.a.announce("198.51.101.0/24")
        self.b.wait_route("198.51.101.0/24")
        self.assertFalse(self.a.closed or self.b.closed)
        self.suite.new_channel()
        wait.until(lambda: self.answers(), "answer from the new apid", 15)
        self.assertEqual(sorted(self.suite.routes()),
                         ["198.51.100.0/24", "198.51.101.0/24"])
        self.assertEqual(self.suite.state(net.v4(10)), "ESTABLISHED")
        # Peers and routes given by API before are part of the suite's state.
        self.suite.stop()

    def answers(self):
        try:
            self.suite.rpc.GetServerInfo(pb.GetServerInfoRequest(),
                                         timeout=2)
            return True
        except Exception:
            return False

    def test_what_came_by_api_survives_apid(self):
        self.suite.rpc.AddPeer(pb.AddPeerRequest(
            address=net.v4(12), config=pb.SessionConfig(
                passive_mode=True, idle_hold_time_secs=0)))
        self.suite.add_route("198.51.102.0/24")
        os.kill(self.suite.pids()["apid"], signal.SIGKILL)
        self.suite.new_channel()
        wait.until(lambda: self.answers(), "answer from the new apid", 15)
        self.assertIn(net.v4(12), self.suite.peers())
        self.assertIn("198.51.102.0/24", self.suite.routes())
        self.assertTrue(self.b.wait_route("198.51.102.0/24"))
        self.suite.stop()

    def test_apid_comes_back_when_there_are_descriptors_again(self):
        """A parent without any goes on routing, and tries again."""
        bgpd = self.suite.proc.pid
        before = resource.prlimit(bgpd, resource.RLIMIT_NOFILE)
        fds = [int(x) for x in os.listdir("/proc/%d/fd" % bgpd)]
        free = min(set(range(max(fds) + 2)) - set(fds))
        # With apid's channel gone there are two: for a channel, not for
        # what joins it to the others.
        resource.prlimit(bgpd, resource.RLIMIT_NOFILE, (free + 1, before[1]))
        os.kill(self.suite.pids()["apid"], signal.SIGKILL)
        self.suite.wait_log("apid: no sockets to the others, killing it")
        resource.prlimit(bgpd, resource.RLIMIT_NOFILE, before)
        self.suite.new_channel()
        wait.until(lambda: self.answers(), "answer from the new apid", 15)
        self.assertEqual(self.suite.state(net.v4(10)), "ESTABLISHED")
        self.suite.stop()

    def test_apid_that_keeps_dying_is_left_alone(self):
        """Five times a minute, then routing goes on without an API."""
        deaths, old = 0, None
        end = time.monotonic() + 60 * wait.FACTOR
        while deaths < 8 and time.monotonic() < end:
            try:
                new = wait.until(lambda: (
                    lambda p: p if p and p != old else None)(
                        self.suite.pids().get("apid")), "apid", 12)
            except wait.Timeout:
                break
            os.kill(new, signal.SIGKILL)
            old, deaths = new, deaths + 1
        self.assertGreaterEqual(deaths, 5)
        self.assertLessEqual(deaths, 6)
        self.assertNotIn("apid", self.suite.pids())
        self.a.announce("198.51.103.0/24")
        self.b.wait_route("198.51.103.0/24")
        self.suite.stop()

    def ends(self, name, cease):
        pid = self.suite.proc.pid if name == "bgpd" else \
            self.suite.pids()[name]
        os.kill(pid, signal.SIGKILL)
        if name == "bgpd":
            self.suite.proc.wait()
            self.suite.proc = None
            kids = list(self.suite.kids.values())
            wait.until(lambda: not any(os.path.exists("/proc/%d" % k) and
                                       status(k)["State"][0] not in "ZX"
                                       for k in kids),
                       "end of the children", 5)
        else:
            self.suite.wait_end(1, 10)
        for s in (self.a, self.b):
            got = s.wait_closed()
            if cease:
                self.assertIsNotNone(got, "no Cease")
                self.assertEqual(got[0], 6)
        # The ports are free at once.
        for addr in (self.suite.addr, self.suite.addr6):
            fam = socket.AF_INET6 if ":" in addr else socket.AF_INET
            with socket.socket(fam) as t:
                t.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                t.bind((addr, net.bgp_port()))

    def test_death_of_rde_ends_all_with_cease(self):
        self.ends("rde", True)
        self.assertTrue(self.suite.grep("rde"))

    def test_death_of_sessiond_ends_all(self):
        self.ends("sessiond", False)

    def test_death_of_the_parent_ends_all(self):
        self.ends("bgpd", True)

    def test_ctrl_c_ends_cleanly(self):
        self.suite.proc.send_signal(signal.SIGINT)
        self.suite.wait_end(0, 5)
        self.assertEqual(self.a.wait_closed()[:2], (6, 2))

    def test_sigpipe_is_ignored(self):
        for pid in [self.suite.proc.pid] + list(self.suite.pids().values()):
            ignored = int(status(pid)["SigIgn"], 16)
            self.assertTrue(ignored >> (signal.SIGPIPE - 1) & 1)


@unittest.skipIf(SANITIZED, "sanitizers open files of their own")
class Clients(unittest.TestCase):
    """What clients of the API cost, with and without TLS."""

    def setUp(self):
        self.suite = s = Suite(name="isolation-clients")
        self.ca = Authority(s.dir, "ca")
        key, crt = self.ca.issue("server")
        self.at = "127.0.0.1:%d" % net.free_port()
        self.path = os.path.join(s.dir, "api.sock")
        s.conf["grpc_listen_addr"] = [
            s.grpc, "unix:" + self.path,
            {"address": self.at, "tls": {"certificate_file": crt,
                                         "key_file": key}}]
        s.wrapper = []          # it gives the socket to a group
        s.start()
        self.addCleanup(s.kill)
        self.channels = []
        self.addCleanup(self.close)

    def close(self):
        for c in self.channels:
            c.close()
        self.channels = []

    def call(self, channel):
        self.channels.append(channel)
        pb_grpc.BgpServiceStub(channel).GetServerInfo(
            pb.GetServerInfoRequest(), timeout=10 * wait.FACTOR)

    def secure(self):
        return grpc.secure_channel(
            self.at.replace("127.0.0.1", "localhost"),
            grpc.ssl_channel_credentials(read(self.ca.crt)),
            [("grpc.enable_http_proxy", 0),
             ("grpc.use_local_subchannel_pool", 1)])

    def apid(self):
        return kinds(self.suite.pids()["apid"])

    def more(self, before, **want):
        """Wait until apid has so many descriptors more than before."""
        def differs():
            now = self.apid()
            return {k: now.get(k, 0) - before.get(k, 0)
                    for k in set(now) | set(before)
                    if now.get(k, 0) != before.get(k, 0)}
        want = {k: n for k, n in want.items() if n}
        wait.until(lambda: differs() == want,
                   lambda: "%s more, not %s" % (want, differs()), 10)

    def test_descriptors_of_clients(self):
        before = self.apid()
        for _ in range(3):
            self.call(self.secure())
        # A TLS client is a socket and a pair for its plain bytes.
        self.more(before, tcp=3, unix=6)
        compare(self, self.suite)
        # Before the handshake there is no pair, and its end leaves none.
        host, port = self.at.split(":")
        raw = [socket.create_connection((host, int(port)), 10)
               for _ in range(4)]
        self.more(before, tcp=7, unix=6)
        compare(self, self.suite)
        raw[0].sendall(b"GET / HTTP/1.0\r\n\r\n")
        self.more(before, tcp=6, unix=6)
        self.call(grpc.insecure_channel("unix:" + self.path))
        self.more(before, tcp=6, unix=7)
        compare(self, self.suite)
        for r in raw:
            r.close()
        self.close()
        self.more(before)
        self.suite.stop()


class ByHand(unittest.TestCase):
    """Children refuse to be started by a person."""

    def test_children_refuse(self):
        import subprocess
        s = Suite(name="by-hand")
        for name in CHILDREN:
            with self.subTest(name):
                r = subprocess.run([s.program("libexec/bgpgg/" + name)],
                                   stdin=subprocess.DEVNULL,
                                   stdout=subprocess.PIPE,
                                   stderr=subprocess.STDOUT, timeout=20)
                self.assertEqual(r.returncode, 1)
                self.assertIn(b"bgpd", r.stdout)


class Unprivileged(unittest.TestCase):
    """Started by an ordinary user it runs, with one warning."""

    @unittest.skipUnless(os.getuid() == 0, "is unprivileged already")
    def test_runs_as_nobody(self):
        import subprocess
        s = Suite(conf={"listen_addr": net.endpoint("127.0.0.1", 17900)},
                  name="nobody")
        s.write()
        os.chmod(s.file, 0o644)
        log = open(s.log, "ab")
        user = pwd.getpwnam("nobody")
        reachable = s.program()
        probe = subprocess.run(["setpriv", "--reuid=nobody",
                                "--clear-groups", "test", "-x", reachable])
        if probe.returncode != 0:
            self.skipTest("the tree is not readable for others")
        s.proc = subprocess.Popen(
            ["setpriv", "--reuid=%d" % user.pw_uid, "--regid=%d" %
             user.pw_gid, "--clear-groups", reachable, "-d", "-f", s.file],
            stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            env=s.environment())
        self.addCleanup(s.kill)

        def ready():
            self.assertIsNone(s.proc.poll(), s.tail())
            try:
                s.rpc.GetServerInfo(pb.GetServerInfoRequest(), timeout=2)
                return True
            except Exception:
                return False
        wait.until(ready, lambda: "answer:\n" + s.tail())
        for name, pid in s.pids().items():
            self.assertEqual(status(pid)["NoNewPrivs"], "1", name)
        self.assertTrue(s.grep("(?i)privilege|root"))
        s.stop()
