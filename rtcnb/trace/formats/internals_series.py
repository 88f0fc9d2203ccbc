"""The statistics of a webrtc-internals dump: one series a member, put together again into snapshots of getStats.

::

    "OT01V12-bytesSent": {"startTime": "2026-...Z", "endTime": ..., "statsType": "outbound-rtp", "values": "[1,2]"}
    "OT01V12-timestamp": {..., "values": "[1795342627015.777,1795342628016.535]"}

Only the last 1000 samples of a series are kept, a member may begin late or be missing now and then, and Chrome
before 117 has no series of timestamps: samples are placed by their times, not by their numbers.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from ...errors import TraceError
from .snapshots import NOT_KEPT, REPORTED, Entry, is_legacy
from .untrusted import epoch_seconds, list_at, member, object_at, opened, tame, word

KEPT_SAMPLES = 1000  # by Chrome, of each series
MAX_SAMPLES = 4_000_000  # in a dump
MAX_NUMBER = 2**63
STEP = 1.0  # seconds between two polls of webrtc-internals
# Chrome writes what looks like a number as one: members of webrtc-stats whose text somebody chose, or chance did.
TEXTS = frozenset(
    {
        "foundation",
        "iceLocalUsernameFragment",
        "label",
        "mid",
        "playoutId",
        "protocol",
        "rid",
        "sdpFmtpLine",
        "streamIdentifier",
        "tlsVersion",
        "trackIdentifier",
        "usernameFragment",
    }
)
# The types of ids before Chrome said them; a local candidate is told from a remote one by isRemote.
TYPES = (
    ("RTCCertificate_", "certificate"),
    ("RTCCodec_", "codec"),
    ("RTCDataChannel_", "data-channel"),
    ("RTCIceCandidatePair_", "candidate-pair"),
    ("RTCIceCandidate_", "local-candidate"),
    ("RTCInboundRTP", "inbound-rtp"),
    ("RTCOutboundRTP", "outbound-rtp"),
    ("RTCRemoteInboundRtp", "remote-inbound-rtp"),
    ("RTCRemoteOutboundR", "remote-outbound-rtp"),
    ("RTCMediaStreamTrack_", "track"),
    ("RTCMediaStream_", "stream"),
    ("RTCPeerConnection", "peer-connection"),
    ("RTCTransport_", "transport"),
    ("RTCAudioSource_", "media-source"),
    ("RTCVideoSource_", "media-source"),
)


@dataclass
class _Series:
    """The samples of one member."""

    values: list[Any]
    start: float | None
    end: float | None


@dataclass
class Statistics:
    """What the statistics of one connection are.

    Attributes
    ----------
    snapshots : list of (float, dict)
        Seconds since 1970, and the entries by id.
    known_times : list of (object, float)
        Moments of which the dump has the local text and the seconds since 1970.
    legacy : bool
        Whether there are series of the old getStats, which are left out.
    spread : bool
        Whether times had to be spread evenly between the first and the last.
    capped : bool
        Whether older samples than these are gone.
    timeless : bool
        Whether no time was told at all: the last snapshot is at 0 then.
    """

    snapshots: list[tuple[float, dict[str, Entry]]] = field(default_factory=list)
    known_times: list[tuple[object, float]] = field(default_factory=list)
    legacy: bool = False
    spread: bool = False
    capped: bool = False
    timeless: bool = False


def read(stats: Any, place: str) -> Statistics:
    """Put the statistics of one connection together.

    Raises
    ------
    TraceError
        Something is of the wrong type, or there is too much of it; the message names the series.
    """
    found = Statistics()
    series: dict[str, dict[str, _Series]] = defaultdict(dict)
    types: dict[str, str] = {}
    samples = 0
    for name, value in object_at(stats, place).items():
        where = member(place, name)
        given = object_at(value, where)
        id, name = _split(name)
        if is_legacy(id, given.get("statsType")):
            found.legacy = True
            continue
        if "values" not in given:
            continue  # a series without a sample is written as {}
        values = list_at(opened(given["values"], f"{where}.values"), f"{where}.values")
        samples += len(values)
        if samples > MAX_SAMPLES:
            raise TraceError(where, f"over {MAX_SAMPLES} samples; more is not read.")
        types.setdefault(id, word(given.get("statsType")))
        found.capped |= len(values) >= KEPT_SAMPLES
        if values:
            series[id][name] = _Series(values, _iso(given.get("startTime")), _iso(given.get("endTime")))
    _put_together(series, types, found)
    return found


def _split(name: str) -> tuple[str, str]:
    """Return id and member; ids have hyphens too, and so have members in brackets."""
    if name.endswith("]") and (at := name.rfind("-[")) >= 0:
        return name[:at], name[at + 1 :]
    id, _, member_name = name.rpartition("-")
    return id, member_name.removesuffix("*")  # with a star: not in the standard, and not shown to pages


def _iso(value: Any) -> float | None:
    try:
        return (
            datetime.fromisoformat(value).timestamp() if isinstance(value, str) and len(value) < 40 else None
        )
    except (ValueError, OverflowError, OSError):
        return None


Row = tuple[float, Entry]


def _put_together(series: dict[str, dict[str, _Series]], types: dict[str, str], found: Statistics) -> None:
    grid = _Grid.of([s for members in series.values() for s in members.values()])
    found.timeless = grid is TIMELESS and not any("timestamp" in members for members in series.values())
    rows: dict[str, list[Row]] = {}
    for id, members in series.items():
        kind = _type(id, types[id], members)
        stamps = _stamps(members.pop("timestamp", None))
        found.spread |= stamps is None
        # An entry may have no member but its type; without stamps it is there where it has members.
        entries: dict[int, Entry] = {i: {"type": kind} for i in range(len(stamps or ()))}
        for name, one in members.items():
            if name.startswith("["):
                _learn(name, one, members, found)
            elif name != "type" and name not in NOT_KEPT:
                places = grid.slots(one) if stamps is None else _aligned(one, stamps)
                for i in () if stamps else places:
                    entries.setdefault(i, {"type": kind})
                for i, value in zip(places, _plain(name, one.values), strict=True):
                    entries[i][name] = value
        times = grid.time if stamps is None else stamps.__getitem__
        rows[id] = [(times(i), entries[i]) for i in sorted(entries)]
    found.snapshots = _snapshots(rows)


def _type(id: str, told: str, members: dict[str, _Series]) -> str:
    own = members["type"].values[-1] if "type" in members else ""
    kind = told or word(own) or next((kind for start, kind in TYPES if id.startswith(start)), "")
    if kind == "local-candidate" and "isRemote" in members and members["isRemote"].values[-1] is True:
        return "remote-candidate"
    return kind


def _plain(name: str, values: list[Any]) -> list[Any]:
    """Return the samples as they can be kept; most are numbers or short texts, and quickly looked through."""
    if name in TEXTS:
        return [_plain_text(value) for value in values]
    try:
        if all(map(math.isfinite, values)) and min(values) > -MAX_NUMBER and max(values) < MAX_NUMBER:
            return values
    except (TypeError, OverflowError):
        pass
    return [tame(value) for value in values]


def _plain_text(value: Any) -> Any:
    if type(value) is float and value.is_integer() and abs(value) < MAX_NUMBER:
        value = int(value)
    return str(value) if type(value) in (int, float) else tame(value)


def _stamps(series: _Series | None) -> list[float] | None:
    """Return the times of an id's samples; None where they are missing or none."""
    times = [epoch_seconds(x) for x in series.values] if series else []
    known = [t for t in times if t is not None]
    return known if known and len(known) == len(times) and known == sorted(known) else None


