"""Lesson 7: what a camera is asked, and what it gives."""

from __future__ import annotations

from typing import Any

from ..media.camera import Camera
from .verdict import Verdict, judge

MAY_FAIL = ["exact", "max", "min"]  # the required ones (W3C mediacapture-main, "required constraints")


def may_fail(answer: Any) -> Verdict:
    """Which forms of a constraint can make getUserMedia fail, as a set of ``plain``, ``ideal``, ``min``, ..."""
    given = sorted(map(str, answer)) if isinstance(answer, set | frozenset | list | tuple) else answer
    fewer = isinstance(given, list) and bool(given) and set(given) < set(MAY_FAIL)
    return judge("camera.may-fail", given, MAY_FAIL, "fewer" if fewer else "")


def widest(answer: Any, camera: Camera) -> Verdict:
    """How many columns the widest picture has that the camera can give."""
    right = dict(camera.capabilities.get("width") or {}).get("max")
    if right is None:
        return Verdict(None, "The camera is not open, or this browser does not tell what it can.")
    now = answer == camera.settings.get("width") != right
    return judge("camera.widest", answer, right, "now" if now else "")


def first_channel(answer: Any) -> Verdict:
    """Which colour the first channel of an image is: OpenCV's order is blue, green, red."""
    return judge("camera.first-channel", answer, "blue")
