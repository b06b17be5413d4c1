# SPDX-License-Identifier: ISC
"""Real BGP daemons as neighbours.

Each class writes the configuration of one daemon, starts it in the
foreground, and speaks to it with its own tools.  A neighbour has an IPv4 and
an IPv6 address; by default it has one session with the suite over each, and
a session carries the family of its addresses.

routes(afi) gives what the daemon holds from us as a dict: prefix -> dict of
origin ("igp"), as_path ("1 2 3"), next_hop, med, local_pref, communities
("1:2"), large ("1:2:3"), as far as the daemon shows them.
"""

import json
import os
import re
import signal
import socket
import subprocess

from . import net, wait
from .suite import ROOT, WORK, alive

TREES = os.environ.get("NEIGHBOURS", os.path.join(ROOT, "build/neighbours"))
NAMES = ("bird", "frr", "gobgp", "openbgpd", "exabgp")
COLLECTORS = ("pmacct",)
ORIGINS = ("igp", "egp", "incomplete")


def available(name):
    return os.access(os.path.join(TREES, name, "run"), os.X_OK)


def fetch(*names):
    missing = [n for n in names if not available(n)]
    if missing:
        subprocess.run([os.path.join(ROOT, "regress/neighbours/fetch"),
                        TREES] + missing, check=True,
                       stdout=subprocess.DEVNULL)


class Route:
    """A route that a neighbour originates."""

    def __init__(self, prefix, communities=(), large=(), med=None):
        self.prefix = prefix
        self.communities = list(communities)
        self.large = list(large)
        self.med = med
        self.v6 = ":" in prefix


class Neighbour:
    name = None
    serial = 0

    def __init__(self, n, asn, remote=1, remote_asn=64500, passive=False,
                 hold=90, routes=(), families=(4, 6)):
        Neighbour.serial += 1
        self.n, self.asn = n, asn
        self.addr, self.addr6 = net.v4(n), net.v6(n)
        self.remote, self.remote6 = net.v4(remote), net.v6(remote)
        self.remote_asn = remote_asn
        self.passive = passive
        self.hold = hold
        self.families = families
        self.origins = list(routes)
        self.port = net.bgp_port()
        self.router_id = "10.0.0.%d" % n
        self.dir = os.path.join(WORK, "%03d-%s" % (Neighbour.serial,
                                                   self.name))
        os.makedirs(self.dir, exist_ok=True)
        self.log = self.path("log")
        self.proc = None
        self.kids = []

    def path(self, name):
        return os.path.join(self.dir, name)

    def sessions(self):
        """Pairs (our address, the suite's) of the sessions."""
        out = []
        if 4 in self.families:
            out.append((self.addr, self.remote))
        if 6 in self.families and self.addr6 != self.remote6:
            out.append((self.addr6, self.remote6))
        return out

    def write(self, name, text, mode=0o600):
        with open(self.path(name), "w") as f:
            f.write(text)
        os.chmod(self.path(name), mode)
        return self.path(name)

    def command(self, *args):
        return [os.path.join(TREES, self.name, "run")] + list(args)

    def ask(self, *args, check=True):
        status, out, err = wait.output_of(self.command(*args))
        text = (err + out).decode(errors="replace")
        if check and status != 0:
            raise wait.NoAnswer("%s: %s: %s" % (self.name, args, text))
        return text

    # --------------------------------------------------------------- running

    def start(self):
        self.configure()
        with open(self.log, "ab") as log:
            self.proc = subprocess.Popen(
                wait.WITH_PARENT + self.command(*self.arguments()),
                stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                env=self.environment(), start_new_session=True)
        try:
            wait.until(self.ready, lambda: "start of %s:\n%s" % (
                self.name, self.tail()), 20, 0.1)
        except BaseException:
            self.kill()
            raise
        return self

    def environment(self):
        return dict(os.environ)

    def pids(self):
        """Every process of the daemon: it leads a session of its own."""
        out = []
        for p in os.listdir("/proc"):
            if p.isdigit():
                try:
                    with open("/proc/%s/stat" % p) as f:
                        rest = f.read().rsplit(")", 1)[1].split()
                except (FileNotFoundError, ProcessLookupError):
                    continue
                if int(rest[3]) == self.proc.pid and rest[0] not in "ZX":
                    out.append(int(p))
        return out

    def signal(self, sig):
        for pid in self.pids():
            try:
                os.kill(pid, sig)
            except ProcessLookupError:
                pass

    def pause(self):
        self.signal(signal.SIGSTOP)

    def resume(self):
        self.signal(signal.SIGCONT)

    def stop(self):
        """A clean end; the daemon says goodbye to its peers."""
        if self.proc is None:
            return
        if self.proc.poll() is None:
            self.proc.terminate()
            try:
                self.proc.wait(10)
            except subprocess.TimeoutExpired:
                pass
        self.kill()

    def kill(self):
        """The sudden end."""
        if self.proc is None:
            return
        pids = self.pids()
        self.signal(signal.SIGKILL)
        self.proc.wait()
        wait.until(lambda: not any(alive(p) for p in pids),
                   "end of %s" % self.name, 10)
        self.proc = None

    def __enter__(self):
        return self.start()

    def __exit__(self, kind, value, tb):
        self.kill()
        if kind is not None:
            print("---- %s\n%s----" % (self.log, self.tail()))

    def tail(self, n=15):
        try:
            with open(self.log, errors="replace") as f:
                return "".join(f.readlines()[-n:])
        except FileNotFoundError:
            return "(no log)"

    # --------------------------------------------------------------- waiting

    def wait_established(self, seconds=40):
        want = len(self.sessions())
        wait.until(lambda: self.established() == want,
                   lambda: "%d sessions of %s (%d):\n%s" % (
                       want, self.name, self.established(), self.tail()),
                   seconds, 0.1)
        return self

    def wait_route(self, prefix, check=None, seconds=20):
        afi = 6 if ":" in prefix else 4
        seen = []

        def there():
            r = self.routes(afi).get(prefix)
            seen[:] = [r]
            return r if r and (check is None or check(r)) else None
        return wait.until(there, lambda: "%s in %s (%r)" % (
            prefix, self.name, seen), seconds, 0.1)

    def wait_gone(self, prefix, seconds=20):
        afi = 6 if ":" in prefix else 4
        wait.until(lambda: prefix not in self.routes(afi),
                   "withdrawal of %s in %s" % (prefix, self.name),
                   seconds, 0.1)


