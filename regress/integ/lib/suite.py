# SPDX-License-Identifier: ISC
"""The suite under test: configuration, start, waiting, stop, checks."""

import json
import os
import re
import signal
import socket
import subprocess
import sys

from . import net, wait

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.dirname(os.path.abspath(__file__)))))
BUILD = os.environ.get("BUILD", "release")
TREE = os.environ.get("INTEG_TREE", os.path.join(ROOT, "build", BUILD))
RUNS = os.path.join(ROOT, "build", "integ", BUILD)
WORK = os.path.join(RUNS, str(os.getpid()))
GEN = os.path.join(ROOT, "build", "gen", "py")
SANITIZED = "asan" in BUILD

sys.path.insert(0, GEN)

import grpc                                         # noqa: E402
from proto import bgp_pb2 as pb                     # noqa: E402
from proto import bgp_pb2_grpc as pb_grpc           # noqa: E402

STATES = {v: k for k, v in pb.BgpState.items()}
CHILDREN = ("sessiond", "rde", "apid")


def unprivileged():
    """A command that starts another as an ordinary user, or []."""
    command = ["setpriv", "--reuid=nobody", "--regid=nogroup",
               "--clear-groups", "--pdeathsig=KILL"]
    if os.getuid() != 0 or not net.private():
        return []
    probe = subprocess.run(command + [
        "test", "-x", os.path.join(TREE, "sbin/bgpd"), "-a", "-r", ROOT],
        stderr=subprocess.DEVNULL)
    return command if probe.returncode == 0 else []


# Leaks are looked for in processes that can see /proc: with sanitizers the
# suite runs as an ordinary user but where a test is about privileges.
WRAPPER = unprivileged() if SANITIZED else []


def scalar(v):
    """A YAML scalar; text is quoted as JSON is, which YAML takes."""
    if v is None:
        return "null"
    if isinstance(v, bool):
        return "true" if v else "false"
    if isinstance(v, (int, float)):
        return str(v)
    return json.dumps(v)


def yaml(v, depth=0):
    pad = "  " * depth
    out = ""
    if isinstance(v, dict):
        for k, x in v.items():
            if isinstance(x, (dict, list)) and x:
                out += "%s%s:\n%s" % (pad, k, yaml(x, depth + 1))
            elif isinstance(x, (dict, list)):
                out += "%s%s: %s\n" % (pad, k,
                                       "{}" if isinstance(x, dict) else "[]")
            else:
                out += "%s%s: %s\n" % (pad, k, scalar(x))
        return out
    for x in v:
        if isinstance(x, dict):
            body = yaml(x, depth + 1)
            out += pad + "- " + body[len(pad) + 2:]
        else:
            out += "%s- %s\n" % (pad, scalar(x))
    return out


def children(pid):
    """The direct children of a process: name -> pid (the last of a name)."""
    out = {}
    try:
        with open("/proc/%d/task/%d/children" % (pid, pid)) as f:
            pids = [int(p) for p in f.read().split()]
    except FileNotFoundError:
        return out
    for p in pids:
        try:
            with open("/proc/%d/comm" % p) as f:
                out[f.read().strip()] = p
        except FileNotFoundError:
            pass
    return out


