# SPDX-License-Identifier: ISC
"""The recipes of doc/recipes: their files are started as they stand."""

import os
import re
import shlex
import subprocess
import sys
import unittest

from lib import net, wait
from lib.suite import GEN, ROOT, Suite, pb

RECIPES = os.path.join(ROOT, "doc/recipes")


def blocks(name):
    """The fenced blocks of a page: (language, text)."""
    with open(os.path.join(RECIPES, name)) as f:
        return re.findall(r"^```(\w+)\n(.*?)^```$", f.read(), re.M | re.S)


class Router(Suite):
    """One of a page: its file as it is, and an endpoint of its own."""

    def __init__(self, name, text):
        super().__init__(name=name)
        self.text = text
        self.addr = re.search(r"^listen_addr: (\S+)", text, re.M).group(1)

    def write(self, text=None):
        super().write(self.text + "\ngrpc_listen_addr: %s\n"
                      "log_level: debug\n" % self.grpc)


@unittest.skipUnless(net.private(), "needs addresses of its own")
class Recipe(unittest.TestCase):
    def page(self, name):
        """Start the routers of a page; waits until every session is up."""
        self.routers = {}
        self.name = name
        for language, text in blocks(name):
            m = re.match(r"# (\S+)\.yaml\n", text)
            if language == "yaml" and m:
                r = Router(m.group(1), text)
                self.addCleanup(r.kill)
                self.routers[m.group(1)] = r
        for r in self.routers.values():
            r.start()
            # The first attempts may have met nobody.
            self.assertFalse(r.grep("warning"), r.tail())
        for r in self.routers.values():
            for addr in r.peers():
                r.wait_state(addr, seconds=90)
        return self.routers

    def commands(self):
        """Run what the page has behind "# on ROUTER"."""
        out = ""
        for language, text in blocks(self.name):
            m = re.match(r"# on (\S+)\n", text)
            if language != "sh" or not m:
                continue
            for line in text.replace("\\\n", "").splitlines()[1:]:
                words = shlex.split(line, comments=True)
                self.assertEqual(words[0], "bgpctl", line)
                out += self.routers[m.group(1)].bgpctl(*words[1:])
        return out

    def end(self):
        for r in self.routers.values():
            r.stop()

    def attrs(self, router, prefix):
        """The best path that a router has."""
        return wait.until(lambda: self.routers[router].routes().get(prefix),
                          "%s at %s" % (prefix, router), 20)[0]

    def test_ebgp(self):
        r = self.page("ebgp.md")
        r["r1"].wait_routes(["198.51.100.0/24", "203.0.113.0/24"])
        r["r2"].wait_routes(["198.51.100.0/24", "203.0.113.0/24",
                             "10.0.0.0/8"])
        self.assertEqual(self.attrs("r1", "203.0.113.0/24").local_pref, 120)
        out = self.commands()
        self.assertIn("10.0.0.0/8", out)
        self.end()

    def test_ibgp_mesh(self):
        r = self.page("ibgp-mesh.md")
        own = ["198.51.%d.0/24" % n for n in (100, 101, 102)]
        for name in ("r1", "r2", "r3", "upstream"):
            r[name].wait_routes(own + ["203.0.113.0/24"])
        p = self.attrs("r3", "203.0.113.0/24")
        self.assertEqual((p.next_hop, p.local_pref), ("192.0.2.1", 200))
        self.assertEqual(list(p.communities), [65000 << 16 | 10])
        self.assertIn("203.0.113.0/24", self.commands())
        self.end()

    def test_route_server(self):
        r = self.page("route-server.md")
        a, b, c = ["198.51.100.0/24"], [
            "203.0.113.0/25", "203.0.113.128/25"], ["192.88.99.0/24"]
        r["rs"].wait_routes(a + b + c)
        r["a"].wait_routes(a + b + c)
        r["b"].wait_routes(a + b + c)
        r["c"].wait_routes(a + b[:1] + c)
        for name, prefix, hop in (("a", b[0], "192.0.2.3"),
                                  ("c", a[0], "192.0.2.2"),
                                  ("b", c[0], "192.0.2.4")):
            p = self.attrs(name, prefix)
            self.assertEqual(p.next_hop, hop, (name, prefix))
            self.assertEqual(list(p.communities), [])
        self.assertEqual(self.attrs("rs", c[0]).peer_address, "192.0.2.4")
        self.commands()
        # The set was replaced: one more prefix of c is taken at once.
        r["c"].add_route("198.18.0.0/15")
        self.attrs("a", "198.18.0.0/15")
        self.end()

    def test_anycast(self):
        r = self.page("anycast.md")
        script = os.path.join(r["r1"].dir, "anycast.py")
        text, = [t for language, t in blocks("anycast.md")
                 if language == "python"]
        with open(script, "w") as f:
            f.write(text)
        well = os.path.join(r["r1"].dir, "well")
        p = subprocess.Popen(
            wait.WITH_PARENT + [sys.executable, script, r["r1"].grpc,
                                "203.0.113.53/32", "test", "-e", well],
            env=dict(r["r1"].environment(), PYTHONPATH=GEN),
            stdin=subprocess.DEVNULL)
        try:
            r["r2"].wait_routes([])
            open(well, "w").close()
            path = self.attrs("r2", "203.0.113.53/32")
            self.assertEqual(list(path.communities), [65001 << 16 | 53])
            # Nothing else gets out, whoever asks for it.
            r["r1"].add_route("203.0.113.0/24")
            out = wait.until(lambda: r["r1"].routes(
                pb.ADJ_OUT, "192.0.2.2"), "what is sent", 10)
            self.assertEqual(list(out), ["203.0.113.53/32"])
            os.unlink(well)
            r["r2"].wait_routes([])
        finally:
            p.kill()
            p.wait()
        # Down and up again; the other side takes its time.
        self.commands()
        self.assertNotEqual(r["r1"].state("192.0.2.2"), "ESTABLISHED")
        self.end()

    def test_blackhole(self):
        r = self.page("blackhole.md")
        r["r2"].wait_routes(["198.51.100.0/24", "198.51.100.7/32"])
        r["upstream"].wait_routes(["198.51.100.0/24"])
        p = self.attrs("r2", "198.51.100.7/32")
        self.assertEqual((p.next_hop, p.local_pref), ("192.0.2.66", 500))
        self.assertEqual(
            set(p.communities), {0xffffff01, 65535 << 16 | 666,
                                 65000 << 16 | 666})
        self.assertIn("198.51.100.7/32", self.commands())
        p = self.attrs("r2", "198.51.100.9/32")
        self.assertEqual((p.next_hop, p.local_pref), ("192.0.2.66", 500))
        r["upstream"].wait_routes(["198.51.100.0/24"])
        self.end()

    def test_every_page_has_a_test(self):
        for name in os.listdir(RECIPES):
            test = "test_" + name[:-3].replace("-", "_")
            if name != "README.md":
                self.assertTrue(hasattr(self, test), name)


class Links(unittest.TestCase):
    """What the documents point to is there."""

    def test_links_of_documents(self):
        pages = [os.path.join(ROOT, n) for n in ("README.md",
                                                 "ARCHITECTURE.md")]
        for top, _, names in os.walk(os.path.join(ROOT, "doc")):
            pages += [os.path.join(top, n) for n in names
                      if n.endswith(".md")]
        for page in pages:
            with open(page) as f:
                text = re.sub(r"^```.*?^```$", "", f.read(),
                              flags=re.M | re.S)
            for link in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", text):
                self.assertTrue(os.path.exists(os.path.join(
                    os.path.dirname(page), link)), "%s in %s" % (link, page))
