"""Values of a stranger's file as what they should be, or as text: nothing of it is believed."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable
from typing import Any

from ...errors import TraceError
from .json_lines import MAX_LINE, parse_json

MAX_TEXT = 4_000  # characters of what is kept for people
MAX_DEPTH = 12  # of what is kept as it is; a saved trace is read down to 20
MAX_NAME = 1_000
PLAIN = frozenset({str, bool, type(None)})
# What may let a stranger in: no trace keeps it (credentials of servers, tokens of rooms).
SECRET = re.compile(r"token|jwt|passw|pwd|credential|secret|username|auth|api_?key", re.IGNORECASE)
JSON_STARTS = ("{", "[", '"')


def object_at(value: Any, place: str) -> dict[str, Any]:
    """Return `value`, which must be an object.

    Raises
    ------
    TraceError
    """
    if not isinstance(value, dict):
        raise TraceError(place, f"{shown(value)} is no object.")
    return value


def list_at(value: Any, place: str) -> list[Any]:
    """Return `value`, which must be a list.

    Raises
    ------
    TraceError
    """
    if not isinstance(value, list):
        raise TraceError(place, f"{shown(value)} is no list.")
    return value


def member(place: str, name: str) -> str:
    """Return the place of a member: ``PeerConnections["8-2"]``."""
    return f"{place}[{json.dumps(name[:80])}]"


def shown(value: Any) -> str:
    """Return a value for an error message: short, whatever it is."""
    if isinstance(value, dict | list):
        return "an object" if isinstance(value, dict) else "a list"
    return json.dumps(value[:60] if isinstance(value, str) else value, default=str)[:62]


def opened(value: Any, place: str) -> Any:
    """Return what a text that is JSON holds; any other value, and any other text, as it is.

    Raises
    ------
    TraceError
        It is too long, or nested too deep.
    """
    if not isinstance(value, str):
        return value
    if len(value) > MAX_LINE:
        raise TraceError(
            place, f"{len(value)} characters in one piece; {MAX_LINE} are the most that is read."
        )
    if not value.startswith(JSON_STARTS):
        return None if value == "null" else value
    try:
        return parse_json(value, place)
    except TraceError as error:
        if isinstance(error.__context__, RecursionError):
            raise
        return value  # it only begins like JSON


def number(value: Any) -> float | None:
    """Return a finite number, or None."""
    if type(value) not in (int, float):
        return None
    try:
        found = float(value)
    except OverflowError:
        return None
    return found if math.isfinite(found) else None


def epoch_seconds(value: Any) -> float | None:
    """Return milliseconds since 1970 as seconds, or None where that is no time of WebRTC."""
    found = number(value)
    # From 2001, so that no count or length passes for a time, to the year 2286.
    return found / 1000 if found is not None and 1e12 <= found < 1e13 else None


def word(value: Any, default: str = "") -> str:
    """Return a short text; another value gives the default."""
    return value[:MAX_NAME] if isinstance(value, str) else default


def tame(value: Any, left: int = MAX_DEPTH) -> Any:
    """Return JSON-like data that can be saved and read again: what is too deep, too long or no number goes."""
    kind = type(value)
    if kind in PLAIN:
        return value[: MAX_LINE // 4] if kind is str else value
    if kind is int:
        return value if abs(value) < 2**64 else str(value)[:MAX_NAME]
    if kind is float:
        return value if math.isfinite(value) else None
    if left == 0:
        return "…"
    if kind is dict:
        return {str(name)[:MAX_NAME]: tame(x, left - 1) for name, x in value.items()}
    if kind is list:
        return [tame(x, left - 1) for x in value]
    return str(value)[:MAX_NAME]


def without_secrets(value: Any) -> Any:
    """Return tamed data without the members whose names say that they are secret."""
    if isinstance(value, dict):
        return {k: without_secrets(x) for k, x in value.items() if not SECRET.search(k)}
    return [without_secrets(x) for x in value] if isinstance(value, list) else value


def text_of(value: Any, limit: int = MAX_TEXT) -> str:
    """Return any value as a text for people, without secrets."""
    if isinstance(value, str):
        return value[:limit]
    if value is None:
        return ""
    plain = without_secrets(tame(value))
    return json.dumps(plain, ensure_ascii=False, separators=(",", ":"))[:limit]


def fields_of(text: str, names: Iterable[str]) -> dict[str, str]:
    """Return the members of a pseudo-text, ``url: stun:..., error_code: 701``, by the names that it may have."""
    found: dict[str, str] = {}
    marks = list(re.finditer(rf"(?:^|[\s,{{])({'|'.join(names)}): ?", text))
    for mark, following in zip(marks, [*marks, None][1:], strict=True):
        value = text[mark.end() : following.start() if following else len(text)]
        found.setdefault(mark[1], value.strip().rstrip(","))
    return found
