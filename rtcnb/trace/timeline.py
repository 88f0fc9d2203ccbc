"""A trace as views read it: sorted by time and by kind, kept up to date, and cut off at a moment."""

from __future__ import annotations

import math
import threading
import time as clock
from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterable
from functools import cached_property
from operator import attrgetter
from typing import Any, TypeVar

from .events import Event, PacketEvent, PeerEvent, StatisticsEvent
from .evidence import Side, sides_of
from .first_media import FirstMedia, FirstMediaSeen
from .trace import Trace

E = TypeVar("E", bound=Event)
MEDIA = ("rtp", "rtcp")
TIME = attrgetter("time")


class Timeline:
    """The events of a trace by kind, each sorted by time.

    One for each view or group of views; `refresh` takes what is new, at the cost of what is new.

    Parameters
    ----------
    trace : Trace
    """

    def __init__(self, trace: Trace) -> None:
        self.trace = trace
        self._lock = threading.Lock()
        self._kinds: dict[type[Event], list[Event]] = {}
        self._setup: list[PacketEvent] = []  # the packets without those of media, of which there are most
        self._first_media = FirstMediaSeen()
        self._peers: dict[str, None] = {}
        self._seen = (0, 0, 0)
        self.refresh()

    def refresh(self) -> bool:
        """Take what has come since the last time; return whether anything has."""
        with self._lock:  # views are drawn on one thread and pressed on another
            return self._take_news()

    def _take_news(self) -> bool:
        seen, new, whole = self.trace.news(self._seen)
        # Copies: whoever reads on another thread iterates over what it has.
        kinds, peers = ({}, {}) if whole else (dict(self._kinds), dict(self._peers))
        setup, first_media = ([], FirstMediaSeen()) if whole else (self._setup, self._first_media)
        for event in new:
            peers.setdefault(event.peer)
            _put(kinds.setdefault(type(event), []), event)
            if isinstance(event, PacketEvent):
                if event.protocol == "rtp":
                    first_media.packet(event)
                elif event.protocol not in MEDIA:
                    _put(setup, event)
            elif isinstance(event, StatisticsEvent):
                first_media.statistics(event)
        self._kinds, self._peers, self._setup, self._first_media = kinds, peers, setup, first_media
        self._seen = seen
        return bool(new) or whole

    @property
    def peers(self) -> list[str]:
        """The names of the peers, in the order in which they appeared."""
        return [name for name in self._peers if name]

    @property
    def begin(self) -> float:
        """The time of the first event; 0 where there is none."""
        return min((events[0].time for events in self._kinds.values()), default=0.0)

    @property
    def end(self) -> float:
        """The time of the last event, of a live trace now."""
        if self.trace.ended is None:
            return clock.monotonic()
        return max((events[-1].time for events in self._kinds.values()), default=0.0)

    def of(self, kind: type[E], until: float = math.inf) -> list[E]:
        """Return the events of one kind up to and including a moment."""
        events: list[Any] = self._kinds.get(kind, [])
        return events if until == math.inf else events[: bisect_right(events, until, key=TIME)]

    def setup_packets(self, until: float = math.inf) -> list[PacketEvent]:
        """Return the packets up to and including a moment, without those of media."""
        return self._setup if until == math.inf else self._setup[: bisect_right(self._setup, until, key=TIME)]

    def counts(self, kinds: Iterable[type[Event]], until: float = math.inf) -> tuple[int, ...]:
        """Return numbers that change when there is anything new of these kinds, or in `setup_packets`."""
        lists: list[list[Any]] = [*(self._kinds.get(kind, []) for kind in kinds), self._setup]
        lengths = (len(x) if until == math.inf else bisect_right(x, until, key=TIME) for x in lists)
        return (*lengths, *self._seen[1:])

    def counts_by_kind(self, until: float = math.inf) -> dict[type[Event], int]:
        """Return how many events of each kind there were up to and including a moment."""
        found = {kind: bisect_right(events, until, key=TIME) for kind, events in self._kinds.items()}
        return {kind: number for kind, number in found.items() if number}

    def at(self, until: float | None = None) -> Moment:
        """Return the trace as it stood at a time of its clock; by default as it stands."""
        return Moment(self, math.inf if until is None else until)


