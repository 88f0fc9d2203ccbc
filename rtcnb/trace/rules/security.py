"""The DTLS handshake: certificates and roles."""

from __future__ import annotations

from collections.abc import Iterator

from ..evidence import Side, fingerprints
from .registry import Hit, rule


def _shaky(side: Side) -> bool:
    """Whether ICE found a way, and the handshake none."""
    return side.ice_connected and not side.was_connected


@rule("wrong-fingerprint", "error", "RFC 8122 section 6.2")
def wrong_fingerprint(side: Side) -> Iterator[Hit]:
    failed = [e for e in side.dtls if e.state == "failed" and e.fingerprint and e.expected]
    for event in failed:
        if event.fingerprint not in event.expected:
            yield Hit((event, *([side.set_last("remote")])), {"shown": event.fingerprint[:23]})
            return
    other = side.other
    if side.remote is None or other is None or other.local is None:
        return
    told, set_there = fingerprints(side.remote), fingerprints(other.local)
    if _shaky(side) and told and set_there and not told & set_there:
        yield Hit((side.set_last("remote"), other.set_last("local")), {"shown": min(set_there)[:23]}, 0.95)


@rule("role-clash", "error", "RFC 8842 section 5")
def role_clash(side: Side) -> Iterator[Hit]:
    other = side.other
    if other is None or side.name > other.name or not (_shaky(side) or _shaky(other)):
        return
    roles = side.role() or _role_of(side), other.role() or _role_of(other)
    if roles[0] and roles[0] == roles[1]:
        yield Hit((*side.dtls[-1:], *other.dtls[-1:]), {"other": other.name, "role": roles[0]})


def _role_of(side: Side) -> str:
    """Return the role that follows from what this side was told (RFC 8842 section 5.3)."""
    setups = {m.setup for m in (side.remote.document.media if side.remote else ())}
    if setups == {"passive"}:
        return "client"
    if setups == {"active"}:
        return "server"
    own = {m.setup for m in (side.local.document.media if side.local else ())}
    return (
        {"active": "client", "passive": "server"}.get(str(next(iter(own), "")), "") if len(own) == 1 else ""
    )


@rule("dtls-failed", "error", "RFC 8842 section 5", symptom=True)
def dtls_failed(side: Side) -> Iterator[Hit]:
    if _shaky(side) and (any(e.state == "failed" for e in side.dtls) or side.failed or side.hangs):
        yield Hit(tuple(side.dtls), confidence=0.6)
