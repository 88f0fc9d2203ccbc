"""What ``chrome://webrtc-internals`` saves: Chrome 83 to today, JSON that `formats` has unpacked.

::

    {"getUserMedia": [...], "UserAgent": "...", "PeerConnections": {"8-2": {
        "rtcConfiguration": ..., "updateLog": [{"type": "createOffer", "value": ..., "timestamp": ...}],
        "stats": {"OT01V12-bytesSent": {"startTime": ..., "endTime": ..., "values": "[...]"}}}}}

An entry of the log has a local time until Chrome 143 (`local_times`), and texts of Chrome's own for what is JSON
today (`written`).
"""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass, field
from typing import Any

from ...errors import TraceError
from ..events import Event
from ..trace import Trace
from . import internals_series, local_times, media_requests
from .json_lines import parse_json
from .peer_log import PeerLog
from .snapshots import Budget, Snapshots
from .untrusted import epoch_seconds, list_at, member, object_at, opened, text_of, word

SOURCE = "webrtc-internals"
MARK = '"PeerConnections"'
MAX_DUMP = 192 * 2**20  # characters
MAX_EVENTS = 1_000_000
MISSING = ("packets", "single checks", "DTLS steps", "messages of data channels", "signaling messages")
NO_EXACT_TIMES = "exact times (the log has whole seconds)"
NO_ZONE = "the time zone of the log"
NO_STATISTICS_TIMES = "times of single statistics (spread evenly)"
NO_LEGACY = "statistics of the old getStats (ssrc, goog...)"
NO_MEDIA_TIMES = "times of getUserMedia"
NO_EARLY = "statistics older than the last 1000"


def fits(text: str) -> bool:
    """Whether this is such a dump."""
    return text.startswith("{") and MARK in text


@dataclass
class _Update:
    """One entry of the log."""

    method: str
    value: Any
    at: float | None  # seconds since 1970
    local: object  # what stands there instead


@dataclass
class _Connection:
    """One RTCPeerConnection of the dump."""

    name: str
    configuration: Any
    updates: list[_Update]
    statistics: internals_series.Statistics
    times: list[float] = field(default_factory=list)


def load(text: str) -> Trace:
    """Return the trace of a dump.

    Raises
    ------
    TraceError
        It is none, or something in it is of the wrong type; the message names the place.
    """
    dump = object_at(parse_json(text, "the dump", MAX_DUMP), "the dump")
    connections = [
        _connection(name, value, member("PeerConnections", name))
        for name, value in object_at(dump.get("PeerConnections"), "PeerConnections").items()
    ]
    missing = _place_in_time(connections)
    saved = epoch_seconds(dump.get("timestamp"))
    media, media_timed = _media(dump.get("getUserMedia", []), _earliest(connections, saved))
    times = [event.time for event in media] + [t for c in connections for t in c.times]
    times += [at for c in connections for at, _ in c.statistics.snapshots]
    epoch = float(math.floor(min(times, default=saved or 0.0)))
    events = [dataclasses.replace(event, time=_since(epoch, event.time)) for event in media]
    budget = Budget()
    for connection in connections:
        events += _events(connection, epoch, budget)
    if len(events) > MAX_EVENTS:
        raise TraceError("PeerConnections", f"{len(events)} events; {MAX_EVENTS} are the most that is read.")
    missing = [*MISSING, *missing, *([] if media_timed else [NO_MEDIA_TIMES])]
    trace = Trace.of(events, epoch=epoch, source=SOURCE, missing=missing)
    if saved is not None and trace.ended is not None:
        trace.ended = max(trace.ended, _since(epoch, saved))
    return trace


def _since(epoch: float, at: float) -> float:
    return round(at - epoch, 6)


def _connection(name: str, value: Any, place: str) -> _Connection:
    given = object_at(value, place)
    log = list_at(given.get("updateLog", []), f"{place}.updateLog")
    updates = [_update(entry, f"{place}.updateLog[{i}]") for i, entry in enumerate(log)]
    statistics = internals_series.read(given.get("stats", {}), f"{place}.stats")
    configuration = opened(given.get("rtcConfiguration"), f"{place}.rtcConfiguration")
    return _Connection(name, configuration, updates, statistics)


def _update(entry: Any, place: str) -> _Update:
    given = object_at(entry, place)
    method = given.get("type")
    if not isinstance(method, str):
        raise TraceError(f"{place}.type", "this is no text: it names what happened.")
    at = epoch_seconds(given.get("timestamp")) or epoch_seconds(given.get("time"))
    return _Update(word(method), opened(given.get("value"), f"{place}.value"), at, given.get("time"))


# -- when it was


