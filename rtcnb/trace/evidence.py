"""What a trace shows of each end of a call, gathered once for all rules of the diagnosis."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable
from functools import cached_property
from typing import Any

from ..sdp import Candidate, SessionDescription
from .events import (
    ApiCall,
    CandidateEvent,
    DescriptionSet,
    DtlsEvent,
    Event,
    MediaEvent,
    PacketEvent,
    PairEvent,
    PeerEvent,
    SelectedPair,
    ServerEvent,
    StateChange,
    StatisticsEvent,
)
from .packets import decode

SILENCE_AFTER = 4.5  # seconds; a wait that hears nothing says so within 5
GATHERING_PATIENCE = 10.0
NO_ANSWER = 701  # W3C webrtc-pc section 4.8.2.2
UFRAG = re.compile(r"(?:^|[\r\n])a=ice-ufrag:(\S+)")  # RFC 8839 section 5.4
LAST_SIDES = 500
LAST_ERRORS = 50
FIRST_PACKETS = 10_000  # of STUN: a call that hangs sends some dozens
ACTIONS = (ApiCall, DescriptionSet, CandidateEvent)
BINDING = {b"\x00\x01": "request", b"\x01\x01": "response", b"\x01\x11": "error"}  # RFC 8489 section 5


class Side:
    """One end of a call: the last peer of its name.

    Parameters
    ----------
    name : str
    events : list of Event
        Its own, by time, since it was made.
    end : float
        When the trace ends; now, for a live one.
    """

    def __init__(self, name: str, events: list[Event], end: float) -> None:
        self.name = name
        self.events = events
        self.end = end
        self.other: Side | None = None
        self._by_kind: dict[type[Any], list[Any]] = {}
        for event in events:
            self._by_kind.setdefault(type(event), []).append(event)

    def of(self, *kinds: type[Any]) -> list[Any]:
        """Return the events of these kinds: by time those of one, then those of the next."""
        return [event for kind in kinds for event in self._by_kind.get(kind, ())]

    def last(self, kind: type[Any]) -> Any:
        """Return the last event of a kind, or None."""
        return self._by_kind[kind][-1] if kind in self._by_kind else None

    # -- signaling

    @cached_property
    def place(self) -> str:
        """``page``, ``kernel`` or ``""``."""
        return next((e.place for e in self.of(PeerEvent) if e.place), "")

    @cached_property
    def configuration(self) -> dict[str, Any]:
        """Members of its RTCConfiguration, as set last."""
        return {name: value for e in self.of(PeerEvent) for name, value in e.configuration.items()}

    def state(self, name: str, before: float | None = None) -> str:
        """Return a state as it was at the end, or at a time."""
        changes = self._changes.get(name, [])
        count = len(changes) if before is None else bisect_left(changes, before, key=lambda e: e.time)
        return changes[count - 1].new if count else {"signalingState": "stable"}.get(name, "new")

    @cached_property
    def _changes(self) -> dict[str, list[StateChange]]:
        found: dict[str, list[StateChange]] = {}
        for event in self.of(StateChange):
            found.setdefault(event.state, []).append(event)
        return found

    def was(self, name: str, value: str) -> bool:
        """Whether a state ever had this value."""
        return any(e.new == value for e in self._changes.get(name, ()))

    @cached_property
    def errors(self) -> list[ApiCall]:
        """The calls that were refused; the last ones, where a program tries again and again."""
        return [call for call in self.of(ApiCall) if call.outcome == "error"][-LAST_ERRORS:]

    def called(self, method: str) -> bool:
        """Whether a method was called, and did not fail."""
        return any(call.method == method and call.outcome != "error" for call in self.of(ApiCall))

    def set_last(self, side: str) -> DescriptionSet | None:
        """Return the event of the local or remote description that stands: the last, and not one taken back."""
        standing: list[DescriptionSet] = []
        for event in self._by_kind.get(DescriptionSet, []):
            if event.side == side and event.description.type != "rollback":
                standing.append(event)
            elif event.side == side and standing and standing[-1].description.type != "answer":
                standing.pop()
        return standing[-1] if standing else None

    @cached_property
    def local(self) -> SessionDescription | None:
        """The last local description."""
        event = self.set_last("local")
        return event.description if event else None

    @cached_property
    def remote(self) -> SessionDescription | None:
        """The last remote description."""
        event = self.set_last("remote")
        return event.description if event else None

    @cached_property
    def local_ufrags(self) -> set[str]:
        """The ufrags of all its local descriptions."""
        return {u for e in self.of(DescriptionSet) if e.side == "local" for u in ufrags(e.description)}

    @cached_property
    def negotiated(self) -> bool:
        """Whether both descriptions are there and nothing is outstanding."""
        stable = self.state("signalingState") in ("stable", "closed")
        return stable and self.local is not None and self.remote is not None

    # -- the network

    @cached_property
    def gathered(self) -> list[Candidate]:
        """Its own candidates."""
        found = [e.candidate for e in self.of(CandidateEvent) if e.action == "gathered"]
        return [c for c in found if not c.is_end]

    @cached_property
    def gathering_ended(self) -> bool:
        """Whether all its own candidates are known."""
        ends = any(e.action == "gathered" and e.candidate.is_end for e in self.of(CandidateEvent))
        return ends or self.was("iceGatheringState", "complete")

    @property
    def still_gathering(self) -> bool:
        """Whether it may wait for a server yet; aioice checks nothing before that is over."""
        begun = [e.time for e in self.of(StateChange) if e.new == "gathering"]
        waits = self.state("iceGatheringState") == "gathering" and not self.gathering_ended
        return waits and bool(begun) and self.end - begun[-1] < GATHERING_PATIENCE

    @cached_property
    def received(self) -> list[Candidate]:
        """The other side's candidates, one by one or in its description."""
        added = [e.candidate for e in self.of(CandidateEvent) if e.action == "added"]
        written = [c for m in (self.remote.document.media if self.remote else ()) for c in m.candidates]
        return [*[c for c in added if not c.is_end], *written]

    @cached_property
    def useless_servers(self) -> list[ServerEvent]:
        """The servers that gave no candidate at all, each once: with its own answer, where it gave one."""
        told: dict[str, ServerEvent] = {}
        for event in self.of(ServerEvent):
            before = told.get(event.url)
            answered = event.error_code not in (None, NO_ANSWER)
            if before is None or (answered and before.error_code in (None, NO_ANSWER)):
                told[event.url] = event
        return [event for event in told.values() if not self._gave(event.url)]

    def _gave(self, url: str) -> bool:
        """Whether a server gave a candidate over one socket, though not over another."""
        urls = [entry.get("url") for entry in self._entries("local-candidate") if entry.get("url")]
        wanted = "relay" if url.startswith("turn") else "srflx"
        return url in urls if urls else any(c.type == wanted for c in self.gathered)

    @cached_property
    def pairs(self) -> list[PairEvent]:
        """Each candidate pair as it was last."""
        return list({(e.local, e.remote): e for e in self.of(PairEvent)}.values())

    @cached_property
    def selected(self) -> SelectedPair | None:
        """The pair that carries the call, or carried it."""
        found: SelectedPair | None = self.last(SelectedPair)
        return found

    @cached_property
    def checks(self) -> Counter[str]:
        """How many checks went and came: ``sent request``, ``received response``, ``received error 401``, ..."""
        counts: Counter[str] = Counter()
        stun = [packet for packet in self.of(PacketEvent) if packet.protocol == "stun"]
        for packet in stun[:FIRST_PACKETS]:
            kind = BINDING.get(packet.data[:2])
            if kind == "error":
                kind = f"error {decode(packet.data).get('ERROR-CODE')}"
            if kind:
                counts[f"{packet.direction} {kind}"] += 1
        for pair in self._entries("candidate-pair") if not counts else ():
            for member, name in STATISTICS.items():
                counts[name] += _whole(pair.get(member))
        return counts

    def _entries(self, kind: str) -> Iterable[dict[str, Any]]:
        report = self.last(StatisticsEvent)
        return [e for e in (report.report if report else {}).values() if e.get("type") == kind]

    @property
    def heard(self) -> bool:
        """Whether any check of the other side came, or any of its own was answered."""
        return any(self.checks[f"received {kind}"] for kind in ("request", "response")) or any(
            p.state == "succeeded" for p in self.pairs
        )

    @cached_property
    def dtls(self) -> list[DtlsEvent]:
        """How far the handshake came."""
        return self.of(DtlsEvent)

    def role(self) -> str:
        """Return the DTLS role, ``client`` or ``server``."""
        return next((e.role for e in reversed(self.dtls) if e.role), "")

    @cached_property
    def media(self) -> list[MediaEvent]:
        """What was dropped, and what failed."""
        return self.of(MediaEvent)

    # -- how it stands

    @property
    def connected(self) -> bool:
        """Whether it is connected."""
        return self.state("connectionState") == "connected"

    @property
    def was_connected(self) -> bool:
        """Whether it ever was."""
        return self.was("connectionState", "connected")

    @property
    def ice_connected(self) -> bool:
        """Whether ICE ever found a way."""
        return self.was("iceConnectionState", "connected") or self.was("iceConnectionState", "completed")

    @property
    def failed(self) -> bool:
        """Whether it failed."""
        return "failed" in (self.state("connectionState"), self.state("iceConnectionState"))

    @property
    def hangs(self) -> bool:
        """Whether nothing was done for seconds, and it is not connected."""
        if self.was_connected or self.closed or self.still_gathering:
            return False
        done = [e.time for e in self.of(*ACTIONS)]
        return bool(done) and self.end - max(done) >= SILENCE_AFTER

    @property
    def in_trouble(self) -> bool:
        """Whether it failed or hangs, and never was connected."""
        return not self.was_connected and (self.failed or self.hangs)

    @cached_property
    def closed(self) -> bool:
        """Whether its own `close` was called."""
        return self.called("close")


