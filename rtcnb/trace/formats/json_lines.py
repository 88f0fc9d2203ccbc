"""rtcnb's own format: JSON Lines, a header and then one event a line.

::

    {"rtcnb-trace": 1, "epoch": 1795342639.2, "dropped": 0, "thinned": 0, "anonymised": false}
    {"kind": "state", "time": 12.5, "peer": "alice", "state": "signalingState", "old": "stable", ...}

Bytes are base64, descriptions ``{"type", "sdp"}``, candidates as in ``RTCIceCandidate.toJSON``. What a stranger's
file holds is checked member by member; nothing of it is run.
"""

from __future__ import annotations

import base64
import binascii
import dataclasses
import functools
import json
import math
import time
import typing
from collections.abc import Callable, Iterable, Iterator, Mapping
from types import NoneType, UnionType
from typing import Any, Literal

from ...errors import CandidateError, DescriptionError, TraceError
from ...sdp.candidate import Candidate
from ...sdp.description import SessionDescription
from .. import events
from ..trace import Trace

VERSION = 1
MARK = "rtcnb-trace"
MAX_LINE = 16 * 2**20  # characters
MAX_LINES = 2_000_000
MAX_VALUES = 20_000_000  # of JSON, in all lines: a value of three bytes there takes some 60 here
MAX_NUMBER = 4e9  # of seconds: 126 years
MAX_REPORT_DEPTH = 20

FIELDS = {kind: dataclasses.fields(cls) for kind, cls in events.KINDS.items()}

_decode = json.JSONDecoder().decode  # without what json.loads asks before each line

Row = dict[str, Any]
Reader = Callable[[Any], Any]


# -- writing


def to_row(event: events.Event) -> Row:
    """Return an event as JSON-like data; members at their defaults are left out."""
    row: Row = {"kind": event.kind}
    for field in FIELDS[event.kind]:
        value = getattr(event, field.name)
        if field.default is dataclasses.MISSING or value != field.default:
            row[field.name] = _plain(value)
    return row


def _plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, SessionDescription):
        return {"type": value.type, "sdp": value.sdp}
    if isinstance(value, Candidate):
        return value.to_json()
    if isinstance(value, float) and not math.isfinite(value):
        return None  # JSON has no such number
    if isinstance(value, Mapping):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(x) for x in value]
    return value if isinstance(value, str | int | float | bool | NoneType) else str(value)


def write(rows: Iterable[Row], header: Row) -> Iterator[str]:
    """Return the lines of a file."""
    for row in ({MARK: VERSION, **header}, *rows):
        yield json.dumps(row, separators=(",", ":")) + "\n"


def dump(trace: Trace, anonymise: bool) -> bytes:
    """Return a trace as a file."""
    from ..anonymise import anonymised

    events = trace.select()
    header = {
        "epoch": trace.epoch,
        "ended": time.monotonic() if trace.ended is None else trace.ended,
        "source": trace.source,
        "missing": list(trace.missing),
        "dropped": trace.dropped,
        "thinned": trace.thinned,
        "anonymised": anonymise,
    }
    kept = anonymised(events) if anonymise else events
    return "".join(write(map(to_row, kept), header)).encode()


# -- reading


def fits(text: str) -> bool:
    """Whether this is such a file."""
    return MARK in text[:100]


def load(text: str) -> Trace:
    """Return the trace that `dump` wrote.

    Raises
    ------
    TraceError
    """
    values = sum(map(text.count, ",[{"))
    if values > MAX_VALUES:
        raise TraceError("the file", f"{values} values; {MAX_VALUES} are the most that is read.")
    header, found = read(text.split("\n"))
    trace = Trace.of(found)
    for name, reader in HEADER.items():
        if name in header:
            try:
                setattr(trace, name, reader(header[name]))
            except (TypeError, ValueError) as error:
                raise TraceError(f'line 1, "{name}"', str(error)) from None
    return trace


def read(lines: Iterable[str]) -> tuple[Row, list[events.Event]]:
    """Read the header and the events of a file.

    Raises
    ------
    TraceError
        Names the line and the member that is wrong.
    """
    header: Row | None = None
    found: list[events.Event] = []
    for number, line in enumerate(lines, 1):
        if number > MAX_LINES:
            raise TraceError(f"line {number}", f"{MAX_LINES} lines are the most that is read.")
        if not line or line.isspace():
            continue
        row = parse_json(line, f"line {number}")
        if not isinstance(row, dict):
            raise TraceError(f"line {number}", "an event is a JSON object {...}.")
        if header is None:
            header = _header(row)
        else:
            found.append(to_event(row, f"line {number}"))
    if header is None:
        raise TraceError("", "the file is empty.")
    return header, found


def _header(row: Row) -> Row:
    if row.get(MARK) != VERSION:
        raise TraceError(
            "line 1", f'this is no trace that this rtcnb reads: it begins with {{"{MARK}": {VERSION}, ...}}.'
        )
    return row


def parse_json(text: str, place: str, limit: int = MAX_LINE) -> Any:
    """Parse JSON from a stranger: bounded in length, `limit` characters, and depth.

    Raises
    ------
    TraceError
    """
    if len(text) > limit:
        raise TraceError(place, f"{len(text)} characters in one piece; {limit} are the most that is read.")
    try:
        return _decode(text)
    except RecursionError:
        raise TraceError(place, "it is nested too deep.") from None
    except ValueError as error:
        raise TraceError(place, f"no JSON: {error}.") from None


