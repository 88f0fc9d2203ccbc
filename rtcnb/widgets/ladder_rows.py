"""What the ladder shows, row by row: a moment of a trace -> rows. Pure; how they look is in ladder_draw.py."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from operator import attrgetter
from typing import Any

from ..trace import (
    ApiCall,
    CandidateEvent,
    ChannelEvent,
    DescriptionSet,
    DtlsEvent,
    Event,
    FaultEvent,
    MediaEvent,
    MessageEvent,
    Note,
    PageEvent,
    PeerEvent,
    SelectedPair,
    ServerEvent,
    StateChange,
    TrackEvent,
)
from ..trace.timeline import Moment
from .ladder_messages import carried_by, message_rows
from .ladder_packets import check_rows, dtls_rows, flights_of, other_end, packet_rows
from .ladder_row import OTHER, SERVER, WIRE, Lane, Row

# Whatever the rows are made of, except packets; a new one of these means new rows.
KINDS: tuple[type[Event], ...] = (
    PeerEvent,
    ApiCall,
    StateChange,
    DescriptionSet,
    CandidateEvent,
    MessageEvent,
    FaultEvent,
    ServerEvent,
    SelectedPair,
    DtlsEvent,
    TrackEvent,
    ChannelEvent,
    MediaEvent,
    PageEvent,
    Note,
)
FOLDED_WITHIN = 0.05  # seconds: rows that are alike and closer than this make one
SETTERS = ("setLocalDescription", "setRemoteDescription")
CHANNEL_STATES = ("open", "closed", "error")
MEDIA_FAILURES = ("failed", "function-error")
TIME = attrgetter("time")


@dataclass(frozen=True)
class Drawn:
    """The rows of a moment, and the lanes that they go between.

    Attributes
    ----------
    lanes : list of Lane
        From left to right.
    rows : list of Row
        By time.
    unsettled : bool
        Whether something may still be on its way that will be missing after a while.
    """

    lanes: list[Lane]
    rows: list[Row]
    unsettled: bool = False


def ladder_of(moment: Moment, peers: list[str], unfolded: bool = False) -> Drawn:
    """Return the ladder of a moment.

    Parameters
    ----------
    moment : Moment
    peers : list of str
        The ends of the call, from left to right.
    unfolded : bool
        One arrow a packet and a candidate, instead of one row for a burst of them.
    """
    since = {peer: moment.made(peer) for peer in peers}
    # Where times are equal, this order holds: what arrives stands above what comes of it.
    rows = [*message_rows(moment, since), *_of_exchange(moment, since, carried_by(moment, since))]
    rows += [*_of_calls(moment, since), *_of_states(moment, since), *_of_the_rest(moment, since)]
    rows += _of_media(moment, since)
    flights = flights_of(moment, since)
    if unfolded:
        rows += packet_rows(flights)
    else:
        times = sorted(row.time for row in rows)
        rows += check_rows(flights, times) + dtls_rows(flights, times)
    rows.sort(key=TIME)
    if not unfolded:
        rows = _folded(rows)
    return Drawn(_lanes(peers, rows), rows, any(flight.end == "soon" for flight in flights))


def _own(events: Iterable[Any], since: dict[str, float]) -> Iterator[Any]:
    """Those that happened to one of the peers, since it was made."""
    return (e for e in events if e.peer in since and e.time >= since[e.peer])


def _of_calls(moment: Moment, since: dict[str, float]) -> Iterator[Row]:
    sets = {(e.peer, e.side): e.time for e in _own(moment.of(DescriptionSet), since)}
    sends = {e.peer for e in _own(moment.of(TrackEvent), since) if e.action == "added"}
    for call in _own(moment.of(ApiCall), since):
        if call.outcome == "error":
            yield Row(call.time, "call", (call,), call.peer, end="refused")
        elif call.method in SETTERS and "rollback" not in call.arguments:
            # What took effect is a row of its own, at the time of the call's beginning.
            side = "local" if call.method == SETTERS[0] else "remote"
            if sets.get((call.peer, side), -1.0) < call.time and call.outcome == "pending":
                yield Row(call.time, "call", (call,), call.peer)
        elif call.method not in ("getStats", "addIceCandidate") and not (
            call.method == "addTrack" and call.peer in sends
        ):
            yield Row(call.time, "call", (call,), call.peer)


def _of_states(moment: Moment, since: dict[str, float]) -> Iterator[Row]:
    """A description with the signaling state that it led to; and the other states."""
    signaling: dict[str, list[StateChange]] = {}
    sets: dict[str, list[DescriptionSet]] = {}
    for event in _own(moment.of(DescriptionSet), since):
        if _is_call(event):
            sets.setdefault(event.peer, []).append(event)
    for change in _own(moment.of(StateChange), since):
        if change.state == "signalingState" and change.peer in sets:
            signaling.setdefault(change.peer, []).append(change)
        else:
            yield _of_state(change)
    for peer, events in sets.items():
        yield from _of_descriptions(events, signaling.get(peer, []))


def _of_descriptions(sets: list[DescriptionSet], changes: list[StateChange]) -> Iterator[Row]:
    rest = iter([*changes, None])
    change = next(rest)
    for event, following in itertools.pairwise([*sets, None]):
        while change is not None and event is not None and change.time < event.time:
            yield _of_state(change)
            change = next(rest)
        until = following.time if following is not None else float("inf")
        if event is not None:
            led_to = change if change is not None and change.time < until and _fits(event, change) else None
            yield Row(event.time, "set", (event,) if led_to is None else (event, led_to), event.peer)
            if led_to is not None:
                change = next(rest)
    while change is not None:
        yield _of_state(change)
        change = next(rest)


def _of_state(change: StateChange) -> Row:
    bad = "refused" if change.new in ("failed", "disconnected") else ""
    return Row(change.time, "state", (change,), change.peer, end=bad, fold=("state", change.peer, bad))


def _fits(event: DescriptionSet, change: StateChange) -> bool:
    """Whether a signaling state may come of a description (webrtc-pc 4.4.1.5)."""
    if event.description.type == "answer":
        return change.new == "stable"
    return change.new == f"have-{event.side}-{event.description.type}"


def _is_call(event: DescriptionSet) -> bool:
    return event.description.type != "rollback"


def _of_exchange(moment: Moment, since: dict[str, float], carried: set[Any]) -> Iterator[Row]:
    """What went from one to the other where no wire carried it."""
    for event in _own(moment.of(DescriptionSet), since):
        told = event.description
        if event.side == "remote" and _is_call(event) and (event.peer, told.type, told.sdp) not in carried:
            yield Row(event.time, "description", (event,), other_end(event.peer, since), event.peer)
    for event in _own(moment.of(CandidateEvent), since):
        candidate = event.candidate
        if event.action == "added" and (event.peer, candidate.candidate, candidate.sdpMid) not in carried:
            sender = other_end(event.peer, since)
            yield Row(
                event.time, "candidate", (event,), sender, event.peer, fold=("candidate", sender, event.peer)
            )
        elif event.action == "gathered" and ("from", event.peer, candidate.candidate) not in carried:
            yield Row(event.time, "gathered", (event,), event.peer, fold=("gathered", event.peer))


def _of_the_rest(moment: Moment, since: dict[str, float]) -> Iterator[Row]:
    for event in _own(moment.of(PeerEvent), since):
        if event.action == "created":
            yield Row(event.time, "peer", (event,), event.peer)
    for event in _own(moment.of(SelectedPair), since):
        yield Row(event.time, "pair", (event,), event.peer)
    for event in _own(moment.of(DtlsEvent), since):
        yield Row(event.time, "dtls", (event,), event.peer, end="refused" if event.state == "failed" else "")
    for event in _own(moment.of(TrackEvent), since):
        yield Row(event.time, "track", (event,), event.peer)
    for event in _own(moment.of(ChannelEvent), since):
        if event.action in CHANNEL_STATES:
            bad = event.action == "error"
            yield Row(event.time, "channel", (event,), event.peer, end="refused" if bad else "")
    for event in _own(moment.of(ServerEvent), since):
        yield Row(event.time, "server", (event,), event.peer, end="refused")
    begin = min(since.values(), default=moment.begin)
    others: list[Event] = [*moment.of(FaultEvent), *moment.of(Note)]
    others += [e for e in moment.of(PageEvent) if e.action == "gone"]
    others += [e for e in moment.of(MediaEvent) if e.action in MEDIA_FAILURES]
    for event in others:
        if event.time >= since.get(event.peer, begin) and (not event.peer or event.peer in since):
            bad = isinstance(event, MediaEvent | PageEvent)
            at = WIRE if isinstance(event, FaultEvent) else event.peer
            kind = "media-failure" if isinstance(event, MediaEvent) else event.kind
            yield Row(event.time, kind, (event,), at, end="refused" if bad else "")


def _of_media(moment: Moment, since: dict[str, float]) -> Iterator[Row]:
    received = {x.peer for x in moment.first_media if x.direction == "received"}
    seen: set[tuple[str, object]] = set()
    for first in moment.first_media:
        if first.peer not in since or first.event.time < since[first.peer]:
            continue
        other = other_end(first.peer, since)
        if first.direction == "received":
            sender, receiver, end = other, first.peer, ""
        elif other in received:
            continue  # shown where it arrives
        else:
            sender, receiver, end = first.peer, other, "unseen"
        if (receiver, first.payload_type or first.kind) not in seen:
            seen.add((receiver, first.payload_type or first.kind))
            yield Row(first.event.time, "media", (first.event,), sender, receiver, end=end, detail=first.kind)


def _folded(rows: list[Row]) -> list[Row]:
    """Neighbours that are alike and close in time make one row."""
    folded: list[Row] = []
    group: list[Row] = []
    for row in rows:
        if group and not (
            row.fold and row.fold == group[-1].fold and row.time - group[-1].time <= FOLDED_WITHIN
        ):
            folded.append(_one(group))
            group = []
        group.append(row)
    if group:
        folded.append(_one(group))
    return folded


def _one(group: list[Row]) -> Row:
    if len(group) == 1:
        return group[0]
    return replace(group[0], events=tuple(e for row in group for e in row.events), count=len(group))


def _lanes(peers: list[str], rows: list[Row]) -> list[Lane]:
    """The peers from left to right; between two of them the wire and the servers, where there are any."""
    used = {lane for row in rows for lane in (row.at, row.to)}
    if any(row.kind == "message" for row in rows):
        used.add(WIRE)
    names = [*peers, *([OTHER] if OTHER in used or (len(peers) == 1 and WIRE in used) else [])]
    step = 100 / max(1, len(names) - 1)
    lanes = [Lane(name, round(step * i, 2)) for i, name in enumerate(names)]
    if WIRE in used:
        lanes.append(Lane(WIRE, 50.0 if len(names) % 2 == 0 else 50.0 + step / 2))
    if SERVER in used:
        lanes.append(Lane(SERVER, 100.0 if len(names) < 2 else 100.0 - step / 4))
    return sorted(lanes, key=lambda lane: lane.place_percent)