def _whole(value: Any) -> int:
    """Return a whole number as it is; 0 for anything else that a file may hold."""
    return int(value) if isinstance(value, int | float) and value % 1 == 0 else 0


STATISTICS = {
    "requestsSent": "sent request",
    "requestsReceived": "received request",
    "responsesSent": "sent response",
    "responsesReceived": "received response",
}


def ufrags(description: SessionDescription) -> set[str]:
    """Return the ICE user name fragments of a description."""
    return set(
        UFRAG.findall(description.sdp)
    )  # a trace may have a hundred thousand: none is taken apart for this


def fingerprints(description: SessionDescription) -> set[str]:
    """Return the certificates' fingerprints of a description, in capitals."""
    media = description.document.media
    return {str(f.value).upper() for m in media if not m.rejected for f in m.fingerprints}


def sides_of(events: Iterable[Event], end: float, guess: bool = True) -> list[Side]:
    """Return the ends of all calls of a trace, each knowing its other end where that is there too.

    Where the credentials do not tell, two peers alone are taken for the two ends, unless `guess` is false: the
    connections of a browser's dump mostly lead elsewhere. Of more than LAST_SIDES the last that appeared.
    """
    own: dict[str, list[Event]] = {}
    for event in events:
        if isinstance(event, PeerEvent) and event.action == "created":
            own[event.peer] = []  # made again under its name: what was before is another call
        if event.peer:
            own.setdefault(event.peer, []).append(event)
    sides = [Side(name, events, end) for name, events in own.items()][-LAST_SIDES:]
    _meet(sides, guess)
    return sides


def _meet(sides: list[Side], guess: bool) -> None:
    """Tell each end its other: the first that it was told of, or that was told of it, by its ICE credentials."""
    told = [ufrags(side.remote) if side.remote else set() for side in sides]
    # Of each ufrag the first two are enough: one of them may be the end that looks for the other.
    set_by: dict[str, list[int]] = {}
    told_to: dict[str, list[int]] = {}
    for place, side in enumerate(sides):
        for known, names in ((set_by, side.local_ufrags), (told_to, told[place])):
            for name in names:
                if len(ends := known.setdefault(name, [])) < 2:
                    ends.append(place)
    for place, side in enumerate(sides):
        found = {x for name in told[place] for x in set_by.get(name, ())}
        found |= {x for name in side.local_ufrags for x in told_to.get(name, ())}
        found.discard(place)
        if found:
            side.other = sides[min(found)]
        elif guess and len(sides) == 2:
            side.other = sides[1 - place]
