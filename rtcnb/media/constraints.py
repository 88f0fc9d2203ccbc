"""Constraints of getUserMedia by their own names (W3C mediacapture-main, image-capture, screen-capture).

A browser ignores a name that it does not know, and a value like ``facingMode="front"`` that means nothing;
here both are said.
"""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Mapping
from typing import Any

from ..errors import ConstraintError

NUMBERS = {
    "video": {"width", "height", "aspectRatio", "frameRate"}
    | {"brightness", "colorTemperature", "contrast", "exposureCompensation", "exposureTime", "focusDistance"}
    | {"iso", "saturation", "sharpness"},
    "audio": {"sampleRate", "sampleSize", "latency", "channelCount"},
}
BOOLEANS = {
    "video": {"backgroundBlur", "torch", "restrictOwnAudio", "suppressLocalAudioPlayback"},
    "audio": {"autoGainControl", "noiseSuppression"} | {"restrictOwnAudio", "suppressLocalAudioPlayback"},
}
EITHER = {"video": {"zoom", "pan", "tilt"}, "audio": {"echoCancellation"}}  # true asks for the capability
WORDS = {
    "facingMode": ("user", "environment", "left", "right"),
    "resizeMode": ("none", "crop-and-scale"),
    "displaySurface": ("monitor", "window", "browser"),
    "exposureMode": ("none", "manual", "single-shot", "continuous"),
    "focusMode": ("none", "manual", "single-shot", "continuous"),
    "whiteBalanceMode": ("none", "manual", "single-shot", "continuous"),
}
TEXTS = {"video": {"deviceId", "groupId", *WORDS}, "audio": {"deviceId", "groupId"}}
FORMS = {"exact", "ideal", "min", "max"}


def known(kind: str) -> set[str]:
    """Return the names of every constraint for ``video`` or ``audio``."""
    return NUMBERS[kind] | BOOLEANS[kind] | EITHER[kind] | TEXTS[kind]


def checked(kind: str, constraints: Mapping[str, Any]) -> dict[str, Any]:
    """Return the constraints, those that are None left out.

    Parameters
    ----------
    kind : {"video", "audio"}
    constraints : dict
        By name, each a plain value (as good as the device can), or ``{"exact": ..}``, ``{"ideal": ..}``,
        ``{"min": .., "max": ..}``.

    Raises
    ------
    ConstraintError
        A name or a value that no browser knows.
    """
    given = {name: value for name, value in constraints.items() if value is not None}
    for name, value in given.items():
        if name not in known(kind):
            raise ConstraintError(_unknown(kind, name))
        _check_value(kind, name, value)
    return given


def _unknown(kind: str, name: str) -> str:
    camel = re.sub(r"_(\w)", lambda m: m[1].upper(), name)
    by_lower = {n.lower(): n for n in known(kind)}
    close = difflib.get_close_matches(camel.lower(), by_lower, n=1, cutoff=0.7)
    hint = (
        f" Did you mean {by_lower[close[0]]}?" if close else f" There are {', '.join(sorted(known(kind)))}."
    )
    return f"No browser knows the {kind} constraint {name!r}; it would be ignored silently.{hint}"


def _check_value(kind: str, name: str, value: Any) -> None:
    if isinstance(value, Mapping):
        odd = set(value) - FORMS
        if odd or not value:
            raise ConstraintError(
                f"{name}: {dict(value)} - write exact, ideal, min or max, not {odd or 'nothing'}."
            )
        if {"min", "max"} & set(value) and name not in NUMBERS[kind] | EITHER[kind]:
            raise ConstraintError(f"{name} has no min or max; write exact or ideal.")
        for each in value.values():
            _check_plain(kind, name, each)
        if value.get("min", -math.inf) > value.get("max", math.inf):
            raise ConstraintError(f"{name}: min {value['min']} is more than max {value['max']}.")
        return
    _check_plain(kind, name, value)


def _check_plain(kind: str, name: str, value: Any) -> None:
    if isinstance(value, list | tuple) and name in TEXTS[kind]:
        for each in value:
            _check_plain(kind, name, each)
        return
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if is_number and not (
        math.isfinite(value) and (value >= 0 or name in ("exposureCompensation", "pan", "tilt"))
    ):
        raise ConstraintError(f"{name}: {value} is no size or rate.")
    fits = (
        (is_number and name in NUMBERS[kind] | EITHER[kind])
        or (isinstance(value, bool) and name in BOOLEANS[kind] | EITHER[kind])
        or (isinstance(value, str) and name in TEXTS[kind] | (EITHER[kind] & {"echoCancellation"}))
    )
    if not fits:
        wanted = "a number" if name in NUMBERS[kind] else "text" if name in TEXTS[kind] else "True or False"
        raise ConstraintError(f"{name}: {value!r} is {type(value).__name__}; it takes {wanted}.")
    if name in WORDS and value not in WORDS[name]:
        raise ConstraintError(
            f"{name}: no browser knows {value!r}; it would be ignored silently. It is one of "
            f"{', '.join(WORDS[name])}."
        )
