# SPDX-License-Identifier: ISC
"""Configurations of the loads P1 to P4: the same filters for ours, BIRD and
OpenBGPD, from the lists that `bgpload policy` prints.

P1  one prefix set, what is in it is accepted
P2  AS numbers anywhere in the path, or at its end: ours as patterns (_N_ and
    _N$), BIRD and OpenBGPD as their sets of AS numbers, the best they have
P4  an AS number as the second one of the path, or the last but one:
    ^[0-9]+_N_ and _N_[0-9]+$, masks of BIRD; OpenBGPD has nothing like it
P3  a prefix set and a policy of its own for each peer; two more peers at the
    end (the flaps) have none.  BIRD has import tables, without which it would
    have to ask the peers again.
"""

import os
import subprocess

LOADS = ("P1", "P2", "P4", "P3")
SERVERS = ("P3", "P5")      # peers with filters, which change
DAEMONS = {"P1": ("ours", "bird", "openbgpd"),
           "P2": ("ours", "bird", "openbgpd"),
           "P3": ("ours", "bird", "openbgpd"),
           "P5": ("ours", "bird"),
           "P4": ("ours", "bird")}
SET_SIZE = 2000             # P3; quick: a tenth
STEPS_FILE = 2              # P3: steps of the configuration file


class Filters:
    """What to filter by in a state."""

    def __init__(self, bgpload, load, npfx, senders, seed, state, size):
        text = subprocess.run(
            [bgpload, "policy", "-l", "P3" if load in SERVERS else load,
             "-n", str(npfx), "-c", str(senders), "-s", str(seed), "-x",
             str(state), "-z", str(size)], check=True,
            stdout=subprocess.PIPE, text=True).stdout
        lines = [x.split() for x in text.splitlines()]
        self.load, self.senders = load, senders
        if load == "P1":
            self.prefixes = lines
        elif load == "P4":
            self.second = [n for kind, n in lines if kind == "second"]
            self.last = [n for kind, n in lines if kind == "last"]
        elif load == "P2":
            self.any = [n for kind, n in lines if kind == "any"]
            self.origin = [n for kind, n in lines if kind == "origin"]
        else:
            self.peers = [[] for _ in range(senders)]
            for peer, prefix in lines:
                self.peers[int(peer)].append(prefix)

    def of_peer(self, i):
        """The name of a peer's policy, or None."""
        if self.load not in SERVERS:
            return "p"
        return "p%d" % i if i < self.senders else None

    # ---- ours

    def ours(self):
        if self.load in ("P2", "P4"):
            out = ["defined-sets:", "  as-path-sets:", "    - name: s",
                   "      patterns:"]
            if self.load == "P2":
                out += ['        - "_%s_"' % n for n in self.any]
                out += ['        - "_%s$"' % n for n in self.origin]
            else:
                out += ['        - "^[0-9]+_%s_"' % n for n in self.second]
                out += ['        - "_%s_[0-9]+$"' % n for n in self.last]
            out += ["policy-definitions:"]
            return out + self.ours_policy("p", "match-as-path-set", "s")
        out = ["defined-sets:", "  prefix-sets:"]
        if self.load == "P1":
            out += ["    - name: s", "      prefixes:"]
            out += ["        - {prefix: %s, masklength-range: %s..%s}" %
                    tuple(p) for p in self.prefixes]
            out += ["policy-definitions:"]
            return out + self.ours_policy("p", "match-prefix-set", "s")
        for i, prefixes in enumerate(self.peers):
            out += ["    - name: s%d" % i, "      prefixes:"]
            out += ["        - {prefix: %s}" % p for p in prefixes]
        out += ["policy-definitions:"]
        for i in range(self.senders):
            out += self.ours_policy("p%d" % i, "match-prefix-set", "s%d" % i)
        return out

    @staticmethod
    def ours_policy(name, key, which):
        return ["  - name: %s" % name, "    statements:",
                "      - conditions: {%s: {set-name: %s}}" % (key, which),
                "        actions: {accept: true}"]

    # ---- BIRD

    def bird(self):
        if self.load == "P1":
            return self.bird_filter("p", "net ~ [ %s ]" % ", ".join(
                "%s{%s,%s}" % tuple(p) for p in self.prefixes))
        if self.load == "P2":
            return ["filter p { if bgp_path ~ [ %s ] then accept;" %
                    ", ".join(self.any),
                    "  if bgp_path.last ~ [ %s ] then accept; reject; }" %
                    ", ".join(self.origin)]
        if self.load == "P4":
            return (["filter p {"] +
                    ["  if bgp_path ~ [= ? %s * =] then accept;" % n
                     for n in self.second] +
                    ["  if bgp_path ~ [= * %s ? =] then accept;" % n
                     for n in self.last] + ["  reject;", "}"])
        out = []
        for i, prefixes in enumerate(self.peers):
            out += self.bird_filter("f%d" % i, "net ~ [ %s ]" %
                                    ", ".join(prefixes))
        return out

    @staticmethod
    def bird_filter(name, condition):
        return ["filter %s { if %s then accept; reject; }" %
                (name, condition)]

    # ---- OpenBGPD

    def openbgpd_sets(self):
        if self.load == "P1":
            return ["prefix-set s {"] + [
                "\t%s prefixlen %s - %s" % tuple(p) if p[1] != p[2] else
                "\t%s" % p[0] for p in self.prefixes] + ["}"]
        if self.load == "P2":
            return ["as-set a { %s }" % " ".join(self.any),
                    "as-set o { %s }" % " ".join(self.origin)]
        out = []
        for i, prefixes in enumerate(self.peers):
            out += ["prefix-set s%d {" % i]
            out += ["\t" + p for p in prefixes] + ["}"]
        return out

    def openbgpd_rules(self, peers):
        out = ["allow to any"]
        if self.load == "P1":
            return out + ["allow from any prefix-set s"]
        if self.load == "P2":
            return out + ["allow from any AS as-set a",
                          "allow from any source-as as-set o"]
        for i, (a, _) in enumerate(peers):
            out += ["allow from %s%s" % (a, " prefix-set s%d" % i
                                         if i < self.senders else "")]
        return out
