# SPDX-License-Identifier: ISC
"""An independent model of a BGP speaker, for comparison.

Adj-RIB-In of each peer, the decision process, what is sent to whom.  Written
from the RFCs alone: dictionaries, sorting and whole recomputation, nothing
that a speaker in earnest would do.  Attributes are dicts: type -> (flags,
value) with AS_PATH and AGGREGATOR in 4-octet form; key 0 is the next hop.
"""

import struct

from . import bgp

# Well-known and optional attributes: the flags that they must have.
FLAGS = {1: 0x40, 2: 0x40, 3: 0x40, 4: 0x80, 5: 0x40, 6: 0x40, 7: 0xc0,
         8: 0xc0, 9: 0x80, 10: 0x80, 16: 0xc0, 17: 0xc0, 18: 0xc0,
         25: 0xc0, 32: 0xc0, 35: 0xc0}
WITHDRAW = "withdraw"


class Peer:
    def __init__(self, name, asn, router_id, address, own_asn, as4=True):
        self.name = name
        self.asn = asn
        self.ibgp = asn == own_asn
        self.router_id = int.from_bytes(bgp.ip(router_id), "big")
        self.address = bgp.ip(address)
        self.as4 = as4
        self.routes = {}        # (afi, raw) -> attributes


def length(segments):
    return sum(len(a) if kind == 2 else kind == 1 for kind, a in segments)


def dedupe(value, size):
    out = dict.fromkeys(value[i:i + size]
                        for i in range(0, len(value), size))
    return b"".join(out)


