"""rtcstats, version 3: what rtcstats-js sends and its server, or Chrome, writes; and what rtcnb writes itself.

::

    RTCStatsDump
    {"fileFormat": 3, "userAgent": "...", ...}
    [39, "PC_0", {"iceServers": [...]}, 1758602115670]
    [6, "PC_0", {"type": "offer", "sdp": "v=0..."}, "6-0", 12]

A line is a method, the peer (null for none), its value, what it belongs to, and the milliseconds since the line
before; the first since 1970. jitsi's lines, and those of rtcstats before version 3, are `jitsi_rtcstats`' matter.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from ...errors import TraceError
from ..events import Event, Note, TrackEvent
from ..trace import Trace
from . import media_requests, peer_log, written
from .json_lines import parse_json, to_event
from .peer_log import PeerLog
from .rtcstats_codes import METHODS
from .rtcstats_deltas import DescriptionDeltas, StatisticsDeltas
from .snapshots import Budget, Snapshots
from .untrusted import number, object_at, text_of, word

SOURCE = "rtcstats"
MARK = "RTCStatsDump"
OWN = ":rtcnb"  # a line of ours: an event that rtcstats has no word for; others may skip it
MAX_EVENTS = 1_000_000
MISSING = ("packets", "single checks", "DTLS steps", "messages of data channels", "signaling messages")
NO_END = "the end (the last line is cut)"
NO_LEGACY = "statistics of the old getStats (ssrc, goog...)"
NO_DESCRIPTIONS = "descriptions (they were not recorded)"
# Said by the server or the page of itself, perhaps with what lets one in.
UNTOLD = frozenset({"create", "close", "websocket", "identity", "connectionInfo", "locations"})
TRACK_EVENTS = {"onended": "ended", "onmute": "muted", "onunmute": "unmuted", "stop": "stopped"}


@dataclass(frozen=True)
class Line:
    """One line of a file: what, of whom, when (seconds since 1970), and where it stands."""

    method: str
    peer: str | None
    value: Any
    extra: list[Any]
    at: float
    place: str


class Reader:
    """Turns lines into events, in the order of the file.

    Parameters
    ----------
    whole_ids : bool
        How statistics are compressed; see `StatisticsDeltas`.
    derive : bool
        Whether to tell pairs, DTLS states and channels from the statistics.
    """

    def __init__(self, whole_ids: bool, derive: bool = True) -> None:
        self._whole_ids = whole_ids
        self._derive = derive
        self._budget = Budget()
        self._logs: dict[str, PeerLog] = {}
        self._snapshots: dict[str, Snapshots] = {}
        self._statistics: dict[str, StatisticsDeltas] = {}
        self._descriptions: dict[str, DescriptionDeltas] = {}
        self._events: list[Event] = []
        self._asked: dict[str, list[str]] = {}
        self._kinds: dict[str, str] = {}
        self._epoch: float | None = None
        self._untold = False

    @property
    def epoch(self) -> float:
        """Seconds since 1970 at the trace's time 0: the whole second of the first line."""
        return self._epoch or 0.0

    def take(self, line: Line) -> None:
        """Note one line.

        Raises
        ------
        TraceError
        """
        if self._epoch is None:
            self._epoch = float(math.floor(line.at))
        time = self._since(line.at)
        if line.method == OWN:
            row = object_at(line.value, line.place)
            self._events.append(to_event({**row, "time": time, "peer": line.peer or ""}, line.place))
        elif _bare(line.method).endswith(("getusermedia", "getdisplaymedia")):
            self._media(time, line)
        elif line.method.startswith("MediaStreamTrack."):
            self._of_track(time, line)
        elif line.peer:
            self._of_peer(time, line.peer, line)
        elif line.method not in UNTOLD:
            # Of no peer; or of one that the file does not name, so that nothing can be told of it.
            said = "" if _bare(line.method) in peer_log.NAMES else text_of(line.value, 300)
            self._events.append(Note(time=time, text=f"{word(line.method)}: {said}".removesuffix(": ")))
        if len(self._events) > MAX_EVENTS:
            raise TraceError(line.place, f"over {MAX_EVENTS} events; more is not read.")

    def trace(self, missing: Iterable[str]) -> Trace:
        """Return what was read."""
        events = list(self._events)
        for log in self._logs.values():
            events += log.finish()
        for snapshots in self._snapshots.values():
            events += snapshots.events
        lacks = [*missing]
        lacks += [NO_DESCRIPTIONS] if self._untold else []
        lacks += [NO_LEGACY] if any(s.legacy for s in self._statistics.values()) else []
        return Trace.of(events, epoch=self.epoch, source=SOURCE, missing=dict.fromkeys(lacks))

    def _since(self, at: float) -> float:
        return round(at - self.epoch, 6)

    def _of_peer(self, time: float, name: str, line: Line) -> None:
        log = self._logs.get(name)
        if log is None or (line.method == "create" and log.events):
            if log is not None:  # made again under its name
                self._events += log.finish()
            log = self._logs[name] = PeerLog(name, infer=self._derive)
            self._descriptions.pop(name, None)
            if line.method != "create" and self._derive:
                log.made(time, {}, place="")
        if line.method == "create":
            place = next((word(x.get("place")) for x in line.extra if isinstance(x, dict)), "page")
            log.made(time, line.value, place)
        elif line.method in ("getStats", "getstats"):
            self._snapshot(name, line)
        else:
            descriptions = self._descriptions.setdefault(name, DescriptionDeltas())
            value = descriptions.whole(line.method, line.value)
            # A local description may be left to the browser; any other that is not there was kept from the file.
            kept = (value is None and line.value is not None) or value == ""
            self._untold |= kept and line.method.endswith(
                ("Description", "OfferOnSuccess", "AnswerOnSuccess")
            )
            key = next((x for x in line.extra if isinstance(x, str)), "")
            log.take(time, line.method, value, key, pending={"outcome": "pending"} in line.extra)
            if line.method == "ontrack" and (track := written.track_of(line.value)):
                self._kinds[track[1]] = track[0]

    def _snapshot(self, name: str, line: Line) -> None:
        if not isinstance(line.value, dict):
            return
        deltas = self._statistics.get(name)
        if deltas is None:
            deltas = self._statistics[name] = StatisticsDeltas(
                self._budget, self._whole_ids, not self._derive
            )
            self._snapshots[name] = Snapshots(name, self._derive)
        at, report = deltas.whole(line.value, line.at, line.place)
        self._snapshots[name].take(self._since(at), report)

    def _of_track(self, time: float, line: Line) -> None:
        action = TRACK_EVENTS.get(line.method.partition(".")[2])
        id = next((x for x in (line.value, *line.extra) if isinstance(x, str)), "")[:1000]
        if action:
            members = {"action": action, "track_kind": self._kinds.get(id, ""), "track_id": id}
            self._events.append(TrackEvent(time=time, peer=line.peer or "", **members))

    def _media(self, time: float, line: Line) -> None:
        if not self._derive:
            return  # ours stand there as they were
        method = line.method.rpartition(".")[2]
        bare = _bare(method, keep_case=True)
        key = next((x for x in line.extra if isinstance(x, str)), bare)
        if method.endswith("OnSuccess"):
            tracks = list(self._tracks(line.value))
            self._events += media_requests.opened(time, bare, tracks)
        elif method.endswith("OnFailure"):
            kinds = self._asked.get(key, [])
            self._events += media_requests.failed(time, bare, kinds, text_of(line.value, 500))
        else:
            given = line.value if isinstance(line.value, dict) else {}
            self._asked[key] = [kind for kind in ("audio", "video") if given.get(kind)]
            self._events += media_requests.asked(time, bare, self._asked[key])

    def _tracks(self, value: Any) -> Iterator[tuple[str, str]]:
        """Return kind and label of each track: ``[[kind, id, label, stream]]`` or ``{"tracks": [{...}]}``."""
        rows = value.get("tracks") if isinstance(value, dict) else value
        for row in rows if isinstance(rows, list) else ():
            track = written.track_of(row)
            if track is not None:
                self._kinds[track[1]] = track[0]
                label = row.get("label") if isinstance(row, dict) else next(iter(row[2:3]), "")
                yield track[0], word(label)


