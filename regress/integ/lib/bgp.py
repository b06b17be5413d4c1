# SPDX-License-Identifier: ISC
"""BGP messages for tests: an encoder and a decoder of their own.

Nothing here is shared with the suite, so that an error in its codecs cannot
hide itself.  Prefixes are either text ("10.0.0.0/8") or (afi, raw), where
raw is the NLRI as on the wire without a path identifier (length octet and
the significant octets).
"""

import ipaddress
import struct

MARKER = b"\xff" * 16
OPEN, UPDATE, NOTIFICATION, KEEPALIVE, REFRESH = 1, 2, 3, 4, 5
IPV4, IPV6 = (1, 1), (2, 1)

ORIGIN, AS_PATH, NEXT_HOP, MED, LOCAL_PREF = 1, 2, 3, 4, 5
ATOMIC, AGGREGATOR, COMMUNITIES, ORIGINATOR_ID, CLUSTER_LIST = 6, 7, 8, 9, 10
MP_REACH, MP_UNREACH, EXT_COMMUNITIES = 14, 15, 16
AS4_PATH, AS4_AGGREGATOR, LARGE_COMMUNITIES = 17, 18, 32

OPTIONAL, TRANSITIVE, PARTIAL, EXTENDED = 0x80, 0x40, 0x20, 0x10

NO_EXPORT = 0xFFFFFF01
NO_ADVERTISE = 0xFFFFFF02
NO_EXPORT_SUBCONFED = 0xFFFFFF03

AS_TRANS = 23456


# ------------------------------------------------------------------- building

def message(kind, body=b""):
    return MARKER + struct.pack("!HB", 19 + len(body), kind) + body


def keepalive():
    return message(KEEPALIVE)


def notification(code, subcode, data=b""):
    return message(NOTIFICATION, bytes([code, subcode]) + data)


def refresh(afi=1, safi=1, subtype=0):
    return message(REFRESH, struct.pack("!HBB", afi, subtype, safi))


def ip(text):
    return ipaddress.ip_address(text).packed


def cap_mp(afi, safi):
    return (1, struct.pack("!HBB", afi, 0, safi))


def cap_refresh():
    return (2, b"")


def cap_as4(asn):
    return (65, struct.pack("!I", asn))


def cap_gr(seconds, families, restarting=False):
    """families: (afi, safi, forwarding preserved)"""
    v = struct.pack("!H", (0x8000 if restarting else 0) | seconds)
    for afi, safi, kept in families:
        v += struct.pack("!HBB", afi, safi, 0x80 if kept else 0)
    return (64, v)


def open_message(asn, hold, router_id, caps=(), version=4, together=True,
                 params=None):
    """together: all capabilities in one optional parameter, else one each."""
    enc = [bytes([c, len(v)]) + v for c, v in caps]
    if params is None:
        if together and enc:
            v = b"".join(enc)
            params = bytes([2, len(v)]) + v
        else:
            params = b"".join(bytes([2, len(e)]) + e for e in enc)
    return message(OPEN, struct.pack(
        "!BHH4sB", version, asn if asn < 65536 else AS_TRANS, hold,
        ip(router_id), len(params)) + params)


def attr(flags, kind, value):
    if len(value) > 255:
        flags |= EXTENDED
    if flags & EXTENDED:
        return struct.pack("!BBH", flags, kind, len(value)) + value
    return bytes([flags, kind, len(value)]) + value


def origin(value=0):
    return attr(TRANSITIVE, ORIGIN, bytes([value]))


def path_value(segments, asn4=True):
    """segments: a list of ASNs, or of (type, list) pairs."""
    if segments and not isinstance(segments[0], tuple):
        segments = [(2, segments)]
    out = b""
    for kind, asns in segments:
        out += bytes([kind, len(asns)])
        for a in asns:
            out += struct.pack("!I", a) if asn4 else struct.pack(
                "!H", a if a < 65536 else AS_TRANS)
    return out


def as_path(segments, asn4=True):
    return attr(TRANSITIVE, AS_PATH, path_value(segments, asn4))


def next_hop(text):
    return attr(TRANSITIVE, NEXT_HOP, ip(text))


def med(value):
    return attr(OPTIONAL, MED, struct.pack("!I", value))


def local_pref(value):
    return attr(TRANSITIVE, LOCAL_PREF, struct.pack("!I", value))