def _place_in_time(connections: list[_Connection]) -> list[str]:
    """Give every entry of the logs a time; return what the dump lacks of times and statistics."""
    told = [c.statistics for c in connections]
    local = [u for c in connections for u in c.updates if u.at is None]
    missing = []
    if local:
        known = next((s.known_times for s in told if s.known_times), [])
        begins = [s.snapshots[0][0] for s in told if s.snapshots and not s.timeless]
        texts = [u.local for u in local]
        capped = any(s.capped for s in told)
        times, zone_known = local_times.from_local_texts(texts, known, min(begins, default=None), capped)
        for update, at in zip(local, times, strict=True):
            update.at = at
        missing += [NO_EXACT_TIMES] + ([] if zone_known else [NO_ZONE])
    fallback = _earliest(connections, None)
    for connection in connections:
        connection.times = _in_order([u.at for u in connection.updates], fallback, bool(local))
        if connection.statistics.timeless:
            end = connection.times[-1] if connection.times else fallback
            snapshots = connection.statistics.snapshots
            connection.statistics.snapshots = [(end + at, report) for at, report in snapshots]
    for lacks, what in (("spread", NO_STATISTICS_TIMES), ("legacy", NO_LEGACY), ("capped", NO_EARLY)):
        missing += [what] if any(getattr(s, lacks) for s in told) else []
    return missing


def _earliest(connections: list[_Connection], saved: float | None) -> float:
    """Return the first time that the dump tells."""
    told = [t for c in connections for t in c.times]
    told += [u.at for c in connections for u in c.updates if u.at is not None]
    told += [c.statistics.snapshots[0][0] for c in connections if c.statistics.snapshots]
    return min((t for t in told if t > 0), default=saved or 0.0)


def _in_order(times: list[float | None], fallback: float, whole_seconds: bool) -> list[float]:
    """Return times for all entries of a log, which are in order: what has none is with the one before it.

    Entries of the same whole second are spread over it, so that their order can be seen.
    """
    known = next((t for t in times if t is not None), fallback)
    filled = []
    for time in times:
        known = known if time is None else time
        filled.append(known)
    if not whole_seconds:
        return filled
    spread, begin = [], 0
    for i, time in enumerate(filled):
        if time != filled[begin]:
            begin = i
        spread.append((begin, time))
    sizes: dict[int, int] = {}
    for begin, _ in spread:
        sizes[begin] = sizes.get(begin, 0) + 1
    return [time + (i - begin) / sizes[begin] for i, (begin, time) in enumerate(spread)]


# -- what it was


def _events(connection: _Connection, epoch: float, budget: Budget) -> list[Event]:
    snapshots = connection.statistics.snapshots
    log = PeerLog(connection.name)
    begins = [*connection.times, *[at for at, _ in snapshots[:1]]]
    log.made(_since(epoch, min(begins, default=epoch)), connection.configuration)
    for update, at in zip(connection.updates, connection.times, strict=True):
        log.take(_since(epoch, at), update.method, update.value)
    statistics = Snapshots(connection.name)
    for at, report in snapshots:
        budget.spend(len(report), member("PeerConnections", connection.name) + ".stats")
        statistics.take(_since(epoch, at), report)
    return [*log.finish(), *statistics.events]


def _media(requests: Any, fallback: float) -> tuple[list[Event], bool]:
    """Return the requests for devices, at seconds since 1970, and whether the dump tells these times."""
    found: list[Event] = []
    asked: dict[tuple[str, ...], list[str]] = {}
    timed = True
    for i, entry in enumerate(list_at(requests, "getUserMedia")):
        given = object_at(entry, f"getUserMedia[{i}]")
        at = epoch_seconds(given.get("timestamp"))
        timed &= at is not None
        time = fallback if at is None else at
        method = word(given.get("request_type")) or "getUserMedia"
        key = tuple(str(given.get(name))[:80] for name in ("pid", "rid", "request_id"))
        if "error" in given:
            said = [text_of(given[n], 500) for n in ("error", "error_message") if n in given]
            error = ": ".join(x for x in said if x)
            found += media_requests.failed(time, method, asked.get(key, []), error)
        elif any(name in given for name in ("stream_id", "audio_track_info", "video_track_info")):
            found += media_requests.opened(time, method, _tracks(given, f"getUserMedia[{i}]"))
        else:
            asked[key] = [kind for kind in ("audio", "video") if kind in given]
            found += media_requests.asked(time, method, asked[key])
    return found, timed


def _tracks(given: dict[str, Any], place: str) -> list[tuple[str, str]]:
    """Return kind and label of the tracks: JSON, or ``id:... label:...`` of older Chrome."""
    tracks = []
    for kind in ("video", "audio"):
        info = opened(given.get(f"{kind}_track_info"), f"{place}.{kind}_track_info")
        if isinstance(info, dict):
            tracks.append((kind, word(info.get("label"))))
        elif isinstance(info, str) and info:
            tracks.append((kind, info.partition("label:")[2]))
    return tracks
