# SPDX-License-Identifier: ISC
"""The lab: three routers in network namespaces, and routes cross them."""

import os
import subprocess
import unittest

from lib import wait
from lib.suite import ROOT, SANITIZED, TREE, WORK

LAB = os.path.join(ROOT, "doc/lab/lab")
NAME = "bgpgg-test-%d" % os.getpid()


def possible():
    """Root, and namespaces with names."""
    if os.getuid() != 0:
        return False
    try:
        made = subprocess.run(["ip", "netns", "add", NAME],
                              stderr=subprocess.DEVNULL)
        if made.returncode != 0:
            return False
        subprocess.run(["ip", "netns", "del", NAME], check=True)
        return True
    except FileNotFoundError:
        return False


@unittest.skipIf(SANITIZED, "the release is enough")
@unittest.skipUnless(possible(), "needs root and ip netns")
class Lab(unittest.TestCase):
    def lab(self, *args, check=True):
        r = subprocess.run(
            [LAB] + list(args), stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            timeout=120 * wait.FACTOR,
            env=dict(os.environ, LAB=NAME, BGPGG=TREE, LAB_DIR=self.dir))
        out = r.stdout.decode()
        if check:
            self.assertEqual(r.returncode, 0, out)
            return out
        return r.returncode, out

    def setUp(self):
        self.dir = os.path.join(WORK, "lab")
        os.makedirs(self.dir, exist_ok=True)

    def routes(self, router):
        out = self.lab("exec", router, "bgpctl", "show", "rib", "best")
        return {w for w in out.split() if "/" in w}

    def test_three_routers(self):
        self.addCleanup(self.lab, "stop", check=False)
        self.assertIn("3 routers are up", self.lab("start", "3"))
        want = {"198.18.%d.0/24" % n for n in (1, 2, 3)} | {
            "fd00:%d::/48" % n for n in (1, 2, 3)}
        for r in ("r1", "r2", "r3"):
            wait.until(lambda: self.routes(r) == want,
                       lambda: "%r at %s, not %r" % (
                           want, r, self.routes(r)), 20)
        for line in self.lab("status").splitlines():
            self.assertRegex(line, r"^r\d: AS 6500\d, 4 sessions, 6 routes$")
        self.assertIn("bgpgg_up", self.lab(
            "exec", "r2", "bgpctl", "show", "metrics"))
        # A second one of this name is refused, a wrong router too.
        self.assertEqual(self.lab("start", "2", check=False)[0], 1)
        self.assertEqual(self.lab(
            "exec", "r4", "true", check=False)[0], 1)
        # Without the link the routes go around the ring.
        self.lab("exec", "r1", "ip", "link", "set", "to-r2", "down")

        def around():
            out = self.lab("exec", "r1", "bgpctl", "show", "rib",
                           "198.18.2.0/24")
            return "65003 65002" in out and out.count("198.18.2.0/24") == 1
        wait.until(around, "the way around", 40)
        self.assertIn("the lab is over", self.lab("stop"))
        left = subprocess.run(["ip", "netns", "list"], check=True,
                              stdout=subprocess.PIPE).stdout.decode()
        self.assertNotIn(NAME, left)
        self.assertFalse(os.path.exists(os.path.join(self.dir, "r1.pid")))
