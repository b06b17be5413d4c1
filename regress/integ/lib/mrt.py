# SPDX-License-Identifier: ISC
"""BGP messages out of MRT files (RFC 6396)."""

import bz2
import gzip
import lzma
import struct

OPENERS = {".gz": gzip.open, ".bz2": bz2.open, ".xz": lzma.open}


def updates(path):
    """Yield (peer, message): each UPDATE with its marker, in file order.

    peer is (address bytes, AS number, 4-octet session).
    """
    opener = OPENERS.get(path[path.rfind("."):], open)
    with opener(path, "rb") as f:
        data = f.read()
    at, end = 0, len(data)
    while at + 12 <= end:
        _, kind, sub, length = struct.unpack_from("!IHHI", data, at)
        at += 12
        body = data[at:at + length]
        at += length
        if kind == 17:
            body = body[4:]
        if kind not in (16, 17) or sub not in (1, 4):
            continue
        as4 = sub == 4
        n = 4 if as4 else 2
        asn = int.from_bytes(body[:n], "big")
        afi = int.from_bytes(body[2 * n + 2:2 * n + 4], "big")
        size = 4 if afi == 1 else 16
        peer = body[2 * n + 4:2 * n + 4 + size]
        message = body[2 * n + 4 + 2 * size:]
        if len(message) >= 23 and message[18] == 2:
            yield (peer, asn, as4), message
