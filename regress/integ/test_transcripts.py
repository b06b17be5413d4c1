# SPDX-License-Identifier: ISC
"""Transcripts of bgpctl, compared with those of regress/golden/bgpctl.

A file holds a session: lines "$ bgpctl WORDS" with what they print below, as
a terminal of 80 columns shows it.  TRANSCRIPTS=write writes them anew; look at
what changes before it is kept.
"""

import os
import pty
import re
import select
import shlex
import subprocess
import time
import unittest

from lib import net, wait
from lib.speaker import Speaker
from lib.suite import ROOT, Suite, passive

GOLDEN = os.path.join(ROOT, "regress", "golden", "bgpctl")
FAR = "2001:db8:1111:2222:3333:4444:5555:6666"

# One session a file; {x} is filled in, "! " before a command: it fails.
SESSIONS = {
    "help": ["help show", "help config", "?", "show ?", "show rib ?",
             "config ?", "neighbor 192.0.2.1 ?", "n?", "! conf", "! sho nei x y",
             "! s", "! nonsense"],
    "show": ["show", "show neighbor 192.0.2.11", "show neighbor " + FAR,
             "! show neighbor 192.0.2.77",
             "show rib", "show rib 10.0.0.0/8 detail",
             "show rib 2001:db8:1111:2222:3333:4444::/96 detail",
             "show rib in neighbor 192.0.2.10",
             "show rib out neighbor 192.0.2.10", "show rib 172.16.0.0/12",
             "! show rib in neighbor 192.0.2.77", "! show rib 10.0.0.0/33",
             "-j show rib 10.0.0.0/8", "show sets", "show policy",
             "-j show sets prefix"],
    "change": ["network add 198.51.100.0/24 med 5 community no-export",
               "network delete 198.51.100.0/24",
               "! network add 198.51.100.0/24 nexthop x",
               "-j network delete 198.51.100.0/24",
               "neighbor add 192.0.2.20 remote-as 65020 passive",
               "! neighbor add 192.0.2.20",
               "-j neighbor 192.0.2.20 down", "neighbor 192.0.2.20 up",
               "! neighbor 192.0.2.20 refresh",
               "set add community marks 65001:1 65001:*",
               "set remove community marks",
               "policy assign 192.0.2.20 import in default accept",
               "policy test 192.0.2.20 import 10.1.0.0/16 as-path 65020",
               "policy dry-run 192.0.2.10 import in default reject",
               "! policy remove in",
               "neighbor delete 192.0.2.20"],
    "config": ["reload --dry-run", "reload", "-j reload", "config show",
               "config show --diff", "config save", "config list",
               "neighbor add 192.0.2.20 hold-time 30",
               "config show --diff", "-j config show --diff", "config save",
               "config list", "config rollback 1", "-j config rollback 1",
               "! config rollback 9", "! config commit /nonexistent",
               "log verbose", "log brief", "-j log brief"],
    "watch": ["watch neighbors count 1", "watch routes count 1",
              "-j watch routes count 1", "! watch routes every x"],
}


def tidy(text, suite):
    """Without what differs from one run to the next."""
    text = text.replace(suite.dir, "/etc/bgpgg")
    text = text.replace(suite.grpc, "127.0.0.1:50051")
    text = re.sub(r"bgpgg [0-9]\S*,", "bgpgg VERSION,", text)
    text = re.sub(r"\b\d\d:\d\d:\d\d\b", "00:00:00", text)
    text = re.sub(r", \d+ s ago", ", 0 s ago", text)
    text = re.sub(r"20\d\d-\d\d-\d\d", "2026-01-01", text)
    text = re.sub(r'("(?:uptime_secs|mtime_unix|time_unix|size_bytes|age_secs|port)":)'
                  r"\d+", r"\g<1>0", text)
    text = re.sub(r"^( +(?:KEEPALIVE|UPDATE|OPEN) .*?)\d+( +)\d+$",
                  lambda m: re.sub(r"\d+", lambda d: "#" * len(d.group()),
                                   m.group()), text, flags=re.M)
    # Bytes of a version, which hold the path and the ports.
    text = re.sub(r"(00:00:00 +)\d+$",
                  lambda m: m.group(1) + "###", text, flags=re.M)
    return text