class Bird(Neighbour):
    name = "bird"

    def configure(self):
        out = ["router id %s;" % self.router_id, "protocol device { }"]
        for v in (4, 6):
            out.append("protocol static origin%d { ipv%d;" % (v, v))
            for r in self.origins:
                if r.v6 == (v == 6):
                    out.append("  " + self.static(r))
            out.append("}")
        for local, remote in self.sessions():
            v = 6 if ":" in local else 4
            out += [
                "protocol bgp ours%d {" % v,
                "  local %s port %d as %d;" % (local, self.port, self.asn),
                "  neighbor %s port %d as %d;" % (remote, self.port,
                                                  self.remote_asn),
                "  strict bind yes; multihop; hold time %d;" % self.hold,
                "  connect delay time 1; connect retry time 1;",
                "  error wait time 1, 2;",
                "  passive %s;" % ("yes" if self.passive else "no"),
                "  ipv%d { import all; next hop self;" % v,
                "    export filter { %s accept; }; };" % self.meds(v),
                "}"]
        self.write("bird.conf", "\n".join(out) + "\n")

    def meds(self, v):
        """A MED that is not set on export stays inside the AS."""
        return " ".join("if net = %s then bgp_med = %d;" % (r.prefix, r.med)
                        for r in self.origins
                        if r.med is not None and r.v6 == (v == 6))

    @staticmethod
    def static(r):
        acts = ["bgp_community.add((%s));" % c.replace(":", ",")
                for c in r.communities]
        acts += ["bgp_large_community.add((%s));" % c.replace(":", ",")
                 for c in r.large]
        return "route %s blackhole { %s };" % (r.prefix, " ".join(acts)) \
            if acts else "route %s blackhole;" % r.prefix

    def arguments(self):
        return ["usr/sbin/bird", "-f", "-c", self.path("bird.conf"),
                "-s", self.path("ctl"), "-P", self.path("pid")]

    def cli(self, *words):
        return self.ask("usr/sbin/birdc", "-s", self.path("ctl"), *words)

    def ready(self):
        return "Daemon is up" in self.ask(
            "usr/sbin/birdc", "-s", self.path("ctl"), "show", "status",
            check=False)

    def established(self):
        return len(re.findall(r"^ours\d .* up .*Established",
                              self.cli("show", "protocols"), re.M))

    def reconfigure(self):
        self.configure()
        out = self.cli("configure")
        assert "Reconfigured" in out or "in progress" in out, out

    def announce(self, r):
        self.origins.append(r)
        self.reconfigure()

    def withdraw(self, prefix):
        self.origins = [r for r in self.origins if r.prefix != prefix]
        self.reconfigure()

    def routes(self, afi=4):
        out, cur = {}, None
        for line in self.cli("show", "route", "all", "protocol",
                             "ours%d" % afi).splitlines():
            m = re.match(r"(\S+/\d+)\s", line)
            if m:
                cur = out.setdefault(m.group(1), {"communities": [],
                                                  "large": []})
                continue
            m = re.match(r"\s+BGP\.(\w+): ?(.*)", line)
            if not m or cur is None:
                continue
            key, val = m.group(1), m.group(2).strip()
            if key == "origin":
                cur["origin"] = val.lower()
            elif key == "as_path":
                cur["as_path"] = val
            elif key == "next_hop":
                cur["next_hop"] = val.split()[0]
            elif key == "med":
                cur["med"] = int(val)
            elif key == "local_pref":
                cur["local_pref"] = int(val)
            elif key == "community":
                cur["communities"] = [
                    c.replace(",", ":") for c in
                    re.findall(r"\((\d+,\d+)\)", val)]
            elif key == "large_community":
                cur["large"] = [c.replace(", ", ":") for c in
                                re.findall(r"\((\d+, \d+, \d+)\)", val)]
        return out


