"""What a full trace gives up first: old packets of media and old statistics, where they lie closest."""

from __future__ import annotations

import itertools
import statistics
from collections.abc import Callable, Sequence

from .events import Event, PacketEvent, StatisticsEvent
from .packets import protocol_of

MEDIA = ("rtp", "rtcp")


def thinned(events: Sequence[Event]) -> list[Event]:
    """Return the events without up to half the packets and statistics of their older half.

    Those go that follow their predecessor most closely, so that what is left of a long call lies evenly over all
    of it. Packets of media and statistics go first, then those of STUN and DTLS. Where there are hardly any of
    either, nothing goes.
    """
    for expendable in (_repeats, _is_packet):
        lost = _closest(events, expendable)
        if len(lost) > len(events) // 20:
            return [event for index, event in enumerate(events) if index not in lost]
    return list(events)


def _repeats(event: Event) -> bool:
    if isinstance(event, PacketEvent):
        return event.protocol in MEDIA or (event.protocol == "turn-channel" and _carries_media(event.data))
    return isinstance(event, StatisticsEvent)


def _carries_media(relayed: bytes) -> bool:
    return protocol_of(relayed[4:]) in MEDIA  # RFC 8656 section 12.4: behind channel number and length


def _is_packet(event: Event) -> bool:
    return isinstance(event, PacketEvent)


def _closest(events: Sequence[Event], expendable: Callable[[Event], bool]) -> set[int]:
    # Each peer, kind, protocol and direction by itself: else one of two that alternate would go wholly.
    alike: dict[tuple[str, ...], list[int]] = {}
    for index, event in enumerate(events[: len(events) // 2]):
        if expendable(event):
            way = (getattr(event, "protocol", ""), getattr(event, "direction", ""))
            alike.setdefault((event.peer, event.kind, *way), []).append(index)
    lost: set[int] = set()
    for indices in alike.values():
        gaps = [events[b].time - events[a].time for a, b in itertools.pairwise(indices)]
        middle = statistics.median(gaps) if gaps else 0.0
        stays = True
        for index, gap in zip(indices[1:], gaps, strict=True):
            stays = not (stays and gap <= middle)
            if not stays:
                lost.add(index)
    return lost
