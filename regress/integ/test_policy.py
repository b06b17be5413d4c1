# SPDX-License-Identifier: ISC
"""What policies do to routes, seen from outside: on the wire, in the
listings, and while they change under established sessions."""

import time

from api_policy import TYPES, PolicyCase, prefixes
from lib import bgp, net, wait
from lib.suite import passive, pb

ASN = 64500
EGP, INCOMPLETE = 1, 2


def comm(text):
    high, low = text.split(":")
    return int(high) << 16 | int(low)


def rt(asn, value):
    return bytes([0, 2]) + asn.to_bytes(2, "big") + value.to_bytes(4, "big")


def ref(name, option=""):
    return pb.MatchSetRef(set_name=name, match_option=option)


def edit(kind, operation, *communities):
    return pb.CommunityEdit(kind=kind, operation=operation,
                            communities=communities)


class Watched:
    """What a speaker received since this was made."""

    def __init__(self, speaker):
        self.speaker = speaker
        with speaker.cond:
            self.at = len(speaker.messages)

    def updates(self):
        with self.speaker.cond:
            got = self.speaker.messages[self.at:]
        return [bgp.Update(b) for k, b in got if k == bgp.UPDATE]

    def changes(self):
        """(announced, withdrawn): lists of prefixes as text, in order."""
        up, down = [], []
        for u in self.updates():
            up += [bgp.text(*k) for k in u.announced]
            down += [bgp.text(*k) for k in u.withdrawn]
        return up, down


class Wire(PolicyCase):
    """Names every peer by its number: 10, 11, 14 (IPv6) and 13 (iBGP) send,
    12, 17, 16 (IPv6) and 15 (iBGP) receive."""

    peers = [passive(net.v4(10), remote_as=65010),
             passive(net.v4(11), remote_as=65011),
             passive(net.v4(12), remote_as=65012),
             passive(net.v4(13), remote_as=ASN),
             passive(net.v6(14), remote_as=65014),
             passive(net.v4(15), remote_as=ASN),
             passive(net.v6(16), remote_as=65016),
             passive(net.v4(17), remote_as=65017)]
    INTERNAL = (13, 15)
    SIX = (14, 16)

    def tearDown(self):
        for p in self.suite.peers().values():
            for way in ("import", "export"):
                self.assign(p.address, way)
        for p in self.policies():
            self.rpc.RemovePolicy(pb.RemovePolicyRequest(name=p.name))
        for t in TYPES:
            self.rpc.RemoveDefinedSet(
                pb.RemoveDefinedSetRequest(set_type=t, all=True))
        super().tearDown()

    def addr(self, n):
        return net.v6(n) if n in self.SIX else net.v4(n)

    def peer(self, n, **kw):
        if n in self.INTERNAL:
            kw.setdefault("asn", ASN)
        return self.speaker(n, v6=n in self.SIX, **kw)

    def set_to(self, kind, name, data):
        """Make or replace a set."""
        self.add_set(kind, name, data, replace=True)

    def prefix_set(self, name, *texts):
        self.set_to("prefix-set", name, prefixes(*texts))

    def use(self, n, way, *names, **kw):
        self.assign(self.addr(n), way, *names, **kw)

    def adj(self, n, out=False):
        return {k: v[0] for k, v in self.suite.routes(
            pb.ADJ_OUT if out else pb.ADJ_IN, self.addr(n)).items()}

    def wait_table(self, speaker, want, timeout=10):
        want = sorted(want)
        wait.until(lambda: speaker.prefixes() == want,
                   lambda: "%s: %r, not %r" % (
                       speaker.addr, speaker.prefixes(), want), timeout)

    def assert_calm(self, *speakers):
        """Sessions as they were: nothing but UPDATEs and KEEPALIVEs."""
        for s in speakers:
            with s.cond:
                self.assertFalse(s.closed)
                kinds = [k for k, _ in s.messages]
            self.assertEqual(kinds.count(bgp.OPEN), 1)
            self.assertEqual(kinds.count(bgp.REFRESH), 0, s.addr)
            self.assertEqual(kinds.count(bgp.NOTIFICATION), 0)


