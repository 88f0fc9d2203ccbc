"""Camera, Microphone and Screen: getUserMedia and its constraints, with what was obtained beside what was asked."""

from __future__ import annotations

from typing import Any

from .device import Device
from .track import Kind


class Camera(Device):
    """A camera of the browser page; nothing opens before `start`, or the Start button of its display.

    Parameters
    ----------
    width, height : int or dict
        Pixels: a plain value is as near as the device can, ``{"exact": 1280}`` or it fails.
    frameRate : float or dict
        Frames a second.
    facingMode : {"user", "environment", "left", "right"} or dict, optional
    deviceId : str or dict, optional
        As `devices` tells it.
    audio : bool or dict
        The microphone too; a dict gives its constraints.
    **constraints
        Any other video constraint of getUserMedia, by its own name.

    Raises
    ------
    ConstraintError
        A name or a value that no browser knows.
    """

    noun = "camera"

    def __init__(
        self,
        width: Any = 640,
        height: Any = 480,
        frameRate: Any = 30,
        facingMode: Any = None,
        deviceId: Any = None,
        audio: bool | dict[str, Any] = False,
        **constraints: Any,
    ) -> None:
        video = {"width": width, "height": height, "frameRate": frameRate, "facingMode": facingMode}
        asked: dict[Kind, dict[str, Any]] = {"video": {**video, "deviceId": deviceId, **constraints}}
        if audio:
            asked["audio"] = dict(audio) if isinstance(audio, dict) else {}
        super().__init__(asked)


class Microphone(Device):
    """A microphone of the browser page.

    Parameters
    ----------
    **constraints
        Audio constraints of getUserMedia: ``echoCancellation``, ``noiseSuppression``, ``deviceId``, ...
    """

    noun = "microphone"

    def __init__(self, **constraints: Any) -> None:
        super().__init__({"audio": constraints})


class Screen(Device):
    """A screen, window or tab that the person chooses, as a picture (W3C screen-capture).

    Parameters
    ----------
    audio : bool
        What it plays too, where the browser can.
    **constraints
        ``width``, ``height``, ``frameRate``, ``displaySurface``, ...
    """

    noun = "screen"
    method = "getDisplayMedia"

    def __init__(self, audio: bool = False, **constraints: Any) -> None:
        asked: dict[Kind, dict[str, Any]] = {"video": constraints}
        if audio:
            asked["audio"] = {}
        super().__init__(asked)
