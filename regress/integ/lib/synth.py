# SPDX-License-Identifier: ISC
"""Tables and churn from a seed, in the form that lib.mrt gives."""

import random
import struct

from . import bgp

# Prefix lengths of a default-free table, in percent.
LENGTHS = [(8, 1), (12, 1), (16, 3), (17, 2), (18, 3), (19, 5), (20, 7),
           (21, 7), (22, 11), (23, 10), (24, 50)]


def prefixes(rnd, n):
    """n different IPv4 prefixes, raw."""
    bits = [b for b, share in LENGTHS for _ in range(share)]
    seen = set()
    while len(seen) < n:
        b = rnd.choice(bits)
        net = rnd.randrange(1, 224) << 24 | rnd.randrange(1 << 24)
        net &= 0xffffffff << (32 - b)
        if net >> 24 in (0, 127):
            continue
        seen.add(bytes([b]) + struct.pack("!I", net)[:(b + 7) // 8])
    out = sorted(seen)
    rnd.shuffle(out)
    return out


def attributes(rnd, first=None, ibgp=False):
    """A plausible attribute set; first: the AS in front."""
    path = [rnd.randrange(1, 64000) if rnd.random() < .8 else
            rnd.randrange(131072, 400000)
            for _ in range(rnd.choice((1, 2, 2, 3, 3, 3, 4, 5)))]
    if first is not None:
        path = [first] + path
    if rnd.random() < .1:
        path += [path[-1]] * rnd.randrange(1, 8)
    out = [bgp.origin(rnd.choice((0, 0, 0, 2))),
           bgp.as_path([(2, path)] + (
               [(1, [rnd.randrange(1, 64000) for _ in range(3)])]
               if rnd.random() < .01 else [])),
           bgp.attr(0x40, 3, bytes([10, rnd.randrange(1, 255),
                                    rnd.randrange(256),
                                    rnd.randrange(1, 255)]))]
    if rnd.random() < .4:
        out.append(bgp.med(rnd.randrange(0, 1000)))
    if ibgp:
        out.append(bgp.local_pref(rnd.choice((90, 100, 100, 100, 200))))
    if rnd.random() < .08:
        out.append(bgp.attr(0x40, 6, b""))
    if rnd.random() < .13:
        out.append(bgp.attr(0xc0, 7, struct.pack(
            "!II", path[-1], rnd.randrange(1 << 32))))
    if rnd.random() < .8:
        n = rnd.choice((1, 1, 2, 3, 5, 8, 80))
        out.append(bgp.communities([rnd.randrange(1 << 16, 0xffff0000)
                                    for _ in range(n)]))
    if ibgp:
        out.append(bgp.attr(0x80, 9, bytes([10, 0, 2, rnd.randrange(256)])))
        out.append(bgp.attr(0x80, 10, bytes([10, 0, 1, 1])))
    if rnd.random() < .05:
        out.append(bgp.ext_communities([struct.pack(
            "!BBHI", rnd.choice((0, 0x40)), 2, rnd.randrange(1, 65000),
            rnd.randrange(1 << 32)) for _ in range(2)]))
    if rnd.random() < .1:
        out.append(bgp.large_communities([tuple(
            rnd.randrange(1 << 32) for _ in range(3)) for _ in range(3)]))
    if rnd.random() < .02:
        out.append(bgp.attr(0xc0, 77, rnd.randbytes(
            rnd.choice((0, 4, 300)))))
    return out


def table(seed, n, ibgp=True):
    """UPDATEs of a table of n prefixes, about 6.4 to an attribute set."""
    rnd = random.Random(seed)
    left = prefixes(rnd, n)
    peer = (b"\x0a\0\0\1", 0, True)
    while left:
        size = rnd.choice((1, 1, 1, 1, 2, 3, 5, 8, 13, 30))
        chunk, left = left[:size], left[size:]
        yield peer, bgp.update(attributes(rnd, None, ibgp), b"".join(chunk))


def churn(seed, peers, n_prefixes, n_updates):
    """UPDATEs of several eBGP peers about the same prefixes."""
    rnd = random.Random(seed)
    pool = prefixes(rnd, n_prefixes)
    keys = [(bytes([10, 0, 0, i]), 65100 + i, True) for i in range(peers)]
    for _ in range(n_updates):
        peer = rnd.choice(keys)
        some = rnd.sample(pool, rnd.choice((1, 1, 2, 3, 10)))
        if rnd.random() < .3:
            yield peer, bgp.update(withdrawn=b"".join(some))
        else:
            yield peer, bgp.update(attributes(rnd, peer[1]), b"".join(some))
