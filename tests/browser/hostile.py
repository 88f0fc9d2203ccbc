"""Saved calls in which a stranger wrote: a picture that runs a script, in each text by itself."""

from __future__ import annotations

import copy
import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

from rtcnb.errors import TraceError
from rtcnb.trace import Trace

EVIL = "<img src=x onerror=window.hacked=1>"
OF_A_KIND = 3  # events of each kind that are written in
KEPT = ("rtcnb-trace", "kind", "data", "plain")  # bytes are no text
Path = tuple[Any, ...]


def saved_trace(lines: str) -> bytes:
    """Return a saved trace with, for each text of some events of each kind, a copy that has `EVIL` in it."""
    header, *rows = map(json.loads, lines.splitlines())
    seen: Counter[str] = Counter()
    made = [header]
    for row in rows:
        made.append(row)
        seen[row["kind"]] += 1
        if seen[row["kind"]] <= OF_A_KIND:
            made += [evil for path in texts(row) if loads(evil := written_in(row, path), header)]
    return packed(made)


def dump(text: str) -> bytes:
    """Return a dump of webrtc-internals with `EVIL` in every text that it may have it in."""
    document = json.loads(text)
    for entry in document["PeerConnections"].values():
        entry["url"] += EVIL
        entry["rtcConfiguration"] += EVIL
        for event in entry["updateLog"]:
            event["value"] = in_each_line(event["value"])
        for name, series in list(entry["stats"].items()):
            if name.endswith(("-label", "-mimeType", "-address", "-trackIdentifier", "-protocol")):
                values = [v + EVIL if isinstance(v, str) else v for v in json.loads(series["values"])]
                series["values"] = json.dumps(values)
    return json.dumps(document).encode()


def texts(value: Any, path: Path = ()) -> Iterator[Path]:
    """Yield where the texts are."""
    if isinstance(value, str):
        yield path
    elif isinstance(value, dict | list):
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
            if key not in KEPT:
                yield from texts(inner, (*path, key))


def written_in(row: Any, path: Path) -> Any:
    """Return a copy of a row with `EVIL` in the text at this place; in SDP, in each of its lines."""
    made = copy.deepcopy(row)
    inner = made
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = in_each_line(inner[path[-1]])
    return made


def in_each_line(text: str) -> str:
    """Return the text with `EVIL` at the end of each line; the candidates of a dump end with their comma."""
    return "\r\n".join(line + EVIL if line else "" for line in text.split("\r\n"))


def loads(row: Any, header: Any) -> bool:
    """Whether rtcnb takes it: what it refuses is tested where that is written."""
    try:
        Trace.load(packed([header, row]))
    except TraceError:
        return False
    return True


def packed(rows: list[Any]) -> bytes:
    return "\n".join(map(json.dumps, rows)).encode()
