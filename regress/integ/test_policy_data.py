# SPDX-License-Identifier: ISC
"""The same real routes through equivalent filters, here and in BIRD.

A scripted feed plays recorded UPDATEs to both, which keep what they received;
then one filter after the other takes the place of the last, and the tables
must be equal, attributes and all.  BGPGG_DATA names the recorded data.
"""

import collections
import re

from api_policy import PolicyCase, prefixes
from lib import bgp, mrt, neighbours, net, wait
from lib.neighbours import Bird
from lib.speaker import Speaker
from lib.suite import passive, pb
from test_data import data

ASN, FEED = 64500, 65010


class Filtered(Bird):
    """BIRD in our place: one passive session with an import filter."""

    text = "accept;"

    def configure(self):
        channel = "{ import table yes; import filter { %s }; export none; };"
        self.write("bird.conf", "\n".join([
            "router id %s;" % self.router_id, "protocol device { }",
            "protocol bgp ours4 {",
            "  local %s port %d as %d;" % (self.addr, self.port, ASN),
            "  neighbor %s as %d;" % (self.remote, FEED),
            "  strict bind yes; multihop; passive yes;",
            "  ipv4 " + channel % self.text, "  ipv6 " + channel % self.text,
            "}"]) + "\n")

    def filter(self, text):
        self.text = text
        self.reconfigure()


def sets_sorted(path):
    return re.sub(r"\{([^}]*)\}", lambda m: "{%s}" % " ".join(
        sorted(m.group(1).split(), key=int)), path)


def of_bird(r):
    return (r["origin"], sets_sorted(r.get("as_path", "")), r["next_hop"],
            r.get("med"), r["local_pref"], tuple(sorted(set(
                r["communities"]))), tuple(sorted(set(r["large"]))))


def of_ours(p):
    path = " ".join(" ".join(map(str, s.asns)) if s.segment_type else
                    "{%s}" % " ".join(map(str, s.asns)) for s in p.as_path)
    return (neighbours.ORIGINS[p.origin], sets_sorted(path), p.next_hop,
            p.med if p.HasField("med") else None,
            p.local_pref if p.HasField("local_pref") else 100,
            tuple(sorted("%d:%d" % (c >> 16, c & 0xffff)
                         for c in p.communities)),
            tuple(sorted("%d:%d:%d" % (c.global_admin, c.local_data_1,
                                       c.local_data_2)
                         for c in p.large_communities)))


