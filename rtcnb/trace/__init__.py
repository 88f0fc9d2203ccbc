"""What happened: typed events on one clock, and the Trace that holds them. Pure: no I/O."""

from __future__ import annotations

from .events import (
    ApiCall,
    CandidateEvent,
    ChannelEvent,
    DescriptionSet,
    Event,
    MediaEvent,
    Note,
    PageEvent,
    StateChange,
    TrackEvent,
)
from .trace import Trace, current, use

__all__ = [
    "ApiCall",
    "CandidateEvent",
    "ChannelEvent",
    "DescriptionSet",
    "Event",
    "MediaEvent",
    "Note",
    "PageEvent",
    "StateChange",
    "Trace",
    "TrackEvent",
    "current",
    "use",
]