class Conditions(Wire):
    """Each condition, on import and on export."""

    conf = {"networks": [{"prefix": "192.0.2.0/24"}]}
    # what routes are called here
    A, B, C, D = "10.0.1.0/24", "10.0.2.0/24", "10.1.0.0/16", "10.2.0.0/20"
    E, F = "172.16.0.0/16", "172.17.0.0/24"     # iBGP
    G, H = "192.0.2.0/24", "2001:db8:1::/48"    # our own, IPv6
    ALL = {A, B, C, D, E, F, G, H}

    def feed(self):
        s10, s13, s14 = self.peer(10), self.peer(13), self.peer(14)
        s10.announce(self.A, [65010], None,
                     bgp.communities([comm("65010:1")]))
        s10.announce(self.B, [65010, 1, 2, 3], None, bgp.med(50),
                     bgp.communities([comm("65010:1"), comm("65010:2")]),
                     orig=EGP)
        s10.announce(self.C, [(2, [65010]), (1, [5, 6])], "198.51.100.9",
                     bgp.large_communities([(65010, 9, 1)]),
                     orig=INCOMPLETE)
        s10.announce(self.D, [65010, 65010, 7], None, bgp.med(10),
                     bgp.ext_communities([rt(65010, 100)]))
        s13.announce(self.E, [], "198.51.100.5", bgp.local_pref(200))
        s13.announce(self.F, [99], "198.51.100.6", bgp.local_pref(50))
        s14.announce(self.H, [65014, 7])
        return s10, s13, s14

    def table(self):
        """(set kind, members) or None, conditions, what they hold for."""
        A, B, C, D, E, F, G, H = (self.A, self.B, self.C, self.D, self.E,
                                  self.F, self.G, self.H)
        everything = self.ALL

        def sets(kind, data, **options):
            member = "match_" + TYPES[kind][0]
            for option, want in options.items():
                yield ((kind, data), {member: ref(
                    "s", "" if option == "unsaid" else option)}, want)
        yield from sets("prefix-set", prefixes("10.0.0.0/8 24..24"),
                        unsaid={A, B}, any={A, B}, all={A, B},
                        invert=everything - {A, B})
        yield from sets("prefix-set", prefixes("10.0.0.0/8 8..24",
                                               "10.0.0.0/16 16.."),
                        any={A, B, C, D}, all={A, B},
                        invert={E, F, G, H})
        yield from sets("prefix-set", prefixes("0.0.0.0/0 20..",
                                               "2001:db8::/32 48..48"),
                        any={A, B, D, F, G, H}, invert={C, E})
        yield from sets("prefix-set", prefixes("10.1.0.0/16",
                                               "10.2.0.0/16 ..20",
                                               "172.16.0.0/12 exact"),
                        any={C, D})
        yield from sets("prefix-set", prefixes(), any=set(), all=everything,
                        invert=everything)
        yield from sets("neighbor-set", pb.NeighborSetData(
            addresses=[net.v4(10), net.v6(14)]), any={A, B, C, D, H},
            all=set(), invert={E, F})
        yield from sets("neighbor-set", pb.NeighborSetData(
            addresses=[net.v4(13)]), any={E, F}, all={E, F},
            invert={A, B, C, D, H})
        P = pb.AsPathSetData
        yield from sets("as-path-set", P(patterns=["_7_"]), any={D, H},
                        invert=everything - {D, H})
        yield from sets("as-path-set", P(patterns=["^65010_", "_3$"]),
                        any={A, B, C, D}, all={B}, invert={E, F, G, H})
        yield from sets("as-path-set", P(patterns=[
            r"\{", "^65010( 65010)+ 7$"]), any={C, D}, all=set())
        yield from sets("as-path-set", P(patterns=["^$"]), any={E, G})
        yield from sets("as-path-set", P(patterns=["_5_", "_6_"]),
                        any={C}, all={C})
        yield from sets("as-path-set", P(patterns=["5010"]),
                        any={A, B, C, D})
        S = pb.CommunitySetData
        yield from sets("community-set", S(communities=["65010:2"]),
                        any={B}, invert=everything - {B},
                        # every one that the route has is in the set
                        all=everything - {A, B})
        yield from sets("community-set", S(communities=["65010:*"]),
                        any={A, B}, all=everything)
        yield from sets("community-set", S(communities=["*:1", "1:1"]),
                        any={A, B}, all=everything - {B})
        X = pb.ExtendedCommunitySetData
        yield from sets("ext-community-set", X(ext_communities=[
            "rt:65010:100"]), any={D}, invert=everything - {D})
        yield from sets("ext-community-set", X(ext_communities=[
            "rt:65010:*"]), any={D})
        yield from sets("ext-community-set", X(ext_communities=[
            "ro:65010:100", "rt:65010:101"]), any=set(),
            all=everything - {D})
        L = pb.LargeCommunitySetData
        yield from sets("large-community-set", L(large_communities=[
            "65010:9:1"]), any={C}, invert=everything - {C})
        yield from sets("large-community-set", L(large_communities=[
            "65010:*:1", "1:2:3"]), any={C}, all=everything)
        N = pb.NumberRange
        for conditions, want in (
                ({"prefix": C}, {C}), ({"prefix": "10.1.0.0/17"}, set()),
                ({"prefix": H}, {H}),
                ({"neighbor": net.v4(13)}, {E, F}),
                ({"neighbor": net.v6(14)}, {H}),
                ({"has_asn": 6}, {C}), ({"has_asn": 7}, {D, H}),
                ({"route_types": ["ibgp"]}, {E, F}),
                ({"route_types": ["local"]}, {G}),
                ({"route_types": ["ebgp", "local"]}, everything - {E, F}),
                ({"community": "65010:2"}, {B}),
                ({"community": "65010:*"}, {A, B}),
                ({"afi_safi": "ipv6-unicast"}, {H}),
                ({"afi_safi": "ipv4-unicast"}, everything - {H}),
                ({"next_hop": net.v4(10)}, {A, B, D}),
                ({"next_hop": "198.51.100.0/29"}, {E, F}),
                ({"next_hop": "198.51.100.0/24"}, {C, E, F}),
                ({"origins": [pb.EGP]}, {B}),
                ({"origins": [pb.EGP, pb.INCOMPLETE]}, {B, C}),
                ({"med": N(min=10, max=50)}, {B, D}),
                ({"med": N(min=11)}, {B}), ({"med": N(max=10)}, {D}),
                ({"local_pref": N(min=101)}, {E}),
                ({"local_pref": N(max=99)}, {F}),
                ({"local_pref": N(min=100, max=100)}, everything - {E, F}),
                ({"as_path_length": N(min=3, max=3)}, {D}),
                ({"as_path_length": N(max=0)}, {E, G}),
                # a set counts once
                ({"as_path_length": N(min=2, max=2)}, {C, H}),
                ({"has_asn": 7, "afi_safi": "ipv4-unicast"}, {D}),
                ({"has_asn": 7, "neighbor": net.v4(13)}, set())):
            yield None, conditions, want

    def wait_tables(self, want, behind, behind6):
        self.wait_table(behind, want)
        # Our own IPv4 route has no next hop on an IPv6 session.
        self.wait_table(behind6, want - {self.G})

    def install(self, members, conditions):
        if members:
            self.set_to(members[0], "s", members[1])
        self.add_policy("p", self.statement(conditions, {"reject": True}))

    def test_on_import(self):
        self.add_policy("p", self.statement())
        sources = self.feed()
        behind, behind6 = self.peer(12), self.peer(16)
        for n in (10, 13, 14):
            self.use(n, "import", "p", default_action="accept")
        self.wait_tables(self.ALL, behind, behind6)
        for members, conditions, want in self.table():
            with self.subTest(members=str(members), conditions=str(
                    conditions)):
                self.install(members, conditions)
                gone = want - {self.G}      # is not imported
                self.wait_tables(self.ALL - gone, behind, behind6)
                self.suite.wait_routes(self.ALL - gone)
                seen = {}
                for n in (10, 13, 14):
                    seen.update(self.adj(n))
                self.assertEqual(
                    {k for k, v in seen.items() if v.rejected_by}, gone)
                self.assertEqual({v.rejected_by for v in seen.values()
                                  if v.rejected_by} - {"p statement 1"},
                                 set())
                self.assertEqual({k for k, v in seen.items()
                                  if v.ineligible}, gone)
        self.assertEqual(len(seen), 7)
        self.assert_calm(behind, behind6, *sources)

    def test_on_export(self):
        self.add_policy("p", self.statement())
        sources = self.feed()
        behind, behind6, plain = self.peer(12), self.peer(16), self.peer(17)
        for n in (12, 16):
            self.use(n, "export", "p", default_action="accept")
        self.wait_table(plain, self.ALL)
        other = Watched(plain)
        for members, conditions, want in self.table():
            with self.subTest(members=str(members), conditions=str(
                    conditions)):
                self.install(members, conditions)
                self.wait_tables(self.ALL - want, behind, behind6)
                self.assertEqual(set(self.adj(12, True)), self.ALL - want)
                self.assertEqual(set(self.suite.routes()), self.ALL)
        self.assertEqual(other.updates(), [])
        self.assert_calm(behind, behind6, plain, *sources)