def _learn(name: str, shown: _Series, members: dict[str, _Series], found: Statistics) -> None:
    """Note moments that the dump has in both forms: ``[lastPacketSentTimestamp]`` is the browser's local time."""
    raw = members.get(name.strip("[]"))
    if raw is None or "imestamp" not in name or found.known_times:
        return
    for text, value in zip(reversed(shown.values), reversed(raw.values), strict=False):
        at = epoch_seconds(value)
        if at is not None:
            found.known_times.append((text, at))


def _aligned(series: _Series, stamps: list[float]) -> Sequence[int]:
    """Return the numbers that a member's samples have among those of its id."""
    count, last = len(series.values), len(stamps) - 1
    if count == len(stamps):
        return range(count)
    if count > len(stamps):
        return [max(0, i - count + len(stamps)) for i in range(count)]
    # The dump has whole milliseconds there and finer ones here.
    first = 0 if series.start is None else bisect_left(stamps, series.start - 0.0005)
    end = last if series.end is None else bisect_right(stamps, series.end + 0.0015) - 1
    if end - first + 1 < count:  # these times belong to other samples
        end = max(min(end, last), count - 1)
        first = end - count + 1
    return _spread(first, end, count)


def _spread(first: int, last: int, count: int) -> list[int]:
    """Return `count` numbers from `first` to `last`, evenly: all of them where as many fit."""
    if count == 1:
        return [last]
    return [first + round(k * (last - first) / (count - 1)) for k in range(count)]