@unittest.skipUnless(net.private(), "addresses differ without a namespace")
class Transcripts(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.suite = Suite(name="transcripts", log_level="info", peers=[
            passive("192.0.2.10", remote_as=65010),
            passive("192.0.2.11", remote_as=4200000011, hold_time_secs=30,
                    max_prefix={"limit": 100, "action": "discard"}),
            passive(FAR, remote_as=65012)], networks=[
                {"prefix": "10.0.0.0/8", "med": 10,
                 "communities": ["65001:1", "65535:65281"]},
                "2001:db8:1111:2222:3333:4444::/96"], **{
            "defined-sets": {"prefix-sets": [
                {"name": "ours", "prefixes": [
                    {"prefix": "10.0.0.0/8", "masklength-range": "8..24"},
                    {"prefix": "2001:db8::/32"}]}]},
            "policy-definitions": [{"name": "in", "statements": [
                {"name": "known", "conditions": {"match-prefix-set": {
                    "set-name": "ours"}}, "actions": {"local-pref": 200}},
                {"actions": {"reject": True}}]}]})

    def setUp(self):
        os.chmod(self.suite.dir, 0o777)     # bgpd may be another user
        self.suite.start()
        self.addCleanup(self.suite.kill)
        s = Speaker("192.0.2.10", 65010, remote=self.suite.addr)
        self.addCleanup(s.stop)
        s.establish()
        s.announce("203.0.113.0/24", [65010, 65020, 4200000001])
        s.announce("2001:db8:ffff:ffff:ffff:ffff:ffff:0/112",
                   [65010, 4200000001, 4200000002, 4200000003])
        wait.until(lambda: len(self.suite.routes()) == 4, "routes", 5)
        # What a second shows as uptime differs from run to run.
        wait.until(lambda: self.suite.peers()["192.0.2.10"].
                   HasField("uptime_secs"), "uptime")
        wait.until(lambda: sum(c.received for c in self.suite.peers()[
            "192.0.2.10"].prefixes) == 2, "counts", 5)

    def run_one(self, command):
        fails = command.startswith("! ")
        words = command[2:] if fails else command
        r = subprocess.run(
            [self.suite.program("sbin/bgpctl"), "-s", self.suite.grpc] +
            shlex.split(words), stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60,
            env=self.suite.environment(), text=True)
        self.assertEqual(r.returncode != 0, fails, r)
        out = tidy(r.stdout, self.suite)
        if not words.startswith("-j "):
            for line in out.splitlines():
                self.assertLessEqual(len(line.expandtabs()), 80,
                                     "%s: %r" % (words, line))
                self.assertEqual(line, line.rstrip(), words)
        return "$ bgpctl %s\n%s" % (words, out)

    def session(self, name):
        text = "".join(self.run_one(c) for c in SESSIONS[name])
        path = os.path.join(GOLDEN, name + ".txt")
        if os.environ.get("TRANSCRIPTS") == "write":
            with open(path, "w") as f:
                f.write(text)
        with open(path) as f:
            self.assertEqual(text, f.read())
        self.suite.stop()

    def test_help(self):
        self.session("help")

    def test_show(self):
        self.session("show")

    def test_change(self):
        self.session("change")

    def test_config(self):
        self.session("config")

    def test_watch(self):
        self.session("watch")

    def on_terminal(self, *words, env=None, seconds=20):
        """What a command writes to a terminal."""
        master, slave = pty.openpty()
        with subprocess.Popen(
                [self.suite.program("sbin/bgpctl"), "-s", self.suite.grpc] +
                list(words), stdin=slave, stdout=slave, stderr=slave,
                env=dict(self.suite.environment(), **(env or {}))) as p:
            os.close(slave)
            out, end = b"", time.monotonic() + seconds * wait.FACTOR
            while time.monotonic() < end:
                try:
                    data = os.read(master, 65536)
                except OSError:         # all have closed it
                    break
                if not data:
                    break
                out += data
            os.close(master)
            self.assertEqual(p.wait(10), 0)
        return out.decode()

    def test_progress_only_beside_the_output(self):
        """Lines that come slowly through a pipe: standard error, a terminal,
        shows how far they are, and nothing of it stays."""
        master, slave = pty.openpty()
        source, feed = os.pipe()
        p = subprocess.Popen(
            [self.suite.program("sbin/bgpctl"), "-s", self.suite.grpc,
             "network", "bulk", "add", "-"], stdin=source,
            stdout=subprocess.PIPE, stderr=slave,
            env=self.suite.environment())
        os.close(slave)
        os.close(source)
        n, out = 0, b""
        while b"routes" not in out:
            with self.subTest(n):
                self.assertLess(n, 200000)
            lines = ["172.%d.%d.%d/32" % (16 + (n + i) // 65536,
                                          (n + i) // 256 % 256,
                                          (n + i) % 256)
                     for i in range(256)]
            os.write(feed, ("\n".join(lines) + "\n").encode())
            n += 256
            if select.select([master], [], [], 0.02)[0]:
                out += os.read(master, 4096)
        os.close(feed)
        self.assertIn(b"%d routes added" % n, p.stdout.read())
        p.stdout.close()
        while True:
            try:
                data = os.read(master, 4096)
            except OSError:
                break
            if not data:
                break
            out += data
        os.close(master)
        self.assertEqual(p.wait(20), 0)
        self.assertRegex(out.decode(), r"^\r\033\[K\d+ routes, \d+ a second")
        self.assertTrue(out.endswith(b"\r\033[K"), out[-60:])
        self.suite.stop()

    def test_colors_only_on_a_terminal(self):
        shown = self.on_terminal("show", env={"TERM": "xterm"})
        self.assertIn("\033[32mEstablished \033[0m", shown)
        self.assertIn("\033[31m", shown)
        for env in ({"NO_COLOR": "1", "TERM": "xterm"}, {"TERM": "dumb"}):
            self.assertNotIn("\033", self.on_terminal("show", env=env))
        self.assertNotIn("\033", self.on_terminal("-j", "show",
                                                  env={"TERM": "xterm"}))
        self.assertNotIn("\033", self.suite.bgpctl("show"))
        again = self.on_terminal("watch", "neighbors", "every", "1", "count",
                                 "2", env={"TERM": "xterm"})
        self.assertEqual(again.count("\033[H"), 2)
        self.suite.stop()


if __name__ == "__main__":
    unittest.main()