def communities(values):
    return attr(OPTIONAL | TRANSITIVE, COMMUNITIES,
                b"".join(struct.pack("!I", v) for v in values))


def large_communities(values):
    return attr(OPTIONAL | TRANSITIVE, LARGE_COMMUNITIES,
                b"".join(struct.pack("!III", *v) for v in values))


def ext_communities(values):
    return attr(OPTIONAL | TRANSITIVE, EXT_COMMUNITIES, b"".join(values))


def raw(prefix):
    """Text to (afi, raw)."""
    net = ipaddress.ip_network(prefix, strict=False)
    n = (net.prefixlen + 7) // 8
    return (1 if net.version == 4 else 2,
            bytes([net.prefixlen]) + net.network_address.packed[:n])


def text(afi, r):
    """(afi, raw) to text."""
    size = 4 if afi == 1 else 16
    a = ipaddress.ip_address(r[1:] + bytes(size - len(r) + 1))
    return "%s/%d" % (a, r[0])


def nlri(prefixes):
    return b"".join(raw(p)[1] for p in prefixes)


def mp_reach(prefixes, hop, afi=2, safi=1):
    hops = b"".join(ip(h) for h in hop.split(","))
    return attr(OPTIONAL, MP_REACH, struct.pack(
        "!HBB", afi, safi, len(hops)) + hops + b"\0" + nlri(prefixes))


def mp_unreach(prefixes, afi=2, safi=1):
    return attr(OPTIONAL, MP_UNREACH,
                struct.pack("!HB", afi, safi) + nlri(prefixes))


def update(attrs=(), nlris=(), withdrawn=()):
    """attrs: encoded attributes; prefixes as text or encoded bytes."""
    w = withdrawn if isinstance(withdrawn, bytes) else nlri(withdrawn)
    a = b"".join(attrs)
    n = nlris if isinstance(nlris, bytes) else nlri(nlris)
    return message(UPDATE, struct.pack("!H", len(w)) + w +
                   struct.pack("!H", len(a)) + a + n)


def announce(prefixes, path, hop, *more, asn4=True, orig=0):
    """An UPDATE for prefixes of one family, attributes in type order."""
    if isinstance(prefixes, str):
        prefixes = [prefixes]
    attrs = [origin(orig), as_path(path, asn4)] + list(more)
    if ":" in prefixes[0]:
        attrs.append(mp_reach(prefixes, hop))
        prefixes = []
    else:
        attrs.append(next_hop(hop))
    attrs.sort(key=lambda a: a[1])
    return update(attrs, prefixes)


def withdraw(prefixes):
    if isinstance(prefixes, str):
        prefixes = [prefixes]
    if ":" in prefixes[0]:
        return update([mp_unreach(prefixes)])
    return update(withdrawn=prefixes)


def end_of_rib(afi=1, safi=1):
    return update() if (afi, safi) == IPV4 else update(
        [mp_unreach([], afi, safi)])


# ------------------------------------------------------------------- decoding

class Malformed(Exception):
    pass


def split_nlri(data, afi=1):
    """Encoded prefixes to a list of raw ones."""
    out = []
    i, end, most = 0, len(data), 32 if afi == 1 else 128
    while i < end:
        bits = data[i]
        j = i + 1 + ((bits + 7) >> 3)
        if bits > most or j > end:
            raise Malformed("NLRI")
        out.append(data[i:j])
        i = j
    return out


def split_attrs(data):
    """Path attributes to a dict: type -> (flags, value), in wire order."""
    out = {}
    i, end = 0, len(data)
    while i < end:
        if end - i < 3:
            raise Malformed("attribute header")
        flags, kind = data[i], data[i + 1]
        if flags & EXTENDED:
            n = data[i + 2] << 8 | data[i + 3]
            i += 4
        else:
            n = data[i + 2]
            i += 3
        if i + n > end:
            raise Malformed("attribute %d overruns" % kind)
        if kind in out:
            raise Malformed("attribute %d twice" % kind)
        out[kind] = (flags, data[i:i + n])
        i += n
    return out


