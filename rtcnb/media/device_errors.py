"""What the browser says when it does not open a device, as an exception with its remedy."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..errors import (
    ConstraintError,
    DeviceBusy,
    DeviceCannot,
    DeviceDenied,
    DeviceError,
    DeviceMissing,
    InsecurePage,
    MediaError,
)


def device_error(noun: str, name: str, detail: str, data: Mapping[str, Any] | None = None) -> MediaError:
    """Return the exception for a rejection of getUserMedia or getDisplayMedia.

    The names are those of mediacapture-main section 10.2 and screen-capture section 5.1, and four of our
    page's own: InsecurePage, PermissionsPolicy, NeedsGesture, NotRunning.

    Parameters
    ----------
    noun : str
        What was to be opened: ``camera``, ``microphone``, ``screen``.
    name, detail : str
        The page's exception: its name and its message.
    data : dict, optional
        ``constraint``, of an OverconstrainedError.
    """
    said = f"The browser says: {detail.rstrip('.') or name}."
    if name in _SENTENCES:
        kind, sentence = _SENTENCES[name]
        return kind(sentence.format(noun=noun, said=said))
    if name == "OverconstrainedError":
        return _cannot(noun, str((data or {}).get("constraint", "")))
    if name == "TypeError":
        return ConstraintError(f"The browser cannot use these constraints for the {noun}. {said}")
    return DeviceError(f"The {noun} could not be used. {said}")


def stream_error(where: str, why: str) -> MediaError:
    """Return the exception for a stream of ipywebrtc that gave no track.

    Parameters
    ----------
    where : str
        The call that wanted it.
    why : str
        Name and message of the page's exception: ``NotAllowedError: Permission denied``.
    """
    name, _, detail = why.partition(": ")
    told = f"{where}: the ipywebrtc stream gave no track."
    if name in ("NotAllowedError", "NotFoundError", "NotReadableError", "AbortError", "OverconstrainedError"):
        cause = device_error("camera", name, detail)
        return type(cause)(f"{told} {cause} Then make the stream anew: it remembers the refusal.")
    return MediaError(
        f"{told} The browser says: {why.rstrip('.')}. See that it runs where it is displayed by itself, and "
        "that it was not closed; then add it again."
    )


def _cannot(noun: str, constraint: str) -> DeviceCannot:
    # A page without permission learns no name: it could tell devices apart by trying (section 10.2, step 6).
    what = f"{constraint} cannot be met" if constraint else "a constraint cannot be met"
    return DeviceCannot(
        f"No {noun} can do what was asked: {what}. Give the value plain, without "
        '{"exact": ...}, "min" or "max", to get the nearest.',
        constraint,
    )


_DENIED = (
    DeviceDenied,
    "The {noun} was not allowed. {said} Allow it for this site (the icon beside the address) or in the "
    "system's privacy settings, and start it again.",
)
_BUSY = (
    DeviceBusy,
    "The {noun} is there but cannot be read. {said} Another program or tab may hold it: close that and "
    "start it again.",
)
_SENTENCES: dict[str, tuple[type[DeviceError], str]] = {
    "NotAllowedError": _DENIED,
    "SecurityError": _DENIED,
    "PermissionsPolicy": (
        DeviceDenied,
        "This notebook host forbids the {noun} in output frames. {said} Open the notebook in JupyterLab or "
        "Notebook, where outputs are part of the page itself.",
    ),
    "NotFoundError": (
        DeviceMissing,
        "There is no {noun} here. {said} Plug one in, or go on with rtcnb.TestPattern(place='page').",
    ),
    "NotReadableError": _BUSY,
    "AbortError": _BUSY,
    "InsecurePage": (
        InsecurePage,
        "The {noun} needs https or localhost, and this page has neither. Open the notebook by https, or "
        "through an ssh tunnel as http://localhost.",
    ),
    "NotRunning": (DeviceError, "The {noun} is not running. Start it: await {noun}.start()."),
    "NotSupportedError": (
        DeviceError,
        "This browser cannot give the {noun} to a page; browsers on phones have no screen to give.",
    ),
    "NeedsGesture": (
        DeviceError,
        "The browser gives the {noun} only just after a click or a key in this page. {said} Press Start on "
        "its display.",
    ),
}
