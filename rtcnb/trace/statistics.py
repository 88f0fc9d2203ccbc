"""Statistics: snapshots of getStats -> what each stream, pair, transport and channel did over time.

Snapshots come from a page, from the kernel or from a file, and a file may hold anything: what is missing, of the
wrong type, not finite or less than nothing is a gap in the series, never an error and never a negative rate.
"""

from __future__ import annotations

import math
import threading
from array import array
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from .events import PeerEvent, StatisticsEvent
from .measures import MEASURES, Gauge, Measure, Per, Rate, Rule, Share
from .series import EMPTY, NOTHING, Numbers, Series
from .timeline import Moment, Timeline

Entry = Mapping[str, Any]
# Two snapshots closer than this tell no rate: a page takes one more at each change of its connection.
MIN_INTERVAL = 0.25
LONGEST_INTERVAL = 1e9
ROWS = 256  # of Python's garbage collector's 700
LIMITATIONS = "qualityLimitationReason"
REMOTE = {"outbound-rtp": "remote-inbound-rtp", "inbound-rtp": "remote-outbound-rtp"}


class Stream:
    """One entry of getStats, from snapshot to snapshot.

    Attributes
    ----------
    peer, id, type : str
    times : list of float
        Of the snapshots that have it.
    entries : list of dict
        As they were told then.
    """

    def __init__(self, peer: str, id: str, type: str) -> None:
        self.peer, self.id, self.type = peer, id, type
        self.times: list[float] = []
        self.entries: list[Entry] = []
        self._columns: dict[str, Numbers] = {}
        self._series: dict[Rule, tuple[int, Series]] = {}
        self._spacing: tuple[Numbers, NDArray[np.intp], Numbers] | None = None
        self._computing = threading.Lock()  # views on several threads ask for the same figures

    def entry(self, until: float = math.inf) -> Entry:
        """Return the entry as it was told last; an empty one where it had not been told yet."""
        at = min(bisect_right(self.times, until), len(self.entries))
        return self.entries[at - 1] if at else {}

    def text(self, member: str, until: float = math.inf) -> str:
        """Return a member that is a text; ``""`` where there is none."""
        value = self.entry(until).get(member)
        return value if isinstance(value, str) else ""

    def known_at(self, until: float) -> bool:
        """Whether it had been told by then."""
        return bool(self.entries) and self.times[0] <= until

    def series(self, measure: Measure, until: float = math.inf) -> Series:
        """Return a figure of this entry, by the first rule that gives one."""
        found = [self._by_rule(rule).between(-math.inf, until) for rule in measure.rules]
        return next((series for series in found if series.known), found[0] if found else NOTHING)

    def bands(self, until: float = math.inf) -> list[tuple[float, float, str]]:
        """Return from when to when, and why, the encoder was held back (``qualityLimitationReason``)."""
        bands: list[tuple[float, float, str]] = []
        count = min(bisect_right(self.times, until), len(self.entries))
        before = ""
        for time, entry in zip(self.times[:count], self.entries[:count], strict=True):
            told = entry.get(LIMITATIONS)
            reason = told if isinstance(told, str) and told != "none" else ""
            if before:
                bands[-1] = (bands[-1][0], time, before)
            if reason and reason != before:
                bands.append((time, time, reason))
            before = reason
        return bands

    # -- by rule; computed once for as many snapshots as there are

    def _by_rule(self, rule: Rule) -> Series:
        with self._computing:
            count = len(self.entries)  # another thread may be adding one
            known, series = self._series.get(rule, (-1, NOTHING))
            if known != count:
                with np.errstate(all="ignore"):
                    series = self._computed(rule, count)
                self._series[rule] = (count, series)
            return series

    def _computed(self, rule: Rule, count: int) -> Series:
        times, kept, seconds = self._intervals(count)
        column = self._column(rule.member, count)
        if isinstance(rule, Gauge):
            return Series(times, _not_negative(column * rule.scale))
        grown = _growth(column[kept])
        match rule:
            case Rate():
                values = grown / seconds * rule.scale
            case Per():
                by = _growth(self._column(rule.by, count)[kept])
                values = np.where(by > 0, grown / by * rule.scale, np.nan)
            case Share():
                # RFC 3550 section 6.4.1: what was counted as lost may come after all.
                lost = np.maximum(np.diff(column[kept]), 0)
                rest = _growth(self._column(rule.rest, count)[kept])
                values = np.where(lost + rest > 0, lost / (lost + rest), np.nan)
        return Series(times[kept[1:]], _not_negative(values))

    def _intervals(self, count: int) -> tuple[Numbers, NDArray[np.intp], Numbers]:
        """Return the times of snapshots, those far enough apart to tell rates, and the seconds between these."""
        if self._spacing is not None and len(self._spacing[0]) == count:
            return self._spacing
        times = np.asarray(self.times[:count])
        steps = np.diff(self._column("timestamp", count) / 1000)
        steps = np.where(steps >= 0, steps, np.diff(times))  # not told, or that clock was put back
        clock = np.concatenate(([0.0], np.cumsum(np.minimum(steps, LONGEST_INTERVAL))))[:count]
        kept = _spaced(clock)
        self._spacing = (times, kept, np.diff(clock[kept]))
        return self._spacing

    def _column(self, member: str, count: int) -> Numbers:
        """Return a member of every entry; NaN where it is no number."""
        if len(self._columns.get(member, EMPTY)) < count:
            begin = min((len(column) for column in self._columns.values()), default=0)
            members = [*MEMBERS.get(self.type, ()), "timestamp"]
            read: list[list[Any]] = [[] for _ in members]
            # Entry by entry, as they lie in memory, and few at a time, so that no garbage is looked for.
            for first in range(begin, count, ROWS):
                rows = [tuple(map(e.get, members)) for e in self.entries[first : min(first + ROWS, count)]]
                for values, more in zip(read, zip(*rows, strict=True), strict=True):
                    values.extend(more)
            for name, values in zip(members, read, strict=True):
                known = self._columns.get(name, EMPTY)[:begin]
                new = _numbers(values)
                self._columns[name] = np.concatenate((known, new)) if len(known) else new
        return self._columns[member][:count]


