"""Tracks, channels, pictures, pages, and notes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from .base import Event, one_line


@dataclass(frozen=True, kw_only=True, slots=True)
class TrackEvent(Event):
    """A track was added, arrived, was muted or ended."""

    kind: ClassVar[str] = "track"
    action: str
    track_kind: str
    track_id: str = ""

    def __str__(self) -> str:
        return one_line(f"{self.track_kind} track {self.action} {self.track_id}")


@dataclass(frozen=True, kw_only=True, slots=True)
class ChannelEvent(Event):
    """A data channel opened or closed, or a message of `size_bytes` passed."""

    kind: ClassVar[str] = "channel"
    label: str
    action: str
    size_bytes: int | None = None

    def __str__(self) -> str:
        size = "" if self.size_bytes is None else f", {self.size_bytes} bytes"
        return one_line(f"channel {self.label!r}: {self.action}{size}")


@dataclass(frozen=True, kw_only=True, slots=True)
class MediaEvent(Event):
    """A camera, a file, a view or a processing function did something.

    Attributes
    ----------
    action : str
        ``started``, ``stopped``, ``failed``, ``function-error``, ``dropped`` (frames), ...
    text : str
    error : str
        The name of the exception, where one was raised: ``DeviceDenied``.
    device : str
        The label of the camera or microphone, where it is one.
    frames : int
        How many frames it is about.
    """

    kind: ClassVar[str] = "media"
    action: str
    text: str = ""
    error: str = ""
    device: str = ""
    frames: int = 0

    def __str__(self) -> str:
        return one_line(f"media {self.action}: {self.text}" if self.text else f"media {self.action}")


@dataclass(frozen=True, kw_only=True, slots=True)
class PageEvent(Event):
    """A browser page came, went, or was chosen to answer; or how well its clock is known.

    Attributes
    ----------
    action : str
        ``hello``, ``gone``, ``clock``, ...
    page, text : str
    clock_error_ms : float or None
        By how much the times of what this page tells may be wrong from now on, until the next such event.
    """

    kind: ClassVar[str] = "page"
    action: str
    page: str = ""
    text: str = ""
    clock_error_ms: float | None = None

    def __str__(self) -> str:
        error = (
            "" if self.clock_error_ms is None else f": its times are right to ±{self.clock_error_ms:.1f} ms"
        )
        return one_line(" ".join(x for x in ("page", self.page, self.action) if x) + error)


@dataclass(frozen=True, kw_only=True, slots=True)
class Note(Event):
    """What the reader of the notebook wants to find again."""

    kind: ClassVar[str] = "note"
    text: str

    def __str__(self) -> str:
        return one_line(self.text)
