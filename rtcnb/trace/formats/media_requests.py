"""getUserMedia and getDisplayMedia in dumps, as a camera of rtcnb writes them."""

from __future__ import annotations

from collections.abc import Iterable

from ..events import Event, MediaEvent
from .untrusted import MAX_NAME

NOUNS = {"audio": "microphone", "video": "camera"}
# Our exceptions by the names of mediacapture-main section 10.2, and of Chrome before it had those.
ERRORS = {
    "NotAllowedError": "DeviceDenied",
    "PermissionDeniedError": "DeviceDenied",
    "SecurityError": "DeviceDenied",
    "NotFoundError": "DeviceMissing",
    "DevicesNotFoundError": "DeviceMissing",
    "NotReadableError": "DeviceBusy",
    "TrackStartError": "DeviceBusy",
    "AbortError": "DeviceBusy",
    "OverconstrainedError": "DeviceCannot",
    "ConstraintNotSatisfiedError": "DeviceCannot",
    "TypeError": "ConstraintError",
}


def asked(time: float, method: str, kinds: Iterable[str]) -> list[Event]:
    """Return the events of a call."""
    noun = _noun(method, kinds)
    return [MediaEvent(time=time, action="starting", text=f"{noun} starting: {method}()")]


def opened(time: float, method: str, tracks: Iterable[tuple[str, str]]) -> list[Event]:
    """Return the events of a success: kind and label of each track."""
    return [
        MediaEvent(time=time, action="live", text=f"{_noun(method, [kind])} live", device=label[:MAX_NAME])
        for kind, label in tracks
    ]


def failed(time: float, method: str, kinds: Iterable[str], error: str) -> list[Event]:
    """Return the events of a failure; `error` is the exception's name, perhaps with its message."""
    name = error.partition(":")[0].strip()
    text = f"{_noun(method, kinds)} failed: {error[:MAX_NAME]}"
    return [MediaEvent(time=time, action="failed", text=text, error=ERRORS.get(name, "DeviceError"))]


def _noun(method: str, kinds: Iterable[str]) -> str:
    if "display" in method.lower():
        return "screen"
    return " and ".join(NOUNS[kind] for kind in ("video", "audio") if kind in set(kinds)) or "device"
