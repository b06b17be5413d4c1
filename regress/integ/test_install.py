# SPDX-License-Identifier: ISC
"""An installed tree runs from where it stands."""

import os
import shutil
import subprocess
import unittest

from lib import net
from lib.speaker import Speaker
from lib.suite import BUILD, ROOT, Suite, passive


class Install(unittest.TestCase):
    def test_runs_from_any_prefix(self):
        s = Suite(peers=[passive(net.v4(10), remote_as=65010)],
                  name="install")
        top = os.path.join(s.dir, "tree")
        shutil.rmtree(top, ignore_errors=True)
        env = dict(os.environ)
        env.pop("MAKEFLAGS", None)
        r = subprocess.run(
            ["make", "-s", "-C", ROOT, "install", "PREFIX=/opt/bgp",
             "BUILD=" + BUILD, "DESTDIR=" + top], env=env,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=600)
        self.assertEqual(r.returncode, 0, r.stdout.decode())
        prefix = os.path.join(top, "opt/bgp")
        for path in ("sbin/bgpd", "sbin/bgpctl", "libexec/bgpgg/sessiond",
                     "libexec/bgpgg/rde", "libexec/bgpgg/apid",
                     "share/man/man8/bgpd.8", "share/man/man8/bgpctl.8",
                     "share/man/man8/sessiond.8", "share/man/man8/rde.8",
                     "share/man/man8/apid.8", "share/man/man5/bgpd.conf.5",
                     "share/bgpgg/proto/bgp.proto",
                     "share/bgpgg/proto/bgpgg/v1/route.proto",
                     "share/bgpgg/proto/bgpgg/v1/metrics.proto",
                     "share/doc/bgpgg/cli.md",
                     "share/doc/bgpgg/configuration.md",
                     "share/doc/bgpgg/ARCHITECTURE.md",
                     "share/doc/bgpgg/recipes/ebgp.md",
                     "share/doc/bgpgg/grafana/bgpgg.json",
                     "share/doc/bgpgg/lab/lab",
                     "share/bash-completion/completions/bgpctl",
                     "share/zsh/site-functions/_bgpctl",
                     "share/fish/vendor_completions.d/bgpctl.fish",
                     "share/doc/bgpgg/README.md", "etc/bgpgg/bgpd.yaml",
                     "share/doc/bgpgg/examples/python/run.sh",
                     "var/empty/bgpgg"):
            self.assertTrue(os.path.exists(os.path.join(prefix, path)), path)
        self.assertEqual(os.listdir(os.path.join(prefix, "var/empty/bgpgg")),
                         [])
        # The example finds its proto where it was installed.
        example = os.path.join(
            prefix, "share/doc/bgpgg/examples/python/run.sh")
        s.program = lambda name="sbin/bgpd": os.path.join(prefix, name)
        # Nothing of the environment but what the sanitizers are told.
        env = {k: v for k, v in s.environment().items()
               if k in ("PATH", "ASAN_OPTIONS", "UBSAN_OPTIONS")}
        s.environment = lambda: env
        self.addCleanup(s.kill)
        s.start()
        a = Speaker(net.v4(10), 65010, remote=s.addr)
        self.addCleanup(a.stop)
        a.establish()
        a.announce("198.51.100.0/24")
        s.wait_routes(["198.51.100.0/24"])
        self.assertIn("198.51.100.0/24", s.bgpctl("show", "rib"))
        out = subprocess.run(["sh", example, s.grpc], check=True,
                             timeout=120, stdout=subprocess.PIPE).stdout
        self.assertIn(b"added 999 routes", out)
        s.stop()
