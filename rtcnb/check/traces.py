"""Lesson 3: reading a trace."""

from __future__ import annotations

from typing import Any

from ..trace import PacketEvent, StateChange, Trace
from ..trace.packets import decode
from .verdict import Verdict, judge

TOLERANCE = 0.1  # of a time that was read off a drawing
BINDING_REQUEST = b"\x00\x01"  # RFC 8489 section 5


def ice_ms(answer: Any, trace: Trace, peer: str) -> Verdict:
    """How long ICE took at a peer, in milliseconds: from ``checking`` to ``connected`` or ``completed``."""
    times = {
        e.new: e.time
        for e in reversed(trace.select(peer, StateChange))
        if isinstance(e, StateChange) and e.state == "iceConnectionState"
    }
    ends = [times[state] for state in ("connected", "completed") if state in times]
    if "checking" not in times or not ends:
        return Verdict(None, f"ICE has not found a way at {peer} yet.")
    took_ms = (min(ends) - times["checking"]) * 1000
    if isinstance(answer, int | float) and abs(answer - took_ms) <= max(1.0, TOLERANCE * took_ms):
        answer = took_ms
    in_seconds = isinstance(answer, int | float) and abs(answer * 1000 - took_ms) <= TOLERANCE * took_ms
    return judge("traces.ice-ms", answer, took_ms, "seconds" if in_seconds else "", took=f"{took_ms:.0f}")


def controlling(answer: Any, trace: Trace) -> Verdict:
    """Which peer is the controlling one, that nominates the pair (RFC 8445 section 6.1.1)."""
    checks = (
        e
        for e in trace.select(kind=PacketEvent)
        if isinstance(e, PacketEvent) and e.data[:2] == BINDING_REQUEST
    )
    for check in checks:
        if check.direction == "sent" and decode(check.data).get("ICE-CONTROLLING") is not None:
            return judge("traces.controlling", answer, check.peer)
    return Verdict(None, "No check of a kernel peer is in this trace.")


def checks(answer: Any, trace: Trace, peer: str) -> Verdict:
    """How many connectivity checks (STUN Binding requests) a peer has sent."""
    right = sum(
        event.direction == "sent" and event.data[:2] == BINDING_REQUEST
        for event in trace.select(peer, PacketEvent)
        if isinstance(event, PacketEvent)
    )
    stun = sum(e.protocol == "stun" for e in trace.select(peer, PacketEvent) if isinstance(e, PacketEvent))
    return judge("traces.checks", answer, right, "all" if answer == stun != right else "")
