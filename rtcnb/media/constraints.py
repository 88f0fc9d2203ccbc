"""Constraints of getUserMedia by their own names, checked as no browser checks them.

A browser ignores a name that it does not know, and a value like ``facingMode="front"`` that means nothing;
here both are said, before any device is asked.
"""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..errors import ConstraintError

FORMS = ("exact", "ideal", "min", "max")
MODES = ("none", "manual", "single-shot", "continuous")


@dataclass(frozen=True)
class Takes:
    """What values a constraint takes.

    Attributes
    ----------
    number, boolean, text : bool
    words : tuple of str
        The only texts that mean something.
    negative : bool
        Numbers below zero are values too.
    """

    number: bool = False
    boolean: bool = False
    text: bool = False
    words: tuple[str, ...] = ()
    negative: bool = False

    def __str__(self) -> str:
        named = [("a number", self.number), ("True or False", self.boolean), ("text", self.text)]
        kinds = [name for name, fits in named if fits]
        return " or ".join([*kinds, *(["one of " + ", ".join(self.words)] if self.words else [])])


NUMBER = Takes(number=True)
SIGNED = Takes(number=True, negative=True)
BOOLEAN = Takes(boolean=True)
TEXT = Takes(text=True)
# True asks for permission to steer the lens (image-capture, "PTZ"), a number steers it.
LENS = Takes(number=True, boolean=True, negative=True)


def one_of(*words: str) -> Takes:
    return Takes(words=words)


DEVICE = {"deviceId": TEXT, "groupId": TEXT}
SURFACE = {"restrictOwnAudio": BOOLEAN, "suppressLocalAudioPlayback": BOOLEAN}  # screen-capture section 5.4

KNOWN: dict[str, dict[str, Takes]] = {
    "video": {
        # mediacapture-main section 4.3.8
        "width": NUMBER,
        "height": NUMBER,
        "aspectRatio": NUMBER,
        "frameRate": NUMBER,
        "facingMode": one_of("user", "environment", "left", "right"),
        "resizeMode": one_of("none", "crop-and-scale"),
        "backgroundBlur": BOOLEAN,
        **DEVICE,
        # image-capture, "MediaTrackConstraintSet"
        "whiteBalanceMode": one_of(*MODES),
        "exposureMode": one_of(*MODES),
        "focusMode": one_of(*MODES),
        "exposureCompensation": SIGNED,
        "exposureTime": NUMBER,
        "colorTemperature": NUMBER,
        "iso": NUMBER,
        "brightness": SIGNED,
        "contrast": NUMBER,
        "saturation": NUMBER,
        "sharpness": NUMBER,
        "focusDistance": NUMBER,
        "pan": LENS,
        "tilt": LENS,
        "zoom": LENS,
        "torch": BOOLEAN,
        # screen-capture section 5.4
        "displaySurface": one_of("monitor", "window", "browser"),
        "logicalSurface": BOOLEAN,
        "cursor": one_of("never", "always", "motion"),
    },
    "audio": {
        "sampleRate": NUMBER,
        "sampleSize": NUMBER,
        "echoCancellation": Takes(boolean=True, words=("all", "remote-only")),
        "autoGainControl": BOOLEAN,
        "noiseSuppression": BOOLEAN,
        "voiceIsolation": BOOLEAN,
        "latency": NUMBER,
        "channelCount": NUMBER,
        **DEVICE,
        **SURFACE,
    },
}


def checked(kind: str, constraints: Mapping[str, Any]) -> dict[str, Any]:
    """Return the constraints, those that are None left out.

    Parameters
    ----------
    kind : {"video", "audio"}
    constraints : dict
        By name, each a plain value (as near as the device can), a list of texts that are all welcome, or a
        dict of ``exact``, ``ideal``, ``min`` and ``max``. ``advanced`` is a list of such dicts
        (mediacapture-main section 4.3.8.1).

    Raises
    ------
    ConstraintError
        A name or a value that no browser knows.
    """
    given = {name: value for name, value in constraints.items() if value is not None}
    for name, value in given.items():
        if name == "advanced":
            _check_advanced(kind, value)
        elif name not in KNOWN[kind]:
            raise ConstraintError(_unknown(kind, name))
        else:
            _check_value(name, KNOWN[kind][name], value)
    return given


def _unknown(kind: str, name: str) -> str:
    said = f"No browser knows the {kind} constraint {name!r}; it would be ignored silently."
    other = "audio" if kind == "video" else "video"
    camel = re.sub(r"_(\w)", lambda match: match[1].upper(), str(name))
    by_lower = {known.lower(): known for known in KNOWN[kind]}
    if close := difflib.get_close_matches(camel.lower(), by_lower, n=1, cutoff=0.7):
        return f"{said} Did you mean {by_lower[close[0]]}?"
    if camel in KNOWN[other]:
        return f"{said} It is one of {other}."
    return f"{said} There are {', '.join(sorted(KNOWN[kind]))}."


def _check_advanced(kind: str, value: Any) -> None:
    if not isinstance(value, list | tuple) or not all(isinstance(each, Mapping) for each in value):
        raise ConstraintError(f"advanced: {value!r} is no list of dicts; write [{{'zoom': 2}}].")
    for each in value:
        checked(kind, each)


def _check_value(name: str, takes: Takes, value: Any) -> None:
    if not isinstance(value, Mapping):
        _check_plain(name, takes, value)
        return
    odd = [form for form in value if form not in FORMS]
    if odd or not value:
        raise ConstraintError(
            f"{name}: {dict(value)} - a dict has exact, ideal, min or max, and nothing else."
        )
    for form, each in value.items():
        if form in ("min", "max") and not (takes.number and _is_number(each)):
            raise ConstraintError(f"{name}: {form} {each!r} - only a number has a {form}.")
        _check_plain(name, takes, each)
    if value.get("min", -math.inf) > value.get("max", math.inf):
        raise ConstraintError(f"{name}: min {value['min']} is more than max {value['max']}. Exchange them.")


def _check_plain(name: str, takes: Takes, value: Any) -> None:
    if isinstance(value, list | tuple) and value and (takes.text or takes.words):
        for each in value:
            _check_plain(name, takes, each)
        return
    if _is_number(value) and takes.number:
        if not math.isfinite(value) or (value < 0 and not takes.negative):
            raise ConstraintError(f"{name}: {value} is no size, rate or duration. Give a number from 0 up.")
        return
    if (isinstance(value, bool) and takes.boolean) or (isinstance(value, str) and takes.text):
        return
    if isinstance(value, str) and takes.words:
        if value not in takes.words:
            raise ConstraintError(
                f"{name}: no browser knows {value!r}; it would be ignored silently. It is one of "
                f"{', '.join(takes.words)}."
            )
        return
    raise ConstraintError(f"{name}: {value!r} is {type(value).__name__}; it takes {takes}.")


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
