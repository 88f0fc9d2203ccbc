"""Packets without what tells whose they are: STUN with other addresses, of the rest the headers."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable

MAGIC = bytes.fromhex("2112a442")
HEADER = 20
MAX_BODY = 0xFFFC  # what its length field can say, in words of four bytes
# RFC 8489 section 14 and RFC 8656 section 18: what tells nothing of a person, and what is an address.
HARMLESS = {0x0009, 0x000A, 0x000C, 0x000D, 0x0019, 0x0024, 0x0025, 0x8029, 0x802A}
USERNAME = 0x0006
PLAIN_ADDRESSES = {0x0001, 0x8023}
XOR_ADDRESSES = {0x0012, 0x0016, 0x0020}
KEPT_BYTES = {
    "dtls": 25,
    "turn-channel": 4,
}  # RFC 6347: a record's header and a handshake message's; RFC 8656 12.4
RTP_HEADER = 12

Substitute = Callable[[str], str]


def rewritten(protocol: str, data: bytes, of_address: Substitute, of_ufrag: Substitute) -> bytes:
    """Return a packet with stand-ins, cut to its headers where it is not STUN.

    MESSAGE-INTEGRITY and FINGERPRINT go: they would no longer be right.
    """
    if protocol != "stun":
        return data[: KEPT_BYTES.get(protocol, RTP_HEADER)]
    if len(data) < HEADER:
        return data
    transaction, at, kept = data[4:HEADER], HEADER, []
    while at + 4 <= len(data):
        type_, size = int.from_bytes(data[at : at + 2], "big"), int.from_bytes(data[at + 2 : at + 4], "big")
        value = data[at + 4 : at + 4 + size]
        at += 4 + size + -size % 4
        if type_ in PLAIN_ADDRESSES | XOR_ADDRESSES:
            key = transaction if type_ in XOR_ADDRESSES else bytes(16)
            value = _address(value, key, of_address)
        elif type_ == USERNAME:
            names = value.decode("utf-8", "replace").split(":", 1)  # two ufrags (RFC 8445 section 7.2.2)
            value = ":".join(map(of_ufrag, names)).encode()
        elif type_ not in HARMLESS:
            continue
        kept.append(type_.to_bytes(2, "big") + len(value).to_bytes(2, "big") + value + bytes(-len(value) % 4))
    body = b"".join(kept)[:MAX_BODY]
    return data[:2] + len(body).to_bytes(2, "big") + data[4:HEADER] + body


def _address(value: bytes, key: bytes, of_address: Substitute) -> bytes:
    """Return an address attribute with another address: family, port, address, both XORed with the key."""
    packed = bytes(a ^ b for a, b in zip(value[4:], key, strict=False))
    if len(packed) not in (4, 16):
        return b""
    other = ipaddress.ip_address(of_address(str(ipaddress.ip_address(packed)))).packed
    return value[:4] + bytes(a ^ b for a, b in zip(other, key, strict=False))