class Model:
    def __init__(self, asn, addr, addr6=None):
        self.asn = asn
        self.addr = bgp.ip(addr)
        self.addr6 = bgp.ip(addr6) if addr6 else None
        self.peers = {}
        self.cache = {}
        self.exports = {}
        self.weights = {}

    def add(self, peer):
        self.peers[peer.name] = peer

    # ---------------------------------------------------------------- input

    def received(self, name, message):
        """An UPDATE as it was sent to us, marker and all."""
        peer = self.peers[name]
        body = message[19:]
        wlen = body[0] << 8 | body[1]
        alen = body[2 + wlen] << 8 | body[3 + wlen]
        blob = body[4 + wlen:4 + wlen + alen]
        key = (blob, peer.ibgp, peer.as4)
        u = bgp.Update(body)
        verdict = self.cache.get(key)
        if verdict is None:
            verdict = self.cache[key] = self.judge(u, peer)
        for k in u.withdrawn:
            peer.routes.pop(normal(k), None)
        for k in u.announced:
            k = normal(k)
            if verdict == WITHDRAW:
                peer.routes.pop(k, None)
                continue
            attrs = verdict
            if k[0] == 2:
                hop = u.mp_hop[:16]
            else:
                hop = u.mp_hop if 3 not in attrs else attrs[3][1]
            if not usable(hop) or hop in (self.addr, self.addr6):
                peer.routes.pop(k, None)
                continue
            peer.routes[k] = (attrs, hop)

    def judge(self, u, peer):
        """RFC 7606: the attributes that count, or WITHDRAW."""
        out = {}
        for kind, (flags, v) in u.attrs.items():
            if kind in FLAGS and kind not in (6, 7, 17, 18) and \
                    flags & 0xc0 != FLAGS[kind]:
                if not (kind in (5, 9, 10) and not peer.ibgp):
                    return WITHDRAW
            if kind in (5, 9, 10) and not peer.ibgp:
                continue
            if kind in (17, 18) and peer.as4:
                continue
            if kind == 6 and v:
                continue
            if kind == 7 and len(v) != (8 if peer.as4 else 6):
                continue
            if kind == 18 and len(v) != 8:
                continue
            wrong = (kind == 1 and (len(v) != 1 or v[0] > 2) or
                     kind in (3, 4, 5, 9) and len(v) != 4 or
                     kind in (8, 10) and (not v or len(v) % 4) or
                     kind == 16 and (not v or len(v) % 8) or
                     kind == 25 and (not v or len(v) % 20) or
                     kind == 32 and (not v or len(v) % 12) or
                     kind == 35 and len(v) != 4)
            if wrong:
                return WITHDRAW
            out[kind] = (flags & 0xe0, v)
        if 1 not in out or 2 not in out:
            return WITHDRAW
        if any(a == 1 for a, _ in u.announced) and 3 not in out and \
                u.mp_hop is None:
            return WITHDRAW
        try:
            path = bgp.split_path(out[2][1], peer.as4)
        except (bgp.Malformed, IndexError, struct.error):
            return WITHDRAW
        if any(kind not in (1, 2) or not a or 0 in a for kind, a in path):
            return WITHDRAW
        if not peer.as4:
            path = self.merge(out, path)
        out.pop(17, None)
        out.pop(18, None)
        if 7 in out and int.from_bytes(out[7][1][:-4], "big") == 0:
            del out[7]
        out[2] = (0x40, bgp.path_value(path))
        for kind, size in ((8, 4), (16, 8), (32, 12)):
            if kind in out:
                out[kind] = (out[kind][0], dedupe(out[kind][1], size))
        return out

    @staticmethod
    def merge(out, path):
        """RFC 6793 4.2.3: a 2-octet peer's AS4_PATH and AS4_AGGREGATOR."""
        if 7 in out:
            flags, v = out[7]
            asn = int.from_bytes(v[:2], "big")
            if asn != bgp.AS_TRANS and 18 in out:
                out.pop(17, None)
            elif asn == bgp.AS_TRANS and 18 in out:
                v = out[18][1]
            if len(v) == 6:
                v = b"\0\0" + v
            out[7] = (flags, v)
        if 17 not in out:
            return path
        try:
            new = bgp.split_path(out[17][1])
        except (bgp.Malformed, IndexError, struct.error):
            return path
        new = [(k, a) for k, a in new if k in (1, 2)]
        extra = length(path) - length(new)
        if extra < 0:
            return path
        head = []
        for kind, asns in path:
            if extra <= 0:
                break
            if kind == 1:
                head.append((kind, asns))
                extra -= 1
            else:
                head.append((kind, asns[:extra]))
                extra -= len(asns[:extra])
        if head and new and head[-1][0] == 2 and new[0][0] == 2 and \
                len(head[-1][1]) + len(new[0][1]) < 256:
            new = [(2, head[-1][1] + new[0][1])] + new[1:]
            head.pop()
        return head + new

    # ------------------------------------------------------------- decision

    def best(self, key):
        """(peer, attributes, next hop) or None."""
        groups = {}
        for peer in self.peers.values():
            r = peer.routes.get(key)
            if r is None:
                continue
            attrs, hop = r
            w = self.weights.get((id(attrs), peer.name))
            if w is None:
                w = self.weights[id(attrs), peer.name] = self.weigh(
                    attrs, peer)
            first, rank, med, tail = w
            if first is not None:
                groups.setdefault(first, []).append(
                    (rank, med, tail, peer, attrs, hop))
        if not groups:
            return None
        # MED counts inside a group of one neighbouring AS, and only there.
        winners = [min(g, key=lambda r: r[:3]) for g in groups.values()]
        w = min(winners, key=lambda r: (r[0], r[2]))
        return w[3], w[4], w[5]

    def weigh(self, attrs, peer):
        """Neighbouring AS (None: a loop), and what is compared in turn."""
        path = bgp.split_path(attrs[2][1])
        if any(self.asn in a for _, a in path):
            return None, None, None, None
        lp = attrs.get(5)
        med = attrs.get(4)
        rank = (-(int.from_bytes(lp[1], "big") if lp else 100),
                length(path), attrs[1][1][0])
        tail = (peer.ibgp,
                int.from_bytes(attrs[9][1], "big") if 9 in attrs
                else peer.router_id,
                len(attrs[10][1]) // 4 if 10 in attrs else 0,
                len(peer.address), peer.address)
        first = path[0][1][0] if path and path[0][0] == 2 else 0
        return (first, rank, int.from_bytes(med[1], "big") if med else 0,
                tail)

    def keys(self):
        out = set()
        for p in self.peers.values():
            out.update(p.routes)
        return out

    def loc_rib(self):
        out = {}
        for key in self.keys():
            b = self.best(key)
            if b:
                out[key] = b
        return out

    # --------------------------------------------------------------- output

    def sent_to(self, loc_rib, ibgp, name=None, v6_session=False):
        """What a peer must hold: key -> comparable attributes."""
        out = {}
        for key, (peer, attrs, hop) in loc_rib.items():
            if peer.name == name or (ibgp and peer.ibgp):
                continue
            if 8 in attrs:
                v = attrs[8][1]
                cs = {int.from_bytes(v[i:i + 4], "big")
                      for i in range(0, len(v), 4)}
                if bgp.NO_ADVERTISE in cs or not ibgp and cs & {
                        bgp.NO_EXPORT, bgp.NO_EXPORT_SUBCONFED}:
                    continue
            if not ibgp and (key[0] == 1 or v6_session):
                hop = self.addr6 if key[0] == 2 else self.addr
            memo = (id(attrs), ibgp, peer.ibgp)
            e = self.exports.get(memo)
            if e is None:
                e = self.exports[memo] = self.export(attrs, ibgp, peer)
            out[key] = e + ((0, hop),)
        return out

    def export(self, attrs, ibgp, peer):
        out = []
        for kind, (flags, v) in sorted(attrs.items()):
            if kind == 3:
                continue
            if kind == 2 and not ibgp:
                path = bgp.split_path(v)
                if path and path[0][0] == 2 and len(path[0][1]) < 255:
                    path[0] = (2, [self.asn] + path[0][1])
                else:
                    path.insert(0, (2, [self.asn]))
                v = bgp.path_value(path)
            if kind == 4 and not ibgp and not peer.ibgp:
                continue
            if kind in (5, 9, 10) and not ibgp:
                continue
            if kind == 16 and not ibgp:
                v = b"".join(v[i:i + 8] for i in range(0, len(v), 8)
                             if not v[i] & 0x40)
                if not v:
                    continue
            if kind not in FLAGS and not flags & 0x40:
                continue
            out.append((kind, v))
        if ibgp and 5 not in attrs:
            out.append((5, struct.pack("!I", 100)))
            out.sort()
        return tuple(out)


