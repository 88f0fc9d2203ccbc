"""What a browser would ignore silently is said before it is asked."""

from __future__ import annotations

from typing import Any

import pytest

from rtcnb.errors import ConstraintError
from rtcnb.media.constraints import KNOWN, checked


@pytest.mark.parametrize(
    ("kind", "constraints"),
    [
        ("video", {"width": 640, "height": 480.0, "frameRate": {"ideal": 30, "max": 60}}),
        ("video", {"facingMode": "user", "resizeMode": {"exact": "none"}, "deviceId": {"exact": "abc"}}),
        ("video", {"facingMode": ["user", "environment"], "deviceId": {"ideal": ["a", "b"]}}),
        ("video", {"zoom": True, "pan": -3600, "torch": False, "exposureCompensation": -2.5}),
        ("video", {"displaySurface": "window", "cursor": "always"}),
        ("video", {"advanced": [{"zoom": 2}, {"torch": True}]}),
        ("audio", {"echoCancellation": "remote-only", "channelCount": 1, "latency": 0.01}),
        ("audio", {"echoCancellation": {"exact": False}, "sampleRate": {"min": 8000, "max": 48000}}),
    ],
)
def test_what_browsers_know_passes_unchanged(kind: str, constraints: dict[str, Any]) -> None:
    assert checked(kind, constraints) == constraints


def test_none_is_left_out() -> None:
    assert checked("video", {"width": 640, "facingMode": None}) == {"width": 640}


@pytest.mark.parametrize(
    ("kind", "constraints", "sentence"),
    [
        ("video", {"framerate": 30}, "ignored silently. Did you mean frameRate?"),
        ("video", {"frame_rate": 30}, "Did you mean frameRate?"),
        ("video", {"device_id": "x"}, "Did you mean deviceId?"),
        ("audio", {"echo_cancelation": True}, "Did you mean echoCancellation?"),
        ("audio", {"width": 640}, "It is one of video."),
        ("video", {"quality": "best"}, "There are aspectRatio, "),
        ("video", {"facingMode": "front"}, "It is one of user, environment, left, right."),
        ("video", {"facingMode": {"exact": "front"}}, "It is one of user, environment, left, right."),
        ("video", {"facingMode": ["user", "front"]}, "knows 'front'"),
        ("video", {"facingMode": True}, "it takes one of user, environment"),
        ("video", {"width": "640"}, "'640' is str; it takes a number."),
        ("video", {"width": True}, "True is bool; it takes a number."),
        ("video", {"width": {"exact": "640"}}, "it takes a number"),
        ("video", {"width": [640, 1280]}, "is list; it takes a number."),
        ("video", {"width": -1}, "from 0 up"),
        ("video", {"frameRate": float("nan")}, "from 0 up"),
        ("video", {"width": {"min": 800, "max": 600}}, "min 800 is more than max 600"),
        ("video", {"width": {"least": 800}}, "a dict has exact, ideal, min or max"),
        ("video", {"width": {}}, "a dict has exact, ideal, min or max"),
        ("video", {"torch": {"min": True}}, "only a number has a min"),
        ("video", {"zoom": {"max": True}}, "only a number has a max"),
        ("video", {"deviceId": 7}, "7 is int; it takes text."),
        ("video", {"deviceId": []}, "[] is list; it takes text."),
        ("audio", {"echoCancellation": 5}, "it takes True or False or one of all, remote-only"),
        ("audio", {"noiseSuppression": "yes"}, "it takes True or False"),
        ("video", {"advanced": {"zoom": 2}}, "no list of dicts"),
        ("video", {"advanced": [{"framerate": 30}]}, "Did you mean frameRate?"),
    ],
)
def test_what_no_browser_knows_is_said(kind: str, constraints: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ConstraintError) as caught:
        checked(kind, constraints)
    assert sentence in str(caught.value)


def test_every_name_is_known_in_snake_case_too() -> None:
    for kind, names in KNOWN.items():
        for name in names:
            snake = "".join(f"_{c.lower()}" if c.isupper() else c for c in name)
            if snake != name:
                with pytest.raises(ConstraintError, match=f"Did you mean {name}\\?"):
                    checked(kind, {snake: 1})
