"""Every exception that rtcnb raises: each says what happened, where, and what to do.

::

    RtcnbError
    ├── PageError                   something between the kernel and the browser page
    │   ├── NoPage                  no page answers: nbclient, a plain script, a closed tab
    │   ├── PageGone                the page that held the object went away
    │   ├── PageTimeout             the page is there, but did not answer in time
    │   └── PageRefused             the page's JavaScript threw: .name and .detail are the exception's
    ├── PeerError                   something that a peer was asked to do
    │   ├── InvalidState            not possible in this signalingState, or on a closed peer
    │   ├── DescriptionError        the SDP cannot be used (also a ValueError)
    │   ├── CandidateError          the candidate cannot be used (also a ValueError)
    │   ├── WrongTrack              not a track, or a track that lives at the other end (also a TypeError)
    │   ├── NotSupported            the browser can, aiortc cannot, or the reverse
    │   ├── ChannelError            a data channel that cannot send, or was set up wrongly
    │   └── ConnectionFailed        .findings say what is known about why
    ├── MediaError                  something about a picture or a sound
    │   ├── ConstraintError         a constraint that no browser knows (also a ValueError)
    │   ├── TrackEnded              nothing more comes from this track
    │   └── DeviceError             the camera, microphone or screen could not be opened
    │       ├── DeviceDenied        NotAllowedError
    │       ├── DeviceMissing       NotFoundError
    │       ├── DeviceBusy          NotReadableError, AbortError
    │       ├── DeviceCannot        OverconstrainedError: .constraint names the one that failed
    │       └── InsecurePage        no mediaDevices: neither https nor localhost
    ├── SdpError                    .line_number, .column, .line, .reason (also a ValueError)
    ├── TraceError                  a saved trace or dump that cannot be read: .place (also a ValueError)
    └── LoopError                   the background event loop cannot be used
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .finding import Finding


class RtcnbError(Exception):
    """What all errors of rtcnb have in common."""


class PageError(RtcnbError):
    """Something between the kernel and the browser page went wrong."""


class NoPage(PageError):
    """No browser page answers this kernel."""


class PageGone(PageError):
    """The page that held the object was closed, reloaded or crashed."""


class PageTimeout(PageError):
    """The page is there but did not answer in time."""


class PageRefused(PageError):
    """The page's JavaScript threw an exception.

    Attributes
    ----------
    name : str
        The name of the exception in the page, for example ``InvalidStateError``.
    detail : str
        Its message, in the browser's own words.
    data : dict
        Further members of the exception that matter, such as ``constraint``.
    """

    def __init__(self, name: str, detail: str, data: dict | None = None) -> None:
        super().__init__(f"{name}: {detail}" if detail else name)
        self.name = name
        self.detail = detail
        self.data = data or {}


class PeerError(RtcnbError):
    """A peer could not do what it was asked to do."""


class InvalidState(PeerError):
    """The call is not possible in the peer's present state (W3C ``InvalidStateError``)."""


class DescriptionError(PeerError, ValueError):
    """A session description cannot be used."""


class CandidateError(PeerError, ValueError):
    """An ICE candidate cannot be used."""


class WrongTrack(PeerError, TypeError):
    """Something is not a track, or lives at the other end."""


class NotSupported(PeerError):
    """This kind of peer cannot do that; the sentence says why, and which kind can."""


class ChannelError(PeerError):
    """A data channel cannot do what it was asked to do."""


class ConnectionFailed(PeerError):
    """The peers did not connect.

    Attributes
    ----------
    findings : list of Finding
        What is known about the cause, the likeliest first.
    """

    def __init__(self, sentence: str, findings: Sequence[Finding] = ()) -> None:
        self.findings = list(findings)
        lines = [sentence, *(f"- {f.sentence} {f.remedy}".rstrip() for f in self.findings)]
        super().__init__("\n".join(lines))


class MediaError(RtcnbError):
    """A picture or a sound could not be had."""


class ConstraintError(MediaError, ValueError):
    """A media constraint that no browser knows, or a value that it cannot have."""


class TrackEnded(MediaError):
    """Nothing more comes from this track."""


class DeviceError(MediaError):
    """A camera, microphone or screen could not be opened."""


class DeviceDenied(DeviceError):
    """The person or the browser's policy said no (``NotAllowedError``)."""


class DeviceMissing(DeviceError):
    """There is no such device (``NotFoundError``)."""


class DeviceBusy(DeviceError):
    """The device is there but cannot be read (``NotReadableError``, ``AbortError``)."""


class DeviceCannot(DeviceError):
    """No device can meet a mandatory constraint (``OverconstrainedError``).

    Attributes
    ----------
    constraint : str
        The name of the constraint that no device meets.
    """

    def __init__(self, sentence: str, constraint: str = "") -> None:
        super().__init__(sentence)
        self.constraint = constraint


class InsecurePage(DeviceError):
    """The page has no ``navigator.mediaDevices``: it is neither https nor localhost."""


class SdpError(RtcnbError, ValueError):
    """A line of a session description breaks its grammar.

    Attributes
    ----------
    line_number : int
        1-based.
    column : int
        1-based position in the line where the fault begins.
    line : str
        The line as it came.
    reason : str
        What is wrong with it.
    """

    def __init__(self, line_number: int, column: int, line: str, reason: str) -> None:
        super().__init__(f"line {line_number}, column {column}: {reason}\n    {line}")
        self.line_number = line_number
        self.column = column
        self.line = line
        self.reason = reason


class TraceError(RtcnbError, ValueError):
    """A saved trace or a browser's dump cannot be read.

    Attributes
    ----------
    place : str
        Where in the file: ``line 17, "candidate"``.
    """

    def __init__(self, place: str, reason: str) -> None:
        super().__init__(f"{place}: {reason}" if place else reason)
        self.place = place


class LoopError(RtcnbError):
    """The background event loop has stopped or was used from the wrong place."""
