"""The event types of a Trace: one frozen dataclass for each thing that can happen."""

from __future__ import annotations

from .base import Event
from .media import ChannelEvent, MediaEvent, Note, PageEvent, TrackEvent
from .negotiation import (
    ApiCall,
    CandidateEvent,
    DescriptionSet,
    FaultEvent,
    MessageEvent,
    PeerEvent,
    StateChange,
)
from .network import DtlsEvent, PacketEvent, PairEvent, SelectedPair, ServerEvent, StatisticsEvent

KINDS: dict[str, type[Event]] = {
    cls.kind: cls
    for cls in (
        PeerEvent,
        ApiCall,
        StateChange,
        DescriptionSet,
        CandidateEvent,
        MessageEvent,
        FaultEvent,
        ServerEvent,
        PairEvent,
        SelectedPair,
        PacketEvent,
        DtlsEvent,
        StatisticsEvent,
        TrackEvent,
        ChannelEvent,
        MediaEvent,
        PageEvent,
        Note,
    )
}

__all__ = [
    "KINDS",
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
    "TrackEvent",
]