def _bare(method: str, keep_case: bool = False) -> str:
    bare = method.removesuffix("OnSuccess").removesuffix("OnFailure")
    return bare if keep_case else bare.lower()


# -- version 3


def fits(text: str) -> bool:
    """Whether this is such a dump."""
    return text.startswith(MARK) and text[len(MARK) : len(MARK) + 1] in ("\n", "\r", "")


def load(text: str) -> Trace:
    """Return the trace of a dump.

    Raises
    ------
    TraceError
        It is none, or something in it is of the wrong type; the message names the line.
    """
    rows = rows_of(text)
    next(rows, None)
    header: Any = next(rows, (0, {}))[1]
    if not isinstance(header, dict):
        raise TraceError("line 2", "the second line of rtcstats is an object {...} about the file.")
    own = header.get("rtcnb")
    reader = Reader(whole_ids=False, derive=not isinstance(own, dict))
    missing: list[str] = []
    at_ms = 0.0
    for line_number, row in rows:
        place = f"line {line_number}"
        if row is CUT:
            missing.append(NO_END)
            break
        if not isinstance(row, list):
            continue  # as its own importer does
        since = number(row[-1]) if len(row) >= 3 else None
        if since is None or abs(since) > 1e14:
            raise TraceError(place, "a line is a list of method, peer, value, ... and milliseconds.")
        at_ms = round(at_ms + since, 3)
        reader.take(Line(method_of(row[0]), peer_of(row[1]), *_value(row), at_ms / 1000, place))
    trace = reader.trace([*MISSING, *missing])
    return _as_saved(trace, own) if isinstance(own, dict) else trace