class Actions(Wire):
    """Each action, on import and on export, towards eBGP and iBGP."""

    P = "10.0.2.0/24"
    P6 = "2001:db8:2::/48"
    BASE = {"origin": EGP, "as_path": "65010 1 2 3", "med": 50,
            "communities": [comm("65010:1"), comm("65010:2")],
            "ext": [rt(65010, 1).hex()], "large": [(1, 2, 3)],
            "local_pref": 100}

    def expect(self, got, internal, changes, export):
        """What a receiver must see of the route."""
        want = dict(self.BASE, next_hop=net.v4(10))
        want.update(changes)
        if not internal:
            want["as_path"] = "%d %s" % (ASN, want["as_path"])
            del want["local_pref"]
            if not (export and want.get("next_hop") not in (
                    net.v4(10), None)):
                want["next_hop"] = self.suite.addr
            # MED of another AS stays here unless export sets it.
            if not (export and changes.get("med") is not None):
                want["med"] = None
        self.assertEqual({k: v for k, v in want.items() if v is not None},
                         got)

    def table(self):
        base = self.BASE["communities"]
        yield {}, {}
        yield {"accept": True}, {}
        yield {"local_pref": 300}, {"local_pref": 300}
        yield {"local_pref": 0}, {"local_pref": 0}
        yield {"local_pref_if_absent": 7}, {"local_pref": 7}
        yield {"med": 5}, {"med": 5}
        yield {"med": 0}, {"med": 0}
        yield {"med_add": 7}, {"med": 57}
        yield {"med_add": 0xffffffff}, {"med": 0xffffffff}
        yield {"med_sub": 8}, {"med": 42}
        yield {"med_sub": 51}, {"med": 0}
        yield {"med_remove": True}, {"med": None}
        yield {"next_hop": "self"}, {"next_hop": self.suite.addr}
        yield {"next_hop": "203.0.113.9"}, {"next_hop": "203.0.113.9"}
        yield {"next_hop": "2001:db8::1"}, {}
        yield ({"as_path_prepend": pb.AsPathPrepend(asn=4200000001,
                                                    count=2)},
               {"as_path": "4200000001 4200000001 65010 1 2 3"})
        yield ({"as_path_prepend": pb.AsPathPrepend(count=3)},
               {"as_path": "64500 64500 64500 65010 1 2 3"})
        yield {"origin": pb.INCOMPLETE}, {"origin": INCOMPLETE}
        yield {"origin": pb.IGP}, {"origin": 0}
        yield ({"add_communities": ["65001:9", "65010:1", "65535:666"]},
               {"communities": base + [comm("65001:9"),
                                       comm("65535:666")]})
        yield ({"remove_communities": ["65010:1", "9:9"]},
               {"communities": [comm("65010:2")]})
        yield {"remove_communities": ["65010:*"]}, {"communities": None}
        for kind, member, add, pattern, first, second in (
                ("community", "communities", "7:7", "65010:*",
                 base, [comm("7:7")]),
                ("ext-community", "ext", "rt:7:7", "rt:65010:*",
                 self.BASE["ext"], [rt(7, 7).hex()]),
                ("large-community", "large", "7:7:7", "1:*:3",
                 self.BASE["large"], [(7, 7, 7)])):
            def change(*edits):
                return {"community_edits": [edit(kind, *e) for e in edits]}
            yield change(("add", add)), {member: first + second}
            yield change(("add", add, add), ("add", add)), {
                member: first + second}
            yield change(("remove", pattern)), {member: None}
            yield change(("replace", add)), {member: second}
            yield change(("add", add), ("remove", pattern)), {
                member: second}
            yield change(("replace", add), ("remove", add)), {member: None}
            yield change(("replace",)), {member: None}
        yield {"delete_attributes": [4]}, {"med": None}
        yield {"delete_attributes": [8, 16, 32]}, {
            "communities": None, "ext": None, "large": None}
        yield ({"local_pref": 5, "med": 6, "origin": pb.INCOMPLETE,
                "add_communities": ["1:1"], "accept": True},
               {"local_pref": 5, "med": 6, "origin": INCOMPLETE,
                "communities": base + [comm("1:1")]})

    def listed(self, path):
        """A Path as describe() has it."""
        out = {"origin": path.origin, "next_hop": path.next_hop,
               "as_path": " ".join(str(a) for s in path.as_path
                                   for a in s.asns),
               "communities": list(path.communities),
               "large": [(c.global_admin, c.local_data_1, c.local_data_2)
                         for c in path.large_communities]}
        for k in ("med", "local_pref"):
            if path.HasField(k):
                out[k] = getattr(path, k)
        return {k: v for k, v in out.items() if v != []}

    def check(self, direction):
        src = self.peer(10)
        behind, inside = self.peer(12), self.peer(15)
        self.add_policy("p", self.statement())
        for n in (10,) if direction == "import" else (12, 15):
            self.use(n, direction, "p")
        src.announce(self.P, [65010, 1, 2, 3], None, bgp.med(50),
                     bgp.communities(self.BASE["communities"]),
                     bgp.ext_communities([rt(65010, 1)]),
                     bgp.large_communities(self.BASE["large"]), orig=EGP)
        for s in (behind, inside):
            s.wait_route(self.P)
        for actions, changes in self.table():
            with self.subTest(actions=str(actions)):
                # A step between: the result of the one before is no help.
                for n, step in enumerate(({"reject": True}, actions)):
                    self.add_policy("p", self.statement({}, step))
                    for s in (behind, inside):
                        if n == 0:
                            s.wait_gone(self.P)
                        else:
                            s.wait_route(self.P)
                for s, internal in ((behind, False), (inside, True)):
                    got = s.route(self.P)
                    self.expect(got, internal, changes,
                                direction == "export")
                    shown = self.listed(self.adj(
                        12 if s is behind else 15, True)[self.P])
                    got.pop("ext", None)
                    self.assertEqual(shown, got)
                was = self.adj(10)[self.P]
                self.assertEqual(was.med, 50)
                self.assertEqual(list(was.communities),
                                 self.BASE["communities"])
                best = self.listed(self.suite.routes()[self.P][0])
                if direction == "import":
                    for k in ("med", "communities", "large", "as_path",
                              "next_hop"):
                        if k in changes:
                            self.assertEqual(best.get(k), changes[k])
        self.assert_calm(src, behind, inside)

    def test_on_import(self):
        self.check("import")

    def test_on_export(self):
        self.check("export")

    def test_ipv6_next_hops(self):
        """Import and export, towards eBGP and iBGP; and other families."""
        src, behind = self.peer(14), self.peer(16)
        inside = self.peer(15)
        src.announce(self.P6, [65014], net.v6(14))
        own, given = self.suite.addr6, "2001:db8:99::9"
        self.add_policy("p", self.statement())
        for way, actions, ebgp, ibgp in (
                ("export", {}, own, net.v6(14)),
                ("export", {"next_hop": given}, given, given),
                ("export", {"next_hop": "203.0.113.9"}, own, net.v6(14)),
                ("export", {"med": 9}, own, net.v6(14)),
                ("import", {}, own, net.v6(14)),
                ("import", {"next_hop": given}, own, given),
                ("import", {"next_hop": "self"}, own, own)):
            with self.subTest(way=way, actions=str(actions)):
                self.add_policy("p", self.statement({}, actions))
                for n in (14,) if way == "import" else (16, 15):
                    self.use(n, way, "p")
                for s, hop in ((behind, ebgp), (inside, ibgp)):
                    s.wait_route(self.P6, lambda d: d["next_hop"] == hop and
                                 d.get("med") == actions.get("med"))
                for n in (14,) if way == "import" else (16, 15):
                    self.use(n, way)
        # An IPv4 session has no address of ours for IPv6 routes.
        self.add_policy("p", self.statement({}, {"next_hop": "self"}))
        self.use(16, "export", "p")
        behind.wait_route(self.P6, lambda d: d["next_hop"] == own)

    def test_order(self):
        """Statements, continue, policies, default actions."""
        src, behind = self.peer(10), self.peer(12)
        for i in range(4):
            src.announce("10.0.%d.0/24" % i, [65010, 1 + i])
        names = ["10.0.%d.0/24" % i for i in range(4)]
        self.wait_table(behind, names)
        st = self.statement

        def meds(*want):
            """MED of each route; None: it is not there."""
            def there():
                return [behind.route(p).get("med", 0) if behind.has(p)
                        else None for p in names] == list(want)
            wait.until(there, lambda: "%r: %r" % (want, {
                p: behind.route(p) for p in behind.prefixes()}))

        def policy(name, *statements):
            self.add_policy(name, *[st(*s) for s in statements])
        one, two = {"has_asn": 1}, {"has_asn": 2}
        # The first decides, also when it says nothing.
        policy("p", (one, {"med": 1}), ({}, {"med": 2}), (two, {"med": 3}))
        self.use(12, "export", "p")
        meds(1, 2, 2, 2)
        # reject wins over accept and after actions.
        policy("p", (one, {"med": 1, "accept": True, "reject": True}),
               (two, {"reject": True}), ({}, {"med": 4}))
        meds(None, None, 4, 4)
        # No match: the next policy, then the default.
        policy("p", (one, {"med": 1}))
        policy("q", (one, {"med": 9}), (two, {"reject": True}),
               ({"has_asn": 3}, {"med": 7}))
        self.use(12, "export", "p", "q")
        meds(1, None, 7, None)
        self.use(12, "export", "q", "p")
        meds(9, None, 7, None)
        self.use(12, "export", "p", "q", default_action="accept")
        meds(1, None, 7, 0)
        self.use(12, "export", "p", default_action="accept")
        meds(1, 0, 0, 0)
        # A policy without statements leaves it to the next.
        policy("none")
        self.use(12, "export", "none", "p")
        meds(1, None, None, None)
        # Going on: what was done stays, also across policies, and is seen.
        policy("p", ({}, {"med": 10, "continue_to_next": True}),
               ({}, {"med_add": 1, "continue_to_next": True}),
               (one, {"med_add": 5}),
               (dict(two, med=pb.NumberRange(min=11, max=11)),
                {"med_add": 20}))
        self.use(12, "export", "p", "q")
        meds(16, 31, 7, None)
        self.use(12, "export", "p", default_action="accept")
        meds(16, 31, 11, 11)
        # No policies and a default.
        self.use(12, "export", default_action="reject")
        meds(None, None, None, None)
        self.use(12, "export", default_action="accept")
        meds(0, 0, 0, 0)
        self.use(12, "export", default_action="reject")
        meds(None, None, None, None)
        self.use(12, "export")
        meds(0, 0, 0, 0)
        # The same on import, where rejected routes say who did it.
        policy("p", (one, {"reject": True}))
        policy("q", ({"has_asn": 3}, {}))
        self.use(10, "import", "p", "q")
        self.wait_table(behind, [names[2]])
        by = {k: v.rejected_by for k, v in self.adj(10).items()}
        self.assertEqual(by[names[0]], "p statement 1")
        self.assertEqual(by[names[2]], "")
        self.assertTrue(by[names[1]] and by[names[1]] == by[names[3]])
        self.assertNotIn("statement", by[names[1]])
        self.use(10, "import")
        meds(0, 0, 0, 0)
        self.assertEqual({v.rejected_by for v in self.adj(10).values()},
                         {""})
        self.assert_calm(src, behind)


