"""The event types of a Trace: one frozen dataclass for each thing that can happen."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import ClassVar, Literal

from ..sdp.candidate import Candidate
from ..sdp.description import SessionDescription

Outcome = Literal["ok", "error", "pending"]
MARKS: dict[str, str] = {"ok": "", "error": " ✕", "pending": " …"}


@dataclass(frozen=True, kw_only=True)
class Event:
    """What all events have.

    Attributes
    ----------
    time : float
        Seconds on the kernel's monotonic clock, ``time.monotonic()``; by default now.
    peer : str
        The name of the peer it happened to; ``""`` where it concerns none.
    kind : str
        A short word for the type of event, the same for all events of a class.
    """

    kind: ClassVar[str] = "event"
    time: float = field(default_factory=time.monotonic)
    peer: str = ""


@dataclass(frozen=True, kw_only=True)
class ApiCall(Event):
    """A method of a peer was called.

    Attributes
    ----------
    method : str
        The W3C's name, for example ``createOffer``.
    arguments : tuple of str
        Short, for people.
    outcome : {"ok", "error", "pending"}
    error : str
        What it raised.
    """

    kind: ClassVar[str] = "call"
    method: str
    arguments: tuple[str, ...] = ()
    outcome: Outcome = "ok"
    error: str = ""

    def __str__(self) -> str:
        why = f" {self.error}" if self.error else ""
        return _line(f"{self.method}({', '.join(self.arguments)}){MARKS.get(self.outcome, '')}{why}")


@dataclass(frozen=True, kw_only=True)
class StateChange(Event):
    """One of the W3C's state attributes changed.

    Attributes
    ----------
    state : str
        ``signalingState``, ``iceGatheringState``, ``iceConnectionState``, ``connectionState``, ...
    old, new : str
    """

    kind: ClassVar[str] = "state"
    state: str
    old: str = ""
    new: str

    def __str__(self) -> str:
        return _line(f"{self.state}: {self.old} → {self.new}" if self.old else f"{self.state}: {self.new}")


@dataclass(frozen=True, kw_only=True)
class DescriptionSet(Event):
    """A description took effect at a peer."""

    kind: ClassVar[str] = "description"
    side: Literal["local", "remote"]
    description: SessionDescription

    def __str__(self) -> str:
        media = self.description.document.media
        kinds = " ".join(str(section.kind) for section in media) or "no media"
        return _line(f"{self.side} description: {self.description.type} ({kinds})")


@dataclass(frozen=True, kw_only=True)
class CandidateEvent(Event):
    """A candidate was found here, or came from the other end."""

    kind: ClassVar[str] = "candidate"
    action: Literal["gathered", "added"]
    candidate: Candidate

    def __str__(self) -> str:
        return _line(f"candidate {self.action}: {self.candidate!r}")


@dataclass(frozen=True, kw_only=True)
class TrackEvent(Event):
    """A track was added, arrived, was muted or ended."""

    kind: ClassVar[str] = "track"
    action: str
    track_kind: str
    track_id: str = ""

    def __str__(self) -> str:
        return _line(f"{self.track_kind} track {self.action} {self.track_id}")


@dataclass(frozen=True, kw_only=True)
class ChannelEvent(Event):
    """A data channel opened or closed, or a message of `size_bytes` passed."""

    kind: ClassVar[str] = "channel"
    label: str
    action: str
    size_bytes: int | None = None

    def __str__(self) -> str:
        size = "" if self.size_bytes is None else f", {self.size_bytes} bytes"
        return _line(f"channel {self.label!r}: {self.action}{size}")


@dataclass(frozen=True, kw_only=True)
class MediaEvent(Event):
    """A camera, a file, a view or a processing function did something."""

    kind: ClassVar[str] = "media"
    action: str
    text: str = ""

    def __str__(self) -> str:
        return _line(f"media {self.action}: {self.text}" if self.text else f"media {self.action}")


@dataclass(frozen=True, kw_only=True)
class PageEvent(Event):
    """A browser page came, went, or was chosen to answer."""

    kind: ClassVar[str] = "page"
    action: str
    page: str = ""

    def __str__(self) -> str:
        return _line(f"page {self.page} {self.action}" if self.page else f"page {self.action}")


@dataclass(frozen=True, kw_only=True)
class Note(Event):
    """What the reader of the notebook wants to find again."""

    kind: ClassVar[str] = "note"
    text: str

    def __str__(self) -> str:
        return _line(self.text)


def _line(text: str) -> str:
    """Make `text` one line: labels, notes and errors come from elsewhere and may have several."""
    return " ".join(text.split())
