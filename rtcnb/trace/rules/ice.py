"""Candidates and checks: why the two ends do not reach each other."""

from __future__ import annotations

from collections.abc import Iterator

from ..events import CandidateEvent, DescriptionSet, SelectedPair
from ..evidence import Side, ufrags
from .registry import Hit, rule

CONSENT = 30.0  # seconds: RFC 7675 section 5.1


def _descriptions(side: Side) -> tuple[DescriptionSet, ...]:
    return tuple(x for x in (side.set_last("local"), side.set_last("remote")) if x is not None)


@rule("stale-description", "error", "RFC 8839 section 5.4")
def stale_description(side: Side) -> Iterator[Hit]:
    """What this side was told belongs to no description that the other ever set."""
    other = side.other
    if other is None or side.remote is None or other.local is None or side.was_connected:
        return
    told = ufrags(side.remote)
    if told and not told & other.local_ufrags:
        set_there = tuple(x for x in (side.set_last("remote"), other.set_last("local")) if x)
        yield Hit(set_there, {"other": other.name, "ufrag": min(told)})


@rule("wrong-pwd", "error", "RFC 8445 section 7.3")
def wrong_pwd(side: Side) -> Iterator[Hit]:
    other = side.other
    if side.remote is not None and other is not None and other.local is not None:
        told = {m.ufrag: m.pwd for m in side.remote.document.media}
        set_there = {m.ufrag: m.pwd for m in other.local.document.media}
        if any(ufrag in set_there and pwd != set_there[ufrag] for ufrag, pwd in told.items()):
            yield Hit(tuple(x for x in (side.set_last("remote"), other.set_last("local")) if x))
            return
    refused = side.checks["received error 401"] or side.checks["sent error 401"]
    if side.in_trouble and refused:
        yield Hit(_descriptions(side), confidence=0.8)


def _lacks_candidates(side: Side) -> bool:
    """Whether there should be some of the other side's: it has any, or that is not known."""
    none_yet = side.other is not None and not side.other.gathered
    told = side.negotiated and side.remote is not None and bool(side.remote.document.media)
    return told and not side.received and not none_yet


@rule("no-candidates", "error", "RFC 8838 section 9")
def no_candidates(side: Side) -> Iterator[Hit]:
    """Neither end has candidates of the other: told once, at the first of them."""
    other = side.other
    if other is None or not (side.in_trouble or other.in_trouble) or side.name > other.name:
        return
    if _lacks_candidates(side) and _lacks_candidates(other):
        ends = side.remote is not None and any(e.candidate.is_end for e in _added(side) + _added(other))
        yield Hit((*_descriptions(side), *_descriptions(other)), {"other": other.name}, 0.8 if ends else 1.0)


def _added(side: Side) -> list[CandidateEvent]:
    return [e for e in side.of(CandidateEvent) if e.action == "added"]


@rule("no-remote-candidates", "error", "RFC 8838 section 9")
def no_remote_candidates(side: Side) -> Iterator[Hit]:
    other = side.other
    if not side.in_trouble or side.ice_connected:  # a way was found without them: peer-reflexive
        return
    if not _lacks_candidates(side) or (other and _lacks_candidates(other)):
        return
    yield Hit(_descriptions(side), confidence=0.9)


@rule("mdns-only", "error", "RFC 8828")
def mdns_only(side: Side) -> Iterator[Hit]:
    if side.in_trouble and side.received and all(c.is_mdns for c in side.received) and not side.ice_connected:
        yield Hit(tuple(_added(side)[:4]), {"name": str(side.received[0].address)}, 0.9)


@rule("symmetric-nats", "error", "RFC 4787 section 4.1")
def symmetric_nats(side: Side) -> Iterator[Hit]:
    other = side.other
    types = {c.type for c in side.gathered}
    told = {c.type for c in side.received}
    heard = side.heard or (other is not None and other.heard)
    if side.in_trouble and not heard and "srflx" in types & told and "relay" not in types | told:
        yield Hit(tuple(side.pairs[:6]), confidence=0.6)


@rule("no-udp", "error", "RFC 8445 section 7.2.5", symptom=True)
def no_udp(side: Side) -> Iterator[Hit]:
    """Both ends have all that they need, both send, and nothing comes."""
    other = side.other
    if other is None or side.name > other.name or not (side.in_trouble or other.in_trouble):
        return
    ready = all(s.negotiated and s.received and not s.still_gathering for s in (side, other))
    if ready and not side.heard and not other.heard and not side.ice_connected:
        page_and_kernel = {side.place, other.place} == {"page", "kernel"}
        where = "page-kernel" if page_and_kernel else (side.place or "other")
        evidence = (*side.pairs[:3], *other.pairs[:3])
        yield Hit(evidence, {"other": other.name, "variant": where}, 0.9 if page_and_kernel else 0.7)


@rule("unreachable", "error", "RFC 8445 section 7.2.5", symptom=True)
def unreachable(side: Side) -> Iterator[Hit]:
    if side.failed and not side.ice_connected and not side.was_connected and side.received and not side.heard:
        yield Hit(tuple(p for p in side.pairs if p.state == "failed")[:6], confidence=0.8)


@rule("no-reply", "error", "RFC 8445 section 7.2.5", symptom=True)
def no_reply(side: Side) -> Iterator[Hit]:
    """The other end is elsewhere; nothing of it was heard."""
    if side.other is None and side.hangs and side.negotiated and side.received and not side.heard:
        yield Hit(tuple(side.pairs[:6]), confidence=0.6)


@rule("peer-vanished", "error", "RFC 7675 section 5.1")
def peer_vanished(side: Side) -> Iterator[Hit]:
    if not side.was_connected or side.closed or (side.other is not None and side.other.closed):
        return
    state = side.state("connectionState")
    if state in ("disconnected", "failed", "closed") and not _said_goodbye(side):
        changes = [e for e in side.events if getattr(e, "state", "") == "connectionState"]
        yield Hit(tuple(changes[-2:]), {"state": state}, 0.9)


def _said_goodbye(side: Side) -> bool:
    """Whether the other side ended the call in order: its DTLS transport was closed before consent ran out."""
    closed = [e.time for e in side.dtls if e.state == "closed"]
    heard = [e.time for e in side.events if getattr(e, "direction", "") == "received"]
    return bool(closed and heard) and closed[-1] - heard[-1] < CONSENT / 10


@rule("peer-reflexive", "advice", "RFC 8445 section 7.3.1.3")
def peer_reflexive(side: Side) -> Iterator[Hit]:
    pair: SelectedPair | None = side.selected
    if side.was_connected and pair is not None and pair.remote_type == "prflx" and not side.received:
        hidden = pair.remote.startswith(":")  # a browser does not tell an address that signaling did not
        yield Hit((pair,), {"address": f"port {pair.remote[1:]}" if hidden else pair.remote})
