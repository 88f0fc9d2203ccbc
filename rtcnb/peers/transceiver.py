"""What addTrack and addTransceiver return, of either kind of peer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..media.track import Kind

DIRECTIONS = ("sendrecv", "sendonly", "recvonly", "inactive")


@dataclass(eq=False)
class Sender:
    """What `addTrack` returns; `removeTrack` takes it back."""

    peer: str
    track: Any
    handle: Any = None


@dataclass(eq=False)
class Transceiver:
    """A sender and a receiver that share one section of the descriptions (webrtc-pc section 5.4)."""

    kind: Kind
    direction: str
    mid: str | None = None
    sender: Sender | None = None
    handle: Any = None