@dataclass(frozen=True)
class _Grid:
    """The times of all polls where the dump does not tell them: even steps, numbered back from its last sample."""

    end: float
    step: float

    @classmethod
    def of(cls, series: list[_Series]) -> _Grid:
        told = [(s.end, len(s.values), s.start) for s in series if s.start is not None and s.end is not None]
        if not told:
            return TIMELESS
        end, count, start = max(told)
        step = (end - start) / (count - 1) if count > 1 else STEP
        return cls(end, step if 0.05 <= step <= 3600 else STEP)

    def time(self, slot: int) -> float:
        """Return the time of a poll; the last has the number 0."""
        return round(self.end + slot * self.step, 6)

    def slots(self, series: _Series) -> Sequence[int]:
        """Return the polls of a member's samples."""
        count = len(series.values)
        last = 0 if series.end is None else min(0, round((series.end - self.end) / self.step))
        first = last - count + 1
        if series.start is not None:  # earlier where there are gaps in it
            first = min(first, max(round((series.start - self.end) / self.step), last - 100 * count))
        return _spread(first, last, count)


TIMELESS = _Grid(0.0, STEP)


def _snapshots(rows: dict[str, list[Row]]) -> list[tuple[float, dict[str, Entry]]]:
    """Return what was polled together. RTCP reports have times of their own, see `_polls`."""
    polls: dict[float, dict[str, Entry]] = defaultdict(dict)
    reported = {id: own for id, own in rows.items() if own and own[0][1]["type"] in REPORTED}
    if not any(own for id, own in rows.items() if id not in reported):
        reported.clear()
    for id, own in rows.items():
        for at, entry in own if id not in reported else ():
            polls[at][id] = entry
    times = sorted(polls)
    for id, own in reported.items():
        for poll, (at, entry) in zip(_polls([at for at, _ in own], times), own, strict=True):
            polls[times[poll]][id] = {**entry, "timestamp": round(at * 1000, 3)}
    return sorted(polls.items(), key=lambda poll: poll[0])


def _polls(reports: list[float], times: list[float]) -> list[int]:
    """Return the number of the poll that told each report: every poll tells one, a new or the same again.

    A report may be later than its poll: that is stamped at its beginning. Such a one would put off all that
    follow; where they do not fit in before the last poll, they lie one earlier.
    """
    places: list[int] = []
    for at in reports:
        places.append(max(bisect_left(times, at), places[-1] + 1 if places else 0))
    after = len(times)
    for i in reversed(range(len(places))):
        after = places[i] = max(0, min(places[i], after - 1))
    return places
