"""Messages on their way over a wire, as rows of the ladder."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..trace import MessageEvent
from ..trace.timeline import Moment
from .ladder_row import OTHER, WIRE, Row

AT_ONCE = 0.1  # seconds: a message that was on its way no longer is one arrow, not two halves
ENDS = ("received", "dropped")


def message_rows(moment: Moment, since: dict[str, float]) -> Iterator[Row]:
    """Return the rows of all messages between these peers.

    One that waited is two halves, at the times when it was sent and received; one that still waits ends at the
    wire.
    """
    for events in _lives(moment, since):
        yield from _rows_of(events, since)


def carried_by(moment: Moment, since: dict[str, float]) -> set[Any]:
    """Return what wires brought: by receiver, and for candidates by sender too."""
    carried: set[Any] = set()
    for events in _lives(moment, since):
        for event in events:
            if event.description is not None:
                carried.add((event.receiver, event.description.type, event.description.sdp))
            elif event.candidate is not None:
                carried.add((event.receiver, event.candidate.candidate, event.candidate.sdpMid))
                carried.add(("from", event.peer, event.candidate.candidate))
    return carried


def _lives(moment: Moment, since: dict[str, float]) -> list[list[MessageEvent]]:
    lives: dict[int, list[MessageEvent]] = {}
    for event in moment.of(MessageEvent):
        if event.peer in since and event.time >= since[event.peer]:
            lives.setdefault(event.number, []).append(event)
    return list(lives.values())


def _rows_of(events: list[MessageEvent], since: dict[str, float]) -> Iterator[Row]:
    first = events[0]
    to = first.receiver if first.receiver in since else OTHER
    end = next((e for e in events if e.action in ENDS), None)
    refused = any(e.action == "refused" for e in events)
    between = [e for e in events[1:] if e is not end and e.action != "refused"]
    common: dict[str, Any] = {"number": first.number}
    if end is not None and not between and end.time - first.time <= AT_ONCE:
        if end.action == "dropped":
            yield Row(first.time, "message", (first,), first.peer, WIRE, "dropped", **common)
            return
        fold = ("message", first.peer, to) if end.candidate is not None and not refused else ()
        told = (end, first) if end is not first else (first,)
        yield Row(end.time, "message", told, first.peer, to, "refused" if refused else "", fold, **common)
        return
    later = end is None and any(e.action == "delayed" for e in between)
    state = "waited" if end is not None else "delayed" if later else "waits"
    shown = [e for e in between if e.action == "edited"] if end is None else []
    yield Row(first.time, "message", (first, *shown), first.peer, WIRE, state, **common)
    for event in between:
        yield Row(event.time, "wire", (event,), WIRE, **common)
    if end is not None and end.action == "dropped":
        yield Row(end.time, "wire", (end,), WIRE, end="dropped", **common)
    elif end is not None:
        yield Row(end.time, "message", (end, first), WIRE, to, "refused" if refused else "", **common)
