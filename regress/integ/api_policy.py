# SPDX-License-Identifier: ISC
"""Sets, policies and assignments over the API."""

import grpc

from api_rpc import Api, refusal
from lib import net, wait
from lib.suite import passive, pb
from proto.bgpgg.v1 import policy_pb2 as policy
from proto.bgpgg.v1 import policy_pb2_grpc as policy_grpc

C = grpc.StatusCode

TYPES = {
    "prefix-set": ("prefix_set", pb.PrefixSetData),
    "neighbor-set": ("neighbor_set", pb.NeighborSetData),
    "as-path-set": ("as_path_set", pb.AsPathSetData),
    "community-set": ("community_set", pb.CommunitySetData),
    "ext-community-set": ("ext_community_set", pb.ExtendedCommunitySetData),
    "large-community-set": ("large_community_set", pb.LargeCommunitySetData),
}


def prefixes(*texts):
    """A PrefixSetData of "PREFIX" or "PREFIX RANGE" texts."""
    data = pb.PrefixSetData()
    for t in texts:
        prefix, _, length = t.partition(" ")
        data.prefixes.add(prefix=prefix)
        if length:
            data.prefixes[-1].masklength_range = length
    return data


SETS = {
    "prefix-set": prefixes("10.0.0.0/8", "192.168.0.0/16 exact",
                           "172.16.0.0/12 16..24", "198.51.100.0/24 24..24",
                           "0.0.0.0/0 ..24", "2001:db8::/32 48.."),
    "neighbor-set": pb.NeighborSetData(addresses=["192.0.2.1",
                                                  "2001:db8::1"]),
    "as-path-set": pb.AsPathSetData(patterns=["_65001_", "^65002 (1|2)+$"]),
    "community-set": pb.CommunitySetData(communities=["65001:1", "65002:*"]),
    "ext-community-set": pb.ExtendedCommunitySetData(ext_communities=[
        "rt:65001:100", "ro:192.0.2.1:7", "color:5", "encapsulation:8",
        "lb:65001:1250000", "router-mac:02:00:00:00:00:01",
        "0x4399010203040506"]),
    "large-community-set": pb.LargeCommunitySetData(
        large_communities=["4200000000:0:1", "1:*:*"]),
}


class PolicyCase(Api):
    def config(self, kind, name="s", data=None):
        return pb.DefinedSetConfig(set_type=kind, name=name, **{
            TYPES[kind][0]: SETS[kind] if data is None else data})

    def add_set(self, kind, name="s", data=None, **kw):
        r = self.rpc.AddDefinedSet(pb.AddDefinedSetRequest(
            set=self.config(kind, name, data), **kw))
        self.assertTrue(r.success)
        self.assertIn(name, r.message)
        return r.message

    def remove_set(self, kind, name="s"):
        r = self.rpc.RemoveDefinedSet(pb.RemoveDefinedSetRequest(
            set_type=kind, name=name))
        self.assertTrue(r.success and r.message)

    def sets(self, **kw):
        return list(self.rpc.ListDefinedSets(
            pb.ListDefinedSetsRequest(**kw)).sets)

    def policies(self, **kw):
        return list(self.rpc.ListPolicies(
            pb.ListPoliciesRequest(**kw)).policies)

    def add_policy(self, name, *statements):
        r = self.rpc.AddPolicy(pb.AddPolicyRequest(
            name=name, statements=statements))
        self.assertTrue(r.success)
        self.assertIn(name, r.message)

    def assign(self, peer, direction, *names, **kw):
        r = self.rpc.SetPolicyAssignment(pb.SetPolicyAssignmentRequest(
            peer_address=peer, direction=direction, policy_names=names, **kw))
        self.assertTrue(r.success and r.message)
        return r.message

    def statement(self, conditions=None, actions=None, **kw):
        return pb.StatementConfig(
            conditions=pb.ConditionsConfig(**(conditions or {})),
            actions=pb.ActionsConfig(**(actions or {})), **kw)