def _members(type: str) -> list[str]:
    of = [m for m in MEASURES.get(type, ()) if not m.remote]
    of += [m for t, remote in REMOTE.items() if remote == type for m in MEASURES[t] if m.remote]
    rules = [rule for measure in of for rule in measure.rules]
    named = [
        getattr(rule, name) for rule in rules for name in ("member", "by", "rest") if hasattr(rule, name)
    ]
    return list(dict.fromkeys(named))


MEMBERS = {type: _members(type) for type in (*MEASURES, *REMOTE.values())}


def _numbers(values: list[Any]) -> Numbers:
    if values[0] is None and values.count(None) == len(values):
        return np.full(len(values), np.nan)
    try:
        numbers = np.frombuffer(array("d", values)).copy()
    except (TypeError, OverflowError):
        numbers = np.array([_number(value) for value in values])
    numbers[~np.isfinite(numbers)] = np.nan
    return numbers


def _number(value: Any) -> float:
    try:
        return float(value) if isinstance(value, int | float) else math.nan
    except OverflowError:
        return math.nan


def _growth(counter: Numbers) -> Numbers:
    """Return how much a counter grew from one snapshot to the next; NaN where it began again."""
    return _not_negative(np.diff(counter))


def _not_negative(values: Numbers) -> Numbers:
    return np.where((values >= 0) & np.isfinite(values), values, np.nan)


def _spaced(clock: Numbers) -> NDArray[np.intp]:
    """Return those that are `MIN_INTERVAL` after the one before; mostly all."""
    kept = np.ones(len(clock), dtype=bool)
    done = 0
    for index in np.flatnonzero(~(np.diff(clock) >= MIN_INTERVAL)).tolist():
        if index >= done:
            done = index + 1
            while done < len(clock) and not clock[done] - clock[index] >= MIN_INTERVAL:
                kept[done] = False
                done += 1
    return np.flatnonzero(kept)


class Statistics:
    """The statistics of a trace; `of` gives the one that all views of a timeline share."""

    def __init__(self, timeline: Timeline) -> None:
        self._timeline = timeline
        self._lock = threading.Lock()
        self._forget()

    def _forget(self) -> None:
        self._streams: dict[tuple[str, float], dict[str, Stream]] = {}
        self._count = 0
        self._last: StatisticsEvent | None = None
        self._made: list[PeerEvent] = []

    @staticmethod
    def of(timeline: Timeline) -> Statistics:
        """Return the statistics of a timeline, with all that it has."""
        found = _shared.get(timeline)
        if found is None:
            found = _shared[timeline] = Statistics(timeline)
        found.refresh()
        return found

    def refresh(self) -> None:
        """Take what is new in the timeline, at the cost of what is new."""
        with self._lock:
            events = self._timeline.of(StatisticsEvent)
            made = [e for e in self._timeline.of(PeerEvent) if e.action == "created"]
            same = self._count <= len(events) and (not self._count or events[self._count - 1] is self._last)
            if (
                not same
                or made[: len(self._made)] != self._made
                or _late(made[len(self._made) :], self._last)
            ):
                self._forget()
            self._made = made
            births: dict[str, list[float]] = {}
            for each in made:
                births.setdefault(each.peer, []).append(each.time)
            for event in events[self._count :]:
                self._take(event, births.get(event.peer, ()))
            self._count = len(events)
            self._last = events[-1] if events else None

    def _take(self, event: StatisticsEvent, births: Sequence[float]) -> None:
        born = bisect_right(births, event.time)
        generation = (event.peer, births[born - 1] if born else -math.inf)
        streams = self._streams.setdefault(generation, {})
        time = event.time
        for id, entry in event.report.items() if isinstance(event.report, Mapping) else ():
            if not isinstance(entry, dict):
                continue
            stream = streams.get(id)
            if stream is None:
                kind = entry.get("type")
                stream = streams[id] = Stream(event.peer, id, kind if isinstance(kind, str) else "")
            stream.times.append(time)
            stream.entries.append(entry)

    def at(self, peer: str, moment: Moment) -> PeerStatistics:
        """Return the statistics of a peer, as they stood at a moment, since it was made last."""
        born = [e.time for e in self._made if e.peer == peer and e.time <= moment.until]
        streams = self._streams.get((peer, born[-1] if born else -math.inf), {})
        return PeerStatistics(peer, streams, moment.until)


