"""End: what a trace tells of one end of a call by a moment, gathered once for all parts of its stack."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from functools import cached_property
from typing import Any, TypeVar

from ..sdp.section import Media
from ..trace import (
    ApiCall,
    CandidateEvent,
    ChannelEvent,
    DescriptionSet,
    DtlsEvent,
    PeerEvent,
    SelectedPair,
    StateChange,
)
from ..trace.events import Event
from ..trace.statistics import PeerStatistics, Stream
from ..trace.timeline import Moment

E = TypeVar("E", bound=Event)


class End:
    """One end of a call.

    Parameters
    ----------
    peer : str
    moment : Moment
    statistics : PeerStatistics
        Of the same peer and moment.
    """

    def __init__(self, peer: str, moment: Moment, statistics: PeerStatistics) -> None:
        self.peer = peer
        self.moment = moment
        self.statistics = statistics
        self.made = moment.made(peer)

    def of(self, kind: type[E]) -> list[E]:
        """Return the events of a kind since it was made."""
        return [e for e in self.moment.of(kind, peer=self.peer) if e.time >= self.made]

    @cached_property
    def place(self) -> str:
        """``page``, ``kernel`` or ``""``."""
        return next((e.place for e in self.of(PeerEvent) if e.place), "")

    @cached_property
    def configuration(self) -> dict[str, Any]:
        """Members of its RTCConfiguration, as set last."""
        return {name: value for e in self.of(PeerEvent) for name, value in e.configuration.items()}

    @cached_property
    def states(self) -> dict[str, str]:
        """Its states by name."""
        return {e.state: e.new for e in self.of(StateChange)}

    @cached_property
    def descriptions(self) -> dict[str, DescriptionSet]:
        """The last description of each side."""
        return {e.side: e for e in self.of(DescriptionSet)}

    @cached_property
    def tracks_added(self) -> int:
        """How many tracks were given to it."""
        given = [e for e in self.of(ApiCall) if e.method == "addTrack" and e.outcome != "error"]
        return len(given)

    @cached_property
    def candidates(self) -> Counter[str]:
        """How many candidates of each type it found."""
        found = [e.candidate for e in self.of(CandidateEvent) if e.action == "gathered"]
        told = Counter(str(c.type) for c in found if not c.is_end)
        if not told:
            entries = [s.entry(self.moment.until) for s in self.statistics.of("local-candidate")]
            told = Counter(str(e.get("candidateType", "?")) for e in entries)
        return told

    @cached_property
    def selected(self) -> SelectedPair | None:
        """The pair that carries the call."""
        found = self.of(SelectedPair)
        return found[-1] if found else None

    @cached_property
    def dtls(self) -> DtlsEvent | None:
        """How far the handshake is."""
        found = self.of(DtlsEvent)
        return found[-1] if found else None

    @cached_property
    def channels(self) -> dict[str, Counter[str]]:
        """What happened to each channel, by label; the last state under ``state <name>``."""
        channels: dict[str, Counter[str]] = {}
        for event in self.of(ChannelEvent):
            counts = channels.setdefault(event.label, Counter())
            counts[event.action] += 1
        return channels

    def sections(self, kind: str) -> Iterator[Media]:
        """Yield the sections of a kind that both descriptions have and neither refuses, as the answer has them."""
        both = [self.descriptions.get(side) for side in ("local", "remote")]
        if both[0] is None or both[1] is None:
            return
        answer, offer = sorted(both, key=lambda e: e.description.type != "answer" if e else True)
        if answer is None or offer is None:
            return
        for mine, theirs in zip(
            answer.description.document.media, offer.description.document.media, strict=False
        ):
            if mine.kind == kind and not mine.rejected and not theirs.rejected:
                yield mine

    def lack_of(self, *kinds: str) -> str:
        """Return why there is nothing of these kinds: offered and not answered yet, or not a part of the call."""
        if len(self.descriptions) == 1:
            (event,) = self.descriptions.values()
            if any(media.kind in kinds and not media.rejected for media in event.description.document.media):
                return "offered, and no answer yet"
        names = {"application": "data channel", "audio": "sound", "video": "picture"}
        return f"no {' or '.join(names[kind] for kind in kinds)} in this call"

    def streams(self, type: str, kind: str) -> list[Stream]:
        """Return the RTP streams of a kind through which something went."""
        until = self.moment.until
        found = [s for s in self.statistics.of(type) if self.statistics.moved(s)]
        return [s for s in found if kind in (s.entry(until).get("kind"), s.entry(until).get("mediaType"))]

    def sources(self, kind: str) -> list[Stream]:
        """Return what it sends from: cameras, microphones, patterns."""
        found = self.statistics.of("media-source")
        return [s for s in found if s.entry(self.moment.until).get("kind") == kind]

    @cached_property
    def transports(self) -> list[dict[str, Any]]:
        """The entries of its transports."""
        return [dict(s.entry(self.moment.until)) for s in self.statistics.of("transport")]

    def uses(self, kind: str) -> bool:
        """Whether the call has this kind of media, or data as ``application``."""
        streams = self.streams("outbound-rtp", kind) or self.streams("inbound-rtp", kind)
        return bool(streams) or any(True for _ in self.sections(kind))
