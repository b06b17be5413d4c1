# SPDX-License-Identifier: ISC
"""bgpctl -f: questions to a configuration file, without a daemon."""

import json
import os
import subprocess
import tempfile
import unittest

from lib import wait
from lib.suite import TREE

GOOD = """---
asn: 65001
router_id: 10.0.0.1
listen_addr: 127.0.0.1:179
grpc_listen_addr: 127.0.0.1:50051
pid_file: %(dir)s/pid
defined-sets:
  prefix-sets:
    - name: inside
      prefixes: [{prefix: 10.0.0.0/8, masklength-range: 8..24}]
policy-definitions:
  - name: in
    statements:
      - name: mark
        conditions: {match-prefix-set: {set-name: inside}}
        actions:
          local-pref: 200
          continue: true
      - name: ours
        conditions: {has-asn: 65009}
        actions: {reject: true}
      - actions: {med: 7}
peers:
  - address: 192.0.2.1
    remote_as: 65002
    import-policy: [in]
  - address: 192.0.2.2
    remote_as: 65003
    export-policy: [in]
"""


def children():
    """Processes of a trial that are left."""
    out = subprocess.run(["pgrep", "-f", "bgpd -d -f .* -t /tmp/bgpctl"],
                         capture_output=True, text=True)
    return out.stdout.split()


class Trial(unittest.TestCase):
    def setUp(self):
        self.dir = tempfile.TemporaryDirectory()
        self.addCleanup(self.dir.cleanup)
        os.chmod(self.dir.name, 0o755)
        self.file = self.write(GOOD % {"dir": self.dir.name})

    def write(self, text):
        path = os.path.join(self.dir.name, "bgpd.yaml")
        with open(path, "w") as f:
            f.write(text)
        return path

    def ctl(self, *words):
        status, out, err = wait.output_of(
            [os.path.join(TREE, "sbin/bgpctl"), "-f", self.file] +
            list(words), 120)
        return status, out.decode(), err.decode()

    def test_routes_made_up(self):
        status, out, err = self.ctl(
            "-j", "policy", "test", "192.0.2.1", "import", "10.1.0.0/16",
            "as-path", "65002 65003")
        self.assertEqual((status, err), (0, ""))
        got = json.loads(out)
        self.assertTrue(got["accepted"])
        self.assertEqual([s["statement"] for s in got["steps"]], [1, 3])
        self.assertEqual(got["after"]["local_pref"], 200)
        self.assertEqual(got["after"]["med"], 7)
        status, out, err = self.ctl(
            "policy", "test", "192.0.2.2", "export", "20.0.0.0/8",
            "as-path", "65009")
        self.assertEqual((status, err), (0, ""))
        self.assertIn("rejected by statement 2 (ours) of policy in", out)
        # Nothing is left, and nothing of the file was carried out.
        wait.until(lambda: not children(), "the trial to end")
        self.assertEqual(os.listdir(self.dir.name), ["bgpd.yaml"])

    def test_sets_and_policies(self):
        status, out, _ = self.ctl("show", "policy", "in")
        self.assertEqual(status, 0)
        self.assertIn("match-prefix-set inside", out)

    def test_errors_of_the_file(self):
        self.write(GOOD.replace("match-prefix-set", "match-prefx-set") %
                   {"dir": self.dir.name})
        status, out, err = self.ctl("show", "policy")
        self.assertEqual((status, out), (1, ""))
        self.assertIn("bgpd.yaml:15:22: unknown key match-prefx-set", err)
        self.assertIn("did you mean match-prefix-set", err)

    def test_what_is_not_there(self):
        status, _, err = self.ctl("policy", "test", "192.0.2.9", "import",
                                  "10.0.0.0/8", "as-path", "1")
        self.assertEqual(status, 1)
        self.assertIn("peer 192.0.2.9 not found", err)
        self.file = "/nonexistent/file"
        status, _, err = self.ctl("show", "policy")
        self.assertEqual(status, 1)
        self.assertIn("cannot open", err)
