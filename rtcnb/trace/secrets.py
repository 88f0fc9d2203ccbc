"""What no trace may hold: keys in descriptions, credentials of servers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ..sdp.description import SessionDescription

HIDDEN = "hidden"
# RFC 4568 section 9.1: a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:KEY|LIFETIME, and more of them after a semicolon.
INLINE = re.compile(r"(inline:)[^\s|;]+")
SECRET_NAMES = frozenset({"username", "credential", "password"})


def without_keys(description: SessionDescription) -> SessionDescription:
    """Return the description without the keys that ``a=crypto`` and ``k=`` lines carry."""
    sdp = description.sdp
    if "a=crypto:" not in sdp and "k=" not in sdp:
        return description
    lines = sdp.splitlines(keepends=True)
    hidden = "".join(map(_without_key, lines))
    return description if hidden == sdp else SessionDescription(type=description.type, sdp=hidden)


def _without_key(line: str) -> str:
    if line.startswith("a=crypto:"):
        return INLINE.sub(rf"\1{HIDDEN}", line)
    if line.startswith("k="):
        return f"k={HIDDEN}" + line[len(line.rstrip("\r\n")) :]
    return line


def without_credentials(value: Any) -> Any:
    """Return JSON-like data without the members that name a login."""
    if isinstance(value, Mapping):
        return {k: without_credentials(v) for k, v in value.items() if k not in SECRET_NAMES}
    if isinstance(value, list | tuple):
        return [without_credentials(x) for x in value]
    return value