class Moment:
    """A trace as it stood at a time: nothing that came later is seen.

    Parameters
    ----------
    timeline : Timeline
    until : float
        In seconds of the trace's clock; ``math.inf`` for all.
    """

    def __init__(self, timeline: Timeline, until: float = math.inf) -> None:
        self.timeline = timeline
        self.until = until

    @property
    def trace(self) -> Trace:
        """Whose moment it is."""
        return self.timeline.trace

    @property
    def time(self) -> float:
        """The moment on the trace's clock; the end of the trace where nothing is cut off."""
        return self.timeline.end if self.until == math.inf else self.until

    @property
    def begin(self) -> float:
        """When the trace begins."""
        return self.timeline.begin

    @cached_property
    def peers(self) -> list[str]:
        """The names of the peers that had appeared, in that order."""
        if self.until == math.inf:
            return self.timeline.peers
        kinds = self.timeline._kinds.values()
        return [n for n in self.timeline.peers if any(self._begun(n, events) for events in kinds)]

    def _begun(self, peer: str, events: list[Event]) -> bool:
        return any(e.peer == peer for e in events[: bisect_right(events, self.until, key=TIME)])

    def of(self, *kinds: type[E], peer: str | None = None) -> list[E]:
        """Return the events of these kinds up to this moment, by time."""
        lists = [self.timeline.of(kind, self.until) for kind in kinds]
        found = lists[0] if len(lists) == 1 else sorted((e for x in lists for e in x), key=TIME)
        return found if peer is None else [e for e in found if e.peer == peer]

    def last(self, kind: type[E], peer: str | None = None) -> E | None:
        """Return the last event of a kind up to this moment; None where there is none."""
        events: list[Any] = self.timeline._kinds.get(kind, [])
        at = len(events) if self.until == math.inf else bisect_right(events, self.until, key=TIME)
        return next((e for e in reversed(events[:at]) if peer is None or e.peer == peer), None)

    @property
    def setup_packets(self) -> list[PacketEvent]:
        """The packets up to this moment, by time, without those of media."""
        return self.timeline.setup_packets(self.until)

    @property
    def first_media(self) -> list[FirstMedia]:
        """When media of each kind was first seen at each peer, by time."""
        return self.timeline._first_media.found(self.until)

    @cached_property
    def sides(self) -> list[Side]:
        """What the evidence shows of each peer, without the packets of media."""
        events: list[Event] = [*self.setup_packets]
        for kind, found in self.timeline._kinds.items():
            if kind is not PacketEvent:
                events += found[: bisect_right(found, self.until, key=TIME)]
        return sides_of(sorted(events, key=TIME), self.time)

    def side(self, peer: str) -> Side | None:
        """Return what the evidence shows of one peer."""
        return next((side for side in self.sides if side.name == peer), None)

    def made(self, peer: str) -> float:
        """Return when the peer was made last; what was before is another call under its name."""
        times = [e.time for e in self.of(PeerEvent, peer=peer) if e.action == "created"]
        return times[-1] if times else self.begin

    def as_trace(self) -> Trace:
        """Return the events up to this moment as a trace of their own."""
        events = self.trace.select(until=math.nextafter(self.until, math.inf))
        trace = Trace.of(events, epoch=self.trace.epoch, source=self.trace.source, missing=self.trace.missing)
        trace.ended = None if self.until == math.inf and self.trace.ended is None else self.time
        return trace


def _put(events: list[E], event: E) -> None:
    if events and event.time < events[-1].time:
        insort(events, event, key=TIME)  # what a call set is dated to the call's beginning
    else:
        events.append(event)


def within(events: Iterable[E], since: float, until: float) -> list[E]:
    """Return those of some sorted events that lie in ``since <= time < until``."""
    found = list(events)
    return found[bisect_left(found, since, key=TIME) : bisect_left(found, until, key=TIME)]