class Differential(PolicyCase):
    peers = [passive(net.v4(10), remote_as=FEED)]
    conf = {"log_level": "info"}

    def begin(self, pattern, most):
        found = data(pattern)
        if not found:
            self.skipTest("BGPGG_DATA is not set")
        neighbours.fetch("bird")
        messages = [m for p, m in mrt.updates(found[0]) if p[2]][:most]
        self.bird = Filtered(30, ASN, remote=10)
        self.bird.start()
        self.addCleanup(self.bird.kill)
        feeds = [self.speaker(10, asn=FEED),
                 Speaker(net.v4(10), FEED, remote=self.bird.addr)]
        self.addCleanup(feeds[1].stop)
        feeds[1].establish()
        for f in feeds:
            f.keep_updates = f.keep_table = False
            for i in range(0, len(messages), 500):
                f.send(*messages[i:i + 500])
        self.count(messages)

    def count(self, messages):
        """What is common in the data: filters must split the routes."""
        self.all, self.origins, self.firsts, self.comms, self.large = (
            collections.Counter() for _ in range(5))
        for m in messages:
            u = bgp.Update(m[19:])
            if not u.announced:
                continue
            d = bgp.describe(u.attrs)
            path = [w.strip("{}") for w in d["as_path"].split()]
            self.all.update(set(path))
            self.origins[path[-1]] += 1
            self.firsts[path[0]] += 1
            self.comms.update("%d:%d" % (c >> 16, c & 0xffff)
                              for c in d.get("communities", ()))
            self.large.update("%d:%d:%d" % c for c in d.get("large", ()))

    @staticmethod
    def common(counter, n, skip=0):
        return [k for k, _ in counter.most_common(skip + n)[skip:]]

    def ours(self):
        return {k: of_ours(v[0]) for k, v in self.suite.routes().items()
                if not v[0].ineligible}

    def compare(self, name, bird, *statements, default="reject"):
        """BIRD's filter beside the statements; returns the table."""
        self.bird.filter(bird)
        self.add_policy("p", *[self.statement(c, a) for c, a in statements])
        self.assign(net.v4(10), "import", "p", default_action=default)
        state = []

        def same():
            theirs = {k: of_bird(v) for k, v in self.bird.routes(4).items()}
            ours = self.ours()
            state[:] = [theirs, ours]
            return theirs == ours

        def what():
            theirs, ours = state
            keys = [k for k in set(theirs) | set(ours)
                    if theirs.get(k) != ours.get(k)]
            return "%s: %d routes in BIRD, %d here, %d differ: %s" % (
                name, len(theirs), len(ours), len(keys), "".join(
                    "\n%s\n  BIRD %r\n  here %r" % (
                        k, theirs.get(k), ours.get(k))
                    for k in sorted(keys)[:4]))
        wait.until(same, what, 20, 0.2)
        return state[1]

    def filters(self, six):
        """(name, BIRD's filter, our statements), by what is in the data."""
        N = pb.NumberRange

        def ref(kind, option="any"):
            return {"match_" + kind: pb.MatchSetRef(
                set_name="s", match_option=option)}
        if six:     # a set of BIRD's has one family: all of IPv4 pass
            members = ["0.0.0.0/0 ..32", "2000::/3 32..32", "2a00::/12 ..48",
                       "2001::/16 33..40", "2400::/12 exact"]
            where = "net.type = NET_IP4 || net ~ [ 2000::/3{32,32}, " \
                "2a00::/12{12,48}, 2001::/16{33,40}, 2400::/12 ]"
        else:
            members = ["0.0.0.0/0 22..22", "45.0.0.0/8 8..23",
                       "103.0.0.0/8 8..", "185.0.0.0/8 ..21", "8.8.8.0/24",
                       "200.0.0.0/7 24..24"]
            where = "net ~ [ 0.0.0.0/0{22,22}, 45.0.0.0/8{8,23}, " \
                "103.0.0.0/8+, 185.0.0.0/8{8,21}, 8.8.8.0/24, " \
                "200.0.0.0/7{24,24} ]"
        self.add_set("prefix-set", "s", prefixes(*members), replace=True)
        yield ("prefixes", "if %s then accept; reject;" % where,
               (ref("prefix_set"), {}))
        yield ("other prefixes", "if %s then reject; accept;" % where,
               (ref("prefix_set", "invert"), {}))

        a, b, c = self.common(self.all, 3, 1)
        o1, o2 = self.common(self.origins, 2)
        f1, f2 = self.common(self.firsts, 2)
        for name, masks, patterns in (
                ("transit", ["* %s *" % a], ["_%s_" % a]),
                ("origin and neighbour", ["* " + o1, f2 + " *"],
                 ["_%s$" % o1, "^%s_" % f2]),
                ("pairs", ["* %s %s *" % (f1, a), "* %s %s *" % (b, c)],
                 ["_%s_%s_" % (f1, a), "_%s_%s_" % (b, c)]),
                ("gaps", ["%s ? ? *" % f1], [
                    r"^%s( (\d+|\{[^}]*\})){2}" % f1]),
                ("whole paths", ["? ? ?", "? ? ? ? ? ?"], [
                    r"^(\d+|\{[^}]*\})( (\d+|\{[^}]*\})){2}$",
                    r"^(\d+|\{[^}]*\})( (\d+|\{[^}]*\})){5}$"]),
                ("several", ["* [%s, %s, %s] *" % (a, o1, o2)],
                 ["_(%s|%s|%s)_" % (a, o1, o2)])):
            self.add_set("as-path-set", "s", pb.AsPathSetData(
                patterns=patterns), replace=True)
            yield (name, "if %s then accept; reject;" % " || ".join(
                "bgp_path ~ [= %s =]" % m for m in masks),
                (ref("as_path_set"), {}))
        if self.comms:
            exact, wild = self.common(self.comms, 1)[0], \
                self.common(self.comms, 1, 4)[0].split(":")[0]
            bird = "[(%s), (%s,*)]" % (exact.replace(":", ","), wild)
            self.add_set("community-set", "s", pb.CommunitySetData(
                communities=[exact, wild + ":*"]), replace=True)
            yield ("communities", "if bgp_community ~ %s then accept; "
                   "reject;" % bird, (ref("community_set"), {}))
            yield ("no communities", "if bgp_community !~ %s then accept; "
                   "reject;" % bird, (ref("community_set", "invert"), {}))
            yield ("their removal",
                   "bgp_community.delete(%s); bgp_community.add((65001,7)); "
                   "accept;" % bird,
                   ({}, {"community_edits": [
                       pb.CommunityEdit(kind="community", operation="remove",
                                        communities=[exact, wild + ":*"]),
                       pb.CommunityEdit(kind="community", operation="add",
                                        communities=["65001:7"])]}))
        if self.large:
            g = self.common(self.large, 1)[0].split(":")
            self.add_set("large-community-set", "s", pb.LargeCommunitySetData(
                large_communities=["%s:*:*" % g[0]]), replace=True)
            yield ("large communities", "if bgp_large_community ~ "
                   "[(%s,*,*)] then { bgp_large_community.delete("
                   "[(%s,%s,*)]); bgp_local_pref = 5; accept; } reject;" % (
                       g[0], g[0], g[1]),
                   (ref("large_community_set"), {
                       "local_pref": 5, "community_edits": [pb.CommunityEdit(
                           kind="large-community", operation="remove",
                           communities=["%s:%s:*" % (g[0], g[1])])]}))
        yield ("numbers", "if bgp_path.len > 5 then reject; "
               "if bgp_origin = ORIGIN_INCOMPLETE then { "
               "bgp_origin = ORIGIN_EGP; bgp_local_pref = 300; accept; } "
               "if defined(bgp_med) && bgp_med >= 1 && bgp_med <= 100 then { "
               "bgp_med = bgp_med + 1000; accept; } "
               "unset(bgp_med); accept;",
               ({"as_path_length": N(min=6)}, {"reject": True}),
               ({"origins": [pb.INCOMPLETE]},
                {"origin": pb.EGP, "local_pref": 300}),
               ({"med": N(min=1, max=100)}, {"med_add": 1000}),
               ({}, {"med_remove": True}))
        yield ("all at once", "bgp_local_pref = 90; "
               "if bgp_path ~ [= * %s * =] then { bgp_path.prepend(65099); "
               "bgp_path.prepend(65099); bgp_local_pref = "
               "bgp_local_pref + 20; } "
               "bgp_community = -empty-; bgp_community.add((65001,1)); "
               "bgp_large_community.add((65001,1,2)); bgp_med = 7; "
               "accept;" % a,
               ({}, {"local_pref": 90, "continue_to_next": True}),
               ({"has_asn": int(a)}, {
                   "as_path_prepend": pb.AsPathPrepend(asn=65099, count=2),
                   "local_pref": 110, "continue_to_next": True}),
               ({}, {"med": 7, "community_edits": [
                   pb.CommunityEdit(kind="community", operation="replace",
                                    communities=["65001:1"]),
                   pb.CommunityEdit(kind="large-community", operation="add",
                                    communities=["65001:1:2"])]}))

    def play(self, pattern, most, least, six=False):
        self.begin(pattern, most)
        everything = self.compare("all", "accept;", ({}, {}))
        self.assertGreater(len(everything), least)
        split = 0
        for name, bird, *statements in self.filters(six):
            table = self.compare(name, bird, *statements)
            split += 0 < len(table) < len(everything)
        # Most of them pass some and stop some.
        self.assertGreater(split, 7)
        self.assertEqual(self.compare("all again", "accept;", ({}, {})),
                         everything)

    def test_2026(self):
        self.play("updates/updates.20260222.1530.mrt.bz2", 12000, 2000)

    def test_2016_both_families(self):
        self.play("updates/updates.20160811.1600.mrt.gz", 20000, 1000, True)
