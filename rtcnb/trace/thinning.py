"""What a full trace gives up first: of what comes again and again, the old, where it lies closest."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Hashable, Iterable

from .events import ChannelEvent, Event, MediaEvent, PacketEvent, StatisticsEvent
from .packets import protocol_of

MEDIA = ("rtp", "rtcp")
REPEATED_ACTIONS = ("dropped", "function-error")
PARTS = 50  # a trace is thinned by the part: all of it at once would hold up the call
SMALLEST_PART = 32  # events

# Returns the stream of like events that an event is one of; None for an event that stays.
StreamOf = Callable[[Event], Hashable]


def thin(events: list[Event]) -> list[Event]:
    """Take some of what comes again and again out of `events`, from the older half if it can be; return it.

    Packets of media, statistics and messages of channels go first; where there are few of them, packets of STUN and
    DTLS. They go where most happened in the shortest time, and of each stream those that follow their predecessor
    most closely: what is left of a long call lies evenly over all of it.
    """
    enough = max(1, len(events) // (4 * PARTS))
    lost: set[int] = set()
    for stream_of, part in itertools.product((repeated, packet), _parts(events)):
        lost |= _closest(events, part, stream_of)
        if len(lost) >= enough:
            break
    return _taken(events, lost)


def thin_statistics(events: list[Event]) -> list[Event]:
    """Take a quarter of the older half of all statistics out of `events`, and return them."""
    places = [index for index, event in enumerate(events) if type(event) is StatisticsEvent]
    return _taken(events, _closest(events, places[: len(places) // 2], repeated))


def repeated(event: Event) -> Hashable:
    """Return the stream of media, statistics, messages or failures that this is one of."""
    if isinstance(event, PacketEvent):
        return packet(event) if _carries_media(event) else None
    if isinstance(event, StatisticsEvent):
        return event.peer, event.kind
    if isinstance(event, ChannelEvent) and event.size_bytes:
        return event.peer, event.label, event.action
    if isinstance(event, MediaEvent) and event.action in REPEATED_ACTIONS:
        return event.peer, event.action
    return None


def packet(event: Event) -> Hashable:
    """Return the stream of packets that this is one of."""
    if not isinstance(event, PacketEvent):
        return None
    return event.peer, event.protocol, event.direction


def _carries_media(event: PacketEvent) -> bool:
    if event.protocol == "turn-channel":  # RFC 8656 section 12.4: a packet behind channel number and length
        return protocol_of(event.data[4:]) in MEDIA
    return event.protocol in MEDIA


def _parts(events: list[Event]) -> list[range]:
    """Return the parts of the older half, the densest first, then those of the other half."""
    half, size = len(events) // 2, max(SMALLEST_PART, len(events) // PARTS)
    return [*_split(events, 0, half, size), *_split(events, half, len(events), size)]


def _split(events: list[Event], begin: int, end: int, size: int) -> list[range]:
    count = max(1, (end - begin) // size)
    edges = [begin + (end - begin) * number // count for number in range(count + 1)]
    parts = [range(a, b) for a, b in itertools.pairwise(edges) if a < b]
    return sorted(parts, key=lambda part: _seconds_an_event(events, part))


def _seconds_an_event(events: list[Event], part: range) -> float:
    # Of its middle, whatever the order: a page tells late what it did, and an event may have any time.
    first, last = part[len(part) // 4], part[3 * len(part) // 4]
    return abs(events[last].time - events[first].time) / len(part)


def _closest(events: list[Event], places: Iterable[int], stream_of: StreamOf) -> set[int]:
    # Each stream by itself: else one of two that alternate would go wholly.
    streams: dict[Hashable, list[int]] = {}
    for place in places:
        stream = stream_of(events[place])
        if stream is not None:
            streams.setdefault(stream, []).append(place)
    return {place for alike in streams.values() for place in _closest_of_stream(events, alike)}


def _closest_of_stream(events: list[Event], alike: list[int]) -> Iterable[int]:
    """Yield a quarter of these places, those that follow their predecessor most closely; no two in a row."""
    gaps = sorted(
        (events[b].time - events[a].time, order) for order, (a, b) in enumerate(itertools.pairwise(alike), 1)
    )
    lost: set[int] = set()
    for _, order in gaps:
        if len(lost) >= len(alike) // 4:  # none of three: what is rare stays
            break
        if order - 1 not in lost and order + 1 not in lost:
            lost.add(order)
            yield alike[order]


def _taken(events: list[Event], lost: set[int]) -> list[Event]:
    if not lost:
        return []
    first, end = min(lost), max(lost) + 1
    part = events[first:end]
    events[first:end] = [event for place, event in enumerate(part, first) if place not in lost]
    return [event for place, event in enumerate(part, first) if place in lost]