class Update:
    """A decoded UPDATE.

    withdrawn and announced are lists of (afi, raw), unicast alone; attrs has
    no MP_REACH and MP_UNREACH; mp_hop is the next hop field of MP_REACH or
    None.
    """

    def __init__(self, body):
        wlen = body[0] << 8 | body[1]
        w = body[2:2 + wlen]
        i = 2 + wlen
        alen = body[i] << 8 | body[i + 1]
        i += 2
        if i + alen > len(body):
            raise Malformed("total attribute length")
        self.attrs = split_attrs(body[i:i + alen])
        n = body[i + alen:]
        self.withdrawn = [(1, r) for r in split_nlri(w)]
        self.announced = [(1, r) for r in split_nlri(n)]
        self.mp_hop = None
        self.end_of_rib = None
        reach = self.attrs.pop(MP_REACH, None)
        unreach = self.attrs.pop(MP_UNREACH, None)
        if reach and reach[1][2] == 1:
            v = reach[1]
            afi, hlen = v[0] << 8 | v[1], v[3]
            self.mp_hop = v[4:4 + hlen]
            self.announced += [(afi, r)
                               for r in split_nlri(v[5 + hlen:], afi)]
        if unreach:
            v = unreach[1]
            afi = v[0] << 8 | v[1]
            gone = split_nlri(v[3:], afi) if v[2] == 1 else []
            self.withdrawn += [(afi, r) for r in gone]
            if len(v) == 3 and not reach and not self.attrs and not n and not w:
                self.end_of_rib = (afi, v[2])
        if len(body) == 4:
            self.end_of_rib = IPV4


def split_path(value, asn4=True):
    """AS_PATH to a list of (segment type, [asn...])."""
    out, i, size = [], 0, 4 if asn4 else 2
    while i < len(value):
        kind, n = value[i], value[i + 1]
        i += 2
        if i + n * size > len(value):
            raise Malformed("AS_PATH")
        out.append((kind, list(struct.unpack(
            "!%d%s" % (n, "I" if asn4 else "H"), value[i:i + n * size]))))
        i += n * size
    return out


def path_text(value, asn4=True):
    words = []
    for kind, asns in split_path(value, asn4):
        w = [str(a) for a in asns]
        words += w if kind == 2 else ["{%s}" % " ".join(w)]
    return " ".join(words)


def describe(attrs, asn4=True, mp_hop=None):
    """Decoded attributes as a dict of plain values, to compare and print."""
    out = {}
    for kind, (flags, v) in attrs.items():
        if kind == ORIGIN:
            out["origin"] = v[0]
        elif kind == AS_PATH:
            out["as_path"] = path_text(v, asn4)
        elif kind == NEXT_HOP:
            out["next_hop"] = str(ipaddress.ip_address(v))
        elif kind == MED:
            out["med"] = struct.unpack("!I", v)[0]
        elif kind == LOCAL_PREF:
            out["local_pref"] = struct.unpack("!I", v)[0]
        elif kind == ATOMIC:
            out["atomic"] = True
        elif kind == AGGREGATOR:
            out["aggregator"] = (struct.unpack(
                "!I" if len(v) == 8 else "!H", v[:-4])[0],
                str(ipaddress.ip_address(v[-4:])))
        elif kind == COMMUNITIES:
            out["communities"] = list(struct.unpack("!%dI" % (len(v) // 4), v))
        elif kind == EXT_COMMUNITIES:
            out["ext"] = [v[i:i + 8].hex() for i in range(0, len(v), 8)]
        elif kind == LARGE_COMMUNITIES:
            out["large"] = [struct.unpack("!III", v[i:i + 12])
                            for i in range(0, len(v), 12)]
        else:
            out.setdefault("other", {})[kind] = (flags, v.hex())
    if mp_hop is not None:
        out["next_hop"] = str(ipaddress.ip_address(mp_hop[:16]))
    return out


def split_open(body):
    """OPEN to a dict; capabilities as (code, value) in order."""
    version, asn, hold, rid, plen = struct.unpack("!BHH4sB", body[:10])
    params, caps, i = body[10:], [], 0
    if plen != len(params):
        raise Malformed("optional parameters")
    while i < len(params):
        kind, n = params[i], params[i + 1]
        v = params[i + 2:i + 2 + n]
        i += 2 + n
        j = 0
        while kind == 2 and j < len(v):
            caps.append((v[j], v[j + 2:j + 2 + v[j + 1]]))
            j += 2 + v[j + 1]
    for code, v in caps:
        if code == 65:
            asn = struct.unpack("!I", v)[0]
    return {"version": version, "asn": asn, "hold": hold,
            "router_id": str(ipaddress.ip_address(rid)), "caps": caps}