def normal(key):
    """Host bits behind the prefix length cleared."""
    afi, r = key
    spare = -r[0] % 8
    if spare and len(r) > 1 and r[-1] & ((1 << spare) - 1):
        r = r[:-1] + bytes([r[-1] & (0xff << spare) & 0xff])
    return (afi, r)


def usable(hop):
    if len(hop) == 4:
        return hop[0] not in (0, 127) and hop[0] < 224
    return len(hop) == 16 and hop != bytes(16) and hop[0] != 0xff and \
        hop != bytes(15) + b"\1"


def held(table):
    """A speaker's table in the same comparable form."""
    memo, out = {}, {}
    for key, (attrs, mp_hop) in table.items():
        e = memo.get(id(attrs))
        if e is None:
            e = memo[id(attrs)] = tuple(sorted(
                (k, v) for k, (_, v) in attrs.items() if k != 3))
        hop = attrs[3][1] if key[0] == 1 else mp_hop
        out[key] = e + ((0, hop),)
    return out


def difference(want, have, most=5):
    """The first differences as text, empty if there are none."""
    out = []
    for key in want.keys() | have.keys():
        a, b = want.get(key), have.get(key)
        if a != b:
            if len(out) < most:
                out.append("%s:\n  expected %s\n  found    %s" % (
                    bgp.text(*key), show(a), show(b)))
            else:
                out.append("")
    return "" if not out else "%d differences\n%s" % (
        len(out), "\n".join(out[:most]))


def show(e):
    if e is None:
        return "nothing"
    return " ".join("%d=%s" % (k, bgp.path_text(v) if k == 2 else v.hex())
                    for k, v in e)
