"""What no trace may hold: keys in descriptions, credentials of servers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ..sdp.description import SessionDescription

HIDDEN = "hidden"
# RFC 4568 section 9.1: a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:KEY|LIFETIME, and more of them after a semicolon.
INLINE = re.compile(r"(inline:)[^\s|;]+")
BINDING = b"\x01"  # the low byte of the message type, of its request and its responses
USERNAME, USERHASH = 0x0006, 0x001E
SECRET_NAMES = frozenset({"username", "credential", "password"})


def without_keys(description: SessionDescription) -> SessionDescription:
    """Return the description without the keys that ``a=crypto`` and ``k=`` lines carry."""
    hidden = keys_hidden(description.sdp)
    return description if hidden == description.sdp else SessionDescription(type=description.type, sdp=hidden)


def keys_hidden(sdp: str) -> str:
    """Return an SDP, or what was meant to be one, without such keys."""
    if "a=crypto:" not in sdp and "k=" not in sdp:
        return sdp
    return "".join(map(_without_key, sdp.splitlines(keepends=True)))


def _without_key(line: str) -> str:
    if line.startswith("a=crypto:"):
        return INLINE.sub(rf"\1{HIDDEN}", line)
    if line.startswith("k="):
        return f"k={HIDDEN}" + line[len(line.rstrip("\r\n")) :]
    return line


def without_login(packet: bytes) -> bytes:
    """Return a STUN packet without the user name of a TURN login (RFC 8489 section 14.3), as long as it was.

    The USERNAME of a connectivity check (RFC 8445 section 7.2.2) is made of two ufrags and stays.
    """
    if packet[1:2] == BINDING:
        return packet
    at, hidden = 20, bytearray(packet)
    while at + 4 <= len(packet):
        kind, size = (
            int.from_bytes(packet[at : at + 2], "big"),
            int.from_bytes(packet[at + 2 : at + 4], "big"),
        )
        if kind in (USERNAME, USERHASH):
            end = min(at + 4 + size, len(packet))
            hidden[at + 4 : end] = b"*" * (end - at - 4)
        at += 4 + size + -size % 4
    return bytes(hidden)


def without_credentials(value: Any) -> Any:
    """Return JSON-like data without the members that name a login."""
    if isinstance(value, Mapping):
        return {k: without_credentials(v) for k, v in value.items() if k not in SECRET_NAMES}
    if isinstance(value, list | tuple):
        return [without_credentials(x) for x in value]
    return value
