# SPDX-License-Identifier: ISC
"""The clients of doc/examples, each against a running suite."""

import os
import shutil
import subprocess
import unittest

from lib import wait
from lib.case import Case
from lib.suite import BUILD, ROOT, pb

HERE = os.path.join(ROOT, "doc/examples")


def runs(*command):
    """Does a command end well?"""
    return shutil.which(command[0]) is not None and subprocess.run(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL).returncode == 0


@unittest.skipIf(BUILD != "release", "left to the release build")
class Clients(Case):
    def client(self, *command, refused="ALREADY_EXISTS", bulk=False, more=(),
               **env):
        status, out, err = wait.output_of(
            list(command) + [self.suite.grpc], 300,
            env=dict(os.environ, **env))
        self.assertEqual(status, 0, err.decode())
        self.assertEqual(out.decode().splitlines(), [
            "AS 64500, 0 routes", "Peer 192.168.1.2 added",
            "peer 192.168.1.2: ACTIVE", "refused: " + refused,
            "added 999 routes",
            "1000 routes, first 10.0.0.0/24 via 192.168.1.1 "
            "local-pref 200"] + list(more) + [
                "bulk: added 999 routes, refused 1",
                "bulk: element 701: IPv4 prefix length 99 exceeds 32",
                "bulk: 999 routes, first 20.0.0.0/24",
                "bulk: removed 999 routes"] * bulk)
        self.assertEqual(self.suite.routes(), {})
        self.assertEqual(self.suite.peers(), {})

    def test_python(self):
        self.client("sh", HERE + "/python/run.sh", bulk=True, more=[
            "import policies example, default reject"])
        self.assertEqual(len(self.suite.rpc.ListPolicies(
            pb.ListPoliciesRequest()).policies), 0)

    def test_go(self):
        self.client("sh", HERE + "/go/run.sh", refused="AlreadyExists",
                    bulk=True, GOCACHE=os.path.join(ROOT, "build/go-cache"))

    def test_node(self):
        if not runs("node", "-e", "require('@grpc/grpc-js');"
                    "require('@grpc/proto-loader')"):
            self.skipTest("@grpc/grpc-js is not there")
        self.client("node", HERE + "/node/example.js")

    def test_rust(self):
        manifest = HERE + "/rust/Cargo.toml"
        target = os.path.join(ROOT, "build/rust")
        if not runs("cargo", "build", "--offline", "--quiet",
                    "--manifest-path", manifest, "--target-dir", target):
            self.skipTest("tonic is not there")
        self.client(os.path.join(target, "debug/bgpgg-example"),
                    refused="AlreadyExists")
