"""What all events have."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import ClassVar

from ...sdp.text import shorten

MAX_SHOWN = 1000  # characters


@dataclass(frozen=True, kw_only=True, slots=True)
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


def one_line(text: str) -> str:
    """Make `text` one line that can be shown: labels, notes and errors come from elsewhere, of any length."""
    return shorten(" ".join(shorten(text, 2 * MAX_SHOWN).split()), MAX_SHOWN)