def alive(pid):
    """True for a process that runs (a zombie does not)."""
    try:
        with open("/proc/%d/stat" % pid) as f:
            return f.read().rsplit(")", 1)[1].split()[0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return False


class Suite:
    """One instance of the suite.

    conf is the configuration as a dict; listen addresses and the router id
    are filled in where they are missing.
    """

    serial = 0

    def __init__(self, conf=None, peers=(), n=1, asn=64500, name="bgpd",
                 listen6=True, **more):
        Suite.serial += 1
        self.n = n
        self.addr, self.addr6 = net.v4(n), net.v6(n)
        self.asn = asn
        self.grpc = "127.0.0.1:%d" % net.free_port()
        listen = [net.endpoint(self.addr)]
        if listen6:
            listen.append(net.endpoint(self.addr6))
        self.conf = {
            "asn": asn, "router_id": "10.0.0.%d" % n,
            "listen_addr": listen, "grpc_listen_addr": self.grpc,
            "log_level": "debug", "connect_retry_secs": 2,
            "peers": list(peers)}
        self.conf.update(conf or {})
        self.conf.update(more)
        self.dir = os.path.join(WORK, "%03d-%s" % (Suite.serial, name))
        os.makedirs(self.dir, exist_ok=True)
        self.file = os.path.join(self.dir, "bgpd.yaml")
        self.log = os.path.join(self.dir, "log")
        self.proc = None
        self.channel = None
        self.kids = {}
        self.wrapper = WRAPPER  # a command that starts bgpd

    # --------------------------------------------------------------- running

    def program(self, name="sbin/bgpd"):
        return os.path.join(TREE, name)

    def write(self, text=None):
        with open(self.file, "w") as f:
            f.write("---\n" + yaml(self.conf) if text is None else text)

    def environment(self):
        env = dict(os.environ)
        leaks = os.getuid() != 0 or "setpriv" in self.wrapper
        env.setdefault("ASAN_OPTIONS", "exitcode=99:detect_leaks=%d" % leaks)
        env.setdefault("UBSAN_OPTIONS", "print_stacktrace=1")
        for k in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY",
                  "BGPCTL_ENDPOINT", "BGPCTL_TOKEN_FILE", "BGPCTL_CA"):
            env.pop(k, None)
        return env

    def launch(self, *args):
        """Start bgpd without waiting for anything."""
        self.write()
        with open(self.log, "ab") as log:
            self.proc = subprocess.Popen(
                (self.wrapper or wait.WITH_PARENT) +
                [self.program(), "-d", "-f", self.file] + list(args),
                stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                env=self.environment())
        return self

    def start(self, *args):
        self.launch(*args)

        def ready():
            if self.proc.poll() is not None:
                raise AssertionError("bgpd ended with %r:\n%s" % (
                    self.proc.returncode, self.tail()))
            if self.channel is None and not self.listening():
                return False        # a failed channel is slow to come back
            try:
                self.rpc.GetServerInfo(pb.GetServerInfoRequest(), timeout=2)
                return True
            except grpc.RpcError as e:
                if e.code() not in (grpc.StatusCode.UNAVAILABLE,
                                    grpc.StatusCode.DEADLINE_EXCEEDED):
                    raise
                return False
        try:
            wait.until(ready, lambda: "answer from bgpd:\n" + self.tail(), 20)
        except BaseException:
            self.kill()
            raise
        self.kids = children(self.proc.pid)
        return self

    def listening(self):
        """True once something accepts at the gRPC endpoint."""
        unix = self.grpc.startswith("unix:")
        where = self.grpc[5:] if unix else tuple(
            f(x) for f, x in zip((str, int), self.grpc.rsplit(":", 1)))
        with socket.socket(socket.AF_UNIX if unix
                           else socket.AF_INET) as s:
            return s.connect_ex(where) == 0

    @property
    def rpc(self):
        if self.channel is None:
            self.channel = grpc.insecure_channel(self.grpc, options=[
                ("grpc.max_receive_message_length", 64 << 20),
                ("grpc.enable_http_proxy", 0),
                ("grpc.initial_reconnect_backoff_ms", 100),
                ("grpc.min_reconnect_backoff_ms", 5000),
                ("grpc.max_reconnect_backoff_ms", 300)])
        return pb_grpc.BgpServiceStub(self.channel)

    def new_channel(self):
        if self.channel is not None:
            self.channel.close()
            self.channel = None
        return self.rpc

    def reload(self, **changes):
        """Rewrite the file and send SIGHUP."""
        self.conf.update(changes)
        self.write()
        self.proc.send_signal(signal.SIGHUP)

    def stop(self, expect=0):
        """SIGTERM; checks the exit status, the children and the log."""
        if self.proc is None:
            return
        if self.channel is not None:
            self.channel.close()
            self.channel = None
        self.kids.update(children(self.proc.pid))
        if self.proc.poll() is None:
            self.proc.send_signal(signal.SIGTERM)
        self.wait_end(expect, 5 if not SANITIZED else 20)

    def wait_end(self, expect, seconds=5):
        try:
            rc = self.proc.wait(seconds * wait.FACTOR)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError("bgpd did not end within %g s:\n%s" % (
                seconds * wait.FACTOR, self.tail()))
        self.proc = None
        wait.until(lambda: not any(alive(p) for p in self.kids.values()),
                   lambda: "end of the children %r" % [
                       k for k, p in self.kids.items() if alive(p)], 5)
        self.check_log()
        if rc != expect:
            raise AssertionError("bgpd ended with %r, not %r:\n%s" % (
                rc, expect, self.tail()))

    def kill(self):
        """The way out of a failed test: nothing may stay."""
        if self.channel is not None:
            self.channel.close()
            self.channel = None
        if self.proc is None:
            return
        self.kids.update(children(self.proc.pid))
        for pid in [self.proc.pid] + list(self.kids.values()):
            if alive(pid):
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    pass
        self.proc.wait()
        self.proc = None
        wait.until(lambda: not any(alive(p) for p in self.kids.values()),
                   "end of the children", 10)

    def check_log(self):
        """No sanitizer report, no assertion."""
        with open(self.log, errors="replace") as f:
            for line in f:
                if re.search(r"(Address|Leak|UndefinedBehavior)Sanitizer"
                             r"(:| has enc)|"
                             r"runtime error:|Assertion .* failed", line):
                    raise AssertionError("%s: %s\n%s" % (
                        self.log, line.strip(), self.tail(60)))

    def tail(self, n=25):
        try:
            with open(self.log, errors="replace") as f:
                return "".join(f.readlines()[-n:])
        except FileNotFoundError:
            return "(no log)"

    def __enter__(self):
        return self.start()

    def __exit__(self, kind, value, tb):
        if kind is None:
            self.stop()
            return
        try:
            self.kill()
        finally:
            if isinstance(value, AssertionError) or kind is not None:
                sys.stderr.write("---- %s\n%s----\n" % (
                    self.log, self.tail(40)))

    # --------------------------------------------------------------- looking

    def pids(self):
        """Name -> pid of the children that run now."""
        return children(self.proc.pid)

    def peers(self):
        return {p.address: p for p in self.rpc.ListPeers(
            pb.ListPeersRequest(), timeout=10 * wait.FACTOR).peers}

    def peer(self, addr):
        return self.rpc.GetPeer(pb.GetPeerRequest(address=addr),
                                timeout=10 * wait.FACTOR)

    def state(self, addr):
        return STATES[self.peer(addr).peer.state]

    def wait_state(self, addr, state="ESTABLISHED", seconds=30):
        return wait.until(lambda: self.state(addr) == state,
                          lambda: "%s of %s: %s" % (
                              state, addr, self.state(addr)), seconds)

    def routes(self, rib=pb.GLOBAL, peer=None, stream=True, **kw):
        """A listing as a dict: prefix -> [Path...]."""
        req = pb.ListRoutesRequest(rib_type=rib, **kw)
        if peer:
            req.peer_address = peer
        if stream:
            rows = self.rpc.ListRoutesStream(req, timeout=120 * wait.FACTOR)
        else:
            rows = self.rpc.ListRoutes(req, timeout=60 * wait.FACTOR).routes
        out = {}
        for r in rows:
            assert r.prefix not in out, "%s listed twice" % r.prefix
            out[r.prefix] = list(r.paths)
        return out

    def wait_routes(self, want, seconds=20, **kw):
        """Wait until a listing has exactly these prefixes."""
        want = set(want)
        return wait.until(lambda: set(self.routes(**kw)) == want,
                          lambda: "%r but %r" % (
                              sorted(want), sorted(self.routes(**kw))[:50]),
                          seconds)

    def add_route(self, prefix, hop="0.0.0.0", **kw):
        return self.rpc.AddRoute(pb.AddRouteRequest(
            prefix=prefix, next_hop=hop, **kw), timeout=10 * wait.FACTOR)

    def remove_route(self, prefix):
        return self.rpc.RemoveRoute(pb.RemoveRouteRequest(prefix=prefix),
                                    timeout=10 * wait.FACTOR)

    def grep(self, pattern):
        """Lines of the log that match."""
        with open(self.log, errors="replace") as f:
            return [x.rstrip("\n") for x in f if re.search(pattern, x)]

    def wait_log(self, pattern, seconds=10):
        return wait.until(lambda: self.grep(pattern),
                          lambda: "line %r in\n%s" % (pattern, self.tail()),
                          seconds)

    def listing(self, *args):
        """Each element of the array that `bgpctl -j` prints, as it comes:
        for lists that are large."""
        text, decoder = "", json.JSONDecoder()
        p = subprocess.Popen([self.program("sbin/bgpctl"), "-s", self.grpc,
                              "-j"] + list(args), stdout=subprocess.PIPE,
                             env=self.environment(), encoding="ascii")
        with p:
            text = p.stdout.read(1 << 20)
            text = text[text.index("[") + 1:]
            while text:
                at = 0
                try:
                    while True:
                        comma = text.startswith(",", at)
                        element, at = decoder.raw_decode(text, at + comma)
                        yield element
                except ValueError:      # not whole, or the end
                    pass
                more = p.stdout.read(1 << 20)
                if not more:
                    break
                text = text[at:] + more
        # What is left is what follows the elements.
        end = json.loads('{"": 0' + text[at:].replace("]", "", 1))
        if p.returncode != 0 or not end.get("complete", True):
            raise AssertionError("bgpctl %s: %d %r" % (
                " ".join(args), p.returncode, end))

    def bgpctl(self, *args, check=True, json_out=False):
        r = subprocess.run([self.program("sbin/bgpctl"), "-s", self.grpc] +
                           (["-j"] if json_out else []) + list(args),
                           stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                           env=self.environment(), timeout=60)
        if check and r.returncode != 0:
            raise AssertionError("bgpctl %s: %d %s" % (
                " ".join(args), r.returncode, r.stderr.decode()))
        out = r.stdout.decode()
        return json.loads(out) if json_out and check else (
            out if check else r)


def passive(addr, **kw):
    """A peer entry for a scripted speaker that connects to us."""
    peer = {"address": addr, "passive_mode": True,
            "idle_hold_time_secs": 0, "damp_peer_oscillations": False}
    peer.update(kw)
    return peer


def active(addr, port=None, **kw):
    """A peer entry for a neighbour that we connect to."""
    peer = {"address": net.endpoint(addr, port),
            "idle_hold_time_secs": 1, "damp_peer_oscillations": False}
    peer.update(kw)
    return peer