class Outside(Wire):
    """What no policy changes."""

    def test_loops(self):
        src, behind = self.peer(10), self.peer(12)
        self.add_policy("all", self.statement({}, {
            "accept": True, "local_pref": 999}))
        self.use(10, "import", "all", default_action="accept")
        src.announce("10.0.1.0/24", [65010, ASN, 1])
        src.announce("10.0.2.0/24", [65010, 1])
        behind.wait_route("10.0.2.0/24")
        self.assertEqual(behind.prefixes(), ["10.0.2.0/24"])
        seen = self.adj(10)["10.0.1.0/24"]
        self.assertTrue(seen.ineligible)
        self.assertEqual(seen.rejected_by, "")
        # Also with a change of policy.
        self.add_policy("all", self.statement({}, {
            "accept": True, "add_communities": ["1:1"]}))
        behind.wait_route("10.0.2.0/24", lambda d: d.get("communities"))
        self.assertEqual(behind.prefixes(), ["10.0.2.0/24"])

    def test_split_horizon(self):
        src, behind = self.peer(10), self.peer(12)
        inner, inner2 = self.peer(13), self.peer(15)
        self.add_policy("all", self.statement({}, {"accept": True}))
        for n in (10, 12, 13, 15):
            for way in ("import", "export"):
                self.use(n, way, "all", default_action="accept")
        src.announce("10.0.1.0/24")
        inner.announce("10.0.2.0/24", [], net.v4(13), bgp.local_pref(100))
        self.wait_table(behind, ["10.0.1.0/24", "10.0.2.0/24"])
        self.wait_table(src, ["10.0.2.0/24"])
        self.wait_table(inner, ["10.0.1.0/24"])
        self.wait_table(inner2, ["10.0.1.0/24"])
        self.assertEqual(list(self.adj(10, True)), ["10.0.2.0/24"])

    def test_well_known_communities(self):
        src, behind, inside = self.peer(10), self.peer(12), self.peer(15)
        self.add_policy("all", self.statement({}, {
            "accept": True, "remove_communities": ["65535:*"]}))
        for n in (12, 15):
            self.use(n, "export", "all")
        for i, c in enumerate((bgp.NO_EXPORT, bgp.NO_ADVERTISE,
                               bgp.NO_EXPORT_SUBCONFED, comm("1:1"))):
            src.announce("10.0.%d.0/24" % i, None, None,
                         bgp.communities([c]))
        behind.wait_route("10.0.3.0/24")
        inside.wait_route("10.0.3.0/24")
        self.assertEqual(behind.prefixes(), ["10.0.3.0/24"])
        self.wait_table(inside, ["10.0.0.0/24", "10.0.2.0/24",
                                 "10.0.3.0/24"])
        self.assertNotIn("communities", inside.route("10.0.0.0/24"))
        # Import takes part in what is stored.
        self.add_policy("in", self.statement({}, {
            "remove_communities": ["65535:65281"]}))
        self.use(10, "import", "in")
        self.wait_table(behind, ["10.0.0.0/24", "10.0.3.0/24"])
        self.add_policy("in", self.statement({}, {
            "add_communities": ["65535:65282"]}))
        self.wait_table(behind, [])
        self.wait_table(inside, [])
        # Put on at export it is for the neighbour.
        self.use(10, "import")
        self.add_policy("all", self.statement({}, {
            "add_communities": ["65535:65281"]}))
        behind.wait_route("10.0.3.0/24", lambda d: d["communities"] == [
            comm("1:1"), bgp.NO_EXPORT])