def _value(row: list[Any]) -> tuple[Any, list[Any]]:
    """Return the value and what stands between it and the time."""
    return (row[2], row[3:-1]) if len(row) > 3 else (None, [])


def _as_saved(trace: Trace, own: dict[str, Any]) -> Trace:
    """Take over what the file says of a trace that rtcnb wrote."""
    told = own.get("missing")
    if isinstance(told, list):
        trace.missing = tuple(word(x) for x in told[:50] if isinstance(x, str))
    ended = number(own.get("ended"))
    if ended is not None and trace.ended is not None and 0 <= ended - trace.epoch * 1000 < 1e12:
        trace.ended = max(trace.ended, round(ended / 1000 - trace.epoch, 6))
    return trace


CUT = object()


def rows_of(text: str) -> Iterator[tuple[int, Any]]:
    """Return the lines of a file with their numbers: the first text as it is, then JSON; `CUT` for a cut last one.

    Raises
    ------
    TraceError
    """
    begin, line_number, end = 0, 0, len(text.rstrip())
    while begin < end:
        stop = text.find("\n", begin)
        stop = end if stop < 0 else stop
        line, begin, line_number = text[begin:stop].strip(), stop + 1, line_number + 1
        if line == MARK:
            yield line_number, line
        elif line:
            try:
                yield line_number, parse_json(line, f"line {line_number}")
            except TraceError as error:
                if begin <= end or line_number < 3 or not isinstance(error.__context__, ValueError):
                    raise
                yield line_number, CUT


def method_of(value: Any) -> str:
    """Return a method's name, from a number too."""
    name = METHODS.get(value, value) if type(value) in (str, int) else value
    return name[:1000] if isinstance(name, str) else f"method {text_of(name, 50)}"


def peer_of(value: Any) -> str | None:
    """Return a peer's name; None for what concerns none."""
    if value is None:
        return None
    name = value if isinstance(value, str) else text_of(value, 100)
    return "" if name == "undefined-undefined" else name[:1000]  # a mistake of Chrome before 145
