"""STUN and TURN servers: what each said, or that it said nothing, and what that means for the call."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from ..events import DescriptionSet, PacketEvent, PeerEvent, ServerEvent
from ..evidence import NO_ANSWER, SILENCE_AFTER, Side
from ..packets import decode
from .registry import Hit, rule

LOGIN_REFUSED = {401, 438, 441}  # RFC 8489 section 14.8, RFC 8656 section 19
AT_ITS_LIMIT = {486, 508}  # RFC 8656 section 19: allocation quota reached, insufficient capacity
# RFC 8656 section 17: the error responses to CreatePermission and ChannelBind, and the requests.
FORBIDDING = {b"\x01\x18": b"\x00\x08", b"\x01\x19": b"\x00\x09"}
# What rtcnb, aiortc and Chromium say; the words decide how the finding puts it.
REASONS = {
    "unknown-name": ("does not resolve", "host lookup", "name or service", "getaddrinfo"),
    "refused": ("refused",),
    "silent": ("timed out", "no answer", "timeout"),
}


def reason_of(code: int | None, text: str) -> str:
    """Return why a server gave no candidate.

    Parameters
    ----------
    code : int or None
    text : str
        As ``errorCode`` and ``errorText`` of W3C's icecandidateerror.

    Returns
    -------
    {"login", "limit", "answered", "unknown-name", "refused", "silent", ""}
        The first three where the server answered; "" where the text says nothing that is known.
    """
    if code in LOGIN_REFUSED:
        return "login"
    if code in AT_ITS_LIMIT:
        return "limit"
    if code is not None and code != NO_ANSWER:
        return "answered"
    said = text.lower()
    return next((reason for reason, words in REASONS.items() if any(w in said for w in words)), "")


def _reason(event: ServerEvent) -> str:
    return reason_of(event.error_code, event.text)


def _relays(side: Side) -> list[ServerEvent]:
    """Return the TURN servers that gave nothing."""
    return [e for e in side.useless_servers if e.url.startswith("turn")]


def _relays_only(side: Side) -> bool:
    return side.configuration.get("iceTransportPolicy") == "relay"


def _missed(side: Side) -> Iterator[tuple[ServerEvent, float]]:
    """Yield the TURN servers whose relay this call lacks, and how sure that is."""
    if not side.was_connected and (_relays_only(side) or side.in_trouble):
        for event in _relays(side):
            yield event, 1.0 if _relays_only(side) else 0.9


@rule("turn-login", "error", "RFC 8489 section 9.2")
def turn_login(side: Side) -> Iterator[Hit]:
    for event, confidence in _missed(side):
        if _reason(event) == "login":
            yield Hit((event,), {"url": event.url, "code": event.error_code}, confidence)


@rule("turn-refused", "error", "RFC 8656 section 7.2")
def turn_refused(side: Side) -> Iterator[Hit]:
    """It answered and knows the login, and gives no relay all the same."""
    for event, confidence in _missed(side):
        if (reason := _reason(event)) in ("limit", "answered"):
            yield Hit((event,), {"url": event.url, "why": _why(event), "variant": reason}, confidence)


@rule("turn-unreachable", "error", "RFC 8656 section 7")
def turn_unreachable(side: Side) -> Iterator[Hit]:
    for event, confidence in _missed(side):
        if (reason := _reason(event)) not in ("login", "limit", "answered"):
            yield Hit((event,), {"url": event.url, "text": event.text, "variant": reason}, confidence)


@rule("relay-only", "error", "W3C webrtc-pc section 4.2.5")
def relay_only(side: Side) -> Iterator[Hit]:
    """Where a server said why there is no relay, that comes first."""
    wanted = _relays_only(side) and not side.was_connected
    if wanted and side.gathering_ended and not any(c.type == "relay" for c in side.gathered):
        configured = [e for e in side.of(PeerEvent) if "iceTransportPolicy" in e.configuration]
        yield Hit((*configured[-1:], *_relays(side)), confidence=0.8 if _relays(side) else 1.0)


@rule("relay-forbidden", "error", "RFC 8656 section 10.2")
def relay_forbidden(side: Side) -> Iterator[Hit]:
    """The server gave a relay, and may not send from it to where the other side is."""
    if not side.in_trouble:
        return
    packets = [p for p in side.of(PacketEvent) if p.protocol == "stun"]
    told: set[tuple[str, str]] = set()
    for packet in packets:
        if packet.direction != "received" or packet.data[:2] not in FORBIDDING:
            continue
        asked = next((p for p in packets if _asked(p, packet)), None)
        address = decode(asked.data).get("XOR-PEER-ADDRESS") if asked is not None else None
        there = f"{address[0]}:{address[1]}" if address else "?"
        if (packet.remote, there) in told:
            continue
        told.add((packet.remote, there))
        why = next((f.text for f in decode(packet.data).fields if f.name == "ERROR-CODE"), "")
        values: dict[str, Any] = {"server": packet.remote, "address": there, "why": why}
        yield Hit(tuple(p for p in (asked, packet) if p), values, 0.9)


def _asked(request: PacketEvent, response: PacketEvent) -> bool:
    """Whether a packet is the request to a response: of its method, with its transaction id."""
    method = request.data[:2] == FORBIDDING[response.data[:2]]
    return method and request.direction == "sent" and request.data[8:20] == response.data[8:20]


@rule("dead-stun", "warning", "RFC 8445 section 5.1.1.2")
def dead_stun(side: Side) -> Iterator[Hit]:
    local = next((e for e in side.of(DescriptionSet) if e.side == "local"), None)
    for event in side.useless_servers:
        if local is not None and event.url.startswith("stun") and _is_given(side, event):
            waited = event.time - local.time
            if event.error_code == NO_ANSWER or waited >= SILENCE_AFTER:
                values = {"url": event.url, "waited_s": f"{waited:.1f}", "variant": _reason(event)}
                yield Hit((event,), values, 0.9)


def _is_given(side: Side, event: ServerEvent) -> bool:
    """Whether somebody asked for this STUN server: Chromium asks TURN servers for STUN too, and tells of both."""
    servers = side.configuration.get("iceServers") or ()
    given = [str(url) for server in servers for url in server.get("urls") or ()]
    return not given or any(u.startswith("stun") and _place(u) == _place(event.url) for u in given)


def _place(url: str) -> str:
    """Return host and port of a server's URL, the port of RFC 7064 section 3.2 where it names none."""
    scheme, _, rest = url.partition(":")
    host = rest.partition("?")[0]
    return host if re.search(r":\d+$", host) else f"{host}:{5349 if scheme == 'stuns' else 3478}"


@rule("turn-lost", "warning", "RFC 8656 section 7")
def turn_lost(side: Side) -> Iterator[Hit]:
    """It works without; it may not elsewhere."""
    if side.was_connected:
        for event in _relays(side):
            yield Hit((event,), {"url": event.url, "why": _why(event)}, 0.9)


def _why(event: ServerEvent) -> str:
    """Return what the server said, with its code where that is one of its own."""
    code = "" if event.error_code in (None, NO_ANSWER) else f"{event.error_code} "
    return f"{code}{event.text}".strip(" .") or "no reason is known"