class Required(Wire):
    """RFC 8212."""

    conf = {"ebgp_requires_policy": True}

    def test_external_peers_need_a_policy(self):
        src, behind = self.peer(10), self.peer(12)
        inner, inner2 = self.peer(13), self.peer(15)
        src.announce("10.0.1.0/24")
        inner.announce("10.0.2.0/24", [], net.v4(13), bgp.local_pref(100))
        self.suite.wait_routes(["10.0.2.0/24"])
        wait.until(lambda: "10.0.1.0/24" in self.adj(10), "the route")
        self.assertNotEqual(self.adj(10)["10.0.1.0/24"].rejected_by, "")
        self.add_policy("all", self.statement())
        self.use(10, "import", "all")
        self.suite.wait_routes(["10.0.1.0/24", "10.0.2.0/24"])
        inner2.wait_route("10.0.1.0/24")
        inner.wait_route("10.0.1.0/24")
        self.assertEqual(behind.prefixes(), [])
        self.assertEqual(self.adj(12, True), {})
        self.use(12, "export", default_action="accept")
        self.wait_table(behind, ["10.0.1.0/24", "10.0.2.0/24"])
        self.use(12, "export")
        self.wait_table(behind, [])
        self.use(12, "export", "all")
        self.wait_table(behind, ["10.0.1.0/24", "10.0.2.0/24"])
        self.use(10, "import")
        self.wait_table(behind, ["10.0.2.0/24"])
        self.wait_table(inner2, [])
        self.assert_calm(src, behind, inner, inner2)


