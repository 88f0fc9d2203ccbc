"""What a peer could send: the tracks that the notebook's variables lead to."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ..media.device import Device
from ..media.sources import TestPattern
from ..media.track import KernelTrack, PageTrack
from ..peers.peer import Peer
from .peer_plan import Place, PlannedTrack

Track = KernelTrack | PageTrack
MEMBERS = ("video", "audio", "track")


@dataclass(frozen=True)
class Source:
    """A track, beside how a cell writes it.

    Attributes
    ----------
    planned : PlannedTrack
    track : KernelTrack or PageTrack
    owner
        What the variable holds.
    """

    planned: PlannedTrack
    track: Track
    owner: Any

    def describe(self) -> str:
        """Return what it is, in plain words."""
        if isinstance(self.track, KernelTrack) and self.track.readyState == "ended":
            return "has ended"
        if isinstance(self.owner, Device):
            return f"{self.track.label}, {self.owner.state}"
        return self.track.label


def sources_in(namespace: Mapping[str, Any]) -> list[Source]:
    """Return every track that a variable leads to, each once."""
    found: dict[str, Source] = {}
    for variable, value in dict(namespace).items():
        if not variable.startswith("_"):
            for source in _sources_of(variable, value):
                known = found.get(source.track.id)
                if known is None or known.planned.source == "track":  # a camera says more than its track
                    found[source.track.id] = source
    return list(found.values())


def source_of(given: Any, sources: list[Source]) -> Source | None:
    """Return the source that was given to ``addTrack``: the track, or what has it."""
    for source in sources:
        if given is source.owner or getattr(given, "id", None) == source.track.id:
            return source
    return None


def _sources_of(variable: str, value: Any) -> Iterator[Source]:
    if isinstance(value, KernelTrack | PageTrack):
        yield _source(variable, variable, value, value, "track")
    elif isinstance(value, Peer):
        for (kind, index), track in sorted(value._tracks.items()):
            number = f", {index}" if index else ""
            yield _source(f'{variable}.track("{kind}"{number})', variable, track, value, "remote")
    elif type(value).__module__.startswith("rtcnb.media."):
        # Only what is ours is looked into: members of other things may cost, or do, something.
        for member in MEMBERS:
            track = vars(value).get(member)
            if isinstance(track, KernelTrack | PageTrack):
                yield _source(f"{variable}.{member}", variable, track, value, _kind_of(value))


def _kind_of(value: Any) -> str:
    if isinstance(value, Device):
        return value.noun
    return "pattern" if isinstance(value, TestPattern) else "track"


def _source(expression: str, variable: str, track: Track, owner: Any, source: str) -> Source:
    place: Place = "page" if isinstance(track, PageTrack) else "kernel"
    asked = json.dumps(owner._constraints()) if isinstance(owner, Device) else ""
    return Source(PlannedTrack(expression, variable, track.kind, place, source, asked), track, owner)
