"""What happened: typed events on one clock, and the Trace that holds them. Pure: no I/O but files of traces."""

from __future__ import annotations

from . import events
from .events import (
    ApiCall,
    CandidateEvent,
    ChannelEvent,
    DescriptionSet,
    DtlsEvent,
    Event,
    FaultEvent,
    MediaEvent,
    MessageEvent,
    Note,
    PacketEvent,
    PageEvent,
    PairEvent,
    PeerEvent,
    SelectedPair,
    ServerEvent,
    StateChange,
    StatisticsEvent,
    TrackEvent,
)
from .trace import Trace, current, use

__all__ = [
    "ApiCall",
    "CandidateEvent",
    "ChannelEvent",
    "DescriptionSet",
    "DtlsEvent",
    "Event",
    "FaultEvent",
    "MediaEvent",
    "MessageEvent",
    "Note",
    "PacketEvent",
    "PageEvent",
    "PairEvent",
    "PeerEvent",
    "SelectedPair",
    "ServerEvent",
    "StateChange",
    "StatisticsEvent",
    "Trace",
    "TrackEvent",
    "current",
    "events",
    "use",
]
