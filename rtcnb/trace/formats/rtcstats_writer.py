"""A trace as rtcstats, version 3: its own words for what it knows, lines of ours for what it has no word for.

Those are ``[":rtcnb", peer, event, ms]``; a method that begins with a colon is an application's own, and other
readers of rtcstats pass over it. Packets stay out.
"""

from __future__ import annotations

import json
from collections import defaultdict, deque
from collections.abc import Iterator
from typing import Any

from ...sdp.description import SessionDescription
from ..events import (
    ApiCall,
    CandidateEvent,
    DescriptionSet,
    Event,
    MediaEvent,
    PacketEvent,
    PeerEvent,
    ServerEvent,
    StateChange,
    StatisticsEvent,
    TrackEvent,
)
from ..trace import Trace
from .json_lines import to_row
from .peer_log import ASKED, CALLED, STATES
from .rtcstats import MARK, OWN
from .rtcstats_codes import MEDIA
from .snapshots import Entry
from .written import KINDS, candidate_of

SETTERS = {"setLocalDescription": "local", "setRemoteDescription": "remote"}
CREATORS = {"createOffer": "offer", "createAnswer": "answer"}
PACKETS = "packets"
TIME = "t"  # what version 3 calls the time of a snapshot, beside its entries
NOUNS = {"camera": "video", "screen": "video", "microphone": "audio"}
# What stands first where the times are the same, so that a file read and written again is the same.
CREATE, CALL, STATE, OTHER, SAID, OURS, STATISTICS = range(7)

Row = list[Any]
Placed = tuple[float, int, Row]  # milliseconds since 1970, one of the above, and what is written


def dump(trace: Trace, anonymise: bool) -> bytes:
    """Return a trace as a file."""
    from ..anonymise import anonymised

    events = trace.select()
    kept = [e for e in (anonymised(events) if anonymise else events) if not isinstance(e, PacketEvent)]
    missing = list(trace.missing)
    if PACKETS not in missing and len(kept) < len(events):
        missing.append(PACKETS)
    last = events[-1].time if events else 0.0
    ended = last if trace.ended is None else trace.ended
    header = {"fileFormat": 3, "rtcnb": {"missing": missing, "ended": _ms(trace.epoch, ended)}}
    by_peer: dict[str, list[Event]] = defaultdict(list)
    for event in kept:
        by_peer[event.peer].append(event)
    placed = [row for peer in sorted(by_peer) for row in _PeerRows(peer, by_peer[peer], trace.epoch).rows()]
    placed.sort(key=lambda row: row[:2])
    lines, before = [MARK, _json(header)], 0.0
    for at, _, row in placed:
        lines.append(_json([*row, round(at - before, 3)]))
        before = at
    return "".join(line + "\n" for line in lines).encode()