class Policy(PolicyCase):
    peers = [passive(net.v4(10), remote_as=65010),
             passive(net.v6(12), remote_as=65012)]

    def tearDown(self):
        for p in self.suite.peers().values():
            for way in ("import", "export"):
                self.assign(p.address, way)
        for p in self.policies():
            self.rpc.RemovePolicy(pb.RemovePolicyRequest(name=p.name))
        for t in TYPES:
            self.rpc.RemoveDefinedSet(
                pb.RemoveDefinedSetRequest(set_type=t, all=True))
        self.assertEqual(self.sets(), [])
        self.assertEqual(self.policies(), [])
        super().tearDown()

    # ----------------------------------------------------------------- sets

    def test_every_kind_of_set_comes_back(self):
        for kind, data in SETS.items():
            with self.subTest(kind=kind):
                self.add_set(kind)
                got, = self.sets(set_type=kind)
                self.assertEqual((got.set_type, got.name), (kind, "s"))
                self.assertEqual(got.WhichOneof("set_data"), TYPES[kind][0])
                self.assertEqual(getattr(got, TYPES[kind][0]), data)
        self.assertEqual(len(self.sets(name="s")), len(TYPES))

    def test_members_are_normalised(self):
        self.add_set("prefix-set", data=prefixes("10.1.2.3/8 24..24"))
        self.add_set("community-set", data=pb.CommunitySetData(
            communities=["4259905637", "0:1"]))
        self.add_set("neighbor-set", data=pb.NeighborSetData(
            addresses=["192.0.2.1:1790", "[2001:DB8::1]:179"]))
        self.assertEqual(self.sets(set_type="prefix-set")[0].prefix_set,
                         prefixes("10.0.0.0/8 24..24"))
        self.assertEqual(
            self.sets(set_type="community-set")[0].community_set.communities,
            ["65001:101", "0:1"])
        self.assertEqual(
            self.sets(set_type="neighbor-set")[0].neighbor_set.addresses,
            ["192.0.2.1", "2001:db8::1"])

    def test_an_empty_set(self):
        for kind in TYPES:
            self.add_set(kind, data=TYPES[kind][1]())
            self.assertEqual(self.sets(set_type=kind)[0].WhichOneof(
                "set_data"), TYPES[kind][0])

    def test_bad_sets(self):
        for kind, text, place in (
                ("prefix-set", prefixes("10.0.0.0/8", "10.0.0.0/33"),
                 "set.prefix_set.prefixes[1].prefix"),
                ("prefix-set", prefixes("10.0.0.0"), "prefixes[0].prefix"),
                ("prefix-set", prefixes("2001:db8::/129"), "exceeds 128"),
                ("prefix-set", prefixes("10.0.0.0/8 7..9"),
                 "prefixes[0].masklength_range"),
                ("prefix-set", prefixes("10.0.0.0/8 24..16"),
                 "prefixes[0].masklength_range"),
                ("prefix-set", prefixes("10.0.0.0/8 8..33"),
                 "prefixes[0].masklength_range"),
                ("prefix-set", prefixes("10.0.0.0/8 .."),
                 "prefixes[0].masklength_range"),
                ("neighbor-set", pb.NeighborSetData(addresses=["a.b"]),
                 "set.neighbor_set.addresses[0]"),
                ("as-path-set", pb.AsPathSetData(patterns=["1", "(2"]),
                 "set.as_path_set.patterns[1]"),
                ("as-path-set", pb.AsPathSetData(patterns=["x" * 1001]),
                 "patterns[0]"),
                ("as-path-set", pb.AsPathSetData(patterns=[""]),
                 "patterns[0]"),
                ("community-set", pb.CommunitySetData(
                    communities=["65536:1"]),
                 "set.community_set.communities[0]"),
                ("ext-community-set", pb.ExtendedCommunitySetData(
                    ext_communities=["rt:1"]),
                 "set.ext_community_set.ext_communities[0]"),
                ("large-community-set", pb.LargeCommunitySetData(
                    large_communities=["1:2"]),
                 "set.large_community_set.large_communities[0]")):
            with self.subTest(kind=kind, text=str(text)):
                self.refused(C.INVALID_ARGUMENT, place,
                             self.rpc.AddDefinedSet, pb.AddDefinedSetRequest(
                                 set=self.config(kind, data=text)))
        self.assertEqual(self.sets(), [])

    def test_bad_heads_of_sets(self):
        def add(words, **kw):
            self.refused(C.INVALID_ARGUMENT, words, self.rpc.AddDefinedSet,
                         pb.AddDefinedSetRequest(**kw))
        add("set is missing")
        add("set_type", set=pb.DefinedSetConfig(name="s"))
        add("unknown set_type", set=pb.DefinedSetConfig(
            set_type="bogus", name="s", prefix_set=prefixes()))
        add("unknown set_type", set=pb.DefinedSetConfig(
            name="s", prefix_set=prefixes()))
        add("prefix_set", set=pb.DefinedSetConfig(
            set_type="prefix-set", name="s"))
        add("community_set", set=pb.DefinedSetConfig(
            set_type="community-set", name="s", prefix_set=prefixes()))
        add("set.name", set=pb.DefinedSetConfig(
            set_type="prefix-set", prefix_set=prefixes()))
        add("cannot start with underscore", set=pb.DefinedSetConfig(
            set_type="prefix-set", name="_s", prefix_set=prefixes()))
        add("name", set=pb.DefinedSetConfig(
            set_type="prefix-set", name="s" * 256, prefix_set=prefixes()))
        self.assertEqual(self.sets(), [])

    def test_a_set_that_is_there(self):
        self.add_set("prefix-set")
        other = prefixes("10.9.0.0/16")
        self.refused(C.ALREADY_EXISTS, ["already exists", "s"],
                     self.rpc.AddDefinedSet, pb.AddDefinedSetRequest(
                         set=self.config("prefix-set", data=other)))
        self.assertEqual(self.sets()[0].prefix_set, SETS["prefix-set"])
        # Another type may have the same name.
        self.add_set("community-set")
        self.assertIn("replaced", self.add_set("prefix-set", data=other,
                                               replace=True))
        self.assertEqual(self.sets(set_type="prefix-set")[0].prefix_set,
                         other)
        # Replacing what is not there adds it.
        self.assertIn("added", self.add_set("prefix-set", "new",
                                            replace=True))

    def test_lists_of_sets(self):
        for kind, name in (("prefix-set", "b"), ("prefix-set", "a"),
                           ("community-set", "c"), ("community-set", "a")):
            self.add_set(kind, name)
        self.assertEqual([(s.name, s.set_type) for s in self.sets()],
                         [("a", "prefix-set"), ("a", "community-set"),
                          ("b", "prefix-set"), ("c", "community-set")])
        self.assertEqual([s.name for s in self.sets(set_type="prefix-set")],
                         ["a", "b"])
        self.assertEqual(len(self.sets(name="a")), 2)
        self.assertEqual(len(self.sets(name="a",
                                       set_type="community-set")), 1)
        self.assertEqual(self.sets(name="x"), [])
        for text in ("", "bogus", "prefix_set", "Prefix-set"):
            self.refused(C.INVALID_ARGUMENT, "unknown set_type",
                         self.rpc.ListDefinedSets,
                         pb.ListDefinedSetsRequest(set_type=text))

    def test_sets_are_removed(self):
        self.add_set("prefix-set", "a")
        self.add_set("prefix-set", "b")
        self.add_set("community-set", "a")
        self.remove_set("prefix-set", "a")
        self.remove_set("prefix-set", "a")
        self.remove_set("as-path-set", "none")
        self.assertEqual([(s.name, s.set_type) for s in self.sets()],
                         [("a", "community-set"), ("b", "prefix-set")])
        for kw in ({"set_type": "", "name": "b"},
                   {"set_type": "bogus", "all": True},
                   {"set_type": "prefix-set"}):
            self.refused(C.INVALID_ARGUMENT, "", self.rpc.RemoveDefinedSet,
                         pb.RemoveDefinedSetRequest(**kw))
        self.assertEqual(len(self.sets()), 2)

    def test_a_set_in_use_stays(self):
        self.add_set("prefix-set", "used")
        self.add_set("prefix-set", "free")
        self.add_set("community-set", "used")
        self.add_policy("user", self.statement({
            "match_prefix_set": pb.MatchSetRef(set_name="used")}))
        self.refused(C.FAILED_PRECONDITION,
                     ["used", "referenced by policy user"],
                     self.rpc.RemoveDefinedSet, pb.RemoveDefinedSetRequest(
                         set_type="prefix-set", name="used"))
        self.refused(C.FAILED_PRECONDITION, "referenced by policy user",
                     self.rpc.RemoveDefinedSet, pb.RemoveDefinedSetRequest(
                         set_type="prefix-set", all=True))
        self.assertEqual(len(self.sets(set_type="prefix-set")), 2)
        self.remove_set("community-set", "used")
        self.remove_set("prefix-set", "free")
        self.rpc.RemovePolicy(pb.RemovePolicyRequest(name="user"))
        self.remove_set("prefix-set", "used")
        self.assertEqual(self.sets(), [])

    def test_a_large_set(self):
        n = 150000
        data = pb.PrefixSetData()
        for i in range(n):
            data.prefixes.add(prefix="%d.%d.%d.0/24" % (
                1 + i // 65536, i // 256 % 256, i % 256))
        self.assertGreater(data.ByteSize(), 2 << 20)
        self.add_set("prefix-set", "large", data)
        self.assertEqual(self.sets(name="large")[0].prefix_set, data)
        self.add_set("prefix-set", "twin", data)
        self.refused(C.RESOURCE_EXHAUSTED,
                     ["grpc_max_reply_bytes", "name"],
                     self.rpc.ListDefinedSets, pb.ListDefinedSetsRequest())
        self.assertEqual(len(self.sets(name="twin")), 1)

    # ------------------------------------------------------------- policies

    CONDITIONS = {
        "prefix": "10.0.0.0/8", "neighbor": "192.0.2.1",
        "afi_safi": "ipv4-unicast", "has_asn": 65001,
        "route_types": ["ebgp", "local"], "community": "65001:*",
        "next_hop": "192.0.2.0/24", "origins": [pb.IGP, pb.INCOMPLETE],
        "med": pb.NumberRange(min=1, max=5),
        "local_pref": pb.NumberRange(min=7),
        "as_path_length": pb.NumberRange(max=9)}

    ACTIONS = (
        {}, {"accept": True}, {"reject": True},
        {"accept": True, "reject": True}, {"continue_to_next": True},
        {"local_pref": 0, "med": 0}, {"local_pref_if_absent": 5},
        {"med_add": 1}, {"med_sub": 2}, {"med_remove": True},
        {"next_hop": "self"}, {"next_hop": "2001:db8::1"},
        {"as_path_prepend": pb.AsPathPrepend(asn=65001, count=100)},
        {"as_path_prepend": pb.AsPathPrepend(count=1)},
        {"origin": pb.IGP}, {"origin": pb.INCOMPLETE},
        {"add_communities": ["65001:1", "65535:65281"]},
        {"remove_communities": ["65001:*"]},
        {"add_communities": ["65001:1"], "remove_communities": ["65001:2"]},
        {"delete_attributes": [4, 8, 250]},
        {"community_edits": [
            pb.CommunityEdit(kind="community", operation="add",
                             communities=["65001:1"]),
            pb.CommunityEdit(kind="community", operation="remove",
                             communities=["65001:*"]),
            pb.CommunityEdit(kind="ext-community", operation="replace",
                             communities=["rt:65001:1"]),
            pb.CommunityEdit(kind="large-community", operation="add",
                             communities=["1:2:3"])]},
    )

    def test_a_policy_comes_back(self):
        for kind in TYPES:
            self.add_set(kind)
        statements = [self.statement(self.CONDITIONS)]
        for a in self.ACTIONS:
            statements.append(self.statement(actions=a))
        for kind, option in zip(TYPES, ("", "any", "all", "invert", "any",
                                        "all")):
            member = "match_" + TYPES[kind][0]
            statements.append(self.statement({member: pb.MatchSetRef(
                set_name="s", match_option=option)}, {}, name="of " + kind))
        self.add_policy("p", *statements)
        got, = self.policies()
        self.assertEqual(got.name, "p")
        self.assertEqual(len(got.statements), len(statements))
        for g, s in zip(got.statements, statements):
            with self.subTest(statement=str(s)):
                self.assertEqual(g.conditions, s.conditions)
                self.assertEqual(g.actions, s.actions)
                self.assertEqual(g.name, s.name)
                self.assertTrue(g.HasField("conditions"))
                self.assertTrue(g.HasField("actions"))

    def test_what_says_nothing(self):
        self.add_policy("none")
        self.add_policy("empty", pb.StatementConfig())
        self.add_policy("false", self.statement(
            actions={"accept": False, "reject": False}))
        none, = self.policies(name="none")
        self.assertEqual(len(none.statements), 0)
        for name in ("empty", "false"):
            got, = self.policies(name=name)
            s, = got.statements
            self.assertTrue(s.HasField("conditions"))
            self.assertEqual(s.actions, pb.ActionsConfig())

    def test_a_policy_is_replaced(self):
        self.add_policy("p", self.statement(actions={"reject": True}))
        self.add_policy("p", self.statement(actions={"med": 3}),
                        self.statement())
        got, = self.policies()
        self.assertEqual(len(got.statements), 2)
        self.assertEqual(got.statements[0].actions.med, 3)

    def test_lists_of_policies(self):
        for name in ("b", "a", "c"):
            self.add_policy(name)
        self.assertEqual([p.name for p in self.policies()], ["a", "b", "c"])
        self.assertEqual([p.name for p in self.policies(name="b")], ["b"])
        self.assertEqual(self.policies(name="x"), [])
        r = self.rpc.RemovePolicy(pb.RemovePolicyRequest(name="b"))
        self.assertTrue(r.success and r.message)
        r = self.rpc.RemovePolicy(pb.RemovePolicyRequest(name="b"))
        self.assertTrue(r.success and r.message)
        self.assertEqual([p.name for p in self.policies()], ["a", "c"])
        self.refused(C.INVALID_ARGUMENT, "name", self.rpc.RemovePolicy,
                     pb.RemovePolicyRequest())

    def test_bad_conditions(self):
        ref = pb.MatchSetRef
        for c, place in (
                ({"match_prefix_set": ref()}, "match_prefix_set.set_name"),
                ({"match_prefix_set": ref(set_name="s",
                                          match_option="some")},
                 "match_prefix_set.match_option"),
                ({"prefix": "10.0.0.0/99"}, "prefix"),
                ({"neighbor": "x"}, "neighbor"),
                ({"afi_safi": "ipv5"}, "afi_safi"),
                ({"has_asn": 0}, "has_asn"),
                ({"route_types": ["ebgp", "bgp"]}, "route_types[1]"),
                ({"community": "x"}, "community"),
                ({"next_hop": "x"}, "next_hop"),
                ({"origins": [0, 3]}, "origins[1]"),
                ({"med": pb.NumberRange(min=2, max=1)}, "med"),
                ({"med": pb.NumberRange()}, "med"),
                ({"local_pref": pb.NumberRange(min=2, max=1)}, "local_pref"),
                ({"as_path_length": pb.NumberRange(min=2, max=1)},
                 "as_path_length")):
            with self.subTest(conditions=str(c)):
                self.refused(
                    C.INVALID_ARGUMENT, "statements[1].conditions." + place,
                    self.rpc.AddPolicy, pb.AddPolicyRequest(
                        name="p", statements=[self.statement(),
                                              self.statement(c)]))
        self.assertEqual(self.policies(), [])

    def test_bad_actions(self):
        edit = pb.CommunityEdit
        for a, place in (
                ({"accept": True, "continue_to_next": True},
                 ".continue_to_next"),
                ({"local_pref": 1, "local_pref_if_absent": 1},
                 ".local_pref_if_absent"),
                ({"med": 1, "med_add": 1}, ".med"),
                ({"next_hop": "me"}, ".next_hop"),
                ({"next_hop": "224.0.0.1"}, ".next_hop"),
                ({"as_path_prepend": pb.AsPathPrepend()},
                 ".as_path_prepend.count"),
                ({"as_path_prepend": pb.AsPathPrepend(count=101)},
                 ".as_path_prepend.count"),
                ({"add_communities": ["1:2", "1:*"]},
                 ".add_communities[1]"),
                ({"remove_communities": ["x"]}, ".remove_communities[0]"),
                ({"community_edits": [edit()]}, ".community_edits[0].kind"),
                ({"community_edits": [edit(kind="community")]},
                 ".community_edits[0].operation"),
                ({"community_edits": [edit(
                    kind="large-community", operation="add",
                    communities=["1:2"])]},
                 ".community_edits[0].communities[0]"),
                ({"community_edits": [edit(
                    kind="community", operation="replace")],
                  "add_communities": ["1:2"]}, ""),
                ({"delete_attributes": [1]}, ".delete_attributes[0]"),
                ({"delete_attributes": [4, 256]}, ".delete_attributes[1]")):
            with self.subTest(actions=str(a)):
                self.refused(
                    C.INVALID_ARGUMENT, "statements[0].actions" + place,
                    self.rpc.AddPolicy, pb.AddPolicyRequest(
                        name="p", statements=[self.statement(actions=a)]))
        self.assertEqual(self.policies(), [])

    def test_bad_names(self):
        for name, words in (("", "name"), ("_p", "cannot start with "
                                           "underscore"),
                            ("p" * 256, "name"), ("a\nb", "name")):
            self.refused(C.INVALID_ARGUMENT, words, self.rpc.AddPolicy,
                         pb.AddPolicyRequest(name=name))
        self.refused(C.INVALID_ARGUMENT, "statements[0].name",
                     self.rpc.AddPolicy, pb.AddPolicyRequest(
                         name="p", statements=[self.statement(name="")]))
        self.add_policy("p" * 255)
        self.add_policy("\u00fcber")
        self.assertEqual(len(self.policies()), 2)

    def test_unknown_sets(self):
        self.add_set("prefix-set", "known")
        for kind in TYPES:
            member = "match_" + TYPES[kind][0]
            self.refused(
                C.NOT_FOUND, ["not found", "unknown"], self.rpc.AddPolicy,
                pb.AddPolicyRequest(name="p", statements=[self.statement({
                    member: pb.MatchSetRef(set_name="unknown")})]))
        # A set of another type is no help.
        self.refused(
            C.NOT_FOUND, "not found", self.rpc.AddPolicy,
            pb.AddPolicyRequest(name="p", statements=[self.statement({
                "match_community_set": pb.MatchSetRef(set_name="known")})]))
        self.assertEqual(self.policies(), [])

    def test_a_refused_replacement_changes_nothing(self):
        self.add_policy("p", self.statement(actions={"med": 3}))
        self.refused(
            C.NOT_FOUND, "not found", self.rpc.AddPolicy,
            pb.AddPolicyRequest(name="p", statements=[self.statement({
                "match_prefix_set": pb.MatchSetRef(set_name="unknown")})]))
        self.assertEqual(self.policies()[0].statements[0].actions.med, 3)

    def test_many_statements(self):
        n = 5000
        self.add_policy("long", *[self.statement(
            {"prefix": "10.%d.%d.0/24" % (i // 256, i % 256)},
            {"local_pref": i}) for i in range(n)])
        got, = self.policies()
        self.assertEqual([s.actions.local_pref for s in got.statements],
                         list(range(n)))

    # ----------------------------------------------------------- assignment

    def shown(self, addr):
        p = self.suite.peer(addr).peer
        self.assertEqual(p, self.suite.peers()[p.address])
        return (list(p.import_policies), p.import_default_action,
                list(p.export_policies), p.export_default_action)

    def test_assignment(self):
        for name in ("a", "b"):
            self.add_policy(name, self.statement())
        addr = net.v4(10)
        self.assertEqual(self.shown(addr), ([], "", [], ""))
        self.assertIn(addr, self.assign(addr, "import", "b", "a"))
        self.assertEqual(self.shown(addr), (["b", "a"], "", [], ""))
        self.assign(addr + ":179", "export", "a", default_action="accept")
        self.assertEqual(self.shown(addr), (["b", "a"], "", ["a"], "accept"))
        self.assign("[%s]:179" % net.v6(12), "import",
                    default_action="reject")
        self.assertEqual(self.shown(net.v6(12)), ([], "reject", [], ""))
        self.assign(addr, "import", "a")
        self.assign(addr, "export")
        self.assertEqual(self.shown(addr), (["a"], "", [], ""))

    def test_a_policy_in_use_stays(self):
        self.add_policy("p", self.statement(actions={"med": 1}))
        self.assign(net.v4(10), "export", "p")
        self.refused(C.FAILED_PRECONDITION, ["p", net.v4(10)],
                     self.rpc.RemovePolicy, pb.RemovePolicyRequest(name="p"))
        self.assertEqual(len(self.policies()), 1)
        self.assertEqual(self.shown(net.v4(10))[2], ["p"])
        # It may be replaced.
        self.add_policy("p", self.statement(actions={"med": 2}))
        self.assign(net.v4(10), "export")
        self.rpc.RemovePolicy(pb.RemovePolicyRequest(name="p"))
        self.assertEqual(self.policies(), [])

    def test_bad_assignments(self):
        self.add_policy("a")
        addr = net.v4(10)

        def refused(code, words, **kw):
            kw.setdefault("peer_address", addr)
            kw.setdefault("direction", "import")
            self.refused(code, words, self.rpc.SetPolicyAssignment,
                         pb.SetPolicyAssignmentRequest(**kw))
        for text in ("", "x", "1.2.3.4/32", "0.0.0.0"):
            refused(C.INVALID_ARGUMENT, "peer_address", peer_address=text)
        for text in ("", "in", "Import", "both"):
            refused(C.INVALID_ARGUMENT, "direction", direction=text)
        for text in ("", "drop"):
            refused(C.INVALID_ARGUMENT, "default_action",
                    default_action=text)
        refused(C.INVALID_ARGUMENT, "policy_names[1]",
                policy_names=["a", ""])
        refused(C.INVALID_ARGUMENT, "afi, safi", afi=1, safi=1)
        refused(C.INVALID_ARGUMENT, "policy_names: 101 exceed 100",
                policy_names=["a"] * 101)
        refused(C.NOT_FOUND, ["unknown", "not found"],
                policy_names=["a", "unknown"])
        refused(C.NOT_FOUND, ["198.51.100.9", "not found"],
                peer_address="198.51.100.9", policy_names=["a"])
        self.assertEqual(self.shown(addr), ([], "", [], ""))

    def test_changes_act_at_once(self):
        addr = net.v4(10)
        s = self.speaker(10)
        self.suite.wait_state(addr)
        s.announce(["10.1.0.0/16", "10.2.0.0/16"], [65010])
        self.suite.wait_routes(["10.1.0.0/16", "10.2.0.0/16"])
        self.add_set("prefix-set", "some", prefixes("10.1.0.0/16"))
        self.add_policy("some", self.statement(
            {"match_prefix_set": pb.MatchSetRef(set_name="some")},
            {"local_pref": 300}))
        self.assign(addr, "import", "some")
        self.suite.wait_routes(["10.1.0.0/16"])
        paths, = self.suite.routes().values()
        self.assertEqual(paths[0].local_pref, 300)
        self.assertEqual(len(self.suite.routes(pb.ADJ_IN, addr)), 2)
        self.add_set("prefix-set", "some", prefixes("10.2.0.0/16"),
                     replace=True)
        self.suite.wait_routes(["10.2.0.0/16"])
        self.add_policy("some", self.statement(actions={"reject": True}))
        self.suite.wait_routes([])
        self.assign(addr, "import")
        self.suite.wait_routes(["10.1.0.0/16", "10.2.0.0/16"])
        self.assertEqual(self.suite.state(addr), "ESTABLISHED")

    def test_an_assignment_outlives_the_session(self):
        self.add_policy("a")
        self.assign(net.v4(10), "import", "a", default_action="accept")
        s = self.speaker(10)
        self.suite.wait_state(net.v4(10))
        s.drop()
        self.suite.wait_state(net.v4(10), "ACTIVE")
        self.assertEqual(self.shown(net.v4(10))[:2], (["a"], "accept"))

    def test_read_your_writes(self):
        for i in range(30):
            name = "s%d" % i
            self.add_set("prefix-set", name)
            self.assertEqual(len(self.sets(name=name)), 1)
            self.remove_set("prefix-set", name)
            self.assertEqual(self.sets(name=name), [])

    def test_malformed_messages(self):
        channel = self.suite.channel
        for method in ("AddDefinedSet", "AddPolicy", "SetPolicyAssignment"):
            call = channel.unary_unary("/bgp.BgpService/" + method)
            for data in (b"\x0a", b"\x0a\xff", b"\x12\x02\x0a\x05",
                         b"\x0a\x01\xff"):
                code, _ = refusal(call, data, timeout=5 * wait.FACTOR)
                self.assertEqual(code, C.INVALID_ARGUMENT)


class Explain(PolicyCase):
    """What policies do: tests, dry runs, counters, rejected routes."""

    conf = {
        "defined-sets": {"prefix-sets": [{"name": "tens", "prefixes": [
            {"prefix": "10.0.0.0/8", "masklength-range": "8..24"}]}]},
        "policy-definitions": [
            {"name": "in", "statements": [
                {"name": "tag",
                 "conditions": {"match-prefix-set": {"set-name": "tens"}},
                 "actions": {"continue": True, "community": {
                     "operation": "add", "communities": ["64500:1"]}}},
                {"name": "no seven", "conditions": {"has-asn": 7},
                 "actions": {"reject": True}},
                {"conditions": {"match-prefix-set": {"set-name": "tens"}},
                 "actions": {"local-pref": {"value": 200, "force": True},
                             "accept": True}}]},
            {"name": "out", "statements": [
                {"actions": {"med": 5, "accept": True}}]}]}
    peers = [passive(net.v4(10), remote_as=65010,
                     **{"import-policy": ["in"]}),
             passive(net.v4(11), remote_as=65011,
                     **{"export-policy": ["out"]})]

    def setUp(self):
        super().setUp()
        self.first = self.speaker(10)
        self.suite.wait_state(net.v4(10))
        self.first.announce(["10.1.0.0/16", "10.2.0.0/16"], [65010, 1])
        self.first.announce(["10.7.0.0/16"], [65010, 7])
        self.first.announce(["172.16.0.0/12"], [65010, 1])
        self.suite.wait_routes(["10.1.0.0/16", "10.2.0.0/16"])
        wait.until(lambda: len(self.adj_in()) == 4, "the routes")

    def tearDown(self):
        self.first.stop()
        self.suite.wait_state(net.v4(10), "ACTIVE")
        super().tearDown()

    def adj_in(self):
        return {r.prefix: r.paths[0] for r in self.rpc.ListRoutes(
            pb.ListRoutesRequest(rib_type=pb.ADJ_IN,
                                 peer_address=net.v4(10))).routes}

    @property
    def explain(self):
        return policy_grpc.PolicyServiceStub(self.suite.channel)

    def explained(self, prefix=None, direction="import", peer=10, **kw):
        if prefix:
            kw["prefix"] = prefix
        return self.explain.TestPolicy(policy.TestPolicyRequest(
            peer_address=net.v4(peer), direction=direction, **kw))

    @staticmethod
    def steps(r):
        return [(s.policy, s.statement, s.name) for s in r.steps]

    def test_rejected_routes_are_shown(self):
        got = self.adj_in()
        self.assertEqual(got["10.1.0.0/16"].rejected_by, "")
        self.assertIn("in statement 2 (no seven)",
                      got["10.7.0.0/16"].rejected_by)
        self.assertNotEqual(got["172.16.0.0/12"].rejected_by, "")
        self.assertTrue(got["172.16.0.0/12"].ineligible)

    def test_a_route_is_explained(self):
        r = self.explained("10.1.0.0/16")
        self.assertTrue(r.accepted)
        self.assertEqual(self.steps(r), [("in", 1, "tag"), ("in", 3, "")])
        self.assertFalse(r.by_default)
        self.assertEqual((r.prefix, r.source_address),
                         ("10.1.0.0/16", net.v4(10)))
        self.assertEqual(list(r.before.communities), [])
        self.assertEqual(list(r.after.communities), [64500 << 16 | 1])
        self.assertEqual(r.after.local_pref, 200)
        self.assertEqual(r.message, "accepted by statement 3 of policy in")
        r = self.explained("10.7.0.0/16")
        self.assertFalse(r.accepted)
        self.assertEqual(self.steps(r), [("in", 1, "tag"),
                                         ("in", 2, "no seven")])
        self.assertFalse(r.HasField("after"))
        self.assertEqual(r.message, "rejected by statement 2 (no seven) of "
                                    "policy in")
        r = self.explained("172.16.0.0/12")
        self.assertFalse(r.accepted)
        self.assertTrue(r.by_default)
        self.assertEqual(self.steps(r), [])

    def test_a_route_made_up(self):
        route = pb.AddRouteRequest(
            prefix="10.99.0.0/16", next_hop=net.v4(10), as_path=[
                pb.AsPathSegment(segment_type=pb.AS_SEQUENCE,
                                 asns=[65010, 7])])
        r = self.explained(candidate=route)
        self.assertFalse(r.accepted)
        self.assertEqual(self.steps(r)[-1], ("in", 2, "no seven"))
        self.assertFalse(r.before.HasField("local_pref"))
        r = self.explained(candidate=route, direction="export", peer=11)
        self.assertTrue(r.accepted)
        self.assertEqual(r.source_address, "127.0.0.1")
        self.assertEqual(r.after.med, 5)
        r = self.explained(candidate=route, direction="export", peer=11,
                      source_address=net.v4(10))
        self.assertEqual(r.source_address, net.v4(10))
        self.assertEqual(len(self.adj_in()), 4)

    def test_export_is_explained(self):
        r = self.explained("10.1.0.0/16", "export", 11)
        self.assertTrue(r.accepted)
        self.assertEqual(self.steps(r), [("out", 1, "")])
        self.assertEqual(r.source_address, net.v4(10))
        self.assertEqual(r.after.med, 5)

    def test_bad_tests(self):
        def refused(code, words, **kw):
            kw.setdefault("peer_address", net.v4(10))
            kw.setdefault("direction", "import")
            self.refused(code, words, self.explain.TestPolicy,
                         policy.TestPolicyRequest(**kw))
        refused(C.INVALID_ARGUMENT, "peer_address", peer_address="x",
                prefix="10.0.0.0/8")
        refused(C.INVALID_ARGUMENT, "direction", direction="",
                prefix="10.0.0.0/8")
        refused(C.INVALID_ARGUMENT, "route")
        refused(C.INVALID_ARGUMENT, "exceeds 32", prefix="10.0.0.0/99")
        refused(C.INVALID_ARGUMENT, "",
                candidate=pb.AddRouteRequest(prefix="10.0.0.0/8"))
        refused(C.INVALID_ARGUMENT, "source_address", prefix="10.0.0.0/8",
                source_address="x")
        refused(C.NOT_FOUND, "not found", peer_address="198.51.100.9",
                prefix="10.0.0.0/8")
        refused(C.NOT_FOUND, "", prefix="10.200.0.0/16")

    def dry_run(self, direction="import", peer=10, **kw):
        return self.explain.DryRun(policy.DryRunRequest(
            peer_address=net.v4(peer), direction=direction, **kw))

    def test_dry_run(self):
        before = self.adj_in()
        r = self.dry_run(policy_names=["in"], samples=10)
        self.assertEqual((r.examined, r.appear, r.vanish, r.change),
                         (4, 0, 0, 0))
        self.assertEqual(len(r.samples), 0)
        r = self.dry_run(policy_names=["in"], default_action="accept",
                         samples=10)
        self.assertEqual((r.appear, r.vanish, r.change), (1, 0, 0))
        s, = r.samples
        self.assertEqual((s.change, s.prefix), (policy.APPEARS,
                                                "172.16.0.0/12"))
        self.assertFalse(s.HasField("before"))
        self.assertTrue(s.HasField("after"))
        r = self.dry_run(default_action="reject")
        self.assertEqual((r.appear, r.vanish, r.change), (0, 2, 0))
        self.assertEqual(len(r.samples), 0)
        self.assertEqual(
            {k: v.rejected_by for k, v in self.adj_in().items()},
            {k: v.rejected_by for k, v in before.items()})

    def test_dry_run_of_what_is_not_there(self):
        r = self.dry_run(
            policy_names=["new"], samples=10,
            sets=[self.config("prefix-set", "seven",
                              prefixes("10.7.0.0/16"))],
            policies=[pb.AddPolicyRequest(name="new", statements=[
                self.statement({"match_prefix_set": pb.MatchSetRef(
                    set_name="seven")}, {"med": 9})])])
        self.assertEqual((r.appear, r.vanish, r.change), (1, 2, 0))
        self.assertEqual([s.after.med for s in r.samples
                          if s.change == policy.APPEARS], [9])
        # A set given takes the place of the one of its name.
        r = self.dry_run(policy_names=["in"], samples=10, sets=[
            self.config("prefix-set", "tens", prefixes("10.1.0.0/16"))])
        self.assertEqual((r.appear, r.vanish, r.change), (0, 1, 0))
        self.assertEqual([p.name for p in self.policies()], ["in", "out"])
        self.assertEqual([s.name for s in self.sets()], ["tens"])

    def test_a_large_dry_run(self):
        data = pb.PrefixSetData()
        for i in range(100000):
            data.prefixes.add(prefix="10.%d.%d.0/24" % (
                i // 256 % 256, i % 256))
        r = self.dry_run(policy_names=["in"], sets=[
            self.config("prefix-set", "tens", data)])
        self.assertEqual((r.appear, r.vanish), (0, 2))

    def test_dry_runs_that_nobody_waits_for(self):
        request = policy.DryRunRequest(
            peer_address=net.v4(10), direction="import", policy_names=["in"],
            sets=[self.config("prefix-set", "tens", prefixes(
                *("10.%d.%d.0/24" % (i // 256, i % 256)
                  for i in range(20000))))])
        for i in range(30):
            call = self.explain.DryRun.future(request)
            if i % 2:
                try:
                    call.result(timeout=0.01)
                except (grpc.FutureTimeoutError, grpc.RpcError):
                    pass
            call.cancel()
        self.assertEqual(self.dry_run(policy_names=["in"]).examined, 4)
        # More at a time than the engine takes are refused, not kept.
        calls = [self.explain.DryRun.future(request) for _ in range(40)]
        codes = {c.code() for c in calls}
        self.assertLessEqual(codes, {C.OK, C.RESOURCE_EXHAUSTED})
        self.assertIn(C.OK, codes)
        self.assertEqual(self.dry_run(policy_names=["in"]).examined, 4)

    def test_dry_run_of_export(self):
        second = self.speaker(11)
        self.suite.wait_state(net.v4(11))
        r = self.dry_run("export", 11, default_action="accept", samples=5)
        self.assertEqual((r.appear, r.vanish, r.change), (0, 0, 2))
        self.assertEqual(r.samples[0].before.med, 5)
        second.stop()

    def test_bad_dry_runs(self):
        def refused(code, words, **kw):
            kw.setdefault("peer_address", net.v4(10))
            kw.setdefault("direction", "import")
            self.refused(code, words, self.explain.DryRun,
                         policy.DryRunRequest(**kw))
        one = self.config("prefix-set", "one", prefixes("10.0.0.0/8"))
        refused(C.INVALID_ARGUMENT, "peer_address", peer_address="")
        refused(C.INVALID_ARGUMENT, "direction", direction="x")
        refused(C.INVALID_ARGUMENT, "default_action", default_action="x")
        refused(C.INVALID_ARGUMENT, "samples: 101 exceed 100", samples=101)
        refused(C.INVALID_ARGUMENT, "sets[1]", sets=[one, one])
        refused(C.INVALID_ARGUMENT, "sets[0].name", sets=[
            self.config("prefix-set", "_x")])
        refused(C.INVALID_ARGUMENT, "policies[0].statements[0].actions",
                policies=[pb.AddPolicyRequest(name="p", statements=[
                    self.statement(actions={"next_hop": "x"})])])
        refused(C.INVALID_ARGUMENT, "policies[1].name", policies=[
            pb.AddPolicyRequest(name="p"), pb.AddPolicyRequest(name="p")])
        refused(C.NOT_FOUND, ["nobody", "not found"],
                policy_names=["nobody"])
        refused(C.NOT_FOUND, ["gone", "not found"], policy_names=["p"],
                policies=[pb.AddPolicyRequest(name="p", statements=[
                    self.statement({"match_prefix_set": pb.MatchSetRef(
                        set_name="gone")})])])
        refused(C.NOT_FOUND, "not found", peer_address="198.51.100.9")

    def counters(self, **kw):
        return {(c.policy, c.statement): c for c in
                self.explain.ListCounters(
                    policy.ListCountersRequest(**kw)).counters}

    def test_counters(self):
        before = self.counters()
        self.assertEqual(sorted(before), [("in", 1), ("in", 2), ("in", 3),
                                          ("out", 1)])
        self.assertEqual(before["in", 2].name, "no seven")
        self.first.announce(["10.50.0.0/16"], [65010, 7])
        wait.until(lambda: len(self.adj_in()) == 5, "the route")
        after = self.counters()
        for key, n in ((("in", 1), 1), (("in", 2), 1), (("in", 3), 0)):
            self.assertEqual(after[key].hits - before[key].hits, n)
        self.assertEqual(sorted(self.counters(policy="out")), [("out", 1)])
        self.assertEqual(self.counters(policy="none"), {})
        self.refused(C.INVALID_ARGUMENT, "policy", self.explain.ListCounters,
                     policy.ListCountersRequest(policy="x" * 256))


class FileAndApi(PolicyCase):
    """What the file says the API says as well, and can be told."""

    conf = {
        "defined-sets": {
            "prefix-sets": [{"name": "p", "prefixes": [
                {"prefix": "10.0.0.0/8", "masklength-range": "8..32"},
                {"prefix": "10.0.0.0/8", "masklength-range": "exact"},
                {"prefix": "192.168.0.0/16", "masklength-range": "16.."},
                {"prefix": "2001:db8::/32", "masklength-range": "..48"},
                {"prefix": "0.0.0.0/0"}]}],
            "neighbor-sets": [{"name": "n", "neighbors": [
                "192.0.2.2", "2001:db8::2"]}],
            "as-path-sets": [{"name": "a", "patterns": [
                "^65010_", "_(64512|6553[0-4])_"]}],
            "community-sets": [{"name": "c", "communities": [
                "65001:*", "*:666", "no-export", "4259905637"]}],
            "ext-community-sets": [{"name": "e", "ext_communities": [
                "rt:65001:100", "ro:192.0.2.1:*", "lb:65001:1.5e6",
                "color:7", "encapsulation:8",
                "router-mac:02:00:00:00:00:01", "0x4312345678901234"]}],
            "large-community-sets": [{"name": "l", "large_communities": [
                "65001:1:*", "1:2:3"]}]},
        "policy-definitions": [{"name": "all", "statements": [
            {"name": "sets", "conditions": {
                "match-prefix-set": {"set-name": "p"},
                "match-neighbor-set": {"set-name": "n",
                                       "match-option": "any"},
                "match-as-path-set": {"set-name": "a",
                                      "match-option": "all"},
                "match-community-set": {"set-name": "c",
                                        "match-option": "invert"},
                "match-ext-community-set": {"set-name": "e"},
                "match-large-community-set": {"set-name": "l"}},
             "actions": {"continue": True}},
            {"conditions": {
                "prefix": "10.0.0.0/8", "neighbor": "192.0.2.2",
                "has-asn": 65001, "route-type": ["ebgp", "ibgp"],
                "community": "65001:*", "afi-safi": "ipv4-unicast",
                "next-hop": "192.0.2.0/24", "origin": ["igp", "egp"],
                "med": {"min": 1}, "local-pref": {"max": 100},
                "as-path-length": 3},
             "actions": {"local-pref": 200, "med": 5, "next-hop": "self",
                         "accept": True}},
            {"conditions": {"route-type": "local", "next-hop": "2001:db8::1",
                            "afi-safi": ["ipv4-unicast", "ipv6-unicast"]},
             "actions": {"local-pref": {"value": 90}, "med": {"add": 1},
                         "next-hop": "2001:db8::9", "origin": "incomplete",
                         "as-path-prepend": {"asn": 65009, "count": 3},
                         "reject": True}},
            {"actions": {"local-pref": {"value": 90, "force": True},
                         "med": {"sub": 4}, "as-path-prepend": {"count": 2},
                         "delete-attributes": ["aigp", 250]}},
            {"actions": {"med": {"remove": True}, "community": [
                {"operation": "remove", "communities": ["65001:*"]},
                {"operation": "add", "communities": ["65001:1"]}]}},
            {"actions": {
                "community": {"operation": "replace",
                              "communities": ["65001:1", "no-export"]},
                "ext-community": {"operation": "add", "ext_communities": [
                    "rt:65001:1"]},
                "large-community": [
                    {"operation": "add", "large_communities": ["1:2:3"]},
                    {"operation": "remove",
                     "large_communities": ["1:*:*"]}]}}]}]}
    peers = [passive(net.v4(10), remote_as=65010,
                     **{"import-policy": ["all"],
                        "import-default-action": "accept"})]

    def test_sets(self):
        got = self.sets()
        self.assertEqual([s.name for s in got], list("acelnp"))
        for s in got:
            member = s.WhichOneof("set_data")
            self.add_set(s.set_type, "copy", getattr(s, member))
            copy, = self.sets(set_type=s.set_type, name="copy")
            copy.name = s.name
            self.assertEqual(copy, s)
            self.remove_set(s.set_type, "copy")
        self.assertEqual(
            [p.masklength_range for p in got[-1].prefix_set.prefixes],
            ["8..32", "exact", "16..", "..48", ""])

    def test_policies(self):
        got, = self.policies()
        self.assertEqual(len(got.statements), 6)
        self.add_policy("copy", *[pb.StatementConfig(
            conditions=s.conditions, actions=s.actions,
            name=s.name or None) for s in got.statements])
        copy, = self.policies(name="copy")
        copy.name = got.name
        self.assertEqual(copy, got)
        a = [s.actions for s in got.statements]
        self.assertTrue(a[0].continue_to_next)
        self.assertEqual(got.statements[0].name, "sets")
        self.assertEqual((a[1].local_pref, a[1].med, a[1].next_hop),
                         (200, 5, "self"))
        self.assertEqual((a[2].local_pref_if_absent, a[2].med_add,
                          a[2].as_path_prepend.asn), (90, 1, 65009))
        self.assertEqual((a[3].local_pref, a[3].med_sub,
                          list(a[3].delete_attributes)), (90, 4, [26, 250]))
        self.assertTrue(a[4].med_remove)
        self.assertEqual((list(a[4].remove_communities),
                          list(a[4].add_communities)),
                         (["65001:*"], ["65001:1"]))
        self.assertEqual(
            [(e.kind, e.operation, list(e.communities))
             for e in a[5].community_edits],
            [("community", "replace", ["65001:1", "65535:65281"]),
             ("ext-community", "add", ["rt:65001:1"]),
             ("large-community", "add", ["1:2:3"]),
             ("large-community", "remove", ["1:*:*"])])
        self.rpc.RemovePolicy(pb.RemovePolicyRequest(name="copy"))

    def test_assignment(self):
        p = self.suite.peer(net.v4(10)).peer
        self.assertEqual((list(p.import_policies), p.import_default_action),
                         (["all"], "accept"))
        self.assertEqual((list(p.export_policies), p.export_default_action),
                         ([], ""))