class Frr(Neighbour):
    name = "frr"

    def configure(self):
        out = ["router bgp %d" % self.asn,
               " bgp router-id %s" % self.router_id,
               " no bgp ebgp-requires-policy",
               " no bgp network import-check",
               " no bgp default ipv4-unicast",
               " bgp graceful-restart-disable",
               " timers bgp %d %d" % (max(1, self.hold // 3), self.hold)]
        for local, remote in self.sessions():
            out += [" neighbor %s remote-as %d" % (remote, self.remote_asn),
                    " neighbor %s port %d" % (remote, self.port),
                    " neighbor %s update-source %s" % (remote, local),
                    " neighbor %s timers connect 1" % remote,
                    " neighbor %s advertisement-interval 0" % remote]
            if self.asn != self.remote_asn:
                out += [" neighbor %s ebgp-multihop 5" % remote,
                        " neighbor %s disable-connected-check" % remote]
            if self.passive:
                out.append(" neighbor %s passive" % remote)
        for v in (4, 6):
            out.append(" address-family ipv%d unicast" % v)
            for i, r in enumerate(self.origins):
                if r.v6 == (v == 6):
                    out.append("  network %s route-map SET%d" % (r.prefix, i))
            for local, remote in self.sessions():
                if (":" in local) == (v == 6):
                    out += ["  neighbor %s activate" % remote,
                            "  neighbor %s send-community both" % remote,
                            "  neighbor %s send-community large" % remote]
            out.append(" exit-address-family")
        for i, r in enumerate(self.origins):
            out.append("route-map SET%d permit 10" % i)
            if r.communities:
                out.append(" set community %s" % " ".join(r.communities))
            if r.large:
                out.append(" set large-community %s" % " ".join(r.large))
            if r.med is not None:
                out.append(" set metric %d" % r.med)
        self.write("bgpd.conf", "\n".join(out) + "\n")
        os.makedirs(self.path("vty"), exist_ok=True)
        self.write("vty/vtysh.conf", "")

    def arguments(self):
        args = ["usr/lib/frr/bgpd", "-n", "-Z", "-S",
                "-f", self.path("bgpd.conf"), "-i", self.path("pid"),
                "--vty_socket", self.path("vty"), "-p", str(self.port),
                "-P", "0", "--log", "file:" + self.path("frr.log")]
        for local, _ in self.sessions():
            args += ["-l", local]
        return args

    def cli(self, *words, check=True):
        args = []
        for w in words:
            args += ["-c", w]
        return self.ask("usr/bin/vtysh", "--vty_socket", self.path("vty"),
                        "--config_dir", self.path("vty"), "-d", "bgpd",
                        *args, check=check)

    def json(self, words):
        out = self.cli(words)
        at = out.find("{")
        return json.loads(out[at:]) if at >= 0 else {}

    def ready(self):
        return "BGP" in self.cli("show bgp summary", check=False)

    def established(self):
        n = 0
        for fam in self.json("show bgp summary json").values():
            for p in fam.get("peers", {}).values():
                n += p.get("state") == "Established"
        return n

    def vty(self, *lines):
        self.cli("configure terminal", "router bgp %d" % self.asn, *lines)

    def announce(self, r):
        assert not (r.communities or r.large or r.med)
        self.vty("address-family ipv%d unicast" % (6 if r.v6 else 4),
                 "network %s" % r.prefix)

    def withdraw(self, prefix):
        self.vty("address-family ipv%d unicast" % (6 if ":" in prefix else 4),
                 "no network %s" % prefix)

    def routes(self, afi=4):
        remote = self.remote6 if afi == 6 else self.remote
        fam = "ipv%d unicast" % afi
        out = {}
        table = self.json("show bgp %s json" % fam).get("routes", {})
        for prefix, paths in table.items():
            if not any(p.get("peerId") == remote for p in paths):
                continue
            for p in self.json("show bgp %s %s json" % (
                    fam, prefix)).get("paths", []):
                if p.get("peer", {}).get("peerId") != remote:
                    continue
                r = {"origin": p["origin"].lower(),
                     "as_path": p["aspath"]["string"],
                     "communities": p.get("community", {}).get("list", []),
                     "large": p.get("largeCommunity", {}).get("list", [])}
                if r["as_path"] == "Local":
                    r["as_path"] = ""
                if "metric" in p or "med" in p:
                    r["med"] = p.get("metric", p.get("med"))
                if "locPrf" in p:
                    r["local_pref"] = p["locPrf"]
                for h in p["nexthops"]:
                    if h.get("scope") != "link-local":
                        r["next_hop"] = h["ip"]
                out[prefix] = r
        return out


class GoBgp(Neighbour):
    name = "gobgp"

    def configure(self):
        out = ["[global.config]", "as = %d" % self.asn,
               'router-id = "%s"' % self.router_id, "port = %d" % self.port,
               "local-address-list = [%s]" % ", ".join(
                   '"%s"' % a for a, _ in self.sessions())]
        for local, remote in self.sessions():
            out += ["[[neighbors]]", "[neighbors.config]",
                    'neighbor-address = "%s"' % remote,
                    "peer-as = %d" % self.remote_asn,
                    "[neighbors.transport.config]",
                    'local-address = "%s"' % local,
                    "remote-port = %d" % self.port,
                    "passive-mode = %s" % str(self.passive).lower(),
                    "[neighbors.ebgp-multihop.config]",
                    "enabled = true", "multihop-ttl = 5",
                    "[neighbors.timers.config]",
                    "hold-time = %d" % self.hold,
                    "keepalive-interval = %d" % max(1, self.hold // 3),
                    "connect-retry = 1", "idle-hold-time-after-reset = 1",
                    "[[neighbors.afi-safis]]",
                    "[neighbors.afi-safis.config]",
                    'afi-safi-name = "ipv%d-unicast"' % (
                        6 if ":" in local else 4)]
        self.write("gobgpd.toml", "\n".join(out) + "\n")
        self.api = net.free_port()

    def arguments(self):
        return ["usr/bin/gobgpd", "-f", self.path("gobgpd.toml"),
                "--api-hosts", "127.0.0.1:%d" % self.api, "--disable-stdlog",
                "--pprof-disable"]


    def environment(self):
        env = dict(os.environ)
        for k in list(env):
            if k.lower().endswith("_proxy"):
                del env[k]
        return env

    def start(self):
        super().start()
        for r in list(self.origins):
            self.announce(r)
        return self

    def cli(self, *words, check=True):
        """Its client gives up after a short time; on a busy machine one
        asks again."""
        out = []

        def answer():
            out[:] = [self.ask("usr/bin/gobgp", "-u", "127.0.0.1", "-p",
                               str(self.api), *words, check=False)]
            return "context deadline exceeded" not in out[0]
        if check:
            wait.until(answer, "answer to %s" % (words,), 20, 0.1)
            if out[0].startswith('{"error"'):
                raise wait.NoAnswer("gobgp: %s: %s" % (words, out[0]))
        else:
            answer()
        return out[0]

    def ready(self):
        return "AS:" in self.cli("global", check=False)

    def established(self):
        n = 0
        for p in json.loads(self.cli("neighbor", "-j")):
            n += p.get("state", {}).get("session_state") == 6
        return n

    def announce(self, r):
        hop = self.addr6 if r.v6 else self.addr
        args = ["global", "rib", "-a", "ipv6" if r.v6 else "ipv4", "add",
                r.prefix, "nexthop", hop, "origin", "igp"]
        if r.med is not None:
            args += ["med", str(r.med)]
        if r.communities:
            args += ["community", ",".join(r.communities)]
        if r.large:
            args += ["large-community", ",".join(r.large)]
        self.cli(*args)

    def withdraw(self, prefix):
        self.cli("global", "rib", "-a", "ipv6" if ":" in prefix else "ipv4",
                 "del", prefix)

    def routes(self, afi=4):
        out = {}
        text = self.cli("global", "rib", "-a", "ipv%d" % afi, "-j")
        table = json.loads(text) if text.lstrip().startswith("{") else {}
        remote = self.remote6 if afi == 6 else self.remote
        for prefix, paths in table.items():
            for p in paths:
                if p.get("source-id") is None or \
                        p.get("neighbor-ip", p.get("NeighborIP", remote)) \
                        not in (remote, "<nil>"):
                    pass
                r = {"communities": [], "large": [], "as_path": ""}
                for a in p["attrs"]:
                    t = a["type"]
                    if t == 1:
                        r["origin"] = ORIGINS[a["value"]]
                    elif t == 2:
                        r["as_path"] = " ".join(
                            " ".join(map(str, s["asns"]))
                            for s in a.get("as_paths") or [])
                    elif t == 3:
                        r["next_hop"] = a["nexthop"]
                    elif t == 14:
                        r["next_hop"] = a["nexthop"]
                    elif t == 4:
                        r["med"] = a["metric"]
                    elif t == 5:
                        r["local_pref"] = a["value"]
                    elif t == 8:
                        r["communities"] = [
                            "%d:%d" % (c >> 16, c & 0xffff)
                            for c in a["communities"]]
                    elif t == 32:
                        r["large"] = [
                            "%d:%d:%d" % (c["ASN"], c["LocalData1"],
                                          c["LocalData2"])
                            for c in a["value"]]
                local = r["next_hop"] in (self.addr, self.addr6)
                if not local and p.get("source-id") not in (None, "<nil>"):
                    out[prefix] = r
        return out


class OpenBgpd(Neighbour):
    name = "openbgpd"

    def configure(self):
        out = ["AS %d" % self.asn, "router-id %s" % self.router_id,
               'socket "%s"' % self.path("ctl"), "fib-update no",
               "nexthop qualify via default", "connect-retry 1",
               "holdtime %d" % self.hold]
        for local, _ in self.sessions():
            out.append("listen on %s port %d" % (local, self.port))
        for r in self.origins:
            sets = ["community %s" % c for c in r.communities]
            sets += ["large-community %s" % c for c in r.large]
            if r.med is not None:
                sets.append("med %d" % r.med)
            out.append("network %s%s" % (
                r.prefix, " set { %s }" % " ".join(sets) if sets else ""))
        for local, remote in self.sessions():
            v6 = ":" in local
            out += ["neighbor %s {" % remote,
                    "  remote-as %d" % self.remote_asn,
                    "  local-address %s" % local,
                    "  port %d" % self.port,
                    "  announce IPv4 %s" % ("none" if v6 else "unicast"),
                    "  announce IPv6 %s" % ("unicast" if v6 else "none")]
            if self.asn != self.remote_asn:
                out.append("  multihop 5")
            if self.passive:
                out.append("  passive")
            out.append("}")
        out += ["allow from any", "allow to any"]
        self.write("bgpd.conf", "\n".join(out) + "\n")

    def arguments(self):
        return ["usr/sbin/bgpd", "-d", "-f", self.path("bgpd.conf")]

    def cli(self, *words, check=True):
        return self.ask("usr/sbin/bgpctl", "-s", self.path("ctl"), *words,
                        check=check)

    def ready(self):
        return "Neighbor" in self.cli("show", "summary", check=False)

    def established(self):
        data = json.loads(self.cli("-j", "show", "neighbor"))
        return sum(p.get("state") == "Established"
                   for p in data.get("neighbors", []))

    def announce(self, r):
        args = ["network", "add", r.prefix]
        for c in r.communities:
            args += ["community", c]
        for c in r.large:
            args += ["large-community", c]
        if r.med is not None:
            args += ["med", str(r.med)]
        self.cli(*args)

    def withdraw(self, prefix):
        self.cli("network", "delete", prefix)

    def routes(self, afi=4):
        out = {}
        remote = self.remote6 if afi == 6 else self.remote
        text = self.cli("-j", "show", "rib", "in", "detail", "neighbor",
                        remote, check=False)
        if not text.strip().startswith("{"):
            return out
        for p in json.loads(text).get("rib", []):
            if (":" in p["prefix"]) != (afi == 6):
                continue
            r = {"origin": p["origin"].lower(), "as_path": p["aspath"],
                 "next_hop": p.get("exit_nexthop") or
                 p.get("true_nexthop"), "communities": [], "large": []}
            if "metric" in p:
                r["med"] = p["metric"]
            if "localpref" in p:
                r["local_pref"] = p["localpref"]
            r["communities"] = list(p.get("communities", []))
            r["large"] = list(p.get("large_communities", []))
            out[p["prefix"]] = r
        return out


class ExaBgp(Neighbour):
    name = "exabgp"

    def configure(self):
        self.write("api", "#!/bin/sh\ncat <>'%s' &\nexec cat >>'%s'\n" % (
            self.path("in"), self.path("out")), 0o700)
        for f in ("in",):
            try:
                os.unlink(self.path(f))
            except FileNotFoundError:
                pass
        os.mkfifo(self.path("in"))
        open(self.path("out"), "w").close()
        out = ["process api {", "  run %s;" % self.path("api"),
               "  encoder json;", "}"]
        for local, remote in self.sessions():
            v = 6 if ":" in local else 4
            out += ["neighbor %s {" % remote,
                    "  router-id %s;" % self.router_id,
                    "  local-address %s;" % local,
                    "  local-as %d;" % self.asn,
                    "  peer-as %d;" % self.remote_asn,
                    "  hold-time %d;" % self.hold,
                    "  connect %d;" % self.port,
                    "  family { ipv%d unicast; }" % v]
            if self.passive:
                out += ["  passive;", "  listen %d;" % self.port]
            out += ["  static {"]
            for r in self.origins:
                if r.v6 == (v == 6):
                    out.append("    route %s %s;" % (r.prefix,
                                                     self.words(r, v)))
            out += ["  }",
                    "  api { processes [ api ]; neighbor-changes;",
                    "    receive { parsed; update; } }", "}"]
        self.write("exabgp.conf", "\n".join(out) + "\n")

    def words(self, r, v):
        out = "next-hop %s origin igp" % (self.addr6 if v == 6 else self.addr)
        if r.med is not None:
            out += " med %d" % r.med
        if r.communities:
            out += " community [ %s ]" % " ".join(r.communities)
        if r.large:
            out += " large-community [ %s ]" % " ".join(r.large)
        return out

    def environment(self):
        env = dict(os.environ)
        env.update({"exabgp_daemon_user": "root",
                    "exabgp_daemon_drop": "false",
                    "exabgp_tcp_bind": " ".join(a for a, _ in
                                                self.sessions())
                    if self.passive else "",
                    "exabgp_tcp_port": str(self.port),
                    "exabgp_api_cli": "false", "exabgp.api.ack": "false",
                    "exabgp_log_level": "INFO"})
        return env

    def arguments(self):
        return ["usr/sbin/python3-exabgp", "-e", "", self.path("exabgp.conf")]

    def ready(self):
        return "loaded new configuration" in self.tail(200) or \
            self.proc.poll() is None and self.events()

    def events(self):
        out = []
        with open(self.path("out"), errors="replace") as f:
            for line in f:
                try:
                    out.append(json.loads(line))
                except ValueError:
                    pass
        return out

    def established(self):
        state = {}
        for e in self.events():
            if e.get("type") == "state":
                n = e["neighbor"]
                state[n["address"]["peer"]] = n["state"]
        return sum(s == "up" for s in state.values())

    def say(self, line):
        # Without a reader at the other end this is an error, not a wait.
        fd = os.open(self.path("in"), os.O_WRONLY | os.O_NONBLOCK)
        with open(fd, "w") as f:
            f.write(line + "\n")

    def announce(self, r):
        self.say("neighbor %s announce route %s %s" % (
            self.remote6 if r.v6 else self.remote, r.prefix,
            self.words(r, 6 if r.v6 else 4)))

    def withdraw(self, prefix):
        v6 = ":" in prefix
        self.say("neighbor %s withdraw route %s next-hop %s" % (
            self.remote6 if v6 else self.remote, prefix,
            self.addr6 if v6 else self.addr))

    def routes(self, afi=4):
        out = {}
        for e in self.events():
            if e.get("type") == "state" and \
                    e["neighbor"]["state"] in ("down", "connected"):
                v6 = ":" in e["neighbor"]["address"]["peer"]
                out = {p: r for p, r in out.items() if (":" in p) != v6}
            if e.get("type") != "update":
                continue
            u = e["neighbor"]["message"].get("update")
            if not u:
                continue
            a = u.get("attribute", {})
            for fam, hops in u.get("announce", {}).items():
                for hop, prefixes in hops.items():
                    for p in prefixes:
                        path = a.get("as-path", [])
                        if isinstance(path, dict):
                            path = sum((s["value"] for _, s in
                                        sorted(path.items())), [])
                        r = {"origin": a.get("origin"),
                             "as_path": " ".join(map(str, path)),
                             "next_hop": hop,
                             "communities": ["%d:%d" % tuple(c) for c in
                                             a.get("community", [])],
                             "large": ["%d:%d:%d" % tuple(c) for c in
                                       a.get("large-community", [])]}
                        if "med" in a:
                            r["med"] = a["med"]
                        if "local-preference" in a:
                            r["local_pref"] = a["local-preference"]
                        out[p["nlri"]] = r
            for fam, prefixes in u.get("withdraw", {}).items():
                for p in prefixes:
                    out.pop(p["nlri"], None)
        return {p: r for p, r in out.items() if (":" in p) == (afi == 6)}


KINDS = {c.name: c for c in (Bird, Frr, GoBgp, OpenBgpd, ExaBgp)}


class Pmacct(Neighbour):
    """pmbmpd, a BMP collector: what it was told, from its log."""
    name = "pmacct"
    FLAGS = ("is_in", "is_out", "is_loc", "is_post")

    def __init__(self, n):
        super().__init__(n, 0)
        self.port = net.free_port(self.addr)
        self.address = "%s:%d" % (self.addr, self.port)
        self.at = 0             # read so far of its log
        self.rest = ""          # a line that is not whole
        self.routes = {}        # (peer, flags) -> rib()
        self.lines = []

    def configure(self):
        self.messages = self.path("messages")
        self.write("conf", """daemonize: false
bmp_daemon_ip: %s
bmp_daemon_port: %d
bmp_daemon_max_peers: 4
bmp_daemon_msglog_file: %s
bmp_daemon_msglog_output: json
""" % (self.addr, self.port, self.messages))

    def arguments(self):
        return ["usr/sbin/pmbmpd", "-f", self.path("conf")]

    def ready(self):
        with socket.socket() as s:
            return s.connect_ex((self.addr, self.port)) == 0

    def follow(self):
        """Read on in its log: routes go into `routes`, the rest to
        `lines`."""
        if not os.path.exists(self.messages):
            return
        with open(self.messages) as f:
            f.seek(self.at)
            text = f.read()
        text = self.rest + text
        self.at += len(text) - len(self.rest)  # all of it ASCII
        *lines, self.rest = text.split("\n")
        for line in lines:
            self.take(json.loads(line))

    def take(self, m):
        kind = m.get("bmp_msg_type")
        if kind != "route_monitor":
            self.lines.append(m)
            if kind == "peer_down":
                for key in self.routes:
                    if key[0] == m["peer_ip"]:
                        self.routes[key] = {}
            return
        key = (m["peer_ip"],) + tuple(m.get(k, 0) for k in self.FLAGS)
        rib = self.routes.setdefault(key, {})
        if m["log_type"] == "update":
            rib[m["ip_prefix"]] = (
                m.get("as_path", ""), m["bgp_nexthop"], m.get("med"),
                m.get("comms", ""))
        elif m["log_type"] == "withdraw":
            rib.pop(m["ip_prefix"], None)

    def log_lines(self):
        """What it said but for routes."""
        self.follow()
        return self.lines

    def rib(self, peer, **flags):
        """prefix -> (AS path, next hop, MED, communities) of a peer, of the
        messages with these flags (is_post=1 ...)."""
        self.follow()
        return self.routes.get(
            (peer,) + tuple(flags.get(k, 0) for k in self.FLAGS), {})
