# SPDX-License-Identifier: ISC
"""./demo: comes up, shows what it promises, ends without a trace."""

import os
import signal
import subprocess
import unittest

from lib import net, wait
from lib.suite import BUILD, ROOT, WORK, alive, children


@unittest.skipIf(BUILD != "release", "it builds the release")
@unittest.skipUnless(net.private(), "needs ports of its own")
class Demo(unittest.TestCase):
    def test_up_and_down(self):
        os.makedirs(WORK, exist_ok=True)
        path = os.path.join(WORK, "demo.log")
        env = dict(os.environ)
        env.pop("MAKEFLAGS", None)
        with open(path, "wb") as log:
            p = subprocess.Popen([os.path.join(ROOT, "demo")], env=env,
                                 stdin=subprocess.DEVNULL, stdout=log,
                                 stderr=log, start_new_session=True)
        kids = []

        def text():
            with open(path, errors="replace") as f:
                return f.read()
        try:
            wait.until(lambda: "Ctrl-C ends it." in text() or
                       p.poll() is not None, lambda: text(), 300, 0.3)
            self.assertIsNone(p.poll(), text())
            for word in ("Established", "198.51.100.0/24", "100.64.0.0/10",
                         "2001:db8:1000::/36"):
                self.assertIn(word, text())
            for pid in children(p.pid).values():
                kids.append(pid)
                kids.extend(children(pid).values())
            self.assertGreaterEqual(len(kids), 5)
            os.killpg(p.pid, signal.SIGINT)
            self.assertEqual(p.wait(20), 0, text())
            wait.until(lambda: not any(alive(k) for k in kids),
                       "end of all processes", 10)
        finally:
            if p.poll() is None:
                os.killpg(p.pid, signal.SIGTERM)
                p.wait(20)