def to_event(row: Row, place: str) -> events.Event:
    """Make an event of JSON-like data.

    Raises
    ------
    TraceError
        An unknown kind or member, a member that is missing or of another type.
    """
    kind = row.pop("kind", None)
    cls, readers = _readers().get(kind if isinstance(kind, str) else "", (None, {}))
    if cls is None:
        raise TraceError(f'{place}, "kind"', f"{_short(kind)} is no kind of event.")
    members: Row = {}
    for name, value in row.items():
        reader = readers.get(name)
        if reader is None:
            raise TraceError(f"{place}, {_short(name)}", f"an event of kind {kind} has no such member.")
        try:
            members[name] = reader(value)
        except (TypeError, ValueError) as error:
            raise TraceError(f'{place}, "{name}"', f"{error}") from None
    try:
        return cls(**members)
    except TypeError:
        missing = [f.name for f in FIELDS[cls.kind] if f.name not in members and _is_required(f)]
        raise TraceError(place, f"an event of kind {kind} lacks {', '.join(missing)}.") from None


def _is_required(field: dataclasses.Field[Any]) -> bool:
    return field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING


@functools.cache
def _readers() -> dict[str, tuple[type[events.Event] | None, dict[str, Reader]]]:
    made: dict[str, tuple[type[events.Event] | None, dict[str, Reader]]] = {}
    for kind, cls in events.KINDS.items():
        hints = typing.get_type_hints(cls)
        made[kind] = cls, {f.name: _reader(hints[f.name]) for f in FIELDS[kind]}
    made["statistics"][1]["report"] = _report
    return made


def _reader(hint: Any) -> Reader:
    """Return what reads a member of this type."""
    if typing.get_origin(hint) in (UnionType, typing.Union):
        (inner,) = (x for x in typing.get_args(hint) if x is not NoneType)
        read_inner = _reader(inner)
        return lambda value: None if value is None else read_inner(value)
    if typing.get_origin(hint) is Literal:
        return functools.partial(_one_of, frozenset(typing.get_args(hint)))
    if typing.get_origin(hint) is tuple:
        return _strings
    return READERS[typing.get_origin(hint) or hint]


def _one_of(allowed: frozenset[str], value: Any) -> str:
    if not isinstance(value, str) or value not in allowed:
        raise ValueError(f"{_short(value)} is none of {', '.join(sorted(allowed))}.")
    return value


def _string(value: Any) -> str:
    if type(value) is not str:
        raise TypeError(f"{_short(value)} is no text.")
    return value


def _number(value: Any) -> float:
    if type(value) not in (int, float) or not abs(value) <= MAX_NUMBER:  # NaN is not, either
        raise TypeError(f"{_short(value)} is no number below {MAX_NUMBER:g}.")
    return float(value)


def _integer(value: Any) -> int:
    if type(value) is not int or abs(value) > 2**63:
        raise TypeError(f"{_short(value)} is no integer.")
    return value


def _truth(value: Any) -> bool:
    if type(value) is not bool:
        raise TypeError(f"{_short(value)} is neither true nor false.")
    return value


def _bytes(value: Any) -> bytes:
    try:
        return binascii.a2b_base64(_string(value), strict_mode=True)
    except ValueError:
        raise ValueError("this is no base64.") from None


def _strings(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise TypeError(f"{_short(value)} is no list.")
    return tuple(map(_string, value))


def _description(value: Any) -> SessionDescription:
    try:
        return SessionDescription(**_object(value, {"type", "sdp"}))
    except DescriptionError as error:
        raise ValueError(str(error)) from None


def _candidate(value: Any) -> Candidate:
    members = _object(value, {f.name for f in dataclasses.fields(Candidate)})
    index = members.get("sdpMLineIndex")
    for name, member in members.items():
        if name != "sdpMLineIndex" and member is not None:
            _string(member)
    if index is not None:
        _integer(index)
    try:
        return Candidate(**members)
    except CandidateError as error:
        raise ValueError(str(error)) from None


def _object(value: Any, names: set[str]) -> Row:
    if not isinstance(value, dict) or not set(value) <= names:
        raise TypeError(f"{_short(value)} is no object of {', '.join(sorted(names))}.")
    return value


def _mapping(value: Any) -> Row:
    if not isinstance(value, dict):
        raise TypeError(f"{_short(value)} is no object.")
    _check_depth(value, MAX_REPORT_DEPTH)
    return value


def _check_depth(value: Any, left: int) -> None:
    if left == 0:
        raise ValueError(f"nested deeper than {MAX_REPORT_DEPTH}.")
    if isinstance(value, dict | list):
        for x in value.values() if isinstance(value, dict) else value:
            _check_depth(x, left - 1)


def _report(value: Any) -> Row:
    for name, entry in _mapping(value).items():
        if not isinstance(entry, dict):
            raise TypeError(f"{_short(name)} is no object.")
    return value


READERS: dict[Any, Reader] = {
    str: _string,
    float: _number,
    int: _integer,
    bool: _truth,
    bytes: _bytes,
    SessionDescription: _description,
    Candidate: _candidate,
    Mapping: _mapping,
}

HEADER: dict[str, Reader] = {
    "epoch": _number,
    "ended": _number,
    "source": _string,
    "missing": _strings,
    "dropped": _integer,
    "thinned": _integer,
}


def _short(value: Any) -> str:
    """Return a value for an error; of what may be large or deep only what it is."""
    if isinstance(value, dict | list):
        return "an object" if isinstance(value, dict) else "a list"
    return json.dumps(value[:60] if isinstance(value, str) else value)[:60]