class Live(Wire):
    """Changes under established sessions: what is sent, and what is not."""

    N = 200

    def routes(self):
        return ["10.0.%d.0/24" % i for i in range(self.N)]

    def begin(self, *receivers, more=()):
        src = self.peer(10)
        out = [self.peer(n) for n in receivers]
        names = self.routes()
        for i in range(0, self.N, 50):
            src.announce(names[i:i + 50], [65010, 1 + i // 50])
        for s in out:
            self.wait_table(s, names)
        return [src] + out

    def marker(self, src, *receivers):
        """Everything sent before has arrived afterwards."""
        self.serial = getattr(self, "serial", 0) + 1
        p = "192.168.%d.0/24" % self.serial
        src.announce(p, [65010, 9])
        for s in receivers:
            s.wait_route(p)
        return p

    def exactly(self, watched, up, down, marker):
        got_up, got_down = watched.changes()
        got_up.remove(marker)
        self.assertEqual(sorted(got_up), sorted(up))
        self.assertEqual(sorted(got_down), sorted(down))

    def test_a_set_is_replaced(self):
        names = self.routes()
        for way, n in (("import", 10), ("export", 12)):
            with self.subTest(way=way):
                self.prefix_set("bad", *names[:20])
                self.add_policy("p", self.statement(
                    {"match_prefix_set": ref("bad")}, {"reject": True}))
                src, behind = self.begin(12)
                self.use(n, way, "p", default_action="accept")
                self.wait_table(behind, names[20:])
                w = Watched(behind)
                self.prefix_set("bad", *names[10:25])
                self.wait_table(behind, names[:10] + names[25:])
                m = self.marker(src, behind)
                self.exactly(w, names[:10], names[20:25], m)
                # The same members in another order and form: nothing.
                w = Watched(behind)
                self.prefix_set("bad", *[p + " exact"
                                         for p in reversed(names[10:25])])
                m = self.marker(src, behind)
                self.exactly(w, [], [], m)
                # Ranges.
                w = Watched(behind)
                self.prefix_set("bad", "10.0.0.0/19 24..24",
                                "10.0.64.0/24 25..")
                self.wait_table(behind, names[32:] + [
                    "192.168.%d.0/24" % i
                    for i in range(1, self.serial + 1)
                    if behind.has("192.168.%d.0/24" % i)])
                m = self.marker(src, behind)
                self.exactly(w, [], names[:10] + names[25:32], m)
                self.assert_calm(src, behind)
                self.use(n, way)
                src.stop()
                self.suite.wait_state(net.v4(10), "ACTIVE")
                behind.stop()
                self.suite.wait_state(net.v4(12), "ACTIVE")

    def test_a_policy_is_updated(self):
        names = self.routes()
        self.set_to("as-path-set", "two", pb.AsPathSetData(
            patterns=["_2$"]))
        self.add_policy("p", self.statement())
        src, behind, other = self.begin(12, 17)
        self.use(12, "export", "p")
        m = self.marker(src, behind)
        w, o = Watched(behind), Watched(other)
        cond = {"match_as_path_set": ref("two")}
        self.add_policy("p", self.statement(cond, {"med": 3}),
                        self.statement())
        for p in names[50:100]:
            behind.wait_route(p, lambda d: d.get("med") == 3)
        m = self.marker(src, behind)
        self.exactly(w, names[50:100], [], m)
        # Other words for the same: nothing is sent.
        w = Watched(behind)
        self.add_policy("p", self.statement(
            cond, {"med": 2, "continue_to_next": True}),
            self.statement(cond, {"med_add": 1}), self.statement())
        m = self.marker(src, behind)
        self.exactly(w, [], [], m)
        # A set by its patterns.
        w = Watched(behind)
        self.set_to("as-path-set", "two", pb.AsPathSetData(
            patterns=["_3$"]))
        for p in names[100:150]:
            behind.wait_route(p, lambda d: d.get("med") == 3)
        for p in names[50:100]:
            behind.wait_route(p, lambda d: "med" not in d)
        m = self.marker(src, behind)
        self.exactly(w, names[50:150], [], m)
        # Back to nothing; the neighbour beside it never noticed.
        self.use(12, "export")
        for p in names[100:150]:
            behind.wait_route(p, lambda d: "med" not in d)
        up, down = o.changes()
        self.assertEqual(down, [])
        self.assertEqual([p for p in up if p in names], [])
        self.assert_calm(src, behind, other)

    def test_an_assignment_changes(self):
        names = self.routes()
        src, behind = self.begin(12)
        self.prefix_set("few", *names[:7])
        self.add_policy("p", self.statement(
            {"match_prefix_set": ref("few")}, {"reject": True}),
            self.statement())
        self.add_policy("q", self.statement(
            {"match_prefix_set": ref("few")}, {"origin": pb.INCOMPLETE}),
            self.statement())
        for n, way in ((10, "import"), (12, "export")):
            with self.subTest(way=way):
                w = Watched(behind)
                self.use(n, way, "p")
                for p in names[:7]:
                    behind.wait_gone(p)
                self.exactly(w, [], names[:7], self.marker(src, behind))
                w = Watched(behind)
                self.use(n, way, "q")
                for p in names[:7]:
                    behind.wait_route(p, lambda d: d["origin"] == INCOMPLETE)
                self.exactly(w, names[:7], [], self.marker(src, behind))
                w = Watched(behind)
                self.use(n, way, default_action="accept")
                for p in names[:7]:
                    behind.wait_route(p, lambda d: d["origin"] == 0)
                self.exactly(w, names[:7], [], self.marker(src, behind))
                w = Watched(behind)
                self.use(n, way)
                self.exactly(w, [], [], self.marker(src, behind))
        self.assert_calm(src, behind)

    def test_groups_split_and_merge(self):
        names = self.routes()
        src, one, two = self.begin(12, 17)
        self.add_policy("p", self.statement(
            {"has_asn": 1}, {"reject": True}), self.statement())
        self.add_policy("q", self.statement(
            {"has_asn": 2}, {"med": 8}), self.statement())
        w1, w2 = Watched(one), Watched(two)
        self.use(17, "export", "p")
        for p in names[:50]:
            two.wait_gone(p)
        m = self.marker(src, one, two)
        self.exactly(w1, [], [], m)
        self.exactly(w2, [], names[:50], m)
        w1, w2 = Watched(one), Watched(two)
        self.use(12, "export", "p")         # together again
        for p in names[:50]:
            one.wait_gone(p)
        m = self.marker(src, one, two)
        self.exactly(w1, [], names[:50], m)
        self.exactly(w2, [], [], m)
        w1, w2 = Watched(one), Watched(two)
        self.add_policy("p", self.statement())      # both at once
        for p in names[:50]:
            one.wait_route(p)
            two.wait_route(p)
        m = self.marker(src, one, two)
        self.exactly(w1, names[:50], [], m)
        self.exactly(w2, names[:50], [], m)
        # Apart while routes come and go, and together again.
        for i in range(12):
            self.use(17, "export", "pq"[i % 2])
            src.announce(names[150:], [65010, 100 + i])
            if i % 3 == 0:
                src.withdraw(names[100:110])
            else:
                src.announce(names[100:110], [65010, 3])
            self.use(12, "export", *(["q"] if i % 4 < 2 else []))
        self.use(12, "export", "q")
        self.use(17, "export", "q")
        m = self.marker(src, one, two)

        def same():
            a, b = one.table, two.table
            return a.keys() == b.keys() and all(a[k] == b[k] for k in a)
        wait.until(same, "equal tables")
        for p in names[50:100]:
            self.assertEqual(one.route(p)["med"], 8)
        for p in names[150:]:
            one.wait_route(p, lambda d: d["as_path"].endswith(" 111"))
        self.assert_calm(src, one, two)

    def test_nothing_forbidden_is_announced(self):
        """A change and news about the same routes at the same time."""
        self.N = 30000
        names = ["10.%d.%d.0/24" % (i >> 8, i & 255) for i in range(self.N)]
        src, behind = self.peer(10), self.peer(12)
        self.prefix_set("no", "192.0.2.0/24")
        self.add_policy("p", self.statement(
            {"match_prefix_set": ref("no")}, {"reject": True}),
            self.statement())
        for n, way in ((10, "import"), (12, "export")):
            with self.subTest(way=way):
                self.use(n, way, "p")
                for i in range(0, self.N, 500):
                    src.announce(names[i:i + 500], [65010, 1])
                behind.wait_prefixes(self.N)
                self.prefix_set("no", "10.0.0.0/8 24..24")
                w = Watched(behind)
                mark = 5000 + n
                for i in range(0, self.N, 500):
                    src.announce(names[i:i + 500], [65010, mark])
                self.marker(src, behind)
                wait.until(lambda: all(p.startswith("192.168.")
                                       for p in behind.prefixes()), "end")
                for u in w.updates():
                    if u.announced and str(mark) in bgp.path_text(
                            u.attrs[bgp.AS_PATH][1]).split():
                        self.assertEqual(
                            [p for p in (bgp.text(*k) for k in u.announced)
                             if p.startswith("10.")], [])
                self.prefix_set("no", "192.0.2.0/24")
                behind.wait_prefixes(self.N)
                self.use(n, way)
        self.assert_calm(src, behind)

    def test_a_change_while_a_table_is_dumped(self):
        n = 20000
        names = ["10.%d.%d.%d/26" % (i >> 10, i >> 2 & 255, (i & 3) * 64)
                 for i in range(n)]
        src = self.peer(10)
        for i in range(0, n, 500):
            src.announce(names[i:i + 500], [65010] + [
                70000 + i + k for k in range(40)])
        wait.until(lambda: len(self.adj(10)) == n, "the table", 30)
        self.prefix_set("no", "192.0.2.0/24")
        self.add_policy("p", self.statement(
            {"match_prefix_set": ref("no")}, {"reject": True}),
            self.statement({}, {"med": 1}))
        self.use(12, "export", "p")
        beside = self.peer(17)
        behind = self.peer(12, up=False)
        behind.keep_updates = False
        behind.connect()
        behind.handshake()
        behind.wait(lambda: len(behind.table) > 0, "the first routes")
        behind.paused = True
        self.prefix_set("no", "10.0.0.0/10 26..26")
        self.add_policy("p", self.statement(
            {"match_prefix_set": ref("no")}, {"reject": True}),
            self.statement({}, {"med": 2}))
        self.use(17, "export", "p")
        behind.paused = False
        # All of them are forbidden now.
        self.marker(src, behind, beside)
        for s in (behind, beside):
            wait.until(lambda: len(s.table) == 1, "empty table", 30)
        self.prefix_set("no", "10.0.0.0/13 26..26")
        want = [p for p in names if int(p.split(".")[1]) >= 8]
        self.assertTrue(1000 < len(want) < n)
        for s in (behind, beside):
            wait.until(lambda: len(s.table) == 1 + len(want),
                       "the table", 30)
            with s.cond:
                self.assertEqual({bgp.describe(v[0]).get("med")
                                  for v in s.table.values()}, {2})
        self.assertEqual(beside.table.keys(), behind.table.keys())
        self.assertFalse(behind.closed or beside.closed)

    def test_kept_routes_of_graceful_restart(self):
        fams = [(1, 1, True), (2, 1, True)]

        def restarting():
            return self.peer(10, caps=[
                bgp.cap_mp(1, 1), bgp.cap_mp(2, 1), bgp.cap_refresh(),
                bgp.cap_as4(65010), bgp.cap_gr(60, fams, True)])
        behind = self.peer(12)
        src = restarting()
        names = ["10.0.%d.0/24" % i for i in range(4)]
        src.announce(names)
        src.send(bgp.end_of_rib(), bgp.end_of_rib(2, 1))
        self.wait_table(behind, names)
        src.drop()
        wait.until(lambda: all(
            r[0].stale for r in self.suite.routes().values()), "stale")
        self.prefix_set("no", names[0])
        self.add_policy("p", self.statement(
            {"match_prefix_set": ref("no")}, {"reject": True}),
            self.statement({}, {"add_communities": ["1:1"]}))
        self.use(10, "import", "p")
        self.wait_table(behind, names[1:])
        behind.wait_route(names[1], lambda d: d.get("communities") == [
            comm("1:1")])
        self.assertTrue(all(r[0].stale
                            for r in self.suite.routes().values()))
        self.prefix_set("no", names[1])     # and back
        self.wait_table(behind, [names[0]] + names[2:])
        src = restarting()
        src.announce(names[:3])
        src.send(bgp.end_of_rib(), bgp.end_of_rib(2, 1))
        self.wait_table(behind, [names[0], names[2]])
        self.assertEqual(len(self.adj(10)), 3)
        self.use(10, "import")
        self.wait_table(behind, names[:3])
        self.assert_calm(behind)
        src.send(bgp.notification(6, 2))
        self.wait_table(behind, [])

    def test_all_peers_at_once(self):
        """One policy for imports and exports of many, changed together."""
        one, two = self.peer(10), self.peer(11)
        behind, inside = self.peer(12), self.peer(15)
        self.add_policy("p", self.statement())
        for n in (10, 11, 12, 15):
            self.use(n, "import", "p")
            self.use(n, "export", "p")
        one.announce(["10.0.1.0/24", "10.0.3.0/24"], [65010, 1])
        two.announce(["10.0.2.0/24", "10.0.3.0/24"], [65011, 2, 3])
        self.wait_table(behind, ["10.0.1.0/24", "10.0.2.0/24",
                                 "10.0.3.0/24"])
        # The worse path is the only one that import lets through.
        self.add_policy("p", self.statement({"has_asn": 1},
                                            {"reject": True}),
                        self.statement({}, {"local_pref": 77}))
        self.wait_table(behind, ["10.0.2.0/24", "10.0.3.0/24"])
        behind.wait_route("10.0.3.0/24", lambda d: d["as_path"] ==
                          "64500 65011 2 3")
        inside.wait_route("10.0.3.0/24", lambda d: d["local_pref"] == 77)
        self.wait_table(one, ["10.0.2.0/24", "10.0.3.0/24"])
        self.wait_table(two, [])
        self.add_policy("p", self.statement())
        behind.wait_route("10.0.3.0/24", lambda d: d["as_path"] ==
                          "64500 65010 1")
        self.wait_table(one, ["10.0.2.0/24"])
        self.wait_table(two, ["10.0.1.0/24", "10.0.3.0/24"])
        self.assert_calm(one, two, behind, inside)


class File(Wire):
    """Sets and policies of the file, changed by a reload."""

    @staticmethod
    def sections(*members, med=5):
        return {
            "defined-sets": {"prefix-sets": [{"name": "no", "prefixes": [
                {"prefix": p, "masklength-range": "24..24"}
                for p in members]}]},
            "policy-definitions": [{"name": "p", "statements": [
                {"conditions": {"match-prefix-set": {"set-name": "no"}},
                 "actions": {"reject": True}},
                {"actions": {"med": med}}]}]}

    conf = sections.__func__("10.0.0.0/24")
    peers = [passive(net.v4(10), remote_as=65010),
             passive(net.v4(12), remote_as=65012,
                     **{"export-policy": ["p"]}),
             passive(net.v4(17), remote_as=65017)]

    def tearDown(self):
        super(PolicyCase, self).tearDown()

    def test_reload(self):
        src, behind, other = self.peer(10), self.peer(12), self.peer(17)
        names = ["10.0.%d.0/24" % i for i in range(20)]
        src.announce(names)
        self.wait_table(other, names)
        self.wait_table(behind, names[1:])
        w, o = Watched(behind), Watched(other)
        self.suite.reload(**self.sections("10.0.2.0/23", "10.0.0.0/24"))
        self.wait_table(behind, [names[1]] + names[4:])
        self.assertEqual(w.changes(), ([], [names[2], names[3]]))
        w = Watched(behind)
        self.suite.reload(**self.sections("10.0.2.0/23", "10.0.0.0/24",
                                          med=6))
        for p in names[4:]:
            behind.wait_route(p, lambda d: d["med"] == 6)
        self.assertEqual(sorted(w.changes()[0]),
                         sorted([names[1]] + names[4:]))
        self.assertEqual(w.changes()[1], [])
        # A file that is wrong changes nothing.
        w = Watched(behind)
        bad = self.sections("10.0.2.0/23")
        bad["policy-definitions"][0]["statements"][0]["conditions"][
            "match-prefix-set"]["set-name"] = "nothing"
        self.suite.reload(**bad)
        self.suite.wait_log("nothing")
        self.suite.reload(**self.sections("10.0.8.0/21"))
        self.wait_table(behind, names[:8] + names[16:])
        self.assertEqual(sorted(w.changes()[1]), sorted(names[8:16]))
        # To another peer.
        peers = [dict(p) for p in self.peers]
        peers[1].pop("export-policy")
        peers[2]["export-policy"] = ["p"]
        self.suite.reload(peers=peers)
        self.wait_table(behind, names)
        self.wait_table(other, names[:8] + names[16:])
        self.assert_calm(src, behind, other)


class Hostile(Wire):
    """Patterns that would search for ages."""

    peers = [passive(net.v4(10), remote_as=65010, hold_time_secs=3),
             passive(net.v4(12), remote_as=65012, hold_time_secs=3)]

    def test_patterns_that_backtrack(self):
        src, behind = self.peer(10, hold=3), self.peer(12, hold=3)
        bad = ["(([0-9]+ ?)+)+[a-f]%d" % i for i in range(1500)] + [
            "((([0-9]+)*_?)*)*[xy]{%d}" % i for i in range(1, 1500)]
        self.set_to("as-path-set", "slow", pb.AsPathSetData(patterns=bad))
        self.set_to("as-path-set", "plain", pb.AsPathSetData(
            patterns=["_7$"]))
        self.add_policy("p", self.statement(
            {"match_as_path_set": ref("slow")}, {"reject": True}),
            self.statement({"match_as_path_set": ref("plain")},
                           {"reject": True}))
        self.use(10, "import", "p", default_action="accept")
        self.use(12, "export", "p", default_action="accept")
        n = 600
        gaps, slow = [], []
        for i in range(n):
            src.announce("10.%d.%d.0/24" % (i >> 8, i & 255), [
                65010] + [100000 + i * 31 + k for k in range(12)])
        src.announce("10.255.0.0/24", [65010] + list(range(1, 20)) + [7])
        end = time.monotonic() + 60 * wait.FACTOR
        alive = behind.count(bgp.KEEPALIVE)
        last = time.monotonic()
        while len(behind.table) < n or len(self.adj(10)) < n + 1:
            began = time.monotonic()
            self.assertLess(began, end, len(behind.table))
            self.suite.peers()
            self.rpc.ListRoutes(pb.ListRoutesRequest(
                rib_type=pb.ADJ_IN, peer_address=net.v4(12)),
                timeout=20 * wait.FACTOR)
            now = time.monotonic()
            slow.append(now - began)
            k = behind.count(bgp.KEEPALIVE)
            if k != alive:
                gaps.append(now - last)
                alive, last = k, now
        # A change of policy on all of them.
        began = time.monotonic()
        self.set_to("as-path-set", "slow", pb.AsPathSetData(
            patterns=bad[1:]))
        self.set_to("as-path-set", "plain", pb.AsPathSetData(
            patterns=["_100011$"]))
        wait.until(lambda: not behind.has("10.0.0.0/24") and
                   behind.has("10.255.0.0/24"), "the new policy", 60)
        self.assertFalse(src.closed or behind.closed)
        self.assertLess(max(slow), 5 * wait.FACTOR)
        self.assertLess(max(gaps + [0]), 3)
        # A line for each of the two sets of this name, not more; one where
        # the first was replaced before its line was due.
        def lines():
            return self.suite.grep("as-path-set slow: [0-9]+ searches were "
                                   "given up")
        wait.until(lines, "the line")
        wait.holds(lambda: len(lines()) <= 2, "at most two lines", 1)
        self.assertEqual(self.suite.grep("as-path-set plain:"), [])
        self.assert_calm(src, behind)

    def test_patterns_that_take_their_time(self):
        """None goes beyond its limit: all are tried, in slices."""
        src, behind = self.peer(10, hold=3), self.peer(12, hold=3)
        self.set_to("as-path-set", "heavy", pb.AsPathSetData(
            patterns=["_[0-9]+ .*[a-f]%d" % i for i in range(400)]))
        self.add_policy("p", self.statement(
            {"match_as_path_set": ref("heavy")}, {"reject": True}),
            self.statement())
        self.use(10, "import", "p")
        n = 200
        began = time.monotonic()
        src.send(*[bgp.announce(
            "10.0.%d.0/24" % i,
            [65010] + [100000 + i * 31 + k for k in range(12)], src.addr)
            for i in range(n)])
        src.announce("10.1.0.0/24", [65010])
        slow = []
        while not behind.has("10.1.0.0/24"):
            at = time.monotonic()
            self.assertLess(at - began, 60 * wait.FACTOR)
            self.rpc.ListRoutes(pb.ListRoutesRequest(
                rib_type=pb.ADJ_OUT, peer_address=net.v4(12)),
                timeout=20 * wait.FACTOR)
            slow.append(time.monotonic() - at)
        took = time.monotonic() - began
        self.assertEqual(len(behind.table), n + 1)
        self.assertGreater(len(slow), 5, took)
        self.assertLess(max(slow), max(took / 4, 0.3))
        self.assertEqual(self.suite.grep("as-path-set heavy: "), [])
        self.assert_calm(src, behind)
        # Halfway the session ends: nothing of it stays, and it may return.
        src.send(*[bgp.announce(
            "10.0.%d.0/24" % i,
            [65010] + [200000 + i * 31 + k for k in range(12)], src.addr)
            for i in range(n)])
        behind.wait_route("10.0.0.0/24", lambda d: "200000" in d["as_path"])
        src.drop()
        self.wait_table(behind, [])
        self.peer(10, hold=3).announce("10.2.0.0/24")
        self.wait_table(behind, ["10.2.0.0/24"])
