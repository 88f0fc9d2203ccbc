"""The first media of each kind that a peer sent or received: most views need no more of the packets of media."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .events import Event, PacketEvent, StatisticsEvent


@dataclass(frozen=True)
class FirstMedia:
    """When media was first seen at a peer.

    Attributes
    ----------
    peer : str
        Where it was seen.
    direction : {"sent", "received"}
    payload_type : int or None
        Of the first RTP packet; None where only the statistics tell.
    kind : str
        ``audio`` or ``video``, where the statistics tell; else ``""``.
    event : PacketEvent or StatisticsEvent
    """

    peer: str
    direction: str
    payload_type: int | None
    kind: str
    event: Event


class FirstMediaSeen:
    """Notes events as they come; see `found`."""

    def __init__(self) -> None:
        self._packets: dict[tuple[str, str, int], FirstMedia] = {}
        self._statistics: dict[tuple[str, str], FirstMedia] = {}

    def packet(self, event: PacketEvent) -> None:
        """Note an RTP packet."""
        if len(event.data) < 2:
            return
        key = (event.peer, event.direction, event.data[1] & 0x7F)
        known = self._packets.get(key)
        if known is None or event.time < known.event.time:
            self._packets[key] = FirstMedia(event.peer, event.direction, key[2], "", event)

    def statistics(self, event: StatisticsEvent) -> None:
        """Note what the statistics say was received."""
        # A caller may have made it of anything.
        report = event.report if isinstance(event.report, Mapping) else {}
        for entry in report.values():
            if isinstance(entry, Mapping) and entry.get("type") == "inbound-rtp" and _some(entry):
                kind = str(entry.get("kind") or "")
                if (event.peer, kind) not in self._statistics:
                    found = FirstMedia(event.peer, "received", None, kind, event)
                    self._statistics[event.peer, kind] = found

    def found(self, until: float) -> list[FirstMedia]:
        """Return what was seen up to a moment, by time; of a peer whose packets are known, these alone."""
        packets, statistics = list(self._packets.values()), list(self._statistics.values())  # others may add
        seen = {x.peer for x in packets}
        told = [x for x in statistics if x.peer not in seen]
        known = [x for x in (*packets, *told) if x.event.time <= until]
        return sorted(known, key=lambda x: x.event.time)


def _some(entry: Mapping[str, Any]) -> bool:
    received = entry.get("packetsReceived")
    return isinstance(received, int | float) and received > 0
