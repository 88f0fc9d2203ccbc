"""rtcstats as jitsi writes it, and as it was before version 3: one JSON array a line, each with its own time.

::

    ["create", "PC_0", {"iceServers": [...], "browserType": "webkit"}, 1640046714835]
    ["getstats", "PC_0", {"RTCTransport_0_1": {"timestamp": 0, ...}, "timestamp": 1640046715026.1}, 1640046715027]

Before version 3 an object about the file comes first. jitsi leaves descriptions out, and some lines of its own have
no time; its servers (jvb, jicofo) write objects, in which is no peer connection.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from ...errors import TraceError
from ..trace import Trace
from . import rtcstats
from .untrusted import epoch_seconds, number, opened

MISSING = rtcstats.MISSING


def fits(text: str) -> bool:
    """Whether this is such a file."""
    first, _, rest = text.partition("\n")
    first = first.strip()
    if first.startswith("["):
        return first.startswith('["') or first == "["
    is_header = first.startswith("{") and first.endswith("}")
    return is_header and (rest.lstrip().startswith('["') or '"statsSessionId"' in first[:200])


def load(text: str) -> Trace:
    """Return the trace of a file.

    Raises
    ------
    TraceError
        It is none, or something in it is of the wrong type; the message names the line.
    """
    lines: list[rtcstats.Line] = []
    missing = list(MISSING)
    objects, at = 0, 0.0
    for line_number, row in rtcstats.rows_of(text):
        place = f"line {line_number}"
        if row is rtcstats.CUT:
            missing.append(rtcstats.NO_END)
            break
        if isinstance(
            row, dict
        ):  # of the file; or a message as it came: {"type": "stats-entry", "data": "[...]"}
            objects += 1
            row = opened(row.get("data"), place)
        if isinstance(row, list) and len(row) >= 2:
            lines.append(_line(row, at, place))
            at = lines[-1].at
        elif not objects:
            raise TraceError(place, "a line of rtcstats is a list [method, peer, value, time].")
    if at == 0.0:
        raise TraceError("", "no line of this has a time: this is no dump of a browser's peer connections.")
    reader = rtcstats.Reader(whole_ids=True)
    for line in sorted(
        lines, key=lambda line: line.at
    ):  # a server notes the first line when it writes the file
        reader.take(line)
    return reader.trace(missing)


def _line(row: list[Any], before: float, place: str) -> rtcstats.Line:
    """Return a line; one without a time has that of the line `before`."""
    at = _time(row[-1]) if len(row) > 2 else None
    values = row[2:] if at is None else row[2:-1]
    method, peer = rtcstats.method_of(row[0]), rtcstats.peer_of(row[1])
    value, extra = (values[0], values[1:]) if values else (None, [])
    return rtcstats.Line(method, peer, value, extra, before if at is None else at, place)


def _time(value: Any) -> float | None:
    """Return seconds since 1970: from milliseconds, or from the ISO text of the first versions."""
    if isinstance(value, str) and len(value) < 40:
        try:
            return datetime.fromisoformat(value).timestamp()
        except (ValueError, OverflowError, OSError):
            return None
    told = number(value)
    return epoch_seconds(told)
