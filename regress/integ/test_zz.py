import time, random
from lib import bgp, net, wait
from lib.case import ASN, Case
from lib.speaker import Closed, Speaker
from lib.suite import active, passive, pb, Suite
def ebgp(n, **kw):
    return passive(net.v4(n), remote_as=65000 + n, **kw)

class Slow(Case):
    """Members that stop reading for a while and go on."""
    peers = [ebgp(n) for n in range(10, 20)]
    def test_slow_members_catch_up(self):
        rng = random.Random(3)
        a, z = self.speaker(10), self.speaker(11)
        sinks = [self.speaker(n) for n in (12, 13, 14)]
        for s in sinks + [a, z]:
            s.keep_updates = False
        model = {}      # prefix -> {addr: path tail}
        def churn(s, turn):
            for i in range(120):
                ps = ["10.%d.%d.%d/32" % (rng.randrange(100, 103), rng.randrange(250), j) for j in rng.sample(range(250), 200)]
                if rng.random() < 0.3:
                    s.withdraw(ps)
                    for p in ps: model.get(p, {}).pop(s.addr, None)
                else:
                    path = [s.asn] + [65100 + turn] * rng.randrange(1, 4) + [65200 + i]
                    s.announce(ps, path, None, bgp.communities(list(range(60))))
                    for p in ps: model.setdefault(p, {})[s.addr] = path
        joined = []
        for turn in range(6):
            slow = sinks[turn % 3]
            slow.paused = True
            churn(a, turn); churn(z, turn)
            # one that does not sleep sees the end
            mark = "10.9.%d.0/24" % turn
            a.announce(mark); model[mark] = {a.addr: [a.asn]}
            sinks[(turn + 1) % 3].wait_route(mark, timeout=20)
            if turn % 2 == 0:
                t = self.speaker(15 + turn // 2); t.keep_updates = False
                joined.append(t)
            churn(z, turn)
            slow.paused = False
        def best(paths):
            if not paths: return None
            return min(paths.items(), key=lambda kv: (len(kv[1]), kv[0]))
        want = {}
        for p, paths in model.items():
            b = best(paths)
            if b: want[p] = b
        for s in sinks + joined + [a, z]:
            def same():
                with s.cond:
                    t = {bgp.text(*k): v for k, v in s.table.items()}
                w = {p for p, b in want.items() if b[0] != s.addr}
                return set(t) == w
            def why():
                t = set(s.prefixes()); w = {p for p, b in want.items() if b[0] != s.addr}
                return "%s: %d more, %d less of %d" % (s.addr, len(t - w), len(w - t), len(w))
            wait.until(same, why, 30)
            def paths():
                with s.cond:
                    return [(k, v) for k, v in s.table.items() if bgp.describe(v[0])["as_path"] != " ".join(map(str, [ASN] + want[bgp.text(*k)][1]))]
            wait.until(lambda: not paths(), lambda: "%s %d wrong paths" % (s.addr, len(paths())), 30)
        print(len(want), self.suite.grep("slow")[:3])
        for s in sinks:
            rows = self.suite.routes(pb.ADJ_OUT, s.addr)
            self.assertEqual(set(rows), set(want))

class Mrai(Case):
    peers = [ebgp(10), ebgp(11, min_route_advertisement_interval_secs=2), ebgp(12, min_route_advertisement_interval_secs=2), ebgp(13)]
    def test_mrai(self):
        a, b, d = self.speaker(10), self.speaker(11), self.speaker(13)
        b.wait_end_of_rib(); 
        t0 = time.monotonic()
        for i in range(30):
            a.announce("10.1.0.0/24", [65010, 65100+i]); d.wait_route("10.1.0.0/24", lambda x: str(65100+i) in x["as_path"])
            time.sleep(0.1)
        b.wait_route("10.1.0.0/24", lambda x: "65129" in x["as_path"])
        print("mrai updates", b.updates, time.monotonic()-t0)
        c = self.speaker(12)
        t1 = time.monotonic(); c.wait_route("10.1.0.0/24"); c.wait_end_of_rib(bgp.IPV6); print("join", time.monotonic()-t1)
        a.withdraw("10.1.0.0/24"); b.wait_gone("10.1.0.0/24"); c.wait_gone("10.1.0.0/24"); print("gone", time.monotonic()-t1)
        # reload of mrai
        peers = [dict(p) for p in self.suite.conf["peers"]]
        peers[1]["min_route_advertisement_interval_secs"] = 0
        self.suite.reload(peers=peers); time.sleep(1)
        print("state", self.suite.state(b.addr), self.suite.peer(b.addr).peer.session_config.min_route_advertisement_interval_secs)
        n = b.updates
        for i in range(10):
            a.announce("10.1.0.0/24", [65010, 65100+i]); d.wait_route("10.1.0.0/24", lambda x: str(65100+i) in x["as_path"]); time.sleep(.05)
        time.sleep(.2)
        print("updates with 0:", b.updates - n)