def _late(made: list[PeerEvent], last: StatisticsEvent | None) -> bool:
    return last is not None and any(event.time <= last.time for event in made)


_shared: WeakKeyDictionary[Timeline, Statistics] = WeakKeyDictionary()


class PeerStatistics:
    """What getStats had said of one peer by a moment.

    Attributes
    ----------
    peer : str
    until : float
    streams : dict of str to Stream
        By id, those that had been told by then. A stream may have more, that came later.
    """

    def __init__(self, peer: str, streams: Mapping[str, Stream], until: float) -> None:
        self.peer = peer
        self.until = until
        so_far = dict(streams)  # another thread may add some
        self.streams = {id: stream for id, stream in so_far.items() if stream.known_at(until)}
        self.time = max((_last_time(s, until) for s in self.streams.values()), default=-math.inf)

    def of(self, *types: str) -> list[Stream]:
        """Return the streams of these types, in the order in which they appeared."""
        return [stream for stream in self.streams.values() if stream.type in types]

    def entry(self, id: Any) -> Entry:
        """Return an entry by its id; an empty one where there is none."""
        stream = self.streams.get(id) if isinstance(id, str) else None
        return stream.entry(self.until) if stream is not None else {}

    def series(self, stream: Stream, measure: Measure) -> Series:
        """Return a figure of a stream up to the moment, from what the other end reported where that is told."""
        source = self.remote_of(stream) if measure.remote else stream
        return source.series(measure, self.until) if source is not None else NOTHING

    def figure(self, stream: Stream, name: str) -> float | None:
        """Return a figure of a stream as it was last, by its name: ``bitrate_bps``."""
        measure = next((m for m in MEASURES.get(stream.type, ()) if m.name == name), None)
        return self.series(stream, measure).last if measure is not None else None

    def remote_of(self, stream: Stream) -> Stream | None:
        """Return what the other end reported of an RTP stream."""
        kind = REMOTE.get(stream.type)
        entry = stream.entry(self.until)
        named = self.streams.get(str(entry.get("remoteId")))
        if named is not None and named.type == kind:
            return named
        for other in self.of(kind) if kind else ():
            told = other.entry(self.until)
            # aiortc names none, and gives both the number of one object.
            if told.get("localId") == stream.id or other.id == f"remote-{_opposite(stream.id)}":
                return other
            if "localId" not in told and told.get("ssrc") == entry.get("ssrc") is not None:
                return other
        return None

    def codec(self, stream: Stream) -> Entry:
        """Return the codec's entry of an RTP stream; an empty one where it is not told."""
        return self.entry(stream.entry(self.until).get("codecId"))

    def is_gone(self, stream: Stream) -> bool:
        """Whether the last snapshot of the peer has it no more; a report of the other end may pause."""
        return not stream.type.startswith("remote-") and _last_time(stream, self.until) < self.time

    def moved(self, stream: Stream) -> bool:
        """Whether any byte or packet went through it."""
        entry = stream.entry(self.until)
        members = ("bytesSent", "bytesReceived", "packetsSent", "packetsReceived")
        return any(_number(entry.get(member)) > 0 for member in members)

    @property
    def selected(self) -> list[Stream]:
        """The candidate pairs that carry the call."""
        chosen = {s.text("selectedCandidatePairId", self.until) for s in self.of("transport")}
        pairs = self.of("candidate-pair")
        found = [
            pair for pair in pairs if pair.id in chosen or pair.entry(self.until).get("selected") is True
        ]
        if found or any(chosen):
            return found
        return [p for p in pairs if p.entry(self.until).get("nominated") is True and self.moved(p)]


def _last_time(stream: Stream, until: float) -> float:
    return stream.times[bisect_right(stream.times, until) - 1]


def _opposite(id: str) -> str:
    way, _, number = id.partition("_")
    return f"{ {'outbound-rtp': 'inbound-rtp', 'inbound-rtp': 'outbound-rtp'}.get(way, '') }_{number}"