def _json(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"))


def _ms(epoch: float, time: float) -> float:
    """Return milliseconds since 1970, to the microsecond: as exactly as a double holds them."""
    return round((epoch + time) * 1000, 3)


def _value(description: SessionDescription) -> dict[str, str]:
    return {"type": description.type, "sdp": description.sdp}


class _PeerRows:
    """The rows of one peer, or of none."""

    def __init__(self, peer: str, events: list[Event], epoch: float) -> None:
        self._peer = peer or None
        self._events = events
        self._epoch = epoch
        self._calls = 0
        self._known: dict[str, Entry] = {}
        self._states = dict(STATES)
        self._results = _results(events) if peer else {}
        self._created = _created(events) if peer else {}
        self._in_calls = {id(event) for event in self._results.values()}

    def rows(self) -> Iterator[Placed]:
        """Return the rows, each with its place in the file."""
        for event in self._events:
            if id(event) in self._in_calls:
                continue
            at = _ms(self._epoch, event.time)
            if isinstance(event, ApiCall) and self._peer:
                yield from self._of_call(event, at)
            else:
                yield from ((at, rank, row) for rank, row in self._of_event(event, at))

    def _of_event(self, event: Event, at: float) -> Iterator[tuple[int, Row]]:
        peer = self._peer
        if peer and isinstance(event, StatisticsEvent):
            yield STATISTICS, ["getStats", peer, {TIME: at, **self._delta(event)}]
        elif peer and isinstance(event, StateChange) and self._follows(event):
            yield STATE, [f"on{event.state.lower()}change", peer, event.new]
        elif peer and isinstance(event, CandidateEvent) and event.action == "gathered" and _is_told(event):
            candidate = event.candidate
            yield OTHER, ["onicecandidate", peer, None if candidate.is_end else candidate.to_json()]
        elif peer and isinstance(event, ServerEvent):
            members = {"url": event.url, "errorCode": event.error_code, "errorText": event.text}
            yield OTHER, ["onicecandidateerror", peer, members]
        elif (
            peer
            and isinstance(event, TrackEvent)
            and event.action == "received"
            and event.track_kind in KINDS
        ):
            yield OTHER, ["ontrack", peer, [event.track_kind, event.track_id, ""]]
        elif peer and isinstance(event, PeerEvent) and event.action == "created":
            self._states = dict(STATES)
            yield CREATE, ["create", peer, dict(event.configuration), {"place": event.place}]
        else:
            if isinstance(event, MediaEvent) and (said := _said(event)):
                yield SAID, said
            yield OURS, self._ours(event)

    def _follows(self, event: StateChange) -> bool:
        """Whether a state follows the one before: rtcstats has the new one alone."""
        follows = self._states.get(event.state) == event.old != event.new
        if follows:
            self._states[event.state] = event.new
        return follows

    def _ours(self, event: Event) -> Row:
        row = {name: value for name, value in to_row(event).items() if name not in ("time", "peer")}
        return [OWN, self._peer, row]

    def _delta(self, event: StatisticsEvent) -> dict[str, Any]:
        """Return what is other than in the snapshot before; null says gone."""
        known, now = self._known, to_row(event)["report"]
        delta: dict[str, Any] = {}
        for id in sorted(known.keys() | now.keys()):
            before, entry = known.get(id, {}), now.get(id)
            if entry is None:
                delta[id] = None
                continue
            names = sorted(n for n in before.keys() | entry.keys() if before.get(n) != entry.get(n))
            if names or id not in known:
                delta[id] = {name: entry.get(name) for name in names}
        self._known = now
        delta.pop(TIME, None)
        return delta

    # -- calls

    def _of_call(self, call: ApiCall, at: float) -> Iterator[Placed]:
        if call.method in ASKED and (call.outcome == "ok" or _can_be_given(call)):
            yield from ((begun, CALL, row) for begun, row in self._asked(call, at))
        elif call.method in CALLED and call.outcome != "error" and call.method != "setConfiguration":
            value: Any = list(call.arguments) or None
            track = self._results.get(id(call))
            if isinstance(track, TrackEvent):
                value = [track.track_kind, track.track_id, ""]
            extra = [{"outcome": "pending"}] if call.outcome == "pending" else []
            yield at, CALL, [call.method, self._peer, value, *extra]
        else:
            yield at, OURS, self._ours(call)

    def _asked(self, call: ApiCall, at: float) -> Iterator[tuple[float, Row]]:
        """Return the row of the call, and the one of its answer."""
        self._calls += 1
        method, peer, key = call.method, self._peer, f"{call.method}-{self._calls}"
        begun, given, answer = at, _given(call), None
        done = self._results.get(id(call))
        if isinstance(done, DescriptionSet):
            begun = _ms(self._epoch, done.time)
            # What was left to the browser stands in the answer.
            given, answer = (
                (_value(done.description), None) if call.arguments else (None, _value(done.description))
            )
        elif isinstance(done, CandidateEvent):
            begun = min(begun, _ms(self._epoch, done.time))
            given = None if done.candidate.is_end else done.candidate.to_json()
        elif description := self._created.get(id(call)):
            answer = _value(description)
        yield begun, [method, peer, given, key]
        if call.outcome == "ok":
            yield at, [f"{method}OnSuccess", peer, answer, key]
        elif call.outcome == "error":
            yield at, [f"{method}OnFailure", peer, call.error, key]


def _is_told(event: CandidateEvent) -> bool:
    """Whether a candidate is read as it was written."""
    candidate = event.candidate
    return candidate_of(None if candidate.is_end else candidate.to_json()) == candidate


def _given(call: ApiCall) -> Any:
    """Return the value of a call from what a trace keeps of it."""
    if call.method in SETTERS:
        return (
            {"type": call.arguments[0], "sdp": call.given}
            if call.arguments and call.given
            else call.given or None
        )
    if call.method in CREATORS:
        return {
            name: value == "true" for name, _, value in (x.partition(": ") for x in call.arguments)
        } or None
    line = call.given or "".join(call.arguments[:1])
    return {"candidate": line} if call.outcome == "error" else line  # "" is left out, as jitsi's are


def _can_be_given(call: ApiCall) -> bool:
    """Whether a call that did not go well can be told as one: with what it was given."""
    if (call.outcome == "error" and not call.error) or (call.outcome, call.method) == (
        "pending",
        "addIceCandidate",
    ):
        return False
    return call.method not in SETTERS or bool(call.given) or not call.arguments


def _said(event: MediaEvent) -> Row | None:
    """Return a device's event in the words of rtcstats, for other readers."""
    nouns = event.text.partition(f" {event.action}")[0].split(" and ")
    kinds = [NOUNS[noun] for noun in nouns if noun in NOUNS]
    method = MEDIA + ("getDisplayMedia" if "screen" in nouns else "getUserMedia")
    if event.action == "starting":
        return [method, None, {kind: kind in kinds for kind in KINDS}]
    if event.action == "live":
        return [f"{method}OnSuccess", None, [[kind, "", event.device] for kind in kinds]]
    return [f"{method}OnFailure", None, event.text] if event.action == "failed" else None


# -- which event is the result of which call


def _results(events: list[Event]) -> dict[int, Event]:
    """Return, by the identity of a call that went well, the event that says what it did."""
    calls: dict[tuple[str, str], deque[ApiCall]] = defaultdict(deque)
    for event in events:
        if isinstance(event, ApiCall) and (event.outcome == "ok" or event.method == "addTrack"):
            calls[event.method, "".join(event.arguments[:1])].append(event)
    created = _creations(events)
    found: dict[int, Event] = {}
    for event in events:
        method, argument = "", ""
        if isinstance(event, DescriptionSet) and (event.created is None or id(event) in created):
            method = next(m for m, side in SETTERS.items() if side == event.side)
            argument = event.description.type
        elif isinstance(event, CandidateEvent) and event.action == "added" and _is_told(event):
            method, argument = "addIceCandidate", event.candidate.candidate
        elif isinstance(event, TrackEvent) and event.action == "added" and event.track_kind in KINDS:
            method, argument = "addTrack", event.track_kind
        if not method:
            continue
        # A description that was left to the browser, and a track of a live peer, stand not in the call.
        keys = dict.fromkeys((argument, "" if method != "addIceCandidate" else argument))
        queues = [calls[method, key] for key in keys]
        for queue in queues if isinstance(event, DescriptionSet) else ():
            while queue and queue[0].time < event.time:
                queue.popleft()  # it was done before this began
        waiting = min((q for q in queues if q), key=lambda q: q[0].time, default=None)
        if waiting:
            found[id(waiting.popleft())] = event
    return found


def _creations(events: list[Event]) -> dict[int, tuple[ApiCall, DescriptionSet]]:
    """Return the local descriptions that were created before, by identity, with the call that did."""
    last: dict[str, ApiCall] = {}
    found: dict[int, tuple[ApiCall, DescriptionSet]] = {}
    for event in events:
        if isinstance(event, ApiCall) and event.outcome == "ok" and event.method in CREATORS:
            last[CREATORS[event.method]] = event
        elif isinstance(event, DescriptionSet) and event.side == "local" and event.description.type in last:
            found[id(event)] = (last[event.description.type], event)
    return found


def _created(events: list[Event]) -> dict[int, SessionDescription]:
    """Return, by the identity of a call of createOffer or createAnswer, what it created."""
    made: dict[int, SessionDescription] = {}
    for call, event in _creations(events).values():
        made.setdefault(id(call), event.created or event.description)
    return made
